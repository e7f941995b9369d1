/* atapi_disc.c - what a CD-ROM drive tells of the disc in it.
 *
 * Manuals: MMC-3 for READ TOC/PMA/ATIP, READ SUB-CHANNEL, READ HEADER, READ
 * DISC INFORMATION, READ TRACK INFORMATION and READ DVD STRUCTURE. Modelled:
 * one session with one data track in mode 1; of DVDs the physical, copyright
 * and manufacturing structures. Not modelled: PMA, ATIP and CD-TEXT, which
 * only recordable or audio discs have. */
#include "devices/atapi_internal.h"

enum { LEAD_OUT = 0xAA };

/* READ TOC */

static void put_msf(uint8_t *data, uint32_t frame)
{
    data[0] = 0;
    data[1] = (uint8_t)(frame / (75 * 60));
    data[2] = (uint8_t)(frame / 75 % 60);
    data[3] = (uint8_t)(frame % 75);
}

static void put_address(uint8_t *data, uint32_t lba, bool msf)
{
    if (msf)
        put_msf(data, lba + MSF_OFFSET);
    else
        store_be32(data, lba);
}

/* Data track, copy permitted: ADR 1, control 4. */
static uint8_t *put_track(uint8_t *data, uint8_t track, uint32_t lba, bool msf)
{
    memset(data, 0, 8);
    data[1] = 0x14;
    data[2] = track;
    put_address(data + 4, lba, msf);
    return data + 8;
}

/* A row of the full TOC: session 1, POINT, PMIN PSEC PFRAME. */
static uint8_t *put_point(uint8_t *data, uint8_t point, uint8_t min,
                          uint8_t sec, uint8_t frame)
{
    memset(data, 0, 11);
    data[0] = 1;
    data[1] = 0x14;
    data[3] = point;
    data[8] = min;
    data[9] = sec;
    data[10] = frame;
    return data + 11;
}

/* First track, last track, lead-out and the track itself. */
static uint8_t *toc_full(const struct ata_drive *drive, uint8_t *at)
{
    uint8_t out[4], first[4];

    put_address(out, atapi_sectors(drive), true);
    put_address(first, 0, true);
    at = put_point(at, 0xA0, 1, 0, 0);
    at = put_point(at, 0xA1, 1, 0, 0);
    at = put_point(at, 0xA2, out[1], out[2], out[3]);
    return put_point(at, 1, first[1], first[2], first[3]);
}

void atapi_read_toc(struct ata_drive *drive, const uint8_t *packet)
{
    bool msf = packet[1] & 2;
    unsigned format = packet[2] & 0xF, from = packet[6];
    uint8_t *data = drive->buffer, *at = data + 4;

    /* SFF-8020i had the format in the control byte. */
    if (format == 0)
        format = packet[9] >> 6;
    if (format > 2 || (format == 0 && from > 1 && from != LEAD_OUT)) {
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
        return;
    }
    data[2] = data[3] = 1; /* first and last track, or session */
    if (format == 0) {
        if (from <= 1)
            at = put_track(at, 1, 0, msf);
        at = put_track(at, LEAD_OUT, atapi_sectors(drive), msf);
    } else if (format == 1) {
        at = put_track(at, 1, 0, msf);
    } else {
        at = toc_full(drive, at);
    }
    store_be16(data, (unsigned)(at - data - 2));
    atapi_reply(drive, (uint32_t)(at - data), load_be16(packet + 7));
}

/* Header of 4 bytes; then, with SubQ, the position of the head, or that the
 * disc has neither catalogue number nor ISRC. */
void atapi_read_subchannel(struct ata_drive *drive, const uint8_t *packet)
{
    bool msf = packet[1] & 2;
    unsigned format = packet[3], size = 4;
    uint8_t *data = drive->buffer;

    memset(data, 0, 24);
    data[1] = 0x15; /* no audio to tell about */
    if (packet[2] & 0x40) {
        if (format < 1 || format > 3) {
            atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
            return;
        }
        data[4] = (uint8_t)format;
        size = format == 1 ? 16 : 24;
        if (format == 1) {
            data[5] = 0x14;
            data[6] = data[7] = 1; /* track, index */
            put_address(data + 8, drive->atapi.lba, msf);
            if (msf) /* within the track there is no lead-in to add */
                put_msf(data + 12, drive->atapi.lba);
            else
                store_be32(data + 12, drive->atapi.lba);
        } else if (format == 3) {
            data[5] = 0x14;
            data[6] = 1;
        }
        store_be16(data + 2, size - 4);
    }
    atapi_reply(drive, size, load_be16(packet + 7));
}

/* What the header of a sector says: mode 1 and its own address. */
void atapi_read_header(struct ata_drive *drive, const uint8_t *packet)
{
    uint32_t lba = load_be32(packet + 2);

    if (lba >= atapi_sectors(drive)) {
        atapi_check(drive, ILLEGAL_REQUEST, LBA_OUT_OF_RANGE);
        return;
    }
    memset(drive->buffer, 0, 8);
    drive->buffer[0] = 1;
    put_address(drive->buffer + 4, lba, packet[1] & 2);
    atapi_reply(drive, 8, load_be16(packet + 7));
}

void atapi_read_disc_info(struct ata_drive *drive, const uint8_t *packet)
{
    uint8_t *data = drive->buffer;

    memset(data, 0, 34);
    store_be16(data, 32);
    data[2] = 0x0E; /* complete, last session complete */
    data[3] = data[4] = data[5] = data[6] = 1;
    data[7] = 0x20; /* unrestricted use */
    atapi_reply(drive, 34, load_be16(packet + 7));
}

/* By address, by track, by session: there is one of each. */
void atapi_read_track_info(struct ata_drive *drive, const uint8_t *packet)
{
    uint32_t number = load_be32(packet + 2), total = atapi_sectors(drive);
    unsigned type = packet[1] & 3;
    uint8_t *data = drive->buffer;

    if (type == 3 || (type ? number != 1 : number >= total)) {
        atapi_check(drive, ILLEGAL_REQUEST,
                    type ? INVALID_FIELD : LBA_OUT_OF_RANGE);
        return;
    }
    memset(data, 0, 36);
    store_be16(data, 34);
    data[2] = data[3] = 1; /* track, session */
    data[5] = 0x04;        /* data, recorded at once */
    data[6] = 0x01;        /* mode 1 */
    store_be32(data + 24, total);
    atapi_reply(drive, 36, load_be16(packet + 7));
}

/* ------------------------------------------------------------------- DVD */

enum {
    DVD_PHYSICAL = 0x00,
    DVD_COPYRIGHT = 0x01,
    DVD_MANUFACTURING = 0x04,
    DVD_LIST = 0xFF,
    DVD_FIRST_SECTOR = 0x30000,
    DVD_LAYER_SECTORS = 2298496
};

/* A pressed disc of 120 mm; a second layer when one cannot hold it. */
static unsigned put_physical(const struct ata_drive *drive, uint8_t *data)
{
    uint32_t last = DVD_FIRST_SECTOR + atapi_sectors(drive) - 1;
    bool two = atapi_sectors(drive) > DVD_LAYER_SECTORS;

    data[0] = 0x01; /* DVD-ROM, part version 1 */
    data[1] = 0x02; /* 120 mm, 10.08 Mbit/s */
    data[2] = two ? 0x21 : 0x01;
    store_be32(data + 4, DVD_FIRST_SECTOR);
    store_be32(data + 8, last);
    store_be32(data + 12, two ? DVD_FIRST_SECTOR + DVD_LAYER_SECTORS - 1 : 0);
    return 2048;
}

/* Format, readable, length with its header. */
static unsigned put_structures(uint8_t *data)
{
    static const struct {
        uint8_t format;
        uint16_t size;
    } list[] = {
        {DVD_PHYSICAL, 2052}, {DVD_COPYRIGHT, 8}, {DVD_MANUFACTURING, 2052}};

    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        data[4 * i] = list[i].format;
        data[4 * i + 1] = 0x40;
        store_be16(data + 4 * i + 2, list[i].size);
    }
    return sizeof list;
}

void atapi_read_dvd_structure(struct ata_drive *drive, const uint8_t *packet)
{
    uint8_t *data = drive->buffer;
    unsigned size;

    if (packet[7] != DVD_LIST && !atapi_is_dvd(drive)) {
        atapi_check(drive, ILLEGAL_REQUEST, INCOMPATIBLE_FORMAT);
        return;
    }
    memset(data, 0, 4 + 2048);
    switch (packet[7]) {
    case DVD_PHYSICAL:
        size = put_physical(drive, data + 4);
        break;
    case DVD_COPYRIGHT: /* neither protection nor regions */
        size = 4;
        break;
    case DVD_MANUFACTURING:
        size = 2048;
        break;
    case DVD_LIST:
        size = put_structures(data + 4);
        break;
    default:
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
        return;
    }
    store_be16(data, size + 2);
    atapi_reply(drive, size + 4, load_be16(packet + 8));
}
