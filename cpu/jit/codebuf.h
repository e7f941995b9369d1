/* codebuf.h - memory for host code: written through one mapping, executed
 * through another, never both through one.
 *
 * It is a ring of pieces, a translation each. The oldest make room for new
 * ones, so that it is never emptied as a whole because it is full. */
#ifndef UMBRA_CPU_JIT_CODEBUF_H
#define UMBRA_CPU_JIT_CODEBUF_H

#include "devices/core/base.h"

struct block;

/* Stands before a translation. It may be a block's or trace's no more. */
struct code_piece {
    struct block *owner; /* of a trace: its head; NULL: it is no more */
    uint32_t size;       /* with this; a multiple of CODE_ALIGN */
    uint32_t entry;      /* offset from here, PIECE_TRACE for a trace */
};
#define PIECE_TRACE (1u << 31)
enum { CODE_ALIGN = 16 };
_Static_assert(sizeof(struct code_piece) <= CODE_ALIGN, "room for one");

/* Offsets: bytes before `reserved` stay; [reserved, used) are pieces of this
 * lap, [used, oldest) is free, [oldest, end) are pieces of the lap before. */
struct codebuf {
    uint8_t *write;
    const uint8_t *exec;
    size_t size, reserved, used, oldest, end;
};

bool codebuf_init(struct codebuf *buf, size_t size, char *error,
                  size_t error_size);
void codebuf_free(struct codebuf *buf);
/* The first `reserved` bytes stay; there are no pieces. */
void codebuf_empty(struct codebuf *buf, size_t reserved);
/* NULL: [used, used + room) is free; `room` with the piece's header. Else
 * the piece that has to go: to be called again when it is no more used. */
struct code_piece *codebuf_make_room(struct codebuf *buf, size_t room);
/* Begin a piece at `used`; end it, or with `host` 0 take it back. */
struct code_piece *codebuf_begin(struct codebuf *buf);
void codebuf_finish(struct codebuf *buf, struct code_piece *piece,
                    struct block *owner, uint64_t host, bool trace);
/* Where its code begins, and where it is entered. */
uint64_t codebuf_code(const struct codebuf *buf,
                      const struct code_piece *piece);
uint64_t codebuf_entry(const struct codebuf *buf,
                       const struct code_piece *piece);
static inline bool codebuf_is_trace(const struct code_piece *piece)
{
    return piece->entry & PIECE_TRACE;
}
/* The piece that is entered at its first byte, `host`, is nobody's any more. */
void codebuf_disown(struct codebuf *buf, uint64_t host);
/* Bytes that pieces take. */
size_t codebuf_used(const struct codebuf *buf);
/* The pieces, from the oldest: the one behind `piece`, or behind NULL the
 * first; NULL: no more. */
struct code_piece *codebuf_next(const struct codebuf *buf,
                                const struct code_piece *piece);

#endif
