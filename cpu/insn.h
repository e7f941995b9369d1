/* insn.h - types of the instruction table and of one decoded instruction.
 *
 * insn.def has one row per instruction form:
 *
 *   INSN(id, "mnemonic", ENCODING, operand1, operand2, operand3, VARIANT,
 *        flags read, flags written, flags undefined, ATTRIBUTES, FEATURE)
 *
 * Rows of one opcode are tried in order; the first whose conditions hold is
 * taken, none: #UD. Operands are the manual's letters (SDM volume 2,
 * appendix A.2). Rows expand into the decoder's tables, exec_ declarations
 * and tables, text, and test cases. */
#ifndef UMBRA_CPU_INSN_H
#define UMBRA_CPU_INSN_H

#include "devices/core/base.h"

struct cpu;
struct insn;

/* A handler executes one instruction and returns what runs next (exec.h). */
typedef const struct insn *exec_fn(struct cpu *cpu, const struct insn *i);

/* ---- ENCODING: an opcode in a map, and conditions, or-ed together. */
#define OP(b)         (0x000ull | (b)) /* one-byte opcode */
#define OP0F(b)       (0x100ull | (b)) /* 0F b */
#define OP38(b)       (0x200ull | (b)) /* 0F 38 b */
#define OP3A(b)       (0x300ull | (b)) /* 0F 3A b */
#define ENC_OPCODE(e) ((unsigned)(e)&0xff)
#define ENC_MAP(e)    ((unsigned)((e) >> 8) & 3)
#define PLUS_R        (1ull << 10) /* opcode + register: fills 8 opcodes */
#define DIGIT(n)      (1ull << 11 | (uint64_t)(n) << 12) /* ModRM.reg = n */
#define RMIS(n)       (1ull << 15 | (uint64_t)(n) << 16) /* ModRM.rm = n */
#define MOD_M         (1ull << 19)                       /* memory form only */
#define MOD_R         (1ull << 20) /* register form only */
#define PFX_NONE      (1ull << 21) /* no 66, F3, F2 */
#define PFX_66        (1ull << 22) /* 66 and neither F3 nor F2 */
#define PFX_F3        (1ull << 23) /* F3, whatever 66 says */
#define PFX_F2        (1ull << 24)
#define ONLY64        (1ull << 25) /* 64-bit code only */
#define NOT64         (1ull << 26) /* #UD in 64-bit code */
#define REXW0         (1ull << 27)
#define REXW1         (1ull << 28)
#define MODRM         (1ull << 29) /* has ModRM although no operand says so */
#define ENC_VEX       (1ull << 30) /* VEX-encoded row; without: legacy */
#define VEX_L0        (1ull << 31)
#define VEX_L1        (1ull << 32)
#define OSIZE16       (1ull << 33) /* operand size 16 / 32 / 64 only */
#define OSIZE32       (1ull << 34)
#define OSIZE64       (1ull << 35)
#define REXB0         (1ull << 36) /* no REX.B: 90h is NOP, 41 90 is XCHG */
/* ENC_VEX rows name map, prefix, L and W (as REXW0, REXW1) in the same bits;
 * their operand size is 64 with W in 64-bit code, otherwise 32. What needs a
 * fourth operand has it here. */
#define VEX_IB  (1ull << 37) /* an immediate byte */
#define VEX_IS4 (1ull << 38) /* a register Lx in bits 7:4 of such a byte */

/* ---- operands. First letter: where (E ModRM register or memory, G ModRM
 * register, I immediate, J relative branch, M memory only, O offset without
 * ModRM, R ModRM register only, S segment register, C/D control and debug
 * register, X DS:rSI, Y ES:rDI, Z register in the opcode, P/Q MMX, V/W XMM,
 * N/U MMX/XMM ModRM register only); then how wide (b w d q, v = operand
 * size, y = 32 or 64, z = 16 or 32, p far pointer, x = 16 bytes, or 32 with
 * VEX.L = 1...). H and B are the vector and general register in VEX.vvvv, VM
 * is memory with a vector index; in VEX rows dq is 16 and qq 32 bytes where
 * the width does not follow VEX.L. */
/* clang-format off */
#define OPERANDS(X)                                                            \
    X(none) X(Eb) X(Ew) X(Ed) X(Eq) X(Ev) X(Ey) X(Ed_q) X(Gb) X(Gw) X(Gd)      \
    X(Gq) X(Gv) X(Gy) X(Gz) X(Ib) X(sIb) X(Iw) X(Iz) X(Iv) X(Jb) X(Jz) X(Ap)   \
    X(M) X(Mb) X(Mw) X(Md) X(Mq) X(Mp) X(Ms) X(Ma) X(Mx) X(Mv) X(My) X(Mt)     \
    X(Ob) X(Ov) X(Rd) X(Rq) X(Rv) X(Ry) X(Sw) X(Cy) X(Dy) X(Xb) X(Xv) X(Yb)    \
    X(Yv) X(Xz) X(Yz) X(Zb) X(Zv) X(AL) X(CL) X(AX) X(DX) X(rAX) X(One)        \
    X(Three) X(rES) X(rCS) X(rSS) X(rDS) X(rFS) X(rGS) X(Pq) X(Pd) X(Qq)       \
    X(Qd) X(Nq) X(Vx) X(Vq) X(Vd) X(Wx) X(Wq) X(Wd) X(Ww) X(Ux) X(Uq) X(Hx)    \
    X(XMM0) X(ST0) X(STi) X(Hq) X(Hd) X(Hdq) X(Hqq) X(By) X(VMd) X(VMq)        \
    X(Vdq) X(Vqq) X(Wb) X(Wdq) X(Wqq) X(Ud) X(Udq) X(Uqq) X(Mdq) X(Mqq)
/* clang-format on */

enum operand {
#define X(n) O_##n,
    OPERANDS(X)
#undef X
        O_COUNT
};

/* ---- VARIANT: which exec_ functions a row has; rows may share them.
 *   V_1(f)   exec_f                     one for all
 *   V_M(f)   exec_f_r  exec_f_m         by register or memory form
 *   V_W(f)   exec_f_16 _32 _64          by operand size
 *   V_WM(f)  exec_f_16r _16m _32r _32m _64r _64m
 *   V_YM(f)  exec_f_32r _32m _64r _64m  by 32 or 64 bits (16: as 32)
 *   V_R(f)   exec_f_r                   register form only (also V_WR)
 *   V_MF(f), V_WMF(f)  as V_M and V_WM, and each memory form also with
 *            _b _x _l behind its name, for the flat address forms below
 * A row's table is indexed [2 * (operand size 16, 32, 64) + memory]. Rows
 * without ModRM count as register forms: `rm` is then the opcode's register
 * (PLUS_R) or rAX, so that ADD AL,Ib can share exec_add_Eb_Ib_r. */

/* ---- flags, for read / written / undefined masks: EFLAGS' own bits. */
enum {
    FL_C = 0x001,
    FL_P = 0x004,
    FL_A = 0x010,
    FL_Z = 0x040,
    FL_S = 0x080,
    FL_D = 0x400,
    FL_O = 0x800,
    FL_OSZAPC = FL_O | FL_S | FL_Z | FL_A | FL_P | FL_C,
    FL_OSZAP = FL_OSZAPC & ~FL_C,
    FL_OSZPC = FL_OSZAPC & ~FL_A,
    FL_SZAPC = FL_OSZAPC & ~FL_O,
    FL_OAPC = FL_O | FL_A | FL_P | FL_C,
    FL_OC = FL_O | FL_C,
    FL_OSAPC = FL_OSZAPC & ~FL_Z,
    FL_OSAP = FL_O | FL_S | FL_A | FL_P,
};

/* ---- ATTRIBUTES */
enum insn_attr {
    A_NONE = 0,
    A_ENDS = 1 << 0,     /* ends a block: what follows is looked up anew */
    A_LOCK = 1 << 1,     /* LOCK allowed with a memory destination */
    A_D64 = 1 << 2,      /* 64-bit code: operand size is 64 without REX.W,
                            66 still selects 16 */
    A_F64 = 1 << 3,      /* 64-bit code: operand size is always 64 */
    A_PRIV = 1 << 4,     /* CPL 0 only (documentation, tests; exec_ checks) */
    A_FPU = 1 << 5,      /* x87: needs CR0.EM = TS = 0 (exec_ checks) */
    A_SIMD = 1 << 6,     /* MMX or SSE (exec_ checks) */
    A_REP = 1 << 7,      /* F3/F2 repeat it */
    A_BYTE = 1 << 8,     /* operands are bytes; register numbers become byte
                            offsets (cpu.h REG8) */
    A_NOTEST = 1 << 9,   /* the native oracle leaves it out */
    A_ALIGN16 = 1 << 10, /* 16-byte memory operand must be aligned */
    A_BRANCH = 1 << 11,  /* changes RIP relatively */
    A_IO = 1 << 12,      /* port access */
    A_COND = 1 << 13,    /* conditional branch: falls through or jumps */
};

/* ---- FEATURE: what the model must offer for the row to exist. The second
 * half has bits of CPUID and rules (models.c) but no rows. OLD86: what the
 * 8086 did otherwise. */
/* clang-format off */
#define CPU_FEATURES(X)                                                        \
    X(I8086) X(I186) X(I286) X(I386) X(I486) X(PENTIUM) X(CMOV) X(LONG)        \
    X(FPU) X(CX8) X(CX16) X(MMX) X(FXSR) X(SSE) X(SSE2) X(SSE3) X(SSSE3)       \
    X(SSE41) X(SSE42) X(POPCNT) X(LZCNT) X(BMI1) X(BMI2) X(ADX) X(MOVBE)       \
    X(GFNI) X(MOVDIRI) X(MOVDIR64B) X(VAES) X(VPCLMULQDQ)                      \
    X(XSAVEOPT) X(XSAVEC)                                                      \
    X(AES) X(PCLMUL) X(SHA) X(RDRAND) X(RDSEED) X(XSAVE) X(AVX) X(AVX2)        \
    X(FMA) X(F16C) X(SEP) X(SYSCALL) X(RDTSCP) X(MONITOR) X(LAHF64)            \
    X(FSGSBASE) X(INVPCID) X(SMAP) X(CLFLUSH) X(CLFLUSHOPT) X(CLWB) X(RDPID)   \
    X(PREFETCHW) X(MSR) X(TSC) X(NOPL)                                         \
    X(CPUID) X(PKU) X(OLD86)                                                   \
    X(VME) X(DE) X(PSE) X(PAE) X(MCE) X(APIC) X(MTRR) X(PGE) X(MCA) X(PAT)     \
    X(PSE36) X(NX) X(PDPE1GB) X(PCID) X(SMEP) X(UMIP) X(LA57) X(ERMS)          \
    X(X2APIC) X(TSC_DEADLINE) X(INVTSC) X(SPEC_CTRL)
/* clang-format on */

enum cpu_feature {
#define X(n) F_##n,
    CPU_FEATURES(X)
#undef X
        F_COUNT
};

/* ---- address forms that need no segment (MODE_FLAT and neither CS, FS nor
 * GS): 64-bit base + disp; 64-bit with index; 32-bit. */
enum flat_form { FLAT_BASE, FLAT_INDEX, FLAT_32, FLAT_FORMS };

/* ---- one row, expanded */
struct insn_row {
    const char *id, *mnemonic;
    uint64_t encoding;
    uint8_t operand[3]; /* enum operand */
    uint16_t flags_read, flags_written, flags_undefined;
    uint16_t attr; /* enum insn_attr */
    uint8_t feature;
    exec_fn *exec[6];
    exec_fn *flat[3][FLAT_FORMS]; /* by operand size; NULL: use exec */
};

enum insn_id {
#define INSN(id, ...) INSN_##id,
#include "cpu/insn.def"
#undef INSN
    INSN_COUNT
};

extern const struct insn_row insn_rows[INSN_COUNT];

/* ---- one decoded instruction. 32 bytes; blocks are arrays of these. */
enum insn_flags {
    IF_MEM = 1 << 0, /* the ModRM operand is in memory */
    IF_LOCK = 1 << 1,
    IF_REP = 1 << 2,    /* F3 */
    IF_REPNE = 1 << 3,  /* F2 */
    IF_REX = 1 << 4,    /* any REX prefix */
    IF_ADDR32 = 1 << 5, /* address size 32: offsets wrap at 4 GiB ... */
    IF_ADDR16 = 1 << 6, /* ... or 64 KiB */
    IF_OSIZE_SHIFT = 7, /* two bits: 0 = 16, 1 = 32, 2 = 64 */
    IF_OSIZE_MASK = 3 << IF_OSIZE_SHIFT,
    IF_SEGPFX = 1 << 9,  /* a segment prefix was given */
    IF_OPSIZE = 1 << 10, /* prefix 66 was given */
    IF_REXW = 1 << 11,
    IF_VEXL = 1 << 12,
    IF_VEX = 1 << 13,
};

/* `imm` holds the (sign-extended) immediate, branch displacement, moffs
 * address or selector:offset (offset | selector << 32, or, with ENTER,
 * size | level << 16). `base` and `index` are register numbers, REG_ZERO
 * where absent or REG_RIP for RIP-relative operands, whose `disp` counts
 * from the block's start. `reg` = ModRM.reg (or the opcode's register) with
 * REX.R, `rm` = ModRM.rm register with REX.B; in A_BYTE rows both are byte
 * offsets into cpu->reg. `off` = distance from the block's first byte. */
struct insn {
    exec_fn *exec;
    uint64_t imm;
    int32_t disp;
    uint8_t base, index, scale, seg;
    uint8_t reg, rm, len, off;
    uint16_t op;    /* enum insn_id */
    uint16_t flags; /* enum insn_flags */
};

static inline unsigned insn_osize(const struct insn *i)
{
    return 2u << (i->flags >> IF_OSIZE_SHIFT & 3);
}

/* VEX.vvvv: the register H or B. It lies above an immediate byte, the only
 * kind of immediate that VEX rows have. */
enum { INSN_VVVV_SHIFT = 56 };
static inline unsigned insn_vvvv(const struct insn *i)
{
    return (unsigned)(i->imm >> INSN_VVVV_SHIFT);
}

#endif
