/* oracle_x64_int.h - runs one integer instruction on an x86-64 host with all
 * sixteen registers and the flags given, for check_int_insn.c. Only such a
 * host includes this file.
 *
 * Code and data lie at low addresses that the guest uses too, so that
 * pointers in registers agree. A fault comes back as its vector. */
#ifndef UMBRA_TESTS_ORACLE_X64_INT_H
#define UMBRA_TESTS_ORACLE_X64_INT_H

#ifndef _DEFAULT_SOURCE
#error "define _DEFAULT_SOURCE before the first #include"
#endif

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* Indices in gregs; the names for them would bring REG_RIP along. */
enum { HOST_RSP = 15, HOST_RIP = 16, HOST_EFL = 17, HOST_TRAPNO = 20 };

/* Registers in the order of their numbers. The assembly text knows the
 * offsets. */
struct host_int {
    uint64_t reg[16]; /* 0 */
    uint64_t flags;   /* 128 */
    uint64_t code;    /* 136 */
    uint64_t sp;      /* 144: the host's own */
};

struct host_int host_int_state __attribute__((used, visibility("hidden")));

void host_int_enter(void);
void host_int_back(void);
void host_int_fault(void);

static volatile int host_int_vector;

/* Goes on at host_int_fault. Not by siglongjmp(): before each of those
 * AddressSanitizer reads the process's list of mappings. */
static void host_int_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *reg = u->uc_mcontext.gregs;
    (void)number;
    (void)info;
    host_int_vector = (int)reg[HOST_TRAPNO];
    reg[HOST_RIP] = (greg_t)(uintptr_t)host_int_fault;
    reg[HOST_RSP] = (greg_t)host_int_state.sp;
    reg[HOST_EFL] = 0x202;
}

/* One page of code, `size` bytes of data. False: the addresses are taken. */
static bool host_int_open(uintptr_t code, uintptr_t data, size_t size)
{
    static uint8_t stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = host_int_signal,
                               .sa_flags =
                                   SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    sigaltstack(&alternate, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    return mmap((void *)code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags,
                -1, 0) == (void *)code &&
           mmap((void *)data, size, PROT_READ | PROT_WRITE, flags, -1, 0) ==
               (void *)data;
}

/* The instruction at state.code is followed by a jump to host_int_back. */
__asm__(".text\n"
        ".hidden host_int_enter, host_int_back, host_int_fault\n"
        ".globl host_int_enter, host_int_back, host_int_fault\n"
        "host_int_enter:\n"
        "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, 144+host_int_state(%rip)\n"
        "pushq 128+host_int_state(%rip)\n"
        "popfq\n"
        "mov 0+host_int_state(%rip), %rax\n"
        "mov 8+host_int_state(%rip), %rcx\n"
        "mov 16+host_int_state(%rip), %rdx\n"
        "mov 24+host_int_state(%rip), %rbx\n"
        "mov 32+host_int_state(%rip), %rsp\n"
        "mov 40+host_int_state(%rip), %rbp\n"
        "mov 48+host_int_state(%rip), %rsi\n"
        "mov 56+host_int_state(%rip), %rdi\n"
        "mov 64+host_int_state(%rip), %r8\n"
        "mov 72+host_int_state(%rip), %r9\n"
        "mov 80+host_int_state(%rip), %r10\n"
        "mov 88+host_int_state(%rip), %r11\n"
        "mov 96+host_int_state(%rip), %r12\n"
        "mov 104+host_int_state(%rip), %r13\n"
        "mov 112+host_int_state(%rip), %r14\n"
        "mov 120+host_int_state(%rip), %r15\n"
        "jmp *136+host_int_state(%rip)\n"
        "host_int_back:\n"
        "mov %rax, 0+host_int_state(%rip)\n"
        "mov %rcx, 8+host_int_state(%rip)\n"
        "mov %rdx, 16+host_int_state(%rip)\n"
        "mov %rbx, 24+host_int_state(%rip)\n"
        "mov %rsp, 32+host_int_state(%rip)\n"
        "mov %rbp, 40+host_int_state(%rip)\n"
        "mov %rsi, 48+host_int_state(%rip)\n"
        "mov %rdi, 56+host_int_state(%rip)\n"
        "mov %r8, 64+host_int_state(%rip)\n"
        "mov %r9, 72+host_int_state(%rip)\n"
        "mov %r10, 80+host_int_state(%rip)\n"
        "mov %r11, 88+host_int_state(%rip)\n"
        "mov %r12, 96+host_int_state(%rip)\n"
        "mov %r13, 104+host_int_state(%rip)\n"
        "mov %r14, 112+host_int_state(%rip)\n"
        "mov %r15, 120+host_int_state(%rip)\n"
        "mov 144+host_int_state(%rip), %rsp\n"
        "pushfq\n"
        "popq 128+host_int_state(%rip)\n"
        "cld\n"
        "1:\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
        "ret\n"
        "host_int_fault:\n" /* with what the instruction did to MXCSR, x87 */
        "movl $0x1f80, -4(%rsp)\n"
        "ldmxcsr -4(%rsp)\n"
        "fninit\n"
        "jmp 1b\n");

/* Runs `size` bytes of code in host_int_state; the vector of its fault (the
 * state is then lost) or -1. */
static int host_int_run(uintptr_t page, const uint8_t *bytes, unsigned size)
{
    uint8_t *p = (uint8_t *)page;
    uint64_t back = (uint64_t)(uintptr_t)host_int_back;
    memcpy(p, bytes, size);
    memcpy(p + size, "\xff\x25\0\0\0\0", 6); /* jmp [rip + 0] */
    memcpy(p + size + 6, &back, 8);
    host_int_state.code = page;
    host_int_vector = -1;
    host_int_enter();
    return host_int_vector;
}

#endif
