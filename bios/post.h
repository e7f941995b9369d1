/* Parts of power-on self test, code32. */
#ifndef POST_H
#define POST_H

#include "bios.h"
#include "bda.h"
#include "fwcfg.h"
#include "pci.h"
#include "shared.h"

#define BDA ((volatile struct bda *)(SEG_BDA * 16))

/* reset.S: stubs without a traditional address, offsets in segment F000 */
extern uint8_t fixed_irq_low, fixed_irq_high, fixed_int18, fixed_int70;
extern uint8_t fixed_int74, fixed_int75, fixed_int76, font_8x8_upper;
/* rom32.S: linked in segment EC00 */
extern uint8_t bios32_entry, entry_pnp;
/* entry.S */
extern uint8_t entry_pmm;

/* post.c */
void post_main(void);
/* 8259s, 8254, 8237s, A20; the power management's ports. */
void chips_setup(void);
void pm_setup(void);

/* wake.c: where to go after a suspend to RAM; 0: start afresh. */
uint32_t wake_main(void);

/* cpu.c */
void cpu_setup(void);
bool cpu_has_apic(void);
unsigned int cpu_count(void);
void cpu_signature(uint32_t *signature, uint32_t *features);
/* By CPUID; empty strings where it does not tell. */
void cpu_names(char vendor[13], char brand[49]);

/* pci.c */
void pci_setup(void);
/* First address of the 32-bit window for BARs. */
uint32_t pci_window_base(void);
bool pci_slot_used(uint8_t slot);
/* The IRQ of pin 0-3 (A-D) of a slot. */
uint8_t pci_irq_of(uint8_t slot, uint8_t pin);

/* optrom.c */
void optroms_find(void);

/* tables.c */
void tables_build(void);

/* smbios.c: puts entry point and structures at `at`; the first byte behind. */
uint8_t *smbios_build(uint8_t *at);

/* acpi.c: puts the RSDP at rsdp; its size, 0 if there is no ACPI. */
uint32_t acpi_build(void *rsdp);
uint32_t acpi_waking_vector(void);
/* The byte that makes the sum of all zero. */
uint8_t table_sum(const void *data, uint32_t count);

#endif
