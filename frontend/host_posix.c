/* host_posix.c - time, waiting, terminal and signals on POSIX systems.
 *
 * Terminal settings and signals belong to the process, so this file keeps
 * static data; everything the handlers touch is async-signal-safe. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "frontend/host.h"

static struct termios saved_settings;
static volatile sig_atomic_t is_raw;
static volatile sig_atomic_t caught;
static volatile sig_atomic_t button;
static void (*stop_callback)(void);

uint64_t host_clock(void *opaque)
{
    struct timespec ts;

    (void)opaque;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t host_random(void)
{
    FILE *f = fopen("/dev/urandom", "rb");
    uint64_t r = 0;

    if (f) {
        if (fread(&r, sizeof r, 1, f) != 1)
            r = 0;
        fclose(f);
    }
    return r;
}

void host_wait(const int *fds, unsigned count, uint64_t ns)
{
    struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    struct pollfd wait[8];

    for (unsigned i = 0; i < count && i < 8; i++)
        wait[i] = (struct pollfd){fds[i], POLLIN, 0};
    /* poll counts milliseconds: too coarse for short sleeps. */
    if (!count || ns < 1000000)
        nanosleep(&ts, NULL);
    else
        poll(wait, count, (int)(ns / 1000000 < 60000 ? ns / 1000000 : 60000));
}

/* ------------------------------------------------------------- terminal */

void host_terminal_restore(void)
{
    if (!is_raw)
        return;
    is_raw = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &saved_settings);
}

bool host_terminal_raw(void)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
        tcgetattr(STDIN_FILENO, &saved_settings))
        return false;
    raw = saved_settings;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
                               IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
        return false;
    is_raw = 1;
    atexit(host_terminal_restore);
    return true;
}

int host_read_input(void *data, size_t size)
{
    struct pollfd ready = {STDIN_FILENO, POLLIN, 0};
    ssize_t n;

    if (poll(&ready, 1, 0) <= 0)
        return 0;
    /* In the background: reading would stop the process. */
    if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp())
        return 0;
    n = read(STDIN_FILENO, data, size);
    if (n > 0)
        return (int)n;
    return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
}

int host_input_fd(void)
{
    return STDIN_FILENO;
}

/* -------------------------------------------------------------- signals */

static void end_at_once(int number)
{
    host_terminal_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_request(int number)
{
    if (caught) {
        end_at_once(number);
        return;
    }
    caught = number;
    if (stop_callback)
        stop_callback();
}

static void on_button(int number)
{
    (void)number;
    button = 1;
    if (stop_callback)
        stop_callback();
}

bool host_take_power_button(void)
{
    bool pressed = button;

    if (pressed)
        button = 0;
    return pressed;
}

void host_catch_signals(void (*stop)(void))
{
    static const int requests[] = {SIGINT, SIGTERM, SIGHUP};
    static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                  SIGILL,  SIGABRT, SIGQUIT};
    struct sigaction action = {0};

    stop_callback = stop;
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_request;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        sigaction(requests[i], &action, NULL);
    action.sa_handler = on_button;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = end_at_once;
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        sigaction(crashes[i], &action, NULL);
    /* A closed pipe or a file too large is an error of the write, not the
     * end. */
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

bool host_perf_map(char *path, size_t size)
{
    int n = snprintf(path, size, "/tmp/perf-%ld.map", (long)getpid());
    return n > 0 && (size_t)n < size;
}

int host_caught_signal(void)
{
    return caught;
}

void host_die_by_signal(int number)
{
    end_at_once(number);
}
