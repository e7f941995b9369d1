/* check_event - exceptions and interrupts: frames, error codes, gates,
 * shadows, NMI, single steps and code breakpoints, double and triple
 * faults, virtual-8086 mode (SDM volume 3, chapters 6, 17 and 20).
 * Alone: make tests/cpu/check_event && tests/cpu/check_event */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

enum { INNER_STACK = 0x2e000 }; /* ESP0 of the rig's TSS */

/* ---- frames */

CASE(real_int)
{
    rig_real(r);
    rig_set_eflags(r, EFL_IF | EFL_CF);
    ck_assert_int_eq(RUN(r, 0xcd, 0x21), 0x21); /* int 21h */
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, 2);
    ck_assert_uint_eq(f.cs, RIG_CODE >> 4);
    ck_assert_uint_eq(f.flags, EFL_IF | EFL_CF | EFL_1);
    ck_assert_uint_eq(c->reg[RSP], 0xfffe - 6);
    ck_assert(!(c->eflags & EFL_IF));
}

CASE(protected_fault_has_error_and_rf)
{
    rig_protected(r);
    c->reg[RAX] = 0xfff8;                        /* outside the GDT */
    ck_assert_int_eq(RUN(r, 0x8e, 0xd8), EX_GP); /* mov ds, ax */
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.error, 0xfff8);
    ck_assert_uint_eq(f.rip, RIG_CODE);
    ck_assert_uint_eq(f.cs, SEL_CODE);
    ck_assert_uint_eq(f.flags, EFL_RF | EFL_1);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 16);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, SEL_DATA);
}

CASE(error_code_has_no_rpl)
{
    rig_protected(r);
    c->reg[RAX] = 0xfffb;
    ck_assert_int_eq(RUN(r, 0x8e, 0xd8), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0xfff8);
}

CASE(ring3_to_ring0)
{
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0xf4), EX_GP); /* hlt */
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.error, 0);
    ck_assert_uint_eq(f.rip, RIG_CODE);
    ck_assert_uint_eq(f.cs, SEL_CODE3);
    ck_assert_uint_eq(f.ss, SEL_DATA3);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 24);
    ck_assert_uint_eq(c->seg[SEG_SS].selector, SEL_DATA);
    ck_assert_uint_eq(c->cpl, 0);
    /* Data segments stay. */
    ck_assert_uint_eq(c->seg[SEG_DS].selector, SEL_DATA3);
}

CASE(long_frame_is_aligned)
{
    rig_long(r);
    c->reg[RSP] = RIG_STACK - 3;
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_UD); /* ud2 */
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, RIG_CODE);
    ck_assert_uint_eq(f.cs, SEL_CODE64);
    ck_assert_uint_eq(f.sp, RIG_STACK - 3);
    ck_assert_uint_eq(f.ss, SEL_DATA);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 16 - 40);
}

CASE(long_ist)
{
    rig_long(r);
    rig_poke(r, RIG_TSS + 36, 0x2a008, 8); /* IST1 */
    rig_set_idt(r, EX_UD,
                rig_gate(SEL_CODE64, RIG_HANDLERS + EX_UD * 16, 0x8e, 1));
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_UD);
    ck_assert_uint_eq(c->reg[RSP], 0x2a000 - 40);
    ck_assert_uint_eq(rig_frame(r, false).sp, RIG_STACK);
}

CASE(long_stack_not_canonical_is_double_fault)
{
    rig_long(r);
    rig_poke(r, RIG_TSS + 36, 0x2a000, 8);
    rig_set_idt(r, EX_DF,
                rig_gate(SEL_CODE64, RIG_HANDLERS + EX_DF * 16, 0x8e, 1));
    c->reg[RSP] = 0x8000000000000000;
    /* #DE is contributory, #SS on its frame makes #DF. */
    ck_assert_int_eq(RUN(r, 0x31, 0xc9, 0xf7, 0xf1), EX_DF);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

CASE(trap_gate_keeps_if)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_IF);
    rig_set_idt(r, 0x40, rig_gate(SEL_CODE, RIG_HANDLERS + 0x400, 0x8f, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), 0x40);
    ck_assert(c->eflags & EFL_IF);
}

CASE(gate16_pushes_words)
{
    rig_protected(r);
    /* The upper word of a 16-bit gate's offset is ignored. */
    rig_set_idt(
        r, 0x40,
        rig_gate(SEL_CODE, 0xabcd0000 | (RIG_HANDLERS + 0x400), 0x86, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), 0x40);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 6);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 6, 2), (RIG_CODE + 2) & 0xffff);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4, 2), SEL_CODE);
}

/* ---- gates that refuse */

CASE(int_checks_dpl)
{
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0xcd, 0x41), EX_GP);
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.error, 0x41 << 3 | 2); /* IDT, not EXT */
    ck_assert_uint_eq(f.rip, RIG_CODE);
}

CASE(int3_may_be_called_from_ring3)
{
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0xcc), EX_BP);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 1);
}

CASE(int3_checks_dpl)
{
    rig_user(r);
    rig_set_idt(r, EX_BP,
                rig_gate(SEL_CODE, RIG_HANDLERS + EX_BP * 16, 0x8e, 0));
    ck_assert_int_eq(RUN(r, 0xcc), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, EX_BP << 3 | 2);
}

CASE(icebp_does_not_check_dpl)
{
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0xf1), EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 1);
}

CASE(exceptions_do_not_check_dpl)
{
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_UD);
}

CASE(gate_not_present)
{
    rig_protected(r);
    rig_set_idt(r, 0x40, rig_gate(SEL_CODE, RIG_HANDLERS, 0x0e, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), EX_NP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x40 << 3 | 2);
}

CASE(gate_of_an_exception_not_present_sets_ext)
{
    rig_protected(r);
    rig_set_idt(r, EX_UD, rig_gate(SEL_CODE, RIG_HANDLERS, 0x0e, 0));
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_NP);
    ck_assert_uint_eq(rig_frame(r, true).error, EX_UD << 3 | 3);
}

CASE(gate_of_wrong_type)
{
    rig_protected(r);
    rig_set_idt(r, 0x40, rig_gate(SEL_CODE, RIG_HANDLERS, 0x8c, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x40 << 3 | 2);
}

CASE(beyond_idt_limit)
{
    rig_protected(r);
    c->idtr_limit = 0x40 * 8 + 6;
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x40 << 3 | 2);
}

CASE(handler_segment_null_absent_data)
{
    static const struct {
        unsigned selector, vector, error;
    } t[] = {{0, EX_GP, 0},
             {SEL_DATA, EX_GP, SEL_DATA},
             {SEL_FREE, EX_NP, SEL_FREE},
             {0xfff8, EX_GP, 0xfff8}};
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_protected(r);
        rig_set_desc(r, SEL_FREE, rig_desc(0, 0xfffff, 0xc01b));
        rig_set_idt(r, 0x40, rig_gate(t[n].selector, RIG_HANDLERS, 0x8e, 0));
        ck_assert_int_eq(RUN(r, 0xcd, 0x40), (int)t[n].vector);
        ck_assert_uint_eq(rig_frame(r, true).error, t[n].error);
    }
}

CASE(inner_stack_selector_bad)
{
    rig_user(r);
    rig_poke(r, RIG_TSS + 8, SEL_DATA3, 2); /* SS0 with RPL 3 */
    rig_set_idt(r, EX_TS, rig_gate(SEL_CODE3 & ~3u, 0, 0x8e, 0));
    /* #TS cannot be delivered either: its handler would run in ring 3, and
     * ... #GP, #DF need the same stack. */
    ck_assert_int_eq(RUN(r, 0xf4), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->faults[0].vector, EX_GP);
    ck_assert_uint_eq(c->faults[1].vector, EX_DF);
}

/* ---- faults during faults */

CASE(double_fault)
{
    rig_protected(r);
    rig_set_idt(r, EX_GP, rig_gate(SEL_CODE, RIG_HANDLERS, 0x0e, 0));
    c->reg[RAX] = 0xfff8;
    ck_assert_int_eq(RUN(r, 0x8e, 0xd8), EX_DF);
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.error, 0);
    ck_assert_uint_eq(f.rip, RIG_CODE);
}

CASE(benign_then_contributory_is_no_double_fault)
{
    rig_protected(r);
    rig_set_idt(r, EX_UD, rig_gate(SEL_CODE, RIG_HANDLERS, 0x0e, 0));
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_NP);
}

CASE(three_in_a_row_after_a_benign_one)
{
    rig_protected(r);
    /* #UD -> #NP -> #NP = #DF, whose gate is absent too: shutdown. */
    rig_set_idt(r, EX_UD, 0);
    rig_set_idt(r, EX_NP, 0);
    rig_set_idt(r, EX_GP, 0);
    rig_set_idt(r, EX_DF, 0);
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), RIG_SHUTDOWN);
}

CASE(nmi_then_faults_shut_down)
{
    rig_protected(r);
    for (unsigned v = 0; v < 32; v++)
        rig_set_idt(r, v, 0);
    cpu_set_nmi(c);
    ck_assert_int_eq(RUN(r, 0x90), RIG_SHUTDOWN);
}

CASE(triple_fault)
{
    rig_protected(r);
    c->idtr_limit = 0;
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), RIG_SHUTDOWN);
    /* It stays down. */
    ck_assert_int_eq(cpu_run(c, 10), EXIT_SHUTDOWN);
}

CASE(real_mode_triple_fault)
{
    rig_real(r);
    c->idtr_limit = 0;
    ck_assert_int_eq(RUN(r, 0xcd, 0x10), RIG_SHUTDOWN);
}

CASE(page_fault_in_page_fault_delivery)
{
    rig_paged(r);
    /* The gate of #PF lies in an absent page. */
    rig_map(r, RIG_IDT, RIG_IDT); /* not present */
    c->reg[RBX] = 0x800000;
    rig_map(r, 0x800000, 0);
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_SHUTDOWN); /* mov al, [ebx] */
    ck_assert_uint_eq(c->cr2, RIG_IDT + EX_DF * 8);
}

/* ---- pins, shadows */

static void ask_interrupt(struct rig *r, int vector)
{
    r->vector = vector;
    cpu_set_intr(r->cpu, true);
}

CASE(interrupt_when_if)
{
    rig_protected(r);
    ask_interrupt(r, 0x50);
    /* nop; sti; nop; nop: taken after the first nop behind STI */
    ck_assert_int_eq(RUN(r, 0x90, 0xfb, 0x40, 0x40), 0x50);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, RIG_CODE + 3);
    ck_assert(f.flags & EFL_IF);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(r->acks, 1);
}

CASE(sti_cli_takes_none)
{
    rig_protected(r);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(RUN(r, 0xfb, 0xfa, 0x90, 0x90), RIG_HALT);
    ck_assert_uint_eq(r->acks, 0);
}

CASE(mov_ss_shadow)
{
    rig_protected(r);
    c->reg[RAX] = SEL_DATA;
    rig_set_eflags(r, EFL_IF);
    PUT(r, RIG_CODE, 0x8e, 0xd0, 0x43, 0x43, 0xf4); /* mov ss,ax; inc ebx */
    ck_assert_int_eq(cpu_run(c, 1), EXIT_BUDGET);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(rig_run(r), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 3);
    ck_assert_uint_eq(c->reg[RBX], 1);
}

CASE(mov_ss_shadow_while_stepping)
{
    rig_protected(r);
    c->reg[RAX] = SEL_DATA;
    rig_set_eflags(r, EFL_IF | EFL_TF);
    /* The step trap of MOV SS is lost, that of INC EBX comes. */
    ck_assert_int_eq(RUN(r, 0x8e, 0xd0, 0x43, 0x43), EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 3);
    ck_assert_uint_eq(c->reg[RBX], 1);
}

CASE(mov_ss_shadow_with_breakpoints_armed)
{
    rig_protected(r);
    c->reg[RAX] = SEL_DATA;
    c->dr[0] = 0x7777;
    c->dr[7] = 0x402;
    rig_set_eflags(r, EFL_IF);
    PUT(r, RIG_CODE, 0x8e, 0xd0, 0x43, 0x43, 0xf4);
    ck_assert_int_eq(cpu_run(c, 1), EXIT_BUDGET);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(rig_run(r), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 3);
}

CASE(hlt_wakes_behind)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_IF);
    ck_assert_int_eq(RUN(r, 0x90), RIG_HALT);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(rig_run(r), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 2);
}

CASE(sti_hlt_wakes)
{
    rig_protected(r);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(RUN(r, 0xfb, 0xf4), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 2);
}

CASE(nmi_is_blocked_until_iret)
{
    rig_protected(r);
    cpu_set_nmi(c);
    ck_assert_int_eq(RUN(r, 0x90, 0x90), EX_NMI);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
    cpu_set_nmi(c);
    PUT(r, 0x8000, 0x40, 0xcf); /* inc eax; iret */
    rig_go(r, 0x8000);
    ck_assert_int_eq(rig_run(r), EX_NMI);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
}

CASE(rep_is_interruptible)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_IF);
    c->reg[RCX] = 1000;
    c->reg[RDI] = RIG_DATA;
    c->reg[RAX] = 0x11;
    PUT(r, RIG_CODE, 0xf3, 0xaa, 0xf4); /* rep stosb */
    cpu_run(c, 10);
    ck_assert_uint_lt(c->reg[RCX], 1000);
    ask_interrupt(r, 0x50);
    ck_assert_int_eq(rig_run(r), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
    ck_assert_uint_eq(c->reg[RCX] + c->reg[RDI], 1000 + RIG_DATA);
    ck_assert_uint_ne(c->reg[RCX], 0);
    ck_assert_uint_ne(c->reg[RCX], 1000);
}

CASE(rep_fault_restarts)
{
    rig_paged(r);
    rig_map(r, RIG_DATA + 0x1000, 0);
    c->reg[RCX] = 0x20;
    c->reg[RDI] = RIG_DATA + 0xff0;
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa), EX_PF);
    ck_assert_uint_eq(c->reg[RCX], 0x10);
    ck_assert_uint_eq(c->reg[RDI], RIG_DATA + 0x1000);
    ck_assert_uint_eq(c->cr2, RIG_DATA + 0x1000);
    struct rig_frame f = rig_frame(r, true);
    ck_assert_uint_eq(f.error, 2);
    ck_assert_uint_eq(f.rip, RIG_CODE);
    ck_assert(f.flags & EFL_RF);
    rig_map(r, RIG_DATA + 0x1000, (RIG_DATA + 0x1000) | 7);
    c->reg[RSP] += 4;
    PUT(r, 0x8000, 0xcf);
    rig_go(r, 0x8000);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0);
}

/* ---- single steps, breakpoints */

CASE(single_step)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_TF);
    ck_assert_int_eq(RUN(r, 0x40, 0x43), EX_DB);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, RIG_CODE + 1);
    ck_assert(f.flags & EFL_TF);
    ck_assert(!(f.flags & EFL_RF));
    ck_assert(!(c->eflags & EFL_TF));
    ck_assert(c->dr[6] & 1 << 14);
    ck_assert_uint_eq(c->reg[RBX], 0);
}

CASE(popf_that_sets_tf)
{
    rig_protected(r);
    /* push 0x102; popf; inc eax; inc ebx: the trap comes after INC EAX */
    ck_assert_int_eq(RUN(r, 0x68, 0x02, 0x01, 0, 0, 0x9d, 0x40, 0x43), EX_DB);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(c->reg[RBX], 0);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 7);
}

CASE(int_is_not_stepped_into)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_TF);
    PUT(r, 0x8000, 0x40, 0xf4); /* inc eax; hlt */
    rig_set_idt(r, 0x40, rig_gate(SEL_CODE, 0x8000, 0x8e, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert(rig_frame(r, false).flags & EFL_TF);
}

CASE(rep_steps_every_iteration)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_TF);
    c->reg[RCX] = 3;
    c->reg[RDI] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa), EX_DB);
    ck_assert_uint_eq(c->reg[RCX], 2);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
}

CASE(code_breakpoint)
{
    rig_protected(r);
    c->dr[0] = RIG_CODE + 1;
    c->dr[7] = 0x401; /* L0, execute */
    cpu_update_views(c);
    ck_assert_int_eq(RUN(r, 0x40, 0x43), EX_DB);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, RIG_CODE + 1);
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(c->reg[RBX], 0);
    ck_assert_uint_eq(c->dr[6] & 0xf, 1);
    /* The handler sets RF in the image and returns: no second hit. */
    rig_poke(r, c->reg[RSP] + 8, f.flags | EFL_RF, 4);
    PUT(r, 0x8000, 0xcf);
    rig_go(r, 0x8000);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 1);
    ck_assert(!(c->eflags & EFL_RF));
}

CASE(code_breakpoint_on_rep_hits_once)
{
    rig_protected(r);
    c->dr[0] = RIG_CODE;
    c->dr[7] = 0x401;
    cpu_update_views(c);
    rig_set_eflags(r, EFL_RF);
    c->reg[RCX] = 5;
    c->reg[RDI] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0);
}

CASE(rf_holds_for_one_instruction)
{
    rig_protected(r);
    c->dr[0] = RIG_CODE;
    c->dr[7] = 0x401;
    cpu_update_views(c);
    rig_set_eflags(r, EFL_RF);
    ck_assert_int_eq(RUN(r, 0xeb, 0xfe), EX_DB); /* jmp $ */
}

/* ---- data breakpoints: traps behind the instruction */

enum { WR1 = 0x1, WR4 = 0xd, ACC2 = 0x7, IO1 = 0x2 }; /* LEN and R/W */

static void arm(struct rig *r, unsigned n, uint64_t addr, unsigned lenrw)
{
    r->cpu->dr[n] = addr;
    r->cpu->dr[7] = 0x400 | 1u << n * 2 | lenrw << (16 + n * 4);
    cpu_update_views(r->cpu);
}

CASE(data_breakpoint)
{
    rig_protected(r);
    c->reg[RBX] = RIG_DATA;
    arm(r, 1, RIG_DATA + 4, WR4);
    /* mov eax, [ebx + 4]; mov [ebx + 8], eax; mov [ebx + 7], al; inc */
    ck_assert_int_eq(RUN(r, 0x8b, 0x43, 4, 0x89, 0x43, 8, 0x88, 0x43, 7, 0x41),
                     EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 9);
    ck_assert_uint_eq(c->reg[RCX], 0);
    ck_assert_uint_eq(c->dr[6] & 0xe00f, 2);
}

CASE(data_breakpoint_on_reads)
{
    rig_long(r);
    c->reg[RBX] = RIG_DATA;
    arm(r, 3, RIG_DATA + 3, ACC2); /* covers 2 and 3 */
    ck_assert_int_eq(RUN(r, 0x8a, 0x43, 1, 0x8a, 0x43, 4, 0x66, 0x8b, 0x43, 1),
                     EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 10);
    ck_assert_uint_eq(c->dr[6] & 0xe00f, 8);
}

CASE(data_breakpoint_with_tf)
{
    rig_protected(r);
    arm(r, 0, RIG_STACK - 4, WR1);
    rig_set_eflags(r, EFL_TF);
    ck_assert_int_eq(RUN(r, 0x50), EX_DB); /* push eax */
    ck_assert_uint_eq(c->dr[6] & 0xe00f, 0x4001);
}

CASE(data_breakpoint_in_rep)
{
    rig_protected(r);
    c->reg[RDI] = RIG_DATA;
    c->reg[RCX] = 100;
    arm(r, 0, RIG_DATA + 50, WR1);
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa), EX_DB);
    ck_assert_uint_eq(c->reg[RCX], 49);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
}

CASE(data_breakpoint_of_a_faulting_instruction)
{
    rig_protected(r);
    c->reg[RBX] = RIG_DATA;
    c->reg[RSI] = RIG_DATA;
    arm(r, 0, RIG_DATA, ACC2);
    /* div dword [ebx] by 0: no trap is left for the handler */
    rig_poke(r, RIG_DATA, 0, 4);
    PUT(r, RIG_HANDLERS + EX_DE * 16, 0x90, 0x90, 0xf4);
    ck_assert_int_eq(RUN(r, 0xf7, 0x33), RIG_HALT);
}

CASE(data_breakpoint_of_mov_ss_waits)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA, SEL_DATA, 2);
    arm(r, 0, RIG_DATA, ACC2);
    /* mov ss, [RIG_DATA]; inc ebx; inc ebx */
    ck_assert_int_eq(RUN(r, 0x8e, 0x15, 0, 0, 2, 0, 0x43, 0x43), EX_DB);
    ck_assert_uint_eq(c->reg[RBX], 1);
    ck_assert_uint_eq(c->dr[6] & 0xf, 1);
}

CASE(port_breakpoint)
{
    rig_protected(r);
    c->cr4 |= CR4_DE;
    arm(r, 2, 0x60, IO1);
    /* out 61h, al; in al, 60h */
    ck_assert_int_eq(RUN(r, 0xe6, 0x61, 0xe4, 0x60, 0x90), EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 4);
    ck_assert_uint_eq(c->dr[6] & 0xf, 4);
}

CASE(general_detect)
{
    rig_protected(r);
    c->dr[7] = 0x2400;                                 /* GD */
    ck_assert_int_eq(RUN(r, 0x0f, 0x21, 0xc0), EX_DB); /* mov eax, dr0 */
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
    ck_assert(c->dr[6] & 1 << 13);
    ck_assert(!(c->dr[7] & 0x2000));
}

/* ---- arithmetic exceptions and their instruction pointers */

CASE(divide_error_keeps_registers)
{
    rig_protected(r);
    c->reg[RAX] = 5;
    c->reg[RDX] = 7;
    ck_assert_int_eq(RUN(r, 0xf7, 0xf1), EX_DE); /* div ecx (0) */
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
    ck_assert_uint_eq(c->reg[RAX], 5);
    ck_assert_uint_eq(c->reg[RDX], 7);
}

CASE(into_is_a_trap)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_OF);
    ck_assert_int_eq(RUN(r, 0xce), EX_OF);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 1);
}

CASE(bound_is_a_fault)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA, 1, 4);
    rig_poke(r, RIG_DATA + 4, 5, 4);
    c->reg[RBX] = RIG_DATA;
    c->reg[RAX] = 6;
    ck_assert_int_eq(RUN(r, 0x62, 0x03), EX_BR); /* bound eax, [ebx] */
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
}

/* ---- virtual-8086 mode */

CASE(v86_interrupt_frame)
{
    rig_v86(r, 3);
    rig_set_idt(r, 0x21, rig_gate(SEL_CODE, RIG_HANDLERS + 0x210, 0xee, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x21), 0x21);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, 2);
    ck_assert_uint_eq(f.cs, RIG_CODE >> 4);
    ck_assert(f.flags & EFL_VM);
    ck_assert_uint_eq(f.sp, 0xfffe);
    ck_assert_uint_eq(f.ss, RIG_DATA >> 4);
    ck_assert_uint_eq(c->reg[RSP], INNER_STACK - 36);
    for (unsigned n = 0; n < 4; n++) /* ES DS FS GS */
        ck_assert_uint_eq(rig_peek(r, INNER_STACK - 16 + n * 4, 2),
                          RIG_DATA >> 4);
    ck_assert_uint_eq(c->seg[SEG_DS].selector, 0);
    ck_assert_uint_eq(c->seg[SEG_GS].attr, 0);
    ck_assert(!(c->eflags & EFL_VM));
}

CASE(v86_iopl_sensitive)
{
    static const uint8_t op[][2] = {{0xfa},       {0xfb}, {0x9c}, {0x9d},
                                    {0xcd, 0x21}, {0xcf}, {0xf4}};
    for (unsigned n = 0; n < ARRAY_LEN(op); n++) {
        rig_v86(r, 0);
        ck_assert_int_eq(rig_run_bytes(r, op[n], op[n][0] == 0xcd ? 2 : 1),
                         EX_GP);
        ck_assert_uint_eq(rig_frame(r, true).error, 0);
        ck_assert_uint_eq(rig_frame(r, true).rip, 0);
    }
}

CASE(v86_int3_is_not_iopl_sensitive)
{
    rig_v86(r, 0);
    ck_assert_int_eq(RUN(r, 0xcc), EX_BP);
}

CASE(v86_handler_must_be_ring0)
{
    rig_v86(r, 3);
    rig_set_idt(r, 0x40, rig_gate(SEL_CODE3, RIG_HANDLERS, 0xee, 0));
    ck_assert_int_eq(RUN(r, 0xcd, 0x40), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_CODE3 & ~3u);
}

CASE(iret_to_v86)
{
    static const uint16_t frame[] = {
        0x0010, 0, 0x1000, 0, 0x3002, 2, /* IP CS, VM IOPL 3 */
        0xfff0, 0, 0x2000, 0,            /* SP SS */
        0x1111, 0, 0x2222, 0, 0x3333, 0, 0x4444, 0};
    rig_protected(r);
    c->reg[RSP] = RIG_STACK - sizeof frame;
    for (unsigned n = 0; n < ARRAY_LEN(frame); n++)
        rig_poke(r, RIG_STACK - sizeof frame + 2 * n, frame[n], 2);
    rig_set_idt(r, 0x77, rig_gate(SEL_CODE, RIG_HANDLERS + 0x770, 0xee, 0));
    PUT(r, 0x10010, 0xcd, 0x77); /* int 77h */
    ck_assert_int_eq(RUN(r, 0xcf), 0x77);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.cs, 0x1000);
    ck_assert_uint_eq(f.rip, 0x12);
    ck_assert_uint_eq(f.sp, 0xfff0);
    ck_assert_uint_eq(f.flags, EFL_VM | EFL_IOPL | EFL_1);
    for (unsigned n = 0; n < 4; n++)
        ck_assert_uint_eq(rig_peek(r, INNER_STACK - 16 + n * 4, 2),
                          0x1111 * (n + 1u));
}

CASE(v86_vme_redirects)
{
    rig_v86(r, 0);
    c->cr4 |= CR4_VME;
    /* TSS with an I/O map; INT 21h's bit in the redirection map is 0. */
    c->tr.limit = 0x2100;
    rig_poke(r, RIG_TSS + 0x66, 0x88, 2);
    rig_poke(r, RIG_TSS + 0x68 + 0x21 / 8, 0, 1);
    rig_poke(r, 0x21 * 4, 0x10000100, 4); /* 1000:0100 */
    PUT(r, 0x10100, 0xcd, 0x22);          /* int 22h: to the monitor */
    rig_poke(r, RIG_TSS + 0x68 + 0x22 / 8, 1 << (0x22 % 8), 1);
    c->eflags |= EFL_VIF;
    ck_assert_int_eq(RUN(r, 0xcd, 0x21), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).rip, 0x100);
    ck_assert_uint_eq(rig_frame(r, true).sp, 0xfffe - 6);
    ck_assert(!(rig_frame(r, true).flags & EFL_VIF));
    /* Pushed: IF = VIF, IOPL 3. */
    ck_assert_uint_eq(rig_peek(r, 0x20000 + 0xfffe - 2, 2) &
                          (EFL_IF | EFL_IOPL),
                      EFL_IF | EFL_IOPL);
}

CASE(v86_vme_cli_sti)
{
    rig_v86(r, 0);
    c->cr4 |= CR4_VME;
    ck_assert_int_eq(RUN(r, 0xfb, 0xf4), EX_GP); /* sti; hlt */
    ck_assert_uint_eq(rig_frame(r, true).rip, 1);
    ck_assert(rig_frame(r, true).flags & EFL_VIF);
    ck_assert(!(rig_frame(r, true).flags & EFL_IF));
}

static const struct rig_case cases[] = {
    CASE_ROW(real_int),
    CASE_ROW(protected_fault_has_error_and_rf),
    CASE_ROW(error_code_has_no_rpl),
    CASE_ROW(ring3_to_ring0),
    CASE_ROW(long_frame_is_aligned),
    CASE_ROW(long_ist),
    CASE_ROW(long_stack_not_canonical_is_double_fault),
    CASE_ROW(trap_gate_keeps_if),
    CASE_ROW(gate16_pushes_words),
    CASE_ROW(int_checks_dpl),
    CASE_ROW(int3_may_be_called_from_ring3),
    CASE_ROW(int3_checks_dpl),
    CASE_ROW(icebp_does_not_check_dpl),
    CASE_ROW(exceptions_do_not_check_dpl),
    CASE_ROW(gate_not_present),
    CASE_ROW(gate_of_an_exception_not_present_sets_ext),
    CASE_ROW(gate_of_wrong_type),
    CASE_ROW(beyond_idt_limit),
    CASE_ROW(handler_segment_null_absent_data),
    CASE_ROW(inner_stack_selector_bad),
    CASE_ROW(double_fault),
    CASE_ROW(benign_then_contributory_is_no_double_fault),
    CASE_ROW(three_in_a_row_after_a_benign_one),
    CASE_ROW(nmi_then_faults_shut_down),
    CASE_ROW(triple_fault),
    CASE_ROW(real_mode_triple_fault),
    CASE_ROW(page_fault_in_page_fault_delivery),
    CASE_ROW(interrupt_when_if),
    CASE_ROW(sti_cli_takes_none),
    CASE_ROW(mov_ss_shadow),
    CASE_ROW(mov_ss_shadow_while_stepping),
    CASE_ROW(mov_ss_shadow_with_breakpoints_armed),
    CASE_ROW(hlt_wakes_behind),
    CASE_ROW(sti_hlt_wakes),
    CASE_ROW(nmi_is_blocked_until_iret),
    CASE_ROW(rep_is_interruptible),
    CASE_ROW(rep_fault_restarts),
    CASE_ROW(single_step),
    CASE_ROW(popf_that_sets_tf),
    CASE_ROW(int_is_not_stepped_into),
    CASE_ROW(rep_steps_every_iteration),
    CASE_ROW(code_breakpoint),
    CASE_ROW(code_breakpoint_on_rep_hits_once),
    CASE_ROW(rf_holds_for_one_instruction),
    CASE_ROW(data_breakpoint),
    CASE_ROW(data_breakpoint_on_reads),
    CASE_ROW(data_breakpoint_with_tf),
    CASE_ROW(data_breakpoint_in_rep),
    CASE_ROW(data_breakpoint_of_a_faulting_instruction),
    CASE_ROW(data_breakpoint_of_mov_ss_waits),
    CASE_ROW(port_breakpoint),
    CASE_ROW(general_detect),
    CASE_ROW(divide_error_keeps_registers),
    CASE_ROW(into_is_a_trap),
    CASE_ROW(bound_is_a_fault),
    CASE_ROW(v86_interrupt_frame),
    CASE_ROW(v86_iopl_sensitive),
    CASE_ROW(v86_int3_is_not_iopl_sensitive),
    CASE_ROW(v86_handler_must_be_ring0),
    CASE_ROW(iret_to_v86),
    CASE_ROW(v86_vme_redirects),
    CASE_ROW(v86_vme_cli_sti),
};

int main(void)
{
    return rig_main("cpu/event", cases, ARRAY_LEN(cases));
}
