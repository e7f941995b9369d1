/* spd.h - memory modules and the EEPROMs that describe them. */
#ifndef UMBRA_SPD_H
#define UMBRA_SPD_H

#include "devices/core/device.h"

struct smbus;
struct spd;

enum { SPD_SLOTS = 8, SPD_SIZE = 256, SPD_ADDRESS = 0x50 };

/* The modules that make `ram_bytes`, largest first; 0: an empty slot. What
 * is left when all slots are full, or is no module's size, is missing. */
void spd_modules(uint64_t ram_bytes, uint64_t module[SPD_SLOTS]);

/* Slot n answers on the bus at address 50h + n. */
struct spd *spd_create(uint64_t ram_bytes, struct smbus *bus, struct log *log);
struct device *spd_device(struct spd *spd);

#endif
