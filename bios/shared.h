/* What POST (code32) leaves for the services (code16). The objects live in
 * segment EC00, where code16 sees them at their linked address; code32 adds
 * the segment's base. */
#ifndef SHARED_H
#define SHARED_H

#include "bios.h"

#define E820_RAM      1
#define E820_RESERVED 2
#define E820_ACPI     3
#define E820_NVS      4
#define E820_MAX      12
#define OPTROM_MAX    16

struct e820_entry {
    uint64_t base;
    uint64_t length;
    uint32_t type;
} PACKED;

/* Direct boot, read from fw_cfg file opt/umbra/boot.
 * ORDER: boot_direct in reset.S. */
struct boot_record {
    uint32_t magic; /* BOOT_MAGIC or nothing to boot */
    uint32_t kind;  /* 1 real, 2 protected, 3 long mode */
    uint32_t cs, ip, seg, sp;
    uint64_t entry;
    uint32_t eax, ebx;
    uint64_t rsi;
    uint32_t table_gpa;
    uint32_t reserved[3];
};

_Static_assert(sizeof(struct boot_record) == 64, "the emulator writes it");

#define BOOT_MAGIC 0x41424D55

/* An option ROM that POST has found: where it comes from, and for which PCI
 * function, as PCI passes it in AX. rom.c places and starts it. */
enum rom_kind {
    ROM_DISPLAY, /* of a PCI display; source: address in its ROM BAR */
    ROM_ISA,     /* lies on the bus; source: that address, shadowed there */
    ROM_PCI,
    ROM_FILE /* fw_cfg file genroms/..; source: its key */
};

struct optrom {
    uint32_t source, size;
    uint32_t offset; /* ROM_FILE: of the image in the file */
    uint16_t bdf;
    uint8_t kind;
};

struct shared {
    struct boot_record boot;
    struct e820_entry e820[E820_MAX];
    uint32_t e820_count;
    struct optrom optrom[OPTROM_MAX];
    uint32_t optrom_count;
    uint32_t ram_low;        /* bytes below 4 GiB */
    uint64_t ram_high;       /* bytes above 4 GiB */
    uint32_t acpi_base;      /* first byte of the tables below ram_low */
    uint16_t ide_bus_master; /* I/O base of BAR 4, 0 = none */
    uint16_t pnp;            /* offset of $PnP in segment F000 */
    uint16_t pmm;            /* offset of $PMM there */
};

extern struct shared shared;

#ifdef CODE32
#define SHARED ((struct shared *)((uint8_t *)&shared + BASE_BIOS))
#endif

#endif
