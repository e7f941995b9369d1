/* check_vga_cga - ports of the CGA on the VGA, the MDA's mode control, and the
 * border that the colour select register is about.
 * Run alone: make tests/devices/check_vga_cga &&
 * tests/devices/check_vga_cga */
#include "tests/devices/vga_rig.h"
#include "tests/suite.h"

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
    rig.now += NS_PER_SEC / 10;
    return vga_draw_frame(rig.draw, rig.now);
}

static void assert_palette(const uint8_t expect[4])
{
    for (unsigned i = 0; i < 4; i++)
        ck_assert_msg(rig.vga->attr[i] == expect[i],
                      "colour %u is %02X instead of %02X", i, rig.vga->attr[i],
                      expect[i]);
}

/* ---- ports */

START_TEST(palettes_of_four_colors)
{
    static const struct {
        uint8_t mode, color, palette[4];
    } cases[] = {
        {0x0A, 0x30, {0x00, 0x13, 0x15, 0x17}},
        {0x0A, 0x20, {0x00, 0x03, 0x05, 0x07}},
        {0x0A, 0x01, {0x01, 0x02, 0x04, 0x06}},
        {0x0A, 0x1E, {0x16, 0x12, 0x14, 0x16}},
        {0x0E, 0x09, {0x11, 0x03, 0x04, 0x07}},
        {0x0E, 0x30, {0x00, 0x13, 0x14, 0x17}},
    };

    vga_rig_set_mode(&rig, &vga_mode_04);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        out8(&rig, 0x3D8, cases[i].mode);
        out8(&rig, 0x3D9, cases[i].color);
        assert_palette(cases[i].palette);
        ck_assert_uint_eq(rig.vga->attr[0x11], cases[i].palette[0]);
    }
    out8(&rig, 0x3D8, 0x0A);
    assert_palette((const uint8_t[4]){0x00, 0x13, 0x15, 0x17});
}
END_TEST

START_TEST(foreground_of_two_colors)
{
    vga_rig_set_mode(&rig, &vga_mode_06);
    out8(&rig, 0x3D8, 0x1A);
    out8(&rig, 0x3D9, 0x0E);
    assert_palette((const uint8_t[4]){0, 0x16, 2, 3});
    ck_assert_uint_eq(rig.vga->attr[0x11], 0);
}
END_TEST

START_TEST(text_mode_control)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    out8(&rig, 0x3D8, 0x09);
    ck_assert_uint_eq(rig.vga->attr[0x10], 0x04);
    out8(&rig, 0x3D8, 0x21);
    ck_assert_uint_eq(rig.vga->attr[0x10], 0x0C);
    ck_assert_uint_eq(rig.vga->seq[1], 0x20);
    out8(&rig, 0x3D8, 0x29);
    ck_assert_uint_eq(rig.vga->seq[1], 0x00);
    attr(&rig, 12, 0x3C);
    out8(&rig, 0x3D9, 0x0C);
    ck_assert_uint_eq(rig.vga->attr[0x11], 0x3C);
    ck_assert_uint_eq(in8(&rig, 0x3D8), 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3D9), 0xFF);
}
END_TEST

/* Modes that a CGA has not, and addresses that are not the card's. */
START_TEST(others_take_no_notice)
{
    vga_rig_set_mode(&rig, &vga_mode_0d);
    out8(&rig, 0x3D8, 0x00);
    out8(&rig, 0x3D9, 0x0E);
    assert_palette((const uint8_t[4]){0, 1, 2, 3});
    ck_assert_uint_eq(rig.vga->seq[1], 0x09);
    ck_assert_uint_eq(rig.vga->attr[0x11], 0);
    vga_rig_set_mode(&rig, &vga_mode_03);
    out8(&rig, 0x3C2, 0x66);
    out8(&rig, 0x3D9, 0x0E);
    ck_assert_uint_eq(rig.vga->attr[0x11], 0);
    out8(&rig, 0x3C2, 0x67);
    out8(&rig, 0x3B8, 0x00);
    ck_assert_uint_eq(rig.vga->seq[1], 0x00);
}
END_TEST

START_TEST(mono_mode_control)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    out8(&rig, 0x3C2, 0x66);
    out8(&rig, 0x3B8, 0x01);
    ck_assert_uint_eq(rig.vga->seq[1], 0x20);
    ck_assert_uint_eq(rig.vga->attr[0x10], 0x04);
    out8(&rig, 0x3B8, 0x29);
    ck_assert_uint_eq(rig.vga->seq[1], 0x00);
    ck_assert_uint_eq(rig.vga->attr[0x10], 0x0C);
}
END_TEST

/* ---- border */

static void assert_border(const struct vga_rig_mode *mode, unsigned width,
                          unsigned height, unsigned left, unsigned top)
{
    const struct vga_frame *frame;

    vga_rig_set_mode(&rig, mode);
    attr(&rig, 0x11, 0);
    frame = draw();
    ck_assert_uint_eq(frame->width, width);
    ck_assert_uint_eq(frame->height, height);
    attr(&rig, 0x11, 0x25);
    frame = draw();
    ck_assert_uint_eq(frame->width, width + 2 * left);
    ck_assert_uint_gt(frame->height, height + top);
    ck_assert_uint_eq(pixel_at(frame, 0, 0), vga_rig_color(0x25));
    ck_assert_uint_eq(pixel_at(frame, left - 1, top), vga_rig_color(0x25));
    ck_assert_uint_eq(pixel_at(frame, left, top - 1), vga_rig_color(0x25));
    ck_assert_uint_eq(pixel_at(frame, left, top), vga_rig_color(0));
    ck_assert_uint_eq(pixel_at(frame, left + width - 1, top + height - 1),
                      vga_rig_color(0));
    ck_assert_uint_eq(pixel_at(frame, left + width, top), vga_rig_color(0x25));
    ck_assert_uint_eq(pixel_at(frame, left, top + height), vga_rig_color(0x25));
}

START_TEST(border)
{
    assert_border(&vga_mode_03, 720, 400, 9, 8);
    assert_border(&vga_mode_04, 640, 400, 16, 8);
    assert_border(&vga_mode_12, 640, 480, 8, 9);
    assert_border(&vga_mode_13, 640, 400, 8, 8);
}
END_TEST

/* A screen that is off leaves the border; so it does around a VBE mode's. */
START_TEST(border_of_a_blank_screen)
{
    const struct vga_frame *frame;

    vga_rig_set_mode(&rig, &vga_mode_13);
    attr(&rig, 0x11, 0x25);
    seq(&rig, 1, 0x21);
    frame = draw();
    ck_assert_uint_eq(pixel_at(frame, 0, 0), vga_rig_color(0x25));
    ck_assert_uint_eq(pixel_at(frame, 20, 20), 0);
    dispi(&rig, DISPI_XRES, 640);
    dispi(&rig, DISPI_YRES, 480);
    dispi(&rig, DISPI_BPP, 8);
    dispi(&rig, DISPI_ENABLE, 0x41);
    ck_assert_uint_eq(draw()->width, 640);
}
END_TEST

/* In the lower half of each frame the border has another colour. */
START_TEST(border_changes_at_its_line)
{
    const struct vga_frame *frame;
    uint64_t begin, line_ns;

    vga_rig_set_mode(&rig, &vga_mode_13);
    begin = rig.vga->timing.frame_ns * 10;
    line_ns = rig.vga->timing.line_ns;
    for (unsigned i = 0; i < 4; i++) {
        rig.now = begin + i * rig.vga->timing.frame_ns;
        attr(&rig, 0x11, 0x11);
        rig.now += 200 * line_ns;
        attr(&rig, 0x11, 0x22);
        rig.now += 205 * line_ns;
        attr(&rig, 0x11, 0x33);
    }
    rig.now = begin + 4 * rig.vga->timing.frame_ns + line_ns / 2;
    frame = vga_draw_frame(rig.draw, rig.now);
    ck_assert_uint_eq(frame->width, 656);
    ck_assert_uint_eq(pixel_at(frame, 0, 8 + 100), vga_rig_color(0x11));
    ck_assert_uint_eq(pixel_at(frame, 0, 8 + 198), vga_rig_color(0x11));
    ck_assert_uint_eq(pixel_at(frame, 655, 8 + 202), vga_rig_color(0x22));
    ck_assert_uint_eq(pixel_at(frame, 0, 8 + 402), vga_rig_color(0x22));
    ck_assert_uint_eq(pixel_at(frame, 300, 8 + 405), vga_rig_color(0x33));
}
END_TEST

/* ---- no card */

START_TEST(no_card_is_black)
{
    struct vga_draw *black = vga_draw_create(NULL);
    const struct vga_frame *frame = vga_draw_frame(black, 0);

    ck_assert_uint_eq(frame->width, 720);
    ck_assert_uint_eq(frame->height, 400);
    ck_assert_uint_eq(pixel_at(frame, 719, 399), 0);
    vga_draw_destroy(black);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga_cga");
    TCase *tcase = tcase_create("vga_cga");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, palettes_of_four_colors);
    tcase_add_test(tcase, foreground_of_two_colors);
    tcase_add_test(tcase, text_mode_control);
    tcase_add_test(tcase, others_take_no_notice);
    tcase_add_test(tcase, mono_mode_control);
    tcase_add_test(tcase, border);
    tcase_add_test(tcase, border_of_a_blank_screen);
    tcase_add_test(tcase, border_changes_at_its_line);
    tcase_add_test(tcase, no_card_is_black);
    return suite_run(suite);
}
