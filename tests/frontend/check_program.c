/* check_program - the program umbra from outside: exit codes, messages,
 * files, terminal. Firmware of a few bytes stands in for the BIOS.
 * Run alone, where umbra was built: make umbra tests/frontend/check_program
 * && tests/frontend/check_program */
#define _GNU_SOURCE
#include "tests/frontend/program.h"
#include "tests/suite.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>

/* ------------------------------------------------------------ exit codes */

START_TEST(help_and_version)
{
    ck_assert_int_eq(RUN("-h"), 0);
    ck_assert_ptr_nonnull(strstr(out, "Usage: umbra"));
    ck_assert_ptr_nonnull(strstr(out, "Exit codes"));
    ck_assert_int_eq(RUN("--version"), 0);
    ck_assert(!strncmp(out, "umbra ", 6));
    ck_assert_int_eq(RUN("-d", "help"), 0);
    ck_assert_ptr_nonnull(strstr(out, "pit"));
}
END_TEST

START_TEST(guest_exit)
{
    ROM("rom", 0xB0, 0x05, 0xE6, 0xF4);
    ck_assert_int_eq(RUN_ROM("-time-limit", "1"), 11);
    ck_assert_str_eq(err, "");
    ROM("rom", 0xB0, 0xFF, 0xE6, 0xF4);
    ck_assert_int_eq(RUN_ROM("-time-limit", "1"), 255);
}
END_TEST

START_TEST(guest_powers_off)
{
    ROM("rom", 0xBA, 0x00, 0x89, 0xBE, 0x10, 0x00, 0xB9, 0x08, 0x00, 0x2E, 0xF3,
        0x6E, 0xF4, 0xF4, 0xF4, 0xF4, 'S', 'h', 'u', 't', 'd', 'o', 'w', 'n');
    ck_assert_int_eq(RUN_ROM("-time-limit", "1"), 0);
    ck_assert_int_eq(RUN_ROM("-until-serial", "never"), 4);
}
END_TEST

START_TEST(reset_and_triple_fault)
{
    ROM("rom", 0xB0, 0xFE, 0xE6, 0x64);
    ck_assert_int_eq(RUN_ROM("-no-reboot", "-time-limit", "1"), 6);
    ck_assert_int_eq(RUN_ROM("-time-limit", "0.01"), 10);
    /* ds = 0; lidt [600h], which is zeros; int3 */
    ROM("rom", 0x31, 0xC0, 0x8E, 0xD8, 0x0F, 0x01, 0x1E, 0x00, 0x06, 0xCC);
    ck_assert_int_eq(RUN_ROM("-no-reboot", "-time-limit", "1"), 8);
}
END_TEST

START_TEST(until_serial)
{
    ROM("rom", SET_8N1, 0xBA, 0xF8, 0x03, 0xB0, 'o', 0xEE, 0xB9, 0x00, 0x10,
        0xE2, 0xFE, 0xB0, 'k', 0xEE);
    ck_assert_int_eq(RUN_ROM("-until-serial", "^ok$", "-serial", "stdio",
                             "-time-limit", "1"),
                     0);
    ck_assert_str_eq(out, "ok");
    ck_assert_int_eq(RUN_ROM("-until-serial", "no", "-serial", "file:/dev/null",
                             "-time-limit", "1"),
                     10);
    ck_assert_str_eq(out, "");
}
END_TEST

/* -------------------------------------------------------------- bad input */

START_TEST(usage_errors)
{
    refused_with(RUN("-m", "x"), "-m: \"x\" is no size");
    refused_with(RUN("-nosuch"), "-nosuch: no such option");
    refused_with(RUN("-until-text", "(", "-display", "none"),
                 "regular expression");
    refused_with(RUN("-display", "none", "/nonexistent.img"),
                 "/nonexistent.img: No such file");
    refused_with(RUN("-display", "none", "/"), "/: Is a directory");
    refused_with(RUN("-display", "none", "-fda", "/nonexistent"),
                 "/nonexistent: ");
    refused_with(RUN("-display", "none", "-kernel", "/nonexistent"),
                 "/nonexistent: No such file");
    refused_with(RUN("-display", "none", "-bios", "/nonexistent"),
                 "/nonexistent: No such file");
    refused_with(RUN("-display", "none", "-input-script", "/nonexistent"),
                 "/nonexistent: No such file");
    refused_with(RUN("-display", "none", "-D", "/nonexistent/log"),
                 "/nonexistent/log: ");
    refused_with(RUN("-display", "none", "-serial", "file:/nonexistent/s"),
                 "/nonexistent/s: ");
}
END_TEST

START_TEST(files_that_are_no_images)
{
    static uint8_t noise[5 << 20];

    write_file("empty", "", 0);
    refused_with(RUN("-display", "none", path("empty")), "is empty");
    refused_with(RUN("-display", "none", "-kernel", path("empty")), "is empty");
    refused_with(RUN("-display", "none", "-hda", path("empty")), "empty");
    memset(noise, 0x5A, sizeof noise);
    write_file("noise", noise, sizeof noise);
    refused_with(RUN("-display", "none", path("noise")),
                 "no image that I know");
    refused_with(RUN("-display", "none", "-fda", path("noise")),
                 "no floppy's size");
    refused_with(RUN("-display", "none", "-kernel", path("noise")),
                 "no Linux, Multiboot 1 or 2, ELF or EFI header");
    write_file("odd.rom", noise, 70000);
    refused_with(RUN("-display", "none", "-bios", path("odd.rom")),
                 "multiple of 4 KiB");
    write_file("script", "{}\n{\"txt\": 1}\n", 15);
    refused_with(RUN("-display", "none", "-input-script", path("script")),
                 "line 2: unknown member");
}
END_TEST

START_TEST(outputs_that_cannot_be_written)
{
    ROM("rom", 0xB0, 0x01, 0xE6, 0xF4);
    ck_assert_int_eq(RUN_ROM("-screenshot", "/nonexistent/a.png"), 12);
    ck_assert_ptr_nonnull(strstr(err, "/nonexistent/a.png"));
    ck_assert_int_eq(RUN_ROM("-stats", "/nonexistent/a"), 12);
    ck_assert_int_eq(RUN_ROM("-screen-text", "/nonexistent/a"), 12);
}
END_TEST

/* ---------------------------------------------------------- what it writes */

START_TEST(results_are_written)
{
    char text[TEXT_SIZE], again[TEXT_SIZE];
    size_t n;

    ROM("rom", 0xEB, 0xFE);
    ck_assert_int_eq(RUN_ROM("-time-limit", "0.001", "-screen-text",
                             path("text"), "-screenshot", path("a.png"),
                             "-stats", path("json")),
                     10);
    read_file("text", text);
    n = read_file("a.png", text);
    ck_assert_uint_gt(n, 50);
    ck_assert(!memcmp(text, "\x89PNG\r\n\x1a\n", 8));
    read_file("json", text);
    ck_assert_ptr_nonnull(strstr(text, "\"instructions\": 250000,"));
    ck_assert_int_eq(RUN_ROM("-time-limit", "0.001", "-stats", path("json")),
                     10);
    read_file("json", again);
    ck_assert_str_eq(text, again);
    ck_assert_int_eq(RUN_ROM("-time-limit", "0.001", "-stats", "-"), 10);
    ck_assert_str_eq(text, out);
}
END_TEST

/* ---------------------------------------------------------------- the JIT */

/* In 32-bit code: 100,000 times add eax, ecx; xor edx, eax; dec ecx. */
static void write_loop_rom(void)
{
    ROM("rom", 0x2E, 0x66, 0x0F, 0x01, 0x16, 0x33, 0x00, /* LGDT */
        0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0,  /* CR0.PE */
        0x66, 0xEA, 0x17, 0x00, 0x0F, 0x00, 0x08, 0x00,  /* JMP 8:F0017 */
        0xB9, 0x10, 0x00, 0x00, 0x00, 0x8E, 0xD9, 0x8E, 0xC1, 0x8E, 0xD1, 0xB9,
        0xA0, 0x86, 0x01, 0x00, 0x01, 0xC8, 0x31, 0xC2, 0x49, 0x75, 0xF9, 0xB0,
        0x05, 0xE6, 0xF4, 0xF4, /* exit code 11 */
        0x17, 0x00, 0x39, 0x00, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x9B, 0xCF, 0x00, 0xFF, 0xFF,
        0x00, 0x00, 0x00, 0x93, 0xCF, 0x00);
}

static void check_perf_map(void)
{
    char name[64], text[TEXT_SIZE];
    char *argv[] = {"./umbra", "-display", "none",      "-bios", path("rom"),
                    "-m",      "1",        "-perf-map", NULL};
    int null = open("/dev/null", O_RDWR);
    pid_t pid = spawn(argv, null, null, null);
    FILE *f;

    ck_assert_int_eq(wait_for(pid), 11);
    close(null);
    snprintf(name, sizeof name, "/tmp/perf-%ld.map", (long)pid);
    f = fopen(name, "r");
    ck_assert_msg(f != NULL, "%s was not written", name);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
    fclose(f);
    unlink(name);
    ck_assert_msg(strstr(text, " umbra:f0027") != NULL, "%s", text);
}

START_TEST(jit_is_shown)
{
    char text[TEXT_SIZE];

    write_loop_rom();
    ck_assert_int_eq(RUN_ROM("-stats", "-", "-d", "jit", "-jit-cache", "2"),
                     11);
    strcpy(text, out);
    ck_assert_int_eq(RUN_ROM("-stats", "-", "-accel", "interp", "-d", "jit"),
                     11);
    ck_assert_ptr_null(strstr(out, "\"translated\""));
    ck_assert_str_eq(err, "");
    if (RUN_ROM("-stats", "-", "-accel", "jit", "-d", "jit", "-jit-cache",
                "2") != 11) {
        printf("SKIP: %s", err);
        return;
    }
    ck_assert_str_eq(text, out); /* the default */
    ck_assert_ptr_nonnull(strstr(out, "\"translated\": 1,"));
    ck_assert_ptr_nonnull(strstr(out, "\"linked\": 1,"));
    ck_assert_ptr_nonnull(strstr(out, "\"cache_size\": 2097152"));
    ck_assert_ptr_nonnull(strstr(err, "jit: block f0027: 4 instructions"));
    ck_assert_ptr_nonnull(strstr(err, "guest f0029: xor edx, eax"));
    ck_assert_ptr_nonnull(strstr(err, "  host "));
    check_perf_map();
}
END_TEST

/* Reads the 8042 and sends each byte to COM1. */
static void write_echo_rom(void)
{
    ROM("rom", SET_8N1, 0xB0, 0xAE, 0xE6, 0x64, 0xE4, 0x64, 0xA8, 0x01, 0x74,
        0xFA, 0xE4, 0x60, 0xBA, 0xF8, 0x03, 0xEE, 0xEB, 0xF2);
}

START_TEST(script_presses_keys)
{
    write_echo_rom();
    write_file("script",
               "# Esc, whatever the scan code set\n"
               "{\"sleep\": 0.1, \"keys\": [\"esc\"]}\n",
               66);
    ck_assert_int_eq(RUN_ROM("-input-script", path("script"), "-serial",
                             "file:/dev/null", "-until-serial", ".",
                             "-time-limit", "2"),
                     0);
    write_file("script", "{\"text\": \"never\"}\n", 18);
    ck_assert_int_eq(
        RUN_ROM("-input-script", path("script"), "-time-limit", "0.1"), 10);
    ck_assert_ptr_nonnull(strstr(err, "line 1 waits for \"text\""));
}
END_TEST

#define WAIT_8042 0xE4, 0x64, 0xA8, 0x02, 0x75, 0xFA

/* Enables the mouse (D4h F4h) and sends what it reports to COM1. */
static void write_mouse_rom(void)
{
    ROM("rom", SET_8N1, 0xB0, 0xA8, 0xE6, 0x64, WAIT_8042, 0xB0, 0xD4, 0xE6,
        0x64, WAIT_8042, 0xB0, 0xF4, 0xE6, 0x60, 0xE4, 0x64, 0xA8, 0x01, 0x74,
        0xFA, 0xE4, 0x60, 0xBA, 0xF8, 0x03, 0xEE, 0xEB, 0xF2);
}

START_TEST(script_moves_mouse)
{
    static const uint8_t expected[] = {0xFA, 8, 4, 4, 8, 2, 0,
                                       9,    0, 0, 8, 0, 0};
    static const char script[] =
        "{\"sleep\": 0.1, \"mouse\": [6, -4], \"click\": \"left\"}\n"
        "{\"picture\": [0, 0, 1], \"screenshot\": \"%s\"}\n"
        "{\"sleep\": 0.2, \"end\": true}\n"
        "{\"text\": \"never\"}\n";
    char text[TEXT_SIZE];
    int n;

    write_mouse_rom();
    n = snprintf(text, sizeof text, script, path("b.png"));
    write_file("script", text, (size_t)n);
    ck_assert_int_eq(RUN_ROM("-input-script", path("script"), "-serial",
                             "stdio", "-time-limit", "2"),
                     0);
    ck_assert_mem_eq(out, expected, sizeof expected);
    read_file("b.png", text);
    ck_assert(!memcmp(text, "\x89PNG", 4));
    n = snprintf(text, sizeof text, "{\"picture\": [9, 9, 2]}\n");
    write_file("script", text, (size_t)n);
    ck_assert_int_eq(
        RUN_ROM("-input-script", path("script"), "-time-limit", "0.3"), 10);
    ck_assert_ptr_nonnull(strstr(err, "line 1 waits for \"picture\""));
}
END_TEST

/* Echo of COM1 with the case changed. */
static void write_serial_rom(void)
{
    ROM("rom", SET_8N1, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB, 0xB2,
        0xF8, 0xEC, 0x34, 0x20, 0xEE, 0xB2, 0xFD, 0xEB, 0xF1);
}

START_TEST(stdin_goes_to_the_serial_port)
{
    write_serial_rom();
    write_file("in", "xHello", 6); /* x comes before 8N1 is set */
    ck_assert_int_eq(run_input(path("in"), "-display", "none", "-bios",
                               path("rom"), "-m", "1", "-serial", "stdio",
                               "-until-serial", "O$", "-time-limit", "5",
                               (char *)NULL),
                     0);
    ck_assert_ptr_nonnull(strstr(out, "hELLO"));
    /* The end of the input does not end the run. */
    ck_assert_int_eq(run_input(path("in"), "-display", "none", "-bios",
                               path("rom"), "-m", "1", "-serial", "stdio",
                               "-time-limit", "0.1", (char *)NULL),
                     10);
}
END_TEST

/* -------------------------------------------------------------- terminal */

static void expect(int fd, const char *what)
{
    char seen[4096];
    size_t n = 0;
    struct pollfd p = {fd, POLLIN, 0};

    seen[0] = 0;
    while (!strstr(seen, what)) {
        ssize_t got;
        ck_assert_msg(poll(&p, 1, 10000) > 0, "no \"%s\" in \"%s\"", what,
                      seen);
        got = read(fd, seen + n, sizeof seen - 1 - n);
        ck_assert_int_gt(got, 0);
        n += (size_t)got;
        seen[n] = 0;
    }
}

/* A terminal as controlling terminal of a umbra; -1 = exec failed. */
static pid_t in_terminal(int *master, struct termios *before)
{
    pid_t pid = forkpty(master, NULL, NULL, NULL);

    ck_assert_int_ge(pid, 0);
    if (!pid) {
        execl("./umbra", "./umbra", "-display", "none", "-bios", path("rom"),
              "-m", "1", "-serial", "stdio", (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(tcgetattr(*master, before), 0);
    return pid;
}

static void check_restored(int master)
{
    struct termios now;

    ck_assert_int_eq(tcgetattr(master, &now), 0);
    ck_assert(now.c_lflag & ICANON);
    ck_assert(now.c_lflag & ECHO);
    ck_assert(now.c_lflag & ISIG);
}

START_TEST(terminal_with_escape_key)
{
    struct termios before, during;
    int master;
    pid_t pid;

    write_serial_rom();
    pid = in_terminal(&master, &before);
    usleep(300000);
    ck_assert_int_eq(write(master, "Hi\003", 3), 3); /* ^C is the guest's */
    expect(master, "hI#");
    ck_assert_int_eq(tcgetattr(master, &during), 0);
    ck_assert(!(during.c_lflag & (ICANON | ECHO | ISIG)));
    ck_assert_int_eq(write(master, "\001h", 2), 2);
    expect(master, "Ctrl-A x");
    ck_assert_int_eq(write(master, "\001\001", 2), 2);
    expect(master, "!");
    ck_assert_int_eq(write(master, "\001x", 2), 2);
    ck_assert_int_eq(wait_for(pid), 0);
    check_restored(master);
    close(master);
}
END_TEST

START_TEST(terminal_is_restored_after_signals)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGSEGV, SIGABRT};
    struct termios before;
    int master;
    pid_t pid;

    write_serial_rom();
    pid = in_terminal(&master, &before);
    usleep(300000);
    ck_assert_int_eq(write(master, "a", 1), 1);
    expect(master, "A");
    kill(pid, signals[_i]);
    ck_assert_int_eq(wait_for(pid), 256 + signals[_i]);
    check_restored(master);
    close(master);
}
END_TEST

/* The ROM knows no ACPI: the button switches off. */
START_TEST(power_button)
{
    struct termios before;
    int master;
    pid_t pid;

    write_serial_rom();
    pid = in_terminal(&master, &before);
    usleep(300000);
    ck_assert_int_eq(write(master, "a", 1), 1);
    expect(master, "A");
    if (_i)
        kill(pid, SIGUSR1);
    else
        ck_assert_int_eq(write(master, "\001p", 2), 2);
    ck_assert_int_eq(wait_for(pid), 0);
    check_restored(master);
    close(master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("program");
    TCase *c = tcase_create("program");

    tcase_add_checked_fixture(c, start, finish);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, help_and_version);
    tcase_add_test(c, guest_exit);
    tcase_add_test(c, guest_powers_off);
    tcase_add_loop_test(c, power_button, 0, 2);
    tcase_add_test(c, reset_and_triple_fault);
    tcase_add_test(c, until_serial);
    tcase_add_test(c, usage_errors);
    tcase_add_test(c, files_that_are_no_images);
    tcase_add_test(c, outputs_that_cannot_be_written);
    tcase_add_test(c, results_are_written);
    tcase_add_test(c, jit_is_shown);
    tcase_add_test(c, script_presses_keys);
    tcase_add_test(c, script_moves_mouse);
    tcase_add_test(c, stdin_goes_to_the_serial_port);
    tcase_add_test(c, terminal_with_escape_key);
    tcase_add_loop_test(c, terminal_is_restored_after_signals, 0, 5);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
