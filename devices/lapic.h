/* lapic.h - local APICs and the bus between them and the I/O APIC. */
#ifndef UMBRA_LAPIC_H
#define UMBRA_LAPIC_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "mmu/addrspace.h"

struct lapic;
struct ioapic;

enum apic_delivery {
    APIC_FIXED,
    APIC_LOWEST,
    APIC_SMI,
    APIC_REMOTE_READ,
    APIC_NMI,
    APIC_INIT,
    APIC_STARTUP,
    APIC_EXTINT
};

struct apic_message {
    enum apic_delivery delivery;
    uint8_t vector;
    uint32_t destination; /* an APIC ID, or a logical mask */
    bool logical;
    bool level; /* level-triggered */
    bool assert;
};

/* As physical destination: all APICs. The xAPIC's FFh becomes this. */
#define APIC_BROADCAST 0xFFFFFFFFu

/* All APICs of the board; owned by the board, zeroed at first. */
enum { APIC_MAX_CPUS = 8 };

struct apic_bus {
    struct lapic *lapic[APIC_MAX_CPUS];
    unsigned lapic_count;
    struct ioapic *ioapic;
    unsigned next_lowest; /* rotates lowest-priority delivery */
    struct region messages;
};

/* false: nobody took it. */
bool apic_bus_send(struct apic_bus *bus, const struct apic_message *message);

/* A store by a device to FEExxxxx: a message signalled interrupt. False: the
 * address is no such one, or nobody took it. */
bool apic_bus_message(struct apic_bus *bus, uint64_t address, uint32_t data);
/* Stores of devices and CPUs to where no local APIC's registers are become
 * messages, too. */
void apic_bus_map(struct apic_bus *bus, struct addrspace *memory);

/* What the APIC asks of its CPU; all may be NULL. */
struct lapic_cpu_ops {
    void (*nmi)(void *opaque);
    void (*smi)(void *opaque);
    void (*init)(void *opaque);
    void (*startup)(void *opaque, uint8_t vector);
};

struct lapic_config {
    struct apic_bus *bus;
    uint8_t id; /* initial APIC ID; 0 is the boot CPU */
    struct addrspace *memory;
    struct irq *intr; /* the CPU's INTR pin */
    struct sched *sched;
    struct log *log;
    const struct lapic_cpu_ops *cpu;
    void *cpu_opaque;
    /* Acknowledge of the 8259 pair, for ExtINT; may be NULL. */
    int (*pic_ack)(void *opaque);
    void *pic_opaque;
    bool x2apic;     /* CPUID offers it */
    uint64_t bus_hz; /* timer clock before division; 0 = 1 GHz */
    uint64_t tsc_hz; /* for TSC-deadline */
    /* The CPU's TSC now, for TSC-deadline; may be NULL. */
    uint64_t (*tsc)(void *opaque);
    void *tsc_opaque;
};

struct lapic *lapic_create(const struct lapic_config *config);
struct device *lapic_device(struct lapic *lapic);

/* Inputs: LINT0 is driven by the 8259's INTR, LINT1 by NMI. As irq_handler,
 * `line` is 0 or 1. */
void lapic_lint(void *lapic, unsigned line, bool level);

/* An interrupt waits that the CPU may take (level of the INTR pin). */
bool lapic_pending(const struct lapic *lapic);
/* Interrupt acknowledge: the vector, from here or from the 8259 through
 * ExtINT; the spurious vector if the request is gone, -1 if there is no
 * source at all. */
int lapic_ack(struct lapic *lapic);

/* CR8: task priority class, 0-15. */
uint8_t lapic_get_cr8(const struct lapic *lapic);
void lapic_set_cr8(struct lapic *lapic, uint8_t value);

/* IA32_APIC_BASE; false: #GP. `phys_bits` is the CPU's MAXPHYADDR. */
uint64_t lapic_get_base(const struct lapic *lapic);
bool lapic_set_base(struct lapic *lapic, uint64_t value, unsigned phys_bits);
/* The CPUID bit APIC follows the global enable. */
bool lapic_enabled(const struct lapic *lapic);
uint64_t lapic_get_tsc_deadline(const struct lapic *lapic);
void lapic_set_tsc_deadline(struct lapic *lapic, uint64_t value);
/* x2APIC MSRs 800h-8FFh; false: #GP. */
bool lapic_read_msr(struct lapic *lapic, uint32_t msr, uint64_t *value);
bool lapic_write_msr(struct lapic *lapic, uint32_t msr, uint64_t value);

/* INIT IPI or INIT pin: registers as after reset, ID and base kept. */
void lapic_init_reset(struct lapic *lapic);

#endif
