/* exec_fused.c - CMP and TEST of registers fused with the Jcc behind them.
 *
 * Compilers end most blocks so. The handler sits on the compare, sets the
 * flags, decides on the operands themselves and leaves the block by the
 * branch, which saves a dispatch and the reading of lazy flags. Conditions on
 * OF and PF alone are too rare to bother. */
#include "cpu/exec_fused.h"

#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"

/* CMP a, b and TEST a, b by condition code; ST is the signed type. */
#define CMP_b(ST)   (a < b)
#define CMP_ae(ST)  (a >= b)
#define CMP_e(ST)   (a == b)
#define CMP_ne(ST)  (a != b)
#define CMP_be(ST)  (a <= b)
#define CMP_a(ST)   (a > b)
#define CMP_s(ST)   ((ST)r < 0)
#define CMP_ns(ST)  ((ST)r >= 0)
#define CMP_l(ST)   ((ST)a < (ST)b)
#define CMP_ge(ST)  ((ST)a >= (ST)b)
#define CMP_le(ST)  ((ST)a <= (ST)b)
#define CMP_g(ST)   ((ST)a > (ST)b)

#define TEST_b(ST)  false
#define TEST_ae(ST) true
#define TEST_e(ST)  (r == 0)
#define TEST_ne(ST) (r != 0)
#define TEST_be(ST) (r == 0)
#define TEST_a(ST)  (r != 0)
#define TEST_s(ST)  ((ST)r < 0)
#define TEST_ns(ST) ((ST)r >= 0)
#define TEST_l(ST)  ((ST)r < 0)
#define TEST_ge(ST) ((ST)r >= 0)
#define TEST_le(ST) ((ST)r <= 0)
#define TEST_g(ST)  ((ST)r > 0)

#define SET_CMP(w)                                                             \
    r = a - b;                                                                 \
    flags_set(cpu, w, (int##w##_t)r, carry_sub(a, b, r))
#define SET_TEST(w)                                                            \
    r = a & b;                                                                 \
    flags_logic(cpu, w, (int##w##_t)r)

#define FUSED(op, OP, form, cc, w, source)                                     \
    static const struct insn *op##_##form##_##cc##_##w(struct cpu *cpu,        \
                                                       const struct insn *i)   \
    {                                                                          \
        uint##w##_t a = R##w(i->rm), b = (uint##w##_t)(source), r;             \
        uint64_t next;                                                         \
        SET_##OP(w);                                                           \
        i++;                                                                   \
        cpu->insn = i;                                                         \
        next = branch_next(cpu, i);                                            \
        if (OP##_##cc(int##w##_t))                                             \
            return flow_link_64(cpu, 0, next + i->imm);                        \
        return flow_link_64(cpu, 1, next);                                     \
    }

#define FOR_CONDITIONS(X, ...)                                                 \
    X(b, 2, __VA_ARGS__)                                                       \
    X(ae, 3, __VA_ARGS__)                                                      \
    X(e, 4, __VA_ARGS__)                                                       \
    X(ne, 5, __VA_ARGS__)                                                      \
    X(be, 6, __VA_ARGS__)                                                      \
    X(a, 7, __VA_ARGS__)                                                       \
    X(s, 8, __VA_ARGS__)                                                       \
    X(ns, 9, __VA_ARGS__)                                                      \
    X(l, 12, __VA_ARGS__)                                                      \
    X(ge, 13, __VA_ARGS__)                                                     \
    X(le, 14, __VA_ARGS__)                                                     \
    X(g, 15, __VA_ARGS__)

#define DEFINE(cc, n, op, OP, form, w, source)                                 \
    FUSED(op, OP, form, cc, w, source)
FOR_CONDITIONS(DEFINE, cmp, CMP, reg, 32, R64(i->reg))
FOR_CONDITIONS(DEFINE, cmp, CMP, reg, 64, R64(i->reg))
FOR_CONDITIONS(DEFINE, cmp, CMP, imm, 32, i->imm)
FOR_CONDITIONS(DEFINE, cmp, CMP, imm, 64, i->imm)
FOR_CONDITIONS(DEFINE, test, TEST, reg, 32, R64(i->reg))
FOR_CONDITIONS(DEFINE, test, TEST, reg, 64, R64(i->reg))

#define ENTRY(cc, n, op, form, w) [n] = op##_##form##_##cc##_##w,
static exec_fn *const fused[][16] = {
    {FOR_CONDITIONS(ENTRY, cmp, reg, 32)},
    {FOR_CONDITIONS(ENTRY, cmp, reg, 64)},
    {FOR_CONDITIONS(ENTRY, cmp, imm, 32)},
    {FOR_CONDITIONS(ENTRY, cmp, imm, 64)},
    {FOR_CONDITIONS(ENTRY, test, reg, 32)},
    {FOR_CONDITIONS(ENTRY, test, reg, 64)},
};

/* Row of `fused` for 32-bit operands, or -1. */
static int compare_kind(const struct insn *i)
{
    switch (i->op) {
    case INSN_cmp_Ev_Gv:
        return 0;
    case INSN_cmp_Ev_Iz:
    case INSN_cmp_Ev_sIb:
    case INSN_cmp_rAX_Iz:
        return 2;
    case INSN_test_Ev_Gv:
        return 4;
    default:
        return -1;
    }
}

exec_fn *fused_exec(const struct insn *compare, const struct insn *branch)
{
    int kind = compare_kind(compare);
    uint64_t encoding = insn_rows[branch->op].encoding;
    unsigned osize = insn_osize(compare), opcode = ENC_OPCODE(encoding);
    bool jcc = (ENC_MAP(encoding) == 0 && (opcode & 0xf0) == 0x70) ||
               (ENC_MAP(encoding) == 1 && (opcode & 0xf0) == 0x80);
    if (kind < 0 || !jcc || (compare->flags & IF_MEM) || osize < 4)
        return NULL;
    return fused[kind + (osize == 8)][opcode & 15];
}
