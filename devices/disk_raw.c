/* disk_raw.c - raw images: byte n of the file is byte n of the disk.
 *
 * A file that is no multiple of 512 bytes long is rounded up: the missing
 * tail reads as zeros and a write to the last sector makes it whole. A file
 * that became shorter than it was is an error, never silent zeros. */
#include "devices/disk.h"
#include "devices/disk_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct disk_raw {
    struct host_file *file;
    uint64_t file_size; /* bytes that must be there */
};

static bool raw_probe(const uint8_t *head, size_t size)
{
    (void)head;
    (void)size;
    return true;
}

static int raw_open(const struct disk_source *source, void **image,
                    uint64_t *size, char *error, size_t error_size)
{
    struct disk_raw *raw;
    uint64_t bytes = 0;
    int result = host_file_size(source->file, &bytes);

    if (result < 0)
        return result;
    if (bytes == 0) {
        snprintf(error, error_size, "the file is empty; use another file");
        return -EINVAL;
    }
    raw = calloc(1, sizeof *raw);
    if (!raw)
        return -ENOMEM;
    raw->file = source->file;
    raw->file_size = bytes;
    *image = raw;
    *size = (bytes + SECTOR_SIZE - 1) / SECTOR_SIZE * SECTOR_SIZE;
    return 0;
}

static int raw_close(void *image)
{
    struct disk_raw *raw = image;

    host_file_close(raw->file);
    free(raw);
    return 0;
}

static int raw_read(void *image, uint64_t offset, void *data, size_t size)
{
    struct disk_raw *raw = image;
    size_t present = 0, done = 0;
    int result;

    if (offset < raw->file_size)
        present = (size_t)min_u64(size, raw->file_size - offset);
    result = host_file_read(raw->file, offset, data, present, &done);
    if (result < 0)
        return result;
    if (done < present)
        return DISK_ERROR_SHRUNK;
    memset((uint8_t *)data + present, 0, size - present);
    return 0;
}

static int raw_write(void *image, uint64_t offset, const void *data,
                     size_t size)
{
    struct disk_raw *raw = image;
    uint64_t now = 0;
    int result = host_file_size(raw->file, &now);

    if (result < 0)
        return result;
    /* Writing into a truncated file would leave a hole of zeros where the
     * guest's data was. */
    if (now < raw->file_size)
        return DISK_ERROR_SHRUNK;
    result = host_file_write(raw->file, offset, data, size);
    if (result == 0 && offset + size > raw->file_size)
        raw->file_size = offset + size;
    return result;
}

static int raw_flush(void *image)
{
    struct disk_raw *raw = image;

    return host_file_sync(raw->file);
}

const struct disk_format disk_format_raw = {
    .name = "raw",
    .probe = raw_probe,
    .open = raw_open,
    .close = raw_close,
    .read = raw_read,
    .write = raw_write,
    .flush = raw_flush,
};
