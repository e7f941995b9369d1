/* random_world.h - an MMU and the naive one of reference.h side by side, and
 * events that happen to both: random tables in a megabyte of RAM, accesses
 * by linear address (which reach the tables too), DMA, CR3 loads, role
 * changes, A20, code that is decoded and jumped to, drops of all derived
 * state. After each access result, data and fault must be equal.
 *
 * For one program each: check_random takes the dice from a generator,
 * tests/fuzz/fuzz_mmu.c from its input. */
#ifndef UMBRA_TESTS_RANDOM_WORLD_H
#define UMBRA_TESTS_RANDOM_WORLD_H

#include "tests/mmu/mmu_rig.h"
#include "tests/mmu/reference.h"

enum {
    RAM_PAGES = 256,
    LEVELS = 4,
    LEVEL_TABLES = 6,
    TABLES = LEVELS * LEVEL_TABLES, /* the first pages hold tables */
    CODE_BYTES = 16,
    BLOCKS = 256,
    BANK_PAGES = 12,
    BANKS = 3, /* pages more than fit at once */
};

/* What a CPU would have decoded. */
struct code {
    struct ram_frame *frame;
    gpa_t gpa;
    gva_t gva;
    unsigned offset;
    uint8_t bytes[CODE_BYTES];
    bool dead;
};

struct world {
    struct rig *rig;
    struct reference ref;
    uint64_t random;
    const uint8_t *input;    /* the dice when not NULL */
    size_t left;             /* bytes of it */
    struct ram_block *banks; /* where the window leads */
    struct region window;
    struct code code[BLOCKS];
    unsigned code_count, killed, jumps_hit, done, faults;
};

/* Two bytes of the input, where both roll_below and masks see them. */
static uint64_t roll_input(struct world *w)
{
    uint64_t value = 0;

    for (unsigned n = 0; n < 2 && w->left; n++, w->left--)
        value |= (uint64_t)*w->input++ << n * 8;
    return value | value << 20 | value << 40;
}

static uint64_t roll(struct world *w)
{
    if (w->input)
        return roll_input(w);
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static unsigned roll_below(struct world *w, unsigned n)
{
    return (unsigned)((roll(w) >> 20) % n);
}

static bool one_in(struct world *w, unsigned n)
{
    return roll_below(w, n) == 0;
}

/* ---- the client: kills code, as cpu/block.c does */

static void on_code_written(void *opaque, const struct mmu_code *page,
                            unsigned offset, unsigned size)
{
    struct world *w = opaque;
    struct ram_frame *frame = page->frame;
    uint64_t left = 0;

    for (unsigned i = 0; i < w->code_count; i++) {
        struct code *code = &w->code[i];

        if (code->dead || code->frame != frame)
            continue;
        if (code->offset < offset + size &&
            offset < code->offset + CODE_BYTES) {
            code->dead = true;
            w->killed++;
        } else {
            left |= 1ull << code->offset / 64;
            left |= 1ull << (code->offset + CODE_BYTES - 1) / 64;
        }
    }
    frame->code_granules = left;
    if (!left)
        mmu_untrack_code(frame);
}

/* ---- random material */

/* A frame for an entry in a table: the tables of each level lead to those
 * of the next, the last ones to pages (some of which are tables too), and
 * now and then it is the other way round. */
static unsigned random_frame(struct world *w, unsigned table)
{
    unsigned next = table / LEVEL_TABLES + 1;

    if (table >= TABLES)
        next = roll_below(w, LEVELS);
    if (one_in(w, 12))
        return roll_below(w, TABLES);
    if (next == LEVELS)
        return one_in(w, 4) ? roll_below(w, TABLES)
                            : roll_below(w, RAM_PAGES + 9);
    return next * LEVEL_TABLES + roll_below(w, LEVEL_TABLES);
}

static uint64_t random_entry(struct world *w, unsigned table)
{
    uint64_t entry = roll(w) & 0xE7E; /* A, D, G, ignored bits; no PS */
    uint64_t frame = random_frame(w, table);

    entry |= one_in(w, 24) ? 0 : P;
    entry |= one_in(w, 8) ? 0 : W;
    entry |= one_in(w, 8) ? 0 : U;
    if (one_in(w, 12)) {
        entry |= PS;
        if (!one_in(w, 8))
            frame = 0; /* else bits of it may be reserved */
    }
    entry |= frame << 12;
    if (one_in(w, 20))
        entry |= NX;
    if (one_in(w, 200))
        entry |= 1ull << (20 + roll_below(w, 44));
    return entry;
}

/* Data that make sense as entries, for tables are everywhere. */
static void random_data(struct world *w, uint8_t *data, unsigned table)
{
    for (unsigned i = 0; i < 64; i += 8) {
        store_le64(data + i, random_entry(w, table));
        if (one_in(w, 3)) /* for legacy tables */
            store_le32(data + i + 4, (uint32_t)random_entry(w, table));
    }
}

static void random_role(struct world *w, struct page_role *role)
{
    static const uint8_t levels[] = {0, 2, 2, 3, 3, 4, 4, 4, 5};

    memset(role, 0, sizeof *role);
    role->levels = levels[roll_below(w, sizeof levels)];
    role->pse = !one_in(w, 4);
    role->wp = !one_in(w, 3);
    role->nxe = !one_in(w, 4);
    role->smep = one_in(w, 3);
    role->smap = one_in(w, 3);
    role->pge = one_in(w, 2);
    role->maxphyaddr = one_in(w, 3) ? 36 : 40;
}

/* Few linear addresses, so that they meet again: near the start of a part of
 * each level, in both halves. */
static gva_t random_gva(struct world *w)
{
    gva_t gva = roll_below(w, 6) << 12;

    if (one_in(w, 6))
        gva |= 4088 | roll_below(w, 8);
    else
        gva |= roll_below(w, one_in(w, 4) ? 4096 : 64);

    gva |= (gva_t)roll_below(w, 3) << 21;
    gva |= (gva_t)roll_below(w, 3) << 30;
    if (one_in(w, 4))
        gva |= 1ull << 22;
    if (w->ref.role.levels >= 4) {
        gva |= (gva_t)roll_below(w, 2) << 39;
        if (one_in(w, 3))
            gva |= 0xFFFF800000000000;
        if (w->ref.role.levels == 5 && one_in(w, 3))
            gva = (gva & 0x0001FFFFFFFFFFFF) | 0xFF80000000000000;
    } else if (one_in(w, 4)) {
        gva = one_in(w, 2) ? 0xFFFFF000 | (gva & 0xFFF) : gva | 3u << 30;
    }
    return gva;
}

static unsigned random_size(struct world *w)
{
    static const uint8_t size[] = {1, 2, 4, 4, 8, 8, 8, 16, 32, 64};

    return size[roll_below(w, sizeof size)];
}

/* ---- events */

/* Where in a table: mostly the entries that are used, see random_gva. */
static unsigned random_place(struct world *w)
{
    switch (roll_below(w, 8)) {
    case 0:
        return roll_below(w, 4096);
    case 1:
        return 4096 - 1 - roll_below(w, 16);
    case 2:
    case 3:
        return 2048 + roll_below(w, 16);
    default:
        return roll_below(w, 64);
    }
}

static void dma(struct world *w)
{
    uint8_t data[64];
    unsigned size = 8;
    uint64_t gpa = (uint64_t)roll_below(w, TABLES) << 12;

    if (one_in(w, 3)) {
        size = random_size(w);
        gpa = roll_below(w, RAM_PAGES * 4096 - 64) & ~7u;
        if (one_in(w, 16))
            gpa += roll_below(w, 8);
    } else {
        gpa |= random_place(w) & ~7u;
    }
    random_data(w, data, (unsigned)(gpa >> 12));
    if (size > 8)
        addrspace_write_block(w->rig->space, gpa, data, size);
    else
        addrspace_write(w->rig->space, gpa, load_le(data, size), size);
    for (unsigned i = 0; i < size; i++)
        ref_store(&w->ref, gpa + i, data[i], 1);
}

static void dma_block(struct world *w, uint64_t gpa, unsigned size,
                      const uint8_t *data)
{
    addrspace_write_block(w->rig->space, gpa, data, size);
    for (unsigned i = 0; i < size; i++)
        ref_store(&w->ref, gpa + i, data[i], 1);
}

/* Address spaces get the upper part of one of them (mmu/upper.h): the upper
 * half of the table and, for PAE, the last PDPTE. */
static void share_upper(struct world *w)
{
    uint64_t from = (uint64_t)roll_below(w, LEVEL_TABLES) << 12;
    unsigned dirty = one_in(w, 8) ? 0 : D;
    uint8_t half[2048], pdpte[8];

    for (unsigned at = 0; at < sizeof half; at += 4)
        store_le32(half + at,
                   (uint32_t)ref_load(&w->ref, from + sizeof half + at, 4) | A |
                       dirty);
    store_le64(pdpte, (ref_load(&w->ref, from + 24, 8) & 0xFF001) | P);
    for (uint64_t table = 0; table < LEVEL_TABLES; table++) {
        if (one_in(w, 3))
            continue;
        dma_block(w, table << 12 | sizeof half, sizeof half, half);
        dma_block(w, (table << 12) + 24, sizeof pdpte, pdpte);
    }
}

static void load_cr3(struct world *w, bool with_role)
{
    struct mmu *mmu = &w->rig->mmu;
    uint64_t cr3 = (uint64_t)roll_below(w, 6) << 12 | roll_below(w, 4) << 3;
    struct page_role role = w->ref.role;

    if (with_role)
        random_role(w, &role);
    if (role.levels == 3) {
        bool reserved = false;
        uint64_t pdpte[4], at = cr3 & ~31ull;

        for (unsigned i = 0; i < 4; i++) {
            pdpte[i] = ref_load(&w->ref, ref_mask(&w->ref, at) + i * 8, 8);
            if (pdpte[i] & 1 && pdpte[i] & (0x1E6 | ~0ull << role.maxphyaddr))
                reserved = true;
        }
        ck_assert_int_eq(mmu_load_pdptes(mmu, cr3, role.maxphyaddr), !reserved);
        if (reserved)
            return;
        memcpy(w->ref.pdpte, pdpte, sizeof pdpte);
    }
    w->ref.role = role;
    w->ref.cr3 = cr3;
    if (with_role)
        mmu_set_paging(mmu, &role, cr3);
    else
        mmu_set_cr3(mmu, cr3);
}

static void access(struct world *w)
{
    struct mmu *mmu = &w->rig->mmu;
    enum mmu_bank_kind kind = roll_below(w, MMU_BANKS);
    bool write = one_in(w, 2);
    unsigned size = random_size(w);
    gva_t gva = random_gva(w);
    uint8_t ours[64], theirs[64];
    struct mmu_fault fault = {0, 0};
    uint64_t bad;
    bool done;
    int error;

    random_data(w, ours, TABLES);
    if (write && size > 1 && !one_in(w, 16))
        gva &= ~7ull;
    memcpy(theirs, ours, sizeof ours);
    mmu_set_bank(mmu, kind);
    done = write ? mmu_write(mmu, kind, gva, ours, size, &fault)
                 : mmu_read(mmu, kind, gva, ours, size, &fault);
    error = ref_access(&w->ref, kind, write ? MMU_WRITE : MMU_READ, gva, theirs,
                       size, &bad);
    ck_assert_int_eq(done, error < 0);
    if (done) {
        w->done++;
        ck_assert_int_eq(memcmp(ours, theirs, sizeof ours), 0);
        return;
    }
    w->faults++;
    ck_assert_uint_eq(fault.error, (unsigned)error);
    ck_assert_uint_eq(fault.gva, bad);
}

/* Decode: find the page, note the bytes, fill a jump slot. */
static void decode(struct world *w, gva_t gva, const struct mmu_code *page)
{
    struct code *code = &w->code[w->code_count];
    struct jump_slot *slot = &w->rig->mmu.now.jump[jump_slot_of(gva)];

    if (w->code_count == BLOCKS || (gva & 4095) > 4096 - CODE_BYTES)
        return;
    w->code_count++;
    *code = (struct code){page->frame, page->gpa, gva, gva & 4095, {0}, false};
    memcpy(code->bytes, page->host + code->offset, CODE_BYTES);
    mmu_track_code(&w->rig->mmu, page->frame, page->gpa, code->offset,
                   CODE_BYTES);
    slot->key = gva;
    slot->block = code;
}

static void run(struct world *w)
{
    struct mmu *mmu = &w->rig->mmu;
    enum mmu_bank_kind kind = roll_below(w, MMU_BANKS);
    gva_t gva = random_gva(w) & ~0x3Full;
    struct mmu_fault fault;
    struct mmu_code page;
    struct jump_slot *slot;
    uint64_t gpa = 0;
    int error;

    /* Code runs again and again. */
    if (w->code_count && !one_in(w, 3))
        gva = w->code[w->code_count - 1 - roll_below(w, 4) % w->code_count].gva;
    mmu_set_bank(mmu, kind);
    slot = &mmu->now.jump[jump_slot_of(gva)];
    error = ref_walk(&w->ref, kind, MMU_EXEC, gva, &gpa);
    if (slot->key == gva && !((struct code *)slot->block)->dead) {
        const struct code *code = slot->block;

        /* What runs now must be what memory says now. */
        ck_assert_int_eq(error, -1);
        ck_assert_mem_eq(code->bytes, ref_at(&w->ref, gpa + code->offset),
                         CODE_BYTES);
        w->jumps_hit++;
        return;
    }
    if (!mmu_code_page(mmu, gva, &page, &fault)) {
        ck_assert_int_eq((int)fault.error, error);
        return;
    }
    ck_assert_int_eq(error, -1);
    /* Code in a bank may be told by an address it had before. */
    if (!page.frame || ref_at(&w->ref, gpa) == w->ref.memory + gpa)
        ck_assert_uint_eq(page.gpa, gpa);
    if (page.host)
        ck_assert_ptr_nonnull(ref_at(&w->ref, gpa));
    if (page.host)
        decode(w, gva, &page);
}

static void forget_code(struct world *w)
{
    for (unsigned i = 0; i < w->code_count; i++)
        if (w->code[i].frame->tracked & TRACK_CODE)
            mmu_untrack_code(w->code[i].frame);
    w->code_count = 0;
    mmu_drop_all(&w->rig->mmu);
}

/* The map changes under the tables: a hole opens and closes. */
static void remap(struct world *w)
{
    addrspace_unmap(w->rig->space, &w->rig->ram_region);
    addrspace_map(w->rig->space, &w->rig->ram_region);
}

/* As a video card's window: opened over RAM, tables there, too; moved, bank
 * switched, closed. */
static void switch_bank(struct world *w)
{
    struct region *window = &w->window;
    bool open = !one_in(w, 6);
    uint64_t size = window->size;

    if (one_in(w, 4)) {
        window->base = (uint64_t)roll_below(w, RAM_PAGES) << 12;
        size = (1 + (uint64_t)roll_below(w, BANK_PAGES)) << 12;
    }
    window->size = size;
    window->ram_offset = (uint64_t)roll_below(w, BANKS + 1) << 12;
    addrspace_move(w->rig->space, window, window->base, open);
    w->ref.window.base = window->base;
    w->ref.window.size = open ? size : 0;
    w->ref.window.offset = window->ram_offset;
}

static void event(struct world *w)
{
    unsigned what = roll_below(w, 1000);

    if (what < 540)
        access(w);
    else if (what < 560)
        switch_bank(w);
    else if (what < 700)
        run(w);
    else if (what < 900)
        dma(w);
    else if (what < 970)
        load_cr3(w, false);
    else if (what < 980)
        load_cr3(w, true);
    else if (what < 985)
        share_upper(w);
    else if (what < 990)
        mmu_invlpg(&w->rig->mmu, random_gva(w));
    else if (what < 993)
        track_dirty_start(w->rig->track, w->rig->ram,
                          (uint64_t)roll_below(w, RAM_PAGES) << 12, PAGE_SIZE);
    else if (what < 996) {
        w->ref.a20 = one_in(w, 2);
        mmu_set_a20(&w->rig->mmu, w->ref.a20);
    } else if (what < 997)
        mmu_drop_all(&w->rig->mmu);
    else if (what < 998)
        forget_code(w);
    else if (what < 999)
        remap(w);
}

static void compare(struct world *w)
{
    rig_audit(w->rig);
    ck_assert_int_eq(memcmp(w->ref.memory, w->rig->ram->host, w->ref.size), 0);
    ck_assert_int_eq(memcmp(w->ref.banks, w->banks->host, w->banks->size), 0);
}

static void open_banks(struct world *w)
{
    char error[100] = "";
    uint64_t size = (BANK_PAGES + BANKS) << 12;

    w->ref.banks = calloc(1, size);
    w->banks = ram_create("banks", size, w->rig->track, error, sizeof error);
    ck_assert_msg(w->banks != NULL, "%s", error);
    w->window = (struct region){.name = "window",
                                .size = PAGE_SIZE,
                                .priority = 1,
                                .kind = REGION_RAM,
                                .ram = w->banks};
}

/* RAM is a MiB and a bit, so that A20 matters. */
static struct world *world_open(uint64_t seed, enum mmu_policy policy)
{
    struct world *w = calloc(1, sizeof *w);
    const struct mmu_client client = {on_code_written, w};

    w->random = seed * 0x9E3779B97F4A7C15 + 1;
    w->ref.size = (RAM_PAGES + 8) << 12;
    w->ref.memory = calloc(1, w->ref.size);
    w->ref.a20 = true;
    w->ref.role.maxphyaddr = 36;
    w->rig = rig_open_with(w->ref.size, policy, &client);
    addrspace_unmap(w->rig->space, &w->rig->rom_region);
    addrspace_unmap(w->rig->space, &w->rig->mmio_region);
    open_banks(w);
    return w;
}

static void world_close(struct world *w)
{
    rig_close(w->rig);
    ram_destroy(w->banks);
    free(w->ref.banks);
    free(w->ref.memory);
    free(w);
}

#endif
