/* Graphics modes: glyphs, recognising them, scrolling, pixels. Sources: IBM
 * VGA/XGA Technical Reference, graphics controller; RBIL INT 10/AH=0Ch. */

#include "vga.h"

static uint16_t bytes_per_line(const __seg_gs struct vga_mode *m)
{
    switch (m->kind) {
    case KIND_LINEAR:
        return 320;
    case KIND_PLANAR:
        return BDA->video_columns;
    default:
        return 80;
    }
}

/* Offset of line y; CGA modes keep odd lines 8 KiB higher. */
static uint16_t line_offset(const __seg_gs struct vga_mode *m, uint8_t page,
                            uint16_t y)
{
    if (m->kind == KIND_CGA4 || m->kind == KIND_CGA2)
        return (uint16_t)((y >> 1) * 80 + (y & 1) * 0x2000);
    return page * BDA->video_page_size + y * bytes_per_line(m);
}

/* A row of a glyph from INT 43h, or INT 1Fh for 80h-FFh in modes 4-6. */
uint8_t glyph_row(uint8_t c, uint8_t y)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint8_t vector = 0x43, height = (uint8_t)BDA->char_height;

    if (m->kind == KIND_CGA4 || m->kind == KIND_CGA2) {
        height = 8;
        if (c >= 0x80) {
            vector = 0x1F;
            c -= 0x80;
        }
    }
    return far_read8(far_read16(0, vector * 4 + 2),
                     far_read16(0, vector * 4) + c * height + y);
}

/* --- planar ------------------------------------------------------------------
 */

/* Write mode 2: the colour's bits go to the planes where the mask is. */
static void planar_open(uint8_t function)
{
    indexed_write(SEQ, 2, 0x0F);
    indexed_write(GRC, 5, 0x02);
    indexed_write(GRC, 3, function);
}

static void planar_close(void)
{
    indexed_write(GRC, 3, 0);
    indexed_write(GRC, 5, 0);
    indexed_write(GRC, 8, 0xFF);
}

static void planar_put(uint16_t at, uint8_t mask, uint8_t colour)
{
    indexed_write(GRC, 8, mask);
    far_read8(0xA000, at); /* latches */
    far_write8(0xA000, at, colour & 15);
}

static void planar_glyph_row(uint16_t at, uint8_t bits, uint8_t colour,
                             bool xor)
{
    planar_put(at, bits, colour);
    if (!xor)
        planar_put(at, ~bits, 0);
}

/* Bits that are not background, from all four planes. */
static uint8_t planar_bits(uint16_t at)
{
    uint8_t bits = 0, plane;

    for (plane = 0; plane < 4; plane++) {
        indexed_write(GRC, 4, plane);
        bits |= far_read8(0xA000, at);
    }
    indexed_write(GRC, 4, 0);
    return bits;
}

/* --- the other kinds
 * ----------------------------------------------------------- */

static void cga4_glyph_row(uint16_t at, uint8_t bits, uint8_t colour, bool xor)
{
    uint16_t word = 0;
    int i;

    for (i = 0; i < 8; i++)
        if (bits & (0x80 >> i))
            word |= (uint16_t)((colour & 3) << (14 - 2 * i));
    word = (uint16_t)(word >> 8 | word << 8);
    if (xor)
        word ^= far_read16(0xB800, at);
    far_write16(0xB800, at, word);
}

static uint8_t cga4_bits(uint16_t at)
{
    uint16_t word = far_read16(0xB800, at);
    uint8_t bits = 0;
    int i;

    word = (uint16_t)(word >> 8 | word << 8);
    for (i = 0; i < 8; i++)
        if (word & (0xC000 >> (2 * i)))
            bits |= 0x80 >> i;
    return bits;
}

static void linear_glyph_row(uint16_t at, uint8_t bits, uint8_t colour,
                             bool xor)
{
    int i;

    (void)xor; /* mode 13h: bit 7 is colour */
    for (i = 0; i < 8; i++)
        far_write8(0xA000, at + i, bits & (0x80 >> i) ? colour : 0);
}

static uint8_t linear_bits(uint16_t at)
{
    uint8_t bits = 0;
    int i;

    for (i = 0; i < 8; i++)
        if (far_read8(0xA000, at + i))
            bits |= 0x80 >> i;
    return bits;
}

/* --- glyphs
 * ---------------------------------------------------------------------- */

static uint16_t glyph_offset(const __seg_gs struct vga_mode *m, uint8_t page,
                             uint8_t row, uint8_t column, uint8_t y)
{
    uint16_t width = m->kind == KIND_LINEAR ? 8 : m->kind == KIND_CGA4 ? 2 : 1;

    return line_offset(m, page, (uint16_t)(row * BDA->char_height + y)) +
           column * width;
}

void pixel_glyph(const __seg_gs struct vga_mode *m, uint8_t page, uint8_t row,
                 uint8_t column, uint8_t c, uint8_t colour)
{
    bool xor = (colour & 0x80) != 0;
    uint8_t y;

    if (m->kind == KIND_PACKED) {
        packed_glyph(row, column, c, colour);
        return;
    }
    if (m->kind == KIND_PLANAR)
        planar_open(xor? 0x18 : 0);
    for (y = 0; y < BDA->char_height; y++) {
        uint16_t at = glyph_offset(m, page, row, column, y);
        uint8_t bits = glyph_row(c, y);

        switch (m->kind) {
        case KIND_PLANAR:
            planar_glyph_row(at, bits, colour, xor);
            break;
        case KIND_LINEAR:
            linear_glyph_row(at, bits, colour, xor);
            break;
        case KIND_CGA4:
            cga4_glyph_row(at, bits, colour, xor);
            break;
        default:
            if (!(colour & 1))
                bits = 0;
            if (xor)
                bits ^= far_read8(0xB800, at);
            far_write8(0xB800, at, bits);
        }
    }
    if (m->kind == KIND_PLANAR)
        planar_close();
}

static uint8_t pixel_bits(const __seg_gs struct vga_mode *m, uint16_t at)
{
    switch (m->kind) {
    case KIND_PLANAR:
        return planar_bits(at);
    case KIND_LINEAR:
        return linear_bits(at);
    case KIND_CGA4:
        return cga4_bits(at);
    default:
        return far_read8(0xB800, at);
    }
}

uint8_t pixel_recognise(const __seg_gs struct vga_mode *m, uint8_t page,
                        uint8_t row, uint8_t column)
{
    uint8_t bits[32];
    uint8_t height = BDA->char_height > 32 ? 32 : (uint8_t)BDA->char_height;
    uint8_t y;
    uint16_t c;

    for (y = 0; y < height; y++)
        bits[y] = m->kind == KIND_PACKED
                      ? packed_bits(row, column, y)
                      : pixel_bits(m, glyph_offset(m, page, row, column, y));
    for (c = 0; c < 256; c++) {
        for (y = 0; y < height && bits[y] == glyph_row((uint8_t)c, y); y++)
            ;
        if (y == height)
            return (uint8_t)c;
    }
    return 0;
}

/* --- scrolling
 * ---------------------------------------------------------------------- */

static void line_fill(const __seg_gs struct vga_mode *m, uint16_t at,
                      uint16_t bytes, uint8_t colour)
{
    if (m->kind == KIND_CGA4)
        colour = (colour & 3) * 0x55;
    else if (m->kind == KIND_CGA2)
        colour = colour & 1 ? 0xFF : 0x00;
    far_fill8((uint16_t)(m->segment_high << 8), at, colour, bytes);
}

/* Planar copies go through the latches (write mode 1), fills by mode 2. */
void pixel_scroll(const __seg_gs struct vga_mode *m, struct rect b,
                  uint8_t lines, uint8_t colour, bool down)
{
    uint8_t page = BDA->video_page, height = (uint8_t)BDA->char_height;
    uint16_t width = m->kind == KIND_LINEAR ? 8 : m->kind == KIND_CGA4 ? 2 : 1;
    uint16_t left = b.left * width, bytes = (b.right - b.left + 1) * width;
    uint16_t total = (uint16_t)((b.bottom - b.top + 1) * height);
    uint16_t shift = (uint16_t)(lines * height), top = b.top * height, i;
    bool planar = m->kind == KIND_PLANAR;

    if (m->kind == KIND_PACKED) {
        packed_scroll(b, lines, colour, down);
        return;
    }
    if (shift == 0 || shift > total)
        shift = total;
    if (planar) {
        indexed_write(SEQ, 2, 0x0F);
        indexed_write(GRC, 5, 0x01);
    }
    for (i = 0; i < total; i++) {
        uint16_t y = down ? top + total - 1 - i : top + i;
        uint16_t from = down ? y - shift : y + shift;
        uint16_t at = line_offset(m, page, y) + left;

        if (planar && i == total - shift)
            indexed_write(GRC, 5, 0x02);
        if (i < total - shift)
            far_move((uint16_t)(m->segment_high << 8), at,
                     line_offset(m, page, from) + left, bytes);
        else
            line_fill(m, at, bytes, colour);
    }
    if (planar)
        planar_close();
}

/* --- pixels
 * ------------------------------------------------------------------------- */

static void packed_write(uint16_t at, uint8_t shift, uint8_t mask,
                         uint8_t colour)
{
    uint8_t old = far_read8(0xB800, at);
    uint8_t bits = (uint8_t)((colour & mask) << shift);

    if (colour & 0x80)
        bits ^= old & (uint8_t)(mask << shift);
    far_write8(0xB800, at, (old & ~(mask << shift)) | bits);
}

void pixel_write(struct regs *r)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint16_t at;

    if (!m || m->kind == KIND_TEXT)
        return;
    at = line_offset(m, r->bh, r->dx);
    switch (m->kind) {
    case KIND_PACKED:
        packed_pixel_write(r->cx, r->dx, r->al);
        break;
    case KIND_LINEAR:
        far_write8(0xA000, at + r->cx, r->al);
        break;
    case KIND_PLANAR:
        planar_open(r->al & 0x80 ? 0x18 : 0);
        planar_put(at + (r->cx >> 3), 0x80 >> (r->cx & 7), r->al);
        planar_close();
        break;
    case KIND_CGA4:
        packed_write(at + (r->cx >> 2), 6 - 2 * (r->cx & 3), 3, r->al);
        break;
    default:
        packed_write(at + (r->cx >> 3), 7 - (r->cx & 7), 1, r->al);
    }
}

void pixel_read(struct regs *r)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint16_t at;
    uint8_t plane;

    if (!m || m->kind == KIND_TEXT)
        return;
    at = line_offset(m, r->bh, r->dx);
    switch (m->kind) {
    case KIND_PACKED:
        r->al = packed_pixel_read(r->cx, r->dx);
        break;
    case KIND_LINEAR:
        r->al = far_read8(0xA000, at + r->cx);
        break;
    case KIND_PLANAR:
        r->al = 0;
        for (plane = 0; plane < 4; plane++) {
            indexed_write(GRC, 4, plane);
            if (far_read8(0xA000, at + (r->cx >> 3)) & (0x80 >> (r->cx & 7)))
                r->al |= 1 << plane;
        }
        indexed_write(GRC, 4, 0);
        break;
    case KIND_CGA4:
        r->al =
            far_read8(0xB800, at + (r->cx >> 2)) >> (6 - 2 * (r->cx & 3)) & 3;
        break;
    default:
        r->al = far_read8(0xB800, at + (r->cx >> 3)) >> (7 - (r->cx & 7)) & 1;
    }
}
