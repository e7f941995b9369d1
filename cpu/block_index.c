/* block_index.c - see block_index.h. */
#include "cpu/block_index.h"

#include "cpu/decode.h"
#include "mmu/ram.h"

static unsigned page_number(const uint8_t *code)
{
    uintptr_t number = (uintptr_t)code >> PAGE_SHIFT;
    return (unsigned)(number ^ number / INDEX_ROWS);
}

static unsigned slot_of(const uint8_t *code)
{
    return (unsigned)((uintptr_t)code & (PAGE_SIZE - 1)) / INDEX_SLOT;
}

static unsigned row_of(const uint8_t *code)
{
    return page_number(code) % INDEX_ROWS;
}

static unsigned second_of(const uint8_t *page)
{
    return page_number(page) % INDEX_SECONDS;
}

void block_index_insert(struct block_index *index, struct block *b)
{
    unsigned row = row_of(b->code), slot = slot_of(b->code);
    struct block **at = &index->first[row][slot];
    unsigned reach =
        ((uintptr_t)b->code % INDEX_SLOT + b->bytes + INDEX_SLOT - 1) /
        INDEX_SLOT;

    if (index->reach[row][slot] < reach)
        index->reach[row][slot] = (uint8_t)reach;
    b->next = *at;
    *at = b;
    if (!b->code2)
        return;
    at = &index->second[second_of(b->code2)];
    b->next_second = *at;
    *at = b;
}

void block_index_remove(struct block_index *index, struct block *b)
{
    unsigned row = row_of(b->code), slot = slot_of(b->code);
    struct block **at = &index->first[row][slot];

    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    if (!index->first[row][slot])
        index->reach[row][slot] = 0;
    if (!b->code2)
        return;
    at = &index->second[second_of(b->code2)];
    while (*at != b)
        at = &(*at)->next_second;
    *at = b->next_second;
}

void block_index_empty(struct block_index *index)
{
    memset(index, 0, sizeof *index);
}

struct block *block_index_find(const struct block_index *index,
                               const uint8_t *code, uint32_t mode)
{
    struct block *b = index->first[row_of(code)][slot_of(code)];

    while (b && (b->code != code || b->mode != mode))
        b = b->next;
    return b;
}

bool block_part_in(const struct block *b, const uint8_t *page, unsigned *offset,
                   unsigned *size)
{
    unsigned start = (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1));
    unsigned first = PAGE_SIZE - start;

    if (first > b->bytes)
        first = b->bytes;
    if (block_page(b) == page) {
        *offset = start;
        *size = first;
        return true;
    }
    *offset = 0;
    *size = b->bytes - first;
    return b->code2 == page;
}

void block_index_each(const struct block_index *index,
                      void (*visit)(void *opaque, struct block *b),
                      void *opaque)
{
    for (unsigned row = 0; row < INDEX_ROWS; row++)
        for (unsigned slot = 0; slot < INDEX_SLOTS; slot++)
            for (struct block *b = index->first[row][slot]; b; b = b->next)
                visit(opaque, b);
}

static bool overlaps(const struct block *b, const uint8_t *page, unsigned from,
                     unsigned to)
{
    unsigned offset, size;
    return block_part_in(b, page, &offset, &size) && offset < to &&
           from < offset + size;
}

void block_index_each_at(const struct block_index *index, const uint8_t *page,
                         unsigned from, unsigned to,
                         void (*visit)(void *opaque, struct block *b),
                         void *opaque)
{
    unsigned row = row_of(page), slot = from / INDEX_SLOT, first = 0;
    const uint8_t *reach = index->reach[row];
    struct block *next;

    if (slot > BLOCK_MAX_BYTES / INDEX_SLOT)
        first = slot - BLOCK_MAX_BYTES / INDEX_SLOT;
    for (unsigned n = first; n <= (to - 1) / INDEX_SLOT; n++) {
        if (n + reach[n] <= slot)
            continue;
        for (struct block *b = index->first[row][n]; b; b = next) {
            next = b->next;
            if (overlaps(b, page, from, to))
                visit(opaque, b);
        }
    }
    if (from >= DECODE_MAX_LEN)
        return;
    for (struct block *b = index->second[second_of(page)]; b; b = next) {
        next = b->next_second;
        if (b->code2 == page && overlaps(b, page, from, to))
            visit(opaque, b);
    }
}

struct granules {
    const uint8_t *page;
    uint64_t mask;
};

static void add_granules(void *opaque, struct block *b)
{
    struct granules *granules = opaque;
    unsigned offset, size;

    block_part_in(b, granules->page, &offset, &size);
    granules->mask |= code_granules_of(offset, size);
}

uint64_t block_index_granules(const struct block_index *index,
                              const uint8_t *page, unsigned from, unsigned to)
{
    struct granules granules = {page, 0};

    block_index_each_at(index, page, from, to, add_granules, &granules);
    return granules.mask;
}
