/* What the parts of INT 13h share. */
#ifndef DISK_H
#define DISK_H

#include "ata.h"
#include "code16.h"

#define DISK_OK          0x00
#define DISK_BAD_COMMAND 0x01
#define DISK_NOT_FOUND   0x04
#define DISK_TIMEOUT     0x80

/* EDD 3.0 device address packet, at DS:SI. */
struct edd_packet {
    uint8_t size, reserved;
    uint16_t count;
    uint16_t offset, segment;
    uint64_t lba;
} PACKED;

/* disk.c */
uint8_t edd_parameters(struct regs *r, const struct drive *d);
extern uint8_t disk_count;
struct drive *disk_by_number(uint8_t number);
void disk_service(struct regs *r, struct drive *d);
bool chs_decode(const struct regs *r, uint16_t heads, uint16_t spt,
                uint32_t *lba);

/* floppy.c */
void floppy_service(struct regs *r);
uint8_t floppy_count(void);

/* cdrom.c: emulation state of El Torito, used by INT 13h. */
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

void cdrom_start(void);
struct drive *cdrom_by_number(uint8_t number);
void cdrom_service(struct regs *r, struct drive *d);
void emulation_service(struct regs *r);
void cdrom_4b(struct regs *r);
/* Loads the boot image; 0 or a reason for the message. */
const char *cdrom_load(uint16_t *segment, uint8_t *number);

#define CDROM_FIRST 0xE0

#endif
