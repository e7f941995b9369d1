/* check_hpet.c - the timers against the IA-PC HPET specification 1.0a.
 * Alone: make tests/devices/check_hpet && tests/devices/check_hpet */
#include "fake.h"

#include "devices/hpet.h"

enum {
    BASE = 0xFED00000u,
    CONF = 0x10,
    STATUS = 0x20,
    COUNTER = 0xF0,
    ENABLE = 1,
    LEGACY = 2,
    LEVEL = 1 << 1,
    INT_ENB = 1 << 2,
    PERIODIC = 1 << 3,
    VAL_SET = 1 << 6,
    MODE32 = 1 << 8,
    FSB_EN = 1 << 14,
    TICK = 10, /* ns */
    PINS = 32
};

#define ROUTE(pin) ((uint32_t)(pin) << 9)

struct bench {
    struct fake *fake;
    struct addrspace *memory;
    struct hpet *hpet;
    bool pin[PINS];
    unsigned rises[PINS];
    uint64_t rise_at;
    bool legacy;
    unsigned messages;
    uint64_t address;
    uint32_t data;
};

static void set_pin(void *opaque, unsigned pin, bool level)
{
    struct bench *b = opaque;

    ck_assert_uint_lt(pin, PINS);
    ck_assert(b->pin[pin] != level);
    b->pin[pin] = level;
    b->rises[pin] += level;
    b->rise_at = b->fake->now;
}

static void on_message(void *opaque, uint64_t address, uint32_t data)
{
    struct bench *b = opaque;

    b->messages++;
    b->address = address;
    b->data = data;
}

static void on_legacy(void *opaque, bool on)
{
    ((struct bench *)opaque)->legacy = on;
}

static void bench_create(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->fake = fake_create();
    b->fake->now = 12340;
    b->memory = addrspace_create("memory", UINT64_MAX >> 12, &b->fake->log);
    b->hpet = hpet_create(&(struct hpet_config){
        .memory = b->memory,
        .sched = &b->fake->sched,
        .log = &b->fake->log,
        .set_pin = set_pin,
        .message = on_message,
        .legacy = on_legacy,
        .opaque = b,
    });
    ck_assert_ptr_nonnull(b->hpet);
}

static void bench_destroy(struct bench *b)
{
    struct device *device = hpet_device(b->hpet);

    device->ops->destroy(device);
    addrspace_destroy(b->memory);
    fake_destroy(b->fake);
}

static uint64_t in(struct bench *b, unsigned reg, unsigned size)
{
    return addrspace_read(b->memory, BASE + reg, size);
}

static void out(struct bench *b, unsigned reg, uint64_t value, unsigned size)
{
    addrspace_write(b->memory, BASE + reg, value, size);
}

static unsigned timer(unsigned n, unsigned reg)
{
    return 0x100 + 0x20 * n + reg;
}

static void pass_ticks(struct bench *b, uint64_t ticks)
{
    fake_run(b->fake, ticks * TICK);
}

START_TEST(capabilities)
{
    struct bench b;

    bench_create(&b);
    /* 10 ns; Intel; legacy route, 64 bits, three timers, revision 1 */
    ck_assert_uint_eq(in(&b, 0, 8), 0x009896808086A201);
    ck_assert_uint_eq(in(&b, 4, 4), 10000000);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(in(&b, timer(i, 0), 8), 0x00FF010400008030);
        ck_assert_uint_eq(in(&b, timer(i, 8), 8), UINT64_MAX);
    }
    ck_assert_uint_eq(in(&b, timer(3, 0), 8), 0);
    out(&b, 0, 0, 8);
    ck_assert_uint_eq(in(&b, 0, 4), 0x8086A201);
    bench_destroy(&b);
}
END_TEST

START_TEST(counter)
{
    struct bench b;

    bench_create(&b);
    pass_ticks(&b, 100);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 0);
    out(&b, COUNTER, 0x1FFFFFFF0, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 0x20);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 0x200000010);
    ck_assert_uint_eq(in(&b, COUNTER, 4), 0x10);
    ck_assert_uint_eq(in(&b, COUNTER + 4, 4), 2);
    out(&b, CONF, 0, 4);
    pass_ticks(&b, 5);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 0x200000010);
    out(&b, COUNTER + 4, 7, 4);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 0x700000010);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 3);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 0x700000013);
    bench_destroy(&b);
}
END_TEST

START_TEST(one_shot_edge)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(2, 0), INT_ENB | ROUTE(20), 4);
    out(&b, timer(2, 8), 1000, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 999);
    ck_assert_uint_eq(b.rises[20], 0);
    pass_ticks(&b, 1);
    ck_assert_uint_eq(b.rises[20], 1);
    ck_assert_uint_eq(b.rise_at, 12340 + 1000 * TICK);
    ck_assert_uint_eq(in(&b, STATUS, 4), 0); /* edges have no status */
    pass_ticks(&b, 100000);
    ck_assert_uint_eq(b.rises[20], 1);
    out(&b, timer(2, 8), in(&b, COUNTER, 8) + 50, 8);
    pass_ticks(&b, 50);
    ck_assert_uint_eq(b.rises[20], 2);
    /* What was passed comes after all other values. */
    out(&b, timer(2, 8), in(&b, COUNTER, 8) - 1, 8);
    pass_ticks(&b, 1000000);
    ck_assert_uint_eq(b.rises[20], 2);
    bench_destroy(&b);
}
END_TEST

START_TEST(one_shot_32)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(1, 0), INT_ENB | MODE32 | ROUTE(16), 4);
    ck_assert_uint_eq(in(&b, timer(1, 8), 8), UINT32_MAX);
    out(&b, timer(1, 8), 0x300000100, 8);
    ck_assert_uint_eq(in(&b, timer(1, 8), 8), 0x100);
    out(&b, COUNTER, 0x500000000, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 0x100);
    ck_assert_uint_eq(b.rises[16], 1);
    pass_ticks(&b, 0xFFFFFFFF);
    ck_assert_uint_eq(b.rises[16], 1);
    pass_ticks(&b, 1); /* the low half has come round */
    ck_assert_uint_eq(b.rises[16], 2);
    bench_destroy(&b);
}
END_TEST

START_TEST(level)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | LEVEL | ROUTE(23), 4);
    out(&b, timer(1, 0), INT_ENB | LEVEL | ROUTE(23), 4);
    out(&b, timer(0, 8), 100, 8);
    out(&b, timer(1, 8), 200, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 250);
    ck_assert(b.pin[23]);
    ck_assert_uint_eq(in(&b, STATUS, 8), 3);
    out(&b, STATUS, 1, 4);
    ck_assert(b.pin[23]); /* shared with timer 1 */
    out(&b, STATUS, 4, 4);
    ck_assert(b.pin[23]);
    out(&b, timer(1, 0), LEVEL | ROUTE(23), 4);
    ck_assert(!b.pin[23]); /* disabled, status remains */
    ck_assert_uint_eq(in(&b, STATUS, 4), 2);
    out(&b, timer(1, 0), INT_ENB | LEVEL | ROUTE(23), 4);
    ck_assert(b.pin[23]);
    out(&b, STATUS, 2, 4);
    ck_assert(!b.pin[23]);
    bench_destroy(&b);
}
END_TEST

/* Without INT_ENB a level timer works and tells, but interrupts nobody. */
START_TEST(status_only)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), LEVEL | ROUTE(16), 4);
    out(&b, timer(0, 8), 100, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 100);
    ck_assert_uint_eq(in(&b, STATUS, 4), 1);
    ck_assert_uint_eq(b.rises[16], 0);
    bench_destroy(&b);
}
END_TEST

/* As drivers do it: VAL_SET, the first match, then the period. */
START_TEST(periodic)
{
    struct bench b;

    bench_create(&b);
    out(&b, CONF, ENABLE, 4);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET | MODE32 | ROUTE(16), 4);
    out(&b, timer(0, 8), 1500, 4);
    out(&b, timer(0, 8), 1000, 4);
    ck_assert_uint_eq(in(&b, timer(0, 8), 4), 1500);
    ck_assert_uint_eq(in(&b, timer(0, 0), 4) & VAL_SET, 0);
    pass_ticks(&b, 1499);
    ck_assert_uint_eq(b.rises[16], 0);
    pass_ticks(&b, 1);
    ck_assert_uint_eq(b.rises[16], 1);
    ck_assert_uint_eq(in(&b, timer(0, 8), 4), 2500);
    pass_ticks(&b, 10000);
    ck_assert_uint_eq(b.rises[16], 11);
    ck_assert_uint_eq(b.rise_at, 12340 + 11500 * TICK);
    /* A new period begins after the match that is under way. */
    out(&b, timer(0, 8), 3000, 4);
    pass_ticks(&b, 1000);
    ck_assert_uint_eq(b.rises[16], 12);
    pass_ticks(&b, 2999);
    ck_assert_uint_eq(b.rises[16], 12);
    pass_ticks(&b, 1);
    ck_assert_uint_eq(b.rises[16], 13);
    bench_destroy(&b);
}
END_TEST

START_TEST(periodic_late)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET | ROUTE(16), 4);
    out(&b, timer(0, 8), 1000, 8);
    out(&b, CONF, ENABLE, 4);
    /* The PC was away: one interrupt, and the pace is kept. */
    b.fake->now += 4700 * TICK;
    sched_run(&b.fake->sched, b.fake->now);
    ck_assert_uint_eq(b.rises[16], 1);
    ck_assert_uint_eq(in(&b, timer(0, 8), 8), 5000);
    pass_ticks(&b, 300);
    ck_assert_uint_eq(b.rises[16], 2);
    /* Due, but its event did not fire yet: nothing is lost. */
    b.fake->now += 1001 * TICK;
    ck_assert_uint_eq(in(&b, timer(0, 8), 8), 7000);
    ck_assert_uint_eq(b.rises[16], 3);
    bench_destroy(&b);
}
END_TEST

/* A timer that interrupts nobody does not wake the host, and yet keeps its
 * pace, for whoever looks and for the interrupt that is allowed later. */
START_TEST(unheard)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET | ROUTE(16), 4);
    out(&b, timer(0, 8), 1000, 8);
    out(&b, timer(1, 0), LEVEL | MODE32 | ROUTE(17), 4);
    out(&b, timer(1, 8), 500, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 1000);
    ck_assert_uint_eq(b.rises[16], 1);
    out(&b, timer(0, 0), PERIODIC | ROUTE(16), 4);
    ck_assert_uint_eq(sched_deadline(&b.fake->sched), SCHED_NEVER);
    pass_ticks(&b, 3500);
    ck_assert_uint_eq(in(&b, timer(0, 8), 8), 5000);
    ck_assert_uint_eq(in(&b, STATUS, 4), 2);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | ROUTE(16), 4);
    ck_assert_uint_eq(b.rises[16], 1);
    pass_ticks(&b, 499);
    ck_assert_uint_eq(b.rises[16], 1);
    pass_ticks(&b, 1);
    ck_assert_uint_eq(b.rises[16], 2);
    out(&b, timer(1, 0), INT_ENB | LEVEL | MODE32 | ROUTE(17), 4);
    ck_assert(b.pin[17]); /* of the match long ago */
    bench_destroy(&b);
}
END_TEST

/* A period of one tick leaves time for the guest. */
START_TEST(too_fast)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET | ROUTE(16), 4);
    out(&b, timer(0, 8), 1, 8);
    out(&b, CONF, ENABLE, 4);
    fake_run(b.fake, 1000000);
    ck_assert_uint_ge(b.rises[16], 100);
    ck_assert_uint_le(b.rises[16], 501);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET | ROUTE(16), 4);
    out(&b, timer(0, 8), 0, 8);
    fake_run(b.fake, 1000000);
    bench_destroy(&b);
}
END_TEST

START_TEST(legacy_route)
{
    struct bench b;

    bench_create(&b);
    ck_assert(!b.legacy);
    out(&b, timer(0, 0), INT_ENB | ROUTE(16), 4);
    out(&b, timer(1, 0), INT_ENB | ROUTE(17), 4);
    out(&b, timer(2, 0), INT_ENB | ROUTE(18), 4);
    for (unsigned i = 0; i < 3; i++)
        out(&b, timer(i, 8), 100, 8);
    out(&b, CONF, ENABLE | LEGACY, 4);
    ck_assert(b.legacy);
    pass_ticks(&b, 100);
    ck_assert_uint_eq(b.rises[HPET_PIN_IRQ0], 1);
    ck_assert_uint_eq(b.rises[HPET_PIN_IRQ8], 1);
    ck_assert_uint_eq(b.rises[16] + b.rises[17], 0);
    ck_assert_uint_eq(b.rises[18], 1);
    out(&b, CONF, 0, 4);
    ck_assert(!b.legacy);
    ck_assert(!b.pin[HPET_PIN_IRQ0] && !b.pin[HPET_PIN_IRQ8] && !b.pin[16]);
    bench_destroy(&b);
}
END_TEST

START_TEST(routes)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | ROUTE(5), 4); /* not offered */
    ck_assert_uint_eq(in(&b, timer(0, 0), 4), 0x8030 | INT_ENB);
    out(&b, timer(0, 8), 10, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 20);
    for (unsigned i = 0; i < PINS; i++)
        ck_assert_uint_eq(b.rises[i], 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(message)
{
    struct bench b;

    bench_create(&b);
    out(&b, timer(0, 0), INT_ENB | FSB_EN | ROUTE(16), 4);
    out(&b, timer(0, 0x10), 0x4123, 4);
    out(&b, timer(0, 0x14), 0xFEE01000, 4);
    ck_assert_uint_eq(in(&b, timer(0, 0x10), 8), 0xFEE0100000004123);
    out(&b, timer(0, 8), 10, 8);
    out(&b, CONF, ENABLE, 4);
    pass_ticks(&b, 20);
    ck_assert_uint_eq(b.messages, 1);
    ck_assert_uint_eq(b.address, 0xFEE01000);
    ck_assert_uint_eq(b.data, 0x4123);
    ck_assert_uint_eq(b.rises[16], 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(widths)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(in(&b, 2, 2), 0x8086);
    ck_assert_uint_eq(in(&b, 4, 8), 0x0000000000989680);
    out(&b, CONF, 0x01, 1); /* too narrow */
    ck_assert_uint_eq(in(&b, CONF, 4), 0);
    out(&b, timer(0, 8) + 4, 0x12, 4);
    ck_assert_uint_eq(in(&b, timer(0, 8), 8), 0x12FFFFFFFF);
    out(&b, CONF, 0xFFFFFFF0, 8);
    ck_assert_uint_eq(in(&b, CONF, 8), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(state)
{
    struct bench b;

    bench_create(&b);
    out(&b, CONF, ENABLE | LEGACY, 4);
    out(&b, timer(0, 0), INT_ENB | PERIODIC | VAL_SET, 4);
    out(&b, timer(0, 8), 1000, 8);
    out(&b, timer(1, 0), INT_ENB | LEVEL | ROUTE(16), 4);
    out(&b, timer(1, 8), 300, 8);
    pass_ticks(&b, 400);
    ck_assert(b.legacy && b.pin[HPET_PIN_IRQ8]);
    fake_round_trip(b.fake, hpet_device(b.hpet));
    ck_assert(b.legacy && b.pin[HPET_PIN_IRQ8]);
    ck_assert_uint_eq(in(&b, COUNTER, 8), 400);
    pass_ticks(&b, 600);
    ck_assert_uint_eq(b.rises[HPET_PIN_IRQ0], 1);
    hpet_device(b.hpet)->ops->reset(hpet_device(b.hpet));
    ck_assert(!b.legacy && !b.pin[HPET_PIN_IRQ8] && !b.pin[HPET_PIN_IRQ0]);
    ck_assert_uint_eq(sched_deadline(&b.fake->sched), SCHED_NEVER);
    bench_destroy(&b);
}
END_TEST

FAKE_MAIN("hpet", capabilities, counter, one_shot_edge, one_shot_32, level,
          status_only, periodic, periodic_late, unheard, too_fast, legacy_route,
          routes, message, widths, state)
