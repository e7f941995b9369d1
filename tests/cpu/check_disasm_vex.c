/* check_disasm_vex - VEX: our decoder against Capstone's: where both know an
 * instruction, length and name are the same; what only one knows is listed.
 * Alone: make tests/cpu/check_disasm_vex && tests/cpu/check_disasm_vex */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/disasm.h"

/* Its stand-in gives no operands. */
static bool have_capstone(void)
{
    static const uint8_t vpaddd[] = {0xc5, 0xf5, 0xfe, 0xc2};
    char text[64];
    return disasm_text(vpaddd, 4, MODE_64, 0, text, sizeof text) == 4 &&
           !strcmp(text, "vpaddd ymm0, ymm1, ymm2");
}

/* Every opcode with both L and W, good and bad vvvv, all prefixes. */
struct vex {
    unsigned map, op, pp, l, w, vvvv, modrm;
};

static unsigned vex_bytes(const struct vex *v, uint8_t b[16])
{
    const uint8_t bytes[] = {
        0xc4,
        (uint8_t)(0xe0 | v->map),
        (uint8_t)(v->w << 7 | v->vvvv << 3 | v->l << 2 | v->pp),
        (uint8_t)v->op,
        (uint8_t)v->modrm,
        0x0d, /* SIB: rsp + rcx, or a vector */
        0x25,
        0x33};
    memset(b, 0, 16);
    memcpy(b, bytes, sizeof bytes);
    return sizeof bytes;
}

/* Comparisons have the predicate in their names. */
static bool same_name(const char *text, const char *mnemonic)
{
    size_t n = strlen(mnemonic);
    if (strncmp(mnemonic, "vcmp", 4))
        return !strncmp(text, mnemonic, n);
    return !strncmp(text, "vcmp", 4) &&
           !strncmp(text + strcspn(text, " ") - 2, mnemonic + 4, 2);
}

/* VMOVQ, VPEXTRQ, VPINSRQ are VMOVD and so on outside 64-bit code, where W
 * counts for nothing (SDM volume 2, note to PEXTRB). */
static bool ignores_w(const char *text, const char *mnemonic)
{
    size_t n = strlen(mnemonic) - 1;
    return !strncmp(text, mnemonic, n) && text[n] == 'q' && mnemonic[n] == 'd';
}

/* FMA4 and XOP of AMD, mask registers of AVX-512; and where the manual says
 * W0 Capstone does not look (check_avx: the host raises #UD). */
static bool vex_unknown(const struct decode_table *t, const struct vex *v,
                        unsigned size, const char *text)
{
    struct vex w0 = *v;
    struct insn i;
    uint8_t b[16];
    if (text[0] == 'k' || !strncmp(text, "vpermil2", 8) ||
        (v->map == 3 && !strncmp(text, "vf", 2)))
        return true;
    w0.w = 0;
    vex_bytes(&w0, b);
    return v->w && decode_insn(t, b, 15, size, &i) == DECODE_OK;
}

/* Newer than some Capstones. */
static bool vex_new(const char *mnemonic)
{
    return !strncmp(mnemonic, "vgf2p8", 6) || !strncmp(mnemonic, "vaes", 4) ||
           !strcmp(mnemonic, "vpclmulqdq") ||
           !strcmp(mnemonic, "vbroadcasti128");
}

static unsigned compare_vex(const struct decode_table *t, unsigned size,
                            const struct vex *v)
{
    uint8_t b[16];
    struct insn i;
    char text[96];
    unsigned len;
    bool known;
    const char *name = "";
    vex_bytes(v, b);
    len = disasm_text(b, 15, size, 0, text, sizeof text);
    known = decode_insn(t, b, 15, size, &i) == DECODE_OK;
    if (known)
        name = insn_rows[i.op].mnemonic;
    if (len && known)
        ck_assert_msg(i.len == len &&
                          (same_name(text, name) ||
                           (size == MODE_32 && ignores_w(text, name))),
                      "size %u map %u op %02x: %s (%u), not %s (%u)", size,
                      v->map, v->op, name, i.len, text, len);
    else if (len)
        ck_assert_msg(vex_unknown(t, v, size, text),
                      "size %u map %u op %02x pp %u L%u W%u is %s", size,
                      v->map, v->op, v->pp, v->l, v->w, text);
    else if (known)
        ck_assert_msg(vex_new(name),
                      "size %u map %u op %02x L%u W%u vvvv %u "
                      "modrm %02x: %s is none",
                      size, v->map, v->op, v->l, v->w, v->vvvv, v->modrm, name);
    return len && known;
}

static void compare_all(struct rig *r, unsigned size)
{
    uint64_t all[(F_COUNT + 63) / 64];
    struct decode_table *t;
    unsigned both = 0;
    if (r->pace != RIG_BLOCKS) /* nothing runs here: once is enough */
        return;
    memset(all, 0xff, sizeof all);
    t = decode_create(all);
    ck_assert_ptr_nonnull(t);
    for (unsigned n = 0; n < 3 << 16; n++) {
        struct vex v = {.map = 1 + (n >> 16),
                        .op = n >> 8 & 255,
                        .pp = n >> 6 & 3,
                        .l = n >> 5 & 1,
                        .w = n >> 4 & 1,
                        .vvvv = n >> 3 & 1 ? 15 : 10,
                        .modrm = (n >> 2 & 1 ? 0xc4 : 0x44)};
        v.modrm |= ((n & 3) * 2 + (n >> 8 & 1)) << 3; /* reg 0 to 7 */
        both += compare_vex(t, size, &v);
    }
    decode_destroy(t);
    ck_assert_uint_gt(both, 5000);
}

CASE(vex32)
{
    compare_all(r, MODE_32);
}

CASE(vex64)
{
    compare_all(r, MODE_64);
}

static const struct rig_case cases[] = {
    CASE_ROW(vex32),
    CASE_ROW(vex64),
};

int main(void)
{
    if (!have_capstone()) {
        printf("SKIPPED: built without Capstone\n");
        return 0;
    }
    return rig_main("cpu/disasm_vex", cases, ARRAY_LEN(cases));
}
