/* check_log - categories, repeat counting, parsing of -d lists. */
#include "devices/core/log.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>

struct capture {
    char text[2048];
};

static void sink(void *opaque, enum log_category category, const char *line)
{
    struct capture *c = opaque;
    size_t used = strlen(c->text);

    snprintf(c->text + used, sizeof c->text - used, "%s:%s|",
             log_category_name(category), line);
}

START_TEST(category_off_writes_nothing)
{
    struct capture c = {""};
    struct log log;

    log_init(&log, sink, &c);
    LOG(&log, PIT, "one");
    log.enabled = 1ull << LOG_PIT;
    LOG(&log, PIT, "two %d", 2);
    LOG(&log, PIC, "three");
    ck_assert_str_eq(c.text, "pit:two 2|");
}
END_TEST

START_TEST(repeats_are_counted)
{
    struct capture c = {""};
    struct log log;

    log_init(&log, sink, &c);
    for (int i = 0; i < 5; i++)
        log_printf(&log, LOG_PIT, "same");
    log_printf(&log, LOG_PIC, "same");
    log_printf(&log, LOG_PIC, "same");
    log_flush(&log);
    log_flush(&log);
    ck_assert_str_eq(c.text, "pit:same|pit:(line before repeated 4 times)|"
                             "pic:same|pic:(line before repeated 1 time)|");
}
END_TEST

START_TEST(long_line_is_cut)
{
    struct capture c = {""};
    struct log log;

    log_init(&log, sink, &c);
    log_printf(&log, LOG_PIT, "%0400d", 7);
    ck_assert_uint_eq(strlen(c.text), sizeof log.last - 1 + strlen("pit:|"));
}
END_TEST

START_TEST(no_sink_is_silent)
{
    struct log log;

    log_init(&log, NULL, NULL);
    log.enabled = ~0ull;
    LOG(&log, CPU, "x");
    LOG(&log, CPU, "x");
    log_flush(&log);
    ck_assert_uint_eq(log.repeats, 0);
}
END_TEST

START_TEST(lists_are_parsed)
{
    const char *bad = NULL;
    const char *list = "cpu,nonsense,pic";

    ck_assert_uint_eq(log_parse("cpu", &bad), 1ull << LOG_CPU);
    ck_assert_uint_eq(log_parse("pic,fw_cfg", &bad),
                      1ull << LOG_PIC | 1ull << LOG_FWCFG);
    ck_assert_uint_eq(log_parse("all", &bad), (1ull << LOG_COUNT) - 1);
    ck_assert_ptr_null(bad);
    ck_assert_uint_eq(log_parse(list, &bad), 0);
    ck_assert_ptr_eq(bad, list + 4);
    ck_assert_uint_eq(log_parse("pic,", &bad), 0);
    ck_assert_uint_eq(log_parse("", &bad), 0);
    ck_assert_uint_eq(log_parse("pi", &bad), 0);
}
END_TEST

START_TEST(every_category_has_name_and_help)
{
    for (unsigned i = 0; i < LOG_COUNT; i++) {
        const char *bad;
        ck_assert_uint_eq(log_parse(log_category_name(i), &bad), 1ull << i);
        ck_assert_uint_gt(strlen(log_category_help(i)), 5);
    }
    ck_assert_ptr_null(log_category_name(LOG_COUNT));
    ck_assert_ptr_null(log_category_help(LOG_COUNT));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tc = tcase_create("log");

    tcase_add_test(tc, category_off_writes_nothing);
    tcase_add_test(tc, repeats_are_counted);
    tcase_add_test(tc, long_line_is_cut);
    tcase_add_test(tc, no_sink_is_silent);
    tcase_add_test(tc, lists_are_parsed);
    tcase_add_test(tc, every_category_has_name_and_help);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
