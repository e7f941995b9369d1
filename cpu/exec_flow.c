/* exec_flow.c - near branches, calls, returns, loops.
 *
 * SDM volume 2. Operand size 16 cuts the target to 16 bits. In 64-bit code
 * these rows have A_F64: prefix 66 is ignored, as Intel processors do. */
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"

#define CUT_16(v) ((uint16_t)(v))
#define CUT_32(v) ((uint32_t)(v))
#define CUT_64(v) (v)

#define JCC(cc, n, w)                                                          \
    EXEC(j##cc##_##w)                                                          \
    {                                                                          \
        uint64_t next = insn_next_rip(cpu, i);                                 \
        if (flags_cond(cpu, n))                                                \
            return flow_link(cpu, 0, CUT_##w(next + i->imm));                  \
        return flow_link(cpu, 1, next);                                        \
    }
#define JCC_64(cc, n)                                                          \
    EXEC(j##cc##_64)                                                           \
    {                                                                          \
        uint64_t next = branch_next(cpu, i);                                   \
        if (flags_cond(cpu, n))                                                \
            return flow_link_64(cpu, 0, next + i->imm);                        \
        return flow_link_64(cpu, 1, next);                                     \
    }
#define JCC_WIDTHS(cc, n) JCC(cc, n, 16) JCC(cc, n, 32) JCC_64(cc, n)
JCC_WIDTHS(o, 0)
JCC_WIDTHS(no, 1)
JCC_WIDTHS(b, 2)
JCC_WIDTHS(ae, 3)
JCC_WIDTHS(e, 4)
JCC_WIDTHS(ne, 5)
JCC_WIDTHS(be, 6)
JCC_WIDTHS(a, 7)
JCC_WIDTHS(s, 8)
JCC_WIDTHS(ns, 9)
JCC_WIDTHS(p, 10)
JCC_WIDTHS(np, 11)
JCC_WIDTHS(l, 12)
JCC_WIDTHS(ge, 13)
JCC_WIDTHS(le, 14)
JCC_WIDTHS(g, 15)

/* JMP, CALL and RET outside 64-bit code ... */
#define NEAR(w)                                                                \
    EXEC(jmp_##w)                                                              \
    {                                                                          \
        return flow_link(cpu, 0, CUT_##w(insn_next_rip(cpu, i) + i->imm));     \
    }                                                                          \
    EXEC(call_##w)                                                             \
    {                                                                          \
        uint64_t next = insn_next_rip(cpu, i);                                 \
        uint64_t target = CUT_##w(next + i->imm);                              \
        if (unlikely(target >= cpu->cs_end))                                   \
            flow_check(cpu, target);                                           \
        push##w(cpu, CUT_##w(next));                                           \
        return flow_link(cpu, 0, target);                                      \
    }                                                                          \
    EXEC(ret_##w)                                                              \
    {                                                                          \
        uint64_t target = ld##w(cpu, SEG_SS, R64(RSP) & cpu->sp_mask);         \
        struct block *b = flow_find(cpu, target);                              \
        if (unlikely(!b))                                                      \
            flow_check(cpu, target);                                           \
        set_sp(cpu, R64(RSP) + w / 8);                                         \
        return flow_jump_to(cpu, b, target);                                   \
    }
NEAR(16)
NEAR(32)

/* ... and in it, where the stack pointer and the target need no masks. */
EXEC(jmp_64)
{
    return flow_link_64(cpu, 0, branch_next(cpu, i) + i->imm);
}

static NOINLINE const struct insn *call_miss(struct cpu *cpu,
                                             const struct insn *i)
{
    uint64_t next = branch_next(cpu, i);
    push64(cpu, next);
    return flow_link_64(cpu, 0, next + i->imm);
}

EXEC(call_64)
{
    uint64_t next = branch_next(cpu, i), sp = R64(RSP) - 8;
    void *host;
    if (unlikely(!mem_hit(cpu, SEG_SS, sp, 8, MMU_WRITE, &host)))
        return call_miss(cpu, i);
    store_le64(host, next);
    R64(RSP) = sp;
    return flow_link_64(cpu, 0, next + i->imm);
}

static NOINLINE const struct insn *return_to(struct cpu *cpu, uint64_t target)
{
    flow_check(cpu, target);
    R64(RSP) += 8;
    return flow_jump_to(cpu, flow_find(cpu, target), target);
}

static NOINLINE const struct insn *ret_miss(struct cpu *cpu)
{
    return return_to(cpu, ld64(cpu, SEG_SS, R64(RSP)));
}

EXEC(ret_64)
{
    void *host;
    uint64_t target;
    struct jump_slot *slot;
    struct block *b;
    if (unlikely(!mem_hit(cpu, SEG_SS, R64(RSP), 8, MMU_READ, &host)))
        return ret_miss(cpu);
    target = load_le64(host);
    slot = &cpu->mmu.now.jump[jump_slot_of(target)];
    b = slot->block;
    if (unlikely(slot->key != target || b->mode != cpu->mode))
        return return_to(cpu, target);
    R64(RSP) += 8;
    return block_enter_64(cpu, b, target);
}

/* LOOP counts in CX, ECX or RCX by address size. */
static ALWAYS_INLINE uint64_t count_reg(const struct cpu *cpu,
                                        const struct insn *i)
{
    return mem_wrap(i, R64(RCX));
}

static ALWAYS_INLINE void set_count(struct cpu *cpu, const struct insn *i,
                                    uint64_t v)
{
    if (i->flags & IF_ADDR16)
        set_r16(cpu, RCX, (uint16_t)v);
    else if (i->flags & IF_ADDR32)
        set_r32(cpu, RCX, (uint32_t)v);
    else
        set_r64(cpu, RCX, v);
}

#define LOOP(name, w, condition)                                               \
    EXEC(name##_##w)                                                           \
    {                                                                          \
        uint64_t next = insn_next_rip(cpu, i);                                 \
        uint64_t target = CUT_##w(next + i->imm);                              \
        uint64_t n = mem_wrap(i, count_reg(cpu, i) - 1);                       \
        if (n != 0 && (condition)) {                                           \
            flow_check(cpu, target);                                           \
            set_count(cpu, i, n);                                              \
            return flow_link(cpu, 0, target);                                  \
        }                                                                      \
        set_count(cpu, i, n);                                                  \
        return flow_link(cpu, 1, next);                                        \
    }

#define WIDTH(w)                                                               \
    LOOP(loop, w, true)                                                        \
    LOOP(loope, w, flag_z(cpu))                                                \
    LOOP(loopne, w, !flag_z(cpu))                                              \
    EXEC(jcxz_##w)                                                             \
    {                                                                          \
        uint64_t next = insn_next_rip(cpu, i);                                 \
        if (count_reg(cpu, i) == 0)                                            \
            return flow_link(cpu, 0, CUT_##w(next + i->imm));                  \
        return flow_link(cpu, 1, next);                                        \
    }                                                                          \
    EXEC(jmp_Ev_##w##r)                                                        \
    {                                                                          \
        uint64_t target = R##w(i->rm);                                         \
        struct block *b = flow_find(cpu, target);                              \
        if (unlikely(!b))                                                      \
            flow_check(cpu, target);                                           \
        return flow_jump_to(cpu, b, target);                                   \
    }                                                                          \
    EXEC(jmp_Ev_##w##m)                                                        \
    {                                                                          \
        uint64_t target = ld##w(cpu, i->seg, mem_offset(cpu, i));              \
        struct block *b = flow_find(cpu, target);                              \
        if (unlikely(!b))                                                      \
            flow_check(cpu, target);                                           \
        return flow_jump_to(cpu, b, target);                                   \
    }                                                                          \
    EXEC(call_Ev_##w##r)                                                       \
    {                                                                          \
        uint64_t target = R##w(i->rm);                                         \
        flow_check(cpu, target);                                               \
        push##w(cpu, CUT_##w(insn_next_rip(cpu, i)));                          \
        return flow_jump_to(cpu, flow_find(cpu, target), target);              \
    }                                                                          \
    EXEC(call_Ev_##w##m)                                                       \
    {                                                                          \
        uint64_t target = ld##w(cpu, i->seg, mem_offset(cpu, i));              \
        flow_check(cpu, target);                                               \
        push##w(cpu, CUT_##w(insn_next_rip(cpu, i)));                          \
        return flow_jump_to(cpu, flow_find(cpu, target), target);              \
    }                                                                          \
    EXEC(ret_Iw_##w)                                                           \
    {                                                                          \
        uint64_t target = ld##w(cpu, SEG_SS, R64(RSP) & cpu->sp_mask);         \
        struct block *b = flow_find(cpu, target);                              \
        if (unlikely(!b))                                                      \
            flow_check(cpu, target);                                           \
        set_sp(cpu, R64(RSP) + w / 8 + i->imm);                                \
        return flow_jump_to(cpu, b, target);                                   \
    }

WIDTH(16)
WIDTH(32)
WIDTH(64)
