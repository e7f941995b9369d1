/* check_fwcfg - firmware configuration device.
 * Run alone: make tests/devices/check_fwcfg && tests/devices/check_fwcfg */
#include "tests/devices/fake_pci.h"

#include "devices/fw_cfg.h"

struct bench {
    struct fake_pci fake;
    struct fw_cfg *fw;
};

static void bench_create(struct bench *b)
{
    fake_pci_create(&b->fake);
    b->fw = fw_cfg_create(&(struct fw_cfg_config){
        .ports = b->fake.ports,
        .memory = b->fake.memory,
        .log = &b->fake.log,
    });
    ck_assert_ptr_nonnull(b->fw);
    fake_device_reset(fw_cfg_device(b->fw));
}

static void bench_destroy(struct bench *b)
{
    fake_device_destroy(fw_cfg_device(b->fw));
    fake_pci_destroy(&b->fake);
}

static void take(struct bench *b, unsigned selector, uint8_t *data,
                 unsigned size)
{
    fake_out(&b->fake, 0x510, selector, 2);
    for (unsigned i = 0; i < size; i++)
        data[i] = (uint8_t)fake_in(&b->fake, 0x511, 1);
}

static unsigned be32(const uint8_t *p)
{
    return (unsigned)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

START_TEST(signature_and_numbers)
{
    struct bench b;
    uint8_t data[8];

    bench_create(&b);
    take(&b, FW_CFG_SIGNATURE, data, 6);
    ck_assert_mem_eq(data, "QEMU\0\0", 6);
    take(&b, FW_CFG_ID, data, 4);
    ck_assert_uint_eq(load_le32(data), 3);
    ck_assert(fw_cfg_add_number(b.fw, FW_CFG_RAM_SIZE, 512 << 20, 8));
    take(&b, FW_CFG_RAM_SIZE, data, 8);
    ck_assert_uint_eq(load_le64(data), 512 << 20);
    take(&b, 0x7777, data, 2);
    ck_assert_uint_eq(load_le16(data), 0);
    /* A byte to the selector is nothing. */
    fake_out(&b.fake, 0x510, 0, 2);
    fake_out(&b.fake, 0x510, FW_CFG_ID, 1);
    ck_assert_uint_eq(fake_in(&b.fake, 0x511, 1), 'Q');
    bench_destroy(&b);
}
END_TEST

START_TEST(directory_names_the_files)
{
    struct bench b;
    uint8_t data[4 + 64 * 2];

    bench_create(&b);
    ck_assert(fw_cfg_add_file(b.fw, "opt/umbra/boot", "hello", 5));
    ck_assert(fw_cfg_add_file(b.fw, "etc/x", "yz", 2));
    ck_assert(fw_cfg_add_file(b.fw, "opt/umbra/boot", "hello!", 6));
    take(&b, FW_CFG_FILE_DIR, data, sizeof data);
    ck_assert_uint_eq(be32(data), 2);
    ck_assert_uint_eq(be32(data + 4), 6);
    ck_assert_uint_eq(data[8] << 8 | data[9], FW_CFG_FILE_FIRST);
    ck_assert_str_eq((char *)data + 12, "opt/umbra/boot");
    ck_assert_uint_eq(be32(data + 68), 2);
    take(&b, FW_CFG_FILE_FIRST, data, 8);
    ck_assert_mem_eq(data, "hello!\0\0", 8);
    take(&b, FW_CFG_FILE_FIRST | 0x4000, data, 2); /* write channel */
    ck_assert_mem_eq(data, "he", 2);
    bench_destroy(&b);
}
END_TEST

static void on_selected(void *opaque)
{
    struct bench *b = opaque;

    ck_assert(fw_cfg_add_file(b->fw, "etc/late", "now", 3));
}

START_TEST(contents_change_when_selected)
{
    struct bench b;
    uint8_t data[4];

    bench_create(&b);
    ck_assert(fw_cfg_add_file(b.fw, "etc/first", "one", 3));
    ck_assert(!fw_cfg_watch_file(b.fw, "etc/late", on_selected, &b));
    ck_assert(fw_cfg_add_file(b.fw, "etc/late", "not", 3));
    ck_assert(fw_cfg_watch_file(b.fw, "etc/late", on_selected, &b));
    take(&b, FW_CFG_FILE_FIRST, data, 3);
    ck_assert_mem_eq(data, "one", 3);
    take(&b, FW_CFG_FILE_FIRST + 1, data, 4);
    ck_assert_mem_eq(data, "now\0", 4);
    bench_destroy(&b);
}
END_TEST

START_TEST(the_table_has_an_end)
{
    struct bench b;
    char name[64];

    bench_create(&b);
    for (unsigned i = 0; i < FW_CFG_MAX_FILES; i++) {
        snprintf(name, sizeof name, "f%u", i);
        ck_assert(fw_cfg_add_file(b.fw, name, name, 2));
    }
    ck_assert(!fw_cfg_add_file(b.fw, "more", "x", 1));
    ck_assert(fw_cfg_add_file(b.fw, "f3", "new", 3));
    memset(name, 'x', sizeof name);
    name[FW_CFG_NAME_SIZE] = '\0';
    ck_assert(!fw_cfg_add_file(b.fw, name, "x", 1));
    bench_destroy(&b);
}
END_TEST

static void dma(struct bench *b, uint32_t control, uint32_t size,
                uint64_t address)
{
    static const unsigned request = 0x5000;

    addrspace_write(b->fake.memory, request, __builtin_bswap32(control), 4);
    addrspace_write(b->fake.memory, request + 4, __builtin_bswap32(size), 4);
    addrspace_write(b->fake.memory, request + 8, __builtin_bswap64(address), 8);
    fake_out(&b->fake, 0x514, 0, 4);
    fake_out(&b->fake, 0x518, __builtin_bswap32(request), 4);
}

START_TEST(dma_interface)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(fake_in(&b.fake, 0x514, 4), 0x554D4551);
    fw_cfg_add_file(b.fw, "f", "0123456789", 10);
    dma(&b, FW_CFG_FILE_FIRST << 16 | 8 | 2, 4, 0x6000);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x5000, 4), 0);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x6000, 4), 0x33323130);
    dma(&b, 4, 2, 0);
    dma(&b, 2, 6, 0x6000);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x6000, 8),
                      0x0000000039383736ull);
    dma(&b, 2, 0xFFFFFFFF, 0x6000); /* absurd */
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x5000, 4), 0x01000000);
    dma(&b, 16, 4, 0x6000); /* writing is refused */
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x5000, 4), 0x01000000);
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signature_and_numbers,
        directory_names_the_files,
        contents_change_when_selected,
        the_table_has_an_end,
        dma_interface,
    };

    return fake_run("fw_cfg", tests, ARRAY_LEN(tests));
}
