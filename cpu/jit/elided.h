/* elided.h - shadow-check builds (configure --enable-shadow-check): what
 * translated code accesses without a TLB lookup of its own is looked up
 * before, and a difference stops the program (elided.c). */
#ifndef UMBRA_CPU_JIT_ELIDED_H
#define UMBRA_CPU_JIT_ELIDED_H

#include "cpu/block.h"

enum elided_kind {
    ELIDED_OPERAND, /* the instruction's memory operand */
    ELIDED_STACK,   /* register `reg` plus `disp` in the stack segment */
    ELIDED_CODE,    /* the block itself is about to be executed */
};

/* Lies in the code cache, beside the code that has it checked. The host
 * address that this code means is in cpu->jit->elided. */
struct jit_elided {
    const struct block *block;
    uint8_t index; /* of the instruction in it */
    uint8_t kind;  /* enum elided_kind */
    uint8_t access, size;
    uint8_t reg;
    int8_t disp;
};

/* Called by translated code, all guest registers in struct cpu. Returns 0, or
 * not at all. */
uint64_t jit_elided_check(struct cpu *cpu, const struct jit_elided *e,
                          uint32_t unused);

#endif
