/* exec_x87_fn.c - x87: roots, remainders, scaling, transcendental functions.
 *
 * SDM volume 1, 8.3.6 and 8.3.7. */
#include "cpu/fpu.h"

#define ST0 fpu_get(cpu, 0)
#define ST1 fpu_get(cpu, 1)

static void fn_start(struct cpu *cpu, const struct insn *i)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
}

/* An empty operand: true when the masked response went to ST(d). */
static bool underflow(struct cpu *cpu, unsigned d)
{
    if (!fpu_stack_fault(cpu, false))
        return false;
    fpu_put(cpu, d, float80_indefinite());
    return true;
}

/* ST(0) = f(ST(0)) */
typedef struct float80 x87_unary(struct float80 a, struct float80_env *env);

static void unary(struct cpu *cpu, const struct insn *i, x87_unary *f)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    fn_start(cpu, i);
    if (!fpu_full(cpu, 0)) {
        underflow(cpu, 0);
        return;
    }
    r = f(ST0, &env);
    if (fpu_finish(cpu, &env))
        fpu_set(cpu, 0, r);
}

EXEC_BODY(fsqrt)
{
    unary(cpu, i, float80_sqrt);
}

EXEC_BODY(frndint)
{
    unary(cpu, i, float80_round_int);
}

EXEC_BODY(f2xm1)
{
    unary(cpu, i, float80_f2xm1);
}

/* ST(d) = f(ST(0), ST(1)); true when a pop may follow. */
typedef struct float80 x87_binary(struct float80 a, struct float80 b,
                                  struct float80_env *env);

static bool binary(struct cpu *cpu, const struct insn *i, x87_binary *f,
                   unsigned d)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    fn_start(cpu, i);
    if (!fpu_full(cpu, 0) || !fpu_full(cpu, 1))
        return underflow(cpu, d);
    r = f(ST0, ST1, &env);
    if (!fpu_finish(cpu, &env))
        return false;
    fpu_set(cpu, d, r);
    return true;
}

EXEC_BODY(fscale)
{
    binary(cpu, i, float80_scale, 0);
}

EXEC_BODY(fyl2x)
{
    if (binary(cpu, i, float80_fyl2x, 1))
        fpu_pop(cpu);
}

EXEC_BODY(fyl2xp1)
{
    if (binary(cpu, i, float80_fyl2xp1, 1))
        fpu_pop(cpu);
}

EXEC_BODY(fpatan)
{
    if (binary(cpu, i, float80_fpatan, 1))
        fpu_pop(cpu);
}

/* ---- remainders: the quotient's low bits go to C0 C3 C1 */

static void rem(struct cpu *cpu, const struct insn *i, bool nearest)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;
    unsigned q;
    bool partial;

    fn_start(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C2;
    if (!fpu_full(cpu, 0) || !fpu_full(cpu, 1)) {
        underflow(cpu, 0);
        return;
    }
    r = float80_rem(ST0, ST1, nearest, &q, &partial, &env);
    if (!fpu_finish(cpu, &env))
        return;
    fpu_set(cpu, 0, r);
    if (float80_classify(r) == FLOAT80_NAN)
        return; /* C0 and C3 stay */
    cpu->fsw &= (uint16_t)~FSW_CODES;
    cpu->fsw |= (uint16_t)((q & 4 ? FSW_C0 : 0) | (q & 2 ? FSW_C3 : 0) |
                           (q & 1 ? FSW_C1 : 0) | (partial ? FSW_C2 : 0));
}

EXEC_BODY(fprem)
{
    rem(cpu, i, false);
}

EXEC_BODY(fprem1)
{
    rem(cpu, i, true);
}

/* ---- functions with two results: ST(0) is replaced, another pushed */

/* The stack for such a function: one operand, one free register. Puts the
 * masked response where it is not so. */
static bool ready_for_two(struct cpu *cpu)
{
    bool empty = !fpu_full(cpu, 0);

    if (!empty && !fpu_full(cpu, 7))
        return true;
    if (fpu_stack_fault(cpu, !empty)) {
        fpu_put(cpu, 0, float80_indefinite());
        cpu->ftop = (cpu->ftop - 1) & 7;
        fpu_put(cpu, 0, float80_indefinite());
    }
    return false;
}

EXEC_BODY(fxtract)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 significand, exponent;

    fn_start(cpu, i);
    if (!ready_for_two(cpu))
        return;
    significand = ST0;
    exponent = float80_extract(&significand, &env);
    if (fpu_finish(cpu, &env)) {
        fpu_set(cpu, 0, exponent);
        fpu_push(cpu, significand);
    }
}

static void trig_start(struct cpu *cpu, const struct insn *i)
{
    fn_start(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C2;
}

/* C2 tells that the operand is out of range and nothing was done. */
static bool in_range(struct cpu *cpu, bool done)
{
    cpu->fsw &= (uint16_t) ~(FSW_C1 | FSW_C2);
    if (!done)
        cpu->fsw |= FSW_C2;
    return done;
}

EXEC_BODY(fsin)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    trig_start(cpu, i);
    if (!fpu_full(cpu, 0))
        underflow(cpu, 0);
    else if (in_range(cpu, float80_trig(ST0, &r, NULL, NULL, &env)) &&
             fpu_finish(cpu, &env))
        fpu_set(cpu, 0, r);
}

EXEC_BODY(fcos)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    trig_start(cpu, i);
    if (!fpu_full(cpu, 0))
        underflow(cpu, 0);
    else if (in_range(cpu, float80_trig(ST0, NULL, &r, NULL, &env)) &&
             fpu_finish(cpu, &env))
        fpu_set(cpu, 0, r);
}

EXEC_BODY(fsincos)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 s, c;

    trig_start(cpu, i);
    if (ready_for_two(cpu) &&
        in_range(cpu, float80_trig(ST0, &s, &c, NULL, &env)) &&
        fpu_finish(cpu, &env)) {
        fpu_set(cpu, 0, s);
        fpu_push(cpu, c);
    }
}

/* FPTAN pushes 1, or a NaN after a NaN. */
EXEC_BODY(fptan)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 t;

    trig_start(cpu, i);
    if (ready_for_two(cpu) &&
        in_range(cpu, float80_trig(ST0, NULL, NULL, &t, &env)) &&
        fpu_finish(cpu, &env)) {
        fpu_set(cpu, 0, t);
        fpu_push(cpu, float80_classify(t) == FLOAT80_NAN
                          ? t
                          : float80_constant(0, 0));
    }
}
