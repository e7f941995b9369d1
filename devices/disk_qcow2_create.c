/* disk_qcow2_create.c - writes new, empty qcow2 images.
 *
 * In a row: header with extensions and the backing file's name, refcount
 * table, refcount blocks, L1. All that is written here is counted by the
 * blocks; the header is written last. */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* In clusters. */
struct plan {
    uint64_t reftable, blocks, l1, total;
    uint64_t l1_entries;
};

PRINTF(3, 4)
static int refuse(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

static uint64_t round_up(uint64_t n, uint64_t unit)
{
    return n / unit + (n % unit != 0);
}

/* More blocks need a larger table, which needs more blocks. */
static void make_plan(const struct qcow2_new *what, struct plan *plan)
{
    uint64_t cluster = 1ull << what->cluster_bits;
    uint64_t per_block = cluster * 8 >> what->refcount_order;
    uint64_t before;

    plan->l1_entries =
        round_up(what->size, 1ull << (2 * what->cluster_bits - 3));
    plan->l1 = round_up(plan->l1_entries * 8, cluster);
    plan->blocks = plan->reftable = 1;
    do {
        before = plan->blocks;
        plan->total = 1 + plan->reftable + plan->blocks + plan->l1;
        plan->blocks = round_up(plan->total, per_block);
        plan->reftable = round_up(plan->blocks * 8, cluster);
        plan->total = 1 + plan->reftable + plan->blocks + plan->l1;
    } while (plan->blocks != before ||
             round_up(plan->total, per_block) > plan->blocks);
}

static int check_new(const struct qcow2_new *what, const struct plan *plan,
                     char *error, size_t size)
{
    if (what->cluster_bits < QCOW2_MIN_CLUSTER_BITS ||
        what->cluster_bits > QCOW2_MAX_CLUSTER_BITS)
        return refuse(error, size,
                      "clusters must be a power of two from 512 to 2M");
    if (what->version < 2 || what->version > 3)
        return refuse(error, size, "compat must be 0.10 or 1.1");
    if (what->refcount_order > 6 ||
        (what->version == 2 && what->refcount_order != 4))
        return refuse(error, size,
                      "refcount_bits must be 1, 2, 4, 8, 16, 32 or 64, and 16 "
                      "with compat=0.10");
    if (what->version == 2 && what->lazy)
        return refuse(error, size, "lazy_refcounts need compat=1.1");
    if (what->size > QCOW2_MAX_FILE)
        return refuse(error, size,
                      "the size is more than the format allows; use a smaller "
                      "size");
    if (plan->l1_entries > QCOW2_MAX_L1_BYTES / 8)
        return refuse(error, size,
                      "the size is too large for its clusters; use a larger "
                      "cluster_size");
    if (what->backing && strlen(what->backing) > QCOW2_MAX_BACKING_NAME)
        return refuse(error, size,
                      "the name of the backing file is too long; use a "
                      "shorter one");
    return 0;
}

static uint8_t *put_extension(uint8_t *at, uint32_t type, const void *data,
                              size_t size)
{
    store_be32(at, type);
    store_be32(at + 4, (uint32_t)size);
    if (size)
        memcpy(at + 8, data, size);
    return at + 8 + ((size + 7) & ~(size_t)7);
}

/* Type, bit, name: for programs that do not know the feature. */
static uint8_t *put_features(uint8_t *at)
{
    static const struct {
        uint8_t type, bit;
        const char *name;
    } features[] = {
        {0, 0, "dirty bit"},
        {0, 1, "corrupt bit"},
        {1, 0, "lazy refcounts"},
    };
    uint8_t table[ARRAY_LEN(features) * 48] = {0};

    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        table[48 * i] = features[i].type;
        table[48 * i + 1] = features[i].bit;
        memcpy(table + 48 * i + 2, features[i].name, strlen(features[i].name));
    }
    return put_extension(at, QCOW2_EXT_FEATURES, table, sizeof table);
}

/* False: the first cluster has no room for the backing file's name. */
static bool fill_header(uint8_t *d, const struct qcow2_new *what,
                        const struct plan *plan)
{
    uint64_t cluster = 1ull << what->cluster_bits;
    size_t name = what->backing ? strlen(what->backing) : 0;
    uint8_t *at = d + (what->version < 3 ? QCOW2_V2_HEADER : 112);

    store_be32(d, QCOW2_MAGIC);
    store_be32(d + 4, what->version);
    store_be32(d + 20, what->cluster_bits);
    store_be64(d + 24, what->size);
    store_be32(d + 36, (uint32_t)plan->l1_entries);
    store_be64(d + 40, cluster * (1 + plan->reftable + plan->blocks));
    store_be64(d + 48, cluster);
    store_be32(d + 56, (uint32_t)plan->reftable);
    if (what->version >= 3) {
        store_be64(d + 80, what->lazy ? QCOW2_LAZY : 0);
        store_be32(d + 96, what->refcount_order);
        store_be32(d + 100, 112);
    }
    if (what->backing && what->backing_format)
        at = put_extension(at, QCOW2_EXT_BACKING, what->backing_format,
                           strlen(what->backing_format));
    /* Names of features are left out where the cluster is short. */
    if (what->version >= 3 && at - d + 152 + 8 + name <= cluster)
        at = put_features(at);
    at = put_extension(at, QCOW2_EXT_END, NULL, 0);
    if (!name)
        return true;
    if ((uint64_t)(at - d) + name > cluster)
        return false;
    store_be64(d + 8, (uint64_t)(at - d));
    store_be32(d + 16, (uint32_t)name);
    memcpy(at, what->backing, name);
    return true;
}

/* Refcounts of one for all clusters, and the table of the blocks. */
static void fill_tables(uint8_t *d, const struct qcow2_new *what,
                        const struct plan *plan)
{
    uint64_t cluster = 1ull << what->cluster_bits;
    uint8_t *blocks = d + cluster * (1 + plan->reftable);

    for (uint64_t i = 0; i < plan->blocks; i++)
        store_be64(d + cluster + 8 * i, cluster * (1 + plan->reftable + i));
    /* The blocks lie in a row, so that an index runs through all. */
    for (uint64_t i = 0; i < plan->total; i++)
        qcow2_store_count(blocks, what->refcount_order, i, 1);
}

static int plan_new(const struct qcow2_new *what, struct plan *plan,
                    char *error, size_t error_size)
{
    memset(plan, 0, sizeof *plan);
    if (what->cluster_bits >= QCOW2_MIN_CLUSTER_BITS &&
        what->cluster_bits <= QCOW2_MAX_CLUSTER_BITS &&
        what->refcount_order <= 6)
        make_plan(what, plan);
    return check_new(what, plan, error, error_size);
}

int qcow2_judge_new(const struct qcow2_new *what, char *error,
                    size_t error_size)
{
    struct plan plan;

    return plan_new(what, &plan, error, error_size);
}

int qcow2_create(struct host_file *file, const struct qcow2_new *what,
                 char *error, size_t error_size)
{
    uint64_t cluster = 1ull << (what->cluster_bits & 31), bytes;
    struct plan plan;
    uint8_t *data;
    int result = plan_new(what, &plan, error, error_size);

    if (result < 0)
        return result;
    bytes = cluster * plan.total;
    data = calloc(1, bytes + 2048);
    if (!data)
        return -ENOMEM;
    if (!fill_header(data, what, &plan)) {
        free(data);
        return refuse(error, error_size,
                      "the name of the backing file is too long for the "
                      "clusters; use a larger cluster_size");
    }
    /* The name may have reached over the end of the first cluster. */
    memset(data + cluster, 0, bytes - cluster);
    fill_tables(data, what, &plan);
    result = host_file_write(file, cluster, data + cluster, bytes - cluster);
    if (result == 0)
        result = host_file_sync(file);
    if (result == 0)
        result = host_file_write(file, 0, data, cluster);
    free(data);
    return result;
}
