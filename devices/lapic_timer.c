/* lapic_timer.c - the local APIC's timer.
 *
 * Manual: Intel SDM volume 3, 10.5.4. Modelled: one-shot, periodic and
 * TSC-deadline mode over virtual time, all dividers, changes while it runs.
 * Not modelled: periods below two microseconds are stretched to that, so
 * that a guest cannot drown the emulator in events. */
#include "devices/lapic_internal.h"

enum { MIN_PERIOD_NS = 2000 };

/* a * b / c without overflow, for b, c < 2^33. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    return a / c * b + a % c * b / c;
}

/* DCR: bits 3, 1, 0 as a power of two, 2 to 128 and then 1. */
static unsigned timer_divider(const struct lapic *lapic)
{
    unsigned code = (lapic->divide & 3) | (lapic->divide >> 1 & 4);

    return 1u << ((code + 1) & 7);
}

static uint64_t timer_ns(const struct lapic *lapic, uint32_t count)
{
    return scale((uint64_t)count * timer_divider(lapic), NS_PER_SEC,
                 lapic->bus_hz);
}

static uint32_t timer_mode(const struct lapic *lapic)
{
    return lapic->lvt[0] & LVT_TIMER_MODE;
}

static void timer_arm(struct lapic *lapic, uint64_t due)
{
    lapic->due = due;
    event_arm(lapic->sched, &lapic->timer, due);
}

/* Also the state after a one-shot: current count 0, no deadline. */
void lapic_timer_stop(struct lapic *lapic)
{
    event_cancel(lapic->sched, &lapic->timer);
    lapic->due = SCHED_NEVER;
    lapic->count = 0;
    lapic->deadline = 0;
}

static void timer_start(struct lapic *lapic, uint32_t count, uint64_t now)
{
    lapic->start = now;
    lapic->count = count;
    timer_arm(lapic, now + timer_ns(lapic, count));
}

/* Nothing counts between events: the count follows from the time. */
uint32_t lapic_timer_current(const struct lapic *lapic)
{
    uint64_t elapsed, ticks;

    if (lapic->due == SCHED_NEVER || lapic->count == 0)
        return 0;
    elapsed = sched_now(lapic->sched) - lapic->start;
    ticks = scale(elapsed, lapic->bus_hz, NS_PER_SEC) / timer_divider(lapic);
    return ticks < lapic->count ? lapic->count - (uint32_t)ticks : 0;
}

void lapic_timer_set_initial(struct lapic *lapic, uint32_t value)
{
    if (timer_mode(lapic) & LVT_TIMER_DEADLINE)
        return;
    lapic_timer_stop(lapic);
    lapic->initial = value;
    if (value)
        timer_start(lapic, value, sched_now(lapic->sched));
}

/* What is left goes on at the new pace. */
void lapic_timer_set_divide(struct lapic *lapic, uint32_t value)
{
    uint32_t current = lapic_timer_current(lapic);

    lapic->divide = value & 0xB;
    if (current)
        timer_start(lapic, current, sched_now(lapic->sched));
}

/* Going to or from TSC-deadline mode disarms the timer. */
void lapic_timer_mode(struct lapic *lapic, uint32_t old)
{
    if ((old ^ lapic->lvt[0]) & LVT_TIMER_DEADLINE) {
        lapic_timer_stop(lapic);
        lapic->initial = 0;
    }
}

uint64_t lapic_get_tsc_deadline(const struct lapic *lapic)
{
    return lapic->deadline;
}

void lapic_set_tsc_deadline(struct lapic *lapic, uint64_t value)
{
    uint64_t now = sched_now(lapic->sched), tsc;

    if (timer_mode(lapic) != LVT_TIMER_DEADLINE || !lapic->tsc)
        return;
    lapic_timer_stop(lapic);
    if (value == 0)
        return;
    lapic->deadline = value;
    tsc = lapic->tsc(lapic->tsc_opaque);
    if (value <= tsc)
        timer_arm(lapic, now);
    else if (value - tsc < (uint64_t)1 << 62)
        timer_arm(lapic,
                  now + scale(value - tsc, NS_PER_SEC, lapic->tsc_hz) + 1);
}

/* A period that is already over once more (a halted or slow run) is not
 * made up for. */
static void timer_next_period(struct lapic *lapic)
{
    uint64_t now = sched_now(lapic->sched);
    uint64_t period = timer_ns(lapic, lapic->initial);
    uint64_t start = lapic->due;

    if (period < MIN_PERIOD_NS)
        period = MIN_PERIOD_NS;
    if (start + period <= now)
        start = now;
    lapic->start = start;
    lapic->count = lapic->initial;
    timer_arm(lapic, start + period);
}

void lapic_timer_fire(void *opaque)
{
    struct lapic *lapic = opaque;

    if (timer_mode(lapic) == LVT_TIMER_PERIODIC && lapic->initial)
        timer_next_period(lapic);
    else
        lapic_timer_stop(lapic);
    lapic_local(lapic, APIC_LVT_TIMER);
}
