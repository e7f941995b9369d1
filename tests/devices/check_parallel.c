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

static struct {
    struct fake *fake;
    struct parallel *port;
    char paper[32];
    unsigned printed;
} rig;

static void on_print(void *opaque, uint8_t byte)
{
    (void)opaque;
    rig.paper[rig.printed++] = (char)byte;
}

static void rig_create(bool printer)
{
    memset(&rig, 0, sizeof rig);
    rig.fake = fake_create();
    rig.port =
        parallel_create(&(struct parallel_config){.id = "parallel0",
                                                  .ports = rig.fake->ports,
                                                  .base = BASE,
                                                  .sched = &rig.fake->sched,
                                                  .log = &rig.fake->log,
                                                  .irq = &rig.fake->wire[0].irq,
                                                  .printer = printer,
                                                  .print = on_print});
    out8(rig.fake, CONTROL, 0x0C); /* selected, no INIT */
}

static void rig_destroy(void)
{
    parallel_port.destroy(parallel_device(rig.port));
    fake_destroy(rig.fake);
}

static void rig_setup(void)
{
    rig_create(true);
}

static void rig_again(bool printer)
{
    rig_destroy();
    rig_create(printer);
}

static void print(char c, uint8_t control)
{
    out8(rig.fake, BASE, (uint8_t)c);
    out8(rig.fake, CONTROL, control | 1);
    out8(rig.fake, CONTROL, control);
}

START_TEST(registers)
{
    ck_assert_uint_eq(in8(rig.fake, CONTROL), 0xCC);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0xDF);
    out8(rig.fake, BASE, 0xA5);
    ck_assert_uint_eq(in8(rig.fake, BASE), 0xA5);
    /* Direction: the pins are pulled up, the latch keeps its byte. */
    out8(rig.fake, CONTROL, 0x2C);
    ck_assert_uint_eq(in8(rig.fake, CONTROL), 0xEC);
    ck_assert_uint_eq(in8(rig.fake, BASE), 0xFF);
    out8(rig.fake, CONTROL, 0x0C);
    ck_assert_uint_eq(in8(rig.fake, BASE), 0xA5);
    out8(rig.fake, STATUS, 0x00); /* read only */
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0xDF);
}
END_TEST

START_TEST(byte_goes_to_the_printer)
{
    print('A', 0x0C);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0xC0, 0x40); /* busy */
    ck_assert_uint_eq(rig.printed, 0);
    fake_run(rig.fake, 2000);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0xC0, 0x00); /* acknowledges */
    ck_assert_uint_eq(rig.printed, 1);
    fake_run(rig.fake, 1000);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0xC0, 0xC0);
    print('B', 0x0C);
    print('x', 0x0C); /* busy: lost */
    fake_run(rig.fake, ALL);
    ck_assert_str_eq(rig.paper, "AB");
    /* Only the edge of the strobe counts. */
    out8(rig.fake, BASE, 'C');
    out8(rig.fake, CONTROL, 0x0D);
    fake_run(rig.fake, ALL);
    out8(rig.fake, CONTROL, 0x0D);
    fake_run(rig.fake, ALL);
    ck_assert_str_eq(rig.paper, "ABC");
    ck_assert_uint_eq(rig.fake->wire[0].rises, 0);
}
END_TEST

START_TEST(the_last_byte_is_printed)
{
    print('A', 0x0C);
    parallel_finish(rig.port);
    ck_assert_str_eq(rig.paper, "A");
    parallel_finish(rig.port);
    fake_run(rig.fake, ALL);
    ck_assert_str_eq(rig.paper, "A");
}
END_TEST

START_TEST(interrupt_at_the_end_of_acknowledge)
{
    print('A', 0x1C);
    fake_run(rig.fake, 2999);
    ck_assert(!rig.fake->wire[0].level);
    fake_run(rig.fake, 1);
    ck_assert(rig.fake->wire[0].level);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0xDB); /* flag, once */
    ck_assert(!rig.fake->wire[0].level);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0xDF);
    print('B', 0x1C);
    fake_run(rig.fake, ALL);
    ck_assert(rig.fake->wire[0].level);
    out8(rig.fake, CONTROL, 0x0C); /* disabled */
    ck_assert(!rig.fake->wire[0].level);
    out8(rig.fake, CONTROL, 0x1C);
    ck_assert(!rig.fake->wire[0].level);
    print('C', 0x1C);
    fake_run(rig.fake, ALL);
    print('D', 0x1C); /* a strobe takes it back */
    ck_assert(!rig.fake->wire[0].level);
    fake_run(rig.fake, ALL);
    ck_assert_uint_eq(rig.fake->wire[0].rises, 4);
    ck_assert_str_eq(rig.paper, "ABCD");
}
END_TEST

START_TEST(held_printer_stays_busy)
{
    parallel_hold(rig.port, true);
    print('A', 0x0C);
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0x80, 0);
    ck_assert_uint_eq(rig.printed, 0);
    parallel_hold(rig.port, false);
    ck_assert_str_eq(rig.paper, "A");
    fake_run(rig.fake, ALL);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0xDF);
    /* INIT throws away the byte at hand. */
    parallel_hold(rig.port, true);
    print('B', 0x0C);
    fake_run(rig.fake, ALL);
    out8(rig.fake, CONTROL, 0x08);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0x80, 0);
    out8(rig.fake, CONTROL, 0x0C);
    ck_assert_uint_eq(in8(rig.fake, STATUS) & 0x80, 0x80);
    parallel_hold(rig.port, false);
    fake_run(rig.fake, ALL);
    ck_assert_str_eq(rig.paper, "A");
}
END_TEST

START_TEST(no_printer)
{
    rig_again(false);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0x7F);
    print('A', 0x1C);
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(in8(rig.fake, STATUS), 0x7F);
    ck_assert_uint_eq(rig.printed, 0);
    ck_assert_uint_eq(rig.fake->wire[0].rises, 0);
}
END_TEST

START_TEST(state_round_trip)
{
    print('A', 0x1C);
    fake_round_trip(rig.fake, parallel_device(rig.port));
    fake_run(rig.fake, ALL);
    ck_assert_str_eq(rig.paper, "A");
    fake_round_trip(rig.fake, parallel_device(rig.port));
    ck_assert(rig.fake->wire[0].level);
    /* A printer held: the byte goes on when it is free. */
    parallel_hold(rig.port, true);
    print('B', 0x0C);
    fake_run(rig.fake, ALL);
    fake_round_trip(rig.fake, parallel_device(rig.port));
    parallel_hold(rig.port, false);
    ck_assert_str_eq(rig.paper, "AB");
}
END_TEST

FAKE_MAIN_WITH(rig_setup, rig_destroy, "parallel", registers,
               byte_goes_to_the_printer, the_last_byte_is_printed,
               interrupt_at_the_end_of_acknowledge, held_printer_stays_busy,
               no_printer, state_round_trip)
