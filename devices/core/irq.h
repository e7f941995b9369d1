/* irq.h - one interrupt wire: a source drives a level, a sink is told of
 * changes. A source owns its `struct irq` (or is handed a pointer to one);
 * the board connects it. An unconnected wire swallows everything. */
#ifndef UMBRA_CORE_IRQ_H
#define UMBRA_CORE_IRQ_H

#include "devices/core/base.h"

/* `line` is the sink's own number of the input pin. */
typedef void irq_handler(void *opaque, unsigned line, bool level);

struct irq {
    irq_handler *handler;
    void *opaque;
    unsigned line;
    bool level; /* last level driven; part of no saved state: post_load
                   of the source drives it again */
};

static inline void irq_connect(struct irq *irq, irq_handler *handler,
                               void *opaque, unsigned line)
{
    irq->handler = handler;
    irq->opaque = opaque;
    irq->line = line;
    irq->level = false;
}

/* The sink hears of changes only. */
static inline void irq_set(struct irq *irq, bool level)
{
    if (irq->level == level)
        return;
    irq->level = level;
    if (irq->handler)
        irq->handler(irq->opaque, irq->line, level);
}

static inline void irq_raise(struct irq *irq)
{
    irq_set(irq, true);
}

static inline void irq_lower(struct irq *irq)
{
    irq_set(irq, false);
}

/* An edge for edge-triggered inputs. */
static inline void irq_pulse(struct irq *irq)
{
    irq_set(irq, true);
    irq_set(irq, false);
}

#endif
