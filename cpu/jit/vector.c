/* vector.c - when translated code may work on vector registers: where no
 * instruction would raise #UD or #NM (SDM volume 3, 2.5 and 13.1), and no
 * calculation #XM. What changes that is executed by T0, behind which it is
 * asked again. */
#include "cpu/jit/vector.h"

#include "cpu/avx.h"

static bool has_avx(const struct cpu *cpu)
{
    const uint64_t state = XCR0_SSE | XCR0_AVX;
    return (cpu->cr4 & CR4_OSXSAVE) && (cpu->xcr0 & state) == state;
}

uint64_t jit_vector_ready(struct cpu *cpu, const void *unused, uint32_t unused2)
{
    (void)unused;
    (void)unused2;
    if ((cpu->cr0 & (CR0_EM | CR0_TS)) || !(cpu->cr4 & CR4_OSFXSR) ||
        (cpu->mxcsr & MXCSR_MASKS) != MXCSR_MASKS)
        return JIT_VECTOR_NONE;
    return has_avx(cpu) ? JIT_VECTOR_YMM : JIT_VECTOR_XMM;
}
