/* ps2_keyboard.c - IBM enhanced keyboard (101/102 keys and Windows keys).
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Keyboard (101-
 * and 102-key)". Talks to the 8042 byte by byte.
 *
 * Modelled: scan code sets 1, 2 and 3, typematic repeat with delay and
 * rate, LEDs, all commands, the 16-byte buffer with overrun code, key types
 * of set 3, the sequences of Pause, Print Screen and of the grey keys under
 * Shift and Num Lock.
 * Not modelled: the time of the self test (its result follows at once; at
 * power-on none is sent), parity errors. */
#include "devices/ps2_keyboard.h"

#include "devices/ps2_queue.h"
#include "devices/ps2_scancodes.h"

#include <stdlib.h>

enum {
    CMD_SET_LEDS = 0xED, /* argument: LED bits */
    CMD_ECHO = 0xEE,
    CMD_SCAN_SET = 0xF0, /* argument: 1-3, or 0 to ask */
    CMD_READ_ID = 0xF2,
    CMD_SET_RATE = 0xF3, /* argument: delay and rate */
    CMD_ENABLE = 0xF4,   /* scanning */
    CMD_DEFAULT_DISABLE = 0xF5,
    CMD_SET_DEFAULT = 0xF6,
    CMD_ALL_TYPEMATIC = 0xF7, /* F7-FA: types of all keys (set 3) */
    CMD_ALL_MAKE_BREAK = 0xF8,
    CMD_ALL_MAKE = 0xF9,
    CMD_ALL_TYPEMATIC_BREAK = 0xFA,
    CMD_KEY_TYPEMATIC = 0xFB, /* FB-FD: types of the keys that follow */
    CMD_KEY_MAKE_BREAK = 0xFC,
    CMD_KEY_MAKE = 0xFD,
    CMD_RESEND = 0xFE, /* last byte again */
    CMD_RESET = 0xFF,

    REPLY_ACK = 0xFA,
    REPLY_RESEND = 0xFE,
    REPLY_SELF_TEST = 0xAA,

    LED_NUM = 0x02,
    LEDS = 0x07,
    RATE_DEFAULT = 0x2B, /* 10.9 per second after 500 ms */

    CODE_PAUSE = 0xE11D,
    CODE_E0 = 0xE000,
    /* Key numbers (ps2_scancodes.h). */
    KEY_LEFT_SHIFT = 0x2A,
    KEY_RIGHT_SHIFT = 0x36,
    KEY_LEFT_CTRL = 0x1D,
    KEY_LEFT_ALT = 0x38,
    KEY_PRINT = KEY_WITH_E0 | 0x37,
    KEY_KEYPAD_DIVIDE = KEY_WITH_E0 | 0x35,
    LONGEST_KEY = 8, /* bytes of Pause in set 2 */
};

/* Set 3 types: what a key sends besides its make code. */
enum { TYPE_BREAK = 1, TYPE_REPEAT = 2 };

/* Replies go before keys. `repeat` is the index of the key that repeats, 0
 * for none; then the repeat event is armed for `repeat_at`. */
struct ps2_keyboard {
    struct device device;
    struct ps2_queue keys, replies;
    uint64_t repeat_at; /* ns */
    uint8_t down[KEY_NUMBERS / 8];
    uint8_t type[SET3_CODES];
    uint8_t repeat;
    uint8_t command; /* waits for its argument, 0 = none */
    uint8_t leds, rate, set;
    uint8_t last; /* byte sent, for resend */
    bool enabled;

    /* TRANSIENT */
    struct sched *sched;
    struct event event;
    void (*ready)(void *opaque);
    void *opaque;
};

/* clang-format off */
static const struct state_field keyboard_fields[] = {
    PS2_QUEUE_FIELDS(struct ps2_keyboard, keys),
    PS2_QUEUE_FIELDS(struct ps2_keyboard, replies),
    FIELD(struct ps2_keyboard, U64, repeat_at),
    FIELD_ARRAY(struct ps2_keyboard, U8, down),
    FIELD_ARRAY(struct ps2_keyboard, U8, type),
    FIELD(struct ps2_keyboard, U8, repeat),
    FIELD(struct ps2_keyboard, U8, command),
    FIELD(struct ps2_keyboard, U8, leds),
    FIELD(struct ps2_keyboard, U8, rate),
    FIELD(struct ps2_keyboard, U8, set),
    FIELD(struct ps2_keyboard, U8, last),
    FIELD(struct ps2_keyboard, BOOL, enabled),
    FIELD_END,
};
/* clang-format on */

/* Power-on types of set 3; all others repeat and have no break code. */
static const uint8_t make_break_only[] = {0x11, 0x12, 0x14, 0x19, 0x59};
static const uint8_t make_only[] = {
    0x07, 0x08, 0x0F, 0x17, 0x1F, 0x27, 0x2F, 0x37, 0x39, 0x3F, 0x47,
    0x4F, 0x56, 0x57, 0x58, 0x5E, 0x5F, 0x62, 0x65, 0x67, 0x6C, 0x6D,
    0x6E, 0x6F, 0x70, 0x69, 0x6B, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x79, 0x7A, 0x7D, 0x7E, 0x84, 0x8B, 0x8C, 0x8D};

/* Bytes of one key movement, put into the buffer as a whole. */
struct sequence {
    uint8_t data[2 * LONGEST_KEY];
    unsigned count;
};

/* ------------------------------------------------- from keys to sequences */

static bool is_down(const struct ps2_keyboard *kb, unsigned index)
{
    return kb->down[index / 8] >> index % 8 & 1;
}

static void tell_ready(struct ps2_keyboard *kb)
{
    if (kb->ready)
        kb->ready(kb->opaque);
}

static void add(struct sequence *seq, uint8_t byte)
{
    seq->data[seq->count++] = byte;
}

/* Code of one key in set 1 or 2, without regard to other keys. */
static void add_code(const struct ps2_keyboard *kb, struct sequence *seq,
                     unsigned index, bool down)
{
    uint8_t code = index & 0x7F;

    if (index & KEY_WITH_E0)
        add(seq, 0xE0);
    if (kb->set == 1) {
        add(seq, down ? code : code | 0x80);
        return;
    }
    if (!down)
        add(seq, 0xF0);
    add(seq, scancode_set2(code));
}

static void add_pause(const struct ps2_keyboard *kb, struct sequence *seq)
{
    static const uint8_t set1_bytes[] = {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5};
    static const uint8_t set2_bytes[] = {0xE1, 0x14, 0x77, 0xE1,
                                         0xF0, 0x14, 0xF0, 0x77};
    bool first = kb->set == 1;
    unsigned count = first ? sizeof set1_bytes : sizeof set2_bytes;

    /* Control and Pause is Break: make and break at once. */
    if (is_down(kb, KEY_LEFT_CTRL) ||
        is_down(kb, KEY_WITH_E0 | KEY_LEFT_CTRL)) {
        add_code(kb, seq, KEY_WITH_E0 | 0x46, true);
        add_code(kb, seq, KEY_WITH_E0 | 0x46, false);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        add(seq, first ? set1_bytes[i] : set2_bytes[i]);
}

/* Print Screen: with Alt it is SysRq, with Control or Shift plain. */
static void add_print(const struct ps2_keyboard *kb, struct sequence *seq,
                      bool down)
{
    bool modified = is_down(kb, KEY_LEFT_CTRL) ||
                    is_down(kb, KEY_WITH_E0 | KEY_LEFT_CTRL) ||
                    is_down(kb, KEY_LEFT_SHIFT) || is_down(kb, KEY_RIGHT_SHIFT);

    if (is_down(kb, KEY_LEFT_ALT) || is_down(kb, KEY_WITH_E0 | KEY_LEFT_ALT)) {
        add_code(kb, seq, 0x54, down);
        return;
    }
    if (down && !modified)
        add_code(kb, seq, KEY_WITH_E0 | KEY_LEFT_SHIFT, true);
    add_code(kb, seq, KEY_PRINT, down);
    if (!down && !modified)
        add_code(kb, seq, KEY_WITH_E0 | KEY_LEFT_SHIFT, false);
}

static bool is_grey(unsigned index)
{
    unsigned code = index & 0x7F;

    return index & KEY_WITH_E0 && code >= 0x47 && code <= 0x53;
}

/* Grey keys and keypad / hide a held Shift from programs that take them for
 * the keypad; grey keys also hide Num Lock by a Shift of their own. */
static void add_shifted(const struct ps2_keyboard *kb, struct sequence *seq,
                        unsigned index, bool down)
{
    static const uint8_t shifts[] = {KEY_LEFT_SHIFT, KEY_RIGHT_SHIFT};
    bool num_lock = is_grey(index) && kb->leds & LED_NUM;
    bool held = is_down(kb, KEY_LEFT_SHIFT) || is_down(kb, KEY_RIGHT_SHIFT);
    bool fake = num_lock && !held, hide = held && !num_lock;

    if (fake && down)
        add_code(kb, seq, KEY_WITH_E0 | KEY_LEFT_SHIFT, true);
    for (unsigned i = 0; hide && down && i < ARRAY_LEN(shifts); i++)
        if (is_down(kb, shifts[i]))
            add_code(kb, seq, KEY_WITH_E0 | shifts[i], false);
    add_code(kb, seq, index, down);
    if (fake && !down)
        add_code(kb, seq, KEY_WITH_E0 | KEY_LEFT_SHIFT, false);
    for (unsigned i = 0; hide && !down && i < ARRAY_LEN(shifts); i++)
        if (is_down(kb, shifts[i]))
            add_code(kb, seq, KEY_WITH_E0 | shifts[i], true);
}

static void add_set3(const struct ps2_keyboard *kb, struct sequence *seq,
                     unsigned index, bool down)
{
    uint8_t code = scancode_set3(index);

    if (!code || (!down && !(kb->type[code] & TYPE_BREAK)))
        return;
    if (!down)
        add(seq, 0xF0);
    add(seq, code);
}

static void key_sequence(const struct ps2_keyboard *kb, struct sequence *seq,
                         unsigned index, bool down)
{
    if (kb->set == 3) {
        add_set3(kb, seq, index, down);
    } else if (index == KEY_PAUSE) {
        if (down)
            add_pause(kb, seq);
    } else if (index == KEY_PRINT) {
        add_print(kb, seq, down);
    } else if (is_grey(index) || index == KEY_KEYPAD_DIVIDE) {
        add_shifted(kb, seq, index, down);
    } else {
        add_code(kb, seq, index, down);
    }
}

/* Repeats are the bare make code. */
static void repeat_sequence(const struct ps2_keyboard *kb, struct sequence *seq)
{
    if (kb->set == 3)
        add_set3(kb, seq, kb->repeat, true);
    else
        add_code(kb, seq, kb->repeat, true);
}

static uint8_t newest_key_byte(const struct ps2_keyboard *kb)
{
    unsigned last = kb->keys.first + kb->keys.count - 1u;

    return kb->keys.data[last % PS2_QUEUE_SIZE];
}

/* A key that does not fit is lost as a whole; the overrun code takes its
 * place. */
static void send_sequence(struct ps2_keyboard *kb, const struct sequence *seq)
{
    uint8_t overrun = kb->set == 1 ? 0xFF : 0x00;

    if (!kb->enabled || !seq->count)
        return;
    if (kb->keys.count + seq->count < PS2_QUEUE_SIZE) {
        for (unsigned i = 0; i < seq->count; i++)
            ps2_queue_put(&kb->keys, seq->data[i]);
    } else {
        LOG(kb->device.log, KBC, "keyboard: buffer overrun");
        /* Overrun codes do not follow each other. */
        if (kb->keys.count == 0 || newest_key_byte(kb) != overrun)
            ps2_queue_put(&kb->keys, overrun);
    }
    tell_ready(kb);
}

static void send_key(struct ps2_keyboard *kb, unsigned index, bool down)
{
    struct sequence seq = {.count = 0};

    key_sequence(kb, &seq, index, down);
    send_sequence(kb, &seq);
}

/* --------------------------------------------------------------- typematic */

static bool key_repeats(const struct ps2_keyboard *kb, unsigned index)
{
    if (kb->set == 3)
        return scancode_set3(index) &&
               kb->type[scancode_set3(index)] & TYPE_REPEAT;
    return index != KEY_PAUSE;
}

static void arm_repeat(struct ps2_keyboard *kb, unsigned index, uint64_t delay)
{
    kb->repeat = (uint8_t)index;
    kb->repeat_at = index ? sched_now(kb->sched) + delay : SCHED_NEVER;
    event_arm(kb->sched, &kb->event, kb->repeat_at);
}

/* Rate byte: bits 5-6 delay in 250 ms, bits 0-4 period in 1/240 s. */
static uint64_t repeat_delay(const struct ps2_keyboard *kb)
{
    return ((kb->rate >> 5 & 3) + 1u) * 250000000ull;
}

static uint64_t repeat_period(const struct ps2_keyboard *kb)
{
    uint64_t units = (8u + (kb->rate & 7)) << (kb->rate >> 3 & 3);

    return units * NS_PER_SEC / 240;
}

/* Nobody reads: then repeats would only fill the buffer. */
static void repeat_fire(void *opaque)
{
    struct ps2_keyboard *kb = opaque;
    struct sequence seq = {.count = 0};

    if (!kb->keys.count) {
        repeat_sequence(kb, &seq);
        send_sequence(kb, &seq);
    }
    arm_repeat(kb, kb->repeat, repeat_period(kb));
}

/* Index of a key or 0. */
static unsigned key_index(unsigned code)
{
    if (code == CODE_PAUSE)
        return KEY_PAUSE;
    if ((code & ~0x7Fu) == CODE_E0 && scancode_set2(code & 0x7F))
        return KEY_WITH_E0 | (code & 0x7F);
    return code < KEY_PAUSE && scancode_set2(code) ? code : 0;
}

void keyboard_key(struct ps2_keyboard *kb, unsigned code, bool down)
{
    unsigned index = key_index(code);
    uint8_t bit = (uint8_t)(1u << index % 8);

    if (!index || is_down(kb, index) == down)
        return;
    kb->down[index / 8] ^= bit;
    send_key(kb, index, down);
    if (down && key_repeats(kb, index))
        arm_repeat(kb, index, repeat_delay(kb));
    else if (down || index == kb->repeat)
        arm_repeat(kb, 0, 0);
}

bool keyboard_has_room(const struct ps2_keyboard *kb)
{
    return kb->keys.count + LONGEST_KEY < PS2_QUEUE_SIZE;
}

uint8_t keyboard_leds(const struct ps2_keyboard *kb)
{
    return kb->leds;
}

/* ---------------------------------------------------------------- commands */

static void reply(struct ps2_keyboard *kb, uint8_t byte)
{
    ps2_queue_put(&kb->replies, byte);
}

static void set_all_types(struct ps2_keyboard *kb, uint8_t type)
{
    memset(kb->type, type, sizeof kb->type);
}

static void default_types(struct ps2_keyboard *kb)
{
    set_all_types(kb, TYPE_REPEAT);
    for (unsigned i = 0; i < sizeof make_break_only; i++)
        kb->type[make_break_only[i]] = TYPE_BREAK;
    for (unsigned i = 0; i < sizeof make_only; i++)
        kb->type[make_only[i]] = 0;
}

/* What F5, F6 and FF have in common. */
static void set_defaults(struct ps2_keyboard *kb)
{
    ps2_queue_clear(&kb->keys);
    kb->rate = RATE_DEFAULT;
    kb->set = 2;
    kb->command = 0;
    default_types(kb);
    arm_repeat(kb, 0, 0);
}

/* Type set by commands F7-FA for all and FB-FD for one key. */
static uint8_t type_of_command(uint8_t command)
{
    switch (command) {
    case CMD_ALL_TYPEMATIC:
    case CMD_KEY_TYPEMATIC:
        return TYPE_REPEAT;
    case CMD_ALL_MAKE_BREAK:
    case CMD_KEY_MAKE_BREAK:
        return TYPE_BREAK;
    case CMD_ALL_TYPEMATIC_BREAK:
        return TYPE_REPEAT | TYPE_BREAK;
    default:
        return 0;
    }
}

static void scan_set_argument(struct ps2_keyboard *kb, uint8_t value)
{
    if (value > 3) {
        reply(kb, REPLY_RESEND);
        return;
    }
    reply(kb, REPLY_ACK);
    if (value == 0) {
        reply(kb, kb->set);
        return;
    }
    kb->set = value;
    ps2_queue_clear(&kb->keys);
}

static void take_argument(struct ps2_keyboard *kb, uint8_t value)
{
    uint8_t command = kb->command;

    kb->command = 0;
    switch (command) {
    case CMD_SET_LEDS:
        kb->leds = value & LEDS;
        reply(kb, REPLY_ACK);
        break;
    case CMD_SET_RATE:
        kb->rate = value & 0x7F;
        reply(kb, REPLY_ACK);
        break;
    case CMD_SCAN_SET:
        scan_set_argument(kb, value);
        break;
    default: /* key types: more keys may follow until the next command */
        kb->command = command;
        if (value < SET3_CODES)
            kb->type[value] = type_of_command(command);
        reply(kb, REPLY_ACK);
        break;
    }
}

static void take_command(struct ps2_keyboard *kb, uint8_t command)
{
    kb->command = 0;
    switch (command) {
    case CMD_ECHO:
        reply(kb, CMD_ECHO);
        return;
    case CMD_RESEND:
        reply(kb, kb->last);
        return;
    case CMD_SET_LEDS:
    case CMD_SET_RATE:
    case CMD_SCAN_SET:
        kb->command = command;
        break;
    case CMD_KEY_TYPEMATIC:
    case CMD_KEY_MAKE_BREAK:
    case CMD_KEY_MAKE:
        kb->command = command;
        kb->enabled = false;
        break;
    case CMD_ENABLE:
        ps2_queue_clear(&kb->keys);
        kb->enabled = true;
        break;
    case CMD_DEFAULT_DISABLE:
        set_defaults(kb);
        kb->enabled = false;
        break;
    case CMD_SET_DEFAULT:
        set_defaults(kb);
        break;
    case CMD_ALL_TYPEMATIC:
    case CMD_ALL_MAKE_BREAK:
    case CMD_ALL_MAKE:
    case CMD_ALL_TYPEMATIC_BREAK:
        set_all_types(kb, type_of_command(command));
        break;
    case CMD_READ_ID:
    case CMD_RESET:
        break;
    default:
        reply(kb, REPLY_RESEND);
        return;
    }
    reply(kb, REPLY_ACK);
    if (command == CMD_READ_ID) {
        reply(kb, 0xAB);
        reply(kb, 0x83);
    } else if (command == CMD_RESET) {
        set_defaults(kb);
        kb->leds = 0;
        kb->enabled = true;
        reply(kb, REPLY_SELF_TEST);
    }
}

/* A command byte where an argument is due takes its place. A new byte from
 * the controller cuts off what was still to be answered. */
void keyboard_write(struct ps2_keyboard *kb, uint8_t byte)
{
    ps2_queue_clear(&kb->replies);
    if (kb->command && byte < CMD_SET_LEDS)
        take_argument(kb, byte);
    else
        take_command(kb, byte);
    tell_ready(kb);
}

bool keyboard_has_data(const struct ps2_keyboard *kb)
{
    return kb->replies.count || kb->keys.count;
}

uint8_t keyboard_read(struct ps2_keyboard *kb)
{
    if (kb->replies.count)
        kb->last = ps2_queue_get(&kb->replies);
    else if (kb->keys.count)
        kb->last = ps2_queue_get(&kb->keys);
    return kb->last;
}

void keyboard_listen(struct ps2_keyboard *kb, void (*ready)(void *opaque),
                     void *opaque)
{
    kb->ready = ready;
    kb->opaque = opaque;
}

/* Power-on. Keys that are held down stay down. */
static void keyboard_reset(struct device *device)
{
    struct ps2_keyboard *kb = (struct ps2_keyboard *)device;

    ps2_queue_clear(&kb->replies);
    set_defaults(kb);
    kb->leds = 0;
    kb->last = 0;
    kb->enabled = true;
}

static int keyboard_post_load(struct device *device, uint32_t version)
{
    struct ps2_keyboard *kb = (struct ps2_keyboard *)device;

    (void)version;
    if (!ps2_queue_valid(&kb->keys) || !ps2_queue_valid(&kb->replies) ||
        kb->set < 1 || kb->set > 3)
        return -1;
    event_arm(kb->sched, &kb->event, kb->repeat ? kb->repeat_at : SCHED_NEVER);
    return 0;
}

static void keyboard_destroy(struct device *device)
{
    struct ps2_keyboard *kb = (struct ps2_keyboard *)device;

    event_free(kb->sched, &kb->event);
    free(kb);
}

struct ps2_keyboard *keyboard_create(const struct keyboard_config *config)
{
    struct ps2_keyboard *kb = calloc(1, sizeof *kb);

    if (!kb)
        return NULL;
    device_init(&kb->device, &ps2_keyboard, "keyboard", config->log);
    kb->sched = config->sched;
    event_init(kb->sched, &kb->event, "keyboard", repeat_fire, kb);
    keyboard_reset(&kb->device);
    return kb;
}

struct device *keyboard_device(struct ps2_keyboard *kb)
{
    return &kb->device;
}

const struct device_ops ps2_keyboard = {
    .name = "keyboard",
    .description = "PS/2 keyboard",
    .version = 1,
    .fields = keyboard_fields,
    .reset = keyboard_reset,
    .post_load = keyboard_post_load,
    .destroy = keyboard_destroy,
};
