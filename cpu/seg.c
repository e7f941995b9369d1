/* seg.c - segment registers and what fast paths know of them.
 *
 * SDM volume 3: 3.4 (segments, descriptors), 5.2-5.7 (checks on loads),
 * volume 1 19.5 (I/O permission bitmap, here seg_check_io). */
#include "cpu/seg.h"

#include "cpu/event.h"
#include "cpu/exec.h"

/* ---- views */

static void view_open(struct seg_view *v, uint64_t base, uint64_t end)
{
    v->base = base;
    v->read_end = v->write_end = end;
}

/* Outside 64-bit code: limits and types decide; whatever is not a plain
 * expand-up data or readable code segment is left to mem.c. */
static void view_legacy(struct cpu *cpu, unsigned s)
{
    const struct seg *seg = &cpu->seg[s];
    struct seg_view *v = &cpu->view[s];
    uint64_t end = (uint64_t)seg->limit + 1;
    bool code = seg->attr & DESC_CODE, rw = seg->attr & DESC_RW;
    v->base = seg->base;
    v->read_end = v->write_end = 0;
    if (!cpu_descriptors(cpu)) {
        bool down = (seg->attr & (DESC_CODE | DESC_EC)) == DESC_EC;
        if (!down)
            v->read_end = v->write_end = end;
        return;
    }
    if (!(seg->attr & DESC_P) || (!code && (seg->attr & DESC_EC)))
        return;
    if (!code || rw)
        v->read_end = end;
    if (!code && rw)
        v->write_end = end;
}

/* The firmware is written for a 386. On models before it, code in its part
 * of memory and 32-bit code, which only it has, is decoded as a 386 does. */
static bool runs_firmware(const struct cpu *cpu)
{
    if (likely(cpu_has(cpu, F_I386)))
        return false;
    return (cpu->mode & MODE_CODE) == MODE_32 ||
           (cpu->cs_base >= 0xc0000 && cpu->cs_base < 0x100000) ||
           cpu->cs_base >= 0xffff0000;
}

void seg_clear_upper(struct cpu *cpu)
{
    for (unsigned n = RAX; n <= RDI; n++)
        cpu->reg[n] = (uint32_t)cpu->reg[n];
}

static void update_mode(struct cpu *cpu)
{
    const struct seg *cs = &cpu->seg[SEG_CS], *ss = &cpu->seg[SEG_SS];
    uint32_t stack = ss->attr & DESC_DB ? MODE_STACK32 : 0;
    uint32_t user = cpu->cpl == 3 ? MODE_USER : 0;
    cpu->cs_base = cs->base;
    cpu->cs_end = (uint64_t)cs->limit + 1;
    if (cpu_long(cpu) && (cs->attr & DESC_L)) {
        cpu->mode = MODE_64 | user;
        cpu->cs_base = 0;
        cpu->cs_end = ~0ull;
        cpu->ip_mask = cpu->sp_mask = ~0ull;
        return;
    }
    if ((cpu->mode & MODE_CODE) == MODE_64)
        seg_clear_upper(cpu);
    if (cs->attr & DESC_DB) {
        cpu->mode = MODE_32 | stack | user;
        cpu->ip_mask = 0xffffffff;
    } else {
        cpu->mode = MODE_16 | stack | user;
        /* From the 286 on IP does not wrap: the limit ends it. */
        cpu->ip_mask = cpu_has(cpu, F_I286) ? 0xffffffff : 0xffff;
    }
    cpu->sp_mask = stack ? 0xffffffff : 0xffff;
    if (!cpu_descriptors(cpu))
        cpu->mode |= MODE_REAL;
    if (runs_firmware(cpu))
        cpu->mode |= MODE_FIRMWARE;
}

static void update_bank(struct cpu *cpu)
{
    enum mmu_bank_kind kind = BANK_SUPER;
    if (cpu->cpl == 3)
        kind = BANK_USER;
    else if (cpu->eflags & EFL_AC)
        kind = BANK_SUPER_AC;
    mmu_set_bank(&cpu->mmu, kind);
}

/* No check left that a TLB miss would not make: accesses that wrap at 4 GiB
 * miss because the page of their last byte has no tag. */
static bool view_flat(const struct cpu *cpu, unsigned s)
{
    const struct seg_view *v = &cpu->view[s];
    return v->base == 0 && v->read_end >= 1ull << 32 &&
           v->write_end >= 1ull << 32;
}

/* Near jumps lead to code of one mode. */
static void update_near(struct cpu *cpu)
{
    struct tlb_near *near = &cpu->mmu.near;
    unsigned user = cpu->mode & MODE_USER ? 1 : 0;

    if (near->jump_mode[user] == cpu->mode)
        return;
    near->jump_mode[user] = cpu->mode;
    if (near->jumps_used)
        near_jumps_empty(near->jump[user]);
}

void cpu_update_views(struct cpu *cpu)
{
    update_mode(cpu);
    update_bank(cpu);
    cpu_update_trap(cpu);
    if (cpu_code64(cpu)) {
        for (unsigned s = 0; s < SEG_COUNT; s++)
            view_open(&cpu->view[s], s >= SEG_FS ? cpu->seg[s].base : 0, ~0ull);
    } else {
        for (unsigned s = 0; s < SEG_COUNT; s++)
            view_legacy(cpu, s);
    }
    if (((cpu->cr0 & CR0_AM) && (cpu->eflags & EFL_AC) && cpu->cpl == 3) ||
        cpu_watches(cpu))
        for (unsigned s = 0; s < SEG_COUNT; s++)
            cpu->view[s].read_end = cpu->view[s].write_end = 0;
    if (view_flat(cpu, SEG_DS) && view_flat(cpu, SEG_ES) &&
        view_flat(cpu, SEG_SS))
        cpu->mode |= MODE_FLAT;
    update_near(cpu);
}

/* ---- descriptors */

void seg_unpack(struct seg *seg, uint16_t selector, uint64_t desc)
{
    uint32_t limit = (uint32_t)(bits(desc, 0, 16) | bits(desc, 48, 4) << 16);
    seg->selector = selector;
    seg->attr = (uint16_t)(bits(desc, 40, 16) & 0xf0ff);
    seg->limit = seg->attr & DESC_G ? limit << 12 | 0xfff : limit;
    seg->base = bits(desc, 16, 24) | bits(desc, 56, 8) << 24;
}

bool seg_fetch(struct cpu *cpu, uint16_t selector, uint64_t *desc, gva_t *where)
{
    uint64_t base = cpu->gdtr_base;
    uint32_t limit = cpu->gdtr_limit, offset = selector & 0xfff8;
    if (selector & 4) {
        if (!(cpu->ldtr.attr & DESC_P))
            return false;
        base = cpu->ldtr.base;
        limit = cpu->ldtr.limit;
    }
    if (offset + 7 > limit)
        return false;
    *where = base + offset;
    *desc = mem_sys_read(cpu, *where, 8);
    return true;
}

void seg_set_accessed(struct cpu *cpu, gva_t where, uint64_t *desc)
{
    if (*desc >> 40 & DESC_A)
        return;
    *desc |= (uint64_t)DESC_A << 40;
    mem_sys_write(cpu, where + 5, *desc >> 40 & 0xff, 1);
}

void seg_load_real(struct cpu *cpu, unsigned s, uint16_t selector)
{
    struct seg *seg = &cpu->seg[s];
    seg->selector = selector;
    seg->base = (uint64_t)selector << 4;
    if (cpu_v86(cpu)) {
        seg->limit = 0xffff;
        seg->attr = DESC_P | DESC_S | DESC_RW | DESC_A | 3 << 5;
    }
    /* Real mode keeps the limit ("unreal mode"), type and size. */
    if (s == SEG_CS && !cpu_v86(cpu))
        seg->attr = (uint16_t)((seg->attr & ~(DESC_DPL | DESC_L)) | DESC_P |
                               DESC_S | DESC_RW | DESC_A);
    cpu_update_views(cpu);
}

static void load_null(struct cpu *cpu, unsigned s, uint16_t selector)
{
    struct seg *seg = &cpu->seg[s];
    seg->selector = selector;
    seg->attr = 0;
    seg->base = 0;
    seg->limit = 0;
}

/* SDM 3, 5.7: stack segments. */
static void load_ss(struct cpu *cpu, uint16_t selector)
{
    uint64_t desc;
    gva_t where;
    unsigned attr, rpl = selector & 3;
    if (!(selector & 0xfffc)) {
        if (!cpu_code64(cpu) || cpu->cpl == 3 || rpl != cpu->cpl)
            cpu_raise_error(cpu, EX_GP, 0);
        load_null(cpu, SEG_SS, selector);
        cpu->seg[SEG_SS].attr = (uint16_t)(cpu->cpl << DESC_DPL_SHIFT);
        return;
    }
    if (!seg_fetch(cpu, selector, &desc, &where))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    attr = desc >> 40 & 0xff;
    if (rpl != cpu->cpl ||
        (attr & (DESC_S | DESC_CODE | DESC_RW)) != (DESC_S | DESC_RW) ||
        (attr & DESC_DPL) >> DESC_DPL_SHIFT != cpu->cpl)
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    if (!(attr & DESC_P))
        cpu_raise_error(cpu, EX_SS, selector & 0xfffc);
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(&cpu->seg[SEG_SS], selector, desc);
}

static void load_data(struct cpu *cpu, unsigned s, uint16_t selector)
{
    uint64_t desc;
    gva_t where;
    unsigned attr, dpl, rpl = selector & 3;
    if (!(selector & 0xfffc)) {
        load_null(cpu, s, selector);
        return;
    }
    if (!seg_fetch(cpu, selector, &desc, &where))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    attr = desc >> 40 & 0xff;
    dpl = (attr & DESC_DPL) >> DESC_DPL_SHIFT;
    if (!(attr & DESC_S) || (attr & (DESC_CODE | DESC_RW)) == DESC_CODE)
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    if ((attr & (DESC_CODE | DESC_EC)) != (DESC_CODE | DESC_EC) &&
        (rpl > dpl || cpu->cpl > dpl))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    if (!(attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, selector & 0xfffc);
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(&cpu->seg[s], selector, desc);
}

void seg_load(struct cpu *cpu, unsigned s, uint16_t selector)
{
    if (!cpu_descriptors(cpu)) {
        seg_load_real(cpu, s, selector);
        return;
    }
    if (s == SEG_SS)
        load_ss(cpu, selector);
    else
        load_data(cpu, s, selector);
    cpu_update_views(cpu);
}

/* ---- I/O permission */

static void io_denied(struct cpu *cpu)
{
    cpu_raise_error(cpu, EX_GP, 0);
}

void seg_check_io(struct cpu *cpu, unsigned port, unsigned size)
{
    uint64_t map, at;
    unsigned mask = ((1u << size) - 1) << (port & 7);
    if (!cpu_protected(cpu) || (!cpu_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)))
        return;
    /* A 32- or 64-bit TSS, busy or available. */
    if (!(cpu->tr.attr & DESC_P) || (cpu->tr.attr & 0xd) != 9 ||
        cpu->tr.limit < 103)
        io_denied(cpu);
    map = mem_sys_read(cpu, cpu->tr.base + 102, 2);
    at = map + port / 8;
    if (at + 1 > cpu->tr.limit)
        io_denied(cpu);
    if (mem_sys_read(cpu, cpu->tr.base + at, 2) & mask)
        io_denied(cpu);
}
