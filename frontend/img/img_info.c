/* img_info.c - umbra-img info: what an image is, for people or as JSON. */
#include <stdio.h>
#include <string.h>

#include "frontend/img/img.h"

/* "64 KiB": three digits and a unit. */
static void put_bytes(char *text, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    unsigned unit = 0;

    while (value >= 1000 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    snprintf(text, size, "%.3g %s", value, units[unit]);
}

static void put_human(const char *path, const struct umbra_disk_info *info)
{
    char size[32], file[32];

    put_bytes(size, sizeof size, info->size);
    put_bytes(file, sizeof file, info->file_bytes);
    printf("image: %s\nfile format: %s\nvirtual size: %s (%llu bytes)\n"
           "disk size: %s\n",
           path, info->format, size, (unsigned long long)info->size, file);
    if (!info->cluster_size)
        return;
    printf("cluster_size: %llu\n", (unsigned long long)info->cluster_size);
    if (info->backing[0]) {
        printf("backing file: %s", info->backing);
        if (strcmp(info->backing, info->backing_path))
            printf(" (actual path: %s)", info->backing_path[0]
                                             ? info->backing_path
                                             : "no file of this host");
        putchar('\n');
    }
    if (info->backing_format[0])
        printf("backing file format: %s\n", info->backing_format);
    if (info->snapshots)
        printf("snapshots: %u\n", info->snapshots);
    printf("qcow2: compat %s, refcount bits %u%s%s%s%s\n",
           info->version == 2 ? "0.10" : "1.1", info->refcount_bits,
           info->lazy_refcounts ? ", lazy refcounts" : "",
           info->bitmaps ? ", bitmaps" : "",
           info->dirty ? ", refcounts to be repaired (check -r all)" : "",
           info->corrupt ? ", marked as corrupt" : "");
}

static void put_string(const char *key, const char *value)
{
    printf("    \"%s\": \"", key);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    puts("\",");
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void put_json(const char *path, const struct umbra_disk_info *info)
{
    puts("{");
    put_string("filename", path);
    put_string("format", info->format);
    if (info->cluster_size) {
        printf("    \"cluster-size\": %llu,\n",
               (unsigned long long)info->cluster_size);
        if (info->backing[0])
            put_string("backing-filename", info->backing);
        if (info->backing_path[0])
            put_string("full-backing-filename", info->backing_path);
        if (info->backing_format[0])
            put_string("backing-filename-format", info->backing_format);
        printf("    \"format-specific\": {\"type\": \"qcow2\", \"data\": "
               "{\"compat\": \"%s\", \"lazy-refcounts\": %s, "
               "\"refcount-bits\": %u, \"corrupt\": %s}},\n"
               "    \"snapshots-count\": %u,\n",
               info->version == 2 ? "0.10" : "1.1", truth(info->lazy_refcounts),
               info->refcount_bits, truth(info->corrupt), info->snapshots);
    }
    printf("    \"virtual-size\": %llu,\n    \"actual-size\": %llu,\n"
           "    \"dirty-flag\": %s\n}",
           (unsigned long long)info->size, (unsigned long long)info->file_bytes,
           truth(info->dirty));
}

/* A chain that leads back to itself ends somewhere, too. */
enum { MAX_CHAIN = 64 };

int img_info(const struct img_options *o)
{
    char error[UMBRA_DISK_ERROR_SIZE], path[UMBRA_DISK_NAME_SIZE];
    char format[sizeof((struct umbra_disk_info *)0)->backing_format];
    const char *as = o->format;
    struct umbra_disk_info info;

    snprintf(path, sizeof path, "%s", o->file[0]);
    if (o->json && o->chain)
        puts("[");
    for (int i = 0; i == 0 || (o->chain && path[0]); i++) {
        if (i == MAX_CHAIN)
            return img_fail("the chain of backing files does not end");
        if (!umbra_disk_info(path, as, &info, error))
            return img_fail(error);
        if (i)
            puts(o->json ? "," : "");
        if (o->json)
            put_json(path, &info);
        else
            put_human(path, &info);
        strcpy(path, info.backing_path);
        strcpy(format, info.backing_format);
        as = format[0] ? format : NULL;
    }
    if (o->json)
        puts(o->chain ? "\n]" : "");
    return fflush(stdout) ? img_fail("standard output cannot be written")
                          : IMG_OK;
}
