/* vga_raster.h - registers that change in the middle of a frame.
 *
 * Programs change colours, panning or modes at chosen lines of each frame.
 * Changes are noted with their line, for the frame in progress and the one
 * before, so that drawing can take them back and make them again line by
 * line. A change that does not come again in the next frame (a palette that
 * is loaded once) is not worth it: the picture then is what the registers
 * say. Notes are derived and never saved. */
#ifndef UMBRA_DEVICES_VGA_RASTER_H
#define UMBRA_DEVICES_VGA_RASTER_H

#include "devices/vga_state.h"

struct vga_raster_log;

/* Drawing's way through the notes of one frame. */
struct vga_replay {
    const struct vga_raster_log *log;
    uint64_t frame;
    unsigned next;
};

struct vga_raster *vga_raster_create(void); /* NULL: no memory */
void vga_raster_destroy(struct vga_raster *raster);
/* A register that shows gets a value; *reg is a byte of `vga`. */
void vga_raster_set(struct vga *vga, uint8_t *reg, uint8_t value);
/* The raster itself changed: forget the notes. */
void vga_raster_break(struct vga *vga);
/* True if the last whole frame before `now` is to be drawn line by line;
 * `view` is then the card as it was at the start of that frame. */
bool vga_replay_begin(struct vga_replay *replay, const struct vga *vga,
                      uint64_t now, struct vga *view);
/* Make the changes up to this line; true if there were any. */
bool vga_replay_line(struct vga_replay *replay, struct vga *view,
                     unsigned line);

#endif
