/* kbc_i8042.c - Intel 8042 as the keyboard and auxiliary controller.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller". Ports 60h data, 64h command and status.
 * IRQ 1 keyboard, IRQ 12 mouse.
 *
 * Modelled: command byte, all documented commands, translation of set 2 to
 * set 1, A20 and reset lines, the time a byte takes on its way from the
 * devices, answers of the controller ahead of them.
 * Not modelled: the input buffer is always empty at once; time-outs and
 * parity errors; the diagnostic dump (ACh); RAM beyond its 32 bytes; the
 * password checks no scan codes (A6h leaves the keyboard usable). */
#include "devices/kbc_i8042.h"

#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/ps2_queue.h"
#include "devices/ps2_scancodes.h"
#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    STATUS_OBF = 0x01,      /* output buffer full */
    STATUS_SYS = 0x04,      /* self test was passed */
    STATUS_COMMAND = 0x08,  /* last write was a command */
    STATUS_UNLOCKED = 0x10, /* the key lock is open */
    STATUS_AUX_OBF = 0x20,  /* the byte is of the mouse */

    CB_KEYBOARD_INT = 0x01,
    CB_AUX_INT = 0x02,
    CB_SYS = 0x04,
    CB_KEYBOARD_OFF = 0x10,
    CB_AUX_OFF = 0x20,
    CB_TRANSLATE = 0x40,
    CB_RESET = CB_KEYBOARD_INT | CB_AUX_OFF | CB_TRANSLATE,

    CMD_READ_RAM = 0x20,  /* 20-3F */
    CMD_WRITE_RAM = 0x60, /* 60-7F, byte 0 is the command byte */
    CMD_TEST_PASSWORD = 0xA4,
    CMD_LOAD_PASSWORD = 0xA5,
    CMD_ENABLE_PASSWORD = 0xA6,
    CMD_AUX_OFF = 0xA7,
    CMD_AUX_ON = 0xA8,
    CMD_AUX_TEST = 0xA9,
    CMD_SELF_TEST = 0xAA,
    CMD_KEYBOARD_TEST = 0xAB,
    CMD_KEYBOARD_OFF = 0xAD,
    CMD_KEYBOARD_ON = 0xAE,
    CMD_READ_INPUT = 0xC0,
    CMD_POLL_INPUT_LOW = 0xC1,
    CMD_POLL_INPUT_HIGH = 0xC2,
    CMD_READ_OUTPUT = 0xD0,
    CMD_WRITE_OUTPUT = 0xD1,
    CMD_WRITE_KEYBOARD_BUFFER = 0xD2, /* as if the keyboard sent it */
    CMD_WRITE_AUX_BUFFER = 0xD3,      /* as if the mouse sent it */
    CMD_WRITE_AUX = 0xD4,             /* to the mouse */
    CMD_A20_OFF = 0xDD,
    CMD_A20_ON = 0xDF,
    CMD_READ_TEST = 0xE0,
    CMD_PULSE = 0xF0, /* F0-FF */

    SELF_TEST_OK = 0x55,
    PASSWORD_NONE = 0xF1,
    INPUT_PORT = 0xA0, /* unlocked, colour switch as on later boards */
    OUT_RUN = 0x01,    /* low = reset */
    OUT_A20 = 0x02,
    OUT_KEYBOARD_INT = 0x10,
    OUT_AUX_INT = 0x20,
    OUT_COMPUTED = OUT_A20 | OUT_KEYBOARD_INT | OUT_AUX_INT,
    OUT_RESET = 0xC0 | OUT_A20 | OUT_RUN,
    SET2_BREAK = 0xF0,

    BYTE_NS = 250000, /* from a device to the output buffer */
    RAM_SIZE = 32,
};

/* Where a byte in the output buffer comes from. */
enum source { FROM_CONTROLLER, FROM_KEYBOARD, FROM_AUX };

/* RAM byte 0 is the command byte. Answers that wait for the output buffer
 * are pairs of source and byte. `byte_at` is when the next byte of a device
 * arrives, SCHED_NEVER if none is on its way. */
struct kbc {
    struct device device;
    struct ps2_queue answers;
    uint64_t byte_at; /* ns */
    uint8_t ram[RAM_SIZE];
    uint8_t command; /* waits for its argument at port 60h, 0 = none */
    uint8_t output;  /* output port; OUT_COMPUTED come from elsewhere */
    uint8_t data;    /* output buffer */
    bool full, from_aux;
    bool last_command; /* the last write went to port 64h */
    bool tested;       /* SYS */
    bool broke;        /* translation swallowed F0h */

    /* TRANSIENT */
    struct addrspace *ports;
    struct sched *sched;
    struct irq *keyboard_irq, *mouse_irq;
    struct ps2_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct event event;
    struct region data_region, command_region;
    void (*set_a20)(void *opaque, bool on);
    bool (*get_a20)(void *opaque);
    void (*reset)(void *opaque);
    void *opaque;
};

/* clang-format off */
static const struct state_field kbc_fields[] = {
    PS2_QUEUE_FIELDS(struct kbc, answers),
    FIELD(struct kbc, U64, byte_at),
    FIELD_ARRAY(struct kbc, U8, ram),
    FIELD(struct kbc, U8, command),
    FIELD(struct kbc, U8, output),
    FIELD(struct kbc, U8, data),
    FIELD(struct kbc, BOOL, full),
    FIELD(struct kbc, BOOL, from_aux),
    FIELD(struct kbc, BOOL, last_command),
    FIELD(struct kbc, BOOL, tested),
    FIELD(struct kbc, BOOL, broke),
    FIELD_END,
};
/* clang-format on */

static void kbc_update_irqs(struct kbc *kbc)
{
    irq_set(kbc->keyboard_irq,
            kbc->full && !kbc->from_aux && kbc->ram[0] & CB_KEYBOARD_INT);
    irq_set(kbc->mouse_irq,
            kbc->full && kbc->from_aux && kbc->ram[0] & CB_AUX_INT);
}

static bool keyboard_waits(const struct kbc *kbc)
{
    return !(kbc->ram[0] & CB_KEYBOARD_OFF) && keyboard_has_data(kbc->keyboard);
}

static bool mouse_waits(const struct kbc *kbc)
{
    return !(kbc->ram[0] & CB_AUX_OFF) && mouse_has_data(kbc->mouse);
}

static void fill(struct kbc *kbc, enum source source, uint8_t byte)
{
    kbc->data = byte;
    kbc->full = true;
    kbc->from_aux = source == FROM_AUX;
    kbc_update_irqs(kbc);
}

/* Give the output buffer what is due next: answers at once, bytes of the
 * devices after their way over the wire. */
static void kbc_pump(struct kbc *kbc)
{
    if (!kbc->full && kbc->answers.count >= 2) {
        enum source source = (enum source)ps2_queue_get(&kbc->answers);
        fill(kbc, source, ps2_queue_get(&kbc->answers));
    }
    if (!kbc->full && kbc->byte_at == SCHED_NEVER &&
        (keyboard_waits(kbc) || mouse_waits(kbc))) {
        kbc->byte_at = sched_now(kbc->sched) + BYTE_NS;
        event_arm(kbc->sched, &kbc->event, kbc->byte_at);
    }
}

static void device_ready(void *opaque)
{
    kbc_pump(opaque);
}

/* One byte through the translation; false if it makes none (F0h). */
static bool translate(struct kbc *kbc, uint8_t *byte)
{
    if (!(kbc->ram[0] & CB_TRANSLATE))
        return true;
    if (*byte == SET2_BREAK) {
        kbc->broke = true;
        return false;
    }
    *byte = scancode_set1(*byte);
    if (kbc->broke)
        *byte |= 0x80;
    kbc->broke = false;
    return true;
}

/* A byte arrived. The keyboard goes first; F0h is followed at once by the
 * code it belongs to. */
static void byte_fire(void *opaque)
{
    struct kbc *kbc = opaque;
    uint8_t byte;

    kbc->byte_at = SCHED_NEVER;
    while (!kbc->full && keyboard_waits(kbc)) {
        byte = keyboard_read(kbc->keyboard);
        if (translate(kbc, &byte))
            fill(kbc, FROM_KEYBOARD, byte);
    }
    if (!kbc->full && mouse_waits(kbc))
        fill(kbc, FROM_AUX, mouse_read(kbc->mouse));
    kbc_pump(kbc);
}

/* A byte of the controller itself. */
static void answer(struct kbc *kbc, enum source source, uint8_t byte)
{
    if (kbc->answers.count + 2 > PS2_QUEUE_SIZE) {
        LOG(kbc->device.log, GUEST_ERROR, "kbc: nobody reads the answers");
        return;
    }
    ps2_queue_put(&kbc->answers, (uint8_t)source);
    ps2_queue_put(&kbc->answers, byte);
    kbc_pump(kbc);
}

static void pull_reset(struct kbc *kbc)
{
    LOG(kbc->device.log, KBC, "reset by the output port");
    if (kbc->reset)
        kbc->reset(kbc->opaque);
}

static void write_output(struct kbc *kbc, uint8_t value)
{
    /* The reset line stays up for us: the pulse has its effect at once. */
    kbc->output = value | OUT_RUN;
    kbc->set_a20(kbc->opaque, value & OUT_A20);
    if (!(value & OUT_RUN))
        pull_reset(kbc);
}

static uint8_t read_output(const struct kbc *kbc)
{
    uint8_t value = kbc->output & (uint8_t)~OUT_COMPUTED;

    if (kbc->get_a20(kbc->opaque))
        value |= OUT_A20;
    if (kbc->full)
        value |= kbc->from_aux ? OUT_AUX_INT : OUT_KEYBOARD_INT;
    return value;
}

static void set_command_byte(struct kbc *kbc, uint8_t value)
{
    kbc->ram[0] = value;
    kbc->tested = value & CB_SYS;
    kbc_update_irqs(kbc);
    kbc_pump(kbc);
}

static void set_interface(struct kbc *kbc, uint8_t bit, bool off)
{
    set_command_byte(kbc,
                     off ? kbc->ram[0] | bit : kbc->ram[0] & (uint8_t)~bit);
}

/* A command's byte at port 60h; without a command it is for the keyboard.
 * Writing to a device starts its clock again. */
static void kbc_write_data(struct kbc *kbc, uint8_t value)
{
    uint8_t command = kbc->command;

    kbc->last_command = false;
    kbc->command = 0;
    switch (command) {
    case 0:
        set_interface(kbc, CB_KEYBOARD_OFF, false);
        keyboard_write(kbc->keyboard, value);
        break;
    case CMD_LOAD_PASSWORD: /* up to a byte of 0 */
        if (value)
            kbc->command = command;
        break;
    case CMD_WRITE_OUTPUT:
        write_output(kbc, value);
        break;
    case CMD_WRITE_KEYBOARD_BUFFER:
        answer(kbc, FROM_KEYBOARD, value);
        break;
    case CMD_WRITE_AUX_BUFFER:
        answer(kbc, FROM_AUX, value);
        break;
    case CMD_WRITE_AUX:
        set_interface(kbc, CB_AUX_OFF, false);
        mouse_write(kbc->mouse, value);
        break;
    case CMD_WRITE_RAM:
        set_command_byte(kbc, value);
        break;
    default:
        kbc->ram[command & (RAM_SIZE - 1)] = value;
        break;
    }
}

/* The test takes the place of all that was under way. */
static void self_test(struct kbc *kbc)
{
    ps2_queue_clear(&kbc->answers);
    kbc->full = false;
    kbc->broke = false;
    kbc->ram[0] |= CB_SYS;
    kbc->tested = true;
    kbc_update_irqs(kbc);
    answer(kbc, FROM_CONTROLLER, SELF_TEST_OK);
}

static void kbc_range_command(struct kbc *kbc, uint8_t command)
{
    if (command >= CMD_PULSE) {
        /* Bits 0-3 low: pulse that output line. Only reset shows. */
        if (!(command & OUT_RUN))
            pull_reset(kbc);
    } else if (command >= CMD_READ_RAM && command < CMD_READ_RAM + RAM_SIZE) {
        answer(kbc, FROM_CONTROLLER, kbc->ram[command - CMD_READ_RAM]);
    } else if (command >= CMD_WRITE_RAM && command < CMD_WRITE_RAM + RAM_SIZE) {
        kbc->command = command;
    } else {
        LOG(kbc->device.log, UNIMP, "kbc: command %02X", command);
    }
}

/* A new command forgets one that waits for its byte. */
static void kbc_write_command(struct kbc *kbc, uint8_t command)
{
    kbc->last_command = true;
    kbc->command = 0;
    switch (command) {
    case CMD_TEST_PASSWORD:
        answer(kbc, FROM_CONTROLLER, PASSWORD_NONE);
        break;
    case CMD_ENABLE_PASSWORD: /* none is installed */
        break;
    case CMD_AUX_OFF:
    case CMD_AUX_ON:
        set_interface(kbc, CB_AUX_OFF, command == CMD_AUX_OFF);
        break;
    case CMD_KEYBOARD_OFF:
    case CMD_KEYBOARD_ON:
        set_interface(kbc, CB_KEYBOARD_OFF, command == CMD_KEYBOARD_OFF);
        break;
    case CMD_SELF_TEST:
        self_test(kbc);
        break;
    case CMD_AUX_TEST:
    case CMD_KEYBOARD_TEST:
    case CMD_READ_TEST:
        answer(kbc, FROM_CONTROLLER, 0);
        break;
    case CMD_READ_INPUT:
    case CMD_POLL_INPUT_LOW:
    case CMD_POLL_INPUT_HIGH:
        answer(kbc, FROM_CONTROLLER, INPUT_PORT);
        break;
    case CMD_READ_OUTPUT:
        answer(kbc, FROM_CONTROLLER, read_output(kbc));
        break;
    case CMD_LOAD_PASSWORD:
    case CMD_WRITE_OUTPUT:
    case CMD_WRITE_KEYBOARD_BUFFER:
    case CMD_WRITE_AUX_BUFFER:
    case CMD_WRITE_AUX:
        kbc->command = command;
        break;
    case CMD_A20_OFF:
        write_output(kbc, read_output(kbc) & (uint8_t)~OUT_A20);
        break;
    case CMD_A20_ON:
        write_output(kbc, read_output(kbc) | OUT_A20);
        break;
    default:
        kbc_range_command(kbc, command);
        break;
    }
}

static uint64_t data_read(void *opaque, uint64_t offset, unsigned size)
{
    struct kbc *kbc = opaque;
    uint8_t value = kbc->data;

    (void)offset;
    (void)size;
    kbc->full = false;
    kbc->from_aux = false;
    kbc_update_irqs(kbc);
    kbc_pump(kbc);
    return value;
}

static void data_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    (void)offset;
    (void)size;
    kbc_write_data(opaque, (uint8_t)value);
}

static uint64_t status_read(void *opaque, uint64_t offset, unsigned size)
{
    const struct kbc *kbc = opaque;

    (void)offset;
    (void)size;
    return STATUS_UNLOCKED | (kbc->full ? STATUS_OBF : 0u) |
           (kbc->from_aux ? STATUS_AUX_OBF : 0u) |
           (kbc->tested ? STATUS_SYS : 0u) |
           (kbc->last_command ? STATUS_COMMAND : 0u);
}

static void command_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    (void)offset;
    (void)size;
    kbc_write_command(opaque, (uint8_t)value);
}

static const struct region_ops data_ops = {
    .read = data_read, .write = data_write, .max_size = 1};

static const struct region_ops command_ops = {
    .read = status_read, .write = command_write, .max_size = 1};

/* The controller comes up with A20 on, keyboard on and translation on; the
 * firmware's self test raises SYS. */
static void kbc_reset(struct device *device)
{
    struct kbc *kbc = (struct kbc *)device;

    ps2_queue_clear(&kbc->answers);
    memset(kbc->ram, 0, sizeof kbc->ram);
    kbc->ram[0] = CB_RESET;
    kbc->command = 0;
    kbc->output = OUT_RESET;
    kbc->data = 0;
    kbc->full = kbc->from_aux = false;
    kbc->last_command = kbc->tested = kbc->broke = false;
    kbc->byte_at = SCHED_NEVER;
    event_cancel(kbc->sched, &kbc->event);
    kbc->set_a20(kbc->opaque, true);
    kbc_update_irqs(kbc);
    kbc_pump(kbc);
}

static int kbc_post_load(struct device *device, uint32_t version)
{
    struct kbc *kbc = (struct kbc *)device;

    (void)version;
    if (!ps2_queue_valid(&kbc->answers))
        return -1;
    event_arm(kbc->sched, &kbc->event, kbc->byte_at);
    kbc_update_irqs(kbc);
    return 0;
}

static void kbc_destroy(struct device *device)
{
    struct kbc *kbc = (struct kbc *)device;

    keyboard_listen(kbc->keyboard, NULL, NULL);
    mouse_listen(kbc->mouse, NULL, NULL);
    event_free(kbc->sched, &kbc->event);
    addrspace_unmap(kbc->ports, &kbc->data_region);
    addrspace_unmap(kbc->ports, &kbc->command_region);
    free(kbc);
}

static void map_port(struct kbc *kbc, struct region *region, uint64_t port,
                     const struct region_ops *ops)
{
    *region = (struct region){.name = "kbc",
                              .base = port,
                              .size = 1,
                              .kind = REGION_MMIO,
                              .ops = ops,
                              .opaque = kbc};
    addrspace_map(kbc->ports, region);
}

struct kbc *kbc_create(const struct kbc_config *config)
{
    struct kbc *kbc = calloc(1, sizeof *kbc);

    if (!kbc)
        return NULL;
    device_init(&kbc->device, &kbc_i8042, "kbc", config->log);
    kbc->ports = config->ports;
    kbc->sched = config->sched;
    kbc->keyboard_irq = config->keyboard_irq;
    kbc->mouse_irq = config->mouse_irq;
    kbc->keyboard = config->keyboard;
    kbc->mouse = config->mouse;
    kbc->set_a20 = config->set_a20;
    kbc->get_a20 = config->get_a20;
    kbc->reset = config->reset;
    kbc->opaque = config->opaque;
    event_init(kbc->sched, &kbc->event, "kbc", byte_fire, kbc);
    map_port(kbc, &kbc->data_region, 0x60, &data_ops);
    map_port(kbc, &kbc->command_region, 0x64, &command_ops);
    keyboard_listen(kbc->keyboard, device_ready, kbc);
    mouse_listen(kbc->mouse, device_ready, kbc);
    kbc_reset(&kbc->device);
    return kbc;
}

struct device *kbc_device(struct kbc *kbc)
{
    return &kbc->device;
}

const struct device_ops kbc_i8042 = {
    .name = "kbc",
    .description = "Intel 8042 keyboard controller",
    .version = 1,
    .fields = kbc_fields,
    .reset = kbc_reset,
    .post_load = kbc_post_load,
    .destroy = kbc_destroy,
};
