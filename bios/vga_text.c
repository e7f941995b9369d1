/* Text: cells, scrolling, teletype, strings; in graphics modes by way of
 * vga_pixel.c. Source: RBIL INT 10/AH=06h-0Ah, 0Eh, 13h;
 * IBM PC/AT Technical Reference, BIOS listing, for the bell. */

#include "vga.h"

static uint16_t page_offset(uint8_t page)
{
    return page * BDA->video_page_size;
}

static uint16_t cell_offset(uint8_t page, uint8_t row, uint8_t column)
{
    return page_offset(page) + (row * BDA->video_columns + column) * 2;
}

uint16_t cell_read(uint8_t page, uint8_t row, uint8_t column)
{
    const __seg_gs struct vga_mode *m = mode_current();

    if (!m)
        return 0;
    if (m->kind == KIND_TEXT)
        return far_read16(video_segment(), cell_offset(page, row, column));
    return pixel_recognise(m, page, row, column);
}

void cell_write(uint8_t page, uint8_t row, uint8_t column, uint8_t c,
                uint8_t attribute, bool with_attribute)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint16_t at;

    if (!m)
        return;
    if (m->kind != KIND_TEXT) {
        pixel_glyph(m, page, row, column, c, attribute);
        return;
    }
    at = cell_offset(page, row, column);
    far_write8(video_segment(), at, c);
    if (with_attribute)
        far_write8(video_segment(), at + 1, attribute);
}

/* lines = 0, or more than the box has, clears it. */
static void text_scroll(struct rect b, uint8_t lines, uint8_t attribute,
                        bool down)
{
    uint16_t width = b.right - b.left + 1, segment = video_segment();
    uint16_t blank = (uint16_t)(attribute << 8 | ' ');
    uint8_t height = b.bottom - b.top + 1, i;

    if (lines == 0 || lines > height)
        lines = height;
    for (i = 0; i < height; i++) {
        uint8_t row = down ? b.bottom - i : b.top + i;
        uint16_t to = cell_offset(BDA->video_page, row, b.left);
        uint8_t from = down ? row - lines : row + lines;

        if (i < height - lines)
            far_move(segment, to, cell_offset(BDA->video_page, from, b.left),
                     width * 2);
        else
            far_fill16(segment, to, blank, width);
    }
}

void scroll(struct rect b, uint8_t lines, uint8_t attribute, bool down)
{
    const __seg_gs struct vga_mode *m = mode_current();

    if (b.bottom > BDA->video_rows_minus1)
        b.bottom = BDA->video_rows_minus1;
    if (b.right >= BDA->video_columns)
        b.right = (uint8_t)(BDA->video_columns - 1);
    if (!m || b.top > b.bottom || b.left > b.right)
        return;
    if (m->kind == KIND_TEXT)
        text_scroll(b, lines, attribute, down);
    else
        pixel_scroll(m, b, lines, attribute, down);
}

/* Up one line; in text with the attribute the cursor's line had. */
static void scroll_screen(uint8_t page)
{
    struct rect all = {0, 0, (uint8_t)(BDA->video_columns - 1),
                       BDA->video_rows_minus1};
    const __seg_gs struct vga_mode *m = mode_current();
    uint8_t attribute = 0, shown = BDA->video_page;

    if (m && m->kind == KIND_TEXT)
        attribute = (uint8_t)(cell_read(page, all.bottom, 0) >> 8);
    BDA->video_page = page;
    scroll(all, 1, attribute, false);
    BDA->video_page = shown;
}

/* A tone of 896 Hz, as the PC's BIOS makes it, for 120 ms. Bit 4 of port 61h
 * changes every 15.1 us; the count is for a board where it does not. */
static void bell(void)
{
    uint8_t speaker = inb(0x61), last = speaker, now;
    uint32_t n = 0x100000;
    uint16_t left = 7950;

    outb(0x43, 0xB6);
    outb(0x42, 0x33);
    outb(0x42, 0x05);
    outb(0x61, speaker | 3);
    for (; left > 0 && n > 0; n--) {
        now = inb(0x61);
        if ((now ^ last) & 0x10) {
            last = now;
            left--;
        }
    }
    outb(0x61, speaker);
}

void teletype(uint8_t page, uint8_t c, uint8_t attribute, bool with)
{
    uint16_t cursor = BDA->cursor[page & 7];
    uint8_t row = (uint8_t)(cursor >> 8), column = (uint8_t)cursor;

    switch (c) {
    case '\a':
        bell();
        return;
    case '\b':
        if (column > 0)
            column--;
        break;
    case '\r':
        column = 0;
        break;
    case '\n':
        row++;
        break;
    default:
        cell_write(page, row, column, c, attribute, with);
        if (++column >= BDA->video_columns) {
            column = 0;
            row++;
        }
    }
    if (row > BDA->video_rows_minus1) {
        row = BDA->video_rows_minus1;
        scroll_screen(page);
    }
    cursor_move(page, row, column);
}

/* AH=13h: AL bit 0 moves the cursor, bit 1: characters with attributes. */
void write_string(struct regs *r)
{
    uint16_t before = BDA->cursor[r->bh & 7], at = r->bp, n;
    uint8_t attribute = r->bl;

    cursor_move(r->bh, r->dh, r->dl);
    for (n = r->cx; n > 0; n--) {
        uint8_t c = far_read8(r->es, at++);

        if (r->al & 2)
            attribute = far_read8(r->es, at++);
        teletype(r->bh, c, attribute, true);
    }
    if (!(r->al & 1))
        cursor_move(r->bh, (uint8_t)(before >> 8), (uint8_t)before);
}
