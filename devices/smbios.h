/* smbios.h - SMBIOS structures of the board for firmware that fetches them
 * through fw_cfg. */
#ifndef UMBRA_SMBIOS_H
#define UMBRA_SMBIOS_H

#include "devices/core/base.h"

/* Names of the two fw_cfg files. */
#define SMBIOS_ANCHOR_FILE "etc/smbios/smbios-anchor"
#define SMBIOS_TABLES_FILE "etc/smbios/smbios-tables"

enum { SMBIOS_ANCHOR_SIZE = 31, SMBIOS_TABLES_SIZE = 2048 };

struct smbios_board {
    uint64_t ram_bytes;
    uint64_t low_end;         /* the rest of RAM lies above 4 GiB */
    uint32_t cpu_signature;   /* CPUID 1: EAX */
    uint32_t cpu_features;    /* CPUID 1: EDX */
    const char *manufacturer; /* of the processor */
    const char *brand;
};

/* The anchor lacks the address of the tables: firmware puts it in and sets
 * both checksums. */
struct smbios_tables {
    uint8_t anchor[SMBIOS_ANCHOR_SIZE];
    uint8_t data[SMBIOS_TABLES_SIZE];
    unsigned size, count, largest;
};

void smbios_build(const struct smbios_board *board,
                  struct smbios_tables *tables);

#endif
