/*
 * Runs one VEX instruction on an x86-64 host with AVX in a given state, for
 * check_avx.c. Only such a host includes this file.
 *
 * The instruction is followed by RET in a page of its own. A fault comes back
 * as its vector, with MXCSR as found in the signal frame.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_AVX_H
#define UMBRA_TESTS_ORACLE_X64_AVX_H

#ifndef _DEFAULT_SOURCE
#error "define _DEFAULT_SOURCE before the first #include"
#endif

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "cpu/insn.h"

/* Index in gregs; the name for it would bring REG_RIP along. */
enum { HOST_TRAPNO = 20 };

/* Offsets are used by the assembly text below. gpr[4], [5] and [15] stay the
 * host's. */
struct host_state {
    uint64_t ymm[16][4]; /* 0 */
    uint64_t gpr[16];    /* 512 */
    uint64_t flags;      /* 640 */
    uint64_t code;       /* 648 */
    uint32_t mxcsr;      /* 656 */
};

static sigjmp_buf host_jump;
static volatile int host_vector;
static uint32_t host_fault_mxcsr;

static void host_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;

    (void)number;
    (void)info;
    host_vector = (int)u->uc_mcontext.gregs[HOST_TRAPNO];
    host_fault_mxcsr = u->uc_mcontext.fpregs->mxcsr;
    siglongjmp(host_jump, 1);
}

static void host_install(void)
{
    static uint8_t stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = host_signal,
                               .sa_flags =
                                   SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

    sigaltstack(&alternate, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
}

static uint8_t *host_page(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

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
        s->mxcsr = host_fault_mxcsr;
        __asm__ volatile("vzeroupper");
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return vector;
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
        return __builtin_cpu_supports("f16c");
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
        return __builtin_cpu_supports("vaes");
    case F_VPCLMULQDQ:
        return __builtin_cpu_supports("vpclmulqdq");
    default:
        return 0;
    }
}

#endif
