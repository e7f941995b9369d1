/* check_ata_protect - host protected area and security mode of a disk.
 * Run alone: make tests/devices/check_ata_protect &&
 * tests/devices/check_ata_protect */
#include "tests/devices/fake_storage.h"

#include "devices/ata.h"
#include "devices/core/state.h"

enum {
    ERR = 0x01,
    DRQ = 0x08,
    READY = 0x50,
    ABRT = 0x04,
    IDNF = 0x10,
    SECTORS = 4 * 16 * 63,
    CYLINDER = 16 * 63,
    SHORT = 50000,
    LBA = 0xE0,
    CHS = 0xA0,

    READ = 0x20,
    NATIVE = 0xF8,
    NATIVE_EXT = 0x27,
    SET_MAX = 0xF9,
    SET_MAX_EXT = 0x37,

    SET_PASSWORD = 0xF1,
    UNLOCK = 0xF2,
    ERASE_PREPARE = 0xF3,
    ERASE_UNIT = 0xF4,
    FREEZE = 0xF5,
    DISABLE = 0xF6,
    USER = 0,
    MASTER = 1,
    MAXIMUM = 0x100,

    /* word 128 */
    SUPPORTED = 1,
    ENABLED = 2,
    LOCKED = 4,
    FROZEN = 8,
    EXPIRED = 16
};

struct bench {
    struct fake_time time;
    struct log log;
    struct fake_line irq;
    struct fake_image image;
    struct disk *disk;
    struct ata *ata;
    uint8_t id[SECTOR_SIZE];
};

static void power_on(struct bench *b)
{
    ata_device(b->ata)->ops->reset(ata_device(b->ata));
}

static void bench_create(struct bench *b)
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
                                             .log = &b->log});
    ata_attach(b->ata, 0, ATA_DISK, b->disk);
    power_on(b);
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

/* Status with the error register behind it. */
static unsigned result(struct bench *b)
{
    unsigned status = in(b, 7);

    return status << 8 | (status & ERR ? in(b, 1) : 0);
}

enum { GOOD = READY << 8, ABORTED = (READY | ERR) << 8 | ABRT };

static unsigned command(struct bench *b, unsigned code)
{
    out(b, 7, code);
    fake_time_pass(&b->time, SHORT);
    return result(b);
}

static void address(struct bench *b, unsigned lba, unsigned count)
{
    out(b, 6, LBA | lba >> 24);
    out(b, 2, count);
    out(b, 3, lba & 0xFF);
    out(b, 4, lba >> 8 & 0xFF);
    out(b, 5, lba >> 16 & 0xFF);
}

static unsigned got_address(struct bench *b)
{
    return in(b, 3) | in(b, 4) << 8 | in(b, 5) << 16;
}

/* Reads one sector; the result of the command. */
static unsigned read_sector(struct bench *b, unsigned lba)
{
    unsigned status;

    address(b, lba, 1);
    status = command(b, READ);
    if (status == (READY | DRQ) << 8)
        for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
            ata_read(b->ata, 0, 2);
    return status;
}

static unsigned readable(struct bench *b, unsigned lba)
{
    return read_sector(b, lba) == (READY | DRQ) << 8;
}

static unsigned identify(struct bench *b, unsigned word)
{
    ck_assert_uint_eq(command(b, 0xEC), (READY | DRQ) << 8);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        store_le16(b->id + i, (uint16_t)ata_read(b->ata, 0, 2));
    return load_le16(b->id + 2 * word);
}

static unsigned set_max(struct bench *b, unsigned last, unsigned count)
{
    out(b, 6, LBA);
    ck_assert_uint_eq(command(b, NATIVE), GOOD);
    address(b, last, count);
    return command(b, SET_MAX);
}

/* A command that takes a sector with word 0, a password and word 17. */
static unsigned with_password(struct bench *b, unsigned code, unsigned word,
                              const char *password, unsigned revision)
{
    uint8_t data[SECTOR_SIZE] = {0};

    out(b, 6, CHS);
    out(b, 7, code);
    if (ata_read_alternate(b->ata) != (READY | DRQ))
        return result(b);
    store_le16(data, (uint16_t)word);
    memcpy(data + 2, password, strlen(password));
    store_le16(data + 34, (uint16_t)revision);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        ata_write(b->ata, 0, load_le16(data + i), 2);
    fake_time_pass(&b->time, SHORT);
    ck_assert(b->irq.level);
    return result(b);
}

/* ------------------------------------------------- host protected area */

START_TEST(native_max_by_lba_and_chs)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(identify(&b, 82) & 0x400, 0x400);
    ck_assert_uint_eq(load_le16(b.id + 2 * 85) & 0x400, 0x400);
    out(&b, 6, LBA);
    ck_assert_uint_eq(command(&b, NATIVE), GOOD);
    ck_assert_uint_eq(got_address(&b), SECTORS - 1);
    ck_assert_uint_eq(command(&b, NATIVE_EXT), GOOD);
    ck_assert_uint_eq(got_address(&b), SECTORS - 1);
    out(&b, 6, CHS);
    ck_assert_uint_eq(command(&b, NATIVE), GOOD);
    ck_assert_uint_eq(in(&b, 3), 63);
    ck_assert_uint_eq(in(&b, 4) | in(&b, 5) << 8, 3);
    ck_assert_uint_eq(in(&b, 6) & 0x4F, 15);
    bench_destroy(&b);
}
END_TEST

START_TEST(a_volatile_maximum_ends_with_power)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(set_max(&b, CYLINDER - 1, 0), GOOD);
    ck_assert_uint_eq(identify(&b, 1), 1);
    ck_assert_uint_eq(load_le16(b.id + 2 * 54), 1);
    ck_assert_uint_eq(load_le32(b.id + 2 * 57), CYLINDER);
    ck_assert_uint_eq(load_le32(b.id + 2 * 60), CYLINDER);
    ck_assert_uint_eq(load_le64(b.id + 2 * 100), CYLINDER);
    ck_assert(readable(&b, CYLINDER - 1));
    ck_assert_uint_eq(read_sector(&b, CYLINDER), (READY | ERR) << 8 | IDNF);
    /* The native maximum stays, also by CHS; SRST changes nothing. */
    out(&b, 6, CHS);
    command(&b, NATIVE);
    ck_assert_uint_eq(in(&b, 4), 3);
    ata_write_control(b.ata, 0x04);
    ata_write_control(b.ata, 0x00);
    fake_time_pass(&b.time, SHORT);
    ck_assert(!readable(&b, CYLINDER));
    power_on(&b);
    ck_assert(readable(&b, SECTORS - 1));
    bench_destroy(&b);
}
END_TEST

START_TEST(a_lasting_maximum_is_set_once_per_power_on)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(set_max(&b, 1999, 1), GOOD);
    ck_assert_uint_eq(set_max(&b, 2999, 1), (READY | ERR) << 8 | IDNF);
    ck_assert_uint_eq(set_max(&b, 999, 0), GOOD);
    ck_assert(!readable(&b, 1000));
    power_on(&b);
    ck_assert(readable(&b, 1999));
    ck_assert(!readable(&b, 2000));
    ck_assert_uint_eq(set_max(&b, SECTORS - 1, 1), GOOD);
    power_on(&b);
    ck_assert(readable(&b, SECTORS - 1));
    bench_destroy(&b);
}
END_TEST

START_TEST(set_max_follows_read_native_max)
{
    struct bench b;

    bench_create(&b);
    address(&b, 100, 0);
    out(&b, 1, 0);
    ck_assert_uint_eq(command(&b, SET_MAX), ABORTED);
    ck_assert_uint_eq(set_max(&b, SECTORS, 0), ABORTED); /* more than all */
    command(&b, NATIVE);
    command(&b, 0xE5);
    address(&b, 100, 0);
    ck_assert_uint_eq(command(&b, SET_MAX), ABORTED);
    /* Each form after its own. */
    command(&b, NATIVE);
    ck_assert_uint_eq(command(&b, SET_MAX_EXT), ABORTED);
    command(&b, NATIVE_EXT);
    ck_assert_uint_eq(command(&b, SET_MAX), ABORTED);
    /* Features do not count right after it. */
    out(&b, 1, 4);
    ck_assert_uint_eq(set_max(&b, 99, 0), GOOD);
    ck_assert_uint_eq(identify(&b, 60), 100);
    out(&b, 6, LBA);
    command(&b, NATIVE_EXT);
    for (unsigned reg = 2; reg < 6; reg++) {
        out(&b, reg, 0);
        out(&b, reg, reg == 4);
    }
    ck_assert_uint_eq(command(&b, SET_MAX_EXT), GOOD);
    ck_assert_uint_eq(identify(&b, 100), 257);
    bench_destroy(&b);
}
END_TEST

static unsigned max_feature(struct bench *b, unsigned feature)
{
    out(b, 1, feature);
    return command(b, SET_MAX);
}

static unsigned max_password(struct bench *b, unsigned feature,
                             const char *password)
{
    out(b, 1, feature);
    return with_password(b, SET_MAX, 0, password, 0);
}

START_TEST(set_max_lock)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(max_feature(&b, 2), ABORTED); /* without a password */
    ck_assert_uint_eq(max_password(&b, 1, "one"), GOOD);
    ck_assert_uint_eq(identify(&b, 86) & 0x100, 0x100);
    ck_assert_uint_eq(max_password(&b, 3, "one"), ABORTED); /* not locked */
    ck_assert_uint_eq(max_feature(&b, 2), GOOD);
    ck_assert_uint_eq(set_max(&b, 99, 0), ABORTED);
    ck_assert_uint_eq(max_password(&b, 1, "two"), ABORTED);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(max_password(&b, 3, "two"), ABORTED);
    ck_assert_uint_eq(max_password(&b, 3, "one"), GOOD);
    ck_assert_uint_eq(set_max(&b, 99, 0), GOOD);
    ck_assert_uint_eq(max_feature(&b, 2), GOOD);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(max_password(&b, 3, "two"), ABORTED);
    ck_assert_uint_eq(max_password(&b, 3, "one"), ABORTED);
    ck_assert_uint_eq(max_feature(&b, 4), GOOD);
    ck_assert_uint_eq(max_feature(&b, 2), ABORTED);
    power_on(&b);
    ck_assert_uint_eq(set_max(&b, 99, 0), GOOD);
    bench_destroy(&b);
}
END_TEST

/* ----------------------------------------------------------- security */

START_TEST(a_password_locks_at_power_on)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED);
    ck_assert_uint_eq(load_le16(b.id + 2 * 82) & 2, 2);
    ck_assert_uint_eq(load_le16(b.id + 2 * 85) & 2, 0);
    ck_assert_uint_eq(load_le16(b.id + 2 * 92), 0xFFFE);
    ck_assert_uint_eq(with_password(&b, SET_PASSWORD, USER, "secret", 0), GOOD);
    ck_assert(readable(&b, 5));
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED | ENABLED);
    ck_assert_uint_eq(load_le16(b.id + 2 * 85) & 2, 2);
    power_on(&b);
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED | ENABLED | LOCKED);
    ck_assert_uint_eq(read_sector(&b, 5), ABORTED);
    ck_assert_uint_eq(command(&b, 0xE7), ABORTED);
    ck_assert_uint_eq(command(&b, 0xE5), GOOD);
    ck_assert_uint_eq(command(&b, FREEZE), ABORTED);
    ck_assert_uint_eq(with_password(&b, DISABLE, USER, "secret", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "sacred", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "secret", 0), GOOD);
    ck_assert(readable(&b, 5));
    ck_assert_uint_eq(with_password(&b, DISABLE, USER, "sacred", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, DISABLE, USER, "secret", 0), GOOD);
    power_on(&b);
    ck_assert(readable(&b, 5));
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED);
    bench_destroy(&b);
}
END_TEST

START_TEST(five_tries)
{
    struct bench b;

    bench_create(&b);
    with_password(&b, SET_PASSWORD, USER, "secret", 0);
    power_on(&b);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(identify(&b, 128) & EXPIRED, 0);
        ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "", 0), ABORTED);
    }
    ck_assert_uint_eq(identify(&b, 128) & EXPIRED, EXPIRED);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "secret", 0), ABORTED);
    command(&b, ERASE_PREPARE);
    ck_assert_uint_eq(with_password(&b, ERASE_UNIT, USER, "secret", 0),
                      ABORTED);
    power_on(&b);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "secret", 0), GOOD);
    bench_destroy(&b);
}
END_TEST

START_TEST(the_masters_password)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(with_password(&b, SET_PASSWORD, MASTER, "boss", 7), GOOD);
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED); /* enables nothing */
    ck_assert_uint_eq(load_le16(b.id + 2 * 92), 7);
    with_password(&b, SET_PASSWORD, USER, "secret", 0);
    power_on(&b);
    ck_assert_uint_eq(with_password(&b, UNLOCK, MASTER, "boss", 0), GOOD);
    with_password(&b, SET_PASSWORD, USER | MAXIMUM, "secret", 0);
    power_on(&b);
    ck_assert_uint_eq(identify(&b, 128),
                      SUPPORTED | ENABLED | LOCKED | MAXIMUM);
    ck_assert_uint_eq(with_password(&b, UNLOCK, MASTER, "boss", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "secret", 0), GOOD);
    ck_assert_uint_eq(with_password(&b, DISABLE, MASTER, "boss", 0), ABORTED);
    bench_destroy(&b);
}
END_TEST

START_TEST(frozen_until_power_on)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(command(&b, FREEZE), GOOD);
    ck_assert_uint_eq(command(&b, FREEZE), GOOD);
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED | FROZEN);
    ck_assert_uint_eq(with_password(&b, SET_PASSWORD, USER, "x", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, DISABLE, USER, "x", 0), ABORTED);
    ck_assert_uint_eq(with_password(&b, UNLOCK, USER, "x", 0), ABORTED);
    ck_assert_uint_eq(command(&b, ERASE_PREPARE), ABORTED);
    ck_assert(readable(&b, 5));
    ata_write_control(b.ata, 0x04);
    ata_write_control(b.ata, 0x00);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED | FROZEN);
    power_on(&b);
    ck_assert_uint_eq(with_password(&b, SET_PASSWORD, USER, "x", 0), GOOD);
    bench_destroy(&b);
}
END_TEST

START_TEST(erase_unit_writes_all_and_unlocks)
{
    static const uint8_t zeroes[SECTOR_SIZE];
    struct bench b;
    uint8_t data[SECTOR_SIZE];

    bench_create(&b);
    set_max(&b, 999, 1);
    with_password(&b, SET_PASSWORD, USER, "secret", 0);
    power_on(&b);
    ck_assert_uint_eq(with_password(&b, ERASE_UNIT, USER, "secret", 0),
                      ABORTED); /* not prepared */
    ck_assert_uint_eq(command(&b, ERASE_PREPARE), GOOD);
    command(&b, 0xE5);
    ck_assert_uint_eq(with_password(&b, ERASE_UNIT, USER, "secret", 0),
                      ABORTED); /* not right before */
    command(&b, ERASE_PREPARE);
    ck_assert_uint_eq(with_password(&b, ERASE_UNIT, USER, "sacred", 0),
                      ABORTED);
    fake_image_sector(&b.image, 0, data);
    ck_assert_uint_eq(data[1], fake_byte(0, 1));
    command(&b, ERASE_PREPARE);
    out(&b, 6, CHS);
    out(&b, 7, ERASE_UNIT);
    memset(data, 0, sizeof data);
    memcpy(data + 2, "secret", 6);
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        ata_write(b.ata, 0, load_le16(data + i), 2);
    fake_time_pass(&b.time, SHORT);
    ck_assert_uint_eq(ata_read_alternate(b.ata), 0x80);
    fake_time_pass(&b.time, 100 * SHORT);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(result(&b), GOOD);
    for (unsigned n = 0; n < SECTORS; n += SECTORS - 1) {
        fake_image_sector(&b.image, n, data);
        ck_assert_mem_eq(data, zeroes, SECTOR_SIZE);
    }
    ck_assert_uint_eq(identify(&b, 128), SUPPORTED);
    ck_assert_uint_eq(load_le32(b.id + 2 * 60), 1000); /* the area stays */
    bench_destroy(&b);
}
END_TEST

START_TEST(saved_with_its_passwords)
{
    struct bench b, other;
    const struct device_ops *ops;
    uint8_t *saved;

    bench_create(&b);
    bench_create(&other);
    ops = ata_device(b.ata)->ops;
    saved = malloc(state_size(ops->fields));
    set_max(&b, 999, 1);
    with_password(&b, SET_PASSWORD, USER, "secret", 0);
    power_on(&b);
    with_password(&b, UNLOCK, USER, "no", 0);
    state_save(ops->fields, ata_device(b.ata), saved);
    state_load(ops->fields, ata_device(other.ata), saved);
    ck_assert_int_eq(ops->post_load(ata_device(other.ata), 2), 0);
    ck_assert_uint_eq(identify(&other, 128), SUPPORTED | ENABLED | LOCKED);
    ck_assert_uint_eq(load_le32(other.id + 2 * 60), 1000);
    for (unsigned i = 0; i < 4; i++)
        with_password(&other, UNLOCK, USER, "no", 0);
    ck_assert_uint_eq(with_password(&other, UNLOCK, USER, "secret", 0),
                      ABORTED);
    free(saved);
    bench_destroy(&other);
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        native_max_by_lba_and_chs,
        a_volatile_maximum_ends_with_power,
        a_lasting_maximum_is_set_once_per_power_on,
        set_max_follows_read_native_max,
        set_max_lock,
        a_password_locks_at_power_on,
        five_tries,
        the_masters_password,
        frozen_until_power_on,
        erase_unit_writes_all_and_unlocks,
        saved_with_its_passwords,
    };

    return fake_run("ata_protect", tests, ARRAY_LEN(tests));
}
