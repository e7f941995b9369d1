/* disk_qcow2_map.c - from guest clusters to entries of L2 tables, and a
 * small cache of tables. Every offset is checked before it is followed. */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ cache */

static int cache_slot(struct qcow2 *q, struct qcow2_cache *cache,
                      uint64_t offset, struct qcow2_table **slot)
{
    struct qcow2_table *oldest = cache->table;

    for (unsigned i = 0; i < QCOW2_CACHE_TABLES; i++) {
        struct qcow2_table *table = &cache->table[i];

        if (table->offset == offset) {
            oldest = table;
            break;
        }
        if (table->used < oldest->used)
            oldest = table;
    }
    if (!oldest->data)
        oldest->data = malloc(q->cluster_size);
    if (!oldest->data)
        return -ENOMEM;
    oldest->used = ++cache->count;
    *slot = oldest;
    return 0;
}

int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *cache, uint64_t offset,
                    uint8_t **data)
{
    struct qcow2_table *slot;
    size_t done = 0;
    int result = cache_slot(q, cache, offset, &slot);

    if (result < 0)
        return result;
    *data = slot->data;
    if (slot->offset == offset)
        return 0;
    slot->offset = 0;
    result =
        host_file_read(q->file, offset, slot->data, q->cluster_size, &done);
    if (result < 0)
        return result;
    if (done < q->cluster_size)
        return DISK_ERROR_SHRUNK;
    slot->offset = offset;
    return 0;
}

int qcow2_cache_new(struct qcow2 *q, struct qcow2_cache *cache, uint64_t offset,
                    uint8_t **data)
{
    struct qcow2_table *slot;
    int result = cache_slot(q, cache, offset, &slot);

    if (result < 0)
        return result;
    slot->offset = offset;
    *data = slot->data;
    return 0;
}

void qcow2_cache_free(struct qcow2_cache *cache)
{
    for (unsigned i = 0; i < QCOW2_CACHE_TABLES; i++)
        free(cache->table[i].data);
    memset(cache, 0, sizeof *cache);
}

/* A write that failed half way leaves the cache ahead of the file. */
static void cache_forget(struct qcow2_cache *cache, uint64_t offset)
{
    for (unsigned i = 0; i < QCOW2_CACHE_TABLES; i++)
        if (cache->table[i].offset == offset)
            cache->table[i].offset = cache->table[i].used = 0;
}

/* ----------------------------------------------------------------- entries */

static uint64_t l1_index(const struct qcow2 *q, uint64_t offset)
{
    return offset >> (2 * q->header.cluster_bits - 3);
}

/* In bytes, within the table. */
static size_t l2_position(const struct qcow2 *q, uint64_t offset)
{
    uint64_t entries = q->cluster_size / 8;

    return (size_t)((offset >> q->header.cluster_bits) % entries * 8);
}

/* A cluster of the file that may be a table. */
static bool is_table(const struct qcow2 *q, uint64_t offset)
{
    return offset % q->cluster_size == 0 &&
           qcow2_is_data(q, offset, q->cluster_size);
}

int qcow2_get_entry(struct qcow2 *q, uint64_t offset, uint64_t *entry)
{
    uint64_t table = q->l1[l1_index(q, offset)] & QCOW2_OFFSET;
    uint8_t *data;
    int result;

    *entry = 0;
    if (table == 0)
        return 0;
    if (!is_table(q, table))
        return DISK_ERROR_DAMAGED;
    result = qcow2_cache_get(q, &q->l2_cache, table, &data);
    if (result == 0)
        *entry = load_be64(data + l2_position(q, offset));
    return result;
}

int qcow2_kind_of(const struct qcow2 *q, uint64_t entry, enum qcow2_kind *kind)
{
    uint64_t host = entry & QCOW2_OFFSET, packed_size;

    if (entry & QCOW2_COMPRESSED) {
        *kind = KIND_COMPRESSED;
        qcow2_packed_range(q, entry, &host, &packed_size);
        /* The last sector may be cut off. */
        return qcow2_is_data(q, host, 1) ? 0 : DISK_ERROR_DAMAGED;
    }
    *kind = entry & QCOW2_ZERO ? KIND_ZERO : host ? KIND_DATA : KIND_ABSENT;
    if ((entry & QCOW2_ZERO) && q->header.version < 3)
        return DISK_ERROR_DAMAGED;
    if (host &&
        (host % q->cluster_size || !qcow2_is_data(q, host, q->cluster_size)))
        return DISK_ERROR_DAMAGED;
    return 0;
}

/* Offset in the low bits, then the number of further sectors. */
void qcow2_packed_range(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                        uint64_t *size)
{
    unsigned shift = 62 - (q->header.cluster_bits - 8);
    uint64_t sectors;

    *offset = bits(entry, 0, shift);
    sectors = bits(entry, shift, 62 - shift) + 1;
    *size = sectors * 512 - (*offset & 511);
}

int qcow2_release_entry(struct qcow2 *q, uint64_t entry)
{
    uint64_t offset = entry & QCOW2_OFFSET, size = q->cluster_size, end;
    int result = 0;

    if (entry & QCOW2_COMPRESSED)
        qcow2_packed_range(q, entry, &offset, &size);
    if (offset == 0)
        return 0;
    end = (offset + size - 1) >> q->header.cluster_bits;
    for (uint64_t c = offset >> q->header.cluster_bits; c <= end; c++) {
        /* The last sectors of a packed cluster may be cut off. */
        if (result == 0 && c < q->file_clusters)
            result = qcow2_release(q, c);
    }
    return result;
}

/* A table of our own: new, or a copy of one that a snapshot shares. It is
 * on the medium before L1 leads to it. */
static int make_table(struct qcow2 *q, uint64_t index)
{
    uint64_t old = q->l1[index] & QCOW2_OFFSET, cluster, entry;
    uint8_t *data = NULL, *from, raw[8];
    bool fresh;
    int result;

    if (old && !is_table(q, old))
        return DISK_ERROR_DAMAGED;
    result = qcow2_allocate(q, &cluster, &fresh);
    if (result < 0)
        return result;
    memset(q->bounce, 0, q->cluster_size);
    if (old) {
        result = qcow2_cache_get(q, &q->l2_cache, old, &from);
        if (result < 0)
            return result;
        memcpy(q->bounce, from, q->cluster_size);
    }
    entry = cluster << q->header.cluster_bits;
    result = host_file_write(q->file, entry, q->bounce, q->cluster_size);
    if (result == 0)
        result = qcow2_barrier(q);
    store_be64(raw, entry | QCOW2_COPIED);
    if (result == 0)
        result = host_file_write(q->file, q->header.l1_offset + 8 * index, raw,
                                 sizeof raw);
    if (result == 0)
        result = qcow2_cache_new(q, &q->l2_cache, entry, &data);
    if (result < 0)
        return result;
    memcpy(data, q->bounce, q->cluster_size);
    q->l1[index] = entry | QCOW2_COPIED;
    return old ? qcow2_release(q, old >> q->header.cluster_bits) : 0;
}

/* Uses q->bounce when a table is needed. */
int qcow2_set_entry(struct qcow2 *q, uint64_t offset, uint64_t entry)
{
    uint64_t index = l1_index(q, offset), table;
    size_t position = l2_position(q, offset);
    uint8_t *data;
    int result = 0;

    if (!(q->l1[index] & QCOW2_COPIED) || !(q->l1[index] & QCOW2_OFFSET))
        result = make_table(q, index);
    table = q->l1[index] & QCOW2_OFFSET;
    if (result < 0)
        return result;
    if (!is_table(q, table))
        return DISK_ERROR_DAMAGED;
    result = qcow2_cache_get(q, &q->l2_cache, table, &data);
    if (result < 0)
        return result;
    store_be64(data + position, entry);
    result = host_file_write(q->file, table + position, data + position, 8);
    if (result < 0)
        cache_forget(&q->l2_cache, table);
    return result;
}
