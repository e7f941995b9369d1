/* explain.c - the table walk once more, telling what it meets. */
#include "mmu/explain.h"

#include "mmu/addrspace.h"
#include "mmu/shadow.h"
#include "mmu/walk.h"

/* The rule that denies, in the order in which people look for it. */
static const char *denied_by(const struct page_role *role,
                             enum mmu_bank_kind kind, enum mmu_access access,
                             unsigned rights, uint32_t cause)
{
    if (cause & PF_PK)
        return "protection key";
    if (kind == BANK_USER && !(rights & RIGHT_U))
        return "supervisor page";
    if (access == MMU_EXEC)
        return rights & RIGHT_X ? "user page under SMEP" : "no-execute";
    if (kind != BANK_USER && rights & RIGHT_U && role->smap)
        return "user page under SMAP";
    return "read-only";
}

static uint64_t peek_entry(struct mmu *mmu, gpa_t gpa)
{
    unsigned size = mmu->role.levels == 2 ? 4 : 8;
    uint8_t data[8];

    addrspace_peek(mmu->memory, gpa, data, size);
    return load_le(data, size);
}

unsigned mmu_explain(struct mmu *mmu, enum mmu_bank_kind kind,
                     enum mmu_access access, gva_t gva,
                     struct mmu_step step[MMU_MAX_STEPS])
{
    struct walk walk = {
        .memory = {&mmu->shadow->map, mmu->memory},
        .role = &mmu->role,
        .a20_mask = mmu->a20 ? ~0ull : ~0x100000ull,
        .gva = walk_canonical(mmu->role.levels, gva),
        .kind = kind,
        .access = access,
        .quiet = true,
    };
    enum walk_result result;
    unsigned n = 0;
    uint32_t cause;

    if (!mmu->role.levels)
        return 0;
    result = walk_start(&walk, mmu->cr3, mmu->pdpte);
    if (mmu->role.levels == 3) {
        uint64_t pdpte = mmu->pdpte[bits(walk.gva, 30, 2)];

        step[n++] = (struct mmu_step){
            3, 0, pdpte, result == WALK_FAULT ? "not present" : NULL};
    }
    while (result == WALK_TABLE && n < MMU_MAX_STEPS) {
        unsigned level = walk.level;

        result = walk_step(&walk);
        step[n] = (struct mmu_step){level, walk.entry_gpa,
                                    peek_entry(mmu, walk.entry_gpa), NULL};
        if (result == WALK_FAULT)
            step[n].why =
                walk.error & PF_RSVD ? "reserved bits" : "not present";
        n++;
    }
    if (result != WALK_PAGE)
        return n;
    cause = walk_denies(walk.role, kind, access,
                        walk.rights | (walk.entry_rights & KEY_OF_PAGE));
    if (cause)
        step[n - 1].why =
            denied_by(walk.role, kind, access, walk.rights, cause);
    return n;
}
