/* check_debugport - console ports, exit, power-off.
 * Alone: make tests/devices/check_debugport && tests/devices/check_debugport
 */
#include "tests/devices/fake.h"

#include "devices/debugport.h"

struct rig {
    struct fake *fake;
    struct debugport *port;
    unsigned exits, offs;
    uint32_t value;
};

static void on_exit_value(void *opaque, uint32_t value)
{
    struct rig *r = opaque;

    r->exits++;
    r->value = value;
}

static void on_power_off(void *opaque)
{
    ((struct rig *)opaque)->offs++;
}

static void rig_create(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->fake->log.enabled = 1ull << LOG_BIOS;
    r->port =
        debugport_create(&(struct debugport_config){.ports = r->fake->ports,
                                                    .log = &r->fake->log,
                                                    .exit = on_exit_value,
                                                    .power_off = on_power_off,
                                                    .opaque = r});
}

static void rig_destroy(struct rig *r)
{
    debugport_ops.destroy(debugport_device(r->port));
    fake_destroy(r->fake);
}

static void say(struct rig *r, uint16_t port, const char *text)
{
    while (*text)
        out8(r->fake, port, (uint8_t)*text++);
}

START_TEST(lines_go_to_the_log)
{
    struct rig r;

    rig_create(&r);
    say(&r, 0x402, "Hel");
    say(&r, 0xE9, "other\r\n");
    say(&r, 0x402, "lo\n");
    ck_assert_str_eq(r.fake->text, "bios:other|bios:Hello|");
    ck_assert_uint_eq(in8(r.fake, 0x402), 0xE9);
    ck_assert_uint_eq(in8(r.fake, 0xE9), 0xE9);
    rig_destroy(&r);
}
END_TEST

START_TEST(control_characters_and_long_lines)
{
    struct rig r;

    rig_create(&r);
    say(&r, 0xE9, "\033[2J\x90\n");
    ck_assert_str_eq(r.fake->text, "bios:.[2J.|");
    r.fake->text[0] = 0;
    for (unsigned i = 0; i < 200; i++)
        out8(r.fake, 0xE9, 'x');
    ck_assert_uint_eq(strlen(r.fake->text), strlen("bios:|") + 159);
    debugport_ops.reset(debugport_device(r.port));
    ck_assert_uint_eq(strlen(r.fake->text), 2 * strlen("bios:|") + 200);
    rig_destroy(&r);
}
END_TEST

START_TEST(exit_value)
{
    struct rig r;

    rig_create(&r);
    out8(r.fake, 0xF4, 0x10);
    ck_assert_uint_eq(r.exits, 1);
    ck_assert_uint_eq(r.value, 0x10);
    addrspace_write(r.fake->ports, 0xF4, 0x12345678, 4);
    ck_assert_uint_eq(r.exits, 2);
    ck_assert_uint_eq(r.value, 0x12345678);
    rig_destroy(&r);
}
END_TEST

START_TEST(shutdown_word)
{
    struct rig r;

    rig_create(&r);
    say(&r, 0x8900, "Shut");
    ck_assert_uint_eq(r.offs, 0);
    say(&r, 0x8900, "xdown");
    ck_assert_uint_eq(r.offs, 0);
    say(&r, 0x8900, "ShuShutdown");
    ck_assert_uint_eq(r.offs, 1);
    say(&r, 0x8900, "Shutdown");
    ck_assert_uint_eq(r.offs, 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r);
    say(&r, 0x402, "half a ");
    say(&r, 0x8900, "Shut");
    r.fake->log.enabled = 0;
    fake_round_trip(r.fake, debugport_device(r.port));
    r.fake->log.enabled = 1ull << LOG_BIOS;
    say(&r, 0x402, "line\n");
    ck_assert_str_eq(r.fake->text, "bios:half a line|");
    say(&r, 0x8900, "down");
    ck_assert_uint_eq(r.offs, 1);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("debugport", lines_go_to_the_log, control_characters_and_long_lines,
          exit_value, shutdown_word, saved_and_loaded)
