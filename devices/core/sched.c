/* sched.c - event queue: a binary heap ordered by (when, order). */
#include "devices/core/sched.h"

#include <stdlib.h>

void sched_init(struct sched *sched, uint64_t (*clock)(void *),
                void (*rearmed)(void *), void *opaque)
{
    memset(sched, 0, sizeof *sched);
    sched->clock = clock;
    sched->rearmed = rearmed;
    sched->opaque = opaque;
}

void sched_free(struct sched *sched)
{
    free(sched->queue);
    sched->queue = NULL;
    sched->count = sched->capacity = 0;
}

static bool before(const struct event *a, const struct event *b)
{
    return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void place(struct sched *sched, struct event *event, unsigned slot)
{
    sched->queue[slot] = event;
    event->slot = slot;
}

static void sift_up(struct sched *sched, struct event *event)
{
    unsigned slot = event->slot;

    while (slot > 0) {
        struct event *parent = sched->queue[(slot - 1) / 2];
        if (!before(event, parent))
            break;
        place(sched, parent, slot);
        slot = (slot - 1) / 2;
    }
    place(sched, event, slot);
}

static void sift_down(struct sched *sched, struct event *event)
{
    unsigned slot = event->slot;

    for (;;) {
        unsigned child = 2 * slot + 1;
        if (child >= sched->count)
            break;
        if (child + 1 < sched->count &&
            before(sched->queue[child + 1], sched->queue[child]))
            child++;
        if (!before(sched->queue[child], event))
            break;
        place(sched, sched->queue[child], slot);
        slot = child;
    }
    place(sched, event, slot);
}

/* `capacity` is the number of events that exist: each has a place. */
void event_init(struct sched *sched, struct event *event, const char *name,
                void (*fire)(void *), void *opaque)
{
    struct event **queue =
        realloc(sched->queue, (sched->capacity + 1) * sizeof *queue);

    ASSERT(queue);
    sched->queue = queue;
    sched->capacity++;
    *event = (struct event){
        .fire = fire, .opaque = opaque, .name = name, .when = SCHED_NEVER};
}

void event_free(struct sched *sched, struct event *event)
{
    ASSERT(sched->capacity > 0);
    event_cancel(sched, event);
    sched->capacity--;
}

void event_arm(struct sched *sched, struct event *event, uint64_t when)
{
    uint64_t deadline = sched_deadline(sched);

    if (when == SCHED_NEVER) {
        event_cancel(sched, event);
        return;
    }
    event->when = when;
    event->order = sched->next_order++;
    if (!event->armed) {
        ASSERT(sched->count < sched->capacity);
        event->armed = true;
        place(sched, event, sched->count++);
    }
    sift_up(sched, event);
    sift_down(sched, event);
    if (when < deadline && sched->rearmed)
        sched->rearmed(sched->opaque);
}

void event_cancel(struct sched *sched, struct event *event)
{
    struct event *last;

    event->when = SCHED_NEVER;
    if (!event->armed)
        return;
    event->armed = false;
    last = sched->queue[--sched->count];
    if (last == event)
        return;
    place(sched, last, event->slot);
    sift_up(sched, last);
    sift_down(sched, last);
}

uint64_t sched_deadline(const struct sched *sched)
{
    return sched->count ? sched->queue[0]->when : SCHED_NEVER;
}

/* An event that arms itself for a time already past waits for the next
 * call, so that the CPU runs in between and the loop ends. */
void sched_run(struct sched *sched, uint64_t now)
{
    uint64_t first_new = sched->next_order;

    while (sched->count) {
        struct event *event = sched->queue[0];
        if (event->when > now || event->order >= first_new)
            return;
        event_cancel(sched, event);
        event->fire(event->opaque);
    }
}
