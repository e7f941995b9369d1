/* check_bmi - extensions on general registers and of the system: BMI1, BMI2,
 * CRC32, LZCNT and TZCNT with and without their features, RDRAND, RDPID, FS
 * and GS bases, MONITOR and MWAIT, cache hints, MOVDIRI and MOVDIR64B. The
 * VEX-encoded ones also against an x86-64 host that has them.
 *
 * SDM volume 2; the CRC's check value is that of RFC 3720, B.4's polynomial.
 * Alone: make tests/cpu/check_bmi && tests/cpu/check_bmi */
#define _DEFAULT_SOURCE
#include "tests/cpu/rows.h"
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/insn.h"
#include "mmu/ram.h"
#include "tests/cpu/float_cases.h"

static void offer(struct cpu *cpu, const uint64_t *features)
{
    memcpy(cpu->features, features, sizeof cpu->features);
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
}

/* 64-bit code with every feature but `without`. */
static void prepare_without(struct rig *r, unsigned without)
{
    uint64_t f[ARRAY_LEN(r->cpu->features)];
    memset(f, 0xff, sizeof f);
    if (without < F_COUNT)
        f[without / 64] &= ~(1ull << without % 64);
    offer(r->cpu, f);
    rig_long(r);
}

static void prepare(struct rig *r)
{
    prepare_without(r, F_COUNT);
}

#define AGAIN(r, ...) (rig_go(r, RIG_CODE), RUN(r, __VA_ARGS__))

/* ---- general registers */

CASE(crc32_check_value)
{
    prepare(r);
    rig_put(r, RIG_DATA, "123456789", 9);
    c->reg[RBX] = RIG_DATA;
    /* crc32 rax, qword [rbx]; crc32 eax, byte [rbx + 8] */
    c->reg[RAX] = 0xffffffffffffffff;
    ck_assert_int_eq(RUN(r, 0xf2, 0x48, 0x0f, 0x38, 0xf1, 0x03, 0xf2, 0x0f,
                         0x38, 0xf0, 0x43, 0x08, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xffffffff & ~0xe3069283);
    /* dword [rbx], word [rbx + 4], ah = '7', byte [rbx + 7], ... of ecx */
    c->reg[RAX] = '7' << 8;
    c->reg[RCX] = 0xffffffff;
    ck_assert_int_eq(AGAIN(r, 0xf2, 0x0f, 0x38, 0xf1, 0x0b, 0x66, 0xf2, 0x0f,
                           0x38, 0xf1, 0x4b, 0x04, 0xf2, 0x0f, 0x38, 0xf0, 0xcc,
                           0xf2, 0x0f, 0x38, 0xf0, 0x4b, 0x07, 0xf2, 0x0f, 0x38,
                           0xf0, 0x4b, 0x08, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0xffffffff & ~0xe3069283);
}

/* VEX.LZ.pp.map op: eax by ecx (ModRM.rm) and edx (VEX.vvvv). */
CASE(bits_by_hand)
{
    static const struct {
        uint8_t map, pp, op, reg;
        uint32_t rm, vvvv, result; /* in vvvv's register with a digit */
        uint32_t flags;
    } t[] = {
        {2, 0, 0xf2, 0, 0xff00ff00, 0x0ff00ff0, 0xf000f000, FL_S}, /* andn */
        {2, 0, 0xf3, 1, 0xb0, 0, 0xa0, 0},                         /* blsr */
        {2, 0, 0xf3, 1, 0, 0, 0, FL_Z | FL_C},
        {2, 0, 0xf3, 2, 0xb0, 0, 0x1f, 0}, /* blsmsk */
        {2, 0, 0xf3, 2, 0, 0, 0xffffffff, FL_S | FL_C},
        {2, 0, 0xf3, 3, 0xb0, 0, 0x10, FL_C}, /* blsi */
        {2, 0, 0xf3, 3, 0, 0, 0, FL_Z},
        {2, 0, 0xf7, 0, 0x12345678, 0x0804, 0x67, 0}, /* bextr */
        {2, 0, 0xf7, 0, 0x12345678, 0xff20, 0, FL_Z},
        {2, 0, 0xf5, 0, 0xffffffff, 0x105, 0x1f, 0}, /* bzhi */
        {2, 0, 0xf5, 0, 0x7fffffff, 0x20, 0x7fffffff, FL_C},
        {2, 3, 0xf5, 0, 0xff00fff0, 0x00012567, 0x12005670, 0}, /* pdep */
        {2, 2, 0xf5, 0, 0xff00fff0, 0x12345678, 0x00012567, 0}, /* pext */
        {2, 1, 0xf7, 0, 0x81, 0x21, 0x102, 0},                  /* shlx */
        {2, 3, 0xf7, 0, 0x80000000, 0x3f, 1, 0},                /* shrx */
        {2, 2, 0xf7, 0, 0x80000000, 0x1f, 0xffffffff, 0},       /* sarx */
    };
    prepare(r);
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        uint8_t code[] = {0xc4,
                          (uint8_t)(0xe0 | t[n].map),
                          0x68 | t[n].pp, /* vvvv = edx */
                          t[n].op,
                          (uint8_t)(0xc1 | t[n].reg << 3),
                          0xf4};
        bool group = t[n].op == 0xf3;
        uint32_t mask = FL_Z | FL_C | FL_O | FL_S;
        if (t[n].op == 0xf7)
            mask &= ~(uint32_t)FL_S;
        if (t[n].pp)
            mask = 0;
        rig_go(r, RIG_CODE);
        cpu_set_eflags(c, EFL_1);
        c->reg[RAX] = ~0ull;
        c->reg[RCX] = t[n].rm | 0xffffffffull << 32;
        c->reg[RDX] = t[n].vvvv | 0xffffffffull << 32;
        ck_assert_int_eq(rig_run_bytes(r, code, sizeof code), RIG_HALT);
        ck_assert_msg(c->reg[group ? RDX : RAX] == t[n].result, "row %u: %llx",
                      n, (unsigned long long)c->reg[group ? RDX : RAX]);
        ck_assert_msg((cpu_eflags(c) & mask) == (t[n].flags & mask),
                      "row %u: flags %x", n, (unsigned)cpu_eflags(c));
        ck_assert_msg(!t[n].pp || !(cpu_eflags(c) & EFL_ARITH),
                      "row %u: flags %x", n, (unsigned)cpu_eflags(c));
    }
    /* mulx eax, edx, ecx: low to edx; with one register the high half stays.
     * rorx eax, ecx, 36 */
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0x80000001;
    c->reg[RDX] = 6;
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x6b, 0xf6, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 3);
    ck_assert_uint_eq(c->reg[RDX], 6);
    ck_assert_int_eq(AGAIN(r, 0xc4, 0xe2, 0x7b, 0xf6, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 3);
    ck_assert_int_eq(AGAIN(r, 0xc4, 0xe3, 0x7b, 0xf0, 0xc1, 36, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x18000000);
}

/* F3 before BSF and BSR says nothing to a CPU without BMI1 and LZCNT. */
CASE(counts_with_and_without_features)
{
    prepare(r);
    c->reg[RCX] = 0x00f0;
    /* tzcnt ax, cx; lzcnt dx, cx */
    ck_assert_int_eq(RUN(r, 0x66, 0xf3, 0x0f, 0xbc, 0xc1, 0x66, 0xf3, 0x0f,
                         0xbd, 0xd1, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xffff, 4);
    ck_assert_uint_eq(c->reg[RDX] & 0xffff, 8);
    c->reg[RCX] = 0;
    ck_assert_int_eq(AGAIN(r, 0xf3, 0x48, 0x0f, 0xbd, 0xd1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RDX], 64);
    ck_assert_uint_eq(cpu_eflags(c) & (FL_C | FL_Z), FL_C);
}

CASE(without_bmi1)
{
    prepare_without(r, F_BMI1);
    c->reg[RAX] = 0x77;
    c->reg[RCX] = 0;
    ck_assert_int_eq(RUN(r, 0xf3, 0x0f, 0xbc, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x77);
    ck_assert_uint_eq(cpu_eflags(c) & FL_Z, FL_Z);
    /* andn is #UD */
    ck_assert_int_eq(AGAIN(r, 0xc4, 0xe2, 0x68, 0xf2, 0xc1, 0xf4), EX_UD);
}

CASE(without_lzcnt)
{
    prepare_without(r, F_LZCNT);
    c->reg[RCX] = 0xf0;
    ck_assert_int_eq(RUN(r, 0xf3, 0x0f, 0xbd, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 7);
}

/* CRC32 and MOVBE share their opcodes. */
CASE(without_sse42)
{
    prepare_without(r, F_SSE42);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0xf2, 0x0f, 0x38, 0xf0, 0x03, 0xf4), EX_UD);
    ck_assert_int_eq(AGAIN(r, 0x0f, 0x38, 0xf0, 0x03, 0xf4), RIG_HALT);
}

CASE(without_lahf64)
{
    prepare_without(r, F_LAHF64);
    ck_assert_int_eq(RUN(r, 0x9f, 0xf4), EX_UD);
    ck_assert_int_eq(AGAIN(r, 0x9e, 0xf4), EX_UD);
}

CASE(undefined_forms)
{
    static const uint8_t t[][8] = {
        {0xc4, 0xe2, 0x6c, 0xf2, 0xc1},       /* andn with L = 1 */
        {0xc4, 0xe2, 0x69, 0xf2, 0xc1},       /* andn with 66 */
        {0xc4, 0xe2, 0x68, 0xf3, 0xc1},       /* group 17, digit 0 */
        {0xc4, 0xe2, 0x68, 0xf3, 0xe1},       /* digit 4 */
        {0xc4, 0xe3, 0x6b, 0xf0, 0xc1, 1},    /* rorx has no vvvv */
        {0x66, 0xc4, 0xe2, 0x68, 0xf2, 0xc1}, /* prefixes before VEX */
        {0xf2, 0xc4, 0xe2, 0x68, 0xf2, 0xc1},
        {0xf0, 0xc4, 0xe2, 0x68, 0xf2, 0xc1},
        {0x48, 0xc4, 0xe2, 0x68, 0xf2, 0xc1},
        {0x0f, 0x38, 0xf0, 0xc1},       /* movbe of registers */
        {0xf3, 0x0f, 0x38, 0xf0, 0x03}, /* movbe with F3 */
        {0xf2, 0x0f, 0xc7, 0xf0},       /* rdrand with F2 */
        {0x0f, 0x38, 0xf6, 0xc1},       /* adcx without 66 */
        {0x0f, 0xae, 0xc0},             /* rdfsbase without F3 */
        {0x66, 0x0f, 0x01, 0xc8},       /* monitor with 66 */
    };
    prepare(r);
    c->cr4 |= CR4_FSGSBASE;
    c->reg[RBX] = RIG_DATA;
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_go(r, RIG_CODE);
        ck_assert_msg(rig_run_bytes(r, t[n], sizeof t[n]) == EX_UD, "row %u",
                      n);
    }
}

/* In 16- and 32-bit code VEX.W says nothing; in real mode C4 is LES. */
CASE(vex_outside_64_bit_code)
{
    uint64_t f[ARRAY_LEN(c->features)];
    memset(f, 0xff, sizeof f);
    offer(c, f);
    rig_protected(r);
    c->reg[RCX] = 0xb0;
    /* blsr eax, ecx with W = 1 */
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0xf8, 0xf3, 0xc9, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0xa0);
    /* rdfsbase eax */
    c->cr4 |= CR4_FSGSBASE;
    ck_assert_int_eq(AGAIN(r, 0xf3, 0x0f, 0xae, 0xc0, 0xf4), EX_UD);
    rig_real(r);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x78, 0xf3, 0xc9, 0xf4), EX_UD);
}

/* ---- random numbers: the same from the same state, CF = 1, others 0 */

CASE(random_numbers)
{
    uint64_t first[3];
    prepare(r);
    for (unsigned n = 0; n < 2; n++) {
        uint64_t got[3];
        c->random = 1234;
        c->reg[RCX] = 0x1111111111111111;
        cpu_set_eflags(c, EFL_1 | EFL_ARITH);
        /* rdrand rax; rdrand cx; rdseed edx */
        rig_go(r, RIG_CODE);
        ck_assert_int_eq(RUN(r, 0x48, 0x0f, 0xc7, 0xf0, 0x66, 0x0f, 0xc7, 0xf1,
                             0x0f, 0xc7, 0xfa, 0xf4),
                         RIG_HALT);
        ck_assert_uint_eq(cpu_eflags(c) & EFL_ARITH, EFL_CF);
        got[0] = c->reg[RAX];
        got[1] = c->reg[RCX];
        got[2] = c->reg[RDX];
        ck_assert_uint_eq(got[1] >> 16, 0x111111111111);
        ck_assert_uint_eq(got[2] >> 32, 0);
        ck_assert_uint_ne(got[0] >> 32, 0);
        ck_assert_uint_ne(got[0] & 0xffffffff, got[2]);
        if (n)
            ck_assert_mem_eq(first, got, sizeof got);
        memcpy(first, got, sizeof got);
    }
    /* SplitMix64 of seed 1234 gives this first. */
    ck_assert_uint_eq(first[0], 0xbb0cf61b2f181cdb);
}

/* ---- system */

CASE(bases)
{
    prepare(r);
    /* wrfsbase rax */
    c->reg[RAX] = 0x123456789abc;
    ck_assert_int_eq(RUN(r, 0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf4), EX_UD);
    c->cr4 |= CR4_FSGSBASE;
    c->reg[RBX] = RIG_DATA;
    rig_poke(r, RIG_DATA + 5, 0x42, 1);
    /* wrfsbase rax; wrgsbase ebx; rdfsbase rcx; rdfsbase edx; rdgsbase rsi;
     * mov dil, gs:[5] */
    c->reg[RBX] |= 0xffffffffull << 32;
    ck_assert_int_eq(AGAIN(r, 0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x0f, 0xae,
                           0xdb, 0xf3, 0x48, 0x0f, 0xae, 0xc1, 0xf3, 0x0f, 0xae,
                           0xc2, 0xf3, 0x48, 0x0f, 0xae, 0xce, 0x65, 0x40, 0x8a,
                           0x3c, 0x25, 5, 0, 0, 0, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0x123456789abc);
    ck_assert_uint_eq(c->reg[RDX], 0x56789abc);
    ck_assert_uint_eq(c->reg[RSI], RIG_DATA);
    ck_assert_uint_eq(c->reg[RDI] & 0xff, 0x42);
    c->reg[RAX] = 1ull << 63;
    ck_assert_int_eq(AGAIN(r, 0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf4), EX_GP);
    ck_assert_uint_eq(c->seg[SEG_FS].base, 0x123456789abc);
}

CASE(rdpid)
{
    prepare(r);
    c->tsc_aux = 0x87654321;
    c->reg[RCX] = ~0ull;
    ck_assert_int_eq(RUN(r, 0xf3, 0x0f, 0xc7, 0xf9, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0x87654321);
}

/* monitor; mwait; inc ebx; hlt */
static int run_mwait(struct rig *r)
{
    return RUN(r, 0x0f, 0x01, 0xc8, 0x0f, 0x01, 0xc9, 0xff, 0xc3, 0xf4);
}

CASE(mwait_waits_for_an_interrupt)
{
    prepare(r);
    c->reg[RAX] = RIG_DATA;
    ck_assert_int_eq(run_mwait(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 0);
    ck_assert_uint_eq(cpu_rip(c), RIG_CODE + 6);
    /* Masked it does not end the wait. */
    r->vector = 0x50;
    cpu_set_intr(c, true);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), RIG_CODE + 6);
    ck_assert_uint_eq(c->reg[RBX], 0);
    rig_set_eflags(r, EFL_1 | EFL_IF);
    ck_assert_int_eq(rig_run(r), 0x50);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 6);
}

/* ECX bit 0: a masked interrupt does, and is not delivered. */
CASE(mwait_with_masked_interrupts)
{
    prepare(r);
    c->reg[RAX] = RIG_DATA;
    /* monitor; inc ecx; mwait; inc ebx; hlt */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xc8, 0xff, 0xc1, 0x0f, 0x01, 0xc9,
                         0xff, 0xc3, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 0);
    r->vector = 0x50;
    cpu_set_intr(c, true);
    ck_assert_int_eq(rig_run(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 1);
    ck_assert_uint_eq(cpu_rip(c), RIG_CODE + 11);
}

/* Nothing armed, or the line may change without an interrupt: no wait. */
CASE(mwait_that_does_not_wait)
{
    prepare(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xc9, 0xff, 0xc3, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 1);
    c->config.shares_memory = true;
    c->reg[RAX] = RIG_DATA;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(run_mwait(r), RIG_HALT);
    ck_assert_uint_eq(c->reg[RBX], 2);
}

CASE(mwait_faults)
{
    prepare(r);
    c->reg[RAX] = RIG_DATA;
    c->reg[RCX] = 2;
    ck_assert_int_eq(AGAIN(r, 0x0f, 0x01, 0xc8, 0xf4), EX_GP);
    ck_assert_int_eq(AGAIN(r, 0x0f, 0x01, 0xc9, 0xf4), EX_GP);
    c->reg[RCX] = 0;
    c->reg[RAX] = 1ull << 63;
    ck_assert_int_eq(AGAIN(r, 0x0f, 0x01, 0xc8, 0xf4), EX_GP);
    c->reg[RAX] = 0x50000;
    rig_map(r, 0x50000, 0);
    ck_assert_int_eq(AGAIN(r, 0x0f, 0x01, 0xc8, 0xf4), EX_PF);
}

CASE(mwait_of_a_user)
{
    uint64_t f[ARRAY_LEN(c->features)];
    memset(f, 0xff, sizeof f);
    offer(c, f);
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xc8, 0xf4), EX_UD);
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xc9, 0xf4), EX_UD);
}

/* CLFLUSH and its kin fault like loads, prefetches and NOPs not at all. */
CASE(cache_hints)
{
    prepare(r);
    rig_map(r, 0x50000, 0);
    c->reg[RBX] = 0x50000;
    ck_assert_int_eq(RUN(r, 0x0f, 0x18, 0x03, 0x0f, 0x18, 0x1b, 0x0f, 0x0d,
                         0x0b, 0x0f, 0x0d, 0x13, 0x0f, 0x0d, 0x3b, 0x0f, 0x1c,
                         0x03, 0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x19, 0xc3, 0xf4),
                     RIG_HALT);
    ck_assert_int_eq(AGAIN(r, 0x0f, 0xae, 0x3b, 0xf4), EX_PF);
    ck_assert_int_eq(AGAIN(r, 0x66, 0x0f, 0xae, 0x3b, 0xf4), EX_PF);
    ck_assert_int_eq(AGAIN(r, 0x66, 0x0f, 0xae, 0x33, 0xf4), EX_PF);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(AGAIN(r, 0x0f, 0xae, 0x3b, 0x66, 0x0f, 0xae, 0x3b, 0x66,
                           0x0f, 0xae, 0x33, 0xf4),
                     RIG_HALT);
}

CASE(direct_stores)
{
    prepare(r);
    for (unsigned n = 0; n < 64; n++)
        rig_poke(r, RIG_DATA + 3 + n, n + 1, 1);
    c->reg[RBX] = RIG_DATA + 3;
    c->reg[RAX] = RIG_DATA + 0x140;
    c->reg[RCX] = 0x1122334455667788;
    /* movdir64b rax, [rbx]; movdiri [rbx], rcx; movdiri [rbx + 8], ecx */
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0xf8, 0x03, 0x48, 0x0f, 0x38,
                         0xf9, 0x0b, 0x0f, 0x38, 0xf9, 0x4b, 0x08, 0xf4),
                     RIG_HALT);
    for (unsigned n = 0; n < 64; n++)
        ck_assert_uint_eq(rig_peek(r, RIG_DATA + 0x140 + n, 1), n + 1);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 3, 8), 0x1122334455667788);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 11, 5), 0x0d55667788);
    c->reg[RAX] += 8;
    ck_assert_int_eq(AGAIN(r, 0x66, 0x0f, 0x38, 0xf8, 0x03, 0xf4), EX_GP);
}

#if defined(__x86_64__) && defined(__linux__)
#include "tests/cpu/oracle_x64_int.h"

/* ---- VEX-encoded rows against the host */

enum { CODE = 0x900000, DATA = 0xa00000, DATA_SIZE = 0x1000, ROUNDS = 250 };

struct case_state {
    uint64_t reg[16], flags;
    uint8_t data[64]; /* at DATA */
    uint8_t code[12];
    unsigned size;
};

static bool is_ours(const struct insn_row *row)
{
    return (row->feature == F_BMI1 || row->feature == F_BMI2) &&
           (row->encoding & ENC_VEX);
}

static unsigned any_register(struct case_source *s)
{
    unsigned n = case_random(s) & 15;
    return n == RSP ? (unsigned)RAX : n;
}

static void encode(struct case_source *s, const struct insn_row *row, bool mem,
                   struct case_state *t)
{
    uint64_t e = row->encoding;
    unsigned reg = e & DIGIT(0) ? e >> 12 & 7 : any_register(s);
    unsigned rm = mem ? (unsigned)R15 : any_register(s);
    unsigned vvvv = has_operand(row, O_By) ? any_register(s) : 0, n = 0;
    unsigned pp = e & PFX_66 ? 1 : e & PFX_F3 ? 2 : e & PFX_F2 ? 3 : 0;
    t->code[n++] = 0xc4;
    t->code[n++] = (uint8_t)((reg & 8 ? 0 : 0x80) | 0x40 | (rm & 8 ? 0 : 0x20) |
                             ENC_MAP(e));
    t->code[n++] = (uint8_t)((case_random(s) & 0x80) | (~vvvv & 15) << 3 | pp);
    t->code[n++] = (uint8_t)ENC_OPCODE(e);
    t->code[n++] = (uint8_t)((mem ? 0x40 : 0xc0) | (reg & 7) << 3 | (rm & 7));
    if (mem)
        t->code[n++] = (uint8_t)(case_random(s) & 31);
    if (has_operand(row, O_Ib))
        t->code[n++] = (uint8_t)case_random(s);
    t->size = n;
}

static void random_case(struct case_source *s, const struct insn_row *row,
                        bool mem, struct case_state *t)
{
    memset(t, 0, sizeof *t);
    for (unsigned n = 0; n < 16; n++)
        t->reg[n] =
            case_random(s) & 1 ? case_bits(s) : case_random(s) >> (n * 5 & 63);
    for (unsigned n = 0; n < sizeof t->data; n += 8)
        store_le64(t->data + n, case_bits(s));
    t->reg[RSP] = DATA + 0x800;
    if (mem)
        t->reg[R15] = DATA;
    t->flags = (case_random(s) & EFL_ARITH) | EFL_1 | EFL_IF;
    encode(s, row, mem, t);
}

/* NULL: the host agrees. */
static const char *compare(struct rig *r, const struct insn_row *row,
                           const struct case_state *t, int host)
{
    static const uint8_t hlt = 0xf4;
    struct cpu *cpu = r->cpu;
    uint64_t mask = EFL_ARITH & ~(uint64_t)row->flags_undefined;
    int guest;
    memcpy(cpu->reg, t->reg, sizeof t->reg);
    memcpy(r->ram->host + DATA, t->data, sizeof t->data);
    rig_set_eflags(r, t->flags & ~(uint64_t)EFL_IF);
    rig_put(r, CODE, t->code, t->size);
    rig_put(r, CODE + t->size, &hlt, 1);
    rig_go(r, CODE);
    guest = rig_run(r);
    if (host >= 0 || guest != RIG_HALT)
        return "vector";
    if (memcmp(cpu->reg, host_int_state.reg, sizeof t->reg) != 0)
        return "register";
    return (cpu_eflags(cpu) ^ host_int_state.flags) & mask ? "flags" : NULL;
}

static unsigned compare_row(struct rig *r, const struct insn_row *row, bool mem,
                            unsigned *compared)
{
    struct case_source s = {(uint64_t)(row - insn_rows) * 2 + mem};
    unsigned bad = 0;
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct case_state t;
        const char *what;
        int host;
        random_case(&s, row, mem, &t);
        memcpy(host_int_state.reg, t.reg, sizeof t.reg);
        host_int_state.flags = t.flags;
        memcpy((void *)DATA, t.data, sizeof t.data);
        host = host_int_run(CODE, t.code, t.size);
        if (host == EX_UD)
            return bad;
        ++*compared;
        what = compare(r, row, &t, host);
        if (what && !bad++) {
            printf("%s: %s differs:", row->id, what);
            for (unsigned k = 0; k < t.size; k++)
                printf(" %02x", t.code[k]);
            printf("\n");
        }
    }
    return bad;
}

CASE(rows_against_the_host)
{
    unsigned bad = 0, compared = 0, rows = 0, lacking = 0;
    if (!host_int_open(CODE, DATA, DATA_SIZE)) {
        printf("SKIPPED: the addresses of the test are taken\n");
        return;
    }
    prepare(r);
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        unsigned before = compared;
        if (!is_ours(&insn_rows[n]))
            continue;
        bad += compare_row(r, &insn_rows[n], false, &compared);
        bad += compare_row(r, &insn_rows[n], true, &compared);
        rows++;
        lacking += compared == before;
    }
    if (lacking)
        printf("SKIPPED: %u of %u rows, which the host does not have\n",
               lacking, rows);
    printf("%u states of %u rows compared, %u differences\n", compared, rows,
           bad);
    fflush(stdout);
    ck_assert_uint_gt(rows, 0);
    ck_assert_uint_eq(bad, 0);
}
#endif

static const struct rig_case cases[] = {
    CASE_ROW(crc32_check_value),
    CASE_ROW(bits_by_hand),
    CASE_ROW(counts_with_and_without_features),
    CASE_ROW(without_bmi1),
    CASE_ROW(without_lzcnt),
    CASE_ROW(without_sse42),
    CASE_ROW(without_lahf64),
    CASE_ROW(undefined_forms),
    CASE_ROW(vex_outside_64_bit_code),
    CASE_ROW(random_numbers),
    CASE_ROW(bases),
    CASE_ROW(rdpid),
    CASE_ROW(mwait_waits_for_an_interrupt),
    CASE_ROW(mwait_with_masked_interrupts),
    CASE_ROW(mwait_that_does_not_wait),
    CASE_ROW(mwait_faults),
    CASE_ROW(mwait_of_a_user),
    CASE_ROW(cache_hints),
    CASE_ROW(direct_stores),
#if defined(__x86_64__) && defined(__linux__)
    CASE_ROW(rows_against_the_host),
#endif
};

int main(void)
{
    return rig_main("cpu/bmi", cases, ARRAY_LEN(cases));
}
