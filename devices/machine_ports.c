/* machine_ports.c - the board's serial, parallel and game ports, and the
 * wires from them to the host's callbacks. */
#include <stdio.h>

#include "devices/gameport.h"
#include "devices/machine_state.h"
#include "devices/parallel.h"
#include "devices/uart_16550.h"

/* A polled console waits for each byte: 115200 baud would cost more time
 * than all else. */
enum { FAST_CHARACTER_NS = 2000 };

static const struct {
    const char *id;
    uint16_t base;
} serial_ports[MACHINE_UARTS] = {{"serial0", 0x3F8},
                                 {"serial1", 0x2F8},
                                 {"serial2", 0x3E8},
                                 {"serial3", 0x2E8}},
  parallel_ports[MACHINE_PARALLELS] = {
      {"parallel0", 0x378}, {"parallel1", 0x278}, {"parallel2", 0x3BC}};

/* ------------------------------------------------------- callbacks out */

static void on_transmit(void *opaque, uint8_t byte)
{
    const struct machine_port *port = opaque;
    const struct machine_host *host = &port->machine->config.host;

    if (host->serial)
        host->serial(host->opaque, port->number, byte);
}

static void on_room(void *opaque)
{
    const struct machine_port *port = opaque;
    const struct machine_host *host = &port->machine->config.host;

    if (host->serial_room)
        host->serial_room(host->opaque, port->number);
}

static void on_outputs(void *opaque, uint8_t outputs)
{
    const struct machine_port *port = opaque;
    const struct machine_host *host = &port->machine->config.host;

    if (host->serial_lines)
        host->serial_lines(host->opaque, port->number, outputs);
}

static void on_print(void *opaque, uint8_t byte)
{
    const struct machine_port *port = opaque;
    const struct machine_host *host = &port->machine->config.host;

    if (host->parallel)
        host->parallel(host->opaque, port->number, byte);
}

/* ---------------------------------------------------------------- building */

static bool build_serial(struct machine *m, unsigned n)
{
    struct machine_port *port = &m->serial_port[n];

    *port = (struct machine_port){m, n};
    m->uart[n] = uart_create(&(struct uart_config){
        .id = serial_ports[n].id,
        .ports = m->ports,
        .base = serial_ports[n].base,
        .sched = &m->sched,
        .log = &m->log,
        .irq = &m->wire.uart[n],
        .character_ns = m->config.serial_bit_times ? 0 : FAST_CHARACTER_NS,
        .modem = UART_CTS | UART_DSR | UART_DCD,
        .transmit = on_transmit,
        .room = on_room,
        .outputs = on_outputs,
        .opaque = port,
    });
    if (m->uart[n])
        device_add(&m->devices, uart_device(m->uart[n]));
    return m->uart[n] != NULL;
}

static bool build_parallel(struct machine *m, unsigned n)
{
    struct machine_port *port = &m->parallel_port[n];

    *port = (struct machine_port){m, n};
    m->parallel[n] = parallel_create(&(struct parallel_config){
        .id = parallel_ports[n].id,
        .ports = m->ports,
        .base = parallel_ports[n].base,
        .sched = &m->sched,
        .log = &m->log,
        .irq = &m->wire.parallel[n],
        .printer = m->config.printers >> n & 1,
        .print = on_print,
        .opaque = port,
    });
    if (m->parallel[n])
        device_add(&m->devices, parallel_device(m->parallel[n]));
    return m->parallel[n] != NULL;
}

bool machine_build_ports(struct machine *m, char *error)
{
    bool built = true;

    for (unsigned i = 0; i < MACHINE_UARTS; i++)
        if (m->config.serial_ports >> i & 1)
            built = built && build_serial(m, i);
    for (unsigned i = 0; i < MACHINE_PARALLELS; i++)
        if (m->config.parallel_ports >> i & 1)
            built = built && build_parallel(m, i);
    m->gameport = built ? gameport_create(&(struct gameport_config){
                              .ports = m->ports,
                              .sched = &m->sched,
                              .log = &m->log,
                          })
                        : NULL;
    if (!m->gameport) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "ports: the host has no memory for them; free some");
        return false;
    }
    device_add(&m->devices, gameport_device(m->gameport));
    return true;
}

void machine_finish_ports(struct machine *m)
{
    for (unsigned i = 0; i < MACHINE_UARTS; i++)
        if (m->uart[i])
            uart_finish(m->uart[i]);
    for (unsigned i = 0; i < MACHINE_PARALLELS; i++)
        if (m->parallel[i])
            parallel_finish(m->parallel[i]);
}

/* ------------------------------------------------------------ callbacks in */

static struct uart *uart_of(struct machine *m, unsigned port)
{
    return port < MACHINE_UARTS ? m->uart[port] : NULL;
}

size_t machine_serial_input(struct machine *m, unsigned port, const void *data,
                            size_t size)
{
    struct uart *uart = uart_of(m, port);

    return uart ? uart_receive(uart, data, size) : 0;
}

void machine_serial_hold(struct machine *m, unsigned port, bool hold)
{
    struct uart *uart = uart_of(m, port);

    if (uart)
        uart_hold(uart, hold);
}

void machine_serial_modem(struct machine *m, unsigned port, unsigned lines)
{
    struct uart *uart = uart_of(m, port);

    if (uart)
        uart_set_modem(uart, (uint8_t)lines);
}

bool machine_serial_break(struct machine *m, unsigned port)
{
    struct uart *uart = uart_of(m, port);

    return uart && uart_receive_break(uart);
}

void machine_parallel_hold(struct machine *m, unsigned port, bool hold)
{
    if (port < MACHINE_PARALLELS && m->parallel[port])
        parallel_hold(m->parallel[port], hold);
}

void machine_joystick(struct machine *m, unsigned stick, bool connected, int x,
                      int y, unsigned buttons)
{
    gameport_set(m->gameport, stick,
                 &(struct gameport_stick){connected, x, y, buttons});
}
