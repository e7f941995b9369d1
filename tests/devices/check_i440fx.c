/* check_i440fx - PAM and SMRAM of the host bridge.
 * Run alone: make tests/devices/check_i440fx && tests/devices/check_i440fx */
#include "tests/devices/fake_pci.h"

#include "devices/i440fx.h"

enum { HOST = PCI_DEVFN(0, 0), PAM0 = 0x59, SMRAM = 0x72, ROM_SIZE = 0x20000 };

struct bench {
    struct fake_pci fake;
    struct ram_block *rom;
    struct i440fx *bridge;
};

static void bench_create(struct bench *b)
{
    char error[128];

    fake_pci_create(&b->fake);
    b->rom = ram_create("rom", ROM_SIZE, NULL, error, sizeof error);
    memset(b->rom->host, 0xE7, ROM_SIZE);
    b->bridge = i440fx_create(&(struct i440fx_config){
        .bus = b->fake.bus, .ram = b->fake.ram, .log = &b->fake.log});
    i440fx_add_rom(b->bridge, 0xE0000, ROM_SIZE, b->rom, 0);
    fake_device_reset(i440fx_device(b->bridge));
}

static void bench_destroy(struct bench *b)
{
    fake_device_destroy(i440fx_device(b->bridge));
    fake_pci_destroy(&b->fake);
    ram_destroy(b->rom);
}

static unsigned peek(struct bench *b, uint32_t addr)
{
    return (unsigned)addrspace_read(b->fake.memory, addr, 1);
}

static void poke(struct bench *b, uint32_t addr, uint8_t value)
{
    addrspace_write(b->fake.memory, addr, value, 1);
}

START_TEST(identity)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(fake_config_in(&b.fake, HOST, 0, 4), 0x12378086);
    ck_assert_uint_eq(fake_config_in(&b.fake, HOST, 8, 4), 0x06000002);
    bench_destroy(&b);
}
END_TEST

START_TEST(rom_shows_after_reset)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(peek(&b, 0xE0000), 0xE7);
    ck_assert_uint_eq(peek(&b, 0xFFFFF), 0xE7);
    ck_assert_uint_eq(peek(&b, 0xC0000), 0xFF); /* no ROM there */
    poke(&b, 0xF0000, 0x11);
    ck_assert_uint_eq(peek(&b, 0xF0000), 0xE7);
    ck_assert_uint_eq(b.fake.ram->host[0xF0000], 0);
    ck_assert_uint_eq(b.rom->host[0x10000], 0xE7);
    bench_destroy(&b);
}
END_TEST

/* The way firmware copies itself: read ROM, write the RAM behind it. */
START_TEST(shadowing_reads_rom_and_writes_ram)
{
    struct bench b;

    bench_create(&b);
    fake_config_out(&b.fake, HOST, PAM0, 0x20, 1);
    ck_assert_uint_eq(peek(&b, 0xF1234), 0xE7);
    addrspace_write(b.fake.memory, 0xF1234, 0x11223344, 4);
    ck_assert_uint_eq(peek(&b, 0xF1234), 0xE7);
    ck_assert_uint_eq(load_le32(b.fake.ram->host + 0xF1234), 0x11223344);
    fake_config_out(&b.fake, HOST, PAM0, 0x10, 1);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0xF1234, 4), 0x11223344);
    poke(&b, 0xF1234, 0x55);
    ck_assert_uint_eq(peek(&b, 0xF1234), 0x44);
    fake_config_out(&b.fake, HOST, PAM0, 0x30, 1);
    poke(&b, 0xF1234, 0x55);
    ck_assert_uint_eq(peek(&b, 0xF1234), 0x55);
    fake_device_reload(i440fx_device(b.bridge));
    ck_assert_uint_eq(peek(&b, 0xF1234), 0x55);
    fake_device_reset(i440fx_device(b.bridge));
    ck_assert_uint_eq(peek(&b, 0xF1234), 0xE7);
    bench_destroy(&b);
}
END_TEST

START_TEST(each_segment_has_its_own_bits)
{
    struct bench b;

    bench_create(&b);
    for (uint32_t at = 0xC0000; at < 0x100000; at += 0x1000)
        b.fake.ram->host[at] = 0x42;
    for (unsigned i = 1; i < 13; i++) {
        unsigned reg = PAM0 + (i + 1) / 2, shift = i % 2 ? 0 : 4;

        fake_config_out(&b.fake, HOST, reg, 1u << shift, 1);
        for (uint32_t at = 0xC0000; at < 0x100000; at += 0x1000) {
            bool inside = at >> 14 == 0x30 + i - 1;
            unsigned rest = at >= 0xE0000 ? 0xE7 : 0xFF;
            ck_assert_uint_eq(peek(&b, at), inside ? 0x42 : rest);
        }
        fake_config_out(&b.fake, HOST, reg, 0, 1);
    }
    bench_destroy(&b);
}
END_TEST

START_TEST(writes_reach_ram_below_a_hole)
{
    struct bench b;

    bench_create(&b);
    fake_config_out(&b.fake, HOST, PAM0 + 1, 0x22, 1);
    poke(&b, 0xC8001, 0x77); /* PAM1 covers C0000-C7FFF only */
    poke(&b, 0xC4001, 0x77);
    ck_assert_uint_eq(peek(&b, 0xC4001), 0xFF);
    ck_assert_uint_eq(b.fake.ram->host[0xC4001], 0x77);
    ck_assert_uint_eq(b.fake.ram->host[0xC8001], 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(smram_opens_and_locks)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(peek(&b, 0xA0000), 0xFF);
    fake_config_out(&b.fake, HOST, SMRAM, 0x4A, 1);
    poke(&b, 0xA8000, 0x99);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0x99);
    fake_config_out(&b.fake, HOST, SMRAM, 0x1A, 1);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0xFF);
    fake_config_out(&b.fake, HOST, SMRAM, 0x4A, 1);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0xFF);
    ck_assert_uint_eq(fake_config_in(&b.fake, HOST, SMRAM, 1), 0x1A);
    i440fx_set_smm(b.bridge, true);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0x99);
    i440fx_set_smm(b.bridge, false);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0xFF);
    fake_device_reset(i440fx_device(b.bridge));
    fake_config_out(&b.fake, HOST, SMRAM, 0x4A, 1);
    ck_assert_uint_eq(peek(&b, 0xA8000), 0x99);
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        identity,
        rom_shows_after_reset,
        shadowing_reads_rom_and_writes_ram,
        each_segment_has_its_own_bits,
        writes_reach_ram_below_a_hole,
        smram_opens_and_locks,
    };

    return fake_run("i440fx", tests, ARRAY_LEN(tests));
}
