/* recheck.c - the answer of a TLB lookup once more: by C from the TLB and,
 * which takes longer, by a walk through the guest's tables.
 *
 * A store's page must be in the write array, as the lookup that this stands
 * for would ask; a load's in the read or the write array, since a lookup for
 * stores may serve loads too. Code may be executed on in a page that the exec
 * array has lost by conflict. Under MMU_POLICY_FLUSH the guest may have
 * changed its tables behind the TLB: only the TLB counts there. */
#include "mmu/recheck.h"

#include "mmu/shadow.h"
#include "mmu/walk.h"

static const char *by_tlb(const struct mmu *mmu, enum mmu_access access,
                          gva_t gva, unsigned size, const void *host,
                          const void **found)
{
    const struct tlb_bank *bank = &mmu->now;
    void *at = tlb_lookup(&bank->of[access], gva, size);

    if (!at && access == MMU_READ)
        at = tlb_lookup(&bank->of[MMU_WRITE], gva, size);
    *found = at;
    if (!at)
        return access == MMU_EXEC ? NULL : "the TLB does not have it";
    return at == host ? NULL : "the TLB leads elsewhere";
}

static const char *by_frame(const struct walk *walk,
                            const struct phys_slot *slot)
{
    if (walk->access != MMU_WRITE)
        return NULL;
    if (!(walk->rights & RIGHT_D))
        return "the page is not marked dirty";
    if (slot->rom)
        return "the page is read-only memory";
    if (phys_slot_frame(slot, walk->page)->tracked)
        return "stores to the frame are tracked";
    return NULL;
}

static const char *by_walk(struct mmu *mmu, enum mmu_access access, gva_t gva,
                           const void *host, const void **found)
{
    struct walk walk = {
        .memory = {&mmu->shadow->map, mmu->memory},
        .role = &mmu->role,
        .a20_mask = mmu->a20 ? ~0ull : ~0x100000ull,
        .gva = walk_canonical(mmu->role.levels, gva),
        .kind = mmu->kind,
        .access = access,
        .quiet = true,
    };
    const struct phys_slot *slot;

    if (walk_all(&walk, mmu->cr3, mmu->pdpte) == WALK_FAULT)
        return "the page is not present";
    if (walk_denies(walk.role, walk.kind, access,
                    walk.rights | (walk.entry_rights & KEY_OF_PAGE)))
        return "the page forbids it";
    slot = physmap_find(walk.memory.map, walk.page);
    if (!slot || walk.uncached)
        return "the page or its tables are not in memory";
    *found = phys_slot_host(slot, walk.page) + (gva & (PAGE_SIZE - 1));
    if (*found != host)
        return "the tables lead elsewhere";
    return by_frame(&walk, slot);
}

const char *mmu_recheck(struct mmu *mmu, enum mmu_access access, gva_t gva,
                        unsigned size, const void *host, bool walk,
                        const void **found)
{
    const char *wrong;

    *found = NULL;
    if ((gva & (PAGE_SIZE - 1)) + size > PAGE_SIZE)
        return "it crosses a page";
    wrong = by_tlb(mmu, access, gva, size, host, found);
    if (wrong || mmu->policy == MMU_POLICY_FLUSH || (*found && !walk))
        return wrong;
    return by_walk(mmu, access, gva, host, found);
}
