/* audit.c - checks the invariants written in shadow.h, tlb.h and track.h
 * against each other and against the guest's tables. Slow; for tests and
 * debugging. Each function returns NULL or what is wrong. */
#include "mmu/addrspace.h"
#include "mmu/shadow.h"
#include "mmu/upper.h"

/* ---- entries against the guest's tables */

static struct page_role role_of(const struct shadow_page *page)
{
    static const uint8_t levels[] = {0, 2, 3, 4};

    return (struct page_role){
        .levels = levels[page_format(page)],
        .pse = page->key & KEY_PSE,
        .nxe = page->key & KEY_NXE,
        .maxphyaddr = (uint8_t)bits(page->key, KEY_WIDTH_SHIFT, 6),
        .no_pse36 = page->key & KEY_NO_PSE36,
        .no_1g = page->key & KEY_NO_1G,
    };
}

static gpa_t a20_mask(const struct shadow_page *page)
{
    return page->key & KEY_A20_OFF ? ~0x100000ull : ~0ull;
}

static const char *check_large(const struct shadow *shadow,
                               const struct shadow_page *page, spte_t spte,
                               gpa_t gpa)
{
    const struct shadow_page *child = link_target(shadow, spte);

    if (!(spte & SPTE_LARGE))
        return "entry of a large page without SPTE_LARGE";
    if (child && (page_format(child) != FORMAT_DIRECT ||
                  page_level(child) + 1 != page_level(page) ||
                  child->gpa != (gpa & ~0ull << span_shift(page_level(page)))))
        return "large page leads to a wrong direct page";
    return NULL;
}

static const char *check_direct_entry(const struct shadow *shadow,
                                      const struct shadow_page *page,
                                      unsigned index, spte_t spte)
{
    gpa_t gpa = page->gpa + ((gpa_t)index << span_shift(page_level(page)));

    if ((spte & SPTE_RIGHTS) != SPTE_RIGHTS)
        return "entry of a direct page forbids something";
    if (page_level(page) > 1)
        return check_large(shadow, page, spte, gpa);
    return (spte & SPTE_GPA) == (gpa & a20_mask(page))
               ? NULL
               : "entry of a direct page leads elsewhere";
}

static const char *check_table_link(struct shadow *shadow,
                                    const struct shadow_page *page, spte_t spte,
                                    const struct walk *walk)
{
    const struct shadow_page *child = link_target(shadow, spte);
    const struct phys_slot *slot = physmap_find(&shadow->map, walk->table);

    if (spte & SPTE_LARGE)
        return "entry of a table with SPTE_LARGE";
    if (!slot)
        return "shadow of a table outside RAM";
    if (!child)
        return NULL;
    if (child->frame != phys_slot_frame(slot, walk->table) ||
        page_level(child) != walk->level ||
        page_format(child) != page_format(page))
        return "entry leads to the shadow of another table";
    return NULL;
}

static const char *check_guest_entry(struct shadow *shadow,
                                     const struct shadow_page *page,
                                     unsigned index, spte_t spte)
{
    struct page_role role = role_of(page);
    uint64_t number = page_quadrant(page) * SHADOW_ENTRIES + index;
    const struct phys_slot *slot = physmap_find(&shadow->map, page->gpa);
    struct walk walk = {
        .memory = {&shadow->map, shadow->mmu->memory},
        .role = &role,
        .a20_mask = a20_mask(page),
        .gva = number << span_shift(page_level(page)),
        .quiet = true,
        .level = page_level(page),
        .table = page->gpa,
        .rights = RIGHT_ALL,
    };
    enum walk_result result = walk_step(&walk);
    bool rom = !slot || slot->rom;

    if (result == WALK_FAULT)
        return "entry that the guest's table does not have";
    if ((spte ^ walk.entry_rights) & (RIGHT_UWX | SPTE_KEY))
        return "entry with other rights than the guest's";
    if (!rom && spte & RIGHT_D && !(walk.entry_rights & RIGHT_D))
        return "entry is dirty, the guest's is not";
    if (!rom && !(*phys_slot_host(slot, walk.entry_gpa) & PTE_A))
        return "entry whose accessed bit the guest cleared";
    if (result == WALK_TABLE)
        return check_table_link(shadow, page, spte, &walk);
    if (page_level(page) > 1)
        return check_large(shadow, page, spte, walk.page);
    return (spte & SPTE_GPA) == walk.page ? NULL
                                          : "entry leads to another page";
}

/* The table whose entries an upper's page has, of some member; 0: none. */
static gpa_t table_of_upper(const struct shadow *shadow,
                            const struct shadow_page *page)
{
    for (unsigned i = 0; i < ROOTS; i++) {
        const struct root *root = &shadow->roots.root[i];

        if (root->used && root->upper &&
            link_target(shadow, root->upper->space.top[upper_top(root)]) ==
                page)
            return root->key.table[0];
    }
    return 0;
}

static const char *check_page(struct shadow *shadow,
                              const struct shadow_page *page)
{
    const spte_t *spte = page_sptes(shadow, page);
    struct shadow_page copy = *page;
    const char *wrong = NULL;
    unsigned live = 0;
    bool guest = page_format(page) != FORMAT_DIRECT;

    if (page->frame && !(page->frame->tracked & TRACK_TABLE))
        return "shadow of a table that is not tracked";
    if (guest && !page->frame)
        copy.gpa = table_of_upper(shadow, page);
    for (unsigned i = 0; i < SHADOW_ENTRIES && !wrong; i++) {
        if (!spte[i])
            continue;
        live++;
        if (!(spte[i] & SPTE_VALID))
            return "entry that is neither empty nor valid";
        if (!guest)
            wrong = check_direct_entry(shadow, page, i, spte[i]);
        else if (copy.gpa || page->frame)
            wrong = check_guest_entry(shadow, &copy, i, spte[i]);
    }
    if (!wrong && live != page->live)
        return "wrong count of live entries";
    return wrong;
}

static const char *check_pages(struct shadow *shadow)
{
    uint32_t used = 0;
    const char *wrong = NULL;

    for (uint32_t n = 1; n < SHADOW_PAGES && !wrong; n++)
        if (shadow->page[n].used) {
            used++;
            wrong = check_page(shadow, &shadow->page[n]);
        }
    if (!wrong && used != shadow->used)
        return "wrong count of shadow pages";
    return wrong;
}

/* ---- frames */

static const char *check_rmap(struct shadow *shadow,
                              const struct ram_frame *frame, uint32_t *listed)
{
    uint32_t before = 0;

    for (uint32_t at = frame->head_rmap; at; at = shadow->link[at].next) {
        spte_t spte = shadow->spte[at];
        gpa_t gpa = spte & SPTE_GPA;
        const struct phys_slot *slot = physmap_find(&shadow->map, gpa);

        if (!(spte & SPTE_RMAP) || shadow->link[at].prev != before)
            return "broken list of a frame's writable entries";
        if (!slot || phys_slot_frame(slot, gpa) != frame)
            return "writable entry in another frame's list";
        before = at;
        (*listed)++;
    }
    return NULL;
}

static const char *check_frame(struct shadow *shadow,
                               const struct ram_frame *frame, uint32_t *listed)
{
    if (!(frame->tracked & TRACK_TABLE) != !frame->head_shadow)
        return "TRACK_TABLE does not tell whether there are shadow pages";
    if (frame->tracked && frame->head_rmap)
        return "tracked frame has writable entries";
    if (!(frame->tracked & TRACK_CODE) && frame->code_granules)
        return "code granules without TRACK_CODE";
    for (uint32_t n = frame->head_shadow; n; n = shadow->page[n].next)
        if (!shadow->page[n].used || shadow->page[n].frame != frame)
            return "broken list of a frame's shadow pages";
    return check_rmap(shadow, frame, listed);
}

/* A block may be mapped more than once: frames count at first sight. */
static bool seen_before(const struct physmap *map, unsigned slot,
                        uint64_t offset)
{
    for (unsigned i = 0; i < slot; i++)
        if (map->slot[i].block == map->slot[slot].block &&
            offset - map->slot[i].offset < map->slot[i].size)
            return true;
    return false;
}

static const char *check_frames(struct shadow *shadow)
{
    const struct physmap *map = &shadow->map;
    uint32_t listed = 0, marked = 0;

    for (unsigned i = 0; i < map->count; i++) {
        const struct phys_slot *slot = &map->slot[i];

        for (uint64_t at = 0; at < slot->size; at += PAGE_SIZE) {
            const char *wrong;

            if (seen_before(map, i, slot->offset + at))
                continue;
            wrong = check_frame(
                shadow, ram_frame_at(slot->block, slot->offset + at), &listed);
            if (wrong)
                return wrong;
        }
    }
    for (uint32_t n = 1; n < SHADOW_PAGES; n++)
        for (unsigned i = 0; shadow->page[n].used && i < SHADOW_ENTRIES; i++)
            marked += page_level(&shadow->page[n]) == 1 &&
                      page_sptes(shadow, &shadow->page[n])[i] & SPTE_RMAP;
    return marked == listed ? NULL : "writable entry in no frame's list";
}

/* ---- slots */

static bool remembers(const struct shadow_page *page, gva_t gva, uint64_t root)
{
    gva_t base = gva & ~0ull << span_shift(page_level(page) + 1);

    for (unsigned i = 0; i < SHADOW_USES; i++)
        if (page->use[i].base == base && page->use[i].roots & root)
            return true;
    return page->wild & root;
}

/* The level-1 entry behind a linear address, without making anything. */
static const char *follow(const struct shadow *shadow, const struct root *root,
                          gva_t gva, unsigned *rights, spte_t *found)
{
    unsigned part = root->role.levels >= 4 ? 0 : (unsigned)bits(gva, 30, 2);
    const struct shadow_page *page = link_target(shadow, root->top[part]);

    *rights = RIGHT_ALL;
    for (;;) {
        if (!page)
            return "slot without a path of shadow pages";
        if (!remembers(page, gva, 1ull << root->number))
            return "slot that a shadow page on its path does not know of";
        *found = page_sptes(shadow,
                            page)[bits(gva, span_shift(page_level(page)), 9)];
        if (!(*found & SPTE_VALID))
            return "slot without a shadow entry";
        *rights &= (*found & SPTE_RIGHTS) | SPTE_KEY;
        *rights |= *found & SPTE_KEY;
        if (page_level(page) == 1)
            return NULL;
        page = link_target(shadow, *found);
    }
}

static bool filled_by(spte_t spte, const struct root *root)
{
    unsigned filler = spte >> SPTE_FILLER_SHIFT & FILLER_MANY;

    return filler == FILLER_MANY || filler == root->number + 1u;
}

static bool allowed(const struct root *root, unsigned kind, unsigned access,
                    unsigned rights)
{
    return root->allow[kind][access] >> (rights & RIGHT_UWX) & 1 &&
           !walk_denies(&root->role, kind, access, rights);
}

static const char *check_slot(struct shadow *shadow, const struct root *root,
                              unsigned kind, unsigned access,
                              const struct tlb_entry *entry)
{
    const struct phys_slot *slot;
    const char *wrong;
    unsigned rights;
    spte_t spte;
    gpa_t gpa;

    wrong = follow(shadow, root, entry->tag, &rights, &spte);
    if (wrong)
        return wrong;
    gpa = spte & SPTE_GPA;
    slot = physmap_find(&shadow->map, gpa);
    if (!allowed(root, kind, access, rights))
        return "slot that permits too much";
    if (!filled_by(spte, root))
        return "slot whose entry does not know the root";
    if (!slot || entry->host != (uintptr_t)phys_slot_host(slot, gpa))
        return "slot that leads to another host page";
    if (access == MMU_EXEC && !(spte & SPTE_CODE))
        return "exec slot without SPTE_CODE";
    if (access == MMU_WRITE &&
        (slot->rom || phys_slot_frame(slot, gpa)->tracked ||
         !(rights & RIGHT_D) || !(spte & SPTE_RMAP)))
        return "write slot for a page that must not have one";
    return NULL;
}

static const char *check_jump(struct shadow *shadow, const struct root *root,
                              unsigned kind, const struct jump_slot *jump)
{
    const char *wrong;
    unsigned rights;
    spte_t spte;

    if (!jump->block)
        return NULL;
    wrong = follow(shadow, root, walk_canonical(root->role.levels, jump->key),
                   &rights, &spte);
    if (wrong)
        return wrong;
    if (!(spte & SPTE_CODE) || !filled_by(spte, root))
        return "jump slot whose entry does not know of it";
    return allowed(root, kind, MMU_EXEC, rights)
               ? NULL
               : "jump slot for code that may not run";
}

/* Whose paths lead to the slots for an address. */
static const struct root *owner_of(const struct shadow *shadow,
                                   const struct root *root, gva_t gva)
{
    return root->number < ROOTS || upper_covers(root, gva)
               ? root
               : shadow->roots.upper[root->number - ROOTS].lower;
}

static const char *check_set(struct shadow *shadow, const struct root *root,
                             unsigned kind)
{
    const struct tlb_set *set = &root->set[kind];
    const struct root *owner;
    const char *wrong = NULL;

    for (unsigned a = 0; a < MMU_ACCESSES; a++) {
        const struct tlb_array *array = &set->bank.of[a];

        for (uint64_t i = 0; i < tlb_count(array) && !wrong; i++) {
            if (tlb_entry_empty(array, i))
                continue;
            owner = owner_of(shadow, root, array->entries[i].tag);
            if (!owner)
                return "slot of a lower part that is nobody's";
            wrong = check_slot(shadow, owner, kind, a, &array->entries[i]);
        }
    }
    for (unsigned i = 0; i < JUMP_SLOTS && !wrong; i++) {
        owner =
            owner_of(shadow, root,
                     walk_canonical(root->role.levels, set->bank.jump[i].key));
        if (set->bank.jump[i].block && !owner)
            return "jump slot of a lower part that is nobody's";
        wrong = check_jump(shadow, owner, kind, &set->bank.jump[i]);
    }
    return wrong;
}

static const char *check_member(struct shadow *shadow, const struct root *root)
{
    const struct shadow_page *top =
        link_target(shadow, root->top[upper_top(root)]);

    if (!root->upper)
        return NULL;
    if (!upper_holds(shadow, root))
        return "member of an upper part that is not its own";
    if (root->role.levels != 3 && (!top || !(top->tops >> root->number & 1)))
        return "member whose table is not watched";
    if (root->set[BANK_SUPER].live || root->set[BANK_SUPER_AC].live)
        return "member with supervisor banks of its own";
    return NULL;
}

static const char *check_roots(struct shadow *shadow)
{
    const char *wrong = NULL;

    for (unsigned i = 0; i < ROOTS + UPPERS && !wrong; i++) {
        const struct root *root = i < ROOTS
                                      ? &shadow->roots.root[i]
                                      : &shadow->roots.upper[i - ROOTS].space;

        if (!root->used)
            continue;
        if (i < ROOTS)
            wrong = check_member(shadow, root);
        for (unsigned k = 0; k < MMU_BANKS && !wrong; k++)
            wrong = check_set(shadow, root, k);
    }
    return wrong;
}

/* Where near slots of a kind of access come from. */
struct near_source {
    const struct root *banks;
    unsigned kind;
};

static struct near_source near_source(const struct mmu *mmu, bool user)
{
    struct root *now = mmu->shadow->roots.now;
    enum mmu_bank_kind kind = user ? BANK_USER : BANK_SUPER;
    struct near_source source = {now, 0};

    /* A slot may be from while EFLAGS.AC was set, as long as it is. */
    if (!user && mmu->kind == BANK_SUPER_AC)
        kind = BANK_SUPER_AC;
    if (now->upper && !user)
        source.banks = &now->upper->space;
    source.kind = (unsigned)(roots_set(now, kind) - source.banks->set);
    return source;
}

static const char *check_near_set(struct mmu *mmu, bool user)
{
    const struct tlb_near_set *set = &mmu->near.of[user];
    struct near_source source = near_source(mmu, user);
    const char *wrong = NULL;

    for (unsigned i = 0; i < 2 * NEAR_SLOTS && !wrong; i++) {
        const struct tlb_entry entry = {set->tag[i], set->host[i]};
        const struct root *owner =
            owner_of(mmu->shadow, source.banks, entry.tag);

        if (!set->end[i])
            continue;
        if (!mmu->near.used || set->end[i] != NEAR_END || !owner)
            return "near slot that would not be emptied";
        if (tlb_near_never(set->tag[i]))
            return "near slot of a page that none should have";
        if (set->delta[i] != set->host[i] - set->tag[i])
            return "near slot with two addresses";
        wrong =
            check_slot(mmu->shadow, owner, source.kind, i / NEAR_SLOTS, &entry);
    }
    return wrong;
}

static const char *check_near_jumps(struct mmu *mmu, bool user)
{
    struct near_source source = near_source(mmu, user);
    const char *wrong = NULL;

    for (unsigned i = 0; i < NEAR_JUMPS && !wrong; i++) {
        const struct near_jump *near = &mmu->near.jump[user][i];
        const struct jump_slot jump = {near->key, mmu};
        const struct root *owner =
            owner_of(mmu->shadow, source.banks, near->key);

        if (near_jump_of(near->key) != i)
            continue;
        if (!mmu->near.jumps_used || !owner)
            return "near jump that would not be emptied";
        wrong = check_jump(mmu->shadow, owner, source.kind, &jump);
    }
    return wrong;
}

/* Near slots hold what the current root's arrays may hold. */
static const char *check_near(struct mmu *mmu)
{
    const char *wrong = NULL;

    for (unsigned user = 0; user < 2 && !wrong; user++) {
        wrong = check_near_set(mmu, user);
        if (!wrong)
            wrong = check_near_jumps(mmu, user);
    }
    return wrong;
}

/* MMU_POLICY_FLUSH promises nothing about the guest's tables. */
static const char *check_plain(struct shadow *shadow)
{
    for (unsigned k = 0; k < MMU_BANKS; k++) {
        const struct tlb_array *array =
            &shadow->roots.now->set[k].bank.of[MMU_WRITE];

        for (uint64_t i = 0; i < tlb_count(array); i++) {
            uint64_t host = array->entries[i].host;

            if (tlb_entry_empty(array, i))
                continue;
            for (unsigned n = 0; n < shadow->map.count; n++) {
                const struct phys_slot *slot = &shadow->map.slot[n];
                uint64_t at = host - (uintptr_t)slot->block->host;

                if (at < slot->block->size &&
                    ram_frame_at(slot->block, at)->tracked)
                    return "write slot for a tracked frame";
            }
        }
    }
    return NULL;
}

static const char *check_current(const struct mmu *mmu)
{
    struct root *now = mmu->shadow->roots.now;
    const struct tlb_bank *bank = mmu->bank[mmu->kind];

    for (unsigned k = 0; k < MMU_BANKS; k++)
        if (mmu->bank[k] != &roots_set(now, k)->bank)
            return "bank of another root";
    for (unsigned a = 0; a < MMU_ACCESSES; a++)
        if (mmu->now.of[a].entries != bank->of[a].entries ||
            mmu->now.of[a].mask != bank->of[a].mask)
            return "mmu->now is not a copy of the current bank";
    return mmu->now.jump == bank->jump ? NULL : "mmu->now.jump is stale";
}

const char *mmu_audit(struct mmu *mmu)
{
    const char *wrong = check_current(mmu);

    if (!wrong && !physmap_is(&mmu->shadow->map, mmu->memory))
        wrong = "copy of the memory map is stale";
    if (!wrong && mmu->policy == MMU_POLICY_FLUSH)
        return check_plain(mmu->shadow);
    if (!wrong)
        wrong = check_pages(mmu->shadow);
    if (!wrong)
        wrong = check_frames(mmu->shadow);
    if (!wrong)
        wrong = check_roots(mmu->shadow);
    if (!wrong)
        wrong = check_near(mmu);
    return wrong;
}
