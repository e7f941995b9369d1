/* xsave.h - extended state: XCR0 and the XSAVE family. */
#ifndef UMBRA_CPU_XSAVE_H
#define UMBRA_CPU_XSAVE_H

#include "cpu/cpu.h"

/* State components; bit numbers of XCR0 and of XSTATE_BV. */
enum {
    XCR0_X87 = 1 << 0,
    XCR0_SSE = 1 << 1,
    XCR0_AVX = 1 << 2,
    XCR0_PKRU = 1 << 9,
};

/* CPUID leaf 0Dh: EAX, EBX, ECX, EDX. */
void xsave_cpuid(const struct cpu *cpu, uint32_t subleaf, uint32_t out[4]);

#endif
