/* img_convert.c - umbra-img convert: copies a disk into a new image.
 *
 * Zeros are left out. With a backing file only what differs from it is
 * written. The copy is not consistent before the program has ended well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/img/img.h"

enum { CHUNK = 4 << 20, RAW_UNIT = 4096 };

/* `unit` divides CHUNK: a cluster of the output, or RAW_UNIT. */
struct job {
    const struct img_options *o;
    struct umbra_disk *in, *out;
    uint8_t *data, *old; /* CHUNK bytes each; `old` with a backing file */
    size_t unit;
    char *error;
};

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && !memcmp(data, data + 1, size - 1));
}

/* Would reading the output give this already? */
static bool is_there(const struct job *j, size_t at, size_t size)
{
    if (j->old)
        return !memcmp(j->data + at, j->old + at, size);
    return is_zero(j->data + at, size);
}

/* The unit at `at` of the chunk; the last one is filled up with zeros. */
static bool write_packed(struct job *j, uint64_t offset, size_t at, size_t size)
{
    memset(j->data + at + size, 0, j->unit - size);
    return umbra_disk_write_compressed(j->out, offset + at, j->data + at,
                                       j->error);
}

/* Units that are needed, as many as are in a row at a time. */
static bool write_chunk(struct job *j, uint64_t offset, size_t size)
{
    size_t at = 0, n;

    if (j->old && !umbra_disk_read(j->out, offset, j->old, size, j->error))
        return false;
    while (at < size) {
        n = size - at < j->unit ? size - at : j->unit;
        if (is_there(j, at, n)) {
            at += n;
            continue;
        }
        if (j->o->compress) {
            if (!write_packed(j, offset, at, n))
                return false;
            at += n;
            continue;
        }
        while (at + n < size) {
            size_t more = size - at - n < j->unit ? size - at - n : j->unit;
            if (is_there(j, at + n, more))
                break;
            n += more;
        }
        if (!umbra_disk_write(j->out, offset + at, j->data + at, n, j->error))
            return false;
        at += n;
    }
    return true;
}

static bool copy(struct job *j)
{
    uint64_t size = umbra_disk_size(j->in), offset = 0;
    struct img_progress progress;
    bool done = true;

    img_progress_init(&progress, j->o);
    while (done && offset < size) {
        uint64_t n = size - offset < CHUNK - offset % CHUNK
                         ? size - offset
                         : CHUNK - offset % CHUNK;
        bool zero;

        n = umbra_disk_content(j->in, offset, n, &zero, j->error);
        done = n != 0;
        /* Whole units only, but at the end. */
        if (done && n > j->unit && offset + n < size)
            n -= (offset + n) % j->unit;
        else if (done && n < j->unit) {
            n = j->unit - offset % j->unit;
            n = n < size - offset ? n : size - offset;
            zero = false;
        }
        if (done && (!zero || j->old))
            done =
                umbra_disk_read(j->in, offset, j->data, (size_t)n, j->error) &&
                write_chunk(j, offset, (size_t)n);
        offset += n;
        img_progress_tell(&progress, offset, size);
    }
    img_progress_end(&progress);
    return done;
}

static bool open_output(struct job *j)
{
    struct umbra_disk_create create = j->o->create;
    uint64_t cluster;

    create.path = j->o->file[1];
    create.format = j->o->out_format ? j->o->out_format : "raw";
    create.size = umbra_disk_size(j->in);
    if (j->o->compress && strcmp(create.format, "qcow2")) {
        snprintf(j->error, UMBRA_DISK_ERROR_SIZE,
                 "-c: %s images are never compressed; add -O qcow2",
                 create.format);
        return false;
    }
    if (!umbra_disk_create(&create, j->error))
        return false;
    j->out = umbra_disk_open(&(struct umbra_disk_open){.path = create.path,
                                                       .format = create.format,
                                                       .writable = true,
                                                       .lax = true},
                             j->error);
    if (!j->out)
        return false;
    cluster = umbra_disk_cluster_size(j->out);
    j->unit = cluster ? (size_t)cluster : RAW_UNIT;
    j->data = malloc(CHUNK);
    j->old = create.backing ? malloc(CHUNK) : NULL;
    if (j->data && (j->old || !create.backing))
        return true;
    strcpy(j->error, "out of memory; close other programs");
    return false;
}

int img_convert(const struct img_options *o)
{
    char error[UMBRA_DISK_ERROR_SIZE], ignored[UMBRA_DISK_ERROR_SIZE];
    struct job j = {.o = o, .error = error};
    bool done;

    j.in = umbra_disk_open(
        &(struct umbra_disk_open){.path = o->file[0], .format = o->format},
        error);
    if (!j.in)
        return img_fail(error);
    done = open_output(&j) && copy(&j);
    umbra_disk_close(j.in, ignored);
    if (j.out && !umbra_disk_close(j.out, done ? error : ignored))
        done = false;
    free(j.data);
    free(j.old);
    return done ? IMG_OK : img_fail(error);
}
