/* check_pflash.c - the flash chip against Intel 290667 and JESD68.
 * Alone: make tests/devices/check_pflash && tests/devices/check_pflash */
#define _DEFAULT_SOURCE
#include "fake.h"

#include <sys/stat.h>
#include <unistd.h>

#include "devices/disk.h"
#include "devices/pflash_cfi.h"
#include "mmu/ram.h"

enum { SIZE = 64 << 10, BASE = 0xFFFF0000u, MS = 1000000 };

struct bench {
    struct fake *fake;
    struct addrspace *memory;
    struct ram_block *array;
    struct disk *disk;
    struct pflash *flash;
    char path[64];
};

static void bench_start(struct bench *b, const struct disk_options *options)
{
    char error[256];

    b->fake = fake_create();
    b->memory = addrspace_create("memory", UINT64_MAX >> 12, &b->fake->log);
    b->array = ram_create("flash", SIZE, NULL, error, sizeof error);
    ck_assert_ptr_nonnull(b->array);
    b->disk = disk_open(b->path, options, error, sizeof error);
    ck_assert_msg(b->disk != NULL, "%s", error);
    ck_assert_int_eq(disk_read(b->disk, 0, b->array->host, SIZE), 0);
    b->flash = pflash_create(&(struct pflash_config){
        .id = "pflash0",
        .memory = b->memory,
        .base = BASE,
        .array = b->array,
        .disk = b->disk,
        .sched = &b->fake->sched,
        .log = &b->fake->log,
    });
    ck_assert_ptr_nonnull(b->flash);
}

static void bench_stop(struct bench *b)
{
    struct device *device = pflash_device(b->flash);

    device->ops->destroy(device);
    disk_close(b->disk);
    ram_destroy(b->array);
    addrspace_destroy(b->memory);
    fake_destroy(b->fake);
}

/* Byte n of the image is n + n / 256. */
static void bench_create(struct bench *b, const struct disk_options *options)
{
    FILE *file;

    strcpy(b->path, "/tmp/umbra-check-XXXXXX");
    file = fdopen(mkstemp(b->path), "wb");
    ck_assert_ptr_nonnull(file);
    for (unsigned i = 0; i < SIZE; i++)
        fputc((int)(i + i / 256) & 0xFF, file);
    ck_assert_int_eq(fclose(file), 0);
    bench_start(b, options);
}

static void bench_destroy(struct bench *b)
{
    bench_stop(b);
    unlink(b->path);
}

static const struct disk_options writable = {.format = "raw"};
static const struct disk_options read_only = {.format = "raw",
                                              .read_only = true};
static const struct disk_options snapshot = {.format = "raw", .snapshot = true};

static void out(struct bench *b, uint32_t offset, uint8_t value)
{
    addrspace_write(b->memory, BASE + offset, value, 1);
}

static uint64_t in(struct bench *b, uint32_t offset, unsigned size)
{
    return addrspace_read(b->memory, BASE + offset, size);
}

/* What the image file holds. */
static uint8_t kept(struct bench *b, uint32_t offset)
{
    FILE *file = fopen(b->path, "rb");
    int c;

    ck_assert_ptr_nonnull(file);
    fseek(file, (long)offset, SEEK_SET);
    c = fgetc(file);
    fclose(file);
    ck_assert_int_ne(c, EOF);
    return (uint8_t)c;
}

static void erase(struct bench *b, uint32_t offset)
{
    out(b, offset, 0x20);
    out(b, offset, 0xD0);
}

static void program(struct bench *b, uint32_t offset, uint8_t value)
{
    out(b, offset, 0x40);
    out(b, offset, value);
}

static bool shows_array(struct bench *b)
{
    uint64_t last;
    struct region *region = addrspace_find(b->memory, BASE, &last);

    return region && region->kind == REGION_ROM;
}

START_TEST(array)
{
    struct bench b;

    bench_create(&b, &writable);
    ck_assert(shows_array(&b));
    ck_assert_uint_eq(in(&b, 0x1234, 1), 0x46);
    ck_assert_uint_eq(in(&b, 0x10, 4), 0x13121110);
    out(&b, 0, 0xFF);
    ck_assert(shows_array(&b));
    ck_assert_uint_eq(in(&b, 0x1234, 1), 0x46);
    bench_destroy(&b);
}
END_TEST

START_TEST(identifier)
{
    struct bench b;

    bench_create(&b, &writable);
    out(&b, 0x2000, 0x90);
    ck_assert(!shows_array(&b));
    ck_assert_uint_eq(in(&b, 0, 1), 0x89);
    ck_assert_uint_eq(in(&b, 1, 1), 0x18);
    ck_assert_uint_eq(in(&b, 0x3002, 1), 0); /* not locked */
    out(&b, 0, 0xFF);
    ck_assert(shows_array(&b));
    bench_destroy(&b);
}
END_TEST

START_TEST(query)
{
    struct bench b;

    bench_create(&b, &writable);
    out(&b, 0x55, 0x98);
    ck_assert_uint_eq(in(&b, 0x10, 1), 'Q');
    ck_assert_uint_eq(in(&b, 0x10, 4), 0x01595251);
    ck_assert_uint_eq(in(&b, 0x15, 2), 0x31); /* extended table */
    ck_assert_uint_eq(in(&b, 0x27, 1), 16);   /* 2^16 bytes */
    ck_assert_uint_eq(in(&b, 0x28, 2), 0);    /* 8 bits wide */
    ck_assert_uint_eq(in(&b, 0x2A, 2), 5);    /* write buffer 2^5 */
    ck_assert_uint_eq(in(&b, 0x2C, 1), 1);
    ck_assert_uint_eq(in(&b, 0x2D, 4), 15 | 0x10 << 16);
    ck_assert_uint_eq(in(&b, 0x31, 4), 0x31495250); /* PRI1 */
    ck_assert_uint_eq(in(&b, 0x36, 4), 0);          /* no option */
    bench_destroy(&b);
}
END_TEST

START_TEST(status)
{
    struct bench b;

    bench_create(&b, &writable);
    out(&b, 0, 0x70);
    ck_assert_uint_eq(in(&b, 0x777, 1), 0x80);
    out(&b, 0, 0x50);
    out(&b, 0, 0x70);
    ck_assert_uint_eq(in(&b, 0, 1), 0x00); /* by this, OVMF knows it */
    program(&b, 5, 0);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80);
    bench_destroy(&b);
}
END_TEST

START_TEST(programming)
{
    struct bench b;

    bench_create(&b, &writable);
    /* Only ones become zeros: 34h is there. */
    program(&b, 0x34, 0x1C);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80);
    out(&b, 0x34, 0xFF);
    ck_assert_uint_eq(in(&b, 0x34, 1), 0x14);
    ck_assert_uint_eq(kept(&b, 0x34), 0x14);
    erase(&b, 0x1A34);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0xFFF, 1), 0x0E);
    ck_assert_uint_eq(in(&b, 0x1000, 8), UINT64_MAX);
    ck_assert_uint_eq(in(&b, 0x1FF8, 8), UINT64_MAX);
    ck_assert_uint_eq(in(&b, 0x2000, 1), 0x20);
    ck_assert_uint_eq(kept(&b, 0x1FFF), 0xFF);
    program(&b, 0x1800, 0xA5);
    program(&b, 0x1801, 0x5A);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0x1800, 2), 0x5AA5);
    bench_destroy(&b);
}
END_TEST

/* A command with a value that is one, too. */
START_TEST(data_like_commands)
{
    struct bench b;

    bench_create(&b, &writable);
    erase(&b, 0);
    program(&b, 0, 0xD0);
    program(&b, 1, 0x20);
    program(&b, 2, 0xFF);
    program(&b, 3, 0x40);
    ck_assert(!shows_array(&b));
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0, 4), 0x40FF20D0);
    bench_destroy(&b);
}
END_TEST

/* A wide access is cycles of bytes, lowest first. */
START_TEST(wide)
{
    struct bench b;

    bench_create(&b, &writable);
    addrspace_write(b.memory, BASE + 0x3000, 0xD020, 2);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0x3000, 8), UINT64_MAX);
    addrspace_write(b.memory, BASE + 0x3000, 0xFF77401240ull, 8);
    ck_assert_uint_eq(in(&b, 0x3000, 8), 0xFFFFFFFF77FF12FFull);
    bench_destroy(&b);
}
END_TEST

START_TEST(write_buffer)
{
    struct bench b;

    bench_create(&b, &writable);
    erase(&b, 0x2000);
    out(&b, 0x2000, 0xE8);
    ck_assert_uint_eq(in(&b, 0x2000, 1) & 0x80, 0x80);
    out(&b, 0x2000, 3);
    out(&b, 0x2011, 0x11);
    out(&b, 0x2010, 0x10);
    out(&b, 0x201F, 0x1F);
    out(&b, 0x2005, 0x05);
    out(&b, 0x2000, 0xD0);
    ck_assert_uint_eq(in(&b, 0x2000, 1), 0x80);
    out(&b, 0x2000, 0xFF);
    ck_assert_uint_eq(in(&b, 0x2010, 2), 0x1110);
    ck_assert_uint_eq(in(&b, 0x201F, 1), 0x1F);
    ck_assert_uint_eq(in(&b, 0x2004, 2), 0x05FF);
    ck_assert_uint_eq(in(&b, 0x2020, 1), 0xFF);
    bench_destroy(&b);
}
END_TEST

START_TEST(sequence_errors)
{
    struct bench b;

    bench_create(&b, &writable);
    out(&b, 0, 0x20);
    out(&b, 0, 0x20); /* not confirmed */
    ck_assert_uint_eq(in(&b, 0, 1), 0xB0);
    out(&b, 0, 0x50);
    out(&b, 0, 0xE8);
    out(&b, 0, 32); /* 33 bytes */
    ck_assert_uint_eq(in(&b, 0, 1), 0xB0);
    out(&b, 0, 0x50);
    out(&b, 0, 0xE8);
    out(&b, 0, 1);
    out(&b, 0x1F, 0);
    out(&b, 0x20, 0); /* another page */
    ck_assert_uint_eq(in(&b, 0, 1), 0xB0);
    out(&b, 0, 0x50);
    out(&b, 0, 0xE8);
    out(&b, 0, 0);
    out(&b, 0, 0);
    out(&b, 0, 0xFF); /* instead of confirming */
    ck_assert_uint_eq(in(&b, 0, 1), 0xB0);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0, 4), 0x03020100);
    bench_destroy(&b);
}
END_TEST

START_TEST(commands_without_effect)
{
    struct bench b;

    bench_create(&b, &writable);
    out(&b, 0, 0x60);
    out(&b, 0, 0x01);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80);
    out(&b, 0, 0xC0);
    out(&b, 0, 0x00);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80);
    out(&b, 0, 0xFF);
    out(&b, 0, 0xB0);
    ck_assert_uint_eq(in(&b, 0, 1), 0x80); /* nothing is suspended */
    out(&b, 0, 0xD0);
    out(&b, 0, 0x33);
    ck_assert(shows_array(&b));
    ck_assert_uint_eq(in(&b, 0, 4), 0x03020100);
    bench_destroy(&b);
}
END_TEST

/* The host loses nothing when the emulator dies: 10 ms of the PC's time. */
START_TEST(written_back)
{
    struct bench b;

    bench_create(&b, &writable);
    program(&b, 0x33, 0);
    program(&b, 0x34, 0);
    ck_assert_uint_eq(kept(&b, 0x33), 0x33);
    fake_run(b.fake, 11 * MS);
    ck_assert_uint_eq(kept(&b, 0x33), 0);
    ck_assert_uint_eq(kept(&b, 0x34), 0);
    program(&b, 0x40, 0);
    program(&b, 0x80, 0); /* elsewhere: the first one goes */
    ck_assert_uint_eq(kept(&b, 0x40), 0);
    program(&b, 0x81, 0);
    bench_stop(&b);
    ck_assert_uint_eq(kept(&b, 0x81), 0);
    bench_start(&b, &writable);
    ck_assert_uint_eq(in(&b, 0x80, 2), 0);
    bench_destroy(&b);
}
END_TEST

/* What could not be kept is told. */
START_TEST(failing_host)
{
    struct bench b;

    bench_create(&b, &writable);
    ck_assert_int_eq(pflash_write_back(b.flash), 0);
    program(&b, 0x33, 0);
    ck_assert_int_eq(truncate(b.path, SIZE / 2), 0);
    ck_assert_int_lt(pflash_write_back(b.flash), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(protection)
{
    struct bench b;

    bench_create(&b, &read_only);
    program(&b, 0x33, 0);
    ck_assert_uint_eq(in(&b, 0, 1), 0x92);
    out(&b, 0, 0x50);
    erase(&b, 0);
    ck_assert_uint_eq(in(&b, 0, 1), 0xA2);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0x33, 1), 0x33);
    bench_destroy(&b);
}
END_TEST

START_TEST(thrown_away)
{
    struct bench b;

    bench_create(&b, &snapshot);
    erase(&b, 0);
    out(&b, 0, 0xFF);
    ck_assert_uint_eq(in(&b, 0, 4), 0xFFFFFFFF);
    bench_stop(&b);
    ck_assert_uint_eq(kept(&b, 1), 1);
    unlink(b.path);
}
END_TEST

START_TEST(state)
{
    struct bench b;
    struct device *device;

    bench_create(&b, &writable);
    device = pflash_device(b.flash);
    out(&b, 0x100, 0xE8);
    out(&b, 0x100, 1);
    out(&b, 0x100, 0);
    fake_round_trip(b.fake, device);
    out(&b, 0x101, 0);
    out(&b, 0x100, 0xD0);
    ck_assert(!shows_array(&b));
    device->ops->reset(device);
    ck_assert(shows_array(&b));
    ck_assert_uint_eq(in(&b, 0x100, 2), 0);
    bench_destroy(&b);
}
END_TEST

FAKE_MAIN("pflash", array, identifier, query, status, programming,
          data_like_commands, wide, write_buffer, sequence_errors,
          commands_without_effect, written_back, failing_host, protection, thrown_away, state)
