/* plain.c - a TLB that is filled by full walks and emptied as the guest
 * asks. Only the current root has entries. */
#include "mmu/plain.h"

static void insert(struct shadow *shadow, struct tlb_set *set,
                   enum mmu_access access, gva_t gva, const uint8_t *host)
{
    if (tlb_insert(set, access, gva, host))
        roots_grow_set(shadow, set, access);
}

static void fill(struct shadow *shadow, const struct mmu_request *request,
                 const struct mmu_page *page)
{
    struct tlb_set *set = roots_set(shadow->roots.now, request->kind);
    const uint8_t *host = page->block->host + page->offset;

    if (request->access == MMU_WRITE &&
        (page->rom || ram_frame_at(page->block, page->offset)->tracked))
        return;
    if (!set->live)
        roots_make_set(shadow, set);
    insert(shadow, set, request->access, request->gva, host);
    if (request->access == MMU_WRITE)
        insert(shadow, set, MMU_READ, request->gva, host);
    shadow->mmu->count.fill++;
}

static void note_large(struct shadow *shadow, const struct walk *walk)
{
    gva_t low = walk->gva & ~0ull << walk->page_shift;
    gva_t high = walk->gva | bits(~0ull, 0, walk->page_shift);

    if (walk->page_shift == PAGE_SHIFT)
        return;
    if (low < shadow->large_low)
        shadow->large_low = low;
    if (high > shadow->large_high)
        shadow->large_high = high;
}

bool plain_resolve(struct shadow *shadow, struct mmu_request *request,
                   struct mmu_page *page)
{
    struct mmu *mmu = shadow->mmu;
    struct walk walk = {
        .memory = {&shadow->map, mmu->memory},
        .role = &shadow->roots.now->role,
        .a20_mask = mmu->a20 ? ~0ull : ~0x100000ull,
        .gva = request->gva,
        .kind = request->kind,
        .access = request->access,
    };

    mmu->count.walk++;
    if (walk_all(&walk, mmu->cr3, mmu->pdpte) == WALK_FAULT) {
        request->error = walk.error;
        return false;
    }
    mmu_page_locate(shadow, walk.page, page);
    page->uncached = walk.uncached;
    if (page->block && !walk.uncached) {
        note_large(shadow, &walk);
        fill(shadow, request, page);
    }
    return true;
}

void plain_flush(struct shadow *shadow)
{
    struct root *root = shadow->roots.now;

    tlb_near_empty(&shadow->mmu->near);
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_flush(&shadow->store, &root->set[k], true);
    shadow->large_low = ~0ull;
    shadow->large_high = 0;
    roots_refresh(shadow);
}

void plain_invlpg(struct shadow *shadow, gva_t gva)
{
    struct root *root = shadow->roots.now;

    gva = walk_canonical(root->role.levels, gva);
    if (gva >= shadow->large_low && gva <= shadow->large_high)
        plain_flush(shadow);
    else
        roots_drop(shadow, 1ull << root->number, TLB_ALL, gva);
}

void plain_protect(struct shadow *shadow, const uint8_t *host)
{
    if (!shadow->roots.now)
        return;
    tlb_near_empty(&shadow->mmu->near);
    for (unsigned k = 0; k < MMU_BANKS; k++)
        tlb_drop_host(&shadow->roots.now->set[k], MMU_WRITE, host);
}
