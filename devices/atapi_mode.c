/* atapi_mode.c - mode pages of the CD-ROM drive.
 *
 * Manuals: SFF-8020i 10.8.6, MMC-3 and SPC-2 (MODE SENSE, MODE SELECT, both
 * also in the 6-byte form). Modelled: error recovery, CD, audio control and
 * capabilities pages; current, changeable and default values; a list that
 * is wrong anywhere changes nothing. The values are kept and told, and do
 * nothing: no read of an image is tried twice, and there is no audio.
 * Not modelled: saved values, block descriptors but of 2048 bytes. */
#include "devices/atapi_internal.h"

enum {
    MODE_SENSE_6 = 0x1A,
    MODE_SELECT_6 = 0x15,
    SELECT_SAVE = 0x01,
    ALL_PAGES = 0x3F,
    CAPABILITIES = 0x2A,
    DESCRIPTOR_SIZE = 8,
    /* values that MODE SENSE asks for */
    CHANGEABLE = 1,
    DEFAULTS = 2,
    SAVED = 3
};

/* `kept` is where atapi.mode has the current values of a page that can be
 * changed, in the bits of `mask`. */
static const struct mode_page {
    uint8_t code, size, kept;
    uint8_t data[18], mask[18];
} mode_pages[] = {
    /* error recovery: 5 retries */
    {0x01, 6, 0, {0, 5}, {0x37, 0xFF}},
    /* CD: seconds, frames; the inactivity timer */
    {0x0D, 6, 6, {0, 13, 0, 60, 0, 75}, {0, 0x0F}},
    /* audio control: SOTC, both ports with channel and volume */
    {0x0E,
     14,
     12,
     {4, 0, 0, 0, 0, 75, 1, 255, 2, 255},
     {0x06, 0, 0, 0, 0, 0, 0x0F, 0xFF, 0x0F, 0xFF}},
    /* Capabilities: reads CD-R/RW and DVD, multisession; tray, eject,
     * lock; 8467 KB/s (48x), 256 volumes, 512 KB buffer. */
    {CAPABILITIES,
     18,
     0,
     {0x0B, 0x00, 0x70, 0x60, 0x29, 0x00, 0x21, 0x13, 0x01, 0x00, 0x02, 0x00,
      0x21, 0x13},
     {0}},
};

void atapi_mode_reset(struct ata_drive *drive)
{
    for (size_t i = 0; i < ARRAY_LEN(mode_pages); i++)
        if (mode_pages[i].code != CAPABILITIES)
            memcpy(drive->atapi.mode + mode_pages[i].kept, mode_pages[i].data,
                   mode_pages[i].size);
}

static const uint8_t *page_values(const struct ata_drive *drive,
                                  const struct mode_page *page, unsigned which)
{
    if (which == CHANGEABLE)
        return page->mask;
    if (which == DEFAULTS || page->code == CAPABILITIES)
        return page->data;
    return drive->atapi.mode + page->kept;
}

static uint8_t *put_pages(const struct ata_drive *drive, uint8_t *at,
                          unsigned code, unsigned which)
{
    for (size_t i = 0; i < ARRAY_LEN(mode_pages); i++) {
        const struct mode_page *page = &mode_pages[i];

        if (code != page->code && code != ALL_PAGES)
            continue;
        at[0] = page->code;
        at[1] = page->size;
        memcpy(at + 2, page_values(drive, page, which), page->size);
        if (page->code == CAPABILITIES && which != CHANGEABLE &&
            drive->atapi.locked)
            at[6] |= 0x02;
        at += 2 + page->size;
    }
    return at;
}

/* The 6-byte form has a shorter header and the same pages. */
void atapi_mode_sense(struct ata_drive *drive, const uint8_t *packet)
{
    bool small = packet[0] == MODE_SENSE_6;
    unsigned code = packet[2] & 0x3F, which = packet[2] >> 6;
    uint8_t *data = drive->buffer, *first = data + (small ? 4 : 8);
    uint8_t *end = put_pages(drive, first, code, which);

    if (which == SAVED || end == first) {
        atapi_check(drive, ILLEGAL_REQUEST,
                    which == SAVED ? SAVING_NOT_SUPPORTED : INVALID_FIELD);
        return;
    }
    memset(data, 0, (size_t)(first - data));
    if (small)
        data[0] = (uint8_t)(end - data - 1);
    else
        store_be16(data, (unsigned)(end - data - 2));
    /* Medium type: 120 mm data disc, none, or door open. */
    data[small ? 1 : 2] = drive->atapi.tray_open ? 0x71
                          : drive->disk          ? 0x01
                                                 : 0x70;
    atapi_reply(drive, (uint32_t)(end - data),
                small ? packet[4] : load_be16(packet + 7));
}

/* MODE SELECT */

void atapi_mode_select(struct ata_drive *drive, const uint8_t *packet)
{
    bool small = packet[0] == MODE_SELECT_6;

    if (packet[1] & SELECT_SAVE)
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_FIELD);
    else
        atapi_receive(drive, small ? packet[4] : load_be16(packet + 7));
}

static const struct mode_page *find_page(const uint8_t *at, size_t left)
{
    for (size_t i = 0; left >= 2 && i < ARRAY_LEN(mode_pages); i++)
        if (mode_pages[i].code == (at[0] & 0x3F) &&
            mode_pages[i].size == at[1] && left - 2 >= at[1])
            return &mode_pages[i];
    return NULL;
}

/* Does the page at `at` leave alone what cannot be changed? */
static bool page_fits(const struct ata_drive *drive,
                      const struct mode_page *page, const uint8_t *at)
{
    uint8_t now[2 + 18];

    put_pages(drive, now, page->code, 0);
    for (unsigned i = 0; i < page->size; i++)
        if ((at[2 + i] ^ now[2 + i]) & ~page->mask[i])
            return false;
    return true;
}

/* Where the pages begin in a list of `size` bytes, behind the header and at
 * most one block descriptor, of 2048 bytes or of none; 0: that is wrong. */
static size_t pages_at(const uint8_t *data, size_t size, bool small)
{
    size_t header = small ? 4 : 8;
    size_t descriptors = small ? data[3] : load_be16(data + 6);
    uint32_t length;

    if (descriptors == 0)
        return header;
    if (descriptors != DESCRIPTOR_SIZE || size - header < DESCRIPTOR_SIZE)
        return 0;
    length = load_be32(data + header + 4) & 0xFFFFFF;
    return length == CD_SECTOR || length == 0 ? header + DESCRIPTOR_SIZE : 0;
}

/* The whole list is looked at before anything of it counts (SPC-2, 7.6). */
void atapi_mode_selected(struct ata_drive *drive, size_t size)
{
    bool small = drive->atapi.packet[0] == MODE_SELECT_6;
    const uint8_t *data = drive->buffer, *end = data + size;
    const struct mode_page *page;
    size_t first;

    if (size < (small ? 4u : 8u)) {
        atapi_check(drive, ILLEGAL_REQUEST, PARAMETER_LIST_LENGTH);
        return;
    }
    first = pages_at(data, size, small);
    for (const uint8_t *at = data + first; first && at < end; at += 2 + at[1]) {
        page = find_page(at, (size_t)(end - at));
        if (!page || !page_fits(drive, page, at))
            first = 0;
    }
    if (!first) {
        atapi_check(drive, ILLEGAL_REQUEST, INVALID_PARAMETER);
        return;
    }
    for (const uint8_t *at = data + first; at < end; at += 2 + at[1]) {
        page = find_page(at, (size_t)(end - at));
        if (page->code != CAPABILITIES)
            memcpy(drive->atapi.mode + page->kept, at + 2, page->size);
    }
    atapi_good(drive);
}
