/* check_pic - 8259A: initialisation, priorities, EOI, modes.
 * Alone: make tests/devices/check_pic && tests/devices/check_pic */
#include "tests/devices/fake.h"

#include "devices/pic_i8259.h"

enum { MASTER = 0x20, SLAVE = 0xA0, EOI = 0x20 };

struct rig {
    struct fake *fake;
    struct pic *pic;
};

static void init_chip(struct rig *r, uint16_t port, uint8_t base, uint8_t icw3,
                      uint8_t icw4)
{
    out8(r->fake, port, 0x11);
    out8(r->fake, port + 1, base);
    out8(r->fake, port + 1, icw3);
    out8(r->fake, port + 1, icw4);
    out8(r->fake, port + 1, 0);
}

static struct rig rig_create(bool ready)
{
    struct rig r;

    r.fake = fake_create();
    r.pic = pic_create(&(struct pic_config){.ports = r.fake->ports,
                                            .log = &r.fake->log,
                                            .intr = &r.fake->wire[0].irq});
    if (ready) {
        init_chip(&r, MASTER, 0x08, 0x04, 0x01);
        init_chip(&r, SLAVE, 0x70, 0x02, 0x01);
    }
    return r;
}

static void rig_destroy(struct rig *r)
{
    pic_i8259.destroy(pic_device(r->pic));
    fake_destroy(r->fake);
}

static bool intr(struct rig *r)
{
    return r->fake->wire[0].level;
}

static void line(struct rig *r, unsigned pin, bool level)
{
    pic_set_line(r->pic, pin, level);
}

START_TEST(silent_until_initialised)
{
    struct rig r = rig_create(false);

    line(&r, 3, true);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, 0x11);
    out8(r.fake, MASTER + 1, 0x20);
    out8(r.fake, MASTER + 1, 0x04);
    line(&r, 4, true);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER + 1, 0x01);
    /* ICW1 cleared the edge of IRQ 3, not that of IRQ 4. */
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x24);
    rig_destroy(&r);
}
END_TEST

START_TEST(icw1_without_icw4_or_slave)
{
    struct rig r = rig_create(false);

    out8(r.fake, MASTER, 0x12); /* single, no ICW4 */
    out8(r.fake, MASTER + 1, 0x47);
    out8(r.fake, MASTER + 1, 0xFB); /* already the mask */
    ck_assert_uint_eq(in8(r.fake, MASTER + 1), 0xFB);
    line(&r, 2, true); /* an ordinary input now */
    ck_assert_int_eq(pic_ack(r.pic), 0x42);
    rig_destroy(&r);
}
END_TEST

START_TEST(fully_nested_priorities)
{
    struct rig r = rig_create(true);

    line(&r, 5, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0D);
    ck_assert(!intr(&r));
    line(&r, 6, true); /* lower: has to wait */
    ck_assert(!intr(&r));
    line(&r, 1, true); /* higher: goes first */
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x09);
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x22);
    out8(r.fake, MASTER, 0x0A);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x40);
    out8(r.fake, MASTER, EOI); /* ends 1, the highest */
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, EOI);
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x0E);
    rig_destroy(&r);
}
END_TEST

START_TEST(mask_holds_back_but_keeps_the_request)
{
    struct rig r = rig_create(true);

    out8(r.fake, MASTER + 1, 0x08);
    line(&r, 3, true);
    ck_assert(!intr(&r));
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x08);
    out8(r.fake, MASTER + 1, 0x00);
    ck_assert(intr(&r));
    out8(r.fake, MASTER + 1, 0xFF);
    ck_assert(!intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(slave_through_the_cascade)
{
    struct rig r = rig_create(true);

    line(&r, 12, true);
    line(&r, 8, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x70);
    ck_assert(!intr(&r));
    line(&r, 3, true); /* lower than the cascade */
    ck_assert(!intr(&r));
    out8(r.fake, SLAVE, EOI);
    ck_assert(!intr(&r)); /* the master still serves input 2 */
    out8(r.fake, MASTER, EOI);
    ck_assert_int_eq(pic_ack(r.pic), 0x74);
    out8(r.fake, SLAVE, 0x0B);
    ck_assert_uint_eq(in8(r.fake, SLAVE), 0x10);
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x04);
    out8(r.fake, SLAVE, EOI);
    out8(r.fake, MASTER, EOI);
    ck_assert_int_eq(pic_ack(r.pic), 0x0B);
    rig_destroy(&r);
}
END_TEST

START_TEST(special_fully_nested_lets_the_slave_interrupt_itself)
{
    struct rig r = rig_create(true);

    init_chip(&r, MASTER, 0x08, 0x04, 0x11);
    line(&r, 12, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x74);
    line(&r, 3, true);
    ck_assert(!intr(&r));
    line(&r, 9, true);
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x71);
    rig_destroy(&r);
}
END_TEST

START_TEST(edge_needs_a_new_rise)
{
    struct rig r = rig_create(true);

    line(&r, 4, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0C);
    out8(r.fake, MASTER, EOI);
    ck_assert(!intr(&r)); /* still high: no new edge */
    line(&r, 4, false);
    line(&r, 4, true);
    ck_assert(intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(level_asks_again_while_high)
{
    struct rig r = rig_create(true);

    out8(r.fake, 0x4D0, 0xFF);
    out8(r.fake, 0x4D1, 0xFF);
    ck_assert_uint_eq(in8(r.fake, 0x4D0), 0xF8); /* 0-2 are edge always */
    ck_assert_uint_eq(in8(r.fake, 0x4D1), 0xDE); /* 8 and 13 too */
    line(&r, 5, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0D);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, EOI);
    ck_assert(intr(&r));
    line(&r, 5, false);
    ck_assert(!intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(spurious_irq_7_and_15)
{
    struct rig r = rig_create(true);

    line(&r, 4, true);
    line(&r, 4, false); /* gone before the acknowledge */
    ck_assert(!intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x0F);
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0); /* ISR tells: spurious */
    /* The same at the slave: the master's input 2 is level here, so it
     * still asks when the slave has nothing any more. */
    line(&r, 10, true);
    out8(r.fake, SLAVE + 1, 0x04);
    ck_assert(!intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(specific_eoi_and_nop)
{
    struct rig r = rig_create(true);

    line(&r, 5, true);
    pic_ack(r.pic);
    line(&r, 1, true);
    pic_ack(r.pic);
    out8(r.fake, MASTER, 0x0B);
    out8(r.fake, MASTER, 0x40); /* no operation */
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x22);
    out8(r.fake, MASTER, 0x65);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x02);
    out8(r.fake, MASTER, 0x61);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x00);
    rig_destroy(&r);
}
END_TEST

START_TEST(rotation)
{
    struct rig r = rig_create(true);

    line(&r, 0, true);
    line(&r, 1, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x08);
    out8(r.fake, MASTER, 0xA0); /* EOI and rotate: 0 is the lowest */
    line(&r, 0, false);
    line(&r, 0, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x09);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, 0xE1); /* specific EOI and rotate */
    line(&r, 1, false);
    line(&r, 1, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x08); /* 1 is below 0 now */
    out8(r.fake, MASTER, 0x60);
    ck_assert_int_eq(pic_ack(r.pic), 0x09);
    out8(r.fake, MASTER, 0x61);
    out8(r.fake, MASTER, 0xC3); /* set priority: 3 is the lowest */
    line(&r, 3, true);
    line(&r, 4, true);
    line(&r, 7, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0C);
    rig_destroy(&r);
}
END_TEST

START_TEST(automatic_eoi)
{
    struct rig r = rig_create(true);

    init_chip(&r, MASTER, 0x08, 0x04, 0x03);
    line(&r, 3, true);
    line(&r, 6, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0B);
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0);
    ck_assert(intr(&r));
    out8(r.fake, MASTER, 0x80); /* rotate in automatic EOI */
    ck_assert_int_eq(pic_ack(r.pic), 0x0E);
    line(&r, 6, false);
    line(&r, 6, true);
    line(&r, 7, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0F); /* 6 became the lowest */
    rig_destroy(&r);
}
END_TEST

START_TEST(special_mask_mode)
{
    struct rig r = rig_create(true);

    line(&r, 3, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x0B);
    line(&r, 6, true);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER + 1, 0x08); /* mask the level in service */
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, 0x68); /* ESMM, SMM */
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x0E);
    /* A masked level is not ended by the non-specific EOI. */
    out8(r.fake, MASTER, EOI);
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x08);
    out8(r.fake, MASTER, 0x48); /* ESMM, not SMM */
    line(&r, 6, false);
    line(&r, 6, true);
    ck_assert(!intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(poll_is_an_acknowledge)
{
    struct rig r = rig_create(true);

    out8(r.fake, MASTER, 0x0C);
    ck_assert_uint_eq(in8(r.fake, MASTER) & 0x80, 0);
    line(&r, 4, true);
    out8(r.fake, MASTER, 0x0C);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x84);
    ck_assert(!intr(&r));
    out8(r.fake, MASTER, 0x0B);
    ck_assert_uint_eq(in8(r.fake, MASTER), 0x10);
    line(&r, 11, true);
    out8(r.fake, SLAVE, 0x0C);
    ck_assert_uint_eq(in8(r.fake, SLAVE), 0x83);
    rig_destroy(&r);
}
END_TEST

START_TEST(a_second_request_of_the_slave_is_seen)
{
    struct rig r = rig_create(true);

    /* Automatic EOI at both: two requests one after the other. */
    init_chip(&r, MASTER, 0x08, 0x04, 0x03);
    init_chip(&r, SLAVE, 0x70, 0x02, 0x03);
    line(&r, 9, true);
    line(&r, 14, true);
    ck_assert_int_eq(pic_ack(r.pic), 0x71);
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x76);
    ck_assert(!intr(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r = rig_create(true);

    out8(r.fake, 0x4D0, 0x20);
    line(&r, 5, true);
    line(&r, 9, true);
    pic_ack(r.pic);
    line(&r, 1, true);
    fake_round_trip(r.fake, pic_device(r.pic));
    ck_assert(intr(&r));
    ck_assert_int_eq(pic_ack(r.pic), 0x09);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("pic", silent_until_initialised, icw1_without_icw4_or_slave,
          fully_nested_priorities, mask_holds_back_but_keeps_the_request,
          slave_through_the_cascade,
          special_fully_nested_lets_the_slave_interrupt_itself,
          edge_needs_a_new_rise, level_asks_again_while_high,
          spurious_irq_7_and_15, specific_eoi_and_nop, rotation, automatic_eoi,
          special_mask_mode, poll_is_an_acknowledge,
          a_second_request_of_the_slave_is_seen, saved_and_loaded)
