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

static struct {
    struct fake *fake;
    struct addrspace *memory;
    struct ram_block *array;
    struct disk *disk;
    struct pflash *flash;
    char path[64];
} bench;

static void bench_start(const struct disk_options *options)
{
    char error[256];

    bench.fake = fake_create();
    bench.memory =
        addrspace_create("memory", UINT64_MAX >> 12, &bench.fake->log);
    bench.array = ram_create("flash", SIZE, NULL, error, sizeof error);
    ck_assert_ptr_nonnull(bench.array);
    bench.disk = disk_open(bench.path, options, error, sizeof error);
    ck_assert_msg(bench.disk != NULL, "%s", error);
    ck_assert_int_eq(disk_read(bench.disk, 0, bench.array->host, SIZE), 0);
    bench.flash = pflash_create(&(struct pflash_config){
        .id = "pflash0",
        .memory = bench.memory,
        .base = BASE,
        .array = bench.array,
        .disk = bench.disk,
        .sched = &bench.fake->sched,
        .log = &bench.fake->log,
    });
    ck_assert_ptr_nonnull(bench.flash);
}

static void bench_stop(void)
{
    struct device *device = pflash_device(bench.flash);

    device->ops->destroy(device);
    disk_close(bench.disk);
    ram_destroy(bench.array);
    addrspace_destroy(bench.memory);
    fake_destroy(bench.fake);
}

static const struct disk_options writable = {.format = "raw"};
static const struct disk_options read_only = {.format = "raw",
                                              .read_only = true};
static const struct disk_options snapshot = {.format = "raw", .snapshot = true};

/* Byte n of the image is n + n / 256. */
static void bench_create(void)
{
    FILE *file;

    strcpy(bench.path, "/tmp/umbra-check-XXXXXX");
    file = fdopen(mkstemp(bench.path), "wb");
    ck_assert_ptr_nonnull(file);
    for (unsigned i = 0; i < SIZE; i++)
        fputc((int)(i + i / 256) & 0xFF, file);
    ck_assert_int_eq(fclose(file), 0);
    bench_start(&writable);
}

/* The same image, opened by other options. */
static void bench_again(const struct disk_options *options)
{
    bench_stop();
    bench_start(options);
}

static void bench_destroy(void)
{
    bench_stop();
    unlink(bench.path);
}

static void out(uint32_t offset, uint8_t value)
{
    addrspace_write(bench.memory, BASE + offset, value, 1);
}

static uint64_t in(uint32_t offset, unsigned size)
{
    return addrspace_read(bench.memory, BASE + offset, size);
}

/* What the image file holds. */
static uint8_t kept(uint32_t offset)
{
    FILE *file = fopen(bench.path, "rb");
    int c;

    ck_assert_ptr_nonnull(file);
    fseek(file, (long)offset, SEEK_SET);
    c = fgetc(file);
    fclose(file);
    ck_assert_int_ne(c, EOF);
    return (uint8_t)c;
}

static void erase(uint32_t offset)
{
    out(offset, 0x20);
    out(offset, 0xD0);
}

static void program(uint32_t offset, uint8_t value)
{
    out(offset, 0x40);
    out(offset, value);
}

static bool shows_array(void)
{
    uint64_t last;
    struct region *region = addrspace_find(bench.memory, BASE, &last);

    return region && region->kind == REGION_ROM;
}

START_TEST(array)
{
    ck_assert(shows_array());
    ck_assert_uint_eq(in(0x1234, 1), 0x46);
    ck_assert_uint_eq(in(0x10, 4), 0x13121110);
    out(0, 0xFF);
    ck_assert(shows_array());
    ck_assert_uint_eq(in(0x1234, 1), 0x46);
}
END_TEST

START_TEST(identifier)
{
    out(0x2000, 0x90);
    ck_assert(!shows_array());
    ck_assert_uint_eq(in(0, 1), 0x89);
    ck_assert_uint_eq(in(1, 1), 0x18);
    ck_assert_uint_eq(in(0x3002, 1), 0); /* not locked */
    out(0, 0xFF);
    ck_assert(shows_array());
}
END_TEST

START_TEST(query)
{
    out(0x55, 0x98);
    ck_assert_uint_eq(in(0x10, 1), 'Q');
    ck_assert_uint_eq(in(0x10, 4), 0x01595251);
    ck_assert_uint_eq(in(0x15, 2), 0x31); /* extended table */
    ck_assert_uint_eq(in(0x27, 1), 16);   /* 2^16 bytes */
    ck_assert_uint_eq(in(0x28, 2), 0);    /* 8 bits wide */
    ck_assert_uint_eq(in(0x2A, 2), 5);    /* write buffer 2^5 */
    ck_assert_uint_eq(in(0x2C, 1), 1);
    ck_assert_uint_eq(in(0x2D, 4), 15 | 0x10 << 16);
    ck_assert_uint_eq(in(0x31, 4), 0x31495250); /* PRI1 */
    ck_assert_uint_eq(in(0x36, 4), 0);          /* no option */
}
END_TEST

START_TEST(status)
{
    out(0, 0x70);
    ck_assert_uint_eq(in(0x777, 1), 0x80);
    out(0, 0x50);
    out(0, 0x70);
    ck_assert_uint_eq(in(0, 1), 0x00); /* by this, OVMF knows it */
    program(5, 0);
    ck_assert_uint_eq(in(0, 1), 0x80);
}
END_TEST

START_TEST(programming)
{
    /* Only ones become zeros: 34h is there. */
    program(0x34, 0x1C);
    ck_assert_uint_eq(in(0, 1), 0x80);
    out(0x34, 0xFF);
    ck_assert_uint_eq(in(0x34, 1), 0x14);
    ck_assert_uint_eq(kept(0x34), 0x14);
    erase(0x1A34);
    ck_assert_uint_eq(in(0, 1), 0x80);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0xFFF, 1), 0x0E);
    ck_assert_uint_eq(in(0x1000, 8), UINT64_MAX);
    ck_assert_uint_eq(in(0x1FF8, 8), UINT64_MAX);
    ck_assert_uint_eq(in(0x2000, 1), 0x20);
    ck_assert_uint_eq(kept(0x1FFF), 0xFF);
    program(0x1800, 0xA5);
    program(0x1801, 0x5A);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0x1800, 2), 0x5AA5);
}
END_TEST

/* A command with a value that is one, too. */
START_TEST(data_like_commands)
{
    erase(0);
    program(0, 0xD0);
    program(1, 0x20);
    program(2, 0xFF);
    program(3, 0x40);
    ck_assert(!shows_array());
    out(0, 0xFF);
    ck_assert_uint_eq(in(0, 4), 0x40FF20D0);
}
END_TEST

/* A wide access is cycles of bytes, lowest first. */
START_TEST(wide)
{
    addrspace_write(bench.memory, BASE + 0x3000, 0xD020, 2);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0x3000, 8), UINT64_MAX);
    addrspace_write(bench.memory, BASE + 0x3000, 0xFF77401240ull, 8);
    ck_assert_uint_eq(in(0x3000, 8), 0xFFFFFFFF77FF12FFull);
}
END_TEST

START_TEST(write_buffer)
{
    erase(0x2000);
    out(0x2000, 0xE8);
    ck_assert_uint_eq(in(0x2000, 1) & 0x80, 0x80);
    out(0x2000, 3);
    out(0x2011, 0x11);
    out(0x2010, 0x10);
    out(0x201F, 0x1F);
    out(0x2005, 0x05);
    out(0x2000, 0xD0);
    ck_assert_uint_eq(in(0x2000, 1), 0x80);
    out(0x2000, 0xFF);
    ck_assert_uint_eq(in(0x2010, 2), 0x1110);
    ck_assert_uint_eq(in(0x201F, 1), 0x1F);
    ck_assert_uint_eq(in(0x2004, 2), 0x05FF);
    ck_assert_uint_eq(in(0x2020, 1), 0xFF);
}
END_TEST

START_TEST(sequence_errors)
{
    out(0, 0x20);
    out(0, 0x20); /* not confirmed */
    ck_assert_uint_eq(in(0, 1), 0xB0);
    out(0, 0x50);
    out(0, 0xE8);
    out(0, 32); /* 33 bytes */
    ck_assert_uint_eq(in(0, 1), 0xB0);
    out(0, 0x50);
    out(0, 0xE8);
    out(0, 1);
    out(0x1F, 0);
    out(0x20, 0); /* another page */
    ck_assert_uint_eq(in(0, 1), 0xB0);
    out(0, 0x50);
    out(0, 0xE8);
    out(0, 0);
    out(0, 0);
    out(0, 0xFF); /* instead of confirming */
    ck_assert_uint_eq(in(0, 1), 0xB0);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0, 4), 0x03020100);
}
END_TEST

START_TEST(commands_without_effect)
{
    out(0, 0x60);
    out(0, 0x01);
    ck_assert_uint_eq(in(0, 1), 0x80);
    out(0, 0xC0);
    out(0, 0x00);
    ck_assert_uint_eq(in(0, 1), 0x80);
    out(0, 0xFF);
    out(0, 0xB0);
    ck_assert_uint_eq(in(0, 1), 0x80); /* nothing is suspended */
    out(0, 0xD0);
    out(0, 0x33);
    ck_assert(shows_array());
    ck_assert_uint_eq(in(0, 4), 0x03020100);
}
END_TEST

/* The host loses nothing when the emulator dies: 10 ms of the PC's time. */
START_TEST(written_back)
{
    program(0x33, 0);
    program(0x34, 0);
    ck_assert_uint_eq(kept(0x33), 0x33);
    fake_run(bench.fake, 11 * MS);
    ck_assert_uint_eq(kept(0x33), 0);
    ck_assert_uint_eq(kept(0x34), 0);
    program(0x40, 0);
    program(0x80, 0); /* elsewhere: the first one goes */
    ck_assert_uint_eq(kept(0x40), 0);
    program(0x81, 0);
    bench_again(&writable);
    ck_assert_uint_eq(kept(0x81), 0);
    ck_assert_uint_eq(in(0x80, 2), 0);
}
END_TEST

/* What could not be kept is told. */
START_TEST(failing_host)
{
    ck_assert_int_eq(pflash_write_back(bench.flash), 0);
    program(0x33, 0);
    ck_assert_int_eq(truncate(bench.path, SIZE / 2), 0);
    ck_assert_int_lt(pflash_write_back(bench.flash), 0);
}
END_TEST

START_TEST(protection)
{
    bench_again(&read_only);
    program(0x33, 0);
    ck_assert_uint_eq(in(0, 1), 0x92);
    out(0, 0x50);
    erase(0);
    ck_assert_uint_eq(in(0, 1), 0xA2);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0x33, 1), 0x33);
}
END_TEST

START_TEST(thrown_away)
{
    bench_again(&snapshot);
    erase(0);
    out(0, 0xFF);
    ck_assert_uint_eq(in(0, 4), 0xFFFFFFFF);
    bench_again(&writable);
    ck_assert_uint_eq(kept(1), 1);
}
END_TEST

START_TEST(state)
{
    struct device *device;

    device = pflash_device(bench.flash);
    out(0x100, 0xE8);
    out(0x100, 1);
    out(0x100, 0);
    fake_round_trip(bench.fake, device);
    out(0x101, 0);
    out(0x100, 0xD0);
    ck_assert(!shows_array());
    device->ops->reset(device);
    ck_assert(shows_array());
    ck_assert_uint_eq(in(0x100, 2), 0);
}
END_TEST

FAKE_MAIN_WITH(bench_create, bench_destroy, "pflash", array, identifier, query,
               status, programming, data_like_commands, wide, write_buffer,
               sequence_errors, commands_without_effect, written_back,
               failing_host, protection, thrown_away, state)
