/* acpi_tables.h - ACPI tables of the board for firmware that fetches them
 * through fw_cfg, with the script that tells it how to place them. */
#ifndef UMBRA_ACPI_TABLES_H
#define UMBRA_ACPI_TABLES_H

#include "devices/core/base.h"

/* Names of the three fw_cfg files. */
#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE   "etc/acpi/rsdp"
#define ACPI_LOADER_FILE "etc/table-loader"
/* One more, without which OVMF does not prepare for suspend to RAM. */
#define ACPI_STATES_FILE "etc/system-states"

enum {
    ACPI_TABLES_SIZE = 0x4000,
    ACPI_RSDP_SIZE = 36,
    ACPI_LOADER_ENTRY = 128,
    ACPI_LOADER_ENTRIES = 32,
    ACPI_STATES = 6 /* S0-S5 */
};

/* What the tables tell of the board. */
struct acpi_board {
    uint32_t low_end; /* end of RAM below 4 GiB: PCI's window begins */
    uint16_t pm_base; /* I/O base of the PIIX4's power management */
    uint32_t parts;   /* bits 0-3 COM1-4, 4-6 LPT1-3, 8 diskettes */
    uint8_t cpus;     /* local APIC IDs 0 .. cpus - 1 */
    uint8_t ioapic_id;
    uint32_t hpet_base; /* 0: no HPET */
};

/* Pointers in tables[] and rsdp[] are offsets into tables[] until firmware
 * has run the script in loader[]. */
struct acpi_tables {
    uint8_t tables[ACPI_TABLES_SIZE];
    uint8_t rsdp[ACPI_RSDP_SIZE];
    uint8_t loader[ACPI_LOADER_ENTRIES * ACPI_LOADER_ENTRY];
    unsigned loader_size;
};

void acpi_tables_build(const struct acpi_board *board,
                       struct acpi_tables *tables);
/* Bit 7: there is that sleep state; bits 0-2: its type for PM1 control. */
void acpi_sleep_states(uint8_t states[ACPI_STATES]);

#endif
