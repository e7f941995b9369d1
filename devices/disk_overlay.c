/* disk_overlay.c - a snapshot: writes over an image that are thrown away.
 *
 * Written granules of 4 KiB live in a nameless temporary file at their own
 * offset (a sparse file); a bit per granule says where to look. The image
 * below is only ever read. */
#include "devices/disk_format.h"

#include <errno.h>
#include <stdlib.h>

enum { GRANULE_SHIFT = 12, GRANULE = 1 << GRANULE_SHIFT };

/* `present` has a bit for each granule of `size` bytes; the file holds a
 * whole granule (cut at `size`) wherever the bit is set. */
struct disk_overlay {
    struct host_file *file;
    uint64_t size;
    uint8_t *present;
    uint8_t granule[GRANULE]; /* for merging */
};

int disk_overlay_create(uint64_t size, struct disk_overlay **overlay)
{
    uint64_t bytes = (size >> GRANULE_SHIFT) / 8 + 1;
    struct disk_overlay *new;
    int result;

    if (bytes > SIZE_MAX / 2)
        return -ENOMEM;
    new = calloc(1, sizeof *new);
    if (!new)
        return -ENOMEM;
    new->size = size;
    new->present = calloc(1, (size_t)bytes);
    result = new->present ? host_file_temporary(&new->file) : -ENOMEM;
    if (result < 0) {
        disk_overlay_destroy(new);
        return result;
    }
    *overlay = new;
    return 0;
}

void disk_overlay_destroy(struct disk_overlay *overlay)
{
    if (overlay->file)
        host_file_close(overlay->file);
    free(overlay->present);
    free(overlay);
}

/* One bit per granule: 32 KiB of bits for each GiB of disk. */
static bool overlay_has(const struct disk_overlay *overlay, uint64_t granule)
{
    return overlay->present[granule / 8] >> (granule % 8) & 1;
}

/* Bytes of [offset, offset + size) that lie in the granule of `offset`. */
static size_t overlay_piece(uint64_t offset, size_t size)
{
    uint64_t room = GRANULE - (offset & (GRANULE - 1));

    return (size_t)min_u64(size, room);
}

static int overlay_get(struct disk_overlay *overlay,
                       const struct disk_layer *base, uint64_t offset,
                       uint8_t *data, size_t size)
{
    size_t done = 0;
    int result;

    if (!overlay_has(overlay, offset >> GRANULE_SHIFT))
        return disk_layer_read(base, offset, data, size);
    result = host_file_read(overlay->file, offset, data, size, &done);
    if (result < 0)
        return result;
    return done < size ? -EIO : 0;
}

int disk_overlay_read(struct disk_overlay *overlay,
                      const struct disk_layer *base, uint64_t offset,
                      void *data, size_t size)
{
    uint8_t *to = data;

    while (size) {
        size_t piece = overlay_piece(offset, size);
        int result = overlay_get(overlay, base, offset, to, piece);

        if (result < 0)
            return result;
        to += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

/* One granule: what the write leaves of it comes from where it was. */
static int overlay_put(struct disk_overlay *overlay,
                       const struct disk_layer *base, uint64_t offset,
                       const uint8_t *data, size_t size)
{
    uint64_t granule = offset >> GRANULE_SHIFT;
    uint64_t start = granule << GRANULE_SHIFT;
    size_t whole = (size_t)min_u64(GRANULE, overlay->size - start);
    int result;

    if (overlay_has(overlay, granule) || size == whole) {
        result = host_file_write(overlay->file, offset, data, size);
    } else {
        result = disk_layer_read(base, start, overlay->granule, whole);
        if (result < 0)
            return result;
        memcpy(overlay->granule + (offset - start), data, size);
        result = host_file_write(overlay->file, start, overlay->granule, whole);
    }
    if (result == 0)
        overlay->present[granule / 8] |= (uint8_t)(1u << (granule % 8));
    return result;
}

/* Pieces before a failing one stay written, as on a disk. */
int disk_overlay_write(struct disk_overlay *overlay,
                       const struct disk_layer *base, uint64_t offset,
                       const void *data, size_t size)
{
    const uint8_t *from = data;

    while (size) {
        size_t piece = overlay_piece(offset, size);
        int result = overlay_put(overlay, base, offset, from, piece);

        if (result < 0)
            return result;
        from += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}
