/* device.h - what every part on the board is.
 *
 * A part embeds `struct device` as its first member and has one const
 * device_ops. Life: X_create (may fail), reset, run, save or load, destroy.
 * `reset` sets every saved field to its power-on value. */
#ifndef UMBRA_CORE_DEVICE_H
#define UMBRA_CORE_DEVICE_H

#include "devices/core/base.h"
#include "devices/core/log.h"
#include "devices/core/state.h"

struct device;

struct device_ops {
    const char *name;                 /* "pit", "ide" */
    const char *description;          /* "Intel 8254 timer" */
    uint32_t version;                 /* of the saved fields */
    const struct state_field *fields; /* saved fields, table */
    void (*reset)(struct device *);
    /* Recompute what is derived (wire levels, events) after a load. */
    int (*post_load)(struct device *, uint32_t version);
    /* Releases the part and its memory. */
    void (*destroy)(struct device *);
    /* Optional: saved data beyond the field table (images of RAM). */
    uint64_t (*hash_extra)(struct device *, uint64_t hash);
};

/* `id` tells two parts of one kind apart ("pic.master"). `next` links the
 * board's list in order of creation, which is also the order of reset. */
struct device {
    const struct device_ops *ops;
    const char *id;
    struct log *log;
    struct device *next;
};

struct device_list {
    struct device *first;
    struct device **tail;
};

void device_list_init(struct device_list *list);
/* `id` must outlive the part (a string constant). */
void device_init(struct device *device, const struct device_ops *ops,
                 const char *id, struct log *log);
void device_add(struct device_list *list, struct device *device);
void device_reset_all(struct device_list *list);
/* Destroys in reverse order of creation. */
void device_destroy_all(struct device_list *list);
uint64_t device_hash_all(struct device_list *list, uint64_t hash);

#endif
