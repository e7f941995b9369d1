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

static struct {
    struct fake *fake;
    struct uart *uart;
    char sent[64];
    unsigned count, rooms;
    uint64_t sent_at;
} rig;

static void on_transmit(void *opaque, uint8_t byte)
{
    (void)opaque;
    rig.sent[rig.count++] = (char)byte;
    rig.sent_at = rig.fake->now;
}

static void on_room(void *opaque)
{
    (void)opaque;
    rig.rooms++;
}

static void rig_create(uint64_t character_ns)
{
    memset(&rig, 0, sizeof rig);
    rig.fake = fake_create();
    rig.uart = uart_create(
        &(struct uart_config){.id = "serial0",
                              .ports = rig.fake->ports,
                              .base = BASE,
                              .sched = &rig.fake->sched,
                              .log = &rig.fake->log,
                              .irq = &rig.fake->wire[0].irq,
                              .character_ns = character_ns,
                              .modem = UART_CTS | UART_DSR | UART_DCD,
                              .transmit = on_transmit,
                              .room = on_room});
    out8(rig.fake, LCR, 0x03); /* 8N1 */
    out8(rig.fake, MCR, 0x08); /* OUT2: interrupts reach the bus */
}

static void rig_destroy(void)
{
    uart_16550.destroy(uart_device(rig.uart));
    fake_destroy(rig.fake);
}

static void rig_setup(void)
{
    rig_create(CHARACTER);
}

static void rig_again(uint64_t character_ns)
{
    rig_destroy();
    rig_create(character_ns);
}

static bool irq(void)
{
    return rig.fake->wire[0].level;
}

START_TEST(reset_values)
{
    uart_16550.reset(uart_device(rig.uart));
    ck_assert_uint_eq(in8(rig.fake, IER), 0);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x01);
    ck_assert_uint_eq(in8(rig.fake, LCR), 0);
    ck_assert_uint_eq(in8(rig.fake, MCR), 0);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
    ck_assert_uint_eq(in8(rig.fake, MSR), 0xB0);
    out8(rig.fake, SCR, 0x5A);
    ck_assert_uint_eq(in8(rig.fake, SCR), 0x5A);
    out8(rig.fake, IER, 0xFF);
    ck_assert_uint_eq(in8(rig.fake, IER), 0x0F);
}
END_TEST

START_TEST(characters_are_whole_before_set_up)
{
    uart_16550.reset(uart_device(rig.uart));
    out8(rig.fake, BASE, 'x');
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_str_eq(rig.sent, "x");
    out8(rig.fake, LCR, 0x80); /* 5 bits */
    out8(rig.fake, BASE, 0x0C);
    out8(rig.fake, LCR, 0x00);
    out8(rig.fake, BASE, 'x');
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(rig.sent[1], 'x' & 0x1F);
}
END_TEST

START_TEST(what_is_left_arrives_at_the_end)
{
    out8(rig.fake, IIR, 0x01);
    for (const char *at = "abcd"; *at; at++)
        out8(rig.fake, BASE, (uint8_t)*at);
    uart_hold(rig.uart, true);
    uart_finish(rig.uart);
    ck_assert_str_eq(rig.sent, "abcd");
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
    uart_hold(rig.uart, false);
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_str_eq(rig.sent, "abcd");
    /* Nothing leaves in loopback. */
    out8(rig.fake, MCR, 0x10);
    out8(rig.fake, BASE, 'e');
    uart_finish(rig.uart);
    ck_assert_str_eq(rig.sent, "abcd");
}
END_TEST

START_TEST(divisor_latch_and_real_timing)
{
    rig_again(0);
    out8(rig.fake, LCR, 0x83);
    out8(rig.fake, BASE, 0x0C); /* 9600 baud */
    out8(rig.fake, IER, 0x00);
    ck_assert_uint_eq(in8(rig.fake, BASE), 0x0C);
    out8(rig.fake, LCR, 0x03);
    ck_assert_uint_eq(in8(rig.fake, IER), 0x00);
    out8(rig.fake, BASE, 'x');
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(rig.sent_at, 10 * NS_PER_SEC / 9600);
    /* 7 data bits, parity, 2 stop bits: 11; the top bit is not sent. */
    out8(rig.fake, LCR, 0x0E);
    rig.fake->now = 0;
    out8(rig.fake, BASE, 0xC1);
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(rig.sent_at, 11 * 12 * NS_PER_SEC / 115200);
    ck_assert_str_eq(rig.sent, "xA");
}
END_TEST

START_TEST(transmit_without_fifo)
{
    out8(rig.fake, BASE, 'a'); /* at once into the shift register */
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x20);
    out8(rig.fake, BASE, 'b');
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x00);
    fake_run(rig.fake, CHARACTER);
    ck_assert_str_eq(rig.sent, "a");
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x20);
    fake_run(rig.fake, CHARACTER);
    ck_assert_str_eq(rig.sent, "ab");
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
}
END_TEST

START_TEST(transmit_fifo_of_16)
{
    out8(rig.fake, FCR, 0x01);
    for (char c = 'a'; c < 'a' + 17; c++) /* one in the shift register */
        out8(rig.fake, BASE, (uint8_t)c);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x00);
    fake_run(rig.fake, CHARACTER * 15);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x00);
    fake_run(rig.fake, CHARACTER);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x20);
    fake_run(rig.fake, CHARACTER);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
    ck_assert_str_eq(rig.sent, "abcdefghijklmnopq");
}
END_TEST

START_TEST(thre_interrupt)
{
    out8(rig.fake, IER, 0x02); /* THR is empty: at once */
    ck_assert(irq());
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x02);
    ck_assert(!irq()); /* reading IIR took notice */
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x01);
    out8(rig.fake, BASE, 'a');
    ck_assert(irq()); /* it went on to the shift register */
    out8(rig.fake, BASE, 'b');
    ck_assert(!irq()); /* writing THR clears it */
    fake_run(rig.fake, CHARACTER);
    ck_assert(irq());
    out8(rig.fake, IER, 0x00);
    ck_assert(!irq());
    out8(rig.fake, IER, 0x02);
    ck_assert(irq());
}
END_TEST

START_TEST(receive_without_fifo)
{
    out8(rig.fake, IER, 0x01);
    ck_assert_uint_eq(uart_receive(rig.uart, "hello", 5), 1);
    ck_assert(irq());
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x04);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x61);
    ck_assert_uint_eq(rig.rooms, 0);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'h');
    ck_assert_uint_eq(rig.rooms, 1);
    ck_assert(!irq());
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
}
END_TEST

START_TEST(receive_trigger_levels)
{
    static const unsigned levels[4] = {1, 4, 8, 14};

    for (unsigned i = 0; i < 4; i++) {
        rig_again(CHARACTER);
        out8(rig.fake, FCR, (uint8_t)(i << 6 | 1));
        ck_assert_uint_eq(in8(rig.fake, IIR), 0xC1);
        out8(rig.fake, IER, 0x01);
        for (unsigned n = 1; n <= levels[i]; n++) {
            ck_assert(!irq());
            ck_assert_uint_eq(uart_receive(rig.uart, "x", 1), 1);
            ck_assert_uint_eq(uart_receive(rig.uart, "x", 1), 0); /* too soon */
            rig.fake->now += CHARACTER;
        }
        ck_assert_uint_eq(in8(rig.fake, IIR), 0xC4);
        in8(rig.fake, BASE);
        ck_assert(!irq()); /* below the level again */
        ck_assert_uint_eq(uart_receive(rig.uart, "0123456789abcdefgh", 18),
                          17 - levels[i]);
    }
}
END_TEST

START_TEST(character_timeout)
{
    out8(rig.fake, FCR, 0xC1);
    out8(rig.fake, IER, 0x01);
    uart_receive(rig.uart, "ab", 2);
    fake_run(rig.fake, CHARACTER * 4 - 1);
    ck_assert(!irq());
    fake_run(rig.fake, 1);
    ck_assert(irq());
    ck_assert_uint_eq(in8(rig.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'a');
    ck_assert(!irq()); /* a read starts the time anew */
    fake_run(rig.fake, CHARACTER * 4);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'b');
    fake_run(rig.fake, CHARACTER * 10);
    ck_assert(!irq());
}
END_TEST

START_TEST(priorities_of_the_interrupts)
{
    uart_set_modem(rig.uart, UART_DSR | UART_DCD);
    uart_receive_break(rig.uart);
    out8(rig.fake, IER, 0x0F);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x06);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x79); /* break, framing */
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x04);
    ck_assert_uint_eq(in8(rig.fake, BASE), 0);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x02);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x00);
    ck_assert_uint_eq(in8(rig.fake, MSR), 0xA1); /* CTS fell */
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x01);
    ck_assert_uint_eq(in8(rig.fake, MSR), 0xA0);
}
END_TEST

START_TEST(out2_gates_the_interrupt)
{
    out8(rig.fake, IER, 0x02);
    ck_assert(irq());
    out8(rig.fake, MCR, 0x00);
    ck_assert(!irq());
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x02);
}
END_TEST

START_TEST(errors_travel_with_their_byte)
{
    out8(rig.fake, FCR, 0x01);
    uart_receive(rig.uart, "a", 1);
    uart_receive_break(rig.uart);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0xE1); /* an error in the FIFO */
    ck_assert_uint_eq(in8(rig.fake, BASE), 'a');
    ck_assert_uint_eq(in8(rig.fake, LSR), 0xF9);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x61);
}
END_TEST

START_TEST(fifo_control_clears)
{
    out8(rig.fake, FCR, 0x01);
    uart_receive(rig.uart, "abc", 3);
    out8(rig.fake, BASE, '1');
    out8(rig.fake, BASE, '2');
    out8(rig.fake, FCR, 0x02); /* without bit 0: FIFOs off, both empty */
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x20);
    ck_assert_uint_eq(in8(rig.fake, IIR), 0x01);
    out8(rig.fake, FCR, 0x01);
    uart_receive(rig.uart, "abc", 3);
    out8(rig.fake, BASE, '3');
    out8(rig.fake, FCR, 0x03);
    ck_assert_uint_eq(in8(rig.fake, LSR) & 1, 0);
    out8(rig.fake, FCR, 0x05);
    fake_run(rig.fake, CHARACTER * 5);
    ck_assert_str_eq(rig.sent, "1"); /* was in the shift register */
}
END_TEST

START_TEST(loopback)
{
    out8(rig.fake, MCR, 0x1A); /* RTS, OUT2 come back as CTS, DCD */
    ck_assert_uint_eq(in8(rig.fake, MSR) & 0xF0, 0x90);
    out8(rig.fake, MCR, 0x15);
    ck_assert_uint_eq(in8(rig.fake, MSR) & 0xF0, 0x60);
    out8(rig.fake, MCR, 0x11);
    ck_assert_uint_eq(in8(rig.fake, MSR), 0x24); /* RI's trailing edge */
    out8(rig.fake, BASE, 'z');
    ck_assert_uint_eq(in8(rig.fake, LSR) & 1, 0);
    fake_run(rig.fake, CHARACTER);
    ck_assert_uint_eq(in8(rig.fake, LSR) & 1, 1);
    ck_assert_uint_eq(uart_receive(rig.uart, "q", 1), 0);
    out8(rig.fake, BASE, 'y');
    fake_run(rig.fake, CHARACTER);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x63); /* overrun */
    ck_assert_uint_eq(in8(rig.fake, BASE), 'y');
    ck_assert_uint_eq(rig.count, 0);
    out8(rig.fake, MCR, 0x08);
    ck_assert_uint_eq(in8(rig.fake, MSR) & 0xF0, 0xB0);
}
END_TEST

START_TEST(saved_and_loaded)
{
    out8(rig.fake, FCR, 0x81);
    out8(rig.fake, IER, 0x03);
    uart_receive(rig.uart, "in", 2);
    out8(rig.fake, BASE, 'A');
    out8(rig.fake, BASE, 'B');
    fake_run(rig.fake, CHARACTER / 2);
    fake_round_trip(rig.fake, uart_device(rig.uart));
    fake_run(rig.fake, CHARACTER * 10);
    ck_assert_str_eq(rig.sent, "AB");
    ck_assert_uint_eq(in8(rig.fake, IIR), 0xCC);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'i');
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
    out8(rig.fake, FCR, 0x01);
    uart_hold(rig.uart, true);
    out8(rig.fake, BASE, 'a');
    out8(rig.fake, BASE, 'b');
    fake_run(rig.fake, NS_PER_SEC);
    ck_assert_uint_eq(rig.count, 0);
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x00);
    uart_hold(rig.uart, true);
    fake_run(rig.fake, NS_PER_SEC);
    uart_hold(rig.uart, false);
    ck_assert_str_eq(rig.sent, "a");
    fake_run(rig.fake, CHARACTER);
    ck_assert_str_eq(rig.sent, "ab");
    ck_assert_uint_eq(in8(rig.fake, LSR), 0x60);
    /* Loopback does not ask the other end. */
    uart_hold(rig.uart, true);
    out8(rig.fake, BASE, 'c');
    fake_run(rig.fake, NS_PER_SEC);
    out8(rig.fake, MCR, 0x18);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'c');
    out8(rig.fake, BASE, 'd');
    fake_run(rig.fake, CHARACTER);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'd');
    ck_assert_str_eq(rig.sent, "ab");
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
    out8(rig.fake, LCR, 0x43);
    out8(rig.fake, BASE, 'x');
    fake_run(rig.fake, CHARACTER);
    out8(rig.fake, LCR, 0x03);
    out8(rig.fake, BASE, 'y');
    fake_run(rig.fake, CHARACTER);
    ck_assert_str_eq(rig.sent, "y");
}
END_TEST

/* With real bit times characters come one by one, 8N1 at 9600 baud. */
START_TEST(received_characters_take_their_time)
{
    const uint64_t time = 10 * 12 * NS_PER_SEC / 115200;
    rig_again(0);
    out8(rig.fake, LCR, 0x83);
    out8(rig.fake, BASE, 12);
    out8(rig.fake, LCR, 0x03);
    out8(rig.fake, FCR, 0x01);
    ck_assert_uint_eq(uart_receive(rig.uart, "abc", 3), 1);
    ck_assert_uint_eq(uart_receive(rig.uart, "bc", 2), 0);
    ck_assert_uint_eq(rig.rooms, 0);
    fake_run(rig.fake, time - 1);
    ck_assert_uint_eq(uart_receive(rig.uart, "bc", 2), 0);
    fake_round_trip(rig.fake, uart_device(rig.uart));
    fake_run(rig.fake, 1);
    ck_assert_uint_eq(rig.rooms, 1);
    ck_assert_uint_eq(uart_receive(rig.uart, "bc", 2), 1);
    ck_assert_uint_eq(in8(rig.fake, BASE), 'a');
    ck_assert_uint_eq(in8(rig.fake, BASE), 'b');
}
END_TEST

FAKE_MAIN_WITH(rig_setup, rig_destroy, "uart", reset_values,
               characters_are_whole_before_set_up,
               what_is_left_arrives_at_the_end, divisor_latch_and_real_timing,
               transmit_without_fifo, transmit_fifo_of_16, thre_interrupt,
               receive_without_fifo, receive_trigger_levels, character_timeout,
               priorities_of_the_interrupts, out2_gates_the_interrupt,
               errors_travel_with_their_byte, fifo_control_clears, loopback,
               saved_and_loaded, held_transmitter_loses_nothing,
               break_and_outputs_are_told, break_covers_characters,
               received_characters_take_their_time)
