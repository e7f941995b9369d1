/* pins.c - which host registers a loop's guest registers are in.
 *
 * A block finds the guest's registers where x64_pin says, and leaves them
 * there. A trace that is a loop may have them otherwise inside: those it uses
 * most, and the host addresses of groups (groups.c), have the host registers
 * that are not tied to an instruction's needs. At the loop's entry and at its
 * ways out, all of which are out of line, registers change their places. */
#include "cpu/jit/x64/translate.h"

static const uint8_t free_hosts[] = {H_BX, H_SI,  H_DI, H_R8,
                                     H_R9, H_R13, H_R15};

/* Guest registers that stay where they are. */
enum { FIXED = 1 << RAX | 1 << RCX | 1 << RDX | 1 << RSP };

enum { REGS = 16, CANDIDATES = REGS + GROUPS };

/* How often each guest register is used, then each group's address. A
 * register in memory costs a load and a store. */
static void count_insn(const struct tr *t, unsigned k, unsigned uses[])
{
    const struct insn *i = t->insn[k];
    bool bytes = insn_rows[i->op].attr & A_BYTE;
    unsigned reg = bytes ? i->reg / 8 : i->reg;
    unsigned rm = bytes || t->class[k] == L_EXTEND_B ? i->rm / 8 : i->rm;
    uint32_t written = x64_registers_written(t, k);

    for (unsigned n = 0; n < REGS; n++)
        uses[n] += written >> n & 1;
    if ((i->flags & IF_MEM) && !x64_group_member(t, k)) {
        if (i->base < REGS)
            uses[i->base]++;
        if (i->index < REGS)
            uses[i->index]++;
    }
    switch (t->class[k]) {
    case L_VEC:
        return;
    case L_ALU_E_I:
    case L_TEST_E_I:
    case L_UNARY:
    case L_INC_DEC:
    case L_SHIFT_I:
    case L_SHIFT_CL:
    case L_BT_I:
    case L_PUSH_R:
    case L_PUSH_E:
        break;
    case L_MOV_G_E:
    case L_EXTEND_B:
    case L_EXTEND_W:
    case L_MOVSXD:
    case L_IMUL_I:
        break;
    case L_LEAVE:
        uses[RBP] += MAX_INSNS; /* wants it in a register */
        return;
    default:
        if (reg < REGS)
            uses[reg]++;
        break;
    }
    if (!(i->flags & IF_MEM) && rm < REGS)
        uses[rm]++;
}

/* What calls itself, or returns from that, leaves such a loop soon: moving
 * registers would cost more than it saves. */
static bool assignable(const struct tr *t)
{
    int depth = 0;

    for (unsigned k = 0; k < t->count; k++) {
        unsigned class = t->class[k];
        depth += class == L_CALL || class == L_CALL_E;
        depth -= class == L_RET || class == L_RET_I;
        if (class == L_CMPXCHG) /* wants one in a register */
            return false;
    }
    return t->loops && depth == 0;
}

/* The most used candidate that is left, CANDIDATES: none. */
static unsigned best(unsigned uses[])
{
    unsigned found = CANDIDATES;
    for (unsigned n = 0; n < CANDIDATES; n++)
        if (uses[n] && (found == CANDIDATES || uses[n] > uses[found]))
            found = n;
    return found;
}

static unsigned host_index(unsigned host)
{
    for (unsigned n = 0; n < sizeof free_hosts; n++)
        if (free_hosts[n] == host)
            return n;
    return sizeof free_hosts;
}

/* Registers keep their own host registers if these are not wanted more; the
 * others get what is left. */
static void give(struct tr *t, const unsigned chosen[], unsigned count)
{
    bool taken[sizeof free_hosts + 1] = {false};
    unsigned host = 0;

    for (unsigned n = 0; n < count; n++) {
        unsigned h = chosen[n] < REGS ? host_index(x64_pin[chosen[n]])
                                      : sizeof free_hosts;
        if (h < sizeof free_hosts) {
            taken[h] = true;
            t->own[chosen[n]] = x64_pin[chosen[n]];
        }
    }
    for (unsigned n = 0; n < count; n++) {
        if (chosen[n] < REGS && t->own[chosen[n]] != H_NONE)
            continue;
        while (taken[host])
            host++;
        taken[host] = true;
        if (chosen[n] < REGS)
            t->own[chosen[n]] = free_hosts[host];
        else
            t->group[chosen[n] - REGS].host = free_hosts[host];
    }
}

void x64_assign_pins(struct tr *t)
{
    unsigned uses[CANDIDATES] = {0}, chosen[sizeof free_hosts], count = 0, n;

    if (!assignable(t))
        return;
    for (unsigned k = 0; k < t->count; k++)
        count_insn(t, k, uses);
    for (n = 0; n < t->groups; n++)
        uses[REGS + n] = t->group[n].members;
    for (n = 0; n < REGS; n++) {
        t->own[n] = FIXED >> n & 1 ? x64_pin[n] : H_NONE;
        if (FIXED >> n & 1)
            uses[n] = 0;
    }
    while (count < sizeof free_hosts && (n = best(uses)) < CANDIDATES) {
        chosen[count++] = n;
        uses[n] = 0;
    }
    give(t, chosen, count);
    for (n = 0; n < REGS; n++)
        t->pins = t->pins || t->own[n] != x64_pin[n];
}

static void move_groups(struct tr *t, bool load)
{
    for (unsigned g = 0; g < t->groups; g++)
        if (t->group[g].host == H_NONE)
            continue;
        else if (load)
            mov_load(&t->c, 8, t->group[g].host, x64_slot(g));
        else
            mov_store(&t->c, 8, x64_slot(g), t->group[g].host);
}

/* Those that have other places in `from` than in `to` change places. */
static void move(struct tr *t, const uint8_t *from, const uint8_t *to)
{
    for (unsigned n = 0; n < REGS; n++)
        if (from[n] != to[n] && from[n] != H_NONE)
            mov_store(&t->c, 8, reg_home(n), from[n]);
    for (unsigned n = 0; n < REGS; n++)
        if (from[n] != to[n] && to[n] != H_NONE)
            mov_load(&t->c, 8, to[n], reg_home(n));
}

void x64_make_pins(struct tr *t)
{
    t->pin = x64_pin;
    if (!t->pins)
        return;
    t->take = exec_address(&t->c, t->c.p);
    move(t, x64_pin, t->own);
    move_groups(t, true);
    put8(&t->c, 0xc3); /* RET */
    t->give = exec_address(&t->c, t->c.p);
    move_groups(t, false);
    move(t, t->own, x64_pin);
    put8(&t->c, 0xc3);
}

void x64_pins_own(struct tr *t)
{
    if (!t->pins || t->pin == t->own)
        return;
    call_to(&t->c, t->take);
    t->pin = t->own;
}

void x64_pins_common(struct tr *t)
{
    if (t->pin == x64_pin)
        return;
    call_to(&t->c, t->give);
    t->pin = x64_pin;
}
