/* hpet.h - high precision event timers at FED00000h. */
#ifndef UMBRA_HPET_H
#define UMBRA_HPET_H

#include "devices/core/device.h"
#include "devices/core/sched.h"
#include "mmu/addrspace.h"

struct hpet;

#define HPET_BASE 0xFED00000u

/* Pins of the I/O APIC; pin 2 is the board's IRQ 0. */
enum { HPET_PIN_IRQ0 = 2, HPET_PIN_IRQ8 = 8 };

struct hpet_config {
    struct addrspace *memory;
    struct sched *sched;
    struct log *log;
    void (*set_pin)(void *opaque, unsigned pin, bool level);
    /* A message instead of an interrupt wire. */
    void (*message)(void *opaque, uint64_t address, uint32_t data);
    /* The legacy route takes IRQ 0 and IRQ 8 from the 8254 and the clock. */
    void (*legacy)(void *opaque, bool on);
    void *opaque;
};

struct hpet *hpet_create(const struct hpet_config *config);
struct device *hpet_device(struct hpet *hpet);

#endif
