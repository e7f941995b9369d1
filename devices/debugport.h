/* debugport.h - ports through which firmware and tests talk to the host. */
#ifndef UMBRA_DEBUGPORT_H
#define UMBRA_DEBUGPORT_H

#include "devices/core/device.h"

struct addrspace;
struct debugport;

/* Callbacks may be NULL. */
struct debugport_config {
    struct addrspace *ports;
    struct log *log;
    uint16_t exit_base, exit_size; /* of the exit port; 0: F4h, 4 */
    /* A value was written to the exit port. The exit status is value * 2 + 1.
     */
    void (*exit)(void *opaque, uint32_t value);
    /* "Shutdown" was written to port 8900h. */
    void (*power_off)(void *opaque);
    void *opaque;
};

struct debugport *debugport_create(const struct debugport_config *config);
struct device *debugport_device(struct debugport *port);

extern const struct device_ops debugport_ops;

#endif
