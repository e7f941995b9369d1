/* IDE drives as disk.c and cdrom.c use them. */
#ifndef ATA_H
#define ATA_H

#include <stdbool.h>
#include <stdint.h>

#define DRIVE_MAX 4

enum drive_kind { DRIVE_NONE, DRIVE_DISK, DRIVE_CDROM };

struct drive {
    uint8_t kind;
    uint8_t slave; /* 0 or 1 */
    uint8_t channel;
    bool lba48;
    bool dword_io;
    bool dma;
    uint8_t translation;                        /* geometry.c */
    uint16_t command;                           /* 1F0 or 170 */
    uint16_t control;                           /* 3F6 or 376 */
    uint16_t cylinders, heads, spt;             /* as the drive says */
    uint16_t log_cylinders, log_heads, log_spt; /* as INT 13h says */
    uint64_t sectors;
    char model[41];
};

/* One transfer between far memory and a drive. */
struct transfer {
    uint64_t lba;
    uint32_t count; /* sectors */
    uint16_t segment, offset;
    uint32_t done; /* sectors moved, also after an error */
};

enum ata_way { ATA_READ, ATA_WRITE, ATA_VERIFY };

extern struct drive drives[DRIVE_MAX];

void ata_detect(void);
/* 0 or an INT 13h status. */
uint8_t ata_transfer(const struct drive *d, enum ata_way way,
                     struct transfer *t);
/* Sends a packet; at most bytes of the answer go to segment:offset, *got
 * tells how many came. skip bytes are dropped first. */
struct packet_data {
    uint16_t segment, offset;
    uint32_t bytes;
    uint32_t skip;
    uint32_t got;
};
uint8_t atapi_packet(const struct drive *d, const uint8_t packet[12],
                     struct packet_data *data);
uint8_t ata_reset_drive(const struct drive *d);

/* ata_dma.c */
bool dma_usable(const struct drive *d, const struct transfer *t,
                uint32_t count);
void dma_prepare(const struct drive *d, const struct transfer *t,
                 uint32_t count, bool write);
uint8_t dma_run(const struct drive *d, bool write, uint32_t ms);

#endif
