/* i440fx.h - Intel 82441FX host bridge (PMC), bus 0 device 0. */
#ifndef UMBRA_I440FX_H
#define UMBRA_I440FX_H

#include "devices/core/device.h"
#include "mmu/addrspace.h"

struct pci_bus;
struct ram_block;
struct i440fx;

/* The bridge maps all of C0000-FFFFF (13 PAM segments) and, while SMRAM is
 * open, A0000-BFFFF at priority I440FX_PRIORITY; nobody else maps ROM or RAM
 * in C0000-FFFFF. The board maps RAM below A0000 and above FFFFF. */
enum { I440FX_PRIORITY = 4 };

struct i440fx_config {
    struct pci_bus *bus;
    struct ram_block *ram; /* system RAM, guest address 0 = offset 0 */
    struct log *log;
};

struct i440fx *i440fx_create(const struct i440fx_config *config);
struct device *i440fx_device(struct i440fx *bridge);

/* A ROM that shows through where PAM sends reads to the bus. `base` in
 * C0000-FFFFF; base, size and offset are multiples of 16 KiB (pad with FFh).
 * The contents may change until the guest runs. */
void i440fx_add_rom(struct i440fx *bridge, uint32_t base, uint32_t size,
                    struct ram_block *rom, uint64_t rom_offset);

/* The CPU enters or leaves system-management mode. */
void i440fx_set_smm(struct i440fx *bridge, bool smm);

#endif
