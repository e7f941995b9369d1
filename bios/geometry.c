/* Cylinders, heads and sectors of hard disks as INT 13h shows them. The way
 * of translation is the one asked for (fw_cfg opt/umbra/disk-translation), or
 * what the partition table was made with, or CMOS 39h's, or LBA assist when
 * the disk has more than 1024 cylinders. Sources: Phoenix Enhanced Disk Drive
 * Specification 3.0, appendix A; RBIL CMOS 39h and table 03196 (INT 41h).
 * CHS reaches 1024 * 255 * 63 sectors, 7.8 GiB; beyond there is EDD. */

#include "disk.h"
#include "fwcfg.h"

#define CMOS_TRANSLATION 0x39 /* two bits a disk */
#define CYLINDERS_MAX    1024
#define PARTITIONS       0x1BE
#define LAST_CYLINDER    1023 /* a partition's ends beyond all say this */

/* AUTO is 0 in the file; CMOS has the others less one. */
enum { AUTO, NONE, LBA, LARGE, RECHS };

static uint32_t sectors_of(const struct drive *d)
{
    return d->sectors > 0xFFFFFFFF ? 0xFFFFFFFF : (uint32_t)d->sectors;
}

static void set_geometry(struct drive *d, uint32_t cylinders, uint16_t heads,
                         uint16_t spt)
{
    d->log_heads = heads;
    d->log_spt = spt;
    d->log_cylinders =
        (uint16_t)(cylinders > CYLINDERS_MAX ? CYLINDERS_MAX : cylinders);
    if (d->log_cylinders == 0)
        d->log_cylinders = 1;
}

/* --- ways of translation ---------------------------------------------------
 */

static bool physical_good(const struct drive *d)
{
    return d->cylinders != 0 && d->heads != 0 && d->heads <= 16 &&
           d->spt != 0 && d->spt <= 63;
}

/* 63 sectors and the smallest number of heads with at most 1024 cylinders. */
static void translate_lba(struct drive *d)
{
    static const uint8_t choice[] = {16, 32, 64, 128, 255};
    uint32_t sectors = sectors_of(d);
    unsigned int i = 0;

    while (i < ARRAY_LEN(choice) - 1 &&
           sectors > CYLINDERS_MAX * 63u * choice[i])
        i++;
    set_geometry(d, sectors / (63u * choice[i]), choice[i], 63);
}

/* Halves the cylinders and doubles the heads. Revised: 16 heads become 15
 * first, as 256 would be one too many for DOS. */
static void translate_shift(struct drive *d, bool revised)
{
    uint32_t cylinders = d->cylinders;
    uint16_t heads = d->heads;

    if (revised && heads == 16 && cylinders > 8192) {
        cylinders = cylinders * 16 / 15;
        heads = 15;
    }
    while (cylinders > CYLINDERS_MAX && heads <= 127) {
        cylinders >>= 1;
        heads = (uint16_t)(heads << 1);
    }
    set_geometry(d, cylinders, heads > 255 ? 255 : heads, d->spt);
}

static void translate(struct drive *d, uint8_t way)
{
    d->translation = way;
    if (way == LBA || !physical_good(d)) {
        d->translation = LBA;
        translate_lba(d);
    } else if (way == NONE) {
        set_geometry(d, d->cylinders, d->heads, d->spt);
    } else {
        translate_shift(d, way == RECHS);
    }
}

/* --- the partition table's opinion -----------------------------------------
 */

static uint32_t long_at(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* Three bytes head, sector and high cylinder bits, cylinder name this LBA;
 * those at the last cylinder stand for anything beyond. */
static bool names(const uint8_t *chs, uint32_t lba, uint16_t heads,
                  uint16_t spt)
{
    uint32_t cylinder = (uint32_t)(chs[1] & 0xC0) << 2 | chs[2];
    uint32_t n = chs[1] & 0x3F;

    if (cylinder >= LAST_CYLINDER)
        return true;
    if (n == 0 || n > spt || chs[0] >= heads)
        return false;
    return (cylinder * heads + chs[0]) * spt + n - 1 == lba;
}

/* Both ends of every partition are where this geometry has them. */
static bool table_fits(uint16_t heads, uint16_t spt)
{
    int i, found = 0;

    for (i = 0; i < 4; i++) {
        const uint8_t *p = disk_sector + PARTITIONS + i * 16;
        uint32_t start = long_at(p + 8), count = long_at(p + 12);

        if (p[4] == 0 || count == 0)
            continue;
        if (!names(p + 1, start, heads, spt) ||
            !names(p + 5, start + count - 1, heads, spt))
            return false;
        found++;
    }
    return found > 0;
}

/* Partitions end at the last head and sector of a cylinder, or used to. */
static bool table_guess(struct drive *d)
{
    int i;

    if (table_fits(d->log_heads, d->log_spt))
        return true;
    for (i = 0; i < 4; i++) {
        const uint8_t *p = disk_sector + PARTITIONS + i * 16;
        uint16_t heads = p[5] + 1, spt = p[6] & 0x3F;

        if (p[4] == 0 || spt == 0 || heads > 255 || !table_fits(heads, spt))
            continue;
        d->translation = heads == d->heads && spt == d->spt ? NONE : LBA;
        set_geometry(d, sectors_of(d) / ((uint32_t)heads * spt), heads, spt);
        return true;
    }
    return false;
}

static bool table_read(const struct drive *d)
{
    struct transfer t = {.count = 1,
                         .segment = SEG_BIOS,
                         .offset = (uint16_t)(uint32_t)disk_sector};

    return ata_transfer(d, ATA_READ, &t) == 0 && disk_sector[510] == 0x55 &&
           disk_sector[511] == 0xAA;
}

/* --- the choice ------------------------------------------------------------
 */

static uint8_t asked_for(uint8_t slot)
{
    uint8_t ways[DRIVE_MAX] = {AUTO, AUTO, AUTO, AUTO};

    if (fwcfg_present())
        fwcfg_read_file("opt/umbra/disk-translation", ways, sizeof(ways));
    return ways[slot] <= RECHS ? ways[slot] : AUTO;
}

void geometry_choose(struct drive *d)
{
    uint8_t slot = (uint8_t)(d->channel * 2 + d->slave);
    uint8_t way = asked_for(slot);
    uint8_t cmos = cmos_read(CMOS_TRANSLATION) >> (slot * 2) & 3;

    if (way != AUTO) {
        translate(d, way);
        return;
    }
    if (cmos == 0)
        way = d->cylinders > CYLINDERS_MAX ? LBA : NONE;
    else
        way = cmos + 1;
    translate(d, way);
    if (table_read(d))
        table_guess(d);
}

/* The AT's fixed disk parameter table; when translated, with the signature
 * A0h and the drive's own values behind. */
void geometry_table(const struct drive *d, uint8_t t[16])
{
    uint8_t sum = 0;
    int i;

    memset(t, 0, 16);
    t[0] = (uint8_t)d->log_cylinders;
    t[1] = (uint8_t)(d->log_cylinders >> 8);
    t[2] = (uint8_t)d->log_heads;
    t[5] = 0xFF;
    t[6] = 0xFF;
    t[8] = d->heads > 8 ? 0xC8 : 0xC0;
    t[14] = (uint8_t)d->log_spt;
    if (d->translation == NONE) {
        t[12] = t[0]; /* landing zone */
        t[13] = t[1];
        return;
    }
    t[3] = 0xA0;
    t[4] = (uint8_t)d->spt;
    t[9] = (uint8_t)d->cylinders;
    t[10] = (uint8_t)(d->cylinders >> 8);
    t[11] = (uint8_t)d->heads;
    for (i = 0; i < 15; i++)
        sum += t[i];
    t[15] = (uint8_t)-sum;
}

bool geometry_translated(const struct drive *d)
{
    return d->translation != NONE;
}

/* EDD's device parameter table: bit 3 translated, bits 9-10 how. */
uint16_t geometry_options(const struct drive *d)
{
    return (uint16_t)((geometry_translated(d) ? 0x0008 : 0) |
                      (d->translation == LBA ? 0x0200 : 0));
}

void disk_geometry_show(const struct drive *d)
{
    static const char *const names_of[] = {"", "", " (LBA)", " (LARGE)",
                                           " (R-LARGE)"};

    screen_puts("CHS ");
    screen_decimal(d->log_cylinders);
    screen_puts("/");
    screen_decimal(d->log_heads);
    screen_puts("/");
    screen_decimal(d->log_spt);
    screen_puts(names_of[d->translation]);
}
