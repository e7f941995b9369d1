/* exec.h - what an exec_ function is written with.
 *
 * An exec_ function executes one instruction:
 *
 *   EXEC(add_Ev_Gv_32m)
 *   {
 *       uint64_t off = mem_offset(cpu, i);
 *       ... reads, then writes of memory, then registers and flags ...
 *       NEXT;
 *   }
 *
 * Rules. Memory accesses that can fault come before any change of a
 * register, flag or memory, so that a fault leaves the instruction
 * restartable. A guest fault leaves by cpu_raise*(), which does not return.
 * Handlers whose row has A_ENDS leave by one of the exits of flow.h instead
 * of NEXT. cpu->insn == i while the handler runs. */
#ifndef UMBRA_CPU_EXEC_H
#define UMBRA_CPU_EXEC_H

#include "config.h"
#include "cpu/cpu.h"
#include "cpu/event.h"

#define EXEC(id)                                                               \
    const struct insn *exec_##id(struct cpu *cpu, const struct insn *i);       \
    const struct insn *exec_##id(struct cpu *cpu,                              \
                                 EXEC_UNUSED const struct insn *i)
#define EXEC_UNUSED __attribute__((unused)) /* some do not look at i */

/* Go on with instruction n: where the compiler turns sibling calls into
 * jumps (UMBRA_TAIL_CALLS) handlers chain, elsewhere the run loop calls. */
static ALWAYS_INLINE const struct insn *exec_go(struct cpu *cpu,
                                                const struct insn *n)
{
    cpu->insn = n;
#if UMBRA_TAIL_CALLS
    return n->exec(cpu, n);
#else
    return n;
#endif
}

#define NEXT return exec_go(cpu, i + 1)

/* EXEC for a body with local variables whose address is taken. The body is
 * a scope of its own that ends before the jump to the next instruction;
 * inside the handler they would forbid the jump and grow the stack. */
#define EXEC_BODY(id)                                                          \
    static ALWAYS_INLINE void id##_body(struct cpu *cpu,                       \
                                        const struct insn *i);                 \
    EXEC(id)                                                                   \
    {                                                                          \
        id##_body(cpu, i);                                                     \
        NEXT;                                                                  \
    }                                                                          \
    static ALWAYS_INLINE void id##_body(struct cpu *cpu, const struct insn *i  \
                                        __attribute__((unused)))

/* ---- registers by number (not for bytes) and by byte offset */
#define R64(n)  (cpu->reg[n])
#define R32(n)  ((uint32_t)cpu->reg[n])
#define R16(n)  ((uint16_t)cpu->reg[n])
#define R8(off) (((uint8_t *)cpu->reg)[off])

static ALWAYS_INLINE void set_r64(struct cpu *cpu, unsigned n, uint64_t v)
{
    cpu->reg[n] = v;
}

static ALWAYS_INLINE void set_r32(struct cpu *cpu, unsigned n, uint32_t v)
{
    cpu->reg[n] = v; /* the upper half becomes zero */
}

static ALWAYS_INLINE void set_r16(struct cpu *cpu, unsigned n, uint16_t v)
{
    cpu->reg[n] = (cpu->reg[n] & ~0xffffull) | v;
}

static ALWAYS_INLINE void set_r8(struct cpu *cpu, unsigned off, uint8_t v)
{
    ((uint8_t *)cpu->reg)[off] = v;
}

/* ---- effective address: the offset in its segment */
static ALWAYS_INLINE uint64_t mem_wrap(const struct insn *i, uint64_t off)
{
    if (unlikely(i->flags & (IF_ADDR32 | IF_ADDR16)))
        return i->flags & IF_ADDR32 ? (uint32_t)off : (uint16_t)off;
    return off;
}

static ALWAYS_INLINE uint64_t mem_offset(const struct cpu *cpu,
                                         const struct insn *i)
{
    return mem_wrap(i, cpu->reg[i->base] + (cpu->reg[i->index] << i->scale) +
                           (int64_t)i->disp);
}

/* ---- memory, slow path (mem.c): every check, any size up to 64 bytes;
 * raises #GP, #SS, #PF, #AC. Data in guest order. */
void mem_read_slow(struct cpu *cpu, unsigned seg, uint64_t off, void *data,
                   unsigned size);
void mem_write_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                    const void *data, unsigned size);
/* Check a write of [off, off + size) in full without doing it. */
void mem_probe_write(struct cpu *cpu, unsigned seg, uint64_t off,
                     unsigned size);
uint8_t *mem_rmw_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                      unsigned size);
void mem_rmw_end_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                      unsigned size);
/* Linear address of an access, after the segment checks. */
gva_t mem_linear(struct cpu *cpu, unsigned seg, uint64_t off, unsigned size,
                 enum mmu_access access);

/* ---- memory, fast path. An offset so high that off + size wraps passes the
 * segment check, but its last byte lies in page 0: the TLB misses. */
static ALWAYS_INLINE bool mem_hit(struct cpu *cpu, unsigned seg, uint64_t off,
                                  unsigned size, enum mmu_access access,
                                  void **host)
{
    const struct seg_view *v = &cpu->view[seg];
    uint64_t end = access == MMU_WRITE ? v->write_end : v->read_end;
    if (unlikely(off + size > end))
        return false;
    return tlb_hit(&cpu->mmu.now.of[access], v->base + off, size, host);
}

/* The flat address forms of insn.h: where and, outside 64-bit code, wrapped. */
static ALWAYS_INLINE uint64_t flat_address(const struct cpu *cpu,
                                           const struct insn *i,
                                           enum flat_form form)
{
    uint64_t a = cpu->reg[i->base] + (uint64_t)(int64_t)i->disp;
    if (form != FLAT_BASE)
        a += cpu->reg[i->index] << i->scale;
    return form == FLAT_32 ? (uint32_t)a : a;
}

static ALWAYS_INLINE void *mem_fast(struct cpu *cpu, unsigned seg, uint64_t off,
                                    unsigned size, enum mmu_access access)
{
    void *host;
    return mem_hit(cpu, seg, off, size, access, &host) ? host : NULL;
}

#define MEM_ACCESSORS(w, t)                                                    \
    t mem_ld##w##_slow(struct cpu *cpu, unsigned seg, uint64_t off);           \
    void mem_st##w##_slow(struct cpu *cpu, unsigned seg, uint64_t off,         \
                          t value);                                            \
    static ALWAYS_INLINE t ld##w(struct cpu *cpu, unsigned seg, uint64_t off)  \
    {                                                                          \
        void *p;                                                               \
        if (likely(mem_hit(cpu, seg, off, w / 8, MMU_READ, &p)))               \
            return load_le##w(p);                                              \
        return mem_ld##w##_slow(cpu, seg, off);                                \
    }                                                                          \
    static ALWAYS_INLINE void st##w(struct cpu *cpu, unsigned seg,             \
                                    uint64_t off, t value)                     \
    {                                                                          \
        void *p;                                                               \
        if (likely(mem_hit(cpu, seg, off, w / 8, MMU_WRITE, &p)))              \
            store_le##w(p, value);                                             \
        else                                                                   \
            mem_st##w##_slow(cpu, seg, off, value);                            \
    }
MEM_ACCESSORS(8, uint8_t)
MEM_ACCESSORS(16, uint16_t)
MEM_ACCESSORS(32, uint32_t)
MEM_ACCESSORS(64, uint64_t)
#undef MEM_ACCESSORS

/* Blocks of up to 64 bytes, in guest order. */
static ALWAYS_INLINE void ld_bytes(struct cpu *cpu, unsigned seg, uint64_t off,
                                   void *data, unsigned size)
{
    void *p;
    if (likely(mem_hit(cpu, seg, off, size, MMU_READ, &p)))
        memcpy(data, p, size);
    else
        mem_read_slow(cpu, seg, off, data, size);
}

static ALWAYS_INLINE void st_bytes(struct cpu *cpu, unsigned seg, uint64_t off,
                                   const void *data, unsigned size)
{
    void *p;
    if (likely(mem_hit(cpu, seg, off, size, MMU_WRITE, &p)))
        memcpy(p, data, size);
    else
        mem_write_slow(cpu, seg, off, data, size);
}

/* Read-modify-write: mem_rmw gives a pointer to the bytes (in guest order)
 * after all write checks; change them through it, then mem_rmw_end. */
static ALWAYS_INLINE uint8_t *mem_rmw(struct cpu *cpu, unsigned seg,
                                      uint64_t off, unsigned size)
{
    void *p;
    if (likely(mem_hit(cpu, seg, off, size, MMU_WRITE, &p)))
        return p;
    return mem_rmw_slow(cpu, seg, off, size);
}

static ALWAYS_INLINE void mem_rmw_end(struct cpu *cpu, unsigned seg,
                                      uint64_t off, uint8_t *p, unsigned size)
{
    if (unlikely(p == cpu->rmw_buf))
        mem_rmw_end_slow(cpu, seg, off, size);
}

/* Implicit supervisor accesses by linear address (descriptor tables, TSS,
 * IDT): raise #PF as supervisor accesses whatever the CPL. */
uint64_t mem_sys_read(struct cpu *cpu, gva_t gva, unsigned size);
void mem_sys_write(struct cpu *cpu, gva_t gva, uint64_t value, unsigned size);

/* ---- stack: SS, the stack pointer's width from cpu->sp_mask */
static ALWAYS_INLINE void set_sp(struct cpu *cpu, uint64_t sp)
{
    R64(RSP) = (R64(RSP) & ~cpu->sp_mask) | (sp & cpu->sp_mask);
}

#define STACK_ACCESSORS(w, t)                                                  \
    static ALWAYS_INLINE void push##w(struct cpu *cpu, t value)                \
    {                                                                          \
        uint64_t sp = (R64(RSP) - w / 8) & cpu->sp_mask;                       \
        st##w(cpu, SEG_SS, sp, value);                                         \
        set_sp(cpu, sp);                                                       \
    }                                                                          \
    static ALWAYS_INLINE t pop##w(struct cpu *cpu)                             \
    {                                                                          \
        t v = ld##w(cpu, SEG_SS, R64(RSP) & cpu->sp_mask);                     \
        set_sp(cpu, R64(RSP) + w / 8);                                         \
        return v;                                                              \
    }
STACK_ACCESSORS(16, uint16_t)
STACK_ACCESSORS(32, uint32_t)
STACK_ACCESSORS(64, uint64_t)
#undef STACK_ACCESSORS

/* ---- common checks; each raises when it does not hold */
static inline void need_cpl0(struct cpu *cpu)
{
    if (unlikely(cpu->cpl != 0))
        cpu_raise_error(cpu, EX_GP, 0);
}

/* MMX: #UD with EM, #NM with TS, pending #MF. */
void fpu_check_mmx(struct cpu *cpu);

static ALWAYS_INLINE void need_sse(struct cpu *cpu)
{
    if (unlikely((cpu->cr0 & (CR0_EM | CR0_TS)) || !(cpu->cr4 & CR4_OSFXSR)))
        cpu_raise_sse_unavailable(cpu);
}

#endif
