/* kbc_8042.h - the keyboard and mouse controller of a PC. */
#ifndef UMBRA_KBC_8042_H
#define UMBRA_KBC_8042_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct keyboard;
struct mouse;
struct kbc;

struct kbc_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
    struct irq *keyboard_irq;  /* IRQ 1 */
    struct irq *mouse_irq;     /* IRQ 12 */
    struct keyboard *keyboard; /* both must outlive the controller */
    struct mouse *mouse;
    /* Output port bit 1 changed. The board ORs it with port 92h. */
    void (*a20)(void *opaque, bool level);
    /* Output port bit 0 went low: the CPU is reset. */
    void (*reset)(void *opaque);
    void *opaque;
};

struct kbc *kbc_create(const struct kbc_config *config);
struct device *kbc_device(struct kbc *kbc);

extern const struct device_ops kbc_8042;

#endif
