/* fit.c - where in a window the picture goes. */
#include "frontend/fit.h"

#include <stdint.h>

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int at_least_one(int64_t value)
{
    return value < 1 ? 1 : (int)value;
}

/* Whole multiples that leave less than this part of the room are taken. */
enum { FILL_PERCENT = 80 };

static int whole_multiple(int room_w, int room_h, int width, int height)
{
    int zoom = min_int(room_w / width, room_h / height);

    if (zoom < 1)
        return 0;
    /* One of the two directions decides how well the room is filled. */
    if ((int64_t)zoom * width * 100 >= (int64_t)room_w * FILL_PERCENT ||
        (int64_t)zoom * height * 100 >= (int64_t)room_h * FILL_PERCENT)
        return zoom;
    return 0;
}

struct fit fit_picture(int room_w, int room_h, int width, int height,
                       int shape_w, int shape_h)
{
    struct fit fit = {0, 0, room_w, room_h, false};
    bool own_shape = (int64_t)shape_w * height == (int64_t)shape_h * width;
    int zoom = own_shape ? whole_multiple(room_w, room_h, width, height) : 0;

    if (zoom) {
        fit.width = zoom * width;
        fit.height = zoom * height;
    } else if ((int64_t)room_w * shape_h > (int64_t)room_h * shape_w) {
        fit.width = at_least_one((int64_t)room_h * shape_w / shape_h);
    } else {
        fit.height = at_least_one((int64_t)room_w * shape_h / shape_w);
    }
    fit.smooth = fit.width % width != 0 || fit.height % height != 0;
    fit.x = (room_w - fit.width) / 2;
    fit.y = (room_h - fit.height) / 2;
    return fit;
}

int fit_zoom(int desktop_w, int desktop_h, int width, int height)
{
    int zoom = min_int(desktop_w * 6 / 10 / width, desktop_h * 6 / 10 / height);
    return zoom < 1 ? 1 : zoom;
}
