/* check_gameport - the game port: one-shots, buttons, nothing connected.
 * Alone: make tests/devices/check_gameport && tests/devices/check_gameport */
#include "tests/devices/fake.h"

#include "devices/gameport.h"

enum { PORT = 0x201 };

struct rig {
    struct fake *fake;
    struct gameport *port;
};

static void rig_create(struct rig *r)
{
    r->fake = fake_create();
    r->fake->now = 1000;
    r->port =
        gameport_create(&(struct gameport_config){.ports = r->fake->ports,
                                                  .sched = &r->fake->sched,
                                                  .log = &r->fake->log});
}

static void rig_destroy(struct rig *r)
{
    gameport_ibm.destroy(gameport_device(r->port));
    fake_destroy(r->fake);
}

/* When the one-shot of `axis` ends after a write, in ns; 0 = not within 10
 * ms. */
static uint64_t one_shot(struct rig *r, unsigned axis)
{
    uint64_t start = r->fake->now;

    out8(r->fake, PORT, 0xFF);
    for (uint64_t ns = 0; ns < 10000000; ns += 100) {
        r->fake->now = start + ns;
        if (!(in8(r->fake, PORT) >> axis & 1))
            return ns;
    }
    return 0;
}

START_TEST(nothing_connected)
{
    struct rig r;

    rig_create(&r);
    ck_assert_uint_eq(in8(r.fake, PORT), 0xF0);
    for (unsigned axis = 0; axis < 4; axis++)
        ck_assert_uint_eq(one_shot(&r, axis), 0);
    ck_assert_uint_eq(in8(r.fake, PORT), 0xFF);
    /* What is connected later answers the next write. */
    gameport_set(r.port, 0, &(struct gameport_stick){true, 0, 0, 0});
    ck_assert_uint_eq(in8(r.fake, PORT), 0xFF);
    ck_assert_uint_ne(one_shot(&r, 0), 0);
    ck_assert_uint_eq(one_shot(&r, 2), 0);
    rig_destroy(&r);
}
END_TEST

/* 24.2 us + 0.011 us per ohm, 100 kohm. */
START_TEST(one_shots_follow_the_axes)
{
    static const struct {
        int position;
        uint64_t ns;
    } cases[] = {{-32768, 24200},  {32767, 1124200}, {0, 574200},
                 {-16384, 299200}, {16384, 849300},  {-100000, 24200},
                 {100000, 1124200}};
    struct rig r;

    rig_create(&r);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (unsigned axis = 0; axis < 4; axis++) {
            struct gameport_stick stick = {true, 0, 0, 0};
            uint64_t ns;

            if (axis & 1)
                stick.y = cases[i].position;
            else
                stick.x = cases[i].position;
            gameport_set(r.port, axis / 2, &stick);
            ns = one_shot(&r, axis);
            ck_assert_uint_ge(ns + 100, cases[i].ns);
            ck_assert_uint_le(ns, cases[i].ns + 100);
            r.fake->now += NS_PER_SEC;
        }
    rig_destroy(&r);
}
END_TEST

/* A write in the middle of a one-shot does not prolong it. */
START_TEST(running_one_shot_is_not_started_again)
{
    struct rig r;
    uint64_t start;

    rig_create(&r);
    gameport_set(r.port, 0, &(struct gameport_stick){true, 32767, 0, 0});
    start = r.fake->now;
    out8(r.fake, PORT, 0);
    r.fake->now = start + 1000000;
    out8(r.fake, PORT, 0);
    ck_assert_uint_eq(in8(r.fake, PORT) & 3, 3); /* y began anew */
    r.fake->now = start + 1124200;
    ck_assert_uint_eq(in8(r.fake, PORT) & 3, 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(buttons)
{
    struct rig r;

    rig_create(&r);
    gameport_set(r.port, 0, &(struct gameport_stick){true, 0, 0, 1});
    ck_assert_uint_eq(in8(r.fake, PORT), 0xE0);
    gameport_set(r.port, 1, &(struct gameport_stick){true, 0, 0, 2});
    ck_assert_uint_eq(in8(r.fake, PORT), 0x60);
    gameport_set(r.port, 0, &(struct gameport_stick){true, 0, 0, 0xFE});
    ck_assert_uint_eq(in8(r.fake, PORT), 0x50);
    gameport_set(r.port, 1, &(struct gameport_stick){false, 0, 0, 3});
    ck_assert_uint_eq(in8(r.fake, PORT), 0xD0);
    gameport_set(r.port, 2, &(struct gameport_stick){true, 0, 0, 3});
    ck_assert_uint_eq(in8(r.fake, PORT), 0xD0);
    ck_assert_uint_eq(in8(r.fake, 0x200), 0xD0); /* eight ports, one chip */
    ck_assert_uint_eq(in8(r.fake, 0x207), 0xD0);
    rig_destroy(&r);
}
END_TEST

START_TEST(state_round_trip)
{
    struct rig r;

    rig_create(&r);
    gameport_set(r.port, 0, &(struct gameport_stick){true, 0, 0, 0});
    out8(r.fake, PORT, 0);
    fake_round_trip(r.fake, gameport_device(r.port));
    ck_assert_uint_eq(in8(r.fake, PORT), 0xFF);
    r.fake->now += 1200000;
    ck_assert_uint_eq(in8(r.fake, PORT), 0xFC);
    gameport_ibm.reset(gameport_device(r.port));
    ck_assert_uint_eq(in8(r.fake, PORT), 0xF0);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("gameport", nothing_connected, one_shots_follow_the_axes,
          running_one_shot_is_not_started_again, buttons, state_round_trip)
