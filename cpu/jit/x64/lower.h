/* lower.h - which instructions are translated, and by what. */
#ifndef UMBRA_CPU_JIT_X64_LOWER_H
#define UMBRA_CPU_JIT_X64_LOWER_H

#include "cpu/insn.h"

/* One class per shape of code; `arg` of the row tells which instruction. */
enum lower_class {
    LOWER_NONE,
    L_ALU_E_G, /* arg = digit of the 80h group, 7 = CMP */
    L_ALU_G_E,
    L_ALU_E_I,
    L_TEST_E_G,
    L_TEST_E_I,
    L_UNARY,    /* F6h group: NOT 2, NEG 3 */
    L_INC_DEC,  /* FEh group: 0, 1 */
    L_SHIFT_I,  /* D0h group */
    L_SHIFT_CL, /* likewise */
    L_DOUBLE_I, /* SHLD, SHRD: opcode with an immediate count */
    L_DOUBLE_CL,
    L_IMUL,
    L_IMUL_I,
    L_MUL, /* F6h group: 4, 5 */
    L_DIV, /* 6, 7 */
    L_MOV_E_G,
    L_MOV_G_E,
    L_MOV_E_I,
    L_MOV_A_O,
    L_MOV_O_A,
    L_EXTEND_B, /* opcode */
    L_EXTEND_W,
    L_MOVSXD,
    L_LEA,
    L_NOP,
    L_XCHG,
    L_XCHG_A,
    L_CMPXCHG,
    L_XADD,
    L_BT_G, /* opcode */
    L_BT_I, /* digit */
    L_SCAN, /* opcode of BSF, BSR */
    L_COUNT,
    L_BSWAP,
    L_SETCC, /* condition */
    L_CMOV,  /* condition */
    L_FLAG,  /* opcode of CMC, CLC, STC */
    L_CBW,
    L_CWD,
    L_PUSH_R,
    L_PUSH_E,
    L_PUSH_I,
    L_POP_R,
    L_LEAVE,
    L_VEC, /* lower_vec.c: by the instruction's own row */
    L_BMI, /* lower_bmi.c, likewise */
    /* ---- x87: opcode, then digit and size, or the second byte */
    L_X87_LOAD, /* memory operand */
    L_X87_STORE,
    L_X87_REG,
    L_X87_CMOV,
    L_X87_COMI,
    L_X87_LDCW, /* these are no calculations */
    L_X87_STCW, /* status, too */
    L_X87_STSW_AX,
    L_X87_WAIT,
    /* ---- these end a block */
    L_JCC, /* condition */
    L_JMP,
    L_CALL,
    L_JMP_E,
    L_CALL_E,
    L_RET,
    L_RET_I,
};

struct lower_row {
    uint8_t class;
    uint16_t arg;
};

extern const struct lower_row x64_lower_rows[INSN_COUNT];

#endif
