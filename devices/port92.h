/* port92.h - system control port A (92h): fast A20 and fast CPU reset. */
#ifndef UMBRA_PORT92_H
#define UMBRA_PORT92_H

#include "devices/core/device.h"

struct addrspace;
struct port92;

struct port92_config {
    struct addrspace *ports;
    struct log *log;
    /* The A20 gate is shared with the keyboard controller: the board holds
     * its state, the last writer wins. */
    void (*set_a20)(void *opaque, bool on);
    bool (*get_a20)(void *opaque);
    void (*reset)(void *opaque); /* bit 0 rose */
    void *opaque;
};

struct port92 *port92_create(const struct port92_config *config);
struct device *port92_device(struct port92 *port);

extern const struct device_ops port92_ops;

#endif
