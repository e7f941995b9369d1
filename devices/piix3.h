/* piix3.h - Intel 82371SB PCI-ISA bridge, bus 0 device 1 function 0. */
#ifndef UMBRA_PIIX3_H
#define UMBRA_PIIX3_H

#include "devices/core/device.h"
#include "devices/core/irq.h"

struct pci_bus;
struct piix3;

/* `irq[n]` carries the PCI interrupts that PIRQRC routes to ISA IRQ n; an
 * ISA source on the same IRQ must be ORed by the board. */
struct piix3_config {
    struct pci_bus *bus; /* its PIRQs and port CF9 are taken over */
    uint8_t devfn;       /* PCI_DEVFN(1, 0) */
    struct irq *irq;     /* 16 wires */
    /* Reset control (port CF9): `hard` also resets the chips. */
    void (*reset)(void *opaque, bool hard);
    void *opaque;
    struct log *log;
};

struct piix3 *piix3_create(const struct piix3_config *config);
struct device *piix3_device(struct piix3 *bridge);

#endif
