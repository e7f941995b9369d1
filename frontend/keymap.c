/* keymap.c - lookups in the one table of keys. */
#define _POSIX_C_SOURCE 200809L

#include "frontend/keymap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct key {
    uint16_t code;
    uint8_t usage;
    char plain, shifted;
    const char *name;
};

static const struct key keys[] = {
#define X(id, code, usage, name, plain, shifted)                               \
    {code, usage, plain, shifted, name},
    KEYMAP_KEYS(X)
#undef X
};

enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

/* Names that other programs and other years use. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"enter", "ret"},
    {"return", "ret"},
    {"escape", "esc"},
    {"space", "spc"},
    {"del", "delete"},
    {"ins", "insert"},
    {"pageup", "pgup"},
    {"pagedown", "pgdn"},
    {"pg_up", "pgup"},
    {"pg_dn", "pgdn"},
    {"ctrl_l", "ctrl"},
    {"control", "ctrl"},
    {"alt_l", "alt"},
    {"altgr", "alt_r"},
    {"shift_l", "shift"},
    {"bksp", "backspace"},
    {"asterisk", "kp_multiply"},
    {"menu", "compose"},
    {"win", "meta_l"},
    {"caps", "caps_lock"},
    {"numlock", "num_lock"},
    {"scrolllock", "scroll_lock"},
    {"prtsc", "print"},
    {"period", "dot"},
    {"grave", "grave_accent"},
    {"-", "minus"},
    {"=", "equal"},
    {"[", "bracket_left"},
    {"]", "bracket_right"},
    {";", "semicolon"},
    {"'", "apostrophe"},
    {"`", "grave_accent"},
    {"\\", "backslash"},
    {",", "comma"},
    {".", "dot"},
    {"/", "slash"},
    {" ", "spc"},
};

static uint16_t code_of_number(const char *text)
{
    char *end;
    unsigned long value;

    if (strncasecmp(text, "0x", 2) != 0)
        return 0;
    value = strtoul(text, &end, 16);
    return *end == '\0' && keymap_name((uint16_t)value) && value <= 0xFFFF
               ? (uint16_t)value
               : 0;
}

uint16_t keymap_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcasecmp(aliases[i].alias, name) == 0)
            name = aliases[i].name;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcasecmp(keys[i].name, name) == 0)
            return keys[i].code;
    return code_of_number(name);
}

const char *keymap_name(uint16_t code)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (keys[i].code == code)
            return keys[i].name;
    return NULL;
}

uint16_t keymap_from_usage(unsigned usage)
{
    /* The # at Enter of European boards sends the code of the US backslash. */
    if (usage == 0x32)
        return UMBRA_KEY_BACKSLASH;
    for (size_t i = 0; usage && i < KEY_COUNT; i++)
        if (keys[i].usage == usage)
            return keys[i].code;
    return 0;
}

/* Length of the part that ends at the next '-'; the part itself may be
 * "-". */
static size_t part_length(const char *text)
{
    const char *dash = strchr(text + (*text != '\0'), '-');
    return dash ? (size_t)(dash - text) : strlen(text);
}

unsigned keymap_parse_combo(const char *text, uint16_t codes[KEYMAP_COMBO_MAX])
{
    unsigned count = 0;

    for (;;) {
        char name[32];
        size_t length = part_length(text);

        if (length == 0 || length >= sizeof name || count == KEYMAP_COMBO_MAX)
            return 0;
        memcpy(name, text, length);
        name[length] = '\0';
        codes[count] = keymap_from_name(name);
        if (codes[count++] == 0)
            return 0;
        if (text[length] == '\0')
            return count;
        text += length + 1;
    }
}

unsigned keymap_from_ascii(char character, uint16_t codes[2])
{
    if (character == '\0')
        return 0;
    if (character == '\r')
        character = '\n';
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].plain == character) {
            codes[0] = keys[i].code;
            return 1;
        }
        if (keys[i].shifted == character) {
            codes[0] = UMBRA_KEY_SHIFT;
            codes[1] = keys[i].code;
            return 2;
        }
    }
    return 0;
}
