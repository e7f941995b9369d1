/* check_boot_kernels - Multiboot 1 and 2, PVH, files at addresses: what the
 * loaders put into RAM, on images made here, whole and damaged.
 * Run alone: make tests/devices/check_boot_kernels &&
 * tests/devices/check_boot_kernels */
#include "tests/devices/boot_rig.h"

#include "devices/boot_direct.h"
#include "tests/suite.h"

/* The code that enters the kernel, and its parameters. */
static const uint8_t *direct_of(const struct boot_plan *plan)
{
    const struct boot_piece *piece = piece_at(plan, plan->record.cs << 4);

    ck_assert_uint_eq(plan->record.kind, BOOT_REAL_MODE);
    ck_assert_uint_eq(plan->record.seg, plan->record.cs);
    ck_assert_uint_eq(plan->record.sp, DIRECT_SIZE);
    ck_assert_ptr_nonnull(piece);
    ck_assert_uint_eq(piece->size, DIRECT_SIZE);
    return piece->data;
}

static uint32_t parameter(const struct boot_plan *plan, unsigned offset)
{
    return load_le32(direct_of(plan) + offset);
}

static uint16_t short_parameter(const struct boot_plan *plan, unsigned offset)
{
    return load_le16(direct_of(plan) + offset);
}

/* The destination of a fix, or 0. */
static uint32_t fix_of(const struct boot_plan *plan, unsigned fact,
                       unsigned operation, uint32_t source)
{
    const uint8_t *direct = direct_of(plan);
    unsigned fixes = load_le16(direct + DIRECT_FIXES);

    for (unsigned i = 0; i < fixes; i++) {
        const uint8_t *fix = direct + DIRECT_FIX + i * DIRECT_FIX_SIZE;
        if (fix[0] == fact && fix[1] == operation &&
            load_le32(fix + 8) == source)
            return load_le32(fix + 12);
    }
    return 0;
}

static const uint8_t *info_of(const struct boot_plan *plan)
{
    const struct boot_piece *piece =
        piece_at(plan, parameter(plan, DIRECT_EBX));

    ck_assert_ptr_nonnull(piece);
    return piece->data;
}

/* The bytes at an address of the information block. */
static const uint8_t *at(const struct boot_plan *plan, uint32_t gpa)
{
    return info_of(plan) + (gpa - parameter(plan, DIRECT_EBX));
}

static const char *text_at(const struct boot_plan *plan, uint32_t gpa)
{
    return (const char *)at(plan, gpa);
}

static struct boot_plan *planned(uint64_t size)
{
    struct boot_plan *plan = plan_of(size);

    ck_assert_msg(plan != NULL, "%s", error);
    return plan;
}

static const uint8_t m0[100] = {9}, m1[5000] = {8};

static void add_modules(void)
{
    request.modules = 2;
    request.module[0] = (struct boot_blob){m0, sizeof m0, "m0", "m0 a b"};
    request.module[1] = (struct boot_blob){m1, sizeof m1, "m1", NULL};
}

/* ----------------------------------------------------------- Multiboot 1 */

START_TEST(multiboot_elf)
{
    const struct boot_piece *kernel;
    const uint8_t *info, *mods, *map;
    struct boot_plan *plan;

    start(64 * MIB);
    make_elf(2);
    make_multiboot(0x1000, 3);
    request.cmdline = "opt=1";
    add_modules();
    plan = planned(0x4000);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x100010);
    ck_assert_uint_eq(parameter(plan, DIRECT_EAX), 0x2BADB002);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_MODE), 32);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_VIDEO), 0);
    kernel = piece_at(plan, 0x110000);
    ck_assert_uint_eq(kernel->size, 0x3000);
    ck_assert_uint_eq(kernel->data_size, 0x2000);
    info = info_of(plan);
    ck_assert_uint_eq(load_le32(info), 0x24D);
    ck_assert_str_eq(text_at(plan, load_le32(info + 16)), "k opt=1");
    ck_assert_str_eq(text_at(plan, load_le32(info + 64)), "Umbra");
    ck_assert_uint_eq(load_le32(info + 4), 639);
    ck_assert_uint_eq(load_le32(info + 8),
                      (63 * MIB - BOOT_TOP_RESERVED) >> 10);
    ck_assert_uint_eq(load_le32(info + 20), 2);
    mods = at(plan, load_le32(info + 24));
    ck_assert_uint_eq(load_le32(mods), 0x113000);
    ck_assert_uint_eq(load_le32(mods + 4), 0x113000 + 100);
    ck_assert_str_eq(text_at(plan, load_le32(mods + 8)), "m0 a b");
    ck_assert_uint_eq(load_le32(mods + 16), 0x114000);
    map = at(plan, load_le32(info + 48));
    ck_assert_uint_eq(load_le32(map), 20);
    ck_assert_uint_eq(load_le32(map + 20), 1);
    boot_plan_destroy(plan);
}
END_TEST

/* What the BIOS tells: flags are set only when a fact is there. */
START_TEST(multiboot_facts)
{
    struct boot_plan *plan;
    uint32_t info;

    start(16 * MIB);
    make_elf(1);
    make_multiboot(0x1000, 7);
    store_le32(image + 0x1020, 0); /* graphics */
    store_le32(image + 0x1024, 800);
    store_le32(image + 0x1028, 600);
    store_le32(image + 0x102C, 24);
    plan = planned(0x4000);
    info = parameter(plan, DIRECT_EBX);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_VIDEO), DIRECT_GRAPHICS);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_WIDTH), 800);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_HEIGHT), 600);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_DEPTH), 24);
    ck_assert_uint_eq(fix_of(plan, DIRECT_DRIVES, DIRECT_OR, 1 << 7), info);
    ck_assert_uint_eq(fix_of(plan, DIRECT_CONFIG, DIRECT_OR, 1 << 8), info);
    ck_assert_uint_eq(fix_of(plan, DIRECT_APM, DIRECT_OR, 1 << 10), info);
    ck_assert_uint_eq(fix_of(plan, DIRECT_VBE, DIRECT_OR, 1 << 11), info);
    ck_assert_uint_eq(fix_of(plan, DIRECT_SCREEN, DIRECT_OR, 1 << 12), info);
    ck_assert_uint_eq(fix_of(plan, DIRECT_SCREEN, DIRECT_COPY, FACT_SCREEN),
                      info + 88);
    ck_assert_uint_eq(fix_of(plan, DIRECT_CONFIG, DIRECT_COPY, FACT_CONFIG),
                      info + 60);
    ck_assert_uint_eq(fix_of(plan, DIRECT_APM, DIRECT_COPY, FACT_APM),
                      load_le32(info_of(plan) + 68));
    ck_assert_uint_eq(fix_of(plan, DIRECT_VBE, DIRECT_COPY, FACT_CONTROL),
                      load_le32(info_of(plan) + 72));
    boot_plan_destroy(plan);
    store_le32(image + 0x1020, 1); /* text */
    plan = planned(0x4000);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_VIDEO), DIRECT_TEXT);
    boot_plan_destroy(plan);
}
END_TEST

/* Three headers: nothing, a string table, a section of the program. */
static void add_sections(void)
{
    uint8_t *table = image + 0x3000;

    store_le32(image + 32, 0x3000);
    store_le16(image + 46, 40);
    store_le16(image + 48, 3);
    store_le16(image + 50, 1);
    store_le32(table + 40 + 4, 3);
    store_le32(table + 40 + 16, 0x3800); /* offset */
    store_le32(table + 40 + 20, 0x100);
    store_le32(table + 80 + 4, 1);
    store_le32(table + 80 + 12, 0x100000);
    image[0x3800] = 0x77;
}

START_TEST(multiboot_sections)
{
    const struct boot_piece *table, *names;
    struct boot_plan *plan;
    const uint8_t *info;

    start(16 * MIB);
    make_elf(1);
    make_multiboot(0x1000, 3);
    add_sections();
    plan = planned(0x4000);
    info = info_of(plan);
    ck_assert_uint_eq(load_le32(info) & 1 << 5, 1 << 5);
    ck_assert_uint_eq(load_le32(info + 28), 3);
    ck_assert_uint_eq(load_le32(info + 32), 40);
    ck_assert_uint_eq(load_le32(info + 40), 1);
    table = piece_at(plan, load_le32(info + 36));
    ck_assert_ptr_nonnull(table);
    ck_assert_uint_eq(load_le32(table->data + 80 + 12), 0x100000);
    names = piece_at(plan, load_le32(table->data + 40 + 12));
    ck_assert_ptr_nonnull(names);
    ck_assert_uint_eq(names->size, 0x100);
    ck_assert_uint_eq(names->data[0], 0x77);
    boot_plan_destroy(plan);
    /* A table that lies beyond the end is left out. */
    store_le32(image + 32, 0x3FF0);
    plan = planned(0x4000);
    ck_assert_uint_eq(load_le32(info_of(plan)) & 1 << 5, 0);
    boot_plan_destroy(plan);
}
END_TEST

START_TEST(multiboot_addresses)
{
    struct boot_plan *plan;

    start(16 * MIB);
    make_multiboot(0x40, 0x10003);
    store_le32(image + 0x4C, 0x200040); /* header */
    store_le32(image + 0x50, 0x200000); /* load */
    store_le32(image + 0x54, 0x201000); /* load end */
    store_le32(image + 0x58, 0x205000); /* bss end */
    store_le32(image + 0x5C, 0x200100); /* entry */
    plan = planned(0x1000);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x200100);
    ck_assert_uint_eq(piece_at(plan, 0x200000)->size, 0x5000);
    ck_assert_uint_eq(piece_at(plan, 0x200000)->data_size, 0x1000);
    boot_plan_destroy(plan);
    store_le32(image + 0x54, 0); /* the whole file */
    plan = planned(0x1800);
    ck_assert_uint_eq(piece_at(plan, 0x200000)->data_size, 0x1800);
    boot_plan_destroy(plan);
    store_le32(image + 0x54, 0x201001);
    refused(0x1000, "shorter than its Multiboot header says");
    store_le32(image + 0x54, 0x201000);
    store_le32(image + 0x58, 0x200800);
    refused(0x1000, "Multiboot header");
    store_le32(image + 0x4C, 0x100000);
    refused(0x1000, "make no sense");
    refused(0x50, "ends within its Multiboot header");
    store_le32(image + 0x4C, 0xFFFFFFF0);
    store_le32(image + 0x50, 0xFFFFFFB0);
    store_le32(image + 0x54, 0);
    store_le32(image + 0x58, 0);
    refused(0x1000, "do not fit into RAM");
}
END_TEST

START_TEST(multiboot_bad_images)
{
    start(16 * MIB);
    make_multiboot(0, 3);
    refused(4096, "it is not ELF");
    make_multiboot(0, 0x13);
    refused(4096, "asks for features 0x10");
    start(16 * MIB);
    make_elf(1);
    make_multiboot(0x1000, 3);
    store_le32(image + 52 + 12, 0x500); /* BIOS data area */
    refused(0x4000, "do not fit into RAM");
    store_le32(image + 52 + 12, 0xF0000);
    refused(0x4000, "do not fit into RAM");
    add_modules();
    request.module[1].size = 17 * MIB;
    store_le32(image + 52 + 12, 0x100000);
    refused(0x4000, "m1: kernel and modules do not fit into 16 MiB");
}
END_TEST

/* The information goes elsewhere when the kernel takes low memory; the code
 * that enters it cannot. */
START_TEST(multiboot_info_keeps_clear)
{
    static char text[10000];
    struct boot_plan *plan;

    start(16 * MIB);
    make_elf(1);
    make_multiboot(0x1000, 3);
    store_le32(image + 52 + 12, BOOT_LOW_START + DIRECT_SIZE);
    store_le32(image + 52 + 20, BOOT_LOW_END - BOOT_LOW_START - DIRECT_SIZE);
    memset(text, 'x', sizeof text - 1);
    request.cmdline = text;
    plan = planned(0x4000);
    ck_assert_uint_eq(plan->record.cs << 4, BOOT_LOW_START);
    ck_assert_uint_ge(parameter(plan, DIRECT_EBX), 0x100000);
    boot_plan_destroy(plan);
    store_le32(image + 52 + 12, BOOT_LOW_START);
    store_le32(image + 52 + 20, BOOT_LOW_END - BOOT_LOW_START);
    refused(0x4000, "leaves no 8 KiB free");
}
END_TEST

/* ----------------------------------------------------------- Multiboot 2 */

/* A header of `size` bytes at 0x1000; its tags go where this points. */
static uint8_t *make_multiboot2(uint32_t size)
{
    uint8_t *h = image + 0x1000;

    store_le32(h, 0xE85250D6);
    store_le32(h + 4, 0);
    store_le32(h + 8, size);
    store_le32(h + 12, -0xE85250D6u - size);
    return h + 16;
}

static void put_tag(uint8_t *tag, unsigned type, bool optional, uint32_t size,
                    uint32_t value)
{
    store_le16(tag, (uint16_t)type);
    store_le16(tag + 2, optional);
    store_le32(tag + 4, size);
    if (size >= 12)
        store_le32(tag + 8, value);
}

/* A tag of the information, NULL when there is none. */
static const uint8_t *info_tag(const struct boot_plan *plan, uint32_t type)
{
    const uint8_t *info = info_of(plan);
    uint32_t end = load_le32(info);

    for (uint32_t i = 8; i + 8 <= end; i += (load_le32(info + i + 4) + 7) & ~7u)
        if (load_le32(info + i) == type)
            return info + i;
    return NULL;
}

START_TEST(multiboot2_information)
{
    const uint8_t *tag;
    struct boot_plan *plan;

    start(64 * MIB);
    make_elf(1);
    add_sections();
    put_tag(make_multiboot2(24), 0, false, 8, 0);
    add_modules();
    request.cmdline = "x=y";
    plan = planned(0x4000);
    ck_assert_uint_eq(parameter(plan, DIRECT_EAX), 0x36D76289);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x100010);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_VIDEO), DIRECT_TEXT);
    ck_assert_str_eq((const char *)info_tag(plan, 1) + 8, "k x=y");
    ck_assert_str_eq((const char *)info_tag(plan, 2) + 8, "Umbra");
    tag = info_tag(plan, 3);
    ck_assert_str_eq((const char *)tag + 16, "m0 a b");
    ck_assert_uint_eq(load_le32(tag + 12) - load_le32(tag + 8), 100);
    ck_assert_ptr_nonnull(piece_at(plan, load_le32(tag + 8)));
    ck_assert_uint_eq(load_le32(info_tag(plan, 4) + 12),
                      (63 * MIB - BOOT_TOP_RESERVED) >> 10);
    tag = info_tag(plan, 6);
    ck_assert_uint_eq(load_le32(tag + 8), 24);
    ck_assert_uint_eq((load_le32(tag + 4) - 16) % 24, 0);
    tag = info_tag(plan, 9);
    ck_assert_uint_eq(load_le32(tag + 8), 3);
    ck_assert_uint_eq(load_le32(tag + 4), 20 + 3 * 40);
    ck_assert_uint_eq(load_le32(info_tag(plan, 21) + 8), 0x100000);
    ck_assert_ptr_nonnull(info_tag(plan, 0));
    boot_plan_destroy(plan);
}
END_TEST

/* Tags for facts get their types when the facts are there. */
START_TEST(multiboot2_facts)
{
    static const struct {
        uint8_t fact, type;
        uint16_t size;
    } facts[] = {
        {DIRECT_VBE, 7, 784},   {DIRECT_SCREEN, 8, 38}, {DIRECT_APM, 10, 28},
        {DIRECT_SMBIOS, 13, 0}, {DIRECT_RSDP, 14, 28},  {DIRECT_RSDP2, 15, 44},
    };
    struct boot_plan *plan;

    start(16 * MIB);
    make_elf(1);
    put_tag(make_multiboot2(24), 0, false, 8, 0);
    plan = planned(0x4000);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        const uint8_t *tag = info_tag(plan, 0x7FFF0000u + facts[i].type);
        ck_assert_ptr_null(info_tag(plan, facts[i].type));
        ck_assert_ptr_nonnull(tag);
        if (facts[i].size)
            ck_assert_uint_eq(load_le32(tag + 4), facts[i].size);
        ck_assert_uint_eq(
            fix_of(plan, facts[i].fact, DIRECT_STORE, facts[i].type),
            parameter(plan, DIRECT_EBX) + (uint32_t)(tag - info_of(plan)));
    }
    boot_plan_destroy(plan);
}
END_TEST

START_TEST(multiboot2_addresses_and_screen)
{
    struct boot_plan *plan;
    uint8_t *tag;

    start(16 * MIB);
    tag = make_multiboot2(16 + 24 + 16 + 24 + 8);
    put_tag(tag, 2, false, 24, 0x201000);
    store_le32(tag + 12, 0x200000);
    store_le32(tag + 16, 0x202000);
    store_le32(tag + 20, 0x208000);
    put_tag(tag + 24, 3, false, 12, 0x200123);
    put_tag(tag + 40, 5, false, 20, 1024);
    store_le32(tag + 52, 768);
    store_le32(tag + 56, 16);
    put_tag(tag + 64, 0, false, 8, 0);
    plan = planned(0x3000);
    ck_assert_uint_eq(piece_at(plan, 0x200000)->size, 0x8000);
    ck_assert_uint_eq(piece_at(plan, 0x200000)->data_size, 0x2000);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x200123);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_VIDEO), DIRECT_GRAPHICS);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_DEPTH), 16);
    boot_plan_destroy(plan);
    put_tag(tag + 24, 6, false, 12, 0);
    refused(0x3000, "no entry");
    put_tag(tag + 24, 3, false, 12, 0x200123);
    store_le32(tag + 16, 0x204000);
    refused(0x3000, "shorter than its Multiboot 2 header says");
    store_le32(tag + 12, 0x300000);
    refused(0x3000, "make no sense");
}
END_TEST

START_TEST(multiboot2_relocatable)
{
    struct boot_plan *plan;
    uint8_t *tag;

    start(16 * MIB);
    make_elf(1);
    tag = make_multiboot2(16 + 24 + 8);
    put_tag(tag, 10, false, 24, 0x400000);
    store_le32(tag + 12, 0xA00000);
    store_le32(tag + 16, 0x200000);
    put_tag(tag + 24, 0, false, 8, 0);
    plan = planned(0x4000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x400000));
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x400010);
    ck_assert_uint_eq(load_le32(info_tag(plan, 21) + 8), 0x400000);
    boot_plan_destroy(plan);
    store_le32(tag + 20, 2); /* high */
    plan = planned(0x4000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x800000));
    boot_plan_destroy(plan);
    store_le32(tag + 12, 0x401000);
    refused(0x4000, "no place for it from 0x400000");
}
END_TEST

START_TEST(multiboot2_bad_headers)
{
    struct boot_plan *plan;
    uint8_t *tag;

    start(16 * MIB);
    make_elf(1);
    tag = make_multiboot2(16 + 16 + 8);
    put_tag(tag, 1, false, 12, 17); /* EFI's memory map */
    put_tag(tag + 16, 0, false, 8, 0);
    refused(0x4000, "asks for information 17");
    put_tag(tag, 1, true, 12, 17);
    plan = planned(0x4000);
    boot_plan_destroy(plan);
    put_tag(tag, 77, false, 12, 0);
    refused(0x4000, "has the tag 77");
    put_tag(tag, 77, true, 12, 0);
    plan = planned(0x4000);
    boot_plan_destroy(plan);
    put_tag(tag, 2, false, 12, 0);
    refused(0x4000, "tag 2 of its Multiboot 2 header is too short");
    put_tag(tag, 1, false, 4, 0);
    refused(0x4000, "has the size 4");
    put_tag(tag, 1, false, 0xFFFFFFF0, 0);
    refused(0x4000, "has the size");
    make_multiboot2(0x10000);
    refused(0x4000, "ends within its Multiboot 2 header");
    memset(image, 0, 64);
    put_tag(make_multiboot2(24), 0, false, 8, 0);
    refused(0x4000, "it is not ELF");
}
END_TEST

/* ------------------------------------------------------------------- PVH */

static void add_note(uint32_t entry)
{
    uint8_t *p = image + 52 + 32;

    store_le16(image + 44, 2);
    store_le32(p, 4);
    store_le32(p + 4, 0x3000);
    store_le32(p + 16, 24);
    store_le32(image + 0x3000, 4);
    store_le32(image + 0x3004, 4);
    store_le32(image + 0x3008, 18);
    memcpy(image + 0x300C, "Xen", 4);
    store_le32(image + 0x3010, entry);
}

START_TEST(pvh)
{
    struct boot_plan *plan;
    const uint8_t *info, *module;

    start(64 * MIB);
    make_elf(1);
    add_note(0x100800);
    add_modules();
    request.cmdline = "root=x";
    plan = planned(0x4000);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x100800);
    info = info_of(plan);
    ck_assert_uint_eq(load_le32(info), 0x336EC578);
    ck_assert_uint_eq(load_le32(info + 4), 1);
    ck_assert_uint_eq(load_le32(info + 12), 2);
    module = at(plan, (uint32_t)load_le64(info + 16));
    ck_assert_uint_eq(load_le64(module + 8), 100);
    ck_assert_ptr_nonnull(piece_at(plan, load_le64(module)));
    ck_assert_str_eq(text_at(plan, load_le32(module + 16)), "m0 a b");
    ck_assert_str_eq(text_at(plan, load_le32(info + 24)), "root=x");
    ck_assert_uint_gt(load_le32(info + 48), 3);
    ck_assert_uint_eq(fix_of(plan, DIRECT_RSDP, DIRECT_COPY, FACT_RSDP_ADDRESS),
                      parameter(plan, DIRECT_EBX) + 32);
    boot_plan_destroy(plan);
    /* Another owner's note: a plain ELF file, which takes no modules. */
    memcpy(image + 0x300C, "GNU", 4);
    refused(0x4000, "takes no modules");
    store_le32(image + 0x3004, 0xFFFFFFF0);
    refused(0x4000, "takes no modules");
    request.modules = 0;
    refused(0x4000, "takes no text");
}
END_TEST

/* ---------------------------------------------------- files at addresses */

static void add_raw(uint64_t address, uint64_t size)
{
    request.raw[request.raws++] =
        (struct boot_raw){{image, size, "r", NULL}, address};
    request.kernel.data = NULL;
    request.raw_entry = UINT64_MAX;
}

START_TEST(boot_sector)
{
    struct boot_plan *plan;

    start(16 * MIB);
    add_raw(0x7C00, 512);
    request.drive = 0x80;
    plan = planned(0);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_MODE), 16);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x7C00);
    ck_assert_uint_eq(parameter(plan, DIRECT_EBX), 0x80);
    ck_assert_uint_eq(fix_of(plan, DIRECT_ALWAYS, DIRECT_MOVE, 0x100000),
                      0x7C00);
    ck_assert_uint_eq(piece_at(plan, 0x100000)->size, 512);
    boot_plan_destroy(plan);
    /* Beyond 64 KiB it goes to its place at once. */
    request.raw[0].file.size = 0x9000;
    plan = planned(0);
    ck_assert_uint_eq(piece_at(plan, 0x100000)->size, 0x8400);
    ck_assert_uint_eq(piece_at(plan, 0x10000)->size, 0xC00);
    boot_plan_destroy(plan);
    request.raw[0].address = 0x400;
    refused(0, "RAM is free from address 0x500 on");
}
END_TEST

START_TEST(flat_binaries)
{
    struct boot_plan *plan;

    start(16 * MIB);
    add_raw(0x200000, 4096);
    add_raw(0x300000, 100);
    plan = planned(0);
    ck_assert_uint_eq(short_parameter(plan, DIRECT_MODE), 32);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x200000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x300000));
    boot_plan_destroy(plan);
    request.raw_mode = 64;
    request.raw_entry = 0x200010;
    plan = planned(0);
    ck_assert_uint_eq(plan->record.kind, BOOT_LONG_MODE);
    ck_assert_uint_eq(plan->record.entry, 0x200010);
    boot_plan_destroy(plan);
    request.raw_mode = 16;
    refused(0, "16-bit code begins below 1 MiB");
    request.raw_entry = 0x54321;
    plan = planned(0);
    ck_assert_uint_eq(parameter(plan, DIRECT_ENTRY), 0x54320001);
    boot_plan_destroy(plan);
    request.raw_mode = 64;
    request.raw[1].address = 0x8000;
    refused(0, "64-bit code needs files at 0x10000 or above");
    request.raw[1].address = 0x200800;
    refused(0, "overlap");
    request.raw[1].address = 16 * MIB;
    refused(0, "do not fit into RAM");
}
END_TEST

/* Beside a kernel. */
START_TEST(raw_file_and_kernel)
{
    struct boot_plan *plan;

    start(16 * MIB);
    make_elf(1);
    make_multiboot(0x1000, 3);
    add_raw(0x300000, 100);
    request.kernel.data = image;
    plan = planned(0x4000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x300000));
    ck_assert_ptr_nonnull(piece_at(plan, 0x100000));
    boot_plan_destroy(plan);
}
END_TEST

/* ----------------------------------------------------------- any damage */

static uint32_t random_number(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Pieces lie in RAM, apart from each other, and in their sources. */
static void check_pieces(const struct boot_plan *plan)
{
    for (unsigned i = 0; i < plan->pieces; i++) {
        const struct boot_piece *p = &plan->piece[i];
        uint64_t top = request.low_end - BOOT_TOP_RESERVED;
        ck_assert(
            (p->gpa >= BOOT_LOW_START && p->gpa + p->size <= BOOT_LOW_END) ||
            (p->gpa >= BOOT_HIGH_START && p->gpa + p->size <= top));
        ck_assert_uint_le(p->data_size, p->size);
        for (unsigned j = 0; j < i; j++)
            ck_assert(p->gpa + p->size <= plan->piece[j].gpa ||
                      plan->piece[j].gpa + plan->piece[j].size <= p->gpa);
        for (uint64_t k = 0; k < p->data_size; k += 64)
            ck_assert_int_ge(((volatile const uint8_t *)p->data)[k], 0);
    }
}

static void make_any(unsigned kind)
{
    uint8_t *tag;

    start(16 * MIB);
    request.raw_entry = UINT64_MAX;
    make_elf(1 + kind % 2);
    add_sections();
    add_modules();
    request.cmdline = "a b";
    if (kind % 3 == 0) {
        make_multiboot(0x1000, 7);
        return;
    }
    if (kind % 3 == 1) {
        add_note(0x100800);
        return;
    }
    tag = make_multiboot2(16 + 24 + 24 + 16 + 24 + 8);
    put_tag(tag, 10, false, 24, 0x400000);
    store_le32(tag + 12, 0xA00000);
    store_le32(tag + 16, 0x1000);
    put_tag(tag + 24, 5, true, 20, 640);
    put_tag(tag + 48, 1, true, 12, 6);
    put_tag(tag + 64, 2, true, 24, 0x100000);
    put_tag(tag + 88, 0, false, 8, 0);
}

START_TEST(random_damage)
{
    uint32_t seed = 4711;
    unsigned plans = 0;

    for (unsigned run = 0; run < 10000; run++) {
        struct boot_plan *plan;
        unsigned changes = random_number(&seed) % 4;
        uint32_t size = 0x40 + random_number(&seed) % 0x3FC0;
        uint8_t *file = malloc(size); /* sanitizers see what lies behind */
        make_any(run);
        for (unsigned i = 0; i < changes; i++) {
            static const uint16_t places[] = {0, 0x1000, 0x3000};
            unsigned place = places[random_number(&seed) % 3];
            image[place + random_number(&seed) % 128] =
                (uint8_t)random_number(&seed);
        }
        memcpy(file, image, size);
        request.kernel.data = file;
        plan = plan_of(size);
        if (plan) {
            check_pieces(plan);
            boot_plan_destroy(plan);
            plans++;
        } else {
            ck_assert_ptr_nonnull(strstr(error, ": "));
        }
        free(file);
    }
    ck_assert_uint_gt(plans, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot_kernels");
    TCase *c = tcase_create("boot_kernels");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, multiboot_elf);
    tcase_add_test(c, multiboot_facts);
    tcase_add_test(c, multiboot_sections);
    tcase_add_test(c, multiboot_addresses);
    tcase_add_test(c, multiboot_bad_images);
    tcase_add_test(c, multiboot_info_keeps_clear);
    tcase_add_test(c, multiboot2_information);
    tcase_add_test(c, multiboot2_facts);
    tcase_add_test(c, multiboot2_addresses_and_screen);
    tcase_add_test(c, multiboot2_relocatable);
    tcase_add_test(c, multiboot2_bad_headers);
    tcase_add_test(c, pvh);
    tcase_add_test(c, boot_sector);
    tcase_add_test(c, flat_binaries);
    tcase_add_test(c, raw_file_and_kernel);
    tcase_add_test(c, random_damage);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
