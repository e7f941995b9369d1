/* check_pci - configuration mechanism #1, base registers, interrupt pins,
 * and the PIIX3 behind them.
 * Run alone: make tests/devices/check_pci && tests/devices/check_pci */
#include "tests/devices/fake_pci.h"

#include "devices/pci_msi.h"
#include "devices/piix3.h"

enum { SLOT = PCI_DEVFN(3, 0) };

struct card {
    struct device device; /* as far as its fields are concerned */
    struct pci_device pci;
    struct pci_msix msix;
    struct region memory, io, rom;
    unsigned written, last_offset, last_size;
    uint32_t latch;
};

static uint64_t card_read(void *opaque, uint64_t offset, unsigned size)
{
    struct card *card = opaque;

    (void)size;
    return card->latch + offset;
}

static void card_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct card *card = opaque;

    (void)offset;
    (void)size;
    card->latch = (uint32_t)value;
}

static const struct region_ops card_ops = {card_read, card_write, 4};

static void card_written(void *opaque, unsigned offset, unsigned size)
{
    struct card *card = opaque;

    card->written++;
    card->last_offset = offset;
    card->last_size = size;
}

static void card_create(struct card *card, struct fake_pci *fake, uint8_t devfn)
{
    static const struct pci_identity identity = {
        .vendor = 0x1234,
        .device = 0x5678,
        .base_class = 0x03,
        .interrupt_pin = 1,
    };

    memset(card, 0, sizeof *card);
    pci_device_init(&card->pci, &identity);
    card->memory = (struct region){.name = "m",
                                   .size = 0x10000,
                                   .kind = REGION_MMIO,
                                   .ops = &card_ops,
                                   .opaque = card};
    card->io = card->memory;
    card->io.size = 0x20;
    card->rom = card->memory;
    card->rom.size = 0x8000;
    pci_device_set_bar(&card->pci, 0, PCI_BAR_PREFETCHABLE, &card->memory);
    pci_device_set_bar(&card->pci, 1, PCI_BAR_IO, &card->io);
    pci_device_set_bar(&card->pci, PCI_BAR_ROM, PCI_BAR_MEMORY, &card->rom);
    card->pci.written = card_written;
    card->pci.opaque = card;
    ck_assert(pci_bus_attach(fake->bus, &card->pci, devfn));
    pci_device_reset(&card->pci);
}

START_TEST(address_register_takes_doublewords_only)
{
    struct fake_pci fake;
    struct card card;

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    fake_out(&fake, 0xCF8, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(fake_in(&fake, 0xCF8, 4), 0x80FFFFFC);
    fake_out(&fake, 0xCF8, 0x80001800, 4);
    fake_out(&fake, 0xCF8, 0x55, 1);
    fake_out(&fake, 0xCFA, 0x5555, 2);
    ck_assert_uint_eq(fake_in(&fake, 0xCF8, 4), 0x80001800);
    ck_assert_uint_eq(fake_in(&fake, 0xCFC, 4), 0x56781234);
    ck_assert_uint_eq(fake_in(&fake, 0xCFE, 2), 0x5678);
    ck_assert_uint_eq(fake_in(&fake, 0xCFF, 1), 0x56);
    /* Disabled, another bus, another slot: nobody. */
    fake_out(&fake, 0xCF8, 0x00001800, 4);
    ck_assert_uint_eq(fake_in(&fake, 0xCFC, 4), 0xFFFFFFFF);
    fake_out(&fake, 0xCF8, 0x80011800, 4);
    ck_assert_uint_eq(fake_in(&fake, 0xCFC, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(fake_config_in(&fake, PCI_DEVFN(4, 0), 0, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(fake_config_in(&fake, PCI_DEVFN(3, 1), 0, 2), 0xFFFF);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(masks_protect_registers)
{
    struct fake_pci fake;
    struct card card;

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    fake_config_out(&fake, SLOT, 0, 0xDEADBEEF, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0, 4), 0x56781234);
    fake_config_out(&fake, SLOT, PCI_COMMAND, 0xFFFF, 2);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_COMMAND, 2), 0x0547);
    fake_config_out(&fake, SLOT, PCI_INTERRUPT_LINE, 0x0B, 1);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_INTERRUPT_LINE, 2),
                      0x010B);
    /* Status bits are cleared by ones. */
    store_le16(card.pci.config + PCI_STATUS, 0x3000);
    fake_config_out(&fake, SLOT, PCI_STATUS, 0x1000, 2);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_STATUS, 2), 0x2000);
    ck_assert_uint_eq(card.last_offset, PCI_STATUS);
    ck_assert_uint_eq(card.last_size, 2);
    pci_device_reset(&card.pci);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_COMMAND, 2), 0);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(base_registers_size_and_move)
{
    struct fake_pci fake;
    struct card card;

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    fake_config_out(&fake, SLOT, PCI_BAR0, 0xFFFFFFFF, 4);
    fake_config_out(&fake, SLOT, PCI_BAR0 + 4, 0xFFFFFFFF, 4);
    fake_config_out(&fake, SLOT, PCI_BAR0 + 8, 0xFFFFFFFF, 4);
    fake_config_out(&fake, SLOT, PCI_ROM_ADDRESS, 0xFFFFFFFE, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_BAR0, 4), 0xFFFF0008);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_BAR0 + 4, 4), 0xFFFFFFE1);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_BAR0 + 8, 4), 0);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, PCI_ROM_ADDRESS, 4),
                      0xFFFF8000);
    fake_config_out(&fake, SLOT, PCI_BAR0, 0xE0000000, 4);
    fake_config_out(&fake, SLOT, PCI_BAR0 + 4, 0xC000, 4);
    ck_assert(!card.memory.mapped && !card.io.mapped);
    fake_config_out(&fake, SLOT, PCI_COMMAND, 3, 2);
    ck_assert(card.memory.mapped && card.io.mapped && !card.rom.mapped);
    addrspace_write(fake.memory, 0xE0000000, 0x1000, 4);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE0000010, 4), 0x1010);
    ck_assert_uint_eq(fake_in(&fake, 0xC004, 4), 0x1004);
    fake_config_out(&fake, SLOT, PCI_BAR0, 0xE1000000, 4);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE0000010, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE1000010, 4), 0x1010);
    fake_config_out(&fake, SLOT, PCI_ROM_ADDRESS, 0xE2000001, 4);
    ck_assert(card.rom.mapped && card.rom.base == 0xE2000000);
    /* RAM wins where firmware puts a card on top of it. */
    fake_config_out(&fake, SLOT, PCI_BAR0, 0x00100000, 4);
    addrspace_write(fake.memory, 0x100000, 0xAA55AA55, 4);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x100000, 4), 0xAA55AA55);
    fake_config_out(&fake, SLOT, PCI_COMMAND, 0, 2);
    ck_assert(!card.memory.mapped && !card.io.mapped && !card.rom.mapped);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(interrupts_reach_the_routed_irq)
{
    struct fake_pci fake;
    struct card card, other;
    struct piix3 *bridge;
    const uint8_t isa = PCI_DEVFN(1, 0);

    fake_pci_create(&fake);
    bridge = piix3_create(&(struct piix3_config){
        .bus = fake.bus, .devfn = isa, .irq = fake.wire, .log = &fake.log});
    fake_device_reset(piix3_device(bridge));
    ck_assert_uint_eq(fake_config_in(&fake, isa, 0, 4), 0x70008086);
    ck_assert_uint_eq(fake_config_in(&fake, isa, PCI_HEADER_TYPE, 1), 0x80);
    card_create(&card, &fake, SLOT);
    card_create(&other, &fake, PCI_DEVFN(7, 0));
    /* Slot 3 INTA: PIRQ (3 - 1) = C; slot 7: the same. */
    pci_device_set_intx(&card.pci, true);
    fake_config_out(&fake, isa, 0x62, 0x0B, 1);
    ck_assert(fake.irq[11].level);
    pci_device_set_intx(&other.pci, true);
    pci_device_set_intx(&card.pci, false);
    ck_assert(fake.irq[11].level);
    pci_device_set_intx(&other.pci, false);
    ck_assert(!fake.irq[11].level);
    ck_assert_uint_eq(fake.irq[11].rises, 1);
    pci_device_set_intx(&card.pci, true);
    fake_config_out(&fake, isa, 0x62, 0x0A, 1);
    ck_assert(fake.irq[10].level && !fake.irq[11].level);
    fake_device_reload(piix3_device(bridge));
    ck_assert(fake.irq[10].level);
    /* The command register can cut it off, PIRQRC too. */
    fake_config_out(&fake, SLOT, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
    ck_assert(!fake.irq[10].level);
    fake_config_out(&fake, SLOT, PCI_COMMAND, 0, 2);
    ck_assert(fake.irq[10].level);
    fake_config_out(&fake, isa, 0x62, 0x8A, 1);
    ck_assert(!fake.irq[10].level);
    fake_config_out(&fake, isa, 0x62, 0x08, 1); /* not routable */
    ck_assert(!fake.irq[8].level);
    fake_device_destroy(piix3_device(bridge));
    fake_pci_destroy(&fake);
}
END_TEST

struct resets {
    unsigned count;
    bool hard;
};

static void on_reset(void *opaque, bool hard)
{
    struct resets *resets = opaque;

    resets->count++;
    resets->hard = hard;
}

START_TEST(port_cf9_resets_on_the_rising_edge)
{
    struct fake_pci fake;
    struct resets resets = {0};
    struct piix3 *bridge;

    fake_pci_create(&fake);
    bridge = piix3_create(&(struct piix3_config){.bus = fake.bus,
                                                 .devfn = PCI_DEVFN(1, 0),
                                                 .irq = fake.wire,
                                                 .reset = on_reset,
                                                 .opaque = &resets,
                                                 .log = &fake.log});
    fake_device_reset(piix3_device(bridge));
    fake_out(&fake, 0xCF9, 0x02, 1);
    ck_assert_uint_eq(fake_in(&fake, 0xCF9, 1), 0x02);
    ck_assert_uint_eq(resets.count, 0);
    fake_out(&fake, 0xCF9, 0x06, 1);
    ck_assert_uint_eq(resets.count, 1);
    ck_assert(resets.hard);
    fake_out(&fake, 0xCF9, 0x06, 1);
    ck_assert_uint_eq(resets.count, 1);
    fake_out(&fake, 0xCF9, 0x00, 1);
    fake_out(&fake, 0xCF9, 0x04, 1);
    ck_assert_uint_eq(resets.count, 2);
    ck_assert(!resets.hard);
    /* A doubleword there is the address register, not a reset. */
    fake_out(&fake, 0xCF9, 0x00, 1);
    fake_out(&fake, 0xCF8, 0x80000600, 4);
    ck_assert_uint_eq(resets.count, 2);
    fake_device_destroy(piix3_device(bridge));
    fake_pci_destroy(&fake);
}
END_TEST

static void add_64bit_bar(struct card *card)
{
    card->memory.size = 1ull << 33;
    pci_device_set_bar(&card->pci, 0, PCI_BAR_NONE, &card->memory);
    card->pci.bar[1].kind = PCI_BAR_NONE;
    pci_device_set_bar(&card->pci, 2, PCI_BAR_PREFETCHABLE64, &card->memory);
    card->pci.bar[0].kind = PCI_BAR_NONE;
}

START_TEST(base_registers_of_64_bits)
{
    struct fake_pci fake;
    struct card card;
    uint64_t last;

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    pci_device_detach(&card.pci);
    add_64bit_bar(&card);
    ck_assert(pci_bus_attach(fake.bus, &card.pci, SLOT));
    pci_device_reset(&card.pci);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x18, 4), 0x0000000C);
    fake_config_out(&fake, SLOT, 0x18, 0xFFFFFFFF, 4);
    fake_config_out(&fake, SLOT, 0x1C, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x18, 4), 0x0000000C);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x1C, 4), 0xFFFFFFFE);
    fake_config_out(&fake, SLOT, 0x1C, 0x12, 4);
    fake_config_out(&fake, SLOT, 4, 2, 2);
    ck_assert_ptr_eq(addrspace_find(fake.memory, 0x1200000000, &last),
                     &card.memory);
    ck_assert_uint_eq(last, 0x13FFFFFFFF);
    fake_config_out(&fake, SLOT, 0x1C, 0, 4);
    ck_assert_ptr_null(addrspace_find(fake.memory, 0x1200000000, &last));
    pci_device_detach(&card.pci);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(message_signalled_interrupts)
{
    struct fake_pci fake;
    struct card card;

    /* The bus of the bench has no other sink: messages are stores. */
    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    pci_device_detach(&card.pci);
    pci_device_add_msi(&card.pci, 0x50, 4, PCI_MSI_64BIT);
    pci_device_add_capability(&card.pci, PCI_CAPABILITY_PM, 0x40, 8);
    ck_assert(pci_bus_attach(fake.bus, &card.pci, SLOT));
    pci_device_reset(&card.pci);
    pci_bus_connect_pirq(fake.bus, fake_pci_wire, &fake);
    /* The list: 34h, power management, messages, end. */
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 6, 2) & 0x10, 0x10);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x34, 1), 0x40);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x40, 2), 0x5001);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x50, 4), 0x00840005);
    ck_assert(!pci_device_message(&card.pci, 0));
    pci_device_set_intx(&card.pci, true);
    ck_assert(fake.irq[2].level); /* INTA of slot 3 */
    fake_config_out(&fake, SLOT, 0x54, 0x00001003, 4);
    fake_config_out(&fake, SLOT, 0x5C, 0x41F7, 2);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x54, 4), 0x1000);
    /* Two of four vectors. */
    fake_config_out(&fake, SLOT, 0x52, 0x0011, 2);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x52, 2), 0x0095);
    ck_assert(!fake.irq[2].level);
    /* Not a master: nothing leaves the card. */
    ck_assert(pci_device_message(&card.pci, 0));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0);
    fake_config_out(&fake, SLOT, 4, 4, 2);
    ck_assert(pci_device_message(&card.pci, 0));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x41F6);
    ck_assert(pci_device_message(&card.pci, 3));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x41F7);
    fake_config_out(&fake, SLOT, 0x52, 0, 2);
    ck_assert(fake.irq[2].level);
    pci_device_detach(&card.pci);
    fake_pci_destroy(&fake);
}
END_TEST

/* PCI 3.0, 6.8.1.7 and 6.8.1.8: what is masked waits. */
START_TEST(messages_with_masks)
{
    struct fake_pci fake;
    struct card card;

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    pci_device_detach(&card.pci);
    pci_device_add_msi(&card.pci, 0x50, 4, PCI_MSI_MASKS);
    ck_assert(pci_bus_attach(fake.bus, &card.pci, SLOT));
    pci_device_reset(&card.pci);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x52, 2), 0x0104);
    fake_config_out(&fake, SLOT, 4, 4, 2);
    fake_config_out(&fake, SLOT, 0x54, 0x1000, 4);
    fake_config_out(&fake, SLOT, 0x58, 0x4100, 2);
    fake_config_out(&fake, SLOT, 0x52, 0x0021, 2);
    fake_config_out(&fake, SLOT, 0x5C, 0xFFFFFFFE, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x5C, 4), 0x0E);
    ck_assert(pci_device_message(&card.pci, 0));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x4100);
    ck_assert(pci_device_message(&card.pci, 2));
    ck_assert(pci_device_message(&card.pci, 3));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x4100);
    fake_config_out(&fake, SLOT, 0x60, 0, 4); /* pending: read only */
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x60, 4), 0x0C);
    fake_config_out(&fake, SLOT, 0x5C, 0x08, 1);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x60, 4), 0x08);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x4102);
    pci_device_detach(&card.pci);
    fake_pci_destroy(&fake);
}
END_TEST

enum { MSIX_BASE = 0xE0200000, MSIX_VECTORS = 5 };

static void msix_create(struct card *card, struct fake_pci *fake)
{
    static const struct pci_msix_place place = {
        .vectors = MSIX_VECTORS, .bar = 4, .own_bar = true};

    fake_pci_create(fake);
    card_create(card, fake, SLOT);
    pci_device_detach(&card->pci);
    pci_device_add_msix(&card->pci, &card->msix, 0x60, &place);
    ck_assert(pci_bus_attach(fake->bus, &card->pci, SLOT));
    pci_device_reset(&card->pci);
    pci_bus_connect_pirq(fake->bus, fake_pci_wire, fake);
    fake_config_out(fake, SLOT, 0x20, MSIX_BASE, 4);
    fake_config_out(fake, SLOT, 4, 6, 2);
}

static void msix_set(struct fake_pci *fake, unsigned vector, uint64_t address,
                     uint32_t data, uint32_t control)
{
    uint64_t at = MSIX_BASE + vector * 16;

    addrspace_write(fake->memory, at, address, 8);
    addrspace_write(fake->memory, at + 8, data | (uint64_t)control << 32, 8);
}

/* PCI 3.0, 6.8.2 */
START_TEST(extended_messages)
{
    struct fake_pci fake;
    struct card card;
    uint64_t pending = MSIX_BASE + MSIX_VECTORS * 16;

    msix_create(&card, &fake);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x34, 1), 0x60);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x60, 4), 0x00040011);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x64, 4), 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x68, 4), 0x54);
    fake_config_out(&fake, SLOT, 0x20, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x20, 4), 0xFFFFF000);
    fake_config_out(&fake, SLOT, 0x20, MSIX_BASE, 4);
    /* Entries come up masked; two low bits of an address are zero. */
    ck_assert_uint_eq(addrspace_read(fake.memory, MSIX_BASE + 0x4C, 4), 1);
    msix_set(&fake, 1, 0x1003, 0x11223344, 0xFFFFFFFE);
    ck_assert_uint_eq(addrspace_read(fake.memory, MSIX_BASE + 16, 8), 0x1000);
    ck_assert_uint_eq(addrspace_read(fake.memory, MSIX_BASE + 24, 8),
                      0x11223344);
    addrspace_write(fake.memory, MSIX_BASE + 25, 0xAA, 1);
    ck_assert_uint_eq(addrspace_read(fake.memory, MSIX_BASE + 24, 2), 0xAA44);
    ck_assert_uint_eq(addrspace_read(fake.memory, MSIX_BASE + 25, 1), 0xAA);
    msix_set(&fake, 4, 0x2000, 0x55, 0);
    /* Off: INTx. On: no INTx, one store for each message. */
    ck_assert(!pci_device_message(&card.pci, 1));
    pci_device_set_intx(&card.pci, true);
    ck_assert(fake.irq[2].level);
    fake_config_out(&fake, SLOT, 0x63, 0x80, 1);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x62, 2), 0x8004);
    ck_assert(!fake.irq[2].level);
    ck_assert(pci_device_message(&card.pci, 1));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x1122AA44);
    ck_assert(pci_device_message(&card.pci, 4));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x2000, 4), 0x55);
    ck_assert(pci_device_message(&card.pci, 5)); /* there is none */
    ck_assert_uint_eq(addrspace_read(fake.memory, pending, 8), 0);
    pci_device_detach(&card.pci);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(masked_extended_messages_wait)
{
    static const struct state_field fields[] = {
        PCI_DEVICE_FIELDS(struct card, pci), PCI_MSIX_FIELDS(struct card, msix),
        FIELD_END};
    struct fake_pci fake;
    struct card card;
    uint64_t pending = MSIX_BASE + MSIX_VECTORS * 16, hash;
    uint8_t data[8192];

    msix_create(&card, &fake);
    msix_set(&fake, 0, 0x1000, 0x10, 1);
    msix_set(&fake, 3, 0x2000, 0x20, 0);
    fake_config_out(&fake, SLOT, 0x62, 0xC000, 2); /* all masked */
    ck_assert(pci_device_message(&card.pci, 0));
    ck_assert(pci_device_message(&card.pci, 3));
    ck_assert_uint_eq(addrspace_read(fake.memory, pending, 8), 0x09);
    addrspace_write(fake.memory, pending, 0, 8); /* read only */
    ck_assert_uint_eq(addrspace_read(fake.memory, pending, 8), 0x09);
    /* Through a saved state. */
    ck_assert_uint_le(state_size(fields), sizeof data);
    state_save(fields, &card, data);
    hash = state_hash(fields, &card, STATE_HASH_INIT);
    pci_device_reset(&card.pci);
    ck_assert_uint_ne(state_hash(fields, &card, STATE_HASH_INIT), hash);
    state_load(fields, &card, data);
    pci_device_post_load(&card.pci);
    fake_config_out(&fake, SLOT, 0x62, 0x8000, 2);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x2000, 4), 0x20);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0);
    ck_assert_uint_eq(addrspace_read(fake.memory, pending, 8), 0x01);
    addrspace_write(fake.memory, MSIX_BASE + 12, 0, 4);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x1000, 4), 0x10);
    ck_assert_uint_eq(addrspace_read(fake.memory, pending, 8), 0);
    pci_device_detach(&card.pci);
    fake_pci_destroy(&fake);
}
END_TEST

START_TEST(masters_and_roms)
{
    static const uint8_t image[3000] = {0x55, 0xAA, 6, [2999] = 0x77};
    struct fake_pci fake;
    struct card card;
    struct pci_rom rom;
    uint8_t data[4] = {1, 2, 3, 4};

    fake_pci_create(&fake);
    card_create(&card, &fake, SLOT);
    ck_assert(!pci_device_dma_write(&card.pci, 0x2000, data, 4));
    fake_config_out(&fake, SLOT, 4, 4, 2);
    ck_assert(pci_device_dma_write(&card.pci, 0x2000, data, 4));
    ck_assert_uint_eq(addrspace_read(fake.memory, 0x2000, 4), 0x04030201);
    fake_config_out(&fake, SLOT, 4, 0, 2);
    ck_assert(!pci_device_dma_read(&card.pci, 0x2000, data, 4));
    ck_assert_uint_eq(data[0], 0xFF);
    fake_config_out(&fake, SLOT, 4, 4, 2);
    ck_assert(pci_device_dma_read(&card.pci, 0x2001, data, 2));
    ck_assert_uint_eq(load_le32(data), 0xFFFF0302);
    pci_device_detach(&card.pci);
    ck_assert(!pci_rom_load(&rom, &card.pci, image, 0));
    ck_assert(pci_rom_load(&rom, &card.pci, image, sizeof image));
    ck_assert(pci_bus_attach(fake.bus, &card.pci, SLOT));
    pci_device_reset(&card.pci);
    fake_config_out(&fake, SLOT, 0x30, 0xFFFFF800, 4);
    ck_assert_uint_eq(fake_config_in(&fake, SLOT, 0x30, 4), 0xFFFFF000);
    fake_config_out(&fake, SLOT, 0x30, 0xE0000001, 4);
    fake_config_out(&fake, SLOT, 4, 2, 2);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE0000000, 4), 0x0006AA55);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE0000BB7, 2), 0xFF77);
    addrspace_write(fake.memory, 0xE0000000, 0, 4);
    ck_assert_uint_eq(addrspace_read(fake.memory, 0xE0000000, 2), 0xAA55);
    pci_device_detach(&card.pci);
    pci_rom_free(&rom);
    fake_pci_destroy(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        address_register_takes_doublewords_only,
        masks_protect_registers,
        base_registers_size_and_move,
        base_registers_of_64_bits,
        message_signalled_interrupts,
        messages_with_masks,
        extended_messages,
        masked_extended_messages_wait,
        masters_and_roms,
        interrupts_reach_the_routed_irq,
        port_cf9_resets_on_the_rising_edge,
    };

    return fake_run("pci", tests, ARRAY_LEN(tests));
}
