/* physmap.h - guest-physical page to host page, for the MMU only.
 *
 * A copy of those parts of an addrspace that are RAM or ROM in whole pages.
 * What is not found here (devices, holes, pages of which only a part is
 * RAM) is accessed through addrspace_read and addrspace_write. The copy is
 * made anew when the map changes, after everything derived from the old one
 * was dropped. */
#ifndef UMBRA_MMU_PHYSMAP_H
#define UMBRA_MMU_PHYSMAP_H

#include "devices/core/base.h"
#include "mmu/ram.h"

struct addrspace;

enum { PHYS_SLOTS = 512 };

/* Guest-physical [base, base + size) is block [offset, offset + size). */
struct phys_slot {
    gpa_t base;
    uint64_t size, offset;
    struct ram_block *block;
    bool rom;
};

/* Sorted by base. `recent` is never NULL: it points to an empty slot when
 * there is none. */
struct physmap {
    const struct phys_slot *recent;
    unsigned count;
    struct phys_slot slot[PHYS_SLOTS];
};

void physmap_build(struct physmap *map, const struct addrspace *space);
/* Whether the copy still says what the map says. */
bool physmap_is(const struct physmap *map, const struct addrspace *space);
const struct phys_slot *physmap_search(struct physmap *map, gpa_t gpa);
/* The block that a frame descriptor belongs to, and the frame's offset. */
struct ram_block *physmap_block_of(struct physmap *map,
                                   const struct ram_frame *frame,
                                   uint64_t *offset);

/* NULL: no whole page of RAM or ROM here. */
static inline const struct phys_slot *physmap_find(struct physmap *map,
                                                   gpa_t gpa)
{
    const struct phys_slot *slot = map->recent;

    if (likely(gpa - slot->base < slot->size))
        return slot;
    return physmap_search(map, gpa);
}

static inline uint64_t phys_slot_offset(const struct phys_slot *slot, gpa_t gpa)
{
    return slot->offset + (gpa - slot->base);
}

static inline uint8_t *phys_slot_host(const struct phys_slot *slot, gpa_t gpa)
{
    return slot->block->host + phys_slot_offset(slot, gpa);
}

static inline struct ram_frame *phys_slot_frame(const struct phys_slot *slot,
                                                gpa_t gpa)
{
    return ram_frame_at(slot->block, phys_slot_offset(slot, gpa));
}

#endif
