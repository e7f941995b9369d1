/* log.c - log lines, repeat counting, the names of categories. */
#include "devices/core/log.h"

#include <stdarg.h>
#include <stdio.h>

_Static_assert(LOG_COUNT < 64, "categories must fit into the enabled mask");

struct category_text {
    const char *name, *help;
};

static const struct category_text categories[] = {
#define X(id, name, help) [LOG_##id] = {name, help},
    LOG_CATEGORIES(X)
#undef X
};

void log_init(struct log *log, log_sink *sink, void *opaque)
{
    memset(log, 0, sizeof *log);
    log->sink = sink;
    log->opaque = opaque;
}

void log_flush(struct log *log)
{
    char line[64];
    unsigned repeats = log->repeats;

    log->repeats = 0;
    if (!repeats || !log->sink)
        return;
    snprintf(line, sizeof line, "(line before repeated %u time%s)", repeats,
             repeats == 1 ? "" : "s");
    log->sink(log->opaque, log->last_category, line);
}

void log_printf(struct log *log, enum log_category category, const char *fmt,
                ...)
{
    char line[sizeof log->last];
    va_list args;

    if (!log->sink)
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    /* An empty `last` is what log_init left: nothing was written yet. */
    if (line[0] && category == log->last_category && !strcmp(line, log->last)) {
        log->repeats++;
        return;
    }
    log_flush(log);
    memcpy(log->last, line, sizeof line);
    log->last_category = category;
    log->sink(log->opaque, category, line);
}

const char *log_category_name(unsigned category)
{
    return category < LOG_COUNT ? categories[category].name : NULL;
}

const char *log_category_help(unsigned category)
{
    return category < LOG_COUNT ? categories[category].help : NULL;
}

/* Mask of one name of `length` characters, 0 = unknown. */
static uint64_t parse_one(const char *name, size_t length)
{
    if (length == 3 && !strncmp(name, "all", 3))
        return (1ull << LOG_COUNT) - 1;
    for (unsigned i = 0; i < LOG_COUNT; i++)
        if (strlen(categories[i].name) == length &&
            !strncmp(name, categories[i].name, length))
            return 1ull << i;
    return 0;
}

uint64_t log_parse(const char *list, const char **bad)
{
    uint64_t mask = 0;

    for (;;) {
        size_t length = strcspn(list, ",");
        uint64_t one = parse_one(list, length);
        if (!one) {
            *bad = list;
            return 0;
        }
        mask |= one;
        if (!list[length])
            return mask;
        list += length + 1;
    }
}
