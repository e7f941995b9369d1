/* options.c - the command line, as QEMU users know it.
 *
 * Every option may be written with one dash or two; a value follows as the
 * next word or after "=" (two dashes only). Not supported of QEMU's manner:
 * -machine and the like. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "frontend/options.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct parser {
    struct options *o;
    const char *name; /* of the option at hand, as written */
    char *error;
};

/* One row of the table below. `arg` NULL: no value. Rows with a `result`
 * end the parsing. */
struct option_row {
    const char *name;
    const char *arg;
    const char *help; /* lines separated by \n; NULL: alias, not shown */
    bool (*take)(struct parser *p, const char *value);
    enum options_result result;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct parser *p,
                                                         const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(p->error, OPTIONS_ERROR_SIZE, "%.64s: ", p->name);
    va_start(ap, fmt);
    vsnprintf(p->error + n, OPTIONS_ERROR_SIZE - (size_t)n, fmt, ap);
    va_end(ap);
    return false;
}

/* ------------------------------------------------------ kinds of values */

bool options_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    uint64_t value = 0;
    unsigned shift = 20; /* a bare number counts MiB */
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
        if (!unit || (text[1] && strcasecmp(text + 1, "B") &&
                      strcasecmp(text + 1, "iB")))
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *bytes = value << shift;
    return true;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t era_year = month > 2 ? year : year - 1;
    int64_t months = (month + 9) % 12; /* since March */

    return era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400 +
           (months * 153 + 2) / 5 + day - 1 - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

bool options_parse_date(const char *text, int64_t *seconds)
{
    int year, month, day, hour = 0, minute = 0, second = 0, used = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3)
        return false;
    text += used;
    if (*text == 'T') {
        if (sscanf(text, "T%2d:%2d:%2d%n", &hour, &minute, &second, &used) != 3)
            return false;
        text += used;
    }
    if (*text || year < 1970 || year > 2099 || month < 1 || month > 12 ||
        day < 1 || day > days_in_month(year, month))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59)
        return false;
    *seconds = days_of_date(year, month, day) * 86400 + hour * 3600 +
               minute * 60 + second;
    return true;
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;

    *seconds = strtod(text, &end);
    return end != text && !*end && isfinite(*seconds) && *seconds > 0 &&
           *seconds <= 1e9;
}

/* ----------------------------------------------------- taking a value */

static bool take_media(struct parser *p, const char *value,
                       enum umbra_drive drive, bool cdrom)
{
    struct umbra_media *media = &p->o->config.media[drive];

    if (media->path)
        return refuse(p, "the drive already holds %s; give one image a drive",
                      media->path);
    if (!*value)
        return refuse(p, "the file name is empty; name an image");
    media->path = value;
    media->cdrom = cdrom;
    media->read_only = cdrom;
    return true;
}

#define TAKE_MEDIA(name, drive, cdrom)                                         \
    static bool take_##name(struct parser *p, const char *value)               \
    {                                                                          \
        return take_media(p, value, drive, cdrom);                             \
    }
TAKE_MEDIA(fda, UMBRA_FDA, false)
TAKE_MEDIA(fdb, UMBRA_FDB, false)
TAKE_MEDIA(hda, UMBRA_HDA, false)
TAKE_MEDIA(hdb, UMBRA_HDB, false)
TAKE_MEDIA(hdc, UMBRA_HDC, false)
TAKE_MEDIA(hdd, UMBRA_HDD, false)
TAKE_MEDIA(cdrom, UMBRA_HDC, true)

/* The first flash chip that is free. */
static bool take_pflash(struct parser *p, const char *value)
{
    char keys[2 * OPTIONS_PATH_SIZE], reason[OPTIONS_ERROR_SIZE];
    size_t n = (size_t)snprintf(keys, sizeof keys, "if=pflash,file=");

    for (; *value && n + 2 < sizeof keys; value++) {
        keys[n++] = *value;
        if (*value == ',')
            keys[n++] = ',';
    }
    keys[n] = 0;
    if (*value)
        return refuse(p, "the file name is too long; use a shorter one");
    return options_take_drive(p->o, keys, reason) ||
           refuse(p, "%.400s", reason);
}

static bool take_drive(struct parser *p, const char *value)
{
    char reason[OPTIONS_ERROR_SIZE];

    return options_take_drive(p->o, value, reason) ||
           refuse(p, "%.400s", reason);
}

#define TAKE_STRING(name, member)                                              \
    static bool take_##name(struct parser *p, const char *value)               \
    {                                                                          \
        p->o->member = value;                                                  \
        return true;                                                           \
    }
TAKE_STRING(kernel, kernel)
TAKE_STRING(initrd, initrd)
TAKE_STRING(append, config.cmdline)
TAKE_STRING(bios, bios)
TAKE_STRING(vgabios, vgabios)
TAKE_STRING(log_file, log_file)
TAKE_STRING(screen_text, screen_text)
TAKE_STRING(screenshot, screenshot)
TAKE_STRING(until_text, until_text)
TAKE_STRING(until_serial, until_serial)
TAKE_STRING(input_script, input_script)
TAKE_STRING(stats, stats)

static bool take_memory(struct parser *p, const char *value)
{
    uint64_t bytes;

    if (!strncmp(value, "size=", 5))
        value += 5;
    if (!options_parse_size(value, &bytes))
        return refuse(p, "\"%s\" is no size; write 512, 512M or 2G", value);
    if (bytes < 1 << 20 || bytes > 1ull << 40)
        return refuse(p, "%s is out of range; RAM goes from 1M to 1024G",
                      value);
    if (bytes % (1 << 20))
        return refuse(p, "%s is not a whole number of MiB; round it", value);
    p->o->config.ram_bytes = bytes;
    return true;
}

static bool take_boot(struct parser *p, const char *value)
{
    char reason[OPTIONS_ERROR_SIZE];

    return options_take_boot(p->o, value, reason) ||
           refuse(p, "%.400s", reason);
}

static bool take_option_rom(struct parser *p, const char *value)
{
    char reason[OPTIONS_ERROR_SIZE];

    return options_take_option_rom(p->o, value, reason) ||
           refuse(p, "%.400s", reason);
}

/* The terminal can be the other end of one port only. */
static bool is_stdio_used(const struct options *o)
{
    for (unsigned i = 0; i < o->serials; i++)
        if (o->serial[i].kind == CHARDEV_STDIO)
            return true;
    for (unsigned i = 0; i < o->parallels; i++)
        if (o->parallel[i].kind == CHARDEV_STDIO)
            return true;
    return false;
}

static bool take_chardev(struct parser *p, const char *value,
                         struct chardev_spec *spec)
{
    char reason[CHARDEV_ERROR_SIZE];

    if (!chardev_parse(spec, value, reason))
        return refuse(p, "%.400s", reason);
    if (spec->kind == CHARDEV_STDIO && is_stdio_used(p->o))
        return refuse(p, "stdio belongs to another port; use pty or file:FILE");
    return true;
}

static bool take_serial(struct parser *p, const char *value)
{
    struct options *o = p->o;

    if (o->serials == UMBRA_SERIAL_PORTS)
        return refuse(p, "there are four serial ports; leave this one out");
    if (!take_chardev(p, value, &o->serial[o->serials]))
        return false;
    if (o->serial[o->serials].kind == CHARDEV_NONE)
        o->config.serial_ports &= (uint8_t) ~(1u << o->serials);
    o->serials++;
    return true;
}

/* A port that is named is there, and has a printer. */
static bool take_parallel(struct parser *p, const char *value)
{
    struct options *o = p->o;
    uint8_t bit = (uint8_t)(1u << o->parallels);

    if (o->parallels == UMBRA_PARALLEL_PORTS)
        return refuse(p, "there are three parallel ports; leave this one out");
    if (!take_chardev(p, value, &o->parallel[o->parallels]))
        return false;
    if (o->parallel[o->parallels].kind == CHARDEV_NONE) {
        o->config.parallel_ports &= (uint8_t)~bit;
    } else {
        o->config.parallel_ports |= bit;
        o->config.printers |= bit;
    }
    o->parallels++;
    return true;
}

void options_default_serial(struct options *o)
{
    if (o->serials || is_stdio_used(o))
        return;
    o->serial[0].kind = CHARDEV_STDIO;
    o->serials = 1;
}

static bool take_serial_speed(struct parser *p, const char *value)
{
    p->o->config.serial_bit_times = !strcmp(value, "real");
    return p->o->config.serial_bit_times || !strcmp(value, "fast") ||
           refuse(p, "\"%s\" is unknown; use fast or real", value);
}

static bool take_display(struct parser *p, const char *value)
{
    if (!strcmp(value, "sdl"))
        p->o->display = DISPLAY_SDL;
    else if (!strcmp(value, "none"))
        p->o->display = DISPLAY_NONE;
    else
        return refuse(p, "\"%s\" is unknown; use sdl or none", value);
    return true;
}

static bool take_full_screen(struct parser *p, const char *value)
{
    (void)value;
    p->o->full_screen = true;
    return true;
}

static bool take_nographic(struct parser *p, const char *value)
{
    (void)value;
    p->o->display = DISPLAY_NONE;
    p->o->nographic = true;
    return true;
}

static bool take_strict_report(struct parser *p, const char *value)
{
    (void)value;
    p->o->config.strict = true;
    return true;
}

static bool take_vga(struct parser *p, const char *value)
{
    p->o->config.no_display = !strcmp(value, "none");
    return p->o->config.no_display || !strcmp(value, "std") ||
           refuse(p,
                  "there is no card \"%s\"; use std (a VGA with VBE to 2560 x "
                  "1600, 1234:1111 on PCI) or none",
                  value);
}

static bool take_no_reboot(struct parser *p, const char *value)
{
    (void)value;
    p->o->config.no_reboot = true;
    return true;
}

static bool take_snapshot(struct parser *p, const char *value)
{
    (void)value;
    p->o->snapshot = true;
    return true;
}

static bool take_log(struct parser *p, const char *value)
{
    const char *bad = value;
    uint64_t mask = umbra_log_parse(value, &bad);

    if (!mask)
        return refuse(p, "no category \"%.*s\"; -d help lists them",
                      (int)strcspn(bad, ","), bad);
    p->o->config.log_mask |= mask;
    return true;
}

static bool take_mmu(struct parser *p, const char *value)
{
    if (!strcmp(value, "cached"))
        p->o->config.mmu = UMBRA_MMU_CACHED;
    else if (!strcmp(value, "flush"))
        p->o->config.mmu = UMBRA_MMU_FLUSH;
    else
        return refuse(p, "\"%s\" is unknown; use cached or flush", value);
    return true;
}

static bool take_cpu(struct parser *p, const char *value)
{
    char reason[UMBRA_ERROR_SIZE];

    if (!umbra_cpu_check(value, reason))
        return refuse(p, "%s", reason);
    p->o->config.cpu = value;
    return true;
}

/* "iobase=0xf4,iosize=4"; QEMU's defaults. */
static bool take_debug_exit(struct parser *p, const char *text)
{
    unsigned long base = 0x501, size = 2;

    while (*text == ',') {
        unsigned long *to = !strncmp(text, ",iobase=", 8)   ? &base
                            : !strncmp(text, ",iosize=", 8) ? &size
                                                            : NULL;
        char *end;

        if (!to)
            break;
        *to = strtoul(text + 8, &end, 0);
        if (end == text + 8)
            break;
        text = end;
    }
    if (*text)
        return refuse(p, "\"%s\" is unknown; use iobase=PORT and iosize=N",
                      text);
    if (!base || base > 0xFFFC || !size || size > 4)
        return refuse(p, "iobase goes from 1 to 0xFFFC, iosize from 1 to 4; "
                         "use others");
    p->o->config.exit_port = (uint16_t)base;
    p->o->config.exit_size = (uint16_t)size;
    return true;
}

/* The two devices that test ROMs written for QEMU need. */
/* The card is there anyway; only its ROM can be another. */
static bool take_vga_card(struct parser *p, const char *text)
{
    if (!*text)
        return true;
    if (strncmp(text, ",romfile=", 9) || !text[9])
        return refuse(p, "\"%s\" is unknown; use VGA,romfile=FILE", text + 1);
    p->o->vgabios = text + 9;
    return true;
}

static bool take_device(struct parser *p, const char *value)
{
    size_t length = strcspn(value, ",");

    if (!strcmp(value, "pc-testdev")) {
        p->o->config.pc_testdev = true;
        return true;
    }
    if (length == 14 && !strncmp(value, "isa-debug-exit", length))
        return take_debug_exit(p, value + length);
    if (length == 3 && !strncmp(value, "VGA", length))
        return take_vga_card(p, value + length);
    return refuse(p,
                  "\"%.*s\" is unknown; use pc-testdev, "
                  "isa-debug-exit,iobase=0xf4,iosize=4 or VGA,romfile=FILE",
                  (int)length, value);
}

static bool take_accel(struct parser *p, const char *value)
{
    if (!strcmp(value, "interp"))
        p->o->config.accel = UMBRA_ACCEL_INTERP;
    else if (!strcmp(value, "jit"))
        p->o->config.accel = UMBRA_ACCEL_JIT;
    else
        return refuse(p, "\"%s\" is unknown; use jit or interp", value);
    return true;
}

static bool take_jit_cache(struct parser *p, const char *value)
{
    uint64_t bytes;

    if (!options_parse_size(value, &bytes))
        return refuse(p, "\"%s\" is no size; write 64 or 64M", value);
    if (bytes < 1 << 20 || bytes > 1 << 30)
        return refuse(p, "%s is out of range; the cache goes from 1M to 1G",
                      value);
    p->o->config.jit_cache = bytes;
    return true;
}

static bool take_perf_map(struct parser *p, const char *value)
{
    (void)value;
    p->o->perf_map = true;
    return true;
}

static bool take_icount(struct parser *p, const char *value)
{
    const char *digits = value;
    unsigned long shift;
    char *end;

    p->o->clock_given = true;
    if (!strcmp(value, "off")) {
        p->o->config.clock = UMBRA_CLOCK_HOST;
        return true;
    }
    if (!strncmp(digits, "shift=", 6))
        digits += 6;
    shift = strtoul(digits, &end, 10);
    if (!isdigit((unsigned char)*digits) || *end || shift > 10)
        return refuse(p,
                      "\"%s\" is unknown; use shift=N with N from 0 to 10 "
                      "(an instruction takes 2^N ns), or off",
                      value);
    p->o->config.clock = UMBRA_CLOCK_VIRTUAL;
    p->o->config.icount_shift = (unsigned)shift;
    return true;
}

static bool take_seed(struct parser *p, const char *value)
{
    char *end;

    p->o->seed_given = true;
    errno = 0;
    p->o->config.random_seed = strtoull(value, &end, 0);
    if (!isdigit((unsigned char)*value) || *end || errno)
        return refuse(p, "\"%s\" is no number below 2^64", value);
    return true;
}

/* Seconds since 1970 of which the RTC shows the host's local time. */
static int64_t local_now(void)
{
    time_t now = time(NULL);
    struct tm tm;

    if (!localtime_r(&now, &tm))
        return (int64_t)now;
    return days_of_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 +
           tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
}

static bool take_rtc_base(struct parser *p, const char *value)
{
    p->o->rtc_given = true;
    if (!strcmp(value, "utc"))
        p->o->config.rtc_base = (int64_t)time(NULL);
    else if (!strcmp(value, "localtime"))
        p->o->config.rtc_base = local_now();
    else if (!options_parse_date(value, &p->o->config.rtc_base))
        return refuse(p,
                      "\"%s\" is no start of the clock; use base=utc, "
                      "base=localtime or base=2006-06-17T16:01:21",
                      value);
    return true;
}

/* The clock counts the PC's time; so clock=host asks for the host's time for
 * the whole PC. */
static bool take_rtc(struct parser *p, const char *value)
{
    char word[64];
    size_t n;

    do {
        n = strcspn(value, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, value);
        if (!strcmp(word, "clock=host") || !strcmp(word, "clock=rt"))
            p->o->rtc_host = true;
        else if (!strncmp(word, "clock=", 6) && strcmp(word, "clock=vm"))
            return refuse(p, "\"%s\" is unknown; use clock=host or clock=vm",
                          word);
        else if (!strncmp(word, "driftfix=", 9) && strcmp(word + 9, "none") &&
                 strcmp(word + 9, "slew"))
            return refuse(p,
                          "\"%s\" is unknown; use driftfix=slew or "
                          "driftfix=none",
                          word);
        else if (!strncmp(word, "driftfix=", 9))
            p->o->config.rtc_slew = !strcmp(word + 9, "slew");
        else if (strncmp(word, "clock=", 6) &&
                 !take_rtc_base(p,
                                !strncmp(word, "base=", 5) ? word + 5 : word))
            return false;
        value += n + (value[n] == ',');
    } while (*value);
    return true;
}

static bool take_load(struct parser *p, const char *value)
{
    char reason[OPTIONS_ERROR_SIZE];

    return options_take_load(p->o, value, reason) ||
           refuse(p, "%.400s", reason);
}

static bool take_linux_entry(struct parser *p, const char *value)
{
    unsigned *entry = &p->o->config.linux_entry;

    if (!strcmp(value, "16"))
        *entry = 16;
    else if (!strcmp(value, "32"))
        *entry = 32;
    else if (!strcmp(value, "64"))
        *entry = 64;
    else
        return refuse(p, "\"%s\" is unknown; use 16, 32 or 64", value);
    return true;
}

static bool take_time_limit(struct parser *p, const char *value)
{
    if (!parse_seconds(value, &p->o->time_limit))
        return refuse(p, "\"%s\" is no time; give seconds above 0", value);
    return true;
}

static bool take_drop_derived(struct parser *p, const char *value)
{
    if (!parse_seconds(value, &p->o->drop_derived))
        return refuse(p, "\"%s\" is no time; give seconds above 0", value);
    return true;
}

/* ------------------------------------------------------------ the table */

#define ROW(name, arg, take, help)                                             \
    {                                                                          \
        name, arg, help, take, OPTIONS_RUN                                     \
    }
#define ENDS(name, result, help)                                               \
    {                                                                          \
        name, NULL, help, NULL, result                                         \
    }
#define SECTION(title)                                                         \
    {                                                                          \
        NULL, NULL, title, NULL, OPTIONS_RUN                                   \
    }

static const struct option_row rows[] = {
    SECTION("Disks"),
    ROW("fda", "FILE", take_fda, "floppy in drive A:"),
    ROW("fdb", "FILE", take_fdb, "floppy in drive B:"),
    ROW("hda", "FILE", take_hda, "hard disk, first channel, master"),
    ROW("hdb", "FILE", take_hdb, "hard disk, first channel, slave"),
    ROW("hdc", "FILE", take_hdc, "hard disk, second channel, master"),
    ROW("hdd", "FILE", take_hdd, "hard disk, second channel, slave"),
    ROW("cdrom", "FILE", take_cdrom, "CD-ROM, second channel, master"),
    ROW("drive", "KEYS", take_drive,
        "file=FILE,format=raw|qcow2,if=ide|floppy|pflash,\n"
        "index=N,media=disk|cdrom,readonly=on,snapshot=on,\n"
        "cyls=N,heads=N,secs=N,\n"
        "trans=auto|none|lba|large|rechs"),
    ROW("snapshot", NULL, take_snapshot, "throw writes to disks away at exit"),
    ROW("boot", "ORDER", take_boot,
        "what to boot from, in order: a floppy, c hard\n"
        "disk, d CD-ROM, n network (default: the image\n"
        "named alone, else cad); or order=ORDER,\n"
        "once=ORDER,menu=on|off,splash-time=MS,\n"
        "reboot-timeout=MS; F12 shows the menu"),
    SECTION("Direct load"),
    ROW("kernel", "FILE", take_kernel,
        "Linux (bzImage, zImage), Multiboot 1 or 2, PVH,\n"
        "ELF (32-bit code in protected mode, 64-bit code\n"
        "in long mode); with UEFI firmware as -bios also\n"
        "an EFI application"),
    ROW("initrd", "FILE", take_initrd,
        "Linux: initial RAM disk; Multiboot, PVH: modules\n"
        "\"FILE ARGS,FILE ARGS\""),
    ROW("append", "TEXT", take_append, "the kernel's command line"),
    ROW("linux-entry", "BITS", take_linux_entry,
        "enter Linux at its 16-, 32- or 64-bit entry"),
    ROW("load", "FILE@ADDR", take_load,
        "put a file to a hexadecimal address; without a\n"
        "kernel the first one is entered: ,entry=ADDR and\n"
        ",mode=16|32|64 (default 16 below 1 MiB, else 32)"),
    SECTION("The PC"),
    ROW("m", "SIZE", take_memory, "RAM: MiB, or with K, M, G (default 128)"),
    ROW("bios", "FILE", take_bios, "firmware instead of the built-in one"),
    ROW("vga", "CARD", take_vga,
        "std: a VGA with VBE (default); none: no card, for\n"
        "PCs that are used over COM1"),
    ROW("vgabios", "FILE", take_vgabios,
        "the video card's firmware instead of the built-in\none"),
    ROW("option-rom", "FILE", take_option_rom,
        "option ROM that the firmware starts, as iPXE's"),
    ROW("pflash", "FILE", take_pflash,
        "flash chip with firmware, a second one with its\n"
        "variables (as -drive if=pflash,unit=N)"),
    ROW("serial", "TO", take_serial,
        "COM1 at stdio (in a terminal Ctrl-A h helps),\n"
        "file:FILE, pty, tcp:HOST:PORT[,server][,nowait],\n"
        "unix:PATH[,server][,nowait], pipe:PATH, null;\n"
        "none: not there; up to four times, for COM1-4"),
    ROW("serial-speed", "SPEED", take_serial_speed,
        "fast (default: a character takes 2 us) or real\n"
        "(as long as the guest's bit rate says)"),
    ROW("parallel", "TO", take_parallel,
        "a printer at LPT1; the same words; up to three\n"
        "times, for LPT1-3"),
    ROW("rtc", "base=TIME", take_rtc,
        "clock at power-on: utc, localtime or a date as\n"
        "2006-06-17T16:01:21 (default utc; 2026-01-01\n"
        "under the virtual clock); clock=host: as -icount\n"
        "off (clock=vm: as it is); driftfix=slew: missed\n"
        "periodic interrupts are made up for"),
    ROW("no-reboot", NULL, take_no_reboot, "exit instead of a reset"),
    ROW("cpu", "MODEL", take_cpu,
        "processor, with +FEATURE or -FEATURE behind\n"
        "commas (default x86-64-v3); -cpu help"),
    ROW("device", "DEVICE", take_device,
        "for test ROMs: pc-testdev, or isa-debug-exit,\n"
        "iobase=PORT,iosize=N (default 0x501, 2 bytes);\n"
        "VGA,romfile=FILE: as -vgabios"),
    ROW("accel", "ENGINE", take_accel,
        "what runs the code: jit (translates hot code; the\n"
        "default where it exists) or interp"),
    ROW("jit-cache", "SIZE", take_jit_cache,
        "memory for translations: MiB, or with K, M, G\n"
        "(default 32)"),
    ROW("mmu", "POLICY", take_mmu,
        "cached keeps translations across CR3 loads,\n"
        "flush drops them (for comparison)"),
    ROW("icount", "shift=N", take_icount,
        "virtual clock: an instruction takes 2^N ns\n"
        "(default without a window, N = 2); off: the\n"
        "host's clock (default with a window)"),
    ROW("seed", "N", take_seed,
        "where the numbers of RDRAND begin (default 0\n"
        "under the virtual clock, else one of the host's)"),
    SECTION("Display"),
    ROW("display", "KIND", take_display,
        "sdl: a window; none: no picture (default: a\n"
        "window where there is a display)"),
    ROW("full-screen", NULL, take_full_screen, "start with the whole screen"),
    ROW("nographic", NULL, take_nographic,
        "same as -display none -serial stdio"),
    SECTION("Runs without a user (times are the PC's own)"),
    ROW("time-limit", "SECONDS", take_time_limit, "end the run then"),
    ROW("until-text", "RE", take_until_text,
        "end with success when the text screen matches\n"
        "this POSIX extended regular expression"),
    ROW("until-serial", "RE", take_until_serial,
        "the same for the output of COM1"),
    ROW("input-script", "FILE", take_input_script,
        "JSON lines: {\"text\": RE, \"keys\": [\"ret\"]} ..."),
    ROW("screen-text", "FILE", take_screen_text,
        "write the text screen at the end; - is stdout"),
    ROW("screenshot", "FILE", take_screenshot,
        "write the picture at the end, as PNG"),
    ROW("stats", "FILE", take_stats,
        "write counters and the state's hash at the end,\n"
        "as JSON; - is stdout"),
    ROW("strict-report", NULL, take_strict_report,
        "count what hardware would punish or leave\n"
        "undefined but lax emulators forgive; a table at\n"
        "the end, and in --stats"),
    ROW("perf-map", NULL, take_perf_map,
        "tell perf where translations lie: /tmp/perf-PID.map\n"
        "names them umbra:RIP"),
    ROW("drop-derived", "SECONDS", take_drop_derived,
        "drop translations and decoded code that often,\n"
        "at random moments (the guest must not notice)"),
    SECTION("Help"),
    ROW("d", "LIST", take_log, "log these categories, by comma; -d help"),
    ROW("D", "FILE", take_log_file, "log to a file instead of stderr"),
    ENDS("h", OPTIONS_HELP, "this text"),
    ENDS("help", OPTIONS_HELP, NULL),
    ENDS("version", OPTIONS_VERSION, "name and version"),
};

/* -------------------------------------------------------------- parsing */

/* Edit distance, for suggestions; long words count as far. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[32], before, old;
    size_t i, j, m = strlen(b);

    if (m >= ARRAY_LEN(row) || strlen(a) >= ARRAY_LEN(row))
        return 99;
    for (j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (i = 1; i <= strlen(a); i++) {
        before = row[0];
        row[0] = (unsigned)i;
        for (j = 1; j <= m; j++) {
            old = row[j];
            row[j] = before + (a[i - 1] != b[j - 1]);
            if (old + 1 < row[j])
                row[j] = old + 1;
            if (row[j - 1] + 1 < row[j])
                row[j] = row[j - 1] + 1;
            before = old;
        }
    }
    return row[m];
}

static const struct option_row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *n = rows[i].name;
        if (n && strlen(n) == length && !strncmp(n, name, length))
            return &rows[i];
    }
    return NULL;
}

static void refuse_unknown(struct parser *p, const char *name)
{
    const struct option_row *best = NULL;
    size_t half = (strlen(name) + 1) / 2;
    unsigned nearest = half < 3 ? (unsigned)half : 3, d;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        d = rows[i].name ? distance(name, rows[i].name) : 99;
        if (d < nearest) {
            nearest = d;
            best = &rows[i];
        }
    }
    if (best)
        refuse(p, "no such option; did you mean -%s?", best->name);
    else
        refuse(p, "no such option; -h lists them");
}

/* One word (and its value) at argv[*i]. */
static enum options_result parse_word(struct parser *p, int argc,
                                      char *const argv[], int *i)
{
    const char *word = argv[*i], *name = word + 1, *equal, *value = NULL;
    const struct option_row *row;

    p->name = word;
    if (word[0] != '-' || !word[1]) {
        if (p->o->image) {
            refuse(p, "a second image; name its drive, as -hdb %s", word);
            return OPTIONS_BAD;
        }
        p->o->image = word;
        return OPTIONS_RUN;
    }
    if (*name == '-')
        name++;
    equal = name > word + 1 ? strchr(name, '=') : NULL;
    row = find_row(name, equal ? (size_t)(equal - name) : strlen(name));
    if (!row) {
        refuse_unknown(p, name);
        return OPTIONS_BAD;
    }
    if (!row->take)
        return row->result;
    if (row->arg && equal)
        value = equal + 1;
    else if (row->arg && *i + 1 < argc)
        value = argv[++*i];
    if (row->arg && !value) {
        refuse(p, "a value is missing; write -%s %s", row->name, row->arg);
        return OPTIONS_BAD;
    }
    if (!row->arg && equal) {
        refuse(p, "takes no value; write -%s", row->name);
        return OPTIONS_BAD;
    }
    if (row->take == take_log && !strcmp(value, "help"))
        return OPTIONS_LOG_HELP;
    if (row->take == take_cpu && !strcmp(value, "help"))
        return OPTIONS_CPU_HELP;
    return row->take(p, value) ? OPTIONS_RUN : OPTIONS_BAD;
}

/* Values that only make sense together. */
static bool check_together(struct parser *p)
{
    struct options *o = p->o;

    if (o->rtc_host && o->clock_given &&
        o->config.clock == UMBRA_CLOCK_VIRTUAL) {
        p->name = "-rtc";
        return refuse(p, "clock=host does not go with the virtual clock; use "
                         "-icount off");
    }
    if (o->rtc_host) {
        o->clock_given = true;
        o->config.clock = UMBRA_CLOCK_HOST;
    }
    if (o->initrd && !o->kernel && !o->image) {
        p->name = "-initrd";
        return refuse(p, "there is no kernel; add -kernel FILE");
    }
    if (o->image && o->kernel) {
        p->name = o->image;
        return refuse(p, "an image beside -kernel; name its drive, as -hda");
    }
    return true;
}

enum options_result options_parse(struct options *options, int argc,
                                  char *const argv[],
                                  char error[OPTIONS_ERROR_SIZE])
{
    struct parser p = {options, "", error};
    enum options_result result;

    memset(options, 0, sizeof *options);
    umbra_config_default(&options->config);
    error[0] = 0;
    for (int i = 1; i < argc; i++) {
        result = parse_word(&p, argc, argv, &i);
        if (result != OPTIONS_RUN)
            return result;
    }
    if (!check_together(&p))
        return OPTIONS_BAD;
    if (options->nographic)
        options_default_serial(options);
    for (int i = 0; i < UMBRA_DRIVES; i++)
        options->config.media[i].snapshot |= options->snapshot;
    for (int i = 0; i < UMBRA_FLASHES; i++)
        options->config.flash[i].snapshot |= options->snapshot;
    return OPTIONS_RUN;
}

/* ----------------------------------------------------------------- help */

static void put_option(const struct option_row *row,
                       void (*put)(void *, const char *), void *opaque)
{
    char left[40], line[128];
    const char *text = row->help;

    snprintf(left, sizeof left, "-%s%s%s", row->name, row->arg ? " " : "",
             row->arg ? row->arg : "");
    while (*text) {
        int n = (int)strcspn(text, "\n");
        snprintf(line, sizeof line, "  %-22s %.*s", left, n, text);
        put(opaque, line);
        left[0] = 0;
        text += n + (text[n] == '\n');
    }
}

/* A paragraph broken at blanks, after a code. */
static void put_code(int code, const char *meaning,
                     void (*put)(void *, const char *), void *opaque)
{
    char left[16], line[128];

    snprintf(left, sizeof left, "%d", code);
    while (*meaning) {
        size_t n = strlen(meaning);
        if (n > 68) {
            for (n = 68; n && meaning[n] != ' '; n--)
                ;
        }
        snprintf(line, sizeof line, "  %-5s %.*s", left, (int)n, meaning);
        put(opaque, line);
        left[0] = 0;
        meaning += n + (meaning[n] == ' ');
    }
}

void options_help(void (*put)(void *opaque, const char *line), void *opaque)
{
    put(opaque, "Usage: umbra [OPTIONS] [IMAGE]");
    put(opaque, "An x86 PC. IMAGE is a floppy, disk, CD-ROM, Linux, Multiboot "
                "or ELF image; its");
    put(opaque, "kind is seen from content and size. Options take one dash "
                "or two.");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].name && rows[i].help) {
            put_option(&rows[i], put, opaque);
        } else if (rows[i].help) {
            put(opaque, "");
            put(opaque, rows[i].help);
        }
    }
    put(opaque, "");
    put(opaque, "Exit codes");
#define X(id, code, meaning) put_code(code, meaning, put, opaque);
    EXIT_CODES(X)
#undef X
    put(opaque, "  odd   the guest wrote (code - 1) / 2 to port 0xF4");
}
