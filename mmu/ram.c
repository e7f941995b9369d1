/* ram.c - RAM and ROM buffers with their frame descriptors. */
#include "mmu/ram.h"

#include "mmu/hostmem.h"
#include "mmu/track.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t frames_bytes(uint64_t size)
{
    uint64_t bytes = (size >> PAGE_SHIFT) * sizeof(struct ram_frame);

    return (bytes + PAGE_SIZE - 1) & PAGE_MASK;
}

struct ram_block *ram_create(const char *name, uint64_t size,
                             struct track *track, char *error,
                             size_t error_size)
{
    struct ram_block *block;

    ASSERT(size && !(size & (PAGE_SIZE - 1)));
    block = calloc(1, sizeof *block);
    if (!block) {
        snprintf(error, error_size,
                 "%s: the host has no memory for it; free some", name);
        return NULL;
    }
    block->name = name;
    block->size = size;
    block->track = track;
    block->host = hostmem_map(size, true, error, error_size);
    if (block->host)
        block->frames =
            hostmem_map(frames_bytes(size), false, error, error_size);
    if (!block->frames) {
        ram_destroy(block);
        return NULL;
    }
    return block;
}

void ram_destroy(struct ram_block *block)
{
    if (!block)
        return;
    hostmem_unmap(block->host, block->size);
    hostmem_unmap(block->frames, frames_bytes(block->size));
    free(block);
}

void ram_write(struct ram_block *block, uint64_t offset, const void *data,
               uint64_t size)
{
    const uint8_t *from = data;

    ASSERT(offset <= block->size && size <= block->size - offset);
    while (size) {
        uint64_t room = PAGE_SIZE - (offset & (PAGE_SIZE - 1));
        unsigned piece = (unsigned)min_u64(size, room);

        memcpy(block->host + offset, from, piece);
        if (unlikely(ram_frame_at(block, offset)->tracked) && block->track)
            track_stored(block->track, block, offset, piece);
        from += piece;
        offset += piece;
        size -= piece;
    }
}
