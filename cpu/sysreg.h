/* sysreg.h - control, debug and model-specific registers (sysreg.c). All
 * raise #GP or #UD themselves. */
#ifndef UMBRA_CPU_SYSREG_H
#define UMBRA_CPU_SYSREG_H

#include "cpu/cpu.h"

uint64_t sysreg_read_cr(struct cpu *cpu, unsigned n);
void sysreg_write_cr(struct cpu *cpu, unsigned n, uint64_t value);
/* LMSW, CLTS: bits that need no checks of the whole register. */
void sysreg_set_cr0(struct cpu *cpu, uint64_t value);

uint64_t sysreg_read_dr(struct cpu *cpu, unsigned n);
void sysreg_write_dr(struct cpu *cpu, unsigned n, uint64_t value);

uint64_t sysreg_rdmsr(struct cpu *cpu, uint32_t msr);
void sysreg_wrmsr(struct cpu *cpu, uint32_t msr, uint64_t value);

/* Rights of the protection keys: they decide about pages at once. */
void sysreg_write_pkru(struct cpu *cpu, uint32_t value);

/* Time stamp counter with the guest's own offset. */
uint64_t sysreg_tsc(struct cpu *cpu);

#endif
