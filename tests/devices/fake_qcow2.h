/* fake_qcow2.h - qcow2 images in the memory of fake_host.h, for tests. */
#ifndef UMBRA_TESTS_FAKE_QCOW2_H
#define UMBRA_TESTS_FAKE_QCOW2_H

#include "tests/devices/fake_host.h"

#include "devices/disk_qcow2.h"

/* xorshift: equal numbers in every run. */
static inline uint32_t fake_random(uint32_t *state)
{
    uint32_t x = *state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static inline void fake_noise(uint32_t *state, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(fake_random(state) >> 7);
}

static inline void fake_create(const char *name, const struct qcow2_new *what)
{
    char error[256] = "";
    struct host_file *file;

    ck_assert_int_eq(host_file_create(name, &file), 0);
    ck_assert_msg(qcow2_create(file, what, error, sizeof error) == 0, "%s",
                  error);
    host_file_close(file);
}

static inline int fake_try(struct disk_layer *layer, const char *name,
                           bool writable, char error[512])
{
    const struct disk_layer_options options = {.writable = writable};

    error[0] = 0;
    return disk_layer_open(layer, name, &options, error, 512);
}

static inline struct disk_layer fake_open(const char *name, bool writable)
{
    struct disk_layer layer;
    char error[512];

    ck_assert_msg(fake_try(&layer, name, writable, error) == 0, "%s", error);
    return layer;
}

static inline void fake_write(struct disk_layer *layer, uint64_t offset,
                              const void *data, size_t size)
{
    ck_assert_int_eq(layer->format->write(layer->image, offset, data, size), 0);
}

static inline void fake_say(void *opaque, const char *line)
{
    snprintf(opaque, 256, "%s", line);
}

/* No contradiction; leaks only where they are allowed. */
static inline struct qcow2_report fake_check(const char *name, bool leaks)
{
    const struct disk_layer_options options = {.alone = true};
    char error[512], line[256] = "";
    const struct qcow2_check_ops ops = {.opaque = line, .say = fake_say};
    struct qcow2_report report;
    struct disk_layer layer;

    ck_assert_msg(
        disk_layer_open(&layer, name, &options, error, sizeof error) == 0, "%s",
        error);
    ck_assert_int_eq(qcow2_check(layer.image, false, false, &ops, &report), 0);
    disk_layer_close(&layer);
    ck_assert_msg(report.corruptions == 0, "%s", line);
    ck_assert_msg(leaks || report.leaks == 0, "%s", line);
    return report;
}

static inline void fake_expect(const char *name, const uint8_t *model,
                               size_t size)
{
    struct disk_layer layer = fake_open(name, false);
    uint8_t *data = malloc(size);

    ck_assert_int_eq(disk_layer_read(&layer, 0, data, size), 0);
    for (size_t i = 0; i < size; i++)
        if (data[i] != model[i])
            ck_abort_msg("byte %zu is %02x, not %02x", i, data[i], model[i]);
    free(data);
    disk_layer_close(&layer);
}

#endif
