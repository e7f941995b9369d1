/* tlb.h - the software TLB: guest-virtual page to host buffer in one compare.
 *
 * The array an entry sits in is its permission: read, write and exec apart.
 * A frame with a track reason never sits in a write array, MMIO sits in
 * none. The index comes from the first byte, and the distance of that byte
 * from the tag must leave room for all bytes of the access in the page, so
 * that one that crosses a page, like every other odd case, misses and takes
 * the slow path of mmu.c.
 *
 * Arrays belong to banks, banks to roots (one root = CR3 frame and role): a
 * CR3 load or a ring change is a change of pointers. */
#ifndef UMBRA_MMU_TLB_H
#define UMBRA_MMU_TLB_H

#include "devices/core/base.h"

struct arena;

enum mmu_access { MMU_READ, MMU_WRITE, MMU_EXEC, MMU_ACCESSES };

/* Who accesses. SUPER_AC: supervisor with EFLAGS.AC set while CR4.SMAP is
 * on; without SMAP it is the same bank as SUPER. */
enum mmu_bank_kind { BANK_SUPER, BANK_USER, BANK_SUPER_AC, MMU_BANKS };

struct tlb_entry {
    gva_t tag;     /* page address; of another slot's page when empty */
    uint64_t host; /* address of the page's first byte */
};
_Static_assert(sizeof(struct tlb_entry) == 16, "masks count in entries of 16");

/* Two entries at least: an empty one carries a tag that belongs in another
 * slot, which no address looked up in its own slot can match. */
struct tlb_array {
    struct tlb_entry *entries; /* never NULL */
    uint64_t mask;             /* (number of entries - 1) * 16 */
};

static inline uint64_t tlb_count(const struct tlb_array *array)
{
    return array->mask / 16 + 1;
}

static ALWAYS_INLINE struct tlb_entry *tlb_entry_of(const struct tlb_array *a,
                                                    gva_t gva)
{
    return (struct tlb_entry *)(void *)((uint8_t *)a->entries +
                                        (gva >> (PAGE_SHIFT - 4) & a->mask));
}

static inline bool tlb_entry_empty(const struct tlb_array *array, uint64_t slot)
{
    return tlb_entry_of(array, array->entries[slot].tag) !=
           &array->entries[slot];
}

/* A jump cache leads from the linear address of code to its decoded block
 * without a walk. cpu/block.c fills it; the MMU empties the slots of a page
 * when the page's exec mapping goes. Slot = JUMP_SLOT(gva). Slots of one
 * page are contiguous so that dropping a page is cheap. */
struct jump_slot {
    gva_t key; /* code address; JUMP_EMPTY matches nothing */
    void *block;
};
#define JUMP_EMPTY ~0ull
enum {
    JUMP_PAGE_SLOTS = 64,
    JUMP_PAGES = 64,
    JUMP_SLOTS = JUMP_PAGE_SLOTS * JUMP_PAGES
};

/* The page number's low bits choose the page's slots, the upper half of the
 * offset mixed with the lower one of them. */
static inline unsigned jump_slot_of(gva_t gva)
{
    gva_t mixed = gva ^ (gva & (JUMP_PAGE_SLOTS - 1)) << 6;
    return (unsigned)(mixed >> 6) & (JUMP_SLOTS - 1);
}

struct tlb_bank {
    struct tlb_array of[MMU_ACCESSES];
    struct jump_slot *jump; /* JUMP_SLOTS slots, never NULL */
};

/* True with the host pointer of [gva, gva + size), or false: take the slow
 * path. */
static ALWAYS_INLINE bool tlb_hit(const struct tlb_array *array, gva_t gva,
                                  unsigned size, void **host)
{
    const struct tlb_entry *e = tlb_entry_of(array, gva);
    uint64_t off = gva - e->tag;
    *host = (void *)(uintptr_t)(e->host + off);
    return likely(off <= PAGE_SIZE - size);
}

/* The same as a pointer, NULL for a miss. */
static ALWAYS_INLINE void *tlb_lookup(const struct tlb_array *array, gva_t gva,
                                      unsigned size)
{
    void *host;
    return tlb_hit(array, gva, size, &host) ? host : NULL;
}

/* What translated code asks before the arrays: the page it found last through
 * each register that addresses are made with (cpu/jit), for loads, then for
 * stores. A slot says what an array of the current root said, of the user
 * bank or of the supervisor's, until a page or the root goes; that the array
 * still has it is not asked. */
enum {
    NEAR_SLOTS = 24,
    NEAR_END = PAGE_SIZE - 7,
    /* No slot has the first or the last page of 4 GiB: less than this away from
     * another one 32-bit addresses do not wrap. */
    NEAR_FORM_DISP = PAGE_SIZE,
};
static inline bool tlb_near_never(gva_t page)
{
    return (uint32_t)(page + PAGE_SIZE) <= PAGE_SIZE;
}

struct tlb_near_set {
    gva_t tag[2 * NEAR_SLOTS];      /* page address */
    uint64_t host[2 * NEAR_SLOTS];  /* address of its first byte ... */
    uint64_t delta[2 * NEAR_SLOTS]; /* ... minus the tag */
    /* NEAR_END: eight bytes at a distance below this are in the page; 0:
     * the slot is empty. */
    uint64_t end[2 * NEAR_SLOTS];
};

/* Where indirect jumps of translated code lead, likewise: from the address of
 * code to its translation. The CPU takes slots away whose translation goes, and
 * all when the mode of their code does. */
struct near_jump {
    gva_t key; /* an address of another slot's: empty */
    uint64_t host;
};
enum { NEAR_JUMPS = 256, NEAR_JUMP_SHIFT = 2 };

static inline unsigned near_jump_of(gva_t gva)
{
    return (unsigned)(gva >> NEAR_JUMP_SHIFT) % NEAR_JUMPS;
}

struct tlb_near {
    int32_t fills;   /* counted down; below 0: the next one is looked at */
    bool used;       /* a slot may be full */
    bool filled;     /* since this was asked last */
    bool jumps_used; /* one of a jump may be */
    uint32_t jump_mode[2]; /* mode of the code they lead to; the CPU's matter */
    struct tlb_near_set of[2]; /* supervisor, user */
    struct near_jump jump[2][NEAR_JUMPS];
};

static inline void near_jump_clear(struct near_jump *jump, unsigned slot)
{
    jump[slot].key = (gva_t)(slot ^ 1) << NEAR_JUMP_SHIFT;
}

void tlb_near_init(struct tlb_near *near);
void near_jumps_empty(struct near_jump *jump);
void tlb_near_empty(struct tlb_near *near);
/* Supervisor code may access user pages from now on, or no more. */
void tlb_near_change_ac(struct tlb_near *near, bool may);
/* All but the supervisor's from `start` on. */
void tlb_near_leave(struct tlb_near *near, gva_t start);
/* Those of one page, `which` (below). */
void tlb_near_drop(struct tlb_near *near, unsigned which, gva_t page);

/* ---- for the MMU only (tlb.c) */

/* A bank and what decides about its size. A bank that is not `live` owns no
 * memory: its arrays are two shared entries and one shared jump cache, all
 * empty for ever. A jump slot may be written only after mmu_code_page for its
 * page in the same bank, with nothing but mmu_track_code in between.
 *
 * An array grows when, in a window of as many fills as it has entries, more
 * than a quarter threw out another page. */
struct tlb_set {
    struct tlb_bank bank;
    struct tlb_load {
        uint32_t fills, conflicts; /* in this window */
        uint32_t since_flush;      /* fills */
    } load[MMU_ACCESSES];
    bool live;
};

enum { TLB_MAX_ENTRIES = 65536 };

struct tlb_store {
    struct arena *arena;
    struct tlb_entry *no_entry;
    struct jump_slot *no_jump;
};

/* Sets of arrays, as bits. */
enum {
    TLB_READ = 1 << MMU_READ,
    TLB_WRITE = 1 << MMU_WRITE,
    TLB_EXEC = 1 << MMU_EXEC,
    TLB_ALL = 7
};

/* False: no room in the arena (which becomes the store's). */
bool tlb_store_init(struct tlb_store *store, struct arena *arena);
void tlb_set_init(const struct tlb_store *store, struct tlb_set *set);
bool tlb_set_make(const struct tlb_store *store, struct tlb_set *set);
void tlb_set_release(const struct tlb_store *store, struct tlb_set *set);

/* True: the array is under pressure, tlb_grow would help. */
bool tlb_insert(struct tlb_set *set, enum mmu_access access, gva_t gva,
                const uint8_t *host);
bool tlb_grow(const struct tlb_store *store, struct tlb_set *set,
              enum mmu_access access);
/* Drop one page from the arrays in `which`; with TLB_EXEC from the jump
 * cache as well, whether or not the exec array still has it: jump slots
 * outlive a conflict there. */
void tlb_drop(struct tlb_set *set, unsigned which, gva_t gva);
/* Drop whatever in one array leads to a host page. */
void tlb_drop_host(struct tlb_set *set, enum mmu_access access,
                   const uint8_t *host);
/* Drop everything of pages below `end`. */
void tlb_drop_below(struct tlb_set *set, gva_t end);
/* Empty the jump slots whose blocks lie from `low` to below `high`. */
void tlb_drop_jumps(struct tlb_set *set, const void *low, const void *high);
/* Empty everything; `shrink` gives unused room back. */
void tlb_flush(const struct tlb_store *store, struct tlb_set *set, bool shrink);

#endif
