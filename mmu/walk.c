/* walk.c - guest table walk: what differs between the formats, and the
 * rules that are common to them. */
#include "mmu/walk.h"

#include "mmu/addrspace.h"
#include "mmu/track.h"

/* ---- rules (SDM volume 3, sections 4.6 and 4.7) */

bool walk_allows(const struct page_role *role, enum mmu_bank_kind kind,
                 enum mmu_access access, unsigned rights)
{
    bool user_page = rights & RIGHT_U;

    if (kind == BANK_USER) {
        if (!user_page)
            return false;
        return access == MMU_READ ||
               rights & (access == MMU_WRITE ? RIGHT_W : RIGHT_X);
    }
    if (access == MMU_EXEC)
        return rights & RIGHT_X && !(user_page && role->smep);
    if (user_page && role->smap && kind != BANK_SUPER_AC)
        return false;
    return access == MMU_READ || rights & RIGHT_W || !role->wp;
}

/* SDM volume 3, 4.6.2: PKRU has two bits for each key, no access and no
 * write. Keys are about data in user pages, whoever accesses it. */
static bool key_denies(const struct page_role *role, enum mmu_bank_kind kind,
                       enum mmu_access access, unsigned rights)
{
    unsigned key = (rights & KEY_OF_PAGE) >> KEY_OF_PAGE_SHIFT;
    unsigned bits = role->pkru >> 2 * key & 3;

    if (!bits || access == MMU_EXEC || !(rights & RIGHT_U))
        return false;
    return bits & 1 || (access == MMU_WRITE && (kind == BANK_USER || role->wp));
}

uint32_t walk_denies(const struct page_role *role, enum mmu_bank_kind kind,
                     enum mmu_access access, unsigned rights)
{
    bool by_key = role->pkru && key_denies(role, kind, access, rights);

    if (!by_key && walk_allows(role, kind, access, rights))
        return 0;
    return by_key ? PF_P | PF_PK : PF_P;
}

uint32_t walk_error(const struct page_role *role, enum mmu_bank_kind kind,
                    enum mmu_access access, uint32_t cause)
{
    uint32_t error = cause;

    if (access == MMU_WRITE)
        error |= PF_W;
    if (kind == BANK_USER)
        error |= PF_U;
    if (access == MMU_EXEC && (role->smep || (role->nxe && role->levels >= 3)))
        error |= PF_I;
    return error;
}

gva_t walk_canonical(unsigned levels, gva_t gva)
{
    unsigned unused = levels == 5 ? 7 : 16;

    if (levels < 4)
        return (uint32_t)gva;
    return (gva_t)((int64_t)(gva << unused) >> unused);
}

uint64_t walk_pdpte_reserved(unsigned maxphyaddr)
{
    return ~0ull << maxphyaddr | 0x1E6;
}

/* ---- entries in guest memory */

static uint64_t load_entry(struct walk *walk, unsigned size)
{
    const struct phys_slot *slot =
        physmap_find(walk->memory.map, walk->entry_gpa);
    uint8_t data[8];

    if (likely(slot != NULL))
        return load_le(phys_slot_host(slot, walk->entry_gpa), size);
    walk->uncached = true;
    if (!walk->quiet)
        return addrspace_read(walk->memory.space, walk->entry_gpa, size);
    addrspace_peek(walk->memory.space, walk->entry_gpa, data, size);
    return load_le(data, size);
}

/* The processor writes accessed and dirty bits with an atomic update; with
 * one CPU a plain store is one. */
static void store_entry(struct walk *walk, uint64_t entry, unsigned size)
{
    const struct phys_slot *slot =
        physmap_find(walk->memory.map, walk->entry_gpa);
    uint64_t offset;

    if (!slot || slot->rom) {
        addrspace_write(walk->memory.space, walk->entry_gpa, entry, size);
        return;
    }
    offset = phys_slot_offset(slot, walk->entry_gpa);
    store_le(slot->block->host + offset, entry, size);
    if (ram_frame_at(slot->block, offset)->tracked && slot->block->track)
        track_stored_by_walk(slot->block->track, slot->block, offset, size);
}

static enum walk_result fail(struct walk *walk, uint32_t cause)
{
    walk->error = walk_error(walk->role, walk->kind, walk->access, cause);
    return WALK_FAULT;
}

/* ---- legacy 32-bit tables (4.3), with PSE-36 */

static unsigned key_legacy(uint32_t entry)
{
    (void)entry;
    return 0;
}

static bool large_legacy(const struct walk *walk, uint64_t entry)
{
    return walk->role->pse && entry & PTE_PS;
}

static uint64_t reserved_legacy(const struct walk *walk, bool leaf)
{
    unsigned m = walk->role->maxphyaddr < 40 ? walk->role->maxphyaddr : 40;

    if (walk->role->no_pse36)
        m = 32;
    if (!leaf || walk->level == 1)
        return 0;
    return bits(~0ull, 0, 22) & ~bits(~0ull, 0, m < 32 ? 13 : m - 19);
}

static gpa_t address_legacy(const struct walk *walk, uint64_t entry, bool leaf)
{
    if (leaf && walk->level == 2)
        return (entry & 0xFFC00000) | bits(entry, 13, 8) << 32;
    return entry & 0xFFFFF000;
}

#define WALK(name)      name##_legacy
#define WALK_ENTRY      uint32_t
#define WALK_INDEX_BITS 10
#include "mmu/walk_tmpl.h"

/* ---- PAE tables (4.4); the PDPTEs are registers, see walk_start */

static uint64_t reserved_nx(const struct walk *walk)
{
    return walk->role->nxe ? 0 : PTE_NX;
}

static gpa_t address_64(const struct walk *walk, uint64_t entry)
{
    return entry & bits(~0ull, 0, walk->role->maxphyaddr) & PAGE_MASK;
}

static unsigned key_pae(uint64_t entry)
{
    (void)entry;
    return 0;
}

static bool large_pae(const struct walk *walk, uint64_t entry)
{
    (void)walk;
    return entry & PTE_PS;
}

static uint64_t reserved_pae(const struct walk *walk, bool leaf)
{
    uint64_t high = bits(~0ull << walk->role->maxphyaddr, 0, 63);
    uint64_t low = leaf && walk->level == 2 ? 0x1FE000 : 0;

    return high | low | reserved_nx(walk);
}

static gpa_t address_pae(const struct walk *walk, uint64_t entry, bool leaf)
{
    /* Bit 12 of a large page's entry is PAT. */
    return address_64(walk, entry) &
           (leaf && walk->level == 2 ? ~0x1FFFFFull : ~0ull);
}

#define WALK(name)      name##_pae
#define WALK_ENTRY      uint64_t
#define WALK_INDEX_BITS 9
#include "mmu/walk_tmpl.h"

/* ---- 4-level and 5-level tables (4.5) */

static unsigned key_long(uint64_t entry)
{
    return (unsigned)bits(entry, 59, 4) << KEY_OF_PAGE_SHIFT;
}

static bool large_long(const struct walk *walk, uint64_t entry)
{
    return walk->level <= 3 && entry & PTE_PS;
}

static uint64_t reserved_long(const struct walk *walk, bool leaf)
{
    uint64_t mask = bits(~0ull << walk->role->maxphyaddr, 0, 52);

    if (walk->level >= 4 || (walk->level == 3 && walk->role->no_1g))
        mask |= PTE_PS;
    else if (leaf && walk->level > 1)
        mask |= bits(~0ull, 0, walk->level == 3 ? 30 : 21) & ~0x1FFFull;
    return mask | reserved_nx(walk);
}

static gpa_t address_long(const struct walk *walk, uint64_t entry, bool leaf)
{
    unsigned shift = PAGE_SHIFT + 9 * (walk->level - 1);

    return address_64(walk, entry) & (leaf ? ~0ull << shift : ~0ull);
}

#define WALK(name)      name##_long
#define WALK_ENTRY      uint64_t
#define WALK_INDEX_BITS 9
#include "mmu/walk_tmpl.h"

/* ---- the whole walk */

enum walk_result walk_start(struct walk *walk, uint64_t cr3,
                            const uint64_t *pdpte)
{
    const struct page_role *role = walk->role;
    uint64_t physical = bits(~0ull, 0, role->maxphyaddr) & walk->a20_mask;

    walk->rights = RIGHT_ALL;
    walk->uncached = false;
    walk->level = role->levels;
    if (role->levels == 3) {
        uint64_t entry = pdpte[bits(walk->gva, 30, 2)];

        if (!(entry & PTE_P))
            return fail(walk, 0);
        walk->level = 2;
        walk->table = entry & PAGE_MASK & physical;
        return WALK_TABLE;
    }
    walk->table =
        (role->levels == 2 ? (uint32_t)cr3 : cr3) & PAGE_MASK & physical;
    return WALK_TABLE;
}

enum walk_result walk_step(struct walk *walk)
{
    switch (walk->role->levels) {
    case 2:
        return step_legacy(walk);
    case 3:
        return step_pae(walk);
    default:
        return step_long(walk);
    }
}

enum walk_result walk_all(struct walk *walk, uint64_t cr3,
                          const uint64_t *pdpte)
{
    enum walk_result result;

    if (!walk->role->levels) {
        walk->rights = RIGHT_ALL;
        walk->uncached = false;
        walk->page_shift = PAGE_SHIFT;
        walk->page = walk->gva & PAGE_MASK & walk->a20_mask;
        return WALK_PAGE;
    }
    result = walk_start(walk, cr3, pdpte);
    while (result == WALK_TABLE)
        result = walk_step(walk);
    return result;
}
