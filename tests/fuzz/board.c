/* board.c - see fuzz_board.h. */
#include "tests/fuzz/fuzz_board.h"

#include "cpu/block.h"
#include "cpu/jit/jit.h"
#include "cpu/seg.h"
#include "mmu/ram.h"
#include "mmu/track.h"

#if defined(__SANITIZE_ADDRESS__)
#define GUARDED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARDED 1
#endif
#endif
#ifdef GUARDED
#include <sanitizer/asan_interface.h>
#endif

enum { IRET = 0xcf, HLT = 0xf4, PTE_PWU = 7, GDT_COUNT = 32 };

/* ---- the world */

static uint64_t ask(struct fuzz_board *b, uint64_t what, uint64_t value)
{
    uint64_t v[2] = {what, value};
    b->world = state_hash_bytes(v, sizeof v, b->world);
    b->asked++;
    return b->world;
}

static uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    return ask(opaque, offset << 8 | size, 0);
}

static void device_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    ask(opaque, offset << 8 | size | 0x80, value);
}

static const struct region_ops device_ops = {device_read, device_write, 0};

static int ack(void *opaque)
{
    struct fuzz_board *b = opaque;
    b->acks++;
    cpu_set_intr(b->cpu, false);
    return b->vector;
}

static uint64_t tsc(void *opaque)
{
    struct fuzz_board *b = opaque;
    return cpu_icount(b->cpu) * 3;
}

/* ---- life */

static void make_ram(struct fuzz_board *b)
{
    char error[128];
    b->ram =
        ram_create("ram", FB_RAM + 2 * FB_GUARD, b->track, error, sizeof error);
    if (!b->ram)
        FUZZ_FAIL("%s", error);
#ifdef GUARDED
    ASAN_POISON_MEMORY_REGION(b->ram->host, FB_GUARD);
    ASAN_POISON_MEMORY_REGION(b->ram->host + FB_GUARD + FB_RAM, FB_GUARD);
#endif
    b->ram_region = (struct region){.name = "ram",
                                    .size = FB_RAM,
                                    .kind = REGION_RAM,
                                    .ram = b->ram,
                                    .ram_offset = FB_GUARD};
}

struct fuzz_board *fuzz_board_create(enum cpu_accel accel)
{
    struct fuzz_board *b = calloc(1, sizeof *b);
    struct device *dev;
    char error[160] = "no memory";
    if (!b)
        FUZZ_FAIL("no memory");
    log_init(&b->log, NULL, NULL);
    b->memory = addrspace_create("memory", UINT64_MAX, &b->log);
    b->ports = addrspace_create("ports", 0xffff, &b->log);
    b->track = track_create();
    make_ram(b);
    b->mmio_region = (struct region){.name = "device",
                                     .base = FB_MMIO,
                                     .size = PAGE_SIZE,
                                     .kind = REGION_MMIO,
                                     .ops = &device_ops,
                                     .opaque = b};
    b->port_region = b->mmio_region;
    b->port_region.base = 0;
    b->port_region.size = 0x10000;
    addrspace_map(b->memory, &b->ram_region);
    addrspace_map(b->memory, &b->mmio_region);
    addrspace_map(b->ports, &b->port_region);
    b->cpu = cpu_create(&(struct cpu_config){.memory = b->memory,
                                             .ports = b->ports,
                                             .track = b->track,
                                             .log = &b->log,
                                             .policy = MMU_POLICY_CACHED,
                                             .accel = accel,
                                             .ack = ack,
                                             .tsc = tsc,
                                             .opaque = b},
                        error, sizeof error);
    if (!b->cpu)
        FUZZ_FAIL("%s", error);
    if (b->cpu->jit)
        jit_set_heat(b->cpu->jit, 1);
    dev = cpu_device(b->cpu);
    b->fresh = malloc(state_size(dev->ops->fields));
    state_save(dev->ops->fields, dev, b->fresh);
    return b;
}

uint8_t *fuzz_board_ram(struct fuzz_board *b)
{
    return b->ram->host + FB_GUARD;
}

void fuzz_board_settle(struct fuzz_board *b)
{
    struct cpu *c = b->cpu;
    cpu_set_eflags(c, cpu_eflags(c));
    cpu_set_rip(c, cpu_rip(c));
}

void fuzz_board_audit(struct fuzz_board *b)
{
    const char *wrong = mmu_audit(&b->cpu->mmu);
    if (!wrong)
        wrong = block_audit(b->cpu);
    if (wrong)
        FUZZ_FAIL("audit: %s", wrong);
}

/* ---- memory at the start. RAM is empty and nothing is derived from it, so
 * it is written directly. */

static void put(struct fuzz_board *b, uint64_t at, uint64_t value,
                unsigned size)
{
    at &= FB_RAM - 1; /* inputs choose some */
    if (at <= FB_RAM - size)
        store_le(fuzz_board_ram(b) + at, value, size);
}

static uint64_t desc(uint32_t base, uint32_t limit, unsigned attr)
{
    return bits(limit, 0, 16) | (uint64_t)bits(base, 0, 24) << 16 |
           (uint64_t)attr << 40 | (uint64_t)bits(limit, 16, 4) << 48 |
           (uint64_t)bits(base, 24, 8) << 56;
}

static uint64_t gate(unsigned selector, uint32_t offset, unsigned type)
{
    return bits(offset, 0, 16) | (uint64_t)selector << 16 |
           (uint64_t)type << 40 | (uint64_t)bits(offset, 16, 16) << 48;
}

/* Selectors, without RPL. */
enum {
    S_CODE16 = 0x08,
    S_CODE32 = 0x10,
    S_CODE64 = 0x18,
    S_DATA = 0x20,
    S_CODE16_3 = 0x28,
    S_CODE32_3 = 0x30,
    S_CODE64_3 = 0x38,
    S_DATA3 = 0x40,
    S_DATA16 = 0x48, /* base 0, 64 KiB, small stack */
    S_TSS = 0x50,    /* two slots */
    S_LDT = 0x60,    /* two slots */
    S_TSS2 = 0x70,   /* not busy; two slots */
    S_CALL = 0x80,   /* call gate; two slots */
    S_DOWN = 0x90,   /* expand-down */
    S_RDONLY = 0x98,
    S_CONFORM = 0xa0,
    S_TASK = 0xa8,
    S_FREE = 0xb0,
};

static void fill_gdt(struct fuzz_board *b, bool lm)
{
    static const struct {
        uint16_t selector;
        uint32_t base, limit;
        uint16_t attr;
    } row[] = {
        {S_CODE16, 0, 0xffff, 0x9b},      {S_CODE32, 0, 0xfffff, 0xc09b},
        {S_CODE64, 0, 0xfffff, 0xa09b},   {S_DATA, 0, 0xfffff, 0xc093},
        {S_CODE16_3, 0, 0xffff, 0xfb},    {S_CODE32_3, 0, 0xfffff, 0xc0fb},
        {S_CODE64_3, 0, 0xfffff, 0xa0fb}, {S_DATA3, 0, 0xfffff, 0xc0f3},
        {S_DATA16, 0, 0xffff, 0xf3},      {S_TSS, FB_TSS, 0x2067, 0x8b},
        {S_LDT, FB_LDT, 0xff, 0x82},      {S_TSS2, FB_TSS2, 0x67, 0x89},
        {S_DOWN, 0x1000, 0xafff, 0x40f7}, {S_RDONLY, 0x100, 0xbfff, 0xf1},
        {S_CONFORM, 0, 0xfffff, 0xc09f},
    };
    for (unsigned n = 0; n < ARRAY_LEN(row); n++)
        put(b, FB_GDT + row[n].selector,
            desc(row[n].base, row[n].limit, row[n].attr), 8);
    put(b, FB_GDT + S_CALL, gate(lm ? S_CODE64 : S_CODE32, FB_HANDLERS, 0xec),
        8);
    put(b, FB_GDT + S_TASK, gate(S_TSS2, 0, 0xe5), 8);
}

static void fill_idt(struct fuzz_board *b, bool lm)
{
    for (unsigned v = 0; v < 256; v++) {
        uint32_t handler = FB_HANDLERS + v * 16;
        put(b, FB_IVT + v * 4, handler, 4);
        if (lm)
            put(b, FB_IDT + v * 16, gate(S_CODE64, handler, 0xee), 8);
        else
            put(b, FB_IDT + v * 8, gate(S_CODE32, handler, 0xee), 8);
    }
}

static void fill_tss(struct fuzz_board *b, bool lm)
{
    if (lm) {
        for (unsigned n = 4; n < 0x5c; n += 8)
            put(b, FB_TSS + n, FB_STACK0, 8);
    } else {
        put(b, FB_TSS + 4, FB_STACK0, 4);
        put(b, FB_TSS + 8, S_DATA, 2);
    }
    put(b, FB_TSS + 0x66, 0x68, 2);
    for (unsigned n = 0; n < 8; n++) /* ports 0x40.. are forbidden */
        put(b, FB_TSS + 0x70 + n * 8, ~0ull, 8);
    put(b, FB_TSS2 + 0x1c, 0, 4); /* CR3, see fill_tables */
    put(b, FB_TSS2 + 0x20, FB_CODE, 4);
    put(b, FB_TSS2 + 0x24, EFL_1, 4);
    put(b, FB_TSS2 + 0x38, FB_STACK0, 4);
    for (unsigned n = 0; n < 6; n++)
        put(b, FB_TSS2 + 0x48 + n * 4, n == SEG_CS ? S_CODE32 : S_DATA, 2);
}

/* Identity for the first 40 pages, in the format of the mode. */
static uint64_t fill_tables(struct fuzz_board *b, enum fuzz_mode mode)
{
    enum {
        PML4 = FB_TABLES,
        PDPT = PML4 + PAGE_SIZE,
        PD = PDPT + PAGE_SIZE,
        PT = PD + PAGE_SIZE,
        PAGES = 40
    };
    bool wide = mode != FM_LEGACY;
    for (unsigned n = 0; n < PAGES; n++)
        put(b, PT + n * (wide ? 8 : 4), (uint64_t)n << 12 | PTE_PWU,
            wide ? 8 : 4);
    put(b, PD, PT | PTE_PWU, wide ? 8 : 4);
    if (!wide)
        return PD;
    put(b, PDPT, PD | (mode == FM_PAE ? 1 : PTE_PWU), 8);
    if (mode == FM_PAE)
        return PDPT;
    put(b, PML4, PDPT | PTE_PWU, 8);
    put(b, PML4 + 511 * 8, PDPT | PTE_PWU, 8); /* the upper half, too */
    return PML4;
}

/* ---- modes */

static void load(struct fuzz_board *b, unsigned seg, unsigned selector)
{
    unsigned at = (selector & 4 ? FB_LDT : FB_GDT) + (selector & 0xf8);
    struct seg *s = seg == SEG_COUNT       ? &b->cpu->ldtr
                    : seg == SEG_COUNT + 1 ? &b->cpu->tr
                                           : &b->cpu->seg[seg];
    seg_unpack(s, (uint16_t)selector, load_le64(fuzz_board_ram(b) + at));
}

static void load_segments(struct fuzz_board *b, enum fuzz_mode mode,
                          unsigned ring)
{
    static const uint8_t code[FM_COUNT][2] = {
        [FM_PROT16] = {S_CODE16, S_CODE16_3},
        [FM_PROT32] = {S_CODE32, S_CODE32_3},
        [FM_LEGACY] = {S_CODE32, S_CODE32_3},
        [FM_PAE] = {S_CODE32, S_CODE32_3},
        [FM_COMPAT] = {S_CODE32, S_CODE32_3},
        [FM_LONG] = {S_CODE64, S_CODE64_3}};
    unsigned rpl = ring ? 3 : 0;
    for (unsigned s = 0; s < SEG_COUNT; s++) {
        if (mode == FM_REAL || mode == FM_V86)
            seg_load_real(b->cpu, s, 0);
        else if (s == SEG_CS)
            load(b, s, code[mode][ring] | rpl);
        else
            load(b, s, (ring ? S_DATA3 : S_DATA) | rpl);
    }
    b->cpu->cpl = mode == FM_V86 ? 3 : (uint8_t)rpl;
}

static void set_paging(struct fuzz_board *b, enum fuzz_mode mode)
{
    struct cpu *c = b->cpu;
    if (mode < FM_LEGACY)
        return;
    c->cr0 |= CR0_PG;
    c->cr3 = fill_tables(b, mode);
    put(b, FB_TSS2 + 0x1c, c->cr3, 4);
    if (mode != FM_LEGACY)
        c->cr4 |= CR4_PAE;
    if (mode >= FM_COMPAT)
        c->efer |= EFER_LME | EFER_LMA;
}

static void set_mode(struct fuzz_board *b, enum fuzz_mode mode, unsigned ring)
{
    struct cpu *c = b->cpu;
    bool lm = mode >= FM_COMPAT;
    memset(fuzz_board_ram(b) + FB_HANDLERS, HLT, 0x1000);
    fill_gdt(b, lm);
    fill_idt(b, lm);
    fill_tss(b, lm);
    c->cr0 = CR0_ET | CR0_NE | (mode == FM_REAL ? 0 : CR0_PE);
    c->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    set_paging(b, mode);
    if (mode == FM_V86)
        c->eflags |= EFL_VM;
    c->idtr_limit = 0x3ff;
    if (mode != FM_REAL) {
        c->gdtr_base = FB_GDT;
        c->gdtr_limit = GDT_COUNT * 8 - 1;
        c->idtr_base = FB_IDT;
        c->idtr_limit = lm ? 0xfff : 0x7ff;
        load(b, SEG_COUNT, S_LDT);
        load(b, SEG_COUNT + 1, S_TSS);
    }
    load_segments(b, mode, ring);
}

/* ---- the input's changes */

/* Numbers as programs have them: small, an address, an edge, anything. */
static uint64_t number(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    switch (how >> 5) {
    case 0:
        return how & 31;
    case 1:
        return 0 - (uint64_t)(how & 31);
    case 2:
        return (uint64_t)(how & 31) << PAGE_SHIFT | fuzz_u8(in);
    case 3: /* the end of a page */
        return ((uint64_t)(how & 31) << PAGE_SHIFT) - fuzz_u8(in) % 32;
    case 4:
        return (1ull << (how & 31) << (fuzz_u8(in) & 32)) - (how & 1);
    case 5:
        return FB_DATA + fuzz_u16(in) % 0x5000;
    case 6:
        return fuzz_bytes(in, 4);
    default:
        return fuzz_u64(in);
    }
}

static uint64_t entry(struct fuzz_input *in)
{
    uint64_t flags = fuzz_u16(in), frame = flags >> 10 & 0x3f;
    uint64_t e = (flags & 0x3ff) | frame << 12;
    if (fuzz_u8(in) & 1)
        e ^= fuzz_u64(in) & 0xfff0000000000fff;
    return e;
}

static void change_table(struct fuzz_board *b, struct fuzz_input *in)
{
    unsigned where = fuzz_u8(in), size = b->cpu->cr4 & CR4_PAE ? 8 : 4;
    unsigned table = where >> 6, n = table == 3 ? where & 63 : where & 3;
    put(b, FB_TABLES + table * PAGE_SIZE + n * size, entry(in), size);
}

static void change_control(struct fuzz_board *b, struct fuzz_input *in)
{
    struct cpu *c = b->cpu;
    uint64_t v = fuzz_bytes(in, 4);
    uint32_t cr4 = CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_OSFXSR |
                   CR4_OSXMMEXCPT | CR4_VME | CR4_PVI;
    c->cr0 ^= v & (CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM);
    c->cr4 ^= v >> 8 & cr4;
    if (v >> 30 & 1)
        c->efer ^= EFER_NXE;
    if (v >> 31)
        c->efer ^= EFER_SCE;
    c->lstar = c->cstar = FB_CODE + 0x100;
    c->star = (uint64_t)S_CODE32 << 32 | (uint64_t)S_CODE16_3 << 48;
    c->sysenter_cs = S_CODE32;
    c->sysenter_eip = FB_CODE + 0x100;
    c->sysenter_esp = FB_STACK0;
}

static void change_fpu(struct fuzz_board *b, struct fuzz_input *in)
{
    struct cpu *cpu = b->cpu;
    unsigned n = fuzz_u8(in);
    switch (n >> 6) {
    case 0:
        cpu->fcw = (fuzz_u16(in) & 0x1f3f) | 0x40;
        cpu->ftag = fuzz_u8(in);
        cpu->ftop = n & 7;
        break;
    case 1:
        cpu->mxcsr = fuzz_u16(in);
        break;
    case 2:
        cpu->fpr[n & 7].mant = fuzz_u64(in);
        cpu->fpr[n & 7].se = fuzz_u16(in);
        break;
    default:
        XMM(n & 15).q[0] = number(in);
        XMM(n & 15).q[1] = number(in);
        break;
    }
}

/* A piece of the input becomes memory. */
static void change_memory(struct fuzz_board *b, struct fuzz_input *in)
{
    unsigned at = fuzz_u16(in) % (FB_RAM - 0x100), size = fuzz_u8(in);
    fuzz_copy(in, fuzz_board_ram(b) + at, size);
}

static void change_segment(struct fuzz_board *b, struct fuzz_input *in)
{
    struct cpu *c = b->cpu;
    unsigned seg = fuzz_u8(in) % 8, selector = fuzz_u8(in);
    uint64_t d;
    if (!cpu_descriptors(c)) {
        if (seg < SEG_COUNT && seg != SEG_CS)
            seg_load_real(c, seg, (uint16_t)(selector << 4));
        return;
    }
    d = load_le64(fuzz_board_ram(b) + FB_GDT + (selector & 0xf8));
    /* Only what a guest could have loaded: data, readable code. */
    if (seg >= SEG_COUNT || seg == SEG_CS || !(d >> 44 & 1) || !(d >> 47 & 1))
        return;
    if ((d >> 43 & 1) && !(d >> 41 & 1))
        return;
    if (seg == SEG_SS &&
        ((d >> 43 & 1) || !(d >> 41 & 1) || (d >> 45 & 3) != c->cpl))
        return;
    selector = (selector & 0xf8) | (c->cpl & 3);
    seg_unpack(&c->seg[seg], (uint16_t)selector, d);
}

static void change_debug(struct fuzz_board *b, struct fuzz_input *in)
{
    b->cpu->dr[fuzz_u8(in) & 3] = number(in);
    b->cpu->dr[7] = (fuzz_bytes(in, 4) & 0xffff23ff) | 0x400;
}

static bool change(struct fuzz_board *b, struct fuzz_input *in)
{
    struct cpu *c = b->cpu;
    unsigned what = fuzz_u8(in), n;
    switch (what >> 4) {
    case 1:
    case 2:
        c->reg[what & 15] = number(in);
        return true;
    case 3:
        change_table(b, in);
        return true;
    case 4:
        n = fuzz_u8(in) % GDT_COUNT;
        put(b, FB_GDT + n * 8, fuzz_u64(in), 8);
        return true;
    case 5:
        change_segment(b, in);
        return true;
    case 6:
        change_control(b, in);
        return true;
    case 7:
        cpu_set_eflags(c, (cpu_eflags(c) & EFL_VM) |
                              (fuzz_bytes(in, 3) & 0x257fd5));
        return true;
    case 8:
        n = fuzz_u8(in);
        put(b, FB_IDT + n * (cpu_long(c) ? 16 : 8), fuzz_u64(in), 8);
        return true;
    case 9:
        change_fpu(b, in);
        return true;
    case 10:
        change_memory(b, in);
        return true;
    case 11:
        change_debug(b, in);
        return true;
    case 12: /* handlers return */
        memset(fuzz_board_ram(b) + FB_HANDLERS, IRET, 0x1000);
        return true;
    default:
        return false;
    }
}

/* ---- start */

static void power_on(struct fuzz_board *b)
{
    struct device *dev = cpu_device(b->cpu);
    memset(fuzz_board_ram(b), 0, FB_RAM);
    state_load(dev->ops->fields, dev, b->fresh);
    dev->ops->post_load(dev, dev->ops->version); /* drops what is derived */
    b->world = STATE_HASH_INIT;
    b->asked = b->acks = 0;
    b->vector = 0x20;
}

void fuzz_board_start(struct fuzz_board *b, struct fuzz_input *in)
{
    enum { MAX_CHANGES = 24 };
    struct cpu *c = b->cpu;
    unsigned first = fuzz_u8(in);
    enum fuzz_mode mode = first % FM_COUNT;
    unsigned ring = first >> 3 & 1;
    power_on(b);
    set_mode(b, mode, ring);
    for (unsigned n = 0; n < 16; n++)
        c->reg[n] = FB_DATA + 0x100 * n;
    c->reg[RCX] = 5;
    c->reg[RSP] = FB_STACK;
    for (unsigned n = 0; n < MAX_CHANGES && change(b, in); n++)
        ;
    if (mode < FM_COMPAT || mode == FM_COMPAT)
        for (unsigned n = 0; n < 16; n++)
            c->reg[n] = n < 8 ? (uint32_t)c->reg[n] : 0;
    if (mode == FM_PAE && !mmu_load_pdptes(&c->mmu, c->cr3, c->maxphyaddr)) {
        put(b, c->cr3, (FB_TABLES + 2 * PAGE_SIZE) | 1, 8);
        for (unsigned n = 1; n < 4; n++)
            put(b, c->cr3 + n * 8, 0, 8);
        mmu_load_pdptes(&c->mmu, c->cr3, c->maxphyaddr);
    }
    cpu_update_paging(c);
    cpu_update_views(c);
    cpu_update_trap(c);
    /* near the end of a page, where instructions are cut in two */
    cpu_set_rip(c, first & 0x10 ? FB_CODE + PAGE_SIZE - 20 : FB_CODE);
}
