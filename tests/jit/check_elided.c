/* check_elided - a shadow-check build (configure --enable-shadow-check) finds
 * lookups that are missing: translated code that is wrong on purpose (enum
 * jit_fault) has to stop the program with a report that says why, in blocks
 * and in traces; the same programs run as they should without the fault.
 *
 * Other builds skip it. Alone: make tests/jit/check_elided &&
 * tests/jit/check_elided */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "cpu/jit/jit.h"
#include "tests/suite.h"

enum {
    BEHIND = RIG_CODE + PAGE_SIZE,    /* more code */
    OTHER = RIG_CODE + 2 * PAGE_SIZE, /* the same in another frame */
    SECOND = RIG_DATA + PAGE_SIZE,    /* page behind the first ... */
    FRAME = SECOND + PAGE_SIZE,       /* ... and its frame */
    SLICES = 400,
    SLICE = 37,
};

struct example {
    const char *name;
    enum jit_fault fault;
    const char *why; /* in the report */
    const uint8_t *code;
    size_t size;
    uint64_t rsi, rsp;
    bool remap, trace;
};

#define CODE(...)                                                              \
    .code = (const uint8_t[]){__VA_ARGS__},                                    \
    .size = sizeof((const uint8_t[]){__VA_ARGS__})

/* Each is a loop of RCX rounds that ends with HLT. */
static const struct example examples[] = {
    {.name = "a pointer that changes",
     .fault = JIT_FAULT_REGISTER,
     .why = "elsewhere",
     .rsi = RIG_DATA,
     CODE(0x48, 0x8b, 0x06,       /* mov rax, [rsi] */
          0x48, 0x8b, 0x76, 0x08, /* mov rsi, [rsi + 8]: SECOND, or back */
          0x48, 0x8b, 0x1e,       /* mov rbx, [rsi] */
          0x48, 0x83, 0xc6, 0x10, /* add rsi, 16 */
          0x48, 0x3b, 0x1e,       /* cmp rbx, [rsi] */
          0x48, 0x83, 0xee, 0x10, /* sub rsi, 16 */
          0xff, 0xc9, 0x75, 0xe7, 0xf4) /* dec ecx; jnz; hlt */},
    {.name = "the same in a trace",
     .fault = JIT_FAULT_REGISTER,
     .why = "elsewhere",
     .rsi = RIG_DATA,
     .trace = true,
     CODE(0x48, 0x8b, 0x06, 0x48, 0x8b, 0x76, 0x08, 0x48, 0x8b, 0x1e, 0x48,
          0x83, 0xc6, 0x10, 0x48, 0x3b, 0x1e, 0x48, 0x83, 0xee, 0x10, 0xff,
          0xc9, 0x75, 0xe7, 0xf4)},
    {.name = "the stack pointer",
     .fault = JIT_FAULT_REGISTER,
     .why = "elsewhere",
     .rsi = RIG_DATA,
     .rsp = SECOND + 8,
     CODE(0x48, 0x8b, 0x16,       /* mov rdx, [rsi] */
          0x48, 0x8b, 0x56, 0x08, /* mov rdx, [rsi + 8] */
          0x50, 0x53, 0x5b, 0x58, /* push rax, rbx; pop rbx, rax */
          0xff, 0xc9, 0x75, 0xf1, 0xf4) /* dec ecx; jnz; hlt */},
    {.name = "a page that may not be stored to",
     .fault = JIT_FAULT_RIGHTS,
     .why = "the TLB does not have it",
     .rsi = SECOND,
     .remap = true,
     CODE(0x48, 0x8b, 0x1c, 0x16, /* mov rbx, [rsi + rdx]: fills */
          0x48, 0x8b, 0x06,       /* mov rax, [rsi] */
          0x48, 0x89, 0x46, 0x08, /* mov [rsi + 8], rax */
          0xff, 0xc9, 0x75, 0xf1, 0xf4) /* dec ecx; jnz; hlt */},
    {.name = "code that is stored to",
     .fault = JIT_FAULT_RIGHTS,
     .why = "the TLB does not have it",
     .rsi = RIG_CODE + 0x800,
     CODE(0x48, 0x8b, 0x06, 0x48, 0x89, 0x46, 0x08, 0xff, 0xc9, 0x75, 0xf5,
          0xf4)},
    {.name = "a range that goes on in the next page",
     .fault = JIT_FAULT_RANGE,
     .why = "elsewhere",
     .rsi = SECOND - 8,
     CODE(0x48, 0x8b, 0x06,       /* mov rax, [rsi] */
          0x48, 0x8b, 0x5e, 0x08, /* mov rbx, [rsi + 8] */
          0xff, 0xc9, 0x75, 0xf5, 0xf4) /* dec ecx; jnz; hlt */},
    {.name = "an access that crosses pages",
     .fault = JIT_FAULT_RANGE,
     .why = "it crosses a page",
     .rsi = SECOND - 12,
     CODE(0x48, 0x8b, 0x06, 0x48, 0x8b, 0x5e, 0x08, 0xff, 0xc9, 0x75, 0xf5,
          0xf4)},
    {.name = "a mapping that goes",
     .fault = JIT_FAULT_MAPPING,
     .why = "the TLB does not have it",
     .rsi = RIG_DATA,
     CODE(0x48, 0x8b, 0x06,       /* mov rax, [rsi] */
          0x4c, 0x89, 0xc7,       /* mov rdi, r8: its table entry */
          0x4c, 0x89, 0xc8,       /* mov rax, r9: another one */
          0x48, 0xab,             /* stosq */
          0x48, 0x8b, 0x5e, 0x08, /* mov rbx, [rsi + 8] */
          0xff, 0xc9, 0x75, 0xed, 0xf4) /* dec ecx; jnz; hlt */},
    {.name = "code that is mapped elsewhere",
     .fault = JIT_FAULT_PAGE,
     .why = "elsewhere",
     .rsi = RIG_DATA,
     .remap = true,
     CODE(0xe9, 0xfb, 0x0f, 0, 0) /* jmp BEHIND */},
};

/* At BEHIND, and likewise in another frame. */
static const uint8_t next[] = {
    0xff, 0xc9,                         /* dec ecx */
    0x0f, 0x85, 0xf8, 0xef, 0xff, 0xff, /* jnz RIG_CODE */
    0xf4,                               /* hlt */
};

static void set_up(struct rig *r, const struct example *e)
{
    struct cpu *c = r->cpu;

    rig_long(r);
    c->cr0 |= CR0_WP;
    cpu_update_paging(c);
    jit_set_heat(c->jit, 2);
    rig_put(r, RIG_CODE, e->code, e->size);
    rig_put(r, BEHIND, next, sizeof next);
    rig_put(r, OTHER, next, sizeof next);
    rig_poke(r, RIG_DATA + 8, SECOND, 8);
    rig_poke(r, FRAME + 8, RIG_DATA, 8);
    rig_map(r, SECOND, FRAME | 3);
    c->reg[RSI] = e->rsi;
    if (e->rsp)
        c->reg[RSP] = e->rsp;
    c->reg[R8] = rig_pte(r, RIG_DATA);
    c->reg[R9] = RIG_DATA | 3;
    c->reg[RCX] = 1000000;
}

/* In slices, so that there are traces; in between code has another frame,
 * and data is no more to be written. */
static void run(struct rig *r, const struct example *e)
{
    for (unsigned n = 0; n < SLICES; n++) {
        if (e->remap && n == SLICES / 2) {
            rig_map(r, BEHIND, OTHER | 3);
            rig_map(r, SECOND, FRAME | 1);
        }
        if (cpu_run(r->cpu, SLICE) != EXIT_BUDGET)
            return;
    }
}

/* The report; "" if there was none. */
static void output_of(const struct example *e, enum jit_fault fault, char *text,
                      size_t size)
{
    struct rig *r;
    int ends[2], status;
    ssize_t n;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        r = rig_create_accel(ACCEL_JIT);
        set_up(r, e);
        jit_set_fault(r->cpu->jit, fault);
        run(r, e);
        if (e->trace && !jit_counters(r->cpu->jit)->traces)
            _exit(1);
        _exit(jit_counters(r->cpu->jit)->elided ? 0 : 2);
    }
    close(ends[1]);
    n = read(ends[0], text, size - 1);
    close(ends[0]);
    text[n > 0 ? n : 0] = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (*text)
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    else
        ck_assert_int_eq(status, 0);
}

static bool skipped(void)
{
    struct rig *r = rig_create_accel(ACCEL_JIT);
    bool jit = r->cpu->jit;

    rig_destroy(r);
    if (!UMBRA_SHADOW_CHECK || !jit)
        puts("SKIP: configure --enable-shadow-check");
    return !UMBRA_SHADOW_CHECK || !jit;
}

START_TEST(good)
{
    const struct example *e = &examples[_i];
    char text[1024];

    if (skipped())
        return;
    output_of(e, JIT_FAULT_NONE, text, sizeof text);
    ck_assert_msg(!*text, "%s: %s", e->name, text);
}
END_TEST

START_TEST(found)
{
    const struct example *e = &examples[_i];
    char text[1024];

    if (skipped())
        return;
    output_of(e, e->fault, text, sizeof text);
    ck_assert_msg(strstr(text, e->why), "%s: %s", e->name, text);
    ck_assert(strstr(text, "elided lookup: "));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("jit/elided");
    TCase *t = tcase_create("faults");

    tcase_add_loop_test(t, good, 0, ARRAY_LEN(examples));
    tcase_add_loop_test(t, found, 0, ARRAY_LEN(examples));
    suite_add_tcase(s, t);
    return suite_run(s);
}
