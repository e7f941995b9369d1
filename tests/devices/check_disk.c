/* check_disk - image files: bounds, odd sizes, snapshots, failing hosts.
 * Run alone: make tests/devices/check_disk && tests/devices/check_disk */
#include "tests/devices/fake_storage.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/suite.h"
#include "umbra_disk.h"

struct told {
    unsigned count;
    char line[512];
};

static void on_failed(void *opaque, const char *line)
{
    struct told *told = opaque;

    told->count++;
    snprintf(told->line, sizeof told->line, "%s", line);
}

static struct disk *open_with(const struct fake_image *image,
                              const struct disk_options *options)
{
    char error[256] = "";
    struct disk *disk = disk_open(image->path, options, error, sizeof error);

    ck_assert_msg(disk != NULL, "%s", error);
    return disk;
}

START_TEST(reads_and_writes_where_asked)
{
    struct fake_image image;
    struct disk_options options = {0};
    uint8_t data[3 * SECTOR_SIZE], expect[SECTOR_SIZE];
    struct disk *disk;

    fake_image_create(&image, 40);
    disk = open_with(&image, &options);
    ck_assert_uint_eq(disk_sectors(disk), 40);
    ck_assert_str_eq(disk_format_name(disk), "raw");
    ck_assert_int_eq(disk_read(disk, 7 * SECTOR_SIZE, data, sizeof data), 0);
    for (unsigned n = 0; n < 3; n++) {
        fake_sector(7 + n, expect);
        ck_assert_mem_eq(data + n * SECTOR_SIZE, expect, SECTOR_SIZE);
    }
    memset(data, 0x5A, SECTOR_SIZE);
    ck_assert_int_eq(disk_write(disk, 9 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_eq(disk_flush(disk), 0);
    fake_image_sector(&image, 9, expect);
    ck_assert_mem_eq(data, expect, SECTOR_SIZE);
    fake_image_sector(&image, 10, expect);
    ck_assert_uint_eq(expect[0], fake_byte(10, 0));
    ck_assert_uint_eq(disk_get_counters(disk)->bytes_written, SECTOR_SIZE);
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(refuses_what_lies_outside)
{
    struct fake_image image;
    struct disk_options options = {0};
    uint8_t data[2 * SECTOR_SIZE];
    struct disk *disk;

    fake_image_create(&image, 4);
    disk = open_with(&image, &options);
    ck_assert_int_lt(disk_read(disk, 3 * SECTOR_SIZE, data, sizeof data), 0);
    ck_assert_int_lt(disk_read(disk, UINT64_MAX, data, 1), 0);
    ck_assert_int_lt(disk_write(disk, 4 * SECTOR_SIZE, data, 1), 0);
    ck_assert_int_eq(disk_read(disk, 4 * SECTOR_SIZE, data, 0), 0);
    ck_assert_uint_eq(disk_get_counters(disk)->errors, 0);
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(odd_size_is_rounded_up)
{
    struct fake_image image;
    struct disk_options options = {0};
    uint8_t data[SECTOR_SIZE];
    struct disk *disk;

    fake_image_create(&image, 2);
    ck_assert_int_eq(truncate(image.path, SECTOR_SIZE + 10), 0);
    disk = open_with(&image, &options);
    ck_assert_uint_eq(disk_size(disk), 2 * SECTOR_SIZE);
    ck_assert_int_eq(disk_read(disk, SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_uint_eq(data[9], fake_byte(1, 9));
    ck_assert_uint_eq(data[10], 0);
    ck_assert_uint_eq(data[511], 0);
    memset(data, 0xC3, sizeof data);
    ck_assert_int_eq(disk_write(disk, SECTOR_SIZE, data, SECTOR_SIZE), 0);
    memset(data, 0, sizeof data);
    ck_assert_int_eq(disk_read(disk, SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_uint_eq(data[511], 0xC3);
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(snapshot_leaves_the_file_alone)
{
    struct fake_image image;
    struct disk_options options = {.snapshot = true};
    uint8_t data[SECTOR_SIZE], back[24 * SECTOR_SIZE];
    struct disk *disk;

    fake_image_create(&image, 37);
    disk = open_with(&image, &options);
    ck_assert(!disk_read_only(disk));
    memset(data, 0xA5, sizeof data);
    /* In the middle of a granule, and in the last, short one. */
    ck_assert_int_eq(disk_write(disk, 9 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_eq(disk_write(disk, 36 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_eq(disk_flush(disk), 0);
    ck_assert_int_eq(disk_read(disk, 0, back, sizeof back), 0);
    for (unsigned n = 0; n < 24; n++)
        for (unsigned i = 0; i < SECTOR_SIZE; i++)
            ck_assert_uint_eq(back[n * SECTOR_SIZE + i],
                              n == 9 ? 0xA5 : fake_byte(n, i));
    ck_assert_int_eq(disk_read(disk, 35 * SECTOR_SIZE, back, 2 * SECTOR_SIZE),
                     0);
    ck_assert_uint_eq(back[0], fake_byte(35, 0));
    ck_assert_uint_eq(back[2 * SECTOR_SIZE - 1], 0xA5);
    /* A second write into the same granule keeps the first. */
    ck_assert_int_eq(disk_write(disk, 10 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_eq(disk_read(disk, 9 * SECTOR_SIZE, back, SECTOR_SIZE), 0);
    ck_assert_uint_eq(back[5], 0xA5);
    disk_close(disk);
    fake_image_sector(&image, 9, back);
    ck_assert_uint_eq(back[0], fake_byte(9, 0));
    fake_image_remove(&image);
}
END_TEST

START_TEST(read_only_refuses_writes)
{
    struct fake_image image;
    struct disk_options options = {.read_only = true};
    uint8_t data[SECTOR_SIZE] = {0};
    struct disk *disk;

    fake_image_create(&image, 4);
    disk = open_with(&image, &options);
    ck_assert(disk_read_only(disk));
    ck_assert_int_eq(disk_write(disk, 0, data, SECTOR_SIZE), -EROFS);
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(an_image_in_memory_stays_as_it_is)
{
    static uint8_t image[1000], data[1024];
    struct disk_options options = {.memory = image,
                                   .memory_size = sizeof image};
    char error[256] = "";
    struct disk *disk;

    memset(image, 0x5A, sizeof image);
    disk = disk_open("made here", &options, error, sizeof error);
    ck_assert_msg(disk != NULL, "%s", error);
    ck_assert_uint_eq(disk_sectors(disk), 2);
    ck_assert_str_eq(disk_format_name(disk), "memory");
    ck_assert_int_eq(disk_read(disk, 0, data, sizeof data), 0);
    ck_assert_uint_eq(data[999], 0x5A);
    ck_assert_uint_eq(data[1000], 0); /* the last sector's rest */
    ck_assert_int_lt(disk_write(disk, 0, data, 512), 0);
    disk_close(disk);
    options.snapshot = true;
    disk = disk_open("made here", &options, error, sizeof error);
    ck_assert_msg(disk != NULL, "%s", error);
    memset(data, 0x11, sizeof data);
    ck_assert_int_eq(disk_write(disk, 512, data, 512), 0);
    ck_assert_int_eq(disk_flush(disk), 0);
    memset(data, 0, sizeof data);
    ck_assert_int_eq(disk_read(disk, 0, data, sizeof data), 0);
    ck_assert_uint_eq(data[0], 0x5A);
    ck_assert_uint_eq(data[512], 0x11);
    disk_close(disk);
    for (size_t i = 0; i < sizeof image; i++)
        ck_assert_uint_eq(image[i], 0x5A);
}
END_TEST

START_TEST(a_file_that_shrinks_is_an_error)
{
    struct fake_image image;
    struct told told = {0};
    struct disk_options options = {.failed = on_failed, .opaque = &told};
    uint8_t data[SECTOR_SIZE];
    struct disk *disk;

    fake_image_create(&image, 10);
    disk = open_with(&image, &options);
    ck_assert_int_eq(truncate(image.path, 3 * SECTOR_SIZE), 0);
    ck_assert_int_eq(disk_read(disk, 2 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_lt(disk_read(disk, 3 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_int_lt(disk_write(disk, 0, data, SECTOR_SIZE), 0);
    ck_assert_int_lt(disk_read(disk, 4 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    /* Once for reading, once for writing. */
    ck_assert_uint_eq(told.count, 2);
    ck_assert_ptr_nonnull(strstr(told.line, image.path));
    ck_assert_ptr_nonnull(strstr(told.line, "shorter"));
    ck_assert_uint_eq(disk_get_counters(disk)->errors, 3);
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(a_full_host_is_an_error)
{
    struct fake_image image;
    struct told told = {0};
    struct disk_options options = {
        .snapshot = true, .failed = on_failed, .opaque = &told};
    struct rlimit limit = {8192, 8192};
    uint8_t data[SECTOR_SIZE] = {1};
    struct disk *disk;

    fake_image_create(&image, 64);
    disk = open_with(&image, &options);
    /* The nearest thing to a full disk that needs no privileges. */
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(disk_write(disk, 0, data, SECTOR_SIZE), 0);
    ck_assert_int_lt(disk_write(disk, 40 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_ptr_nonnull(strstr(told.line, image.path));
    ck_assert_int_eq(disk_read(disk, 40 * SECTOR_SIZE, data, SECTOR_SIZE), 0);
    ck_assert_uint_eq(data[0], fake_byte(40, 0));
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

START_TEST(bad_files_are_named)
{
    struct fake_image image;
    struct disk_options options = {0};
    char error[256];
    struct disk *first;

    ck_assert_ptr_null(
        disk_open("/nonexistent/x.img", &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/x.img: no such file"));
    ck_assert_ptr_null(disk_open("/tmp", &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "directory"));
    ck_assert_ptr_null(disk_open("/dev/null", &options, error, sizeof error));
    fake_image_create(&image, 0);
    ck_assert_ptr_null(disk_open(image.path, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "empty"));
    fake_image_remove(&image);
    fake_image_create(&image, 1);
    first = open_with(&image, &options);
    ck_assert_ptr_null(disk_open(image.path, &options, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "in use"));
    disk_close(first);
    fake_image_remove(&image);
}
END_TEST

/* The child is gone without a word; what it had flushed is there. */
static void killed_child(const char *path, int told)
{
    struct disk_options options = {0};
    uint8_t data[3 * SECTOR_SIZE];
    char error[256];
    struct disk *disk = disk_open(path, &options, error, sizeof error);

    for (unsigned i = 0; disk && i < 64; i++) {
        memset(data, (int)i + 1, sizeof data);
        if (disk_write(disk, i * 70ull * SECTOR_SIZE, data, sizeof data) < 0 ||
            (i == 39 && disk_flush(disk) < 0))
            _exit(1);
    }
    if (disk && write(told, "x", 1) == 1)
        pause();
    _exit(1);
}

START_TEST(flushed_writes_outlive_a_kill)
{
    struct fake_image image;
    const struct umbra_disk_create what = {
        .path = image.path, .format = _i ? "qcow2" : "raw", .size = 4 << 20};
    struct umbra_disk_check check;
    struct disk_options options = {0};
    uint8_t data[SECTOR_SIZE];
    char error[UMBRA_DISK_ERROR_SIZE], byte;
    struct disk *disk;
    int told[2], status;
    pid_t child;

    fake_image_create(&image, 1);
    ck_assert_msg(umbra_disk_create(&what, error), "%s", error);
    ck_assert_int_eq(pipe(told), 0);
    child = fork();
    if (child == 0)
        killed_child(what.path, told[1]);
    close(told[1]);
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    close(told[0]);
    ck_assert_msg(umbra_disk_check(what.path, NULL, UMBRA_DISK_LOOK,
                                   &(struct umbra_disk_watch){.opaque = NULL},
                                   &check, error),
                  "%s", error);
    ck_assert_uint_eq(check.corruptions, 0);
    disk = disk_open(what.path, &options, error, sizeof error);
    ck_assert_msg(disk != NULL, "%s", error);
    for (unsigned i = 0; i < 40; i++) {
        ck_assert_int_eq(
            disk_read(disk, (i * 70ull + 2) * SECTOR_SIZE, data, sizeof data),
            0);
        ck_assert_uint_eq(data[0], i + 1);
        ck_assert_uint_eq(data[511], i + 1);
    }
    disk_close(disk);
    fake_image_remove(&image);
}
END_TEST

/* Tests of both formats are run apart, as their number is not 1. */
static int run_loops(void)
{
    Suite *suite = suite_create("disk, both formats");
    TCase *tcase = tcase_create("formats");

    tcase_add_loop_test(tcase, flushed_writes_outlive_a_kill, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}

int main(void)
{
    const TTest *const tests[] = {
        reads_and_writes_where_asked,
        refuses_what_lies_outside,
        odd_size_is_rounded_up,
        snapshot_leaves_the_file_alone,
        read_only_refuses_writes,
        a_file_that_shrinks_is_an_error,
        a_full_host_is_an_error,
        bad_files_are_named,
        an_image_in_memory_stays_as_it_is,
    };

    return fake_run("disk", tests, ARRAY_LEN(tests)) | run_loops();
}
