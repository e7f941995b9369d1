/* headless.c - a run without a window. */
#include "frontend/headless.h"
#include "frontend/host.h"

/* Short slices keep a serial terminal lively. */
enum { SLICE_NS = 10000000 };

/* Under the virtual clock idle time costs nothing, and the whole run ends as
 * soon as it can. But while somebody may type, the guest's idle time passes
 * no faster than the host's: the sleep ends when input arrives, the guest's
 * time does not change by it. */
void headless_run(struct session *session)
{
    bool host_time = session_uses_host_clock(session);
    int fds[SESSION_MAX_FDS];
    uint64_t sleep;
    unsigned n;

    while (session_run(session, SLICE_NS)) {
        sleep = session_sleep(session);
        n = session_fds(session, fds);
        if (sleep && (host_time || n))
            host_wait(fds, n, sleep);
    }
}
