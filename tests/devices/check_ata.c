/* check_ata - the ATA cable and hard disks on it, without an adapter.
 * Run alone: make tests/devices/check_ata && tests/devices/check_ata */
#include "tests/devices/fake_storage.h"

#include "devices/ata.h"
#include "devices/core/state.h"

enum {
    ERR = 0x01,
    DRQ = 0x08,
    READY = 0x50, /* DRDY | DSC */
    BSY = 0x80,
    ABRT = 0x04,
    IDNF = 0x10,
    UNC = 0x40,
    SECTORS = 4 * 16 * 63, /* four cylinders */
    SHORT = 50000,         /* ns, longer than any delay of a command */
    MASTER = 0xA0,
    SLAVE = 0xB0,
    LBA = 0x40
};

/* A DMA engine with a bounded pot of memory. */
struct engine {
    bool started;
    uint8_t data[256 * SECTOR_SIZE];
    size_t at, limit;
};

struct bench {
    struct fake_time time;
    struct log log;
    struct fake_line irq;
    struct fake_image image, second;
    struct disk *disk, *disk2;
    struct engine engine;
    struct ata *ata;
};

static bool engine_ready(void *opaque)
{
    return ((struct engine *)opaque)->started;
}

static size_t engine_move(void *opaque, uint8_t *data, size_t size,
                          bool to_memory)
{
    struct engine *engine = opaque;

    if (size > engine->limit - engine->at)
        size = engine->limit - engine->at;
    if (to_memory)
        memcpy(engine->data + engine->at, data, size);
    else
        memcpy(data, engine->data + engine->at, size);
    engine->at += size;
    return size;
}

static const struct ata_dma_ops engine_ops = {engine_ready, engine_move};

static void bench_create(struct bench *b, bool two)
{
    memset(b, 0, sizeof *b);
    log_init(&b->log, NULL, NULL);
    fake_time_init(&b->time);
    fake_line_init(&b->irq);
    fake_image_create(&b->image, SECTORS);
    b->disk = fake_image_open(&b->image, &b->log);
    b->ata = ata_create(&(struct ata_config){.id = "ide.test",
                                             .irq = &b->irq.irq,
                                             .sched = &b->time.sched,
                                             .log = &b->log,
                                             .dma = &engine_ops,
                                             .dma_opaque = &b->engine});
    ata_attach(b->ata, 0, ATA_DISK, b->disk);
    if (two) {
        fake_image_create(&b->second, 2000);
        b->disk2 = fake_image_open(&b->second, &b->log);
        ata_attach(b->ata, 1, ATA_DISK, b->disk2);
    }
    ata_device(b->ata)->ops->reset(ata_device(b->ata));
    b->engine.limit = sizeof b->engine.data;
}

static void bench_destroy(struct bench *b)
{
    ata_device(b->ata)->ops->destroy(ata_device(b->ata));
    disk_close(b->disk);
    disk_close(b->disk2);
    fake_image_remove(&b->image);
    if (b->disk2)
        fake_image_remove(&b->second);
    sched_free(&b->time.sched);
}

static unsigned in(struct bench *b, unsigned reg)
{
    return ata_read(b->ata, reg, 1) & 0xFF;
}

static void out(struct bench *b, unsigned reg, unsigned value)
{
    ata_write(b->ata, reg, value, 1);
}

static void address28(struct bench *b, unsigned lba, unsigned count,
                      unsigned device)
{
    out(b, 6, device | LBA | (lba >> 24 & 0xF));
    out(b, 2, count);
    out(b, 3, lba & 0xFF);
    out(b, 4, lba >> 8 & 0xFF);
    out(b, 5, lba >> 16 & 0xFF);
}

static void address48(struct bench *b, uint64_t lba, unsigned count)
{
    out(b, 6, MASTER | LBA);
    out(b, 2, count >> 8);
    out(b, 2, count & 0xFF);
    for (unsigned i = 0; i < 3; i++) {
        out(b, 3 + i, lba >> (24 + 8 * i) & 0xFF);
        out(b, 3 + i, lba >> (8 * i) & 0xFF);
    }
}

/* Issues a command and waits; the status, read without acknowledging. */
static unsigned command(struct bench *b, unsigned code)
{
    out(b, 7, code);
    fake_time_pass(&b->time, SHORT);
    return ata_read_alternate(b->ata);
}

static void read_words(struct bench *b, uint8_t *data, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2)
        store_le16(data + i, (uint16_t)ata_read(b->ata, 0, 2));
}

static void expect_sector(const uint8_t *data, uint64_t sector)
{
    uint8_t expect[SECTOR_SIZE];

    fake_sector(sector, expect);
    ck_assert_mem_eq(data, expect, SECTOR_SIZE);
}

START_TEST(reset_leaves_the_signature)
{
    struct bench b;

    bench_create(&b, false);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert_uint_eq(in(&b, 1), 1);
    ck_assert_uint_eq(in(&b, 2), 1);
    ck_assert_uint_eq(in(&b, 3), 1);
    ck_assert_uint_eq(in(&b, 4), 0);
    ck_assert_uint_eq(in(&b, 5), 0);
    /* Device 0 answers for an absent device 1, with status 0. */
    out(&b, 6, SLAVE);
    ck_assert_uint_eq(in(&b, 7), 0);
    out(&b, 7, 0xEC);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(in(&b, 7), 0);
    ck_assert(!b.irq.level);
    bench_destroy(&b);
}
END_TEST

START_TEST(srst_is_busy_until_released)
{
    struct bench b;

    bench_create(&b, true);
    address28(&b, 0, 1, SLAVE);
    ata_write_control(b.ata, 0x04);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    out(&b, 7, 0xEC);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    ata_write_control(b.ata, 0x00);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert_uint_eq(in(&b, 6), MASTER);
    ck_assert_uint_eq(in(&b, 3), 1);
    out(&b, 6, SLAVE);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert(!b.irq.level);
    bench_destroy(&b);
}
END_TEST

START_TEST(identify_tells_the_truth)
{
    struct bench b;
    uint8_t id[SECTOR_SIZE];

    bench_create(&b, false);
    out(&b, 6, MASTER);
    out(&b, 7, 0xEC);
    ck_assert_uint_eq(ata_read_alternate(b.ata) & BSY, 0);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(ata_read_alternate(b.ata), READY | DRQ);
    ck_assert(b.irq.level);
    read_words(&b, id, sizeof id);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert(!b.irq.level);
    ck_assert_uint_eq(load_le16(id + 2 * 1), 4);
    ck_assert_uint_eq(load_le16(id + 2 * 3), 16);
    ck_assert_uint_eq(load_le16(id + 2 * 6), 63);
    ck_assert_uint_eq(load_le32(id + 2 * 60), SECTORS);
    ck_assert_uint_eq(load_le64(id + 2 * 100), SECTORS);
    ck_assert(load_le16(id + 2 * 83) & 1 << 10);
    ck_assert(load_le16(id + 2 * 49) & 1 << 9);
    ck_assert_uint_eq(id[2 * 27 + 1], 'U');
    ck_assert_uint_eq(id[2 * 27], 'M');
    bench_destroy(&b);
}
END_TEST

START_TEST(pio_read_interrupts_per_sector)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    address28(&b, 100, 3, MASTER);
    out(&b, 7, 0x20);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    ck_assert(!b.irq.level);
    for (unsigned n = 0; n < 3; n++) {
        fake_time_pass(&b.time, SHORT);
        ck_assert(b.irq.level);
        ck_assert_uint_eq(in(&b, 7), READY | DRQ);
        ck_assert(!b.irq.level);
        read_words(&b, data, sizeof data);
        expect_sector(data, 100 + n);
    }
    ck_assert_uint_eq(ata_read_alternate(b.ata), READY);
    fake_time_pass(&b.time, SHORT);
    ck_assert(!b.irq.level);
    ck_assert_uint_eq(b.irq.rises, 3);
    ck_assert_uint_eq(ata_read(b.ata, 0, 2) & 0xFFFF, 0xFFFF);
    bench_destroy(&b);
}
END_TEST

START_TEST(pio_write_asks_for_the_first_block_without_interrupt)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    address28(&b, 200, 2, MASTER);
    out(&b, 7, 0x30);
    ck_assert_uint_eq(ata_read_alternate(b.ata), READY | DRQ);
    ck_assert(!b.irq.level);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 4)
        ata_write(b.ata, 0, 0xA1B2C3D4, 4);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 7), READY | DRQ);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        ata_write(b.ata, 0, 0x1122, 2);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 7), READY);
    fake_image_sector(&b.image, 200, data);
    ck_assert_uint_eq(load_le32(data + 508), 0xA1B2C3D4);
    fake_image_sector(&b.image, 201, data);
    ck_assert_uint_eq(load_le16(data), 0x1122);
    fake_image_sector(&b.image, 202, data);
    expect_sector(data, 202);
    bench_destroy(&b);
}
END_TEST

START_TEST(multiple_moves_blocks)
{
    struct bench b;
    uint8_t data[8 * SECTOR_SIZE];

    bench_create(&b, false);
    address28(&b, 10, 11, MASTER);
    ck_assert_uint_eq(command(&b, 0xC4), READY | ERR); /* not set yet */
    ck_assert_uint_eq(in(&b, 1), ABRT);
    out(&b, 2, 3);
    ck_assert_uint_eq(command(&b, 0xC6), READY | ERR);
    out(&b, 2, 8);
    ck_assert_uint_eq(command(&b, 0xC6), READY);
    in(&b, 7);
    b.irq.rises = 0;
    address28(&b, 10, 11, MASTER);
    ck_assert_uint_eq(command(&b, 0xC4), READY | DRQ);
    read_words(&b, data, 8 * SECTOR_SIZE);
    expect_sector(data + 7 * SECTOR_SIZE, 17);
    in(&b, 7);
    fake_time_pass(&b.time, SHORT);
    read_words(&b, data, 3 * SECTOR_SIZE);
    expect_sector(data + 2 * SECTOR_SIZE, 20);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert_uint_eq(b.irq.rises, 2);
    bench_destroy(&b);
}
END_TEST

START_TEST(chs_follows_the_translation)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    out(&b, 6, MASTER | 7);
    out(&b, 2, 1);
    out(&b, 3, 5);
    out(&b, 4, 2);
    out(&b, 5, 0);
    command(&b, 0x20);
    read_words(&b, data, sizeof data);
    expect_sector(data, (2 * 16 + 7) * 63 + 4);
    /* Two heads of 10 sectors. */
    out(&b, 6, MASTER | 1);
    out(&b, 2, 10);
    ck_assert_uint_eq(command(&b, 0x91), READY);
    out(&b, 6, MASTER | 1);
    out(&b, 2, 2);
    out(&b, 3, 10);
    out(&b, 4, 3);
    command(&b, 0x20);
    read_words(&b, data, sizeof data);
    expect_sector(data, (3 * 2 + 1) * 10 + 9);
    fake_time_pass(&b.time, SHORT);
    /* The registers show the sector that was read last. */
    ck_assert_uint_eq(in(&b, 3), 1);
    ck_assert_uint_eq(in(&b, 4), 4);
    ck_assert_uint_eq(in(&b, 6) & 0x0F, 0);
    read_words(&b, data, sizeof data);
    out(&b, 3, 11);
    ck_assert_uint_eq(command(&b, 0x20), READY | ERR);
    ck_assert_uint_eq(in(&b, 1), IDNF);
    out(&b, 3, 0);
    ck_assert_uint_eq(command(&b, 0x40), READY | ERR);
    bench_destroy(&b);
}
END_TEST

START_TEST(lba48_uses_previous_contents)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    address48(&b, 3000, 2);
    ck_assert_uint_eq(command(&b, 0x24), READY | DRQ);
    read_words(&b, data, sizeof data);
    expect_sector(data, 3000);
    fake_time_pass(&b.time, SHORT);
    read_words(&b, data, sizeof data);
    expect_sector(data, 3001);
    address48(&b, 0x123456789A, 1);
    ata_write_control(b.ata, 0x80);
    ck_assert_uint_eq(in(&b, 3), 0x34); /* HOB: bits 31-24 */
    ck_assert_uint_eq(in(&b, 4), 0x12);
    ata_write_control(b.ata, 0);
    ck_assert_uint_eq(in(&b, 3), 0x9A);
    ck_assert_uint_eq(command(&b, 0x24), READY | ERR);
    ck_assert_uint_eq(in(&b, 1), IDNF);
    address48(&b, 0, 1);
    command(&b, 0x27);
    ck_assert_uint_eq(in(&b, 3) | in(&b, 4) << 8, SECTORS - 1);
    bench_destroy(&b);
}
END_TEST

START_TEST(dma_waits_for_the_engine)
{
    struct bench b;

    bench_create(&b, false);
    address28(&b, 50, 4, MASTER);
    ck_assert_uint_eq(command(&b, 0xC8), READY | DRQ);
    ck_assert(!b.irq.level);
    b.engine.started = true;
    ata_dma_started(b.ata);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 7), READY);
    for (unsigned n = 0; n < 4; n++)
        expect_sector(b.engine.data + n * SECTOR_SIZE, 50 + n);
    ck_assert_uint_eq(b.engine.at, 4 * SECTOR_SIZE);
    bench_destroy(&b);
}
END_TEST

START_TEST(dma_goes_on_after_a_short_table)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    memset(b.engine.data, 0x3C, sizeof b.engine.data);
    b.engine.started = true;
    b.engine.limit = 700;
    address28(&b, 60, 2, MASTER);
    ck_assert_uint_eq(command(&b, 0xCA), READY | DRQ);
    ck_assert(!b.irq.level);
    fake_image_sector(&b.image, 60, data);
    expect_sector(data, 60);
    b.engine.limit = sizeof b.engine.data;
    ata_dma_started(b.ata);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(b.engine.at, 2 * SECTOR_SIZE);
    fake_image_sector(&b.image, 61, data);
    ck_assert_uint_eq(data[511], 0x3C);
    bench_destroy(&b);
}
END_TEST

START_TEST(long_dma_takes_all_of_65536_or_less)
{
    struct bench b;

    bench_create(&b, false);
    b.engine.started = true;
    address28(&b, 1000, 0, MASTER); /* 0 is 256 */
    out(&b, 7, 0xC8);
    fake_time_pass(&b.time, 10 * SHORT);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert_uint_eq(b.engine.at, 256 * SECTOR_SIZE);
    expect_sector(b.engine.data + 255 * SECTOR_SIZE, 1255);
    address48(&b, 0, 0); /* 0 is 65536: more than there is */
    ck_assert_uint_eq(command(&b, 0x25), READY | ERR);
    bench_destroy(&b);
}
END_TEST

START_TEST(a_failing_image_is_a_media_error)
{
    struct bench b;

    bench_create(&b, false);
    ck_assert_int_eq(truncate(b.image.path, 101 * SECTOR_SIZE), 0);
    address28(&b, 100, 2, MASTER);
    ck_assert_uint_eq(command(&b, 0x20), READY | DRQ);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        ata_read(b.ata, 0, 2);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 7), READY | ERR);
    ck_assert_uint_eq(in(&b, 1), UNC);
    ck_assert_uint_eq(in(&b, 3), 101);
    b.engine.started = true;
    address28(&b, 100, 2, MASTER);
    ck_assert_uint_eq(command(&b, 0xC8), READY | ERR);
    /* A failed write is a device fault, and never silent. */
    address28(&b, 5, 1, MASTER);
    ck_assert_uint_eq(command(&b, 0xCA), READY | ERR | 0x20);
    bench_destroy(&b);
}
END_TEST

START_TEST(nien_holds_the_interrupt_back)
{
    struct bench b;

    bench_create(&b, false);
    ata_write_control(b.ata, 0x02);
    address28(&b, 0, 1, MASTER);
    command(&b, 0x40);
    ck_assert(!b.irq.level);
    ata_write_control(b.ata, 0x00);
    ck_assert(b.irq.level);
    in(&b, 7);
    ck_assert(!b.irq.level);
    bench_destroy(&b);
}
END_TEST

START_TEST(only_the_selected_drive_answers)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, true);
    address28(&b, 3, 1, SLAVE);
    ck_assert_uint_eq(command(&b, 0x20), READY | DRQ);
    ck_assert(b.irq.level);
    out(&b, 6, MASTER);
    ck_assert(!b.irq.level);
    ck_assert_uint_eq(in(&b, 7), READY);
    out(&b, 6, SLAVE);
    ck_assert(b.irq.level);
    read_words(&b, data, sizeof data);
    expect_sector(data, 3);
    in(&b, 7);
    address28(&b, 2000, 1, SLAVE);
    ck_assert_uint_eq(command(&b, 0x20), READY | ERR);
    address28(&b, 2000, 1, MASTER);
    ck_assert_uint_eq(command(&b, 0x20), READY | DRQ);
    bench_destroy(&b);
}
END_TEST

START_TEST(small_commands)
{
    struct bench b;
    uint8_t data[SECTOR_SIZE];
    uint8_t sum = 0;

    bench_create(&b, false);
    ck_assert_uint_eq(command(&b, 0x00), READY | ERR); /* NOP */
    ck_assert_uint_eq(in(&b, 1), ABRT);
    ck_assert_uint_eq(command(&b, 0xA1), READY | ERR);
    ck_assert_uint_eq(command(&b, 0x08), READY | ERR);
    ck_assert_uint_eq(command(&b, 0x10), READY);
    ck_assert_uint_eq(command(&b, 0xE7), READY);
    ck_assert_uint_eq(command(&b, 0xEA), READY);
    command(&b, 0xE5);
    ck_assert_uint_eq(in(&b, 2), 0xFF);
    command(&b, 0xE0);
    command(&b, 0xE5);
    ck_assert_uint_eq(in(&b, 2), 0x00);
    out(&b, 1, 0x03);
    out(&b, 2, 0x22);
    ck_assert_uint_eq(command(&b, 0xEF), READY);
    out(&b, 2, 0x47);
    ck_assert_uint_eq(command(&b, 0xEF), READY | ERR);
    command(&b, 0xEC);
    read_words(&b, data, sizeof data);
    ck_assert_uint_eq(load_le16(data + 2 * 63), 0x0407);
    out(&b, 1, 0xD0);
    out(&b, 4, 0x4F);
    out(&b, 5, 0xC2);
    ck_assert_uint_eq(command(&b, 0xB0), READY | DRQ);
    read_words(&b, data, sizeof data);
    for (unsigned i = 0; i < SECTOR_SIZE; i++)
        sum = (uint8_t)(sum + data[i]);
    ck_assert_uint_eq(sum, 0);
    out(&b, 1, 0xDA);
    ck_assert_uint_eq(command(&b, 0xB0), READY);
    ck_assert_uint_eq(in(&b, 4), 0x4F);
    ck_assert_uint_eq(in(&b, 5), 0xC2);
    out(&b, 4, 0);
    ck_assert_uint_eq(command(&b, 0xB0), READY | ERR);
    bench_destroy(&b);
}
END_TEST

/* Features that IDENTIFY denies: queuing, configuration overlay, microcode,
 * power-up in standby. */
START_TEST(absent_features_abort)
{
    static const uint8_t codes[] = {0x92, 0xB1, 0xC7, 0xCC, 0x06};
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b, false);
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++) {
        ck_assert_uint_eq(command(&b, codes[i]), READY | ERR);
        ck_assert_uint_eq(in(&b, 1), ABRT);
    }
    command(&b, 0xEC);
    read_words(&b, data, sizeof data);
    ck_assert_uint_eq(load_le16(data + 2 * 83) & 0x0822, 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(smart_is_switched)
{
    struct bench b;

    bench_create(&b, false);
    out(&b, 4, 0x4F);
    out(&b, 5, 0xC2);
    out(&b, 1, 0xD3);
    ck_assert_uint_eq(command(&b, 0xB0), READY);
    out(&b, 1, 0xD9);
    ck_assert_uint_eq(command(&b, 0xB0), READY);
    out(&b, 1, 0xDA);
    ck_assert_uint_eq(command(&b, 0xB0), READY | ERR);
    out(&b, 1, 0xD8);
    ck_assert_uint_eq(command(&b, 0xB0), READY);
    out(&b, 1, 0xDA);
    ck_assert_uint_eq(command(&b, 0xB0), READY);
    bench_destroy(&b);
}
END_TEST

START_TEST(diagnostic_interrupts_once_for_both)
{
    struct bench b;

    bench_create(&b, true);
    out(&b, 6, SLAVE);
    out(&b, 7, 0x90);
    ck_assert_uint_eq(ata_read_alternate(b.ata), BSY);
    fake_time_pass(&b.time, SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 6), MASTER);
    ck_assert_uint_eq(in(&b, 1), 1);
    in(&b, 7);
    ck_assert(!b.irq.level);
    out(&b, 6, SLAVE);
    ck_assert_uint_eq(in(&b, 7), READY);
    ck_assert(!b.irq.level);
    bench_destroy(&b);
}
END_TEST

START_TEST(saved_in_the_middle_of_a_read)
{
    struct bench b;
    struct device *device;
    uint8_t data[SECTOR_SIZE], *saved;

    bench_create(&b, false);
    device = ata_device(b.ata);
    saved = malloc(state_size(device->ops->fields));
    address28(&b, 70, 2, MASTER);
    command(&b, 0x20);
    read_words(&b, data, 100);
    state_save(device->ops->fields, device, saved);
    device->ops->reset(device);
    ck_assert(!b.irq.level);
    state_load(device->ops->fields, device, saved);
    ck_assert_int_eq(device->ops->post_load(device, 2), 0);
    ck_assert(b.irq.level);
    read_words(&b, data + 100, SECTOR_SIZE - 100);
    expect_sector(data, 70);
    /* And while the event is on its way. */
    state_save(device->ops->fields, device, saved);
    device->ops->reset(device);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(in(&b, 7), READY);
    state_load(device->ops->fields, device, saved);
    ck_assert_int_eq(device->ops->post_load(device, 2), 0);
    fake_time_pass(&b.time, SHORT);
    read_words(&b, data, SECTOR_SIZE);
    expect_sector(data, 71);
    free(saved);
    bench_destroy(&b);
}
END_TEST

/* Nothing written to the registers may read or write beyond the buffer
 * (ASan sees) or hang. */
START_TEST(random_register_traffic)
{
    struct bench b;
    uint32_t x = 12345;

    bench_create(&b, true);
    b.engine.limit = 0;
    for (unsigned i = 0; i < 200000; i++) {
        x = x * 1664525 + 1013904223;
        b.engine.started = x >> 30 & 1;
        switch (x >> 28) {
        case 0:
            ata_write_control(b.ata, (uint8_t)(x >> 20) & 0x86);
            break;
        case 1:
        case 2:
            fake_time_pass(&b.time, x >> 16 & 0xFFF);
            break;
        case 3:
        case 4:
        case 5:
        case 6:
        case 7:
            ata_write(b.ata, x >> 8 & 7, x >> 11, 1u << (x >> 20 & 3) % 3);
            break;
        case 8:
            ata_dma_started(b.ata);
            break;
        default:
            ata_read(b.ata, x >> 8 & 7, 1u << (x >> 20 & 3) % 3);
        }
    }
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        reset_leaves_the_signature,
        srst_is_busy_until_released,
        identify_tells_the_truth,
        pio_read_interrupts_per_sector,
        pio_write_asks_for_the_first_block_without_interrupt,
        multiple_moves_blocks,
        chs_follows_the_translation,
        lba48_uses_previous_contents,
        dma_waits_for_the_engine,
        dma_goes_on_after_a_short_table,
        long_dma_takes_all_of_65536_or_less,
        a_failing_image_is_a_media_error,
        nien_holds_the_interrupt_back,
        only_the_selected_drive_answers,
        small_commands,
        diagnostic_interrupts_once_for_both,
        saved_in_the_middle_of_a_read,
        absent_features_abort,
        smart_is_switched,
        random_register_traffic,
    };

    return fake_run("ata", tests, ARRAY_LEN(tests));
}
