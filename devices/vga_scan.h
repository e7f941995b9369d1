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
    uint32_t row_start;
    uint32_t address;
    unsigned row;
    bool repeated;
    bool split;
};

/* What blinks is on in this half of its period. */
struct vga_blink {
    bool cursor, text;
};

static inline bool vga_in_text_mode(const struct vga *vga)
{
    return !vga_dispi_on(vga) && !(vga->gfx[GFX_MISC] & GMISC_GRAPHICS) &&
           !vga_hercules_on(vga);
}

/* False when no picture that a monitor could show is programmed. */
bool vga_scan_geometry(const struct vga *vga, struct vga_geometry *geometry);
/* `start` is the address of the first line. The registers may change between
 * the lines. */
void vga_scan_begin(struct vga_scan *scan, const struct vga *vga,
                    uint16_t start);
void vga_scan_next(struct vga_scan *scan);
/* Cell that is fetched when the memory counter has this value. */
uint32_t vga_scan_cell(const struct vga_scan *scan, uint32_t counter);
struct vga_blink vga_blink_at(const struct vga *vga, uint64_t now);

/* How many character clocks share one step of the memory counter, as a power
 * of two. */
static inline unsigned vga_counter_shift(const struct vga *vga)
{
    if (vga->crtc[CRTC_UNDERLINE] & UNDERLINE_COUNT4)
        return 2;
    return vga->crtc[CRTC_MODE_CONTROL] & MODE_COUNT2 ? 1 : 0;
}

/* ---- vga_text.c */
/* Draw columns [0, columns) of a line in text mode as one byte per dot, the
 * colour before the palette. True if a character blinks. */
bool vga_text_line(const struct vga_scan *scan,
                   const struct vga_geometry *geometry, struct vga_blink blink,
                   unsigned columns, uint8_t *dots);
/* Characters and attributes of the line. */
void vga_text_cells(const struct vga_scan *scan, unsigned columns,
                    uint16_t *cells);
/* Memory counter at which the cursor is, whether shown or not. */
uint32_t vga_text_cursor(const struct vga *vga);

/* ---- vga_pixels.c */
/* The same for graphics modes. */
void vga_graphics_line(const struct vga_scan *scan, struct vga_blink blink,
                       unsigned columns, unsigned char_dots, uint8_t *dots);
/* Eight dots of a cell of four planes. */
void vga_planar_dots(uint32_t cell, uint8_t *dots);
/* Pixels of a packed VBE mode to 0x00RRGGBB. */
void vga_packed_line(const uint8_t *from, unsigned bpp, bool big_endian,
                     unsigned width, const uint32_t *colors, uint32_t *to);

#endif
