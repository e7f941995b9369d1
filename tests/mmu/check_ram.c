/* check_ram - RAM blocks: zeroed, sizes, stores that tracking hears of,
 * change tracking for displays, code granules.
 * Alone: make tests/mmu/check_ram && tests/mmu/check_ram */
#include "mmu/hostmem.h"
#include "mmu/mmu.h"
#include "mmu/ram.h"
#include "mmu/track.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

struct heard {
    unsigned protect, table, marked, code;
    uint64_t offset;
    unsigned from, size;
    const uint8_t *host;
};

static void on_protect(void *opaque, struct ram_block *block, uint64_t offset)
{
    struct heard *heard = opaque;

    (void)block;
    heard->protect++;
    heard->offset = offset;
}

static void on_table(void *opaque, struct ram_frame *frame, unsigned offset,
                     unsigned size)
{
    struct heard *heard = opaque;

    (void)frame;
    heard->table++;
    heard->from = offset;
    heard->size = size;
}

static void on_marked(void *opaque, struct ram_frame *frame, unsigned offset,
                      unsigned size)
{
    struct heard *heard = opaque;

    (void)frame;
    (void)offset;
    (void)size;
    heard->marked++;
}

static void on_code(void *opaque, struct ram_frame *frame, uint8_t *host,
                    unsigned offset, unsigned size)
{
    struct heard *heard = opaque;

    (void)frame;
    heard->host = host;
    heard->code++;
    heard->from = offset;
    heard->size = size;
}

struct bench {
    struct track *track;
    struct ram_block *ram;
    struct heard heard;
    struct mmu_counters count;
};

static void bench_open(struct bench *b)
{
    char error[100] = "";
    struct track_client client = {on_protect, on_table,  on_marked,
                                  on_code,    &b->heard, &b->count};

    memset(b, 0, sizeof *b);
    b->track = track_create();
    b->ram = ram_create("ram", 0x10000, b->track, error, sizeof error);
    ck_assert_msg(b->ram != NULL, "%s", error);
    track_attach(b->track, &client);
}

static void bench_close(struct bench *b)
{
    ram_destroy(b->ram);
    track_destroy(b->track);
}

START_TEST(memory_is_zero_and_comes_back_zero)
{
    char error[100];
    uint8_t *p = hostmem_map(0x4000, false, error, sizeof error);

    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p & (PAGE_SIZE - 1), 0);
    ck_assert_uint_eq(p[0x3FFF], 0);
    memset(p, 0x5A, 0x4000);
    hostmem_discard(p + 0x1000, 0x2000);
    ck_assert_uint_eq(p[0xFFF], 0x5A);
    ck_assert_uint_eq(p[0x1000], 0);
    ck_assert_uint_eq(p[0x2FFF], 0);
    ck_assert_uint_eq(p[0x3000], 0x5A);
    hostmem_unmap(p, 0x4000);
}
END_TEST

START_TEST(too_much_is_refused_with_a_reason)
{
    char error[100] = "";

    ck_assert_ptr_null(ram_create("ram", 1ull << 62, NULL, error, 100));
    ck_assert_str_ne(error, "");
    ram_destroy(NULL);
}
END_TEST

START_TEST(first_reason_protects_once)
{
    struct bench b;

    bench_open(&b);
    track_add(b.track, b.ram, 0x3008, TRACK_TABLE);
    ck_assert_uint_eq(b.heard.protect, 1);
    ck_assert_uint_eq(b.heard.offset, 0x3000);
    track_add(b.track, b.ram, 0x3000, TRACK_DIRTY);
    ck_assert_uint_eq(b.heard.protect, 1);
    bench_close(&b);
}
END_TEST

START_TEST(tables_hear_of_every_store_but_the_walks)
{
    struct bench b;
    uint64_t entry = 0x1234;

    bench_open(&b);
    track_add(b.track, b.ram, 0x3000, TRACK_TABLE);
    ram_write(b.ram, 0x2FFC, &entry, 8);
    ck_assert_uint_eq(b.heard.table, 1);
    ck_assert_uint_eq(b.heard.from, 0);
    ck_assert_uint_eq(b.heard.size, 4);
    track_stored_by_walk(b.track, b.ram, 0x3000, 8);
    ck_assert_uint_eq(b.heard.table, 1);
    ck_assert_uint_eq(b.heard.marked, 1);
    ck_assert_uint_eq(b.count.table_write, 1);
    bench_close(&b);
}
END_TEST

START_TEST(code_hears_by_granule)
{
    struct bench b;
    uint8_t bytes[256] = {0};

    bench_open(&b);
    track_code(b.track, b.ram, 0x1000 + 0x7E, 4, 0x1000);
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x1000)->code_granules, 6);
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x1000)->code_gfn, 1);
    ram_write(b.ram, 0x1000, bytes, 64);
    ram_write(b.ram, 0x10C0, bytes, 64);
    ck_assert_uint_eq(b.heard.code, 0);
    ck_assert_uint_eq(b.count.code_beside, 2);
    ram_write(b.ram, 0x10BF, bytes, 2);
    ck_assert_uint_eq(b.heard.code, 1);
    ck_assert_uint_eq(b.heard.from, 0xBF);
    ck_assert_ptr_eq(b.heard.host, b.ram->host + 0x1000);
    ram_write(b.ram, 0x1000, bytes, 256);
    ck_assert_uint_eq(b.heard.code, 2);
    track_code(b.track, b.ram, 0x2000, 0x1000, 0x2000);
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x2000)->code_granules, ~0ull);
    bench_close(&b);
}
END_TEST

START_TEST(a_changed_frame_costs_one_slow_store)
{
    struct bench b;
    uint8_t byte = 1;

    bench_open(&b);
    track_dirty_start(b.track, b.ram, 0x4000, 0x3000);
    /* Everything counts as changed at first. */
    for (uint64_t at = 0x4000; at < 0x7000; at += 0x1000)
        ck_assert(track_dirty_take(b.track, b.ram, at));
    ck_assert(!track_dirty_take(b.track, b.ram, 0x5000));
    ram_write(b.ram, 0x5123, &byte, 1);
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x5000)->tracked, 0);
    ram_write(b.ram, 0x5124, &byte, 1);
    ck_assert_uint_eq(b.count.dirty_write, 1);
    ck_assert(!track_dirty_take(b.track, b.ram, 0x4000));
    ck_assert(track_dirty_take(b.track, b.ram, 0x5000));
    ck_assert(!track_dirty_take(b.track, b.ram, 0x5000));
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x5000)->tracked, TRACK_DIRTY);
    track_dirty_stop(b.ram, 0x4000, 0x3000);
    ck_assert_uint_eq(ram_frame_at(b.ram, 0x5000)->tracked, 0);
    bench_close(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ram");
    TCase *tc = tcase_create("ram");

    tcase_add_test(tc, memory_is_zero_and_comes_back_zero);
    tcase_add_test(tc, too_much_is_refused_with_a_reason);
    tcase_add_test(tc, first_reason_protects_once);
    tcase_add_test(tc, tables_hear_of_every_store_but_the_walks);
    tcase_add_test(tc, code_hears_by_granule);
    tcase_add_test(tc, a_changed_frame_costs_one_slow_store);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
