/* track.h - write tracking: who must hear of stores to a frame.
 *
 * A frame carries reasons (enum track_reason, ram.h). While it has one it
 * sits in no write array of any TLB, so that every store takes a slow path
 * which stores first and then calls track_stored. One `struct track` serves
 * a board; its MMU attaches to it. */
#ifndef UMBRA_MMU_TRACK_H
#define UMBRA_MMU_TRACK_H

#include "mmu/ram.h"

struct mmu_counters;
struct track;

/* What the MMU offers to tracking.
 * protect: a first reason came up; take the frame out of all write arrays.
 * table_written: bytes of a frame with TRACK_TABLE changed.
 * table_marked: the table walk set accessed or dirty in an entry of one.
 * code_written: bytes of granules that hold code changed; `host` is
 * the frame's first byte. */
struct track_client {
    void (*protect)(void *opaque, struct ram_block *block, uint64_t offset);
    void (*table_written)(void *opaque, struct ram_frame *frame,
                          unsigned offset, unsigned size);
    void (*table_marked)(void *opaque, struct ram_frame *frame, unsigned offset,
                         unsigned size);
    void (*code_written)(void *opaque, struct ram_frame *frame, uint8_t *host,
                         unsigned offset, unsigned size);
    void *opaque;
    struct mmu_counters *count; /* where stores are counted; or NULL */
};

/* The debugger: [offset, offset + size) of a frame with TRACK_WATCH was
 * stored to. */
typedef void track_watch_hook(void *opaque, struct ram_block *block,
                              uint64_t offset, uint64_t size);

struct track *track_create(void); /* NULL: the host has no memory */
void track_destroy(struct track *track);
/* NULL detaches. */
void track_attach(struct track *track, const struct track_client *client);

/* Add or take away a reason. */
void track_add(struct track *track, struct ram_block *block, uint64_t offset,
               enum track_reason reason);
void track_remove(struct ram_frame *frame, enum track_reason reason);

/* Bytes were stored to a frame that has reasons. [offset, offset + size) of
 * the block lies in one frame. */
void track_stored(struct track *track, struct ram_block *block, uint64_t offset,
                  unsigned size);
/* The same for stores of accessed and dirty bits by the guest table walk. */
void track_stored_by_walk(struct track *track, struct ram_block *block,
                          uint64_t offset, unsigned size);

/* Code was decoded from these bytes of one frame; gpa is the frame's. */
void track_code(struct track *track, struct ram_block *block, uint64_t offset,
                unsigned size, gpa_t gpa);

/* Change tracking for displays, by whole frames. `start` arms it and calls
 * everything changed. `take` tells whether the frame was stored to since the
 * last take, and arms it again. A frame costs one slow store per take. */
void track_dirty_start(struct track *track, struct ram_block *block,
                       uint64_t offset, uint64_t size);
void track_dirty_stop(struct ram_block *block, uint64_t offset, uint64_t size);
bool track_dirty_take(struct track *track, struct ram_block *block,
                      uint64_t offset);

/* One debugger hook; NULL takes it away. Frames are chosen with
 * track_add(..., TRACK_WATCH). */
void track_set_watch(struct track *track, track_watch_hook *hook, void *opaque);

#endif
