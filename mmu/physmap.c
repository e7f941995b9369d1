/* physmap.c - the MMU's copy of the map of RAM and ROM. */
#include "mmu/physmap.h"

#include "mmu/addrspace.h"

/* The whole pages of [first, last] of a region; false: there are none. */
static bool make_slot(const struct region *region, uint64_t first,
                      uint64_t last, struct phys_slot *slot)
{
    uint64_t base = (first + PAGE_SIZE - 1) & PAGE_MASK;
    uint64_t end = (last + 1) & PAGE_MASK;
    uint64_t offset = region->ram_offset + (base - region->base);

    if (end <= base || base < first || offset & (PAGE_SIZE - 1))
        return false;
    slot->base = base;
    slot->size = end - base;
    slot->offset = offset;
    slot->block = region->ram;
    slot->rom = region->kind == REGION_ROM;
    return true;
}

/* The first slot that begins at *addr or later; *addr moves past it. */
static bool next_slot(const struct addrspace *space, uint64_t *addr, bool *end,
                      struct phys_slot *slot)
{
    uint64_t last;

    while (!*end) {
        const struct region *region = addrspace_find(space, *addr, &last);
        uint64_t first = *addr;

        *end = last == UINT64_MAX;
        *addr = last + 1;
        if (region && region->kind != REGION_MMIO &&
            make_slot(region, first, last, slot))
            return true;
    }
    return false;
}

void physmap_build(struct physmap *map, const struct addrspace *space)
{
    uint64_t addr = 0;
    bool end = false;
    struct phys_slot slot;

    map->slot[0] = (struct phys_slot){0};
    map->count = 0;
    map->recent = &map->slot[0];
    while (next_slot(space, &addr, &end, &slot)) {
        ASSERT(map->count < PHYS_SLOTS);
        map->slot[map->count++] = slot;
    }
}

static bool same_slot(const struct phys_slot *a, const struct phys_slot *b)
{
    return a->base == b->base && a->size == b->size && a->offset == b->offset &&
           a->block == b->block && a->rom == b->rom;
}

bool physmap_is(const struct physmap *map, const struct addrspace *space)
{
    uint64_t addr = 0;
    bool end = false;
    struct phys_slot slot;
    unsigned n = 0;

    while (next_slot(space, &addr, &end, &slot))
        if (n == map->count || !same_slot(&map->slot[n++], &slot))
            return false;
    return n == map->count;
}

const struct phys_slot *physmap_search(struct physmap *map, gpa_t gpa)
{
    unsigned low = 0, high = map->count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const struct phys_slot *slot = &map->slot[middle];

        if (gpa < slot->base) {
            high = middle;
        } else if (gpa - slot->base >= slot->size) {
            low = middle + 1;
        } else {
            map->recent = slot;
            return slot;
        }
    }
    return NULL;
}

struct ram_block *physmap_block_of(struct physmap *map,
                                   const struct ram_frame *frame,
                                   uint64_t *offset)
{
    for (unsigned i = 0; i < map->count; i++) {
        struct ram_block *block = map->slot[i].block;
        uintptr_t at = (uintptr_t)frame - (uintptr_t)block->frames;

        if (at < (block->size >> PAGE_SHIFT) * sizeof *frame) {
            *offset = (uint64_t)(at / sizeof *frame) << PAGE_SHIFT;
            return block;
        }
    }
    return NULL;
}
