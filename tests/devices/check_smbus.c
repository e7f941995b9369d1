/* check_smbus.c - SMBus transactions (Intel 290562, SMBus 1.1) and memory
 * modules (JEDEC 21-C).
 * Alone: make tests/devices/check_smbus && tests/devices/check_smbus */
#include "fake.h"

#include "devices/smbus.h"
#include "devices/spd.h"

#define MIB 0x100000ull

enum {
    STS = 0,
    CNT = 2,
    CMD = 3,
    ADD = 4,
    DAT0 = 5,
    DAT1 = 6,
    BLK = 7,
    QUICK = 0x40,
    BYTE = 0x44,
    BYTE_DATA = 0x48,
    WORD_DATA = 0x4C,
    BLOCK = 0x54,
    DONE = 0x02,
    DEV_ERR = 0x04,
    PART = 0x29 /* address of the test's part */
};

/* What the part saw: S start to write, R start to read, and bytes. */
struct part {
    char text[128];
    uint8_t next;
};

static void put(struct part *p, const char *format, unsigned value)
{
    size_t n = strlen(p->text);

    snprintf(p->text + n, sizeof p->text - n, format, value);
}

static void part_start(void *opaque, bool read)
{
    put(opaque, read ? "R%c" : "S%c", ' ');
}

static void part_write(void *opaque, uint8_t value)
{
    put(opaque, "%02x ", value);
}

static uint8_t part_read(void *opaque)
{
    struct part *p = opaque;

    return p->next++;
}

static void bus_create(struct smbus *bus, struct part *part)
{
    memset(bus, 0, sizeof *bus);
    memset(part, 0, sizeof *part);
    smbus_reset(bus);
    smbus_attach(bus, &(struct smbus_target){.address = PART,
                                             .start = part_start,
                                             .write = part_write,
                                             .read = part_read,
                                             .opaque = part});
}

/* One transaction; the status, cleared afterwards. */
static uint8_t run(struct smbus *bus, unsigned address, bool read,
                   unsigned protocol)
{
    uint8_t status;

    smbus_write(bus, ADD, (uint8_t)(address << 1 | read));
    smbus_write(bus, CNT, (uint8_t)protocol);
    status = smbus_read(bus, STS);
    smbus_write(bus, STS, status);
    ck_assert_uint_eq(smbus_read(bus, STS), 0);
    return status;
}

START_TEST(transactions)
{
    struct smbus bus;
    struct part part;

    bus_create(&bus, &part);
    ck_assert_uint_eq(run(&bus, 0x2A, false, QUICK), DEV_ERR);
    ck_assert_uint_eq(run(&bus, PART, false, QUICK), DONE);
    ck_assert_uint_eq(run(&bus, PART, true, QUICK), DONE);
    smbus_write(&bus, CMD, 0x77);
    ck_assert_uint_eq(run(&bus, PART, false, BYTE), DONE);
    part.next = 0x31;
    ck_assert_uint_eq(run(&bus, PART, true, BYTE), DONE);
    ck_assert_uint_eq(smbus_read(&bus, DAT0), 0x31);
    smbus_write(&bus, DAT0, 0x12);
    smbus_write(&bus, DAT1, 0x34);
    ck_assert_uint_eq(run(&bus, PART, false, BYTE_DATA), DONE);
    ck_assert_uint_eq(run(&bus, PART, false, WORD_DATA), DONE);
    ck_assert_uint_eq(run(&bus, PART, true, WORD_DATA), DONE);
    ck_assert_uint_eq(smbus_read(&bus, DAT0), 0x32);
    ck_assert_uint_eq(smbus_read(&bus, DAT1), 0x33);
    ck_assert_str_eq(part.text, "S R S 77 R S 77 12 S 77 12 34 S 77 R ");
    ck_assert_uint_eq(run(&bus, PART, true, 0x50), DEV_ERR); /* no protocol */
}
END_TEST

START_TEST(blocks)
{
    struct smbus bus;
    struct part part;

    bus_create(&bus, &part);
    smbus_write(&bus, CMD, 0x10);
    smbus_write(&bus, DAT0, 3);
    smbus_read(&bus, CNT); /* to the first byte */
    for (unsigned i = 0; i < 3; i++)
        smbus_write(&bus, BLK, (uint8_t)(0xA0 + i));
    ck_assert_uint_eq(run(&bus, PART, false, BLOCK), DONE);
    ck_assert_str_eq(part.text, "S 10 03 a0 a1 a2 ");
    part.next = 5; /* the count, then bytes 6 to 10 */
    ck_assert_uint_eq(run(&bus, PART, true, BLOCK), DONE);
    ck_assert_uint_eq(smbus_read(&bus, DAT0), 5);
    smbus_read(&bus, CNT);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(smbus_read(&bus, BLK), 6 + i);
    smbus_read(&bus, CNT);
    ck_assert_uint_eq(smbus_read(&bus, BLK), 6);
    part.next = 33;
    ck_assert_uint_eq(run(&bus, PART, true, BLOCK), DEV_ERR);
    part.next = 0;
    ck_assert_uint_eq(run(&bus, PART, true, BLOCK), DEV_ERR);
    for (unsigned i = 0; i < 300; i++)
        smbus_read(&bus, BLK);
}
END_TEST

START_TEST(interrupt_and_kill)
{
    struct smbus bus;
    struct part part;

    bus_create(&bus, &part);
    smbus_write(&bus, ADD, PART << 1);
    smbus_write(&bus, CNT, QUICK);
    ck_assert(!smbus_interrupts(&bus));
    smbus_write(&bus, CNT, 1);
    ck_assert(smbus_interrupts(&bus));
    smbus_write(&bus, STS, 2);
    ck_assert(!smbus_interrupts(&bus));
    smbus_write(&bus, CNT, QUICK | 3); /* killed before it starts */
    ck_assert_uint_eq(smbus_read(&bus, STS), 0x10);
    ck_assert_str_eq(part.text, "S ");
}
END_TEST

static uint8_t spd_byte(struct smbus *bus, unsigned slot, unsigned offset)
{
    smbus_write(bus, CMD, (uint8_t)offset);
    ck_assert_uint_eq(run(bus, SPD_ADDRESS + slot, true, BYTE_DATA), DONE);
    return smbus_read(bus, DAT0);
}

/* Size in bytes by rows, columns, banks, and by density: both must agree. */
static uint64_t spd_bytes(struct smbus *bus, unsigned slot)
{
    unsigned type = spd_byte(bus, slot, 2), d = spd_byte(bus, slot, 31);
    unsigned sides = spd_byte(bus, slot, 5);
    uint64_t row = (8ull * spd_byte(bus, slot, 17))
                   << (spd_byte(bus, slot, 3) + spd_byte(bus, slot, 4));
    uint64_t density;
    uint8_t sum = 0;

    ck_assert_uint_eq(d & (d - 1), 0);
    density = d * 4 * MIB;
    if (type == 8) {
        sides = (sides & 7) + 1;
        density = d >= 0x20 ? d * 4 * MIB : d * 1024 * MIB;
    }
    ck_assert_uint_eq(row, density);
    for (unsigned i = 0; i < 63; i++)
        sum += spd_byte(bus, slot, i);
    ck_assert_uint_eq(spd_byte(bus, slot, 63), sum);
    return row * sides;
}

START_TEST(modules_make_the_memory)
{
    static const uint16_t mib[] = {4,    16,   64,   128,  192,  256,
                                   1000, 1024, 2048, 2560, 4096, 24576};
    struct fake *fake = fake_create();

    for (unsigned i = 0; i < ARRAY_LEN(mib); i++) {
        struct smbus bus;
        struct part part;
        struct spd *spd;
        uint64_t sum = 0;

        bus_create(&bus, &part);
        spd = spd_create(mib[i] * MIB, &bus, &fake->log);
        for (unsigned slot = 0; slot < SPD_SLOTS; slot++)
            if (run(&bus, SPD_ADDRESS + slot, true, QUICK) == DONE)
                sum += spd_bytes(&bus, slot);
        ck_assert_uint_eq(sum, mib[i] * MIB);
        spd_device(spd)->ops->destroy(spd_device(spd));
    }
    fake_destroy(fake);
}
END_TEST

START_TEST(eeprom)
{
    struct fake *fake = fake_create();
    struct smbus bus;
    struct part part;
    struct spd *spd;

    bus_create(&bus, &part);
    spd = spd_create(128 * MIB, &bus, &fake->log);
    ck_assert_uint_eq(run(&bus, SPD_ADDRESS + 1, true, QUICK), DEV_ERR);
    ck_assert_uint_eq(spd_byte(&bus, 0, 2), 4);
    ck_assert_uint_eq(spd_byte(&bus, 0, 73), 'U');
    /* On from there. */
    ck_assert_uint_eq(run(&bus, SPD_ADDRESS, true, BYTE), DONE);
    ck_assert_uint_eq(smbus_read(&bus, DAT0), 'M');
    fake_round_trip(fake, spd_device(spd));
    ck_assert_uint_eq(run(&bus, SPD_ADDRESS, true, BYTE), DONE);
    ck_assert_uint_eq(smbus_read(&bus, DAT0), 'B');
    /* Writes only move the pointer. */
    smbus_write(&bus, CMD, 2);
    smbus_write(&bus, DAT0, 0x99);
    ck_assert_uint_eq(run(&bus, SPD_ADDRESS, false, BYTE_DATA), DONE);
    ck_assert_uint_eq(spd_byte(&bus, 0, 2), 4);
    spd_device(spd)->ops->destroy(spd_device(spd));
    fake_destroy(fake);
}
END_TEST

FAKE_MAIN("smbus", transactions, blocks, interrupt_and_kill,
          modules_make_the_memory, eeprom)
