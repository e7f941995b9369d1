/* Parts of power-on self test, code32. */
#ifndef POST_H
#define POST_H

#include "bios.h"
#include "bda.h"
#include "pci.h"
#include "shared.h"

#define BDA ((volatile struct bda *)(SEG_BDA * 16))

/* post.c */
void post_main(void);

/* cpu.c */
void cpu_setup(void);
bool cpu_has_apic(void);
unsigned int cpu_count(void);

/* fwcfg.c */
bool fwcfg_present(void);
uint16_t fwcfg_read16(uint16_t key);
/* Reads at most size bytes of a file; false if there is none. */
bool fwcfg_read_file(const char *name, void *to, uint32_t size);

/* pci.c */
void pci_setup(void);
/* First address of the 32-bit window for BARs. */
uint32_t pci_window_base(void);

/* optrom.c */
void optroms_load(void);

/* tables.c, acpi.c */
void tables_build(void);
uint32_t acpi_build(uint32_t at, uint32_t end, uint8_t *rsdp);

#endif
