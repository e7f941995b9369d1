/* ide_piix.h - the IDE function of the PIIX3: two cables at 1F0/3F6 (IRQ 14)
 * and 170/376 (IRQ 15), and the bus master. */
#ifndef UMBRA_IDE_PIIX_H
#define UMBRA_IDE_PIIX_H

#include "devices/ata.h"

struct pci_bus;
struct ide_piix;

struct ide_piix_config {
    struct pci_bus *bus;
    uint8_t devfn;   /* PCI_DEVFN(1, 1) */
    struct irq *irq; /* two wires: ISA IRQ 14 and 15 */
    struct sched *sched;
    struct log *log;
};

struct ide_piix *ide_piix_create(const struct ide_piix_config *config);
struct device *ide_piix_device(struct ide_piix *ide);
/* Cable 0 or 1, for ata_attach and ata_change_media. It is a device of its
 * own: the board adds ata_device() of both after ide_piix_device(). */
struct ata *ide_piix_channel(struct ide_piix *ide, unsigned channel);

#endif
