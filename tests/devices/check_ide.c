/* check_ide - the PIIX3 IDE function: ports, bus master, interrupts.
 * Run alone: make tests/devices/check_ide && tests/devices/check_ide */
#include "tests/devices/fake_pci.h"

#include "devices/ide_piix.h"

enum {
    IDE = PCI_DEVFN(1, 1),
    BM = 0xC000,
    TABLE = 0x8000,
    SHORT = 100000,
    ACTIVE = 1,
    INTERRUPT = 4,
    TO_MEMORY = 8
};

struct bench {
    struct fake_pci fake;
    struct fake_image image;
    struct disk *disk;
    struct ide_piix *ide;
};

static void bench_create(struct bench *b)
{
    fake_pci_create(&b->fake);
    fake_image_create(&b->image, 2000);
    b->disk = fake_image_open(&b->image, &b->fake.log);
    b->ide =
        ide_piix_create(&(struct ide_piix_config){.bus = b->fake.bus,
                                                  .devfn = IDE,
                                                  .irq = &b->fake.wire[14],
                                                  .sched = &b->fake.time.sched,
                                                  .log = &b->fake.log});
    ck_assert_ptr_nonnull(b->ide);
    ata_attach(ide_piix_channel(b->ide, 0), 0, ATA_DISK, b->disk);
    fake_device_reset(ide_piix_device(b->ide));
    fake_device_reset(ata_device(ide_piix_channel(b->ide, 0)));
    fake_device_reset(ata_device(ide_piix_channel(b->ide, 1)));
    fake_config_out(&b->fake, IDE, 0x20, BM, 4);
    fake_config_out(&b->fake, IDE, PCI_COMMAND, 5, 2);
}

static void bench_destroy(struct bench *b)
{
    fake_device_destroy(ata_device(ide_piix_channel(b->ide, 1)));
    fake_device_destroy(ata_device(ide_piix_channel(b->ide, 0)));
    fake_device_destroy(ide_piix_device(b->ide));
    fake_pci_destroy(&b->fake);
    disk_close(b->disk);
    fake_image_remove(&b->image);
}

static void pass(struct bench *b)
{
    fake_time_pass(&b->fake.time, SHORT);
}

static void prd(struct bench *b, unsigned n, uint32_t addr, unsigned count,
                bool last)
{
    addrspace_write(b->fake.memory, TABLE + 8 * n, addr, 4);
    addrspace_write(b->fake.memory, TABLE + 8 * n + 4,
                    count | (last ? 1u << 31 : 0), 4);
}

static void start(struct bench *b, unsigned lba, unsigned count,
                  unsigned command)
{
    fake_out(&b->fake, 0x1F6, 0xE0, 1);
    fake_out(&b->fake, 0x1F2, count, 1);
    fake_out(&b->fake, 0x1F3, lba & 0xFF, 1);
    fake_out(&b->fake, 0x1F4, lba >> 8, 1);
    fake_out(&b->fake, 0x1F5, 0, 1);
    fake_out(&b->fake, 0x1F7, command, 1);
}

static void expect_bytes(struct bench *b, uint32_t addr, unsigned sector,
                         unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ck_assert_uint_eq(addrspace_read(b->fake.memory, addr + i, 1),
                          fake_byte(sector, from + i));
}

START_TEST(identity_and_ports)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(fake_config_in(&b.fake, IDE, 0, 4), 0x70108086);
    ck_assert_uint_eq(fake_config_in(&b.fake, IDE, 8, 4), 0x01018000);
    ck_assert_uint_eq(fake_config_in(&b.fake, IDE, 0x20, 4), BM | 1);
    ck_assert_uint_eq(fake_in(&b.fake, 0x1F7, 1), 0x50);
    ck_assert_uint_eq(fake_in(&b.fake, 0x3F6, 1), 0x50);
    /* Nothing on the second cable. */
    ck_assert_uint_eq(fake_in(&b.fake, 0x177, 1), 0x7F);
    ck_assert_uint_eq(fake_in(&b.fake, 0x376, 1), 0x7F);
    bench_destroy(&b);
}
END_TEST

START_TEST(pio_through_the_ports)
{
    struct bench b;

    bench_create(&b);
    start(&b, 77, 1, 0x20);
    pass(&b);
    ck_assert(b.fake.irq[14].level);
    ck_assert_uint_eq(fake_in(&b.fake, 0x1F7, 1), 0x58);
    ck_assert(!b.fake.irq[14].level);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 4)
        ck_assert_uint_eq(fake_in(&b.fake, 0x1F0, 4),
                          fake_byte(77, i) | fake_byte(77, i + 1) << 8 |
                              fake_byte(77, i + 2) << 16 |
                              (uint32_t)fake_byte(77, i + 3) << 24);
    ck_assert_uint_eq(fake_in(&b.fake, 0x1F7, 1), 0x50);
    /* The bus master latched the edge; writing 1 clears it. */
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), INTERRUPT);
    fake_out(&b.fake, BM + 2, INTERRUPT, 1);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(dma_read_scatters)
{
    struct bench b;

    bench_create(&b);
    prd(&b, 0, 0x20000, 100, false);
    prd(&b, 1, 0x30000, 1024 - 100, false);
    prd(&b, 2, 0x40000, 512, true);
    fake_out(&b.fake, BM + 4, TABLE, 4);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 4, 4), TABLE);
    fake_out(&b.fake, BM, TO_MEMORY, 1);
    start(&b, 40, 3, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), ACTIVE);
    ck_assert(!b.fake.irq[14].level);
    pass(&b);
    ck_assert(b.fake.irq[14].level);
    /* Table and transfer were of one size: no longer active. */
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), INTERRUPT);
    expect_bytes(&b, 0x20000, 40, 0, 100);
    expect_bytes(&b, 0x30000, 40, 100, 412);
    expect_bytes(&b, 0x30000 + 412, 41, 0, 512);
    expect_bytes(&b, 0x40000, 42, 0, 512);
    fake_out(&b.fake, BM, 0, 1);
    ck_assert_uint_eq(fake_in(&b.fake, 0x1F7, 1), 0x50);
    bench_destroy(&b);
}
END_TEST

START_TEST(dma_write_gathers)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b);
    for (unsigned i = 0; i < 1024; i++)
        addrspace_write(b.fake.memory, 0x50000 + i, (i / 2) & 0xFF, 1);
    prd(&b, 0, 0x50000, 0, true); /* 0 is 64 KiB: longer than needed */
    fake_out(&b.fake, BM + 4, TABLE, 4);
    start(&b, 90, 2, 0xCA);
    fake_out(&b.fake, BM, 1, 1);
    pass(&b);
    /* The table was longer than the transfer: still active. */
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), INTERRUPT | ACTIVE);
    fake_out(&b.fake, BM, 0, 1);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), INTERRUPT);
    fake_image_sector(&b.image, 91, data);
    ck_assert_uint_eq(data[0], 0x00);
    ck_assert_uint_eq(data[2], 0x01);
    ck_assert_uint_eq(data[511], 0xFF);
    bench_destroy(&b);
}
END_TEST

START_TEST(a_short_table_gives_no_interrupt)
{
    struct bench b;

    bench_create(&b);
    prd(&b, 0, 0x20000, 512, true);
    fake_out(&b.fake, BM + 4, TABLE, 4);
    start(&b, 10, 2, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    pass(&b);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), 0);
    ck_assert(!b.fake.irq[14].level);
    expect_bytes(&b, 0x20000, 10, 0, 512);
    /* A driver gives up with a reset. */
    fake_out(&b.fake, BM, 0, 1);
    fake_out(&b.fake, 0x3F6, 4, 1);
    fake_out(&b.fake, 0x3F6, 0, 1);
    pass(&b);
    ck_assert_uint_eq(fake_in(&b.fake, 0x1F7, 1), 0x50);
    bench_destroy(&b);
}
END_TEST

START_TEST(no_mastering_without_the_enable)
{
    struct bench b;

    bench_create(&b);
    fake_config_out(&b.fake, IDE, PCI_COMMAND, 1, 2);
    prd(&b, 0, 0x20000, 512, true);
    fake_out(&b.fake, BM + 4, TABLE, 4);
    start(&b, 10, 1, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    pass(&b);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, 0x20000, 4), 0);
    ck_assert(!b.fake.irq[14].level);
    bench_destroy(&b);
}
END_TEST

/* Tables and targets that lie nowhere: no crash, no endless loop. */
START_TEST(wild_tables)
{
    struct bench b;

    bench_create(&b);
    fake_out(&b.fake, BM + 4, 0xFFFFFFFC, 4);
    start(&b, 10, 0, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    pass(&b);
    fake_out(&b.fake, BM, 0, 1);
    fake_out(&b.fake, 0x3F6, 4, 1);
    fake_out(&b.fake, 0x3F6, 0, 1);
    pass(&b);
    /* A table that it overwrites itself. */
    prd(&b, 0, TABLE, 2, false);
    prd(&b, 1, TABLE, 16, false);
    fake_out(&b.fake, BM + 4, TABLE, 4);
    start(&b, 10, 255, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    fake_time_pass(&b.fake.time, 100 * SHORT);
    ck_assert_uint_eq(fake_in(&b.fake, 0x3F6, 1) & 0x80, 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(reload_in_the_middle_of_dma)
{
    struct bench b;
    struct device *ide, *cable;

    bench_create(&b);
    ide = ide_piix_device(b.ide);
    cable = ata_device(ide_piix_channel(b.ide, 0));
    prd(&b, 0, 0x20000, 700, false);
    prd(&b, 1, 0x30000, 1024 - 700, true);
    fake_out(&b.fake, BM + 4, TABLE, 4);
    start(&b, 300, 2, 0xC8);
    fake_out(&b.fake, BM, TO_MEMORY | 1, 1);
    fake_device_reload(ide);
    fake_device_reload(cable);
    ck_assert_uint_eq(fake_in(&b.fake, BM + 2, 1), ACTIVE);
    pass(&b);
    expect_bytes(&b, 0x20000, 300, 0, 512);
    expect_bytes(&b, 0x30000, 301, 188, 324);
    ck_assert(b.fake.irq[14].level);
    bench_destroy(&b);
}
END_TEST

/* Registers, base registers and tables at random, with DMA running. */
START_TEST(random_traffic)
{
    struct bench b;
    uint32_t x = 2024;

    bench_create(&b);
    for (unsigned n = 0; n < 100000; n++) {
        unsigned size;

        x = x * 1664525 + 1013904223;
        size = 1u << (x >> 10 & 3) % 3;
        switch (x >> 28) {
        case 0:
            fake_config_out(&b.fake, IDE, x >> 12 & 0xFC, x, 4);
            break;
        case 1: /* back to where the ports are known to be */
            fake_config_out(&b.fake, IDE, 0x20, BM, 4);
            fake_config_out(&b.fake, IDE, PCI_COMMAND, 5, 2);
            break;
        case 2:
            addrspace_write(b.fake.memory, TABLE + (x >> 8 & 0xFC), x * 7, 4);
            break;
        case 3:
            fake_out(&b.fake, BM + 4 + (x >> 8 & 8), TABLE + (x & 0xFC), 4);
            break;
        case 4:
            fake_out(&b.fake, BM + (x >> 8 & 15), x >> 16, size);
            break;
        case 5:
            fake_in(&b.fake, BM + (x >> 8 & 15), size);
            break;
        case 6:
            start(&b, x & 0x3FF, x >> 12 & 0xF, x & 0x400 ? 0xC8 : 0xCA);
            break;
        case 7:
            fake_out(&b.fake, 0x3F6, x >> 20 & 0x86, 1);
            break;
        case 8:
        case 9:
            fake_time_pass(&b.fake.time, x & 0x3FFF);
            break;
        case 10:
            fake_out(&b.fake, 0x1F0 + (x >> 8 & 7), x >> 16, size);
            break;
        case 11:
            fake_in(&b.fake, 0x170 + (x >> 8 & 7), size);
            break;
        default:
            fake_in(&b.fake, 0x1F0 + (x >> 8 & 7), size);
        }
    }
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        identity_and_ports,
        pio_through_the_ports,
        dma_read_scatters,
        dma_write_gathers,
        a_short_table_gives_no_interrupt,
        no_mastering_without_the_enable,
        wild_tables,
        reload_in_the_middle_of_dma,
        random_traffic,
    };

    return fake_run("ide", tests, ARRAY_LEN(tests));
}
