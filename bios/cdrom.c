/* CD-ROM drives: INT 13h by EDD for drive numbers E0h... Sources: EDD 3.0;
 * INF-8090/MMC for the packets; RBIL INT 13h. eltorito.c boots from them. */

#include "cdrom.h"

#define PKT_TEST_UNIT_READY  0x00
#define PKT_REQUEST_SENSE    0x03
#define PKT_START_STOP       0x1B
#define PKT_PREVENT          0x1E
#define PKT_READ_10          0x28

#define SENSE_NOT_READY      2
#define SENSE_UNIT_ATTENTION 6
#define ASC_BECOMING_READY   0x04
#define DELAY_US             50000

#define LOADING_EJECT        0x02

#define STATUS_CHANGED       0x06
#define STATUS_NO_MEDIUM     0x31
#define STATUS_NOT_LOCKED    0xB0
#define STATUS_LOCKED        0xB1
#define STATUS_LOCK_COUNT    0xB4

uint8_t cdrom_count;
uint8_t cdrom_map[DRIVE_MAX];

static uint8_t sense_asc;        /* additional code of the last sense */
static uint8_t locks[DRIVE_MAX]; /* how often each drive is locked */

void cdrom_start(void)
{
    int i;

    cdrom_count = 0;
    memset(locks, 0, sizeof(locks));
    emulation_end();
    for (i = 0; i < DRIVE_MAX; i++)
        if (drives[i].kind == DRIVE_CDROM)
            cdrom_map[cdrom_count++] = (uint8_t)i;
}

struct drive *cdrom_by_number(uint8_t number)
{
    if (number < CDROM_FIRST || number - CDROM_FIRST >= cdrom_count)
        return NULL;
    return &drives[cdrom_map[number - CDROM_FIRST]];
}

/* --- packets
 * ------------------------------------------------------------------ */

uint8_t cd_read_packet(const struct drive *d, uint32_t lba, uint32_t blocks,
                       struct packet_data *data)
{
    uint8_t packet[12] = {
        PKT_READ_10,
        0,
        (uint8_t)(lba >> 24),
        (uint8_t)(lba >> 16),
        (uint8_t)(lba >> 8),
        (uint8_t)lba,
        0,
        (uint8_t)(blocks >> 8),
        (uint8_t)blocks,
    };

    return atapi_packet(d, packet, data);
}

/* Sense key of the last error, 15 if the drive does not even tell. */
static uint8_t sense_key(const struct drive *d)
{
    uint8_t packet[12] = {PKT_REQUEST_SENSE, 0, 0, 0, 18};
    uint8_t sense[18];
    struct packet_data data = {
        .segment = SEG_BIOS,
        .offset = (uint16_t)(uint32_t)sense,
        .bytes = sizeof(sense),
    };

    memset(sense, 0, sizeof(sense));
    if (atapi_packet(d, packet, &data) != 0)
        return 15;
    sense_asc = sense[12];
    return sense[2] & 15;
}

/* A packet without data; 0, or the sense key. */
static uint8_t simple_packet(const struct drive *d, uint8_t command,
                             uint8_t byte4)
{
    uint8_t packet[12] = {command, 0, 0, 0, byte4};
    struct packet_data data = {.bytes = 0};

    return atapi_packet(d, packet, &data) == 0 ? 0 : sense_key(d);
}

/* True when a medium can be read. A unit attention is spent on the way; a
 * drive that spins up says not ready (2) for a while. */
bool cd_ready(const struct drive *d)
{
    uint8_t key;
    int tries;

    for (tries = 0; tries < 100; tries++) {
        key = simple_packet(d, PKT_TEST_UNIT_READY, 0);
        if (key == 0)
            return true;
        if (key == SENSE_NOT_READY && sense_asc == ASC_BECOMING_READY)
            delay_us(DELAY_US);
        else if (key != SENSE_UNIT_ATTENTION)
            return false;
    }
    return false;
}

uint8_t cd_read_blocks(const struct drive *d, uint32_t lba, uint32_t blocks,
                       struct transfer *t)
{
    while (blocks > 0) {
        uint32_t step = blocks > 16 ? 16 : blocks;
        struct packet_data data = {
            .segment = t->segment,
            .offset = t->offset,
            .bytes = step * CD_BLOCK,
        };
        uint8_t status = cd_read_packet(d, lba, step, &data);
        uint32_t linear;

        if (status != 0)
            return status;
        linear = (uint32_t)t->segment * 16 + t->offset + step * CD_BLOCK;
        t->segment = (uint16_t)(linear >> 4);
        t->offset = (uint16_t)(linear & 15);
        t->done += step;
        lba += step;
        blocks -= step;
    }
    return 0;
}

/* --- INT 13h for the drive itself
 * ----------------------------------------------- */

static uint8_t edd_read(struct regs *r, const struct drive *d)
{
    struct edd_packet p;
    struct transfer t = {.done = 0};
    uint8_t status;

    far_fetch(&p, r->ds, r->si, sizeof(p));
    if (p.size < 16 || (p.lba >> 32) != 0)
        return DISK_BAD_COMMAND;
    t.segment = p.segment;
    t.offset = p.offset;
    status = cd_read_blocks(d, (uint32_t)p.lba, p.count, &t);
    far_write16(r->ds, r->si + 2, (uint16_t)t.done);
    if (status != 0 && !cd_ready(d))
        status = 0xAA;
    return status;
}

/* AH=45h: AL 0 lock, 1 unlock, 2 tell. Locks are counted. */
static uint8_t lock_service(struct regs *r, const struct drive *d)
{
    uint8_t *count = &locks[d->channel * 2 + d->slave];

    switch (r->al) {
    case 0:
        if (*count == 0xFF)
            return STATUS_LOCK_COUNT;
        if (simple_packet(d, PKT_PREVENT, 1) != 0 && !cd_ready(d))
            return STATUS_NO_MEDIUM;
        (*count)++;
        break;
    case 1:
        if (*count == 0)
            return STATUS_NOT_LOCKED;
        if (--*count == 0)
            simple_packet(d, PKT_PREVENT, 0);
        break;
    case 2:
        break;
    default:
        return DISK_BAD_COMMAND;
    }
    r->al = *count != 0;
    return DISK_OK;
}

/* AH=46h: INT 15h AH=52h may forbid it. */
static uint8_t eject_service(struct regs *r, const struct drive *d)
{
    struct regs ask;

    if (locks[d->channel * 2 + d->slave] != 0)
        return STATUS_LOCKED;
    memset(&ask, 0, sizeof(ask));
    ask.ah = 0x52;
    ask.dl = r->dl;
    int_call(0x15, &ask);
    if (ask.flags & FLAG_CF)
        return ask.ah;
    simple_packet(d, PKT_PREVENT, 0);
    return simple_packet(d, PKT_START_STOP, LOADING_EJECT) == 0
               ? DISK_OK
               : STATUS_NO_MEDIUM;
}

/* AH=49h: a drive tells of a new medium once. */
static uint8_t change_service(const struct drive *d)
{
    uint8_t key = simple_packet(d, PKT_TEST_UNIT_READY, 0);

    if (key == SENSE_UNIT_ATTENTION)
        return STATUS_CHANGED;
    return key == 0 ? DISK_OK : STATUS_NO_MEDIUM;
}

static void present_service(struct regs *r)
{
    bool asked = r->bx == 0x55AA;

    r->ah = asked ? 0x30 : DISK_BAD_COMMAND;
    carry_set(r, !asked);
    if (asked) {
        r->bx = 0xAA55;
        r->cx = 0x0007; /* packets, lock and eject, EDD */
    }
}

void cdrom_service(struct regs *r, struct drive *d)
{
    uint8_t status = DISK_OK;

    switch (r->ah) {
    case 0x00:
    case 0x09:
    case 0x0C:
    case 0x0D:
    case 0x10:
    case 0x11:
    case 0x14:
    case 0x44:
    case 0x47:
        break;
    case 0x01:
        r->ah = BDA->hd_status;
        carry_set(r, r->ah != 0);
        return;
    case 0x03:
    case 0x05:
    case 0x43:
        status = 0x03; /* write protected */
        break;
    case 0x15:
        r->ah = 2;
        carry_set(r, false);
        return;
    case 0x41:
        present_service(r);
        return;
    case 0x42:
        status = edd_read(r, d);
        break;
    case 0x45:
        status = lock_service(r, d);
        break;
    case 0x46:
        status = eject_service(r, d);
        break;
    case 0x48:
        status = edd_parameters(r, d);
        break;
    case 0x49:
        status = change_service(d);
        break;
    case 0x4E:
        status = edd_configure(r);
        break;
    default:
        status = DISK_BAD_COMMAND;
    }
    BDA->hd_status = status;
    r->ah = status;
    carry_set(r, status != DISK_OK);
}
