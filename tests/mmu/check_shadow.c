/* check_shadow - shadow pages follow the guest's tables: by every way of
 * writing them, at every level, in every address space; their number and
 * memory are bounded.
 * Alone: make tests/mmu/check_shadow && tests/mmu/check_shadow */
#include "tests/mmu/mmu_rig.h"

/* Address space n: tables at SPACE(n), its pages of 4 KiB from PAGES(n). The
 * direct map (1 GiB at DIRECT, entry 511 of the root) is common. */
#define SPACE(n) (0x100000ull + (n)*0x4000ull)
#define PAGES(n) (0x800000ull + (n)*0x1000ull)
#define DIRECT   0xFFFFFF8000000000ull
enum { COMMON = 0x1000, GVA = 0x400000 };

static void make_space(struct rig *rig, unsigned n)
{
    gpa_t root = SPACE(n);

    put64(rig, root, (root + 0x1000) | PWU);
    put64(rig, root + 511 * 8, COMMON | PWU);
    put64(rig, root + 0x1000, (root + 0x2000) | PWU);
    put64(rig, root + 0x2000 + 2 * 8, (root + 0x3000) | PWU);
    for (unsigned i = 0; i < 512; i++)
        put64(rig, root + 0x3000 + i * 8, PAGES(n) | PWU);
    put64(rig, COMMON, 0 | P | W | PS);
}

static struct rig *open_spaces(unsigned count)
{
    struct rig *rig = rig_open();
    struct page_role role = role_long();

    for (unsigned n = 0; n < count; n++) {
        make_space(rig, n);
        put64(rig, PAGES(n), 1000 + n);
    }
    mmu_set_paging(&rig->mmu, &role, SPACE(0));
    return rig;
}

static uint64_t user_read(struct rig *rig, gva_t gva)
{
    uint64_t value = 0;

    ck_assert_uint_eq(rig_read(rig, BANK_USER, gva, &value, 8), 0);
    return value;
}

static gpa_t pte(unsigned n, unsigned i)
{
    return SPACE(n) + 0x3000 + i * 8;
}

START_TEST(cr3_loads_keep_translations)
{
    struct rig *rig = open_spaces(8);
    uint64_t fills, walks;

    for (unsigned round = 0; round < 3; round++)
        for (unsigned n = 0; n < 8; n++) {
            mmu_set_cr3(&rig->mmu, SPACE(n));
            for (unsigned i = 0; i < 16; i++)
                ck_assert_uint_eq(user_read(rig, GVA + i * 0x1000), 1000 + n);
            if (round == 0) {
                fills = rig->mmu.count.fill;
                walks = rig->mmu.count.walk;
            }
        }
    ck_assert_uint_eq(rig->mmu.count.fill, fills);
    ck_assert_uint_eq(rig->mmu.count.walk, walks);
    ck_assert_uint_eq(rig->mmu.count.root_made, 1 + 8);
    /* Fast path too: no call at all is needed after a switch. */
    mmu_set_bank(&rig->mmu, BANK_USER);
    mmu_set_cr3(&rig->mmu, SPACE(3));
    ck_assert_ptr_eq(tlb_lookup(&rig->mmu.now.of[MMU_READ], GVA, 8),
                     rig->ram->host + PAGES(3));
    mmu_set_cr3(&rig->mmu, SPACE(4));
    ck_assert_ptr_eq(tlb_lookup(&rig->mmu.now.of[MMU_READ], GVA, 8),
                     rig->ram->host + PAGES(4));
    rig_close(rig);
}
END_TEST

/* PCID and cache bits of CR3 are no part of a root's name. */
START_TEST(low_bits_of_cr3_do_not_matter)
{
    struct rig *rig = open_spaces(1);
    uint64_t made = rig->mmu.count.root_made;

    mmu_set_cr3(&rig->mmu, SPACE(0) | 0x18);
    mmu_set_cr3(&rig->mmu, SPACE(0) | 1ull << 63);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    ck_assert_uint_eq(rig->mmu.count.root_made, made);
    rig_close(rig);
}
END_TEST

/* No INVLPG anywhere: the shadow follows at once. */
START_TEST(stores_to_tables_are_seen_at_once)
{
    static const gva_t alias = DIRECT;
    struct rig *rig = open_spaces(2);
    uint8_t entry[8];

    store_le64(entry, PAGES(1) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    /* through a linear alias */
    ck_assert_uint_eq(
        rig_write(rig, BANK_SUPER, alias + pte(0, 0), PAGES(1) | PWU, 8), 0);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    /* in halves, in bytes, unaligned over two entries */
    rig_write(rig, BANK_SUPER, alias + pte(0, 0), (uint32_t)PAGES(0) | PWU, 4);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    rig_write(rig, BANK_SUPER, alias + pte(0, 0), 0, 1);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
    rig_write(rig, BANK_SUPER, alias + pte(0, 0), PWU, 1);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    ck_assert_uint_eq(user_read(rig, GVA + 0x1000), 1000);
    rig_write(rig, BANK_SUPER, alias + pte(0, 0) + 6, 0xFFFFFFFFFFFF0000, 8);
    expect_access(rig, BANK_USER, MMU_READ, GVA + 0x1000,
                  PF_P | PF_RSVD | PF_U);
    put64(rig, pte(0, 1), PAGES(0) | PWU);
    /* by DMA */
    addrspace_write_block(rig->space, pte(0, 0), entry, sizeof entry);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    /* by a store that crosses into the table */
    rig_write(rig, BANK_SUPER, alias + pte(0, 0) - 4, (PAGES(0) | PWU) << 32,
              8);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    /* and by ram_write, as flash and PAM do */
    ram_write(rig->ram, pte(0, 0), entry, sizeof entry);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    rig_close(rig);
}
END_TEST

START_TEST(upper_levels_are_followed_too)
{
    struct rig *rig = open_spaces(2);
    gpa_t root = SPACE(0);

    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    put64(rig, root + 0x2000 + 2 * 8, (SPACE(1) + 0x3000) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    put64(rig, root + 0x2000 + 2 * 8, (root + 0x3000) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    put64(rig, root + 0x1000, (SPACE(1) + 0x2000) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    put64(rig, root + 0x1000, (root + 0x2000) | P | W);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_U);
    put64(rig, root + 0x1000, (root + 0x2000) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    put64(rig, root, (SPACE(1) + 0x1000) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    put64(rig, root, 0);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
    rig_close(rig);
}
END_TEST

/* A page table used by two address spaces, and at two places in one. */
START_TEST(shared_tables_change_everywhere)
{
    struct rig *rig = open_spaces(70);

    for (unsigned n = 1; n < 70; n++)
        put64(rig, SPACE(n) + 0x2000 + 7 * 8, (SPACE(0) + 0x3000) | PWU);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned n = 1; n < 70; n++) {
            mmu_set_cr3(&rig->mmu, SPACE(n));
            ck_assert_uint_eq(user_read(rig, 0xE00000), 1000 + round);
            ck_assert_uint_eq(user_read(rig, GVA), 1000 + n);
            expect_access(rig, BANK_USER, MMU_WRITE, 0xE01000, -1);
        }
        put64(rig, pte(0, 0), PAGES(round + 1) | PWU);
        rig_audit(rig);
    }
    ck_assert_uint_gt(rig->mmu.count.root_recycled, 0);
    rig_close(rig);
}
END_TEST

START_TEST(one_table_at_many_linear_addresses)
{
    struct rig *rig = open_spaces(2);

    for (unsigned k = 8; k < 40; k++)
        put64(rig, SPACE(0) + 0x2000 + k * 8, (SPACE(0) + 0x3000) | PWU);
    for (unsigned round = 0; round < 3; round++) {
        put64(rig, pte(0, 3), PAGES(round & 1) | PWU);
        for (unsigned k = 8; k < 40; k++)
            ck_assert_uint_eq(user_read(rig, k * 0x200000 + 0x3000),
                              1000 + (round & 1));
        rig_audit(rig);
    }
    /* One of the places goes, the others stay. */
    put64(rig, SPACE(0) + 0x2000 + 20 * 8, 0);
    expect_access(rig, BANK_USER, MMU_READ, 20 * 0x200000 + 0x3000, PF_U);
    ck_assert_uint_eq(user_read(rig, 21 * 0x200000 + 0x3000), 1000);
    rig_close(rig);
}
END_TEST

/* An entry of the root leads back to the root: each table is visible as a
 * page, and used at several levels at once. */
START_TEST(tables_mapped_through_themselves)
{
    struct rig *rig = open_spaces(2);
    const gva_t window = 5ull << 39;
    gva_t pt_window;

    put64(rig, SPACE(0) + 5 * 8, SPACE(0) | PWU);
    /* PT of GVA: indices 5, 0, 0, 2. */
    pt_window = window | 0ull << 30 | 0ull << 21 | 2ull << 12;
    ck_assert_uint_eq(user_read(rig, pt_window) & ~(A | D), PAGES(0) | PWU);
    ck_assert_uint_eq(user_read(rig, GVA), 1000);
    rig_write(rig, BANK_USER, pt_window, PAGES(1) | PWU, 8);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    /* The root as a page: 5, 5, 5, 5. Take the window itself away. */
    ck_assert_uint_eq(
        user_read(rig, window | 5ull << 30 | 5ull << 21 | 5ull << 12 | 40) &
            ~(A | D),
        SPACE(0) | PWU);
    rig_audit(rig);
    rig_write(rig, BANK_USER,
              window | 5ull << 30 | 5ull << 21 | 5ull << 12 | 40, 0, 8);
    expect_access(rig, BANK_USER, MMU_READ, pt_window, PF_U);
    ck_assert_uint_eq(user_read(rig, GVA), 1001);
    rig_close(rig);
}
END_TEST

/* 2 MiB page to table and back. */
START_TEST(large_page_is_split_and_joined)
{
    struct rig *rig = open_spaces(1);
    gpa_t pde = SPACE(0) + 0x2000 + 3 * 8;

    put64(rig, 0xA00000, 0xAAAA);
    put64(rig, pde, 0xA00000 | PWU | PS);
    ck_assert_uint_eq(user_read(rig, 0x600000), 0xAAAA);
    expect_access(rig, BANK_USER, MMU_WRITE, 0x7FF000, -1);
    put64(rig, pde, (SPACE(0) + 0x3000) | PWU);
    ck_assert_uint_eq(user_read(rig, 0x600000), 1000);
    put64(rig, pde, 0xA00000 | P | U | PS);
    ck_assert_uint_eq(user_read(rig, 0x600000), 0xAAAA);
    expect_access(rig, BANK_USER, MMU_WRITE, 0x7FF000, PF_P | PF_W | PF_U);
    rig_close(rig);
}
END_TEST

/* A large page that is first read: dirty must wait for the first write. */
START_TEST(large_page_gets_dirty_on_the_first_write)
{
    struct rig *rig = open_spaces(1);
    gpa_t pde = SPACE(0) + 0x2000 + 3 * 8;

    put64(rig, pde, 0xA00000 | PWU | PS);
    for (unsigned i = 0; i < 8; i++)
        user_read(rig, 0x600000 + i * 0x1000);
    ck_assert_uint_eq(get64(rig, pde) & D, 0);
    expect_access(rig, BANK_USER, MMU_WRITE, 0x601000, -1);
    ck_assert_uint_eq(get64(rig, pde) & D, D);
    put64(rig, pde, 0xA00000 | PWU | PS | A);
    mmu_set_bank(&rig->mmu, BANK_USER);
    ck_assert_ptr_null(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], 0x601000, 1));
    rig_close(rig);
}
END_TEST

START_TEST(cleared_accessed_bits_come_back)
{
    struct rig *rig = open_spaces(1);
    gpa_t upper = SPACE(0) + 0x1000;

    for (unsigned round = 0; round < 3; round++) {
        expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
        ck_assert_uint_eq(get64(rig, pte(0, 0)) & (A | D), A | D);
        ck_assert_uint_eq(get64(rig, upper) & (A | D), A);
        put64(rig, pte(0, 0), PAGES(0) | PWU);
        put64(rig, upper, (SPACE(0) + 0x2000) | PWU);
    }
    rig_close(rig);
}
END_TEST

/* Tables are tracked while they have shadows; a flood of stores (fork, exec,
 * a table that became something else) ends that. */
START_TEST(floods_end_tracking)
{
    struct rig *rig = open_spaces(1);
    struct ram_frame *frame = ram_frame_at(rig->ram, pte(0, 0));
    uint64_t seen;

    for (unsigned i = 0; i < 512; i++)
        user_read(rig, GVA + i * 0x1000);
    ck_assert_uint_eq(frame->tracked, TRACK_TABLE);
    for (unsigned i = 0; i < 512; i++)
        rig_write(rig, BANK_SUPER, DIRECT + pte(0, i), PAGES(0) | P | U, 8);
    ck_assert_uint_eq(frame->tracked, 0);
    ck_assert_uint_eq(rig->mmu.count.flood, 1);
    seen = rig->mmu.count.table_write;
    ck_assert_uint_le(seen, 10);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_P | PF_W | PF_U);
    /* Changes that are used in between are not a flood. */
    for (unsigned i = 0; i < 200; i++) {
        rig_write(rig, BANK_SUPER, DIRECT + pte(0, 9), PAGES(i & 1) | PWU, 8);
        user_read(rig, GVA + 0x9000);
    }
    ck_assert_uint_eq(rig->mmu.count.flood, 1);
    ck_assert_uint_eq(frame->tracked, TRACK_TABLE);
    /* A table cleared as a block. */
    static const uint8_t zeroes[PAGE_SIZE];
    addrspace_write_block(rig->space, pte(0, 0), zeroes, PAGE_SIZE);
    ck_assert_uint_eq(frame->tracked, 0);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
    rig_close(rig);
}
END_TEST

/* A frame that has write slots becomes a table: they must go, everywhere. */
START_TEST(a_page_becomes_a_table)
{
    struct rig *rig = open_spaces(2);
    gpa_t table = 0xC00000;

    for (unsigned n = 0; n < 2; n++) {
        mmu_set_cr3(&rig->mmu, SPACE(n));
        put64(rig, pte(n, 1), table | PWU);
        rig_write(rig, BANK_USER, GVA + 0x1000, PAGES(0) | PWU, 8);
        rig_write(rig, BANK_SUPER, DIRECT + table, PAGES(0) | PWU, 8);
    }
    put64(rig, SPACE(0) + 0x2000 + 3 * 8, table | PWU);
    mmu_set_cr3(&rig->mmu, SPACE(0));
    ck_assert_uint_eq(user_read(rig, 0x600000), 1000);
    rig_audit(rig);
    for (unsigned n = 0; n < 2; n++) {
        mmu_set_cr3(&rig->mmu, SPACE(n));
        mmu_set_bank(&rig->mmu, BANK_USER);
        ck_assert_ptr_null(
            tlb_lookup(&rig->mmu.now.of[MMU_WRITE], GVA + 0x1000, 8));
        rig_write(rig, BANK_USER, GVA + 0x1000, PAGES(1 - n) | PWU, 8);
        mmu_set_cr3(&rig->mmu, SPACE(0));
        ck_assert_uint_eq(user_read(rig, 0x600000), 1001 - n);
    }
    rig_close(rig);
}
END_TEST

/* Roots and roles: WP, SMAP and so on share shadow pages, not banks. */
START_TEST(roles_have_their_own_banks)
{
    struct rig *rig = open_spaces(1);
    struct page_role role = role_long();
    uint64_t pages;

    put64(rig, pte(0, 0), PAGES(0) | P | U);
    role.wp = false;
    mmu_set_paging(&rig->mmu, &role, SPACE(0));
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, -1);
    pages = rig->mmu.count.page_made;
    role.wp = true;
    mmu_set_paging(&rig->mmu, &role, SPACE(0));
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_P | PF_W);
    role.smap = true;
    mmu_set_paging(&rig->mmu, &role, SPACE(0));
    expect_access(rig, BANK_SUPER, MMU_READ, GVA, PF_P);
    role.smap = role.wp = false;
    role.pge = true;
    mmu_set_paging(&rig->mmu, &role, SPACE(0));
    mmu_set_bank(&rig->mmu, BANK_SUPER);
    ck_assert_ptr_nonnull(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], GVA, 8));
    ck_assert_uint_eq(rig->mmu.count.page_made, pages);
    rig_close(rig);
}
END_TEST

static struct jump_slot *jump_slot(struct rig *rig, gva_t gva)
{
    return &rig->mmu.now.jump[jump_slot_of(gva)];
}

/* As the CPU does for code at `gva`. */
static void fill_jump(struct rig *rig, gva_t gva)
{
    struct mmu_code code;

    ck_assert(mmu_code_page(&rig->mmu, gva, &code, &rig->fault));
    *jump_slot(rig, gva) = (struct jump_slot){gva, rig};
}

/* What the supervisor knows of the upper part it knows in all roots that
 * have the same; what it knows of the lower part is of one. */
START_TEST(upper_parts_are_shared)
{
    struct rig *rig = open_spaces(3);
    const gva_t gva = DIRECT + 0x5000;
    uint64_t value;

    for (unsigned n = 0; n < 3; n++)
        put64(rig, SPACE(n) + 511 * 8, COMMON | PWU | A);
    for (unsigned n = 0; n < 4; n++)
        mmu_set_cr3(&rig->mmu, SPACE(n % 3));
    ck_assert_uint_eq(rig->mmu.count.upper_made, 1);
    ck_assert_uint_eq(rig->mmu.count.upper_joined, 3);
    mmu_set_bank(&rig->mmu, BANK_SUPER);
    expect_access(rig, BANK_SUPER, MMU_WRITE, gva, -1);
    fill_jump(rig, gva);
    fill_jump(rig, GVA);
    for (unsigned n = 3; n--;) {
        mmu_set_cr3(&rig->mmu, SPACE(n));
        ck_assert_ptr_eq(tlb_lookup(&rig->mmu.now.of[MMU_WRITE], gva, 8),
                         rig->ram->host + 0x5000);
        ck_assert_ptr_eq(jump_slot(rig, gva)->block, rig);
        ck_assert_ptr_null(jump_slot(rig, GVA)->block);
        ck_assert_uint_eq(rig_read(rig, BANK_SUPER, GVA, &value, 8), 0);
        ck_assert_uint_eq(value, 1000 + n);
        rig_audit(rig);
    }
    /* One of them gets another upper part, then the common one changes. */
    put64(rig, SPACE(1) + 511 * 8, 0);
    ck_assert_uint_eq(rig->mmu.count.upper_left, 1);
    put64(rig, SPACE(0) + 511 * 8, COMMON | PWU | A); /* no change */
    ck_assert_uint_eq(rig->mmu.count.upper_left, 1);
    ck_assert_ptr_eq(jump_slot(rig, gva)->block, rig);
    mmu_set_cr3(&rig->mmu, SPACE(1));
    expect_access(rig, BANK_SUPER, MMU_READ, gva, 0);
    ck_assert_ptr_null(jump_slot(rig, gva)->block);
    put64(rig, COMMON, 0 | P | PS);
    mmu_set_cr3(&rig->mmu, SPACE(2));
    ck_assert_ptr_null(jump_slot(rig, gva)->block);
    expect_access(rig, BANK_SUPER, MMU_WRITE, gva, PF_P | PF_W);
    rig_close(rig);
}
END_TEST

/* More pages of the lower part than an upper takes note of. */
START_TEST(lower_parts_are_left_in_full)
{
    struct rig *rig = open_spaces(2);
    uint64_t value;

    for (unsigned n = 0; n < 2; n++) {
        put64(rig, SPACE(n) + 511 * 8, COMMON | PWU | A);
        for (unsigned i = 0; i < 8; i++) /* the table, 8 times */
            put64(rig, SPACE(n) + 0x2000 + (2 + i) * 8,
                  (SPACE(n) + 0x3000) | PWU);
    }
    for (unsigned round = 0; round < 6; round++) {
        unsigned n = round % 2;

        mmu_set_cr3(&rig->mmu, SPACE(n));
        for (unsigned i = 0; i < 8 * 512; i++) {
            ck_assert_uint_eq(
                rig_read(rig, BANK_SUPER, GVA + i * 0x1000, &value, 8), 0);
            ck_assert_uint_eq(value, 1000 + n);
        }
        rig_audit(rig);
    }
    ck_assert_uint_eq(rig->mmu.count.upper_joined, 2);
    rig_close(rig);
}
END_TEST

/* More tables than shadow pages: memory stays within its bounds and nothing
 * is wrong. */
START_TEST(shadow_pages_are_recycled)
{
    enum { TABLES = 4000 };
    struct rig *rig = rig_open_with(64 << 20, MMU_POLICY_CACHED, NULL);
    struct page_role role = role_long();
    gpa_t tables = 0x1000000;

    put64(rig, 0x1000, 0x2000 | PWU);
    for (unsigned i = 0; i < 8; i++)
        put64(rig, 0x2000 + i * 8, (0x3000 + i * 0x1000) | PWU);
    for (unsigned i = 0; i < TABLES; i++) {
        put64(rig, 0x3000 + i * 8, (tables + i * 0x1000) | PWU);
        put64(rig, tables + i * 0x1000 + 8, (0x100000 + i * 0x1000) | PWU);
    }
    mmu_set_paging(&rig->mmu, &role, 0x1000);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < TABLES; i++) {
            gva_t gva = i * 0x200000ull + 0x1000;

            ck_assert_uint_eq(rig_write(rig, BANK_USER, gva, i + round, 8), 0);
            ck_assert_uint_eq(get64(rig, 0x100000 + i * 0x1000), i + round);
        }
    ck_assert_uint_gt(rig->mmu.count.page_recycled, TABLES);
    ck_assert_uint_lt(rig->mmu.count.bytes, 52 << 20);
    rig_audit(rig);
    /* A recycled page's table is followed again. */
    put64(rig, tables + 8, 0x100000 | P | U);
    expect_access(rig, BANK_USER, MMU_WRITE, 0x1000, PF_P | PF_W | PF_U);
    mmu_drop_all(&rig->mmu);
    rig_audit(rig);
    ck_assert_uint_lt(rig->mmu.count.bytes, 1 << 20);
    rig_close(rig);
}
END_TEST

/* Banks that want to be large in many roots: the arena is shared out. */
START_TEST(bank_memory_is_recycled)
{
    enum { SPACES = 40, PAGES_EACH = 6000 };
    struct rig *rig = rig_open_with(64 << 20, MMU_POLICY_CACHED, NULL);
    struct page_role role = role_long();

    for (unsigned n = 0; n < SPACES; n++) {
        gpa_t root = 0x10000 + n * 0x2000;

        put64(rig, root, (root + 0x1000) | PWU);
        put64(rig, root + 0x1000, 0 | PWU | PS);
    }
    for (unsigned round = 0; round < 2; round++)
        for (unsigned n = 0; n < SPACES; n++) {
            mmu_set_paging(&rig->mmu, &role, 0x10000 + n * 0x2000);
            mmu_set_bank(&rig->mmu, BANK_USER);
            for (unsigned i = 0; i < PAGES_EACH; i++) {
                gva_t gva = 0x100000 + i % 3000 * 0x4000;

                if (!tlb_lookup(&rig->mmu.now.of[MMU_WRITE], gva, 8))
                    rig_write(rig, BANK_USER, gva, n, 8);
            }
        }
    ck_assert_uint_gt(rig->mmu.count.tlb_grown, SPACES);
    ck_assert_uint_lt(rig->mmu.count.bytes, 52 << 20);
    rig_close(rig);
}
END_TEST

/* One frame as a legacy table and as a long-mode table: accessed bits set
 * under one format may be address bits in the other. */
START_TEST(one_frame_in_two_formats)
{
    struct rig *rig = rig_open();
    struct page_role l = role_long(), legacy = role_legacy();

    put64(rig, 0x1000, 0x2000 | PWU);
    put64(rig, 0x2000, 0x3000 | PWU);
    put64(rig, 0x3000, 0x4000 | PWU);
    put64(rig, 0x4000, 0x5000 | PWU | 1ull << 32 | 1ull << 34);
    put32(rig, 0x8000, 0x4000 | PWU);
    mmu_set_paging(&rig->mmu, &l, 0x1000);
    expect_access(rig, BANK_SUPER, MMU_READ, 0, -1);
    rig_audit(rig);
    /* Legacy: entry 1 of the table at 0x4000 is the upper half. */
    mmu_set_paging(&rig->mmu, &legacy, 0x8000);
    expect_access(rig, BANK_USER, MMU_READ, 0x1000, -1);
    ck_assert_uint_eq(get64(rig, 0x4000) >> 32, 0x25);
    rig_audit(rig);
    rig_close(rig);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("shadow");

    tcase_add_test(tc, cr3_loads_keep_translations);
    tcase_add_test(tc, low_bits_of_cr3_do_not_matter);
    tcase_add_test(tc, stores_to_tables_are_seen_at_once);
    tcase_add_test(tc, upper_levels_are_followed_too);
    tcase_add_test(tc, shared_tables_change_everywhere);
    tcase_add_test(tc, one_table_at_many_linear_addresses);
    tcase_add_test(tc, tables_mapped_through_themselves);
    tcase_add_test(tc, large_page_is_split_and_joined);
    tcase_add_test(tc, large_page_gets_dirty_on_the_first_write);
    tcase_add_test(tc, cleared_accessed_bits_come_back);
    tcase_add_test(tc, floods_end_tracking);
    tcase_add_test(tc, a_page_becomes_a_table);
    tcase_add_test(tc, roles_have_their_own_banks);
    tcase_add_test(tc, upper_parts_are_shared);
    tcase_add_test(tc, lower_parts_are_left_in_full);
    tcase_add_test(tc, shadow_pages_are_recycled);
    tcase_add_test(tc, bank_memory_is_recycled);
    tcase_add_test(tc, one_frame_in_two_formats);
    return rig_run("shadow", tc);
}
