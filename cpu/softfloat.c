/*
 * Single and double precision, the exact way. See softfloat.h.
 *
 * Manual: Intel SDM volume 1, chapters 4.8, 4.9, 11.5 and appendix E.
 */
#include "softfloat.h"

typedef struct fp_parts fp_binary_fn(struct fp_parts a, struct fp_parts b,
                                     struct fp_mode *mode);

static struct fp_mode mxcsr_mode(uint32_t mxcsr)
{
    return (struct fp_mode){
        .rc = mxcsr_rc(mxcsr),
        .masks = mxcsr >> MXCSR_MASKS_SHIFT & FP_FLAGS,
        .ftz = (mxcsr & MXCSR_FTZ) != 0,
    };
}

/*
 * An exception found before calculating and not masked stops the calculation,
 * so nothing that was found later may show.
 */
static void mxcsr_raise(uint32_t *mxcsr, uint32_t flags)
{
    if (flags & FP_BEFORE & ~(*mxcsr >> MXCSR_MASKS_SHIFT)) {
        flags &= FP_BEFORE;
    }
    *mxcsr |= flags;
}

static struct fp_parts fp_sub(struct fp_parts a, struct fp_parts b,
                              struct fp_mode *mode)
{
    b.sign = !b.sign;
    return fp_add(a, b, mode);
}

#define FLOAT(name) float32_##name
#define UINT        uint32_t
#define FRACTION    23
#define EXP_MAX     0xffu
#include "softfloat_tmpl.h"

#define FLOAT(name) float64_##name
#define UINT        uint64_t
#define FRACTION    52
#define EXP_MAX     0x7ffu
#include "softfloat_tmpl.h"

uint64_t float32_to_float64_slow(uint32_t a, uint32_t *mxcsr)
{
    struct fp_parts p = float32_unpack(a, *mxcsr);

    if (p.denormal) {
        mxcsr_raise(mxcsr, FP_DE);
    } else if (p.cls == FPC_SNAN) {
        mxcsr_raise(mxcsr, FP_IE);
    }
    return float64_pack(p);
}

uint32_t float64_to_float32_slow(uint64_t a, uint32_t *mxcsr)
{
    struct fp_mode mode = mxcsr_mode(*mxcsr);
    struct fp_parts p = float64_unpack(a, *mxcsr);

    if (p.denormal) {
        mode.flags |= FP_DE;
    } else if (p.cls == FPC_SNAN) {
        mode.flags |= FP_IE;
    }
    return float32_finish(p, &mode, mxcsr);
}

/* ---- half precision: 5 bits of exponent, 10 of fraction */

uint32_t float16_to_float32(uint16_t a, uint32_t *mxcsr)
{
    uint64_t fraction = (uint64_t)(a & 0x3ff) << 53;
    int32_t field = a >> 10 & 0x1f;
    struct fp_parts p = {.sign = a >> 15};

    if (field == 0x1f) {
        p.cls = fraction == 0 ? FPC_INF : a & 0x200 ? FPC_QNAN : FPC_SNAN;
        p.m.hi = fraction;
    } else if (field != 0) {
        p = fp_make(p.sign, field - 15,
                    u128_of(fraction | (uint64_t)1 << 63, 0));
    } else {
        p = fp_make(p.sign, -14, u128_of(fraction, 0));
    }
    if (p.cls == FPC_SNAN) {
        mxcsr_raise(mxcsr, FP_IE);
    }
    return float32_pack(p);
}

static uint16_t float16_pack(struct fp_parts p)
{
    uint32_t field = (uint32_t)(p.exp + 15);
    uint32_t fraction = (uint32_t)(p.m.hi >> 53) & 0x3ff;

    if (p.cls == FPC_ZERO) {
        field = fraction = 0;
    } else if (p.cls == FPC_INF) {
        field = 0x1f;
        fraction = 0;
    } else if (fp_is_nan(&p)) {
        field = 0x1f;
        fraction |= 0x200;
    } else if (!(p.m.hi >> 63)) {
        field = 0;
    }
    return (uint16_t)((uint32_t)p.sign << 15 | field << 10 | fraction);
}

uint16_t float32_to_float16(uint32_t a, enum fp_rc rc, uint32_t *mxcsr)
{
    static const struct fp_format format = {
        .emin = -14, .emax = 15, .prec = 11};
    struct fp_mode mode = mxcsr_mode(*mxcsr);
    struct fp_parts p = float32_unpack(a, *mxcsr);

    mode.rc = rc;
    mode.ftz = false;
    if (p.denormal) {
        mode.flags |= FP_DE;
    } else if (p.cls == FPC_SNAN) {
        mode.flags |= FP_IE;
    }
    if (p.cls == FPC_FINITE) {
        p = fp_round(p, &format, &mode);
    }
    mxcsr_raise(mxcsr, mode.flags);
    return float16_pack(p);
}
