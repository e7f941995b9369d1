/* tlb.c - the arrays of a bank: made, filled, grown, emptied. */
#include "mmu/tlb.h"

#include "mmu/arena.h"

enum { MIN_ENTRIES = 256, MAX_ENTRIES = TLB_MAX_ENTRIES };

static const uint64_t jump_bytes = JUMP_SLOTS * sizeof(struct jump_slot);

_Static_assert(MIN_ENTRIES * sizeof(struct tlb_entry) == PAGE_SIZE,
               "the smallest array is a page of the arena");
_Static_assert(MAX_ENTRIES * sizeof(struct tlb_entry) == (uint64_t)PAGE_SIZE
                                                             << ARENA_TOP,
               "the largest array is the arena's largest block");

static uint64_t mask_of(uint64_t count)
{
    return (count - 1) * sizeof(struct tlb_entry);
}

static void clear_entry(struct tlb_entry *entries, uint64_t slot)
{
    entries[slot] = (struct tlb_entry){(slot ^ 1) << PAGE_SHIFT, 0};
}

static void clear_entries(struct tlb_entry *entries, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        clear_entry(entries, i);
}

/* A program may jump to JUMP_EMPTY too; the slot where that is looked for is
 * empty with an address that belongs elsewhere. */
static void clear_jumps(struct jump_slot *slots, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        slots[i] = (struct jump_slot){JUMP_EMPTY, NULL};
    if (slots[jump_slot_of(JUMP_EMPTY)].key == JUMP_EMPTY)
        slots[jump_slot_of(JUMP_EMPTY)].key = 0;
}

/* ---- near slots */

void near_jumps_empty(struct near_jump *jump)
{
    for (unsigned i = 0; i < NEAR_JUMPS; i++)
        near_jump_clear(jump, i);
}

void tlb_near_init(struct tlb_near *near)
{
    near->used = near->jumps_used = true;
    tlb_near_empty(near);
}

void tlb_near_empty(struct tlb_near *near)
{
    if (near->used) {
        memset(near->of[0].end, 0, sizeof near->of[0].end);
        memset(near->of[1].end, 0, sizeof near->of[1].end);
        near->used = false;
    }
    if (near->jumps_used) {
        near_jumps_empty(near->jump[0]);
        near_jumps_empty(near->jump[1]);
        near->jumps_used = false;
    }
}

void tlb_near_change_ac(struct tlb_near *near, bool may)
{
    if (!may && near->filled)
        memset(near->of[0].end, 0, sizeof near->of[0].end);
    near->filled = false;
}

void tlb_near_leave(struct tlb_near *near, gva_t start)
{
    if (near->used) {
        memset(near->of[1].end, 0, sizeof near->of[1].end);
        for (unsigned i = 0; i < 2 * NEAR_SLOTS; i++)
            if (near->of[0].tag[i] < start)
                near->of[0].end[i] = 0;
    }
    if (near->jumps_used) {
        near_jumps_empty(near->jump[1]);
        for (unsigned i = 0; i < NEAR_JUMPS; i++)
            if (near->jump[0][i].key < start)
                near_jump_clear(near->jump[0], i);
    }
}

static void drop_jumps(struct near_jump *jump, gva_t page)
{
    for (unsigned i = 0; i < NEAR_JUMPS; i++)
        if ((jump[i].key & PAGE_MASK) == page)
            near_jump_clear(jump, i);
}

void tlb_near_drop(struct tlb_near *near, unsigned which, gva_t page)
{
    if (near->used && which != TLB_EXEC)
        for (unsigned k = 0; k < 2; k++)
            for (unsigned i = 0; i < 2 * NEAR_SLOTS; i++)
                if (near->of[k].tag[i] == page)
                    near->of[k].end[i] = 0;
    if (near->jumps_used && which & TLB_EXEC) {
        drop_jumps(near->jump[0], page);
        drop_jumps(near->jump[1], page);
    }
}

/* ---- life */

bool tlb_store_init(struct tlb_store *store, struct arena *arena)
{
    store->arena = arena;
    store->no_entry = arena_get(arena, PAGE_SIZE);
    store->no_jump = arena_get(arena, jump_bytes);
    if (!store->no_entry || !store->no_jump)
        return false;
    clear_entries(store->no_entry, 2);
    clear_jumps(store->no_jump, 0, JUMP_SLOTS);
    return true;
}

void tlb_set_init(const struct tlb_store *store, struct tlb_set *set)
{
    memset(set, 0, sizeof *set);
    for (unsigned i = 0; i < MMU_ACCESSES; i++)
        set->bank.of[i] = (struct tlb_array){store->no_entry, mask_of(2)};
    set->bank.jump = store->no_jump;
}

bool tlb_set_make(const struct tlb_store *store, struct tlb_set *set)
{
    struct jump_slot *jump = arena_get(store->arena, jump_bytes);
    struct tlb_entry *entries[MMU_ACCESSES];
    unsigned made = 0;

    while (jump && made < MMU_ACCESSES) {
        entries[made] = arena_get(store->arena, PAGE_SIZE);
        if (!entries[made])
            break;
        made++;
    }
    if (made < MMU_ACCESSES) {
        while (made)
            arena_put(store->arena, entries[--made]);
        if (jump)
            arena_put(store->arena, jump);
        return false;
    }
    for (unsigned i = 0; i < MMU_ACCESSES; i++) {
        clear_entries(entries[i], MIN_ENTRIES);
        set->bank.of[i] = (struct tlb_array){entries[i], mask_of(MIN_ENTRIES)};
        set->load[i] = (struct tlb_load){0, 0, 0};
    }
    clear_jumps(jump, 0, JUMP_SLOTS);
    set->bank.jump = jump;
    set->live = true;
    return true;
}

void tlb_set_release(const struct tlb_store *store, struct tlb_set *set)
{
    if (!set->live)
        return;
    for (unsigned i = 0; i < MMU_ACCESSES; i++)
        arena_put(store->arena, set->bank.of[i].entries);
    arena_put(store->arena, set->bank.jump);
    tlb_set_init(store, set);
}

/* ---- entries */

static uint64_t slot_of(const struct tlb_array *array, gva_t gva)
{
    return (uint64_t)(tlb_entry_of(array, gva) - array->entries);
}

bool tlb_insert(struct tlb_set *set, enum mmu_access access, gva_t gva,
                const uint8_t *host)
{
    struct tlb_array *array = &set->bank.of[access];
    uint64_t slot = slot_of(array, gva);
    struct tlb_load *load = &set->load[access];
    gva_t page = gva & PAGE_MASK;
    bool pressed;

    if (array->entries[slot].tag != page && !tlb_entry_empty(array, slot))
        load->conflicts++;
    load->fills++;
    load->since_flush++;
    array->entries[slot] = (struct tlb_entry){page, (uintptr_t)host};
    if (likely(load->fills < tlb_count(array)))
        return false;
    pressed =
        load->conflicts > load->fills / 4 && tlb_count(array) < MAX_ENTRIES;
    load->fills = load->conflicts = 0;
    return pressed;
}

/* A new array of another size takes over what was in the old one. */
static bool resize(const struct tlb_store *store, struct tlb_set *set,
                   enum mmu_access access, uint64_t count)
{
    struct tlb_array *array = &set->bank.of[access];
    struct tlb_array bigger = {NULL, mask_of(count)};

    bigger.entries = arena_get(store->arena, count * sizeof *array->entries);
    if (!bigger.entries)
        return false;
    clear_entries(bigger.entries, count);
    for (uint64_t i = 0; i < tlb_count(array); i++)
        if (!tlb_entry_empty(array, i))
            *tlb_entry_of(&bigger, array->entries[i].tag) = array->entries[i];
    arena_put(store->arena, array->entries);
    *array = bigger;
    return true;
}

bool tlb_grow(const struct tlb_store *store, struct tlb_set *set,
              enum mmu_access access)
{
    uint64_t count = tlb_count(&set->bank.of[access]) * 4;

    return count <= MAX_ENTRIES && resize(store, set, access, count);
}

static void drop_entry(struct tlb_array *array, gva_t page)
{
    uint64_t slot = slot_of(array, page);

    if (array->entries[slot].tag == page)
        clear_entry(array->entries, slot);
}

void tlb_drop(struct tlb_set *set, unsigned which, gva_t gva)
{
    gva_t page = gva & PAGE_MASK;

    if (!set->live)
        return;
    for (unsigned i = 0; i < MMU_ACCESSES; i++)
        if (which & 1u << i)
            drop_entry(&set->bank.of[i], page);
    if (which & TLB_EXEC)
        clear_jumps(set->bank.jump,
                    jump_slot_of(page) & ~(JUMP_PAGE_SLOTS - 1u),
                    JUMP_PAGE_SLOTS);
}

void tlb_drop_host(struct tlb_set *set, enum mmu_access access,
                   const uint8_t *host)
{
    struct tlb_array *array = &set->bank.of[access];

    if (!set->live)
        return;
    for (uint64_t i = 0; i < tlb_count(array); i++)
        if (array->entries[i].host == (uintptr_t)host)
            clear_entry(array->entries, i);
}

void tlb_drop_below(struct tlb_set *set, gva_t end)
{
    /* 32-bit code with a base has keys past 4 GiB, which wrap. */
    gva_t wrap = end >> 32 ? ~0ull : UINT32_MAX;

    if (!set->live)
        return;
    for (unsigned i = 0; i < MMU_ACCESSES; i++) {
        struct tlb_array *array = &set->bank.of[i];

        for (uint64_t slot = 0; slot < tlb_count(array); slot++)
            if (array->entries[slot].tag < end)
                clear_entry(array->entries, slot);
    }
    for (unsigned i = 0; i < JUMP_SLOTS; i++)
        if ((set->bank.jump[i].key & wrap) < end)
            clear_jumps(set->bank.jump, i, 1);
}

void tlb_drop_jumps(struct tlb_set *set, const void *low, const void *high)
{
    const struct jump_slot *jump = set->bank.jump;

    if (!set->live)
        return;
    for (unsigned i = 0; i < JUMP_SLOTS; i++)
        if ((uintptr_t)jump[i].block >= (uintptr_t)low &&
            (uintptr_t)jump[i].block < (uintptr_t)high)
            clear_jumps(set->bank.jump, i, 1);
}

void tlb_flush(const struct tlb_store *store, struct tlb_set *set, bool shrink)
{
    if (!set->live)
        return;
    for (unsigned i = 0; i < MMU_ACCESSES; i++) {
        struct tlb_array *array = &set->bank.of[i];
        uint64_t count = tlb_count(array);

        if (shrink && count > MIN_ENTRIES &&
            set->load[i].since_flush < count / 8)
            resize(store, set, i, count / 4);
        clear_entries(array->entries, tlb_count(array));
        set->load[i].since_flush = 0;
    }
    clear_jumps(set->bank.jump, 0, JUMP_SLOTS);
}
