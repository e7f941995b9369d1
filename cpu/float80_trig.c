/*
 * FSIN, FCOS, FSINCOS, FPTAN, FPATAN.
 *
 * An argument is reduced to at most pi/4 exactly, with the 66-bit pi that
 * the manual gives (SDM volume 1, 8.3.8); then Taylor series in 128-bit fixed
 * point. FPATAN takes the nearest of the angles atan(n / 32) off first.
 */
#include "cpu/float80_trig_tables.h"
#include "cpu/float80_wide.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

/* The 66-bit pi times 2^64, and its upper 64 bits. */
#define PI66_HIGH 0xc90fdaa22168c234u
#define PI66_LOW  3u

/* An angle as quadrants and a rest of at most pi/4 either way. */
struct reduced {
    struct fp_parts rest;
    unsigned quadrant;
};

/* x - q * pi/2 in units of 2^-65. */
static struct u128 take_off(struct u128 x, uint64_t q)
{
    struct u128 high = u64_mul_wide(q, PI66_HIGH);

    x = u128_sub(x, u128_shl(high, 2));
    return u128_sub(x, u64_mul_wide(q, PI66_LOW));
}

static struct reduced reduce(const struct fp_parts *a)
{
    const struct u128 half_pi = {PI66_HIGH >> 62,
                                 (uint64_t)PI66_HIGH << 2 | PI66_LOW};
    struct reduced r = {*a, 0};
    struct u128 x, other;
    uint64_t q, unused;
    bool sign = a->sign;

    if (a->exp < -1 || (a->exp == -1 && a->m.hi < PI66_HIGH)) {
        return r;
    }
    /* |a| < 2^63 is an integer of these units, and fits. */
    x = u128_shl(u128_of(0, a->m.hi), (unsigned)(a->exp + 2));
    q = u128_div(u128_shr(x, 2), PI66_HIGH, &unused);
    x = take_off(x, q);
    while (x.hi >> 63) {
        q--;
        x = u128_add(x, half_pi);
    }
    other = u128_sub(half_pi, x);
    if (u128_less(other, x)) {
        x = other;
        q++;
        sign = !sign;
    }
    r.rest = fp_make(sign, 62, x);
    r.quadrant = (unsigned)(a->sign ? 0 - q : q) & 3;
    return r;
}

/* Sine and cosine of at most pi/4. */
static struct fp_parts sine_of(struct fp_parts r, struct u128 square)
{
    return wide_scale(
        r, wide_series(square, sine_series, COUNT(sine_series), true), true);
}

static struct fp_parts cosine_of(struct u128 square)
{
    return wide_scale(
        fp_make(false, 63, u128_of(1, 0)),
        wide_series(square, cosine_series, COUNT(cosine_series), true), true);
}

static void trig_finite(struct fp_parts a, struct float80 *sine,
                        struct float80 *cosine, struct float80 *tangent,
                        struct fp_mode *mode, struct float80_env *env)
{
    struct reduced r = reduce(&a);
    struct u128 fixed = wide_to_fixed(&r.rest);
    struct u128 square = u128_mul_high(fixed, fixed);
    struct fp_parts s = sine_of(r.rest, square), c = cosine_of(square), t;

    if (r.quadrant & 1) {
        t = s;
        s = c;
        c = wide_negate(t);
    }
    if (r.quadrant & 2) {
        s = wide_negate(s);
        c = wide_negate(c);
    }
    if (cosine != NULL) {
        *cosine = float80_finish(c, 64, mode, env);
    }
    if (sine != NULL) {
        *sine = float80_finish(s, 64, mode, env);
    }
    if (tangent != NULL) {
        *tangent = float80_finish(wide_inexact(wide_div(s, c)), 64, mode, env);
    }
}

static void trig_all(struct float80 value, struct float80 *sine,
                     struct float80 *cosine, struct float80 *tangent)
{
    if (sine != NULL) {
        *sine = value;
    }
    if (cosine != NULL) {
        *cosine = value;
    }
    if (tangent != NULL) {
        *tangent = value;
    }
}

bool float80_trig(struct float80 a, struct float80 *sine,
                  struct float80 *cosine, struct float80 *tangent,
                  struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts p = float80_unpack(a);

    env->up = false;
    if (float80_is_special(a)) {
        trig_all(float80_propagate(a, a, env), sine, cosine, tangent);
        return true;
    }
    if (p.cls == FPC_INF) {
        p = fp_invalid(&mode);
        trig_all(float80_finish(p, 64, &mode, env), sine, cosine, tangent);
        return true;
    }
    if (p.cls == FPC_FINITE && p.exp >= 63) {
        return false;
    }
    if (p.denormal) {
        mode.flags |= FP_DE;
    }
    if (p.cls == FPC_ZERO) {
        trig_all(a, sine, NULL, tangent);
        trig_all(float80_constant(0, 0), NULL, cosine, NULL);
    } else {
        trig_finite(p, sine, cosine, tangent, &mode, env);
    }
    return true;
}

/* ---- FPATAN */

/* quarters * pi/4 */
static struct fp_parts pi_quarters(unsigned quarters)
{
    struct fp_parts pi = wide_from_fixed(pi_fixed, 2);

    return wide_mul(pi, fp_make(false, 61, u128_of(quarters, 0)));
}

/* atan(a / b) for a <= b. */
static struct fp_parts atan_ratio(struct fp_parts a, struct fp_parts b)
{
    struct fp_parts t;
    struct u128 fixed, square;
    int32_t distance = b.exp - a.exp;
    uint64_t rest, nearest = 0;

    a.sign = b.sign = false;
    if (distance <= 6) {
        /* Both in the same units, a ratio of 1 being 64. */
        struct u128 n = u128_shl(u128_of(0, a.m.hi), 6 - (unsigned)distance);
        struct u128 d = u128_shl(u128_of(0, b.m.hi), 6);
        struct u128 n32 = u128_shl(n, 5), times_d, times_n;
        bool below;

        nearest = (u128_div(n, b.m.hi, &rest) + 1) / 2;
        times_d = u64_mul_wide(nearest << 6, b.m.hi);
        times_n = u64_mul_wide(nearest << (6 - distance), a.m.hi);
        below = u128_less(n32, times_d);
        a = fp_make(below, 0,
                    below ? u128_sub(times_d, n32) : u128_sub(n32, times_d));
        b = fp_make(false, 0, u128_add(u128_shl(d, 5), times_n));
    }
    if (a.cls == FPC_ZERO) {
        return wide_from_fixed(atan_table[nearest], 0);
    }
    t = wide_div(a, b);
    fixed = wide_to_fixed(&t);
    square = u128_mul_high(fixed, fixed);
    t = wide_scale(
        t, wide_series(square, atan_series, COUNT(atan_series), true), true);
    return wide_add(wide_from_fixed(atan_table[nearest], 0), t);
}

static struct fp_parts atan_finite(const struct fp_parts *x,
                                   const struct fp_parts *y)
{
    struct fp_parts nx = *x, ny = *y, angle;

    nx.sign = ny.sign = false;
    if (fp_compare(&ny, &nx) == FP_GREATER) {
        angle = atan_ratio(nx, ny);
        angle.sign = !x->sign;
        angle = wide_add(pi_quarters(2), angle);
    } else {
        angle = atan_ratio(ny, nx);
        if (x->sign) {
            angle = wide_add(pi_quarters(4), wide_negate(angle));
        }
    }
    return angle;
}

/* The angle of a point with a zero or infinite coordinate. */
static struct fp_parts atan_edge(const struct fp_parts *x,
                                 const struct fp_parts *y)
{
    if (y->cls == FPC_INF && x->cls == FPC_INF) {
        return pi_quarters(x->sign ? 3 : 1);
    }
    if (y->cls == FPC_INF || (x->cls == FPC_ZERO && y->cls != FPC_ZERO)) {
        return pi_quarters(2);
    }
    return x->sign ? pi_quarters(4) : fp_zero(false);
}

struct float80 float80_fpatan(struct float80 x, struct float80 y,
                              struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    struct fp_parts px, py, angle;

    if (float80_is_special(x) || float80_is_special(y)) {
        return float80_propagate(x, y, env);
    }
    px = float80_unpack(x);
    py = float80_unpack(y);
    if (px.denormal || py.denormal) {
        mode.flags |= FP_DE;
    }
    if (px.cls == FPC_FINITE && py.cls == FPC_FINITE) {
        angle = atan_finite(&px, &py);
    } else {
        angle = atan_edge(&px, &py);
    }
    angle.sign = py.sign;
    if (angle.cls == FPC_FINITE) {
        angle = wide_inexact(angle);
    }
    return float80_finish(angle, 64, &mode, env);
}
