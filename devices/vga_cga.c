/* vga_cga.c - mode control (3D8) and colour select (3D9) of a CGA, and the
 * mode control (3B8) that an MDA shares with it, on a VGA.
 *
 * Manual: IBM PC Technical Reference, "Color/Graphics Monitor Adapter",
 * "Monochrome Display Adapter": mode select register, colour select register.
 *
 * IBM's VGA has none of them; many later cards had. They act on the attribute
 * controller and the sequencer while these are in a mode that a CGA has (0 to
 * 6, 7), so that a program that sets such a mode by the BIOS and goes on with
 * the ports of a CGA gets its colours; whatever writes to the VGA's registers
 * afterwards has the last word. Reads find nothing, as on the CGA.
 *
 * Not modelled: bits 0, 1 and 4 of 3D8, which go from text to graphics and back
 * together with a 6845's values in the CRTC, and 160 x 100 pixels made of
 * text. */
#include "devices/vga_raster.h"

enum {
    MODE_BURST_OFF = 0x04, /* the third palette */
    MODE_VIDEO = 0x08,
    MODE_BLINK = 0x20,
    COLOR_LIGHT = 0x10,
    COLOR_CYAN = 0x20,
    COLOR_RESET = 0x30,
    MODE_RESET = 0x29,
    DAC_LIGHT = 0x10, /* in the 200-line modes' palette */
};

static bool graphics(const struct vga *vga)
{
    return vga->gfx[GFX_MISC] & GMISC_GRAPHICS;
}

static bool four_colors(const struct vga *vga)
{
    return graphics(vga) && vga->gfx[GFX_MODE] & GMODE_SHIFT_INTERLEAVE;
}

static bool two_colors(const struct vga *vga)
{
    return graphics(vga) && !four_colors(vga) &&
           !(vga->crtc[CRTC_MODE_CONTROL] & MODE_NOT_RA0);
}

/* Intensity is bit 4 of what the attribute controller gives. */
static uint8_t dac_index(unsigned color)
{
    return (uint8_t)((color & 7) | (color & 8) << 1);
}

static void set_attr(struct vga *vga, unsigned index, unsigned value)
{
    vga_raster_set(vga, &vga->attr[index], (uint8_t)value);
}

/* Green, red, brown; cyan, magenta, white; cyan, red, white. */
static void set_palette(struct vga *vga)
{
    static const uint8_t palettes[3][3] = {{2, 4, 6}, {3, 5, 7}, {3, 4, 7}};
    unsigned which = vga->cga_mode & MODE_BURST_OFF ? 2
                     : vga->cga_color & COLOR_CYAN  ? 1
                                                    : 0;
    unsigned light = vga->cga_color & COLOR_LIGHT ? DAC_LIGHT : 0;

    for (unsigned i = 0; i < 3; i++)
        set_attr(vga, i + 1, palettes[which][i] | light);
}

void vga_cga_reset(struct vga *vga)
{
    vga->cga_mode = MODE_RESET;
    vga->cga_color = COLOR_RESET;
}

void vga_mode_control(struct vga *vga, uint8_t value)
{
    uint8_t *clocking = &vga->seq[SEQ_CLOCKING];
    uint8_t *mode = &vga->attr[ATTR_MODE];

    vga_raster_set(vga, clocking,
                   (*clocking & ~CLOCKING_OFF) |
                       (value & MODE_VIDEO ? 0 : CLOCKING_OFF));
    if (!graphics(vga))
        vga_raster_set(vga, mode,
                       (*mode & ~AMODE_BLINK) |
                           (value & MODE_BLINK ? AMODE_BLINK : 0));
}

static void write_mode(struct vga *vga, uint8_t value)
{
    uint8_t changed = vga->cga_mode ^ value;

    vga->cga_mode = value;
    vga_mode_control(vga, value);
    if (four_colors(vga) && changed & MODE_BURST_OFF)
        set_palette(vga);
}

/* The border of a text mode has one of the text's colours. */
static void write_color(struct vga *vga, uint8_t value)
{
    vga->cga_color = value;
    if (four_colors(vga)) {
        set_attr(vga, 0, dac_index(value));
        set_attr(vga, ATTR_OVERSCAN, dac_index(value));
        set_palette(vga);
    } else if (two_colors(vga)) {
        set_attr(vga, 1, dac_index(value));
    } else {
        set_attr(vga, ATTR_OVERSCAN, vga->attr[value & 15]);
    }
}

void vga_cga_write(struct vga *vga, unsigned port, uint8_t value)
{
    if (vga_dispi_on(vga) ||
        (graphics(vga) && !four_colors(vga) && !two_colors(vga)))
        return;
    if (port == 0x3D8)
        write_mode(vga, value);
    else
        write_color(vga, value);
}
