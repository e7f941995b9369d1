/* avx.h - what AVX instructions share: when they exist, registers of either
 * width, memory operands.
 *
 * A VEX instruction works on one 128-bit lane or, with VEX.L, on two, each
 * as its SSE form does; writing a register clears what lies above. Memory
 * operands need no alignment but where an instruction says so. */
#ifndef UMBRA_CPU_AVX_H
#define UMBRA_CPU_AVX_H

#include "cpu/sse.h"
#include "cpu/xsave.h"

NORETURN void avx_unavailable(struct cpu *cpu);

/* #UD unless the OS has enabled AVX state; #NM with CR0.TS. */
static ALWAYS_INLINE void need_avx(struct cpu *cpu)
{
    const uint64_t state = XCR0_SSE | XCR0_AVX;

    if (unlikely((cpu->cr0 & CR0_TS) || !(cpu->cr4 & CR4_OSXSAVE) ||
                 (cpu->xcr0 & state) != state))
        avx_unavailable(cpu);
}

static ALWAYS_INLINE bool avx_wide(const struct insn *i)
{
    return i->flags & IF_VEXL;
}

/* 128-bit lanes the instruction works on. */
static ALWAYS_INLINE unsigned avx_lanes(const struct insn *i)
{
    return avx_wide(i) ? 2 : 1;
}

/* The source register in VEX.vvvv. */
static ALWAYS_INLINE union vec avx_source(const struct cpu *cpu,
                                          const struct insn *i)
{
    return cpu->vec[insn_vvvv(i)];
}

/* An immediate byte, without what lies above it. */
static ALWAYS_INLINE unsigned avx_imm(const struct insn *i)
{
    return (unsigned)i->imm & 0xff;
}

static ALWAYS_INLINE union vec avx_extend(union xmm low)
{
    return (union vec){.q = {low.q[0], low.q[1], 0, 0}};
}

/* ---- writing registers */

static ALWAYS_INLINE void avx_set128(struct cpu *cpu, unsigned reg, union xmm x)
{
    cpu->vec[reg] = avx_extend(x);
}

/* As wide as VEX.L says. */
static ALWAYS_INLINE void avx_set(struct cpu *cpu, const struct insn *i,
                                  unsigned reg, union vec v)
{
    if (avx_wide(i))
        cpu->vec[reg] = v;
    else
        avx_set128(cpu, reg, v.x[0]);
}

/* ---- memory operands */

static ALWAYS_INLINE void avx_swap(union vec *v)
{
    simd_swap(&v->x[0]);
    simd_swap(&v->x[1]);
}

static ALWAYS_INLINE union vec avx_load256(struct cpu *cpu,
                                           const struct insn *i)
{
    union vec v;

    ld_bytes(cpu, i->seg, mem_offset(cpu, i), &v, sizeof v);
    avx_swap(&v);
    return v;
}

/* As wide as VEX.L says. */
static ALWAYS_INLINE union vec avx_load(struct cpu *cpu, const struct insn *i)
{
    if (avx_wide(i))
        return avx_load256(cpu, i);
    return avx_extend(simd_load_any(cpu, i));
}

static ALWAYS_INLINE void avx_store(struct cpu *cpu, const struct insn *i,
                                    union vec v)
{
    if (avx_wide(i)) {
        avx_swap(&v);
        st_bytes(cpu, i->seg, mem_offset(cpu, i), &v, sizeof v);
    } else {
        simd_store_any(cpu, i, v.x[0]);
    }
}

/* #GP(0) unless the operand is aligned to its size. */
static ALWAYS_INLINE void avx_need_aligned(struct cpu *cpu,
                                           const struct insn *i)
{
    uint64_t at = cpu->view[i->seg].base + mem_offset(cpu, i);

    if (unlikely(at & (avx_wide(i) ? 31 : 15)))
        cpu_raise_error(cpu, EX_GP, 0);
}

#define AVX_FORMS_OF(name, from_register, from_memory)                         \
    VEC_FORMS_OF(name, need_avx, from_register, from_memory)
/* The operand is a union vec as wide as VEX.L says, */
#define AVX_FORMS(name) AVX_FORMS_OF(name, cpu->vec[i->rm], avx_load(cpu, i))
/* or always a union xmm. */
#define AVX_FORMS128(name) AVX_FORMS_OF(name, XMM(i->rm), simd_load_any(cpu, i))

#define AVX_DO(name, type)                                                     \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        type b)
/* Once for both forms: it is long. */
#define AVX_DO_FAR(name, type)                                                 \
    static NOINLINE void name##_do(struct cpu *cpu, const struct insn *i,      \
                                   type b)

/* Two operands, VEX.vvvv and register or memory, with 128 or 256 bits: each
 * lane by pk_NAME(). */
#define AVX_OP(opcode, name, ...)                                              \
    AVX_DO(avx_##name, union vec)                                              \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b.x[n]);                                       \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

#endif
