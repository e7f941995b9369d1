/* check_fdc - the 82077AA with its DMA channel.
 * Run alone: make tests/devices/check_fdc && tests/devices/check_fdc */
#include "tests/devices/fake_pci.h"

#include "devices/dma_i8237.h"
#include "devices/fdc_i82077.h"

enum {
    DOR = 0x3F2,
    MSR = 0x3F4,
    DATA = 0x3F5,
    DIR = 0x3F7,
    RQM = 0x80,
    DIO = 0x40,
    NDMA = 0x20,
    CB = 0x10,
    TO_MEMORY = 0x46, /* DMA mode: single, write to memory, channel 2 */
    FROM_MEMORY = 0x4A,
    TARGET = 0x12000,
    SHORT = 3000000
};

struct bench {
    struct fake_pci fake;
    struct fake_image image[2];
    struct disk *disk[2];
    struct dma *dma;
    struct fdc_i82077 *fdc;
    uint8_t result[16];
};

static unsigned in(struct bench *b, unsigned port)
{
    return fake_in(&b->fake, port, 1);
}

static void out(struct bench *b, unsigned port, unsigned value)
{
    fake_out(&b->fake, port, value, 1);
}

static void pass(struct bench *b)
{
    fake_time_pass(&b->fake.time, SHORT);
}

static bool irq(struct bench *b)
{
    return b->fake.irq[6].level;
}

static void send(struct bench *b, const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(in(b, MSR) & (RQM | DIO), RQM);
        out(b, DATA, bytes[i]);
    }
}

static unsigned results(struct bench *b)
{
    unsigned count = 0;

    while ((in(b, MSR) & (RQM | DIO | CB)) == (RQM | DIO | CB)) {
        ck_assert_uint_lt(count, sizeof b->result);
        b->result[count++] = (uint8_t)in(b, DATA);
    }
    return count;
}

#define SEND(b, ...)                                                           \
    send((b), (const uint8_t[]){__VA_ARGS__},                                  \
         sizeof((const uint8_t[]){__VA_ARGS__}))

/* Sends a command, waits for its interrupt and takes its result. */
#define COMMAND(b, ...)                                                        \
    do {                                                                       \
        SEND(b, __VA_ARGS__);                                                  \
        pass(b);                                                               \
        ck_assert(irq(b));                                                     \
        ck_assert_uint_eq(results(b), 7);                                      \
        ck_assert(!irq(b));                                                    \
    } while (0)

static void dma_setup(struct bench *b, unsigned mode, unsigned bytes)
{
    out(b, 0x0A, 0x06);
    out(b, 0x0C, 0);
    out(b, 0x0B, mode);
    out(b, 0x04, TARGET & 0xFF);
    out(b, 0x04, TARGET >> 8 & 0xFF);
    out(b, 0x81, TARGET >> 16);
    out(b, 0x05, (bytes - 1) & 0xFF);
    out(b, 0x05, (bytes - 1) >> 8);
    out(b, 0x0A, 0x02);
}

static void expect_result(struct bench *b, unsigned st0, unsigned st1,
                          unsigned st2, unsigned c, unsigned h, unsigned r)
{
    ck_assert_uint_eq(b->result[0], st0);
    ck_assert_uint_eq(b->result[1], st1);
    ck_assert_uint_eq(b->result[2], st2);
    ck_assert_uint_eq(b->result[3], c);
    ck_assert_uint_eq(b->result[4], h);
    ck_assert_uint_eq(b->result[5], r);
    ck_assert_uint_eq(b->result[6], 2);
}

static void expect_sector(struct bench *b, unsigned at, unsigned sector)
{
    for (unsigned i = 0; i < SECTOR_SIZE; i++)
        ck_assert_uint_eq(addrspace_read(b->fake.memory, at + i, 1),
                          fake_byte(sector, i));
}

static void seek(struct bench *b, unsigned unit, unsigned cylinder)
{
    SEND(b, 0x0F, unit, cylinder);
    pass(b);
    SEND(b, 0x08);
    ck_assert_uint_eq(results(b), 2);
    ck_assert_uint_eq(b->result[0], 0x20 | unit);
    ck_assert_uint_eq(b->result[1], cylinder);
}

/* Two 3.5" drives, a 1.44 MB disk in A and a 720 KB disk in B, controller
 * out of reset. */
static void bench_create_with(struct bench *b, bool implied_seek)
{
    static const unsigned sectors[2] = {2880, 1440};

    fake_pci_create(&b->fake);
    b->dma = dma_create(&(struct dma_config){
        .ports = b->fake.ports, .memory = b->fake.memory, .log = &b->fake.log});
    b->fdc = fdc_create(
        &(struct fdc_i82077_config){.ports = b->fake.ports,
                                    .irq = &b->fake.wire[6],
                                    .sched = &b->fake.time.sched,
                                    .log = &b->fake.log,
                                    .dma = b->dma,
                                    .drive = {FDC_DRIVE_1440K, FDC_DRIVE_1440K},
                                    .implied_seek = implied_seek});
    for (unsigned i = 0; i < 2; i++) {
        fake_image_create(&b->image[i], sectors[i]);
        b->disk[i] = fake_image_open(&b->image[i], &b->fake.log);
        fdc_change_media(b->fdc, i, b->disk[i]);
    }
    fake_device_reset(dma_device(b->dma));
    fake_device_reset(fdc_device(b->fdc));
    out(b, 0xD6, 0xC0); /* the cascade of the DMA controllers */
    out(b, 0xD4, 0x00);
    out(b, DOR, 0x1C);
    pass(b);
    for (unsigned i = 0; i < 4; i++) {
        SEND(b, 0x08);
        ck_assert_uint_eq(results(b), 2);
        ck_assert_uint_eq(b->result[0], 0xC0 | i);
    }
    out(b, DIR, 0); /* 500 kbit/s */
    SEND(b, 0x03, 0xDF, 0x02);
}

static void bench_create(struct bench *b)
{
    bench_create_with(b, false);
}

static void bench_destroy(struct bench *b)
{
    fake_device_destroy(fdc_device(b->fdc));
    fake_device_destroy(dma_device(b->dma));
    fake_pci_destroy(&b->fake);
    for (unsigned i = 0; i < 2; i++) {
        disk_close(b->disk[i]);
        fake_image_remove(&b->image[i]);
    }
}

START_TEST(reset_interrupts_and_polls_four_drives)
{
    struct bench b;

    bench_create(&b);
    out(&b, DOR, 0x18);
    ck_assert_uint_eq(in(&b, MSR), 0);
    out(&b, DOR, 0x1C);
    ck_assert(!irq(&b));
    pass(&b);
    ck_assert(irq(&b));
    ck_assert_uint_eq(in(&b, MSR), RQM);
    SEND(&b, 0x08);
    ck_assert(!irq(&b));
    ck_assert_uint_eq(results(&b), 2);
    ck_assert_uint_eq(b.result[0], 0xC0);
    for (unsigned i = 1; i < 4; i++) {
        SEND(&b, 0x08);
        results(&b);
    }
    SEND(&b, 0x08); /* nothing left */
    ck_assert_uint_eq(results(&b), 1);
    ck_assert_uint_eq(b.result[0], 0x80);
    /* Without DMAGATE the interrupt stays inside; DSR resets too. */
    out(&b, DOR, 0x14);
    out(&b, MSR, 0x80);
    pass(&b);
    ck_assert(!irq(&b));
    out(&b, DOR, 0x1C);
    ck_assert(irq(&b));
    bench_destroy(&b);
}
END_TEST

START_TEST(read_ends_at_terminal_count)
{
    struct bench b;

    bench_create(&b);
    dma_setup(&b, TO_MEMORY, 3 * 512);
    COMMAND(&b, 0xE6, 0, 0, 0, 5, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0, 0, 0, 0, 0, 8);
    for (unsigned n = 0; n < 3; n++)
        expect_sector(&b, TARGET + n * 512, 4 + n);
    ck_assert_uint_eq(addrspace_read(b.fake.memory, TARGET + 1536, 4), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(multi_track_goes_on_with_head_1)
{
    struct bench b;

    bench_create(&b);
    seek(&b, 0, 2);
    dma_setup(&b, TO_MEMORY, 36 * 512);
    COMMAND(&b, 0xE6, 0, 2, 0, 1, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0, 0, 0, 3, 0, 1);
    for (unsigned n = 0; n < 36; n++)
        expect_sector(&b, TARGET + n * 512, 72 + n);
    /* Head 0 only: stops between the heads. */
    dma_setup(&b, TO_MEMORY, 18 * 512);
    COMMAND(&b, 0xE6, 0, 2, 0, 1, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 4, 0, 0, 2, 1, 1);
    /* Without MT, and without terminal count: end of cylinder. */
    dma_setup(&b, TO_MEMORY, 36 * 512);
    COMMAND(&b, 0x46, 4, 2, 1, 17, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0x44, 0x80, 0, 3, 1, 1);
    expect_sector(&b, TARGET + 512, 72 + 35);
    bench_destroy(&b);
}
END_TEST

START_TEST(write_pads_the_last_sector)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b);
    for (unsigned i = 0; i < 700; i++)
        addrspace_write(b.fake.memory, TARGET + i, 0x5A, 1);
    dma_setup(&b, FROM_MEMORY, 700);
    COMMAND(&b, 0xC5, 0, 0, 0, 3, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0, 0, 0, 0, 0, 5);
    fake_image_sector(&b.image[0], 2, data);
    ck_assert_uint_eq(data[511], 0x5A);
    fake_image_sector(&b.image[0], 3, data);
    ck_assert_uint_eq(data[700 - 512 - 1], 0x5A);
    ck_assert_uint_eq(data[700 - 512], 0);
    fake_image_sector(&b.image[0], 4, data);
    ck_assert_uint_eq(data[0], fake_byte(4, 0));
    bench_destroy(&b);
}
END_TEST

START_TEST(a_masked_channel_holds_the_transfer)
{
    struct bench b;

    bench_create(&b);
    dma_setup(&b, TO_MEMORY, 512);
    out(&b, 0x0A, 0x06);
    SEND(&b, 0xE6, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    pass(&b);
    ck_assert(!irq(&b));
    ck_assert_uint_eq(in(&b, MSR), CB);
    fake_device_reload(fdc_device(b.fdc));
    out(&b, 0x0A, 0x02);
    pass(&b);
    ck_assert(irq(&b));
    ck_assert_uint_eq(results(&b), 7);
    expect_result(&b, 0, 0, 0, 0, 0, 2);
    expect_sector(&b, TARGET, 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(sectors_that_are_not_there)
{
    struct bench b;

    bench_create(&b);
    dma_setup(&b, TO_MEMORY, 512);
    COMMAND(&b, 0x46, 0, 0, 0, 19, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0x40, 0x04, 0, 0, 0, 19);
    COMMAND(&b, 0x46, 0, 1, 0, 1, 2, 18, 0x1B, 0xFF); /* heads at 0 */
    expect_result(&b, 0x40, 0x04, 0x10, 1, 0, 1);
    COMMAND(&b, 0x46, 0, 0, 0, 1, 3, 18, 0x1B, 0xFF); /* 1024 bytes */
    ck_assert_uint_eq(b.result[1], 0x04);
    out(&b, DIR, 2); /* 250 kbit/s */
    COMMAND(&b, 0x46, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 0x40, 0x01, 0, 0, 0, 1);
    /* The 720 KB disk in B is fine with that. */
    COMMAND(&b, 0x46, 1, 0, 0, 9, 2, 9, 0x1B, 0xFF);
    expect_result(&b, 1, 0, 0, 1, 0, 1);
    expect_sector(&b, TARGET, 8);
    COMMAND(&b, 0x46, 2, 0, 0, 1, 2, 18, 0x1B, 0xFF); /* no such drive */
    ck_assert_uint_eq(b.result[0] & 0xC0, 0x40);
    bench_destroy(&b);
}
END_TEST

START_TEST(implied_seek)
{
    struct bench b;

    bench_create(&b);
    SEND(&b, 0x13, 0, 0x57, 0);
    dma_setup(&b, TO_MEMORY, 512);
    COMMAND(&b, 0x46, 4, 79, 1, 18, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 4, 0, 0, 80, 1, 1);
    expect_sector(&b, TARGET, 2879);
    SEND(&b, 0x0E);
    ck_assert_uint_eq(results(&b), 10);
    ck_assert_uint_eq(b.result[0], 79);
    ck_assert_uint_eq(b.result[4], 0xDF);
    ck_assert_uint_eq(b.result[8], 0x57);
    bench_destroy(&b);
}
END_TEST

START_TEST(implied_seek_of_the_board)
{
    struct bench b;

    bench_create_with(&b, true);
    dma_setup(&b, TO_MEMORY, 512);
    COMMAND(&b, 0x46, 4, 79, 1, 18, 2, 18, 0x1B, 0xFF);
    expect_result(&b, 4, 0, 0, 80, 1, 1);
    expect_sector(&b, TARGET, 2879);
    bench_destroy(&b);
    bench_create(&b);
    dma_setup(&b, TO_MEMORY, 512);
    COMMAND(&b, 0x46, 4, 79, 1, 18, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b.result[1], 4); /* no data: the head is elsewhere */
    bench_destroy(&b);
}
END_TEST

START_TEST(seeks_and_drive_status)
{
    struct bench b;

    bench_create(&b);
    SEND(&b, 0x0F, 0, 10);
    ck_assert_uint_eq(in(&b, MSR), RQM | 1);
    SEND(&b, 0x0F, 1, 20); /* overlapped */
    pass(&b);
    ck_assert_uint_eq(in(&b, MSR), RQM | 3);
    SEND(&b, 0x08);
    ck_assert_uint_eq(results(&b), 2);
    ck_assert_uint_eq(b.result[0], 0x20);
    ck_assert_uint_eq(b.result[1], 10);
    ck_assert(irq(&b)); /* the second one still waits */
    SEND(&b, 0x08);
    results(&b);
    ck_assert_uint_eq(b.result[0], 0x21);
    ck_assert_uint_eq(b.result[1], 20);
    SEND(&b, 0x04, 0);
    ck_assert_uint_eq(results(&b), 1);
    ck_assert_uint_eq(b.result[0], 0x28);
    SEND(&b, 0x07, 0);
    pass(&b);
    SEND(&b, 0x08);
    results(&b);
    ck_assert_uint_eq(b.result[0], 0x20);
    ck_assert_uint_eq(b.result[1], 0);
    SEND(&b, 0x04, 4);
    results(&b);
    ck_assert_uint_eq(b.result[0], 0x3C);
    SEND(&b, 0x8F | 0x40, 0, 5); /* relative, inwards */
    pass(&b);
    SEND(&b, 0x08);
    results(&b);
    ck_assert_uint_eq(b.result[1], 5);
    bench_destroy(&b);
}
END_TEST

/* Drives that are not there have places of their own (5.2.6, PCN). */
START_TEST(absent_drives)
{
    struct bench b;

    bench_create(&b);
    seek(&b, 0, 10);
    SEND(&b, 0x07, 2);
    ck_assert_uint_eq(in(&b, MSR), RQM | 4);
    pass(&b);
    ck_assert(irq(&b));
    SEND(&b, 0x08);
    ck_assert_uint_eq(results(&b), 2);
    ck_assert_uint_eq(b.result[0], 0x72); /* no track 0 */
    seek(&b, 3, 77);
    SEND(&b, 0x0E);
    ck_assert_uint_eq(results(&b), 10);
    ck_assert_uint_eq(b.result[0], 10);
    ck_assert_uint_eq(b.result[1], 0);
    ck_assert_uint_eq(b.result[3], 77);
    COMMAND(&b, 0x4A, 2);
    ck_assert_uint_eq(b.result[0], 0x42);
    bench_destroy(&b);
}
END_TEST

START_TEST(disk_change_line)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0);
    ck_assert_ptr_eq(fdc_change_media(b.fdc, 0, NULL), b.disk[0]);
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0x80);
    seek(&b, 0, 1);
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0x80);
    dma_setup(&b, TO_MEMORY, 512);
    COMMAND(&b, 0x46, 0, 1, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b.result[1], 0x01);
    fdc_change_media(b.fdc, 0, b.disk[0]);
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0x80);
    seek(&b, 0, 1); /* no step */
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0x80);
    seek(&b, 0, 0);
    ck_assert_uint_eq(in(&b, DIR) & 0x80, 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(format_fills_a_track)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b);
    seek(&b, 0, 4);
    for (unsigned i = 0; i < 18; i++)
        addrspace_write(b.fake.memory, TARGET + 4 * i,
                        4 | 1 << 8 | (i + 1) << 16 | 2u << 24, 4);
    dma_setup(&b, FROM_MEMORY, 18 * 4);
    COMMAND(&b, 0x4D, 4, 2, 18, 0x54, 0xF6);
    ck_assert_uint_eq(b.result[0], 4);
    for (unsigned n = 0; n < 18; n++) {
        fake_image_sector(&b.image[0], (4 * 2 + 1) * 18 + n, data);
        ck_assert_uint_eq(data[0], 0xF6);
        ck_assert_uint_eq(data[511], 0xF6);
    }
    fake_image_sector(&b.image[0], 4 * 2 * 18, data);
    ck_assert_uint_eq(data[0], fake_byte(4 * 2 * 18, 0));
    bench_destroy(&b);
}
END_TEST

START_TEST(read_id_sees_sectors_pass)
{
    struct bench b;
    unsigned seen = 0;

    bench_create(&b);
    for (unsigned i = 0; i < 18; i++) {
        COMMAND(&b, 0x4A, 4);
        ck_assert_uint_eq(b.result[0], 4);
        ck_assert_uint_eq(b.result[4], 1);
        seen |= 1u << b.result[5];
    }
    ck_assert_uint_eq(seen, 0x7FFFE);
    bench_destroy(&b);
}
END_TEST

START_TEST(verify_and_scan)
{
    struct bench b;

    bench_create(&b);
    COMMAND(&b, 0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 4);
    expect_result(&b, 0, 0, 0, 0, 0, 5);
    for (unsigned i = 0; i < 512; i++)
        addrspace_write(b.fake.memory, TARGET + 1024 + i, fake_byte(2, i), 1);
    for (unsigned i = 0; i < 1024; i++)
        addrspace_write(b.fake.memory, TARGET + i, 1, 1);
    dma_setup(&b, FROM_MEMORY, 4096);
    COMMAND(&b, 0x51, 0, 0, 0, 1, 2, 18, 0x1B, 1);
    ck_assert_uint_eq(b.result[0], 0);
    ck_assert_uint_eq(b.result[2], 0x08); /* equal */
    ck_assert_uint_eq(b.result[5], 3);
    dma_setup(&b, FROM_MEMORY, 512);
    COMMAND(&b, 0x51, 0, 0, 0, 1, 2, 18, 0x1B, 1);
    ck_assert_uint_eq(b.result[2], 0x04); /* not satisfied */
    bench_destroy(&b);
}
END_TEST

START_TEST(without_dma_the_cpu_moves_bytes)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b);
    SEND(&b, 0x03, 0xDF, 0x03);
    SEND(&b, 0x46, 0, 0, 0, 17, 2, 18, 0x1B, 0xFF);
    for (unsigned n = 0; n < 2; n++) {
        pass(&b);
        ck_assert(irq(&b));
        for (unsigned i = 0; i < 512; i++) {
            ck_assert_uint_eq(in(&b, MSR), RQM | DIO | NDMA | CB);
            ck_assert_uint_eq(in(&b, DATA), fake_byte(16 + n, i));
        }
    }
    pass(&b);
    ck_assert_uint_eq(results(&b), 7);
    expect_result(&b, 0x40, 0x80, 0, 1, 0, 1); /* nobody says TC */
    SEND(&b, 0x45, 0, 0, 0, 18, 2, 18, 0x1B, 0xFF);
    pass(&b);
    for (unsigned i = 0; i < 512; i++)
        out(&b, DATA, i & 0xFF);
    pass(&b);
    ck_assert_uint_eq(results(&b), 7);
    fake_image_sector(&b.image[0], 17, data);
    ck_assert_uint_eq(data[0x77], 0x77);
    bench_destroy(&b);
}
END_TEST

START_TEST(small_commands)
{
    struct bench b;

    bench_create(&b);
    SEND(&b, 0x10);
    ck_assert_uint_eq(results(&b), 1);
    ck_assert_uint_eq(b.result[0], 0x90);
    SEND(&b, 0x94);
    results(&b);
    ck_assert_uint_eq(b.result[0], 0x10);
    SEND(&b, 0x13, 0, 0x0A, 0);
    SEND(&b, 0x12, 0x8C);
    out(&b, DOR, 0x18);
    out(&b, DOR, 0x1C);
    pass(&b);
    for (unsigned i = 0; i < 4; i++) {
        SEND(&b, 0x08);
        results(&b);
    }
    SEND(&b, 0x0E); /* LOCK kept what the reset would have taken */
    results(&b);
    ck_assert_uint_eq(b.result[8], 0x0A);
    ck_assert_uint_eq(b.result[7], 0x8C);
    SEND(&b, 0x1F);
    ck_assert_uint_eq(results(&b), 1);
    ck_assert_uint_eq(b.result[0], 0x80);
    bench_destroy(&b);
}
END_TEST

START_TEST(sizes_and_drives)
{
    struct fdc_geometry g;

    ck_assert(fdc_geometry_of(163840, &g));
    ck_assert_uint_eq(g.heads, 1);
    ck_assert_uint_eq(g.sectors, 8);
    ck_assert(fdc_geometry_of(1228800, &g));
    ck_assert_uint_eq(g.sectors, 15);
    ck_assert(fdc_geometry_of(2949120, &g));
    ck_assert_uint_eq(g.sectors, 36);
    ck_assert(fdc_geometry_of(512, &g)); /* a boot sector */
    ck_assert_uint_eq(g.sectors, 18);
    ck_assert(fdc_geometry_of(524288, &g)); /* colorForth's */
    ck_assert_uint_eq(g.sectors, 18);
    ck_assert(fdc_geometry_of(1500 * 1024, &g));
    ck_assert_uint_eq(g.sectors, 36);
    ck_assert(!fdc_geometry_of(10 << 20, &g));
    ck_assert_uint_eq(fdc_drive_type_for(737280), FDC_DRIVE_1440K);
    ck_assert_uint_eq(fdc_drive_type_for(1228800), FDC_DRIVE_1200K);
}
END_TEST

START_TEST(random_bytes)
{
    struct bench b;
    uint32_t x = 4711;

    bench_create(&b);
    dma_setup(&b, TO_MEMORY | 0x10, 4096);
    for (unsigned n = 0; n < 300000; n++) {
        x = x * 1664525 + 1013904223;
        if (x >> 29 == 0)
            fake_time_pass(&b.fake.time, x & 0xFFFFF);
        else if (x >> 28 == 15)
            out(&b, 0x3F2 + (x >> 8 & 7), x >> 16 | 0x0C);
        else if (x >> 28 == 14)
            in(&b, 0x3F2 + (x >> 8 & 7));
        else if (in(&b, MSR) & DIO)
            in(&b, DATA);
        else
            out(&b, DATA, x >> 17 & 1 ? x >> 8 & 0xFF : x >> 8 & 3);
    }
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        reset_interrupts_and_polls_four_drives,
        read_ends_at_terminal_count,
        multi_track_goes_on_with_head_1,
        write_pads_the_last_sector,
        a_masked_channel_holds_the_transfer,
        sectors_that_are_not_there,
        implied_seek,
        implied_seek_of_the_board,
        seeks_and_drive_status,
        absent_drives,
        disk_change_line,
        format_fills_a_track,
        read_id_sees_sectors_pass,
        verify_and_scan,
        without_dma_the_cpu_moves_bytes,
        small_commands,
        sizes_and_drives,
        random_bytes,
    };

    return fake_run("fdc", tests, ARRAY_LEN(tests));
}
