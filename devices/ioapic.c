/* ioapic.c - Intel 82093AA I/O APIC.
 *
 * Manual: Intel 290566. MMIO at FEC00000: IOREGSEL (00h), IOWIN (10h), and
 * the EOI register (40h) of later parts. Modelled: 24 redirection entries,
 * edge and level inputs with polarity as the board gives it (active high),
 * remote IRR, end of interrupt from the local APICs.
 * Not modelled: the arbitration ID beyond storage, delivery retries. */
#include "devices/ioapic.h"

#include "devices/lapic.h"

#include <stdlib.h>

enum {
    IOAPIC_SIZE = 0x1000,
    IOREGSEL = 0x00,
    IOWIN = 0x10,
    IOEOI = 0x40,

    IOAPICID = 0x00,
    IOAPICVER = 0x01,
    IOAPICARB = 0x02,
    IOREDTBL = 0x10,
    VERSION = 0x20, /* with the EOI register */

    RED_DELIVERY_SHIFT = 8,
    RED_LOGICAL = 1 << 11,
    RED_STATUS = 1 << 12, /* read only */
    RED_REMOTE_IRR = 1 << 14,
    RED_LEVEL = 1 << 15,
    RED_MASK = 1 << 16,
    RED_WRITABLE = 0x1AFFF,

    PRIORITY = 10 /* over RAM and PCI */
};

/* `irr` has a bit per pin: level entries, the pin's level; edge entries, an
 * edge that was not delivered yet because the entry was masked. */
struct ioapic {
    struct device device;
    uint8_t id, select;
    uint32_t pins; /* levels of the inputs */
    uint32_t irr;
    uint64_t redirection[IOAPIC_PINS];
    /* TRANSIENT */
    uint8_t initial_id;
    struct apic_bus *bus;
    struct addrspace *memory;
    struct region region;
};

static const struct state_field ioapic_fields[] = {
    FIELD(struct ioapic, U8, id),
    FIELD(struct ioapic, U8, select),
    FIELD(struct ioapic, U32, pins),
    FIELD(struct ioapic, U32, irr),
    FIELD_ARRAY(struct ioapic, U64, redirection),
    FIELD_END,
};

/* The message on the APIC bus is the entry, field by field. */
static bool ioapic_send(struct ioapic *ioapic, uint64_t entry)
{
    const struct apic_message message = {
        .delivery = (enum apic_delivery)(entry >> RED_DELIVERY_SHIFT & 7),
        .vector = (uint8_t)entry,
        .destination =
            entry >> 56 == 0xFF ? APIC_BROADCAST : (uint32_t)(entry >> 56),
        .logical = (entry & RED_LOGICAL) != 0,
        .level = (entry & RED_LEVEL) != 0,
        .assert = true,
    };

    return apic_bus_send(ioapic->bus, &message);
}

/* NMI, SMI, INIT and ExtINT are edges whatever the trigger mode says. */
static bool entry_is_level(uint64_t entry)
{
    unsigned delivery = entry >> RED_DELIVERY_SHIFT & 7;

    return (entry & RED_LEVEL) &&
           (delivery == APIC_FIXED || delivery == APIC_LOWEST);
}

/* A level entry is delivered once per end of interrupt (remote IRR). */
static void ioapic_service(struct ioapic *ioapic, unsigned pin)
{
    uint64_t *entry = &ioapic->redirection[pin];
    uint32_t bit = 1u << pin;

    if (!(ioapic->irr & bit) || (*entry & RED_MASK))
        return;
    if (!entry_is_level(*entry)) {
        ioapic->irr &= ~bit;
        ioapic_send(ioapic, *entry);
        return;
    }
    if (*entry & RED_REMOTE_IRR)
        return;
    /* Set first: the answer may be an end of interrupt at once. */
    *entry |= RED_REMOTE_IRR;
    if (!ioapic_send(ioapic, *entry))
        *entry &= ~(uint64_t)RED_REMOTE_IRR;
}

void ioapic_set_pin(void *opaque, unsigned line, bool level)
{
    struct ioapic *ioapic = opaque;
    uint32_t bit = 1u << line;
    bool was;

    if (line >= IOAPIC_PINS)
        return;
    was = ioapic->pins & bit;
    ioapic->pins = level ? ioapic->pins | bit : ioapic->pins & ~bit;
    if (entry_is_level(ioapic->redirection[line])) {
        ioapic->irr = level ? ioapic->irr | bit : ioapic->irr & ~bit;
    } else if (level && !was && !(ioapic->redirection[line] & RED_MASK)) {
        /* An edge into a masked input is lost (3.2.4). */
        ioapic->irr |= bit;
    }
    ioapic_service(ioapic, line);
}

/* Several pins may share a vector. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        uint64_t *entry = &ioapic->redirection[i];

        if ((uint8_t)*entry != vector || !(*entry & RED_REMOTE_IRR))
            continue;
        *entry &= ~(uint64_t)RED_REMOTE_IRR;
        ioapic_service(ioapic, i);
    }
}

/* Changing to edge clears remote IRR, the way drivers unstick a pin; to
 * level, the request is the pin as it is. */
static void ioapic_write_entry(struct ioapic *ioapic, unsigned pin, bool high,
                               uint32_t value)
{
    uint64_t *entry = &ioapic->redirection[pin];
    uint32_t bit = 1u << pin;
    bool was_level = entry_is_level(*entry);

    if (high) {
        *entry = (*entry & 0xFFFFFFFF) | (uint64_t)(value >> 24) << 56;
        return;
    }
    *entry = (*entry & ~(uint64_t)RED_WRITABLE) | (value & RED_WRITABLE);
    if (!(*entry & RED_LEVEL))
        *entry &= ~(uint64_t)RED_REMOTE_IRR;
    if (entry_is_level(*entry))
        ioapic->irr = (ioapic->irr & ~bit) | (ioapic->pins & bit);
    else if (was_level)
        ioapic->irr &= ~bit;
    LOG(ioapic->device.log, APIC, "pin %u: %016llx", pin,
        (unsigned long long)*entry);
    ioapic_service(ioapic, pin);
}

/* Entry n is the register pair 10h + 2 n (low) and 11h + 2 n (high). */
static uint32_t ioapic_read_register(const struct ioapic *ioapic)
{
    unsigned index = ioapic->select, pin = (index - IOREDTBL) / 2;

    switch (index) {
    case IOAPICID:
    case IOAPICARB:
        return (uint32_t)ioapic->id << 24;
    case IOAPICVER:
        return VERSION | (IOAPIC_PINS - 1) << 16;
    default:
        if (index < IOREDTBL || pin >= IOAPIC_PINS)
            return 0;
        return (uint32_t)(ioapic->redirection[pin] >> (index & 1 ? 32 : 0));
    }
}

static void ioapic_write_register(struct ioapic *ioapic, uint32_t value)
{
    unsigned index = ioapic->select, pin = (index - IOREDTBL) / 2;

    if (index == IOAPICID)
        ioapic->id = value >> 24 & 0x0F;
    else if (index >= IOREDTBL && pin < IOAPIC_PINS)
        ioapic_write_entry(ioapic, pin, index & 1, value);
}

/* The page repeats its 256 bytes. */
static uint64_t ioapic_read(void *opaque, uint64_t offset, unsigned size)
{
    struct ioapic *ioapic = opaque;
    uint32_t value = 0;

    if ((offset & 0xFC) == IOREGSEL)
        value = ioapic->select;
    else if ((offset & 0xFC) == IOWIN)
        value = ioapic_read_register(ioapic);
    return (uint64_t)value >> (8 * (offset & 3) * (size < 4));
}

static void ioapic_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct ioapic *ioapic = opaque;

    (void)size;
    switch (offset & 0xFF) {
    case IOREGSEL:
        ioapic->select = (uint8_t)value;
        break;
    case IOWIN:
        ioapic_write_register(ioapic, (uint32_t)value);
        break;
    case IOEOI:
        ioapic_eoi(ioapic, (uint8_t)value);
        break;
    default:
        break;
    }
}

static const struct region_ops ioapic_region_ops = {ioapic_read, ioapic_write,
                                                    4};

static void ioapic_reset(struct device *device)
{
    struct ioapic *ioapic = CONTAINER_OF(device, struct ioapic, device);

    ioapic->id = ioapic->initial_id;
    ioapic->select = 0;
    ioapic->irr = 0;
    ioapic->pins = 0;
    for (unsigned i = 0; i < IOAPIC_PINS; i++)
        ioapic->redirection[i] = RED_MASK;
}

static void ioapic_destroy(struct device *device)
{
    struct ioapic *ioapic = CONTAINER_OF(device, struct ioapic, device);

    if (ioapic->bus->ioapic == ioapic)
        ioapic->bus->ioapic = NULL;
    addrspace_unmap(ioapic->memory, &ioapic->region);
    free(ioapic);
}

static const struct device_ops ioapic_ops = {
    .name = "ioapic",
    .description = "Intel 82093AA I/O APIC",
    .version = 1,
    .fields = ioapic_fields,
    .reset = ioapic_reset,
    .destroy = ioapic_destroy,
};

struct device *ioapic_device(struct ioapic *ioapic)
{
    return &ioapic->device;
}

struct ioapic *ioapic_create(const struct ioapic_config *config)
{
    struct ioapic *ioapic = calloc(1, sizeof *ioapic);

    if (!ioapic)
        return NULL;
    device_init(&ioapic->device, &ioapic_ops, "ioapic", config->log);
    ioapic->bus = config->bus;
    ioapic->memory = config->memory;
    ioapic->initial_id = config->id;
    ioapic->bus->ioapic = ioapic;
    ioapic->region = (struct region){
        .name = "ioapic",
        .base = config->base ? config->base : 0xFEC00000,
        .size = IOAPIC_SIZE,
        .priority = PRIORITY,
        .kind = REGION_MMIO,
        .ops = &ioapic_region_ops,
        .opaque = ioapic,
    };
    addrspace_map(ioapic->memory, &ioapic->region);
    return ioapic;
}
