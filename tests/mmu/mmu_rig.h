/* mmu_rig.h - an MMU with RAM, a ROM and a device, no CPU.
 *
 * RAM at 0, ROM at ROM_BASE, a device of one page at MMIO_BASE that keeps
 * count of its accesses. Tables are written by hand. */
#ifndef UMBRA_TESTS_MMU_RIG_H
#define UMBRA_TESTS_MMU_RIG_H

#include "mmu/addrspace.h"
#include "mmu/mmu.h"
#include "mmu/ram.h"
#include "mmu/track.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

#define ROM_BASE  0x7F000000ull
#define MMIO_BASE 0x7E000000ull
enum { ROM_SIZE = 0x10000 };

#define P   0x001ull
#define W   0x002ull
#define U   0x004ull
#define A   0x020ull
#define D   0x040ull
#define PS  0x080ull
#define G   0x100ull
#define NX  (1ull << 63)
#define PWU (P | W | U)

struct rig {
    struct log log;
    struct addrspace *space;
    struct track *track;
    struct ram_block *ram, *rom;
    struct region ram_region, rom_region, mmio_region;
    struct mmu mmu;
    struct mmu_fault fault;
    unsigned mmio_reads, mmio_writes;
    uint64_t mmio_offset, mmio_value;
    unsigned mmio_size;
};

static inline uint64_t rig_mmio_read(void *opaque, uint64_t offset,
                                     unsigned size)
{
    struct rig *rig = opaque;

    rig->mmio_reads++;
    rig->mmio_offset = offset;
    rig->mmio_size = size;
    return 0x1122334455667788 + offset;
}

static inline void rig_mmio_write(void *opaque, uint64_t offset, uint64_t value,
                                  unsigned size)
{
    struct rig *rig = opaque;

    rig->mmio_writes++;
    rig->mmio_offset = offset;
    rig->mmio_value = value;
    rig->mmio_size = size;
}

static const struct region_ops rig_mmio_ops = {rig_mmio_read, rig_mmio_write,
                                               0};

static inline struct rig *rig_open_with(uint64_t ram_size,
                                        enum mmu_policy policy,
                                        const struct mmu_client *client)
{
    struct rig *rig = calloc(1, sizeof *rig);
    char error[100] = "";

    log_init(&rig->log, NULL, NULL);
    rig->space = addrspace_create("memory", UINT64_MAX, &rig->log);
    rig->track = track_create();
    rig->ram = ram_create("ram", ram_size, rig->track, error, sizeof error);
    rig->rom = ram_create("rom", ROM_SIZE, rig->track, error, sizeof error);
    ck_assert_msg(rig->ram && rig->rom, "%s", error);
    memset(rig->rom->host, 0x90, ROM_SIZE);
    rig->ram_region = (struct region){
        .name = "ram", .size = ram_size, .kind = REGION_RAM, .ram = rig->ram};
    rig->rom_region = (struct region){.name = "rom",
                                      .base = ROM_BASE,
                                      .size = ROM_SIZE,
                                      .kind = REGION_ROM,
                                      .ram = rig->rom};
    rig->mmio_region = (struct region){.name = "device",
                                       .base = MMIO_BASE,
                                       .size = PAGE_SIZE,
                                       .kind = REGION_MMIO,
                                       .ops = &rig_mmio_ops,
                                       .opaque = rig};
    addrspace_map(rig->space, &rig->ram_region);
    addrspace_map(rig->space, &rig->rom_region);
    addrspace_map(rig->space, &rig->mmio_region);
    ck_assert(
        mmu_init(&rig->mmu, rig->space, rig->track, client, policy, &rig->log));
    return rig;
}

static inline struct rig *rig_open(void)
{
    return rig_open_with(16 << 20, MMU_POLICY_CACHED, NULL);
}

static inline void rig_audit(struct rig *rig)
{
    const char *wrong = mmu_audit(&rig->mmu);

    ck_assert_msg(!wrong, "audit: %s", wrong);
}

static inline void rig_close(struct rig *rig)
{
    rig_audit(rig);
    mmu_free(&rig->mmu);
    addrspace_destroy(rig->space);
    ram_destroy(rig->ram);
    ram_destroy(rig->rom);
    track_destroy(rig->track);
    free(rig);
}

/* Guest-physical memory, as a device sees it. */
static inline void put32(struct rig *rig, gpa_t gpa, uint32_t value)
{
    addrspace_write(rig->space, gpa, value, 4);
}

static inline void put64(struct rig *rig, gpa_t gpa, uint64_t value)
{
    addrspace_write(rig->space, gpa, value, 8);
}

static inline uint32_t get32(struct rig *rig, gpa_t gpa)
{
    return (uint32_t)addrspace_read(rig->space, gpa, 4);
}

static inline uint64_t get64(struct rig *rig, gpa_t gpa)
{
    return addrspace_read(rig->space, gpa, 8);
}

static inline struct page_role role_long(void)
{
    return (struct page_role){
        .levels = 4, .wp = true, .nxe = true, .maxphyaddr = 40};
}

static inline struct page_role role_pae(void)
{
    return (struct page_role){
        .levels = 3, .wp = true, .nxe = true, .maxphyaddr = 40};
}

static inline struct page_role role_legacy(void)
{
    return (struct page_role){
        .levels = 2, .wp = true, .pse = true, .maxphyaddr = 40};
}

/* 0 = done, else the error code + 1 (an error code may be 0). */
static inline uint32_t rig_read(struct rig *rig, enum mmu_bank_kind kind,
                                gva_t gva, uint64_t *value, unsigned size)
{
    uint8_t data[8] = {0};

    if (!mmu_read(&rig->mmu, kind, gva, data, size, &rig->fault))
        return rig->fault.error + 1;
    if (value)
        *value = load_le(data, size);
    return 0;
}

static inline uint32_t rig_write(struct rig *rig, enum mmu_bank_kind kind,
                                 gva_t gva, uint64_t value, unsigned size)
{
    uint8_t data[8];

    store_le(data, value, size);
    if (!mmu_write(&rig->mmu, kind, gva, data, size, &rig->fault))
        return rig->fault.error + 1;
    return 0;
}

/* Does an access fault, and how? `error` -1: it must not. */
static inline void expect_access(struct rig *rig, enum mmu_bank_kind kind,
                                 enum mmu_access access, gva_t gva, int error)
{
    bool done = mmu_probe(&rig->mmu, kind, access, gva, 1, &rig->fault);

    if (error < 0) {
        ck_assert_msg(done, "gva %llx kind %d access %d: fault %x",
                      (unsigned long long)gva, kind, access, rig->fault.error);
        return;
    }
    ck_assert_msg(!done, "gva %llx kind %d access %d: no fault",
                  (unsigned long long)gva, kind, access);
    ck_assert_uint_eq(rig->fault.error, (unsigned)error);
    ck_assert_uint_eq(rig->fault.gva, gva);
}

/* Runs a suite of one test case; the main() of each file. */
static inline int rig_run(const char *name, TCase *tc)
{
    Suite *suite = suite_create(name);

    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#endif
