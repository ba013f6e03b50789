// The flow's kernels: see device_flow.py. Patches are PATCH pixels each way, every STRIDE pixels, in rows and columns.

KERNEL halve(
    int count, const byte *picture, byte *smaller, int height, int width, int colors, int half_height, int half_width
) {
    EACH(index, count) {
        const byte *plane = picture + index % colors;
        const float mean = area_mean(plane, height, width, colors, half_height, half_width, index / colors);
        smaller[index] = (byte)whole(mean);
    }
}

// Sobel's operators, in levels a pixel; the border is a mirror. gradient: two planes.
KERNEL differentiate(int count, const byte *picture, float *gradient, int height, int width) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const int left = inside(x - 1, width, true), right = inside(x + 1, width, true);
        const byte *above = picture + inside(y - 1, height, true) * width;
        const byte *below = picture + inside(y + 1, height, true) * width;
        const byte *here = picture + y * width;
        const int along = above[right] - above[left] + 2 * (here[right] - here[left]) + below[right] - below[left];
        const int down = below[left] - above[left] + 2 * (below[x] - above[x]) + below[right] - above[right];
        gradient[index] = along / 8.0f;
        gradient[count + index] = down / 8.0f;
    }
}

// Of each patch: its inverted, damped structure tensor (xx, xy, yy), and its mean gradient: five planes of `count`.
KERNEL prepare(int count, const float *gradient, float *patches, int columns, int height, int width) {
    EACH(index, count) {
        const float *along_x = gradient + index / columns * STRIDE * width + index % columns * STRIDE;
        const float *along_y = along_x + height * width;
        float xx = DAMPING, xy = 0, yy = DAMPING, x = 0, y = 0;
        for (int row = 0; row < PATCH; ++row)
            for (int column = 0; column < PATCH; ++column) {
                const float by_x = along_x[row * width + column], by_y = along_y[row * width + column];
                xx += by_x * by_x, xy += by_x * by_y, yy += by_y * by_y, x += by_x, y += by_y;
            }
        const float determinant = xx * yy - xy * xy;
        patches[index] = yy / determinant;
        patches[count + index] = -xy / determinant;
        patches[2 * count + index] = xx / determinant;
        patches[3 * count + index] = x / AREA;
        patches[4 * count + index] = y / AREA;
    }
}

// From the flow at half the size, two planes, what each patch begins with.
KERNEL begin(
    int count, const float *coarser, float *found, int columns, int half_height, int half_width, int height, int width
) {
    EACH(index, count) {
        const int x = index % columns * STRIDE + PATCH / 2, y = index / columns * STRIDE + PATCH / 2;
        const float u = enlarged(coarser, half_height, half_width, height, width, x, y);
        const float v = enlarged(coarser + half_height * half_width, half_height, half_width, height, width, x, y);
        found[index] = u * ((float)width / half_width);
        found[count + index] = v * ((float)height / half_height);
    }
}

// What a patch of the new picture differs by from the earlier one through a flow.
struct Difference {
    float sum, squares, by_x, by_y;
    METHOD float error() const { return squares - sum * sum / AREA; }  // brightness may change
};

DEVICE void read_row(const byte *line, const int *left, const int *right, const float *along, float *row) {
    #pragma unroll
    for (int column = 0; column < PATCH; ++column) {
        const float value = line[left[column]];
        row[column] = value + along[column] * (line[right[column]] - value);
    }
}

// with_gradient: weighted by it, too, for a step downhill.
DEVICE Difference compared(
    const byte *now, const byte *before, const float *gradient, int top, int start, float u, float v, int height,
    int width, bool with_gradient
) {
    const float corner_x = clamped(start + u, 1.0f - PATCH, width - 1.0f);
    const float corner_y = clamped(top + v, 1.0f - PATCH, height - 1.0f);
    int left[PATCH], right[PATCH];
    float along[PATCH], upper[PATCH], lower[PATCH];
    #pragma unroll
    for (int column = 0; column < PATCH; ++column) {
        const float x = clamped(corner_x + column, 0.0f, width - 1.0f);
        left[column] = (int)x;
        right[column] = min(left[column] + 1, width - 1);
        along[column] = x - left[column];
    }
    int known = -1;  // whose row lies in `lower`
    Difference difference = {0, 0, 0, 0};
    for (int row = 0; row < PATCH; ++row) {
        const float y = clamped(corner_y + row, 0.0f, height - 1.0f);
        const int above = (int)y, below = min(above + 1, height - 1);
        const float down = y - above;
        if (above == known)
            #pragma unroll
            for (int column = 0; column < PATCH; ++column) upper[column] = lower[column];
        else
            read_row(before + above * width, left, right, along, upper);
        read_row(before + below * width, left, right, along, lower);
        known = below;
        const int line = (top + row) * width + start;
        #pragma unroll
        for (int column = 0; column < PATCH; ++column) {
            const float d = upper[column] + down * (lower[column] - upper[column]) - now[line + column];
            difference.sum += d;
            difference.squares += d * d;
            if (with_gradient) {
                difference.by_x += d * gradient[line + column];
                difference.by_y += d * gradient[height * width + line + column];
            }
        }
    }
    return difference;
}

// One round: each patch tries its own flow and what its four neighbors have found, takes another only if it is truly
// better, and goes up to STEPS Gauss-Newton steps downhill, as long as they lead there, and not farther than a patch.
KERNEL search(
    int count, const byte *now, const byte *before, const float *gradient, const float *patches, const float *found,
    float *better, int rows, int columns, int height, int width
) {
    EACH(index, count) {
        const int row = index / columns, column = index % columns, top = row * STRIDE, start = column * STRIDE;
        const int tried[5] = {
            index, column > 0 ? index - 1 : index, column < columns - 1 ? index + 1 : index,
            row > 0 ? index - columns : index, row < rows - 1 ? index + columns : index,
        };
        int best = index;
        float least = 0;
        #pragma unroll 1
        for (int number = 0; number < 5; ++number) {
            const int other = tried[number];
            if (number > 0 && other == index) continue;
            const float error = compared(
                now, before, gradient, top, start, found[other], found[count + other], height, width, false
            ).error();
            if (number == 0 || error < least) best = other, least = error;
        }
        const float xx = patches[index], xy = patches[count + index], yy = patches[2 * count + index];
        float u = found[best], v = found[count + best], good_u = u, good_v = v;
        #pragma unroll 1
        for (int step = 0; step <= STEPS; ++step) {
            const Difference difference = compared(now, before, gradient, top, start, u, v, height, width, true);
            const float by_x = difference.by_x - difference.sum * patches[3 * count + index];
            const float by_y = difference.by_y - difference.sum * patches[4 * count + index];
            const float along = xx * by_x + xy * by_y, down = xy * by_x + yy * by_y;
            if (step > 0 && difference.error() >= least) break;
            least = difference.error(), good_u = u, good_v = v;
            if (along * along + down * down > AREA) break;
            u -= along;
            v -= down;
        }
        better[index] = good_u;
        better[count + index] = good_v;
    }
}

// From patches to pixels: the mean of those over a pixel, by how well they explain it.
KERNEL spread(
    int count, const byte *now, const byte *before, const float *found, float *flow, int rows, int columns, int height,
    int width
) {
    EACH(index, count) {
        const int x = min(index % width, STRIDE * (columns - 1) + PATCH - 1);
        const int y = min(index / width, STRIDE * (rows - 1) + PATCH - 1);
        const int first_column = max(0, (x - PATCH + STRIDE) / STRIDE), last_column = min(columns - 1, x / STRIDE);
        const int first_row = max(0, (y - PATCH + STRIDE) / STRIDE), last_row = min(rows - 1, y / STRIDE);
        const float here = now[y * width + x];
        float u_sum = 0, v_sum = 0, shares = 0;
        for (int row = first_row; row <= last_row; ++row)
            for (int column = first_column; column <= last_column; ++column) {
                const float u = found[row * columns + column], v = found[(rows + row) * columns + column];
                const float corner_x = clamped(column * STRIDE + u, 1.0f - PATCH, width - 1.0f);
                const float corner_y = clamped(row * STRIDE + v, 1.0f - PATCH, height - 1.0f);
                const float past = fetched(
                    before, height, width, 1, corner_x + (x - column * STRIDE), corner_y + (y - row * STRIDE)
                );
                const float share = 1 / fmaxf(fabsf(past - here), 1.0f);
                u_sum += share * u, v_sum += share * v, shares += share;
            }
        flow[index] = u_sum / shares;
        flow[count + index] = v_sum / shares;
    }
}

// The variational refinement: see `refinement.py`, whose energy and solver this has.

KERNEL warp(int count, const byte *before, const float *flow, float *warped, int height, int width) {
    EACH(index, count)
        warped[index] = fetched(
            before, height, width, 1, index % width + flow[index], index / width + flow[count + index]
        );
}

// A picture that is known at the pixels: the mean of the new one and the warped one, or what they differ by.
struct Pair {
    const byte *now;
    const float *warped;
    int height, width;
    METHOD int place(int y, int x) const { return clamped(y, 0, height - 1) * width + clamped(x, 0, width - 1); }
    METHOD float mean(int y, int x) const { return (now[place(y, x)] + warped[place(y, x)]) / 2; }
    METHOD float change(int y, int x) const { return warped[place(y, x)] - now[place(y, x)]; }
    METHOD float mean_by_x(int y, int x) const { return mean(y, x + 1) - mean(y, x - 1); }
    METHOD float mean_by_y(int y, int x) const { return mean(y + 1, x) - mean(y - 1, x); }
};

// The residuals' derivatives: by u, by v, and what they are at the flow's start, three each (of color, and of its slope
// in x and in y), normalized (Zimmer et al. 2011): nine planes.
KERNEL linearize(int count, const byte *now, const float *warped, float *residual, int height, int width) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const int left = max(x - 1, 0), right = min(x + 1, width - 1);
        const int above = max(y - 1, 0), below = min(y + 1, height - 1);
        const Pair pair = {now, warped, height, width};
        const float xx = pair.mean_by_x(y, right) - pair.mean_by_x(y, left);
        const float xy = pair.mean_by_x(below, x) - pair.mean_by_x(above, x);
        const float yy = pair.mean_by_y(below, x) - pair.mean_by_y(above, x);
        const float by_u[3] = {pair.mean_by_x(y, x), xx, xy}, by_v[3] = {pair.mean_by_y(y, x), xy, yy};
        const float at_start[3] = {
            pair.change(y, x), pair.change(y, right) - pair.change(y, left),
            pair.change(below, x) - pair.change(above, x)
        };
        for (int part = 0; part < 3; ++part) {
            const float scale = rsqrtf(by_u[part] * by_u[part] + by_v[part] * by_v[part] + FLAT);
            residual[part * count + index] = by_u[part] * scale;
            residual[(3 + part) * count + index] = by_v[part] * scale;
            residual[(6 + part) * count + index] = at_start[part] * scale;
        }
    }
}

DEVICE float squared(float value) { return value * value; }

// How firmly a pixel is tied to its right and its lower neighbor.
DEVICE float tie(const float *field, int count, int height, int width, int y, int x) {
    const int index = y * width + min(x, width - 2), below = y < height - 1 ? index + width : index;
    const float *u = field, *v = field + count;
    const float slopes = squared(u[index + 1] - u[index]) + squared(v[index + 1] - v[index])
        + squared(u[below] - u[index]) + squared(v[below] - v[index]);
    return SMOOTHNESS * rsqrtf(slopes + EDGE);
}

// The linear system at each pixel, seven planes: what u and v are divided by, the right sides, the coupling, and the
// ties to the right and below, 0 over the border.
KERNEL weigh(
    int count, const float *residual, const float *start, const float *field, float *system, int height, int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width;
        const float step_u = field[index] - start[index], step_v = field[count + index] - start[count + index];
        float by_u[3], by_v[3], at_start[3], left_over[3];
        for (int part = 0; part < 3; ++part) {
            by_u[part] = residual[part * count + index];
            by_v[part] = residual[(3 + part) * count + index];
            at_start[part] = residual[(6 + part) * count + index];
            left_over[part] = squared(at_start[part] + by_u[part] * step_u + by_v[part] * step_v);
        }
        const float color = COLOR * rsqrtf(left_over[0] + EDGE);
        const float gradient = GRADIENT * rsqrtf(left_over[1] + left_over[2] + EDGE);
        float uu = FLAT, uv = 0, vv = FLAT, u = 0, v = 0;
        for (int part = 0; part < 3; ++part) {
            const float weight = part == 0 ? color : gradient;
            uu += weight * by_u[part] * by_u[part];
            uv += weight * by_u[part] * by_v[part];
            vv += weight * by_v[part] * by_v[part];
            u += weight * by_u[part] * at_start[part];
            v += weight * by_v[part] * at_start[part];
        }
        const float here = tie(field, count, height, width, y, x);
        const float to_right = x < width - 1 ? here : 0, to_below = y < height - 1 ? here : 0;
        const float to_left = x > 0 ? tie(field, count, height, width, y, x - 1) : 0;
        const float to_above = y > 0 ? tie(field, count, height, width, y - 1, x) : 0;
        const float ties = to_left + to_right + to_above + to_below;
        system[index] = 1 / (uu + ties);
        system[count + index] = 1 / (vv + ties);
        system[2 * count + index] = uu * start[index] + uv * start[count + index] - u;
        system[3 * count + index] = uv * start[index] + vv * start[count + index] - v;
        system[4 * count + index] = uv;
        system[5 * count + index] = to_right;
        system[6 * count + index] = to_below;
    }
}

// One sweep of successive over-relaxation over the pixels of one color of a chessboard, which have none beside them.
KERNEL relax(int count, const float *system, float *field, int color, int height, int width) {
    const int pixels = height * width, half_width = (width + 1) / 2;
    EACH(number, count) {
        const int y = number / half_width, x = number % half_width * 2 + ((y + color) & 1);
        if (x >= width) continue;
        const int index = y * width + x;
        const int left = max(x - 1, 0) + y * width, right = min(x + 1, width - 1) + y * width;
        const int above = max(y - 1, 0) * width + x, below = min(y + 1, height - 1) * width + x;
        const float *to_right = system + 5 * pixels, *to_below = system + 6 * pixels;
        const float pulls[4] = {
            x > 0 ? to_right[left] : 0, to_right[index], y > 0 ? to_below[above] : 0, to_below[index]
        };
        float *u = field, *v = field + pixels;
        const float pull_u = pulls[0] * u[left] + pulls[1] * u[right] + pulls[2] * u[above] + pulls[3] * u[below];
        const float pull_v = pulls[0] * v[left] + pulls[1] * v[right] + pulls[2] * v[above] + pulls[3] * v[below];
        const float coupling = system[4 * pixels + index];
        const float wanted_u = system[index] * (system[2 * pixels + index] + pull_u - coupling * v[index]);
        u[index] += OVER_RELAXATION * (wanted_u - u[index]);
        const float wanted_v = system[pixels + index] * (system[3 * pixels + index] + pull_v - coupling * u[index]);
        v[index] += OVER_RELAXATION * (wanted_v - v[index]);
    }
}

// What is less than the estimate's own noise is none. count: of both planes.
KERNEL settle(int count, const float *field, float *flow) {
    EACH(index, count) flow[index] = fabsf(field[index]) <= STILL_PX ? 0 : field[index];
}
