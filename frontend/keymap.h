/* keymap.h - the keys of an AT keyboard: names, codes, characters.
 *
 * A key's code is its make code in scan code set 1: one byte, or 0xE0xx for
 * the keys with that prefix, 0xE11D for Pause. The names are the ones QEMU's
 * users know from `sendkey`. Keyboard layout: US. */
#ifndef UMBRA_FRONTEND_KEYMAP_H
#define UMBRA_FRONTEND_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* THE list of keys: identifier, set-1 code, usage on the USB HID keyboard
 * page (which SDL uses as scan code; 0 = none), name, character, character
 * with Shift (0 = none). */
#define KEYMAP_KEYS(X)                                                         \
    X(ESC, 0x01, 0x29, "esc", '\033', 0)                                       \
    X(1, 0x02, 0x1E, "1", '1', '!')                                            \
    X(2, 0x03, 0x1F, "2", '2', '@')                                            \
    X(3, 0x04, 0x20, "3", '3', '#')                                            \
    X(4, 0x05, 0x21, "4", '4', '$')                                            \
    X(5, 0x06, 0x22, "5", '5', '%')                                            \
    X(6, 0x07, 0x23, "6", '6', '^')                                            \
    X(7, 0x08, 0x24, "7", '7', '&')                                            \
    X(8, 0x09, 0x25, "8", '8', '*')                                            \
    X(9, 0x0A, 0x26, "9", '9', '(')                                            \
    X(0, 0x0B, 0x27, "0", '0', ')')                                            \
    X(MINUS, 0x0C, 0x2D, "minus", '-', '_')                                    \
    X(EQUAL, 0x0D, 0x2E, "equal", '=', '+')                                    \
    X(BACKSPACE, 0x0E, 0x2A, "backspace", '\b', 0)                             \
    X(TAB, 0x0F, 0x2B, "tab", '\t', 0)                                         \
    X(Q, 0x10, 0x14, "q", 'q', 'Q')                                            \
    X(W, 0x11, 0x1A, "w", 'w', 'W')                                            \
    X(E, 0x12, 0x08, "e", 'e', 'E')                                            \
    X(R, 0x13, 0x15, "r", 'r', 'R')                                            \
    X(T, 0x14, 0x17, "t", 't', 'T')                                            \
    X(Y, 0x15, 0x1C, "y", 'y', 'Y')                                            \
    X(U, 0x16, 0x18, "u", 'u', 'U')                                            \
    X(I, 0x17, 0x0C, "i", 'i', 'I')                                            \
    X(O, 0x18, 0x12, "o", 'o', 'O')                                            \
    X(P, 0x19, 0x13, "p", 'p', 'P')                                            \
    X(BRACKET_LEFT, 0x1A, 0x2F, "bracket_left", '[', '{')                      \
    X(BRACKET_RIGHT, 0x1B, 0x30, "bracket_right", ']', '}')                    \
    X(RET, 0x1C, 0x28, "ret", '\n', 0)                                         \
    X(CTRL, 0x1D, 0xE0, "ctrl", 0, 0)                                          \
    X(A, 0x1E, 0x04, "a", 'a', 'A')                                            \
    X(S, 0x1F, 0x16, "s", 's', 'S')                                            \
    X(D, 0x20, 0x07, "d", 'd', 'D')                                            \
    X(F, 0x21, 0x09, "f", 'f', 'F')                                            \
    X(G, 0x22, 0x0A, "g", 'g', 'G')                                            \
    X(H, 0x23, 0x0B, "h", 'h', 'H')                                            \
    X(J, 0x24, 0x0D, "j", 'j', 'J')                                            \
    X(K, 0x25, 0x0E, "k", 'k', 'K')                                            \
    X(L, 0x26, 0x0F, "l", 'l', 'L')                                            \
    X(SEMICOLON, 0x27, 0x33, "semicolon", ';', ':')                            \
    X(APOSTROPHE, 0x28, 0x34, "apostrophe", '\'', '"')                         \
    X(GRAVE, 0x29, 0x35, "grave_accent", '`', '~')                             \
    X(SHIFT, 0x2A, 0xE1, "shift", 0, 0)                                        \
    X(BACKSLASH, 0x2B, 0x31, "backslash", '\\', '|')                           \
    X(Z, 0x2C, 0x1D, "z", 'z', 'Z')                                            \
    X(X, 0x2D, 0x1B, "x", 'x', 'X')                                            \
    X(C, 0x2E, 0x06, "c", 'c', 'C')                                            \
    X(V, 0x2F, 0x19, "v", 'v', 'V')                                            \
    X(B, 0x30, 0x05, "b", 'b', 'B')                                            \
    X(N, 0x31, 0x11, "n", 'n', 'N')                                            \
    X(M, 0x32, 0x10, "m", 'm', 'M')                                            \
    X(COMMA, 0x33, 0x36, "comma", ',', '<')                                    \
    X(DOT, 0x34, 0x37, "dot", '.', '>')                                        \
    X(SLASH, 0x35, 0x38, "slash", '/', '?')                                    \
    X(SHIFT_R, 0x36, 0xE5, "shift_r", 0, 0)                                    \
    X(KP_MULTIPLY, 0x37, 0x55, "kp_multiply", 0, 0)                            \
    X(ALT, 0x38, 0xE2, "alt", 0, 0)                                            \
    X(SPC, 0x39, 0x2C, "spc", ' ', 0)                                          \
    X(CAPS_LOCK, 0x3A, 0x39, "caps_lock", 0, 0)                                \
    X(F1, 0x3B, 0x3A, "f1", 0, 0)                                              \
    X(F2, 0x3C, 0x3B, "f2", 0, 0)                                              \
    X(F3, 0x3D, 0x3C, "f3", 0, 0)                                              \
    X(F4, 0x3E, 0x3D, "f4", 0, 0)                                              \
    X(F5, 0x3F, 0x3E, "f5", 0, 0)                                              \
    X(F6, 0x40, 0x3F, "f6", 0, 0)                                              \
    X(F7, 0x41, 0x40, "f7", 0, 0)                                              \
    X(F8, 0x42, 0x41, "f8", 0, 0)                                              \
    X(F9, 0x43, 0x42, "f9", 0, 0)                                              \
    X(F10, 0x44, 0x43, "f10", 0, 0)                                            \
    X(NUM_LOCK, 0x45, 0x53, "num_lock", 0, 0)                                  \
    X(SCROLL_LOCK, 0x46, 0x47, "scroll_lock", 0, 0)                            \
    X(KP_7, 0x47, 0x5F, "kp_7", 0, 0)                                          \
    X(KP_8, 0x48, 0x60, "kp_8", 0, 0)                                          \
    X(KP_9, 0x49, 0x61, "kp_9", 0, 0)                                          \
    X(KP_SUBTRACT, 0x4A, 0x56, "kp_subtract", 0, 0)                            \
    X(KP_4, 0x4B, 0x5C, "kp_4", 0, 0)                                          \
    X(KP_5, 0x4C, 0x5D, "kp_5", 0, 0)                                          \
    X(KP_6, 0x4D, 0x5E, "kp_6", 0, 0)                                          \
    X(KP_ADD, 0x4E, 0x57, "kp_add", 0, 0)                                      \
    X(KP_1, 0x4F, 0x59, "kp_1", 0, 0)                                          \
    X(KP_2, 0x50, 0x5A, "kp_2", 0, 0)                                          \
    X(KP_3, 0x51, 0x5B, "kp_3", 0, 0)                                          \
    X(KP_0, 0x52, 0x62, "kp_0", 0, 0)                                          \
    X(KP_DECIMAL, 0x53, 0x63, "kp_decimal", 0, 0)                              \
    X(SYSRQ, 0x54, 0x00, "sysrq", 0, 0)                                        \
    X(LESS, 0x56, 0x64, "less", 0, 0)                                          \
    X(F11, 0x57, 0x44, "f11", 0, 0)                                            \
    X(F12, 0x58, 0x45, "f12", 0, 0)                                            \
    X(KP_EQUALS, 0x59, 0x67, "kp_equals", 0, 0)                                \
    X(RO, 0x73, 0x87, "ro", 0, 0)                                              \
    X(YEN, 0x7D, 0x89, "yen", 0, 0)                                            \
    X(HIRAGANA, 0x70, 0x88, "hiragana", 0, 0)                                  \
    X(HENKAN, 0x79, 0x8A, "henkan", 0, 0)                                      \
    X(MUHENKAN, 0x7B, 0x8B, "muhenkan", 0, 0)                                  \
    X(KP_ENTER, 0xE01C, 0x58, "kp_enter", 0, 0)                                \
    X(CTRL_R, 0xE01D, 0xE4, "ctrl_r", 0, 0)                                    \
    X(KP_DIVIDE, 0xE035, 0x54, "kp_divide", 0, 0)                              \
    X(PRINT, 0xE037, 0x46, "print", 0, 0)                                      \
    X(ALT_R, 0xE038, 0xE6, "alt_r", 0, 0)                                      \
    X(PAUSE, 0xE11D, 0x48, "pause", 0, 0)                                      \
    X(HOME, 0xE047, 0x4A, "home", 0, 0)                                        \
    X(UP, 0xE048, 0x52, "up", 0, 0)                                            \
    X(PGUP, 0xE049, 0x4B, "pgup", 0, 0)                                        \
    X(LEFT, 0xE04B, 0x50, "left", 0, 0)                                        \
    X(RIGHT, 0xE04D, 0x4F, "right", 0, 0)                                      \
    X(END, 0xE04F, 0x4D, "end", 0, 0)                                          \
    X(DOWN, 0xE050, 0x51, "down", 0, 0)                                        \
    X(PGDN, 0xE051, 0x4E, "pgdn", 0, 0)                                        \
    X(INSERT, 0xE052, 0x49, "insert", 0, 0)                                    \
    X(DELETE, 0xE053, 0x4C, "delete", 0, 0)                                    \
    X(META_L, 0xE05B, 0xE3, "meta_l", 0, 0)                                    \
    X(META_R, 0xE05C, 0xE7, "meta_r", 0, 0)                                    \
    X(COMPOSE, 0xE05D, 0x65, "compose", 0, 0)                                  \
    X(POWER, 0xE05E, 0x66, "power", 0, 0)                                      \
    X(SLEEP, 0xE05F, 0x00, "sleep", 0, 0)                                      \
    X(WAKE, 0xE063, 0x00, "wake", 0, 0)                                        \
    X(AUDIONEXT, 0xE019, 0x00, "audionext", 0, 0)                              \
    X(AUDIOPREV, 0xE010, 0x00, "audioprev", 0, 0)                              \
    X(AUDIOSTOP, 0xE024, 0x00, "audiostop", 0, 0)                              \
    X(AUDIOPLAY, 0xE022, 0x00, "audioplay", 0, 0)                              \
    X(AUDIOMUTE, 0xE020, 0x7F, "audiomute", 0, 0)                              \
    X(VOLUMEUP, 0xE030, 0x80, "volumeup", 0, 0)                                \
    X(VOLUMEDOWN, 0xE02E, 0x81, "volumedown", 0, 0)

enum umbra_key {
#define X(id, code, usage, name, plain, shifted) UMBRA_KEY_##id = code,
    KEYMAP_KEYS(X)
#undef X
};

enum { KEYMAP_COMBO_MAX = 8 };

/* Code of a name ("ret", "kp_5", "left"; case does not matter), of an alias
 * ("enter", "space", "del", ...) or of a number ("0x1e"); 0 = unknown. */
uint16_t keymap_from_name(const char *name);
/* Name of a code or NULL. */
const char *keymap_name(uint16_t code);
/* Code of a USB HID usage (an SDL scan code); 0 = no such key. */
uint16_t keymap_from_usage(unsigned usage);

/* Codes of "ctrl-alt-del", in the order in which they are pressed (release
 * in reverse). Returns their number, 0 if a name is unknown or there are
 * more than KEYMAP_COMBO_MAX. */
unsigned keymap_parse_combo(const char *text, uint16_t codes[KEYMAP_COMBO_MAX]);

/* Keys that type an ASCII character: Shift first where needed. Returns their
 * number, 0 if the US layout cannot type it. CR types as LF does. */
unsigned keymap_from_ascii(char character, uint16_t codes[2]);

#endif
