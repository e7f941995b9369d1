/* disk_qcow2_check.c - looks for contradictions in a qcow2 image.
 *
 * Every reference to every cluster is counted - header, tables, snapshots,
 * data - and compared with the refcounts. Repairs: refcounts that are too
 * high (leaks), or all refcounts, by a new refcount table behind the file's
 * end. Not modelled: the clusters of bitmaps (an image with bitmaps is
 * checked, but its leaks are not judged), references out of the file or to
 * two owners (they are told, never repaired). */
#include "devices/disk_qcow2.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* More clusters than this are not counted: memory. */
#define MAX_CLUSTERS (1ull << 28)

/* The progress of both passes together is told in clusters. */
struct check {
    struct qcow2 *q;
    const struct qcow2_check_ops *ops;
    struct qcow2_report *report;
    uint32_t *refs; /* references found, per cluster of the file */
    uint64_t done, of;
    uint64_t last; /* host offset of the guest cluster before */
};

PRINTF(2, 3) static void say(struct check *c, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    if (!c->ops->say)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    c->ops->say(c->ops->opaque, line);
}

PRINTF(2, 3) static void corrupt(struct check *c, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    c->report->corruptions++;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    say(c, "ERROR %s", line);
}

static void progress(struct check *c, uint64_t clusters)
{
    c->done += clusters;
    if (c->ops->progress)
        c->ops->progress(c->ops->opaque, min_u64(c->done, c->of), c->of);
}

/* ------------------------------------------------------- count references */

static bool refer(struct check *c, const char *what, uint64_t offset,
                  uint64_t size)
{
    unsigned bits = c->q->header.cluster_bits;
    uint64_t end;

    if (size == 0)
        return true;
    if (offset >= c->q->file_clusters << bits ||
        size > (c->q->file_clusters << bits) - offset) {
        corrupt(c, "%s at 0x%llx reaches out of the file", what,
                (unsigned long long)offset);
        return false;
    }
    end = (offset + size - 1) >> bits;
    for (uint64_t i = offset >> bits; i <= end; i++)
        c->refs[i]++;
    return true;
}

static bool aligned(struct check *c, const char *what, uint64_t offset)
{
    if (offset % c->q->cluster_size == 0)
        return true;
    corrupt(c, "%s at 0x%llx is not aligned to clusters", what,
            (unsigned long long)offset);
    return false;
}

static void count_use(struct check *c, uint64_t entry)
{
    struct qcow2_report *r = c->report;
    uint64_t host = entry & QCOW2_OFFSET, size;

    r->allocated++;
    if (entry & QCOW2_COMPRESSED) {
        r->compressed++;
        qcow2_packed_range(c->q, entry, &host, &size);
    }
    /* Compressed clusters are never where a guest would like them. */
    if ((entry & QCOW2_COMPRESSED) ||
        (c->last && host != c->last + c->q->cluster_size))
        r->fragmented++;
    c->last = host;
}

/* COPIED must say what the refcount says, as writes rely on it. */
static int check_copied(struct check *c, const char *what, uint64_t entry)
{
    uint64_t host = entry & QCOW2_OFFSET, count;
    bool copied = entry & QCOW2_COPIED;
    int result =
        qcow2_get_refcount(c->q, host >> c->q->header.cluster_bits, &count);

    if (result == DISK_ERROR_DAMAGED)
        return 0; /* told with the refcount blocks */
    if (result == 0 && copied != (count == 1))
        corrupt(c, "%s at 0x%llx: COPIED is %d, refcount %llu", what,
                (unsigned long long)host, copied, (unsigned long long)count);
    return result;
}

static int check_entry(struct check *c, uint64_t entry, bool active)
{
    struct qcow2 *q = c->q;
    uint64_t host = entry & QCOW2_OFFSET, size, end;

    if (entry & QCOW2_COMPRESSED) {
        qcow2_packed_range(q, entry, &host, &size);
        end = q->file_clusters << q->header.cluster_bits;
        if (entry & QCOW2_COPIED)
            corrupt(c, "compressed cluster at 0x%llx has COPIED set",
                    (unsigned long long)host);
        /* Only its last sector may be cut off by the file's end. */
        if (host < end && size > end - host && size - (end - host) < 512)
            size = end - host;
        if (refer(c, "compressed cluster", host, size) && active)
            count_use(c, entry);
        return 0;
    }
    if ((entry & QCOW2_ZERO) && q->header.version < 3)
        corrupt(c, "zero cluster in an image of version 2");
    if (!host)
        return 0;
    if (!aligned(c, "data cluster", host) ||
        !refer(c, "data cluster", host, q->cluster_size) || !active)
        return 0;
    if (!(entry & QCOW2_ZERO))
        count_use(c, entry);
    return check_copied(c, "data cluster", entry);
}

static int check_l2(struct check *c, uint64_t table, bool active)
{
    uint8_t *data;
    int result;

    for (uint64_t i = 0; i < c->q->cluster_size / 8; i++) {
        result = qcow2_cache_get(c->q, &c->q->l2_cache, table, &data);
        if (result == 0)
            result = check_entry(c, load_be64(data + 8 * i), active);
        if (result < 0)
            return result;
    }
    progress(c, c->q->cluster_size / 8);
    return 0;
}

/* `l1` as numbers. */
static int check_l1(struct check *c, const uint64_t *l1, uint64_t entries,
                    bool active)
{
    int result = 0;

    for (uint64_t i = 0; i < entries && result == 0; i++) {
        uint64_t table = l1[i] & QCOW2_OFFSET;

        if (!table) {
            if (active)
                progress(c, c->q->cluster_size / 8);
            continue;
        }
        if (!aligned(c, "L2 table", table) ||
            !refer(c, "L2 table", table, c->q->cluster_size))
            continue;
        /* At most once in each tree; more would be endless work. */
        if (c->refs[table >> c->q->header.cluster_bits] >
            c->q->header.snapshots + 1) {
            corrupt(c, "L2 table at 0x%llx is used twice",
                    (unsigned long long)table);
            continue;
        }
        if (active)
            result = check_copied(c, "L2 table", l1[i]);
        if (result == 0)
            result = check_l2(c, table, active);
        if (result == DISK_ERROR_SHRUNK) {
            corrupt(c, "L2 table at 0x%llx is cut off by the file's end",
                    (unsigned long long)table);
            result = 0;
        }
    }
    return result;
}

/* -------------------------------------------------------------- snapshots */

static int check_snapshot_l1(struct check *c, uint64_t offset, uint64_t entries)
{
    uint8_t *bytes;
    size_t done = 0;
    uint64_t *l1;
    int result;

    if (!entries)
        return 0;
    if (entries > QCOW2_MAX_L1_BYTES / 8) {
        corrupt(c, "L1 table of a snapshot is too large");
        return 0;
    }
    if (!aligned(c, "L1 table of a snapshot", offset) ||
        !refer(c, "L1 table of a snapshot", offset, entries * 8))
        return 0;
    bytes = malloc(entries * 8);
    l1 = calloc(entries, sizeof *l1);
    result = bytes && l1
                 ? host_file_read(c->q->file, offset, bytes, entries * 8, &done)
                 : -ENOMEM;
    if (result == 0) {
        for (uint64_t i = 0; i < done / 8; i++)
            l1[i] = load_be64(bytes + 8 * i);
        result = check_l1(c, l1, done / 8, false);
    }
    free(bytes);
    free(l1);
    return result;
}

/* Rows of at least 40 bytes, with strings behind each. */
static int check_snapshots(struct check *c)
{
    const struct qcow2_header *h = &c->q->header;
    uint64_t at = h->snapshots_offset;
    int result = 0;

    for (uint32_t i = 0; i < h->snapshots && result == 0; i++) {
        uint8_t row[40];
        size_t done;

        result = host_file_read(c->q->file, at, row, sizeof row, &done);
        if (result == 0 && done < sizeof row) {
            corrupt(c, "the table of snapshots is cut off");
            return 0;
        }
        if (result == 0)
            result = check_snapshot_l1(c, load_be64(row), load_be32(row + 8));
        at += 40ull + load_be32(row + 36) + load_be16(row + 12) +
              load_be16(row + 14);
        at = (at + 7) & ~7ull;
        if (at - h->snapshots_offset > QCOW2_MAX_SNAPSHOT_BYTES) {
            corrupt(c, "the table of snapshots is too large");
            return 0;
        }
    }
    if (result == 0 && h->snapshots)
        refer(c, "table of snapshots", h->snapshots_offset,
              at - h->snapshots_offset);
    return result;
}

/* -------------------------------------------------------------- refcounts */

static void refer_blocks(struct check *c)
{
    struct qcow2 *q = c->q;

    refer(c, "refcount table", q->header.reftable_offset,
          (uint64_t)q->header.reftable_clusters << q->header.cluster_bits);
    for (uint32_t i = 0; i < q->reftable_entries; i++)
        if (q->reftable[i] && aligned(c, "refcount block", q->reftable[i]))
            refer(c, "refcount block", q->reftable[i], q->cluster_size);
}

/* One cluster's refcount against what was found; leaks may be repaired. */
static int compare(struct check *c, uint64_t cluster, uint64_t count, bool fix)
{
    struct qcow2_report *r = c->report;
    uint64_t found = c->refs[cluster];
    int result = 0;

    if (found)
        r->end = (cluster + 1) << c->q->header.cluster_bits;
    if (count < found) {
        corrupt(c, "cluster %llu refcount=%llu reference=%llu",
                (unsigned long long)cluster, (unsigned long long)count,
                (unsigned long long)found);
    } else if (count > found && !c->q->header.has_bitmaps) {
        r->leaks++;
        say(c, "Leaked cluster %llu refcount=%llu reference=%llu",
            (unsigned long long)cluster, (unsigned long long)count,
            (unsigned long long)found);
        if (fix)
            result = qcow2_set_refcount(c->q, cluster, found);
    }
    return result;
}

static int compare_all(struct check *c, bool fix)
{
    struct qcow2 *q = c->q;
    uint64_t count;

    for (uint64_t i = 0; i < q->file_clusters; i++) {
        int result = qcow2_get_refcount(q, i, &count);

        if (result == DISK_ERROR_DAMAGED || result == DISK_ERROR_SHRUNK) {
            corrupt(c, "the refcount block of cluster %llu is unusable",
                    (unsigned long long)i);
            count = 0;
        } else if (result < 0) {
            return result;
        }
        result = compare(c, i, count, fix);
        if (result < 0)
            return result;
        if (i % 4096 == 0)
            progress(c, min_u64(4096, q->file_clusters - i));
    }
    return 0;
}

/* ----------------------------------------------------------------- repair */

/* New blocks from `first` on, the table behind them. */
struct rebuilt {
    uint64_t first, blocks, clusters;
};

/* Blocks that count the file and themselves, from the references found. */
static int write_blocks(struct check *c, const struct rebuilt *r)
{
    struct qcow2 *q = c->q;
    unsigned order = q->header.refcount_order;
    uint64_t per_block = q->cluster_size * 8 >> order;
    uint64_t total = r->first + r->blocks + r->clusters;
    int result = 0;

    for (uint64_t b = 0; b < r->blocks && result == 0; b++) {
        memset(q->bounce, 0, q->cluster_size);
        for (uint64_t i = 0; i < per_block; i++) {
            uint64_t cluster = b * per_block + i;
            uint64_t count = cluster < r->first ? c->refs[cluster]
                             : cluster < total  ? 1
                                                : 0;
            if (count > qcow2_max_refcount(q))
                return -ERANGE;
            qcow2_store_count(q->bounce, order, i, count);
        }
        result =
            host_file_write(q->file, (r->first + b) << q->header.cluster_bits,
                            q->bounce, q->cluster_size);
    }
    return result;
}

static int write_table(struct check *c, const struct rebuilt *r)
{
    struct qcow2 *q = c->q;
    unsigned bits = q->header.cluster_bits;
    uint8_t *bytes = calloc(r->clusters, q->cluster_size);
    int result;

    if (!bytes)
        return -ENOMEM;
    for (uint64_t i = 0; i < r->blocks; i++)
        store_be64(bytes + 8 * i, (r->first + i) << bits);
    result = host_file_write(q->file, (r->first + r->blocks) << bits, bytes,
                             r->clusters << bits);
    free(bytes);
    return result;
}

/* The old table and its blocks are nobody's afterwards. */
static void forget_blocks(struct check *c)
{
    struct qcow2 *q = c->q;
    unsigned bits = q->header.cluster_bits;

    for (uint32_t i = 0; i < q->reftable_entries; i++)
        if (q->reftable[i] && q->reftable[i] % q->cluster_size == 0 &&
            q->reftable[i] >> bits < q->file_clusters)
            c->refs[q->reftable[i] >> bits]--;
    for (uint64_t i = 0; i < q->header.reftable_clusters; i++)
        c->refs[(q->header.reftable_offset >> bits) + i]--;
}

/* Also clears the dirty bit: now the refcounts are right. */
static int rebuild(struct check *c)
{
    struct qcow2 *q = c->q;
    uint64_t per_block = q->cluster_size * 8 >> q->header.refcount_order;
    struct rebuilt r = {.first = q->file_clusters, .blocks = 1};
    uint64_t need;
    uint8_t raw[8];
    int result;

    for (;; r.blocks = need) {
        r.clusters = (r.blocks * 8 + q->cluster_size - 1) / q->cluster_size;
        need = (r.first + r.blocks + r.clusters + per_block - 1) / per_block;
        if (need <= r.blocks)
            break;
    }
    if (r.clusters << q->header.cluster_bits > QCOW2_MAX_REFTABLE_BYTES)
        return -EFBIG;
    forget_blocks(c);
    result = write_blocks(c, &r);
    if (result == 0)
        result = write_table(c, &r);
    if (result == 0)
        result = host_file_sync(q->file);
    if (result == 0)
        result = qcow2_switch_reftable(
            q, (r.first + r.blocks) << q->header.cluster_bits, r.clusters);
    if (result == 0 && q->header.version >= 3) {
        q->header.incompatible &= ~QCOW2_DIRTY;
        store_be64(raw, q->header.incompatible);
        result = host_file_write(q->file, 72, raw, sizeof raw);
    }
    return result == 0 ? host_file_sync(q->file) : result;
}

int qcow2_check(struct qcow2 *q, bool fix_leaks, bool fix_all,
                const struct qcow2_check_ops *ops, struct qcow2_report *report)
{
    struct check c = {.q = q, .ops = ops, .report = report};
    int result;

    memset(report, 0, sizeof *report);
    if (q->file_clusters > MAX_CLUSTERS)
        return -EFBIG;
    c.refs = calloc(q->file_clusters, sizeof *c.refs);
    if (!c.refs)
        return -ENOMEM;
    report->clusters =
        (q->header.size + q->cluster_size - 1) >> q->header.cluster_bits;
    c.of = q->header.l1_size * (q->cluster_size / 8) + q->file_clusters;
    refer(&c, "header", 0, q->cluster_size);
    refer(&c, "L1 table", q->header.l1_offset, 8ull * q->header.l1_size);
    refer_blocks(&c);
    result = check_l1(&c, q->l1, q->header.l1_size, true);
    if (result == 0)
        result = check_snapshots(&c);
    if (result == 0)
        result = compare_all(&c, fix_leaks && !fix_all);
    if (result == 0 && fix_all && !q->header.has_bitmaps &&
        (report->corruptions || report->leaks ||
         (q->header.incompatible & QCOW2_DIRTY)))
        result = rebuild(&c);
    if (result == 0 && fix_leaks)
        result = host_file_sync(q->file);
    free(c.refs);
    return result;
}
