/* encode.c - encodes a row of the instruction table: legacy or VEX prefixes,
 * opcode, ModRM, SIB, displacement. What a row needs follows from its
 * encoding bits and from the letters of its operands, so that new rows need
 * nothing here. */
#include "tests/oracle/encode.h"

#include <string.h>

#include "cpu/cpu.h"

static const char *const operand_names[] = {
#define X(n) #n,
    OPERANDS(X)
#undef X
};

static bool one_of(const char *name, const char *letters)
{
    static const char *const implied[] = {"CL",   "DX",  "ST0",
                                          "XMM0", "One", "none"};
    for (unsigned n = 0; n < ARRAY_LEN(implied); n++)
        if (!strcmp(name, implied[n]))
            return false;
    return name[0] && strchr(letters, name[0]);
}

static bool has_operand(const struct insn_row *row, const char *letters)
{
    for (unsigned n = 0; n < 3; n++)
        if (one_of(operand_names[row->operand[n]], letters))
            return true;
    return false;
}

static bool has_modrm(const struct insn_row *row)
{
    return (row->encoding &
            (MODRM | MOD_M | MOD_R | 1ull << 11 | 1ull << 15 | ENC_VEX)) ||
           has_operand(row, "EGMRSCDPQNVWU");
}

static bool has_moffs(const struct insn_row *row)
{
    return has_operand(row, "O");
}

static void put(struct encoding *e, unsigned byte)
{
    e->bytes[e->len++] = (uint8_t)byte;
}

/* ---- prefixes */

static void put_legacy_prefixes(uint64_t *rng, const struct insn_row *row,
                                struct encoding *e)
{
    static const uint8_t segment[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    uint64_t enc = row->encoding, r = oracle_random(rng);
    bool simd = enc & (PFX_NONE | PFX_66 | PFX_F3 | PFX_F2);
    uint8_t px[6];
    unsigned n = 0, swap;
    if ((r & 7) == 0)
        px[n++] = segment[(r >> 3) % 6];
    if ((r >> 8 & 7) == 0)
        px[n++] = 0x67;
    if (enc & PFX_F3 || (row->attr & A_REP && (r >> 12 & 3) == 0))
        px[n++] = 0xf3;
    if (enc & PFX_F2 || (row->attr & A_REP && (r >> 12 & 3) == 1))
        px[n++] = 0xf2;
    if (enc & PFX_66 || (enc & OSIZE16 && r >> 14 & 1) ||
        (!(enc & ENC_VEX) && !(enc & PFX_NONE && simd) && (r >> 16 & 3) == 0))
        px[n++] = 0x66;
    if (row->attr & A_LOCK ? (r >> 20 & 3) == 0 : (r >> 20 & 127) == 0) {
        px[n++] = 0xf0;
        e->expect_ud = true;
    }
    swap = n > 1 ? (unsigned)(r >> 32) % n : 0;
    for (unsigned k = 0; k < n; k++)
        put(e, px[(k + swap) % n]);
}

static void put_rex(uint64_t *rng, const struct insn_row *row,
                    struct encoding *e)
{
    uint64_t enc = row->encoding, r = oracle_random(rng);
    unsigned rex = 0x40 | (r & 15);
    if (enc & REXW1)
        rex |= 8;
    if (enc & REXW0)
        rex &= ~8u;
    if (enc & REXB0)
        rex &= ~1u;
    if ((enc & REXW1) || (r >> 8 & 1)) {
        put(e, rex);
        if ((r >> 10 & 63) == 0 && !(enc & REXW1)) /* too early: no effect */
            put(e, 0x26);
    }
}

/* VEX in its long form, or its short one where that can say the same. */
static void put_vex(uint64_t *rng, const struct insn_row *row,
                    struct encoding *e, bool code64)
{
    uint64_t enc = row->encoding, r = oracle_random(rng);
    unsigned map = ENC_MAP(enc), rxb = code64 ? r & 7 : 7, w, l, pp, vvvv;
    pp = enc & PFX_66 ? 1 : enc & PFX_F3 ? 2 : enc & PFX_F2 ? 3 : 0;
    w = enc & REXW1 ? 1 : enc & REXW0 ? 0 : r >> 3 & 1;
    l = enc & VEX_L1 ? 1 : enc & VEX_L0 ? 0 : r >> 4 & 1;
    vvvv = has_operand(row, "HB") ? r >> 8 & 15 : 15;
    if (!has_operand(row, "HB") && (r >> 16 & 63) == 0) {
        vvvv = r >> 8 & 15;
        e->expect_ud = true;
    }
    if ((r >> 24 & 127) == 0) {
        put(e, r >> 32 & 1 ? 0x66 : 0xf3);
        e->expect_ud = true;
    }
    if (map == 1 && !w && (rxb & 3) == 3 && (r >> 40 & 1)) {
        put(e, 0xc5);
        put(e, (rxb & 4) << 5 | vvvv << 3 | l << 2 | pp);
        return;
    }
    put(e, 0xc4);
    put(e, rxb << 5 | map);
    put(e, w << 7 | vvvv << 3 | l << 2 | pp);
}

/* ---- ModRM */

static void put_disp(uint64_t *rng, struct encoding *e, unsigned size)
{
    uint64_t r = oracle_edge(rng);
    e->disp_at = e->len;
    e->disp_size = size;
    for (unsigned n = 0; n < size; n++)
        put(e, r >> 8 * n & 0xff);
    if (size == 4 && oracle_below(rng, 2)) /* small: sign and two bytes */
        e->bytes[e->len - 1] = e->bytes[e->len - 2] = r >> 15 & 1 ? 0xff : 0;
}

static void put_memory(uint64_t *rng, struct encoding *e, unsigned modrm,
                       bool addr16)
{
    unsigned mod = modrm >> 6, rm = modrm & 7, base = rm;
    put(e, modrm);
    if (addr16) {
        if (mod == 2 || (mod == 0 && rm == 6))
            put_disp(rng, e, 2);
        else if (mod == 1)
            put_disp(rng, e, 1);
        return;
    }
    if (rm == 4) {
        unsigned sib = oracle_random(rng) & 0xff;
        put(e, sib);
        base = sib & 7;
    }
    if (mod == 2 || (mod == 0 && base == 5))
        put_disp(rng, e, 4);
    else if (mod == 1)
        put_disp(rng, e, 1);
}

static void put_modrm(uint64_t *rng, const struct insn_row *row,
                      struct encoding *e, bool addr16)
{
    uint64_t enc = row->encoding, r = oracle_random(rng);
    unsigned modrm = r & 0xff;
    bool registers = r >> 8 & 1;
    if (enc & MOD_M)
        registers = false;
    if (enc & MOD_R || has_operand(row, "RNU"))
        registers = true;
    if (enc & 1ull << 11)
        modrm = (modrm & 0xc7) | (enc >> 12 & 7) << 3;
    if (enc & 1ull << 15)
        modrm = (modrm & 0xf8) | (enc >> 16 & 7);
    if (registers) {
        put(e, modrm | 0xc0);
        return;
    }
    if (modrm >= 0xc0)
        modrm &= 0x3f;
    if (strstr(operand_names[row->operand[0]], "VM") ||
        strstr(operand_names[row->operand[1]], "VM"))
        modrm = (modrm & 0xf8) | 4;
    put_memory(rng, e, modrm, addr16);
}

/* ---- all of it */

static void put_tail(uint64_t *rng, struct encoding *e, bool gentle)
{
    uint64_t r = oracle_edge(rng);
    for (unsigned n = 0; n < 10; n++)
        e->bytes[e->len + n] = (uint8_t)(n < 8 ? r >> 8 * n : r);
    if (gentle) /* ENTER: a small frame */
        e->bytes[e->len + 1] = 0;
    if (oracle_below(rng, 2)) /* shift counts, selectors of lanes */
        e->bytes[e->len] &= 0x3f;
}

static bool draw_code_size(uint64_t *rng, const struct insn_row *row,
                           uint8_t *size)
{
    static const uint8_t sizes[] = {2, 2, 1, 0};
    *size = sizes[oracle_below(rng, ARRAY_LEN(sizes))];
    if (row->encoding & ONLY64 ||
        (row->encoding & REXW1 && !(row->encoding & ENC_VEX)))
        *size = 2;
    if (row->encoding & NOT64 && *size == 2)
        *size = (uint8_t)oracle_below(rng, 2);
    return true;
}

static bool is_addr16(const struct encoding *e, unsigned code_size)
{
    bool given = false;
    for (unsigned n = 0; n < e->len; n++) {
        given |= e->bytes[n] == 0x67;
        if (e->bytes[n] == 0x0f || e->bytes[n] == 0xc4 || e->bytes[n] == 0xc5)
            break;
    }
    return code_size == 2 ? false : (code_size == 0) != given;
}

static void put_opcode(uint64_t *rng, const struct insn_row *row,
                       struct encoding *e)
{
    uint64_t enc = row->encoding;
    unsigned map = ENC_MAP(enc), op = ENC_OPCODE(enc);
    if (!(enc & ENC_VEX)) {
        if (map)
            put(e, 0x0f);
        if (map > 1)
            put(e, map == 2 ? 0x38 : 0x3a);
    }
    if (enc & PLUS_R)
        op |= oracle_random(rng) & 7;
    put(e, op);
}

bool encode_row(uint64_t *rng, unsigned number, struct encoding *e,
                uint8_t *code_size)
{
    const struct insn_row *row = &insn_rows[number];
    uint64_t enc = row->encoding;
    bool addr16;
    memset(e, 0, sizeof *e);
    if (!draw_code_size(rng, row, code_size))
        return false;
    if (enc & ENC_VEX) {
        if (oracle_below(rng, 8) == 0)
            put(e, 0x64);
        if (oracle_below(rng, 8) == 0)
            put(e, 0x67);
        addr16 = is_addr16(e, *code_size);
        put_vex(rng, row, e, *code_size == 2);
    } else {
        put_legacy_prefixes(rng, row, e);
        addr16 = is_addr16(e, *code_size);
        if (*code_size == 2)
            put_rex(rng, row, e);
    }
    put_opcode(rng, row, e);
    if (has_modrm(row))
        put_modrm(rng, row, e, addr16);
    if (has_moffs(row)) {
        e->moffs_at = e->len;
        e->moffs_size = *code_size == 2 ? 8 : addr16 ? 2 : 4;
        if (*code_size == 2 && memchr(e->bytes, 0x67, e->len - 1))
            e->moffs_size = 4;
    }
    put_tail(rng, e, !strcmp(row->id, "enter"));
    return e->len <= 15;
}
