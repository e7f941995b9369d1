/* El Torito: disks made of a CD's images, INT 13h AH=4Ah-4Dh, and booting from
 * any image of the boot catalog. Source: "El Torito" Bootable CD-ROM Format
 * Specification 1.0. Not here: the buffer segment of a specification packet
 * (we have our own), selection criteria of sections. */

#include "boot.h"
#include "cdrom.h"

struct emulation emulation;

static uint8_t block[CD_BLOCK];
static uint16_t equipment_before;

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
        uint8_t status = cd_read_packet(d, emulation.lba + (lba >> 2),
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

static void emulated_type(struct regs *r, bool hard)
{
    uint32_t all =
        (uint32_t)emulation.cylinders * emulation.heads * emulation.spt;

    r->ah = hard ? 3 : 1;
    if (hard) {
        r->cx = (uint16_t)(all >> 16);
        r->dx = (uint16_t)all;
    }
    carry_set(r, false);
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
        emulated_type(r, hard);
        return;
    case 0x41:
        if (hard && r->bx == 0x55AA) {
            r->bx = 0xAA55;
            r->cx = 0x0001;
            r->ah = 0x20;
            carry_set(r, false);
            return;
        }
        status = DISK_BAD_COMMAND;
        break;
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

/* --- begin and end ---------------------------------------------------------
 */

static bool block_read(uint8_t index, uint32_t lba)
{
    struct transfer t = {.segment = SEG_BIOS,
                         .offset = (uint16_t)(uint32_t)block};

    return cd_read_blocks(&drives[index], lba, 1, &t) == 0;
}

static uint32_t long_at(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint16_t word_at(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

/* A hard disk's geometry is that of its one partition's last sector: El
 * Torito 2.2. */
static const char *geometry_from_image(void)
{
    const uint8_t *last = block + 0x1BE + 5;

    if (!block_read(emulation.drive_index, emulation.lba))
        return "cannot read the disk image";
    emulation.drive_number = 0x80;
    emulation.heads = last[0] + 1;
    emulation.spt = last[1] & 0x3F;
    emulation.cylinders = (uint16_t)(((last[1] & 0xC0) << 2 | last[2]) + 1);
    return emulation.spt == 0 || emulation.heads == 0
               ? "no partition in the disk image"
               : NULL;
}

/* Makes emulation's image a drive; media, lba and drive_index are set. */
static const char *emulation_begin(void)
{
    static const uint8_t floppy_spt[] = {0, 15, 18, 36};
    const char *problem;

    if (emulation.media > MEDIA_DISK)
        return "unknown El Torito medium";
    if (emulation.media == MEDIA_NONE) {
        emulation.active = 1;
        return NULL;
    }
    emulation.heads = 2;
    emulation.cylinders = 80;
    emulation.drive_number = 0x00;
    if (emulation.media == MEDIA_DISK) {
        problem = geometry_from_image();
        if (problem)
            return problem;
        BDA->hd_count++;
    } else {
        emulation.spt = floppy_spt[emulation.media];
        equipment_before = BDA->equipment;
        BDA->equipment |= 0x0001;
        if (floppy_count() > 0)
            BDA->equipment |= 0x0040;
    }
    emulation.active = 1;
    return NULL;
}

void emulation_end(void)
{
    if (emulation.active && emulation.media == MEDIA_DISK)
        BDA->hd_count--;
    else if (emulation.active && emulation.media != MEDIA_NONE)
        BDA->equipment = equipment_before;
    memset(&emulation, 0, sizeof(emulation));
}

/* --- the boot catalog ------------------------------------------------------
 */

#define CATALOG_DESCRIPTOR 17
#define CATALOG_POINTER    0x47

/* First bytes of its 32-byte entries: El Torito 2.1-2.5. */
#define ENTRY_VALIDATION  0x01
#define ENTRY_BOOTABLE    0x88
#define ENTRY_HEADER      0x90
#define ENTRY_LAST_HEADER 0x91
#define ENTRY_EXTENSION   0x44
#define PLATFORM_X86      0x00
#define MORE_EXTENSIONS   0x20
#define ENTRIES_MAX       128
#define ID_SIZE           28

/* One image that a PC can boot; id is of its section, or of the catalog. */
struct cd_image {
    uint8_t media;
    uint16_t segment, sectors;
    uint32_t lba;
    char id[ID_SIZE + 1];
};

static uint32_t catalog_lba;

static const char *catalog_find(uint8_t index)
{
    if (!cd_ready(&drives[index]))
        return "no disc in the drive";
    if (!block_read(index, CATALOG_DESCRIPTOR) ||
        memcmp(block, "\0CD001\1", 7) != 0 ||
        memcmp(block + 7, "EL TORITO SPECIFICATION", 23) != 0)
        return "the disc is not bootable (no El Torito boot record)";
    catalog_lba = long_at(block + CATALOG_POINTER);
    if (!block_read(index, catalog_lba) || block[0] != ENTRY_VALIDATION ||
        block[0x1E] != 0x55 || block[0x1F] != 0xAA)
        return "the disc's boot catalog is damaged";
    return NULL;
}

/* Entry n, in the block that holds it. */
static const uint8_t *catalog_entry(uint8_t index, int n)
{
    if (n % 64 == 0 && n > 0 && !block_read(index, catalog_lba + n / 64))
        return NULL;
    return block + n % 64 * 32;
}

static void image_take(struct cd_image *image, const uint8_t *entry,
                       const char *id)
{
    image->media = entry[1] & 0x0F;
    image->segment = word_at(entry + 2);
    if (image->segment == 0)
        image->segment = 0x07C0;
    image->sectors = word_at(entry + 6);
    image->lba = long_at(entry + 8);
    memcpy(image->id, id, ID_SIZE);
    image->id[ID_SIZE] = 0;
}

/* Looks for PC image number want and counts all; -1 with *problem set when
 * the disc has no catalog. The validation entry is section 0, of one entry. */
static int catalog_walk(uint8_t index, int want, struct cd_image *image,
                        const char **problem)
{
    char id[ID_SIZE];
    uint16_t left = 1;
    int n, found = 0;
    bool pc, last = false;

    *problem = catalog_find(index);
    if (*problem)
        return -1;
    pc = block[1] == PLATFORM_X86;
    memcpy(id, block + 4, 24);
    memset(id + 24, 0, sizeof(id) - 24);
    for (n = 1; n < ENTRIES_MAX; n++) {
        const uint8_t *entry = catalog_entry(index, n);

        if (!entry || (left == 0 && last))
            break;
        if (left > 0 && entry[0] != ENTRY_EXTENSION) {
            left--;
            if (pc && entry[0] == ENTRY_BOOTABLE && found++ == want)
                image_take(image, entry, id);
        } else if (entry[0] == ENTRY_HEADER || entry[0] == ENTRY_LAST_HEADER) {
            last = entry[0] == ENTRY_LAST_HEADER;
            pc = entry[1] == PLATFORM_X86;
            left = word_at(entry + 2);
            memcpy(id, entry + 4, ID_SIZE);
        } else if (entry[0] != ENTRY_EXTENSION) {
            break;
        }
    }
    return found;
}

int cdrom_images(uint8_t drive)
{
    struct cd_image image;
    const char *problem;

    return catalog_walk(cdrom_map[drive], -1, &image, &problem);
}

void cdrom_name_show(uint8_t drive, uint8_t number)
{
    static const char *const media[] = {"no emulation", "1.2 MB floppy",
                                        "1.44 MB floppy", "2.88 MB floppy",
                                        "hard disk"};
    struct cd_image image;
    const char *problem;

    screen_puts("DVD/CD");
    if (cdrom_count > 1) {
        screen_puts(" ");
        screen_decimal(drive + 1u);
    }
    if (catalog_walk(cdrom_map[drive], number, &image, &problem) < 2)
        return;
    screen_puts(", image ");
    screen_decimal(number + 1u);
    screen_puts(": ");
    screen_puts(image.id);
    screen_puts(image.id[0] ? " (" : "(");
    screen_puts(image.media <= MEDIA_DISK ? media[image.media] : "?");
    screen_puts(")");
}

/* --- boot ------------------------------------------------------------------
 */

/* The first sectors of the image to its segment. */
static bool image_read(uint16_t sectors)
{
    struct transfer t = {.segment = emulation.load_segment, .count = sectors};

    return emulated_read(0, &t) == DISK_OK;
}

const char *cdrom_load(uint8_t drive, uint8_t number, uint16_t *segment,
                       uint8_t *drive_number)
{
    struct cd_image image;
    const char *problem;
    int found;

    emulation_end();
    found = catalog_walk(cdrom_map[drive], number, &image, &problem);
    if (found < 0)
        return problem;
    if (found <= number)
        return "the disc's catalog has no image for a PC (x86, bootable)";
    emulation.drive_index = cdrom_map[drive];
    emulation.drive_number = (uint8_t)(CDROM_FIRST + drive);
    emulation.media = image.media;
    emulation.lba = image.lba;
    emulation.load_segment = image.segment;
    emulation.sector_count = image.sectors;
    problem = emulation_begin();
    if (problem)
        return problem;
    if (!image_read(image.media == MEDIA_NONE ? image.sectors : 1)) {
        emulation_end();
        return "cannot read the boot image";
    }
    *segment = emulation.load_segment;
    *drive_number = emulation.drive_number;
    return NULL;
}

/* --- AH=4Ah-4Dh ------------------------------------------------------------
 */

/* El Torito figure 8, the specification packet. */
struct specification {
    uint8_t size, media, drive, controller;
    uint32_t lba;
    uint16_t device;
    uint16_t buffer_segment, load_segment, sector_count;
    uint8_t cylinders_low, spt_cylinders, heads;
} PACKED;

static bool status_get(struct regs *r)
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

    if (!emulation.active || (r->dl != emulation.drive_number && r->dl != 0x7F))
        return false;
    if (emulation.media != MEDIA_NONE) {
        uint16_t last = emulation.cylinders - 1;

        s.cylinders_low = (uint8_t)last;
        s.spt_cylinders = (uint8_t)((last >> 2 & 0xC0) | emulation.spt);
        s.heads = emulation.heads - 1;
    }
    far_store(r->ds, r->si, &s, sizeof(s));
    return true;
}

/* AH=4Ah and 4Ch: the packet names drive, image and medium. */
static bool initiate(struct regs *r)
{
    struct specification s;
    uint8_t index;

    far_fetch(&s, r->ds, r->si, sizeof(s));
    index = (uint8_t)((s.controller << 1 | (s.device & 1)) & 3);
    if (s.size < sizeof(s) || drives[index].kind != DRIVE_CDROM ||
        (emulation.active && emulation.media != MEDIA_NONE))
        return false;
    emulation_end();
    emulation.drive_index = index;
    emulation.drive_number = s.drive;
    emulation.media = s.media & 0x0F;
    emulation.lba = s.lba;
    emulation.load_segment = s.load_segment ? s.load_segment : 0x07C0;
    emulation.sector_count = s.sector_count ? s.sector_count : 1;
    if (emulation_begin()) {
        memset(&emulation, 0, sizeof(emulation));
        return false;
    }
    return true;
}

/* AH=4Dh: {size, sectors, buffer, first sector} at DS:SI. */
static bool catalog_get(struct regs *r)
{
    uint8_t index = emulation.drive_index, count = far_read8(r->ds, r->si + 1);
    struct transfer t = {
        .segment = far_read16(r->ds, r->si + 4),
        .offset = far_read16(r->ds, r->si + 2),
        .count = count,
    };

    if (!emulation.active || far_read8(r->ds, r->si) < 8 || catalog_find(index))
        return false;
    return cd_read_blocks(&drives[index],
                          catalog_lba + far_read16(r->ds, r->si + 6), count,
                          &t) == 0;
}

void eltorito_service(struct regs *r)
{
    bool done = false;

    if (r->ah == 0x4B && r->al <= 1) {
        done = status_get(r);
        if (done && r->al == 0 && emulation.media != MEDIA_NONE)
            emulation_end();
    } else if (r->ax == 0x4A00) {
        done = initiate(r);
    } else if (r->ax == 0x4C00 && initiate(r)) {
        if (image_read(emulation.sector_count))
            boot_jump(emulation.load_segment == 0x07C0 ? 0
                                                       : emulation.load_segment,
                      emulation.load_segment == 0x07C0 ? 0x7C00 : 0,
                      emulation.drive_number);
        emulation_end();
    } else if (r->ax == 0x4D00) {
        done = catalog_get(r);
    }
    r->ah = done ? DISK_OK : DISK_BAD_COMMAND;
    if (done)
        r->al = 0;
    carry_set(r, !done);
}
