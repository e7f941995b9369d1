/* chardev.h - where the bytes of a serial or parallel port go to and come
 * from, as users of QEMU know it: "stdio", "file:FILE", "pty",
 * "tcp:HOST:PORT,server,nowait" ...
 *
 * chardev.c reads these words; chardev_posix.c does what they say on POSIX
 * systems. Nothing here blocks but chardev_wait. */
#ifndef UMBRA_FRONTEND_CHARDEV_H
#define UMBRA_FRONTEND_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chardev_kind {
    CHARDEV_NONE, /* the port is not there */
    CHARDEV_NULL, /* nobody listens */
    CHARDEV_STDIO,
    CHARDEV_FILE, /* output only */
    CHARDEV_PIPE, /* FILE.in and FILE.out, or FILE */
    CHARDEV_PTY,
    CHARDEV_TCP,
    CHARDEV_UNIX
};

enum { CHARDEV_NAME_SIZE = 512, CHARDEV_ERROR_SIZE = 512 };

struct chardev_spec {
    enum chardev_kind kind;
    char name[CHARDEV_NAME_SIZE]; /* of file or socket; TCP: the host */
    char port[32];                /* TCP */
    bool server, nowait;          /* sockets */
};

/* What -serial and -parallel say; false with "reason; remedy". */
bool chardev_parse(struct chardev_spec *spec, const char *text,
                   char error[CHARDEV_ERROR_SIZE]);

struct chardev;

/* NULL with one line in error[]. What the user should know about it (the name
 * of the terminal, the socket's address) is in chardev_notice, or "". */
struct chardev *chardev_open(const struct chardev_spec *spec,
                             char error[CHARDEV_ERROR_SIZE]);
const char *chardev_notice(const struct chardev *chardev);
/* Servers without `nowait`: until somebody has connected. */
void chardev_wait(struct chardev *chardev);
void chardev_close(struct chardev *chardev);

/* Takes any number of bytes and keeps those that the other end does not take
 * yet; they are thrown away when nobody is there. */
void chardev_put(struct chardev *chardev, uint8_t byte);
/* Bytes that are kept. */
size_t chardev_pending(const struct chardev *chardev);
/* Moves them on, looks for new connections. False when they can never be
 * moved: the file cannot be written any more. */
bool chardev_poll(struct chardev *chardev);
/* What came in: up to `size` bytes, 0 = nothing at the moment. */
size_t chardev_read(struct chardev *chardev, void *data, size_t size);
/* Somebody is at the other end. */
bool chardev_connected(const struct chardev *chardev);
/* What to wait for: a file descriptor, or -1. */
int chardev_fd(const struct chardev *chardev);
/* The standard input is a terminal that is ours. */
bool chardev_is_terminal(const struct chardev *chardev);

#endif
