/* sse.h - what SSE floating-point instructions share: MXCSR and #XM.
 *
 *   uint32_t m = sse_begin(cpu);
 *   ... r = float64_add(a, b, &m) for all lanes ...
 *   sse_end(cpu, m);        raises #XM; nothing was written yet
 *   ... write r ... */
#ifndef UMBRA_CPU_SSE_H
#define UMBRA_CPU_SSE_H

#include "cpu/simd.h"
#include "cpu/softfloat.h"

enum { MXCSR_MASKS = FP_FLAGS << MXCSR_MASKS_SHIFT };

/* The exceptions that MXCSR does not mask, as flags. */
static ALWAYS_INLINE uint32_t sse_unmasked(uint32_t mxcsr)
{
    return ~(mxcsr >> MXCSR_MASKS_SHIFT) & FP_FLAGS;
}

/* MXCSR to calculate with: without the sticky flags of exceptions that are
 * not masked, so that a new one can be told. */
static ALWAYS_INLINE uint32_t sse_begin(const struct cpu *cpu)
{
    uint32_t m = cpu->mxcsr;

    if (unlikely((m & MXCSR_MASKS) != MXCSR_MASKS))
        m &= ~sse_unmasked(m);
    return m;
}

NORETURN void sse_raise(struct cpu *cpu, uint32_t mxcsr);

static ALWAYS_INLINE void sse_end(struct cpu *cpu, uint32_t mxcsr)
{
    if (unlikely(mxcsr & sse_unmasked(mxcsr)))
        sse_raise(cpu, mxcsr);
    cpu->mxcsr |= mxcsr;
}

#endif
