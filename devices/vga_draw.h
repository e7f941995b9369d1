/* vga_draw.h - the picture on the monitor, as pixels or as text.
 *
 * Drawing changes nothing of the card but the marks of what was stored to;
 * what is kept between two frames (to tell what changed) is derived and never
 * saved. A card has one drawer. */
#ifndef UMBRA_DEVICES_VGA_DRAW_H
#define UMBRA_DEVICES_VGA_DRAW_H

#include "devices/core/base.h"

struct vga;
struct vga_draw;

/* `pixels` are 0x00RRGGBB in host byte order and stay valid until the next
 * call. Width and height are those of the raster: mode 13h is 640 x 400. A
 * monitor gives it the shape aspect_w : aspect_h. Rows [first_row, last_row]
 * cover what differs from the frame before, changed_rows has a byte for each
 * row, not 0 if it differs; they mean nothing unless `changed`. */
struct vga_frame {
    const uint32_t *pixels;
    unsigned width, height, stride;
    unsigned aspect_w, aspect_h;
    bool changed;
    bool resized;
    unsigned first_row, last_row;
    const uint8_t *changed_rows;
};

/* NULL when the host has no memory. The card must outlive it; without one the
 * picture is black. */
struct vga_draw *vga_draw_create(struct vga *vga);
void vga_draw_destroy(struct vga_draw *draw);

/* The picture at `now` (virtual ns; the cursor and blinking text follow it).
 * Cheap when nothing was touched. If the host has no memory for a larger
 * picture, the frame stays as it was. */
const struct vga_frame *vga_draw_frame(struct vga_draw *draw, uint64_t now);

/* The characters on the screen, as the start address and the split show
 * them: UTF-8 lines, trailing blanks cut, each ended by '\n'. Writes at most
 * size - 1 bytes and a NUL; returns the bytes of the whole text without
 * NUL, 0 in graphics modes. A screen that is blanked still tells its text. */
size_t vga_text(const struct vga *vga, char *text, size_t size);
/* Columns and rows of that text; false in graphics modes. */
bool vga_text_size(const struct vga *vga, unsigned *columns, unsigned *rows);

#endif
