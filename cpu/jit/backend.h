/* backend.h - what a host provides to the JIT (cpu/jit/jit.c).
 *
 * Exactly one folder with these functions is linked: x64/, or none.c. */
#ifndef UMBRA_CPU_JIT_BACKEND_H
#define UMBRA_CPU_JIT_BACKEND_H

#include "cpu/jit/codebuf.h"
#include "cpu/jit/jit.h"
#include "cpu/jit/trace.h"

struct jit {
    struct codebuf buf;
    struct jit_counters count;
    void *common;          /* the backend's */
    struct insn single[2]; /* for jit_call_insn */
    uint32_t heat;         /* entries before a block is translated */
    enum jit_fault fault;
    uint64_t elided; /* host address to be checked (elided.h) */
    struct tracer tracer;
    bool near_all; /* near slots for all accesses, not only likely ones */
    uint64_t astray_since; /* likewise, who leaves traces */
    uint64_t near_since;   /* cpu_icount when who fills was last looked at */
};

/* True: this host can. */
bool backend_present(void);
/* Make the common code at the start of the buffer. False: no memory. */
bool backend_init(struct jit *jit, struct cpu *cpu);
void backend_free(struct jit *jit);
/* What b->host leads to while the block is not translated. */
uint64_t backend_enter_block(const struct jit *jit);
/* What code called from T1 returns to leave it. */
uint64_t backend_leave(const struct jit *jit);
/* Translate; false: it stays with the interpreter. */
bool backend_translate(struct jit *jit, struct cpu *cpu, struct block *b);
/* The same for a trace, which is cut where it cannot go on: the code's
 * address, or 0. */
uint64_t backend_trace(struct jit *jit, struct cpu *cpu,
                       struct trace_path *path);
/* Room a block or a trace of so many instructions takes at most. */
size_t backend_room(unsigned insns);
/* Execute from b->host until something returns; cpu->hot.next tells. */
void backend_run(const struct jit *jit, struct cpu *cpu, struct block *b);
void backend_link(struct jit *jit, struct block *b, unsigned n,
                  uint64_t target);
/* Where edge n, which has a field, leads. */
uint64_t backend_target(const struct jit *jit, const struct block *b,
                        unsigned n);

/* Text of the host instruction at `address` of the buffer, in at most `avail`
 * bytes; returns its length. */
size_t backend_disasm(const struct jit *jit, uint64_t address, size_t avail,
                      char *text, size_t text_size);

/* Entering the block leads to `host` from now on. */
void jit_lead(struct cpu *cpu, struct block *b, uint64_t host);

/* ---- jit.c: room for code, by taking it from the oldest (only between
 * instructions) */
void jit_make_room(struct cpu *cpu, unsigned insns);
/* Those who watch hear of a translation of `size` bytes; a block's path has one
 * part. */
void jit_tell(struct cpu *cpu, const struct trace_path *path,
              const struct code_piece *piece, size_t size);

/* ---- called by translated code, all guest registers in struct cpu. They
 * return where to go on (host address); 0: behind the call. */
uint64_t jit_call_insn(struct cpu *cpu, const struct insn *i, uint32_t index);
uint64_t jit_exit_insn(struct cpu *cpu, const struct insn *i, uint32_t index);
uint64_t jit_find(struct cpu *cpu, const struct insn *i, uint32_t index);
uint64_t jit_edge(struct cpu *cpu, struct block *b, uint32_t n);
uint64_t jit_enter_block(struct cpu *cpu, struct block *b, uint32_t unused);
uint64_t jit_no_budget(struct cpu *cpu, struct block *b, uint32_t unused);
uint64_t jit_lazy_flags(struct cpu *cpu, const void *unused, uint32_t unused2);

/* Bits in `index` of jit_call_insn. */
enum {
    JIT_INDEX = 0xff,
    JIT_FLAGS_TO_RAW = 1 << 8, /* hot.flags must hold them afterwards */
    JIT_MEMORY = 1 << 9,       /* a missed access, for the counters */
    JIT_TRACE = 1 << 10,       /* from a trace */
};

#endif
