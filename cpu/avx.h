/* avx.h - what AVX instructions share: when they exist, registers of either
 * width, memory operands.
 *
 * A VEX instruction works on one 128-bit lane or, with VEX.L, on two, each
 * as its SSE form does; writing a register clears what lies above. */
#ifndef UMBRA_CPU_AVX_H
#define UMBRA_CPU_AVX_H

#include "cpu/sse.h"

enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4 };

NORETURN void avx_unavailable(struct cpu *cpu);

/* #UD unless the OS has enabled AVX state; #NM with CR0.TS. */
static ALWAYS_INLINE void need_avx(struct cpu *cpu)
{
    const uint64_t state = XCR0_SSE | XCR0_AVX;

    if (unlikely((cpu->cr0 & CR0_TS) || !(cpu->cr4 & CR4_OSXSAVE) ||
                 (cpu->xcr0 & state) != state))
        avx_unavailable(cpu);
}

#endif
