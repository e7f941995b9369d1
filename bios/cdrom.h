/* CD-ROM drives and the disks that El Torito makes of their images. */
#ifndef CDROM_H
#define CDROM_H

#include "disk.h"

#define CD_BLOCK    2048
#define CDROM_FIRST 0xE0

/* El Torito's media types. */
#define MEDIA_NONE 0
#define MEDIA_1200 1
#define MEDIA_1440 2
#define MEDIA_2880 3
#define MEDIA_DISK 4

/* What was booted, or is emulated: used by INT 13h. */
struct emulation {
    uint8_t active;       /* a disk image is mapped in */
    uint8_t media;        /* El Torito media type, 0 = none emulated */
    uint8_t drive_number; /* 00, 80 or E0.. */
    uint8_t drive_index;  /* which of drives[] */
    uint32_t lba;         /* first 2048-byte block of the image */
    uint16_t load_segment;
    uint16_t sector_count;
    uint16_t cylinders; /* geometry of the image */
    uint8_t heads, spt;
};
extern struct emulation emulation;

/* cdrom.c */
extern uint8_t cdrom_map[DRIVE_MAX];
struct drive *cdrom_by_number(uint8_t number);
void cdrom_service(struct regs *r, struct drive *d);
bool cd_ready(const struct drive *d);
uint8_t cd_read_packet(const struct drive *d, uint32_t lba, uint32_t blocks,
                       struct packet_data *data);
uint8_t cd_read_blocks(const struct drive *d, uint32_t lba, uint32_t blocks,
                       struct transfer *t);

/* eltorito.c */
void emulation_service(struct regs *r);
void emulation_end(void);
void eltorito_service(struct regs *r); /* AH=4Ah-4Dh */

#endif
