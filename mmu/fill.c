/* fill.c - the way of an access through the shadow to a page, and from
 * there into the TLB. Missing entries are made, one guest entry at a time,
 * by the table walk. */
#include "mmu/shadow.h"

#include "mmu/track.h"
#include "mmu/upper.h"

enum made { MADE, MADE_FAULT, MADE_UNCACHED };

/* The descent: where it is and what the levels above permit. */
struct descent {
    struct shadow *shadow;
    struct root *root;
    struct mmu_request *request;
    struct shadow_page *page;
    unsigned level;
    unsigned rights;
    unsigned key; /* of the page, once its entry is passed */
};

/* ---- who uses a page */

static NOINLINE void note_other_use(struct shadow_page *page, gva_t base,
                                    uint64_t root)
{
    for (unsigned i = 0; i < SHADOW_USES; i++)
        if (page->use[i].roots && page->use[i].base == base) {
            page->use[i].roots |= root;
            return;
        }
    for (unsigned i = 0; i < SHADOW_USES; i++)
        if (!page->use[i].roots) {
            page->use[i] = (struct shadow_use){base, root};
            return;
        }
    page->wild |= root;
}

static inline void note_use(struct descent *d, struct shadow_page *page)
{
    gva_t base = walk_canonical(d->root->role.levels, d->request->gva);
    uint64_t root = 1ull << d->root->number;

    base &= ~0ull << span_shift(page_level(page) + 1);
    page->stamp = d->shadow->stamp;
    if (likely(page->use[0].base == base && page->use[0].roots))
        page->use[0].roots |= root;
    else
        note_other_use(page, base, root);
}

static inline void enter_page(struct descent *d, struct shadow_page *page)
{
    note_use(d, page);
    d->page = page;
    d->level = page_level(page);
}

/* ---- making entries */

static void start_walk(const struct descent *d, struct walk *walk)
{
    struct mmu *mmu = d->shadow->mmu;

    *walk = (struct walk){
        .memory = {&d->shadow->map, mmu->memory},
        .role = &d->root->role,
        .a20_mask = mmu->a20 ? ~0ull : ~0x100000ull,
        .gva = d->request->gva,
        .kind = d->request->kind,
        .access = d->request->access,
    };
}

static gpa_t a20(const struct descent *d, gpa_t gpa)
{
    return d->shadow->mmu->a20 ? gpa : gpa & ~0x100000ull;
}

static uint32_t table_key(const struct descent *d, unsigned level)
{
    uint32_t key = d->root->page_key | level << KEY_LEVEL_SHIFT;

    /* Legacy tables have 1024 entries: which part of them. */
    if ((key & 3) == FORMAT_LEGACY)
        key |= (uint32_t)bits(d->request->gva, span_shift(level + 1), level)
               << KEY_QUADRANT_SHIFT;
    return key;
}

static void set_entry(struct descent *d, spte_t *spte, spte_t value)
{
    d->page->live += !*spte;
    d->page->pressure = 0;
    *spte = value;
    d->shadow->mmu->count.spte_made++;
}

/* An entry of a direct page: nothing can forbid it. */
static void make_direct_entry(struct descent *d, spte_t *spte)
{
    unsigned shift = span_shift(d->level);
    gpa_t gpa = d->page->gpa + (bits(d->request->gva, shift, 9) << shift);
    struct shadow_page *child;

    if (d->level == 1) {
        set_entry(d, spte, a20(d, gpa) | RIGHT_ALL | SPTE_VALID);
        shadow_note_gpa(d->shadow, d->page, a20(d, gpa));
        return;
    }
    child = shadow_direct(d->shadow, d->level - 1, gpa, d->page->key);
    set_entry(d, spte,
              link_to(d->shadow, child) | RIGHT_ALL | SPTE_VALID | SPTE_LARGE);
}

/* The guest's entry maps a page. */
static void make_page_entry(struct descent *d, spte_t *spte,
                            const struct walk *walk)
{
    gpa_t span = 1ull << span_shift(d->level);
    struct shadow_page *child;

    if (*spte & SPTE_VALID && (d->level == 1 || link_target(d->shadow, *spte)))
        /* Only the dirty bit was missing; slots made from it still hold. */
        *spte |= walk->entry_rights;
    else if (d->level == 1) {
        set_entry(d, spte, walk->page | walk->entry_rights | SPTE_VALID);
        shadow_note_gpa(d->shadow, d->page, walk->page);
    } else {
        child = shadow_direct(d->shadow, d->level - 1, walk->page & ~(span - 1),
                              d->root->page_key);
        set_entry(d, spte,
                  link_to(d->shadow, child) | walk->entry_rights | SPTE_VALID |
                      SPTE_LARGE);
    }
}

/* The table that entries of the page are made from. */
static gpa_t table_of(const struct descent *d)
{
    struct mmu *mmu = d->shadow->mmu;
    struct walk walk;

    if (d->page->frame)
        return d->page->gpa;
    start_walk(d, &walk);
    walk_start(&walk, mmu->cr3, mmu->pdpte);
    return walk.table;
}

static enum made make_entry(struct descent *d, spte_t *spte)
{
    uint64_t epoch = d->shadow->epoch;
    struct walk walk;
    struct shadow_page *child;
    enum walk_result result;

    if (page_format(d->page) == FORMAT_DIRECT) {
        make_direct_entry(d, spte);
        return MADE;
    }
    start_walk(d, &walk);
    walk.level = d->level;
    walk.table = table_of(d);
    walk.rights = d->rights;
    d->shadow->mmu->count.walk++;
    result = walk_step(&walk);
    /* A table in flash memory: setting A was a command to the flash, which
     * changed the map, and this page may be gone. */
    if (unlikely(d->shadow->epoch != epoch))
        return MADE_UNCACHED;
    switch (result) {
    case WALK_FAULT:
        d->request->error = walk.error;
        return MADE_FAULT;
    case WALK_PAGE:
        make_page_entry(d, spte, &walk);
        return MADE;
    default:
        child = shadow_table(d->shadow, table_key(d, walk.level), walk.table);
        if (!child)
            return MADE_UNCACHED;
        set_entry(d, spte,
                  link_to(d->shadow, child) | walk.entry_rights | SPTE_VALID);
        return MADE;
    }
}

/* ---- the descent */

static enum made enter_top(struct descent *d)
{
    struct root *root = d->root;
    unsigned part =
        root->role.levels >= 4 ? 0 : (unsigned)bits(d->request->gva, 30, 2);
    struct shadow_page *top = link_target(d->shadow, root->top[part]);
    struct walk walk;

    if (unlikely(!top)) {
        if (!root->role.levels) {
            top =
                shadow_direct(d->shadow, 2, (gpa_t)part << 30, root->page_key);
        } else {
            start_walk(d, &walk);
            if (walk_start(&walk, d->shadow->mmu->cr3, d->shadow->mmu->pdpte) ==
                WALK_FAULT) {
                d->request->error = walk.error;
                return MADE_FAULT;
            }
            if (root->number >= ROOTS && root->role.levels != 3)
                top = shadow_upper(d->shadow, table_key(d, walk.level));
            else
                top = shadow_table(d->shadow, table_key(d, walk.level),
                                   walk.table);
            if (!top)
                return MADE_UNCACHED;
        }
        root->top[part] = link_to(d->shadow, top);
    }
    d->rights = RIGHT_ALL;
    enter_page(d, top);
    return MADE;
}

/* An entry must be made (again): nothing there, the page below is gone, or
 * the guest's dirty bit must be set first. */
static inline bool must_make(const struct descent *d, spte_t spte,
                             const struct shadow_page *child)
{
    if (!(spte & SPTE_VALID) || (d->level > 1 && !child))
        return true;
    return d->request->access == MMU_WRITE && !(spte & RIGHT_D);
}

static inline struct root_leaf *leaf_of(struct root *root, uint64_t part)
{
    return &root->leaf[(part ^ part >> 9 ^ part >> 18) % ROOT_LEAVES];
}

/* Begin at level 1 where the short cut holds. */
static inline bool enter_leaf(struct descent *d)
{
    uint64_t part = d->request->gva >> span_shift(2);
    const struct root_leaf *leaf = leaf_of(d->root, part);

    if (leaf->part != part || leaf->structure != d->shadow->structure)
        return false;
    d->page = &d->shadow->page[leaf->page];
    d->page->stamp = d->shadow->stamp;
    d->level = 1;
    d->rights = leaf->rights & RIGHT_ALL;
    d->key = leaf->rights & KEY_OF_PAGE;
    return true;
}

/* `rights` are those of the levels above. Without the dirty bit of a large
 * page a write has to go all the way. */
static void remember_leaf(const struct descent *d)
{
    uint64_t part = d->request->gva >> span_shift(2);

    if (!(d->rights & RIGHT_D))
        return;
    *leaf_of(d->root, part) = (struct root_leaf){
        .part = part,
        .structure = d->shadow->structure,
        .page = page_number(d->shadow, d->page),
        .rights = d->rights | d->key,
    };
}

/* Go down to level 1. The entry found is page_sptes()[*index]. */
static enum made descend(struct descent *d, unsigned *index)
{
    enum made made = enter_leaf(d) ? MADE : enter_top(d);
    unsigned made_entries = 0;

    if (made != MADE)
        return made;
    for (;;) {
        unsigned i = (unsigned)bits(d->request->gva, span_shift(d->level), 9);
        spte_t *spte = &page_sptes(d->shadow, d->page)[i];
        struct shadow_page *child =
            d->level > 1 ? link_target(d->shadow, *spte) : NULL;

        if (unlikely(must_make(d, *spte, child))) {
            made = make_entry(d, spte);
            if (made != MADE)
                return made;
            made_entries++;
            child = d->level > 1 ? link_target(d->shadow, *spte) : NULL;
        }
        d->rights &= (unsigned)*spte & RIGHT_ALL;
        d->key |= (unsigned)*spte & KEY_OF_PAGE;
        if (d->level == 1) {
            *index = i;
            break;
        }
        enter_page(d, child);
        if (d->level == 1)
            remember_leaf(d);
    }
    if (!made_entries)
        d->shadow->mmu->count.fill_shadow_hit++;
    return MADE;
}

/* ---- into the TLB */

static void insert(struct descent *d, struct tlb_set *set,
                   enum mmu_access access, const uint8_t *host)
{
    if (unlikely(tlb_insert(set, access, d->request->gva, host)))
        roots_grow_set(d->shadow, set, access);
}

static void fill(struct descent *d, unsigned index, const struct mmu_page *page)
{
    struct ram_frame *frame = ram_frame_at(page->block, page->offset);
    const uint8_t *host = page->block->host + page->offset;
    enum mmu_access access = d->request->access;
    struct tlb_set *set = roots_set(d->root, d->request->kind);
    spte_t *spte = &page_sptes(d->shadow, d->page)[index];
    unsigned filler = *spte >> SPTE_FILLER_SHIFT & FILLER_MANY;
    unsigned own = d->root->number + 1u;

    if (access == MMU_WRITE && (frame->tracked || page->rom))
        return;
    if (unlikely(!set->live))
        roots_make_set(d->shadow, set);
    insert(d, set, access, host);
    if (access == MMU_WRITE) {
        /* What may be written may be read, and soon will be. */
        insert(d, set, MMU_READ, host);
        if (!(*spte & SPTE_RMAP))
            shadow_rmap_add(d->shadow, d->page, index, frame);
    } else if (access == MMU_EXEC) {
        *spte |= SPTE_CODE;
    }
    if (filler != own) {
        *spte &= ~((spte_t)FILLER_MANY << SPTE_FILLER_SHIFT);
        *spte |= (spte_t)(filler ? FILLER_MANY : own) << SPTE_FILLER_SHIFT;
    }
    if (d->root->upper && d->request->kind != BANK_USER)
        upper_note_low(d->root->upper, d->request->gva,
                       access == MMU_WRITE ? TLB_WRITE | TLB_READ
                                           : 1u << access);
    d->shadow->mmu->count.fill++;
}

void mmu_page_locate(struct shadow *shadow, gpa_t gpa, struct mmu_page *page)
{
    const struct phys_slot *slot = physmap_find(&shadow->map, gpa);

    page->gpa = gpa;
    page->block = NULL;
    page->rom = page->uncached = false;
    if (slot) {
        page->block = slot->block;
        page->offset = phys_slot_offset(slot, gpa);
        page->rom = slot->rom;
    }
}

/* A guest table lies outside RAM: walk in full, remember nothing. */
static bool resolve_uncached(struct descent *d, struct mmu_page *page)
{
    struct mmu *mmu = d->shadow->mmu;
    struct walk walk;

    start_walk(d, &walk);
    mmu->count.walk++;
    if (walk_all(&walk, mmu->cr3, mmu->pdpte) == WALK_FAULT) {
        d->request->error = walk.error;
        return false;
    }
    mmu_page_locate(d->shadow, walk.page, page);
    page->uncached = true;
    return true;
}

bool shadow_resolve(struct shadow *shadow, struct mmu_request *request,
                    struct mmu_page *page)
{
    struct descent d = {.shadow = shadow, .request = request};
    unsigned index = 0;

    shadow->stamp++;
    d.root = roots_space(shadow, request->kind, request->gva);
    switch (descend(&d, &index)) {
    case MADE_FAULT:
        return false;
    case MADE_UNCACHED:
        return resolve_uncached(&d, page);
    case MADE:
        break;
    }
    if (!(d.root->allow[request->kind][request->access] >>
              (d.rights & RIGHT_UWX) &
          1) ||
        unlikely(d.root->role.pkru)) {
        uint32_t cause = walk_denies(&d.root->role, request->kind,
                                     request->access, d.rights | d.key);
        if (cause) {
            request->error = walk_error(&d.root->role, request->kind,
                                        request->access, cause);
            return false;
        }
    }
    mmu_page_locate(shadow, page_sptes(shadow, d.page)[index] & SPTE_GPA, page);
    if (page->block)
        fill(&d, index, page);
    return true;
}
