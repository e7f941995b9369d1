/* ata.h - one ATA cable: task file registers and up to two drives, hard
 * disks (ata_disk.c) or CD-ROMs (atapi.c).
 *
 * The host adapter owns the cable: it maps the ports, gives the interrupt
 * wire and moves DMA data. */
#ifndef UMBRA_ATA_H
#define UMBRA_ATA_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct disk;
struct ata;

enum ata_kind { ATA_NONE, ATA_DISK, ATA_CDROM };

/* Moves up to `size` bytes between a drive's buffer and memory and returns
 * how many were moved; fewer than `size` means that the engine stopped. */
struct ata_dma_ops {
    bool (*ready)(void *opaque); /* engine started, direction set */
    size_t (*move)(void *opaque, uint8_t *data, size_t size, bool to_memory);
};

struct ata_config {
    const char *id;  /* "ide.primary" */
    unsigned number; /* of drive 0 on the board, for serial numbers */
    struct irq *irq; /* INTRQ */
    struct sched *sched;
    struct log *log;
    const struct ata_dma_ops *dma; /* NULL: no DMA */
    void *dma_opaque;
};

struct ata *ata_create(const struct ata_config *config);
struct device *ata_device(struct ata *ata);

/* Before the first reset. A CD-ROM may have no disk in it. */
void ata_attach(struct ata *ata, unsigned unit, enum ata_kind kind,
                struct disk *disk);
enum ata_kind ata_unit_kind(const struct ata *ata, unsigned unit);
/* CD-ROM only: insert (NULL: eject) at run time. Returns the disk that was
 * there, which the caller then closes. `force` overrides the guest's lock;
 * without it a locked drive keeps its disk and *refused is set. */
struct disk *ata_change_media(struct ata *ata, unsigned unit, struct disk *disk,
                              bool force, bool *refused);

/* Register 0-7 of the command block; 16- and 32-bit accesses to reg 0. */
uint32_t ata_read(struct ata *ata, unsigned reg, unsigned size);
void ata_write(struct ata *ata, unsigned reg, uint32_t value, unsigned size);
/* Alternate status and device control (3F6h). */
uint8_t ata_read_alternate(struct ata *ata);
void ata_write_control(struct ata *ata, uint8_t value);
/* The DMA engine was started: a waiting drive goes on. */
void ata_dma_started(struct ata *ata);

/* Drive geometry for firmware tables (CMOS). */
struct ata_geometry {
    uint16_t cylinders;
    uint8_t heads, sectors;
};

struct ata_geometry ata_default_geometry(uint64_t sectors);
/* Before power-on: the disk says this of itself; cylinders 0: the default. */
void ata_set_geometry(struct ata *ata, unsigned unit,
                      struct ata_geometry geometry);

#endif
