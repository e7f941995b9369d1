/* exec_mmx.c - MMX, its SSE and SSSE3 extensions on MMX registers, and moves
 * between MMX and XMM registers.
 *
 * SDM volume 1, chapter 9. Every instruction makes the register stack full
 * with TOP = 0; a write sets the register's exponent to ones. Conversions
 * to and from floating point are in exec_sse_cvt.c. */
#include "cpu/fpu.h"
#include "cpu/packed_ops.h"

#define VEC union mmx
#include "cpu/exec_packed_tmpl.h"

static ALWAYS_INLINE VEC vec_of(uint64_t q)
{
    return (VEC){.q = {q}};
}

static ALWAYS_INLINE VEC load_vec(struct cpu *cpu, const struct insn *i)
{
    return vec_of(simd_load64(cpu, i));
}

static ALWAYS_INLINE void finish(struct cpu *cpu, const struct insn *i, VEC v)
{
    mmx_use(cpu);
    mmx_set(cpu, i->reg, v.q[0]);
}

static ALWAYS_INLINE VEC load_low(struct cpu *cpu, const struct insn *i)
{
    return vec_of(simd_load32(cpu, i));
}

#define MMX_OP_FROM(name, load)                                                \
    EXEC(mmx_##name##_r)                                                       \
    {                                                                          \
        VEC a = vec_of(mmx_get(cpu, i->reg)), b;                               \
        need_mmx(cpu);                                                         \
        b = vec_of(mmx_get(cpu, i->rm));                                       \
        pk_##name(&a, &b);                                                     \
        finish(cpu, i, a);                                                     \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(mmx_##name##_m)                                                       \
    {                                                                          \
        VEC a = vec_of(mmx_get(cpu, i->reg)), b;                               \
        need_mmx(cpu);                                                         \
        b = load(cpu, i);                                                      \
        pk_##name(&a, &b);                                                     \
        finish(cpu, i, a);                                                     \
        NEXT;                                                                  \
    }
#define MMX_OP(opcode, name, mmx_feature, sse_feature)                         \
    MMX_OP_FROM(name, load_vec)
#define MMX_LOW_OP(opcode, name, mmx_feature, sse_feature)                     \
    MMX_OP_FROM(name, load_low)
PACKED_OPS(MMX_OP)
PACKED_ONE_OPS(MMX_OP)
PACKED_COUNT_OPS(MMX_OP)
PACKED_LOW_OPS(MMX_LOW_OP)

#define MMX_SHIFT(opcode, digit, name)                                         \
    EXEC(mmx_##name##_Ib)                                                      \
    {                                                                          \
        VEC a = vec_of(mmx_get(cpu, i->rm));                                   \
        need_mmx(cpu);                                                         \
        pk_##name##_by(&a, i->imm);                                            \
        mmx_use(cpu);                                                          \
        mmx_set(cpu, i->rm, a.q[0]);                                           \
        NEXT;                                                                  \
    }
PACKED_SHIFTS(MMX_SHIFT)

EXEC(emms)
{
    need_mmx(cpu);
    cpu->ftag = 0;
    cpu->ftop = 0;
    NEXT;
}

/* ---- moves */

EXEC(mmx_movd_Pq_Ed_r)
{
    need_mmx(cpu);
    finish(cpu, i, vec_of(R32(i->rm)));
    NEXT;
}

EXEC(mmx_movd_Pq_Ed_m)
{
    need_mmx(cpu);
    finish(cpu, i, vec_of(simd_load32(cpu, i)));
    NEXT;
}

EXEC(mmx_movq_Pq_Eq_r)
{
    need_mmx(cpu);
    finish(cpu, i, vec_of(R64(i->rm)));
    NEXT;
}

EXEC(mmx_movd_Ed_Pq_r)
{
    need_mmx(cpu);
    mmx_use(cpu);
    set_r32(cpu, i->rm, (uint32_t)mmx_get(cpu, i->reg));
    NEXT;
}

EXEC(mmx_movd_Ed_Pq_m)
{
    need_mmx(cpu);
    st32(cpu, i->seg, mem_offset(cpu, i), (uint32_t)mmx_get(cpu, i->reg));
    mmx_use(cpu);
    NEXT;
}

EXEC(mmx_movq_Eq_Pq_r)
{
    need_mmx(cpu);
    mmx_use(cpu);
    set_r64(cpu, i->rm, mmx_get(cpu, i->reg));
    NEXT;
}

EXEC(mmx_movq_Pq_Qq_r)
{
    need_mmx(cpu);
    finish(cpu, i, vec_of(mmx_get(cpu, i->rm)));
    NEXT;
}

/* Also MOVQ mm, r/m64 from memory. */
EXEC(mmx_movq_Pq_Qq_m)
{
    need_mmx(cpu);
    finish(cpu, i, load_vec(cpu, i));
    NEXT;
}

EXEC(mmx_movq_Qq_Pq_r)
{
    need_mmx(cpu);
    mmx_use(cpu);
    mmx_set(cpu, i->rm, mmx_get(cpu, i->reg));
    NEXT;
}

/* Also MOVNTQ, and MOVQ r/m64, mm to memory. */
EXEC(mmx_movq_Qq_Pq_m)
{
    need_mmx(cpu);
    st64(cpu, i->seg, mem_offset(cpu, i), mmx_get(cpu, i->reg));
    mmx_use(cpu);
    NEXT;
}

EXEC(movq2dq)
{
    need_sse(cpu);
    need_mmx(cpu);
    mmx_use(cpu);
    XMM(i->reg) = (union xmm){.q = {mmx_get(cpu, i->rm), 0}};
    NEXT;
}

EXEC(movdq2q)
{
    need_sse(cpu);
    need_mmx(cpu);
    finish(cpu, i, vec_of(XMM(i->rm).q[0]));
    NEXT;
}

/* ---- SSE's additions */

static VEC shuffle_words(VEC a, unsigned order)
{
    VEC r;

    for (unsigned n = 0; n < 4; n++)
        r.w[LANE16(n)] = a.w[LANE16(order >> 2 * n & 3)];
    return r;
}

EXEC(pshufw_r)
{
    need_mmx(cpu);
    finish(cpu, i,
           shuffle_words(vec_of(mmx_get(cpu, i->rm)), (unsigned)i->imm));
    NEXT;
}

EXEC(pshufw_m)
{
    need_mmx(cpu);
    finish(cpu, i, shuffle_words(load_vec(cpu, i), (unsigned)i->imm));
    NEXT;
}

static void insert_word(struct cpu *cpu, const struct insn *i, uint16_t v)
{
    VEC a = vec_of(mmx_get(cpu, i->reg));

    a.w[LANE16(i->imm & 3)] = v;
    finish(cpu, i, a);
}

EXEC(mmx_pinsrw_r)
{
    need_mmx(cpu);
    insert_word(cpu, i, R16(i->rm));
    NEXT;
}

EXEC(mmx_pinsrw_m)
{
    need_mmx(cpu);
    insert_word(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)));
    NEXT;
}

EXEC(mmx_pextrw)
{
    VEC a = vec_of(mmx_get(cpu, i->rm));

    need_mmx(cpu);
    mmx_use(cpu);
    set_r32(cpu, i->reg, a.w[LANE16(i->imm & 3)]);
    NEXT;
}

EXEC(mmx_pmovmskb)
{
    VEC a = vec_of(mmx_get(cpu, i->rm));

    need_mmx(cpu);
    mmx_use(cpu);
    set_r32(cpu, i->reg, pk_mask(&a));
    NEXT;
}

/* Bytes chosen by the mask's signs, to DS:rDI. */
EXEC(maskmovq)
{
    uint64_t mask = mmx_get(cpu, i->rm), v = mmx_get(cpu, i->reg);
    uint64_t off = mem_wrap(i, R64(RDI));

    need_mmx(cpu);
    for (unsigned n = 0; n < 8; n++)
        if (mask >> (8 * n + 7) & 1)
            mem_probe_write(cpu, i->seg, mem_wrap(i, off + n), 1);
    for (unsigned n = 0; n < 8; n++)
        if (mask >> (8 * n + 7) & 1)
            st8(cpu, i->seg, mem_wrap(i, off + n), (uint8_t)(v >> 8 * n));
    mmx_use(cpu);
    NEXT;
}

/* PALIGNR: bytes of a:b from byte `by` on. */
static uint64_t align_right(uint64_t a, uint64_t b, unsigned by)
{
    unsigned bits = 8 * (by & 7);

    if (by >= 16)
        return 0;
    if (by >= 8)
        return a >> bits;
    return bits == 0 ? b : b >> bits | a << (64 - bits);
}

EXEC(mmx_palignr_r)
{
    need_mmx(cpu);
    finish(cpu, i,
           vec_of(align_right(mmx_get(cpu, i->reg), mmx_get(cpu, i->rm),
                              (unsigned)i->imm)));
    NEXT;
}

EXEC(mmx_palignr_m)
{
    uint64_t b;

    need_mmx(cpu);
    b = simd_load64(cpu, i);
    finish(cpu, i,
           vec_of(align_right(mmx_get(cpu, i->reg), b, (unsigned)i->imm)));
    NEXT;
}
