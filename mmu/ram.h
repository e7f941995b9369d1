/* ram.h - RAM and ROM buffers and the descriptor of every frame.
 *
 * Each 4 KiB frame of RAM carries the reasons why writes to it must not
 * take the fast path (track.h). The guest cannot reach host memory outside
 * a block: every host pointer is made here from a checked offset. */
#ifndef UMBRA_MMU_RAM_H
#define UMBRA_MMU_RAM_H

#include "devices/core/base.h"

struct addrspace;
struct track;

/* Why a store to this frame must be seen. */
enum track_reason {
    TRACK_TABLE = 1 << 0, /* shadow pages were made from it */
    TRACK_CODE = 1 << 1,  /* decoded blocks lie in it */
    TRACK_DIRTY = 1 << 2, /* somebody (display) wants to know */
    TRACK_WATCH = 1 << 3, /* debugger */
};

/* `code_granules`: bit n = code was decoded from bytes [64 n, 64 n + 64).
 * `head_shadow` and `head_rmap` are owned by mmu/shadow.c; 0 ends a list. */
struct ram_frame {
    uint8_t tracked;   /* enum track_reason bits */
    bool dirty;        /* stored to since track_dirty_take */
    uint32_t code_gfn; /* where code was decoded from, for the client */
    uint64_t code_granules;
    uint32_t head_shadow; /* shadow pages made from this frame */
    uint32_t head_rmap;   /* sptes and TLB slots that map it writable */
};

enum { CODE_GRANULE = 64 };

/* Bits of the granules that bytes [offset, offset + size) of a frame are in. */
static inline uint64_t code_granules_of(unsigned offset, unsigned size)
{
    unsigned first = offset / CODE_GRANULE;
    unsigned last = (offset + size - 1) / CODE_GRANULE;

    return bits(~0ull, 0, last - first + 1) << first;
}

struct ram_block {
    const char *name;
    uint8_t *host;
    uint64_t size; /* bytes, multiple of PAGE_SIZE */
    struct ram_frame *frames;
    struct track *track; /* told of stores to tracked frames; or NULL */
};

/* Zeroed memory; NULL with a message in error[] when the host has none. */
struct ram_block *ram_create(const char *name, uint64_t size,
                             struct track *track, char *error,
                             size_t error_size);
void ram_destroy(struct ram_block *block);

/* Store bytes as a device does: write tracking hears of it. For handlers
 * behind a ROM region (PAM "write to RAM", flash) and loaders. */
void ram_write(struct ram_block *block, uint64_t offset, const void *data,
               uint64_t size);

static inline struct ram_frame *ram_frame_at(struct ram_block *block,
                                             uint64_t offset)
{
    return &block->frames[offset >> PAGE_SHIFT];
}

#endif
