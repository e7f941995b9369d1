/* options.h - the command line, as QEMU users know it.
 *
 * options_parse fills a struct options; what it cannot accept becomes one
 * line "OPTION: reason; remedy". The table of options in options.c serves
 * parsing, -h and the suggestions for mistyped names. */
#ifndef UMBRA_FRONTEND_OPTIONS_H
#define UMBRA_FRONTEND_OPTIONS_H

#include "frontend/chardev.h"
#include "umbra.h"

/* THE table of exit codes: identifier, code, meaning. All are even: odd
 * codes are those of the guest, which port 0xF4 makes of value * 2 + 1. */
#define EXIT_CODES(X)                                                          \
    X(EXIT_OK, 0,                                                              \
      "an --until condition was met; without one: the guest powered off, "     \
      "or the user ended the run")                                             \
    X(EXIT_USAGE, 2,                                                           \
      "wrong option or value; or a file that is missing, not usable, or "      \
      "fails while in use (disk full)")                                        \
    X(EXIT_NOT_MET, 4,                                                         \
      "the guest powered off, or the user ended the run, before an --until "   \
      "condition was met")                                                     \
    X(EXIT_RESET, 6, "the guest reset the PC, under -no-reboot")               \
    X(EXIT_TRIPLE_FAULT, 8, "the CPU triple-faulted, under -no-reboot")        \
    X(EXIT_TIME_LIMIT, 10, "--time-limit was reached")                         \
    X(EXIT_HOST, 12,                                                           \
      "host error: no memory, no display, output cannot be written")

enum exit_code {
#define X(id, code, meaning) id = code,
    EXIT_CODES(X)
#undef X
};

enum display { DISPLAY_AUTO, DISPLAY_SDL, DISPLAY_NONE };

enum { OPTIONS_PATH_SIZE = 1024, OPTIONS_ORDER_SIZE = 5 };

/* A file for an address. */
struct options_load {
    char path[OPTIONS_PATH_SIZE];
    uint64_t address;
};

/* Strings point into argv, or, of -drive, into drive_path, flash_path. */
struct options {
    struct umbra_config config; /* without the files' bytes */
    const char *image;          /* bare argument, still to be recognised */
    const char *bios, *vgabios, *kernel, *initrd;
    struct options_load load[UMBRA_MAX_RAW];
    unsigned loads;
    enum display display;
    bool full_screen, nographic;
    struct chardev_spec serial[UMBRA_SERIAL_PORTS];
    struct chardev_spec parallel[UMBRA_PARALLEL_PORTS];
    unsigned serials, parallels; /* how many were named */
    const char *log_file;
    bool clock_given, rtc_given, seed_given;
    bool rtc_host; /* -rtc clock=host */
    bool snapshot;
    bool perf_map;
    double time_limit;   /* seconds; 0 = none */
    double drop_derived; /* seconds between drops; 0 = never */
    const char *screen_text, *screenshot, *stats;
    const char *until_text, *until_serial;
    const char *input_script;
    char boot_order[OPTIONS_ORDER_SIZE], boot_once[OPTIONS_ORDER_SIZE];
    const char *option_rom[UMBRA_MAX_OPTION_ROMS];
    unsigned option_roms;
    char drive_path[UMBRA_DRIVES][OPTIONS_PATH_SIZE];
    char flash_path[UMBRA_FLASHES][OPTIONS_PATH_SIZE];
};

enum { OPTIONS_ERROR_SIZE = 512 };

enum options_result {
    OPTIONS_RUN,      /* go on */
    OPTIONS_HELP,     /* -h was given: options_help, then exit 0 */
    OPTIONS_VERSION,  /* --version likewise */
    OPTIONS_LOG_HELP, /* -d help likewise */
    OPTIONS_CPU_HELP, /* -cpu help likewise */
    OPTIONS_BAD       /* error[] says why */
};

enum options_result options_parse(struct options *options, int argc,
                                  char *const argv[],
                                  char error[OPTIONS_ERROR_SIZE]);

/* Text of -h, through `put`, line by line. */
void options_help(void (*put)(void *opaque, const char *line), void *opaque);

/* Without -serial: COM1 is the terminal. */
void options_default_serial(struct options *options);

/* options_load.c: the value of --load. False with a reason in error[]. */
bool options_take_load(struct options *options, const char *value,
                       char error[OPTIONS_ERROR_SIZE]);

/* options_drive.c: the value of -drive. False with a reason in error[]. */
bool options_take_drive(struct options *options, const char *value,
                        char error[OPTIONS_ERROR_SIZE]);

/* options_boot.c: the values of -boot and -option-rom, likewise. */
bool options_take_boot(struct options *options, const char *value,
                       char error[OPTIONS_ERROR_SIZE]);
bool options_take_option_rom(struct options *options, const char *value,
                             char error[OPTIONS_ERROR_SIZE]);

/* "512", "512M", "1G" -> bytes; false when it is not a size. */
bool options_parse_size(const char *text, uint64_t *bytes);
/* "YYYY-MM-DD[THH:MM:SS]" -> seconds since 1970. */
bool options_parse_date(const char *text, int64_t *seconds);

#endif
