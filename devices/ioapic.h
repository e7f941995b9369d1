/* ioapic.h - Intel 82093AA I/O APIC, 24 inputs. */
#ifndef UMBRA_IOAPIC_H
#define UMBRA_IOAPIC_H

#include "devices/core/device.h"
#include "mmu/addrspace.h"

struct apic_bus;
struct ioapic;

enum { IOAPIC_PINS = 24 };

struct ioapic_config {
    struct apic_bus *bus;
    struct addrspace *memory;
    uint64_t base; /* 0 = FEC00000 */
    uint8_t id;
    struct log *log;
};

struct ioapic *ioapic_create(const struct ioapic_config *config);
struct device *ioapic_device(struct ioapic *ioapic);
/* Input pin `line`, active high; an irq_handler. The board connects ISA IRQ
 * n to pin n, except IRQ 0 to pin 2. */
void ioapic_set_pin(void *ioapic, unsigned line, bool level);
/* End of interrupt for a level-triggered vector, from a local APIC. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

#endif
