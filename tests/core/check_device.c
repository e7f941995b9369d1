/* check_device - list order, reset, destroy, hash; interrupt wires. */
#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "tests/suite.h"

#include <check.h>

struct thing {
    struct device device;
    uint8_t value;
    char name;
    char *trace;
};

static void note(struct thing *thing, char what)
{
    char text[3] = {what, thing->name, 0};

    strcat(thing->trace, text);
}

static void thing_reset(struct device *device)
{
    struct thing *thing = (struct thing *)device;

    thing->value = 0;
    note(thing, 'r');
}

static void thing_destroy(struct device *device)
{
    note((struct thing *)device, 'd');
}

static uint64_t thing_extra(struct device *device, uint64_t hash)
{
    return hash ^ (uint64_t)((struct thing *)device)->name;
}

static const struct state_field thing_fields[] = {
    FIELD(struct thing, U8, value),
    FIELD_END,
};

static const struct device_ops ops = {
    .name = "thing",
    .description = "test part",
    .version = 1,
    .fields = thing_fields,
    .reset = thing_reset,
    .destroy = thing_destroy,
};

static const struct device_ops ops_extra = {
    .name = "extra",
    .fields = thing_fields,
    .hash_extra = thing_extra,
};

START_TEST(reset_forward_destroy_backward)
{
    char trace[32] = "";
    struct log log;
    struct device_list list;
    struct thing things[3];

    log_init(&log, NULL, NULL);
    device_list_init(&list);
    for (int i = 0; i < 3; i++) {
        things[i] = (struct thing){.name = (char)('a' + i), .trace = trace};
        device_init(&things[i].device, &ops, "x", &log);
        device_add(&list, &things[i].device);
    }
    device_reset_all(&list);
    ck_assert_str_eq(trace, "rarbrc");
    device_destroy_all(&list);
    ck_assert_str_eq(trace, "rarbrcdcdbda");
    ck_assert_ptr_null(list.first);
    device_add(&list, &things[1].device);
    ck_assert_ptr_eq(list.first, &things[1].device);
}
END_TEST

START_TEST(hash_sees_values_ids_and_extra)
{
    struct device_list list;
    struct thing a = {.value = 1}, b = {.value = 2};
    uint64_t h1, h2;

    device_list_init(&list);
    ck_assert_uint_eq(device_hash_all(&list, 7), 7);
    device_init(&a.device, &ops, "a", NULL);
    device_init(&b.device, &ops_extra, "b", NULL);
    device_add(&list, &a.device);
    device_add(&list, &b.device);
    h1 = device_hash_all(&list, STATE_HASH_INIT);
    ck_assert_uint_eq(device_hash_all(&list, STATE_HASH_INIT), h1);
    a.value = 2;
    b.value = 1;
    h2 = device_hash_all(&list, STATE_HASH_INIT);
    ck_assert_uint_ne(h1, h2);
    b.name = 'q';
    ck_assert_uint_ne(device_hash_all(&list, STATE_HASH_INIT), h2);
}
END_TEST

static void pin(void *opaque, unsigned line, bool level)
{
    unsigned *seen = opaque;

    *seen = *seen * 100 + line * 10 + level;
}

START_TEST(wire_tells_changes_only)
{
    struct irq irq = {0};
    unsigned seen = 0;

    irq_raise(&irq); /* unconnected: swallowed */
    irq_connect(&irq, pin, &seen, 3);
    irq_lower(&irq);
    ck_assert_uint_eq(seen, 0);
    irq_raise(&irq);
    irq_raise(&irq);
    ck_assert_uint_eq(seen, 31);
    irq_lower(&irq);
    ck_assert_uint_eq(seen, 3130);
    irq_pulse(&irq);
    ck_assert_uint_eq(seen, 31303130);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device");
    TCase *tc = tcase_create("device");

    tcase_add_test(tc, reset_forward_destroy_backward);
    tcase_add_test(tc, hash_sees_values_ids_and_extra);
    tcase_add_test(tc, wire_tells_changes_only);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
