/* mmu.c - the facade: what the CPU pushes, slow accesses, code pages.
 *
 * Accesses that cross a page have both pages checked before anything is
 * stored. Stores to tracked frames are done here first and reported
 * afterwards. */
#include "mmu/mmu.h"

#include "mmu/addrspace.h"
#include "mmu/plain.h"
#include "mmu/shadow.h"
#include "mmu/strict.h"
#include "mmu/track.h"

/* ---- hooks of write tracking and of the map */

static void on_protect(void *opaque, struct ram_block *block, uint64_t offset)
{
    struct mmu *mmu = opaque;

    if (mmu->policy == MMU_POLICY_FLUSH)
        plain_protect(mmu->shadow, block->host + offset);
    else
        shadow_protect(mmu->shadow, ram_frame_at(block, offset));
}

static void on_table_written(void *opaque, struct ram_frame *frame,
                             unsigned offset, unsigned size)
{
    struct mmu *mmu = opaque;

    shadow_table_written(mmu->shadow, frame, offset, size);
}

static void on_table_marked(void *opaque, struct ram_frame *frame,
                            unsigned offset, unsigned size)
{
    struct mmu *mmu = opaque;

    shadow_table_marked(mmu->shadow, frame, offset, size);
}

static void on_code_written(void *opaque, struct ram_frame *frame,
                            uint8_t *host, unsigned offset, unsigned size)
{
    struct mmu *mmu = opaque;
    const struct mmu_code page = {(gpa_t)frame->code_gfn << PAGE_SHIFT, host,
                                  frame};

    if (mmu->client.code_written)
        mmu->client.code_written(mmu->client.opaque, &page, offset, size);
}

/* Devices are in no TLB: moving them changes nothing derived. */
static void on_map_changed(void *opaque, uint64_t base, uint64_t size)
{
    struct mmu *mmu = opaque;

    if (physmap_is(&mmu->shadow->map, mmu->memory))
        return;
    if (mmu->policy == MMU_POLICY_CACHED &&
        shadow_drop_range(mmu->shadow, base, size)) {
        mmu->count.remap++;
        physmap_build(&mmu->shadow->map, mmu->memory);
        return;
    }
    mmu->shadow->code_block = NULL;
    shadow_drop_pages(mmu->shadow);
    roots_init(mmu->shadow);
    physmap_build(&mmu->shadow->map, mmu->memory);
    roots_set_role(mmu->shadow);
}

/* ---- life */

bool mmu_init(struct mmu *mmu, struct addrspace *memory, struct track *track,
              const struct mmu_client *client, enum mmu_policy policy,
              struct log *log)
{
    const struct track_client hooks = {
        on_protect, on_table_written, on_table_marked, on_code_written,
        mmu,        &mmu->count,
    };

    memset(mmu, 0, sizeof *mmu);
    mmu->a20 = true;
    mmu->policy = policy;
    mmu->memory = memory;
    mmu->track = track;
    mmu->log = log;
    mmu->role.maxphyaddr = 36;
    tlb_near_init(&mmu->near);
    if (client)
        mmu->client = *client;
    if (!shadow_create(mmu))
        return false;
    track_attach(track, &hooks);
    addrspace_listen(memory, on_map_changed, mmu);
    roots_set_role(mmu->shadow);
    return true;
}

void mmu_free(struct mmu *mmu)
{
    if (!mmu->shadow)
        return;
    addrspace_unlisten(mmu->memory, mmu);
    shadow_destroy(mmu->shadow);
    track_attach(mmu->track, NULL);
    mmu->shadow = NULL;
}

/* ---- what the CPU pushes */

static void empty_if_plain(struct mmu *mmu)
{
    if (mmu->policy == MMU_POLICY_FLUSH)
        plain_flush(mmu->shadow);
}

static void flushed(struct mmu *mmu)
{
    if (mmu->strict)
        strict_all_flushed(mmu->strict);
}

void mmu_set_paging(struct mmu *mmu, const struct page_role *role, uint64_t cr3)
{
    mmu->role = *role;
    mmu->cr3 = cr3;
    roots_set_role(mmu->shadow);
    empty_if_plain(mmu);
    flushed(mmu);
}

void mmu_set_pkru(struct mmu *mmu, uint32_t pkru)
{
    if (mmu->role.pkru == pkru)
        return;
    mmu->role.pkru = pkru;
    roots_set_role(mmu->shadow);
    empty_if_plain(mmu);
}

bool mmu_load_pdptes(struct mmu *mmu, uint64_t cr3, uint8_t maxphyaddr)
{
    uint64_t pdpte[4];
    gpa_t at = cr3 & 0xFFFFFFE0;

    if (!mmu->a20)
        at &= ~0x100000ull;
    for (unsigned i = 0; i < 4; i++) {
        pdpte[i] = addrspace_read(mmu->memory, at + i * 8, 8);
        if (pdpte[i] & PTE_P && pdpte[i] & walk_pdpte_reserved(maxphyaddr))
            return false;
    }
    memcpy(mmu->pdpte, pdpte, sizeof pdpte);
    return true;
}

void mmu_set_cr3(struct mmu *mmu, uint64_t cr3)
{
    mmu->cr3 = cr3;
    mmu->count.flush++;
    roots_enter(mmu->shadow);
    empty_if_plain(mmu);
    flushed(mmu);
}

void mmu_set_a20(struct mmu *mmu, bool on)
{
    if (mmu->a20 == on)
        return;
    mmu->a20 = on;
    roots_set_role(mmu->shadow);
    empty_if_plain(mmu);
}

void mmu_invlpg(struct mmu *mmu, gva_t gva)
{
    mmu->count.invlpg++;
    if (mmu->strict)
        strict_page_flushed(mmu->strict, gva);
    if (mmu->policy == MMU_POLICY_FLUSH)
        plain_invlpg(mmu->shadow, gva);
}

void mmu_flush_all(struct mmu *mmu)
{
    mmu->count.flush++;
    empty_if_plain(mmu);
    flushed(mmu);
}

void mmu_drop_all(struct mmu *mmu)
{
    mmu->count.drop_all++;
    shadow_drop_pages(mmu->shadow);
    roots_init(mmu->shadow);
    roots_set_role(mmu->shadow);
}

void mmu_drop_jumps(struct mmu *mmu, const void *low, const void *high)
{
    mmu->count.drop_jumps++;
    roots_drop_jumps(mmu->shadow, low, high);
}

/* ---- finding pages */

static bool resolve(struct mmu *mmu, enum mmu_bank_kind kind,
                    enum mmu_access access, gva_t gva, struct mmu_page *page,
                    struct mmu_fault *fault)
{
    struct mmu_request request = {kind, access,
                                  walk_canonical(mmu->role.levels, gva), 0};
    bool found = mmu->policy == MMU_POLICY_FLUSH
                     ? plain_resolve(mmu->shadow, &request, page)
                     : shadow_resolve(mmu->shadow, &request, page);

    if (!found) {
        mmu->count.fault++;
        *fault = (struct mmu_fault){request.gva, request.error};
    }
    if (unlikely(mmu->strict != NULL))
        strict_page_used(mmu->strict, request.gva);
    return found;
}

/* The one or two pages of an access; *first = bytes in the first. */
static bool resolve_span(struct mmu *mmu, enum mmu_bank_kind kind,
                         enum mmu_access access, gva_t gva, unsigned size,
                         struct mmu_page page[2], unsigned *first,
                         struct mmu_fault *fault)
{
    unsigned room = PAGE_SIZE - (unsigned)(gva & (PAGE_SIZE - 1));

    *first = size < room ? size : room;
    if (!resolve(mmu, kind, access, gva, &page[0], fault))
        return false;
    if (*first == size)
        return true;
    mmu->count.cross++;
    return resolve(mmu, kind, access, gva + room, &page[1], fault);
}

static uint8_t *host_of(const struct mmu_page *page, unsigned in_page)
{
    return page->block->host + page->offset + in_page;
}

static bool writes_go_direct(const struct mmu_page *page)
{
    return page->block && !page->rom &&
           !ram_frame_at(page->block, page->offset)->tracked;
}

/* ---- slow accesses */

/* Registers of local and I/O APIC are doublewords, 16 bytes apart. */
static void check_apic(struct mmu *mmu, gpa_t gpa, unsigned size)
{
    gpa_t page = gpa & PAGE_MASK;

    if (mmu->strict && (page == 0xFEE00000 || page == 0xFEC00000) &&
        (size != 4 || gpa & 15))
        strict_note(mmu->strict, STRICT_apic_access);
}

/* Devices see accesses of 1, 2, 4 and 8 bytes. */
static unsigned device_piece(unsigned size)
{
    unsigned piece = 8;

    while (piece > size)
        piece /= 2;
    return piece;
}

static void read_page(struct mmu *mmu, const struct mmu_page *page,
                      unsigned in_page, uint8_t *data, unsigned size)
{
    if (page->block) {
        memcpy(data, host_of(page, in_page), size);
        return;
    }
    check_apic(mmu, page->gpa + in_page, size);
    for (unsigned done = 0, piece; done < size; done += piece) {
        piece = device_piece(size - done);
        mmu->count.mmio_read++;
        store_le(data + done,
                 addrspace_read(mmu->memory, page->gpa + in_page + done, piece),
                 piece);
    }
}

static void write_page(struct mmu *mmu, const struct mmu_page *page,
                       unsigned in_page, const uint8_t *data, unsigned size)
{
    if (page->block && !page->rom) {
        memcpy(host_of(page, in_page), data, size);
        if (ram_frame_at(page->block, page->offset)->tracked)
            track_stored(mmu->track, page->block, page->offset + in_page, size);
        return;
    }
    if (mmu->strict && page->block)
        strict_note(mmu->strict, STRICT_rom_write);
    check_apic(mmu, page->gpa + in_page, size);
    for (unsigned done = 0, piece; done < size; done += piece) {
        piece = device_piece(size - done);
        mmu->count.mmio_write++;
        addrspace_write(mmu->memory, page->gpa + in_page + done,
                        load_le(data + done, piece), piece);
    }
}

bool mmu_read(struct mmu *mmu, enum mmu_bank_kind kind, gva_t gva, void *data,
              unsigned size, struct mmu_fault *fault)
{
    const void *host = tlb_lookup(&mmu->bank[kind]->of[MMU_READ], gva, size);
    struct mmu_page page[2];
    unsigned first;

    if (host) {
        memcpy(data, host, size);
        return true;
    }
    if (!resolve_span(mmu, kind, MMU_READ, gva, size, page, &first, fault))
        return false;
    read_page(mmu, &page[0], (unsigned)gva & (PAGE_SIZE - 1), data, first);
    if (first < size)
        read_page(mmu, &page[1], 0, (uint8_t *)data + first, size - first);
    return true;
}

bool mmu_write(struct mmu *mmu, enum mmu_bank_kind kind, gva_t gva,
               const void *data, unsigned size, struct mmu_fault *fault)
{
    void *host = tlb_lookup(&mmu->bank[kind]->of[MMU_WRITE], gva, size);
    struct mmu_page page[2];
    unsigned first;

    if (host) {
        memcpy(host, data, size);
        return true;
    }
    if (!resolve_span(mmu, kind, MMU_WRITE, gva, size, page, &first, fault))
        return false;
    write_page(mmu, &page[0], (unsigned)gva & (PAGE_SIZE - 1), data, first);
    if (first < size)
        write_page(mmu, &page[1], 0, (const uint8_t *)data + first,
                   size - first);
    return true;
}

bool mmu_probe(struct mmu *mmu, enum mmu_bank_kind kind, enum mmu_access access,
               gva_t gva, unsigned size, struct mmu_fault *fault)
{
    struct mmu_page page[2];
    unsigned first;

    if (tlb_lookup(&mmu->bank[kind]->of[access], gva, size))
        return true;
    return resolve_span(mmu, kind, access, gva, size, page, &first, fault);
}

bool mmu_host_page(struct mmu *mmu, enum mmu_bank_kind kind,
                   enum mmu_access access, gva_t gva, void **host,
                   struct mmu_fault *fault)
{
    struct mmu_page page;

    *host = tlb_lookup(&mmu->bank[kind]->of[access], gva, 1);
    if (*host)
        return true;
    if (!resolve(mmu, kind, access, gva, &page, fault))
        return false;
    if (page.block && (access != MMU_WRITE || writes_go_direct(&page)))
        *host = host_of(&page, (unsigned)gva & (PAGE_SIZE - 1));
    return true;
}

/* ---- code */

/* Without a descent: the exec array knows the page and the frame was found
 * before. */
static bool find_known_code(const struct mmu *mmu, gva_t gva,
                            struct mmu_code *code)
{
    struct ram_block *block = mmu->shadow->code_block;
    uint8_t *host = tlb_lookup(&mmu->now.of[MMU_EXEC], gva & PAGE_MASK, 1);
    uintptr_t offset;
    struct ram_frame *frame;

    if (!host || !block)
        return false;
    offset = (uintptr_t)host - (uintptr_t)block->host;
    if (offset >= block->size)
        return false;
    frame = ram_frame_at(block, offset);
    if (!(frame->tracked & TRACK_CODE))
        return false;
    *code =
        (struct mmu_code){(gpa_t)frame->code_gfn << PAGE_SHIFT, host, frame};
    return true;
}

bool mmu_code_page(struct mmu *mmu, gva_t gva, struct mmu_code *code,
                   struct mmu_fault *fault)
{
    struct mmu_page page;

    if (find_known_code(mmu, gva, code))
        return true;
    if (!resolve(mmu, mmu->kind, MMU_EXEC, gva, &page, fault))
        return false;
    *code = (struct mmu_code){page.gpa, NULL, NULL};
    if (page.block && !page.uncached) {
        code->host = host_of(&page, 0);
        code->frame = ram_frame_at(page.block, page.offset);
        mmu->shadow->code_block = page.block;
    }
    return true;
}

bool mmu_read_code(struct mmu *mmu, gva_t gva, void *data, unsigned size,
                   struct mmu_fault *fault)
{
    struct mmu_page page;

    if (!resolve(mmu, mmu->kind, MMU_EXEC, gva, &page, fault))
        return false;
    read_page(mmu, &page, (unsigned)gva & (PAGE_SIZE - 1), data, size);
    return true;
}

void mmu_track_code(struct mmu *mmu, struct ram_frame *frame, gpa_t gpa,
                    unsigned offset, unsigned size)
{
    uint64_t base;
    struct ram_block *block = physmap_block_of(&mmu->shadow->map, frame, &base);

    if (block)
        track_code(mmu->track, block, base + offset, size, gpa);
}

void mmu_untrack_code(struct ram_frame *frame)
{
    frame->code_granules = 0;
    track_remove(frame, TRACK_CODE);
}

/* ---- debugger and tools */

bool mmu_translate(struct mmu *mmu, gva_t gva, gpa_t *gpa)
{
    struct walk walk = {
        .memory = {&mmu->shadow->map, mmu->memory},
        .role = &mmu->shadow->roots.now->role,
        .a20_mask = mmu->a20 ? ~0ull : ~0x100000ull,
        .gva = walk_canonical(mmu->role.levels, gva),
        .quiet = true,
    };

    if (walk_all(&walk, mmu->cr3, mmu->pdpte) == WALK_FAULT)
        return false;
    *gpa = walk.page | (gva & (PAGE_SIZE - 1));
    return true;
}

bool mmu_peek(struct mmu *mmu, gva_t gva, void *data, unsigned size)
{
    uint8_t *to = data;

    while (size) {
        unsigned room = PAGE_SIZE - (unsigned)(gva & (PAGE_SIZE - 1));
        unsigned piece = size < room ? size : room;
        gpa_t gpa;

        if (!mmu_translate(mmu, gva, &gpa))
            return false;
        addrspace_peek(mmu->memory, gpa, to, piece);
        to += piece;
        gva += piece;
        size -= piece;
    }
    return true;
}
