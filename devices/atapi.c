/* atapi.c - a CD-ROM drive on an ATA cable.
 *
 * Manuals: ATA/ATAPI-6 (T13/1410D) for the PACKET protocol, SFF-8020i and
 * MMC-3 for the commands, SPC-2 for sense data. Modelled: one data track of
 * 2048-byte sectors, CD or (above 900 MB) DVD profile, PIO and DMA, media
 * change with UNIT ATTENTION and media events, tray and lock.
 * Not modelled: audio tracks, raw subchannels, writing, copy protection, the
 * UNIT ATTENTION that follows power-on. */
#include "devices/atapi_internal.h"

enum {
    PACKET_SIZE = 12,

    PACKET_NS = 10000,
    CHUNK_NS = 2000,
    SECTOR_NS = 2000
};

enum media_event {
    EVENT_NONE,
    EVENT_EJECT_REQUEST,
    EVENT_NEW_MEDIA,
    EVENT_REMOVAL
};

/* Medium */

/* An open tray hides the disk that lies in it. */
bool atapi_present(const struct ata_drive *drive)
{
    return drive->disk && !drive->atapi.tray_open;
}

/* Whole sectors only; a tail of less than 2048 bytes cannot be read. */
uint32_t atapi_sectors(const struct ata_drive *drive)
{
    if (!atapi_present(drive))
        return 0;
    return (uint32_t)min_u64(disk_size(drive->disk) / CD_SECTOR, UINT32_MAX);
}

bool atapi_is_dvd(const struct ata_drive *drive)
{
    return atapi_sectors(drive) > DVD_SECTORS;
}

void atapi_media_changed(struct ata_drive *drive)
{
    drive->atapi.tray_open = false;
    drive->atapi.locked = false;
    drive->atapi.attention = drive->disk != NULL;
    drive->atapi.event = drive->disk ? EVENT_NEW_MEDIA : EVENT_REMOVAL;
}

void atapi_eject_wanted(struct ata_drive *drive)
{
    drive->atapi.event = EVENT_EJECT_REQUEST;
}

/* Ends of a packet command */

/* Completion is an interrupt with C/D and I/O both set. */
void atapi_good(struct ata_drive *drive)
{
    drive->reg[ATA_REASON] = REASON_CD | REASON_IO;
    drive->atapi.streaming = false;
    ata_finish(drive, true);
}

/* CHECK CONDITION: the sense key also goes to the error register, the rest
 * waits for REQUEST SENSE. */
void atapi_check(struct ata_drive *drive, enum sense_key key, unsigned code)
{
    drive->atapi.sense_key = (uint8_t)key;
    drive->atapi.asc = (uint8_t)(code >> 8);
    drive->atapi.ascq = (uint8_t)code;
    drive->atapi.streaming = false;
    drive->reg[ATA_REASON] = REASON_CD | REASON_IO;
    ata_fail(drive, 0, (uint8_t)(key << 4 | ERROR_ABRT));
}

static void packet_not_ready(struct ata_drive *drive)
{
    atapi_check(drive, NOT_READY,
                drive->atapi.tray_open ? MEDIUM_NOT_PRESENT_TRAY_OPEN
                                       : MEDIUM_NOT_PRESENT);
}

/* Data to the host */

/* The byte count registers limit one DRQ block; 0 and odd limits are read
 * as the nearest thing that works. */
static uint32_t packet_limit(const struct ata_drive *drive)
{
    uint32_t limit =
        drive->reg[ATA_BYTES_LOW] | (uint32_t)drive->reg[ATA_BYTES_HIGH] << 8;

    limit &= ~1u;
    return limit ? limit : 0xFFFE;
}

/* `left` of a packet drive holds that limit while a command runs. */
static void packet_send_chunk(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;
    uint32_t size = (uint32_t)min_u64(atapi->filled - drive->pos, drive->left);

    drive->reg[ATA_REASON] = REASON_IO;
    drive->reg[ATA_BYTES_LOW] = (uint8_t)size;
    drive->reg[ATA_BYTES_HIGH] = (uint8_t)(size >> 8);
    ata_pio_in(drive, drive->pos, drive->pos + size);
}

/* DMA takes the whole buffer, PIO as much per interrupt as the host said. */
static void packet_send(struct ata_drive *drive, uint32_t filled)
{
    drive->atapi.filled = filled;
    drive->pos = 0;
    drive->end = filled;
    if (drive->atapi.dma)
        ata_start(drive, JOB_DMA, CHUNK_NS);
    else
        packet_send_chunk(drive);
}

/* A reply in the buffer, cut at what the host allocated for it. */
void atapi_reply(struct ata_drive *drive, uint32_t size, uint32_t allocated)
{
    drive->atapi.streaming = false;
    if (size > allocated)
        size = allocated;
    if (size)
        packet_send(drive, size);
    else
        atapi_good(drive);
}

/* Data from the host: MODE SELECT's list is all that is ever asked for */

static void packet_receive_chunk(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;
    uint32_t size =
        (uint32_t)min_u64(atapi->expect - atapi->filled, drive->left);

    drive->reg[ATA_REASON] = 0;
    drive->reg[ATA_BYTES_LOW] = (uint8_t)size;
    drive->reg[ATA_BYTES_HIGH] = (uint8_t)(size >> 8);
    size += size & 1; /* the last word has a byte that nobody reads */
    ata_pio_out(drive, size, true);
    drive->pos += atapi->filled;
    drive->end += atapi->filled;
}

static void packet_received(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;
    uint32_t size = atapi->expect;

    atapi->filled = (uint32_t)min_u64(drive->end, size);
    if (atapi->filled < size) {
        packet_receive_chunk(drive);
        return;
    }
    atapi->expect = 0;
    atapi_mode_selected(drive, size);
}

void atapi_receive(struct ata_drive *drive, uint32_t size)
{
    struct atapi *atapi = &drive->atapi;

    if (size == 0) {
        atapi_good(drive);
        return;
    }
    atapi->expect = size;
    atapi->filled = 0;
    drive->pos = 0;
    drive->end = size;
    if (atapi->dma)
        ata_start(drive, JOB_DMA, CHUNK_NS);
    else
        packet_receive_chunk(drive);
}

/* Sectors with more than user data are put together one by one. */
static bool cd_fetch(struct ata_drive *drive, uint32_t count, uint32_t size)
{
    uint64_t offset = (uint64_t)drive->atapi.lba * CD_SECTOR;
    uint8_t user[CD_SECTOR];

    if (drive->atapi.parts == PART_USER)
        return disk_read(drive->disk, offset, drive->buffer,
                         count * CD_SECTOR) == 0;
    for (uint32_t i = 0; i < count; i++) {
        if (disk_read(drive->disk, offset + (uint64_t)i * CD_SECTOR, user,
                      CD_SECTOR) < 0)
            return false;
        atapi_put_parts(drive->buffer + i * size, drive->atapi.parts,
                        drive->atapi.lba + i, user);
    }
    return true;
}

/* The next bufferful of a READ; the medium may have gone meanwhile. */
static void cd_read_more(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;
    uint32_t size = atapi_parts_size(atapi->parts);
    uint32_t count = (uint32_t)min_u64(atapi->left, ATA_BUFFER_SIZE / size);
    uint32_t total = atapi_sectors(drive);

    if (!atapi_present(drive)) {
        packet_not_ready(drive);
        return;
    }
    if (atapi->lba >= total || count > total - atapi->lba) {
        atapi_check(drive, ILLEGAL_REQUEST, LBA_OUT_OF_RANGE);
        return;
    }
    if (!cd_fetch(drive, count, size)) {
        atapi_check(drive, MEDIUM_ERROR, READ_ERROR);
        return;
    }
    atapi->lba += count;
    atapi->left -= count;
    packet_send(drive, count * size);
}

/* Comes here after each block and decides what the command needs next. */
static void packet_sent(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;

    if (drive->pos < atapi->filled)
        packet_send_chunk(drive);
    else if (atapi->streaming && atapi->left)
        ata_start(drive, JOB_READ, SECTOR_NS);
    else
        atapi_good(drive);
}

/* Commands */

/* A length of zero is no error (MMC-3, 6.15). */
static void cd_read_start(struct ata_drive *drive, uint32_t lba, uint32_t count,
                          unsigned parts)
{
    struct atapi *atapi = &drive->atapi;
    uint32_t total = atapi_sectors(drive);

    if (lba > total || count > total - lba) {
        atapi_check(drive, ILLEGAL_REQUEST, LBA_OUT_OF_RANGE);
        return;
    }
    if (count == 0) {
        atapi_good(drive);
        return;
    }
    atapi->lba = lba;
    atapi->left = count;
    atapi->parts = (uint8_t)parts;
    atapi->streaming = true;
    cd_read_more(drive);
}

static void packet_test_ready(struct ata_drive *drive, const uint8_t *packet)
{
    (void)packet;
    atapi_good(drive);
}

/* Reporting a condition clears it; a waiting UNIT ATTENTION counts. */
static void packet_request_sense(struct ata_drive *drive, const uint8_t *packet)
{
    struct atapi *atapi = &drive->atapi;
    uint8_t *data = drive->buffer;

    if (atapi->sense_key == NO_SENSE && atapi->attention) {
        atapi->attention = false;
        atapi->sense_key = UNIT_ATTENTION;
        atapi->asc = MEDIUM_CHANGED >> 8;
        atapi->ascq = 0;
    }
    memset(data, 0, 18);
    data[0] = 0x70; /* current, fixed format */
    data[2] = atapi->sense_key;
    data[7] = 10;
    data[12] = atapi->asc;
    data[13] = atapi->ascq;
    atapi->sense_key = NO_SENSE;
    atapi->asc = atapi->ascq = 0;
    atapi_reply(drive, 18, packet[4]);
}

static void packet_inquiry(struct ata_drive *drive, const uint8_t *packet)
{
    uint8_t *data = drive->buffer;

    if ((packet[1] & 1) || packet[2]) { /* no vital product data */
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
        return;
    }
    memset(data, 0, 36);
    data[0] = 0x05; /* CD/DVD */
    data[1] = 0x80; /* removable */
    data[3] = 0x21; /* ATAPI, response format 1 */
    data[4] = 31;
    memcpy(data + 8, "UMBRA   ", 8);
    memcpy(data + 16, "CD-ROM DRIVE    ", 16);
    memcpy(data + 32, "1.0 ", 4);
    atapi_reply(drive, 36, packet[4]);
}

/* LoEj and Start together choose load, eject, spin up or spin down; a
 * virtual disk always spins. */
static void packet_start_stop(struct ata_drive *drive, const uint8_t *packet)
{
    struct atapi *atapi = &drive->atapi;
    bool load_eject = packet[4] & 2, start = packet[4] & 1;

    if (load_eject && !start && atapi->locked) {
        atapi_check(drive, ILLEGAL_REQUEST, REMOVAL_PREVENTED);
        return;
    }
    if (load_eject && start && atapi->tray_open) {
        atapi->tray_open = false;
        atapi->attention = drive->disk != NULL;
        if (drive->disk)
            atapi->event = EVENT_NEW_MEDIA;
    } else if (load_eject && !start && !atapi->tray_open) {
        atapi->tray_open = true;
        if (drive->disk)
            atapi->event = EVENT_REMOVAL;
    }
    atapi_good(drive);
}

static void packet_prevent(struct ata_drive *drive, const uint8_t *packet)
{
    drive->atapi.locked = packet[4] & 1;
    atapi_good(drive);
}

static void packet_read_capacity(struct ata_drive *drive, const uint8_t *packet)
{
    uint32_t total = atapi_sectors(drive);

    (void)packet;
    store_be32(drive->buffer, total ? total - 1 : 0);
    store_be32(drive->buffer + 4, CD_SECTOR);
    atapi_reply(drive, 8, 8);
}

static void packet_read10(struct ata_drive *drive, const uint8_t *packet)
{
    cd_read_start(drive, load_be32(packet + 2), load_be16(packet + 7),
                  PART_USER);
}

static void packet_read12(struct ata_drive *drive, const uint8_t *packet)
{
    cd_read_start(drive, load_be32(packet + 2), load_be32(packet + 6),
                  PART_USER);
}

/* Byte 9 says which parts of a sector to send, byte 10 asks for the raw
 * subchannel, which an image does not have. */
static void cd_read_parts(struct ata_drive *drive, const uint8_t *packet,
                          uint32_t lba, uint32_t count)
{
    unsigned type = packet[1] >> 2 & 7, parts = packet[9] & PARTS;

    if (type != 0 && type != 2) /* any, or mode 1 */
        atapi_check(drive, ILLEGAL_REQUEST, ILLEGAL_MODE_FOR_TRACK);
    else if (packet[10] & 7)
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
    else if (atapi_parts_size(parts) == 0)
        atapi_good(drive);
    else
        cd_read_start(drive, lba, count, parts);
}

static void packet_read_cd(struct ata_drive *drive, const uint8_t *packet)
{
    cd_read_parts(drive, packet, load_be32(packet + 2),
                  load_be32(packet + 5) & 0xFFFFFF);
}

/* From minute, second, frame up to but not with another. */
static void packet_read_cd_msf(struct ata_drive *drive, const uint8_t *packet)
{
    uint32_t from = (packet[3] * 60u + packet[4]) * 75 + packet[5];
    uint32_t to = (packet[6] * 60u + packet[7]) * 75 + packet[8];

    if (to < from || packet[4] > 59 || packet[5] > 74)
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
    else if (from < MSF_OFFSET)
        atapi_check(drive, ILLEGAL_REQUEST, LBA_OUT_OF_RANGE);
    else
        cd_read_parts(drive, packet, from - MSF_OFFSET, to - from);
}

/* There is no audio on a disc of one data track. */
static void packet_play(struct ata_drive *drive, const uint8_t *packet)
{
    (void)packet;
    atapi_check(drive, ILLEGAL_REQUEST, ILLEGAL_MODE_FOR_TRACK);
}

static void packet_pause(struct ata_drive *drive, const uint8_t *packet)
{
    (void)packet;
    atapi_check(drive, ILLEGAL_REQUEST, COMMAND_SEQUENCE_ERROR);
}

static void packet_seek(struct ata_drive *drive, const uint8_t *packet)
{
    if (load_be32(packet + 2) >= atapi_sectors(drive))
        atapi_check(drive, ILLEGAL_REQUEST, LBA_OUT_OF_RANGE);
    else
        atapi_good(drive);
}

/* GET CONFIGURATION */

enum { PROFILE_CD = 0x0008, PROFILE_DVD = 0x0010 };

static unsigned current_profile(const struct ata_drive *drive)
{
    if (!atapi_present(drive))
        return 0;
    return atapi_is_dvd(drive) ? PROFILE_DVD : PROFILE_CD;
}

/* `when`: current always, only with a medium, or with that profile. */
struct feature {
    uint16_t code;
    uint8_t size, when;
    uint8_t data[8];
};

enum { ALWAYS, MEDIUM, WITH_CD, WITH_DVD };

static const struct feature features[] = {
    {0x0000, 8, ALWAYS, {0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0}},
    {0x0001, 4, ALWAYS, {0, 0, 0, 2}},                /* core: ATAPI */
    {0x0002, 4, ALWAYS, {0}},                         /* morphing: no async */
    {0x0003, 4, ALWAYS, {0x29}},                      /* tray, eject, lock */
    {0x0010, 8, MEDIUM, {0, 0, 0x08, 0x00, 0, 1, 0}}, /* 2048 bytes */
    {0x001E, 4, WITH_CD, {0}},
    {0x001F, 4, WITH_DVD, {0}},
    {0x0100, 0, ALWAYS, {0}}, /* power management */
    {0x0105, 0, ALWAYS, {0}}, /* time-out */
};

static bool feature_current(const struct feature *feature, unsigned profile)
{
    switch (feature->when) {
    case ALWAYS:
        return true;
    case MEDIUM:
        return profile != 0;
    case WITH_CD:
        return profile == PROFILE_CD;
    default:
        return profile == PROFILE_DVD;
    }
}

/* Bit 0 current, bit 1 persistent; a profile entry has its own flag. */
static uint8_t *put_feature(uint8_t *at, const struct feature *feature,
                            unsigned profile)
{
    bool current = feature_current(feature, profile);

    store_be16(at, feature->code);
    at[2] = (uint8_t)((feature->when == ALWAYS ? 2 : 0) | (current ? 1 : 0));
    at[3] = feature->size;
    memcpy(at + 4, feature->data, feature->size);
    if (feature->code == 0x0000) {
        at[6] = profile == PROFILE_DVD;
        at[10] = profile == PROFILE_CD;
    }
    return at + 4 + feature->size;
}

static void packet_get_configuration(struct ata_drive *drive,
                                     const uint8_t *packet)
{
    unsigned type = packet[1] & 3, from = load_be16(packet + 2);
    unsigned profile = current_profile(drive);
    uint8_t *data = drive->buffer, *at = data + 8;

    if (type == 3) {
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        const struct feature *feature = &features[i];

        if (type == 2 ? feature->code != from : feature->code < from)
            continue;
        if (type == 1 && !feature_current(feature, profile))
            continue;
        at = put_feature(at, feature, profile);
    }
    memset(data, 0, 8);
    store_be32(data, (uint32_t)(at - data - 4));
    store_be16(data + 6, profile);
    atapi_reply(drive, (uint32_t)(at - data), load_be16(packet + 7));
}

/* An event is told once; the media status is always true. */
static void packet_event_status(struct ata_drive *drive, const uint8_t *packet)
{
    struct atapi *atapi = &drive->atapi;
    uint8_t *data = drive->buffer;

    if (!(packet[1] & 1)) { /* only polled operation */
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
        return;
    }
    memset(data, 0, 8);
    data[3] = 0x10; /* the media class is all there is */
    if (!(packet[4] & 0x10)) {
        store_be16(data, 2);
        data[2] = 0x80; /* no event available */
        atapi_reply(drive, 4, load_be16(packet + 7));
        return;
    }
    store_be16(data, 6);
    data[2] = 0x04;
    data[4] = atapi->event;
    data[5] =
        (uint8_t)((atapi->tray_open ? 1 : 0) | (atapi_present(drive) ? 2 : 0));
    atapi->event = EVENT_NONE;
    atapi_reply(drive, 8, load_be16(packet + 7));
}

static void packet_mechanism_status(struct ata_drive *drive,
                                    const uint8_t *packet)
{
    memset(drive->buffer, 0, 8);
    if (drive->atapi.tray_open)
        drive->buffer[1] = 0x10;
    drive->buffer[5] = 0; /* not a changer */
    atapi_reply(drive, 8, load_be16(packet + 8));
}

enum {
    NEEDS_MEDIUM = 1 << 0,
    HIDES_ATTENTION = 1 << 1, /* runs while UNIT ATTENTION waits */
    KEEPS_SENSE = 1 << 2
};

/* THE list of packet commands. */
static const struct packet_command {
    uint8_t code, flags;
    void (*run)(struct ata_drive *drive, const uint8_t *packet);
} packet_commands[] = {
    {0x00, NEEDS_MEDIUM, packet_test_ready},
    {0x03, HIDES_ATTENTION | KEEPS_SENSE, packet_request_sense},
    {0x12, HIDES_ATTENTION, packet_inquiry},
    {0x15, 0, atapi_mode_select},
    {0x1A, 0, atapi_mode_sense},
    {0x1B, 0, packet_start_stop},
    {0x1E, 0, packet_prevent},
    {0x25, NEEDS_MEDIUM, packet_read_capacity},
    {0x28, NEEDS_MEDIUM, packet_read10},
    {0x2B, NEEDS_MEDIUM, packet_seek},
    {0x2F, NEEDS_MEDIUM, packet_seek}, /* VERIFY(10) */
    {0x42, NEEDS_MEDIUM, atapi_read_subchannel},
    {0x43, NEEDS_MEDIUM, atapi_read_toc},
    {0x44, NEEDS_MEDIUM, atapi_read_header},
    {0x45, NEEDS_MEDIUM, packet_play}, /* PLAY AUDIO(10) */
    {0x46, HIDES_ATTENTION, packet_get_configuration},
    {0x47, NEEDS_MEDIUM, packet_play}, /* PLAY AUDIO MSF */
    {0x4A, HIDES_ATTENTION, packet_event_status},
    {0x4B, NEEDS_MEDIUM, packet_pause},
    {0x4E, NEEDS_MEDIUM, packet_test_ready}, /* STOP PLAY/SCAN */
    {0x51, NEEDS_MEDIUM, atapi_read_disc_info},
    {0x52, NEEDS_MEDIUM, atapi_read_track_info},
    {0x55, 0, atapi_mode_select},
    {0x5A, 0, atapi_mode_sense},
    {0xA5, NEEDS_MEDIUM, packet_play}, /* PLAY AUDIO(12) */
    {0xA8, NEEDS_MEDIUM, packet_read12},
    {0xAD, NEEDS_MEDIUM, atapi_read_dvd_structure},
    {0xB9, NEEDS_MEDIUM, packet_read_cd_msf},
    {0xBB, 0, packet_test_ready}, /* SET CD SPEED */
    {0xBD, 0, packet_mechanism_status},
    {0xBE, NEEDS_MEDIUM, packet_read_cd},
};

/* Order matters (SPC-2, 5.6): the opcode, then UNIT ATTENTION, which ends
 * this one command, then the medium. */
static void run_packet(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;
    const struct packet_command *command = NULL;

    for (size_t i = 0; i < ARRAY_LEN(packet_commands); i++)
        if (packet_commands[i].code == atapi->packet[0])
            command = &packet_commands[i];
    LOG(drive->ata->device.log, IDE, "%s.%u: packet %02x",
        drive->ata->device.id, drive->unit, atapi->packet[0]);
    if (!command) {
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_OPCODE);
        return;
    }
    if (atapi->attention && !(command->flags & HIDES_ATTENTION)) {
        atapi->attention = false;
        atapi_check(drive, UNIT_ATTENTION, MEDIUM_CHANGED);
        return;
    }
    if (!(command->flags & KEEPS_SENSE)) {
        atapi->sense_key = NO_SENSE;
        atapi->asc = atapi->ascq = 0;
    }
    if ((command->flags & NEEDS_MEDIUM) && !atapi_present(drive)) {
        packet_not_ready(drive);
        return;
    }
    command->run(drive, atapi->packet);
}

static void run_dma(struct ata_drive *drive)
{
    bool in = drive->atapi.expect == 0;

    if (!ata_dma_move(drive, in))
        return;
    if (in)
        packet_sent(drive);
    else
        packet_received(drive);
}

static void atapi_run(struct ata_drive *drive, enum ata_job job)
{
    if (job == JOB_PACKET)
        run_packet(drive);
    else if (job == JOB_DMA)
        run_dma(drive);
    else
        cd_read_more(drive);
}

static void atapi_out_done(struct ata_drive *drive)
{
    if (drive->atapi.expect) {
        packet_received(drive);
        return;
    }
    memcpy(drive->atapi.packet, drive->buffer, PACKET_SIZE);
    ata_start(drive, JOB_PACKET, PACKET_NS);
}

static void atapi_in_done(struct ata_drive *drive)
{
    if (drive->command == 0xA0)
        packet_sent(drive);
    else
        ata_finish(drive, false); /* IDENTIFY PACKET DEVICE */
}

/* ATA commands */

/* The registers will hold results soon: keep what the host wrote. */
static void command_packet(struct ata_drive *drive)
{
    drive->atapi.dma = drive->reg[ATA_FEATURES] & 1;
    drive->atapi.expect = 0;
    drive->left = packet_limit(drive);
    if (drive->atapi.dma && !drive->ata->dma) {
        ata_fail(drive, 0, ERROR_ABRT);
        return;
    }
    drive->reg[ATA_REASON] = REASON_CD;
    ata_pio_out(drive, PACKET_SIZE, false);
}

static void command_identify(struct ata_drive *drive)
{
    uint8_t *data = drive->buffer;
    static const struct {
        uint8_t word;
        uint16_t value;
    } fixed[] = {
        {0, 0x85C0},  /* ATAPI CD-ROM, removable, fast DRQ, 12 bytes */
        {53, 0x0006}, /* 64-70 and 88 are valid */
        {64, 0x0003}, {65, 120},    {66, 120},    {67, 120},
        {68, 120},    {80, 0x007E}, {82, 0x4210}, {83, 0x4000},
        {84, 0x4000}, {85, 0x4210}, {86, 0x0000}, {87, 0x4000},
    };

    memset(data, 0, SECTOR_SIZE);
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        store_le16(data + 2 * fixed[i].word, fixed[i].value);
    store_le16(data + 2 * 49, drive->ata->dma ? 0x0B00 : 0x0A00);
    store_le16(data + 2 * 63, (uint16_t)ata_mode_word(drive, 0x20, 0x07));
    store_le16(data + 2 * 88, (uint16_t)ata_mode_word(drive, 0x40, 0x3F));
    store_le16(data + 2 * 93, drive->unit ? 0x6B00 : 0x600B);
    ata_string(data + 2 * 10, drive->number ? "UMCD2" : "UMCD1", 20);
    ata_string(data + 2 * 23, "1.0", 8);
    ata_string(data + 2 * 27, "UMBRA CD-ROM DRIVE", 40);
    ata_pio_in(drive, 0, SECTOR_SIZE);
}

static void atapi_reset(struct ata_drive *drive)
{
    struct atapi *atapi = &drive->atapi;

    atapi->sense_key = NO_SENSE;
    atapi->asc = atapi->ascq = 0;
    atapi->locked = false;
    atapi->streaming = false;
    atapi->dma = false;
    atapi->filled = atapi->expect = 0;
    atapi_mode_reset(drive);
    drive->left = 0;
    drive->power = 0xFF;
}

/* 8.8 DEVICE RESET: no interrupt, the signature, a status of zero. */
static void command_device_reset(struct ata_drive *drive)
{
    atapi_reset(drive);
    ata_signature(drive);
    drive->status = 0;
}

static void atapi_command(struct ata_drive *drive, uint8_t command)
{
    switch (command) {
    case 0x08:
        command_device_reset(drive);
        return;
    case 0xA0:
        command_packet(drive);
        return;
    case 0xA1:
        command_identify(drive);
        return;
    case 0xE0: /* power modes change nothing that shows */
    case 0xE1:
    case 0xE2:
    case 0xE3:
    case 0xE6:
        ata_start(drive, JOB_FINISH, CHUNK_NS);
        return;
    case 0xE5:
        drive->reg[ATA_COUNT] = drive->power;
        ata_start(drive, JOB_FINISH, CHUNK_NS);
        return;
    case 0xEF:
        if (drive->reg[ATA_FEATURES] == 0x03 &&
            ata_set_transfer_mode(drive, drive->reg[ATA_COUNT])) {
            ata_start(drive, JOB_FINISH, CHUNK_NS);
            return;
        }
        break;
    case 0x20: /* a host that takes us for a disk sees the signature */
    case 0xEC:
        ata_signature(drive);
        break;
    default:
        break;
    }
    ata_fail(drive, 0, ERROR_ABRT);
}

const struct ata_drive_ops atapi_ops = {
    .reset = atapi_reset,
    .command = atapi_command,
    .run = atapi_run,
    .in_done = atapi_in_done,
    .out_done = atapi_out_done,
};
