/* chardev.c - reads what -serial and -parallel say. Not known of QEMU's
 * words: vc, telnet:, udp:, COM ports and terminals of the host. */
#include "frontend/chardev.h"

#include <stdio.h>
#include <string.h>

static bool refuse(char *error, const char *text, const char *reason)
{
    snprintf(error, CHARDEV_ERROR_SIZE, "\"%.200s\" %s", text, reason);
    return false;
}

/* The part of `text` up to `end`, or all of it, into a buffer. */
static bool copy_part(char *to, size_t size, const char *text, const char *end)
{
    size_t n = end ? (size_t)(end - text) : strlen(text);

    if (n == 0 || n >= size)
        return false;
    memcpy(to, text, n);
    to[n] = 0;
    return true;
}

/* ",server,nowait" and its newer form ",server=on,wait=off". */
static bool take_flags(struct chardev_spec *spec, const char *flags)
{
    static const struct {
        const char *word;
        int server, nowait; /* -1: as it was */
    } words[] = {
        {"server", 1, -1},   {"server=on", 1, -1},   {"server=off", 0, -1},
        {"nowait", -1, 1},   {"wait=off", -1, 1},    {"wait=on", -1, 0},
        {"nodelay", -1, -1}, {"nodelay=on", -1, -1},
    };

    while (flags && *flags) {
        size_t n = strcspn(++flags, ","), i;
        for (i = 0; i < sizeof words / sizeof words[0]; i++)
            if (strlen(words[i].word) == n && !strncmp(words[i].word, flags, n))
                break;
        if (i == sizeof words / sizeof words[0])
            return false;
        if (words[i].server >= 0)
            spec->server = words[i].server;
        if (words[i].nowait >= 0)
            spec->nowait = words[i].nowait;
        flags += n;
    }
    return true;
}

/* HOST:PORT, [IPV6]:PORT or :PORT, then flags. */
static bool parse_tcp(struct chardev_spec *spec, const char *text, char *error)
{
    const char *rest = text + 4, *flags = strchr(rest, ','), *colon = NULL;

    for (const char *p = rest; *p && p != flags; p++)
        if (*p == ':')
            colon = p;
    if (!colon)
        return refuse(error, text, "has no port; write tcp:HOST:PORT");
    if (*rest == '[' && colon > rest + 2 && colon[-1] == ']')
        copy_part(spec->name, sizeof spec->name, rest + 1, colon - 1);
    else if (colon > rest &&
             !copy_part(spec->name, sizeof spec->name, rest, colon))
        return refuse(error, text, "has too long a name; use another one");
    if (!copy_part(spec->port, sizeof spec->port, colon + 1, flags))
        return refuse(error, text, "has no port; write tcp:HOST:PORT");
    if (!take_flags(spec, flags))
        return refuse(error, text,
                      "has a word that is not known; use server, nowait");
    return true;
}

static bool parse_unix(struct chardev_spec *spec, const char *text, char *error)
{
    const char *flags = strchr(text + 5, ',');

    if (!copy_part(spec->name, sizeof spec->name, text + 5, flags))
        return refuse(error, text, "has no path; write unix:PATH");
    if (!take_flags(spec, flags))
        return refuse(error, text,
                      "has a word that is not known; use server, nowait");
    return true;
}

bool chardev_parse(struct chardev_spec *spec, const char *text,
                   char error[CHARDEV_ERROR_SIZE])
{
    static const struct {
        const char *word;
        enum chardev_kind kind;
    } words[] = {
        {"none", CHARDEV_NONE},   {"null", CHARDEV_NULL},
        {"stdio", CHARDEV_STDIO}, {"mon:stdio", CHARDEV_STDIO},
        {"pty", CHARDEV_PTY},
    };

    memset(spec, 0, sizeof *spec);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(text, words[i].word)) {
            spec->kind = words[i].kind;
            return true;
        }
    if (!strncmp(text, "tcp:", 4)) {
        spec->kind = CHARDEV_TCP;
        return parse_tcp(spec, text, error);
    }
    if (!strncmp(text, "unix:", 5)) {
        spec->kind = CHARDEV_UNIX;
        return parse_unix(spec, text, error);
    }
    if (!strncmp(text, "file:", 5) || !strncmp(text, "pipe:", 5)) {
        spec->kind = *text == 'f' ? CHARDEV_FILE : CHARDEV_PIPE;
        return copy_part(spec->name, sizeof spec->name, text + 5, NULL) ||
               refuse(error, text, "has no usable file name; name a file");
    }
    return refuse(error, text,
                  "is unknown; use stdio, file:FILE, pty, tcp:HOST:PORT, "
                  "unix:PATH, pipe:PATH, null or none");
}
