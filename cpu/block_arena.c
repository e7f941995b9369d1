/* block_arena.c - see block_arena.h. */
#include "cpu/block_arena.h"

#include <stdlib.h>

enum { SEGMENTS = 4 };

bool block_arena_init(struct block_arena *arena, size_t size)
{
    memset(arena, 0, sizeof *arena);
    arena->memory = malloc(size + ARENA_LINE);
    if (!arena->memory)
        return false;
    arena->base = arena->memory;
    arena->base += -(uintptr_t)arena->memory % ARENA_LINE;
    arena->size = size;
    block_arena_empty(arena);
    return true;
}

void block_arena_free(struct block_arena *arena)
{
    free(arena->memory);
    memset(arena, 0, sizeof *arena);
}

void block_arena_empty(struct block_arena *arena)
{
    arena->used = arena->swept = 0;
    arena->end = arena->size;
    arena->runs = NULL;
}

static struct block *chunk_at(const struct block_arena *arena, size_t offset)
{
    return (struct block *)(void *)(arena->base + offset);
}

static size_t offset_of(const struct block_arena *arena, const struct block *b)
{
    return (size_t)((const uint8_t *)b - arena->base);
}

static uint32_t lines_of(size_t bytes)
{
    return (uint32_t)((bytes + ARENA_LINE - 1) / ARENA_LINE);
}

/* A free run as a chunk. Its last line may be all there is of it: only what
 * comes first in struct block is written. */
static struct block *make_free(struct block_arena *arena, size_t from,
                               size_t to)
{
    struct block *b = chunk_at(arena, from);

    _Static_assert(offsetof(struct block, next) + sizeof(void *) <=
                           ARENA_LINE &&
                       offsetof(struct block, lines) + 4 <= ARENA_LINE,
                   "in the first line");
    b->mode = MODE_DEAD;
    b->count = 0;
    b->lines = (uint32_t)((to - from) / ARENA_LINE);
    b->next = NULL;
    return b;
}

struct block *block_arena_take(struct block_arena *arena, size_t bytes)
{
    size_t room = (size_t)lines_of(bytes) * ARENA_LINE;
    struct block *b;

    while (arena->end - arena->used < room) {
        if (!arena->runs)
            return NULL;
        if (arena->used < arena->end)
            make_free(arena, arena->used, arena->end);
        arena->used = offset_of(arena, arena->runs);
        arena->end = arena->used + (size_t)arena->runs->lines * ARENA_LINE;
        arena->runs = arena->runs->next;
    }
    b = chunk_at(arena, arena->used);
    arena->used += room;
    return b;
}

void block_arena_own(struct block *b, size_t bytes)
{
    b->lines = lines_of(bytes);
}

struct block *block_arena_next(const struct block_arena *arena,
                               const struct block *b)
{
    size_t at = b ? offset_of(arena, b) + (size_t)b->lines * ARENA_LINE : 0;

    if (at == arena->used)
        at = arena->end;
    return at < arena->size ? chunk_at(arena, at) : NULL;
}

struct block *block_arena_segment(struct block_arena *arena, struct block **end)
{
    struct block *first, *b;

    if (arena->used < arena->end)
        make_free(arena, arena->used, arena->end);
    arena->used = arena->end = arena->size;
    arena->runs = NULL;
    first = b = chunk_at(arena, arena->swept);
    while (b && offset_of(arena, b) < arena->swept + arena->size / SEGMENTS)
        b = block_arena_next(arena, b);
    arena->swept = b ? offset_of(arena, b) : 0;
    *end = b ? b : chunk_at(arena, arena->size);
    return first;
}

void block_arena_sweep(struct block_arena *arena, struct block *first,
                       const struct block *end)
{
    struct block **last = &arena->runs, *run = NULL;
    size_t run_end = 0;

    for (struct block *b = first; b && b != end;
         b = block_arena_next(arena, b)) {
        size_t from = offset_of(arena, b);
        size_t to = from + (size_t)b->lines * ARENA_LINE;
        if (b->mode != MODE_DEAD)
            continue;
        if (run && run_end == from) {
            make_free(arena, offset_of(arena, run), to);
        } else {
            run = make_free(arena, from, to);
            *last = run;
            last = &run->next;
        }
        run_end = to;
    }
}
