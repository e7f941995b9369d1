/* check_disasm - our decoder against Capstone's: where both know an
 * instruction its length is the same, and of the one-byte opcodes none is
 * missing but those of features that CPUID does not offer.
 * Alone: make tests/cpu/check_disasm && tests/cpu/check_disasm */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/disasm.h"

/* FISTTP, which only Capstone knows: SSE3 is not offered. */
static bool have_capstone(void)
{
    static const uint8_t fisttp[] = {0xdf, 0x08};
    char text[64];
    return disasm_text(fisttp, 2, 1, 0, text, sizeof text) != 0;
}

static bool is_prefix(unsigned op, unsigned size)
{
    static const uint8_t prefix[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64,
                                     0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
    for (unsigned n = 0; n < ARRAY_LEN(prefix); n++)
        if (op == prefix[n])
            return true;
    return size == MODE_64 && (op & 0xf0) == 0x40;
}

/* VEX and EVEX, which are not offered either. */
static bool is_vex(unsigned op)
{
    return op == 0xc4 || op == 0xc5 || op == 0x62;
}

/* Intel ignores prefix 66 on near branches in 64-bit code, as we do;
 * Capstone follows AMD. Of UD0 and UD1 it does not count the ModRM byte. */
static bool length_is_vendors(const struct insn_row *row, unsigned size,
                              bool opsize)
{
    return (size == MODE_64 && opsize && (row->attr & A_BRANCH)) ||
           !strncmp(row->id, "ud", 2) ||
           (size == MODE_64 && opsize && !strncmp(row->id, "call", 4));
}

static bool not_offered(const char *text)
{
    static const char *const t[] = {"fisttp", "xabort", "xbegin"};
    for (unsigned n = 0; n < ARRAY_LEN(t); n++)
        if (!strncmp(text, t[n], strlen(t[n])))
            return true;
    return false;
}

static void compare(struct cpu *c, unsigned size, bool opsize, bool map0f,
                    unsigned op, unsigned modrm)
{
    uint8_t b[16] = {0};
    unsigned n = 0, len;
    struct insn i;
    char text[96];
    enum decode_status st;
    if (opsize)
        b[n++] = 0x66;
    if (map0f)
        b[n++] = 0x0f;
    b[n++] = (uint8_t)op;
    b[n++] = (uint8_t)modrm;
    b[n] = 0x25; /* a SIB byte with a displacement */
    len = disasm_text(b, 15, size, 0, text, sizeof text);
    st = decode_insn(c->decode, b, 15, size, &i);
    if (!map0f && len && st != DECODE_OK)
        ck_assert_msg(not_offered(text), "size %u: %02x %02x is %s", size, op,
                      modrm, text);
    if (!len || st != DECODE_OK ||
        length_is_vendors(&insn_rows[i.op], size, opsize))
        return;
    ck_assert_msg(i.len == len, "size %u%s%s: %02x %02x %s: length %u, not %u",
                  size, opsize ? ", 66" : "", map0f ? ", 0f" : "", op, modrm,
                  text, i.len, len);
}

static void compare_opcode(struct cpu *c, unsigned size, unsigned op)
{
    for (unsigned mod = 0; mod < 4; mod++)
        for (unsigned reg = 0; reg < 8; reg++) {
            unsigned modrm = mod << 6 | reg << 3 | (4 + (reg & 1));
            for (unsigned opsize = 0; opsize < 2; opsize++) {
                if (!is_prefix(op, size) && !is_vex(op))
                    compare(c, size, opsize, false, op, modrm);
                compare(c, size, opsize, true, op, modrm);
            }
        }
}

static void compare_all(struct rig *r, unsigned size)
{
    if (r->pace == RIG_BLOCKS) /* nothing runs here: once is enough */
        for (unsigned op = 0; op < 256; op++)
            compare_opcode(r->cpu, size, op);
}

CASE(code16)
{
    compare_all(r, MODE_16);
}

CASE(code32)
{
    compare_all(r, MODE_32);
}

CASE(code64)
{
    compare_all(r, MODE_64);
}

CASE(text)
{
    static const uint8_t mov[] = {0x8b, 0x43, 0x04};
    char line[64];
    ck_assert_uint_eq(disasm_text(mov, 3, 1, 0, line, sizeof line), 3);
    ck_assert_ptr_nonnull(strstr(line, "mov"));
    ck_assert_uint_eq(disasm_text(mov, 2, 1, 0, line, sizeof line), 0);
    ck_assert_uint_eq(disasm_text(mov, 3, 1, 0, line, 4), 3); /* cut */
    ck_assert_uint_lt(strlen(line), 4);
}

static const struct rig_case cases[] = {
    CASE_ROW(text),
    CASE_ROW(code16),
    CASE_ROW(code32),
    CASE_ROW(code64),
};

int main(void)
{
    bool all = have_capstone();
    if (!all)
        printf("SKIPPED in part: built without Capstone\n");
    return rig_main("cpu/disasm", cases, all ? ARRAY_LEN(cases) : 1);
}
