/* GELU in its tanh form for bfloat16, forward and backward, as x * sigmoid(u), u = 2 sqrt(2/pi) (x + 0.044715 x^3). */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define SCALE 1.5957691216057308f
#define CUBIC 0.044715f

static inline float widened(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float wide;
    memcpy(&wide, &bits, 4);
    return wide;
}

static inline uint16_t rounded(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

static inline float sigmoid(float x) {
    float u = SCALE * x * (1.0f + CUBIC * x * x);
    u = u < -80.0f ? -80.0f : u > 80.0f ? 80.0f : u;
    return 1.0f / (1.0f + expf(-u));
}

void forward(const uint16_t *restrict x, uint16_t *restrict y, long n) {
    for (long i = 0; i < n; i++) {
        float v = widened(x[i]);
        y[i] = rounded(v * sigmoid(v));
    }
}

void backward(const uint16_t *restrict x, const uint16_t *restrict dy, uint16_t *restrict dx, long n) {
    for (long i = 0; i < n; i++) {
        float v = widened(x[i]), s = sigmoid(v);
        dx[i] = rounded(widened(dy[i]) * (s + v * s * (1.0f - s) * SCALE * (1.0f + 3.0f * CUBIC * v * v)));
    }
}
