/*
 * The common core of the software floating point: numbers taken apart.
 *
 * float32, float64 and the 80-bit format of the x87 unpack to the same
 * struct fp_parts, calculate there, and are rounded once with fp_round().
 * Rules are those of the Intel SDM volume 1, chapter 4.8 and 4.9: tininess is
 * detected after rounding, a masked underflow needs an inexact result.
 *
 * Not here: the choice of a NaN among operands, which differs between x87
 * and SSE.
 */
#ifndef UMBRA_CPU_FP_PARTS_H
#define UMBRA_CPU_FP_PARTS_H

#include "u128.h"

/* Exception flags, and mask bits, at their places in MXCSR, CW and SW. */
enum {
    FP_IE = 0x01,
    FP_DE = 0x02,
    FP_ZE = 0x04,
    FP_OE = 0x08,
    FP_UE = 0x10,
    FP_PE = 0x20,
    FP_FLAGS = 0x3f,
    FP_BEFORE = FP_IE | FP_DE | FP_ZE, /* found before calculating */
};

/* Rounding control, as in CW and MXCSR. */
enum fp_rc { FP_RC_NEAREST, FP_RC_DOWN, FP_RC_UP, FP_RC_ZERO };

/* FPC_BAD: an encoding the x87 does not support, or the invalid result. */
enum fp_class { FPC_ZERO, FPC_FINITE, FPC_INF, FPC_QNAN, FPC_SNAN, FPC_BAD };

/*
 * A finite number is m / 2^127 * 2^exp, and bit 127 of m is set. The lowest
 * bit of m may stand for anything further down. A NaN keeps its payload in
 * m.hi, the quiet bit at bit 62.
 */
struct fp_parts {
    struct u128 m;
    int32_t exp;
    enum fp_class cls;
    bool sign;
    bool denormal; /* the operand was one, and DAZ did not hide it */
};

/* Result range of a format; exponents are unbiased. */
struct fp_format {
    int32_t emin;
    int32_t emax;
    uint32_t prec;   /* bits of the significand, 64 at most */
    int32_t wrapped; /* bias adjustment of unmasked overflow, underflow; 0
                        when the result is not stored then */
};

/* How to calculate, and what happened. */
struct fp_mode {
    enum fp_rc rc;
    uint32_t masks;
    uint32_t flags;
    bool ftz;
    bool up; /* the last rounding made the magnitude larger (C1) */
};

static inline bool fp_is_nan(const struct fp_parts *p)
{
    return p->cls == FPC_QNAN || p->cls == FPC_SNAN;
}

static inline struct fp_parts fp_invalid(struct fp_mode *mode)
{
    mode->flags |= FP_IE;
    return (struct fp_parts){.cls = FPC_BAD, .sign = true};
}

static inline struct fp_parts fp_zero(bool sign)
{
    return (struct fp_parts){.cls = FPC_ZERO, .sign = sign};
}

static inline struct fp_parts fp_inf(bool sign)
{
    return (struct fp_parts){.cls = FPC_INF, .sign = sign};
}

/* A finite number, or zero, from any 128-bit integer and exponent. */
static inline struct fp_parts fp_make(bool sign, int32_t exp, struct u128 m)
{
    struct fp_parts p = {.cls = FPC_FINITE, .sign = sign};
    unsigned shift;

    if (u128_is_zero(m)) {
        return fp_zero(sign);
    }
    shift = u128_clz(m);
    p.m = u128_shl(m, shift);
    p.exp = exp - (int32_t)shift;
    return p;
}

/* Does a fraction `rest` / 2^64 beyond an odd or even number round away? */
static inline bool fp_rounds_away(enum fp_rc rc, bool sign, bool odd,
                                  uint64_t rest)
{
    const uint64_t half = (uint64_t)1 << 63;

    switch (rc) {
    case FP_RC_NEAREST:
        return rest > half || (rest == half && odd);
    case FP_RC_DOWN:
        return rest != 0 && sign;
    case FP_RC_UP:
        return rest != 0 && !sign;
    default:
        return false;
    }
}

/* The bits of m beyond `prec`, as a fraction of 2^64. */
static inline uint64_t fp_rest(struct u128 m, uint32_t prec)
{
    return prec == 64 ? m.lo : m.hi << prec | (m.lo != 0);
}

/* Would rounding with no bound on the exponent carry to the next power? */
static inline bool fp_carries(const struct fp_parts *p, uint32_t prec,
                              enum fp_rc rc)
{
    uint64_t ones = ~(uint64_t)0 << (64 - prec);

    return (p->m.hi & ones) == ones &&
           fp_rounds_away(rc, p->sign, true, fp_rest(p->m, prec));
}

static inline struct fp_parts
fp_overflow(struct fp_parts p, const struct fp_format *f, struct fp_mode *mode)
{
    bool to_inf = mode->rc == FP_RC_NEAREST ||
                  mode->rc == (p.sign ? FP_RC_DOWN : FP_RC_UP);

    mode->flags |= FP_OE;
    if (!(mode->masks & FP_OE)) {
        p.exp = f->wrapped != 0 ? p.exp - f->wrapped : f->emax;
        if (p.exp <= f->emax) {
            return p;
        }
        to_inf = true;
    }
    mode->flags |= FP_PE;
    mode->up = to_inf;
    if (to_inf) {
        return fp_inf(p.sign);
    }
    p.exp = f->emax;
    p.m = u128_of(~(uint64_t)0 << (64 - f->prec), 0);
    return p;
}

/*
 * Prepares a number below emin: takes it to a denormal, or wraps its
 * exponent when underflow is not masked. Returns whether it is tiny.
 */
static inline bool fp_underflow(struct fp_parts *p, const struct fp_format *f,
                                struct fp_mode *mode)
{
    bool tiny = p->exp < f->emin - 1 || !fp_carries(p, f->prec, mode->rc);

    if (tiny && !(mode->masks & FP_UE)) {
        mode->flags |= FP_UE;
        p->exp = f->wrapped != 0 ? p->exp + f->wrapped : f->emin;
        if (p->exp >= f->emin) {
            return false;
        }
        /* FSCALE can go further down than any wrapping brings back. */
        p->m = u128_of(0, 1);
        mode->rc = FP_RC_ZERO;
    }
    p->m = u128_shr_jam(p->m, (uint32_t)(f->emin - p->exp));
    p->exp = f->emin;
    return tiny;
}

/*
 * Rounds a finite number to the format. The result has its significand in
 * the upper bits of m.hi; a denormal result has exp == emin and bit 63 clear.
 */
static inline struct fp_parts
fp_round(struct fp_parts p, const struct fp_format *f, struct fp_mode *mode)
{
    bool tiny = false;
    uint64_t rest, unit = (uint64_t)1 << (64 - f->prec);

    if (p.exp < f->emin) {
        tiny = fp_underflow(&p, f, mode);
    }
    rest = fp_rest(p.m, f->prec);
    p.m.lo = 0;
    p.m.hi &= ~(unit - 1);
    if (rest != 0) {
        mode->flags |= tiny ? FP_PE | FP_UE : FP_PE;
        mode->up = fp_rounds_away(mode->rc, p.sign, (p.m.hi & unit) != 0, rest);
        if (mode->up) {
            p.m.hi += unit;
            if (p.m.hi == 0) {
                p.m.hi = (uint64_t)1 << 63;
                p.exp++;
            }
        }
    }
    if (tiny && mode->ftz && mode->masks & FP_UE) {
        mode->flags |= FP_PE | FP_UE;
        return fp_zero(p.sign);
    }
    if (p.exp > f->emax) {
        return fp_overflow(p, f, mode);
    }
    if (p.m.hi == 0) {
        return fp_zero(p.sign);
    }
    return p;
}

static inline struct fp_parts fp_add_magnitudes(struct fp_parts a,
                                                struct fp_parts b)
{
    struct u128 sum = u128_add(a.m, b.m);

    if (u128_less(sum, a.m)) {
        sum = u128_shr_jam(sum, 1);
        sum.hi |= (uint64_t)1 << 63;
        a.exp++;
    }
    a.m = sum;
    return a;
}

/* a + b, both finite and not zero. */
static inline struct fp_parts fp_add_finite(struct fp_parts a,
                                            struct fp_parts b, enum fp_rc rc)
{
    bool sign;

    if (a.exp < b.exp || (a.exp == b.exp && u128_less(a.m, b.m))) {
        struct fp_parts t = a;

        a = b;
        b = t;
    }
    b.m = u128_shr_jam(b.m, (uint32_t)(a.exp - b.exp));
    if (a.sign == b.sign) {
        return fp_add_magnitudes(a, b);
    }
    sign = a.sign;
    a = fp_make(sign, a.exp, u128_sub(a.m, b.m));
    return a.cls == FPC_ZERO ? fp_zero(rc == FP_RC_DOWN) : a;
}

/* a + b for any operands but NaNs. */
static inline struct fp_parts fp_add(struct fp_parts a, struct fp_parts b,
                                     struct fp_mode *mode)
{
    if (a.cls == FPC_INF && b.cls == FPC_INF && a.sign != b.sign) {
        return fp_invalid(mode);
    }
    if (a.denormal || b.denormal) {
        mode->flags |= FP_DE;
    }
    if (a.cls == FPC_INF || b.cls == FPC_INF) {
        return a.cls == FPC_INF ? a : b;
    }
    if (a.cls == FPC_ZERO && b.cls == FPC_ZERO) {
        return fp_zero(a.sign == b.sign ? a.sign : mode->rc == FP_RC_DOWN);
    }
    if (a.cls == FPC_ZERO || b.cls == FPC_ZERO) {
        return a.cls == FPC_ZERO ? b : a;
    }
    return fp_add_finite(a, b, mode->rc);
}

static inline struct fp_parts fp_mul_finite(struct fp_parts a,
                                            struct fp_parts b)
{
    struct fp_parts r = {.cls = FPC_FINITE, .sign = a.sign != b.sign};

    r.m = u64_mul_wide(a.m.hi, b.m.hi);
    r.exp = a.exp + b.exp + 1;
    if (!(r.m.hi >> 63)) {
        r.m = u128_shl(r.m, 1);
        r.exp--;
    }
    return r;
}

/* a * b for any operands but NaNs; their significands fit in m.hi. */
static inline struct fp_parts fp_mul(struct fp_parts a, struct fp_parts b,
                                     struct fp_mode *mode)
{
    bool zero = a.cls == FPC_ZERO || b.cls == FPC_ZERO;
    bool inf = a.cls == FPC_INF || b.cls == FPC_INF;

    if (zero && inf) {
        return fp_invalid(mode);
    }
    if (a.denormal || b.denormal) {
        mode->flags |= FP_DE;
    }
    if (inf) {
        return fp_inf(a.sign != b.sign);
    }
    if (zero) {
        return fp_zero(a.sign != b.sign);
    }
    return fp_mul_finite(a, b);
}

static inline struct fp_parts fp_div_finite(struct fp_parts a,
                                            struct fp_parts b)
{
    struct fp_parts r = {.cls = FPC_FINITE, .sign = a.sign != b.sign};
    struct u128 n = u128_of(a.m.hi, 0);
    uint64_t rest;

    r.exp = a.exp - b.exp;
    if (a.m.hi >= b.m.hi) {
        n = u128_shr(n, 1);
    } else {
        r.exp--;
    }
    r.m.hi = u128_div(n, b.m.hi, &rest);
    r.m.lo = 0;
    if (rest != 0) {
        uint64_t other = b.m.hi - rest;

        r.m.lo = (uint64_t)(rest >= other) << 63 | (rest != other);
    }
    return r;
}

/* a / b for any operands but NaNs; their significands fit in m.hi. */
static inline struct fp_parts fp_div(struct fp_parts a, struct fp_parts b,
                                     struct fp_mode *mode)
{
    bool sign = a.sign != b.sign;

    if (a.cls == b.cls && a.cls != FPC_FINITE) {
        return fp_invalid(mode);
    }
    if (b.cls == FPC_ZERO && a.cls != FPC_INF) {
        mode->flags |= FP_ZE;
        return fp_inf(sign);
    }
    if (a.denormal || b.denormal) {
        mode->flags |= FP_DE;
    }
    if (a.cls == FPC_INF) {
        return fp_inf(sign);
    }
    if (a.cls == FPC_ZERO || b.cls == FPC_INF) {
        return fp_zero(sign);
    }
    return fp_div_finite(a, b);
}

/* floor(sqrt(n)) and what is left, for n >= 2^126. */
uint64_t fp_sqrt_floor(struct u128 n, struct u128 *rest);

/* Square root of anything but a NaN; the significand fits in m.hi. */
struct fp_parts fp_sqrt(struct fp_parts a, struct fp_mode *mode);

/* a * b + c for any operands but NaNs. */
struct fp_parts fp_fma(struct fp_parts a, struct fp_parts b, struct fp_parts c,
                       struct fp_mode *mode);

enum fp_relation { FP_LESS = -1, FP_EQUAL, FP_GREATER, FP_UNORDERED };

/* Compares anything but NaNs; raises nothing. */
enum fp_relation fp_compare(const struct fp_parts *a, const struct fp_parts *b);

/* Rounds a finite number to an integral one, exact to 64 bits. */
struct fp_parts fp_round_integral(struct fp_parts a, struct fp_mode *mode);

/*
 * To a signed integer of `bits` bits; what does not fit, NaNs and infinities
 * give the integer indefinite (only the top bit set) and FP_IE.
 */
int64_t fp_to_int(struct fp_parts a, unsigned bits, struct fp_mode *mode);

struct fp_parts fp_from_int(int64_t a);

#endif
