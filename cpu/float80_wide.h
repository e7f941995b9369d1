/*
 * Numbers with 128-bit significands for the transcendental functions: a
 * result is calculated to some 120 bits and rounded once.
 */
#ifndef UMBRA_CPU_FLOAT80_WIDE_H
#define UMBRA_CPU_FLOAT80_WIDE_H

#include "cpu/float80_parts.h"

/* From fixed point with `point` bits before it. */
static inline struct fp_parts wide_from_fixed(struct u128 a, int32_t point)
{
    return fp_make(false, point - 1, a);
}

/* To fixed point without bits before it; |a| < 1, the sign is dropped. */
static inline struct u128 wide_to_fixed(const struct fp_parts *a)
{
    if (a->cls == FPC_ZERO) {
        return u128_of(0, 0);
    }
    return a->exp < -128 ? u128_of(0, 0)
                         : u128_shr(a->m, (unsigned)(-1 - a->exp));
}

static inline struct fp_parts wide_add(struct fp_parts a, struct fp_parts b)
{
    if (a.cls == FPC_ZERO || b.cls == FPC_ZERO) {
        return a.cls == FPC_ZERO ? b : a;
    }
    return fp_add_finite(a, b, FP_RC_NEAREST);
}

static inline struct fp_parts wide_negate(struct fp_parts a)
{
    a.sign = !a.sign;
    return a;
}

static inline struct fp_parts wide_mul(struct fp_parts a, struct fp_parts b)
{
    bool sign = a.sign != b.sign;

    if (a.cls == FPC_ZERO || b.cls == FPC_ZERO) {
        return fp_zero(sign);
    }
    return fp_make(sign, a.exp + b.exp + 1, u128_mul_high(a.m, b.m));
}

/* a * f for a fixed-point f without bits before the point. */
static inline struct fp_parts wide_mul_fixed(struct fp_parts a, struct u128 f)
{
    return wide_mul(a, wide_from_fixed(f, 0));
}

/* A number that is not exact: its last bit says so. */
static inline struct fp_parts wide_inexact(struct fp_parts a)
{
    a.m.lo |= 1;
    return a;
}

/* The next 64 bits of r / d; r < d, and d has its top bit set. */
static inline uint64_t wide_div_digit(struct u128 *r, struct u128 d)
{
    uint64_t rest, top;
    uint64_t q = r->hi >= d.hi ? ~(uint64_t)0 : u128_div(*r, d.hi, &rest);
    struct u128 high = u64_mul_wide(q, d.hi);
    struct u128 low = u64_mul_wide(q, d.lo);
    struct u128 product = u128_add(low, u128_of(high.lo, 0));
    struct u128 left = u128_sub(u128_of(r->lo, 0), product);

    top = high.hi + (product.hi < high.lo);
    top = r->hi - top - u128_less(u128_of(r->lo, 0), product);
    while (top >> 63) {
        q--;
        left = u128_add(left, d);
        top += u128_less(left, d);
    }
    *r = left;
    return q;
}

/* a / b, neither zero; what is left over is a set last bit. */
static inline struct fp_parts wide_div(struct fp_parts a, struct fp_parts b)
{
    struct fp_parts q = {.cls = FPC_FINITE, .sign = a.sign != b.sign};
    struct u128 r = a.m;
    bool above_one = !u128_less(r, b.m);

    if (above_one) {
        r = u128_sub(r, b.m);
    }
    q.exp = a.exp - b.exp - !above_one;
    q.m.hi = wide_div_digit(&r, b.m);
    q.m.lo = wide_div_digit(&r, b.m) | !u128_is_zero(r);
    if (above_one) {
        q.m = u128_shr_jam(q.m, 1);
        q.m.hi |= FLOAT80_INTEGER_BIT;
    }
    return q;
}

/*
 * t * (c[0] - t * (c[1] - t * (...))), or with `+` when `alternate` is not
 * set. All is in Q0.128.
 */
static inline struct u128 wide_series(struct u128 t, const struct u128 *c,
                                      unsigned count, bool alternate)
{
    struct u128 sum = c[count - 1];

    for (unsigned k = count - 1; k-- > 0;) {
        struct u128 term = u128_mul_high(t, sum);

        sum = alternate ? u128_sub(c[k], term) : u128_add(c[k], term);
    }
    return u128_mul_high(t, sum);
}

/*
 * a * (1 - s) or a * (1 + s) for s in Q0.128. The factor is never exactly 1,
 * so that directed rounding sees on which side of `a` the result lies.
 */
static inline struct fp_parts wide_scale(struct fp_parts a, struct u128 s,
                                         bool less)
{
    struct fp_parts change;

    if (a.cls == FPC_ZERO) {
        return a;
    }
    s.lo |= u128_is_zero(s);
    change = wide_mul_fixed(a, s);
    change.sign ^= less;
    return wide_inexact(fp_add_finite(a, change, FP_RC_NEAREST));
}

#endif
