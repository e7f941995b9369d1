/* check_mouse - PS/2 mouse: packets, modes, commands, extensions.
 * Alone: make tests/devices/check_mouse && tests/devices/check_mouse */
#include "tests/devices/fake.h"

#include "devices/ps2_mouse.h"

#define MS 1000000ull

static struct {
    struct fake *fake;
    struct ps2_mouse *mouse;
} rig;

static void rig_create(void)
{
    memset(&rig, 0, sizeof rig);
    rig.fake = fake_create();
    rig.mouse = mouse_create(&(struct mouse_config){.sched = &rig.fake->sched,
                                                    .log = &rig.fake->log});
}

static void rig_destroy(void)
{
    ps2_mouse.destroy(mouse_device(rig.mouse));
    fake_destroy(rig.fake);
}

static int next(void)
{
    return mouse_has_data(rig.mouse) ? mouse_read(rig.mouse) : -1;
}

static const char *drain(void)
{
    return fake_hex(next);
}

static const char *tell(uint8_t byte)
{
    mouse_write(rig.mouse, byte);
    return drain();
}

static void set_rate(uint8_t rate)
{
    ck_assert_str_eq(tell(0xF3), "FA");
    ck_assert_str_eq(tell(rate), "FA");
}

/* Move and look at once, with the sample interval over. */
static const char *move(int dx, int dy, int dz, unsigned buttons)
{
    fake_run(rig.fake, 200 * MS);
    mouse_move(rig.mouse, dx, dy, dz, buttons);
    return drain();
}

START_TEST(reset_identify_status)
{
    ck_assert_str_eq(drain(), "");
    ck_assert_str_eq(tell(0xFF), "FA AA 00");
    ck_assert_str_eq(tell(0xF2), "FA 00");
    ck_assert_str_eq(tell(0xE9), "FA 00 02 64");
    set_rate(40);
    tell(0xE8);
    ck_assert_str_eq(tell(0x03), "FA");
    tell(0xE7);
    tell(0xF4);
    mouse_move(rig.mouse, 0, 0, 0, 1);
    ck_assert_str_eq(drain(), "09 00 00");
    ck_assert_str_eq(tell(0xE9), "FA 34 03 28");
    tell(0xE8);
    ck_assert_str_eq(tell(0x04), "FC"); /* out of range */
    tell(0xF6);
    ck_assert_str_eq(tell(0xE9), "FA 04 02 64");
    ck_assert_str_eq(tell(0xD0), "FE");
    ck_assert_str_eq(tell(0xFE), "FE");
}
END_TEST

START_TEST(stream_packets)
{
    ck_assert_str_eq(move(5, 5, 0, 0), ""); /* not enabled */
    ck_assert_str_eq(tell(0xF4), "FA");
    ck_assert_str_eq(move(5, -3, 0, 0), "08 05 03");
    ck_assert_str_eq(move(-1, 1, 0, 2), "3A FF FF");
    ck_assert_str_eq(move(0, 0, 0, 6), "0E 00 00");
    ck_assert_str_eq(move(0, 0, 0, 6), "");
    ck_assert_str_eq(move(0, 0, 5, 6), ""); /* no wheel yet */
    ck_assert_str_eq(tell(0xF5), "FA");
    ck_assert_str_eq(move(5, 5, 0, 0), "");
    ck_assert_str_eq(tell(0xF4), "FA"); /* old motion is forgotten */
    fake_run(rig.fake, 100 * MS);
    ck_assert_str_eq(drain(), "");
}
END_TEST

START_TEST(motion_beyond_a_packet_waits)
{
    tell(0xF4);
    ck_assert_str_eq(move(600, 300, 0, 0), "28 FF 00");
    fake_run(rig.fake, 10 * MS);
    ck_assert_str_eq(drain(), "28 FF D4");
    fake_run(rig.fake, 10 * MS);
    ck_assert_str_eq(drain(), "08 5A 00");
    fake_run(rig.fake, 10 * MS);
    ck_assert_str_eq(drain(), "");
}
END_TEST

START_TEST(sample_rate_limits_packets)
{
    unsigned packets = 0;

    set_rate(40);
    tell(0xF4);
    for (unsigned i = 0; i < 1000; i++) {
        fake_run(rig.fake, 1 * MS);
        mouse_move(rig.mouse, 1, 0, 0, 0);
        packets += drain()[0] != 0;
    }
    ck_assert_uint_ge(packets, 39);
    ck_assert_uint_le(packets, 41);
    /* Nobody reads: motion adds up in one packet. */
    fake_run(rig.fake, 100 * MS);
    drain();
    fake_run(rig.fake, 100 * MS);
    mouse_move(rig.mouse, 1, 0, 0, 0);
    for (unsigned i = 0; i < 10; i++) {
        fake_run(rig.fake, 100 * MS);
        mouse_move(rig.mouse, 1, 0, 0, 0);
    }
    ck_assert_str_eq(drain(), "08 01 00");
    fake_run(rig.fake, 100 * MS);
    ck_assert_str_eq(drain(), "08 0A 00");
}
END_TEST

START_TEST(remote_mode)
{
    ck_assert_str_eq(tell(0xF0), "FA");
    tell(0xF4);
    ck_assert_str_eq(move(3, 0, 0, 0), "");
    ck_assert_str_eq(tell(0xEB), "FA 08 03 00");
    ck_assert_str_eq(tell(0xEB), "FA 08 00 00");
    ck_assert_str_eq(tell(0xE9), "FA 60 02 64");
    ck_assert_str_eq(tell(0xEA), "FA");
    ck_assert_str_eq(move(3, 0, 0, 0), "08 03 00");
}
END_TEST

START_TEST(wrap_mode)
{
    tell(0xF4);
    ck_assert_str_eq(tell(0xEE), "FA");
    ck_assert_str_eq(tell(0xF2), "F2");
    ck_assert_str_eq(tell(0x12), "12");
    ck_assert_str_eq(move(3, 0, 0, 0), "");
    ck_assert_str_eq(tell(0xEC), "FA");
    ck_assert_str_eq(tell(0xF2), "FA 00");
    ck_assert_str_eq(tell(0xEE), "FA");
    ck_assert_str_eq(tell(0xFF), "FA AA 00");
}
END_TEST

START_TEST(scaling)
{
    static const int counts[] = {1, 2, 3, 4, 5, 6, 100};
    static const int scaled[] = {1, 1, 3, 6, 9, 12, 200};
    tell(0xE7);
    tell(0xF4);
    for (unsigned i = 0; i < ARRAY_LEN(counts); i++) {
        char text[16];
        snprintf(text, sizeof text, "18 %02X %02X", (uint8_t)-scaled[i],
                 scaled[i]);
        ck_assert_str_eq(move(-counts[i], -counts[i], 0, 0), text);
    }
}
END_TEST

START_TEST(wheel)
{
    set_rate(200);
    set_rate(100);
    set_rate(80);
    ck_assert_str_eq(tell(0xF2), "FA 03");
    tell(0xF4);
    ck_assert_str_eq(move(1, 0, 1, 0), "08 01 00 01");
    ck_assert_str_eq(move(0, 0, -1, 0), "08 00 00 FF");
    ck_assert_str_eq(move(0, 0, 10, 0), "08 00 00 07");
    fake_run(rig.fake, 100 * MS);
    ck_assert_str_eq(drain(), "08 00 00 03");
    ck_assert_str_eq(move(0, 0, 0, 8), ""); /* side buttons unknown */
    ck_assert_str_eq(tell(0xFF), "FA AA 00");
    ck_assert_str_eq(tell(0xF2), "FA 00");
}
END_TEST

START_TEST(five_buttons)
{
    set_rate(200);
    set_rate(200);
    set_rate(80);
    ck_assert_str_eq(tell(0xF2), "FA 04");
    tell(0xF4);
    ck_assert_str_eq(move(0, 0, -1, 8), "08 00 00 1F");
    ck_assert_str_eq(move(0, 0, 0, 17), "09 00 00 20");
}
END_TEST

START_TEST(extreme_motion_is_harmless)
{
    tell(0xF4);
    for (unsigned i = 0; i < 5; i++)
        mouse_move(rig.mouse, INT32_MIN, INT32_MAX, INT32_MIN, ~0u);
    ck_assert_str_eq(drain(), "3F 00 00");
}
END_TEST

START_TEST(saved_and_loaded)
{
    set_rate(200);
    set_rate(100);
    set_rate(80);
    tell(0xF4);
    mouse_move(rig.mouse, -300, 300, 2, 3);
    mouse_read(rig.mouse);
    fake_round_trip(rig.fake, mouse_device(rig.mouse));
    ck_assert_str_eq(drain(), "00 00 02");
    fake_run(rig.fake, 20 * MS);
    ck_assert_str_eq(drain(), "3B D4 D4 00");
}
END_TEST

FAKE_MAIN_WITH(rig_create, rig_destroy, "mouse", reset_identify_status,
               stream_packets, motion_beyond_a_packet_waits,
               sample_rate_limits_packets, remote_mode, wrap_mode, scaling,
               wheel, five_buttons, extreme_motion_is_harmless,
               saved_and_loaded)
