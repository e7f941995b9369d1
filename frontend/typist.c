/* typist.c - types a text into the PC, at a pace that guests follow. */
#include "frontend/typist.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/keymap.h"

/* A BIOS takes 15 keys before somebody reads them: 40 keys per second are
 * read by every command line. */
enum { PRESS_NS = 10000000, PAUSE_NS = 15000000 };

bool typist_add(struct typist *typist, const char *text)
{
    size_t rest = typist->text ? strlen(typist->text + typist->at) : 0;
    size_t length = rest;
    char *joined = malloc(rest + strlen(text) + 1);

    if (!joined)
        return false;
    if (rest)
        memcpy(joined, typist->text + typist->at, rest);
    for (; *text; text++) {
        uint16_t codes[2];
        if (keymap_from_ascii(*text, codes) &&
            !(*text == '\r' && text[1] == '\n'))
            joined[length++] = *text;
    }
    joined[length] = '\0';
    free(typist->text);
    typist->text = joined;
    typist->at = 0;
    return true;
}

static void press(char character, bool down, typist_key *key, void *opaque)
{
    uint16_t codes[2];
    unsigned count = keymap_from_ascii(character, codes);

    for (unsigned i = 0; i < count; i++)
        key(opaque, codes[down ? i : count - 1 - i], down);
}

static void forget(struct typist *typist)
{
    free(typist->text);
    typist->text = NULL;
    typist->at = 0;
    typist->held = false;
}

void typist_step(struct typist *typist, uint64_t now, bool ready,
                 typist_key *key, void *opaque)
{
    if (!typist->text)
        return;
    if (typist->text[typist->at] == '\0') {
        forget(typist);
        return;
    }
    if (now < typist->next || (!typist->held && !ready))
        return;
    typist->held = !typist->held;
    press(typist->text[typist->at], typist->held, key, opaque);
    typist->next = now + (typist->held ? PRESS_NS : PAUSE_NS);
    if (!typist->held)
        typist->at++;
}

void typist_stop(struct typist *typist, typist_key *key, void *opaque)
{
    if (typist->text && typist->held)
        press(typist->text[typist->at], false, key, opaque);
    forget(typist);
}
