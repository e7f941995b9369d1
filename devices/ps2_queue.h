/* ps2_queue.h - a short queue of bytes, for keyboard, mouse and 8042. */
#ifndef UMBRA_PS2_QUEUE_H
#define UMBRA_PS2_QUEUE_H

#include "devices/core/state.h"

enum { PS2_QUEUE_SIZE = 16 };

struct ps2_queue {
    uint8_t data[PS2_QUEUE_SIZE];
    uint8_t first, count;
};

/* Rows of a field table for a member that is a queue. */
#define PS2_QUEUE_FIELDS(s, member)                                            \
    FIELD_ARRAY(s, U8, member.data), FIELD(s, U8, member.first),               \
        FIELD(s, U8, member.count)

/* False when there is no room. */
static inline bool ps2_queue_put(struct ps2_queue *queue, uint8_t byte)
{
    if (queue->count >= PS2_QUEUE_SIZE)
        return false;
    queue->data[(queue->first + queue->count++) % PS2_QUEUE_SIZE] = byte;
    return true;
}

/* The queue must hold something. */
static inline uint8_t ps2_queue_get(struct ps2_queue *queue)
{
    uint8_t byte = queue->data[queue->first % PS2_QUEUE_SIZE];

    queue->first = (queue->first + 1) % PS2_QUEUE_SIZE;
    queue->count--;
    return byte;
}

static inline void ps2_queue_clear(struct ps2_queue *queue)
{
    memset(queue, 0, sizeof *queue);
}

/* After a load: is it one that can be? */
static inline bool ps2_queue_valid(const struct ps2_queue *queue)
{
    return queue->first < PS2_QUEUE_SIZE && queue->count <= PS2_QUEUE_SIZE;
}

#endif
