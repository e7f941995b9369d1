/* host.h - what the front ends ask of the operating system: time, waiting,
 * the terminal, signals. host_posix.c answers on POSIX systems. */
#ifndef UMBRA_FRONTEND_HOST_H
#define UMBRA_FRONTEND_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Differs from run to run; 0 where the host has no random numbers. */
uint64_t host_random(void);
/* The file in which perf looks for the names of this process's generated
 * code. False: not on this host. */
bool host_perf_map(char *path, size_t size);
/* Monotonic nanoseconds; the argument is ignored (umbra_host.clock). */
uint64_t host_clock(void *opaque);
/* Sleep up to `ns`, less when one of `count` (at most 8) file descriptors
 * becomes readable or a signal arrives. */
void host_wait(const int *fds, unsigned count, uint64_t ns);

/* Standard input as a raw terminal: no echo, no line editing, control
 * characters pass. False when it is none, or belongs to other processes.
 * The old settings return at host_terminal_restore and on every exit. */
bool host_terminal_raw(void);
void host_terminal_restore(void);
/* What can be read from standard input now: bytes, 0 = nothing at the
 * moment, -1 = end of input. */
int host_read_input(void *data, size_t size);
int host_input_fd(void);

/* `stop` is called in a signal handler when SIGINT, SIGTERM or SIGHUP asks
 * to end the run, of which a second one ends the process at once, or SIGUSR1
 * asks for the power button. */
void host_catch_signals(void (*stop)(void));
/* Has the power button been asked for since the last call? */
bool host_take_power_button(void);
/* The signal that was caught, 0 = none. */
int host_caught_signal(void);
/* End the process by that signal, as its parent expects. */
void host_die_by_signal(int number);

#endif
