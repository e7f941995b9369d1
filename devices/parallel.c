/* parallel.c - a PC's parallel port and the printer on its cable.
 *
 * Manuals: IBM PC/AT Technical Reference, Serial/Parallel Adapter; IEEE Std
 * 1284-1994, 6 (compatibility mode). Three ports from the base; LPT1 378h
 * IRQ 7, LPT2 278h IRQ 5, LPT3 3BCh IRQ 7.
 *
 * Modelled: data, status and control register, the direction bit of the
 * PS/2's port, the interrupt at the end of the acknowledge pulse with its
 * flag in the status register; a printer that takes a byte with each strobe,
 * is busy with it, acknowledges it, and is reset by INIT. Without a printer
 * the pins read as pulled up: busy, no paper.
 * Not modelled: EPP and ECP registers, nibble and byte mode transfers from
 * the printer, automatic line feed and select-in (they are the printer's own
 * affair; bytes go out as they are). */
#include "devices/parallel.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    REG_DATA = 0,
    REG_STATUS = 1,
    REG_CONTROL = 2,
    REGISTERS = 3,

    STATUS_RESERVED = 0x03,
    STATUS_NO_IRQ = 0x04,   /* 0: an interrupt came since the last read */
    STATUS_NO_ERROR = 0x08, /* -ERROR */
    STATUS_SELECT = 0x10,
    STATUS_NO_PAPER = 0x20,
    STATUS_NO_ACK = 0x40,   /* -ACK */
    STATUS_NOT_BUSY = 0x80, /* the pin is inverted */

    CONTROL_STROBE = 0x01,
    CONTROL_NO_INIT = 0x04, /* -INIT */
    CONTROL_IRQ = 0x10,
    CONTROL_INPUT = 0x20, /* the data pins do not drive */
    CONTROL_KEPT = 0x3F,
    CONTROL_FIXED = 0xC0, /* read as ones */

    BUSY_NS = 2000, /* a byte on its way into the printer's buffer */
    ACK_NS = 1000
};

enum printer_state { PRINTER_READY, PRINTER_BUSY, PRINTER_ACK };

/* `due` is SCHED_NEVER in PRINTER_READY, and in PRINTER_BUSY while the
 * printer is held. */
struct parallel {
    struct device device;
    uint64_t due; /* ns: end of the printer's state */
    uint8_t data, control;
    uint8_t byte;  /* the printer is busy with */
    uint8_t state; /* enum printer_state */
    bool irq_pending;

    /* TRANSIENT */
    struct addrspace *ports;
    struct sched *sched;
    struct irq *irq;
    struct event event;
    struct region region;
    bool printer, held;
    void (*print)(void *opaque, uint8_t byte);
    void *opaque;
};

static const struct state_field parallel_fields[] = {
    FIELD(struct parallel, U64, due),
    FIELD(struct parallel, U8, data),
    FIELD(struct parallel, U8, control),
    FIELD(struct parallel, U8, byte),
    FIELD(struct parallel, U8, state),
    FIELD(struct parallel, BOOL, irq_pending),
    FIELD_END,
};

/* ------------------------------------------------------------- the printer */

static void parallel_update(struct parallel *p)
{
    irq_set(p->irq, p->irq_pending && p->control & CONTROL_IRQ);
}

static void enter(struct parallel *p, enum printer_state state, uint64_t ns)
{
    p->state = (uint8_t)state;
    p->due = ns == SCHED_NEVER ? ns : sched_now(p->sched) + ns;
    event_arm(p->sched, &p->event, p->due);
}

/* -ACK is low while a byte is acknowledged; its end is what interrupts. */
static void printer_fire(void *opaque)
{
    struct parallel *p = opaque;

    p->due = SCHED_NEVER;
    if (p->state == PRINTER_ACK) {
        p->state = PRINTER_READY;
        p->irq_pending = p->control & CONTROL_IRQ;
        parallel_update(p);
    } else if (p->state == PRINTER_BUSY && !p->held) {
        if (p->print)
            p->print(p->opaque, p->byte);
        enter(p, PRINTER_ACK, ACK_NS);
    }
}

/* A strobe while the printer is busy is lost, as on the cable. */
static void strobe(struct parallel *p)
{
    p->irq_pending = false;
    if (!p->printer || p->control & CONTROL_INPUT)
        return;
    if (p->state != PRINTER_READY || !(p->control & CONTROL_NO_INIT)) {
        LOG(p->device.log, UART, "%s: strobe while busy", p->device.id);
        return;
    }
    p->byte = p->data;
    enter(p, PRINTER_BUSY, BUSY_NS);
}

void parallel_hold(struct parallel *p, bool hold)
{
    p->held = hold;
    if (!hold && p->state == PRINTER_BUSY && p->due == SCHED_NEVER)
        printer_fire(p);
}

void parallel_finish(struct parallel *p)
{
    if (p->state == PRINTER_BUSY && p->print)
        p->print(p->opaque, p->byte);
    if (p->state == PRINTER_BUSY)
        enter(p, PRINTER_READY, SCHED_NEVER);
}

/* ----------------------------------------------------------- the registers */

static uint8_t status(const struct parallel *p)
{
    uint8_t value = STATUS_RESERVED | STATUS_NO_ERROR | STATUS_SELECT |
                    STATUS_NO_ACK | STATUS_NOT_BUSY;

    if (!p->irq_pending)
        value |= STATUS_NO_IRQ;
    if (!p->printer)
        return (uint8_t)((value & ~STATUS_NOT_BUSY) | STATUS_NO_PAPER);
    if (p->state != PRINTER_READY || !(p->control & CONTROL_NO_INIT))
        value &= (uint8_t)~STATUS_NOT_BUSY;
    if (p->state == PRINTER_ACK)
        value &= (uint8_t)~STATUS_NO_ACK;
    return value;
}

/* INIT throws away what the printer is busy with, not what it printed. */
static void write_control(struct parallel *p, uint8_t value)
{
    uint8_t rises = value & ~p->control;

    p->control = value & CONTROL_KEPT;
    if (!(value & CONTROL_NO_INIT))
        enter(p, PRINTER_READY, SCHED_NEVER);
    if (!(value & CONTROL_IRQ))
        p->irq_pending = false;
    if (rises & CONTROL_STROBE)
        strobe(p);
    parallel_update(p);
}

static void parallel_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    struct parallel *p = opaque;

    (void)size;
    if (offset == REG_DATA)
        p->data = (uint8_t)value;
    else if (offset == REG_CONTROL)
        write_control(p, (uint8_t)value);
}

/* Reading the status takes notice of the interrupt. */
static uint64_t parallel_read(void *opaque, uint64_t offset, unsigned size)
{
    struct parallel *p = opaque;
    uint8_t value;

    (void)size;
    switch (offset) {
    case REG_DATA:
        return p->control & CONTROL_INPUT ? 0xFF : p->data;
    case REG_STATUS:
        value = status(p);
        p->irq_pending = false;
        parallel_update(p);
        return value;
    default:
        return p->control | CONTROL_FIXED;
    }
}

static const struct region_ops parallel_port_ops = {
    .read = parallel_read, .write = parallel_write, .max_size = 1};

/* -------------------------------------------------------------- the device */

static void parallel_reset(struct device *device)
{
    struct parallel *p = CONTAINER_OF(device, struct parallel, device);

    p->data = p->control = p->byte = 0;
    p->irq_pending = false;
    enter(p, PRINTER_READY, SCHED_NEVER);
    parallel_update(p);
}

static int parallel_post_load(struct device *device, uint32_t version)
{
    struct parallel *p = CONTAINER_OF(device, struct parallel, device);

    (void)version;
    if (p->state > PRINTER_ACK ||
        (p->state == PRINTER_READY) > (p->due == SCHED_NEVER))
        return -1;
    event_arm(p->sched, &p->event, p->due);
    parallel_hold(p, p->held);
    parallel_update(p);
    return 0;
}

static void parallel_destroy(struct device *device)
{
    struct parallel *p = CONTAINER_OF(device, struct parallel, device);

    event_free(p->sched, &p->event);
    addrspace_unmap(p->ports, &p->region);
    free(p);
}

struct parallel *parallel_create(const struct parallel_config *config)
{
    struct parallel *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    device_init(&p->device, &parallel_port, config->id, config->log);
    p->ports = config->ports;
    p->sched = config->sched;
    p->irq = config->irq;
    p->printer = config->printer;
    p->print = config->print;
    p->opaque = config->opaque;
    event_init(p->sched, &p->event, "parallel", printer_fire, p);
    p->region = (struct region){.name = config->id,
                                .base = config->base,
                                .size = REGISTERS,
                                .kind = REGION_MMIO,
                                .ops = &parallel_port_ops,
                                .opaque = p};
    addrspace_map(p->ports, &p->region);
    parallel_reset(&p->device);
    return p;
}

struct device *parallel_device(struct parallel *parallel)
{
    return &parallel->device;
}

const struct device_ops parallel_port = {
    .name = "parallel",
    .description = "parallel port with printer",
    .version = 1,
    .fields = parallel_fields,
    .reset = parallel_reset,
    .post_load = parallel_post_load,
    .destroy = parallel_destroy,
};
