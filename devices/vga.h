/* vga.h - IBM VGA with the Bochs display interface, on ISA or PCI. */
#ifndef UMBRA_DEVICES_VGA_H
#define UMBRA_DEVICES_VGA_H

#include "devices/core/base.h"
#include "devices/core/device.h"
#include "devices/core/log.h"

struct addrspace;
struct pci_bus;
struct sched;
struct track;
struct vga;

/* Everything pointed to must outlive the card, the ROM image included. */
struct vga_config {
    struct addrspace *memory; /* windows at A0000-BFFFF */
    struct addrspace *io;     /* ports 1CE-1D0, 3B0-3BB, 3C0-3DF */
    struct sched *sched;      /* virtual time, for the retrace bits */
    struct log *log;
    struct track *track; /* given to the frames of video memory */
    struct pci_bus *pci; /* NULL: no PCI function, no LFB */
    unsigned pci_devfn;  /* slot << 3 | function */
    const uint8_t *rom;  /* BIOS of the card for its ROM BAR; or NULL */
    size_t rom_size;
};

/* NULL with a message in error[] when the host has no memory. */
struct vga *vga_create(const struct vga_config *config, char *error,
                       size_t error_size);
struct device *vga_device(struct vga *vga);
struct ram_block *vga_memory(struct vga *vga);

extern const struct device_ops vga_ops;

#endif
