/* block_index.h - which blocks there are at some bytes of code.
 *
 * A table by the place of the first byte: a row for each page of the host's
 * that code lies in (or of several), a slot for each 16 bytes of it. A search
 * for the block that begins at an address looks into one slot, one for the
 * blocks that some bytes belong to into those before them, which are
 * neighbours. Blocks in two pages are in a second list for the second page. */
#ifndef UMBRA_CPU_BLOCK_INDEX_H
#define UMBRA_CPU_BLOCK_INDEX_H

#include "cpu/block.h"

enum {
    INDEX_ROWS = 512,
    INDEX_SLOT = 16, /* bytes of code */
    INDEX_SLOTS = PAGE_SIZE / INDEX_SLOT,
    INDEX_SECONDS = 256,
};

/* Lists by block.next, those of `second` by block.next_second. `reach`: into
 * how many slots, with this one, code of the list's blocks may go. So a search
 * leaves blocks alone that end before the bytes in question. */
struct block_index {
    struct block *first[INDEX_ROWS][INDEX_SLOTS];
    uint8_t reach[INDEX_ROWS][INDEX_SLOTS];
    struct block *second[INDEX_SECONDS];
};

void block_index_insert(struct block_index *index, struct block *b);
void block_index_remove(struct block_index *index, struct block *b);
void block_index_empty(struct block_index *index);
/* NULL: none begins there in this mode. */
struct block *block_index_find(const struct block_index *index,
                               const uint8_t *code, uint32_t mode);
static inline const uint8_t *block_page(const struct block *b)
{
    return b->code - ((uintptr_t)b->code & (PAGE_SIZE - 1));
}
/* The part of a block in the page whose first byte is `page`: offset and bytes
 * in it. False: it has none. */
bool block_part_in(const struct block *b, const uint8_t *page, unsigned *offset,
                   unsigned *size);
/* Visit all blocks. */
void block_index_each(const struct block_index *index,
                      void (*visit)(void *opaque, struct block *b),
                      void *opaque);
/* Visit blocks that bytes [from, to) of a page belong to, until there are no
 * more; each may be removed. */
void block_index_each_at(const struct block_index *index, const uint8_t *page,
                         unsigned from, unsigned to,
                         void (*visit)(void *opaque, struct block *b),
                         void *opaque);
/* Granules of those blocks (mmu/ram.h). */
uint64_t block_index_granules(const struct block_index *index,
                              const uint8_t *page, unsigned from, unsigned to);

#endif
