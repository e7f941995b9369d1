/* machine_cmos.c - what firmware finds out about the board: CMOS bytes as
 * the AT, Bochs and QEMU define them. */
#include "devices/ata.h"
#include "devices/disk.h"
#include "devices/fdc_i82077.h"
#include "devices/machine_state.h"
#include "devices/rtc_mc146818.h"

enum {
    CMOS_FLOPPY = 0x10,
    CMOS_DISK = 0x12,
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_KIB = 0x15,
    CMOS_EXTENDED_KIB = 0x17,
    CMOS_DISK0_TYPE = 0x19,
    CMOS_DISK0_GEOMETRY = 0x1B,
    CMOS_DISK1_GEOMETRY = 0x24,
    CMOS_EXTENDED_FOUND_KIB = 0x30,
    CMOS_ABOVE_16M = 0x34, /* units of 64 KiB */
    CMOS_BOOT_THIRD = 0x38,
    CMOS_TRANSLATION = 0x39,
    CMOS_BOOT_ORDER = 0x3D,
    CMOS_ABOVE_4G = 0x5B, /* units of 64 KiB, three bytes */

    EQUIPMENT_FLOPPY = 1 << 0,
    EQUIPMENT_FPU = 1 << 1,
    EQUIPMENT_MOUSE = 1 << 2,
    EQUIPMENT_TWO_FLOPPIES = 1 << 6,
    DISK_TYPE_EXTENDED = 47, /* user-defined: geometry follows */
    TRANSLATION_LBA = 1
};

static void set16(struct rtc *rtc, unsigned index, uint64_t value)
{
    rtc_set_cmos(rtc, index, (uint8_t)value);
    rtc_set_cmos(rtc, index + 1, (uint8_t)(value >> 8));
}

static void fill_memory(struct machine *m)
{
    uint64_t extended = (m->low_end - BOOT_HIGH_START) >> 10;
    uint64_t above_16m =
        m->low_end > 16 << 20 ? (m->low_end - (16 << 20)) >> 16 : 0;
    uint64_t above_4g = (m->config.ram_bytes - m->low_end) >> 16;

    set16(m->rtc, CMOS_BASE_KIB, 640);
    set16(m->rtc, CMOS_EXTENDED_KIB, min_u64(extended, 0xFFFF));
    set16(m->rtc, CMOS_EXTENDED_FOUND_KIB, min_u64(extended, 0xFFFF));
    set16(m->rtc, CMOS_ABOVE_16M, min_u64(above_16m, 0xFFFF));
    set16(m->rtc, CMOS_ABOVE_4G, above_4g);
    rtc_set_cmos(m->rtc, CMOS_ABOVE_4G + 2, (uint8_t)(above_4g >> 16));
}

static void fill_floppies(struct machine *m)
{
    unsigned a = machine_floppy_type(m, 0), b = 0;

    if (m->config.media[DRIVE_FDB].path)
        b = machine_floppy_type(m, 1);
    rtc_set_cmos(m->rtc, CMOS_FLOPPY, (uint8_t)(a << 4 | b));
    rtc_set_cmos(m->rtc, CMOS_EQUIPMENT,
                 EQUIPMENT_FLOPPY | EQUIPMENT_FPU | EQUIPMENT_MOUSE |
                     (b ? EQUIPMENT_TWO_FLOPPIES : 0));
}

/* Nine bytes: cylinders, heads, write precompensation, control byte, landing
 * zone, sectors. */
static void fill_geometry(struct rtc *rtc, unsigned index,
                          const struct ata_geometry *g)
{
    set16(rtc, index, g->cylinders);
    rtc_set_cmos(rtc, index + 2, g->heads);
    set16(rtc, index + 3, 0xFFFF);
    rtc_set_cmos(rtc, index + 5, g->heads > 8 ? 0xC8 : 0xC0);
    set16(rtc, index + 6, g->cylinders);
    rtc_set_cmos(rtc, index + 8, g->sectors);
}

static void fill_disks(struct machine *m)
{
    static const uint8_t geometry_at[2] = {CMOS_DISK0_GEOMETRY,
                                           CMOS_DISK1_GEOMETRY};
    uint8_t types = 0, translation = 0;

    for (unsigned i = 0; i < 4; i++) {
        struct disk *disk = m->disk[DRIVE_HDA + i];
        const struct machine_media *media;
        struct ata_geometry g;
        if (!disk || m->config.media[DRIVE_HDA + i].cdrom)
            continue;
        media = &m->config.media[DRIVE_HDA + i];
        g = ata_default_geometry(disk_sectors(disk));
        if (media->cylinders)
            g = (struct ata_geometry){media->cylinders, media->heads,
                                      media->sectors};
        if (media->translation)
            translation |= (uint8_t)((media->translation - 1) << 2 * i);
        else if (g.cylinders > 1024 || g.heads > 16 || g.sectors > 63)
            translation |= (uint8_t)(TRANSLATION_LBA << 2 * i);
        if (i > 1)
            continue;
        types |= i ? 0x0F : 0xF0;
        rtc_set_cmos(m->rtc, CMOS_DISK0_TYPE + i, DISK_TYPE_EXTENDED);
        fill_geometry(m->rtc, geometry_at[i], &g);
    }
    rtc_set_cmos(m->rtc, CMOS_DISK, types);
    rtc_set_cmos(m->rtc, CMOS_TRANSLATION, translation);
}

static bool has_drive(const struct machine *m, bool cdrom)
{
    for (unsigned i = DRIVE_HDA; i < MACHINE_DRIVES; i++)
        if (m->config.media[i].cdrom == cdrom &&
            (cdrom || m->config.media[i].path))
            return true;
    return false;
}

/* Hard disk, floppy, CD-ROM, as far as they are there. */
static void default_order(const struct machine *m, char order[4])
{
    unsigned n = 0;

    if (has_drive(m, false))
        order[n++] = 'c';
    order[n++] = 'a';
    if (has_drive(m, true))
        order[n++] = 'd';
    order[n] = 0;
}

const char *machine_boot_order(const struct machine *m, char fallback[4])
{
    if (m->config.boot_once && !m->started_once)
        return m->config.boot_once;
    if (m->config.boot_order)
        return m->config.boot_order;
    default_order(m, fallback);
    return fallback;
}

/* Nibbles: 1 floppy, 2 hard disk, 3 CD-ROM, 4 network. */
void machine_fill_boot_order(struct machine *m)
{
    static const char letters[] = "acdn";
    char fallback[4];
    const char *order = machine_boot_order(m, fallback);
    uint8_t code[3] = {0, 0, 0};

    for (unsigned i = 0; i < 3 && order[i]; i++) {
        const char *p = strchr(letters, order[i]);
        code[i] = p ? (uint8_t)(p - letters + 1) : 0;
    }
    /* Bit 0: boot floppies without the 55AA signature too. */
    rtc_set_cmos(m->rtc, CMOS_BOOT_THIRD, (uint8_t)(code[2] << 4 | 1));
    rtc_set_cmos(m->rtc, CMOS_BOOT_ORDER, (uint8_t)(code[1] << 4 | code[0]));
    rtc_set_checksum(m->rtc);
}

void machine_fill_cmos(struct machine *m)
{
    fill_memory(m);
    fill_floppies(m);
    fill_disks(m);
    machine_fill_boot_order(m);
}
