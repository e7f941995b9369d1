/* disasm.h - text of an instruction for traces and the monitor. */
#ifndef UMBRA_CPU_DISASM_H
#define UMBRA_CPU_DISASM_H

#include <stddef.h>
#include <stdint.h>

/* Disassemble the instruction at `bytes` for a code size of 0 = 16, 1 = 32,
 * 2 = 64 bit, as if it lay at `rip`. Returns its length, 0 when it is none;
 * `text` then says so. disasm_capstone.c uses Capstone; disasm_none.c, for
 * builds without it, gives the mnemonic of our own table only. */
unsigned disasm_text(const uint8_t *bytes, unsigned avail, unsigned code_size,
                     uint64_t rip, char *text, size_t text_size);

#endif
