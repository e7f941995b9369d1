/* upper.c - which address spaces share their upper part. */
#include "mmu/upper.h"

#include "mmu/shadow.h"

enum { RETRY = 256 }; /* entries of a root that matched nothing */

/* ---- what the guest's table says */

static unsigned entries_size(const struct root *root)
{
    switch (root->role.levels) {
    case 2:
        return PAGE_SIZE / 4;
    case 3:
        return 8;
    default:
        return PAGE_SIZE / 2;
    }
}

/* The entries of the upper part, NULL where stores to them are not seen. */
static const uint8_t *entries_of(struct shadow *shadow, const struct root *root)
{
    const struct phys_slot *slot;

    if (root->role.levels == 3)
        return (const uint8_t *)&root->key.table[3];
    slot = physmap_find(&shadow->map, root->key.table[0]);
    if (!root->role.levels || root->page_key & KEY_A20_OFF || !slot ||
        slot->rom)
        return NULL;
    return phys_slot_host(slot, root->key.table[0]) + PAGE_SIZE -
           entries_size(root);
}

static bool legacy_stays(const struct root *root, uint32_t entry)
{
    if (!(entry & PTE_P))
        return true;
    if (root->role.pse && entry & PTE_PS && !(entry & PTE_D) &&
        (entry & PTE_W || !root->role.wp))
        return false;
    return entry & PTE_A;
}

/* No walk will mark the entries, and there are some. */
static bool entries_stay(const struct root *root, const uint8_t *entries)
{
    unsigned size = entries_size(root), present = 0;

    if (root->role.levels == 3)
        return root->key.table[3] & PTE_P;
    for (unsigned at = 0; at < size;) {
        uint64_t entry;

        if (root->role.levels == 2) {
            entry = load_le32(entries + at);
            if (!legacy_stays(root, (uint32_t)entry))
                return false;
            at += 4;
        } else {
            entry = load_le64(entries + at);
            if (entry & PTE_P && !(entry & PTE_A))
                return false;
            at += 8;
        }
        present += entry & PTE_P;
    }
    return present;
}

static bool fits(const struct upper *upper, const struct root *root,
                 const uint8_t *entries)
{
    return upper->space.used && upper->space.key.role == root->key.role &&
           !memcmp(upper->entries, entries, entries_size(root));
}

bool upper_holds(struct shadow *shadow, const struct root *member)
{
    const uint8_t *entries = entries_of(shadow, member);

    return entries && fits(member->upper, member, entries);
}

/* ---- slots of the lower part */

void upper_note_low(struct upper *upper, gva_t gva, unsigned which)
{
    if (upper->lows < UPPER_LOWS)
        upper->low[upper->lows] = (gva & PAGE_MASK) | which;
    if (upper->lows <= UPPER_LOWS)
        upper->lows++;
}

void upper_drop_low(struct upper *upper)
{
    gva_t end = upper_start(&upper->space);

    for (unsigned k = 0; k < MMU_BANKS; k++) {
        struct tlb_set *set = &upper->space.set[k];

        if (upper->lows > UPPER_LOWS)
            tlb_drop_below(set, end);
        else
            for (unsigned n = 0; n < upper->lows; n++)
                tlb_drop(set, upper->low[n] & TLB_ALL, upper->low[n]);
    }
    upper->lows = 0;
}

/* ---- members */

void upper_leave(struct shadow *shadow, struct root *root)
{
    struct upper *upper = root->upper;
    struct shadow_page *top = link_target(shadow, root->top[upper_top(root)]);

    if (!upper)
        return;
    if (upper->lower == root) {
        upper_drop_low(upper);
        upper->lower = NULL;
    }
    root->upper = NULL;
    root->retry = 0;
    if (top)
        top->tops &= ~(1ull << root->number);
    shadow->mmu->count.upper_left++;
    if (root == shadow->roots.now) {
        tlb_near_empty(&shadow->mmu->near);
        roots_use_banks(shadow);
    }
}

void upper_leave_all(struct shadow *shadow, uint64_t roots)
{
    for (; roots; roots &= roots - 1)
        upper_leave(shadow, &shadow->roots.root[__builtin_ctzll(roots)]);
}

void upper_written(struct shadow *shadow, const struct shadow_page *page,
                   unsigned end)
{
    for (uint64_t roots = page->tops; roots; roots &= roots - 1) {
        struct root *root = &shadow->roots.root[__builtin_ctzll(roots)];

        if (end > PAGE_SIZE - entries_size(root) && !upper_holds(shadow, root))
            upper_leave(shadow, root);
    }
}

/* From now on stores to the table are seen. */
static bool watch_table(struct shadow *shadow, struct root *root)
{
    unsigned levels = root->role.levels;
    uint32_t key = root->page_key | levels << KEY_LEVEL_SHIFT;
    struct shadow_page *page;

    if (levels == 3)
        return true;
    if (levels == 2)
        key |= 3u << KEY_QUADRANT_SHIFT;
    shadow->stamp++;
    page = shadow_table(shadow, key, root->key.table[0]);
    if (!page)
        return false;
    page->tops |= 1ull << root->number;
    root->top[upper_top(root)] = link_to(shadow, page);
    return true;
}

static void join(struct shadow *shadow, struct root *root, struct upper *upper)
{
    if (!watch_table(shadow, root))
        return;
    for (unsigned k = 0; k < MMU_BANKS; k++)
        if (k != BANK_USER)
            tlb_set_release(&shadow->store, &root->set[k]);
    tlb_near_empty(&shadow->mmu->near);
    root->upper = upper;
    shadow->mmu->count.upper_joined++;
}

/* ---- uppers */

static void forget(struct shadow *shadow, struct upper *upper)
{
    struct root *space = &upper->space;

    for (unsigned n = 0; n < ROOTS; n++)
        if (shadow->roots.root[n].upper == upper)
            upper_leave(shadow, &shadow->roots.root[n]);
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_set_release(&shadow->store, &space->set[k]);
    shadow_upper_gone(shadow, space->top[upper_top(space)]);
    space->used = false;
}

static struct upper *free_upper(struct shadow *shadow)
{
    struct roots *roots = &shadow->roots;
    struct upper *oldest = &roots->upper[0];

    for (unsigned n = 0; n < UPPERS; n++) {
        struct upper *upper = &roots->upper[n];

        if (!upper->space.used)
            return upper;
        if (upper->space.stamp < oldest->space.stamp)
            oldest = upper;
    }
    forget(shadow, oldest);
    return oldest;
}

static struct upper *make_upper(struct shadow *shadow, const struct root *root,
                                const uint8_t *entries)
{
    struct upper *upper = free_upper(shadow);
    struct root *space = &upper->space;

    space->used = true;
    space->key = root->key;
    space->role = root->role;
    space->page_key = root->page_key;
    memcpy(space->allow, root->allow, sizeof space->allow);
    memset(space->top, 0, sizeof space->top);
    memset(space->leaf, 0, sizeof space->leaf);
    memcpy(upper->entries, entries, entries_size(root));
    upper->lower = NULL;
    upper->lows = 0;
    for (unsigned n = 0; n < ROOTS; n++)
        shadow->roots.root[n].retry = 0;
    shadow->mmu->count.upper_made++;
    return upper;
}

/* A new upper is worth it when two roots agree. */
static struct upper *find_upper(struct shadow *shadow, const struct root *root,
                                const struct root *previous)
{
    const uint8_t *entries = entries_of(shadow, root), *others;

    if (!entries || !entries_stay(root, entries))
        return NULL;
    for (unsigned n = 0; n < UPPERS; n++)
        if (fits(&shadow->roots.upper[n], root, entries))
            return &shadow->roots.upper[n];
    if (!previous || previous == root || previous->upper ||
        previous->key.role != root->key.role)
        return NULL;
    others = entries_of(shadow, previous);
    if (!others || memcmp(entries, others, entries_size(root)))
        return NULL;
    return make_upper(shadow, root, entries);
}

void upper_init(struct shadow *shadow)
{
    for (unsigned n = 0; n < UPPERS; n++) {
        struct root *space = &shadow->roots.upper[n].space;

        for (unsigned k = 0; k < MMU_BANKS; k++) {
            tlb_set_release(&shadow->store, &space->set[k]);
            tlb_set_init(&shadow->store, &space->set[k]);
        }
        space->number = (uint8_t)(ROOTS + n);
        space->used = false;
    }
}

void upper_enter(struct shadow *shadow, struct root *root,
                 const struct root *previous)
{
    struct upper *upper = root->upper;

    if (!upper) {
        if (root->retry) {
            root->retry--;
            return;
        }
        root->retry = RETRY;
        if (shadow->mmu->policy == MMU_POLICY_FLUSH)
            return;
        upper = find_upper(shadow, root, previous);
        if (upper)
            join(shadow, root, upper);
        upper = root->upper;
        if (!upper)
            return;
    }
    if (upper->lower != root)
        upper_drop_low(upper);
    upper->lower = root;
    upper->space.stamp = root->stamp;
}
