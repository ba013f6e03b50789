// What the content tells: `motion.py`, `rest.py` and `occlusion.py`, see device_motion.py.

enum { GAINED, NOISY, EQUAL, TO_RIGHT, TO_LEFT, DOWN, UP, OF_ANOTHER_SCENE };  // what is counted
enum { RESTS_IN_NOISE = 1, IS_UNCHANGED = 2 };                                 // what may be true of a pixel

KERNEL make_gray(int count, const byte *content, byte *gray) {
    EACH(index, count) {
        const byte *color = content + 3 * index;
        const int weighted = GRAY_RED * color[0] + GRAY_GREEN * color[1] + GRAY_BLUE * color[2];
        gray[index] = (byte)((weighted + (1 << (GRAY_BITS - 1))) >> GRAY_BITS);
    }
}

// The flow of all pixels from that of half the size, and the changes since the frame before, as it was and fetched
// along the flow.
KERNEL follow(
    int count, const byte *now, const byte *before, const float *half_flow, float *flow, byte *changes, int half_height,
    int half_width, int height, int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width, halves = half_height * half_width;
        const float u = enlarged(half_flow, half_height, half_width, height, width, x, y) * ((float)width / half_width);
        const float v = enlarged(half_flow + halves, half_height, half_width, height, width, x, y)
            * ((float)height / half_height);
        const int past = (int)whole(fetched(before, height, width, 1, x + u, y + v));
        flow[index] = u;
        flow[count + index] = v;
        changes[index] = (byte)abs(now[index] - before[index]);
        changes[count + index] = (byte)abs(now[index] - past);
    }
}

// Of both planes of changes, the sums over REST_AROUND pixels of a row.
KERNEL sum_rows(int count, const byte *changes, unsigned short *sums, int height, int width) {
    const bool mirrors = min(height, width) > REST_AROUND / 2;
    EACH(index, count) {
        const int x = index % width;
        const byte *line = changes + index - x;
        int sum = 0;
        for (int along = -(REST_AROUND / 2); along <= REST_AROUND / 2; ++along)
            sum += line[inside(x + along, width, mirrors)];
        sums[index] = (unsigned short)sum;
    }
}

// What of each pixel may say that it rests, and what of all of them says whether the camera does. flags: one plane.
KERNEL look_for_rest(
    int count, const byte *now, const byte *before, const float *flow, const unsigned short *sums, byte *flags,
    Sum *counted, int height, int width
) {
    const bool mirrors = min(height, width) > REST_AROUND / 2;
    EACH(index, count) {
        const int x = index % width, y = index / width;
        int changed = 0, changed_along = 0;
        for (int down = -(REST_AROUND / 2); down <= REST_AROUND / 2; ++down) {
            const int place = inside(y + down, height, mirrors) * width + x;
            changed += sums[place];
            changed_along += sums[count + place];
        }
        const float change = changed / (float)(REST_AROUND * REST_AROUND);
        const bool gained = change <= FOLLOWED_NOISE * (changed_along / (float)(REST_AROUND * REST_AROUND));
        flags[index] = (gained ? RESTS_IN_NOISE : 0) | (change < UNCHANGED_LEVELS ? IS_UNCHANGED : 0);
        add(counted, GAINED, index, gained);
        if (x % SAMPLE_STEP || y % SAMPLE_STEP) continue;
        const float u = flow[index], v = flow[count + index];
        if (change > NOISY_LEVELS) add(counted, NOISY, index, 1);
        if (now[index] == before[index]) add(counted, EQUAL, index, 1);
        if (u >= STILL_DRIFT_PX) add(counted, TO_RIGHT, index, 1);
        if (u <= -STILL_DRIFT_PX) add(counted, TO_LEFT, index, 1);
        if (v >= STILL_DRIFT_PX) add(counted, DOWN, index, 1);
        if (v <= -STILL_DRIFT_PX) add(counted, UP, index, 1);
    }
}

// Which of the flags means rest; none where nobody can tell that the camera rests.
KERNEL rule_rest(int count, const Sum *counted, byte *flag_of_rest, int pixels, int samples) {
    EACH(index, count) {
        double drifting = 0;
        for (int which = TO_RIGHT; which <= UP; ++which) drifting = fmax(drifting, total(counted, which));
        const bool camera_rests = drifting < 0.5 * samples || total(counted, EQUAL) > STILL_SHARE * samples;
        const bool rests_in_noise = total(counted, GAINED) > AT_REST_SHARE * pixels;
        const bool is_noisy = total(counted, NOISY) > 0.5 * samples;
        *flag_of_rest = is_noisy ? (rests_in_noise ? RESTS_IN_NOISE : 0) : (camera_rests ? IS_UNCHANGED : 0);
    }
}

KERNEL rest(int count, const byte *flags, const byte *flag_of_rest, float *flow) {
    EACH(index, count)
        if (flags[index] & *flag_of_rest) flow[index] = flow[count + index] = 0;
}

// At half the size: where all four pixels rest.
KERNEL rest_halves(
    int count, const byte *flags, const byte *flag_of_rest, float *half_flow, int half_width, int height, int width
) {
    EACH(index, count) {
        const int x = index % half_width * 2, y = index / half_width * 2;
        const int last_x = min(x + 1, width - 1), last_y = min(y + 1, height - 1);
        const byte above = flags[y * width + x] & flags[y * width + last_x];
        const byte all = above & flags[last_y * width + x] & flags[last_y * width + last_x];
        if (all & *flag_of_rest) half_flow[index] = half_flow[count + index] = 0;
    }
}

// Error and texture in levels, of colors at half the size.
KERNEL compare(
    int count, const byte *now, const byte *before, const float *flow, byte *error, float *texture, int height,
    int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        int largest = 0;
        for (int color = 0; color < 3; ++color) {
            const float past = fetched(before + color, height, width, 3, x + flow[index], y + flow[count + index]);
            largest = max(largest, abs(now[3 * index + color] - (int)whole(past)));
        }
        const byte *green = now + 1;
        const int along = green[3 * (y * width + min(x + 1, width - 1))] - green[3 * (y * width + max(x - 1, 0))];
        const int down = green[3 * (min(y + 1, height - 1) * width + x)] - green[3 * (max(y - 1, 0) * width + x)];
        error[index] = (byte)largest;
        texture[index] = (abs(along) + abs(down)) / 2.0f;
    }
}

// Of the error, what texture that the flow misses by a little does not explain.
KERNEL forgive(
    int count, const byte *error, const float *texture, float *unforgiven, Sum *counted, int height, int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const float textured = box_mean(texture, height, width, TEXTURE_AROUND / 2, x, y);
        const float forgiven = fminf(textured * FORGIVEN_PX, MOST_FORGIVEN);
        unforgiven[index] = error[index] - forgiven;
        const float around = box_mean(error, height, width, ERROR_AROUND / 2, x, y);
        add(counted, OF_ANOTHER_SCENE, index, around > OTHER_SCENE_ERROR);
    }
}

DEVICE float median_of_three(float a, float b, float c) { return fmaxf(fminf(a, b), fminf(fmaxf(a, b), c)); }

// Columns are sorted first, then what stands in one row of them.
DEVICE float median_of_nine(const float *plane, int height, int width, int x, int y) {
    float low[3], middle[3], high[3];
    for (int column = 0; column < 3; ++column) {
        const int place = clamped(x + column - 1, 0, width - 1);
        const float above = plane[max(y - 1, 0) * width + place], here = plane[y * width + place];
        const float below = plane[min(y + 1, height - 1) * width + place];
        low[column] = fminf(fminf(above, here), below);
        middle[column] = median_of_three(above, here, below);
        high[column] = fmaxf(fmaxf(above, here), below);
    }
    return median_of_three(
        fmaxf(fmaxf(low[0], low[1]), low[2]), median_of_three(middle[0], middle[1], middle[2]),
        fminf(fminf(high[0], high[1]), high[2])
    );
}

KERNEL take_medians(int count, const float *flow, float *medians, int height, int width) {
    EACH(index, count)
        for (int part = 0; part < 2; ++part)
            medians[part * count + index] = median_of_nine(
                flow + part * count, height, width, index % width, index / width
            );
}

// How steep the flow is, as a multiple of what a boundary is from.
KERNEL find_boundaries(int count, const float *flow, float *steepness, int height, int width) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const int left = y * width + max(x - 1, 0), right = y * width + min(x + 1, width - 1);
        const int above = max(y - 1, 0) * width + x, below = min(y + 1, height - 1) * width + x;
        float slopes = 0, length = 0;
        for (int part = 0; part < 2; ++part) {
            const float *plane = flow + part * count;
            const float along = plane[right] - plane[left], down = plane[below] - plane[above];
            slopes += along * along + down * down;
            length += plane[index] * plane[index];
        }
        steepness[index] = slopes / 4 / (RELATIVE_SLOPE * length + LEAST_SLOPE);
    }
}

// 0..1: see `occlusion.judge`.
KERNEL judge(
    int count, const float *unforgiven, const float *steepness, const float *flow, float *trust, int height, int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const float u = flow[index], v = flow[count + index], from_x = x + u, from_y = y + v;
        const float error = box_mean(unforgiven, height, width, ERROR_AROUND / 2, x, y);
        const float excess = fmaxf(error - NOISE_FLOOR, 0.0f) / PHOTOMETRIC_SCALE;
        float steepest = 0;
        for (int row = max(y - 1, 0); row <= min(y + 1, height - 1); ++row)
            for (int column = max(x - 1, 0); column <= min(x + 1, width - 1); ++column)
                steepest = fmaxf(steepest, steepness[row * width + column]);
        const float boundary = clamped(fmaxf(steepness[index], BESIDE * steepest) - 1, 0.0f, 1.0f);
        const bool from_outside = from_x < 0 || from_y < 0 || from_x > width - 1 || from_y > height - 1;
        const int source_x = (int)clamped(whole(from_x), 0.0f, width - 1.0f);
        const int source_y = (int)clamped(whole(from_y), 0.0f, height - 1.0f);
        const int source = source_y * width + source_x;
        const bool moves = fmaxf(fabsf(u), fabsf(v)) > MOVING_PX;
        const bool from_rest = moves && flow[source] == 0 && flow[count + source] == 0;
        trust[index] = from_outside || from_rest ? 0 : expf(-excess * excess) * (1 - boundary);
    }
}

KERNEL rule_cut(int count, const Sum *counted, byte *is_cut, int pixels) {
    EACH(index, count) *is_cut = total(counted, OF_ANOTHER_SCENE) > 0.5 * pixels;
}
