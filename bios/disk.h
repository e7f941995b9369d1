/* What the parts of INT 13h share. */
#ifndef DISK_H
#define DISK_H

#include "ata.h"
#include "code16.h"

#define DISK_OK          0x00
#define DISK_BAD_COMMAND 0x01
#define DISK_NOT_FOUND   0x04
#define DISK_TIMEOUT     0x80

/* EDD 3.0 device address packet, at DS:SI. flat is the buffer's address when
 * size reaches it and segment and offset are FFFFh. */
struct edd_packet {
    uint8_t size, reserved;
    uint16_t count;
    uint16_t offset, segment;
    uint64_t lba, flat;
} PACKED;

/* disk.c */
uint8_t edd_parameters(struct regs *r, const struct drive *d);
uint8_t edd_configure(struct regs *r);
extern uint8_t disk_count;
extern uint8_t disk_sector[512]; /* for one sector, within 64 KiB */
struct drive *disk_by_number(uint8_t number);
/* The index-th disk becomes 80h, the others follow in their order. */
void disk_promote(uint8_t index);
void disk_name_show(uint8_t index);
void disk_service(struct regs *r, struct drive *d);
bool chs_decode(const struct regs *r, uint16_t heads, uint16_t spt,
                uint32_t *lba);

/* geometry.c */
void geometry_choose(struct drive *d);
void geometry_table(const struct drive *d, uint8_t t[16]);
uint16_t geometry_options(const struct drive *d);
bool geometry_translated(const struct drive *d);
void disk_geometry_show(const struct drive *d);

/* floppy.c */
void floppy_service(struct regs *r);
uint8_t floppy_count(void);
uint8_t floppy_type(uint8_t drive); /* as CMOS 10h has it, 0 = none */

/* cdrom.c */
extern uint8_t cdrom_count;
void cdrom_start(void);

#endif
