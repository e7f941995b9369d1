/* x87.h - the guest's x87 in the host's, between translate.c and the files
 * that know about it.
 *
 * Stack, tags, status and control word are in the host's FPU while hot.x87 is
 * set, in struct cpu otherwise. hot.x87 is set only while translated code
 * runs that has no exception unmasked; what is called from there finds the
 * host's FPU initialised, as the ABI demands, and the state in struct cpu. */
#ifndef UMBRA_CPU_JIT_X64_X87_H
#define UMBRA_CPU_JIT_X64_X87_H

#include "cpu/jit/x64/translate.h"

enum {
    X87_ST = 28, /* offset of ST(0) in an image of FNSAVE */
    X87_NO_SEG = 0xff,
    X87_MASKS = 0x3f, /* of exceptions, in the control word */
};

/* ---- x87_state.c. They leave vector registers alone. */
/* cpu->x87_image for FRSTOR; 0: translated code may not use the x87. */
uint64_t jit_x87_ready(struct cpu *cpu, const void *unused, uint32_t unused2);
/* The other way round, after FNSAVE. */
void jit_x87_saved(struct cpu *cpu);
/* The host's processor leaves what is undefined as T0 does. */
bool x64_x87_like_t0(void);

/* ---- lower_x87.c */
bool x64_x87_class(unsigned class);
bool x64_x87_ok(const struct tr *t, const struct insn *i, unsigned class);
void x64_lower_x87(struct tr *t);
/* Before each instruction, and with `end` at the end of a block: write the
 * pointers to the last instruction and operand as late as possible. */
void x64_x87_before(struct tr *t, bool end);
/* For code out of line: write what was pending there. */
void x64_x87_pointers(struct tr *t, unsigned ip, unsigned dp);

#endif
