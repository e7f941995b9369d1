/* umbra_disk.h - the public interface to disk images, for tools.
 *
 * Images are raw or qcow2 (versions 2 and 3). No PC is needed. Like umbra.h
 * the library prints nothing and never exits; a failure is a line "FILE:
 * reason; remedy" in error[]. */
#ifndef UMBRA_DISK_API_H
#define UMBRA_DISK_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { UMBRA_DISK_ERROR_SIZE = 512, UMBRA_DISK_NAME_SIZE = 1024 };

struct umbra_disk;

struct umbra_disk_open {
    const char *path;
    const char *format; /* "raw", "qcow2"; NULL: by its first bytes */
    bool writable;
    /* What a crash leaves behind is thrown away anyway: much faster. */
    bool lax;
};

struct umbra_disk *umbra_disk_open(const struct umbra_disk_open *how,
                                   char error[UMBRA_DISK_ERROR_SIZE]);
/* All is on the medium afterwards. The disk is gone even on failure. */
bool umbra_disk_close(struct umbra_disk *disk,
                      char error[UMBRA_DISK_ERROR_SIZE]);

uint64_t umbra_disk_size(const struct umbra_disk *disk); /* bytes */
/* Of qcow2; 0 for raw. */
uint64_t umbra_disk_cluster_size(const struct umbra_disk *disk);
const char *umbra_disk_format(const struct umbra_disk *disk);

/* Ranges lie in the disk. */
bool umbra_disk_read(struct umbra_disk *disk, uint64_t offset, void *data,
                     size_t size, char error[UMBRA_DISK_ERROR_SIZE]);
bool umbra_disk_write(struct umbra_disk *disk, uint64_t offset,
                      const void *data, size_t size,
                      char error[UMBRA_DISK_ERROR_SIZE]);
/* One whole cluster of a qcow2 image, compressed if that saves room. */
bool umbra_disk_write_compressed(struct umbra_disk *disk, uint64_t offset,
                                 const void *data,
                                 char error[UMBRA_DISK_ERROR_SIZE]);
/* How many of up to `size` bytes at `offset` are known to be zeros, or, with
 * *zero false, are worth reading; 0 on failure. */
uint64_t umbra_disk_content(struct umbra_disk *disk, uint64_t offset,
                            uint64_t size, bool *zero,
                            char error[UMBRA_DISK_ERROR_SIZE]);

struct umbra_disk_create {
    const char *path;
    const char *format;     /* "raw", "qcow2" */
    uint64_t size;          /* bytes; made a multiple of 512 */
    bool size_from_backing; /* `size` is the backing file's */
    /* qcow2 only; 0 or NULL: the default in brackets. */
    uint64_t cluster_size;      /* [65536] */
    unsigned refcount_bits;     /* [16] */
    unsigned version;           /* 2 or 3 [3] */
    bool lazy_refcounts;        /* of no use here, but kept for others */
    const char *backing;        /* seen from where `path` lies [none] */
    const char *backing_format; /* needed with `backing` */
};

/* An image that is there is replaced. */
bool umbra_disk_create(const struct umbra_disk_create *what,
                       char error[UMBRA_DISK_ERROR_SIZE]);

/* Format and backing file are not opened beyond their headers. */
struct umbra_disk_info {
    char format[16];
    uint64_t size, file_bytes; /* of the disk; on the host */
    uint64_t cluster_size;     /* the rest is qcow2's; 0: raw */
    unsigned version, refcount_bits, snapshots;
    bool lazy_refcounts, dirty, corrupt, bitmaps;
    char backing[UMBRA_DISK_NAME_SIZE];      /* as in the header; empty: none */
    char backing_path[UMBRA_DISK_NAME_SIZE]; /* from here; empty: no file */
    char backing_format[32];
};

bool umbra_disk_info(const char *path, const char *format,
                     struct umbra_disk_info *info,
                     char error[UMBRA_DISK_ERROR_SIZE]);

enum umbra_disk_repair {
    UMBRA_DISK_LOOK,
    UMBRA_DISK_FIX_LEAKS,
    UMBRA_DISK_FIX_ALL
};

struct umbra_disk_check {
    bool supported;              /* raw images have nothing to check */
    uint64_t corruptions, leaks; /* that are left */
    uint64_t corruptions_fixed, leaks_fixed;
    uint64_t clusters, allocated, compressed, fragmented;
    uint64_t end; /* of what is in use, bytes of the file */
};

struct umbra_disk_watch {
    void *opaque;
    void (*say)(void *opaque, const char *line); /* each finding; or NULL */
    void (*progress)(void *opaque, uint64_t done, uint64_t of); /* or NULL */
};

bool umbra_disk_check(const char *path, const char *format,
                      enum umbra_disk_repair repair,
                      const struct umbra_disk_watch *watch,
                      struct umbra_disk_check *result,
                      char error[UMBRA_DISK_ERROR_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
