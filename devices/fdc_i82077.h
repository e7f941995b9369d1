/* fdc_i82077.h - Intel 82077AA floppy controller with two drives. */
#ifndef UMBRA_FDC_I82077_H
#define UMBRA_FDC_I82077_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "mmu/addrspace.h"

struct disk;
struct dma;
struct fdc_i82077;

enum { FDC_DRIVES = 2 };

/* CMOS register 10h codes. */
enum fdc_drive_type {
    FDC_DRIVE_NONE = 0,
    FDC_DRIVE_360K = 1,
    FDC_DRIVE_1200K = 2,
    FDC_DRIVE_720K = 3,
    FDC_DRIVE_1440K = 4,
    FDC_DRIVE_2880K = 5
};

struct fdc_i82077_config {
    struct addrspace *ports;
    struct irq *irq; /* ISA IRQ 6 */
    struct sched *sched;
    struct log *log;
    struct dma *dma; /* channel 2 is used */
    enum fdc_drive_type drive[FDC_DRIVES];
    /* Data commands seek without being told to by CONFIGURE: Bochs' BIOS
     * never seeks. */
    bool implied_seek;
};

struct fdc_i82077 *fdc_create(const struct fdc_i82077_config *config);
struct device *fdc_device(struct fdc_i82077 *fdc);
/* Insert (NULL: eject) now or at run time; returns the disk that was there,
 * which the caller closes. The geometry follows from the image's size. */
struct disk *fdc_change_media(struct fdc_i82077 *fdc, unsigned drive,
                              struct disk *disk);

struct fdc_geometry {
    uint8_t cylinders, heads, sectors;
    uint8_t rate; /* DSR/CCR code: 0 500, 1 300, 2 250, 3 1000 kbit/s */
};

/* Is it exactly the size of a formatted disk? */
bool fdc_is_format(uint64_t size);
/* Geometry of an image of `size` bytes, whole or cut short; false: not a
 * floppy's size. */
bool fdc_geometry_of(uint64_t size, struct fdc_geometry *geometry);
/* The drive type that reads such an image best. */
enum fdc_drive_type fdc_drive_type_for(uint64_t size);

#endif
