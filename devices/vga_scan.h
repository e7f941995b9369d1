/* vga_scan.h - how the CRT controller walks through memory, line by line;
 * for vga_draw.c and vga_text.c. */
#ifndef UMBRA_DEVICES_VGA_SCAN_H
#define UMBRA_DEVICES_VGA_SCAN_H

#include "devices/vga_state.h"

/* The raster that the registers describe; see vga_scan_geometry. */
struct vga_geometry {
    unsigned columns;   /* character clocks per line */
    unsigned char_dots; /* 8 or 9 */
    unsigned dot_width; /* pixels per dot, 2 at half the dot clock */
    unsigned width, height;
};

/* Before a line is drawn: `address` is the memory counter at its start,
 * `row` the row scan counter, `split` that it lies below the line compare. */
struct vga_scan {
    const struct vga *vga;
    unsigned line; /* on the screen */
    unsigned line_compare;
    unsigned line_shift; /* 1: the vertical counter sees every other line */
    uint32_t row_start;
    uint32_t address;
    unsigned row, last_row;
    bool doubled, repeated;
    bool split;
};

/* What blinks is on in this half of its period. */
struct vga_blink {
    bool cursor, text;
};

static inline bool vga_in_text_mode(const struct vga *vga)
{
    return !vga_dispi_on(vga) && !(vga->gfx[GFX_MISC] & GMISC_GRAPHICS);
}

/* False when no picture that a monitor could show is programmed. */
bool vga_scan_geometry(const struct vga *vga, struct vga_geometry *geometry);
void vga_scan_begin(struct vga_scan *scan, const struct vga *vga);
void vga_scan_next(struct vga_scan *scan);
/* Cell that is fetched when the memory counter has this value. */
uint32_t vga_scan_cell(const struct vga_scan *scan, uint32_t counter);
struct vga_blink vga_blink_at(const struct vga *vga, uint64_t now);

/* Draw columns [0, columns) of a line in text mode as one byte per dot, the
 * colour before the palette. */
void vga_text_line(const struct vga_scan *scan,
                   const struct vga_geometry *geometry, struct vga_blink blink,
                   unsigned columns, uint8_t *dots);

#endif
