/* check_fat - the disk that an EFI application is put onto, read back by the
 * rules of FAT.
 * Run alone: make tests/frontend/check_fat && tests/frontend/check_fat */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/efi.h"
#include "frontend/fat.h"
#include "tests/suite.h"

static unsigned get16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* The file system of partition 1. */
struct volume {
    const uint8_t *boot, *table, *root, *data;
    unsigned cluster_size, clusters;
};

static struct volume open_volume(const uint8_t *disk, size_t size)
{
    const uint8_t *entry = disk + 446;
    struct volume v;
    unsigned sectors, table_sectors;

    ck_assert_uint_eq(get16(disk + 510), 0xAA55);
    ck_assert_uint_eq(entry[4], 0xEF);
    ck_assert_uint_eq((get32(entry + 8) + get32(entry + 12)) * 512, size);
    v.boot = disk + get32(entry + 8) * 512;
    ck_assert_uint_eq(get16(v.boot + 510), 0xAA55);
    ck_assert_uint_eq(get16(v.boot + 11), 512);
    sectors = get16(v.boot + 19) ? get16(v.boot + 19) : get32(v.boot + 32);
    ck_assert_uint_eq(sectors, get32(entry + 12));
    table_sectors = get16(v.boot + 22);
    v.table = v.boot + get16(v.boot + 14) * 512;
    v.root = v.table + 2 * table_sectors * 512;
    v.data = v.root + get16(v.boot + 17) * 32;
    v.cluster_size = v.boot[13] * 512;
    v.clusters = (unsigned)(disk + size - v.data) / v.cluster_size;
    ck_assert_uint_ge(v.clusters, 4085); /* FAT16 */
    ck_assert_uint_lt(v.clusters, 65525);
    ck_assert_uint_ge(table_sectors * 256, v.clusters + 2);
    ck_assert_mem_eq(v.table, v.table + table_sectors * 512,
                     table_sectors * 512);
    return v;
}

static const uint8_t *entry_of(const uint8_t *folder, const char *name)
{
    for (; *folder; folder += 32)
        if (!memcmp(folder, name, 11))
            return folder;
    ck_abort_msg("no %s", name);
    return NULL;
}

static const uint8_t *cluster(const struct volume *v, unsigned n)
{
    ck_assert_uint_ge(n, 2);
    ck_assert_uint_lt(n, v->clusters + 2);
    return v->data + (size_t)(n - 2) * v->cluster_size;
}

/* The file's bytes, by its chain. */
static void check_file(const struct volume *v, const uint8_t *entry,
                       const uint8_t *data, size_t size)
{
    unsigned n = get16(entry + 26);

    ck_assert_uint_eq(get32(entry + 28), size);
    while (size) {
        size_t piece = size < v->cluster_size ? size : v->cluster_size;
        ck_assert_mem_eq(cluster(v, n), data, piece);
        data += piece;
        size -= piece;
        n = get16(v->table + 2 * n);
    }
    ck_assert_uint_eq(n, 0xFFFF);
}

/* The head of an application for a machine. */
static void make_application(uint8_t *data, unsigned machine)
{
    memcpy(data, "MZ", 2);
    memcpy(data + 0x3C, "\x40\0\0", 4);
    memcpy(data + 0x40, "PE\0\0", 4);
    data[0x44] = (uint8_t)machine;
    data[0x45] = (uint8_t)(machine >> 8);
}

static void check_disk(size_t size, unsigned machine, const char *name)
{
    uint8_t *data = malloc(size), *disk;
    char error[256] = "";
    const uint8_t *folder;
    struct volume v;
    size_t disk_size;

    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + (i >> 9));
    make_application(data, machine);
    disk = efi_make_disk("a", data, size, &disk_size, error, sizeof error);
    ck_assert_msg(disk != NULL, "%s", error);
    v = open_volume(disk, disk_size);
    folder = cluster(&v, get16(entry_of(v.root, "EFI        ") + 26));
    entry_of(folder, "..         ");
    folder = cluster(&v, get16(entry_of(folder, "BOOT       ") + 26));
    check_file(&v, entry_of(folder, name), data, size);
    free(disk);
    free(data);
}

START_TEST(applications)
{
    check_disk(100, 0x8664, "BOOTX64 EFI");
    check_disk(512, 0x14C, "BOOTIA32EFI");
    check_disk(3000001, 0x8664, "BOOTX64 EFI");
    check_disk(70 << 20, 0x8664, "BOOTX64 EFI");
}
END_TEST

START_TEST(refusals)
{
    uint8_t data[512] = {0};
    char error[256] = "";
    size_t size;

    make_application(data, 0xAA64);
    ck_assert_ptr_null(
        efi_make_disk("a", data, sizeof data, &size, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "a: is an EFI application for machine "
                                        "0xaa64"));
    ck_assert(efi_needs_smm("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"));
    ck_assert(efi_needs_smm("OVMF_CODE_4M.ms.fd"));
    ck_assert(!efi_needs_smm("/secboot/OVMF.fd"));
    ck_assert(!efi_needs_smm("/usr/share/OVMF/OVMF_CODE_4M.fd"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fat");
    TCase *c = tcase_create("fat");

    tcase_add_test(c, applications);
    tcase_add_test(c, refusals);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
