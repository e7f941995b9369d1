/* plasma.c - sums of sines, and a palette that turns. */
#include "roms/demo/demo.h"

enum { PICTURE_HEIGHT = 184, COLOURS = 240, TEXT = 255 };

static uint8_t line[SCREEN_WIDTH];
static int8_t wave[256];

static uint8_t component(unsigned angle)
{
    return (uint8_t)((wave[angle & 255] + 128) >> 2);
}

static void set_palette(unsigned turn)
{
    for (unsigned i = 0; i < COLOURS; i++) {
        unsigned angle = i * 256 / COLOURS + turn;
        set_colour((uint8_t)i, component(angle), component(angle * 2 + 85),
                   component(170 - angle));
    }
    set_colour(TEXT, 63, 63, 63);
}

static void draw_row(unsigned y, unsigned time)
{
    int along = wave[(y * 2 + time) & 255] + wave[(y + 40 - time) & 255];

    for (unsigned x = 0; x < SCREEN_WIDTH; x++) {
        int v =
            along + wave[(x + time * 2) & 255] + wave[(x * 2 + y - time) & 255];
        line[x] = (uint8_t)((unsigned)(v + 512) * COLOURS / 1024);
    }
    put_line(y, line);
}

int plasma(void)
{
    unsigned time = 0;
    int key;

    for (unsigned i = 0; i < 256; i++)
        wave[i] = (int8_t)sine(i);
    set_mode(0x13);
    set_palette(0);
    caption("Umbra: any key goes on");
    while (!(key = get_key())) {
        wait_retrace();
        set_palette(time);
        for (unsigned y = 0; y < PICTURE_HEIGHT; y++)
            draw_row(y, time);
        time++;
    }
    return key;
}
