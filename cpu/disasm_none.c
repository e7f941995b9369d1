/* disasm_none.c - mnemonics of our own table, for builds without Capstone. */
#include <stdio.h>

#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"

unsigned disasm_text(const uint8_t *bytes, unsigned avail, unsigned code_size,
                     uint64_t rip, char *text, size_t text_size)
{
    uint64_t all[(F_COUNT + 63) / 64];
    struct decode_table *table;
    struct insn insn;
    unsigned len = 0;
    (void)rip;
    memset(all, 0xff, sizeof all);
    snprintf(text, text_size, "(bad)");
    table = decode_create(all);
    if (table &&
        decode_insn(table, bytes, avail, code_size, &insn) == DECODE_OK) {
        snprintf(text, text_size, "%s", insn_rows[insn.op].mnemonic);
        len = insn.len;
    }
    decode_destroy(table);
    return len;
}
