/* ps2_mouse.c - PS/2 mouse with the IntelliMouse extensions.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Mouse";
 * Microsoft, "IntelliMouse and five-button mouse" (ids 3 and 4, unlocked by
 * the sample rates 200-100-80 and 200-200-80).
 *
 * Modelled: stream, remote and wrap mode, sample rate, scaling 2:1, all
 * commands, wheel, side buttons. A packet starts when the one before has
 * left; motion meanwhile adds up, and what exceeds a packet waits for the
 * next.
 * Not modelled: resolution (reported, but a count is a count of the host),
 * the time of the self test, overflow bits (nothing overflows). */
#include "devices/ps2_mouse.h"

#include "devices/ps2_queue.h"

#include <stdlib.h>

enum {
    CMD_SCALING_1_1 = 0xE6,
    CMD_SCALING_2_1 = 0xE7,
    CMD_SET_RESOLUTION = 0xE8,
    CMD_STATUS = 0xE9,     /* three bytes */
    CMD_STREAM = 0xEA,     /* packets come unasked */
    CMD_READ_DATA = 0xEB,  /* one packet */
    CMD_RESET_WRAP = 0xEC, /* back from wrap mode */
    CMD_WRAP = 0xEE,       /* echo everything */
    CMD_REMOTE = 0xF0,     /* packets only on CMD_READ_DATA */
    CMD_READ_ID = 0xF2,
    CMD_SET_RATE = 0xF3, /* samples per second */
    CMD_ENABLE = 0xF4,
    CMD_DISABLE = 0xF5,
    CMD_DEFAULTS = 0xF6, /* and disable */
    CMD_RESEND = 0xFE,   /* last byte again */
    CMD_RESET = 0xFF,

    REPLY_ACK = 0xFA,
    REPLY_RESEND = 0xFE,
    REPLY_ERROR = 0xFC,
    REPLY_SELF_TEST = 0xAA,

    STATUS_REMOTE = 0x40,
    STATUS_ENABLED = 0x20,
    STATUS_SCALING = 0x10,
    PACKET_ONE = 0x08,
    PACKET_X_SIGN = 0x10,
    PACKET_Y_SIGN = 0x20,
    BUTTON_LEFT = 1,
    BUTTON_RIGHT = 2,
    BUTTON_MIDDLE = 4,
    BUTTONS = 0x1F,

    ID_PLAIN = 0,
    ID_WHEEL = 3,
    ID_FIVE_BUTTONS = 4,
    RATE_DEFAULT = 100,
    RESOLUTION_DEFAULT = 2, /* 4 counts per mm */
    LARGEST_MOVE = 255,
    MOST_MOTION = 0x7FFF, /* kept while nobody reads */
};

/* Motion not yet sent is in dx, dy (upwards) and dz, two's complement. The
 * sample event is armed for `sample_at` while a packet may not start. */
struct ps2_mouse {
    struct device device;
    struct ps2_queue out;
    uint64_t sample_at; /* ns; SCHED_NEVER = may start at once */
    uint32_t dx, dy, dz;
    uint8_t buttons, sent_buttons;
    uint8_t command; /* waits for its argument, 0 = none */
    uint8_t rate, resolution, id;
    uint8_t knock[2]; /* sample rates set before */
    uint8_t last;     /* byte sent, for resend */
    bool enabled, remote, wrap, scaling;

    /* TRANSIENT */
    struct sched *sched;
    struct event event;
    void (*ready)(void *opaque);
    void *opaque;
};

/* clang-format off */
static const struct state_field mouse_fields[] = {
    PS2_QUEUE_FIELDS(struct ps2_mouse, out),
    FIELD(struct ps2_mouse, U64, sample_at),
    FIELD(struct ps2_mouse, U32, dx),
    FIELD(struct ps2_mouse, U32, dy),
    FIELD(struct ps2_mouse, U32, dz),
    FIELD(struct ps2_mouse, U8, buttons),
    FIELD(struct ps2_mouse, U8, sent_buttons),
    FIELD(struct ps2_mouse, U8, command),
    FIELD(struct ps2_mouse, U8, rate),
    FIELD(struct ps2_mouse, U8, resolution),
    FIELD(struct ps2_mouse, U8, id),
    FIELD_ARRAY(struct ps2_mouse, U8, knock),
    FIELD(struct ps2_mouse, U8, last),
    FIELD(struct ps2_mouse, BOOL, enabled),
    FIELD(struct ps2_mouse, BOOL, remote),
    FIELD(struct ps2_mouse, BOOL, wrap),
    FIELD(struct ps2_mouse, BOOL, scaling),
    FIELD_END,
};
/* clang-format on */

static void tell_ready(struct ps2_mouse *mouse)
{
    if (mouse->ready)
        mouse->ready(mouse->opaque);
}

static int clamp(int64_t value, int low, int high)
{
    return value < low ? low : value > high ? high : (int)value;
}

static void accumulate(uint32_t *sum, int delta)
{
    int64_t total = (int64_t)(int32_t)*sum + delta;

    *sum = (uint32_t)clamp(total, -MOST_MOTION, MOST_MOTION);
}

/* Take as much of a sum as a packet holds. */
static int take(uint32_t *sum, int low, int high)
{
    int part = clamp((int32_t)*sum, low, high);

    *sum -= (uint32_t)part;
    return part;
}

/* Scaling 2:1: manual, "Set Scaling 2:1". */
static int scale(const struct ps2_mouse *mouse, int counts)
{
    static const uint8_t small[] = {0, 1, 1, 3, 6, 9};
    int size = counts < 0 ? -counts : counts;

    if (!mouse->scaling || mouse->remote)
        return counts;
    size = size < (int)sizeof small ? small[size] : 2 * size;
    return clamp(counts < 0 ? -size : size, -256, LARGEST_MOVE);
}

/* ---------------------------------------------------------------- packets */

static void put(struct ps2_mouse *mouse, uint8_t byte)
{
    ps2_queue_put(&mouse->out, byte);
}

static void put_packet(struct ps2_mouse *mouse)
{
    int x = scale(mouse, take(&mouse->dx, -256, LARGEST_MOVE));
    int y = scale(mouse, take(&mouse->dy, -256, LARGEST_MOVE));
    int z;

    put(mouse,
        (uint8_t)(PACKET_ONE | (mouse->buttons & 7) |
                  (x < 0 ? PACKET_X_SIGN : 0) | (y < 0 ? PACKET_Y_SIGN : 0)));
    put(mouse, (uint8_t)x);
    put(mouse, (uint8_t)y);
    mouse->sent_buttons = mouse->buttons;
    if (mouse->id == ID_PLAIN) {
        mouse->dz = 0;
        return;
    }
    z = take(&mouse->dz, -8, 7);
    if (mouse->id == ID_WHEEL)
        put(mouse, (uint8_t)z);
    else
        put(mouse, (uint8_t)((z & 15) | (mouse->buttons & 0x18) << 1));
}

static bool motion_waits(const struct ps2_mouse *mouse)
{
    uint8_t seen = mouse->id == ID_FIVE_BUTTONS ? BUTTONS : 7;

    return mouse->dx || mouse->dy || (mouse->dz && mouse->id != ID_PLAIN) ||
           ((mouse->buttons ^ mouse->sent_buttons) & seen);
}

static void arm_sample(struct ps2_mouse *mouse)
{
    uint64_t rate = mouse->rate ? mouse->rate : RATE_DEFAULT;

    mouse->sample_at = sched_now(mouse->sched) + NS_PER_SEC / rate;
    event_arm(mouse->sched, &mouse->event, mouse->sample_at);
}

/* Start a packet in stream mode if there is something to tell, the sample
 * interval is over and the packet before has left. */
static void stream(struct ps2_mouse *mouse)
{
    if (!mouse->enabled || mouse->remote || mouse->wrap || mouse->command ||
        mouse->sample_at != SCHED_NEVER || !motion_waits(mouse))
        return;
    if (!mouse->out.count) {
        put_packet(mouse);
        tell_ready(mouse);
    }
    arm_sample(mouse);
}

static void sample_fire(void *opaque)
{
    struct ps2_mouse *mouse = opaque;

    mouse->sample_at = SCHED_NEVER;
    stream(mouse);
}

/* Far more than a hand can move is cut off. */
void mouse_move(struct ps2_mouse *mouse, int dx, int dy, int dz,
                unsigned buttons)
{
    accumulate(&mouse->dx, clamp(dx, -MOST_MOTION, MOST_MOTION));
    accumulate(&mouse->dy, -clamp(dy, -MOST_MOTION, MOST_MOTION));
    accumulate(&mouse->dz, clamp(dz, -MOST_MOTION, MOST_MOTION));
    mouse->buttons = buttons & BUTTONS;
    stream(mouse);
}

/* --------------------------------------------------------------- commands */

static void forget_motion(struct ps2_mouse *mouse)
{
    mouse->dx = mouse->dy = mouse->dz = 0;
    mouse->sent_buttons = mouse->buttons;
}

static void set_defaults(struct ps2_mouse *mouse)
{
    forget_motion(mouse);
    mouse->rate = RATE_DEFAULT;
    mouse->resolution = RESOLUTION_DEFAULT;
    mouse->enabled = mouse->remote = mouse->wrap = mouse->scaling = false;
}

/* Microsoft's knock for the extensions. */
static void set_rate(struct ps2_mouse *mouse, uint8_t rate)
{
    if (mouse->knock[0] == 200 && rate == 80) {
        if (mouse->knock[1] == 100 && mouse->id == ID_PLAIN)
            mouse->id = ID_WHEEL;
        else if (mouse->knock[1] == 200)
            mouse->id = ID_FIVE_BUTTONS;
    }
    mouse->knock[0] = mouse->knock[1];
    mouse->knock[1] = rate;
    mouse->rate = rate;
}

static void take_argument(struct ps2_mouse *mouse, uint8_t value)
{
    uint8_t command = mouse->command;

    mouse->command = 0;
    if (command == CMD_SET_RESOLUTION && value > 3) {
        put(mouse, REPLY_ERROR);
        return;
    }
    if (command == CMD_SET_RESOLUTION)
        mouse->resolution = value;
    else
        set_rate(mouse, value);
    put(mouse, REPLY_ACK);
}

static void put_status(struct ps2_mouse *mouse)
{
    uint8_t b = mouse->buttons;

    put(mouse,
        (uint8_t)((mouse->remote ? STATUS_REMOTE : 0) |
                  (mouse->enabled ? STATUS_ENABLED : 0) |
                  (mouse->scaling ? STATUS_SCALING : 0) |
                  (b & BUTTON_LEFT ? 4 : 0) | (b & BUTTON_MIDDLE ? 2 : 0) |
                  (b & BUTTON_RIGHT ? 1 : 0)));
    put(mouse, mouse->resolution);
    put(mouse, mouse->rate);
}

/* Commands that answer with more than the acknowledge. */
static void answer(struct ps2_mouse *mouse, uint8_t command)
{
    switch (command) {
    case CMD_STATUS:
        put_status(mouse);
        break;
    case CMD_READ_DATA:
        put_packet(mouse);
        break;
    case CMD_READ_ID:
        put(mouse, mouse->id);
        break;
    case CMD_RESET:
        set_defaults(mouse);
        mouse->id = ID_PLAIN;
        put(mouse, REPLY_SELF_TEST);
        put(mouse, mouse->id);
        break;
    default:
        break;
    }
}

static void take_command(struct ps2_mouse *mouse, uint8_t command)
{
    mouse->command = 0;
    switch (command) {
    case CMD_SCALING_1_1:
    case CMD_SCALING_2_1:
        mouse->scaling = command == CMD_SCALING_2_1;
        break;
    case CMD_SET_RESOLUTION:
    case CMD_SET_RATE:
        mouse->command = command;
        break;
    case CMD_STREAM:
    case CMD_REMOTE:
        mouse->remote = command == CMD_REMOTE;
        forget_motion(mouse);
        break;
    case CMD_RESET_WRAP:
    case CMD_WRAP:
        mouse->wrap = command == CMD_WRAP;
        forget_motion(mouse);
        break;
    case CMD_ENABLE:
    case CMD_DISABLE:
        mouse->enabled = command == CMD_ENABLE;
        forget_motion(mouse);
        break;
    case CMD_DEFAULTS:
        set_defaults(mouse);
        break;
    case CMD_RESEND:
        put(mouse, mouse->last);
        return;
    case CMD_STATUS:
    case CMD_READ_DATA:
    case CMD_READ_ID:
    case CMD_RESET:
        break;
    default:
        LOG(mouse->device.log, KBC, "mouse: command %02X", command);
        put(mouse, REPLY_RESEND);
        return;
    }
    put(mouse, REPLY_ACK);
    answer(mouse, command);
}

/* A byte from the controller cuts off what was still to be sent. */
void mouse_write(struct ps2_mouse *mouse, uint8_t byte)
{
    ps2_queue_clear(&mouse->out);
    if (mouse->wrap && byte != CMD_RESET && byte != CMD_RESET_WRAP)
        put(mouse, byte);
    else if (mouse->command && byte < CMD_SCALING_1_1)
        take_argument(mouse, byte);
    else
        take_command(mouse, byte);
    tell_ready(mouse);
}

bool mouse_has_data(const struct ps2_mouse *mouse)
{
    return mouse->out.count;
}

uint8_t mouse_read(struct ps2_mouse *mouse)
{
    if (mouse->out.count)
        mouse->last = ps2_queue_get(&mouse->out);
    return mouse->last;
}

void mouse_listen(struct ps2_mouse *mouse, void (*ready)(void *opaque),
                  void *opaque)
{
    mouse->ready = ready;
    mouse->opaque = opaque;
}

/* Power-on; no self test result is sent unasked. */
static void mouse_reset(struct device *device)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;

    ps2_queue_clear(&mouse->out);
    set_defaults(mouse);
    mouse->id = ID_PLAIN;
    mouse->command = 0;
    mouse->last = 0;
    memset(mouse->knock, 0, sizeof mouse->knock);
    mouse->sample_at = SCHED_NEVER;
    event_cancel(mouse->sched, &mouse->event);
}

static int mouse_post_load(struct device *device, uint32_t version)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;

    (void)version;
    if (!ps2_queue_valid(&mouse->out))
        return -1;
    event_arm(mouse->sched, &mouse->event, mouse->sample_at);
    return 0;
}

static void mouse_destroy(struct device *device)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;

    event_free(mouse->sched, &mouse->event);
    free(mouse);
}

struct ps2_mouse *mouse_create(const struct mouse_config *config)
{
    struct ps2_mouse *mouse = calloc(1, sizeof *mouse);

    if (!mouse)
        return NULL;
    device_init(&mouse->device, &ps2_mouse, "mouse", config->log);
    mouse->sched = config->sched;
    event_init(mouse->sched, &mouse->event, "mouse", sample_fire, mouse);
    mouse_reset(&mouse->device);
    return mouse;
}

struct device *mouse_device(struct ps2_mouse *mouse)
{
    return &mouse->device;
}

const struct device_ops ps2_mouse = {
    .name = "mouse",
    .description = "PS/2 mouse",
    .version = 1,
    .fields = mouse_fields,
    .reset = mouse_reset,
    .post_load = mouse_post_load,
    .destroy = mouse_destroy,
};
