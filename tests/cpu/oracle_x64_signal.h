/*
 * Faults of instructions that tests run on an x86-64 host come back as their
 * vector, with the floating-point state found in the signal frame.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_SIGNAL_H
#define UMBRA_TESTS_ORACLE_X64_SIGNAL_H

#ifndef _DEFAULT_SOURCE
#error "define _DEFAULT_SOURCE before the first #include"
#endif

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* Index in gregs; the name for it would bring REG_RIP along. */
enum { HOST_TRAPNO = 20, FX_MXCSR = 24 };

static sigjmp_buf host_jump;
static volatile int host_vector;
static uint8_t host_fault_fx[512] __attribute__((aligned(16)));

static void host_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;

    (void)number;
    (void)info;
    host_vector = (int)u->uc_mcontext.gregs[HOST_TRAPNO];
    memcpy(host_fault_fx, u->uc_mcontext.fpregs, sizeof host_fault_fx);
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

#endif
