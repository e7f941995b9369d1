/*
 * F2XM1, FYL2X, FYL2XP1.
 *
 * 2^x - 1: the nearest n / 32 is taken off x, the rest goes through the
 * series of e^w - 1. log2(x): the significand is multiplied by a short
 * factor from a table that brings it near 1; its logarithm is then twice the
 * area tangent of (u - 1) / (u + 1).
 */
#include "cpu/float80_log_tables.h"
#include "cpu/float80_wide.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static struct fp_parts wide_int(int64_t n)
{
    return fp_from_int(n);
}

/* 2^r - 1 for |r| <= 1/64. */
static struct fp_parts exp2m1_small(struct fp_parts r)
{
    struct fp_parts w = wide_mul_fixed(r, ln2_fixed);
    struct u128 fixed = wide_to_fixed(&w);

    return wide_scale(
        w, wide_series(fixed, exp_series, COUNT(exp_series), w.sign), w.sign);
}

/* 2^a - 1 for |a| <= 1. */
static struct fp_parts exp2m1(struct fp_parts a)
{
    struct fp_parts scaled = a, r, power;
    struct fp_mode nearest = {.rc = FP_RC_NEAREST, .masks = FP_FLAGS};
    int64_t n;

    scaled.exp += 5;
    n = fp_to_int(scaled, 32, &nearest);
    if (n == 0) {
        return exp2m1_small(a);
    }
    r = wide_int(-n);
    r.exp -= 5;
    r = wide_add(a, r);
    power = wide_from_fixed(exp2_table[n & 31], 1);
    power.exp += (int32_t)(n >= 0 ? n / 32 : -((31 - n) / 32));
    /* T * (1 + p) - 1 = (T - 1) + T * p */
    a = wide_add(power, wide_int(-1));
    if (r.cls == FPC_ZERO) {
        return n & 31 ? wide_inexact(a) : a;
    }
    r = wide_mul(power, exp2m1_small(r));
    return wide_inexact(wide_add(a, r));
}

struct float80 float80_f2xm1(struct float80 a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts p = float80_unpack(a);

    env->up = false;
    if (float80_is_special(a)) {
        return float80_propagate(a, a, env);
    }
    if (p.cls == FPC_INF) {
        return p.sign ? float80_negate(float80_constant(0, 0)) : a;
    }
    if (p.cls == FPC_ZERO ||
        (p.exp >= 0 && !(p.exp == 0 && p.m.hi == FLOAT80_INTEGER_BIT))) {
        /* Beyond [-1, 1] the result is undefined; the operand stays. */
        return a;
    }
    if (p.denormal) {
        mode.flags |= FP_DE;
    }
    return float80_finish(exp2m1(p), 64, &mode, env);
}

/* ---- logarithms */

/* log2(1 + f) for |f| <= 1/32 */
static struct fp_parts log2_near_one(struct fp_parts f)
{
    struct fp_parts s;
    struct u128 fixed, square;

    if (f.cls == FPC_ZERO) {
        return f;
    }
    s = wide_div(f, wide_add(wide_int(2), f));
    fixed = wide_to_fixed(&s);
    square = u128_mul_high(fixed, fixed);
    s = wide_scale(
        s, wide_series(square, atanh_series, COUNT(atanh_series), false),
        false);
    return wide_mul(s, wide_from_fixed(two_log2e_fixed, 2));
}

/* log2 of a positive number of at most 116 bits. */
static struct fp_parts log2_of(struct fp_parts a)
{
    const struct u128 one = {(uint64_t)1 << 62, 0};
    const struct log_entry *entry;
    struct fp_parts table, f;
    struct u128 m = a.m, u;
    int32_t exp = a.exp;
    uint64_t n;
    bool below;

    /* Numbers just below 1 must not cancel against an exponent. */
    if (m.hi >= (uint64_t)3 << 62) {
        m = u128_shr(m, 1);
        exp++;
    }
    n = (m.hi + ((uint64_t)1 << 56)) >> 57;
    entry = &log_table[n - 48];
    m = u128_shr(m, 10);
    u = u64_mul_wide(m.lo, entry->factor);
    u.hi += m.hi * entry->factor;
    below = u128_less(u, one);
    f = fp_make(below, 1, below ? u128_sub(one, u) : u128_sub(u, one));
    table = wide_from_fixed(entry->log2, 0);
    table.sign = n < 64;
    return wide_add(wide_add(wide_int(exp), table), log2_near_one(f));
}

/*
 * y * l, where l is a logarithm that is exact only as a small integer. The
 * chips call the product inexact even then.
 */
static struct float80 times_log(struct fp_parts y, struct fp_parts l,
                                struct fp_mode *mode, struct float80_env *env)
{
    struct fp_parts r;
    struct float80 result;
    bool exact = l.cls == FPC_ZERO || (l.m.lo == 0 && l.m.hi << 16 == 0);

    if (y.cls == FPC_FINITE && l.cls == FPC_FINITE) {
        r = exact ? fp_mul_finite(y, l) : wide_inexact(wide_mul(y, l));
        mode->flags |= FP_PE;
    } else {
        r = fp_mul(y, l, mode);
    }
    result = float80_finish(r, 64, mode, env);
    if (env->flags & FP_PE && float80_classify(result) == FLOAT80_DENORMAL) {
        env->flags |= FP_UE;
    }
    return result;
}

struct float80 float80_fyl2x(struct float80 x, struct float80 y,
                             struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts px, py, l;

    if (float80_is_special(x) || float80_is_special(y)) {
        return float80_propagate(x, y, env);
    }
    px = float80_unpack(x);
    py = float80_unpack(y);
    if (px.sign && px.cls != FPC_ZERO) {
        return float80_finish(fp_invalid(&mode), 64, &mode, env);
    }
    if (px.cls == FPC_ZERO) {
        l = fp_inf(true);
        if (py.cls == FPC_FINITE) {
            mode.flags |= FP_ZE;
            return float80_finish(fp_inf(!py.sign), 64, &mode, env);
        }
    } else {
        l = px.cls == FPC_INF ? px : log2_of(px);
    }
    if (px.denormal || py.denormal) {
        mode.flags |= FP_DE;
    }
    return times_log(py, l, &mode, env);
}

/* log2(1 + a) for a > -1 */
static struct fp_parts log2_plus_one(struct fp_parts a)
{
    if (a.cls == FPC_FINITE && a.exp < -6) {
        return log2_near_one(a);
    }
    return log2_of(wide_add(wide_int(1), a));
}

struct float80 float80_fyl2xp1(struct float80 x, struct float80 y,
                               struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts px, py, l;

    if (float80_is_special(x) || float80_is_special(y)) {
        return float80_propagate(x, y, env);
    }
    px = float80_unpack(x);
    py = float80_unpack(y);
    if (px.sign &&
        (px.cls == FPC_INF || (px.cls == FPC_FINITE && px.exp >= 0))) {
        return float80_finish(fp_invalid(&mode), 64, &mode, env);
    }
    if (px.denormal || py.denormal) {
        mode.flags |= FP_DE;
    }
    l = px.cls == FPC_FINITE ? log2_plus_one(px) : px;
    return times_log(py, l, &mode, env);
}
