/* CD-ROM drives: INT 13h by EDD for drive numbers E0h.., El Torito boot with
 * and without emulation, INT 13h AH=4Bh. Sources: "El Torito" Bootable
 * CD-ROM Format Specification 1.0; INF-8090/MMC for the packets; RBIL. */

#include "disk.h"

#define CD_BLOCK            2048

#define PKT_TEST_UNIT_READY 0x00
#define PKT_REQUEST_SENSE   0x03
#define PKT_READ_10         0x28

#define MEDIA_NONE          0
#define MEDIA_1200          1
#define MEDIA_1440          2
#define MEDIA_2880          3
#define MEDIA_DISK          4

struct emulation emulation;

static uint8_t cdrom_count;
static uint8_t cdrom_map[DRIVE_MAX];
static uint8_t block[CD_BLOCK];

void cdrom_start(void)
{
    int i;

    cdrom_count = 0;
    memset(&emulation, 0, sizeof(emulation));
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

static uint8_t read_packet(const struct drive *d, uint32_t lba, uint32_t blocks,
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
    return sense[2] & 15;
}

/* True when a medium can be read. A unit attention is spent on the way; a
 * drive that spins up says not ready (2) for a while. */
static bool medium_ready(const struct drive *d)
{
    uint8_t packet[12] = {PKT_TEST_UNIT_READY};
    int tries;

    for (tries = 0; tries < 5; tries++) {
        struct packet_data data = {.bytes = 0};

        if (atapi_packet(d, packet, &data) == 0)
            return true;
        if (sense_key(d) != 6)
            return false;
    }
    return false;
}

static uint8_t read_blocks(const struct drive *d, uint32_t lba, uint32_t blocks,
                           struct transfer *t)
{
    while (blocks > 0) {
        uint32_t step = blocks > 16 ? 16 : blocks;
        struct packet_data data = {
            .segment = t->segment,
            .offset = t->offset,
            .bytes = step * CD_BLOCK,
        };
        uint8_t status = read_packet(d, lba, step, &data);
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

static bool read_to_block(const struct drive *d, uint32_t lba)
{
    struct transfer t = {.segment = SEG_BIOS,
                         .offset = (uint16_t)(uint32_t)block};

    return read_blocks(d, lba, 1, &t) == 0;
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
    status = read_blocks(d, (uint32_t)p.lba, p.count, &t);
    far_write16(r->ds, r->si + 2, (uint16_t)t.done);
    if (status != 0 && !medium_ready(d))
        status = 0xAA;
    return status;
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
        if (r->bx != 0x55AA) {
            status = DISK_BAD_COMMAND;
            break;
        }
        r->bx = 0xAA55;
        r->cx = 0x0005;
        r->ah = 0x30;
        carry_set(r, false);
        return;
    case 0x42:
        status = edd_read(r, d);
        break;
    case 0x48:
        status = edd_parameters(r, d);
        break;
    case 0x49:
        status = medium_ready(d) ? 0x06 : 0x31;
        break;
    default:
        status = DISK_BAD_COMMAND;
    }
    BDA->hd_status = status;
    r->ah = status;
    carry_set(r, status != DISK_OK);
}

/* --- the emulated disk
 * ------------------------------------------------------------ */

/* 512-byte sectors of the image; four to a block. */
static uint8_t emulated_read(uint32_t lba, struct transfer *t)
{
    const struct drive *d = &drives[emulation.drive_index];

    while (t->count > 0) {
        uint32_t skip = lba & 3;
        uint32_t step = t->count < 32 ? t->count : 32;
        struct packet_data data = {
            .segment = t->segment,
            .offset = t->offset,
            .bytes = step * 512,
            .skip = skip * 512,
        };
        uint8_t status = read_packet(d, emulation.lba + (lba >> 2),
                                     (skip + step + 3) / 4, &data);
        uint32_t linear;

        if (status != 0)
            return status;
        linear = (uint32_t)t->segment * 16 + t->offset + step * 512;
        t->segment = (uint16_t)(linear >> 4);
        t->offset = (uint16_t)(linear & 15);
        t->done += step;
        t->count -= step;
        lba += step;
    }
    return DISK_OK;
}

static uint8_t emulated_transfer(struct regs *r)
{
    struct transfer t = {.count = r->al, .segment = r->es, .offset = r->bx};
    uint8_t status = DISK_OK;
    uint32_t lba;

    if (r->al == 0)
        return DISK_BAD_COMMAND;
    if (!chs_decode(r, emulation.heads, emulation.spt, &lba) ||
        lba >= (uint32_t)emulation.cylinders * emulation.heads * emulation.spt)
        return DISK_NOT_FOUND;
    if (r->ah == 0x02) {
        status = emulated_read(lba, &t);
        r->al = (uint8_t)t.done;
    }
    return status;
}

static uint8_t emulated_edd(struct regs *r)
{
    struct edd_packet p;
    struct transfer t = {.done = 0};
    uint8_t status;

    far_fetch(&p, r->ds, r->si, sizeof(p));
    if (p.size < 16 || (p.lba >> 32) != 0)
        return DISK_BAD_COMMAND;
    t.segment = p.segment;
    t.offset = p.offset;
    t.count = p.count;
    status = emulated_read((uint32_t)p.lba, &t);
    far_write16(r->ds, r->si + 2, (uint16_t)t.done);
    return status;
}

static void emulated_parameters(struct regs *r)
{
    uint16_t last = emulation.cylinders - 1;

    r->ch = (uint8_t)last;
    r->cl = (uint8_t)((last >> 2 & 0xC0) | emulation.spt);
    r->dh = emulation.heads - 1;
    r->al = 0;
    if (emulation.drive_number >= 0x80) {
        r->dl = BDA->hd_count;
        return;
    }
    r->bl = emulation.media * 2; /* 1.2, 1.44, 2.88: 2, 4, 6 */
    r->bh = 0;
    r->dl = (uint8_t)(floppy_count() + 1);
    r->es = SEG_FIXED;
    r->di = 0xEFC7;
}

void emulation_service(struct regs *r)
{
    bool hard = emulation.drive_number >= 0x80;
    uint8_t status = DISK_OK;

    switch (r->ah) {
    case 0x02:
    case 0x04:
        status = emulated_transfer(r);
        break;
    case 0x03:
    case 0x05:
    case 0x43:
        status = 0x03;
        break;
    case 0x08:
        emulated_parameters(r);
        break;
    case 0x15:
        r->ah = hard ? 3 : 1;
        if (hard) {
            uint32_t all =
                (uint32_t)emulation.cylinders * emulation.heads * emulation.spt;

            r->cx = (uint16_t)(all >> 16);
            r->dx = (uint16_t)all;
        }
        carry_set(r, false);
        return;
    case 0x41:
        if (!hard || r->bx != 0x55AA) {
            status = DISK_BAD_COMMAND;
            break;
        }
        r->bx = 0xAA55;
        r->cx = 0x0001;
        r->ah = 0x20;
        carry_set(r, false);
        return;
    case 0x42:
        status = hard ? emulated_edd(r) : DISK_BAD_COMMAND;
        break;
    case 0x00:
    case 0x01:
    case 0x09:
    case 0x0C:
    case 0x0D:
    case 0x10:
    case 0x11:
    case 0x14:
    case 0x16:
    case 0x44:
    case 0x47:
        break;
    default:
        status = DISK_BAD_COMMAND;
    }
    r->ah = status;
    carry_set(r, status != DISK_OK);
}

/* --- AH=4Bh
 * ------------------------------------------------------------------------ */

/* El Torito figure 8, the specification packet. */
struct specification {
    uint8_t size, media, drive, controller;
    uint32_t lba;
    uint16_t device;
    uint16_t buffer_segment, load_segment, sector_count;
    uint8_t cylinders_low, spt_cylinders, heads;
} PACKED;

void cdrom_4b(struct regs *r)
{
    uint8_t index = emulation.drive_index;
    struct specification s = {
        .size = sizeof(s),
        .media = emulation.media,
        .drive = emulation.drive_number,
        .controller = index >> 1,
        .lba = emulation.lba,
        .device = index & 1,
        .load_segment = emulation.load_segment,
        .sector_count = emulation.sector_count,
    };

    if (!emulation.active || r->al > 1 ||
        (r->dl != emulation.drive_number && r->dl != 0x7F)) {
        r->ah = DISK_BAD_COMMAND;
        carry_set(r, true);
        return;
    }
    if (emulation.media != MEDIA_NONE) {
        uint16_t last = emulation.cylinders - 1;

        s.cylinders_low = (uint8_t)last;
        s.spt_cylinders = (uint8_t)((last >> 2 & 0xC0) | emulation.spt);
        s.heads = emulation.heads - 1;
    }
    far_store(r->ds, r->si, &s, sizeof(s));
    if (r->al == 0 && emulation.media != MEDIA_NONE) {
        if (emulation.drive_number == 0x80)
            BDA->hd_count--;
        emulation.active = 0;
    }
    r->ax = 0;
    carry_set(r, false);
}

/* --- boot
 * ---------------------------------------------------------------------------
 */

static uint32_t block_long(int at)
{
    return (uint32_t)block[at] | (uint32_t)block[at + 1] << 8 |
           (uint32_t)block[at + 2] << 16 | (uint32_t)block[at + 3] << 24;
}

/* Floppies have the geometry of their type; a hard disk that of its one
 * partition's last sector: El Torito 2.2. */
static const char *emulate(uint8_t media)
{
    static const uint8_t floppy_spt[] = {0, 15, 18, 36};

    emulation.heads = 2;
    emulation.cylinders = 80;
    emulation.drive_number = 0x00;
    if (media < MEDIA_DISK) {
        emulation.spt = floppy_spt[media];
        BDA->equipment |= 0x0001;
        if (floppy_count() > 0)
            BDA->equipment |= 0x0040;
        return NULL;
    }
    if (media > MEDIA_DISK)
        return "unknown El Torito medium";
    if (!read_to_block(&drives[emulation.drive_index], emulation.lba))
        return "cannot read the disk image";
    emulation.drive_number = 0x80;
    emulation.heads = block[446 + 5] + 1;
    emulation.spt = block[446 + 6] & 0x3F;
    emulation.cylinders =
        (uint16_t)(((block[446 + 6] & 0xC0) << 2 | block[446 + 7]) + 1);
    if (emulation.spt == 0)
        return "no partition in the disk image";
    BDA->hd_count++;
    return NULL;
}

static const char *catalog_read(const struct drive *d)
{
    uint8_t media;

    if (!medium_ready(d))
        return "no disc";
    if (!read_to_block(d, 17) || memcmp(block, "\0CD001\1", 7) != 0 ||
        memcmp(block + 7, "EL TORITO SPECIFICATION", 23) != 0)
        return "disc is not bootable";
    if (!read_to_block(d, block_long(0x47)) || block[0] != 1 ||
        block[0x1E] != 0x55 || block[0x1F] != 0xAA || block[0x20] != 0x88)
        return "no boot entry in the disc's catalog";
    media = block[0x21] & 0x0F;
    emulation.load_segment = (uint16_t)block_long(0x22);
    if (emulation.load_segment == 0)
        emulation.load_segment = 0x07C0;
    emulation.sector_count = (uint16_t)block_long(0x26);
    emulation.lba = block_long(0x28);
    emulation.media = media;
    return media == MEDIA_NONE ? NULL : emulate(media);
}

const char *cdrom_load(uint16_t *segment, uint8_t *number)
{
    struct transfer t = {.done = 0};
    const char *problem = "no CD-ROM drive";
    const struct drive *d = NULL;
    int i;

    for (i = 0; i < cdrom_count && problem; i++) {
        memset(&emulation, 0, sizeof(emulation));
        d = &drives[cdrom_map[i]];
        emulation.drive_index = cdrom_map[i];
        emulation.drive_number = (uint8_t)(CDROM_FIRST + i);
        problem = catalog_read(d);
    }
    if (problem)
        return problem;
    t.segment = emulation.load_segment;
    t.count = emulation.sector_count;
    if (emulation.media != MEDIA_NONE)
        t.count = 1;
    if (emulated_read(0, &t) != DISK_OK)
        return "cannot read the boot image";
    emulation.active = 1;
    *segment = emulation.load_segment;
    *number = emulation.drive_number;
    return NULL;
}
