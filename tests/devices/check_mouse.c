/* check_mouse - PS/2 mouse: packets, modes, commands, extensions.
 * Alone: make tests/devices/check_mouse && tests/devices/check_mouse */
#include "tests/devices/fake.h"

#include "devices/ps2_mouse.h"

#define MS 1000000ull

struct rig {
    struct fake *fake;
    struct ps2_mouse *mouse;
};

static void rig_create(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->mouse = mouse_create(
        &(struct mouse_config){.sched = &r->fake->sched, .log = &r->fake->log});
}

static void rig_destroy(struct rig *r)
{
    ps2_mouse.destroy(mouse_device(r->mouse));
    fake_destroy(r->fake);
}

static const char *drain(struct rig *r)
{
    static char text[200];
    size_t used = 0;

    text[0] = 0;
    while (mouse_has_data(r->mouse) && used < sizeof text - 4)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02X",
                                 used ? " " : "", mouse_read(r->mouse));
    return text;
}

static const char *tell(struct rig *r, uint8_t byte)
{
    mouse_write(r->mouse, byte);
    return drain(r);
}

static void set_rate(struct rig *r, uint8_t rate)
{
    ck_assert_str_eq(tell(r, 0xF3), "FA");
    ck_assert_str_eq(tell(r, rate), "FA");
}

/* Move and look at once, with the sample interval over. */
static const char *move(struct rig *r, int dx, int dy, int dz, unsigned buttons)
{
    fake_run(r->fake, 200 * MS);
    mouse_move(r->mouse, dx, dy, dz, buttons);
    return drain(r);
}

START_TEST(reset_identify_status)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(drain(&r), "");
    ck_assert_str_eq(tell(&r, 0xFF), "FA AA 00");
    ck_assert_str_eq(tell(&r, 0xF2), "FA 00");
    ck_assert_str_eq(tell(&r, 0xE9), "FA 00 02 64");
    set_rate(&r, 40);
    tell(&r, 0xE8);
    ck_assert_str_eq(tell(&r, 0x03), "FA");
    tell(&r, 0xE7);
    tell(&r, 0xF4);
    mouse_move(r.mouse, 0, 0, 0, 1);
    ck_assert_str_eq(drain(&r), "09 00 00");
    ck_assert_str_eq(tell(&r, 0xE9), "FA 34 03 28");
    tell(&r, 0xE8);
    ck_assert_str_eq(tell(&r, 0x04), "FC"); /* out of range */
    tell(&r, 0xF6);
    ck_assert_str_eq(tell(&r, 0xE9), "FA 04 02 64");
    ck_assert_str_eq(tell(&r, 0xD0), "FE");
    ck_assert_str_eq(tell(&r, 0xFE), "FE");
    rig_destroy(&r);
}
END_TEST

START_TEST(stream_packets)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(move(&r, 5, 5, 0, 0), ""); /* not enabled */
    ck_assert_str_eq(tell(&r, 0xF4), "FA");
    ck_assert_str_eq(move(&r, 5, -3, 0, 0), "08 05 03");
    ck_assert_str_eq(move(&r, -1, 1, 0, 2), "3A FF FF");
    ck_assert_str_eq(move(&r, 0, 0, 0, 6), "0E 00 00");
    ck_assert_str_eq(move(&r, 0, 0, 0, 6), "");
    ck_assert_str_eq(move(&r, 0, 0, 5, 6), ""); /* no wheel yet */
    ck_assert_str_eq(tell(&r, 0xF5), "FA");
    ck_assert_str_eq(move(&r, 5, 5, 0, 0), "");
    ck_assert_str_eq(tell(&r, 0xF4), "FA"); /* old motion is forgotten */
    fake_run(r.fake, 100 * MS);
    ck_assert_str_eq(drain(&r), "");
    rig_destroy(&r);
}
END_TEST

START_TEST(motion_beyond_a_packet_waits)
{
    struct rig r;

    rig_create(&r);
    tell(&r, 0xF4);
    ck_assert_str_eq(move(&r, 600, 300, 0, 0), "28 FF 00");
    fake_run(r.fake, 10 * MS);
    ck_assert_str_eq(drain(&r), "28 FF D4");
    fake_run(r.fake, 10 * MS);
    ck_assert_str_eq(drain(&r), "08 5A 00");
    fake_run(r.fake, 10 * MS);
    ck_assert_str_eq(drain(&r), "");
    rig_destroy(&r);
}
END_TEST

START_TEST(sample_rate_limits_packets)
{
    struct rig r;
    unsigned packets = 0;

    rig_create(&r);
    set_rate(&r, 40);
    tell(&r, 0xF4);
    for (unsigned i = 0; i < 1000; i++) {
        fake_run(r.fake, 1 * MS);
        mouse_move(r.mouse, 1, 0, 0, 0);
        packets += drain(&r)[0] != 0;
    }
    ck_assert_uint_ge(packets, 39);
    ck_assert_uint_le(packets, 41);
    /* Nobody reads: motion adds up in one packet. */
    fake_run(r.fake, 100 * MS);
    drain(&r);
    fake_run(r.fake, 100 * MS);
    mouse_move(r.mouse, 1, 0, 0, 0);
    for (unsigned i = 0; i < 10; i++) {
        fake_run(r.fake, 100 * MS);
        mouse_move(r.mouse, 1, 0, 0, 0);
    }
    ck_assert_str_eq(drain(&r), "08 01 00");
    fake_run(r.fake, 100 * MS);
    ck_assert_str_eq(drain(&r), "08 0A 00");
    rig_destroy(&r);
}
END_TEST

START_TEST(remote_mode)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(tell(&r, 0xF0), "FA");
    tell(&r, 0xF4);
    ck_assert_str_eq(move(&r, 3, 0, 0, 0), "");
    ck_assert_str_eq(tell(&r, 0xEB), "FA 08 03 00");
    ck_assert_str_eq(tell(&r, 0xEB), "FA 08 00 00");
    ck_assert_str_eq(tell(&r, 0xE9), "FA 60 02 64");
    ck_assert_str_eq(tell(&r, 0xEA), "FA");
    ck_assert_str_eq(move(&r, 3, 0, 0, 0), "08 03 00");
    rig_destroy(&r);
}
END_TEST

START_TEST(wrap_mode)
{
    struct rig r;

    rig_create(&r);
    tell(&r, 0xF4);
    ck_assert_str_eq(tell(&r, 0xEE), "FA");
    ck_assert_str_eq(tell(&r, 0xF2), "F2");
    ck_assert_str_eq(tell(&r, 0x12), "12");
    ck_assert_str_eq(move(&r, 3, 0, 0, 0), "");
    ck_assert_str_eq(tell(&r, 0xEC), "FA");
    ck_assert_str_eq(tell(&r, 0xF2), "FA 00");
    ck_assert_str_eq(tell(&r, 0xEE), "FA");
    ck_assert_str_eq(tell(&r, 0xFF), "FA AA 00");
    rig_destroy(&r);
}
END_TEST

START_TEST(scaling)
{
    static const int counts[] = {1, 2, 3, 4, 5, 6, 100};
    static const int scaled[] = {1, 1, 3, 6, 9, 12, 200};
    struct rig r;

    rig_create(&r);
    tell(&r, 0xE7);
    tell(&r, 0xF4);
    for (unsigned i = 0; i < ARRAY_LEN(counts); i++) {
        char text[16];
        snprintf(text, sizeof text, "18 %02X %02X", (uint8_t)-scaled[i],
                 scaled[i]);
        ck_assert_str_eq(move(&r, -counts[i], -counts[i], 0, 0), text);
    }
    rig_destroy(&r);
}
END_TEST

START_TEST(wheel)
{
    struct rig r;

    rig_create(&r);
    set_rate(&r, 200);
    set_rate(&r, 100);
    set_rate(&r, 80);
    ck_assert_str_eq(tell(&r, 0xF2), "FA 03");
    tell(&r, 0xF4);
    ck_assert_str_eq(move(&r, 1, 0, 1, 0), "08 01 00 01");
    ck_assert_str_eq(move(&r, 0, 0, -1, 0), "08 00 00 FF");
    ck_assert_str_eq(move(&r, 0, 0, 10, 0), "08 00 00 07");
    fake_run(r.fake, 100 * MS);
    ck_assert_str_eq(drain(&r), "08 00 00 03");
    ck_assert_str_eq(move(&r, 0, 0, 0, 8), ""); /* side buttons unknown */
    ck_assert_str_eq(tell(&r, 0xFF), "FA AA 00");
    ck_assert_str_eq(tell(&r, 0xF2), "FA 00");
    rig_destroy(&r);
}
END_TEST

START_TEST(five_buttons)
{
    struct rig r;

    rig_create(&r);
    set_rate(&r, 200);
    set_rate(&r, 200);
    set_rate(&r, 80);
    ck_assert_str_eq(tell(&r, 0xF2), "FA 04");
    tell(&r, 0xF4);
    ck_assert_str_eq(move(&r, 0, 0, -1, 8), "08 00 00 1F");
    ck_assert_str_eq(move(&r, 0, 0, 0, 17), "09 00 00 20");
    rig_destroy(&r);
}
END_TEST

START_TEST(extreme_motion_is_harmless)
{
    struct rig r;

    rig_create(&r);
    tell(&r, 0xF4);
    for (unsigned i = 0; i < 5; i++)
        mouse_move(r.mouse, INT32_MIN, INT32_MAX, INT32_MIN, ~0u);
    ck_assert_str_eq(drain(&r), "3F 00 00");
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r);
    set_rate(&r, 200);
    set_rate(&r, 100);
    set_rate(&r, 80);
    tell(&r, 0xF4);
    mouse_move(r.mouse, -300, 300, 2, 3);
    mouse_read(r.mouse);
    fake_round_trip(r.fake, mouse_device(r.mouse));
    ck_assert_str_eq(drain(&r), "00 00 02");
    fake_run(r.fake, 20 * MS);
    ck_assert_str_eq(drain(&r), "3B D4 D4 00");
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("mouse", reset_identify_status, stream_packets,
          motion_beyond_a_packet_waits, sample_rate_limits_packets, remote_mode,
          wrap_mode, scaling, wheel, five_buttons, extreme_motion_is_harmless,
          saved_and_loaded)
