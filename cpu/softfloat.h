/*
 * IEEE single and double precision as SSE does it, exact to the bit.
 *
 * Numbers are their encodings, uint32_t and uint64_t. Every function takes
 * MXCSR: it reads the rounding control, DAZ, FTZ and the masks, and sets the
 * flags that were raised. Where an exception is not masked the result means
 * nothing; the caller finds the flag and must not store it.
 *
 * The inline functions use the host's own arithmetic when it must give the
 * same bits: rounding to nearest, PE already set (so inexactness tells
 * nothing new), no denormal operand, and a normal result. Everything else
 * is done by integer arithmetic in softfloat.c.
 *
 * Functions NAME come as float32_NAME and float64_NAME:
 *   add sub mul div (a, b, mxcsr)   sqrt (a, mxcsr)   fma (a, b, c, mxcsr)
 *   min max (a, b, mxcsr)           MINSS and MAXSS, the second wins ties
 *   compare (a, b, signalling, mxcsr)    signalling: IE for quiet NaNs too
 *   to_int32 to_int64 (a, mxcsr), truncate_int32 truncate_int64 (a, mxcsr)
 *   from_int32 from_int64 (i, mxcsr)
 *   round_int (a, rc, inexact, mxcsr)    ROUNDSS; inexact: PE may be raised
 *   muladd (a, b, c, negate, mxcsr)      fma, of -(a * b), or with -c
 * and float32_to_float64, float64_to_float32, float16_to_float32 and
 * float32_to_float16.
 */
#ifndef UMBRA_CPU_SOFTFLOAT_H
#define UMBRA_CPU_SOFTFLOAT_H

#include "fp_parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS_SHIFT = 7,
    MXCSR_PM = 1 << 12,
    MXCSR_RC_SHIFT = 13,
    MXCSR_RC = 3 << MXCSR_RC_SHIFT,
    MXCSR_FTZ = 1 << 15,
    MXCSR_RESET = 0x1f80,
    MXCSR_VALID = 0xffff,
};

static inline enum fp_rc mxcsr_rc(uint32_t mxcsr)
{
    return (enum fp_rc)(mxcsr >> MXCSR_RC_SHIFT & 3);
}

/* May the host calculate? Only if it does not use a wider format itself. */
static inline bool mxcsr_is_fast(uint32_t mxcsr)
{
    return FLT_EVAL_METHOD == 0 &&
           (mxcsr & (MXCSR_RC | MXCSR_PM | FP_PE)) == (MXCSR_PM | FP_PE);
}

/* What muladd() turns round; never a NaN. */
enum { FMA_ADDEND = 1, FMA_PRODUCT = 2 };

#define FLOAT(name) float32_##name
#define UINT        uint32_t
#define HOST        float
#define HOST_SQRT   sqrtf
#define HOST_FMA    fmaf
#define FRACTION    23
#define EXP_MAX     0xffu
#define ROUNDER     12582912.0f /* 1.5 * 2^23 */
#include "softfloat_fast.h"

#define FLOAT(name) float64_##name
#define UINT        uint64_t
#define HOST        double
#define HOST_SQRT   sqrt
#define HOST_FMA    fma
#define FRACTION    52
#define EXP_MAX     0x7ffu
#define ROUNDER     6755399441055744.0 /* 1.5 * 2^52 */
#include "softfloat_fast.h"

/* Half precision, as F16C: DAZ and FTZ do not touch it. */
uint32_t float16_to_float32(uint16_t a, uint32_t *mxcsr);
uint16_t float32_to_float16(uint32_t a, enum fp_rc rc, uint32_t *mxcsr);

uint64_t float32_to_float64_slow(uint32_t a, uint32_t *mxcsr);
uint32_t float64_to_float32_slow(uint64_t a, uint32_t *mxcsr);

static inline uint64_t float32_to_float64(uint32_t a, uint32_t *mxcsr)
{
    if (float32_is_normal(a)) {
        return float64_bits((double)float32_host(a));
    }
    return float32_to_float64_slow(a, mxcsr);
}

static inline uint32_t float64_to_float32(uint64_t a, uint32_t *mxcsr)
{
    if (mxcsr_is_fast(*mxcsr) && float64_is_normal(a)) {
        uint32_t r = float32_bits((float)float64_host(a));

        if (float32_is_safe(r)) {
            return r;
        }
    }
    return float64_to_float32_slow(a, mxcsr);
}

#endif
