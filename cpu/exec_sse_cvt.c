/* exec_sse_cvt.c - SSE, SSE2: conversions between formats.
 *
 * SDM volume 1, 11.4.1.6 and table 11-1. What does not fit an integer gives
 * the integer indefinite and an invalid exception. */
#include "cpu/avx.h"
#include "cpu/fpu.h"
#include "cpu/sse.h"

/* ---- scalar, to and from general registers */

#define FROM_INT(name, width, lane, int_width, source)                         \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        uint##int_width##_t b)                 \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        uint##width##_t r =                                                    \
            float##width##_from_int##int_width((int##int_width##_t)b, &m);     \
        sse_end(cpu, m);                                                       \
        XMM(i->reg).lane = r;                                                  \
    }                                                                          \
    SSE_FORMS_OF(name, source(i->rm), simd_load##int_width(cpu, i))

FROM_INT(cvtsi2ss_32, 32, d[LANE32(0)], 32, R32)
FROM_INT(cvtsi2ss_64, 32, d[LANE32(0)], 64, R64)
FROM_INT(cvtsi2sd_32, 64, q[0], 32, R32)
FROM_INT(cvtsi2sd_64, 64, q[0], 64, R64)

#define TO_INT_FORM(name, need, width, lane, operation, int_width)             \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        uint##width##_t b)                     \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        uint##int_width##_t r =                                                \
            (uint##int_width##_t) float##width##_##operation(b, &m);           \
        sse_end(cpu, m);                                                       \
        set_r##int_width(cpu, i->reg, r);                                      \
    }                                                                          \
    VEC_FORMS_OF(name, need, XMM(i->rm).lane, simd_load##width(cpu, i))

#define TO_INT(name, width, lane, operation, int_width)                        \
    TO_INT_FORM(name, need_sse, width, lane, operation, int_width)             \
    TO_INT_FORM(v##name, need_avx, width, lane, operation, int_width)

TO_INT(cvtss2si_32, 32, d[LANE32(0)], to_int32, 32)
TO_INT(cvtss2si_64, 32, d[LANE32(0)], to_int64, 64)
TO_INT(cvttss2si_32, 32, d[LANE32(0)], truncate_int32, 32)
TO_INT(cvttss2si_64, 32, d[LANE32(0)], truncate_int64, 64)
TO_INT(cvtsd2si_32, 64, q[0], to_int32, 32)
TO_INT(cvtsd2si_64, 64, q[0], to_int64, 64)
TO_INT(cvttsd2si_32, 64, q[0], truncate_int32, 32)
TO_INT(cvttsd2si_64, 64, q[0], truncate_int64, 64)

/* ---- from vector to vector: r starts as the old destination */
#define CONVERT(name, load, statement)                                         \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        union xmm b)                           \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        union xmm r = XMM(i->reg);                                             \
        statement;                                                             \
        sse_end(cpu, m);                                                       \
        XMM(i->reg) = r;                                                       \
    }                                                                          \
    SSE_FORMS_OF(name, XMM(i->rm), load(cpu, i))

/* Memory operands of 4 and 8 bytes as the low lanes. */
static ALWAYS_INLINE union xmm load_low32(struct cpu *cpu, const struct insn *i)
{
    return (union xmm){.q = {simd_load32(cpu, i), 0}};
}

static ALWAYS_INLINE union xmm load_low64(struct cpu *cpu, const struct insn *i)
{
    return (union xmm){.q = {simd_load64(cpu, i), 0}};
}

/* Two 32-bit results as a 64-bit half. */
static ALWAYS_INLINE uint64_t pair(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

#define LOW32(x)  ((uint32_t)(x))
#define HIGH32(x) ((uint32_t)((x) >> 32))

#define ALL_FOUR(expression)                                                   \
    for (unsigned n = 0; n < 4; n++)                                           \
    r.d[n] = (uint32_t)(expression)

CONVERT(cvtss2sd, load_low32, r.q[0] = float32_to_float64(LOW32(b.q[0]), &m))
CONVERT(cvtsd2ss, load_low64, r.d[LANE32(0)] = float64_to_float32(b.q[0], &m))
CONVERT(cvtps2pd, load_low64, r.q[0] = float32_to_float64(LOW32(b.q[0]), &m);
        r.q[1] = float32_to_float64(HIGH32(b.q[0]), &m))
CONVERT(cvtdq2pd, load_low64,
        r.q[0] = float64_from_int32((int32_t)LOW32(b.q[0]), &m);
        r.q[1] = float64_from_int32((int32_t)HIGH32(b.q[0]), &m))
CONVERT(cvtdq2ps, simd_load, ALL_FOUR(float32_from_int32((int32_t)b.d[n], &m)))
CONVERT(cvtps2dq, simd_load, ALL_FOUR(float32_to_int32(b.d[n], &m)))
CONVERT(cvttps2dq, simd_load, ALL_FOUR(float32_truncate_int32(b.d[n], &m)))

/* Two doubles to two 32-bit lanes, by a conversion of one. */
#define FROM_PD(convert)                                                       \
    pair((uint32_t)convert(b.q[0], &m), (uint32_t)convert(b.q[1], &m))

CONVERT(cvtpd2ps, simd_load, r.q[0] = FROM_PD(float64_to_float32); r.q[1] = 0)
CONVERT(cvtpd2dq, simd_load, r.q[0] = FROM_PD(float64_to_int32); r.q[1] = 0)
CONVERT(cvttpd2dq, simd_load, r.q[0] = FROM_PD(float64_truncate_int32);
        r.q[1] = 0)

/* ---- between MMX and XMM registers */

/* Two floats to two integers in an MMX register. */
#define FROM_PS(convert)                                                       \
    pair((uint32_t)convert(LOW32(b.q[0]), &m),                                 \
         (uint32_t)convert(HIGH32(b.q[0]), &m))

#define CONVERT_TO_MMX(name, load, expression)                                 \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        union xmm b)                           \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        uint64_t r = (expression);                                             \
        sse_end(cpu, m);                                                       \
        mmx_use(cpu);                                                          \
        mmx_set(cpu, i->reg, r);                                               \
    }                                                                          \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        need_mmx(cpu);                                                         \
        name##_do(cpu, i, XMM(i->rm));                                         \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        need_mmx(cpu);                                                         \
        name##_do(cpu, i, load(cpu, i));                                       \
        NEXT;                                                                  \
    }

CONVERT_TO_MMX(cvtps2pi, load_low64, FROM_PS(float32_to_int32))
CONVERT_TO_MMX(cvttps2pi, load_low64, FROM_PS(float32_truncate_int32))
CONVERT_TO_MMX(cvtpd2pi, simd_load, FROM_PD(float64_to_int32))
CONVERT_TO_MMX(cvttpd2pi, simd_load, FROM_PD(float64_truncate_int32))

static void cvtpi2ps_do(struct cpu *cpu, const struct insn *i, uint64_t b)
{
    uint32_t m = sse_begin(cpu);
    uint64_t r = pair(float32_from_int32((int32_t)LOW32(b), &m),
                      float32_from_int32((int32_t)HIGH32(b), &m));

    sse_end(cpu, m);
    XMM(i->reg).q[0] = r;
}

static void cvtpi2pd_do(struct cpu *cpu, const struct insn *i, uint64_t b)
{
    uint32_t m = sse_begin(cpu);

    XMM(i->reg).q[0] = float64_from_int32((int32_t)LOW32(b), &m);
    XMM(i->reg).q[1] = float64_from_int32((int32_t)HIGH32(b), &m);
}

EXEC(cvtpi2ps_r)
{
    need_sse(cpu);
    need_mmx(cpu);
    mmx_use(cpu);
    cvtpi2ps_do(cpu, i, mmx_get(cpu, i->rm));
    NEXT;
}

/* From memory these two touch no MMX register and do not wait. */
EXEC(cvtpi2ps_m)
{
    need_sse(cpu);
    cvtpi2ps_do(cpu, i, simd_load64(cpu, i));
    NEXT;
}

EXEC(cvtpi2pd_r)
{
    need_sse(cpu);
    need_mmx(cpu);
    mmx_use(cpu);
    cvtpi2pd_do(cpu, i, mmx_get(cpu, i->rm));
    NEXT;
}

EXEC(cvtpi2pd_m)
{
    need_sse(cpu);
    cvtpi2pd_do(cpu, i, simd_load64(cpu, i));
    NEXT;
}
