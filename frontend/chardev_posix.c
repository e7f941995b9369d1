/* chardev_posix.c - files, terminals, pipes and sockets on POSIX systems.
 *
 * Output to files and the standard output is stdio's and may block: the PC
 * waits. All else is a file descriptor that never blocks, with a queue of
 * what the other end has not taken. */
#define _XOPEN_SOURCE 700
#include "frontend/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "frontend/host.h"

/* At the end of a run a slow other end gets that long to take anything. */
enum { DRAIN_MS = 1000 };

/* queue[first..used) waits to be written. `in` and `out` are -1 while there
 * is nobody; they are equal but for pipes. */
struct chardev {
    enum chardev_kind kind;
    FILE *file;
    bool failed, is_terminal, input_ended;
    int in, out, listener;
    bool must_wait;
    uint8_t *queue;
    size_t first, used, room;
    char path[CHARDEV_NAME_SIZE]; /* of a socket that we made */
    char notice[CHARDEV_NAME_SIZE + 128];
};

static bool explain(char *error, const char *what, int code, const char *remedy)
{
    snprintf(error, CHARDEV_ERROR_SIZE, "%.300s: %s; %s", what, strerror(code),
             remedy);
    return false;
}

static void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* ---------------------------------------------------------------- sockets */

static void describe(const struct sockaddr *address, socklen_t size, char *text,
                     size_t room)
{
    char host[64], port[16];

    if (getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        *text = 0;
    else
        snprintf(text, room, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                 port);
}

static void listen_at(struct chardev *c, int fd, bool wait)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char where[96];

    set_nonblocking(fd);
    c->listener = fd;
    c->must_wait = wait;
    if (c->kind == CHARDEV_UNIX)
        snprintf(where, sizeof where, "%.90s", c->path);
    else if (getsockname(fd, (struct sockaddr *)&address, &size))
        *where = 0;
    else
        describe((struct sockaddr *)&address, size, where, sizeof where);
    snprintf(c->notice, sizeof c->notice, "%s a connection at %s",
             wait ? "waits for" : "takes", where);
}

/* One address of the host's name; errno says why not. */
static bool try_address(struct chardev *c, const struct chardev_spec *spec,
                        const struct addrinfo *a)
{
    int one = 1, fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    int code;

    if (fd < 0)
        return false;
    if (spec->server) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (!bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, 1)) {
            listen_at(c, fd, !spec->nowait);
            return true;
        }
    } else if (!connect(fd, a->ai_addr, a->ai_addrlen)) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        set_nonblocking(fd);
        c->in = c->out = fd;
        return true;
    }
    code = errno;
    close(fd);
    errno = code;
    return false;
}

static bool open_tcp(struct chardev *c, const struct chardev_spec *spec,
                     char *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = spec->server ? AI_PASSIVE : 0};
    const char *host = *spec->name ? spec->name : NULL;
    char where[CHARDEV_NAME_SIZE + 40];
    struct addrinfo *list, *a;
    int code;

    snprintf(where, sizeof where, "tcp:%s:%s", spec->name, spec->port);
    code = getaddrinfo(host, spec->port, &hints, &list);
    if (code) {
        snprintf(error, CHARDEV_ERROR_SIZE, "%.300s: %s; use another address",
                 where, gai_strerror(code));
        return false;
    }
    for (a = list; a && !try_address(c, spec, a); a = a->ai_next)
        ;
    code = errno;
    freeaddrinfo(list);
    return a || explain(error, where, code,
                        spec->server ? "use another port"
                                     : "start what listens there first, or "
                                       "add \",server\"");
}

/* What an earlier run left behind, but nobody's file. */
static void unlink_socket(const char *path)
{
    struct stat status;

    if (!lstat(path, &status) && S_ISSOCK(status.st_mode))
        unlink(path);
}

static bool open_unix(struct chardev *c, const struct chardev_spec *spec,
                      char *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, code;

    if (strlen(spec->name) >= sizeof address.sun_path)
        return explain(error, spec->name, ENAMETOOLONG, "use a shorter path");
    strcpy(address.sun_path, spec->name);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && spec->server) {
        unlink_socket(spec->name);
        if (!bind(fd, (struct sockaddr *)&address, sizeof address) &&
            !listen(fd, 1)) {
            strcpy(c->path, spec->name);
            listen_at(c, fd, !spec->nowait);
            return true;
        }
    } else if (fd >= 0 &&
               !connect(fd, (struct sockaddr *)&address, sizeof address)) {
        set_nonblocking(fd);
        c->in = c->out = fd;
        return true;
    }
    code = errno;
    if (fd >= 0)
        close(fd);
    return explain(error, spec->name, code, "use another path");
}

/* ---------------------------------------------------- terminals and pipes */

/* The terminal's other end passes all bytes; without anybody there, polling
 * tells a hang-up once it has been open. */
static bool make_terminal_raw(const char *name)
{
    struct termios raw;
    int fd = open(name, O_RDWR | O_NOCTTY);
    bool done = fd >= 0 && !tcgetattr(fd, &raw);

    if (done) {
        raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
                                   IGNCR | ICRNL | IXON);
        raw.c_oflag &= ~(tcflag_t)OPOST;
        raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        done = !tcsetattr(fd, TCSANOW, &raw);
    }
    if (fd >= 0)
        close(fd);
    return done;
}

static bool open_pty(struct chardev *c, char *error)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    const char *name = NULL;

    if (fd >= 0 && !grantpt(fd) && !unlockpt(fd))
        name = ptsname(fd);
    if (!name || !make_terminal_raw(name)) {
        explain(error, "pty", errno, "use another kind");
        if (fd >= 0)
            close(fd);
        return false;
    }
    set_nonblocking(fd);
    c->in = c->out = fd;
    snprintf(c->notice, sizeof c->notice, "is %s", name);
    return true;
}

/* Opening both directions never blocks, and never ends when the other end
 * goes. */
static int open_fifo(const char *name, const char *suffix)
{
    char path[CHARDEV_NAME_SIZE + 8];
    int fd;

    snprintf(path, sizeof path, "%s%s", name, suffix);
    fd = open(path, O_RDWR | O_NOCTTY);
    if (fd >= 0)
        set_nonblocking(fd);
    return fd;
}

static bool open_pipe(struct chardev *c, const struct chardev_spec *spec,
                      char *error)
{
    c->in = open_fifo(spec->name, ".in");
    c->out = open_fifo(spec->name, ".out");
    if (c->in >= 0 && c->out >= 0)
        return true;
    if (c->in >= 0)
        close(c->in);
    if (c->out >= 0)
        close(c->out);
    c->in = c->out = open_fifo(spec->name, "");
    return c->in >= 0 || explain(error, spec->name, errno,
                                 "make FILE.in and FILE.out with mkfifo");
}

static bool open_file(struct chardev *c, const struct chardev_spec *spec,
                      char *error)
{
    c->file = fopen(spec->name, "wb");
    if (c->file)
        return true;
    snprintf(error, CHARDEV_ERROR_SIZE,
             "%.300s: cannot be written; use another file", spec->name);
    return false;
}

/* ------------------------------------------------------------------- life */

static bool open_kind(struct chardev *c, const struct chardev_spec *spec,
                      char *error)
{
    switch (spec->kind) {
    case CHARDEV_STDIO:
        c->file = stdout;
        c->is_terminal = host_terminal_raw();
        return true;
    case CHARDEV_FILE:
        return open_file(c, spec, error);
    case CHARDEV_PIPE:
        return open_pipe(c, spec, error);
    case CHARDEV_PTY:
        return open_pty(c, error);
    case CHARDEV_TCP:
        return open_tcp(c, spec, error);
    case CHARDEV_UNIX:
        return open_unix(c, spec, error);
    default:
        return true;
    }
}

struct chardev *chardev_open(const struct chardev_spec *spec,
                             char error[CHARDEV_ERROR_SIZE])
{
    struct chardev *c = calloc(1, sizeof *c);

    if (!c) {
        snprintf(error, CHARDEV_ERROR_SIZE, "no memory; free some");
        return NULL;
    }
    c->kind = spec->kind;
    c->in = c->out = c->listener = -1;
    if (open_kind(c, spec, error))
        return c;
    free(c);
    return NULL;
}

const char *chardev_notice(const struct chardev *c)
{
    return c->notice;
}

static void hang_up(struct chardev *c)
{
    if (c->in >= 0)
        close(c->in);
    if (c->out >= 0 && c->out != c->in)
        close(c->out);
    c->in = c->out = -1;
    c->first = c->used = 0;
}

/* The last bytes, as long as the other end takes any. */
static void drain(struct chardev *c)
{
    struct pollfd state = {c->out, POLLOUT, 0};
    size_t before;

    do {
        before = chardev_pending(c);
        chardev_poll(c);
    } while (chardev_pending(c) &&
             (chardev_pending(c) < before || poll(&state, 1, DRAIN_MS) > 0));
}

void chardev_close(struct chardev *c)
{
    if (!c)
        return;
    drain(c);
    hang_up(c);
    if (c->listener >= 0)
        close(c->listener);
    if (*c->path)
        unlink(c->path);
    if (c->file && c->file != stdout)
        fclose(c->file);
    free(c->queue);
    free(c);
}

/* -------------------------------------------------------------- connections */

static void accept_one(struct chardev *c)
{
    int one = 1, fd = accept(c->listener, NULL, NULL);

    if (fd < 0)
        return;
    if (c->kind == CHARDEV_TCP)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    set_nonblocking(fd);
    c->in = c->out = fd;
}

void chardev_wait(struct chardev *c)
{
    struct pollfd ready = {c->listener, POLLIN, 0};

    while (c->must_wait && c->in < 0) {
        poll(&ready, 1, -1);
        accept_one(c);
    }
    c->must_wait = false;
}

bool chardev_connected(const struct chardev *c)
{
    struct pollfd state = {c->out, POLLOUT, 0};

    if (c->kind == CHARDEV_NULL || c->file)
        return true;
    if (c->out < 0)
        return false;
    return c->kind != CHARDEV_PTY || poll(&state, 1, 0) < 0 ||
           !(state.revents & POLLHUP);
}

/* --------------------------------------------------------------- the bytes */

/* Room for one more byte; what was written leaves the front. */
static bool make_room(struct chardev *c)
{
    size_t room = c->room ? 2 * c->room : 4096;
    uint8_t *grown;

    if (c->used < c->room)
        return true;
    if (c->first > c->room / 2) {
        memmove(c->queue, c->queue + c->first, c->used - c->first);
        c->used -= c->first;
        c->first = 0;
        return true;
    }
    grown = realloc(c->queue, room);
    if (!grown)
        return false;
    c->queue = grown;
    c->room = room;
    return true;
}

void chardev_put(struct chardev *c, uint8_t byte)
{
    if (c->file) {
        if (putc(byte, c->file) == EOF)
            c->failed = true;
    } else if (c->out >= 0 && make_room(c)) {
        c->queue[c->used++] = byte;
    }
}

size_t chardev_pending(const struct chardev *c)
{
    return c->used - c->first;
}

static void write_queue(struct chardev *c)
{
    ssize_t n;

    /* Of a terminal nobody has open the kernel would keep the bytes. */
    if (c->kind == CHARDEV_PTY && c->used && !chardev_connected(c))
        c->first = c->used = 0;
    while (c->first < c->used) {
        n = write(c->out, c->queue + c->first, c->used - c->first);
        if (n > 0)
            c->first += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        else if (c->kind == CHARDEV_PTY)
            c->first = c->used;
        else
            hang_up(c);
    }
    c->first = c->used = 0;
}

bool chardev_poll(struct chardev *c)
{
    if (c->file)
        return !fflush(c->file) && !c->failed;
    if (c->in < 0 && c->listener >= 0)
        accept_one(c);
    if (c->out >= 0)
        write_queue(c);
    return true;
}

size_t chardev_read(struct chardev *c, void *data, size_t size)
{
    ssize_t n;
    int got;

    if (c->kind == CHARDEV_STDIO) {
        got = c->input_ended ? 0 : host_read_input(data, size);
        c->input_ended |= got < 0;
        return got > 0 ? (size_t)got : 0;
    }
    if (c->in < 0 || !size)
        return 0;
    n = read(c->in, data, size);
    if (n > 0)
        return (size_t)n;
    /* The end of a connection; a terminal waits for the next one. */
    if (c->kind != CHARDEV_PTY && c->kind != CHARDEV_PIPE &&
        (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)))
        hang_up(c);
    return 0;
}

/* A terminal that nobody has open would always be ready, with a hang-up. */
int chardev_fd(const struct chardev *c)
{
    if (c->kind == CHARDEV_STDIO)
        return c->input_ended ? -1 : host_input_fd();
    if (c->in >= 0)
        return c->kind != CHARDEV_PTY || chardev_connected(c) ? c->in : -1;
    return c->listener;
}

bool chardev_is_terminal(const struct chardev *c)
{
    return c->is_terminal;
}
