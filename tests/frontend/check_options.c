/* check_options - the command line.
 * Run alone: make tests/frontend/check_options &&
 * tests/frontend/check_options */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options.h"
#include "tests/suite.h"

static struct options o;
static char error[OPTIONS_ERROR_SIZE];

/* Parse words separated by blanks; _ in a word stands for a blank. */
static enum options_result parse(const char *line)
{
    static char copy[512];
    static char *argv[64];
    int argc = 1;

    argv[0] = "umbra";
    strcpy(copy, line);
    for (char *p = strtok(copy, " "); p; p = strtok(NULL, " ")) {
        argv[argc++] = p;
        for (; *p; p++)
            *p = *p == '_' ? ' ' : *p;
    }
    return options_parse(&o, argc, argv, error);
}

/* One line: what, colon, reason, semicolon or advice. */
static void refused(const char *line, const char *part)
{
    ck_assert_msg(parse(line) == OPTIONS_BAD, "\"%s\" was accepted", line);
    ck_assert_msg(strstr(error, part) != NULL, "\"%s\" gave \"%s\"", line,
                  error);
    ck_assert_ptr_null(strchr(error, '\n'));
    ck_assert_ptr_nonnull(strchr(error, ':'));
}

START_TEST(defaults)
{
    ck_assert_int_eq(parse(""), OPTIONS_RUN);
    ck_assert_uint_eq(o.config.ram_bytes, 128 << 20);
    ck_assert_uint_eq(o.config.linux_entry, 16);
    ck_assert_uint_eq(o.config.icount_shift, 2);
    ck_assert_int_eq(o.display, DISPLAY_AUTO);
    ck_assert_uint_eq(o.serials, 0);
    ck_assert_uint_eq(o.config.serial_ports, 0xF);
    ck_assert_uint_eq(o.config.parallel_ports, 1);
    ck_assert_ptr_null(o.image);
    ck_assert(!o.config.no_reboot && !o.snapshot && !o.clock_given);
}
END_TEST

START_TEST(drives)
{
    ck_assert_int_eq(
        parse("-fda a -fdb b -hda c --hdb d --hdd=e -cdrom f -snapshot"),
        OPTIONS_RUN);
    ck_assert_str_eq(o.config.media[UMBRA_FDA].path, "a");
    ck_assert_str_eq(o.config.media[UMBRA_FDB].path, "b");
    ck_assert_str_eq(o.config.media[UMBRA_HDA].path, "c");
    ck_assert_str_eq(o.config.media[UMBRA_HDB].path, "d");
    ck_assert_str_eq(o.config.media[UMBRA_HDD].path, "e");
    ck_assert_str_eq(o.config.media[UMBRA_HDC].path, "f");
    ck_assert(o.config.media[UMBRA_HDC].cdrom);
    ck_assert(!o.config.media[UMBRA_HDA].cdrom);
    for (int i = 0; i < UMBRA_DRIVES; i++)
        ck_assert(o.config.media[i].snapshot);
}
END_TEST

START_TEST(files_for_addresses)
{
    ck_assert_int_eq(parse("-load a@b@7c00 -load c@0x100000,entry=100010,"
                           "mode=64 -vgabios v"),
                     OPTIONS_RUN);
    ck_assert_uint_eq(o.loads, 2);
    ck_assert_str_eq(o.load[0].path, "a@b");
    ck_assert_uint_eq(o.load[0].address, 0x7C00);
    ck_assert_str_eq(o.load[1].path, "c");
    ck_assert_uint_eq(o.load[1].address, 0x100000);
    ck_assert_uint_eq(o.config.raw_entry, 0x100010);
    ck_assert_uint_eq(o.config.raw_mode, 64);
    ck_assert_str_eq(o.vgabios, "v");
    ck_assert_int_eq(parse("-load a@0"), OPTIONS_RUN);
    ck_assert(o.config.raw_entry == UINT64_MAX && !o.config.raw_mode);
    refused("-load a", "does not end in an address");
    refused("-load @7c00", "does not end in an address");
    refused("-load a@xyz", "does not end in an address");
    refused("-load a@7c00,mode=8", "no mode; use 16, 32 or 64");
    refused("-load a@7c00,entry=", "is no address");
    refused("-load a@7c00,size=3", "\"size=3\" is unknown");
}
END_TEST

START_TEST(drives_with_keys)
{
    ck_assert_int_eq(
        parse("-drive file=a,,b,format=raw -drive "
              "file=c,media=cdrom,id=x -drive if=floppy,index=1,file=f,"
              "readonly=on -drive index=3,file=d,snapshot=on,format=qcow2"),
        OPTIONS_RUN);
    ck_assert_str_eq(o.config.media[UMBRA_HDA].path, "a,b");
    ck_assert_str_eq(o.config.media[UMBRA_HDA].format, "raw");
    ck_assert(!o.config.media[UMBRA_HDA].snapshot);
    ck_assert_str_eq(o.config.media[UMBRA_HDC].path, "c");
    ck_assert(o.config.media[UMBRA_HDC].cdrom);
    ck_assert_ptr_null(o.config.media[UMBRA_HDC].format);
    ck_assert_str_eq(o.config.media[UMBRA_FDB].path, "f");
    ck_assert(o.config.media[UMBRA_FDB].read_only);
    ck_assert_str_eq(o.config.media[UMBRA_HDD].path, "d");
    ck_assert(o.config.media[UMBRA_HDD].snapshot);
    ck_assert_str_eq(o.config.media[UMBRA_HDD].format, "qcow2");
    refused("-drive format=raw", "file= is missing");
    refused("-drive file", "has no value");
    refused("-drive file=", "file= is missing");
    refused("-drive file=a,format=vmdk", "use raw or qcow2");
    refused("-drive file=a,cache=none", "cache is no key here");
    refused("-drive file=a,if=scsi", "if is ide, floppy or pflash");
    refused("-drive file=a,index=4", "index is 0 to 3");
    refused("-drive file=a,if=floppy,index=2", "no drive left");
    refused("-drive file=a,readonly=maybe", "readonly is on or off");
    refused("-hda x -drive file=a,index=0", "another image");
}
END_TEST

START_TEST(geometry_of_disks)
{
    ck_assert_int_eq(parse("-drive file=a,cyls=615,heads=4,secs=17,trans=none "
                           "-drive file=b,trans=rechs"),
                     OPTIONS_RUN);
    ck_assert_uint_eq(o.config.media[UMBRA_HDA].cylinders, 615);
    ck_assert_uint_eq(o.config.media[UMBRA_HDA].heads, 4);
    ck_assert_uint_eq(o.config.media[UMBRA_HDA].sectors, 17);
    ck_assert_int_eq(o.config.media[UMBRA_HDA].translation,
                     UMBRA_TRANSLATION_NONE);
    ck_assert_uint_eq(o.config.media[UMBRA_HDB].cylinders, 0);
    ck_assert_int_eq(o.config.media[UMBRA_HDB].translation,
                     UMBRA_TRANSLATION_RECHS);
    refused("-drive file=a,cyls=615", "give all three");
    refused("-drive file=a,cyls=0,heads=4,secs=17", "cyls goes from 1");
    refused("-drive file=a,cyls=1,heads=17,secs=17", "heads goes from 1 to 16");
    refused("-drive file=a,cyls=1,heads=1,secs=64", "secs goes from 1 to 63");
    refused("-drive file=a,trans=chs", "trans is auto, none, lba");
}
END_TEST

START_TEST(boot_keys)
{
    ck_assert_int_eq(parse("-boot order=cd,once=a,menu=on,splash-time=300,"
                           "reboot-timeout=4000,strict=on"),
                     OPTIONS_RUN);
    ck_assert_str_eq(o.config.boot_order, "cd");
    ck_assert_str_eq(o.config.boot_once, "a");
    ck_assert_int_eq(o.config.boot_menu, UMBRA_MENU_ON);
    ck_assert_uint_eq(o.config.boot_menu_ms, 300);
    ck_assert_uint_eq(o.config.boot_retry_ms, 4000);
    ck_assert_int_eq(parse("-boot dn,menu=off,reboot-timeout=-1"), OPTIONS_RUN);
    ck_assert_str_eq(o.config.boot_order, "dn");
    ck_assert_int_eq(o.config.boot_menu, UMBRA_MENU_OFF);
    ck_assert_uint_eq(o.config.boot_retry_ms, 0);
    ck_assert_int_eq(parse("-option-rom a -option-rom file=b"), OPTIONS_RUN);
    ck_assert_uint_eq(o.option_roms, 2);
    ck_assert_str_eq(o.option_rom[1], "b");
    refused("-boot menu=maybe", "menu is on or off");
    refused("-boot menu=on,d", "has no value");
    refused("-boot once=x", "no boot order");
    refused("-boot splash=a.bmp", "no key of a boot order");
    refused("-boot splash-time=70000", "no time");
    refused("-boot splash-time=-1", "no time");
    refused("-option-rom file=", "no file name");
}
END_TEST

START_TEST(one_dash_or_two)
{
    ck_assert_int_eq(parse("--m=1G --no-reboot -until-text A:\\\\> "
                           "--append root=/dev/sda_quiet --kernel k"),
                     OPTIONS_RUN);
    ck_assert_uint_eq(o.config.ram_bytes, 1ull << 30);
    ck_assert(o.config.no_reboot);
    ck_assert_str_eq(o.config.cmdline, "root=/dev/sda quiet");
    ck_assert_str_eq(o.kernel, "k");
}
END_TEST

START_TEST(real_time_clock)
{
    ck_assert_int_eq(parse("-rtc base=2006-06-17T16:01:21,clock=host,"
                           "driftfix=none"),
                     OPTIONS_RUN);
    ck_assert_int_eq(o.config.rtc_base, 1150560081);
    ck_assert(o.clock_given && o.rtc_given);
    ck_assert_int_eq(o.config.clock, UMBRA_CLOCK_HOST);
    ck_assert(!o.config.rtc_slew);
    ck_assert_int_eq(parse("-vga none"), OPTIONS_RUN);
    ck_assert(o.config.no_display);
    ck_assert_int_eq(parse("-vga std -device VGA,romfile=a.rom"), OPTIONS_RUN);
    ck_assert(!o.config.no_display);
    ck_assert_str_eq(o.vgabios, "a.rom");
    ck_assert_int_eq(parse("-rtc clock=vm,driftfix=slew"), OPTIONS_RUN);
    ck_assert(o.config.rtc_slew);
    ck_assert_int_eq(parse("-rtc clock=vm"), OPTIONS_RUN);
    ck_assert(!o.clock_given && !o.rtc_given);
}
END_TEST

START_TEST(everything_else)
{
    ck_assert_int_eq(
        parse("disk.img -m 512 -boot order=dc -serial file:log -display none "
              "-rtc base=2006-06-17T16:01:21 -icount shift=0 -mmu flush "
              "-seed 0xfedcba9876543210 -jit-cache 64 -perf-map "
              "-accel interp -time-limit 2.5 -screen-text s -screenshot p "
              "-until-serial login: -input-script i -stats j -d cpu,pit "
              "-D f -bios b --drop-derived 0.01"),
        OPTIONS_RUN);
    ck_assert_str_eq(o.image, "disk.img");
    ck_assert_str_eq(o.config.boot_order, "dc");
    ck_assert_uint_eq(o.serials, 1);
    ck_assert_int_eq(o.serial[0].kind, CHARDEV_FILE);
    ck_assert_str_eq(o.serial[0].name, "log");
    ck_assert_int_eq(o.display, DISPLAY_NONE);
    ck_assert_int_eq(o.config.rtc_base, 1150560081);
    ck_assert_uint_eq(o.config.jit_cache, 64 << 20);
    ck_assert(o.perf_map);
    ck_assert(o.clock_given && o.rtc_given);
    ck_assert_uint_eq(o.config.icount_shift, 0);
    ck_assert_uint_eq(o.config.random_seed, 0xfedcba9876543210);
    ck_assert_int_eq(o.config.mmu, UMBRA_MMU_FLUSH);
    ck_assert(o.time_limit == 2.5);
    ck_assert_str_eq(o.until_serial, "login:");
    ck_assert_uint_ne(o.config.log_mask, 0);
    ck_assert_str_eq(o.bios, "b");
}
END_TEST

START_TEST(nographic_is_serial_on_stdio)
{
    ck_assert_int_eq(parse("-nographic"), OPTIONS_RUN);
    ck_assert_int_eq(o.display, DISPLAY_NONE);
    ck_assert_int_eq(o.serial[0].kind, CHARDEV_STDIO);
    ck_assert_int_eq(parse("-serial null -nographic"), OPTIONS_RUN);
    ck_assert_uint_eq(o.serials, 1);
    ck_assert_int_eq(o.serial[0].kind, CHARDEV_NULL);
    ck_assert_int_eq(parse("-nographic -serial pty"), OPTIONS_RUN);
    ck_assert_int_eq(o.serial[0].kind, CHARDEV_PTY);
    ck_assert_int_eq(parse("-nographic -parallel stdio"), OPTIONS_RUN);
    ck_assert_uint_eq(o.serials, 0);
    ck_assert_int_eq(parse("-icount off"), OPTIONS_RUN);
    ck_assert_int_eq(o.config.clock, UMBRA_CLOCK_HOST);
}
END_TEST

START_TEST(ports)
{
    ck_assert_int_eq(parse("-serial none -serial tcp:localhost:4444,server,"
                           "nowait -serial unix:/tmp/s,server=on -serial "
                           "tcp:[::1]:23,server=on,wait=off "
                           "-parallel none -parallel file:p "
                           "-serial-speed real"),
                     OPTIONS_RUN);
    ck_assert_uint_eq(o.serials, 4);
    ck_assert_uint_eq(o.config.serial_ports, 0xE);
    ck_assert(o.config.serial_bit_times);
    ck_assert_int_eq(o.serial[1].kind, CHARDEV_TCP);
    ck_assert_str_eq(o.serial[1].name, "localhost");
    ck_assert_str_eq(o.serial[1].port, "4444");
    ck_assert(o.serial[1].server && o.serial[1].nowait);
    ck_assert_int_eq(o.serial[2].kind, CHARDEV_UNIX);
    ck_assert_str_eq(o.serial[2].name, "/tmp/s");
    ck_assert(o.serial[2].server && !o.serial[2].nowait);
    ck_assert_str_eq(o.serial[3].name, "::1");
    ck_assert_str_eq(o.serial[3].port, "23");
    ck_assert(o.serial[3].server && o.serial[3].nowait);
    ck_assert_uint_eq(o.config.parallel_ports, 2);
    ck_assert_uint_eq(o.config.printers, 2);
    ck_assert_int_eq(parse("-serial tcp::1 -serial pipe:/tmp/p -parallel null"),
                     OPTIONS_RUN);
    ck_assert_str_eq(o.serial[0].name, "");
    ck_assert_int_eq(o.serial[1].kind, CHARDEV_PIPE);
    ck_assert_uint_eq(o.config.printers, 1);
}
END_TEST

START_TEST(options_that_end_the_parsing)
{
    ck_assert_int_eq(parse("-h -m nonsense"), OPTIONS_HELP);
    ck_assert_int_eq(parse("--help"), OPTIONS_HELP);
    ck_assert_int_eq(parse("--version"), OPTIONS_VERSION);
    ck_assert_int_eq(parse("-d help"), OPTIONS_LOG_HELP);
}
END_TEST

START_TEST(wrong_values)
{
    refused("-jit-cache 12x", "no size");
    refused("-jit-cache 512K", "out of range");
    refused("-m 0", "-m: 0 is out of range");
    refused("-m 2T", "out of range");
    refused("-m 99999999999999999999", "no size");
    refused("-m 12x", "no size");
    refused("-m -5", "no size");
    refused("-m 1536K", "whole number of MiB");
    refused("-m", "a value is missing");
    refused("-boot z", "boot order");
    refused("-boot acdna", "boot order");
    refused("-serial tcp:1", "write tcp:HOST:PORT");
    refused("-serial tcp:h:,server", "write tcp:HOST:PORT");
    refused("-serial tcp:h:1,sever", "use server, nowait");
    refused("-serial unix:,server", "write unix:PATH");
    refused("-serial unix:a,wait", "use server, nowait");
    refused("-serial vc", "use stdio, file:FILE, pty");
    refused("-serial file:", "name a file");
    refused("-serial stdio -serial stdio", "belongs to another port");
    refused("-serial stdio -parallel stdio", "belongs to another port");
    refused("-serial null -serial null -serial null -serial null -serial null",
            "four serial ports");
    refused("-parallel null -parallel null -parallel null -parallel null",
            "three parallel ports");
    refused("-serial-speed slow", "use fast or real");
    refused("-display vnc", "use sdl or none");
    refused("-rtc clock=sun", "use clock=host or clock=vm");
    refused("-rtc base=utc,driftfix=fast", "use driftfix=slew");
    refused("-icount shift=2 -rtc clock=host", "use -icount off");
    refused("-rtc base=yesterday", "no start of the clock");
    refused("-rtc base=2023-02-29", "no start");
    refused("-rtc base=2023-01-01T24:00:00", "no start");
    refused("-rtc base=2023-01-01x", "no start");
    refused("-icount shift=11", "shift=N");
    refused("-icount auto", "shift=N");
    refused("-seed -1", "no number");
    refused("-seed 18446744073709551616", "no number");
    refused("-mmu fast", "use cached or flush");
    refused("-accel kvm", "use jit or interp");
    refused("-linux-entry 8", "use 16, 32 or 64");
    refused("-time-limit 0", "no time");
    refused("-time-limit -1", "no time");
    refused("-time-limit nan", "no time");
    refused("-time-limit 1e10", "no time");
    refused("-d cpu,nonsense", "no category \"nonsense\"");
    refused("-no-reboot=yes -m 1", "no such option");
    refused("--no-reboot=yes", "takes no value");
    refused("-fda a -fda b", "already holds a");
    refused("-hdc a -cdrom b", "already holds a");
    refused("-initrd i", "there is no kernel");
    refused("a.img b.img", "a second image");
    refused("a.img -kernel k", "beside -kernel");
}
END_TEST

START_TEST(suggestions)
{
    refused("-kernal x", "did you mean -kernel?");
    refused("--no-rebot", "did you mean -no-reboot?");
    refused("-screenshoot x", "did you mean -screenshot?");
    refused("-zzzzzz", "-h lists them");
    refused("--", "-h lists them");
}
END_TEST

START_TEST(sizes_and_dates)
{
    uint64_t bytes;
    int64_t seconds;

    ck_assert(options_parse_size("64K", &bytes) && bytes == 65536);
    ck_assert(options_parse_size("3MiB", &bytes) && bytes == 3 << 20);
    ck_assert(options_parse_size("2gb", &bytes) && bytes == 2ull << 30);
    ck_assert(!options_parse_size("", &bytes));
    ck_assert(!options_parse_size("16777216T", &bytes));
    ck_assert(!options_parse_size("1MM", &bytes));
    ck_assert(options_parse_date("1970-01-01", &seconds) && seconds == 0);
    ck_assert(options_parse_date("2000-02-29T23:59:59", &seconds) &&
              seconds == 951868799);
    ck_assert(options_parse_date("2099-12-31", &seconds) &&
              seconds == 4102358400);
    ck_assert(!options_parse_date("2100-01-01", &seconds));
    ck_assert(!options_parse_date("2001-13-01", &seconds));
}
END_TEST

static void count_line(void *opaque, const char *line)
{
    ck_assert_msg(strlen(line) <= 80, "too wide: %s", line);
    ++*(int *)opaque;
}

START_TEST(help_fits_the_terminal)
{
    int lines = 0;

    options_help(count_line, &lines);
    ck_assert_int_gt(lines, 40);
}
END_TEST

/* Random words made of the pieces above: never a crash, and every refusal
 * has its line. */
START_TEST(random_words)
{
    static const char *const pieces[] = {
        "-m",          "-fda",     "x",          "--",
        "-",           "=",        "-d",         "cpu",
        "all",         "5",        "-h1",        "--m=",
        "--rtc=base=", "-boot",    "order=",     "--icount=shift=",
        "-serial",     "file:f",   "%s%n",       "-time-limit",
        "1e308",       "-append",  "--display=", "-initrd",
        "-kernel",     "\xff\xfe", "-nographic"};
    char *argv[12] = {"umbra"};

    srand(7);
    for (int run = 0; run < 20000; run++) {
        int argc = 1 + rand() % 11;
        for (int i = 1; i < argc; i++)
            argv[i] = (char *)
                pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])];
        if (options_parse(&o, argc, argv, error) == OPTIONS_BAD)
            ck_assert(*error && strlen(error) < OPTIONS_ERROR_SIZE);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *c = tcase_create("options");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, defaults);
    tcase_add_test(c, drives);
    tcase_add_test(c, files_for_addresses);
    tcase_add_test(c, drives_with_keys);
    tcase_add_test(c, geometry_of_disks);
    tcase_add_test(c, boot_keys);
    tcase_add_test(c, one_dash_or_two);
    tcase_add_test(c, real_time_clock);
    tcase_add_test(c, everything_else);
    tcase_add_test(c, nographic_is_serial_on_stdio);
    tcase_add_test(c, ports);
    tcase_add_test(c, options_that_end_the_parsing);
    tcase_add_test(c, wrong_values);
    tcase_add_test(c, suggestions);
    tcase_add_test(c, sizes_and_dates);
    tcase_add_test(c, help_fits_the_terminal);
    tcase_add_test(c, random_words);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
