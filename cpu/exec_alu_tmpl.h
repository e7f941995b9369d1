/* exec_alu_tmpl.h - arithmetic and logic of one width (exec_alu.c). */
#include "cpu/exec_tmpl.h"

static ALWAYS_INLINE T W_(alu_add)(struct cpu *cpu, T a, T b)
{
    T r = (T)(a + b);
    flags_set(cpu, W, (ST)r, carry_add(a, b, r));
    return r;
}

static ALWAYS_INLINE T W_(alu_adc)(struct cpu *cpu, T a, T b)
{
    T r = (T)(a + b + flag_c(cpu));
    flags_set(cpu, W, (ST)r, carry_add(a, b, r));
    return r;
}

static ALWAYS_INLINE T W_(alu_sub)(struct cpu *cpu, T a, T b)
{
    T r = (T)(a - b);
    flags_set(cpu, W, (ST)r, carry_sub(a, b, r));
    return r;
}

static ALWAYS_INLINE T W_(alu_sbb)(struct cpu *cpu, T a, T b)
{
    T r = (T)(a - b - flag_c(cpu));
    flags_set(cpu, W, (ST)r, carry_sub(a, b, r));
    return r;
}

static ALWAYS_INLINE T W_(alu_and)(struct cpu *cpu, T a, T b)
{
    T r = a & b;
    flags_logic(cpu, W, (ST)r);
    return r;
}

static ALWAYS_INLINE T W_(alu_or)(struct cpu *cpu, T a, T b)
{
    T r = a | b;
    flags_logic(cpu, W, (ST)r);
    return r;
}

static ALWAYS_INLINE T W_(alu_xor)(struct cpu *cpu, T a, T b)
{
    T r = a ^ b;
    flags_logic(cpu, W, (ST)r);
    return r;
}

/* INC and DEC keep CF: it is put back at the top of the carry vector, and
 * the carry into the top bit chosen so that OF stays that of the result. */
static ALWAYS_INLINE T W_(alu_inc)(struct cpu *cpu, T a)
{
    T r = (T)(a + 1);
    uint64_t c = flag_c(cpu), o = r == (T)((T)1 << (W - 1));
    flags_set(cpu, W, (ST)r,
              c << (W - 1) | (c ^ o) << (W - 2) | ((r & 15) == 0) << 3);
    return r;
}

static ALWAYS_INLINE T W_(alu_dec)(struct cpu *cpu, T a)
{
    T r = (T)(a - 1);
    uint64_t c = flag_c(cpu), o = a == (T)((T)1 << (W - 1));
    flags_set(cpu, W, (ST)r,
              c << (W - 1) | (c ^ o) << (W - 2) | ((a & 15) == 0) << 3);
    return r;
}

/* The five operand forms of an operation that writes its destination ... */
#define ALU_FORMS(op)                                                          \
    HANDLER(FN(op, _Ev_Gv, _Eb_Gb, r))                                         \
    {                                                                          \
        SETR(i->rm, W_(alu_##op)(cpu, GETR(i->rm), GETR(i->reg)));             \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op, _Ev_Gv, _Eb_Gb, m),                                     \
                r = W_(alu_##op)(cpu, a, GETR(i->reg)))                        \
    HANDLER(FN(op, _Gv_Ev, _Gb_Eb, r))                                         \
    {                                                                          \
        SETR(i->reg, W_(alu_##op)(cpu, GETR(i->reg), GETR(i->rm)));            \
        NEXT;                                                                  \
    }                                                                          \
    LOAD_HANDLER(FN(op, _Gv_Ev, _Gb_Eb, m), b,                                 \
                 SETR(i->reg, W_(alu_##op)(cpu, GETR(i->reg), b)))             \
    HANDLER(FN(op, _Ev_Iz, _Eb_Ib, r))                                         \
    {                                                                          \
        SETR(i->rm, W_(alu_##op)(cpu, GETR(i->rm), (T)i->imm));                \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op, _Ev_Iz, _Eb_Ib, m), r = W_(alu_##op)(cpu, a, (T)i->imm))

ALU_FORMS(add)
ALU_FORMS(or)
ALU_FORMS(adc)
ALU_FORMS(sbb)
ALU_FORMS(and)
ALU_FORMS(sub)
ALU_FORMS(xor)
#undef ALU_FORMS

/* ... and of one that sets flags only (CMP by SUB, TEST by AND). */
#define COMPARE_FORMS(op, alu)                                                 \
    HANDLER(FN(op, _Ev_Gv, _Eb_Gb, r))                                         \
    {                                                                          \
        W_(alu)(cpu, GETR(i->rm), GETR(i->reg));                               \
        NEXT;                                                                  \
    }                                                                          \
    LOAD_HANDLER(FN(op, _Ev_Gv, _Eb_Gb, m), a, W_(alu)(cpu, a, GETR(i->reg)))  \
    HANDLER(FN(op, _Ev_Iz, _Eb_Ib, r))                                         \
    {                                                                          \
        W_(alu)(cpu, GETR(i->rm), (T)i->imm);                                  \
        NEXT;                                                                  \
    }                                                                          \
    LOAD_HANDLER(FN(op, _Ev_Iz, _Eb_Ib, m), a, W_(alu)(cpu, a, (T)i->imm))

COMPARE_FORMS(cmp, alu_sub)
COMPARE_FORMS(test, alu_and)
#undef COMPARE_FORMS

HANDLER(FN(cmp, _Gv_Ev, _Gb_Eb, r))
{
    W_(alu_sub)(cpu, GETR(i->reg), GETR(i->rm));
    NEXT;
}

LOAD_HANDLER(FN(cmp, _Gv_Ev, _Gb_Eb, m), b, W_(alu_sub)(cpu, GETR(i->reg), b))

HANDLER(FN(inc, _Ev, _Eb, r))
{
    SETR(i->rm, W_(alu_inc)(cpu, GETR(i->rm)));
    NEXT;
}

RMW_HANDLER(FN(inc, _Ev, _Eb, m), r = W_(alu_inc)(cpu, a))

HANDLER(FN(dec, _Ev, _Eb, r))
{
    SETR(i->rm, W_(alu_dec)(cpu, GETR(i->rm)));
    NEXT;
}

RMW_HANDLER(FN(dec, _Ev, _Eb, m), r = W_(alu_dec)(cpu, a))

HANDLER(FN(not, _Ev, _Eb, r))
{
    SETR(i->rm, ~GETR(i->rm));
    NEXT;
}

RMW_HANDLER(FN(not, _Ev, _Eb, m), r = (T)~a)

HANDLER(FN(neg, _Ev, _Eb, r))
{
    SETR(i->rm, W_(alu_sub)(cpu, 0, GETR(i->rm)));
    NEXT;
}

RMW_HANDLER(FN(neg, _Ev, _Eb, m), r = W_(alu_sub)(cpu, 0, a))

/* XADD: the sum goes to the first operand, its old value to the second. */
HANDLER(FN(xadd, _Ev_Gv, _Eb_Gb, r))
{
    T a = GETR(i->rm), b = GETR(i->reg);
    SETR(i->reg, a);
    SETR(i->rm, W_(alu_add)(cpu, a, b));
    NEXT;
}

HANDLER(FN(xadd, _Ev_Gv, _Eb_Gb, m))
{
    uint64_t off = mem_offset(cpu, i);
    uint8_t *p = mem_rmw(cpu, i->seg, off, W / 8);
    T a = LOADP(p);
    STOREP(p, W_(alu_add)(cpu, a, GETR(i->reg)));
    mem_rmw_end(cpu, i->seg, off, p, W / 8);
    SETR(i->reg, a);
    NEXT;
}

#if W == 8
#define ACC REG8(RAX, 0)
#else
#define ACC RAX
#endif

/* A 32-bit CMPXCHG that fails clears the upper half of RAX only; one that
 * succeeds leaves RAX whole (SDM: EAX is not written then). */
HANDLER(FN(cmpxchg, _Ev_Gv, _Eb_Gb, r))
{
    T acc = GETR(ACC), a = GETR(i->rm);
    W_(alu_sub)(cpu, acc, a);
    if (acc == a)
        SETR(i->rm, GETR(i->reg));
    else
        SETR(ACC, a); /* the other keeps even its upper half */
    NEXT;
}

/* The destination is always written. */
HANDLER(FN(cmpxchg, _Ev_Gv, _Eb_Gb, m))
{
    uint64_t off = mem_offset(cpu, i);
    uint8_t *p = mem_rmw(cpu, i->seg, off, W / 8);
    T acc = GETR(ACC), a = LOADP(p);
    STOREP(p, acc == a ? GETR(i->reg) : a);
    mem_rmw_end(cpu, i->seg, off, p, W / 8);
    W_(alu_sub)(cpu, acc, a);
    if (acc != a)
        SETR(ACC, a);
    NEXT;
}
#undef ACC
#undef W
