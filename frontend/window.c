/* window.c - a run in a window: lets PC and window take turns. */
#include "frontend/sdl.h"
#include "frontend/window.h"

/* A slice is short against a picture (16 ms); a sleeping guest is still
 * asked that often for its picture and the serial port for input. */
enum { SLICE_NS = 4000000, LONGEST_WAIT_MS = 15 };

static void on_speaker(void *opaque, unsigned hertz)
{
    sdl_tone(opaque, hertz);
}

/* "debian.img" of the path of what is booted. */
static const char *title_of(const struct options *o)
{
    const char *name = o->image ? o->image : o->kernel, *p;

    for (int i = 0; !name && i < UMBRA_DRIVES; i++)
        name = o->config.media[i].path;
    for (p = name; p && *p; p++)
        if (*p == '/' && p[1])
            name = p + 1;
    return name;
}

bool window_run(struct session *session, const struct options *options,
                char *error, size_t error_size)
{
    const struct sdl_config config = {
        .title = title_of(options),
        .screenshot_name = "umbra",
        .full_screen = options->full_screen,
    };
    struct sdl_window *window =
        sdl_open(&config, session_umbra(session), error, error_size);
    uint64_t wait;

    if (!window)
        return false;
    session_set_speaker(session, on_speaker, window);
    while (session_run(session, SLICE_NS)) {
        wait = session_sleep(session) / 1000000;
        if (wait > LONGEST_WAIT_MS)
            wait = LONGEST_WAIT_MS;
        if (!sdl_poll(window, (unsigned)wait))
            session_quit(session);
    }
    session_set_speaker(session, NULL, NULL);
    sdl_close(window);
    return true;
}
