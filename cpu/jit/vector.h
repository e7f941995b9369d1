/* vector.h - may translated code keep guest vector registers in host ones? */
#ifndef UMBRA_CPU_JIT_VECTOR_H
#define UMBRA_CPU_JIT_VECTOR_H

#include "devices/core/base.h"

struct cpu;

/* What of the guest's vector state translated code may work on. */
enum jit_vector {
    JIT_VECTOR_NONE, /* an instruction would raise an exception, or might */
    JIT_VECTOR_XMM,  /* legacy SSE */
    JIT_VECTOR_YMM,  /* and AVX */
};

uint64_t jit_vector_ready(struct cpu *cpu, const void *unused,
                          uint32_t unused2);

#endif
