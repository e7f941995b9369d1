/* event.c - exceptions, interrupts and their delivery.
 *
 * SDM volume 3, chapter 6; priorities table 6-2, double faults table 6-5,
 * 20.3 (virtual-8086 interrupts). Errors found during delivery leave by
 * cpu_raise like any other; event_exception then sees that one was on its
 * way already. */
#include "cpu/event.h"

#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"
#include "cpu/seg.h"
#include "mmu/strict.h"

/* ---- raising */

NORETURN static void raise_now(struct cpu *cpu, unsigned vector, bool has_error,
                               uint32_t error)
{
    cpu->raised.vector = (uint8_t)vector;
    cpu->raised.has_error = has_error;
    cpu->raised.error = error;
    longjmp(cpu->raise_env, 1);
}

static void note(struct cpu *cpu, enum strict_row row)
{
    if (unlikely(cpu->mmu.strict != NULL))
        strict_note(cpu->mmu.strict, row);
}

void cpu_raise(struct cpu *cpu, unsigned vector)
{
    if (vector == EX_UD)
        note(cpu, STRICT_undefined_opcode);
    raise_now(cpu, vector, false, 0);
}

void cpu_raise_error(struct cpu *cpu, unsigned vector, uint32_t error)
{
    raise_now(cpu, vector, true, error);
}

void cpu_raise_fault(struct cpu *cpu, const struct mmu_fault *fault)
{
    if (fault->error & PF_RSVD)
        note(cpu, STRICT_table_reserved);
    cpu->raised.cr2 = fault->gva;
    raise_now(cpu, EX_PF, true, fault->error);
}

void cpu_raise_seg(struct cpu *cpu, unsigned seg)
{
    note(cpu, cpu_code64(cpu) ? STRICT_noncanonical : STRICT_segment);
    raise_now(cpu, seg == SEG_SS ? EX_SS : EX_GP, true, 0);
}

void cpu_raise_sse_unavailable(struct cpu *cpu)
{
    if ((cpu->cr0 & CR0_EM) || !(cpu->cr4 & CR4_OSFXSR))
        cpu_raise(cpu, EX_UD);
    cpu_raise(cpu, EX_NM);
}

/* ---- delivery */

struct delivery {
    enum event_kind kind;
    unsigned vector;
    bool has_error;
    uint32_t error;
    uint64_t rip;   /* to return to */
    uint32_t flags; /* to push */
    uint32_t ext;   /* EXT bit of error codes about the delivery itself */
};

static bool is_soft(enum event_kind kind)
{
    return kind == EVENT_SOFT || kind == EVENT_SOFT_EX;
}

/* An error code that points at the IDT entry. */
static uint32_t idt_error(const struct delivery *d)
{
    return d->vector << 3 | 2 | d->ext;
}

static void deliver_real(struct cpu *cpu, const struct delivery *d)
{
    uint64_t at = cpu->idtr_base + d->vector * 4;
    uint32_t entry;
    uint64_t sp = R64(RSP);
    if (d->vector * 4 + 3 > cpu->idtr_limit)
        cpu_raise_error(cpu, EX_GP, idt_error(d));
    entry = (uint32_t)mem_sys_read(cpu, at, 4);
    /* All three words must fit before the stack pointer moves. */
    st16(cpu, SEG_SS, (sp - 6) & cpu->sp_mask, (uint16_t)d->rip);
    st16(cpu, SEG_SS, (sp - 4) & cpu->sp_mask, cpu->seg[SEG_CS].selector);
    st16(cpu, SEG_SS, (sp - 2) & cpu->sp_mask, (uint16_t)d->flags);
    set_sp(cpu, sp - 6);
    cpu->eflags &= ~(uint64_t)(EFL_IF | EFL_TF | EFL_AC | EFL_RF);
    seg_load_real(cpu, SEG_CS, (uint16_t)(entry >> 16));
    cpu_set_rip(cpu, entry & 0xffff);
}

struct gate {
    uint16_t selector;
    uint64_t offset;
    unsigned type, dpl, ist;
    bool present;
};

static void read_gate(struct cpu *cpu, const struct delivery *d, struct gate *g)
{
    unsigned size = cpu_long(cpu) ? 16 : 8;
    uint64_t at = cpu->idtr_base + (uint64_t)d->vector * size, low;
    if (d->vector * size + size - 1 > cpu->idtr_limit)
        cpu_raise_error(cpu, EX_GP, idt_error(d));
    low = mem_sys_read(cpu, at, 8);
    g->selector = (uint16_t)bits(low, 16, 16);
    g->offset = bits(low, 0, 16) | bits(low, 48, 16) << 16;
    g->ist = (unsigned)bits(low, 32, 3);
    g->type = (unsigned)bits(low, 40, 5);
    g->dpl = (unsigned)bits(low, 45, 2);
    g->present = bits(low, 47, 1);
    if (size == 16)
        g->offset |= mem_sys_read(cpu, at + 8, 8) << 32;
    /* 5 task gate, 6/7 16-bit and 14/15 32-bit interrupt/trap gates; long
     * mode knows only the last two. */
    if (!(g->type == 14 || g->type == 15 ||
          (size == 8 && (g->type == 5 || g->type == 6 || g->type == 7))))
        cpu_raise_error(cpu, EX_GP, idt_error(d));
    if (is_soft(d->kind) && g->dpl < cpu->cpl)
        cpu_raise_error(cpu, EX_GP, d->vector << 3 | 2);
    if (!g->present)
        cpu_raise_error(cpu, EX_NP, idt_error(d));
    if (g->type == 6 || g->type == 7)
        g->offset &= 0xffff;
}

/* The handler's code segment: checked, and the new CPL. */
static unsigned check_handler(struct cpu *cpu, const struct delivery *d,
                              uint16_t selector, struct seg *cs)
{
    uint64_t desc;
    gva_t where;
    unsigned dpl;
    uint32_t error = (selector & 0xfffcu) | d->ext;
    if (!(selector & 0xfffc))
        cpu_raise_error(cpu, EX_GP, d->ext);
    if (!seg_fetch(cpu, selector, &desc, &where))
        cpu_raise_error(cpu, EX_GP, error);
    seg_unpack(cs, selector, desc);
    dpl = (cs->attr & DESC_DPL) >> DESC_DPL_SHIFT;
    if ((cs->attr & (DESC_S | DESC_CODE)) != (DESC_S | DESC_CODE) ||
        dpl > cpu->cpl)
        cpu_raise_error(cpu, EX_GP, error);
    if (cpu_long(cpu) && (cs->attr & (DESC_L | DESC_DB)) != DESC_L)
        cpu_raise_error(cpu, EX_GP, error);
    if (!(cs->attr & DESC_P))
        cpu_raise_error(cpu, EX_NP, error);
    if (!(cs->attr & DESC_A)) {
        mem_sys_write(cpu, where + 5, (desc >> 40 & 0xff) | DESC_A, 1);
        cs->attr |= DESC_A;
    }
    return cs->attr & DESC_EC ? cpu->cpl : dpl;
}

/* Interrupt gates clear IF; both kinds clear TF, NT, VM, RF. */
static void enter_handler(struct cpu *cpu, const struct gate *g,
                          const struct seg *cs, unsigned cpl)
{
    cpu->eflags &= ~(uint64_t)(EFL_TF | EFL_NT | EFL_VM | EFL_RF);
    if (!(g->type & 1))
        cpu->eflags &= ~(uint64_t)EFL_IF;
    cpu->seg[SEG_CS] = *cs;
    cpu->seg[SEG_CS].selector = (uint16_t)((cs->selector & ~3u) | cpl);
    cpu->cpl = (uint8_t)cpl;
    cpu_update_views(cpu);
    cpu_set_rip(cpu, g->offset);
}

/* ---- long mode: 64-bit frame, always SS:RSP, 16-byte aligned */

static uint64_t tss64_stack(struct cpu *cpu, const struct delivery *d,
                            unsigned offset)
{
    uint64_t rsp;
    if (offset + 7 > cpu->tr.limit)
        cpu_raise_error(cpu, EX_TS, (cpu->tr.selector & 0xfffcu) | d->ext);
    rsp = mem_sys_read(cpu, cpu->tr.base + offset, 8);
    if (!cpu_canonical(cpu, rsp))
        cpu_raise_error(cpu, EX_SS, d->ext);
    return rsp;
}

static void deliver_64(struct cpu *cpu, const struct delivery *d,
                       const struct gate *g)
{
    struct seg cs;
    unsigned cpl = check_handler(cpu, d, g->selector, &cs);
    enum mmu_bank_kind kind = cpl == 3 ? BANK_USER : BANK_SUPER;
    unsigned words = d->has_error ? 6 : 5;
    uint8_t frame[48], *f = frame;
    struct mmu_fault fault;
    uint64_t sp;
    uint8_t *fast;

    if (g->ist)
        sp = tss64_stack(cpu, d, 28 + g->ist * 8);
    else if (cpl != cpu->cpl)
        sp = tss64_stack(cpu, d, 4 + cpl * 8);
    else
        sp = R64(RSP);
    if (!cpu_canonical(cpu, g->offset))
        cpu_raise_error(cpu, EX_GP, d->ext);
    sp = (sp & ~15ull) - words * 8;
    if (d->has_error) {
        store_le64(f, d->error);
        f += 8;
    }
    store_le64(f, d->rip);
    store_le64(f + 8, cpu->seg[SEG_CS].selector);
    store_le64(f + 16, d->flags);
    store_le64(f + 24, R64(RSP));
    store_le64(f + 32, cpu->seg[SEG_SS].selector);
    fast = tlb_lookup(&cpu->mmu.bank[kind]->of[MMU_WRITE], sp, words * 8);
    if (fast)
        memcpy(fast, frame, words * 8);
    else if (!mmu_write(&cpu->mmu, kind, sp, frame, words * 8, &fault))
        cpu_raise_fault(cpu, &fault);
    if (unlikely(cpu->dr[7] & 0xff))
        event_watch(cpu, sp, words * 8, WATCH_WRITE);
    if (cpl != cpu->cpl) {
        /* A null SS with RPL = the new CPL. */
        cpu->seg[SEG_SS] = (struct seg){0, 0, (uint16_t)cpl,
                                        (uint16_t)(cpl << DESC_DPL_SHIFT)};
    }
    R64(RSP) = sp;
    enter_handler(cpu, g, &cs, cpl);
}

/* ---- protected mode, 16- and 32-bit gates */

/* Pushes of a frame onto a stack that is not the current one yet. */
struct frame {
    struct seg ss;
    uint64_t sp, mask;
    unsigned size; /* 2 or 4 */
    enum mmu_bank_kind kind;
};

/* #SS for the current stack carries 0, for a new one its selector. */
static void frame_push(struct cpu *cpu, struct frame *f, uint32_t value,
                       uint32_t error)
{
    struct mmu_fault fault;
    uint8_t buf[4];
    uint64_t off;
    uint32_t top = f->ss.attr & DESC_DB ? 0xffffffff : 0xffff;
    bool down = f->ss.attr & DESC_EC;
    f->sp -= f->size;
    off = f->sp & f->mask;
    if (down ? off <= f->ss.limit || off + f->size - 1 > top
             : off + f->size - 1 > f->ss.limit)
        cpu_raise_error(cpu, EX_SS, error);
    store_le32(buf, value);
    if (!mmu_write(&cpu->mmu, f->kind, (uint32_t)(f->ss.base + off), buf,
                   f->size, &fault))
        cpu_raise_fault(cpu, &fault);
    if (unlikely(cpu->dr[7] & 0xff))
        event_watch(cpu, (uint32_t)(f->ss.base + off), f->size, WATCH_WRITE);
}

static void tss_stack(struct cpu *cpu, const struct delivery *d, unsigned cpl,
                      uint16_t *ss, uint32_t *sp)
{
    bool wide = cpu->tr.attr & 8;
    unsigned at = wide ? 4 + cpl * 8 : 2 + cpl * 4;
    if (at + (wide ? 5 : 3) > cpu->tr.limit)
        cpu_raise_error(cpu, EX_TS, (cpu->tr.selector & 0xfffcu) | d->ext);
    *sp = (uint32_t)mem_sys_read(cpu, cpu->tr.base + at, wide ? 4 : 2);
    *ss = (uint16_t)mem_sys_read(cpu, cpu->tr.base + at + (wide ? 4 : 2), 2);
}

static void new_stack_segment(struct cpu *cpu, const struct delivery *d,
                              unsigned cpl, uint16_t selector, struct seg *ss)
{
    uint64_t desc;
    gva_t where;
    uint32_t error = (selector & 0xfffcu) | d->ext;
    if (!(selector & 0xfffc))
        cpu_raise_error(cpu, EX_TS, d->ext);
    if (!seg_fetch(cpu, selector, &desc, &where))
        cpu_raise_error(cpu, EX_TS, error);
    seg_unpack(ss, selector, desc);
    if ((selector & 3u) != cpl ||
        (ss->attr & DESC_DPL) >> DESC_DPL_SHIFT != (int)cpl ||
        (ss->attr & (DESC_S | DESC_CODE | DESC_RW)) != (DESC_S | DESC_RW))
        cpu_raise_error(cpu, EX_TS, error);
    if (!(ss->attr & DESC_P))
        cpu_raise_error(cpu, EX_SS, error);
    if (!(ss->attr & DESC_A)) {
        mem_sys_write(cpu, where + 5, (desc >> 40 & 0xff) | DESC_A, 1);
        ss->attr |= DESC_A;
    }
}

static void push_return(struct cpu *cpu, const struct delivery *d,
                        struct frame *f, uint32_t error)
{
    frame_push(cpu, f, d->flags, error);
    frame_push(cpu, f, cpu->seg[SEG_CS].selector, error);
    frame_push(cpu, f, (uint32_t)d->rip, error);
    if (d->has_error)
        frame_push(cpu, f, d->error, error);
}

static void deliver_inner(struct cpu *cpu, const struct delivery *d,
                          const struct gate *g, const struct seg *cs,
                          unsigned cpl)
{
    struct frame f = {.size = g->type & 8 ? 4 : 2, .kind = BANK_SUPER};
    static const uint8_t v86_pushed[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};
    bool v86 = cpu_v86(cpu);
    uint16_t selector;
    uint32_t sp, error;
    tss_stack(cpu, d, cpl, &selector, &sp);
    new_stack_segment(cpu, d, cpl, selector, &f.ss);
    f.sp = sp;
    f.mask = f.ss.attr & DESC_DB ? 0xffffffff : 0xffff;
    error = (selector & 0xfffcu) | d->ext;
    if (v86)
        for (unsigned n = 0; n < 4; n++)
            frame_push(cpu, &f, cpu->seg[v86_pushed[n]].selector, error);
    frame_push(cpu, &f, cpu->seg[SEG_SS].selector, error);
    frame_push(cpu, &f, (uint32_t)R64(RSP), error);
    push_return(cpu, d, &f, error);
    if (v86)
        for (unsigned n = 0; n < 4; n++)
            cpu->seg[v86_pushed[n]] = (struct seg){0, 0, 0, 0};
    cpu->seg[SEG_SS] = f.ss;
    R64(RSP) = (R64(RSP) & ~f.mask) | (f.sp & f.mask);
    enter_handler(cpu, g, cs, cpl);
}

static void deliver_same(struct cpu *cpu, const struct delivery *d,
                         const struct gate *g, const struct seg *cs)
{
    struct frame f = {
        .ss = cpu->seg[SEG_SS],
        .sp = R64(RSP),
        .mask = cpu->sp_mask,
        .size = g->type & 8 ? 4 : 2,
        .kind = cpu->cpl == 3 ? BANK_USER : BANK_SUPER,
    };
    push_return(cpu, d, &f, d->ext);
    set_sp(cpu, f.sp);
    enter_handler(cpu, g, cs, cpu->cpl);
}

static void deliver_task(struct cpu *cpu, const struct delivery *d,
                         const struct gate *g)
{
    uint64_t desc;
    gva_t where;
    uint32_t error = (g->selector & 0xfffcu) | d->ext;
    struct task_event event = {d->flags, d->ext, d->has_error, d->error};
    unsigned type;
    if ((g->selector & 4) || !seg_fetch(cpu, g->selector, &desc, &where))
        cpu_raise_error(cpu, EX_GP, error);
    type = desc >> 40 & 0x1f;
    if (type != 1 && type != 9)
        cpu_raise_error(cpu, EX_GP, error);
    if (!(desc >> 47 & 1))
        cpu_raise_error(cpu, EX_NP, error);
    task_switch(cpu, g->selector, desc, TASK_INT, d->rip, &event);
}

static void deliver_protected(struct cpu *cpu, const struct delivery *d)
{
    struct gate g;
    struct seg cs;
    unsigned cpl;
    read_gate(cpu, d, &g);
    if (cpu_long(cpu)) {
        deliver_64(cpu, d, &g);
        return;
    }
    if (g.type == 5) {
        deliver_task(cpu, d, &g);
        return;
    }
    cpl = check_handler(cpu, d, g.selector, &cs);
    if (cpu_v86(cpu) && cpl != 0)
        cpu_raise_error(cpu, EX_GP, (g.selector & 0xfffcu) | d->ext);
    if (g.offset > cs.limit)
        cpu_raise_error(cpu, EX_GP, d->ext);
    if (cpl < cpu->cpl)
        deliver_inner(cpu, d, &g, &cs, cpl);
    else
        deliver_same(cpu, d, &g, &cs);
}

/* VME: an INT n in virtual-8086 mode whose bit in the redirection bitmap is
 * 0 goes to the program's own handler, as in real mode. Otherwise INT n
 * needs IOPL 3. */
static bool deliver_vme(struct cpu *cpu, const struct delivery *d)
{
    uint64_t map, entry;
    uint32_t flags;
    if (cpu->cr4 & CR4_VME) {
        if (cpu->tr.limit < 103)
            cpu_raise_error(cpu, EX_GP, 0);
        map = mem_sys_read(cpu, cpu->tr.base + 102, 2) - 32 + d->vector / 8;
        if (map > cpu->tr.limit)
            cpu_raise_error(cpu, EX_GP, 0);
        if (!(mem_sys_read(cpu, cpu->tr.base + map, 1) >> d->vector % 8 & 1)) {
            flags = d->flags;
            if (cpu_iopl(cpu) < 3) {
                flags = (flags & ~(uint32_t)EFL_IF) | EFL_IOPL |
                        (flags & EFL_VIF ? EFL_IF : 0);
            }
            entry = mem_sys_read(cpu, d->vector * 4, 4);
            push16(cpu, (uint16_t)flags);
            push16(cpu, cpu->seg[SEG_CS].selector);
            push16(cpu, (uint16_t)d->rip);
            cpu->eflags &= ~(uint64_t)(EFL_TF | EFL_RF |
                                       (cpu_iopl(cpu) < 3 ? EFL_VIF : EFL_IF));
            seg_load_real(cpu, SEG_CS, (uint16_t)(entry >> 16));
            cpu_set_rip(cpu, entry & 0xffff);
            return true;
        }
    }
    if (cpu_iopl(cpu) < 3)
        cpu_raise_error(cpu, EX_GP, 0);
    return false;
}

/* Faults push RF = 1 so that a code breakpoint does not repeat. */
static bool pushes_rf(enum event_kind kind, unsigned vector)
{
    return kind == EVENT_EXCEPTION && vector != EX_DB && vector != EX_BP &&
           vector != EX_OF && vector != EX_DF;
}

void event_deliver(struct cpu *cpu, enum event_kind kind, unsigned vector,
                   bool has_error, uint32_t error, uint64_t rip)
{
    struct delivery d = {kind,          vector, has_error,
                         error,         rip,    (uint32_t)cpu_eflags(cpu),
                         !is_soft(kind)};
    if (pushes_rf(kind, vector))
        d.flags |= EFL_RF;
    LOG(cpu->dev.log, INT, "vector %02x error %x at %04x:%llx cpl %u", vector,
        error, cpu->seg[SEG_CS].selector, (unsigned long long)rip, cpu->cpl);
    cpu->attention &= ~(uint32_t)(ATT_HALTED | ATT_MWAIT);
    cpu->monitor_armed = false;
    cpu->delivered = true;
    event_note(cpu, kind, vector, rip);
    if (!cpu_protected(cpu)) {
        d.has_error = false;
        deliver_real(cpu, &d);
    } else if (!(cpu_v86(cpu) && kind == EVENT_SOFT && deliver_vme(cpu, &d))) {
        deliver_protected(cpu, &d);
    }
}

/* ---- exceptions during exceptions */

static bool contributory(unsigned v)
{
    return v == EX_DE || (v >= EX_TS && v <= EX_GP);
}

/* SDM 3, table 6-5. */
static bool makes_double(unsigned first, unsigned second)
{
    if (first == EX_PF)
        return second == EX_PF || contributory(second);
    return contributory(first) && contributory(second);
}

/* Append the raised exception to the chain. */
static void record(struct cpu *cpu)
{
    cpu->faults[cpu->fault_depth] = (struct cpu_event_record){
        .vector = cpu->raised.vector,
        .cause = cpu->raised.vector,
        .has_error = cpu->raised.has_error,
        .error = cpu->raised.error,
        .cs = cpu->seg[SEG_CS].selector,
        .rip = cpu_rip(cpu),
        .cr2 = cpu->raised.cr2,
    };
    cpu->fault_depth++;
}

/* The chain never has more than a first exception and #DF: what does not
 * make a double fault with the one before begins a new chain. */
bool event_exception(struct cpu *cpu)
{
    unsigned vector = cpu->raised.vector, depth = cpu->fault_depth;
    bool has_error = cpu->raised.has_error;
    uint32_t error = cpu->raised.error;

    if (vector == EX_PF)
        cpu->cr2 = cpu->raised.cr2;
    if (depth && cpu->faults[depth - 1].vector == EX_DF) {
        LOG(cpu->dev.log, CPU, "triple fault at %04x:%llx",
            cpu->seg[SEG_CS].selector, (unsigned long long)cpu_rip(cpu));
        record(cpu);
        cpu->fault_depth = 0;
        return false;
    }
    if (depth && !makes_double(cpu->faults[depth - 1].vector, vector))
        cpu->fault_depth = depth = 0;
    record(cpu);
    if (depth) {
        note(cpu, STRICT_double_fault);
        cpu->faults[depth].vector = vector = EX_DF;
        has_error = true;
        error = 0;
    }
    if (vector == EX_DB) {
        cpu->dr[6] |= cpu->raised.dr6;
        cpu->dr[7] &= ~0x2000ull; /* GD */
    }
    event_deliver(cpu, EVENT_EXCEPTION, vector, has_error, error, cpu_rip(cpu));
    cpu->fault_depth = 0;
    return true;
}

/* ---- between instructions */

/* External events start a chain of their own. */
static void deliver_external(struct cpu *cpu, enum event_kind kind,
                             unsigned vector)
{
    cpu->fault_depth = 1;
    cpu->faults[0] =
        (struct cpu_event_record){.vector = EX_NMI, .cause = EX_NMI};
    event_deliver(cpu, kind, vector, false, 0, cpu_rip(cpu));
    cpu->fault_depth = 0;
}

bool event_poll(struct cpu *cpu)
{
    if (cpu->attention & ATT_SHADOW)
        return false;
    if ((cpu->attention & (ATT_NMI | ATT_NMI_BLOCKED)) == ATT_NMI) {
        cpu->attention &= ~(uint32_t)ATT_NMI;
        cpu->attention |= ATT_NMI_BLOCKED;
        deliver_external(cpu, EVENT_NMI, EX_NMI);
        return true;
    }
    if ((cpu->attention & ATT_INTR) && (cpu->eflags & EFL_IF)) {
        int vector = cpu->config.ack(cpu->config.opaque);
        if (vector < 0)
            return false;
        deliver_external(cpu, EVENT_EXTERNAL, (unsigned)vector);
        return true;
    }
    if ((cpu->attention & ATT_INTR) && (cpu->attention & ATT_MWAIT)) {
        cpu->attention &= ~(uint32_t)(ATT_HALTED | ATT_MWAIT);
        return true;
    }
    return false;
}

/* ---- stepping: TF and breakpoints. RF holds a breakpoint off for one
 * instruction; it is dropped before that instruction runs, since IRET and
 * task switches load it anew. */

enum { DR6_BS = 1 << 14, DR7_LENRW = 16 };
enum dr7_rw { RW_EXECUTE, RW_WRITE, RW_IO, RW_ACCESS };

static bool rw_matches(const struct cpu *cpu, enum dr7_rw rw,
                       enum watch_kind kind)
{
    if (kind == WATCH_IO)
        return rw == RW_IO && (cpu->cr4 & CR4_DE);
    return rw == RW_ACCESS || (rw == RW_WRITE && kind == WATCH_WRITE);
}

/* The range begins at a multiple of its length whatever DRn says. */
void event_watch(struct cpu *cpu, gva_t addr, unsigned size,
                 enum watch_kind kind)
{
    static const uint8_t length[] = {1, 2, 8, 4};
    for (unsigned n = 0; n < 4; n++) {
        unsigned field = cpu->dr[7] >> (DR7_LENRW + n * 4) & 15;
        uint64_t len = length[field >> 2], at = cpu->dr[n] & ~(len - 1);
        if ((cpu->dr[7] >> n * 2 & 3) &&
            rw_matches(cpu, (enum dr7_rw)(field & 3), kind) &&
            at < addr + size && addr < at + len)
            cpu->watch_hit |= (uint8_t)(1u << n);
    }
}

void event_before_step(struct cpu *cpu)
{
    gva_t gva = cpu->cs_base + cpu->reg[REG_RIP];
    uint64_t hit = 0;
    bool ss_loaded = cpu->watch_hit & WATCH_SS_LOADED;
    cpu->watch_hit &= (uint8_t)~WATCH_SS_LOADED;
    if (ss_loaded || (cpu->eflags & EFL_RF)) {
        cpu->eflags &= ~(uint64_t)EFL_RF;
        return;
    }
    for (unsigned n = 0; n < 4; n++)
        if ((cpu->dr[7] >> n * 2 & 3) &&
            (cpu->dr[7] >> (DR7_LENRW + n * 4) & 3) == 0 && cpu->dr[n] == gva)
            hit |= 1ull << n;
    if (!hit)
        return;
    cpu->raised.dr6 = hit;
    cpu->raised.has_error = false;
    cpu_raise(cpu, EX_DB);
}

void event_after_step(struct cpu *cpu, bool tf_before)
{
    /* What MOV SS meets is reported behind the next instruction. */
    if (cpu->watch_hit & WATCH_SS_LOADED)
        return;
    cpu->raised.dr6 = cpu->watch_hit | (tf_before ? DR6_BS : 0);
    cpu->watch_hit = 0;
    if (cpu->raised.dr6)
        cpu_raise(cpu, EX_DB);
}
