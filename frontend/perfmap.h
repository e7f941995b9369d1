/* perfmap.h - the file that tells `perf` what translated code is of.
 *
 * Lines "HOST SIZE umbra:RIP", hexadecimal without 0x (Linux,
 * tools/perf/Documentation/jit-interface.txt). The format has no way to take
 * a line back, so the file is written as translations come, for whoever looks
 * while the PC runs, and once more at the end, with what was translated last
 * at each address alone. */
#ifndef UMBRA_FRONTEND_PERFMAP_H
#define UMBRA_FRONTEND_PERFMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_map;

/* NULL: it cannot be written. */
struct perf_map *perf_map_open(const char *path);
/* Guest code at `rip` became `size` bytes at `host`. */
void perf_map_add(struct perf_map *map, uint64_t host, size_t size,
                  uint64_t rip);
/* Write it anew and free it; NULL is none. */
void perf_map_close(struct perf_map *map);

#endif
