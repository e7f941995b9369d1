/* check_exec_int - integer instructions where they meet faults, address and
 * operand sizes, segments and repetition. Results and flags of every row
 * are check_int_insn's and check_vectors' business.
 * Alone: make tests/cpu/check_exec_int && tests/cpu/check_exec_int */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

enum {
    ABSENT = RIG_DATA + 0x1000, /* a page the cases take away */
    FAULT_TSS = 0x6000,
    FAULT_STACK = 0x2c000,
};

static void paged(struct rig *r)
{
    rig_paged(r);
    rig_map(r, ABSENT, 0);
}

/* ---- faults leave registers, flags and memory alone */

struct faulting {
    uint8_t code[8];
    unsigned error;
};

/* The handler of #PF is a task, so that the state of the faulting program
 * can be read from its TSS even if its stack is what is missing. */
static void fault_task(struct rig *r)
{
    rig_set_desc(r, SEL_FREE, rig_desc(FAULT_TSS, 0x67, 0x89));
    for (unsigned k = 0; k < 0x68; k += 4)
        rig_poke(r, FAULT_TSS + k, 0, 4);
    rig_poke(r, FAULT_TSS + 0x1c, r->cpu->cr3, 4);
    rig_poke(r, FAULT_TSS + 0x20, 0x8000, 4); /* EIP */
    rig_poke(r, FAULT_TSS + 0x38, FAULT_STACK, 4);
    for (unsigned s = 0; s < 6; s++)
        rig_poke(r, FAULT_TSS + 0x48 + 4 * s, s == SEG_CS ? SEL_CODE : SEL_DATA,
                 4);
    PUT(r, 0x8000, 0xf4);
    rig_set_idt(r, EX_PF, rig_gate(SEL_FREE, 0, 0x85, 0));
}

/* EBX points to the last two bytes before the absent page, ESI and EDI to
 * it, ESP behind it for the rows that push. */
static void check_faulting(struct rig *r, const struct faulting *t, bool push)
{
    struct cpu *c = r->cpu;
    uint64_t reg[8], flags;
    paged(r);
    fault_task(r);
    rig_poke(r, ABSENT - 16, 0x0123456789abcdef, 8);
    rig_poke(r, ABSENT - 8, 0xfedcba9876543210, 8);
    c->reg[RAX] = 0x44332211;
    c->reg[RCX] = 0x77665544;
    c->reg[RDX] = 0x80;
    c->reg[RBX] = t->code[0] == 0xd7 ? ABSENT : ABSENT - 2;
    c->reg[RBP] = RIG_DATA + 0x80;
    c->reg[RSI] = c->reg[RDI] = ABSENT;
    if (push)
        c->reg[RSP] = ABSENT + 0x1000;
    rig_set_eflags(r, EFL_CF | EFL_SF | EFL_OF);
    memcpy(reg, c->reg, sizeof reg);
    flags = cpu_eflags(c);
    r->port_reads = r->port_writes = 0;
    ck_assert_int_eq(rig_run_bytes(r, t->code, sizeof t->code), RIG_HALT);
    ck_assert_uint_eq(c->tr.selector, SEL_FREE);
    ck_assert_uint_eq(rig_peek(r, FAULT_STACK - 4, 4), t->error);
    ck_assert_uint_eq(c->cr2 & ~0xfffull, ABSENT);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + 0x20, 4), RIG_CODE);
    ck_assert_uint_eq(rig_peek(r, RIG_TSS + 0x24, 4), flags | EFL_RF);
    for (unsigned k = 0; k < 8; k++)
        ck_assert_uint_eq(rig_peek(r, RIG_TSS + 0x28 + 4 * k, 4), reg[k]);
    ck_assert_uint_eq(rig_peek(r, ABSENT - 16, 8), 0x0123456789abcdef);
    ck_assert_uint_eq(rig_peek(r, ABSENT - 8, 8), 0xfedcba9876543210);
    ck_assert_uint_eq(r->port_reads + r->port_writes, 0);
}

CASE(faults_change_nothing)
{
    static const struct faulting t[] = {
        {{0x01, 0x03}, 2},           /* add [ebx], eax */
        {{0x03, 0x03}, 0},           /* add eax, [ebx] */
        {{0x87, 0x03}, 2},           /* xchg */
        {{0x0f, 0xb1, 0x03}, 2},     /* cmpxchg */
        {{0x0f, 0xc1, 0x03}, 2},     /* xadd */
        {{0x0f, 0xc7, 0x0b}, 2},     /* cmpxchg8b */
        {{0xff, 0x03}, 2},           /* inc */
        {{0xf7, 0x1b}, 2},           /* neg */
        {{0xd1, 0x23}, 2},           /* shl */
        {{0x0f, 0xa4, 0x03, 3}, 2},  /* shld */
        {{0xf7, 0x23}, 0},           /* mul */
        {{0xf7, 0x33}, 0},           /* div */
        {{0x0f, 0xba, 0x2b, 31}, 2}, /* bts */
        {{0x0f, 0xbc, 0x0b}, 0},     /* bsf */
        {{0x0f, 0x44, 0x0b}, 0},     /* cmove: reads always */
        {{0x0f, 0x45, 0x0b}, 0},     /* cmovne */
        {{0x0f, 0x94, 0x06}, 2},     /* sete [esi] */
        {{0xff, 0x33}, 0},           /* push [ebx] */
        {{0x8f, 0x03}, 2},           /* pop [ebx] */
        {{0xff, 0x13}, 0},           /* call [ebx] */
        {{0xff, 0x1b}, 0},           /* call far [ebx] */
        {{0xff, 0x23}, 0},           /* jmp [ebx] */
        {{0xc5, 0x0b}, 0},           /* lds */
        {{0xa4}, 0},                 /* movsb */
        {{0xa6}, 0},                 /* cmpsb */
        {{0xaa}, 2},                 /* stosb */
        {{0xac}, 0},                 /* lodsb */
        {{0xae}, 0},                 /* scasb */
        {{0xd7}, 0},                 /* xlat */
        {{0x62, 0x0b}, 0},           /* bound */
        {{0x6c}, 2},                 /* insb */
        {{0x6e}, 0},                 /* outsb */
        {{0x0f, 0xb6, 0x0e}, 0},     /* movzx ecx, [esi] */
        {{0x63, 0x0e}, 0},           /* arpl [esi], cx */
        {{0x0f, 0x01, 0x03}, 2},     /* sgdt */
        {{0x0f, 0x00, 0x06}, 2},     /* sldt */
        {{0x8c, 0x1e}, 2},           /* mov [esi], ds */
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++)
        check_faulting(r, &t[n], false);
}

CASE(pushes_that_fault_change_nothing)
{
    static const struct faulting t[] = {
        {{0x9c}, 2},                          /* pushf */
        {{0x60}, 2},                          /* pusha */
        {{0xe8, 1, 0, 0, 0}, 2},              /* call */
        {{0x9a, 1, 0, 0, 0, SEL_CODE, 0}, 2}, /* call far */
        {{0xc8, 8, 0, 0}, 2},                 /* enter */
        {{0xc8, 8, 0, 2}, 2},                 /* enter 8, 2 */
        {{0x6a, 1}, 2},                       /* push 1 */
        {{0x1e}, 2},                          /* push ds */
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++)
        check_faulting(r, &t[n], true);
}

/* Read-modify-write needs the right to write even when nothing would
 * change. */
CASE(cmpxchg_always_writes)
{
    rig_paged(r);
    rig_map(r, RIG_DATA, RIG_DATA | 5);
    rig_poke(r, RIG_DATA, 1, 4);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x0f, 0xb1, 0x0b), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 3);
    rig_paged(r);
    rig_map(r, RIG_DATA, RIG_DATA | 5);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x0f, 0xa3, 0x0b), RIG_HALT); /* BT reads */
}

CASE(cmpxchg16b_alignment)
{
    rig_long(r);
    c->reg[RBX] = RIG_DATA + 8;
    ck_assert_int_eq(RUN(r, 0x48, 0x0f, 0xc7, 0x0b), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

/* ---- division */

CASE(aam_zero)
{
    rig_protected(r);
    c->reg[RAX] = 0x1234;
    ck_assert_int_eq(RUN(r, 0xd4, 0), EX_DE);
    ck_assert_uint_eq(c->reg[RAX], 0x1234);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE);
}

CASE(idiv_overflow)
{
    rig_protected(r);
    c->reg[RAX] = 0x80000000;
    c->reg[RDX] = 0xffffffff;
    c->reg[RCX] = 0xffffffff;
    ck_assert_int_eq(RUN(r, 0xf7, 0xf9), EX_DE); /* -2^31 / -1 */
    rig_long(r);
    c->reg[RAX] = 0x8000000000000000;
    c->reg[RDX] = ~0ull;
    c->reg[RCX] = ~0ull;
    ck_assert_int_eq(RUN(r, 0x48, 0xf7, 0xf9), EX_DE);
    ck_assert_uint_eq(c->reg[RAX], 0x8000000000000000);
    rig_protected(r);
    c->reg[RAX] = 0xff80; /* -128 / 1 fits */
    c->reg[RCX] = 1;
    ck_assert_int_eq(RUN(r, 0xf6, 0xf9), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x0080);
}

/* ---- shifts by zero keep the flags, whatever was lazy before */

CASE(shift_by_zero_keeps_flags)
{
    static const uint8_t op[] = {0xc0, 0xc8, 0xd0, 0xd8, 0xe0, 0xe8, 0xf8};
    for (unsigned n = 0; n < ARRAY_LEN(op); n++)
        for (unsigned count = 0; count < 64; count += 32) {
            rig_protected(r);
            c->reg[RCX] = count;
            c->reg[RAX] = 0x80000001;
            rig_set_eflags(r, EFL_ARITH);
            ck_assert_int_eq(RUN(r, 0xd3, op[n]), RIG_HALT);
            ck_assert_uint_eq(c->reg[RAX], 0x80000001);
            ck_assert_uint_eq(cpu_eflags(c), EFL_ARITH | EFL_1);
        }
}

CASE(flags_in_every_combination)
{
    rig_protected(r);
    for (unsigned f = 0; f < 64; f++) {
        uint32_t fl = (f & 1) * EFL_CF | (f >> 1 & 1) * EFL_PF |
                      (f >> 2 & 1) * EFL_AF | (f >> 3 & 1) * EFL_ZF |
                      (f >> 4 & 1) * EFL_SF | (f >> 5) * EFL_OF;
        rig_go(r, RIG_CODE);
        rig_set_eflags(r, 0);
        rig_poke(r, RIG_STACK - 4, fl | 2, 4);
        c->reg[RSP] = RIG_STACK - 4;
        /* popf; setcc al..: C P Z S O by their instructions; pushf */
        ck_assert_int_eq(RUN(r, 0x9d, 0x0f, 0x92, 0xc0, 0x0f, 0x9a, 0xc3, 0x0f,
                             0x94, 0xc1, 0x0f, 0x98, 0xc2, 0x0f, 0x90, 0xc4,
                             0x9c),
                         RIG_HALT);
        ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4, 4), fl | 2);
        ck_assert_uint_eq(c->reg[RAX] & 1, (fl & EFL_CF) != 0);
        ck_assert_uint_eq(c->reg[RBX] & 1, (fl & EFL_PF) != 0);
        ck_assert_uint_eq(c->reg[RCX] & 1, (fl & EFL_ZF) != 0);
        ck_assert_uint_eq(c->reg[RDX] & 1, (fl & EFL_SF) != 0);
        ck_assert_uint_eq(c->reg[RAX] >> 8 & 1, (fl & EFL_OF) != 0);
    }
}

/* INC and DEC keep CF, rotates keep the others. */
CASE(partial_flags)
{
    rig_protected(r);
    c->reg[RAX] = 0x7fffffff;
    rig_set_eflags(r, EFL_CF);
    ck_assert_int_eq(RUN(r, 0x40), RIG_HALT);
    ck_assert_uint_eq(cpu_eflags(c),
                      EFL_CF | EFL_PF | EFL_AF | EFL_SF | EFL_OF | EFL_1);
    rig_go(r, RIG_CODE);
    c->reg[RAX] = 1;
    rig_set_eflags(r, EFL_ZF | EFL_AF | EFL_SF | EFL_PF);
    ck_assert_int_eq(RUN(r, 0xd1, 0xc8), RIG_HALT); /* ror eax, 1 */
    ck_assert_uint_eq(cpu_eflags(c), EFL_ARITH | EFL_1);
}

/* ---- bit strings */

CASE(bt_beyond_the_operand)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA - 4, 0x80000000, 4);
    rig_poke(r, RIG_DATA + 0x200, 1, 4);
    c->reg[RBX] = RIG_DATA;
    c->reg[RAX] = 0xffffffff; /* bit -1 */
    ck_assert_int_eq(RUN(r, 0x0f, 0xa3, 0x03), RIG_HALT);
    ck_assert(cpu_eflags(c) & EFL_CF);
    rig_go(r, RIG_CODE);
    c->reg[RAX] = 0x1000;
    ck_assert_int_eq(RUN(r, 0x0f, 0xb3, 0x03), RIG_HALT); /* btr */
    ck_assert(cpu_eflags(c) & EFL_CF);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 0x200, 4), 0);
}

CASE(bt_word_in_16_bit_addresses)
{
    rig_real(r);
    rig_poke(r, 0x20000 + 0xffe0, 1, 2);
    c->reg[RBX] = 0;
    c->reg[RAX] = (uint16_t)(-0x20 * 8);                  /* wraps below 0 */
    ck_assert_int_eq(RUN(r, 0x0f, 0xa3, 0x07), RIG_HALT); /* bt [bx], ax */
    ck_assert(cpu_eflags(c) & EFL_CF);
}

/* ---- strings */

CASE(rep_counts_by_address_size)
{
    rig_protected(r);
    c->reg[RCX] = 0x10000; /* CX = 0 */
    c->reg[RDI] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x67, 0xf3, 0xaa), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0x10000);
    ck_assert_uint_eq(c->reg[RDI], RIG_DATA);
    rig_long(r);
    c->reg[RCX] = 0xff00000000; /* ECX = 0 with 67h */
    c->reg[RDI] = 0xff00000000 | RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x67, 0xf3, 0xaa), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0xff00000000);
}

CASE(string_registers_wrap_at_16_bits)
{
    rig_real(r);
    c->reg[RCX] = 0x12340004;
    c->reg[RDI] = 0x5678fffe;
    c->reg[RAX] = 0x77;
    ck_assert_int_eq(RUN(r, 0xf3, 0xaa), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0x12340000);
    ck_assert_uint_eq(c->reg[RDI], 0x56780002);
    ck_assert_uint_eq(rig_peek(r, 0x2fffe, 2), 0x7777);
    ck_assert_uint_eq(rig_peek(r, 0x20000, 2), 0x7777);
}

CASE(string_word_at_the_segment_end)
{
    rig_real(r);
    c->reg[RCX] = 4;
    c->reg[RDI] = 0xfffd;
    ck_assert_int_eq(RUN(r, 0xf3, 0xab), EX_GP); /* second word at FFFF */
    ck_assert_uint_eq(c->reg[RCX], 3);
    ck_assert_uint_eq(c->reg[RDI], 0xffff);
}

CASE(movs_overlaps)
{
    rig_protected(r);
    for (unsigned n = 0; n < 16; n++)
        rig_poke(r, RIG_DATA + n, n, 1);
    c->reg[RSI] = RIG_DATA;
    c->reg[RDI] = RIG_DATA + 1;
    c->reg[RCX] = 15;
    ck_assert_int_eq(RUN(r, 0xf3, 0xa4), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 8, 8), 0);
    for (unsigned n = 0; n < 16; n++)
        rig_poke(r, RIG_DATA + n, n, 1);
    rig_go(r, RIG_CODE);
    rig_set_eflags(r, EFL_DF);
    c->reg[RSI] = RIG_DATA + 14;
    c->reg[RDI] = RIG_DATA + 15;
    c->reg[RCX] = 15;
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 8, 8), 0x0e0d0c0b0a090807);
    ck_assert_uint_eq(c->reg[RSI], RIG_DATA - 1);
}

CASE(movs_dword_overlap_by_two)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA, 0x44332211, 4);
    rig_poke(r, RIG_DATA + 4, 0x88776655, 4);
    c->reg[RSI] = RIG_DATA;
    c->reg[RDI] = RIG_DATA + 2;
    c->reg[RCX] = 2;
    ck_assert_int_eq(RUN(r, 0xf3, 0xa5), RIG_HALT);
    /* 11 22 [11 22 33 44] then dword at 4 = 33 44 77 88 -> at 6 */
    ck_assert_uint_eq(rig_peek(r, RIG_DATA, 8), 0x4433443322112211);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 8, 2), 0x8877);
}

CASE(rep_over_many_pages)
{
    rig_paged(r);
    c->reg[RSI] = RIG_DATA + 0x123;
    c->reg[RDI] = 0x400000 + 0xfed;
    c->reg[RCX] = 0x5000;
    for (unsigned n = 0; n < 0x5000; n += 8)
        rig_poke(r, RIG_DATA + 0x123 + n, n * 0x0101010101010101u + n, 8);
    for (unsigned n = 0; n < 2 && c->reg[RCX]; n++)
        ck_assert_int_ne(RUN(r, 0xf3, 0xa4), EX_PF);
    ck_assert_uint_eq(c->reg[RCX], 0);
    for (unsigned n = 0; n < 0x5000; n += 8)
        ck_assert_uint_eq(rig_peek(r, 0x400000 + 0xfed + n, 8),
                          rig_peek(r, RIG_DATA + 0x123 + n, 8));
}

CASE(compare_stops)
{
    rig_protected(r);
    rig_put(r, RIG_DATA, "abcdefgh", 8);
    rig_put(r, RIG_DATA + 0x100, "abcdxfgh", 8);
    c->reg[RSI] = RIG_DATA;
    c->reg[RDI] = RIG_DATA + 0x100;
    c->reg[RCX] = 8;
    ck_assert_int_eq(RUN(r, 0xf3, 0xa6), RIG_HALT); /* repe cmpsb */
    ck_assert_uint_eq(c->reg[RCX], 3);
    ck_assert(!(cpu_eflags(c) & EFL_ZF));
    rig_go(r, RIG_CODE);
    c->reg[RDI] = RIG_DATA;
    c->reg[RAX] = 'f';
    c->reg[RCX] = 8;
    ck_assert_int_eq(RUN(r, 0xf2, 0xae), RIG_HALT); /* repne scasb */
    ck_assert_uint_eq(c->reg[RCX], 2);
    ck_assert(cpu_eflags(c) & EFL_ZF);
    /* a count of 0 leaves the flags */
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0;
    rig_set_eflags(r, EFL_CF | EFL_OF);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(cpu_eflags(c), EFL_CF | EFL_OF | EFL_1);
}

CASE(string_segments)
{
    rig_protected(r);
    rig_set_desc(r, SEL_FREE, rig_desc(0x1000, 0xfffff, 0xc093));
    rig_load(r, SEG_FS, SEL_FREE);
    rig_load(r, SEG_ES, SEL_FREE);
    rig_poke(r, RIG_DATA, 0x5a, 1);
    c->reg[RSI] = RIG_DATA - 0x1000;
    c->reg[RDI] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x64, 0xa4), RIG_HALT); /* movsb es:, fs: */
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 0x1000, 1), 0x5a);
    /* ES cannot be overridden */
    rig_go(r, RIG_CODE);
    c->reg[RDI] = RIG_DATA + 0x10;
    c->reg[RAX] = 0x66;
    ck_assert_int_eq(RUN(r, 0x3e, 0xaa), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 0x1010, 1), 0x66);
}

CASE(ports)
{
    rig_protected(r);
    r->port_in = 0x11223344;
    c->reg[RDX] = 0x3f8;
    c->reg[RAX] = ~0ull;
    ck_assert_int_eq(RUN(r, 0xec), RIG_HALT); /* in al, dx */
    ck_assert_uint_eq(c->reg[RAX], 0xffffffffffffff44);
    ck_assert_uint_eq(r->port_size, 1);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0xed, 0x66, 0xe5, 0x70), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x11223344);
    ck_assert_uint_eq(r->port, 0x70);
    ck_assert_uint_eq(r->port_size, 2);
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 3;
    c->reg[RDI] = RIG_DATA;
    r->port_reads = 0;
    ck_assert_int_eq(RUN(r, 0xf3, 0x6d), RIG_HALT); /* rep insd */
    ck_assert_uint_eq(r->port_reads, 3);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 8, 4), 0x11223344);
    ck_assert_uint_eq(c->reg[RDI], RIG_DATA + 12);
}

/* ---- loops and branches */

CASE(loop_by_address_size)
{
    rig_protected(r);
    c->reg[RCX] = 0x10001;
    ck_assert_int_eq(RUN(r, 0x40, 0x67, 0xe2, 0xfc), RIG_HALT); /* CX */
    ck_assert_uint_eq(c->reg[RAX], 1);
    ck_assert_uint_eq(c->reg[RCX], 0x10000);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x67, 0xe3, 0x01, 0x43), RIG_HALT); /* jcxz */
    ck_assert_uint_eq(c->reg[RBX], 0);
}

CASE(loop_beyond_the_limit)
{
    rig_protected(r);
    rig_set_desc(r, SEL_FREE, rig_desc(RIG_CODE, 0xff, 0x409b));
    rig_load(r, SEG_CS, SEL_FREE);
    PUT(r, RIG_CODE + 0x80, 0xe2, 0x7f); /* loop 101h */
    c->reg[RCX] = 5;
    rig_go(r, 0x80);
    ck_assert_int_eq(rig_run(r), EX_GP);
    ck_assert_uint_eq(c->reg[RCX], 5);
    ck_assert_uint_eq(rig_frame(r, true).rip, 0x80);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
}

CASE(jump_of_16_bits_cuts)
{
    rig_protected(r);
    PUT(r, 0x0004, 0xf4);
    ck_assert_int_eq(RUN(r, 0x66, 0xe9, 0, 0), RIG_HALT); /* to 10004h cut */
    ck_assert_uint_eq(cpu_rip(c), 5);
}

CASE(jump_not_canonical)
{
    rig_long(r);
    c->reg[RAX] = 0x0000800000000000;
    ck_assert_int_eq(RUN(r, 0xff, 0xe0), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE);
    rig_long(r);
    c->reg[RAX] = 0x0000800000000000;
    ck_assert_int_eq(RUN(r, 0xff, 0xd0), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).sp, RIG_STACK);
    rig_long(r);
    c->reg[RSP] = RIG_STACK - 8;
    rig_poke(r, RIG_STACK - 8, 0x8000000000000000, 8);
    ck_assert_int_eq(RUN(r, 0xc3), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).sp, RIG_STACK - 8);
}

CASE(call_pushes_by_operand_size)
{
    rig_protected(r);
    PUT(r, 0x0004, 0xf4);
    ck_assert_int_eq(RUN(r, 0x66, 0xe8, 0, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK - 2);
    ck_assert_uint_eq(rig_peek(r, RIG_STACK - 2, 2), 4);
}

CASE(ret_imm_pops_after)
{
    rig_protected(r);
    c->reg[RSP] = RIG_STACK - 12;
    rig_poke(r, RIG_STACK - 12, 0x8000, 4);
    PUT(r, 0x8000, 0xf4);
    ck_assert_int_eq(RUN(r, 0xc2, 8, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RSP], RIG_STACK);
}

/* ---- registers */

CASE(writes_of_32_bits_clear_the_upper_half)
{
    static const uint8_t code[][4] = {
        {0x89, 0xd8, 0x90, 0x90}, {0x01, 0xd8, 0x90, 0x90},
        {0x0f, 0x45, 0xc3, 0x90}, {0xff, 0xc0, 0x90, 0x90},
        {0xc1, 0xe0, 0, 0x90},    {0x0f, 0xb6, 0xc3, 0x90},
        {0x8d, 0x03, 0x90, 0x90}, {0x0f, 0xc8, 0x90, 0x90}};
    for (unsigned n = 0; n < ARRAY_LEN(code); n++) {
        rig_long(r);
        c->reg[RAX] = ~0ull;
        rig_set_eflags(r, EFL_ZF); /* CMOVNE is not taken */
        ck_assert_int_eq(rig_run_bytes(r, code[n], sizeof code[n]), RIG_HALT);
        ck_assert_msg(c->reg[RAX] >> 32 == 0, "row %u", n);
    }
}

CASE(pusha_popa)
{
    rig_protected(r);
    for (unsigned n = 0; n < 8; n++)
        if (n != RSP)
            c->reg[n] = 0x100 + n;
    /* pusha; xor of all by popa in a row */
    ck_assert_int_eq(RUN(r, 0x60), RIG_HALT);
    for (unsigned n = 0; n < 8; n++)
        ck_assert_uint_eq(rig_peek(r, RIG_STACK - 4 * (n + 1), 4),
                          n == RSP ? RIG_STACK : 0x100 + n);
    for (unsigned n = 0; n < 8; n++)
        if (n != RSP)
            c->reg[n] = 0;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x61), RIG_HALT);
    for (unsigned n = 0; n < 8; n++)
        ck_assert_uint_eq(c->reg[n], n == RSP ? RIG_STACK : 0x100 + n);
}

CASE(bswap_and_movbe)
{
    rig_long(r);
    c->reg[RAX] = 0x1122334455667788;
    ck_assert_int_eq(RUN(r, 0x48, 0x0f, 0xc8), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x8877665544332211);
}

CASE(salc_and_aliases)
{
    rig_protected(r);
    rig_set_eflags(r, EFL_CF);
    ck_assert_int_eq(RUN(r, 0xd6), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xff);
    rig_go(r, RIG_CODE); /* F6 /1 is TEST, C0 /6 is SHL */
    c->reg[RAX] = 0x81;
    ck_assert_int_eq(RUN(r, 0xf6, 0xc8, 0x80, 0xc0, 0xf0, 1), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x02);
}

static const struct rig_case cases[] = {
    CASE_ROW(faults_change_nothing),
    CASE_ROW(pushes_that_fault_change_nothing),
    CASE_ROW(cmpxchg_always_writes),
    CASE_ROW(cmpxchg16b_alignment),
    CASE_ROW(aam_zero),
    CASE_ROW(idiv_overflow),
    CASE_ROW(shift_by_zero_keeps_flags),
    CASE_ROW(flags_in_every_combination),
    CASE_ROW(partial_flags),
    CASE_ROW(bt_beyond_the_operand),
    CASE_ROW(bt_word_in_16_bit_addresses),
    CASE_ROW(rep_counts_by_address_size),
    CASE_ROW(string_registers_wrap_at_16_bits),
    CASE_ROW(string_word_at_the_segment_end),
    CASE_ROW(movs_overlaps),
    CASE_ROW(movs_dword_overlap_by_two),
    CASE_ROW(rep_over_many_pages),
    CASE_ROW(compare_stops),
    CASE_ROW(string_segments),
    CASE_ROW(ports),
    CASE_ROW(loop_by_address_size),
    CASE_ROW(loop_beyond_the_limit),
    CASE_ROW(jump_of_16_bits_cuts),
    CASE_ROW(jump_not_canonical),
    CASE_ROW(call_pushes_by_operand_size),
    CASE_ROW(ret_imm_pops_after),
    CASE_ROW(writes_of_32_bits_clear_the_upper_half),
    CASE_ROW(pusha_popa),
    CASE_ROW(bswap_and_movbe),
    CASE_ROW(salc_and_aliases),
};

int main(void)
{
    return rig_main("cpu/exec_int", cases, ARRAY_LEN(cases));
}
