/* paging.c - page tables for the ROMs: identity for what lies below 16 MB
 * and the devices, and a window of 8 pages at WINDOW_GVA whose tables are the
 * tests' (level 1 is the page table). */
#include "rom.h"

enum { TABLES = ARENA };
static int mode;

static uint32_t table(unsigned n)
{
    return TABLES + n * 0x1000;
}

static void put32(uint32_t at, unsigned index, uint32_t value)
{
    ((volatile uint32_t *)(word)at)[index] = value;
}

static void put64(uint32_t at, unsigned index, uint64_t value)
{
    ((volatile uint64_t *)(word)at)[index] = value;
}

/* Tables: 0 root, 1.. of identity, 8.. of the window (8 + level). */
static unsigned index_of(int level)
{
    static const uint8_t shift32[] = {0, 12, 22},
                         shift64[] = {0, 12, 21, 30, 39};
    if (mode == PAGING_2)
        return WINDOW_GVA >> shift32[level] & 1023;
    return WINDOW_GVA >> shift64[level] & 511;
}

int paging_levels(void)
{
    return mode == PAGING_4 ? 4 : 2;
}

uint32_t paging_table(int level)
{
    if (mode == PAGING_2)
        return table(level == 1 ? 9 : 0);
    if (mode == PAGING_PAE)
        return table(level == 3 ? 0 : 8 + (unsigned)level);
    return (uint32_t)(level == 4 ? READ_CR(3) & ~0xFFFul
                                 : table(8 + (unsigned)level));
}

uint64_t paging_get(int level, unsigned page)
{
    unsigned i = index_of(level) + (level == 1 ? page : 0);
    word at = paging_table(level);
    return mode == PAGING_2 ? ((volatile uint32_t *)at)[i]
                            : ((volatile uint64_t *)at)[i];
}

void invlpg(word gva)
{
    __asm__ volatile("invlpg (%0)" ::"r"(gva) : "memory");
}

void paging_set(int level, unsigned page, uint64_t entry)
{
    unsigned i = index_of(level) + (level == 1 ? page : 0);
    if (mode == PAGING_2)
        put32(paging_table(level), i, (uint32_t)entry);
    else
        put64(paging_table(level), i, entry);
    for (unsigned n = 0; n < 8; n++)
        invlpg(PAGE(n));
}

void paging_reset(void)
{
    int top = mode == PAGING_2 ? 2 : mode == PAGING_PAE ? 2 : 4;
    for (int level = top; level > 1; level--)
        paging_set(level, 0,
                   paging_table(level - 1) | PTE_P | PTE_W | PTE_U | PTE_A);
    for (unsigned n = 0; n < 8; n++) {
        paging_set(1, n, FRAME(n) | PTE_P | PTE_W | PTE_U);
        memset((void *)(word)FRAME(n), 0, 0x1000);
    }
}

/* Identity by small pages, so that nothing but CR4.PAE is needed. */
static void identity(void)
{
    unsigned tables = mode == PAGING_2 ? 4 : 8;
    memset((void *)TABLES, 0, 0x20000);
    for (unsigned n = 0; n < tables; n++) {
        uint32_t at = table(16 + n);
        unsigned entries = mode == PAGING_2 ? 1024 : 512;
        for (unsigned i = 0; i < entries; i++) {
            uint32_t to = (n * entries + i) * 0x1000;
            if (mode == PAGING_2)
                put32(at, i, to | 7);
            else
                put64(at, i, to | 7);
        }
        if (mode == PAGING_2)
            put32(table(0), n, at | 7);
        else
            put64(table(1), n, at | 7);
    }
}

void paging_on(int new_mode)
{
    mode = new_mode;
    if (mode == PAGING_4) {
        /* The window's tables hang from the ROM's own PML4. */
        memset((void *)TABLES, 0, 0x20000);
        paging_reset();
        return;
    }
    identity();
    if (mode == PAGING_PAE) {
        put64(table(0), 0, table(1) | 1);
        put64(table(0), WINDOW_GVA >> 30, table(10) | 1);
        WRITE_CR(4, READ_CR(4) | CR4_PAE);
    }
    WRITE_CR(3, table(0));
    WRITE_CR(0, READ_CR(0) | CR0_PG);
    paging_reset();
    reset_tables(); /* the TSS of double faults holds CR3 */
}

void paging_guard(bool supervisor)
{
    uint64_t u = supervisor ? 0 : PTE_U;
    unsigned tables = mode == PAGING_2 ? 4 : 8;
#ifdef __x86_64__
    for (unsigned n = 0; n < 4; n++)
        boot_pdpt[n] = (boot_pdpt[n] & ~(uint64_t)PTE_U) | u;
    tables = 0;
#endif
    for (unsigned n = 0; n < tables; n++) {
        if (mode == PAGING_2)
            put32(table(0), n, table(16 + n) | 3 | (uint32_t)u);
        else
            put64(table(1), n, table(16 + n) | 3 | u);
    }
    WRITE_CR(3, READ_CR(3));
}

void paging_off(void)
{
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_PG);
    WRITE_CR(4, READ_CR(4) & ~(word)(CR4_PAE | CR4_PGE | CR4_PSE));
}
