/* lower.c - integer instructions that do not end a block.
 *
 * Near-identity translation: the instruction itself, on host registers, with
 * memory operands through the TLB. Exceptions are only possible where T0 can
 * still execute the instruction from its beginning. */
#include "cpu/jit/x64/x87.h"

exec_fn exec_nop;

static unsigned size_of(const struct insn *i)
{
    return insn_rows[i->op].attr & A_BYTE ? 1 : insn_osize(i);
}

static unsigned arg_of(const struct insn *i)
{
    return x64_lower_rows[i->op].arg;
}

static bool is_mem(const struct insn *i)
{
    return i->flags & IF_MEM;
}

/* ---- what is translated */

/* AH, CH, DH, BH as byte operand numbers. */
static bool high(unsigned byte)
{
    return byte & 1;
}

static bool bytes_ok(const struct tr *t, const struct insn *i, unsigned class)
{
    bool reg_high = high(i->reg), rm_high = !is_mem(i) && high(i->rm);
    if (!reg_high && !rm_high)
        return true;
    if (!t->x->has_bmi2)
        return false;
    switch (class) {
    case L_ALU_E_G:
    case L_ALU_G_E:
    case L_TEST_E_G:
    case L_MOV_E_G:
    case L_MOV_G_E:
        return is_mem(i) || i->reg / 8 != i->rm / 8;
    case L_ALU_E_I:
    case L_TEST_E_I:
    case L_MOV_E_I:
    case L_SETCC:
    case L_UNARY:
        return true;
    default:
        return false;
    }
}

static bool shift_ok(const struct insn *i, unsigned class)
{
    unsigned size = size_of(i),
             count = (unsigned)i->imm & (size == 8 ? 63 : 31);
    bool through_carry = arg_of(i) == 2 || arg_of(i) == 3;
    /* the flags depend on CL, which is gone then */
    if (class == L_SHIFT_CL && arg_of(i) >= 4 && !is_mem(i) &&
        i->rm / (size == 1 ? 8 : 1) == RCX)
        return false;
    if (size >= 4)
        return true;
    if (through_carry)
        return false;
    return class == L_SHIFT_CL || count <= size * 8;
}

static bool stack_ok(const struct tr *t, const struct insn *i)
{
    return insn_osize(i) == (t->code64 ? 8 : 4);
}

static bool class_ok(const struct tr *t, const struct insn *i, unsigned class)
{
    unsigned size = size_of(i);
    bool bytes = insn_rows[i->op].attr & A_BYTE;

    if (x64_x87_class(class) && !x64_x87_ok(t, i, class))
        return false;
    if (is_mem(i) && class != L_LEA && class != L_NOP && !x64_memory_ok(t))
        return false;
    if (bytes && class != L_MOV_A_O && class != L_MOV_O_A &&
        !bytes_ok(t, i, class))
        return false;
    switch (class) {
    case L_EXTEND_B:
        return is_mem(i) || !high(i->rm) || t->x->has_bmi2;
    case L_SHIFT_I:
    case L_SHIFT_CL:
        return shift_ok(i, class);
    case L_DOUBLE_I:
    case L_DOUBLE_CL:
        return size != 2 && x64_flags_dead(t);
    case L_CMPXCHG:
        if (is_mem(i))
            return x64_pin[bytes ? i->reg / 8 : i->reg] != H_NONE;
        return !bytes && i->rm != RAX && x64_pin[i->reg] != H_NONE;
    case L_BT_G:
        return !is_mem(i);
    case L_COUNT:
        return t->x->has_popcnt;
    case L_MOVSXD:
    case L_BSWAP:
        return size != 2;
    case L_LEA:
        return !(i->flags & IF_ADDR16) &&
               (i->base != REG_RIP || x64_memory_ok(t));
    case L_MOV_A_O:
    case L_MOV_O_A:
        return x64_memory_ok(t);
    case L_PUSH_R:
    case L_PUSH_E:
    case L_PUSH_I:
    case L_POP_R:
    case L_LEAVE:
    case L_JCC:
    case L_JMP:
    case L_CALL:
    case L_JMP_E:
    case L_CALL_E:
    case L_RET:
    case L_RET_I:
        return stack_ok(t, i);
    default:
        return true;
    }
}

void x64_classify(struct tr *t)
{
    for (unsigned k = t->count; k-- > 0;) {
        const struct insn *i = t->insn[k];
        unsigned class = x64_lower_rows[i->op].class;
        t->k = k;
        t->i = i;
        if (x64_exec(t, k) == exec_nop)
            class = L_NOP;
        if (class && !class_ok(t, i, class))
            class = LOWER_NONE;
        if (!class && x64_vec_ok(t, i))
            class = L_VEC;
        if (!class && x64_bmi_ok(t, i))
            class = L_BMI;
        if (x64_part(t, k)->b->undecodable && k == x64_part(t, k)->last)
            class = LOWER_NONE;
        t->class[k] = (uint8_t) class;
    }
}

/* ---- byte registers. A high one is rotated down around the instruction:
 * RORX changes no flags. */
static void rorx(struct tr *t, unsigned to, unsigned from, unsigned by)
{
    struct code *c = &t->c; /* VEX.LZ.F2.0F3A.W1 F0 /r ib */
    put8(c, 0xc4);
    put8(c, (to < 8 ? 0x80 : 0) | 0x40 | (from < 8 ? 0x20 : 0) | 3);
    put8(c, 0xfb);
    put8(c, 0xf0);
    put8(c, 0xc0 | (to & 7) << 3 | (from & 7));
    put8(c, by);
}

/* A register operand in use: guest number, host register, and whether a high
 * byte was rotated down. */
struct opnd {
    unsigned n, host;
    bool rotated;
};

static struct opnd open_reg(struct tr *t, unsigned n, unsigned size, bool load,
                            unsigned tmp)
{
    struct opnd o = {n, 0, false};
    if (size == 1) {
        o.n = n / 8;
        o.rotated = high(n);
    }
    o.host = load ? x64_use(t, o.n, tmp) : x64_dest(t, o.n, size, tmp);
    if (o.rotated)
        rorx(t, o.host, o.host, 8);
    return o;
}

static void close_reg(struct tr *t, struct opnd o, bool changed)
{
    if (o.rotated)
        rorx(t, o.host, o.host, 56);
    if (changed)
        x64_done(t, o.n, o.host);
}

/* ---- arithmetic */

static enum recipe_kind alu_recipe(const struct tr *t, unsigned digit)
{
    const struct insn *i = t->i;
    bool imm = t->class[t->k] == L_ALU_E_I;
    bool logic = digit == 1 || digit == 4 || digit == 6;
    if (size_of(i) < 4)
        return RECIPE_NONE;
    if (is_mem(i)) /* the other operand is gone, a result may be there */
        return logic && t->class[t->k] == L_ALU_G_E ? RECIPE_LOGIC
                                                    : RECIPE_NONE;
    switch (digit) {
    case 0:
        return imm || i->reg != i->rm ? RECIPE_ADD : RECIPE_NONE;
    case 1:
    case 4:
    case 6:
        return RECIPE_LOGIC;
    case 5:
        return imm || i->reg != i->rm ? RECIPE_SUB : RECIPE_NONE;
    case 7:
        return RECIPE_COMPARE;
    default:
        return RECIPE_NONE;
    }
}

/* The flags in the host's, in order that some of them stay. A fix that would
 * undo the change is done before. */
static void flags_for_change(struct tr *t)
{
    if (t->flags.place == FL_HOST && t->flags.fix > FIX_AF)
        x64_flags_to_memory(t);
    x64_flags_to_host(t);
}

/* The memory operand's address moves from RAX to R11. */
static void free_rax(struct tr *t)
{
    if (t->base != H_TMP)
        return;
    mov_rr(&t->c, 8, H_TMP2, H_TMP);
    t->base = H_TMP2;
}

/* The flags needed before: by ADC and SBB. Loading them takes RAX. */
static void flags_before(struct tr *t, bool reads_flags)
{
    if (!reads_flags || t->flags.place != FL_MEMORY)
        return;
    free_rax(t);
    x64_flags_to_host(t);
}

static void alu(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned class = t->class[t->k], digit = arg_of(i), size = size_of(i);
    unsigned op = digit << 3 | (size != 1);
    bool carry = digit == 2 || digit == 3, to_reg = class == L_ALU_G_E;
    struct opnd reg = {0, 0, false}, rm;

    if (is_mem(i)) {
        bool write = !to_reg && digit != 7;
        x64_memory(t, write ? MMU_WRITE : MMU_READ, size);
        flags_before(t, carry);
        if (class == L_ALU_E_I) {
            alu_mi(&t->c, digit, size, x64_here(t), i->imm);
        } else {
            reg = open_reg(t, i->reg, size, true,
                           t->base == H_TMP2 ? H_TMP : H_TMP2);
            op_rm(&t->c, op | (to_reg ? 2 : 0), size, reg.host, x64_here(t));
            close_reg(t, reg, to_reg && digit != 7);
        }
    } else {
        if (carry)
            x64_flags_to_host(t);
        rm = open_reg(t, i->rm, size, true, H_TMP);
        if (class == L_ALU_E_I) {
            alu_ri(&t->c, digit, size, rm.host, i->imm);
        } else {
            reg =
                i->reg == i->rm ? rm : open_reg(t, i->reg, size, true, H_TMP2);
            op_rr(&t->c, op | (to_reg ? 2 : 0), size, reg.host, rm.host);
            if (i->reg != i->rm)
                close_reg(t, reg, to_reg && digit != 7);
        }
        close_reg(t, rm, digit != 7 && (!to_reg || i->reg == i->rm));
    }
    x64_flags_made(t, alu_recipe(t, digit), FIX_NONE);
}

static void test(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i);
    bool imm = t->class[t->k] == L_TEST_E_I;
    struct opnd reg = {0, 0, false}, rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        if (imm) {
            op_rm(&t->c, size == 1 ? 0xf6 : 0xf7, size, 0, x64_here(t));
            put_imm(&t->c, size, i->imm);
        } else {
            reg = open_reg(t, i->reg, size, true, H_TMP2);
            op_rm(&t->c, size == 1 ? 0x84 : 0x85, size, reg.host, x64_here(t));
            close_reg(t, reg, false);
        }
        x64_flags_made(t, RECIPE_NONE, FIX_NONE);
        return;
    }
    rm = open_reg(t, i->rm, size, true, H_TMP);
    if (imm) {
        op_rr(&t->c, size == 1 ? 0xf6 : 0xf7, size, 0, rm.host);
        put_imm(&t->c, size, i->imm);
    } else if (i->reg == i->rm) {
        op_rr(&t->c, size == 1 ? 0x84 : 0x85, size, rm.host, rm.host);
    } else {
        reg = open_reg(t, i->reg, size, true, H_TMP2);
        op_rr(&t->c, size == 1 ? 0x84 : 0x85, size, reg.host, rm.host);
        close_reg(t, reg, false);
    }
    close_reg(t, rm, false);
    x64_flags_made(t, size >= 4 ? RECIPE_COMPARE : RECIPE_NONE, FIX_NONE);
}

/* NOT, NEG; INC and DEC keep CF. */
static void unary(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), digit = arg_of(i);
    bool inc = t->class[t->k] == L_INC_DEC;
    unsigned op = (inc ? 0xfe : 0xf6) | (size != 1);
    bool dead = inc && x64_flags_dead(t), from_memory = false;
    struct opnd rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        flags_before(t, inc && !dead);
        op_rm(&t->c, op, size, digit, x64_here(t));
    } else {
        if (inc && !dead) {
            from_memory =
                t->flags.place == FL_MEMORY || t->flags.place == FL_BOTH;
            flags_for_change(t);
        }
        rm = open_reg(t, i->rm, size, true, H_TMP);
        op_rr(&t->c, op, size, digit, rm.host);
        close_reg(t, rm, true);
    }
    if (inc && dead)
        t->flags.place = FL_DEAD;
    else if (inc && from_memory && size >= 4)
        x64_flags_made(t, digit ? RECIPE_DEC : RECIPE_INC, FIX_NONE);
    else if (inc) /* AF is its own: a fix owed for it is settled */
        x64_flags_made(t, RECIPE_NONE, FIX_NONE);
    else if (digit == 3)
        x64_flags_made(t, RECIPE_NONE, FIX_NONE);
}

/* ---- shifts */

static void after_shift(struct tr *t, bool rotate, bool dead)
{
    if (dead)
        t->flags.place = FL_DEAD;
    else if (rotate)
        x64_flags_changed(t);
    else
        x64_flags_made(t, RECIPE_NONE, FIX_AF);
}

static void shift_imm(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), digit = arg_of(i);
    unsigned count = (unsigned)i->imm & (size == 8 ? 63 : 31);
    bool rotate = digit < 4, dead = x64_flags_dead(t);
    struct opnd rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        if (count == 0)
            return;
        flags_before(t, rotate && !(dead && digit < 2));
        op_rm(&t->c, size == 1 ? 0xc0 : 0xc1, size, digit, x64_here(t));
        put8(&t->c, count);
        after_shift(t, rotate, dead);
        return;
    }
    if (count && rotate && !(dead && digit < 2))
        flags_for_change(t);
    rm = open_reg(t, i->rm, size, true, H_TMP);
    if (count) {
        op_rr(&t->c, size == 1 ? 0xc0 : 0xc1, size, digit, rm.host);
        put8(&t->c, count);
    } else if (size == 4) {
        mov_rr(&t->c, 4, rm.host, rm.host);
    }
    close_reg(t, rm, true);
    if (count)
        after_shift(t, rotate, dead);
}

/* By CL a count of 0 keeps all flags, AF too, which else must become 0. */
static void save_shift_flags(struct tr *t, unsigned size)
{
    struct code *c = &t->c;
    put8(c, 0x9f);                                              /* LAHF */
    op_rr(c, X_0F | 0x90, 1, 0, H_AX);                          /* SETO AL */
    put8(c, 0xf6), put8(c, 0xc1), put8(c, size == 8 ? 63 : 31); /* TEST CL */
    put8(c, 0x74), put8(c, 3);                                  /* JZ */
    put8(c, 0x80), put8(c, 0xe4), put8(c, 0xef); /* AND AH, EFh */
    mov_store(c, 2, CPU_AT(hot.flags), H_AX);
    t->flags.place = FL_MEMORY;
}

static void shift_cl(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), digit = arg_of(i);
    unsigned op = size == 1 ? 0xd2 : 0xd3;
    bool rotate = digit < 4, dead = x64_flags_dead(t);
    bool reads = !dead || digit == 2 || digit == 3;
    struct opnd rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        flags_before(t, reads);
        op_rm(&t->c, op, size, digit, x64_here(t));
    } else {
        if (reads) {
            if (!rotate && t->flags.fix != FIX_NONE)
                x64_flags_to_memory(t);
            flags_for_change(t);
        }
        rm = open_reg(t, i->rm, size, true, H_TMP);
        op_rr(&t->c, op, size, digit, rm.host);
        if (size == 4) /* a count of 0 leaves the upper half */
            mov_rr(&t->c, 4, rm.host, rm.host);
        close_reg(t, rm, true);
    }
    if (dead)
        t->flags.place = FL_DEAD;
    else if (rotate)
        x64_flags_changed(t);
    else
        save_shift_flags(t, size);
}

/* SHLD, SHRD: only where nobody sees the flags (lower.c class_ok). */
static void double_shift(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), op = X_0F | arg_of(i), reg, rm;
    bool imm = t->class[t->k] == L_DOUBLE_I;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        reg = x64_use(t, i->reg, H_TMP2);
        op_rm(&t->c, op, size, reg, x64_here(t));
        if (imm)
            put8(&t->c, (unsigned)i->imm);
    } else {
        rm = x64_use(t, i->rm, H_TMP);
        reg = x64_use(t, i->reg, H_TMP2);
        op_rr(&t->c, op, size, reg, rm);
        if (imm)
            put8(&t->c, (unsigned)i->imm);
        if (size == 4)
            mov_rr(&t->c, 4, rm, rm);
        x64_done(t, i->rm, rm);
    }
    t->flags.place = FL_DEAD;
}

/* ---- multiplication and division */

/* T0 derives SF, ZF and PF from the low half, hosts differ. CF = OF. */
static void multiply_flags(struct tr *t, unsigned low, unsigned size)
{
    struct code *c = &t->c;
    if (x64_flags_dead(t)) {
        t->flags.place = FL_DEAD;
        return;
    }
    op_rr(c, X_0F | 0x90, 1, 0, H_AX);                 /* SETO AL */
    op_rr(c, size == 1 ? 0x84 : 0x85, size, low, low); /* TEST */
    put8(c, 0x9f);                                     /* LAHF */
    put8(c, 0x08), put8(c, 0xc4);                      /* OR AH, AL */
    mov_store(c, 2, CPU_AT(hot.flags), H_AX);
    t->flags.place = FL_MEMORY;
}

static void imul(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), rd, rm;
    bool imm = t->class[t->k] == L_IMUL_I;
    unsigned op = imm ? (fits8(size, i->imm) ? 0x6b : 0x69) : X_0F | 0xaf;

    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        rd = imm ? x64_dest(t, i->reg, size, H_TMP2)
                 : x64_use(t, i->reg, H_TMP2);
        op_rm(&t->c, op, size, rd, x64_here(t));
    } else {
        rm = x64_use(t, i->rm, H_TMP);
        rd = imm ? x64_dest(t, i->reg, size, H_TMP2)
                 : x64_use(t, i->reg, H_TMP2);
        op_rr(&t->c, op, size, rd, rm);
    }
    if (imm)
        put_imm(&t->c, op == 0x6b ? 1 : size, i->imm);
    x64_done(t, i->reg, rd);
    multiply_flags(t, rd, size);
}

static void mul(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), rm, n = size == 1 ? i->rm / 8u : i->rm;
    unsigned rax = x64_pin[RAX];
    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        mov_load(&t->c, size, H_TMP2, x64_here(t));
        rm = H_TMP2;
    } else {
        rm = x64_use(t, n, H_TMP2);
    }
    mov_rr(&t->c, 8, H_TMP, rax);
    op_rr(&t->c, size == 1 ? 0xf6 : 0xf7, size, arg_of(i), rm);
    mov_rr(&t->c, 8, rax, H_TMP);
    multiply_flags(t, rax, size);
}

/* Where the quotient may not fit T0 does it, and raises #DE. A signed
 * dividend is taken when it is a sign-extended single one. */
static void divide(struct tr *t)
{
    const struct insn *i = t->i;
    struct code *c = &t->c;
    unsigned size = size_of(i), rm, rax = x64_pin[RAX];

    x64_flags_clobber(t);
    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        mov_load(c, size, H_TMP2, x64_here(t));
        rm = H_TMP2;
    } else {
        rm = x64_use(t, i->rm, H_TMP2);
    }
    if (arg_of(i) == 6) {
        op_rr(c, 0x3b, size, x64_pin[RDX], rm); /* CMP */
        x64_slow(t, jcc(c, CC_AE));
    } else {
        mov_rr(c, 8, H_TMP, rax);
        op_rr(c, 0xc1, size, 7, H_TMP); /* SAR */
        put8(c, size * 8 - 1);
        op_rr(c, 0x3b, size, H_TMP, x64_pin[RDX]);
        x64_slow(t, jcc(c, CC_NE));
        lea(c, size == 8 ? 8 : 4, H_TMP, at(rm, 1));
        alu_ri(c, 7, size, H_TMP, 1); /* divisor 0 or -1 */
        x64_slow(t, jcc(c, CC_BE));
    }
    mov_rr(c, 8, H_TMP, rax);
    op_rr(c, 0xf7, size, arg_of(i), rm);
    mov_rr(c, 8, rax, H_TMP);
}

/* ---- moves */

static void mov_e_g(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i);
    struct opnd reg, rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        reg = open_reg(t, i->reg, size, true, H_TMP2);
        mov_store(&t->c, size, x64_here(t), reg.host);
        close_reg(t, reg, false);
        return;
    }
    reg = open_reg(t, i->reg, size, true, H_TMP2);
    rm = i->reg == i->rm ? reg : open_reg(t, i->rm, size, false, H_TMP);
    mov_rr(&t->c, size, rm.host, reg.host);
    close_reg(t, rm, true);
    if (i->reg != i->rm)
        close_reg(t, reg, false);
}

static void mov_g_e(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i);
    struct opnd reg, rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        reg = open_reg(t, i->reg, size, false, H_TMP2);
        mov_load(&t->c, size, reg.host, x64_here(t));
        close_reg(t, reg, true);
        return;
    }
    rm = open_reg(t, i->rm, size, true, H_TMP2);
    reg = i->reg == i->rm ? rm : open_reg(t, i->reg, size, false, H_TMP);
    mov_rr(&t->c, size, reg.host, rm.host);
    close_reg(t, reg, true);
    if (i->reg != i->rm)
        close_reg(t, rm, false);
}

static void mov_e_i(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i);
    struct opnd rm;
    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        op_rm(&t->c, size == 1 ? 0xc6 : 0xc7, size, 0, x64_here(t));
        put_imm(&t->c, size, i->imm);
        return;
    }
    rm = open_reg(t, i->rm, size, false, H_TMP);
    if (size >= 4) {
        mov_ri(&t->c, rm.host, size == 4 ? (uint32_t)i->imm : i->imm);
    } else {
        op_rr(&t->c, size == 1 ? 0xc6 : 0xc7, size, 0, rm.host);
        put_imm(&t->c, size, i->imm);
    }
    close_reg(t, rm, true);
}

/* The moffs forms: the address is the immediate. */
static void mov_moffs(struct tr *t)
{
    const struct insn *i = t->i;
    bool store = t->class[t->k] == L_MOV_O_A;
    unsigned size = size_of(i), rax = x64_pin[RAX];

    x64_absolute(t, i->imm, store ? MMU_WRITE : MMU_READ, size);
    if (store)
        mov_store(&t->c, size, x64_here(t), rax);
    else
        mov_load(&t->c, size, rax, x64_here(t));
}

static void extend(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), class = t->class[t->k], rd, rm;
    unsigned op = class == L_MOVSXD ? 0x63 : X_0F | arg_of(i);

    if (is_mem(i)) {
        x64_memory(t, MMU_READ,
                   class == L_MOVSXD     ? 4
                   : class == L_EXTEND_W ? 2
                                         : 1);
        rd = x64_dest(t, i->reg, size, H_TMP2);
        op_rm(&t->c, op, size, rd, x64_here(t));
    } else if (class == L_EXTEND_B) {
        rm = x64_use(t, i->rm / 8, H_TMP);
        if (high(i->rm)) {
            rorx(t, H_TMP, rm, 8);
            rm = H_TMP;
        }
        rd = x64_dest(t, i->reg, size, H_TMP2);
        op_rr_byte(&t->c, op, size, rd, rm);
    } else {
        rm = x64_use(t, i->rm, H_TMP);
        rd = x64_dest(t, i->reg, size, H_TMP2);
        op_rr(&t->c, op, size, rd, rm);
    }
    x64_done(t, i->reg, rd);
}

static void load_address(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), rd;
    if (size == 2) {
        x64_offset(t, H_TMP, 4);
        rd = x64_dest(t, i->reg, size, H_TMP2);
        mov_rr(&t->c, 2, rd, H_TMP);
    } else {
        rd = x64_dest(t, i->reg, size, H_TMP2);
        x64_offset(t, rd, size);
    }
    x64_done(t, i->reg, rd);
}

/* With one vCPU no other processor can come in between: LOCK means nothing,
 * but XCHG with memory has it built in, and the host need not pay for it. */
static void xchg(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), n = size == 1 ? i->reg / 8u : i->reg;
    unsigned m = t->class[t->k] == L_XCHG_A ? RAX
                 : size == 1                ? i->rm / 8u
                                            : i->rm;
    unsigned a, b, op = size == 1 ? 0x86 : 0x87;

    if (t->class[t->k] == L_XCHG_A) {
        n = i->rm;
    } else if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        a = x64_use(t, n, H_TMP2);
        op_rm(&t->c, op, size, a, x64_here(t));
        x64_done(t, n, a);
        return;
    }
    a = x64_use(t, n, H_TMP2);
    if (n == m && size > 1) {
        mov_rr(&t->c, size, a, a);
        x64_done(t, n, a);
        return;
    }
    b = x64_use(t, m, H_TMP);
    op_rr(&t->c, op, size, a, b);
    x64_done(t, n, a);
    x64_done(t, m, b);
}

static void cmpxchg(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), reg, rm, rax = x64_pin[RAX];
    unsigned n = size == 1 ? i->reg / 8u : i->reg;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        free_rax(t);
        mov_rr(&t->c, 8, H_TMP, rax);
        op_rm(&t->c, X_0F | arg_of(i), size, t->pin[n], x64_here(t));
    } else {
        rm = x64_use(t, i->rm, H_TMP2);
        reg = t->pin[i->reg];
        mov_rr(&t->c, 8, H_TMP, rax);
        op_rr(&t->c, X_0F | arg_of(i), size, reg, rm);
        x64_done(t, i->rm, rm);
    }
    mov_rr(&t->c, 8, rax, H_TMP);
    x64_flags_made(t, RECIPE_NONE, FIX_NONE);
}

static void xadd(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = size_of(i), a, b;
    unsigned n = size == 1 ? i->reg / 8u : i->reg;
    unsigned m = size == 1 ? i->rm / 8u : i->rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_WRITE, size);
        a = x64_use(t, n, H_TMP2);
        op_rm(&t->c, X_0F | arg_of(i), size, a, x64_here(t));
        x64_done(t, n, a);
    } else {
        a = x64_use(t, n, H_TMP2);
        b = n == m ? a : x64_use(t, m, H_TMP);
        op_rr(&t->c, X_0F | arg_of(i), size, a, b);
        x64_done(t, n, a);
        x64_done(t, m, b);
    }
    x64_flags_made(t, RECIPE_NONE, FIX_NONE);
}

/* ---- bits */

static void bit_test(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), reg, rm;
    bool imm = t->class[t->k] == L_BT_I, dead = x64_flags_dead(t);
    bool writes = imm ? arg_of(i) != 4 : arg_of(i) != 0xa3;
    if (is_mem(i)) {
        x64_memory(t, writes ? MMU_WRITE : MMU_READ, size);
        flags_before(t, !dead);
        op_rm(&t->c, X_0F | 0xba, size, arg_of(i), x64_here(t));
        put8(&t->c, (unsigned)i->imm & (size * 8 - 1));
    } else {
        if (!dead)
            flags_for_change(t);
        rm = x64_use(t, i->rm, H_TMP);
        if (imm) {
            op_rr(&t->c, X_0F | 0xba, size, arg_of(i), rm);
            put8(&t->c, (unsigned)i->imm & (size * 8 - 1));
        } else {
            reg = i->reg == i->rm ? rm : x64_use(t, i->reg, H_TMP2);
            op_rr(&t->c, X_0F | arg_of(i), size, reg, rm);
        }
        if (writes)
            x64_done(t, i->rm, rm);
    }
    if (dead)
        t->flags.place = FL_DEAD;
    else
        x64_flags_changed(t);
}

/* BSF, BSR, POPCNT. A zero source leaves the destination of a scan. */
static void scan(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), rd, rm = 0;
    bool bits = t->class[t->k] == L_COUNT;
    unsigned op = X_0F | arg_of(i) | (bits ? X_F3 : 0);

    if (is_mem(i))
        x64_memory(t, MMU_READ, size);
    else
        rm = x64_use(t, i->rm, H_TMP);
    rd = i->reg == i->rm && !is_mem(i) ? rm : x64_use(t, i->reg, H_TMP2);
    if (is_mem(i))
        op_rm(&t->c, op, size, rd, x64_here(t));
    else
        op_rr(&t->c, op, size, rd, rm);
    x64_done(t, i->reg, rd);
    x64_flags_made(t, RECIPE_NONE, bits ? FIX_NONE : FIX_ZF_ONLY);
}

static void bswap(struct tr *t)
{
    unsigned size = insn_osize(t->i), r = x64_use(t, t->i->rm, H_TMP);
    put_opcode(&t->c, X_0F | (0xc8 + (r & 7)), size, 0, H_NONE, r, false);
    x64_done(t, t->i->rm, r);
}

/* ---- by condition */

static void setcc(struct tr *t)
{
    const struct insn *i = t->i;
    struct opnd rm;

    x64_flags_for(t, arg_of(i));
    if (is_mem(i)) {
        op_rm(&t->c, X_0F | 0x90 | arg_of(i), 4, 0, CPU_AT(hot.scratch));
        x64_memory(t, MMU_WRITE, 1);
        mov_load(&t->c, 1, H_TMP2, CPU_AT(hot.scratch));
        mov_store(&t->c, 1, x64_here(t), H_TMP2);
        return;
    }
    rm = open_reg(t, i->rm, 1, true, H_TMP);
    op_rr(&t->c, X_0F | 0x90 | arg_of(i), 1, 0, rm.host);
    close_reg(t, rm, true);
}

static void cmov(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), rd, rm;

    if (is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        mov_load(&t->c, size, H_TMP2, x64_here(t));
        x64_flags_for(t, arg_of(i));
        rm = H_TMP2;
    } else {
        x64_flags_for(t, arg_of(i));
        rm = x64_use(t, i->rm, H_TMP2);
    }
    rd = x64_use(t, i->reg, H_TMP);
    op_rr(&t->c, X_0F | 0x40 | arg_of(i), size, rd, rm);
    x64_done(t, i->reg, rd);
}

/* ---- stack */

static void push_value(struct tr *t, unsigned size, unsigned host)
{
    mov_store(&t->c, size, x64_here(t), host);
    lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], -(int)size));
}

static void push(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), class = t->class[t->k];

    if (class == L_PUSH_E && is_mem(i)) {
        x64_memory(t, MMU_READ, size);
        mov_load(&t->c, size, H_TMP, x64_here(t));
        mov_store(&t->c, 8, CPU_AT(hot.scratch), H_TMP);
        x64_stack(t, MMU_WRITE, RSP, -(int)size, size);
        mov_load(&t->c, 8, H_TMP2, CPU_AT(hot.scratch));
        push_value(t, size, H_TMP2);
        return;
    }
    x64_stack(t, MMU_WRITE, RSP, -(int)size, size);
    if (class == L_PUSH_I) {
        op_rm(&t->c, 0xc7, size, 0, x64_here(t));
        put32(&t->c, (uint32_t)i->imm);
        lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], -(int)size));
        return;
    }
    push_value(t, size, x64_use(t, i->rm, H_TMP2));
}

static void pop(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), rd;

    x64_stack(t, MMU_READ, RSP, 0, size);
    rd = x64_dest(t, i->rm, size, H_TMP2);
    mov_load(&t->c, size, rd, x64_here(t));
    if (i->rm != RSP)
        lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], (int)size));
    x64_done(t, i->rm, rd);
}

static void leave(struct tr *t)
{
    unsigned size = insn_osize(t->i);
    x64_stack(t, MMU_READ, RBP, 0, size);
    lea(&t->c, size, x64_pin[RSP], at(t->pin[RBP], (int)size));
    mov_load(&t->c, size, t->pin[RBP], x64_here(t));
}

/* ---- all others are one or two host instructions */

/* CBW CWDE CDQE, CWD CDQ CQO: AX is the host's accumulator there. */
static void sign_extend(struct tr *t)
{
    unsigned size = insn_osize(t->i), rax = x64_pin[RAX];
    if (t->class[t->k] == L_CBW) {
        if (size == 2)
            op_rr_byte(&t->c, X_0F | 0xbe, 2, rax, rax);
        else
            op_rr(&t->c, size == 4 ? X_0F | 0xbf : 0x63, size, rax, rax);
        return;
    }
    mov_rr(&t->c, 8, H_TMP, rax);
    put_opcode(&t->c, 0x99, size, 0, H_NONE, H_NONE, false);
}

static void flag_op(struct tr *t)
{
    flags_for_change(t);
    put8(&t->c, arg_of(t->i));
    x64_flags_changed(t);
}

void x64_lower(struct tr *t)
{
    static void (*const make[])(struct tr *) = {
        [L_ALU_E_G] = alu,
        [L_ALU_G_E] = alu,
        [L_ALU_E_I] = alu,
        [L_TEST_E_G] = test,
        [L_TEST_E_I] = test,
        [L_UNARY] = unary,
        [L_INC_DEC] = unary,
        [L_SHIFT_I] = shift_imm,
        [L_SHIFT_CL] = shift_cl,
        [L_DOUBLE_I] = double_shift,
        [L_DOUBLE_CL] = double_shift,
        [L_IMUL] = imul,
        [L_IMUL_I] = imul,
        [L_MUL] = mul,
        [L_DIV] = divide,
        [L_MOV_E_G] = mov_e_g,
        [L_MOV_G_E] = mov_g_e,
        [L_MOV_E_I] = mov_e_i,
        [L_MOV_A_O] = mov_moffs,
        [L_MOV_O_A] = mov_moffs,
        [L_EXTEND_B] = extend,
        [L_EXTEND_W] = extend,
        [L_MOVSXD] = extend,
        [L_LEA] = load_address,
        [L_XCHG] = xchg,
        [L_XCHG_A] = xchg,
        [L_CMPXCHG] = cmpxchg,
        [L_XADD] = xadd,
        [L_BT_G] = bit_test,
        [L_BT_I] = bit_test,
        [L_SCAN] = scan,
        [L_COUNT] = scan,
        [L_BSWAP] = bswap,
        [L_SETCC] = setcc,
        [L_CMOV] = cmov,
        [L_FLAG] = flag_op,
        [L_CBW] = sign_extend,
        [L_CWD] = sign_extend,
        [L_PUSH_R] = push,
        [L_PUSH_E] = push,
        [L_PUSH_I] = push,
        [L_POP_R] = pop,
        [L_LEAVE] = leave,
        [L_VEC] = x64_lower_vec,
        [L_BMI] = x64_lower_bmi,
    };
    if (x64_x87_class(t->class[t->k]))
        x64_lower_x87(t);
    else if (t->class[t->k] != L_NOP)
        make[t->class[t->k]](t);
}
