/* pci.c - PCI bus 0 behind configuration mechanism #1 (PCI 2.1, 3.2.2.3).
 *
 * Ports: CF8-CFB address (doubleword accesses only; byte CF9 belongs to the
 * south bridge), CFC-CFF data in any width. Type 0 headers with six base
 * registers and an expansion ROM.
 * Not modelled: other buses, special cycles, parity, latency timers. What
 * cards have beside the header is in pci_card.c and pci_msi.c. */
#include "devices/pci_msi.h"

#include <stdlib.h>

enum {
    CONFIG_ADDRESS = 0xCF8,
    CONFIG_DATA = 0xCFC,
    ADDRESS_ENABLE = 1u << 31,

    COMMAND_WRITABLE = 0x0547, /* I/O, memory, master, PERR, SERR, INTx */
    STATUS_CLEARING = 0xF900,
    STATUS_INTERRUPT = 1 << 3,

    BAR_IO = 1 << 0,
    BAR_64BIT = 2 << 1,
    BAR_PREFETCHABLE = 1 << 3,
    BAR_IO_FLAGS = 0x3,
    BAR_MEMORY_FLAGS = 0xF,
    ROM_ENABLE = 1 << 0,
    ROM_FLAGS = 0x7FF,

    /* Fixed decoders (RAM, ROM, ISA chips) win against a base register
     * that firmware or a sizing probe puts over them. */
    BAR_PRIORITY = -1
};

/* `slot[devfn]` and `attached[]` hold the same functions; the second one is
 * dense, for walking. */
struct pci_bus {
    struct device device;
    uint32_t address;
    /* TRANSIENT */
    struct addrspace *memory, *ports;
    struct region address_region, data_region;
    struct pci_device *slot[PCI_FUNCTIONS];
    struct pci_device *attached[PCI_FUNCTIONS];
    unsigned attached_count;
    struct irq pirq[PCI_PIRQS];
    const struct pci_cf9_ops *cf9;
    void *cf9_opaque;
    void (*message)(void *opaque, uint64_t address, uint32_t data);
    void *message_opaque;
};

static const struct state_field pci_fields[] = {
    FIELD(struct pci_bus, U32, address),
    FIELD_END,
};

/* Interrupts */

/* The board wires INTA of slot 1 to PIRQA, of slot 2 to PIRQB and so on, so
 * that single-function cards spread over the four lines. */
static unsigned pci_pirq_of(const struct pci_device *device)
{
    unsigned pin = device->config[PCI_INTERRUPT_PIN];

    return ((device->devfn >> 3) + PCI_PIRQS - 1 + pin - 1) % PCI_PIRQS;
}

/* A function without a pin cannot interrupt, whatever it asks for. */
static bool pci_drives(const struct pci_device *device)
{
    return device->intx && device->config[PCI_INTERRUPT_PIN] != 0 &&
           !pci_device_msi_enabled(device) &&
           !(load_le16(device->config + PCI_COMMAND) &
             PCI_COMMAND_INTX_DISABLE);
}

/* A PIRQ is the wired OR of all pins that meet there. */
static void pci_update_pirqs(struct pci_bus *bus)
{
    bool level[PCI_PIRQS] = {false};

    for (unsigned i = 0; i < bus->attached_count; i++)
        if (pci_drives(bus->attached[i]))
            level[pci_pirq_of(bus->attached[i])] = true;
    for (unsigned i = 0; i < PCI_PIRQS; i++)
        irq_set(&bus->pirq[i], level[i]);
}

void pci_device_set_intx(struct pci_device *device, bool level)
{
    device->intx = level;
    device->config[PCI_STATUS] &= (uint8_t)~STATUS_INTERRUPT;
    if (level)
        device->config[PCI_STATUS] |= STATUS_INTERRUPT;
    if (device->bus)
        pci_update_pirqs(device->bus);
}

/* Base registers */

static unsigned bar_offset(unsigned bar)
{
    return bar == PCI_BAR_ROM ? PCI_ROM_ADDRESS : PCI_BAR0 + 4 * bar;
}

static bool bar_is_wide(enum pci_bar_kind kind)
{
    return kind == PCI_BAR_MEMORY64 || kind == PCI_BAR_PREFETCHABLE64;
}

/* Where the register points; false: it decodes nothing. An address of zero
 * means that nobody has assigned one yet. */
static bool bar_decode(const struct pci_device *device, unsigned bar,
                       uint64_t *base)
{
    const struct pci_bar *b = &device->bar[bar];
    uint16_t command = load_le16(device->config + PCI_COMMAND);
    uint64_t value = load_le32(device->config + bar_offset(bar));
    uint64_t last = b->kind == PCI_BAR_IO ? 0xFFFF : 0xFFFFFFFF;

    if (bar_is_wide(b->kind)) {
        value = load_le64(device->config + bar_offset(bar));
        last = UINT64_MAX;
    }

    if (bar == PCI_BAR_ROM && !(value & ROM_ENABLE))
        return false;
    if (bar == PCI_BAR_ROM && device->rom_alone)
        command |= PCI_COMMAND_MEMORY;
    if (!(command &
          (b->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
        return false;
    *base = value & ~(b->region->size - 1);
    return *base != 0 && b->region->size - 1 <= last - *base;
}

/* Called after any write to the command or a base register: which of the
 * two changed does not matter, equal mappings cost nothing. */
static void pci_update_bars(struct pci_device *device)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct pci_bar *bar = &device->bar[i];
        struct addrspace *space;
        uint64_t base = 0;
        bool mapped;

        if (bar->kind == PCI_BAR_NONE)
            continue;
        space =
            bar->kind == PCI_BAR_IO ? device->bus->ports : device->bus->memory;
        mapped = bar_decode(device, i, &base);
        addrspace_move(space, bar->region, mapped ? base : bar->region->base,
                       mapped);
    }
}

/* Configuration space */

uint32_t pci_config_read(struct pci_bus *bus, uint8_t devfn, unsigned offset,
                         unsigned size)
{
    const struct pci_device *device = bus->slot[devfn];
    uint32_t value = 0xFFFFFFFF;

    if (device && offset + size <= PCI_CONFIG_SIZE)
        value = (uint32_t)load_le(device->config + offset, size);
    LOG(bus->device.log, PCI, "%02x.%x read %02x.%u = %x", devfn >> 3,
        devfn & 7, offset, size, (unsigned)value);
    return value;
}

/* Writable bits take the value, clearing bits go where a 1 is written;
 * all others stay. */
static void pci_write_byte(struct pci_device *device, unsigned offset,
                           uint8_t value)
{
    uint8_t mask = device->writable[offset];
    uint8_t *reg = &device->config[offset];

    *reg = (uint8_t)((*reg & ~mask) | (value & mask));
    *reg &= (uint8_t) ~(value & device->clearing[offset]);
}

/* Command, base registers and ROM address lie in one run; what lies
 * between them does no harm. */
static bool pci_moves_bars(unsigned offset, unsigned size)
{
    return offset < PCI_ROM_ADDRESS + 4u && offset + size > PCI_COMMAND;
}

void pci_config_write(struct pci_bus *bus, uint8_t devfn, unsigned offset,
                      uint32_t value, unsigned size)
{
    struct pci_device *device = bus->slot[devfn];

    LOG(bus->device.log, PCI, "%02x.%x write %02x.%u = %x", devfn >> 3,
        devfn & 7, offset, size, (unsigned)value);
    if (!device || offset + size > PCI_CONFIG_SIZE)
        return;
    for (unsigned i = 0; i < size; i++)
        pci_write_byte(device, offset + i, (uint8_t)(value >> (8 * i)));
    if (pci_moves_bars(offset, size))
        pci_update_bars(device);
    if (pci_messages_written(device, offset, size) ||
        pci_moves_bars(offset, size))
        pci_update_pirqs(bus);
    if (device->written)
        device->written(device->opaque, offset, size);
}

/* Ports */

/* A narrow access to CF8-CFB is an ordinary port access and passes the
 * bridge by; only the reset control register answers at CF9. */
static uint64_t address_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pci_bus *bus = opaque;

    if (offset == 0 && size == 4)
        return bus->address;
    if (offset == 1 && size == 1 && bus->cf9)
        return bus->cf9->read(bus->cf9_opaque);
    return UINT64_MAX;
}

static void address_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    struct pci_bus *bus = opaque;

    if (offset == 0 && size == 4)
        bus->address = (uint32_t)value & 0x80FFFFFC;
    else if (offset == 1 && size == 1 && bus->cf9)
        bus->cf9->write(bus->cf9_opaque, (uint8_t)value);
}

/* Register and function that the address register selects; false: none on
 * this bus. */
static bool address_selects(const struct pci_bus *bus, uint64_t offset,
                            uint8_t *devfn, unsigned *reg)
{
    *devfn = (uint8_t)(bus->address >> 8);
    *reg = (bus->address & 0xFC) + (unsigned)offset;
    return (bus->address & ADDRESS_ENABLE) && (bus->address >> 16 & 0xFF) == 0;
}

static uint64_t data_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pci_bus *bus = opaque;
    uint8_t devfn;
    unsigned reg;

    if (!address_selects(bus, offset, &devfn, &reg))
        return UINT64_MAX;
    return pci_config_read(bus, devfn, reg, size);
}

static void data_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct pci_bus *bus = opaque;
    uint8_t devfn;
    unsigned reg;

    if (address_selects(bus, offset, &devfn, &reg))
        pci_config_write(bus, devfn, reg, (uint32_t)value, size);
}

static const struct region_ops address_ops = {address_read, address_write, 4};
static const struct region_ops data_ops = {data_read, data_write, 4};

/* Functions */

void pci_device_init(struct pci_device *device,
                     const struct pci_identity *identity)
{
    uint8_t *c = device->initial;

    memset(device, 0, sizeof *device);
    store_le16(c + PCI_VENDOR_ID, identity->vendor);
    store_le16(c + PCI_DEVICE_ID, identity->device);
    store_le16(c + PCI_SUBSYSTEM_VENDOR, identity->subsystem_vendor);
    store_le16(c + PCI_SUBSYSTEM_ID, identity->subsystem);
    c[PCI_REVISION] = identity->revision;
    c[PCI_CLASS_PROG] = identity->prog_if;
    c[PCI_CLASS_SUB] = identity->sub_class;
    c[PCI_CLASS_BASE] = identity->base_class;
    c[PCI_HEADER_TYPE] = identity->multifunction ? 0x80 : 0;
    c[PCI_INTERRUPT_PIN] = identity->interrupt_pin;
    store_le16(device->writable + PCI_COMMAND, COMMAND_WRITABLE);
    store_le16(device->clearing + PCI_STATUS, STATUS_CLEARING);
    store_le16(device->writable + 0x0C, 0xFFFF); /* cache line, latency */
    device->writable[PCI_INTERRUPT_LINE] = 0xFF;
}

void pci_device_register(struct pci_device *device, unsigned offset,
                         unsigned size, uint32_t initial, uint32_t writable)
{
    ASSERT(offset + size <= PCI_CONFIG_SIZE);
    store_le(device->initial + offset, initial, size);
    store_le(device->writable + offset, writable, size);
}

/* The mask makes the usual sizing work: all ones written, the size read
 * back as the bits that stayed zero. */
void pci_device_set_bar(struct pci_device *device, unsigned bar,
                        enum pci_bar_kind kind, struct region *region)
{
    uint64_t mask = ~(region->size - 1);
    uint32_t flags = 0;

    ASSERT(bar < PCI_BARS && (region->size & (region->size - 1)) == 0);
    ASSERT(!bar_is_wide(kind) || bar < PCI_BAR_ROM - 1);
    if (bar == PCI_BAR_ROM)
        mask = (mask & ~(uint64_t)ROM_FLAGS) | ROM_ENABLE;
    else if (kind == PCI_BAR_IO)
        mask &= ~(uint64_t)BAR_IO_FLAGS, flags = BAR_IO;
    else
        mask &= ~(uint64_t)BAR_MEMORY_FLAGS;
    if (kind == PCI_BAR_PREFETCHABLE || kind == PCI_BAR_PREFETCHABLE64)
        flags = BAR_PREFETCHABLE;
    if (bar_is_wide(kind)) {
        flags |= BAR_64BIT;
        pci_device_register(device, bar_offset(bar) + 4, 4, 0,
                            (uint32_t)(mask >> 32));
    }
    device->bar[bar].kind = kind;
    device->bar[bar].region = region;
    region->priority = BAR_PRIORITY;
    pci_device_register(device, bar_offset(bar), 4, flags, (uint32_t)mask);
}

/* Until its reset the function shows its power-on values. */
bool pci_bus_attach(struct pci_bus *bus, struct pci_device *device,
                    uint8_t devfn)
{
    if (bus->slot[devfn])
        return false;
    device->bus = bus;
    device->devfn = devfn;
    bus->slot[devfn] = device;
    bus->attached[bus->attached_count++] = device;
    memcpy(device->config, device->initial, PCI_CONFIG_SIZE);
    return true;
}

void pci_device_reset(struct pci_device *device)
{
    memcpy(device->config, device->initial, PCI_CONFIG_SIZE);
    device->intx = false;
    if (device->msix)
        pci_msix_reset(device->msix);
    pci_device_post_load(device);
}

void pci_device_post_load(struct pci_device *device)
{
    if (!device->bus)
        return;
    pci_update_bars(device);
    pci_update_pirqs(device->bus);
}

void pci_device_detach(struct pci_device *device)
{
    struct pci_bus *bus = device->bus;
    unsigned i = 0;

    if (!bus)
        return;
    for (unsigned bar = 0; bar < PCI_BARS; bar++)
        if (device->bar[bar].kind != PCI_BAR_NONE)
            addrspace_unmap(device->bar[bar].kind == PCI_BAR_IO ? bus->ports
                                                                : bus->memory,
                            device->bar[bar].region);
    while (bus->attached[i] != device)
        i++;
    bus->attached[i] = bus->attached[--bus->attached_count];
    bus->slot[device->devfn] = NULL;
    device->bus = NULL;
}

/* The bus */

/* The functions are devices of their own and reset themselves. */
static void pci_reset(struct device *device)
{
    struct pci_bus *bus = CONTAINER_OF(device, struct pci_bus, device);

    bus->address = 0;
}

static void pci_destroy(struct device *device)
{
    struct pci_bus *bus = CONTAINER_OF(device, struct pci_bus, device);

    while (bus->attached_count)
        pci_device_detach(bus->attached[0]);
    addrspace_unmap(bus->ports, &bus->address_region);
    addrspace_unmap(bus->ports, &bus->data_region);
    free(bus);
}

static const struct device_ops pci_ops = {
    .name = "pci",
    .description = "PCI bus 0",
    .version = 1,
    .fields = pci_fields,
    .reset = pci_reset,
    .destroy = pci_destroy,
};

struct device *pci_bus_device(struct pci_bus *bus)
{
    return &bus->device;
}

struct addrspace *pci_bus_memory(struct pci_bus *bus)
{
    return bus->memory;
}

struct addrspace *pci_bus_ports(struct pci_bus *bus)
{
    return bus->ports;
}

/* Without a destination of its own it is a store like any other. */
void pci_bus_message(struct pci_bus *bus, uint64_t address, uint32_t data)
{
    if (bus->message)
        bus->message(bus->message_opaque, address, data);
    else
        addrspace_write(bus->memory, address, data, 4);
}

void pci_bus_connect_pirq(struct pci_bus *bus, irq_handler *handler,
                          void *opaque)
{
    for (unsigned i = 0; i < PCI_PIRQS; i++)
        irq_connect(&bus->pirq[i], handler, opaque, i);
}

void pci_bus_connect_cf9(struct pci_bus *bus, const struct pci_cf9_ops *ops,
                         void *opaque)
{
    bus->cf9 = ops;
    bus->cf9_opaque = opaque;
}

struct pci_bus *pci_bus_create(const struct pci_bus_config *config)
{
    struct pci_bus *bus = calloc(1, sizeof *bus);

    if (!bus)
        return NULL;
    device_init(&bus->device, &pci_ops, "pci", config->log);
    bus->memory = config->memory;
    bus->ports = config->ports;
    bus->message = config->message;
    bus->message_opaque = config->opaque;
    bus->address_region = (struct region){
        .name = "pci.address",
        .base = CONFIG_ADDRESS,
        .size = 4,
        .kind = REGION_MMIO,
        .ops = &address_ops,
        .opaque = bus,
    };
    bus->data_region = (struct region){
        .name = "pci.data",
        .base = CONFIG_DATA,
        .size = 4,
        .kind = REGION_MMIO,
        .ops = &data_ops,
        .opaque = bus,
    };
    addrspace_map(bus->ports, &bus->address_region);
    addrspace_map(bus->ports, &bus->data_region);
    return bus;
}
