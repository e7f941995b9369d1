/* check_addrspace - lookups, overlays, splitting of wide accesses, moves,
 * blocks; write tracking of stores that come through it.
 * Alone: make tests/mmu/check_addrspace && tests/mmu/check_addrspace */
#include "mmu/addrspace.h"
#include "mmu/ram.h"
#include "mmu/track.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

/* A device that remembers its accesses. */
struct echo {
    struct region region;
    struct {
        char kind;
        uint64_t offset, value;
        unsigned size;
    } log[64];
    unsigned count;
};

static void note(struct echo *echo, char kind, uint64_t offset, uint64_t value,
                 unsigned size)
{
    ck_assert_uint_lt(echo->count, 64);
    echo->log[echo->count].kind = kind;
    echo->log[echo->count].offset = offset;
    echo->log[echo->count].value = value;
    echo->log[echo->count++].size = size;
}

static uint64_t echo_read(void *opaque, uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    note(opaque, 'r', offset, 0, size);
    for (unsigned i = 0; i < size; i++)
        value |= ((0xA0 + offset + i) & 0xFF) << i * 8;
    return value;
}

static void echo_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    note(opaque, 'w', offset, value, size);
}

static const struct region_ops echo8 = {echo_read, echo_write, 0};
static const struct region_ops echo4 = {echo_read, echo_write, 4};
static const struct region_ops echo1 = {echo_read, echo_write, 1};

static void echo_init(struct echo *echo, uint64_t base, uint64_t size,
                      const struct region_ops *ops)
{
    memset(echo, 0, sizeof *echo);
    echo->region = (struct region){.name = "echo",
                                   .base = base,
                                   .size = size,
                                   .kind = REGION_MMIO,
                                   .ops = ops,
                                   .opaque = echo};
}

static void expect(const struct echo *echo, unsigned i, char kind,
                   uint64_t offset, uint64_t value, unsigned size)
{
    ck_assert_uint_lt(i, echo->count);
    ck_assert_int_eq(echo->log[i].kind, kind);
    ck_assert_uint_eq(echo->log[i].offset, offset);
    ck_assert_uint_eq(echo->log[i].value, value);
    ck_assert_uint_eq(echo->log[i].size, size);
}

static struct ram_block *make_ram(uint64_t size, struct track *track)
{
    char error[100] = "";
    struct ram_block *block = ram_create("ram", size, track, error, 100);

    ck_assert_msg(block != NULL, "%s", error);
    return block;
}

static struct region ram_region(struct ram_block *block, uint64_t base,
                                int priority, enum region_kind kind)
{
    return (struct region){.name = "ram",
                           .base = base,
                           .size = block->size,
                           .priority = priority,
                           .kind = kind,
                           .ram = block};
}

START_TEST(holes_read_ones_and_swallow_writes)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    uint64_t last;

    ck_assert_ptr_null(addrspace_find(s, 0, &last));
    ck_assert_uint_eq(last, UINT64_MAX);
    ck_assert_uint_eq(addrspace_read(s, 0x1234, 1), 0xFF);
    ck_assert_uint_eq(addrspace_read(s, 0x1234, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(addrspace_read(s, UINT64_MAX - 2, 8), UINT64_MAX);
    addrspace_write(s, UINT64_MAX - 2, 5, 8);
    addrspace_destroy(s);
}
END_TEST

START_TEST(ports_are_split_by_region_and_width)
{
    struct addrspace *s = addrspace_create("io", 0xFFFF, NULL);
    struct echo a, b, c;

    echo_init(&a, 0x20, 2, &echo1);
    echo_init(&b, 0x60, 1, &echo8);
    echo_init(&c, 0x61, 3, &echo4);
    addrspace_map(s, &a.region);
    addrspace_map(s, &b.region);
    addrspace_map(s, &c.region);
    addrspace_write(s, 0x20, 0x1122, 2);
    ck_assert_uint_eq(a.count, 2);
    expect(&a, 0, 'w', 0, 0x22, 1);
    expect(&a, 1, 'w', 1, 0x11, 1);
    /* b takes its one byte, c the other three as 2 + 1. */
    ck_assert_uint_eq(addrspace_read(s, 0x60, 4), 0xA2A1A0A0);
    expect(&b, 0, 'r', 0, 0, 1);
    expect(&c, 0, 'r', 0, 0, 2);
    expect(&c, 1, 'r', 2, 0, 1);
    ck_assert_uint_eq(addrspace_read(s, 0x63, 2), 0xFFA2);
    /* The last port. */
    ck_assert_uint_eq(addrspace_read(s, 0xFFFF, 4), 0xFFFFFFFF);
    addrspace_destroy(s);
}
END_TEST

START_TEST(eight_bytes_over_ram_and_mmio)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct ram_block *ram = make_ram(0x1000, NULL);
    struct region r = ram_region(ram, 0x1000, 0, REGION_RAM);
    struct echo e;

    echo_init(&e, 0x2000, 0x100, &echo4);
    addrspace_map(s, &r);
    addrspace_map(s, &e.region);
    addrspace_write(s, 0x1FFD, 0x8877665544332211, 8);
    ck_assert_uint_eq(load_le32(ram->host + 0xFFC), 0x33221100);
    expect(&e, 0, 'w', 0, 0x77665544, 4);
    expect(&e, 1, 'w', 4, 0x88, 1);
    ck_assert_uint_eq(addrspace_read(s, 0x1FFD, 8), 0xA4A3A2A1A0332211);
    ck_assert_uint_eq(addrspace_read(s, 0x1000 - 2, 4), 0xFFFF);
    addrspace_destroy(s);
    ram_destroy(ram);
}
END_TEST

START_TEST(priority_hides_then_the_later_one)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct ram_block *ram = make_ram(0x10000, NULL);
    struct ram_block *rom = make_ram(0x1000, NULL);
    struct region low = ram_region(ram, 0, 0, REGION_RAM);
    struct region pam = ram_region(rom, 0x4000, 1, REGION_ROM);
    struct echo same;
    uint64_t last;

    memset(rom->host, 0x77, 0x1000);
    addrspace_map(s, &pam);
    addrspace_map(s, &low);
    ck_assert_ptr_eq(addrspace_find(s, 0x3FFF, &last), &low);
    ck_assert_uint_eq(last, 0x3FFF);
    ck_assert_ptr_eq(addrspace_find(s, 0x4000, &last), &pam);
    ck_assert_uint_eq(last, 0x4FFF);
    ck_assert_ptr_eq(addrspace_find(s, 0x5000, &last), &low);
    ck_assert_uint_eq(last, 0xFFFF);
    ck_assert_uint_eq(addrspace_read(s, 0x4FFE, 4), 0x7777);
    addrspace_write(s, 0x4000, 0x12, 1); /* ROM without handler */
    ck_assert_uint_eq(rom->host[0], 0x77);
    ck_assert_uint_eq(ram->host[0x4000], 0);

    echo_init(&same, 0x4800, 0x100, &echo8);
    same.region.priority = 1;
    addrspace_map(s, &same.region);
    ck_assert_ptr_eq(addrspace_find(s, 0x4800, &last), &same.region);
    ck_assert_uint_eq(last, 0x48FF);
    addrspace_unmap(s, &pam);
    ck_assert_ptr_eq(addrspace_find(s, 0x4000, &last), &low);
    ck_assert_uint_eq(last, 0x47FF);
    addrspace_destroy(s);
    ram_destroy(ram);
    ram_destroy(rom);
}
END_TEST

struct heard {
    unsigned count;
    uint64_t base[8], size[8];
};

static void hear(void *opaque, uint64_t base, uint64_t size)
{
    struct heard *heard = opaque;

    ck_assert_uint_lt(heard->count, 8);
    heard->base[heard->count] = base;
    heard->size[heard->count++] = size;
}

START_TEST(bars_move_and_listeners_hear)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct heard heard = {0};
    struct echo e;
    uint64_t last;

    addrspace_listen(s, hear, &heard);
    echo_init(&e, 0xE0000000, 0x1000, &echo8);
    addrspace_move(s, &e.region, 0xE0000000, true);
    ck_assert_uint_eq(heard.count, 1);
    addrspace_map(s, &e.region); /* nothing new */
    ck_assert_uint_eq(heard.count, 1);
    addrspace_move(s, &e.region, 0xF0000000, true);
    ck_assert_uint_eq(heard.count, 2); /* once, both places changed */
    ck_assert_uint_eq(heard.base[1], 0xE0000000);
    ck_assert_uint_eq(heard.size[1], 0x10001000);
    ck_assert_ptr_null(addrspace_find(s, 0xE0000000, &last));
    ck_assert_ptr_eq(addrspace_find(s, 0xF0000FFF, &last), &e.region);
    addrspace_move(s, &e.region, 0, false);
    ck_assert_uint_eq(heard.count, 3);
    ck_assert(!e.region.mapped);
    ck_assert_ptr_null(addrspace_find(s, 0xF0000000, &last));
    /* Past the end of a small space is nowhere, not a crash. */
    addrspace_destroy(s);
    s = addrspace_create("io", 0xFFFF, NULL);
    addrspace_move(s, &e.region, 0xFFFFF000, true);
    ck_assert(!e.region.mapped);
    addrspace_move(s, &e.region, 0xF800, true);
    ck_assert_ptr_eq(addrspace_find(s, 0xFFFF, &last), &e.region);
    ck_assert_uint_eq(last, 0xFFFF);
    addrspace_destroy(s);
}
END_TEST

START_TEST(changed_kind_is_seen_by_mapping_again)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct ram_block *ram = make_ram(0x2000, NULL);
    struct region r = ram_region(ram, 0, 0, REGION_RAM);
    struct heard heard = {0};

    addrspace_map(s, &r);
    addrspace_listen(s, hear, &heard);
    r.kind = REGION_ROM;
    addrspace_map(s, &r);
    ck_assert_uint_gt(heard.count, 0);
    addrspace_write(s, 0, 1, 1);
    ck_assert_uint_eq(ram->host[0], 0);
    addrspace_destroy(s);
    ram_destroy(ram);
}
END_TEST

/* Random maps against the definition: the region with the highest priority,
 * then the one mapped last. */
START_TEST(random_maps_agree_with_the_definition)
{
    enum { N = 24, SPACE = 600 };
    struct addrspace *s = addrspace_create("mem", SPACE - 1, NULL);
    struct echo *e = calloc(N, sizeof *e);
    unsigned mapped_at[N] = {0}, clock = 0;

    srand(1);
    for (int i = 0; i < N; i++)
        echo_init(&e[i], 0, 1, &echo8);
    for (int round = 0; round < 600; round++) {
        int i = rand() % N;

        addrspace_unmap(s, &e[i].region);
        mapped_at[i] = 0;
        if (rand() % 4) {
            e[i].region.base = (uint64_t)(rand() % SPACE);
            e[i].region.size = (uint64_t)(1 + rand() % 200);
            e[i].region.priority = rand() % 3;
            addrspace_map(s, &e[i].region);
            mapped_at[i] = ++clock;
        }
        for (uint64_t addr = 0; addr < SPACE; addr += 1 + rand() % 7) {
            struct region *top = NULL, *found;
            unsigned when = 0;
            uint64_t last;

            for (int k = 0; k < N; k++) {
                struct region *r = &e[k].region;

                if (!mapped_at[k] || addr < r->base ||
                    addr >= r->base + r->size)
                    continue;
                if (!top || r->priority > top->priority ||
                    (r->priority == top->priority && mapped_at[k] > when)) {
                    top = r;
                    when = mapped_at[k];
                }
            }
            found = addrspace_find(s, addr, &last);
            ck_assert_ptr_eq(found, top);
            ck_assert_uint_ge(last, addr);
            ck_assert_ptr_eq(addrspace_find(s, last, &last), top);
        }
    }
    addrspace_destroy(s);
    free(e);
}
END_TEST

START_TEST(blocks_cross_everything)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct ram_block *ram = make_ram(0x2000, NULL);
    struct region r = ram_region(ram, 0, 0, REGION_RAM);
    struct echo e;
    uint8_t data[0x2100];

    echo_init(&e, 0x2000, 6, &echo8);
    addrspace_map(s, &r);
    addrspace_map(s, &e.region);
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    addrspace_write_block(s, 0x0FF8, data, 0x1010);
    ck_assert_int_eq(memcmp(ram->host + 0x0FF8, data, 0x1008), 0);
    ck_assert_uint_eq(e.count, 3); /* 4 + 1 + 1, then a hole */
    expect(&e, 0, 'w', 0, load_le32(data + 0x1008), 4);
    expect(&e, 2, 'w', 5, data[0x100D], 1);
    e.count = 0;
    memset(data, 0, sizeof data);
    addrspace_read_block(s, 0x1FFE, data, 12);
    ck_assert_uint_eq(load_le16(data), load_le16(ram->host + 0x1FFE));
    ck_assert_uint_eq(load_le32(data + 2), 0xA3A2A1A0);
    ck_assert_uint_eq(load_le32(data + 8), 0xFFFFFFFF);
    e.count = 0;
    addrspace_peek(s, 0x1FFE, data, 12);
    ck_assert_uint_eq(e.count, 0);
    ck_assert_uint_eq(load_le32(data + 2), 0xFFFFFFFF);
    addrspace_destroy(s);
    ram_destroy(ram);
}
END_TEST

struct stores {
    unsigned count;
    uint64_t offset[8], size[8];
};

static void on_watch(void *opaque, struct ram_block *block, uint64_t offset,
                     uint64_t size)
{
    struct stores *stores = opaque;

    (void)block;
    ck_assert_uint_lt(stores->count, 8);
    stores->offset[stores->count] = offset;
    stores->size[stores->count++] = size;
}

START_TEST(stores_reach_write_tracking)
{
    struct addrspace *s = addrspace_create("mem", UINT64_MAX, NULL);
    struct track *track = track_create();
    struct ram_block *ram = make_ram(0x4000, track);
    struct region r = ram_region(ram, 0x10000, 0, REGION_RAM);
    struct stores stores = {0};
    uint8_t data[0x3000] = {0};

    addrspace_map(s, &r);
    track_set_watch(track, on_watch, &stores);
    track_add(track, ram, 0x1000, TRACK_WATCH);
    addrspace_write(s, 0x10FFE, 0x11223344, 4);
    ck_assert_uint_eq(stores.count, 1);
    ck_assert_uint_eq(stores.offset[0], 0x1000);
    ck_assert_uint_eq(stores.size[0], 2);
    addrspace_write_block(s, 0x10800, data, 0x3000);
    ck_assert_uint_eq(stores.count, 2);
    ck_assert_uint_eq(stores.offset[1], 0x1000);
    ck_assert_uint_eq(stores.size[1], 0x1000);
    track_remove(ram_frame_at(ram, 0x1000), TRACK_WATCH);
    addrspace_write(s, 0x11000, 1, 1);
    ck_assert_uint_eq(stores.count, 2);
    addrspace_destroy(s);
    ram_destroy(ram);
    track_destroy(track);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("addrspace");
    TCase *tc = tcase_create("addrspace");

    tcase_add_test(tc, holes_read_ones_and_swallow_writes);
    tcase_add_test(tc, ports_are_split_by_region_and_width);
    tcase_add_test(tc, eight_bytes_over_ram_and_mmio);
    tcase_add_test(tc, priority_hides_then_the_later_one);
    tcase_add_test(tc, bars_move_and_listeners_hear);
    tcase_add_test(tc, changed_kind_is_seen_by_mapping_again);
    tcase_add_test(tc, random_maps_agree_with_the_definition);
    tcase_add_test(tc, blocks_cross_everything);
    tcase_add_test(tc, stores_reach_write_tracking);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
