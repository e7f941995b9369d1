/* operand.c - registers and memory operands.
 *
 * A memory access is a TLB lookup inline (mmu/tlb.h): the entry's place from
 * the page number, one subtraction that tells whether page and access fit,
 * and one addition that gives the host address. */
#include "cpu/jit/x64/translate.h"

/* RAX is where LAHF needs it, RCX and RDX are where shifts and divisions
 * need them; the rest is chance. What compilers use least is in memory. */
const uint8_t x64_pin[16] = {
    H_R10, H_CX, H_DX,   H_BX,   H_R12, H_R13,  H_SI,   H_DI,
    H_R8,  H_R9, H_NONE, H_NONE, H_R15, H_NONE, H_NONE, H_NONE,
};

unsigned x64_use(struct tr *t, unsigned n, unsigned tmp)
{
    if (t->pin[n] != H_NONE)
        return t->pin[n];
    mov_load(&t->c, 8, tmp, reg_home(n));
    return tmp;
}

unsigned x64_dest(struct tr *t, unsigned n, unsigned size, unsigned tmp)
{
    if (t->pin[n] != H_NONE)
        return t->pin[n];
    if (size < 4)
        mov_load(&t->c, 8, tmp, reg_home(n));
    return tmp;
}

void x64_done(struct tr *t, unsigned n, unsigned host)
{
    if (t->pin[n] == H_NONE)
        mov_store(&t->c, 8, reg_home(n), host);
}

struct stub *x64_stub(struct tr *t, enum stub_kind kind, uint8_t *field)
{
    struct stub *s = &t->stub[t->stubs++];
    ASSERT(t->stubs <= MAX_STUBS);
    memset(s, 0, sizeof *s);
    s->kind = kind;
    s->k = t->k;
    s->from = field;
    s->before = t->flags;
    s->refund = t->refund;
    s->own = t->pin == t->own;
    s->x87_ip = t->x87_ip;
    s->x87_dp = t->x87_dp;
    return s;
}

static struct stub *by_t0(struct tr *t, uint8_t *field)
{
    bool leave = (insn_rows[t->i->op].attr & A_ENDS) ||
                 x64_group_open(t, t->k) || t->pages > 1;
    return x64_stub(t, leave ? STUB_EXIT : STUB_CALL, field);
}

void x64_slow(struct tr *t, uint8_t *field)
{
    by_t0(t, field)->memory = true;
}

void x64_odd(struct tr *t, uint8_t *field)
{
    by_t0(t, field);
}

/* ---- addresses */

static int64_t rip_offset(const struct tr *t)
{
    return (int64_t)x64_part(t, t->k)->page_offset + t->i->disp;
}

bool x64_memory_ok(const struct tr *t)
{
    const struct insn *i = t->i;
    if (i->flags & IF_ADDR16)
        return false;
    if (i->base == REG_RIP && rip_offset(t) != (int32_t)rip_offset(t))
        return false;
    if (t->code64)
        return true;
    return (i->flags & IF_ADDR32) && i->seg != SEG_CS;
}

void x64_offset(struct tr *t, unsigned to, unsigned size)
{
    const struct insn *i = t->i;
    struct host_mem m = {H_NONE, H_NONE, i->scale, i->disp};

    if (i->flags & IF_ADDR32)
        size = 4;
    if (i->base == REG_RIP) {
        mov_load(&t->c, 8, H_TMP, CPU_AT(hot.page));
        m.base = H_TMP;
        m.disp = (int32_t)rip_offset(t);
    } else if (i->base != REG_ZERO) {
        m.base = (uint8_t)x64_use(t, i->base, H_TMP);
    }
    if (i->index != REG_ZERO)
        m.index = (uint8_t)x64_use(t, i->index, H_TMP2);
    if (m.index == H_NONE && m.base == H_NONE)
        mov_ri(&t->c, to,
               size == 4 ? (uint32_t)i->disp : (uint64_t)(int64_t)i->disp);
    else if (m.index == H_NONE && m.disp == 0)
        mov_rr(&t->c, size, to, m.base);
    else
        lea(&t->c, size, to, m);
}

/* An address made with registers of the host, to which a distance in another
 * one is to be added; a `base` takes an ADD more. An address of 32-bit code
 * must not wrap: NEAR_FORM_DISP and what near slots never have see to that. */
struct form {
    unsigned index, scale, base;
    int32_t disp;
};

static bool cannot_wrap(const struct tr *t, int64_t disp)
{
    return t->code64 || (disp > -NEAR_FORM_DISP && disp < NEAR_FORM_DISP);
}

static bool form_of_stack(const struct tr *t, unsigned n, int disp,
                          struct form *form)
{
    *form = (struct form){t->pin[n], 0, H_NONE, disp};
    return cannot_wrap(t, disp) && t->pin[n] != H_NONE;
}

/* Of instruction k's operand. High bytes are rotated down in place while it is
 * accessed. */
static bool form_of_operand(const struct tr *t, unsigned k, struct form *form)
{
    const struct insn *i = t->insn[k];
    unsigned base = i->base < 16 ? t->pin[i->base] : H_NONE;

    if (i->base == REG_RIP || i->seg == SEG_FS || i->seg == SEG_GS ||
        ((insn_rows[i->op].attr & A_BYTE) && (i->reg & 1)) ||
        (i->base < 16 && base == H_NONE) || !cannot_wrap(t, i->disp) ||
        (t->code64 ? i->flags & IF_ADDR32 : i->index != REG_ZERO))
        return false;
    if (i->index == REG_ZERO)
        *form = (struct form){base, 0, H_NONE, i->disp};
    else
        *form = (struct form){t->pin[i->index], i->scale, base, i->disp};
    return form->index != H_NONE;
}

/* Of its access that groups know of. */
static bool form_of_access(const struct tr *t, unsigned k, struct form *form)
{
    switch (t->class[k]) {
    case L_PUSH_R:
    case L_PUSH_E:
    case L_PUSH_I:
    case L_CALL:
        return form_of_stack(t, RSP, t->code64 ? -8 : -4, form);
    case L_POP_R:
    case L_RET:
    case L_RET_I:
        return form_of_stack(t, RSP, 0, form);
    case L_LEAVE:
        return form_of_stack(t, RBP, 0, form);
    default:
        return form_of_operand(t, k, form);
    }
}

void x64_tlb_entry(struct code *c, enum mmu_access access, unsigned entry)
{
    struct host_mem entries =
        at(H_CPU, (int64_t)(offsetof(struct cpu, mmu.now.of) +
                            access * sizeof(struct tlb_array)) -
                      (int64_t)CPU_BIAS);
    struct host_mem mask = at(H_CPU, entries.disp + 8);

    _Static_assert(offsetof(struct tlb_array, entries) == 0 &&
                       offsetof(struct tlb_array, mask) == 8,
                   "as translated code expects it");
    mov_rr(c, 8, entry, H_TMP);
    op_rr(c, 0xc1, 8, 5, entry); /* SHR */
    put8(c, PAGE_SHIFT - 4);
    op_rm(c, 0x23, 8, entry, mask);    /* AND */
    op_rm(c, 0x03, 8, entry, entries); /* ADD */
}

static void operand_at(struct tr *t, unsigned base, unsigned index,
                       int32_t disp)
{
    t->base = base;
    t->index = index;
    t->scale = 0;
    t->disp = disp;
}

/* Linear address in RAX to host address, by the TLB. */
static void look_far(struct tr *t, enum mmu_access access, unsigned size)
{
    struct code *c = &t->c;

    x64_tlb_entry(c, access, H_TMP2);
    op_rm(c, 0x2b, 8, H_TMP, at(H_TMP2, 0));  /* SUB */
    alu_ri(c, 7, 8, H_TMP, PAGE_SIZE - size); /* CMP */
    x64_slow(t, jcc(c, CC_A));
    op_rm(c, 0x03, 8, H_TMP,
          at(H_TMP2, (int64_t)offsetof(struct tlb_entry, host))); /* ADD */
    operand_at(t, H_TMP, H_NONE, 0);
}

/* By the near slot `tag` leads to. With a form the instruction's own registers
 * make the address, and need not wait for the check. */
static void look_near(struct tr *t, enum mmu_access access, unsigned size,
                      struct host_mem tag, const struct form *form)
{
    struct code *c = &t->c;
    struct stub *s;
    struct host_mem host = tag, delta = tag, end = tag;

    host.disp += (int32_t)offsetof(struct tlb_near_set, host);
    delta.disp += (int32_t)offsetof(struct tlb_near_set, delta);
    end.disp += (int32_t)offsetof(struct tlb_near_set, end);
    op_rm(c, 0x2b, 8, H_TMP, tag); /* SUB */
    op_rm(c, 0x3b, 8, H_TMP, end); /* CMP */
    x64_slow(t, jcc(c, CC_AE));
    s = &t->stub[t->stubs - 1];
    if (size > 8) {
        alu_ri(c, 7, 8, H_TMP, PAGE_SIZE - size); /* CMP */
        x64_slow(t, jcc(c, CC_A));
        t->stub[t->stubs - 1].near = 0;
    }
    s->near = tag.disp;
    s->near_last = PAGE_SIZE - size;
    s->near_back = exec_address(c, c->p);
    s->access = access;
    if (form) {
        mov_load(c, 8, H_TMP, delta);
        if (form->base != H_NONE)
            op_rr(c, 0x03, 8, H_TMP, form->base); /* ADD */
        operand_at(t, H_TMP, form->index, form->disp);
        t->scale = form->scale;
    } else {
        op_rm(c, 0x03, 8, H_TMP, host); /* ADD */
        operand_at(t, H_TMP, H_NONE, 0);
    }
}

/* Which near slot: that of the register the address is made with, others for
 * pages known now. */
static unsigned slot_of(const struct tr *t)
{
    const struct insn *i = t->i;
    enum { PAGES = 16, FS = 20 };

    if (i->seg == SEG_FS || i->seg == SEG_GS)
        return i->seg == SEG_FS ? FS : FS + 1;
    if (i->base == REG_RIP)
        return PAGES + ((uint64_t)rip_offset(t) >> PAGE_SHIFT & 3);
    if (i->base < 16)
        return i->base;
    if (i->index < 16 && (uint32_t)i->disp < PAGE_SIZE)
        return i->index;
    return PAGES + ((uint32_t)i->disp >> PAGE_SHIFT & 3);
}

/* Kernels go to other pages all the
 * time: their near slots cost more than they save (pipe, mmap, fork: a sixth),
 * so that theirs are for tests alone. */
static bool looks_near(const struct tr *t, unsigned slot)
{
    const struct part *p = x64_part(t, t->k);
    bool often = t->user && (t->trace || slot == RSP || slot >= 16);

    return (often || t->near_all) && !(p->b->roams >> (t->k - p->first) & 1);
}

/* Linear address in RAX to host address; `form`: of the address, or NULL. */
static void lookup(struct tr *t, enum mmu_access access, unsigned size,
                   unsigned slot, const struct form *form)
{
    if (!looks_near(t, slot)) {
        look_far(t, access, size);
    } else {
        struct host_mem tag = CPU_AT(mmu.near.of);
        if (t->user)
            tag.disp += (int32_t)sizeof(struct tlb_near_set);
        tag.disp +=
            (int32_t)(8 * (slot + (access == MMU_WRITE ? NEAR_SLOTS : 0)));
        look_near(t, access, size, tag, form);
    }
}

static void segment(struct tr *t, enum mmu_access access, unsigned size)
{
    struct code *c = &t->c;
    int64_t view = (int64_t)(offsetof(struct cpu, view) +
                             t->i->seg * sizeof(struct seg_view)) -
                   (int64_t)CPU_BIAS;
    int64_t end = view + (int64_t)(access == MMU_WRITE
                                       ? offsetof(struct seg_view, write_end)
                                       : offsetof(struct seg_view, read_end));

    if (t->i->seg != SEG_FS && t->i->seg != SEG_GS)
        return;
    if (!t->code64) {
        lea(c, 8, H_TMP2, at(H_TMP, size));
        op_rm(c, 0x3b, 8, H_TMP2, at(H_CPU, end)); /* CMP */
        x64_slow(t, jcc(c, CC_A));
    }
    op_rm(c, 0x03, 8, H_TMP,
          at(H_CPU, view + (int64_t)offsetof(struct seg_view, base)));
    if (!t->code64)
        mov_rr(c, 4, H_TMP, H_TMP);
}

struct host_mem x64_slot(unsigned group)
{
    struct host_mem m = CPU_AT(hot.slot);
    if (group >= JIT_NEAR_SLOTS) {
        m = CPU_AT(trace.slot);
        group -= JIT_NEAR_SLOTS;
    }
    m.disp += (int32_t)(8 * group);
    return m;
}

/* All accesses of the current one's group have a form, and near slots have
 * the distance. */
static bool keeps_delta(const struct tr *t, const struct group *g,
                        unsigned slot)
{
    unsigned number = t->access[t->k].group;
    struct form form;

    if (!looks_near(t, slot))
        return false;
    for (unsigned k = g->first; k <= g->last; k++)
        if (t->access[k].group == number && !form_of_access(t, k, &form))
            return false;
    return true;
}

/* What the group keeps is in RAX. */
static void group_in_ax(struct tr *t)
{
    t->ax_group = t->access[t->k].group;
    t->c.ax_lost = false;
}

/* An access of a group. RAX = linear address, for the first one. */
static void group_lookup(struct tr *t, unsigned slot)
{
    const struct access *a = &t->access[t->k];
    struct group *g = &t->group[a->group - 1];
    int64_t before = a->offset - g->min;
    unsigned size = (unsigned)(g->end - g->min);
    bool write = g->write;
    struct form form;

    if (x64_fault(t, JIT_FAULT_RANGE))
        size = 1;
    if (x64_fault(t, JIT_FAULT_RIGHTS))
        write = a->write;
    if (before)
        lea(&t->c, t->code64 ? 8 : 4, H_TMP, at(H_TMP, -before));
    g->delta = keeps_delta(t, g, slot) && form_of_access(t, t->k, &form);
    lookup(t, write ? MMU_WRITE : MMU_READ, size, slot,
           g->delta ? &form : NULL);
    if (g->host == H_NONE)
        mov_store(&t->c, 8, x64_slot(a->group - 1u), H_TMP);
    else
        mov_rr(&t->c, 8, g->host, H_TMP);
    if (!g->delta)
        t->disp = (int32_t)before;
    group_in_ax(t);
}

/* By the lookup of the group's first access. */
static void group_load(struct tr *t)
{
    const struct access *a = &t->access[t->k];
    const struct group *g = &t->group[a->group - 1];
    struct form form = {H_NONE, 0, H_NONE, (int32_t)(a->offset - g->min)};

    if (g->delta)
        form_of_access(t, t->k, &form);
    operand_at(t, g->host == H_NONE ? H_TMP : g->host, form.index, form.disp);
    if (g->host != H_NONE)
        return;
    if (t->flags.place == FL_HOST && t->flags.fix != FIX_NONE)
        x64_flags_to_memory(t); /* while RAX is free */
    if (t->ax_group == a->group && !t->c.ax_lost)
        return;
    mov_load(&t->c, 8, H_TMP, x64_slot(a->group - 1u));
    group_in_ax(t);
}

void x64_memory(struct tr *t, enum mmu_access access, unsigned size)
{
    struct form form;

    if (x64_group_member(t, t->k)) {
        group_load(t);
        x64_elided_operand(t, access, size);
        return;
    }
    x64_flags_clobber(t);
    x64_offset(t, H_TMP, 8);
    segment(t, access, size);
    if (x64_group_first(t, t->k))
        group_lookup(t, slot_of(t));
    else
        lookup(t, access, size, slot_of(t),
               form_of_operand(t, t->k, &form) ? &form : NULL);
    x64_elided_operand(t, access, size);
}

void x64_stack(struct tr *t, enum mmu_access access, unsigned n, int disp,
               unsigned size)
{
    unsigned width = t->code64 ? 8 : 4;
    struct form form;

    if (x64_group_member(t, t->k)) {
        group_load(t);
        x64_elided_stack(t, access, n, disp, size);
        return;
    }
    x64_flags_clobber(t);
    if (disp)
        lea(&t->c, width, H_TMP, at(t->pin[n], disp));
    else
        mov_rr(&t->c, width, H_TMP, t->pin[n]);
    if (x64_group_first(t, t->k))
        group_lookup(t, n);
    else
        lookup(t, access, size, n,
               form_of_stack(t, n, disp, &form) ? &form : NULL);
    x64_elided_stack(t, access, n, disp, size);
}

void x64_absolute(struct tr *t, uint64_t offset, enum mmu_access access,
                  unsigned size)
{
    x64_flags_clobber(t);
    mov_ri(&t->c, H_TMP, t->code64 ? offset : (uint32_t)offset);
    segment(t, access, size);
    look_far(t, access, size);
}
