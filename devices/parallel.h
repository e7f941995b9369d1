/* parallel.h - a parallel port with a printer on its cable. */
#ifndef UMBRA_PARALLEL_H
#define UMBRA_PARALLEL_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct parallel;

struct parallel_config {
    const char *id; /* "parallel0"; outlives the part */
    struct addrspace *ports;
    uint16_t base; /* 378h, 278h, 3BCh */
    struct sched *sched;
    struct log *log;
    struct irq *irq; /* IRQ 7 or 5 */
    bool printer;    /* one is connected and switched on */
    /* The printer took a byte. May be NULL. */
    void (*print)(void *opaque, uint8_t byte);
    void *opaque;
};

struct parallel *parallel_create(const struct parallel_config *config);
struct device *parallel_device(struct parallel *parallel);

/* The printer takes no byte for now: it stays busy after the next one. */
void parallel_hold(struct parallel *parallel, bool hold);
/* The PC is switched off: the byte that the printer has is printed. */
void parallel_finish(struct parallel *parallel);

extern const struct device_ops parallel_port;

#endif
