/* machine_media.c - image files in the board's drives. */
#include <stdio.h>

#include "devices/ata.h"
#include "devices/disk.h"
#include "devices/fdc_i82077.h"
#include "devices/ide_piix.h"
#include "devices/machine_state.h"

static const char *const drive_name[MACHINE_DRIVES] = {"-fda", "-fdb", "-hda",
                                                       "-hdb", "-hdc", "-hdd"};

static bool is_floppy(unsigned drive)
{
    return drive <= DRIVE_FDB;
}

/* Cable and unit of an IDE drive. */
static struct ata *cable_of(struct machine *m, unsigned drive)
{
    return ide_piix_channel(m->ide, (drive - DRIVE_HDA) / 2);
}

static unsigned unit_of(unsigned drive)
{
    return (drive - DRIVE_HDA) % 2;
}

enum fdc_drive_type machine_floppy_type(struct machine *m, unsigned drive)
{
    return m->disk[drive] ? fdc_drive_type_for(disk_size(m->disk[drive]))
                          : FDC_DRIVE_1440K;
}

static struct disk *open_image(struct machine *m, unsigned drive,
                               const struct machine_media *media, char *error)
{
    const struct disk_options options = {
        .read_only = media->read_only || media->cdrom,
        .snapshot = media->snapshot,
        .format = media->format,
        .memory = media->memory,
        .memory_size = media->memory_size,
        .log = &m->log,
        .failed = machine_disk_failed,
        .opaque = m,
    };
    struct disk *disk =
        disk_open(media->path, &options, error, MACHINE_ERROR_SIZE);
    struct fdc_geometry geometry;

    if (disk && is_floppy(drive) &&
        !fdc_geometry_of(disk_size(disk), &geometry)) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: %llu bytes is no floppy's size; use -hda for a hard "
                 "disk, -cdrom for a CD",
                 media->path, (unsigned long long)disk_size(disk));
        disk_close(disk);
        return NULL;
    }
    return disk;
}

/* Before the controllers exist: the floppy drives' types follow from what
 * is in them. */
bool machine_open_drives(struct machine *m, char *error)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct machine_media *media = &m->config.media[i];
        if (!media->path)
            continue;
        m->disk[i] = open_image(m, i, media, error);
        if (!m->disk[i])
            return false;
    }
    return true;
}

void machine_attach_drives(struct machine *m)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct machine_media *media = &m->config.media[i];
        if (is_floppy(i) && m->disk[i]) {
            fdc_change_media(m->fdc, i, m->disk[i]);
        } else if (!is_floppy(i) && (media->cdrom || m->disk[i])) {
            ata_set_geometry(cable_of(m, i), unit_of(i),
                             (struct ata_geometry){media->cylinders,
                                                   media->heads,
                                                   media->sectors});
            ata_attach(cable_of(m, i), unit_of(i),
                       media->cdrom ? ATA_CDROM : ATA_DISK, m->disk[i]);
        }
        m->config.media[i].path = media->path ? "" : NULL;
        m->config.media[i].format = NULL;
    }
}

void machine_close_drives(struct machine *m)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (m->disk[i])
            disk_close(m->disk[i]);
        m->disk[i] = NULL;
    }
}

static bool flush(struct machine *m, unsigned drive, char *error)
{
    int result = m->disk[drive] ? disk_flush(m->disk[drive]) : 0;

    if (result < 0)
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: what the guest wrote last could not be kept (error "
                 "%d); make room on the host's disk",
                 disk_path(m->disk[drive]), -result);
    return result >= 0;
}

bool machine_flush_drives(struct machine *m, char *error)
{
    bool flushed = true;

    *error = 0;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++)
        if (flushed)
            flushed = flush(m, i, error);
    return flushed && machine_flush_flash(m, error);
}

/* ----------------------------------------------------------- change media */

static bool check_drive(struct machine *m, unsigned drive, char *error)
{
    const char *reason = NULL;

    if (drive >= MACHINE_DRIVES) {
        snprintf(error, MACHINE_ERROR_SIZE, "drive: there is no such drive");
        return false;
    }
    if (drive == DRIVE_FDB && !m->config.media[drive].path)
        reason = "the PC has no drive B; start it with -fdb";
    else if (!is_floppy(drive) &&
             ata_unit_kind(cable_of(m, drive), unit_of(drive)) != ATA_CDROM)
        reason = "holds no removable disk; use fda or cdrom";
    if (reason)
        snprintf(error, MACHINE_ERROR_SIZE, "%s: %s", drive_name[drive],
                 reason);
    return !reason;
}

/* Put `disk` (NULL: nothing) into the drive, close what was there. The old
 * disk stays when what was written to it cannot be kept, or when the guest has
 * locked the drive; it is told of the wish. */
static bool change(struct machine *m, unsigned drive, struct disk *disk,
                   bool force, char *error)
{
    struct disk *old = m->disk[drive];
    bool refused = false;

    if (!flush(m, drive, error))
        return false;
    if (is_floppy(drive))
        fdc_change_media(m->fdc, drive, disk);
    else
        ata_change_media(cable_of(m, drive), unit_of(drive), disk,
                         force || !old, &refused);
    if (refused) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "%s: the guest has locked the drive; unmount the disk there",
                 drive_name[drive]);
        return false;
    }
    m->disk[drive] = disk;
    if (old)
        disk_close(old);
    return true;
}

bool machine_insert(struct machine *m, unsigned drive,
                    const struct machine_media *media,
                    char error[MACHINE_ERROR_SIZE])
{
    struct machine_media image = *media;
    struct disk *disk;

    if (!check_drive(m, drive, error))
        return false;
    image.cdrom = !is_floppy(drive);
    disk = open_image(m, drive, &image, error);
    if (disk && change(m, drive, disk, false, error))
        return true;
    if (disk)
        disk_close(disk);
    return false;
}

bool machine_eject(struct machine *m, unsigned drive,
                   char error[MACHINE_ERROR_SIZE])
{
    return check_drive(m, drive, error) && change(m, drive, NULL, false, error);
}

bool machine_force_eject(struct machine *m, unsigned drive,
                         char error[MACHINE_ERROR_SIZE])
{
    return check_drive(m, drive, error) && change(m, drive, NULL, true, error);
}

uint64_t machine_activity(const struct machine *m, unsigned drive)
{
    const struct disk_counters *c;

    if (drive >= MACHINE_DRIVES || !m->disk[drive])
        return 0;
    c = disk_get_counters(m->disk[drive]);
    return c->reads + c->writes;
}
