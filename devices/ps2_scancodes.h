/* ps2_scancodes.h - the three scan code sets of a PC keyboard. */
#ifndef UMBRA_PS2_SCANCODES_H
#define UMBRA_PS2_SCANCODES_H

#include "devices/core/base.h"

/* Keys are numbered by their set-1 code, with 80h more if E0 goes before.
 * Pause gets a number that no set-1 code uses. */
enum {
    KEY_WITH_E0 = 0x80,
    KEY_PAUSE = 0x7F,
    KEY_NUMBERS = 256,
    SET3_CODES = 0x90,
};

/* What the 8042 makes of a set-2 code (without prefixes). */
uint8_t scancode_set1(uint8_t set2);
/* The set-2 code of key number 1-7Eh; prefix E0 is the same in both. */
uint8_t scancode_set2(unsigned key);
/* The set-3 code of a key number; 0 = the key sends nothing in set 3. */
uint8_t scancode_set3(unsigned key);

#endif
