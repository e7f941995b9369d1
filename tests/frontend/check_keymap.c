/* check_keymap - names, codes and characters of keys.
 * Run alone: make tests/frontend/check_keymap && tests/frontend/check_keymap */
#include "frontend/keymap.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t all_codes[] = {
#define X(id, code, usage, name, plain, shifted) code,
    KEYMAP_KEYS(X)
#undef X
};
enum { ALL = sizeof all_codes / sizeof all_codes[0] };

START_TEST(names_and_codes_are_unique_and_agree)
{
    for (unsigned i = 0; i < ALL; i++) {
        const char *name = keymap_name(all_codes[i]);
        ck_assert_ptr_nonnull(name);
        ck_assert_msg(keymap_from_name(name) == all_codes[i], "%s", name);
        for (unsigned j = 0; j < i; j++)
            ck_assert_uint_ne(all_codes[i], all_codes[j]);
    }
}
END_TEST

START_TEST(codes_are_those_of_the_at_keyboard)
{
    ck_assert_uint_eq(keymap_from_name("a"), 0x1E);
    ck_assert_uint_eq(keymap_from_name("A"), 0x1E);
    ck_assert_uint_eq(keymap_from_name("ret"), 0x1C);
    ck_assert_uint_eq(keymap_from_name("enter"), 0x1C);
    ck_assert_uint_eq(keymap_from_name("kp_enter"), 0xE01C);
    ck_assert_uint_eq(keymap_from_name("up"), 0xE048);
    ck_assert_uint_eq(keymap_from_name("pause"), 0xE11D);
    ck_assert_uint_eq(keymap_from_name("print"), 0xE037);
    ck_assert_uint_eq(keymap_from_name("f12"), 0x58);
    ck_assert_uint_eq(keymap_from_name("0x1e"), 0x1E);
    ck_assert_uint_eq(keymap_from_name("0xE048"), 0xE048);
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
    ck_assert_uint_eq(keymap_from_name(""), 0);
    ck_assert_uint_eq(keymap_from_name("f99"), 0);
    ck_assert_uint_eq(keymap_from_name("0x"), 0);
    ck_assert_uint_eq(keymap_from_name("0x1eq"), 0);
    ck_assert_uint_eq(keymap_from_name("0x1001E"), 0);
    ck_assert_uint_eq(keymap_from_name("0xE0FF"), 0);
    ck_assert_ptr_null(keymap_name(0));
    ck_assert_uint_eq(keymap_from_usage(0), 0);
    ck_assert_uint_eq(keymap_from_usage(0xFFFF), 0);
}
END_TEST

START_TEST(usb_usages_lead_to_codes)
{
    ck_assert_uint_eq(keymap_from_usage(0x04), 0x1E);   /* A */
    ck_assert_uint_eq(keymap_from_usage(0x1D), 0x2C);   /* Z */
    ck_assert_uint_eq(keymap_from_usage(0x27), 0x0B);   /* 0 */
    ck_assert_uint_eq(keymap_from_usage(0x28), 0x1C);   /* Enter */
    ck_assert_uint_eq(keymap_from_usage(0x45), 0x58);   /* F12 */
    ck_assert_uint_eq(keymap_from_usage(0x46), 0xE037); /* Print Screen */
    ck_assert_uint_eq(keymap_from_usage(0x4F), 0xE04D); /* right */
    ck_assert_uint_eq(keymap_from_usage(0x50), 0xE04B); /* left */
    ck_assert_uint_eq(keymap_from_usage(0x51), 0xE050); /* down */
    ck_assert_uint_eq(keymap_from_usage(0x52), 0xE048); /* up */
    ck_assert_uint_eq(keymap_from_usage(0x62), 0x52);   /* keypad 0 */
    ck_assert_uint_eq(keymap_from_usage(0x64), 0x56);   /* ISO < > */
    ck_assert_uint_eq(keymap_from_usage(0xE6), 0xE038); /* AltGr */
}
END_TEST

START_TEST(combinations)
{
    uint16_t codes[KEYMAP_COMBO_MAX];

    ck_assert_uint_eq(keymap_parse_combo("ctrl-alt-del", codes), 3);
    ck_assert_uint_eq(codes[0], UMBRA_KEY_CTRL);
    ck_assert_uint_eq(codes[1], UMBRA_KEY_ALT);
    ck_assert_uint_eq(codes[2], UMBRA_KEY_DELETE);
    ck_assert_uint_eq(keymap_parse_combo("shift-a", codes), 2);
    ck_assert_uint_eq(codes[0], UMBRA_KEY_SHIFT);
    ck_assert_uint_eq(keymap_parse_combo("x", codes), 1);
    ck_assert_uint_eq(keymap_parse_combo("-", codes), 1);
    ck_assert_uint_eq(codes[0], UMBRA_KEY_MINUS);
    ck_assert_uint_eq(keymap_parse_combo("ctrl--", codes), 2);
    ck_assert_uint_eq(codes[1], UMBRA_KEY_MINUS);
}
END_TEST

START_TEST(bad_combinations)
{
    uint16_t codes[KEYMAP_COMBO_MAX];
    char longest[100];

    ck_assert_uint_eq(keymap_parse_combo("", codes), 0);
    ck_assert_uint_eq(keymap_parse_combo("ctrl-", codes), 0);
    ck_assert_uint_eq(keymap_parse_combo("ctrl-nokey", codes), 0);
    ck_assert_uint_eq(keymap_parse_combo("a-b-c-d-e-f-g-h", codes), 8);
    ck_assert_uint_eq(keymap_parse_combo("a-b-c-d-e-f-g-h-i", codes), 0);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_uint_eq(keymap_parse_combo(longest, codes), 0);
}
END_TEST

START_TEST(every_printable_character_can_be_typed)
{
    uint16_t codes[2];

    for (int c = ' '; c < 0x7F; c++) {
        unsigned count = keymap_from_ascii((char)c, codes);
        ck_assert_msg(count == 1 || count == 2, "character %02X", c);
        if (count == 2)
            ck_assert_uint_eq(codes[0], UMBRA_KEY_SHIFT);
    }
    ck_assert_uint_eq(keymap_from_ascii('A', codes), 2);
    ck_assert_uint_eq(codes[1], UMBRA_KEY_A);
    ck_assert_uint_eq(keymap_from_ascii('|', codes), 2);
    ck_assert_uint_eq(codes[1], UMBRA_KEY_BACKSLASH);
    ck_assert_uint_eq(keymap_from_ascii('\n', codes), 1);
    ck_assert_uint_eq(codes[0], UMBRA_KEY_RET);
    ck_assert_uint_eq(keymap_from_ascii('\r', codes), 1);
    ck_assert_uint_eq(codes[0], UMBRA_KEY_RET);
    ck_assert_uint_eq(keymap_from_ascii('\t', codes), 1);
    ck_assert_uint_eq(keymap_from_ascii('\0', codes), 0);
    ck_assert_uint_eq(keymap_from_ascii('\x01', codes), 0);
    ck_assert_uint_eq(keymap_from_ascii((char)0xE4, codes), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keymap");
    TCase *tcase = tcase_create("keymap");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, names_and_codes_are_unique_and_agree);
    tcase_add_test(tcase, codes_are_those_of_the_at_keyboard);
    tcase_add_test(tcase, what_is_no_key_is_refused);
    tcase_add_test(tcase, usb_usages_lead_to_codes);
    tcase_add_test(tcase, combinations);
    tcase_add_test(tcase, bad_combinations);
    tcase_add_test(tcase, every_printable_character_can_be_typed);
    return suite_run(suite);
}
