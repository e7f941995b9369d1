/* hostmem_posix.c - memory from POSIX hosts; huge pages where Linux has
 * them. */
#define _GNU_SOURCE
#include "mmu/hostmem.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

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

#ifdef __linux__
/* Shared memory without a file: `perf` takes such code for that of a JIT and
 * asks the perf map for its names. A remap from size 0 maps it once more
 * (mremap(2)). */
static void map_twice(size_t size, void **w, void **x)
{
    *w = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
              -1, 0);
    if (*w == MAP_FAILED)
        return;
    *x = mremap(*w, 0, size, MREMAP_MAYMOVE);
    if (*x != MAP_FAILED && mprotect(*x, size, PROT_READ | PROT_EXEC)) {
        munmap(*x, size);
        *x = MAP_FAILED;
    }
}
#else
/* Beyond the process's limit a file's growth would end the process. */
static bool may_grow(uint64_t size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size) {
        errno = EFBIG;
        return false;
    }
    return true;
}

/* By a file without a name that lives as long as its mappings. */
static void map_twice(size_t size, void **w, void **x)
{
    FILE *f = tmpfile();

    if (!f)
        return;
    if (may_grow(size) && ftruncate(fileno(f), (off_t)size) == 0) {
        *w = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
        *x = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fileno(f), 0);
    }
    fclose(f);
}
#endif

bool hostmem_map_code(uint64_t size, void **write, const void **exec,
                      char *error, size_t error_size)
{
    void *w = MAP_FAILED, *x = MAP_FAILED;

    map_twice((size_t)size, &w, &x);
    if (w == MAP_FAILED || x == MAP_FAILED) {
        snprintf(error, error_size,
                 "code cache: the host gives no executable memory: %s; "
                 "use -accel interp",
                 strerror(errno));
        if (w != MAP_FAILED)
            munmap(w, (size_t)size);
        if (x != MAP_FAILED)
            munmap(x, (size_t)size);
        return false;
    }
    *write = w;
    *exec = x;
    return true;
}

void hostmem_unmap_code(void *write, const void *exec, uint64_t size)
{
    munmap(write, (size_t)size);
    munmap((void *)(uintptr_t)exec, (size_t)size);
}
