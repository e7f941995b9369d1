/* options_load.c - the value of --load: FILE@ADDRESS[,entry=ADDRESS]
 * [,mode=BITS], addresses in hexadecimal. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options.h"

__attribute__((format(printf, 2, 3))) static bool refuse(char *error,
                                                         const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, OPTIONS_ERROR_SIZE, fmt, ap);
    va_end(ap);
    return false;
}

/* Hexadecimal with or without 0x, up to a comma or the end. */
static bool parse_address(const char *text, uint64_t *address)
{
    char *end;

    errno = 0;
    *address = strtoull(text, &end, 16);
    return isxdigit((unsigned char)*text) && !errno && (!*end || *end == ',');
}

static bool take_key(struct options *o, const char *text, char *error)
{
    struct umbra_config *config = &o->config;
    int length = (int)strcspn(text, ",");

    if (!strncmp(text, "entry=", 6)) {
        if (!parse_address(text + 6, &config->raw_entry))
            return refuse(error,
                          "\"%.*s\" is no address; write hexadecimal digits",
                          length - 6, text + 6);
        return true;
    }
    if (!strncmp(text, "mode=", 5)) {
        config->raw_mode = (unsigned)strtoul(text + 5, NULL, 10);
        if (length == 7 && (config->raw_mode == 16 || config->raw_mode == 32 ||
                            config->raw_mode == 64))
            return true;
        return refuse(error, "\"%.*s\" is no mode; use 16, 32 or 64",
                      length - 5, text + 5);
    }
    return refuse(error,
                  "\"%.*s\" is unknown; use entry=ADDRESS or mode=16|32|64",
                  length, text);
}

bool options_take_load(struct options *o, const char *value,
                       char error[OPTIONS_ERROR_SIZE])
{
    const char *at = strrchr(value, '@'), *key;
    struct options_load *load = &o->load[o->loads];

    if (o->loads == UMBRA_MAX_RAW)
        return refuse(error, "there are more than %d; join some files",
                      UMBRA_MAX_RAW);
    if (!at || at == value || !parse_address(at + 1, &load->address))
        return refuse(error,
                      "\"%s\" does not end in an address; write "
                      "FILE@ADDRESS, as boot.bin@7c00",
                      value);
    if ((size_t)(at - value) >= sizeof load->path)
        return refuse(error, "the file name is too long; use a shorter one");
    snprintf(load->path, sizeof load->path, "%.*s", (int)(at - value), value);
    for (key = strchr(at, ','); key; key = strchr(key + 1, ','))
        if (!take_key(o, key + 1, error))
            return false;
    o->loads++;
    return true;
}
