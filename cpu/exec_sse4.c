/* exec_sse4.c - SSE4.1 and SSE4.2 but for string comparison and CRC32.
 *
 * SDM volume 1, 12.5 and 12.10; the work on a lane is in sse4_lanes.h.
 * MOVNTDQA is a plain load: there is no write-combining memory. */
#include "cpu/flags.h"
#include "cpu/sse4_lanes.h"
#include "cpu/sse4_ops.h"

SSE4_OPS(SSE_OP)
SSE4_ONE_OPS(SSE_OP)

#define SSE4_IMM_OP(opcode, name, feature)                                     \
    SSE_DO(sse_##name)                                                         \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        pk_##name(&a, &b, (unsigned)i->imm);                                   \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS(sse_##name)
SSE4_IMM_OPS(SSE4_IMM_OP)

#define SSE4_BLENDV_OP(opcode, name, feature)                                  \
    SSE_DO(sse_##name)                                                         \
    {                                                                          \
        union xmm a = XMM(i->reg), mask = XMM(0);                              \
        pk_##name(&a, &b, &mask);                                              \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS(sse_##name)
SSE4_BLENDV_OPS(SSE4_BLENDV_OP)

static ALWAYS_INLINE union xmm low_half(uint64_t q)
{
    return (union xmm){.q = {q, 0}};
}

#define SSE4_EXTEND_OP(opcode, name, bits, operand)                            \
    SSE_DO(sse_##name)                                                         \
    {                                                                          \
        union xmm a;                                                           \
        pk_##name(&a, &b);                                                     \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS_OF(sse_##name, XMM(i->rm),                                       \
                 low_half(ld##bits(cpu, i->seg, mem_offset(cpu, i))))
SSE4_EXTENDS(SSE4_EXTEND_OP)

/* ---- floating point */

#define SSE4_ROUND_OP(opcode, name, feature)                                   \
    static void sse_##name##_do(struct cpu *cpu, const struct insn *i,         \
                                union xmm b)                                   \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        uint32_t m = sse_begin(cpu);                                           \
        pk_##name(&a, &b, (unsigned)i->imm, &m);                               \
        sse_end(cpu, m);                                                       \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS(sse_##name)

#define SSE4_DOT_OP(opcode, name, feature)                                     \
    static void sse_##name##_do(struct cpu *cpu, const struct insn *i,         \
                                union xmm b)                                   \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        uint32_t m = sse_begin(cpu), kept = 0;                                 \
        pk_##name(&a, &b, 1, (unsigned)i->imm, &m, &kept);                     \
        cpu->mxcsr |= kept;                                                    \
        sse_end(cpu, m);                                                       \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS(sse_##name)

SSE4_ROUND_OPS(SSE4_ROUND_OP)
SSE4_DOT_OPS(SSE4_DOT_OP)

#define ROUND_SCALAR(name, width, lane)                                        \
    static void sse_##name##_do(struct cpu *cpu, const struct insn *i,         \
                                uint##width##_t b)                             \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        uint##width##_t r = pk_round##width(b, (unsigned)i->imm, &m);          \
        sse_end(cpu, m);                                                       \
        XMM(i->reg).lane = r;                                                  \
    }                                                                          \
    SSE_FORMS_OF(sse_##name, XMM(i->rm).lane, simd_load##width(cpu, i))
ROUND_SCALAR(roundss, 32, d[LANE32(0)])
ROUND_SCALAR(roundsd, 64, q[0])

/* ---- PTEST: ZF = no bit of both, CF = no bit of b alone; the rest 0 */

SSE_DO(sse_ptest)
{
    union xmm a = XMM(i->reg);
    bool z = ((a.q[0] & b.q[0]) | (a.q[1] & b.q[1])) == 0;
    bool c = ((~a.q[0] & b.q[0]) | (~a.q[1] & b.q[1])) == 0;

    flags_put(cpu, (z ? FL_Z : 0) | (c ? FL_C : 0));
}
SSE_FORMS(sse_ptest)

/* ---- single lanes */

EXEC(sse_insertps_r)
{
    need_sse(cpu);
    pk_insert_single(&XMM(i->reg), XMM(i->rm).d[LANE32(i->imm >> 6 & 3)],
                     (unsigned)i->imm);
    NEXT;
}

EXEC(sse_insertps_m)
{
    need_sse(cpu);
    pk_insert_single(&XMM(i->reg), simd_load32(cpu, i), (unsigned)i->imm);
    NEXT;
}

/* `lanes` of the union, `lane` its index macro, `bits` of memory. */
#define PINSR(name, lanes, lane, mask, bits, type)                             \
    EXEC(sse_##name##_r)                                                       \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg).lanes[lane(i->imm & (mask))] = (type)R64(i->rm);           \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(sse_##name##_m)                                                       \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg).lanes[lane(i->imm & (mask))] =                             \
            ld##bits(cpu, i->seg, mem_offset(cpu, i));                         \
        NEXT;                                                                  \
    }

#define PEXTR(name, lanes, lane, mask, bits)                                   \
    EXEC(sse_##name##_r)                                                       \
    {                                                                          \
        need_sse(cpu);                                                         \
        set_r64(cpu, i->rm, XMM(i->reg).lanes[lane(i->imm & (mask))]);         \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(sse_##name##_m)                                                       \
    {                                                                          \
        need_sse(cpu);                                                         \
        st##bits(cpu, i->seg, mem_offset(cpu, i),                              \
                 XMM(i->reg).lanes[lane(i->imm & (mask))]);                    \
        NEXT;                                                                  \
    }

#define LANE64(n) (n)
PINSR(pinsrb, b, LANE8, 15, 8, uint8_t)
PINSR(pinsrd, d, LANE32, 3, 32, uint32_t)
PINSR(pinsrq, q, LANE64, 1, 64, uint64_t)
PEXTR(pextrb, b, LANE8, 15, 8)
PEXTR(pextrw_Ed, w, LANE16, 7, 16)
PEXTR(pextrd, d, LANE32, 3, 32) /* also EXTRACTPS */
PEXTR(pextrq, q, LANE64, 1, 64)
