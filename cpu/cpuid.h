/* cpuid.h - what the CPU says it can do (cpuid.c). */
#ifndef UMBRA_CPU_CPUID_H
#define UMBRA_CPU_CPUID_H

#include "cpu/cpu.h"

/* Make this CPU the model chosen; NULL: the default one. Sets features,
 * maxphyaddr and the bits that its registers have. */
void cpuid_set_model(struct cpu *cpu, const struct cpu_choice *choice);
/* Family, model, stepping: CPUID leaf 1 EAX, and EDX after reset. */
uint32_t cpuid_signature(const struct cpu *cpu);
/* EAX, EBX, ECX, EDX of a leaf. */
void cpuid_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf,
                uint32_t out[4]);

#endif
