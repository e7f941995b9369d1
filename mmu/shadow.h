/* shadow.h - shadow pages: guest tables, translated and kept coherent.
 *
 * A shadow page holds 512 entries made from one guest table under one role;
 * its key is (frame, format, level, quadrant and whatever changes the
 * meaning of an entry). All formats have one geometry here: an entry of
 * level n spans 2^(12 + 9 (n-1)) bytes, so that a legacy table of 1024
 * entries becomes two shadow pages of level 1 or four of level 2, told apart
 * by the quadrant. Large guest pages, and everything when paging is off,
 * lead to "direct" shadow pages, which no guest table stands behind.
 *
 * The uppermost page of an upper (upper.h) has no table of its own: its
 * entries are made from the table of whichever member is current, since they
 * all have the same.
 *
 * Invariants:
 *  - A valid entry says what the guest's entry says now; its accessed bit is
 *    set. RIGHT_D is set only if the guest's dirty bit is.
 *  - A frame has TRACK_TABLE exactly while its list of shadow pages is not
 *    empty. A direct page is owned by the one entry that leads to it.
 *  - For each TLB or jump slot of a root there is a path of valid entries,
 *    and every page on it remembers the root and the linear base (`use`).
 *  - A level-1 entry with slots names the root that has them in its filler
 *    field (or FILLER_MANY); with write slots it has SPTE_RMAP and hangs in
 *    the list of its frame, which then has no reason for tracking; with exec
 *    or jump slots it has SPTE_CODE. */
#ifndef UMBRA_MMU_SHADOW_H
#define UMBRA_MMU_SHADOW_H

#include "mmu/arena.h"
#include "mmu/mmu.h"
#include "mmu/physmap.h"
#include "mmu/roots.h"
#include "mmu/walk.h"

/* Level 1: flags, guest-physical page, filler. Above: flags, number and
 * generation of the page below; a link whose generation is not that of the
 * page is dead. 0 = nothing known. */
typedef uint64_t spte_t;
#define SPTE_RIGHTS ((spte_t)RIGHT_ALL)
#define SPTE_VALID  (1ull << 4)
#define SPTE_LARGE  (1ull << 5) /* leads to a direct page, which it owns */
#define SPTE_RMAP   (1ull << 6)
#define SPTE_CODE   (1ull << 7)
#define SPTE_KEY    ((spte_t)KEY_OF_PAGE) /* bits 8-11, of pages */
#define SPTE_GPA    0x000FFFFFFFFFF000ull
enum { SPTE_FILLER_SHIFT = 52, FILLER_MANY = 127 }; /* else root + 1 */

enum {
    SHADOW_ENTRIES = 512,
    SHADOW_PAGES = 3072, /* 4 KiB entries + 4 KiB links: 24 MiB at most */
    SHADOW_USES = 4,
    LOW_END = 1 << 20, /* below lies what changes its memory often: banks */
    LOW_PAGES = 64,
};

enum shadow_format { FORMAT_DIRECT, FORMAT_LEGACY, FORMAT_PAE, FORMAT_LONG };

/* Shadow page key: FORMAT in bits 0-1, level 2-4, quadrant 5-6, rest 7-. */
enum {
    KEY_LEVEL_SHIFT = 2,
    KEY_QUADRANT_SHIFT = 5,
    KEY_NXE = 1 << 7,
    KEY_PSE = 1 << 8,
    KEY_A20_OFF = 1 << 9,
    KEY_WIDTH_SHIFT = 10,
    KEY_NO_PSE36 = 1 << 16,
    KEY_NO_1G = 1 << 17,
};

/* Roots that reached a page at a linear address. Roots whose bit is set may
 * have slots below, others have none. */
struct shadow_use {
    gva_t base;
    uint64_t roots;
};

/* `wild`: roots that reached the page at more addresses than fit. `low`: of
 * level 1, has had an entry that leads below LOW_END, and is listed. */
struct shadow_page {
    uint32_t key;
    uint32_t generation;
    gpa_t gpa;               /* of the guest's table; what a direct page
                                begins with */
    struct ram_frame *frame; /* NULL: direct, or an upper's */
    uint64_t stamp;          /* fill that passed through it last */
    uint32_t next;           /* of the frame's, or of the free, 0 = end */
    uint16_t live;           /* entries that are not 0 */
    uint8_t pressure;        /* stores since the last entry was made */
    bool used, low;
    struct shadow_use use[SHADOW_USES];
    uint64_t wild;
    uint64_t tops; /* members of uppers that this is the uppermost page of */
};

/* List of the level-1 entries that have write slots for a frame. A place is
 * page number * 512 + index; 0 ends. */
struct shadow_link {
    uint32_t next, prev;
};

struct shadow {
    struct mmu *mmu;
    struct physmap map;
    struct arena arena;
    struct tlb_store store;
    struct roots roots;
    /* page 0 is not used */
    struct shadow_page *page;
    spte_t *spte;
    struct shadow_link *link;
    uint32_t free, used, hand;
    uint64_t stamp;
    uint32_t low[LOW_PAGES]; /* pages marked `low` ... */
    unsigned low_count;
    bool low_lost;      /* ... if there never were too many */
    uint64_t epoch;     /* counts changes of the map */
    uint64_t structure; /* counts links cut and pages zapped; never 0 */
    struct ram_block *code_block; /* where code was found last, or NULL */
    /* MMU_POLICY_FLUSH: linear addresses of large guest pages seen */
    gva_t large_low, large_high;
};

/* A page that an access goes to. `block` NULL: through the addrspace. */
struct mmu_page {
    gpa_t gpa; /* of the page */
    struct ram_block *block;
    uint64_t offset; /* of the page in the block */
    bool rom;
    bool uncached; /* its tables lie outside RAM: no TLB or jump slot */
};

struct mmu_request {
    enum mmu_bank_kind kind;
    enum mmu_access access;
    gva_t gva; /* canonical */
    uint32_t error;
};

bool shadow_create(struct mmu *mmu);
void shadow_destroy(struct shadow *shadow);
/* Find the page of an access in the current root and fill the TLB. False:
 * request->error holds the fault. */
bool shadow_resolve(struct shadow *shadow, struct mmu_request *request,
                    struct mmu_page *page);
/* Where a guest-physical page lies in host memory. */
void mmu_page_locate(struct shadow *shadow, gpa_t gpa, struct mmu_page *page);
/* Forget all pages (not the roots). */
void shadow_drop_pages(struct shadow *shadow);
/* What is at [base, base + size) changes: forget what was made from it; the
 * copy of the map is still the old one. False: too much was, drop it all. */
bool shadow_drop_range(struct shadow *shadow, gpa_t base, uint64_t size);
/* From write tracking. */
void shadow_table_written(struct shadow *shadow, struct ram_frame *frame,
                          unsigned offset, unsigned size);
void shadow_table_marked(struct shadow *shadow, struct ram_frame *frame,
                         unsigned offset, unsigned size);
void shadow_protect(struct shadow *shadow, struct ram_frame *frame);

/* ---- shared with fill.c and audit.c */
static inline unsigned page_level(const struct shadow_page *page)
{
    return page->key >> KEY_LEVEL_SHIFT & 7;
}

static inline unsigned page_format(const struct shadow_page *page)
{
    return page->key & 3;
}

static inline unsigned page_quadrant(const struct shadow_page *page)
{
    return page->key >> KEY_QUADRANT_SHIFT & 3;
}

/* Bytes that one entry of a level spans, as a shift. */
static inline unsigned span_shift(unsigned level)
{
    return PAGE_SHIFT + 9 * (level - 1);
}

static inline uint32_t page_number(const struct shadow *shadow,
                                   const struct shadow_page *page)
{
    return (uint32_t)(page - shadow->page);
}

static inline spte_t *page_sptes(const struct shadow *shadow,
                                 const struct shadow_page *page)
{
    return shadow->spte + (size_t)page_number(shadow, page) * SHADOW_ENTRIES;
}

static inline spte_t link_to(const struct shadow *shadow,
                             const struct shadow_page *page)
{
    return (spte_t)page->generation << 32 | (spte_t)page_number(shadow, page)
                                                << PAGE_SHIFT;
}

/* The page that an entry leads to or NULL when the link is dead. */
static inline struct shadow_page *link_target(const struct shadow *shadow,
                                              spte_t spte)
{
    struct shadow_page *page = &shadow->page[spte >> PAGE_SHIFT & 0xFFFFF];

    return spte && page->generation == spte >> 32 ? page : NULL;
}

/* The shadow of a guest table; made if there is none. NULL: the table does
 * not lie in RAM or ROM. */
struct shadow_page *shadow_table(struct shadow *shadow, uint32_t key,
                                 gpa_t gpa);
/* A direct page that maps from `gpa` on; its link must be stored at once. */
struct shadow_page *shadow_direct(struct shadow *shadow, unsigned level,
                                  gpa_t gpa, uint32_t key);
/* A page without a table of its own, for the entries of an upper. */
struct shadow_page *shadow_upper(struct shadow *shadow, uint32_t key);
/* The page that this link leads to, if any, is not needed any more. */
void shadow_upper_gone(struct shadow *shadow, spte_t link);
/* Forget one entry and whatever was made from it. */
void shadow_drop_entry(struct shadow *shadow, struct shadow_page *page,
                       unsigned index);
/* A level-1 entry of the page leads to `gpa`. */
void shadow_list_low(struct shadow *shadow, struct shadow_page *page);
static inline void shadow_note_gpa(struct shadow *shadow,
                                   struct shadow_page *page, gpa_t gpa)
{
    if (unlikely(gpa < LOW_END) && !page->low)
        shadow_list_low(shadow, page);
}
/* Hang a level-1 entry into its frame's list. */
void shadow_rmap_add(struct shadow *shadow, struct shadow_page *page,
                     unsigned index, struct ram_frame *frame);

#endif
