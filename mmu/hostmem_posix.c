/* hostmem_posix.c - memory from POSIX hosts; huge pages where Linux has
 * them. */
#define _GNU_SOURCE
#include "mmu/hostmem.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

void *hostmem_map(uint64_t size, bool huge, char *error, size_t error_size)
{
    void *memory = MAP_FAILED;

    errno = ENOMEM;
    if (size <= SIZE_MAX / 2)
        memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        snprintf(error, error_size,
                 "memory: the host has no %llu KiB: %s; free some",
                 (unsigned long long)(size >> 10), strerror(errno));
        return NULL;
    }
#ifdef MADV_HUGEPAGE
    if (huge)
        madvise(memory, (size_t)size, MADV_HUGEPAGE);
#else
    (void)huge;
#endif
    return memory;
}

void hostmem_unmap(void *memory, uint64_t size)
{
    if (memory)
        munmap(memory, (size_t)size);
}

void hostmem_discard(void *memory, uint64_t size)
{
    /* Mapping anew gives zeroes on every POSIX system; madvise does not. */
    void *again = mmap(memory, (size_t)size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (again == MAP_FAILED)
        memset(memory, 0, (size_t)size);
}
