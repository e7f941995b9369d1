/* ATA disks, by bus-master DMA where ata_dma.c can and else by programmed
 * I/O, and ATAPI packets. The drive's interrupt is off (nIEN) while we poll.
 * Source: ATA/ATAPI-6 (T13 1410D), chapter 9 for the protocols. */

#include "ata.h"
#include "code16.h"

#define ATA_DATA            0
#define ATA_ERROR           1
#define ATA_FEATURES        1
#define ATA_COUNT           2
#define ATA_LBA_LOW         3
#define ATA_LBA_MID         4
#define ATA_LBA_HIGH        5
#define ATA_DEVICE          6
#define ATA_STATUS          7
#define ATA_COMMAND         7

#define STATUS_ERR          0x01
#define STATUS_DRQ          0x08
#define STATUS_DF           0x20
#define STATUS_DRDY         0x40
#define STATUS_BSY          0x80

#define CONTROL_NIEN        0x02
#define CONTROL_SRST        0x04
#define CONTROL_IDLE        0x08

#define CMD_READ            0x20
#define CMD_READ_EXT        0x24
#define CMD_WRITE           0x30
#define CMD_WRITE_EXT       0x34
#define CMD_VERIFY          0x40
#define CMD_VERIFY_EXT      0x42
#define CMD_READ_DMA        0xC8
#define CMD_READ_DMA_EXT    0x25
#define CMD_WRITE_DMA       0xCA
#define CMD_WRITE_DMA_EXT   0x35
#define CMD_PACKET          0xA0
#define CMD_IDENTIFY_PACKET 0xA1
#define CMD_IDENTIFY        0xEC

#define TIMEOUT_MS          4000

struct drive drives[DRIVE_MAX];
static uint16_t identify[256];

static void short_wait(const struct drive *d)
{
    int i;

    for (i = 0; i < 4; i++)
        inb(d->control);
}

/* Waits for BSY to go; the status, or -1 when it does not. */
static int wait_idle(const struct drive *d, uint32_t ms)
{
    uint32_t start = timer_now();
    uint8_t status;

    while ((status = inb(d->command + ATA_STATUS)) & STATUS_BSY) {
        if (timer_expired(start, ms))
            return -1;
        irq_window();
    }
    return status;
}

static uint8_t error_status(const struct drive *d)
{
    uint8_t error = inb(d->command + ATA_ERROR);

    if (error & 0x10)
        return 0x04; /* sector not found */
    if (error & 0x40)
        return 0x10; /* uncorrectable */
    if (error & 0x80)
        return 0x0A; /* bad sector */
    return 0x20;
}

static uint8_t select_drive(const struct drive *d, uint8_t device)
{
    if (wait_idle(d, TIMEOUT_MS) < 0)
        return 0x80;
    outb(d->command + ATA_DEVICE, device | (uint8_t)(d->slave << 4));
    short_wait(d);
    return wait_idle(d, TIMEOUT_MS) < 0 ? 0x80 : 0;
}

/* --- data ports ------------------------------------------------------------
 */

static void data_in(const struct drive *d, uint16_t segment, uint32_t offset,
                    uint32_t bytes)
{
    uint32_t units = d->dword_io ? bytes / 4 : bytes / 2;

    if (d->dword_io)
        __asm__ volatile("pushw %%es\n\tmovw %w3, %%es\n\t"
                         "addr32 rep insl\n\tpopw %%es"
                         : "+D"(offset), "+c"(units)
                         : "d"(d->command), "a"(segment)
                         : "memory");
    else
        __asm__ volatile("pushw %%es\n\tmovw %w3, %%es\n\t"
                         "addr32 rep insw\n\tpopw %%es"
                         : "+D"(offset), "+c"(units)
                         : "d"(d->command), "a"(segment)
                         : "memory");
}

static void data_out(const struct drive *d, uint16_t segment, uint32_t offset,
                     uint32_t bytes)
{
    uint32_t units = bytes / 2;

    __asm__ volatile("pushw %%ds\n\tmovw %w3, %%ds\n\t"
                     "addr32 rep outsw\n\tpopw %%ds"
                     : "+S"(offset), "+c"(units)
                     : "d"(d->command), "a"(segment)
                     : "memory");
}

/* Advances a far pointer; offsets stay below 16 so a sector never wraps. */
static void advance(struct transfer *t, uint32_t bytes)
{
    uint32_t linear = (uint32_t)t->segment * 16 + t->offset + bytes;

    if (linear < 0x100000) {
        t->segment = (uint16_t)(linear >> 4);
        t->offset = (uint16_t)(linear & 15);
    } else {
        t->segment = 0xFFFF;
        t->offset = (uint16_t)(linear - 0xFFFF0);
    }
}

/* --- disks ------------------------------------------------------------------
 */

static void task_file(const struct drive *d, uint64_t lba, uint32_t count,
                      bool ext, uint8_t command)
{
    uint32_t low = (uint32_t)lba, high = (uint32_t)(lba >> 32);

    if (ext) {
        outb(d->command + ATA_COUNT, (uint8_t)(count >> 8));
        outb(d->command + ATA_LBA_LOW, (uint8_t)(low >> 24));
        outb(d->command + ATA_LBA_MID, (uint8_t)high);
        outb(d->command + ATA_LBA_HIGH, (uint8_t)(high >> 8));
    }
    outb(d->command + ATA_FEATURES, 0);
    outb(d->command + ATA_COUNT, (uint8_t)count);
    outb(d->command + ATA_LBA_LOW, (uint8_t)low);
    outb(d->command + ATA_LBA_MID, (uint8_t)(low >> 8));
    outb(d->command + ATA_LBA_HIGH, (uint8_t)(low >> 16));
    outb(d->command + ATA_DEVICE,
         (uint8_t)(0xE0 | d->slave << 4 | (ext ? 0 : (low >> 24) & 15)));
    outb(d->command + ATA_COMMAND, command);
    short_wait(d);
}

/* The data phase of one command: a block of 512 bytes for each DRQ. */
static uint8_t move_sectors(const struct drive *d, enum ata_way way,
                            struct transfer *t, uint32_t count)
{
    int status;

    while (count-- > 0) {
        status = wait_idle(d, TIMEOUT_MS);
        if (status < 0)
            return 0x80;
        if (status & (STATUS_ERR | STATUS_DF))
            return error_status(d);
        if (!(status & STATUS_DRQ))
            return 0x20;
        if (way == ATA_READ)
            data_in(d, t->segment, t->offset, 512);
        else
            data_out(d, t->segment, t->offset, 512);
        advance(t, 512);
        t->done++;
    }
    return 0;
}

static bool beyond_28_bits(const struct drive *d, const struct transfer *t,
                           uint32_t count)
{
    return d->lba48 && t->lba + count > 0x0FFFFFFF;
}

static uint8_t dma_command(const struct drive *d, enum ata_way way,
                           struct transfer *t, uint32_t count)
{
    static const uint8_t commands[2][2] = {
        [ATA_READ] = {CMD_READ_DMA, CMD_READ_DMA_EXT},
        [ATA_WRITE] = {CMD_WRITE_DMA, CMD_WRITE_DMA_EXT},
    };
    bool ext = beyond_28_bits(d, t, count);
    uint8_t error = select_drive(d, 0xE0);

    if (error)
        return error;
    dma_prepare(d, t, count, way == ATA_WRITE);
    task_file(d, t->lba, count, ext, commands[way][ext]);
    error = dma_run(d, way == ATA_WRITE, TIMEOUT_MS);
    if (error)
        return error;
    advance(t, count * 512);
    t->done += count;
    t->lba += count;
    return 0;
}

static uint8_t pio_command(const struct drive *d, enum ata_way way,
                           struct transfer *t, uint32_t count)
{
    static const uint8_t commands[3][2] = {
        [ATA_READ] = {CMD_READ, CMD_READ_EXT},
        [ATA_WRITE] = {CMD_WRITE, CMD_WRITE_EXT},
        [ATA_VERIFY] = {CMD_VERIFY, CMD_VERIFY_EXT},
    };
    bool ext = beyond_28_bits(d, t, count);
    uint8_t error = select_drive(d, 0xE0);
    int status;

    if (error)
        return error;
    task_file(d, t->lba, count, ext, commands[way][ext]);
    if (way != ATA_VERIFY) {
        error = move_sectors(d, way, t, count);
        if (error)
            return error;
    }
    status = wait_idle(d, TIMEOUT_MS);
    if (status < 0)
        return 0x80;
    if (status & (STATUS_ERR | STATUS_DF))
        return error_status(d);
    if (way == ATA_VERIFY)
        t->done += count;
    t->lba += count;
    return 0;
}

/* What DMA cannot read or write is tried word by word: that tells how far it
 * goes, and works where the bus master does not. */
static uint8_t one_command(const struct drive *d, enum ata_way way,
                           struct transfer *t, uint32_t count)
{
    if (way != ATA_VERIFY && dma_usable(d, t, count)) {
        if (dma_command(d, way, t, count) == 0)
            return 0;
        ata_reset_drive(d);
        outb(d->control, CONTROL_IDLE | CONTROL_NIEN);
    }
    return pio_command(d, way, t, count);
}

uint8_t ata_transfer(const struct drive *d, enum ata_way way,
                     struct transfer *t)
{
    uint8_t error = 0;

    t->done = 0;
    advance(t, 0);
    outb(d->control, CONTROL_IDLE | CONTROL_NIEN);
    while (t->count > 0 && error == 0) {
        uint32_t step = t->count > 128 ? 128 : t->count;

        error = one_command(d, way, t, step);
        t->count -= step;
    }
    inb(d->command + ATA_STATUS);
    outb(d->control, CONTROL_IDLE);
    return error;
}

/* --- packets -----------------------------------------------------------------
 */

static void drop_words(const struct drive *d, uint32_t bytes)
{
    for (; bytes > 1; bytes -= 2)
        inw(d->command);
}

/* One DRQ block: drop, keep, drop the rest. Sectors are even. */
static void packet_block(const struct drive *d, struct packet_data *data,
                         uint32_t size)
{
    uint32_t n = data->skip < size ? data->skip : size;
    struct transfer t = {.segment = data->segment, .offset = data->offset};

    drop_words(d, n);
    data->skip -= n;
    size -= n;
    n = data->bytes - data->got;
    n = n < size ? n : size;
    if (n > 0) {
        advance(&t, data->got);
        data_in(d, t.segment, t.offset, n & ~3u);
        if (n & 2) {
            advance(&t, n & ~3u);
            far_write16(t.segment, t.offset, inw(d->command));
        }
    }
    data->got += n & ~1u;
    drop_words(d, size - (n & ~1u));
}

static uint8_t packet_phases(const struct drive *d, const uint8_t packet[12],
                             struct packet_data *data)
{
    int status = wait_idle(d, TIMEOUT_MS);
    int i;

    if (status < 0 || !(status & STATUS_DRQ))
        return 0x80;
    for (i = 0; i < 12; i += 2)
        outw(d->command, (uint16_t)(packet[i] | packet[i + 1] << 8));
    for (;;) {
        short_wait(d);
        status = wait_idle(d, TIMEOUT_MS);
        if (status < 0)
            return 0x80;
        if (status & (STATUS_ERR | STATUS_DF))
            return 0x20;
        if (!(status & STATUS_DRQ))
            return 0;
        packet_block(d, data,
                     inb(d->command + ATA_LBA_MID) |
                         (uint32_t)inb(d->command + ATA_LBA_HIGH) << 8);
    }
}

uint8_t atapi_packet(const struct drive *d, const uint8_t packet[12],
                     struct packet_data *data)
{
    uint8_t error;

    outb(d->control, CONTROL_IDLE | CONTROL_NIEN);
    error = select_drive(d, 0xA0);
    if (error == 0) {
        outb(d->command + ATA_FEATURES, 0);
        outb(d->command + ATA_LBA_MID, 0x00); /* byte count limit F800h */
        outb(d->command + ATA_LBA_HIGH, 0xF8);
        outb(d->command + ATA_COMMAND, CMD_PACKET);
        short_wait(d);
        error = packet_phases(d, packet, data);
    }
    inb(d->command + ATA_STATUS);
    outb(d->control, CONTROL_IDLE);
    return error;
}

/* --- detection
 * ---------------------------------------------------------------- */

static bool read_identify(struct drive *d, uint8_t command)
{
    int status;

    outb(d->command + ATA_COMMAND, command);
    short_wait(d);
    status = wait_idle(d, 500);
    if (status < 0 || (status & (STATUS_ERR | STATUS_DF)) ||
        !(status & STATUS_DRQ))
        return false;
    data_in(d, SEG_BIOS, (uint16_t)(uint32_t)identify, 512);
    return true;
}

static void read_model(struct drive *d)
{
    int i;

    for (i = 0; i < 40; i += 2) {
        d->model[i] = (char)(identify[27 + i / 2] >> 8);
        d->model[i + 1] = (char)identify[27 + i / 2];
    }
    for (i = 39; i >= 0 && d->model[i] == ' '; i--)
        d->model[i] = 0;
}

static uint64_t identify_sectors(const struct drive *d)
{
    if (d->lba48)
        return (uint64_t)identify[103] << 48 | (uint64_t)identify[102] << 32 |
               (uint32_t)identify[101] << 16 | identify[100];
    return (uint32_t)identify[61] << 16 | identify[60];
}

static void detect_disk(struct drive *d)
{
    d->cylinders = identify[1];
    d->heads = identify[3];
    d->spt = identify[6];
    d->lba48 = (identify[83] & 0x0400) != 0;
    d->dma = (identify[49] & 0x0100) != 0;
    d->sectors = identify_sectors(d);
    if (d->sectors != 0)
        d->kind = DRIVE_DISK;
}

/* After reset the cylinder registers hold the signature: ATA/ATAPI-6 9.12. */
static void detect_drive(struct drive *d)
{
    uint16_t signature;

    outb(d->command + ATA_DEVICE, (uint8_t)(0xA0 | d->slave << 4));
    short_wait(d);
    if (wait_idle(d, 500) < 0)
        return;
    outb(d->command + ATA_COUNT, 0x55);
    outb(d->command + ATA_LBA_LOW, 0xAA);
    if (inb(d->command + ATA_COUNT) != 0x55 ||
        inb(d->command + ATA_LBA_LOW) != 0xAA)
        return;
    signature = (uint16_t)(inb(d->command + ATA_LBA_MID) |
                           inb(d->command + ATA_LBA_HIGH) << 8);
    if (signature == 0xEB14) {
        if (read_identify(d, CMD_IDENTIFY_PACKET) &&
            (identify[0] & 0x1F00) == 0x0500)
            d->kind = DRIVE_CDROM;
    } else if (signature == 0 && read_identify(d, CMD_IDENTIFY)) {
        detect_disk(d);
    }
    if (d->kind != DRIVE_NONE) {
        d->dword_io = true;
        read_model(d);
    }
}

uint8_t ata_reset_drive(const struct drive *d)
{
    outb(d->control, CONTROL_IDLE | CONTROL_NIEN | CONTROL_SRST);
    delay_us(5);
    outb(d->control, CONTROL_IDLE | CONTROL_NIEN);
    short_wait(d);
    if (wait_idle(d, TIMEOUT_MS) < 0)
        return 0x05;
    inb(d->command + ATA_STATUS);
    outb(d->control, CONTROL_IDLE);
    return 0;
}

void ata_detect(void)
{
    static const uint16_t ports[2][2] = {{0x1F0, 0x3F6}, {0x170, 0x376}};
    int i;

    for (i = 0; i < DRIVE_MAX; i++) {
        struct drive *d = &drives[i];

        memset(d, 0, sizeof(*d));
        d->channel = (uint8_t)(i >> 1);
        d->slave = i & 1;
        d->command = ports[i >> 1][0];
        d->control = ports[i >> 1][1];
        if (inb(d->command + ATA_STATUS) == 0xFF)
            continue;
        if (!d->slave)
            ata_reset_drive(d);
        outb(d->control, CONTROL_IDLE | CONTROL_NIEN);
        detect_drive(d);
        outb(d->control, CONTROL_IDLE);
    }
}
