/* roots.h - address spaces that are remembered, each with its TLB banks.
 *
 * A root stands for what CR3 (for PAE: the four PDPTEs) and the role say
 * together. Loading a CR3 that has a root is a change of pointers. Roots
 * and the memory of their banks are recycled, least recently entered
 * first. */
#ifndef UMBRA_MMU_ROOTS_H
#define UMBRA_MMU_ROOTS_H

#include "mmu/mmu.h"

struct shadow;

/* ROOTS + UPPERS: the bits of a mask of roots. */
enum {
    ROOTS = 56,
    UPPERS = 8,
    ROOT_HASH = 128,
    ROOT_LEAVES = 32,
    UPPER_LOWS = 1024,
};

struct root_key {
    uint64_t table[4]; /* CR3's frame, or the PDPTEs */
    uint64_t role;     /* packed, with A20 */
};

/* A short cut over the upper levels: the level-1 page of a 2 MiB part and
 * what the levels above it permit (with the key of a large page). Holds while
 * shadow->structure is what it was, for then every page on the way is still
 * there and knows the root. */
struct root_leaf {
    uint64_t part; /* gva >> 21 */
    uint64_t structure;
    uint32_t page;
    uint32_t rights;
};

/* `top`: links to the uppermost shadow pages; 4 and 5 levels use the first,
 * the others one for each GiB. `allow[kind][access]` bit n: rights n (U, W,
 * X) permit it. */
struct root {
    struct root_key key;
    struct page_role role;
    uint32_t page_key; /* common part of the keys of its shadow pages */
    uint8_t number;
    uint8_t hash_next; /* root + 1, 0 = end */
    bool used;
    uint64_t stamp;      /* when it was entered last */
    struct upper *upper; /* that it is a member of, or NULL */
    unsigned retry;      /* entries before one is looked for again */
    uint64_t top[4];
    uint8_t allow[MMU_BANKS][MMU_ACCESSES];
    struct root_leaf leaf[ROOT_LEAVES];
    struct tlb_set set[MMU_BANKS];
};

/* See upper.h. `space` is a root that is never entered: paths and slots of
 * the upper part. */
struct upper {
    struct root space;
    struct root *lower;
    unsigned lows;         /* more than fit: overflowed */
    gva_t low[UPPER_LOWS]; /* page and TLB_ bits */
    uint8_t entries[PAGE_SIZE / 2];
};

struct roots {
    struct root root[ROOTS];
    struct upper upper[UPPERS];
    struct root *now;
    uint64_t role; /* packed role of mmu->role */
    uint64_t stamp;
    unsigned count;
    uint8_t hash[ROOT_HASH]; /* root + 1 */
};

/* Forget all roots. roots_enter must follow. */
void roots_init(struct shadow *shadow);
/* The role or A20 changed: take it from the MMU, then enter. */
void roots_set_role(struct shadow *shadow);
/* Make the root of the MMU's CR3 the current one. */
void roots_enter(struct shadow *shadow);

/* The root (or space of an upper) whose paths lead an access of the current
 * root. */
struct root *roots_space(struct shadow *shadow, enum mmu_bank_kind kind,
                         gva_t gva);
/* The bank an access of a kind uses: some kinds share one. */
struct tlb_set *roots_set(struct root *root, enum mmu_bank_kind kind);
/* Give the bank memory; takes it from other roots if need be. */
void roots_make_set(struct shadow *shadow, struct tlb_set *set);
void roots_grow_set(struct shadow *shadow, struct tlb_set *set,
                    enum mmu_access access);
/* Drop a page from the banks of the roots in a mask. */
void roots_drop(struct shadow *shadow, uint64_t roots, unsigned which,
                gva_t gva);
/* Empty the banks of the roots in a mask. */
void roots_flush(struct shadow *shadow, uint64_t roots);
/* Empty the jump slots whose blocks lie from `low` to below `high`, in all
 * banks. */
void roots_drop_jumps(struct shadow *shadow, const void *low, const void *high);
/* Which banks the current root uses has changed. */
void roots_use_banks(struct shadow *shadow);
/* Take the current bank's pointers over to mmu->now. */
void roots_refresh(struct shadow *shadow);

#endif
