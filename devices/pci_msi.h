/* pci_msi.h - message signalled interrupts of cards, for the cards. */
#ifndef UMBRA_PCI_MSI_H
#define UMBRA_PCI_MSI_H

#include "devices/pci.h"

/* Called before the card is attached ... */

enum { PCI_MSI_64BIT = 1, PCI_MSI_MASKS = 2 };

/* 1 to 32 vectors, a power of two; 10 to 24 bytes at `offset`. */
void pci_device_add_msi(struct pci_device *device, unsigned offset,
                        unsigned vectors, unsigned flags);

enum { PCI_MSIX_VECTORS = 128 };

/* Embedded in the card's struct. With a BAR of its own, `region` is all that
 * is behind it; else the card leads accesses to its own region, from `base`
 * on, here. */
struct pci_msix {
    /* Saved: list PCI_MSIX_FIELDS in the card's table. */
    uint32_t table[PCI_MSIX_VECTORS * 4];
    uint32_t pending[PCI_MSIX_VECTORS / 32];

    /* TRANSIENT */
    struct pci_device *device;
    uint8_t offset; /* of the capability */
    unsigned vectors;
    struct region region;
};

#define PCI_MSIX_FIELDS(s, m)                                                  \
    FIELD_ARRAY(s, U32, m.table), FIELD_ARRAY(s, U32, m.pending)

struct pci_msix_place {
    unsigned vectors; /* up to PCI_MSIX_VECTORS */
    unsigned bar, base;
    bool own_bar; /* base is 0 then */
};

/* 12 bytes at `offset`. */
void pci_device_add_msix(struct pci_device *device, struct pci_msix *msix,
                         unsigned offset, const struct pci_msix_place *place);
bool pci_msix_enabled(const struct pci_msix *msix);
/* Doublewords, counted in bytes from the table's start. */
uint32_t pci_msix_read(const struct pci_msix *msix, unsigned offset);
void pci_msix_write(struct pci_msix *msix, unsigned offset, uint32_t value);
/* By pci_device_reset and pci_config_write; true: messages may be on or off
 * now. */
void pci_msix_reset(struct pci_msix *msix);
bool pci_messages_written(struct pci_device *device, unsigned offset,
                          unsigned size);

/* ... and while it works. While messages of either kind are enabled, the
 * card's INTx pin stays low whatever it asks for. */
bool pci_device_msi_enabled(const struct pci_device *device);
/* False: messages are not enabled, use INTx. */
bool pci_device_message(struct pci_device *device, unsigned vector);

#endif
