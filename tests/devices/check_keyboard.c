/* check_keyboard - scan code sets, commands, typematic, the buffer.
 * Alone: make tests/devices/check_keyboard && tests/devices/check_keyboard */
#include "tests/devices/fake.h"

#include "devices/ps2_keyboard.h"
#include "devices/ps2_scancodes.h"

#define MS 1000000ull

enum {
    LSHIFT = 0x2A,
    RSHIFT = 0x36,
    LCTRL = 0x1D,
    LALT = 0x38,
    PAUSE = 0xE11D,
    PRINT = 0xE037,
    UP = 0xE048,
    INSERT = 0xE052,
    DIVIDE = 0xE035
};

struct rig {
    struct fake *fake;
    struct ps2_keyboard *kb;
    unsigned told;
};

static void on_ready(void *opaque)
{
    ((struct rig *)opaque)->told++;
}

static void rig_create(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->kb = keyboard_create(&(struct keyboard_config){.sched = &r->fake->sched,
                                                      .log = &r->fake->log});
    keyboard_listen(r->kb, on_ready, r);
}

static void rig_destroy(struct rig *r)
{
    ps2_keyboard.destroy(keyboard_device(r->kb));
    fake_destroy(r->fake);
}

/* All that the keyboard has to say, in hexadecimal. */
static const char *drain(struct rig *r)
{
    static char text[200];
    size_t used = 0;

    text[0] = 0;
    while (keyboard_has_data(r->kb) && used < sizeof text - 4)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02X",
                                 used ? " " : "", keyboard_read(r->kb));
    return text;
}

static const char *tell(struct rig *r, uint8_t byte)
{
    keyboard_write(r->kb, byte);
    return drain(r);
}

static const char *press(struct rig *r, unsigned code)
{
    keyboard_key(r->kb, code, true);
    return drain(r);
}

static const char *release(struct rig *r, unsigned code)
{
    keyboard_key(r->kb, code, false);
    return drain(r);
}

static void use_set(struct rig *r, uint8_t set)
{
    tell(r, 0xF0);
    ck_assert_str_eq(tell(r, set), "FA");
}

START_TEST(set2_plain_and_extended)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(press(&r, 0x1E), "1C");
    ck_assert_str_eq(press(&r, 0x1E), ""); /* it is down already */
    ck_assert_str_eq(release(&r, 0x1E), "F0 1C");
    ck_assert_str_eq(release(&r, 0x1E), "");
    ck_assert_str_eq(press(&r, 0x41), "83"); /* F7 */
    ck_assert_str_eq(press(&r, 0x57), "78"); /* F11 */
    ck_assert_str_eq(press(&r, UP), "E0 75");
    ck_assert_str_eq(release(&r, UP), "E0 F0 75");
    ck_assert_str_eq(press(&r, 0xE01D), "E0 14");
    ck_assert_str_eq(press(&r, 0xE05B), "E0 1F");
    ck_assert_str_eq(press(&r, 0x1234), "");
    ck_assert_str_eq(press(&r, 0), "");
    ck_assert_uint_gt(r.told, 5);
    rig_destroy(&r);
}
END_TEST

START_TEST(set1)
{
    struct rig r;

    rig_create(&r);
    use_set(&r, 1);
    ck_assert_str_eq(press(&r, 0x1E), "1E");
    ck_assert_str_eq(release(&r, 0x1E), "9E");
    ck_assert_str_eq(press(&r, UP), "E0 48");
    ck_assert_str_eq(release(&r, UP), "E0 C8");
    ck_assert_str_eq(press(&r, PAUSE), "E1 1D 45 E1 9D C5");
    ck_assert_str_eq(press(&r, PRINT), "E0 2A E0 37");
    ck_assert_str_eq(release(&r, PRINT), "E0 B7 E0 AA");
    rig_destroy(&r);
}
END_TEST

START_TEST(set3_and_key_types)
{
    struct rig r;

    rig_create(&r);
    use_set(&r, 3);
    ck_assert_str_eq(press(&r, 0x1E), "1C");
    ck_assert_str_eq(release(&r, 0x1E), "");
    ck_assert_str_eq(press(&r, LSHIFT), "12");
    ck_assert_str_eq(release(&r, LSHIFT), "F0 12");
    ck_assert_str_eq(press(&r, UP), "63");
    ck_assert_str_eq(press(&r, PAUSE), "62");
    ck_assert_str_eq(release(&r, PAUSE), "");
    ck_assert_str_eq(tell(&r, 0xFA), "FA"); /* all repeat and break */
    ck_assert_str_eq(release(&r, UP), "F0 63");
    ck_assert_str_eq(tell(&r, 0xFD), "FA"); /* make only: A, then B */
    ck_assert_str_eq(tell(&r, 0x1C), "FA");
    ck_assert_str_eq(tell(&r, 0x32), "FA");
    ck_assert_str_eq(press(&r, 0x1E), ""); /* scanning is off */
    release(&r, 0x1E);
    ck_assert_str_eq(tell(&r, 0xF4), "FA");
    ck_assert_str_eq(press(&r, 0x1E), "1C");
    ck_assert_str_eq(release(&r, 0x1E), "");
    ck_assert_str_eq(press(&r, 0x30), "32");
    ck_assert_str_eq(release(&r, 0x30), "");
    ck_assert_str_eq(press(&r, 0x2E), "21");
    ck_assert_str_eq(release(&r, 0x2E), "F0 21");
    rig_destroy(&r);
}
END_TEST

/* Every key of a 104-key keyboard has codes of its own in sets 2 and 3. */
START_TEST(codes_are_unique)
{
    bool seen2[256] = {false}, seen3[256] = {false};
    unsigned keys = 0;

    for (unsigned key = 1; key < KEY_NUMBERS; key++) {
        uint8_t three = scancode_set3(key);
        if (!three)
            continue;
        keys++;
        ck_assert(!seen3[three]);
        seen3[three] = true;
        if (key < KEY_PAUSE) {
            uint8_t two = scancode_set2(key);
            ck_assert(two && !seen2[two]);
            ck_assert_uint_eq(scancode_set1(two), key);
            seen2[two] = true;
        }
    }
    ck_assert_uint_eq(keys, 105); /* 104 keys and the one more of 105 */
}
END_TEST

START_TEST(pause_print_and_break)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(press(&r, PAUSE), "E1 14 77 E1 F0 14 F0 77");
    ck_assert_str_eq(release(&r, PAUSE), "");
    ck_assert_str_eq(press(&r, PRINT), "E0 12 E0 7C");
    ck_assert_str_eq(release(&r, PRINT), "E0 F0 7C E0 F0 12");
    press(&r, LCTRL);
    ck_assert_str_eq(press(&r, PAUSE), "E0 7E E0 F0 7E");
    release(&r, PAUSE);
    ck_assert_str_eq(press(&r, PRINT), "E0 7C");
    ck_assert_str_eq(release(&r, PRINT), "E0 F0 7C");
    release(&r, LCTRL);
    press(&r, LALT);
    ck_assert_str_eq(press(&r, PRINT), "84");
    ck_assert_str_eq(release(&r, PRINT), "F0 84");
    rig_destroy(&r);
}
END_TEST

START_TEST(grey_keys_under_shift_and_num_lock)
{
    struct rig r;

    rig_create(&r);
    press(&r, LSHIFT);
    ck_assert_str_eq(press(&r, INSERT), "E0 F0 12 E0 70");
    ck_assert_str_eq(release(&r, INSERT), "E0 F0 70 E0 12");
    press(&r, RSHIFT);
    ck_assert_str_eq(press(&r, DIVIDE), "E0 F0 12 E0 F0 59 E0 4A");
    ck_assert_str_eq(release(&r, DIVIDE), "E0 F0 4A E0 12 E0 59");
    release(&r, LSHIFT);
    release(&r, RSHIFT);
    tell(&r, 0xED);
    tell(&r, 0x02); /* num lock */
    ck_assert_str_eq(press(&r, INSERT), "E0 12 E0 70");
    ck_assert_str_eq(release(&r, INSERT), "E0 F0 70 E0 F0 12");
    ck_assert_str_eq(press(&r, DIVIDE), "E0 4A");
    release(&r, DIVIDE);
    press(&r, LSHIFT);
    ck_assert_str_eq(press(&r, INSERT), "E0 70");
    rig_destroy(&r);
}
END_TEST

START_TEST(typematic)
{
    struct rig r;

    rig_create(&r);
    press(&r, 0x1E);
    fake_run(r.fake, 499 * MS);
    ck_assert_str_eq(drain(&r), "");
    fake_run(r.fake, 1 * MS);
    ck_assert_str_eq(drain(&r), "1C");
    fake_run(r.fake, 91 * MS);
    ck_assert_str_eq(drain(&r), "");
    fake_run(r.fake, 1 * MS); /* 10.9 per second */
    ck_assert_str_eq(drain(&r), "1C");
    press(&r, 0x30); /* the last key repeats */
    release(&r, 0x1E);
    fake_run(r.fake, 500 * MS);
    ck_assert_str_eq(drain(&r), "32");
    release(&r, 0x30);
    fake_run(r.fake, 5000 * MS);
    ck_assert_str_eq(drain(&r), "");
    tell(&r, 0xF3);
    ck_assert_str_eq(tell(&r, 0x00), "FA"); /* 250 ms, 30 per second */
    press(&r, UP);
    for (unsigned i = 0; i < 11; i++) {
        fake_run(r.fake, i ? NS_PER_SEC / 30 : 250 * MS);
        ck_assert_str_eq(drain(&r), "E0 75");
    }
    /* Nobody reads: one repeat waits, not a buffer full. */
    fake_run(r.fake, 5000 * MS);
    ck_assert_str_eq(drain(&r), "E0 75");
    press(&r, PAUSE);
    fake_run(r.fake, 5000 * MS);
    ck_assert_str_eq(drain(&r), "");
    rig_destroy(&r);
}
END_TEST

START_TEST(commands)
{
    struct rig r;

    rig_create(&r);
    ck_assert_str_eq(tell(&r, 0xEE), "EE");
    ck_assert_str_eq(tell(&r, 0xF2), "FA AB 83");
    ck_assert_str_eq(tell(&r, 0xFF), "FA AA");
    ck_assert_str_eq(tell(&r, 0xED), "FA");
    ck_assert_str_eq(tell(&r, 0x07), "FA");
    ck_assert_uint_eq(keyboard_leds(r.kb), 7);
    ck_assert_str_eq(tell(&r, 0xED), "FA");
    ck_assert_str_eq(tell(&r, 0xF4), "FA"); /* a command instead */
    ck_assert_uint_eq(keyboard_leds(r.kb), 7);
    ck_assert_str_eq(tell(&r, 0x07), "FE"); /* no command */
    ck_assert_str_eq(tell(&r, 0xF0), "FA");
    ck_assert_str_eq(tell(&r, 0x00), "FA 02");
    ck_assert_str_eq(tell(&r, 0xFE), "02"); /* resend */
    ck_assert_str_eq(tell(&r, 0xF0), "FA");
    ck_assert_str_eq(tell(&r, 0x04), "FE");
    ck_assert_str_eq(tell(&r, 0xF5), "FA");
    ck_assert_str_eq(press(&r, 0x1E), "");
    release(&r, 0x1E);
    ck_assert_str_eq(tell(&r, 0xF6), "FA"); /* does not enable */
    ck_assert_str_eq(press(&r, 0x1E), "");
    release(&r, 0x1E);
    ck_assert_str_eq(tell(&r, 0xF4), "FA");
    ck_assert_str_eq(press(&r, 0x1E), "1C");
    ck_assert_str_eq(tell(&r, 0x00), "FE");
    rig_destroy(&r);
}
END_TEST

START_TEST(answers_go_before_keys)
{
    struct rig r;

    rig_create(&r);
    keyboard_key(r.kb, 0x1E, true);
    keyboard_key(r.kb, 0x1E, false);
    ck_assert_str_eq(tell(&r, 0xED), "FA 1C F0 1C");
    rig_destroy(&r);
}
END_TEST

START_TEST(full_buffer_loses_whole_keys)
{
    struct rig r;

    rig_create(&r);
    ck_assert(keyboard_has_room(r.kb));
    for (unsigned i = 0; i < 20; i++)
        keyboard_key(r.kb, 0x1E, !(i & 1));
    ck_assert(!keyboard_has_room(r.kb));
    ck_assert_str_eq(drain(&r), "1C F0 1C 1C F0 1C 1C F0 1C 1C F0 1C "
                                "1C F0 1C 00");
    ck_assert(keyboard_has_room(r.kb));
    use_set(&r, 1);
    for (unsigned i = 0; i < 20; i++)
        keyboard_key(r.kb, 0x1E, !(i & 1));
    ck_assert_str_eq(drain(&r), "1E 9E 1E 9E 1E 9E 1E 9E 1E 9E 1E 9E 1E 9E "
                                "1E FF");
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r);
    tell(&r, 0xED);
    tell(&r, 0x05);
    keyboard_key(r.kb, 0x1E, true);
    keyboard_key(r.kb, UP, true);
    keyboard_read(r.kb);
    fake_run(r.fake, 100 * MS);
    fake_round_trip(r.fake, keyboard_device(r.kb));
    ck_assert_str_eq(drain(&r), "E0 75");
    fake_run(r.fake, 400 * MS);
    ck_assert_str_eq(drain(&r), "E0 75");
    ck_assert_uint_eq(keyboard_leds(r.kb), 5);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("keyboard", set2_plain_and_extended, set1, set3_and_key_types,
          codes_are_unique, pause_print_and_break,
          grey_keys_under_shift_and_num_lock, typematic, commands,
          answers_go_before_keys, full_buffer_loses_whole_keys,
          saved_and_loaded)
