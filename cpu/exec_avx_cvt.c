/* exec_avx_cvt.c - AVX, F16C: conversions between formats.
 *
 * SDM volume 1, 14.4.1 (half precision) and table 11-1. */
#include "cpu/avx.h"

/* ---- scalars into a copy of VEX.vvvv */
#define CONVERT_SCALAR(name, lane, type, expression, from_r, from_m)           \
    AVX_DO(name, type)                                                         \
    {                                                                          \
        union xmm a = XMM(insn_vvvv(i));                                       \
        uint32_t m = sse_begin(cpu);                                           \
        a.lane = (expression);                                                 \
        sse_end(cpu, m);                                                       \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS_OF(name, from_r, from_m)

CONVERT_SCALAR(vcvtsi2ss_32, d[LANE32(0)], uint32_t,
               float32_from_int32((int32_t)b, &m), R32(i->rm),
               simd_load32(cpu, i))
CONVERT_SCALAR(vcvtsi2ss_64, d[LANE32(0)], uint64_t,
               float32_from_int64((int64_t)b, &m), R64(i->rm),
               simd_load64(cpu, i))
CONVERT_SCALAR(vcvtsi2sd_32, q[0], uint32_t, float64_from_int32((int32_t)b, &m),
               R32(i->rm), simd_load32(cpu, i))
CONVERT_SCALAR(vcvtsi2sd_64, q[0], uint64_t, float64_from_int64((int64_t)b, &m),
               R64(i->rm), simd_load64(cpu, i))
CONVERT_SCALAR(vcvtss2sd, q[0], uint32_t, float32_to_float64(b, &m),
               XMM(i->rm).d[LANE32(0)], simd_load32(cpu, i))
CONVERT_SCALAR(vcvtsd2ss, d[LANE32(0)], uint64_t, float64_to_float32(b, &m),
               XMM(i->rm).q[0], simd_load64(cpu, i))

/* ---- lanes of 32 bits, as many as there are */
#define CONVERT_SAME(name, convert)                                            \
    AVX_DO_FAR(name, union vec)                                                \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        for (unsigned n = 0; n < 4 * avx_lanes(i); n++) {                      \
            uint32_t *d = &b.x[n / 4].d[n % 4];                                \
            *d = (uint32_t)convert(*d, &m);                                    \
        }                                                                      \
        sse_end(cpu, m);                                                       \
        avx_set(cpu, i, i->reg, b);                                            \
    }                                                                          \
    AVX_FORMS(name)

static ALWAYS_INLINE uint32_t from_int32(uint32_t a, uint32_t *m)
{
    return float32_from_int32((int32_t)a, m);
}

CONVERT_SAME(vcvtdq2ps, from_int32)
CONVERT_SAME(vcvtps2dq, float32_to_int32)
CONVERT_SAME(vcvttps2dq, float32_truncate_int32)

/* ---- 32 bits to 64: the operand is half as wide */

static ALWAYS_INLINE union xmm load_half(struct cpu *cpu, const struct insn *i)
{
    if (avx_wide(i))
        return simd_load_any(cpu, i);
    return (union xmm){.q = {simd_load64(cpu, i), 0}};
}

#define CONVERT_WIDER(name, convert)                                           \
    AVX_DO_FAR(name, union xmm)                                                \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        union vec r = {.q = {0, 0, 0, 0}};                                     \
        for (unsigned n = 0; n < 2 * avx_lanes(i); n++)                        \
            r.q[n] = convert(b.d[LANE32(n)], &m);                              \
        sse_end(cpu, m);                                                       \
        cpu->vec[i->reg] = r;                                                  \
    }                                                                          \
    AVX_FORMS_OF(name, XMM(i->rm), load_half(cpu, i))

static ALWAYS_INLINE uint64_t double_from_int32(uint32_t a, uint32_t *m)
{
    return float64_from_int32((int32_t)a, m);
}

CONVERT_WIDER(vcvtps2pd, float32_to_float64)
CONVERT_WIDER(vcvtdq2pd, double_from_int32)

/* ---- 64 bits to 32: the result is half as wide */
#define CONVERT_NARROWER(name, convert)                                        \
    AVX_DO_FAR(name, union vec)                                                \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        union xmm r = {.q = {0, 0}};                                           \
        for (unsigned n = 0; n < 2 * avx_lanes(i); n++)                        \
            r.d[LANE32(n)] = (uint32_t)convert(b.q[n], &m);                    \
        sse_end(cpu, m);                                                       \
        avx_set128(cpu, i->reg, r);                                            \
    }                                                                          \
    AVX_FORMS(name)

CONVERT_NARROWER(vcvtpd2ps, float64_to_float32)
CONVERT_NARROWER(vcvtpd2dq, float64_to_int32)
CONVERT_NARROWER(vcvttpd2dq, float64_truncate_int32)

/* ---- half precision */

static NOINLINE void from_half(struct cpu *cpu, const struct insn *i,
                               union xmm b)
{
    uint32_t m = sse_begin(cpu);
    union vec r = {.q = {0, 0, 0, 0}};

    for (unsigned n = 0; n < 4 * avx_lanes(i); n++)
        r.x[n / 4].d[LANE32(n % 4)] = float16_to_float32(b.w[LANE16(n)], &m);
    sse_end(cpu, m);
    cpu->vec[i->reg] = r;
}

AVX_DO(vcvtph2ps, union xmm)
{
    from_half(cpu, i, b);
}

AVX_FORMS_OF(vcvtph2ps, XMM(i->rm), load_half(cpu, i))

/* Immediate: bits 0-1 rounding control unless bit 2 (MXCSR's) is set. The
 * flags are left for the caller, for a store may fault. */
static NOINLINE union xmm to_half(const struct cpu *cpu, const struct insn *i,
                                  uint32_t *m)
{
    enum fp_rc rc = i->imm & 4 ? mxcsr_rc(*m) : (enum fp_rc)(i->imm & 3);
    const union vec *a = &cpu->vec[i->reg];
    union xmm r = {.q = {0, 0}};

    for (unsigned n = 0; n < 4 * avx_lanes(i); n++)
        r.w[LANE16(n)] =
            float32_to_float16(a->x[n / 4].d[LANE32(n % 4)], rc, m);
    return r;
}

EXEC_BODY(vcvtps2ph_r)
{
    uint32_t m = sse_begin(cpu);
    union xmm r;

    need_avx(cpu);
    r = to_half(cpu, i, &m);
    sse_end(cpu, m);
    avx_set128(cpu, i->rm, r);
}

EXEC_BODY(vcvtps2ph_m)
{
    uint64_t off = mem_offset(cpu, i);
    uint32_t m = sse_begin(cpu);
    union xmm r;

    need_avx(cpu);
    r = to_half(cpu, i, &m);
    mem_probe_write(cpu, i->seg, off, avx_wide(i) ? 16 : 8);
    sse_end(cpu, m);
    if (avx_wide(i))
        simd_store_any(cpu, i, r);
    else
        st64(cpu, i->seg, off, r.q[0]);
}
