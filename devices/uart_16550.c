/* uart_16550.c - National Semiconductor PC16550D serial port.
 *
 * Manual: PC16550D data sheet. Eight ports from the base; COM1 3F8h IRQ 4,
 * COM2 2F8h IRQ 3. The clock is 1.8432 MHz: divisor 1 is 115,200 baud.
 *
 * Modelled: both FIFOs with trigger levels, 16450 mode, all interrupts with
 * their priorities, character timeout, loopback, modem lines and their
 * changes, break in both directions, overrun (in loopback, where the sender
 * cannot wait). OUT2 gates the interrupt as on PC boards. Characters take as
 * long as divisor and format say, or, where `character_ns` is set, that long.
 * The other end never sends faster than the chip takes it, and may hold the
 * transmitter: no byte is lost on the line.
 * Not modelled: parity and framing errors (the line is perfect), DMA
 * signalling (its pins lead nowhere on a PC), bit rates that differ at the
 * two ends, stop bits of 1.5 (they count as 2). */
#include "devices/uart_16550.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    REG_RBR_THR = 0, /* or divisor low */
    REG_IER = 1,     /* or divisor high */
    REG_IIR_FCR = 2,
    REG_LCR = 3,
    REG_MCR = 4,
    REG_LSR = 5,
    REG_MSR = 6,
    REG_SCR = 7,

    IER_RDA = 0x01,  /* received data available, timeout */
    IER_THRE = 0x02, /* transmit holding register empty */
    IER_RLS = 0x04,  /* receiver line status */
    IER_MS = 0x08,   /* modem status */
    IIR_NONE = 0x01, /* 0 = an interrupt is pending */
    IIR_MS = 0x00,
    IIR_THRE = 0x02,
    IIR_RDA = 0x04,
    IIR_RLS = 0x06,
    IIR_TIMEOUT = 0x0C,
    IIR_FIFO = 0xC0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RX = 0x02,
    FCR_CLEAR_TX = 0x04,
    FCR_KEPT = 0xC9, /* enable, DMA mode, trigger level */
    LCR_STOP = 0x04,
    LCR_PARITY = 0x08,
    LCR_BREAK = 0x40,
    LCR_DLAB = 0x80, /* ports 0 and 1 are the divisor */
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08, /* lets the interrupt through */
    MCR_LOOP = 0x10,
    LSR_DR = 0x01, /* data ready */
    LSR_OE = 0x02, /* overrun */
    LSR_PE = 0x04, /* parity */
    LSR_FE = 0x08, /* framing */
    LSR_BI = 0x10, /* break */
    LSR_THRE = 0x20,
    LSR_TEMT = 0x40,       /* shift register empty too */
    LSR_FIFO_ERROR = 0x80, /* PE, FE or BI somewhere in the FIFO */
    LSR_OF_CHARACTER = LSR_PE | LSR_FE | LSR_BI,
    MSR_DELTA = 0x0F, /* changed since the last read */
    MSR_LINES = 0xF0, /* CTS, DSR, RI, DCD */

    FIFO_SIZE = 16,
    BASE_BAUD = 115200,
    TIMEOUT_CHARACTERS = 4,
};

/* The receive queue holds rx_count bytes from rx_first on, each with its
 * LSR error bits; tx likewise. Without FIFOs the queues hold one byte. A
 * byte whose time is over but that the other end does not take stays in
 * `shift`: then tx_done is SCHED_NEVER. */
struct uart {
    struct device device;
    uint64_t tx_done; /* ns: the shift register is empty then */
    uint64_t timeout; /* ns: character timeout, SCHED_NEVER = not due */
    uint64_t rx_next; /* ns: the next character cannot be here before */
    uint16_t divisor;
    uint8_t ier, fcr, lcr, mcr, scr;
    uint8_t lsr_errors; /* OE and the errors of the byte at the top */
    uint8_t lines;      /* modem inputs at the pins */
    uint8_t msr;
    uint8_t rx[FIFO_SIZE], rx_errors[FIFO_SIZE];
    uint8_t tx[FIFO_SIZE];
    uint8_t rx_first, rx_count;
    uint8_t tx_first, tx_count;
    uint8_t shift; /* byte on its way */
    bool shifting;
    bool thre_pending; /* THRE interrupt not yet taken notice of */
    bool timed_out;

    /* TRANSIENT */
    struct addrspace *ports;
    struct sched *sched;
    struct irq *irq;
    struct event tx_event, timeout_event, rx_event;
    struct region region;
    uint64_t character_ns;
    bool held;       /* by the other end */
    uint8_t outputs; /* enum uart_output, as last told */
    void (*transmit)(void *opaque, uint8_t byte);
    void (*room)(void *opaque);
    void (*told_outputs)(void *opaque, uint8_t outputs);
    void *opaque;
};

static const struct state_field uart_fields[] = {
    FIELD(struct uart, U64, tx_done),
    FIELD(struct uart, U64, timeout),
    FIELD(struct uart, U64, rx_next),
    FIELD(struct uart, U16, divisor),
    FIELD(struct uart, U8, ier),
    FIELD(struct uart, U8, fcr),
    FIELD(struct uart, U8, lcr),
    FIELD(struct uart, U8, mcr),
    FIELD(struct uart, U8, scr),
    FIELD(struct uart, U8, lsr_errors),
    FIELD(struct uart, U8, lines),
    FIELD(struct uart, U8, msr),
    FIELD_ARRAY(struct uart, U8, rx),
    FIELD_ARRAY(struct uart, U8, rx_errors),
    FIELD_ARRAY(struct uart, U8, tx),
    FIELD(struct uart, U8, rx_first),
    FIELD(struct uart, U8, rx_count),
    FIELD(struct uart, U8, tx_first),
    FIELD(struct uart, U8, tx_count),
    FIELD(struct uart, U8, shift),
    FIELD(struct uart, BOOL, shifting),
    FIELD(struct uart, BOOL, thre_pending),
    FIELD(struct uart, BOOL, timed_out),
    FIELD_END,
};

/* ------------------------------------------------- what the registers say */

static bool fifo_on(const struct uart *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static unsigned fifo_depth(const struct uart *uart)
{
    return fifo_on(uart) ? FIFO_SIZE : 1;
}

static unsigned rx_trigger(const struct uart *uart)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    return fifo_on(uart) ? levels[uart->fcr >> 6] : 1;
}

/* Start bit, data, parity and stop bits; 1.5 stop bits count as 2. */
static uint64_t character_time(const struct uart *uart)
{
    unsigned count = 1 + 5 + (uart->lcr & 3) + !!(uart->lcr & LCR_PARITY) + 1 +
                     !!(uart->lcr & LCR_STOP);
    uint64_t divisor = uart->divisor ? uart->divisor : 65536;

    if (uart->character_ns)
        return uart->character_ns;
    return count * divisor * NS_PER_SEC / BASE_BAUD;
}

/* Many small programs never set the port up, and firmware may not have done
 * it either: while nobody has set a divisor, characters are whole. */
static uint8_t data_mask(const struct uart *uart)
{
    if (!uart->divisor)
        return 0xFF;
    return (uint8_t)(0xFF >> (3 - (uart->lcr & 3)));
}

static uint8_t uart_lsr(const struct uart *uart)
{
    uint8_t lsr = uart->lsr_errors;

    if (uart->rx_count)
        lsr |= LSR_DR;
    if (!uart->tx_count)
        lsr |= LSR_THRE;
    if (!uart->tx_count && !uart->shifting)
        lsr |= LSR_TEMT;
    for (unsigned i = 0; fifo_on(uart) && i < uart->rx_count; i++)
        if (uart->rx_errors[(uart->rx_first + i) % FIFO_SIZE])
            lsr |= LSR_FIFO_ERROR;
    return lsr;
}

/* The source with the highest priority (data sheet, table IV). */
static uint8_t uart_iir(const struct uart *uart)
{
    if (uart->ier & IER_RLS && uart->lsr_errors)
        return IIR_RLS;
    if (uart->ier & IER_RDA && uart->rx_count >= rx_trigger(uart))
        return IIR_RDA;
    if (uart->ier & IER_RDA && uart->timed_out)
        return IIR_TIMEOUT;
    if (uart->ier & IER_THRE && uart->thre_pending)
        return IIR_THRE;
    if (uart->ier & IER_MS && uart->msr & MSR_DELTA)
        return IIR_MS;
    return IIR_NONE;
}

static void uart_update(struct uart *uart)
{
    irq_set(uart->irq, uart_iir(uart) != IIR_NONE && uart->mcr & MCR_OUT2);
}

/* -------------------------------------------------------- the two queues */

/* A byte came in or was read: the timeout starts anew. */
static void restart_timeout(struct uart *uart)
{
    uart->timed_out = false;
    uart->timeout = SCHED_NEVER;
    if (fifo_on(uart) && uart->rx_count)
        uart->timeout =
            sched_now(uart->sched) + TIMEOUT_CHARACTERS * character_time(uart);
    event_arm(uart->sched, &uart->timeout_event, uart->timeout);
}

static void timeout_fire(void *opaque)
{
    struct uart *uart = opaque;

    uart->timeout = SCHED_NEVER;
    uart->timed_out = true;
    uart_update(uart);
}

/* The errors of a byte show when it gets to the top of the queue. */
static void show_top_errors(struct uart *uart)
{
    if (uart->rx_count)
        uart->lsr_errors |= uart->rx_errors[uart->rx_first];
}

/* With the queue full the byte in the shift register is lost; without
 * FIFOs the new byte takes the place of the old one. */
static void rx_push(struct uart *uart, uint8_t byte, uint8_t errors)
{
    unsigned last;

    if (uart->rx_count == fifo_depth(uart)) {
        uart->lsr_errors |= LSR_OE;
        if (fifo_on(uart))
            return;
        uart->rx_count = 0;
    }
    last = (uart->rx_first + uart->rx_count) % FIFO_SIZE;
    uart->rx[last] = byte;
    uart->rx_errors[last] = errors;
    if (++uart->rx_count == 1)
        show_top_errors(uart);
    restart_timeout(uart);
}

static uint8_t rx_pop(struct uart *uart)
{
    uint8_t byte = uart->rx[uart->rx_first];

    if (!uart->rx_count)
        return byte;
    uart->rx_errors[uart->rx_first] = 0;
    if (--uart->rx_count)
        uart->rx_first = (uart->rx_first + 1) % FIFO_SIZE;
    show_top_errors(uart);
    restart_timeout(uart);
    return byte;
}

static void rx_clear(struct uart *uart)
{
    uart->rx_first = uart->rx_count = 0;
    memset(uart->rx_errors, 0, sizeof uart->rx_errors);
    restart_timeout(uart);
}

static void tx_clear(struct uart *uart)
{
    if (uart->tx_count)
        uart->thre_pending = true;
    uart->tx_first = uart->tx_count = 0;
}

/* The next byte goes from the queue to the shift register. */
static void tx_start(struct uart *uart)
{
    if (uart->shifting || !uart->tx_count)
        return;
    uart->shift = uart->tx[uart->tx_first];
    uart->tx_first = (uart->tx_first + 1) % FIFO_SIZE;
    if (--uart->tx_count == 0)
        uart->thre_pending = true;
    uart->shifting = true;
    uart->tx_done = sched_now(uart->sched) + character_time(uart);
    event_arm(uart->sched, &uart->tx_event, uart->tx_done);
}

/* During a break the line is low whatever the shift register does. */
static void tx_fire(void *opaque)
{
    struct uart *uart = opaque;
    uint8_t byte = uart->shift & data_mask(uart);

    uart->tx_done = SCHED_NEVER;
    if (uart->held && !(uart->mcr & MCR_LOOP))
        return;
    uart->shifting = false;
    if (uart->mcr & MCR_LOOP)
        rx_push(uart, byte, 0);
    else if (uart->transmit && !(uart->lcr & LCR_BREAK))
        uart->transmit(uart->opaque, byte);
    tx_start(uart);
    uart_update(uart);
}

/* Hosts that hold the transmitter take what is in it all the same. */
void uart_finish(struct uart *uart)
{
    bool held = uart->held;

    if (uart->mcr & MCR_LOOP)
        return;
    while (uart->shifting) {
        uart->held = false;
        tx_fire(uart);
        held |= uart->held;
    }
    uart->held = held;
    event_cancel(uart->sched, &uart->tx_event);
}

void uart_hold(struct uart *uart, bool hold)
{
    uart->held = hold;
    if (!hold && uart->shifting && uart->tx_done == SCHED_NEVER)
        tx_fire(uart);
}

static void write_thr(struct uart *uart, uint8_t value)
{
    unsigned depth = fifo_depth(uart);

    uart->thre_pending = false;
    if (uart->tx_count == depth) {
        LOG(uart->device.log, UART, "%s: transmit overrun", uart->device.id);
        uart->tx_count--;
    }
    uart->tx[(uart->tx_first + uart->tx_count++) % FIFO_SIZE] = value;
    tx_start(uart);
}

/* --------------------------------------------------------- the registers */

/* Levels at the modem inputs changed, or loopback was switched. */
static void update_modem(struct uart *uart)
{
    uint8_t old = uart->msr & MSR_LINES, now = uart->lines, changed;

    if (uart->mcr & MCR_LOOP)
        now = (uint8_t)((uart->mcr & MCR_RTS ? UART_CTS : 0) |
                        (uart->mcr & MCR_DTR ? UART_DSR : 0) |
                        (uart->mcr & MCR_OUT1 ? UART_RI : 0) |
                        (uart->mcr & MCR_OUT2 ? UART_DCD : 0));
    changed = (old ^ now) & (UART_CTS | UART_DSR | UART_DCD);
    /* TERI tells the trailing edge of RI only. */
    if (old & ~now & UART_RI)
        changed |= UART_RI;
    uart->msr = now | (uart->msr & MSR_DELTA) | changed >> 4;
}

/* In loopback the pins of the outputs are inactive. */
static void update_outputs(struct uart *uart)
{
    uint8_t outputs = (uart->mcr & (UART_DTR | UART_RTS)) |
                      (uart->lcr & LCR_BREAK ? UART_BREAK : 0);

    if (uart->mcr & MCR_LOOP)
        outputs = 0;
    if (outputs == uart->outputs)
        return;
    uart->outputs = outputs;
    if (uart->told_outputs)
        uart->told_outputs(uart->opaque, outputs);
}

/* A break in loopback comes in by the receiver. */
static void write_lcr(struct uart *uart, uint8_t value)
{
    bool begins = value & ~uart->lcr & LCR_BREAK;

    uart->lcr = value;
    if (begins && uart->mcr & MCR_LOOP)
        rx_push(uart, 0, LSR_BI | LSR_FE);
    update_outputs(uart);
}

/* A held byte goes on in loopback, where nobody holds it. */
static void write_mcr(struct uart *uart, uint8_t value)
{
    uart->mcr = value & 0x1F;
    update_modem(uart);
    update_outputs(uart);
    if (uart->mcr & MCR_LOOP && uart->shifting && uart->tx_done == SCHED_NEVER)
        tx_fire(uart);
}

static void write_fcr(struct uart *uart, uint8_t value)
{
    bool toggled = (uart->fcr ^ value) & FCR_ENABLE;

    uart->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    if (toggled || (value & FCR_ENABLE && value & FCR_CLEAR_RX))
        rx_clear(uart);
    if (toggled || (value & FCR_ENABLE && value & FCR_CLEAR_TX))
        tx_clear(uart);
    if (toggled)
        uart->lsr_errors = 0;
}

/* Enabling the THRE interrupt while THR is empty raises it at once. */
static void write_ier(struct uart *uart, uint8_t value)
{
    bool turned_on = value & ~uart->ier & IER_THRE;

    uart->ier = value & 0x0F;
    if (turned_on && !uart->tx_count)
        uart->thre_pending = true;
}

static void write_divisor(struct uart *uart, unsigned byte, uint8_t value)
{
    uart->divisor = byte ? (uint16_t)(value << 8 | (uart->divisor & 0xFF))
                         : (uint16_t)((uart->divisor & 0xFF00) | value);
    LOG(uart->device.log, UART, "%s: divisor %u", uart->device.id,
        uart->divisor);
}

/* DLAB turns the first two registers into the divisor. */
static void uart_write(void *opaque, uint64_t offset, uint64_t wide,
                       unsigned size)
{
    struct uart *uart = opaque;
    uint8_t value = (uint8_t)wide;

    (void)size;
    switch (offset) {
    case REG_RBR_THR:
        if (uart->lcr & LCR_DLAB)
            write_divisor(uart, 0, value);
        else
            write_thr(uart, value);
        break;
    case REG_IER:
        if (uart->lcr & LCR_DLAB)
            write_divisor(uart, 1, value);
        else
            write_ier(uart, value);
        break;
    case REG_IIR_FCR:
        write_fcr(uart, value);
        break;
    case REG_LCR:
        write_lcr(uart, value);
        break;
    case REG_MCR:
        write_mcr(uart, value);
        break;
    case REG_SCR:
        uart->scr = value;
        break;
    default: /* LSR and MSR are for reading */
        break;
    }
    uart_update(uart);
}

static uint8_t read_rbr(struct uart *uart)
{
    uint8_t byte = rx_pop(uart);

    uart_update(uart);
    if (!uart->rx_count && uart->room && !(uart->mcr & MCR_LOOP))
        uart->room(uart->opaque);
    return byte;
}

/* Reading IIR takes notice of THRE, if that is what it tells. */
static uint8_t read_iir(struct uart *uart)
{
    uint8_t iir = uart_iir(uart);

    if (iir == IIR_THRE)
        uart->thre_pending = false;
    return fifo_on(uart) ? iir | IIR_FIFO : iir;
}

static uint64_t uart_read(void *opaque, uint64_t offset, unsigned size)
{
    struct uart *uart = opaque;
    bool dlab = uart->lcr & LCR_DLAB;
    uint8_t value;

    (void)size;
    switch (offset) {
    case REG_RBR_THR:
        return dlab ? uart->divisor & 0xFF : read_rbr(uart);
    case REG_IER:
        return dlab ? uart->divisor >> 8 : uart->ier;
    case REG_IIR_FCR:
        value = read_iir(uart);
        break;
    case REG_LCR:
        return uart->lcr;
    case REG_MCR:
        return uart->mcr;
    case REG_LSR:
        value = uart_lsr(uart);
        uart->lsr_errors = 0;
        uart->rx_errors[uart->rx_first] = 0;
        break;
    case REG_MSR:
        value = uart->msr;
        uart->msr &= MSR_LINES;
        break;
    default:
        return uart->scr;
    }
    uart_update(uart);
    return value;
}

static const struct region_ops uart_port_ops = {
    .read = uart_read, .write = uart_write, .max_size = 1};

static void rx_fire(void *opaque)
{
    struct uart *uart = opaque;

    if (uart->room && !(uart->mcr & MCR_LOOP))
        uart->room(uart->opaque);
}

/* A byte that finds no room stays with the host: nothing is lost. They come
 * no faster than they can be sent back: one by one with real bit times, else
 * a queueful at once and then a pause; `room` tells when it is over. */
size_t uart_receive(struct uart *uart, const void *data, size_t size)
{
    size_t taken = 0, most = uart->character_ns ? fifo_depth(uart) : 1;
    uint64_t now = sched_now(uart->sched);
    const uint8_t *bytes = data;

    if (uart->mcr & MCR_LOOP || now < uart->rx_next)
        return 0;
    while (taken < size && taken < most && uart->rx_count < fifo_depth(uart))
        rx_push(uart, bytes[taken++] & data_mask(uart), 0);
    if (taken) {
        uart->rx_next = now + taken * character_time(uart);
        event_arm(uart->sched, &uart->rx_event, uart->rx_next);
    }
    uart_update(uart);
    return taken;
}

bool uart_receive_break(struct uart *uart)
{
    if (uart->mcr & MCR_LOOP || uart->rx_count == fifo_depth(uart))
        return false;
    rx_push(uart, 0, LSR_BI | LSR_FE);
    uart_update(uart);
    return true;
}

void uart_set_modem(struct uart *uart, uint8_t lines)
{
    uart->lines = lines & MSR_LINES;
    update_modem(uart);
    uart_update(uart);
}

/* Master reset: data sheet, table I. The divisor and the scratch register
 * keep their value there; here they start at zero. */
static void uart_reset(struct device *device)
{
    struct uart *uart = (struct uart *)device;

    uart->divisor = 0;
    uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
    uart->lsr_errors = 0;
    uart->msr = uart->lines;
    memset(uart->rx, 0, sizeof uart->rx);
    memset(uart->tx, 0, sizeof uart->tx);
    rx_clear(uart);
    tx_clear(uart);
    uart->thre_pending = false;
    uart->shift = 0;
    uart->shifting = false;
    uart->tx_done = SCHED_NEVER;
    uart->rx_next = 0;
    event_cancel(uart->sched, &uart->tx_event);
    event_cancel(uart->sched, &uart->rx_event);
    update_outputs(uart);
    uart_update(uart);
}

static int uart_post_load(struct device *device, uint32_t version)
{
    struct uart *uart = (struct uart *)device;

    (void)version;
    if (uart->rx_count > fifo_depth(uart) || uart->tx_count > fifo_depth(uart))
        return -1;
    uart->rx_first %= FIFO_SIZE;
    uart->tx_first %= FIFO_SIZE;
    event_arm(uart->sched, &uart->tx_event,
              uart->shifting ? uart->tx_done : SCHED_NEVER);
    event_arm(uart->sched, &uart->timeout_event, uart->timeout);
    event_arm(uart->sched, &uart->rx_event,
              uart->rx_next > sched_now(uart->sched) ? uart->rx_next
                                                     : SCHED_NEVER);
    uart_hold(uart, uart->held);
    update_outputs(uart);
    uart_update(uart);
    return 0;
}

static void uart_destroy(struct device *device)
{
    struct uart *uart = (struct uart *)device;

    event_free(uart->sched, &uart->tx_event);
    event_free(uart->sched, &uart->timeout_event);
    event_free(uart->sched, &uart->rx_event);
    addrspace_unmap(uart->ports, &uart->region);
    free(uart);
}

struct uart *uart_create(const struct uart_config *config)
{
    struct uart *uart = calloc(1, sizeof *uart);

    if (!uart)
        return NULL;
    device_init(&uart->device, &uart_16550, config->id, config->log);
    uart->ports = config->ports;
    uart->sched = config->sched;
    uart->irq = config->irq;
    uart->character_ns = config->character_ns;
    uart->lines = config->modem & MSR_LINES;
    uart->transmit = config->transmit;
    uart->room = config->room;
    uart->told_outputs = config->outputs;
    uart->opaque = config->opaque;
    event_init(uart->sched, &uart->tx_event, "uart.tx", tx_fire, uart);
    event_init(uart->sched, &uart->timeout_event, "uart.timeout", timeout_fire,
               uart);
    event_init(uart->sched, &uart->rx_event, "uart.rx", rx_fire, uart);
    uart->region = (struct region){.name = config->id,
                                   .base = config->base,
                                   .size = 8,
                                   .kind = REGION_MMIO,
                                   .ops = &uart_port_ops,
                                   .opaque = uart};
    addrspace_map(uart->ports, &uart->region);
    uart_reset(&uart->device);
    return uart;
}

struct device *uart_device(struct uart *uart)
{
    return &uart->device;
}

const struct device_ops uart_16550 = {
    .name = "uart",
    .description = "16550A serial port",
    .version = 1,
    .fields = uart_fields,
    .reset = uart_reset,
    .post_load = uart_post_load,
    .destroy = uart_destroy,
};
