/* guest.c - our processor in the place of the host's: a rig in long mode at
 * CPL 3 with the oracle's pages, Linux' user selectors and the LDT.
 *
 * The system's own tables lie in the upper half, where a case sees them as
 * little as it sees Linux' kernel. Engines other than ORC_STEP run without
 * TF until there is no more code: the page behind the instruction is not
 * mapped, and the rest of the code page is HLT, which ring 3 may not. */
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/fpu.h"
#include "cpu/seg.h"
#include "mmu/ram.h"
#include "tests/oracle/oracle.h"
#include "tests/rig.h"

#define KERNEL_BASE 0xffff800000000000ull

enum {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    INNER_STACK_TOP = 0x2f000,
    TABLES = RIG_TABLES + 0x10000, /* rig_long uses what is before */
    UNTIL_HOT = 40,
    STEPS = 200, /* without TF: what a REP string may take */
};
#define PTE_NX (1ull << 63)

struct oracle_guest {
    struct rig *rig;
    enum oracle_engine engine;
    uint8_t *ram;
    uint8_t image[ORC_SIZE], expect[ORC_SIZE];
};

/* ---- pages */

static void map_range(struct rig *rig, uint64_t table, uint32_t from,
                      uint32_t to, uint64_t rights)
{
    for (uint32_t at = from; at < to; at += ORC_PAGE)
        rig_poke(rig, table + (at >> 12) * 8, at | rights, 8);
}

/* PML4 entry 0: the case's pages. Entry 256: the system's, by identity from
 * KERNEL_BASE. */
static void build_tables(struct rig *rig)
{
    uint64_t at = TABLES, user = at + 0x5000, kernel = at + 0x6000;
    for (unsigned n = 0; n < 0x7000; n += 8)
        rig_poke(rig, at + n, 0, 8);
    rig_poke(rig, at, (at + 0x1000) | PTE_P | PTE_W | PTE_U, 8);
    rig_poke(rig, at + 256 * 8, (at + 0x2000) | PTE_P | PTE_W, 8);
    rig_poke(rig, at + 0x1000, (at + 0x3000) | PTE_P | PTE_W | PTE_U, 8);
    rig_poke(rig, at + 0x2000, (at + 0x4000) | PTE_P | PTE_W, 8);
    rig_poke(rig, at + 0x3000, user | PTE_P | PTE_W | PTE_U, 8);
    rig_poke(rig, at + 0x4000, kernel | PTE_P | PTE_W, 8);
    map_range(rig, user, ORC_CODE, ORC_CODE + ORC_PAGE, PTE_P | PTE_U);
    map_range(rig, user, ORC_DATA, ORC_DATA_END,
              PTE_P | PTE_W | PTE_U | PTE_NX);
    map_range(rig, user, ORC_RO, ORC_RO_END, PTE_P | PTE_U | PTE_NX);
    map_range(rig, user, ORC_STACK, ORC_STACK_END,
              PTE_P | PTE_W | PTE_U | PTE_NX);
    map_range(rig, kernel, 0, 0x100000, PTE_P | PTE_W);
    rig->cpu->cr3 = at;
}

/* ---- segments */

static uint64_t ldt_desc(const struct oracle_segment *s)
{
    unsigned type = s->contents << 2 | (s->fixed ? 0 : 2) | 1;
    return rig_desc(s->base, s->limit,
                    DESC_S | DESC_DPL | type | (s->absent ? 0 : DESC_P) |
                        (s->big ? DESC_DB : 0));
}

/* The GDT is Linux' as far as a program can tell. */
static void build_descriptors(struct rig *rig)
{
    static const struct {
        uint8_t selector;
        uint16_t attr;
    } linux_gdt[] = {
        {0x08, 0xc09b}, {0x10, 0xa09b}, {0x18, 0xc093},
        {0x20, 0xc0fb}, {0x28, 0xc0f3}, {0x30, 0xa0fb},
    };
    for (unsigned n = 0; n < ARRAY_LEN(linux_gdt); n++)
        rig_set_desc(rig, linux_gdt[n].selector,
                     rig_desc(0, 0xfffff, linux_gdt[n].attr));
    for (unsigned n = 0; n < ORC_SEGMENTS; n++)
        rig_set_desc(rig, ORC_LDT(n), ldt_desc(&oracle_segments[n]));
}

static void build_idt(struct rig *rig)
{
    for (unsigned v = 0; v < 256; v++) {
        bool open = v == EX_BP || v == EX_OF;
        uint64_t at = RIG_IDT + v * 16;
        rig_poke(rig, at,
                 rig_gate(0x10, RIG_HANDLERS + v * 16, open ? 0xee : 0x8e, 0),
                 8);
        rig_poke(rig, at + 8, KERNEL_BASE >> 32, 8);
    }
}

static void move_system(struct cpu *cpu)
{
    cpu->gdtr_base = KERNEL_BASE + RIG_GDT;
    cpu->idtr_base = KERNEL_BASE + RIG_IDT;
    cpu->ldtr.base = KERNEL_BASE + RIG_LDT;
    cpu->ldtr.limit = ORC_SEGMENTS * 8 - 1;
    cpu->tr.base = KERNEL_BASE + RIG_TSS;
}

/* ---- life */

static void offer_all(struct cpu *cpu)
{
    for (unsigned r = 0; r < INSN_COUNT; r++) {
        unsigned f = insn_rows[r].feature;
        cpu->features[f / 64] |= 1ull << f % 64;
    }
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
}

struct oracle_guest *oracle_guest_open(enum oracle_engine engine)
{
    struct oracle_guest *g = calloc(1, sizeof *g);
    struct cpu *cpu;
    if (!g)
        return NULL;
    g->engine = engine;
    g->rig = rig_create_accel(engine == ORC_JIT ? ACCEL_JIT : ACCEL_INTERP);
    cpu = g->rig->cpu;
    offer_all(cpu);
    rig_long(g->rig);
    build_tables(g->rig);
    build_descriptors(g->rig);
    build_idt(g->rig);
    rig_poke(g->rig, RIG_TSS + 4, KERNEL_BASE + INNER_STACK_TOP, 8);
    cpu->cr0 |= CR0_AM | CR0_MP;
    cpu->cr4 |=
        CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE | CR4_UMIP;
    cpu->efer |= EFER_NXE | EFER_SCE;
    cpu->xcr0 = 7;
    cpu_update_paging(cpu);
    move_system(cpu);
    g->ram = g->rig->ram->host + ORC_BASE;
    oracle_background(g->image);
    oracle_background(g->expect);
    rig_put(g->rig, ORC_BASE, g->image, ORC_SIZE);
    return g;
}

void oracle_guest_close(struct oracle_guest *g)
{
    rig_destroy(g->rig);
    free(g);
}

const struct decode_table *oracle_guest_decode(struct oracle_guest *g)
{
    return g->rig->cpu->decode;
}

/* ---- a case */

static void put_segment(struct oracle_guest *g, unsigned seg, uint16_t selector)
{
    struct cpu *cpu = g->rig->cpu;
    if (selector < 4)
        cpu->seg[seg] = (struct seg){.selector = selector};
    else
        seg_unpack(&cpu->seg[seg], selector, rig_get_desc(g->rig, selector));
}

static void put_fpu(struct cpu *cpu, const struct oracle_state *s)
{
    cpu->fcw = s->fcw;
    fpu_set_status(cpu, s->fsw);
    cpu->ftag = s->ftag;
    cpu->fop = s->fop;
    cpu->fip = s->fip;
    cpu->fdp = s->fdp;
    cpu->fcs = cpu->fds = 0;
    for (unsigned n = 0; n < 8; n++)
        *fpu_st(cpu, n) = (struct float80){s->mant[n], s->se[n]};
    memcpy(cpu->vec, s->vec, sizeof s->vec);
    cpu->mxcsr = s->mxcsr;
}

static void put_state(struct oracle_guest *g, const struct oracle_case *c)
{
    struct cpu *cpu = g->rig->cpu;
    const struct oracle_state *s = &c->in;
    uint64_t flags = s->flags;
    if (g->engine != ORC_STEP)
        flags &= ~(uint64_t)EFL_TF;
    memcpy(cpu->reg, s->reg, sizeof s->reg);
    for (unsigned n = 0; n < SEG_COUNT; n++)
        put_segment(g, n, s->seg[n]);
    if (c->code_size == 2) {
        cpu->seg[SEG_FS].base = ORC_FS_BASE;
        cpu->seg[SEG_GS].base = ORC_GS_BASE;
    }
    put_fpu(cpu, s);
    cpu->cpl = 3;
    cpu->attention &=
        ~(uint32_t)(ATT_HALTED | ATT_SHUTDOWN | ATT_SHADOW | ATT_TRAP);
    cpu->dr[6] = 0xffff0ff0;
    cpu_set_eflags(cpu, flags);
    cpu_update_views(cpu);
    cpu_update_trap(cpu);
    cpu_set_rip(cpu, s->rip);
}

static void put_memory(struct oracle_guest *g, const struct oracle_case *c)
{
    uint32_t at = ORC_CODE + ORC_PAGE - c->after - c->fit;
    static const uint8_t nops[16] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90};
    rig_put(g->rig, at, c->bytes, c->fit);
    rig_put(g->rig, at + c->fit, nops, c->after);
    if (c->mem_at) {
        rig_put(g->rig, c->mem_at, c->mem, ORC_MEM);
        memcpy(g->expect + c->mem_at - ORC_BASE, c->mem, ORC_MEM);
    }
}

/* Notes what changed and puts it back. */
static void get_changes(struct oracle_guest *g, struct oracle_result *r)
{
    r->changes = 0;
    for (unsigned page = ORC_DATA - ORC_BASE; page < ORC_SIZE;
         page += ORC_PAGE) {
        unsigned before = r->changes;
        if (!memcmp(g->ram + page, g->expect + page, ORC_PAGE))
            continue;
        for (unsigned n = page; n < page + ORC_PAGE; n++)
            if (g->ram[n] != g->expect[n] && r->changes < ORC_CHANGES)
                r->change[r->changes++] = (struct oracle_change){
                    (uint16_t)(n - (ORC_DATA - ORC_BASE)), g->ram[n]};
        if (r->changes != before)
            rig_put(g->rig, ORC_BASE + page, g->expect + page, ORC_PAGE);
    }
}

/* The background where the case has put something. */
static void put_back(struct oracle_guest *g, const struct oracle_case *c)
{
    uint32_t at = ORC_CODE + ORC_PAGE - c->after - c->fit;
    rig_put(g->rig, at, g->image + at - ORC_BASE, c->fit + c->after);
    if (c->mem_at) {
        at = c->mem_at - ORC_BASE;
        rig_put(g->rig, c->mem_at, g->image + at, ORC_MEM);
        memcpy(g->expect + at, g->image + at, ORC_MEM);
    }
}

static void get_state(struct cpu *cpu, struct oracle_state *s)
{
    memcpy(s->reg, cpu->reg, sizeof s->reg);
    for (unsigned n = 0; n < SEG_COUNT; n++)
        s->seg[n] = cpu->seg[n].selector;
    s->fcw = cpu->fcw;
    s->fsw = fpu_status(cpu);
    s->ftag = cpu->ftag;
    s->fop = cpu->fop;
    s->fip = cpu->fip;
    s->fdp = cpu->fdp;
    for (unsigned n = 0; n < 8; n++) {
        s->mant[n] = fpu_st(cpu, n)->mant;
        s->se[n] = (uint16_t)fpu_st(cpu, n)->se;
    }
    memcpy(s->vec, cpu->vec, sizeof s->vec);
    s->mxcsr = cpu->mxcsr;
}

static bool has_error(unsigned vector)
{
    return vector == EX_DF || (vector >= EX_TS && vector <= EX_PF) ||
           vector == EX_AC;
}

/* The vector by the handler that was reached, the rest from its frame. */
static void get_frame(struct cpu *cpu, struct rig *rig, struct oracle_result *r)
{
    uint64_t at = cpu_rip(cpu) - (KERNEL_BASE + RIG_HANDLERS), sp;
    r->vector = at < 256 * 16 ? (uint8_t)(at / 16) : 255;
    r->error = 0;
    sp = cpu->reg[RSP] - KERNEL_BASE;
    if (r->vector == 255 || sp >= INNER_STACK_TOP)
        return;
    if (has_error(r->vector)) {
        r->error = (uint32_t)rig_peek(rig, sp, 8);
        sp += 8;
    }
    r->out.rip = rig_peek(rig, sp, 8);
    r->out.seg[SEG_CS] = (uint16_t)rig_peek(rig, sp + 8, 8);
    r->out.flags = rig_peek(rig, sp + 16, 8);
    r->out.reg[RSP] = rig_peek(rig, sp + 24, 8);
    r->out.seg[SEG_SS] = (uint16_t)rig_peek(rig, sp + 32, 8);
}

static void run_once(struct oracle_guest *g, const struct oracle_case *c,
                     struct oracle_result *r)
{
    struct cpu *cpu = g->rig->cpu;
    put_state(g, c);
    if (g->engine == ORC_STEP) {
        /* A shadow of MOV SS takes one more. */
        for (unsigned n = 0; n < 4 && cpu->cpl == 3; n++)
            cpu_run(cpu, 1);
    } else {
        cpu_run(cpu, STEPS);
    }
    get_state(cpu, &r->out);
    get_frame(cpu, g->rig, r);
    r->cr2 = cpu->cr2;
    get_changes(g, r);
}

/* Code is translated when it was run often enough. */
void oracle_guest_run(struct oracle_guest *g, const struct oracle_case *c,
                      struct oracle_result *r)
{
    put_memory(g, c);
    for (unsigned n = g->engine == ORC_JIT ? UNTIL_HOT : 1; n; n--)
        run_once(g, c, r);
    put_back(g, c);
}
