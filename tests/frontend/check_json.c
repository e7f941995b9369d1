/* check_json - the strict JSON reader and the input scripts made of it.
 * Run alone: make tests/frontend/check_json && tests/frontend/check_json */
#define _DEFAULT_SOURCE
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frontend/json.h"
#include "frontend/script.h"
#include "tests/suite.h"

static char error[SCRIPT_ERROR_SIZE];

static struct json *parse(const char *text)
{
    return json_parse(text, strlen(text), error);
}

START_TEST(values)
{
    struct json *v = parse(" {\"a\": [1, -2.5e3, true, null], \"b\": {}} ");
    const struct json *a;

    ck_assert_ptr_nonnull(v);
    ck_assert_int_eq(v->type, JSON_OBJECT);
    a = json_member(v, "a");
    ck_assert_int_eq(a->type, JSON_ARRAY);
    ck_assert(a->child->number == 1 && a->child->next->number == -2500);
    ck_assert(a->child->next->next->boolean);
    ck_assert_int_eq(a->child->next->next->next->type, JSON_NULL);
    ck_assert_ptr_null(a->child->next->next->next->next);
    ck_assert_int_eq(json_member(v, "b")->type, JSON_OBJECT);
    ck_assert_ptr_null(json_member(v, "c"));
    ck_assert_ptr_null(json_member(a, "a"));
    json_free(v);
}
END_TEST

START_TEST(strings)
{
    struct json *v = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9"
                           "\\u20AC\\ud83d\\ude00 \xc3\xa9\"");

    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(v->string, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac"
                                "\xf0\x9f\x98\x80 \xc3\xa9");
    json_free(v);
}
END_TEST

START_TEST(wrong_texts)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "{",
                                        "}",
                                        "[",
                                        "[1,]",
                                        "[1 2]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":1,\"a\":2}",
                                        "01",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "+1",
                                        "-",
                                        "0x10",
                                        "nan",
                                        "tru",
                                        "truefalse",
                                        "'a'",
                                        "\"a",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u0000\"",
                                        "\"\\ud800\"",
                                        "\"\\ud800\\u0041\"",
                                        "\"\\udc00\"",
                                        "\"\t\"",
                                        "\"\xff\"",
                                        "\"\xc0\x80\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xf4\x90\x80\x80\"",
                                        "\"\xe2\x82\"",
                                        "1 2",
                                        "[]]",
                                        "// c\n1"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(!parse(texts[i]), "accepted: %s", texts[i]);
        ck_assert_msg(!strncmp(error, "column ", 7), "%s: %s", texts[i], error);
    }
    ck_assert_ptr_null(json_parse("1\0", 2, error));
}
END_TEST

START_TEST(nesting_is_bounded)
{
    char deep[2 * JSON_MAX_DEPTH + 3];
    struct json *v;

    memset(deep, '[', JSON_MAX_DEPTH);
    memset(deep + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    deep[2 * JSON_MAX_DEPTH] = 0;
    v = parse(deep);
    ck_assert_ptr_nonnull(v);
    json_free(v);
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    ck_assert_ptr_null(parse(deep));
    ck_assert_ptr_nonnull(strstr(error, "deeply"));
}
END_TEST

/* Every one-byte damage of a good text is read or refused, no more. */
START_TEST(damaged_texts)
{
    static const char good[] = "{\"text\": \"A:\\\\\\u003e\", \"keys\": "
                               "[\"a\", \"\xc3\xa9\"], \"n\": -1.5e+3}";
    char text[sizeof good];

    for (size_t i = 0; i + 1 < sizeof good; i++)
        for (int c = 0; c < 256; c++) {
            memcpy(text, good, sizeof good);
            text[i] = (char)c;
            json_free(json_parse(text, sizeof good - 1, error));
        }
    for (size_t n = 0; n + 1 < sizeof good; n++)
        ck_assert_ptr_null(json_parse(good, n, error));
}
END_TEST

/* -------------------------------------------------------------- scripts */

static struct script *script(const char *text)
{
    return script_parse(text, strlen(text), "s.json", false, error);
}

START_TEST(good_script)
{
    struct script *s = script(
        "# comment\n"
        "{\"text\": \"A:.>\", \"keys\": [\"v\", \"e\", \"r\", \"ret\"]}\n"
        "\n"
        "{\"sleep\": 0.5, \"swap\": {\"fda\": \"b.img\", \"cdrom\": null}}\n"
        "{\"serial\": \"login: $\", \"send\": \"root\\n\"}\n"
        "{\"picture\": [640, 0, 4096], \"screenshot\": \"a.png\"}\n"
        "{\"mouse\": [-10000, 3], \"click\": \"middle\"}\n"
        "{\"keys\": [\"ctrl-alt-delete\"], \"end\": true}");

    ck_assert_msg(s != NULL, "%s", error);
    ck_assert(!script_finished(s));
    ck_assert(!script_ended(s));
    ck_assert(script_wants_text(s));
    script_where(s, error, sizeof error);
    ck_assert_str_eq(error, "line 2 waits for \"text\"");
    script_free(s);
}
END_TEST

/* The text ends where it ends, in the middle of a page or not. */
START_TEST(script_ends_with_its_bytes)
{
    static const char text[] = "{\"end\": true}\n \t \t";
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = sizeof text - 1;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = pages + page - size;
    struct script *s;

    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    memcpy(at, text, size);
    s = script_parse(at, size, "s.json", false, error);
    ck_assert_msg(s != NULL, "%s", error);
    ck_assert(!script_finished(s));
    script_free(s);
    munmap(pages, 2 * page);
}
END_TEST

START_TEST(wrong_scripts)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"{}\n{", "s.json: line 2: column 2"},
        {"[1]", "line 1: not a JSON object"},
        {"{\"txt\": \"a\"}", "unknown member \"txt\""},
        {"{\"text\": \"a\", \"sleep\": 1}", "waits twice"},
        {"{\"text\": \"(\"}", "regular expression"},
        {"{\"text\": 1}", "regular expression in quotes"},
        {"{\"sleep\": -1}", "takes seconds"},
        {"{\"sleep\": \"1\"}", "takes seconds"},
        {"{\"keys\": \"a\"}", "takes a list"},
        {"{\"keys\": [1]}", "a key is a name"},
        {"{\"keys\": [\"nokey\"]}", "no key \"nokey\""},
        {"{\"swap\": \"a\"}", "takes drives"},
        {"{\"swap\": {\"fdx\": \"a\"}}", "no drive \"fdx\""},
        {"{\"swap\": {\"fda\": 1}}", "takes a file name"},
        {"{\"send\": 1}", "takes text"},
        {"{\"picture\": [1, 2]}", "takes [WIDTH"},
        {"{\"picture\": [1, 2, 4097]}", "at most 4096"},
        {"{\"picture\": [1, 2, 3, 4]}", "takes [WIDTH"},
        {"{\"picture\": [-1, 2, 3]}", "takes [WIDTH"},
        {"{\"sleep\": 1, \"picture\": [1, 2, 3]}", "waits twice"},
        {"{\"mouse\": 1}", "takes a movement"},
        {"{\"mouse\": [1, \"2\"]}", "takes a movement"},
        {"{\"mouse\": [10001, 2]}", "takes a movement"},
        {"{\"click\": \"up\"}", "takes \"left\""},
        {"{\"click\": 1}", "takes \"left\""},
        {"{\"screenshot\": 1}", "takes a file name"},
        {"{\"force\": false}", "takes true"},
        {"{\"end\": false}", "takes true"},
        {"{\"end\": 1}", "takes true"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!script(wrong[i].text), "accepted: %s", wrong[i].text);
        ck_assert_msg(strstr(error, wrong[i].message) != NULL, "%s: %s",
                      wrong[i].text, error);
    }
}
END_TEST

/* --------------------------------------------------------------- matcher */

static void put(struct stream *s, const char *text)
{
    while (*text)
        stream_put(s, (unsigned char)*text++);
}

START_TEST(stream_is_plain_lines)
{
    static struct stream s;
    regex_t re;

    ck_assert(matcher_compile(&re, "^\\[  OK  \\] done$", error, sizeof error));
    put(&s, "x\r\n[\033[0;32m  OK  \033[0m] do");
    ck_assert(!stream_matches(&s, &re));
    put(&s, "ne\r\n");
    ck_assert(stream_matches(&s, &re));
    ck_assert(!stream_matches(&s, &re));
    ck_assert_str_eq(s.text, "x\n[  OK  ] done\n");
    regfree(&re);
    ck_assert(!matcher_compile(&re, "[", error, sizeof error));
}
END_TEST

START_TEST(stream_expects_forwards)
{
    static struct stream s;
    regex_t re;

    ck_assert(matcher_compile(&re, "# $", error, sizeof error));
    put(&s, "# ");
    ck_assert(stream_expect(&s, &re));
    ck_assert(!stream_expect(&s, &re));
    put(&s, "ls\n# ");
    ck_assert(stream_expect(&s, &re));
    for (int i = 0; i < 100000; i++)
        stream_put(&s, 'a');
    ck_assert(!stream_expect(&s, &re));
    put(&s, "# ");
    ck_assert(stream_expect(&s, &re));
    ck_assert_uint_lt(s.length, sizeof s.text);
    regfree(&re);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *c = tcase_create("json");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, values);
    tcase_add_test(c, strings);
    tcase_add_test(c, wrong_texts);
    tcase_add_test(c, nesting_is_bounded);
    tcase_add_test(c, damaged_texts);
    tcase_add_test(c, good_script);
    tcase_add_test(c, script_ends_with_its_bytes);
    tcase_add_test(c, wrong_scripts);
    tcase_add_test(c, stream_is_plain_lines);
    tcase_add_test(c, stream_expects_forwards);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
