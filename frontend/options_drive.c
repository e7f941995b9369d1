/* options_drive.c - the value of -drive: "file=FILE,format=raw,...".
 *
 * Supported of QEMU's keys: file, format, if (ide, floppy, pflash), index or
 * unit, media, readonly, snapshot, id (only a name), cyls, heads, secs,
 * trans. Others are refused by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options.h"

/* What the keys said; the file name goes to the options at the end. */
struct drive {
    char file[OPTIONS_PATH_SIZE];
    const char *format;
    bool floppy, flash, cdrom, read_only, snapshot;
    int index;                          /* -1: the first that is free */
    unsigned cylinders, heads, sectors; /* 0: by the disk's size */
    enum umbra_translation translation;
    char *error;
};

static bool refuse(struct drive *d, const char *key, const char *reason)
{
    snprintf(d->error, OPTIONS_ERROR_SIZE, "%.64s %s", key, reason);
    return false;
}

static bool take_switch(struct drive *d, const char *key, const char *value,
                        bool *to)
{
    *to = !strcmp(value, "on");
    return *to || !strcmp(value, "off") || refuse(d, key, "is on or off");
}

static bool take_format(struct drive *d, const char *value)
{
    if (!strcmp(value, "raw"))
        d->format = "raw";
    else if (!strcmp(value, "qcow2"))
        d->format = "qcow2";
    else
        return refuse(d, value, "is no format here; use raw or qcow2");
    return true;
}

static bool take_index(struct drive *d, const char *value)
{
    if (value[0] < '0' || value[0] > '3' || value[1])
        return refuse(d, "index", "is 0 to 3; with if=floppy or pflash 0 or 1");
    d->index = value[0] - '0';
    return true;
}

/* A number of a hard disk's geometry, 1 to max. */
static bool take_count(struct drive *d, const char *key, const char *value,
                       unsigned max, unsigned *to)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    *to = (unsigned)n;
    if (value[0] < '1' || value[0] > '9' || *end || n > max) {
        snprintf(d->error, OPTIONS_ERROR_SIZE, "%s goes from 1 to %u", key,
                 max);
        return false;
    }
    return true;
}

static bool take_translation(struct drive *d, const char *value)
{
    static const char *const names[] = {
        [UMBRA_TRANSLATION_AUTO] = "auto",
        [UMBRA_TRANSLATION_NONE] = "none",
        [UMBRA_TRANSLATION_LBA] = "lba",
        [UMBRA_TRANSLATION_LARGE] = "large",
        [UMBRA_TRANSLATION_RECHS] = "rechs",
    };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(value, names[i])) {
            d->translation = (enum umbra_translation)i;
            return true;
        }
    return refuse(d, "trans", "is auto, none, lba, large or rechs");
}

static bool take_geometry(struct drive *d, const char *key, const char *value,
                          bool *known)
{
    *known = true;
    if (!strcmp(key, "cyls"))
        return take_count(d, key, value, 16383, &d->cylinders);
    if (!strcmp(key, "heads"))
        return take_count(d, key, value, 16, &d->heads);
    if (!strcmp(key, "secs"))
        return take_count(d, key, value, 63, &d->sectors);
    if (!strcmp(key, "trans"))
        return take_translation(d, value);
    *known = false;
    return true;
}

static bool take_key(struct drive *d, const char *key, const char *value)
{
    bool known;

    if (!strcmp(key, "file")) {
        snprintf(d->file, sizeof d->file, "%s", value);
        return true;
    }
    if (!strcmp(key, "format"))
        return take_format(d, value);
    if (!strcmp(key, "index") || !strcmp(key, "unit"))
        return take_index(d, value);
    if (!strcmp(key, "readonly"))
        return take_switch(d, key, value, &d->read_only);
    if (!strcmp(key, "snapshot"))
        return take_switch(d, key, value, &d->snapshot);
    if (!strcmp(key, "if")) {
        d->floppy = !strcmp(value, "floppy");
        d->flash = !strcmp(value, "pflash");
        return d->floppy || d->flash || !strcmp(value, "ide") ||
               refuse(d, "if", "is ide, floppy or pflash");
    }
    if (!strcmp(key, "media")) {
        d->cdrom = !strcmp(value, "cdrom");
        return d->cdrom || !strcmp(value, "disk") ||
               refuse(d, "media", "is disk or cdrom");
    }
    if (!take_geometry(d, key, value, &known))
        return false;
    return known || !strcmp(key, "id") ||
           refuse(d, key,
                  "is no key here; use file, format, if, index, "
                  "unit, media, readonly, snapshot, cyls, heads, secs, "
                  "trans");
}

/* Cuts "key=value" off; a doubled comma is one of the value. */
static bool next_pair(const char **text, char *pair, size_t size)
{
    size_t n = 0;

    for (; **text && (**text != ',' || (*text)[1] == ','); ++*text) {
        *text += **text == ',';
        if (n + 1 >= size)
            return false;
        pair[n++] = **text;
    }
    *text += **text == ',';
    pair[n] = 0;
    return true;
}

static bool place_flash(struct drive *d, struct options *o)
{
    int unit = d->index;

    if (unit < 0)
        unit = o->config.flash[0].path ? 1 : 0;
    if (unit >= UMBRA_FLASHES || o->config.flash[unit].path)
        return refuse(d, d->file,
                      "has no flash chip left; there are units 0 and 1");
    strcpy(o->flash_path[unit], d->file);
    o->config.flash[unit] = (struct umbra_media){
        .path = o->flash_path[unit],
        .read_only = d->read_only,
        .snapshot = d->snapshot,
        .format = d->format,
    };
    return true;
}

static bool place(struct drive *d, struct options *o)
{
    int first = d->floppy ? UMBRA_FDA : UMBRA_HDA;
    int last = d->floppy ? UMBRA_FDB : UMBRA_HDD;
    int drive = first + d->index;
    struct umbra_media *media;

    if (d->index < 0) {
        drive = d->cdrom ? UMBRA_HDC : first;
        while (drive <= last && o->config.media[drive].path)
            drive++;
    }
    if (drive > last)
        return refuse(d, d->file,
                      "has no drive left; there are two floppy "
                      "and four IDE drives");
    media = &o->config.media[drive];
    if (media->path)
        return refuse(d, d->file,
                      "is for a drive that holds another image; "
                      "give it another index");
    strcpy(o->drive_path[drive], d->file);
    *media = (struct umbra_media){
        .path = o->drive_path[drive],
        .cdrom = d->cdrom && !d->floppy,
        .read_only = d->read_only || d->cdrom,
        .snapshot = d->snapshot,
        .format = d->format,
        .cylinders = (uint16_t)d->cylinders,
        .heads = (uint8_t)d->heads,
        .sectors = (uint8_t)d->sectors,
        .translation = d->translation,
    };
    return true;
}

bool options_take_drive(struct options *options, const char *value,
                        char error[OPTIONS_ERROR_SIZE])
{
    struct drive d = {.index = -1, .error = error};
    char pair[OPTIONS_PATH_SIZE + 16], *equal;

    while (*value) {
        if (!next_pair(&value, pair, sizeof pair))
            return refuse(&d, "a value", "is too long; use a shorter name");
        equal = strchr(pair, '=');
        if (!equal)
            return refuse(&d, pair, "has no value; write key=value,...");
        *equal = 0;
        if (strlen(equal + 1) >= sizeof d.file)
            return refuse(&d, pair, "is too long; use a shorter name");
        if (!take_key(&d, pair, equal + 1))
            return false;
    }
    if (!d.file[0])
        return refuse(&d, "file=", "is missing; name an image");
    if (!d.cylinders != !d.heads || !d.heads != !d.sectors)
        return refuse(&d, "cyls, heads, secs",
                      "belong together; give all three");
    return d.flash ? place_flash(&d, options) : place(&d, options);
}
