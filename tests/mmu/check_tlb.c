/* check_tlb - the arrays of a bank: lookup, growth, dropping, jump caches;
 * the arena they live in.
 * Alone: make tests/mmu/check_tlb && tests/mmu/check_tlb */
#include "mmu/arena.h"
#include "mmu/tlb.h"
#include "tests/mmu/mmu_rig.h"

struct bench {
    struct arena arena;
    struct tlb_store store;
    struct tlb_set set;
    uint64_t base_use;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    ck_assert(arena_init(&b->arena, 4 << 20));
    ck_assert(tlb_store_init(&b->store, &b->arena));
    b->base_use = b->arena.used;
    tlb_set_init(&b->store, &b->set);
}

static void bench_close(struct bench *b)
{
    tlb_set_release(&b->store, &b->set);
    ck_assert_uint_eq(b->arena.used, b->base_use);
    arena_free(&b->arena);
}

static uint8_t *fake_host(gva_t gva)
{
    return (uint8_t *)(uintptr_t)(0x10000000 + (gva & 0xFFFFFF));
}

static void *look(const struct bench *b, enum mmu_access access, gva_t gva,
                  unsigned size)
{
    return tlb_lookup(&b->set.bank.of[access], gva, size);
}

START_TEST(one_compare_finds_page_and_crossing)
{
    struct bench b;

    bench_open(&b);
    ck_assert_ptr_null(look(&b, MMU_READ, 0, 1)); /* not live: empty */
    ck_assert(tlb_set_make(&b.store, &b.set));
    ck_assert_ptr_null(look(&b, MMU_READ, 0, 1));
    tlb_insert(&b.set, MMU_READ, 0x5123, fake_host(0x5000));
    ck_assert_ptr_eq(look(&b, MMU_READ, 0x5000, 1), fake_host(0x5000));
    ck_assert_ptr_eq(look(&b, MMU_READ, 0x5FF8, 8), fake_host(0x5FF8));
    ck_assert_ptr_null(look(&b, MMU_READ, 0x5FF9, 8));
    ck_assert_ptr_null(look(&b, MMU_READ, 0x4FFF, 2));
    ck_assert_ptr_null(look(&b, MMU_WRITE, 0x5000, 1));
    ck_assert_ptr_null(look(&b, MMU_EXEC, 0x5000, 1));
    /* The last page of the address space and the first. */
    tlb_insert(&b.set, MMU_READ, ~0xFFFull, fake_host(0x9000));
    ck_assert_ptr_eq(look(&b, MMU_READ, ~0ull, 1), fake_host(0x9FFF));
    ck_assert_ptr_null(look(&b, MMU_READ, ~0ull, 2));
    bench_close(&b);
}
END_TEST

START_TEST(grows_under_conflicts_only)
{
    struct bench b;
    bool pressed = false;

    bench_open(&b);
    ck_assert(tlb_set_make(&b.store, &b.set));
    /* As many pages as there are slots, again and again: no conflict. */
    for (unsigned i = 0; i < 4 * 256; i++)
        pressed |=
            tlb_insert(&b.set, MMU_READ, i % 256 * 0x1000ull, fake_host(0));
    ck_assert(!pressed);
    for (unsigned i = 0; i < 4 * 256 && !pressed; i++)
        pressed |= tlb_insert(&b.set, MMU_READ, i % 512 * 0x1000ull,
                              fake_host(i % 512 * 0x1000));
    ck_assert(pressed);
    ck_assert(tlb_grow(&b.store, &b.set, MMU_READ));
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_READ]), 1024);
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_WRITE]), 256);
    /* What was there is still there. */
    unsigned kept = 0;
    for (unsigned i = 0; i < 512; i++) {
        void *host = look(&b, MMU_READ, i * 0x1000ull, 8);

        kept += host != NULL;
        if (host)
            ck_assert_ptr_eq(host, fake_host(i * 0x1000));
    }
    ck_assert_uint_eq(kept, 256);
    while (tlb_count(&b.set.bank.of[MMU_READ]) < TLB_MAX_ENTRIES)
        ck_assert(tlb_grow(&b.store, &b.set, MMU_READ));
    ck_assert(!tlb_grow(&b.store, &b.set, MMU_READ));
    bench_close(&b);
}
END_TEST

START_TEST(drops_what_is_asked_for)
{
    struct bench b;

    bench_open(&b);
    tlb_drop(&b.set, TLB_ALL, 0x3000); /* not live: nothing to do */
    ck_assert(tlb_set_make(&b.store, &b.set));
    for (enum mmu_access a = 0; a < MMU_ACCESSES; a++)
        for (gva_t gva = 0; gva < 0x8000; gva += 0x1000)
            tlb_insert(&b.set, a, gva, fake_host(gva));
    tlb_drop(&b.set, TLB_WRITE, 0x3456);
    ck_assert_ptr_null(look(&b, MMU_WRITE, 0x3000, 1));
    ck_assert_ptr_nonnull(look(&b, MMU_READ, 0x3000, 1));
    ck_assert_ptr_nonnull(look(&b, MMU_EXEC, 0x3000, 1));
    ck_assert_ptr_nonnull(look(&b, MMU_WRITE, 0x2000, 1));
    tlb_drop(&b.set, TLB_READ | TLB_EXEC, 0x103000); /* same slot, not ours */
    ck_assert_ptr_nonnull(look(&b, MMU_READ, 0x3000, 1));
    tlb_drop_host(&b.set, MMU_READ, fake_host(0x5000));
    ck_assert_ptr_null(look(&b, MMU_READ, 0x5000, 1));
    ck_assert_ptr_nonnull(look(&b, MMU_READ, 0x4000, 1));
    tlb_flush(&b.store, &b.set, false);
    for (enum mmu_access a = 0; a < MMU_ACCESSES; a++)
        for (gva_t gva = 0; gva < 0x8000; gva += 0x1000)
            ck_assert_ptr_null(look(&b, a, gva, 1));
    bench_close(&b);
}
END_TEST

/* Jump slots go with the page even if the exec slot lost a conflict. */
START_TEST(jump_slots_go_by_page)
{
    struct bench b;
    struct jump_slot *near, *far;
    gva_t gva = 0x7FFF12345ABC;

    bench_open(&b);
    ck_assert(tlb_set_make(&b.store, &b.set));
    near = &b.set.bank.jump[jump_slot_of(gva)];
    far = &b.set.bank.jump[jump_slot_of(gva + 0x1000)];
    for (unsigned offset = 0; offset < PAGE_SIZE; offset++)
        ck_assert_uint_eq(jump_slot_of((gva & PAGE_MASK) + offset) / 64,
                          jump_slot_of(gva) / 64);
    near->key = gva;
    far->key = gva + 0x1000;
    tlb_drop(&b.set, TLB_READ | TLB_WRITE, gva);
    ck_assert_uint_eq(near->key, gva);
    tlb_drop(&b.set, TLB_EXEC, gva);
    ck_assert_uint_eq(near->key, JUMP_EMPTY);
    ck_assert_uint_eq(far->key, gva + 0x1000);
    tlb_flush(&b.store, &b.set, false);
    ck_assert_uint_eq(far->key, JUMP_EMPTY);
    bench_close(&b);
}
END_TEST

START_TEST(a_flush_gives_unused_room_back)
{
    struct bench b;

    bench_open(&b);
    ck_assert(tlb_set_make(&b.store, &b.set));
    ck_assert(tlb_grow(&b.store, &b.set, MMU_READ));
    ck_assert(tlb_grow(&b.store, &b.set, MMU_READ));
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_READ]), 4096);
    for (unsigned i = 0; i < 4096; i++)
        tlb_insert(&b.set, MMU_READ, i * 0x1000ull, fake_host(0));
    tlb_flush(&b.store, &b.set, true);
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_READ]), 4096);
    tlb_insert(&b.set, MMU_READ, 0x1000, fake_host(0));
    tlb_flush(&b.store, &b.set, true);
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_READ]), 1024);
    tlb_flush(&b.store, &b.set, true);
    tlb_flush(&b.store, &b.set, true);
    ck_assert_uint_eq(tlb_count(&b.set.bank.of[MMU_READ]), 256);
    ck_assert_ptr_null(look(&b, MMU_READ, 0x1000, 1));
    bench_close(&b);
}
END_TEST

/* A root's lower part is left: entries and jump slots below go. */
START_TEST(pages_below_are_dropped)
{
    const gva_t end = 3ull << 30, low = 0x5000, high = end + 0x7000;
    const gva_t wrapped = (1ull << 32) + 0x6010;
    struct bench b;
    struct jump_slot *jump;

    bench_open(&b);
    ck_assert(tlb_set_make(&b.store, &b.set));
    jump = b.set.bank.jump;
    tlb_insert(&b.set, MMU_WRITE, low, fake_host(low));
    tlb_insert(&b.set, MMU_WRITE, high, fake_host(high));
    jump[jump_slot_of(low)] = (struct jump_slot){low, &b};
    jump[jump_slot_of(high)] = (struct jump_slot){high, &b};
    jump[jump_slot_of(wrapped)] = (struct jump_slot){wrapped, &b};
    tlb_drop_below(&b.set, end);
    ck_assert_ptr_null(look(&b, MMU_WRITE, low, 1));
    ck_assert_ptr_nonnull(look(&b, MMU_WRITE, high, 1));
    ck_assert_ptr_null(jump[jump_slot_of(low)].block);
    ck_assert_ptr_null(jump[jump_slot_of(wrapped)].block);
    ck_assert_ptr_eq(jump[jump_slot_of(high)].block, &b);
    bench_close(&b);
}
END_TEST

START_TEST(a_full_arena_is_no_accident)
{
    struct bench b;
    struct tlb_set more[64];
    unsigned made = 0;

    bench_open(&b);
    ck_assert(tlb_set_make(&b.store, &b.set));
    for (; made < 64; made++) {
        tlb_set_init(&b.store, &more[made]);
        if (!tlb_set_make(&b.store, &more[made]))
            break;
    }
    ck_assert_uint_gt(made, 40);
    ck_assert_uint_lt(made, 64);
    ck_assert(!more[made].live);
    ck_assert_ptr_null(tlb_lookup(&more[made].bank.of[MMU_READ], 0, 1));
    tlb_insert(&b.set, MMU_READ, 0x1000, fake_host(0x1000));
    while (tlb_grow(&b.store, &b.set, MMU_READ))
        ;
    ck_assert_ptr_eq(look(&b, MMU_READ, 0x1000, 1), fake_host(0x1000));
    while (made)
        tlb_set_release(&b.store, &more[--made]);
    ck_assert(tlb_grow(&b.store, &b.set, MMU_READ));
    bench_close(&b);
}
END_TEST

/* Random use of the arena: blocks never overlap, all comes back whole. */
START_TEST(arena_is_a_buddy_allocator)
{
    enum { BLOCKS = 200 };
    struct arena arena;
    uint8_t *block[BLOCKS] = {NULL};
    uint64_t size[BLOCKS] = {0}, used = 0;

    srand(7);
    ck_assert(arena_init(&arena, 4 << 20));
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (unsigned)rand() % BLOCKS;

        if (block[i]) {
            for (uint64_t at = 0; at < size[i]; at += PAGE_SIZE)
                ck_assert_uint_eq(block[i][at], i);
            arena_put(&arena, block[i]);
            used -= size[i];
            block[i] = NULL;
            continue;
        }
        size[i] = (uint64_t)PAGE_SIZE << rand() % ARENA_ORDERS;
        block[i] = arena_get(&arena, size[i]);
        if (!block[i])
            continue;
        used += size[i];
        ck_assert_uint_eq((uint64_t)(block[i] - arena.memory) % size[i], 0);
        ck_assert_uint_eq(arena.used, used);
        for (uint64_t at = 0; at < size[i]; at += PAGE_SIZE)
            block[i][at] = (uint8_t)i;
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        if (block[i])
            arena_put(&arena, block[i]);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(arena_get(&arena, 1 << 20));
    ck_assert_ptr_null(arena_get(&arena, PAGE_SIZE));
    arena_free(&arena);
}
END_TEST

/* In the MMU: random accesses over many pages make the arrays grow, and
 * mmu->now stays a copy of the current bank. */
START_TEST(grows_in_use)
{
    struct rig *rig = rig_open_with(64 << 20, MMU_POLICY_CACHED, NULL);
    uint64_t random = 1;

    for (unsigned i = 0; i < 100000; i++) {
        gva_t gva;

        random = random * 6364136223846793005 + 1442695040888963407;
        gva = random >> 33 & 0x3FFFFF8;
        if (tlb_lookup(&rig->mmu.now.of[MMU_READ], gva, 8))
            continue;
        ck_assert_uint_eq(rig_read(rig, BANK_SUPER, gva, NULL, 8), 0);
        ck_assert_ptr_nonnull(tlb_lookup(&rig->mmu.now.of[MMU_READ], gva, 8));
    }
    ck_assert_uint_ge(tlb_count(&rig->mmu.now.of[MMU_READ]), 16384);
    ck_assert_uint_eq(tlb_count(&rig->mmu.now.of[MMU_WRITE]), 256);
    ck_assert_uint_gt(rig->mmu.count.tlb_grown, 2);
    rig_close(rig);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("tlb");

    tcase_add_test(tc, one_compare_finds_page_and_crossing);
    tcase_add_test(tc, grows_under_conflicts_only);
    tcase_add_test(tc, drops_what_is_asked_for);
    tcase_add_test(tc, jump_slots_go_by_page);
    tcase_add_test(tc, a_flush_gives_unused_room_back);
    tcase_add_test(tc, pages_below_are_dropped);
    tcase_add_test(tc, a_full_arena_is_no_accident);
    tcase_add_test(tc, arena_is_a_buddy_allocator);
    tcase_add_test(tc, grows_in_use);
    return rig_run("tlb", tc);
}
