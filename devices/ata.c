/* ata.c - an ATA cable: registers, protocol and interrupts of two drives.
 *
 * Manual: ATA/ATAPI-6 (T13/1410D), sections 7 (registers) and 9 (protocol).
 * Modelled: both command blocks with their previous (HOB) contents, device
 * selection with answers for an absent device 1, nIEN, SRST, PIO data-in
 * and data-out, DMA through the adapter, EXECUTE DEVICE DIAGNOSTIC. Commands
 * complete through an event a little later, never in the write itself.
 * Not modelled: command queuing, overlapped packets, cable timing. */
#include "devices/ata_internal.h"

#include <stdlib.h>

enum {
    COMMAND_DEVICE_RESET = 0x08,
    COMMAND_DIAGNOSTIC = 0x90,
    RESET_NS = 2000,
    DMA_RESUME_NS = 1000
};
#define FLOATING 0xFFFFFF7Fu

#define DRIVE_FIELDS(n)                                                        \
    FIELD_ARRAY(struct ata, U8, drive[n].reg),                                 \
        FIELD_ARRAY(struct ata, U8, drive[n].hob),                             \
        FIELD_ARRAY(struct ata, U8, drive[n].protect.max_password),            \
        FIELD_ARRAY(struct ata, U8, drive[n].protect.user),                    \
        FIELD_ARRAY(struct ata, U8, drive[n].protect.master),                  \
        FIELD_ARRAY(struct ata, U8, drive[n].atapi.mode),                      \
        FIELD_ARRAY(struct ata, U8, drive[n].atapi.packet),                    \
        FIELD_ARRAY(struct ata, U8, drive[n].buffer)

static const struct state_field ata_fields[] = {
    FIELD(struct ata, U8, control),
    FIELD(struct ata, U8, select),
    FIELD_OF(struct ata, U8, drive, status),
    FIELD_OF(struct ata, U8, drive, error),
    FIELD_OF(struct ata, BOOL, drive, intrq),
    FIELD_OF(struct ata, U8, drive, phase),
    FIELD_OF(struct ata, U8, drive, job),
    FIELD_OF(struct ata, U64, drive, due),
    FIELD_OF(struct ata, BOOL, drive, dma_waiting),
    FIELD_OF(struct ata, U32, drive, pos),
    FIELD_OF(struct ata, U32, drive, end),
    FIELD_OF(struct ata, U8, drive, command),
    FIELD_OF(struct ata, U8, drive, previous),
    FIELD_OF(struct ata, U8, drive, flags),
    FIELD_OF(struct ata, U64, drive, lba),
    FIELD_OF(struct ata, U32, drive, left),
    FIELD_OF(struct ata, U16, drive, cylinders),
    FIELD_OF(struct ata, U8, drive, heads),
    FIELD_OF(struct ata, U8, drive, sectors),
    FIELD_OF(struct ata, U8, drive, multiple),
    FIELD_OF(struct ata, U8, drive, transfer_mode),
    FIELD_OF(struct ata, U8, drive, power),
    FIELD_OF(struct ata, BOOL, drive, write_cache),
    FIELD_OF(struct ata, BOOL, drive, look_ahead),
    FIELD_OF(struct ata, BOOL, drive, smart),
    FIELD_OF(struct ata, U64, drive, protect.hidden),
    FIELD_OF(struct ata, U64, drive, protect.hidden_kept),
    FIELD_OF(struct ata, U16, drive, protect.revision),
    FIELD_OF(struct ata, U8, drive, protect.max_state),
    FIELD_OF(struct ata, U8, drive, protect.max_tries),
    FIELD_OF(struct ata, U8, drive, protect.tries),
    FIELD_OF(struct ata, BOOL, drive, protect.max_kept),
    FIELD_OF(struct ata, BOOL, drive, protect.enabled),
    FIELD_OF(struct ata, BOOL, drive, protect.locked),
    FIELD_OF(struct ata, BOOL, drive, protect.frozen),
    FIELD_OF(struct ata, BOOL, drive, protect.maximum),
    FIELD_OF(struct ata, U8, drive, atapi.sense_key),
    FIELD_OF(struct ata, U8, drive, atapi.asc),
    FIELD_OF(struct ata, U8, drive, atapi.ascq),
    FIELD_OF(struct ata, U8, drive, atapi.event),
    FIELD_OF(struct ata, BOOL, drive, atapi.attention),
    FIELD_OF(struct ata, BOOL, drive, atapi.locked),
    FIELD_OF(struct ata, BOOL, drive, atapi.tray_open),
    FIELD_OF(struct ata, BOOL, drive, atapi.streaming),
    FIELD_OF(struct ata, BOOL, drive, atapi.dma),
    FIELD_OF(struct ata, U8, drive, atapi.parts),
    FIELD_OF(struct ata, U32, drive, atapi.filled),
    FIELD_OF(struct ata, U32, drive, atapi.expect),
    FIELD_OF(struct ata, U32, drive, atapi.lba),
    FIELD_OF(struct ata, U32, drive, atapi.left),
    DRIVE_FIELDS(0),
    DRIVE_FIELDS(1),
    FIELD_END,
};

/* DEV in the device register chooses who is spoken to. */
static struct ata_drive *ata_selected(struct ata *ata)
{
    return &ata->drive[(ata->select & DEVICE_DEV) != 0];
}

static bool drive_present(const struct ata_drive *drive)
{
    return drive->kind != ATA_NONE;
}

/* Only the selected drive drives INTRQ. */
static void ata_update_irq(struct ata *ata)
{
    irq_set(ata->irq,
            ata_selected(ata)->intrq && !(ata->control & CONTROL_NIEN));
}

static void drive_set_intrq(struct ata_drive *drive, bool level)
{
    drive->intrq = level;
    ata_update_irq(drive->ata);
}

/* The protocol, for the personalities */

/* From now on the drive is busy and the host has to wait. */
void ata_start(struct ata_drive *drive, enum ata_job job, uint64_t ns)
{
    struct sched *sched = drive->ata->sched;

    drive->status = STATUS_BSY;
    drive->phase = PHASE_IDLE;
    drive->job = (uint8_t)job;
    drive->due = sched_now(sched) + ns;
    event_arm(sched, &drive->event, drive->due);
}

void ata_pio_in(struct ata_drive *drive, uint32_t begin, uint32_t end)
{
    ASSERT(begin <= end && end <= ATA_BUFFER_SIZE);
    drive->pos = begin;
    drive->end = end;
    drive->phase = PHASE_PIO_IN;
    drive->status = STATUS_DRDY | STATUS_DSC | STATUS_DRQ;
    drive_set_intrq(drive, true);
}

/* The first block of a write is asked for without an interrupt (9.7). */
void ata_pio_out(struct ata_drive *drive, uint32_t bytes, bool interrupt)
{
    ASSERT(bytes <= ATA_BUFFER_SIZE);
    drive->pos = 0;
    drive->end = bytes;
    drive->phase = PHASE_PIO_OUT;
    drive->status = STATUS_DRDY | STATUS_DSC | STATUS_DRQ;
    if (interrupt)
        drive_set_intrq(drive, true);
}

/* PIO reads end silently: their interrupt came with the last block. */
void ata_finish(struct ata_drive *drive, bool interrupt)
{
    drive->phase = PHASE_IDLE;
    drive->dma_waiting = false;
    drive->status = STATUS_DRDY | STATUS_DSC;
    if (interrupt)
        drive_set_intrq(drive, true);
}

void ata_fail(struct ata_drive *drive, uint8_t status, uint8_t error)
{
    LOG(drive->ata->device.log, IDE, "%s.%u: command %02x fails: %02x",
        drive->ata->device.id, drive->unit, drive->command, error);
    ata_finish(drive, true);
    drive->status |= status | STATUS_ERR;
    drive->error = error;
}

/* 9.12: what tells a disk from a packet device after a reset. */
void ata_signature(struct ata_drive *drive)
{
    bool packet = drive->kind == ATA_CDROM;

    memset(drive->hob, 0, sizeof drive->hob);
    drive->reg[ATA_COUNT] = 1;
    drive->reg[ATA_LBA_LOW] = 1;
    drive->reg[ATA_LBA_MID] = packet ? 0x14 : 0;
    drive->reg[ATA_LBA_HIGH] = packet ? 0xEB : 0;
    drive->reg[ATA_DEVICE] = 0;
    drive->error = 1; /* diagnostic code: no error */
}

/* Waiting shows as DRQ, as on the wire: DMARQ is asserted. */
bool ata_dma_move(struct ata_drive *drive, bool to_memory)
{
    struct ata *ata = drive->ata;

    if (ata->dma->ready(ata->dma_opaque)) {
        uint32_t size = drive->end - drive->pos;
        size_t moved = ata->dma->move(
            ata->dma_opaque, drive->buffer + drive->pos, size, to_memory);

        ASSERT(moved <= size);
        drive->pos += (uint32_t)moved;
    }
    if (drive->pos == drive->end)
        return true;
    drive->dma_waiting = true;
    drive->status = STATUS_DRDY | STATUS_DSC | STATUS_DRQ;
    return false;
}

/* Two characters a word, the first one in the high byte, padded. */
void ata_string(uint8_t *word, const char *text, size_t bytes)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < bytes; i++)
        word[i ^ 1] = i < length ? (uint8_t)text[i] : ' ';
}

void ata_dma_started(struct ata *ata)
{
    for (unsigned i = 0; i < ATA_UNITS; i++)
        if (ata->drive[i].dma_waiting) {
            ata->drive[i].dma_waiting = false;
            ata_start(&ata->drive[i], JOB_DMA, DMA_RESUME_NS);
        }
}

/* Resets */

/* Whatever was going on is forgotten; the caller sets the status. */
static void drive_stop(struct ata_drive *drive)
{
    event_cancel(drive->ata->sched, &drive->event);
    drive->job = JOB_NONE;
    drive->due = SCHED_NEVER;
    drive->phase = PHASE_IDLE;
    drive->dma_waiting = false;
    drive->pos = drive->end = 0;
    drive->intrq = false;
}

/* A packet device shows no DRDY until its first command. */
static void drive_reset_done(struct ata_drive *drive)
{
    ata_signature(drive);
    drive->status = drive->kind == ATA_CDROM ? 0 : STATUS_DRDY | STATUS_DSC;
}

static void drive_fire(void *opaque)
{
    struct ata_drive *drive = opaque;
    enum ata_job job = drive->job;

    drive->job = JOB_NONE;
    drive->due = SCHED_NEVER;
    if (job == JOB_RESET) {
        drive_reset_done(drive);
        /* Device 0 interrupts for both after a diagnostic. */
        if (drive->command == COMMAND_DIAGNOSTIC && drive->unit == 0)
            drive_set_intrq(drive, true);
    } else if (job == JOB_FINISH)
        ata_finish(drive, true);
    else if (job != JOB_NONE)
        drive->ops->run(drive, job);
}

/* 9.3: BSY while SRST is set; the reset runs when it is cleared. */
static void ata_soft_reset(struct ata *ata, bool begin)
{
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_drive *drive = &ata->drive[i];

        if (!drive_present(drive))
            continue;
        if (begin) {
            drive_stop(drive);
            drive->ops->reset(drive);
            drive->command = 0;
            drive->status = STATUS_BSY;
        } else {
            ata_start(drive, JOB_RESET, RESET_NS);
        }
    }
    ata->select = 0;
    ata_update_irq(ata);
}

/* Addressed to both drives, whichever is selected. */
static void ata_diagnostic(struct ata *ata)
{
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_drive *drive = &ata->drive[i];

        if (!drive_present(drive))
            continue;
        drive_stop(drive);
        drive->command = COMMAND_DIAGNOSTIC;
        ata_start(drive, JOB_RESET, RESET_NS);
    }
    ata->select = 0;
    ata_update_irq(ata);
}

/* Registers */

/* The CPU may take the data by words or doublewords. The personality goes
 * on when the buffer is empty. */
static uint32_t ata_read_data(struct ata_drive *drive, unsigned size)
{
    uint32_t step = size == 4 ? 4 : 2;
    uint32_t value;

    if (drive->phase != PHASE_PIO_IN)
        return UINT32_MAX;
    /* The last word may be all that is left of a 32-bit access; of an odd
     * count the last byte. */
    if (drive->end - drive->pos < step)
        step = 2;
    ASSERT(drive->pos + step <= ATA_BUFFER_SIZE);
    value = step == 4 ? load_le32(drive->buffer + drive->pos)
                      : load_le16(drive->buffer + drive->pos);
    drive->pos = (uint32_t)min_u64(drive->pos + step, drive->end);
    if (drive->pos == drive->end)
        drive->ops->in_done(drive);
    return value;
}

static void ata_write_data(struct ata_drive *drive, uint32_t value,
                           unsigned size)
{
    uint32_t step = size == 4 ? 4 : 2;

    if (drive->phase != PHASE_PIO_OUT)
        return;
    if (drive->end - drive->pos < step)
        step = 2;
    store_le(drive->buffer + drive->pos, value, step);
    drive->pos += step;
    if (drive->pos == drive->end)
        drive->ops->out_done(drive);
}

/* Nothing drives the bus without a drive: it floats high, but for DD7, which
 * the host pulls down so that nobody waits for BSY (ATA/ATAPI-6 table 5).
 * For an absent device 1 device 0 answers, with a status of zero. */
static bool ata_answers(struct ata *ata, struct ata_drive **drive)
{
    *drive = ata_selected(ata);
    if (drive_present(*drive))
        return true;
    if (*drive == &ata->drive[0])
        return false;
    *drive = &ata->drive[0];
    return drive_present(*drive);
}

static uint8_t ata_status(struct ata *ata)
{
    struct ata_drive *drive;

    if (!ata_answers(ata, &drive))
        return (uint8_t)FLOATING;
    return drive == ata_selected(ata) ? drive->status : 0;
}

uint32_t ata_read(struct ata *ata, unsigned reg, unsigned size)
{
    struct ata_drive *drive;

    if (!ata_answers(ata, &drive))
        return FLOATING;
    switch (reg) {
    case ATA_DATA:
        return ata_read_data(drive, size);
    case ATA_ERROR:
        return drive->error;
    case ATA_DEVICE:
        return (drive->reg[ATA_DEVICE] & 0x4F) | (ata->select & DEVICE_DEV) |
               0xA0;
    case ATA_STATUS:
        if (drive == ata_selected(ata))
            drive_set_intrq(drive, false);
        return ata_status(ata);
    default:
        if (reg >= ATA_REGISTERS)
            return UINT32_MAX;
        return ata->control & CONTROL_HOB ? drive->hob[reg] : drive->reg[reg];
    }
}

/* A busy drive ignores commands; only a packet drive can be pulled out by
 * DEVICE RESET. DIAGNOSTIC does not ask who is selected. */
static void ata_write_command(struct ata *ata, uint8_t command)
{
    struct ata_drive *drive = ata_selected(ata);
    bool busy = drive->status & (STATUS_BSY | STATUS_DRQ);
    bool reset = command == COMMAND_DEVICE_RESET && drive->kind == ATA_CDROM;

    if (ata->control & CONTROL_SRST)
        return;
    if (command == COMMAND_DIAGNOSTIC) {
        ata_diagnostic(ata);
        return;
    }
    if (!drive_present(drive) || (busy && !reset))
        return;
    LOG(ata->device.log, IDE, "%s.%u: command %02x", ata->device.id,
        drive->unit, command);
    drive_stop(drive);
    drive_set_intrq(drive, false);
    drive->previous = drive->command;
    drive->command = command;
    drive->error = 0;
    drive->status = STATUS_DRDY | STATUS_DSC;
    drive->ops->command(drive, command);
}

/* Both drives see every write: that is how drive 1 knows the registers
 * when it is selected later. Any write ends the view of the HOB bytes. */
void ata_write(struct ata *ata, unsigned reg, uint32_t value, unsigned size)
{
    if (reg == ATA_DATA) {
        ata_write_data(ata_selected(ata), value, size);
        return;
    }
    ata->control &= (uint8_t)~CONTROL_HOB;
    if (reg == ATA_COMMAND) {
        ata_write_command(ata, (uint8_t)value);
        return;
    }
    if (reg == ATA_DEVICE) {
        ata->select = (uint8_t)value;
        ata_update_irq(ata);
    }
    /* A drive in the middle of a command must not lose its registers. */
    for (unsigned i = 0; i < ATA_UNITS && reg < ATA_REGISTERS; i++) {
        struct ata_drive *drive = &ata->drive[i];
        if (drive->status & (STATUS_BSY | STATUS_DRQ))
            continue;
        drive->hob[reg] = drive->reg[reg];
        drive->reg[reg] = (uint8_t)value;
    }
}

/* Unlike the status register it acknowledges nothing. */
uint8_t ata_read_alternate(struct ata *ata)
{
    return ata_status(ata);
}

void ata_write_control(struct ata *ata, uint8_t value)
{
    uint8_t changed = ata->control ^ value;

    ata->control = value;
    if (changed & CONTROL_SRST)
        ata_soft_reset(ata, (value & CONTROL_SRST) != 0);
    ata_update_irq(ata);
}

/* Drives on the cable */

void ata_attach(struct ata *ata, unsigned unit, enum ata_kind kind,
                struct disk *disk)
{
    struct ata_drive *drive = &ata->drive[unit];

    ASSERT(unit < ATA_UNITS);
    drive->kind = kind;
    drive->ops = kind == ATA_CDROM ? &atapi_ops : &ata_disk_ops;
    drive->disk = disk;
}

enum ata_kind ata_unit_kind(const struct ata *ata, unsigned unit)
{
    return ata->drive[unit].kind;
}

struct disk *ata_change_media(struct ata *ata, unsigned unit, struct disk *disk,
                              bool force, bool *refused)
{
    struct ata_drive *drive = &ata->drive[unit];
    struct disk *old = drive->disk;

    *refused = drive->kind != ATA_CDROM || (drive->atapi.locked && !force);
    if (*refused) {
        atapi_eject_wanted(drive);
        return NULL;
    }
    drive->disk = disk;
    atapi_media_changed(drive);
    return old;
}

void ata_set_geometry(struct ata *ata, unsigned unit,
                      struct ata_geometry geometry)
{
    ASSERT(unit < ATA_UNITS);
    ata->drive[unit].geometry = geometry;
}

struct ata_geometry ata_drive_geometry(const struct ata_drive *drive,
                                       uint64_t sectors)
{
    return drive->geometry.cylinders ? drive->geometry
                                     : ata_default_geometry(sectors);
}

struct ata_geometry ata_default_geometry(uint64_t sectors)
{
    uint64_t cylinders = sectors / (16 * 63);

    if (cylinders < 1)
        cylinders = 1;
    return (struct ata_geometry){
        .cylinders = (uint16_t)min_u64(cylinders, 16383),
        .heads = 16,
        .sectors = 63,
    };
}

/* The device */

/* Power-on: everything, also what SRST leaves alone, but not what a disk keeps
 * without power (ata_protect.c). */
static void ata_reset(struct device *device)
{
    struct ata *ata = CONTAINER_OF(device, struct ata, device);

    ata->control = 0;
    ata->select = 0;
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_drive *drive = &ata->drive[i];

        drive_stop(drive);
        memset(drive->reg, 0, sizeof drive->reg);
        memset(drive->hob, 0, sizeof drive->hob);
        memset(drive->buffer, 0, sizeof drive->buffer);
        memset(&drive->atapi, 0, sizeof drive->atapi);
        drive->status = drive->error = 0;
        drive->command = drive->previous = drive->flags = 0;
        drive->lba = drive->left = 0;
        drive->cylinders = drive->heads = drive->sectors = 0;
        drive->multiple = drive->transfer_mode = drive->power = 0;
        drive->write_cache = drive->look_ahead = drive->smart = true;
        ata_protect_power_on(drive);
        if (!drive_present(drive))
            continue;
        drive->ops->reset(drive);
        drive_reset_done(drive);
    }
    ata_update_irq(ata);
}

/* What a damaged or foreign file claims must not lead outside the buffer. */
static bool drive_sane(const struct ata_drive *drive)
{
    bool packet = drive->kind == ATA_CDROM && drive->command == 0xA0;

    if (drive->end > ATA_BUFFER_SIZE || drive->pos > drive->end ||
        drive->multiple > ATA_MAX_MULTIPLE || drive->job > JOB_ERASE ||
        (drive->job == JOB_ERASE && drive->kind != ATA_DISK) ||
        !ata_protect_sane(drive) || drive->phase > PHASE_PIO_OUT ||
        drive->atapi.filled > ATA_BUFFER_SIZE ||
        drive->atapi.expect > UINT16_MAX ||
        (drive->kind == ATA_CDROM &&
         (drive->atapi.streaming || drive->job == JOB_READ) &&
         !(drive->atapi.parts & ATAPI_PARTS_SENT)))
        return false;
    if (drive->kind == ATA_NONE)
        return drive->job == JOB_NONE && drive->phase == PHASE_IDLE;
    if (drive->phase != PHASE_IDLE &&
        (drive->pos == drive->end || drive->pos % 2 ||
         (drive->phase == PHASE_PIO_OUT && drive->end % 2)))
        return false;
    /* `left` is the byte count limit there. */
    return !packet ||
           (drive->left >= 2 && drive->left <= 0xFFFE && drive->left % 2 == 0 &&
            (drive->phase != PHASE_PIO_IN ||
             drive->end <= drive->atapi.filled));
}

static int ata_post_load(struct device *device, uint32_t version)
{
    struct ata *ata = CONTAINER_OF(device, struct ata, device);

    (void)version;
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_drive *drive = &ata->drive[i];

        event_cancel(ata->sched, &drive->event);
        if (!drive_sane(drive))
            return -1;
        if (drive->due != SCHED_NEVER)
            event_arm(ata->sched, &drive->event, drive->due);
    }
    ata_update_irq(ata);
    return 0;
}

static void ata_destroy(struct device *device)
{
    struct ata *ata = CONTAINER_OF(device, struct ata, device);

    for (unsigned i = 0; i < ATA_UNITS; i++)
        event_free(ata->sched, &ata->drive[i].event);
    free(ata);
}

static const struct device_ops ata_ops = {
    .name = "ata",
    .description = "ATA cable with two drives",
    .version = 2,
    .fields = ata_fields,
    .reset = ata_reset,
    .post_load = ata_post_load,
    .destroy = ata_destroy,
};

struct device *ata_device(struct ata *ata)
{
    return &ata->device;
}

struct ata *ata_create(const struct ata_config *config)
{
    struct ata *ata = calloc(1, sizeof *ata);

    if (!ata)
        return NULL;
    device_init(&ata->device, &ata_ops, config->id, config->log);
    ata->irq = config->irq;
    ata->sched = config->sched;
    ata->dma = config->dma;
    ata->dma_opaque = config->dma_opaque;
    for (unsigned i = 0; i < ATA_UNITS; i++) {
        struct ata_drive *drive = &ata->drive[i];

        drive->ata = ata;
        drive->unit = i;
        drive->number = config->number + i;
        drive->due = SCHED_NEVER;
        ata_protect_create(drive);
        event_init(ata->sched, &drive->event, "ata", drive_fire, drive);
    }
    return ata;
}
