/* pm_piix4.h - power management and SMBus function of the PIIX4. */
#ifndef UMBRA_PM_PIIX4_H
#define UMBRA_PM_PIIX4_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct pci_bus;
struct pm_piix4;
struct smbus;

/* POWER_ON_SUSPEND (S1) only stops the CPU; SUSPEND_TO_RAM (S3) ends with a
 * reset of all but memory and this chip. WAKE ends both. */
enum pm_action {
    PM_POWER_OFF,
    PM_POWER_ON_SUSPEND,
    PM_SUSPEND_TO_RAM,
    PM_WAKE
};

struct pm_piix4_config {
    struct pci_bus *bus;
    uint8_t devfn;   /* PCI_DEVFN(1, 3) */
    struct irq *sci; /* ISA IRQ 9, active high here */
    struct irq *smi; /* may be NULL: SMIs are answered by the chip itself */
    struct sched *sched;
    struct log *log;
    /* SLP_EN was written, or a wake event came. */
    void (*action)(void *opaque, enum pm_action action);
    void *opaque;
};

/* The sleep types that our ACPI tables offer (\_S5 etc.). */
enum { PM_SLP_TYP_S5 = 0, PM_SLP_TYP_S3 = 1, PM_SLP_TYP_S1 = 4 };

/* Values for the SMI command port B2h (FADT). */
enum { PM_ACPI_ENABLE = 0xF1, PM_ACPI_DISABLE = 0xF0 };

struct pm_piix4 *pm_piix4_create(const struct pm_piix4_config *config);
struct device *pm_piix4_device(struct pm_piix4 *pm);
struct smbus *pm_piix4_smbus(struct pm_piix4 *pm);
/* The user pressed the power button. */
void pm_piix4_power_button(struct pm_piix4 *pm);
/* The real-time clock interrupts. */
void pm_piix4_rtc(struct pm_piix4 *pm);
/* Something that wakes whatever is enabled: a key. */
void pm_piix4_wake(struct pm_piix4 *pm);
/* The reset after this call ends a suspend to RAM: it keeps what has power
 * all the time. */
void pm_piix4_resume(struct pm_piix4 *pm);
/* A general-purpose event, `bit` 0-15 of GPE0_STS. */
void pm_piix4_gpe(struct pm_piix4 *pm, unsigned bit);

#endif
