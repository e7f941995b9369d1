/* check_qcow2 - qcow2 images: what is written is read, by itself, over
 * backing files, beside snapshots; damaged images are refused or endured.
 * Run alone: make tests/devices/check_qcow2 && tests/devices/check_qcow2 */
#include "tests/devices/fake_qcow2.h"

#include "devices/disk.h"
#include "tests/suite.h"

enum { SIZE = 300 * 1024 + 512, OPS = 200 };

struct shape {
    unsigned version, bits, order;
};

static const struct shape shapes[] = {
    {3, 9, 4},  {3, 9, 6},  {3, 9, 0},  {3, 10, 1}, {3, 12, 2},
    {3, 12, 3}, {3, 16, 4}, {3, 14, 5}, {2, 9, 4},  {2, 16, 4},
};

static void create(const char *name, const struct shape *shape,
                   const char *backing, const char *format)
{
    const struct qcow2_new new = {
        .size = SIZE,
        .version = shape->version,
        .cluster_bits = shape->bits,
        .refcount_order = shape->order,
        .backing = backing,
        .backing_format = format,
    };

    fake_create(name, &new);
}

/* Writes of all sizes and places, reads against the model, flushes, closing
 * and opening again. */
static void exercise(const char *name, uint8_t *model, uint32_t seed)
{
    struct disk_layer layer = fake_open(name, true);
    uint8_t data[40 * 512], back[40 * 512];

    for (unsigned op = 0; op < OPS; op++) {
        uint32_t sectors = SIZE / 512;
        uint32_t from = fake_random(&seed) % sectors;
        uint32_t n = 1 + fake_random(&seed) % 40;
        size_t offset = from * 512u, size;

        n = n < sectors - from ? n : sectors - from;
        size = n * 512u;
        switch (fake_random(&seed) % 8) {
        case 0:
            ck_assert_int_eq(layer.format->flush(layer.image), 0);
            break;
        case 1:
            if (op % 16 == 0) {
                ck_assert_int_eq(disk_layer_close(&layer), 0);
                fake_check(name, false);
                layer = fake_open(name, true);
            }
            break;
        case 2:
        case 3:
            ck_assert_int_eq(disk_layer_read(&layer, offset, back, size), 0);
            ck_assert_mem_eq(back, model + offset, size);
            break;
        default:
            fake_noise(&seed, data, size);
            fake_write(&layer, offset, data, size);
            memcpy(model + offset, data, size);
        }
    }
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    fake_check(name, false);
    fake_expect(name, model, SIZE);
}

START_TEST(random_writes_follow_the_model)
{
    static uint8_t model[SIZE];

    memset(model, 0, sizeof model);
    create("/d/x", &shapes[_i], NULL, NULL);
    fake_check("/d/x", false);
    fake_expect("/d/x", model, SIZE);
    exercise("/d/x", model, 77u + (uint32_t)_i);
    fake_clear();
}
END_TEST

START_TEST(over_backing_files)
{
    static uint8_t base[SIZE], model[SIZE];
    uint32_t seed = 5;

    /* Raw, shorter than the images over it; two qcow2 images on top. */
    memset(base, 0, sizeof base);
    fake_noise(&seed, base, SIZE / 2 + 77);
    fake_add("/d/base", base, SIZE / 2 + 77);
    memcpy(model, base, SIZE);
    create("/d/middle", &shapes[_i], "base", "raw");
    exercise("/d/middle", model, 9);
    create("/e", &shapes[(size_t)(_i + 3) % ARRAY_LEN(shapes)], "/d/middle",
           "qcow2");
    fake_expect("/e", model, SIZE);
    memcpy(base, model, SIZE);
    exercise("/e", model, 10);
    fake_expect("/d/middle", base, SIZE);
    fake_clear();
}
END_TEST

/* ------------------------------------------------------------- compressed */

START_TEST(compressed_clusters_are_read_and_replaced)
{
    static uint8_t model[SIZE + 65536];
    struct disk_layer layer;
    struct qcow2_report report;
    struct qcow2 *q;
    uint32_t seed = 3;
    uint64_t cluster;

    memset(model, 0, sizeof model);
    create("/x", &shapes[_i], NULL, NULL);
    layer = fake_open("/x", true);
    q = layer.image;
    cluster = q->cluster_size;
    for (uint64_t at = 0; at < SIZE; at += cluster) {
        /* Noise in a half, a quarter, all: it fits, or it does not. */
        size_t noise = cluster >> (at / cluster % 3);
        memset(model + at, (int)(at / cluster), cluster);
        fake_noise(&seed, model + at, noise);
        ck_assert_int_eq(qcow2_write_packed(q, at, model + at), 0);
    }
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    report = fake_check("/x", false);
    ck_assert_uint_gt(report.compressed, 0);
    ck_assert_uint_lt(report.compressed, report.allocated);
    fake_expect("/x", model, SIZE);
    exercise("/x", model, 12);
    fake_clear();
}
END_TEST

/* The host cluster of compressed data that was given back and taken by
 * somebody else is not where the next compressed data goes. */
START_TEST(compressed_data_leaves_what_was_given_back)
{
    enum { CLUSTER = 65536, CLUSTERS = 40 };
    const struct qcow2_new new = {.size = CLUSTERS * CLUSTER,
                                  .version = 3,
                                  .cluster_bits = 16,
                                  .refcount_order = 4};
    static uint8_t model[CLUSTERS * CLUSTER];
    struct disk_layer layer;
    uint32_t seed = 8;

    memset(model, 0x11, CLUSTER);
    fake_create("/x", &new);
    layer = fake_open("/x", true);
    ck_assert_int_eq(qcow2_write_packed(layer.image, 0, model), 0);
    fake_noise(&seed, model, CLUSTER);
    fake_write(&layer, 0, model, CLUSTER);
    ck_assert_int_eq(layer.format->flush(layer.image), 0);
    for (unsigned i = 1; i < CLUSTERS - 1; i++) {
        fake_noise(&seed, model + i * CLUSTER, CLUSTER);
        fake_write(&layer, i * CLUSTER, model + i * CLUSTER, CLUSTER);
    }
    memset(model + sizeof model - CLUSTER, 0x22, CLUSTER);
    ck_assert_int_eq(qcow2_write_packed(layer.image, sizeof model - CLUSTER,
                                        model + sizeof model - CLUSTER),
                     0);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    fake_check("/x", false);
    fake_expect("/x", model, sizeof model);
    fake_clear();
}
END_TEST

/* ---------------------------------------------------------- zero clusters */

static void set_entry(const char *name, uint64_t offset, uint64_t entry)
{
    struct disk_layer layer = fake_open(name, true);

    ck_assert_int_eq(qcow2_set_entry(layer.image, offset, entry), 0);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
}

START_TEST(zero_clusters_hide_what_is_below)
{
    static uint8_t base[SIZE], model[SIZE];
    uint32_t seed = 8;
    struct disk_layer layer;
    uint64_t entry;

    fake_noise(&seed, base, SIZE);
    fake_add("/base", base, SIZE);
    memcpy(model, base, SIZE);
    create("/x", &shapes[4], "base", "raw");
    set_entry("/x", 0, QCOW2_ZERO);
    memset(model, 0, 4096);
    /* One that keeps its host cluster, with old bytes in it. */
    layer = fake_open("/x", true);
    fake_write(&layer, 4096, base, 4096);
    ck_assert_int_eq(qcow2_get_entry(layer.image, 4096, &entry), 0);
    ck_assert_int_eq(qcow2_set_entry(layer.image, 4096, entry | QCOW2_ZERO), 0);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    memset(model + 4096, 0, 4096);
    fake_check("/x", false);
    fake_expect("/x", model, SIZE);
    layer = fake_open("/x", true);
    fake_write(&layer, 4096 + 512, base, 512);
    fake_write(&layer, 1024, base, 512);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    memcpy(model + 4096 + 512, base, 512);
    memcpy(model + 1024, base, 512);
    fake_check("/x", false);
    fake_expect("/x", model, SIZE);
    fake_clear();
}
END_TEST

/* -------------------------------------------------------------- snapshots */

/* What another program does for "snapshot": all clusters of the active tree
 * have one user more, nothing is COPIED, L1 is copied. */
static void make_snapshot(const char *name, uint64_t *l1_offset)
{
    struct disk_layer layer = fake_open(name, true);
    struct qcow2 *q = layer.image;
    unsigned bits = q->header.cluster_bits;
    uint64_t clusters, row, count;
    uint8_t raw[48] = {0};
    bool fresh;

    for (uint32_t i = 0; i < q->header.l1_size; i++) {
        uint8_t *table;

        if (!q->l1[i])
            continue;
        q->l1[i] &= QCOW2_OFFSET;
        ck_assert_int_eq(qcow2_cache_get(q, &q->l2_cache, q->l1[i], &table), 0);
        for (size_t at = 0; at < q->cluster_size; at += 8) {
            uint64_t entry = load_be64(table + at) & ~QCOW2_COPIED;
            uint64_t c = (entry & QCOW2_OFFSET) >> bits;

            store_be64(table + at, entry);
            if (!c)
                continue;
            ck_assert_int_eq(qcow2_get_refcount(q, c, &count), 0);
            ck_assert_int_eq(qcow2_set_refcount(q, c, count + 1), 0);
        }
        ck_assert_int_eq(
            host_file_write(q->file, q->l1[i], table, q->cluster_size), 0);
        ck_assert_int_eq(qcow2_set_refcount(q, q->l1[i] >> bits, 2), 0);
    }
    ck_assert_uint_le(8ull * q->header.l1_size, q->cluster_size);
    ck_assert_int_eq(qcow2_allocate(q, &clusters, &fresh), 0);
    ck_assert_int_eq(qcow2_allocate(q, &row, &fresh), 0);
    *l1_offset = clusters << bits;
    for (uint32_t i = 0; i < q->header.l1_size; i++) {
        store_be64(raw, q->l1[i]);
        ck_assert_int_eq(host_file_write(q->file, *l1_offset + 8 * i, raw, 8),
                         0);
        ck_assert_int_eq(
            host_file_write(q->file, q->header.l1_offset + 8 * i, raw, 8), 0);
    }
    memset(raw, 0, sizeof raw);
    store_be64(raw, *l1_offset);
    store_be32(raw + 8, q->header.l1_size);
    store_be16(raw + 12, 1);
    store_be16(raw + 14, 3);
    memcpy(raw + 40, "1one", 4);
    ck_assert_int_eq(host_file_write(q->file, row << bits, raw, sizeof raw), 0);
    store_be32(raw, 1);
    store_be64(raw + 4, row << bits);
    ck_assert_int_eq(host_file_write(q->file, 60, raw, 12), 0);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
}

START_TEST(snapshots_keep_their_contents)
{
    static uint8_t model[SIZE], before[SIZE];
    struct fake_file *file;
    uint64_t l1;

    memset(model, 0, sizeof model);
    create("/x", &shapes[_i], NULL, NULL);
    exercise("/x", model, 21);
    memcpy(before, model, SIZE);
    make_snapshot("/x", &l1);
    fake_check("/x", false);
    fake_expect("/x", model, SIZE);
    exercise("/x", model, 22);
    /* The same file, with the snapshot's tree as the active one. */
    file = fake_find("/x");
    file = fake_add("/y", file->data, file->size);
    store_be64(file->data + 40, l1);
    fake_expect("/y", before, SIZE);
    fake_clear();
}
END_TEST

/* ------------------------------------------------------------- bad images */

struct bad {
    const char *words; /* that the error must have */
    unsigned offset, size;
    uint64_t value;
};

static const struct bad bads[] = {
    {"no qcow2 image", 0, 4, 0x514649FA},
    {"version 4", 4, 4, 4},
    {"version 0", 4, 4, 0},
    {"clusters of 2^8", 20, 4, 8},
    {"clusters of 2^22", 20, 4, 22},
    {"impossible size", 24, 8, UINT64_MAX},
    {"L1 table is too small", 24, 8, 1ull << 40},
    {"encrypted", 32, 4, 1},
    {"L1 table is too small", 36, 4, 0},
    {"L1 table is too large", 36, 4, 0xFFFFFFFF},
    {"L1 table does not lie", 40, 8, 1ull << 40},
    {"L1 table does not lie", 40, 8, 4096 + 8},
    {"L1 table does not lie", 40, 8, 0},
    {"refcount table does not lie", 48, 8, UINT64_MAX - 4095},
    {"refcount table has no sensible size", 56, 4, 0},
    {"refcount table has no sensible size", 56, 4, 0x10000},
    {"snapshots", 60, 4, 0x10001},
    {"table of snapshots does not lie", 60, 4, 3},
    {"\"external data file\"", 72, 8, 4},
    {"\"compression type\"", 72, 8, 1 << 3 | 1},
    {"\"extended L2 entries\"", 72, 8, 16},
    {"\"number 40\"", 72, 8, 1ull << 40},
    {"refcounts of 2^7", 96, 4, 7},
    {"header has no sensible length", 100, 4, 8000},
    {"header has no sensible length", 100, 4, 16},
    {"header extension is longer", 116, 4, 1 << 20},
    {"backing file does not lie", 8, 8, 1 << 20},
    {"has a NUL", 8, 8, 600},
};

START_TEST(bad_headers_are_refused_by_name)
{
    const struct bad *bad = &bads[_i];
    struct disk_layer layer;
    struct fake_file *file;
    char error[512];

    create("/x", &shapes[4], NULL, NULL);
    file = fake_find("/x");
    if (bad->size == 8)
        store_be64(file->data + bad->offset, bad->value);
    else
        store_be32(file->data + bad->offset, (uint32_t)bad->value);
    if (bad->offset == 8)
        store_be32(file->data + 16, 5);
    /* A foreign compression needs its type beside its bit. */
    file->data[104] = bad->value == (1 << 3 | 1);
    ck_assert_int_lt(
        disk_layer_open(&layer, "/x",
                        &(struct disk_layer_options){.format = "qcow2"}, error,
                        sizeof error),
        0);
    ck_assert_msg(strstr(error, bad->words) && !strncmp(error, "/x: ", 4) &&
                      (strchr(error, ';') || strstr(error, "supported")),
                  "%s", error);
    ck_assert_uint_eq(file->readers, 0);
    fake_clear();
}
END_TEST

START_TEST(features_have_names)
{
    struct disk_layer layer;
    struct fake_file *file;
    char error[512];

    create("/x", &shapes[4], NULL, NULL);
    file = fake_find("/x");
    store_be64(file->data + 72, 1ull << 9);
    /* The first row of the table of names. */
    ck_assert_uint_eq(load_be32(file->data + 112), QCOW2_EXT_FEATURES);
    memcpy(file->data + 120,
           "\0\x09"
           "telepathy",
           12);
    ck_assert_int_lt(fake_try(&layer, "/x", false, error), 0);
    ck_assert_msg(strstr(error, "\"telepathy\"") != NULL, "%s", error);
    fake_clear();
}
END_TEST

START_TEST(marked_images_are_read_only)
{
    struct disk_layer layer;
    struct fake_file *file;
    char error[512];

    create("/x", &shapes[4], NULL, NULL);
    file = fake_find("/x");
    store_be64(file->data + 72, QCOW2_DIRTY);
    ck_assert_int_lt(fake_try(&layer, "/x", true, error), 0);
    ck_assert_ptr_nonnull(strstr(error, "check -r all"));
    layer = fake_open("/x", false);
    disk_layer_close(&layer);
    store_be64(file->data + 72, QCOW2_CORRUPT);
    ck_assert_int_lt(fake_try(&layer, "/x", true, error), 0);
    ck_assert_ptr_nonnull(strstr(error, "corrupt"));
    /* What we do not keep up, others shall know. */
    store_be64(file->data + 72, 0);
    store_be64(file->data + 88, 5);
    layer = fake_open("/x", true);
    disk_layer_close(&layer);
    ck_assert_uint_eq(load_be64(file->data + 88), 0);
    fake_clear();
}
END_TEST

START_TEST(chains_that_lead_nowhere)
{
    struct disk_layer layer;
    char error[512];

    create("/d/a", &shapes[4], "b", "qcow2");
    ck_assert_int_lt(fake_try(&layer, "/d/a", true, error), 0);
    ck_assert_msg(!strncmp(error, "/d/b: ", 6), "%s", error);
    create("/d/b", &shapes[4], "../d/a", NULL);
    ck_assert_int_lt(fake_try(&layer, "/d/a", true, error), 0);
    ck_assert_msg(strstr(error, "/d/../d/a: ") == error, "%s", error);
    create("/d/b", &shapes[4], "a", "qcow2");
    ck_assert_int_lt(fake_try(&layer, "/d/a", true, error), 0);
    ck_assert_msg(strstr(error, "its own backing file") != NULL, "%s", error);
    create("/d/b", &shapes[4], "nbd:localhost:1", "raw");
    ck_assert_int_lt(fake_try(&layer, "/d/a", false, error), 0);
    ck_assert_msg(strstr(error, "no file of this host") != NULL, "%s", error);
    create("/d/b", &shapes[4], "a", "vmdk");
    ck_assert_int_lt(fake_try(&layer, "/d/b", false, error), 0);
    ck_assert_msg(strstr(error, "vmdk") != NULL, "%s", error);
    for (unsigned i = 0; i < FAKE_FILES; i++)
        ck_assert_uint_eq(fake_host.file[i].readers + fake_host.file[i].writers,
                          0);
    fake_clear();
}
END_TEST

/* ------------------------------------------------------------------ fuzz */

/* Some bytes of the tables become others: every call comes back, nothing
 * outside is touched (the sanitizers look), nothing huge is allocated. */
static void fuzz_once(const struct fake_file *good, uint32_t *seed)
{
    struct fake_file *file = fake_add("/fuzz", good->data, good->size);
    const struct disk_layer_options options = {.writable = true, .alone = true};
    unsigned changes = 1 + fake_random(seed) % 6;
    uint8_t data[8192] = {0};
    struct qcow2_report report;
    struct disk_layer layer;
    char error[512];

    while (changes--) {
        uint32_t at = fake_random(seed);
        at %= at % 3 ? 128 : (uint32_t)file->size;
        file->data[at] = (uint8_t)fake_random(seed);
    }
    if (disk_layer_open(&layer, "/fuzz", &options, error, sizeof error) < 0) {
        ck_assert_ptr_nonnull(strchr(error, ':'));
        return;
    }
    if (layer.format == &disk_format_qcow2) {
        const struct qcow2_check_ops ops = {.opaque = NULL};
        qcow2_check(layer.image, false, false, &ops, &report);
    }
    for (unsigned i = 0; i < 20; i++) {
        uint64_t offset = fake_random(seed) % 64 * 4096;
        uint64_t size = sizeof data;
        enum disk_content content;

        if (offset + sizeof data > layer.size)
            continue;
        disk_layer_read(&layer, offset, data, sizeof data);
        if (layer.format->content)
            layer.format->content(layer.image, offset, &size, &content);
        layer.format->write(layer.image, offset, data, sizeof data);
    }
    layer.format->flush(layer.image);
    disk_layer_close(&layer);
}

START_TEST(damaged_images_are_endured)
{
    static uint8_t model[SIZE];
    struct fake_file good = {.name = ""};
    struct qcow2_report report;
    struct disk_layer layer;
    uint32_t seed = 99u + (uint32_t)_i;

    memset(model, 0, sizeof model);
    create("/x", &shapes[_i], NULL, NULL);
    layer = fake_open("/x", true);
    for (uint64_t at = 0; at < 64 * 1024; at += 4096)
        fake_write(&layer, at, model, 4096);
    qcow2_write_packed(layer.image, 128 * 1024, model);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    report = fake_check("/x", false);
    ck_assert_uint_gt(report.allocated, 0);
    good.size = fake_find("/x")->size;
    good.data = malloc(good.size);
    memcpy(good.data, fake_find("/x")->data, good.size);
    for (unsigned i = 0; i < 200; i++)
        fuzz_once(&good, &seed);
    free(good.data);
    fake_clear();
}
END_TEST

/* Every cluster that could ever be is in use, says one block for all. */
START_TEST(a_full_refcount_table_ends_the_search)
{
    const struct qcow2_new new = {
        .size = SIZE, .version = 3, .cluster_bits = 9, .refcount_order = 0};
    uint32_t clusters = 4096; /* of the refcount table */
    struct disk_layer layer;
    struct fake_file *file;
    uint8_t data[512] = {1};
    uint64_t end;

    fake_create("/x", &new);
    file = fake_find("/x");
    end = file->size;
    fake_resize(file, end + (clusters + 1) * 512ull);
    memset(file->data + end, 0xFF, 512);
    for (uint64_t i = 0; i < clusters * 64ull; i++)
        store_be64(file->data + end + 512 + 8 * i, end);
    store_be64(file->data + 48, end + 512);
    store_be32(file->data + 56, clusters);
    layer = fake_open("/x", true);
    ck_assert_int_eq(layer.format->write(layer.image, 0, data, 512),
                     DISK_ERROR_DAMAGED);
    disk_layer_close(&layer);
    fake_clear();
}
END_TEST

/* ------------------------------------------------------------------ check */

static struct qcow2_report repair(const char *name, bool leaks, bool all)
{
    const struct disk_layer_options options = {.writable = true, .alone = true};
    const struct qcow2_check_ops ops = {.opaque = NULL};
    struct qcow2_report report;
    struct disk_layer layer;
    char error[512];

    ck_assert_int_eq(
        disk_layer_open(&layer, name, &options, error, sizeof error), 0);
    ck_assert_int_eq(qcow2_check(layer.image, leaks, all, &ops, &report), 0);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    return report;
}

START_TEST(repairs_leave_a_sound_image)
{
    static uint8_t model[SIZE];
    struct disk_layer layer;
    struct qcow2_report r;
    struct qcow2 *q;
    uint64_t entry;

    memset(model, 0, sizeof model);
    create("/x", &shapes[_i], NULL, NULL);
    exercise("/x", model, 31);
    layer = fake_open("/x", true);
    q = layer.image;
    /* An entry that is forgotten: its cluster leaks. */
    fake_write(&layer, 0, model, 512);
    ck_assert_int_eq(qcow2_get_entry(q, 0, &entry), 0);
    ck_assert_uint_ne(entry, 0);
    ck_assert_int_eq(qcow2_set_entry(q, 0, 0), 0);
    memset(model, 0, q->cluster_size);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    r = repair("/x", false, false);
    ck_assert_uint_eq(r.leaks, 1);
    ck_assert_uint_eq(r.corruptions, 0);
    repair("/x", true, false);
    fake_check("/x", false);
    fake_expect("/x", model, SIZE);
    /* All refcounts of the first block are lost. */
    layer = fake_open("/x", true);
    q = layer.image;
    memset(fake_find("/x")->data + q->reftable[0], 0, q->cluster_size);
    disk_layer_close(&layer);
    r = repair("/x", false, false);
    ck_assert_uint_gt(r.corruptions, 0);
    repair("/x", false, true);
    fake_check("/x", false);
    exercise("/x", model, 32);
    fake_clear();
}
END_TEST

/* A flush that fails half way is made good by the next one: nobody loses two
 * users for one. */
START_TEST(a_failed_flush_gives_nothing_back_twice)
{
    struct disk_layer layer;
    uint64_t count, first;
    struct qcow2 *q;
    bool fresh;

    for (long writes = 0; writes < 4; writes++) {
        create("/x", &shapes[0], NULL, NULL);
        layer = fake_open("/x", true);
        q = layer.image;
        ck_assert_int_eq(qcow2_allocate(q, &first, &fresh), 0);
        for (unsigned i = 0; i < 3; i++) {
            ck_assert_int_eq(qcow2_set_refcount(q, first + i, 3), 0);
            ck_assert_int_eq(qcow2_release(q, first + i), 0);
        }
        fake_host.writes_left = writes;
        ck_assert_int_eq(qcow2_flush_image(q) < 0, writes < 3);
        fake_host.writes_left = -1;
        ck_assert_int_eq(qcow2_flush_image(q), 0);
        for (unsigned i = 0; i < 3; i++) {
            ck_assert_int_eq(qcow2_get_refcount(q, first + i, &count), 0);
            ck_assert_uint_eq(count, 2);
        }
        disk_layer_close(&layer);
    }
    fake_clear();
}
END_TEST

/* --------------------------------------------------------------- disguise */

START_TEST(a_guest_cannot_make_its_raw_disk_an_image)
{
    static uint8_t zeros[8192], head[512];
    struct disk_options options = {.snapshot = false};
    char error[512];
    struct disk *disk;

    memcpy(head, "QFI\xfb\0\0\0\3", 8);
    fake_add("/raw", zeros, sizeof zeros);
    disk = disk_open("/raw", &options, error, sizeof error);
    ck_assert_msg(disk != NULL, "%s", error);
    ck_assert_int_lt(disk_write(disk, 0, head, sizeof head), 0);
    ck_assert_int_eq(disk_write(disk, 512, head, sizeof head), 0);
    /* Not byte by byte either, as a flash chip is programmed. */
    for (unsigned i = 0; i < 7; i++)
        ck_assert_int_eq(disk_write(disk, i, head + i, 1), 0);
    ck_assert_int_lt(disk_write(disk, 7, head + 7, 1), 0);
    ck_assert_int_eq(disk_write(disk, 0, zeros, 512), 0);
    disk_close(disk);
    ck_assert_mem_eq(fake_find("/raw")->data, zeros, 512);
    /* Who says that it is raw may. */
    options.format = "raw";
    disk = disk_open("/raw", &options, error, sizeof error);
    ck_assert_int_eq(disk_write(disk, 0, head, sizeof head), 0);
    disk_close(disk);
    options.format = NULL;
    memcpy(zeros, "KDMV", 4);
    fake_add("/raw", zeros, sizeof zeros);
    ck_assert_ptr_null(disk_open("/raw", &options, error, sizeof error));
    ck_assert_msg(strstr(error, "VMDK") != NULL, "%s", error);
    memset(zeros, 0, 4);
    fake_clear();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("qcow2");
    TCase *tcase = tcase_create("qcow2");
    int all = ARRAY_LEN(shapes);

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, random_writes_follow_the_model, 0, all);
    tcase_add_loop_test(tcase, over_backing_files, 0, all);
    tcase_add_loop_test(tcase, compressed_clusters_are_read_and_replaced, 0,
                        all);
    tcase_add_test(tcase, compressed_data_leaves_what_was_given_back);
    tcase_add_test(tcase, zero_clusters_hide_what_is_below);
    /* Refcounts of one bit know no snapshots. */
    tcase_add_loop_test(tcase, snapshots_keep_their_contents, 3, all);
    tcase_add_loop_test(tcase, bad_headers_are_refused_by_name, 0,
                        ARRAY_LEN(bads));
    tcase_add_test(tcase, features_have_names);
    tcase_add_test(tcase, marked_images_are_read_only);
    tcase_add_test(tcase, chains_that_lead_nowhere);
    tcase_add_loop_test(tcase, damaged_images_are_endured, 0, all);
    tcase_add_test(tcase, a_full_refcount_table_ends_the_search);
    tcase_add_loop_test(tcase, repairs_leave_a_sound_image, 0, all);
    tcase_add_test(tcase, a_failed_flush_gives_nothing_back_twice);
    tcase_add_test(tcase, a_guest_cannot_make_its_raw_disk_an_image);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return suite_run(make_suite());
}
