/* lower_rows.c - the table of what is translated. */
#include "cpu/jit/x64/lower.h"

#include "cpu/jit/x64/asm.h"

/* clang-format off */
#define ALU(op, n)                                                             \
    [INSN_##op##_Eb_Gb] = {L_ALU_E_G, n}, [INSN_##op##_Ev_Gv] = {L_ALU_E_G, n},\
    [INSN_##op##_Gb_Eb] = {L_ALU_G_E, n}, [INSN_##op##_Gv_Ev] = {L_ALU_G_E, n},\
    [INSN_##op##_AL_Ib] = {L_ALU_E_I, n}, [INSN_##op##_rAX_Iz] = {L_ALU_E_I, n},\
    [INSN_##op##_Eb_Ib] = {L_ALU_E_I, n}, [INSN_##op##_Ev_Iz] = {L_ALU_E_I, n},\
    [INSN_##op##_Ev_sIb] = {L_ALU_E_I, n}

#define SHIFT(op, id, n)                                                       \
    [INSN_##op##_Eb_Ib##id] = {L_SHIFT_I, n},                                  \
    [INSN_##op##_Ev_Ib##id] = {L_SHIFT_I, n},                                  \
    [INSN_##op##_Eb_1##id] = {L_SHIFT_I, n},                                   \
    [INSN_##op##_Ev_1##id] = {L_SHIFT_I, n},                                   \
    [INSN_##op##_Eb_CL##id] = {L_SHIFT_CL, n},                                 \
    [INSN_##op##_Ev_CL##id] = {L_SHIFT_CL, n}

#define CONDITION(cc, n)                                                       \
    [INSN_j##cc##_Jb] = {L_JCC, n}, [INSN_j##cc##_Jz] = {L_JCC, n},            \
    [INSN_set##cc] = {L_SETCC, n}, [INSN_cmov##cc] = {L_CMOV, n}

#define X87_M(class, op, digit, size) {class, (op) << 8 | (digit) << 4 | (size)}
#define X87_ARITH(id, digit, sti_digit)                                        \
    [INSN_##id##_m32] = X87_M(L_X87_LOAD, 0xd8, digit, 4),                     \
    [INSN_##id##_m64] = X87_M(L_X87_LOAD, 0xdc, digit, 8),                     \
    [INSN_##id##_i32] = X87_M(L_X87_LOAD, 0xda, digit, 4),                     \
    [INSN_##id##_i16] = X87_M(L_X87_LOAD, 0xde, digit, 2),                     \
    [INSN_##id##_st0] = {L_X87_REG, 0xd8c0 | (digit) << 3},                    \
    [INSN_##id##_sti] = {L_X87_REG, 0xdcc0 | (sti_digit) << 3},                \
    [INSN_##id##p] = {L_X87_REG, 0xdec0 | (sti_digit) << 3}
#define X87_COMPARE(id, digit)                                                 \
    [INSN_##id##_m32] = X87_M(L_X87_LOAD, 0xd8, digit, 4),                     \
    [INSN_##id##_m64] = X87_M(L_X87_LOAD, 0xdc, digit, 8),                     \
    [INSN_##id##_i32] = X87_M(L_X87_LOAD, 0xda, digit, 4),                     \
    [INSN_##id##_i16] = X87_M(L_X87_LOAD, 0xde, digit, 2),                     \
    [INSN_##id##_sti] = {L_X87_REG, 0xd8c0 | (digit) << 3}

const struct lower_row x64_lower_rows[INSN_COUNT] = {
    ALU(add, 0), ALU(or, 1), ALU(adc, 2), ALU(sbb, 3),
    ALU(and, 4), ALU(sub, 5), ALU(xor, 6), ALU(cmp, 7),
    [INSN_test_Eb_Gb] = {L_TEST_E_G, 0}, [INSN_test_Ev_Gv] = {L_TEST_E_G, 0},
    [INSN_test_AL_Ib] = {L_TEST_E_I, 0}, [INSN_test_rAX_Iz] = {L_TEST_E_I, 0},
    [INSN_test_Eb_Ib] = {L_TEST_E_I, 0}, [INSN_test_Ev_Iz] = {L_TEST_E_I, 0},
    [INSN_not_Eb] = {L_UNARY, 2}, [INSN_not_Ev] = {L_UNARY, 2},
    [INSN_neg_Eb] = {L_UNARY, 3}, [INSN_neg_Ev] = {L_UNARY, 3},
    [INSN_inc_Eb] = {L_INC_DEC, 0}, [INSN_inc_Ev] = {L_INC_DEC, 0},
    [INSN_inc_Zv] = {L_INC_DEC, 0},
    [INSN_dec_Eb] = {L_INC_DEC, 1}, [INSN_dec_Ev] = {L_INC_DEC, 1},
    [INSN_dec_Zv] = {L_INC_DEC, 1},
    SHIFT(rol, , 0), SHIFT(ror, , 1), SHIFT(rcl, , 2), SHIFT(rcr, , 3),
    SHIFT(shl, , 4), SHIFT(shr, , 5), SHIFT(shl, _6, 4), SHIFT(sar, , 7),
    [INSN_shld_Ev_Gv_Ib] = {L_DOUBLE_I, 0xa4},
    [INSN_shld_Ev_Gv_CL] = {L_DOUBLE_CL, 0xa5},
    [INSN_shrd_Ev_Gv_Ib] = {L_DOUBLE_I, 0xac},
    [INSN_shrd_Ev_Gv_CL] = {L_DOUBLE_CL, 0xad},
    [INSN_imul_Gv_Ev] = {L_IMUL, 0},
    [INSN_imul_Gv_Ev_Iz] = {L_IMUL_I, 0}, [INSN_imul_Gv_Ev_sIb] = {L_IMUL_I, 0},
    [INSN_mul_Eb] = {L_MUL, 4}, [INSN_mul_Ev] = {L_MUL, 4},
    [INSN_imul_Eb] = {L_MUL, 5}, [INSN_imul_Ev] = {L_MUL, 5},
    [INSN_div_Ev] = {L_DIV, 6}, [INSN_idiv_Ev] = {L_DIV, 7},
    [INSN_mov_Eb_Gb] = {L_MOV_E_G, 0}, [INSN_mov_Ev_Gv] = {L_MOV_E_G, 0},
    [INSN_movnti] = {L_MOV_E_G, 0},
    [INSN_mov_Gb_Eb] = {L_MOV_G_E, 0}, [INSN_mov_Gv_Ev] = {L_MOV_G_E, 0},
    [INSN_mov_Eb_Ib] = {L_MOV_E_I, 0}, [INSN_mov_Ev_Iz] = {L_MOV_E_I, 0},
    [INSN_mov_Zb_Ib] = {L_MOV_E_I, 0}, [INSN_mov_Zv_Iv] = {L_MOV_E_I, 0},
    [INSN_mov_AL_Ob] = {L_MOV_A_O, 0}, [INSN_mov_rAX_Ov] = {L_MOV_A_O, 0},
    [INSN_mov_Ob_AL] = {L_MOV_O_A, 0}, [INSN_mov_Ov_rAX] = {L_MOV_O_A, 0},
    [INSN_movzx_Gv_Eb] = {L_EXTEND_B, 0xb6},
    [INSN_movzx_Gv_Ew] = {L_EXTEND_W, 0xb7},
    [INSN_movsx_Gv_Eb] = {L_EXTEND_B, 0xbe},
    [INSN_movsx_Gv_Ew] = {L_EXTEND_W, 0xbf},
    [INSN_movsxd_Gv_Ed] = {L_MOVSXD, 0},
    [INSN_lea_Gv_M] = {L_LEA, 0},
    [INSN_nop] = {L_NOP, 0},
    [INSN_xchg_Zv_rAX] = {L_XCHG_A, 0},
    [INSN_xchg_Eb_Gb] = {L_XCHG, 0}, [INSN_xchg_Ev_Gv] = {L_XCHG, 0},
    [INSN_cmpxchg_Eb_Gb] = {L_CMPXCHG, 0xb0},
    [INSN_cmpxchg_Ev_Gv] = {L_CMPXCHG, 0xb1},
    [INSN_xadd_Eb_Gb] = {L_XADD, 0xc0}, [INSN_xadd_Ev_Gv] = {L_XADD, 0xc1},
    [INSN_bt_Ev_Gv] = {L_BT_G, 0xa3}, [INSN_bts_Ev_Gv] = {L_BT_G, 0xab},
    [INSN_btr_Ev_Gv] = {L_BT_G, 0xb3}, [INSN_btc_Ev_Gv] = {L_BT_G, 0xbb},
    [INSN_bt_Ev_Ib] = {L_BT_I, 4}, [INSN_bts_Ev_Ib] = {L_BT_I, 5},
    [INSN_btr_Ev_Ib] = {L_BT_I, 6}, [INSN_btc_Ev_Ib] = {L_BT_I, 7},
    [INSN_bsf_Gv_Ev] = {L_SCAN, 0xbc}, [INSN_bsr_Gv_Ev] = {L_SCAN, 0xbd},
    [INSN_popcnt_Gv_Ev] = {L_COUNT, 0xb8},
    [INSN_bswap] = {L_BSWAP, 0},
    CONDITION(o, 0), CONDITION(no, 1), CONDITION(b, 2), CONDITION(ae, 3),
    CONDITION(e, 4), CONDITION(ne, 5), CONDITION(be, 6), CONDITION(a, 7),
    CONDITION(s, 8), CONDITION(ns, 9), CONDITION(p, 10), CONDITION(np, 11),
    CONDITION(l, 12), CONDITION(ge, 13), CONDITION(le, 14), CONDITION(g, 15),
    [INSN_cmc] = {L_FLAG, 0xf5}, [INSN_clc] = {L_FLAG, 0xf8},
    [INSN_stc] = {L_FLAG, 0xf9},
    [INSN_cbw] = {L_CBW, 0}, [INSN_cwd] = {L_CWD, 0},
    [INSN_push_Zv] = {L_PUSH_R, 0}, [INSN_push_Ev] = {L_PUSH_E, 0},
    [INSN_push_Iz] = {L_PUSH_I, 0}, [INSN_push_sIb] = {L_PUSH_I, 0},
    [INSN_pop_Zv] = {L_POP_R, 0},
    [INSN_leave] = {L_LEAVE, 0},
    [INSN_jmp_Jb] = {L_JMP, 0}, [INSN_jmp_Jz] = {L_JMP, 0},
    [INSN_call_Jz] = {L_CALL, 0},
    [INSN_jmp_Ev] = {L_JMP_E, 0}, [INSN_call_Ev] = {L_CALL_E, 0},
    [INSN_ret] = {L_RET, 0}, [INSN_ret_Iw] = {L_RET_I, 0},
    X87_ARITH(fadd, 0, 0), X87_ARITH(fmul, 1, 1),
    X87_ARITH(fsub, 4, 5), X87_ARITH(fsubr, 5, 4),
    X87_ARITH(fdiv, 6, 7), X87_ARITH(fdivr, 7, 6),
    X87_COMPARE(fcom, 2), X87_COMPARE(fcomp, 3),
    [INSN_fcom2] = {L_X87_REG, 0xd8d0}, [INSN_fcomp3] = {L_X87_REG, 0xd8d8},
    [INSN_fcomp5] = {L_X87_REG, 0xd8d8},
    [INSN_fucom] = {L_X87_REG, 0xdde0}, [INSN_fucomp] = {L_X87_REG, 0xdde8},
    [INSN_fcompp] = {L_X87_REG, 0xded8}, [INSN_fucompp] = {L_X87_REG, 0xdae8},
    [INSN_fcomi] = {L_X87_COMI, 0xdbf0}, [INSN_fcomip] = {L_X87_COMI, 0xdff0},
    [INSN_fucomi] = {L_X87_COMI, 0xdbe8}, [INSN_fucomip] = {L_X87_COMI, 0xdfe8},
    [INSN_ftst] = {L_X87_REG, 0xd9e0}, [INSN_fxam] = {L_X87_REG, 0xd9e0},
    [INSN_fld_m32] = X87_M(L_X87_LOAD, 0xd9, 0, 4),
    [INSN_fld_m64] = X87_M(L_X87_LOAD, 0xdd, 0, 8),
    [INSN_fld_m80] = X87_M(L_X87_LOAD, 0xdb, 5, 10),
    [INSN_fild_m16] = X87_M(L_X87_LOAD, 0xdf, 0, 2),
    [INSN_fild_m32] = X87_M(L_X87_LOAD, 0xdb, 0, 4),
    [INSN_fild_m64] = X87_M(L_X87_LOAD, 0xdf, 5, 8),
    [INSN_fld_sti] = {L_X87_REG, 0xd9c0},
    [INSN_fld1] = {L_X87_REG, 0xd9e8}, [INSN_fldl2t] = {L_X87_REG, 0xd9e8},
    [INSN_fldl2e] = {L_X87_REG, 0xd9e8}, [INSN_fldpi] = {L_X87_REG, 0xd9e8},
    [INSN_fldlg2] = {L_X87_REG, 0xd9e8}, [INSN_fldln2] = {L_X87_REG, 0xd9e8},
    [INSN_fldz] = {L_X87_REG, 0xd9e8},
    [INSN_fst_m32] = X87_M(L_X87_STORE, 0xd9, 2, 4),
    [INSN_fstp_m32] = X87_M(L_X87_STORE, 0xd9, 3, 4),
    [INSN_fst_m64] = X87_M(L_X87_STORE, 0xdd, 2, 8),
    [INSN_fstp_m64] = X87_M(L_X87_STORE, 0xdd, 3, 8),
    [INSN_fstp_m80] = X87_M(L_X87_STORE, 0xdb, 7, 10),
    [INSN_fist_m16] = X87_M(L_X87_STORE, 0xdf, 2, 2),
    [INSN_fistp_m16] = X87_M(L_X87_STORE, 0xdf, 3, 2),
    [INSN_fist_m32] = X87_M(L_X87_STORE, 0xdb, 2, 4),
    [INSN_fistp_m32] = X87_M(L_X87_STORE, 0xdb, 3, 4),
    [INSN_fistp_m64] = X87_M(L_X87_STORE, 0xdf, 7, 8),
    [INSN_fisttp_m16] = X87_M(L_X87_STORE, 0xdf, 1, 2),
    [INSN_fisttp_m32] = X87_M(L_X87_STORE, 0xdb, 1, 4),
    [INSN_fisttp_m64] = X87_M(L_X87_STORE, 0xdd, 1, 8),
    [INSN_fst_sti] = {L_X87_REG, 0xddd0}, [INSN_fstp_sti] = {L_X87_REG, 0xddd8},
    [INSN_fxch] = {L_X87_REG, 0xd9c8},
    [INSN_fcmovb] = {L_X87_CMOV, 0xdac0}, [INSN_fcmovnb] = {L_X87_CMOV, 0xdbc0},
    [INSN_fcmove] = {L_X87_CMOV, 0xdac8}, [INSN_fcmovne] = {L_X87_CMOV, 0xdbc8},
    [INSN_fcmovbe] = {L_X87_CMOV, 0xdad0},
    [INSN_fcmovnbe] = {L_X87_CMOV, 0xdbd0},
    [INSN_fcmovu] = {L_X87_CMOV, 0xdad8}, [INSN_fcmovnu] = {L_X87_CMOV, 0xdbd8},
    [INSN_fchs] = {L_X87_REG, 0xd9e0}, [INSN_fabs] = {L_X87_REG, 0xd9e0},
    [INSN_ffree] = {L_X87_REG, 0xddc0}, [INSN_fdecstp] = {L_X87_REG, 0xd9f0},
    [INSN_fincstp] = {L_X87_REG, 0xd9f0}, [INSN_fnop] = {L_X87_REG, 0xd9d0},
    [INSN_fxtract] = {L_X87_REG, 0xd9f0}, [INSN_fprem1] = {L_X87_REG, 0xd9f0},
    [INSN_fprem] = {L_X87_REG, 0xd9f8}, [INSN_fsqrt] = {L_X87_REG, 0xd9f8},
    [INSN_frndint] = {L_X87_REG, 0xd9f8}, [INSN_fscale] = {L_X87_REG, 0xd9f8},
    [INSN_fldcw] = X87_M(L_X87_LDCW, 0xd9, 5, 2),
    [INSN_fnstcw] = X87_M(L_X87_STCW, 0xd9, 7, 2),
    [INSN_fnstsw_m] = X87_M(L_X87_STCW, 0xdd, 7, 2),
    [INSN_fnstsw_ax] = {L_X87_STSW_AX, 0}, [INSN_fwait] = {L_X87_WAIT, 0},
};
/* clang-format on */
