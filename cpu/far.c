/* far.c - far JMP, CALL, RET and IRET.
 *
 * SDM volume 3: 5.8 (privilege checking of transfers), volume 2: CALL, JMP,
 * RET, IRET. Every check and memory access comes before the first change. */
#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/seg.h"

static unsigned dpl_of(unsigned attr)
{
    return (attr & DESC_DPL) >> DESC_DPL_SHIFT;
}

static uint16_t bare(uint16_t selector)
{
    return selector & 0xfffc;
}

/* Fetch or raise `vector` with the selector. */
static uint64_t fetch(struct cpu *cpu, uint16_t selector, unsigned vector,
                      gva_t *where)
{
    uint64_t desc;
    if (!bare(selector))
        cpu_raise_error(cpu, vector, 0);
    if (!seg_fetch(cpu, selector, &desc, where))
        cpu_raise_error(cpu, vector, bare(selector));
    return desc;
}

/* The target must lie in the segment (or be canonical). */
static void check_target(struct cpu *cpu, const struct seg *cs, uint64_t offset)
{
    bool code64 = cpu_long(cpu) && (cs->attr & DESC_L);
    if (code64 ? !cpu_canonical(cpu, offset) : offset > cs->limit)
        cpu_raise_error(cpu, EX_GP, 0);
}

/* A code segment for a direct transfer at the current CPL. */
static void code_for_transfer(struct cpu *cpu, uint16_t selector, uint64_t desc,
                              gva_t where, struct seg *cs)
{
    unsigned dpl, rpl = selector & 3;
    seg_unpack(cs, selector, desc);
    dpl = dpl_of(cs->attr);
    if (cs->attr & DESC_EC ? dpl > cpu->cpl : rpl > cpu->cpl || dpl != cpu->cpl)
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (cpu_long(cpu) && (cs->attr & (DESC_L | DESC_DB)) == (DESC_L | DESC_DB))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (!(cs->attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, bare(selector));
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(cs, selector, desc);
}

static void load_cs(struct cpu *cpu, const struct seg *cs, unsigned cpl)
{
    cpu->seg[SEG_CS] = *cs;
    cpu->seg[SEG_CS].selector = (uint16_t)((cs->selector & ~3u) | cpl);
    cpu->cpl = (uint8_t)cpl;
    cpu_update_views(cpu);
}

static void real_cs(struct cpu *cpu, uint16_t selector, uint64_t offset)
{
    seg_load_real(cpu, SEG_CS, selector);
    cpu_set_rip(cpu, offset);
}

static bool is_code(uint64_t desc)
{
    return (desc >> 40 & (DESC_S | DESC_CODE)) == (DESC_S | DESC_CODE);
}

/* ---- call gates */

enum {
    TYPE_TSS16 = 1,
    TYPE_CALL16 = 4,
    TYPE_TASK = 5,
    TYPE_TSS32 = 9,
    TYPE_CALL = 12
};

struct call_gate {
    uint16_t selector;
    uint64_t offset;
    unsigned params, size; /* size of pushes: 2, 4, 8 */
};

static void read_call_gate(struct cpu *cpu, uint16_t selector, uint64_t desc,
                           gva_t where, struct call_gate *g)
{
    unsigned dpl = desc >> 45 & 3, type = desc >> 40 & 0x1f;
    if (dpl < cpu->cpl || dpl < (selector & 3u))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (!(desc >> 47 & 1))
        cpu_raise_error(cpu, EX_NP, bare(selector));
    g->selector = (uint16_t)(desc >> 16);
    g->offset = bits(desc, 0, 16) | bits(desc, 48, 16) << 16;
    g->params = (unsigned)bits(desc, 32, 5);
    g->size = 4;
    if (cpu_long(cpu)) {
        uint64_t high = mem_sys_read(cpu, where + 8, 8);
        if (bits(high, 40, 5))
            cpu_raise_error(cpu, EX_GP, bare(selector));
        g->offset |= high << 32;
        g->size = 8;
    } else if (type == TYPE_CALL16) {
        g->offset &= 0xffff;
        g->size = 2;
    }
}

/* The code segment behind a call gate; returns the new CPL. */
static unsigned gate_code(struct cpu *cpu, const struct call_gate *g, bool call,
                          struct seg *cs)
{
    gva_t where;
    uint64_t desc = fetch(cpu, g->selector, EX_GP, &where);
    unsigned dpl;
    bool conforming;
    seg_unpack(cs, g->selector, desc);
    dpl = dpl_of(cs->attr);
    conforming = cs->attr & DESC_EC;
    if (!is_code(desc) || dpl > cpu->cpl ||
        (!call && !conforming && dpl != cpu->cpl))
        cpu_raise_error(cpu, EX_GP, bare(g->selector));
    if (cpu_long(cpu) && (cs->attr & (DESC_L | DESC_DB)) != DESC_L)
        cpu_raise_error(cpu, EX_GP, bare(g->selector));
    if (!(cs->attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, bare(g->selector));
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(cs, g->selector, desc);
    return conforming ? cpu->cpl : dpl;
}

/* ---- JMP */

static void jump_system(struct cpu *cpu, uint16_t selector, uint64_t desc,
                        gva_t where, bool call, uint64_t next_rip);

void far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset,
              unsigned osize)
{
    uint64_t desc;
    gva_t where;
    struct seg cs;
    event_note(cpu, EVENT_FAR_JMP, 0, cpu_rip(cpu));
    if (osize == 2)
        offset &= 0xffff;
    if (!cpu_descriptors(cpu)) {
        if (offset > 0xffff)
            cpu_raise_error(cpu, EX_GP, 0);
        real_cs(cpu, selector, offset);
        return;
    }
    desc = fetch(cpu, selector, EX_GP, &where);
    if (!is_code(desc)) {
        jump_system(cpu, selector, desc, where, false,
                    cpu_rip(cpu) + cpu->insn->len);
        return;
    }
    code_for_transfer(cpu, selector, desc, where, &cs);
    check_target(cpu, &cs, offset);
    load_cs(cpu, &cs, cpu->cpl);
    cpu_set_rip(cpu, offset);
}

/* ---- CALL */

/* Write pushes of 2, 4 or 8 bytes below `sp` of a stack segment in one go:
 * values[0] is pushed first. Nothing is changed but memory. */
static void write_stack(struct cpu *cpu, const struct seg *ss, uint64_t sp,
                        uint64_t mask, unsigned size, enum mmu_bank_kind kind,
                        const uint64_t *values, unsigned count, uint32_t error)
{
    struct mmu_fault fault;
    uint8_t buf[8];
    bool flat = cpu_long(cpu) && mask == ~0ull;
    /* The lowest write first: a stack that is too small is found at once. */
    for (unsigned n = count; n-- > 0;) {
        uint64_t off = (sp - (n + 1) * size) & mask;
        uint32_t top = ss->attr & DESC_DB ? 0xffffffff : 0xffff;
        bool inside = ss->attr & DESC_EC
                          ? off > ss->limit && off + size - 1 <= top
                          : off + size - 1 <= ss->limit;
        if (flat ? !cpu_canonical(cpu, off) : !inside)
            cpu_raise_error(cpu, EX_SS, error);
        store_le64(buf, values[n]);
        if (!mmu_write(&cpu->mmu, kind, flat ? off : (uint32_t)(ss->base + off),
                       buf, size, &fault))
            cpu_raise_fault(cpu, &fault);
    }
}

static void push_values(struct cpu *cpu, unsigned size, const uint64_t *values,
                        unsigned count)
{
    write_stack(cpu, &cpu->seg[SEG_SS], R64(RSP), cpu->sp_mask, size,
                cpu->mmu.kind, values, count, 0);
    set_sp(cpu, R64(RSP) - count * size);
}

/* SS:SP of an inner ring from the TSS. */
static void inner_stack(struct cpu *cpu, unsigned cpl, struct seg *ss,
                        uint64_t *sp)
{
    bool wide = cpu->tr.attr & 8;
    unsigned at = wide ? 4 + cpl * 8 : 2 + cpl * 4;
    uint16_t selector;
    uint64_t desc;
    gva_t where;
    uint32_t ts = bare(cpu->tr.selector);
    if (cpu_long(cpu)) {
        if (4 + cpl * 8 + 7 > cpu->tr.limit)
            cpu_raise_error(cpu, EX_TS, ts);
        *sp = mem_sys_read(cpu, cpu->tr.base + 4 + cpl * 8, 8);
        *ss = (struct seg){0, 0, (uint16_t)cpl,
                           (uint16_t)(cpl << DESC_DPL_SHIFT)};
        return;
    }
    if (at + (wide ? 5 : 3) > cpu->tr.limit)
        cpu_raise_error(cpu, EX_TS, ts);
    *sp = mem_sys_read(cpu, cpu->tr.base + at, wide ? 4 : 2);
    selector =
        (uint16_t)mem_sys_read(cpu, cpu->tr.base + at + (wide ? 4 : 2), 2);
    desc = fetch(cpu, selector, EX_TS, &where);
    seg_unpack(ss, selector, desc);
    if ((selector & 3u) != cpl || dpl_of(ss->attr) != cpl ||
        (ss->attr & (DESC_S | DESC_CODE | DESC_RW)) != (DESC_S | DESC_RW))
        cpu_raise_error(cpu, EX_TS, bare(selector));
    if (!(ss->attr & DESC_P))
        cpu_raise_error(cpu, EX_SS, bare(selector));
    seg_set_accessed(cpu, where, &desc);
    seg_unpack(ss, selector, desc);
}

/* Parameters that a gate copies from the outer stack. */
static unsigned read_params(struct cpu *cpu, const struct call_gate *g,
                            uint64_t *values)
{
    if (g->size == 8)
        return 0;
    for (unsigned n = 0; n < g->params; n++) {
        uint64_t off =
            (R64(RSP) + (g->params - 1 - n) * g->size) & cpu->sp_mask;
        values[n] =
            g->size == 2 ? ld16(cpu, SEG_SS, off) : ld32(cpu, SEG_SS, off);
    }
    return g->params;
}

static void call_gate(struct cpu *cpu, const struct call_gate *g,
                      const struct seg *cs, unsigned cpl, uint64_t next_rip)
{
    uint64_t v[36];
    unsigned n = 0;
    if (cpl == cpu->cpl) {
        v[0] = cpu->seg[SEG_CS].selector;
        v[1] = next_rip;
        push_values(cpu, g->size, v, 2);
    } else {
        struct seg ss;
        uint64_t sp, mask;
        inner_stack(cpu, cpl, &ss, &sp);
        mask = cpu_long(cpu) ? ~0ull : ss.attr & DESC_DB ? 0xffffffff : 0xffff;
        v[n++] = cpu->seg[SEG_SS].selector;
        v[n++] = R64(RSP);
        n += read_params(cpu, g, v + n);
        v[n++] = cpu->seg[SEG_CS].selector;
        v[n++] = next_rip;
        write_stack(cpu, &ss, sp, mask, g->size, BANK_SUPER, v, n,
                    bare(ss.selector));
        cpu->seg[SEG_SS] = ss;
        R64(RSP) = (R64(RSP) & ~mask) | ((sp - n * g->size) & mask);
    }
    load_cs(cpu, cs, cpl);
    cpu_set_rip(cpu, g->offset);
}

static void jump_system(struct cpu *cpu, uint16_t selector, uint64_t desc,
                        gva_t where, bool call, uint64_t next_rip)
{
    unsigned type = desc >> 40 & 0x1f, dpl = desc >> 45 & 3;
    enum task_source source = call ? TASK_CALL : TASK_JMP;
    struct call_gate g;
    struct seg cs;
    unsigned cpl;
    if (type == TYPE_CALL || (type == TYPE_CALL16 && !cpu_long(cpu))) {
        read_call_gate(cpu, selector, desc, where, &g);
        cpl = gate_code(cpu, &g, call, &cs);
        check_target(cpu, &cs, g.offset);
        if (call) {
            call_gate(cpu, &g, &cs, cpl, next_rip);
        } else {
            load_cs(cpu, &cs, cpu->cpl);
            cpu_set_rip(cpu, g.offset);
        }
        return;
    }
    if (cpu_long(cpu) ||
        (type != TYPE_TASK && type != TYPE_TSS16 && type != TYPE_TSS32) ||
        dpl < cpu->cpl || dpl < (selector & 3u))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (!(desc >> 47 & 1))
        cpu_raise_error(cpu, EX_NP, bare(selector));
    if (type == TYPE_TASK) {
        selector = (uint16_t)(desc >> 16);
        if (selector & 4)
            cpu_raise_error(cpu, EX_GP, bare(selector));
        desc = fetch(cpu, selector, EX_GP, &where);
        type = desc >> 40 & 0x1f;
        if (type != TYPE_TSS16 && type != TYPE_TSS32)
            cpu_raise_error(cpu, EX_GP, bare(selector));
        if (!(desc >> 47 & 1))
            cpu_raise_error(cpu, EX_NP, bare(selector));
    }
    task_switch(cpu, selector, desc, source, next_rip, NULL);
}

void far_call(struct cpu *cpu, uint16_t selector, uint64_t offset,
              unsigned osize, uint64_t return_rip)
{
    uint64_t v[2] = {cpu->seg[SEG_CS].selector, return_rip}, desc;
    gva_t where;
    struct seg cs;
    event_note(cpu, EVENT_FAR_CALL, 0, cpu_rip(cpu));
    if (osize == 2)
        offset &= 0xffff;
    if (!cpu_descriptors(cpu)) {
        if (offset > 0xffff)
            cpu_raise_error(cpu, EX_GP, 0);
        push_values(cpu, osize, v, 2);
        real_cs(cpu, selector, offset);
        return;
    }
    desc = fetch(cpu, selector, EX_GP, &where);
    if (!is_code(desc)) {
        jump_system(cpu, selector, desc, where, true, return_rip);
        return;
    }
    code_for_transfer(cpu, selector, desc, where, &cs);
    check_target(cpu, &cs, offset);
    push_values(cpu, osize, v, 2);
    load_cs(cpu, &cs, cpu->cpl);
    cpu_set_rip(cpu, offset);
}

/* ---- RET */

static uint64_t stack_at(struct cpu *cpu, uint64_t by, unsigned size)
{
    uint64_t off = (R64(RSP) + by) & cpu->sp_mask;
    if (size == 2)
        return ld16(cpu, SEG_SS, off);
    return size == 4 ? ld32(cpu, SEG_SS, off) : ld64(cpu, SEG_SS, off);
}

/* Code segment of a return; its RPL is the new CPL. */
static void return_code(struct cpu *cpu, uint16_t selector, struct seg *cs)
{
    gva_t where;
    uint64_t desc = fetch(cpu, selector, EX_GP, &where);
    unsigned rpl = selector & 3, dpl;
    seg_unpack(cs, selector, desc);
    dpl = dpl_of(cs->attr);
    if (!is_code(desc) || rpl < cpu->cpl ||
        (cs->attr & DESC_EC ? dpl > rpl : dpl != rpl))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (cpu_long(cpu) && (cs->attr & (DESC_L | DESC_DB)) == (DESC_L | DESC_DB))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (!(cs->attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, bare(selector));
    if (!(cs->attr & DESC_A)) {
        seg_set_accessed(cpu, where, &desc);
        seg_unpack(cs, selector, desc);
    }
}

static void return_stack(struct cpu *cpu, uint16_t selector, unsigned cpl,
                         const struct seg *cs, struct seg *ss)
{
    gva_t where;
    uint64_t desc;
    if (!bare(selector)) {
        /* Null SS: only to 64-bit code outside ring 3. */
        if (!cpu_long(cpu) || !(cs->attr & DESC_L) || cpl == 3 ||
            (selector & 3u) != cpl)
            cpu_raise_error(cpu, EX_GP, 0);
        *ss = (struct seg){0, 0, selector, (uint16_t)(cpl << DESC_DPL_SHIFT)};
        return;
    }
    desc = fetch(cpu, selector, EX_GP, &where);
    seg_unpack(ss, selector, desc);
    if ((selector & 3u) != cpl || dpl_of(ss->attr) != cpl ||
        (ss->attr & (DESC_S | DESC_CODE | DESC_RW)) != (DESC_S | DESC_RW))
        cpu_raise_error(cpu, EX_GP, bare(selector));
    if (!(ss->attr & DESC_P))
        cpu_raise_error(cpu, EX_SS, bare(selector));
    if (!(ss->attr & DESC_A)) {
        seg_set_accessed(cpu, where, &desc);
        seg_unpack(ss, selector, desc);
    }
}

/* Data segments that the outer ring may not use become null. */
static void null_data_segments(struct cpu *cpu)
{
    static const uint8_t data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    for (unsigned n = 0; n < ARRAY_LEN(data); n++) {
        struct seg *s = &cpu->seg[data[n]];
        bool conforming =
            (s->attr & (DESC_CODE | DESC_EC)) == (DESC_CODE | DESC_EC);
        if ((s->attr & DESC_P) && !conforming && dpl_of(s->attr) < cpu->cpl) {
            s->selector = 0;
            s->attr = 0;
            s->base = 0;
            s->limit = 0;
        }
    }
    cpu_update_views(cpu);
}

void far_ret(struct cpu *cpu, unsigned osize, uint16_t pop_bytes)
{
    uint64_t rip = stack_at(cpu, 0, osize), sp;
    uint16_t selector = (uint16_t)stack_at(cpu, osize, osize);
    struct seg cs, ss;
    unsigned cpl;
    event_note(cpu, EVENT_FAR_RET, 0, cpu_rip(cpu));
    if (!cpu_descriptors(cpu)) {
        if (rip > 0xffff)
            cpu_raise_error(cpu, EX_GP, 0);
        set_sp(cpu, R64(RSP) + 2 * osize + pop_bytes);
        real_cs(cpu, selector, rip);
        return;
    }
    return_code(cpu, selector, &cs);
    check_target(cpu, &cs, rip);
    cpl = selector & 3;
    if (cpl == cpu->cpl) {
        set_sp(cpu, R64(RSP) + 2 * osize + pop_bytes);
        load_cs(cpu, &cs, cpl);
        cpu_set_rip(cpu, rip);
        return;
    }
    sp = stack_at(cpu, 2 * osize + pop_bytes, osize);
    return_stack(cpu, (uint16_t)stack_at(cpu, 3 * osize + pop_bytes, osize),
                 cpl, &cs, &ss);
    cpu->seg[SEG_SS] = ss;
    load_cs(cpu, &cs, cpl);
    set_sp(cpu, sp + pop_bytes);
    null_data_segments(cpu);
    cpu_set_rip(cpu, rip);
}

/* ---- IRET */

enum {
    IRET_ALWAYS =
        EFL_ARITH | EFL_TF | EFL_DF | EFL_NT | EFL_RF | EFL_AC | EFL_ID
};

/* RF only matters while code breakpoints can hit. */
static void load_eflags(struct cpu *cpu, uint64_t value, uint64_t mask)
{
    if (!(cpu->dr[7] & 0xff))
        value &= ~(uint64_t)EFL_RF;
    cpu_set_eflags(cpu, (cpu_eflags(cpu) & ~mask) | (value & mask));
    cpu_update_trap(cpu);
}

static uint64_t iret_mask(const struct cpu *cpu, unsigned osize)
{
    uint64_t mask = IRET_ALWAYS;
    if (cpu->cpl <= cpu_iopl(cpu))
        mask |= EFL_IF;
    if (cpu->cpl == 0)
        mask |= EFL_IOPL | EFL_VIF | EFL_VIP;
    if (osize == 2)
        mask &= 0xffff;
    return mask;
}

static void iret_real(struct cpu *cpu, unsigned osize)
{
    uint64_t rip = stack_at(cpu, 0, osize);
    uint16_t cs = (uint16_t)stack_at(cpu, osize, osize);
    uint64_t flags = stack_at(cpu, 2 * osize, osize);
    uint64_t mask = IRET_ALWAYS | EFL_IF | EFL_IOPL;
    if (cpu_v86(cpu)) {
        mask &= ~(uint64_t)EFL_IOPL;
        if (cpu_iopl(cpu) < 3) {
            /* VME: a 16-bit IRET works on VIF. */
            if (!(cpu->cr4 & CR4_VME) || osize != 2 || (flags & EFL_TF) ||
                ((flags & EFL_IF) && (cpu->eflags & EFL_VIP)))
                cpu_raise_error(cpu, EX_GP, 0);
            mask = (mask & ~(uint64_t)EFL_IF) | EFL_VIF;
            flags |= flags & EFL_IF ? EFL_VIF : 0;
        }
    }
    if (rip > 0xffff)
        cpu_raise_error(cpu, EX_GP, 0);
    if (osize == 2)
        mask &= 0xffff | EFL_VIF;
    set_sp(cpu, R64(RSP) + 3 * osize);
    load_eflags(cpu, flags, mask);
    real_cs(cpu, cs, rip);
}

static void iret_to_v86(struct cpu *cpu, uint64_t rip, uint16_t cs,
                        uint64_t flags)
{
    static const uint8_t order[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint16_t sel[SEG_COUNT];
    uint64_t sp = stack_at(cpu, 12, 4);
    sel[SEG_SS] = (uint16_t)stack_at(cpu, 16, 4);
    for (unsigned n = 0; n < 4; n++)
        sel[order[n]] = (uint16_t)stack_at(cpu, 20 + 4 * n, 4);
    sel[SEG_CS] = cs;
    load_eflags(cpu, flags,
                IRET_ALWAYS | EFL_IF | EFL_IOPL | EFL_VM | EFL_VIF | EFL_VIP);
    cpu->cpl = 3;
    R64(RSP) = (uint32_t)sp;
    for (unsigned s = 0; s < SEG_COUNT; s++)
        seg_load_real(cpu, s, sel[s]);
    cpu_set_rip(cpu, rip & 0xffff);
}

static void iret_task(struct cpu *cpu, uint64_t next_rip)
{
    uint16_t selector = (uint16_t)mem_sys_read(cpu, cpu->tr.base, 2);
    uint64_t desc;
    gva_t where;
    unsigned type;
    if ((selector & 4) || !bare(selector) ||
        !seg_fetch(cpu, selector, &desc, &where))
        cpu_raise_error(cpu, EX_TS, bare(selector));
    type = desc >> 40 & 0x1f;
    if (type != 3 && type != 11) /* busy TSS */
        cpu_raise_error(cpu, EX_TS, bare(selector));
    if (!(desc >> 47 & 1))
        cpu_raise_error(cpu, EX_NP, bare(selector));
    task_switch(cpu, selector, desc, TASK_IRET, next_rip, NULL);
}

void far_iret(struct cpu *cpu, unsigned osize, uint64_t next_rip)
{
    uint64_t rip, flags, mask, sp = 0;
    uint16_t selector;
    struct seg cs, ss;
    unsigned cpl;
    bool outer, inner_left;

    event_note(cpu, EVENT_IRET, 0, cpu_rip(cpu));
    cpu->attention &= ~(uint32_t)ATT_NMI_BLOCKED;
    if (!cpu_descriptors(cpu)) {
        iret_real(cpu, osize);
        return;
    }
    if (cpu->eflags & EFL_NT) {
        if (cpu_long(cpu))
            cpu_raise_error(cpu, EX_GP, 0);
        iret_task(cpu, next_rip);
        return;
    }
    rip = stack_at(cpu, 0, osize);
    selector = (uint16_t)stack_at(cpu, osize, osize);
    flags = stack_at(cpu, 2 * osize, osize);
    if ((flags & EFL_VM) && cpu->cpl == 0 && osize == 4 && !cpu_long(cpu)) {
        iret_to_v86(cpu, rip, selector, flags);
        return;
    }
    return_code(cpu, selector, &cs);
    check_target(cpu, &cs, rip);
    cpl = selector & 3;
    outer = cpl != cpu->cpl || cpu_code64(cpu);
    if (outer) {
        sp = stack_at(cpu, 3 * osize, osize);
        return_stack(cpu, (uint16_t)stack_at(cpu, 4 * osize, osize), cpl, &cs,
                     &ss);
        cpu->seg[SEG_SS] = ss;
    } else {
        set_sp(cpu, R64(RSP) + 3 * osize);
    }
    mask = iret_mask(cpu, osize);
    load_eflags(cpu, flags, mask);
    inner_left = cpl != cpu->cpl;
    load_cs(cpu, &cs, cpl);
    if (inner_left)
        null_data_segments(cpu);
    if (outer)
        set_sp(cpu, sp);
    cpu_set_rip(cpu, rip);
}
