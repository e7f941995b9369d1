/* check_seg - segment loads, limits and types, call gates, far returns,
 * stack widths, I/O permission, real mode's segments (SDM volume 3,
 * chapters 3 and 5; volume 1, 19.5).
 * Alone: make tests/cpu/check_seg && tests/cpu/check_seg */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

enum { INNER_STACK = 0x2e000, A = SEL_FREE, B = SEL_FREE + 8 };

#define MOV_DS_AX 0x8e, 0xd8
#define MOV_ES_AX 0x8e, 0xc0
#define MOV_SS_AX 0x8e, 0xd0

/* ---- loads */

struct load {
    unsigned attr, rpl;
    int vector; /* or RIG_HALT */
};

static void check_loads(struct rig *r, bool user, unsigned modrm,
                        const struct load *t, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        int got;
        user ? rig_user(r) : rig_protected(r);
        rig_set_desc(r, A, rig_desc(0, 0xfffff, t[n].attr));
        r->cpu->reg[RAX] = A | t[n].rpl;
        got = RUN(r, 0x8e, modrm);
        ck_assert_msg(got == t[n].vector, "row %u: %d, not %d", n, got,
                      t[n].vector);
        if (got != RIG_HALT)
            ck_assert_uint_eq(rig_frame(r, true).error, A);
        else
            ck_assert(rig_get_desc(r, A) >> 40 & DESC_A);
    }
}

CASE(load_ds)
{
    static const struct load t[] = {
        {0xc093, 0, RIG_HALT}, {0xc091, 0, RIG_HALT}, /* data, read-only */
        {0xc09b, 0, RIG_HALT},                        /* readable code */
        {0xc099, 0, EX_GP},                           /* execute-only */
        {0xc089, 0, EX_GP},                           /* system */
        {0xc013, 0, EX_NP},    {0xc093, 3, EX_GP},    /* RPL > DPL */
        {0xc0f3, 3, RIG_HALT}, {0xc092, 0, RIG_HALT}, /* sets accessed */
        {0xc09f, 3, RIG_HALT}, /* conforming code: no privilege check */
    };
    check_loads(r, false, 0xd8, t, ARRAY_LEN(t));
}

CASE(load_ds_in_ring3)
{
    static const struct load t[] = {{0xc093, 0, EX_GP},
                                    {0xc0b3, 0, EX_GP},
                                    {0xc0f3, 0, RIG_HALT},
                                    {0xc09f, 3, RIG_HALT},
                                    {0xc073, 0, EX_NP}};
    check_loads(r, true, 0xd8, t, ARRAY_LEN(t));
}

CASE(load_ss)
{
    static const struct load t[] = {
        {0xc093, 0, RIG_HALT}, {0xc097, 0, RIG_HALT}, /* expand-down */
        {0xc091, 0, EX_GP},    {0xc09b, 0, EX_GP},    {0xc093, 1, EX_GP},
        {0xc0f3, 0, EX_GP},    {0xc013, 0, EX_SS}};
    check_loads(r, false, 0xd0, t, ARRAY_LEN(t));
}

CASE(null_selectors)
{
    rig_protected(r);
    c->reg[RAX] = 3;
    ck_assert_int_eq(RUN(r, MOV_DS_AX), RIG_HALT);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, 3);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0xa0, 0, 0, 2, 0), EX_GP); /* mov al, [..] */
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    rig_protected(r);
    c->reg[RAX] = 0;
    ck_assert_int_eq(RUN(r, MOV_SS_AX), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

CASE(null_ss_in_long_mode)
{
    rig_long(r);
    c->reg[RAX] = 0;
    ck_assert_int_eq(RUN(r, MOV_SS_AX), RIG_HALT);
    rig_long(r);
    c->reg[RAX] = 3; /* RPL is not CPL */
    ck_assert_int_eq(RUN(r, MOV_SS_AX), EX_GP);
}

CASE(mov_to_cs_is_ud)
{
    rig_protected(r);
    c->reg[RAX] = SEL_CODE;
    ck_assert_int_eq(RUN(r, 0x8e, 0xc8), EX_UD);
    rig_protected(r);
    ck_assert_int_eq(RUN(r, 0x8e, 0xf0), EX_UD); /* segment 6 */
}

CASE(ldt_selectors)
{
    rig_protected(r);
    rig_set_desc(r, 0x0c, rig_desc(0x1000, 0xffff, 0x4093));
    c->reg[RAX] = 0x0c;
    ck_assert_int_eq(RUN(r, MOV_ES_AX), RIG_HALT);
    ck_assert_uint_eq(c->seg[SEG_ES].base, 0x1000);
    rig_protected(r);
    c->reg[RAX] = 0x104; /* beyond the LDT's limit FFh */
    ck_assert_int_eq(RUN(r, MOV_ES_AX), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x104);
    rig_protected(r);
    c->ldtr = (struct seg){0};
    c->reg[RAX] = 0x0c;
    ck_assert_int_eq(RUN(r, MOV_ES_AX), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x0c);
}

CASE(lds_changes_nothing_on_fault)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA, 0xfff800001234, 6);
    c->reg[RBX] = RIG_DATA;
    c->reg[RSI] = 7;
    ck_assert_int_eq(RUN(r, 0xc5, 0x33), EX_GP); /* lds esi, [ebx] */
    ck_assert_uint_eq(c->reg[RSI], 7);
}

/* ---- limits and types of accesses */

struct access {
    unsigned attr;
    uint32_t limit, offset;
    uint8_t opcode; /* 8a, 8b load, 88, 89 store */
    int vector;
};

static void check_accesses(struct rig *r, unsigned seg, const struct access *t,
                           unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        int got;
        rig_protected(r);
        rig_set_desc(r, A, rig_desc(0x20000, t[n].limit, t[n].attr));
        rig_load(r, seg, A);
        r->cpu->reg[RBX] = r->cpu->reg[RBP] = t[n].offset;
        /* mov eax, [ebx] or [ebp + 0] */
        got = seg == SEG_SS ? RUN(r, t[n].opcode, 0x45, 0)
                            : RUN(r, t[n].opcode, 0x03);
        ck_assert_msg(got == t[n].vector, "row %u: %d, not %d", n, got,
                      t[n].vector);
    }
}

CASE(limits)
{
    static const struct access t[] = {
        {0x4093, 0xfff, 0xfff, 0x8a, RIG_HALT},
        {0x4093, 0xfff, 0x1000, 0x8a, EX_GP},
        {0x4093, 0xfff, 0xffc, 0x8b, RIG_HALT},
        {0x4093, 0xfff, 0xffd, 0x8b, EX_GP},
        {0x4093, 0xfff, 0xffd, 0x89, EX_GP},
        {0x4093, 0xfff, 0xffffffff, 0x8b, EX_GP},
        {0xc093, 0x1, 0x1fff, 0x8a, RIG_HALT}, /* pages */
        {0xc093, 0x1, 0x2000, 0x8a, EX_GP},
        {0x4097, 0xfff, 0xfff, 0x8a, EX_GP}, /* expand-down */
        {0x4097, 0xfff, 0x1000, 0x8a, RIG_HALT},
        {0x4097, 0xfff, 0xffc, 0x8b, EX_GP},
        {0x0097, 0xfff, 0xffff, 0x8a, RIG_HALT}, /* 16-bit: to FFFF */
        {0x0097, 0xfff, 0x10000, 0x8a, EX_GP},
        {0x4091, 0xfff, 0, 0x8a, RIG_HALT}, /* read-only */
        {0x4091, 0xfff, 0, 0x88, EX_GP},
        {0x409b, 0xfff, 0, 0x8a, RIG_HALT}, /* code */
        {0x409b, 0xfff, 0, 0x88, EX_GP},
        {0x4099, 0xfff, 0, 0x8a, EX_GP}, /* execute-only */
    };
    check_accesses(r, SEG_DS, t, ARRAY_LEN(t));
}

CASE(stack_limits_are_ss)
{
    static const struct access t[] = {
        {0x4093, 0xfff, 0xfff, 0x8a, RIG_HALT},
        {0x4093, 0xfff, 0xffc, 0x8b, RIG_HALT},
    };
    rig_protected(r);
    rig_set_desc(r, A, rig_desc(0x20000, 0xfff, 0x4093));
    rig_load(r, SEG_SS, A);
    c->reg[RSP] = 0x800;
    c->reg[RBP] = 0x1000;
    ck_assert_int_eq(RUN(r, 0x8a, 0x45, 0), EX_SS);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    check_accesses(r, SEG_SS, t, ARRAY_LEN(t));
}

CASE(push_below_limit_is_ss)
{
    rig_protected(r);
    rig_set_desc(r, A, rig_desc(0x20000, 0xfff, 0x4097)); /* above FFFh */
    rig_load(r, SEG_SS, A);
    c->reg[RSP] = 0x1000;
    /* The frame does not fit either: #DF, then shutdown. */
    ck_assert_int_eq(RUN(r, 0x50), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->faults[0].vector, EX_SS);
    ck_assert_uint_eq(c->reg[RSP], 0x1000);
}

CASE(not_canonical)
{
    rig_long(r);
    c->cr2 = 0x1234;
    c->reg[RBX] = 0x800000000000;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    rig_long(r);
    c->cr2 = 0x1234;
    c->reg[RBP] = 0x7fffffffffff; /* the last byte is outside */
    ck_assert_int_eq(RUN(r, 0x48, 0x8b, 0x45, 0), EX_SS);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    ck_assert_uint_eq(c->cr2, 0x1234);
}

CASE(long_mode_ignores_limits)
{
    rig_long(r);
    rig_set_desc(r, A, rig_desc(0x5000, 0xf, 0x4091));
    rig_load(r, SEG_DS, A);
    rig_poke(r, RIG_DATA, 0x5a, 1);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03, 0x88, 0x43, 0x01), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 1, 1), 0x5a);
}

CASE(page_crossing_write_is_all_or_nothing)
{
    rig_paged(r);
    rig_map(r, RIG_DATA + 0x1000, (RIG_DATA + 0x1000) | 5); /* read-only */
    rig_poke(r, RIG_DATA + 0xffe, 0, 4);
    c->reg[RBX] = RIG_DATA + 0xffe;
    c->reg[RAX] = 0x11223344;
    ck_assert_int_eq(RUN(r, 0x89, 0x03), EX_PF);
    ck_assert_uint_eq(c->cr2, RIG_DATA + 0x1000);
    ck_assert_uint_eq(rig_frame(r, true).error, 3);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 0xffe, 4), 0);
}

/* ---- far jumps and calls */

#define FAR(op, sel, off)                                                      \
    (op), (off)&0xff, (off) >> 8 & 0xff, (off) >> 16 & 0xff, (off) >> 24,      \
        (sel)&0xff, (sel) >> 8
#define JMP(sel, off)  FAR(0xea, sel, off)
#define CALL(sel, off) FAR(0x9a, sel, off)

CASE(jmp_checks)
{
    static const struct {
        unsigned attr, rpl;
        int vector;
    } t[] = {{0xc09b, 0, RIG_HALT}, {0xc09b, 3, EX_GP}, /* RPL > CPL */
             {0xc0fb, 0, EX_GP},                        /* DPL > CPL */
             {0xc09f, 3, RIG_HALT},                     /* conforming */
             {0xc0ff, 0, EX_GP},    {0xc01b, 0, EX_NP}, {0xc093, 0, EX_GP}};
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        int got;
        rig_protected(r);
        rig_set_desc(r, A, rig_desc(0, 0xfffff, t[n].attr));
        PUT(r, 0x8000, 0xf4);
        got = RUN(r, JMP(A | t[n].rpl, 0x8000));
        ck_assert_msg(got == t[n].vector, "row %u: %d, not %d", n, got,
                      t[n].vector);
        if (got == RIG_HALT)
            ck_assert_uint_eq(c->seg[SEG_CS].selector, A);
        else
            ck_assert_uint_eq(rig_frame(r, true).error, A);
    }
}

CASE(jmp_beyond_limit)
{
    rig_protected(r);
    rig_set_desc(r, A, rig_desc(0, 0xfff, 0x409b));
    ck_assert_int_eq(RUN(r, JMP(A, 0x1000)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    ck_assert_uint_eq(rig_frame(r, true).cs, SEL_CODE);
    rig_protected(r);
    ck_assert_int_eq(RUN(r, JMP(0, 0x1000)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

CASE(call_far_and_back)
{
    rig_protected(r);
    PUT(r, 0x8000, 0x40, 0xca, 4, 0); /* inc eax; retf 4 */
    c->reg[RSP] -= 4;
    ck_assert_int_eq(RUN(r, CALL(SEL_CODE, 0x8000), 0x43), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(c->reg[RBX], 1);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK);
}

CASE(push_of_far_call_that_faults_changes_nothing)
{
    rig_paged(r);
    rig_map(r, RIG_DATA, 0);
    c->reg[RSP] = RIG_DATA + 0x1004; /* second push faults */
    rig_set_idt(r, EX_PF, rig_gate(SEL_TSS, 0, 0x85, 0));
    ck_assert_int_eq(RUN(r, CALL(SEL_CODE, 0x8000)), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->reg[RSP], RIG_DATA + 0x1004);
    ck_assert_uint_eq(c->faults[0].rip, RIG_CODE);
}

/* ---- call gates */

static void user_gate(struct rig *r, unsigned type, unsigned params)
{
    rig_user(r);
    rig_set_desc(r, A, rig_gate(SEL_CODE, 0x8000, type, params));
    PUT(r, 0x8000, 0xf4);
}

CASE(gate_to_inner_ring)
{
    user_gate(r, 0xec, 2);
    c->reg[RSP] -= 8;
    rig_poke(r, RIG_STACK3 - 8, 0x11111111, 4);
    rig_poke(r, RIG_STACK3 - 4, 0x22222222, 4);
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0xdead)), RIG_HALT);
    ck_assert_uint_eq(c->cpl, 0);
    ck_assert_uint_eq(c->seg[SEG_CS].selector, SEL_CODE);
    ck_assert_uint_eq(c->seg[SEG_SS].selector, SEL_DATA);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 24);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 24, 4), RIG_CODE + 7);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 20, 4), SEL_CODE3);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 16, 4), 0x11111111);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 12, 4), 0x22222222);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 8, 4), RIG_STACK3 - 8);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 4, 4), SEL_DATA3);
}

CASE(gate_and_return_to_outer_ring)
{
    user_gate(r, 0xec, 1);
    PUT(r, 0x8000, 0xca, 4, 0); /* retf 4 */
    c->reg[RSP] -= 4;
    rig_load(r, SEG_ES, SEL_DATA); /* too privileged for ring 3 */
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0), 0xcc), EX_BP);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.cs, SEL_CODE3);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(f.ss, SEL_DATA3);
    ck_assert_uint_eq(c->seg[SEG_ES].selector, 0);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, SEL_DATA3);
}

CASE(gate16)
{
    user_gate(r, 0xe4, 1);
    c->reg[RSP] -= 2;
    rig_poke(r, RIG_STACK3 - 2, 0x7777, 2);
    rig_poke(r, RIG_GDT + A + 6, 0xffff, 2); /* upper offset: ignored */
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), 0x8001);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 10);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 6, 2), 0x7777);
}

CASE(gate_checks)
{
    user_gate(r, 0x8c, 0); /* DPL 0 */
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, A);
    user_gate(r, 0x6c, 0); /* absent */
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), EX_NP);
    ck_assert_uint_eq(rig_frame(r, true).error, A);
    user_gate(r, 0xec, 0); /* JMP cannot change the ring */
    ck_assert_int_eq(RUN(r, JMP(A | 3, 0)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_CODE);
    user_gate(r, 0xec, 0);
    rig_set_desc(r, A, rig_gate(SEL_DATA, 0, 0xec, 0));
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_DATA);
}

CASE(gate_with_bad_inner_stack)
{
    user_gate(r, 0xec, 0);
    rig_set_desc(r, B, rig_desc(0, 0xfffff, 0xc013)); /* absent */
    rig_poke(r, RIG_TSS + 8, B, 2);
    /* #SS needs the same stack: shutdown, the chain tells. */
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->faults[0].vector, EX_SS);
    ck_assert_uint_eq(c->faults[0].error, B);
    user_gate(r, 0xec, 0);
    c->tr.limit = 8;
    ck_assert_int_eq(RUN(r, CALL(A | 3, 0)), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->faults[0].vector, EX_TS);
    ck_assert_uint_eq(c->faults[0].error, SEL_TSS);
}

/* ---- returns */

static void push32s(struct rig *r, const uint32_t *v, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        r->cpu->reg[RSP] -= 4;
        rig_poke(r, r->cpu->reg[RSP], v[n], 4);
    }
}

CASE(retf_to_inner_ring_is_refused)
{
    rig_user(r);
    push32s(r, (const uint32_t[]){SEL_CODE, 0x8000}, 2);
    ck_assert_int_eq(RUN(r, 0xcb), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_CODE);
}

CASE(iret_to_ring3)
{
    rig_protected(r);
    push32s(r,
            (const uint32_t[]){SEL_DATA3, RIG_STACK3, EFL_IF | EFL_CF | 2,
                               SEL_CODE3, 0x8000},
            5);
    PUT(r, 0x8000, 0xcc);
    ck_assert_int_eq(RUN(r, 0xcf), EX_BP);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, 0x8001);
    ck_assert_uint_eq(f.flags, EFL_IF | EFL_CF | 2);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, 0); /* DPL 0 */
}

CASE(iret_in_ring3_keeps_iopl_and_if)
{
    rig_user(r);
    push32s(
        r,
        (const uint32_t[]){EFL_IF | EFL_IOPL | EFL_DF | 2, SEL_CODE3, 0x8000},
        3);
    PUT(r, 0x8000, 0xcc);
    ck_assert_int_eq(RUN(r, 0xcf), EX_BP);
    ck_assert_uint_eq(rig_frame(r, false).flags, EFL_DF | 2);
}

CASE(iret_drops_reserved_bits)
{
    rig_protected(r);
    push32s(r, (const uint32_t[]){0xffc0802a | EFL_CF, SEL_CODE, 0x8000}, 3);
    PUT(r, 0x8000, 0xf4);
    ck_assert_int_eq(RUN(r, 0xcf), RIG_HALT);
    ck_assert_uint_eq(cpu_eflags(c), EFL_CF | 2);
    rig_protected(r);
    push32s(r,
            (const uint32_t[]){0, 0, 0, 0, 0x2000, 0xfff0, 0xffc0802a | EFL_VM,
                               0x1000, 0},
            9);
    PUT(r, 0x10000, 0xcf); /* the IRET itself, then #GP in V86 mode */
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(rig_run(r), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).flags & ~(uint64_t)EFL_RF, EFL_VM | 2);
}

CASE(iret16)
{
    rig_protected(r);
    c->reg[RSP] = 0x12340;
    rig_poke(r, 0x12340, 0x8000, 2);
    rig_poke(r, 0x12342, SEL_CODE, 2);
    rig_poke(r, 0x12344, EFL_CF | 2, 2);
    rig_set_eflags(r, EFL_AC);
    PUT(r, 0x8000, 0xf4);
    ck_assert_int_eq(RUN(r, 0x66, 0xcf), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), 0x8001);
    ck_assert_uint_eq(cpu_eflags(c), EFL_AC | EFL_CF | 2);
}

CASE(long_iret)
{
    rig_long(r);
    for (unsigned n = 0; n < 5; n++)
        rig_poke(r, RIG_STACK - 40 + 8 * n,
                 (const uint64_t[]){0x8000, SEL_CODE64_3, EFL_IF | 2,
                                    RIG_STACK3, SEL_DATA3}[n],
                 8);
    c->reg[RSP] = RIG_STACK - 40;
    PUT(r, 0x8000, 0xcc);
    ck_assert_int_eq(RUN(r, 0x48, 0xcf), EX_BP);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.cs, SEL_CODE64_3);
    ck_assert_uint_eq(f.ss, SEL_DATA3);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(f.flags, EFL_IF | 2);
}

CASE(long_iret_with_nt)
{
    rig_long(r);
    rig_set_eflags(r, EFL_NT);
    ck_assert_int_eq(RUN(r, 0x48, 0xcf), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

CASE(long_to_compatibility_mode)
{
    rig_long(r);
    rig_poke(r, RIG_STACK - 16, 0x8000, 8);
    rig_poke(r, RIG_STACK - 8, SEL_CODE, 8);
    c->reg[RSP] = RIG_STACK - 16;
    /* 40h is INC EAX in 32-bit code, a REX prefix in 64-bit code */
    PUT(r, 0x8000, 0x40, 0x40, 0xf4);
    ck_assert_int_eq(RUN(r, 0x48, 0xcb), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 2);
    ck_assert_uint_eq(c->mode & MODE_CODE, MODE_32);
}

/* Upper halves do not outlive 64-bit code, be it the stack pointer's of the
 * kernel that IRET leaves. */
CASE(long_iret_to_compatibility_mode)
{
    static const uint64_t frame[] = {0x8000, SEL_CODE3, EFL_IF | 2, RIG_STACK3,
                                     SEL_DATA3};
    rig_long(r);
    /* the last 512 GiB are the first ones, too */
    rig_poke(r, c->cr3 + 0xff8, rig_peek(r, c->cr3, 8), 8);
    for (unsigned n = 0; n < ARRAY_LEN(frame); n++)
        rig_poke(r, RIG_STACK - 40 + 8 * n, frame[n], 8);
    c->reg[RSP] = 0xffffff8000000000 + RIG_STACK - 40;
    c->reg[RAX] = c->reg[RDI] = 0xfffffffffffffffe;
    c->reg[R8] = 0x123456789a;
    PUT(r, 0x8000, 0xf4);
    ck_assert_int_eq(RUN(r, 0x48, 0xcf), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).sp, RIG_STACK3);
    ck_assert_uint_eq(c->reg[RAX], 0xfffffffe);
    ck_assert_uint_eq(c->reg[RDI], 0xfffffffe);
    ck_assert_uint_eq(c->reg[R8], 0x123456789a);
}

CASE(long_code_with_d_and_l)
{
    rig_long(r);
    rig_set_desc(r, A, rig_desc(0, 0xfffff, 0xe09b));
    rig_poke(r, RIG_STACK - 16, 0x8000, 8);
    rig_poke(r, RIG_STACK - 8, A, 8);
    c->reg[RSP] = RIG_STACK - 16;
    ck_assert_int_eq(RUN(r, 0x48, 0xcb), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, A);
}

/* 16 bytes of gate, frames of 8 bytes, a null SS. */
CASE(long_call_gate)
{
    rig_long(r);
    rig_set_desc(r, A, rig_gate(SEL_CODE64, 0x8000, 0xec, 0));
    rig_set_desc(r, B, 0);
    rig_load(r, SEG_CS, SEL_CODE64_3);
    rig_load(r, SEG_SS, SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    PUT(r, 0x8000, 0xf4);
    rig_poke(r, RIG_DATA, (uint64_t)(A | 3) << 32, 8);
    ck_assert_int_eq(RUN(r, 0xff, 0x1c, 0x25, 0, 0, 2, 0), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), 0x8001);
    ck_assert_uint_eq(c->cpl, 0);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 32);
    ck_assert_uint_eq(c->seg[SEG_SS].selector, 0);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 32, 8), RIG_CODE + 7);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 24, 8), SEL_CODE64_3);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 16, 8), RIG_STACK3);
    ck_assert_uint_eq(rig_peek(r, INNER_STACK - 8, 8), SEL_DATA3);
}

CASE(long_call_gate_to_32_bit_code)
{
    rig_long(r);
    rig_set_desc(r, A, rig_gate(SEL_CODE, 0x8000, 0xec, 0));
    rig_set_desc(r, B, 0);
    rig_poke(r, RIG_DATA, (uint64_t)A << 32, 8);
    ck_assert_int_eq(RUN(r, 0xff, 0x1c, 0x25, 0, 0, 2, 0), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_CODE);
}

CASE(interrupt_from_compatibility_mode)
{
    rig_long(r);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    ck_assert_int_eq(RUN(r, 0xf4), EX_GP);
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.cs, SEL_CODE3);
    ck_assert_uint_eq(f.ss, SEL_DATA3);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(c->mode & MODE_CODE, MODE_64);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 48);
    /* and back */
    c->reg[RSP] += 8;
    rig_poke(r, c->reg[RSP], 0x8000, 8);
    PUT(r, 0x8000, 0x40, 0x40, 0xcc); /* inc eax twice */
    PUT(r, 0x9000, 0x48, 0xcf);
    rig_go(r, 0x9000);
    ck_assert_int_eq(rig_run(r), EX_BP);
    ck_assert_uint_eq(c->reg[RAX], 2);
}

/* ---- tables are read as by the supervisor, whoever runs */

CASE(tables_in_supervisor_pages)
{
    rig_paged(r);
    for (uint64_t page = RIG_GDT; page <= RIG_LDT; page += PAGE_SIZE)
        rig_map(r, page, page | 3);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    c->reg[RAX] = SEL_DATA3;
    /* mov ds, ax; then the program itself may not read the GDT */
    ck_assert_int_eq(RUN(r, MOV_DS_AX, 0xa0, 0, 0x10, 0, 0), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 5);
    ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE + 2);
    ck_assert_uint_eq(c->cr2, RIG_GDT);
}

CASE(absent_table_is_a_supervisor_fault)
{
    rig_paged(r);
    c->gdtr_limit = 0x1fff;
    rig_map(r, 0x2000, 0x2000 | 3); /* the IDT, behind the GDT */
    rig_map(r, 0x600000, 0);
    c->gdtr_base = 0x600000 - 0x1000;
    rig_map(r, 0x5ff000, RIG_GDT | 3);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    c->reg[RAX] = 0x1003; /* in the GDT's absent second page */
    ck_assert_int_eq(RUN(r, MOV_DS_AX), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 0); /* not U */
    ck_assert_uint_eq(c->cr2, 0x600000);
}

/* ---- stack width */

CASE(stack16_keeps_high_half)
{
    rig_protected(r);
    rig_load(r, SEG_SS, SEL_DATA16);
    c->reg[RSP] = 0x99990002;
    /* push eax; pop ebx; push ecx: wraps at 64 KiB */
    ck_assert_int_eq(RUN(r, 0x66, 0x50, 0x66, 0x5b, 0x66, 0x50, 0x66, 0x50),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RSP], 0x9999fffe);
}

CASE(enter_leave_with_stack16)
{
    rig_protected(r);
    rig_load(r, SEG_SS, SEL_DATA16);
    c->reg[RSP] = 0x99998000;
    c->reg[RBP] = 0x12345678;
    ck_assert_int_eq(RUN(r, 0xc8, 0x10, 0, 0), RIG_HALT); /* enter 16, 0 */
    ck_assert_uint_eq(c->reg[RSP], 0x99997fec);
    ck_assert_uint_eq(c->reg[RBP] & 0xffff, 0x7ffc);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0xc9), RIG_HALT);
    ck_assert_uint_eq(c->reg[RSP], 0x99998000);
    ck_assert_uint_eq(c->reg[RBP], 0x12345678);
}

CASE(enter_with_levels)
{
    rig_protected(r);
    c->reg[RBP] = RIG_DATA + 0x100;
    rig_poke(r, RIG_DATA + 0xfc, 0xaaaa, 4);
    rig_poke(r, RIG_DATA + 0xf8, 0xbbbb, 4);
    ck_assert_int_eq(RUN(r, 0xc8, 8, 0, 3), RIG_HALT); /* enter 8, 3 */
    ck_assert_uint_eq(c->reg[RBP], RIG_STACK - 4);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 16 - 8);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4, 4), RIG_DATA + 0x100);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 8, 4), 0xaaaa);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 12, 4), 0xbbbb);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 16, 4), RIG_STACK - 4);
}

CASE(pop_to_esp_based_memory)
{
    rig_protected(r);
    rig_poke(r, RIG_STACK - 8, 0x1234, 4);
    c->reg[RSP] = RIG_STACK - 8;
    ck_assert_int_eq(RUN(r, 0x8f, 0x04, 0x24), RIG_HALT); /* pop [esp] */
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4, 4), 0x1234);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 4);
}

CASE(push_esp_and_segment)
{
    rig_protected(r);
    rig_poke(r, RIG_STACK - 8, 0xffffffff, 4);
    ck_assert_int_eq(RUN(r, 0x54, 0x1e), RIG_HALT); /* push esp; push ds */
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4, 4), RIG_STACK);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 8, 2), SEL_DATA);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 8);
}

/* ---- LAR, LSL, VERR, VERW, ARPL */

CASE(lar_lsl)
{
    rig_protected(r);
    c->reg[RBX] = SEL_DATA3;
    c->reg[RAX] = 7;
    /* lar eax, ebx; lsl ecx, ebx */
    ck_assert_int_eq(RUN(r, 0x0f, 0x02, 0xc3, 0x0f, 0x03, 0xcb), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xc0f300);
    ck_assert_uint_eq(c->reg[RCX], 0xffffffff);
    ck_assert(cpu_eflags(c) & EFL_ZF);
    rig_go(r, RIG_CODE);
    c->reg[RBX] = 0xfff8;
    c->reg[RAX] = 7;
    ck_assert_int_eq(RUN(r, 0x0f, 0x02, 0xc3), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 7);
    ck_assert(!(cpu_eflags(c) & EFL_ZF));
}

CASE(lsl_does_not_know_gates)
{
    rig_protected(r);
    rig_set_desc(r, A, rig_gate(SEL_CODE, 0, 0x8c, 0));
    c->reg[RBX] = A;
    ck_assert_int_eq(RUN(r, 0x0f, 0x03, 0xcb), RIG_HALT);
    ck_assert(!(cpu_eflags(c) & EFL_ZF));
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x02, 0xcb), RIG_HALT); /* LAR does */
    ck_assert(cpu_eflags(c) & EFL_ZF);
}

CASE(verr_verw)
{
    static const struct {
        unsigned selector, op;
        bool ok;
    } t[] = {{SEL_CODE3, 0xe0, true}, {SEL_CODE3, 0xe8, false},
             {SEL_DATA3, 0xe8, true}, {SEL_DATA, 0xe8, false},
             {0, 0xe0, false},        {SEL_TSS, 0xe0, false}};
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_user(r);
        c->reg[RAX] = t[n].selector;
        ck_assert_int_eq(RUN(r, 0x0f, 0x00, t[n].op), RIG_HALT);
        ck_assert_uint_eq(rig_frame(r, false).flags >> 6 & 1, t[n].ok);
    }
}

CASE(arpl)
{
    rig_protected(r);
    c->reg[RAX] = 0x10;
    c->reg[RCX] = 3;
    ck_assert_int_eq(RUN(r, 0x63, 0xc8), RIG_HALT); /* arpl ax, cx */
    ck_assert_uint_eq(c->reg[RAX], 0x13);
    ck_assert(cpu_eflags(c) & EFL_ZF);
    rig_real(r);
    ck_assert_int_eq(RUN(r, 0x63, 0xc8), EX_UD);
}

/* ---- real mode */

CASE(real_mode_limits)
{
    static const uint8_t word_at_ffff[] = {0xa1, 0xff, 0xff};
    rig_real(r);
    ck_assert_int_eq(rig_run_bytes(r, word_at_ffff, 3), EX_GP);
    rig_real(r);
    c->reg[RBP] = 0xffff;
    ck_assert_int_eq(RUN(r, 0x8b, 0x46, 0), EX_SS); /* mov ax, [bp] */
    rig_real(r);
    ck_assert_int_eq(RUN(r, 0x67, 0xa0, 0, 0, 1, 0), EX_GP); /* 10000h */
}

CASE(unreal_mode)
{
    rig_real(r);
    c->seg[SEG_DS].limit = 0xffffffff;
    cpu_update_views(c);
    rig_poke(r, 0x100000 + 0x20000, 0x77, 1);
    c->reg[RAX] = 0x2000;
    /* mov ds, ax keeps the limit; mov al, [100000h] */
    ck_assert_int_eq(RUN(r, MOV_DS_AX, 0x67, 0xa0, 0, 0, 0x10, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 0x77);
}

CASE(a20)
{
    rig_real(r);
    c->reg[RAX] = 0xffff;
    rig_poke(r, 0x100000, 0x22, 1);
    rig_poke(r, 0, 0x11, 1);
    ck_assert_int_eq(RUN(r, MOV_DS_AX, 0xa0, 0x10, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 0x22);
    cpu_set_a20(c, false);
    rig_go(r, 2);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 0x11);
    cpu_set_a20(c, true);
}

/* ---- ports */

static int out_as_user(struct rig *r, unsigned port, unsigned iopl)
{
    rig_user(r);
    r->cpu->tr.limit = 0x68 + 0x20;
    rig_poke(r, RIG_TSS + 0x66, 0x68, 2);
    for (unsigned n = 0; n <= 0x20; n++)
        rig_poke(r, RIG_TSS + 0x68 + n, 0xff, 1);
    rig_poke(r, RIG_TSS + 0x68 + 0x10, 0x7e, 1); /* 80h and 87h allowed */
    r->cpu->eflags |= (uint64_t)iopl << 12;
    r->cpu->reg[RDX] = port;
    r->port_writes = 0;
    return RUN(r, 0xee); /* out dx, al */
}

CASE(io_bitmap)
{
    ck_assert_int_eq(out_as_user(r, 0x80, 0), RIG_HALT);
    ck_assert_uint_eq(r->port, 0x80);
    ck_assert_uint_eq(r->port_writes, 1);
    ck_assert_int_eq(out_as_user(r, 0x81, 0), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    ck_assert_uint_eq(r->port_writes, 0);
    ck_assert_int_eq(out_as_user(r, 0x81, 3), RIG_HALT);
    ck_assert_int_eq(out_as_user(r, 0x200, 0), EX_GP); /* beyond the limit */
}

CASE(io_bitmap_of_wide_ports)
{
    out_as_user(r, 0x80, 0);
    rig_user(r);
    c->tr.limit = 0x68 + 0x20;
    rig_poke(r, RIG_TSS + 0x66, 0x68, 2);
    c->reg[RDX] = 0x87;
    rig_poke(r, RIG_TSS + 0x68 + 0x10, 0x7e, 2);    /* 87h, 88h allowed */
    ck_assert_int_eq(RUN(r, 0x66, 0xef), RIG_HALT); /* out dx, ax */
    rig_user(r);
    c->tr.limit = 0x68 + 0x20;
    rig_poke(r, RIG_TSS + 0x66, 0x68, 2);
    c->reg[RDX] = 0x87;
    rig_poke(r, RIG_TSS + 0x68 + 0x11, 1, 1);
    ck_assert_int_eq(RUN(r, 0x66, 0xef), EX_GP);
}

CASE(v86_ports_ignore_iopl)
{
    rig_v86(r, 3);
    c->reg[RDX] = 0x80;
    ck_assert_int_eq(RUN(r, 0xee), EX_GP); /* no bitmap */
}

/* ---- the end of CS: IP goes on to 10000h, which is beyond it */

static void run_at_end(struct rig *r, uint8_t a, uint8_t b, uint64_t ip)
{
    PUT(r, RIG_CODE + 0xfffe, a, b);
    PUT(r, RIG_CODE, 0xf4);
    rig_go(r, ip);
    ck_assert_int_eq(rig_run(r), EX_GP);
}

CASE(real_ip_does_not_wrap)
{
    rig_real(r);
    run_at_end(r, 0x90, 0x90, 0xffff);
    ck_assert_uint_eq(rig_frame(r, false).rip, 0);
    rig_real(r);
    run_at_end(r, 0xe6, 0x80, 0xfffe); /* out ends a block */
    ck_assert_uint_eq(rig_frame(r, false).rip, 0);
    rig_real(r);
    run_at_end(r, 0x74, 0x00, 0xfffe); /* jz, not taken */
    ck_assert_uint_eq(rig_frame(r, false).rip, 0);
    rig_real(r);
    run_at_end(r, 0xb8, 0x12, 0xfffe); /* mov ax, over the end */
    ck_assert_uint_eq(rig_frame(r, false).rip, 0xfffe);
    rig_real(r);
    PUT(r, RIG_CODE + 0xfffe, 0xeb, 0x10); /* branches of 16 bits do */
    PUT(r, RIG_CODE + 0x10, 0xf4);
    rig_go(r, 0xfffe);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), 0x11);
}

/* The page behind the limit is not there, and nothing asks for it. */
CASE(nothing_is_fetched_behind_the_limit)
{
    rig_v86(r, 3);
    rig_map(r, RIG_CODE + 0x10000, 0);
    run_at_end(r, 0xb8, 0x12, 0xfffe);
    ck_assert_uint_eq(rig_frame(r, true).rip, 0xfffe);
    rig_v86(r, 3);
    rig_map(r, RIG_CODE + 0x10000, 0);
    run_at_end(r, 0x90, 0x90, 0xfffe);
    ck_assert_uint_eq(rig_frame(r, true).rip, 0x10000);
}

CASE(last_byte_of_all_is_canonical)
{
    rig_long(r);
    c->reg[RAX] = ~0ull;
    ck_assert_int_eq(RUN(r, 0xff, 0xe0), EX_PF); /* jmp rax */
    ck_assert_uint_eq(c->cr2, ~0ull);
    ck_assert_uint_eq(rig_frame(r, true).rip, ~0ull);
}

static const struct rig_case cases[] = {
    CASE_ROW(real_ip_does_not_wrap),
    CASE_ROW(nothing_is_fetched_behind_the_limit),
    CASE_ROW(last_byte_of_all_is_canonical),
    CASE_ROW(load_ds),
    CASE_ROW(load_ds_in_ring3),
    CASE_ROW(load_ss),
    CASE_ROW(null_selectors),
    CASE_ROW(null_ss_in_long_mode),
    CASE_ROW(mov_to_cs_is_ud),
    CASE_ROW(ldt_selectors),
    CASE_ROW(lds_changes_nothing_on_fault),
    CASE_ROW(limits),
    CASE_ROW(stack_limits_are_ss),
    CASE_ROW(push_below_limit_is_ss),
    CASE_ROW(not_canonical),
    CASE_ROW(long_mode_ignores_limits),
    CASE_ROW(page_crossing_write_is_all_or_nothing),
    CASE_ROW(jmp_checks),
    CASE_ROW(jmp_beyond_limit),
    CASE_ROW(call_far_and_back),
    CASE_ROW(push_of_far_call_that_faults_changes_nothing),
    CASE_ROW(gate_to_inner_ring),
    CASE_ROW(gate_and_return_to_outer_ring),
    CASE_ROW(gate16),
    CASE_ROW(gate_checks),
    CASE_ROW(gate_with_bad_inner_stack),
    CASE_ROW(retf_to_inner_ring_is_refused),
    CASE_ROW(iret_to_ring3),
    CASE_ROW(iret_in_ring3_keeps_iopl_and_if),
    CASE_ROW(iret_drops_reserved_bits),
    CASE_ROW(iret16),
    CASE_ROW(long_iret),
    CASE_ROW(long_iret_with_nt),
    CASE_ROW(long_to_compatibility_mode),
    CASE_ROW(long_iret_to_compatibility_mode),
    CASE_ROW(long_code_with_d_and_l),
    CASE_ROW(long_call_gate),
    CASE_ROW(long_call_gate_to_32_bit_code),
    CASE_ROW(interrupt_from_compatibility_mode),
    CASE_ROW(tables_in_supervisor_pages),
    CASE_ROW(absent_table_is_a_supervisor_fault),
    CASE_ROW(stack16_keeps_high_half),
    CASE_ROW(enter_leave_with_stack16),
    CASE_ROW(enter_with_levels),
    CASE_ROW(pop_to_esp_based_memory),
    CASE_ROW(push_esp_and_segment),
    CASE_ROW(lar_lsl),
    CASE_ROW(lsl_does_not_know_gates),
    CASE_ROW(verr_verw),
    CASE_ROW(arpl),
    CASE_ROW(real_mode_limits),
    CASE_ROW(unreal_mode),
    CASE_ROW(a20),
    CASE_ROW(io_bitmap),
    CASE_ROW(io_bitmap_of_wide_ports),
    CASE_ROW(v86_ports_ignore_iopl),
};

int main(void)
{
    return rig_main("cpu/seg", cases, ARRAY_LEN(cases));
}
