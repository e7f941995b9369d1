/* fit.h - where in a window the picture goes. */
#ifndef UMBRA_FRONTEND_FIT_H
#define UMBRA_FRONTEND_FIT_H

#include <stdbool.h>

struct fit {
    int x, y, width, height; /* in the window */
    bool smooth;             /* not a whole multiple: filter it */
};

/* The largest picture of shape shape_w : shape_h in room_w x room_h, in its
 * middle. Where the shape is that of the raster itself, a whole multiple of
 * the raster is preferred as long as it fills most of the room. */
struct fit fit_picture(int room_w, int room_h, int width, int height,
                       int shape_w, int shape_h);

/* Whole multiple at which a raster takes a fair part of a desktop, >= 1. */
int fit_zoom(int desktop_w, int desktop_h, int width, int height);

#endif
