/* exec_sse_int.c - SSE2 and later: packed integers, moves, shuffles.
 *
 * SDM volume 1, chapters 10-12. Instructions that only move or combine bits
 * are the same for floating point and integers and share a function. */
#include "cpu/packed_ops.h"
#include "cpu/sse.h"
#include "cpu/sse_int_lanes.h"

PACKED_OPS(SSE_OP)
PACKED_ONE_OPS(SSE_OP)
PACKED_COUNT_OPS(SSE_OP)
PACKED_LOW_OPS(SSE_OP)

SSE_OP(, punpcklqdq, , )
SSE_OP(, punpckhqdq, , )

#define SSE_SHIFT(opcode, digit, name)                                         \
    EXEC(sse_##name##_Ib)                                                      \
    {                                                                          \
        union xmm a;                                                           \
        need_sse(cpu);                                                         \
        a = XMM(i->rm);                                                        \
        pk_##name##_by(&a, i->imm);                                            \
        XMM(i->rm) = a;                                                        \
        NEXT;                                                                  \
    }
PACKED_SHIFTS(SSE_SHIFT)

EXEC(psrldq)
{
    const union xmm zero = {.q = {0, 0}};
    unsigned by = i->imm > 15 ? 16 : (unsigned)i->imm;

    need_sse(cpu);
    XMM(i->rm) = align_right(zero, XMM(i->rm), by);
    NEXT;
}

EXEC(pslldq)
{
    const union xmm zero = {.q = {0, 0}};
    unsigned by = i->imm > 15 ? 16 : (unsigned)i->imm;

    need_sse(cpu);
    XMM(i->rm) = align_right(XMM(i->rm), zero, 16 - by);
    NEXT;
}

EXEC(sse_palignr_r)
{
    need_sse(cpu);
    XMM(i->reg) = align_right(XMM(i->reg), XMM(i->rm), (unsigned)i->imm);
    NEXT;
}

EXEC(sse_palignr_m)
{
    union xmm b;

    need_sse(cpu);
    b = simd_load(cpu, i);
    XMM(i->reg) = align_right(XMM(i->reg), b, (unsigned)i->imm);
    NEXT;
}

/* ---- moves of 16 bytes */

EXEC(sse_mov_r)
{
    need_sse(cpu);
    XMM(i->reg) = XMM(i->rm);
    NEXT;
}

EXEC(sse_mov_store_r)
{
    need_sse(cpu);
    XMM(i->rm) = XMM(i->reg);
    NEXT;
}

/* MOVAPS, MOVAPD, MOVDQA */
EXEC(sse_mova_m)
{
    need_sse(cpu);
    XMM(i->reg) = simd_load(cpu, i);
    NEXT;
}

/* ... and MOVNTPS, MOVNTPD, MOVNTDQ */
EXEC(sse_mova_store_m)
{
    need_sse(cpu);
    simd_store(cpu, i, XMM(i->reg));
    NEXT;
}

/* MOVUPS, MOVUPD, MOVDQU, LDDQU */
EXEC(sse_movu_m)
{
    need_sse(cpu);
    XMM(i->reg) = simd_load_any(cpu, i);
    NEXT;
}

EXEC(sse_movu_store_m)
{
    need_sse(cpu);
    simd_store_any(cpu, i, XMM(i->reg));
    NEXT;
}

/* ---- moves of 4 bytes: memory to register clears the rest */

EXEC(movss_r)
{
    need_sse(cpu);
    XMM(i->reg).d[LANE32(0)] = XMM(i->rm).d[LANE32(0)];
    NEXT;
}

/* Also MOVD xmm, m32. */
EXEC(movss_m)
{
    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {simd_load32(cpu, i), 0}};
    NEXT;
}

EXEC(movss_store_r)
{
    need_sse(cpu);
    XMM(i->rm).d[LANE32(0)] = XMM(i->reg).d[LANE32(0)];
    NEXT;
}

EXEC(movss_store_m)
{
    need_sse(cpu);
    st32(cpu, i->seg, mem_offset(cpu, i), (uint32_t)XMM(i->reg).q[0]);
    NEXT;
}

EXEC(sse_movd_r)
{
    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {R32(i->rm), 0}};
    NEXT;
}

EXEC(sse_movd_store_r)
{
    need_sse(cpu);
    set_r32(cpu, i->rm, (uint32_t)XMM(i->reg).q[0]);
    NEXT;
}

/* ---- moves of 8 bytes */

EXEC(movsd_r)
{
    need_sse(cpu);
    XMM(i->reg).q[0] = XMM(i->rm).q[0];
    NEXT;
}

/* Also MOVQ xmm, m64. */
EXEC(movsd_m)
{
    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {simd_load64(cpu, i), 0}};
    NEXT;
}

EXEC(movsd_store_r)
{
    need_sse(cpu);
    XMM(i->rm).q[0] = XMM(i->reg).q[0];
    NEXT;
}

/* Also MOVLPS, MOVLPD, MOVQ to memory. */
EXEC(movsd_store_m)
{
    need_sse(cpu);
    st64(cpu, i->seg, mem_offset(cpu, i), XMM(i->reg).q[0]);
    NEXT;
}

EXEC(sse_movq_r)
{
    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {XMM(i->rm).q[0], 0}};
    NEXT;
}

EXEC(sse_movq_store_r)
{
    need_sse(cpu);
    XMM(i->rm) = (union xmm){.q = {XMM(i->reg).q[0], 0}};
    NEXT;
}

EXEC(sse_movq_Eq_r)
{
    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {R64(i->rm), 0}};
    NEXT;
}

EXEC(sse_movq_Eq_store_r)
{
    need_sse(cpu);
    set_r64(cpu, i->rm, XMM(i->reg).q[0]);
    NEXT;
}

/* MOVLPS, MOVLPD: one half from memory. */
EXEC(movlps_m)
{
    need_sse(cpu);
    XMM(i->reg).q[0] = simd_load64(cpu, i);
    NEXT;
}

EXEC(movhps_m)
{
    need_sse(cpu);
    XMM(i->reg).q[1] = simd_load64(cpu, i);
    NEXT;
}

EXEC(movhps_store_m)
{
    need_sse(cpu);
    st64(cpu, i->seg, mem_offset(cpu, i), XMM(i->reg).q[1]);
    NEXT;
}

EXEC(movhlps_r)
{
    need_sse(cpu);
    XMM(i->reg).q[0] = XMM(i->rm).q[1];
    NEXT;
}

EXEC(movlhps_r)
{
    need_sse(cpu);
    XMM(i->reg).q[1] = XMM(i->rm).q[0];
    NEXT;
}

void simd_store_masked(struct cpu *cpu, const struct insn *i, unsigned n,
                       unsigned mask)
{
    union xmm v = XMM(n), m = XMM(mask);
    uint64_t off = mem_wrap(i, R64(RDI));

    for (unsigned k = 0; k < 16; k++)
        if (m.b[LANE8(k)] & 0x80)
            mem_probe_write(cpu, i->seg, mem_wrap(i, off + k), 1);
    for (unsigned k = 0; k < 16; k++)
        if (m.b[LANE8(k)] & 0x80)
            st8(cpu, i->seg, mem_wrap(i, off + k), v.b[LANE8(k)]);
}

EXEC(maskmovdqu)
{
    need_sse(cpu);
    simd_store_masked(cpu, i, i->reg, i->rm);
    NEXT;
}

/* ---- masks and single lanes */

EXEC(sse_pmovmskb)
{
    need_sse(cpu);
    set_r32(cpu, i->reg, pk_mask(&XMM(i->rm)));
    NEXT;
}

EXEC(movmskps)
{
    const union xmm *b = &XMM(i->rm);

    need_sse(cpu);
    set_r32(cpu, i->reg,
            (uint32_t)((b->q[0] >> 31 & 1) | (b->q[0] >> 63) << 1 |
                       (b->q[1] >> 31 & 1) << 2 | (b->q[1] >> 63) << 3));
    NEXT;
}

EXEC(movmskpd)
{
    const union xmm *b = &XMM(i->rm);

    need_sse(cpu);
    set_r32(cpu, i->reg, (uint32_t)(b->q[0] >> 63 | (b->q[1] >> 63) << 1));
    NEXT;
}

EXEC(sse_pinsrw_r)
{
    need_sse(cpu);
    XMM(i->reg).w[LANE16(i->imm & 7)] = R16(i->rm);
    NEXT;
}

EXEC(sse_pinsrw_m)
{
    need_sse(cpu);
    XMM(i->reg).w[LANE16(i->imm & 7)] = ld16(cpu, i->seg, mem_offset(cpu, i));
    NEXT;
}

EXEC(sse_pextrw)
{
    need_sse(cpu);
    set_r32(cpu, i->reg, XMM(i->rm).w[LANE16(i->imm & 7)]);
    NEXT;
}

/* ---- shuffles */
#define SHUFFLE(name)                                                          \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg) =                                                          \
            shuffle_##name(XMM(i->reg), XMM(i->rm), (unsigned)i->imm);         \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        union xmm b;                                                           \
        need_sse(cpu);                                                         \
        b = simd_load(cpu, i);                                                 \
        XMM(i->reg) = shuffle_##name(XMM(i->reg), b, (unsigned)i->imm);        \
        NEXT;                                                                  \
    }

SHUFFLE(pshufd)
SHUFFLE(pshuflw)
SHUFFLE(pshufhw)
SHUFFLE(shufps)
SHUFFLE(shufpd)
SHUFFLE(movsldup)
SHUFFLE(movshdup)

EXEC(movddup_r)
{
    uint64_t v = XMM(i->rm).q[0];

    need_sse(cpu);
    XMM(i->reg) = (union xmm){.q = {v, v}};
    NEXT;
}

EXEC(movddup_m)
{
    uint64_t v;

    need_sse(cpu);
    v = simd_load64(cpu, i);
    XMM(i->reg) = (union xmm){.q = {v, v}};
    NEXT;
}
