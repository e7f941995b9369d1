/* matcher.h - POSIX extended regular expressions on text and on a stream. */
#ifndef UMBRA_FRONTEND_MATCHER_H
#define UMBRA_FRONTEND_MATCHER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* Compile so that ^ and $ match at lines. False with the reason. */
bool matcher_compile(regex_t *re, const char *pattern, char *error,
                     size_t error_size);

/* The end of what a serial port sent, made fit for matching: carriage
 * returns, NULs and ANSI control sequences are left out. */
struct stream {
    char text[32768]; /* NUL-terminated */
    size_t length;
    size_t done; /* matches of stream_expect so far end here */
    enum { STREAM_PLAIN, STREAM_ESCAPE, STREAM_SEQUENCE } state;
    bool changed; /* since the last call of stream_matches */
};

void stream_put(struct stream *stream, unsigned char byte);
/* Anywhere in what is kept; cheap when nothing was added. */
bool stream_matches(struct stream *stream, const regex_t *re);
/* In what came after the last successful call. */
bool stream_expect(struct stream *stream, const regex_t *re);

#endif
