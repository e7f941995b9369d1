/* exec_avx.c - AVX: state and moves.
 *
 * SDM volume 1, chapter 14. */
#include "cpu/avx.h"

void avx_unavailable(struct cpu *cpu)
{
    const uint64_t state = XCR0_SSE | XCR0_AVX;

    if (!(cpu->cr4 & CR4_OSXSAVE) || (cpu->xcr0 & state) != state)
        cpu_raise(cpu, EX_UD);
    cpu_raise(cpu, EX_NM);
}

/* Outside 64-bit code registers 8 to 15 are left alone. */
static unsigned register_count(const struct cpu *cpu)
{
    return cpu_code64(cpu) ? 16 : 8;
}

EXEC(vzeroupper)
{
    need_avx(cpu);
    for (unsigned n = 0; n < register_count(cpu); n++)
        cpu->vec[n].x[1] = (union xmm){.q = {0, 0}};
    NEXT;
}

EXEC(vzeroall)
{
    need_avx(cpu);
    for (unsigned n = 0; n < register_count(cpu); n++)
        cpu->vec[n] = (union vec){.q = {0, 0, 0, 0}};
    NEXT;
}
