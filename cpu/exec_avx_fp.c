/* exec_avx_fp.c - AVX: floating-point arithmetic and comparisons.
 *
 * SDM volume 1, chapter 14. Exceptions of all lanes are collected before any
 * is raised, as in the SSE forms. Comparisons to EFLAGS are in exec_sse_fp.c,
 * conversions to general registers in exec_sse_cvt.c. */
#include "cpu/avx.h"
#include "cpu/sse_fp_lanes.h"

/* ---- packed: NAME_ps(a, b, m) for every 128-bit lane */
#define PACKED_SLOW(name, suffix)                                              \
    static NOINLINE void name##suffix##_slow(                                  \
        struct cpu *cpu, const struct insn *i, union vec b)                    \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        uint32_t m = sse_begin(cpu);                                           \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            a.x[n] = name##_##suffix(a.x[n], b.x[n], &m);                      \
        sse_end(cpu, m);                                                       \
        avx_set(cpu, i, i->reg, a);                                            \
    }

#define AVX_PACKED(name, suffix)                                               \
    PACKED_SLOW(name, suffix)                                                  \
    AVX_DO(avx_##name##suffix, union vec)                                      \
    {                                                                          \
        name##suffix##_slow(cpu, i, b);                                        \
    }                                                                          \
    AVX_FORMS(avx_##name##suffix)

#define AVX_PACKED_FAST(name, suffix)                                          \
    PACKED_SLOW(name, suffix)                                                  \
    AVX_DO(avx_##name##suffix, union vec)                                      \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        if (likely(mxcsr_is_fast(cpu->mxcsr)) &&                               \
            likely(name##_##suffix##_try(&a.x[0], &b.x[0])) &&                 \
            (!avx_wide(i) || likely(name##_##suffix##_try(&a.x[1], &b.x[1])))) \
            avx_set(cpu, i, i->reg, a);                                        \
        else                                                                   \
            name##suffix##_slow(cpu, i, b);                                    \
    }                                                                          \
    AVX_FORMS(avx_##name##suffix)

/* ---- scalars: the rest of the lane comes from VEX.vvvv; x is the source's
 * lane, b the operand */
#define AVX_SCALAR(name, width, lane, expression)                              \
    AVX_DO(avx_##name, uint##width##_t)                                        \
    {                                                                          \
        union xmm a = XMM(insn_vvvv(i));                                       \
        uint##width##_t x = a.lane;                                            \
        uint32_t m = sse_begin(cpu);                                           \
        (void)x;                                                               \
        a.lane = (expression);                                                 \
        sse_end(cpu, m);                                                       \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS_OF(avx_##name, XMM(i->rm).lane, simd_load##width(cpu, i))

#define AVX_SCALARS(name)                                                      \
    AVX_SCALAR(name##ss, 32, d[LANE32(0)], float32_##name(x, b, &m))           \
    AVX_SCALAR(name##sd, 64, q[0], float64_##name(x, b, &m))

#define AVX_FOUR_FAST(name)                                                    \
    AVX_PACKED_FAST(name, ps) AVX_PACKED_FAST(name, pd) AVX_SCALARS(name)
#define AVX_FOUR(name)                                                         \
    AVX_PACKED(name, ps) AVX_PACKED(name, pd) AVX_SCALARS(name)

AVX_FOUR_FAST(add)
AVX_FOUR_FAST(sub)
AVX_FOUR_FAST(mul)
AVX_FOUR_FAST(div)
AVX_FOUR(min)
AVX_FOUR(max)
AVX_PACKED(sqrt, ps)
AVX_PACKED(sqrt, pd)
AVX_SCALAR(sqrtss, 32, d[LANE32(0)], float32_sqrt(b, &m))
AVX_SCALAR(sqrtsd, 64, q[0], float64_sqrt(b, &m))
AVX_PACKED(addsub, ps)
AVX_PACKED(addsub, pd)
AVX_PACKED(hadd, ps)
AVX_PACKED(hadd, pd)
AVX_PACKED(hsub, ps)
AVX_PACKED(hsub, pd)

/* ---- comparisons to masks: 32 predicates */

static NOINLINE void cmpps(struct cpu *cpu, const struct insn *i, union vec b)
{
    union vec a = avx_source(cpu, i);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 4 * avx_lanes(i); n++)
        a.x[n / 4].d[n % 4] = compare32(a.x[n / 4].d[n % 4],
                                        b.x[n / 4].d[n % 4], i->imm & 31, &m);
    sse_end(cpu, m);
    avx_set(cpu, i, i->reg, a);
}

static NOINLINE void cmppd(struct cpu *cpu, const struct insn *i, union vec b)
{
    union vec a = avx_source(cpu, i);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 2 * avx_lanes(i); n++)
        a.q[n] = compare64(a.q[n], b.q[n], i->imm & 31, &m);
    sse_end(cpu, m);
    avx_set(cpu, i, i->reg, a);
}

AVX_DO(avx_cmpps, union vec)
{
    cmpps(cpu, i, b);
}

AVX_DO(avx_cmppd, union vec)
{
    cmppd(cpu, i, b);
}

AVX_FORMS(avx_cmpps)
AVX_FORMS(avx_cmppd)
AVX_SCALAR(cmpss, 32, d[LANE32(0)], compare32(x, b, i->imm & 31, &m))
AVX_SCALAR(cmpsd, 64, q[0], compare64(x, b, i->imm & 31, &m))

/* ---- approximations */
#define AVX_APPROXIMATE(name)                                                  \
    AVX_DO(avx_##name##ps, union vec)                                          \
    {                                                                          \
        for (unsigned n = 0; n < 4 * avx_lanes(i); n++)                        \
            b.x[n / 4].d[n % 4] = approximate_##name(b.x[n / 4].d[n % 4]);     \
        avx_set(cpu, i, i->reg, b);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name##ps)                                                  \
    AVX_DO(avx_##name##ss, uint32_t)                                           \
    {                                                                          \
        union xmm a = XMM(insn_vvvv(i));                                       \
        a.d[LANE32(0)] = approximate_##name(b);                                \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS_OF(avx_##name##ss, XMM(i->rm).d[LANE32(0)], simd_load32(cpu, i))

AVX_APPROXIMATE(rcp)
AVX_APPROXIMATE(rsqrt)
