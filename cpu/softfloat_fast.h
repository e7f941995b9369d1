/*
 * One format's inline functions; softfloat.h includes this twice, with
 * FLOAT(name), UINT, HOST, HOST_SQRT, HOST_FMA, FRACTION, EXP_MAX, ROUNDER set.
 */

UINT FLOAT(add_slow)(UINT a, UINT b, uint32_t *mxcsr);
UINT FLOAT(sub_slow)(UINT a, UINT b, uint32_t *mxcsr);
UINT FLOAT(mul_slow)(UINT a, UINT b, uint32_t *mxcsr);
UINT FLOAT(div_slow)(UINT a, UINT b, uint32_t *mxcsr);
UINT FLOAT(sqrt_slow)(UINT a, uint32_t *mxcsr);
UINT FLOAT(muladd_slow)(UINT a, UINT b, UINT c, unsigned negate,
                        uint32_t *mxcsr);
UINT FLOAT(min_slow)(UINT a, UINT b, uint32_t *mxcsr);
UINT FLOAT(max_slow)(UINT a, UINT b, uint32_t *mxcsr);
enum fp_relation FLOAT(compare_slow)(UINT a, UINT b, bool signalling,
                                     uint32_t *mxcsr);
int64_t FLOAT(to_int_slow)(UINT a, unsigned bits, enum fp_rc rc,
                           uint32_t *mxcsr);
UINT FLOAT(from_int_slow)(int64_t a, uint32_t *mxcsr);
UINT FLOAT(round_int)(UINT a, enum fp_rc rc, bool inexact, uint32_t *mxcsr);

/* For float80.c: take apart; round and encode. */
struct fp_parts FLOAT(decode)(UINT a);
UINT FLOAT(encode)(struct fp_parts p, struct fp_mode *mode);

static inline HOST FLOAT(host)(UINT a)
{
    HOST h;

    memcpy(&h, &a, sizeof(h));
    return h;
}

static inline UINT FLOAT(bits)(HOST h)
{
    UINT a;

    memcpy(&a, &h, sizeof(a));
    return a;
}

static inline unsigned FLOAT(exp_field)(UINT a)
{
    return (unsigned)(a >> FRACTION) & EXP_MAX;
}

/* Neither zero nor denormal; what else it is the result will tell. */
static inline bool FLOAT(is_large)(UINT a)
{
    return (a & (UINT)EXP_MAX << FRACTION) != 0;
}

static inline bool FLOAT(is_normal)(UINT a)
{
    return FLOAT(exp_field)(a) - 1 < EXP_MAX - 1;
}

/* A normal number that cannot have been rounded up from a tiny one. */
static inline bool FLOAT(is_safe)(UINT a)
{
    return FLOAT(exp_field)(a) - 2 < EXP_MAX - 2;
}

static inline bool FLOAT(is_nan)(UINT a)
{
    return (a & ~((UINT)1 << (sizeof(a) * 8 - 1))) > (UINT)EXP_MAX << FRACTION;
}

static inline bool FLOAT(is_fast)(UINT a, UINT b, uint32_t mxcsr)
{
    return mxcsr_is_fast(mxcsr) && FLOAT(is_large)(a) && FLOAT(is_large)(b);
}

/* NAME_try: false when the host's answer may not be used. */
#define FAST_OPERATION(name, operator)                                         \
    static inline bool FLOAT(name##_try)(UINT a, UINT b, uint32_t mxcsr,       \
                                         UINT * r)                             \
    {                                                                          \
        if (!FLOAT(is_fast)(a, b, mxcsr)) {                                    \
            return false;                                                      \
        }                                                                      \
        *r = FLOAT(bits)(FLOAT(host)(a) operator FLOAT(host)(b));              \
        return FLOAT(is_safe)(*r);                                             \
    }                                                                          \
    static inline UINT FLOAT(name)(UINT a, UINT b, uint32_t * mxcsr)           \
    {                                                                          \
        UINT r;                                                                \
                                                                               \
        return FLOAT(name##_try)(a, b, *mxcsr, &r)                             \
                   ? r                                                         \
                   : FLOAT(name##_slow)(a, b, mxcsr);                          \
    }

FAST_OPERATION(add, +)
FAST_OPERATION(sub, -)
FAST_OPERATION(mul, *)
FAST_OPERATION(div, /)

static inline UINT FLOAT(sqrt)(UINT a, uint32_t *mxcsr)
{
    /* A set sign makes the exponent field, sign included, too large. */
    if (mxcsr_is_fast(*mxcsr) && (a >> FRACTION) - 1 < EXP_MAX - 1) {
        return FLOAT(bits)(HOST_SQRT(FLOAT(host)(a)));
    }
    return FLOAT(sqrt_slow)(a, mxcsr);
}

/* As the other operations; an addend of zero needs no care either. */
static inline UINT FLOAT(muladd)(UINT a, UINT b, UINT c, unsigned negate,
                                 uint32_t *mxcsr)
{
    if (FLOAT(is_fast)(a, b, *mxcsr) &&
        (FLOAT(is_large)(c) || (UINT)(c << 1) == 0)) {
        HOST x = FLOAT(host)(a), z = FLOAT(host)(c);
        UINT r =
            FLOAT(bits)(HOST_FMA(negate & FMA_PRODUCT ? -x : x, FLOAT(host)(b),
                                 negate & FMA_ADDEND ? -z : z));

        if (FLOAT(is_safe)(r)) {
            return r;
        }
    }
    return FLOAT(muladd_slow)(a, b, c, negate, mxcsr);
}

static inline UINT FLOAT(fma)(UINT a, UINT b, UINT c, uint32_t *mxcsr)
{
    return FLOAT(muladd)(a, b, c, 0, mxcsr);
}

/* Comparing large numbers, or infinities, raises nothing. */
static inline bool FLOAT(is_comparable)(UINT a, UINT b)
{
    return FLOAT(is_large)(a) && FLOAT(is_large)(b) && !FLOAT(is_nan)(a) &&
           !FLOAT(is_nan)(b);
}

static inline UINT FLOAT(min)(UINT a, UINT b, uint32_t *mxcsr)
{
    if (FLOAT(is_comparable)(a, b)) {
        return FLOAT(host)(a) < FLOAT(host)(b) ? a : b;
    }
    return FLOAT(min_slow)(a, b, mxcsr);
}

static inline UINT FLOAT(max)(UINT a, UINT b, uint32_t *mxcsr)
{
    if (FLOAT(is_comparable)(a, b)) {
        return FLOAT(host)(a) > FLOAT(host)(b) ? a : b;
    }
    return FLOAT(max_slow)(a, b, mxcsr);
}

static inline enum fp_relation FLOAT(compare)(UINT a, UINT b, bool signalling,
                                              uint32_t *mxcsr)
{
    if (FLOAT(is_comparable)(a, b)) {
        HOST x = FLOAT(host)(a), y = FLOAT(host)(b);

        return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
    }
    return FLOAT(compare_slow)(a, b, signalling, mxcsr);
}

static inline int32_t FLOAT(to_int32)(UINT a, uint32_t *mxcsr)
{
    /* Adding the rounder leaves no room for a fraction: the host rounds. */
    if (mxcsr_is_fast(*mxcsr) && FLOAT(is_large)(a) &&
        FLOAT(exp_field)(a) < EXP_MAX / 2 + (FRACTION < 30 ? 22 : 30)) {
        HOST sum = FLOAT(host)(a) + ROUNDER;

        return (int32_t)(FLOAT(bits)(sum) - FLOAT(bits)(ROUNDER));
    }
    return (int32_t)FLOAT(to_int_slow)(a, 32, mxcsr_rc(*mxcsr), mxcsr);
}

static inline int64_t FLOAT(to_int64)(UINT a, uint32_t *mxcsr)
{
    return FLOAT(to_int_slow)(a, 64, mxcsr_rc(*mxcsr), mxcsr);
}

/* Truncates when it can be seen at once that the value fits. */
static inline bool FLOAT(truncates)(UINT a, unsigned bits, uint32_t mxcsr)
{
    return mxcsr_is_fast(mxcsr) && FLOAT(is_large)(a) &&
           FLOAT(exp_field)(a) < EXP_MAX / 2 + bits - 1;
}

static inline int32_t FLOAT(truncate_int32)(UINT a, uint32_t *mxcsr)
{
    if (FLOAT(truncates)(a, 32, *mxcsr)) {
        return (int32_t)FLOAT(host)(a);
    }
    return (int32_t)FLOAT(to_int_slow)(a, 32, FP_RC_ZERO, mxcsr);
}

static inline int64_t FLOAT(truncate_int64)(UINT a, uint32_t *mxcsr)
{
    if (FLOAT(truncates)(a, 64, *mxcsr)) {
        return (int64_t)FLOAT(host)(a);
    }
    return FLOAT(to_int_slow)(a, 64, FP_RC_ZERO, mxcsr);
}

static inline UINT FLOAT(from_int64)(int64_t a, uint32_t *mxcsr)
{
    if (mxcsr_is_fast(*mxcsr)) {
        return FLOAT(bits)((HOST)a);
    }
    return FLOAT(from_int_slow)(a, mxcsr);
}

static inline UINT FLOAT(from_int32)(int32_t a, uint32_t *mxcsr)
{
    if (FRACTION > 32 || mxcsr_is_fast(*mxcsr)) {
        return FLOAT(bits)((HOST)a);
    }
    return FLOAT(from_int_slow)(a, mxcsr);
}

#undef FAST_OPERATION
#undef FLOAT
#undef UINT
#undef HOST
#undef HOST_SQRT
#undef HOST_FMA
#undef FRACTION
#undef EXP_MAX
#undef ROUNDER
