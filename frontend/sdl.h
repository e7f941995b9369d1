/* sdl.h - the window. sdl.c is linked where SDL2 was found, sdl_none.c
 * elsewhere: it refuses with a message. */
#ifndef UMBRA_FRONTEND_SDL_H
#define UMBRA_FRONTEND_SDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct umbra;
struct sdl_window;

struct sdl_config {
    const char *title;           /* of the guest; or NULL */
    const char *screenshot_name; /* "umbra": umbra-001.png ...; or NULL */
    bool full_screen;
    bool no_sound;
};

/* True when this program was built with a window. */
bool sdl_available(void);

/* True when a display seems to be there ($DISPLAY, $WAYLAND_DISPLAY or a
 * driver forced by $SDL_VIDEODRIVER). */
bool sdl_has_display(void);

/* NULL with one line in error[]. */
struct sdl_window *sdl_open(const struct sdl_config *config,
                            struct umbra *umbra, char *error,
                            size_t error_size);
void sdl_close(struct sdl_window *window);

/* Show what changed and hand over the user's input. Waits at most `wait_ms`
 * for input (0: does not wait). False when the user closed the window. */
bool sdl_poll(struct sdl_window *window, unsigned wait_ms);

/* How long (ms) a sdl_poll may wait when the guest is idle: the longer the
 * picture and the user have been still. */
unsigned sdl_patience(const struct sdl_window *window);

/* PC speaker: a square wave of this frequency, 0 = silent. */
void sdl_tone(struct sdl_window *window, uint32_t hz);

#endif
