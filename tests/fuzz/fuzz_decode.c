/* fuzz_decode - bytes into the decoder, in every mode.
 *
 * Input: one byte (bits 0-1 the code size, bit 2 MODE_FLAT), then code of
 * 15 bytes at most. The copy ends where the code ends, so that
 * AddressSanitizer sees a read behind it. What must hold: no length above
 * 15 or above what there is; with less bytes the answer is "more", with
 * others behind the instruction it is the same; fields are in range;
 * Capstone, where it knows the instruction, finds the same length. */
#include "tests/fuzz/fuzz.h"

#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"

static struct decode_table *table;

static void make_table(void)
{
    uint64_t features[(F_COUNT + 63) / 64];
    memset(features, 0xff, sizeof features);
    table = decode_create(features);
    if (!table)
        FUZZ_FAIL("no memory");
}

static enum decode_status decode(const uint8_t *bytes, unsigned size,
                                 unsigned mode, struct insn *insn)
{
    uint8_t *exact = malloc(size + !size);
    enum decode_status status;
    if (size)
        memcpy(exact, bytes, size);
    memset(insn, 0x5a, sizeof *insn);
    status = decode_insn(table, exact, size, mode, insn);
    free(exact);
    return status;
}

static bool same(const struct insn *a, const struct insn *b)
{
    return a->exec == b->exec && a->imm == b->imm && a->disp == b->disp &&
           a->base == b->base && a->index == b->index && a->scale == b->scale &&
           a->seg == b->seg && a->reg == b->reg && a->rm == b->rm &&
           a->len == b->len && a->op == b->op && a->flags == b->flags;
}

static void check_fields(const struct insn *i)
{
    const struct insn_row *row = &insn_rows[i->op];
    /* byte registers are numbered by their bytes */
    bool bytes = row->attr & A_BYTE || row->operand[0] == O_Eb ||
                 row->operand[1] == O_Eb;
    unsigned end = bytes ? REG_COUNT * 8 : REG_COUNT;
    if (i->op >= INSN_COUNT || !i->exec)
        FUZZ_FAIL("no handler");
    if (i->base >= REG_COUNT || i->index >= REG_COUNT || i->scale > 3 ||
        i->seg >= SEG_COUNT || i->reg >= end || i->rm >= end)
        FUZZ_FAIL("%s: a field out of range", row->id);
}

/* Any prefix of an instruction asks for more, whatever follows is not
 * looked at. */
static void check_length(const uint8_t *bytes, unsigned mode,
                         const struct insn *i)
{
    struct insn again;
    uint8_t other[16];
    for (unsigned n = 0; n < i->len; n++)
        if (decode(bytes, n, mode, &again) != DECODE_MORE)
            FUZZ_FAIL("%s: %u of %u bytes suffice", insn_rows[i->op].id, n,
                      i->len);
    memset(other, 0xc5, sizeof other);
    memcpy(other, bytes, i->len);
    if (decode(other, 15, mode, &again) != DECODE_OK || !same(i, &again))
        FUZZ_FAIL("%s: what follows matters", insn_rows[i->op].id);
}

/* Prefixes that processors and Capstone disagree about, see check_disasm:
 * 66 before near branches of 64-bit code; UD0 and UD1 with ModRM; REX that
 * is not last; F2/F3 and LOCK where they mean nothing. Only instructions
 * with at most a 66 or a segment before them are compared. */
static bool comparable(const uint8_t *bytes, unsigned mode,
                       const struct insn *i)
{
    const struct insn_row *row = &insn_rows[i->op];
    unsigned size = mode & MODE_CODE;
    if (i->flags & (IF_LOCK | IF_REP | IF_REPNE))
        return false;
    if (size == MODE_64 && (i->flags & IF_OPSIZE))
        return false;
    if (bytes[0] == 0x66 && (bytes[1] & 0xf0) == 0x40)
        return false;
    return strncmp(row->id, "ud", 2) != 0;
}

static void compare(const uint8_t *bytes, unsigned avail, unsigned mode,
                    const struct insn *i)
{
    char text[128];
    unsigned len;
    if (!comparable(bytes, mode, i))
        return;
    len =
        disasm_text(bytes, avail, mode & MODE_CODE, 0x1000, text, sizeof text);
    if (len && len != i->len)
        FUZZ_FAIL("%s: %u bytes, Capstone: %s, %u bytes", insn_rows[i->op].id,
                  i->len, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t bytes[16] = {0};
    struct insn insn;
    unsigned mode = fuzz_u8(&in) & (MODE_CODE | 4), avail;
    if ((mode & MODE_CODE) == MODE_CODE)
        mode = MODE_64;
    mode = (mode & MODE_CODE) | (mode & 4 ? MODE_FLAT : 0);
    if (!table)
        make_table();
    avail = (unsigned)fuzz_copy(&in, bytes, DECODE_MAX_LEN);
    switch (decode(bytes, avail, mode, &insn)) {
    case DECODE_OK:
        if (insn.len < 1 || insn.len > avail)
            FUZZ_FAIL("length %u of %u", insn.len, avail);
        check_fields(&insn);
        check_length(bytes, mode, &insn);
        compare(bytes, avail, mode, &insn);
        break;
    case DECODE_MORE:
        if (avail >= DECODE_MAX_LEN)
            FUZZ_FAIL("15 bytes are not enough");
        break;
    case DECODE_UD:
        if (insn.len > avail)
            FUZZ_FAIL("#UD by %u of %u bytes", insn.len, avail);
        break;
    case DECODE_LONG:
        break;
    }
    return 0;
}
