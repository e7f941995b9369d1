/* check_walk - what the manual says about paging: reserved bits, rights,
 * accessed and dirty bits, error codes, for each format of tables.
 * SDM volume 3, chapter 4. Every case runs with both policies.
 * Alone: make tests/mmu/check_walk && tests/mmu/check_walk */
#include "tests/mmu/mmu_rig.h"

static const enum mmu_policy policies[] = {MMU_POLICY_CACHED, MMU_POLICY_FLUSH};

/* Tables at fixed places; gva 0x5000 goes through entry 0 of each upper
 * table and entry 5 of the last. */
enum {
    ROOT = 0x10000,
    PDPT = 0x11000,
    PD = 0x12000,
    PT = 0x13000,
    PAGE = 0x40000,
    GVA = 0x5000
};

static struct rig *long_mode(int i)
{
    struct rig *rig = rig_open_with(16 << 20, policies[i], NULL);
    struct page_role role = role_long();

    put64(rig, ROOT, PDPT | PWU);
    put64(rig, PDPT, PD | PWU);
    put64(rig, PD, PT | PWU);
    put64(rig, PT + 5 * 8, PAGE | PWU);
    mmu_set_paging(&rig->mmu, &role, ROOT);
    return rig;
}

static struct rig *pae_mode(int i)
{
    struct rig *rig = rig_open_with(16 << 20, policies[i], NULL);
    struct page_role role = role_pae();

    put64(rig, ROOT, PD | P);
    put64(rig, PD, PT | PWU);
    put64(rig, PT + 5 * 8, PAGE | PWU);
    ck_assert(mmu_load_pdptes(&rig->mmu, ROOT, 40));
    mmu_set_paging(&rig->mmu, &role, ROOT);
    return rig;
}

static struct rig *legacy_mode(int i)
{
    struct rig *rig = rig_open_with(16 << 20, policies[i], NULL);
    struct page_role role = role_legacy();

    put32(rig, ROOT, PT | PWU);
    put32(rig, PT + 5 * 4, PAGE | PWU);
    mmu_set_paging(&rig->mmu, &role, ROOT);
    return rig;
}

/* The guest changed an entry and flushes, as the manual wants. */
static void set64(struct rig *rig, gpa_t gpa, uint64_t entry)
{
    put64(rig, gpa, entry);
    mmu_flush_all(&rig->mmu);
}

static void set32(struct rig *rig, gpa_t gpa, uint32_t entry)
{
    put32(rig, gpa, entry);
    mmu_flush_all(&rig->mmu);
}

static void set_role(struct rig *rig, struct page_role role)
{
    mmu_set_paging(&rig->mmu, &role, ROOT);
}

/* ---- rights */

/* Permission = AND of U and W over all levels, NX = OR. */
START_TEST(rights_of_all_levels_together)
{
    static const gpa_t at[] = {ROOT, PDPT, PD, PT + 5 * 8};
    static const gpa_t next[] = {PDPT, PD, PT, PAGE};
    struct rig *rig = long_mode(_i);

    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, -1);
    for (unsigned i = 0; i < 4; i++) {
        set64(rig, at[i], next[i] | P | W);
        expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_U);
        expect_access(rig, BANK_USER, MMU_EXEC, GVA, PF_P | PF_U | PF_I);
        expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, -1);
        set64(rig, at[i], next[i] | P | U);
        expect_access(rig, BANK_USER, MMU_READ, GVA, -1);
        expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_P | PF_U | PF_W);
        expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_P | PF_W);
        set64(rig, at[i], next[i] | PWU | NX);
        expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
        expect_access(rig, BANK_USER, MMU_EXEC, GVA, PF_P | PF_U | PF_I);
        expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, PF_P | PF_I);
        set64(rig, at[i], 0);
        expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
        expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_W);
        expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, PF_I);
        set64(rig, at[i], next[i] | PWU);
        expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    }
    rig_close(rig);
}
END_TEST

START_TEST(write_protect_smep_smap)
{
    struct rig *rig = long_mode(_i);
    struct page_role role = role_long();

    set64(rig, PT + 5 * 8, PAGE | P | U);
    role.wp = false;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, -1);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_P | PF_W | PF_U);
    role.wp = true;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_P | PF_W);

    set64(rig, PT + 5 * 8, PAGE | PWU);
    expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, -1);
    role.smep = true;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, PF_P | PF_I);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, -1);
    expect_access(rig, BANK_SUPER, MMU_READ, GVA, -1);

    role.smap = true;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_READ, GVA, PF_P);
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_P | PF_W);
    expect_access(rig, BANK_SUPER_AC, MMU_READ, GVA, -1);
    expect_access(rig, BANK_SUPER_AC, MMU_WRITE, GVA, -1);
    expect_access(rig, BANK_SUPER_AC, MMU_EXEC, GVA, PF_P | PF_I);
    expect_access(rig, BANK_USER, MMU_READ, GVA, -1);
    set64(rig, PT + 5 * 8, PAGE | P | W);
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, -1);
    role.smep = role.smap = false;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, -1);
    rig_close(rig);
}
END_TEST

/* PF_I only with NX or SMEP. */
START_TEST(fetch_bit_of_the_error_code)
{
    struct rig *rig = long_mode(_i);
    struct page_role role = role_long();

    set64(rig, PT + 5 * 8, 0);
    role.nxe = false;
    set_role(rig, role);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, PF_U);
    role.smep = true;
    set_role(rig, role);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, PF_U | PF_I);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
    rig_close(rig);

    rig = legacy_mode(_i);
    role = role_legacy();
    role.nxe = true; /* without PAE it means nothing */
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_EXEC, 0x800000, 0);
    role.smep = true;
    set_role(rig, role);
    expect_access(rig, BANK_SUPER, MMU_EXEC, 0x800000, PF_I);
    rig_close(rig);
}
END_TEST

/* ---- reserved bits: P and RSVD together, before any permission */

START_TEST(reserved_bits_long)
{
    static const struct {
        gpa_t at;
        uint64_t entry;
    } bad[] = {
        {ROOT, PDPT | PWU | PS},
        {ROOT, PDPT | PWU | 1ull << 40},
        {ROOT, PDPT | PWU | 1ull << 51},
        {PDPT, PD | PWU | 1ull << 45},
        {PDPT, PWU | PS | 1 << 13},
        {PDPT, PWU | PS | 1 << 29},
        {PD, PT | PWU | 1ull << 40},
        {PD, PWU | PS | 1 << 13},
        {PD, PWU | PS | 1 << 20},
        {PT + 5 * 8, PAGE | PWU | 1ull << 40},
        {PT + 5 * 8, PAGE | P | 1ull << 51}, /* before rights */
    };
    struct rig *rig = long_mode(_i);

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        uint64_t good = get64(rig, bad[i].at);

        set64(rig, bad[i].at, bad[i].entry);
        expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_RSVD | PF_U);
        expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, PF_P | PF_RSVD | PF_W);
        expect_access(rig, BANK_SUPER, MMU_EXEC, GVA, PF_P | PF_RSVD | PF_I);
        /* Not present: no bit is reserved. */
        set64(rig, bad[i].at, bad[i].entry & ~P);
        expect_access(rig, BANK_USER, MMU_READ, GVA, PF_U);
        set64(rig, bad[i].at, good);
        expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    }
    /* Bits 52-62 and the PAT bits of a page are ignored. */
    set64(rig, PT + 5 * 8, PAGE | PWU | 0x7FFull << 52 | PS);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    set64(rig, PD, PWU | PS | 1 << 12);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    rig_close(rig);
}
END_TEST

START_TEST(nx_is_reserved_without_nxe)
{
    static const gpa_t at[] = {ROOT, PDPT, PD, PT + 5 * 8};
    struct rig *rig = long_mode(_i);
    struct page_role role = role_long();

    role.nxe = false;
    set_role(rig, role);
    for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
        set64(rig, at[i], get64(rig, at[i]) | NX);
        expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_RSVD | PF_U);
        set64(rig, at[i], get64(rig, at[i]) & ~NX);
        expect_access(rig, BANK_USER, MMU_EXEC, GVA, -1);
    }
    rig_close(rig);
}
END_TEST

START_TEST(reserved_bits_pae)
{
    struct rig *rig = pae_mode(_i);

    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    set64(rig, PT + 5 * 8, PAGE | PWU | 1ull << 62); /* all up to 62 */
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_RSVD | PF_U);
    set64(rig, PT + 5 * 8, PAGE | PWU | NX);
    expect_access(rig, BANK_USER, MMU_READ, GVA, -1);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, PF_P | PF_U | PF_I);
    set64(rig, PD, PWU | PS | 1 << 15);
    expect_access(rig, BANK_SUPER, MMU_READ, GVA, PF_P | PF_RSVD);
    set64(rig, PD, 0x200000 | PWU | PS);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x1FFFF8, 7, 8), 0);
    ck_assert_uint_eq(get64(rig, 0x3FFFF8), 7);
    rig_close(rig);
}
END_TEST

/* PDPTEs are registers: read at MOV CR3, checked then, not followed later;
 * they have no rights. */
START_TEST(pdptes_are_loaded_once)
{
    struct rig *rig = pae_mode(_i);

    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA + (1u << 30), PF_U | PF_W);
    put64(rig, ROOT + 8, PD | P);
    put64(rig, ROOT, 0);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA + (1u << 30), PF_U | PF_W);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    ck_assert(mmu_load_pdptes(&rig->mmu, ROOT, 40));
    mmu_set_cr3(&rig->mmu, ROOT);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA + (1u << 30), -1);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_U | PF_W);

    put64(rig, ROOT + 16, PD | P | W); /* reserved in a PDPTE */
    ck_assert(!mmu_load_pdptes(&rig->mmu, ROOT, 40));
    put64(rig, ROOT + 16, PD | P | 1ull << 41);
    ck_assert(!mmu_load_pdptes(&rig->mmu, ROOT, 40));
    put64(rig, ROOT + 16, W | U | 1ull << 41); /* not present */
    ck_assert(mmu_load_pdptes(&rig->mmu, ROOT, 40));
    /* Aligned to 32 bytes, not to a page. */
    put64(rig, ROOT + 0x60, PD | P);
    ck_assert(mmu_load_pdptes(&rig->mmu, ROOT + 0x60, 40));
    mmu_set_cr3(&rig->mmu, ROOT + 0x60);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA + (1u << 30), PF_U | PF_W);
    rig_close(rig);
}
END_TEST

/* ---- legacy tables: PSE, PSE-36 */

START_TEST(legacy_large_pages)
{
    struct rig *rig = legacy_mode(_i);
    struct page_role role = role_legacy();

    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    set32(rig, ROOT + 4, 0x800000 | PWU | PS | 1 << 12); /* PAT */
    expect_access(rig, BANK_USER, MMU_WRITE, 0x400000, -1);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x7FFFFC, 0x1234, 4), 0);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x5FFFFC, 0x4321, 4), 0);
    ck_assert_uint_eq(get32(rig, 0xBFFFFC), 0x1234);
    ck_assert_uint_eq(get32(rig, 0x9FFFFC), 0x4321);
    ck_assert_uint_eq(get32(rig, ROOT + 4) & (A | D), A | D);

    set32(rig, ROOT + 4, 0x800000 | PWU | PS | 1 << 21);
    expect_access(rig, BANK_USER, MMU_READ, 0x400000, PF_P | PF_RSVD | PF_U);
    /* Bits 13-20 are address bits 32-39: no RAM there, reads as ones. */
    set32(rig, ROOT + 4, 0x800000 | PWU | PS | 1 << 13);
    expect_access(rig, BANK_USER, MMU_READ, 0x400000, -1);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, 0x400000, &(uint64_t){0}, 4), 0);
    role.maxphyaddr = 36;
    set_role(rig, role);
    set32(rig, ROOT + 4, 0x800000 | PWU | PS | 1 << 16);
    expect_access(rig, BANK_USER, MMU_READ, 0x400000, -1);
    set32(rig, ROOT + 4, 0x800000 | PWU | PS | 1 << 17);
    expect_access(rig, BANK_USER, MMU_READ, 0x400000, PF_P | PF_RSVD | PF_U);

    /* Without CR4.PSE the bit means nothing. */
    role.pse = false;
    set_role(rig, role);
    set32(rig, ROOT + 4, PT | PWU | PS);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x405010, 0x55AA, 4), 0);
    ck_assert_uint_eq(get32(rig, PAGE + 0x10), 0x55AA);
    ck_assert_uint_eq(get32(rig, ROOT + 4) & D, 0);
    rig_close(rig);
}
END_TEST

/* All four quarters of a page directory and both halves of a table. */
START_TEST(legacy_reaches_every_entry)
{
    struct rig *rig = legacy_mode(_i);

    for (unsigned n = 0; n < 1024; n += 93) {
        put32(rig, ROOT + n * 4, PT | PWU);
        put32(rig, PT + n * 4, (PAGE + 0x1000 * (n / 93)) | PWU);
    }
    mmu_flush_all(&rig->mmu);
    for (unsigned n = 0; n < 1024; n += 93)
        for (unsigned k = 0; k < 1024; k += 93) {
            gva_t gva = n << 22 | k << 12;

            ck_assert_uint_eq(
                rig_write(rig, BANK_USER, gva + 4 * (n / 93), n * 1024 + k, 4),
                0);
            ck_assert_uint_eq(
                get32(rig, PAGE + 0x1000 * (k / 93) + 4 * (n / 93)),
                n * 1024 + k);
        }
    rig_audit(rig);
    rig_close(rig);
}
END_TEST

/* ---- large pages in long mode */

START_TEST(large_pages_long)
{
    struct rig *rig = long_mode(_i);

    put64(rig, PD + 8, 0x400000 | PWU | PS);
    put64(rig, PDPT + 8, 0 | PWU | PS);
    mmu_flush_all(&rig->mmu);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x3FFFF8, 77, 8), 0);
    ck_assert_uint_eq(get64(rig, 0x5FFFF8), 77);
    ck_assert_uint_eq(get64(rig, PD + 8) & (A | D), A | D);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0x40000000 + 0x654320, 78, 8),
                      0);
    ck_assert_uint_eq(get64(rig, 0x654320), 78);
    ck_assert_uint_eq(get64(rig, PDPT + 8) & (A | D), A | D);
    /* A large page does not use the next level's bits: rights change. */
    set64(rig, PD + 8, 0x400000 | P | U | PS);
    expect_access(rig, BANK_USER, MMU_WRITE, 0x3FFFF8, PF_P | PF_W | PF_U);
    expect_access(rig, BANK_USER, MMU_READ, 0x3FFFF8, -1);
    rig_close(rig);
}
END_TEST

START_TEST(five_levels)
{
    struct rig *rig = long_mode(_i);
    struct page_role role = role_long();

    role.levels = 5;
    put64(rig, 0x20000, ROOT | PWU);
    put64(rig, 0x20000 + 0x1FF * 8, ROOT | PWU);
    put64(rig, ROOT + 0x1FF * 8, PDPT | PWU);
    mmu_set_paging(&rig->mmu, &role, 0x20000);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, GVA, 5, 8), 0);
    ck_assert_uint_eq(get64(rig, PAGE), 5);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, 0xFFFFFF8000000000 + GVA, 6, 8),
                      0);
    ck_assert_uint_eq(get64(rig, PAGE), 6);
    expect_access(rig, BANK_USER, MMU_READ, 1ull << 48, PF_U);
    set64(rig, 0x20000, ROOT | PWU | PS);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_RSVD | PF_U);
    rig_close(rig);
}
END_TEST

/* ---- accessed and dirty */

START_TEST(accessed_and_dirty)
{
    static const gpa_t upper[] = {ROOT, PDPT, PD};
    struct rig *rig = long_mode(_i);

    /* Not on a faulting access; upper levels may be marked then. */
    expect_access(rig, BANK_USER, MMU_READ, GVA + 0x1000, PF_U);
    set64(rig, PT + 5 * 8, PAGE | P | U);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_P | PF_W | PF_U);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | P | U);
    set64(rig, PT + 5 * 8, PAGE | PWU | 1ull << 45);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, PF_P | PF_RSVD | PF_W | PF_U);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU | 1ull << 45);

    set64(rig, PT + 5 * 8, PAGE | PWU);
    expect_access(rig, BANK_USER, MMU_READ, GVA, -1);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU | A);
    expect_access(rig, BANK_USER, MMU_EXEC, GVA, -1);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU | A);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU | A | D);
    for (unsigned i = 0; i < 3; i++) /* D never in an upper level */
        ck_assert_uint_eq(get64(rig, upper[i]) & (A | D), A);
    /* Cleared and flushed: set again. */
    set64(rig, PT + 5 * 8, PAGE | PWU);
    set64(rig, PD, PT | PWU);
    expect_access(rig, BANK_SUPER, MMU_WRITE, GVA, -1);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU | A | D);
    ck_assert_uint_eq(get64(rig, PD), PT | PWU | A);
    rig_close(rig);
}
END_TEST

START_TEST(accessed_and_dirty_legacy)
{
    struct rig *rig = legacy_mode(_i);

    put32(rig, PT + 6 * 4, 0xFFFFFFFE); /* the neighbour stays */
    expect_access(rig, BANK_USER, MMU_READ, GVA, -1);
    ck_assert_uint_eq(get32(rig, PT + 5 * 4), PAGE | PWU | A);
    expect_access(rig, BANK_USER, MMU_WRITE, GVA, -1);
    ck_assert_uint_eq(get32(rig, PT + 5 * 4), PAGE | PWU | A | D);
    ck_assert_uint_eq(get32(rig, ROOT), PT | PWU | A);
    ck_assert_uint_eq(get32(rig, PT + 6 * 4), 0xFFFFFFFE);
    rig_close(rig);
}
END_TEST

/* ---- odd places for tables */

START_TEST(tables_in_rom_and_nowhere)
{
    struct rig *rig = long_mode(_i);
    uint64_t value;

    /* ROM: works, its A and D cannot be set. */
    store_le64(rig->rom->host + 0x2000 + 5 * 8, PAGE | PWU);
    set64(rig, PD, (ROM_BASE + 0x2000) | PWU);
    ck_assert_uint_eq(rig_write(rig, BANK_USER, GVA, 9, 8), 0);
    ck_assert_uint_eq(rig_read(rig, BANK_USER, GVA, &value, 8), 0);
    ck_assert_uint_eq(value, 9);
    ck_assert_uint_eq(load_le64(rig->rom->host + 0x2000 + 5 * 8), PAGE | PWU);
    /* Nothing there: ones, whose reserved bits fault. */
    set64(rig, PD, 0x70000000 | PWU);
    expect_access(rig, BANK_USER, MMU_READ, GVA, PF_P | PF_RSVD | PF_U);
    /* A device: its registers are read, nothing is remembered. */
    set64(rig, PD, MMIO_BASE | PWU);
    rig_read(rig, BANK_USER, GVA, &value, 8);
    ck_assert_uint_gt(rig->mmio_reads, 0);
    rig_close(rig);
}
END_TEST

START_TEST(a_quiet_look_changes_nothing)
{
    struct rig *rig = long_mode(_i);
    gpa_t gpa = 0;
    uint32_t value = 0;

    put32(rig, PAGE + 0x10, 0xCAFE);
    ck_assert(mmu_translate(&rig->mmu, GVA + 0x10, &gpa));
    ck_assert_uint_eq(gpa, PAGE + 0x10);
    ck_assert(mmu_peek(&rig->mmu, GVA + 0x10, &value, 4));
    ck_assert_uint_eq(load_le32(&value), 0xCAFE);
    ck_assert(!mmu_translate(&rig->mmu, GVA + 0x1000, &gpa));
    ck_assert(!mmu_peek(&rig->mmu, GVA + 0xFFE, &value, 4));
    ck_assert_uint_eq(get64(rig, ROOT), PDPT | PWU);
    ck_assert_uint_eq(get64(rig, PT + 5 * 8), PAGE | PWU);
    ck_assert_uint_eq(rig->mmu.count.fill, 0);
    rig_close(rig);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("walk");
    int both = ARRAY_LEN(policies);

    tcase_add_loop_test(tc, rights_of_all_levels_together, 0, both);
    tcase_add_loop_test(tc, write_protect_smep_smap, 0, both);
    tcase_add_loop_test(tc, fetch_bit_of_the_error_code, 0, both);
    tcase_add_loop_test(tc, reserved_bits_long, 0, both);
    tcase_add_loop_test(tc, nx_is_reserved_without_nxe, 0, both);
    tcase_add_loop_test(tc, reserved_bits_pae, 0, both);
    tcase_add_loop_test(tc, pdptes_are_loaded_once, 0, both);
    tcase_add_loop_test(tc, legacy_large_pages, 0, both);
    tcase_add_loop_test(tc, legacy_reaches_every_entry, 0, both);
    tcase_add_loop_test(tc, large_pages_long, 0, both);
    tcase_add_loop_test(tc, five_levels, 0, both);
    tcase_add_loop_test(tc, accessed_and_dirty, 0, both);
    tcase_add_loop_test(tc, accessed_and_dirty_legacy, 0, both);
    tcase_add_loop_test(tc, tables_in_rom_and_nowhere, 0, both);
    tcase_add_loop_test(tc, a_quiet_look_changes_nothing, 0, both);
    return rig_run("walk", tc);
}
