/* matcher.c - POSIX extended regular expressions on text and on a stream. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "frontend/matcher.h"

bool matcher_compile(regex_t *re, const char *pattern, char *error,
                     size_t error_size)
{
    int code = regcomp(re, pattern, REG_EXTENDED | REG_NEWLINE);

    if (code)
        regerror(code, re, error, error_size);
    return !code;
}

/* Control sequences of ECMA-48: ESC [ parameters final; ESC and one other
 * character. */
static bool is_text(struct stream *s, unsigned char byte)
{
    switch (s->state) {
    case STREAM_ESCAPE:
        s->state = byte == '[' ? STREAM_SEQUENCE : STREAM_PLAIN;
        return false;
    case STREAM_SEQUENCE:
        if (byte >= 0x40 && byte <= 0x7E)
            s->state = STREAM_PLAIN;
        return false;
    default:
        if (byte == 0x1B)
            s->state = STREAM_ESCAPE;
        return byte != 0x1B && byte != '\r' && byte;
    }
}

void stream_put(struct stream *s, unsigned char byte)
{
    size_t half = sizeof s->text / 2;

    if (!is_text(s, byte))
        return;
    if (s->length + 1 == sizeof s->text) {
        memmove(s->text, s->text + half, s->length - half);
        s->length -= half;
        s->done = s->done > half ? s->done - half : 0;
    }
    s->text[s->length++] = (char)byte;
    s->text[s->length] = 0;
    s->changed = true;
}

bool stream_matches(struct stream *s, const regex_t *re)
{
    if (!s->changed)
        return false;
    s->changed = false;
    return !regexec(re, s->text, 0, NULL, 0);
}

bool stream_expect(struct stream *s, const regex_t *re)
{
    regmatch_t match;

    if (regexec(re, s->text + s->done, 1, &match, 0))
        return false;
    s->done += (size_t)match.rm_eo;
    return true;
}
