/* lower_x87.c - x87 instructions, executed by the host's FPU.
 *
 * Only while no exception is unmasked, so that none of them faults but by its
 * memory operand, which goes to T0. Not translated: transcendental functions,
 * whose last bits are T0's own; FBLD and FBSTP; images; FNINIT and FNCLEX;
 * aliases of FSTP and FXCH that no assembler makes.
 *
 * FIP, FCS, FDP and FDS are the guest's: what they have to become is known at
 * translation, so they are written behind a run of x87 instructions only, or
 * where it is left in between. FOP changes with unmasked exceptions only. */
#include "cpu/jit/x64/x87.h"

static unsigned arg_of(const struct insn *i)
{
    return x64_lower_rows[i->op].arg;
}

bool x64_x87_class(unsigned class)
{
    return class >= L_X87_LOAD && class <= L_X87_WAIT;
}

/* Control instructions: they do not set FIP, and it does not pay to load the
 * whole state for one. */
static bool control(unsigned class)
{
    return class >= L_X87_LDCW && class <= L_X87_WAIT;
}

bool x64_x87_ok(const struct tr *t, const struct insn *i, unsigned class)
{
    bool truncates = class == L_X87_STORE && (arg_of(i) >> 4 & 15) == 1;
    return t->x->has_x87 && (!truncates || t->x->has_sse3);
}

static bool follows(const struct tr *t, bool calculates)
{
    for (unsigned k = t->k + 1; k < t->count; k++)
        if (x64_x87_class(t->class[k]) && !(calculates && control(t->class[k])))
            return true;
    return false;
}

/* The state must be in the host from here on. */
static void need_x87(struct tr *t)
{
    struct stub *s;

    if (t->x87_here)
        return;
    x64_flags_clobber(t);
    alu_mi(&t->c, 7, 1, CPU_AT(hot.x87), 0); /* CMP */
    s = x64_stub(t, STUB_X87, jcc(&t->c, CC_E));
    s->resume = exec_address(&t->c, t->c.p);
    t->x87_here = true;
}

/* Likewise, or T0 executes the instruction. */
static void need_x87_or_t0(struct tr *t)
{
    if (t->x87_here)
        return;
    if (follows(t, true)) {
        need_x87(t);
        return;
    }
    x64_flags_clobber(t);
    alu_mi(&t->c, 7, 1, CPU_AT(hot.x87), 0); /* CMP */
    x64_odd(t, jcc(&t->c, CC_E));
}

/* ---- pointers */

static void write_ip(struct tr *t, unsigned k)
{
    struct code *c = &t->c;

    mov_load(c, 8, H_TMP, CPU_AT(hot.page));
    lea(c, 8, H_TMP, at(H_TMP, x64_place(t, k)));
    mov_store(c, 8, CPU_AT(fip), H_TMP);
    op_rm(c, 0xc6, 4, 0, CPU_AT(hot.x87_ip)); /* MOV */
    put8(c, true);
}

static void write_dp(struct tr *t, unsigned k)
{
    struct code *c = &t->c;
    unsigned current = t->k;

    t->k = k;
    t->i = t->insn[k];
    x64_offset(t, H_TMP, 8);
    t->k = current;
    t->i = t->insn[current];
    mov_store(c, 8, CPU_AT(fdp), H_TMP);
    op_rm(c, 0xc6, 4, 0, CPU_AT(hot.x87_seg)); /* MOV */
    put8(c, t->insn[k]->seg);
}

void x64_x87_pointers(struct tr *t, unsigned ip, unsigned dp)
{
    if (ip)
        write_ip(t, ip - 1);
    if (dp)
        write_dp(t, dp - 1);
}

/* Other instructions may change the registers of the operand's address. */
void x64_x87_before(struct tr *t, bool end)
{
    unsigned class = end ? LOWER_NONE : t->class[t->k];
    bool here = x64_x87_class(class);

    if (!here || class == L_X87_STSW_AX) {
        x64_x87_pointers(t, 0, t->x87_dp);
        t->x87_dp = 0;
    }
    if (class == LOWER_NONE || (class >= L_JCC)) {
        x64_x87_pointers(t, t->x87_ip, 0);
        t->x87_ip = 0;
        t->x87_here = false;
    }
}

/* ---- instructions */

/* D8h ... DFh with a memory operand at RAX. */
static void x87_memory(struct tr *t, enum mmu_access access)
{
    unsigned arg = arg_of(t->i);

    x64_memory(t, access, arg & 15);
    op_rm(&t->c, arg >> 8, 4, arg >> 4 & 15, x64_here(t));
}

static void x87_register(struct tr *t)
{
    unsigned arg = arg_of(t->i);

    put8(&t->c, arg >> 8);
    put8(&t->c, (arg & 0xff) | (t->i->rm & 7));
}

/* Only a control word that masks all exceptions. */
static void load_control(struct tr *t)
{
    struct code *c = &t->c;

    x64_flags_clobber(t);
    x64_memory(t, MMU_READ, 2);
    op_rm(c, X_0F | 0xb7, 4, H_TMP2, x64_here(t)); /* MOVZX */
    op_rr(c, 0xf7, 4, 2, H_TMP2);                  /* NOT */
    op_rr(c, 0xf7, 4, 0, H_TMP2);                  /* TEST */
    put32(c, X87_MASKS);
    x64_odd(t, jcc(c, CC_NE));
    op_rm(c, 0xd9, 4, 5, x64_here(t));
}

/* Guest's AX from the host's. */
static void store_status_ax(struct tr *t)
{
    unsigned ax = x64_dest(t, RAX, 2, H_TMP2);

    put8(&t->c, 0xdf), put8(&t->c, 0xe0); /* FNSTSW AX */
    mov_rr(&t->c, 2, ax, H_TMP);
    x64_done(t, RAX, ax);
}

static void lower_control(struct tr *t)
{
    need_x87_or_t0(t);
    switch (t->class[t->k]) {
    case L_X87_LDCW:
        load_control(t);
        break;
    case L_X87_STCW:
        x87_memory(t, MMU_WRITE);
        break;
    case L_X87_STSW_AX:
        store_status_ax(t);
        break;
    default: /* WAIT: nothing is pending */
        break;
    }
}

static void lower_calculation(struct tr *t)
{
    unsigned class = t->class[t->k];

    need_x87(t);
    switch (class) {
    case L_X87_LOAD:
        x87_memory(t, MMU_READ);
        t->x87_dp = t->k + 1;
        break;
    case L_X87_STORE:
        x87_memory(t, MMU_WRITE);
        t->x87_dp = t->k + 1;
        break;
    case L_X87_CMOV:
        x64_flags_for(t, CC_P);
        x87_register(t);
        break;
    case L_X87_COMI:
        x87_register(t);
        x64_flags_made(t, RECIPE_NONE, FIX_NONE);
        break;
    default:
        x87_register(t);
        break;
    }
    t->x87_ip = t->k + 1;
}

void x64_lower_x87(struct tr *t)
{
    if (control(t->class[t->k]))
        lower_control(t);
    else
        lower_calculation(t);
    if (!follows(t, false))
        t->x87_here = false;
}
