/* disk_qcow2_data.c - reads and writes guest data of a qcow2 image.
 *
 * Modelled: data, zero and absent clusters, backing files, clusters that
 * snapshots share, reading and writing of compressed clusters (deflate with
 * a window of 4 KiB, as QEMU reads them). */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { WINDOW_BITS = 12 };

/* Bytes of [offset, offset + size) in the cluster of `offset`. */
static size_t cluster_piece(const struct qcow2 *q, uint64_t offset, size_t size)
{
    uint64_t room = q->cluster_size - (offset & (q->cluster_size - 1));

    return (size_t)min_u64(size, room);
}

static bool has_backing(const struct qcow2 *q)
{
    return q->backing.image != NULL;
}

/* ------------------------------------------------------------- compressed */

/* All of a cluster must come out, whatever is behind it. */
static bool inflate_cluster(struct qcow2 *q, size_t packed_size)
{
    z_stream z;
    int result;

    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return false;
    z.next_in = q->packed;
    z.avail_in = (uInt)packed_size;
    z.next_out = q->unpacked;
    z.avail_out = (uInt)q->cluster_size;
    result = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return z.avail_out == 0 &&
           (result == Z_STREAM_END || result == Z_BUF_ERROR);
}

/* Two clusters and a sector hold the largest range an entry can name. */
static int packed_buffers(struct qcow2 *q)
{
    if (!q->packed)
        q->packed = malloc(2 * q->cluster_size + 512);
    if (!q->unpacked)
        q->unpacked = malloc(q->cluster_size);
    return q->packed && q->unpacked ? 0 : -ENOMEM;
}

/* The cluster of an entry, in q->unpacked. */
static int unpack(struct qcow2 *q, uint64_t entry)
{
    uint64_t offset, size;
    size_t done = 0;
    int result = packed_buffers(q);

    if (result < 0 || q->unpacked_entry == entry)
        return result;
    q->unpacked_entry = 0;
    qcow2_packed_range(q, entry, &offset, &size);
    size = min_u64(size, 2 * q->cluster_size + 512);
    result = host_file_read(q->file, offset, q->packed, (size_t)size, &done);
    if (result < 0)
        return result;
    if (!inflate_cluster(q, done))
        return DISK_ERROR_DAMAGED;
    q->unpacked_entry = entry;
    return 0;
}

/* 0 when it does not become smaller. */
static size_t deflate_cluster(struct qcow2 *q, const uint8_t *data)
{
    z_stream z;
    int result;

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, 9,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)q->cluster_size;
    z.next_out = q->packed;
    z.avail_out = (uInt)q->cluster_size - 1;
    result = deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return result == Z_STREAM_END ? z.next_out - q->packed : 0;
}

/* Room for `size` bytes behind the last compressed cluster, counted once
 * more for each host cluster that it touches. */
static int packed_room(struct qcow2 *q, size_t size, uint64_t *offset)
{
    uint64_t at = q->packed_at, mask = q->cluster_size - 1;
    uint64_t here = at >> q->header.cluster_bits, count = 0, next;
    uint64_t room = at & mask ? q->cluster_size - (at & mask) : 0;
    bool fresh, shares = false;
    int result = 0;

    if (room)
        result = qcow2_get_refcount(q, here, &count);
    if (result < 0)
        return result;
    if (room && count < qcow2_max_refcount(q))
        shares = true;
    if (shares && size <= room) {
        *offset = at;
        q->packed_at = at + size;
        return qcow2_set_refcount(q, here, count + 1);
    }
    result = qcow2_allocate(q, &next, &fresh);
    if (result < 0)
        return result;
    if (shares && next == here + 1)
        result = qcow2_set_refcount(q, here, count + 1);
    else
        at = next << q->header.cluster_bits;
    *offset = at;
    q->packed_at = at + size;
    return result;
}

int qcow2_write_packed(struct qcow2 *q, uint64_t offset, const uint8_t *data)
{
    unsigned shift = 62 - (q->header.cluster_bits - 8);
    uint64_t at = 0, old, sectors;
    enum qcow2_kind kind;
    size_t size;
    int result = packed_buffers(q);

    if (result < 0)
        return result;
    q->unpacked_entry = 0;
    size = deflate_cluster(q, data);
    if (size == 0)
        return qcow2_write_data(q, offset, data, q->cluster_size);
    result = qcow2_get_entry(q, offset, &old);
    if (result == 0)
        result = qcow2_kind_of(q, old, &kind);
    if (result == 0)
        result = packed_room(q, size, &at);
    if (result < 0)
        return result;
    if (at >> shift) /* an entry cannot name it */
        return qcow2_write_data(q, offset, data, q->cluster_size);
    result = host_file_write(q->file, at, q->packed, size);
    if (result == 0)
        result = qcow2_barrier(q);
    sectors = (at + size - 1) / 512 - at / 512;
    if (result == 0)
        result = qcow2_set_entry(q, offset,
                                 QCOW2_COMPRESSED | sectors << shift | at);
    return result == 0 ? qcow2_release_entry(q, old) : result;
}

/* ------------------------------------------------------------------- read */

static int read_piece(struct qcow2 *q, uint64_t entry, uint64_t offset,
                      uint8_t *data, size_t size)
{
    uint64_t within = offset & (q->cluster_size - 1);
    enum qcow2_kind kind;
    size_t done = 0;
    int result = qcow2_kind_of(q, entry, &kind);

    if (result < 0)
        return result;
    switch (kind) {
    case KIND_DATA:
        result = host_file_read(q->file, (entry & QCOW2_OFFSET) + within, data,
                                size, &done);
        /* The file's last cluster may be a part of one. */
        memset(data + done, 0, size - done);
        return result;
    case KIND_COMPRESSED:
        result = unpack(q, entry);
        if (result == 0)
            memcpy(data, q->unpacked + within, size);
        return result;
    case KIND_ABSENT:
        if (has_backing(q))
            return disk_layer_read(&q->backing, offset, data, size);
        break;
    default:
        break;
    }
    memset(data, 0, size);
    return 0;
}

int qcow2_read_data(struct qcow2 *q, uint64_t offset, uint8_t *data,
                    size_t size)
{
    while (size) {
        size_t piece = cluster_piece(q, offset, size);
        uint64_t entry;
        int result = qcow2_get_entry(q, offset, &entry);

        if (result == 0)
            result = read_piece(q, entry, offset, data, piece);
        if (result < 0)
            return result;
        data += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

/* ------------------------------------------------------------------ write */

/* Only for clusters that end up in a file of our own. */
static bool in_place(uint64_t entry, enum qcow2_kind kind)
{
    return kind == KIND_DATA && (entry & QCOW2_COPIED);
}

/* The host cluster for new contents: the one a zero cluster kept, or a new
 * one. *stale: it may hold bytes of somebody else. */
static int choose_cluster(struct qcow2 *q, uint64_t entry, enum qcow2_kind kind,
                          uint64_t *host, bool *stale)
{
    uint64_t cluster;
    bool fresh;
    int result;

    if (kind == KIND_ZERO && (entry & QCOW2_COPIED) && (entry & QCOW2_OFFSET)) {
        *host = entry & QCOW2_OFFSET;
        *stale = true;
        return 0;
    }
    result = qcow2_allocate(q, &cluster, &fresh);
    if (result < 0)
        return result;
    *host = cluster << q->header.cluster_bits;
    *stale = !fresh;
    return 0;
}

/* A piece of a cluster that has no place of its own yet. The rest of it is
 * what was readable there. */
static int write_new(struct qcow2 *q, uint64_t entry, enum qcow2_kind kind,
                     uint64_t offset, const uint8_t *data, size_t size)
{
    uint64_t within = offset & (q->cluster_size - 1), host;
    bool visible = kind == KIND_DATA || kind == KIND_COMPRESSED ||
                   (kind == KIND_ABSENT && has_backing(q));
    bool stale, whole = size == q->cluster_size;
    int result = choose_cluster(q, entry, kind, &host, &stale);

    if (result < 0)
        return result;
    if (whole || (!visible && !stale)) {
        result = host_file_write(q->file, host + within, data, size);
    } else {
        result =
            read_piece(q, entry, offset - within, q->bounce, q->cluster_size);
        if (result < 0)
            return result;
        memcpy(q->bounce + within, data, size);
        result = host_file_write(q->file, host, q->bounce, q->cluster_size);
    }
    if (result == 0 && (visible || stale))
        result = qcow2_barrier(q);
    if (result == 0)
        result = qcow2_set_entry(q, offset, host | QCOW2_COPIED);
    if (result == 0 && host != (entry & QCOW2_OFFSET))
        result = qcow2_release_entry(q, entry);
    return result;
}

static int write_piece(struct qcow2 *q, uint64_t offset, const uint8_t *data,
                       size_t size)
{
    uint64_t within = offset & (q->cluster_size - 1), entry;
    enum qcow2_kind kind;
    int result = qcow2_get_entry(q, offset, &entry);

    if (result == 0)
        result = qcow2_kind_of(q, entry, &kind);
    if (result < 0)
        return result;
    if (!in_place(entry, kind))
        return write_new(q, entry, kind, offset, data, size);
    return host_file_write(q->file, (entry & QCOW2_OFFSET) + within, data,
                           size);
}

int qcow2_write_data(struct qcow2 *q, uint64_t offset, const uint8_t *data,
                     size_t size)
{
    while (size) {
        size_t piece = cluster_piece(q, offset, size);
        int result = write_piece(q, offset, data, piece);

        if (result < 0)
            return result;
        data += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

/* ---------------------------------------------------------------- content */

static int content_of(struct qcow2 *q, uint64_t offset, uint64_t *size,
                      enum disk_content *content)
{
    enum qcow2_kind kind;
    uint64_t entry;
    int result = qcow2_get_entry(q, offset, &entry);

    if (result == 0)
        result = qcow2_kind_of(q, entry, &kind);
    if (result < 0)
        return result;
    *content = CONTENT_DATA;
    if (kind == KIND_ZERO)
        *content = CONTENT_ZERO;
    if (kind != KIND_ABSENT)
        return 0;
    if (!has_backing(q) || offset >= q->backing.size) {
        *content = CONTENT_ZERO;
    } else if (q->backing.format->content) {
        *size = min_u64(*size, q->backing.size - offset);
        result =
            q->backing.format->content(q->backing.image, offset, size, content);
    }
    return result;
}

/* Clusters of the same kind in a row. */
int qcow2_content_at(struct qcow2 *q, uint64_t offset, uint64_t *size,
                     enum disk_content *content)
{
    uint64_t end = offset + *size, at = offset, piece;
    enum disk_content next;
    int result;

    while (at < end) {
        piece =
            min_u64(end - at, q->cluster_size - (at & (q->cluster_size - 1)));
        result = content_of(q, at, &piece, &next);
        if (result < 0)
            return result;
        if (at > offset && next != *content)
            break;
        *content = next;
        at += piece;
    }
    *size = at - offset;
    return 0;
}
