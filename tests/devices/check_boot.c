/* check_boot - image recognition, Linux and plain ELF, on images made here,
 * whole, cut short and damaged. The other loaders: check_boot_kernels.
 * Run alone: make tests/devices/check_boot && tests/devices/check_boot */
#include "tests/devices/boot_rig.h"

#include "mmu/addrspace.h"
#include "mmu/ram.h"
#include "tests/suite.h"

/* ---------------------------------------------------------- recognition */

static enum boot_image identify(uint64_t file_size)
{
    return boot_image_identify(image, 0x9000, file_size);
}

static void put_signature(void)
{
    store_le16(image + 510, 0xAA55);
}

START_TEST(recognises_disks)
{
    start(MIB);
    ck_assert_int_eq(identify(1000), BOOT_IMAGE_UNKNOWN);
    ck_assert_int_eq(identify(1474560), BOOT_IMAGE_FLOPPY);
    ck_assert_int_eq(identify(10 << 20), BOOT_IMAGE_UNKNOWN);
    put_signature();
    ck_assert_int_eq(boot_image_identify(image, 512, 512),
                     BOOT_IMAGE_BOOT_SECTOR);
    ck_assert_int_eq(identify(1743 << 10), BOOT_IMAGE_FLOPPY);
    ck_assert_int_eq(identify(1500 << 10), BOOT_IMAGE_FLOPPY);
    ck_assert_int_eq(identify(1474560), BOOT_IMAGE_FLOPPY);
    ck_assert_int_eq(identify(10 << 20), BOOT_IMAGE_DISK);
    /* A small disk with a partition. */
    image[446] = 0x80;
    image[446 + 4] = 6;
    store_le32(image + 446 + 8, 63);
    store_le32(image + 446 + 12, 1000);
    ck_assert_int_eq(identify(MIB), BOOT_IMAGE_DISK);
    store_le32(image + 446 + 8, 1 << 24);
    ck_assert_int_eq(identify(MIB), BOOT_IMAGE_BOOT_SECTOR);
    store_le32(image + 446 + 8, 0); /* code that looks like a table */
    ck_assert_int_eq(identify(512), BOOT_IMAGE_BOOT_SECTOR);
    memcpy(image + 0x8001, "CD001", 5);
    ck_assert_int_eq(identify(10 << 20), BOOT_IMAGE_CDROM);
    ck_assert_int_eq(boot_image_identify(image, 0x8003, 0x8003),
                     BOOT_IMAGE_BOOT_SECTOR);
}
END_TEST

/* GRUB's core image behind the MBR has a Multiboot header. */
START_TEST(disk_with_a_header_is_a_disk)
{
    start(MIB);
    store_le32(image + 1024, 0x1BADB002);
    store_le32(image + 1032, -0x1BADB002u);
    ck_assert_int_eq(identify(20000), BOOT_IMAGE_MULTIBOOT);
    put_signature();
    ck_assert_int_eq(identify(10 << 20), BOOT_IMAGE_DISK);
    ck_assert_int_eq(identify(1474560), BOOT_IMAGE_FLOPPY);
}
END_TEST

START_TEST(recognises_kernels)
{
    start(MIB);
    put_signature();
    memcpy(image + 0x202, "HdrS", 4);
    ck_assert_int_eq(identify(5 * MIB), BOOT_IMAGE_LINUX);
    ck_assert_int_eq(boot_image_kernel(image, 0x200), BOOT_IMAGE_UNKNOWN);
    start(MIB);
    memcpy(image, "\177ELF\1\1\1", 7);
    image[16] = 2;
    image[18] = 3;
    ck_assert_int_eq(identify(5000), BOOT_IMAGE_ELF);
    image[18] = 40; /* ARM */
    ck_assert_int_eq(identify(5000), BOOT_IMAGE_UNKNOWN);
    image[18] = 3;
    store_le32(image + 4096, 0x1BADB002);
    store_le32(image + 4100, 3);
    store_le32(image + 4104, -0x1BADB002u - 3);
    ck_assert_int_eq(identify(5000), BOOT_IMAGE_MULTIBOOT);
    store_le32(image + 4104, 1); /* wrong sum */
    ck_assert_int_eq(identify(5000), BOOT_IMAGE_ELF);
}
END_TEST

/* ----------------------------------------------------------------- Linux */

enum { SETUP_SECTORS = 4, SETUP_SIZE = (SETUP_SECTORS + 1) * 512 };

static void make_linux(unsigned version)
{
    image[0x1F1] = SETUP_SECTORS;
    put_signature();
    image[0x200] = 0xEB;
    image[0x201] = 0x66;
    memcpy(image + 0x202, "HdrS", 4);
    store_le16(image + 0x206, (uint16_t)version);
    image[0x211] = 1; /* LOADED_HIGH */
    store_le32(image + 0x214, 0x100000);
    store_le32(image + 0x22C, 0x7FFFFFFF);
    store_le32(image + 0x238, 2047);
    image[0x236] = 1; /* XLF_KERNEL_64 */
    store_le32(image + 0x260, 3 * MIB);
    for (unsigned i = SETUP_SIZE; i < 100000; i++)
        image[i] = (uint8_t)(i * 7);
}

START_TEST(linux_16_bit_entry)
{
    static const uint8_t initrd[5000] = {1, 2, 3};
    const struct boot_piece *setup, *ramdisk;
    struct boot_plan *plan;

    start(64 * MIB);
    make_linux(0x20F);
    request.cmdline = "console=ttyS0";
    request.modules = 1;
    request.module[0] = (struct boot_blob){initrd, sizeof initrd, "i", NULL};
    plan = plan_of(100000);
    ck_assert_msg(plan != NULL, "%s", error);
    ck_assert_uint_eq(plan->record.kind, BOOT_REAL_MODE);
    ck_assert_uint_eq(plan->record.cs, 0x1020);
    ck_assert_uint_eq(plan->record.ip, 0);
    ck_assert_uint_eq(plan->record.seg, 0x1000);
    ck_assert_uint_eq(plan->record.sp, 0xE000);
    setup = piece_at(plan, 0x10000);
    ck_assert_ptr_nonnull(setup);
    ck_assert_uint_eq(setup->size, SETUP_SIZE);
    ck_assert_uint_eq(setup->data[0x210], 0xFF);
    ck_assert_uint_eq(setup->data[0x211], 0x81);
    ck_assert_uint_eq(load_le16(setup->data + 0x224), 0xE000 - 0x200);
    ck_assert_uint_eq(load_le32(setup->data + 0x228), 0x1E000);
    ck_assert_str_eq((const char *)piece_at(plan, 0x1E000)->data,
                     "console=ttyS0");
    ck_assert_uint_eq(piece_at(plan, 0x100000)->size, 100000 - SETUP_SIZE);
    ck_assert_ptr_eq(piece_at(plan, 0x100000)->data, image + SETUP_SIZE);
    /* As high as it can go, below the ACPI tables, on a page. */
    ramdisk = piece_at(plan, load_le32(setup->data + 0x218));
    ck_assert_ptr_nonnull(ramdisk);
    ck_assert_uint_eq(load_le32(setup->data + 0x21C), sizeof initrd);
    ck_assert_uint_eq(ramdisk->gpa, 64 * MIB - BOOT_TOP_RESERVED - 0x2000);
    boot_plan_destroy(plan);
}
END_TEST

START_TEST(linux_video_mode)
{
    static const struct {
        const char *cmdline;
        unsigned mode;
    } cases[] = {{"quiet", 0x0000},      {"vga=0x317 quiet", 0x0317},
                 {"quiet vga=791", 791}, {"vga=ask vga=ext", 0xFFFE},
                 {"vga=normal", 0xFFFF}, {"a vga=ask", 0xFFFD},
                 {"novga=0x317", 0x0000}};

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct boot_plan *plan;
        start(64 * MIB);
        make_linux(0x20F);
        request.cmdline = cases[i].cmdline;
        plan = plan_of(100000);
        ck_assert_msg(plan != NULL, "%s", error);
        ck_assert_uint_eq(load_le16(piece_at(plan, 0x10000)->data + 0x1FA),
                          cases[i].mode);
        boot_plan_destroy(plan);
    }
}
END_TEST

START_TEST(linux_initrd_obeys_the_limit)
{
    static const uint8_t initrd[4096];
    struct boot_plan *plan;

    start(2048ull * MIB);
    make_linux(0x203);
    store_le32(image + 0x22C, 0x0FFFFFFF);
    request.modules = 1;
    request.module[0] = (struct boot_blob){initrd, sizeof initrd, "i", NULL};
    plan = plan_of(100000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x10000000 - 4096));
    boot_plan_destroy(plan);
    request.module[1] = request.module[0];
    request.modules = 2;
    refused(100000, "Linux takes one -initrd");
    request.modules = 1;
    request.low_end = 2 * MIB;
    request.module[0].size = 2 * MIB;
    refused(100000, "give the PC more with -m");
}
END_TEST

START_TEST(linux_old_protocols)
{
    const struct boot_piece *setup;
    struct boot_plan *plan;

    start(16 * MIB);
    make_linux(0x201);
    request.cmdline = "root=/dev/fd0";
    plan = plan_of(100000);
    ck_assert_uint_eq(plan->record.cs, 0x9020);
    setup = piece_at(plan, 0x90000);
    ck_assert_uint_eq(load_le16(setup->data + 0x20), 0xA33F);
    ck_assert_uint_eq(load_le16(setup->data + 0x22), 0x9000);
    ck_assert_str_eq((const char *)piece_at(plan, 0x99000)->data,
                     "root=/dev/fd0");
    boot_plan_destroy(plan);
    image[0x211] = 0; /* zImage */
    plan = plan_of(100000);
    ck_assert_ptr_nonnull(piece_at(plan, 0x10000));
    boot_plan_destroy(plan);
}
END_TEST

START_TEST(linux_32_and_64_bit_entry)
{
    const uint8_t *zero;
    struct boot_plan *plan;

    start(32 * MIB);
    make_linux(0x20F);
    request.linux_entry = 32;
    request.cmdline = "quiet";
    request.high_end = (1ull << 32) + 64 * MIB;
    plan = plan_of(100000);
    ck_assert_uint_eq(plan->record.kind, BOOT_PROTECTED);
    ck_assert_uint_eq(plan->record.entry, 0x100000);
    ck_assert_uint_eq(plan->record.rsi, 0x10000);
    ck_assert_uint_eq(plan->record.sp, BOOT_STACK);
    zero = piece_at(plan, 0x10000)->data;
    ck_assert_mem_eq(zero + 0x202, "HdrS", 4);
    ck_assert_uint_eq(zero[0], 0); /* nothing of the set-up code */
    ck_assert_uint_eq(load_le32(zero + 0x228), 0x20000);
    ck_assert_uint_eq(zero[0x1E8], 7);
    ck_assert_uint_eq(load_le64(zero + 0x2D0 + 6 * 20), 1ull << 32);
    ck_assert_uint_eq(load_le32(zero + 0x1E0),
                      (31 * MIB - BOOT_TOP_RESERVED) >> 10);
    boot_plan_destroy(plan);
    request.linux_entry = 64;
    plan = plan_of(100000);
    ck_assert_uint_eq(plan->record.kind, BOOT_LONG_MODE);
    ck_assert_uint_eq(plan->record.entry, 0x100200);
    ck_assert(plan->record.table_gpa % PAGE_SIZE == 0);
    boot_plan_destroy(plan);
    image[0x236] = 0;
    refused(100000, "no 64-bit entry");
    request.linux_entry = 32;
    store_le16(image + 0x206, 0x202);
    refused(100000, "no 32-bit entry");
}
END_TEST

START_TEST(linux_bad_images)
{
    static char line[4096];

    start(16 * MIB);
    make_linux(0x20F);
    refused(SETUP_SIZE, "cut short");
    refused(0x600, "cut short");
    refused(16, "no Linux, Multiboot 1 or 2, ELF or EFI header");
    store_le32(image + 0x1F4, (100000 - SETUP_SIZE + 15) / 16);
    boot_plan_destroy(plan_of(100000));
    refused(100000 - 16, "shorter than its header says");
    store_le32(image + 0x1F4, 0);
    image[0x1F1] = 255;
    refused(512 * 256 + 100, "set-up code");
    image[0x1F1] = SETUP_SECTORS;
    memset(line, 'a', 2048);
    request.cmdline = line;
    refused(100000, "takes 2047");
    line[2047] = 0;
    boot_plan_destroy(plan_of(100000));
    request.low_end = MIB;
    request.cmdline = NULL;
    refused(100000, "give the PC more with -m");
}
END_TEST

/* ------------------------------------------------------------------- ELF */

START_TEST(plain_elf)
{
    struct boot_plan *plan;

    start(16 * MIB);
    make_elf(1);
    plan = plan_of(0x4000);
    ck_assert_uint_eq(plan->record.kind, BOOT_PROTECTED);
    ck_assert_uint_eq(plan->record.entry, 0x100010);
    ck_assert_uint_eq(plan->record.sp, BOOT_STACK); /* the BIOS pushes */
    boot_plan_destroy(plan);
    refused(0x2FFF, "beyond the end");
    refused(60, "program headers");
    store_le32(image + 52 + 16, 0x4000);
    refused(0x6000, "larger in the file");
    make_elf(2);
    store_le32(image + 52 + 32 + 12, 0x101000);
    refused(0x4000, "overlap");
    store_le32(image + 52 + 32 + 12, 0xFFFFF000);
    refused(0x4000, "do not fit into RAM");
    make_elf(0);
    refused(0x4000, "nothing to load");
    store_le16(image + 42, 8);
    refused(0x4000, "program headers");
    make_elf(1);
    store_le32(image + 28, 0xFFFFFFF0);
    refused(0x4000, "program headers");
}
END_TEST

START_TEST(elf64_enters_long_mode)
{
    struct boot_plan *plan;

    start(16 * MIB);
    memcpy(image, "\177ELF\2\1\1", 7);
    image[16] = 2;
    image[18] = 62;
    store_le64(image + 24, 0x200008);
    store_le64(image + 32, 64);
    store_le16(image + 54, 56);
    store_le16(image + 56, 1);
    store_le32(image + 64, 1);
    store_le64(image + 72, 0x100);
    store_le64(image + 80, 0x200000);
    store_le64(image + 88, 0x200000);
    store_le64(image + 96, 0x100);
    store_le64(image + 104, 0x100);
    plan = plan_of(0x200);
    ck_assert_msg(plan != NULL, "%s", error);
    ck_assert_uint_eq(plan->record.kind, BOOT_LONG_MODE);
    ck_assert_uint_eq(plan->record.entry, 0x200008);
    boot_plan_destroy(plan);
    refused(60, "ELF header");
    store_le64(image + 88, 0x30000);
    refused(0x200, "page tables");
    store_le64(image + 88, UINT64_MAX - 0x10);
    refused(0x200, "do not fit into RAM");
    store_le64(image + 72, UINT64_MAX - 0x10);
    refused(0x200, "beyond the end");
}
END_TEST

/* Random damage: accepted plans stay inside usable RAM. */
static void check_plan(const struct boot_plan *plan)
{
    for (unsigned i = 0; i < plan->pieces; i++) {
        const struct boot_piece *p = &plan->piece[i];
        gpa_t end = p->gpa + p->size;
        ck_assert(end > p->gpa);
        ck_assert((p->gpa >= BOOT_LOW_START && end <= BOOT_LOW_END) ||
                  (p->gpa >= BOOT_HIGH_START &&
                   end <= request.low_end - BOOT_TOP_RESERVED));
        ck_assert_uint_le(p->data_size, p->size);
    }
}

START_TEST(random_damage)
{
    static uint8_t good[0x4000], initrd[64];
    struct boot_plan *plan;

    srand(5);
    for (int run = 0; run < 6000; run++) {
        start(16 * MIB);
        if (run % 3 == 0) {
            make_linux(0x20F);
            request.linux_entry = run % 2 ? 16 : 64;
        } else {
            make_elf(3);
        }
        if (run % 3 == 1)
            make_multiboot(0x800, run % 4 ? 3 : 0x10003);
        request.modules = 1;
        request.module[0] =
            (struct boot_blob){initrd, sizeof initrd, "i", NULL};
        memcpy(good, image, sizeof good);
        for (int i = rand() % 4; i >= 0; i--)
            good[(size_t)rand() % (i & 1 ? 0x300 : 0x900)] = (uint8_t)rand();
        request.kernel.data = good;
        plan = plan_of(run % 5 ? sizeof good : (size_t)rand() % sizeof good);
        if (plan)
            check_plan(plan);
        boot_plan_destroy(plan);
    }
}
END_TEST

/* ------------------------------------------------------- plan and record */

START_TEST(plan_reaches_memory)
{
    static struct log log;
    struct addrspace *memory = addrspace_create("memory", UINT32_MAX, &log);
    struct ram_block *ram =
        ram_create("ram", 2 * MIB, NULL, error, sizeof error);
    struct region region = {
        .name = "ram", .size = 2 * MIB, .kind = REGION_RAM, .ram = ram};
    struct boot_plan *plan;

    start(2 * MIB);
    make_elf(1);
    image[0x1000] = 0x5A;
    image[0x2FFF] = 0xA5;
    addrspace_map(memory, &region);
    memset(ram->host, 0xEE, 2 * MIB);
    plan = plan_of(0x4000);
    boot_plan_apply(plan, memory);
    ck_assert_uint_eq(ram->host[0xFFFFF], 0xEE);
    ck_assert_uint_eq(ram->host[0x100000], 0x5A);
    ck_assert_uint_eq(ram->host[0x101FFF], 0xA5);
    ck_assert_uint_eq(ram->host[0x102000], 0);
    ck_assert_uint_eq(ram->host[0x102FFF], 0);
    ck_assert_uint_eq(ram->host[0x103000], 0xEE);
    boot_plan_destroy(plan);
    addrspace_destroy(memory);
    ram_destroy(ram);
}
END_TEST

START_TEST(record_layout)
{
    const struct boot_record record = {.kind = 3,
                                       .cs = 0x11223344,
                                       .ip = 5,
                                       .seg = 6,
                                       .sp = 7,
                                       .entry = 0x0102030405060708,
                                       .eax = 9,
                                       .ebx = 10,
                                       .rsi = 0x1112131415161718,
                                       .table_gpa = 0x30000};
    uint8_t out[BOOT_RECORD_SIZE];

    boot_record_encode(&record, out);
    ck_assert_mem_eq(out, "UMBA", 4);
    ck_assert_uint_eq(load_le32(out + 8), 0x11223344);
    ck_assert_uint_eq(load_le64(out + 24), 0x0102030405060708);
    ck_assert_uint_eq(load_le32(out + 36), 10);
    ck_assert_uint_eq(load_le64(out + 40), 0x1112131415161718);
    ck_assert_uint_eq(load_le32(out + 48), 0x30000);
    ck_assert_uint_eq(load_le64(out + 56), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot");
    TCase *c = tcase_create("boot");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, recognises_disks);
    tcase_add_test(c, disk_with_a_header_is_a_disk);
    tcase_add_test(c, recognises_kernels);
    tcase_add_test(c, linux_16_bit_entry);
    tcase_add_test(c, linux_video_mode);
    tcase_add_test(c, linux_initrd_obeys_the_limit);
    tcase_add_test(c, linux_old_protocols);
    tcase_add_test(c, linux_32_and_64_bit_entry);
    tcase_add_test(c, linux_bad_images);
    tcase_add_test(c, plain_elf);
    tcase_add_test(c, elf64_enters_long_mode);
    tcase_add_test(c, random_damage);
    tcase_add_test(c, plan_reaches_memory);
    tcase_add_test(c, record_layout);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
