/* program.h - runs ./umbra as a user does, for tests of the program from
 * outside: arguments in, exit code, output and files out. Firmware of a few
 * bytes stands in for the BIOS. For one test program each: it has state. */
#ifndef UMBRA_TESTS_PROGRAM_H
#define UMBRA_TESTS_PROGRAM_H

#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROM_SIZE = 65536, MAX_ARGS = 40, TEXT_SIZE = 1 << 16 };

static char dir[64];
static char out[TEXT_SIZE], err[TEXT_SIZE];

/* --------------------------------------------------------------- helpers */

static inline char *path(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *p = paths[next++ % 8];

    snprintf(p, sizeof paths[0], "%s/%s", dir, name);
    return p;
}

static inline void write_file(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(path(name), "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

static inline size_t read_file(const char *name, char *text)
{
    FILE *f = fopen(path(name), "rb");
    size_t n;

    ck_assert_msg(f != NULL, "%s was not written", name);
    n = fread(text, 1, TEXT_SIZE - 1, f);
    text[n] = 0;
    fclose(f);
    return n;
}

/* mov dx,3FBh; mov al,3; out dx,al: characters of 8 bits. */
#define SET_8N1 0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE

/* Firmware file whose reset vector jumps to `code`. */
static inline void write_rom(const char *name, const uint8_t *code, size_t size)
{
    static const uint8_t vector[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    static uint8_t rom[ROM_SIZE];

    memset(rom, 0xF4, sizeof rom);
    memcpy(rom, code, size);
    memcpy(rom + 0xFFF0, vector, sizeof vector);
    write_file(name, rom, sizeof rom);
}

#define ROM(name, ...)                                                         \
    write_rom(name, (const uint8_t[]){__VA_ARGS__},                            \
              sizeof((const uint8_t[]){__VA_ARGS__}))

static inline pid_t spawn(char *const argv[], int in, int to_out, int to_err)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid)
        return pid;
    dup2(in, 0);
    dup2(to_out, 1);
    dup2(to_err, 2);
    execv("./umbra", argv);
    _exit(127);
}

static inline int wait_for(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* Run umbra with words (NULL ends them); what it said is in out, err. */
static inline int run_input(const char *input, ...)
{
    char *argv[MAX_ARGS] = {"./umbra"};
    int argc = 1, code;
    int in = open(input, O_RDONLY);
    int o = open(path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    int e = open(path("err"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    va_list ap;

    va_start(ap, input);
    while (argc < MAX_ARGS - 1 && (argv[argc] = va_arg(ap, char *)))
        argc++;
    va_end(ap);
    code = wait_for(spawn(argv, in, o, e));
    close(in);
    close(o);
    close(e);
    read_file("out", out);
    read_file("err", err);
    return code;
}

#define RUN(...) run_input("/dev/null", __VA_ARGS__, (char *)NULL)
#define RUN_ROM(...)                                                           \
    RUN("-display", "none", "-bios", path("rom"), "-m", "1", __VA_ARGS__)

/* Usage errors: code 2 and one line. */
static inline void refused_with(int code, const char *part)
{
    ck_assert_msg(code == 2, "exit code %d: %s", code, err);
    ck_assert_msg(!strncmp(err, "umbra: ", 7), "%s", err);
    ck_assert_msg(strstr(err, part) != NULL, "expected \"%s\", got \"%s\"",
                  part, err);
    ck_assert_msg(strchr(err, '\n') == err + strlen(err) - 1,
                  "not one line: %s", err);
    ck_assert_uint_eq(strlen(out), 0);
}

static inline void start(void)
{
    strcpy(dir, "/tmp/umbra-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static inline void finish(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

#endif
