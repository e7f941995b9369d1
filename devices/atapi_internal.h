/* atapi_internal.h - what the files of the CD-ROM drive share: atapi.c has
 * protocol and commands, atapi_disc.c what is told of the disc, atapi_mode.c
 * the mode pages, atapi_raw.c whole sectors. */
#ifndef UMBRA_ATAPI_INTERNAL_H
#define UMBRA_ATAPI_INTERNAL_H

#include "devices/ata_internal.h"

enum {
    CD_SECTOR = 2048,
    MSF_OFFSET = 150,
    /* More than any CD holds: the medium counts as a DVD. */
    DVD_SECTORS = 450000
};

enum sense_key {
    NO_SENSE = 0,
    NOT_READY = 2,
    MEDIUM_ERROR = 3,
    ILLEGAL_REQUEST = 5,
    UNIT_ATTENTION = 6
};

/* Additional sense codes and qualifiers, as ASC << 8 | ASCQ. */
enum sense_code {
    LUN_NOT_READY = 0x0400,
    READ_ERROR = 0x1100,
    PARAMETER_LIST_LENGTH = 0x1A00,
    INVALID_OPCODE = 0x2000,
    LBA_OUT_OF_RANGE = 0x2100,
    INVALID_FIELD = 0x2400,
    INVALID_PARAMETER = 0x2600,
    MEDIUM_CHANGED = 0x2800,
    COMMAND_SEQUENCE_ERROR = 0x2C00,
    INCOMPATIBLE_FORMAT = 0x3002,
    SAVING_NOT_SUPPORTED = 0x3900,
    MEDIUM_NOT_PRESENT = 0x3A00,
    MEDIUM_NOT_PRESENT_TRAY_OPEN = 0x3A02,
    REMOVAL_PREVENTED = 0x5302,
    ILLEGAL_MODE_FOR_TRACK = 0x6400
};

/* Packets and replies are big-endian. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

static inline void store_be16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void store_be32(uint8_t *p, uint32_t value)
{
    store_be16(p, value >> 16);
    store_be16(p + 2, value & 0xFFFF);
}

/* Parts of a sector, as READ CD asks for them in byte 9. */
enum {
    PART_SYNC = 0x80,
    PART_SUBHEADER = 0x40, /* none in mode 1 */
    PART_HEADER = 0x20,
    PART_USER = 0x10,
    PART_EDC_ECC = 0x08,
    PARTS = 0xF8
};

/* atapi.c */
bool atapi_present(const struct ata_drive *drive);
/* Whole sectors only; a tail of less than 2048 bytes cannot be read. */
uint32_t atapi_sectors(const struct ata_drive *drive);
bool atapi_is_dvd(const struct ata_drive *drive);
void atapi_good(struct ata_drive *drive);
/* CHECK CONDITION with this sense. */
void atapi_check(struct ata_drive *drive, enum sense_key key, unsigned code);
/* A reply in the buffer, cut at what the host allocated for it. */
void atapi_reply(struct ata_drive *drive, uint32_t size, uint32_t allocated);

/* Ask the host for `size` bytes, for atapi_mode_selected. */
void atapi_receive(struct ata_drive *drive, uint32_t size);

/* atapi_mode.c */
void atapi_mode_reset(struct ata_drive *drive);
void atapi_mode_sense(struct ata_drive *drive, const uint8_t *packet);
void atapi_mode_select(struct ata_drive *drive, const uint8_t *packet);
/* The list of MODE SELECT is in the buffer. */
void atapi_mode_selected(struct ata_drive *drive, size_t size);

/* atapi_disc.c */
void atapi_read_toc(struct ata_drive *drive, const uint8_t *packet);
void atapi_read_subchannel(struct ata_drive *drive, const uint8_t *packet);
void atapi_read_header(struct ata_drive *drive, const uint8_t *packet);
void atapi_read_disc_info(struct ata_drive *drive, const uint8_t *packet);
void atapi_read_track_info(struct ata_drive *drive, const uint8_t *packet);
void atapi_read_dvd_structure(struct ata_drive *drive, const uint8_t *packet);

/* atapi_raw.c: bytes of such parts; the parts of sector `lba`, made of its
 * user data, at `to`. */
uint32_t atapi_parts_size(unsigned parts);
void atapi_put_parts(uint8_t *to, unsigned parts, uint32_t lba,
                     const uint8_t user[CD_SECTOR]);

#endif
