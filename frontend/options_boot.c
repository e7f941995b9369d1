/* options_boot.c - the values of -boot, "order=ORDER,once=ORDER,menu=on,
 * splash-time=MS,reboot-timeout=MS", and of -option-rom.
 *
 * Of QEMU's keys splash= (a picture) is refused by name; strict= is taken and
 * says what is so anyway: of the devices named the first comes first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options.h"

struct boot_parser {
    struct options *options;
    char *error;
};

static bool refuse(struct boot_parser *p, const char *value, const char *reason)
{
    snprintf(p->error, OPTIONS_ERROR_SIZE, "\"%.64s\" %s", value, reason);
    return false;
}

static bool take_order(struct boot_parser *p, const char *value,
                       char text[OPTIONS_ORDER_SIZE], const char **to)
{
    size_t length = strlen(value);

    if (!length || length >= OPTIONS_ORDER_SIZE ||
        strspn(value, "acdn") != length)
        return refuse(p, value,
                      "is no boot order; use letters of a (floppy), "
                      "c (hard disk), d (CD-ROM), n (network)");
    strcpy(text, value);
    *to = text;
    return true;
}

static bool take_ms(struct boot_parser *p, const char *value, unsigned *ms)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end || n > 65535)
        return refuse(p, value, "is no time; give milliseconds up to 65535");
    *ms = (unsigned)n;
    return true;
}

static bool take_menu(struct boot_parser *p, const char *value)
{
    struct umbra_config *c = &p->options->config;

    if (!strcmp(value, "on"))
        c->boot_menu = UMBRA_MENU_ON;
    else if (!strcmp(value, "off"))
        c->boot_menu = UMBRA_MENU_OFF;
    else
        return refuse(p, value, "is unknown; menu is on or off");
    return true;
}

static bool take_key(struct boot_parser *p, const char *key, const char *value)
{
    struct options *o = p->options;

    if (!strcmp(key, "order"))
        return take_order(p, value, o->boot_order, &o->config.boot_order);
    if (!strcmp(key, "once"))
        return take_order(p, value, o->boot_once, &o->config.boot_once);
    if (!strcmp(key, "menu"))
        return take_menu(p, value);
    if (!strcmp(key, "splash-time"))
        return take_ms(p, value, &o->config.boot_menu_ms);
    if (!strcmp(key, "reboot-timeout"))
        return !strcmp(value, "-1") ||
               take_ms(p, value, &o->config.boot_retry_ms);
    return !strcmp(key, "strict") ||
           refuse(p, key,
                  "is no key of a boot order; use order, once, menu, "
                  "splash-time, reboot-timeout");
}

bool options_take_boot(struct options *options, const char *value,
                       char error[OPTIONS_ERROR_SIZE])
{
    struct boot_parser p = {options, error};
    bool first = true;

    do {
        size_t length = strcspn(value, ",");
        char pair[64], *equal;

        if (length >= sizeof pair)
            return refuse(&p, value, "is no boot order; it is too long");
        memcpy(pair, value, length);
        pair[length] = 0;
        value += length;
        equal = strchr(pair, '=');
        if (equal) {
            *equal = 0;
            if (!take_key(&p, pair, equal + 1))
                return false;
        } else if (!first || !take_key(&p, "order", pair)) {
            return first ? false
                         : refuse(&p, pair, "has no value; write key=value");
        }
        first = false;
    } while (*value++ == ',');
    return true;
}

bool options_take_option_rom(struct options *options, const char *value,
                             char error[OPTIONS_ERROR_SIZE])
{
    struct boot_parser p = {options, error};

    if (!strncmp(value, "file=", 5))
        value += 5;
    if (!*value)
        return refuse(&p, value, "is no file name; name a ROM image");
    if (options->option_roms == UMBRA_MAX_OPTION_ROMS)
        return refuse(&p, value, "is one ROM too many; 8 are allowed");
    options->option_rom[options->option_roms++] = value;
    return true;
}
