/* check_sched - order of events, re-arming, cancelling. */
#include "devices/core/sched.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

enum { EVENTS = 40 };

struct bench {
    struct sched sched;
    uint64_t now;
    unsigned rearmed;
    struct event events[EVENTS];
    int fired[200];
    unsigned count;
};

struct tag {
    struct bench *bench;
    int number;
};

static uint64_t clock_now(void *opaque)
{
    return ((struct bench *)opaque)->now;
}

static void on_rearmed(void *opaque)
{
    ((struct bench *)opaque)->rearmed++;
}

static void on_fire(void *opaque)
{
    struct tag *tag = opaque;

    ck_assert(!tag->bench->events[tag->number].armed);
    tag->bench->fired[tag->bench->count++] = tag->number;
}

static struct bench *bench_create(struct tag *tags)
{
    struct bench *bench = calloc(1, sizeof *bench);

    sched_init(&bench->sched, clock_now, on_rearmed, bench);
    for (int i = 0; i < EVENTS; i++) {
        tags[i] = (struct tag){bench, i};
        event_init(&bench->sched, &bench->events[i], "e", on_fire, &tags[i]);
    }
    return bench;
}

static void bench_destroy(struct bench *bench)
{
    for (int i = 0; i < EVENTS; i++)
        event_free(&bench->sched, &bench->events[i]);
    ck_assert_uint_eq(bench->sched.capacity, 0);
    sched_free(&bench->sched);
    free(bench);
}

START_TEST(equal_times_fire_in_order_of_arming)
{
    struct tag tags[EVENTS];
    struct bench *b = bench_create(tags);

    for (int i = 0; i < EVENTS; i++)
        event_arm(&b->sched, &b->events[(i * 7) % EVENTS], 100);
    sched_run(&b->sched, 99);
    ck_assert_uint_eq(b->count, 0);
    sched_run(&b->sched, 100);
    ck_assert_uint_eq(b->count, EVENTS);
    for (int i = 0; i < EVENTS; i++)
        ck_assert_int_eq(b->fired[i], (i * 7) % EVENTS);
    ck_assert_uint_eq(sched_deadline(&b->sched), SCHED_NEVER);
    bench_destroy(b);
}
END_TEST

START_TEST(order_of_time_with_random_moves)
{
    struct tag tags[EVENTS];
    struct bench *b = bench_create(tags);
    uint32_t random = 1;
    unsigned armed = 0;

    for (int i = 0; i < 5000; i++) {
        struct event *e;
        random = random * 1664525 + 1013904223;
        e = &b->events[(random >> 8) % EVENTS];
        if (random >> 30)
            event_arm(&b->sched, e, random >> 20);
        else
            event_cancel(&b->sched, e);
    }
    for (int i = 0; i < EVENTS; i++)
        armed += b->events[i].armed;
    ck_assert_uint_eq(b->sched.count, armed);
    for (uint64_t last = 0; armed > 0; armed--) {
        uint64_t when = sched_deadline(&b->sched);
        struct event *top = b->sched.queue[0];
        ck_assert_uint_ge(when, last);
        for (int i = 0; i < EVENTS; i++)
            if (b->events[i].armed)
                ck_assert(b->events[i].when > when ||
                          b->events[i].order >= top->order);
        event_cancel(&b->sched, top);
        last = when;
    }
    ck_assert_uint_eq(b->sched.count, 0);
    bench_destroy(b);
}
END_TEST

START_TEST(rearmed_only_when_deadline_moves_closer)
{
    struct tag tags[EVENTS];
    struct bench *b = bench_create(tags);

    event_arm(&b->sched, &b->events[0], 100);
    ck_assert_uint_eq(b->rearmed, 1);
    event_arm(&b->sched, &b->events[1], 200);
    event_arm(&b->sched, &b->events[2], 100);
    ck_assert_uint_eq(b->rearmed, 1);
    event_arm(&b->sched, &b->events[2], 99);
    ck_assert_uint_eq(b->rearmed, 2);
    event_arm(&b->sched, &b->events[2], SCHED_NEVER);
    ck_assert(!b->events[2].armed);
    ck_assert_uint_eq(sched_deadline(&b->sched), 100);
    bench_destroy(b);
}
END_TEST

struct again {
    struct sched *sched;
    struct event event;
    unsigned count;
};

static void fire_again(void *opaque)
{
    struct again *again = opaque;

    again->count++;
    event_arm(again->sched, &again->event, 0);
}

START_TEST(event_in_the_past_waits_for_next_run)
{
    struct tag tags[EVENTS];
    struct bench *b = bench_create(tags);
    struct again again = {.sched = &b->sched};

    event_init(&b->sched, &again.event, "again", fire_again, &again);
    event_arm(&b->sched, &again.event, 5);
    sched_run(&b->sched, 10);
    ck_assert_uint_eq(again.count, 1);
    sched_run(&b->sched, 10);
    ck_assert_uint_eq(again.count, 2);
    event_free(&b->sched, &again.event);
    bench_destroy(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sched");
    TCase *tc = tcase_create("sched");

    tcase_add_test(tc, equal_times_fire_in_order_of_arming);
    tcase_add_test(tc, order_of_time_with_random_moves);
    tcase_add_test(tc, rearmed_only_when_deadline_moves_closer);
    tcase_add_test(tc, event_in_the_past_waits_for_next_run);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
