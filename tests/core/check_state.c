/* check_state - field tables: save, load, hash, compare, show. */
#include "devices/core/state.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>

struct channel {
    uint8_t mode;
    uint32_t count;
};

struct part {
    bool on;
    uint8_t small;
    uint16_t words[3];
    uint32_t wide;
    uint64_t widest;
    struct channel channel[2];
    int unsaved;
};

static const struct state_field fields[] = {
    FIELD(struct part, BOOL, on),
    FIELD(struct part, U8, small),
    FIELD_ARRAY(struct part, U16, words),
    FIELD(struct part, U32, wide),
    FIELD(struct part, U64, widest),
    FIELD_OF(struct part, U8, channel, mode),
    FIELD_OF(struct part, U32, channel, count),
    FIELD_END,
};

enum { SAVED = 1 + 1 + 6 + 4 + 8 + 2 + 8 };

static const struct part sample = {
    .on = true,
    .small = 0x12,
    .words = {0x3456, 0x789A, 0xBCDE},
    .wide = 0x01020304,
    .widest = 0x1122334455667788,
    .channel = {{7, 0xAABBCCDD}, {9, 0x11223344}},
    .unsaved = 99,
};

START_TEST(saved_form_is_little_endian_and_packed)
{
    static const uint8_t expected[SAVED] = {
        1, 0x12, 0x56, 0x34, 0x9A, 0x78, 0xDE, 0xBC, 4,    3,
        2, 1,    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
        7, 9,    0xDD, 0xCC, 0xBB, 0xAA, 0x44, 0x33, 0x22, 0x11};
    uint8_t out[SAVED];

    ck_assert_uint_eq(state_size(fields), SAVED);
    state_save(fields, &sample, out);
    ck_assert_mem_eq(out, expected, SAVED);
}
END_TEST

START_TEST(load_restores_everything)
{
    uint8_t out[SAVED];
    struct part other = {.unsaved = 5};

    state_save(fields, &sample, out);
    ck_assert_ptr_nonnull(state_compare(fields, &sample, &other));
    state_load(fields, &other, out);
    ck_assert_ptr_null(state_compare(fields, &sample, &other));
    ck_assert_int_eq(other.unsaved, 5);
    ck_assert_uint_eq(state_hash(fields, &sample, STATE_HASH_INIT),
                      state_hash(fields, &other, STATE_HASH_INIT));
}
END_TEST

START_TEST(odd_bool_byte_becomes_true)
{
    uint8_t out[SAVED] = {0xFE};
    struct part other = {0};

    state_load(fields, &other, out);
    state_save(fields, &other, out);
    ck_assert_uint_eq(out[0], 1);
}
END_TEST

START_TEST(compare_names_the_field)
{
    struct part other = sample;

    other.channel[1].count++;
    ck_assert_str_eq(state_compare(fields, &sample, &other)->name,
                     "channel.count");
    ck_assert_uint_ne(state_hash(fields, &sample, STATE_HASH_INIT),
                      state_hash(fields, &other, STATE_HASH_INIT));
    other = sample;
    other.words[2] = 0;
    ck_assert_str_eq(state_compare(fields, &sample, &other)->name, "words");
}
END_TEST

/* Published FNV-1a test vectors. */
START_TEST(hash_is_fnv1a)
{
    ck_assert_uint_eq(state_hash_bytes("", 0, STATE_HASH_INIT),
                      0xcbf29ce484222325ull);
    ck_assert_uint_eq(state_hash_bytes("a", 1, STATE_HASH_INIT),
                      0xaf63dc4c8601ec8cull);
    ck_assert_uint_eq(state_hash_bytes("foobar", 6, STATE_HASH_INIT),
                      0x85944171f73967e8ull);
}
END_TEST

static void put(void *opaque, const char *line)
{
    strcat(strcat(opaque, line), "\n");
}

START_TEST(show_prints_each_field)
{
    char text[1024] = "";

    state_show(fields, &sample, put, text);
    ck_assert_str_eq(text, "on = 0x1\nsmall = 0x12\n"
                           "words[0] = 3456 789a bcde\nwide = 0x1020304\n"
                           "widest = 0x1122334455667788\n"
                           "channel.mode[0] = 07 09\n"
                           "channel.count[0] = aabbccdd 11223344\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state");
    TCase *tc = tcase_create("state");

    tcase_add_test(tc, saved_form_is_little_endian_and_packed);
    tcase_add_test(tc, load_restores_everything);
    tcase_add_test(tc, odd_bool_byte_becomes_true);
    tcase_add_test(tc, compare_names_the_field);
    tcase_add_test(tc, hash_is_fnv1a);
    tcase_add_test(tc, show_prints_each_field);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
