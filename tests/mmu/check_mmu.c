/* check_mmu - the facade: slow accesses, page crossings, devices, ROM, A20,
 * paging off, code tracking, changes of the memory map.
 * Alone: make tests/mmu/check_mmu && tests/mmu/check_mmu */
#include "tests/mmu/mmu_rig.h"

static const enum mmu_policy policies[] = {MMU_POLICY_CACHED, MMU_POLICY_FLUSH};

enum { ROOT = 0x10000, PT = 0x13000, BOTH = 2 };

/* Linear [0, 2 MiB) = physical the same; 2 MiB on: what a test puts in. */
static struct rig *open_paged(enum mmu_policy policy,
                              const struct mmu_client *client)
{
    struct rig *rig = rig_open_with(16 << 20, policy, client);
    struct page_role role = role_long();

    put64(rig, ROOT, (ROOT + 0x1000) | PWU);
    put64(rig, ROOT + 0x1000, (ROOT + 0x2000) | PWU);
    put64(rig, ROOT + 0x2000, 0 | PWU | PS);
    put64(rig, ROOT + 0x2000 + 8, PT | PWU);
    mmu_set_paging(&rig->mmu, &role, ROOT);
    return rig;
}

static const gva_t base = 0x200000;

static void map(struct rig *rig, unsigned n, uint64_t entry)
{
    put64(rig, PT + n * 8, entry);
    mmu_invlpg(&rig->mmu, base + n * 0x1000);
}

START_TEST(crossing_checks_both_pages_first)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    uint64_t value;

    map(rig, 0, 0x40000 | PWU);
    map(rig, 1, 0x50000 | PWU);
    map(rig, 2, 0x60000 | P | U);
    ck_assert_uint_eq(
        rig_write(rig, BANK_USER, base + 0xFFD, 0x8877665544332211, 8), 0);
    ck_assert_uint_eq(get32(rig, 0x40FFD) & 0xFFFFFF, 0x332211);
    ck_assert_uint_eq(get32(rig, 0x50000), 0x77665544);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, base + 0xFFD, &value, 8), 0);
    ck_assert_uint_eq(value, 0x8877665544332211);

    /* The second page fails: nothing is written, CR2 is its start. */
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base + 0x1FFE, ~0ull, 4),
                      (PF_P | PF_W | PF_U) + 1);
    ck_assert_uint_eq(rig->fault.gva, base + 0x2000);
    ck_assert_uint_eq(get32(rig, 0x50FFC), 0);
    ck_assert_uint_eq(get64(rig, PT + 2 * 8) & D, 0);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, base + 0x2FFE, &value, 4),
                      PF_U + 1);
    ck_assert_uint_eq(rig->fault.gva, base + 0x3000);
    /* The first page fails: CR2 is the first byte. */
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base + 0x3FFE, 0, 4),
                      (PF_W | PF_U) + 1);
    ck_assert_uint_eq(rig->fault.gva, base + 0x3FFE);
    ck_assert(!mmu_probe(&rig->mmu, BANK_USER, MMU_WRITE, base + 0x1800,
                         PAGE_SIZE, &rig->fault));
    ck_assert_uint_eq(rig->fault.gva, base + 0x2000);
    ck_assert(mmu_probe(&rig->mmu, BANK_USER, MMU_WRITE, base + 0x1000,
                        PAGE_SIZE, &rig->fault));
    rig_close(rig);
}
END_TEST

START_TEST(wide_accesses)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    uint8_t data[64], back[64];

    for (unsigned i = 0; i < 64; i++)
        data[i] = (uint8_t)(i * 3 + 1);
    map(rig, 0, 0x40000 | PWU);
    map(rig, 1, 0x80000 | PWU);
    for (unsigned at = 0xFC0; at < 0x1000; at += 7) {
        ck_assert(
            mmu_write(&rig->mmu, BANK_USER, base + at, data, 64, &rig->fault));
        memset(back, 0, 64);
        ck_assert(
            mmu_read(&rig->mmu, BANK_USER, base + at, back, 64, &rig->fault));
        ck_assert_mem_eq(data, back, 64);
    }
    rig_close(rig);
}
END_TEST

START_TEST(wraps_at_4_gib_outside_long_mode)
{
    struct rig *rig = rig_open_with(16 << 20, policies[_i], NULL);
    struct page_role role = role_legacy();
    uint64_t value;

    put32(rig, ROOT, PT | PWU);
    put32(rig, ROOT + 1023 * 4, PT | PWU);
    put32(rig, PT, 0x40000 | PWU);
    put32(rig, PT + 1023 * 4, 0x50000 | PWU);
    mmu_set_paging(&rig->mmu, &role, ROOT);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0xFFFFFFFE, 0x44332211, 4), 0);
    ck_assert_uint_eq(get32(rig, 0x50FFC), 0x22110000);
    ck_assert_uint_eq(get32(rig, 0x40000), 0x4433);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, 0xFFFFFFFE, &value, 4), 0);
    ck_assert_uint_eq(value, 0x44332211);
    put32(rig, PT, 0);
    mmu_invlpg(&rig->mmu, 0);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, 0xFFFFFFFE, &value, 4),
                      PF_U + 1);
    ck_assert_uint_eq(rig->fault.gva, 0);
    rig_close(rig);
}
END_TEST

START_TEST(devices_are_never_cached)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    uint64_t value;
    void *host = rig;

    map(rig, 0, MMIO_BASE | PWU);
    map(rig, 1, 0x40000 | PWU);
    for (unsigned i = 1; i <= 3; i++) {
        ck_assert_uint_eq(rig_read(rig, BANK_USER, base + 8, &value, 4), 0);
        ck_assert_uint_eq(value, 0x55667790);
        ck_assert_uint_eq(rig->mmio_reads, i);
        ck_assert_uint_eq(rig->mmio_size, 4);
        ck_assert_uint_eq(rig->mmio_offset, 8);
    }
    rig_write(rig, BANK_USER, base + 0x10, 0xABCD, 2);
    ck_assert_uint_eq(rig->mmio_writes, 1);
    ck_assert_uint_eq(rig->mmio_value, 0xABCD);
    ck_assert_uint_eq(rig->mmio_size, 2);
    ck_assert(mmu_host_page(&rig->mmu, BANK_USER, MMU_READ, base, &host,
                            &rig->fault));
    ck_assert_ptr_null(host);
    /* Into RAM across the border: 2 bytes to the device, 2 to RAM. */
    rig_write(rig, BANK_USER, base + 0xFFE, 0x44332211, 4);
    ck_assert_uint_eq(rig->mmio_value, 0x2211);
    ck_assert_uint_eq(rig->mmio_size, 2);
    ck_assert_uint_eq(get32(rig, 0x40000), 0x4433);
    /* A fault on the second page: the device hears nothing. */
    map(rig, 1, 0);
    rig->mmio_writes = 0;
    ck_assert_uint_ne(rig_write(rig, BANK_USER, base + 0xFFE, 0, 4), 0);
    ck_assert_uint_eq(rig->mmio_writes, 0);
    rig_close(rig);
}
END_TEST

START_TEST(rom_is_read_and_run_but_not_written)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    struct mmu_code code;
    uint64_t value;
    void *host = rig;

    map(rig, 0, ROM_BASE | PWU);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base, 0, 8), 0);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, base, &value, 8), 0);
    ck_assert_uint_eq(value, 0x9090909090909090);
    ck_assert(mmu_host_page(&rig->mmu, BANK_USER, MMU_READ, base + 5, &host,
                            &rig->fault));
    ck_assert_ptr_eq(host, rig->rom->host + 5);
    ck_assert(mmu_host_page(&rig->mmu, BANK_USER, MMU_WRITE, base, &host,
                            &rig->fault));
    ck_assert_ptr_null(host);
    ck_assert(mmu_code_page(&rig->mmu, base + 0x123, &code, &rig->fault));
    ck_assert_ptr_eq(code.host, rig->rom->host);
    ck_assert_ptr_eq(code.frame, ram_frame_at(rig->rom, 0));
    ck_assert_uint_eq(code.gpa, ROM_BASE);
    rig_close(rig);
}
END_TEST

START_TEST(code_outside_ram_is_fetched_in_pieces)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    struct mmu_code code;
    uint8_t bytes[3];

    map(rig, 0, MMIO_BASE | PWU);
    ck_assert(mmu_code_page(&rig->mmu, base, &code, &rig->fault));
    ck_assert_ptr_null(code.host);
    ck_assert_ptr_null(code.frame);
    ck_assert(mmu_read_code(&rig->mmu, base + 1, bytes, 3, &rig->fault));
    ck_assert_uint_gt(rig->mmio_reads, 0);
    map(rig, 0, MMIO_BASE | PWU | NX);
    ck_assert(!mmu_read_code(&rig->mmu, base, bytes, 1, &rig->fault));
    ck_assert_uint_eq(rig->fault.error, PF_P | PF_I);
    rig_close(rig);
}
END_TEST

/* Paging off: linear = physical, everybody may do everything. */
START_TEST(paging_off)
{
    struct rig *rig = rig_open_with(16 << 20, policies[_i], NULL);
    struct page_role role = {
        .smep = true, .smap = true, .wp = true, .maxphyaddr = 36};
    uint64_t value;

    mmu_set_paging(&rig->mmu, &role, 0x1234000);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0xABCDE, 0x77, 1), 0);
    ck_assert_uint_eq(rig->ram->host[0xABCDE], 0x77);
    ck_assert_uint_eq(rig_read(rig, BANK_SUPER, 0xABCDE, &value, 1), 0);
    ck_assert_uint_eq(value, 0x77);
    ck_assert_uint_eq(rig_read(rig, BANK_SUPER, 0xFFFFFFFF, &value, 1), 0);
    ck_assert_uint_eq(value, 0xFF); /* nothing there */
    ck_assert_uint_eq(rig_read(rig, BANK_SUPER, ROM_BASE + 3, &value, 1), 0);
    ck_assert_uint_eq(value, 0x90);
    expect_access(rig, BANK_USER, MMU_EXEC, 0x5000, -1);
    rig_close(rig);
}
END_TEST

START_TEST(a20_off_masks_bit_20)
{
    struct rig *rig = rig_open_with(16 << 20, policies[_i], NULL);
    struct page_role role = role_long();
    uint64_t value;

    rig->ram->host[0x500] = 0x11;
    rig->ram->host[0x100500] = 0x22;
    for (unsigned round = 0; round < 3; round++) {
        mmu_set_a20(&rig->mmu, false);
        ck_assert_uint_eq(rig_read(rig, BANK_SUPER, 0x100500, &value, 1), 0);
        ck_assert_uint_eq(value, 0x11);
        ck_assert_uint_eq(rig_read(rig, BANK_SUPER, 0x300500, &value, 1), 0);
        ck_assert_uint_eq(value, rig->ram->host[0x200500]);
        mmu_set_a20(&rig->mmu, true);
        ck_assert_uint_eq(rig_read(rig, BANK_SUPER, 0x100500, &value, 1), 0);
        ck_assert_uint_eq(value, 0x22);
    }
    /* It holds after paging, and for tables. */
    put64(rig, ROOT, (ROOT + 0x1000) | PWU);
    put64(rig, ROOT + 0x1000, (0x100000 + ROOT + 0x2000) | PWU);
    put64(rig, ROOT + 0x2000, 0x000000 | PWU | PS);
    mmu_set_a20(&rig->mmu, false);
    mmu_set_paging(&rig->mmu, &role, 0x100000 + ROOT);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, 0x100500, &value, 1), 0);
    ck_assert_uint_eq(value, 0x11);
    mmu_set_a20(&rig->mmu, true);
    expect_access(rig, BANK_USER, MMU_READ, 0x100500, PF_U);
    rig_close(rig);
}
END_TEST

/* ---- code */

struct heard {
    struct rig *rig;
    unsigned count;
    gpa_t gpa;
    unsigned offset, size;
    bool untrack;
};

static void on_code_written(void *opaque, const struct mmu_code *page,
                            unsigned offset, unsigned size)
{
    struct heard *heard = opaque;

    heard->count++;
    heard->gpa = page->gpa;
    heard->offset = offset;
    heard->size = size;
    if (heard->untrack)
        mmu_untrack_code(page->frame);
}

START_TEST(stores_to_code_are_reported)
{
    struct heard heard = {0};
    const struct mmu_client client = {on_code_written, &heard};
    struct rig *rig = open_paged(policies[_i], &client);
    struct mmu_code code;
    uint32_t word = 5;

    heard.rig = rig;
    map(rig, 0, 0x40000 | PWU);
    map(rig, 1, 0x40000 | PWU); /* an alias */
    mmu_set_bank(&rig->mmu, BANK_USER);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base, 1, 4), 0);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base + 0x1000, 1, 4), 0);
    ck_assert_ptr_nonnull(
        tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base + 0x1000, 4));
    ck_assert(mmu_code_page(&rig->mmu, base, &code, &rig->fault));
    mmu_track_code(&rig->mmu, code.frame, code.gpa, 0x100, 0x50);
    ck_assert_ptr_null(
        tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base + 0x1000, 4));
    ck_assert_ptr_null(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base, 4));
    ck_assert_ptr_nonnull(tlb_lookup(&rig->mmu.now.of[MMU_READ], base, 4));

    rig_write(rig, BANK_USER, base, 2, 4); /* beside */
    ck_assert_uint_eq(heard.count, 0);
    rig_write(rig, BANK_USER, base + 0x1150 - 1, 0x1234, 2);
    ck_assert_uint_eq(heard.count, 1);
    ck_assert_uint_eq(heard.gpa, 0x40000);
    ck_assert_uint_eq(heard.offset, 0x14F);
    ck_assert_uint_eq(heard.size, 2);
    ck_assert_uint_eq(get32(rig, 0x4014F) & 0xFFFF, 0x1234); /* stored */
    addrspace_write_block(rig->space, 0x40100, &word, 4);
    ck_assert_uint_eq(heard.count, 2);
    ck_assert_uint_eq(rig->mmu.count.code_write, 2);
    ck_assert_uint_eq(rig->mmu.count.code_beside, 1);
    /* The last block goes: stores are fast again. */
    heard.untrack = true;
    rig_write(rig, BANK_USER, base + 0x100, 3, 4);
    rig_write(rig, BANK_USER, base + 0x100, 4, 4);
    ck_assert_uint_eq(heard.count, 3);
    ck_assert_ptr_nonnull(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base, 4));
    rig_close(rig);
}
END_TEST

START_TEST(jump_slots_follow_the_mapping)
{
    struct rig *rig = open_paged(MMU_POLICY_CACHED, NULL);
    struct mmu_code code;
    struct jump_slot *slot;
    gva_t gva = base + 0x234;

    put64(rig, PT + 256 * 8, 0x50000 | PWU);
    mmu_set_bank(&rig->mmu, BANK_USER);
    for (unsigned how = 0; how < 4; how++) {
        map(rig, 0, 0x40000 | PWU);
        put64(rig, ROOT + 0x2000 + 8, PT | PWU);
        ck_assert(mmu_code_page(&rig->mmu, gva, &code, &rig->fault));
        slot = &rig->mmu.now.jump[jump_slot_of(gva)];
        *slot = (struct jump_slot){gva, rig};
        /* 256 pages on is the same exec slot: it is thrown out. */
        ck_assert(
            mmu_code_page(&rig->mmu, gva + (256 << 12), &code, &rig->fault));
        ck_assert_uint_eq(slot->key, gva);
        switch (how) {
        case 0: /* another page */
            put64(rig, PT, 0x60000 | PWU);
            break;
        case 1: /* no right to run */
            put64(rig, PT, 0x40000 | PWU | NX);
            break;
        case 2: /* an upper level */
            put64(rig, ROOT + 0x2000 + 8, PT | PWU | NX);
            break;
        case 3:
            mmu_drop_all(&rig->mmu);
            slot = &rig->mmu.now.jump[jump_slot_of(gva)];
            break;
        }
        ck_assert_uint_eq(slot->key, JUMP_EMPTY);
        rig_audit(rig);
    }
    /* A bank of another ring has its own. */
    map(rig, 0, 0x40000 | PWU);
    ck_assert(mmu_code_page(&rig->mmu, gva, &code, &rig->fault));
    rig->mmu.now.jump[jump_slot_of(gva)] = (struct jump_slot){gva, rig};
    mmu_set_bank(&rig->mmu, BANK_SUPER);
    ck_assert_uint_ne(rig->mmu.now.jump[jump_slot_of(gva)].key, gva);
    rig_close(rig);
}
END_TEST

/* ---- displays */

START_TEST(display_learns_of_changed_frames)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    uint64_t at;

    map(rig, 0, 0x40000 | PWU);
    mmu_set_bank(&rig->mmu, BANK_USER);
    rig_write(rig, BANK_USER, base, 1, 4);
    track_dirty_start(rig->track, rig->ram, 0x40000, 0x4000);
    for (at = 0x40000; at < 0x44000; at += 0x1000)
        ck_assert(track_dirty_take(rig->track, rig->ram, at));
    for (unsigned round = 0; round < 3; round++) {
        ck_assert_ptr_null(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base, 4));
        rig_write(rig, BANK_USER, base, round, 4); /* seen */
        rig_write(rig, BANK_USER, base, round, 4); /* fast from here */
        ck_assert_ptr_nonnull(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], base, 4));
        ck_assert(track_dirty_take(rig->track, rig->ram, 0x40000));
        ck_assert(!track_dirty_take(rig->track, rig->ram, 0x40000));
        ck_assert(!track_dirty_take(rig->track, rig->ram, 0x41000));
    }
    ck_assert_uint_eq(rig->mmu.count.dirty_write, 3);
    rig_close(rig);
}
END_TEST

/* ---- the map */

START_TEST(map_changes_are_seen)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    struct region window = {.name = "window",
                            .base = 0x40000,
                            .size = 0x2000,
                            .priority = 1,
                            .kind = REGION_ROM,
                            .ram = rig->rom};
    uint64_t value, drops;

    map(rig, 0, 0x40000 | PWU);
    rig_write(rig, BANK_USER, base, 0x1111, 4);
    addrspace_map(rig->space, &window);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, base, 0x2222, 4), 0);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, base, &value, 4), 0);
    ck_assert_uint_eq(value, 0x90909090);
    window.kind = REGION_RAM; /* PAM: from now on writable */
    addrspace_map(rig->space, &window);
    rig_write(rig, BANK_USER, base, 0x3333, 4);
    ck_assert_uint_eq(load_le32(rig->rom->host), 0x3333);
    addrspace_unmap(rig->space, &window);
    rig_read(rig, BANK_USER, base, &value, 4);
    ck_assert_uint_eq(value, 0x1111);
    /* Moving a device drops nothing. */
    drops = rig->mmu.count.root_made;
    addrspace_move(rig->space, &rig->mmio_region, 0x7D000000, true);
    ck_assert_uint_eq(rig->mmu.count.root_made, drops);
    map(rig, 0, 0x7D000000 | PWU);
    rig_read(rig, BANK_USER, base, &value, 4);
    ck_assert_uint_eq(rig->mmio_reads, 1);
    rig_close(rig);
}
END_TEST

/* What was translated elsewhere stays, and so do the tables. */
START_TEST(bank_switch_drops_the_bank_only)
{
    struct rig *rig = open_paged(MMU_POLICY_CACHED, NULL);
    struct region bank = {.name = "bank",
                          .base = 0xA0000,
                          .size = 0x2000,
                          .priority = 1,
                          .kind = REGION_RAM,
                          .ram = rig->rom};
    const struct mmu_counters *count = &rig->mmu.count;
    struct mmu_counters before;
    uint64_t value;

    addrspace_map(rig->space, &bank);
    map(rig, 0, 0xA0000 | PWU);
    map(rig, 1, 0x40000 | PWU);
    rig_write(rig, BANK_USER, base, 0x1111, 4);
    rig_write(rig, BANK_USER, base + 0x1000, 0x2222, 4);
    before = *count;
    for (unsigned i = 1; i <= 10; i++) {
        bank.ram_offset = (i & 1) << 13;
        addrspace_map(rig->space, &bank);
        rig_audit(rig);
        rig_read(rig, BANK_USER, base, &value, 4);
        ck_assert_uint_eq(value, i & 1 ? 0x90909090 : 0x1111);
        rig_read(rig, BANK_USER, base + 0x1000, &value, 4);
        ck_assert_uint_eq(value, 0x2222);
    }
    ck_assert_uint_eq(count->remap - before.remap, 10);
    ck_assert_uint_eq(count->fill - before.fill, 10);
    ck_assert_uint_eq(count->page_made, before.page_made);
    ck_assert_uint_eq(count->root_made, before.root_made);
    rig_close(rig);
}
END_TEST

START_TEST(a_page_half_ram_half_device)
{
    struct rig *rig = open_paged(policies[_i], NULL);
    uint64_t value;

    addrspace_unmap(rig->space, &rig->mmio_region);
    rig->mmio_region.base = 0x40800;
    rig->mmio_region.size = 0x100;
    rig->mmio_region.priority = 1;
    addrspace_map(rig->space, &rig->mmio_region);
    map(rig, 0, 0x40000 | PWU);
    rig_write(rig, BANK_USER, base + 0x7FC, 0x1234, 4);
    ck_assert_uint_eq(load_le32(rig->ram->host + 0x407FC), 0x1234);
    rig_read(rig, BANK_USER, base + 0x800, &value, 4);
    ck_assert_uint_eq(rig->mmio_reads, 1);
    ck_assert_uint_eq(rig->mmio_offset, 0);
    rig_close(rig);
}
END_TEST

START_TEST(plain_tlb_is_emptied_as_the_guest_asks)
{
    struct rig *rig = open_paged(MMU_POLICY_FLUSH, NULL);
    uint64_t fills;

    map(rig, 0, 0x40000 | PWU);
    map(rig, 1, 0x41000 | PWU);
    expect_access(rig, BANK_USER, MMU_READ, base, -1);
    expect_access(rig, BANK_USER, MMU_READ, base + 0x1000, -1);
    fills = rig->mmu.count.fill;
    expect_access(rig, BANK_USER, MMU_READ, base, -1);
    ck_assert_uint_eq(rig->mmu.count.fill, fills);
    mmu_invlpg(&rig->mmu, base);
    expect_access(rig, BANK_USER, MMU_READ, base + 0x1000, -1);
    ck_assert_uint_eq(rig->mmu.count.fill, fills);
    expect_access(rig, BANK_USER, MMU_READ, base, -1);
    ck_assert_uint_eq(rig->mmu.count.fill, fills + 1);
    mmu_set_cr3(&rig->mmu, ROOT);
    expect_access(rig, BANK_USER, MMU_READ, base + 0x1000, -1);
    ck_assert_uint_eq(rig->mmu.count.fill, fills + 2);
    /* INVLPG inside a large page drops all of it. */
    expect_access(rig, BANK_USER, MMU_READ, 0x3000, -1);
    expect_access(rig, BANK_USER, MMU_READ, 0x4000, -1);
    put64(rig, ROOT + 0x2000, 0x200000 | PWU | PS);
    mmu_invlpg(&rig->mmu, 0x5000);
    put64(rig, 0x203000, 42);
    uint64_t value = 0;
    rig_read(rig, BANK_USER, 0x3000, &value, 8);
    ck_assert_uint_eq(value, 42);
    /* No table is tracked. */
    ck_assert_uint_eq(rig->mmu.count.table_write, 0);
    rig_close(rig);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("mmu");

    tcase_add_loop_test(tc, crossing_checks_both_pages_first, 0, BOTH);
    tcase_add_loop_test(tc, wide_accesses, 0, BOTH);
    tcase_add_loop_test(tc, wraps_at_4_gib_outside_long_mode, 0, BOTH);
    tcase_add_loop_test(tc, devices_are_never_cached, 0, BOTH);
    tcase_add_loop_test(tc, rom_is_read_and_run_but_not_written, 0, BOTH);
    tcase_add_loop_test(tc, code_outside_ram_is_fetched_in_pieces, 0, BOTH);
    tcase_add_loop_test(tc, paging_off, 0, BOTH);
    tcase_add_loop_test(tc, a20_off_masks_bit_20, 0, BOTH);
    tcase_add_loop_test(tc, stores_to_code_are_reported, 0, BOTH);
    tcase_add_test(tc, jump_slots_follow_the_mapping);
    tcase_add_loop_test(tc, display_learns_of_changed_frames, 0, BOTH);
    tcase_add_loop_test(tc, map_changes_are_seen, 0, BOTH);
    tcase_add_test(tc, bank_switch_drops_the_bank_only);
    tcase_add_loop_test(tc, a_page_half_ram_half_device, 0, BOTH);
    tcase_add_test(tc, plain_tlb_is_emptied_as_the_guest_asks);
    return rig_run("mmu", tc);
}
