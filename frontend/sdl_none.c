/* sdl_none.c - linked where configure found no SDL2. */
#include "frontend/sdl.h"

#include <stdio.h>

bool sdl_available(void)
{
    return false;
}

bool sdl_has_display(void)
{
    return false;
}

struct sdl_window *sdl_open(const struct sdl_config *config,
                            struct umbra *umbra, char *error, size_t error_size)
{
    (void)config;
    (void)umbra;
    snprintf(error, error_size,
             "no window: this umbra was built without SDL2; use -display "
             "none, or install libsdl2-dev and build again");
    return NULL;
}

void sdl_close(struct sdl_window *window)
{
    (void)window;
}

bool sdl_poll(struct sdl_window *window, unsigned wait_ms)
{
    (void)window;
    (void)wait_ms;
    return false;
}

unsigned sdl_patience(const struct sdl_window *window)
{
    (void)window;
    return 0;
}

void sdl_tone(struct sdl_window *window, uint32_t hz)
{
    (void)window;
    (void)hz;
}
