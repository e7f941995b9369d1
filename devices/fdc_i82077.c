/* fdc_i82077.c - Intel 82077AA floppy controller: registers, phases, seeks.
 *
 * Manual: Intel 290166. Ports: 3F2 DOR, 3F3 TDR, 3F4 MSR/DSR, 3F5 data, 3F7
 * DIR/CCR, in AT mode; IRQ 6, DMA channel 2. fdc_transfer.c has the commands
 * that move data. Seeks, sectors and resets complete through events, much
 * faster than a real drive.
 * Not modelled: PS/2 and Model 30 registers, tape drives, motors and head
 * load (a disk is always up to speed), power-down, overrun. A command for a
 * drive without a disk fails at once instead of waiting for index pulses. */
#include "devices/fdc_internal.h"

#include <stdlib.h>

enum {
    PORT_LOW = 0x3F2, /* DOR, TDR, MSR/DSR, data */
    PORT_HIGH = 0x3F7,
    REG_DOR = 0,
    REG_TDR = 1,
    REG_MSR = 2, /* write: DSR */
    REG_DATA = 3,

    DOR_SELECT = 3 << 0,
    DOR_RESET = 1 << 2, /* 0 holds the controller in reset */
    DOR_DMAGATE = 1 << 3,

    MSR_CB = 1 << 4,
    MSR_NON_DMA = 1 << 5,
    MSR_DIO = 1 << 6, /* to the CPU */
    MSR_RQM = 1 << 7,

    DSR_RATE = 3 << 0,
    DSR_RESET = 1 << 7,

    DIR_CHANGE = 1 << 7,

    CONFIG_EIS = 1 << 6,
    CONFIG_POLL = 1 << 4,    /* disables drive polling */
    CONFIG_DEFAULT = 1 << 5, /* FIFO off */

    LOCK_RESULT = 1 << 4,
    VERSION_82077 = 0x90,

    RESET_NS = 5000,
    STEP_NS = 3000,
    SETTLE_NS = 10000,
    MAX_STEPS = 79
};

static const struct state_field fdc_fields[] = {
    FIELD(struct fdc_i82077, U8, dor),
    FIELD(struct fdc_i82077, U8, tdr),
    FIELD(struct fdc_i82077, U8, dsr),
    FIELD(struct fdc_i82077, U8, ccr),
    FIELD(struct fdc_i82077, U8, phase),
    FIELD(struct fdc_i82077, U8, job),
    FIELD(struct fdc_i82077, U64, due),
    FIELD(struct fdc_i82077, BOOL, interrupt),
    FIELD(struct fdc_i82077, U8, reset_polls),
    FIELD_ARRAY(struct fdc_i82077, U8, fifo),
    FIELD(struct fdc_i82077, U8, fifo_pos),
    FIELD(struct fdc_i82077, U8, fifo_end),
    FIELD(struct fdc_i82077, U8, config),
    FIELD(struct fdc_i82077, U8, pretrk),
    FIELD(struct fdc_i82077, BOOL, lock),
    FIELD_ARRAY(struct fdc_i82077, U8, specify),
    FIELD(struct fdc_i82077, U8, perpendicular),
    FIELD(struct fdc_i82077, U8, action),
    FIELD(struct fdc_i82077, U8, unit),
    FIELD(struct fdc_i82077, U8, head),
    FIELD(struct fdc_i82077, U8, c),
    FIELD(struct fdc_i82077, U8, h),
    FIELD(struct fdc_i82077, U8, r),
    FIELD(struct fdc_i82077, U8, eot),
    FIELD(struct fdc_i82077, U8, sectors_left),
    FIELD(struct fdc_i82077, U8, st1),
    FIELD(struct fdc_i82077, U8, st2),
    FIELD(struct fdc_i82077, BOOL, tc),
    FIELD(struct fdc_i82077, BOOL, pio),
    FIELD(struct fdc_i82077, U8, next_id),
    FIELD(struct fdc_i82077, U16, buffer_pos),
    FIELD(struct fdc_i82077, U16, buffer_end),
    FIELD_ARRAY(struct fdc_i82077, U8, buffer),
    FIELD_OF(struct fdc_i82077, U8, drive, cylinder),
    FIELD_OF(struct fdc_i82077, BOOL, drive, changed),
    FIELD_OF(struct fdc_i82077, U64, drive, seek_due),
    FIELD_OF(struct fdc_i82077, U8, drive, seek_to),
    FIELD_OF(struct fdc_i82077, U8, drive, seek_st0),
    FIELD_OF(struct fdc_i82077, BOOL, drive, seek_done),
    FIELD_END,
};

/* Media */

/* THE list of image sizes: KiB, cylinders, heads, sectors, rate, drive. A
 * 720 KB disk gets a drive that reads 1.44 MB, too: it may be changed later. */
static const struct fdc_format {
    uint32_t kib;
    struct fdc_geometry geometry;
    enum fdc_drive_type drive;
} fdc_formats[] = {
    {160, {40, 1, 8, 2}, FDC_DRIVE_360K},
    {180, {40, 1, 9, 2}, FDC_DRIVE_360K},
    {320, {40, 2, 8, 2}, FDC_DRIVE_360K},
    {360, {40, 2, 9, 2}, FDC_DRIVE_360K},
    {410, {41, 2, 10, 2}, FDC_DRIVE_360K},
    {640, {80, 2, 8, 2}, FDC_DRIVE_1440K},
    {720, {80, 2, 9, 2}, FDC_DRIVE_1440K},
    {800, {80, 2, 10, 2}, FDC_DRIVE_1440K},
    {820, {82, 2, 10, 2}, FDC_DRIVE_1440K},
    {1200, {80, 2, 15, 0}, FDC_DRIVE_1200K},
    {1230, {82, 2, 15, 0}, FDC_DRIVE_1200K},
    {1440, {80, 2, 18, 0}, FDC_DRIVE_1440K},
    {1476, {82, 2, 18, 0}, FDC_DRIVE_1440K},
    {1494, {83, 2, 18, 0}, FDC_DRIVE_1440K},
    {1600, {80, 2, 20, 0}, FDC_DRIVE_1440K},
    {1640, {82, 2, 20, 0}, FDC_DRIVE_1440K},
    {1660, {83, 2, 20, 0}, FDC_DRIVE_1440K},
    {1680, {80, 2, 21, 0}, FDC_DRIVE_1440K},
    {1722, {82, 2, 21, 0}, FDC_DRIVE_1440K},
    {1743, {83, 2, 21, 0}, FDC_DRIVE_1440K},
    {1760, {80, 2, 22, 0}, FDC_DRIVE_1440K},
    {1840, {80, 2, 23, 0}, FDC_DRIVE_1440K},
    {1920, {80, 2, 24, 0}, FDC_DRIVE_1440K},
    {2880, {80, 2, 36, 3}, FDC_DRIVE_2880K},
    {3120, {80, 2, 39, 3}, FDC_DRIVE_2880K},
    {3200, {80, 2, 40, 3}, FDC_DRIVE_2880K},
};

static const struct fdc_format *fdc_exact_format(uint64_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(fdc_formats); i++)
        if (size == (uint64_t)fdc_formats[i].kib * 1024)
            return &fdc_formats[i];
    return NULL;
}

bool fdc_is_format(uint64_t size)
{
    return fdc_exact_format(size) != NULL;
}

/* A truncated image is one of a 1.44 MB disk, or of a 2.88 MB one if it is
 * larger: the drive it gets tells programs of 18 sectors, so the disk must
 * have them. What is missing cannot be read. */
static const struct fdc_format *fdc_format_of(uint64_t size)
{
    static const uint16_t common[] = {1440, 2880};
    const struct fdc_format *exact = fdc_exact_format(size);

    for (size_t i = 0; !exact && i < ARRAY_LEN(common); i++)
        if (size && size < (uint64_t)common[i] * 1024)
            return fdc_exact_format((uint64_t)common[i] * 1024);
    return exact;
}

bool fdc_geometry_of(uint64_t size, struct fdc_geometry *geometry)
{
    const struct fdc_format *format = fdc_format_of(size);

    if (format)
        *geometry = format->geometry;
    return format != NULL;
}

enum fdc_drive_type fdc_drive_type_for(uint64_t size)
{
    const struct fdc_format *format = fdc_format_of(size);

    return format ? format->drive : FDC_DRIVE_1440K;
}

/* A size that is no floppy's leaves a geometry of zeros: unreadable. */
static void drive_insert(struct fdc_drive *drive, struct disk *disk)
{
    memset(&drive->geometry, 0, sizeof drive->geometry);
    drive->disk = disk;
    if (disk)
        fdc_geometry_of(disk_size(disk), &drive->geometry);
}

/* A transfer that is under way finds the new disk, or none, at its next
 * sector. */
struct disk *fdc_change_media(struct fdc_i82077 *fdc, unsigned drive,
                              struct disk *disk)
{
    struct fdc_drive *d = &fdc->drive[drive];
    struct disk *old = d->disk;

    ASSERT(drive < FDC_DRIVES);
    drive_insert(d, disk);
    d->changed = true;
    return old;
}

/* Phases */

uint8_t fdc_rate(const struct fdc_i82077 *fdc)
{
    return fdc->ccr & DSR_RATE;
}

/* DMAGATE cuts the pin off, not the cause. */
void fdc_set_interrupt(struct fdc_i82077 *fdc, bool level)
{
    fdc->interrupt = level;
    irq_set(fdc->irq, level && (fdc->dor & DOR_DMAGATE));
}

void fdc_start(struct fdc_i82077 *fdc, enum fdc_job job, uint64_t ns)
{
    fdc->job = (uint8_t)job;
    fdc->due = sched_now(fdc->sched) + ns;
    event_arm(fdc->sched, &fdc->event, fdc->due);
}

static void fdc_stop(struct fdc_i82077 *fdc)
{
    event_cancel(fdc->sched, &fdc->event);
    fdc->job = FDC_JOB_NONE;
    fdc->due = SCHED_NEVER;
    dma_set_request(fdc->dma, 2, false);
}

/* Ready for the next command byte. */
static void fdc_idle(struct fdc_i82077 *fdc)
{
    fdc->phase = FDC_COMMAND;
    fdc->fifo_pos = fdc->fifo_end = 0;
    fdc->buffer_pos = fdc->buffer_end = 0;
}

/* Result bytes are read one by one; the first one takes INT down. */
void fdc_result(struct fdc_i82077 *fdc, unsigned count, bool interrupt)
{
    fdc->phase = FDC_RESULT;
    fdc->fifo_pos = 0;
    fdc->fifo_end = (uint8_t)count;
    fdc->buffer_pos = fdc->buffer_end = 0;
    if (interrupt)
        fdc_set_interrupt(fdc, true);
}

/* Resets. DOR and DSR resets keep what LOCK protects (6.1). */
static void fdc_soft_reset(struct fdc_i82077 *fdc)
{
    fdc_stop(fdc);
    fdc_idle(fdc);
    fdc_set_interrupt(fdc, false);
    if (!fdc->lock) {
        fdc->config = CONFIG_DEFAULT | (fdc->seeks ? CONFIG_EIS : 0);
        fdc->pretrk = 0;
    }
    fdc->perpendicular &= 0x3C;
    fdc->reset_polls = 0;
    for (unsigned i = 0; i < FDC_UNITS; i++) {
        event_cancel(fdc->sched, &fdc->drive[i].seek);
        fdc->drive[i].seek_due = SCHED_NEVER;
        fdc->drive[i].seek_done = false;
    }
}

/* Polling finds that all four drives changed their ready state. */
static void fdc_reset_done(struct fdc_i82077 *fdc)
{
    if (fdc->config & CONFIG_POLL)
        return;
    fdc->reset_polls = 4;
    fdc_set_interrupt(fdc, true);
}

/* Seeks */

static bool drive_exists(const struct fdc_drive *drive)
{
    return drive->type != FDC_DRIVE_NONE;
}

static void seek_fire(void *opaque)
{
    struct fdc_drive *drive = opaque;

    drive->seek_due = SCHED_NEVER;
    drive->cylinder = drive->seek_to;
    drive->seek_done = true;
    fdc_set_interrupt(drive->fdc, true);
}

/* Steps clear the disk change line, if there is a disk. RECALIBRATE counts
 * as stepping wherever the heads are. */
static void fdc_seek(struct fdc_i82077 *fdc, unsigned unit, uint8_t to,
                     bool recalibrate, unsigned head)
{
    struct fdc_drive *drive = &fdc->drive[unit];
    bool exists = drive_exists(drive);
    int steps = abs((int)to - drive->cylinder);

    drive->seek_st0 = (uint8_t)(ST0_SE | head << 2 | unit);
    drive->seek_to = to;
    if (!exists) {
        /* Track 0 never shows up. */
        if (recalibrate)
            drive->seek_st0 |= ST0_ABNORMAL | ST0_EC;
        steps = 0;
    } else if (recalibrate && steps > MAX_STEPS) {
        drive->seek_st0 |= ST0_ABNORMAL | ST0_EC;
        drive->seek_to = (uint8_t)(drive->cylinder - MAX_STEPS);
    }
    if (exists && drive->disk && (steps || recalibrate))
        drive->changed = false;
    drive->seek_done = false;
    drive->seek_due =
        sched_now(fdc->sched) + SETTLE_NS + (uint64_t)steps * STEP_NS;
    event_arm(fdc->sched, &drive->seek, drive->seek_due);
    fdc_idle(fdc);
}

static void command_recalibrate(struct fdc_i82077 *fdc)
{
    fdc_seek(fdc, fdc->fifo[1] & 3, 0, true, 0);
}

static void command_seek(struct fdc_i82077 *fdc)
{
    fdc_seek(fdc, fdc->fifo[1] & 3, fdc->fifo[2], false, fdc->fifo[1] >> 2 & 1);
}

/* Bit 6 of the opcode is the direction: towards the spindle or away. */
static void command_relative_seek(struct fdc_i82077 *fdc)
{
    unsigned unit = fdc->fifo[1] & 3;
    int from = fdc->drive[unit].cylinder;
    int to = fdc->fifo[0] & 0x40 ? from + fdc->fifo[2] : from - fdc->fifo[2];

    if (to < 0)
        to = 0;
    if (to > 255)
        to = 255;
    fdc_seek(fdc, unit, (uint8_t)to, false, fdc->fifo[1] >> 2 & 1);
}

/* Commands without data */

static void command_invalid(struct fdc_i82077 *fdc)
{
    LOG(fdc->device.log, FDC, "invalid command %02x", fdc->fifo[0]);
    fdc->fifo[0] = ST0_INVALID;
    fdc_result(fdc, 1, false);
}

/* Only one cause is told at a time; INT falls with the command. */
static void command_sense_interrupt(struct fdc_i82077 *fdc)
{
    fdc_set_interrupt(fdc, false);
    if (fdc->reset_polls) {
        unsigned unit = 4u - fdc->reset_polls--;
        fdc->fifo[0] = (uint8_t)(ST0_READY_CHANGED | unit);
        fdc->fifo[1] = fdc->drive[unit].cylinder;
        fdc_result(fdc, 2, false);
        return;
    }
    for (unsigned i = 0; i < FDC_UNITS; i++)
        if (fdc->drive[i].seek_done) {
            fdc->drive[i].seek_done = false;
            fdc->fifo[0] = fdc->drive[i].seek_st0;
            fdc->fifo[1] = fdc->drive[i].cylinder;
            fdc_result(fdc, 2, false);
            return;
        }
    command_invalid(fdc);
}

/* An empty drive looks write-protected: the switch sees no notch. */
static void command_sense_drive(struct fdc_i82077 *fdc)
{
    unsigned unit = fdc->fifo[1] & 3;
    const struct fdc_drive *drive = &fdc->drive[unit];
    unsigned st3 = unit | (fdc->fifo[1] & ST3_HDS) | ST3_READY;

    if (drive_exists(drive)) {
        st3 |= ST3_TWO_SIDE;
        if (drive->cylinder == 0)
            st3 |= ST3_TRACK0;
        if (!drive->disk || disk_read_only(drive->disk))
            st3 |= ST3_WP;
    }
    fdc->fifo[0] = (uint8_t)st3;
    fdc_result(fdc, 1, false);
}

static void command_specify(struct fdc_i82077 *fdc)
{
    memcpy(fdc->specify, fdc->fifo + 1, 2);
    fdc_idle(fdc);
}

/* FIFO and threshold make no difference to a transfer that is instant. */
static void command_configure(struct fdc_i82077 *fdc)
{
    fdc->config = fdc->fifo[2] & 0x7F;
    fdc->pretrk = fdc->fifo[3];
    fdc_idle(fdc);
}

static void command_version(struct fdc_i82077 *fdc)
{
    fdc->fifo[0] = VERSION_82077;
    fdc_result(fdc, 1, false);
}

/* The opcode's top bit is the new state. */
static void command_lock(struct fdc_i82077 *fdc)
{
    fdc->lock = fdc->fifo[0] & 0x80;
    fdc->fifo[0] = fdc->lock ? LOCK_RESULT : 0;
    fdc_result(fdc, 1, false);
}

/* OW (bit 7) must be set to change the drive bits. */
static void command_perpendicular(struct fdc_i82077 *fdc)
{
    uint8_t value = fdc->fifo[1];

    fdc->perpendicular =
        (uint8_t)((value & 3) |
                  ((value & 0x80 ? value : fdc->perpendicular) & 0x3C));
    fdc_idle(fdc);
}

static void command_dumpreg(struct fdc_i82077 *fdc)
{
    uint8_t *f = fdc->fifo;

    for (unsigned i = 0; i < FDC_UNITS; i++)
        f[i] = fdc->drive[i].cylinder;
    f[4] = fdc->specify[0];
    f[5] = fdc->specify[1];
    f[6] = fdc->eot;
    f[7] = (uint8_t)((fdc->lock ? 0x80 : 0) | fdc->perpendicular);
    f[8] = fdc->config;
    f[9] = fdc->pretrk;
    fdc_result(fdc, 10, false);
}

/* THE list of commands: opcode under a mask, bytes with the opcode. */
static const struct fdc_command {
    uint8_t mask, code, size;
    void (*run)(struct fdc_i82077 *fdc);
} fdc_commands[] = {
    {0x1F, 0x02, 9, fdc_command_transfer}, /* READ TRACK */
    {0xFF, 0x03, 3, command_specify},
    {0xFF, 0x04, 2, command_sense_drive},
    {0x3F, 0x05, 9, fdc_command_transfer}, /* WRITE DATA */
    {0x1F, 0x06, 9, fdc_command_transfer}, /* READ DATA */
    {0xFF, 0x07, 2, command_recalibrate},
    {0xFF, 0x08, 1, command_sense_interrupt},
    {0x3F, 0x09, 9, fdc_command_transfer}, /* WRITE DELETED DATA */
    {0xBF, 0x0A, 2, fdc_command_read_id},
    {0x1F, 0x0C, 9, fdc_command_transfer}, /* READ DELETED DATA */
    {0xBF, 0x0D, 6, fdc_command_format},
    {0xFF, 0x0E, 1, command_dumpreg},
    {0xFF, 0x0F, 3, command_seek},
    {0xFF, 0x10, 1, command_version},
    {0x1F, 0x11, 9, fdc_command_transfer}, /* SCAN EQUAL */
    {0xFF, 0x12, 2, command_perpendicular},
    {0xFF, 0x13, 4, command_configure},
    {0x7F, 0x14, 1, command_lock},
    {0x1F, 0x16, 9, fdc_command_transfer}, /* VERIFY */
    {0x1F, 0x19, 9, fdc_command_transfer}, /* SCAN LOW OR EQUAL */
    {0x1F, 0x1D, 9, fdc_command_transfer}, /* SCAN HIGH OR EQUAL */
    {0xBF, 0x8F, 3, command_relative_seek},
};

static const struct fdc_command *fdc_find(uint8_t code)
{
    static const struct fdc_command invalid = {0, 0, 1, command_invalid};

    for (size_t i = 0; i < ARRAY_LEN(fdc_commands); i++)
        if ((code & fdc_commands[i].mask) == fdc_commands[i].code)
            return &fdc_commands[i];
    return &invalid;
}

/* Registers */

static bool fdc_in_reset(const struct fdc_i82077 *fdc)
{
    return !(fdc->dor & DOR_RESET);
}

/* A drive counts as busy from SEEK until SENSE INTERRUPT told its end. */
static uint8_t fdc_read_msr(const struct fdc_i82077 *fdc)
{
    unsigned msr = 0;

    if (fdc_in_reset(fdc) || fdc->job == FDC_JOB_RESET)
        return 0;
    for (unsigned i = 0; i < FDC_UNITS; i++)
        if (fdc->drive[i].seek_due != SCHED_NEVER || fdc->drive[i].seek_done)
            msr |= 1u << i;
    switch (fdc->phase) {
    case FDC_COMMAND:
        return (uint8_t)(msr | MSR_RQM | (fdc->fifo_pos ? MSR_CB : 0));
    case FDC_RESULT:
        return (uint8_t)(msr | MSR_RQM | MSR_DIO | MSR_CB);
    default:
        msr |= MSR_CB;
        if (fdc->pio)
            msr |= MSR_NON_DMA;
        if (fdc->pio && fdc->buffer_pos < fdc->buffer_end)
            msr |= MSR_RQM | (fdc_pio_to_host(fdc) ? MSR_DIO : 0u);
        return (uint8_t)msr;
    }
}

static uint8_t fdc_read_data(struct fdc_i82077 *fdc)
{
    uint8_t value;

    if (fdc->phase == FDC_EXECUTION)
        return fdc_pio_read(fdc);
    if (fdc->phase != FDC_RESULT)
        return 0xFF;
    fdc_set_interrupt(fdc, false);
    value = fdc->fifo[fdc->fifo_pos++];
    if (fdc->fifo_pos >= fdc->fifo_end) {
        fdc_idle(fdc);
        /* Causes that waited behind the command raise INT again. */
        for (unsigned i = 0; i < FDC_UNITS; i++)
            if (fdc->drive[i].seek_done)
                fdc_set_interrupt(fdc, true);
    }
    return value;
}

static void fdc_write_data(struct fdc_i82077 *fdc, uint8_t value)
{
    const struct fdc_command *command;

    if (fdc_in_reset(fdc) || fdc->job == FDC_JOB_RESET)
        return;
    if (fdc->phase == FDC_EXECUTION)
        fdc_pio_write(fdc, value);
    if (fdc->phase != FDC_COMMAND)
        return;
    fdc->fifo[fdc->fifo_pos++] = value;
    command = fdc_find(fdc->fifo[0]);
    if (fdc->fifo_pos < command->size)
        return;
    LOG(fdc->device.log, FDC, "command %02x %02x %02x %02x %02x", fdc->fifo[0],
        fdc->fifo[1], fdc->fifo[2], fdc->fifo[3], fdc->fifo[4]);
    command->run(fdc);
}

/* Leaving reset takes a moment: software must not see the controller ready
 * before it expects the interrupt. */
static void fdc_write_dor(struct fdc_i82077 *fdc, uint8_t value)
{
    bool was = fdc_in_reset(fdc);

    fdc->dor = value;
    if (!was && fdc_in_reset(fdc))
        fdc_soft_reset(fdc);
    else if (was && !fdc_in_reset(fdc))
        fdc_start(fdc, FDC_JOB_RESET, RESET_NS);
    fdc_set_interrupt(fdc, fdc->interrupt);
}

/* DSR and CCR hold one data rate, whichever was written last. */
static void fdc_write_dsr(struct fdc_i82077 *fdc, uint8_t value)
{
    fdc->dsr = value & (uint8_t)~DSR_RESET;
    fdc->ccr = value & DSR_RATE;
    if ((value & DSR_RESET) && !fdc_in_reset(fdc)) {
        fdc_soft_reset(fdc);
        fdc_start(fdc, FDC_JOB_RESET, RESET_NS);
    }
}

/* The line of an absent drive floats high, like one without a disk. */
static uint8_t fdc_read_dir(struct fdc_i82077 *fdc)
{
    const struct fdc_drive *drive = &fdc->drive[fdc->dor & DOR_SELECT];

    return drive_exists(drive) && drive->disk && !drive->changed ? 0
                                                                 : DIR_CHANGE;
}

static uint64_t low_read(void *opaque, uint64_t offset, unsigned size)
{
    struct fdc_i82077 *fdc = opaque;

    (void)size;
    switch (offset) {
    case REG_DOR:
        return fdc->dor;
    case REG_TDR:
        return fdc->tdr;
    case REG_MSR:
        return fdc_read_msr(fdc);
    default:
        return fdc_read_data(fdc);
    }
}

static void low_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    struct fdc_i82077 *fdc = opaque;

    (void)size;
    switch (offset) {
    case REG_DOR:
        fdc_write_dor(fdc, (uint8_t)value);
        break;
    case REG_TDR:
        fdc->tdr = value & 3;
        break;
    case REG_MSR:
        fdc_write_dsr(fdc, (uint8_t)value);
        break;
    default:
        fdc_write_data(fdc, (uint8_t)value);
    }
}

static uint64_t high_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return fdc_read_dir(opaque);
}

static void high_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct fdc_i82077 *fdc = opaque;

    (void)offset;
    (void)size;
    fdc->ccr = value & DSR_RATE;
}

static const struct region_ops low_ops = {low_read, low_write, 1};
static const struct region_ops high_ops = {high_read, high_write, 1};

static void fdc_fire(void *opaque)
{
    struct fdc_i82077 *fdc = opaque;
    enum fdc_job job = fdc->job;

    fdc->job = FDC_JOB_NONE;
    fdc->due = SCHED_NEVER;
    if (job == FDC_JOB_RESET)
        fdc_reset_done(fdc);
    else if (job == FDC_JOB_DATA)
        fdc_run_data(fdc);
    else if (job == FDC_JOB_READ_ID)
        fdc_run_read_id(fdc);
}

/* The guest opened the DMA channel that a sector was waiting for. */
static void fdc_granted(void *opaque)
{
    struct fdc_i82077 *fdc = opaque;

    if (fdc->phase == FDC_EXECUTION && fdc->job == FDC_JOB_NONE && !fdc->pio)
        fdc_start(fdc, FDC_JOB_DATA, 0);
}

/* The device */

static void fdc_reset(struct device *device)
{
    struct fdc_i82077 *fdc = CONTAINER_OF(device, struct fdc_i82077, device);

    fdc->lock = false;
    fdc->dor = fdc->tdr = 0;
    fdc->dsr = fdc->ccr = 2; /* 250 kbit/s */
    fdc_soft_reset(fdc);
    memset(fdc->fifo, 0, sizeof fdc->fifo);
    memset(fdc->specify, 0, sizeof fdc->specify);
    memset(fdc->buffer, 0, sizeof fdc->buffer);
    fdc->perpendicular = 0;
    fdc->action = fdc->unit = fdc->head = 0;
    fdc->c = fdc->h = fdc->r = fdc->eot = 0;
    fdc->sectors_left = fdc->st1 = fdc->st2 = fdc->next_id = 0;
    fdc->tc = fdc->pio = false;
    for (unsigned i = 0; i < FDC_UNITS; i++) {
        fdc->drive[i].cylinder = 0;
        fdc->drive[i].changed = false;
        fdc->drive[i].seek_to = fdc->drive[i].seek_st0 = 0;
    }
}

static int fdc_post_load(struct device *device, uint32_t version)
{
    struct fdc_i82077 *fdc = CONTAINER_OF(device, struct fdc_i82077, device);

    (void)version;
    if (fdc->fifo_pos > FDC_COMMAND_SIZE + 1 || fdc->reset_polls > 4 ||
        fdc->fifo_end > FDC_RESULT_SIZE || fdc->unit >= FDC_UNITS ||
        fdc->buffer_end > FDC_BUFFER_SIZE || fdc->action > FDC_FORMAT ||
        fdc->buffer_pos > fdc->buffer_end || fdc->phase > FDC_RESULT)
        return -1;
    event_cancel(fdc->sched, &fdc->event);
    if (fdc->due != SCHED_NEVER)
        event_arm(fdc->sched, &fdc->event, fdc->due);
    for (unsigned i = 0; i < FDC_UNITS; i++) {
        event_cancel(fdc->sched, &fdc->drive[i].seek);
        if (fdc->drive[i].seek_due != SCHED_NEVER)
            event_arm(fdc->sched, &fdc->drive[i].seek, fdc->drive[i].seek_due);
    }
    dma_set_request(fdc->dma, 2,
                    fdc->phase == FDC_EXECUTION && !fdc->pio &&
                        fdc->buffer_pos < fdc->buffer_end);
    fdc_set_interrupt(fdc, fdc->interrupt);
    return 0;
}

static void fdc_destroy(struct device *device)
{
    struct fdc_i82077 *fdc = CONTAINER_OF(device, struct fdc_i82077, device);

    for (unsigned i = 0; i < FDC_UNITS; i++)
        event_free(fdc->sched, &fdc->drive[i].seek);
    event_free(fdc->sched, &fdc->event);
    addrspace_unmap(fdc->ports, &fdc->low_region);
    addrspace_unmap(fdc->ports, &fdc->high_region);
    free(fdc);
}

static const struct device_ops fdc_ops = {
    .name = "fdc",
    .description = "Intel 82077AA floppy controller",
    .version = 1,
    .fields = fdc_fields,
    .reset = fdc_reset,
    .post_load = fdc_post_load,
    .destroy = fdc_destroy,
};

struct device *fdc_device(struct fdc_i82077 *fdc)
{
    return &fdc->device;
}

struct fdc_i82077 *fdc_create(const struct fdc_i82077_config *config)
{
    struct fdc_i82077 *fdc = calloc(1, sizeof *fdc);

    if (!fdc)
        return NULL;
    device_init(&fdc->device, &fdc_ops, "fdc", config->log);
    fdc->ports = config->ports;
    fdc->sched = config->sched;
    fdc->dma = config->dma;
    fdc->irq = config->irq;
    fdc->seeks = config->implied_seek;
    fdc->due = SCHED_NEVER;
    event_init(fdc->sched, &fdc->event, "fdc", fdc_fire, fdc);
    for (unsigned i = 0; i < FDC_UNITS; i++) {
        struct fdc_drive *drive = &fdc->drive[i];

        drive->fdc = fdc;
        drive->type = i < FDC_DRIVES ? config->drive[i] : FDC_DRIVE_NONE;
        drive->seek_due = SCHED_NEVER;
        event_init(fdc->sched, &drive->seek, "fdc.seek", seek_fire, drive);
    }
    fdc->low_region = (struct region){
        .name = "fdc",
        .base = PORT_LOW,
        .size = 4,
        .kind = REGION_MMIO,
        .ops = &low_ops,
        .opaque = fdc,
    };
    fdc->high_region = fdc->low_region;
    fdc->high_region.base = PORT_HIGH;
    fdc->high_region.size = 1;
    fdc->high_region.ops = &high_ops;
    addrspace_map(fdc->ports, &fdc->low_region);
    addrspace_map(fdc->ports, &fdc->high_region);
    dma_connect(fdc->dma, 2, fdc_granted, fdc);
    return fdc;
}
