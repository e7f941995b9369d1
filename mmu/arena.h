/* arena.h - a fixed budget of memory handed out in powers of two of pages.
 *
 * A buddy allocator: TLB arrays and jump caches come and go while the guest
 * runs, where nothing may be asked from the host and nothing may fail for
 * long. Blocks are aligned to their size within the arena. */
#ifndef UMBRA_MMU_ARENA_H
#define UMBRA_MMU_ARENA_H

#include "devices/core/base.h"

enum { ARENA_ORDERS = 9, ARENA_TOP = ARENA_ORDERS - 1 }; /* 4 KiB..1 MiB */

/* `order_of[n]`: 1 + order of the block that begins at page n; 0 inside a
 * block. Free blocks of an order form a list through `next` and `prev`
 * (page numbers + 1). */
struct arena {
    uint8_t *memory;
    uint32_t pages;
    uint64_t used; /* bytes handed out */
    uint8_t *order_of;
    bool *is_free;
    uint32_t *next, *prev;
    uint32_t head[ARENA_ORDERS];
};

/* False when the host has no memory. `bytes`: a multiple of 1 MiB. */
bool arena_init(struct arena *arena, uint64_t bytes);
void arena_free(struct arena *arena);
/* Up to 1 MiB, rounded up to a power of two of pages; contents are
 * undefined. NULL when the budget is spent. */
void *arena_get(struct arena *arena, uint64_t bytes);
void arena_put(struct arena *arena, void *block);

#endif
