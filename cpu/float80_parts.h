/*
 * The 80-bit format taken apart and put together; for float80*.c.
 */
#ifndef UMBRA_CPU_FLOAT80_PARTS_H
#define UMBRA_CPU_FLOAT80_PARTS_H

#include "cpu/float80.h"

#define FLOAT80_INTEGER_BIT ((uint64_t)1 << 63)
#define FLOAT80_QUIET_BIT   ((uint64_t)1 << 62)

enum { FLOAT80_BIAS = 16383, FLOAT80_EXP_MAX = 0x7fff };

static inline struct float80 float80_make(bool sign, uint32_t field,
                                          uint64_t mant)
{
    return (struct float80){mant, field | (uint32_t)sign << 15};
}

static inline uint32_t float80_field(struct float80 a)
{
    return (uint32_t)a.se & 0x7fff;
}

/* Normal: an integer bit, and an exponent that is at neither end. */
static inline bool float80_is_normal(struct float80 a)
{
    return a.mant >> 63 && float80_field(a) - 1 < FLOAT80_EXP_MAX - 1;
}

static inline bool float80_is_zero(struct float80 a)
{
    return a.mant == 0 && float80_field(a) == 0;
}

static inline bool float80_is_nan(struct float80 a)
{
    return float80_field(a) == FLOAT80_EXP_MAX && a.mant > FLOAT80_INTEGER_BIT;
}

/* Unnormals, pseudo-infinities, pseudo-NaNs. */
static inline bool float80_is_unsupported(struct float80 a)
{
    return float80_field(a) != 0 && !(a.mant >> 63);
}

static inline struct fp_mode float80_mode(const struct float80_env *env)
{
    return (struct fp_mode){
        .rc = (enum fp_rc)(env->control >> FCW_RC_SHIFT & 3),
        .masks = env->control & FP_FLAGS,
    };
}

static inline struct fp_parts float80_unpack(struct float80 a)
{
    struct fp_parts p = {.sign = float80_sign(a)};
    uint32_t field = float80_field(a);

    if (field == 0) {
        p = fp_make(p.sign, 1 - FLOAT80_BIAS, u128_of(a.mant, 0));
        p.denormal = p.cls != FPC_ZERO;
    } else if (!(a.mant >> 63)) {
        p.cls = FPC_BAD;
    } else if (field != FLOAT80_EXP_MAX) {
        p.cls = FPC_FINITE;
        p.exp = (int32_t)field - FLOAT80_BIAS;
        p.m.hi = a.mant;
    } else {
        p.m.hi = a.mant & ~FLOAT80_INTEGER_BIT;
        p.cls = p.m.hi == 0                  ? FPC_INF
                : p.m.hi & FLOAT80_QUIET_BIT ? FPC_QNAN
                                             : FPC_SNAN;
    }
    return p;
}

/* Encodes what fp_round() gave, or anything not finite. */
static inline struct float80 float80_pack(struct fp_parts p)
{
    switch (p.cls) {
    case FPC_ZERO:
        return float80_make(p.sign, 0, 0);
    case FPC_FINITE:
        return float80_make(p.sign,
                            p.m.hi >> 63 ? (uint32_t)(p.exp + FLOAT80_BIAS) : 0,
                            p.m.hi);
    case FPC_INF:
        return float80_make(p.sign, FLOAT80_EXP_MAX, FLOAT80_INTEGER_BIT);
    case FPC_QNAN:
    case FPC_SNAN:
        return float80_make(p.sign, FLOAT80_EXP_MAX,
                            p.m.hi | FLOAT80_INTEGER_BIT | FLOAT80_QUIET_BIT);
    default:
        return float80_indefinite();
    }
}

/* Hands flags and C1 over; see float80.h on exceptions not masked. */
static inline void float80_raise(struct float80_env *env,
                                 const struct fp_mode *mode)
{
    uint32_t flags = mode->flags;

    env->up = mode->up;
    if (flags & FP_BEFORE & ~mode->masks) {
        flags &= FP_BEFORE;
        env->up = false;
    }
    env->flags |= (uint8_t)flags;
}

/* Rounds to `prec` bits and encodes. */
struct float80 float80_finish(struct fp_parts p, uint32_t prec,
                              struct fp_mode *mode, struct float80_env *env);

/*
 * The result of an operation with a NaN or an unsupported encoding among its
 * operands. With one operand pass it twice.
 */
struct float80 float80_propagate(struct float80 a, struct float80 b,
                                 struct float80_env *env);

static inline bool float80_is_special(struct float80 a)
{
    return float80_is_nan(a) || float80_is_unsupported(a);
}

#endif
