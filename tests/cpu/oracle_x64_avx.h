/*
 * Runs one VEX instruction on an x86-64 host with AVX in a given state, for
 * check_avx.c. Only such a host includes this file.
 *
 * The instruction is followed by RET in a page of its own. A fault comes back
 * as its vector, with MXCSR as found in the signal frame.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_AVX_H
#define UMBRA_TESTS_ORACLE_X64_AVX_H

#include <cpuid.h>

#include "cpu/insn.h"
#include "tests/cpu/oracle_x64_signal.h"

/* Offsets are used by the assembly text below. gpr[4], [5] and [15] stay the
 * host's. */
struct host_state {
    uint64_t ymm[16][4]; /* 0 */
    uint64_t gpr[16];    /* 512 */
    uint64_t flags;      /* 640 */
    uint64_t code;       /* 648 */
    uint32_t mxcsr;      /* 656 */
};

#define HOST_YMM(op)                                                           \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)  \
        op(12) op(13) op(14) op(15)
#define HOST_LOAD(n)  "vmovdqu 32*" #n "(%%r15), %%ymm" #n "\n\t"
#define HOST_STORE(n) "vmovdqu %%ymm" #n ", 32*" #n "(%%r15)\n\t"
#define HOST_GPR(op)                                                           \
    op(0, rax) op(1, rcx) op(2, rdx) op(3, rbx) op(6, rsi) op(7, rdi)          \
        op(8, r8) op(9, r9) op(10, r10) op(11, r11) op(12, r12) op(13, r13)    \
            op(14, r14)
#define HOST_GET(n, name) "mov 512+8*" #n "(%%r15), %%" #name "\n\t"
#define HOST_PUT(n, name) "mov %%" #name ", 512+8*" #n "(%%r15)\n\t"

/* RBP may be the frame pointer, so that RAX alone is left for `s`. */
/* clang-format off */
static void host_enter(struct host_state *s)
{
    __asm__ volatile("push %%rbp\n\t"
                     "sub $256, %%rsp\n\t"
                     "push %0\n\t"
                     "mov %0, %%r15\n\t"
                     HOST_YMM(HOST_LOAD)
                     "ldmxcsr 656(%%r15)\n\t"
                     "pushq 640(%%r15)\n\t"
                     "popfq\n\t"
                     HOST_GPR(HOST_GET)
                     "call *648(%%r15)\n\t"
                     HOST_GPR(HOST_PUT)
                     "pushfq\n\t"
                     "popq 640(%%r15)\n\t"
                     HOST_YMM(HOST_STORE)
                     "stmxcsr 656(%%r15)\n\t"
                     "vzeroupper\n\t"
                     "pop %0\n\t"
                     "add $256, %%rsp\n\t"
                     "pop %%rbp"
                     : "+a"(s)
                     :
                     : "rcx", "rdx", "rbx", "rdi", "rsi", "r8", "r9",
                       "r10", "r11", "r12", "r13", "r14", "r15", "memory",
                       "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
}
/* clang-format on */

/* Runs the instruction at s->code; returns the vector of its fault or -1. */
static int host_run(struct host_state *s)
{
    uint32_t mxcsr = 0x1f80;
    int vector = -1;

    if (sigsetjmp(host_jump, 0) == 0) {
        host_enter(s);
    } else {
        vector = host_vector;
        memcpy(&s->mxcsr, host_fault_fx + FX_MXCSR, 4);
        __asm__ volatile("vzeroupper");
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return vector;
}

/* Names that not every compiler knows: bits of ECX. */
static int host_ecx(unsigned leaf, unsigned bit)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(leaf, 0, &a, &b, &c, &d) && (c >> bit & 1);
}

/* Does the host have what rows of this feature need? */
static int host_has(enum cpu_feature feature)
{
    switch (feature) {
    case F_AVX:
        return __builtin_cpu_supports("avx");
    case F_AVX2:
        return __builtin_cpu_supports("avx2");
    case F_FMA:
        return __builtin_cpu_supports("fma");
    case F_F16C:
        return __builtin_cpu_supports("avx") && host_ecx(1, 29);
    case F_BMI1:
        return __builtin_cpu_supports("bmi");
    case F_BMI2:
        return __builtin_cpu_supports("bmi2");
    case F_AES:
        return __builtin_cpu_supports("aes");
    case F_PCLMUL:
        return __builtin_cpu_supports("pclmul");
    case F_GFNI:
        return __builtin_cpu_supports("gfni");
    case F_VAES:
        return __builtin_cpu_supports("avx2") && host_ecx(7, 9);
    case F_VPCLMULQDQ:
        return __builtin_cpu_supports("vpclmulqdq");
    default:
        return 0;
    }
}

#endif
