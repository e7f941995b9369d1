/* apic_bus.c - messages between the local APICs and the I/O APIC.
 *
 * Manual: Intel SDM volume 3, 10.6.2. Modelled: physical and logical
 * destinations, broadcast, lowest priority with a rotating start.
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
