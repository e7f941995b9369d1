/* ports.c - connects the PC's ports with what the user named for them.
 *
 * No byte is lost when the other end is slow: beyond SLOW bytes the PC sees
 * CTS fall, beyond FULL its transmitter waits. A printer is busy from SLOW
 * on. (Guests that print without looking at CTS get far before FULL.) */
#include "frontend/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOW = 64 << 10,
    FULL = 4 << 20,
    INPUT_SIZE = 256,
    ESCAPE_KEY = 'A' - '@',
    LINES_GONE = UMBRA_SERIAL_CTS,
    LINES_THERE = UMBRA_SERIAL_CTS | UMBRA_SERIAL_DSR | UMBRA_SERIAL_DCD
};

struct serial {
    struct chardev *device; /* NULL: nobody */
    uint8_t input[INPUT_SIZE];
    size_t used; /* of input */
    bool escaped, held;
    unsigned lines; /* inputs as last told */
};

struct printer {
    struct chardev *device;
    bool held;
};

struct ports {
    struct umbra *umbra;
    struct serial serial[UMBRA_SERIAL_PORTS];
    struct printer printer[UMBRA_PARALLEL_PORTS];
    void (*quit)(void *opaque);
    void *opaque;
};

/* ------------------------------------------------------------------- life */

/* "COM1" and how it was asked for. */
static bool open_one(struct chardev **device, const struct chardev_spec *spec,
                     const char *kind, unsigned number, char *error)
{
    if (spec->kind == CHARDEV_NONE || spec->kind == CHARDEV_NULL)
        return true;
    *device = chardev_open(spec, error);
    if (!*device)
        return false;
    if (*chardev_notice(*device))
        fprintf(stderr, "umbra: %s%u %s\n", kind, number + 1,
                chardev_notice(*device));
    return true;
}

struct ports *ports_open(const struct options *o, void (*quit)(void *opaque),
                         void *opaque, char error[CHARDEV_ERROR_SIZE])
{
    struct ports *p = calloc(1, sizeof *p);
    bool done = p != NULL;

    if (!done)
        snprintf(error, CHARDEV_ERROR_SIZE, "no memory; free some");
    for (unsigned i = 0; done && i < o->serials; i++)
        done = open_one(&p->serial[i].device, &o->serial[i], "COM", i, error);
    for (unsigned i = 0; done && i < o->parallels; i++)
        done =
            open_one(&p->printer[i].device, &o->parallel[i], "LPT", i, error);
    if (!done) {
        ports_close(p);
        return NULL;
    }
    p->quit = quit;
    p->opaque = opaque;
    for (unsigned i = 0; i < UMBRA_SERIAL_PORTS; i++)
        if (p->serial[i].device)
            chardev_wait(p->serial[i].device);
    for (unsigned i = 0; i < UMBRA_PARALLEL_PORTS; i++)
        if (p->printer[i].device)
            chardev_wait(p->printer[i].device);
    return p;
}

void ports_close(struct ports *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < UMBRA_SERIAL_PORTS; i++)
        chardev_close(p->serial[i].device);
    for (unsigned i = 0; i < UMBRA_PARALLEL_PORTS; i++)
        chardev_close(p->printer[i].device);
    free(p);
}

void ports_connect(struct ports *p, struct umbra *umbra)
{
    p->umbra = umbra;
    for (unsigned i = 0; i < UMBRA_SERIAL_PORTS; i++)
        p->serial[i].lines = LINES_THERE; /* as the PC begins */
}

/* --------------------------------------------------------------- out of it */

static void update_lines(struct ports *p, unsigned port)
{
    struct serial *s = &p->serial[port];
    size_t pending = chardev_pending(s->device);
    unsigned lines = chardev_connected(s->device) ? LINES_THERE : LINES_GONE;
    bool hold = pending >= FULL;

    if (pending >= SLOW)
        lines &= ~(unsigned)UMBRA_SERIAL_CTS;
    if (lines != s->lines)
        umbra_serial_modem(p->umbra, port, lines);
    s->lines = lines;
    if (hold != s->held) {
        s->held = hold;
        umbra_serial_hold(p->umbra, port, hold);
    }
}

void ports_serial(struct ports *p, unsigned port, uint8_t byte)
{
    struct serial *s = &p->serial[port];
    size_t pending;

    if (!s->device)
        return;
    chardev_put(s->device, byte);
    pending = chardev_pending(s->device);
    if (pending == SLOW || pending >= FULL)
        update_lines(p, port);
}

static void update_printer(struct ports *p, unsigned port)
{
    struct printer *printer = &p->printer[port];
    bool hold = chardev_pending(printer->device) >= SLOW;

    if (hold == printer->held)
        return;
    printer->held = hold;
    umbra_parallel_hold(p->umbra, port, hold);
}

void ports_parallel(struct ports *p, unsigned port, uint8_t byte)
{
    struct printer *printer = &p->printer[port];

    if (!printer->device)
        return;
    chardev_put(printer->device, byte);
    update_printer(p, port);
}

/* ------------------------------------------------------------------ into it */

static void terminal_help(void)
{
    fputs("\r\nCtrl-A h  this help\r\n"
          "Ctrl-A x  end the run\r\n"
          "Ctrl-A b  send a break\r\n"
          "Ctrl-A p  press the power button\r\n"
          "Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n",
          stdout);
}

/* Escape key of the terminal; returns whether the byte is for the guest. */
static bool filter_escape(struct ports *p, unsigned port, uint8_t byte)
{
    struct serial *s = &p->serial[port];

    if (!s->escaped) {
        s->escaped = byte == ESCAPE_KEY;
        return !s->escaped;
    }
    s->escaped = false;
    if (byte == 'x' || byte == 'X')
        p->quit(p->opaque);
    else if (byte == 'b' || byte == 'B')
        umbra_serial_break(p->umbra, port);
    else if (byte == 'p' || byte == 'P')
        umbra_power_button(p->umbra);
    else if (byte == 'h' || byte == 'H' || byte == '?')
        terminal_help();
    return byte == ESCAPE_KEY;
}

static void fetch_input(struct ports *p, unsigned port)
{
    struct serial *s = &p->serial[port];
    uint8_t bytes[INPUT_SIZE];
    size_t n = 0;

    if (s->used < INPUT_SIZE)
        n = chardev_read(s->device, bytes, INPUT_SIZE - s->used);
    for (size_t i = 0; i < n; i++)
        if (!chardev_is_terminal(s->device) || filter_escape(p, port, bytes[i]))
            s->input[s->used++] = bytes[i];
}

/* Also in the middle of a run, when the PC has room again. */
static void give_input(struct ports *p, unsigned port)
{
    struct serial *s = &p->serial[port];
    size_t taken;

    if (!s->used)
        return;
    taken = umbra_serial_input(p->umbra, port, s->input, s->used);
    s->used -= taken;
    memmove(s->input, s->input + taken, s->used);
}

void ports_serial_room(struct ports *p, unsigned port)
{
    if (!p->serial[port].device)
        return;
    if (!p->serial[port].used)
        fetch_input(p, port);
    give_input(p, port);
}

static bool poll_one(struct chardev *device, const struct chardev_spec *spec,
                     char *error)
{
    if (chardev_poll(device))
        return true;
    snprintf(error, CHARDEV_ERROR_SIZE,
             "%.300s: cannot be written any more; make room on the disk",
             spec->kind == CHARDEV_STDIO ? "standard output" : spec->name);
    return false;
}

bool ports_poll(struct ports *p, const struct options *o,
                char error[CHARDEV_ERROR_SIZE])
{
    for (unsigned i = 0; i < UMBRA_SERIAL_PORTS; i++) {
        if (!p->serial[i].device)
            continue;
        if (!poll_one(p->serial[i].device, &o->serial[i], error))
            return false;
        update_lines(p, i);
        fetch_input(p, i);
        give_input(p, i);
    }
    for (unsigned i = 0; i < UMBRA_PARALLEL_PORTS; i++) {
        if (!p->printer[i].device)
            continue;
        if (!poll_one(p->printer[i].device, &o->parallel[i], error))
            return false;
        update_printer(p, i);
    }
    return true;
}

unsigned ports_fds(const struct ports *p, int fds[PORTS_MAX_FDS])
{
    unsigned n = 0;

    for (unsigned i = 0; i < UMBRA_SERIAL_PORTS; i++) {
        const struct serial *s = &p->serial[i];
        int fd = s->device && !s->used ? chardev_fd(s->device) : -1;
        if (fd >= 0)
            fds[n++] = fd;
    }
    return n;
}
