/* pc_testdev.h - small test device (pc_testdev.c). */
#ifndef UMBRA_PC_TESTDEV_H
#define UMBRA_PC_TESTDEV_H

#include "devices/core/device.h"

struct addrspace;
struct pc_testdev;

enum { TESTDEV_LINES = 24 };

struct pc_testdev_config {
    struct addrspace *ports, *memory;
    struct log *log;
    /* Level of interrupt line 0..23; may be NULL. */
    void (*set_line)(void *opaque, unsigned line, bool level);
    void *opaque;
};

struct pc_testdev *pc_testdev_create(const struct pc_testdev_config *config);
struct device *pc_testdev_device(struct pc_testdev *dev);

extern const struct device_ops pc_testdev_ops;

#endif
