/* kbc_i8042.h - the keyboard and mouse controller of a PC. */
#ifndef UMBRA_KBC_I8042_H
#define UMBRA_KBC_I8042_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct ps2_keyboard;
struct ps2_mouse;
struct kbc;

struct kbc_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
    struct irq *keyboard_irq;      /* IRQ 1 */
    struct irq *mouse_irq;         /* IRQ 12 */
    struct ps2_keyboard *keyboard; /* both must outlive the controller */
    struct ps2_mouse *mouse;
    /* The A20 gate is shared with port 92h: the board holds its state, the
     * last writer wins. */
    void (*set_a20)(void *opaque, bool on);
    bool (*get_a20)(void *opaque);
    /* Output port bit 0 went low: the CPU is reset. */
    void (*reset)(void *opaque);
    void *opaque;
};

struct kbc *kbc_create(const struct kbc_config *config);
struct device *kbc_device(struct kbc *kbc);

extern const struct device_ops kbc_i8042;

#endif
