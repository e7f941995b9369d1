/* check_vga_modes - reference pictures: in each class of modes a pattern is
 * written through ports and window as a program would do it, and every pixel
 * of the picture is compared with what a rule says, which knows nothing of
 * planes and addresses. Sums of the pictures are kept, so that rule and
 * drawing cannot go astray together.
 * Run alone: make tests/devices/check_vga_modes &&
 * tests/devices/check_vga_modes */
#include "tests/devices/vga_rig.h"
#include "tests/suite.h"

#include <stdio.h>

static struct vga_rig rig;

static void setup(void)
{
    vga_rig_open(&rig);
}

static void teardown(void)
{
    vga_rig_close(&rig);
}

/* What the pixel at x, y is; below 256. */
static unsigned pattern(unsigned x, unsigned y)
{
    return ((x * 7 + y * 3) ^ (x * y >> 5) ^ (y >> 3)) & 0xFF;
}

/* Check's own assertions cost too much for every pixel. */
static uint32_t at(const struct vga_frame *frame, unsigned x, unsigned y)
{
    return frame->pixels[(size_t)y * frame->stride + x];
}

static uint32_t sum_of(const struct vga_frame *frame)
{
    uint32_t sum = 2166136261u;

    for (unsigned y = 0; y < frame->height; y++)
        for (unsigned x = 0; x < frame->width; x++)
            sum = (sum ^ at(frame, x, y)) * 16777619u;
    return sum;
}

/* A picture of width x height pixels that appear zoomed on the raster. */
struct picture {
    const char *name;
    unsigned width, height, zoom_x, zoom_y, colors;
    uint32_t sum;
};

static void assert_picture(const struct picture *p,
                           uint32_t (*color)(unsigned value))
{
    const struct vga_frame *frame;

    rig.now += NS_PER_SEC / 10; /* the start address has been taken over */
    frame = vga_draw_frame(rig.draw, rig.now);
    ck_assert_msg(frame->width == p->width * p->zoom_x &&
                      frame->height == p->height * p->zoom_y,
                  "%s is %u x %u", p->name, frame->width, frame->height);
    for (unsigned y = 0; y < frame->height; y++)
        for (unsigned x = 0; x < frame->width; x++) {
            unsigned value =
                pattern(x / p->zoom_x, y / p->zoom_y) & (p->colors - 1);
            if (at(frame, x, y) != color(value))
                ck_abort_msg("%s: pixel %u,%u is %06X instead of %06X", p->name,
                             x, y, at(frame, x, y), color(value));
        }
    ck_assert_msg(sum_of(frame) == p->sum, "%s: sum %08X", p->name,
                  sum_of(frame));
}

static uint32_t dac_color(unsigned value)
{
    return vga_rig_color(value);
}

/* ---- CGA */

START_TEST(cga_modes)
{
    static const struct picture four = {"mode 4", 320, 200,       2,
                                        2,        4,   0xEEA97E25};
    static const struct picture two = {"mode 6", 640, 200, 1, 2, 2, 0xAC2765C5};

    vga_rig_set_mode(&rig, &vga_mode_04);
    for (unsigned y = 0; y < 200; y++)
        for (unsigned x = 0; x < 320; x += 4) {
            unsigned byte = 0;
            for (unsigned i = 0; i < 4; i++)
                byte = byte << 2 | (pattern(x + i, y) & 3);
            put8(&rig, 0xB8000 + (y & 1) * 0x2000 + y / 2 * 80 + x / 4, byte);
        }
    assert_picture(&four, dac_color);
    vga_rig_set_mode(&rig, &vga_mode_06);
    for (unsigned y = 0; y < 200; y++)
        for (unsigned x = 0; x < 640; x += 8) {
            unsigned byte = 0;
            for (unsigned i = 0; i < 8; i++)
                byte = byte << 1 | (pattern(x + i, y) & 1);
            put8(&rig, 0xB8000 + (y & 1) * 0x2000 + y / 2 * 80 + x / 8, byte);
        }
    assert_picture(&two, dac_color);
}
END_TEST

/* ---- sixteen colours, four planes */

/* Write mode 0, plane by plane. */
static void draw_by_planes(unsigned width, unsigned height, unsigned pitch)
{
    for (unsigned plane = 0; plane < 4; plane++) {
        seq(&rig, 2, 1 << plane);
        for (unsigned y = 0; y < height; y++)
            for (unsigned x = 0; x < width; x += 8) {
                unsigned byte = 0;
                for (unsigned i = 0; i < 8; i++)
                    byte = byte << 1 | (pattern(x + i, y) >> plane & 1);
                put8(&rig, 0xA0000 + y * pitch + x / 8, byte);
            }
    }
    seq(&rig, 2, 0xF);
}

/* Write mode 2, pixel by pixel. */
static void draw_by_pixels(unsigned width, unsigned height, unsigned pitch)
{
    gfx(&rig, 5, 2);
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++) {
            gfx(&rig, 8, 0x80 >> (x & 7));
            get8(&rig, 0xA0000 + y * pitch + x / 8);
            put8(&rig, 0xA0000 + y * pitch + x / 8, pattern(x, y) & 15);
        }
    gfx(&rig, 5, 0);
    gfx(&rig, 8, 0xFF);
}

/* Write mode 3: the colour in set/reset, the pixels as mask. */
static void draw_by_masks(unsigned width, unsigned height, unsigned pitch)
{
    gfx(&rig, 5, 3);
    for (unsigned color = 0; color < 16; color++) {
        gfx(&rig, 0, color);
        for (unsigned y = 0; y < height; y++)
            for (unsigned x = 0; x < width; x += 8) {
                unsigned mask = 0;
                for (unsigned i = 0; i < 8; i++)
                    mask = mask << 1 | ((pattern(x + i, y) & 15) == color);
                get8(&rig, 0xA0000 + y * pitch + x / 8);
                put8(&rig, 0xA0000 + y * pitch + x / 8, mask);
            }
    }
    gfx(&rig, 5, 0);
    gfx(&rig, 0, 0);
}

START_TEST(planar_modes)
{
    static const struct picture low = {"mode 0Dh", 320, 200,       2,
                                       2,          16,  0x37407FA5};
    static const struct picture ega = {"mode 10h", 640, 350,       1,
                                       1,          16,  0xFD67A0DD};
    static const struct picture vga = {"mode 12h", 640, 480,       1,
                                       1,          16,  0xA1F08115};

    vga_rig_set_mode(&rig, &vga_mode_0d);
    draw_by_planes(320, 200, 40);
    assert_picture(&low, dac_color);
    vga_rig_set_mode(&rig, &vga_mode_10);
    draw_by_pixels(640, 350, 80);
    assert_picture(&ega, dac_color);
    vga_rig_set_mode(&rig, &vga_mode_12);
    draw_by_masks(640, 480, 80);
    assert_picture(&vga, dac_color);
}
END_TEST

/* ---- 256 colours */

START_TEST(mode_13h)
{
    static const struct picture picture = {"mode 13h", 320, 200,       2,
                                           2,          256, 0xB528F4B1};

    vga_rig_set_mode(&rig, &vga_mode_13);
    for (unsigned y = 0; y < 200; y++)
        for (unsigned x = 0; x < 320; x++)
            put8(&rig, 0xA0000 + 320 * y + x, pattern(x, y));
    assert_picture(&picture, dac_color);
    /* The colour plane enable register masks each half of a pixel. */
    attr(&rig, 0x12, 0x5);
    rig.now += 1;
    ck_assert_uint_eq(pixel_at(vga_draw_frame(rig.draw, rig.now), 200, 100),
                      vga_rig_color(pattern(100, 50) & 0x55));
}
END_TEST

/* The unchained modes that programs make of mode 13h. */
static const struct picture unchained_modes[] = {
    {"320x200", 320, 200, 2, 2, 256, 0xB528F4B1},
    {"320x240", 320, 240, 2, 2, 256, 0x2DE624F5},
    {"320x400", 320, 400, 2, 1, 256, 0x867D1E91},
    {"320x480", 320, 480, 2, 1, 256, 0xBBED5FB5},
    {"360x200", 360, 200, 2, 2, 256, 0x1D2CBAF1},
    {"360x240", 360, 240, 2, 2, 256, 0x4BE06EE9},
    {"360x400", 360, 400, 2, 1, 256, 0xA9BB1957},
    {"360x480", 360, 480, 2, 1, 256, 0x3D4CA313},
};

/* Values for the miscellaneous output register and CRTC 00-17. */
static void set_registers(uint8_t misc, const uint8_t values[24])
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    seq(&rig, 4, 6);
    out8(&rig, 0x3C2, misc);
    crtc(&rig, 0x11, 0);
    for (unsigned i = 0; i < 24; i++)
        crtc(&rig, i, values[i]);
}

static void set_unchained(const struct picture *mode)
{
    static const uint8_t narrow[] = {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80};
    static const uint8_t wide[] = {0x6B, 0x59, 0x5A, 0x8E, 0x5E, 0x8A};
    bool is_wide = mode->width == 360, is_tall = mode->height % 240 == 0;
    uint8_t values[24] = {
        [0x06] = is_tall ? 0x0D : 0xBF,
        [0x07] = is_tall ? 0x3E : 0x1F,
        [0x09] = mode->zoom_y == 2 ? 0x41 : 0x40,
        [0x10] = is_tall ? 0xEA : 0x9C,
        [0x11] = is_tall ? 0xAC : 0x8E,
        [0x12] = is_tall ? 0xDF : 0x8F,
        [0x13] = (uint8_t)(mode->width / 8),
        [0x15] = is_tall ? 0xE7 : 0x96,
        [0x16] = is_tall ? 0x06 : 0xB9,
        [0x17] = 0xE3,
    };

    memcpy(values, is_wide ? wide : narrow, sizeof wide);
    set_registers(0x63 | (is_wide ? 4 : 0) | (is_tall ? 0x80 : 0), values);
}

START_TEST(unchained)
{
    const struct picture *mode = &unchained_modes[_i];
    unsigned width = mode->width;

    set_unchained(mode);
    for (unsigned plane = 0; plane < 4; plane++) {
        seq(&rig, 2, 1 << plane);
        for (unsigned y = 0; y < mode->height; y++)
            for (unsigned x = plane; x < width; x += 4)
                put8(&rig, 0xA0000 + y * (width / 4) + x / 4, pattern(x, y));
    }
    assert_picture(mode, dac_color);
}
END_TEST

/* 256 x 256: chained, so that an address is Y * 256 + X. */
START_TEST(square)
{
    static const struct picture picture = {"256x256", 256, 256,       2,
                                           2,         256, 0xDADC30E5};
    static const uint8_t values[24] = {
        0x5F, 0x3F, 0x40, 0x82, 0x4A, 0x9A, 0x23, 0xB2, 0x00, 0x61, 0,    0,
        0,    0,    0,    0,    0x0A, 0xAC, 0xFF, 0x20, 0x40, 0x07, 0x1A, 0xA3};

    set_registers(0xE3, values);
    seq(&rig, 4, 0xE);
    for (unsigned at = 0; at < 0x10000; at++)
        put8(&rig, 0xA0000 + at, pattern(at & 0xFF, at >> 8));
    assert_picture(&picture, dac_color);
}
END_TEST

/* ---- text */

static unsigned glyph_row(unsigned character, unsigned row)
{
    return (character * 37 + row * 11) ^ (character >> 3) ^ (row << 5);
}

static void load_glyphs(unsigned height)
{
    seq(&rig, 2, 4);
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 4);
    for (unsigned c = 0; c < 256; c++)
        for (unsigned row = 0; row < height; row++)
            put8(&rig, 0xA0000 + c * 32 + row, glyph_row(c, row) & 0xFF);
    seq(&rig, 2, 3);
    seq(&rig, 4, 2);
    gfx(&rig, 5, 0x10);
    gfx(&rig, 6, 0x0E);
}

struct screen {
    unsigned columns, rows, height, dots, zoom_x, zoom_y;
    uint32_t sum;
};

static unsigned text_pixel(const struct screen *s, unsigned x, unsigned y)
{
    unsigned column = x / s->dots, row = y / s->height;
    unsigned cell = pattern(column, row), attribute = pattern(row, column);
    unsigned bits = glyph_row(cell, y % s->height), dot = x % s->dots;
    bool on = dot < 8 ? bits >> (7 - dot) & 1
                      : cell >= 0xC0 && cell <= 0xDF && bits & 1;

    return on ? attribute & 15 : attribute >> 4;
}

static void assert_text(const struct screen *s)
{
    const struct vga_frame *frame;

    for (unsigned row = 0; row < s->rows; row++)
        for (unsigned column = 0; column < s->columns; column++)
            addrspace_write(
                rig.memory, 0xB8000 + 2 * (row * s->columns + column),
                pattern(column, row) | pattern(row, column) << 8, 2);
    frame = vga_draw_frame(rig.draw, rig.now);
    ck_assert_uint_eq(frame->width, s->columns * s->dots * s->zoom_x);
    ck_assert_uint_eq(frame->height, s->rows * s->height * s->zoom_y);
    for (unsigned y = 0; y < frame->height; y++)
        for (unsigned x = 0; x < frame->width; x++)
            if (at(frame, x, y) !=
                vga_rig_color(text_pixel(s, x / s->zoom_x, y / s->zoom_y)))
                ck_abort_msg("%u x %u: pixel %u,%u", s->columns, s->rows, x, y);
    ck_assert_msg(sum_of(frame) == s->sum, "%u x %u: sum %08X", s->columns,
                  s->rows, sum_of(frame));
}

START_TEST(text_modes)
{
    static const struct screen normal = {80, 25, 16, 9, 1, 1, 0x6249870D};
    static const struct screen wide = {40, 25, 16, 9, 2, 1, 0xD722C475};
    static const struct screen small = {80, 50, 8, 8, 1, 1, 0xA4527385};
    static const struct screen doubled = {80, 25, 8, 8, 1, 2, 0x3FFE41F5};

    vga_rig_set_mode(&rig, &vga_mode_03);
    crtc(&rig, 0x0A, 0x20);
    attr(&rig, 0x10, 0x04); /* bright backgrounds */
    load_glyphs(16);
    assert_text(&normal);
    seq(&rig, 1, 8);
    crtc(&rig, 0x11, 0x0E);
    crtc(&rig, 0x00, 0x2D);
    crtc(&rig, 0x01, 0x27);
    crtc(&rig, 0x13, 0x14);
    assert_text(&wide);
    vga_rig_set_mode(&rig, &vga_mode_03);
    seq(&rig, 1, 1);
    attr(&rig, 0x13, 0);
    crtc(&rig, 0x0A, 0x20);
    attr(&rig, 0x10, 0x04);
    crtc(&rig, 0x09, 0x47);
    assert_text(&small);
    crtc(&rig, 0x09, 0xC7);
    assert_text(&doubled);
}
END_TEST

/* ---- Hercules, as a program for it sees the card after MODE MONO */

static void mono_crtc(unsigned index, unsigned value)
{
    out8(&rig, 0x3B4, index);
    out8(&rig, 0x3B5, value);
}

static void set_mono(void)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    out8(&rig, 0x3C2, 0x66);
    gfx(&rig, 6, 0x0A);
}

static void set_hercules(unsigned page)
{
    static const uint8_t values[12] = {0x35, 0x2D, 0x2E, 0x07, 0x5B, 0x02,
                                       0x57, 0x57, 0x02, 0x03, 0x00, 0x00};

    out8(&rig, 0x3BF, 3);
    out8(&rig, 0x3B8, 0x02);
    for (unsigned i = 0; i < 12; i++)
        mono_crtc(i, values[i]);
    mono_crtc(12, 0);
    mono_crtc(13, 0);
    out8(&rig, 0x3B8, 0x0A | page << 7);
}

static uint32_t hercules_color(unsigned value)
{
    return value ? 0xAAAAAA : 0;
}

START_TEST(hercules)
{
    static const struct picture picture = {"Hercules", 720, 348,       1,
                                           1,          2,   0x6E1BCDDD};

    set_mono();
    put8(&rig, 0xB0000 + 160, 'x');
    for (unsigned page = 0; page < 2; page++) {
        set_hercules(page);
        for (unsigned y = 0; y < 348; y++)
            for (unsigned x = 0; x < 720; x += 8) {
                unsigned byte = 0;
                for (unsigned i = 0; i < 8; i++)
                    byte = byte << 1 | (pattern(x + i, y) & 1);
                put8(&rig,
                     0xB0000 + page * 0x8000 + (y & 3) * 0x2000 + y / 4 * 90 +
                         x / 8,
                     byte);
            }
        assert_picture(&picture, hercules_color);
    }
    put8(&rig, 0xB8000 + 0x2000 + 90 * 5, 0x80); /* line 21 of page 1 */
    put8(&rig, 0xB8000 + 0x2000 + 90 * 5, 0x00);
    ck_assert_uint_eq(at(vga_draw_frame(rig.draw, rig.now), 0, 21), 0);
    out8(&rig, 0x3B8, 0x82); /* video off */
    ck_assert_uint_eq(at(vga_draw_frame(rig.draw, rig.now), 1, 0), 0);
}
END_TEST

START_TEST(hercules_goes_back_to_text)
{
    static const uint8_t values[12] = {0x61, 0x50, 0x52, 0x0F, 0x19, 0x06,
                                       0x19, 0x19, 0x02, 0x0D, 0x0B, 0x0C};
    unsigned columns, rows;

    set_mono();
    set_hercules(0);
    ck_assert(!vga_text_size(rig.vga, &columns, &rows));
    out8(&rig, 0x3B8, 0x20);
    for (unsigned i = 0; i < 12; i++)
        mono_crtc(i, values[i]);
    out8(&rig, 0x3B8, 0x28);
    ck_assert(vga_text_size(rig.vga, &columns, &rows));
    ck_assert_uint_eq(columns, 80);
    ck_assert_uint_eq(rows, 25);
    ck_assert_uint_eq(rig.vga->crtc[9], 0x4F);
    ck_assert_uint_eq(rig.vga->crtc[0x0A], 0x0B);
    /* A BIOS sets a mode: registers a 6845 does not have. */
    set_hercules(0);
    mono_crtc(0x11, 0x00);
    mono_crtc(0x09, 0x4D);
    ck_assert(vga_text_size(rig.vga, &columns, &rows));
    ck_assert_uint_eq(rig.vga->crtc[9], 0x4D);
    mono_crtc(0x11, 0x8E);
}
END_TEST

START_TEST(hercules_is_found_in_mono_mode_only)
{
    unsigned seen = 0, line_ns;

    vga_rig_set_mode(&rig, &vga_mode_03);
    out8(&rig, 0x3BF, 3);
    out8(&rig, 0x3B8, 0x0A);
    ck_assert_uint_eq(vga_draw_frame(rig.draw, rig.now)->height, 400);
    ck_assert_uint_eq(in8(&rig, 0x3DA) & 0xF0, 0);
    set_mono();
    line_ns = (unsigned)rig.vga->timing.line_ns;
    for (unsigned i = 0; i < 500; i++) {
        rig.now += line_ns;
        seen |= in8(&rig, 0x3BA) & 0x80 ? 1 : 2;
        ck_assert_uint_eq(in8(&rig, 0x3BA) & 0x70, 0);
    }
    ck_assert_uint_eq(seen, 3);
    out8(&rig, 0x3BF, 0);
    out8(&rig, 0x3B8, 0x0A); /* not allowed */
    ck_assert_uint_eq(vga_draw_frame(rig.draw, rig.now)->height, 400);
}
END_TEST

/* ---- VBE */

static uint32_t color_15(unsigned value)
{
    unsigned red = value >> 3, green = value & 31, blue = value >> 2 & 31;

    return (red << 3 | red >> 2) << 16 | (green << 3 | green >> 2) << 8 |
           (blue << 3 | blue >> 2);
}

static uint32_t color_16(unsigned value)
{
    unsigned red = value >> 3, green = value & 63, blue = value >> 2 & 31;

    return (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
           (blue << 3 | blue >> 2);
}

static uint32_t color_24(unsigned value)
{
    return value << 16 | (255 - value) << 8 | (value ^ 0x5A);
}

/* How a pixel of that colour is stored. */
static uint32_t stored(unsigned bpp, unsigned value)
{
    switch (bpp) {
    case 15:
        return value >> 3 << 10 | (value & 31) << 5 | (value >> 2 & 31);
    case 16:
        return value >> 3 << 11 | (value & 63) << 5 | (value >> 2 & 31);
    case 8:
        return value;
    default:
        return color_24(value) | 0xA5000000;
    }
}

static const struct {
    unsigned bpp;
    uint32_t (*color)(unsigned value);
    struct picture picture;
} packed_modes[] = {
    {8, dac_color, {"640x400x8", 640, 400, 1, 1, 256, 0x137FAC5E}},
    {15, color_15, {"800x600x15", 800, 600, 1, 1, 256, 0x79423698}},
    {16, color_16, {"800x600x16", 800, 600, 1, 1, 256, 0x8CCE7098}},
    {24, color_24, {"1024x768x24", 1024, 768, 1, 1, 256, 0xFFE75805}},
    {32, color_24, {"1920x1080x32", 1920, 1080, 1, 1, 256, 0x1D828455}},
};

/* The upper half through the linear frame buffer, the lower one through the
 * window, with banks of 32 KiB. */
START_TEST(packed)
{
    const struct picture *p = &packed_modes[_i].picture;
    unsigned bpp = packed_modes[_i].bpp, bytes = (bpp + 7) / 8, bank = ~0u;

    vga_rig_set_lfb(&rig, p->width, p->height, bpp);
    dispi(&rig, DISPI_ENABLE, DISPI_ENABLED | DISPI_LFB | DISPI_BANK_32K);
    for (unsigned y = 0; y < p->height; y++)
        for (unsigned x = 0; x < p->width; x++) {
            uint32_t value = stored(bpp, pattern(x, y));
            for (unsigned i = 0; i < bytes; i++) {
                uint32_t offset = (y * p->width + x) * bytes + i;
                uint32_t where = VGA_RIG_LFB + offset;
                if (y >= p->height / 2) {
                    if (offset >> 15 != bank)
                        dispi(&rig, DISPI_BANK, bank = offset >> 15);
                    where = 0xA0000 + (offset & 0x7FFF);
                }
                put8(&rig, where, value >> 8 * i & 0xFF);
            }
        }
    assert_picture(p, packed_modes[_i].color);
}
END_TEST

/* The frame buffer may hold the bytes of each pixel in the other order. */
START_TEST(big_endian)
{
    static const struct picture picture = {"big-endian", 640,       480, 1, 1,
                                           256,          0x97A9E25B};

    vga_rig_set_lfb(&rig, 640, 480, 16);
    addrspace_write(rig.memory, VGA_RIG_REGISTERS + 0x604, 0xBEBEBEBE, 4);
    for (unsigned y = 0; y < 480; y++)
        for (unsigned x = 0; x < 640; x++) {
            uint32_t value = stored(16, pattern(x, y));
            put8(&rig, VGA_RIG_LFB + (y * 640 + x) * 2, value >> 8);
            put8(&rig, VGA_RIG_LFB + (y * 640 + x) * 2 + 1, value & 0xFF);
        }
    assert_picture(&picture, color_16);
}
END_TEST

START_TEST(planar_vbe)
{
    static const struct picture picture = {"800x600x4", 800, 600,       1,
                                           1,           16,  0x867AA879};

    vga_rig_set_lfb(&rig, 800, 600, 4);
    draw_by_planes(800, 600, 100);
    assert_picture(&picture, dac_color);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga_modes");
    TCase *tcase = tcase_create("vga_modes");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, cga_modes);
    tcase_add_test(tcase, planar_modes);
    tcase_add_test(tcase, mode_13h);
    tcase_add_loop_test(tcase, unchained, 0, ARRAY_LEN(unchained_modes));
    tcase_add_test(tcase, square);
    tcase_add_test(tcase, text_modes);
    tcase_add_test(tcase, hercules);
    tcase_add_test(tcase, hercules_goes_back_to_text);
    tcase_add_test(tcase, hercules_is_found_in_mono_mode_only);
    tcase_add_loop_test(tcase, packed, 0, ARRAY_LEN(packed_modes));
    tcase_add_test(tcase, big_endian);
    tcase_add_test(tcase, planar_vbe);
    return suite_run(suite);
}
