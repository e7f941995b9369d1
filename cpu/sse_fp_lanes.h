/* sse_fp_lanes.h - floating point on one 128-bit lane, for the legacy and the
 * VEX forms: arithmetic, approximations, comparisons. `m` is MXCSR, see
 * sse.h. */
#ifndef UMBRA_CPU_SSE_FP_LANES_H
#define UMBRA_CPU_SSE_FP_LANES_H

#include "cpu/sse.h"

/* ---- arithmetic on all lanes */

union lanes {
    union xmm x;
    float f[4];
    double g[2];
};

/*
 * Are the exponents in the 32-bit lanes of operands and result such that the
 * host's answer may be used? The rules are those of softfloat.h: `exp` masks
 * the exponent, `least` is the smallest safe one. The compiler makes vector
 * code of the loop. Bits of the answer that are set tell the bad lanes.
 */
static ALWAYS_INLINE uint64_t bad_lanes(const union xmm *a, const union xmm *b,
                                        const union xmm *r, int32_t exp,
                                        int32_t least)
{
    union xmm bad;

    for (unsigned n = 0; n < 4; n++) {
        int32_t ea = (int32_t)a->d[n] & exp, eb = (int32_t)b->d[n] & exp;
        int32_t er = (int32_t)r->d[n] & exp;

        bad.d[n] =
            (uint32_t)(-(ea == 0) | -(eb == 0) | -(er < least) | -(er == exp));
    }
    return bad.q[0] | bad.q[1];
}

/* NAME_ps_try and NAME_pd_try: all lanes at once on the host, if that is
 * good enough; NAME_ps and NAME_pd: lane by lane. */
#define PACKED(name, operator)                                                 \
    static ALWAYS_INLINE bool name##_ps_try(union xmm *a, const union xmm *b)  \
    {                                                                          \
        union lanes x = {.x = *a}, y = {.x = *b}, r;                           \
        for (unsigned n = 0; n < 4; n++)                                       \
            r.f[n] = x.f[n] operator y.f[n];                                   \
        if (bad_lanes(a, b, &r.x, 0x7f800000, 2 << 23))                        \
            return false;                                                      \
        *a = r.x;                                                              \
        return true;                                                           \
    }                                                                          \
    static ALWAYS_INLINE bool name##_pd_try(union xmm *a, const union xmm *b)  \
    {                                                                          \
        union lanes x = {.x = *a}, y = {.x = *b}, r;                           \
        for (unsigned n = 0; n < 2; n++)                                       \
            r.g[n] = x.g[n] operator y.g[n];                                   \
        /* The exponents are in the upper lane of each half. */                \
        if (bad_lanes(a, b, &r.x, 0x7ff00000, 2 << 20) >> 32)                  \
            return false;                                                      \
        *a = r.x;                                                              \
        return true;                                                           \
    }                                                                          \
    PACKED_SIMPLE(name)

#define PACKED_SIMPLE(name)                                                    \
    static ALWAYS_INLINE union xmm name##_ps(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        for (unsigned n = 0; n < 4; n++)                                       \
            a.d[n] = float32_##name(a.d[n], b.d[n], m);                        \
        return a;                                                              \
    }                                                                          \
    static ALWAYS_INLINE union xmm name##_pd(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        for (unsigned n = 0; n < 2; n++)                                       \
            a.q[n] = float64_##name(a.q[n], b.q[n], m);                        \
        return a;                                                              \
    }

PACKED(add, +)
PACKED(sub, -)
PACKED(mul, *)
PACKED(div, /)
PACKED_SIMPLE(min)
PACKED_SIMPLE(max)

static ALWAYS_INLINE union xmm sqrt_ps(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 4; n++)
        a.d[n] = float32_sqrt(b.d[n], m);
    return a;
}

static ALWAYS_INLINE union xmm sqrt_pd(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 2; n++)
        a.q[n] = float64_sqrt(b.q[n], m);
    return a;
}

/* SSE3: subtract in even lanes, add in odd ones. */
static ALWAYS_INLINE union xmm addsub_ps(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 4; n += 2) {
        a.d[LANE32(n)] = float32_sub(a.d[LANE32(n)], b.d[LANE32(n)], m);
        a.d[LANE32(n + 1)] =
            float32_add(a.d[LANE32(n + 1)], b.d[LANE32(n + 1)], m);
    }
    return a;
}

static ALWAYS_INLINE union xmm addsub_pd(union xmm a, union xmm b, uint32_t *m)
{
    a.q[0] = float64_sub(a.q[0], b.q[0], m);
    a.q[1] = float64_add(a.q[1], b.q[1], m);
    return a;
}

/* Neighbours of a to the lower half, of b to the upper. */
#define HORIZONTAL(name, operation)                                            \
    static ALWAYS_INLINE union xmm name##_ps(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        union xmm r;                                                           \
        for (unsigned n = 0; n < 2; n++) {                                     \
            r.d[LANE32(n)] = float32_##operation(a.d[LANE32(2 * n)],           \
                                                 a.d[LANE32(2 * n + 1)], m);   \
            r.d[LANE32(n + 2)] = float32_##operation(                          \
                b.d[LANE32(2 * n)], b.d[LANE32(2 * n + 1)], m);                \
        }                                                                      \
        return r;                                                              \
    }                                                                          \
    static ALWAYS_INLINE union xmm name##_pd(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        return (union xmm){.q = {float64_##operation(a.q[0], a.q[1], m),       \
                                 float64_##operation(b.q[0], b.q[1], m)}};     \
    }

HORIZONTAL(hadd, add)
HORIZONTAL(hsub, sub)

/* ---- approximations: no exceptions, denormals are zeros either way */

/* Rounds a normal number to 12 bits. */
static inline uint32_t to_12_bits(float value)
{
    uint32_t r = float32_bits(value);

    if ((r & 0x7f800000) == 0x7f800000)
        return r;
    if (!float32_is_large(r))
        return r & 0x80000000;
    return (r + 0x800) & 0xfffff000;
}

static inline uint32_t approximate_rcp(uint32_t a)
{
    if (float32_is_nan(a))
        return a | 0x00400000;
    if (!float32_is_large(a))
        return (a & 0x80000000) | 0x7f800000;
    return to_12_bits(1.0f / float32_host(a));
}

static inline uint32_t approximate_rsqrt(uint32_t a)
{
    if (float32_is_nan(a))
        return a | 0x00400000;
    if (!float32_is_large(a))
        return (a & 0x80000000) | 0x7f800000;
    if (a >> 31)
        return 0xffc00000;
    return to_12_bits((float)(1.0 / sqrt((double)float32_host(a))));
}

/* ---- comparisons to masks */

/* Predicates with an order raise invalid for quiet NaNs too, but 16 to 31
 * the other way round (SDM volume 2, CMPPD, table 3-1). */
static ALWAYS_INLINE bool predicate_signals(unsigned predicate)
{
    return ((predicate & 3) == 1 || (predicate & 3) == 2) ^
           (predicate >> 4 & 1);
}

static ALWAYS_INLINE bool predicate_holds(unsigned predicate,
                                          enum fp_relation r)
{
    enum { L = 1, E = 2, G = 4, U = 8 };
    static const uint8_t holds[16] = {
        E,     L,     L | E,     U, L | G | U, E | G | U, G | U, L | E | G,
        E | U, L | U, L | E | U, 0, L | G,     E | G,     G,     L | E | G | U};

    /* FP_LESS is -1, and so on in the order of the bits. */
    return holds[predicate & 15] >> (r + 1) & 1;
}

static ALWAYS_INLINE uint32_t compare32(uint32_t a, uint32_t b,
                                        unsigned predicate, uint32_t *m)
{
    bool signals = predicate_signals(predicate);

    return predicate_holds(predicate, float32_compare(a, b, signals, m))
               ? 0xffffffff
               : 0;
}

static ALWAYS_INLINE uint64_t compare64(uint64_t a, uint64_t b,
                                        unsigned predicate, uint32_t *m)
{
    bool signals = predicate_signals(predicate);

    return predicate_holds(predicate, float64_compare(a, b, signals, m))
               ? ~(uint64_t)0
               : 0;
}

#endif
