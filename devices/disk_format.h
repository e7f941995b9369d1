/* disk_format.h - what an image format provides, and what the host does.
 *
 * Private to the disk*.c files. A format is a row in disk_layer.c's table;
 * the first one whose probe accepts the file is used, raw accepts all. */
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
/* A new, empty file; one that is there loses what it holds. */
int host_file_create(const char *path, struct host_file **file);
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
/* Cut, or longer by zeros; -ENOSPC where a device has no more room. */
int host_file_resize(struct host_file *file, uint64_t size);
/* Bytes that it takes on the host, holes not counted. */
int host_file_allocated(struct host_file *file, uint64_t *bytes);
/* Equal for two names of one file. */
int host_file_identity(const char *path, uint64_t identity[2]);
/* What an errno means, in words, and what the user can do about it. */
const char *host_error_text(int error);
const char *host_error_remedy(int error);

/* Reads past the end of a file that was longer when it was opened; tables
 * of an image that contradict themselves. */
enum { DISK_ERROR_SHRUNK = -100000, DISK_ERROR_DAMAGED = -100001 };

struct disk_layer;

/* Images on top of one that is being opened: against circles. */
struct disk_above {
    const struct disk_above *above;
    uint64_t identity[2];
    unsigned depth;
};

/* What a format is opened with. `lax`: nobody needs what a failing host
 * leaves behind, as while converting, so that no order is kept on disk. */
struct disk_source {
    const char *path;
    struct host_file *file;
    bool writable;
    bool lax;
    bool alone; /* without its backing file: for repairs */
    const struct disk_above *above;
};

enum disk_content { CONTENT_DATA, CONTENT_ZERO };

/* `image` is the format's own object. Offsets are guest offsets, checked
 * against the size before the format sees them. */
struct disk_format {
    const char *name;
    /* `head` is the first bytes of the file. */
    bool (*probe)(const uint8_t *head, size_t size);
    /* Takes over source->file on success. */
    int (*open)(const struct disk_source *source, void **image, uint64_t *size,
                char *error, size_t error_size);
    /* Brings order into the file; the result matters to tools. */
    int (*close)(void *image);
    int (*read)(void *image, uint64_t offset, void *data, size_t size);
    int (*write)(void *image, uint64_t offset, const void *data, size_t size);
    int (*flush)(void *image);
    /* What is at `offset`, for up to *size bytes, at least one; may be NULL.
     * A backing file's contents are content. */
    int (*content)(void *image, uint64_t offset, uint64_t *size,
                   enum disk_content *content);
};

extern const struct disk_format disk_format_raw;
/* Bytes that the caller keeps; `image` is their address. Never guessed. */
extern const struct disk_format disk_format_memory;
extern const struct disk_format disk_format_qcow2;

/* One image of a chain, opened. `probed`: the format was guessed. */
struct disk_layer {
    const struct disk_format *format;
    void *image;
    uint64_t size; /* bytes */
    bool probed;
};

struct disk_layer_options {
    const char *format; /* NULL: by the file's first bytes */
    bool writable, lax, alone;
    const struct disk_above *above;
};

/* Negative with "FILE: reason; remedy" in error[]. */
int disk_layer_open(struct disk_layer *layer, const char *path,
                    const struct disk_layer_options *options, char *error,
                    size_t error_size);
int disk_layer_close(struct disk_layer *layer);
/* Past the end of the layer are zeros. */
int disk_layer_read(const struct disk_layer *layer, uint64_t offset, void *data,
                    size_t size);
/* NULL for an unknown name. */
const struct disk_format *disk_format_by_name(const char *name);
/* Does `head` belong to an image of a format other than raw? */
bool disk_head_is_image(const uint8_t *head, size_t size);

/* Writes over an image that go to a temporary file (disk_overlay.c). */
struct disk_overlay;

int disk_overlay_create(uint64_t size, struct disk_overlay **overlay);
void disk_overlay_destroy(struct disk_overlay *overlay);
int disk_overlay_read(struct disk_overlay *overlay,
                      const struct disk_layer *base, uint64_t offset,
                      void *data, size_t size);
int disk_overlay_write(struct disk_overlay *overlay,
                       const struct disk_layer *base, uint64_t offset,
                       const void *data, size_t size);

#endif
