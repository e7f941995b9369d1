/*
 * The rarer operations on numbers taken apart: square root, fused
 * multiply-add, comparison, integers. See fp_parts.h.
 */
#include "fp_parts.h"

#include <math.h>

uint64_t fp_sqrt_floor(struct u128 n, struct u128 *rest)
{
    /* The host's root is right to some 50 bits; one Newton step follows. */
    double host = sqrt((double)n.hi) * 4294967296.0;
    uint64_t guess =
        host >= 18446744073709549568.0 ? ~(uint64_t)0 : (uint64_t)host;
    struct u128 err = u128_sub(n, u64_mul_wide(guess, guess));
    int64_t fix = (int64_t)(err.hi << 50 | err.lo >> 14);
    uint64_t r = guess + (uint64_t)(fix / (int64_t)(guess >> 13));
    struct u128 left = u128_sub(n, u64_mul_wide(r, r));

    while (left.hi >> 63) {
        r--;
        left = u128_add(left, u128_of(r >> 63, r << 1 | 1));
    }
    while (u128_less(u128_of(r >> 63, r << 1), left)) {
        left = u128_sub(left, u128_of(r >> 63, r << 1 | 1));
        r++;
    }
    *rest = left;
    return r;
}

static struct fp_parts sqrt_finite(struct fp_parts a)
{
    struct u128 n = u128_of(a.m.hi, 0), rest;

    if (!(a.exp & 1)) {
        n = u128_shr(n, 1);
    }
    /* Halves towards minus infinity: an odd exponent went into n. */
    a.exp = (a.exp - (a.exp & 1)) / 2;
    a.m.hi = fp_sqrt_floor(n, &rest);
    a.m.lo = 0;
    if (!u128_is_zero(rest)) {
        bool above_half = u128_less(u128_of(0, a.m.hi), rest);

        a.m.lo = (uint64_t)above_half << 63 | 1;
    }
    return a;
}

struct fp_parts fp_sqrt(struct fp_parts a, struct fp_mode *mode)
{
    if (a.cls == FPC_ZERO) {
        return a;
    }
    if (a.sign) {
        return fp_invalid(mode);
    }
    if (a.denormal) {
        mode->flags |= FP_DE;
    }
    return a.cls == FPC_INF ? a : sqrt_finite(a);
}

struct fp_parts fp_fma(struct fp_parts a, struct fp_parts b, struct fp_parts c,
                       struct fp_mode *mode)
{
    struct fp_parts p;
    bool any_denormal = a.denormal || b.denormal || c.denormal;

    a.denormal = b.denormal = c.denormal = false;
    p = fp_mul(a, b, mode);
    if (p.cls == FPC_BAD) {
        return p;
    }
    p = fp_add(p, c, mode);
    if (p.cls != FPC_BAD && any_denormal) {
        mode->flags |= FP_DE;
    }
    return p;
}

static enum fp_relation compare_magnitudes(const struct fp_parts *a,
                                           const struct fp_parts *b)
{
    if (a->cls != b->cls) {
        return a->cls < b->cls ? FP_LESS : FP_GREATER;
    }
    if (a->cls != FPC_FINITE) {
        return FP_EQUAL;
    }
    if (a->exp != b->exp) {
        return a->exp < b->exp ? FP_LESS : FP_GREATER;
    }
    if (u128_less(a->m, b->m)) {
        return FP_LESS;
    }
    return u128_less(b->m, a->m) ? FP_GREATER : FP_EQUAL;
}

enum fp_relation fp_compare(const struct fp_parts *a, const struct fp_parts *b)
{
    enum fp_relation r;

    if (a->cls == FPC_ZERO && b->cls == FPC_ZERO) {
        return FP_EQUAL;
    }
    if (a->sign != b->sign) {
        return a->sign ? FP_LESS : FP_GREATER;
    }
    r = compare_magnitudes(a, b);
    return a->sign ? (enum fp_relation) - r : r;
}

struct fp_parts fp_round_integral(struct fp_parts a, struct fp_mode *mode)
{
    uint32_t below;
    struct u128 m;

    if (a.exp >= 63) {
        return a;
    }
    /* The integer goes to m.hi, the fraction to m.lo. */
    below = (uint32_t)(63 - a.exp);
    m = u128_shr_jam(a.m, below);
    if (m.lo == 0) {
        return a;
    }
    mode->flags |= FP_PE;
    mode->up = fp_rounds_away(mode->rc, a.sign, m.hi & 1, m.lo);
    return fp_make(a.sign, 63, u128_of(m.hi + mode->up, 0));
}

int64_t fp_to_int(struct fp_parts a, unsigned bits, struct fp_mode *mode)
{
    const uint64_t top = (uint64_t)1 << (bits - 1);
    const int64_t indefinite = (int64_t)(~(uint64_t)0 << (bits - 1));
    struct fp_mode trial = *mode;
    uint64_t v;

    if (a.cls == FPC_ZERO) {
        return 0;
    }
    if (a.cls != FPC_FINITE || a.exp >= 64) {
        mode->flags |= FP_IE;
        return indefinite;
    }
    a = fp_round_integral(a, &trial);
    if (a.cls == FPC_ZERO) {
        *mode = trial;
        return 0;
    }
    if (a.exp > 63) {
        mode->flags |= FP_IE;
        return indefinite;
    }
    v = a.m.hi >> (63 - a.exp);
    if (v > top || (v == top && !a.sign)) {
        mode->flags |= FP_IE;
        return indefinite;
    }
    *mode = trial;
    return (int64_t)(a.sign ? 0 - v : v);
}

struct fp_parts fp_from_int(int64_t a)
{
    uint64_t m = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;

    return fp_make(a < 0, 63, u128_of(m, 0));
}
