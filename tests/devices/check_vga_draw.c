/* check_vga_draw - known memory and registers to known pixels and text.
 * Run alone: make tests/devices/check_vga_draw &&
 * tests/devices/check_vga_draw */
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

static const struct vga_frame *draw(void)
{
    return vga_draw_frame(rig.draw, rig.now);
}

static void assert_pixel(unsigned x, unsigned y, unsigned color)
{
    const struct vga_frame *frame = draw();
    ck_assert_msg(pixel_at(frame, x, y) == vga_rig_color(color),
                  "pixel %u,%u is %06X instead of %06X", x, y,
                  pixel_at(frame, x, y), vga_rig_color(color));
}

static void assert_size(unsigned width, unsigned height)
{
    const struct vga_frame *frame = draw();
    ck_assert_uint_eq(frame->width, width);
    ck_assert_uint_eq(frame->height, height);
}

/* Row `row` of glyph `character` in font 0 (cell 0000). */
static void put_glyph(unsigned character, unsigned row, unsigned bits)
{
    seq(&rig, 2, 4);
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 4);
    put8(&rig, 0xA0000 + character * 32 + row, bits);
    seq(&rig, 2, 3);
    seq(&rig, 4, 2);
    gfx(&rig, 5, 0x10);
    gfx(&rig, 6, 0x0E);
}

static void put_char(unsigned at, unsigned character, unsigned attribute)
{
    addrspace_write(rig.memory, 0xB8000 + 2 * at, character | attribute << 8,
                    2);
}

static void put_string(unsigned at, const char *text)
{
    while (*text)
        put_char(at++, (uint8_t)*text++, 0x07);
}

static void text_mode(void)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    crtc(&rig, 0x0A, 0x20); /* no cursor */
}

/* A start address shows after the next vertical retrace. */
static void set_start(unsigned address)
{
    crtc(&rig, 0x0C, address >> 8);
    crtc(&rig, 0x0D, address & 0xFF);
    rig.now += NS_PER_SEC / 50;
}

/* ---- text */

START_TEST(glyphs_become_dots)
{
    text_mode();
    put_glyph('A', 3, 0x81);
    put_char(81, 'A', 0x1E); /* second row, second column */
    assert_size(720, 400);
    assert_pixel(9, 16 + 3, 14);
    assert_pixel(10, 16 + 3, 1);
    assert_pixel(16, 16 + 3, 14);
    assert_pixel(17, 16 + 3, 1); /* ninth dot */
    assert_pixel(9, 16 + 2, 1);
    assert_pixel(8, 16 + 3, 0);
    assert_pixel(18, 16 + 3, 0);
}
END_TEST

START_TEST(ninth_dot_of_line_graphics)
{
    text_mode();
    put_glyph(0xC4, 0, 0xFF);
    put_glyph(0xB0, 0, 0xFF);
    put_char(0, 0xC4, 0x07);
    put_char(1, 0xB0, 0x07);
    assert_pixel(8, 0, 7);
    assert_pixel(17, 0, 0);
    attr(&rig, 0x10, 0x08);
    assert_pixel(8, 0, 0);
}
END_TEST

START_TEST(eight_dot_characters_and_forty_columns)
{
    text_mode();
    put_glyph('A', 0, 0xFF);
    put_char(1, 'A', 0x07);
    seq(&rig, 1, 1);
    attr(&rig, 0x13, 0);
    assert_size(640, 400);
    assert_pixel(8, 0, 7);
    assert_pixel(15, 0, 7);
    assert_pixel(16, 0, 0);
    seq(&rig, 1, 9);
    crtc(&rig, 0x11, 0x0E); /* no protection */
    crtc(&rig, 1, 39);
    assert_size(640, 400);
    assert_pixel(15, 0, 0);
    assert_pixel(16, 0, 7);
    assert_pixel(31, 0, 7);
    assert_pixel(32, 0, 0);
}
END_TEST

START_TEST(blink_or_bright_background)
{
    const uint64_t frame_ns = NS_PER_SEC / 70;

    text_mode();
    put_glyph('A', 0, 0x80);
    put_char(0, 'A', 0x92);
    assert_pixel(0, 0, 2);
    assert_pixel(1, 0, 1);
    rig.now = 20 * frame_ns; /* second half of 32 frames */
    assert_pixel(0, 0, 1);
    attr(&rig, 0x10, 0x04); /* no blinking: bit 7 is brightness */
    assert_pixel(0, 0, 2);
    assert_pixel(1, 0, 9);
}
END_TEST

START_TEST(two_fonts)
{
    text_mode();
    put_glyph('A', 0, 0x80);
    put_glyph('A' + 0x4000 / 32, 0, 0x40); /* font 1 */
    put_glyph('A' + 0x2000 / 32, 0, 0x20); /* font 4 */
    put_char(0, 'A', 0x07);
    put_char(1, 'A', 0x0F);
    seq(&rig, 3, 0x04); /* A (bright) = 1, B = 0 */
    assert_pixel(0, 0, 7);
    assert_pixel(9, 0, 0);
    assert_pixel(10, 0, 15);
    seq(&rig, 3, 0x10); /* A = 0, B = 4 */
    assert_pixel(0, 0, 0);
    assert_pixel(2, 0, 7);
    assert_pixel(9, 0, 15);
}
END_TEST

START_TEST(cursor_shows_and_blinks)
{
    const uint64_t frame_ns = NS_PER_SEC / 70;

    text_mode();
    put_char(82, 0, 0x0A);
    crtc(&rig, 0x0E, 0);
    crtc(&rig, 0x0F, 82);
    crtc(&rig, 0x0A, 13);
    crtc(&rig, 0x0B, 14);
    assert_pixel(18, 16 + 12, 0);
    assert_pixel(18, 16 + 13, 10);
    assert_pixel(26, 16 + 14, 10);
    assert_pixel(18, 16 + 15, 0);
    assert_pixel(17, 16 + 13, 0);
    assert_pixel(27, 16 + 13, 0);
    rig.now = 10 * frame_ns;
    assert_pixel(18, 16 + 13, 0);
    rig.now = 18 * frame_ns;
    assert_pixel(18, 16 + 13, 10);
    crtc(&rig, 0x0A, 13 | 0x20);
    assert_pixel(18, 16 + 13, 0);
    crtc(&rig, 0x0A, 14);
    crtc(&rig, 0x0B, 13); /* start below end: none */
    assert_pixel(18, 16 + 13, 0);
    assert_pixel(18, 16 + 14, 0);
}
END_TEST

START_TEST(underline_of_mono_attributes)
{
    text_mode();
    crtc(&rig, 0x14, 0x0D);
    put_char(0, ' ', 0x01);
    put_char(1, ' ', 0x09);
    put_char(2, ' ', 0x11);
    assert_pixel(0, 13, 1);
    assert_pixel(8, 13, 1);
    assert_pixel(9, 13, 9);
    assert_pixel(18, 13, 1); /* background 1 */
    assert_pixel(0, 12, 0);
}
END_TEST

START_TEST(start_address_wraps)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    put8(&rig, 0xA0000, 0x80);
    put8(&rig, 0xAFFB0, 0x40);
    set_start(0xFFB0); /* one line before the planes' end */
    assert_pixel(1, 0, 15);
    assert_pixel(0, 0, 0);
    assert_pixel(0, 1, 15);
    assert_pixel(1, 1, 0);
}
END_TEST

START_TEST(line_compare_splits)
{
    text_mode();
    put_glyph('A', 0, 0x80);
    put_glyph('B', 0, 0x80);
    put_char(0, 'A', 0x03);
    put_char(100, 'B', 0x04);
    set_start(100);
    crtc(&rig, 0x18, 199);
    crtc(&rig, 0x07, 0x0F); /* line compare bits 8 and 9 clear */
    crtc(&rig, 0x09, 0x0F);
    assert_pixel(0, 0, 4);
    assert_pixel(0, 199, 0);
    assert_pixel(0, 200, 3);
    /* Panning moves the upper part only when the split forbids it. */
    put_glyph('A', 1, 0x01);
    attr(&rig, 0x13, 6); /* seven dots to the left */
    assert_pixel(0, 201, 3);
    attr(&rig, 0x10, 0x2C);
    assert_pixel(0, 201, 0);
    assert_pixel(7, 201, 3);
}
END_TEST

START_TEST(preset_row_and_panning)
{
    text_mode();
    put_glyph('A', 5, 0x10);
    put_char(1, 'A', 0x07);
    crtc(&rig, 0x08, 0x05);
    assert_pixel(9 + 3, 0, 7);
    attr(&rig, 0x13, 2); /* three dots */
    assert_pixel(9, 0, 7);
    crtc(&rig, 0x08, 0x25); /* one character more */
    assert_pixel(0, 0, 7);
    attr(&rig, 0x13, 8);
    assert_pixel(3, 0, 7);
}
END_TEST

START_TEST(double_scan)
{
    text_mode();
    put_glyph('A', 1, 0x80);
    put_char(0, 'A', 0x07);
    crtc(&rig, 0x09, 0xC7); /* 8 rows, each twice */
    assert_pixel(0, 1, 0);
    assert_pixel(0, 2, 7);
    assert_pixel(0, 3, 7);
    assert_pixel(0, 4, 0);
}
END_TEST

/* ---- the text of the screen */

static const char *screen_text(void)
{
    static char text[20000];
    size_t length = vga_text(rig.vga, text, sizeof text);

    ck_assert_uint_lt(length, sizeof text);
    ck_assert_uint_eq(length, strlen(text));
    return text;
}

static const char *line_of(const char *text, unsigned line)
{
    static char out[1000];

    while (line--)
        text = strchr(text, '\n') + 1;
    snprintf(out, sizeof out, "%.*s", (int)strcspn(text, "\n"), text);
    return out;
}

START_TEST(text_is_utf8_lines)
{
    unsigned columns, rows, lines = 0;

    text_mode();
    put_string(0, "C:\\>dir");
    put_string(80 * 24 + 78, "Z!");
    put_char(80, 0xC9, 7);
    put_char(81, 0xE1, 7);
    put_char(82, 0xFF, 7);
    put_char(83, 0x01, 7);
    put_char(84, 0x00, 7);
    ck_assert_str_eq(line_of(screen_text(), 0), "C:\\>dir");
    ck_assert_str_eq(line_of(screen_text(), 1), "╔ß ☺");
    ck_assert_str_eq(line_of(screen_text(), 2), "");
    ck_assert_str_eq(line_of(screen_text(), 24) + 78, "Z!");
    for (const char *p = screen_text(); *p; p++)
        lines += *p == '\n';
    ck_assert_uint_eq(lines, 25);
    ck_assert(vga_text_size(rig.vga, &columns, &rows));
    ck_assert_uint_eq(columns, 80);
    ck_assert_uint_eq(rows, 25);
}
END_TEST

START_TEST(text_follows_start_address_and_split)
{
    text_mode();
    put_string(0, "split");
    put_string(80, "first");
    put_string(160, "second");
    crtc(&rig, 0x0D, 80);
    ck_assert_str_eq(line_of(screen_text(), 0), "split"); /* not yet */
    set_start(80);
    ck_assert_str_eq(line_of(screen_text(), 0), "first");
    ck_assert_str_eq(line_of(screen_text(), 1), "second");
    crtc(&rig, 0x18, 15);
    crtc(&rig, 0x07, 0x0F);
    crtc(&rig, 0x09, 0x0F);
    ck_assert_str_eq(line_of(screen_text(), 0), "first");
    ck_assert_str_eq(line_of(screen_text(), 1), "split");
    ck_assert_str_eq(line_of(screen_text(), 2), "first");
}
END_TEST

START_TEST(text_fits_its_buffer)
{
    char text[8];

    text_mode();
    put_string(0, "abcdefghijkl");
    memset(text, '#', sizeof text);
    ck_assert_uint_eq(vga_text(rig.vga, text, 5), 12 + 25);
    ck_assert_str_eq(text, "abcd");
    ck_assert_int_eq(text[5], '#');
    ck_assert_uint_eq(vga_text(rig.vga, NULL, 0), 12 + 25);
}
END_TEST

START_TEST(graphics_has_no_text)
{
    char text[8] = "x";

    vga_rig_set_mode(&rig, &vga_mode_12);
    ck_assert_uint_eq(vga_text(rig.vga, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

/* ---- graphics */

START_TEST(sixteen_colors)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    assert_size(640, 480);
    gfx(&rig, 1, 0xF);
    gfx(&rig, 0, 11);
    gfx(&rig, 8, 0x20);
    get8(&rig, 0xA0000 + 80 * 479 + 79);
    put8(&rig, 0xA0000 + 80 * 479 + 79, 0);
    assert_pixel(632 + 2, 479, 11);
    assert_pixel(632 + 1, 479, 0);
    assert_pixel(632 + 3, 479, 0);
    attr(&rig, 0x12, 0x9);
    assert_pixel(632 + 2, 479, 9);
    attr(&rig, 0x13, 2); /* two dots to the left */
    assert_pixel(632, 479, 9);
}
END_TEST

START_TEST(palette_bits_5_and_4)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    attr(&rig, 5, 0x25);
    put8(&rig, 0xA0000, 0);
    seq(&rig, 2, 5);
    put8(&rig, 0xA0000, 0x80);
    assert_pixel(0, 0, 0x25);
    attr(&rig, 0x14, 0x0A);
    assert_pixel(0, 0, 0xA5);
    attr(&rig, 0x10, 0x81);
    assert_pixel(0, 0, 0xA5);
    attr(&rig, 0x14, 0x09);
    assert_pixel(0, 0, 0x95);
    out8(&rig, 0x3C6, 0x1F);
    assert_pixel(0, 0, 0x15);
}
END_TEST

START_TEST(ega_is_doubled_both_ways)
{
    vga_rig_set_mode(&rig, &vga_mode_0d);
    assert_size(640, 400);
    put8(&rig, 0xA0000 + 40 * 3, 0x40);
    assert_pixel(2, 6, 15);
    assert_pixel(3, 7, 15);
    assert_pixel(1, 6, 0);
    assert_pixel(4, 6, 0);
    assert_pixel(2, 8, 0);
    assert_pixel(2, 5, 0);
}
END_TEST

START_TEST(cga_four_colors)
{
    vga_rig_set_mode(&rig, &vga_mode_04);
    assert_size(640, 400);
    put8(&rig, 0xB8000, 0x1B);          /* 0 1 2 3 */
    put8(&rig, 0xB8001, 0xE4);          /* 3 2 1 0 */
    put8(&rig, 0xB8000 + 0x2000, 0xC0); /* line 1 */
    put8(&rig, 0xB8000 + 80, 0x80);     /* line 2 */
    for (unsigned i = 0; i < 8; i++) {
        unsigned color = i < 4 ? i : 7 - i;
        assert_pixel(2 * i, 0, color);
        assert_pixel(2 * i + 1, 1, color);
    }
    assert_pixel(0, 2, 3);
    assert_pixel(2, 2, 0);
    assert_pixel(1, 4, 2);
}
END_TEST

START_TEST(cga_two_colors)
{
    vga_rig_set_mode(&rig, &vga_mode_06);
    assert_size(640, 400);
    put8(&rig, 0xB8000 + 79, 0x01);
    put8(&rig, 0xBA000, 0x80);
    assert_pixel(639, 0, 1);
    assert_pixel(639, 1, 1);
    assert_pixel(638, 0, 0);
    assert_pixel(0, 2, 1);
    assert_pixel(0, 1, 0);
}
END_TEST

START_TEST(mode_13h)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    assert_size(640, 400);
    put8(&rig, 0xA0000 + 320 * 199 + 319, 200);
    put8(&rig, 0xA0000 + 320 * 199 + 318, 100);
    assert_pixel(639, 399, 200);
    assert_pixel(638, 398, 200);
    assert_pixel(637, 399, 100);
    assert_pixel(635, 399, 0);
    attr(&rig, 0x13, 2); /* one pixel of two dots */
    assert_pixel(635, 399, 100);
    assert_pixel(637, 399, 200);
}
END_TEST

START_TEST(mode_x)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    seq(&rig, 4, 6);
    crtc(&rig, 0x14, 0);
    crtc(&rig, 0x17, 0xE3);
    for (unsigned p = 0; p < 4; p++) {
        seq(&rig, 2, 1 << p);
        put8(&rig, 0xA0000 + 80 * 10 + 5, 80 + p);
    }
    for (unsigned p = 0; p < 4; p++) {
        assert_pixel((20 + p) * 2, 20, 80 + p);
        assert_pixel((20 + p) * 2 + 1, 21, 80 + p);
    }
    /* Another page; 240 lines of 80 characters further. */
    set_start(80 * 10);
    assert_pixel(40, 0, 80);
}
END_TEST

START_TEST(unchained_memory_under_doubleword_addresses)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    seq(&rig, 4, 6);
    put8(&rig, 0xA0000, 70);
    put8(&rig, 0xA0001, 71);
    put8(&rig, 0xA0004, 74);
    assert_pixel(0, 0, 70);
    assert_pixel(8, 0, 74); /* the next fetch is four cells on */
}
END_TEST

START_TEST(blanked_screens_are_black)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    dac(&rig, 0, 0x3F3F3F);
    ck_assert_uint_eq(pixel_at(draw(), 5, 5), 0xFFFFFF);
    seq(&rig, 1, 0x21);
    ck_assert_uint_eq(pixel_at(draw(), 5, 5), 0);
    seq(&rig, 1, 0x01);
    ck_assert_uint_eq(pixel_at(draw(), 5, 5), 0xFFFFFF);
    in8(&rig, 0x3DA);
    out8(&rig, 0x3C0, 0);
    ck_assert_uint_eq(pixel_at(draw(), 5, 5), 0);
}
END_TEST

/* ---- VBE */

static void assert_rgb(unsigned x, unsigned y, uint32_t rgb)
{
    const struct vga_frame *frame = draw();
    ck_assert_msg(pixel_at(frame, x, y) == rgb,
                  "pixel %u,%u is %06X instead of %06X", x, y,
                  pixel_at(frame, x, y), rgb);
}

START_TEST(vbe_direct_colors)
{
    static const struct {
        unsigned bpp, bytes;
        uint32_t value, rgb;
    } cases[] = {
        {15, 2, 31 << 10 | 1 << 5 | 16, 0xFF0884},
        {16, 2, 1 << 11 | 63 << 5 | 31, 0x08FFFF},
        {16, 2, 32 << 5, 0x008200},
        {24, 3, 0x123456, 0x123456},
        {32, 4, 0xFF654321, 0x654321},
    };

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        uint32_t at = VGA_RIG_LFB + (599 * 800 + 799) * cases[i].bytes;
        vga_rig_set_lfb(&rig, 800, 600, cases[i].bpp);
        assert_size(800, 600);
        for (unsigned n = 0; n < cases[i].bytes; n++)
            put8(&rig, at + n, cases[i].value >> 8 * n & 0xFF);
        assert_rgb(799, 599, cases[i].rgb);
        assert_rgb(798, 599, 0);
    }
}
END_TEST

START_TEST(vbe_palette_and_offsets)
{
    vga_rig_set_lfb(&rig, 640, 480, 8);
    dispi(&rig, DISPI_VIRT_WIDTH, 1000);
    dispi(&rig, DISPI_X_OFFSET, 3);
    dispi(&rig, DISPI_Y_OFFSET, 700);
    put8(&rig, VGA_RIG_LFB + 1000 * (700 + 7) + 3 + 9, 99);
    assert_pixel(9, 7, 99);
    dispi(&rig, DISPI_BANK, 0);
    dispi(&rig, DISPI_Y_OFFSET, 0);
    put8(&rig, 0xA0000 + 1003, 98);
    assert_pixel(0, 1, 98);
    ck_assert_uint_eq(draw()->aspect_w, 640);
}
END_TEST

START_TEST(vbe_planar)
{
    vga_rig_set_lfb(&rig, 800, 600, 4);
    seq(&rig, 2, 6);
    put8(&rig, 0xA0000 + 100 * 9 + 4, 0x80);
    assert_pixel(32, 9, 6);
    assert_pixel(33, 9, 0);
    dispi(&rig, DISPI_VIRT_WIDTH, 1600);
    dispi(&rig, DISPI_X_OFFSET, 3);
    put8(&rig, 0xA0000 + 200 * 3 + 1, 0x80);
    assert_pixel(5, 3, 6);
    dispi(&rig, DISPI_Y_OFFSET, 600);
    dispi(&rig, DISPI_BANK, 1);
    /* cell 65536 = line 327, column 136 */
    put8(&rig, 0xA0000 + 600 * 200 - 65536, 0x10);
    assert_pixel(0, 0, 6);
}
END_TEST

START_TEST(vbe_eight_bit_dac)
{
    vga_rig_set_lfb(&rig, 640, 480, 8);
    dispi(&rig, DISPI_ENABLE, DISPI_ENABLED | DISPI_8BIT_DAC);
    dac(&rig, 0, 0x81FE03);
    assert_rgb(0, 0, 0x81FE03);
}
END_TEST

/* ---- what changed */

START_TEST(frames_tell_what_changed)
{
    const struct vga_frame *frame;

    text_mode();
    put_glyph('A', 4, 0xFF);
    ck_assert(draw()->changed);
    ck_assert(!draw()->changed);
    put_char(80 * 3, 'A', 0x07);
    frame = draw();
    ck_assert(frame->changed && !frame->resized);
    ck_assert_uint_eq(frame->first_row, 3 * 16 + 4);
    ck_assert_uint_eq(frame->last_row, 3 * 16 + 4);
    put_char(80 * 3, 'A', 0x07); /* the same again */
    ck_assert(!draw()->changed);
    vga_rig_set_mode(&rig, &vga_mode_13);
    frame = draw();
    ck_assert(frame->changed && frame->resized);
    ck_assert_uint_eq(frame->last_row, 399);
    ck_assert(!draw()->changed);
    put8(&rig, 0xA0000 + 320 * 5, 77);
    put8(&rig, 0xA0000 + 320 * 8, 78);
    frame = draw();
    ck_assert(frame->changed && !frame->resized);
    ck_assert_uint_eq(frame->first_row, 10);
    ck_assert_uint_eq(frame->last_row, 17);
}
END_TEST

START_TEST(blinking_is_a_change)
{
    const uint64_t frame_ns = NS_PER_SEC / 70;

    vga_rig_set_mode(&rig, &vga_mode_03);
    put_char(0, ' ', 0x07);
    draw();
    rig.now = 5 * frame_ns;
    ck_assert(!draw()->changed);
    rig.now = 10 * frame_ns;
    ck_assert(draw()->changed);
    ck_assert(!draw()->changed);
}
END_TEST

/* Whatever the registers hold, nothing but pixels happens. */
START_TEST(any_registers_can_be_drawn)
{
    uint32_t state = 1;
    char text[64];

    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 60; i++) {
            state = state * 1664525 + 1013904223;
            unsigned value = state >> 24, index = state >> 8;
            switch (state >> 16 & 7) {
            case 0:
                seq(&rig, index % 5, value);
                break;
            case 1:
                gfx(&rig, index % 9, value);
                break;
            case 2:
                attr(&rig, index % 21, value);
                break;
            case 3:
                dispi(&rig, index % 11, state >> 12 & 0xFFF);
                break;
            case 4:
                put8(&rig, 0xA0000 + (index & 0x1FFFF), value);
                break;
            case 5:
                out8(&rig, index & 3 ? 0x3B8 + (index & 7) : 0x3C2, value);
                break;
            default:
                crtc(&rig, index % 25, value & (index % 25 == 17 ? 127 : 255));
                break;
            }
        }
        rig.now += 12345678;
        const struct vga_frame *frame = draw();
        ck_assert_uint_gt(frame->width, 0);
        ck_assert_uint_gt(frame->height, 0);
        ck_assert_uint_le(frame->pixels[0], 0xFFFFFF);
        vga_text(rig.vga, text, sizeof text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga_draw");
    TCase *tcase = tcase_create("vga_draw");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, glyphs_become_dots);
    tcase_add_test(tcase, ninth_dot_of_line_graphics);
    tcase_add_test(tcase, eight_dot_characters_and_forty_columns);
    tcase_add_test(tcase, blink_or_bright_background);
    tcase_add_test(tcase, two_fonts);
    tcase_add_test(tcase, cursor_shows_and_blinks);
    tcase_add_test(tcase, underline_of_mono_attributes);
    tcase_add_test(tcase, start_address_wraps);
    tcase_add_test(tcase, line_compare_splits);
    tcase_add_test(tcase, preset_row_and_panning);
    tcase_add_test(tcase, double_scan);
    tcase_add_test(tcase, text_is_utf8_lines);
    tcase_add_test(tcase, text_follows_start_address_and_split);
    tcase_add_test(tcase, text_fits_its_buffer);
    tcase_add_test(tcase, graphics_has_no_text);
    tcase_add_test(tcase, sixteen_colors);
    tcase_add_test(tcase, palette_bits_5_and_4);
    tcase_add_test(tcase, ega_is_doubled_both_ways);
    tcase_add_test(tcase, cga_four_colors);
    tcase_add_test(tcase, cga_two_colors);
    tcase_add_test(tcase, mode_13h);
    tcase_add_test(tcase, mode_x);
    tcase_add_test(tcase, unchained_memory_under_doubleword_addresses);
    tcase_add_test(tcase, blanked_screens_are_black);
    tcase_add_test(tcase, vbe_direct_colors);
    tcase_add_test(tcase, vbe_palette_and_offsets);
    tcase_add_test(tcase, vbe_planar);
    tcase_add_test(tcase, vbe_eight_bit_dac);
    tcase_add_test(tcase, frames_tell_what_changed);
    tcase_add_test(tcase, blinking_is_a_change);
    tcase_add_test(tcase, any_registers_can_be_drawn);
    return suite_run(suite);
}
