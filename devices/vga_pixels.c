/* vga_pixels.c - from video memory to dots and pixels: lines of the VGA's
 * graphics modes as colours before the palette, lines of packed VBE modes as
 * 0x00RRGGBB.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem":
 * shift register modes of the graphics controller, colour plane enable and
 * blinking of the attribute controller.
 *
 * In 256-colour modes the bytes go past the internal palette, as later cards
 * have it; in the PS/2 each half went through, and a BIOS loads a palette
 * there that changes nothing. */
#include "devices/vga_scan.h"

/* ---- VGA graphics lines */

/* Bit 7 - n of each plane goes to dot n. The bits of one plane become eight
 * bytes in two halves by a multiplication: copies of the nibble, of which a
 * mask leaves one bit in each byte. */
static uint32_t spread_nibble(uint32_t nibble)
{
    return (nibble * 0x00204081u) & 0x01010101u;
}

void vga_planar_dots(uint32_t cell, uint8_t *dots)
{
    uint32_t left = 0, right = 0;

    for (unsigned plane = 0; plane < 4; plane++) {
        uint32_t bits = cell >> 8 * plane & 0xFF;
        left |= spread_nibble(bits >> 4) << plane;
        right |= spread_nibble(bits & 15) << plane;
    }
    /* The nibble's lowest bit lies in the lowest byte, but is the last dot. */
    for (unsigned i = 0; i < 4; i++) {
        dots[i] = (uint8_t)(left >> (24 - 8 * i));
        dots[i + 4] = (uint8_t)(right >> (24 - 8 * i));
    }
}

/* CGA: two bits per pixel, plane 0 then plane 1; planes 2 and 3 add the
 * upper two bits. */
static void interleaved_dots(uint32_t cell, uint8_t *dots)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = 6 - 2 * (i & 3) + 8 * (i >> 2);
        dots[i] =
            (uint8_t)((cell >> shift & 3) | (cell >> (shift + 16) & 3) << 2);
    }
}

static void nibble_dots(uint32_t cell, uint8_t *dots)
{
    for (unsigned i = 0; i < 8; i++)
        dots[i] = cell >> (4 * (i ^ 1)) & 0xF;
}

/* 256 colours: two dots join into one pixel of twice the width. */
static void join_dots(uint8_t *dots, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i += 2)
        dots[i] = dots[i + 1] = (uint8_t)(dots[i] << 4 | dots[i + 1]);
}

/* Blinking in graphics: the upper eight colours alternate with the lower
 * ones, the lower eight are shown as the upper. */
static void blink_dots(uint8_t *dots, unsigned count, bool on)
{
    for (unsigned i = 0; i < count; i++)
        dots[i] = dots[i] & 8 && !on ? dots[i] & 7 : dots[i] | 8;
}

void vga_graphics_line(const struct vga_scan *scan, struct vga_blink blink,
                       unsigned columns, unsigned char_dots, uint8_t *dots)
{
    const struct vga *vga = scan->vga;
    uint8_t mode = vga->gfx[GFX_MODE], attr_mode = vga->attr[ATTR_MODE];
    unsigned shift = vga_counter_shift(vga);
    uint8_t *at = dots;

    for (unsigned column = 0; column < columns; column++) {
        uint32_t counter = scan->address + (column >> shift);
        uint32_t cell = vga_load_cell(vga, vga_scan_cell(scan, counter));
        if (mode & GMODE_SHIFT_256)
            nibble_dots(cell, at);
        else if (mode & GMODE_SHIFT_INTERLEAVE)
            interleaved_dots(cell, at);
        else
            vga_planar_dots(cell, at);
        if (char_dots == 9)
            at[8] = at[7];
        at += char_dots;
    }
    if (attr_mode & AMODE_PEL_8BIT)
        join_dots(dots, columns * char_dots);
    else if (attr_mode & AMODE_BLINK)
        blink_dots(dots, columns * char_dots, blink.text);
}

/* ---- packed VBE lines */

/* 5-5-5 or 5-6-5 */
static uint32_t high_color(unsigned value, unsigned green_bits)
{
    unsigned blue = value & 31, red = value >> (5 + green_bits) & 31;
    unsigned green = value >> 5 & ((1u << green_bits) - 1);

    red = red << 3 | red >> 2;
    blue = blue << 3 | blue >> 2;
    green = green << (8 - green_bits) | green >> (2 * green_bits - 8);
    return red << 16 | green << 8 | blue;
}

static uint32_t packed_pixel(const uint8_t *from, unsigned bpp)
{
    switch (bpp) {
    case 15:
    case 16:
        return high_color(load_le16(from), bpp - 10);
    case 24:
        return load_le16(from) | (uint32_t)from[2] << 16;
    default:
        return load_le32(from) & 0xFFFFFF;
    }
}

static void swapped_line(const uint8_t *from, unsigned bpp, unsigned width,
                         uint32_t *to)
{
    unsigned bytes = (bpp + 7) / 8;
    uint8_t pixel[4] = {0};

    for (unsigned x = 0; x < width; x++, from += bytes) {
        for (unsigned i = 0; i < bytes; i++)
            pixel[i] = from[bytes - 1 - i];
        to[x] = packed_pixel(pixel, bpp);
    }
}

void vga_packed_line(const uint8_t *from, unsigned bpp, bool big_endian,
                     unsigned width, const uint32_t *colors, uint32_t *to)
{
    if (bpp == 8) {
        for (unsigned x = 0; x < width; x++)
            to[x] = colors[from[x]];
    } else if (big_endian) {
        swapped_line(from, bpp, width, to);
    } else if (bpp == 32) {
        for (unsigned x = 0; x < width; x++)
            to[x] = load_le32(from + 4 * x) & 0xFFFFFF;
    } else {
        unsigned bytes = (bpp + 7) / 8;
        for (unsigned x = 0; x < width; x++, from += bytes)
            to[x] = packed_pixel(from, bpp);
    }
}
