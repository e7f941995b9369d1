/* walk.h - the walk through the guest's page tables, one level at a time.
 *
 * SDM volume 3, chapter 4. One text (walk_tmpl.h) is instantiated for
 * legacy 32-bit, PAE and 4/5-level tables. Protection keys are those of user
 * pages (PKRU); not modelled: those of supervisor pages (IA32_PKRS). AMD's
 * reserved bit 8 of a PML4E is ignored as Intel does. */
#ifndef UMBRA_MMU_WALK_H
#define UMBRA_MMU_WALK_H

#include "mmu/mmu.h"
#include "mmu/physmap.h"

/* What an entry, or all entries on the way, permits. D: the entry is not a
 * page's or the page is marked dirty already. */
enum {
    RIGHT_U = 1 << 0,
    RIGHT_W = 1 << 1,
    RIGHT_X = 1 << 2,
    RIGHT_D = 1 << 3,
    RIGHT_UWX = RIGHT_U | RIGHT_W | RIGHT_X,
    RIGHT_ALL = RIGHT_UWX | RIGHT_D,
};

/* A page's protection key stands beside the rights of its own entry. */
enum { KEY_OF_PAGE_SHIFT = 8, KEY_OF_PAGE = 15 << KEY_OF_PAGE_SHIFT };

/* Bits of table entries under the manual's names. */
#define PTE_P  0x001ull
#define PTE_W  0x002ull
#define PTE_U  0x004ull
#define PTE_A  0x020ull
#define PTE_D  0x040ull
#define PTE_PS 0x080ull
#define PTE_NX (1ull << 63)

/* Where guest-physical memory is. */
struct walk_memory {
    struct physmap *map;
    struct addrspace *space;
};

/* The state of a walk. Set up by walk_start (or by hand to begin further
 * down), changed by walk_step. */
struct walk {
    /* given */
    struct walk_memory memory;
    const struct page_role *role;
    gpa_t a20_mask;
    gva_t gva;
    enum mmu_bank_kind kind;
    enum mmu_access access;
    bool quiet; /* change nothing, check no rights */
    /* where the walk is */
    unsigned level; /* of the table to be read: 1 = its entries map pages */
    gpa_t table;
    unsigned rights; /* of the levels above together */
    bool uncached;   /* a table lay outside RAM and ROM: do not cache */
    /* the step just made */
    unsigned entry_rights; /* and KEY_OF_PAGE */
    gpa_t entry_gpa;
    gpa_t page;          /* WALK_PAGE: the 4 KiB page of gva ... */
    unsigned page_shift; /* ... and how large the guest's page is: 12..30 */
    uint32_t error;      /* WALK_FAULT: PF_ bits */
};

enum walk_result { WALK_TABLE, WALK_PAGE, WALK_FAULT };

/* Where the walk begins. WALK_FAULT: a PDPTE that is not present. */
enum walk_result walk_start(struct walk *walk, uint64_t cr3,
                            const uint64_t *pdpte);
/* Read and check one entry. WALK_TABLE: level and table lead on. */
enum walk_result walk_step(struct walk *walk);
/* All steps. WALK_PAGE or WALK_FAULT. Paging off: the page is gva's. */
enum walk_result walk_all(struct walk *walk, uint64_t cr3,
                          const uint64_t *pdpte);

/* Whether rights permit an access, but for the key. */
bool walk_allows(const struct page_role *role, enum mmu_bank_kind kind,
                 enum mmu_access access, unsigned rights);
/* The whole check of a page: 0 or the cause of a fault. `rights` with
 * KEY_OF_PAGE. */
uint32_t walk_denies(const struct page_role *role, enum mmu_bank_kind kind,
                     enum mmu_access access, unsigned rights);
/* Error code of a fault; `cause` is 0 or PF_P with PF_RSVD or PF_PK.
 */
uint32_t walk_error(const struct page_role *role, enum mmu_bank_kind kind,
                    enum mmu_access access, uint32_t cause);
/* Address bits that translation uses: linear address to canonical form. */
gva_t walk_canonical(unsigned levels, gva_t gva);
/* Reserved bits of a PDPTE, SDM table 4-8. */
uint64_t walk_pdpte_reserved(unsigned maxphyaddr);

#endif
