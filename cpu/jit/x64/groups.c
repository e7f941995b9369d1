/* groups.c - memory accesses of a block or trace that one TLB lookup serves.
 *
 * Accesses whose addresses differ by constants known now, such as those of a
 * stack frame, form a group. Its first one looks up the range of them all,
 * which has to lie in one page, and keeps the host address in hot.slot[]; the
 * others only load it. Between the first and the last nothing may change
 * mappings: an instruction that T0 executes ends a group, and slow paths of
 * other instructions in between leave the block (x64_slow). A block whose
 * lookups fail often, for its range crosses a page, is translated again
 * without groups (jit.c). */
#include "cpu/jit/x64/translate.h"

enum {
    RANGE = 512,      /* bytes, at most */
    PAGE_SYMBOL = 16, /* the trace's first page of code, then the others */
    SYMBOLS = 1000,   /* made for registers with unknown contents */
};

/* A register's value: what an unknown number was, plus a constant. */
struct value {
    unsigned symbol;
    int64_t offset;
};

struct world {
    struct value reg[16];
    unsigned next_symbol;
};

static struct value unknown(struct world *w)
{
    return (struct value){SYMBOLS + w->next_symbol++, 0};
}

static bool full_size(const struct tr *t, const struct insn *i)
{
    return insn_osize(i) == (t->code64 ? 8 : 4);
}

static struct value plus(struct value v, int64_t by)
{
    v.offset += by;
    return v;
}

/* What the instruction leaves in a register it writes. */
static struct value result(const struct tr *t, struct world *w, unsigned k,
                           unsigned n)
{
    const struct insn *i = t->insn[k];
    unsigned digit = x64_lower_rows[i->op].arg, width = t->code64 ? 8 : 4;
    bool full = full_size(t, i) && !(insn_rows[i->op].attr & A_BYTE);

    switch (t->class[k]) {
    case L_ALU_E_I:
        if (full && digit == 0)
            return plus(w->reg[n], (int64_t)i->imm);
        if (full && digit == 5)
            return plus(w->reg[n], -(int64_t)i->imm);
        break;
    case L_MOV_E_G:
        if (full && !(i->flags & IF_MEM))
            return w->reg[i->reg];
        break;
    case L_MOV_G_E:
        if (full && !(i->flags & IF_MEM))
            return w->reg[i->rm];
        break;
    case L_LEA:
        if (full && i->index == REG_ZERO && i->base < 16 &&
            (i->flags & IF_ADDR32) == (t->code64 ? 0 : IF_ADDR32))
            return plus(w->reg[i->base], i->disp);
        break;
    case L_PUSH_R:
    case L_PUSH_E:
    case L_PUSH_I:
        return plus(w->reg[RSP], -(int64_t)width);
    case L_POP_R:
        if (n == RSP && i->rm != RSP)
            return plus(w->reg[RSP], width);
        break;
    case L_LEAVE:
        if (n == RSP)
            return plus(w->reg[RBP], width);
        break;
    case L_CALL:
    case L_CALL_E:
        return plus(w->reg[RSP], -(int64_t)width);
    case L_RET:
        return plus(w->reg[RSP], width);
    case L_RET_I:
        return plus(w->reg[RSP], width + (int64_t)i->imm);
    default:
        break;
    }
    return unknown(w);
}

static uint32_t written_by(const struct tr *t, unsigned k)
{
    if (x64_fault(t, JIT_FAULT_REGISTER) ||
        (x64_fault(t, JIT_FAULT_MAPPING) && t->class[k] == LOWER_NONE))
        return 0;
    return x64_registers_written(t, k);
}

static void step(const struct tr *t, struct world *w, unsigned k)
{
    uint32_t written = written_by(t, k);
    struct value v[16];
    for (unsigned n = 0; n < 16; n++)
        v[n] = written >> n & 1 ? result(t, w, k, n) : w->reg[n];
    memcpy(w->reg, v, sizeof v);
}

/* ---- accesses */

static unsigned memory_size(const struct insn *i, unsigned class)
{
    switch (class) {
    case L_VEC:
        return x64_vec_bytes(i);
    case L_X87_LOAD:
    case L_X87_STORE:
    case L_X87_LDCW:
    case L_X87_STCW:
        return x64_lower_rows[i->op].arg & 15;
    case L_BMI:
        return insn_osize(i);
    case L_EXTEND_B:
    case L_SETCC:
        return 1;
    case L_EXTEND_W:
        return 2;
    case L_MOVSXD:
        return 4;
    default:
        return insn_rows[i->op].attr & A_BYTE ? 1 : insn_osize(i);
    }
}

static bool memory_written(const struct insn *i, unsigned class)
{
    unsigned arg = x64_lower_rows[i->op].arg;
    switch (class) {
    case L_ALU_E_G:
    case L_ALU_E_I:
        return arg != 7;
    case L_BT_I:
        return arg != 4;
    case L_UNARY:
    case L_INC_DEC:
    case L_SHIFT_I:
    case L_SHIFT_CL:
    case L_DOUBLE_I:
    case L_DOUBLE_CL:
    case L_MOV_E_G:
    case L_MOV_E_I:
    case L_XCHG:
    case L_CMPXCHG:
    case L_XADD:
    case L_SETCC:
    case L_X87_STORE:
    case L_X87_STCW:
        return true;
    case L_VEC:
        return x64_vec_stores(i);
    case L_BMI:
        return i->op == INSN_movbe_Mv_Gv;
    default:
        return false;
    }
}

/* The stack access of an instruction that pushes or pops. */
static bool stack_access(const struct tr *t, const struct world *w, unsigned k,
                         struct access *a)
{
    unsigned width = t->code64 ? 8 : 4;
    struct value v = w->reg[RSP];
    *a = (struct access){v.symbol, v.offset, width, false, 0};
    switch (t->class[k]) {
    case L_PUSH_E:
        if (t->insn[k]->flags & IF_MEM)
            return false; /* two accesses */
        /* fall through */
    case L_PUSH_R:
    case L_PUSH_I:
    case L_CALL:
        a->offset -= (int64_t)width;
        a->write = true;
        return true;
    case L_POP_R:
    case L_RET:
    case L_RET_I:
        return true;
    case L_LEAVE:
        a->symbol = w->reg[RBP].symbol;
        a->offset = w->reg[RBP].offset;
        return true;
    default:
        return false;
    }
}

static bool operand_access(const struct tr *t, const struct world *w,
                           unsigned k, struct access *a)
{
    const struct insn *i = t->insn[k];
    unsigned class = t->class[k];

    if (!(i->flags & IF_MEM) || class == LOWER_NONE || class == L_LEA ||
        class == L_NOP || class == L_PUSH_E || class >= L_JCC ||
        i->index != REG_ZERO || i->seg == SEG_FS || i->seg == SEG_GS ||
        (t->code64 && (i->flags & IF_ADDR32)))
        return false;
    *a = (struct access){0, i->disp, memory_size(i, class),
                         memory_written(i, class), 0};
    if (i->base == REG_RIP) {
        a->symbol = PAGE_SYMBOL + x64_part(t, k)->page;
        a->offset += x64_part(t, k)->page_offset;
    } else if (i->base < 16) {
        a->symbol = w->reg[i->base].symbol;
        a->offset += w->reg[i->base].offset;
    } else {
        return false;
    }
    return a->size != 0;
}

/* ---- groups */

static bool joins(struct group *g, const struct access *a)
{
    int64_t min = a->offset < g->min ? a->offset : g->min;
    int64_t end = a->offset + a->size > g->end ? a->offset + a->size : g->end;
    if (end - min > RANGE)
        return false;
    g->min = min;
    g->end = end;
    g->write |= a->write;
    return true;
}

/* T0 executes it: mappings may be others behind it. */
static bool ends_group(const struct tr *t, unsigned k)
{
    return t->class[k] == LOWER_NONE && !x64_fault(t, JIT_FAULT_MAPPING);
}

static void gather(struct tr *t, unsigned k)
{
    struct access *first = &t->access[k];
    struct group g = {first->offset,
                      first->offset + first->size,
                      k,
                      k,
                      0,
                      first->write,
                      false,
                      H_NONE};

    for (unsigned j = k + 1; j < t->count && !ends_group(t, j); j++) {
        struct access *a = &t->access[j];
        if (!a->size || a->group || a->symbol != first->symbol)
            continue;
        if (joins(&g, a)) {
            a->group = (uint8_t)(t->groups + 1);
            g.last = j;
            g.members++;
        }
    }
    if (g.last == k)
        return;
    t->group[t->groups++] = g;
    first->group = (uint8_t)t->groups;
}

void x64_find_groups(struct tr *t)
{
    struct world w = {.next_symbol = 0};

    for (unsigned n = 0; n < 16; n++)
        w.reg[n] = (struct value){n, 0};
    for (unsigned k = 0; k < t->count; k++) {
        struct access *a = &t->access[k];
        if (!stack_access(t, &w, k, a) && !operand_access(t, &w, k, a))
            *a = (struct access){0, 0, 0, false, 0};
        step(t, &w, k);
    }
    for (unsigned k = 0; k < t->count && t->groups < GROUPS; k++)
        if (t->access[k].size && !t->access[k].group &&
            t->class[k] != LOWER_NONE)
            gather(t, k);
}

bool x64_group_member(const struct tr *t, unsigned k)
{
    unsigned g = t->access[k].group;
    return g && t->group[g - 1].first != k;
}

bool x64_group_first(const struct tr *t, unsigned k)
{
    unsigned g = t->access[k].group;
    return g && t->group[g - 1].first == k;
}

bool x64_group_open(const struct tr *t, unsigned k)
{
    for (unsigned g = 0; g < t->groups; g++)
        if (t->group[g].first <= k && k < t->group[g].last)
            return true;
    return false;
}
