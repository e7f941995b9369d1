/* check_uart - 16550A: FIFOs, interrupts and their order, timing, loopback.
 * Alone: make tests/devices/check_uart && tests/devices/check_uart */
#include "tests/devices/fake.h"

#include "devices/uart_16550.h"

enum {
    BASE = 0x3F8,
    IER = BASE + 1,
    IIR = BASE + 2,
    FCR = BASE + 2,
    LCR = BASE + 3,
    MCR = BASE + 4,
    LSR = BASE + 5,
    MSR = BASE + 6,
    SCR = BASE + 7,
    CHARACTER = 1000,
};

struct rig {
    struct fake *fake;
    struct uart *uart;
    char sent[64];
    unsigned count, rooms;
    uint64_t sent_at;
};

static void on_transmit(void *opaque, uint8_t byte)
{
    struct rig *r = opaque;

    r->sent[r->count++] = (char)byte;
    r->sent_at = r->fake->now;
}

static void on_room(void *opaque)
{
    ((struct rig *)opaque)->rooms++;
}

static void rig_create(struct rig *r, uint64_t character_ns)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->uart = uart_create(
        &(struct uart_config){.id = "serial0",
                              .ports = r->fake->ports,
                              .base = BASE,
                              .sched = &r->fake->sched,
                              .log = &r->fake->log,
                              .irq = &r->fake->wire[0].irq,
                              .character_ns = character_ns,
                              .modem = UART_CTS | UART_DSR | UART_DCD,
                              .transmit = on_transmit,
                              .room = on_room,
                              .opaque = r});
    out8(r->fake, LCR, 0x03); /* 8N1 */
    out8(r->fake, MCR, 0x08); /* OUT2: interrupts reach the bus */
}

static void rig_destroy(struct rig *r)
{
    uart_16550.destroy(uart_device(r->uart));
    fake_destroy(r->fake);
}

static bool irq(struct rig *r)
{
    return r->fake->wire[0].level;
}

START_TEST(reset_values)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    uart_16550.reset(uart_device(r.uart));
    ck_assert_uint_eq(in8(r.fake, IER), 0);
    ck_assert_uint_eq(in8(r.fake, IIR), 0x01);
    ck_assert_uint_eq(in8(r.fake, LCR), 0);
    ck_assert_uint_eq(in8(r.fake, MCR), 0);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    ck_assert_uint_eq(in8(r.fake, MSR), 0xB0);
    out8(r.fake, SCR, 0x5A);
    ck_assert_uint_eq(in8(r.fake, SCR), 0x5A);
    out8(r.fake, IER, 0xFF);
    ck_assert_uint_eq(in8(r.fake, IER), 0x0F);
    rig_destroy(&r);
}
END_TEST

START_TEST(characters_are_whole_before_set_up)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    uart_16550.reset(uart_device(r.uart));
    out8(r.fake, BASE, 'x');
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_str_eq(r.sent, "x");
    out8(r.fake, LCR, 0x80); /* 5 bits */
    out8(r.fake, BASE, 0x0C);
    out8(r.fake, LCR, 0x00);
    out8(r.fake, BASE, 'x');
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.sent[1], 'x' & 0x1F);
    rig_destroy(&r);
}
END_TEST

START_TEST(what_is_left_arrives_at_the_end)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, IIR, 0x01);
    for (const char *at = "abcd"; *at; at++)
        out8(r.fake, BASE, (uint8_t)*at);
    uart_hold(r.uart, true);
    uart_finish(r.uart);
    ck_assert_str_eq(r.sent, "abcd");
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    uart_hold(r.uart, false);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_str_eq(r.sent, "abcd");
    /* Nothing leaves in loopback. */
    out8(r.fake, MCR, 0x10);
    out8(r.fake, BASE, 'e');
    uart_finish(r.uart);
    ck_assert_str_eq(r.sent, "abcd");
    rig_destroy(&r);
}
END_TEST

START_TEST(divisor_latch_and_real_timing)
{
    struct rig r;

    rig_create(&r, 0);
    out8(r.fake, LCR, 0x83);
    out8(r.fake, BASE, 0x0C); /* 9600 baud */
    out8(r.fake, IER, 0x00);
    ck_assert_uint_eq(in8(r.fake, BASE), 0x0C);
    out8(r.fake, LCR, 0x03);
    ck_assert_uint_eq(in8(r.fake, IER), 0x00);
    out8(r.fake, BASE, 'x');
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.sent_at, 10 * NS_PER_SEC / 9600);
    /* 7 data bits, parity, 2 stop bits: 11; the top bit is not sent. */
    out8(r.fake, LCR, 0x0E);
    r.fake->now = 0;
    out8(r.fake, BASE, 0xC1);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.sent_at, 11 * 12 * NS_PER_SEC / 115200);
    ck_assert_str_eq(r.sent, "xA");
    rig_destroy(&r);
}
END_TEST

START_TEST(transmit_without_fifo)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, BASE, 'a'); /* at once into the shift register */
    ck_assert_uint_eq(in8(r.fake, LSR), 0x20);
    out8(r.fake, BASE, 'b');
    ck_assert_uint_eq(in8(r.fake, LSR), 0x00);
    fake_run(r.fake, CHARACTER);
    ck_assert_str_eq(r.sent, "a");
    ck_assert_uint_eq(in8(r.fake, LSR), 0x20);
    fake_run(r.fake, CHARACTER);
    ck_assert_str_eq(r.sent, "ab");
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    rig_destroy(&r);
}
END_TEST

START_TEST(transmit_fifo_of_16)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0x01);
    for (char c = 'a'; c < 'a' + 17; c++) /* one in the shift register */
        out8(r.fake, BASE, (uint8_t)c);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x00);
    fake_run(r.fake, CHARACTER * 15);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x00);
    fake_run(r.fake, CHARACTER);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x20);
    fake_run(r.fake, CHARACTER);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    ck_assert_str_eq(r.sent, "abcdefghijklmnopq");
    rig_destroy(&r);
}
END_TEST

START_TEST(thre_interrupt)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, IER, 0x02); /* THR is empty: at once */
    ck_assert(irq(&r));
    ck_assert_uint_eq(in8(r.fake, IIR), 0x02);
    ck_assert(!irq(&r)); /* reading IIR took notice */
    ck_assert_uint_eq(in8(r.fake, IIR), 0x01);
    out8(r.fake, BASE, 'a');
    ck_assert(irq(&r)); /* it went on to the shift register */
    out8(r.fake, BASE, 'b');
    ck_assert(!irq(&r)); /* writing THR clears it */
    fake_run(r.fake, CHARACTER);
    ck_assert(irq(&r));
    out8(r.fake, IER, 0x00);
    ck_assert(!irq(&r));
    out8(r.fake, IER, 0x02);
    ck_assert(irq(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(receive_without_fifo)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, IER, 0x01);
    ck_assert_uint_eq(uart_receive(r.uart, "hello", 5), 1);
    ck_assert(irq(&r));
    ck_assert_uint_eq(in8(r.fake, IIR), 0x04);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x61);
    ck_assert_uint_eq(r.rooms, 0);
    ck_assert_uint_eq(in8(r.fake, BASE), 'h');
    ck_assert_uint_eq(r.rooms, 1);
    ck_assert(!irq(&r));
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    rig_destroy(&r);
}
END_TEST

START_TEST(receive_trigger_levels)
{
    static const unsigned levels[4] = {1, 4, 8, 14};

    for (unsigned i = 0; i < 4; i++) {
        struct rig r;
        rig_create(&r, CHARACTER);
        out8(r.fake, FCR, (uint8_t)(i << 6 | 1));
        ck_assert_uint_eq(in8(r.fake, IIR), 0xC1);
        out8(r.fake, IER, 0x01);
        for (unsigned n = 1; n <= levels[i]; n++) {
            ck_assert(!irq(&r));
            ck_assert_uint_eq(uart_receive(r.uart, "x", 1), 1);
            ck_assert_uint_eq(uart_receive(r.uart, "x", 1), 0); /* too soon */
            r.fake->now += CHARACTER;
        }
        ck_assert_uint_eq(in8(r.fake, IIR), 0xC4);
        in8(r.fake, BASE);
        ck_assert(!irq(&r)); /* below the level again */
        ck_assert_uint_eq(uart_receive(r.uart, "0123456789abcdefgh", 18),
                          17 - levels[i]);
        rig_destroy(&r);
    }
}
END_TEST

START_TEST(character_timeout)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0xC1);
    out8(r.fake, IER, 0x01);
    uart_receive(r.uart, "ab", 2);
    fake_run(r.fake, CHARACTER * 4 - 1);
    ck_assert(!irq(&r));
    fake_run(r.fake, 1);
    ck_assert(irq(&r));
    ck_assert_uint_eq(in8(r.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(r.fake, BASE), 'a');
    ck_assert(!irq(&r)); /* a read starts the time anew */
    fake_run(r.fake, CHARACTER * 4);
    ck_assert_uint_eq(in8(r.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(r.fake, BASE), 'b');
    fake_run(r.fake, CHARACTER * 10);
    ck_assert(!irq(&r));
    rig_destroy(&r);
}
END_TEST

START_TEST(priorities_of_the_interrupts)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    uart_set_modem(r.uart, UART_DSR | UART_DCD);
    uart_receive_break(r.uart);
    out8(r.fake, IER, 0x0F);
    ck_assert_uint_eq(in8(r.fake, IIR), 0x06);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x79); /* break, framing */
    ck_assert_uint_eq(in8(r.fake, IIR), 0x04);
    ck_assert_uint_eq(in8(r.fake, BASE), 0);
    ck_assert_uint_eq(in8(r.fake, IIR), 0x02);
    ck_assert_uint_eq(in8(r.fake, IIR), 0x00);
    ck_assert_uint_eq(in8(r.fake, MSR), 0xA1); /* CTS fell */
    ck_assert_uint_eq(in8(r.fake, IIR), 0x01);
    ck_assert_uint_eq(in8(r.fake, MSR), 0xA0);
    rig_destroy(&r);
}
END_TEST

START_TEST(out2_gates_the_interrupt)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, IER, 0x02);
    ck_assert(irq(&r));
    out8(r.fake, MCR, 0x00);
    ck_assert(!irq(&r));
    ck_assert_uint_eq(in8(r.fake, IIR), 0x02);
    rig_destroy(&r);
}
END_TEST

START_TEST(errors_travel_with_their_byte)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0x01);
    uart_receive(r.uart, "a", 1);
    uart_receive_break(r.uart);
    ck_assert_uint_eq(in8(r.fake, LSR), 0xE1); /* an error in the FIFO */
    ck_assert_uint_eq(in8(r.fake, BASE), 'a');
    ck_assert_uint_eq(in8(r.fake, LSR), 0xF9);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x61);
    rig_destroy(&r);
}
END_TEST

START_TEST(fifo_control_clears)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0x01);
    uart_receive(r.uart, "abc", 3);
    out8(r.fake, BASE, '1');
    out8(r.fake, BASE, '2');
    out8(r.fake, FCR, 0x02); /* without bit 0: FIFOs off, both empty */
    ck_assert_uint_eq(in8(r.fake, LSR), 0x20);
    ck_assert_uint_eq(in8(r.fake, IIR), 0x01);
    out8(r.fake, FCR, 0x01);
    uart_receive(r.uart, "abc", 3);
    out8(r.fake, BASE, '3');
    out8(r.fake, FCR, 0x03);
    ck_assert_uint_eq(in8(r.fake, LSR) & 1, 0);
    out8(r.fake, FCR, 0x05);
    fake_run(r.fake, CHARACTER * 5);
    ck_assert_str_eq(r.sent, "1"); /* was in the shift register */
    rig_destroy(&r);
}
END_TEST

START_TEST(loopback)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, MCR, 0x1A); /* RTS, OUT2 come back as CTS, DCD */
    ck_assert_uint_eq(in8(r.fake, MSR) & 0xF0, 0x90);
    out8(r.fake, MCR, 0x15);
    ck_assert_uint_eq(in8(r.fake, MSR) & 0xF0, 0x60);
    out8(r.fake, MCR, 0x11);
    ck_assert_uint_eq(in8(r.fake, MSR), 0x24); /* RI's trailing edge */
    out8(r.fake, BASE, 'z');
    ck_assert_uint_eq(in8(r.fake, LSR) & 1, 0);
    fake_run(r.fake, CHARACTER);
    ck_assert_uint_eq(in8(r.fake, LSR) & 1, 1);
    ck_assert_uint_eq(uart_receive(r.uart, "q", 1), 0);
    out8(r.fake, BASE, 'y');
    fake_run(r.fake, CHARACTER);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x63); /* overrun */
    ck_assert_uint_eq(in8(r.fake, BASE), 'y');
    ck_assert_uint_eq(r.count, 0);
    out8(r.fake, MCR, 0x08);
    ck_assert_uint_eq(in8(r.fake, MSR) & 0xF0, 0xB0);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0x81);
    out8(r.fake, IER, 0x03);
    uart_receive(r.uart, "in", 2);
    out8(r.fake, BASE, 'A');
    out8(r.fake, BASE, 'B');
    fake_run(r.fake, CHARACTER / 2);
    fake_round_trip(r.fake, uart_device(r.uart));
    fake_run(r.fake, CHARACTER * 10);
    ck_assert_str_eq(r.sent, "AB");
    ck_assert_uint_eq(in8(r.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(r.fake, BASE), 'i');
    rig_destroy(&r);
}
END_TEST

/* ------------------------------------------------- the line's other end */

static void on_outputs(void *opaque, uint8_t outputs)
{
    *(uint8_t *)opaque = outputs;
}

/* A byte that is not taken waits; the register stays full, nothing is lost. */
START_TEST(held_transmitter_loses_nothing)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, FCR, 0x01);
    uart_hold(r.uart, true);
    out8(r.fake, BASE, 'a');
    out8(r.fake, BASE, 'b');
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.count, 0);
    ck_assert_uint_eq(in8(r.fake, LSR), 0x00);
    uart_hold(r.uart, true);
    fake_run(r.fake, NS_PER_SEC);
    uart_hold(r.uart, false);
    ck_assert_str_eq(r.sent, "a");
    fake_run(r.fake, CHARACTER);
    ck_assert_str_eq(r.sent, "ab");
    ck_assert_uint_eq(in8(r.fake, LSR), 0x60);
    /* Loopback does not ask the other end. */
    uart_hold(r.uart, true);
    out8(r.fake, BASE, 'c');
    fake_run(r.fake, NS_PER_SEC);
    out8(r.fake, MCR, 0x18);
    ck_assert_uint_eq(in8(r.fake, BASE), 'c');
    out8(r.fake, BASE, 'd');
    fake_run(r.fake, CHARACTER);
    ck_assert_uint_eq(in8(r.fake, BASE), 'd');
    ck_assert_str_eq(r.sent, "ab");
    rig_destroy(&r);
}
END_TEST

START_TEST(break_and_outputs_are_told)
{
    struct fake *fake = fake_create();
    uint8_t outputs = 0;
    struct uart *uart =
        uart_create(&(struct uart_config){.id = "serial0",
                                          .ports = fake->ports,
                                          .base = BASE,
                                          .sched = &fake->sched,
                                          .log = &fake->log,
                                          .irq = &fake->wire[0].irq,
                                          .outputs = on_outputs,
                                          .opaque = &outputs});

    out8(fake, LCR, 0x03);
    out8(fake, MCR, 0x03);
    ck_assert_uint_eq(outputs, UART_DTR | UART_RTS);
    out8(fake, LCR, 0x43);
    ck_assert_uint_eq(outputs, UART_DTR | UART_RTS | UART_BREAK);
    out8(fake, MCR, 0x02);
    ck_assert_uint_eq(outputs, UART_RTS | UART_BREAK);
    out8(fake, MCR, 0x12); /* loopback: the pins are inactive */
    ck_assert_uint_eq(outputs, 0);
    out8(fake, LCR, 0x03);
    out8(fake, LCR, 0x43); /* and the break comes back */
    ck_assert_uint_eq(in8(fake, LSR), 0x79);
    ck_assert_uint_eq(in8(fake, BASE), 0);
    out8(fake, MCR, 0x00);
    ck_assert_uint_eq(outputs, UART_BREAK);
    uart_16550.reset(uart_device(uart));
    ck_assert_uint_eq(outputs, 0);
    uart_16550.destroy(uart_device(uart));
    fake_destroy(fake);
}
END_TEST

/* What is sent during a break does not arrive. */
START_TEST(break_covers_characters)
{
    struct rig r;

    rig_create(&r, CHARACTER);
    out8(r.fake, LCR, 0x43);
    out8(r.fake, BASE, 'x');
    fake_run(r.fake, CHARACTER);
    out8(r.fake, LCR, 0x03);
    out8(r.fake, BASE, 'y');
    fake_run(r.fake, CHARACTER);
    ck_assert_str_eq(r.sent, "y");
    rig_destroy(&r);
}
END_TEST

/* With real bit times characters come one by one, 8N1 at 9600 baud. */
START_TEST(received_characters_take_their_time)
{
    const uint64_t time = 10 * 12 * NS_PER_SEC / 115200;
    struct rig r;

    rig_create(&r, 0);
    out8(r.fake, LCR, 0x83);
    out8(r.fake, BASE, 12);
    out8(r.fake, LCR, 0x03);
    out8(r.fake, FCR, 0x01);
    ck_assert_uint_eq(uart_receive(r.uart, "abc", 3), 1);
    ck_assert_uint_eq(uart_receive(r.uart, "bc", 2), 0);
    ck_assert_uint_eq(r.rooms, 0);
    fake_run(r.fake, time - 1);
    ck_assert_uint_eq(uart_receive(r.uart, "bc", 2), 0);
    fake_round_trip(r.fake, uart_device(r.uart));
    fake_run(r.fake, 1);
    ck_assert_uint_eq(r.rooms, 1);
    ck_assert_uint_eq(uart_receive(r.uart, "bc", 2), 1);
    ck_assert_uint_eq(in8(r.fake, BASE), 'a');
    ck_assert_uint_eq(in8(r.fake, BASE), 'b');
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("uart", reset_values, characters_are_whole_before_set_up,
          what_is_left_arrives_at_the_end, divisor_latch_and_real_timing,
          transmit_without_fifo, transmit_fifo_of_16, thre_interrupt,
          receive_without_fifo, receive_trigger_levels, character_timeout,
          priorities_of_the_interrupts, out2_gates_the_interrupt,
          errors_travel_with_their_byte, fifo_control_clears, loopback,
          saved_and_loaded, held_transmitter_loses_nothing,
          break_and_outputs_are_told, break_covers_characters,
          received_characters_take_their_time)
