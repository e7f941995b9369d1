/* The 8042, INT 09h (scan codes into the buffer) and INT 16h. Sources: IBM
 * PS/2 and PC BIOS Interface Technical Reference, Keyboard section; RBIL
 * INT 16h and tables for 40:17, 18, 96, 97. US lay-out.
 *
 * Codes in the buffer: AL = F0h marks keys only the enhanced functions
 * (10h, 11h) give, AL = E0h or AH = E0h the grey keys. */

#include "kbc.h"
#include "code16.h"

#define F0_RSHIFT   0x01
#define F0_LSHIFT   0x02
#define F0_SHIFT    0x03
#define F0_CTRL     0x04
#define F0_ALT      0x08
#define F0_SCROLL   0x10
#define F0_NUM      0x20
#define F0_CAPS     0x40
#define F0_INSERT   0x80

#define F1_LCTRL    0x01
#define F1_LALT     0x02
#define F1_SYSRQ    0x04
#define F1_PAUSE    0x08

#define F2_E1       0x01
#define F2_E0       0x02
#define F2_RCTRL    0x04
#define F2_RALT     0x08
#define F2_ENHANCED 0x10

#define LEDS_BUSY   0x40

/* What entry_09 does after us. ORDER: entry.S */
enum after { NOTHING, BREAK, PRINT, PAUSE, SYSRQ_DOWN, SYSRQ_UP, REBOOT };

struct key {
    uint16_t plain, shift, ctrl, alt;
};

#define LETTER(scan, c)                                                        \
    {                                                                          \
        (scan) << 8 | (c), (scan) << 8 | ((c)-32), (scan) << 8 | ((c)&31),     \
            (scan) << 8                                                        \
    }
#define DIGIT(scan, c, s, ctrl)                                                \
    {                                                                          \
        (scan) << 8 | (c), (scan) << 8 | (s), ctrl, ((scan) + 0x76) << 8       \
    }
#define SIGN(scan, c, s, ctrl)                                                 \
    {                                                                          \
        (scan) << 8 | (c), (scan) << 8 | (s), ctrl, (scan) << 8 | 0xF0         \
    }
#define FUNCTION(n)                                                            \
    {                                                                          \
        (0x3A + (n)) << 8, (0x53 + (n)) << 8, (0x5D + (n)) << 8,               \
            (0x67 + (n)) << 8                                                  \
    }
#define PAD(scan, digit, ctrl)                                                 \
    {                                                                          \
        (scan) << 8, (scan) << 8 | (digit), (ctrl) << 8, 0                     \
    }
#define GREY(scan, ctrl, alt)                                                  \
    {                                                                          \
        (scan) << 8 | 0xE0, (scan) << 8 | 0xE0, (ctrl) << 8 | 0xE0, (alt) << 8 \
    }

#define LAST_KEY 0x58

static const struct key keys[LAST_KEY + 1] = {
    [0x01] = {0x011B, 0x011B, 0x011B, 0x01F0},
    [0x02] = DIGIT(0x02, '1', '!', 0),
    [0x03] = DIGIT(0x03, '2', '@', 0x0300),
    [0x04] = DIGIT(0x04, '3', '#', 0),
    [0x05] = DIGIT(0x05, '4', '$', 0),
    [0x06] = DIGIT(0x06, '5', '%', 0),
    [0x07] = DIGIT(0x07, '6', '^', 0x071E),
    [0x08] = DIGIT(0x08, '7', '&', 0),
    [0x09] = DIGIT(0x09, '8', '*', 0),
    [0x0A] = DIGIT(0x0A, '9', '(', 0),
    [0x0B] = DIGIT(0x0B, '0', ')', 0),
    [0x0C] = DIGIT(0x0C, '-', '_', 0x0C1F),
    [0x0D] = DIGIT(0x0D, '=', '+', 0),
    [0x0E] = {0x0E08, 0x0E08, 0x0E7F, 0x0EF0},
    [0x0F] = {0x0F09, 0x0F00, 0x9400, 0xA500},
    [0x10] = LETTER(0x10, 'q'),
    [0x11] = LETTER(0x11, 'w'),
    [0x12] = LETTER(0x12, 'e'),
    [0x13] = LETTER(0x13, 'r'),
    [0x14] = LETTER(0x14, 't'),
    [0x15] = LETTER(0x15, 'y'),
    [0x16] = LETTER(0x16, 'u'),
    [0x17] = LETTER(0x17, 'i'),
    [0x18] = LETTER(0x18, 'o'),
    [0x19] = LETTER(0x19, 'p'),
    [0x1A] = SIGN(0x1A, '[', '{', 0x1A1B),
    [0x1B] = SIGN(0x1B, ']', '}', 0x1B1D),
    [0x1C] = {0x1C0D, 0x1C0D, 0x1C0A, 0x1CF0},
    [0x1E] = LETTER(0x1E, 'a'),
    [0x1F] = LETTER(0x1F, 's'),
    [0x20] = LETTER(0x20, 'd'),
    [0x21] = LETTER(0x21, 'f'),
    [0x22] = LETTER(0x22, 'g'),
    [0x23] = LETTER(0x23, 'h'),
    [0x24] = LETTER(0x24, 'j'),
    [0x25] = LETTER(0x25, 'k'),
    [0x26] = LETTER(0x26, 'l'),
    [0x27] = SIGN(0x27, ';', ':', 0),
    [0x28] = SIGN(0x28, '\'', '"', 0),
    [0x29] = SIGN(0x29, '`', '~', 0),
    [0x2B] = SIGN(0x2B, '\\', '|', 0x2B1C),
    [0x2C] = LETTER(0x2C, 'z'),
    [0x2D] = LETTER(0x2D, 'x'),
    [0x2E] = LETTER(0x2E, 'c'),
    [0x2F] = LETTER(0x2F, 'v'),
    [0x30] = LETTER(0x30, 'b'),
    [0x31] = LETTER(0x31, 'n'),
    [0x32] = LETTER(0x32, 'm'),
    [0x33] = SIGN(0x33, ',', '<', 0),
    [0x34] = SIGN(0x34, '.', '>', 0),
    [0x35] = SIGN(0x35, '/', '?', 0),
    [0x37] = SIGN(0x37, '*', '*', 0x9600),
    [0x39] = {0x3920, 0x3920, 0x3920, 0x3920},
    [0x3B] = FUNCTION(1),
    [0x3C] = FUNCTION(2),
    [0x3D] = FUNCTION(3),
    [0x3E] = FUNCTION(4),
    [0x3F] = FUNCTION(5),
    [0x40] = FUNCTION(6),
    [0x41] = FUNCTION(7),
    [0x42] = FUNCTION(8),
    [0x43] = FUNCTION(9),
    [0x44] = FUNCTION(10),
    [0x47] = PAD(0x47, '7', 0x77),
    [0x48] = PAD(0x48, '8', 0x8D),
    [0x49] = PAD(0x49, '9', 0x84),
    [0x4A] = SIGN(0x4A, '-', '-', 0x8E00),
    [0x4B] = PAD(0x4B, '4', 0x73),
    [0x4C] = {0x4CF0, 0x4C35, 0x8F00, 0},
    [0x4D] = PAD(0x4D, '6', 0x74),
    [0x4E] = SIGN(0x4E, '+', '+', 0x9000),
    [0x4F] = PAD(0x4F, '1', 0x75),
    [0x50] = PAD(0x50, '2', 0x91),
    [0x51] = PAD(0x51, '3', 0x76),
    [0x52] = PAD(0x52, '0', 0x92),
    [0x53] = PAD(0x53, '.', 0x93),
    [0x56] = {0x565C, 0x567C, 0, 0},
    [0x57] = {0x8500, 0x8700, 0x8900, 0x8B00},
    [0x58] = {0x8600, 0x8800, 0x8A00, 0x8C00},
};

/* Keys after an E0 prefix. */
static const struct {
    uint8_t scan;
    struct key key;
} grey_keys[] = {
    {0x1C, {0xE00D, 0xE00D, 0xE00A, 0xA600}},
    {0x35, {0xE02F, 0xE02F, 0x9500, 0xA400}},
    {0x47, GREY(0x47, 0x77, 0x97)},
    {0x48, GREY(0x48, 0x8D, 0x98)},
    {0x49, GREY(0x49, 0x84, 0x99)},
    {0x4B, GREY(0x4B, 0x73, 0x9B)},
    {0x4D, GREY(0x4D, 0x74, 0x9D)},
    {0x4F, GREY(0x4F, 0x75, 0x9F)},
    {0x50, GREY(0x50, 0x91, 0xA0)},
    {0x51, GREY(0x51, 0x76, 0xA1)},
    {0x52, GREY(0x52, 0x92, 0xA2)},
    {0x53, GREY(0x53, 0x93, 0xA3)},
};

/* Shift and lock keys: scan code, bit in 40:17, bit in 40:18 (0 = none). */
static const struct {
    uint8_t scan, flag0, held;
} lock_keys[] = {
    {0x3A, F0_CAPS, 0x40},
    {0x45, F0_NUM, 0x20},
    {0x46, F0_SCROLL, 0x10},
};

/* --- the 8042 ------------------------------------------------------------ */

static void kbc_ready(void)
{
    uint32_t start = timer_now();

    while (inb(KBC_STATUS) & KBC_INPUT_FULL)
        if (timer_expired(start, 50))
            return;
}

void kbc_command(uint8_t command)
{
    kbc_ready();
    outb(KBC_STATUS, command);
}

void kbc_write(uint8_t data)
{
    kbc_ready();
    outb(KBC_DATA, data);
}

int kbc_read(uint32_t ms)
{
    uint32_t start = timer_now();

    while (!(inb(KBC_STATUS) & KBC_OUTPUT_FULL))
        if (timer_expired(start, ms))
            return -1;
    return inb(KBC_DATA);
}

/* The keyboard answers a reset with FA AA. */
static const char *keyboard_reset(void)
{
    int answer;

    kbc_write(0xFF);
    if (kbc_read(100) != 0xFA)
        return "no keyboard answers; connect one and restart";
    answer = kbc_read(600);
    if (answer != 0xAA)
        return "its self-test failed; try another one";
    kbc_write(0xF4); /* scan */
    kbc_read(100);
    return NULL;
}

const char *keyboard_start(void)
{
    const char *problem = NULL;
    int i;

    BDA->kbd_head = BDA->kbd_tail = 0x1E;
    BDA->kbd_buffer_start = 0x1E;
    BDA->kbd_buffer_end = 0x3E;
    BDA->kbd_flags2 = F2_ENHANCED;
    for (i = 0; i < 16 && (inb(KBC_STATUS) & KBC_OUTPUT_FULL); i++)
        inb(KBC_DATA);
    kbc_command(KBC_SELF_TEST);
    if (kbc_read(100) != 0x55)
        problem = "the controller's self-test failed; restart";
    kbc_command(KBC_ENABLE_KBD);
    kbc_command(KBC_WRITE_MODE);
    kbc_write(MODE_AUX_OFF | MODE_SYSTEM);
    if (!problem)
        problem = keyboard_reset();
    kbc_command(KBC_WRITE_MODE);
    kbc_write(MODE_TRANSLATE | MODE_AUX_OFF | MODE_SYSTEM | MODE_IRQ1);
    pic_unmask(1);
    return problem;
}

/* --- INT 09h -------------------------------------------------------------- */

static bool buffer_put(uint16_t code)
{
    uint16_t next = BDA->kbd_tail + 2;

    if (next >= BDA->kbd_buffer_end)
        next = BDA->kbd_buffer_start;
    if (next == BDA->kbd_head)
        return false;
    far_write16(SEG_BDA, BDA->kbd_tail, code);
    BDA->kbd_tail = next;
    return true;
}

/* 40:97 bits 0-2 follow 40:17 bits 4-6; the second byte of the command goes
 * out when the keyboard has acknowledged the first. */
static void leds_update(void)
{
    uint8_t want = (BDA->kbd_flags0 >> 4) & 7;

    if ((BDA->kbd_leds & 7) == want || (BDA->kbd_leds & LEDS_BUSY))
        return;
    BDA->kbd_leds = (BDA->kbd_leds & ~7) | want | LEDS_BUSY;
    kbc_write(0xED);
}

static void acknowledged(void)
{
    if (!(BDA->kbd_leds & LEDS_BUSY))
        return;
    BDA->kbd_leds &= ~LEDS_BUSY;
    kbc_write(BDA->kbd_leds & 7);
}

/* Ctrl and Alt exist twice; 40:17 shows either. */
static void modifier(bool down, bool right, uint8_t flag0, uint8_t left_bit,
                     uint8_t right_bit)
{
    if (right)
        BDA->kbd_flags2 =
            (BDA->kbd_flags2 & ~right_bit) | (down ? right_bit : 0);
    else
        BDA->kbd_flags1 = (BDA->kbd_flags1 & ~left_bit) | (down ? left_bit : 0);
    if ((BDA->kbd_flags1 & left_bit) || (BDA->kbd_flags2 & right_bit))
        BDA->kbd_flags0 |= flag0;
    else
        BDA->kbd_flags0 &= ~flag0;
}

static void alt_released(void)
{
    uint8_t code = BDA->kbd_keypad;

    BDA->kbd_keypad = 0;
    if (code != 0)
        buffer_put(code);
}

static bool shift_key(uint8_t scan, bool down, bool e0)
{
    uint8_t bit;

    switch (scan) {
    case 0x2A:
    case 0x36:
        if (e0)
            return true; /* the keyboard's own fake shift */
        bit = scan == 0x2A ? F0_LSHIFT : F0_RSHIFT;
        BDA->kbd_flags0 = (BDA->kbd_flags0 & ~bit) | (down ? bit : 0);
        return true;
    case 0x1D:
        modifier(down, e0, F0_CTRL, F1_LCTRL, F2_RCTRL);
        return true;
    case 0x38:
        modifier(down, e0, F0_ALT, F1_LALT, F2_RALT);
        if (!(BDA->kbd_flags0 & F0_ALT))
            alt_released();
        return true;
    }
    return false;
}

/* A lock toggles when it goes down and was not held. */
static bool lock_key(uint8_t scan, bool down)
{
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(lock_keys); i++) {
        if (lock_keys[i].scan != scan)
            continue;
        if (!down)
            BDA->kbd_flags1 &= ~lock_keys[i].held;
        else if (!(BDA->kbd_flags1 & lock_keys[i].held)) {
            BDA->kbd_flags1 |= lock_keys[i].held;
            BDA->kbd_flags0 ^= lock_keys[i].flag0;
            leds_update();
        }
        return true;
    }
    return false;
}

static enum after control_break(void)
{
    BDA->kbd_head = BDA->kbd_tail = BDA->kbd_buffer_start;
    BDA->ctrl_break = 0x80;
    buffer_put(0);
    return BREAK;
}

/* Pause comes as E1 1D 45, or as Ctrl-Num Lock on old keyboards. */
static enum after pause_key(void)
{
    if (BDA->kbd_flags1 & F1_PAUSE)
        return NOTHING;
    BDA->kbd_flags1 |= F1_PAUSE;
    return PAUSE;
}

static enum after sysrq_key(bool down)
{
    if (down == !!(BDA->kbd_flags1 & F1_SYSRQ))
        return NOTHING;
    BDA->kbd_flags1 ^= F1_SYSRQ;
    return down ? SYSRQ_DOWN : SYSRQ_UP;
}

static bool is_letter(uint8_t scan)
{
    uint8_t c = (uint8_t)keys[scan].plain;

    return c >= 'a' && c <= 'z';
}

static const struct key *key_find(uint8_t scan, bool e0)
{
    unsigned int i;

    if (!e0)
        return scan <= LAST_KEY ? &keys[scan] : NULL;
    for (i = 0; i < ARRAY_LEN(grey_keys); i++)
        if (grey_keys[i].scan == scan)
            return &grey_keys[i].key;
    return NULL;
}

/* Alt and a keypad digit add to the character number in 40:19. */
static bool alt_digit(uint8_t scan, bool e0)
{
    uint8_t digit;

    if (e0 || scan < 0x47 || scan > 0x52 || scan == 0x4A || scan == 0x4E)
        return false;
    digit = (uint8_t)keys[scan].shift - '0';
    BDA->kbd_keypad = (uint8_t)(BDA->kbd_keypad * 10 + digit);
    return true;
}

static void key_down(uint8_t scan, bool e0)
{
    uint8_t flags = BDA->kbd_flags0;
    const struct key *key = key_find(scan, e0);
    bool shift = (flags & F0_SHIFT) != 0;
    uint16_t code;

    if (!key)
        return;
    if (scan == 0x52 && !(BDA->kbd_flags1 & 0x80)) {
        BDA->kbd_flags1 |= 0x80;
        if (e0 || (flags & F0_NUM) == 0 || shift)
            BDA->kbd_flags0 ^= F0_INSERT;
    }
    if (flags & F0_ALT) {
        if (alt_digit(scan, e0))
            return;
        code = key->alt;
    } else if (flags & F0_CTRL) {
        code = key->ctrl;
    } else {
        if (!e0 && scan >= 0x47 && scan <= 0x53)
            shift ^= (flags & F0_NUM) != 0;
        else if (!e0 && is_letter(scan))
            shift ^= (flags & F0_CAPS) != 0;
        code = shift ? key->shift : key->plain;
    }
    if (code != 0)
        buffer_put(code);
}

static enum after special_key(uint8_t scan, bool down, bool e0)
{
    uint8_t flags = BDA->kbd_flags0;

    if (scan == 0x53 && down &&
        (flags & (F0_CTRL | F0_ALT)) == (F0_CTRL | F0_ALT)) {
        BDA->reset_flag = 0x1234;
        return REBOOT;
    }
    if (scan == 0x46 && down && (e0 || (flags & F0_CTRL)))
        return control_break();
    if (scan == 0x45 && down && (flags & F0_CTRL))
        return pause_key();
    if (scan == 0x54 || (scan == 0x37 && e0 && (flags & F0_ALT)))
        return sysrq_key(down);
    if (scan == 0x37 && e0 && down && (flags & F0_CTRL))
        buffer_put(0x7200);
    else if (scan == 0x37 && e0 && down)
        return PRINT;
    return NOTHING;
}

static enum after scan_code(uint8_t code)
{
    uint8_t scan = code & 0x7F, flags2 = BDA->kbd_flags2;
    bool down = !(code & 0x80), e0 = (flags2 & F2_E0) != 0;
    enum after after;

    if (code == 0xE0 || code == 0xE1) {
        BDA->kbd_flags2 = flags2 | (code == 0xE0 ? F2_E0 : F2_E1);
        return NOTHING;
    }
    if (code == 0xFA) {
        acknowledged();
        return NOTHING;
    }
    if (code == 0xFE || code == 0xEE || code == 0xFF)
        return NOTHING;
    if (flags2 & F2_E1) { /* E1 1D 45 */
        if (scan == 0x1D)
            return NOTHING;
        BDA->kbd_flags2 = flags2 & ~F2_E1;
        return down ? pause_key() : NOTHING;
    }
    BDA->kbd_flags2 = flags2 & ~F2_E0;
    if (shift_key(scan, down, e0))
        return NOTHING;
    if (down && (BDA->kbd_flags1 & F1_PAUSE)) {
        BDA->kbd_flags1 &= ~F1_PAUSE; /* any key ends the pause */
        return NOTHING;
    }
    after = special_key(scan, down, e0);
    if (after != NOTHING || (e0 && scan == 0x37) || scan == 0x54)
        return after;
    if (scan == 0x46 && down && (e0 || (BDA->kbd_flags0 & F0_CTRL)))
        return NOTHING;
    if (!e0 && lock_key(scan, down))
        return NOTHING;
    if (down)
        key_down(scan, e0);
    else if (scan == 0x52)
        BDA->kbd_flags1 &= ~0x80;
    return NOTHING;
}

void int09_service(struct regs *r)
{
    r->al = (uint8_t)scan_code(r->al);
}

/* --- INT 16h -------------------------------------------------------------- */

/* What AH=00h and 01h make of a code; false if they do not show it. */
static bool plain_code(uint16_t *code)
{
    uint8_t ascii = (uint8_t)*code, scan = (uint8_t)(*code >> 8);

    if (scan == 0xE0) {
        scan = ascii == '/' ? 0x35 : 0x1C;
    } else if (scan != 0) {
        if (ascii == 0xF0 || (scan > 0x84 && ascii == 0))
            return false;
        if (ascii == 0xE0) {
            if (scan > 0x84)
                return false;
            ascii = 0;
        }
    }
    *code = (uint16_t)(scan << 8 | ascii);
    return true;
}

static bool enhanced_code(uint16_t *code)
{
    if ((*code & 0xFF) == 0xF0 && *code > 0xFF)
        *code &= 0xFF00;
    return true;
}

/* The next code; keys the caller may not see are dropped on the way. */
static bool buffer_peek(bool enhanced, uint16_t *code)
{
    while (BDA->kbd_head != BDA->kbd_tail) {
        *code = far_read16(SEG_BDA, BDA->kbd_head);
        if (enhanced ? enhanced_code(code) : plain_code(code))
            return true;
        BDA->kbd_head += 2;
        if (BDA->kbd_head >= BDA->kbd_buffer_end)
            BDA->kbd_head = BDA->kbd_buffer_start;
    }
    return false;
}

/* entry_16 has waited for a key; only if it was dropped we wait here. */
static void key_read(struct regs *r, bool enhanced)
{
    uint16_t code;

    while (!buffer_peek(enhanced, &code))
        irq_sleep();
    BDA->kbd_head += 2;
    if (BDA->kbd_head >= BDA->kbd_buffer_end)
        BDA->kbd_head = BDA->kbd_buffer_start;
    r->ax = code;
}

/* A program that does nothing but ask for a key asks again within a
 * millisecond, and neither uses a disk nor moves the cursor meanwhile. After
 * so many times the CPU is halted until the next interrupt, at most a tick:
 * waiting costs the host no time. DOS asks with each call, so with each byte
 * that a program reads: less than this between two uses of the disk. */
#define POLLS_IDLE 4096

static struct {
    uint32_t last; /* PM timer */
    uint16_t count, cursor;
} polls;

void polls_restart(void)
{
    polls.count = 0;
}

static void idle_poll(void)
{
    uint16_t cursor = BDA->cursor[BDA->video_page & 7];

    if (cursor != polls.cursor)
        polls.count = 0;
    /* A busy host makes some pauses long. */
    if (((timer_now() - polls.last) & 0xFFFFFF) > PM_TICKS_PER_MS)
        polls.count = polls.count > 64 ? polls.count - 64 : 0;
    polls.cursor = cursor;
    if (polls.count < POLLS_IDLE)
        polls.count++;
    else
        irq_sleep();
    polls.last = timer_now();
}

static void key_check(struct regs *r, bool enhanced)
{
    uint16_t code;

    r->flags |= FLAG_ZF;
    if (buffer_peek(enhanced, &code)) {
        polls.count = 0;
        r->ax = code;
        r->flags &= ~FLAG_ZF;
    } else {
        idle_poll();
    }
}

/* AL=05h: BH delay, BL rate. The answers are read with IRQ 1 held back. */
static void typematic_set(struct regs *r)
{
    if (r->al != 5)
        return;
    kbc_write(0xF3);
    kbc_read(50);
    kbc_write((uint8_t)((r->bh & 3) << 5 | (r->bl & 0x1F)));
    kbc_read(50);
}

static void flags_get(struct regs *r)
{
    uint8_t f1 = BDA->kbd_flags1, f2 = BDA->kbd_flags2;

    r->al = BDA->kbd_flags0;
    r->ah = (uint8_t)((f1 & 0x73) | (f2 & (F2_RCTRL | F2_RALT)) |
                      (f1 & F1_SYSRQ ? 0x80 : 0));
}

void int16_service(struct regs *r)
{
    switch (r->ah) {
    case 0x00:
    case 0x10:
        key_read(r, r->ah == 0x10);
        break;
    case 0x01:
    case 0x11:
        key_check(r, r->ah == 0x11);
        break;
    case 0x02:
        r->al = BDA->kbd_flags0;
        break;
    case 0x03:
        typematic_set(r);
        break;
    case 0x05:
        r->al = buffer_put(r->cx) ? 0 : 1;
        break;
    case 0x09: /* 05, 0A, 10-12 are here */
        r->al = 0x30;
        break;
    case 0x0A: /* MF2 keyboard, translated */
        r->bx = 0x41AB;
        break;
    case 0x12:
        flags_get(r);
        break;
    case 0x92: /* asked for by keyb drivers */
        r->ah = 0x80;
        break;
    case 0xA2:
        break;
    }
}
