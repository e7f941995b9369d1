/* flags.c - where the guest's arithmetic flags are kept.
 *
 * They stay in the host's flags as long as nothing in between destroys them,
 * which every TLB check does. Then one of three things is done: nothing, when
 * no instruction and no slow path will ask for them; a recipe, when only slow
 * paths may ask and the operands are still there to make them again; or they
 * are saved by LAHF and SETO (SDM volume 2), which take about a cycle. */
#include "cpu/jit/x64/translate.h"

static unsigned arg_of(const struct insn *i)
{
    return x64_lower_rows[i->op].arg;
}

static unsigned count_of(const struct insn *i)
{
    return (unsigned)i->imm & (insn_osize(i) == 8 ? 63 : 31);
}

unsigned x64_flags_written(const struct tr *t, unsigned k)
{
    const struct insn *i = t->insn[k];
    switch (t->class[k]) {
    case L_SHIFT_I:
        if (count_of(i) == 0)
            return 0;
        return arg_of(i) < 4 ? FL_OC : FL_OSZAPC;
    case L_DOUBLE_I:
        return count_of(i) ? FL_OSZAPC : 0;
    case L_SHIFT_CL:
    case L_DOUBLE_CL:
    case L_DIV:
        return 0; /* not always: whoever wants to know, reads */
    case L_BT_G:
    case L_BT_I:
        return FL_C;
    default:
        return insn_rows[i->op].flags_written & FL_OSZAPC;
    }
}

unsigned x64_flags_read(const struct tr *t, unsigned k)
{
    const struct insn *i = t->insn[k];
    switch (t->class[k]) {
    case LOWER_NONE: /* T0 may look at any */
        return FL_OSZAPC;
    case L_SHIFT_I:
        return arg_of(i) == 2 || arg_of(i) == 3 ? FL_C : 0;
    case L_SHIFT_CL:
    case L_DOUBLE_CL:
        return FL_OSZAPC;
    case L_DOUBLE_I:
        return 0;
    case L_DIV: /* keeps them all */
        return FL_OSZAPC;
    case L_BT_G:
    case L_BT_I:
        return 0;
    case L_INC_DEC:
        return 0; /* keeps CF, but does not look at it */
    default:
        return insn_rows[i->op].flags_read & FL_OSZAPC;
    }
}

/* An instruction that changes some flags and keeps others has the others as
 * they were in the host's flags: to it they are read. */
static bool changes_some(const struct tr *t, unsigned k)
{
    unsigned w = x64_flags_written(t, k);
    return w != 0 && w != FL_OSZAPC;
}

static bool may_leave(const struct tr *t, unsigned k)
{
    if (x64_group_member(t, k) && t->class[k] < L_VEC)
        return false;
    switch (t->class[k]) {
    case LOWER_NONE:
    case L_MOV_A_O:
    case L_MOV_O_A:
    case L_DIV:
    case L_PUSH_R:
    case L_PUSH_E:
    case L_PUSH_I:
    case L_POP_R:
    case L_LEAVE:
    case L_VEC:
    case L_X87_REG:
    case L_X87_CMOV:
    case L_X87_COMI:
    case L_X87_STSW_AX:
    case L_X87_WAIT:
        return true;
    case L_LEA:
    case L_NOP:
        return false;
    default:
        return t->class[k] >= L_JCC || (t->insn[k]->flags & IF_MEM);
    }
}

bool x64_flags_dead(const struct tr *t)
{
    unsigned left = FL_OSZAPC;
    for (unsigned k = t->k + 1; k < t->count; k++) {
        if ((x64_flags_read(t, k) & left) || may_leave(t, k))
            return false;
        left &= ~x64_flags_written(t, k);
        if (!left)
            return true;
    }
    return false;
}

/* Guest registers an instruction that is translated changes. */
uint32_t x64_registers_written(const struct tr *t, unsigned k)
{
    const struct insn *i = t->insn[k];
    const struct insn_row *row = &insn_rows[i->op];
    bool bytes = row->attr & A_BYTE;
    unsigned reg = bytes ? i->reg / 8 : i->reg;
    unsigned rm = bytes || t->class[k] == L_EXTEND_B ? i->rm / 8 : i->rm;
    uint32_t rm_bit;

    if (t->class[k] == LOWER_NONE) /* rm may be a byte's: crc32_Gd_Eb */
        return ~0u;
    rm_bit = i->flags & IF_MEM ? 0 : 1u << rm;
    switch (t->class[k]) {
    case L_ALU_E_G:
    case L_ALU_E_I:
        return arg_of(i) == 7 ? 0 : rm_bit;
    case L_ALU_G_E:
        return arg_of(i) == 7 ? 0 : 1u << reg;
    case L_TEST_E_G:
    case L_TEST_E_I:
    case L_NOP:
    case L_FLAG:
    case L_MOV_O_A:
    case L_X87_LOAD:
    case L_X87_STORE:
    case L_X87_REG:
    case L_X87_CMOV:
    case L_X87_COMI:
    case L_X87_LDCW:
    case L_X87_STCW:
    case L_X87_WAIT:
        return 0;
    case L_UNARY:
    case L_INC_DEC:
    case L_SHIFT_I:
    case L_SHIFT_CL:
    case L_DOUBLE_I:
    case L_DOUBLE_CL:
    case L_MOV_E_G:
    case L_MOV_E_I:
    case L_BT_G:
    case L_BT_I:
    case L_BSWAP:
    case L_SETCC:
        return rm_bit;
    case L_MOV_G_E:
    case L_IMUL:
    case L_IMUL_I:
    case L_EXTEND_B:
    case L_EXTEND_W:
    case L_MOVSXD:
    case L_LEA:
    case L_SCAN:
    case L_COUNT:
    case L_CMOV:
        return 1u << (t->class[k] == L_MOV_G_E ? reg : i->reg);
    case L_MOV_A_O:
    case L_CBW:
    case L_X87_STSW_AX:
        return 1u << RAX;
    case L_CWD:
        return 1u << RDX;
    case L_MUL:
    case L_DIV:
        return 1u << RAX | 1u << RDX;
    case L_XCHG:
    case L_XADD:
        return rm_bit | 1u << reg;
    case L_XCHG_A:
        return rm_bit | 1u << RAX;
    case L_CMPXCHG:
        return rm_bit | 1u << RAX;
    case L_PUSH_R:
    case L_PUSH_E:
    case L_PUSH_I:
        return 1u << RSP;
    case L_POP_R:
        return 1u << RSP | 1u << rm;
    case L_LEAVE:
        return 1u << RSP | 1u << RBP;
    case L_VEC:
        return x64_vec_writes(i);
    case L_BMI:
        return x64_bmi_writes(i);
    case L_JCC:
    case L_JMP:
    case L_JMP_E:
        return 0;
    case L_CALL:
    case L_CALL_E:
    case L_RET:
    case L_RET_I:
        return 1u << RSP;
    default:
        return ~0u;
    }
}

/* ---- recipes */

/* Guest registers that the recipe needs unchanged. */
static uint32_t recipe_registers(const struct tr *t)
{
    const struct insn *i = t->insn[t->flags.k];
    bool bytes = insn_rows[i->op].attr & A_BYTE;
    unsigned reg = bytes ? i->reg / 8 : i->reg, rm = bytes ? i->rm / 8 : i->rm;

    switch (t->class[t->flags.k]) {
    case L_ALU_E_G:
    case L_TEST_E_G:
    case L_ALU_G_E:
        if (t->flags.recipe == RECIPE_LOGIC) /* of the result alone */
            return 1u << (t->class[t->flags.k] == L_ALU_G_E ? reg : rm);
        return 1u << reg | 1u << rm;
    default:
        return 1u << rm;
    }
}

/* From the current instruction on: does nothing but slow paths ask for the
 * flags until all are made anew, and do the recipe's operands live as long? */
static bool recipe_holds(const struct tr *t)
{
    uint32_t needed, changed = 0;
    unsigned left = FL_OSZAPC;

    if (t->flags.recipe == RECIPE_NONE)
        return false;
    needed = recipe_registers(t);
    for (unsigned k = t->flags.k + 1; k < t->k; k++)
        changed |= x64_registers_written(t, k);
    for (unsigned k = t->k; k < t->count; k++) {
        if (t->class[k] == LOWER_NONE ||
            (t->class[k] >= L_JCC && t->part_of[k] + 1u == t->parts))
            return false;
        if ((x64_flags_read(t, k) & left) || changes_some(t, k))
            return false;
        if (may_leave(t, k) && (changed & needed))
            return false;
        changed |= x64_registers_written(t, k);
        left &= ~x64_flags_written(t, k);
        if (!left)
            return true;
    }
    return false;
}

static void emit_recipe(struct tr *t, const struct flag_state *f)
{
    const struct insn *i = t->insn[f->k];
    unsigned class = t->class[f->k], size = insn_osize(i), arg, dst, src;
    bool imm = class == L_ALU_E_I || class == L_TEST_E_I;
    struct code *c = &t->c;

    arg = f->recipe == RECIPE_ADD ? 0 : 5;
    dst = class == L_ALU_G_E ? i->reg : i->rm;
    src = class == L_ALU_G_E ? i->rm : i->reg;
    switch (f->recipe) {
    case RECIPE_LOGIC:
        dst = x64_use(t, dst, H_TMP);
        op_rr(c, 0x85, size, dst, dst);
        break;
    case RECIPE_COMPARE:
        dst = x64_use(t, dst, H_TMP);
        if (imm && class == L_TEST_E_I) {
            op_rr(c, 0xf7, size, 0, dst);
            put_imm(c, size, i->imm);
        } else if (imm) {
            alu_ri(c, 7, size, dst, i->imm);
        } else {
            src = x64_use(t, src, H_TMP2);
            op_rr(c, class == L_TEST_E_G ? 0x85 : 0x39, size, src, dst);
        }
        break;
    case RECIPE_ADD:
    case RECIPE_SUB: /* the other operation leads back */
        mov_rr(c, 8, H_TMP, x64_use(t, dst, H_TMP));
        if (imm) {
            alu_ri(c, 5 - arg, size, H_TMP, i->imm);
            alu_ri(c, arg, size, H_TMP, i->imm);
        } else {
            src = x64_use(t, src, H_TMP2);
            op_rr(c, (5 - arg) << 3 | 1, size, src, H_TMP);
            op_rr(c, arg << 3 | 1, size, src, H_TMP);
        }
        break;
    default: /* INC, DEC: CF from memory */
        x64_flags_load(t);
        mov_rr(c, 8, H_TMP2, x64_use(t, dst, H_TMP2));
        lea(c, size == 2 ? 4 : size, H_TMP2,
            at(H_TMP2, f->recipe == RECIPE_INC ? -1 : 1));
        op_rr(c, 0xff, size, f->recipe == RECIPE_INC ? 0 : 1, H_TMP2);
        break;
    }
}

/* ---- saving and loading */

void x64_flags_save(struct tr *t, const struct flag_state *f)
{
    struct code *c = &t->c;

    if (f->place == FL_RECIPE)
        emit_recipe(t, f);
    put8(c, 0x9f);                     /* LAHF */
    op_rr(c, X_0F | 0x90, 1, 0, H_AX); /* SETO AL */
    if (f->place == FL_HOST && f->fix == FIX_AF) {
        put8(c, 0x80), put8(c, 0xe4), put8(c, 0xef); /* AND AH, EFh */
    } else if (f->place == FL_HOST && f->fix != FIX_NONE) {
        put8(c, 0x25); /* AND EAX, ... */
        put32(c, f->fix == FIX_ZF_ONLY ? 0x4200 : 0x4300);
    }
    mov_store(c, 2, CPU_AT(hot.flags), H_AX);
}

/* Flags saved are never 0 as a word: LAHF sets bit 1. */
void x64_flags_load(struct tr *t)
{
    struct code *c = &t->c;
    bool own = t->pin == t->own;
    uint8_t *skip;

    op_rm(c, X_0F | 0xb7, 4, H_AX, CPU_AT(hot.flags));
    op_rr(c, 0x85, 4, H_AX, H_AX);
    put8(c, 0x75), put8(c, 0); /* JNZ over the call */
    skip = c->p;
    x64_pins_common(t);
    call_to(c, t->x->lazy_flags);
    if (own)
        x64_pins_own(t);
    skip[-1] = (uint8_t)(c->p - skip);
    put8(c, 0x04), put8(c, 0x7f); /* ADD AL, 7Fh: OF = old AL */
    put8(c, 0x9e);                /* SAHF */
}

void x64_flags_clobber(struct tr *t)
{
    switch (t->flags.place) {
    case FL_HOST:
        if (recipe_holds(t)) {
            t->flags.place = FL_RECIPE;
            return;
        }
        x64_flags_save(t, &t->flags);
        t->flags.place = FL_MEMORY;
        break;
    case FL_BOTH:
        t->flags.place = FL_MEMORY;
        break;
    default:
        break;
    }
}

void x64_flags_to_host(struct tr *t)
{
    if (t->flags.place == FL_HOST || t->flags.place == FL_BOTH)
        return;
    /* Dead ones may be asked for by who keeps a dead flag: any will do. */
    if (t->flags.place == FL_RECIPE)
        x64_flags_save(t, &t->flags);
    x64_flags_load(t);
    t->flags.place = FL_BOTH;
    t->flags.recipe = RECIPE_NONE;
    t->flags.fix = FIX_NONE;
}

void x64_flags_to_memory(struct tr *t)
{
    if (t->flags.place == FL_RECIPE || t->flags.place == FL_HOST) {
        bool lost = t->flags.place == FL_HOST && t->flags.fix != FIX_NONE;
        x64_flags_save(t, &t->flags);
        t->flags.place = lost ? FL_MEMORY : FL_BOTH;
        t->flags.fix = FIX_NONE;
    }
}

void x64_flags_made(struct tr *t, enum recipe_kind recipe, enum flag_fix fix)
{
    t->flags.place = FL_HOST;
    t->flags.recipe = recipe;
    t->flags.fix = fix;
    t->flags.k = t->k;
}

/* A fix that is still owed for the flags that were kept stays so. */
void x64_flags_changed(struct tr *t)
{
    t->flags.place = FL_HOST;
    t->flags.recipe = RECIPE_NONE;
}
