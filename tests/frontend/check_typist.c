/* check_typist - texts typed as keys; and where the picture goes (fit.c).
 * Run alone: make tests/frontend/check_typist && tests/frontend/check_typist */
#include "frontend/fit.h"
#include "frontend/keymap.h"
#include "frontend/typist.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char log_text[1000];

/* "+a -a ": pressed, released. */
static void on_key(void *opaque, uint16_t code, bool down)
{
    size_t used = strlen(log_text);

    (void)opaque;
    snprintf(log_text + used, sizeof log_text - used, "%c%s ", down ? '+' : '-',
             keymap_name(code));
}

static void run(struct typist *typist, uint64_t from, uint64_t to, bool ready)
{
    for (uint64_t now = from; now < to; now += 1000000)
        typist_step(typist, now, ready, on_key, NULL);
}

static void setup(void)
{
    log_text[0] = '\0';
}

START_TEST(types_with_shift)
{
    struct typist typist = {0};

    ck_assert(typist_add(&typist, "aB\r\n"));
    run(&typist, 0, 1000000000, true);
    ck_assert_str_eq(log_text, "+a -a +shift +b -b -shift +ret -ret ");
    ck_assert_ptr_null(typist.text);
}
END_TEST

START_TEST(keeps_its_pace)
{
    struct typist typist = {0};

    ck_assert(typist_add(&typist, "abc"));
    typist_step(&typist, 1, true, on_key, NULL);
    ck_assert_str_eq(log_text, "+a ");
    run(&typist, 2, 5000000, true);
    ck_assert_str_eq(log_text, "+a ");
    run(&typist, 5000000, 20000000, true);
    ck_assert_str_eq(log_text, "+a -a ");
    run(&typist, 20000000, 30000000, true);
    ck_assert_str_eq(log_text, "+a -a +b ");
    typist_stop(&typist, on_key, NULL);
    ck_assert_str_eq(log_text, "+a -a +b -b ");
    run(&typist, 30000000, 90000000, true);
    ck_assert_str_eq(log_text, "+a -a +b -b ");
}
END_TEST

START_TEST(waits_for_the_keyboard)
{
    struct typist typist = {0};

    ck_assert(typist_add(&typist, "a"));
    run(&typist, 0, 100000000, false);
    ck_assert_str_eq(log_text, "");
    typist_step(&typist, 100000000, true, on_key, NULL);
    /* What was pressed is released even when the buffer is full. */
    run(&typist, 100000001, 200000000, false);
    ck_assert_str_eq(log_text, "+a -a ");
}
END_TEST

START_TEST(appends_and_leaves_out)
{
    struct typist typist = {0};

    ck_assert(typist_add(&typist, "x\xC3\xA4y"));
    ck_assert(typist_add(&typist, "z"));
    run(&typist, 0, 1000000000, true);
    ck_assert_str_eq(log_text, "+x -x +y -y +z -z ");
}
END_TEST

static void assert_fit(struct fit fit, int x, int y, int width, int height,
                       bool smooth)
{
    ck_assert_int_eq(fit.x, x);
    ck_assert_int_eq(fit.y, y);
    ck_assert_int_eq(fit.width, width);
    ck_assert_int_eq(fit.height, height);
    ck_assert_int_eq(fit.smooth, smooth);
}

START_TEST(pictures_fit)
{
    assert_fit(fit_picture(720, 400, 720, 400, 720, 400), 0, 0, 720, 400,
               false);
    assert_fit(fit_picture(1440, 900, 720, 400, 720, 400), 0, 50, 1440, 800,
               false);
    /* Whole multiples fill too little: scale on. */
    assert_fit(fit_picture(1920, 1080, 1024, 768, 1024, 768), 240, 0, 1440,
               1080, true);
    assert_fit(fit_picture(360, 400, 720, 400, 720, 400), 0, 100, 360, 200,
               true);
    /* The shape of a monitor. */
    assert_fit(fit_picture(1280, 960, 640, 400, 4, 3), 0, 0, 1280, 960, true);
    assert_fit(fit_picture(2000, 960, 640, 400, 4, 3), 360, 0, 1280, 960, true);
    assert_fit(fit_picture(1280, 960, 640, 480, 4, 3), 0, 0, 1280, 960, false);
    /* Hardly any room. */
    assert_fit(fit_picture(1, 1, 720, 400, 720, 400), 0, 0, 1, 1, true);
}
END_TEST

START_TEST(zoom_suits_the_desktop)
{
    ck_assert_int_eq(fit_zoom(1920, 1080, 720, 400), 1);
    ck_assert_int_eq(fit_zoom(3840, 2160, 720, 400), 3);
    ck_assert_int_eq(fit_zoom(640, 480, 1024, 768), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("typist");
    TCase *tcase = tcase_create("typist");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, types_with_shift);
    tcase_add_test(tcase, keeps_its_pace);
    tcase_add_test(tcase, waits_for_the_keyboard);
    tcase_add_test(tcase, appends_and_leaves_out);
    tcase_add_test(tcase, pictures_fit);
    tcase_add_test(tcase, zoom_suits_the_desktop);
    return suite_run(suite);
}
