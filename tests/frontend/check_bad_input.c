/* check_bad_input - what cannot be used or fails while in use: one line with
 * file, reason and remedy, exit code 2, and nothing lost that the guest was
 * told is written.
 * Run alone, where Umbra was built: make umbra tests/frontend/check_bad_input
 * && tests/frontend/check_bad_input */
#define _GNU_SOURCE
#include "tests/frontend/program.h"
#include "tests/suite.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SECTOR = 512, DISK_SIZE = 1 << 20 };

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

#define HEADLESS "-display", "none", "-time-limit", "0.001"

static void write_zeros(const char *name, size_t size)
{
    FILE *f = fopen(path(name), "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(ftruncate(fileno(f), (off_t)size), 0);
    fclose(f);
}

/* --------------------------------------------------------------- options */

static const struct {
    const char *option, *value, *part;
} values[] = {
    {"-m", "0", "out of range; RAM goes from 1M"},
    {"-m", "-1", "is no size; write 512"},
    {"-m", "1.5", "is no size"},
    {"-m", "512Q", "is no size"},
    {"-m", "99999999999999999999", "is no size"},
    {"-m", "1023K", "out of range"},
    {"-m", "1025K", "round it"},
    {"-m", "1025G", "out of range"},
    {"-boot", "x", "no boot order; use"},
    {"-boot", "", "no boot order"},
    {"-serial", "telnet:1", "use stdio, file:FILE, pty"},
    {"-serial", "file:", "name a file"},
    {"-parallel", "lp", "use stdio, file:FILE, pty"},
    {"-display", "vnc", "use sdl or none"},
    {"-d", "pit,nosuch", "no category \"nosuch\"; -d help"},
    {"-mmu", "x", "use cached or flush"},
    {"-cpu", "pentium4", "no model"},
    {"-cpu", "486,+3dnow", "no feature"},
    {"-device", "e1000", "is unknown"},
    {"-device", "VGA,romfile=", "use VGA,romfile=FILE"},
    {"-device", "VGA,edid=off", "use VGA,romfile=FILE"},
    {"-vga", "cirrus", "there is no card \"cirrus\"; use std"},
    {"-device", "isa-debug-exit,iobase=0", "iobase goes"},
    {"-accel", "kvm", "use jit or interp"},
    {"-icount", "shift=11", "use shift=N"},
    {"-icount", "-1", "use shift=N"},
    {"-rtc", "base=2026-02-30", "no start of the clock; use"},
    {"-linux-entry", "8", "use 16, 32 or 64"},
    {"-time-limit", "nan", "give seconds above 0"},
    {"-time-limit", "0", "give seconds above 0"},
    {"-drop-derived", "-1", "give seconds above 0"},
    {"-until-text", "[", "write a POSIX extended regular expression"},
    {"-until-serial", "(", "write a POSIX extended regular expression"},
    {"-append", "x", "there is no kernel; add -kernel"},
    {"-initrd", "x", "there is no kernel; add -kernel"},
    {"-kernel", NULL, "a value is missing; write -kernel FILE"},
    {"--no-reboot=1", NULL, "takes no value; write -no-reboot"},
    {"-nosuch", NULL, "no such option; -h lists them"},
};

enum { VALUES = sizeof values / sizeof values[0] };

START_TEST(wrong_values)
{
    const char *option = values[_i].option;

    refused_with(RUN("-display", "none", option, values[_i].value),
                 values[_i].part);
    ck_assert_msg(strstr(err, option) == err + 7, "%s", err);
}
END_TEST

/* ----------------------------------------------------------------- files */

static const char *const file_options[] = {
    "-fda", "-hda", "-cdrom", "-bios", "-kernel", "-input-script", NULL};

enum { FILE_OPTIONS = sizeof file_options / sizeof file_options[0] };

/* "-hda FILE", or FILE alone. */
static int run_file(int n, const char *name)
{
    return file_options[n] ? RUN(HEADLESS, file_options[n], name)
                           : RUN(HEADLESS, name);
}

static void names_file(const char *file, const char *part)
{
    refused_with(2, part);
    ck_assert_msg(strstr(err, file) == err + 7, "%s", err);
    ck_assert_msg(strchr(err, ';') != NULL, "no remedy: %s", err);
}

START_TEST(files_that_cannot_be_read)
{
    char *file = path("file");

    ck_assert_int_eq(run_file(_i, file), 2);
    names_file(file, "o such file");
    ck_assert_int_eq(run_file(_i, dir), 2);
    names_file(dir, "s a directory");
    ck_assert_int_eq(run_file(_i, "/dev/null/x"), 2);
    names_file("/dev/null/x", ": ");
    write_zeros("file", 737280);
    chmod(file, 0);
    if (geteuid() == 0)
        return; /* root may read it */
    ck_assert_int_eq(run_file(_i, file), 2);
    names_file(file, "ermission denied");
}
END_TEST

START_TEST(empty_files)
{
    char *file = path("empty");

    write_file("empty", "", 0);
    if (file_options[_i] && !strcmp(file_options[_i], "-input-script"))
        return; /* a script of no steps is one */
    ck_assert_int_eq(run_file(_i, file), 2);
    names_file(file, "empty");
}
END_TEST

/* Opening a pipe must not wait for a writer. */
START_TEST(drives_take_files_only)
{
    ck_assert_int_eq(mkfifo(path("pipe"), 0600), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run_file(i, path("pipe")), 2);
        names_file(path("pipe"), "neither a file nor a block device");
        ck_assert_int_eq(run_file(i, "/dev/null"), 2);
        names_file("/dev/null", "neither a file nor a block device");
    }
}
END_TEST

START_TEST(one_image_in_two_drives)
{
    write_zeros("disk", DISK_SIZE);
    refused_with(RUN(HEADLESS, "-hda", path("disk"), "-hdb", path("disk")),
                 "in use");
    refused_with(RUN(HEADLESS, "-hda", path("disk"), "-hda", path("disk")),
                 "give one image a drive");
}
END_TEST

START_TEST(floppies_of_no_size)
{
    static const size_t size[] = {2949120 + 512, 4 << 20};

    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        write_zeros("floppy", size[i]);
        ck_assert_int_eq(RUN(HEADLESS, "-fda", path("floppy")), 2);
        names_file(path("floppy"), "no floppy's size; use");
    }
}
END_TEST

START_TEST(firmware_of_odd_size)
{
    static const size_t size[] = {1, 65535, 65537, 100000, 17 << 20};

    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        write_zeros("rom", size[i]);
        ck_assert_int_eq(RUN(HEADLESS, "-bios", path("rom")), 2);
        names_file(path("rom"), "multiple of 4 KiB from 64 KiB to 16 MiB; use");
    }
}
END_TEST

START_TEST(firmware_that_does_not_fit)
{
    write_zeros("a.secboot.fd", 65536);
    ck_assert_int_eq(RUN(HEADLESS, "-bios", path("a.secboot.fd")), 2);
    names_file(path("a.secboot.fd"), "needs system-management mode");
    write_zeros("vga", 32768);
    ck_assert_int_eq(RUN(HEADLESS, "-vgabios", path("vga")), 2);
    names_file(path("vga"), "does not begin with 55 AA");
    write_zeros("rom", 65536);
    write_file("sector", "\xEB\xFE", 2);
    ck_assert_int_eq(
        RUN(HEADLESS, "-bios", path("rom"), "-load", path("sector@7c00")), 2);
    names_file(path("sector"), "a foreign BIOS cannot start it");
    ck_assert_int_eq(RUN(HEADLESS, "-load", path("none@7c00")), 2);
    names_file(path("none"), "o such file");
    ck_assert_int_eq(RUN(HEADLESS, "-load", path("sector@3ff")), 2);
    names_file(path("sector"), "RAM is free from address 0x500");
    ck_assert_int_eq(RUN(HEADLESS, "-load", path("sector@7c00")), 10);
}
END_TEST

/* The PE header of an application for UEFI, for another machine. */
START_TEST(efi_application_for_another_machine)
{
    static uint8_t program[1024] = {'M', 'Z', [0x3C] = 0x40, [0x40] = 'P', 'E'};

    program[0x44] = 0x64;
    program[0x45] = 0xAA;
    program[0x40 + 24 + 68] = 10;
    write_file("app", program, sizeof program);
    ck_assert_int_eq(RUN(HEADLESS, path("app")), 2);
    names_file(path("app"), "machine 0xaa64, not for a PC");
}
END_TEST

/* A bzImage of 64 KiB, as far as its header goes, cut to `size`. */
static void write_kernel(size_t size)
{
    static uint8_t kernel[65536];

    memset(kernel, 0, sizeof kernel);
    memcpy(kernel + 0x1FE, "\x55\xAA\xEB\x66HdrS\x0F\x02", 10);
    kernel[0x1F1] = 3; /* sectors of set-up code after the first */
    kernel[0x1F4] = (65536 - 4 * 512) / 16 & 0xFF;
    kernel[0x1F5] = (65536 - 4 * 512) / 16 >> 8;
    kernel[0x211] = 1; /* loaded high */
    kernel[0x236] = 1; /* 64-bit entry */
    write_file("kernel", kernel, size);
}

START_TEST(truncated_kernels)
{
    static const size_t size[] = {0x401, 0x600, 0x800, 0x801, 60000, 65519};

    write_kernel(65536);
    ck_assert_int_eq(RUN(HEADLESS, "-kernel", path("kernel")), 10);
    ck_assert_int_eq(RUN(HEADLESS, path("kernel")), 10);
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        write_kernel(size[i]);
        ck_assert_int_eq(RUN(HEADLESS, "-kernel", path("kernel")), 2);
        names_file(path("kernel"), "cut short, fetch it again");
    }
    write_kernel(0x1F0);
    ck_assert_int_eq(RUN(HEADLESS, "-kernel", path("kernel")), 2);
    names_file(path("kernel"), "holds no Linux");
}
END_TEST

START_TEST(kernels_that_do_not_fit)
{
    write_kernel(65536);
    ck_assert_int_eq(RUN(HEADLESS, "-kernel", path("kernel"), "-m", "1"), 2);
    names_file(path("kernel"), "give the PC more with -m");
    write_zeros("initrd", 8 << 20);
    ck_assert_int_eq(RUN(HEADLESS, "-kernel", path("kernel"), "-initrd",
                         path("initrd"), "-m", "8"),
                     2);
    names_file(path("initrd"), "give the PC more with -m");
    ck_assert_int_eq(
        RUN(HEADLESS, "-kernel", path("kernel"), "-initrd", path("none")), 2);
    names_file(path("none"), "o such file");
}
END_TEST

START_TEST(more_memory_than_the_host_has)
{
    struct rlimit limit = {1 << 30, 1 << 30};

    if (SANITIZED)
        return; /* needs the addresses for itself */
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    refused_with(RUN(HEADLESS, "-m", "2048"), "give the PC less with -m");
    ck_assert_ptr_nonnull(strstr(err, "2048 MiB"));
}
END_TEST

/* ----------------------------------------------------------------- output */

START_TEST(outputs_on_a_full_disk)
{
    ROM("rom", SET_8N1, 0xBA, 0xF8, 0x03, 0xB0, 'o', 0xEE, 0xEB, 0xFD);
    if (access("/dev/full", W_OK))
        return;
    ck_assert_int_eq(RUN_ROM("-time-limit", "1", "-serial", "file:/dev/full"),
                     12);
    ck_assert_ptr_nonnull(strstr(err, "/dev/full: cannot be written any "
                                      "more; make room"));
    ck_assert_int_eq(
        RUN_ROM("-time-limit", "0.0001", "-d", "all", "-D", "/dev/full"), 12);
    ck_assert_ptr_nonnull(strstr(err, "/dev/full: the log"));
    ck_assert_int_eq(RUN_ROM("-time-limit", "0.001", "-stats", "/dev/full"),
                     12);
    ck_assert_ptr_nonnull(strstr(err, "make room on the disk"));
    ck_assert_int_eq(
        RUN_ROM("-time-limit", "0.001", "-screenshot", "/dev/full"), 12);
    ck_assert_ptr_nonnull(strstr(err, "/dev/full: No space left"));
}
END_TEST

/* ------------------------------------------------------------ disks in use */

/* Firmware that takes commands from COM1: three bytes, an ATA command (20h
 * read, 30h write, E7h flush) and the sector's number, low byte first. It
 * answers with + or -, and starts with a +. What it writes are its own first
 * 512 bytes. */
static const uint8_t server[] = {
    0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE, /* mov dx,3FBh; mov al,3; out dx,al */
    0x8C, 0xC8, 0x8E, 0xD8,             /* mov ax,cs; mov ds,ax */
    0xEB, 0x52,                         /* jmp good */
    0xE8, 0x5B, 0x00, 0x88, 0xC3,       /* main: call get; mov bl,al */
    0xE8, 0x56, 0x00, 0x88, 0xC1,       /* call get; mov cl,al */
    0xE8, 0x51, 0x00, 0x88, 0xC5,       /* call get; mov ch,al */
    0xBA, 0xF2, 0x01, 0xB0, 0x01, 0xEE, /* mov dx,1F2h; mov al,1; out dx,al */
    0x42, 0x88, 0xC8, 0xEE,             /* inc dx; mov al,cl; out dx,al */
    0x42, 0x88, 0xE8, 0xEE,             /* inc dx; mov al,ch; out dx,al */
    0x42, 0x30, 0xC0, 0xEE,             /* inc dx; xor al,al; out dx,al */
    0x42, 0xB0, 0xE0, 0xEE,             /* inc dx; mov al,E0h; out dx,al */
    0x42, 0x88, 0xD8, 0xEE,             /* inc dx; mov al,bl; out dx,al */
    0xE8, 0x3F, 0x00, 0xA8, 0x21,       /* call ready; test al,21h */
    0x75, 0x26,                         /* jnz bad */
    0xBA, 0xF0, 0x01, 0xB9, 0x00, 0x01, /* mov dx,1F0h; mov cx,256 */
    0x80, 0xFB, 0x20, 0x75, 0x07,       /* cmp bl,20h; jne 1f */
    0xBF, 0x00, 0x06, 0xF3, 0x6D,       /* mov di,600h; rep insw */
    0xEB, 0x10,                         /* jmp good */
    0x80, 0xFB, 0x30, 0x75, 0x0B,       /* 1: cmp bl,30h; jne good */
    0x31, 0xF6, 0xF3, 0x6F,             /* xor si,si; rep outsw */
    0xE8, 0x1D, 0x00, 0xA8, 0x21,       /* call ready; test al,21h */
    0x75, 0x04,                         /* jnz bad */
    0xB0, 0x2B, 0xEB, 0x02,             /* good: mov al,'+'; jmp 2f */
    0xB0, 0x2D,                         /* bad: mov al,'-' */
    0xBA, 0xF8, 0x03, 0xEE,             /* 2: mov dx,3F8h; out dx,al */
    0xEB, 0xA2,                         /* jmp main */
    0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, /* get: mov dx,3FDh; in al,dx; ... */
    0x74, 0xFB,                         /* jz get + 3 */
    0xBA, 0xF8, 0x03, 0xEC, 0xC3,       /* mov dx,3F8h; in al,dx; ret */
    0xBA, 0xF7, 0x01, 0xEC, 0xA8, 0x80, /* ready: mov dx,1F7h; in al,dx; */
    0x75, 0xFB, 0xC3,                   /* test al,80h; jnz ready + 3; ret */
};

enum { READ = 0x20, WRITE = 0x30, FLUSH = 0xE7, UNTIL_END = -1 };

/* A umbra with that firmware and a disk. */
struct served {
    pid_t pid;
    int to, from, errors;
};

static int answer_of(struct served *s)
{
    uint8_t answer;

    return read(s->from, &answer, 1) == 1 ? answer : UNTIL_END;
}

static struct served serve(char *disk)
{
    char *argv[] = {"./umbra", "-display", "none",  "-bios", path("rom"), "-m",
                    "1",       "-serial",  "stdio", "-hda",  disk,        NULL};
    struct served s;
    int in[2], o[2];

    write_rom("rom", server, sizeof server);
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(o, O_CLOEXEC), 0);
    s.errors = open(path("err"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    s.pid = spawn(argv, in[0], o[1], s.errors);
    close(in[0]);
    close(o[1]);
    s.to = in[1];
    s.from = o[0];
    ck_assert_int_eq(answer_of(&s), '+');
    return s;
}

/* The answer: +, -, or UNTIL_END when umbra is gone. */
static int ask(struct served *s, unsigned command, unsigned sector)
{
    const uint8_t bytes[3] = {(uint8_t)command, (uint8_t)sector,
                              (uint8_t)(sector >> 8)};

    ck_assert_int_eq(write(s->to, bytes, 3), 3);
    return answer_of(s);
}

/* The run ended by itself with a line about the disk. */
static void ended_with(struct served *s, const char *disk, const char *part)
{
    ck_assert_int_eq(wait_for(s->pid), 2);
    close(s->to);
    close(s->from);
    close(s->errors);
    read_file("err", err);
    out[0] = 0;
    names_file(disk, part);
}

static void holds_what_was_written(const char *disk, unsigned sector)
{
    uint8_t data[SECTOR];
    FILE *f = fopen(disk, "rb");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, (long)sector * SECTOR, SEEK_SET), 0);
    ck_assert_uint_eq(fread(data, 1, SECTOR, f), SECTOR);
    ck_assert_mem_eq(data, server, sizeof server);
    fclose(f);
}

START_TEST(disk_that_works)
{
    struct served s;

    write_zeros("disk", DISK_SIZE);
    s = serve(path("disk"));
    ck_assert_int_eq(ask(&s, WRITE, 100), '+');
    ck_assert_int_eq(ask(&s, READ, 100), '+');
    ck_assert_int_eq(ask(&s, FLUSH, 0), '+');
    ck_assert_int_eq(ask(&s, READ, DISK_SIZE / SECTOR), '-');
    holds_what_was_written(path("disk"), 100);
    ck_assert_int_eq(kill(s.pid, SIGTERM), 0);
    ck_assert_int_eq(wait_for(s.pid), 256 + SIGTERM);
}
END_TEST

START_TEST(disk_that_shrinks)
{
    const unsigned command = _i ? WRITE : READ;
    struct served s;

    write_zeros("disk", DISK_SIZE);
    s = serve(path("disk"));
    ck_assert_int_eq(ask(&s, WRITE, 3), '+');
    ck_assert_int_eq(ask(&s, READ, 1000), '+');
    ck_assert_int_eq(truncate(path("disk"), 4096), 0);
    ck_assert_int_ne(ask(&s, command, 1000), '+');
    ended_with(&s, path("disk"), "shorter than when it was opened; restore");
    holds_what_was_written(path("disk"), 3);
}
END_TEST

/* A limit on the size of files stands in for a full disk ... */
START_TEST(disk_beyond_the_file_size_limit)
{
    struct rlimit limit = {DISK_SIZE / 2, DISK_SIZE / 2};
    struct served s;

    write_zeros("disk", DISK_SIZE);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    s = serve(path("disk"));
    ck_assert_int_eq(ask(&s, WRITE, 100), '+');
    ck_assert_int_ne(ask(&s, WRITE, DISK_SIZE / SECTOR - 1), '+');
    ended_with(&s, path("disk"), "too large; raise the file size limit");
    holds_what_was_written(path("disk"), 100);
}
END_TEST

/* ... and where we may mount one, a small disk is the real thing. */
START_TEST(full_host_disk)
{
    char *mounted = path("small"), image[160];
    unsigned n;
    struct served s;
    int fd;

    ck_assert_int_eq(mkdir(mounted, 0700), 0);
    if (unshare(CLONE_NEWNS) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("umbra", mounted, "tmpfs", 0, "size=64k"))
        return; /* not root */
    snprintf(image, sizeof image, "%s/disk", mounted);
    fd = open(image, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, DISK_SIZE), 0);
    close(fd);
    s = serve(image);
    for (n = 0; ask(&s, WRITE, 8 * n) == '+'; n++)
        ck_assert_uint_lt(n, 32);
    ended_with(&s, image, "no space left on the host's disk; free some");
    ck_assert_uint_ge(n, 1);
    while (n-- > 0)
        holds_what_was_written(image, 8 * n);
    ck_assert_int_eq(umount(mounted), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad input");
    TCase *c = tcase_create("bad input");

    tcase_add_checked_fixture(c, start, finish);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, wrong_values, 0, VALUES);
    tcase_add_loop_test(c, files_that_cannot_be_read, 0, FILE_OPTIONS);
    tcase_add_loop_test(c, empty_files, 0, FILE_OPTIONS);
    tcase_add_test(c, drives_take_files_only);
    tcase_add_test(c, one_image_in_two_drives);
    tcase_add_test(c, floppies_of_no_size);
    tcase_add_test(c, firmware_of_odd_size);
    tcase_add_test(c, firmware_that_does_not_fit);
    tcase_add_test(c, efi_application_for_another_machine);
    tcase_add_test(c, truncated_kernels);
    tcase_add_test(c, kernels_that_do_not_fit);
    tcase_add_test(c, more_memory_than_the_host_has);
    tcase_add_test(c, outputs_on_a_full_disk);
    tcase_add_test(c, disk_that_works);
    tcase_add_loop_test(c, disk_that_shrinks, 0, 2);
    tcase_add_test(c, disk_beyond_the_file_size_limit);
    tcase_add_test(c, full_host_disk);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
