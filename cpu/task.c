/* task.c - hardware task switches: JMP, CALL and IRET to a TSS, interrupts
 * through a task gate; 16- and 32-bit TSS.
 *
 * SDM volume 3, chapter 7; the order of the steps is that of 7.3. Whoever
 * calls has looked at the gate and the type, privilege and presence of the
 * new TSS. What remains to be found before the commit point (limits, pages
 * not present) is an exception of the old task; later ones (table 7-1) are
 * exceptions of the new task before its first instruction.
 *
 * Not modelled: a TSS in long mode holds only stacks and the I/O bitmap; no
 * caller gets here then. */
#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/seg.h"

/* Where things lie in a TSS; selectors and general registers are in the
 * order of SEG_ and RAX... numbers. SDM volume 3, figures 7-2 and 7-10. */
struct tss_layout {
    unsigned min_limit;
    unsigned cr3, ip, flags, regs, segs, ldt, trap; /* 0 = absent */
    unsigned reg_size; /* of IP, flags and general registers */
    unsigned seg_step, seg_count;
};

static const struct tss_layout tss16 = {
    .min_limit = 0x2b,
    .ip = 0x0e,
    .flags = 0x10,
    .regs = 0x12,
    .segs = 0x22,
    .ldt = 0x2a,
    .reg_size = 2,
    .seg_step = 2,
    .seg_count = 4,
};

static const struct tss_layout tss32 = {
    .min_limit = 0x67,
    .cr3 = 0x1c,
    .ip = 0x20,
    .flags = 0x24,
    .regs = 0x28,
    .segs = 0x48,
    .ldt = 0x60,
    .trap = 0x64,
    .reg_size = 4,
    .seg_step = 4,
    .seg_count = 6,
};

enum { TSS_BUSY = 2, TSS_WIDE = 8, TSS_LINK = 0 };
enum { DR6_BT = 1 << 15, DR7_LOCAL = 0x155 };

#define EFL_LOADABLE                                                           \
    (EFL_ARITH | EFL_TF | EFL_IF | EFL_DF | EFL_IOPL | EFL_NT | EFL_RF |       \
     EFL_VM | EFL_AC | EFL_VIF | EFL_VIP | EFL_ID)

/* What is read from the new TSS. */
struct task_state {
    uint32_t cr3, eip, eflags, reg[8];
    uint16_t segs[SEG_COUNT], ldt;
    bool trap;
};

static const struct tss_layout *layout_of(unsigned attr)
{
    return attr & TSS_WIDE ? &tss32 : &tss16;
}

/* ---- before the commit point */

/* Raise #PF now when some byte of [gva, gva + size) cannot be accessed. */
static void probe(struct cpu *cpu, gva_t gva, unsigned size,
                  enum mmu_access access)
{
    struct mmu_fault fault;
    gva_t end = gva + size - 1;
    if (!mmu_probe(&cpu->mmu, BANK_SUPER, access, (uint32_t)gva, 1, &fault))
        cpu_raise_fault(cpu, &fault);
    end &= ~(gva_t)(PAGE_SIZE - 1);
    if (end > gva &&
        !mmu_probe(&cpu->mmu, BANK_SUPER, access, (uint32_t)end, 1, &fault))
        cpu_raise_fault(cpu, &fault);
}

static gva_t tss_type_byte(const struct cpu *cpu, uint16_t selector)
{
    return cpu->gdtr_base + (selector & 0xfff8u) + 5;
}

static void check_before(struct cpu *cpu, const struct seg *tss,
                         enum task_source source, uint32_t ext)
{
    const struct tss_layout *old = layout_of(cpu->tr.attr);
    const struct tss_layout *new = layout_of(tss->attr);
    if (tss->limit < new->min_limit)
        cpu_raise_error(cpu, EX_TS, (tss->selector & 0xfffcu) | ext);
    if (cpu->tr.limit < old->min_limit)
        cpu_raise_error(cpu, EX_TS, (cpu->tr.selector & 0xfffcu) | ext);
    probe(cpu, tss->base, new->min_limit + 1, MMU_READ);
    if (source == TASK_CALL || source == TASK_INT)
        probe(cpu, tss->base + TSS_LINK, 2, MMU_WRITE);
    else
        probe(cpu, tss_type_byte(cpu, cpu->tr.selector), 1, MMU_WRITE);
    if (source != TASK_IRET)
        probe(cpu, tss_type_byte(cpu, tss->selector), 1, MMU_WRITE);
    probe(cpu, cpu->tr.base + old->ip, old->ldt - old->ip, MMU_WRITE);
}

/* ---- leaving the old task */

static void save_state(struct cpu *cpu, uint64_t rip, uint32_t eflags)
{
    const struct tss_layout *t = layout_of(cpu->tr.attr);
    gva_t base = cpu->tr.base;
    mem_sys_write(cpu, base + t->ip, rip, t->reg_size);
    mem_sys_write(cpu, base + t->flags, eflags, t->reg_size);
    for (unsigned n = 0; n < 8; n++)
        mem_sys_write(cpu, base + t->regs + n * t->reg_size, R64(RAX + n),
                      t->reg_size);
    for (unsigned s = 0; s < t->seg_count; s++)
        mem_sys_write(cpu, base + t->segs + s * t->seg_step,
                      cpu->seg[s].selector, 2);
}

static void mark_busy(struct cpu *cpu, uint16_t selector, bool busy)
{
    gva_t at = tss_type_byte(cpu, selector);
    uint64_t type = mem_sys_read(cpu, at, 1);
    mem_sys_write(cpu, at, busy ? type | TSS_BUSY : type & ~(uint64_t)TSS_BUSY,
                  1);
}

/* ---- entering the new one */

/* After save_state: a task may return to itself. */
static void read_state(struct cpu *cpu, const struct seg *tss,
                       struct task_state *s)
{
    const struct tss_layout *t = layout_of(tss->attr);
    gva_t base = tss->base;
    /* A 16-bit TSS leaves ones in the upper halves of general registers. */
    uint32_t fill = t->reg_size == 2 ? 0xffff0000 : 0;
    *s = (struct task_state){0};
    s->eip = (uint32_t)mem_sys_read(cpu, base + t->ip, t->reg_size);
    s->eflags = (uint32_t)mem_sys_read(cpu, base + t->flags, t->reg_size);
    for (unsigned n = 0; n < 8; n++)
        s->reg[n] =
            fill | (uint32_t)mem_sys_read(cpu, base + t->regs + n * t->reg_size,
                                          t->reg_size);
    for (unsigned n = 0; n < t->seg_count; n++)
        s->segs[n] =
            (uint16_t)mem_sys_read(cpu, base + t->segs + n * t->seg_step, 2);
    s->ldt = (uint16_t)mem_sys_read(cpu, base + t->ldt, 2);
    if (t->cr3)
        s->cr3 = (uint32_t)mem_sys_read(cpu, base + t->cr3, 4);
    if (t->trap)
        s->trap = mem_sys_read(cpu, base + t->trap, 1) & 1;
}

/* Everything that cannot fail. Segments have selectors but no descriptors:
 * whatever uses one before it is loaded finds it null. */
static void load_registers(struct cpu *cpu, const struct task_state *s)
{
    uint32_t eflags = s->eflags & EFL_LOADABLE;
    cpu->cr0 |= CR0_TS;
    cpu->dr[7] &= ~(uint64_t)DR7_LOCAL;
    if (!(cpu->dr[7] & 0xff))
        eflags &= ~(uint32_t)EFL_RF;
    cpu_set_eflags(cpu, eflags);
    for (unsigned n = 0; n < 8; n++)
        R64(RAX + n) = s->reg[n];
    cpu->ldtr = (struct seg){.selector = s->ldt};
    for (unsigned n = 0; n < SEG_COUNT; n++)
        cpu->seg[n] = (struct seg){.selector = s->segs[n]};
    cpu->cpl = eflags & EFL_VM ? 3 : s->segs[SEG_CS] & 3;
    cpu_update_views(cpu);
    cpu_set_rip(cpu, s->eip);
}

static void load_cr3(struct cpu *cpu, uint32_t cr3)
{
    if (!(cpu->cr0 & CR0_PG))
        return;
    if (!(cpu->cr4 & CR4_PAE)) {
        cpu->cr3 = cr3;
        mmu_set_cr3(&cpu->mmu, cr3);
        return;
    }
    if (!mmu_load_pdptes(&cpu->mmu, cr3, cpu->maxphyaddr))
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->cr3 = cr3;
    cpu_update_paging(cpu);
}

/* ---- segments of the new task: invalid ones are #TS(selector) */

/* False for a null selector. */
static bool fetch(struct cpu *cpu, uint16_t selector, uint32_t ext,
                  uint64_t *desc, gva_t *where)
{
    if (!(selector & 0xfffc))
        return false;
    if (!seg_fetch(cpu, selector, desc, where))
        cpu_raise_error(cpu, EX_TS, (selector & 0xfffcu) | ext);
    return true;
}

static void load_ldt(struct cpu *cpu, uint32_t ext)
{
    uint16_t selector = cpu->ldtr.selector;
    uint32_t error = (selector & 0xfffcu) | ext;
    uint64_t desc;
    gva_t where;
    if (selector & 4)
        cpu_raise_error(cpu, EX_TS, error);
    if (!fetch(cpu, selector, ext, &desc, &where))
        return;
    if (bits(desc, 40, 5) != 2 || !bits(desc, 47, 1))
        cpu_raise_error(cpu, EX_TS, error);
    seg_unpack(&cpu->ldtr, selector, desc);
}

static void load_code(struct cpu *cpu, uint32_t ext)
{
    uint16_t selector = cpu->seg[SEG_CS].selector;
    uint32_t error = (selector & 0xfffcu) | ext;
    uint64_t desc = 0;
    gva_t where;
    unsigned attr, dpl, rpl = selector & 3;
    if (!fetch(cpu, selector, ext, &desc, &where))
        cpu_raise_error(cpu, EX_TS, error);
    attr = (unsigned)bits(desc, 40, 8);
    dpl = (attr & DESC_DPL) >> DESC_DPL_SHIFT;
    if ((attr & (DESC_S | DESC_CODE)) != (DESC_S | DESC_CODE) ||
        (attr & DESC_EC ? dpl > rpl : dpl != rpl))
        cpu_raise_error(cpu, EX_TS, error);
    if (!(attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, error);
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(&cpu->seg[SEG_CS], selector, desc);
}

static void load_stack(struct cpu *cpu, uint32_t ext)
{
    uint16_t selector = cpu->seg[SEG_SS].selector;
    uint32_t error = (selector & 0xfffcu) | ext;
    uint64_t desc = 0;
    gva_t where;
    unsigned attr;
    if (!fetch(cpu, selector, ext, &desc, &where))
        cpu_raise_error(cpu, EX_TS, error);
    attr = (unsigned)bits(desc, 40, 8);
    if ((attr & (DESC_S | DESC_CODE | DESC_RW)) != (DESC_S | DESC_RW) ||
        (attr & DESC_DPL) >> DESC_DPL_SHIFT != cpu->cpl ||
        (selector & 3) != cpu->cpl)
        cpu_raise_error(cpu, EX_TS, error);
    if (!(attr & DESC_P))
        cpu_raise_error(cpu, EX_SS, error);
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(&cpu->seg[SEG_SS], selector, desc);
}

static void load_data(struct cpu *cpu, unsigned s, uint32_t ext)
{
    uint16_t selector = cpu->seg[s].selector;
    uint32_t error = (selector & 0xfffcu) | ext;
    uint64_t desc;
    gva_t where;
    unsigned attr, dpl, rpl = selector & 3;
    bool conforming;
    if (!fetch(cpu, selector, ext, &desc, &where))
        return;
    attr = (unsigned)bits(desc, 40, 8);
    dpl = (attr & DESC_DPL) >> DESC_DPL_SHIFT;
    conforming = (attr & (DESC_CODE | DESC_EC)) == (DESC_CODE | DESC_EC);
    if (!(attr & DESC_S) || (attr & (DESC_CODE | DESC_RW)) == DESC_CODE ||
        (!conforming && (rpl > dpl || cpu->cpl > dpl)))
        cpu_raise_error(cpu, EX_TS, error);
    if (!(attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, error);
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(&cpu->seg[s], selector, desc);
}

static void load_segments(struct cpu *cpu, uint32_t ext)
{
    static const uint8_t data[] = {SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    load_ldt(cpu, ext);
    if (cpu_v86(cpu)) {
        for (unsigned s = 0; s < SEG_COUNT; s++)
            seg_load_real(cpu, s, cpu->seg[s].selector);
        return;
    }
    load_code(cpu, ext);
    load_stack(cpu, ext);
    /* From here on a fault can be handled on the new task's own stack. */
    cpu_update_views(cpu);
    for (unsigned n = 0; n < ARRAY_LEN(data); n++)
        load_data(cpu, data[n], ext);
    cpu_update_views(cpu);
}

static void push_error(struct cpu *cpu, uint32_t error)
{
    if (cpu->tr.attr & TSS_WIDE)
        push32(cpu, error);
    else
        push16(cpu, (uint16_t)error);
}

void task_switch(struct cpu *cpu, uint16_t selector, uint64_t desc,
                 enum task_source source, uint64_t next_rip,
                 const struct task_event *event)
{
    uint32_t ext = event ? event->ext : 0;
    uint32_t eflags = event ? event->eflags : (uint32_t)cpu_eflags(cpu);
    bool nested = source == TASK_CALL || source == TASK_INT;
    uint16_t old = cpu->tr.selector;
    struct task_state state;
    struct seg tss;

    seg_unpack(&tss, selector, desc);
    check_before(cpu, &tss, source, ext);
    if (!nested)
        mark_busy(cpu, old, false);
    if (source == TASK_IRET)
        eflags &= ~(uint32_t)EFL_NT;
    save_state(cpu, next_rip, eflags);
    read_state(cpu, &tss, &state);
    if (nested) {
        mem_sys_write(cpu, tss.base + TSS_LINK, old, 2);
        state.eflags |= EFL_NT;
    }
    mark_busy(cpu, selector, true);
    cpu->tr = tss;
    cpu->tr.attr |= TSS_BUSY;

    /* The commit point. */
    load_registers(cpu, &state);
    if (layout_of(tss.attr)->cr3)
        load_cr3(cpu, state.cr3);
    load_segments(cpu, ext);
    if (event && event->has_error)
        push_error(cpu, event->error);
    if (state.trap) {
        /* The event that led here has been delivered. */
        cpu->fault_depth = 0;
        cpu->raised.dr6 = DR6_BT;
        cpu_raise(cpu, EX_DB);
    }
}
