/* codebuf.c - the two mappings of the code cache, and who gets its room. */
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
    codebuf_empty(buf, 0);
    return true;
}

void codebuf_free(struct codebuf *buf)
{
    if (buf->size)
        hostmem_unmap_code(buf->write, buf->exec, buf->size);
    memset(buf, 0, sizeof *buf);
}

void codebuf_empty(struct codebuf *buf, size_t reserved)
{
    buf->reserved = buf->used = reserved;
    buf->oldest = buf->end = buf->size;
}

static struct code_piece *piece_at(const struct codebuf *buf, size_t offset)
{
    return (struct code_piece *)(void *)(buf->write + offset);
}

struct code_piece *codebuf_make_room(struct codebuf *buf, size_t room)
{
    struct code_piece *piece;

    for (;;) {
        bool lap = buf->size - buf->used < room;
        if (lap && buf->oldest == buf->end) {
            buf->end = buf->used;
            buf->used = buf->oldest = buf->reserved;
        } else if (buf->oldest == buf->end ||
                   (!lap && buf->oldest - buf->used >= room)) {
            return NULL;
        } else {
            break;
        }
    }
    piece = piece_at(buf, buf->oldest);
    buf->oldest += piece->size;
    return piece;
}

struct code_piece *codebuf_begin(struct codebuf *buf)
{
    struct code_piece *piece = piece_at(buf, buf->used);
    buf->used += CODE_ALIGN;
    return piece;
}

void codebuf_finish(struct codebuf *buf, struct code_piece *piece,
                    struct block *owner, uint64_t host, bool trace)
{
    size_t start = (size_t)((uint8_t *)piece - buf->write);

    if (!host) {
        buf->used = start;
        return;
    }
    buf->used = (buf->used + CODE_ALIGN - 1) & ~(size_t)(CODE_ALIGN - 1);
    piece->owner = owner;
    piece->size = (uint32_t)(buf->used - start);
    piece->entry = (uint32_t)(host - (uintptr_t)buf->exec - start) |
                   (trace ? PIECE_TRACE : 0);
}

uint64_t codebuf_code(const struct codebuf *buf, const struct code_piece *piece)
{
    return (uintptr_t)buf->exec + (size_t)((uint8_t *)piece - buf->write) +
           CODE_ALIGN;
}

uint64_t codebuf_entry(const struct codebuf *buf,
                       const struct code_piece *piece)
{
    return (uintptr_t)buf->exec + (size_t)((uint8_t *)piece - buf->write) +
           (piece->entry & ~PIECE_TRACE);
}

void codebuf_disown(struct codebuf *buf, uint64_t host)
{
    size_t at = (size_t)(host - (uintptr_t)buf->exec);

    piece_at(buf, at - CODE_ALIGN)->owner = NULL;
}

size_t codebuf_used(const struct codebuf *buf)
{
    return buf->used - buf->reserved + (buf->end - buf->oldest);
}

struct code_piece *codebuf_next(const struct codebuf *buf,
                                const struct code_piece *piece)
{
    size_t at = buf->oldest == buf->end ? buf->reserved : buf->oldest;

    if (piece)
        at = (size_t)((const uint8_t *)piece - buf->write) + piece->size;
    if (at == buf->end && buf->oldest < buf->end)
        at = buf->reserved;
    return at == buf->used ? NULL : piece_at(buf, at);
}
