/* Tables in segment F000 that operating systems search for: $PIR, _32_, MP
 * table, $PnP, $PMM; then SMBIOS and the ACPI RSDP. Sources: Microsoft PCI IRQ
 * Routing Table Specification 1.0; BIOS32 Service Directory 0.4; Intel
 * MultiProcessor Specification 1.4. They lie in fixed_tables (reset.S), each on
 * a 16-byte boundary. */

#include "pnp.h"
#include "post.h"

#define TABLE_BASE (0xF0000 + FIXED_PIR_POINTER)
#define PIR_SLOTS  31

static uint8_t *place; /* next free byte */

static void *take(uint32_t size)
{
    uint8_t *at = place;

    memset(at, 0, size);
    place = (uint8_t *)(((uint32_t)at + size + 15) & ~15u);
    return at;
}

/* --- $PIR
 * --------------------------------------------------------------------- */

struct pir_slot {
    uint8_t bus, devfn;
    struct {
        uint8_t link;
        uint16_t irqs;
    } PACKED pin[4];
    uint8_t slot, reserved;
} PACKED;

struct pir {
    char signature[4];
    uint16_t version, size;
    uint8_t router_bus, router_devfn;
    uint16_t exclusive;
    uint32_t compatible, miniport;
    uint8_t reserved[11], checksum;
    struct pir_slot slots[PIR_SLOTS];
} PACKED;

/* The word at TABLE_BASE tells INT 1Ah where $PIR is. */
static void pir_build(void)
{
    struct pir *p = take(sizeof(*p));
    int slot, pin;

    *(volatile uint16_t *)TABLE_BASE = (uint16_t)(uint32_t)p;
    memcpy(p->signature, "$PIR", 4);
    p->version = 0x0100;
    p->size = sizeof(*p);
    p->router_devfn = PCI_ISA_BDF;
    p->exclusive = PCI_PIR_EXCLUSIVE;
    p->compatible = 0x122E8086; /* as the PIIX */
    for (slot = 1; slot <= PIR_SLOTS; slot++) {
        struct pir_slot *s = &p->slots[slot - 1];

        s->devfn = (uint8_t)(slot << 3);
        s->slot = slot == 1 ? 0 : (uint8_t)slot;
        for (pin = 0; pin < 4; pin++) {
            s->pin[pin].link = (uint8_t)(0x60 + ((slot - 1 + pin) & 3));
            s->pin[pin].irqs = 0xDEF8;
        }
    }
    p->checksum = table_sum(p, sizeof(*p));
}

/* --- _32_
 * ----------------------------------------------------------------------- */

struct bios32 {
    char signature[4];
    uint32_t entry;
    uint8_t revision, paragraphs, checksum, reserved[5];
} PACKED;

static void bios32_build(void)
{
    struct bios32 *b = take(sizeof(*b));

    memcpy(b->signature, "_32_", 4);
    b->entry = (uint32_t)&bios32_entry + BASE_BIOS;
    b->paragraphs = 1;
    b->checksum = table_sum(b, sizeof(*b));
}

/* --- $PnP and $PMM
 * ------------------------------------------------------------------------- */

/* Plug and Play BIOS 1.0A, 4.4. */
struct pnp_check {
    char signature[4];
    uint8_t version, length;
    uint16_t control;
    uint8_t checksum;
    uint32_t event_flag;
    uint16_t real_offset, real_segment, offset16;
    uint32_t base16, oem;
    uint16_t real_data;
    uint32_t data16;
} PACKED;

_Static_assert(sizeof(struct pnp_check) == 0x21, "PnP BIOS 1.0A");

static void pnp_build(void)
{
    struct pnp_check *p = take(sizeof(*p));

    memcpy(p->signature, "$PnP", 4);
    p->version = 0x10;
    p->length = sizeof(*p);
    p->real_offset = p->offset16 = (uint16_t)(uint32_t)&entry_pnp;
    p->real_segment = p->real_data = SEG_BIOS;
    p->base16 = p->data16 = BASE_BIOS;
    p->checksum = table_sum(p, sizeof(*p));
    SHARED->pnp = (uint16_t)(uint32_t)p;
    pnp_nodes_build();
}

/* POST Memory Manager 1.01, 3.1. */
struct pmm_check {
    char signature[4];
    uint8_t revision, length, checksum;
    uint16_t offset, segment;
    uint8_t reserved[5];
} PACKED;

static void pmm_build(void)
{
    struct pmm_check *p = take(sizeof(*p));

    memcpy(p->signature, "$PMM", 4);
    p->revision = 1;
    p->length = sizeof(*p);
    p->offset = (uint16_t)(uint32_t)&entry_pmm;
    p->segment = SEG_BIOS;
    p->checksum = table_sum(p, sizeof(*p));
    SHARED->pmm = (uint16_t)(uint32_t)p;
}

/* --- MP table
 * ---------------------------------------------------------------------- */

struct mp_pointer {
    char signature[4];
    uint32_t table;
    uint8_t paragraphs, revision, checksum, features[5];
} PACKED;

struct mp_table {
    char signature[4];
    uint16_t length;
    uint8_t revision, checksum;
    char oem[8], product[12];
    uint32_t oem_table;
    uint16_t oem_size, entries;
    uint32_t lapic;
    uint16_t extended_length;
    uint8_t extended_checksum, reserved;
} PACKED;

struct mp_cpu {
    uint8_t type, apic_id, version, flags;
    uint32_t signature, features, reserved[2];
};

struct mp_entry {
    uint8_t type, byte1;
    uint16_t flags;
    uint8_t source_bus, source_irq, apic, pin;
} PACKED;

#define MP_LEVEL_HIGH 0x000D

static void mp_interrupt(struct mp_table *t, uint8_t type, uint8_t kind,
                         uint16_t flags, uint16_t source, uint16_t to)
{
    struct mp_entry *e = (struct mp_entry *)place;

    e->type = type;
    e->byte1 = kind;
    e->flags = flags;
    e->source_bus = (uint8_t)(source >> 8);
    e->source_irq = (uint8_t)source;
    e->apic = (uint8_t)(to >> 8);
    e->pin = (uint8_t)to;
    place += sizeof(*e);
    t->entries++;
}

static void mp_cpus(struct mp_table *t, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++) {
        struct mp_cpu *c = (struct mp_cpu *)place;

        memset(c, 0, sizeof(*c));
        c->apic_id = (uint8_t)i;
        c->version = 0x14;
        c->flags = i == 0 ? 3 : 1;
        cpu_signature(&c->signature, &c->features);
        place += sizeof(*c);
        t->entries++;
    }
}

static void mp_bus(struct mp_table *t, uint8_t id, const char *name)
{
    uint8_t *p = place;

    p[0] = 1;
    p[1] = id;
    memcpy(p + 2, name, 6);
    place += 8;
    t->entries++;
}

static void mp_interrupts(struct mp_table *t, uint8_t ioapic)
{
    uint16_t to = (uint16_t)(ioapic << 8);
    int irq, slot, pin;

    for (slot = 1; slot <= PIR_SLOTS; slot++)
        for (pin = 0; pin < 4; pin++) {
            uint8_t routed = pci_irq_of((uint8_t)slot, (uint8_t)pin);

            if (pci_slot_used((uint8_t)slot))
                mp_interrupt(t, 3, 0, MP_LEVEL_HIGH,
                             (uint16_t)(slot << 2 | pin), to | routed);
        }
    for (irq = 0; irq < 16; irq++) {
        if (irq == 2 || irq == 10 || irq == 11)
            continue; /* cascade; PCI's */
        mp_interrupt(t, 3, 0, irq == 9 ? MP_LEVEL_HIGH : 0,
                     (uint16_t)(1 << 8 | irq),
                     (uint16_t)(to | (irq == 0 ? 2 : irq)));
    }
    mp_interrupt(t, 4, 3, 0, 1 << 8, 0xFF00);
    mp_interrupt(t, 4, 1, 0, 1 << 8, 0xFF01);
}

static void mp_build(void)
{
    struct mp_pointer *p = take(sizeof(*p));
    struct mp_table *t = take(sizeof(*t));
    uint8_t ioapic = (uint8_t)cpu_count();

    memcpy(p->signature, "_MP_", 4);
    p->table = (uint32_t)t;
    p->paragraphs = 1;
    p->revision = 4;
    p->checksum = table_sum(p, sizeof(*p));
    memcpy(t->signature, "PCMP", 4);
    t->revision = 4;
    memcpy(t->oem, "UMBRA   ", 8);
    memcpy(t->product, "PC          ", 12);
    t->lapic = 0xFEE00000;
    place = (uint8_t *)(t + 1);
    mp_cpus(t, cpu_count());
    mp_bus(t, 0, "PCI   ");
    mp_bus(t, 1, "ISA   ");
    mp_interrupt(t, 2, ioapic, 0x0111, 0, 0);
    *(uint32_t *)(place - 4) = 0xFEC00000;
    mp_interrupts(t, ioapic);
    t->length = (uint16_t)(place - (uint8_t *)t);
    t->checksum = table_sum(t, t->length);
    take(0);
}

/* The register the number in the tables speaks of. */
static void ioapic_name(void)
{
    volatile uint32_t *ioapic = (volatile uint32_t *)0xFEC00000;

    ioapic[0] = 0;
    ioapic[4] = cpu_count() << 24;
}

void tables_build(void)
{
    place = (uint8_t *)TABLE_BASE + 16;
    pir_build();
    bios32_build();
    pnp_build();
    pmm_build();
    if (cpu_has_apic()) {
        mp_build();
        ioapic_name();
    }
    place = smbios_build(place);
    take(0);
    place += acpi_build(place);
    if (place > (uint8_t *)TABLE_BASE + 0x1000)
        debug_puts("tables: too large\n");
}
