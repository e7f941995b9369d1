/* apic_bus.c - messages between the local APICs and the I/O APIC.
 *
 * Manual: Intel SDM volume 3, 10.6.2 and 10.11. Modelled: physical and
 * logical destinations, broadcast, lowest priority with a rotating start;
 * message signalled interrupts, by wire or as stores to FEE00000-FEEFFFFF.
 * Not modelled: arbitration, retries, focus processors. */
#include "devices/lapic_internal.h"

/* The APIC with the lowest processor priority among those addressed. */
static struct lapic *bus_lowest(struct apic_bus *bus,
                                const struct apic_message *message)
{
    struct lapic *lowest = NULL;
    unsigned count = bus->lapic_count;

    for (unsigned i = 0; i < count; i++) {
        struct lapic *lapic = bus->lapic[(bus->next_lowest + i) % count];

        if (!(lapic->svr & SVR_ENABLE) || !lapic_matches(lapic, message))
            continue;
        if (!lowest || lapic_ppr(lapic) < lapic_ppr(lowest))
            lowest = lapic;
    }
    return lowest;
}

bool apic_bus_send(struct apic_bus *bus, const struct apic_message *message)
{
    bool taken = false;

    if (message->delivery == APIC_LOWEST) {
        struct lapic *lowest = bus_lowest(bus, message);

        if (!lowest)
            return false;
        bus->next_lowest = (bus->next_lowest + 1) % bus->lapic_count;
        return lapic_accept(lowest, APIC_FIXED, message->vector,
                            message->level);
    }
    /* INIT level de-assert only synchronises arbitration IDs. */
    if (message->delivery == APIC_INIT && message->level && !message->assert)
        return true;
    for (unsigned i = 0; i < bus->lapic_count; i++)
        if (lapic_matches(bus->lapic[i], message))
            taken |= lapic_accept(bus->lapic[i], message->delivery,
                                  message->vector, message->level);
    return taken;
}

/* Message signalled interrupts */

#define MESSAGE_BASE 0xFEE00000u

enum {
    MESSAGE_SIZE = 0x100000,
    MESSAGE_PRIORITY = 10, /* below the local APIC's registers */
    ADDRESS_LOGICAL = 1 << 2,
    ADDRESS_REDIRECT = 1 << 3,
    DATA_ASSERT = 1 << 14,
    DATA_LEVEL = 1 << 15
};

/* 10.11.1 and 10.11.2; a redirection hint with a logical destination asks
 * for the processor of lowest priority. */
bool apic_bus_message(struct apic_bus *bus, uint64_t address, uint32_t data)
{
    uint32_t destination = (uint32_t)bits(address, 12, 8);
    struct apic_message message = {
        .delivery = (enum apic_delivery)(data >> 8 & 7),
        .vector = (uint8_t)data,
        .destination = destination == 0xFF ? APIC_BROADCAST : destination,
        .logical = address & ADDRESS_LOGICAL,
        .level = data & DATA_LEVEL,
        .assert = data & DATA_ASSERT,
    };

    if (address >> 20 != MESSAGE_BASE >> 20)
        return false;
    if (message.level && !message.assert)
        return true; /* only the rising end of a level is an interrupt */
    if ((address & ADDRESS_REDIRECT) && message.logical &&
        message.delivery == APIC_FIXED)
        message.delivery = APIC_LOWEST;
    return apic_bus_send(bus, &message);
}

static void messages_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    if (size == 4 && (offset & 3) == 0)
        apic_bus_message(opaque, MESSAGE_BASE + offset, (uint32_t)value);
}

static const struct region_ops messages_ops = {NULL, messages_write, 4};

void apic_bus_map(struct apic_bus *bus, struct addrspace *memory)
{
    bus->messages = (struct region){
        .name = "msi",
        .base = MESSAGE_BASE,
        .size = MESSAGE_SIZE,
        .priority = MESSAGE_PRIORITY,
        .kind = REGION_MMIO,
        .ops = &messages_ops,
        .opaque = bus,
    };
    addrspace_map(memory, &bus->messages);
}
