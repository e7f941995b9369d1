/* acpi_tables.c - ACPI tables of the board, for firmware that is not ours.
 *
 * ACPI 2.0, chapter 5: FACS, DSDT, FADT, MADT, HPET, RSDT, XSDT, RSDP. The
 * DSDT is our own BIOS's (bios/dsdt.asl), filled in as it does. SeaBIOS and
 * OVMF fetch the tables as fw_cfg files and run the script beside them
 * (QEMU, docs/specs/acpi_bits and bios-linker-loader): allocate a file, add
 * its address to a pointer, set a checksum. Bochs' BIOS has its own tables.
 * Not modelled: hot-plug, tables for sleep states that the DSDT lacks. */
#include "devices/acpi_tables.h"

#include "bios/dsdt_fill.h"
#include "devices/pm_piix4.h"

enum {
    LOADER_ALLOCATE = 1,
    LOADER_ADD_POINTER = 2,
    LOADER_ADD_CHECKSUM = 3,
    LOADER_NAME = 56,
    ZONE_HIGH = 1,
    ZONE_FSEG = 2,

    HEADER_SIZE = 36,
    HEADER_CHECKSUM = 9,
    FACS_SIZE = 64,
    FADT_SIZE = 244,
    HPET_SIZE = 56,
    MAX_TABLES = 4, /* that RSDT and XSDT list */

    SMI_COMMAND = 0xB2,
    SCI_IRQ = 9,
    PM_CONTROL = 4,
    PM_TIMER = 8,
    RESET_PORT = 0xCF9,
    RESET_VALUE = 6,
    CENTURY = 0x32, /* in CMOS */

    FADT_WBINVD = 1 << 0,
    FADT_PROC_C1 = 1 << 2,
    FADT_SLP_BUTTON = 1 << 5, /* there is none of the fixed kind */
    FADT_RESET_REG = 1 << 10,
    IAPC_LEGACY = 1 << 0,
    IAPC_8042 = 1 << 1,

    LEVEL_HIGH = 0x0D /* MADT: level triggered, active high */
};

#define IOAPIC_BASE 0xFEC00000u
#define LAPIC_BASE  0xFEE00000u
#define HPET_ID     0x8086A201u /* 3 timers, legacy routes, 64 bits */

/* Where the next table goes, and what has been made. */
struct builder {
    const struct acpi_board *board;
    struct acpi_tables *out;
    uint32_t used;
    uint32_t table[MAX_TABLES];
    unsigned tables;
};

/* ------------------------------------------------------------- the script */

static uint8_t *script_entry(struct builder *b, uint32_t command)
{
    uint8_t *entry = b->out->loader + b->out->loader_size;

    ASSERT(b->out->loader_size < sizeof b->out->loader);
    b->out->loader_size += ACPI_LOADER_ENTRY;
    store_le32(entry, command);
    return entry + 4;
}

static void script_allocate(struct builder *b, const char *file,
                            uint32_t alignment, uint8_t zone)
{
    uint8_t *entry = script_entry(b, LOADER_ALLOCATE);

    strcpy((char *)entry, file);
    store_le32(entry + LOADER_NAME, alignment);
    entry[LOADER_NAME + 4] = zone;
}

/* Also stores what firmware adds the address to. */
static void script_pointer(struct builder *b, const char *file, uint8_t *data,
                           uint32_t offset, unsigned size, uint32_t target)
{
    uint8_t *entry = script_entry(b, LOADER_ADD_POINTER);

    store_le(data + offset, target, size);
    strcpy((char *)entry, file);
    strcpy((char *)entry + LOADER_NAME, ACPI_TABLES_FILE);
    store_le32(entry + 2 * LOADER_NAME, offset);
    entry[2 * LOADER_NAME + 4] = (uint8_t)size;
}

static void script_checksum(struct builder *b, const char *file,
                            uint32_t offset, uint32_t start, uint32_t size)
{
    uint8_t *entry = script_entry(b, LOADER_ADD_CHECKSUM);

    strcpy((char *)entry, file);
    store_le32(entry + LOADER_NAME, offset);
    store_le32(entry + LOADER_NAME + 4, start);
    store_le32(entry + LOADER_NAME + 8, size);
}

static void pointer_to(struct builder *b, uint32_t offset, unsigned size,
                       uint32_t target)
{
    script_pointer(b, ACPI_TABLES_FILE, b->out->tables, offset, size, target);
}

/* ----------------------------------------------------------------- tables */

static uint8_t *table_take(struct builder *b, uint32_t size)
{
    uint8_t *at = b->out->tables + b->used;

    ASSERT(b->used + size <= sizeof b->out->tables);
    b->used += (size + 15) & ~15u;
    return at;
}

static uint32_t table_offset(const struct builder *b, const uint8_t *table)
{
    return (uint32_t)(table - b->out->tables);
}

static uint8_t *table_begin(struct builder *b, const char *signature,
                            uint8_t revision, uint32_t size)
{
    uint8_t *t = table_take(b, size);

    memcpy(t, signature, 4);
    store_le32(t + 4, size);
    t[8] = revision;
    memcpy(t + 10, "UMBRA UMBRAPC ", 14);
    store_le32(t + 24, 1);
    memcpy(t + 28, "UMBR", 4);
    store_le32(t + 32, 1);
    return t;
}

static void table_end(struct builder *b, uint8_t *table, bool listed)
{
    uint32_t offset = table_offset(b, table);

    table[HEADER_CHECKSUM] = 0;
    script_checksum(b, ACPI_TABLES_FILE, offset + HEADER_CHECKSUM, offset,
                    load_le32(table + 4));
    if (listed)
        b->table[b->tables++] = offset;
}

static uint32_t facs_build(struct builder *b)
{
    uint8_t *facs = table_take(b, FACS_SIZE);

    memcpy(facs, "FACS", 4);
    store_le32(facs + 4, FACS_SIZE);
    facs[32] = 1; /* version */
    return table_offset(b, facs);
}

static uint32_t dsdt_build(struct builder *b)
{
    const struct dsdt_facts facts = {b->board->low_end, b->board->parts,
                                     b->board->pm_base};
    uint8_t *dsdt = table_take(b, sizeof dsdt_aml);

    dsdt_fill(dsdt, &facts);
    table_end(b, dsdt, false);
    return table_offset(b, dsdt);
}

/* A generic address (5.2.3.1) in I/O space. */
static void put_port(uint8_t *p, uint32_t port, uint8_t bytes)
{
    p[0] = 1;
    p[1] = (uint8_t)(bytes * 8);
    store_le64(p + 4, port);
}

/* ACPI mode is switched by the chip itself at the SMI command port. */
static void fadt_build(struct builder *b, uint32_t facs, uint32_t dsdt)
{
    uint8_t *f = table_begin(b, "FACP", 3, FADT_SIZE);
    uint32_t at = table_offset(b, f);
    uint32_t pm = b->board->pm_base;

    pointer_to(b, at + 36, 4, facs);
    pointer_to(b, at + 40, 4, dsdt);
    f[45] = 1; /* desktop */
    store_le16(f + 46, SCI_IRQ);
    store_le32(f + 48, SMI_COMMAND);
    f[52] = PM_ACPI_ENABLE;
    f[53] = PM_ACPI_DISABLE;
    store_le32(f + 56, pm);
    store_le32(f + 64, pm + PM_CONTROL);
    store_le32(f + 76, pm + PM_TIMER);
    f[88] = 4; /* lengths of the three blocks */
    f[89] = 2;
    f[91] = 4;
    store_le16(f + 96, 0xFFF); /* no C2, no C3 */
    store_le16(f + 98, 0xFFF);
    f[108] = CENTURY;
    store_le16(f + 109, IAPC_LEGACY | IAPC_8042);
    store_le32(f + 112,
               FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_RESET_REG);
    put_port(f + 116, RESET_PORT, 1);
    f[128] = RESET_VALUE;
    pointer_to(b, at + 132, 8, facs);
    pointer_to(b, at + 140, 8, dsdt);
    put_port(f + 148, pm, 4);
    put_port(f + 172, pm + PM_CONTROL, 2);
    put_port(f + 208, pm + PM_TIMER, 4);
    table_end(b, f, true);
}

static uint8_t *put_override(uint8_t *p, uint8_t irq, uint8_t pin,
                             uint8_t flags)
{
    p[0] = 2;
    p[1] = 10;
    p[3] = irq;
    store_le32(p + 4, pin);
    p[8] = flags;
    return p + 10;
}

/* IRQ 0 enters the I/O APIC at pin 2; PCI's and the SCI are level triggered
 * and active high on this board. */
static void madt_build(struct builder *b)
{
    const struct acpi_board *board = b->board;
    uint8_t *m = table_begin(b, "APIC", 1,
                             HEADER_SIZE + 8 + board->cpus * 8u + 12 + 50 + 6);
    uint8_t *p = m + HEADER_SIZE + 8;

    store_le32(m + 36, LAPIC_BASE);
    m[40] = 1; /* 8259s are there too */
    for (unsigned i = 0; i < board->cpus; i++, p += 8) {
        p[1] = 8;
        p[2] = p[3] = (uint8_t)i;
        p[4] = 1;
    }
    p[0] = 1;
    p[1] = 12;
    p[2] = board->ioapic_id;
    store_le32(p + 4, IOAPIC_BASE);
    p = put_override(p + 12, 0, 2, 0);
    p = put_override(p, 5, 5, LEVEL_HIGH);
    p = put_override(p, 9, 9, LEVEL_HIGH);
    p = put_override(p, 10, 10, LEVEL_HIGH);
    p = put_override(p, 11, 11, LEVEL_HIGH);
    p[0] = 4; /* NMI at LINT1 of all */
    p[1] = 6;
    p[2] = 0xFF;
    p[5] = 1;
    table_end(b, m, true);
}

static void hpet_build(struct builder *b)
{
    uint8_t *h;

    if (!b->board->hpet_base)
        return;
    h = table_begin(b, "HPET", 1, HPET_SIZE);
    store_le32(h + 36, HPET_ID);
    store_le64(h + 44, b->board->hpet_base); /* a memory address */
    table_end(b, h, true);
}

static uint32_t list_build(struct builder *b, const char *signature,
                           unsigned pointer)
{
    uint8_t *t =
        table_begin(b, signature, 1, HEADER_SIZE + b->tables * pointer);
    uint32_t offset = table_offset(b, t);

    for (unsigned i = 0; i < b->tables; i++)
        pointer_to(b, offset + HEADER_SIZE + i * pointer, pointer, b->table[i]);
    table_end(b, t, false);
    return offset;
}

static void rsdp_build(struct builder *b, uint32_t rsdt, uint32_t xsdt)
{
    uint8_t *r = b->out->rsdp;

    memcpy(r, "RSD PTR ", 8);
    memcpy(r + 9, "UMBRA ", 6);
    r[15] = 2; /* ACPI 2.0 */
    store_le32(r + 20, ACPI_RSDP_SIZE);
    script_pointer(b, ACPI_RSDP_FILE, r, 16, 4, rsdt);
    script_pointer(b, ACPI_RSDP_FILE, r, 24, 8, xsdt);
    script_checksum(b, ACPI_RSDP_FILE, 8, 0, 20);
    script_checksum(b, ACPI_RSDP_FILE, 32, 0, ACPI_RSDP_SIZE);
}

/* Firmware checks a table when it has set the pointers to it, so that
 * checksums come after the pointers within a table, and pointers to a table
 * after its checksum. */
void acpi_tables_build(const struct acpi_board *board, struct acpi_tables *out)
{
    struct builder b = {.board = board, .out = out};
    uint32_t facs, dsdt, rsdt, xsdt;

    memset(out, 0, sizeof *out);
    script_allocate(&b, ACPI_RSDP_FILE, 16, ZONE_FSEG);
    script_allocate(&b, ACPI_TABLES_FILE, 64, ZONE_HIGH);
    facs = facs_build(&b);
    dsdt = dsdt_build(&b);
    fadt_build(&b, facs, dsdt);
    madt_build(&b);
    hpet_build(&b);
    rsdt = list_build(&b, "RSDT", 4);
    xsdt = list_build(&b, "XSDT", 8);
    rsdp_build(&b, rsdt, xsdt);
}

/* As the DSDT has them: Name (_Sx_, Package (4) { type, ... }), where the
 * type is Zero, One or a byte. */
void acpi_sleep_states(uint8_t states[ACPI_STATES])
{
    static const uint8_t name[] = {0x08, '_', 'S'};

    memset(states, 0, ACPI_STATES);
    states[0] = 0x80;
    for (size_t i = 0; i + 10 <= sizeof dsdt_aml; i++) {
        const uint8_t *aml = dsdt_aml + i;
        unsigned state = aml[3] - (unsigned)'0';

        if (memcmp(aml, name, sizeof name) || state >= ACPI_STATES ||
            aml[4] != '_' || aml[5] != 0x12)
            continue;
        states[state] = (uint8_t)(0x80 | (aml[8] == 0x0A ? aml[9] : aml[8]));
    }
}
