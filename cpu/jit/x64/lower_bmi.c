/* lower_bmi.c - bit manipulation of general registers: BMI1, BMI2, LZCNT,
 * CRC32, MOVBE.
 *
 * Flags that manuals leave undefined differ from processor to processor;
 * here they are made what T0 makes them: of the result, with AF = 0 as
 * TEST leaves it (counts of zeros: all but ZF and CF are 0).
 *
 * Left to T0: ADCX, ADOX; CRC32 of bytes. SDM volume 2. */
#include "cpu/jit/x64/translate.h"

static bool is_mem(const struct insn *i)
{
    return i->flags & IF_MEM;
}

bool x64_bmi_ok(const struct tr *t, const struct insn *i)
{
    switch (i->op) {
    case INSN_andn:
    case INSN_blsr:
    case INSN_blsmsk:
    case INSN_blsi:
    case INSN_bextr:
    case INSN_bzhi:
    case INSN_pdep:
    case INSN_pext:
    case INSN_mulx:
    case INSN_shlx:
    case INSN_shrx:
    case INSN_sarx:
    case INSN_rorx:
    case INSN_tzcnt_Gv_Ev:
    case INSN_lzcnt_Gv_Ev:
    case INSN_crc32_Gd_Ev:
    case INSN_movbe_Gv_Mv:
    case INSN_movbe_Mv_Gv:
        break;
    default:
        return false;
    }
    return t->x->has[insn_rows[i->op].feature] &&
           (!is_mem(i) || x64_memory_ok(t));
}

uint32_t x64_bmi_writes(const struct insn *i)
{
    switch (i->op) {
    case INSN_blsr:
    case INSN_blsmsk:
    case INSN_blsi:
        return 1u << insn_vvvv(i);
    case INSN_mulx:
        return 1u << i->reg | 1u << insn_vvvv(i);
    case INSN_movbe_Mv_Gv:
        return 0;
    default:
        return 1u << i->reg;
    }
}

static unsigned opcode_of(const struct insn *i)
{
    uint64_t e = insn_rows[i->op].encoding;
    return ENC_MAP(e) << 8 | ENC_OPCODE(e) | (e & PFX_66 ? X_66 : 0u) |
           (e & PFX_F3 ? X_F3 : 0u) | (e & PFX_F2 ? X_F2 : 0u);
}

/* ---- with VEX */

static unsigned dest(const struct tr *t, unsigned n, unsigned tmp)
{
    return t->pin[n] != H_NONE ? t->pin[n] : tmp;
}

/* The instruction on host registers; `rm`: where it is not memory. */
static void put(struct tr *t, unsigned reg, unsigned vvvv, unsigned rm)
{
    const struct insn *i = t->i;
    bool w = insn_osize(i) == 8;

    if (is_mem(i))
        vex_rm(&t->c, opcode_of(i), false, w, reg, vvvv, x64_here(t));
    else
        vex_rr(&t->c, opcode_of(i), false, w, reg, vvvv, rm);
}

/* Of the result in `r`, and CF as the instruction left it. */
static void result_flags(struct tr *t, unsigned r)
{
    struct code *c = &t->c;
    unsigned size = insn_osize(t->i), free = r == H_TMP ? H_TMP2 : H_TMP;
    bool carry = t->i->op != INSN_andn && t->i->op != INSN_bextr;

    if (carry)
        op_rr(c, X_0F | 0x92, 1, 0, free); /* SETC */
    op_rr(c, 0x85, size, r, r);            /* TEST */
    if (carry) {
        op_rr(c, X_0F | 0xba, 4, 4, free); /* BT: CF only */
        put8(c, 0);
    }
    x64_flags_made(t, RECIPE_NONE, FIX_NONE);
}

/* Two results: the lower half in VEX.vvvv, then the upper one. */
static void mulx(struct tr *t, unsigned rm)
{
    const struct insn *i = t->i;
    unsigned low = dest(t, insn_vvvv(i), H_TMP2), high = dest(t, i->reg, H_TMP);

    put(t, high, low, rm);
    if (insn_vvvv(i) != i->reg)
        x64_done(t, insn_vvvv(i), low);
    x64_done(t, i->reg, high);
}

static void three_operands(struct tr *t)
{
    const struct insn *i = t->i;
    uint64_t e = insn_rows[i->op].encoding;
    bool flags = insn_rows[i->op].flags_written, digit = e & DIGIT(0);
    unsigned n = digit ? insn_vvvv(i) : i->reg, rm = H_TMP, vvvv, rd;

    if (is_mem(i))
        x64_memory(t, MMU_READ, insn_osize(i));
    else
        rm = x64_use(t, i->rm, H_TMP);
    if (i->op == INSN_mulx) {
        mulx(t, rm);
        return;
    }
    rd = dest(t, n, H_TMP);
    if (digit) {
        put(t, (unsigned)(e >> 12) & 7, rd, rm);
    } else if (i->op == INSN_rorx) {
        put(t, rd, 0, rm);
        put8(&t->c, (unsigned)i->imm & 0xff);
    } else {
        vvvv = x64_use(t, insn_vvvv(i), H_TMP2);
        put(t, rd, vvvv, rm);
    }
    x64_done(t, n, rd);
    if (flags)
        result_flags(t, rd);
}

/* ---- without */

static void move_swapped(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), r;

    if (i->op == INSN_movbe_Mv_Gv) {
        x64_memory(t, MMU_WRITE, size);
        r = x64_use(t, i->reg, H_TMP2);
        op_rm(&t->c, X_38 | 0xf1, size, r, x64_here(t));
        return;
    }
    x64_memory(t, MMU_READ, size);
    r = x64_dest(t, i->reg, size, H_TMP2);
    op_rm(&t->c, X_38 | 0xf0, size, r, x64_here(t));
    x64_done(t, i->reg, r);
}

/* TZCNT, LZCNT, CRC32, whose destination is a source and has 32 bits. */
static void two_operands(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = insn_osize(i), op = opcode_of(i), rm = H_TMP, rd;
    bool crc = i->op == INSN_crc32_Gd_Ev;

    if (is_mem(i))
        x64_memory(t, MMU_READ, size);
    else
        rm = x64_use(t, i->rm, H_TMP);
    rd = crc ? x64_use(t, i->reg, H_TMP2) : x64_dest(t, i->reg, size, H_TMP2);
    if (is_mem(i))
        op_rm(&t->c, op, size, rd, x64_here(t));
    else
        op_rr(&t->c, op, size, rd, rm);
    x64_done(t, i->reg, rd);
    if (!crc)
        x64_flags_made(t, RECIPE_NONE, FIX_ZC_ONLY);
}

void x64_lower_bmi(struct tr *t)
{
    switch (t->i->op) {
    case INSN_movbe_Gv_Mv:
    case INSN_movbe_Mv_Gv:
        move_swapped(t);
        break;
    case INSN_tzcnt_Gv_Ev:
    case INSN_lzcnt_Gv_Ev:
    case INSN_crc32_Gd_Ev:
        two_operands(t);
        break;
    default:
        three_operands(t);
    }
}
