/* block_arena.h - memory for decoded blocks.
 *
 * Chunks of whole host cache lines, cut from runs of free ones. What dead
 * blocks had stays as it was, for whoever still refers to them, until their
 * segment is swept: a part of the memory, one after the other in turn. */
#ifndef UMBRA_CPU_BLOCK_ARENA_H
#define UMBRA_CPU_BLOCK_ARENA_H

#include "cpu/block.h"

enum { ARENA_LINE = 64 }; /* of most hosts: blocks begin with one */

/* Offsets in bytes. [used, end) is the run that chunks are cut from; every
 * other byte belongs to a chunk, `lines` of each tell where the next one is.
 * A free run is a chunk, too: dead, linked to the next free one by next.
 */
struct block_arena {
    void *memory;
    uint8_t *base;
    size_t size, used, end;
    struct block *runs; /* free ones of the segment swept last, by address */
    size_t swept;       /* where that ends */
};

/* False: no memory. `size` in bytes, a multiple of ARENA_LINE. */
bool block_arena_init(struct block_arena *arena, size_t size);
void block_arena_free(struct block_arena *arena);
/* All of it is free again. */
void block_arena_empty(struct block_arena *arena);
/* Room for `bytes`, its `lines` to be set by block_arena_own; NULL: none. */
struct block *block_arena_take(struct block_arena *arena, size_t bytes);
/* The block that was just put there takes `bytes`. */
void block_arena_own(struct block *b, size_t bytes);
/* A chunk that is no block. */
static inline bool block_arena_is_free(const struct block *b)
{
    return b->count == 0;
}
/* The chunk behind one, or behind NULL the first; NULL: no more. */
struct block *block_arena_next(const struct block_arena *arena,
                               const struct block *b);
/* The first chunk of the segment to be swept next, and what lies behind it. */
struct block *block_arena_segment(struct block_arena *arena,
                                  struct block **end);
/* Nobody refers to the segment's dead blocks: they are free. */
void block_arena_sweep(struct block_arena *arena, struct block *first,
                       const struct block *end);

#endif
