/* flow.h - how a block's last instruction leaves it (interp.c, block.c).
 *
 * Every exit gives the next RIP; it is wrapped by cpu->ip_mask, checked
 * against the CS limit (or canonical) and the next block is looked up. */
#ifndef UMBRA_CPU_FLOW_H
#define UMBRA_CPU_FLOW_H

#include "cpu/block.h"
#include "cpu/exec.h"

/* RIP of instruction i and of the one after it. */
static ALWAYS_INLINE uint64_t insn_rip(const struct cpu *cpu,
                                       const struct insn *i)
{
    return (cpu->reg[REG_RIP] + i->off) & cpu->ip_mask;
}

static ALWAYS_INLINE uint64_t insn_next_rip(const struct cpu *cpu,
                                            const struct insn *i)
{
    return (cpu->reg[REG_RIP] + i->off + i->len) & cpu->ip_mask;
}

/* Back to the run loop, which polls for interrupts and looks `rip` up: for
 * instructions that changed mode, segments, mappings or interrupt state. */
const struct insn *flow_resync(struct cpu *cpu, uint64_t rip);

/* Between instructions: something is for the run loop to look at. */
static inline bool flow_needs_attention(const struct cpu *cpu)
{
    uint32_t a = cpu->attention;
    if (!(cpu->eflags & EFL_IF))
        a &= ~(uint32_t)ATT_INTR;
    return a & ~(uint32_t)ATT_NMI_BLOCKED;
}

/* Raise #GP(0) when execution may not go on at `rip`: outside the CS limit or
 * not canonical. Branches call it before anything is changed. */
static ALWAYS_INLINE void flow_check(struct cpu *cpu, uint64_t rip)
{
    if (unlikely(cpu->cs_end == ~0ull ? !cpu_canonical(cpu, rip)
                                      : rip >= cpu->cs_end))
        cpu_raise_error(cpu, EX_GP, 0);
}

/* Block at `rip` by the jump cache, or NULL. A hit needs no flow_check; the
 * last byte of 64-bit code's addresses is never a hit. */
static ALWAYS_INLINE struct block *flow_find(struct cpu *cpu, uint64_t rip)
{
    gva_t gva = cpu->cs_base + rip;
    struct jump_slot *slot = &cpu->mmu.now.jump[jump_slot_of(gva)];
    struct block *b = slot->block;
    if (likely(slot->key == gva && b->mode == cpu->mode && rip < cpu->cs_end))
        return b;
    return NULL;
}

/* The same, or what else is cached. */
static inline struct block *flow_known(struct cpu *cpu, uint64_t rip)
{
    struct block *b = flow_find(cpu, rip);
    return b ? b : block_known(cpu, rip);
}

/* Indirect jumps: `rip` was checked or found. */
const struct insn *flow_jump_slow(struct cpu *cpu, uint64_t rip);

static ALWAYS_INLINE const struct insn *
flow_jump_to(struct cpu *cpu, struct block *found, uint64_t rip)
{
    if (likely(found != NULL))
        return block_enter(cpu, found, rip);
    return flow_jump_slow(cpu, rip);
}

/* Offset of the next instruction from the block's start, in branches: the
 * decoder has no other use for their `disp`. */
static ALWAYS_INLINE uint64_t branch_next(const struct cpu *cpu,
                                          const struct insn *i)
{
    return cpu->reg[REG_RIP] + (uint64_t)(int64_t)i->disp;
}

/* Direct branches: link 0 = taken, 1 = fall through. Links exist only
 * between blocks of one page in 32- and 64-bit code, so that the mapping
 * under which this block was entered holds for the target too. */
static ALWAYS_INLINE const struct insn *flow_link(struct cpu *cpu, unsigned n,
                                                  uint64_t rip)
{
    struct block *t = cpu->block->link[n];
    if (likely(t != NULL))
        return block_enter(cpu, t, rip);
    return flow_link_slow(cpu, n, rip);
}

/* The same in 64-bit code. */
static ALWAYS_INLINE const struct insn *flow_link_64(struct cpu *cpu,
                                                     unsigned n, uint64_t rip)
{
    struct block *t = cpu->block->link[n];
    if (likely(t != NULL))
        return block_enter_64(cpu, t, rip);
    return flow_link_slow(cpu, n, rip);
}

#endif
