/* disk_qcow2.c - qcow2 images, versions 2 and 3, as a disk format.
 *
 * Specification: see disk_qcow2.h. Modelled: reading and writing with
 * backing files (raw and qcow2), compressed and zero clusters, refcounts of
 * 1 to 64 bits, internal snapshots (their clusters are never written; they
 * cannot be chosen), images whose refcounts are to be repaired (read only).
 * Not modelled: encryption, external data files, extended L2 entries, other
 * compression than zlib (refused by name); bitmaps (they are marked stale as
 * the specification asks); discard. */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int qcow2_barrier(struct qcow2 *q)
{
    return q->lax ? 0 : host_file_sync(q->file);
}

/* The header, L1 and the refcount table are nobody's data. */
bool qcow2_is_data(const struct qcow2 *q, uint64_t offset, uint64_t size)
{
    const struct qcow2_header *h = &q->header;
    uint64_t end = q->file_clusters << h->cluster_bits;
    uint64_t l1_end = h->l1_offset + 8ull * h->l1_size;
    uint64_t reftable_end = h->reftable_offset +
                            ((uint64_t)h->reftable_clusters << h->cluster_bits);

    if (offset < q->cluster_size || offset >= end || size > end - offset)
        return false;
    if (offset < l1_end && offset + size > h->l1_offset)
        return false;
    return offset >= reftable_end || offset + size <= h->reftable_offset;
}

/* ------------------------------------------------------------------- open */

/* The header has been checked: both tables lie in the file, and it limits
 * what is allocated here. */
static int load_table(struct qcow2 *q, uint64_t offset, uint64_t entries,
                      uint64_t mask, uint64_t **table)
{
    uint8_t *bytes = malloc(entries * 8 + 1);
    size_t done = 0;
    int result = -ENOMEM;

    *table = calloc(entries + 1, sizeof **table);
    if (bytes && *table)
        result = host_file_read(q->file, offset, bytes, entries * 8, &done);
    if (result == 0 && done < entries * 8)
        result = DISK_ERROR_SHRUNK;
    for (uint64_t i = 0; result == 0 && i < entries; i++)
        (*table)[i] = load_be64(bytes + 8 * i) & mask;
    free(bytes);
    return result;
}

static int load_tables(struct qcow2 *q)
{
    const struct qcow2_header *h = &q->header;
    int result;

    q->reftable_entries =
        (uint32_t)(((uint64_t)h->reftable_clusters << h->cluster_bits) / 8);
    result = load_table(q, h->l1_offset, h->l1_size, UINT64_MAX, &q->l1);
    if (result == 0)
        result = load_table(q, h->reftable_offset, q->reftable_entries,
                            QCOW2_OFFSET, &q->reftable);
    q->bounce = malloc(q->cluster_size);
    return result == 0 && !q->bounce ? -ENOMEM : result;
}

/* A line that names the backing file itself begins with \n, so that the
 * caller does not put this image's name in front. */
static int open_backing(struct qcow2 *q, const struct disk_source *source,
                        char *error, size_t error_size)
{
    const char *format = q->header.backing_format;
    const struct disk_layer_options options = {
        .format = *format ? format : NULL,
        .above = source->above,
    };
    char path[4096];

    if (!q->header.backing[0] || source->alone)
        return 0;
    if (!qcow2_backing_path(source->path, q->header.backing, path,
                            sizeof path)) {
        snprintf(error, error_size,
                 "its backing file %.128s is no file of this host; convert "
                 "the image to one without",
                 q->header.backing);
        return -EINVAL;
    }
    error[0] = '\n';
    return disk_layer_open(&q->backing, path, &options, error + 1,
                           error_size - 1);
}

/* Somebody who knows bitmaps will see that they were not kept. */
static int clear_autoclear(struct qcow2 *q)
{
    static const uint8_t none[8];

    if (q->header.version < 3 || !q->header.autoclear)
        return 0;
    q->header.autoclear = 0;
    return host_file_write(q->file, 88, none, sizeof none);
}

static int refuse_writing(const struct qcow2 *q,
                          const struct disk_source *source, char *error,
                          size_t error_size)
{
    const char *reason = NULL;

    if (!source->writable || source->alone)
        return 0;
    if (q->header.incompatible & QCOW2_CORRUPT)
        reason = "is marked as corrupt; restore it, or look at it with "
                 "umbra-img check";
    else if (q->header.incompatible & QCOW2_DIRTY)
        reason = "was not closed by the program that wrote it last; run "
                 "umbra-img check -r all";
    if (!reason)
        return 0;
    snprintf(error, error_size, "%s, or use -snapshot", reason);
    return -EINVAL;
}

static void qcow2_free(struct qcow2 *q)
{
    disk_layer_close(&q->backing);
    qcow2_cache_free(&q->l2_cache);
    qcow2_cache_free(&q->ref_cache);
    free(q->l1);
    free(q->reftable);
    free(q->releases);
    free(q->bounce);
    free(q->packed);
    free(q->unpacked);
    free(q);
}

static int qcow2_open(const struct disk_source *source, struct qcow2 **image,
                      char *error, size_t error_size)
{
    struct qcow2 *q = calloc(1, sizeof *q);
    uint64_t file_size;
    int result;

    if (!q)
        return -ENOMEM;
    q->file = source->file;
    q->writable = source->writable;
    q->lax = source->lax;
    result = host_file_size(q->file, &file_size);
    if (result == 0 && file_size > QCOW2_MAX_FILE)
        result = -EFBIG;
    if (result == 0)
        result = qcow2_read_header(q->file, &q->header, file_size, error,
                                   error_size);
    if (result == 0) {
        q->cluster_size = 1ull << q->header.cluster_bits;
        q->file_clusters =
            (file_size + q->cluster_size - 1) >> q->header.cluster_bits;
        result = refuse_writing(q, source, error, error_size);
    }
    if (result == 0)
        result = load_tables(q);
    if (result == 0)
        result = open_backing(q, source, error, error_size);
    if (result == 0 && q->writable)
        result = clear_autoclear(q);
    if (result < 0) {
        qcow2_free(q);
        return result;
    }
    *image = q;
    return 0;
}

/* ------------------------------------------------------------ flush, close */

int qcow2_flush_image(struct qcow2 *q)
{
    int result = host_file_sync(q->file);

    return result == 0 ? qcow2_apply_releases(q) : result;
}

static int qcow2_close(struct qcow2 *q)
{
    int result = 0;

    if (q->writable) {
        if (q->release_count)
            result = qcow2_flush_image(q);
        if (q->reserve_left && result == 0)
            result = qcow2_drop_reserve(q);
    }
    host_file_close(q->file);
    qcow2_free(q);
    return result;
}

/* -------------------------------------------------------------- the format */

static int format_open(const struct disk_source *source, void **image,
                       uint64_t *size, char *error, size_t error_size)
{
    struct qcow2 *q = NULL;
    int result = qcow2_open(source, &q, error, error_size);

    if (result < 0)
        return result;
    *image = q;
    *size = (q->header.size + 511) & ~511ull;
    return 0;
}

static int format_close(void *image)
{
    return qcow2_close(image);
}

static int format_read(void *image, uint64_t offset, void *data, size_t size)
{
    return qcow2_read_data(image, offset, data, size);
}

static int format_write(void *image, uint64_t offset, const void *data,
                        size_t size)
{
    return qcow2_write_data(image, offset, data, size);
}

static int format_flush(void *image)
{
    return qcow2_flush_image(image);
}

static int format_content(void *image, uint64_t offset, uint64_t *size,
                          enum disk_content *content)
{
    return qcow2_content_at(image, offset, size, content);
}

const struct disk_format disk_format_qcow2 = {
    .name = "qcow2",
    .probe = qcow2_probe,
    .open = format_open,
    .close = format_close,
    .read = format_read,
    .write = format_write,
    .flush = format_flush,
    .content = format_content,
};
