/* exec_fused.h - a compare and the branch behind it as one step. */
#ifndef UMBRA_CPU_EXEC_FUSED_H
#define UMBRA_CPU_EXEC_FUSED_H

#include "cpu/insn.h"

/* What may stand in for `compare->exec` when `branch` follows it in a block
 * of 64-bit code, or NULL. Both stay in the block: the pair counts as two
 * instructions, and flags are set as by the compare alone. */
exec_fn *fused_exec(const struct insn *compare, const struct insn *branch);

#endif
