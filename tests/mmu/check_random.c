/* check_random - the MMU against the naive one of reference.h: random worlds
 * (random_world.h); now and then all of memory is compared and the audit must
 * find nothing.
 * Alone: make tests/mmu/check_random && tests/mmu/check_random */
#include "tests/mmu/random_world.h"

static void play(uint64_t seed, unsigned events, enum mmu_policy policy)
{
    struct world *w = world_open(seed, policy);

    for (unsigned i = 0; i < TABLES * 80; i++)
        dma(w);
    load_cr3(w, true);
    for (unsigned i = 0; i < events; i++) {
        /* A plain TLB is right only if the guest flushes. */
        if (policy == MMU_POLICY_FLUSH)
            mmu_flush_all(&w->rig->mmu);
        event(w);
        if (i % 1024 == 0)
            compare(w);
    }
    compare(w);
    ck_assert_uint_gt(w->done, events / 25);
    ck_assert_uint_gt(w->faults, events / 20);
    ck_assert_uint_gt(w->killed, 0);
    if (policy == MMU_POLICY_CACHED) {
        ck_assert_uint_gt(w->rig->mmu.count.table_sync, 50);
        ck_assert_uint_gt(w->jumps_hit, 0);
        ck_assert_uint_gt(w->rig->mmu.count.upper_joined, 0);
    }
    ck_assert_uint_gt(w->rig->mmu.count.cross, 0);
    world_close(w);
}

START_TEST(agrees_with_the_naive_mmu)
{
    play((uint64_t)_i + 1, 40000, MMU_POLICY_CACHED);
}
END_TEST

START_TEST(plain_tlb_agrees_too)
{
    play((uint64_t)_i + 1001, 4000, MMU_POLICY_FLUSH);
}
END_TEST

int main(int argc, char **argv)
{
    TCase *tc = tcase_create("random");
    int rounds = argc > 1 ? atoi(argv[1]) : 12;

    tcase_add_loop_test(tc, agrees_with_the_naive_mmu, 0, rounds);
    tcase_add_loop_test(tc, plain_tlb_agrees_too, 0, 4);
    return rig_run("random", tc);
}
