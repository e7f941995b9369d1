/* check_vga_writes - no store of a running guest may be missed by the picture:
 * painter.S stores to video memory through translations that the TLB (and
 * translated code) keeps, while pictures are taken at any moment; each has to
 * be what the frame buffer holds. And vbe_protected.S, which moves window,
 * display start and palette by the BIOS's functions for protected mode; bars.S,
 * which waits for the end of each line and changes a colour.
 * Run alone, where Umbra was built: make tests/devices/check_vga_writes &&
 * tests/devices/check_vga_writes */
#define _POSIX_C_SOURCE 200809L
#include "tests/devices/own_bios.h"
#include "tests/devices/vga_sectors.h"
#include "tests/suite.h"

enum { WIDTH = 1024, HEIGHT = 768 };

static char floppy[] = "/tmp/umbra-painter-XXXXXX";

static void teardown(void)
{
    unlink(floppy);
}

/* A PC with a boot sector that is one of vga_sectors.h. */
static struct umbra *create(const uint8_t sector[512], enum umbra_accel accel)
{
    static const struct umbra_host host = {0};
    char error[UMBRA_ERROR_SIZE] = "";
    struct umbra_config config;
    struct umbra *u;

    make_image(floppy, sector, 512, FLOPPY_SIZE);
    own_bios_config(&config);
    config.boot_order = "a";
    config.accel = accel;
    config.media[UMBRA_FDA] = (struct umbra_media){floppy, .snapshot = true};
    u = umbra_create(&config, &host, error);
    ck_assert_msg(u != NULL, "%s", error);
    return u;
}

static struct umbra *start(enum umbra_accel accel)
{
    struct umbra_frame frame = {0};
    struct umbra *u;

    u = create(painter, accel);
    while (frame.width != WIDTH) {
        ck_assert_msg(umbra_now(u) < 60000000000, "painter.S does not start");
        umbra_run(u, 10000000);
        umbra_frame(u, &frame);
    }
    return u;
}

/* Where the BIOS put the frame buffer: the guest got it by 4F01h. */
static uint64_t frame_buffer(struct umbra *u)
{
    uint8_t a[4];

    umbra_peek(u, 0x600 + 40, a, sizeof a);
    return a[0] | a[1] << 8 | a[2] << 16 | (uint64_t)a[3] << 24;
}

/* One line that differs, or HEIGHT. */
static unsigned differing_row(struct umbra *u, const struct umbra_frame *frame)
{
    uint64_t base = frame_buffer(u);

    for (unsigned y = 0; y < HEIGHT; y++) {
        uint8_t line[WIDTH * 4];
        umbra_peek(u, base + y * sizeof line, line, sizeof line);
        for (unsigned x = 0; x < WIDTH; x++) {
            uint32_t pixel = line[4 * x] | line[4 * x + 1] << 8 |
                             (uint32_t)line[4 * x + 2] << 16;
            if (frame->pixels[y * frame->stride + x] != pixel)
                return y;
        }
    }
    return HEIGHT;
}

static void look_often(enum umbra_accel accel)
{
    struct umbra *u = start(accel);
    char error[UMBRA_ERROR_SIZE];
    uint32_t state = 1;

    umbra_run(u, 20000000); /* hot enough to be translated */
    for (unsigned i = 0; i < 60; i++) {
        struct umbra_frame frame;
        state = state * 1664525 + 1013904223;
        umbra_run(u, 20000 + (state >> 12));
        umbra_frame(u, &frame);
        ck_assert_msg(frame.changed, "picture %u", i);
        ck_assert_msg(differing_row(u, &frame) == HEIGHT, "picture %u: row %u",
                      i, differing_row(u, &frame));
        umbra_frame(u, &frame);
        ck_assert_msg(!frame.changed, "picture %u, again", i);
    }
    ck_assert(umbra_destroy(u, error));
}

START_TEST(no_store_is_missed_by_the_default_engine)
{
    look_often(UMBRA_ACCEL_DEFAULT);
}
END_TEST

START_TEST(no_store_is_missed_by_the_interpreter)
{
    look_often(UMBRA_ACCEL_INTERP);
}
END_TEST

static uint32_t bar_color(unsigned row)
{
    unsigned line = row - 1, cx = 400 - line;
    unsigned level[3] = {line / 2 & 63, (line / 2 ^ 63) & 63, (cx & 255) / 4};
    uint32_t color = 0;

    for (unsigned i = 0; i < 3; i++)
        color = color << 8 | level[i] << 2 | level[i] >> 4;
    return color;
}

/* Each line has the colour that was set at the end of the line before. */
START_TEST(bars_are_at_their_lines)
{
    char error[UMBRA_ERROR_SIZE];
    struct umbra_frame frame = {0};
    struct umbra *u;

    u = create(bars, UMBRA_ACCEL_DEFAULT);
    while (umbra_now(u) < 60000000000) {
        umbra_run(u, 50000000);
        umbra_frame(u, &frame);
        if (frame.height == 400 &&
            frame.pixels[20] != frame.pixels[40 * frame.stride])
            break;
    }
    ck_assert_uint_eq(frame.width, 640);
    for (unsigned round = 0; round < 20; round++) {
        umbra_run(u, 7654321);
        umbra_frame(u, &frame);
        for (unsigned y = 1; y < frame.height; y++)
            if (frame.pixels[y * frame.stride + 320] != bar_color(y))
                ck_abort_msg("picture %u, line %u is %06X, not %06X", round, y,
                             frame.pixels[y * frame.stride + 320],
                             bar_color(y));
    }
    ck_assert(umbra_destroy(u, error));
}
END_TEST

START_TEST(functions_for_protected_mode)
{
    char error[UMBRA_ERROR_SIZE];
    enum umbra_reason reason = UMBRA_BUDGET;
    struct umbra *u;

    u = create(vbe_protected, UMBRA_ACCEL_DEFAULT);
    while (reason == UMBRA_BUDGET && umbra_now(u) < 60000000000)
        reason = umbra_run(u, 100000000);
    ck_assert_int_eq(reason, UMBRA_DEBUG_EXIT);
    ck_assert_msg(umbra_exit_status(u) == 0x10 * 2 + 1, "check %u failed",
                  umbra_exit_status(u) / 2);
    ck_assert(umbra_destroy(u, error));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga_writes");
    TCase *tcase = tcase_create("vga_writes");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, no_store_is_missed_by_the_default_engine);
    tcase_add_test(tcase, no_store_is_missed_by_the_interpreter);
    tcase_add_test(tcase, functions_for_protected_mode);
    tcase_add_test(tcase, bars_are_at_their_lines);
    return suite_run(suite);
}
