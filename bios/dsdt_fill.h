/* The DSDT of dsdt.h as a given board has it: what our BIOS (acpi.c) and the
 * emulator, for firmware of others (devices/acpi_tables.c), both do. Needs
 * nothing but bytes: the emulator's host may be of any kind.
 *
 * The compiler has left marks where something is put in: PCI0's window as
 * minimum, maximum, translation and length (ACPI 2.0, 6.4.3.5.2), the parts
 * that are there, the addresses of power management in the processor's block
 * and in the reserved ports. */
#ifndef DSDT_FILL_H
#define DSDT_FILL_H

#include "dsdt.h"

#define DSDT_WINDOW      0xC0DE0000u
#define DSDT_PARTS       0xC0DE0001u
#define DSDT_WINDOW_LAST 0xFEBFFFFFu

struct dsdt_facts {
    uint32_t window;  /* first byte of PCI's memory below 4 GiB */
    uint32_t parts;   /* bits as dsdt.asl has them */
    uint16_t pm_base; /* I/O base of the PIIX4's power management */
};

static inline uint32_t dsdt_get(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline void dsdt_put(uint8_t *p, uint32_t value, unsigned int bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        *p++ = (uint8_t)value;
}

/* `dsdt` has room for dsdt_aml; its checksum is left to do. */
static inline void dsdt_fill(uint8_t *dsdt, const struct dsdt_facts *facts)
{
    static const uint8_t block[] = {0x10, 0xB0, 0, 0, 6};
    static const uint8_t ports[] = {0x47, 1, 0, 0xB0, 0, 0xB0, 1, 0x40};
    uint32_t i;

    memcpy(dsdt, dsdt_aml, sizeof(dsdt_aml));
    for (i = 0; i + 16 <= sizeof(dsdt_aml); i++) {
        uint8_t *p = dsdt + i;

        if (dsdt_get(p) == DSDT_WINDOW && dsdt_get(p + 4) == DSDT_WINDOW_LAST) {
            dsdt_put(p, facts->window, 4);
            dsdt_put(p + 12, DSDT_WINDOW_LAST - facts->window + 1, 4);
        } else if (dsdt_get(p) == DSDT_PARTS) {
            dsdt_put(p, facts->parts, 4);
        } else if (memcmp(p, block, sizeof(block)) == 0) {
            dsdt_put(p, facts->pm_base + 0x10u, 4);
        } else if (memcmp(p, ports, sizeof(ports)) == 0) {
            dsdt_put(p + 2, facts->pm_base, 2);
            dsdt_put(p + 4, facts->pm_base, 2);
        }
    }
}

#endif
