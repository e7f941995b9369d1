/* check_ports - serial and parallel ports of the program: terminals, sockets,
 * pipes, files, slow readers, printers. Firmware of a few bytes is the guest.
 * Run alone, where umbra was built: make umbra tests/frontend/check_ports &&
 * tests/frontend/check_ports */
#define _GNU_SOURCE
#include "tests/frontend/program.h"
#include "tests/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { PATIENCE_MS = 20000 };

/* ----------------------------------------------------------------- guests */

/* Echo of COM1 with the case changed; 'Q' there ends the run. */
static void write_echo(void)
{
    ROM("rom", SET_8N1, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB, 0xB2,
        0xF8, 0xEC, 0x3C, 'Q', 0x74, 0x07, 0x34, 0x20, 0xEE, 0xB2, 0xFD, 0xEB,
        0xED, 0xB0, 0x00, 0xE6, 0xF4);
}

enum { FLOOD = 5000000 };

/* FLOOD bytes to COM1, counting up, each when there is room for it. */
static void write_flood(void)
{
    ROM("rom", SET_8N1, 0x66, 0xB9, FLOOD & 0xFF, FLOOD >> 8 & 0xFF,
        FLOOD >> 16 & 0xFF, 0, 0x30, 0xDB, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x20,
        0x74, 0xFB, 0xB2, 0xF8, 0x88, 0xD8, 0xEE, 0xFE, 0xC3, 0x66, 0x49, 0x75,
        0xED, 0xB0, 0x00, 0xE6, 0xF4);
}

/* -------------------------------------------------------------- the program */

/* Start umbra with the ROM and these words; its messages go to *e. */
static pid_t launch(int *e, ...)
{
    char *argv[MAX_ARGS] = {"./umbra",   "-display", "none", "-bios",
                            path("rom"), "-m",       "1"};
    int argc = 7, in = open("/dev/null", O_RDWR), ends[2];
    va_list ap;
    pid_t pid;

    va_start(ap, e);
    while (argc < MAX_ARGS - 1 && (argv[argc] = va_arg(ap, char *)))
        argc++;
    va_end(ap);
    ck_assert_int_eq(pipe(ends), 0);
    pid = spawn(argv, in, in, ends[1]);
    close(in);
    close(ends[1]);
    *e = ends[0];
    return pid;
}

static bool readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, PATIENCE_MS) > 0;
}

/* The rest of the line in which `what` stands. */
static void read_notice(int fd, const char *what, char *rest, size_t size)
{
    char line[512];
    size_t n = 0;

    do {
        ck_assert_msg(n < sizeof line - 1 && readable(fd), "no \"%s\"", what);
        ck_assert_int_eq(read(fd, line + n, 1), 1);
    } while (line[n++] != '\n');
    line[n - 1] = 0;
    ck_assert_msg(strstr(line, what) != NULL, "no \"%s\" in \"%s\"", what,
                  line);
    snprintf(rest, size, "%s", strstr(line, what) + strlen(what));
}

static void expect(int fd, const char *what)
{
    char seen[256] = "";
    size_t n = 0;

    while (!strstr(seen, what)) {
        ssize_t got;
        ck_assert_msg(readable(fd), "no \"%s\" in \"%s\"", what, seen);
        got = read(fd, seen + n, sizeof seen - 1 - n);
        ck_assert_msg(got > 0, "the end, no \"%s\" in \"%s\"", what, seen);
        n += (size_t)got;
        seen[n] = 0;
    }
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
}

static int tcp_socket(struct sockaddr_in *address, unsigned port)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)port)};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int tcp_connect(unsigned port)
{
    struct sockaddr_in address;
    int fd = tcp_socket(&address, port);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    return fd;
}

/* A free port of this host, and a socket that listens there. */
static int tcp_listen(unsigned *port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = tcp_socket(&address, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* ------------------------------------------------------------------- serial */

START_TEST(pty_can_be_opened_again)
{
    char name[64];
    pid_t pid;
    int e, fd;

    write_echo();
    pid = launch(&e, "-serial", "pty", NULL);
    read_notice(e, "COM1 is ", name, sizeof name);
    for (int i = 0; i < 2; i++) {
        fd = open(name, O_RDWR | O_NOCTTY);
        ck_assert_int_ge(fd, 0);
        say(fd, "xHello\r");
        expect(fd, "hELLO-");
        close(fd);
    }
    fd = open(name, O_RDWR | O_NOCTTY);
    say(fd, "Q");
    ck_assert_int_eq(wait_for(pid), 1);
    close(fd);
    close(e);
}
END_TEST

START_TEST(tcp_server_takes_one_after_the_other)
{
    char text[64];
    pid_t pid;
    int e, fd;
    unsigned port;

    write_echo();
    pid = launch(&e, "-serial", "tcp:127.0.0.1:0,server,nowait", NULL);
    read_notice(e, "COM1 takes a connection at 127.0.0.1:", text, sizeof text);
    port = (unsigned)atoi(text);
    for (int i = 0; i < 2; i++) {
        fd = tcp_connect(port);
        say(fd, "xHello\r");
        expect(fd, "hELLO-");
        close(fd);
    }
    fd = tcp_connect(port);
    say(fd, "Q");
    ck_assert_int_eq(wait_for(pid), 1);
    close(fd);
    close(e);
}
END_TEST

/* Without `nowait` the PC does not start before somebody is there. */
START_TEST(tcp_server_waits)
{
    char text[64];
    pid_t pid;
    int e, fd;

    ROM("rom", SET_8N1, 0xBA, 0xF8, 0x03, 0xB0, '!', 0xEE, 0xB9, 0x00, 0x10,
        0xE2, 0xFE, 0xB0, 0x00, 0xE6, 0xF4);
    pid = launch(&e, "-serial", "tcp:127.0.0.1:0,server", NULL);
    read_notice(e, "COM1 waits for a connection at 127.0.0.1:", text,
                sizeof text);
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    ck_assert_int_eq(kill(pid, 0), 0);
    fd = tcp_connect((unsigned)atoi(text));
    expect(fd, "!");
    ck_assert_int_eq(wait_for(pid), 1);
    close(fd);
    close(e);
}
END_TEST

START_TEST(tcp_client_and_what_refuses)
{
    char where[64];
    unsigned port;
    pid_t pid;
    int listener = tcp_listen(&port), e, fd;

    write_echo();
    snprintf(where, sizeof where, "tcp:127.0.0.1:%u", port);
    pid = launch(&e, "-serial", where, NULL);
    fd = accept(listener, NULL, NULL);
    say(fd, "xHello\r");
    expect(fd, "hELLO-");
    say(fd, "Q");
    ck_assert_int_eq(wait_for(pid), 1);
    close(fd);
    close(e);
    close(listener);
    refused_with(RUN_ROM("-serial", where), "Connection refused; start");
    refused_with(RUN_ROM("-serial", "unix:/nonexistent/s"),
                 "/nonexistent/s: No such file");
    refused_with(RUN_ROM("-serial", "pipe:/nonexistent/p"), "mkfifo");
    refused_with(RUN_ROM("-parallel", "file:/nonexistent/p"),
                 "/nonexistent/p: cannot be written");
}
END_TEST

START_TEST(unix_socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char where[160], text[128];
    pid_t pid;
    int e, fd = socket(AF_UNIX, SOCK_STREAM, 0);

    write_echo();
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path("s"));
    snprintf(where, sizeof where, "unix:%s,server,nowait", path("s"));
    pid = launch(&e, "-serial", where, NULL);
    read_notice(e, "COM1 takes a connection at ", text, sizeof text);
    ck_assert_str_eq(text, path("s"));
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    say(fd, "xHello\r");
    expect(fd, "hELLO-");
    say(fd, "Q");
    ck_assert_int_eq(wait_for(pid), 1);
    ck_assert_int_ne(access(path("s"), F_OK), 0); /* cleaned up */
    close(fd);
    close(e);
    /* What is no socket of an earlier run stays. */
    write_file("s", "precious", 8);
    refused_with(RUN_ROM("-serial", where), "in use; use another path");
    ck_assert_uint_eq(read_file("s", out), 8);
}
END_TEST

START_TEST(pipes)
{
    char where[160];
    pid_t pid;
    int e, in, from;

    write_echo();
    ck_assert_int_eq(mkfifo(path("p.in"), 0600), 0);
    ck_assert_int_eq(mkfifo(path("p.out"), 0600), 0);
    snprintf(where, sizeof where, "pipe:%s", path("p"));
    pid = launch(&e, "-serial", where, NULL);
    in = open(path("p.in"), O_RDWR);
    from = open(path("p.out"), O_RDWR);
    say(in, "xHello\r");
    expect(from, "hELLO-");
    say(in, "Q");
    ck_assert_int_eq(wait_for(pid), 1);
    close(in);
    close(from);
    close(e);
}
END_TEST

/* A reader that sleeps first gets every byte, also those that the program
 * held back at its end. */
START_TEST(slow_reader_loses_nothing)
{
    static uint8_t data[65536];
    char text[64];
    size_t total = 0, wrong = 0;
    pid_t pid;
    int e, fd;

    write_flood();
    pid = launch(&e, "-serial", "tcp:127.0.0.1:0,server", "-icount", "shift=10",
                 NULL);
    read_notice(e, "connection at 127.0.0.1:", text, sizeof text);
    fd = tcp_connect((unsigned)atoi(text));
    nanosleep(&(struct timespec){1, 0}, NULL);
    for (;;) {
        ssize_t n;
        ck_assert_msg(readable(fd), "stuck after %zu", total);
        n = read(fd, data, sizeof data);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            wrong += data[i] != (uint8_t)total++;
    }
    ck_assert_uint_eq(total, FLOOD);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_int_eq(wait_for(pid), 1);
    close(fd);
    close(e);
}
END_TEST

/* mov dx,PORT+3; mov al,3; out dx,al; mov dx,PORT; mov al,CHAR; out dx,al */
#define SEND(port, c)                                                          \
    0xBA, ((port) + 3) & 0xFF, (port) >> 8, 0xB0, 3, 0xEE, 0xBA, (port)&0xFF,  \
        (port) >> 8, 0xB0, c, 0xEE
#define PAUSE 0xB9, 0x00, 0x10, 0xE2, 0xFE

START_TEST(four_ports)
{
    char args[4][160], text[TEXT_SIZE];
    char name[2] = "0";

    ROM("rom", SEND(0x3F8, 'a'), SEND(0x2F8, 'b'), SEND(0x3E8, 'c'),
        SEND(0x2E8, 'd'), PAUSE, 0xB0, 0x00, 0xE6, 0xF4);
    for (int i = 0; i < 4; i++) {
        name[0] = (char)('0' + i);
        snprintf(args[i], sizeof args[i], "file:%s", path(name));
    }
    ck_assert_int_eq(RUN_ROM("-serial", args[0], "-serial", args[1], "-serial",
                             args[2], "-serial", args[3]),
                     1);
    for (int i = 0; i < 4; i++) {
        name[0] = (char)('0' + i);
        read_file(name, text);
        ck_assert_int_eq(text[0], 'a' + i);
        ck_assert_int_eq(text[1], 0);
    }
    /* COM2 that is not there reads as nothing: in al,dx; out f4,al */
    ROM("rom", 0xBA, 0xFF, 0x02, 0xEC, 0xD0, 0xE8, 0xE6, 0xF4);
    ck_assert_int_eq(RUN_ROM("-serial", "null", "-serial", "none"), 255);
    ck_assert_int_eq(RUN_ROM("-serial", "null", "-serial", "null"), 1);
}
END_TEST

/* ----------------------------------------------------------------- parallel */

/* mov dx,378h; mov al,CHAR; out; mov dx,37Ah; mov al,0dh; out; mov al,0ch;
 * out */
#define PRINT(port, c)                                                         \
    0xBA, (port)&0xFF, (port) >> 8, 0xB0, c, 0xEE, 0xBA, ((port) + 2) & 0xFF,  \
        (port) >> 8, 0xB0, 0x0D, 0xEE, 0xB0, 0x0C, 0xEE

START_TEST(printers)
{
    char first[160], second[160], text[TEXT_SIZE];

    ROM("rom", PRINT(0x378, 'A'), PAUSE, PRINT(0x378, 'B'), PRINT(0x278, 'C'),
        PAUSE, 0xB0, 0x00, 0xE6, 0xF4);
    snprintf(first, sizeof first, "file:%s", path("lpt1"));
    snprintf(second, sizeof second, "file:%s", path("lpt2"));
    ck_assert_int_eq(RUN_ROM("-parallel", first, "-parallel", second), 1);
    read_file("lpt1", text);
    ck_assert_str_eq(text, "AB");
    read_file("lpt2", text);
    ck_assert_str_eq(text, "C");
    ck_assert_int_eq(RUN_ROM("-parallel", "stdio"), 1);
    ck_assert_str_eq(out, "AB");
}
END_TEST

/* Status of LPT1, halved: a printer, none, no port. */
START_TEST(printer_status)
{
    ROM("rom", 0xBA, 0x7A, 0x03, 0xB0, 0x0C, 0xEE, 0x4A, 0xEC, 0xD0, 0xE8, 0xE6,
        0xF4);
    ck_assert_int_eq(RUN_ROM("-parallel", "null"), 0xDF >> 1 << 1 | 1);
    ck_assert_int_eq(RUN_ROM("-m", "1"), 0x7F >> 1 << 1 | 1);
    ck_assert_int_eq(RUN_ROM("-parallel", "none"), 0xFF);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ports");
    TCase *c = tcase_create("program");

    tcase_add_unchecked_fixture(c, start, finish);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, pty_can_be_opened_again);
    tcase_add_test(c, tcp_server_takes_one_after_the_other);
    tcase_add_test(c, tcp_server_waits);
    tcase_add_test(c, tcp_client_and_what_refuses);
    tcase_add_test(c, unix_socket);
    tcase_add_test(c, pipes);
    tcase_add_test(c, slow_reader_loses_nothing);
    tcase_add_test(c, four_ports);
    tcase_add_test(c, printers);
    tcase_add_test(c, printer_status);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
