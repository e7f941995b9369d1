/* ata_internal.h - what the files of the ATA cable share: the drive.
 *
 * ata.c owns registers, protocol and interrupts; a drive's personality
 * (ata_disk.c, atapi.c) is a struct ata_drive_ops. */
#ifndef UMBRA_ATA_INTERNAL_H
#define UMBRA_ATA_INTERNAL_H

#include "devices/ata.h"
#include "devices/disk.h"

/* Command block registers, by their offset from 1F0h. */
enum {
    ATA_DATA,
    ATA_ERROR, /* read */
    ATA_COUNT,
    ATA_LBA_LOW,
    ATA_LBA_MID,
    ATA_LBA_HIGH,
    ATA_DEVICE,
    ATA_STATUS, /* read */
    ATA_REGISTERS,
    ATA_FEATURES = ATA_ERROR, /* write */
    ATA_COMMAND = ATA_STATUS, /* write */
    ATA_REASON = ATA_COUNT,   /* packet commands */
    ATA_BYTES_LOW = ATA_LBA_MID,
    ATA_BYTES_HIGH = ATA_LBA_HIGH
};

enum {
    STATUS_ERR = 1 << 0,
    STATUS_DRQ = 1 << 3,
    STATUS_DSC = 1 << 4, /* seek complete; packet: service */
    STATUS_DF = 1 << 5,
    STATUS_DRDY = 1 << 6,
    STATUS_BSY = 1 << 7,

    ERROR_ABRT = 1 << 2,
    ERROR_IDNF = 1 << 4,
    ERROR_UNC = 1 << 6,

    DEVICE_DEV = 1 << 4,
    DEVICE_LBA = 1 << 6,

    CONTROL_NIEN = 1 << 1,
    CONTROL_SRST = 1 << 2,
    CONTROL_HOB = 1 << 7,

    REASON_CD = 1 << 0, /* command, not data */
    REASON_IO = 1 << 1, /* to the host */

    ATA_UNITS = 2,
    ATA_BUFFER_SIZE = 65536,
    ATA_MAX_MULTIPLE = 16,
    ATA_PASSWORD = 32,
    ATAPI_MODE = 6 + 6 + 14,
    ATAPI_PARTS_SENT = 0xB8 /* of atapi.parts, those that have bytes */
};

/* Who owns the buffer. */
enum ata_phase { PHASE_IDLE, PHASE_PIO_IN, PHASE_PIO_OUT };

/* What the drive does when its event fires. RESET and FINISH are ata.c's,
 * the others the personality's. */
enum ata_job {
    JOB_NONE,
    JOB_RESET,
    JOB_FINISH,
    JOB_READ,
    JOB_WRITE,
    JOB_DMA,
    JOB_PACKET,
    JOB_ERASE
};

struct ata_drive;

struct ata_drive_ops {
    void (*reset)(struct ata_drive *drive); /* power on, SRST */
    void (*command)(struct ata_drive *drive, uint8_t command);
    void (*run)(struct ata_drive *drive, enum ata_job job);
    /* The host took, or gave, the last word of the buffer. */
    void (*in_done)(struct ata_drive *drive);
    void (*out_done)(struct ata_drive *drive);
};

/* A packet drive's own state. */
struct atapi {
    uint8_t packet[12];
    uint8_t sense_key, asc, ascq;
    uint8_t event;  /* media event that nobody asked for yet */
    bool attention; /* UNIT ATTENTION waits */
    bool locked;    /* PREVENT MEDIUM REMOVAL */
    bool tray_open;
    bool streaming;     /* sectors follow the buffer */
    bool dma;           /* this command moves data by DMA */
    uint32_t filled;    /* bytes of the buffer that are data */
    uint32_t expect;    /* bytes that the host is to send, 0: none */
    uint8_t parts;      /* of sectors that are sent, as READ CD has them */
    uint32_t lba, left; /* sectors still to fetch */
    uint8_t mode[ATAPI_MODE]; /* current values of mode pages */
};

/* What keeps the host from a disk's sectors (ata_protect.c). The last `hidden`
 * sectors are not the host's; after power-on it is `hidden_kept` of them.
 * `enabled`: there is a user password; `locked` only then. */
struct ata_protect {
    uint64_t hidden, hidden_kept;
    uint16_t revision; /* of the master password */
    uint8_t max_state; /* of the SET MAX commands */
    uint8_t max_tries, tries;
    bool max_kept; /* hidden_kept was set since power-on */
    bool enabled, locked, frozen, maximum;
    uint8_t max_password[ATA_PASSWORD];
    uint8_t user[ATA_PASSWORD], master[ATA_PASSWORD];
};

/* `job` is JOB_NONE exactly when `due` is SCHED_NEVER. In a PIO phase the
 * host is at buffer[pos] and the phase ends at buffer[end]; pos <= end <=
 * ATA_BUFFER_SIZE always. */
struct ata_drive {
    uint8_t reg[ATA_REGISTERS]; /* as last written, or results */
    uint8_t hob[ATA_REGISTERS]; /* written before that */
    uint8_t status, error;
    bool intrq;
    uint8_t phase;    /* enum ata_phase */
    uint8_t job;      /* enum ata_job */
    uint64_t due;     /* ns */
    bool dma_waiting; /* for the engine to be started */
    uint32_t pos, end;
    uint8_t command;    /* in progress */
    uint8_t previous;   /* the one before it */
    uint8_t flags;      /* of the command, ata_disk.c */
    uint64_t lba;       /* next sector */
    uint32_t left;      /* sectors to go; packet: bytes per block */
    uint16_t cylinders; /* current translation */
    uint8_t heads, sectors;
    uint8_t multiple;      /* sectors per block, 0 = off */
    uint8_t transfer_mode; /* SET FEATURES 03h */
    uint8_t power;         /* CHECK POWER MODE */
    bool write_cache, look_ahead, smart;
    struct ata_protect protect;
    struct atapi atapi;
    uint8_t buffer[ATA_BUFFER_SIZE];
    /* TRANSIENT */
    struct ata *ata;
    unsigned unit;
    unsigned number; /* on the board */
    enum ata_kind kind;
    const struct ata_drive_ops *ops;
    struct disk *disk;
    struct ata_geometry geometry; /* cylinders 0: the default */
    struct event event;
};

struct ata {
    struct device device;
    uint8_t control;
    uint8_t select; /* device register as last written */
    struct ata_drive drive[ATA_UNITS];
    /* TRANSIENT */
    struct irq *irq;
    struct sched *sched;
    const struct ata_dma_ops *dma;
    void *dma_opaque;
};

extern const struct ata_drive_ops ata_disk_ops;
extern const struct ata_drive_ops atapi_ops;

/* For the personalities. */
struct ata_geometry ata_drive_geometry(const struct ata_drive *drive,
                                       uint64_t sectors);
void ata_start(struct ata_drive *drive, enum ata_job job, uint64_t ns);
/* The host takes buffer[begin..end), or gives buffer[0..bytes). */
void ata_pio_in(struct ata_drive *drive, uint32_t begin, uint32_t end);
void ata_pio_out(struct ata_drive *drive, uint32_t bytes, bool interrupt);
/* Ends the command: ready, with or without interrupt. */
void ata_finish(struct ata_drive *drive, bool interrupt);
void ata_fail(struct ata_drive *drive, uint8_t status, uint8_t error);
void ata_signature(struct ata_drive *drive);
/* Moves the rest of the buffer by DMA; false: the drive has to wait. */
bool ata_dma_move(struct ata_drive *drive, bool to_memory);
void ata_string(uint8_t *word, const char *text, size_t bytes);

/* SET FEATURES 03h: false for a mode that no drive here has. */
bool ata_set_transfer_mode(struct ata_drive *drive, uint8_t mode);
/* IDENTIFY words 63 and 88: modes of a family (20h, 40h) and which one is
 * selected. */
unsigned ata_mode_word(const struct ata_drive *drive, unsigned family,
                       unsigned supported);

/* ata_disk.c, for ata_protect.c: the address in the registers; the translation
 * of the disk as it is now. */
bool ata_disk_get_address(const struct ata_drive *drive, bool ext,
                          uint64_t *lba);
void ata_disk_put_address(struct ata_drive *drive, uint64_t lba);
void ata_disk_translate(struct ata_drive *drive);

/* ata_protect.c: commands, as ata_disk.c's list has them, */
void ata_protect_native_max(struct ata_drive *drive, unsigned flags);
void ata_protect_set_max(struct ata_drive *drive, unsigned flags);
void ata_protect_set_max_ext(struct ata_drive *drive, unsigned flags);
void ata_protect_security(struct ata_drive *drive, unsigned flags);
/* ... the sector that some of them take; false: it is for another command, */
bool ata_protect_data(struct ata_drive *drive);
/* ... JOB_ERASE; sectors that the host has; words of IDENTIFY. */
void ata_protect_erase(struct ata_drive *drive);
uint64_t ata_protect_sectors(const struct ata_drive *drive);
void ata_protect_identify(const struct ata_drive *drive, uint8_t *data);
bool ata_protect_sane(const struct ata_drive *drive);
void ata_protect_create(struct ata_drive *drive);
void ata_protect_power_on(struct ata_drive *drive);

void atapi_media_changed(struct ata_drive *drive);
/* The user wants the disk, but the guest has locked the tray. */
void atapi_eject_wanted(struct ata_drive *drive);

#endif
