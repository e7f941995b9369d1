/* disk.h - an image file as a row of 512-byte sectors.
 *
 * All offsets are 64-bit bytes; the size is the file's, rounded up to a
 * whole sector. Calls return 0 or a negative errno, and a failure of the
 * host (file shrunk, host disk full) is also logged and told to `failed`
 * with one line that names file, reason and remedy; the guest sees an I/O
 * error. Formats plug in through struct disk_format. */
#ifndef UMBRA_DISK_H
#define UMBRA_DISK_H

#include "devices/core/base.h"
#include "devices/core/log.h"

enum { SECTOR_SIZE = 512 };

struct disk;

struct disk_options {
    bool read_only;     /* guest writes are refused */
    bool snapshot;      /* guest writes go to a temporary file, thrown away */
    const char *format; /* "raw", "qcow2"; NULL: by the file's first bytes */
    const void *memory; /* the image itself, instead of a file; or NULL */
    size_t memory_size;
    struct log *log;
    /* Told once per kind of host failure; may be NULL. */
    void (*failed)(void *opaque, const char *line);
    void *opaque;
};

/* NULL with one line in error[] when the file cannot serve. */
struct disk *disk_open(const char *path, const struct disk_options *options,
                       char *error, size_t error_size);
void disk_close(struct disk *disk);

const char *disk_path(const struct disk *disk);
const char *disk_format_name(const struct disk *disk);
uint64_t disk_size(const struct disk *disk);    /* bytes */
uint64_t disk_sectors(const struct disk *disk); /* of 512 bytes */
bool disk_read_only(const struct disk *disk);

int disk_read(struct disk *disk, uint64_t offset, void *data, size_t size);
int disk_write(struct disk *disk, uint64_t offset, const void *data,
               size_t size);
/* All that was written so far is on the host's medium on return. */
int disk_flush(struct disk *disk);

struct disk_counters {
    uint64_t reads, writes, flushes; /* calls */
    uint64_t bytes_read, bytes_written;
    uint64_t errors;
};

const struct disk_counters *disk_get_counters(const struct disk *disk);

#endif
