/* check_acpi - ACPI and SMBIOS tables for firmware that is not ours: the
 * loader's script is run here as firmware runs it.
 * Run alone: make tests/devices/check_acpi && tests/devices/check_acpi */
#include <check.h>
#include <stdlib.h>

#include "devices/acpi_tables.h"
#include "devices/smbios.h"
#include "tests/suite.h"

enum { TABLES_AT = 0x7E00000, RSDP_AT = 0xF5000, PM_BASE = 0x600 };

static struct acpi_tables tables;
static bool allocated[2];

static uint8_t sum(const uint8_t *data, uint32_t size)
{
    uint8_t total = 0;

    while (size-- > 0)
        total = (uint8_t)(total + *data++);
    return total;
}

/* A file that has been allocated, its size and address. */
static uint8_t *file_of(const char *name, uint32_t *size, uint32_t *address)
{
    bool is_tables = !strcmp(name, ACPI_TABLES_FILE);

    ck_assert(is_tables || !strcmp(name, ACPI_RSDP_FILE));
    ck_assert_msg(allocated[is_tables], "%s is not allocated", name);
    *size = is_tables ? ACPI_TABLES_SIZE : ACPI_RSDP_SIZE;
    *address = is_tables ? TABLES_AT : RSDP_AT;
    return is_tables ? tables.tables : tables.rsdp;
}

static void run_allocate(const uint8_t *entry)
{
    const char *name = (const char *)entry;
    bool is_tables = !strcmp(name, ACPI_TABLES_FILE);

    ck_assert(is_tables || !strcmp(name, ACPI_RSDP_FILE));
    ck_assert(!allocated[is_tables]);
    ck_assert_uint_eq(load_le32(entry + 56), is_tables ? 64 : 16);
    ck_assert_uint_eq(entry[60], is_tables ? 1 : 2); /* high, segment F */
    allocated[is_tables] = true;
}

static void run_pointer(const uint8_t *entry)
{
    uint32_t size, address, target_size, target;
    uint8_t *data = file_of((const char *)entry, &size, &address);
    uint32_t offset = load_le32(entry + 112), width = entry[116];
    uint64_t value;

    file_of((const char *)entry + 56, &target_size, &target);
    ck_assert(width == 4 || width == 8);
    ck_assert_uint_le(offset + width, size);
    value = load_le(data + offset, width);
    ck_assert_uint_lt(value, target_size);
    store_le(data + offset, value + target, width);
}

static void run_checksum(const uint8_t *entry)
{
    uint32_t size, address;
    uint8_t *data = file_of((const char *)entry, &size, &address);
    uint32_t at = load_le32(entry + 56), start = load_le32(entry + 60);
    uint32_t length = load_le32(entry + 64);

    ck_assert(start <= at && at < start + length && start + length <= size);
    data[at] = (uint8_t)(data[at] - sum(data + start, length));
}

static void run_script(void)
{
    memset(allocated, 0, sizeof allocated);
    ck_assert_uint_eq(tables.loader_size % ACPI_LOADER_ENTRY, 0);
    for (unsigned i = 0; i < tables.loader_size; i += ACPI_LOADER_ENTRY) {
        const uint8_t *entry = tables.loader + i;
        switch (load_le32(entry)) {
        case 1:
            run_allocate(entry + 4);
            break;
        case 2:
            run_pointer(entry + 4);
            break;
        case 3:
            run_checksum(entry + 4);
            break;
        default:
            ck_abort_msg("command %u", load_le32(entry));
        }
    }
}

static void build(uint32_t hpet)
{
    const struct acpi_board board = {
        .low_end = 0x8000000,
        .parts = 0x112233,
        .pm_base = PM_BASE,
        .cpus = 2,
        .ioapic_id = 2,
        .hpet_base = hpet,
    };

    acpi_tables_build(&board, &tables);
    run_script();
}

/* A table at an address after the script; its length and sum are right. */
static uint8_t *table_at(uint64_t address, const char *signature)
{
    uint8_t *t = tables.tables + (address - TABLES_AT);

    ck_assert_uint_ge(address, TABLES_AT);
    ck_assert_uint_lt(address, TABLES_AT + ACPI_TABLES_SIZE - 64);
    ck_assert_mem_eq(t, signature, 4);
    if (strcmp(signature, "FACS") != 0)
        ck_assert_uint_eq(sum(t, load_le32(t + 4)), 0);
    return t;
}

/* A table that RSDT and XSDT list at the same place. */
static uint8_t *find(const char *signature)
{
    uint8_t *rsdt = table_at(load_le32(tables.rsdp + 16), "RSDT");
    uint8_t *xsdt = table_at(load_le64(tables.rsdp + 24), "XSDT");
    unsigned n = (load_le32(rsdt + 4) - 36) / 4;

    ck_assert_uint_eq(n, (load_le32(xsdt + 4) - 36) / 8);
    for (unsigned i = 0; i < n; i++) {
        uint64_t address = load_le64(xsdt + 36 + 8 * i);
        ck_assert_uint_eq(load_le32(rsdt + 36 + 4 * i), address);
        if (!memcmp(tables.tables + (address - TABLES_AT), signature, 4))
            return table_at(address, signature);
    }
    return NULL;
}

START_TEST(script_makes_valid_tables)
{
    uint8_t *fadt, *madt;

    build(0);
    ck_assert_mem_eq(tables.rsdp, "RSD PTR ", 8);
    ck_assert_uint_eq(sum(tables.rsdp, 20), 0);
    ck_assert_uint_eq(sum(tables.rsdp, ACPI_RSDP_SIZE), 0);
    fadt = find("FACP");
    ck_assert_ptr_nonnull(fadt);
    table_at(load_le32(fadt + 40), "DSDT");
    ck_assert_uint_eq(load_le32(fadt + 40), load_le64(fadt + 140));
    table_at(load_le32(fadt + 36), "FACS");
    ck_assert_uint_eq(load_le32(fadt + 36) % 64, 0);
    ck_assert_uint_eq(load_le32(fadt + 36), load_le64(fadt + 132));
    ck_assert_uint_eq(load_le32(fadt + 48), 0xB2);
    ck_assert_uint_eq(load_le32(fadt + 56), PM_BASE);
    ck_assert_uint_eq(load_le32(fadt + 64), PM_BASE + 4);
    ck_assert_uint_eq(load_le32(fadt + 76), PM_BASE + 8);
    ck_assert_uint_eq(load_le64(fadt + 148 + 4), PM_BASE);
    madt = find("APIC");
    ck_assert_ptr_nonnull(madt);
    ck_assert_uint_eq(madt[44], 0);
    ck_assert_uint_eq(madt[44 + 8 + 3], 1); /* the second CPU */
    ck_assert_uint_eq(madt[44 + 16], 1);
    ck_assert_uint_eq(madt[44 + 16 + 2], 2);
    ck_assert_ptr_null(find("HPET"));
}
END_TEST

/* Every address of ours in the DSDT was found and replaced. */
START_TEST(dsdt_has_the_addresses)
{
    static const uint8_t ports[] = {0x47, 1, 0, 6, 0, 6, 1, 0x40};
    static const uint8_t block[] = {0x10, 6, 0, 0, 6};
    unsigned parts = 0, windows = 0, reserved = 0, processors = 0;
    uint8_t *dsdt;

    build(0);
    dsdt = table_at(load_le32(find("FACP") + 40), "DSDT");
    for (uint32_t i = 36; i + 16 <= load_le32(dsdt + 4); i++) {
        ck_assert_uint_ne(load_le32(dsdt + i) >> 16, 0xC0DE);
        parts += load_le32(dsdt + i) == 0x112233;
        windows += load_le32(dsdt + i) == 0x8000000 &&
                   load_le32(dsdt + i + 4) == 0xFEBFFFFF &&
                   load_le32(dsdt + i + 12) == 0xFEC00000 - 0x8000000;
        reserved += !memcmp(dsdt + i, ports, sizeof ports);
        processors += !memcmp(dsdt + i, block, sizeof block);
    }
    ck_assert_uint_eq(windows, 1);
    ck_assert_uint_eq(parts, 1);
    ck_assert_uint_eq(reserved, 1);
    ck_assert_uint_ge(processors, 1);
}
END_TEST

/* S1 and S3 as the PIIX4 has them (PM1 control, SUS_TYP); no S2, no S4. */
START_TEST(sleep_states_are_those_of_the_dsdt)
{
    static const uint8_t expected[ACPI_STATES] = {0x80, 0x84, 0, 0x81, 0, 0x80};
    uint8_t states[ACPI_STATES];

    acpi_sleep_states(states);
    ck_assert_mem_eq(states, expected, sizeof states);
}
END_TEST

START_TEST(hpet_is_told_when_there)
{
    uint8_t *hpet;

    build(0xFED00000);
    hpet = find("HPET");
    ck_assert_ptr_nonnull(hpet);
    ck_assert_uint_eq(load_le64(hpet + 44), 0xFED00000);
}
END_TEST

/* ---------------------------------------------------------------- SMBIOS */

static struct smbios_tables dmi;

/* The structure of a type; they are walked by lengths and strings. */
static const uint8_t *structure(unsigned type)
{
    const uint8_t *p = dmi.data, *found = NULL;
    unsigned count = 0, largest = 0;

    while (p < dmi.data + dmi.size) {
        const uint8_t *start = p;
        ck_assert_uint_ge(p[1], 4);
        if (!found && p[0] == type)
            found = p;
        for (p += p[1]; p[0] || p[1]; p++)
            ck_assert(p < dmi.data + dmi.size);
        p += 2;
        count++;
        if ((unsigned)(p - start) > largest)
            largest = (unsigned)(p - start);
    }
    ck_assert_ptr_eq(p, dmi.data + dmi.size);
    ck_assert_uint_eq(count, dmi.count);
    ck_assert_uint_eq(largest, dmi.largest);
    return found;
}

static const char *string_of(const uint8_t *s, unsigned number)
{
    const char *text = (const char *)s + s[1];

    while (--number)
        text += strlen(text) + 1;
    return text;
}

START_TEST(smbios)
{
    struct smbios_board board = {
        .ram_bytes = 512 << 20,
        .low_end = 512 << 20,
        .cpu_signature = 0x306C3,
        .cpu_features = 0x1234,
        .manufacturer = "GenuineIntel",
        .brand = "",
    };
    const uint8_t *s;

    smbios_build(&board, &dmi);
    ck_assert_mem_eq(dmi.anchor, "_SM_", 4);
    ck_assert_mem_eq(dmi.anchor + 16, "_DMI_", 5);
    ck_assert_uint_eq(load_le16(dmi.anchor + 22), dmi.size);
    ck_assert_uint_eq(load_le16(dmi.anchor + 28), dmi.count);
    s = structure(4);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(load_le32(s + 8), 0x306C3);
    ck_assert_str_eq(string_of(s, s[7]), "GenuineIntel");
    ck_assert_str_eq(string_of(s, s[16]), "-"); /* no string is empty */
    ck_assert_uint_eq(load_le16(structure(17) + 12), 512);
    ck_assert_uint_eq(load_le32(structure(16) + 7), 512 << 10);
    ck_assert_uint_eq(load_le32(structure(19) + 8), (512 << 10) - 1);
    ck_assert_ptr_nonnull(structure(1));
    ck_assert_ptr_nonnull(structure(3));
    ck_assert_ptr_nonnull(structure(32));
    ck_assert_uint_eq(structure(127)[1], 4);
    /* Sizes beyond the old fields. */
    board.ram_bytes = 1ull << 40;
    board.low_end = 3u << 30;
    smbios_build(&board, &dmi);
    ck_assert_uint_eq(load_le16(structure(17) + 12), 0x7FFF);
    ck_assert_uint_eq(load_le32(structure(17) + 28), 1 << 20);
    ck_assert_uint_eq(load_le32(structure(16) + 7), 1 << 30);
    board.ram_bytes = 1ull << 42;
    smbios_build(&board, &dmi);
    ck_assert_uint_eq(load_le32(structure(16) + 7), 0x80000000);
    ck_assert_uint_eq(load_le64(structure(16) + 15), 1ull << 42);
    ck_assert_uint_eq(load_le64(structure(19) + 15), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("acpi");
    TCase *c = tcase_create("acpi");

    tcase_add_test(c, script_makes_valid_tables);
    tcase_add_test(c, dsdt_has_the_addresses);
    tcase_add_test(c, sleep_states_are_those_of_the_dsdt);
    tcase_add_test(c, hpet_is_told_when_there);
    tcase_add_test(c, smbios);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
