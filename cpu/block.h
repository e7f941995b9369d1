/* block.h - decoded blocks: straight runs of instructions, cached by
 * physical address and mode.
 *
 * A block lies in one page, but for a block of a single instruction that
 * straddles two. A store to the bytes they were decoded from kills them (mode =
 * MODE_DEAD, links to them cut). Memory of dead blocks is used again only when
 * the run loop makes room for a block (block_arena.h), so a handler may go on
 * reading the block it has just killed. */
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

/* One of a translated block's direct jumps: where its distance is to be
 * patched, and where it leads while it is not linked (cpu/jit). */
struct jit_edge {
    uint8_t *field;
    uint8_t *field2; /* another one, or NULL */
    uint64_t unlinked;
    uint64_t entry; /* host code that goes along the edge */
    /* Into another page: where the host address is that the exec TLB must
     * have for that page. */
    uint8_t *frame;
};

/* Keyed by `code` (host address of the first byte: the frame's identity,
 * whatever guest-physical address it answers at) and `mode`. What is looked
 * at to find and enter a block comes first, in one line of the host's cache:
 * searches are not kind to that. */
struct block {
    uint32_t mode;  /* enum cpu_mode or MODE_DEAD */
    uint16_t count; /* instructions */
    uint16_t bytes;
    uint64_t host;       /* translated code; or what leads to the interpreter */
    const uint8_t *code; /* host */
    struct block *next;  /* in cpu/block_index.h */
    uint32_t lines;      /* of memory, see block_arena.h */
    uint32_t mode_alive;
    struct block *link[2]; /* NULL = not linked */
    const uint8_t *code2;  /* first byte in a second page or NULL */
    gpa_t gpa, gpa2;       /* of the pages */
    struct ram_frame *frame, *frame2;
    struct block *next_second; /* in cpu/block_index.h */
    struct block_link out[2];
    struct block_link *incoming;
    exec_fn *exec0; /* of insn[0] itself, where the JIT put another one */
    uint32_t heat;  /* entries until it is translated */
    bool changed;   /* stores killed the block that was there before */
    bool translated;
    bool no_groups; /* translate with a lookup for each access */
    bool trace;     /* `host` is a trace's, which begins here */
    bool records;   /* is about to */
    bool no_trace;  /* never will */
    bool roves;     /* its indirect jump goes elsewhere all the time */
    bool tail;      /* its trace is short and ends with such a jump */
    uint8_t astray_looks;
    uint8_t samples;
    uint16_t traces; /* it is a part of, counted for each time */
    uint64_t plain;  /* its own translation */
    uint16_t group_misses;
    uint64_t first_miss; /* cpu_icount */
    /* Instructions whose accesses go to another page each time (bits). */
    uint32_t roams;
    uint8_t near_looks;
    bool undecodable; /* the last instruction: #UD or #GP */
    struct jit_edge edge[2];
    struct block *far[2]; /* linked across pages by the JIT, or NULL */
    /* count + 1: the last leaves the block. Behind it are the bytes they were
     * decoded from. */
    struct insn insn[];
};

/* ---- the cache */
/* `size`: bytes for blocks, 0: 20 MiB. */
struct block_cache *block_cache_create(size_t size);
void block_cache_destroy(struct block_cache *cache);
/* Between instructions: the block at RIP `rip` of the current mode, decoded
 * if need be. NULL: run it by block_single (code in MMIO, CS limit near).
 * Raises #PF. */
struct block *block_find(struct cpu *cpu, uint64_t rip);
/* The same for a block that exists, from what is cached: NULL says nothing. No
 * fault, no decoding; the jump cache knows it afterwards, unless it lies in two
 * pages. */
struct block *block_known(struct cpu *cpu, uint64_t rip);
/* A block of the one instruction at `rip`, valid until the next call. */
struct block *block_single(struct cpu *cpu, uint64_t rip);
/* As mmu_client's: bytes that blocks were decoded from have changed. */
void block_code_written(struct cpu *cpu, const struct mmu_code *page,
                        unsigned offset, unsigned size);
/* Every block that may still be entered. */
void block_each(struct cpu *cpu,
                void (*visit)(struct cpu *cpu, struct block *b));
/* The running block ends behind the current instruction: that made something
 * due, which comes there, as it would if a slice of the run ended there. */
void block_cut(struct cpu *cpu);
/* Drop everything; only between instructions. */
void block_drop_all(struct cpu *cpu);
/* Between instructions: what is wrong with the cache, NULL = nothing. */
const char *block_audit(struct cpu *cpu);

/* Either lies in one page, both in the same frame: which may be mapped at two
 * pages. */
static inline bool block_same_frame(const struct block *a,
                                    const struct block *b)
{
    return a->frame == b->frame && !a->code2 && !b->code2;
}

/* Way out `n` of `b`, which is in no list of `t` yet, leads to t. */
static inline void block_join(struct block *b, unsigned n, struct block *t)
{
    b->out[n].from = b;
    b->out[n].next = t->incoming;
    t->incoming = &b->out[n];
}

/* Out of line: budget used up, or the CS limit is near. */
const struct insn *block_enter_slow(struct cpu *cpu, struct block *b,
                                    uint64_t rip);
const struct insn *flow_link_slow(struct cpu *cpu, unsigned n, uint64_t rip);

static ALWAYS_INLINE const struct insn *
block_enter(struct cpu *cpu, struct block *b, uint64_t rip)
{
    if (unlikely(rip + b->bytes > cpu->cs_end || cpu->budget < b->count))
        return block_enter_slow(cpu, b, rip);
    cpu->reg[REG_RIP] = rip;
    cpu->budget -= b->count;
    cpu->block = b;
    return exec_go(cpu, b->insn);
}

/* The same from a branch of 64-bit code: no CS limit. */
static ALWAYS_INLINE const struct insn *
block_enter_64(struct cpu *cpu, struct block *b, uint64_t rip)
{
    if (unlikely(cpu->budget < b->count))
        return block_enter_slow(cpu, b, rip);
    cpu->reg[REG_RIP] = rip;
    cpu->budget -= b->count;
    cpu->block = b;
    return exec_go(cpu, b->insn);
}

#endif
