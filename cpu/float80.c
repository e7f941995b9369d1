/*
 * Arithmetic of the x87. See float80.h.
 *
 * Manual: Intel SDM volume 1, chapter 8.
 */
#include "cpu/float80_parts.h"

static const struct fp_format float80_formats[] = {
    {.emin = -16382, .emax = 16383, .prec = 24, .wrapped = 24576},
    {.emin = -16382, .emax = 16383, .prec = 53, .wrapped = 24576},
    {.emin = -16382, .emax = 16383, .prec = 64, .wrapped = 24576},
};

/* Bits of the significand by precision control; 1 is reserved. */
static uint32_t control_precision(uint16_t control)
{
    static const uint8_t bits[4] = {24, 64, 53, 64};

    return bits[control >> FCW_PC_SHIFT & 3];
}

struct float80 float80_finish(struct fp_parts p, uint32_t prec,
                              struct fp_mode *mode, struct float80_env *env)
{
    if (p.cls == FPC_FINITE) {
        p = fp_round(p, &float80_formats[(prec > 24) + (prec > 53)], mode);
    }
    float80_raise(env, mode);
    return float80_pack(p);
}

struct float80 float80_propagate(struct float80 a, struct float80 b,
                                 struct float80_env *env)
{
    bool a_nan = float80_is_nan(a), b_nan = float80_is_nan(b);
    bool a_signals = a_nan && !(a.mant & FLOAT80_QUIET_BIT);
    bool b_signals = b_nan && !(b.mant & FLOAT80_QUIET_BIT);
    bool first;

    if (float80_is_unsupported(a) || float80_is_unsupported(b)) {
        env->flags |= FP_IE;
        return float80_indefinite();
    }
    if (a_signals || b_signals) {
        env->flags |= FP_IE;
    }
    if (!a_nan || !b_nan) {
        first = a_nan;
    } else if (a_signals != b_signals) {
        first = b_signals;
    } else if (a.mant != b.mant) {
        first = a.mant > b.mant;
    } else {
        first = !float80_sign(a);
    }
    a = first ? a : b;
    a.mant |= FLOAT80_QUIET_BIT;
    return a;
}

typedef struct fp_parts float80_binary_fn(struct fp_parts a, struct fp_parts b,
                                          struct fp_mode *mode);

static struct float80 binary(struct float80 a, struct float80 b,
                             struct float80_env *env, bool negate,
                             float80_binary_fn *operation)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts x, y;

    if (float80_is_special(a) || float80_is_special(b)) {
        return float80_propagate(a, b, env);
    }
    x = float80_unpack(a);
    y = float80_unpack(b);
    y.sign ^= negate;
    return float80_finish(operation(x, y, &mode),
                          control_precision(env->control), &mode, env);
}

/*
 * Is the control word one of the fast paths': to nearest? Masks do not
 * matter to them but for PE, which the instruction looks at afterwards.
 */
static inline bool control_is_plain(uint16_t control)
{
    return (control & 0x0c00) == 0;
}

/* To nearest at less than 64 bits; `field` is far from both ends. */
static struct float80 round_short(bool sign, uint32_t field, struct u128 m,
                                  struct float80_env *env)
{
    uint32_t prec = control_precision(env->control);
    uint64_t unit = prec == 64 ? 1 : (uint64_t)1 << (64 - prec);
    uint64_t rest = fp_rest(m, prec);

    m.hi &= ~(unit - 1);
    env->up = fp_rounds_away(FP_RC_NEAREST, sign, (m.hi & unit) != 0, rest);
    env->flags |= rest != 0 ? FP_PE : 0;
    m.hi += env->up ? unit : 0;
    if (m.hi == 0) {
        m.hi = FLOAT80_INTEGER_BIT;
        field++;
    }
    return float80_make(sign, field, m.hi);
}

/* Rounds hi:lo to nearest; `field` is far from both ends. */
static inline struct float80 round_plain(bool sign, uint32_t field,
                                         struct u128 m, struct float80_env *env)
{
    const uint64_t half = FLOAT80_INTEGER_BIT;

    if ((env->control & 0x0300) != 0x0300) {
        return round_short(sign, field, m, env);
    }
    env->flags = m.lo != 0 ? FP_PE : 0;
    /* Above half, or half and odd. */
    env->up = m.lo > half - (m.hi & 1);
    m.hi += env->up;
    if (m.hi == 0) {
        m.hi = FLOAT80_INTEGER_BIT;
        field++;
    }
    return float80_make(sign, field, m.hi);
}

/* Neither tiny nor an overflow, even when rounded to the next power. */
static inline bool field_is_safe(uint32_t field)
{
    return field - 1 < FLOAT80_EXP_MAX - 2;
}

/* a + b of normal numbers, |a| >= |b|; b's sign is `b_sign`. */
static inline struct float80 add_plain(struct float80 a, struct float80 b,
                                       bool subtract, struct float80_env *env)
{
    uint32_t field = float80_field(a);
    struct u128 small =
        u128_shr_jam(u128_of(b.mant, 0), field - float80_field(b));
    struct u128 sum;
    unsigned shift;

    if (!subtract) {
        sum = u128_add(u128_of(a.mant, 0), small);
        if (sum.hi < a.mant) {
            sum = u128_shr_jam(sum, 1);
            sum.hi |= FLOAT80_INTEGER_BIT;
            field++;
        }
        return round_plain(float80_sign(a), field, sum, env);
    }
    sum = u128_sub(u128_of(a.mant, 0), small);
    if (u128_is_zero(sum)) {
        env->up = false;
        return float80_make(false, 0, 0);
    }
    shift = u128_clz(sum);
    return round_plain(float80_sign(a), field - shift, u128_shl(sum, shift),
                       env);
}

static inline struct float80 add_signed(struct float80 a, struct float80 b,
                                        bool negate, struct float80_env *env)
{
    if (control_is_plain(env->control) && float80_is_normal(a) &&
        float80_is_normal(b)) {
        struct float80 n = negate ? float80_negate(b) : b;
        bool swap = float80_field(b) > float80_field(a) ||
                    (float80_field(b) == float80_field(a) && b.mant > a.mant);
        struct float80 large = swap ? n : a;

        /* Cancelling takes off 64 at most, unless nothing is left. */
        if (float80_field(large) - 65 < FLOAT80_EXP_MAX - 67) {
            return add_plain(large, swap ? a : n, (a.se ^ n.se) >> 15, env);
        }
    }
    if (float80_is_zero(b) && float80_is_normal(a) &&
        (env->control & 0x0300) == 0x0300) {
        env->up = false;
        return a;
    }
    return binary(a, b, env, negate, fp_add);
}

struct float80 float80_add(struct float80 a, struct float80 b,
                           struct float80_env *env)
{
    return add_signed(a, b, false, env);
}

struct float80 float80_sub(struct float80 a, struct float80 b,
                           struct float80_env *env)
{
    return add_signed(a, b, true, env);
}

struct float80 float80_mul(struct float80 a, struct float80 b,
                           struct float80_env *env)
{
    if (control_is_plain(env->control) && float80_is_normal(a) &&
        float80_is_normal(b)) {
        struct u128 m = u64_mul_wide(a.mant, b.mant);
        uint32_t field = float80_field(a) + float80_field(b) - FLOAT80_BIAS;

        if (m.hi >> 63) {
            field++;
        } else {
            m = u128_shl(m, 1);
        }
        if (field_is_safe(field)) {
            return round_plain((a.se ^ b.se) >> 15, field, m, env);
        }
    }
    return binary(a, b, env, false, fp_mul);
}

struct float80 float80_div(struct float80 a, struct float80 b,
                           struct float80_env *env)
{
    if (control_is_plain(env->control) && float80_is_normal(a) &&
        float80_is_normal(b)) {
        bool less = a.mant < b.mant;
        uint32_t field =
            float80_field(a) - float80_field(b) + FLOAT80_BIAS - less;
        uint64_t rest, other;
        struct u128 q;

        if (field_is_safe(field)) {
            q.hi = u128_div(u128_of(a.mant >> !less, less ? 0 : a.mant << 63),
                            b.mant, &rest);
            other = b.mant - rest;
            q.lo = rest == 0
                       ? 0
                       : (uint64_t)(rest >= other) << 63 | (rest != other);
            return round_plain((a.se ^ b.se) >> 15, field, q, env);
        }
    }
    return binary(a, b, env, false, fp_div);
}

struct float80 float80_sqrt(struct float80 a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);

    if (control_is_plain(env->control) && float80_is_normal(a) &&
        !float80_sign(a)) {
        /* The bias is odd: an odd field is an even exponent. */
        bool even = a.se & 1;
        struct u128 root, rest;

        root.hi = fp_sqrt_floor(
            u128_of(a.mant >> even, even ? a.mant << 63 : 0), &rest);
        root.lo =
            u128_is_zero(rest)
                ? 0
                : (uint64_t)u128_less(u128_of(0, root.hi), rest) << 63 | 1;
        return round_plain(false, (a.se + FLOAT80_BIAS - !even) / 2u, root,
                           env);
    }
    if (float80_is_special(a)) {
        return float80_propagate(a, a, env);
    }
    return float80_finish(fp_sqrt(float80_unpack(a), &mode),
                          control_precision(env->control), &mode, env);
}

/* ---- comparison, integral values, parts */

enum float80_class float80_classify(struct float80 a)
{
    if (float80_is_unsupported(a)) {
        return FLOAT80_UNSUPPORTED;
    }
    switch (float80_field(a)) {
    case 0:
        return a.mant == 0 ? FLOAT80_ZERO : FLOAT80_DENORMAL;
    case FLOAT80_EXP_MAX:
        return float80_is_nan(a) ? FLOAT80_NAN : FLOAT80_INFINITY;
    default:
        return FLOAT80_NORMAL;
    }
}

enum fp_relation float80_compare(struct float80 a, struct float80 b,
                                 bool signalling, struct float80_env *env)
{
    struct fp_parts x, y;

    env->up = false;
    if (float80_is_special(a) || float80_is_special(b)) {
        float80_propagate(a, b, env);
        if (signalling) {
            env->flags |= FP_IE;
        }
        return FP_UNORDERED;
    }
    x = float80_unpack(a);
    y = float80_unpack(b);
    if (x.denormal || y.denormal) {
        env->flags |= FP_DE;
    }
    return fp_compare(&x, &y);
}

struct float80 float80_round_int(struct float80 a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts p;

    if (float80_is_special(a)) {
        return float80_propagate(a, a, env);
    }
    p = float80_unpack(a);
    if (p.denormal) {
        mode.flags |= FP_DE;
    }
    if (p.cls == FPC_FINITE) {
        p = fp_round_integral(p, &mode);
    }
    float80_raise(env, &mode);
    return float80_pack(p);
}

/* a * 2^b for an infinite b. */
static struct fp_parts scale_by_infinity(struct fp_parts a, bool down,
                                         struct fp_mode *mode)
{
    if (a.cls == (down ? FPC_INF : FPC_ZERO)) {
        return fp_invalid(mode);
    }
    if (a.denormal) {
        mode->flags |= FP_DE;
    }
    return down ? fp_zero(a.sign) : fp_inf(a.sign);
}

/* Beyond +-65536 every result is an overflow or underflow all the same. */
static int32_t scale_amount(const struct fp_parts *b)
{
    int32_t n;

    if (b->cls == FPC_ZERO || b->exp < 0) {
        return 0;
    }
    n = b->exp > 16 ? 0x10000 : (int32_t)(b->m.hi >> (63 - b->exp));
    return b->sign ? -n : n;
}

struct float80 float80_scale(struct float80 a, struct float80 b,
                             struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts x, y;

    if (float80_is_special(a) || float80_is_special(b)) {
        return float80_propagate(a, b, env);
    }
    x = float80_unpack(a);
    y = float80_unpack(b);
    if (y.cls == FPC_INF) {
        return float80_finish(scale_by_infinity(x, y.sign, &mode), 64, &mode,
                              env);
    }
    if (x.denormal || y.denormal) {
        mode.flags |= FP_DE;
    }
    x.exp += scale_amount(&y);
    return float80_finish(x, 64, &mode, env);
}

struct float80 float80_extract(struct float80 *a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts p;
    int32_t exp;

    env->up = false;
    if (float80_is_special(*a)) {
        return *a = float80_propagate(*a, *a, env);
    }
    p = float80_unpack(*a);
    switch (p.cls) {
    case FPC_ZERO:
        env->flags |= FP_ZE;
        return float80_pack(fp_inf(true));
    case FPC_INF:
        return float80_pack(fp_inf(false));
    default:
        break;
    }
    if (p.denormal) {
        mode.flags |= FP_DE;
    }
    exp = p.exp;
    p.exp = 0;
    float80_raise(env, &mode);
    *a = float80_pack(p);
    return float80_from_int(exp);
}

/* ---- FPREM, FPREM1 */

/* |a| mod |b| as far as one step goes. */
struct remainder {
    uint64_t rest;     /* in units of 2^(exp - 63) */
    uint64_t quotient; /* its low bits */
    int32_t exp;
    bool partial;
};

static struct remainder remainder_step(const struct fp_parts *a,
                                       const struct fp_parts *b)
{
    int32_t distance = a->exp - b->exp;
    struct remainder r = {.rest = a->m.hi, .exp = a->exp};
    uint64_t one;

    if (distance < 0) {
        return r;
    }
    if (distance >= 64) {
        /* Hardware takes off 32 to 63 bits: all above a multiple of 32. */
        r.partial = true;
        distance = 32 + distance % 32;
    }
    r.exp = a->exp - distance;
    one = r.rest >= b->m.hi;
    r.rest -= one ? b->m.hi : 0;
    r.quotient = u128_div(u128_shl(u128_of(0, r.rest), (unsigned)distance),
                          b->m.hi, &r.rest);
    r.quotient += one << distance;
    return r;
}

/* Takes the nearer of two multiples of b; returns whether the sign turns. */
static bool remainder_to_nearest(struct remainder *r, const struct fp_parts *b)
{
    uint64_t divisor = b->m.hi;

    if (r->exp < b->exp - 1) {
        return false;
    }
    if (r->exp == b->exp - 1) {
        /* Here a unit of rest is half a unit of b. */
        if (r->rest <= divisor) {
            return false;
        }
        r->rest = (divisor - r->rest) + divisor;
    } else {
        if (r->rest < divisor - r->rest ||
            (r->rest == divisor - r->rest && !(r->quotient & 1))) {
            return false;
        }
        r->rest = divisor - r->rest;
    }
    r->quotient++;
    return true;
}

static struct float80 rem_finite(struct fp_parts a, struct fp_parts b,
                                 bool nearest, unsigned *quotient,
                                 bool *partial, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct remainder r = remainder_step(&a, &b);
    bool sign = a.sign;

    if (a.denormal || b.denormal) {
        mode.flags |= FP_DE;
    }
    if (nearest && !r.partial) {
        sign ^= remainder_to_nearest(&r, &b);
    }
    *partial = r.partial;
    *quotient = r.partial ? 0 : (unsigned)r.quotient & 7;
    return float80_finish(fp_make(sign, r.exp, u128_of(r.rest, 0)), 64, &mode,
                          env);
}

struct float80 float80_rem(struct float80 a, struct float80 b, bool nearest,
                           unsigned *quotient, bool *partial,
                           struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts x, y;

    *quotient = 0;
    *partial = false;
    env->up = false;
    if (float80_is_special(a) || float80_is_special(b)) {
        return float80_propagate(a, b, env);
    }
    x = float80_unpack(a);
    y = float80_unpack(b);
    if (x.cls == FPC_INF || y.cls == FPC_ZERO) {
        return float80_finish(fp_invalid(&mode), 64, &mode, env);
    }
    if (x.cls == FPC_FINITE && y.cls == FPC_FINITE) {
        return rem_finite(x, y, nearest, quotient, partial, env);
    }
    if (x.denormal || y.denormal) {
        mode.flags |= FP_DE;
    }
    return float80_finish(x, 64, &mode, env);
}
