/* check_block - the cache of decoded blocks against everything that can
 * change code under it: stores in the same block, through an alias, by a
 * device, page tables, modes (SDM volume 3, 8.1.3 and 11.6).
 * Alone: make tests/cpu/check_block && tests/cpu/check_block */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/block.h"

enum { OTHER = 0x40000, ALIAS = 0x600000 };

/* inc eax; ret at a place of its own, called twice by the cases below */
static void put_counter(struct rig *r, uint64_t at)
{
    PUT(r, at, 0x40, 0xc3);
}

static int call_at(struct rig *r, uint32_t target)
{
    rig_go(r, RIG_CODE);
    r->cpu->reg[RAX] = 0;
    r->cpu->reg[RSI] = target;
    PUT(r, RIG_CODE, 0xff, 0xd6, 0xf4); /* call esi; hlt */
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    return (int)(int32_t)r->cpu->reg[RAX];
}

/* ---- the processor changes its own code */

CASE(next_instruction_of_the_block)
{
    rig_protected(r);
    /* mov byte [RIG_CODE + 7], 43h (inc ebx over inc eax) */
    ck_assert_int_eq(RUN(r, 0xc6, 0x05, 7, 0, 1, 0, 0x43, 0x40), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0);
    ck_assert_uint_eq(c->reg[RBX], 1);
}

CASE(whole_loop_body_each_time)
{
    rig_protected(r);
    c->reg[RCX] = 50;
    /* again: add eax, 0; inc byte [again + 2]; loop again */
    ck_assert_int_eq(RUN(r, 0x83, 0xc0, 0, 0xfe, 0x05, 2, 0, 1, 0, 0xe2, 0xf5),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 49 * 50 / 2);
}

CASE(instruction_that_overwrites_itself)
{
    rig_protected(r);
    c->reg[RAX] = 0x90909090;
    c->reg[RDI] = RIG_CODE;
    c->reg[RCX] = 4;
    /* rep stosb over itself; nops follow: F3 AA F3 AA -> 90 90 90 90. The
     * first iteration changes the instruction, so it stops being one. */
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa, 0x43), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_CODE, 1), 0x90);
    ck_assert_uint_eq(c->reg[RBX], 1);
}

CASE(push_into_code)
{
    rig_protected(r);
    c->reg[RSP] = RIG_CODE + 8;
    c->reg[RAX] = 0x43434343;
    /* push eax writes over what follows: nop x3, then 4 x inc eax */
    ck_assert_int_eq(RUN(r, 0x50, 0x90, 0x90, 0x90, 0x40, 0x40, 0x40, 0x40),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 4);
}

CASE(store_in_same_granule_beside_code)
{
    rig_protected(r);
    c->reg[RCX] = 100;
    c->reg[RBX] = RIG_CODE + 0x20;
    /* inc dword [ebx]; loop */
    ck_assert_int_eq(RUN(r, 0xff, 0x03, 0xe2, 0xfc), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_CODE + 0x20, 4), 100);
}

/* Bytes beside code are stored to, then run as code, then stored to again. */
CASE(bytes_beside_code_become_code)
{
    rig_protected(r);
    PUT(r, OTHER, 0x40, 0xc3); /* inc eax; ret */
    for (unsigned n = 0; n < 3; n++) {
        ck_assert_int_eq(call_at(r, OTHER), 1);
        rig_poke(r, OTHER + 8, 0x40, 1);
        rig_poke(r, OTHER + 9, 0xc3, 1);
        ck_assert_int_eq(call_at(r, OTHER + 8), 1);
        rig_poke(r, OTHER + 8, 0x48, 1); /* dec eax */
        ck_assert_int_eq(call_at(r, OTHER + 8), -1);
    }
}

CASE(callee_rewritten)
{
    rig_protected(r);
    put_counter(r, OTHER);
    ck_assert_int_eq(call_at(r, OTHER), 1);
    /* mov byte [OTHER], 48h (dec eax); call OTHER */
    c->reg[RAX] = 0;
    rig_go(r, RIG_CODE + 0x100);
    c->reg[RSI] = OTHER;
    ck_assert_int_eq(RUN(r, 0xc6, 0x05, 0, 0, 4, 0, 0x48, 0xff, 0xd6),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xffffffff);
}

CASE(page_crossing_instruction)
{
    rig_protected(r);
    /* add eax, imm32 with the immediate in the second page */
    PUT(r, OTHER + 0xfff, 0x05, 1, 0, 0, 0, 0xc3);
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), 1);
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), 1);
    rig_poke(r, OTHER + 0x1001, 1, 1); /* only the second page changes */
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), 0x101);
    rig_poke(r, OTHER + 0xfff, 0x2d, 1); /* only the first: sub */
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), -0x101);
}

/* ---- others change it */

CASE(device_writes)
{
    rig_protected(r);
    put_counter(r, OTHER);
    ck_assert_int_eq(call_at(r, OTHER), 1);
    rig_poke(r, OTHER, 0x48, 1);
    ck_assert_int_eq(call_at(r, OTHER), -1);
}

CASE(write_through_alias)
{
    rig_paged(r);
    rig_map(r, ALIAS, OTHER | 7);
    put_counter(r, OTHER);
    ck_assert_int_eq(call_at(r, OTHER), 1);
    rig_go(r, RIG_CODE + 0x100);
    c->reg[RAX] = 0;
    c->reg[RSI] = OTHER;
    /* mov byte [ALIAS], 48h; call esi */
    ck_assert_int_eq(RUN(r, 0xc6, 0x05, 0, 0, 0x60, 0, 0x48, 0xff, 0xd6),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xffffffff);
}

CASE(same_frame_twice_in_a_row)
{
    rig_paged(r);
    /* Two pages show one frame: an instruction that straddles them has its
     * end at the frame's start. */
    rig_map(r, ALIAS, OTHER | 7);
    rig_map(r, ALIAS + 0x1000, OTHER | 7);
    PUT(r, OTHER + 0xfff, 0x05);
    PUT(r, OTHER, 1, 0, 0, 0, 0xc3);
    ck_assert_int_eq(call_at(r, ALIAS + 0xfff), 1);
    rig_poke(r, OTHER, 2, 1);
    ck_assert_int_eq(call_at(r, ALIAS + 0xfff), 2);
}

/* ---- mappings change */

CASE(code_page_remapped)
{
    rig_paged(r);
    put_counter(r, OTHER);
    PUT(r, OTHER + 0x1000, 0x48, 0xc3);
    rig_map(r, ALIAS, OTHER | 7);
    ck_assert_int_eq(call_at(r, ALIAS), 1);
    rig_map(r, ALIAS, (OTHER + 0x1000) | 7);
    PUT(r, RIG_CODE + 0x200, 0x0f, 0x01, 0x3e, 0xf4); /* invlpg [esi] */
    rig_go(r, RIG_CODE + 0x200);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_int_eq(call_at(r, ALIAS), -1);
}

CASE(second_page_remapped)
{
    rig_paged(r);
    PUT(r, OTHER + 0xfff, 0x05, 1, 0, 0, 0, 0xc3);
    PUT(r, OTHER + 0x5000, 2, 0, 0, 0, 0xc3);
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), 1);
    rig_map(r, OTHER + 0x1000, (OTHER + 0x5000) | 7);
    PUT(r, RIG_CODE + 0x200, 0x0f, 0x01, 0xbe, 1, 0, 0, 0, 0xf4);
    rig_go(r, RIG_CODE + 0x200); /* invlpg [esi + 1] */
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_int_eq(call_at(r, OTHER + 0xfff), 2);
}

CASE(second_page_absent)
{
    rig_paged(r);
    PUT(r, OTHER + 0xffe, 0x40, 0x05, 1, 0, 0, 0);
    rig_map(r, OTHER + 0x1000, 0);
    c->reg[RAX] = 0;
    rig_go(r, OTHER + 0xffe);
    ck_assert_int_eq(rig_run(r), EX_PF);
    ck_assert_uint_eq(c->cr2, OTHER + 0x1000);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    ck_assert_uint_eq(rig_frame(r, true).rip, OTHER + 0xfff);
    ck_assert_uint_eq(c->reg[RAX], 1); /* the one before was executed */
}

CASE(last_instruction_of_page_needs_no_next_page)
{
    rig_paged(r);
    PUT(r, OTHER + 0xfff, 0xf4);
    rig_map(r, OTHER + 0x1000, 0);
    rig_go(r, OTHER + 0xfff);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
}

CASE(execute_right_taken_away)
{
    rig_long(r);
    c->efer |= EFER_NXE;
    cpu_update_paging(c);
    put_counter(r, OTHER);
    PUT(r, OTHER, 0xff, 0xc0, 0xc3); /* inc eax; ret */
    ck_assert_int_eq(call_at(r, OTHER), 1);
    rig_map(r, OTHER, OTHER | 7 | 1ull << 63);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(rig_run(r), EX_PF);
    ck_assert_uint_eq(c->cr2, OTHER);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x11); /* P, I */
}

CASE(user_bit_taken_away)
{
    rig_paged(r);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    PUT(r, OTHER, 0xcc);
    rig_go(r, OTHER);
    ck_assert_int_eq(rig_run(r), EX_BP);
    rig_map(r, OTHER, OTHER | 3);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    c->reg[RSP] = RIG_STACK3;
    rig_go(r, OTHER);
    ck_assert_int_eq(rig_run(r), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 5);
}

CASE(cr3_switch_shows_other_code)
{
    uint64_t old, copy, table;
    rig_paged(r);
    old = c->cr3;
    copy = r->next_table;
    table = copy + PAGE_SIZE;
    for (unsigned n = 0; n < PAGE_SIZE; n += 4) {
        rig_poke(r, copy + n, rig_peek(r, old + n, 4), 4);
        rig_poke(r, table + n,
                 rig_peek(r, (rig_peek(r, old, 4) & ~0xfffull) + n, 4), 4);
    }
    rig_poke(r, copy, table | 7, 4);
    rig_poke(r, table + (OTHER >> 12) * 4, (OTHER + 0x1000) | 7, 4);
    put_counter(r, OTHER);
    PUT(r, OTHER + 0x1000, 0x48, 0xc3);
    for (unsigned n = 0; n < 6; n++) {
        c->reg[RDX] = n & 1 ? copy : old;
        rig_go(r, RIG_CODE);
        c->reg[RAX] = 0;
        c->reg[RSI] = OTHER;
        /* mov cr3, edx; call esi */
        ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xda, 0xff, 0xd6), RIG_HALT);
        ck_assert_uint_eq(c->reg[RAX], n & 1 ? 0xffffffff : 1);
    }
}

/* ---- modes */

CASE(same_bytes_in_two_code_sizes)
{
    rig_protected(r);
    PUT(r, 0x8000, 0xb8, 1, 0, 0x43, 0x90, 0xf4); /* 32: mov eax, imm32 */
    rig_go(r, 0x8000);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x90430001);
    ck_assert_uint_eq(c->reg[RBX], 0);
    rig_load(r, SEG_CS, SEL_CODE16);
    rig_go(r, 0x8000); /* 16: mov ax, 1; inc bx; nop */
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x90430001);
    ck_assert_uint_eq(c->reg[RBX], 1);
}

CASE(same_linear_address_by_two_segments)
{
    rig_protected(r);
    rig_set_desc(r, SEL_FREE, rig_desc(0x1000, 0xfffff, 0xc09b));
    put_counter(r, OTHER);
    PUT(r, OTHER, 0xe8, 1, 0, 0, 0, 0xf4, 0x58, 0xc3); /* call; pop eax */
    rig_go(r, OTHER);
    c->reg[RSP] -= 8;
    rig_poke(r, c->reg[RSP] + 4, OTHER + 5, 4);
    rig_poke(r, c->reg[RSP], OTHER + 5, 4);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], OTHER + 5);
    rig_load(r, SEG_CS, SEL_FREE);
    rig_go(r, OTHER - 0x1000);
    rig_poke(r, c->reg[RSP], OTHER - 0x1000 + 5, 4);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], OTHER - 0x1000 + 5);
}

CASE(cs_limit_inside_a_known_block)
{
    rig_protected(r);
    PUT(r, 0x8000, 0x40, 0x40, 0x40, 0x40, 0xf4);
    rig_go(r, 0x8000);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    rig_set_desc(r, SEL_FREE, rig_desc(0, 0x8001, 0x409b));
    rig_load(r, SEG_CS, SEL_FREE);
    rig_go(r, 0x8000);
    c->reg[RAX] = 0;
    ck_assert_int_eq(rig_run(r), EX_GP);
    ck_assert_uint_eq(c->reg[RAX], 2);
    ck_assert_uint_eq(rig_frame(r, true).rip, 0x8002);
}

/* ---- the cache itself */

CASE(dropping_everything_is_invisible)
{
    rig_paged(r);
    put_counter(r, OTHER);
    for (unsigned n = 0; n < 4; n++) {
        ck_assert_int_eq(call_at(r, OTHER), 1);
        block_drop_all(c);
        rig_audit(r);
    }
}

CASE(arena_runs_full)
{
    rig_protected(r);
    /* A store to its own code page makes each round decode anew. */
    c->reg[RCX] = 400000;
    PUT(r, RIG_CODE, 0xfe, 0x05, 0x0c, 0, 1, 0, /* inc byte [10Ch] */
        0xeb, 0x03, 0x90, 0x90, 0x90,           /* jmp over */
        0x04, 0x00,                             /* add al, n */
        0xe2, 0xf1, 0xf4);                      /* loop */
    for (unsigned n = 0; n < 200 && !(c->attention & ATT_HALTED); n++)
        cpu_run(c, 100000);
    ck_assert(c->attention & ATT_HALTED);
    ck_assert_uint_eq(c->reg[RCX], 0);
    /* sum of 1..400000 modulo 256 */
    ck_assert_uint_eq(c->reg[RAX] & 0xff, (400000ull * 400001 / 2) & 0xff);
}

CASE(budget_is_exact)
{
    rig_protected(r);
    PUT(r, RIG_CODE, 0x40, 0x40, 0x40, 0x40, 0xeb, 0xfa); /* 5 in a loop */
    for (int64_t n = 1; n < 30; n++) {
        uint64_t before = cpu_icount(c);
        ck_assert_int_eq(cpu_run(c, n), EXIT_BUDGET);
        ck_assert_uint_eq(cpu_icount(c) - before, (uint64_t)n);
    }
    ck_assert_uint_eq(cpu_icount(c), 29 * 30 / 2);
    ck_assert_uint_eq(c->reg[RAX], 29 * 30 / 2 / 5 * 4);
}

CASE(budget_counts_faults)
{
    rig_protected(r);
    PUT(r, RIG_HANDLERS + EX_UD * 16, 0xcf); /* iret: fault again for ever */
    PUT(r, RIG_CODE, 0x0f, 0x0b);
    ck_assert_int_eq(cpu_run(c, 1000), EXIT_BUDGET);
    ck_assert_uint_le(cpu_icount(c), 1000);
}

/* Each INC is followed by a trap, whose handler steps on with IRET. */
CASE(budget_counts_no_traps)
{
    rig_protected(r);
    PUT(r, RIG_HANDLERS + EX_DB * 16, 0xcf);
    PUT(r, RIG_CODE, 0x40, 0x40, 0xeb, 0xfc);
    rig_set_eflags(r, EFL_TF);
    for (int64_t n = 1; n < 20; n++) {
        uint64_t before = cpu_icount(c);
        ck_assert_int_eq(cpu_run(c, n), EXIT_BUDGET);
        ck_assert_uint_eq(cpu_icount(c) - before, (uint64_t)n);
    }
    /* 190 of: inc, iret, inc, iret, jmp, iret */
    ck_assert_uint_eq(c->reg[RAX], 31 * 2 + 2);
}

/* #UD whose gate is not there: #NP, then #DF, whose handler is HLT. */
CASE(budget_counts_a_chain_once)
{
    rig_protected(r);
    rig_poke(r, RIG_IDT + EX_UD * 8 + 5, 0x0e, 1);
    rig_poke(r, RIG_IDT + EX_NP * 8 + 5, 0x0e, 1);
    PUT(r, RIG_CODE, 0x90, 0x0f, 0x0b);
    ck_assert_int_eq(cpu_run(c, 2), EXIT_BUDGET);
    ck_assert_uint_eq(cpu_icount(c), 2);
    ck_assert_uint_eq(cpu_rip(c), RIG_HANDLERS + EX_DF * 16);
}

static const struct rig_case cases[] = {
    CASE_ROW(next_instruction_of_the_block),
    CASE_ROW(whole_loop_body_each_time),
    CASE_ROW(instruction_that_overwrites_itself),
    CASE_ROW(push_into_code),
    CASE_ROW(store_in_same_granule_beside_code),
    CASE_ROW(bytes_beside_code_become_code),
    CASE_ROW(callee_rewritten),
    CASE_ROW(page_crossing_instruction),
    CASE_ROW(device_writes),
    CASE_ROW(write_through_alias),
    CASE_ROW(same_frame_twice_in_a_row),
    CASE_ROW(code_page_remapped),
    CASE_ROW(second_page_remapped),
    CASE_ROW(second_page_absent),
    CASE_ROW(last_instruction_of_page_needs_no_next_page),
    CASE_ROW(execute_right_taken_away),
    CASE_ROW(user_bit_taken_away),
    CASE_ROW(cr3_switch_shows_other_code),
    CASE_ROW(same_bytes_in_two_code_sizes),
    CASE_ROW(same_linear_address_by_two_segments),
    CASE_ROW(cs_limit_inside_a_known_block),
    CASE_ROW(dropping_everything_is_invisible),
    CASE_ROW(arena_runs_full),
    CASE_ROW(budget_is_exact),
    CASE_ROW(budget_counts_faults),
    CASE_ROW(budget_counts_no_traps),
    CASE_ROW(budget_counts_a_chain_once),
};

int main(void)
{
    return rig_main("cpu/block", cases, ARRAY_LEN(cases));
}
