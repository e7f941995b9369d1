/* Text and pixels of INT 10h in the VBE modes of a byte and more a pixel, by
 * the window at A0000. Source: VESA VBE Core Functions Standard 3.0, 4.3 (mode
 * attributes, TTY output). Colours of 16-bit modes and wider are the sixteen of
 * a CGA; what is read there is 0 for black, 15 for anything else. */

#include "dispi.h"
#include "vga.h"

#define CHUNK 64

/* What the display interface says, for a while. */
struct surface {
    uint32_t pitch;
    uint16_t bank, saved;
    uint8_t bytes, depth;
};

static void surface_open(struct surface *s)
{
    s->depth = (uint8_t)dispi_read(DISPI_BPP);
    s->bytes = (uint8_t)((s->depth + 7) >> 3);
    s->pitch = (uint32_t)dispi_read(DISPI_VIRT_WIDTH) * s->bytes;
    s->bank = s->saved = dispi_read(DISPI_BANK);
}

static void bank_set(struct surface *s, uint16_t bank)
{
    if (s->bank != bank)
        dispi_write(DISPI_BANK, bank);
    s->bank = bank;
}

static void surface_close(struct surface *s)
{
    bank_set(s, s->saved);
}

static uint8_t byte_get(struct surface *s, uint32_t at)
{
    bank_set(s, (uint16_t)(at >> 16));
    return far_read8(0xA000, (uint16_t)at);
}

static void byte_put(struct surface *s, uint32_t at, uint8_t value)
{
    bank_set(s, (uint16_t)(at >> 16));
    far_write8(0xA000, (uint16_t)at, value);
}

static uint32_t level(uint8_t colour, uint8_t bit)
{
    return (colour & bit ? 0xAAu : 0) + (colour & 8 ? 0x55u : 0);
}

/* A pixel's bits for a colour 0-15, or what it is in 256 colours. */
static uint32_t pixel_of(const struct surface *s, uint8_t colour)
{
    uint32_t red = level(colour, 4), green = level(colour, 2);
    uint32_t blue = level(colour, 1);

    switch (s->depth) {
    case 8:
        return colour;
    case 15:
        return red >> 3 << 10 | green >> 3 << 5 | blue >> 3;
    case 16:
        return red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
    default:
        return red << 16 | green << 8 | blue;
    }
}

static void pixel_put(struct surface *s, uint32_t at, uint32_t pixel, bool xor)
{
    uint8_t i;

    for (i = 0; i < s->bytes; i++, at++, pixel >>= 8)
        byte_put(s, at, (uint8_t)pixel ^ (xor? byte_get(s, at) : 0));
}

static uint8_t pixel_get(struct surface *s, uint32_t at)
{
    uint8_t i;

    if (s->depth == 8)
        return byte_get(s, at);
    for (i = 0; i < s->bytes; i++)
        if (byte_get(s, at + i) != 0)
            return 15;
    return 0;
}

static uint32_t place(const struct surface *s, uint16_t x, uint16_t y)
{
    return y * s->pitch + (uint32_t)x * s->bytes;
}

void packed_glyph(uint8_t row, uint8_t column, uint8_t c, uint8_t colour)
{
    bool xor = (colour & 0x80) != 0;
    uint8_t height = (uint8_t)BDA->char_height, bits, x, y;
    struct surface s;
    uint32_t at;

    surface_open(&s);
    for (y = 0; y < height; y++) {
        at = place(&s, column * 8, row * height + y);
        bits = glyph_row(c, y);
        for (x = 0; x < 8; x++, bits <<= 1, at += s.bytes)
            if (bits & 0x80 || !xor)
                pixel_put(
                    &s, at,
                    bits & 0x80 ? pixel_of(&s, colour & (xor? 0x7F : 0xFF)) : 0,
                    xor);
    }
    surface_close(&s);
}

/* Eight pixels of a line: those that are not background. */
uint8_t packed_bits(uint8_t row, uint8_t column, uint8_t y)
{
    struct surface s;
    uint8_t bits = 0, x;
    uint32_t at;

    surface_open(&s);
    at = place(&s, column * 8, row * BDA->char_height + y);
    for (x = 0; x < 8; x++, at += s.bytes)
        if (pixel_get(&s, at) != 0)
            bits |= 0x80 >> x;
    surface_close(&s);
    return bits;
}

static void line_copy(struct surface *s, uint32_t to, uint32_t from,
                      uint32_t bytes)
{
    uint8_t buffer[CHUNK];
    uint32_t n, i;

    for (; bytes > 0; bytes -= n, to += n, from += n) {
        n = bytes < CHUNK ? bytes : CHUNK;
        for (i = 0; i < n; i++)
            buffer[i] = byte_get(s, from + i);
        for (i = 0; i < n; i++)
            byte_put(s, to + i, buffer[i]);
    }
}

void packed_scroll(struct rect b, uint8_t lines, uint8_t colour, bool down)
{
    uint16_t height = BDA->char_height, top = b.top * height, i;
    uint16_t total = (uint16_t)((b.bottom - b.top + 1) * height);
    uint16_t shift = (uint16_t)(lines * height);
    uint16_t width = (uint16_t)((b.right - b.left + 1) * 8), x;
    struct surface s;

    surface_open(&s);
    if (shift == 0 || shift > total)
        shift = total;
    for (i = 0; i < total; i++) {
        uint16_t y = down ? top + total - 1 - i : top + i;
        uint16_t from = down ? y - shift : y + shift;
        uint32_t at = place(&s, b.left * 8, y);

        if (i < total - shift) {
            line_copy(&s, at, place(&s, b.left * 8, from),
                      (uint32_t)width * s.bytes);
            continue;
        }
        for (x = 0; x < width; x++, at += s.bytes)
            pixel_put(&s, at, pixel_of(&s, colour), false);
    }
    surface_close(&s);
}

void packed_pixel_write(uint16_t x, uint16_t y, uint8_t colour)
{
    struct surface s;

    surface_open(&s);
    pixel_put(&s, place(&s, x, y), pixel_of(&s, colour), false);
    surface_close(&s);
}

uint8_t packed_pixel_read(uint16_t x, uint16_t y)
{
    struct surface s;
    uint8_t colour;

    surface_open(&s);
    colour = pixel_get(&s, place(&s, x, y));
    surface_close(&s);
    return colour;
}
