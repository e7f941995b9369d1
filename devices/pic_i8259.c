/* pic_i8259.c - Intel 8259A interrupt controllers, master and slave.
 *
 * Manual: Intel 8259A data sheet (231468); ELCR: Intel 82371SB (PIIX3).
 * Ports: 20h-21h master, A0h-A1h slave, 4D0h-4D1h edge/level control.
 * The slave's INT is input 2 of the master.
 *
 * Modelled: ICW1-4, OCW1-3, fully nested and special fully nested mode,
 * specific and non-specific EOI, automatic EOI, all rotations, special mask
 * mode, poll, spurious IRQ 7 and 15, edge and level inputs by ELCR.
 * Not modelled: MCS-80 mode (an INTA gives one vector, never a CALL),
 * buffered mode (has no effect a program can see), ICW1.LTIM (PIIX3
 * ignores it; ELCR decides), slaves at inputs other than 2. */
#include "devices/pic_i8259.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    ICW1_IC4 = 0x01,  /* ICW4 follows */
    ICW1_SNGL = 0x02, /* no slave, no ICW3 */
    ICW1_SELECT = 0x10,
    ICW4_UPM = 0x01,  /* 8086 mode */
    ICW4_AEOI = 0x02, /* the acknowledge is the EOI */
    ICW4_SFNM = 0x10, /* special fully nested mode */
    OCW3_SELECT = 0x08,
    OCW3_RIS = 0x01, /* reads give ISR, else IRR */
    OCW3_RR = 0x02,  /* OCW3_RIS counts */
    OCW3_P = 0x04,   /* poll */
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40, /* OCW3_SMM counts */
    POLL_INTERRUPT = 0x80,
    CASCADE_PIN = 2,
    SPURIOUS_PIN = 7,
};

/* OCW2 bits 7-5: R, SL, EOI. */
enum ocw2_command {
    OCW2_ROTATE_AEOI_CLEAR = 0,
    OCW2_EOI = 1,
    OCW2_NOP = 2,
    OCW2_EOI_SPECIFIC = 3,
    OCW2_ROTATE_AEOI_SET = 4,
    OCW2_ROTATE_EOI = 5,
    OCW2_SET_PRIORITY = 6,
    OCW2_ROTATE_EOI_SPECIFIC = 7,
};

/* What the next write to the odd port means. */
enum next_write { NEXT_OCW1, NEXT_ICW2, NEXT_ICW3, NEXT_ICW4 };

/* `edges` is a subset of `lines`: a request goes away with its line. The
 * chip is silent until `ready`: the last ICW was written. */
struct chip {
    uint8_t lines; /* levels at the pins */
    uint8_t edges; /* rising edges not yet acknowledged */
    uint8_t elcr;  /* 1 = level-triggered */
    uint8_t imr;
    uint8_t isr;
    uint8_t base;   /* vector of input 0 (ICW2) */
    uint8_t lowest; /* input with the lowest priority */
    uint8_t icw1;
    uint8_t icw3;
    uint8_t icw4;
    uint8_t next; /* enum next_write */
    bool ready;
    bool read_isr;
    bool poll;
    bool special_mask;
    bool rotate_aeoi;
};

enum { MASTER, SLAVE, CHIPS };

struct pic {
    struct device device;
    struct chip chip[CHIPS];

    /* TRANSIENT */
    struct addrspace *ports;
    struct irq *intr;
    struct region command[CHIPS];
    struct region elcr;
};

static const struct state_field pic_fields[] = {
    FIELD_OF(struct pic, U8, chip, lines),
    FIELD_OF(struct pic, U8, chip, edges),
    FIELD_OF(struct pic, U8, chip, elcr),
    FIELD_OF(struct pic, U8, chip, imr),
    FIELD_OF(struct pic, U8, chip, isr),
    FIELD_OF(struct pic, U8, chip, base),
    FIELD_OF(struct pic, U8, chip, lowest),
    FIELD_OF(struct pic, U8, chip, icw1),
    FIELD_OF(struct pic, U8, chip, icw3),
    FIELD_OF(struct pic, U8, chip, icw4),
    FIELD_OF(struct pic, U8, chip, next),
    FIELD_OF(struct pic, BOOL, chip, ready),
    FIELD_OF(struct pic, BOOL, chip, read_isr),
    FIELD_OF(struct pic, BOOL, chip, poll),
    FIELD_OF(struct pic, BOOL, chip, special_mask),
    FIELD_OF(struct pic, BOOL, chip, rotate_aeoi),
    FIELD_END,
};

/* IRQ 0, 1, 2, 8 and 13 are edge-triggered by design (PIIX3, 2.5.4). */
static const uint8_t elcr_writable[CHIPS] = {0xF8, 0xDE};

static uint8_t chip_irr(const struct chip *chip)
{
    return chip->edges | (chip->lines & chip->elcr);
}

/* Input with the highest priority among `set`, or -1. */
static int chip_highest(const struct chip *chip, uint8_t set)
{
    for (unsigned i = 1; i <= 8; i++) {
        unsigned pin = (chip->lowest + i) & 7;
        if (set >> pin & 1)
            return (int)pin;
    }
    return -1;
}

/* 0 = highest priority; 8 for pin -1. */
static unsigned chip_rank(const struct chip *chip, int pin)
{
    return pin < 0 ? 8 : (unsigned)(pin - chip->lowest - 1) & 7;
}

static bool has_cascade(const struct pic *pic, const struct chip *chip)
{
    return chip == &pic->chip[MASTER] && !(chip->icw1 & ICW1_SNGL);
}

/* Input that makes INT high, or -1. In special mask mode a level that is
 * masked does not hold back others while it is in service. In special fully
 * nested mode the slave's own level does not hold back the slave. */
static int chip_pending(const struct pic *pic, const struct chip *chip)
{
    uint8_t blocking = chip->isr;
    int request = chip_highest(chip, chip_irr(chip) & (uint8_t)~chip->imr);
    int service;

    if (!chip->ready || request < 0)
        return -1;
    if (chip->special_mask)
        blocking &= (uint8_t)~chip->imr;
    service = chip_highest(chip, blocking);
    if (chip_rank(chip, request) < chip_rank(chip, service))
        return request;
    if (request == service && request == CASCADE_PIN &&
        chip->icw4 & ICW4_SFNM && has_cascade(pic, chip))
        return request;
    return -1;
}

static void chip_set_line(struct chip *chip, unsigned pin, bool level)
{
    uint8_t mask = (uint8_t)(1u << pin);

    if (!level) {
        chip->lines &= (uint8_t)~mask;
        chip->edges &= (uint8_t)~mask;
    } else if (!(chip->lines & mask)) {
        chip->lines |= mask;
        /* A pin set to level has no edge latch of its own; should ELCR be
         * changed while the line is high, the request stays. */
        chip->edges |= mask;
    }
}

/* Drive INT of both chips after any change. */
static void pic_update(struct pic *pic)
{
    struct chip *master = &pic->chip[MASTER];

    if (has_cascade(pic, master))
        chip_set_line(master, CASCADE_PIN,
                      chip_pending(pic, &pic->chip[SLAVE]) >= 0);
    irq_set(pic->intr, chip_pending(pic, master) >= 0);
}

void pic_set_line(void *opaque, unsigned line, bool level)
{
    struct pic *pic = opaque;
    struct chip *chip = &pic->chip[line / 8 & 1];

    if (line == CASCADE_PIN && has_cascade(pic, chip))
        return;
    chip_set_line(chip, line & 7, level);
    pic_update(pic);
}

/* `pin` -1: nothing is in service. */
static void chip_end_of_interrupt(struct chip *chip, int pin, bool rotate)
{
    if (pin < 0)
        return;
    chip->isr &= (uint8_t) ~(1u << pin);
    if (rotate)
        chip->lowest = (uint8_t)pin;
}

/* The chip takes notice of an acknowledge: the input that won, or -1. */
static int chip_accept(const struct pic *pic, struct chip *chip)
{
    int pin = chip_pending(pic, chip);

    if (pin < 0)
        return -1;
    chip->edges &= (uint8_t) ~(1u << pin);
    chip->isr |= (uint8_t)(1u << pin);
    if (chip->icw4 & ICW4_AEOI)
        chip_end_of_interrupt(chip, pin, chip->rotate_aeoi);
    return pin;
}

/* The slave's INT falls with INTA, so that a further request of it makes an
 * edge at the master. */
static int slave_accept(struct pic *pic)
{
    int pin = chip_accept(pic, &pic->chip[SLAVE]);

    chip_set_line(&pic->chip[MASTER], CASCADE_PIN, false);
    return pin;
}

int pic_ack(struct pic *pic)
{
    struct chip *chip = &pic->chip[MASTER];
    int pin = chip_accept(pic, chip);

    if (pin == CASCADE_PIN && has_cascade(pic, chip)) {
        pin = slave_accept(pic);
        chip = &pic->chip[SLAVE];
    }
    if (pin < 0) {
        LOG(pic->device.log, PIC, "%s: spurious interrupt",
            chip == pic->chip ? "master" : "slave");
        pin = SPURIOUS_PIN;
    }
    /* INT falls with INTA; a request that is left raises it again. */
    irq_lower(pic->intr);
    pic_update(pic);
    return chip->base | pin;
}

/* ICW1: 8259A data sheet, "Initialization Command Words", a-f. Inputs need
 * a new edge. */
static void chip_write_icw1(struct chip *chip, uint8_t value)
{
    chip->icw1 = value;
    chip->icw4 = 0;
    chip->edges = 0;
    chip->imr = 0;
    chip->isr = 0;
    chip->lowest = 7;
    chip->next = NEXT_ICW2;
    chip->ready = false;
    chip->read_isr = false;
    chip->poll = false;
    chip->special_mask = false;
    chip->rotate_aeoi = false;
}

static void chip_write_ocw2(struct chip *chip, uint8_t value)
{
    int pin = value & 7;
    uint8_t served = chip->isr;

    if (chip->special_mask)
        served &= (uint8_t)~chip->imr;
    switch ((enum ocw2_command)(value >> 5)) {
    case OCW2_ROTATE_AEOI_CLEAR:
    case OCW2_ROTATE_AEOI_SET:
        chip->rotate_aeoi = value >> 7;
        break;
    case OCW2_EOI:
    case OCW2_ROTATE_EOI:
        chip_end_of_interrupt(chip, chip_highest(chip, served), value >> 7);
        break;
    case OCW2_EOI_SPECIFIC:
    case OCW2_ROTATE_EOI_SPECIFIC:
        chip_end_of_interrupt(chip, pin, value >> 7);
        break;
    case OCW2_SET_PRIORITY:
        chip->lowest = (uint8_t)pin;
        break;
    case OCW2_NOP:
        break;
    }
}

static void chip_write_ocw3(struct chip *chip, uint8_t value)
{
    if (value & OCW3_ESMM)
        chip->special_mask = value & OCW3_SMM;
    if (value & OCW3_P)
        chip->poll = true;
    else if (value & OCW3_RR)
        chip->read_isr = value & OCW3_RIS;
}

/* The odd port: ICW2-4 in their order after ICW1, else the mask. */
static void chip_write_data(struct chip *chip, uint8_t value)
{
    bool want_icw4 = chip->icw1 & ICW1_IC4;

    switch ((enum next_write)chip->next) {
    case NEXT_OCW1:
        chip->imr = value;
        return;
    case NEXT_ICW2:
        chip->base = value & 0xF8;
        if (!(chip->icw1 & ICW1_SNGL))
            chip->next = NEXT_ICW3;
        else
            chip->next = want_icw4 ? NEXT_ICW4 : NEXT_OCW1;
        break;
    case NEXT_ICW3:
        chip->icw3 = value;
        chip->next = want_icw4 ? NEXT_ICW4 : NEXT_OCW1;
        break;
    case NEXT_ICW4:
        chip->icw4 = value;
        chip->next = NEXT_OCW1;
        break;
    }
    chip->ready = chip->next == NEXT_OCW1;
}

/* Offsets from 20h and A0h; the opaque is the pic, the chip is told by the
 * region. */
static void chip_write(struct pic *pic, unsigned index, uint64_t offset,
                       uint8_t value)
{
    struct chip *chip = &pic->chip[index];

    if (offset == 1) {
        chip_write_data(chip, value);
        if (chip->ready)
            LOG(pic->device.log, PIC, "chip %u: base %02X mask %02X", index,
                chip->base, chip->imr);
    } else if (value & ICW1_SELECT) {
        chip_write_icw1(chip, value);
        if (index == MASTER)
            chip_set_line(chip, CASCADE_PIN, false);
    } else if (value & OCW3_SELECT) {
        chip_write_ocw3(chip, value);
    } else {
        chip_write_ocw2(chip, value);
    }
    pic_update(pic);
}

/* A read after the poll command is an acknowledge (data sheet, "Poll"). */
static uint8_t chip_read_poll(struct pic *pic, struct chip *chip)
{
    int pin;

    chip->poll = false;
    if (chip == &pic->chip[SLAVE])
        pin = slave_accept(pic);
    else
        pin = chip_accept(pic, chip);
    pic_update(pic);
    return pin < 0 ? SPURIOUS_PIN : (uint8_t)(POLL_INTERRUPT | pin);
}

static uint8_t chip_read(struct pic *pic, unsigned index, uint64_t offset)
{
    struct chip *chip = &pic->chip[index];

    if (chip->poll)
        return chip_read_poll(pic, chip);
    if (offset == 1)
        return chip->imr;
    return chip->read_isr ? chip->isr : chip_irr(chip);
}

static uint64_t master_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return chip_read(opaque, MASTER, offset);
}

static void master_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    (void)size;
    chip_write(opaque, MASTER, offset, (uint8_t)value);
}

static uint64_t slave_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return chip_read(opaque, SLAVE, offset);
}

static void slave_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    (void)size;
    chip_write(opaque, SLAVE, offset, (uint8_t)value);
}

static uint64_t elcr_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pic *pic = opaque;

    (void)size;
    return pic->chip[offset].elcr;
}

static void elcr_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct pic *pic = opaque;

    (void)size;
    pic->chip[offset].elcr = (uint8_t)value & elcr_writable[offset];
    pic_update(pic);
}

static const struct region_ops command_ops[CHIPS] = {
    [MASTER] = {.read = master_read, .write = master_write, .max_size = 1},
    [SLAVE] = {.read = slave_read, .write = slave_write, .max_size = 1},
};

static const struct region_ops elcr_ops = {
    .read = elcr_read, .write = elcr_write, .max_size = 1};

/* The levels at the pins belong to the sources: those stay. */
static void pic_reset(struct device *device)
{
    struct pic *pic = (struct pic *)device;

    for (unsigned i = 0; i < CHIPS; i++) {
        uint8_t lines = pic->chip[i].lines;
        pic->chip[i] = (struct chip){.lines = lines, .lowest = 7};
    }
    chip_set_line(&pic->chip[MASTER], CASCADE_PIN, false);
    pic_update(pic);
}

static int pic_post_load(struct device *device, uint32_t version)
{
    struct pic *pic = (struct pic *)device;

    (void)version;
    for (unsigned i = 0; i < CHIPS; i++) {
        struct chip *chip = &pic->chip[i];
        chip->edges &= chip->lines;
        chip->elcr &= elcr_writable[i];
        chip->lowest &= 7;
        chip->base &= 0xF8;
        if (chip->next > NEXT_ICW4)
            return -1;
    }
    pic_update(pic);
    return 0;
}

static void pic_destroy(struct device *device)
{
    struct pic *pic = (struct pic *)device;

    addrspace_unmap(pic->ports, &pic->elcr);
    for (unsigned i = 0; i < CHIPS; i++)
        addrspace_unmap(pic->ports, &pic->command[i]);
    free(pic);
}

static void map_ports(struct pic *pic)
{
    static const uint16_t base[CHIPS] = {0x20, 0xA0};

    for (unsigned i = 0; i < CHIPS; i++) {
        pic->command[i] = (struct region){.name = "pic",
                                          .base = base[i],
                                          .size = 2,
                                          .kind = REGION_MMIO,
                                          .ops = &command_ops[i],
                                          .opaque = pic};
        addrspace_map(pic->ports, &pic->command[i]);
    }
    pic->elcr = (struct region){.name = "elcr",
                                .base = 0x4D0,
                                .size = 2,
                                .kind = REGION_MMIO,
                                .ops = &elcr_ops,
                                .opaque = pic};
    addrspace_map(pic->ports, &pic->elcr);
}

struct pic *pic_create(const struct pic_config *config)
{
    struct pic *pic = calloc(1, sizeof *pic);

    if (!pic)
        return NULL;
    device_init(&pic->device, &pic_i8259, "pic", config->log);
    pic->ports = config->ports;
    pic->intr = config->intr;
    map_ports(pic);
    pic_reset(&pic->device);
    return pic;
}

struct device *pic_device(struct pic *pic)
{
    return &pic->device;
}

const struct device_ops pic_i8259 = {
    .name = "pic",
    .description = "two Intel 8259A interrupt controllers",
    .version = 1,
    .fields = pic_fields,
    .reset = pic_reset,
    .post_load = pic_post_load,
    .destroy = pic_destroy,
};
