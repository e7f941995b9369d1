/* addrspace.h - the guest-physical map and, same type, the port map.
 *
 * A space is a stack of regions; where regions overlap the one with the
 * higher priority (then the later one) is seen. Looking up is a binary
 * search in the flattened list, rebuilt when the map changes. RAM regions
 * lead to host memory, MMIO regions to functions. Holes read as all ones
 * and swallow writes. Everything outside the CPU (DMA, debugger, loader)
 * reaches guest memory through addrspace_read/write, which tell the write
 * tracking of frames about every store. */
#ifndef UMBRA_MMU_ADDRSPACE_H
#define UMBRA_MMU_ADDRSPACE_H

#include "devices/core/base.h"
#include "devices/core/log.h"

struct ram_block; /* mmu/ram.h */

/* `offset` counts from the region's start. `size` is 1, 2, 4 or 8; an access
 * wider than max_size is split into max_size pieces, low address first; one
 * narrower than min_size reaches the handler as it is. */
struct region_ops {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned size);
    uint8_t max_size; /* 0 = 8 */
};

enum region_kind { REGION_RAM, REGION_ROM, REGION_MMIO };

/* Owned by the part that maps it; must outlive its mapping. ROM regions
 * read like RAM and send writes to `ops` (NULL: swallowed), e.g. for PAM
 * and flash. */
struct region {
    const char *name;
    uint64_t base, size;
    int priority; /* higher hides lower; 0 = background */
    enum region_kind kind;
    struct ram_block *ram; /* RAM, ROM: backing ... */
    uint64_t ram_offset;   /* ... and where in it, page aligned for memory */
    const struct region_ops *ops;
    void *opaque;
    bool mapped; /* set by addrspace_map */
};

struct addrspace;

/* Told after the map changed, nowhere but in [base, base + size). */
typedef void addrspace_changed(void *opaque, uint64_t base, uint64_t size);
enum { ADDRSPACE_MAX_LISTENERS = 4 };

/* `limit` is the last address (0xFFFF for ports). */
struct addrspace *addrspace_create(const char *name, uint64_t limit,
                                   struct log *log);
void addrspace_destroy(struct addrspace *space);
void addrspace_listen(struct addrspace *space, addrspace_changed *changed,
                      void *opaque);
void addrspace_unlisten(struct addrspace *space, void *opaque);

/* Map, unmap, move. Cheap enough for PAM and BAR writes by the guest, but
 * not for hot paths. Remapping with equal values does nothing. */
void addrspace_map(struct addrspace *space, struct region *region);
void addrspace_unmap(struct addrspace *space, struct region *region);
void addrspace_move(struct addrspace *space, struct region *region,
                    uint64_t base, bool mapped);

/* Region at an address or NULL; *last = last address of this flat range.
 * `addr` beyond `limit` is a hole. */
struct region *addrspace_find(const struct addrspace *space, uint64_t addr,
                              uint64_t *last);

/* One access of 1, 2, 4 or 8 bytes, any alignment, may cross regions. */
uint64_t addrspace_read(struct addrspace *space, uint64_t addr, unsigned size);
void addrspace_write(struct addrspace *space, uint64_t addr, uint64_t value,
                     unsigned size);
/* Blocks (DMA, loaders): RAM is copied, MMIO is accessed in 4-byte (then
 * byte) pieces. */
void addrspace_read_block(struct addrspace *space, uint64_t addr, void *data,
                          uint64_t size);
void addrspace_write_block(struct addrspace *space, uint64_t addr,
                           const void *data, uint64_t size);
/* Without side effects: MMIO reads as 0xFF. For debuggers. */
void addrspace_peek(struct addrspace *space, uint64_t addr, void *data,
                    uint64_t size);

#endif
