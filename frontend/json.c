/* json.c - a small strict reader of JSON (RFC 8259), recursive descent. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/json.h"

struct reader {
    const char *text;
    size_t length, at;
    unsigned depth;
    char *error; /* filled by the first refusal */
};

static struct json *parse_value(struct reader *r);

static void refuse(struct reader *r, const char *reason)
{
    if (!*r->error)
        snprintf(r->error, JSON_ERROR_SIZE, "column %zu: %s", r->at + 1,
                 reason);
}

/* The next character; 0 at the end (a NUL in the text is never valid). */
static char peek(const struct reader *r)
{
    return r->at < r->length ? r->text[r->at] : 0;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->length && strchr(" \t\r\n", r->text[r->at]) &&
           r->text[r->at])
        r->at++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (peek(r) != c || r->at >= r->length)
        return false;
    r->at++;
    return true;
}

void json_free(struct json *value)
{
    struct json *next;

    for (; value; value = next) {
        next = value->next;
        json_free(value->child);
        free(value->string);
        free(value->name);
        free(value);
    }
}

static struct json *make(struct reader *r, enum json_type type)
{
    struct json *value = calloc(1, sizeof *value);

    if (value)
        value->type = type;
    else
        refuse(r, "out of memory");
    return value;
}

/* -------------------------------------------------------------- strings */

static bool parse_hex4(struct reader *r, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(r);
        const char *digits = "0123456789abcdef", *d;
        d = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
        if (!d) {
            refuse(r, "\\u needs four hexadecimal digits");
            return false;
        }
        *code = *code << 4 | (unsigned)(d - digits);
        r->at++;
    }
    return true;
}

/* After "\u": one character as UTF-8, of one or two escapes. */
static char *parse_unicode(struct reader *r, char *out)
{
    unsigned code, low;

    if (!parse_hex4(r, &code))
        return NULL;
    if (code >= 0xD800 && code < 0xDC00) {
        bool pair =
            r->at + 2 <= r->length && !memcmp(r->text + r->at, "\\u", 2);
        r->at += pair ? 2 : 0;
        if (!pair || !parse_hex4(r, &low) || low < 0xDC00 || low > 0xDFFF) {
            refuse(r, "half of a surrogate pair");
            return NULL;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (!code || (code >= 0xDC00 && code < 0xE000)) {
        refuse(r, "this \\u character is not allowed");
        return NULL;
    }
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code >= 0x10000) {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
    } else if (code >= 0x800) {
        *out++ = (char)(0xE0 | code >> 12);
    } else {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
        return out;
    }
    *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

static char *parse_escape(struct reader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(r);
    const char *p = c ? strchr(from, c) : NULL;

    if (p) {
        r->at++;
        *out++ = to[p - from];
        return out;
    }
    if (c == 'u') {
        r->at++;
        return parse_unicode(r, out);
    }
    refuse(r, "unknown escape after \\");
    return NULL;
}

/* Bytes of the UTF-8 character at p, 0 = broken. */
static unsigned utf8_length(const unsigned char *p, size_t left)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : 4;
    uint32_t code = *p & (0xFFu >> (n + 1));

    if (n == 1)
        return 1;
    if ((n == 4 && *p >> 3 != 30) || n > left)
        return 0;
    for (unsigned i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        code = code << 6 | (p[i] & 0x3F);
    }
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    return n;
}

/* After the opening quote, up to and with the closing one. */
static char *parse_string(struct reader *r)
{
    char *string = malloc(r->length - r->at + 1), *out = string;

    if (!string)
        refuse(r, "out of memory");
    while (out) {
        unsigned char c = (unsigned char)peek(r);
        unsigned n;
        if (c == '"')
            break;
        if (c < 0x20) {
            refuse(r, r->at < r->length
                          ? "a control character; write it as \\u00XX"
                          : "the string does not end");
            out = NULL;
        } else if (c == '\\') {
            r->at++;
            out = parse_escape(r, out);
        } else {
            n = utf8_length((const unsigned char *)r->text + r->at,
                            r->length - r->at);
            if (!n)
                refuse(r, "broken UTF-8");
            memcpy(out, r->text + r->at, n);
            r->at += n;
            out = n ? out + n : NULL;
        }
    }
    if (!out) {
        free(string);
        return NULL;
    }
    r->at++;
    *out = 0;
    return string;
}

/* -------------------------------------------------------------- numbers */

static bool digits(struct reader *r)
{
    size_t start = r->at;

    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at > start;
}

static struct json *parse_number(struct reader *r)
{
    size_t start = r->at;
    struct json *value;
    char text[64];
    bool ok;

    if (peek(r) == '-')
        r->at++;
    ok = peek(r) == '0' ? (r->at++, true) : digits(r);
    if (ok && peek(r) == '.') {
        r->at++;
        ok = digits(r);
    }
    if (ok && (peek(r) == 'e' || peek(r) == 'E')) {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        ok = digits(r);
    }
    if (!ok || r->at - start >= sizeof text) {
        refuse(r, "not a number");
        return NULL;
    }
    memcpy(text, r->text + start, r->at - start);
    text[r->at - start] = 0;
    value = make(r, JSON_NUMBER);
    if (value)
        value->number = strtod(text, NULL);
    return value;
}

/* ------------------------------------------------- arrays and objects */

/* name ":" before a member's value. */
static char *parse_name(struct reader *r, const struct json *object)
{
    char *name;

    if (!take(r, '"')) {
        refuse(r, "a member name in quotes is missing");
        return NULL;
    }
    name = parse_string(r);
    if (!name)
        return NULL;
    if (json_member(object, name)) {
        refuse(r, "this member occurs twice");
    } else if (!take(r, ':')) {
        refuse(r, "\":\" is missing");
    } else {
        return name;
    }
    free(name);
    return NULL;
}

static bool parse_element(struct reader *r, struct json *group,
                          struct json ***tail)
{
    char *name = NULL;

    if (group->type == JSON_OBJECT) {
        name = parse_name(r, group);
        if (!name)
            return false;
    }
    **tail = parse_value(r);
    if (!**tail) {
        free(name);
        return false;
    }
    (**tail)->name = name;
    *tail = &(**tail)->next;
    return true;
}

/* After "[" or "{". */
static struct json *parse_group(struct reader *r, enum json_type type)
{
    char close = type == JSON_ARRAY ? ']' : '}';
    struct json *group = make(r, type), **tail;

    if (!group)
        return NULL;
    tail = &group->child;
    if (take(r, close))
        return group;
    do {
        if (!parse_element(r, group, &tail)) {
            json_free(group);
            return NULL;
        }
    } while (take(r, ','));
    if (!take(r, close)) {
        refuse(r, type == JSON_ARRAY ? "\",\" or \"]\" is missing"
                                     : "\",\" or \"}\" is missing");
        json_free(group);
        return NULL;
    }
    return group;
}

static struct json *parse_word(struct reader *r)
{
    static const struct {
        const char *word;
        enum json_type type;
        bool value;
    } words[] = {
        {"null", JSON_NULL, false},
        {"true", JSON_BOOL, true},
        {"false", JSON_BOOL, false},
    };
    struct json *value;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i].word);
        if (r->length - r->at < n || memcmp(r->text + r->at, words[i].word, n))
            continue;
        r->at += n;
        value = make(r, words[i].type);
        if (value)
            value->boolean = words[i].value;
        return value;
    }
    refuse(r, r->at < r->length ? "a value is expected here"
                                : "the text ends too early");
    return NULL;
}

static struct json *parse_value(struct reader *r)
{
    struct json *value;

    skip_blanks(r);
    if (take(r, '"')) {
        value = make(r, JSON_STRING);
        if (value && !(value->string = parse_string(r))) {
            free(value);
            value = NULL;
        }
        return value;
    }
    if (peek(r) == '-' || (peek(r) >= '0' && peek(r) <= '9'))
        return parse_number(r);
    if (peek(r) != '[' && peek(r) != '{')
        return parse_word(r);
    if (r->depth == JSON_MAX_DEPTH) {
        refuse(r, "nested too deeply");
        return NULL;
    }
    r->depth++;
    r->at++;
    value =
        parse_group(r, r->text[r->at - 1] == '[' ? JSON_ARRAY : JSON_OBJECT);
    r->depth--;
    return value;
}

struct json *json_parse(const char *text, size_t length,
                        char error[JSON_ERROR_SIZE])
{
    struct reader r = {text, length, 0, 0, error};
    struct json *value;

    error[0] = 0;
    value = parse_value(&r);
    skip_blanks(&r);
    if (value && r.at < r.length) {
        refuse(&r, "something follows the value");
        json_free(value);
        return NULL;
    }
    return value;
}

const struct json *json_member(const struct json *object, const char *name)
{
    const struct json *member;

    if (object->type != JSON_OBJECT)
        return NULL;
    for (member = object->child; member; member = member->next)
        if (member->name && !strcmp(member->name, name))
            return member;
    return NULL;
}
