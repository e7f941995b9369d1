/* fdc_transfer.c - the 82077AA's commands that move data.
 *
 * Manual: Intel 290166, sections 5.1 and 5.2. One sector at a time: find
 * it, move it by DMA or through the data port, go to the next one as MT and
 * EOT say, until terminal count. Sector IDs are those of a freshly formatted
 * disk: cylinder, side, 1 to n, 512 bytes.
 * Not modelled: sectors of other sizes, deleted data marks on the medium
 * (WRITE DELETED DATA writes plain data), bad checksums. */
#include "devices/fdc_internal.h"

enum {
    OP_MASK = 0x1F,
    OP_READ_TRACK = 0x02,
    OP_WRITE = 0x05,
    OP_WRITE_DELETED = 0x09,
    OP_READ_DELETED = 0x0C,
    OP_SCAN_EQUAL = 0x11,
    OP_VERIFY = 0x16,
    OP_SCAN_LOW = 0x19,
    OP_SCAN_HIGH = 0x1D,
    BIT_MT = 0x80,
    BIT_SK = 0x20,
    BIT_EC = 0x80, /* VERIFY: count sectors */

    SPECIFY_ND = 1, /* second byte: no DMA */
    CONFIG_EIS = 1 << 6,

    START_NS = 10000,
    SECTOR_NS = 20000
};

/* fifo[] still holds the command while it executes. */
static unsigned fdc_opcode(const struct fdc_i82077 *fdc)
{
    return fdc->fifo[0] & OP_MASK;
}

static struct fdc_drive *fdc_unit(struct fdc_i82077 *fdc)
{
    return &fdc->drive[fdc->unit];
}

/* ST0 ST1 ST2 C H R N */
static void fdc_end(struct fdc_i82077 *fdc, unsigned st0)
{
    uint8_t *f = fdc->fifo;

    dma_set_request(fdc->dma, 2, false);
    f[0] = (uint8_t)(st0 | fdc->head << 2 | fdc->unit);
    f[1] = fdc->st1;
    f[2] = fdc->st2;
    f[3] = fdc->c;
    f[4] = fdc->h;
    f[5] = fdc->r;
    f[6] = FDC_N;
    if (st0 & ST0_ABNORMAL)
        LOG(fdc->device.log, FDC,
            "drive %u: ST1 %02x ST2 %02x at C %u H %u R %u", fdc->unit,
            fdc->st1, fdc->st2, fdc->c, fdc->h, fdc->r);
    fdc_result(fdc, 7, true);
}

static void fdc_error(struct fdc_i82077 *fdc, unsigned st1, unsigned st2)
{
    fdc->st1 |= (uint8_t)st1;
    fdc->st2 |= (uint8_t)st2;
    fdc_end(fdc, ST0_ABNORMAL);
}

/* The track under the heads: a 40-track disk in a 1.2 MB drive lies under
 * every second one. False: nothing that can be read there. */
static bool fdc_track(struct fdc_i82077 *fdc, unsigned *cylinder)
{
    const struct fdc_drive *drive = fdc_unit(fdc);
    bool stretch =
        drive->type == FDC_DRIVE_1200K && drive->geometry.cylinders <= 43;

    *cylinder = stretch ? drive->cylinder / 2u : drive->cylinder;
    return drive->disk && !(stretch && drive->cylinder % 2) &&
           *cylinder < drive->geometry.cylinders &&
           fdc->head < drive->geometry.heads;
}

/* The controller sees marks only at the rate they were written with; 250
 * and 300 kbit/s are one density at two speeds of rotation. */
static bool fdc_density_fits(struct fdc_i82077 *fdc)
{
    static const uint8_t density[4] = {1, 2, 2, 3};
    unsigned disk = fdc_unit(fdc)->geometry.rate, set = fdc_rate(fdc);

    if (density[disk] == density[set])
        return true;
    LOG(fdc->device.log, FDC, "drive %u: data rate %u set, disk has %u",
        fdc->unit, set, disk);
    return false;
}

/* Images hold cylinder 0 side 0, cylinder 0 side 1, cylinder 1 ... */
static uint64_t fdc_offset(struct fdc_i82077 *fdc, unsigned cylinder,
                           unsigned sector)
{
    const struct fdc_geometry *g = &fdc_unit(fdc)->geometry;

    return (((uint64_t)cylinder * g->heads + fdc->head) * g->sectors + sector -
            1) *
           SECTOR_SIZE;
}

/* Looks for the ID C H R; false: the command has ended with an error. */
static bool fdc_find_sector(struct fdc_i82077 *fdc, uint64_t *offset)
{
    unsigned cylinder;

    if (!fdc_track(fdc, &cylinder) || !fdc_density_fits(fdc)) {
        fdc_error(fdc, ST1_MA, 0);
        return false;
    }
    if (fdc->c != cylinder) {
        fdc_error(fdc, ST1_ND, ST2_WC);
        return false;
    }
    if (fdc->h != fdc->head || fdc->r == 0 ||
        fdc->r > fdc_unit(fdc)->geometry.sectors) {
        fdc_error(fdc, ST1_ND, 0);
        return false;
    }
    *offset = fdc_offset(fdc, cylinder, fdc->r);
    return true;
}

/* Table 5-? "result": where the command would go on. True: end of the
 * cylinder, the sector just done was the last that MT and EOT allow. */
static bool fdc_advance(struct fdc_i82077 *fdc)
{
    bool multi = fdc->fifo[0] & BIT_MT;

    if (fdc->r != fdc->eot) {
        fdc->r++;
        return false;
    }
    fdc->r = 1;
    if (multi) {
        fdc->h ^= 1;
        fdc->head ^= 1;
    }
    if (multi && fdc->head == 1)
        return false;
    fdc->c++;
    return true;
}

/* FFh from the host matches anything; the first byte that differs decides. */
static bool scan_hit(struct fdc_i82077 *fdc, const uint8_t *disk)
{
    unsigned op = fdc_opcode(fdc);

    for (unsigned i = 0; i < SECTOR_SIZE; i++) {
        uint8_t host = fdc->buffer[i];

        if (host == 0xFF || host == disk[i])
            continue;
        return (op == OP_SCAN_LOW && disk[i] < host) ||
               (op == OP_SCAN_HIGH && disk[i] > host);
    }
    fdc->st2 |= ST2_SH;
    return true;
}

/* What is done with a sector once its data is in the buffer (WRITE, SCAN).
 * False: the command has ended. */
static bool sector_take(struct fdc_i82077 *fdc, uint64_t offset)
{
    struct disk *disk = fdc_unit(fdc)->disk;
    uint8_t data[SECTOR_SIZE];

    if (fdc->action == FDC_WRITE) {
        if (disk_write(disk, offset, fdc->buffer, SECTOR_SIZE) == 0)
            return true;
        fdc_error(fdc, ST1_DE, ST2_DD);
        return false;
    }
    if (disk_read(disk, offset, data, sizeof data) < 0) {
        fdc_error(fdc, ST1_DE, ST2_DD);
        return false;
    }
    if (scan_hit(fdc, data)) {
        fdc->st2 &= (uint8_t)~ST2_SN;
        fdc_end(fdc, 0);
        return false;
    }
    fdc->st2 |= ST2_SN;
    return true;
}

/* Brings the sector into the buffer, or makes room for it. */
static bool sector_begin(struct fdc_i82077 *fdc, uint64_t offset)
{
    bool fill = fdc->action == FDC_READ || fdc->action == FDC_CHECK;

    if (fill &&
        disk_read(fdc_unit(fdc)->disk, offset, fdc->buffer, SECTOR_SIZE) < 0) {
        fdc_error(fdc, ST1_DE, ST2_DD);
        return false;
    }
    if (!fill)
        memset(fdc->buffer, 0, SECTOR_SIZE);
    fdc->buffer_pos = fdc->action == FDC_CHECK ? SECTOR_SIZE : 0;
    fdc->buffer_end = SECTOR_SIZE;
    return true;
}

/* Moves what DMA will take now. True: the buffer is through, by its end or
 * by terminal count; what a write did not get is zero. */
static bool fdc_move(struct fdc_i82077 *fdc)
{
    enum dma_direction direction =
        fdc->action == FDC_READ ? DMA_TO_MEMORY : DMA_FROM_MEMORY;
    unsigned size = fdc->buffer_end - fdc->buffer_pos;
    bool tc = false;

    if (size == 0)
        return true;
    if (fdc->pio) {
        fdc_set_interrupt(fdc, true);
        return false;
    }
    dma_set_request(fdc->dma, 2, true);
    size = (unsigned)dma_transfer(fdc->dma, 2, fdc->buffer + fdc->buffer_pos,
                                  size, direction, &tc);
    fdc->buffer_pos = (uint16_t)(fdc->buffer_pos + size);
    fdc->tc |= tc;
    if (!fdc->tc && fdc->buffer_pos < fdc->buffer_end)
        return false;
    dma_set_request(fdc->dma, 2, false);
    return true;
}

/* VERIFY ends by its own count or at EOT; everything else goes on until
 * terminal count, and missing it at the end of the cylinder is an error. */
static void sector_next(struct fdc_i82077 *fdc)
{
    bool end;

    fdc->buffer_pos = fdc->buffer_end = 0;
    if (fdc->st2 & ST2_CM) {
        fdc_end(fdc, 0);
        return;
    }
    end = fdc_advance(fdc);
    if (fdc->action == FDC_CHECK && fdc->sectors_left &&
        --fdc->sectors_left == 0)
        fdc->tc = true;
    if (fdc->tc || (end && fdc->action == FDC_CHECK))
        fdc_end(fdc, 0);
    else if (end)
        fdc_error(fdc, ST1_EN, 0);
    else
        fdc_start(fdc, FDC_JOB_DATA, SECTOR_NS);
}

/* FORMAT TRACK: four ID bytes per sector, then the sector is filled. */
static void format_sectors(struct fdc_i82077 *fdc)
{
    struct disk *disk = fdc_unit(fdc)->disk;
    uint8_t fill[SECTOR_SIZE];
    unsigned cylinder;

    memset(fill, fdc->fifo[5], sizeof fill);
    if (!fdc_track(fdc, &cylinder) || !fdc_density_fits(fdc)) {
        fdc_error(fdc, ST1_MA, 0);
        return;
    }
    for (unsigned at = 0; at + 4 <= fdc->buffer_pos; at += 4) {
        const uint8_t *id = fdc->buffer + at;

        fdc->c = id[0];
        fdc->h = id[1];
        fdc->r = id[2];
        if (id[0] != cylinder || id[1] != fdc->head || id[2] == 0 ||
            id[2] > fdc_unit(fdc)->geometry.sectors || id[3] != FDC_N) {
            fdc_error(fdc, ST1_ND, 0);
            return;
        }
        if (disk_write(disk, fdc_offset(fdc, cylinder, id[2]), fill,
                       sizeof fill) < 0) {
            fdc_error(fdc, ST1_DE, ST2_DD);
            return;
        }
    }
    fdc_end(fdc, 0);
}

static void sector_through(struct fdc_i82077 *fdc)
{
    bool taken = fdc->action == FDC_WRITE || fdc->action == FDC_SCAN;
    uint64_t offset;

    if (fdc->action == FDC_FORMAT) {
        format_sectors(fdc);
        return;
    }
    /* The disk may have been changed while the data was on its way. */
    if (taken && (!fdc_find_sector(fdc, &offset) || !sector_take(fdc, offset)))
        return;
    sector_next(fdc);
}

/* READ DELETED DATA finds only plain data: with SK it passes over it,
 * without it takes one sector and says so. */
static bool sector_skipped(struct fdc_i82077 *fdc)
{
    if (fdc_opcode(fdc) != OP_READ_DELETED)
        return false;
    if (!(fdc->fifo[0] & BIT_SK)) {
        fdc->st2 |= ST2_CM;
        return false;
    }
    sector_next(fdc);
    return true;
}

void fdc_run_data(struct fdc_i82077 *fdc)
{
    uint64_t offset;

    if (fdc->buffer_end == 0) {
        if (!fdc_find_sector(fdc, &offset) || sector_skipped(fdc) ||
            !sector_begin(fdc, offset))
            return;
    }
    if (fdc_move(fdc))
        sector_through(fdc);
}

/* The CPU moves the bytes */

bool fdc_pio_to_host(const struct fdc_i82077 *fdc)
{
    return fdc->action == FDC_READ;
}

/* INT asks for a sector, not for each byte: the buffer is the FIFO. */
static void fdc_pio_moved(struct fdc_i82077 *fdc)
{
    fdc_set_interrupt(fdc, false);
    if (++fdc->buffer_pos == fdc->buffer_end)
        sector_through(fdc);
}

uint8_t fdc_pio_read(struct fdc_i82077 *fdc)
{
    uint8_t value;

    if (!fdc->pio || !fdc_pio_to_host(fdc) ||
        fdc->buffer_pos >= fdc->buffer_end)
        return 0xFF;
    value = fdc->buffer[fdc->buffer_pos];
    fdc_pio_moved(fdc);
    return value;
}

void fdc_pio_write(struct fdc_i82077 *fdc, uint8_t value)
{
    if (!fdc->pio || fdc_pio_to_host(fdc) || fdc->buffer_pos >= fdc->buffer_end)
        return;
    fdc->buffer[fdc->buffer_pos] = value;
    fdc_pio_moved(fdc);
}

/* Commands */

/* Drive and head from the second byte; false: there is no such drive, and
 * the command has ended. */
static bool fdc_select(struct fdc_i82077 *fdc)
{
    fdc->phase = FDC_EXECUTION;
    fdc->st1 = fdc->st2 = 0;
    fdc->tc = false;
    fdc->buffer_pos = fdc->buffer_end = 0;
    fdc->pio = fdc->specify[1] & SPECIFY_ND;
    fdc->head = fdc->fifo[1] >> 2 & 1;
    fdc->unit = fdc->fifo[1] & 3;
    if (fdc_unit(fdc)->type != FDC_DRIVE_NONE)
        return true;
    fdc_error(fdc, ST1_MA, 0);
    return false;
}

/* Without a disk the search for the sector will fail by itself. */
static bool fdc_writable(struct fdc_i82077 *fdc)
{
    struct disk *disk = fdc_unit(fdc)->disk;

    if (!disk || !disk_read_only(disk))
        return true;
    fdc_error(fdc, ST1_NW, 0);
    return false;
}

static enum fdc_action fdc_action_of(unsigned opcode)
{
    switch (opcode) {
    case OP_WRITE:
    case OP_WRITE_DELETED:
        return FDC_WRITE;
    case OP_SCAN_EQUAL:
    case OP_SCAN_LOW:
    case OP_SCAN_HIGH:
        return FDC_SCAN;
    case OP_VERIFY:
        return FDC_CHECK;
    default:
        return FDC_READ;
    }
}

/* 6.1.2 implied seek: CONFIGURE's EIS lets data commands seek. */
static void fdc_implied_seek(struct fdc_i82077 *fdc)
{
    struct fdc_drive *drive = fdc_unit(fdc);

    if (!(fdc->config & CONFIG_EIS) || drive->cylinder == fdc->fifo[2])
        return;
    drive->cylinder = fdc->fifo[2];
    if (drive->disk)
        drive->changed = false;
}

/* MT MF SK code, drive and head, C H R N, EOT, GPL, DTL. */
void fdc_command_transfer(struct fdc_i82077 *fdc)
{
    const uint8_t *f = fdc->fifo;

    fdc->c = f[2];
    fdc->h = f[3];
    fdc->r = fdc_opcode(fdc) == OP_READ_TRACK ? 1 : f[4];
    fdc->eot = f[6];
    fdc->action = (uint8_t)fdc_action_of(fdc_opcode(fdc));
    fdc->sectors_left = fdc->action == FDC_CHECK && (f[1] & BIT_EC) ? f[8] : 0;
    if (!fdc_select(fdc))
        return;
    if (f[5] != FDC_N) {
        fdc_error(fdc, ST1_ND, 0);
        return;
    }
    if (fdc->action == FDC_WRITE && !fdc_writable(fdc))
        return;
    fdc_implied_seek(fdc);
    fdc_start(fdc, FDC_JOB_DATA, START_NS);
}

/* MF code, drive and head, N, sectors, GPL, filler. */
void fdc_command_format(struct fdc_i82077 *fdc)
{
    unsigned sectors = fdc->fifo[3];

    fdc->c = fdc->h = fdc->r = 0;
    fdc->action = FDC_FORMAT;
    if (!fdc_select(fdc) || !fdc_writable(fdc))
        return;
    if (fdc->fifo[2] != FDC_N || sectors == 0) {
        fdc_error(fdc, ST1_ND, 0);
        return;
    }
    fdc->buffer_end = (uint16_t)(4 * sectors);
    memset(fdc->buffer, 0, sizeof fdc->buffer);
    fdc_start(fdc, FDC_JOB_DATA, START_NS);
}

/* A way to find out which format and rate a disk has. */
void fdc_command_read_id(struct fdc_i82077 *fdc)
{
    fdc->c = fdc->h = fdc->r = 0;
    fdc->action = FDC_CHECK;
    if (fdc_select(fdc))
        fdc_start(fdc, FDC_JOB_READ_ID, START_NS);
}

/* The disk turns: every READ ID sees the next sector. */
void fdc_run_read_id(struct fdc_i82077 *fdc)
{
    unsigned cylinder;

    if (!fdc_track(fdc, &cylinder) || !fdc_density_fits(fdc)) {
        fdc_error(fdc, ST1_MA, 0);
        return;
    }
    fdc->next_id =
        (uint8_t)(fdc->next_id % fdc_unit(fdc)->geometry.sectors + 1);
    fdc->c = (uint8_t)cylinder;
    fdc->h = fdc->head;
    fdc->r = fdc->next_id;
    fdc_end(fdc, 0);
}
