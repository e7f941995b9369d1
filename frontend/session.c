/* session.c - one run of a PC: what window and headless share. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frontend/file.h"
#include "frontend/host.h"
#include "frontend/images.h"
#include "frontend/matcher.h"
#include "frontend/perfmap.h"
#include "frontend/png.h"
#include "frontend/ports.h"
#include "frontend/script.h"
#include "frontend/session.h"

/* The screen is matched, and the script looked at, that often. */
enum { POLL_NS = 10000000 };
/* Under the host's clock a sleeping guest is looked after that often. */
enum { LONGEST_SLEEP_NS = 50000000 };
/* The virtual clock starts at a fixed date: equal runs stay equal. */
#define VIRTUAL_EPOCH 1767225600 /* 2026-01-01T00:00:00Z */

struct session {
    struct options o;
    struct images images;
    struct umbra *umbra;

    bool ended;
    bool quit;          /* by the user */
    int code;           /* exit code once ended */
    uint64_t next_poll; /* PC's time */
    uint64_t next_drop;
    uint32_t drop_random;
    uint64_t idle_ns; /* that the host may sleep now */

    FILE *log;
    struct perf_map *perf_map; /* NULL: none wanted */
    struct ports *ports;
    struct stream stream; /* of COM1 */

    regex_t until_text, until_serial;
    struct script *script;
    char *text; /* the screen, as last asked for */
    size_t text_room;

    void (*speaker)(void *opaque, unsigned hertz);
    void *speaker_opaque;
};

static struct umbra *running; /* for the signal handler */

static void on_signal(void)
{
    if (running)
        umbra_stop(running);
}

static void complain(const char *line)
{
    fflush(stdout);
    fprintf(stderr, "umbra: %s\n", line);
}

static void end(struct session *s, int code)
{
    if (!s->ended)
        s->code = code;
    s->ended = true;
}

static bool has_until(const struct session *s)
{
    return s->o.until_text || s->o.until_serial;
}

/* --------------------------------------------------- callbacks of the PC */

static void on_log(void *opaque, const char *category, const char *line)
{
    struct session *s = opaque;

    fprintf(s->log, "%s: %s\n", category, line);
}

static void on_translated(void *opaque, uint64_t host, size_t size,
                          uint64_t rip)
{
    struct session *s = opaque;

    perf_map_add(s->perf_map, host, size, rip);
}

static void on_report(void *opaque, const char *line)
{
    (void)opaque;
    fprintf(stderr, "umbra: %s\n", line);
}

static void on_serial(void *opaque, unsigned port, uint8_t byte)
{
    struct session *s = opaque;

    if (port == 0)
        stream_put(&s->stream, byte);
    ports_serial(s->ports, port, byte);
}

static void on_serial_room(void *opaque, unsigned port)
{
    ports_serial_room(((struct session *)opaque)->ports, port);
}

static void on_parallel(void *opaque, unsigned port, uint8_t byte)
{
    ports_parallel(((struct session *)opaque)->ports, port, byte);
}

static void on_quit(void *opaque)
{
    session_quit(opaque);
}

static void on_speaker(void *opaque, unsigned hertz)
{
    struct session *s = opaque;

    if (s->speaker)
        s->speaker(s->speaker_opaque, hertz);
}

void session_set_speaker(struct session *s,
                         void (*speaker)(void *opaque, unsigned hertz),
                         void *opaque)
{
    s->speaker = speaker;
    s->speaker_opaque = opaque;
}

/* -------------------------------------------------------------- setting up */

static bool compile(regex_t *re, const char *pattern, const char *option)
{
    char reason[128], line[OPTIONS_ERROR_SIZE];

    if (!pattern || matcher_compile(re, pattern, reason, sizeof reason))
        return true;
    snprintf(line, sizeof line,
             "%s: \"%.200s\": %s; write a POSIX extended regular expression",
             option, pattern, reason);
    complain(line);
    return false;
}

static bool open_log(struct session *s)
{
    char line[OPTIONS_ERROR_SIZE];

    s->log = stderr;
    if (!s->o.log_file)
        return true;
    s->log = fopen(s->o.log_file, "w");
    if (s->log)
        return true;
    snprintf(line, sizeof line,
             "%.300s: cannot be written; use another file "
             "for -D",
             s->o.log_file);
    complain(line);
    return false;
}

/* After the PC, of which every failure is told first; nothing leaves its
 * ports before it runs. */
static bool open_ports(struct session *s)
{
    char error[CHARDEV_ERROR_SIZE];

    s->ports = ports_open(&s->o, on_quit, s, error);
    if (!s->ports) {
        complain(error);
        return false;
    }
    ports_connect(s->ports, s->umbra);
    return true;
}

static bool read_script(struct session *s)
{
    char error[SCRIPT_ERROR_SIZE];
    uint8_t *text;
    size_t size;

    if (!s->o.input_script)
        return true;
    text =
        file_read(s->o.input_script, 1 << 24, &size, NULL, error, sizeof error);
    if (text)
        s->script = script_parse((char *)text, size, s->o.input_script,
                                 s->o.snapshot, error);
    free(text);
    if (!s->script)
        complain(error);
    return s->script != NULL;
}

static void choose_clock(struct session *s)
{
    struct umbra_config *config = &s->o.config;

    if (!s->o.clock_given)
        config->clock = s->o.display == DISPLAY_SDL ? UMBRA_CLOCK_HOST
                                                    : UMBRA_CLOCK_VIRTUAL;
    if (!s->o.rtc_given)
        config->rtc_base = config->clock == UMBRA_CLOCK_HOST
                               ? (int64_t)time(NULL)
                               : VIRTUAL_EPOCH;
    if (!s->o.seed_given && config->clock == UMBRA_CLOCK_HOST)
        config->random_seed = host_random();
}

static bool open_perf_map(struct session *s)
{
    char path[64] = "perf map", line[160];

    if (host_perf_map(path, sizeof path))
        s->perf_map = perf_map_open(path);
    if (s->perf_map)
        return true;
    snprintf(line, sizeof line, "%s: cannot be written; run without -perf-map",
             path);
    complain(line);
    return false;
}

static bool power_on(struct session *s)
{
    char error[UMBRA_ERROR_SIZE];
    const struct umbra_host host = {
        .opaque = s,
        .translated = s->o.perf_map ? on_translated : NULL,
        .log = on_log,
        .serial = on_serial,
        .serial_room = on_serial_room,
        .parallel = on_parallel,
        .clock = host_clock,
        .speaker = on_speaker,
        .report = on_report,
    };

    choose_clock(s);
    if (s->o.perf_map && !open_perf_map(s))
        return false;
    if (!images_load(&s->images, &s->o, error, sizeof error)) {
        complain(error);
        return false;
    }
    s->umbra = umbra_create(&s->o.config, &host, error);
    if (!s->umbra)
        complain(error);
    return s->umbra != NULL;
}

static void release(struct session *s)
{
    images_free(&s->images);
    script_free(s->script);
    if (s->o.until_text)
        regfree(&s->until_text);
    if (s->o.until_serial)
        regfree(&s->until_serial);
    ports_close(s->ports);
    if (s->log && s->log != stderr)
        fclose(s->log);
    perf_map_close(s->perf_map);
    free(s->text);
    free(s);
}

int session_create(const struct options *options, struct session **session)
{
    struct session *s = calloc(1, sizeof *s);

    if (!s) {
        complain("no memory; free some");
        return EXIT_HOST;
    }
    s->o = *options;
    if (!compile(&s->until_text, s->o.until_text, "-until-text")) {
        s->o.until_text = s->o.until_serial = NULL;
        release(s);
        return EXIT_USAGE;
    }
    if (!compile(&s->until_serial, s->o.until_serial, "-until-serial")) {
        s->o.until_serial = NULL;
        release(s);
        return EXIT_USAGE;
    }
    if (!open_log(s) || !read_script(s) || !power_on(s) || !open_ports(s)) {
        if (s->umbra)
            umbra_destroy(s->umbra, (char[UMBRA_ERROR_SIZE]){0});
        release(s);
        return EXIT_USAGE;
    }
    running = s->umbra;
    host_catch_signals(on_signal);
    *session = s;
    return EXIT_OK;
}

struct umbra *session_umbra(struct session *s)
{
    return s->umbra;
}

/* ----------------------------------------------------------------- running */

/* The text screen in s->text; empty without memory. */
static const char *screen_text(struct session *s)
{
    size_t need = umbra_screen_text(s->umbra, s->text, s->text_room);

    if (need >= s->text_room) {
        free(s->text);
        s->text_room = need + 1;
        s->text = malloc(s->text_room);
        if (!s->text) {
            s->text_room = 0;
            return "";
        }
        umbra_screen_text(s->umbra, s->text, s->text_room);
    }
    return s->text;
}

static void check_until(struct session *s)
{
    if (s->o.until_text && !regexec(&s->until_text, screen_text(s), 0, NULL, 0))
        end(s, EXIT_OK);
    if (s->o.until_serial && stream_matches(&s->stream, &s->until_serial))
        end(s, EXIT_OK);
}

static void step_script(struct session *s)
{
    char error[SCRIPT_ERROR_SIZE];
    const char *text;

    if (!s->script || s->ended)
        return;
    text = script_wants_text(s->script) ? screen_text(s) : NULL;
    if (!script_step(s->script, s->umbra, text, &s->stream, error)) {
        complain(error);
        end(s, EXIT_USAGE);
    }
    if (script_ended(s->script))
        end(s, EXIT_OK);
}

/* Up to twice the time asked for, as if by chance but the same every run. */
static void drop_derived(struct session *s, uint64_t now)
{
    double span = s->o.drop_derived * 2e9;

    s->drop_random = s->drop_random * 1664525 + 1013904223;
    s->next_drop = now + 1 + (uint64_t)(span * s->drop_random / UINT32_MAX);
    umbra_drop_derived(s->umbra);
}

static void poll_due(struct session *s, uint64_t now)
{
    if (now >= s->next_poll) {
        s->next_poll = now - now % POLL_NS + POLL_NS;
        check_until(s);
        step_script(s);
    }
    if (s->o.drop_derived > 0 && now >= s->next_drop)
        drop_derived(s, now);
    if (s->o.time_limit > 0 && now >= (uint64_t)(s->o.time_limit * 1e9)) {
        check_until(s);
        end(s, EXIT_TIME_LIMIT);
    }
}

/* The guest's last words may be what the user waits for. */
static void end_by_reason(struct session *s, enum umbra_reason reason)
{
    if (reason >= UMBRA_POWER_OFF)
        check_until(s);
    switch (reason) {
    case UMBRA_POWER_OFF:
        end(s, has_until(s) ? EXIT_NOT_MET : EXIT_OK);
        break;
    case UMBRA_RESET:
        end(s, EXIT_RESET);
        break;
    case UMBRA_TRIPLE_FAULT:
        end(s, EXIT_TRIPLE_FAULT);
        break;
    case UMBRA_DEBUG_EXIT:
        end(s, (int)(umbra_exit_status(s->umbra) & 0xFF));
        break;
    case UMBRA_HOST_ERROR:
        complain(umbra_error(s->umbra));
        end(s, EXIT_USAGE);
        break;
    default:
        break;
    }
}

static void poll_ports(struct session *s)
{
    char error[CHARDEV_ERROR_SIZE];

    if (ports_poll(s->ports, &s->o, error))
        return;
    complain(error);
    s->code = EXIT_HOST; /* whatever else ends the run */
    s->ended = true;
}

/* Time until something of ours is due. */
static uint64_t until_due(const struct session *s, uint64_t now, uint64_t ns)
{
    uint64_t due = s->next_poll;

    if (s->o.drop_derived > 0 && s->next_drop < due)
        due = s->next_drop;
    if (s->o.time_limit > 0 && (uint64_t)(s->o.time_limit * 1e9) < due)
        due = (uint64_t)(s->o.time_limit * 1e9);
    if (due <= now)
        return 1;
    return due - now < ns ? due - now : ns;
}

bool session_run(struct session *s, uint64_t ns)
{
    uint64_t start = umbra_now(s->umbra), now = start, idle;
    enum umbra_reason reason = UMBRA_BUDGET;

    idle = umbra_idle_total(s->umbra);
    while (!s->ended && reason != UMBRA_IDLE && now - start < ns) {
        reason = umbra_run(s->umbra, until_due(s, now, ns - (now - start)));
        now = umbra_now(s->umbra);
        poll_due(s, now);
        end_by_reason(s, reason);
        if (host_take_power_button())
            umbra_power_button(s->umbra);
        if (host_caught_signal() || s->quit)
            end(s, has_until(s) ? EXIT_NOT_MET : EXIT_OK);
    }
    poll_ports(s);
    s->idle_ns = s->o.config.clock == UMBRA_CLOCK_HOST
                     ? umbra_idle_for(s->umbra)
                     : umbra_idle_total(s->umbra) - idle;
    if (s->idle_ns > LONGEST_SLEEP_NS)
        s->idle_ns = LONGEST_SLEEP_NS;
    return !s->ended;
}

uint64_t session_sleep(const struct session *s)
{
    return s->idle_ns;
}

unsigned session_fds(const struct session *s, int fds[SESSION_MAX_FDS])
{
    return ports_fds(s->ports, fds);
}

bool session_uses_host_clock(const struct session *s)
{
    return s->o.config.clock == UMBRA_CLOCK_HOST;
}

void session_quit(struct session *s)
{
    s->quit = true;
    umbra_stop(s->umbra);
}

/* --------------------------------------------------------------- the end */

static bool write_screenshot(struct session *s)
{
    struct umbra_frame frame;
    char error[UMBRA_ERROR_SIZE];

    umbra_frame(s->umbra, &frame);
    if (!png_write(s->o.screenshot, frame.pixels, frame.width, frame.height,
                   frame.stride, error, sizeof error))
        return true;
    complain(error);
    return false;
}

static bool write_text(const char *path, const char *text)
{
    char error[OPTIONS_ERROR_SIZE];

    if (file_write(path, text, strlen(text), error, sizeof error))
        return true;
    complain(error);
    return false;
}

static bool write_stats(struct session *s)
{
    size_t size = umbra_stats(s->umbra, NULL, 0) + 1;
    char *json = malloc(size);
    bool done;

    if (!json) {
        complain("no memory for --stats; free some");
        return false;
    }
    umbra_stats(s->umbra, json, size);
    done = write_text(s->o.stats, json);
    free(json);
    return done;
}

/* What is lost of a log is told once, at the end. */
static bool check_log(struct session *s)
{
    char line[OPTIONS_ERROR_SIZE];

    if (s->log == stderr || (!fflush(s->log) && !ferror(s->log)))
        return true;
    snprintf(line, sizeof line,
             "%.300s: the log could not be written; make room on the disk",
             s->o.log_file);
    complain(line);
    return false;
}

static bool write_results(struct session *s)
{
    bool done = check_log(s);

    if (s->o.screen_text)
        done &= write_text(s->o.screen_text, screen_text(s));
    if (s->o.screenshot)
        done &= write_screenshot(s);
    if (s->o.stats)
        done &= write_stats(s);
    return done;
}

static void tell_unmet(const struct session *s)
{
    char where[64] = "", line[128];

    if (s->code != EXIT_TIME_LIMIT)
        return;
    if (s->script)
        script_where(s->script, where, sizeof where);
    if (*where) {
        snprintf(line, sizeof line, "time limit: the input script, %s", where);
        complain(line);
    }
}

int session_finish(struct session *s)
{
    char error[UMBRA_ERROR_SIZE];
    int code;

    host_terminal_restore();
    running = NULL;
    tell_unmet(s);
    umbra_strict_report(s->umbra);
    if (!write_results(s))
        s->code = EXIT_HOST;
    if (!umbra_destroy(s->umbra, error)) {
        complain(error);
        s->code = EXIT_USAGE;
    }
    code = s->code;
    release(s);
    if (host_caught_signal())
        host_die_by_signal(host_caught_signal());
    return code;
}
