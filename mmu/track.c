/* track.c - write tracking per frame: TABLE, CODE, DIRTY, WATCH. */
#include "mmu/track.h"

#include "mmu/mmu.h"

#include <stdlib.h>

struct track {
    struct track_client client;
    track_watch_hook *watch;
    void *watch_opaque;
    struct mmu_counters *count; /* the client's or `own` */
    struct mmu_counters own;
};

struct track *track_create(void)
{
    struct track *track = calloc(1, sizeof *track);

    if (track)
        track->count = &track->own;
    return track;
}

void track_destroy(struct track *track)
{
    free(track);
}

void track_attach(struct track *track, const struct track_client *client)
{
    memset(&track->client, 0, sizeof track->client);
    if (client)
        track->client = *client;
    track->count = track->client.count ? track->client.count : &track->own;
}

void track_set_watch(struct track *track, track_watch_hook *hook, void *opaque)
{
    track->watch = hook;
    track->watch_opaque = opaque;
}

void track_add(struct track *track, struct ram_block *block, uint64_t offset,
               enum track_reason reason)
{
    struct ram_frame *frame = ram_frame_at(block, offset);
    bool first = !frame->tracked;

    frame->tracked |= (uint8_t)reason;
    if (first && track->client.protect)
        track->client.protect(track->client.opaque, block, offset & PAGE_MASK);
}

void track_remove(struct ram_frame *frame, enum track_reason reason)
{
    frame->tracked &= (uint8_t)~reason;
}

static void stored_to_code(struct track *track, struct ram_block *block,
                           uint64_t offset, unsigned size)
{
    struct ram_frame *frame = ram_frame_at(block, offset);
    unsigned in_page = (unsigned)offset & (PAGE_SIZE - 1);

    if (!(frame->code_granules & code_granules_of(in_page, size))) {
        track->count->code_beside++;
        return;
    }
    track->count->code_write++;
    if (track->client.code_written)
        track->client.code_written(track->client.opaque, frame,
                                   block->host + (offset & PAGE_MASK), in_page,
                                   size);
}

static void stored_to_table(struct track *track, struct ram_frame *frame,
                            unsigned offset, unsigned size, bool by_walk)
{
    const struct track_client *client = &track->client;

    if (!by_walk)
        track->count->table_write++;
    if (by_walk && client->table_marked)
        client->table_marked(client->opaque, frame, offset, size);
    else if (!by_walk && client->table_written)
        client->table_written(client->opaque, frame, offset, size);
}

static void stored(struct track *track, struct ram_block *block,
                   uint64_t offset, unsigned size, bool by_walk)
{
    struct ram_frame *frame = ram_frame_at(block, offset);
    unsigned in_page = (unsigned)offset & (PAGE_SIZE - 1);

    ASSERT(size && in_page + size <= PAGE_SIZE);
    if (frame->tracked & TRACK_DIRTY) {
        track->count->dirty_write++;
        frame->dirty = true;
        track_remove(frame, TRACK_DIRTY);
    }
    if (frame->tracked & TRACK_TABLE)
        stored_to_table(track, frame, in_page, size, by_walk);
    if (frame->tracked & TRACK_CODE)
        stored_to_code(track, block, offset, size);
    if (frame->tracked & TRACK_WATCH && track->watch)
        track->watch(track->watch_opaque, block, offset, size);
}

void track_stored(struct track *track, struct ram_block *block, uint64_t offset,
                  unsigned size)
{
    stored(track, block, offset, size, false);
}

void track_stored_by_walk(struct track *track, struct ram_block *block,
                          uint64_t offset, unsigned size)
{
    stored(track, block, offset, size, true);
}

void track_code(struct track *track, struct ram_block *block, uint64_t offset,
                unsigned size, gpa_t gpa)
{
    struct ram_frame *frame = ram_frame_at(block, offset);

    frame->code_gfn = (uint32_t)(gpa >> PAGE_SHIFT);
    frame->code_granules |=
        code_granules_of((unsigned)offset & (PAGE_SIZE - 1), size);
    track_add(track, block, offset, TRACK_CODE);
}

void track_dirty_start(struct track *track, struct ram_block *block,
                       uint64_t offset, uint64_t size)
{
    for (uint64_t at = offset & PAGE_MASK; at < offset + size;
         at += PAGE_SIZE) {
        ram_frame_at(block, at)->dirty = true;
        track_add(track, block, at, TRACK_DIRTY);
    }
}

void track_dirty_stop(struct ram_block *block, uint64_t offset, uint64_t size)
{
    for (uint64_t at = offset & PAGE_MASK; at < offset + size; at += PAGE_SIZE)
        track_remove(ram_frame_at(block, at), TRACK_DIRTY);
}

bool track_dirty_take(struct track *track, struct ram_block *block,
                      uint64_t offset)
{
    struct ram_frame *frame = ram_frame_at(block, offset);
    bool dirty = frame->dirty;

    if (!dirty)
        return false;
    frame->dirty = false;
    track_add(track, block, offset, TRACK_DIRTY);
    return true;
}
