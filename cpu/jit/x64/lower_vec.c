/* lower_vec.c - SSE, AVX, FMA and their like: guest vector registers are host
 * vector registers, instructions are themselves.
 *
 * While cpu->hot.vector says so (enum jit_vector), all guest XMM or YMM
 * registers and MXCSR are in the host's; they are loaded when a block first
 * needs them and stored by every call to C (translate.c), so that they stay
 * across blocks. An instruction is made anew from its row of the instruction
 * table: map, opcode and prefix from the encoding, registers and the size of
 * memory operands from the operands' letters. MXCSR masks all exceptions
 * (vector.c), therefore nothing can fault but memory operands, which are
 * checked first.
 *
 * Left to T0: MMX; approximations (RCP, RSQRT), which are each processor's
 * own; MASKMOVDQU, gathers, string comparisons with lengths; MXCSR and state
 * as memory operands. SDM volume 2. */
#include <cpuid.h>

#include "cpu/jit/vector.h"
#include "cpu/jit/x64/translate.h"

/* ---- what the host has */

enum cpuid_register { AX, BX, CX, DX };

static const struct {
    uint32_t leaf;
    uint8_t reg, bit;
    uint8_t feature;
    bool avx; /* wants the AVX state enabled */
} extensions[] = {
    {1, DX, 25, F_SSE, false},       {1, DX, 26, F_SSE2, false},
    {1, CX, 0, F_SSE3, false},       {1, CX, 1, F_PCLMUL, false},
    {1, CX, 9, F_SSSE3, false},      {1, CX, 12, F_FMA, true},
    {1, CX, 19, F_SSE41, false},     {1, CX, 20, F_SSE42, false},
    {1, CX, 22, F_MOVBE, false},     {1, CX, 25, F_AES, false},
    {1, CX, 28, F_AVX, true},        {1, CX, 29, F_F16C, true},
    {7, BX, 3, F_BMI1, false},       {7, BX, 5, F_AVX2, true},
    {7, BX, 8, F_BMI2, false},       {7, BX, 29, F_SHA, false},
    {7, CX, 8, F_GFNI, false},       {7, CX, 9, F_VAES, true},
    {7, CX, 10, F_VPCLMULQDQ, true}, {0x80000001, CX, 5, F_LZCNT, false},
};

/* By CPUID: compilers' names for them differ. */
void x64_vec_features(struct x64 *x)
{
    bool avx = __builtin_cpu_supports("avx");

    for (unsigned n = 0; n < sizeof extensions / sizeof *extensions; n++) {
        uint32_t r[4] = {0};
        if (__get_cpuid_count(extensions[n].leaf, 0, &r[AX], &r[BX], &r[CX],
                              &r[DX]))
            x->has[extensions[n].feature] =
                (r[extensions[n].reg] >> extensions[n].bit & 1) &&
                (avx || !extensions[n].avx);
    }
}

/* ---- residency */

static struct host_mem vec_home(unsigned n)
{
    return at(H_CPU,
              (int64_t)(offsetof(struct cpu, vec) + sizeof(union vec) * n) -
                  (int64_t)CPU_BIAS);
}

enum { LOAD = 0x10, STORE = 0x11 }; /* MOVUPS, VMOVUPS */

static void move_all(struct code *c, unsigned op, bool ymm)
{
    for (unsigned n = 0; n < 16; n++)
        if (ymm)
            vex_rm(c, X_0F | op, true, false, n, 0, vec_home(n));
        else
            op_rm(c, X_0F | op, 4, n, vec_home(n));
}

void x64_vector_load(struct code *c, const struct x64 *x)
{
    uint8_t *none, *xmm, *loaded = NULL;

    mov_store(c, 1, CPU_AT(hot.vector), H_AX);
    alu_ri(c, 7, 1, H_AX, JIT_VECTOR_XMM); /* CMP */
    none = jcc(c, CC_B);
    if (x->has[F_AVX]) {
        xmm = jcc(c, CC_E);
        move_all(c, LOAD, true);
        loaded = jmp(c);
        jump_here(c, xmm);
    }
    move_all(c, LOAD, false);
    if (loaded)
        jump_here(c, loaded);
    op_rm(c, X_0F | 0xae, 4, 2, CPU_AT(mxcsr)); /* LDMXCSR */
    jump_here(c, none);
}

/* CALLed with general registers stored: RCX is free, RAX and R11 are not. C
 * expects MXCSR as it is by default, but for the sticky flags. */
void x64_vector_store(struct code *c, const struct x64 *x)
{
    enum { DEFAULT_MXCSR = 0x1f80, STICKY = 0x3f };
    uint8_t *xmm, *stored = NULL, *same;

    op_rm(c, X_0F | 0xae, 4, 3, CPU_AT(mxcsr)); /* STMXCSR */
    if (x->has[F_AVX]) {
        alu_mi(c, 7, 1, CPU_AT(hot.vector), JIT_VECTOR_XMM); /* CMP */
        xmm = jcc(c, CC_E);
        move_all(c, STORE, true);
        put8(c, 0xc5), put8(c, 0xf8), put8(c, 0x77); /* VZEROUPPER */
        stored = jmp(c);
        jump_here(c, xmm);
    }
    move_all(c, STORE, false);
    if (stored)
        jump_here(c, stored);
    op_rm(c, 0xc6, 4, 0, CPU_AT(hot.vector)); /* MOV */
    put8(c, JIT_VECTOR_NONE);
    mov_load(c, 4, H_CX, CPU_AT(mxcsr));
    alu_ri(c, 4, 4, H_CX, (uint32_t)~STICKY); /* AND */
    alu_ri(c, 7, 4, H_CX, DEFAULT_MXCSR);     /* CMP */
    same = jcc(c, CC_E);
    put8(c, 0x68), put32(c, DEFAULT_MXCSR); /* PUSH */
    op_rm(c, X_0F | 0xae, 4, 2, at(H_SP, 0));
    put8(c, 0x59); /* POP RCX */
    jump_here(c, same);
    put8(c, 0xc3);
}

/* The current instruction works on vector registers. */
static void need_vector(struct tr *t, unsigned need)
{
    struct stub *s;

    if (t->vector >= need)
        return;
    x64_flags_clobber(t);
    alu_mi(&t->c, 7, 1, CPU_AT(hot.vector), need); /* CMP */
    s = x64_stub(t, STUB_VECTOR, jcc(&t->c, CC_B));
    s->need = (uint8_t)need;
    s->ready = exec_address(&t->c, t->c.p);
    t->vector = (uint8_t)need;
}

/* ---- operands */

enum kind { K_NONE, K_VECTOR, K_WIDE, K_REG, K_RM, K_IMM, K_OTHER };

/* Of an operand: a vector register, one as wide as VEX.L says, or general
 * registers in ModRM; `bytes` in memory. */
struct shape {
    uint8_t kind, bytes;
};

static struct shape shape_of(unsigned operand)
{
    static const struct shape shapes[O_COUNT] = {
        [O_Vx] = {K_WIDE, 0},     [O_Vq] = {K_VECTOR, 0},
        [O_Vd] = {K_VECTOR, 0},   [O_Vdq] = {K_VECTOR, 0},
        [O_Vqq] = {K_VECTOR, 0},  [O_Wx] = {K_WIDE, 16},
        [O_Wq] = {K_VECTOR, 8},   [O_Wd] = {K_VECTOR, 4},
        [O_Ww] = {K_VECTOR, 2},   [O_Wb] = {K_VECTOR, 1},
        [O_Wdq] = {K_VECTOR, 16}, [O_Wqq] = {K_VECTOR, 32},
        [O_Ux] = {K_WIDE, 0},     [O_Uq] = {K_VECTOR, 0},
        [O_Ud] = {K_VECTOR, 0},   [O_Udq] = {K_VECTOR, 0},
        [O_Uqq] = {K_VECTOR, 0},  [O_Hx] = {K_WIDE, 0},
        [O_Hq] = {K_VECTOR, 0},   [O_Hd] = {K_VECTOR, 0},
        [O_Hdq] = {K_VECTOR, 0},  [O_Hqq] = {K_VECTOR, 0},
        [O_XMM0] = {K_VECTOR, 0}, [O_Mx] = {K_WIDE, 16},
        [O_Mq] = {K_VECTOR, 8},   [O_Md] = {K_VECTOR, 4},
        [O_Mdq] = {K_VECTOR, 16}, [O_Mqq] = {K_VECTOR, 32},
        [O_Gd] = {K_REG, 0},      [O_Gq] = {K_REG, 0},
        [O_Ed] = {K_RM, 4},       [O_Eq] = {K_RM, 8},
        [O_Ib] = {K_IMM, 0},
    };
    struct shape s = shapes[operand];
    if (s.kind == K_NONE && operand != O_none)
        s.kind = K_OTHER;
    return s;
}

static bool is_source(unsigned operand)
{
    return operand == O_Hx || operand == O_Hq || operand == O_Hd ||
           operand == O_Hdq || operand == O_Hqq;
}

/* All about an instruction that its code needs. */
struct vec_insn {
    unsigned op;     /* as in asm.h */
    unsigned digit;  /* of ModRM.reg, or 8 */
    unsigned source; /* VEX.vvvv, 0 when there is none */
    unsigned bytes;  /* of the memory operand */
    unsigned align;  /* that it needs, 0 = none */
    bool vex, wide, w, imm, is4;
    bool general_reg, general_rm; /* ModRM.reg, .rm are general registers */
    bool writes_rm;               /* the first operand is ModRM.rm */
};

/* VEX forms that need an aligned operand: MOVAPS, MOVDQA, MOVNT. */
static bool vex_aligned(const struct vec_insn *v)
{
    switch (v->op) {
    case X_0F | 0x28:
    case X_0F | 0x29:
    case X_0F | 0x2b:
    case X_66 | X_0F | 0x28:
    case X_66 | X_0F | 0x29:
    case X_66 | X_0F | 0x2b:
    case X_66 | X_0F | 0x6f:
    case X_66 | X_0F | 0x7f:
    case X_66 | X_0F | 0xe7:
    case X_66 | X_38 | 0x2a:
        return true;
    default:
        return false;
    }
}

/* PINSRB and PEXTRB, PINSRW and PEXTRW: less than their operand's letter. */
static unsigned memory_bytes(const struct vec_insn *v, unsigned bytes)
{
    switch (v->op) {
    case X_66 | X_3A | 0x14:
    case X_66 | X_3A | 0x20:
        return 1;
    case X_66 | X_3A | 0x15:
    case X_66 | X_0F | 0xc4:
        return 2;
    default:
        return bytes;
    }
}

static struct vec_insn describe(const struct insn *i)
{
    const struct insn_row *row = &insn_rows[i->op];
    uint64_t e = row->encoding;
    struct vec_insn v = {
        .op = ENC_MAP(e) << 8 | ENC_OPCODE(e) | (e & PFX_66 ? X_66 : 0u) |
              (e & PFX_F3 ? X_F3 : 0u) | (e & PFX_F2 ? X_F2 : 0u),
        .digit = e & DIGIT(0) ? (unsigned)(e >> 12) & 7 : 8,
        .vex = e & ENC_VEX,
        .w = e & REXW1,
        .is4 = e & VEX_IS4,
        .imm = e & (VEX_IB | VEX_IS4),
        .wide = e & VEX_L1,
    };
    bool x = false;

    for (unsigned n = 0; n < 3; n++) {
        struct shape s = shape_of(row->operand[n]);
        x = x || s.kind == K_WIDE;
        v.imm = v.imm || s.kind == K_IMM;
        v.general_reg = v.general_reg || s.kind == K_REG;
        v.general_rm = v.general_rm || s.kind == K_RM;
        if (is_source(row->operand[n]))
            v.source = insn_vvvv(i);
        if (s.bytes)
            v.bytes = s.bytes;
        if (s.bytes && n == 0)
            v.writes_rm = true;
    }
    if (v.vex && x && !(e & (VEX_L0 | VEX_L1)))
        v.wide = i->flags & IF_VEXL;
    for (unsigned n = 0; n < 3 && v.vex && v.wide; n++)
        if (row->operand[n] == O_Wx || row->operand[n] == O_Mx)
            v.bytes = 32;
    v.bytes = memory_bytes(&v, v.bytes);
    if (v.vex ? vex_aligned(&v) : (row->attr & A_ALIGN16) && v.bytes == 16)
        v.align = v.bytes;
    return v;
}

unsigned x64_vec_bytes(const struct insn *i)
{
    return describe(i).bytes;
}

bool x64_vec_stores(const struct insn *i)
{
    return describe(i).writes_rm;
}

/* ---- which are translated */

/* Not by their operands: what T0 does. */
static bool left_to_t0(const struct tr *t, unsigned op)
{
    switch (op) {
    case INSN_vzeroupper: /* outside 64-bit code: half of the registers */
    case INSN_vzeroall:
        return !t->code64;
    case INSN_maskmovdqu:
    case INSN_vmaskmovdqu:
    case INSN_ldmxcsr:
    case INSN_stmxcsr:
    case INSN_vldmxcsr:
    case INSN_vstmxcsr:
    case INSN_sse_pcmpestrm:
    case INSN_sse_pcmpestri:
    case INSN_vpcmpestrm:
    case INSN_vpcmpestri:
        return true;
    default:
        return false;
    }
}

bool x64_vec_ok(const struct tr *t, const struct insn *i)
{
    const struct insn_row *row = &insn_rows[i->op];
    bool clears = i->op == INSN_vzeroupper || i->op == INSN_vzeroall;
    bool vector = clears;

    if (!(row->attr & A_SIMD) || (row->attr & A_NOTEST) ||
        !t->x->has[row->feature] || left_to_t0(t, i->op))
        return false;
    if ((row->encoding & ENC_VEX) && !t->x->has[F_AVX])
        return false;
    for (unsigned n = 0; n < 3; n++) {
        unsigned kind = shape_of(row->operand[n]).kind;
        if (kind == K_OTHER)
            return false;
        vector = vector || kind == K_VECTOR || kind == K_WIDE;
    }
    return vector && (!(i->flags & IF_MEM) || x64_memory_ok(t));
}

uint32_t x64_vec_writes(const struct insn *i)
{
    const struct insn_row *row = &insn_rows[i->op];
    unsigned kind = shape_of(row->operand[0]).kind;

    if (i->op == INSN_sse_pcmpistri || i->op == INSN_vpcmpistri)
        return 1u << RCX;
    if (kind == K_REG)
        return 1u << i->reg;
    return kind == K_RM && !(i->flags & IF_MEM) ? 1u << i->rm : 0;
}

/* ---- making one */

static void put(struct tr *t, const struct vec_insn *v, unsigned reg,
                unsigned rm)
{
    struct code *c = &t->c;
    unsigned size = v->w ? 8 : 4;

    if (t->i->flags & IF_MEM) {
        if (v->vex)
            vex_rm(c, v->op, v->wide, v->w, reg, v->source, x64_here(t));
        else
            op_rm(c, v->op, size, reg, x64_here(t));
    } else if (v->vex) {
        vex_rr(c, v->op, v->wide, v->w, reg, v->source, rm);
    } else {
        op_rr(c, v->op, size, reg, rm);
    }
    if (!v->imm)
        return;
    /* Outside 64-bit code bit 7 of a register there does not count. */
    put8(c, (unsigned)t->i->imm & (!v->is4 ? 0xff : t->code64 ? 0xf0 : 0x70));
}

void x64_lower_vec(struct tr *t)
{
    const struct insn *i = t->i;
    struct vec_insn v = describe(i);
    unsigned reg = v.digit < 8 ? v.digit : i->reg, rm = i->rm;
    uint32_t written = x64_vec_writes(i);

    need_vector(t, v.vex ? JIT_VECTOR_YMM : JIT_VECTOR_XMM);
    if (i->op == INSN_vzeroupper || i->op == INSN_vzeroall) {
        put8(&t->c, 0xc5), put8(&t->c, 0xf8 | (unsigned)v.wide << 2);
        put8(&t->c, 0x77);
        return;
    }
    if (i->flags & IF_MEM) {
        if (v.align)
            x64_flags_clobber(t);
        x64_memory(t, v.writes_rm ? MMU_WRITE : MMU_READ, v.bytes);
        if (v.align) {
            if (t->disp || t->base != H_TMP || t->index != H_NONE)
                lea(&t->c, 8, H_TMP, x64_here(t));
            t->base = H_TMP;
            t->index = H_NONE;
            t->disp = 0;
            put8(&t->c, 0xa8), put8(&t->c, v.align - 1); /* TEST AL, ... */
            x64_slow(t, jcc(&t->c, CC_NE));
        }
    } else if (v.general_rm) {
        rm = written ? x64_dest(t, rm, 4, H_TMP2) : x64_use(t, rm, H_TMP2);
    }
    if (v.general_reg)
        reg = x64_dest(t, reg, 4, H_TMP2);
    put(t, &v, reg, rm);
    if (v.general_reg)
        x64_done(t, i->reg, reg);
    else if (v.general_rm && written)
        x64_done(t, i->rm, rm);
    if (insn_rows[i->op].flags_written)
        x64_flags_made(t, RECIPE_NONE, FIX_NONE);
}
