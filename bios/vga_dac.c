/* Attribute palette and DAC: default contents, INT 10h AH=0Bh and AH=10h.
 * Sources: IBM VGA/XGA Technical Reference; RBIL INT 10/AH=10h. */

#include "vga.h"

/* --- DAC -------------------------------------------------------------------
 */

static void dac_put(uint8_t red, uint8_t green, uint8_t blue)
{
    outb(DAC_DATA, red);
    outb(DAC_DATA, green);
    outb(DAC_DATA, blue);
}

/* An EGA colour: bits 0-2 two thirds, bits 3-5 one third, of B, G, R. */
static void dac_put_ega(uint8_t i)
{
    dac_put((i & 4 ? 0x2A : 0) + (i & 32 ? 0x15 : 0),
            (i & 2 ? 0x2A : 0) + (i & 16 ? 0x15 : 0),
            (i & 1 ? 0x2A : 0) + (i & 8 ? 0x15 : 0));
}

/* A CGA colour: bit 3 is intensity, and dark yellow is brown. */
static void dac_put_cga(uint8_t i)
{
    uint8_t light = i & 8 ? 0x15 : 0;

    if ((i & 15) == 6)
        dac_put(0x2A, 0x15, 0x00);
    else
        dac_put((i & 4 ? 0x2A : 0) + light, (i & 2 ? 0x2A : 0) + light,
                (i & 1 ? 0x2A : 0) + light);
}

/* Mode 13h, 32-247: for three intensities, three saturations, 24 hues from
 * blue by red and green back to blue. */
ROM uint8_t greys[16] = {0x00, 0x05, 0x08, 0x0B, 0x0E, 0x11, 0x14, 0x18,
                         0x1C, 0x20, 0x24, 0x28, 0x2D, 0x32, 0x38, 0x3F};
ROM uint8_t ramps[9][5] = {
    {0x00, 0x10, 0x1F, 0x2F, 0x3F}, {0x1F, 0x27, 0x2F, 0x37, 0x3F},
    {0x2D, 0x31, 0x36, 0x3A, 0x3F}, {0x00, 0x07, 0x0E, 0x15, 0x1C},
    {0x0E, 0x11, 0x15, 0x18, 0x1C}, {0x14, 0x16, 0x18, 0x1A, 0x1C},
    {0x00, 0x04, 0x08, 0x0C, 0x10}, {0x08, 0x0A, 0x0C, 0x0E, 0x10},
    {0x0B, 0x0C, 0x0D, 0x0F, 0x10},
};

/* Step of the ramp a component has at hue 0-23: up for four hues, high for
 * eight, down for four, low for eight. Red starts to rise at blue. */
static uint8_t ramp_step(uint8_t hue)
{
    if (hue < 4)
        return hue;
    if (hue <= 12)
        return 4;
    return hue < 16 ? 16 - hue : 0;
}

static void dac_load_256(void)
{
    uint8_t i, hue;

    for (i = 0; i < 16; i++)
        dac_put_cga(i);
    for (i = 0; i < 16; i++)
        dac_put(greys[i], greys[i], greys[i]);
    for (i = 0; i < 9; i++)
        for (hue = 0; hue < 24; hue++)
            dac_put(ramps[i][ramp_step(hue)],
                    ramps[i][ramp_step((hue + 16) % 24)],
                    ramps[i][ramp_step((hue + 8) % 24)]);
    for (i = 248; i != 0; i++)
        dac_put(0, 0, 0);
}

void dac_load(uint8_t kind)
{
    uint16_t i;

    outb(DAC_WRITE, 0);
    if (kind == DAC_256) {
        dac_load_256();
        return;
    }
    for (i = 0; i < 64; i++) {
        if (kind == DAC_EGA)
            dac_put_ega((uint8_t)i);
        else if (kind == DAC_CGA)
            dac_put_cga((uint8_t)((i & 7) | (i & 16) >> 1));
        else
            dac_put(0x2A * !!(i & 8) + 0x15 * !!(i & 16),
                    0x2A * !!(i & 8) + 0x15 * !!(i & 16),
                    0x2A * !!(i & 8) + 0x15 * !!(i & 16));
    }
    for (; i < 256; i++)
        dac_put(0, 0, 0);
}

/* 30 % red, 59 % green, 11 % blue, in 1/256. */
void dac_to_grey(uint16_t first, uint16_t count)
{
    for (; count > 0; count--, first++) {
        uint8_t red, green, blue, grey;

        outb(DAC_READ, (uint8_t)first);
        red = inb(DAC_DATA);
        green = inb(DAC_DATA);
        blue = inb(DAC_DATA);
        grey = (uint8_t)((77 * red + 151 * green + 28 * blue + 128) >> 8);
        outb(DAC_WRITE, (uint8_t)first);
        dac_put(grey, grey, grey);
    }
}

/* --- AH=0Bh ------------------------------------------------------------------
 */

/* BH=0: background or border BL; BH=1: which CGA palette. */
void cga_palette(struct regs *r)
{
    uint8_t light, i;

    if (r->bh == 0) {
        BDA->crt_palette = (BDA->crt_palette & 0xE0) | (r->bl & 0x1F);
        light = (r->bl & 8) << 1;
        attr_set(0x11, (r->bl & 7) | light);
        if (BDA->video_mode > 3)
            attr_set(0x00, (r->bl & 7) | light);
        for (i = 1; i < 4 && BDA->video_mode > 3; i++)
            attr_set(i, (attr_get(i) & ~0x10) | (r->bl & 0x10));
    } else if (r->bh == 1 && BDA->video_mode > 3 && BDA->video_mode != 7) {
        BDA->crt_palette = (BDA->crt_palette & ~0x20) | (r->bl & 1) << 5;
        for (i = 1; i < 4; i++)
            attr_set(i, (attr_get(i) & ~1) | (r->bl & 1));
    }
}

/* --- AH=10h
 * ------------------------------------------------------------------- */

static void palette_set(uint8_t index, uint8_t value)
{
    attr_set(index, value);
    palette_note(index, value);
}

static void palette_set_all(uint16_t segment, uint16_t offset)
{
    uint8_t i;

    for (i = 0; i < 16; i++)
        palette_set(i, far_read8(segment, offset + i));
    palette_set(0x11, far_read8(segment, offset + 16));
}

/* 40:65 bit 5 follows, as 3D8 would on a CGA. */
static void blinking(bool on)
{
    attr_set(0x10, (attr_get(0x10) & ~0x08) | (on ? 0x08 : 0));
    BDA->crt_mode = (BDA->crt_mode & ~0x20) | (on ? 0x20 : 0);
}

static void palette_get_all(uint16_t segment, uint16_t offset)
{
    uint8_t i;

    for (i = 0; i < 16; i++)
        far_write8(segment, offset + i, attr_get(i));
    far_write8(segment, offset + 16, attr_get(0x11));
}

static void dac_block_set(struct regs *r)
{
    uint16_t n = r->cx * 3, at = r->dx;

    outb(DAC_WRITE, r->bl);
    for (; n > 0; n--)
        outb(DAC_DATA, far_read8(r->es, at++));
}

static void dac_block_get(struct regs *r)
{
    uint16_t n = r->cx * 3, at = r->dx;

    outb(DAC_READ, r->bl);
    for (; n > 0; n--)
        far_write8(r->es, at++, inb(DAC_DATA));
}

/* AL=13h: BL=0 four pages of 64 or sixteen of 16; BL=1 select page BH. */
static void page_select(struct regs *r)
{
    uint8_t mode = attr_get(0x10);

    if (r->bl == 0)
        attr_set(0x10, (mode & 0x7F) | (r->bh & 1) << 7);
    else
        attr_set(0x14, mode & 0x80 ? r->bh & 15 : (r->bh & 3) << 2);
}

static void page_get(struct regs *r)
{
    r->bl = attr_get(0x10) >> 7;
    r->bh = r->bl ? attr_get(0x14) & 15 : (attr_get(0x14) >> 2) & 3;
}

static void dac_one(struct regs *r)
{
    if (r->al == 0x10) {
        outb(DAC_WRITE, r->bl);
        dac_put(r->dh, r->ch, r->cl);
    } else {
        outb(DAC_READ, r->bl);
        r->dh = inb(DAC_DATA);
        r->ch = inb(DAC_DATA);
        r->cl = inb(DAC_DATA);
    }
}

void palette_service(struct regs *r)
{
    switch (r->al) {
    case 0x00:
        if (r->bl < 0x15)
            palette_set(r->bl, r->bh);
        break;
    case 0x01:
        palette_set(0x11, r->bh);
        break;
    case 0x02:
        palette_set_all(r->es, r->dx);
        break;
    case 0x03:
        blinking(r->bl & 1);
        break;
    case 0x07:
        r->bh = attr_get(r->bl & 0x1F);
        break;
    case 0x08:
        r->bh = attr_get(0x11);
        break;
    case 0x09:
        palette_get_all(r->es, r->dx);
        break;
    case 0x10:
    case 0x15:
        dac_one(r);
        break;
    case 0x12:
        dac_block_set(r);
        break;
    case 0x13:
        page_select(r);
        break;
    case 0x17:
        dac_block_get(r);
        break;
    case 0x18:
        outb(DAC_MASK, r->bl);
        break;
    case 0x19:
        r->bl = inb(DAC_MASK);
        break;
    case 0x1A:
        page_get(r);
        break;
    case 0x1B:
        dac_to_grey(r->bx, r->cx);
        break;
    }
}
