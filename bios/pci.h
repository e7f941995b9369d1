/* PCI configuration mechanism 1 (PCI 2.1, 3.7.4.1) and what the parts of the
 * BIOS know about the board's bus 0. bdf is bus << 8 | device << 3 | function,
 * the form of PCI BIOS. */
#ifndef PCI_H
#define PCI_H

#include "bios.h"

#define PCI_VENDOR_ID      0x00
#define PCI_DEVICE_ID      0x02
#define PCI_COMMAND        0x04
#define PCI_REVISION       0x08
#define PCI_CLASS          0x0A
#define PCI_HEADER         0x0E
#define PCI_BAR0           0x10
#define PCI_ROM            0x30
#define PCI_INTERRUPT_LINE 0x3C
#define PCI_INTERRUPT_PIN  0x3D

#define PCI_LAST_BUS       0

#define PCI_ISA_BDF        (1 << 3)
#define PCI_IDE_BDF        (1 << 3 | 1)
#define PCI_PM_BDF         (1 << 3 | 3)

/* IRQs only PCI uses: 10 and 11. */
#define PCI_PIR_EXCLUSIVE 0x0C00
/* In segment F000: where the word with $PIR's offset is. ORDER: reset.S. */
#define FIXED_PIR_POINTER 0xC000

static inline void pci_select(uint16_t bdf, uint8_t reg)
{
    outl(0xCF8, 0x80000000 | (uint32_t)bdf << 8 | (reg & 0xFC));
}

static inline uint32_t pci_read32(uint16_t bdf, uint8_t reg)
{
    pci_select(bdf, reg);
    return inl(0xCFC);
}

static inline uint16_t pci_read16(uint16_t bdf, uint8_t reg)
{
    pci_select(bdf, reg);
    return inw((uint16_t)(0xCFC + (reg & 2)));
}

static inline uint8_t pci_read8(uint16_t bdf, uint8_t reg)
{
    pci_select(bdf, reg);
    return inb((uint16_t)(0xCFC + (reg & 3)));
}

static inline void pci_write32(uint16_t bdf, uint8_t reg, uint32_t value)
{
    pci_select(bdf, reg);
    outl(0xCFC, value);
}

static inline void pci_write16(uint16_t bdf, uint8_t reg, uint16_t value)
{
    pci_select(bdf, reg);
    outw((uint16_t)(0xCFC + (reg & 2)), value);
}

static inline void pci_write8(uint16_t bdf, uint8_t reg, uint8_t value)
{
    pci_select(bdf, reg);
    outb((uint16_t)(0xCFC + (reg & 3)), value);
}

static inline bool pci_multifunction(uint16_t bdf)
{
    return (pci_read8(bdf, PCI_HEADER) & 0x80) != 0;
}

#endif
