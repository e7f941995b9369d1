/* disk.c - image files as disks: formats, bounds, snapshots, failures.
 *
 * Modelled: raw images through a table of formats, read-only images,
 * snapshots whose writes are thrown away, counters. All host I/O is
 * synchronous. Not modelled here: anything a guest can see of a drive; that
 * is the drives' business (ata_disk.c, atapi.c, fdc_i82077.c). */
#include "devices/disk.h"

#include "devices/disk_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Probed in this order; raw accepts everything and stays last. */
static const struct disk_format *const formats[] = {
    &disk_format_raw,
};

enum { PROBE_SIZE = 4096 };

enum disk_action { ACTION_READ, ACTION_WRITE, ACTION_FLUSH, ACTION_COUNT };

static const char *const action_name[ACTION_COUNT] = {"read", "write", "flush"};

/* Between calls everything written is with the host; only fdatasync
 * (disk_flush) brings it to the medium. */
struct disk {
    char *path;
    const struct disk_format *format;
    void *image;
    uint64_t size;                /* bytes, whole sectors */
    bool read_only;               /* for the guest */
    bool dirty;                   /* written since the last flush */
    struct disk_overlay *overlay; /* snapshot, or NULL */
    struct disk_options options;
    struct disk_counters counters;
    uint64_t told; /* bit per disk_action: `failed` was called */
};

static void disk_say(char *error, size_t error_size, const char *path,
                     const char *reason, const char *remedy)
{
    snprintf(error, error_size, "%s: %s%s%s", path, reason, *remedy ? "; " : "",
             remedy);
}

/* Every failure is logged; the front end hears of the first of each kind. */
static int disk_fail(struct disk *disk, enum disk_action action,
                     uint64_t offset, int result)
{
    char line[512];

    disk->counters.errors++;
    snprintf(line, sizeof line, "%s: cannot %s at byte %llu: %s; %s",
             disk->path, action_name[action], (unsigned long long)offset,
             host_error_text(result), host_error_remedy(result));
    if (disk->options.log)
        LOG(disk->options.log, DISK, "%s", line);
    if (disk->options.failed && !(disk->told >> action & 1)) {
        disk->told |= 1u << action;
        disk->options.failed(disk->options.opaque, line);
    }
    return result;
}

/* A file that cannot be read here fails again, with a message, later. */
static const struct disk_format *disk_probe(struct host_file *file)
{
    uint8_t head[PROBE_SIZE];
    size_t got = 0;

    if (host_file_read(file, 0, head, sizeof head, &got) < 0)
        got = 0;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (formats[i]->probe(head, got))
            return formats[i];
    return &disk_format_raw;
}

/* Opens the format over the file and, for a snapshot, the overlay. */
static bool disk_start(struct disk *disk, char *error, size_t error_size)
{
    const struct host_file_mode mode = {.writable = !disk->options.read_only &&
                                                    !disk->options.snapshot};
    struct host_file *file = NULL;
    int result = host_file_open(disk->path, &mode, &file);

    if (result < 0) {
        disk_say(error, error_size, disk->path, host_error_text(result),
                 host_error_remedy(result));
        return false;
    }
    disk->format = disk_probe(file);
    error[0] = '\0';
    result = disk->format->open(file, mode.writable, &disk->image, &disk->size,
                                error, error_size);
    if (result < 0) {
        char reason[256];
        snprintf(reason, sizeof reason, "%s",
                 error[0] ? error : host_error_text(result));
        host_file_close(file);
        disk->image = NULL;
        disk_say(error, error_size, disk->path, reason, "");
        return false;
    }
    if (disk->options.snapshot && !disk->options.read_only) {
        result = disk_overlay_create(disk->size, &disk->overlay);
        if (result < 0) {
            disk_say(error, error_size, disk->path,
                     "no temporary file for the snapshot",
                     host_error_text(result));
            return false;
        }
    }
    return true;
}

struct disk *disk_open(const char *path, const struct disk_options *options,
                       char *error, size_t error_size)
{
    struct disk *disk = calloc(1, sizeof *disk);

    if (disk)
        disk->path = malloc(strlen(path) + 1);
    if (!disk || !disk->path) {
        free(disk);
        disk_say(error, error_size, path, "out of memory", "");
        return NULL;
    }
    strcpy(disk->path, path);
    disk->options = *options;
    disk->read_only = options->read_only;
    if (!disk_start(disk, error, error_size)) {
        disk_close(disk);
        return NULL;
    }
    return disk;
}

/* What the guest forgot to flush is flushed now. */
void disk_close(struct disk *disk)
{
    if (!disk)
        return;
    if (disk->image) {
        if (disk->dirty)
            disk_flush(disk);
        disk->format->close(disk->image);
    }
    if (disk->overlay)
        disk_overlay_destroy(disk->overlay);
    free(disk->path);
    free(disk);
}

const char *disk_path(const struct disk *disk)
{
    return disk->path;
}

const char *disk_format_name(const struct disk *disk)
{
    return disk->format->name;
}

uint64_t disk_size(const struct disk *disk)
{
    return disk->size;
}

uint64_t disk_sectors(const struct disk *disk)
{
    return disk->size / SECTOR_SIZE;
}

bool disk_read_only(const struct disk *disk)
{
    return disk->read_only;
}

const struct disk_counters *disk_get_counters(const struct disk *disk)
{
    return &disk->counters;
}

/* The guest asked for sectors that do not exist: no failure of the host. */
static bool disk_in_range(const struct disk *disk, uint64_t offset, size_t size)
{
    return offset <= disk->size && size <= disk->size - offset;
}

int disk_read(struct disk *disk, uint64_t offset, void *data, size_t size)
{
    int result;

    if (!disk_in_range(disk, offset, size))
        return -EINVAL;
    disk->counters.reads++;
    if (disk->overlay)
        result = disk_overlay_read(disk->overlay, disk->format, disk->image,
                                   offset, data, size);
    else
        result = disk->format->read(disk->image, offset, data, size);
    if (result < 0)
        return disk_fail(disk, ACTION_READ, offset, result);
    disk->counters.bytes_read += size;
    return 0;
}

/* The sectors count as dirty even when writing them failed half way. */
int disk_write(struct disk *disk, uint64_t offset, const void *data,
               size_t size)
{
    int result;

    if (disk->read_only)
        return -EROFS;
    if (!disk_in_range(disk, offset, size))
        return -EINVAL;
    disk->counters.writes++;
    disk->dirty = true;
    if (disk->overlay)
        result = disk_overlay_write(disk->overlay, disk->format, disk->image,
                                    offset, data, size);
    else
        result = disk->format->write(disk->image, offset, data, size);
    if (result < 0)
        return disk_fail(disk, ACTION_WRITE, offset, result);
    disk->counters.bytes_written += size;
    return 0;
}

/* A snapshot is thrown away anyway: nothing to bring to the medium. */
int disk_flush(struct disk *disk)
{
    int result = 0;

    disk->counters.flushes++;
    if (!disk->read_only && !disk->overlay)
        result = disk->format->flush(disk->image);
    if (result < 0)
        return disk_fail(disk, ACTION_FLUSH, 0, result);
    disk->dirty = false;
    return 0;
}
