/* disk_format.h - what an image format provides, and what the host does.
 *
 * Private to the disk*.c files. A format is a row in disk.c's table; the
 * first one whose probe accepts the file is used, raw accepts all. */
#ifndef UMBRA_DISK_FORMAT_H
#define UMBRA_DISK_FORMAT_H

#include "devices/core/base.h"

/* A host file; every function returns 0 or a negative errno. */
struct host_file;

struct host_file_mode {
    bool writable;
};

int host_file_open(const char *path, const struct host_file_mode *mode,
                   struct host_file **file);
/* A nameless file that vanishes when it is closed. */
int host_file_temporary(struct host_file **file);
void host_file_close(struct host_file *file);
int host_file_size(struct host_file *file, uint64_t *size);
/* *done < size at the end of the file. */
int host_file_read(struct host_file *file, uint64_t offset, void *data,
                   size_t size, size_t *done);
int host_file_write(struct host_file *file, uint64_t offset, const void *data,
                    size_t size);
int host_file_sync(struct host_file *file);
/* What an errno means, in words, and what the user can do about it. */
const char *host_error_text(int error);
const char *host_error_remedy(int error);

/* `image` is the format's own object. Offsets are guest offsets, checked
 * against the size before the format sees them. */
struct disk_format {
    const char *name;
    /* `head` is the first bytes of the file. */
    bool (*probe)(const uint8_t *head, size_t size);
    /* Takes over `file` on success. */
    int (*open)(struct host_file *file, bool writable, void **image,
                uint64_t *size, char *error, size_t error_size);
    void (*close)(void *image);
    int (*read)(void *image, uint64_t offset, void *data, size_t size);
    int (*write)(void *image, uint64_t offset, const void *data, size_t size);
    int (*flush)(void *image);
};

/* Reads past the end of a file that was longer when it was opened. */
enum { DISK_ERROR_SHRUNK = -100000 };

extern const struct disk_format disk_format_raw;

/* Writes over an image that go to a temporary file (disk_overlay.c). */
struct disk_overlay;

int disk_overlay_create(uint64_t size, struct disk_overlay **overlay);
void disk_overlay_destroy(struct disk_overlay *overlay);
int disk_overlay_read(struct disk_overlay *overlay,
                      const struct disk_format *base, void *image,
                      uint64_t offset, void *data, size_t size);
int disk_overlay_write(struct disk_overlay *overlay,
                       const struct disk_format *base, void *image,
                       uint64_t offset, const void *data, size_t size);

#endif
