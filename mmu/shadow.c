/* shadow.c - life of shadow pages and their entries: made, dropped, kept
 * coherent with stores to guest tables, recycled. fill.c uses them. */
#include "mmu/shadow.h"

#include "mmu/strict.h"

#include "mmu/hostmem.h"
#include "mmu/track.h"
#include "mmu/upper.h"

#include <stdlib.h>

enum {
    TLB_BYTES = 24 << 20,
    /* A table that gets this much pressure without a new translation in
     * between is no longer worth being kept coherent store by store. */
    FLOOD_PRESSURE = 64,
    PRESSURE_OF_DROP = 8, /* a store that hits a live entry */
    PRESSURE_OF_EMPTY = 1,
    RECYCLE_SAMPLE = 16,
};

/* ---- create, destroy */

static uint64_t table_bytes(size_t of_one)
{
    return (uint64_t)SHADOW_PAGES * SHADOW_ENTRIES * of_one;
}

static uint64_t headers_bytes(void)
{
    return (SHADOW_PAGES * sizeof(struct shadow_page) + PAGE_SIZE - 1) &
           PAGE_MASK;
}

static void init_free_list(struct shadow *shadow)
{
    shadow->free = 0;
    for (uint32_t n = SHADOW_PAGES - 1; n; n--) {
        shadow->page[n].next = shadow->free;
        shadow->free = n;
    }
    shadow->used = 0;
    shadow->hand = 1;
}

bool shadow_create(struct mmu *mmu)
{
    char error[100];
    struct shadow *shadow = calloc(1, sizeof *shadow);

    if (!shadow)
        return false;
    mmu->shadow = shadow;
    shadow->mmu = mmu;
    shadow->page = hostmem_map(headers_bytes(), false, error, sizeof error);
    shadow->spte = hostmem_map(table_bytes(sizeof *shadow->spte), false, error,
                               sizeof error);
    shadow->link = hostmem_map(table_bytes(sizeof *shadow->link), false, error,
                               sizeof error);
    if (!shadow->page || !shadow->spte || !shadow->link ||
        !arena_init(&shadow->arena, TLB_BYTES) ||
        !tlb_store_init(&shadow->store, &shadow->arena)) {
        shadow_destroy(shadow);
        mmu->shadow = NULL;
        return false;
    }
    /* Generation 0 is never valid: an entry of 0 leads nowhere. */
    for (uint32_t n = 0; n < SHADOW_PAGES; n++)
        shadow->page[n].generation = 1;
    shadow->structure = 1;
    init_free_list(shadow);
    physmap_build(&shadow->map, mmu->memory);
    roots_init(shadow);
    return true;
}

void shadow_destroy(struct shadow *shadow)
{
    if (!shadow)
        return;
    if (shadow->page && shadow->spte)
        shadow_drop_pages(shadow);
    hostmem_unmap(shadow->page, headers_bytes());
    hostmem_unmap(shadow->spte, table_bytes(sizeof *shadow->spte));
    hostmem_unmap(shadow->link, table_bytes(sizeof *shadow->link));
    if (shadow->arena.memory)
        arena_free(&shadow->arena);
    free(shadow);
}

static void count_bytes(struct shadow *shadow)
{
    shadow->mmu->count.bytes =
        shadow->arena.used +
        (uint64_t)shadow->used *
            (sizeof(struct shadow_page) +
             SHADOW_ENTRIES * (sizeof(spte_t) + sizeof(struct shadow_link)));
}

/* ---- rmap: which entries have write slots for a frame */

static uint32_t place_of(const struct shadow *shadow,
                         const struct shadow_page *page, unsigned index)
{
    return page_number(shadow, page) * SHADOW_ENTRIES + index;
}

void shadow_rmap_add(struct shadow *shadow, struct shadow_page *page,
                     unsigned index, struct ram_frame *frame)
{
    uint32_t place = place_of(shadow, page, index);

    shadow->link[place] = (struct shadow_link){frame->head_rmap, 0};
    if (frame->head_rmap)
        shadow->link[frame->head_rmap].prev = place;
    frame->head_rmap = place;
    page_sptes(shadow, page)[index] |= SPTE_RMAP;
}

static void rmap_remove(struct shadow *shadow, struct shadow_page *page,
                        unsigned index)
{
    spte_t *spte = &page_sptes(shadow, page)[index];
    struct shadow_link link = shadow->link[place_of(shadow, page, index)];
    gpa_t gpa = *spte & SPTE_GPA;

    if (link.prev)
        shadow->link[link.prev].next = link.next;
    else
        phys_slot_frame(physmap_find(&shadow->map, gpa), gpa)->head_rmap =
            link.next;
    if (link.next)
        shadow->link[link.next].prev = link.prev;
    *spte &= ~SPTE_RMAP;
}

/* ---- slots */

/* Roots that may have slots made from a level-1 entry. */
static uint64_t fillers_of(spte_t spte)
{
    unsigned filler = spte >> SPTE_FILLER_SHIFT & 127;

    if (!filler)
        return 0;
    return filler == FILLER_MANY ? ~0ull : 1ull << (filler - 1);
}

static unsigned slots_of(spte_t spte)
{
    return TLB_READ | (spte & SPTE_RMAP ? TLB_WRITE : 0) |
           (spte & SPTE_CODE ? TLB_EXEC : 0);
}

/* Roots that saw the page at too many places lose all their slots. */
static void flush_wild(struct shadow *shadow, struct shadow_page *page,
                       uint64_t roots)
{
    roots_flush(shadow, page->wild & roots);
    page->wild &= ~roots;
}

/* Drop slots made from one level-1 entry at every linear address. */
static void drop_slots(struct shadow *shadow, struct shadow_page *page,
                       unsigned index, unsigned which)
{
    uint64_t fillers = fillers_of(page_sptes(shadow, page)[index]);
    gva_t offset = (gva_t)index << PAGE_SHIFT;

    if (!fillers)
        return;
    for (unsigned i = 0; i < SHADOW_USES; i++)
        roots_drop(shadow, page->use[i].roots & fillers, which,
                   page->use[i].base + offset);
    /* `wild` stays: a jump slot may be about to be filled, see tlb.h. */
    roots_flush(shadow, page->wild & fillers);
}

static void drop_range(struct shadow *shadow, struct shadow_page *page,
                       gva_t base, uint64_t roots);

/* Drop the slots below `page` where it is seen at `base` in `roots`. */
static void drop_below(struct shadow *shadow, struct shadow_page *page,
                       gva_t base, uint64_t roots)
{
    unsigned level = page_level(page), left = page->live;
    const spte_t *spte = page_sptes(shadow, page);

    for (unsigned i = 0; left; i++) {
        gva_t at = base + ((gva_t)i << span_shift(level));
        struct shadow_page *child;

        if (!spte[i])
            continue;
        left--;
        if (level == 1) {
            roots_drop(shadow, roots & fillers_of(spte[i]), slots_of(spte[i]),
                       at);
            continue;
        }
        child = link_target(shadow, spte[i]);
        if (child)
            drop_range(shadow, child, at, roots);
    }
}

static void drop_range(struct shadow *shadow, struct shadow_page *page,
                       gva_t base, uint64_t roots)
{
    for (unsigned i = 0; i < SHADOW_USES; i++) {
        struct shadow_use *use = &page->use[i];
        uint64_t hit = use->base == base ? use->roots & roots : 0;

        if (!hit)
            continue;
        drop_below(shadow, page, base, hit);
        use->roots &= ~hit;
    }
    flush_wild(shadow, page, roots);
}

/* ---- entries */

static void zap_page(struct shadow *shadow, struct shadow_page *page);

static void drop_link(struct shadow *shadow, struct shadow_page *page,
                      unsigned index)
{
    spte_t spte = page_sptes(shadow, page)[index];
    struct shadow_page *child = link_target(shadow, spte);
    gva_t offset = (gva_t)index << span_shift(page_level(page));

    shadow->structure++;
    if (!child)
        return;
    if (spte & SPTE_LARGE) {
        zap_page(shadow, child);
        return;
    }
    for (unsigned i = 0; i < SHADOW_USES; i++)
        if (page->use[i].roots)
            drop_range(shadow, child, page->use[i].base + offset,
                       page->use[i].roots);
    flush_wild(shadow, page, ~0ull);
}

void shadow_drop_entry(struct shadow *shadow, struct shadow_page *page,
                       unsigned index)
{
    spte_t *spte = &page_sptes(shadow, page)[index];

    if (!*spte)
        return;
    if (page_level(page) > 1) {
        drop_link(shadow, page, index);
    } else {
        drop_slots(shadow, page, index, slots_of(*spte));
        if (*spte & SPTE_RMAP)
            rmap_remove(shadow, page, index);
    }
    *spte = 0;
    page->live--;
}

/* ---- pages */

static void unlink_from_frame(struct shadow *shadow,
                              const struct shadow_page *page)
{
    uint32_t *at = &page->frame->head_shadow;

    while (*at != page_number(shadow, page))
        at = &shadow->page[*at].next;
    *at = page->next;
    if (!page->frame->head_shadow)
        track_remove(page->frame, TRACK_TABLE);
}

void shadow_list_low(struct shadow *shadow, struct shadow_page *page)
{
    if (shadow->low_count == LOW_PAGES) {
        shadow->low_lost = true;
        return;
    }
    page->low = true;
    shadow->low[shadow->low_count++] = page_number(shadow, page);
}

static void unlist_low(struct shadow *shadow, struct shadow_page *page)
{
    unsigned i = 0;

    while (shadow->low[i] != page_number(shadow, page))
        i++;
    shadow->low[i] = shadow->low[--shadow->low_count];
    page->low = false;
}

/* Every link to the page dies with its generation. */
static void zap_page(struct shadow *shadow, struct shadow_page *page)
{
    upper_leave_all(shadow, page->tops);
    flush_wild(shadow, page, ~0ull);
    for (unsigned i = 0; page->live; i++)
        shadow_drop_entry(shadow, page, i);
    if (page->frame)
        unlink_from_frame(shadow, page);
    if (page->low)
        unlist_low(shadow, page);
    page->generation++;
    shadow->structure++;
    page->used = false;
    page->next = shadow->free;
    shadow->free = page_number(shadow, page);
    shadow->used--;
    shadow->mmu->count.page_zapped++;
}

/* Zap the page that was passed through longest ago, of a sample. Pages of
 * the fill under way have the present stamp and stay. */
static void recycle_one(struct shadow *shadow)
{
    struct shadow_page *oldest = NULL;
    unsigned seen = 0;

    while (!oldest || seen < RECYCLE_SAMPLE) {
        struct shadow_page *page = &shadow->page[shadow->hand];

        if (++shadow->hand == SHADOW_PAGES)
            shadow->hand = 1;
        seen++;
        if (page->used && page->stamp != shadow->stamp &&
            (!oldest || page->stamp < oldest->stamp))
            oldest = page;
    }
    zap_page(shadow, oldest);
    shadow->mmu->count.page_recycled++;
    LOG(shadow->mmu->log, MMU, "shadow page of %llX recycled",
        (unsigned long long)oldest->gpa);
}

static struct shadow_page *new_page(struct shadow *shadow, uint32_t key,
                                    gpa_t gpa)
{
    struct shadow_page *page;

    if (!shadow->free)
        recycle_one(shadow);
    page = &shadow->page[shadow->free];
    shadow->free = page->next;
    shadow->used++;
    page->key = key;
    page->gpa = gpa;
    page->frame = NULL;
    page->stamp = shadow->stamp;
    page->next = 0;
    page->pressure = 0;
    page->used = true;
    page->low = false;
    page->wild = page->tops = 0;
    memset(page->use, 0, sizeof page->use);
    shadow->mmu->count.page_made++;
    LOG(shadow->mmu->log, MMU, "shadow page %u for %llX, key %X",
        page_number(shadow, page), (unsigned long long)gpa, key);
    count_bytes(shadow);
    return page;
}

struct shadow_page *shadow_table(struct shadow *shadow, uint32_t key, gpa_t gpa)
{
    const struct phys_slot *slot = physmap_find(&shadow->map, gpa);
    struct ram_frame *frame;
    struct shadow_page *page;

    if (!slot)
        return NULL;
    frame = phys_slot_frame(slot, gpa);
    for (uint32_t n = frame->head_shadow; n; n = page->next) {
        page = &shadow->page[n];
        if (page->key == key) {
            shadow->mmu->count.page_reused++;
            return page;
        }
    }
    page = new_page(shadow, key, gpa);
    page->frame = frame;
    page->next = frame->head_shadow;
    frame->head_shadow = page_number(shadow, page);
    track_add(shadow->mmu->track, slot->block, phys_slot_offset(slot, gpa),
              TRACK_TABLE);
    return page;
}

struct shadow_page *shadow_direct(struct shadow *shadow, unsigned level,
                                  gpa_t gpa, uint32_t key)
{
    return new_page(
        shadow, FORMAT_DIRECT | level << KEY_LEVEL_SHIFT | (key & KEY_A20_OFF),
        gpa);
}

struct shadow_page *shadow_upper(struct shadow *shadow, uint32_t key)
{
    return new_page(shadow, key, 0);
}

void shadow_upper_gone(struct shadow *shadow, spte_t link)
{
    struct shadow_page *page = link_target(shadow, link);

    if (page && !page->frame)
        zap_page(shadow, page);
}

void shadow_drop_pages(struct shadow *shadow)
{
    for (uint32_t n = 1; n < SHADOW_PAGES; n++) {
        struct shadow_page *page = &shadow->page[n];
        spte_t *spte = page_sptes(shadow, page);

        if (!page->used)
            continue;
        for (unsigned i = 0; page->live; i++) {
            if (page_level(page) == 1 && spte[i] & SPTE_RMAP)
                rmap_remove(shadow, page, i);
            page->live -= spte[i] != 0;
            spte[i] = 0;
        }
        if (page->frame)
            unlink_from_frame(shadow, page);
        page->generation++;
        page->used = page->low = false;
    }
    shadow->low_count = 0;
    shadow->low_lost = false;
    shadow->epoch++;
    shadow->structure++;
    init_free_list(shadow);
    count_bytes(shadow);
}

/* ---- reaction to changes of the map */

/* Shadows of the tables that lie there; a table may be known by another
 * address of its frame. */
static void zap_tables(struct shadow *shadow, gpa_t base, gpa_t end)
{
    for (gpa_t gpa = base; gpa < end; gpa += PAGE_SIZE) {
        const struct phys_slot *slot = physmap_find(&shadow->map, gpa);
        struct ram_frame *frame = slot ? phys_slot_frame(slot, gpa) : NULL;

        while (frame && frame->head_shadow)
            zap_page(shadow, &shadow->page[frame->head_shadow]);
    }
}

static void drop_entries_to(struct shadow *shadow, struct shadow_page *page,
                            gpa_t base, gpa_t end)
{
    const spte_t *spte = page_sptes(shadow, page);

    for (unsigned i = 0, left = page->live; left; i++) {
        if (!spte[i])
            continue;
        left--;
        if ((spte[i] & SPTE_GPA) - base < end - base)
            shadow_drop_entry(shadow, page, i);
    }
}

bool shadow_drop_range(struct shadow *shadow, gpa_t base, uint64_t size)
{
    gpa_t end = (base + size + PAGE_SIZE - 1) & PAGE_MASK;

    if (base >= LOW_END || size > LOW_END - base || shadow->low_lost)
        return false;
    base &= PAGE_MASK;
    zap_tables(shadow, base, end);
    for (unsigned i = 0; i < shadow->low_count; i++)
        drop_entries_to(shadow, &shadow->page[shadow->low[i]], base, end);
    shadow->code_block = NULL;
    shadow->epoch++;
    return true;
}

/* ---- reaction to stores */

/* Drop the entries made from guest entries [first, last] of the table. */
static unsigned drop_entries(struct shadow *shadow, struct shadow_page *page,
                             unsigned first, unsigned last)
{
    unsigned pieces = 1, dropped = 0;

    /* A legacy 4 MiB entry became two of 2 MiB. */
    if (page_format(page) == FORMAT_LEGACY && page_level(page) == 2)
        pieces = 2;
    for (unsigned n = first * pieces; n < (last + 1) * pieces; n++) {
        if (n / SHADOW_ENTRIES != page_quadrant(page) ||
            !page_sptes(shadow, page)[n % SHADOW_ENTRIES])
            continue;
        if (shadow->mmu->strict && page_level(page) == 1 && page->use[0].roots)
            strict_entry_changed(
                shadow->mmu->strict,
                page->use[0].base +
                    ((gva_t)(n % SHADOW_ENTRIES) << PAGE_SHIFT));
        shadow_drop_entry(shadow, page, n % SHADOW_ENTRIES);
        dropped++;
    }
    return dropped;
}

void shadow_table_written(struct shadow *shadow, struct ram_frame *frame,
                          unsigned offset, unsigned size)
{
    uint32_t next;

    for (uint32_t n = frame->head_shadow; n; n = next) {
        struct shadow_page *page = &shadow->page[n];
        unsigned shift = page_format(page) == FORMAT_LEGACY ? 2 : 3;
        unsigned first = offset >> shift, last = (offset + size - 1) >> shift;
        unsigned dropped = drop_entries(shadow, page, first, last);
        unsigned pressure = page->pressure + dropped * PRESSURE_OF_DROP +
                            (last - first + 1) * PRESSURE_OF_EMPTY;

        next = page->next;
        if (page->tops)
            upper_written(shadow, page, offset + size);
        shadow->mmu->count.table_sync += dropped;
        page->pressure = (uint8_t)min_u64(pressure, FLOOD_PRESSURE);
        if (pressure >= FLOOD_PRESSURE) {
            shadow->mmu->count.flood++;
            LOG(shadow->mmu->log, MMU, "flood of stores to table %llX",
                (unsigned long long)page->gpa);
            zap_page(shadow, page);
        }
    }
}

/* The walk set accessed or dirty in an entry of `size` bytes. Shadows of the
 * same format hold already: an entry has a shadow only if accessed was set,
 * and missing RIGHT_D only leads to another walk. In the other format the
 * bits mean something else. */
void shadow_table_marked(struct shadow *shadow, struct ram_frame *frame,
                         unsigned offset, unsigned size)
{
    struct shadow_page *page;

    for (uint32_t n = frame->head_shadow; n; n = page->next) {
        unsigned shift;

        page = &shadow->page[n];
        if (page->tops)
            upper_written(shadow, page, offset + size);
        shift = page_format(page) == FORMAT_LEGACY ? 2 : 3;
        if (size != 1u << shift)
            drop_entries(shadow, page, offset >> shift,
                         (offset + size - 1) >> shift);
    }
}

void shadow_protect(struct shadow *shadow, struct ram_frame *frame)
{
    while (frame->head_rmap) {
        uint32_t place = frame->head_rmap;
        struct shadow_page *page = &shadow->page[place / SHADOW_ENTRIES];
        unsigned index = place % SHADOW_ENTRIES;

        drop_slots(shadow, page, index, TLB_WRITE);
        rmap_remove(shadow, page, index);
    }
}
