/* event.h - exceptions, interrupts and their delivery (event.c). */
#ifndef UMBRA_CPU_EVENT_H
#define UMBRA_CPU_EVENT_H

#include "cpu/cpu.h"

/* Leave the current instruction with an exception: state is as before the
 * instruction. Fills cpu->raised and jumps to cpu_run, which calls
 * event_exception. */
NORETURN void cpu_raise(struct cpu *cpu, unsigned vector);
NORETURN void cpu_raise_error(struct cpu *cpu, unsigned vector, uint32_t error);
NORETURN void cpu_raise_fault(struct cpu *cpu, const struct mmu_fault *fault);
/* #GP(0), or #SS(0) for accesses through SS. */
NORETURN void cpu_raise_seg(struct cpu *cpu, unsigned seg);
/* #UD or #NM, whichever CR0.EM, CR4.OSFXSR, CR0.TS call for. */
NORETURN void cpu_raise_sse_unavailable(struct cpu *cpu);

enum event_kind {
    EVENT_EXTERNAL, /* INTR: vector from the controller */
    EVENT_NMI,
    EVENT_EXCEPTION, /* fault or trap found by the CPU */
    EVENT_SOFT,      /* INT n */
    EVENT_SOFT_EX,   /* INT3, INTO: gate DPL is checked */
    EVENT_ICEBP,     /* INT1: gate DPL is not checked */
    /* Only in cpu->history: far transfers that were begun. */
    EVENT_FAR_JMP,
    EVENT_FAR_CALL,
    EVENT_FAR_RET,
    EVENT_IRET,
};

static inline void event_note(struct cpu *cpu, enum event_kind kind,
                              unsigned vector, uint64_t rip)
{
    cpu->history[cpu->history_count++ % CPU_HISTORY] = (struct cpu_history){
        (uint8_t)kind, (uint8_t)vector, cpu->seg[SEG_CS].selector, rip};
}

/* Deliver through IVT or IDT with `rip` as the return address: pushes the
 * frame, loads CS:RIP, SS:RSP, EFLAGS. May raise a further exception by
 * cpu_raise (state unchanged then). */
void event_deliver(struct cpu *cpu, enum event_kind kind, unsigned vector,
                   bool has_error, uint32_t error, uint64_t rip);

/* Called by cpu_run after cpu_raise: delivers cpu->raised, turns a fault
 * during delivery into #DF and that into shutdown (SDM 3, table 6-5).
 * Returns false on shutdown; cpu->faults[] then holds the chain. */
bool event_exception(struct cpu *cpu);

/* Called by cpu_run between instructions while cpu->attention is set:
 * takes NMI, external interrupts (when EFLAGS.IF, no shadow), #DB traps in
 * the manual's order (SDM 3, table 6-2). True when something was taken. */
bool event_poll(struct cpu *cpu);

/* An access to linear addresses or ports: what data breakpoints it meets is
 * remembered in cpu->watch_hit. */
enum watch_kind { WATCH_WRITE, WATCH_READ, WATCH_IO };
void event_watch(struct cpu *cpu, gva_t addr, unsigned size,
                 enum watch_kind kind);
/* After each instruction in stepping mode (ATT_TRAP): #DB for TF and data
 * breakpoints. */
void event_after_step(struct cpu *cpu, bool tf_before);
/* In cpu->watch_hit: the instruction before loaded SS (SDM 3, 6.8.3). */
enum { WATCH_SS_LOADED = 0x80 };
/* Before it: code breakpoints (RF = 0); raises #DB. */
void event_before_step(struct cpu *cpu);

#endif
