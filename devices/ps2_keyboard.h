/* ps2_keyboard.h - an AT/PS2 keyboard at the 8042. */
#ifndef UMBRA_PS2_KEYBOARD_H
#define UMBRA_PS2_KEYBOARD_H

#include "devices/core/device.h"
#include "devices/core/sched.h"

struct ps2_keyboard;

struct keyboard_config {
    struct sched *sched;
    struct log *log;
};

struct ps2_keyboard *keyboard_create(const struct keyboard_config *config);
struct device *keyboard_device(struct ps2_keyboard *kb);

/* A key moved. `code` is its set-1 make code, 0xE0xx with that prefix,
 * 0xE11D Pause, 0xE037 Print Screen; others are ignored, as is a key that
 * is down already: the keyboard repeats by itself. */
void keyboard_key(struct ps2_keyboard *kb, unsigned code, bool down);
/* Room for any one key in the buffer. */
bool keyboard_has_room(const struct ps2_keyboard *kb);
/* Bit 0 scroll lock, 1 num lock, 2 caps lock. */
uint8_t keyboard_leds(const struct ps2_keyboard *kb);

/* The controller's side: a byte to the keyboard, a byte from it if there is
 * one, and whom to tell when there is. */
void keyboard_write(struct ps2_keyboard *kb, uint8_t byte);
bool keyboard_has_data(const struct ps2_keyboard *kb);
uint8_t keyboard_read(struct ps2_keyboard *kb);
void keyboard_listen(struct ps2_keyboard *kb, void (*ready)(void *opaque),
                     void *opaque);

extern const struct device_ops ps2_keyboard;

#endif
