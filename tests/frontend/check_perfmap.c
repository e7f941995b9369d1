/* check_perfmap.c - the file for `perf`: as translations come, and at the end
 * only what was translated last at each address. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/perfmap.h"

static char path[] = "/tmp/umbra-perfmap-XXXXXX";

static const char *content(void)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    ck_assert_ptr_nonnull(f);
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

START_TEST(later_lines_count)
{
    int fd = mkstemp(path);
    struct perf_map *map = perf_map_open(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_nonnull(map);
    perf_map_add(map, 0x7f0000001000, 0x100, 0xffff800000001234);
    perf_map_add(map, 0x7f0000001110, 0x20, 0x2);
    perf_map_add(map, 0x7f0000001200, 0x18, 0x3);
    perf_map_add(map, 0x7f00000010f0, 0x25, 0x4); /* over the first two */
    perf_map_add(map, 0x7f0000001000, 0xe1, 0x5);
    perf_map_close(map);
    ck_assert_str_eq(content(), "7f0000001000 e1 umbra:5\n"
                                "7f00000010f0 25 umbra:4\n"
                                "7f0000001200 18 umbra:3\n");
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(many_and_none)
{
    struct perf_map *map;
    const char *p;
    unsigned lines = 0;

    strcpy(strrchr(path, '-'), "-XXXXXX");
    close(mkstemp(path));
    perf_map_close(perf_map_open(path));
    ck_assert_str_eq(content(), "");
    map = perf_map_open(path);
    for (unsigned n = 0; n < 5000; n++)
        perf_map_add(map, 0x10000 + n % 50 * 64, 64, n);
    perf_map_close(map);
    for (p = content(); *p; p = strchr(p, '\n') + 1)
        lines++;
    ck_assert_uint_eq(lines, 50);
    ck_assert(strncmp(content(), "10000 40 umbra:1356\n", 20) == 0);
    ck_assert_ptr_null(perf_map_open("/no/such/directory/file"));
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("perf map");
    SRunner *runner = srunner_create(suite);
    TCase *tc = tcase_create("perf map");
    int failed;

    tcase_add_test(tc, later_lines_count);
    tcase_add_test(tc, many_and_none);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
