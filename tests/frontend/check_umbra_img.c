/* check_umbra_img - the program umbra-img from outside: exit codes, what it
 * says, what is in the files. Its images are compared with those of another
 * program in tests/devices/qemu-img.sh.
 * Run alone, where Umbra was built: make umbra-img
 * tests/frontend/check_umbra_img && tests/frontend/check_umbra_img */
#define _GNU_SOURCE
#include "tests/suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_SIZE = 1 << 14, DISK_SIZE = 3 << 20 };

static char dir[64], start_dir[512], out[TEXT_SIZE], err[TEXT_SIZE];
static unsigned char disk[DISK_SIZE], back[DISK_SIZE];

static size_t read_file(const char *name, void *data, size_t size)
{
    FILE *f = fopen(name, "rb");
    size_t n;

    ck_assert_msg(f != NULL, "%s was not written", name);
    n = fread(data, 1, size, f);
    fclose(f);
    return n;
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(name, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

/* Exit code; `out` and `err` have what was said. */
static int img(const char *arguments)
{
    char command[2048];
    int status;

    snprintf(command, sizeof command, "'%s/umbra-img' %s >out 2>err </dev/null",
             start_dir, arguments);
    status = system(command);
    out[read_file("out", out, sizeof out - 1)] = 0;
    err[read_file("err", err, sizeof err - 1)] = 0;
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void done(const char *arguments)
{
    int code = img(arguments);

    ck_assert_msg(code == 0 && !*err, "%s: %d, %s", arguments, code, err);
}

/* One line that has `part`, nothing on standard output. */
static void refused(const char *arguments, const char *part)
{
    int code = img(arguments);

    ck_assert_msg(code == 1 && strstr(err, part) && !*out &&
                      strchr(err, '\n') == err + strlen(err) - 1,
                  "%s: %d, \"%s\", \"%s\"", arguments, code, err, out);
}

static void start(void)
{
    ck_assert_ptr_nonnull(getcwd(start_dir, sizeof start_dir));
    strcpy(dir, "/tmp/umbra-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    srand(3);
    memset(disk, 0, sizeof disk);
    for (size_t i = 0; i < 300000; i++)
        disk[i] = (unsigned char)(rand() >> 4);
    memset(disk + 1000000, 'x', 700000);
    write_file("a.raw", disk, sizeof disk);
}

static void finish(void)
{
    char command[128];

    ck_assert_int_eq(chdir(start_dir), 0);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static void expect_same(const char *name)
{
    char command[256];

    snprintf(command, sizeof command, "convert -O raw %s back.raw", name);
    done(command);
    ck_assert_uint_eq(read_file("back.raw", back, sizeof back), sizeof back);
    ck_assert_mem_eq(back, disk, sizeof disk);
}

START_TEST(converts_there_and_back)
{
    struct stat plain, packed;

    done("convert -O qcow2 a.raw x.qcow2");
    expect_same("x.qcow2");
    done("check x.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "No errors were found"));
    done("convert -c -O qcow2 -o cluster_size=4K,compat=0.10 x.qcow2 y.qcow2");
    expect_same("y.qcow2");
    ck_assert_int_eq(stat("x.qcow2", &plain), 0);
    ck_assert_int_eq(stat("y.qcow2", &packed), 0);
    ck_assert_int_lt(packed.st_size, plain.st_size - 500000);
    /* Raw output has holes where zeros are. */
    ck_assert_int_eq(stat("back.raw", &plain), 0);
    ck_assert_int_lt(plain.st_blocks * 512, 2 << 20);
    ck_assert_int_eq(img("convert -p -O qcow2 a.raw x.qcow2"), 0);
    ck_assert_ptr_nonnull(strstr(err, "100 %"));
}
END_TEST

START_TEST(only_what_differs_from_the_backing_file)
{
    struct stat status;

    ck_assert_int_eq(mkdir("sub", 0700), 0);
    write_file("sub/base.raw", disk, sizeof disk);
    memset(disk, 0, 70000);
    write_file("b.raw", disk, sizeof disk);
    done("convert -O qcow2 -B base.raw -F raw b.raw sub/top.qcow2");
    expect_same("sub/top.qcow2");
    ck_assert_int_eq(stat("sub/top.qcow2", &status), 0);
    ck_assert_int_lt(status.st_size, 600000);
    done("info --output=json sub/top.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "\"backing-filename\": \"base.raw\""));
    ck_assert_ptr_nonnull(
        strstr(out, "\"full-backing-filename\": \"sub/base.raw\""));
    done("info --backing-chain sub/top.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "image: sub/base.raw"));
    done("create -f qcow2 -b top.qcow2 -F qcow2 sub/leaf.qcow2");
    expect_same("sub/leaf.qcow2");
}
END_TEST

START_TEST(tells_what_an_image_is)
{
    done("create -f qcow2 -o cluster_size=2M,refcount_bits=8,"
         "lazy_refcounts=on n.qcow2 3G");
    done("info --output=json n.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "\"virtual-size\": 3221225472"));
    ck_assert_ptr_nonnull(strstr(out, "\"cluster-size\": 2097152"));
    ck_assert_ptr_nonnull(strstr(out, "\"refcount-bits\": 8"));
    ck_assert_ptr_nonnull(strstr(out, "\"lazy-refcounts\": true"));
    done("info n.qcow2");
    ck_assert_ptr_nonnull(
        strstr(out, "virtual size: 3 GiB (3221225472 bytes)"));
    done("create r.raw 10000");
    done("info r.raw");
    ck_assert_ptr_nonnull(strstr(out, "file format: raw"));
    ck_assert_ptr_nonnull(strstr(out, "(10240 bytes)"));
}
END_TEST

/* A refcount of the first block; clusters of 64 KiB, 16 bits. */
static void set_refcount(unsigned cluster, unsigned count)
{
    unsigned char raw[2] = {(unsigned char)(count >> 8), (unsigned char)count};
    FILE *f = fopen("x.qcow2", "r+b");

    ck_assert_int_eq(fseek(f, 2 * 65536 + 2 * (long)cluster, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(raw, 1, 2, f), 2);
    fclose(f);
}

START_TEST(checks_and_repairs)
{
    done("convert -O qcow2 a.raw x.qcow2");
    set_refcount(6, 2);
    /* COPIED, too, is wrong then. */
    ck_assert_int_eq(img("check x.qcow2"), 2);
    set_refcount(6, 1);
    ck_assert_int_eq(img("create -f qcow2 e.qcow2 1M"), 0);
    done("check x.qcow2");
    set_refcount(7, 0);
    ck_assert_int_eq(img("check -q x.qcow2"), 2);
    ck_assert_str_eq(out, "");
    done("check -r all x.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "repaired: "));
    done("check --output=json x.qcow2");
    ck_assert_ptr_nonnull(strstr(out, "\"check-errors\": 0"));
    expect_same("x.qcow2");
    ck_assert_int_eq(img("check a.raw"), 63);
}
END_TEST

START_TEST(finds_leaks)
{
    struct stat status;

    done("convert -O qcow2 a.raw x.qcow2");
    ck_assert_int_eq(stat("x.qcow2", &status), 0);
    ck_assert_int_eq(truncate("x.qcow2", status.st_size + 65536), 0);
    set_refcount((unsigned)(status.st_size / 65536), 1);
    ck_assert_int_eq(img("check x.qcow2"), 3);
    ck_assert_ptr_nonnull(strstr(out, "1 leaked"));
    done("check -r leaks x.qcow2");
    done("check x.qcow2");
    expect_same("x.qcow2");
}
END_TEST

/* A new image is not made out of what it is to stand on. */
START_TEST(backing_files_are_spared)
{
    done("convert -O qcow2 a.raw base");
    done("create -f qcow2 -b base -F qcow2 top");
    refused("create -f qcow2 -b base -F qcow2 base", "its own backing files");
    refused("create -f qcow2 -b top -F qcow2 ./base", "its own backing files");
    refused("convert -O qcow2 -B base -F qcow2 a.raw base", "backing files");
    expect_same("top");
}
END_TEST

START_TEST(refuses_in_one_line)
{
    static unsigned char foreign[4096] = "KDMV";

    refused("", "what is to be done");
    refused("resize a.raw", "no such command");
    refused("create x.raw", "no size");
    refused("create x.raw 12Q", "is no size");
    refused("create -f vmdk x 1M", "use raw or qcow2");
    refused("create -f qcow2 -o cluster_size=100 a.raw 1M", "power of two");
    expect_same("a.raw");
    refused("create -f qcow2 -o refcount_bits=3 x 1M", "refcount_bits must");
    refused("create -f qcow2 -o compat=0.10,refcount_bits=8 x 1M", "0.10");
    refused("create -f qcow2 -o nosuch=1 x 1M", "no such -o option");
    refused("create -f qcow2 -o cluster_size=512 x 1T", "larger cluster_size");
    refused("create -f qcow2 -o cluster_size=2M x 1E", "smaller size");
    refused("create -f qcow2 -b a.raw x", "add -F raw");
    refused("create -f qcow2 -b none -F raw x", "none: no such file");
    refused("create -b a.raw -F raw x", "use -f qcow2");
    refused("convert a.raw", "a file name is missing");
    refused("convert -c a.raw x.raw", "never compressed");
    refused("convert -O qcow2 a.raw a.raw", "in use");
    refused("convert -f qcow2 a.raw x", "a.raw: is no qcow2 image");
    refused("info nosuch", "nosuch: no such file; check the name");
    refused("check -r some a.raw", "-r leaks or -r all");
    refused("check -x a.raw", "unknown option");
    refused("info a.raw a.raw", "one file too many");
    write_file("f.vmdk", foreign, sizeof foreign);
    refused("info f.vmdk", "is a VMDK image; convert it");
    ck_assert_int_eq(img("--help"), 0);
    ck_assert_int_eq(img("--version"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("umbra-img");
    TCase *c = tcase_create("umbra-img");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, start, finish);
    tcase_add_test(c, converts_there_and_back);
    tcase_add_test(c, only_what_differs_from_the_backing_file);
    tcase_add_test(c, tells_what_an_image_is);
    tcase_add_test(c, checks_and_repairs);
    tcase_add_test(c, finds_leaks);
    tcase_add_test(c, backing_files_are_spared);
    tcase_add_test(c, refuses_in_one_line);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
