/* perfmap.c - see perfmap.h. */
#define _POSIX_C_SOURCE 200809L
#include "frontend/perfmap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    uint64_t host, rip;
    size_t size;
    size_t number; /* the larger, the later */
};

struct perf_map {
    FILE *file;
    char *path;
    struct line *line;
    size_t lines, room;
};

struct perf_map *perf_map_open(const char *path)
{
    struct perf_map *map = calloc(1, sizeof *map);

    if (!map)
        return NULL;
    map->path = strdup(path);
    map->file = map->path ? fopen(path, "w") : NULL;
    if (map->file)
        return map;
    free(map->path);
    free(map);
    return NULL;
}

static void write_line(const struct perf_map *map, const struct line *l)
{
    fprintf(map->file, "%" PRIx64 " %zx umbra:%" PRIx64 "\n", l->host, l->size,
            l->rip);
}

void perf_map_add(struct perf_map *map, uint64_t host, size_t size,
                  uint64_t rip)
{
    struct line line = {host, rip, size, map->lines};

    write_line(map, &line);
    if (map->lines == map->room) {
        size_t room = map->room ? 2 * map->room : 1024;
        struct line *more = realloc(map->line, room * sizeof *more);
        if (!more)
            return; /* the file has it */
        map->line = more;
        map->room = room;
    }
    map->line[map->lines++] = line;
}

static int later_first(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->number < y->number ? 1 : -(x->number > y->number);
}

static int by_host(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->host < y->host ? -1 : x->host > y->host;
}

/* Marks the units of 16 bytes that the line takes; false: some are taken by
 * what came later. */
static bool take(uint8_t *taken, const struct line *l, uint64_t low)
{
    size_t from = (size_t)(l->host - low) / 16;
    size_t to = (size_t)(l->host - low + l->size + 15) / 16;

    for (size_t n = from; n < to; n++)
        if (taken[n])
            return false;
    for (size_t n = from; n < to; n++)
        taken[n] = 1;
    return true;
}

static void write_anew(struct perf_map *map)
{
    uint64_t low = UINT64_MAX, high = 0;
    uint8_t *taken;
    size_t kept = 0;

    for (size_t n = 0; n < map->lines; n++) {
        const struct line *l = &map->line[n];
        low = l->host < low ? l->host : low;
        high = l->host + l->size > high ? l->host + l->size : high;
    }
    taken = map->lines ? calloc((size_t)(high - low) / 16 + 1, 1) : NULL;
    if (taken)
        map->file = freopen(map->path, "w", map->file);
    if (!taken || !map->file) {
        free(taken);
        return;
    }
    qsort(map->line, map->lines, sizeof *map->line, later_first);
    for (size_t n = 0; n < map->lines; n++)
        if (take(taken, &map->line[n], low))
            map->line[kept++] = map->line[n];
    qsort(map->line, kept, sizeof *map->line, by_host);
    for (size_t n = 0; n < kept; n++)
        write_line(map, &map->line[n]);
    free(taken);
}

void perf_map_close(struct perf_map *map)
{
    if (!map)
        return;
    write_anew(map);
    if (map->file)
        fclose(map->file);
    free(map->line);
    free(map->path);
    free(map);
}
