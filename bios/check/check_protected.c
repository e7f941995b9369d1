/* The entries for protected mode: APM with 16 and 32 bits, PnP BIOS with 16
 * bits, the 32-bit PCI BIOS; on 32-bit stacks and on 16-bit ones, with rubbish
 * in the upper half of ESP if the entry is a 16-bit one. PnP BIOS in real mode,
 * too. */

#include "check.h"

#define SEL_CODE      0x08
#define SEL_DATA      0x10
#define SEL_WIDE      0x18 /* our data as a 32-bit stack */
#define SEL_APM32     0x20
#define SEL_APM32_16  0x28
#define SEL_APM32_DS  0x30
#define SEL_APM16     0x38
#define SEL_APM16_DS  0x40
#define SEL_PNP       0x48
#define SEL_PNP_DS    0x50
#define SEL_FLAT_CODE 0x58
#define SEL_FLAT      0x60

#define BASE_CHECK    ((uint32_t)SEG_CHECK * 16)

static uint64_t gdt[13] __attribute__((aligned(8)));
struct {
    uint16_t limit;
    uint32_t base;
} PACKED pm_gdt_pointer;

static struct pm_job job;

/* type 9B code, 93 data; wide: D or B. 64 KiB, or all for base 0. */
static void set_segment(uint8_t selector, uint32_t base, uint8_t type,
                        bool wide)
{
    uint64_t high =
        (uint64_t)(type | (wide ? 0x4000u : 0) | (base == 0 ? 0x8F00u : 0));

    gdt[selector / 8] =
        0xFFFFu | (uint64_t)(base & 0xFFFFFF) << 16 | high << 40;
}

static void set_table(void)
{
    set_segment(SEL_CODE, BASE_CHECK, 0x9B, false);
    set_segment(SEL_DATA, BASE_CHECK, 0x93, false);
    set_segment(SEL_WIDE, BASE_CHECK, 0x93, true);
    set_segment(SEL_FLAT_CODE, 0, 0x9B, true);
    set_segment(SEL_FLAT, 0, 0x93, true);
    pm_gdt_pointer.limit = sizeof(gdt) - 1;
    pm_gdt_pointer.base = BASE_CHECK + (uint32_t)gdt;
}

/* Calls job's entry once on each kind of stack; both must end alike. */
static void on_both_stacks(const struct pm_job *what)
{
    struct pm_job first;

    job = *what;
    job.ss = SEL_DATA;
    job.garbage = !what->wide;
    pm_call(&job);
    first = job;
    job = *what;
    job.ss = SEL_WIDE;
    job.garbage = 0;
    pm_call(&job);
    EQUAL(job.eax, first.eax);
    EQUAL(job.ebx, first.ebx);
    EQUAL(job.carry, first.carry);
}

/* --- APM -------------------------------------------------------------------
 */

static void apm_function(const struct pm_job *entry, uint8_t function,
                         uint16_t bx, uint16_t cx)
{
    struct pm_job what = *entry;

    what.eax = 0x5300u | function;
    what.ebx = bx;
    what.ecx = cx;
    on_both_stacks(&what);
}

static void apm_functions(const struct pm_job *entry)
{
    apm_function(entry, 0x0A, 1, 0);
    EQUAL(job.carry, 0);
    EQUAL(job.ebx & 0xFFFF, 0x01FF);
    apm_function(entry, 0x0B, 0, 0);
    EQUAL(job.carry, 1);
    EQUAL(job.eax >> 8 & 0xFF, 0x80);
    apm_function(entry, 0x0E, 0, 0x0102);
    EQUAL(job.eax & 0xFFFF, 0x0102);
    apm_function(entry, 0x07, 0x5555, 3);
    EQUAL(job.carry, 1);
    EQUAL(job.eax >> 8 & 0xFF, 0x09);
    job = *entry; /* only one disconnect succeeds */
    job.ss = SEL_DATA;
    job.eax = 0x5304;
    pm_call(&job);
    EQUAL(job.carry, 0);
}

static void check_apm32(void)
{
    struct pm_job entry = {.wide = 1, .selector32 = SEL_APM32};
    struct regs r = call(0x15, 0x5303, 0, 0, 0);

    CHECK(!carry(&r));
    set_segment(SEL_APM32, r.ax * 16u, 0x9B, true);
    set_segment(SEL_APM32_16, r.cx * 16u, 0x9B, false);
    set_segment(SEL_APM32_DS, r.dx * 16u, 0x93, false);
    entry.offset32 = r.ebx;
    apm_functions(&entry);
}

static void check_apm16(void)
{
    struct pm_job entry = {.wide = 0};
    struct regs r = call(0x15, 0x5302, 0, 0, 0);

    CHECK(!carry(&r));
    set_segment(SEL_APM16, r.ax * 16u, 0x9B, false);
    set_segment(SEL_APM16_DS, r.cx * 16u, 0x93, false);
    entry.offset32 = (uint32_t)SEL_APM16 << 16 | r.bx;
    apm_functions(&entry);
}

/* --- PnP -------------------------------------------------------------------
 */

static uint8_t count, node[512], handle;
static uint16_t largest;

/* Node 0 and what function 0 tells of all. */
static void nodes_good(void)
{
    uint16_t size = (uint16_t)(node[0] | node[1] << 8);

    CHECK(count >= 10 && count < 64);
    CHECK(largest >= size && largest <= sizeof(node));
    EQUAL(node[2], 0);
    CHECK(node[3] == 0x41 && node[4] == 0xD0); /* PNP.... */
    EQUAL(node[size - 2], 0x79);
    EQUAL(handle, 1);
}

static void check_pnp16(uint16_t at)
{
    struct pm_job what = {
        .offset32 = (uint32_t)SEL_PNP << 16 | peek16(0xF000, at + 0x11),
        .count = 6,
        .args = {0, OFFSET(&count), SEL_DATA, OFFSET(&largest), SEL_DATA,
                 SEL_PNP_DS},
    };

    set_segment(SEL_PNP, peek32(0xF000, at + 0x13), 0x9B, false);
    set_segment(SEL_PNP_DS, peek32(0xF000, at + 0x1D), 0x93, false);
    on_both_stacks(&what);
    EQUAL(job.eax & 0xFFFF, 0);
    what = (struct pm_job){
        .offset32 = what.offset32,
        .count = 7,
        .args = {1, OFFSET(&handle), SEL_DATA, OFFSET(node), SEL_DATA, 1,
                 SEL_PNP_DS},
    };
    job = what;
    job.ss = SEL_DATA;
    job.garbage = 1;
    handle = 0;
    pm_call(&job);
    EQUAL(job.eax & 0xFFFF, 0);
    nodes_good();
    what.args[0] = 0x77;
    on_both_stacks(&what);
    EQUAL(job.eax & 0xFFFF, 0x81);
}

static void check_pnp_real(uint16_t at)
{
    uint32_t entry = peek32(0xF000, at + 0x0D);
    uint16_t segment = peek16(0xF000, at + 0x1B);
    uint16_t ask_count[6] = {
        0, OFFSET(&count), SEG_CHECK, OFFSET(&largest), SEG_CHECK, segment};
    uint16_t ask_node[7] = {
        1, OFFSET(&handle), SEG_CHECK, OFFSET(node), SEG_CHECK, 1, segment};

    handle = 0;
    EQUAL(real_call(entry, ask_count, 6), 0);
    EQUAL(real_call(entry, ask_node, 7), 0);
    nodes_good();
    handle = 0xFE;
    EQUAL(real_call(entry, ask_node, 7), 0x83);
}

/* --- PCI -------------------------------------------------------------------
 */

/* The service directory tells where the PCI BIOS is. */
static void check_pci32(uint16_t directory)
{
    struct pm_job what = {
        .wide = 1,
        .offset32 = peek32(0xF000, directory + 4),
        .selector32 = SEL_FLAT_CODE,
        .eax = 0x49435024,
    };

    on_both_stacks(&what);
    EQUAL(job.eax & 0xFF, 0);
    CHECK(job.edx < job.ecx && job.ebx >= 0xE0000);
    /* its segments are flat, and so is the stack it gets */
    what.offset32 = job.ebx + job.edx;
    what.eax = 0xB101;
    job = what;
    job.ss = SEL_DATA;
    pm_call(&job);
    EQUAL(job.edx, 0x20494350);
    EQUAL(job.ebx & 0xFFFF, 0x0210);
}

void check_protected(void)
{
    uint16_t at = find_table("$PnP", 4);

    set_table();
    call(0x15, 0x5304, 0, 0, 0);
    check_apm32();
    check_apm16();
    CHECK(at && sum_far(0xF000, at, peek8(0xF000, at + 5)) == 0);
    if (at) {
        check_pnp_real(at);
        check_pnp16(at);
    }
    at = find_table("_32_", 4);
    if (at)
        check_pci32(at);
}
