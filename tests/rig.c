/* rig.c - see rig.h. */
#define _POSIX_C_SOURCE 200809L /* check.h: pid_t */
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/cpuid.h"
#include "cpu/decode.h"
#include "cpu/jit/jit.h"
#include "cpu/seg.h"
#include "mmu/ram.h"
#include "mmu/track.h"
#include "tests/suite.h"

enum {
    INNER_STACK = 0x2e000, /* ESP0 of the TSS */
    HLT = 0xf4,
    ATTR_DATA = 0x93,
    ATTR_CODE = 0x9b,
    ATTR_32 = DESC_G | DESC_DB,
    END_VECTOR = 0x80, /* INT that ends programs of ring 3 */
};

static void die(const char *what)
{
    fprintf(stderr, "rig: %s\n", what);
    abort();
}

/* ---- pins and ports */

static int rig_ack(void *opaque)
{
    struct rig *rig = opaque;
    rig->acks++;
    cpu_set_intr(rig->cpu, false);
    return rig->vector;
}

static uint64_t rig_tsc(void *opaque)
{
    struct rig *rig = opaque;
    return cpu_icount(rig->cpu);
}

static uint64_t port_read(void *opaque, uint64_t offset, unsigned size)
{
    struct rig *rig = opaque;
    rig->port = (unsigned)offset;
    rig->port_size = size;
    rig->port_reads++;
    return rig->port_in;
}

static void port_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct rig *rig = opaque;
    rig->port = (unsigned)offset;
    rig->port_size = size;
    rig->port_writes++;
    rig->port_out = value;
}

static const struct region_ops port_ops = {port_read, port_write, 0};

/* ---- life */

struct rig *rig_create(void)
{
    const char *accel = getenv("RIG_ACCEL");
    struct rig *rig;
    if (!accel || strcmp(accel, "jit"))
        return rig_create_accel(ACCEL_INTERP);
    rig = rig_create_accel(ACCEL_JIT);
    if (!rig->cpu->jit)
        die("this host has no JIT");
    jit_set_heat(rig->cpu->jit, 1);
    return rig;
}

static struct rig *create(enum cpu_accel accel, uint64_t jit_cache)
{
    struct rig *rig = calloc(1, sizeof *rig);
    char error[128] = "no memory";
    if (!rig)
        die(error);
    log_init(&rig->log, NULL, NULL);
    rig->vector = -1;
    rig->memory = addrspace_create("memory", UINT64_MAX, &rig->log);
    rig->ports = addrspace_create("ports", 0xffff, &rig->log);
    rig->track = track_create();
    if (!rig->memory || !rig->ports || !rig->track)
        die(error);
    rig->ram = ram_create("ram", RIG_RAM, rig->track, error, sizeof error);
    if (!rig->ram)
        die(error);
    rig->ram_region = (struct region){
        .name = "ram", .size = RIG_RAM, .kind = REGION_RAM, .ram = rig->ram};
    rig->port_region = (struct region){.name = "ports",
                                       .size = 0x10000,
                                       .kind = REGION_MMIO,
                                       .ops = &port_ops,
                                       .opaque = rig};
    addrspace_map(rig->memory, &rig->ram_region);
    addrspace_map(rig->ports, &rig->port_region);
    rig->cpu = cpu_create(&(struct cpu_config){.memory = rig->memory,
                                               .ports = rig->ports,
                                               .track = rig->track,
                                               .log = &rig->log,
                                               .policy = MMU_POLICY_CACHED,
                                               .accel = accel == ACCEL_JIT
                                                            ? ACCEL_DEFAULT
                                                            : accel,
                                               .jit_cache = jit_cache,
                                               .block_cache = jit_cache,
                                               .ack = rig_ack,
                                               .tsc = rig_tsc,
                                               .opaque = rig},
                          error, sizeof error);
    if (!rig->cpu)
        die(error);
    return rig;
}

struct rig *rig_create_accel(enum cpu_accel accel)
{
    return create(accel, 0);
}

struct rig *rig_create_cache(uint64_t bytes)
{
    return create(ACCEL_JIT, bytes);
}

void rig_set_model(struct cpu *cpu, const struct cpu_choice *choice)
{
    block_drop_all(cpu);
    cpuid_set_model(cpu, choice);
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
    cpu_reset(cpu);
}

void rig_destroy(struct rig *rig)
{
    struct device *dev = cpu_device(rig->cpu);
    rig_audit(rig);
    dev->ops->destroy(dev);
    addrspace_destroy(rig->memory);
    addrspace_destroy(rig->ports);
    ram_destroy(rig->ram);
    track_destroy(rig->track);
    free(rig);
}

void rig_audit(struct rig *rig)
{
    const char *wrong = mmu_audit(&rig->cpu->mmu);
    if (wrong)
        die(wrong);
}

/* ---- memory */

void rig_put(struct rig *rig, uint64_t addr, const void *bytes, size_t size)
{
    addrspace_write_block(rig->memory, addr, bytes, size);
}

void rig_poke(struct rig *rig, uint64_t addr, uint64_t value, unsigned size)
{
    uint8_t buf[8];
    store_le64(buf, value);
    rig_put(rig, addr, buf, size);
}

uint64_t rig_peek(struct rig *rig, uint64_t addr, unsigned size)
{
    uint8_t buf[8] = {0};
    addrspace_peek(rig->memory, addr, buf, size);
    return load_le64(buf);
}

/* ---- tables */

uint64_t rig_desc(uint32_t base, uint32_t limit, unsigned attr)
{
    return bits(limit, 0, 16) | (uint64_t)bits(base, 0, 24) << 16 |
           (uint64_t)attr << 40 | (uint64_t)bits(limit, 16, 4) << 48 |
           (uint64_t)bits(base, 24, 8) << 56;
}

void rig_set_desc(struct rig *rig, unsigned selector, uint64_t desc)
{
    unsigned base = selector & 4 ? RIG_LDT : RIG_GDT;
    rig_poke(rig, base + (selector & 0xfff8), desc, 8);
}

uint64_t rig_get_desc(struct rig *rig, unsigned selector)
{
    unsigned base = selector & 4 ? RIG_LDT : RIG_GDT;
    return rig_peek(rig, base + (selector & 0xfff8), 8);
}

uint64_t rig_gate(unsigned selector, uint32_t offset, unsigned type,
                  unsigned params)
{
    return bits(offset, 0, 16) | (uint64_t)selector << 16 |
           (uint64_t)params << 32 | (uint64_t)type << 40 |
           (uint64_t)bits(offset, 16, 16) << 48;
}

void rig_set_idt(struct rig *rig, unsigned vector, uint64_t gate)
{
    unsigned size = cpu_long(rig->cpu) ? 16 : 8;
    rig_poke(rig, RIG_IDT + vector * size, gate, 8);
    if (size == 16)
        rig_poke(rig, RIG_IDT + vector * size + 8, 0, 8);
}

void rig_load(struct rig *rig, unsigned seg, unsigned selector)
{
    struct cpu *cpu = rig->cpu;
    seg_unpack(&cpu->seg[seg], (uint16_t)selector, rig_get_desc(rig, selector));
    if (seg == SEG_CS)
        cpu->cpl = selector & 3;
    cpu_update_views(cpu);
}

static void fill_gdt(struct rig *rig)
{
    for (unsigned s = 0; s < SEL_COUNT; s++)
        rig_poke(rig, RIG_GDT + s * 8, 0, 8);
    rig_set_desc(rig, SEL_CODE, rig_desc(0, 0xfffff, ATTR_CODE | ATTR_32));
    rig_set_desc(rig, SEL_DATA, rig_desc(0, 0xfffff, ATTR_DATA | ATTR_32));
    rig_set_desc(rig, SEL_CODE3,
                 rig_desc(0, 0xfffff, ATTR_CODE | DESC_DPL | ATTR_32));
    rig_set_desc(rig, SEL_DATA3,
                 rig_desc(0, 0xfffff, ATTR_DATA | DESC_DPL | ATTR_32));
    rig_set_desc(rig, SEL_CODE16, rig_desc(0, 0xffff, ATTR_CODE));
    rig_set_desc(rig, SEL_DATA16, rig_desc(0, 0xffff, ATTR_DATA));
    rig_set_desc(rig, SEL_CODE64,
                 rig_desc(0, 0xfffff, ATTR_CODE | DESC_G | DESC_L));
    rig_set_desc(rig, SEL_CODE64_3,
                 rig_desc(0, 0xfffff, ATTR_CODE | DESC_DPL | DESC_G | DESC_L));
    rig_set_desc(rig, SEL_TSS, rig_desc(RIG_TSS, 0x67, DESC_P | 11));
    rig_set_desc(rig, SEL_LDT, rig_desc(RIG_LDT, 0xff, DESC_P | 2));
}

static void fill_handlers(struct rig *rig)
{
    for (unsigned v = 0; v < 256; v++)
        rig_poke(rig, RIG_HANDLERS + v * 16, HLT, 1);
}

/* 32-bit interrupt gates; INT3, INTO and the end of ring-3 programs may be
 * called from ring 3. */
static void fill_idt(struct rig *rig, unsigned code)
{
    for (unsigned v = 0; v < 256; v++) {
        bool open = v == EX_BP || v == EX_OF || v == END_VECTOR;
        rig_set_idt(
            rig, v,
            rig_gate(code, RIG_HANDLERS + v * 16, open ? 0xee : 0x8e, 0));
    }
}

static void load_tables(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    cpu->gdtr_base = RIG_GDT;
    cpu->gdtr_limit = SEL_COUNT * 8 - 1;
    cpu->idtr_base = RIG_IDT;
    cpu->idtr_limit = cpu_long(cpu) ? 0xfff : 0x7ff;
    seg_unpack(&cpu->ldtr, SEL_LDT, rig_get_desc(rig, SEL_LDT));
    seg_unpack(&cpu->tr, SEL_TSS, rig_get_desc(rig, SEL_TSS));
    for (unsigned n = 0; n < 0x100; n += 8)
        rig_poke(rig, RIG_TSS + n, 0, 8);
    rig_poke(rig, RIG_TSS + 4, INNER_STACK, 4);
    if (!cpu_long(cpu))
        rig_poke(rig, RIG_TSS + 8, SEL_DATA, 2);
    rig_poke(rig, RIG_TSS + 0x66, 0xffff, 2); /* no I/O bitmap */
}

/* ---- modes */

static void start(struct rig *rig, uint64_t rip, uint64_t sp)
{
    rig->cpu->reg[RDX] = 0; /* RESET leaves the signature there */
    rig->cpu->reg[RSP] = sp;
    cpu_update_views(rig->cpu);
    cpu_set_rip(rig->cpu, rip);
}

void rig_real(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    cpu_reset(cpu);
    fill_handlers(rig);
    for (unsigned v = 0; v < 256; v++)
        rig_poke(rig, v * 4, RIG_HANDLERS + v * 16, 4);
    cpu->idtr_limit = 0x3ff;
    for (unsigned s = 0; s < SEG_COUNT; s++)
        seg_load_real(cpu, s, RIG_DATA >> 4);
    seg_load_real(cpu, SEG_CS, RIG_CODE >> 4);
    start(rig, 0, 0xfffe);
}

void rig_protected(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    cpu_reset(cpu);
    cpu->cr0 = CR0_PE | CR0_ET | CR0_NE;
    cpu_update_paging(cpu);
    fill_gdt(rig);
    fill_handlers(rig);
    fill_idt(rig, SEL_CODE);
    load_tables(rig);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(rig, s, s == SEG_CS ? SEL_CODE : SEL_DATA);
    start(rig, RIG_CODE, RIG_STACK);
}

static void enter_ring3(struct rig *rig)
{
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(rig, s, s == SEG_CS ? SEL_CODE3 : SEL_DATA3);
    start(rig, RIG_CODE, RIG_STACK3);
}

void rig_user(struct rig *rig)
{
    rig_protected(rig);
    enter_ring3(rig);
}

void rig_v86(struct rig *rig, unsigned iopl)
{
    struct cpu *cpu = rig->cpu;
    rig_protected(rig);
    cpu->eflags |= EFL_VM | (uint64_t)iopl << EFL_IOPL_SHIFT;
    cpu->cpl = 3;
    for (unsigned s = 0; s < SEG_COUNT; s++)
        seg_load_real(cpu, s, RIG_DATA >> 4);
    seg_load_real(cpu, SEG_CS, RIG_CODE >> 4);
    start(rig, 0, 0xfffe);
}

/* ---- paging: identity, present, writable, user */

enum { PTE_PWU = 7 };

static uint64_t new_table(struct rig *rig)
{
    uint64_t at = rig->next_table;
    rig->next_table += PAGE_SIZE;
    for (unsigned n = 0; n < PAGE_SIZE; n += 8)
        rig_poke(rig, at + n, 0, 8);
    return at;
}

/* Entries of 4 or 8 bytes. */
static uint64_t make_directory(struct rig *rig, unsigned size)
{
    uint64_t directory = new_table(rig), page = 0;
    unsigned per_table = PAGE_SIZE / size;
    for (unsigned n = 0; page < RIG_RAM; n++) {
        uint64_t table = new_table(rig);
        rig_poke(rig, directory + n * size, table | PTE_PWU, size);
        for (unsigned k = 0; k < per_table; k++, page += PAGE_SIZE)
            rig_poke(rig, table + k * size, page | PTE_PWU, size);
    }
    return directory;
}

uint64_t rig_pte(struct rig *rig, uint64_t gva)
{
    struct cpu *cpu = rig->cpu;
    uint64_t table = cpu->cr3 & ~0xfffull;
    unsigned size = cpu->cr4 & CR4_PAE ? 8 : 4;
    unsigned width = size == 8 ? 9 : 10, levels = size == 4 ? 2 : 3;
    if (cpu_long(cpu))
        levels = 4;
    for (unsigned n = levels; n > 1; n--)
        table =
            rig_peek(rig,
                     table +
                         bits(gva, PAGE_SHIFT + width * (n - 1), width) * size,
                     size) &
            ~0xfffull & bits(~0ull, 0, 52);
    return table + bits(gva, PAGE_SHIFT, width) * size;
}

void rig_map(struct rig *rig, uint64_t gva, uint64_t entry)
{
    rig_poke(rig, rig_pte(rig, gva), entry, rig->cpu->cr4 & CR4_PAE ? 8 : 4);
}

void rig_paged(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    rig_protected(rig);
    rig->next_table = RIG_TABLES;
    cpu->cr3 = make_directory(rig, 4);
    cpu->cr0 |= CR0_PG | CR0_WP;
    cpu_update_paging(cpu);
    cpu_update_views(cpu);
}

void rig_long(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    uint64_t top, middle;
    rig_protected(rig);
    rig->next_table = RIG_TABLES;
    top = new_table(rig);
    middle = new_table(rig);
    rig_poke(rig, top, middle | PTE_PWU, 8);
    rig_poke(rig, middle, make_directory(rig, 8) | PTE_PWU, 8);
    cpu->cr3 = top;
    cpu->cr4 |= CR4_PAE;
    cpu->efer |= EFER_LME | EFER_LMA;
    cpu->cr0 |= CR0_PG | CR0_WP;
    cpu_update_paging(cpu);
    fill_idt(rig, SEL_CODE64);
    load_tables(rig);
    rig_load(rig, SEG_CS, SEL_CODE64);
    start(rig, RIG_CODE, RIG_STACK);
}

/* ---- running */

void rig_go(struct rig *rig, uint64_t rip)
{
    rig->cpu->attention &= ~(uint32_t)(ATT_HALTED | ATT_SHUTDOWN);
    cpu_set_rip(rig->cpu, rip);
}

void rig_set_eflags(struct rig *rig, uint64_t eflags)
{
    cpu_set_eflags(rig->cpu, eflags);
    cpu_update_views(rig->cpu);
}

/* Which handler's HLT was executed, or RIG_HALT. */
static int halted_in(const struct rig *rig)
{
    uint64_t at = rig->cpu->cs_base + cpu_rip(rig->cpu) - 1;
    unsigned v = (unsigned)(at - RIG_HANDLERS) / 16;
    if (at < RIG_HANDLERS || v > 255 || at % 16)
        return RIG_HALT;
    return v == END_VECTOR ? RIG_HALT : (int)v;
}

int rig_run(struct rig *rig)
{
    static const int64_t slice[] = {RIG_STEPS, 1, 7};
    for (int64_t left = RIG_STEPS; left > 0;) {
        int64_t n = slice[rig->pace];
        if (rig->pace == RIG_DROPPING)
            block_drop_all(rig->cpu);
        switch (cpu_run(rig->cpu, n)) {
        case EXIT_HALTED:
            return halted_in(rig);
        case EXIT_SHUTDOWN:
            return RIG_SHUTDOWN;
        default:
            left -= n;
        }
    }
    return RIG_BUDGET;
}

int rig_run_bytes(struct rig *rig, const void *bytes, size_t size)
{
    static const uint8_t end3[] = {0xcd, END_VECTOR}, end0[] = {HLT};
    struct cpu *cpu = rig->cpu;
    uint64_t at = cpu->cs_base + cpu_rip(cpu);
    bool user = cpu->cpl == 3 && !cpu_v86(cpu);
    rig_put(rig, at, bytes, size);
    rig_put(rig, at + size, user ? end3 : end0, user ? 2 : 1);
    return rig_run(rig);
}

static uint64_t stack_word(struct rig *rig, unsigned *at, unsigned size)
{
    struct cpu *cpu = rig->cpu;
    uint64_t sp = (cpu->reg[RSP] + *at) & cpu->sp_mask;
    uint8_t buf[8] = {0};
    if (!cpu_code64(cpu))
        sp += cpu->seg[SEG_SS].base;
    if (!mmu_peek(&cpu->mmu, sp, buf, size))
        die("no frame on the stack");
    *at += size;
    return load_le64(buf);
}

struct rig_frame rig_frame(struct rig *rig, bool error)
{
    struct cpu *cpu = rig->cpu;
    struct rig_frame f = {0};
    unsigned at = 0, size = cpu_code64(cpu) ? 8 : cpu_protected(cpu) ? 4 : 2;
    if (error)
        f.error = (uint32_t)stack_word(rig, &at, size);
    f.rip = stack_word(rig, &at, size);
    f.cs = (uint16_t)stack_word(rig, &at, size);
    f.flags = stack_word(rig, &at, size);
    if (size == 8 ||
        (size == 4 && ((f.flags & EFL_VM) || (f.cs & 3) != cpu->cpl))) {
        f.sp = stack_word(rig, &at, size);
        f.ss = (uint16_t)stack_word(rig, &at, size);
    }
    return f;
}

/* ---- suites */

enum { PACES = RIG_DROPPING + 1 };

/* What Check calls; it gives nothing but a number to a test. */
static const struct rig_case *the_cases;

START_TEST(run_case)
{
    struct rig *rig = rig_create();
    rig->pace = (enum rig_pace)(_i % PACES);
    the_cases[_i / PACES].run(rig, rig->cpu);
    rig_destroy(rig);
}
END_TEST

int rig_main(const char *suite, const struct rig_case *cases, unsigned count)
{
    Suite *s = suite_create(suite);
    the_cases = cases;
    for (int n = 0; n < (int)count; n++) {
        TCase *tc = tcase_create(cases[n].name);
        tcase_add_loop_test(tc, run_case, PACES * n, PACES * (n + 1));
        tcase_set_timeout(tc, 60);
        suite_add_tcase(s, tc);
    }
    return suite_run(s);
}
