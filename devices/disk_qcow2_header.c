/* disk_qcow2_header.c - reads and judges a qcow2 header.
 *
 * Modelled: versions 2 and 3, header extensions, the names of features.
 * Refused by name: encryption, other incompatible features, tables that do
 * not lie in the file, names of backing files on the network. */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct parse {
    struct qcow2_header *header;
    const uint8_t *data; /* the file's first bytes */
    size_t size;
    uint64_t file_size;
    char *error;
    size_t error_size;
};

PRINTF(2, 3) static int refuse(struct parse *p, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->error, p->error_size, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

bool qcow2_probe(const uint8_t *head, size_t size)
{
    return size >= 8 && load_be32(head) == QCOW2_MAGIC &&
           load_be32(head + 4) >= 2;
}

/* THE list of features that are known by name only. */
static const char *feature_name(unsigned bit)
{
    switch (bit) {
    case 2:
        return "external data file";
    case 3:
        return "compression type";
    case 4:
        return "extended L2 entries";
    default:
        return NULL;
    }
}

/* Rows of 48 bytes: type, bit, name. */
static void name_from_table(const uint8_t *table, size_t size, unsigned bit,
                            char name[47])
{
    for (size_t i = 0; i + 48 <= size; i += 48)
        if (table[i] == 0 && table[i + 1] == bit) {
            memcpy(name, table + i + 2, 46);
            name[46] = 0;
        }
    for (char *c = name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static int refuse_feature(struct parse *p, const uint8_t *table, size_t size)
{
    uint64_t unknown = p->header->incompatible & ~(QCOW2_DIRTY | QCOW2_CORRUPT);
    char name[47] = "";
    unsigned bit = 0;

    while (!(unknown >> bit & 1))
        bit++;
    if (feature_name(bit))
        snprintf(name, sizeof name, "%s", feature_name(bit));
    else
        name_from_table(table, size, bit, name);
    if (!name[0])
        snprintf(name, sizeof name, "number %u", bit);
    return refuse(p,
                  "uses the qcow2 feature \"%s\", which is not supported; "
                  "convert it with qemu-img convert -O qcow2",
                  name);
}

static int parse_extensions(struct parse *p, size_t at, size_t end)
{
    struct qcow2_header *h = p->header;
    const uint8_t *features = NULL;
    size_t features_size = 0;

    while (at + 8 <= end) {
        uint32_t type = load_be32(p->data + at);
        uint32_t size = load_be32(p->data + at + 4);

        at += 8;
        if (type == QCOW2_EXT_END)
            break;
        if (size > end - at)
            return refuse(p, "a header extension is longer than the header; "
                             "restore the image");
        if (type == QCOW2_EXT_BACKING) {
            if (size >= sizeof h->backing_format)
                return refuse(p, "the name of the backing file's format is "
                                 "too long; restore the image");
            memcpy(h->backing_format, p->data + at, size);
            h->backing_format[size] = 0;
        } else if (type == QCOW2_EXT_FEATURES) {
            features = p->data + at;
            features_size = size;
        } else if (type == QCOW2_EXT_BITMAPS) {
            h->has_bitmaps = true;
        }
        at += min_u64((size + 7) & ~7ull, end - at);
    }
    if (h->incompatible & ~(QCOW2_DIRTY | QCOW2_CORRUPT))
        return refuse_feature(p, features, features_size);
    return 0;
}

static int parse_backing(struct parse *p, size_t *extensions_end)
{
    struct qcow2_header *h = p->header;
    uint64_t offset = load_be64(p->data + 8);
    uint32_t size = load_be32(p->data + 16);

    if (offset == 0)
        return 0;
    if (size == 0 || size > QCOW2_MAX_BACKING_NAME || offset > p->size ||
        size > p->size - offset)
        return refuse(p, "the name of the backing file does not lie in the "
                         "header; restore the image");
    memcpy(h->backing, p->data + offset, size);
    h->backing[size] = 0;
    if (strlen(h->backing) != size)
        return refuse(p, "the name of the backing file has a NUL in it; "
                         "restore the image");
    *extensions_end = (size_t)min_u64(*extensions_end, offset);
    return 0;
}

/* A table of `bytes` at `offset`, whole and aligned, behind the header. */
static int check_table(struct parse *p, const char *name, uint64_t offset,
                       uint64_t bytes)
{
    uint64_t cluster = 1ull << p->header->cluster_bits;

    if (bytes == 0)
        return 0;
    if (offset % cluster || offset < cluster || offset > p->file_size ||
        bytes > p->file_size - offset)
        return refuse(p, "%s does not lie in the file; restore the image",
                      name);
    return 0;
}

static int check_tables(struct parse *p)
{
    struct qcow2_header *h = p->header;
    unsigned bits = h->cluster_bits;
    uint64_t per_l2 = 1ull << (2 * bits - 3);
    uint64_t need = h->size / per_l2 + (h->size % per_l2 != 0);
    int result;

    if (h->l1_size > QCOW2_MAX_L1_BYTES / 8)
        return refuse(p, "its L1 table is too large; convert it to one with "
                         "larger clusters");
    if (h->l1_size < need)
        return refuse(p, "its L1 table is too small for the disk; restore "
                         "the image");
    if (h->reftable_clusters == 0 ||
        h->reftable_clusters > (uint64_t)QCOW2_MAX_REFTABLE_BYTES >> bits)
        return refuse(p, "its refcount table has no sensible size; restore "
                         "the image");
    if (h->snapshots > QCOW2_MAX_SNAPSHOTS)
        return refuse(p, "it has too many snapshots; restore the image");
    result = check_table(p, "its L1 table", h->l1_offset, 8ull * h->l1_size);
    if (result == 0)
        result = check_table(p, "its refcount table", h->reftable_offset,
                             (uint64_t)h->reftable_clusters << bits);
    if (result == 0 && h->snapshots)
        result = check_table(p, "its table of snapshots", h->snapshots_offset,
                             40ull * h->snapshots);
    return result;
}

static int parse_fields(struct parse *p)
{
    struct qcow2_header *h = p->header;
    const uint8_t *d = p->data;

    h->version = load_be32(d + 4);
    h->cluster_bits = load_be32(d + 20);
    h->size = load_be64(d + 24);
    h->l1_size = load_be32(d + 36);
    h->l1_offset = load_be64(d + 40);
    h->reftable_offset = load_be64(d + 48);
    h->reftable_clusters = load_be32(d + 56);
    h->snapshots = load_be32(d + 60);
    h->snapshots_offset = load_be64(d + 64);
    h->refcount_order = 4;
    if (load_be32(d) != QCOW2_MAGIC)
        return refuse(p, "is no qcow2 image; name its format, or leave it "
                         "away");
    if (h->version < 2 || h->version > 3)
        return refuse(p,
                      "is of qcow2 version %u; versions 2 and 3 are "
                      "supported",
                      h->version);
    if (h->cluster_bits < QCOW2_MIN_CLUSTER_BITS ||
        h->cluster_bits > QCOW2_MAX_CLUSTER_BITS)
        return refuse(p,
                      "has clusters of 2^%u bytes; 2^9 to 2^21 are "
                      "supported",
                      h->cluster_bits);
    if (h->size > QCOW2_MAX_FILE)
        return refuse(p, "claims an impossible size; restore the image");
    if (load_be32(d + 32))
        return refuse(p, "is encrypted, which is not supported; convert it "
                         "with qemu-img convert -O qcow2");
    return 0;
}

/* Fields that version 2 lacks; *length: where the extensions begin. */
static int parse_v3(struct parse *p, size_t *length)
{
    struct qcow2_header *h = p->header;
    const uint8_t *d = p->data;

    *length = QCOW2_V2_HEADER;
    if (h->version < 3)
        return 0;
    if (p->size < QCOW2_V3_HEADER)
        return refuse(p, "its header is cut off; restore the image");
    h->incompatible = load_be64(d + 72);
    h->compatible = load_be64(d + 80);
    h->autoclear = load_be64(d + 88);
    h->refcount_order = load_be32(d + 96);
    *length = load_be32(d + 100);
    if (*length < QCOW2_V3_HEADER || *length > p->size || *length % 8)
        return refuse(p, "its header has no sensible length; restore the "
                         "image");
    if (h->refcount_order > 6)
        return refuse(p,
                      "has refcounts of 2^%u bits; up to 2^6 are "
                      "supported",
                      h->refcount_order);
    /* Type 0, zlib, needs no bit; all others are foreign. */
    if (*length > QCOW2_V3_HEADER && d[QCOW2_V3_HEADER] == 0)
        h->incompatible &= ~QCOW2_COMPRESSION;
    return 0;
}

int qcow2_read_header(struct host_file *file, struct qcow2_header *header,
                      uint64_t file_size, char *error, size_t error_size)
{
    struct parse p = {header, NULL, 0, file_size, error, error_size};
    uint8_t small[QCOW2_V2_HEADER];
    size_t length, end;
    uint8_t *data;
    int result;

    memset(header, 0, sizeof *header);
    result = host_file_read(file, 0, small, sizeof small, &p.size);
    if (result < 0)
        return result;
    if (p.size < sizeof small)
        return refuse(&p, "its header is cut off; restore the image");
    p.data = small;
    result = parse_fields(&p);
    if (result < 0)
        return result;
    end = (size_t)min_u64(1ull << header->cluster_bits, file_size);
    data = malloc(end);
    if (!data)
        return -ENOMEM;
    result = host_file_read(file, 0, data, end, &p.size);
    p.data = data;
    end = p.size;
    if (result == 0)
        result = parse_v3(&p, &length);
    if (result == 0)
        result = parse_backing(&p, &end);
    if (result == 0)
        result = parse_extensions(&p, length, end);
    if (result == 0)
        result = check_tables(&p);
    free(data);
    return result;
}

/* "nbd:..." or "json:{...}" is no file of the host; "file:..." is one. A
 * colon behind a slash belongs to a name. */
bool qcow2_backing_path(const char *path, const char *name, char *full,
                        size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t directory = slash ? (size_t)(slash + 1 - path) : 0;
    int length;

    if (!strncmp(name, "file:", 5))
        name += 5;
    else if (name[strcspn(name, ":/")] == ':')
        return false;
    if (name[0] == '/')
        directory = 0;
    length = snprintf(full, size, "%.*s%s", (int)directory, path, name);
    return length > 0 && (size_t)length < size;
}
