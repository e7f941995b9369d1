/* check_sdl - the window opens, shows and closes on a video driver that
 * needs no display; without SDL2 it refuses in words.
 * Run alone: make tests/frontend/check_sdl && tests/frontend/check_sdl */
#define _POSIX_C_SOURCE 200809L

#include "frontend/roms.h"
#include "frontend/sdl.h"
#include "tests/suite.h"
#include "umbra.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct umbra *create(void)
{
    struct umbra_config config;
    struct umbra_host host = {0};
    char error[UMBRA_ERROR_SIZE] = "";
    struct umbra *umbra;

    umbra_config_default(&config);
    config.ram_bytes = 16 << 20;
    config.bios = (struct umbra_blob){umbra_rom_bios, umbra_rom_bios_size};
    config.vgabios =
        (struct umbra_blob){umbra_rom_vgabios, umbra_rom_vgabios_size};
    umbra = umbra_create(&config, &host, error);
    ck_assert_msg(umbra != NULL, "%s", error);
    return umbra;
}

static const struct sdl_config config = {.title = "check"};

START_TEST(opens_shows_and_closes)
{
    char error[256] = "", ignored[UMBRA_ERROR_SIZE];
    struct umbra *umbra = create();
    struct sdl_window *window;

    setenv("SDL_VIDEODRIVER", "dummy", 1);
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    window = sdl_open(&config, umbra, error, sizeof error);
    if (sdl_available()) {
        ck_assert_msg(window != NULL, "%s", error);
        ck_assert(sdl_has_display());
        for (unsigned i = 0; i < 20; i++) {
            umbra_run(umbra, 2000000);
            sdl_tone(window, i % 2 * 440);
            ck_assert(sdl_poll(window, 1));
        }
        sdl_close(window);
    } else {
        ck_assert_ptr_null(window);
        ck_assert_ptr_nonnull(strstr(error, "SDL2"));
    }
    umbra_destroy(umbra, ignored);
}
END_TEST

START_TEST(refuses_in_words)
{
    char error[256] = "", ignored[UMBRA_ERROR_SIZE];
    struct umbra *umbra = create();

    setenv("SDL_VIDEODRIVER", "no-such-driver", 1);
    ck_assert_ptr_null(sdl_open(&config, umbra, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "no window"));
    ck_assert_ptr_nonnull(strstr(error, "-display none"));
    umbra_destroy(umbra, ignored);
}
END_TEST

START_TEST(display_is_looked_for_in_the_environment)
{
    unsetenv("SDL_VIDEODRIVER");
    unsetenv("WAYLAND_DISPLAY");
    setenv("DISPLAY", "", 1);
    ck_assert(!sdl_has_display());
    setenv("DISPLAY", ":0", 1);
    ck_assert(sdl_has_display() == sdl_available());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sdl");
    TCase *tcase = tcase_create("sdl");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, opens_shows_and_closes);
    tcase_add_test(tcase, refuses_in_words);
    tcase_add_test(tcase, display_is_looked_for_in_the_environment);
    return suite_run(suite);
}
