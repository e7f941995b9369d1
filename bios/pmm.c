/* POST Memory Manager 1.01: option ROMs get memory from two pools while POST
 * lasts. Called far with arguments on the stack, as C does: function word,
 * then its own; the answer in DX:AX. Source: POST Memory Manager
 * Specification 1.01, chapter 3. With a kernel from the command line, whose
 * pieces are in memory already, the pools are empty. */

#include "boot.h"
#include "shared.h"

#define CONVENTIONAL_BASE 0x30000
#define CONVENTIONAL_END  0x80000
#define EXTENDED_LOWEST   0x200000
#define EXTENDED_MOST     0x2000000

#define PMM_ALLOCATE      0
#define PMM_FIND          1
#define PMM_DEALLOCATE    2
#define PMM_ANONYMOUS     0xFFFFFFFF
#define PMM_UNKNOWN       0xFFFFFFFF

#define WANT_CONVENTIONAL 1
#define WANT_EXTENDED     2
#define WANT_ALIGNED      4

#define BLOCKS            16

/* Blocks of a pool are in use; size 0 = no block. */
static struct block {
    uint32_t base, size, handle;
} blocks[BLOCKS];

static struct pool {
    uint32_t base, end;
} pools[2]; /* conventional, extended */

static bool open;

void pmm_start(void)
{
    uint32_t end = shared.acpi_base;
    uint32_t most = end / 2 < EXTENDED_MOST ? end / 2 : EXTENDED_MOST;

    memset(blocks, 0, sizeof(blocks));
    memset(pools, 0, sizeof(pools));
    open = true;
    if (shared.boot.magic == BOOT_MAGIC)
        return;
    pools[0].base = CONVENTIONAL_BASE;
    pools[0].end = CONVENTIONAL_END;
    if (end <= EXTENDED_LOWEST)
        return;
    pools[1].base = end - most > EXTENDED_LOWEST ? end - most : EXTENDED_LOWEST;
    pools[1].end = end;
}

/* The signature goes before the ROM area is locked. */
void pmm_end(void)
{
    open = false;
    if (shared.pmm != 0)
        far_write32(SEG_FIXED, shared.pmm, 0);
}

/* The lowest block that begins at or above base and below end. */
static const struct block *block_above(uint32_t base, uint32_t end)
{
    const struct block *best = NULL;
    int i;

    for (i = 0; i < BLOCKS; i++)
        if (blocks[i].size != 0 && blocks[i].base >= base &&
            blocks[i].base < end && (!best || blocks[i].base < best->base))
            best = &blocks[i];
    return best;
}

/* First fit; 0 = none. The largest gap goes to *largest. */
static uint32_t gap_find(const struct pool *p, uint32_t size, uint32_t align,
                         uint32_t *largest)
{
    uint32_t at = p->base, found = 0;

    while (at < p->end) {
        const struct block *b = block_above(at, p->end);
        uint32_t end = b ? b->base : p->end;
        uint32_t start = (at + align - 1) & ~(align - 1);

        if (end - at > *largest)
            *largest = end - at;
        if (!found && start < end && end - start >= size)
            found = start;
        at = b ? b->base + b->size : p->end;
    }
    return found;
}

static uint32_t block_take(uint32_t base, uint32_t size, uint32_t handle)
{
    int i;

    for (i = 0; i < BLOCKS; i++)
        if (blocks[i].size == 0) {
            blocks[i].base = base;
            blocks[i].size = size;
            blocks[i].handle = handle;
            return base;
        }
    return 0;
}

static uint32_t find(uint32_t handle)
{
    int i;

    for (i = 0; i < BLOCKS && handle != PMM_ANONYMOUS; i++)
        if (blocks[i].size != 0 && blocks[i].handle == handle)
            return blocks[i].base;
    return 0;
}

/* Paragraphs 0 asks for the largest block. An aligned block begins at a
 * multiple of the lowest bit of its size. */
static uint32_t allocate(uint32_t paragraphs, uint32_t handle, uint16_t flags)
{
    uint32_t size = paragraphs << 4, largest = 0, at = 0;
    uint32_t align = flags & WANT_ALIGNED ? size & -size : 16;
    int i;

    if (paragraphs >= 0x10000000 || (handle != PMM_ANONYMOUS && find(handle)))
        return 0;
    if (size == 0)
        align = 16;
    for (i = 0; i < 2 && at == 0; i++)
        if (flags & (WANT_CONVENTIONAL << i))
            at = gap_find(&pools[i], size, align, &largest);
    if (size == 0)
        return largest >> 4;
    return at ? block_take(at, size, handle) : 0;
}

/* 0 = done. */
static uint32_t deallocate(uint32_t base)
{
    int i;

    for (i = 0; i < BLOCKS; i++)
        if (blocks[i].size != 0 && blocks[i].base == base) {
            blocks[i].size = 0;
            return 0;
        }
    return 1;
}

/* caller_esp is where entry_pmm has put IP, CS and flags for the way back;
 * behind it are the caller's return address and the arguments. */
void pmm_service(struct regs *r)
{
    uint16_t ss = r->caller_ss, at = (uint16_t)(r->caller_esp + 10);
    uint16_t function = far_read16(ss, at);
    uint32_t first = far_read32(ss, at + 2), result = PMM_UNKNOWN;

    if (!open || function > PMM_DEALLOCATE)
        result = PMM_UNKNOWN;
    else if (function == PMM_ALLOCATE)
        result =
            allocate(first, far_read32(ss, at + 6), far_read16(ss, at + 10));
    else if (function == PMM_FIND)
        result = find(first);
    else
        result = deallocate(first);
    r->ax = (uint16_t)result;
    r->dx = (uint16_t)(result >> 16);
}
