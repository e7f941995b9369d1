/* check_jit_vec - vector registers of translated code, which stay in the
 * host's from block to block: a loop that becomes hot changes MXCSR, CR0.TS
 * or CR0.EM under them, in both engines.
 *
 * The instructions themselves: make oracle ORACLE_ENGINE=jit, and
 * check_lockstep. Alone: make tests/jit/check_jit_vec &&
 * tests/jit/check_jit_vec */
#include "tests/rig.h"
#include "tests/suite.h"

#include <check.h>
#include <string.h>

enum { MXCSR_AT = RIG_DATA + 0x100, AT = 50, ROUNDS = 200 };

/* RSI = data, RDI = an MXCSR, DL = bits for CR0 in the round ECX = AT. */
static const uint8_t program[] = {
    0xb9, ROUNDS, 0,    0,    0, /* mov ecx, ROUNDS */
    0x0f, 0x10,   0x06,          /* movups xmm0, [rsi] */
    0x0f, 0x58,   0xc8,          /* addps xmm1, xmm0 */
    0xf2, 0x0f,   0x59, 0xd0,    /* mulsd xmm2, xmm0 */
    0x0f, 0xae,   0x17,          /* ldmxcsr [rdi] */
    0x0f, 0x51,   0xd8,          /* sqrtps xmm3, xmm0 */
    0x0f, 0x11,   0x4e, 0x40,    /* movups [rsi + 64], xmm1 */
    0x83, 0xf9,   AT,            /* cmp ecx, AT */
    0x75, 0x08,                  /* jne over the change */
    0x0f, 0x20,   0xc0,          /* mov rax, cr0 */
    0x08, 0xd0,                  /* or al, dl */
    0x0f, 0x22,   0xc0,          /* mov cr0, rax */
    0xff, 0xc9,                  /* dec ecx */
    0x75, 0xdb,                  /* jnz movups */
    0xf4,                        /* hlt */
};

static struct rig *run(enum cpu_accel accel, uint32_t mxcsr, unsigned cr0,
                       int expected)
{
    struct rig *r = rig_create_accel(accel);
    struct cpu *c = r->cpu;

    rig_long(r);
    c->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    c->reg[RSI] = RIG_DATA;
    c->reg[RDI] = MXCSR_AT;
    c->reg[RDX] = cr0;
    c->vec[2].q[0] = 0x3ff0123456789abc;
    rig_poke(r, RIG_DATA, 0xbf80000140490fdb, 8);
    rig_poke(r, RIG_DATA + 8, 0x00000001c0400003, 8);
    rig_poke(r, MXCSR_AT, mxcsr, 4);
    ck_assert_int_eq(rig_run_bytes(r, program, sizeof program), expected);
    return r;
}

static void compare(uint32_t mxcsr, unsigned cr0, int expected)
{
    struct rig *a = run(ACCEL_INTERP, mxcsr, cr0, expected);
    struct rig *b = run(ACCEL_JIT, mxcsr, cr0, expected);

    ck_assert(!memcmp(a->cpu->vec, b->cpu->vec, sizeof a->cpu->vec));
    ck_assert_uint_eq(a->cpu->mxcsr, b->cpu->mxcsr);
    ck_assert_uint_eq(a->cpu->reg[RCX], b->cpu->reg[RCX]);
    ck_assert_uint_eq(rig_peek(a, RIG_DATA + 64, 8),
                      rig_peek(b, RIG_DATA + 64, 8));
    ck_assert_uint_eq(cpu_icount(a->cpu), cpu_icount(b->cpu));
    rig_destroy(a);
    rig_destroy(b);
}

START_TEST(control)
{
    static const uint32_t values[] = {0x1f80, 0x3f80, 0x5f80,
                                      0x7f80, 0xffc0, 0x1fbf};
    for (unsigned n = 0; n < sizeof values / sizeof *values; n++)
        compare(values[n], 0, RIG_HALT);
}
END_TEST

/* The square root of a negative number; a denormal operand. */
START_TEST(unmasked)
{
    compare(0x1f00, 0, EX_XM);
    compare(0x1e80, 0, EX_XM);
}
END_TEST

START_TEST(unavailable)
{
    compare(0x1f80, CR0_TS, EX_NM);
    compare(0x1f80, CR0_EM, EX_UD);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("jit/vec");
    TCase *t = tcase_create("state");

    tcase_add_test(t, control);
    tcase_add_test(t, unmasked);
    tcase_add_test(t, unavailable);
    suite_add_tcase(s, t);
    return suite_run(s);
}
