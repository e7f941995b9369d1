/* vga_hercules.c - the graphics of a Hercules card on a VGA in monochrome
 * mode.
 *
 * Manual: Hercules Graphics Card Owner's Manual (GB101/GB102), "Programming":
 * display mode control port 3B8, configuration switch 3BF, two pages of
 * 720 x 348 at B0000, status bit 7; Motorola MC6845 data sheet.
 *
 * Some VGAs of their time had this. While the card has its ports at 3B4 (mode
 * 7, DOS: MODE MONO) and a program has set bit 0 of 3BF, values for CRTC 00-0F
 * are a 6845's: they are kept apart, so that the VGA's text mode is still there
 * when the program goes back to text. Bit 1 of 3B8 then shows the graphics.
 * Writing CRTC 11, which a 6845 does not have, ends it: a VGA BIOS does so
 * when it sets a mode.
 *
 * In text bits 3 and 5 of 3B8 are those of an MDA: video on, blinking.
 *
 * Not modelled: a 6845's own text mode and cursor (the VGA's is shown), its
 * interlace (every program leaves it off); light pen; RAM fonts of
 * later cards. Bit 7 of 3B8 chooses the page that is shown, the start address
 * counts from there. */
#include "devices/vga_raster.h"
#include "devices/vga_scan.h"

enum {
    MODE_GRAPHICS = 0x02,
    MODE_VIDEO = 0x08,
    MODE_PAGE1 = 0x80,
    HERC_ALLOW_GRAPHICS = 0x01,
    HERC_ALLOW_PAGE1 = 0x02,
    R1_H_DISPLAYED = 1,
    R6_V_DISPLAYED = 6,
    R9_MAX_SCAN = 9,
    R12_START_HIGH = 12,
    R13_START_LOW = 13,
    STATUS_NO_RETRACE = 0x80,
    PAGE = 0x8000,
    BANK = 0x2000, /* of lines with the same row scan */
};

static bool is_mono(const struct vga *vga)
{
    return !(vga->misc & MISC_IOAS);
}

bool vga_hercules_on(const struct vga *vga)
{
    return is_mono(vga) && vga->hercules_config & HERC_ALLOW_GRAPHICS &&
           vga->hercules_mode & MODE_GRAPHICS && !vga_dispi_on(vga);
}

bool vga_hercules_wide(const struct vga *vga)
{
    return is_mono(vga) && vga->hercules_config & HERC_ALLOW_PAGE1 &&
           (vga->gfx[GFX_MISC] >> GMISC_MAP_SHIFT & 3) == 2;
}

static void changed(struct vga *vga)
{
    vga->picture++;
    vga_update_timing(vga);
    vga_update_windows(vga);
}

/* Bits that the configuration switch forbids cannot be set. */
void vga_hercules_write(struct vga *vga, unsigned port, uint8_t value)
{
    if (port == 0x3BF)
        vga->hercules_config = value & 3;
    else
        vga->hercules_mode = value;
    if (!(vga->hercules_config & HERC_ALLOW_GRAPHICS))
        vga->hercules_mode &= ~MODE_GRAPHICS;
    if (!(vga->hercules_config & HERC_ALLOW_PAGE1))
        vga->hercules_mode &= ~MODE_PAGE1;
    if (port == 0x3B8 && !vga_hercules_on(vga) && !vga_dispi_on(vga))
        vga_mode_control(vga, value);
    changed(vga);
}

bool vga_hercules_takes(struct vga *vga, unsigned index, uint8_t value)
{
    if (!is_mono(vga))
        return false;
    if (index == CRTC_V_RETRACE_END) {
        vga->hercules_mode &= ~MODE_GRAPHICS;
        changed(vga);
        return false;
    }
    if (index >= sizeof vga->hercules_crtc ||
        !(vga->hercules_config & HERC_ALLOW_GRAPHICS) ||
        !(vga->crtc[CRTC_V_RETRACE_END] & RETRACE_PROTECT))
        return false;
    vga->hercules_crtc[index] = value;
    if (vga_hercules_on(vga))
        vga->picture++;
    /* Cursor and start address of the text are the VGA's, too. */
    return index < CRTC_CURSOR_START || vga_hercules_on(vga);
}

uint8_t vga_hercules_status(const struct vga *vga, uint8_t status)
{
    return status | (is_mono(vga) && !(status & 0x08) ? STATUS_NO_RETRACE : 0);
}

/* ---- picture */

/* Lines that share a character row; a 6845 counts five bits, the card's
 * address lines see two of them. */
static unsigned row_lines(const struct vga *vga)
{
    return (vga->hercules_crtc[R9_MAX_SCAN] & 0x1F) + 1u;
}

void vga_hercules_size(const struct vga *vga, unsigned *width, unsigned *height)
{
    *width = vga->hercules_crtc[R1_H_DISPLAYED] * 16u;
    *height = (vga->hercules_crtc[R6_V_DISPLAYED] & 0x7F) * row_lines(vga);
}

bool vga_hercules_blank(const struct vga *vga)
{
    return !(vga->hercules_mode & MODE_VIDEO);
}

/* 16 dots take a word. */
uint32_t vga_hercules_line(const struct vga *vga, unsigned y)
{
    const uint8_t *crtc = vga->hercules_crtc;
    unsigned lines = row_lines(vga);
    uint32_t start = (crtc[R12_START_HIGH] & 0x3Fu) << 8 | crtc[R13_START_LOW];
    uint32_t word = start + y / lines * crtc[R1_H_DISPLAYED];

    return (vga->hercules_mode & MODE_PAGE1 ? PAGE : 0) +
           (y % lines & 3) * BANK + (word * 2 & (BANK - 1));
}
