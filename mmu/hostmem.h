/* hostmem.h - memory from the host in whole pages.
 *
 * The only place that asks the host to map memory. What is given is zero,
 * page aligned and takes no real memory before it is touched. Private
 * anonymous memory rather than a memfd: only there do hosts use huge pages
 * without an administrator's help, which random access over a large guest
 * RAM needs more than an alias. */
#ifndef UMBRA_MMU_HOSTMEM_H
#define UMBRA_MMU_HOSTMEM_H

#include "devices/core/base.h"

/* NULL with a message in error[] when the host has none. `huge`: ask for
 * huge pages (guest RAM). */
void *hostmem_map(uint64_t size, bool huge, char *error, size_t error_size);
void hostmem_unmap(void *memory, uint64_t size);
/* Memory for host code: `*write` and `*exec` are two mappings of the same
 * pages. False with a message in error[] where the host allows none. */
bool hostmem_map_code(uint64_t size, void **write, const void **exec,
                      char *error, size_t error_size);
void hostmem_unmap_code(void *write, const void *exec, uint64_t size);
/* Give the pages back; they read as zero again. */
void hostmem_discard(void *memory, uint64_t size);

#endif
