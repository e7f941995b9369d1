/* disk.c - image files as disks: bounds, snapshots, failures.
 *
 * Modelled: images of all formats (disk_layer.c), read-only images,
 * snapshots whose writes are thrown away, counters. All host I/O is
 * synchronous. Not modelled here: anything a guest can see of a drive; that
 * is the drives' business (ata_disk.c, atapi.c, fdc_i82077.c). */
#include "devices/disk.h"

#include "devices/disk_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum disk_action { ACTION_READ, ACTION_WRITE, ACTION_FLUSH, ACTION_COUNT };

static const char *const action_name[ACTION_COUNT] = {"read", "write", "flush"};

/* Between calls everything written is with the host; only fdatasync
 * (disk_flush) brings it to the medium. */
struct disk {
    char *path;
    struct disk_layer layer;
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
    snprintf(error, error_size, "%s: %s; %s", path, reason, remedy);
}

/* Every failure is logged; the front end hears of the first of each kind. */
static int disk_tell(struct disk *disk, enum disk_action action,
                     uint64_t offset, const char *text, const char *remedy)
{
    char line[512];

    disk->counters.errors++;
    snprintf(line, sizeof line, "%s: cannot %s at byte %llu: %s; %s",
             disk->path, action_name[action], (unsigned long long)offset, text,
             remedy);
    if (disk->options.log)
        LOG(disk->options.log, DISK, "%s", line);
    if (disk->options.failed && !(disk->told >> action & 1)) {
        disk->told |= 1u << action;
        disk->options.failed(disk->options.opaque, line);
    }
    return -EIO;
}

static int disk_fail(struct disk *disk, enum disk_action action,
                     uint64_t offset, int result)
{
    disk_tell(disk, action, offset, host_error_text(result),
              host_error_remedy(result));
    return result;
}

/* Opens the image and, for a snapshot, the overlay. */
static bool disk_start(struct disk *disk, char *error, size_t error_size)
{
    const struct disk_options *options = &disk->options;
    const struct disk_layer_options layer = {
        .format = options->format,
        .writable = !options->read_only && !options->snapshot,
    };
    uint64_t sectors;
    int result = 0;

    if (options->memory)
        disk->layer = (struct disk_layer){
            .format = &disk_format_memory,
            .image = (void *)(uintptr_t)options->memory,
            .size = options->memory_size,
        };
    else
        result = disk_layer_open(&disk->layer, disk->path, &layer, error,
                                 error_size);
    disk->options.format = NULL; /* the caller's */
    if (result < 0)
        return false;
    sectors = (disk->layer.size + SECTOR_SIZE - 1) / SECTOR_SIZE;
    disk->size = sectors * SECTOR_SIZE;
    if (sectors == 0) {
        disk_say(error, error_size, disk->path, "the disk has no sectors",
                 "make a larger one");
        return false;
    }
    if (options->snapshot && !options->read_only) {
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
        disk_say(error, error_size, path, "out of memory",
                 "close other programs");
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
    if (disk->layer.image) {
        if (disk->dirty)
            disk_flush(disk);
        disk_layer_close(&disk->layer);
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
    return disk->layer.format->name;
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
        result =
            disk_overlay_read(disk->overlay, &disk->layer, offset, data, size);
    else
        result = disk_layer_read(&disk->layer, offset, data, size);
    if (result < 0)
        return disk_fail(disk, ACTION_READ, offset, result);
    disk->counters.bytes_read += size;
    return 0;
}

/* A guest that turns its raw disk into the head of another image, whose
 * backing file could be any file of the host, would be handed that file at
 * the next start: not on a disk whose format was only guessed. Flash chips
 * are written byte by byte. */
static bool disk_disguises(const struct disk *disk, uint64_t offset,
                           const void *data, size_t size)
{
    uint8_t head[SECTOR_SIZE] = {0};

    if (offset >= sizeof head || !disk->layer.probed || disk->overlay ||
        disk->layer.format != &disk_format_raw ||
        disk_layer_read(&disk->layer, 0, head, sizeof head) < 0)
        return false;
    memcpy(head + offset, data, (size_t)min_u64(size, sizeof head - offset));
    return disk_head_is_image(head, sizeof head);
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
    if (disk_disguises(disk, offset, data, size))
        return disk_tell(disk, ACTION_WRITE, offset,
                         "the guest writes an image file's head, and nobody "
                         "said that this is a raw disk",
                         "start with -drive file=FILE,format=raw to allow it");
    disk->dirty = true;
    if (disk->overlay)
        result =
            disk_overlay_write(disk->overlay, &disk->layer, offset, data, size);
    else
        result =
            disk->layer.format->write(disk->layer.image, offset, data, size);
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
        result = disk->layer.format->flush(disk->layer.image);
    if (result < 0)
        return disk_fail(disk, ACTION_FLUSH, 0, result);
    disk->dirty = false;
    return 0;
}
