/*
 * One format's exact functions; softfloat.c includes this twice, with
 * FLOAT(name), UINT, FRACTION, EXP_MAX set.
 */

#define BIAS          ((int32_t)EXP_MAX / 2)
#define SIGN_BIT      ((UINT)1 << (sizeof(UINT) * 8 - 1))
#define QUIET_BIT     ((UINT)1 << (FRACTION - 1))
#define FRACTION_BITS (((UINT)1 << FRACTION) - 1)

static const struct fp_format FLOAT(format) = {
    .emin = 1 - BIAS,
    .emax = BIAS,
    .prec = FRACTION + 1,
};

static struct fp_parts FLOAT(unpack)(UINT a, uint32_t mxcsr)
{
    struct fp_parts p = {.sign = (a & SIGN_BIT) != 0};
    UINT field = a >> FRACTION & EXP_MAX;
    uint64_t fraction = (uint64_t)(a & FRACTION_BITS) << (63 - FRACTION);

    if (field == EXP_MAX) {
        p.cls = fraction == 0 ? FPC_INF : a & QUIET_BIT ? FPC_QNAN : FPC_SNAN;
        p.m.hi = fraction;
    } else if (field != 0) {
        p.cls = FPC_FINITE;
        p.exp = (int32_t)field - BIAS;
        p.m.hi = fraction | (uint64_t)1 << 63;
    } else if (fraction != 0 && !(mxcsr & MXCSR_DAZ)) {
        p = fp_make(p.sign, 1 - BIAS, u128_of(fraction, 0));
        p.denormal = true;
    }
    return p;
}

/* Encodes what fp_round() gave. */
static UINT FLOAT(pack)(struct fp_parts p)
{
    UINT sign = p.sign ? SIGN_BIT : 0;
    UINT field = (UINT)(p.exp + BIAS);

    switch (p.cls) {
    case FPC_ZERO:
        return sign;
    case FPC_INF:
        return sign | (UINT)EXP_MAX << FRACTION;
    case FPC_FINITE:
        if (!(p.m.hi >> 63)) {
            field = 0;
        }
        return sign | field << FRACTION |
               ((UINT)(p.m.hi >> (63 - FRACTION)) & FRACTION_BITS);
    case FPC_QNAN:
    case FPC_SNAN:
        return sign | (UINT)EXP_MAX << FRACTION | QUIET_BIT |
               (UINT)(p.m.hi >> (63 - FRACTION));
    default:
        return SIGN_BIT | (UINT)EXP_MAX << FRACTION | QUIET_BIT;
    }
}

struct fp_parts FLOAT(decode)(UINT a)
{
    return FLOAT(unpack)(a, 0);
}

UINT FLOAT(encode)(struct fp_parts p, struct fp_mode *mode)
{
    if (p.cls == FPC_FINITE) {
        p = fp_round(p, &FLOAT(format), mode);
    }
    return FLOAT(pack)(p);
}

/* Rounds, encodes and records the flags. */
static UINT FLOAT(finish)(struct fp_parts p, struct fp_mode *mode,
                          uint32_t *mxcsr)
{
    UINT r = FLOAT(encode)(p, mode);

    mxcsr_raise(mxcsr, mode->flags);
    return r;
}

/* The result of an operation with a NaN among its operands: the first. */
static UINT FLOAT(propagate)(UINT a, UINT b, uint32_t *mxcsr)
{
    bool a_nan = FLOAT(is_nan)(a);
    bool b_nan = FLOAT(is_nan)(b);

    if ((a_nan && !(a & QUIET_BIT)) || (b_nan && !(b & QUIET_BIT))) {
        mxcsr_raise(mxcsr, FP_IE);
    }
    return (a_nan ? a : b) | QUIET_BIT;
}

static UINT FLOAT(binary)(UINT a, UINT b, uint32_t *mxcsr,
                          fp_binary_fn *operation)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);

    if (FLOAT(is_nan)(a) || FLOAT(is_nan)(b)) {
        return FLOAT(propagate)(a, b, mxcsr);
    }
    return FLOAT(finish)(
        operation(FLOAT(unpack)(a, *mxcsr), FLOAT(unpack)(b, *mxcsr), &mode),
        &mode, mxcsr);
}

/* Adding or subtracting a zero leaves a normal number as it is; zeros of
 * equal sign add up to one. */
static inline bool FLOAT(is_zero)(UINT a)
{
    return (a & ~SIGN_BIT) == 0;
}

UINT FLOAT(add_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    if (FLOAT(is_zero)(b) && FLOAT(is_normal)(a)) {
        return a;
    }
    if (FLOAT(is_zero)(a) && (FLOAT(is_normal)(b) || a == b)) {
        return b;
    }
    return FLOAT(binary)(a, b, mxcsr, fp_add);
}

UINT FLOAT(sub_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    if (FLOAT(is_zero)(b) && FLOAT(is_normal)(a)) {
        return a;
    }
    if (FLOAT(is_zero)(a) && FLOAT(is_normal)(b)) {
        return b ^ SIGN_BIT;
    }
    return FLOAT(binary)(a, b, mxcsr, fp_sub);
}

UINT FLOAT(mul_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    if ((FLOAT(is_zero)(a) && FLOAT(is_normal)(b)) ||
        (FLOAT(is_zero)(b) && FLOAT(is_normal)(a))) {
        return (a ^ b) & SIGN_BIT;
    }
    return FLOAT(binary)(a, b, mxcsr, fp_mul);
}

UINT FLOAT(div_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    return FLOAT(binary)(a, b, mxcsr, fp_div);
}

UINT FLOAT(sqrt_slow)(UINT a, uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);

    if (FLOAT(is_nan)(a)) {
        return FLOAT(propagate)(a, a, mxcsr);
    }
    return FLOAT(finish)(fp_sqrt(FLOAT(unpack)(a, *mxcsr), &mode), &mode,
                         mxcsr);
}

UINT FLOAT(muladd_slow)(UINT a, UINT b, UINT c, unsigned negate,
                        uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);
    struct fp_parts x, z;

    if (FLOAT(is_nan)(a) || FLOAT(is_nan)(b) || FLOAT(is_nan)(c)) {
        /* An earlier NaN wins; every signalling one counts. */
        UINT first = FLOAT(propagate)(a, b, mxcsr);
        UINT second = FLOAT(propagate)(b, c, mxcsr);

        return FLOAT(is_nan)(a) || FLOAT(is_nan)(b) ? first : second;
    }
    x = FLOAT(unpack)(a, *mxcsr);
    z = FLOAT(unpack)(c, *mxcsr);
    x.sign ^= (negate & FMA_PRODUCT) != 0;
    z.sign ^= (negate & FMA_ADDEND) != 0;
    return FLOAT(finish)(fp_fma(x, FLOAT(unpack)(b, *mxcsr), z, &mode), &mode,
                         mxcsr);
}

enum fp_relation FLOAT(compare_slow)(UINT a, UINT b, bool signalling,
                                     uint32_t *mxcsr)
{
    struct fp_parts x = FLOAT(unpack)(a, *mxcsr);
    struct fp_parts y = FLOAT(unpack)(b, *mxcsr);

    if (fp_is_nan(&x) || fp_is_nan(&y)) {
        if (signalling || x.cls == FPC_SNAN || y.cls == FPC_SNAN) {
            mxcsr_raise(mxcsr, FP_IE);
        }
        return FP_UNORDERED;
    }
    if (x.denormal || y.denormal) {
        mxcsr_raise(mxcsr, FP_DE);
    }
    return fp_compare(&x, &y);
}

/* What MINxx and MAXxx hand on: under DAZ a denormal operand is a zero. */
static UINT FLOAT(hide_denormal)(UINT a, uint32_t mxcsr)
{
    return mxcsr & MXCSR_DAZ && !FLOAT(is_large)(a) ? a & SIGN_BIT : a;
}

UINT FLOAT(min_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    bool first = FLOAT(compare_slow)(a, b, true, mxcsr) == FP_LESS;

    return FLOAT(hide_denormal)(first ? a : b, *mxcsr);
}

UINT FLOAT(max_slow)(UINT a, UINT b, uint32_t *mxcsr)
{
    bool first = FLOAT(compare_slow)(a, b, true, mxcsr) == FP_GREATER;

    return FLOAT(hide_denormal)(first ? a : b, *mxcsr);
}

int64_t FLOAT(to_int_slow)(UINT a, unsigned bits, enum fp_rc rc,
                           uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);
    int64_t r;

    mode.rc = rc;
    r = fp_to_int(FLOAT(unpack)(a, *mxcsr), bits, &mode);
    mxcsr_raise(mxcsr, mode.flags);
    return r;
}

UINT FLOAT(from_int_slow)(int64_t a, uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);

    return FLOAT(finish)(fp_from_int(a), &mode, mxcsr);
}

UINT FLOAT(round_int)(UINT a, enum fp_rc rc, bool inexact, uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);
    struct fp_parts p = FLOAT(unpack)(a, *mxcsr);

    if (fp_is_nan(&p)) {
        return FLOAT(propagate)(a, a, mxcsr);
    }
    if (p.cls != FPC_FINITE) {
        return FLOAT(pack)(p);
    }
    mode.rc = rc;
    p = fp_round_integral(p, &mode);
    if (inexact) {
        mxcsr_raise(mxcsr, mode.flags);
    }
    return FLOAT(pack)(p);
}

#undef BIAS
#undef SIGN_BIT
#undef QUIET_BIT
#undef FRACTION_BITS
#undef FLOAT
#undef UINT
#undef FRACTION
#undef EXP_MAX
