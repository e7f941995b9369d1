/* check_task - task switches: JMP, CALL, IRET, interrupts; 16- and 32-bit
 * TSS; what goes wrong before and after the commit point (SDM volume 3,
 * chapter 7).
 * Alone: make tests/cpu/check_task && tests/cpu/check_task */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

enum {
    TSS32 = 0x6000,
    TSS16 = 0x7000,
    SEL_TSS32 = SEL_FREE,
    SEL_TSS16 = SEL_FREE + 8,
    SEL_GATE = SEL_FREE + 16,
    TASK_CODE = 0x18000,
    TASK_STACK = 0x28000,
    BUSY = 2,
};

/* Offsets in a 32-bit TSS. */
enum {
    T_LINK = 0,
    T_CR3 = 0x1c,
    T_EIP = 0x20,
    T_EFLAGS = 0x24,
    T_EAX = 0x28,
    T_ECX = 0x2c,
    T_ESP = 0x38,
    T_EBP = 0x3c,
    T_EDI = 0x44,
    T_ES = 0x48,
    T_CS = 0x4c,
    T_SS = 0x50,
    T_DS = 0x54,
    T_FS = 0x58,
    T_GS = 0x5c,
    T_LDT = 0x60,
    T_TRAP = 0x64
};

static void poke_task(struct rig *r, unsigned off, uint32_t value)
{
    rig_poke(r, TSS32 + off, value, 4);
}

static void make_task32(struct rig *r)
{
    for (unsigned n = 0; n < 0x68; n += 4)
        poke_task(r, n, 0);
    poke_task(r, 4, 0x2c000); /* ESP0 */
    poke_task(r, 8, SEL_DATA);
    poke_task(r, T_CR3, (uint32_t)r->cpu->cr3);
    poke_task(r, T_EIP, TASK_CODE);
    poke_task(r, T_EFLAGS, 2);
    for (unsigned n = 0; n < 8; n++)
        poke_task(r, T_EAX + 4 * n, 0x11110000 * (n + 1));
    poke_task(r, T_ESP, TASK_STACK);
    for (unsigned s = 0; s < 6; s++)
        poke_task(r, T_ES + 4 * s, s == SEG_CS ? SEL_CODE : SEL_DATA);
    poke_task(r, T_LDT, SEL_LDT);
    rig_set_desc(r, SEL_TSS32, rig_desc(TSS32, 0x67, 0x89));
    rig_set_desc(r, SEL_GATE, rig_gate(SEL_TSS32, 0, 0xe5, 0));
    PUT(r, TASK_CODE, 0xf4);
}

static void make_task16(struct rig *r)
{
    for (unsigned n = 0; n < 0x2c; n += 2)
        rig_poke(r, TSS16 + n, 0, 2);
    rig_poke(r, TSS16 + 0x0e, 0x9000, 2); /* IP */
    rig_poke(r, TSS16 + 0x10, 2, 2);
    for (unsigned n = 0; n < 8; n++)
        rig_poke(r, TSS16 + 0x12 + 2 * n, 0x101 * (n + 1), 2);
    rig_poke(r, TSS16 + 0x1a, 0x8000, 2); /* SP */
    for (unsigned s = 0; s < 4; s++)
        rig_poke(r, TSS16 + 0x22 + 2 * s, s == SEG_CS ? SEL_CODE16 : SEL_DATA16,
                 2);
    rig_set_desc(r, SEL_TSS16, rig_desc(TSS16, 0x2b, 0x81));
    PUT(r, 0x9000, 0xf4);
}

static void start(struct rig *r)
{
    rig_protected(r);
    make_task32(r);
    make_task16(r);
}

static unsigned type_of(struct rig *r, unsigned selector)
{
    return rig_get_desc(r, selector) >> 40 & 0x1f;
}

#define JMP_FAR(sel)  0xea, 0, 0, 0, 0, (sel)&0xff, (sel) >> 8
#define CALL_FAR(sel) 0x9a, 0, 0, 0, 0, (sel)&0xff, (sel) >> 8

/* ---- the four ways */

CASE(jmp_saves_and_loads)
{
    start(r);
    c->reg[RAX] = 0xaaaa5555;
    c->reg[RDI] = 0x12345678;
    rig_set_eflags(r, EFL_CF | EFL_NT);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), RIG_HALT);
    /* saved */
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EIP, 4), RIG_CODE + 7);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EFLAGS, 4),
                      EFL_CF | EFL_NT | EFL_1);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EAX, 4), 0xaaaa5555);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EDI, 4), 0x12345678);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_ESP, 4), RIG_STACK);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_CS, 2), SEL_CODE);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_GS, 2), SEL_DATA);
    /* loaded */
    ck_assert_uint_eq(cpu_rip(c), TASK_CODE + 1);
    ck_assert_uint_eq(c->reg[RAX], 0x11110000);
    ck_assert_uint_eq(c->reg[RCX], 0x22220000);
    ck_assert_uint_eq(c->reg[RDI], 0x88880000);
    ck_assert_uint_eq(c->reg[RSP], TASK_STACK);
    ck_assert_uint_eq(cpu_eflags(c), EFL_1);
    ck_assert_uint_eq(c->ldtr.selector, SEL_LDT);
    ck_assert_uint_eq(c->ldtr.base, RIG_LDT);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS32);
    ck_assert_uint_eq(c->tr.base, TSS32);
    ck_assert(c->cr0 & CR0_TS);
    /* busy bits, no link */
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9);
    ck_assert_uint_eq(type_of(r, SEL_TSS32), 9 | BUSY);
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_LINK, 2), 0);
}

CASE(call_and_iret)
{
    start(r);
    PUT(r, TASK_CODE, 0x41, 0xcf, 0x41, 0xf4); /* inc ecx; iret; inc; hlt */
    ck_assert_int_eq(RUN(r, CALL_FAR(SEL_TSS32), 0x43), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), RIG_CODE + 9);
    ck_assert_uint_eq(c->reg[RBX], 1);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS);
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9 | BUSY);
    ck_assert_uint_eq(type_of(r, SEL_TSS32), 9);
    ck_assert(!(cpu_eflags(c) & EFL_NT));
    /* the inner task goes on behind its IRET, NT cleared in its image */
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_LINK, 2), SEL_TSS);
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_EIP, 4), TASK_CODE + 2);
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_EFLAGS, 4) & EFL_NT, 0);
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_ECX, 4), 0x22220001);
}

CASE(call_nests)
{
    start(r);
    ck_assert_int_eq(RUN(r, CALL_FAR(SEL_TSS32)), RIG_HALT);
    ck_assert(cpu_eflags(c) & EFL_NT);
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9 | BUSY);
    ck_assert_uint_eq(type_of(r, SEL_TSS32), 9 | BUSY);
    ck_assert_uint_eq(rig_peek(r, TSS32 + T_LINK, 2), SEL_TSS);
}

CASE(through_task_gate)
{
    start(r);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_GATE)), RIG_HALT);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS32);
}

CASE(interrupt_task_gate)
{
    start(r);
    rig_set_eflags(r, EFL_IF);
    rig_set_idt(r, 0x60, rig_gate(SEL_TSS32, 0, 0xe5, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x60), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), TASK_CODE + 1);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EIP, 4), RIG_CODE + 2);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EFLAGS, 4), EFL_IF | EFL_1);
    ck_assert_uint_eq(cpu_eflags(c), EFL_NT | EFL_1);
    ck_assert_uint_eq(c->reg[RSP], TASK_STACK);
}

CASE(exception_pushes_error_in_new_task)
{
    start(r);
    rig_set_idt(r, EX_GP, rig_gate(SEL_TSS32, 0, 0x85, 0));
    c->reg[RAX] = 0xfff8;
    ck_assert_int_eq(RUN(r, 0x8e, 0xd8), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), TASK_CODE + 1);
    ck_assert_uint_eq(c->reg[RSP], TASK_STACK - 4);
    ck_assert_uint_eq(rig_peek(r, TASK_STACK - 4, 4), 0xfff8);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EIP, 4), RIG_CODE);
    ck_assert(rig_peek(r, RIG_TSS + T_EFLAGS, 4) & EFL_RF);
}

CASE(double_fault_by_task_gate)
{
    start(r);
    rig_set_idt(r, EX_DF, rig_gate(SEL_TSS32, 0, 0x85, 0));
    rig_set_idt(r, EX_SS, 0);
    rig_set_idt(r, EX_GP, 0);
    c->reg[RSP] = RIG_STACK;
    c->seg[SEG_SS].limit = 0x1000; /* no stack: pushes fail */
    cpu_update_views(c);
    ck_assert_int_eq(RUN(r, 0x50), RIG_HALT); /* push eax */
    ck_assert_uint_eq(c->tr.selector, SEL_TSS32);
    ck_assert_uint_eq(rig_peek(r, TASK_STACK - 4, 4), 0);
}

CASE(iret_without_busy_link)
{
    start(r);
    rig_poke(r, RIG_TSS + T_LINK, SEL_TSS32, 2); /* not busy */
    rig_set_eflags(r, EFL_NT);
    ck_assert_int_eq(RUN(r, 0xcf), EX_TS);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_TSS32);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS);
}

CASE(iret_to_itself)
{
    start(r);
    rig_poke(r, RIG_TSS + T_LINK, SEL_TSS, 2);
    rig_set_eflags(r, EFL_NT);
    c->reg[RAX] = 7;
    ck_assert_int_eq(RUN(r, 0xcf, 0x40), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 8);
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9 | BUSY);
}

/* ---- 16-bit TSS */

CASE(jmp_to_16_and_back)
{
    start(r);
    PUT(r, 0x9000, 0xea, 0, 0, SEL_TSS & 0xff, 0); /* jmp far TSS */
    c->reg[RBP] = 0x99998888;
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS16), 0x90), RIG_HALT);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS);
    ck_assert_uint_eq(c->reg[RBP], 0x99998888);
    ck_assert_uint_eq(rig_peek(r, TSS16 + 0x0e, 2), 0x9005);
    ck_assert_uint_eq(type_of(r, SEL_TSS16), 1);
}

CASE(task16_state)
{
    start(r);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS16)), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xffff, 0x101);
    ck_assert_uint_eq(c->reg[RCX] & 0xffff, 0x202);
    ck_assert_uint_eq(c->reg[RSP] & 0xffff, 0x8000);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, SEL_DATA16);
    ck_assert_uint_eq(c->seg[SEG_FS].selector, 0);
    ck_assert_uint_eq(c->seg[SEG_GS].attr, 0);
    ck_assert_uint_eq(c->tr.attr & 0x1f, 1 | BUSY);
    ck_assert_uint_eq(c->mode & MODE_CODE, MODE_16);
}

CASE(error_code_on_16_bit_task_stack)
{
    start(r);
    rig_set_idt(r, EX_GP, rig_gate(SEL_TSS16, 0, 0x85, 0));
    c->reg[RAX] = 0xfff8;
    ck_assert_int_eq(RUN(r, 0x8e, 0xd8), RIG_HALT);
    ck_assert_uint_eq(c->reg[RSP] & 0xffff, 0x7ffe);
    ck_assert_uint_eq(rig_peek(r, 0x7ffe, 2), 0xfff8);
}

/* ---- other modes */

CASE(to_ring3)
{
    start(r);
    for (unsigned s = 0; s < 6; s++)
        poke_task(r, T_ES + 4 * s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), EX_GP); /* its HLT */
    ck_assert_uint_eq(rig_frame(r, true).cs, SEL_CODE3);
    ck_assert_uint_eq(c->reg[RSP], 0x2c000 - 24);
}

CASE(to_v86)
{
    start(r);
    poke_task(r, T_EFLAGS, EFL_VM | 2);
    poke_task(r, T_EIP, 0x20);
    for (unsigned s = 0; s < 6; s++)
        poke_task(r, T_ES + 4 * s, 0x1000 + s);
    poke_task(r, T_CS, 0x1800);
    PUT(r, 0x18020, 0x8c, 0xd8, 0xf4); /* mov ax, ds; hlt */
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), EX_GP);
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.rip, 0x22);
    ck_assert(f.flags & EFL_VM);
    ck_assert_uint_eq(f.ss, 0x1000 + SEG_SS);
    ck_assert_uint_eq(c->reg[RAX] & 0xffff, 0x1000 + SEG_DS);
}

CASE(loads_cr3)
{
    uint64_t old, dir;
    rig_paged(r);
    make_task32(r);
    old = c->cr3;
    dir = r->next_table;
    for (unsigned n = 0; n < PAGE_SIZE; n += 4)
        rig_poke(r, dir + n, rig_peek(r, old + n, 4), 4);
    /* The new space has another page at 20000h. */
    rig_poke(r, dir + PAGE_SIZE, 0, 4);
    for (unsigned n = 0; n < PAGE_SIZE; n += 4)
        rig_poke(r, dir + PAGE_SIZE + n,
                 rig_peek(r, (rig_peek(r, old, 4) & ~0xfffull) + n, 4), 4);
    rig_poke(r, dir, (dir + PAGE_SIZE) | 7, 4);
    rig_poke(r, dir + PAGE_SIZE + 0x20 * 4, 0x50000 | 7, 4);
    rig_poke(r, RIG_DATA, 0x01, 1);
    rig_poke(r, 0x50000, 0x02, 1);
    poke_task(r, T_CR3, (uint32_t)dir);
    PUT(r, TASK_CODE, 0xa0, 0, 0, 2, 0, 0xf4); /* mov al, [20000h] */
    PUT(r, RIG_CODE, 0xa0, 0, 0, 2, 0, JMP_FAR(SEL_TSS32));
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 2);
    ck_assert_uint_eq(c->cr3, dir);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + T_EAX, 1), 1);
}

CASE(no_paging_leaves_cr3)
{
    start(r);
    poke_task(r, T_CR3, 0x5000);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), RIG_HALT);
    ck_assert_uint_eq(c->cr3, 0);
}

CASE(clears_local_breakpoints)
{
    start(r);
    c->dr[0] = 0x123456;
    c->dr[7] = 0x403; /* L0 G0 */
    cpu_update_views(c);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), RIG_HALT);
    ck_assert_uint_eq(c->dr[7], 0x402);
}

CASE(trap_bit)
{
    start(r);
    poke_task(r, T_TRAP, 1);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), EX_DB);
    ck_assert(c->dr[6] & 1 << 15);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, TASK_CODE);
    ck_assert_uint_eq(c->reg[RSP], TASK_STACK - 12);
}

/* ---- errors of the old task: nothing has changed */

static void refused(struct rig *r, int vector, unsigned error)
{
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), vector);
    ck_assert_uint_eq(rig_frame(r, true).error, error);
    ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE);
    ck_assert_uint_eq(r->cpu->tr.selector, SEL_TSS);
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9 | BUSY);
    ck_assert(!(r->cpu->cr0 & CR0_TS));
}

CASE(busy_is_refused)
{
    start(r);
    rig_set_desc(r, SEL_TSS32, rig_desc(TSS32, 0x67, 0x8b));
    refused(r, EX_GP, SEL_TSS32);
}

CASE(absent_is_refused)
{
    start(r);
    rig_set_desc(r, SEL_TSS32, rig_desc(TSS32, 0x67, 0x09));
    refused(r, EX_NP, SEL_TSS32);
}

CASE(short_is_refused)
{
    start(r);
    rig_set_desc(r, SEL_TSS32, rig_desc(TSS32, 0x66, 0x89));
    refused(r, EX_TS, SEL_TSS32);
    ck_assert_uint_eq(type_of(r, SEL_TSS32), 9);
}

CASE(unmapped_tss_is_refused)
{
    rig_paged(r);
    make_task32(r);
    /* The TSS straddles into an absent page. */
    rig_set_desc(r, SEL_TSS32, rig_desc(0x6fc0, 0x67, 0x89));
    rig_map(r, 0x7000, 0);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), EX_PF);
    ck_assert_uint_eq(c->cr2, 0x7000);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS);
    ck_assert_uint_eq(type_of(r, SEL_TSS), 9 | BUSY);
}

CASE(ring3_needs_dpl3)
{
    rig_user(r);
    make_task32(r);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_TSS32);
    rig_user(r);
    make_task32(r);
    ck_assert_int_eq(RUN(r, JMP_FAR(SEL_GATE)), RIG_HALT);
    ck_assert_uint_eq(c->tr.selector, SEL_TSS32);
    ck_assert_uint_eq(c->cpl, 0);
}

/* ---- errors of the new task */

CASE(errors_in_new_task)
{
    static const struct {
        unsigned field, selector, attr, vector;
    } t[] = {
        {T_DS, SEL_FREE + 24, 0xc013, EX_NP}, /* absent data */
        {T_DS, SEL_FREE + 24, 0xc098, EX_TS}, /* execute-only */
        {T_ES, 0xfff8, 0, EX_TS},
        {T_GS, SEL_TSS, 0, EX_TS},
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        start(r);
        if (t[n].attr)
            rig_set_desc(r, t[n].selector, rig_desc(0, 0xfffff, t[n].attr));
        poke_task(r, t[n].field, t[n].selector);
        ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), (int)t[n].vector);
        struct rig_frame f = rig_frame(r, true);
        ck_assert_uint_eq(f.error, t[n].selector & ~7u);
        ck_assert_uint_eq(f.rip, TASK_CODE);
        ck_assert_uint_eq(c->tr.selector, SEL_TSS32);
        ck_assert_uint_eq(type_of(r, SEL_TSS), 9);
        ck_assert_uint_eq(type_of(r, SEL_TSS32), 9 | BUSY);
        ck_assert(c->cr0 & CR0_TS);
    }
}

/* Without a stack segment the fault cannot be pushed: a task gate helps. */
CASE(bad_code_or_stack_in_new_task)
{
    static const struct {
        unsigned field, selector, vector;
    } t[] = {{T_CS, SEL_DATA, EX_TS},  {T_CS, SEL_CODE3, RIG_HALT},
             {T_SS, SEL_CODE, EX_TS},  {T_SS, SEL_DATA3, EX_TS},
             {T_LDT, SEL_DATA, EX_TS}, {T_LDT, 0x5c, EX_TS}};
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        start(r);
        rig_set_idt(r, EX_TS, rig_gate(SEL_TSS16, 0, 0x85, 0));
        poke_task(r, t[n].field, t[n].selector);
        ck_assert_int_eq(RUN(r, JMP_FAR(SEL_TSS32)), RIG_HALT);
        ck_assert_uint_eq(c->tr.selector, SEL_TSS16);
        /* CS of ring 3 goes with SS of ring 0: SS is at fault */
        ck_assert_uint_eq(rig_peek(r, 0x7ffe, 2), t[n].vector == RIG_HALT
                                                      ? SEL_DATA
                                                      : t[n].selector & ~3u);
        ck_assert_uint_eq(rig_peek(r, TSS16 + T_LINK, 2), SEL_TSS32);
        ck_assert_uint_eq(rig_peek(r, TSS32 + T_EIP, 4), TASK_CODE);
    }
}

static const struct rig_case cases[] = {
    CASE_ROW(jmp_saves_and_loads),
    CASE_ROW(call_and_iret),
    CASE_ROW(call_nests),
    CASE_ROW(through_task_gate),
    CASE_ROW(interrupt_task_gate),
    CASE_ROW(exception_pushes_error_in_new_task),
    CASE_ROW(double_fault_by_task_gate),
    CASE_ROW(iret_without_busy_link),
    CASE_ROW(iret_to_itself),
    CASE_ROW(jmp_to_16_and_back),
    CASE_ROW(task16_state),
    CASE_ROW(error_code_on_16_bit_task_stack),
    CASE_ROW(to_ring3),
    CASE_ROW(to_v86),
    CASE_ROW(loads_cr3),
    CASE_ROW(no_paging_leaves_cr3),
    CASE_ROW(clears_local_breakpoints),
    CASE_ROW(trap_bit),
    CASE_ROW(busy_is_refused),
    CASE_ROW(absent_is_refused),
    CASE_ROW(short_is_refused),
    CASE_ROW(unmapped_tss_is_refused),
    CASE_ROW(ring3_needs_dpl3),
    CASE_ROW(errors_in_new_task),
    CASE_ROW(bad_code_or_stack_in_new_task),
};

int main(void)
{
    return rig_main("cpu/task", cases, ARRAY_LEN(cases));
}
