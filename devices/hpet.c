/* hpet.c - high precision event timers.
 *
 * Manual: Intel "IA-PC HPET Specification" 1.0a. Memory: FED00000-FED003FF.
 * Modelled: a counter of 64 bits at 100 MHz, three timers of 32 or 64 bits,
 * one-shot and periodic, with the accumulator behind Tn_VAL_SET; level and
 * edge interrupts by I/O APIC pin, by message (FSB), or by the legacy route
 * (timers 0 and 1 as IRQ 0 and 8); 32- and 64-bit accesses.
 * Not modelled: a periodic timer that is late makes up for its periods by
 * one interrupt, and none comes more often than every two microseconds, so
 * that a guest cannot drown the emulator in events. */
#include "devices/hpet.h"

#include <stdlib.h>

enum {
    GCAP_ID = 0x000,
    GEN_CONF = 0x010,
    GINTR_STA = 0x020,
    MAIN_CNT = 0x0F0,
    TN_BASE = 0x100,
    TN_SIZE = 0x020,
    TN_CONF = 0x00, /* in a timer's block */
    TN_COMP = 0x08,
    TN_FSB = 0x10,

    ENABLE_CNF = 1 << 0,
    LEG_RT_CNF = 1 << 1,

    INT_TYPE_CNF = 1 << 1, /* level */
    INT_ENB_CNF = 1 << 2,
    TYPE_CNF = 1 << 3, /* periodic */
    VAL_SET_CNF = 1 << 6,
    MODE32_CNF = 1 << 8,
    INT_ROUTE_SHIFT = 9,
    FSB_EN_CNF = 1 << 14,
    TN_WRITABLE = 0x7F4E,
    TN_CAPABLE = 0x8030, /* periodic, 64 bits, FSB */

    TIMERS = 3,
    TICK_NS = 10,
    MIN_PERIOD_NS = 2000,
    HPET_SIZE = 0x400,
    PRIORITY = 10 /* over RAM and PCI */
};

#define FEMTOSECONDS   (1000000u * TICK_NS)
#define CAPABILITIES   ((uint64_t)FEMTOSECONDS << 32 | 0x8086A201u)
#define ROUTE_CAP      0x00FF0104ull /* pins 2, 8, 16 to 23 */
#define FURTHEST_TICKS (1ull << 59)

/* `due` is the time of the comparator's next match, later for a match that
 * comes too early after the last one, SCHED_NEVER if none is to be expected.
 * The event is armed for it only while the timer may interrupt: what a match
 * changes else is seen by nobody before the next access, which catches up.
 * `line` is what the timer drives, whatever wire that is. */
struct hpet_timer {
    uint32_t config; /* the writable bits */
    uint64_t comparator, period, fsb;
    uint64_t due; /* ns */
    bool line;
    /* TRANSIENT */
    struct event event;
    struct hpet *hpet;
};

/* The counter is `counter`, and since `started`, if enabled, one more each
 * tick. `pins` is what is driven on the wires. */
struct hpet {
    struct device device;
    uint32_t config, status;
    uint64_t counter;
    uint64_t started; /* ticks of the PC's clock */
    struct hpet_timer timer[TIMERS];
    /* TRANSIENT */
    uint32_t pins;
    bool legacy_told;
    struct addrspace *memory;
    struct sched *sched;
    struct region region;
    struct hpet_config wiring;
};

static const struct state_field hpet_fields[] = {
    FIELD(struct hpet, U32, config),
    FIELD(struct hpet, U32, status),
    FIELD(struct hpet, U64, counter),
    FIELD(struct hpet, U64, started),
    FIELD_OF(struct hpet, U32, timer, config),
    FIELD_OF(struct hpet, U64, timer, comparator),
    FIELD_OF(struct hpet, U64, timer, period),
    FIELD_OF(struct hpet, U64, timer, fsb),
    FIELD_OF(struct hpet, U64, timer, due),
    FIELD_OF(struct hpet, BOOL, timer, line),
    FIELD_END,
};

/* The counter */

static bool hpet_runs(const struct hpet *hpet)
{
    return hpet->config & ENABLE_CNF;
}

static uint64_t hpet_ticks(const struct hpet *hpet)
{
    return sched_now(hpet->sched) / TICK_NS;
}

static uint64_t hpet_counter(const struct hpet *hpet)
{
    if (!hpet_runs(hpet))
        return hpet->counter;
    return hpet->counter + (hpet_ticks(hpet) - hpet->started);
}

static void hpet_set_counter(struct hpet *hpet, uint64_t value)
{
    hpet->counter = value;
    hpet->started = hpet_ticks(hpet);
}

/* Wires */

static unsigned timer_number(const struct hpet_timer *t)
{
    return (unsigned)(t - t->hpet->timer);
}

/* In the legacy route the first two timers ignore their routing. */
static unsigned timer_pin(const struct hpet_timer *t)
{
    unsigned n = timer_number(t);

    if ((t->hpet->config & LEG_RT_CNF) && n < 2)
        return n ? HPET_PIN_IRQ8 : HPET_PIN_IRQ0;
    return t->config >> INT_ROUTE_SHIFT & 31;
}

static bool timer_by_message(const struct hpet_timer *t)
{
    bool legacy = (t->hpet->config & LEG_RT_CNF) && timer_number(t) < 2;

    return (t->config & FSB_EN_CNF) && !legacy;
}

/* Drive the wires as the timers' lines are; a pin is the OR of its timers. */
static void hpet_drive(struct hpet *hpet)
{
    bool legacy = hpet->config & LEG_RT_CNF;
    uint32_t pins = 0, changed;

    if (legacy != hpet->legacy_told) {
        hpet->legacy_told = legacy;
        hpet->wiring.legacy(hpet->wiring.opaque, legacy);
    }
    for (unsigned i = 0; i < TIMERS; i++)
        if (hpet->timer[i].line)
            pins |= 1u << timer_pin(&hpet->timer[i]);
    pins &= (uint32_t)ROUTE_CAP;
    changed = pins ^ hpet->pins;
    hpet->pins = pins;
    for (unsigned pin = 0; changed; pin++, changed >>= 1)
        if (changed & 1)
            hpet->wiring.set_pin(hpet->wiring.opaque, pin, pins >> pin & 1);
}

/* After a change of configuration or status: a level is what status says;
 * an edge was one when it came, and ends with what allowed it. */
static void hpet_update_lines(struct hpet *hpet)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        struct hpet_timer *t = &hpet->timer[i];
        bool may = hpet_runs(hpet) && (t->config & INT_ENB_CNF) &&
                   !timer_by_message(t);

        if (t->config & INT_TYPE_CNF)
            t->line = may && (hpet->status >> i & 1);
        else
            t->line = may && t->line;
    }
    hpet_drive(hpet);
}

/* The wire stays high until the next edge: an 8259 wants to see it when it
 * is asked for the vector. */
static void timer_interrupt(struct hpet_timer *t)
{
    struct hpet *hpet = t->hpet;

    if (t->config & INT_TYPE_CNF)
        hpet->status |= 1u << timer_number(t);
    if (!(t->config & INT_ENB_CNF))
        return;
    if (timer_by_message(t)) {
        hpet->wiring.message(hpet->wiring.opaque, t->fsb >> 32,
                             (uint32_t)t->fsb);
        return;
    }
    if (!(t->config & INT_TYPE_CNF)) {
        t->line = false;
        hpet_drive(hpet);
        t->line = true;
    }
    hpet_update_lines(hpet);
}

/* Comparators */

static uint64_t timer_mask(const struct hpet_timer *t)
{
    return t->config & MODE32_CNF ? UINT32_MAX : UINT64_MAX;
}

/* A guest that left a periodic timer running without its interrupt, as Linux
 * does, is not to wake the host. */
static void timer_schedule(struct hpet_timer *t)
{
    bool heard = t->config & INT_ENB_CNF;

    event_arm(t->hpet->sched, &t->event, heard ? t->due : SCHED_NEVER);
}

static void timer_arm(struct hpet_timer *t, uint64_t due)
{
    t->due = due;
    timer_schedule(t);
}

static void timer_stop(struct hpet_timer *t)
{
    timer_arm(t, SCHED_NEVER);
}

/* The comparator matches after `ticks` more. */
static void timer_expect(struct hpet_timer *t, uint64_t ticks,
                         uint64_t earliest)
{
    uint64_t due = (hpet_ticks(t->hpet) + ticks) * TICK_NS;

    if (ticks > FURTHEST_TICKS)
        timer_stop(t);
    else
        timer_arm(t, due < earliest ? earliest : due);
}

/* A value that was passed already comes round after all others. */
static void timer_restart(struct hpet_timer *t)
{
    struct hpet *hpet = t->hpet;

    if (!hpet_runs(hpet))
        timer_stop(t);
    else
        timer_expect(t, (t->comparator - hpet_counter(hpet)) & timer_mask(t),
                     0);
}

/* The counter has reached the comparator, some ticks ago perhaps. */
static void timer_match(struct hpet_timer *t)
{
    struct hpet *hpet = t->hpet;
    uint64_t now = sched_now(hpet->sched), mask = timer_mask(t);
    uint64_t late = (hpet_counter(hpet) - t->comparator) & mask;
    uint64_t period = t->period & mask;

    if ((t->config & TYPE_CNF) && period) {
        uint64_t left = period - late % period;

        t->comparator =
            (t->comparator + (late - late % period) + period) & mask;
        timer_expect(t, left, now + MIN_PERIOD_NS);
    } else if (t->config & MODE32_CNF) {
        timer_expect(t, mask - late + 1, 0);
    } else {
        timer_stop(t);
    }
    timer_interrupt(t);
}

static void timer_fire(void *opaque)
{
    timer_match(opaque);
}

/* Events fire between slices of the CPU; what is due comes before what the
 * guest does now. */
static void hpet_catch_up(struct hpet *hpet)
{
    uint64_t now = sched_now(hpet->sched);

    for (unsigned i = 0; i < TIMERS; i++)
        if (hpet->timer[i].due <= now)
            timer_match(&hpet->timer[i]);
}

/* Registers */

static uint64_t merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return (old & ~mask) | (value & mask);
}

static uint64_t timer_read(const struct hpet_timer *t, unsigned reg)
{
    switch (reg) {
    case TN_CONF:
        return ROUTE_CAP << 32 | TN_CAPABLE | t->config;
    case TN_COMP:
        return t->comparator;
    case TN_FSB:
        return t->fsb;
    default:
        return 0;
    }
}

static uint64_t hpet_read_register(const struct hpet *hpet, unsigned reg)
{
    unsigned n = (reg - TN_BASE) / TN_SIZE;

    switch (reg) {
    case GCAP_ID:
        return CAPABILITIES;
    case GEN_CONF:
        return hpet->config;
    case GINTR_STA:
        return hpet->status;
    case MAIN_CNT:
        return hpet_counter(hpet);
    default:
        if (reg < TN_BASE || n >= TIMERS)
            return 0;
        return timer_read(&hpet->timer[n], reg % TN_SIZE);
    }
}

/* Routes that the capability does not name are kept as 0 (2.3.8). */
static void timer_write_config(struct hpet_timer *t, uint64_t value,
                               uint64_t mask)
{
    uint32_t config = (uint32_t)merge(t->config, value, mask & TN_WRITABLE);

    uint32_t changed;

    if (!(ROUTE_CAP >> (config >> INT_ROUTE_SHIFT & 31) & 1))
        config &= ~(31u << INT_ROUTE_SHIFT);
    changed = t->config ^ config;
    if ((config & MODE32_CNF) && !(t->config & MODE32_CNF)) {
        t->comparator = (uint32_t)t->comparator;
        t->period = (uint32_t)t->period;
    }
    t->config = config;
    if (changed & (MODE32_CNF | TYPE_CNF))
        timer_restart(t);
    timer_schedule(t);
    /* An edge that was elsewhere or a level is none here. */
    if (changed & (31u << INT_ROUTE_SHIFT | INT_TYPE_CNF))
        t->line = false;
    hpet_update_lines(t->hpet);
}

/* A periodic timer's value is the period; it becomes the next match as well
 * under VAL_SET, which the write uses up (2.3.9.2.2). */
static void timer_write_comparator(struct hpet_timer *t, uint64_t value,
                                   uint64_t mask)
{
    bool periodic = t->config & TYPE_CNF;

    if (t->config & MODE32_CNF) {
        value = (uint32_t)value;
        mask |= UINT64_MAX << 32;
    }
    if (periodic)
        t->period = merge(t->period, value, mask);
    if (!periodic || (t->config & VAL_SET_CNF)) {
        t->comparator = merge(t->comparator, value, mask);
        timer_restart(t);
    }
    t->config &= ~(uint32_t)VAL_SET_CNF;
}

static void timer_write(struct hpet_timer *t, unsigned reg, uint64_t value,
                        uint64_t mask)
{
    if (reg == TN_CONF)
        timer_write_config(t, value, mask);
    else if (reg == TN_COMP)
        timer_write_comparator(t, value, mask);
    else if (reg == TN_FSB)
        t->fsb = merge(t->fsb, value, mask);
}

static void hpet_write_config(struct hpet *hpet, uint32_t value)
{
    uint64_t counter = hpet_counter(hpet);
    bool ran = hpet_runs(hpet);

    hpet->config = value & (ENABLE_CNF | LEG_RT_CNF);
    if (ran != hpet_runs(hpet)) {
        hpet_set_counter(hpet, counter);
        for (unsigned i = 0; i < TIMERS; i++)
            timer_restart(&hpet->timer[i]);
    }
    hpet_update_lines(hpet);
}

static void hpet_write_register(struct hpet *hpet, unsigned reg, uint64_t value,
                                uint64_t mask)
{
    unsigned n = (reg - TN_BASE) / TN_SIZE;

    switch (reg) {
    case GEN_CONF:
        hpet_write_config(hpet, (uint32_t)merge(hpet->config, value, mask));
        break;
    case GINTR_STA: /* ones clear */
        hpet->status &= ~(uint32_t)(value & mask);
        hpet_update_lines(hpet);
        break;
    case MAIN_CNT:
        hpet_set_counter(hpet, merge(hpet_counter(hpet), value, mask));
        for (unsigned i = 0; i < TIMERS; i++)
            timer_restart(&hpet->timer[i]);
        break;
    default:
        if (reg >= TN_BASE && n < TIMERS)
            timer_write(&hpet->timer[n], reg % TN_SIZE, value, mask);
    }
}

/* The unit is a register of 8 bytes or one of its halves (2.3.1); narrower
 * reads get their part, narrower or odd writes nothing. */
static uint64_t hpet_read(void *opaque, uint64_t offset, unsigned size)
{
    struct hpet *hpet = opaque;
    unsigned within = (unsigned)offset & 7;
    uint64_t value;

    hpet_catch_up(hpet);
    value = hpet_read_register(hpet, (unsigned)offset & ~7u) >> 8 * within;
    if (within + size > 8)
        value |= hpet_read_register(hpet, ((unsigned)offset & ~7u) + 8)
                 << 8 * (8 - within);
    return value;
}

static void hpet_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct hpet *hpet = opaque;
    unsigned reg = (unsigned)offset & ~7u;
    bool high = offset & 4;

    if (size < 4 || (offset & 3) || (size == 8 && high)) {
        LOG(hpet->device.log, GUEST_ERROR, "hpet: write of %u bytes at %03X",
            size, (unsigned)offset);
        return;
    }
    hpet_catch_up(hpet);
    hpet_write_register(hpet, reg, high ? value << 32 : value,
                        size == 8 ? UINT64_MAX
                        : high    ? UINT64_MAX << 32
                                  : UINT32_MAX);
}

static const struct region_ops hpet_region_ops = {hpet_read, hpet_write, 8};

/* The device */

/* 2.3.9.2: comparators come out of reset as all ones. */
static void hpet_reset(struct device *device)
{
    struct hpet *hpet = CONTAINER_OF(device, struct hpet, device);

    hpet->config = hpet->status = 0;
    hpet_set_counter(hpet, 0);
    for (unsigned i = 0; i < TIMERS; i++) {
        struct hpet_timer *t = &hpet->timer[i];

        t->config = 0;
        t->comparator = UINT64_MAX;
        t->period = t->fsb = 0;
        t->line = false;
        timer_stop(t);
    }
    hpet_drive(hpet);
}

static int hpet_post_load(struct device *device, uint32_t version)
{
    struct hpet *hpet = CONTAINER_OF(device, struct hpet, device);

    (void)version;
    for (unsigned i = 0; i < TIMERS; i++)
        timer_schedule(&hpet->timer[i]);
    hpet_drive(hpet);
    return 0;
}

static void hpet_destroy(struct device *device)
{
    struct hpet *hpet = CONTAINER_OF(device, struct hpet, device);

    for (unsigned i = 0; i < TIMERS; i++)
        event_free(hpet->sched, &hpet->timer[i].event);
    addrspace_unmap(hpet->memory, &hpet->region);
    free(hpet);
}

static const struct device_ops hpet_device_ops = {
    .name = "hpet",
    .description = "high precision event timers",
    .version = 1,
    .fields = hpet_fields,
    .reset = hpet_reset,
    .post_load = hpet_post_load,
    .destroy = hpet_destroy,
};

struct device *hpet_device(struct hpet *hpet)
{
    return &hpet->device;
}

struct hpet *hpet_create(const struct hpet_config *config)
{
    struct hpet *hpet = calloc(1, sizeof *hpet);

    if (!hpet)
        return NULL;
    device_init(&hpet->device, &hpet_device_ops, "hpet", config->log);
    hpet->wiring = *config;
    hpet->memory = config->memory;
    hpet->sched = config->sched;
    for (unsigned i = 0; i < TIMERS; i++) {
        hpet->timer[i].hpet = hpet;
        event_init(hpet->sched, &hpet->timer[i].event, "hpet", timer_fire,
                   &hpet->timer[i]);
    }
    hpet->region = (struct region){
        .name = "hpet",
        .base = HPET_BASE,
        .size = HPET_SIZE,
        .priority = PRIORITY,
        .kind = REGION_MMIO,
        .ops = &hpet_region_ops,
        .opaque = hpet,
    };
    addrspace_map(hpet->memory, &hpet->region);
    hpet_reset(&hpet->device);
    return hpet;
}
