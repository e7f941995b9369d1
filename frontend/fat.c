/* fat.c - a disk image with one file on a FAT file system, in memory.
 *
 * MBR with one partition (type EFh, EFI system), FAT16 as in Microsoft's
 * "FAT: General Overview of On-Disk Format" 1.03: two tables, root folder of
 * 512 entries, at least 4085 clusters. Folders take a cluster each. */
#include "frontend/fat.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECTOR = 512,
    PARTITION = 63, /* its first sector */
    RESERVED = 1,
    TABLES = 2,
    ROOT_ENTRIES = 512,
    ENTRY = 32,
    CLUSTERS_MIN = 4200, /* below 4085 it would be FAT12 */
    CLUSTERS_MAX = 65000,
    SPARE = 4u << 20, /* free space for the guest */
    FIXED_DISK = 0xF8,
    FOLDER = 0x10,
    END_OF_CHAIN = 0xFFFF
};

struct fat {
    uint8_t *disk;
    uint32_t cluster_sectors, clusters, table_sectors;
    uint32_t next; /* free cluster */
};

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value);
    put16(p + 2, value >> 16);
}

static uint32_t volume_sectors(const struct fat *f)
{
    return RESERVED + TABLES * f->table_sectors +
           ROOT_ENTRIES * ENTRY / SECTOR + f->clusters * f->cluster_sectors;
}

/* Sector s of the volume. */
static uint8_t *sector(const struct fat *f, uint32_t s)
{
    return f->disk + (size_t)(PARTITION + s) * SECTOR;
}

static uint8_t *cluster(const struct fat *f, uint32_t n)
{
    return sector(f, volume_sectors(f) - f->clusters * f->cluster_sectors +
                         (n - 2) * f->cluster_sectors);
}

/* Clusters in a row; returns the first. */
static uint32_t chain(struct fat *f, size_t size)
{
    size_t bytes = (size_t)f->cluster_sectors * SECTOR;
    uint32_t first = f->next, count = (uint32_t)((size + bytes - 1) / bytes);

    if (!count)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = f->next++;
        uint32_t link = i + 1 < count ? n + 1 : END_OF_CHAIN;
        for (uint32_t t = 0; t < TABLES; t++)
            put16(sector(f, RESERVED + t * f->table_sectors) + 2 * (size_t)n,
                  link);
    }
    return first;
}

static void put_entry(uint8_t *entry, const char *name, uint8_t attributes,
                      uint32_t first, uint32_t size)
{
    memcpy(entry, name, 11);
    entry[11] = attributes;
    put16(entry + 24, 0x21); /* 1980-01-01 */
    put16(entry + 26, first);
    put32(entry + 28, size);
}

static void write_mbr(const struct fat *f)
{
    uint8_t *entry = f->disk + 446;

    entry[1] = 1; /* CHS: head 1 of cylinder 0, then beyond */
    entry[2] = 1;
    entry[4] = 0xEF;
    memcpy(entry + 5, "\xFE\xFF\xFF", 3);
    put32(entry + 8, PARTITION);
    put32(entry + 12, volume_sectors(f));
    put16(f->disk + 440, 0x4255); /* disk signature */
    put16(f->disk + 510, 0xAA55);
}

static void write_boot_sector(const struct fat *f)
{
    uint8_t *b = sector(f, 0);
    uint32_t sectors = volume_sectors(f);

    memcpy(b, "\xEB\x3C\x90UMBRA   ", 11);
    put16(b + 11, SECTOR);
    b[13] = (uint8_t)f->cluster_sectors;
    put16(b + 14, RESERVED);
    b[16] = TABLES;
    put16(b + 17, ROOT_ENTRIES);
    b[21] = FIXED_DISK;
    put16(b + 22, f->table_sectors);
    put16(b + 24, 63);
    put16(b + 26, 255);
    put32(b + 28, PARTITION);
    if (sectors < 0x10000)
        put16(b + 19, sectors);
    else
        put32(b + 32, sectors);
    b[36] = 0x80;
    b[38] = 0x29;
    put32(b + 39, 0x554D4252);
    memcpy(b + 43, "UMBRA      FAT16   ", 19);
    memcpy(b + 62, "\xF4\xEB\xFD", 3); /* hlt; jmp -3 */
    put16(b + 510, 0xAA55);
    for (uint32_t t = 0; t < TABLES; t++)
        put32(sector(f, RESERVED + t * f->table_sectors), 0xFFFFFFF8);
}

static void write_file(struct fat *f, const struct fat_file *file)
{
    uint8_t *entry = sector(f, RESERVED + TABLES * f->table_sectors);
    uint32_t parent = 0, first;

    for (unsigned i = 0; i < file->folder_count; i++) {
        first = chain(f, 1);
        put_entry(entry, file->folders[i], FOLDER, first, 0);
        entry = cluster(f, first);
        put_entry(entry, ".          ", FOLDER, first, 0);
        put_entry(entry + ENTRY, "..         ", FOLDER, parent, 0);
        entry += 2 * ENTRY;
        parent = first;
    }
    first = chain(f, file->size);
    put_entry(entry, file->name, 0, first, (uint32_t)file->size);
    if (first)
        memcpy(cluster(f, first), file->data, file->size);
}

uint8_t *fat_make_disk(const struct fat_file *file, size_t *size)
{
    struct fat f = {.cluster_sectors = 1, .next = 2};
    uint64_t need = (uint64_t)file->size + SPARE;

    while (f.cluster_sectors < 64 &&
           need / (f.cluster_sectors * SECTOR) > CLUSTERS_MAX)
        f.cluster_sectors *= 2;
    need = need / (f.cluster_sectors * SECTOR) + file->folder_count + 1;
    if (need > CLUSTERS_MAX)
        return NULL;
    f.clusters = need < CLUSTERS_MIN ? CLUSTERS_MIN : (uint32_t)need;
    f.table_sectors = ((f.clusters + 2) * 2 + SECTOR - 1) / SECTOR;
    *size = (size_t)(PARTITION + volume_sectors(&f)) * SECTOR;
    f.disk = calloc(1, *size);
    if (!f.disk)
        return NULL;
    write_mbr(&f);
    write_boot_sector(&f);
    write_file(&f, file);
    return f.disk;
}
