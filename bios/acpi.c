/* ACPI tables: FACS in the first page of the table space, then DSDT, FADT,
 * MADT, HPET, RSDT, XSDT; the RSDP goes to segment F000. Source: ACPI 2.0,
 * chapter 5; IA-PC HPET 1.0a, 3.2.4. The machine starts in legacy mode, so that
 * the power button works without an ACPI system; the PIIX4 itself answers the
 * writes to its command port that change it, where a real PC's would raise an
 * SMI. */

#include "post.h"
#include "dsdt_fill.h"

#define FACS_SIZE       64
#define TABLES_OFFSET   0x1000
#define IOAPIC_BASE     0xFEC00000u
#define LAPIC_BASE      0xFEE00000u
#define HPET_BASE       0xFED00000u
#define SCI_IRQ         9
#define APM_PORT        0xB2
#define ACPI_ENABLE     0xF1
#define ACPI_DISABLE    0xF0

#define FADT_WBINVD     (1u << 0)
#define FADT_PROC_C1    (1u << 2)
#define FADT_SLP_BUTTON (1u << 5) /* there is no sleep button */
#define FADT_RESET_REG  (1u << 10)
#define IAPC_LEGACY     0x0001
#define IAPC_8042       0x0002

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision;
    char creator[4];
    uint32_t creator_revision;
} PACKED;

struct address {
    uint8_t space, width, offset, access;
    uint64_t address;
} PACKED;

struct fadt {
    struct header header;
    uint32_t facs, dsdt;
    uint8_t int_model, profile;
    uint16_t sci_irq;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control;
    uint32_t pm_timer, gpe0, gpe1;
    uint8_t pm1_event_length, pm1_control_length, pm2_control_length;
    uint8_t pm_timer_length, gpe0_length, gpe1_length, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_arch;
    uint8_t reserved111;
    uint32_t flags;
    struct address reset;
    uint8_t reset_value, reserved129[3];
    uint64_t x_facs, x_dsdt;
    struct address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
    struct address x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
} PACKED;

_Static_assert(sizeof(struct fadt) == 244, "ACPI 2.0 table 5-5");

struct madt {
    struct header header;
    uint32_t lapic_base, flags;
} PACKED;

struct hpet {
    struct header header;
    uint32_t id;
    struct address base;
    uint8_t number;
    uint16_t minimum_tick;
    uint8_t protection;
} PACKED;

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint8_t extended_checksum, reserved[3];
} PACKED;

/* Where the next table goes. */
struct builder {
    uint8_t *at;
};

uint8_t table_sum(const void *data, uint32_t count)
{
    const uint8_t *p = data;
    uint8_t sum = 0;

    while (count-- > 0)
        sum += *p++;
    return (uint8_t)-sum;
}

static void *table_begin(struct builder *b, const char *signature,
                         uint8_t revision, uint32_t size)
{
    struct header *h = (struct header *)b->at;

    memset(h, 0, size);
    memcpy(h->signature, signature, 4);
    h->length = size;
    h->revision = revision;
    memcpy(h->oem, "UMBRA ", 6);
    memcpy(h->oem_table, "UMBRAPC ", 8);
    h->oem_revision = 1;
    memcpy(h->creator, "UMBR", 4);
    h->creator_revision = 1;
    return h;
}

static void table_end(struct builder *b, struct header *h)
{
    h->checksum = 0;
    h->checksum = table_sum(h, h->length);
    b->at += (h->length + 15) & ~15u;
}

/* By ports, as the addresses in the data area may have moved up: bits as
 * dsdt.asl has them. */
static uint32_t parts_there(void)
{
    static const uint16_t com[4] = {0x3F8, 0x2F8, 0x3E8, 0x2E8};
    static const uint16_t lpt[2] = {0x378, 0x278};
    uint32_t mask = cmos_read(CMOS_FLOPPY) != 0 ? 0x100 : 0;
    int i, at;

    for (at = 0; at < 4; at++) {
        for (i = 0; i < 4; i++)
            if (BDA->com_port[at] == com[i])
                mask |= 0x01u << i;
        for (i = 0; i < 2 && at < 3; i++)
            if (BDA->lpt_port[at] == lpt[i])
                mask |= 0x10u << i;
    }
    return mask;
}

static uint32_t dsdt_build(struct builder *b)
{
    struct header *h = (struct header *)b->at;
    const struct dsdt_facts facts = {pci_window_base(), parts_there(), PM_BASE};

    dsdt_fill(b->at, &facts);
    table_end(b, h);
    return (uint32_t)h;
}

static struct address io_address(uint32_t port, uint8_t bytes)
{
    struct address a = {1, (uint8_t)(bytes * 8), 0, 0, port};

    return a;
}

static uint32_t fadt_build(struct builder *b, uint32_t facs, uint32_t dsdt)
{
    struct fadt *f = table_begin(b, "FACP", 3, sizeof(*f));

    f->facs = facs;
    f->dsdt = dsdt;
    f->profile = 1; /* desktop */
    f->sci_irq = SCI_IRQ;
    f->smi_command = APM_PORT;
    f->acpi_enable = ACPI_ENABLE;
    f->acpi_disable = ACPI_DISABLE;
    f->pm1a_event = PM_BASE;
    f->pm1a_control = PM_BASE + 4;
    f->pm_timer = PM_BASE + 8;
    f->pm1_event_length = 4;
    f->pm1_control_length = 2;
    f->pm_timer_length = 4;
    f->c2_latency = 0x0FFF; /* no C2, no C3 */
    f->c3_latency = 0x0FFF;
    f->century = 0x32;
    f->boot_arch = IAPC_LEGACY | IAPC_8042;
    f->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_RESET_REG;
    f->reset = io_address(0xCF9, 1);
    f->reset_value = 0x06;
    f->x_facs = facs;
    f->x_dsdt = dsdt;
    f->x_pm1a_event = io_address(PM_BASE, 4);
    f->x_pm1a_control = io_address(PM_BASE + 4, 2);
    f->x_pm_timer = io_address(PM_BASE + 8, 4);
    table_end(b, &f->header);
    return (uint32_t)f;
}

static uint8_t *put_override(uint8_t *p, uint8_t irq, uint8_t pin,
                             uint8_t flags)
{
    uint8_t entry[10] = {2, 10, 0, irq, pin, 0, 0, 0, flags, 0};

    memcpy(p, entry, sizeof(entry));
    return p + sizeof(entry);
}

/* IRQ 0 enters the I/O APIC at pin 2; PCI's and the SCI are level triggered,
 * active high on this board. */
static uint32_t madt_build(struct builder *b)
{
    struct madt *m = table_begin(b, "APIC", 1, sizeof(*m));
    uint8_t nmi[6] = {4, 6, 0xFF, 0, 0, 1};
    uint8_t ioapic[12] = {1, 12, (uint8_t)cpu_count(), 0};
    uint8_t *p = (uint8_t *)(m + 1);
    uint32_t base = IOAPIC_BASE;
    unsigned int i;

    m->lapic_base = LAPIC_BASE;
    m->flags = 1; /* 8259s are there too */
    for (i = 0; i < cpu_count(); i++) {
        uint8_t lapic[8] = {0, 8, (uint8_t)i, (uint8_t)i, 1};

        memcpy(p, lapic, sizeof(lapic));
        p += sizeof(lapic);
    }
    memcpy(ioapic + 4, &base, 4);
    memcpy(p, ioapic, sizeof(ioapic));
    p += sizeof(ioapic);
    p = put_override(p, 0, 2, 0x00);
    p = put_override(p, 5, 5, 0x0D);
    p = put_override(p, 9, 9, 0x0D);
    p = put_override(p, 10, 10, 0x0D);
    p = put_override(p, 11, 11, 0x0D);
    memcpy(p, nmi, sizeof(nmi));
    p += sizeof(nmi);
    m->header.length = (uint32_t)(p - (uint8_t *)m);
    table_end(b, &m->header);
    return (uint32_t)m;
}

/* The table's identification is the register's. */
static uint32_t hpet_build(struct builder *b)
{
    uint32_t id = *(volatile uint32_t *)HPET_BASE;
    struct address base = {0, 64, 0, 0, HPET_BASE};
    struct hpet *h;

    if (id >> 16 != 0x8086)
        return 0;
    h = table_begin(b, "HPET", 1, sizeof(*h));
    h->id = id;
    h->base = base;
    h->minimum_tick = 1000; /* 10 us */
    table_end(b, &h->header);
    return (uint32_t)h;
}

static uint32_t rsdt_build(struct builder *b, const uint32_t *tables, int n)
{
    struct header *h = table_begin(b, "RSDT", 1, sizeof(*h));

    memcpy(h + 1, tables, (uint32_t)n * 4);
    h->length += (uint32_t)n * 4;
    table_end(b, h);
    return (uint32_t)h;
}

static uint32_t xsdt_build(struct builder *b, const uint32_t *tables, int n)
{
    struct header *h = table_begin(b, "XSDT", 1, sizeof(*h));
    uint32_t *entry = (uint32_t *)(h + 1);
    int i;

    for (i = 0; i < n; i++) {
        *entry++ = tables[i];
        *entry++ = 0;
    }
    h->length += (uint32_t)n * 8;
    table_end(b, h);
    return (uint32_t)h;
}

static void rsdp_build(struct rsdp *r, uint32_t rsdt, uint32_t xsdt)
{
    memset(r, 0, sizeof(*r));
    memcpy(r->signature, "RSD PTR ", 8);
    memcpy(r->oem, "UMBRA ", 6);
    r->revision = 2;
    r->rsdt = rsdt;
    r->length = sizeof(*r);
    r->xsdt = xsdt;
    r->checksum = table_sum(r, 20);
    r->extended_checksum = table_sum(r, sizeof(*r));
}

static void facs_build(uint8_t *facs)
{
    memset(facs, 0, FACS_SIZE);
    memcpy(facs, "FACS", 4);
    facs[4] = FACS_SIZE;
    facs[32] = 1;
}

/* The real-mode address to which a system that slept wants to return; 0:
 * nowhere. Only the 32-bit vector is looked at (5.2.9). */
uint32_t acpi_waking_vector(void)
{
    uint8_t *facs = (uint8_t *)SHARED->acpi_base;

    if (SHARED->acpi_base == SHARED->ram_low || memcmp(facs, "FACS", 4) != 0)
        return 0;
    return *(uint32_t *)(facs + 12);
}

uint32_t acpi_build(void *rsdp_at)
{
    struct shared *s = SHARED;
    struct builder b = {(uint8_t *)s->acpi_base + TABLES_OFFSET};
    uint32_t tables[3], dsdt, rsdt, xsdt, hpet;
    int n = 0;

    if (s->acpi_base == s->ram_low ||
        pci_read32(PCI_PM_BDF, PCI_VENDOR_ID) != 0x71138086)
        return 0;
    facs_build((uint8_t *)s->acpi_base);
    dsdt = dsdt_build(&b);
    tables[n++] = fadt_build(&b, s->acpi_base, dsdt);
    if (cpu_has_apic())
        tables[n++] = madt_build(&b);
    hpet = hpet_build(&b);
    if (hpet)
        tables[n++] = hpet;
    rsdt = rsdt_build(&b, tables, n);
    xsdt = xsdt_build(&b, tables, n);
    rsdp_build(rsdp_at, rsdt, xsdt);
    return sizeof(struct rsdp);
}
