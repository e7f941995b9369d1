/* check_disasm - our decoder against Capstone's: where both know an
 * instruction its length is the same, and of the one-byte opcodes none is
 * missing but those of features that CPUID does not offer. With all features,
 * mandatory prefixes and the maps 0F, 0F 38 and 0F 3A the names are the same,
 * too, and none is missing or too many but those listed here.
 * Alone: make tests/cpu/check_disasm && tests/cpu/check_disasm */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/disasm.h"
#include "tests/cpu/disasm_word.h"

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

/* ---- every feature: names, and what one alone knows */

/* Theirs, ours. Capstone takes F3 0F C7 /7 for RDSEED and 66 0F AE /6 with
 * REX.W for XSAVEOPT64. */
static const char *const same_names[][2] = {
    {"sal", "shl"},
    {"movabs", "mov"},
    {"ljmp", "jmp far"},
    {"lcall", "call far"},
    {"fstpnce", "fstp"},
    {"fsetpm", "fnsetpm"},
    {"jrcxz", "jcxz"},
    {"jecxz", "jcxz"},
    {"cwde", "cbw"},
    {"cdqe", "cbw"},
    {"cdq", "cwd"},
    {"cqo", "cwd"},
    {"pause", "nop"},
    {"endbr32", "nop"},
    {"endbr64", "nop"},
    {"xchg", "nop"},
    {"ud2b", "ud1"},
    {"feni8087_nop", "fneni"},
    {"rdseed", "rdpid"},
    {"fdisi8087_nop", "fndisi"},
    {"xsaveopt64", "clwb"},
    {"movd", "movq"},
    {"clflush", "clflushopt"},
};

static bool same_name(const char *theirs, const char *ours)
{
    size_t n = strlen(ours);
    for (unsigned k = 0; k < ARRAY_LEN(same_names); k++)
        if (!strcmp(theirs, same_names[k][0]) &&
            !strcmp(ours, same_names[k][1]))
            return true;
    /* A size behind it; CMPEQPS and its kin. */
    if (!strncmp(theirs, ours, n))
        return strlen(theirs) - n <= 2;
    return !strncmp(theirs, "cmp", 3) && !strncmp(ours, "cmp", 3);
}

static bool begins_with_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (!strncmp(text, *list, strlen(*list)))
            return true;
    return false;
}

/* Virtualization, enclaves, transactions, 3DNow, SSE4a, VIA's PadLock, what
 * Intel has only in 64-bit code, what never was built (PCOMMIT); what only
 * some configurations have (XSAVE, SMAP, INVPCID). */
static const char *const only_theirs[] = {
    "vm",     "inv",   "encl",  "getsec",  "stgi",    "clgi",    "skinit",
    "x",      "femms", "extrq", "insertq", "montmul", "syscall", "sysret",
    "swapgs", "clac",  "stac",  "pcommit", "movntsd", "movntss", NULL,
};

/* Segment registers 6 and 7, for which exec_ raises #UD; NOPs and aliases of
 * the fences; newer ones. */
static const char *const only_ours[] = {
    "mov_Ev_Sw", "mov_Sw_Ew", "prefetch",  "nop_",     "lfence",   "mfence",
    "sfence",    "ud0",       "rdpkru",    "wrpkru",   "xgetbv",   "xsetbv",
    "serialize", "movdir",    "sse_gf2p8", "mov_Ry",   "mov_Cy",   "mov_Dy",
    "rdpid",     "wrfsbase",  "wrgsbase",  "rdfsbase", "rdgsbase", NULL,
};

static const uint8_t mandatory[] = {0, 0x66, 0xf3, 0xf2};

static void compare_names(const struct decode_table *t, unsigned size,
                          const uint8_t *b, bool plain)
{
    char text[96], word[32];
    struct insn i;
    unsigned len = disasm_text(b, 15, size, 0, text, sizeof text);
    bool known = decode_insn(t, b, 15, size, &i) == DECODE_OK;
    const struct insn_row *row = &insn_rows[known ? i.op : 0];
    disasm_first_word(text, word, sizeof word);
    if (len && !known)
        ck_assert_msg(!plain || begins_with_one_of(word, only_theirs),
                      "size %u: %02x %02x %02x %02x is %s", size, b[0], b[1],
                      b[2], b[3], text);
    if (known && !len)
        ck_assert_msg(begins_with_one_of(row->id, only_ours),
                      "size %u: %02x %02x %02x %02x is no %s", size, b[0], b[1],
                      b[2], b[3], row->id);
    if (!known || !len || length_is_vendors(row, size, true))
        return;
    ck_assert_msg(i.len == len && same_name(word, row->mnemonic),
                  "size %u: %02x %02x %02x %02x: %s of %u bytes, not %s of %u",
                  size, b[0], b[1], b[2], b[3], row->mnemonic, i.len, text,
                  len);
}

/* Every ModRM.reg with memory and every ModRM.reg and rm with registers. */
static void compare_modrm(const struct decode_table *t, unsigned size,
                          uint8_t *b, unsigned n, bool plain)
{
    for (unsigned modrm = 3; modrm < 0x40; modrm += 8) {
        b[n] = (uint8_t)modrm;
        compare_names(t, size, b, plain);
    }
    for (unsigned modrm = 0xc0; modrm < 0x100; modrm++) {
        b[n] = (uint8_t)modrm;
        compare_names(t, size, b, plain);
    }
}

static void compare_maps(struct rig *r, unsigned size)
{
    uint64_t all[(F_COUNT + 63) / 64];
    struct decode_table *t;
    if (r->pace != RIG_BLOCKS)
        return;
    memset(all, 0xff, sizeof all);
    t = decode_create(all);
    ck_assert_ptr_nonnull(t);
    for (unsigned map = 1; map < 4; map++)
        for (unsigned p = 0; p < 4; p++)
            for (unsigned w = 0; w <= (size == MODE_64); w++)
                for (unsigned op = 0; op < 256; op++) {
                    uint8_t b[16] = {0};
                    unsigned n = 0;
                    if (map == 1 && (op == 0x38 || op == 0x3a))
                        continue;
                    if (mandatory[p])
                        b[n++] = mandatory[p];
                    if (w)
                        b[n++] = 0x48;
                    b[n++] = 0x0f;
                    if (map > 1)
                        b[n++] = map == 2 ? 0x38 : 0x3a;
                    b[n++] = (uint8_t)op;
                    compare_modrm(t, size, b, n, p == 0);
                }
    decode_destroy(t);
}

CASE(maps32)
{
    compare_maps(r, MODE_32);
}

CASE(maps64)
{
    compare_maps(r, MODE_64);
}

/* BMI1 and BMI2 behind VEX, W = 0 and 1. */
CASE(vex_bits)
{
    uint64_t all[(F_COUNT + 63) / 64];
    struct decode_table *t;
    memset(all, 0xff, sizeof all);
    t = decode_create(all);
    ck_assert_ptr_nonnull(t);
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        const struct insn_row *row = &insn_rows[n];
        uint64_t e = row->encoding;
        unsigned pp = e & PFX_66 ? 1 : e & PFX_F3 ? 2 : e & PFX_F2 ? 3 : 0;
        if (row->feature != F_BMI1 && row->feature != F_BMI2)
            continue;
        if (!(e & ENC_VEX))
            continue;
        for (unsigned w = 0; w < 2; w++) {
            bool vvvv = row->operand[0] == O_By || row->operand[1] == O_By ||
                        row->operand[2] == O_By;
            uint8_t b[16] = {0xc4, (uint8_t)(0xe0 | ENC_MAP(e)),
                             (uint8_t)(w << 7 | (vvvv ? 0x68 : 0x78) | pp),
                             (uint8_t)ENC_OPCODE(e),
                             (uint8_t)(0xc1 | (e >> 12 & 7) << 3)};
            struct insn i;
            ck_assert_int_eq(decode_insn(t, b, 15, MODE_64, &i), DECODE_OK);
            ck_assert_str_eq(insn_rows[i.op].id, row->id);
            compare_names(t, MODE_64, b, true);
        }
    }
    decode_destroy(t);
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
    CASE_ROW(text),   CASE_ROW(code16), CASE_ROW(code32),   CASE_ROW(code64),
    CASE_ROW(maps32), CASE_ROW(maps64), CASE_ROW(vex_bits),
};

int main(void)
{
    bool all = have_capstone();
    if (!all)
        printf("SKIPPED in part: built without Capstone\n");
    return rig_main("cpu/disasm", cases, all ? ARRAY_LEN(cases) : 1);
}
