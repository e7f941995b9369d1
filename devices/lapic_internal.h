/* lapic_internal.h - what the files of the local APIC share. */
#ifndef UMBRA_LAPIC_INTERNAL_H
#define UMBRA_LAPIC_INTERNAL_H

#include "devices/lapic.h"

/* Registers by offset / 16; manual, table 10-1. x2APIC MSRs are 800h plus
 * the same number. */
enum lapic_register {
    APIC_ID = 0x02,
    APIC_VERSION = 0x03,
    APIC_TPR = 0x08,
    APIC_APR = 0x09,
    APIC_PPR = 0x0A,
    APIC_EOI = 0x0B,
    APIC_RRD = 0x0C,
    APIC_LDR = 0x0D,
    APIC_DFR = 0x0E,
    APIC_SVR = 0x0F,
    APIC_ISR = 0x10,
    APIC_TMR = 0x18,
    APIC_IRR = 0x20,
    APIC_ESR = 0x28,
    APIC_ICR = 0x30,
    APIC_ICR_HIGH = 0x31,
    APIC_LVT_TIMER = 0x32,
    APIC_LVT_THERMAL = 0x33,
    APIC_LVT_PERF = 0x34,
    APIC_LVT_LINT0 = 0x35,
    APIC_LVT_LINT1 = 0x36,
    APIC_LVT_ERROR = 0x37,
    APIC_TIMER_INITIAL = 0x38,
    APIC_TIMER_CURRENT = 0x39,
    APIC_TIMER_DIVIDE = 0x3E,
    APIC_SELF_IPI = 0x3F
};

enum {
    LVTS = 6,
    LVT_MASK = 1 << 16,
    LVT_LEVEL = 1 << 15,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_TIMER_MODE = 3 << 17,
    LVT_TIMER_PERIODIC = 1 << 17,
    LVT_TIMER_DEADLINE = 2 << 17,

    SVR_ENABLE = 1 << 8,

    ESR_SEND_ILLEGAL = 1 << 5,
    ESR_RECEIVE_ILLEGAL = 1 << 6,
    ESR_ILLEGAL_REGISTER = 1 << 7,

    BASE_BSP = 1 << 8,
    BASE_EXTD = 1 << 10, /* x2APIC mode */
    BASE_ENABLE = 1 << 11
};

/* The timer counts down from `count` at `start` when `initial` is not 0;
 * `due` is when it will reach 0. In TSC-deadline mode `deadline` is set and
 * the count is not. Every change of irr, isr, tpr, svr or lint ends with
 * lapic_update, which drives INTR. */
struct lapic {
    struct device device;
    uint64_t base; /* IA32_APIC_BASE */
    uint8_t id;
    uint8_t tpr;
    uint32_t ldr, dfr, svr;
    uint32_t isr[8], tmr[8], irr[8];
    uint32_t esr, errors; /* as read, and since the last write */
    uint64_t icr;
    uint32_t remote; /* what a remote read brought */
    uint32_t lvt[LVTS];
    bool lint[2];
    uint32_t initial, count, divide;
    uint64_t start, due;
    uint64_t deadline;
    /* TRANSIENT */
    uint8_t initial_id;
    bool x2apic;
    struct apic_bus *bus;
    struct addrspace *memory;
    struct irq *intr;
    struct sched *sched;
    const struct lapic_cpu_ops *cpu;
    void *cpu_opaque;
    int (*pic_ack)(void *opaque);
    void *pic_opaque;
    uint64_t bus_hz, tsc_hz;
    uint64_t (*tsc)(void *opaque);
    void *tsc_opaque;
    struct event timer;
    struct region region;
};

static inline uint32_t *lapic_lvt(struct lapic *lapic, unsigned reg)
{
    return &lapic->lvt[reg - APIC_LVT_TIMER];
}

static inline bool lapic_is_x2(const struct lapic *lapic)
{
    return lapic->base & BASE_EXTD;
}

/* lapic.c */
/* An interrupt arrives; false: this APIC does not take it. */
bool lapic_accept(struct lapic *lapic, enum apic_delivery delivery,
                  uint8_t vector, bool level);
/* An interrupt of the APIC's own, by its LVT entry. */
void lapic_local(struct lapic *lapic, unsigned reg);
uint8_t lapic_ppr(const struct lapic *lapic);
bool lapic_matches(const struct lapic *lapic,
                   const struct apic_message *message);

/* lapic_timer.c */
void lapic_timer_fire(void *opaque);
void lapic_timer_stop(struct lapic *lapic);
void lapic_timer_set_initial(struct lapic *lapic, uint32_t value);
void lapic_timer_set_divide(struct lapic *lapic, uint32_t value);
/* The mode in LVT changed. */
void lapic_timer_mode(struct lapic *lapic, uint32_t old);
uint32_t lapic_timer_current(const struct lapic *lapic);

#endif
