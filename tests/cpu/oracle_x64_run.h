/*
 * Runs one x87, MMX or SSE instruction on an x86-64 host in a given state,
 * for check_fp_insn.c. Only such a host includes this file.
 *
 * The instruction is followed by RET in a page of its own. A fault comes
 * back as its vector, with the floating-point state found in the signal
 * frame.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_RUN_H
#define UMBRA_TESTS_ORACLE_X64_RUN_H

#include "tests/cpu/oracle_x64_signal.h"

/* Offsets are used by the assembly text below. */
struct host_state {
    uint8_t fx[512] __attribute__((aligned(16)));
    uint64_t rax, rcx, rdx, rdi; /* 512, 520, 528, 536 */
    uint64_t flags;              /* 544 */
    uint64_t code;               /* 552 */
    uint64_t sp;                 /* 560 */
};

static void host_enter(struct host_state *s)
{
    __asm__ volatile("push %%rbp\n\t"
                     "sub $256, %%rsp\n\t"
                     "push %0\n\t"
                     "mov %0, %%r15\n\t"
                     "fxrstor64 (%%r15)\n\t"
                     "mov 512(%%r15), %%rax\n\t"
                     "mov 520(%%r15), %%rcx\n\t"
                     "mov 528(%%r15), %%rdx\n\t"
                     "mov 536(%%r15), %%rdi\n\t"
                     "pushq 544(%%r15)\n\t"
                     "popfq\n\t"
                     "call *552(%%r15)\n\t"
                     "pushfq\n\t"
                     "popq 544(%%r15)\n\t"
                     "mov %%rax, 512(%%r15)\n\t"
                     "mov %%rcx, 520(%%r15)\n\t"
                     "mov %%rdx, 528(%%r15)\n\t"
                     "mov %%rdi, 536(%%r15)\n\t"
                     "fxsave64 (%%r15)\n\t"
                     "fninit\n\t"
                     "pop %0\n\t"
                     "add $256, %%rsp\n\t"
                     "pop %%rbp"
                     :
                     : "r"(s)
                     : "rax", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10",
                       "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

/* Runs the instruction at s->code; returns the vector of its fault or -1. */
static int host_run(struct host_state *s)
{
    uint32_t mxcsr = 0x1f80;
    int vector = -1;

    if (sigsetjmp(host_jump, 0) == 0) {
        host_enter(s);
    } else {
        vector = host_vector;
        memcpy(s->fx, host_fault_fx, 512);
        __asm__ volatile("fninit");
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return vector;
}

#endif
