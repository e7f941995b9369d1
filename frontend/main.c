/* main.c - the program umbra: from the command line to an exit code. */
#include <stdio.h>
#include <string.h>

#include "frontend/headless.h"
#include "frontend/options.h"
#include "frontend/sdl.h"
#include "frontend/session.h"
#include "frontend/window.h"

static void put_line(void *opaque, const char *line)
{
    (void)opaque;
    puts(line);
}

static void put_log_help(void)
{
    const char *name, *help;

    puts("Categories for -d, separated by commas; \"all\" for all:");
    for (unsigned n = 0; (name = umbra_log_name(n, &help)); n++)
        printf("  %-14s %s\n", name, help);
}

static void put_cpu_help(void)
{
    const char *name, *help;
    int column = 0;

    puts("Models for -cpu:");
    for (unsigned n = 0; (name = umbra_cpu_model(n, &help)); n++)
        printf("  %-14s %s\n", name, help);
    puts("Features, to add with +FEATURE or take away with -FEATURE, as in\n"
         "-cpu pentium3,-sse; those that a feature needs come with it:");
    for (unsigned n = 0; (name = umbra_cpu_feature(n)); n++) {
        if (column + (int)strlen(name) > 74)
            column = 0, putchar('\n');
        column += printf("%s%s", column ? " " : "  ", name);
    }
    putchar('\n');
}

/* Without a display the serial port in the terminal is what can be shown. */
static void choose_display(struct options *o)
{
    if (o->display == DISPLAY_AUTO) {
        if (sdl_available() && sdl_has_display()) {
            o->display = DISPLAY_SDL;
        } else {
            o->display = DISPLAY_NONE;
            fprintf(stderr,
                    "umbra: no display here: running without a "
                    "window%s\n",
                    !o->serials ? ", COM1 is this terminal (Ctrl-A x ends)"
                                : "");
            options_default_serial(o);
        }
    }
}

/* Who sees the picture has a moment to press F12, unless it is said what to
 * boot. */
static void offer_menu(struct options *o)
{
    enum { WINDOW_MENU_MS = 700 };
    struct umbra_config *c = &o->config;

    if (o->display != DISPLAY_SDL || o->kernel || o->until_text ||
        o->until_serial || o->input_script || c->boot_menu != UMBRA_MENU_KEY)
        return;
    c->boot_menu = UMBRA_MENU_ON;
    if (!c->boot_menu_ms)
        c->boot_menu_ms = WINDOW_MENU_MS;
}

static int run(struct options *options)
{
    char error[OPTIONS_ERROR_SIZE];
    struct session *session;
    int code, ended;

    choose_display(options);
    offer_menu(options);
    code = session_create(options, &session);
    if (code != EXIT_OK)
        return code;
    if (options->display == DISPLAY_NONE) {
        headless_run(session);
    } else if (!window_run(session, options, error, sizeof error)) {
        fprintf(stderr, "umbra: %s\n", error);
        code = EXIT_HOST;
    }
    ended = session_finish(session);
    return code != EXIT_OK ? code : ended;
}

int main(int argc, char *argv[])
{
    char error[OPTIONS_ERROR_SIZE];
    struct options options;

    if (argc < 2) {
        fprintf(stderr, "umbra: nothing to boot; name an image, or see "
                        "umbra -h\n");
        return EXIT_USAGE;
    }
    switch (options_parse(&options, argc, argv, error)) {
    case OPTIONS_HELP:
        options_help(put_line, NULL);
        return EXIT_OK;
    case OPTIONS_VERSION:
        printf("umbra %s\n", umbra_version());
        return EXIT_OK;
    case OPTIONS_LOG_HELP:
        put_log_help();
        return EXIT_OK;
    case OPTIONS_CPU_HELP:
        put_cpu_help();
        return EXIT_OK;
    case OPTIONS_BAD:
        fprintf(stderr, "umbra: %s\n", error);
        return EXIT_USAGE;
    default:
        return run(&options);
    }
}
