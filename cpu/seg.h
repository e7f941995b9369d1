/* seg.h - segment registers, descriptors, far control transfers (seg.c,
 * far.c) and task switches (task.c). SDM volume 3, chapters 3, 5 and 7. */
#ifndef UMBRA_CPU_SEG_H
#define UMBRA_CPU_SEG_H

#include "cpu/cpu.h"

/* MOV/POP/LxS to a segment register with every check of the mode; raises
 * #GP, #SS, #NP, #TS, #PF. Not for CS. Updates views. */
void seg_load(struct cpu *cpu, unsigned seg, uint16_t selector);
/* Real and virtual-8086 mode value. */
void seg_load_real(struct cpu *cpu, unsigned seg, uint16_t selector);

/* Fetch a descriptor (8 bytes) from GDT or LDT; false outside the limit. */
bool seg_fetch(struct cpu *cpu, uint16_t selector, uint64_t *desc,
               gva_t *where);
/* Descriptor -> hidden part. */
void seg_unpack(struct seg *seg, uint16_t selector, uint64_t desc);

/* Set the accessed bit of a descriptor at `where`. */
void seg_set_accessed(struct cpu *cpu, gva_t where, uint64_t *desc);

/* Far transfers; `osize` 2, 4 or 8. On return CS:RIP is the target (RIP by
 * cpu_set_rip) and views are fresh. */
void far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset,
              unsigned osize);
void far_call(struct cpu *cpu, uint16_t selector, uint64_t offset,
              unsigned osize, uint64_t return_rip);
void far_ret(struct cpu *cpu, unsigned osize, uint16_t pop_bytes);
void far_iret(struct cpu *cpu, unsigned osize, uint64_t next_rip);

/* Outside 64-bit code the upper halves of RAX to RDI are 0 (the manuals leave
 * undefined what becomes of them): addresses of translated 32-bit code rely on
 * it. For whoever enters such code. */
void seg_clear_upper(struct cpu *cpu);

/* Task switch by JMP, CALL, IRET or an interrupt through a task gate. */
enum task_source { TASK_JMP, TASK_CALL, TASK_IRET, TASK_INT };
/* TASK_INT: what is being delivered. */
struct task_event {
    uint32_t eflags; /* to save in the old TSS */
    uint32_t ext;    /* EXT bit of error codes about the switch */
    bool has_error;  /* push `error` on the new task's stack */
    uint32_t error;
};
void task_switch(struct cpu *cpu, uint16_t tss_selector, uint64_t desc,
                 enum task_source source, uint64_t next_rip,
                 const struct task_event *event);

/* I/O permission for `size` ports at `port` (CPL > IOPL or V86): raises
 * #GP(0) when the bitmap denies. */
void seg_check_io(struct cpu *cpu, unsigned port, unsigned size);

#endif
