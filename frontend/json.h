/* json.h - a small strict reader of JSON (RFC 8259). */
#ifndef UMBRA_FRONTEND_JSON_H
#define UMBRA_FRONTEND_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* Elements of an array and members of an object are the list `child`,
 * `next`; a member has a name. Strings are UTF-8 without NUL. */
struct json {
    enum json_type type;
    bool boolean;
    double number;
    char *string;
    char *name;
    struct json *child, *next;
};

enum { JSON_ERROR_SIZE = 96, JSON_MAX_DEPTH = 32 };

/* One value and nothing after it. NULL with "column N: reason" in error[].
 * Twice the same member name, NUL characters, raw control characters,
 * broken UTF-8 and nesting beyond JSON_MAX_DEPTH are refused. */
struct json *json_parse(const char *text, size_t length,
                        char error[JSON_ERROR_SIZE]);
void json_free(struct json *value);
/* A member of an object or NULL. */
const struct json *json_member(const struct json *object, const char *name);

#endif
