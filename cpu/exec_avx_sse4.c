/* exec_avx_sse4.c - VEX forms of SSE4, AES, PCLMULQDQ and GFNI; the work on a
 * lane is in sse4_lanes.h and crypto.h. String comparisons are in
 * exec_sse4_str.c, moves of single lanes in exec_avx.c. */
#include "cpu/avx.h"
#include "cpu/crypto.h"
#include "cpu/sse4_lanes.h"
#include "cpu/sse4_ops.h"
#include "cpu/sse_int_lanes.h"

/* ---- two operands, with 128 or 256 bits */
SSE4_OPS(AVX_OP)
CRYPTO_OPS(AVX_OP)

/* One operand, 128 bits only. */
#define AVX_ONE_OP(opcode, name, ...)                                          \
    AVX_DO(avx_##name, union xmm)                                              \
    {                                                                          \
        union xmm a = b;                                                       \
        pk_##name(&a, &b);                                                     \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS128(avx_##name)

SSE4_ONE_OPS(AVX_ONE_OP)
CRYPTO_ONE_OPS(AVX_ONE_OP)

#define AVX_ONE_IMM_OP(opcode, name, ...)                                      \
    AVX_DO(avx_##name, union xmm)                                              \
    {                                                                          \
        union xmm a = b;                                                       \
        pk_##name(&a, &b, avx_imm(i));                                         \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS128(avx_##name)

CRYPTO_ONE_IMM_OPS(AVX_ONE_IMM_OP)

/* ---- with an immediate; the bits that the upper lane takes begin at STEP_,
 * 0: the same as the lower lane's */
enum {
    STEP_blendps = 4,
    STEP_blendpd = 2,
    STEP_pblendw = 0,
    STEP_mpsadbw = 3,
    STEP_pclmulqdq = 0,
    STEP_gf2p8affineqb = 0,
    STEP_gf2p8affineinvqb = 0,
};

#define AVX_IMM_OP(opcode, name, ...)                                          \
    AVX_DO(avx_##name, union vec)                                              \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b.x[n], avx_imm(i) >> n * STEP_##name);        \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

SSE4_IMM_OPS(AVX_IMM_OP)
CRYPTO_IMM_OPS(AVX_IMM_OP)

/* The mask is the register in the immediate. */
#define AVX_BLENDV_OP(opcode, name, ...)                                       \
    AVX_DO(avx_##name, union vec)                                              \
    {                                                                          \
        union vec a = avx_source(cpu, i), mask = cpu->vec[avx_imm(i) >> 4];    \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b.x[n], &mask.x[n]);                           \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

SSE4_BLENDV_OPS(AVX_BLENDV_OP)

/* ---- wider lanes: 256 bits from twice as many of the operand's */
#define AVX_EXTEND_OP(opcode, name, bits, operand)                             \
    AVX_DO(avx_##name, union xmm)                                              \
    {                                                                          \
        const union xmm zero = {.q = {0, 0}};                                  \
        union vec r;                                                           \
        pk_##name(&r.x[0], &b);                                                \
        b = align_right(zero, b, bits / 8);                                    \
        pk_##name(&r.x[1], &b);                                                \
        avx_set(cpu, i, i->reg, r);                                            \
    }                                                                          \
    AVX_FORMS_OF(avx_##name, XMM(i->rm),                                       \
                 avx_load_bits(cpu, i, avx_lanes(i) * bits))

static union xmm avx_load_bits(struct cpu *cpu, const struct insn *i,
                               unsigned bits)
{
    union xmm b = {.q = {0, 0}};

    ld_bytes(cpu, i->seg, mem_offset(cpu, i), &b, bits / 8);
    simd_swap(&b);
    return b;
}

SSE4_EXTENDS(AVX_EXTEND_OP)

/* ---- floating point */
#define AVX_ROUND_OP(opcode, name, ...)                                        \
    AVX_DO_FAR(avx_##name, union vec)                                          \
    {                                                                          \
        union vec a = b;                                                       \
        uint32_t m = sse_begin(cpu);                                           \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b.x[n], avx_imm(i), &m);                       \
        sse_end(cpu, m);                                                       \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

SSE4_ROUND_OPS(AVX_ROUND_OP)

#define AVX_DOT_OP(opcode, name, ...)                                          \
    AVX_DO_FAR(avx_##name, union vec)                                          \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        uint32_t m = sse_begin(cpu), kept = 0;                                 \
        pk_##name(a.x, b.x, avx_lanes(i), avx_imm(i), &m, &kept);              \
        cpu->mxcsr |= kept;                                                    \
        sse_end(cpu, m);                                                       \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

SSE4_DOT_OPS(AVX_DOT_OP)

#define AVX_ROUND_SCALAR(name, width, lane)                                    \
    AVX_DO(name, uint##width##_t)                                              \
    {                                                                          \
        union xmm a = XMM(insn_vvvv(i));                                       \
        uint32_t m = sse_begin(cpu);                                           \
        a.lane = pk_round##width(b, avx_imm(i), &m);                           \
        sse_end(cpu, m);                                                       \
        avx_set128(cpu, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS_OF(name, XMM(i->rm).lane, simd_load##width(cpu, i))

AVX_ROUND_SCALAR(vroundss, 32, d[LANE32(0)])
AVX_ROUND_SCALAR(vroundsd, 64, q[0])

/* Of a register operand the immediate chooses the lane. */
AVX_DO(vinsertps, uint32_t)
{
    union xmm a = XMM(insn_vvvv(i));

    pk_insert_single(&a, b, avx_imm(i));
    avx_set128(cpu, i->reg, a);
}

AVX_FORMS_OF(vinsertps, XMM(i->rm).d[LANE32(i->imm >> 6 & 3)],
             simd_load32(cpu, i))
