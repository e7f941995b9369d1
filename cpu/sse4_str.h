/* sse4_str.h - PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM; for the legacy and
 * the VEX forms. */
#ifndef UMBRA_CPU_SSE4_STR_H
#define UMBRA_CPU_SSE4_STR_H

#include "cpu/simd.h"

/* IntRes2 of SDM volume 2, 4.1 for strings of la and lb valid elements (at
 * most 16 or 8): a bit for each element of b. */
unsigned str_compare(const union xmm *a, unsigned la, const union xmm *b,
                     unsigned lb, unsigned imm);
/* Elements before the first that is 0. */
unsigned str_implicit_length(const union xmm *a, unsigned imm);
/* |v|, at most 16 or 8: a length from EAX or RAX. */
unsigned str_explicit_length(int64_t v, unsigned imm);
/* Flags, then ECX or XMM0, from IntRes2. */
void str_set_flags(struct cpu *cpu, unsigned res, unsigned la, unsigned lb,
                   unsigned imm);
unsigned str_index(unsigned res, unsigned imm);
union xmm str_mask(unsigned res, unsigned imm);

#endif
