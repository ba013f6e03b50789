// What all kernels stand on. A kernel does one thing for each of `count` numbers, in any order; so the same source,
// built as C++ with ON_HOST, is a loop, which is how it is tested where there is no card.
//
// Planes are row by row, one after the other; colors of bytes lie side by side, those of floats in planes. What a
// kernel changes it takes without const. Sums over a picture are of whole numbers, since the order in which threads
// come differs from run to run.

typedef unsigned char byte;
typedef unsigned long long Sum;

#ifdef ON_HOST
#include <algorithm>
#include <cmath>
#include <cstdlib>
#define KERNEL extern "C" void
#define DEVICE static inline
#define METHOD inline
#define EACH(index, count) for (int index = 0; index < (count); ++index)
using std::max;
using std::min;
DEVICE float rsqrtf(float value) { return 1 / sqrtf(value); }
DEVICE void atomicAdd(Sum *sum, Sum value) { *sum += value; }
DEVICE bool is_first_of_group(Sum *) { return true; }
#else
#define KERNEL extern "C" __global__ void
#define DEVICE static __device__ __forceinline__
#define METHOD __device__ __forceinline__
#define EACH(index, count) \
    for (int index = blockIdx.x * blockDim.x + threadIdx.x; index < (count); index += gridDim.x * blockDim.x)

// The 32 threads of a warp, where all of them come by, add up among themselves, and one has the sum; else each its own.
DEVICE bool is_first_of_group(Sum *value) {
    if (__activemask() != 0xffffffff) return true;
    for (int apart = 16; apart > 0; apart /= 2) *value += __shfl_xor_sync(0xffffffff, *value, apart);
    return threadIdx.x % 32 == 0;
}
#endif

DEVICE float clamped(float value, float least, float most) { return fminf(fmaxf(value, least), most); }
DEVICE int clamped(int value, int least, int most) { return min(max(value, least), most); }
DEVICE float whole(float value) { return floorf(value + 0.5f); }

// A sum over the picture: many threads add, so that it has PLACES; `total` is for a kernel of one thread.
DEVICE void add(Sum *sums, int which, int index, Sum value) {
    if (is_first_of_group(&value)) atomicAdd(&sums[which * PLACES + index / 32 % PLACES], value);
}
DEVICE double total(const Sum *sums, int which) {
    Sum sum = 0;
    #pragma unroll
    for (int place = 0; place < PLACES; ++place) sum += sums[which * PLACES + place];
    return (double)(long long)sum;
}

// Bilinearly, at (x, y) in pixels; the border's pixels go on beyond it.
template <typename Value>
DEVICE float fetched(const Value *plane, int height, int width, int step, float x, float y) {
    x = clamped(x, 0.0f, width - 1.0f);
    y = clamped(y, 0.0f, height - 1.0f);
    const int left = (int)x, above = (int)y;
    const int right = min(left + 1, width - 1), below = min(above + 1, height - 1);
    const float along = x - left, down = y - above;
    const Value *upper = plane + above * width * step, *lower = plane + below * width * step;
    const float over = upper[left * step] * (1 - along) + upper[right * step] * along;
    const float under = lower[left * step] * (1 - along) + lower[right * step] * along;
    return over * (1 - down) + under * down;
}

// Of a smaller plane (height, width), seen at a pixel of a larger picture (whole_height, whole_width).
DEVICE float enlarged(const float *plane, int height, int width, int whole_height, int whole_width, int x, int y) {
    const float source_x = (x + 0.5f) * ((float)width / whole_width) - 0.5f;
    const float source_y = (y + 0.5f) * ((float)height / whole_height) - 0.5f;
    return fetched(plane, height, width, 1, source_x, source_y);
}

// How much of pixel `place` (of `many`) is covered by pixel `index` (of `few`), as a share of that.
DEVICE float covered(int place, int index, int many, int few) {
    const int first = max(place * few, index * many), last = min((place + 1) * few, (index + 1) * many);
    return (float)(last - first) / many;
}

// The mean of what pixel `index` of a picture (small_height, small_width) covers in the larger one.
template <typename Value>
DEVICE float area_mean(
    const Value *plane, int height, int width, int step, int small_height, int small_width, int index
) {
    const int row = index / small_width, column = index % small_width;
    const int top = row * height / small_height, bottom = ((row + 1) * height - 1) / small_height;
    const int left = column * width / small_width, right = ((column + 1) * width - 1) / small_width;
    float mean = 0;
    for (int y = top; y <= bottom; ++y) {
        float line = 0;
        for (int x = left; x <= right; ++x)
            line += covered(x, column, width, small_width) * plane[(y * width + x) * step];
        mean += covered(y, row, height, small_height) * line;
    }
    return mean;
}

// A place that may lie beyond the border: mirrored there, or in pictures too small for that, the border itself.
DEVICE int inside(int place, int count, bool mirrors) {
    if (place < 0) return mirrors ? -place : 0;
    if (place >= count) return mirrors ? 2 * count - 2 - place : count - 1;
    return place;
}

template <typename Value>
DEVICE float box_mean(const Value *plane, int height, int width, int reach, int x, int y) {
    const bool mirrors = min(height, width) > reach;
    float sum = 0;
    for (int down = -reach; down <= reach; ++down) {
        const Value *line = plane + inside(y + down, height, mirrors) * width;
        for (int along = -reach; along <= reach; ++along) sum += line[inside(x + along, width, mirrors)];
    }
    return sum / ((2 * reach + 1) * (2 * reach + 1));
}
