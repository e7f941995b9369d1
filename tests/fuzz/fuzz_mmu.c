/* fuzz_mmu - table writes, CR3 loads, INVLPG, accesses: the events of
 * tests/mmu/random_world.h with dice made of input bytes, beside an MMU that
 * walks the tables every time.
 *
 * Input: a seed for the tables' first contents, a policy, then dice. What
 * must hold: each result, each fault and all of memory are equal, and the
 * audit finds nothing.
 * Alone: make tests/fuzz/fuzz_mmu && tests/fuzz/fuzz_mmu FILE... */
#define _POSIX_C_SOURCE 200809L /* check.h: pid_t */
#include <check.h>

#include "tests/fuzz/fuzz.h"

/* There is no Check runner here that a failure could be told to. */
NORETURN static void check_failed(const char *file, int line, const char *what)
{
    FUZZ_FAIL("%s:%d: %s", file, line, what);
}
#define _ck_assert_failed(file, line, what, ...) check_failed(file, line, what)
#define _mark_point(file, line)                  ((void)0)

#include "tests/mmu/random_world.h"

enum { MAX_EVENTS = 400, TABLE_WRITES = TABLES * 12 };

static void play(struct world *w, enum mmu_policy policy)
{
    for (unsigned n = 0; n < MAX_EVENTS && w->left; n++) {
        /* A plain TLB is right only if the guest flushes. */
        if (policy == MMU_POLICY_FLUSH)
            mmu_flush_all(&w->rig->mmu);
        event(w);
    }
    compare(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    unsigned head = fuzz_u8(&in);
    enum mmu_policy policy = head & 1 ? MMU_POLICY_FLUSH : MMU_POLICY_CACHED;
    struct world *w = world_open(head >> 1, policy);
    for (unsigned n = 0; n < TABLE_WRITES; n++)
        dma(w);
    w->input = in.data;
    w->left = in.left;
    load_cr3(w, true);
    play(w, policy);
    world_close(w);
    return 0;
}
