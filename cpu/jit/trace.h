/* trace.h - engine T2: blocks that are executed one after the other,
 * translated as one.
 *
 * Whichever block the budget ends in is a sample of where the guest spends its
 * instructions. A block that was sampled a few times becomes the head of a
 * trace: T0 executes from it once, and the translated blocks it comes by
 * (their handlers lead to the JIT) are the trace, until it comes by the head
 * again: a loop. What does not ends where another trace begins. The trace's
 * code is what entering the head leads to; a way that the trace does not take
 * leaves it along the edge of the block's own translation. */
#ifndef UMBRA_CPU_JIT_TRACE_H
#define UMBRA_CPU_JIT_TRACE_H

#include "cpu/block.h"

enum {
    TRACE_MAX_PARTS = JIT_TRACE_PAGES,
    TRACE_MAX_INSNS = 128,
    TRACES = 1024, /* at a time; the oldest makes room */
};

/* Blocks and where they were when they were recorded, in this order. */
struct trace_path {
    unsigned parts, insns;
    struct block *part[TRACE_MAX_PARTS];
    uint64_t rip[TRACE_MAX_PARTS];
    bool loops; /* the head follows */
};

struct trace {
    struct block *head; /* NULL: free */
    struct code_piece *piece;
    unsigned parts;
    struct block *part[TRACE_MAX_PARTS];
};

struct tracer {
    struct trace_path path; /* being recorded */
    /* How many parts it has until it comes by another trace's head, which it
     * only goes beyond if it comes by its own; 0: it did not. */
    unsigned cut;
    bool recording;
    unsigned samples; /* make a block the head of a trace */
    unsigned next;    /* trace[] to use next */
    uint64_t killed;
    struct trace trace[TRACES];
};

/* The budget ended at block b. */
void trace_sample(struct cpu *cpu, struct block *b);
/* T0 is about to execute translated block b, RIP is known. True: it must, and
 * not the translation. */
bool trace_follow(struct cpu *cpu, struct block *b);
/* The way goes on where no trace can. */
void trace_break(struct cpu *cpu);
/* Block b's translation, or b itself, goes: so do its traces. */
void trace_forget(struct cpu *cpu, struct block *b);
/* The trace's code goes. */
void trace_evict(struct cpu *cpu, struct block *head);
/* What is wrong, NULL = nothing. */
const char *trace_audit(const struct tracer *tracer);
/* All translations go. */
void trace_forget_all(struct cpu *cpu);

#endif
