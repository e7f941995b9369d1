/* uart_16550.h - a 16550A serial port. */
#ifndef UMBRA_UART_16550_H
#define UMBRA_UART_16550_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct uart;

/* Modem inputs, with the bits of register MSR. */
enum uart_modem {
    UART_CTS = 0x10,
    UART_DSR = 0x20,
    UART_RI = 0x40,
    UART_DCD = 0x80,
};

/* Modem outputs with the bits of register MCR, and the break of LCR. */
enum uart_output {
    UART_DTR = 0x01,
    UART_RTS = 0x02,
    UART_BREAK = 0x40,
};

struct uart_config {
    const char *id; /* "serial0"; outlives the part */
    struct addrspace *ports;
    uint16_t base; /* 3F8h, 2F8h, 3E8h, 2E8h */
    struct sched *sched;
    struct log *log;
    struct irq *irq; /* IRQ 4 or 3 */
    /* Time on the wire of one character; 0 = as divisor and format say. */
    uint64_t character_ns;
    uint8_t modem; /* enum uart_modem lines that are up from the start */
    /* A byte left the shift register. May be NULL. */
    void (*transmit)(void *opaque, uint8_t byte);
    /* There is room for received bytes again. May be NULL. */
    void (*room)(void *opaque);
    /* New levels of the outputs (enum uart_output). May be NULL. */
    void (*outputs)(void *opaque, uint8_t outputs);
    void *opaque;
};

struct uart *uart_create(const struct uart_config *config);
struct device *uart_device(struct uart *uart);

/* Bytes from the other end; returns how many were taken. */
size_t uart_receive(struct uart *uart, const void *data, size_t size);
/* The other end does not take bytes for now: the transmitter waits. */
void uart_hold(struct uart *uart, bool hold);
/* The PC is switched off: what is left to send arrives, and at once. */
void uart_finish(struct uart *uart);
/* A break condition; false if there was no room for it. */
bool uart_receive_break(struct uart *uart);
/* New levels of the modem inputs (enum uart_modem). */
void uart_set_modem(struct uart *uart, uint8_t lines);

extern const struct device_ops uart_16550;

#endif
