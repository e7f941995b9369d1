/* cpuid.h - what the CPU says it can do (cpuid.c). */
#ifndef UMBRA_CPU_CPUID_H
#define UMBRA_CPU_CPUID_H

#include "cpu/cpu.h"

/* Fill cpu->features and cpu->maxphyaddr from the model. */
void cpuid_set_features(struct cpu *cpu);
/* Family, model, stepping: CPUID leaf 1 EAX, and EDX after reset. */
uint32_t cpuid_signature(const struct cpu *cpu);
/* EAX, EBX, ECX, EDX of a leaf. */
void cpuid_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf,
                uint32_t out[4]);

#endif
