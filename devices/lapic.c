/* lapic.c - local APIC: registers and interrupts.
 *
 * Manual: Intel SDM volume 3, chapter 10. MMIO at FEE00000 (movable), MSR
 * 1Bh; with x2apic MSRs 800h-83Fh. Modelled: all registers, fixed, NMI, SMI,
 * INIT, start-up and ExtINT delivery, LINT0/1 edge and level, priorities,
 * IPIs with shorthands, errors; arbitration priority and remote read as on P6
 * processors; lapic_timer.c has the timer.
 * Not modelled: thermal and performance interrupts (nothing raises them),
 * extended LVT entries. Unlike hardware, a
 * store of a CPU to the reserved register 0 is the message that a device's
 * would be; the boot CPU's LINT0 comes out of RESET and
 * INIT (not out of a disable in MSR 1Bh) as unmasked ExtINT, so that firmware
 * without an APIC driver gets its 8259 interrupts. */
#include "devices/lapic_internal.h"

#include "devices/ioapic.h"

#include <stdlib.h>

enum {
    LAPIC_SIZE = 0x1000,
    PRIORITY = 11, /* over everything */
    /* with EOI broadcast suppression */
    VERSION = 0x14 | (LVTS - 1) << 16 | 1 << 24,
    SVR_SUPPRESS = 1 << 12,
    SVR_WRITABLE = 0x1FF | SVR_SUPPRESS,
    DFR_FLAT = 0xF,
    ICR_LOW_WRITABLE = 0xCCFFF & ~(1 << 12),
    ICR_REMOTE_VALID = 2 << 16,
    MSR_X2APIC = 0x800
};

/* Bits of each LVT entry that software can write. */
static const uint32_t lvt_writable[LVTS] = {
    LVT_TIMER_MODE | LVT_MASK | 0xFF,
    LVT_MASK | 0x7FF,
    LVT_MASK | 0x7FF,
    LVT_MASK | 0xA7FF,
    LVT_MASK | 0xA7FF,
    LVT_MASK | 0xFF,
};

static const struct state_field lapic_fields[] = {
    FIELD(struct lapic, U64, base),        FIELD(struct lapic, U8, id),
    FIELD(struct lapic, U8, tpr),          FIELD(struct lapic, U32, ldr),
    FIELD(struct lapic, U32, dfr),         FIELD(struct lapic, U32, svr),
    FIELD_ARRAY(struct lapic, U32, isr),   FIELD_ARRAY(struct lapic, U32, tmr),
    FIELD_ARRAY(struct lapic, U32, irr),   FIELD(struct lapic, U32, esr),
    FIELD(struct lapic, U32, errors),      FIELD(struct lapic, U64, icr),
    FIELD(struct lapic, U32, remote),      FIELD_ARRAY(struct lapic, U32, lvt),
    FIELD_ARRAY(struct lapic, BOOL, lint), FIELD(struct lapic, U32, initial),
    FIELD(struct lapic, U32, count),       FIELD(struct lapic, U32, divide),
    FIELD(struct lapic, U64, start),       FIELD(struct lapic, U64, due),
    FIELD(struct lapic, U64, deadline),    FIELD_END,
};

/* 256-bit sets */

static void set_bit(uint32_t *set, uint8_t n)
{
    set[n / 32] |= 1u << n % 32;
}

static void clear_bit(uint32_t *set, uint8_t n)
{
    set[n / 32] &= ~(1u << n % 32);
}

static bool test_bit(const uint32_t *set, uint8_t n)
{
    return set[n / 32] >> n % 32 & 1;
}

/* -1: empty. */
static int highest_bit(const uint32_t *set)
{
    for (int i = 7; i >= 0; i--)
        if (set[i])
            return 32 * i + 31 - __builtin_clz(set[i]);
    return -1;
}

/* Priorities and the INTR pin */

bool lapic_enabled(const struct lapic *lapic)
{
    return lapic->base & BASE_ENABLE;
}

/* 10.8.3.1 */
uint8_t lapic_ppr(const struct lapic *lapic)
{
    int isrv = highest_bit(lapic->isr);
    unsigned in_service = isrv < 0 ? 0 : (unsigned)isrv & 0xF0;

    return (lapic->tpr & 0xF0u) >= in_service ? lapic->tpr
                                              : (uint8_t)in_service;
}

/* P6 family: what other APICs see when a message goes to the lowest. */
static uint8_t lapic_apr(const struct lapic *lapic)
{
    int irrv = highest_bit(lapic->irr), isrv = highest_bit(lapic->isr);
    unsigned request = irrv < 0 ? 0 : (unsigned)irrv & 0xF0;
    unsigned service = isrv < 0 ? 0 : (unsigned)isrv & 0xF0;
    unsigned task = lapic->tpr & 0xF0;

    if (task >= request && task > service)
        return lapic->tpr;
    return (uint8_t)((task & service) > request ? task & service : request);
}

/* The vector to deliver, or -1. Software-disabled, requests stay in IRR but
 * are not delivered. */
static int lapic_deliverable(const struct lapic *lapic)
{
    int vector;

    if (!lapic_enabled(lapic) || !(lapic->svr & SVR_ENABLE))
        return -1;
    vector = highest_bit(lapic->irr);
    return vector >= 0 && (vector & 0xF0) > (lapic_ppr(lapic) & 0xF0) ? vector
                                                                      : -1;
}

/* The 8259's request passes through LINT0, or past a disabled APIC. */
static bool lapic_extint(const struct lapic *lapic)
{
    uint32_t lvt = lapic->lvt[APIC_LVT_LINT0 - APIC_LVT_TIMER];

    if (!lapic->lint[0])
        return false;
    return !lapic_enabled(lapic) ||
           (!(lvt & LVT_MASK) && (lvt >> 8 & 7) == APIC_EXTINT);
}

bool lapic_pending(const struct lapic *lapic)
{
    return lapic_deliverable(lapic) >= 0 || lapic_extint(lapic);
}

static void lapic_update(struct lapic *lapic)
{
    irq_set(lapic->intr, lapic_pending(lapic));
}

/* The APIC's own vectors go before the 8259's. */
int lapic_ack(struct lapic *lapic)
{
    int vector = lapic_deliverable(lapic);

    if (vector >= 0) {
        clear_bit(lapic->irr, (uint8_t)vector);
        set_bit(lapic->isr, (uint8_t)vector);
        lapic_update(lapic);
        return vector;
    }
    if (lapic_extint(lapic) && lapic->pic_ack)
        return lapic->pic_ack(lapic->pic_opaque);
    /* TPR was raised, or the request went, after INTR was seen. */
    if (lapic_enabled(lapic) && (lapic->svr & SVR_ENABLE) &&
        highest_bit(lapic->irr) >= 0)
        return (uint8_t)lapic->svr;
    return -1;
}

/* Arrivals */

/* Errors gather unseen until ESR is written (10.5.3). */
static void lapic_error(struct lapic *lapic, uint32_t error)
{
    lapic->errors |= error;
    lapic_local(lapic, APIC_LVT_ERROR);
}

/* TMR remembers the trigger mode for the end of interrupt. */
static bool lapic_accept_fixed(struct lapic *lapic, uint8_t vector, bool level)
{
    if (!(lapic->svr & SVR_ENABLE))
        return false;
    if (vector < 16) {
        /* The error entry itself may hold such a vector. */
        if (!(lapic->errors & ESR_RECEIVE_ILLEGAL))
            lapic_error(lapic, ESR_RECEIVE_ILLEGAL);
        return true;
    }
    set_bit(lapic->irr, vector);
    if (level)
        set_bit(lapic->tmr, vector);
    else
        clear_bit(lapic->tmr, vector);
    lapic_update(lapic);
    return true;
}

static void lapic_call(struct lapic *lapic, void (*function)(void *opaque))
{
    if (function)
        function(lapic->cpu_opaque);
}

bool lapic_accept(struct lapic *lapic, enum apic_delivery delivery,
                  uint8_t vector, bool level)
{
    static const struct lapic_cpu_ops nobody;
    const struct lapic_cpu_ops *cpu = lapic->cpu ? lapic->cpu : &nobody;

    if (!lapic_enabled(lapic))
        return false;
    switch (delivery) {
    case APIC_FIXED:
    case APIC_LOWEST:
        return lapic_accept_fixed(lapic, vector, level);
    case APIC_SMI:
        lapic_call(lapic, cpu->smi);
        return true;
    case APIC_NMI:
        lapic_call(lapic, cpu->nmi);
        return true;
    case APIC_INIT:
        lapic_call(lapic, cpu->init);
        return true;
    case APIC_STARTUP:
        if (cpu->startup)
            cpu->startup(lapic->cpu_opaque, vector);
        return true;
    default: /* remote read; ExtINT comes by the 8259's own wire */
        return false;
    }
}

/* Level-triggered LINT entries deliver once per end of interrupt. */
void lapic_local(struct lapic *lapic, unsigned reg)
{
    uint32_t *lvt = lapic_lvt(lapic, reg);
    bool lint = reg == APIC_LVT_LINT0 || reg == APIC_LVT_LINT1;
    enum apic_delivery delivery = *lvt >> 8 & 7;
    bool level = lint && (*lvt & LVT_LEVEL) && delivery == APIC_FIXED;

    if ((*lvt & LVT_MASK) || !lapic_enabled(lapic))
        return;
    /* Timer and error entries have no delivery mode. */
    if (reg == APIC_LVT_TIMER || reg == APIC_LVT_ERROR)
        delivery = APIC_FIXED;
    if (delivery == APIC_EXTINT || (level && (*lvt & LVT_REMOTE_IRR)))
        return;
    if (lapic_accept(lapic, delivery, (uint8_t)*lvt, level) && level)
        *lvt |= LVT_REMOTE_IRR;
}

void lapic_lint(void *opaque, unsigned line, bool level)
{
    struct lapic *lapic = opaque;

    lapic->lint[line & 1] = level;
    if (level)
        lapic_local(lapic, APIC_LVT_LINT0 + (line & 1));
    lapic_update(lapic);
}

static void lapic_eoi_lint(struct lapic *lapic, uint8_t vector)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t *lvt = lapic_lvt(lapic, APIC_LVT_LINT0 + i);

        if (!(*lvt & LVT_REMOTE_IRR) || (uint8_t)*lvt != vector)
            continue;
        *lvt &= ~(uint32_t)LVT_REMOTE_IRR;
        if (lapic->lint[i])
            lapic_local(lapic, APIC_LVT_LINT0 + i);
    }
}

/* Only level-triggered vectors are told to others. */
static void lapic_eoi(struct lapic *lapic)
{
    int vector = highest_bit(lapic->isr);

    if (vector < 0)
        return;
    clear_bit(lapic->isr, (uint8_t)vector);
    if (test_bit(lapic->tmr, (uint8_t)vector)) {
        lapic_eoi_lint(lapic, (uint8_t)vector);
        if (lapic->bus->ioapic && !(lapic->svr & SVR_SUPPRESS))
            ioapic_eoi(lapic->bus->ioapic, (uint8_t)vector);
    }
    lapic_update(lapic);
}

/* Addressing */

static uint32_t lapic_x2_ldr(const struct lapic *lapic)
{
    return (uint32_t)(lapic->id >> 4) << 16 | 1u << (lapic->id & 15);
}

/* Flat: a mask of eight. Cluster: four bits of cluster, four of members. */
static bool lapic_matches_logical(const struct lapic *lapic,
                                  uint32_t destination)
{
    uint8_t mine = (uint8_t)(lapic->ldr >> 24);

    if (lapic_is_x2(lapic))
        return destination >> 16 == lapic_x2_ldr(lapic) >> 16 &&
               (destination & lapic_x2_ldr(lapic) & 0xFFFF);
    if (lapic->dfr >> 28 == DFR_FLAT)
        return destination & mine;
    return (destination >> 4 == mine >> 4 || destination >> 4 == 0xF) &&
           (destination & mine & 0xF);
}

bool lapic_matches(const struct lapic *lapic,
                   const struct apic_message *message)
{
    if (message->destination == APIC_BROADCAST)
        return true;
    if (message->logical)
        return lapic_matches_logical(lapic, message->destination);
    return message->destination == lapic->id;
}

/* Interrupt command register */

enum { SHORT_NONE, SHORT_SELF, SHORT_ALL, SHORT_OTHERS };

static void lapic_send_others(struct lapic *lapic,
                              const struct apic_message *message)
{
    for (unsigned i = 0; i < lapic->bus->lapic_count; i++)
        if (lapic->bus->lapic[i] != lapic)
            lapic_accept(lapic->bus->lapic[i], message->delivery,
                         message->vector, message->level);
}

static void lapic_send(struct lapic *lapic)
{
    uint64_t icr = lapic->icr;
    uint32_t to =
        lapic_is_x2(lapic) ? (uint32_t)(icr >> 32) : (uint32_t)(icr >> 56);
    struct apic_message message = {
        .delivery = (enum apic_delivery)(icr >> 8 & 7),
        .vector = (uint8_t)icr,
        .destination = to,
        .logical = icr >> 11 & 1,
        .level = icr >> 15 & 1,
        .assert = icr >> 14 & 1,
    };

    if (!lapic_is_x2(lapic) && to == 0xFF)
        message.destination = APIC_BROADCAST;
    if (message.delivery <= APIC_LOWEST) {
        message.level = false; /* IPIs are edges */
        if (message.vector < 16) {
            lapic_error(lapic, ESR_SEND_ILLEGAL);
            return;
        }
    }
    switch (icr >> 18 & 3) {
    case SHORT_NONE:
        apic_bus_send(lapic->bus, &message);
        break;
    case SHORT_SELF:
        lapic_accept(lapic, message.delivery, message.vector, false);
        break;
    case SHORT_ALL:
        message.destination = APIC_BROADCAST;
        apic_bus_send(lapic->bus, &message);
        break;
    default:
        if (message.delivery != APIC_INIT || message.assert)
            lapic_send_others(lapic, &message);
    }
}

/* Registers */

static uint32_t lapic_get(struct lapic *lapic, unsigned reg, bool *known)
{
    *known = true;
    if (reg >= APIC_ISR && reg < APIC_TMR)
        return lapic->isr[reg - APIC_ISR];
    if (reg >= APIC_TMR && reg < APIC_IRR)
        return lapic->tmr[reg - APIC_TMR];
    if (reg >= APIC_IRR && reg < APIC_ESR)
        return lapic->irr[reg - APIC_IRR];
    if (reg >= APIC_LVT_TIMER && reg <= APIC_LVT_ERROR)
        return *lapic_lvt(lapic, reg);
    switch (reg) {
    case APIC_ID:
        return lapic_is_x2(lapic) ? lapic->id : (uint32_t)lapic->id << 24;
    case APIC_VERSION:
        return VERSION;
    case APIC_TPR:
        return lapic->tpr;
    case APIC_APR:
        return lapic_apr(lapic);
    case APIC_RRD:
        return lapic->remote;
    case APIC_EOI:
        return 0;
    case APIC_PPR:
        return lapic_ppr(lapic);
    case APIC_LDR:
        return lapic_is_x2(lapic) ? lapic_x2_ldr(lapic) : lapic->ldr;
    case APIC_DFR:
        return lapic->dfr;
    case APIC_SVR:
        return lapic->svr;
    case APIC_ESR:
        return lapic->esr;
    case APIC_ICR:
        return (uint32_t)lapic->icr;
    case APIC_ICR_HIGH:
        return (uint32_t)(lapic->icr >> 32);
    case APIC_TIMER_INITIAL:
        return lapic->initial;
    case APIC_TIMER_CURRENT:
        return lapic_timer_current(lapic);
    case APIC_TIMER_DIVIDE:
        return lapic->divide;
    default:
        *known = false;
        return 0;
    }
}

/* Clearing the software enable masks all local entries (10.4.7.2). */
static void lapic_put_svr(struct lapic *lapic, uint32_t value)
{
    lapic->svr = value & SVR_WRITABLE;
    if (!(lapic->svr & SVR_ENABLE))
        for (unsigned i = 0; i < LVTS; i++)
            lapic->lvt[i] |= LVT_MASK;
}

static void lapic_put_lvt(struct lapic *lapic, unsigned reg, uint32_t value)
{
    uint32_t *lvt = lapic_lvt(lapic, reg);
    uint32_t mask = lvt_writable[reg - APIC_LVT_TIMER], old = *lvt;

    if (!(lapic->svr & SVR_ENABLE))
        value |= LVT_MASK;
    *lvt = (old & ~mask) | (value & mask);
    if (!(*lvt & LVT_LEVEL))
        *lvt &= ~(uint32_t)LVT_REMOTE_IRR;
    if (reg == APIC_LVT_TIMER)
        lapic_timer_mode(lapic, old);
    /* A level that waits behind the mask is delivered now. */
    for (unsigned i = 0; i < 2; i++)
        if (reg == APIC_LVT_LINT0 + i && lapic->lint[i] && (*lvt & LVT_LEVEL))
            lapic_local(lapic, reg);
}

/* The vector is the number of a register of another APIC, named by its ID;
 * nobody there: the status stays invalid. */
static void lapic_remote_read(struct lapic *lapic)
{
    for (unsigned i = 0; i < lapic->bus->lapic_count; i++) {
        struct lapic *other = lapic->bus->lapic[i];
        bool known;

        if (other->id != lapic->icr >> 56)
            continue;
        lapic->remote = lapic_get(other, (uint8_t)lapic->icr, &known);
        lapic->icr |= ICR_REMOTE_VALID;
    }
}

/* Writing the low half sends. The delivery status bit always reads as
 * idle: messages arrive at once. */
static void lapic_put_icr(struct lapic *lapic, uint64_t value)
{
    lapic->icr = (value & 0xFFFFFFFF00000000) | (value & ICR_LOW_WRITABLE);
    if ((value >> 8 & 7) == APIC_REMOTE_READ && !lapic_is_x2(lapic))
        lapic_remote_read(lapic);
    else
        lapic_send(lapic);
}

/* False: there is no such register to write. */
static bool lapic_put(struct lapic *lapic, unsigned reg, uint32_t value)
{
    if (reg >= APIC_LVT_TIMER && reg <= APIC_LVT_ERROR) {
        lapic_put_lvt(lapic, reg, value);
        return true;
    }
    switch (reg) {
    case APIC_ID:
        lapic->id = (uint8_t)(value >> 24);
        return true;
    case APIC_TPR:
        lapic->tpr = (uint8_t)value;
        return true;
    case APIC_EOI:
        lapic_eoi(lapic);
        return true;
    case APIC_LDR:
        lapic->ldr = value & 0xFF000000;
        return true;
    case APIC_DFR:
        lapic->dfr = value | 0x0FFFFFFF;
        return true;
    case APIC_SVR:
        lapic_put_svr(lapic, value);
        return true;
    case APIC_ESR: /* any write shows what has gathered */
        lapic->esr = lapic->errors;
        lapic->errors = 0;
        return true;
    case APIC_ICR:
        lapic_put_icr(lapic, (lapic->icr & 0xFFFFFFFF00000000) | value);
        return true;
    case APIC_ICR_HIGH:
        lapic->icr = (uint32_t)lapic->icr | (uint64_t)(value & 0xFF000000)
                                                << 32;
        return true;
    case APIC_TIMER_INITIAL:
        lapic_timer_set_initial(lapic, value);
        return true;
    case APIC_TIMER_DIVIDE:
        lapic_timer_set_divide(lapic, value);
        return true;
    default:
        return false;
    }
}

/* Registers are 16 bytes apart; the twelve bytes between read as zero. */
static uint64_t lapic_read(void *opaque, uint64_t offset, unsigned size)
{
    struct lapic *lapic = opaque;
    bool known;
    uint32_t value = lapic_get(lapic, (unsigned)(offset >> 4), &known);

    if (!known)
        lapic_error(lapic, ESR_ILLEGAL_REGISTER);
    if ((offset & 0xF) >= 4)
        return 0;
    return size < 4 ? value >> (8 * (offset & 3)) : value;
}

/* Only whole registers can be written. */
static void lapic_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    struct lapic *lapic = opaque;

    if (offset < 0x10 && size == 4 && (offset & 3) == 0) {
        apic_bus_message(lapic->bus, lapic->region.base + offset,
                         (uint32_t)value);
        return;
    }
    if (size != 4 || (offset & 0xF))
        return;
    if (!lapic_put(lapic, (unsigned)(offset >> 4), (uint32_t)value))
        lapic_error(lapic, ESR_ILLEGAL_REGISTER);
    lapic_update(lapic);
}

static const struct region_ops lapic_region_ops = {lapic_read, lapic_write, 4};

/* x2APIC: 10.12.1.2 */

bool lapic_read_msr(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    unsigned reg = msr - MSR_X2APIC;
    bool known;

    if (!lapic_is_x2(lapic) || reg > APIC_SELF_IPI || reg == APIC_EOI ||
        reg == APIC_DFR || reg == APIC_APR || reg == APIC_RRD ||
        reg == APIC_ICR_HIGH)
        return false;
    *value = lapic_get(lapic, reg, &known);
    if (reg == APIC_ICR)
        *value = lapic->icr;
    return known;
}

/* What xAPIC ignores is #GP in x2APIC mode. */
static bool lapic_x2_reserved(unsigned reg, uint64_t value)
{
    switch (reg) {
    case APIC_EOI:
    case APIC_ESR:
        return value != 0;
    case APIC_TPR:
    case APIC_SELF_IPI:
        return value > 0xFF;
    case APIC_ICR:
        return (value & 0xFFFFFFFF & ~(uint64_t)ICR_LOW_WRITABLE) != 0;
    case APIC_SVR:
        return value & ~(uint64_t)SVR_WRITABLE;
    case APIC_TIMER_DIVIDE:
        return value & ~(uint64_t)0xB;
    default:
        if (reg >= APIC_LVT_TIMER && reg <= APIC_LVT_ERROR)
            return value & ~((uint64_t)lvt_writable[reg - APIC_LVT_TIMER] |
                             LVT_REMOTE_IRR | 1 << 12);
        return value >> 32;
    }
}

bool lapic_write_msr(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    unsigned reg = msr - MSR_X2APIC;
    bool good = true;

    if (!lapic_is_x2(lapic) || reg > APIC_SELF_IPI || reg == APIC_ID ||
        reg == APIC_LDR || reg == APIC_DFR || reg == APIC_ICR_HIGH ||
        lapic_x2_reserved(reg, value))
        return false;
    if (reg == APIC_ICR)
        lapic_put_icr(lapic, value);
    else if (reg == APIC_SELF_IPI)
        lapic_accept(lapic, APIC_FIXED, (uint8_t)value, false);
    else
        good = lapic_put(lapic, reg, (uint32_t)value);
    lapic_update(lapic);
    return good;
}

/* The CPU's side */

uint8_t lapic_get_cr8(const struct lapic *lapic)
{
    return lapic->tpr >> 4;
}

/* CR8 is the class of TPR; the sub-class becomes 0. */
void lapic_set_cr8(struct lapic *lapic, uint8_t value)
{
    lapic->tpr = (uint8_t)(value << 4);
    lapic_update(lapic);
}

uint64_t lapic_get_base(const struct lapic *lapic)
{
    return lapic->base;
}

/* In x2APIC mode the page is ordinary memory again. */
static void lapic_map(struct lapic *lapic)
{
    addrspace_move(lapic->memory, &lapic->region,
                   lapic->base & ~(uint64_t)0xFFF,
                   lapic_enabled(lapic) && !lapic_is_x2(lapic));
}

/* 10.12.5: from x2APIC mode the only way out is off, and into it only
 * from xAPIC mode. */
static bool lapic_mode_allowed(const struct lapic *lapic, uint64_t value)
{
    uint64_t old = lapic->base & (BASE_ENABLE | BASE_EXTD);
    uint64_t new = value &(BASE_ENABLE | BASE_EXTD);

    if (new == BASE_EXTD || ((new &BASE_EXTD) && !lapic->x2apic))
        return false;
    if (old == (BASE_ENABLE | BASE_EXTD) && new == BASE_ENABLE)
        return false;
    return old != 0 || new != (BASE_ENABLE | BASE_EXTD);
}

bool lapic_set_base(struct lapic *lapic, uint64_t value, unsigned phys_bits)
{
    uint64_t legal = BASE_BSP | BASE_EXTD | BASE_ENABLE;

    legal |= bits(UINT64_MAX, 0, phys_bits) & ~(uint64_t)0xFFF;
    if ((value & ~legal) || !lapic_mode_allowed(lapic, value))
        return false;
    if (lapic_enabled(lapic) && !(value & BASE_ENABLE)) {
        lapic_init_reset(lapic);
        *lapic_lvt(lapic, APIC_LVT_LINT0) = LVT_MASK;
    }
    lapic->base = value;
    lapic_map(lapic);
    lapic_update(lapic);
    return true;
}

/* The device */

/* INIT: 10.4.7.3. The ID, the base and the level of the pins stay. */
void lapic_init_reset(struct lapic *lapic)
{
    lapic->tpr = 0;
    lapic->ldr = 0;
    lapic->dfr = 0xFFFFFFFF;
    lapic->svr = 0xFF;
    memset(lapic->isr, 0, sizeof lapic->isr);
    memset(lapic->tmr, 0, sizeof lapic->tmr);
    memset(lapic->irr, 0, sizeof lapic->irr);
    lapic->esr = lapic->errors = 0;
    lapic->icr = 0;
    lapic->remote = 0;
    for (unsigned i = 0; i < LVTS; i++)
        lapic->lvt[i] = LVT_MASK;
    if (lapic->base & BASE_BSP)
        *lapic_lvt(lapic, APIC_LVT_LINT0) = APIC_EXTINT << 8;
    lapic->initial = lapic->divide = 0;
    lapic->start = 0;
    lapic_timer_stop(lapic);
    lapic_update(lapic);
}

static void lapic_reset(struct device *device)
{
    struct lapic *lapic = CONTAINER_OF(device, struct lapic, device);

    lapic->id = lapic->initial_id;
    lapic->base =
        0xFEE00000 | BASE_ENABLE | (lapic->initial_id == 0 ? BASE_BSP : 0);
    lapic->lint[0] = lapic->lint[1] = false;
    lapic_map(lapic);
    lapic_init_reset(lapic);
}

static int lapic_post_load(struct device *device, uint32_t version)
{
    struct lapic *lapic = CONTAINER_OF(device, struct lapic, device);

    (void)version;
    event_cancel(lapic->sched, &lapic->timer);
    if (lapic->due != SCHED_NEVER)
        event_arm(lapic->sched, &lapic->timer, lapic->due);
    lapic_map(lapic);
    lapic_update(lapic);
    return 0;
}

static void lapic_destroy(struct device *device)
{
    struct lapic *lapic = CONTAINER_OF(device, struct lapic, device);
    struct apic_bus *bus = lapic->bus;

    for (unsigned i = 0; i < bus->lapic_count; i++)
        if (bus->lapic[i] == lapic)
            bus->lapic[i] = bus->lapic[--bus->lapic_count];
    event_free(lapic->sched, &lapic->timer);
    addrspace_unmap(lapic->memory, &lapic->region);
    free(lapic);
}

static const struct device_ops lapic_ops = {
    .name = "lapic",
    .description = "local APIC",
    .version = 1,
    .fields = lapic_fields,
    .reset = lapic_reset,
    .post_load = lapic_post_load,
    .destroy = lapic_destroy,
};

struct device *lapic_device(struct lapic *lapic)
{
    return &lapic->device;
}

struct lapic *lapic_create(const struct lapic_config *config)
{
    struct lapic *lapic;

    if (config->bus->lapic_count == APIC_MAX_CPUS)
        return NULL;
    lapic = calloc(1, sizeof *lapic);
    if (!lapic)
        return NULL;
    device_init(&lapic->device, &lapic_ops, "lapic", config->log);
    lapic->initial_id = config->id;
    lapic->x2apic = config->x2apic;
    lapic->bus = config->bus;
    lapic->memory = config->memory;
    lapic->intr = config->intr;
    lapic->sched = config->sched;
    lapic->cpu = config->cpu;
    lapic->cpu_opaque = config->cpu_opaque;
    lapic->pic_ack = config->pic_ack;
    lapic->pic_opaque = config->pic_opaque;
    lapic->bus_hz = config->bus_hz ? config->bus_hz : NS_PER_SEC;
    lapic->tsc_hz = config->tsc_hz ? config->tsc_hz : NS_PER_SEC;
    lapic->tsc = config->tsc;
    lapic->tsc_opaque = config->tsc_opaque;
    lapic->due = SCHED_NEVER;
    event_init(lapic->sched, &lapic->timer, "lapic", lapic_timer_fire, lapic);
    lapic->region = (struct region){
        .name = "lapic",
        .base = 0xFEE00000,
        .size = LAPIC_SIZE,
        .priority = PRIORITY,
        .kind = REGION_MMIO,
        .ops = &lapic_region_ops,
        .opaque = lapic,
    };
    lapic->bus->lapic[lapic->bus->lapic_count++] = lapic;
    return lapic;
}
