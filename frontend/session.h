/* session.h - one run of a PC: what window and headless share.
 *
 * A session owns the other ends of the ports, the input script, the --until
 * conditions and the time limit. A front end calls session_run again and
 * again, shows the picture, feeds keys, and sleeps for session_sleep()
 * nanoseconds in between; session_run returns false when the run has ended,
 * and session_finish writes what was asked for and gives the exit code. */
#ifndef UMBRA_FRONTEND_SESSION_H
#define UMBRA_FRONTEND_SESSION_H

#include "frontend/options.h"

struct session;

/* Exit code EXIT_OK and a session, or another code after a message on
 * stderr. */
int session_create(const struct options *options, struct session **session);

struct umbra *session_umbra(struct session *session);
/* Where tones of the PC's speaker go. */
void session_set_speaker(struct session *session,
                         void (*speaker)(void *opaque, unsigned hertz),
                         void *opaque);

/* Let the PC run for at most `ns` of its clock; reads and writes the serial
 * port; false = the run has ended. */
bool session_run(struct session *session, uint64_t ns);

/* How long the host may now sleep (ns) because the guest is idle; 0 when it
 * is busy. Input for the serial ports may end the sleep: session_fds. */
uint64_t session_sleep(const struct session *session);
/* File descriptors that are worth waiting for while sleeping; returns how
 * many. */
enum { SESSION_MAX_FDS = UMBRA_SERIAL_PORTS };
unsigned session_fds(const struct session *session, int fds[SESSION_MAX_FDS]);

/* The PC's time is the host's (else: counted in instructions). */
bool session_uses_host_clock(const struct session *session);

/* The user closes the window or types Ctrl-A x. */
void session_quit(struct session *session);

/* Write --screen-text, --screenshot, --stats, flush and close everything;
 * returns the exit code. Frees the session. */
int session_finish(struct session *session);

#endif
