/* roots.c - remembered address spaces and their TLB banks. */
#include "mmu/roots.h"

#include "mmu/shadow.h"
#include "mmu/upper.h"

/* ---- keys */

/* What the role means is normalised first, so that bits without effect do
 * not make two roots of one. */
static struct page_role effective_role(const struct page_role *given)
{
    struct page_role role = *given;

    role.pge = false;
    if (role.levels != 2)
        role.pse = false;
    if (role.levels < 4)
        role.pkru = 0;
    if (!role.levels)
        role.wp = role.nxe = role.smep = role.smap = false;
    return role;
}

static uint64_t pack_role(const struct page_role *role, bool a20)
{
    return role->levels | (uint64_t)role->pse << 3 | (uint64_t)role->wp << 4 |
           (uint64_t)role->nxe << 5 | (uint64_t)role->smep << 6 |
           (uint64_t)role->smap << 7 | (uint64_t)a20 << 8 |
           (uint64_t)role->maxphyaddr << 9 | (uint64_t)role->no_pse36 << 16 |
           (uint64_t)role->no_1g << 17 | (uint64_t)role->pkru << 32;
}

static struct root_key current_key(const struct shadow *shadow)
{
    const struct mmu *mmu = shadow->mmu;
    struct root_key key = {.role = shadow->roots.role};
    uint64_t physical = bits(~0ull, 0, mmu->role.maxphyaddr) & PAGE_MASK;

    switch (mmu->role.levels) {
    case 0:
        break;
    case 2:
        key.table[0] = (uint32_t)mmu->cr3 & PAGE_MASK;
        break;
    case 3:
        memcpy(key.table, mmu->pdpte, sizeof key.table);
        break;
    default:
        key.table[0] = mmu->cr3 & physical;
        break;
    }
    return key;
}

static unsigned hash_of(const struct root_key *key)
{
    uint64_t mix = (key->table[0] ^ key->table[1] << 7 ^ key->table[2] << 14 ^
                    key->table[3] << 21 ^ key->role << 5);

    return (unsigned)(mix * 0x9E3779B97F4A7C15ull >> 57) & (ROOT_HASH - 1);
}

static bool same_key(const struct root_key *a, const struct root_key *b)
{
    return a->table[0] == b->table[0] && a->role == b->role &&
           a->table[1] == b->table[1] && a->table[2] == b->table[2] &&
           a->table[3] == b->table[3];
}

/* ---- life of a root */

void roots_init(struct shadow *shadow)
{
    struct roots *roots = &shadow->roots;

    tlb_near_empty(&shadow->mmu->near);
    for (unsigned i = 0; i < ROOTS; i++) {
        struct root *root = &roots->root[i];

        for (unsigned k = 0; k < MMU_BANKS; k++) {
            tlb_set_release(&shadow->store, &root->set[k]);
            tlb_set_init(&shadow->store, &root->set[k]);
        }
        root->number = (uint8_t)i;
        root->used = false;
        root->upper = NULL;
    }
    upper_init(shadow);
    memset(roots->hash, 0, sizeof roots->hash);
    roots->now = NULL;
    roots->count = 0;
}

static void unhash(struct roots *roots, const struct root *root)
{
    uint8_t *at = &roots->hash[hash_of(&root->key)];

    while (*at != root->number + 1)
        at = &roots->root[*at - 1].hash_next;
    *at = root->hash_next;
}

static bool has_memory(const struct root *root)
{
    return root->set[0].live || root->set[1].live || root->set[2].live;
}

static struct root *older(struct root *oldest, struct root *root)
{
    return root->used && (!oldest || root->stamp < oldest->stamp) ? root
                                                                  : oldest;
}

/* The root entered longest ago; the current one never is. */
static struct root *oldest_root(struct roots *roots)
{
    struct root *oldest = NULL;

    for (unsigned i = 0; i < ROOTS; i++)
        if (&roots->root[i] != roots->now)
            oldest = older(oldest, &roots->root[i]);
    return oldest;
}

static struct root *oldest_with_memory(struct roots *roots)
{
    struct root *oldest = NULL;

    for (unsigned i = 0; i < ROOTS; i++)
        if (&roots->root[i] != roots->now && has_memory(&roots->root[i]))
            oldest = older(oldest, &roots->root[i]);
    for (unsigned i = 0; i < UPPERS; i++)
        if (&roots->upper[i] != roots->now->upper &&
            has_memory(&roots->upper[i].space))
            oldest = older(oldest, &roots->upper[i].space);
    return oldest;
}

static void release_sets(struct shadow *shadow, struct root *root)
{
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_set_release(&shadow->store, &root->set[k]);
}

static struct root *free_root(struct shadow *shadow)
{
    struct roots *roots = &shadow->roots;
    struct root *root;

    if (roots->count < ROOTS) {
        roots->count++;
        for (root = roots->root; root->used; root++)
            ;
        return root;
    }
    /* Bits of this root in shadow_use and filler fields may stay: they say
     * where slots may be, and each slot is checked by its tag. */
    root = oldest_root(roots);
    upper_leave(shadow, root);
    unhash(roots, root);
    release_sets(shadow, root);
    shadow->mmu->count.root_recycled++;
    return root;
}

static uint32_t page_key_of(const struct page_role *role, bool a20)
{
    static const uint8_t format[] = {
        FORMAT_DIRECT, FORMAT_DIRECT, FORMAT_LEGACY,
        FORMAT_PAE,    FORMAT_LONG,   FORMAT_LONG,
    };

    return format[role->levels] | (role->nxe ? KEY_NXE : 0) |
           (role->pse ? KEY_PSE : 0) | (a20 ? 0 : KEY_A20_OFF) |
           (role->no_pse36 ? KEY_NO_PSE36 : 0) | (role->no_1g ? KEY_NO_1G : 0) |
           (uint32_t)role->maxphyaddr << KEY_WIDTH_SHIFT;
}

static struct root *make_root(struct shadow *shadow, const struct root_key *key,
                              unsigned hash)
{
    struct root *root = free_root(shadow);

    root->key = *key;
    root->role = effective_role(&shadow->mmu->role);
    root->page_key = page_key_of(&root->role, shadow->mmu->a20);
    memset(root->top, 0, sizeof root->top);
    memset(root->leaf, 0, sizeof root->leaf);
    for (unsigned k = 0; k < MMU_BANKS; k++)
        for (unsigned a = 0; a < MMU_ACCESSES; a++) {
            root->allow[k][a] = 0;
            for (unsigned rights = 0; rights <= RIGHT_UWX; rights++)
                if (walk_allows(&root->role, k, a, rights))
                    root->allow[k][a] |= (uint8_t)(1u << rights);
        }
    root->used = true;
    root->upper = NULL;
    root->retry = 0;
    root->hash_next = shadow->roots.hash[hash];
    shadow->roots.hash[hash] = (uint8_t)(root->number + 1);
    shadow->mmu->count.root_made++;
    LOG(shadow->mmu->log, MMU, "root %u for CR3 %llX, role %llX", root->number,
        (unsigned long long)key->table[0], (unsigned long long)key->role);
    return root;
}

/* ---- entering */

void roots_set_role(struct shadow *shadow)
{
    struct page_role role = effective_role(&shadow->mmu->role);

    shadow->roots.role = pack_role(&role, shadow->mmu->a20);
    roots_enter(shadow);
}

/* Near slots of the upper part stay while the banks they came from do. */
static void change_near(struct shadow *shadow, const struct root *previous)
{
    const struct root *now = shadow->roots.now;

    if (now->upper && previous && previous->upper == now->upper)
        tlb_near_leave(&shadow->mmu->near, upper_start(now));
    else
        tlb_near_empty(&shadow->mmu->near);
}

void roots_enter(struct shadow *shadow)
{
    struct roots *roots = &shadow->roots;
    struct mmu *mmu = shadow->mmu;
    struct root_key key = current_key(shadow);
    unsigned hash = hash_of(&key);
    struct root *root = NULL, *previous = roots->now;

    for (unsigned at = roots->hash[hash]; at; at = root->hash_next) {
        root = &roots->root[at - 1];
        if (same_key(&root->key, &key))
            break;
    }
    if (root && same_key(&root->key, &key))
        mmu->count.root_reused++;
    else
        root = make_root(shadow, &key, hash);
    root->stamp = ++roots->stamp;
    roots->now = root;
    upper_enter(shadow, root, previous);
    if (root != previous)
        change_near(shadow, previous);
    roots_use_banks(shadow);
}

struct root *roots_space(struct shadow *shadow, enum mmu_bank_kind kind,
                         gva_t gva)
{
    struct root *now = shadow->roots.now;
    struct shadow_page *top;

    if (!now->upper || kind == BANK_USER || !upper_covers(now, gva))
        return now;
    /* Not recycled under the access, which would make `now` leave. */
    top = link_target(shadow, now->top[upper_top(now)]);
    if (top)
        top->stamp = shadow->stamp;
    return &now->upper->space;
}

struct tlb_set *roots_set(struct root *root, enum mmu_bank_kind kind)
{
    if (kind == BANK_SUPER_AC && !root->role.smap)
        kind = BANK_SUPER;
    if (kind == BANK_USER && !root->role.levels)
        kind = BANK_SUPER;
    if (root->upper && kind != BANK_USER)
        root = &root->upper->space;
    return &root->set[kind];
}

void roots_use_banks(struct shadow *shadow)
{
    for (unsigned k = 0; k < MMU_BANKS; k++)
        shadow->mmu->bank[k] = &roots_set(shadow->roots.now, k)->bank;
    roots_refresh(shadow);
}

void roots_refresh(struct shadow *shadow)
{
    shadow->mmu->now = *shadow->mmu->bank[shadow->mmu->kind];
}

/* ---- memory of banks */

static bool take_memory_from_oldest(struct shadow *shadow)
{
    struct root *oldest = oldest_with_memory(&shadow->roots);

    if (!oldest)
        return false;
    release_sets(shadow, oldest);
    return true;
}

void roots_make_set(struct shadow *shadow, struct tlb_set *set)
{
    while (!tlb_set_make(&shadow->store, set)) {
        bool more = take_memory_from_oldest(shadow);

        /* The banks of one root at their largest leave room. */
        ASSERT(more);
    }
    roots_refresh(shadow);
}

void roots_grow_set(struct shadow *shadow, struct tlb_set *set,
                    enum mmu_access access)
{
    if (tlb_count(&set->bank.of[access]) >= TLB_MAX_ENTRIES)
        return;
    while (!tlb_grow(&shadow->store, set, access))
        if (!take_memory_from_oldest(shadow))
            return;
    shadow->mmu->count.tlb_grown++;
    roots_refresh(shadow);
}

/* ---- dropping */

static struct root *root_of(struct shadow *shadow, unsigned n)
{
    return n < ROOTS ? &shadow->roots.root[n]
                     : &shadow->roots.upper[n - ROOTS].space;
}

/* May near slots have come from its banks? */
static bool is_near(const struct shadow *shadow, const struct root *root)
{
    const struct root *now = shadow->roots.now;

    return root == now || (now->upper && root == &now->upper->space);
}

static void drop_page(struct root *root, unsigned which, gva_t gva)
{
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_drop(&root->set[k], which, gva);
}

void roots_drop(struct shadow *shadow, uint64_t roots, unsigned which,
                gva_t gva)
{
    for (; roots; roots &= roots - 1) {
        struct root *root = root_of(shadow, (unsigned)__builtin_ctzll(roots));
        gva_t at = walk_canonical(root->role.levels, gva);

        if (is_near(shadow, root))
            tlb_near_drop(&shadow->mmu->near, which, at & PAGE_MASK);
        drop_page(root, which, at);
        if (root->upper && root->upper->lower == root)
            drop_page(&root->upper->space, which, at);
    }
}

static void flush(struct shadow *shadow, struct root *root)
{
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_flush(&shadow->store, &root->set[k], false);
}

void roots_flush(struct shadow *shadow, uint64_t roots)
{
    for (; roots; roots &= roots - 1) {
        struct root *root = root_of(shadow, (unsigned)__builtin_ctzll(roots));

        if (is_near(shadow, root))
            tlb_near_empty(&shadow->mmu->near);
        flush(shadow, root);
        if (root->upper && root->upper->lower == root)
            upper_drop_low(root->upper);
    }
}

static void drop_jumps(struct root *root, const void *low, const void *high)
{
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_drop_jumps(&root->set[k], low, high);
}

void roots_drop_jumps(struct shadow *shadow, const void *low, const void *high)
{
    for (unsigned n = 0; n < ROOTS; n++)
        drop_jumps(&shadow->roots.root[n], low, high);
    for (unsigned n = 0; n < UPPERS; n++)
        drop_jumps(&shadow->roots.upper[n].space, low, high);
}
