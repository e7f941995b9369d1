/* ata_disk.c - a hard disk on an ATA cable.
 *
 * Manual: ATA/ATAPI-6 (T13/1410D), section 8. Modelled: IDENTIFY DEVICE,
 * READ/WRITE SECTORS, MULTIPLE and DMA with CHS, LBA28 and LBA48 addresses,
 * VERIFY, SEEK, FLUSH CACHE, SET FEATURES, SET MULTIPLE, power modes, INIT
 * DEVICE PARAMETERS, SMART with a status that is always good, READ/WRITE
 * BUFFER; host protected area and security mode in ata_protect.c. With the
 * write cache off every write is flushed to the host's disk before it
 * completes.
 * Not modelled: queuing, configuration overlay, power-up in standby, microcode,
 * SMART self tests and logs, sectors that are not 512 bytes. */
#include "devices/ata_internal.h"

#include <stdio.h>

enum {
    EXT = 1 << 0,   /* 48-bit address, 16-bit count */
    MULTI = 1 << 1, /* blocks of `multiple` sectors */
    DMA = 1 << 2,
    WRITE = 1 << 3,
    FUA = 1 << 4,    /* on the medium before it completes */
    BARRED = 1 << 8, /* aborts while a password locks the disk */

    POWER_STANDBY = 0x00,
    POWER_IDLE = 0x80,
    POWER_ACTIVE = 0xFF,

    SMART_MID = 0x4F,
    SMART_HIGH = 0xC2,

    DMA_SECTORS = ATA_BUFFER_SIZE / SECTOR_SIZE,

    /* Virtual time: command overhead, and the pace of the data. */
    COMMAND_NS = 8000,
    BLOCK_NS = 2000,
    SECTOR_NS = 500
};

/* Addresses */

static uint64_t disk_total(const struct ata_drive *drive)
{
    return ata_protect_sectors(drive);
}

/* The address in the registers as a sector number; false: no such sector
 * in the current CHS translation. */
bool ata_disk_get_address(const struct ata_drive *drive, bool ext,
                          uint64_t *lba)
{
    const uint8_t *r = drive->reg, *h = drive->hob;
    uint32_t low = r[ATA_LBA_LOW] | (uint32_t)r[ATA_LBA_MID] << 8 |
                   (uint32_t)r[ATA_LBA_HIGH] << 16;
    unsigned head = r[ATA_DEVICE] & 0xF;
    unsigned cylinder = low >> 8, sector = low & 0xFF;

    if (ext) {
        *lba = low | (uint64_t)h[ATA_LBA_LOW] << 24 |
               (uint64_t)h[ATA_LBA_MID] << 32 | (uint64_t)h[ATA_LBA_HIGH] << 40;
        return true;
    }
    if (r[ATA_DEVICE] & DEVICE_LBA) {
        *lba = low | (uint64_t)head << 24;
        return true;
    }
    if (sector == 0 || sector > drive->sectors || head >= drive->heads)
        return false;
    *lba = ((uint64_t)cylinder * drive->heads + head) * drive->sectors +
           sector - 1;
    return true;
}

/* The registers show the sector where the command is, or failed. */
void ata_disk_put_address(struct ata_drive *drive, uint64_t lba)
{
    uint8_t *r = drive->reg, *h = drive->hob;
    unsigned track;

    if (drive->flags & EXT) {
        h[ATA_LBA_LOW] = (uint8_t)(lba >> 24);
        h[ATA_LBA_MID] = (uint8_t)(lba >> 32);
        h[ATA_LBA_HIGH] = (uint8_t)(lba >> 40);
    } else if (r[ATA_DEVICE] & DEVICE_LBA) {
        r[ATA_DEVICE] = (uint8_t)((r[ATA_DEVICE] & 0xF0) | (lba >> 24 & 0xF));
    } else if (drive->sectors && drive->heads) {
        track = (unsigned)(lba / drive->sectors);
        r[ATA_DEVICE] =
            (uint8_t)((r[ATA_DEVICE] & 0xF0) | (track % drive->heads & 0xF));
        lba =
            lba % drive->sectors + 1 + ((uint64_t)(track / drive->heads) << 8);
    }
    r[ATA_LBA_LOW] = (uint8_t)lba;
    r[ATA_LBA_MID] = (uint8_t)(lba >> 8);
    r[ATA_LBA_HIGH] = (uint8_t)(lba >> 16);
}

static void disk_put_count(struct ata_drive *drive, uint32_t left)
{
    drive->reg[ATA_COUNT] = (uint8_t)left;
    drive->hob[ATA_COUNT] = (uint8_t)(left >> 8);
}

/* A count of zero stands for the largest one. */
static uint32_t disk_get_count(const struct ata_drive *drive, bool ext)
{
    uint32_t count = drive->reg[ATA_COUNT];

    if (!ext)
        return count ? count : 256;
    count |= (uint32_t)drive->hob[ATA_COUNT] << 8;
    return count ? count : 65536;
}

/* Transfers */

static void disk_abort(struct ata_drive *drive)
{
    ata_fail(drive, 0, ERROR_ABRT);
}

/* Sectors that move with one interrupt. */
static uint32_t disk_block(const struct ata_drive *drive)
{
    uint32_t block = drive->flags & MULTI ? drive->multiple : 1;

    return (uint32_t)min_u64(block, drive->left);
}

/* After success the registers show the last sector that was moved. */
static void disk_advance(struct ata_drive *drive, uint32_t sectors)
{
    drive->lba += sectors;
    drive->left -= sectors;
    ata_disk_put_address(drive, drive->lba - 1);
    disk_put_count(drive, drive->left);
}

/* The host cannot tell a bad sector from a failing image: both are UNC. */
static bool disk_fetch(struct ata_drive *drive, uint32_t sectors)
{
    if (disk_read(drive->disk, drive->lba * SECTOR_SIZE, drive->buffer,
                  sectors * SECTOR_SIZE) < 0) {
        ata_disk_put_address(drive, drive->lba);
        ata_fail(drive, 0, ERROR_UNC);
        return false;
    }
    disk_advance(drive, sectors);
    return true;
}

/* The last sectors of a write complete only after the flush they need. */
static bool disk_store(struct ata_drive *drive, uint32_t sectors)
{
    bool sync = (drive->flags & FUA) || !drive->write_cache;
    int result = disk_write(drive->disk, drive->lba * SECTOR_SIZE,
                            drive->buffer, sectors * SECTOR_SIZE);

    if (result == 0 && sync && drive->left == sectors)
        result = disk_flush(drive->disk);
    if (result < 0) {
        ata_disk_put_address(drive, drive->lba);
        ata_fail(drive, STATUS_DF, ERROR_ABRT);
        return false;
    }
    disk_advance(drive, sectors);
    return true;
}

static void run_read(struct ata_drive *drive)
{
    uint32_t sectors = disk_block(drive);

    if (disk_fetch(drive, sectors))
        ata_pio_in(drive, 0, sectors * SECTOR_SIZE);
}

/* The buffer holds a whole block; DRQ for the next one comes with the
 * interrupt for this one. */
static void run_write(struct ata_drive *drive)
{
    if (!disk_store(drive, drive->end / SECTOR_SIZE))
        return;
    if (drive->left)
        ata_pio_out(drive, disk_block(drive) * SECTOR_SIZE, true);
    else
        ata_finish(drive, true);
}

/* One bufferful, or what is left of it after a wait for the engine. */
static void run_dma(struct ata_drive *drive)
{
    uint32_t sectors = (uint32_t)min_u64(drive->left, DMA_SECTORS);
    bool write = drive->flags & WRITE;

    if (drive->pos == drive->end) {
        if (!write && !disk_fetch(drive, sectors))
            return;
        drive->pos = 0;
        drive->end = sectors * SECTOR_SIZE;
    }
    if (!ata_dma_move(drive, !write))
        return;
    if (write && !disk_store(drive, drive->end / SECTOR_SIZE))
        return;
    drive->pos = drive->end = 0;
    sectors = (uint32_t)min_u64(drive->left, DMA_SECTORS);
    if (sectors)
        ata_start(drive, JOB_DMA, sectors * SECTOR_NS);
    else
        ata_finish(drive, true);
}

static void disk_run(struct ata_drive *drive, enum ata_job job)
{
    if (job == JOB_READ)
        run_read(drive);
    else if (job == JOB_WRITE)
        run_write(drive);
    else if (job == JOB_ERASE)
        ata_protect_erase(drive);
    else
        run_dma(drive);
}

/* IDENTIFY and its like send one block; the registers stay. */
static void disk_in_done(struct ata_drive *drive)
{
    if (drive->left)
        ata_start(drive, JOB_READ, BLOCK_NS);
    else
        ata_finish(drive, false);
}

static void disk_out_done(struct ata_drive *drive)
{
    if (ata_protect_data(drive))
        return;
    if (drive->left)
        ata_start(drive, JOB_WRITE, BLOCK_NS);
    else
        ata_start(drive, JOB_FINISH, BLOCK_NS); /* WRITE BUFFER */
}

/* Checked once and as a whole: no command touches half of a range that
 * reaches over the end. */
static bool disk_range(struct ata_drive *drive, unsigned flags)
{
    uint64_t total = disk_total(drive);

    drive->flags = (uint8_t)flags;
    drive->left = disk_get_count(drive, flags & EXT);
    if (ata_disk_get_address(drive, flags & EXT, &drive->lba) &&
        drive->lba < total && drive->left <= total - drive->lba)
        return true;
    drive->left = 0;
    ata_fail(drive, 0, ERROR_IDNF);
    return false;
}

static void command_transfer(struct ata_drive *drive, unsigned flags)
{
    if (((flags & MULTI) && drive->multiple == 0) ||
        ((flags & DMA) && !drive->ata->dma) ||
        ((flags & WRITE) && disk_read_only(drive->disk))) {
        disk_abort(drive);
        return;
    }
    if (!disk_range(drive, flags))
        return;
    drive->power = POWER_ACTIVE;
    drive->pos = drive->end = 0;
    if (flags & DMA)
        ata_start(drive, JOB_DMA, COMMAND_NS);
    else if (flags & WRITE)
        ata_pio_out(drive, disk_block(drive) * SECTOR_SIZE, false);
    else
        ata_start(drive, JOB_READ, COMMAND_NS);
}

/* Reads the sectors from the host, so that a failing image shows. */
static void command_verify(struct ata_drive *drive, unsigned flags)
{
    if (!disk_range(drive, flags))
        return;
    while (drive->left) {
        uint32_t sectors = (uint32_t)min_u64(drive->left, DMA_SECTORS);
        if (!disk_fetch(drive, sectors))
            return;
    }
    ata_start(drive, JOB_FINISH, COMMAND_NS);
}

static void command_seek(struct ata_drive *drive, unsigned flags)
{
    drive->flags = (uint8_t)flags;
    if (!ata_disk_get_address(drive, false, &drive->lba) ||
        drive->lba >= disk_total(drive))
        ata_fail(drive, 0, ERROR_IDNF);
    else
        ata_start(drive, JOB_FINISH, COMMAND_NS);
}

/* IDENTIFY DEVICE */

static void put_word(uint8_t *data, unsigned word, unsigned value)
{
    store_le16(data + 2 * word, (uint16_t)value);
}

unsigned ata_mode_word(const struct ata_drive *drive, unsigned family,
                       unsigned supported)
{
    unsigned mode = drive->transfer_mode;

    return supported | ((mode & 0xF8) == family ? 0x100u << (mode & 7) : 0);
}

/* Words 1-6 are the default translation, 54-58 the current one. */
static void identify_capacity(const struct ata_drive *drive, uint8_t *data)
{
    uint64_t total = disk_total(drive);
    struct ata_geometry geometry = ata_drive_geometry(drive, total);
    uint32_t current =
        (uint32_t)drive->cylinders * drive->heads * drive->sectors;

    put_word(data, 1, geometry.cylinders);
    put_word(data, 3, geometry.heads);
    put_word(data, 6, geometry.sectors);
    put_word(data, 54, drive->cylinders);
    put_word(data, 55, drive->heads);
    put_word(data, 56, drive->sectors);
    store_le32(data + 2 * 57, current);
    store_le32(data + 2 * 60, (uint32_t)min_u64(total, 0x0FFFFFFF));
    store_le64(data + 2 * 100, total);
}

static void identify_fill(const struct ata_drive *drive, uint8_t *data)
{
    char serial[21];

    memset(data, 0, SECTOR_SIZE);
    snprintf(serial, sizeof serial, "UM%08u", drive->number + 1);
    put_word(data, 0, 0x0040); /* fixed disk */
    identify_capacity(drive, data);
    ata_string(data + 2 * 10, serial, 20);
    ata_string(data + 2 * 23, "1.0", 8);
    ata_string(data + 2 * 27, "UMBRA HARDDISK", 40);
    put_word(data, 47, 0x8000 | ATA_MAX_MULTIPLE);
    put_word(data, 48, 1); /* 32-bit data port */
    put_word(data, 49, drive->ata->dma ? 0x0F00 : 0x0E00);
    put_word(data, 50, 0x4000);
    put_word(data, 51, 0x0200); /* PIO mode 2 without IORDY */
    put_word(data, 52, 0x0200);
    put_word(data, 53, 0x0007); /* 54-58, 64-70 and 88 are valid */
    put_word(data, 59, drive->multiple ? 0x100u | drive->multiple : 0);
    put_word(data, 63, ata_mode_word(drive, 0x20, 0x07));
    put_word(data, 64, 0x0003); /* PIO modes 3 and 4 */
    for (unsigned word = 65; word <= 68; word++)
        put_word(data, word, 120); /* ns per cycle */
    put_word(data, 80, 0x007E);    /* ATA-1 to ATA/ATAPI-6 */
    /* NOP, buffers, HPA, cache, ahead, PM, security, SMART */
    put_word(data, 82, 0x746B);
    put_word(data, 83, 0x7500); /* FLUSH, FLUSH EXT, LBA48, SET MAX security */
    put_word(data, 84, 0x4040); /* FUA */
    put_word(data, 85,
             0x7408u | (drive->protect.enabled ? 2u : 0) |
                 (drive->look_ahead ? 0x40u : 0) |
                 (drive->write_cache ? 0x20u : 0) | (drive->smart ? 1u : 0));
    put_word(data, 86, 0x3400u | (drive->protect.max_state ? 0x100u : 0));
    put_word(data, 87, 0x4040);
    put_word(data, 88, ata_mode_word(drive, 0x40, 0x3F));
    ata_protect_identify(drive, data);
    put_word(data, 93, drive->unit ? 0x6B00 : 0x600B);
}

static void command_identify(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    identify_fill(drive, drive->buffer);
    drive->left = 0;
    ata_pio_in(drive, 0, SECTOR_SIZE);
}

/* Settings */

/* Count is a family in the high five bits and a number in the low three.
 * Timing is not modelled, so any legal mode is as good as another. */
bool ata_set_transfer_mode(struct ata_drive *drive, uint8_t mode)
{
    unsigned family = mode & 0xF8, number = mode & 7;

    if (family == 0x00)
        return number <= 1;
    if ((family == 0x08 && number <= 4) || (family == 0x20 && number <= 2) ||
        (family == 0x40 && number <= 5)) {
        /* A PIO mode does not deselect the DMA mode. */
        if (family != 0x08)
            drive->transfer_mode = mode;
        return true;
    }
    return false;
}

static void command_features(struct ata_drive *drive, unsigned flags)
{
    bool good = true;

    (void)flags;
    switch (drive->reg[ATA_FEATURES]) {
    case 0x02:
        drive->write_cache = true;
        break;
    case 0x82:
        drive->write_cache = false;
        good = disk_flush(drive->disk) == 0;
        break;
    case 0x03:
        good = ata_set_transfer_mode(drive, drive->reg[ATA_COUNT]);
        break;
    case 0x55:
        drive->look_ahead = false;
        break;
    case 0xAA:
        drive->look_ahead = true;
        break;
    case 0x66: /* keep, */
    case 0xCC: /* or lose, settings at a software reset: they are kept */
        break;
    default:
        good = false;
    }
    if (good)
        ata_start(drive, JOB_FINISH, BLOCK_NS);
    else
        disk_abort(drive);
}

/* A refused count leaves the feature off (8.48). */
static void command_set_multiple(struct ata_drive *drive, unsigned flags)
{
    uint8_t count = drive->reg[ATA_COUNT];

    (void)flags;
    if (count > ATA_MAX_MULTIPLE || (count & (count - 1))) {
        drive->multiple = 0;
        disk_abort(drive);
        return;
    }
    drive->multiple = count;
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

/* Heads and sectors of the translation; cylinders follow (8.16). */
static void command_parameters(struct ata_drive *drive, unsigned flags)
{
    uint8_t sectors = drive->reg[ATA_COUNT];
    uint8_t heads = (uint8_t)((drive->reg[ATA_DEVICE] & 0xF) + 1);

    (void)flags;
    if (sectors == 0) {
        disk_abort(drive);
        return;
    }
    drive->sectors = sectors;
    drive->heads = heads;
    drive->cylinders = (uint16_t)min_u64(
        disk_total(drive) / ((uint32_t)heads * sectors), 65535);
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

/* Completes only when the host says that the data is on its disk. */
static void command_flush(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    if (disk_flush(drive->disk) < 0)
        ata_fail(drive, STATUS_DF, ERROR_ABRT);
    else
        ata_start(drive, JOB_FINISH, COMMAND_NS);
}

/* Power */

static void command_power(struct ata_drive *drive, unsigned power)
{
    if (power == POWER_STANDBY && disk_flush(drive->disk) < 0) {
        ata_fail(drive, STATUS_DF, ERROR_ABRT);
        return;
    }
    drive->power = (uint8_t)power;
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

/* FFh active, 80h idle, 00h standby. */
static void command_check_power(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    drive->reg[ATA_COUNT] = drive->power;
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

/* SMART */

/* A page without attributes; the last byte makes the sum zero. */
static void smart_send(struct ata_drive *drive, uint8_t revision)
{
    uint8_t sum = 0;

    memset(drive->buffer, 0, SECTOR_SIZE);
    drive->buffer[0] = revision;
    if (drive->reg[ATA_FEATURES] == 0xD0)
        store_le16(drive->buffer + 368, 0x0003); /* attribute autosave */
    for (unsigned i = 0; i < SECTOR_SIZE - 1; i++)
        sum = (uint8_t)(sum + drive->buffer[i]);
    drive->buffer[SECTOR_SIZE - 1] = (uint8_t)-sum;
    drive->left = 0;
    ata_pio_in(drive, 0, SECTOR_SIZE);
}

static void command_smart(struct ata_drive *drive, unsigned flags)
{
    uint8_t what = drive->reg[ATA_FEATURES];

    (void)flags;
    if (drive->reg[ATA_LBA_MID] != SMART_MID ||
        drive->reg[ATA_LBA_HIGH] != SMART_HIGH ||
        (!drive->smart && what != 0xD8)) {
        disk_abort(drive);
        return;
    }
    switch (what) {
    case 0xD0: /* read data */
    case 0xD1: /* read thresholds */
        smart_send(drive, 0x10);
        return;
    case 0xD8:
    case 0xD9:
        drive->smart = what == 0xD8;
        break;
    case 0xD2: /* attribute autosave */
    case 0xD3: /* save attributes */
    case 0xDA: /* return status: 4F C2 stay for "no threshold exceeded" */
        break;
    default:
        disk_abort(drive);
        return;
    }
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

static void command_buffer(struct ata_drive *drive, unsigned flags)
{
    drive->left = 0;
    if (flags & WRITE)
        ata_pio_out(drive, SECTOR_SIZE, false);
    else
        ata_pio_in(drive, 0, SECTOR_SIZE);
}

static void command_nothing(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    ata_start(drive, JOB_FINISH, BLOCK_NS);
}

/* THE list of commands; a range where the low nibble was once a step rate.
 * The word after the function is its `flags`. */
static const struct disk_command {
    uint8_t first, last;
    void (*run)(struct ata_drive *drive, unsigned flags);
    unsigned flags;
} disk_commands[] = {
    {0x10, 0x1F, command_nothing, 0}, /* RECALIBRATE */
    {0x20, 0x21, command_transfer, BARRED},
    {0x24, 0x24, command_transfer, EXT | BARRED},
    {0x25, 0x25, command_transfer, EXT | DMA | BARRED},
    {0x27, 0x27, ata_protect_native_max, EXT},
    {0x29, 0x29, command_transfer, EXT | MULTI | BARRED},
    {0x30, 0x31, command_transfer, WRITE | BARRED},
    {0x34, 0x34, command_transfer, WRITE | EXT | BARRED},
    {0x35, 0x35, command_transfer, WRITE | EXT | DMA | BARRED},
    {0x37, 0x37, ata_protect_set_max_ext, BARRED},
    {0x39, 0x39, command_transfer, WRITE | EXT | MULTI | BARRED},
    {0x3D, 0x3D, command_transfer, WRITE | EXT | DMA | FUA | BARRED},
    {0x40, 0x41, command_verify, BARRED},
    {0x42, 0x42, command_verify, EXT | BARRED},
    {0x70, 0x7F, command_seek, 0},
    {0x91, 0x91, command_parameters, 0},
    {0x94, 0x94, command_power, POWER_STANDBY},
    {0x95, 0x95, command_power, POWER_IDLE},
    {0x96, 0x96, command_power, POWER_STANDBY},
    {0x97, 0x97, command_power, POWER_IDLE},
    {0x98, 0x98, command_check_power, 0},
    {0x99, 0x99, command_power, POWER_STANDBY}, /* SLEEP */
    {0xB0, 0xB0, command_smart, 0},
    {0xC4, 0xC4, command_transfer, MULTI | BARRED},
    {0xC5, 0xC5, command_transfer, WRITE | MULTI | BARRED},
    {0xC6, 0xC6, command_set_multiple, 0},
    {0xC8, 0xC9, command_transfer, DMA | BARRED},
    {0xCA, 0xCB, command_transfer, WRITE | DMA | BARRED},
    {0xCE, 0xCE, command_transfer, WRITE | EXT | MULTI | FUA | BARRED},
    {0xE0, 0xE0, command_power, POWER_STANDBY},
    {0xE1, 0xE1, command_power, POWER_IDLE},
    {0xE2, 0xE2, command_power, POWER_STANDBY},
    {0xE3, 0xE3, command_power, POWER_IDLE},
    {0xE4, 0xE4, command_buffer, 0},
    {0xE5, 0xE5, command_check_power, 0},
    {0xE6, 0xE6, command_power, POWER_STANDBY}, /* SLEEP */
    {0xE7, 0xE7, command_flush, BARRED},
    {0xE8, 0xE8, command_buffer, WRITE},
    {0xEA, 0xEA, command_flush, BARRED},
    {0xEC, 0xEC, command_identify, 0},
    {0xEF, 0xEF, command_features, 0},
    {0xF1, 0xF6, ata_protect_security, 0},
    {0xF8, 0xF8, ata_protect_native_max, 0},
    {0xF9, 0xF9, ata_protect_set_max, BARRED},
};

/* Unknown commands abort, as those of an older drive do. */
static void disk_command(struct ata_drive *drive, uint8_t command)
{
    for (size_t i = 0; i < ARRAY_LEN(disk_commands); i++) {
        const struct disk_command *c = &disk_commands[i];

        if (command < c->first || command > c->last)
            continue;
        if ((c->flags & BARRED) && drive->protect.locked)
            break;
        c->run(drive, c->flags & ~(unsigned)BARRED);
        return;
    }
    disk_abort(drive);
}

void ata_disk_translate(struct ata_drive *drive)
{
    struct ata_geometry geometry = ata_drive_geometry(drive, disk_total(drive));

    drive->cylinders = geometry.cylinders;
    drive->heads = geometry.heads;
    drive->sectors = geometry.sectors;
}

/* SRST brings the default translation back and keeps the other settings. */
static void disk_reset(struct ata_drive *drive)
{
    ata_disk_translate(drive);
    drive->left = 0;
    drive->power = POWER_ACTIVE;
}

const struct ata_drive_ops ata_disk_ops = {
    .reset = disk_reset,
    .command = disk_command,
    .run = disk_run,
    .in_done = disk_in_done,
    .out_done = disk_out_done,
};
