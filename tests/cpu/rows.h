/* rows.h - questions that tests ask of rows of the instruction table. */
#ifndef UMBRA_TESTS_ROWS_H
#define UMBRA_TESTS_ROWS_H

#include "cpu/insn.h"

static inline bool has_operand(const struct insn_row *row, enum operand o)
{
    return row->operand[0] == o || row->operand[1] == o || row->operand[2] == o;
}

#endif
