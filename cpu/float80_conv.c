/*
 * The 80-bit format to and from the others. See float80.h.
 */
#include "cpu/float80_parts.h"
#include "cpu/softfloat.h"

/* A load: a denormal raises DE, a signalling NaN IE. */
static struct float80 load(struct fp_parts p, struct float80_env *env)
{
    env->up = false;
    if (p.denormal) {
        env->flags |= FP_DE;
    } else if (p.cls == FPC_SNAN) {
        env->flags |= FP_IE;
    }
    return float80_pack(p);
}

struct float80 float80_from_float32(uint32_t a, struct float80_env *env)
{
    if (float32_is_normal(a)) {
        uint32_t field = (a >> 23 & 0xff) + FLOAT80_BIAS - 127;

        env->up = false;
        return float80_make(a >> 31, field,
                            FLOAT80_INTEGER_BIT | (uint64_t)a << 41 >> 1);
    }
    return load(float32_decode(a), env);
}

struct float80 float80_from_float64(uint64_t a, struct float80_env *env)
{
    if (float64_is_normal(a)) {
        uint32_t field = (uint32_t)(a >> 52 & 0x7ff) + FLOAT80_BIAS - 1023;

        env->up = false;
        return float80_make(a >> 63, field, FLOAT80_INTEGER_BIT | a << 12 >> 1);
    }
    return load(float64_decode(a), env);
}

static struct float80 widen(struct fp_parts p, bool *denormal)
{
    struct float80 r = float80_pack(p);

    *denormal = p.denormal;
    if (p.cls == FPC_SNAN) {
        r.mant &= ~FLOAT80_QUIET_BIT;
    }
    return r;
}

struct float80 float80_widen32(uint32_t a, bool *denormal)
{
    struct float80_env unused = {0, 0, false};

    if (float32_is_normal(a)) {
        *denormal = false;
        return float80_from_float32(a, &unused);
    }
    return widen(float32_decode(a), denormal);
}

struct float80 float80_widen64(uint64_t a, bool *denormal)
{
    struct float80_env unused = {0, 0, false};

    if (float64_is_normal(a)) {
        *denormal = false;
        return float80_from_float64(a, &unused);
    }
    return widen(float64_decode(a), denormal);
}

struct float80 float80_from_int(int64_t a)
{
    return float80_pack(fp_from_int(a));
}

/* What a store to a narrower format makes of a NaN or unsupported operand. */
static struct fp_parts store_special(struct float80 a, struct fp_mode *mode)
{
    struct fp_parts p = float80_unpack(a);

    if (p.cls == FPC_BAD || p.cls == FPC_SNAN) {
        mode->flags |= FP_IE;
    }
    return p;
}

/*
 * Overflow and underflow that are not masked store nothing, so inexactness
 * is not even looked for (SDM volume 1, 8.5.4 and 8.5.5).
 */
static void store_raise(struct float80_env *env, struct fp_mode *mode)
{
    if (mode->flags & (FP_OE | FP_UE) & ~mode->masks) {
        mode->flags &= ~(uint32_t)FP_PE;
        mode->up = false;
    }
    float80_raise(env, mode);
}

static uint32_t to_float32_slow(struct float80 a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    uint32_t r = float32_encode(store_special(a, &mode), &mode);

    store_raise(env, &mode);
    return r;
}

static uint64_t to_float64_slow(struct float80 a, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    uint64_t r = float64_encode(store_special(a, &mode), &mode);

    store_raise(env, &mode);
    return r;
}

/*
 * The common case of a store: a normal number, to nearest, far from the ends
 * of the narrow format. Returns exponent and fraction together, or 0 when it
 * is not that case.
 */
static inline uint64_t store_fast(struct float80 a, unsigned fraction,
                                  uint32_t exp_max, struct float80_env *env)
{
    uint32_t field = float80_field(a) - FLOAT80_BIAS + exp_max / 2;
    unsigned below = 63 - fraction;
    uint64_t rest = a.mant << (64 - below);
    uint64_t kept = a.mant >> below;
    bool up;

    if (!(a.mant >> 63) || field - 2 >= exp_max - 4 ||
        env->control >> FCW_RC_SHIFT & 3) {
        return 0;
    }
    up = rest >> 63 & (kept | (rest << 1 != 0));
    env->up = up;
    env->flags |= rest != 0 ? FP_PE : 0;
    /* The integer bit adds one to the exponent. */
    return ((uint64_t)(field - 1) << fraction) + kept + up;
}

uint32_t float80_to_float32(struct float80 a, struct float80_env *env)
{
    uint32_t fast = (uint32_t)store_fast(a, 23, 0xff, env);

    if (fast != 0) {
        return fast | (uint32_t)float80_sign(a) << 31;
    }
    return to_float32_slow(a, env);
}

uint64_t float80_to_float64(struct float80 a, struct float80_env *env)
{
    uint64_t fast = store_fast(a, 52, 0x7ff, env);

    if (fast != 0) {
        return fast | (uint64_t)float80_sign(a) << 63;
    }
    return to_float64_slow(a, env);
}

int64_t float80_to_int(struct float80 a, unsigned bits, struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    int64_t r = fp_to_int(float80_unpack(a), bits, &mode);

    float80_raise(env, &mode);
    return r;
}

int64_t float80_truncate(struct float80 a, unsigned bits,
                         struct float80_env *env)
{
    struct fp_mode mode = float80_mode(env);
    int64_t r;

    mode.rc = FP_RC_ZERO;
    r = fp_to_int(float80_unpack(a), bits, &mode);
    float80_raise(env, &mode);
    return r;
}

/* ---- packed BCD: 18 digits, low pair first, the sign in byte 9 */

struct float80 float80_from_bcd(const uint8_t bcd[10])
{
    struct fp_parts p;
    uint64_t v = 0;

    for (int n = 8; n >= 0; n--) {
        v = v * 100 + (bcd[n] >> 4) * 10u + (bcd[n] & 15u);
    }
    p = fp_from_int((int64_t)v);
    p.sign = bcd[9] >> 7;
    return float80_pack(p);
}

void float80_to_bcd(struct float80 a, uint8_t bcd[10], struct float80_env *env)
{
    const int64_t limit = 1000000000000000000;
    struct fp_mode mode = float80_mode(env);
    int64_t v = fp_to_int(float80_unpack(a), 64, &mode);
    uint64_t digits = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    if (mode.flags & FP_IE || v >= limit || v <= -limit) {
        static const uint8_t indefinite[10] = {0, 0, 0,    0,    0,
                                               0, 0, 0xc0, 0xff, 0xff};

        mode.flags = FP_IE;
        mode.up = false;
        memcpy(bcd, indefinite, sizeof(indefinite));
    } else {
        for (int n = 0; n < 9; n++) {
            bcd[n] = (uint8_t)(digits % 10 | digits / 10 % 10 << 4);
            digits /= 100;
        }
        bcd[9] = float80_sign(a) ? 0x80 : 0;
    }
    float80_raise(env, &mode);
}

/* ---- constants */

struct float80 float80_constant(unsigned n, uint16_t control)
{
    /* Truncated, and what follows as a fraction of 2^64 (SDM 8.3.8). */
    static const struct {
        uint64_t mant, rest;
        uint16_t field;
    } constants[] = {
        {0x8000000000000000, 0x0000000000000000, 0x3fff}, /* 1 */
        {0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4c, 0x4000}, /* log2(10) */
        {0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88, 0x3fff}, /* log2(e) */
        {0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, 0x4000}, /* pi */
        {0x9a209a84fbcff798, 0x8f8959ac0b7c9178, 0x3ffd}, /* log10(2) */
        {0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, 0x3ffe}, /* ln(2) */
        {0x0000000000000000, 0x0000000000000000, 0x0000}, /* 0 */
    };
    enum fp_rc rc = (enum fp_rc)(control >> FCW_RC_SHIFT & 3);
    uint64_t mant = constants[n].mant;

    mant += fp_rounds_away(rc, false, mant & 1, constants[n].rest);
    return float80_make(false, constants[n].field, mant);
}
