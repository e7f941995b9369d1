/* sched.h - virtual clock and event queue.
 *
 * Time is in nanoseconds since power-on. Who runs the CPU (machine.c) says
 * what time it is through `clock` and is told by `rearmed` when the earliest
 * deadline moved closer, so that it can shorten the CPU's budget. Events of
 * equal time fire in the order in which they were armed. */
#ifndef UMBRA_CORE_SCHED_H
#define UMBRA_CORE_SCHED_H

#include "devices/core/base.h"

#define SCHED_NEVER UINT64_MAX
#define NS_PER_SEC  1000000000ull

struct event {
    void (*fire)(void *opaque); /* runs after the event was disarmed */
    void *opaque;
    const char *name;
    uint64_t when; /* ns; SCHED_NEVER = not armed */
    uint64_t order;
    unsigned slot; /* place in the queue */
    bool armed;
};

struct sched {
    uint64_t (*clock)(void *opaque); /* virtual time now, ns */
    void (*rearmed)(void *opaque);   /* may be NULL */
    void *opaque;
    struct event **queue; /* binary heap by (when, order) */
    unsigned count, capacity;
    uint64_t next_order;
};

void sched_init(struct sched *sched, uint64_t (*clock)(void *),
                void (*rearmed)(void *), void *opaque);
void sched_free(struct sched *sched);

static inline uint64_t sched_now(const struct sched *sched)
{
    return sched->clock(sched->opaque);
}

/* Make an event; it belongs to its part, the queue only refers to it.
 * Registers room for it, so that arming never allocates. */
void event_init(struct sched *sched, struct event *event, const char *name,
                void (*fire)(void *), void *opaque);
/* Take an event out for good (the part is destroyed). */
void event_free(struct sched *sched, struct event *event);
/* Arm or move; a time in the past fires at the next opportunity. */
void event_arm(struct sched *sched, struct event *event, uint64_t when);
void event_cancel(struct sched *sched, struct event *event);

/* Time of the earliest event or SCHED_NEVER. */
uint64_t sched_deadline(const struct sched *sched);
/* Fire all events due at `now`. */
void sched_run(struct sched *sched, uint64_t now);

#endif
