/*
 * The 80-bit format of the x87 and its arithmetic, exact to the bit.
 *
 * Functions take a fresh struct float80_env: the control word as FLDCW loads
 * it, and get the exceptions and the rounding direction of this one operation
 * back. Masked exceptions give the masked response; unmasked overflow and
 * underflow give the result with its exponent wrapped by 24576, as the x87
 * delivers to a register. After an unmasked invalid, denormal or
 * zero-divide exception the result means nothing; the instruction must leave
 * its operands alone. Stack faults are the caller's.
 *
 * The transcendental functions are correct to less than one unit in the last
 * place in every rounding mode (SDM volume 1, 8.3.10); the last bit may
 * differ from any given chip. Arguments of FSIN and its kin are reduced with
 * the 66-bit pi of Intel's manual.
 */
#ifndef UMBRA_CPU_FLOAT80_H
#define UMBRA_CPU_FLOAT80_H

#include "cpu/fp_parts.h"

#include <stddef.h>

/* mant: with its integer bit. se: sign in bit 15, biased exponent below; it
 * is as wide as the whole second word, so that registers are written and read
 * back in equal pieces, which hosts do several times faster. */
struct float80 {
    uint64_t mant;
    uint64_t se;
};

enum {
    FCW_PC_SHIFT = 8, /* 0: 24 bits, 2: 53 bits, 3: 64 bits */
    FCW_RC_SHIFT = 10,
    FCW_RESET = 0x037f,
};

struct float80_env {
    uint16_t control;
    uint8_t flags; /* FP_IE ... FP_PE; zero before the operation */
    bool up;       /* C1: the result was rounded away from zero */
};

static inline struct float80_env float80_env_of(uint16_t control)
{
    return (struct float80_env){.control = control};
}

/* Classes as FXAM tells them apart: C3, C2, C0 at bits 2, 1, 0. */
enum float80_class {
    FLOAT80_UNSUPPORTED = 0,
    FLOAT80_NAN = 1,
    FLOAT80_NORMAL = 2,
    FLOAT80_INFINITY = 3,
    FLOAT80_ZERO = 4,
    FLOAT80_EMPTY = 5,
    FLOAT80_DENORMAL = 6,
};

enum float80_class float80_classify(struct float80 a);

static inline bool float80_sign(struct float80 a)
{
    return a.se >> 15;
}

static inline struct float80 float80_negate(struct float80 a)
{
    a.se ^= 0x8000;
    return a;
}

static inline struct float80 float80_abs(struct float80 a)
{
    a.se &= 0x7fff;
    return a;
}

static inline struct float80 float80_indefinite(void)
{
    return (struct float80){0xc000000000000000, 0xffff};
}

/* ---- arithmetic, rounded by precision and rounding control */
struct float80 float80_add(struct float80 a, struct float80 b,
                           struct float80_env *env);
struct float80 float80_sub(struct float80 a, struct float80 b,
                           struct float80_env *env);
struct float80 float80_mul(struct float80 a, struct float80 b,
                           struct float80_env *env);
struct float80 float80_div(struct float80 a, struct float80 b,
                           struct float80_env *env);
struct float80 float80_sqrt(struct float80 a, struct float80_env *env);

/* ---- always to 64 bits */
/* FCOM: quiet NaNs raise IE too when `signalling`. */
enum fp_relation float80_compare(struct float80 a, struct float80 b,
                                 bool signalling, struct float80_env *env);
struct float80 float80_round_int(struct float80 a, struct float80_env *env);
/* a * 2^trunc(b) */
struct float80 float80_scale(struct float80 a, struct float80 b,
                             struct float80_env *env);
/* FXTRACT: returns the exponent, leaves the significand in *a. */
struct float80 float80_extract(struct float80 *a, struct float80_env *env);

/*
 * One step of FPREM, or FPREM1 when `nearest`. *quotient gets the low bits
 * of the quotient, *partial whether the step was not the last (C2).
 */
struct float80 float80_rem(struct float80 a, struct float80 b, bool nearest,
                           unsigned *quotient, bool *partial,
                           struct float80_env *env);

/* ---- conversions */
struct float80 float80_from_float32(uint32_t a, struct float80_env *env);
struct float80 float80_from_float64(uint64_t a, struct float80_env *env);
/* Widen an operand of an arithmetic instruction: signalling NaNs stay so,
 * nothing is raised; *denormal is set where DE may be due. */
struct float80 float80_widen32(uint32_t a, bool *denormal);
struct float80 float80_widen64(uint64_t a, bool *denormal);
struct float80 float80_from_int(int64_t a);
struct float80 float80_from_bcd(const uint8_t bcd[10]);
uint32_t float80_to_float32(struct float80 a, struct float80_env *env);
uint64_t float80_to_float64(struct float80 a, struct float80_env *env);
/* To a signed integer of `bits` bits, or the integer indefinite. */
int64_t float80_to_int(struct float80 a, unsigned bits,
                       struct float80_env *env);
/* FISTTP */
int64_t float80_truncate(struct float80 a, unsigned bits,
                         struct float80_env *env);
void float80_to_bcd(struct float80 a, uint8_t bcd[10], struct float80_env *env);

/* ---- transcendental functions */
struct float80 float80_f2xm1(struct float80 a, struct float80_env *env);
/* y * log2(x) and y * log2(x + 1) */
struct float80 float80_fyl2x(struct float80 x, struct float80 y,
                             struct float80_env *env);
struct float80 float80_fyl2xp1(struct float80 x, struct float80 y,
                               struct float80_env *env);
/* The angle of the point (x, y). */
struct float80 float80_fpatan(struct float80 x, struct float80 y,
                              struct float80_env *env);

/*
 * Sine, cosine and tangent, into those pointers that are not NULL. Returns
 * false, and does nothing, when |a| >= 2^63 (C2).
 */
bool float80_trig(struct float80 a, struct float80 *sine,
                  struct float80 *cosine, struct float80 *tangent,
                  struct float80_env *env);

/* The constants of FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
struct float80 float80_constant(unsigned n, uint16_t control);

#endif
