/* arena.c - buddy allocator over one mapping. */
#include "mmu/arena.h"

#include "mmu/hostmem.h"

#include <stdlib.h>

static void push_free(struct arena *arena, uint32_t page, unsigned order)
{
    uint32_t head = arena->head[order];

    arena->order_of[page] = (uint8_t)(order + 1);
    arena->is_free[page] = true;
    arena->next[page] = head;
    arena->prev[page] = 0;
    if (head)
        arena->prev[head - 1] = page + 1;
    arena->head[order] = page + 1;
}

static void unlink_free(struct arena *arena, uint32_t page)
{
    unsigned order = arena->order_of[page] - 1u;
    uint32_t next = arena->next[page], prev = arena->prev[page];

    if (prev)
        arena->next[prev - 1] = next;
    else
        arena->head[order] = next;
    if (next)
        arena->prev[next - 1] = prev;
    arena->is_free[page] = false;
    arena->order_of[page] = 0;
}

bool arena_init(struct arena *arena, uint64_t bytes)
{
    char error[80];
    uint32_t pages = (uint32_t)(bytes >> PAGE_SHIFT);

    memset(arena, 0, sizeof *arena);
    ASSERT(pages && !(pages & ((1u << ARENA_TOP) - 1)));
    arena->pages = pages;
    arena->memory = hostmem_map(bytes, false, error, sizeof error);
    arena->order_of = calloc(pages, sizeof *arena->order_of);
    arena->is_free = calloc(pages, sizeof *arena->is_free);
    arena->next = calloc(pages, sizeof *arena->next);
    arena->prev = calloc(pages, sizeof *arena->prev);
    if (!arena->memory || !arena->order_of || !arena->is_free || !arena->next ||
        !arena->prev) {
        arena_free(arena);
        return false;
    }
    for (uint32_t page = pages; page; page -= 1u << ARENA_TOP)
        push_free(arena, page - (1u << ARENA_TOP), ARENA_TOP);
    return true;
}

void arena_free(struct arena *arena)
{
    hostmem_unmap(arena->memory, (uint64_t)arena->pages << PAGE_SHIFT);
    free(arena->order_of);
    free(arena->is_free);
    free(arena->next);
    free(arena->prev);
    memset(arena, 0, sizeof *arena);
}

void *arena_get(struct arena *arena, uint64_t bytes)
{
    unsigned order = 0, from;
    uint32_t page;

    while ((uint64_t)PAGE_SIZE << order < bytes)
        order++;
    ASSERT(order <= ARENA_TOP);
    for (from = order; from <= ARENA_TOP && !arena->head[from]; from++)
        ;
    if (from > ARENA_TOP)
        return NULL;
    page = arena->head[from] - 1;
    unlink_free(arena, page);
    while (from > order) {
        from--;
        push_free(arena, page + (1u << from), from);
    }
    arena->order_of[page] = (uint8_t)(order + 1);
    arena->used += (uint64_t)PAGE_SIZE << order;
    return arena->memory + ((uint64_t)page << PAGE_SHIFT);
}

void arena_put(struct arena *arena, void *block)
{
    uint32_t page =
        (uint32_t)(((uint8_t *)block - arena->memory) >> PAGE_SHIFT);
    unsigned order = arena->order_of[page] - 1u;

    ASSERT(arena->order_of[page] && !arena->is_free[page]);
    arena->order_of[page] = 0;
    arena->used -= (uint64_t)PAGE_SIZE << order;
    for (; order < ARENA_TOP; order++) {
        uint32_t buddy = page ^ 1u << order;

        if (!arena->is_free[buddy] || arena->order_of[buddy] != order + 1)
            break;
        unlink_free(arena, buddy);
        page &= ~(1u << order);
    }
    push_free(arena, page, order);
}
