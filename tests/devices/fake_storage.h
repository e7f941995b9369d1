/* fake_storage.h - a clock, wires and image files for tests of chips. */
#ifndef UMBRA_TESTS_FAKE_STORAGE_H
#define UMBRA_TESTS_FAKE_STORAGE_H

/* For mkstemp and truncate; include this file first. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif

#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "devices/disk.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A virtual clock that the test moves; events fire as it passes them. */
struct fake_time {
    struct sched sched;
    uint64_t now;
};

static inline uint64_t fake_time_clock(void *opaque)
{
    return ((struct fake_time *)opaque)->now;
}

static inline void fake_time_init(struct fake_time *time)
{
    time->now = 1000;
    sched_init(&time->sched, fake_time_clock, NULL, time);
}

static inline void fake_time_pass(struct fake_time *time, uint64_t ns)
{
    uint64_t end = time->now + ns;

    while (sched_deadline(&time->sched) <= end) {
        uint64_t due = sched_deadline(&time->sched);
        if (due > time->now)
            time->now = due;
        sched_run(&time->sched, time->now);
    }
    time->now = end;
}

/* The far end of a wire. */
struct fake_line {
    struct irq irq;
    bool level;
    unsigned rises;
};

static inline void fake_line_changed(void *opaque, unsigned line, bool level)
{
    struct fake_line *fake = opaque;

    (void)line;
    fake->level = level;
    fake->rises += level;
}

static inline void fake_line_init(struct fake_line *fake)
{
    fake->level = false;
    fake->rises = 0;
    irq_connect(&fake->irq, fake_line_changed, fake, 0);
}

/* An image file of `sectors`, sector n filled with fake_byte(n, i). */
struct fake_image {
    char path[64];
};

static inline uint8_t fake_byte(uint64_t sector, unsigned i)
{
    return (uint8_t)(sector * 7 + (sector >> 8) * 13 + i * 3 + (i >> 8));
}

static inline void fake_sector(uint64_t sector, uint8_t *data)
{
    for (unsigned i = 0; i < SECTOR_SIZE; i++)
        data[i] = fake_byte(sector, i);
}

static inline void fake_image_create(struct fake_image *image, uint64_t sectors)
{
    uint8_t data[SECTOR_SIZE];
    FILE *file;

    snprintf(image->path, sizeof image->path, "/tmp/umbra-check-XXXXXX");
    file = fdopen(mkstemp(image->path), "wb");
    ck_assert_ptr_nonnull(file);
    for (uint64_t n = 0; n < sectors; n++) {
        fake_sector(n, data);
        ck_assert_uint_eq(fwrite(data, SECTOR_SIZE, 1, file), 1);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static inline void fake_image_remove(struct fake_image *image)
{
    unlink(image->path);
}

/* What the file holds, not what the drive says it holds. */
static inline void fake_image_sector(const struct fake_image *image,
                                     uint64_t sector, uint8_t *data)
{
    FILE *file = fopen(image->path, "rb");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, (long)(sector * SECTOR_SIZE), SEEK_SET), 0);
    ck_assert_uint_eq(fread(data, 1, SECTOR_SIZE, file), SECTOR_SIZE);
    fclose(file);
}

static inline struct disk *fake_image_open(const struct fake_image *image,
                                           struct log *log)
{
    struct disk_options options = {.log = log};
    char error[256];
    struct disk *disk = disk_open(image->path, &options, error, sizeof error);

    ck_assert_msg(disk != NULL, "%s", error);
    return disk;
}

/* Runs one suite; the value of main. */
static inline int fake_run(const char *name, const TTest *const *tests,
                           size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}

#endif
