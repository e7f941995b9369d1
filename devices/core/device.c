/* device.c - the board's list of parts and walks over it. */
#include "devices/core/device.h"

void device_list_init(struct device_list *list)
{
    list->first = NULL;
    list->tail = &list->first;
}

void device_init(struct device *device, const struct device_ops *ops,
                 const char *id, struct log *log)
{
    device->ops = ops;
    device->id = id;
    device->log = log;
    device->next = NULL;
}

void device_add(struct device_list *list, struct device *device)
{
    ASSERT(!device->next && list->tail != &device->next);
    *list->tail = device;
    list->tail = &device->next;
}

void device_reset_all(struct device_list *list)
{
    for (struct device *d = list->first; d; d = d->next)
        if (d->ops->reset)
            d->ops->reset(d);
}

void device_destroy_all(struct device_list *list)
{
    struct device *reversed = NULL;

    while (list->first) {
        struct device *d = list->first;
        list->first = d->next;
        d->next = reversed;
        reversed = d;
    }
    device_list_init(list);
    while (reversed) {
        struct device *d = reversed;
        reversed = d->next;
        d->next = NULL;
        if (d->ops->destroy)
            d->ops->destroy(d);
    }
}

/* The id goes in too, so that equal fields of two parts do not trade. */
uint64_t device_hash_all(struct device_list *list, uint64_t hash)
{
    for (struct device *d = list->first; d; d = d->next) {
        hash = state_hash_bytes(d->id, strlen(d->id) + 1, hash);
        if (d->ops->fields)
            hash = state_hash(d->ops->fields, d, hash);
        if (d->ops->hash_extra)
            hash = d->ops->hash_extra(d, hash);
    }
    return hash;
}
