/* INT 13h for diskettes: 82077AA with DMA channel 2 and IRQ 6. Sources: Intel
 * 82077AA data sheet, section 5 and 6; IBM PS/2 and PC BIOS Interface
 * Technical Reference; RBIL INT 13h and tables for 40:3E-48, 8B-95.
 * Not here: motor spin-up and head settle delays (the board's drives are at
 * speed at once) and double stepping of 40-track media in 80-track drives. */

#include "disk.h"

#define FDC_DOR             0x3F2
#define FDC_MSR             0x3F4
#define FDC_FIFO            0x3F5
#define FDC_CCR             0x3F7
#define FDC_DIR             0x3F7

#define MSR_RQM             0x80
#define MSR_DIO             0x40
#define DIR_CHANGE          0x80

#define CMD_SPECIFY         0x03
#define CMD_RECALIBRATE     0x07
#define CMD_SENSE_INTERRUPT 0x08
#define CMD_READ_ID         0x4A
#define CMD_FORMAT          0x4D
#define CMD_SEEK            0x0F
#define CMD_READ            0xE6
#define CMD_WRITE           0xC5

#define DMA_TO_MEMORY       0x46
#define DMA_FROM_MEMORY     0x4A

#define STATUS_CHANGED      0x06
#define STATUS_BOUNDARY     0x09
#define STATUS_CONTROLLER   0x20
#define STATUS_SEEK         0x40
#define STATUS_TIMEOUT      0x80

/* 40:90, 40:91. */
#define MEDIA_KNOWN       0x10
#define MEDIA_RATE(state) ((state) >> 6)

enum { RATE_500, RATE_300, RATE_250, RATE_1000 };

/* By CMOS drive type. rates: data rates to try, best first. */
static const struct drive_type {
    uint8_t last_cylinder, spt, change_line;
    uint8_t rate_count, rates[3];
} drive_types[] = {
    [1] = {39, 9, 0, 1, {RATE_250}},
    [2] = {79, 15, 1, 3, {RATE_500, RATE_300, RATE_250}},
    [3] = {79, 9, 1, 1, {RATE_250}},
    [4] = {79, 18, 1, 3, {RATE_500, RATE_250, RATE_300}},
    [5] = {79, 36, 1, 3, {RATE_1000, RATE_500, RATE_250}},
};

/* Parameter tables as that of INT 1Eh, two bytes more: the last track and
 * the rate in bits 6-7. */
enum {
    TABLE_360,
    TABLE_360_IN_1200,
    TABLE_1200,
    TABLE_720,
    TABLE_1440,
    TABLE_2880
};

static const uint8_t tables[][13] = {
    [TABLE_360] = {0xDF, 0x02, 0x25, 2, 9, 0x2A, 0xFF, 0x50, 0xF6, 0x0F, 8, 39,
                   RATE_250 << 6},
    [TABLE_360_IN_1200] = {0xDF, 0x02, 0x25, 2, 9, 0x23, 0xFF, 0x50, 0xF6, 0x0F,
                           8, 39, RATE_300 << 6},
    [TABLE_1200] = {0xDF, 0x02, 0x25, 2, 15, 0x1B, 0xFF, 0x54, 0xF6, 0x0F, 8,
                    79, RATE_500 << 6},
    [TABLE_720] = {0xDF, 0x02, 0x25, 2, 9, 0x2A, 0xFF, 0x50, 0xF6, 0x0F, 8, 79,
                   RATE_250 << 6},
    [TABLE_1440] = {0xAF, 0x02, 0x25, 2, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 8,
                    79, RATE_500 << 6},
    [TABLE_2880] = {0xAF, 0x02, 0x25, 2, 36, 0x1B, 0xFF, 0x50, 0xF6, 0x0F, 8,
                    79, RATE_1000 << 6},
};

/* Disks AH=17h and 18h may ask for. The first of a type with its most sectors
 * is what AH=08h describes. */
static const struct format {
    uint8_t drive, tracks, spt, rate, dasd, table;
} formats[] = {
    {1, 40, 9, RATE_250, 1, TABLE_360},
    {1, 40, 8, RATE_250, 1, TABLE_360},
    {2, 80, 15, RATE_500, 3, TABLE_1200},
    {2, 40, 9, RATE_300, 2, TABLE_360_IN_1200},
    {2, 40, 8, RATE_300, 2, TABLE_360_IN_1200},
    {3, 80, 9, RATE_250, 4, TABLE_720},
    {4, 80, 18, RATE_500, 5, TABLE_1440},
    {4, 80, 9, RATE_250, 4, TABLE_720},
    {5, 80, 36, RATE_1000, 5, TABLE_2880},
    {5, 80, 18, RATE_500, 5, TABLE_1440},
    {5, 80, 9, RATE_250, 4, TABLE_720},
};

/* ES:DI for AH=08h and 18h; 1.44 MB has the address that INT 1Eh has. */
static void table_tell(struct regs *r, const struct format *f)
{
    if (f->table == TABLE_1440) {
        r->es = SEG_FIXED;
        r->di = 0xEFC7;
        return;
    }
    r->es = SEG_BIOS;
    r->di = (uint16_t)(uint32_t)tables[f->table];
}

static const struct format *best_format(uint8_t type)
{
    const struct format *f = formats;

    while (f->drive != type)
        f++;
    return f;
}

uint8_t floppy_type(uint8_t drive)
{
    uint8_t cmos = cmos_read(CMOS_FLOPPY);
    uint8_t type = drive == 0 ? cmos >> 4 : drive == 1 ? cmos & 15 : 0;

    return type == 6 ? 5 : type < ARRAY_LEN(drive_types) ? type : 0;
}

uint8_t floppy_count(void)
{
    return (floppy_type(0) != 0) + (floppy_type(1) != 0);
}

/* A byte of INT 1Eh's table. */
static uint8_t dpt(int index)
{
    uint32_t table = far_read32(0, 0x1E * 4);

    return far_read8((uint16_t)(table >> 16), (uint16_t)(table + index));
}

/* --- the controller ----------------------------------------------------------
 */

static bool fdc_send(uint8_t byte)
{
    uint32_t start = timer_now();

    while ((inb(FDC_MSR) & (MSR_RQM | MSR_DIO)) != MSR_RQM)
        if (timer_expired(start, 100))
            return false;
    outb(FDC_FIFO, byte);
    return true;
}

static bool fdc_send_all(const uint8_t *bytes, int count)
{
    while (count-- > 0)
        if (!fdc_send(*bytes++))
            return false;
    return true;
}

/* Reads the result phase into 40:42; the number of bytes. */
static int fdc_result(void)
{
    uint32_t start = timer_now();
    int count = 0;

    for (;;) {
        uint8_t msr = inb(FDC_MSR);

        if ((msr & (MSR_RQM | MSR_DIO)) == (MSR_RQM | MSR_DIO)) {
            uint8_t byte = inb(FDC_FIFO);

            if (count < 7)
                BDA->fdc_result[count] = byte;
            count++;
        } else if ((msr & MSR_RQM) || timer_expired(start, 100)) {
            return count;
        }
    }
}

/* Waits for IRQ 6 to set bit 7 of 40:3E; halted if both the diskette and the
 * timer can wake us. */
static bool irq6_wait(void)
{
    uint32_t start = timer_now();

    while (!(BDA->fdc_recalibrated & 0x80)) {
        if (timer_expired(start, 2500))
            return false;
        if (inb(0x21) & 0x41)
            irq_window();
        else
            irq_sleep();
    }
    BDA->fdc_recalibrated &= 0x7F;
    return true;
}

static void fdc_specify(void)
{
    fdc_send(CMD_SPECIFY);
    fdc_send(dpt(0));
    fdc_send(dpt(1) & 0xFE);
}

static uint8_t fdc_reset(void)
{
    uint8_t motor = BDA->fdc_motor;
    uint8_t dor = (uint8_t)(0x08 | (motor & 0x0F) << 4 | ((motor >> 4) & 3));
    int i;

    BDA->fdc_recalibrated = 0;
    outb(FDC_DOR, dor);
    delay_us(4);
    outb(FDC_DOR, dor | 0x04);
    if (!irq6_wait())
        return STATUS_CONTROLLER;
    for (i = 0; i < 4; i++) {
        if (!fdc_send(CMD_SENSE_INTERRUPT))
            return STATUS_CONTROLLER;
        if (fdc_result() != 2)
            break;
    }
    fdc_specify();
    return DISK_OK;
}

static void motor_on(uint8_t drive)
{
    BDA->fdc_motor_ticks = 0xFF;
    BDA->fdc_motor =
        (uint8_t)((BDA->fdc_motor & 0x80) | drive << 4 | 1 << drive);
    outb(FDC_DOR, (uint8_t)(0x0C | 0x10 << drive | drive));
    BDA->fdc_motor_ticks = dpt(2);
}

/* Recalibrate or seek, then ask where the head is. */
static uint8_t fdc_position(const uint8_t *command, int count)
{
    BDA->fdc_recalibrated &= 0x7F;
    if (!fdc_send_all(command, count) || !irq6_wait())
        return STATUS_TIMEOUT;
    fdc_send(CMD_SENSE_INTERRUPT);
    if (fdc_result() != 2)
        return STATUS_CONTROLLER;
    return (BDA->fdc_result[0] & 0xC0) ? STATUS_SEEK : DISK_OK;
}

static uint8_t recalibrate(uint8_t drive)
{
    uint8_t command[2] = {CMD_RECALIBRATE, drive};
    uint8_t status = fdc_position(command, 2);

    if (status == STATUS_SEEK) /* 77 steps may not be enough */
        status = fdc_position(command, 2);
    if (status == DISK_OK)
        BDA->fdc_recalibrated |= 1 << drive;
    BDA->fdc_track[drive] = 0;
    return status;
}

static uint8_t seek(uint8_t drive, uint8_t track, uint8_t head)
{
    uint8_t command[3] = {CMD_SEEK, (uint8_t)(head << 2 | drive), track};
    uint8_t status = DISK_OK;

    if (!(BDA->fdc_recalibrated & (1 << drive)))
        status = recalibrate(drive);
    if (status != DISK_OK || BDA->fdc_track[drive] == track)
        return status;
    status = fdc_position(command, 3);
    BDA->fdc_track[drive] = track;
    return status;
}

/* ST0-ST2 as an INT 13h status; data sheet 5.x, status registers. */
static uint8_t result_status(void)
{
    uint8_t st0 = BDA->fdc_result[0], st1 = BDA->fdc_result[1];

    if (!(st0 & 0xC0))
        return DISK_OK;
    if (st0 & 0x08)
        return STATUS_TIMEOUT;
    if (st1 & 0x02)
        return 0x03; /* write protected */
    if (st1 & 0x20)
        return 0x10; /* CRC */
    if (st1 & 0x10)
        return 0x08; /* DMA overrun */
    if (st1 & 0x84)
        return 0x04; /* sector not found */
    if (st1 & 0x01)
        return 0x02; /* address mark */
    return STATUS_CONTROLLER;
}

/* A command with a result of seven bytes. */
static uint8_t fdc_execute(const uint8_t *command, int count)
{
    BDA->fdc_recalibrated &= 0x7F;
    if (!fdc_send_all(command, count))
        return STATUS_CONTROLLER;
    if (!irq6_wait()) {
        fdc_reset();
        return STATUS_TIMEOUT;
    }
    if (fdc_result() != 7)
        return STATUS_CONTROLLER;
    return result_status();
}

/* --- which medium is in
 * --------------------------------------------------------- */

static void set_rate(uint8_t rate)
{
    outb(FDC_CCR, rate);
    BDA->fdc_rate = (uint8_t)((BDA->fdc_rate & 0x3F) | rate << 6);
}

/* 40:90 with its low bits as programs know them. */
static uint8_t media_state(uint8_t type, uint8_t rate)
{
    uint8_t kind = 7;

    if (type == 1)
        kind = 3;
    else if (type == 2)
        kind = rate == RATE_500 ? 5 : 4;
    return (uint8_t)(rate << 6 | MEDIA_KNOWN | kind);
}

static uint8_t media_detect(uint8_t drive, uint8_t type)
{
    const struct drive_type *t = &drive_types[type];
    uint8_t command[2] = {CMD_READ_ID, drive};
    uint8_t status = STATUS_TIMEOUT;
    int i;

    for (i = 0; i < t->rate_count; i++) {
        set_rate(t->rates[i]);
        status = recalibrate(drive);
        if (status == DISK_OK)
            status = fdc_execute(command, 2);
        if (status == DISK_OK) {
            BDA->fdc_media[drive] = media_state(type, t->rates[i]);
            return DISK_OK;
        }
    }
    return status;
}

/* The change line falls when the head steps with a medium in. */
static uint8_t media_change(uint8_t drive)
{
    bool known = (BDA->fdc_media[drive] & MEDIA_KNOWN) != 0;

    BDA->fdc_media[drive] &= ~MEDIA_KNOWN;
    recalibrate(drive);
    seek(drive, 1, 0);
    seek(drive, 0, 0);
    if (inb(FDC_DIR) & DIR_CHANGE)
        return STATUS_TIMEOUT;
    return known ? STATUS_CHANGED : DISK_OK;
}

static uint8_t drive_prepare(uint8_t drive, uint8_t type)
{
    uint8_t status = DISK_OK;

    motor_on(drive);
    if (drive_types[type].change_line && (inb(FDC_DIR) & DIR_CHANGE))
        status = media_change(drive);
    if (status == DISK_OK && !(BDA->fdc_media[drive] & MEDIA_KNOWN))
        status = media_detect(drive, type);
    if (status == DISK_OK)
        set_rate(MEDIA_RATE(BDA->fdc_media[drive]));
    return status;
}

/* --- transfers
 * -------------------------------------------------------------------- */

static uint8_t dma_start(uint8_t mode, uint32_t address, uint32_t bytes)
{
    if ((address & 0xFFFF) + bytes > 0x10000)
        return STATUS_BOUNDARY;
    outb(0x0A, 0x06);
    outb(0x0C, 0);
    outb(0x0B, mode);
    outb(0x04, (uint8_t)address);
    outb(0x04, (uint8_t)(address >> 8));
    outb(0x81, (uint8_t)(address >> 16));
    outb(0x05, (uint8_t)(bytes - 1));
    outb(0x05, (uint8_t)((bytes - 1) >> 8));
    outb(0x0A, 0x02);
    return DISK_OK;
}

/* The last sector number of a track: what INT 1Eh says, or more if the
 * medium is known to have more (2.88 MB). */
static uint8_t end_of_track(uint8_t drive)
{
    uint8_t eot = dpt(4);

    if (MEDIA_RATE(BDA->fdc_media[drive]) == RATE_1000 && eot < 36)
        eot = 36;
    return eot;
}

struct floppy_job {
    uint8_t drive, track, head, sector, count;
    uint32_t address;
};

static uint8_t transfer(const struct floppy_job *j, bool write)
{
    uint8_t command[9] = {
        write ? CMD_WRITE : CMD_READ,
        (uint8_t)(j->head << 2 | j->drive),
        j->track,
        j->head,
        j->sector,
        dpt(3),
        end_of_track(j->drive),
        dpt(5),
        dpt(6),
    };
    uint8_t status = dma_start(write ? DMA_FROM_MEMORY : DMA_TO_MEMORY,
                               j->address, j->count * 512u);

    if (status == DISK_OK)
        status = seek(j->drive, j->track, j->head);
    if (status == DISK_OK)
        status = fdc_execute(command, 9);
    return status;
}

/* Each sector into a buffer of ours: a check of all marks and CRCs. */
static uint8_t verify(struct floppy_job *j)
{
    uint8_t status = DISK_OK;

    j->address = BASE_BIOS + (uint32_t)disk_sector;
    for (; j->count > 0 && status == DISK_OK; j->count--, j->sector++) {
        struct floppy_job one = *j;

        one.count = 1;
        status = transfer(&one, false);
    }
    return status;
}

static uint8_t format(const struct floppy_job *j)
{
    uint8_t spt = dpt(4);
    uint8_t command[6] = {
        CMD_FORMAT, (uint8_t)(j->head << 2 | j->drive), dpt(3), spt, dpt(7),
        dpt(8),
    };
    uint8_t status = dma_start(DMA_FROM_MEMORY, j->address, spt * 4u);

    if (status == DISK_OK)
        status = seek(j->drive, j->track, j->head);
    if (status == DISK_OK)
        status = fdc_execute(command, 6);
    return status;
}

static uint8_t transfer_service(struct regs *r)
{
    uint8_t type = floppy_type(r->dl);
    struct floppy_job j = {
        .drive = r->dl,
        .track = r->ch,
        .head = r->dh,
        .sector = r->cl,
        .count = r->al,
        .address = (uint32_t)r->es * 16 + r->bx,
    };
    uint8_t function = r->ah, status;

    if (type == 0)
        return STATUS_TIMEOUT;
    if (r->dh > 1 || (function != 5 && (r->al == 0 || r->al > 72)))
        return DISK_BAD_COMMAND;
    status = drive_prepare(r->dl, type);
    if (status == DISK_OK) {
        if (function == 4)
            status = verify(&j);
        else if (function == 5)
            status = format(&j);
        else
            status = transfer(&j, function == 3);
    }
    BDA->fdc_motor_ticks = dpt(2);
    if (status != DISK_OK && function != 5)
        r->al = 0;
    return status;
}

/* --- the other functions
 * ----------------------------------------------------------- */

static void parameters_get(struct regs *r)
{
    uint8_t type = floppy_type(r->dl);

    r->ax = 0;
    r->bx = 0;
    r->cx = 0;
    r->dx = floppy_count();
    if (type == 0) {
        r->es = 0;
        r->di = 0;
        return;
    }
    r->bl = type;
    r->ch = drive_types[type].last_cylinder;
    r->cl = drive_types[type].spt;
    r->dh = 1;
    table_tell(r, best_format(type));
}

static void type_get(struct regs *r)
{
    uint8_t type = floppy_type(r->dl);

    r->ah = type == 0 ? 0 : 1 + drive_types[type].change_line;
    BDA->fdc_status = 0;
    carry_set(r, false);
}

static uint8_t change_get(uint8_t drive)
{
    if (floppy_type(drive) == 0)
        return STATUS_TIMEOUT;
    motor_on(drive);
    return (inb(FDC_DIR) & DIR_CHANGE) ? STATUS_CHANGED : DISK_OK;
}

/* AH=17h: AL is a DASD type. AH=18h: CH, CL the last track and sector. */
static uint8_t format_type(struct regs *r)
{
    uint8_t type = floppy_type(r->dl);
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(formats); i++) {
        if (formats[i].drive != type || type == 0)
            continue;
        if (r->ah == 0x17 ? formats[i].dasd != r->al
                          : formats[i].tracks != r->ch + 1 ||
                                formats[i].spt != (r->cl & 0x3F))
            continue;
        BDA->fdc_media[r->dl] = media_state(type, formats[i].rate);
        if (r->ah == 0x18)
            table_tell(r, &formats[i]);
        return DISK_OK;
    }
    return r->ah == 0x18 ? 0x0C : DISK_BAD_COMMAND;
}

void floppy_service(struct regs *r)
{
    uint8_t status = DISK_OK;

    switch (r->ah) {
    case 0x00:
        status = fdc_reset();
        break;
    case 0x01:
        r->ah = BDA->fdc_status;
        carry_set(r, r->ah != 0);
        return;
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x05:
        status = transfer_service(r);
        break;
    case 0x08:
        parameters_get(r);
        break;
    case 0x15:
        type_get(r);
        return;
    case 0x16:
        status = change_get(r->dl);
        break;
    case 0x17:
    case 0x18:
        status = format_type(r);
        break;
    default:
        status = DISK_BAD_COMMAND;
    }
    BDA->fdc_status = status;
    r->ah = status;
    carry_set(r, status != DISK_OK);
}

/* POST: nothing is moved yet; the first access finds the medium. */
void floppy_start(void)
{
    int i;

    BDA->fdc_recalibrated = 0;
    BDA->fdc_motor = 0;
    BDA->fdc_drive_info = 0;
    for (i = 0; i < 2; i++) {
        uint8_t type = floppy_type((uint8_t)i);

        BDA->fdc_media[i] = 0;
        BDA->fdc_track[i] = 0;
        if (type != 0)
            BDA->fdc_drive_info |= (type == 1 ? 0x06 : 0x07) << (i * 4);
    }
    if (floppy_count() == 0)
        return;
    pic_unmask(6);
    fdc_reset();
}
