/* t_paging.c - page tables, rights, errors, accessed and dirty bits,
 * invalidation, accesses over two pages. Built three times: for 32-bit, PAE
 * and 4-level paging (PAGING). SDM volume 3, chapter 4. */
/* clang-format off */
#include "rom.h"

#ifdef __x86_64__
#define BX "[rbx]"
#define REG_BX "rbx"
#else
#define BX "[ebx]"
#define REG_BX "ebx"
#endif
#define RWU (PTE_P | PTE_W | PTE_U)

static struct regs at(bool user, word code, word addr)
{
    struct regs r = user ? user_regs(code) : kernel_regs(code);
    r.bx = addr;
    r.ax = 0x11223344;
    run(&r);
    return r;
}

static struct regs load(bool user, word addr)
{
    return at(user, CODE("mov eax, " BX), addr);
}

static struct regs store(bool user, word addr)
{
    return at(user, CODE("mov " BX ", eax"), addr);
}

/* The page holds one INT 30h. */
static struct regs fetch(bool user, unsigned page)
{
    struct regs r = user ? user_regs(PAGE(page)) : kernel_regs(PAGE(page));
    memset((void *)(word)FRAME(page), 0x90, 0x1000);
    *(volatile uint16_t *)(word)FRAME(page) = 0x30CD;
    run(&r);
    return r;
}

static void want_fault(const struct regs *r, uint32_t error, word cr2)
{
    want_vector(r, PF, error);
    if (r->vector == PF)
        want("cr2", r->cr2, cr2);
}

static void begin(void)
{
    WRITE_CR(0, READ_CR(0) | CR0_WP);
    paging_on(PAGING);
}

static void end(void)
{
    if (PAGING != PAGING_4)
        paging_off();
}

static bool is_wide(void)
{
    return PAGING != PAGING_2;
}

static bool nx_on(void)
{
    if (!is_wide() || !HAS_NX)
        return false;
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    return true;
}

static void nx_off(void)
{
    if (HAS_NX)
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(uint64_t)EFER_NXE);
}

/* ---- 1: the error code */

static void not_present(void)
{
    struct regs r;
    begin();
    for (int level = 1; level <= paging_levels(); level++) {
        uint64_t entry = paging_get(level, 0);
        paging_set(level, 0, entry & ~1ull);
        r = load(false, PAGE(0) + 8);
        want_fault(&r, 0, PAGE(0) + 8);
        r = store(false, PAGE(0) + 8);
        want_fault(&r, 2, PAGE(0) + 8);
        r = load(true, PAGE(0) + 0xFFC);
        want_fault(&r, 4, PAGE(0) + 0xFFC);
        r = store(true, PAGE(0));
        want_fault(&r, 6, PAGE(0));
        paging_set(level, 0, entry);
    }
    end();
}

static void protection(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_W);
    r = load(true, PAGE(0));
    want_fault(&r, 5, PAGE(0));
    r = store(true, PAGE(0));
    want_fault(&r, 7, PAGE(0));
    r = store(false, PAGE(0));
    want_done(&r);
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    r = store(true, PAGE(0));
    want_fault(&r, 7, PAGE(0));
    r = store(false, PAGE(0));
    want_fault(&r, 3, PAGE(0));
    end();
}

static void fetch_bit(void)
{
    struct regs r;
    begin();
    nx_off();
    paging_set(1, 0, FRAME(0));
    r = fetch(true, 0);
    want_fault(&r, 4, PAGE(0));
    if (nx_on()) {
        r = fetch(true, 0);
        want_fault(&r, 0x14, PAGE(0));
        paging_set(1, 0, FRAME(0) | RWU | PTE_NX);
        r = fetch(true, 0);
        want_fault(&r, 0x15, PAGE(0));
        r = fetch(false, 0);
        want_fault(&r, 0x11, PAGE(0));
        r = load(true, PAGE(0));
        want_done(&r);
        nx_off();
    }
    end();
}

static void fetch_bit_smep(void)
{
    struct regs r;
    if (!HAS_SMEP) {
        skip("no SMEP");
        return;
    }
    begin();
    nx_off();
    paging_guard(true);
    WRITE_CR(4, READ_CR(4) | CR4_SMEP);
    paging_set(1, 0, FRAME(0));
    r = fetch(true, 0);
    want_fault(&r, 0x14, PAGE(0));
    paging_set(1, 0, FRAME(0) | RWU);
    r = fetch(false, 0);
    want_fault(&r, 0x11, PAGE(0));
    r = fetch(true, 0);
    want_done(&r);
    paging_set(1, 0, FRAME(0) | PTE_P);
    r = fetch(false, 0);
    want_done(&r);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_SMEP);
    paging_guard(false);
    end();
}

static void reserved_with_present(void)
{
    struct regs r;
    uint64_t bad;
    begin();
    if (is_wide()) {
        if (maxphyaddr() >= 52) {
            skip("no reserved address bits");
            end();
            return;
        }
        bad = 1ull << 51;
        paging_set(1, 0, FRAME(0) | RWU | bad);
    } else {
        if (!has(1, 'd', 3)) {
            skip("no PSE");
            end();
            return;
        }
        WRITE_CR(4, READ_CR(4) | CR4_PSE);
        paging_set(2, 0, RWU | PTE_PS | 1 << 21);
    }
    r = load(false, PAGE(0));
    want_fault(&r, 9, PAGE(0));
    r = store(false, PAGE(0));
    want_fault(&r, 0xB, PAGE(0));
    r = load(true, PAGE(0));
    want_fault(&r, 0xD, PAGE(0));
    r = store(true, PAGE(0));
    want_fault(&r, 0xF, PAGE(0));
    end();
}

/* A descriptor in a supervisor page, then in none, loaded at CPL 3. */
static void implicit_access(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_W);
    *(volatile uint64_t *)(word)FRAME(0) = 0x00CFF2000000FFFF;
    set_desc(SEL_FREE, (uint32_t)PAGE(0), 0xFFF, A_LDT);
#ifdef __x86_64__
    gdt[SEL_FREE / 8 + 1] = PAGE(0) >> 32;
#endif
    __asm__ volatile("lldt %w0" ::"r"(SEL_FREE));
    r = at(true, CODE("mov ecx, 7; mov es, ecx"), 0);
    want_done(&r);
    want("accessed", *(volatile uint8_t *)(word)(FRAME(0) + 5), 0xF3);
    paging_set(1, 0, FRAME(0));
    r = at(true, CODE("mov ecx, 7; mov es, ecx"), 0);
    want_fault(&r, 0, PAGE(0));
    /* Setting the accessed bit is a supervisor write. */
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    *(volatile uint64_t *)(word)FRAME(0) = 0x00CFF2000000FFFF;
    r = at(true, CODE("mov ecx, 7; mov es, ecx"), 0);
    want_vector(&r, PF, 3);
    end();
}

static void smap(void)
{
    struct regs r;
    if (!HAS_SMAP) {
        skip("no SMAP");
        return;
    }
    begin();
    paging_guard(true);
    WRITE_CR(4, READ_CR(4) | CR4_SMAP);
    r = load(false, PAGE(0));
    want_fault(&r, 1, PAGE(0));
    r = store(false, PAGE(0));
    want_fault(&r, 3, PAGE(0));
    r = kernel_regs(CODE("mov eax, " BX));
    r.bx = PAGE(0);
    r.flags |= F_AC;
    run(&r);
    want_done(&r);
    r = KERNEL("stac; clac");
    want_done(&r);
    want_mask("AC", r.flags, 0, F_AC);
    r = fetch(false, 0);
    want_done(&r); /* fetches are SMEP's */
    /* Loading a descriptor from a user page is an implicit access: AC does
     * not help it. */
    *(volatile uint64_t *)(word)FRAME(0) = 0x00CFF3000000FFFF;
    set_desc(SEL_FREE, (uint32_t)PAGE(0), 0xFFF, A_LDT);
#ifdef __x86_64__
    gdt[SEL_FREE / 8 + 1] = PAGE(0) >> 32;
#endif
    __asm__ volatile("lldt %w0" ::"r"(SEL_FREE));
    r = kernel_regs(CODE("mov ecx, 7; mov es, ecx"));
    r.flags |= F_AC;
    run(&r);
    want_fault(&r, 1, PAGE(0));
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_SMAP);
    r = load(false, PAGE(0));
    want_done(&r);
    paging_guard(false);
    r = USER("stac");
    want_vector(&r, UD, NOERR);
    end();
}

/* ---- 2: reserved bits */

/* Address bits of an entry that this CPU does not have; or says why not. */
static bool has_reserved_bits(void)
{
    if (!is_wide())
        not_here("no address bits beyond 32");
    else if (maxphyaddr() >= 52)
        skip("no reserved address bits");
    else
        return true;
    return false;
}

static void reserved_high(void)
{
    struct regs r;
    begin();
    if (!has_reserved_bits()) {
        end();
        return;
    }
    for (int level = 1; level <= paging_levels(); level++) {
        uint64_t entry = paging_get(level, 0);
        paging_set(level, 0, entry | 1ull << maxphyaddr());
        r = load(true, PAGE(0));
        want_fault(&r, 0xD, PAGE(0));
        paging_set(level, 0, entry | 1ull << 51);
        r = load(false, PAGE(0));
        want_fault(&r, 9, PAGE(0));
        paging_set(level, 0, entry);
    }
    end();
}

static void reserved_nx(void)
{
    struct regs r;
    begin();
    if (!is_wide()) {
        not_here("no bit 63");
        end();
        return;
    }
    nx_off();
    for (int level = 1; level <= paging_levels(); level++) {
        uint64_t entry = paging_get(level, 0);
        paging_set(level, 0, entry | PTE_NX);
        r = load(true, PAGE(0));
        want_fault(&r, 0xD, PAGE(0));
        paging_set(level, 0, entry);
    }
    end();
}

static void reserved_large(void)
{
    struct regs r;
    begin();
    if (!is_wide()) {
        not_here("in 32-bit paging these are address bits");
        end();
        return;
    }
    for (unsigned bit = 13; bit <= 20; bit++) {
        paging_set(2, 0, RWU | PTE_PS | 1u << bit);
        r = load(true, PAGE(0));
        want_fault(&r, 0xD, PAGE(0));
    }
    paging_set(2, 0, RWU | PTE_PS | PTE_PAT_LARGE);
    r = load(true, PAGE(0));
    want_done(&r);
    end();
}

static void reserved_pml4_ps(void)
{
    struct regs r;
    begin();
    if (paging_levels() != 4) {
        not_here("no PML4");
        end();
        return;
    }
    paging_set(4, 0, paging_get(4, 0) | PTE_PS);
    r = load(true, PAGE(0));
    want_fault(&r, 0xD, PAGE(0));
    end();
}

static void reserved_first(void)
{
    struct regs r;
    begin();
    if (!has_reserved_bits()) {
        end();
        return;
    }
    /* Without U and W: RSVD all the same. In an entry without P: nothing. */
    paging_set(1, 0, FRAME(0) | PTE_P | 1ull << 51);
    r = store(true, PAGE(0));
    want_fault(&r, 0xF, PAGE(0));
    paging_set(1, 0, FRAME(0) | PTE_W | 1ull << 51);
    r = store(true, PAGE(0));
    want_fault(&r, 6, PAGE(0));
    end();
}

/* ---- 3: rights */

static void rights_and(void)
{
    struct regs r;
    begin();
    for (int level = 1; level <= paging_levels(); level++) {
        uint64_t entry = paging_get(level, 0);
        paging_set(level, 0, entry & ~(uint64_t)PTE_U);
        r = load(true, PAGE(0));
        want_fault(&r, 5, PAGE(0));
        r = load(false, PAGE(0));
        want_done(&r);
        paging_set(level, 0, entry & ~(uint64_t)PTE_W);
        r = store(true, PAGE(0));
        want_fault(&r, 7, PAGE(0));
        r = store(false, PAGE(0));
        want_fault(&r, 3, PAGE(0));
        r = load(true, PAGE(0));
        want_done(&r);
        paging_set(level, 0, entry);
    }
    end();
}

static void nx_or(void)
{
    struct regs r;
    begin();
    if (!nx_on()) {
        skip("no NX");
        end();
        return;
    }
    for (int level = 1; level <= paging_levels(); level++) {
        uint64_t entry = paging_get(level, 0);
        paging_set(level, 0, entry | PTE_NX);
        r = fetch(true, 0);
        want_fault(&r, 0x15, PAGE(0));
        paging_set(level, 0, entry);
        r = fetch(true, 0);
        want_done(&r);
    }
    nx_off();
    end();
}

static void write_protect(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    r = store(false, PAGE(0));
    want_fault(&r, 3, PAGE(0));
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_WP);
    r = store(false, PAGE(0));
    want_done(&r);
    r = store(true, PAGE(0));
    want_fault(&r, 7, PAGE(0));
    WRITE_CR(0, READ_CR(0) | CR0_WP);
    r = store(false, PAGE(0));
    want_fault(&r, 3, PAGE(0));
    end();
}

static void large_page(void)
{
    struct regs r;
    uint32_t size = is_wide() ? 0x200000 : 0x400000;
    begin();
    WRITE_CR(4, READ_CR(4) | CR4_PSE);
    /* What it maps looks like entries without rights, and is not looked at. */
    paging_set(2, 0, (FRAME(0) & ~(size - 1)) | RWU | PTE_PS);
    *(volatile uint32_t *)(word)FRAME(3) = 0x600DF00D;
    r = load(true, PAGE(0) + (FRAME(3) & (size - 1)));
    want_done(&r);
    want("eax", (uint32_t)r.ax, 0x600DF00D);
    r = store(true, PAGE(0) + (FRAME(2) & (size - 1)));
    want_done(&r);
    want("stored", *(volatile uint32_t *)(word)FRAME(2), 0x11223344);
    want("A and D", paging_get(2, 0) & (PTE_A | PTE_D), PTE_A | PTE_D);
    end();
}

/* ---- 4: accessed and dirty */

static void clear_ad(void)
{
    for (int level = 1; level <= paging_levels(); level++)
        paging_set(level, 0,
                   paging_get(level, 0) & ~(uint64_t)(PTE_A | PTE_D));
}

static void accessed_dirty(void)
{
    begin();
    clear_ad();
    load(true, PAGE(0));
    for (int level = 1; level <= paging_levels(); level++)
        want("A and D after a read",
             paging_get(level, 0) & (PTE_A | PTE_D), PTE_A);
    store(true, PAGE(0));
    want("leaf after a write", paging_get(1, 0) & (PTE_A | PTE_D),
         PTE_A | PTE_D);
    for (int level = 2; level <= paging_levels(); level++)
        want("D of upper levels", paging_get(level, 0) & PTE_D, 0);
    clear_ad();
    store(true, PAGE(0));
    want("leaf after a write alone", paging_get(1, 0) & (PTE_A | PTE_D),
         PTE_A | PTE_D);
    clear_ad();
    fetch(true, 0);
    want("A after a fetch", paging_get(1, 0) & (PTE_A | PTE_D), PTE_A);
    end();
}

static void no_ad_on_fault(void)
{
    begin();
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    store(true, PAGE(0));
    want("D after a fault", paging_get(1, 0) & PTE_D, 0);
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_W);
    store(true, PAGE(0));
    want("D after a fault of rights", paging_get(1, 0) & PTE_D, 0);
    end();
}

/* A table seen through a read-only page gets its bits all the same. */
static void ad_in_read_only_table(void)
{
    struct regs r;
    begin();
    paging_set(1, 1, paging_table(1) | PTE_P | PTE_U);
    clear_ad();
    r = store(true, PAGE(0));
    want_done(&r);
    want("leaf", paging_get(1, 0) & (PTE_A | PTE_D), PTE_A | PTE_D);
    r = load(true, PAGE(1));
    want_done(&r);
    want("leaf seen", (uint32_t)r.ax & (PTE_A | PTE_D), PTE_A | PTE_D);
    end();
}

/* ---- 5: invalidation */

static void mark_frames(void)
{
    for (unsigned n = 0; n < 4; n++)
        *(volatile uint32_t *)(word)FRAME(n) = 0xF0 + n;
}

/* Change without INVLPG, which paging_set includes. */
static void set_quietly(unsigned page, uint64_t entry)
{
    volatile uint8_t *p = (volatile uint8_t *)(word)paging_table(1);
    if (is_wide())
        ((volatile uint64_t *)p)[page] = entry;
    else
        ((volatile uint32_t *)p)[page] = (uint32_t)entry;
}

static void want_value(const char *what, uint32_t value)
{
    struct regs r = load(true, PAGE(0));
    want_done(&r);
    want(what, (uint32_t)r.ax, value);
}

static void invlpg_small(void)
{
    begin();
    mark_frames();
    want_value("before", 0xF0);
    set_quietly(0, FRAME(1) | RWU);
    invlpg(PAGE(0) + 0x123);
    want_value("after INVLPG", 0xF1);
    WRITE_CR(4, READ_CR(4) | CR4_PGE);
    set_quietly(0, FRAME(2) | RWU | PTE_G);
    invlpg(PAGE(0));
    want_value("global", 0xF2);
    set_quietly(0, FRAME(3) | RWU | PTE_G);
    invlpg(PAGE(0));
    want_value("global after INVLPG", 0xF3);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PGE);
    end();
}

static void invlpg_large(void)
{
    uint32_t size = is_wide() ? 0x200000 : 0x400000;
    uint64_t small;
    struct regs r;
    begin();
    WRITE_CR(4, READ_CR(4) | CR4_PSE);
    mark_frames();
    small = paging_get(2, 0);
    paging_set(2, 0, (FRAME(0) & ~(size - 1)) | RWU | PTE_PS);
    r = load(true, PAGE(0) + (FRAME(1) & (size - 1)));
    want("large", (uint32_t)r.ax, 0xF1);
    /* One INVLPG, elsewhere in the large page, drops all of it. */
    if (is_wide())
        ((volatile uint64_t *)(word)paging_table(2))[0] = small;
    else
        ((volatile uint32_t *)(word)paging_table(2))[PAGE(0) >> 22] =
            (uint32_t)small;
    invlpg(PAGE(0) + 0x5000);
    want_value("small pages again", 0xF0);
    end();
}

static void cr3_flush(void)
{
    begin();
    mark_frames();
    want_value("before", 0xF0);
    set_quietly(0, FRAME(1) | RWU);
    WRITE_CR(3, READ_CR(3));
    want_value("after MOV CR3", 0xF1);
    WRITE_CR(4, READ_CR(4) | CR4_PGE);
    paging_set(1, 0, FRAME(2) | RWU | PTE_G);
    want_value("global", 0xF2);
    set_quietly(0, FRAME(3) | RWU | PTE_G);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PGE);
    want_value("after clearing PGE", 0xF3);
    set_quietly(0, FRAME(0) | RWU);
    WRITE_CR(4, READ_CR(4) | CR4_PGE);
    want_value("after setting PGE", 0xF0);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PGE);
    end();
}

static void nxe_toggle(void)
{
    struct regs r;
    begin();
    if (!nx_on()) {
        skip("no NX");
        end();
        return;
    }
    paging_set(1, 0, FRAME(0) | RWU | PTE_NX);
    r = load(true, PAGE(0));
    want_done(&r);
    nx_off();
    WRITE_CR(3, READ_CR(3));
    r = load(true, PAGE(0));
    want_fault(&r, 0xD, PAGE(0));
    end();
}

static void smep_toggle(void)
{
    struct regs r;
    begin();
    if (!HAS_SMEP) {
        skip("no SMEP");
        end();
        return;
    }
    paging_guard(true);
    r = fetch(false, 0);
    want_done(&r);
    WRITE_CR(4, READ_CR(4) | CR4_SMEP);
    r = fetch(false, 0);
    want("vector with SMEP", r.vector, PF);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_SMEP);
    r = fetch(false, 0);
    want_done(&r);
    paging_guard(false);
    end();
}

/* ---- 6: shapes of tables */

static void present_without_invlpg(void)
{
    struct regs r;
    begin();
    mark_frames();
    set_quietly(0, 0);
    invlpg(PAGE(0));
    r = load(true, PAGE(0));
    want_fault(&r, 4, PAGE(0));
    set_quietly(0, FRAME(1) | RWU); /* no INVLPG: faults are not cached */
    want_value("after not-present to present", 0xF1);
    end();
}

static void table_through_itself(void)
{
    struct regs r;
    uint32_t entry_size = is_wide() ? 8 : 4;
    begin();
    mark_frames();
    paging_set(1, 1, paging_table(1) | RWU);
    want_value("before", 0xF0);
    r = user_regs(CODE("mov " BX ", eax; invlpg [edi]"));
    r.bx = PAGE(1);
    r.ax = FRAME(2) | RWU;
    r.cs = KCS;
    r.ss = KDS;
#ifdef __x86_64__
    r = user_regs(CODE("mov [rbx], eax; invlpg [rdi]; mov edx, [rdi]"));
#else
    r = user_regs(CODE("mov [ebx], eax; invlpg [edi]; mov edx, [edi]"));
#endif
    r.bx = PAGE(1);
    r.ax = FRAME(2) | RWU;
    r.di = PAGE(0);
    r.cs = KCS;
    r.ss = KDS;
    run(&r);
    want_done(&r);
    want("read through the changed entry", (uint32_t)r.dx, 0xF2);
    /* Unmap the table's own window by a write through it. */
    r = kernel_regs(CODE("mov dword ptr " BX ", 0"));
    r.bx = PAGE(1) + entry_size;
    run(&r);
    want_done(&r);
    invlpg(PAGE(1));
    r = load(true, PAGE(1));
    want_fault(&r, 4, PAGE(1));
    end();
}

/* The page table as its own directory: its frame is table and data. */
static void table_at_two_levels(void)
{
    struct regs r;
    begin();
    if (paging_levels() != 4) {
        not_here("4-level only");
        end();
        return;
    }
    mark_frames();
    /* PD entry 0 -> PT; as PT entry 0 of itself. PT[0] -> PT: a page at
     * PAGE(0) that is the table, at level 1 and 2. */
    paging_set(2, 0, paging_table(2) | RWU);
    invlpg(PAGE(0));
    r = load(true, PAGE(0));
    want_done(&r);
    want_mask("the directory as a page", r.ax, paging_table(2) | RWU,
              0xFFFFF007);
    end();
}

static void two_frames_two_rights(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(4) | RWU);
    paging_set(1, 1, FRAME(4) | PTE_P | PTE_U);
    paging_set(1, 2, FRAME(4) | PTE_P | PTE_W);
    r = store(true, PAGE(0) + 16);
    want_done(&r);
    r = store(true, PAGE(1) + 16);
    want_fault(&r, 7, PAGE(1) + 16);
    r = load(true, PAGE(2) + 16);
    want_fault(&r, 5, PAGE(2) + 16);
    r = load(true, PAGE(1) + 16);
    want("alias", (uint32_t)r.ax, 0x11223344);
    r = load(false, PAGE(2) + 16);
    want("alias", (uint32_t)r.ax, 0x11223344);
    end();
}

/* ---- 7: PAE, PSE */

static void pae_pdptes(void)
{
#if PAGING == 3 || !defined(__x86_64__)
    struct regs r;
    volatile uint64_t *pdpt;
    if (PAGING != PAGING_PAE) {
        not_here("PAE only");
        return;
    }
    begin();
    mark_frames();
    pdpt = (volatile uint64_t *)(word)READ_CR(3);
    /* What is in memory now does not matter: CR3 was loaded before. */
    pdpt[1] = 0;
    invlpg(PAGE(0));
    want_value("PDPTE changed in memory", 0xF0);
    WRITE_CR(3, READ_CR(3));
    r = load(true, PAGE(0));
    want_fault(&r, 4, PAGE(0));
    pdpt[1] = paging_table(2) | 1;
    WRITE_CR(3, READ_CR(3));
    want_value("again", 0xF0);
    for (unsigned bit = 1; bit < 9; bit++) {
        if (bit == 3 || bit == 4)
            continue; /* PWT, PCD */
        pdpt[1] = paging_table(2) | 1 | 1u << bit;
        r = kernel_regs(CODE("mov eax, cr3; mov cr3, eax"));
        run(&r);
        want_vector(&r, GP, 0);
    }
    pdpt[1] = 0x1E6; /* not present: ignored */
    r = kernel_regs(CODE("mov eax, cr3; mov cr3, eax"));
    run(&r);
    want_done(&r);
    pdpt[1] = paging_table(2) | 1;
    WRITE_CR(3, READ_CR(3));
    end();
#else
    not_here("PAE only");
#endif
}

static void pse_off(void)
{
    begin();
    if (PAGING != PAGING_2) {
        not_here("32-bit paging only");
        end();
        return;
    }
    mark_frames();
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PSE);
    paging_set(2, 0, paging_get(2, 0) | PTE_PS);
    want_value("PS without CR4.PSE is ignored", 0xF0);
    WRITE_CR(4, READ_CR(4) | CR4_PSE);
    paging_set(2, 0, (FRAME(0) & 0xFFC00000) | RWU | PTE_PS);
    {
        struct regs r = load(true, PAGE(0) + (FRAME(1) & 0x3FFFFF));
        want("4 MB page", (uint32_t)r.ax, 0xF1);
    }
    end();
}

/* ---- 8: accesses over two pages */

static void cross_write(void)
{
    struct regs r;
    volatile uint32_t *first = (volatile uint32_t *)(word)(FRAME(0) + 0xFFC);
    begin();
    *first = 0xAAAAAAAA;
    paging_set(1, 1, FRAME(1));
    r = store(true, PAGE(0) + 0xFFE);
    want_fault(&r, 6, PAGE(1));
    want("first page", *first, 0xAAAAAAAA);
    paging_set(1, 1, FRAME(1) | PTE_P | PTE_U);
    r = store(true, PAGE(0) + 0xFFD);
    want_fault(&r, 7, PAGE(1));
    want("first page", *first, 0xAAAAAAAA);
    paging_set(1, 0, FRAME(0));
    r = store(true, PAGE(0) + 0xFFE);
    want_fault(&r, 6, PAGE(0) + 0xFFE);
    paging_set(1, 1, FRAME(1) | RWU);
    r = store(true, PAGE(0) + 0xFFF);
    want_fault(&r, 6, PAGE(0) + 0xFFF);
    end();
}

static void cross_frames(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(2) | RWU);
    paging_set(1, 1, FRAME(5) | RWU);
    r = store(true, PAGE(0) + 0xFFD);
    want_done(&r);
    want("first", *(volatile uint32_t *)(word)(FRAME(2) + 0xFFC),
         0x22334400);
    want("second", *(volatile uint32_t *)(word)FRAME(5), 0x11);
    r = load(true, PAGE(0) + 0xFFD);
    want("eax", (uint32_t)r.ax, 0x11223344);
    end();
}

static void push_fault(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(0));
    r = user_regs(CODE("push " REG_BX));
    r.sp = PAGE(1);
    run(&r);
    want_fault(&r, 6, PAGE(1) - sizeof(word));
    want("sp", r.sp, PAGE(1));
    r = user_regs(CODE("call . + 5"));
    r.sp = PAGE(1) + 2;
    run(&r);
    want_fault(&r, 6, PAGE(1) + 2 - sizeof(word));
    want("sp", r.sp, PAGE(1) + 2);
    r = user_regs(CODE("enter 16, 3"));
    r.sp = PAGE(1) + 2 * sizeof(word);
    r.bp = PAGE(1) + 0x100;
    run(&r);
    want("vector", r.vector, PF);
    want("sp", r.sp, PAGE(1) + 2 * sizeof(word));
    want("bp", r.bp, PAGE(1) + 0x100);
    r = user_regs(CODE("enter 16, 0"));
    r.sp = PAGE(1) + 2 * sizeof(word);
    r.bp = 0x1234;
    run(&r); /* the final stack pointer is written to, as a check */
    want_mask("vector is #PF or done", r.vector == PF || r.vector == DONE, 1,
              1);
#ifndef __x86_64__
    r = user_regs(CODE("pushad"));
    r.sp = PAGE(1) + 16;
    run(&r);
    want("vector", r.vector, PF);
    want("sp", r.sp, PAGE(1) + 16);
#endif
    r = user_regs(CODE(
#ifdef __x86_64__
        "pop qword ptr [rbx]"
#else
        "pop dword ptr [ebx]"
#endif
        ));
    r.bx = PAGE(0);
    run(&r);
    want_fault(&r, 6, PAGE(0));
    want("sp", r.sp, STACK_TOP - 256);
    end();
}

static void string_fault(void)
{
    struct regs r;
    begin();
    memset((void *)(word)FRAME(0), 0x5A, 0x1000);
    paging_set(1, 3, FRAME(3));
    r = user_regs(CODE("rep movsb"));
    r.si = PAGE(0);
    r.di = PAGE(2) + 0xFF0;
    r.cx = 0x40;
    run(&r);
    want_fault(&r, 6, PAGE(3));
    want("cx", r.cx, 0x30);
    want("si", r.si, PAGE(0) + 0x10);
    want("di", r.di, PAGE(3));
    want("last byte", *(volatile uint8_t *)(word)(FRAME(2) + 0xFFF), 0x5A);
    /* The handler makes the page present, and it goes on. */
    paging_set(1, 3, FRAME(3) | RWU);
    run(&r);
    want_done(&r);
    want("cx", r.cx, 0);
    want("di", r.di, PAGE(3) + 0x30);
    /* Backwards, by words of four bytes over the page's begin. */
    paging_set(1, 3, FRAME(3));
    r = user_regs(CODE("std; rep lodsd"));
    r.si = PAGE(4) + 8;
    r.cx = 8;
    run(&r);
    want_fault(&r, 4, PAGE(4) - 4);
    want("cx", r.cx, 5);
    want("si", r.si, PAGE(4) - 4);
    end();
}

static void rmw_fault(void)
{
    struct regs r;
    begin();
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    /* Read-modify-write instructions fault as writes, flags unchanged. */
    r = user_regs(CODE("stc; add dword ptr " BX ", 1"));
    r.bx = PAGE(0);
    run(&r);
    want_fault(&r, 7, PAGE(0));
    want_mask("CF", r.flags, F_CF, F_CF);
    r = user_regs(CODE("cmpxchg " BX ", ecx"));
    r.bx = PAGE(0);
    r.ax = 5; /* does not match */
    run(&r);
    want_fault(&r, 7, PAGE(0));
    want("eax", (uint32_t)r.ax, 5);
    r = user_regs(CODE("xchg " BX ", ecx"));
    r.bx = PAGE(0);
    r.cx = 77;
    run(&r);
    want_fault(&r, 7, PAGE(0));
    want("ecx", (uint32_t)r.cx, 77);
    end();
}

/* ---- 9: PCID, LA57 */

static void pcid(void)
{
#ifdef __x86_64__
    struct regs r;
    word cr3 = READ_CR(3);
    if (!HAS_PCID) {
        skip("no PCID");
        return;
    }
    begin();
    r = kernel_regs(CODE("mov rax, cr3; or rax, 5; mov cr3, rax\n"
                         "mov rcx, cr4; or rcx, 0x20000; mov cr4, rcx"));
    run(&r);
    WRITE_CR(3, cr3);
    want_vector(&r, GP, 0); /* CR3[11:0] must be 0 */
    r = kernel_regs(CODE("mov rcx, cr4; or rcx, 0x20000; mov cr4, rcx"));
    run(&r);
    want_done(&r);
    if (r.vector == DONE) {
        mark_frames();
        WRITE_CR(3, cr3 | 1);
        want_value("PCID 1", 0xF0);
        WRITE_CR(3, cr3 | 2 | 1ull << 63);
        want("CR3 reads without bit 63", READ_CR(3), cr3 | 2);
        want_value("PCID 2", 0xF0);
        set_quietly(0, FRAME(1) | RWU);
        WRITE_CR(3, cr3 | 1); /* bit 63 clear: PCID 1 is flushed */
        want_value("flushed", 0xF1);
        r = kernel_regs(CODE("mov rax, cr0; btr rax, 31; mov cr0, rax"));
        run(&r);
        want_vector(&r, GP, 0); /* PG with PCIDE */
        WRITE_CR(3, cr3);
        WRITE_CR(4, READ_CR(4) & ~(word)CR4_PCIDE);
    }
    end();
#else
    struct regs r;
    if (!HAS_PCID) {
        skip("no PCID");
        return;
    }
    r = kernel_regs(CODE("mov ecx, cr4; or ecx, 0x20000; mov cr4, ecx"));
    run(&r);
    want_vector(&r, GP, 0); /* not outside IA-32e mode */
#endif
}

static void invpcid(void)
{
    static uint64_t desc[2] __attribute__((aligned(16)));
    struct regs r;
    if (!HAS_INVPCID) {
        skip("no INVPCID");
        return;
    }
    begin();
    mark_frames();
    desc[0] = desc[1] = 0;
    want_value("before", 0xF0);
    set_quietly(0, FRAME(1) | RWU);
#ifdef __x86_64__
#define INVPCID CODE("invpcid rax, [rbx]")
#else
#define INVPCID CODE("invpcid eax, [ebx]")
#endif
    r = kernel_regs(INVPCID);
    r.ax = 2;
    r.bx = (word)desc;
    run(&r);
    want_done(&r);
    want_value("all contexts", 0xF1);
    set_quietly(0, FRAME(2) | RWU);
    desc[1] = PAGE(0);
    r = kernel_regs(INVPCID);
    r.ax = 0;
    r.bx = (word)desc;
    run(&r);
    want_done(&r);
    want_value("one address", 0xF2);
    r = kernel_regs(INVPCID);
    r.ax = 4;
    r.bx = (word)desc;
    run(&r);
    want_vector(&r, GP, 0); /* type > 3 */
    desc[0] = 0x1000;
    r = kernel_regs(INVPCID);
    r.ax = 0;
    r.bx = (word)desc;
    run(&r);
    want_vector(&r, GP, 0); /* descriptor bits 63:12 */
    desc[0] = 1;
    desc[1] = 0;
    r = kernel_regs(INVPCID);
    r.ax = 1;
    r.bx = (word)desc;
    run(&r);
    want_vector(&r, GP, 0); /* PCID not 0 without CR4.PCIDE */
    r = user_regs(INVPCID);
    r.ax = 2;
    r.bx = (word)desc;
    run(&r);
    want_vector(&r, GP, 0);
    end();
}

static void pku(void)
{
#ifdef __x86_64__
    struct regs r;
    if (!HAS_PKU) {
        skip("no PKU");
        return;
    }
    begin();
    r = kernel_regs(CODE("xor ecx, ecx; rdpkru"));
    run(&r);
    want_vector(&r, UD, NOERR);
    paging_set(1, 0, FRAME(0) | RWU | 1ull << 59); /* key 1 */
    paging_set(1, 1, FRAME(1) | PTE_P | PTE_W | 1ull << 59);
    WRITE_CR(4, READ_CR(4) | CR4_PKE);
    r = user_regs(CODE("xor ecx, ecx; xor edx, edx; mov eax, 4; wrpkru\n"
                       "mov edx, [rbx]"));
    r.bx = PAGE(0);
    run(&r);
    want_fault(&r, 0x25, PAGE(0)); /* AD: also at reads, PK and P */
    r = fetch(true, 0);
    want_done(&r); /* keys do not concern fetches */
    r = user_regs(CODE("xor ecx, ecx; xor edx, edx; mov eax, 8; wrpkru\n"
                       "mov edx, [rbx]; mov [rbx], edx"));
    r.bx = PAGE(0);
    run(&r);
    want_fault(&r, 0x27, PAGE(0)); /* WD */
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_WP);
    r = store(false, PAGE(0));
    want_done(&r); /* supervisor writes heed WD with CR0.WP only */
    WRITE_CR(0, READ_CR(0) | CR0_WP);
    r = store(false, PAGE(0));
    want_fault(&r, 0x23, PAGE(0));
    r = store(false, PAGE(1));
    want_done(&r); /* supervisor pages have no keys */
    r = user_regs(CODE("mov ecx, 1; rdpkru"));
    run(&r);
    want_vector(&r, GP, 0);
    r = user_regs(CODE("xor ecx, ecx; xor edx, edx; xor eax, eax; wrpkru"));
    run(&r);
    want_done(&r);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PKE);
    end();
#else
    not_here("4-level only");
#endif
}

static void la57(void)
{
#ifdef __x86_64__
    struct regs r;
    if (!HAS_LA57) {
        r = kernel_regs(CODE("mov rax, cr4; or eax, 0x1000; mov cr4, rax"));
        run(&r);
        want_vector(&r, GP, 0);
        return;
    }
    r = kernel_regs(CODE("mov rax, cr4; or eax, 0x1000; mov cr4, rax"));
    run(&r);
    want_vector(&r, GP, 0); /* not to be changed in IA-32e mode */
#else
    not_here("long mode only");
#endif
}

TESTS
    {"01.a", "3:4.7", "not-present entry at each level: P=0, W and U of the access, CR2", not_present},
    {"01.b", "3:4.7", "rights missing: P=1", protection},
    {"01.c", "3:4.7", "I/D of a fetch only with NX", fetch_bit},
    {"01.d", "3:4.7", "I/D of a fetch with SMEP", fetch_bit_smep},
    {"01.e", "3:4.7", "RSVD comes with P=1", reserved_with_present},
    {"01.f", "3:4.6", "descriptors are read as supervisor at CPL 3", implicit_access},
    {"01.g", "3:4.6", "SMAP: EFLAGS.AC allows explicit accesses, not implicit ones", smap},
    {"02.a", "3:4.4", "address bits above MAXPHYADDR are reserved at each level", reserved_high},
    {"02.b", "3:4.4", "NX is reserved when EFER.NXE=0", reserved_nx},
    {"02.c", "3:4.4", "bits 13-20 of a large page's entry are reserved, PAT is not", reserved_large},
    {"02.d", "3:4.5", "PS of a PML4E is reserved", reserved_pml4_ps},
    {"02.e", "3:4.7", "reserved bits come before rights, P=0 before them", reserved_first},
    {"03.a", "3:4.6", "U and W of all levels together", rights_and},
    {"03.b", "3:4.6", "NX of any level", nx_or},
    {"03.c", "3:4.6", "CR0.WP decides about supervisor writes", write_protect},
    {"03.d", "3:4.3", "large page: rights, A and D of its own entry", large_page},
    {"04.a", "3:4.8", "A at all levels, D in the leaf by writes only", accessed_dirty},
    {"04.b", "3:4.8", "no D after a fault", no_ad_on_fault},
    {"04.c", "3:4.8", "A and D of a table that is mapped read-only", ad_in_read_only_table},
    {"05.a", "3:4.10.4.1", "INVLPG drops a page, a global one, too", invlpg_small},
    {"05.b", "3:4.10.4.1", "INVLPG anywhere in a large page drops it", invlpg_large},
    {"05.c", "3:4.10.4.1", "MOV CR3 drops pages, changing PGE global ones", cr3_flush},
    {"05.d", "3:4.10.4.1", "changing NXE makes NX reserved", nxe_toggle},
    {"05.e", "3:4.6", "SMEP is heeded as soon as it changes", smep_toggle},
    {"06.a", "3:4.10.4.3", "not-present to present needs no INVLPG", present_without_invlpg},
    {"06.b", "3:4.10.4.2", "a page table that maps itself", table_through_itself},
    {"06.c", "3:4.5", "a directory that is its own page table", table_at_two_levels},
    {"06.d", "3:4.6", "one frame with different rights", two_frames_two_rights},
    {"07.a", "3:4.4.1", "PDPTEs are loaded and checked by MOV CR3", pae_pdptes},
    {"07.b", "3:4.3", "PS counts with CR4.PSE only", pse_off},
    {"08.a", "3:4.7", "write over two pages: none or both; CR2 is the first bad byte", cross_write},
    {"08.b", "3:4.3", "access over two frames apart", cross_frames},
    {"08.c", "2:PUSH", "faulting PUSH, CALL, ENTER, PUSHA, POP leave registers", push_fault},
    {"27.a", "2:REP", "REP MOVS, LODS at a fault: state of what is done", string_fault},
    {"08.d", "3:4.7", "read-modify-write faults as a write, changes nothing", rmw_fault},
    {"09.a", "3:4.10.1", "PCID: rules of CR4.PCIDE and CR3", pcid},
    {"09.b", "2:INVPCID", "INVPCID: types, reserved bits, CPL", invpcid},
    {"01.h", "3:4.6.2", "protection keys: PK bit, AD, WD, fetches", pku},
    {"09.c", "3:2.5", "CR4.LA57 does not change in IA-32e mode", la57},
END_TESTS
