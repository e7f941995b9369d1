/* host_x64_linux.c - runs cases on an x86-64 processor under Linux.
 *
 * A forked child does nothing but take signals. Its handler notes the state
 * that the kernel put into the signal frame, writes the next case's state
 * into the frame and returns: sigreturn loads every register, CS and SS
 * included, with EFLAGS.TF set, and one instruction later the next signal
 * comes. So 16-, 32- and 64-bit code need nothing but selectors: Linux' own
 * and the LDT's. What sigreturn does not load, the handler does: DS ES FS GS
 * and their bases. The stub below undoes first what would hurt the handler
 * (DF, AC, NT, the base of FS).
 *
 * Memory is one memfd, mapped twice: at the ORC_ addresses as the case sees
 * it, and once more for the handler. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/oracle/oracle.h"

enum {
    XSAVE_BV = 512,    /* of the frame's image */
    SW_RESERVED = 464, /* Linux: is there more than FXSAVE's image? */
    XSTATE_MAGIC = 0x46505853,
    FRAME_FLAGS = 7, /* XSAVE image, SS is there, SS is to be loaded as is */
    CHILD_SECONDS = 30,
    STACK_SIZE = 1 << 16,
};

/* All that the handler works on. Signal handlers have no argument of ours,
 * so this file, alone, keeps it in a static. */
static struct host {
    uint8_t *alias;            /* of ORC_BASE..ORC_END */
    uint8_t image[ORC_SIZE];   /* background */
    uint8_t expect[ORC_SIZE];  /* and the case's operand */
    uint8_t stack[STACK_SIZE]; /* signal stack */
    struct oracle_result *results;
    volatile uint32_t *done; /* shared with the parent */
    const struct oracle_case *cases;
    uint32_t count;
    unsigned ymm_offset; /* in the XSAVE image; 0: no AVX */
    char name[64];
    bool amd;
} host;

/* What the stub saves and restores. */
unsigned long oracle_host_fs __attribute__((used, visibility("hidden")));
unsigned short oracle_host_seg[4]
    __attribute__((used, visibility("hidden"))); /* ES DS FS GS */
void oracle_host_stub(int number, siginfo_t *info, void *context);
void oracle_host_signal(int number, siginfo_t *info, void *context);

__asm__(".text\n"
        ".hidden oracle_host_stub, oracle_host_signal\n"
        ".globl oracle_host_stub\n"
        "oracle_host_stub:\n"
        "pushq $0x202\n"
        "popfq\n"
        "mov %es, oracle_host_seg(%rip)\n"
        "mov %ds, 2+oracle_host_seg(%rip)\n"
        "mov %fs, 4+oracle_host_seg(%rip)\n"
        "mov %gs, 6+oracle_host_seg(%rip)\n"
        "push %rdi\n"
        "push %rsi\n"
        "push %rdx\n"
        "mov $158, %eax\n" /* arch_prctl(ARCH_SET_FS) */
        "mov $0x1002, %edi\n"
        "mov oracle_host_fs(%rip), %rsi\n"
        "syscall\n"
        "pop %rdx\n"
        "pop %rsi\n"
        "pop %rdi\n"
        "jmp oracle_host_signal\n");

/* ---- the frame's registers. ORDER: RAX RCX RDX RBX RSP RBP RSI RDI R8... */
static const uint8_t greg_of[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void put_fp(uint8_t *fp, const struct oracle_state *s)
{
    uint64_t bv = host.ymm_offset ? 7 : 3;
    memcpy(fp, &s->fcw, 2);
    memcpy(fp + 2, &s->fsw, 2);
    fp[4] = s->ftag;
    fp[5] = 0;
    memcpy(fp + 6, &s->fop, 2);
    memcpy(fp + 8, &s->fip, 8);
    memcpy(fp + 16, &s->fdp, 8);
    memcpy(fp + 24, &s->mxcsr, 4);
    for (unsigned n = 0; n < 8; n++) {
        memcpy(fp + 32 + 16 * n, &s->mant[n], 8);
        memcpy(fp + 40 + 16 * n, &s->se[n], 2);
    }
    for (unsigned n = 0; n < 16; n++) {
        memcpy(fp + 160 + 16 * n, s->vec[n], 16);
        if (host.ymm_offset)
            memcpy(fp + host.ymm_offset + 16 * n, s->vec[n] + 2, 16);
    }
    if (host.ymm_offset)
        memcpy(fp + XSAVE_BV, &bv, 8);
}

static void get_fp(const uint8_t *fp, struct oracle_state *s)
{
    memcpy(&s->fcw, fp, 2);
    memcpy(&s->fsw, fp + 2, 2);
    s->ftag = fp[4];
    memcpy(&s->fop, fp + 6, 2);
    memcpy(&s->fip, fp + 8, 8);
    memcpy(&s->fdp, fp + 16, 8);
    memcpy(&s->mxcsr, fp + 24, 4);
    for (unsigned n = 0; n < 8; n++) {
        memcpy(&s->mant[n], fp + 32 + 16 * n, 8);
        memcpy(&s->se[n], fp + 40 + 16 * n, 2);
    }
    for (unsigned n = 0; n < 16; n++) {
        memcpy(s->vec[n], fp + 160 + 16 * n, 16);
        if (host.ymm_offset)
            memcpy(s->vec[n] + 2, fp + host.ymm_offset + 16 * n, 16);
        else
            s->vec[n][2] = s->vec[n][3] = 0;
    }
}

static void set_base(int code, unsigned long base)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_arch_prctl), "D"((long)code), "S"(base)
                     : "rcx", "r11", "memory");
}

/* Last of all: FS is the host's thread pointer. */
static void put_segments(const struct oracle_case *c)
{
    const uint16_t *seg = c->in.seg;
    __asm__ volatile("mov %0, %%es" : : "r"((unsigned)seg[0]));
    __asm__ volatile("mov %0, %%ds" : : "r"((unsigned)seg[3]));
    __asm__ volatile("mov %0, %%gs" : : "r"((unsigned)seg[5]));
    if (c->code_size == 2)
        set_base(ARCH_SET_GS, ORC_GS_BASE);
    __asm__ volatile("mov %0, %%fs" : : "r"((unsigned)seg[4]));
    if (c->code_size == 2)
        set_base(ARCH_SET_FS, ORC_FS_BASE);
}

static void put_case(const struct oracle_case *c, ucontext_t *u)
{
    greg_t *g = u->uc_mcontext.gregs;
    uint32_t at = ORC_CODE + ORC_PAGE - ORC_BASE - c->after - c->fit;
    memcpy(host.alias + at, c->bytes, c->fit);
    memset(host.alias + at + c->fit, 0x90, c->after);
    if (c->mem_at) {
        memcpy(host.alias + c->mem_at - ORC_BASE, c->mem, ORC_MEM);
        memcpy(host.expect + c->mem_at - ORC_BASE, c->mem, ORC_MEM);
    }
    for (unsigned n = 0; n < 16; n++)
        g[greg_of[n]] = (greg_t)c->in.reg[n];
    g[REG_RIP] = (greg_t)c->in.rip;
    g[REG_EFL] = (greg_t)c->in.flags;
    g[REG_CSGSFS] = (greg_t)(c->in.seg[1] | (uint64_t)c->in.seg[2] << 48);
    u->uc_flags = FRAME_FLAGS;
    put_fp((uint8_t *)u->uc_mcontext.fpregs, &c->in);
    put_segments(c);
}

static void get_changes(const struct oracle_case *c, struct oracle_result *r)
{
    r->changes = 0;
    for (unsigned page = ORC_DATA - ORC_BASE; page < ORC_SIZE;
         page += ORC_PAGE) {
        if (!memcmp(host.alias + page, host.expect + page, ORC_PAGE))
            continue;
        for (unsigned n = page; n < page + ORC_PAGE; n++)
            if (host.alias[n] != host.expect[n]) {
                if (r->changes < ORC_CHANGES)
                    r->change[r->changes++] = (struct oracle_change){
                        (uint16_t)(n - (ORC_DATA - ORC_BASE)), host.alias[n]};
                host.alias[n] = host.expect[n];
            }
    }
    memset(host.alias + ORC_CODE - ORC_BASE + ORC_PAGE - 32, 0xf4, 32);
    if (c->mem_at) {
        unsigned at = c->mem_at - ORC_BASE;
        memcpy(host.alias + at, host.image + at, ORC_MEM);
        memcpy(host.expect + at, host.image + at, ORC_MEM);
    }
}

static void get_result(const struct oracle_case *c, const ucontext_t *u,
                       struct oracle_result *r)
{
    const greg_t *g = u->uc_mcontext.gregs;
    struct oracle_state *s = &r->out;
    uint64_t cs = (uint64_t)g[REG_CSGSFS];
    for (unsigned n = 0; n < 16; n++)
        s->reg[n] = (uint64_t)g[greg_of[n]];
    s->rip = (uint64_t)g[REG_RIP];
    s->flags = (uint64_t)g[REG_EFL];
    s->seg[0] = oracle_host_seg[0];
    s->seg[1] = (uint16_t)cs;
    s->seg[2] = (uint16_t)(cs >> 48);
    s->seg[3] = oracle_host_seg[1];
    s->seg[4] = oracle_host_seg[2];
    s->seg[5] = oracle_host_seg[3];
    get_fp((const uint8_t *)u->uc_mcontext.fpregs, s);
    r->vector = (uint8_t)g[REG_TRAPNO];
    r->error = (uint32_t)g[REG_ERR];
    r->cr2 = (uint64_t)g[REG_CR2];
    get_changes(c, r);
}

__attribute__((used, no_stack_protector)) void
oracle_host_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    uint32_t n = *host.done;
    (void)info;
    if (number != SIGUSR1) {
        get_result(&host.cases[n], u, &host.results[n]);
        *host.done = ++n;
    }
    if (n == host.count)
        _exit(0);
    put_case(&host.cases[n], u);
}

/* ---- the child */

static bool put_ldt(void)
{
    for (unsigned n = 0; n < ORC_SEGMENTS; n++) {
        const struct oracle_segment *s = &oracle_segments[n];
        struct user_desc d = {.entry_number = n,
                              .base_addr = s->base,
                              .limit = s->limit,
                              .seg_32bit = s->big,
                              .contents = s->contents,
                              .read_exec_only = s->fixed,
                              .seg_not_present = s->absent};
        if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d))
            return false;
    }
    return true;
}

/* fork() leaves shared pages to be found again; a fault by a store would say
 * "not present" of a page that is only read. */
static void touch_pages(void)
{
    static const uint32_t pages[] = {ORC_CODE, ORC_RO, ORC_STACK};
    for (unsigned n = 0; n < sizeof pages / sizeof pages[0]; n++)
        (void)*(volatile uint8_t *)(uintptr_t)pages[n];
    for (uint32_t at = ORC_DATA; at < ORC_DATA_END; at += ORC_PAGE)
        (void)*(volatile uint8_t *)(uintptr_t)at;
}

static void child(void)
{
    static const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS,
                                  SIGFPE,  SIGILL,  SIGUSR1};
    stack_t alternate = {.ss_sp = host.stack, .ss_size = sizeof host.stack};
    struct sigaction action = {.sa_sigaction = oracle_host_stub,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct itimerval limit = {.it_value = {.tv_sec = CHILD_SECONDS}};
    prctl(PR_SET_DUMPABLE, 0);
    syscall(SYS_arch_prctl, ARCH_GET_FS, &oracle_host_fs);
    touch_pages();
    sigfillset(&action.sa_mask);
    sigaltstack(&alternate, NULL);
    for (unsigned n = 0; n < sizeof signals / sizeof signals[0]; n++)
        sigaction(signals[n], &action, NULL);
    signal(SIGALRM, SIG_DFL);
    setitimer(ITIMER_REAL, &limit, NULL);
    kill(getpid(), SIGUSR1);
    for (;;) /* not reached: the last signal ends the process */
        _exit(1);
}

bool oracle_host_run(const struct oracle_case *cases,
                     struct oracle_result *results, unsigned count,
                     unsigned *done)
{
    int status = 0;
    pid_t pid;
    *host.done = 0;
    *done = 0;
    host.cases = cases;
    host.count = count;
    memcpy(host.alias, host.image, ORC_SIZE);
    memcpy(host.expect, host.image, ORC_SIZE);
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        child();
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    *done = *host.done;
    memcpy(results, host.results, *done * sizeof *results);
    return WIFEXITED(status) && *done == count;
}

/* ---- once */

static bool map_at(int fd, uint32_t from, uint32_t to, int protection)
{
    void *at = (void *)(uintptr_t)from;
    return mmap(at, to - from, protection,
                MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd,
                from - ORC_BASE) == at;
}

static bool map_all(void)
{
    int fd = memfd_create("oracle", MFD_CLOEXEC), rw = PROT_READ | PROT_WRITE;
    if (fd < 0 || ftruncate(fd, ORC_SIZE))
        return false;
    host.alias = mmap(NULL, ORC_SIZE, rw, MAP_SHARED, fd, 0);
    host.results = mmap(NULL, ORC_BATCH * sizeof *host.results + ORC_PAGE, rw,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (host.alias == MAP_FAILED || host.results == MAP_FAILED)
        return false;
    host.done = (volatile uint32_t *)(host.results + ORC_BATCH);
    oracle_background(host.image);
    return map_at(fd, ORC_CODE, ORC_CODE + ORC_PAGE, PROT_READ | PROT_EXEC) &&
           map_at(fd, ORC_DATA, ORC_DATA_END, rw) &&
           map_at(fd, ORC_RO, ORC_RO_END, PROT_READ) &&
           map_at(fd, ORC_STACK, ORC_STACK_END, rw);
}

static void find_name(void)
{
    uint32_t r[12], v[4];
    for (unsigned n = 0; n < 3; n++)
        __cpuid(0x80000002 + n, r[4 * n], r[4 * n + 1], r[4 * n + 2],
                r[4 * n + 3]);
    memcpy(host.name, r, 48);
    __cpuid(0, v[0], v[1], v[2], v[3]);
    host.amd = v[1] == 0x68747541; /* Auth */
}

bool oracle_host_cpuid(uint32_t leaf, unsigned word, unsigned bit)
{
    unsigned r[4] = {0};
    __get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]);
    return r[word] >> bit & 1;
}

const char *oracle_host_open(void)
{
    unsigned a, b, c, d;
    find_name();
    if (__get_cpuid_count(0xd, 2, &a, &b, &c, &d))
        host.ymm_offset = b;
    if (!map_all())
        return "the addresses are taken";
    if (!put_ldt())
        return "the kernel has no modify_ldt";
    return NULL;
}

const char *oracle_host_name(void)
{
    return host.name;
}

bool oracle_host_is_amd(void)
{
    return host.amd;
}
