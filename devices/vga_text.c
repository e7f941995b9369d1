/* vga_text.c - text modes: dots of a line, and the screen as UTF-8.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem",
 * alphanumeric modes: attributes, two of eight fonts in plane 2, cursor,
 * underline, ninth dot of the line graphics characters.
 *
 * Not modelled: the cursor of EGA kind that wraps when its start lies below
 * its end (a VGA shows none). */
#include "devices/vga_draw.h"
#include "devices/vga_scan.h"

/* Where in plane 2 the font of a 3-bit selector begins. */
static const uint16_t font_base[8] = {0x0000, 0x4000, 0x8000, 0xC000,
                                      0x2000, 0x6000, 0xA000, 0xE000};

/* Code page 437 as Unicode, the control characters as their pictures; NUL
 * and FF look blank. */
static const uint16_t cp437[256] = {
    0x0020, 0x263A, 0x263B, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25D8,
    0x25CB, 0x25D9, 0x2642, 0x2640, 0x266A, 0x266B, 0x263C, 0x25BA, 0x25C4,
    0x2195, 0x203C, 0x00B6, 0x00A7, 0x25AC, 0x21A8, 0x2191, 0x2193, 0x2192,
    0x2190, 0x221F, 0x2194, 0x25B2, 0x25BC, 0x0020, 0x0021, 0x0022, 0x0023,
    0x0024, 0x0025, 0x0026, 0x0027, 0x0028, 0x0029, 0x002A, 0x002B, 0x002C,
    0x002D, 0x002E, 0x002F, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035,
    0x0036, 0x0037, 0x0038, 0x0039, 0x003A, 0x003B, 0x003C, 0x003D, 0x003E,
    0x003F, 0x0040, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047,
    0x0048, 0x0049, 0x004A, 0x004B, 0x004C, 0x004D, 0x004E, 0x004F, 0x0050,
    0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059,
    0x005A, 0x005B, 0x005C, 0x005D, 0x005E, 0x005F, 0x0060, 0x0061, 0x0062,
    0x0063, 0x0064, 0x0065, 0x0066, 0x0067, 0x0068, 0x0069, 0x006A, 0x006B,
    0x006C, 0x006D, 0x006E, 0x006F, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074,
    0x0075, 0x0076, 0x0077, 0x0078, 0x0079, 0x007A, 0x007B, 0x007C, 0x007D,
    0x007E, 0x2302, 0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5,
    0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE, 0x00EC, 0x00C4, 0x00C5,
    0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF,
    0x00D6, 0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED,
    0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA, 0x00BA, 0x00BF, 0x2310, 0x00AC,
    0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D,
    0x255C, 0x255B, 0x2510, 0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C,
    0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C,
    0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B,
    0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1,
    0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4, 0x03A6, 0x0398,
    0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265,
    0x2264, 0x2320, 0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A,
    0x207F, 0x00B2, 0x25A0, 0x0020,
};

/* ---- dots */

static void put_dots(uint8_t *dots, uint8_t bits, unsigned ninth,
                     unsigned char_dots, uint8_t on, uint8_t off)
{
    for (unsigned i = 0; i < 8; i++)
        dots[i] = bits << i & 0x80 ? on : off;
    if (char_dots == 9)
        dots[8] = ninth ? on : off;
}

static bool in_cursor_rows(const struct vga_scan *scan)
{
    const uint8_t *crtc = scan->vga->crtc;

    return !(crtc[CRTC_CURSOR_START] & CURSOR_OFF) &&
           scan->row >= (crtc[CRTC_CURSOR_START] & 0x1F) &&
           scan->row <= (crtc[CRTC_CURSOR_END] & 0x1F);
}

uint32_t vga_text_cursor(const struct vga *vga)
{
    const uint8_t *crtc = vga->crtc;

    /* The skew moves it right. */
    return ((uint32_t)(crtc[CRTC_CURSOR_HIGH] << 8 | crtc[CRTC_CURSOR_LOW]) +
            (crtc[CRTC_CURSOR_END] >> 5 & 3)) &
           0xFFFF;
}

static uint8_t glyph_bits(const struct vga *vga, uint8_t character,
                          uint8_t attribute, unsigned row)
{
    uint8_t select = vga->seq[SEQ_FONT];
    unsigned font = attribute & 0x08 ? (select >> 2 & 3) | (select >> 3 & 4)
                                     : (select & 3) | (select >> 2 & 4);

    return (
        uint8_t)(vga_load_cell(vga, font_base[font] + character * 32u + row) >>
                 16);
}

static uint16_t cell_at(const struct vga_scan *scan, uint32_t counter)
{
    return (uint16_t)vga_load_cell(scan->vga, vga_scan_cell(scan, counter));
}

void vga_text_cells(const struct vga_scan *scan, unsigned columns,
                    uint16_t *cells)
{
    unsigned shift = vga_counter_shift(scan->vga);

    for (unsigned column = 0; column < columns; column++)
        cells[column] = cell_at(scan, scan->address + (column >> shift));
}

bool vga_text_line(const struct vga_scan *scan,
                   const struct vga_geometry *geometry, struct vga_blink blink,
                   unsigned columns, uint8_t *dots)
{
    const struct vga *vga = scan->vga;
    uint8_t mode = vga->attr[ATTR_MODE];
    bool cursor_row = blink.cursor && in_cursor_rows(scan);
    bool underline_row = scan->row == (vga->crtc[CRTC_UNDERLINE] & 0x1F);
    uint32_t cursor = vga_text_cursor(vga);
    unsigned shift = vga_counter_shift(vga);
    bool blinks = false;

    for (unsigned column = 0; column < columns; column++) {
        uint32_t counter = scan->address + (column >> shift);
        uint16_t cell = cell_at(scan, counter);
        uint8_t character = (uint8_t)cell, attribute = cell >> 8;
        uint8_t bits = glyph_bits(vga, character, attribute, scan->row);
        bool line_char = mode & AMODE_LINE_GRAPHICS && (cell & 0xE0) == 0xC0;
        unsigned ninth = line_char ? bits & 1 : 0;
        uint8_t on = attribute & 0x0F, off = attribute >> 4;

        if (mode & AMODE_BLINK) {
            off &= 7;
            blinks |= attribute & 0x80;
            if (attribute & 0x80 && !blink.text)
                bits = ninth = 0;
        }
        if (underline_row && (attribute & 0x77) == 0x01)
            bits = 0xFF, ninth = 1;
        if (cursor_row && (counter & 0xFFFF) == cursor)
            bits = 0xFF, ninth = 1;
        put_dots(dots, bits, ninth, geometry->char_dots, on, off);
        dots += geometry->char_dots;
    }
    return blinks;
}

/* ---- characters */

/* A text being written: `used` counts on when the room is full. */
struct writer {
    char *text;
    size_t size, used;
};

static void put_byte(struct writer *writer, unsigned byte)
{
    if (writer->used + 1 < writer->size)
        writer->text[writer->used] = (char)byte;
    writer->used++;
}

/* All of code page 437 is below U+10000. */
static void put_character(struct writer *writer, uint16_t code)
{
    if (code < 0x80) {
        put_byte(writer, code);
    } else if (code < 0x800) {
        put_byte(writer, 0xC0 | code >> 6);
        put_byte(writer, 0x80 | (code & 0x3F));
    } else {
        put_byte(writer, 0xE0 | code >> 12);
        put_byte(writer, 0x80 | (code >> 6 & 0x3F));
        put_byte(writer, 0x80 | (code & 0x3F));
    }
}

static uint16_t character_at(const struct vga_scan *scan, unsigned column)
{
    uint32_t cell = vga_scan_cell(scan, scan->address + column);
    return cp437[vga_load_cell(scan->vga, cell) & 0xFF];
}

static void put_row(struct writer *writer, const struct vga_scan *scan,
                    unsigned columns)
{
    while (columns && character_at(scan, columns - 1) == ' ')
        columns--;
    for (unsigned column = 0; column < columns; column++)
        put_character(writer, character_at(scan, column));
    put_byte(writer, '\n');
}

/* Walks the lines of the screen; true on the first one of each row. */
static bool row_begins(const struct vga_scan *scan)
{
    return scan->line == 0 || (scan->row == 0 && !scan->repeated);
}

/* As the picture has it: text that is read is text that can be seen. */
static uint16_t shown_start(const struct vga *vga)
{
    return vga_start_shown(vga, sched_now(vga->sched));
}

size_t vga_text(const struct vga *vga, char *text, size_t size)
{
    struct writer writer = {text, size, 0};
    struct vga_geometry geometry;
    struct vga_scan scan;

    if (vga_in_text_mode(vga) && vga_scan_geometry(vga, &geometry)) {
        vga_scan_begin(&scan, vga, shown_start(vga));
        for (; scan.line < geometry.height; vga_scan_next(&scan))
            if (row_begins(&scan))
                put_row(&writer, &scan, geometry.columns);
    }
    if (size)
        text[min_u64(writer.used, size - 1)] = '\0';
    return writer.used;
}

bool vga_text_size(const struct vga *vga, unsigned *columns, unsigned *rows)
{
    struct vga_geometry geometry;
    struct vga_scan scan;

    if (!vga_in_text_mode(vga) || !vga_scan_geometry(vga, &geometry))
        return false;
    *columns = geometry.columns;
    *rows = 0;
    vga_scan_begin(&scan, vga, shown_start(vga));
    for (; scan.line < geometry.height; vga_scan_next(&scan))
        *rows += row_begins(&scan);
    return true;
}
