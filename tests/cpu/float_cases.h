/*
 * Operands for the floating-point tests: a fixed random sequence that favours
 * the edges of the formats. The same on every host, so that results can be
 * compared by their digest where no hardware can be asked.
 */
#ifndef UMBRA_TESTS_FLOAT_CASES_H
#define UMBRA_TESTS_FLOAT_CASES_H

#include <stddef.h>
#include <stdint.h>

struct case_source {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t case_random(struct case_source *s)
{
    uint64_t z = s->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Few bits, many bits, runs of ones, or near a power of two. */
static inline uint64_t case_bits(struct case_source *s)
{
    uint64_t r = case_random(s);
    unsigned n = (unsigned)(r >> 8) & 63;

    switch (r & 7) {
    case 0:
        return 0;
    case 1:
        return (uint64_t)1 << n;
    case 2:
        return ~(uint64_t)0 << n;
    case 3:
        return ~(uint64_t)0 >> n;
    case 4:
        return ((uint64_t)1 << n) + (r >> 16 & 3) - 1;
    default:
        return case_random(s);
    }
}

/* An exponent field: often an end, the middle, or close to `near`. */
static inline uint32_t case_exp(struct case_source *s, uint32_t max,
                                uint32_t near)
{
    uint64_t r = case_random(s);
    uint32_t small = (uint32_t)(r >> 8) & 3;

    switch (r & 7) {
    case 0:
        return small;
    case 1:
        return max - small;
    case 2:
        return max / 2 + ((uint32_t)(r >> 8) & 127) - 63;
    case 3:
    case 4:
        return (near + ((uint32_t)(r >> 8) & 7) - 3) & max;
    default:
        return (uint32_t)(r >> 16) & max;
    }
}

static inline uint32_t case_float32(struct case_source *s, uint32_t near)
{
    uint64_t bits = case_bits(s);
    uint32_t exp = case_exp(s, 0xff, near >> 23 & 0xff);

    /* Either end of the random bits, for the interesting patterns. */
    if (case_random(s) & 1) {
        bits >>= 41;
    }
    return (uint32_t)(bits & 0x7fffff) | exp << 23 |
           (uint32_t)(case_random(s) & 1) << 31;
}

static inline uint64_t case_float64(struct case_source *s, uint64_t near)
{
    uint64_t bits = case_bits(s);
    uint64_t exp = case_exp(s, 0x7ff, (uint32_t)(near >> 52) & 0x7ff);

    if (case_random(s) & 1) {
        bits >>= 12;
    }
    return (bits & 0xfffffffffffff) | exp << 52 | (case_random(s) & 1) << 63;
}

static inline uint64_t case_digest(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001b3 ^ digest >> 47;
}

#define CASE_DIGEST_START 0xcbf29ce484222325u

/* 64 bits of a vector: any, an integer, a double, two singles. */
static inline uint64_t case_lane64(struct case_source *s)
{
    uint64_t r = case_random(s);

    switch (r & 7) {
    case 0:
        return case_bits(s);
    case 1:
        return (uint64_t)(int64_t)(int32_t)case_random(s);
    case 2:
    case 3:
        return case_float64(s, 0x3ff0000000000000);
    default:
        return (uint64_t)case_float32(s, 0x3f800000) << 32 |
               case_float32(s, 0x3f800000);
    }
}

#endif
