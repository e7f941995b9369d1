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

static struct {
    struct fake *fake;
    struct ps2_keyboard *kb;
    unsigned told;
} rig;

static void on_ready(void *opaque)
{
    (void)opaque;
    rig.told++;
}

static void rig_create(void)
{
    memset(&rig, 0, sizeof rig);
    rig.fake = fake_create();
    rig.kb = keyboard_create(&(struct keyboard_config){
        .sched = &rig.fake->sched, .log = &rig.fake->log});
    keyboard_listen(rig.kb, on_ready, NULL);
}

static void rig_destroy(void)
{
    ps2_keyboard.destroy(keyboard_device(rig.kb));
    fake_destroy(rig.fake);
}

static int next(void)
{
    return keyboard_has_data(rig.kb) ? keyboard_read(rig.kb) : -1;
}

static const char *drain(void)
{
    return fake_hex(next);
}

static const char *tell(uint8_t byte)
{
    keyboard_write(rig.kb, byte);
    return drain();
}

static const char *press(unsigned code)
{
    keyboard_key(rig.kb, code, true);
    return drain();
}

static const char *release(unsigned code)
{
    keyboard_key(rig.kb, code, false);
    return drain();
}

static void use_set(uint8_t set)
{
    tell(0xF0);
    ck_assert_str_eq(tell(set), "FA");
}

START_TEST(set2_plain_and_extended)
{
    ck_assert_str_eq(press(0x1E), "1C");
    ck_assert_str_eq(press(0x1E), ""); /* it is down already */
    ck_assert_str_eq(release(0x1E), "F0 1C");
    ck_assert_str_eq(release(0x1E), "");
    ck_assert_str_eq(press(0x41), "83"); /* F7 */
    ck_assert_str_eq(press(0x57), "78"); /* F11 */
    ck_assert_str_eq(press(UP), "E0 75");
    ck_assert_str_eq(release(UP), "E0 F0 75");
    ck_assert_str_eq(press(0xE01D), "E0 14");
    ck_assert_str_eq(press(0xE05B), "E0 1F");
    ck_assert_str_eq(press(0x1234), "");
    ck_assert_str_eq(press(0), "");
    ck_assert_uint_gt(rig.told, 5);
}
END_TEST

START_TEST(set1)
{
    use_set(1);
    ck_assert_str_eq(press(0x1E), "1E");
    ck_assert_str_eq(release(0x1E), "9E");
    ck_assert_str_eq(press(UP), "E0 48");
    ck_assert_str_eq(release(UP), "E0 C8");
    ck_assert_str_eq(press(PAUSE), "E1 1D 45 E1 9D C5");
    ck_assert_str_eq(press(PRINT), "E0 2A E0 37");
    ck_assert_str_eq(release(PRINT), "E0 B7 E0 AA");
}
END_TEST

START_TEST(set3_and_key_types)
{
    use_set(3);
    ck_assert_str_eq(press(0x1E), "1C");
    ck_assert_str_eq(release(0x1E), "");
    ck_assert_str_eq(press(LSHIFT), "12");
    ck_assert_str_eq(release(LSHIFT), "F0 12");
    ck_assert_str_eq(press(UP), "63");
    ck_assert_str_eq(press(PAUSE), "62");
    ck_assert_str_eq(release(PAUSE), "");
    ck_assert_str_eq(tell(0xFA), "FA"); /* all repeat and break */
    ck_assert_str_eq(release(UP), "F0 63");
    ck_assert_str_eq(tell(0xFD), "FA"); /* make only: A, then B */
    ck_assert_str_eq(tell(0x1C), "FA");
    ck_assert_str_eq(tell(0x32), "FA");
    ck_assert_str_eq(press(0x1E), ""); /* scanning is off */
    release(0x1E);
    ck_assert_str_eq(tell(0xF4), "FA");
    ck_assert_str_eq(press(0x1E), "1C");
    ck_assert_str_eq(release(0x1E), "");
    ck_assert_str_eq(press(0x30), "32");
    ck_assert_str_eq(release(0x30), "");
    ck_assert_str_eq(press(0x2E), "21");
    ck_assert_str_eq(release(0x2E), "F0 21");
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
    ck_assert_str_eq(press(PAUSE), "E1 14 77 E1 F0 14 F0 77");
    ck_assert_str_eq(release(PAUSE), "");
    ck_assert_str_eq(press(PRINT), "E0 12 E0 7C");
    ck_assert_str_eq(release(PRINT), "E0 F0 7C E0 F0 12");
    press(LCTRL);
    ck_assert_str_eq(press(PAUSE), "E0 7E E0 F0 7E");
    release(PAUSE);
    ck_assert_str_eq(press(PRINT), "E0 7C");
    ck_assert_str_eq(release(PRINT), "E0 F0 7C");
    release(LCTRL);
    press(LALT);
    ck_assert_str_eq(press(PRINT), "84");
    ck_assert_str_eq(release(PRINT), "F0 84");
}
END_TEST

START_TEST(grey_keys_under_shift_and_num_lock)
{
    press(LSHIFT);
    ck_assert_str_eq(press(INSERT), "E0 F0 12 E0 70");
    ck_assert_str_eq(release(INSERT), "E0 F0 70 E0 12");
    press(RSHIFT);
    ck_assert_str_eq(press(DIVIDE), "E0 F0 12 E0 F0 59 E0 4A");
    ck_assert_str_eq(release(DIVIDE), "E0 F0 4A E0 12 E0 59");
    release(LSHIFT);
    release(RSHIFT);
    tell(0xED);
    tell(0x02); /* num lock */
    ck_assert_str_eq(press(INSERT), "E0 12 E0 70");
    ck_assert_str_eq(release(INSERT), "E0 F0 70 E0 F0 12");
    ck_assert_str_eq(press(DIVIDE), "E0 4A");
    release(DIVIDE);
    press(LSHIFT);
    ck_assert_str_eq(press(INSERT), "E0 70");
}
END_TEST

START_TEST(typematic)
{
    press(0x1E);
    fake_run(rig.fake, 499 * MS);
    ck_assert_str_eq(drain(), "");
    fake_run(rig.fake, 1 * MS);
    ck_assert_str_eq(drain(), "1C");
    fake_run(rig.fake, 91 * MS);
    ck_assert_str_eq(drain(), "");
    fake_run(rig.fake, 1 * MS); /* 10.9 per second */
    ck_assert_str_eq(drain(), "1C");
    press(0x30); /* the last key repeats */
    release(0x1E);
    fake_run(rig.fake, 500 * MS);
    ck_assert_str_eq(drain(), "32");
    release(0x30);
    fake_run(rig.fake, 5000 * MS);
    ck_assert_str_eq(drain(), "");
    tell(0xF3);
    ck_assert_str_eq(tell(0x00), "FA"); /* 250 ms, 30 per second */
    press(UP);
    for (unsigned i = 0; i < 11; i++) {
        fake_run(rig.fake, i ? NS_PER_SEC / 30 : 250 * MS);
        ck_assert_str_eq(drain(), "E0 75");
    }
    /* Nobody reads: one repeat waits, not a buffer full. */
    fake_run(rig.fake, 5000 * MS);
    ck_assert_str_eq(drain(), "E0 75");
    press(PAUSE);
    fake_run(rig.fake, 5000 * MS);
    ck_assert_str_eq(drain(), "");
}
END_TEST

START_TEST(commands)
{
    ck_assert_str_eq(tell(0xEE), "EE");
    ck_assert_str_eq(tell(0xF2), "FA AB 83");
    ck_assert_str_eq(tell(0xFF), "FA AA");
    ck_assert_str_eq(tell(0xED), "FA");
    ck_assert_str_eq(tell(0x07), "FA");
    ck_assert_uint_eq(keyboard_leds(rig.kb), 7);
    ck_assert_str_eq(tell(0xED), "FA");
    ck_assert_str_eq(tell(0xF4), "FA"); /* a command instead */
    ck_assert_uint_eq(keyboard_leds(rig.kb), 7);
    ck_assert_str_eq(tell(0x07), "FE"); /* no command */
    ck_assert_str_eq(tell(0xF0), "FA");
    ck_assert_str_eq(tell(0x00), "FA 02");
    ck_assert_str_eq(tell(0xFE), "02"); /* resend */
    ck_assert_str_eq(tell(0xF0), "FA");
    ck_assert_str_eq(tell(0x04), "FE");
    ck_assert_str_eq(tell(0xF5), "FA");
    ck_assert_str_eq(press(0x1E), "");
    release(0x1E);
    ck_assert_str_eq(tell(0xF6), "FA"); /* does not enable */
    ck_assert_str_eq(press(0x1E), "");
    release(0x1E);
    ck_assert_str_eq(tell(0xF4), "FA");
    ck_assert_str_eq(press(0x1E), "1C");
    ck_assert_str_eq(tell(0x00), "FE");
}
END_TEST

START_TEST(answers_go_before_keys)
{
    keyboard_key(rig.kb, 0x1E, true);
    keyboard_key(rig.kb, 0x1E, false);
    ck_assert_str_eq(tell(0xED), "FA 1C F0 1C");
}
END_TEST

START_TEST(full_buffer_loses_whole_keys)
{
    ck_assert(keyboard_has_room(rig.kb));
    for (unsigned i = 0; i < 20; i++)
        keyboard_key(rig.kb, 0x1E, !(i & 1));
    ck_assert(!keyboard_has_room(rig.kb));
    ck_assert_str_eq(drain(), "1C F0 1C 1C F0 1C 1C F0 1C 1C F0 1C "
                              "1C F0 1C 00");
    ck_assert(keyboard_has_room(rig.kb));
    use_set(1);
    for (unsigned i = 0; i < 20; i++)
        keyboard_key(rig.kb, 0x1E, !(i & 1));
    ck_assert_str_eq(drain(), "1E 9E 1E 9E 1E 9E 1E 9E 1E 9E 1E 9E 1E 9E "
                              "1E FF");
}
END_TEST

START_TEST(saved_and_loaded)
{
    tell(0xED);
    tell(0x05);
    keyboard_key(rig.kb, 0x1E, true);
    keyboard_key(rig.kb, UP, true);
    keyboard_read(rig.kb);
    fake_run(rig.fake, 100 * MS);
    fake_round_trip(rig.fake, keyboard_device(rig.kb));
    ck_assert_str_eq(drain(), "E0 75");
    fake_run(rig.fake, 400 * MS);
    ck_assert_str_eq(drain(), "E0 75");
    ck_assert_uint_eq(keyboard_leds(rig.kb), 5);
}
END_TEST

FAKE_MAIN_WITH(rig_create, rig_destroy, "keyboard", set2_plain_and_extended,
               set1, set3_and_key_types, codes_are_unique,
               pause_print_and_break, grey_keys_under_shift_and_num_lock,
               typematic, commands, answers_go_before_keys,
               full_buffer_loses_whole_keys, saved_and_loaded)
