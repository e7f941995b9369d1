/* disk_qcow2_refs.c - refcounts of a qcow2 image: who is free, who is not.
 *
 * Clusters are handed out from a reserve that was counted in one go, so that
 * one barrier serves many allocations. What the reserve still holds at a
 * crash is lost until umbra-img check -r leaks. */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdlib.h>

/* The reserve, in bytes. */
enum { RESERVE_BYTES = 2 << 20, RESERVE_LAX_BYTES = 32 << 20 };

/* Clusters that a crash may leave counted behind the end: many reserves. */
enum { MAX_BEHIND_END = 1 << 20 };

/* Each release may wait for a flush; more than this force one. */
enum { MAX_RELEASES = 4096 };

static uint64_t block_entries(const struct qcow2 *q)
{
    return q->cluster_size * 8 >> q->header.refcount_order;
}

uint64_t qcow2_max_refcount(const struct qcow2 *q)
{
    unsigned width = 1u << q->header.refcount_order;

    return width == 64 ? UINT64_MAX : (1ull << width) - 1;
}

/* Below a byte the first entry has the low bits. */
static uint64_t load_count(const uint8_t *block, unsigned order, uint64_t i)
{
    switch (order) {
    case 3:
        return block[i];
    case 4:
        return load_be16(block + 2 * i);
    case 5:
        return load_be32(block + 4 * i);
    case 6:
        return load_be64(block + 8 * i);
    default:
        return bits(block[(i << order) / 8], (unsigned)((i << order) % 8),
                    1u << order);
    }
}

void qcow2_store_count(uint8_t *block, unsigned order, uint64_t i,
                       uint64_t count)
{
    unsigned shift, mask;
    uint8_t *byte;

    switch (order) {
    case 3:
        block[i] = (uint8_t)count;
        return;
    case 4:
        store_be16(block + 2 * i, (uint16_t)count);
        return;
    case 5:
        store_be32(block + 4 * i, (uint32_t)count);
        return;
    case 6:
        store_be64(block + 8 * i, count);
        return;
    default:
        byte = block + (i << order) / 8;
        shift = (unsigned)((i << order) % 8);
        mask = ((1u << (1u << order)) - 1) << shift;
        *byte = (uint8_t)((*byte & ~mask) | (count << shift & mask));
    }
}

/* *block NULL: nothing in its range is in use. */
static int get_block(struct qcow2 *q, uint64_t cluster, uint8_t **block)
{
    uint64_t index = cluster / block_entries(q), offset;

    *block = NULL;
    if (index >= q->reftable_entries || !q->reftable[index])
        return 0;
    offset = q->reftable[index];
    if (offset % q->cluster_size || !qcow2_is_data(q, offset, q->cluster_size))
        return DISK_ERROR_DAMAGED;
    return qcow2_cache_get(q, &q->ref_cache, offset, block);
}

int qcow2_get_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *count)
{
    uint8_t *block;
    int result = get_block(q, cluster, &block);

    *count = 0;
    if (result == 0 && block)
        *count = load_count(block, q->header.refcount_order,
                            cluster % block_entries(q));
    return result;
}

/* Writes the bytes of entries [first, first + n) of a block. */
static int write_counts(struct qcow2 *q, uint64_t cluster, uint64_t n,
                        const uint8_t *block)
{
    uint64_t index = cluster / block_entries(q);
    uint64_t first = cluster % block_entries(q);
    unsigned order = q->header.refcount_order;
    uint64_t from = (first << order) / 8;
    uint64_t to = (((first + n) << order) + 7) / 8;

    return host_file_write(q->file, q->reftable[index] + from, block + from,
                           (size_t)(to - from));
}

/* -------------------------------------------------------------- new blocks */

static int write_reftable_entry(struct qcow2 *q, uint64_t index,
                                uint64_t offset)
{
    uint8_t raw[8];
    int result;

    store_be64(raw, offset);
    result = host_file_write(q->file, q->header.reftable_offset + 8 * index,
                             raw, sizeof raw);
    if (result == 0)
        q->reftable[index] = offset;
    return result;
}

static int lengthen(struct qcow2 *q, uint64_t clusters)
{
    int result = 0;

    if (clusters > q->file_clusters) {
        if (clusters > QCOW2_MAX_FILE >> q->header.cluster_bits)
            return -EFBIG;
        result = host_file_resize(q->file, clusters << q->header.cluster_bits);
        if (result == 0)
            q->file_clusters = clusters;
    }
    return result;
}

/* A block at `cluster`; its entries [first, first + n) are one. */
static int write_block(struct qcow2 *q, uint64_t cluster, uint64_t first,
                       uint64_t n)
{
    uint64_t offset = cluster << q->header.cluster_bits;
    uint8_t *block;
    int result = qcow2_cache_new(q, &q->ref_cache, offset, &block);

    if (result < 0)
        return result;
    memset(block, 0, q->cluster_size);
    for (uint64_t i = first; i < first + n; i++)
        qcow2_store_count(block, q->header.refcount_order, i, 1);
    return host_file_write(q->file, offset, block, q->cluster_size);
}

/* Behind all that is in use: blocks that count themselves and the table,
 * then the table. */
struct growth {
    uint64_t first; /* cluster */
    uint64_t blocks, clusters, entries;
};

static int plan_growth(const struct qcow2 *q, struct growth *g)
{
    uint64_t per_cluster = q->cluster_size / 8, used;

    g->first = q->reftable_entries * block_entries(q);
    g->blocks = 1;
    g->entries = q->reftable_entries + q->reftable_entries / 2;
    for (;;) {
        g->clusters = (g->entries + g->blocks + per_cluster - 1) / per_cluster;
        used =
            (g->blocks + g->clusters + block_entries(q) - 1) / block_entries(q);
        if (used <= g->blocks)
            break;
        g->blocks = used;
    }
    g->entries = g->clusters * per_cluster;
    return g->clusters << q->header.cluster_bits > QCOW2_MAX_REFTABLE_BYTES
               ? -EFBIG
               : 0;
}

/* Writes blocks and table; the header still names the old ones. */
static int write_growth(struct qcow2 *q, const struct growth *g,
                        const uint64_t *table)
{
    uint64_t size = g->clusters << q->header.cluster_bits;
    uint64_t left = g->blocks + g->clusters;
    uint8_t *bytes;
    int result = lengthen(q, g->first + left);

    for (uint64_t i = 0; i < g->blocks && result == 0; i++) {
        uint64_t n = min_u64(left, block_entries(q));
        result = write_block(q, g->first + i, 0, n);
        left -= n;
    }
    if (result < 0)
        return result;
    bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    for (uint64_t i = 0; i < g->entries; i++)
        store_be64(bytes + 8 * i, table[i]);
    result = host_file_write(
        q->file, (g->first + g->blocks) << q->header.cluster_bits, bytes, size);
    free(bytes);
    return result == 0 ? qcow2_barrier(q) : result;
}

int qcow2_switch_reftable(struct qcow2 *q, uint64_t offset, uint64_t clusters)
{
    uint8_t raw[12];
    int result;

    store_be64(raw, offset);
    store_be32(raw + 8, (uint32_t)clusters);
    result = host_file_write(q->file, 48, raw, sizeof raw);
    if (result == 0) {
        q->header.reftable_offset = offset;
        q->header.reftable_clusters = (uint32_t)clusters;
    }
    return result;
}

static int grow_reftable(struct qcow2 *q)
{
    uint64_t old = q->header.reftable_offset >> q->header.cluster_bits;
    uint64_t old_clusters = q->header.reftable_clusters;
    struct growth g;
    uint64_t *table;
    int result = plan_growth(q, &g);

    if (result < 0)
        return result;
    table = calloc(g.entries, sizeof *table);
    if (!table)
        return -ENOMEM;
    memcpy(table, q->reftable, q->reftable_entries * sizeof *table);
    for (uint64_t i = 0; i < g.blocks; i++)
        table[q->reftable_entries + i] = (g.first + i)
                                         << q->header.cluster_bits;
    result = write_growth(q, &g, table);
    if (result == 0)
        result = qcow2_switch_reftable(
            q, (g.first + g.blocks) << q->header.cluster_bits, g.clusters);
    if (result < 0) {
        free(table);
        return result;
    }
    free(q->reftable);
    q->reftable = table;
    q->reftable_entries = (uint32_t)g.entries;
    for (uint64_t i = 0; i < old_clusters && result == 0; i++)
        result = qcow2_release(q, old + i);
    return result;
}

/* Where no block counts, nothing is in use: `cluster` becomes the block. */
static int make_block(struct qcow2 *q, uint64_t cluster)
{
    int result;

    if (cluster / block_entries(q) >= q->reftable_entries)
        return grow_reftable(q);
    result = lengthen(q, cluster + 1);
    if (result == 0)
        result = write_block(q, cluster, cluster % block_entries(q), 1);
    if (result == 0)
        result = qcow2_barrier(q);
    if (result == 0)
        result = write_reftable_entry(q, cluster / block_entries(q),
                                      cluster << q->header.cluster_bits);
    return result;
}

/* When the write fails, the cache has what the file has. */
int qcow2_set_refcount(struct qcow2 *q, uint64_t cluster, uint64_t count)
{
    unsigned order = q->header.refcount_order;
    uint64_t i = cluster % block_entries(q), before;
    uint8_t *block;
    int result;

    if (count > qcow2_max_refcount(q))
        return -ERANGE;
    result = get_block(q, cluster, &block);
    if (result < 0)
        return result;
    if (!block)
        return count ? DISK_ERROR_DAMAGED : 0;
    before = load_count(block, order, i);
    qcow2_store_count(block, order, i, count);
    result = write_counts(q, cluster, 1, block);
    if (result < 0)
        qcow2_store_count(block, order, i, before);
    return result;
}

/* -------------------------------------------------------------- the reserve */

/* The first free cluster from `search` on, with a block that counts it. What
 * is counted far behind the file's end was never written: no honest image
 * has that, and looking through it could take for ever. */
static int find_free(struct qcow2 *q, uint8_t **block)
{
    uint64_t last = q->file_clusters + MAX_BEHIND_END;
    int result;

    for (;; q->search++) {
        if (q->search > last)
            return DISK_ERROR_DAMAGED;
        result = get_block(q, q->search, block);
        if (result == 0 && !*block) {
            result = make_block(q, q->search);
            if (result == 0)
                result = get_block(q, q->search, block);
        }
        if (result < 0)
            return result;
        if (*block && !load_count(*block, q->header.refcount_order,
                                  q->search % block_entries(q)))
            return 0;
    }
}

static int fill_reserve(struct qcow2 *q)
{
    uint64_t want =
        (q->lax ? RESERVE_LAX_BYTES : RESERVE_BYTES) >> q->header.cluster_bits;
    uint64_t first, n = 0, at;
    uint8_t *block;
    bool fresh;
    int result = find_free(q, &block);

    if (result < 0)
        return result;
    first = q->search;
    at = first % block_entries(q);
    fresh = first >= q->file_clusters;
    /* Of one block, and all of it appended or none. */
    while ((n < want || n == 0) && at + n < block_entries(q) &&
           (fresh || first + n < q->file_clusters) &&
           !load_count(block, q->header.refcount_order, at + n)) {
        qcow2_store_count(block, q->header.refcount_order, at + n, 1);
        n++;
    }
    result = lengthen(q, first + n);
    if (result == 0)
        result = write_counts(q, first, n, block);
    if (result == 0)
        result = qcow2_barrier(q);
    if (result < 0) {
        for (uint64_t i = 0; i < n; i++)
            qcow2_store_count(block, q->header.refcount_order, at + i, 0);
        return result;
    }
    q->search = first + n;
    q->reserve_at = first;
    q->reserve_left = n;
    q->reserve_fresh = fresh;
    return 0;
}

int qcow2_allocate(struct qcow2 *q, uint64_t *cluster, bool *fresh)
{
    int result = q->reserve_left ? 0 : fill_reserve(q);

    if (result < 0)
        return result;
    *cluster = q->reserve_at++;
    *fresh = q->reserve_fresh;
    q->reserve_left--;
    return 0;
}

/* The file ends where its last user does; only what was appended is cut. */
int qcow2_drop_reserve(struct qcow2 *q)
{
    int result = 0;

    for (uint64_t i = 0; i < q->reserve_left && result == 0; i++)
        result = qcow2_set_refcount(q, q->reserve_at + i, 0);
    if (result == 0 && q->reserve_left && q->reserve_fresh &&
        q->reserve_at + q->reserve_left == q->file_clusters) {
        q->file_clusters = q->reserve_at;
        result =
            host_file_resize(q->file, q->reserve_at << q->header.cluster_bits);
    }
    if (q->reserve_left)
        q->search = min_u64(q->search, q->reserve_at);
    q->reserve_left = 0;
    return result;
}

/* ---------------------------------------------------------------- releases */

int qcow2_release(struct qcow2 *q, uint64_t cluster)
{
    struct qcow2_release *larger, *last;
    size_t room;

    if (q->release_count) {
        last = &q->releases[q->release_count - 1];
        if (last->cluster == cluster) {
            last->count++;
            return 0;
        }
    }
    if (q->release_count >= MAX_RELEASES) {
        int result = qcow2_flush_image(q);
        if (result < 0)
            return result;
    }
    if (q->release_count == q->release_room) {
        room = q->release_room ? 2 * q->release_room : 64;
        larger = realloc(q->releases, room * sizeof *larger);
        if (!larger)
            return -ENOMEM;
        q->releases = larger;
        q->release_room = room;
    }
    q->releases[q->release_count++] = (struct qcow2_release){cluster, 1};
    return 0;
}

/* A count that is too low already is left to umbra-img check. What is done is
 * forgotten at once: after a failure the next flush goes on from there. */
int qcow2_apply_releases(struct qcow2 *q)
{
    for (; q->release_count; q->release_count--) {
        const struct qcow2_release *r = &q->releases[q->release_count - 1];
        uint64_t count;
        int result = qcow2_get_refcount(q, r->cluster, &count);

        if (result == 0 && count)
            result = qcow2_set_refcount(q, r->cluster,
                                        count - min_u64(count, r->count));
        if (result < 0)
            return result;
        if (count > r->count)
            continue;
        q->search = min_u64(q->search, r->cluster);
        if (q->packed_at >> q->header.cluster_bits == r->cluster)
            q->packed_at = 0;
    }
    return 0;
}
