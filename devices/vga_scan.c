/* vga_scan.c - the CRT controller's counters.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "CRT Controller
 * Registers": memory counter, row scan counter, line compare, word and
 * doubleword addressing, row scan bits in the address. */
#include "devices/vga_scan.h"

/* Smaller rasters are what a reset or a half-programmed CRTC describes. */
enum { MIN_COLUMNS = 8, MIN_LINES = 64 };

bool vga_scan_geometry(const struct vga *vga, struct vga_geometry *geometry)
{
    const uint8_t *crtc = vga->crtc;
    uint8_t clocking = vga->seq[SEQ_CLOCKING];

    geometry->columns = crtc[CRTC_H_DISPLAY_END] + 1;
    geometry->char_dots = clocking & CLOCKING_8_DOTS ? 8 : 9;
    geometry->dot_width = clocking & CLOCKING_HALF ? 2 : 1;
    geometry->width =
        geometry->columns * geometry->char_dots * geometry->dot_width;
    geometry->height = vga_lines_shown(vga);
    if (crtc[CRTC_MODE_CONTROL] & MODE_V_DOUBLE)
        geometry->height *= 2;
    return geometry->columns >= MIN_COLUMNS && geometry->height >= MIN_LINES;
}

void vga_scan_begin(struct vga_scan *scan, const struct vga *vga,
                    uint16_t start)
{
    *scan = (struct vga_scan){.vga = vga};
    /* Byte panning: whole characters to the left. */
    scan->row_start = start + (vga->crtc[CRTC_PRESET_ROW] >> 5 & 3u);
    scan->address = scan->row_start;
    scan->row = vga->crtc[CRTC_PRESET_ROW] & 0x1F;
}

static void next_row(struct vga_scan *scan)
{
    uint8_t max_scan = scan->vga->crtc[CRTC_MAX_SCAN_LINE];

    if (max_scan & MAX_SCAN_DOUBLE && !scan->repeated) {
        scan->repeated = true;
        return;
    }
    scan->repeated = false;
    if (scan->row != (max_scan & 0x1F)) {
        scan->row = (scan->row + 1) & 0x1F;
        return;
    }
    scan->row = 0;
    scan->row_start += scan->vga->crtc[CRTC_OFFSET] * 2u;
    scan->address = scan->row_start;
}

static unsigned line_compare(const struct vga *vga)
{
    return vga->crtc[CRTC_LINE_COMPARE] |
           (vga->crtc[CRTC_OVERFLOW] & 0x10) << 4 |
           (vga->crtc[CRTC_MAX_SCAN_LINE] & 0x40) << 3;
}

void vga_scan_next(struct vga_scan *scan)
{
    unsigned compare = line_compare(scan->vga);
    /* The vertical counter may see every other line only. */
    unsigned shift = scan->vga->crtc[CRTC_MODE_CONTROL] & MODE_V_DOUBLE ? 1 : 0;
    bool compared = scan->line >> shift == compare;

    scan->line++;
    /* The counter stays at its value for 1 << shift lines; the last of them
     * is followed by the split. */
    if (compared && scan->line >> shift != compare) {
        scan->row_start = scan->address = 0;
        scan->row = 0;
        scan->repeated = false;
        scan->split = true;
        return;
    }
    next_row(scan);
}

uint32_t vga_scan_cell(const struct vga_scan *scan, uint32_t counter)
{
    const uint8_t *crtc = scan->vga->crtc;
    uint8_t mode = crtc[CRTC_MODE_CONTROL];
    uint32_t cell;

    counter &= 0xFFFF;
    if (crtc[CRTC_UNDERLINE] & UNDERLINE_DWORD)
        cell = counter << 2;
    else if (mode & MODE_BYTE)
        cell = counter;
    else
        cell = counter << 1 | (counter >> (mode & MODE_WRAP ? 15 : 13) & 1);
    if (!(mode & MODE_NOT_RA0))
        cell = (cell & ~0x2000u) | (scan->row & 1) << 13;
    if (!(mode & MODE_NOT_RA1))
        cell = (cell & ~0x4000u) | (scan->row >> 1 & 1) << 14;
    return cell & (VGA_CELLS - 1);
}

/* The cursor is on for 8 frames and off for 8, text for 16 and 16. */
struct vga_blink vga_blink_at(const struct vga *vga, uint64_t now)
{
    uint64_t frame = now / vga->timing.frame_ns;

    return (struct vga_blink){.cursor = !(frame & 8), .text = !(frame & 16)};
}
