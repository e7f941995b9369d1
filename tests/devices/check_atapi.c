/* check_atapi - packet commands of the CD-ROM drive.
 * Run alone: make tests/devices/check_atapi && tests/devices/check_atapi */
#include "tests/devices/fake_storage.h"

#include "devices/ata.h"

enum {
    CD_SECTORS = 100, /* of 2048 bytes */
    CD = 2048,
    SHORT = 50000,
    CHECK = 0x51,
    GOOD = 0x50,
    DRQ = 0x58
};

struct engine {
    uint8_t data[1 << 18];
    size_t at;
};

struct bench {
    struct fake_time time;
    struct log log;
    struct fake_line irq;
    struct fake_image image;
    struct disk *disk;
    struct engine engine;
    struct ata *ata;
    uint8_t reply[1 << 18];
    uint8_t list[1 << 16]; /* for a command that takes data */
    size_t got, sent;
    unsigned chunks;
};

static bool engine_ready(void *opaque)
{
    (void)opaque;
    return true;
}

static size_t engine_move(void *opaque, uint8_t *data, size_t size,
                          bool to_memory)
{
    struct engine *engine = opaque;

    if (to_memory)
        memcpy(engine->data + engine->at, data, size);
    else
        memcpy(data, engine->data + engine->at, size);
    engine->at += size;
    return size;
}

static const struct ata_dma_ops engine_ops = {engine_ready, engine_move};

static void bench_create(struct bench *b)
{
    memset(b, 0, sizeof *b);
    log_init(&b->log, NULL, NULL);
    fake_time_init(&b->time);
    fake_line_init(&b->irq);
    fake_image_create(&b->image, CD_SECTORS * 4);
    b->disk = fake_image_open(&b->image, &b->log);
    b->ata = ata_create(&(struct ata_config){.id = "ide.test",
                                             .irq = &b->irq.irq,
                                             .sched = &b->time.sched,
                                             .log = &b->log,
                                             .dma = &engine_ops,
                                             .dma_opaque = &b->engine});
    ata_attach(b->ata, 0, ATA_CDROM, b->disk);
    ata_device(b->ata)->ops->reset(ata_device(b->ata));
}

static void bench_destroy(struct bench *b)
{
    ata_device(b->ata)->ops->destroy(ata_device(b->ata));
    disk_close(b->disk);
    fake_image_remove(&b->image);
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

static void send_words(struct bench *b, unsigned size)
{
    for (unsigned i = 0; i < size; i += 2)
        ata_write(b->ata, 0, load_le16(b->list + b->sent + i), 2);
    b->sent += size;
}

/* Sends a packet, takes or gives all data; the final status. */
static unsigned packet_with(struct bench *b, const uint8_t *packet,
                            unsigned limit, bool dma)
{
    b->got = b->sent = b->chunks = 0;
    out(b, 6, 0xA0);
    out(b, 1, dma);
    out(b, 4, limit & 0xFF);
    out(b, 5, limit >> 8);
    out(b, 7, 0xA0);
    ck_assert_uint_eq(ata_read_alternate(b->ata), DRQ);
    ck_assert_uint_eq(in(b, 2) & 3, 1);
    for (unsigned i = 0; i < 12; i += 2)
        ata_write(b->ata, 0, load_le16(packet + i), 2);
    for (;;) {
        unsigned size;

        fake_time_pass(&b->time, 2 * SHORT);
        ck_assert(b->irq.level);
        if (!(in(b, 7) & 8))
            break;
        size = in(b, 4) | in(b, 5) << 8;
        ck_assert_uint_le(size, limit ? limit : 0xFFFE);
        ck_assert_uint_ge(size, 1);
        b->chunks++;
        if ((in(b, 2) & 3) == 0) {
            send_words(b, size);
            continue;
        }
        ck_assert_uint_eq(in(b, 2) & 3, 2);
        for (unsigned i = 0; i < size; i += 2)
            store_le16(b->reply + b->got + i, (uint16_t)ata_read(b->ata, 0, 2));
        b->got += size;
    }
    ck_assert_uint_eq(in(b, 2) & 3, 3);
    return ata_read_alternate(b->ata);
}

static unsigned packet(struct bench *b, const uint8_t *bytes)
{
    return packet_with(b, bytes, 0xFFFE, false);
}

#define PACKET(...) ((const uint8_t[12]){__VA_ARGS__})

/* Sense as key << 16 | code << 8 | qualifier. */
static unsigned sense(struct bench *b)
{
    ck_assert_uint_eq(packet(b, PACKET(0x03, 0, 0, 0, 18)), GOOD);
    ck_assert_uint_eq(b->got, 18);
    return (unsigned)b->reply[2] << 16 | b->reply[12] << 8 | b->reply[13];
}

static void expect_cd_sector(const uint8_t *data, unsigned lba)
{
    for (unsigned i = 0; i < CD; i++)
        ck_assert_uint_eq(data[i], fake_byte(4 * lba + i / 512, i % 512));
}

START_TEST(signature_and_identify)
{
    struct bench b;
    uint8_t id[512];

    bench_create(&b);
    ck_assert_uint_eq(in(&b, 7), 0);
    ck_assert_uint_eq(in(&b, 4), 0x14);
    ck_assert_uint_eq(in(&b, 5), 0xEB);
    out(&b, 4, 0);
    out(&b, 7, 0xEC);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(in(&b, 7), CHECK);
    ck_assert_uint_eq(in(&b, 1), 4);
    ck_assert_uint_eq(in(&b, 4), 0x14);
    out(&b, 7, 0xA1);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(in(&b, 7), DRQ);
    for (unsigned i = 0; i < 512; i += 2)
        store_le16(id + i, (uint16_t)ata_read(b.ata, 0, 2));
    ck_assert_uint_eq(load_le16(id) & 0x9F03, 0x8500);
    ck_assert_uint_eq(in(&b, 7), GOOD);
    out(&b, 7, 0x08);
    ck_assert_uint_eq(in(&b, 7), 0);
    ck_assert_uint_eq(in(&b, 5), 0xEB);
    bench_destroy(&b);
}
END_TEST

START_TEST(inquiry_is_cut_at_the_allocation)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x12, 0, 0, 0, 36)), GOOD);
    ck_assert_uint_eq(b.got, 36);
    ck_assert_uint_eq(b.reply[0], 5);
    ck_assert_uint_eq(b.reply[1], 0x80);
    ck_assert_uint_eq(packet(&b, PACKET(0x12, 0, 0, 0, 5)), GOOD);
    ck_assert_uint_eq(b.got, 5);
    ck_assert_uint_eq(packet(&b, PACKET(0x12, 0, 0, 0, 0)), GOOD);
    ck_assert_uint_eq(b.got, 0);
    ck_assert_uint_eq(packet(&b, PACKET(0xC7)), CHECK);
    ck_assert_uint_eq(in(&b, 1) >> 4, 5);
    ck_assert_uint_eq(sense(&b), 0x052000);
    ck_assert_uint_eq(sense(&b), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(read_in_blocks_of_the_byte_count)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x25)), GOOD);
    ck_assert_uint_eq(b.reply[3], CD_SECTORS - 1);
    ck_assert_uint_eq(b.reply[6], 8);
    ck_assert_uint_eq(
        packet_with(&b, PACKET(0x28, 0, 0, 0, 0, 7, 0, 0, 3), CD, false), GOOD);
    ck_assert_uint_eq(b.got, 3 * CD);
    ck_assert_uint_eq(b.chunks, 3);
    for (unsigned n = 0; n < 3; n++)
        expect_cd_sector(b.reply + n * CD, 7 + n);
    /* More than the buffer holds, and a limit that does not divide it. */
    ck_assert_uint_eq(
        packet_with(&b, PACKET(0xA8, 0, 0, 0, 0, 0, 0, 0, 0, 90), 10001, false),
        GOOD);
    ck_assert_uint_eq(b.got, 90 * CD);
    for (unsigned n = 0; n < 90; n++)
        expect_cd_sector(b.reply + n * CD, n);
    ck_assert_uint_eq(packet(&b, PACKET(0x28, 0, 0, 0, 0, 99, 0, 0, 2)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x052100);
    ck_assert_uint_eq(packet(&b, PACKET(0x28)), GOOD); /* none: fine */
    bench_destroy(&b);
}
END_TEST

START_TEST(read_by_dma)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(
        packet_with(&b, PACKET(0x28, 0, 0, 0, 0, 0, 0, 0, 100), 0, true), GOOD);
    ck_assert_uint_eq(b.got, 0);
    ck_assert_uint_eq(b.engine.at, CD_SECTORS * CD);
    for (unsigned n = 0; n < CD_SECTORS; n++)
        expect_cd_sector(b.engine.data + n * CD, n);
    bench_destroy(&b);
}
END_TEST

START_TEST(raw_sectors_carry_headers)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 0, 0, 0, 0, 75, 0, 0, 2, 0xF8)),
                      GOOD);
    ck_assert_uint_eq(b.got, 2 * 2352);
    ck_assert_uint_eq(b.reply[0], 0);
    ck_assert_uint_eq(b.reply[1], 0xFF);
    ck_assert_uint_eq(b.reply[2352 + 12], 0x00); /* 00:03:01, mode 1 */
    ck_assert_uint_eq(b.reply[2352 + 13], 0x03);
    ck_assert_uint_eq(b.reply[2352 + 14], 0x01);
    ck_assert_uint_eq(b.reply[2352 + 15], 0x01);
    expect_cd_sector(b.reply + 2352 + 16, 76);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 0, 0, 0, 0, 5, 0, 0, 1, 0x10)),
                      GOOD);
    ck_assert_uint_eq(b.got, CD);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 4, 0, 0, 0, 5, 0, 0, 1, 0x10)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x056400);
    bench_destroy(&b);
}
END_TEST

START_TEST(toc_has_one_track)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x43, 0, 0, 0, 0, 0, 0, 0, 100)), GOOD);
    ck_assert_uint_eq(b.got, 20);
    ck_assert_uint_eq(b.reply[1], 18);
    ck_assert_uint_eq(b.reply[5], 0x14);
    ck_assert_uint_eq(b.reply[6], 1);
    ck_assert_uint_eq(b.reply[14], 0xAA);
    ck_assert_uint_eq(b.reply[19], CD_SECTORS);
    ck_assert_uint_eq(packet(&b, PACKET(0x43, 2, 0, 0, 0, 0, 0xAA, 0, 100)),
                      GOOD);
    ck_assert_uint_eq(b.got, 12);
    ck_assert_uint_eq(b.reply[10], 3); /* 250 frames: 00:03:25 */
    ck_assert_uint_eq(b.reply[11], 25);
    ck_assert_uint_eq(packet(&b, PACKET(0x43, 0, 0, 0, 0, 0, 5, 0, 100)),
                      CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x43, 2, 2, 0, 0, 0, 0, 0, 100)), GOOD);
    ck_assert_uint_eq(b.got, 4 + 4 * 11);
    ck_assert_uint_eq(b.reply[4 + 3], 0xA0);
    bench_destroy(&b);
}
END_TEST

START_TEST(mode_pages_and_profiles)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 200)),
                      GOOD);
    ck_assert_uint_eq(b.got, 8 + 20);
    ck_assert_uint_eq(b.reply[1], 26);
    ck_assert_uint_eq(b.reply[8], 0x2A);
    ck_assert_uint_eq(b.reply[2], 0x01);
    ck_assert_uint_eq(packet(&b, PACKET(0x5A, 0, 0x3C, 0, 0, 0, 0, 0, 200)),
                      CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x46, 0, 0, 0, 0, 0, 0, 0, 200)), GOOD);
    ck_assert_uint_eq(b.reply[7], 0x08);
    ck_assert_uint_eq(b.reply[3], b.got - 4);
    ck_assert_uint_eq(packet(&b, PACKET(0x46, 2, 0, 0x1E, 0, 0, 0, 0, 200)),
                      GOOD);
    ck_assert_uint_eq(b.got, 16);
    ck_assert_uint_eq(b.reply[9], 0x1E);
    ck_assert_uint_eq(packet(&b, PACKET(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8)),
                      GOOD);
    ck_assert_uint_eq(b.got, 8);
    bench_destroy(&b);
}
END_TEST

/* A list of MODE SELECT(10): the header and `size` bytes behind it. */
static unsigned mode_select(struct bench *b, const uint8_t *pages,
                            unsigned size, unsigned limit)
{
    memset(b->list, 0, sizeof b->list);
    memcpy(b->list + 8, pages, size);
    return packet_with(b, PACKET(0x55, 0x10, 0, 0, 0, 0, 0, 0, 8 + size), limit,
                       false);
}

/* The page as MODE SENSE(10) tells it, its code at b->reply[8]. */
static void mode_sense(struct bench *b, unsigned which, unsigned code)
{
    ck_assert_uint_eq(
        packet(b, PACKET(0x5A, 0, which << 6 | code, 0, 0, 0, 0, 0, 100)),
        GOOD);
}

START_TEST(mode_select_sets_what_can_be_set)
{
    static const uint8_t volume[] = {0x0E, 14, 4, 0, 0, 0, 0, 75,
                                     1,    99, 2, 7, 0, 0, 0, 0};
    struct bench b;

    bench_create(&b);
    mode_sense(&b, 1, 0x0E); /* changeable: SOTC, channels, volumes */
    ck_assert_uint_eq(b.reply[8 + 2], 0x06);
    ck_assert_uint_eq(b.reply[8 + 9], 0xFF);
    ck_assert_uint_eq(b.reply[8 + 7], 0);
    /* In blocks of six bytes, as the byte count says. */
    ck_assert_uint_eq(mode_select(&b, volume, sizeof volume, 6), GOOD);
    ck_assert_uint_eq(b.sent, 24);
    ck_assert_uint_eq(b.chunks, 4);
    mode_sense(&b, 0, 0x0E);
    ck_assert_mem_eq(b.reply + 8, volume, sizeof volume);
    mode_sense(&b, 2, 0x0E);
    ck_assert_uint_eq(b.reply[8 + 9], 255);
    ck_assert_uint_eq(packet(&b, PACKET(0x5A, 0, 0xCE, 0, 0, 0, 0, 0, 100)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x053900);
    /* The 6-byte form, with a block descriptor as Linux sends it. */
    memset(b.list, 0, sizeof b.list);
    b.list[3] = 8;
    b.list[10] = 8;
    memcpy(b.list + 12, "\x01\x06\x20\x09\0\0\0\0", 8);
    ck_assert_uint_eq(packet(&b, PACKET(0x15, 0x10, 0, 0, 20)), GOOD);
    mode_sense(&b, 0, 0x01);
    ck_assert_uint_eq(b.reply[8 + 2], 0x20);
    ck_assert_uint_eq(b.reply[8 + 3], 9);
    /* DEVICE RESET brings the defaults back. */
    out(&b, 7, 0x08);
    fake_time_pass(&b.time, SHORT);
    mode_sense(&b, 0, 0x01);
    ck_assert_uint_eq(b.reply[8 + 3], 5);
    bench_destroy(&b);
}
END_TEST

START_TEST(mode_select_by_dma)
{
    struct bench b;

    bench_create(&b);
    memset(b.engine.data, 0, 16);
    memcpy(b.engine.data + 8, "\x01\x06\x01\x03\0\0\0\0", 8);
    ck_assert_uint_eq(
        packet_with(&b, PACKET(0x55, 0x10, 0, 0, 0, 0, 0, 0, 16), 0xFFFE, true),
        GOOD);
    ck_assert_uint_eq(b.engine.at, 16);
    mode_sense(&b, 0, 0x01);
    ck_assert_uint_eq(b.reply[8 + 3], 3);
    bench_destroy(&b);
}
END_TEST

/* A list with one error changes nothing. */
START_TEST(mode_select_refuses)
{
    static const struct {
        const char *pages;
        unsigned size;
    } wrong[] = {
        {"\x01\x06\x80\x09\0\0\0\0", 8},          /* not changeable */
        {"\x01\x05\x00\x09\0\0\0", 7},            /* length */
        {"\x01\x06\x00\x09\0\0\0", 7},            /* cut */
        {"\x05\x06\x00\x09\0\0\0\0", 8},          /* no such page */
        {"\x01\x06\x00\x09\0\0\0\0\x01", 9},      /* half a header */
        {"\x01\x06\x00\x09\0\0\0\0\x2A\x12", 10}, /* cut */
    };
    struct bench b;

    bench_create(&b);
    for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
        ck_assert_uint_eq(mode_select(&b, (const uint8_t *)wrong[i].pages,
                                      wrong[i].size, 0xFFFE),
                          CHECK);
        ck_assert_uint_eq(sense(&b), 0x052600);
        mode_sense(&b, 0, 0x01);
        ck_assert_uint_eq(b.reply[8 + 3], 5);
    }
    b.list[7] = 8; /* a descriptor with 2352 bytes a block */
    b.list[8 + 6] = 2352 >> 8;
    b.list[8 + 7] = 2352 & 0xFF;
    ck_assert_uint_eq(packet(&b, PACKET(0x55, 0x10, 0, 0, 0, 0, 0, 0, 16)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x052600);
    ck_assert_uint_eq(packet(&b, PACKET(0x55, 0x10, 0, 0, 0, 0, 0, 0, 7)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x051A00);
    ck_assert_uint_eq(packet(&b, PACKET(0x55, 0x11, 0, 0, 0, 0, 0, 0, 8)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x052400); /* nothing is saved */
    ck_assert_uint_eq(b.sent, 0);
    ck_assert_uint_eq(packet(&b, PACKET(0x55, 0x10)), GOOD);
    bench_destroy(&b);
}
END_TEST

/* MECHANISM STATUS: no changer, no slots; the door. */
START_TEST(mechanism_status)
{
    static const uint8_t closed[8];
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8)),
                      GOOD);
    ck_assert_uint_eq(b.got, 8);
    ck_assert_mem_eq(b.reply, closed, 8);
    ck_assert_uint_eq(packet(&b, PACKET(0x1B, 0, 0, 0, 2)), GOOD);
    ck_assert_uint_eq(packet(&b, PACKET(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 20)),
                      GOOD);
    ck_assert_uint_eq(b.got, 8);
    ck_assert_uint_eq(b.reply[1], 0x10);
    ck_assert_uint_eq(packet(&b, PACKET(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 4)),
                      GOOD);
    ck_assert_uint_eq(b.got, 4);
    bench_destroy(&b);
}
END_TEST

static unsigned twice(unsigned x)
{
    return (x << 1 ^ (x & 0x80 ? 0x11D : 0)) & 0xFF;
}

/* ECMA-130, annex A: both sums of a code word are zero. */
static void expect_code_word(const uint8_t *words, unsigned half,
                             const unsigned *index, unsigned count)
{
    unsigned sum = 0, weighted = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned byte = words[2 * index[i] + half];
        sum ^= byte;
        weighted = twice(weighted) ^ byte;
    }
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(weighted, 0);
}

START_TEST(raw_sectors_have_parity)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 0, 0, 0, 0, 9, 0, 0, 1, 0xF8)),
                      GOOD);
    ck_assert_uint_eq(b.got, 2352);
    for (unsigned half = 0; half < 2; half++) {
        unsigned index[45];

        for (unsigned n = 0; n < 43; n++) {
            for (unsigned m = 0; m < 26; m++)
                index[m] = n + 43 * m;
            expect_code_word(b.reply + 12, half, index, 26);
        }
        for (unsigned n = 0; n < 26; n++) {
            for (unsigned m = 0; m < 43; m++)
                index[m] = (44 * m + 43 * n) % 1118;
            index[43] = 1118 + n;
            index[44] = 1144 + n;
            expect_code_word(b.reply + 12, half, index, 45);
        }
    }
    bench_destroy(&b);
}
END_TEST

START_TEST(parts_of_sectors)
{
    struct bench b;

    bench_create(&b);
    /* Header and user data of two sectors. */
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0x30)),
                      GOOD);
    ck_assert_uint_eq(b.got, 2 * 2052);
    ck_assert_uint_eq(b.reply[2052 + 1], 0x02); /* 00:02:08 */
    ck_assert_uint_eq(b.reply[2052 + 2], 0x08);
    ck_assert_uint_eq(b.reply[2052 + 3], 1);
    expect_cd_sector(b.reply + 4, 7);
    expect_cd_sector(b.reply + 2056, 8);
    /* The same by minute, second and frame. */
    ck_assert_uint_eq(packet(&b, PACKET(0xB9, 0, 0, 0, 2, 7, 0, 2, 8, 0x10)),
                      GOOD);
    ck_assert_uint_eq(b.got, 2048);
    expect_cd_sector(b.reply, 7);
    ck_assert_uint_eq(packet(&b, PACKET(0xB9, 0, 0, 0, 1, 0, 0, 2, 8, 0x10)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x052100);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0x40)),
                      GOOD);
    ck_assert_uint_eq(b.got, 0);
    ck_assert_uint_eq(packet(&b, PACKET(0xBE, 4, 0, 0, 0, 7, 0, 0, 2, 0x10)),
                      CHECK);
    ck_assert_uint_eq(sense(&b), 0x056400); /* no audio */
    bench_destroy(&b);
}
END_TEST

START_TEST(what_the_disc_is)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x44, 2, 0, 0, 0, 99, 0, 0, 8)), GOOD);
    ck_assert_uint_eq(b.reply[0], 1);
    ck_assert_uint_eq(b.reply[6], 3); /* 249 frames: 00:03:24 */
    ck_assert_uint_eq(b.reply[7], 24);
    ck_assert_uint_eq(packet(&b, PACKET(0x44, 2, 0, 0, 0, 100, 0, 0, 8)),
                      CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x52, 1, 0, 0, 0, 1, 0, 0, 36)), GOOD);
    ck_assert_uint_eq(b.got, 36);
    ck_assert_uint_eq(b.reply[27], CD_SECTORS);
    ck_assert_uint_eq(packet(&b, PACKET(0x52, 1, 0, 0, 0, 2, 0, 0, 36)), CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x51, 0, 0, 0, 0, 0, 0, 0, 34)), GOOD);
    ck_assert_uint_eq(b.got, 34);
    /* Position of the head: behind what was read. */
    packet(&b, PACKET(0x28, 0, 0, 0, 0, 20, 0, 0, 5));
    ck_assert_uint_eq(packet(&b, PACKET(0x42, 0, 0x40, 1, 0, 0, 0, 0, 16)),
                      GOOD);
    ck_assert_uint_eq(b.got, 16);
    ck_assert_uint_eq(b.reply[3], 12);
    ck_assert_uint_eq(b.reply[11], 25);
    ck_assert_uint_eq(packet(&b, PACKET(0x42, 0, 0x40, 7, 0, 0, 0, 0, 16)),
                      CHECK);
    /* Neither audio nor DVD; product data pages are not there. */
    ck_assert_uint_eq(packet(&b, PACKET(0x47, 0, 0, 0, 2, 0, 0, 3, 0)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x056400);
    ck_assert_uint_eq(packet(&b, PACKET(0xAD, 0, 0, 0, 0, 0, 0, 0, 8)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x053002);
    ck_assert_uint_eq(packet(&b, PACKET(0x12, 1, 0x80, 0, 36)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x052400);
    bench_destroy(&b);
}
END_TEST

START_TEST(a_large_disc_is_a_dvd)
{
    struct bench b;
    struct fake_image other;
    struct disk *second;
    bool refused;

    bench_create(&b);
    fake_image_create(&other, 4);
    ck_assert_int_eq(truncate(other.path, 2048ll * 500000), 0);
    second = fake_image_open(&other, &b.log);
    ata_change_media(b.ata, 0, second, true, &refused);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x46, 0, 0, 0, 0, 0, 0, 0, 200)), GOOD);
    ck_assert_uint_eq(b.reply[7], 0x10);
    ck_assert_uint_eq(packet(&b, PACKET(0xAD, 0, 0, 0, 0, 0, 0, 0, 0x10, 0)),
                      GOOD);
    ck_assert_uint_eq(b.got, 2052);
    ck_assert_uint_eq(b.reply[0] << 8 | b.reply[1], 2050);
    ck_assert_uint_eq(b.reply[9], 3); /* first sector 30000h */
    ck_assert_uint_eq(b.reply[13] << 16 | b.reply[14] << 8 | b.reply[15],
                      0x30000 + 499999);
    ck_assert_uint_eq(packet(&b, PACKET(0xAD, 0, 0, 0, 0, 0, 0, 1, 0, 100)),
                      GOOD);
    ck_assert_uint_eq(b.got, 8);
    ck_assert_ptr_eq(ata_change_media(b.ata, 0, b.disk, true, &refused),
                     second);
    disk_close(second);
    fake_image_remove(&other);
    bench_destroy(&b);
}
END_TEST

START_TEST(media_change_is_told_once)
{
    struct bench b;
    struct fake_image other;
    struct disk *second;
    bool refused;

    bench_create(&b);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), GOOD);
    ck_assert_ptr_eq(ata_change_media(b.ata, 0, NULL, false, &refused), b.disk);
    ck_assert(!refused);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x023A00);
    ck_assert_uint_eq(packet(&b, PACKET(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)),
                      GOOD);
    ck_assert_uint_eq(b.reply[4], 3);
    ck_assert_uint_eq(b.reply[5], 0);
    fake_image_create(&other, 40);
    second = fake_image_open(&other, &b.log);
    ck_assert_ptr_null(ata_change_media(b.ata, 0, second, false, &refused));
    ck_assert_uint_eq(packet(&b, PACKET(0x12, 0, 0, 0, 36)), GOOD);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x062800);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), GOOD);
    ck_assert_uint_eq(packet(&b, PACKET(0x25)), GOOD);
    ck_assert_uint_eq(b.reply[3], 9);
    ck_assert_uint_eq(packet(&b, PACKET(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)),
                      GOOD);
    ck_assert_uint_eq(b.reply[4], 2);
    ck_assert_uint_eq(b.reply[5], 2);
    ck_assert_ptr_eq(ata_change_media(b.ata, 0, b.disk, false, &refused),
                     second);
    disk_close(second);
    fake_image_remove(&other);
    bench_destroy(&b);
}
END_TEST

START_TEST(a_locked_tray_keeps_its_disk)
{
    struct bench b;
    bool refused;

    bench_create(&b);
    packet(&b, PACKET(0x1E, 0, 0, 0, 1));
    ck_assert_ptr_null(ata_change_media(b.ata, 0, NULL, false, &refused));
    ck_assert(refused);
    packet(&b, PACKET(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8));
    ck_assert_uint_eq(b.reply[4], 1); /* eject request */
    ck_assert_uint_eq(packet(&b, PACKET(0x1B, 0, 0, 0, 2)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x055302);
    packet(&b, PACKET(0x1E, 0, 0, 0, 0));
    ck_assert_uint_eq(packet(&b, PACKET(0x1B, 0, 0, 0, 2)), GOOD);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), CHECK);
    ck_assert_uint_eq(sense(&b), 0x023A02);
    ck_assert_uint_eq(packet(&b, PACKET(0x1B, 0, 0, 0, 3)), GOOD);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), CHECK);
    ck_assert_uint_eq(packet(&b, PACKET(0x00)), GOOD);
    bench_destroy(&b);
}
END_TEST

/* Every packet that can be made of a few bytes, with odd limits. */
START_TEST(random_packets)
{
    struct bench b;
    uint32_t x = 99;
    bool refused;

    bench_create(&b);
    for (unsigned n = 0; n < 20000; n++) {
        uint8_t bytes[12];
        unsigned limit;

        for (unsigned i = 0; i < 12; i++) {
            x = x * 1664525 + 1013904223;
            bytes[i] = x >> 28 & 1 ? (uint8_t)(x >> 20) : 0;
        }
        bytes[0] = (uint8_t)(x >> 8);
        limit = x >> 12 & 0xFFFF;
        if (bytes[0] == 0xA8) /* keep it within the test's buffer */
            bytes[6] = bytes[7] = 0;
        if (n % 1000 == 0)
            ata_change_media(b.ata, 0, b.disk, true, &refused);
        b.engine.at = 0;
        packet_with(&b, bytes, limit > 1 ? limit : 2, x >> 31);
    }
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signature_and_identify,
        inquiry_is_cut_at_the_allocation,
        read_in_blocks_of_the_byte_count,
        read_by_dma,
        raw_sectors_carry_headers,
        toc_has_one_track,
        mode_pages_and_profiles,
        mode_select_sets_what_can_be_set,
        mode_select_by_dma,
        mode_select_refuses,
        mechanism_status,
        media_change_is_told_once,
        a_locked_tray_keeps_its_disk,
        random_packets,
        raw_sectors_have_parity,
        parts_of_sectors,
        what_the_disc_is,
        a_large_disc_is_a_dvd,
    };

    return fake_run("atapi", tests, ARRAY_LEN(tests));
}
