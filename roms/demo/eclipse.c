/* eclipse.c - the moon passes before the sun, and its shadow (the umbra)
 * falls on us: stars come out, the corona shows.
 *
 * Pixels never change but for the two discs: how bright things are is done
 * with the palette. Colours: 0 black moon, 1..63 sky from the sun's edge
 * outwards, 64 stars, 65 the sun's disc, 255 the caption. */
#include "roms/demo/demo.h"

enum {
    SUN_X = 160,
    SUN_Y = 88,
    RADIUS = 34,
    MOON_RADIUS = 35,
    TRAVEL = 150, /* of the moon to each side */
    SKY = 1,
    SKY_COUNT = 63,
    STAR = 64,
    SUN = 65,
    TEXT = 255,
    PICTURE_HEIGHT = 184
};

/* Rows that the moon crosses, without the moon. */
static uint8_t band[2 * MOON_RADIUS + 1][SCREEN_WIDTH];
static uint8_t line[SCREEN_WIDTH];

static unsigned root(uint32_t square)
{
    uint32_t r = 0;

    for (uint32_t bit = 1u << 15; bit; bit >>= 1)
        if ((r | bit) * (r | bit) <= square)
            r |= bit;
    return r;
}

/* About one pixel in 500 is a star; always the same ones. */
static bool is_star(unsigned x, unsigned y)
{
    uint32_t h = (y * SCREEN_WIDTH + x) * 2654435761u;

    return (h ^ h >> 15) % 499 == 0;
}

static uint8_t sky(int x, int y)
{
    int dx = x - SUN_X, dy = y - SUN_Y;
    unsigned d = root((uint32_t)(dx * dx + dy * dy));

    if (d <= RADIUS)
        return SUN;
    if (is_star((unsigned)x, (unsigned)y))
        return STAR;
    d = (d - RADIUS) / 2;
    return (uint8_t)(SKY + (d < SKY_COUNT ? d : SKY_COUNT - 1));
}

static void draw_sky(void)
{
    for (int y = 0; y < PICTURE_HEIGHT; y++) {
        for (int x = 0; x < SCREEN_WIDTH; x++)
            line[x] = sky(x, y);
        put_line((unsigned)y, line);
        if (y >= SUN_Y - MOON_RADIUS && y <= SUN_Y + MOON_RADIUS)
            __builtin_memcpy(band[y - SUN_Y + MOON_RADIUS], line, sizeof line);
    }
}

/* The moon is seen only where it covers the sun. */
static void draw_moon(int moon_x)
{
    for (int dy = -MOON_RADIUS; dy <= MOON_RADIUS; dy++) {
        int half = MOON_RADIUS * MOON_RADIUS - dy * dy;
        int reach = (int)root((uint32_t)half);
        const uint8_t *from = band[dy + MOON_RADIUS];

        for (int x = 0; x < SCREEN_WIDTH; x++)
            line[x] =
                from[x] == SUN && x - moon_x <= reach && moon_x - x <= reach
                    ? 0
                    : from[x];
        put_line((unsigned)(SUN_Y + dy), line);
    }
}

/* `light`: 0 = totality .. 63 = bright day. */
static void set_palette(int light)
{
    set_colour(0, 0, 0, 2);
    set_colour(SUN, 63, 63, (uint8_t)(light / 2 + 24));
    for (int i = 0; i < SKY_COUNT; i++) {
        int glow = 63 - i * 4 > 0 ? (63 - i * 4) * (96 - light) / 96 : 0;
        int haze = light * (80 - i) / 80;
        int red = haze / 3 + glow, green = haze / 2 + glow;
        int blue = haze + glow + 4;
        set_colour((uint8_t)(SKY + i), (uint8_t)(red > 63 ? 63 : red),
                   (uint8_t)(green > 63 ? 63 : green),
                   (uint8_t)(blue > 63 ? 63 : blue));
    }
    light = light < 32 ? 63 - light : light / 2;
    set_colour(STAR, (uint8_t)light, (uint8_t)light, 63);
    set_colour(TEXT, 48, 48, 48);
}

int eclipse(void)
{
    int moon_x = SUN_X - TRAVEL, step = 1, key, distance;

    set_mode(0x13);
    set_palette(63);
    draw_sky();
    caption("Umbra: any key goes on");
    while (!(key = get_key())) {
        moon_x += step;
        if (moon_x == SUN_X - TRAVEL || moon_x == SUN_X + TRAVEL)
            step = -step;
        distance = moon_x < SUN_X ? SUN_X - moon_x : moon_x - SUN_X;
        wait_retrace();
        set_palette(distance > 70 ? 63 : distance * 63 / 70);
        if (distance <= 2 * MOON_RADIUS + 1)
            draw_moon(moon_x);
    }
    return key;
}
