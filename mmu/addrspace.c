/* addrspace.c - the guest-physical map and, same type, the port map.
 *
 * The mapped regions are kept in the order in which they were mapped and
 * flattened into a sorted list of disjoint ranges at every change; a lookup
 * is a binary search in it. Holes are not in the list. */
#include "mmu/addrspace.h"

#include "mmu/ram.h"

#include <stdlib.h>

enum { MAX_REGIONS = 256, MAX_FLAT = 2 * MAX_REGIONS };

/* A mapped region and the values under which it was mapped, to tell whether
 * mapping it again changes anything. */
struct mapping {
    struct region *region;
    struct region as;
};

struct flat {
    uint64_t first, last;
    struct region *region;
};

struct listener {
    addrspace_changed *changed;
    void *opaque;
};

struct addrspace {
    const char *name;
    uint64_t limit;
    struct log *log;
    unsigned count, flat_count, listeners;
    struct listener listener[ADDRSPACE_MAX_LISTENERS];
    struct mapping mapping[MAX_REGIONS];
    struct flat flat[MAX_FLAT];
};

struct addrspace *addrspace_create(const char *name, uint64_t limit,
                                   struct log *log)
{
    struct addrspace *space = calloc(1, sizeof *space);

    if (!space)
        return NULL;
    space->name = name;
    space->limit = limit;
    space->log = log;
    return space;
}

void addrspace_destroy(struct addrspace *space)
{
    /* The owners of regions may be gone already. */
    free(space);
}

void addrspace_listen(struct addrspace *space, addrspace_changed *changed,
                      void *opaque)
{
    ASSERT(space->listeners < ADDRSPACE_MAX_LISTENERS);
    space->listener[space->listeners++] = (struct listener){changed, opaque};
}

void addrspace_unlisten(struct addrspace *space, void *opaque)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < space->listeners; i++)
        if (space->listener[i].opaque != opaque)
            space->listener[kept++] = space->listener[i];
    space->listeners = kept;
}

static void tell_listeners(struct addrspace *space, uint64_t base,
                           uint64_t size)
{
    for (unsigned i = 0; i < space->listeners; i++)
        space->listener[i].changed(space->listener[i].opaque, base, size);
}

/* ---- the flat list */

static uint64_t last_of(const struct addrspace *space,
                        const struct region *region)
{
    uint64_t last = region->base + (region->size - 1);

    return last < region->base || last > space->limit ? space->limit : last;
}

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* All addresses at which what is seen may change, sorted. */
static unsigned collect_borders(const struct addrspace *space, uint64_t *border)
{
    unsigned n = 0;

    for (unsigned i = 0; i < space->count; i++) {
        const struct region *region = space->mapping[i].region;
        uint64_t last = last_of(space, region);

        border[n++] = region->base;
        if (last != UINT64_MAX)
            border[n++] = last + 1;
    }
    qsort(border, n, sizeof *border, compare_addresses);
    return n;
}

/* The region seen at an address: highest priority, then mapped last. */
static struct region *top_region(const struct addrspace *space, uint64_t addr)
{
    struct region *top = NULL;

    for (unsigned i = 0; i < space->count; i++) {
        struct region *region = space->mapping[i].region;

        if (addr >= region->base && addr <= last_of(space, region) &&
            (!top || region->priority >= top->priority))
            top = region;
    }
    return top;
}

static void append_flat(struct addrspace *space, uint64_t first, uint64_t last,
                        struct region *region)
{
    struct flat *next = &space->flat[space->flat_count];

    if (space->flat_count && next[-1].region == region &&
        next[-1].last + 1 == first) {
        next[-1].last = last;
        return;
    }
    ASSERT(space->flat_count < MAX_FLAT);
    *next = (struct flat){first, last, region};
    space->flat_count++;
}

static void flatten(struct addrspace *space)
{
    uint64_t border[MAX_FLAT];
    unsigned n = collect_borders(space, border);

    space->flat_count = 0;
    for (unsigned i = 0; i < n; i++) {
        uint64_t last = i + 1 < n ? border[i + 1] - 1 : UINT64_MAX;
        struct region *top;

        if (i + 1 < n && border[i + 1] == border[i])
            continue;
        top = top_region(space, border[i]);
        if (top)
            append_flat(space, border[i], min_u64(last, space->limit), top);
    }
}

/* ---- changes */

static struct mapping *mapping_of(struct addrspace *space,
                                  const struct region *region)
{
    for (unsigned i = 0; i < space->count; i++)
        if (space->mapping[i].region == region)
            return &space->mapping[i];
    return NULL;
}

static bool same_mapping(const struct region *a, const struct region *b)
{
    return a->base == b->base && a->size == b->size &&
           a->priority == b->priority && a->kind == b->kind &&
           a->ram == b->ram && a->ram_offset == b->ram_offset &&
           a->ops == b->ops && a->opaque == b->opaque;
}

/* What is seen where does not change, only what is there: the flat list,
 * which leads to the region, holds. */
static bool same_place(const struct region *a, const struct region *b)
{
    return a->base == b->base && a->size == b->size &&
           a->priority == b->priority;
}

/* One call for both, for the map has changed at both by now. */
static void tell_both(struct addrspace *space, const struct region *was,
                      const struct region *now)
{
    uint64_t base = min_u64(was->base, now->base);
    uint64_t last = last_of(space, was), other = last_of(space, now);
    uint64_t span = (last > other ? last : other) - base;

    tell_listeners(space, base, span == UINT64_MAX ? span : span + 1);
}

static void remove_mapping(struct addrspace *space, struct mapping *mapping)
{
    struct mapping *end = space->mapping + space->count;

    mapping->region->mapped = false;
    memmove(mapping, mapping + 1,
            (size_t)((char *)end - (char *)(mapping + 1)));
    space->count--;
}

void addrspace_map(struct addrspace *space, struct region *region)
{
    struct mapping *old = mapping_of(space, region);
    struct region was = old ? old->as : *region;

    ASSERT(region->size);
    if (old && same_mapping(&old->as, region))
        return;
    if (region->base > space->limit) {
        addrspace_unmap(space, region);
        return;
    }
    if (region->kind != REGION_MMIO)
        ASSERT(region->ram_offset <= region->ram->size &&
               region->size <= region->ram->size - region->ram_offset);
    if (old && same_place(&was, region)) {
        old->as = *region;
        tell_listeners(space, region->base, region->size);
        return;
    }
    if (old)
        remove_mapping(space, old);
    ASSERT(space->count < MAX_REGIONS);
    space->mapping[space->count++] = (struct mapping){region, *region};
    region->mapped = true;
    flatten(space);
    tell_both(space, &was, region);
}

void addrspace_unmap(struct addrspace *space, struct region *region)
{
    struct mapping *old = mapping_of(space, region);
    struct region was;

    if (!old)
        return;
    was = old->as;
    remove_mapping(space, old);
    flatten(space);
    tell_listeners(space, was.base, was.size);
}

void addrspace_move(struct addrspace *space, struct region *region,
                    uint64_t base, bool mapped)
{
    if (!mapped)
        addrspace_unmap(space, region);
    region->base = base;
    if (mapped)
        addrspace_map(space, region);
}

/* ---- lookup */

struct region *addrspace_find(const struct addrspace *space, uint64_t addr,
                              uint64_t *last)
{
    unsigned low = 0, high = space->flat_count;

    /* First range that ends at addr or later. */
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (space->flat[middle].last < addr)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == space->flat_count) {
        *last = addr > space->limit ? UINT64_MAX : space->limit;
        return NULL;
    }
    if (space->flat[low].first > addr) {
        *last = space->flat[low].first - 1;
        return NULL;
    }
    *last = space->flat[low].last;
    return space->flat[low].region;
}

static uint8_t *ram_pointer(const struct region *region, uint64_t addr)
{
    return region->ram->host + region->ram_offset + (addr - region->base);
}

static void log_hole(struct addrspace *space, const char *verb, uint64_t addr,
                     unsigned size)
{
    if (!space->log)
        return;
    if (space->limit == 0xFFFF)
        LOG(space->log, IOPORT, "%s of %u bytes, nobody at port %04llX", verb,
            size, (unsigned long long)addr);
    else
        LOG(space->log, GUEST_ERROR, "%s of %u bytes, nothing at %s %llX", verb,
            size, space->name, (unsigned long long)addr);
}

/* Largest power of two that is at most `limit`, `room` bytes and 8. */
static unsigned piece_size(uint64_t limit, uint64_t room)
{
    unsigned size = 8;

    while (size > limit || size > room)
        size /= 2;
    return size;
}

static unsigned max_size_of(const struct region_ops *ops)
{
    return ops->max_size ? ops->max_size : 8;
}

static uint64_t all_ones(unsigned size)
{
    return bits(~0ull, 0, size * 8);
}

/* One piece that lies in one region and is not wider than its maximum. */
static uint64_t read_piece(struct addrspace *space, struct region *region,
                           uint64_t addr, unsigned size)
{
    if (!region) {
        log_hole(space, "read", addr, size);
        return all_ones(size);
    }
    if (region->kind != REGION_MMIO)
        return load_le(ram_pointer(region, addr), size);
    if (!region->ops->read)
        return all_ones(size);
    return region->ops->read(region->opaque, addr - region->base, size) &
           all_ones(size);
}

static void write_piece(struct addrspace *space, struct region *region,
                        uint64_t addr, uint64_t value, unsigned size)
{
    if (!region) {
        log_hole(space, "write", addr, size);
    } else if (region->kind == REGION_RAM) {
        uint8_t data[8];

        store_le(data, value, size);
        ram_write(region->ram, region->ram_offset + (addr - region->base), data,
                  size);
    } else if (region->ops && region->ops->write) {
        region->ops->write(region->opaque, addr - region->base,
                           value & all_ones(size), size);
    }
}

/* The region at addr and how wide the first piece of an access may be. */
static struct region *first_piece(struct addrspace *space, uint64_t addr,
                                  unsigned size, unsigned *piece)
{
    uint64_t last;
    struct region *region = addrspace_find(space, addr, &last);
    unsigned widest = 8;

    if (region && region->kind != REGION_RAM && region->ops)
        widest = max_size_of(region->ops);
    *piece = piece_size(widest, last - addr < 8 ? last - addr + 1 : 8);
    if (*piece > size)
        *piece = size;
    return region;
}

uint64_t addrspace_read(struct addrspace *space, uint64_t addr, unsigned size)
{
    uint64_t value = 0;
    unsigned done = 0, piece;

    while (done < size) {
        struct region *region =
            first_piece(space, addr + done, size - done, &piece);

        /* What is left of a split access need not be a power of two. */
        piece = piece_size(piece, size - done);
        value |= read_piece(space, region, addr + done, piece) << done * 8;
        done += piece;
    }
    return value;
}

void addrspace_write(struct addrspace *space, uint64_t addr, uint64_t value,
                     unsigned size)
{
    unsigned done = 0, piece;

    while (done < size) {
        struct region *region =
            first_piece(space, addr + done, size - done, &piece);

        piece = piece_size(piece, size - done);
        write_piece(space, region, addr + done, value >> done * 8, piece);
        done += piece;
    }
}

/* ---- blocks */

/* Bytes of [addr, addr + size) that lie in what is seen at addr. */
static uint64_t run_length(uint64_t addr, uint64_t last, uint64_t size)
{
    return last - addr < size ? last - addr + 1 : size;
}

void addrspace_read_block(struct addrspace *space, uint64_t addr, void *data,
                          uint64_t size)
{
    uint8_t *to = data;

    while (size) {
        uint64_t last;
        struct region *region = addrspace_find(space, addr, &last);
        uint64_t run = run_length(addr, last, size);

        if (!region) {
            log_hole(space, "block read", addr, 0);
            memset(to, 0xFF, (size_t)run);
        } else if (region->kind != REGION_MMIO) {
            memcpy(to, ram_pointer(region, addr), (size_t)run);
        } else {
            /* One piece at a time: a read may change the map. */
            run = run >= 4 ? 4 : 1;
            store_le(to, addrspace_read(space, addr, (unsigned)run),
                     (unsigned)run);
        }
        to += run;
        addr += run;
        size -= run;
    }
}

void addrspace_write_block(struct addrspace *space, uint64_t addr,
                           const void *data, uint64_t size)
{
    const uint8_t *from = data;

    while (size) {
        uint64_t last;
        struct region *region = addrspace_find(space, addr, &last);
        uint64_t run = run_length(addr, last, size);

        if (!region) {
            log_hole(space, "block write", addr, 0);
        } else if (region->kind == REGION_RAM) {
            ram_write(region->ram, region->ram_offset + (addr - region->base),
                      from, run);
        } else {
            run = run >= 4 ? 4 : 1;
            addrspace_write(space, addr, load_le(from, (unsigned)run),
                            (unsigned)run);
        }
        from += run;
        addr += run;
        size -= run;
    }
}

void addrspace_peek(struct addrspace *space, uint64_t addr, void *data,
                    uint64_t size)
{
    uint8_t *to = data;

    while (size) {
        uint64_t last;
        struct region *region = addrspace_find(space, addr, &last);
        uint64_t run = run_length(addr, last, size);

        if (region && region->kind != REGION_MMIO)
            memcpy(to, ram_pointer(region, addr), (size_t)run);
        else
            memset(to, 0xFF, (size_t)run);
        to += run;
        addr += run;
        size -= run;
    }
}
