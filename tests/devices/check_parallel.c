/* check_parallel - the parallel port: registers, a byte on its way to the
 * printer, interrupt, printer held, off, reset.
 * Alone: make tests/devices/check_parallel && tests/devices/check_parallel */
#include "tests/devices/fake.h"

#include "devices/parallel.h"

enum {
    BASE = 0x378,
    STATUS = BASE + 1,
    CONTROL = BASE + 2,
    ALL = 5000, /* longer than a byte takes */
};

struct rig {
    struct fake *fake;
    struct parallel *port;
    char paper[32];
    unsigned printed;
};

static void on_print(void *opaque, uint8_t byte)
{
    struct rig *r = opaque;

    r->paper[r->printed++] = (char)byte;
}

static void rig_create(struct rig *r, bool printer)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->port =
        parallel_create(&(struct parallel_config){.id = "parallel0",
                                                  .ports = r->fake->ports,
                                                  .base = BASE,
                                                  .sched = &r->fake->sched,
                                                  .log = &r->fake->log,
                                                  .irq = &r->fake->wire[0].irq,
                                                  .printer = printer,
                                                  .print = on_print,
                                                  .opaque = r});
    out8(r->fake, CONTROL, 0x0C); /* selected, no INIT */
}

static void rig_destroy(struct rig *r)
{
    parallel_port.destroy(parallel_device(r->port));
    fake_destroy(r->fake);
}

static void print(struct rig *r, char c, uint8_t control)
{
    out8(r->fake, BASE, (uint8_t)c);
    out8(r->fake, CONTROL, control | 1);
    out8(r->fake, CONTROL, control);
}

START_TEST(registers)
{
    struct rig r;

    rig_create(&r, true);
    ck_assert_uint_eq(in8(r.fake, CONTROL), 0xCC);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0xDF);
    out8(r.fake, BASE, 0xA5);
    ck_assert_uint_eq(in8(r.fake, BASE), 0xA5);
    /* Direction: the pins are pulled up, the latch keeps its byte. */
    out8(r.fake, CONTROL, 0x2C);
    ck_assert_uint_eq(in8(r.fake, CONTROL), 0xEC);
    ck_assert_uint_eq(in8(r.fake, BASE), 0xFF);
    out8(r.fake, CONTROL, 0x0C);
    ck_assert_uint_eq(in8(r.fake, BASE), 0xA5);
    out8(r.fake, STATUS, 0x00); /* read only */
    ck_assert_uint_eq(in8(r.fake, STATUS), 0xDF);
    rig_destroy(&r);
}
END_TEST

START_TEST(byte_goes_to_the_printer)
{
    struct rig r;

    rig_create(&r, true);
    print(&r, 'A', 0x0C);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0xC0, 0x40); /* busy */
    ck_assert_uint_eq(r.printed, 0);
    fake_run(r.fake, 2000);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0xC0, 0x00); /* acknowledges */
    ck_assert_uint_eq(r.printed, 1);
    fake_run(r.fake, 1000);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0xC0, 0xC0);
    print(&r, 'B', 0x0C);
    print(&r, 'x', 0x0C); /* busy: lost */
    fake_run(r.fake, ALL);
    ck_assert_str_eq(r.paper, "AB");
    /* Only the edge of the strobe counts. */
    out8(r.fake, BASE, 'C');
    out8(r.fake, CONTROL, 0x0D);
    fake_run(r.fake, ALL);
    out8(r.fake, CONTROL, 0x0D);
    fake_run(r.fake, ALL);
    ck_assert_str_eq(r.paper, "ABC");
    ck_assert_uint_eq(r.fake->wire[0].rises, 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(the_last_byte_is_printed)
{
    struct rig r;

    rig_create(&r, true);
    print(&r, 'A', 0x0C);
    parallel_finish(r.port);
    ck_assert_str_eq(r.paper, "A");
    parallel_finish(r.port);
    fake_run(r.fake, ALL);
    ck_assert_str_eq(r.paper, "A");
    rig_destroy(&r);
}
END_TEST

START_TEST(interrupt_at_the_end_of_acknowledge)
{
    struct rig r;

    rig_create(&r, true);
    print(&r, 'A', 0x1C);
    fake_run(r.fake, 2999);
    ck_assert(!r.fake->wire[0].level);
    fake_run(r.fake, 1);
    ck_assert(r.fake->wire[0].level);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0xDB); /* flag, once */
    ck_assert(!r.fake->wire[0].level);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0xDF);
    print(&r, 'B', 0x1C);
    fake_run(r.fake, ALL);
    ck_assert(r.fake->wire[0].level);
    out8(r.fake, CONTROL, 0x0C); /* disabled */
    ck_assert(!r.fake->wire[0].level);
    out8(r.fake, CONTROL, 0x1C);
    ck_assert(!r.fake->wire[0].level);
    print(&r, 'C', 0x1C);
    fake_run(r.fake, ALL);
    print(&r, 'D', 0x1C); /* a strobe takes it back */
    ck_assert(!r.fake->wire[0].level);
    fake_run(r.fake, ALL);
    ck_assert_uint_eq(r.fake->wire[0].rises, 4);
    ck_assert_str_eq(r.paper, "ABCD");
    rig_destroy(&r);
}
END_TEST

START_TEST(held_printer_stays_busy)
{
    struct rig r;

    rig_create(&r, true);
    parallel_hold(r.port, true);
    print(&r, 'A', 0x0C);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0x80, 0);
    ck_assert_uint_eq(r.printed, 0);
    parallel_hold(r.port, false);
    ck_assert_str_eq(r.paper, "A");
    fake_run(r.fake, ALL);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0xDF);
    /* INIT throws away the byte at hand. */
    parallel_hold(r.port, true);
    print(&r, 'B', 0x0C);
    fake_run(r.fake, ALL);
    out8(r.fake, CONTROL, 0x08);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0x80, 0);
    out8(r.fake, CONTROL, 0x0C);
    ck_assert_uint_eq(in8(r.fake, STATUS) & 0x80, 0x80);
    parallel_hold(r.port, false);
    fake_run(r.fake, ALL);
    ck_assert_str_eq(r.paper, "A");
    rig_destroy(&r);
}
END_TEST

START_TEST(no_printer)
{
    struct rig r;

    rig_create(&r, false);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0x7F);
    print(&r, 'A', 0x1C);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(in8(r.fake, STATUS), 0x7F);
    ck_assert_uint_eq(r.printed, 0);
    ck_assert_uint_eq(r.fake->wire[0].rises, 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(state_round_trip)
{
    struct rig r;

    rig_create(&r, true);
    print(&r, 'A', 0x1C);
    fake_round_trip(r.fake, parallel_device(r.port));
    fake_run(r.fake, ALL);
    ck_assert_str_eq(r.paper, "A");
    fake_round_trip(r.fake, parallel_device(r.port));
    ck_assert(r.fake->wire[0].level);
    /* A printer held: the byte goes on when it is free. */
    parallel_hold(r.port, true);
    print(&r, 'B', 0x0C);
    fake_run(r.fake, ALL);
    fake_round_trip(r.fake, parallel_device(r.port));
    parallel_hold(r.port, false);
    ck_assert_str_eq(r.paper, "AB");
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("parallel", registers, byte_goes_to_the_printer,
          the_last_byte_is_printed, interrupt_at_the_end_of_acknowledge,
          held_printer_stays_busy, no_printer, state_round_trip)
