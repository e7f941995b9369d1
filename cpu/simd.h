/* simd.h - lanes of MMX and XMM registers.
 *
 * A register is an array of 64-bit halves in the host's order, the lower
 * first; smaller lanes lie inside their half as the host has them. LANE8()
 * and its kin give the index of the n-th lane in guest order; work on all
 * lanes alike needs no order and goes by plain index. */
#ifndef UMBRA_CPU_SIMD_H
#define UMBRA_CPU_SIMD_H

#include "cpu/exec.h"

enum {
    SIMD_BIG_ENDIAN = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
    SIMD_SWAP8 = SIMD_BIG_ENDIAN ? 7 : 0,
    SIMD_SWAP16 = SIMD_BIG_ENDIAN ? 3 : 0,
    SIMD_SWAP32 = SIMD_BIG_ENDIAN ? 1 : 0,
};

#define LANE8(n)  ((unsigned)(n) ^ SIMD_SWAP8)
#define LANE16(n) ((unsigned)(n) ^ SIMD_SWAP16)
#define LANE32(n) ((unsigned)(n) ^ SIMD_SWAP32)

union mmx {
    uint8_t b[8];
    uint16_t w[4];
    uint32_t d[2];
    uint64_t q[1];
};

/* Between guest memory order and lanes; its own inverse. */
static ALWAYS_INLINE void simd_swap(union xmm *x)
{
    if (SIMD_BIG_ENDIAN) {
        x->q[0] = LE64(x->q[0]);
        x->q[1] = LE64(x->q[1]);
    }
}

/* #GP(0) unless the operand is aligned to 16 bytes. */
static ALWAYS_INLINE void simd_need_aligned(struct cpu *cpu,
                                            const struct insn *i, uint64_t off)
{
    if (unlikely((cpu->view[i->seg].base + off) & 15))
        cpu_raise_error(cpu, EX_GP, 0);
}

/* The 16-byte memory operand of instruction i. */
static ALWAYS_INLINE union xmm simd_load_any(struct cpu *cpu,
                                             const struct insn *i)
{
    union xmm x;

    ld_bytes(cpu, i->seg, mem_offset(cpu, i), &x, sizeof x);
    simd_swap(&x);
    return x;
}

static ALWAYS_INLINE union xmm simd_load(struct cpu *cpu, const struct insn *i)
{
    uint64_t off = mem_offset(cpu, i);
    union xmm x;

    simd_need_aligned(cpu, i, off);
    ld_bytes(cpu, i->seg, off, &x, sizeof x);
    simd_swap(&x);
    return x;
}

static ALWAYS_INLINE void simd_store_any(struct cpu *cpu, const struct insn *i,
                                         union xmm x)
{
    simd_swap(&x);
    st_bytes(cpu, i->seg, mem_offset(cpu, i), &x, sizeof x);
}

static ALWAYS_INLINE void simd_store(struct cpu *cpu, const struct insn *i,
                                     union xmm x)
{
    uint64_t off = mem_offset(cpu, i);

    simd_need_aligned(cpu, i, off);
    simd_swap(&x);
    st_bytes(cpu, i->seg, off, &x, sizeof x);
}

/* 4- and 8-byte memory operands. */
static ALWAYS_INLINE uint32_t simd_load32(struct cpu *cpu, const struct insn *i)
{
    return ld32(cpu, i->seg, mem_offset(cpu, i));
}

static ALWAYS_INLINE uint64_t simd_load64(struct cpu *cpu, const struct insn *i)
{
    return ld64(cpu, i->seg, mem_offset(cpu, i));
}

/* The bytes of XMM `n` that the signs of XMM `mask` choose, to DS:rDI. */
void simd_store_masked(struct cpu *cpu, const struct insn *i, unsigned n,
                       unsigned mask);

/* NAME_r and NAME_m from NAME_do(cpu, i, operand). */
#define VEC_FORMS_OF(name, need, from_register, from_memory)                   \
    EXEC_BODY(name##_r)                                                        \
    {                                                                          \
        need(cpu);                                                             \
        name##_do(cpu, i, from_register);                                      \
    }                                                                          \
    EXEC_BODY(name##_m)                                                        \
    {                                                                          \
        need(cpu);                                                             \
        name##_do(cpu, i, from_memory);                                        \
    }
#define SSE_FORMS_OF(name, from_register, from_memory)                         \
    VEC_FORMS_OF(name, need_sse, from_register, from_memory)
#define SSE_FORMS(name) SSE_FORMS_OF(name, XMM(i->rm), simd_load(cpu, i))

#define SSE_DO(name)                                                           \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        union xmm b)

/* Destination and operand, by pk_NAME(). */
#define SSE_OP(opcode, name, ...)                                              \
    SSE_DO(sse_##name)                                                         \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        pk_##name(&a, &b);                                                     \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    SSE_FORMS(sse_##name)

#endif
