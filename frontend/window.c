/* window.c - a run in a window: lets PC and window take turns. */
#include "frontend/host.h"
#include "frontend/sdl.h"
#include "frontend/window.h"

/* A slice is short against a picture (16 ms); for a sleeping guest the serial
 * ports are still looked at that often. */
enum { SLICE_NS = 4000000, PORTS_WAIT_MS = 15, NS_PER_MS = 1000000 };

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

/* SDL waits whole milliseconds; what is left of a short sleep passes without
 * it, for else the run would spin until the guest's next event. */
static bool wait_and_poll(struct session *session, struct sdl_window *window)
{
    uint64_t sleep = session_sleep(session);
    unsigned limit = sdl_patience(window);
    int fds[SESSION_MAX_FDS];

    if (sleep && sleep < NS_PER_MS) {
        host_wait(NULL, 0, sleep);
        sleep = 0;
    }
    if (session_fds(session, fds) && limit > PORTS_WAIT_MS)
        limit = PORTS_WAIT_MS;
    sleep /= NS_PER_MS;
    return sdl_poll(window, sleep < limit ? (unsigned)sleep : limit);
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

    if (!window)
        return false;
    session_set_speaker(session, on_speaker, window);
    while (session_run(session, SLICE_NS))
        if (!wait_and_poll(session, window))
            session_quit(session);
    session_set_speaker(session, NULL, NULL);
    sdl_close(window);
    return true;
}
