/* roms.h - the firmware images that are part of the program. */
#ifndef UMBRA_FRONTEND_ROMS_H
#define UMBRA_FRONTEND_ROMS_H

#include <stddef.h>

extern const unsigned char umbra_rom_bios[];
extern const size_t umbra_rom_bios_size;
extern const unsigned char umbra_rom_vgabios[];
extern const size_t umbra_rom_vgabios_size;

#endif
