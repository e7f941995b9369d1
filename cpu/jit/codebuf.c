/* codebuf.c - the two mappings of the code cache. */
#include "cpu/jit/codebuf.h"

#include "mmu/hostmem.h"

bool codebuf_init(struct codebuf *buf, size_t size, char *error,
                  size_t error_size)
{
    void *write;
    const void *exec;

    memset(buf, 0, sizeof *buf);
    if (!hostmem_map_code(size, &write, &exec, error, error_size))
        return false;
    buf->write = write;
    buf->exec = exec;
    buf->size = size;
    return true;
}

void codebuf_free(struct codebuf *buf)
{
    if (buf->size)
        hostmem_unmap_code(buf->write, buf->exec, buf->size);
    memset(buf, 0, sizeof *buf);
}
