/* jit.h - engine T1: decoded blocks become host code.
 *
 * A block that has been entered often enough is translated. Its first
 * instruction's handler then is one that enters the host code, so that the
 * interpreter (T0) and translated code (T1) share blocks, links and jump
 * caches and hand over to each other at block boundaries; inside a block T1
 * can have T0 execute any single instruction. Traces of blocks (T2) are
 * trace.h's. docs/JIT.md explains. */
#ifndef UMBRA_CPU_JIT_JIT_H
#define UMBRA_CPU_JIT_JIT_H

#include "cpu/block.h"

struct jit;

/* THE list of counters; counted in slow paths only. */
#define JIT_COUNTERS(X)                                                        \
    X(translated, "blocks translated")                                         \
    X(guest_bytes, "bytes of guest code translated")                           \
    X(host_bytes, "bytes of host code made")                                   \
    X(killed, "translated blocks whose code changed")                          \
    X(recycled, "times the cache was full and began anew")                     \
    X(evicted, "blocks' translations that made room for others")               \
    X(renewed, "blocks translated again, without groups of accesses")          \
    X(traces, "traces made of blocks")                                         \
    X(linked, "jumps linked to their target")                                  \
    X(enter, "entries from the interpreter")                                   \
    X(exit_edge, "exits: target not translated or not linked yet")             \
    X(exit_insn, "exits: an instruction that ends the block")                  \
    X(exit_stay, "system instructions that ended a block, but not T1")         \
    X(find, "jump targets searched for")                                       \
    X(exit_budget, "exits: time for events")                                   \
    X(exit_stale, "exits: the block changed itself")                           \
    X(call_insn, "single instructions executed by the interpreter")            \
    X(call_memory, "memory accesses that missed the TLB")                      \
    X(elided, "lookups checked by a shadow-check build")                       \
    X(near_fill, "near slots filled")                                          \
    X(roves, "indirect jumps that traces end with, for they rove")             \
    X(near_roams, "accesses that do without, for they roam")                   \
    X(cache_used, "bytes of the code cache in use")                            \
    X(cache_size, "bytes of the code cache")

struct jit_counters {
#define X(id, help) uint64_t id;
    JIT_COUNTERS(X)
#undef X
};

/* NULL: this host has no JIT, or no memory for it (error[] says which).
 * `bytes`: size of the code cache. */
struct jit *jit_create(struct cpu *cpu, uint64_t bytes, char *error,
                       size_t error_size);
void jit_destroy(struct jit *jit);
/* Translate blocks at this entry (1 = the first), for tests. */
void jit_set_heat(struct jit *jit, uint32_t entries);
/* Wrong on purpose: lookups that a shadow-check build has to find missing.
 * Other builds cannot be made wrong. */
enum jit_fault {
    JIT_FAULT_NONE,
    JIT_FAULT_REGISTER, /* a changed register counts as unchanged */
    JIT_FAULT_RIGHTS,   /* a load's lookup serves stores */
    JIT_FAULT_RANGE,    /* one byte is looked up for all of a group */
    JIT_FAULT_MAPPING,  /* T0's instructions do not end a group */
    JIT_FAULT_PAGE,     /* jumps across pages do not ask where that leads */
};
void jit_set_fault(struct jit *jit, enum jit_fault fault);
/* A block has been put into the cache: count its entries. */
void jit_block_made(struct cpu *cpu, struct block *b);
/* A block's code has changed or goes: unlink jumps to it. */
void jit_block_killed(struct cpu *cpu, struct block *b);
/* The jump of `b` along edge n may no longer go to its target. */
void jit_unlink(struct cpu *cpu, struct block *b, unsigned n);
/* All of them. */
void jit_unlink_incoming(struct cpu *cpu, struct block *b);
/* Every translation goes (only between instructions). */
void jit_drop_all(struct cpu *cpu);
/* What is wrong with its links and traces, NULL = nothing. */
const char *jit_audit(const struct jit *jit);
const struct jit_counters *jit_counters(const struct jit *jit);

#endif
