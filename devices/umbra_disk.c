/* umbra_disk.c - the public interface to disk images (umbra_disk.h). */
#include "umbra_disk.h"

#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct umbra_disk {
    struct disk_layer layer;
    bool writable;
    char path[UMBRA_DISK_NAME_SIZE];
};

PRINTF(2, 3) static bool fail(char *error, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, UMBRA_DISK_ERROR_SIZE, fmt, ap);
    va_end(ap);
    return false;
}

/* The host's failure `result` while doing something with `path`. */
static bool fail_host(char *error, const char *path, const char *doing,
                      int result)
{
    if (result >= 0)
        return true;
    return fail(error, "%.256s: %s%s; %s", path, doing, host_error_text(result),
                host_error_remedy(result));
}

static struct qcow2 *qcow2_of(const struct umbra_disk *disk)
{
    return disk->layer.format == &disk_format_qcow2 ? disk->layer.image : NULL;
}

/* ------------------------------------------------------------------ access */

struct umbra_disk *umbra_disk_open(const struct umbra_disk_open *how,
                                   char error[UMBRA_DISK_ERROR_SIZE])
{
    const struct disk_layer_options options = {
        .format = how->format, .writable = how->writable, .lax = how->lax};
    struct umbra_disk *disk = calloc(1, sizeof *disk);

    if (!disk) {
        fail_host(error, how->path, "", -ENOMEM);
        return NULL;
    }
    snprintf(disk->path, sizeof disk->path, "%s", how->path);
    disk->writable = how->writable;
    if (disk_layer_open(&disk->layer, how->path, &options, error,
                        UMBRA_DISK_ERROR_SIZE) < 0) {
        free(disk);
        return NULL;
    }
    return disk;
}

bool umbra_disk_close(struct umbra_disk *disk,
                      char error[UMBRA_DISK_ERROR_SIZE])
{
    int result = 0, closed;
    bool done;

    if (disk->writable)
        result = disk->layer.format->flush(disk->layer.image);
    closed = disk_layer_close(&disk->layer);
    if (result == 0)
        result = closed;
    done = fail_host(error, disk->path, "cannot finish: ", result);
    free(disk);
    return done;
}

uint64_t umbra_disk_size(const struct umbra_disk *disk)
{
    return disk->layer.size;
}

uint64_t umbra_disk_cluster_size(const struct umbra_disk *disk)
{
    return qcow2_of(disk) ? qcow2_of(disk)->cluster_size : 0;
}

const char *umbra_disk_format(const struct umbra_disk *disk)
{
    return disk->layer.format->name;
}

static bool in_range(const struct umbra_disk *disk, uint64_t offset,
                     uint64_t size, char *error)
{
    if (offset <= disk->layer.size && size <= disk->layer.size - offset)
        return true;
    return fail(error, "%.256s: byte %llu lies outside; use a larger disk",
                disk->path, (unsigned long long)offset);
}

bool umbra_disk_read(struct umbra_disk *disk, uint64_t offset, void *data,
                     size_t size, char error[UMBRA_DISK_ERROR_SIZE])
{
    return in_range(disk, offset, size, error) &&
           fail_host(error, disk->path, "cannot read: ",
                     disk_layer_read(&disk->layer, offset, data, size));
}

bool umbra_disk_write(struct umbra_disk *disk, uint64_t offset,
                      const void *data, size_t size,
                      char error[UMBRA_DISK_ERROR_SIZE])
{
    if (!disk->writable)
        return fail_host(error, disk->path, "cannot write: ", -EROFS);
    return in_range(disk, offset, size, error) &&
           fail_host(error, disk->path, "cannot write: ",
                     disk->layer.format->write(disk->layer.image, offset, data,
                                               size));
}

bool umbra_disk_write_compressed(struct umbra_disk *disk, uint64_t offset,
                                 const void *data,
                                 char error[UMBRA_DISK_ERROR_SIZE])
{
    struct qcow2 *q = qcow2_of(disk);

    if (!q || !disk->writable || offset % q->cluster_size)
        return fail_host(error, disk->path, "cannot write: ", -EINVAL);
    return in_range(disk, offset, 1, error) &&
           fail_host(error, disk->path,
                     "cannot write: ", qcow2_write_packed(q, offset, data));
}

uint64_t umbra_disk_content(struct umbra_disk *disk, uint64_t offset,
                            uint64_t size, bool *zero,
                            char error[UMBRA_DISK_ERROR_SIZE])
{
    enum disk_content content = CONTENT_DATA;
    int result = 0;

    if (!size || !in_range(disk, offset, size, error))
        return 0;
    if (disk->layer.format->content)
        result = disk->layer.format->content(disk->layer.image, offset, &size,
                                             &content);
    *zero = content == CONTENT_ZERO;
    return fail_host(error, disk->path, "cannot read: ", result) ? size : 0;
}

/* ------------------------------------------------------------------ create */

/* A wrong name shows here; and open files cannot be written over. */
static struct umbra_disk *open_backing(const struct umbra_disk_create *what,
                                       char *error)
{
    char path[4096];

    if (!what->backing_format) {
        fail(error,
             "%.256s: nobody said which format the backing file has; add -F "
             "raw or -F qcow2",
             what->backing);
        return NULL;
    }
    if (!qcow2_backing_path(what->path, what->backing, path, sizeof path)) {
        fail(error, "%.256s: is no file of this host; use one as backing file",
             what->backing);
        return NULL;
    }
    return umbra_disk_open(
        &(struct umbra_disk_open){.path = path, .format = what->backing_format},
        error);
}

static bool exponent(uint64_t value, unsigned *power)
{
    *power = 0;
    while (value > 1 && value % 2 == 0) {
        value /= 2;
        ++*power;
    }
    return value == 1;
}

static struct qcow2_new new_qcow2(const struct umbra_disk_create *what,
                                  uint64_t size)
{
    struct qcow2_new new = {
        .size = size,
        .version = what->version ? what->version : 3,
        .lazy = what->lazy_refcounts,
        .backing = what->backing,
        .backing_format = what->backing_format,
    };

    if (!exponent(what->cluster_size ? what->cluster_size : 65536,
                  &new.cluster_bits))
        new.cluster_bits = 0;
    if (!exponent(what->refcount_bits ? what->refcount_bits : 16,
                  &new.refcount_order))
        new.refcount_order = 7;
    return new;
}

/* `qcow2` NULL: raw. */
static bool create_file(const struct umbra_disk_create *what, uint64_t size,
                        const struct qcow2_new *qcow2, char *error)
{
    char reason[256] = "";
    struct host_file *file;
    int result = host_file_create(what->path, &file);

    if (result == -EBUSY && what->backing)
        return fail(error,
                    "%.256s: is among its own backing files, or in use by "
                    "another program; use another name",
                    what->path);
    if (result < 0)
        return fail_host(error, what->path, "", result);
    result = qcow2 ? qcow2_create(file, qcow2, reason, sizeof reason)
                   : host_file_resize(file, size);
    if (result == 0)
        result = host_file_sync(file);
    host_file_close(file);
    if (result < 0 && reason[0])
        return fail(error, "%.200s: %s", what->path, reason);
    return fail_host(error, what->path, "cannot create: ", result);
}

/* A file that is there is kept until all has been judged. */
static bool judge_and_create(const struct umbra_disk_create *what,
                             uint64_t size, char *error)
{
    char reason[256];
    struct qcow2_new new;

    if (size > INT64_MAX - 511)
        return fail_host(error, what->path, "", -EFBIG);
    size = (size + 511) & ~511ull;
    if (!strcmp(what->format, "raw"))
        return create_file(what, size, NULL, error);
    new = new_qcow2(what, size);
    if (qcow2_judge_new(&new, reason, sizeof reason) < 0)
        return fail(error, "%.200s: %s", what->path, reason);
    return create_file(what, size, &new, error);
}

bool umbra_disk_create(const struct umbra_disk_create *what,
                       char error[UMBRA_DISK_ERROR_SIZE])
{
    char ignored[UMBRA_DISK_ERROR_SIZE];
    struct umbra_disk *backing = NULL;
    uint64_t size = what->size;
    bool done;

    if (!disk_format_by_name(what->format))
        return fail(error, "%.64s: no such format; use raw or qcow2",
                    what->format);
    if (what->backing && !strcmp(what->format, "raw"))
        return fail(error,
                    "%.256s: raw images have no backing file; use -f qcow2",
                    what->path);
    if (what->backing) {
        backing = open_backing(what, error);
        if (!backing)
            return false;
        if (what->size_from_backing)
            size = umbra_disk_size(backing);
    }
    done = judge_and_create(what, size, error);
    if (backing)
        umbra_disk_close(backing, ignored);
    return done;
}

/* -------------------------------------------------------------------- info */

static void info_qcow2(const struct qcow2 *q, const char *path,
                       struct umbra_disk_info *info)
{
    const struct qcow2_header *h = &q->header;

    info->size = h->size;
    info->cluster_size = q->cluster_size;
    info->version = h->version;
    info->refcount_bits = 1u << h->refcount_order;
    info->snapshots = h->snapshots;
    info->lazy_refcounts = h->compatible & QCOW2_LAZY;
    info->dirty = h->incompatible & QCOW2_DIRTY;
    info->corrupt = h->incompatible & QCOW2_CORRUPT;
    info->bitmaps = h->has_bitmaps;
    strcpy(info->backing, h->backing);
    strcpy(info->backing_format, h->backing_format);
    if (h->backing[0] &&
        !qcow2_backing_path(path, h->backing, info->backing_path,
                            sizeof info->backing_path))
        info->backing_path[0] = 0;
}

bool umbra_disk_info(const char *path, const char *format,
                     struct umbra_disk_info *info,
                     char error[UMBRA_DISK_ERROR_SIZE])
{
    const struct disk_layer_options options = {.format = format, .alone = true};
    const struct host_file_mode mode = {.writable = false};
    struct disk_layer layer;
    struct host_file *file;
    int result;

    memset(info, 0, sizeof *info);
    if (disk_layer_open(&layer, path, &options, error, UMBRA_DISK_ERROR_SIZE) <
        0)
        return false;
    snprintf(info->format, sizeof info->format, "%s", layer.format->name);
    info->size = layer.size;
    if (layer.format == &disk_format_qcow2)
        info_qcow2(layer.image, path, info);
    disk_layer_close(&layer);
    result = host_file_open(path, &mode, &file);
    if (result == 0) {
        result = host_file_allocated(file, &info->file_bytes);
        host_file_close(file);
    }
    return fail_host(error, path, "", result);
}

/* ------------------------------------------------------------------- check */

/* One look, or one repair. */
static bool check_once(const char *path, const char *format,
                       enum umbra_disk_repair repair,
                       const struct umbra_disk_watch *watch,
                       struct qcow2_report *report, bool *supported,
                       char *error)
{
    const struct disk_layer_options options = {
        .format = format, .writable = repair != UMBRA_DISK_LOOK, .alone = true};
    const struct qcow2_check_ops ops = {watch->opaque, watch->say,
                                        watch->progress};
    struct disk_layer layer;
    int result, closed;

    if (disk_layer_open(&layer, path, &options, error, UMBRA_DISK_ERROR_SIZE) <
        0)
        return false;
    *supported = layer.format == &disk_format_qcow2;
    result = *supported
                 ? qcow2_check(layer.image, repair == UMBRA_DISK_FIX_LEAKS,
                               repair == UMBRA_DISK_FIX_ALL, &ops, report)
                 : 0;
    closed = disk_layer_close(&layer);
    return fail_host(error, path,
                     "cannot check: ", result < 0 ? result : closed);
}

bool umbra_disk_check(const char *path, const char *format,
                      enum umbra_disk_repair repair,
                      const struct umbra_disk_watch *watch,
                      struct umbra_disk_check *result,
                      char error[UMBRA_DISK_ERROR_SIZE])
{
    const struct umbra_disk_watch silent = {.opaque = NULL};
    struct qcow2_report before = {0}, after;

    memset(result, 0, sizeof *result);
    if (!check_once(path, format, repair, watch, &before, &result->supported,
                    error))
        return false;
    after = before;
    /* What a repair has left is found by looking again. */
    if (result->supported && repair != UMBRA_DISK_LOOK &&
        !check_once(path, format, UMBRA_DISK_LOOK, &silent, &after,
                    &result->supported, error))
        return false;
    result->corruptions = after.corruptions;
    result->leaks = after.leaks;
    if (repair != UMBRA_DISK_LOOK) {
        result->leaks_fixed = before.leaks - min_u64(before.leaks, after.leaks);
        result->corruptions_fixed =
            before.corruptions - min_u64(before.corruptions, after.corruptions);
    }
    result->clusters = after.clusters;
    result->allocated = after.allocated;
    result->compressed = after.compressed;
    result->fragmented = after.fragmented;
    result->end = after.end;
    return true;
}
