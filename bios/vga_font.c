/* Fonts: INT 10h AH=11h. Sources: IBM VGA/XGA Technical Reference, plane 2
 * character maps; RBIL INT 10/AH=11h. */

#include "vga.h"

/* Plane 2 at A0000, glyphs of 32 bytes; and back to text. */
static void plane2_open(void)
{
    indexed_write(SEQ, 0, 0x01);
    indexed_write(SEQ, 2, 0x04);
    indexed_write(SEQ, 4, 0x07);
    indexed_write(SEQ, 0, 0x03);
    indexed_write(GRC, 4, 0x02);
    indexed_write(GRC, 5, 0x00);
    indexed_write(GRC, 6, 0x04);
}

static void plane2_close(void)
{
    indexed_write(SEQ, 0, 0x01);
    indexed_write(SEQ, 2, 0x03);
    indexed_write(SEQ, 4, 0x03);
    indexed_write(SEQ, 0, 0x03);
    indexed_write(GRC, 4, 0x00);
    indexed_write(GRC, 5, 0x10);
    indexed_write(GRC, 6, inb(MISC_READ) & 1 ? 0x0E : 0x0A);
}

static uint16_t rom_font(uint8_t height)
{
    if (height == 8)
        return ROM_OFFSET(rom_font8);
    return height == 14 ? ROM_OFFSET(rom_font14) : ROM_OFFSET(rom_font16);
}

/* Block b of eight is at 0000, 4000, 8000, C000, 2000, 6000, A000, E000. */
static void glyphs_load(struct glyphs g)
{
    uint16_t to =
        (uint16_t)((g.block & 3) << 14 | (g.block & 4) << 11) + g.first * 32;
    uint8_t y;

    plane2_open();
    for (; g.count > 0; g.count--, to += 32)
        for (y = 0; y < g.height; y++) {
            uint8_t row = far_read8(g.segment, g.offset++);

            if (y < 32)
                far_write8(0xA000, to + y, row);
        }
    plane2_close();
}

/* The ROM's fonts: a copy without a far read for each byte. */
void font_load(uint8_t block, uint8_t height)
{
    uint16_t to = (uint16_t)((block & 3) << 14 | (block & 4) << 11);
    uint16_t from = rom_font(height), i;

    plane2_open();
    for (i = 0; i < 256; i++, to += 32, from += height) {
        uint16_t di = to, si = from, n = height;

        __asm__ volatile("movw %3, %%es\n\trep movsb %%gs:(%%si), %%es:(%%di)"
                         : "+D"(di), "+S"(si), "+c"(n)
                         : "r"((uint16_t)0xA000)
                         : "memory");
    }
    plane2_close();
}

/* Lines of the monitor's raster, whatever the displayed part of it. */
static uint16_t raster_lines(void)
{
    uint8_t scan = crtc_read(0x09);

    switch (inb(MISC_READ) >> 6) {
    case 2:
        return 350;
    case 3:
        return 480;
    default:
        return scan & 0x80 ? 200 : 400;
    }
}

/* AL bit 4: the text mode is set up for the new height. */
static void adopt_height(uint8_t height)
{
    uint8_t scan = crtc_read(0x09);
    uint16_t lines = raster_lines();
    bool doubled = lines == 200;

    crtc_write(0x09, (scan & 0xE0) | (height - 1));
    if (BDA->video_mode == 7)
        crtc_write(0x14, height - 1);
    BDA->char_height = height;
    BDA->video_rows_minus1 = (uint8_t)(lines / height - 1);
    lines = (uint16_t)((BDA->video_rows_minus1 + 1) * height);
    crtc_write(0x12, (uint8_t)((doubled ? lines * 2 : lines) - 1));
    BDA->video_page_size =
        (uint16_t)((BDA->video_rows_minus1 + 1) * BDA->video_columns * 2 +
                   0x100) &
        0xFF00;
    cursor_shape(height - 2, height - 1);
}

/* INT 43h for graphics, INT 1Fh for the upper half in modes 4-6. */
static void vector_set(uint8_t number, uint16_t segment, uint16_t offset)
{
    far_write16(0, number * 4, offset);
    far_write16(0, number * 4 + 2, segment);
}

void font_vectors(uint8_t kind, uint8_t height)
{
    vector_set(0x1F, rom_segment(), ROM_OFFSET(rom_font8) + 1024);
    if (kind == KIND_CGA4 || kind == KIND_CGA2)
        height = 8;
    vector_set(0x43, rom_segment(), rom_font(height));
}

void font_adopt(struct glyphs glyphs)
{
    glyphs_load(glyphs);
    if (glyphs.height >= 2 && glyphs.height <= 32)
        adopt_height(glyphs.height);
}

void font_graphics(uint32_t font, uint8_t height, uint8_t rows)
{
    vector_set(0x43, (uint16_t)(font >> 16), (uint16_t)font);
    BDA->char_height = height;
    BDA->video_rows_minus1 = rows - 1;
}

/* AX=1121h-1124h: fonts of graphics modes; BL rows, DL if BL is 0. */
static void graphics_font(struct regs *r)
{
    ROM uint8_t row_counts[4] = {0, 14, 25, 43};
    uint8_t height, rows;
    uint32_t font;

    if (r->al == 0x21) {
        font = (uint32_t)r->es << 16 | r->bp;
        height = (uint8_t)r->cx;
    } else {
        height = r->al == 0x22 ? 14 : r->al == 0x23 ? 8 : 16;
        font = (uint32_t)rom_segment() << 16 | rom_font(height);
    }
    rows = r->bl == 0 ? r->dl : row_counts[r->bl < 4 ? r->bl : 2];
    font_graphics(font, height, rows);
}

static void font_information(struct regs *r)
{
    uint16_t offset = 0;

    switch (r->bh) {
    case 0:
    case 1:
        offset = far_read16(0, r->bh == 0 ? 0x1F * 4 : 0x43 * 4);
        r->es = far_read16(0, (r->bh == 0 ? 0x1F * 4 : 0x43 * 4) + 2);
        break;
    case 2:
        offset = ROM_OFFSET(rom_font14);
        break;
    case 3:
        offset = ROM_OFFSET(rom_font8);
        break;
    case 4:
        offset = ROM_OFFSET(rom_font8) + 1024;
        break;
    case 6:
        offset = ROM_OFFSET(rom_font16);
        break;
    case 5: /* glyphs that 9-dot modes would replace */
    case 7:
        offset = ROM_OFFSET(rom_no_glyphs);
        break;
    default:
        return;
    }
    if (r->bh > 1)
        r->es = rom_segment();
    r->bp = offset;
    r->cx = BDA->char_height;
    r->dl = BDA->video_rows_minus1;
}

void font_service(struct regs *r)
{
    uint8_t height = 0;

    switch (r->al) {
    case 0x00:
    case 0x10:
        height = r->bh;
        glyphs_load((struct glyphs){r->es, r->bp, r->dx, r->cx, r->bl, height});
        break;
    case 0x01:
    case 0x11:
    case 0x02:
    case 0x12:
    case 0x04:
    case 0x14:
        height = (r->al & 15) == 1 ? 14 : (r->al & 15) == 2 ? 8 : 16;
        font_load(r->bl, height);
        break;
    case 0x03:
        indexed_write(SEQ, 3, r->bl);
        return;
    case 0x20:
        vector_set(0x1F, r->es, r->bp);
        return;
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
        graphics_font(r);
        return;
    case 0x30:
        font_information(r);
        return;
    }
    if ((r->al & 0x10) && height >= 2 && height <= 32)
        adopt_height(height);
}
