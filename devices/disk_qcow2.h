/* disk_qcow2.h - what the files of the qcow2 format share.
 *
 * Specification: "Qcow2 Image File Format" (docs/interop/qcow2 of QEMU),
 * versions 2 and 3. Private to the disk_qcow2*.c files and, for tools, to
 * umbra_disk.c.
 *
 * Order of writes. An image is written through: nothing that belongs on the
 * host waits in memory, so after a stop between any two writes the file is
 * whole, but for clusters that are counted and not used. The order of one
 * allocation is
 *   1. refcounts and length of the file, for a stretch of clusters at once
 *      (the reserve), then a barrier (fdatasync);
 *   2. data; a barrier if the cluster replaces contents that were readable,
 *      or stale bytes lie in it;
 *   3. a new L2 table, a barrier, its L1 entry;
 *   4. the L2 entry.
 * What is no longer used is given back at the next flush, after its barrier.
 * With `lax` there are no barriers. */
#ifndef UMBRA_DISK_QCOW2_H
#define UMBRA_DISK_QCOW2_H

#include "devices/disk_format.h"

enum {
    QCOW2_MIN_CLUSTER_BITS = 9,
    QCOW2_MAX_CLUSTER_BITS = 21,
    QCOW2_MAX_BACKING_NAME = 1023,
    QCOW2_V2_HEADER = 72,
    QCOW2_V3_HEADER = 104,
    /* QEMU's limits, too. */
    QCOW2_MAX_L1_BYTES = 32 << 20,
    QCOW2_MAX_REFTABLE_BYTES = 8 << 20,
    QCOW2_MAX_SNAPSHOTS = 65536,
    QCOW2_MAX_SNAPSHOT_BYTES = 64 << 20,

    QCOW2_CACHE_TABLES = 16
};

#define QCOW2_MAGIC        0x514649FBu
#define QCOW2_MAX_FILE     (1ull << 56)

#define QCOW2_COPIED       (1ull << 63) /* refcount is exactly one */
#define QCOW2_COMPRESSED   (1ull << 62)
#define QCOW2_ZERO         (1ull << 0)
#define QCOW2_OFFSET       0x00FFFFFFFFFFFE00ull

#define QCOW2_DIRTY        (1ull << 0)
#define QCOW2_CORRUPT      (1ull << 1)
#define QCOW2_COMPRESSION  (1ull << 3)
#define QCOW2_LAZY         (1ull << 0) /* of the compatible features */

#define QCOW2_EXT_END      0x00000000u
#define QCOW2_EXT_BACKING  0xE2792ACAu
#define QCOW2_EXT_FEATURES 0x6803F857u
#define QCOW2_EXT_BITMAPS  0x23852875u

static inline uint16_t load_be16(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t load_be32(const void *p)
{
    return (uint32_t)load_be16(p) << 16 | load_be16((const uint8_t *)p + 2);
}

static inline uint64_t load_be64(const void *p)
{
    return (uint64_t)load_be32(p) << 32 | load_be32((const uint8_t *)p + 4);
}

static inline void store_be16(void *p, uint16_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

static inline void store_be32(void *p, uint32_t v)
{
    store_be16(p, (uint16_t)(v >> 16));
    store_be16((uint8_t *)p + 2, (uint16_t)v);
}

static inline void store_be64(void *p, uint64_t v)
{
    store_be32(p, (uint32_t)(v >> 32));
    store_be32((uint8_t *)p + 4, (uint32_t)v);
}

/* The header, decoded; every field was checked against the others. */
struct qcow2_header {
    uint32_t version;
    unsigned cluster_bits, refcount_order;
    uint64_t size; /* bytes of the disk */
    uint64_t l1_offset, reftable_offset, snapshots_offset;
    uint32_t l1_size; /* entries */
    uint32_t reftable_clusters, snapshots;
    uint64_t incompatible, compatible, autoclear;
    bool has_bitmaps;
    char backing[QCOW2_MAX_BACKING_NAME + 1]; /* empty: none */
    char backing_format[32];                  /* empty: not said */
};

/* Tables of one cluster, most recently used first to stay. Entries are as
 * in the file; what is changed here was, or is about to be, written. */
struct qcow2_table {
    uint64_t offset; /* in the file; 0: unused */
    uint64_t used;   /* the cache's count at the last use */
    uint8_t *data;   /* a cluster */
};

struct qcow2_cache {
    struct qcow2_table table[QCOW2_CACHE_TABLES];
    uint64_t count;
};

/* A cluster that nobody refers to once the next barrier has passed. */
struct qcow2_release {
    uint64_t cluster, count;
};

/* `reserve_left` clusters from `reserve_at` have a refcount of one, durably,
 * and no user; `reserve_fresh`: they were appended and read as zeros.
 * No cluster below `search` is free, but for those that were given back. */
struct qcow2 {
    struct host_file *file;
    struct qcow2_header header;
    bool writable, lax;
    uint64_t cluster_size;
    uint64_t file_clusters; /* of the file, a part counts as one */
    uint64_t *l1;           /* as numbers */
    uint64_t *reftable;
    uint32_t reftable_entries;
    struct qcow2_cache l2_cache, ref_cache;
    uint64_t search;
    uint64_t reserve_at, reserve_left;
    bool reserve_fresh;
    struct qcow2_release *releases;
    size_t release_count, release_room;
    uint64_t packed_at;        /* next byte for compressed data; 0: none */
    struct disk_layer backing; /* image NULL: none */
    uint8_t *bounce;           /* a cluster, for merging */
    uint8_t *packed;           /* two clusters and a sector: compressed data */
    uint8_t *unpacked;         /* a cluster, of ... */
    uint64_t unpacked_entry;   /* this L2 entry; 0: none */
};

enum qcow2_kind { KIND_ABSENT, KIND_ZERO, KIND_DATA, KIND_COMPRESSED };

/* disk_qcow2_header.c. Errors come as "reason; remedy". */
bool qcow2_probe(const uint8_t *head, size_t size);
int qcow2_read_header(struct host_file *file, struct qcow2_header *header,
                      uint64_t file_size, char *error, size_t error_size);
/* The name that `path`'s header gives, seen from where `path` lies. False:
 * not a local file, or too long. */
bool qcow2_backing_path(const char *path, const char *name, char *full,
                        size_t size);

/* disk_qcow2.c */
/* All that was written is on the medium; then what is unused is given back. */
int qcow2_flush_image(struct qcow2 *q);
int qcow2_barrier(struct qcow2 *q);
/* Does [offset, offset + size) lie in the file, where data may be? */
bool qcow2_is_data(const struct qcow2 *q, uint64_t offset, uint64_t size);

/* disk_qcow2_refs.c: clusters by number. */
int qcow2_get_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *count);
int qcow2_set_refcount(struct qcow2 *q, uint64_t cluster, uint64_t count);
uint64_t qcow2_max_refcount(const struct qcow2 *q);
/* Entry `i` of a refcount block. */
void qcow2_store_count(uint8_t *block, unsigned order, uint64_t i,
                       uint64_t count);
/* The header names another refcount table. */
int qcow2_switch_reftable(struct qcow2 *q, uint64_t offset, uint64_t clusters);
/* One cluster with refcount one; *fresh: it reads as zeros. */
int qcow2_allocate(struct qcow2 *q, uint64_t *cluster, bool *fresh);
/* One user less for `cluster`, at the next flush. */
int qcow2_release(struct qcow2 *q, uint64_t cluster);
/* After a barrier: what was released counts as such. */
int qcow2_apply_releases(struct qcow2 *q);
/* The reserve, too, is given back, and the file cut to what is used. */
int qcow2_drop_reserve(struct qcow2 *q);

/* disk_qcow2_map.c */
/* The table of one cluster at `offset`, read unless it is in the cache. */
int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *cache, uint64_t offset,
                    uint8_t **data);
/* The same, for a table whose contents the caller provides. */
int qcow2_cache_new(struct qcow2 *q, struct qcow2_cache *cache, uint64_t offset,
                    uint8_t **data);
void qcow2_cache_free(struct qcow2_cache *cache);
int qcow2_get_entry(struct qcow2 *q, uint64_t offset, uint64_t *entry);
/* Makes L2 table and L1 entry as needed, for a guest offset. */
int qcow2_set_entry(struct qcow2 *q, uint64_t offset, uint64_t entry);
int qcow2_kind_of(const struct qcow2 *q, uint64_t entry, enum qcow2_kind *kind);
/* Where the compressed bytes of an entry lie. */
void qcow2_packed_range(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                        uint64_t *size);
/* The clusters of `entry` have one user less. */
int qcow2_release_entry(struct qcow2 *q, uint64_t entry);

/* disk_qcow2_data.c: guest offsets. */
int qcow2_read_data(struct qcow2 *q, uint64_t offset, uint8_t *data,
                    size_t size);
int qcow2_write_data(struct qcow2 *q, uint64_t offset, const uint8_t *data,
                     size_t size);
/* One whole cluster, compressed if that makes it smaller. */
int qcow2_write_packed(struct qcow2 *q, uint64_t offset, const uint8_t *data);
int qcow2_content_at(struct qcow2 *q, uint64_t offset, uint64_t *size,
                     enum disk_content *content);

/* disk_qcow2_create.c */
struct qcow2_new {
    uint64_t size;
    unsigned version, cluster_bits, refcount_order;
    bool lazy;
    const char *backing, *backing_format; /* NULL: none */
};

/* Can there be such an image? Errors as above. */
int qcow2_judge_new(const struct qcow2_new *what, char *error,
                    size_t error_size);
/* Into an empty file. */
int qcow2_create(struct host_file *file, const struct qcow2_new *what,
                 char *error, size_t error_size);

/* disk_qcow2_check.c */
struct qcow2_report {
    uint64_t corruptions; /* contradictions; refcounts that are too low */
    uint64_t leaks;       /* refcounts that are too high */
    uint64_t clusters, allocated, compressed; /* of the guest's disk */
    uint64_t fragmented;                      /* not after the one before */
    uint64_t end;                             /* of the last cluster in use */
};

struct qcow2_check_ops {
    void *opaque;
    void (*say)(void *opaque, const char *line); /* each contradiction */
    void (*progress)(void *opaque, uint64_t done, uint64_t of);
};

/* `fix_leaks`, `fix_all`: `q` is writable. */
int qcow2_check(struct qcow2 *q, bool fix_leaks, bool fix_all,
                const struct qcow2_check_ops *ops, struct qcow2_report *report);

#endif
