/* Ports and registers of the Bochs VGA's display interface, after Bochs'
 * vbe_display_api. */
#ifndef DISPI_H
#define DISPI_H

#include "bios.h"

#define DISPI_INDEX 0x1CE
#define DISPI_DATA  0x1CF

enum {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_MEMORY_64K,
};

static inline uint16_t dispi_read(uint16_t index)
{
    outw(DISPI_INDEX, index);
    return inw(DISPI_DATA);
}

static inline void dispi_write(uint16_t index, uint16_t value)
{
    outw(DISPI_INDEX, index);
    outw(DISPI_DATA, value);
}

#endif
