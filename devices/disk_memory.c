/* disk_memory.c - an image in the host's memory, as made by a front end.
 *
 * The bytes are the caller's and never change; a guest that is to write to
 * such a disk needs a snapshot over it (disk_overlay.c). */
#include "devices/disk_format.h"

#include <errno.h>

static bool memory_probe(const uint8_t *head, size_t size)
{
    (void)head, (void)size;
    return false;
}

static int memory_open(const struct disk_source *source, void **image,
                       uint64_t *size, char *error, size_t error_size)
{
    (void)source, (void)image, (void)size, (void)error, (void)error_size;
    return -EINVAL; /* there is no file */
}

static int memory_close(void *image)
{
    (void)image;
    return 0;
}

static int memory_read(void *image, uint64_t offset, void *data, size_t size)
{
    memcpy(data, (const uint8_t *)image + offset, size);
    return 0;
}

static int memory_write(void *image, uint64_t offset, const void *data,
                        size_t size)
{
    (void)image, (void)offset, (void)data, (void)size;
    return -EROFS;
}

static int memory_flush(void *image)
{
    (void)image;
    return 0;
}

const struct disk_format disk_format_memory = {
    .name = "memory",
    .probe = memory_probe,
    .open = memory_open,
    .close = memory_close,
    .read = memory_read,
    .write = memory_write,
    .flush = memory_flush,
};
