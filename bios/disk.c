/* INT 13h: dispatch, hard disks by CHS (00-15h) and by EDD (41h-48h).
 * Sources: RBIL INT 13h; Phoenix Enhanced Disk Drive Specification 3.0.
 * Not here: EDD 45h lock and 46h eject of disks that cannot be removed,
 * 4Eh hardware configuration beyond "it is so", 06h, 07h, 0Eh, 0Fh, 12h, 13h
 * of the PC/XT. */

#include "cdrom.h"
#include "shared.h"

#define EDD_VERSION 0x30

uint8_t disk_count;
static uint8_t disk_home[DRIVE_MAX]; /* in the order of the cables */
static uint8_t disk_map[DRIVE_MAX];  /* 80h first */

struct drive *disk_by_number(uint8_t number)
{
    /* An emulated hard disk is 80h and moves the others up by one. */
    if (emulation.active && emulation.drive_number == 0x80)
        number--;
    if (number < 0x80 || number - 0x80 >= disk_count)
        return NULL;
    return &drives[disk_map[number - 0x80]];
}

uint8_t disk_sector[512] __attribute__((aligned(512)));

static uint8_t set_status(struct regs *r, uint8_t status)
{
    r->ah = status;
    if (r->dl < 0x80)
        BDA->fdc_status = status;
    else
        BDA->hd_status = status;
    carry_set(r, status != DISK_OK);
    return status;
}

/* INT 41h and 46h. */
static void write_fdpt(int index, const struct drive *d)
{
    uint16_t at = offsetof(struct ebda, fdpt) + index * 16;
    uint8_t table[16];

    geometry_table(d, table);
    far_store(SEG_EBDA, at, table, sizeof(table));
    far_write32(0, index == 0 ? 0x41 * 4 : 0x46 * 4,
                (uint32_t)SEG_EBDA << 16 | at);
}

void disk_promote(uint8_t index)
{
    uint8_t i, next = 1;

    disk_map[0] = disk_home[index];
    for (i = 0; i < disk_count; i++)
        if (i != index)
            disk_map[next++] = disk_home[i];
    for (i = 0; i < disk_count && i < 2; i++)
        write_fdpt(i, &drives[disk_map[i]]);
}

void disk_name_show(uint8_t index)
{
    const struct drive *d = &drives[disk_home[index]];

    screen_puts(d->model);
    screen_puts(", ");
    screen_decimal((uint32_t)(d->sectors >> 11));
    screen_puts(" MiB");
}

void disk_start(void)
{
    int i;

    ata_detect();
    disk_count = 0;
    for (i = 0; i < DRIVE_MAX; i++) {
        if (drives[i].kind != DRIVE_DISK)
            continue;
        geometry_choose(&drives[i]);
        disk_home[disk_count++] = (uint8_t)i;
    }
    disk_promote(0);
    BDA->hd_count = disk_count;
    BDA->hd_control = 0xC0;
    pic_unmask(14);
    pic_unmask(15);
}

/* --- 00h-15h
 * ------------------------------------------------------------------ */

bool chs_decode(const struct regs *r, uint16_t heads, uint16_t spt,
                uint32_t *lba)
{
    uint32_t cylinder = (uint32_t)(r->cl & 0xC0) << 2 | r->ch;
    uint32_t sector = r->cl & 0x3F;

    if (sector == 0 || sector > spt || r->dh >= heads)
        return false;
    *lba = (cylinder * heads + r->dh) * spt + sector - 1;
    return true;
}

static uint8_t chs_transfer(struct regs *r, const struct drive *d,
                            enum ata_way way)
{
    struct transfer t = {.count = r->al, .segment = r->es, .offset = r->bx};
    uint32_t lba;
    uint8_t status;

    if (r->al == 0 || r->al > 128)
        return DISK_BAD_COMMAND;
    if (!chs_decode(r, d->log_heads, d->log_spt, &lba) ||
        lba + t.count > d->sectors)
        return DISK_NOT_FOUND;
    t.lba = lba;
    status = ata_transfer(d, way, &t);
    r->al = (uint8_t)t.done;
    return status;
}

/* The last cylinder was the AT's diagnostic one: its number is not told. */
static void parameters_get(struct regs *r, const struct drive *d)
{
    uint16_t last = d->log_cylinders - 1;

    r->al = 0;
    r->ch = (uint8_t)last;
    r->cl = (uint8_t)((last >> 2 & 0xC0) | (d->log_spt & 0x3F));
    r->dh = (uint8_t)(d->log_heads - 1);
    r->dl = BDA->hd_count;
}

static void type_get(struct regs *r, const struct drive *d)
{
    uint32_t sectors =
        (uint32_t)(d->log_cylinders - 1) * d->log_heads * d->log_spt;

    r->cx = (uint16_t)(sectors >> 16);
    r->dx = (uint16_t)sectors;
    BDA->hd_status = 0;
    r->ah = 3;
    carry_set(r, false);
}

/* --- EDD
 * ----------------------------------------------------------------------- */

/* A buffer above 1 MiB: through ours, sector by sector. */
static uint8_t flat_transfer(const struct edd_packet *p, const struct drive *d,
                             enum ata_way way, uint32_t *done)
{
    uint32_t at = (uint32_t)p->flat, left = p->count;
    uint64_t lba = p->lba;
    uint8_t status = DISK_OK;

    if (p->flat >> 32)
        return 0x09; /* data boundary error */
    for (; left > 0 && status == DISK_OK; left--, lba++, at += 512) {
        struct transfer t = {.lba = lba,
                             .count = 1,
                             .segment = SEG_BIOS,
                             .offset = (uint16_t)(uint32_t)disk_sector};

        if (way == ATA_WRITE)
            pm_copy(BASE_BIOS + (uint32_t)disk_sector, at, 512);
        status = ata_transfer(d, way, &t);
        if (way == ATA_READ && status == DISK_OK)
            pm_copy(at, BASE_BIOS + (uint32_t)disk_sector, 512);
        *done += status == DISK_OK;
    }
    return status;
}

static uint8_t edd_transfer(struct regs *r, const struct drive *d,
                            enum ata_way way)
{
    struct edd_packet p;
    struct transfer t;
    uint32_t done = 0;
    uint8_t status;

    far_fetch(&p, r->ds, r->si, sizeof(p));
    if (p.size < 16)
        return DISK_BAD_COMMAND;
    if (p.lba >= d->sectors || d->sectors - p.lba < p.count) {
        far_write16(r->ds, r->si + 2, 0);
        return DISK_NOT_FOUND;
    }
    t.lba = p.lba;
    t.count = p.count;
    t.segment = p.segment;
    t.offset = p.offset;
    if (way != ATA_VERIFY && p.size >= sizeof(p) && p.segment == 0xFFFF &&
        p.offset == 0xFFFF) {
        status = flat_transfer(&p, d, way, &done);
    } else {
        status = ata_transfer(d, way, &t);
        done = t.done;
    }
    far_write16(r->ds, r->si + 2, (uint16_t)done);
    return status;
}

/* AH=48h, EDD 3.0 result buffer. */
struct edd_result {
    uint16_t size, flags;
    uint32_t cylinders, heads, spt;
    uint64_t sectors;
    uint16_t sector_size;
    uint32_t dpte;
    uint16_t path_key;
    uint8_t path_length, reserved21[3];
    char bus[4], interface[8];
    uint8_t interface_path[8], device_path[8];
    uint8_t reserved40, checksum;
} PACKED;

_Static_assert(sizeof(struct edd_result) == 66, "EDD 3.0 table 4");

/* Device parameter table extension; EDD 3.0 table 5. */
static struct {
    uint16_t command, control;
    uint8_t flags, reserved5, irq, block, dma, pio;
    uint16_t options, reserved12;
    uint8_t revision, checksum;
} PACKED dpte;

static void fill_dpte(const struct drive *d)
{
    uint8_t sum = 0;
    unsigned int i;

    memset(&dpte, 0, sizeof(dpte));
    dpte.command = d->command;
    dpte.control = d->control;
    dpte.flags = (uint8_t)(0xE0 | d->slave << 4);
    dpte.irq = d->channel ? 15 : 14;
    dpte.block = 1;
    dpte.options = 0x0090; /* LBA, 32-bit data port */
    if (d->kind == DRIVE_CDROM)
        dpte.options |= 0x0060; /* ATAPI, removable */
    else
        dpte.options |= geometry_options(d);
    dpte.revision = 0x11;
    for (i = 0; i < sizeof(dpte) - 1; i++)
        sum += ((uint8_t *)&dpte)[i];
    dpte.checksum = (uint8_t)-sum;
}

static void fill_path(struct edd_result *e, const struct drive *d)
{
    uint8_t sum = 0;
    unsigned int i;

    e->path_key = 0xBEDD;
    e->path_length = 36;
    memcpy(e->bus, "PCI ", 4);
    memcpy(e->interface, d->kind == DRIVE_CDROM ? "ATAPI   " : "ATA     ", 8);
    e->interface_path[1] = 1; /* PIIX3 IDE is 0:1.1 */
    e->interface_path[2] = 1;
    e->interface_path[3] = d->channel;
    e->device_path[0] = d->slave;
    for (i = offsetof(struct edd_result, path_key); i < sizeof(*e) - 1; i++)
        sum += ((uint8_t *)e)[i];
    e->checksum = (uint8_t)-sum;
}

uint8_t edd_parameters(struct regs *r, const struct drive *d)
{
    uint16_t room = far_read16(r->ds, r->si);
    struct edd_result e;

    if (room < 26)
        return DISK_BAD_COMMAND;
    memset(&e, 0, sizeof(e));
    e.size = room >= 66 ? 66 : room >= 30 ? 30 : 26;
    e.flags = d->kind == DRIVE_CDROM ? 0x0074 : 0x0002;
    e.cylinders = d->cylinders;
    e.heads = d->heads;
    e.spt = d->spt;
    e.sectors = d->kind == DRIVE_CDROM ? ~0ull : d->sectors;
    e.sector_size = d->kind == DRIVE_CDROM ? 2048 : 512;
    if (d->kind == DRIVE_CDROM)
        e.cylinders = e.heads = e.spt = 0xFFFFFFFF;
    fill_dpte(d);
    e.dpte = (uint32_t)SEG_BIOS << 16 | (uint16_t)(uint32_t)&dpte;
    fill_path(&e, d);
    far_store(r->ds, r->si, &e, e.size);
    return DISK_OK;
}

static void edd_present(struct regs *r)
{
    if (r->bx != 0x55AA) {
        set_status(r, DISK_BAD_COMMAND);
        return;
    }
    r->bx = 0xAA55;
    r->cx = 0x0005; /* packet access, EDD parameters */
    BDA->hd_status = 0;
    r->ah = EDD_VERSION;
    carry_set(r, false);
}

/* AH=4Eh: AL 0, 1 prefetch, 2-4 PIO mode, 5-6 DMA. The best there is is set
 * already; AL = 0 says that no other drive is touched. */
uint8_t edd_configure(struct regs *r)
{
    if (r->al > 6)
        return DISK_BAD_COMMAND;
    r->al = 0;
    return DISK_OK;
}

static uint8_t edd_service(struct regs *r, struct drive *d)
{
    switch (r->ah) {
    case 0x42:
        return edd_transfer(r, d, ATA_READ);
    case 0x43:
        return edd_transfer(r, d, ATA_WRITE);
    case 0x44:
        return edd_transfer(r, d, ATA_VERIFY);
    case 0x47: /* seek */
        return DISK_OK;
    case 0x48:
        return edd_parameters(r, d);
    case 0x4E:
        return edd_configure(r);
    }
    return DISK_BAD_COMMAND;
}

void disk_service(struct regs *r, struct drive *d)
{
    uint8_t status = DISK_OK;
    uint32_t lba;

    switch (r->ah) {
    case 0x00:
    case 0x0D:
        status = ata_reset_drive(d);
        break;
    case 0x01:
        r->ah = BDA->hd_status;
        BDA->hd_status = 0;
        carry_set(r, r->ah != 0);
        return;
    case 0x02:
    case 0x0A:
        status = chs_transfer(r, d, ATA_READ);
        break;
    case 0x03:
    case 0x0B:
        status = chs_transfer(r, d, ATA_WRITE);
        break;
    case 0x04:
        status = chs_transfer(r, d, ATA_VERIFY);
        break;
    case 0x05: /* format: ATA has none */
    case 0x09:
    case 0x10:
    case 0x11:
    case 0x14:
        break;
    case 0x08:
        parameters_get(r, d);
        break;
    case 0x0C:
        status = chs_decode(r, d->log_heads, d->log_spt, &lba) ? DISK_OK
                                                               : DISK_NOT_FOUND;
        break;
    case 0x15:
        type_get(r, d);
        return;
    case 0x41:
        edd_present(r);
        return;
    default:
        status = edd_service(r, d);
    }
    set_status(r, status);
}

/* --- dispatch
 * ------------------------------------------------------------------- */

static void absent_service(struct regs *r)
{
    uint8_t function = r->ah;

    set_status(r, DISK_BAD_COMMAND);
    if (function == 0x08)
        r->ax = 0x0700;
    if (function == 0x15) {
        r->ax = 0;
        r->cx = r->dx = 0;
    }
}

/* An emulated diskette is A:, so the real A: answers as B:. */
static void moved_floppy(struct regs *r)
{
    bool moved = emulation.active && emulation.media != 0 &&
                 emulation.drive_number == 0 && r->dl == 1;
    bool keeps_dl = r->ah != 0x08;

    if (moved)
        r->dl = 0;
    floppy_service(r);
    if (moved && keeps_dl)
        r->dl = 1;
}

void int13_service(struct regs *r)
{
    struct drive *d;

    polls_restart();
    if (r->ah >= 0x4A && r->ah <= 0x4D) {
        eltorito_service(r);
    } else if (emulation.active && r->dl == emulation.drive_number &&
               emulation.media != 0) {
        emulation_service(r);
    } else if (r->dl < 0x80) {
        moved_floppy(r);
    } else if ((d = disk_by_number(r->dl)) != NULL) {
        disk_service(r, d);
    } else if ((d = cdrom_by_number(r->dl)) != NULL) {
        cdrom_service(r, d);
    } else {
        absent_service(r);
    }
}

void int40_service(struct regs *r)
{
    floppy_service(r);
}
