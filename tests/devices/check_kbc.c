/* check_kbc - 8042: commands, translation, interrupts, A20 and reset lines,
 * with the real keyboard and mouse behind it.
 * Alone: make tests/devices/check_kbc && tests/devices/check_kbc */
#include "tests/devices/fake.h"

#include "devices/kbc_i8042.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"

enum { BYTE_NS = 250000, DATA = 0x60, COMMAND = 0x64, OBF = 1, AUX = 0x20 };

struct rig {
    struct fake *fake;
    struct ps2_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct kbc *kbc;
    bool a20;
    unsigned resets;
};

static void on_set_a20(void *opaque, bool on)
{
    ((struct rig *)opaque)->a20 = on;
}

static bool on_get_a20(void *opaque)
{
    return ((struct rig *)opaque)->a20;
}

static void on_reset(void *opaque)
{
    ((struct rig *)opaque)->resets++;
}

static void rig_create(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->keyboard = keyboard_create(&(struct keyboard_config){
        .sched = &r->fake->sched, .log = &r->fake->log});
    r->mouse = mouse_create(
        &(struct mouse_config){.sched = &r->fake->sched, .log = &r->fake->log});
    r->kbc =
        kbc_create(&(struct kbc_config){.ports = r->fake->ports,
                                        .sched = &r->fake->sched,
                                        .log = &r->fake->log,
                                        .keyboard_irq = &r->fake->wire[0].irq,
                                        .mouse_irq = &r->fake->wire[1].irq,
                                        .keyboard = r->keyboard,
                                        .mouse = r->mouse,
                                        .set_a20 = on_set_a20,
                                        .get_a20 = on_get_a20,
                                        .reset = on_reset,
                                        .opaque = r});
}

static void rig_destroy(struct rig *r)
{
    kbc_i8042.destroy(kbc_device(r->kbc));
    ps2_mouse.destroy(mouse_device(r->mouse));
    ps2_keyboard.destroy(keyboard_device(r->keyboard));
    fake_destroy(r->fake);
}

static void command(struct rig *r, uint8_t value)
{
    out8(r->fake, COMMAND, value);
}

static void command_byte(struct rig *r, uint8_t value)
{
    command(r, 0x60);
    out8(r->fake, DATA, value);
}

/* Wait up to 10 ms for a byte, as drivers do; -1 = none came. */
static int next(struct rig *r)
{
    for (unsigned i = 0; i < 100; i++) {
        if (in8(r->fake, COMMAND) & OBF)
            return in8(r->fake, DATA);
        fake_run(r->fake, 100000);
    }
    return -1;
}

START_TEST(self_tests)
{
    struct rig r;

    rig_create(&r);
    ck_assert_int_eq(next(&r), -1);
    ck_assert_uint_eq(in8(r.fake, COMMAND), 0x10);
    command(&r, 0xAA);
    ck_assert_uint_eq(in8(r.fake, COMMAND), 0x1D); /* OBF SYS command */
    ck_assert_int_eq(next(&r), 0x55);
    command(&r, 0xAB);
    ck_assert_int_eq(next(&r), 0x00);
    command(&r, 0xA9);
    ck_assert_int_eq(next(&r), 0x00);
    command(&r, 0xA4);
    ck_assert_int_eq(next(&r), 0xF1);
    command(&r, 0xA7);
    command(&r, 0x20);
    ck_assert_int_eq(next(&r) & 0x20, 0x20);
    command(&r, 0xA8);
    command(&r, 0x20);
    ck_assert_int_eq(next(&r) & 0x20, 0x00);
    rig_destroy(&r);
}
END_TEST

START_TEST(ram_and_command_byte)
{
    struct rig r;

    rig_create(&r);
    command_byte(&r, 0x43);
    command(&r, 0x20);
    ck_assert_int_eq(next(&r), 0x43);
    command(&r, 0x7F);
    out8(r.fake, DATA, 0xC3);
    command(&r, 0x3F);
    ck_assert_int_eq(next(&r), 0xC3);
    command_byte(&r, 0x47);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & 4, 4);
    command_byte(&r, 0x43);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & 4, 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(answers_wait_for_their_turn)
{
    struct rig r;

    rig_create(&r);
    command(&r, 0xAA);
    command(&r, 0xAB);
    command(&r, 0x20);
    ck_assert_int_eq(next(&r), 0x55);
    ck_assert_int_eq(next(&r), 0x00);
    ck_assert_int_eq(next(&r), 0x65);
    ck_assert_int_eq(next(&r), -1);
    for (unsigned i = 0; i < 100; i++)
        command(&r, 0x20); /* nobody reads */
    for (unsigned i = 0; i < 9; i++)
        ck_assert_int_eq(next(&r), 0x65);
    ck_assert_int_eq(next(&r), -1);
    rig_destroy(&r);
}
END_TEST

START_TEST(translated_keys_raise_irq1)
{
    struct rig r;

    rig_create(&r);
    command_byte(&r, 0x41);
    keyboard_key(r.keyboard, 0x1E, true);
    ck_assert(!r.fake->wire[0].level);
    fake_run(r.fake, BYTE_NS);
    ck_assert(r.fake->wire[0].level);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & (OBF | AUX), OBF);
    keyboard_key(r.keyboard, 0x1E, false);
    fake_run(r.fake, BYTE_NS * 4);
    ck_assert_uint_eq(in8(r.fake, DATA), 0x1E);
    ck_assert(!r.fake->wire[0].level);
    ck_assert_int_eq(next(&r), 0x9E);
    ck_assert_uint_eq(r.fake->wire[0].rises, 2);
    keyboard_key(r.keyboard, 0xE048, true);
    ck_assert_int_eq(next(&r), 0xE0);
    ck_assert_int_eq(next(&r), 0x48);
    keyboard_key(r.keyboard, 0xE048, false);
    ck_assert_int_eq(next(&r), 0xE0);
    ck_assert_int_eq(next(&r), 0xC8);
    command_byte(&r, 0x01);
    keyboard_key(r.keyboard, 0x41, true);
    ck_assert_int_eq(next(&r), 0x83);
    keyboard_key(r.keyboard, 0x41, false);
    ck_assert_int_eq(next(&r), 0xF0);
    ck_assert_int_eq(next(&r), 0x83);
    rig_destroy(&r);
}
END_TEST

/* What port 60h gives for one press and release. */
static unsigned record(struct rig *r, uint8_t set, uint8_t mode, unsigned code,
                       int bytes[20])
{
    unsigned count = 0;

    out8(r->fake, DATA, 0xF0);
    ck_assert_int_eq(next(r), 0xFA);
    out8(r->fake, DATA, set);
    ck_assert_int_eq(next(r), 0xFA);
    command_byte(r, mode);
    for (unsigned i = 0; i < 2; i++) {
        keyboard_key(r->keyboard, code, i == 0);
        while ((bytes[count] = next(r)) >= 0)
            count++;
    }
    return count;
}

/* Set 2 through the translation is set 1, whatever the key. */
START_TEST(translation_gives_set1)
{
    struct rig r;

    rig_create(&r);
    for (unsigned key = 1; key < 0x200; key++) {
        unsigned code = key < 0x100 ? key : 0xE000 | (key & 0xFF), n;
        int translated[20], raw[20];
        if (key == 0x100)
            code = 0xE11D;
        n = record(&r, 2, 0x41, code, translated);
        ck_assert_uint_eq(record(&r, 1, 0x01, code, raw), n);
        ck_assert_mem_eq(translated, raw, n * sizeof(int));
        ck_assert_uint_eq(n == 0, key % 0x100 >= 0x7F + key / 0x100);
    }
    rig_destroy(&r);
}
END_TEST

START_TEST(keyboard_commands_pass)
{
    struct rig r;

    rig_create(&r);
    out8(r.fake, DATA, 0xF2);
    ck_assert_int_eq(next(&r), 0xFA);
    ck_assert_int_eq(next(&r), 0xAB);
    ck_assert_int_eq(next(&r), 0x41); /* 83h translated */
    out8(r.fake, DATA, 0xFF);
    ck_assert_int_eq(next(&r), 0xFA);
    ck_assert_int_eq(next(&r), 0xAA);
    out8(r.fake, DATA, 0xED);
    ck_assert_int_eq(next(&r), 0xFA);
    out8(r.fake, DATA, 0x02);
    ck_assert_int_eq(next(&r), 0xFA);
    ck_assert_uint_eq(keyboard_leds(r.keyboard), 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(disabled_interface_holds_bytes_back)
{
    struct rig r;

    rig_create(&r);
    command(&r, 0xAD);
    keyboard_key(r.keyboard, 0x1E, true);
    ck_assert_int_eq(next(&r), -1);
    command(&r, 0xAE);
    ck_assert_int_eq(next(&r), 0x1E);
    command(&r, 0xAD);
    out8(r.fake, DATA, 0xEE); /* writing starts the clock again */
    ck_assert_int_eq(next(&r), 0xEE);
    command(&r, 0x20);
    ck_assert_int_eq(next(&r) & 0x10, 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(mouse_bytes_raise_irq12)
{
    struct rig r;

    rig_create(&r);
    command_byte(&r, 0x43);
    command(&r, 0xD4);
    out8(r.fake, DATA, 0xF4);
    fake_run(r.fake, BYTE_NS);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & (OBF | AUX), OBF | AUX);
    ck_assert(r.fake->wire[1].level);
    ck_assert(!r.fake->wire[0].level);
    ck_assert_int_eq(next(&r), 0xFA);
    ck_assert(!r.fake->wire[1].level);
    mouse_move(r.mouse, 1, -1, 0, 0);
    ck_assert_int_eq(next(&r), 0x08);
    ck_assert_int_eq(next(&r), 0x01);
    ck_assert_int_eq(next(&r), 0x01); /* 1Eh would be translated: is not */
    ck_assert_uint_eq(r.fake->wire[1].rises, 4);
    fake_run(r.fake, NS_PER_SEC);
    mouse_move(r.mouse, 0x1E, 0, 0, 0);
    ck_assert_int_eq(next(&r), 0x08);
    ck_assert_int_eq(next(&r), 0x1E);
    ck_assert_int_eq(next(&r), 0x00);
    rig_destroy(&r);
}
END_TEST

START_TEST(loop_commands)
{
    struct rig r;

    rig_create(&r);
    command_byte(&r, 0x43);
    command(&r, 0xD2);
    out8(r.fake, DATA, 0x99);
    ck_assert(r.fake->wire[0].level);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & (OBF | AUX), OBF);
    ck_assert_uint_eq(in8(r.fake, DATA), 0x99);
    command(&r, 0xD3);
    out8(r.fake, DATA, 0x5A);
    ck_assert(r.fake->wire[1].level);
    ck_assert_uint_eq(in8(r.fake, COMMAND) & (OBF | AUX), OBF | AUX);
    ck_assert_uint_eq(in8(r.fake, DATA), 0x5A);
    ck_assert(!r.fake->wire[1].level);
    rig_destroy(&r);
}
END_TEST

START_TEST(a20_and_reset)
{
    struct rig r;

    rig_create(&r);
    ck_assert(r.a20);
    command(&r, 0xD1);
    out8(r.fake, DATA, 0xDD);
    ck_assert(!r.a20);
    command(&r, 0xD0);
    ck_assert_int_eq(next(&r) & 0x03, 0x01);
    command(&r, 0xDF);
    ck_assert(r.a20);
    command(&r, 0xD0);
    ck_assert_int_eq(next(&r) & 0x03, 0x03);
    r.a20 = false; /* by port 92h */
    command(&r, 0xD0);
    ck_assert_int_eq(next(&r) & 0x03, 0x01);
    command(&r, 0xDF);
    ck_assert(r.a20);
    command(&r, 0xDD);
    ck_assert(!r.a20);
    ck_assert_uint_eq(r.resets, 0);
    command(&r, 0xF1); /* pulses other lines */
    ck_assert_uint_eq(r.resets, 0);
    command(&r, 0xFE);
    ck_assert_uint_eq(r.resets, 1);
    command(&r, 0xD1);
    out8(r.fake, DATA, 0x02);
    ck_assert_uint_eq(r.resets, 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(output_port_tells_interrupts)
{
    struct rig r;

    rig_create(&r);
    command(&r, 0xD0);
    ck_assert_int_eq(next(&r), 0xC3);
    command_byte(&r, 0x00);
    keyboard_key(r.keyboard, 0x1E, true);
    fake_run(r.fake, BYTE_NS);
    command(&r, 0xD0);
    ck_assert_int_eq(next(&r), 0x1C);
    ck_assert_int_eq(next(&r), 0xD3);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r);
    command_byte(&r, 0x43);
    command(&r, 0x20);
    command(&r, 0xD0);
    keyboard_key(r.keyboard, 0x1E, true);
    in8(r.fake, DATA);
    in8(r.fake, DATA);
    fake_run(r.fake, BYTE_NS / 2);
    command(&r, 0xAA);
    command(&r, 0xD4);
    fake_round_trip(r.fake, kbc_device(r.kbc));
    out8(r.fake, DATA, 0xF2);
    ck_assert_int_eq(next(&r), 0x55);
    ck_assert_int_eq(next(&r), 0x1E);
    ck_assert_int_eq(next(&r), 0xFA);
    ck_assert_int_eq(next(&r), 0x00);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("kbc", self_tests, ram_and_command_byte, answers_wait_for_their_turn,
          translated_keys_raise_irq1, translation_gives_set1,
          keyboard_commands_pass, disabled_interface_holds_bytes_back,
          mouse_bytes_raise_irq12, loop_commands, a20_and_reset,
          output_port_tells_interrupts, saved_and_loaded)
