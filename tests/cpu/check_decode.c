/* check_decode - bytes to instructions: lengths, prefixes, what is #UD, the
 * limit of 15 bytes, fields of the result (SDM volume 2, chapter 2 and
 * appendix A).
 * Alone: make tests/cpu/check_decode && tests/cpu/check_decode */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/decode.h"

enum { C16, C32, C64 };

static enum decode_status decode(struct cpu *c, unsigned size,
                                 const uint8_t *bytes, unsigned avail,
                                 struct insn *i)
{
    return decode_insn(c->decode, bytes, avail, size, i);
}

#define DECODE(size, ...)                                                      \
    decode(c, size, (const uint8_t[16]){__VA_ARGS__}, 15, &i)

/* ---- lengths by code size; a prefix of an instruction needs more bytes */

struct sample {
    uint8_t len[3]; /* in 16-, 32-, 64-bit code; 0 = #UD */
    uint8_t bytes[15];
};

static const struct sample samples[] = {
    {{1, 1, 1}, {0x90}},
    {{3, 5, 5}, {0x05, 1, 2, 3, 4}},
    {{6, 4, 4}, {0x66, 0xb9, 1, 2, 3, 4}},
    {{2, 2, 2}, {0x00, 0xc0}},
    {{2, 2, 2}, {0x8b, 0x00}},
    {{4, 2, 2}, {0x8b, 0x06, 1, 2}},
    {{2, 6, 6}, {0x8b, 0x05, 1, 2, 3, 4}},
    {{2, 3, 3}, {0x8b, 0x04, 0x24}},
    {{2, 7, 7}, {0x8b, 0x04, 0x25, 1, 2, 3, 4}},
    {{3, 4, 4}, {0x8b, 0x44, 0x24, 8}},
    {{4, 7, 7}, {0x8b, 0x84, 0x24, 1, 2, 3, 4}},
    {{4, 6, 6}, {0x81, 0xc0, 1, 2, 3, 4}},
    {{3, 3, 3}, {0x83, 0xc0, 1}},
    {{4, 6, 6}, {0xc7, 0xc0, 1, 2, 3, 4}},
    {{3, 3, 3}, {0xf6, 0xc0, 1}},
    {{2, 2, 2}, {0xf6, 0xd0}},
    {{4, 6, 6}, {0xf7, 0xc8, 1, 2, 3, 4}}, /* TEST's alias */
    {{3, 5, 5}, {0xe8, 1, 2, 3, 4}},
    {{4, 6, 6}, {0x0f, 0x84, 1, 2, 3, 4}},
    {{5, 7, 0}, {0xea, 1, 2, 3, 4, 5, 6}},
    {{3, 5, 9}, {0xa1, 1, 2, 3, 4, 5, 6, 7, 8}},
    {{4, 4, 4}, {0xc8, 1, 2, 3}},
    {{3, 3, 3}, {0xc2, 1, 2}},
    {{1, 1, 0}, {0x06}},
    {{1, 1, 0}, {0x27}},
    {{1, 1, 0}, {0x60}},
    {{3, 3, 0}, {0x82, 0xc0, 1}},
    {{2, 2, 0}, {0xd5, 0x0a}}, /* AAD */
    {{2, 2, 2}, {0x0f, 0x31}},
    {{3, 3, 3}, {0x0f, 0x1f, 0xc0}},
    {{3, 3, 3}, {0x0f, 0xa3, 0xc8}}, /* BT */
    {{4, 4, 4}, {0x0f, 0xba, 0xe0, 1}},
    {{0, 0, 0}, {0x0f, 0xba, 0xc0, 1}}, /* digit 0 */
    {{3, 3, 3}, {0x0f, 0xff, 0xc0}},    /* UD0 has ModRM; exec_ raises */
    {{0, 0, 0}, {0x8d, 0xc0}},          /* LEA of a register */
    {{0, 0, 0}, {0xfe, 0xd0}},
    {{0, 0, 0}, {0xff, 0xf8}},
    {{0, 0, 0}, {0x8f, 0xc8}},
    {{0, 0, 0}, {0x0f, 0x04}},
    {{0, 0, 0}, {0xff, 0xd8}}, /* CALL far of a register */
};

CASE(lengths)
{
    struct insn i;
    for (unsigned n = 0; n < ARRAY_LEN(samples); n++) {
        const struct sample *s = &samples[n];
        for (unsigned size = C16; size <= C64; size++) {
            enum decode_status st = decode(c, size, s->bytes, 15, &i);
            unsigned want = s->len[size];
            if (!want) {
                ck_assert_msg(st == DECODE_UD, "row %u size %u: %d", n, size,
                              st);
                continue;
            }
            ck_assert_msg(st == DECODE_OK && i.len == want,
                          "row %u size %u: status %d, length %u, not %u", n,
                          size, st, i.len, want);
            for (unsigned k = 0; k < want; k++)
                ck_assert_int_eq(decode(c, size, s->bytes, k, &i), DECODE_MORE);
        }
    }
}

/* Whatever the bytes are: no crash, a length of 1..15, and the answer does
 * not depend on bytes behind the instruction. */
CASE(random_bytes)
{
    uint64_t seed = 12345;
    for (unsigned n = 0; n < 200000; n++) {
        uint8_t bytes[16];
        struct insn a, b;
        enum decode_status st;
        for (unsigned k = 0; k < 16; k++) {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            bytes[k] = (uint8_t)(seed >> 56);
        }
        if (n & 1) /* more of the two-byte map */
            bytes[0] = 0x0f;
        st = decode(c, n % 3, bytes, 15, &a);
        ck_assert_int_ne(st, DECODE_MORE);
        if (st != DECODE_OK)
            continue;
        ck_assert_uint_ge(a.len, 1);
        ck_assert_uint_le(a.len, 15);
        ck_assert_ptr_nonnull((void *)(uintptr_t)a.exec);
        ck_assert_uint_lt(a.op, INSN_COUNT);
        memset(bytes + a.len, 0xff, 16 - a.len);
        ck_assert_int_eq(decode(c, n % 3, bytes, a.len, &b), DECODE_OK);
        ck_assert_mem_eq(&a, &b, sizeof a);
    }
}

/* ---- fifteen bytes */

CASE(fifteen_bytes)
{
    struct insn i;
    uint8_t bytes[16];
    memset(bytes, 0x2e, sizeof bytes);
    bytes[14] = 0x90;
    ck_assert_int_eq(decode(c, C32, bytes, 15, &i), DECODE_OK);
    ck_assert_uint_eq(i.len, 15);
    bytes[14] = 0x2e;
    bytes[15] = 0x90;
    ck_assert_int_eq(decode(c, C32, bytes, 15, &i), DECODE_LONG);
    ck_assert_int_eq(decode(c, C32, bytes, 14, &i), DECODE_MORE);
}

CASE(sixteen_bytes_are_gp)
{
    uint8_t bytes[16];
    rig_protected(r);
    memset(bytes, 0x2e, sizeof bytes);
    bytes[15] = 0x90;
    ck_assert_int_eq(rig_run_bytes(r, bytes, 16), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE);
}

/* A fault in fetching comes before #GP for the length. */
CASE(too_long_across_an_absent_page)
{
    uint8_t bytes[16];
    rig_paged(r);
    memset(bytes, 0x2e, sizeof bytes);
    rig_put(r, 0x40ff8, bytes, 8);
    rig_map(r, 0x41000, 0);
    rig_go(r, 0x40ff8);
    ck_assert_int_eq(rig_run(r), EX_PF);
    ck_assert_uint_eq(c->cr2, 0x41000);
}

/* ---- prefixes */

CASE(lock)
{
    static const struct {
        uint8_t bytes[6];
        bool ok;
    } t[] = {
        {{0xf0, 0x01, 0x03}, true},        /* add [ebx], eax */
        {{0xf0, 0x01, 0xc3}, false},       /* add ebx, eax */
        {{0xf0, 0x03, 0x03}, false},       /* add eax, [ebx] */
        {{0xf0, 0x39, 0x03}, false},       /* cmp */
        {{0xf0, 0x83, 0x3b, 1}, false},    /* cmp */
        {{0xf0, 0x83, 0x33, 1}, true},     /* xor */
        {{0xf0, 0x89, 0x03}, false},       /* mov */
        {{0xf0, 0x87, 0x03}, true},        /* xchg */
        {{0xf0, 0xff, 0x03}, true},        /* inc */
        {{0xf0, 0xff, 0x33}, false},       /* push */
        {{0xf0, 0xf7, 0x13}, true},        /* not */
        {{0xf0, 0xf7, 0x23}, false},       /* mul */
        {{0xf0, 0x0f, 0xab, 0x03}, true},  /* bts */
        {{0xf0, 0x0f, 0xa3, 0x03}, false}, /* bt */
        {{0xf0, 0x0f, 0xb1, 0x03}, true},  /* cmpxchg */
        {{0xf0, 0x0f, 0xc1, 0x03}, true},  /* xadd */
        {{0xf0, 0x0f, 0xc7, 0x0b}, true},  /* cmpxchg8b */
        {{0xf0, 0xd1, 0x03}, false},       /* rol */
        {{0xf0, 0x90}, false},
        {{0xf0, 0xa4}, false}, /* movs */
    };
    struct insn i;
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        enum decode_status st = decode(c, C32, t[n].bytes, 15, &i);
        ck_assert_msg(st == (t[n].ok ? DECODE_OK : DECODE_UD), "row %u: %d", n,
                      st);
    }
    rig_protected(r);
    ck_assert_int_eq(RUN(r, 0xf0, 0x01, 0xc3), EX_UD);
}

CASE(rex_counts_only_right_before_the_opcode)
{
    struct insn i;
    ck_assert_int_eq(DECODE(C64, 0x48, 0x89, 0xc3), DECODE_OK);
    ck_assert_uint_eq(insn_osize(&i), 8);
    ck_assert_int_eq(DECODE(C64, 0x48, 0x66, 0x89, 0xc3), DECODE_OK);
    ck_assert_uint_eq(insn_osize(&i), 2);
    ck_assert_uint_eq(i.len, 4);
    ck_assert_int_eq(DECODE(C64, 0x66, 0x48, 0x89, 0xc3), DECODE_OK);
    ck_assert_uint_eq(insn_osize(&i), 8);
    ck_assert_int_eq(DECODE(C64, 0x44, 0x48, 0x89, 0xc3), DECODE_OK);
    ck_assert_uint_eq(i.reg, RAX); /* the last one */
    ck_assert_int_eq(DECODE(C64, 0x4d, 0x89, 0xc3), DECODE_OK);
    ck_assert_uint_eq(i.reg, R8);
    ck_assert_uint_eq(i.rm, R11);
}

CASE(rex_makes_low_byte_registers)
{
    struct insn i;
    DECODE(C64, 0x88, 0xe0); /* mov al, ah */
    ck_assert_uint_eq(i.reg, REG8(RAX, 1));
    DECODE(C64, 0x40, 0x88, 0xe0); /* mov al, spl */
    ck_assert_uint_eq(i.reg, REG8(RSP, 0));
    DECODE(C64, 0x44, 0x88, 0xe0); /* mov al, r12b */
    ck_assert_uint_eq(i.reg, REG8(R12, 0));
}

CASE(nop_and_xchg)
{
    struct insn i;
    rig_long(r);
    c->reg[RAX] = 0x1122334455667788;
    ck_assert_int_eq(RUN(r, 0x90), RIG_HALT); /* no zero extension */
    ck_assert_uint_eq(c->reg[RAX], 0x1122334455667788);
    rig_go(r, RIG_CODE);
    c->reg[R8] = 0xaaaabbbbccccdddd;
    ck_assert_int_eq(RUN(r, 0x41, 0x90), RIG_HALT); /* xchg r8d, eax */
    ck_assert_uint_eq(c->reg[RAX], 0xccccdddd);
    ck_assert_uint_eq(c->reg[R8], 0x55667788);
    ck_assert_int_eq(DECODE(C64, 0xf3, 0x90), DECODE_OK); /* PAUSE */
}

CASE(segments)
{
    struct insn i;
    DECODE(C32, 0x8b, 0x03);
    ck_assert_uint_eq(i.seg, SEG_DS);
    DECODE(C32, 0x8b, 0x45, 0); /* [ebp + 0] */
    ck_assert_uint_eq(i.seg, SEG_SS);
    DECODE(C32, 0x8b, 0x04, 0x24); /* [esp] */
    ck_assert_uint_eq(i.seg, SEG_SS);
    DECODE(C32, 0x8b, 0x04, 0x2b); /* [ebx + ebp]: the base decides */
    ck_assert_uint_eq(i.seg, SEG_DS);
    DECODE(C32, 0x8b, 0x04, 0x2d, 0, 0, 0, 0); /* [ebp * 1 + disp] */
    ck_assert_uint_eq(i.seg, SEG_DS);
    DECODE(C16, 0x8b, 0x02); /* [bp + si] */
    ck_assert_uint_eq(i.seg, SEG_SS);
    DECODE(C32, 0x36, 0x3e, 0x64, 0x8b, 0x03); /* the last one counts */
    ck_assert_uint_eq(i.seg, SEG_FS);
    ck_assert_uint_eq(i.len, 5);
    DECODE(C64, 0x41, 0x8b, 0x45, 0); /* r13: not the stack */
    ck_assert_uint_eq(i.seg, SEG_DS);
}

CASE(addresses)
{
    struct insn i;
    DECODE(C32, 0x8b, 0x44, 0xcb, 0x80); /* [ebx + ecx * 8 - 80h] */
    ck_assert_uint_eq(i.base, RBX);
    ck_assert_uint_eq(i.index, RCX);
    ck_assert_uint_eq(i.scale, 3);
    ck_assert_int_eq(i.disp, -128);
    DECODE(C64, 0x42, 0x8b, 0x04, 0x24); /* r12 may be an index */
    ck_assert_uint_eq(i.index, R12);
    DECODE(C64, 0x8b, 0x04, 0x24); /* rsp may not */
    ck_assert_uint_eq(i.index, REG_ZERO);
    DECODE(C64, 0x8b, 0x05, 4, 0, 0, 0);
    ck_assert_uint_eq(i.base, REG_RIP);
    DECODE(C64, 0x41, 0x8b, 0x05, 4, 0, 0, 0); /* also with REX.B */
    ck_assert_uint_eq(i.base, REG_RIP);
    DECODE(C64, 0x8b, 0x04, 0x25, 4, 0, 0, 0); /* absolute */
    ck_assert_uint_eq(i.base, REG_ZERO);
    DECODE(C64, 0x67, 0x8b, 0x03);
    ck_assert(i.flags & IF_ADDR32);
    DECODE(C32, 0x67, 0x8b, 0x07); /* [bx] */
    ck_assert(i.flags & IF_ADDR16);
    ck_assert_uint_eq(i.base, RBX);
}

CASE(rip_relative)
{
    rig_long(r);
    rig_poke(r, RIG_CODE + 0x107, 0x1234, 4);
    /* mov eax, [rip + 100h]; the address counts from the end, immediates
     * included: cmp dword [rip + 96h], 1234h */
    ck_assert_int_eq(RUN(r, 0x40, 0x8b, 0x05, 0, 1, 0, 0, 0x81, 0x3d, 0xf6, 0,
                         0, 0, 0x34, 0x12, 0, 0),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x1234);
    ck_assert(cpu_eflags(c) & EFL_ZF);
    rig_go(r, RIG_CODE);
    /* with 67h it wraps at 4 GiB */
    ck_assert_int_eq(RUN(r, 0x67, 0x8d, 0x05, 0, 0, 0, 0x80), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x80000000 + RIG_CODE + 7);
}

CASE(moffs)
{
    rig_long(r);
    rig_poke(r, RIG_DATA, 0x1122334455667788, 8);
    ck_assert_int_eq(RUN(r, 0x48, 0xa1, 0, 0, 2, 0, 0, 0, 0, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x1122334455667788);
    rig_go(r, RIG_CODE); /* 67h: a 4-byte address */
    ck_assert_int_eq(RUN(r, 0x67, 0xa1, 0, 0, 2, 0), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x55667788);
}

CASE(operand_size_of_branches)
{
    struct insn i;
    /* 64-bit code ignores 66h: a displacement of 4 bytes all the same */
    ck_assert_int_eq(DECODE(C64, 0x66, 0xe9, 1, 2, 3, 4), DECODE_OK);
    ck_assert_uint_eq(i.len, 6);
    ck_assert_int_eq(DECODE(C32, 0x66, 0xe9, 1, 2, 3, 4), DECODE_OK);
    ck_assert_uint_eq(i.len, 4);
    DECODE(C64, 0x50); /* push is 64 bits wide */
    ck_assert_uint_eq(insn_osize(&i), 8);
    DECODE(C64, 0x66, 0x50);
    ck_assert_uint_eq(insn_osize(&i), 2);
}

CASE(immediates)
{
    struct insn i;
    DECODE(C64, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8);
    ck_assert_uint_eq(i.imm, 0x0807060504030201);
    DECODE(C64, 0x48, 0x05, 0, 0, 0, 0x80);
    ck_assert_uint_eq(i.imm, 0xffffffff80000000);
    DECODE(C32, 0x6b, 0xc0, 0xff);
    ck_assert_uint_eq((uint32_t)i.imm, 0xffffffff);
    DECODE(C32, 0xea, 1, 2, 3, 4, 5, 6);
    ck_assert_uint_eq(i.imm, 0x060504030201);
    DECODE(C16, 0xea, 1, 2, 3, 4);
    ck_assert_uint_eq(i.imm, 0x040300000201);
}

static const struct rig_case cases[] = {
    CASE_ROW(lengths),
    CASE_ROW(random_bytes),
    CASE_ROW(fifteen_bytes),
    CASE_ROW(sixteen_bytes_are_gp),
    CASE_ROW(too_long_across_an_absent_page),
    CASE_ROW(lock),
    CASE_ROW(rex_counts_only_right_before_the_opcode),
    CASE_ROW(rex_makes_low_byte_registers),
    CASE_ROW(nop_and_xchg),
    CASE_ROW(segments),
    CASE_ROW(addresses),
    CASE_ROW(rip_relative),
    CASE_ROW(moffs),
    CASE_ROW(operand_size_of_branches),
    CASE_ROW(immediates),
};

int main(void)
{
    return rig_main("cpu/decode", cases, ARRAY_LEN(cases));
}
