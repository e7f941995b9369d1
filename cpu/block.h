/* block.h - decoded blocks: straight runs of instructions, cached by
 * physical address and mode.
 *
 * A block lies in one page, but for a block of a single instruction that
 * straddles two. Blocks of a page hang in a list from its ram_frame; a store
 * to a granule they were decoded from kills them (mode = MODE_DEAD, links to
 * them cut). Memory of dead blocks is not reused before the whole cache is
 * emptied, so a handler may go on reading the block it has just killed. */
#ifndef UMBRA_CPU_BLOCK_H
#define UMBRA_CPU_BLOCK_H

#include "cpu/cpu.h"
#include "cpu/exec.h"

enum { BLOCK_MAX_INSNS = 32, BLOCK_MAX_BYTES = 240 };

/* `incoming` heads the list of link slots that lead here. */
struct block_link {
    struct block *from;
    struct block_link *next;
};

struct block {
    struct block *link[2];      /* NULL = not linked */
    uint32_t mode;              /* enum cpu_mode or MODE_DEAD */
    uint16_t count;             /* instructions */
    uint16_t bytes;
    gpa_t gpa;                  /* of the first byte */
    gpa_t gpa2;                 /* second page's gpa or ~0 */
    struct ram_frame *frame, *frame2;
    struct block *hash_next;
    struct block *frame_next;   /* in frame's list */
    struct block *frame2_next;  /* in frame2's list */
    struct block_link out[2];
    struct block_link *incoming;
    struct insn insn[];         /* count + 1: the last leaves the block */
};

/* Out of line: budget used up, or the CS limit is near. */
const struct insn *block_enter_slow(struct cpu *cpu, struct block *b,
                                    uint64_t rip);
const struct insn *flow_link_slow(struct cpu *cpu, unsigned n, uint64_t rip);

static ALWAYS_INLINE const struct insn *block_enter(struct cpu *cpu,
                                                    struct block *b,
                                                    uint64_t rip)
{
    cpu->reg[REG_RIP] = rip;
    if (unlikely(rip + b->bytes > cpu->cs_end || cpu->budget < b->count))
        return block_enter_slow(cpu, b, rip);
    cpu->budget -= b->count;
    cpu->block = b;
    return exec_go(cpu, b->insn);
}

#endif
