/* decode.h - bytes to struct insn by the table's rows. */
#ifndef UMBRA_CPU_DECODE_H
#define UMBRA_CPU_DECODE_H

#include "cpu/insn.h"

enum { DECODE_MAX_LEN = 15 };

/* What the table's rows look like sorted by map and opcode; made once per
 * CPU from insn_rows and the features offered. */
struct decode_table;
/* NULL when the host has no memory. `features` as in struct cpu. */
struct decode_table *decode_create(const uint64_t *features);
void decode_destroy(struct decode_table *table);

enum decode_status {
    DECODE_OK,
    DECODE_MORE, /* needs more than `avail` bytes */
    DECODE_UD,   /* no such instruction: #UD. insn->len is how many bytes
                    were looked at */
    DECODE_LONG, /* longer than 15 bytes: #GP(0) */
};

/* Decode one instruction at `bytes` (at most `avail` of them). `mode` is
 * enum cpu_mode; the code size (0 = 16, 1 = 32, 2 = 64 bit) alone will do,
 * MODE_FLAT lets it choose handlers without segment checks, MODE_REAL takes
 * VEX prefixes away. Fills everything
 * but `off`; a RIP-relative `disp` counts from the instruction's end. */
enum decode_status decode_insn(const struct decode_table *table,
                               const uint8_t *bytes, unsigned avail,
                               unsigned mode, struct insn *insn);

/* What decode_insn made insn->exec. */
exec_fn *decode_exec(const struct insn *insn, unsigned mode);

#endif
