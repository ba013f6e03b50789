// Past and present become one: what `FlowStabilizer` and `blend.py` do, see device_blend.py.
//
// past, warped, mixed: three planes; fresh: bytes. Sums are of fixed-point numbers.

enum {
    CHANGE, CRISPNESS, FRESH_CRISPNESS, LUMA, LUMA_SQUARED, SATURATION, FRESH_LUMA, FRESH_LUMA_SQUARED, FRESH_SATURATION
};
enum { SOFTNESS, SAMENESS, CONTRAST_GAIN, COLOR_GAIN, MEAN_LUMA };  // what is known of the whole picture
#define FIXED_POINT 4096.0f

DEVICE Sum fixed(float value) { return (Sum)(long long)rintf(value * FIXED_POINT); }

KERNEL carry(int count, const float *past, const float *flow, float *warped, int height, int width) {
    EACH(index, count)
        for (int color = 0; color < 3; ++color)
            warped[color * count + index] = fetched(
                past + color * count, height, width, 1, index % width + flow[index], index / width + flow[count + index]
            );
}

// By how much broad colors differ: three planes. count: of all three.
KERNEL coarsen(
    int count, const float *warped, const byte *fresh, float *difference, int height, int width, int coarse_height,
    int coarse_width
) {
    EACH(index, count) {
        const int cells = coarse_height * coarse_width, color = index / cells, cell = index % cells;
        const float past = area_mean(
            warped + color * height * width, height, width, 1, coarse_height, coarse_width, cell
        );
        const float now = area_mean(fresh + color, height, width, 3, coarse_height, coarse_width, cell);
        difference[index] = fabsf(past - now);
    }
}

KERNEL liken(int count, const float *difference, float *likeness, Sum *sums) {
    EACH(cell, count) {
        const float largest = fmaxf(fmaxf(difference[cell], difference[count + cell]), difference[2 * count + cell]);
        const float excess = fmaxf(largest - COLOR_FLICKER, 0.0f) / COLOR_SCALE;
        likeness[cell] = LEAST_KEPT + (1 - LEAST_KEPT) * expf(-excess * excess);
        add(sums, CHANGE, cell, fixed(largest));
    }
}

KERNEL rule_sameness(int count, const Sum *sums, float *known, int cells) {
    EACH(index, count) {
        const float change = total(sums, CHANGE) / FIXED_POINT / cells;
        known[SAMENESS] = clamped((OTHER_PICTURE - change) / (OTHER_PICTURE - SAME_PICTURE), 0.0f, 1.0f);
    }
}

DEVICE float softened(float shift) {
    const float beside = fabsf(shift - rintf(shift));
    return beside - beside * beside;
}

// weight: of the past, where it can be believed.
KERNEL mix(
    int count, const float *warped, const byte *fresh, const float *flow, const float *trust, const float *likeness,
    const float *weight, const float *known, float *mixed, int half_height, int half_width, int coarse_height,
    int coarse_width, int height, int width
) {
    EACH(index, count) {
        const int x = index % width, y = index / width, row = y * width;
        const int left = row + max(x - 1, 0), far_left = row + max(x - 2, 0);
        const int right = row + min(x + 1, width - 1), far_right = row + min(x + 2, width - 1);
        const int above = max(y - 1, 0) * width + x, highest = max(y - 2, 0) * width + x;
        const int below = min(y + 1, height - 1) * width + x, lowest = min(y + 2, height - 1) * width + x;
        const float softness = known[SOFTNESS], crisper = fmaxf(-softness, 0.0f);
        const float softened_x = softened(flow[index]), softened_y = softened(flow[count + index]);
        const float sharpness = 1 - fmaxf(softness, 0.0f) + MORE_SHARPNESS * crisper;
        const float along_x = sharpness * softened_x, along_y = sharpness * softened_y;
        const float renewed = MOST_RENEWAL * crisper * fminf(4 * (softened_x + softened_y), 1.0f);
        const float part = *weight * enlarged(trust, half_height, half_width, height, width, x, y)
            * enlarged(likeness, coarse_height, coarse_width, height, width, x, y) * known[SAMENESS];
        for (int color = 0; color < 3; ++color) {
            const float *old = warped + color * count;
            const byte *now = fresh + color;
            const float middle = old[index], beside = old[left] + old[right], over = old[above] + old[below];
            const float fine_x = middle - 0.5f * beside, fine_y = middle - 0.5f * over;
            const float finest_x = 1.5f * middle - beside + 0.25f * (old[far_left] + old[far_right]);
            const float finest_y = 1.5f * middle - over + 0.25f * (old[highest] + old[lowest]);
            const float sharp = middle + along_x * (fine_x + SECOND * along_x * finest_x)
                + along_y * (fine_y + SECOND * along_y * finest_y);
            const float here = now[3 * index];
            const float around = now[3 * left] + now[3 * right] + now[3 * above] + now[3 * below];
            const float detail = here - 0.25f * around - 0.5f * (fine_x + fine_y);
            mixed[color * count + index] = here + part * (sharp - here + renewed * detail);
        }
    }
}

DEVICE float slope(float along, float down) { return sqrtf(along * along + down * down); }

// Of every CRISP_ROW_STEP-th row, as `blend.crispness` does.
KERNEL measure_crispness(int count, const float *mixed, const byte *fresh, Sum *sums, int height, int width) {
    EACH(index, count) {
        const int x = 1 + index % (width - 2), y = 1 + index / (width - 2) * CRISP_ROW_STEP, place = y * width + x;
        const float *green = mixed + height * width + place;
        const byte *now = fresh + 3 * place + 1;
        add(sums, CRISPNESS, index, fixed(slope(green[1] - green[-1], green[width] - green[-width])));
        add(sums, FRESH_CRISPNESS, index, fixed(slope(now[3] - now[-3], now[3 * width] - now[-3 * width])));
    }
}

DEVICE float luma_of(float red, float green, float blue) {
    return LUMA_RED * red + LUMA_GREEN * green + LUMA_BLUE * blue;
}

DEVICE void add_color(Sum *sums, int first, int index, float red, float green, float blue) {
    const float luma = luma_of(red, green, blue);
    add(sums, first, index, fixed(luma));
    add(sums, first + 1, index, fixed(luma * luma));
    add(sums, first + 2, index, fixed(fmaxf(fmaxf(red, green), blue) - fminf(fminf(red, green), blue)));
}

// Of every COLOR_STEP-th pixel each way, as `stabilizer.color_figures` does.
KERNEL measure_color(int count, const float *mixed, const byte *fresh, Sum *sums, int height, int width) {
    const int columns = (width + COLOR_STEP - 1) / COLOR_STEP, pixels = height * width;
    EACH(index, count) {
        const int place = index / columns * COLOR_STEP * width + index % columns * COLOR_STEP;
        const byte *now = fresh + 3 * place;
        add_color(sums, LUMA, index, mixed[place], mixed[pixels + place], mixed[2 * pixels + place]);
        add_color(sums, FRESH_LUMA, index, now[0], now[1], now[2]);
    }
}

DEVICE float mean_of(const Sum *sums, int which, int count) {
    return (float)(total(sums, which) / FIXED_POINT / max(count, 1));
}

DEVICE float spread_of(const Sum *sums, int first, int count) {
    const double mean = total(sums, first) / FIXED_POINT / count, square = total(sums, first + 1) / FIXED_POINT / count;
    return (float)sqrt(fmax(square - mean * mean, 0.0));
}

DEVICE float gain(float wanted, float found) {
    return clamped(wanted / fmaxf(found, 1e-6f), 1 - GREATEST_STRETCH, 1 + GREATEST_STRETCH);
}

// How crisply the past is fetched the next time, and by how much contrast and saturation are stretched now.
KERNEL rule_picture(int count, const Sum *sums, const byte *is_cut, float *known, int crisp_pixels, int color_pixels) {
    EACH(index, count) {
        const float fresh_crispness = mean_of(sums, FRESH_CRISPNESS, crisp_pixels);
        const float kept = mean_of(sums, CRISPNESS, crisp_pixels) / fmaxf(fresh_crispness, 1e-6f);
        const float softness = clamped(known[SOFTNESS] + SOFTNESS_STEP * (kept - CRISPNESS_KEPT), CRISPEST, SOFTEST);
        known[SOFTNESS] = *is_cut ? 0 : softness;
        known[CONTRAST_GAIN] = gain(spread_of(sums, FRESH_LUMA, color_pixels), spread_of(sums, LUMA, color_pixels));
        known[COLOR_GAIN] = gain(
            mean_of(sums, FRESH_SATURATION, color_pixels), mean_of(sums, SATURATION, color_pixels)
        );
        known[MEAN_LUMA] = mean_of(sums, LUMA, color_pixels);
    }
}

// The picture, as the next one's past and as bytes; after a cut, just as it was painted.
KERNEL recolor(
    int count, const float *mixed, const byte *fresh, const byte *is_cut, const float *known, float *past, byte *picture
) {
    EACH(index, count) {
        const float luma = luma_of(mixed[index], mixed[count + index], mixed[2 * count + index]);
        const float gray = known[CONTRAST_GAIN] * (luma - known[MEAN_LUMA]) + known[MEAN_LUMA];
        for (int color = 0; color < 3; ++color) {
            const float colored = known[COLOR_GAIN] * (mixed[color * count + index] - luma) + gray;
            const float value = *is_cut ? fresh[3 * index + color] : colored;
            past[color * count + index] = value;
            picture[3 * index + color] = (byte)(clamped(value, 0.0f, 255.0f) + 0.5f);
        }
    }
}

// A frame that stays as it is.
KERNEL take(int count, const byte *fresh, float *past, float *known) {
    EACH(index, count) {
        for (int color = 0; color < 3; ++color) past[color * count + index] = fresh[3 * index + color];
        if (index == 0) known[SOFTNESS] = 0;
    }
}
