/* img.c - the program umbra-img: disk images without a PC.
 *
 * Commands, options and exit codes are those of qemu-img, as far as they go:
 * create, info, convert, check. Not supported: other formats than raw and
 * qcow2, snapshots, resizing, several source files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "frontend/img/img.h"

int img_fail(const char *line)
{
    fflush(stdout);
    fprintf(stderr, "umbra-img: %s\n", line);
    return IMG_FAILED;
}

static int fail_about(const char *what, const char *reason)
{
    char line[UMBRA_DISK_ERROR_SIZE];

    snprintf(line, sizeof line, "%.200s: %s", what, reason);
    return img_fail(line);
}

bool img_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "BKMGTPE";
    uint64_t value = 0;
    unsigned shift = 0;
    const char *unit;

    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        if (value > UINT64_MAX / 16)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (*text) {
        unit = strchr(units, toupper((unsigned char)*text));
        if (!unit || !*unit || text[1])
            return false;
        shift = 10 * (unsigned)(unit - units);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *bytes = value << shift;
    return true;
}

/* -------------------------------------------------------------- -o key=value
 */

static bool take_number(const char *text, uint64_t *value)
{
    return img_parse_size(text, value) && *value > 0;
}

/* False: not to be understood. */
static bool take_pair(struct umbra_disk_create *c, const char *key,
                      const char *value)
{
    uint64_t number;

    if (!strcmp(key, "size"))
        return img_parse_size(value, &c->size);
    if (!strcmp(key, "cluster_size"))
        return take_number(value, &c->cluster_size);
    if (!strcmp(key, "refcount_bits")) {
        if (!take_number(value, &number) || number > 64)
            return false;
        c->refcount_bits = (unsigned)number;
        return true;
    }
    if (!strcmp(key, "compat")) {
        c->version = !strcmp(value, "0.10") || !strcmp(value, "v2")  ? 2
                     : !strcmp(value, "1.1") || !strcmp(value, "v3") ? 3
                                                                     : 0;
        return c->version != 0;
    }
    if (!strcmp(key, "lazy_refcounts")) {
        c->lazy_refcounts = !strcmp(value, "on");
        return c->lazy_refcounts || !strcmp(value, "off");
    }
    if (!strcmp(key, "compression_type"))
        return !strcmp(value, "zlib");
    if (!strcmp(key, "preallocation"))
        return !strcmp(value, "off");
    if (!strcmp(key, "backing_file"))
        return (c->backing = value)[0] != 0;
    if (!strcmp(key, "backing_fmt"))
        return (c->backing_format = value)[0] != 0;
    return false;
}

/* The pieces are cut in place; a doubled comma is one of a value. */
static bool take_pairs(struct img_options *o, char *text)
{
    while (*text) {
        char *key = text, *to, *value = NULL, *from = text;

        for (to = text; *from && (*from != ',' || from[1] == ','); to++) {
            from += *from == ',';
            *to = *from++;
            if (*to == '=' && !value) {
                *to = 0;
                value = to + 1;
            }
        }
        text = *from ? from + 1 : from;
        *to = 0;
        if (!value || !take_pair(&o->create, key, value)) {
            fail_about(key, "no such -o option, or not with that value; use "
                            "cluster_size=, backing_file=, backing_fmt=, "
                            "refcount_bits=, compat=, lazy_refcounts=, size=");
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------- command line */

/* `options`: those it takes. */
static const struct command {
    const char *name, *options;
    int min_files, max_files;
    int (*run)(const struct img_options *o);
    const char *help;
} commands[] = {
    {"create", "fbFoq", 1, 2, img_create,
     "create [-f FORMAT] [-b BACKING -F FORMAT] [-o KEY=VALUE,..] FILE [SIZE]"},
    {"info", "f", 1, 1, img_info,
     "info [-f FORMAT] [--output=human|json] [--backing-chain] FILE"},
    {"convert", "fOobBFcpq", 2, 2, img_convert,
     "convert [-c] [-p] [-f FORMAT] [-O FORMAT] [-B BACKING -F FORMAT]\n"
     "          [-o KEY=VALUE,..] FILE OUTPUT"},
    {"check", "frpq", 1, 1, img_check,
     "check [-f FORMAT] [-r leaks|all] [--output=human|json] FILE"},
};

static void put_help(void)
{
    puts("Usage: umbra-img COMMAND ...\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        printf("  %s\n", commands[i].help);
    puts("\n  -f, -O, -F   raw or qcow2 (default: by content; new: raw)\n"
         "  -c           compress (qcow2)\n"
         "  -p           show progress also where there is no terminal\n"
         "  -q           say nothing but errors\n"
         "  -o           cluster_size=64K, refcount_bits=16, compat=1.1 or "
         "0.10,\n"
         "               lazy_refcounts=off, backing_file=FILE, "
         "backing_fmt=FORMAT,\n               size=SIZE\n"
         "  -r leaks     free clusters that nobody uses\n"
         "  -r all       count all clusters anew\n"
         "  SIZE         bytes, or with K, M, G, T, P, E\n\n"
         "Exit codes: 0 done, 1 failed; check: 2 errors, 3 leaks only, 63 "
         "nothing to\ncheck in this format");
}

/* Options without a value. False: the letter is another one. */
static bool take_flag(struct img_options *o, char letter)
{
    switch (letter) {
    case 'c':
        o->compress = true;
        return true;
    case 'p':
        o->progress = true;
        return true;
    case 'q':
        o->quiet = true;
        return true;
    default:
        return false;
    }
}

static bool take_value(struct img_options *o, char letter, char *value)
{
    switch (letter) {
    case 'f':
        o->format = value;
        return true;
    case 'O':
        o->out_format = value;
        return true;
    case 'b':
    case 'B':
        o->create.backing = value;
        return true;
    case 'F':
        o->create.backing_format = value;
        return true;
    case 'o':
        return take_pairs(o, value);
    default: /* -r */
        o->repair = !strcmp(value, "leaks") ? UMBRA_DISK_FIX_LEAKS
                    : !strcmp(value, "all") ? UMBRA_DISK_FIX_ALL
                                            : UMBRA_DISK_LOOK;
        return o->repair != UMBRA_DISK_LOOK ||
               (fail_about("-r", "write -r leaks or -r all"), false);
    }
}

static bool take_long(struct img_options *o, const char *name)
{
    if (!strcmp(name, "--output=json"))
        o->json = true;
    else if (!strcmp(name, "--backing-chain"))
        o->chain = true;
    else if (strcmp(name, "--output=human"))
        return fail_about(name, "unknown option; see umbra-img --help"), false;
    return true;
}

/* argv[2..): options and files in any order, "--" ends the options. */
static bool parse(struct img_options *o, const struct command *command,
                  int argc, char *argv[])
{
    bool only_files = false;

    for (int i = 2; i < argc; i++) {
        char *word = argv[i], *value;

        if (!only_files && !strcmp(word, "--")) {
            only_files = true;
        } else if (only_files || word[0] != '-' || !word[1]) {
            if (o->files == command->max_files)
                return fail_about(word, "one file too many"), false;
            o->file[o->files++] = word;
        } else if (word[1] == '-') {
            if (!take_long(o, word))
                return false;
        } else if (!strchr(command->options, word[1])) {
            return fail_about(word, "unknown option; see umbra-img --help"),
                   false;
        } else if (word[2] || !take_flag(o, word[1])) {
            value = word[2] ? word + 2 : i + 1 < argc ? argv[++i] : NULL;
            if (!value)
                return fail_about(word, "a value must follow"), false;
            if (!take_value(o, word[1], value))
                return false;
        }
    }
    if (o->files < command->min_files)
        return fail_about(command->name, "a file name is missing; see "
                                         "umbra-img --help"),
               false;
    return true;
}

int img_create(const struct img_options *o)
{
    struct umbra_disk_create create = o->create;
    char error[UMBRA_DISK_ERROR_SIZE];

    create.path = o->file[0];
    create.format = o->format ? o->format : "raw";
    if (o->files > 1) {
        if (!img_parse_size(o->file[1], &create.size))
            return fail_about(o->file[1], "is no size; write bytes, or 512M "
                                          "or 10G");
    } else if (!create.size) {
        if (!create.backing)
            return fail_about(create.path, "no size; add one, as 10G");
        create.size_from_backing = true;
    }
    return umbra_disk_create(&create, error) ? IMG_OK : img_fail(error);
}

int main(int argc, char *argv[])
{
    struct img_options o = {.files = 0};

    if (argc < 2)
        return img_fail("what is to be done? see umbra-img --help");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        put_help();
        return IMG_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("umbra-img " UMBRA_VERSION);
        return IMG_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(argv[1], commands[i].name))
            return parse(&o, &commands[i], argc, argv) ? commands[i].run(&o)
                                                       : IMG_FAILED;
    return fail_about(argv[1], "no such command; there are create, info, "
                               "convert, check");
}
