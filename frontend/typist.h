/* typist.h - types a text into the PC, at a pace that guests follow. */
#ifndef UMBRA_FRONTEND_TYPIST_H
#define UMBRA_FRONTEND_TYPIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed = idle. */
struct typist {
    char *text; /* owned; NULL when idle */
    size_t at;
    uint64_t next; /* time on the PC's clock of the next key */
    bool held;     /* the key of text[at] is down */
};

/* Append to what is still to be typed. What a US keyboard cannot type is
 * left out. False when there is no memory. */
bool typist_add(struct typist *typist, const char *text);

/* Takes a key's code (keymap.h). */
typedef void typist_key(void *opaque, uint16_t code, bool down);

/* Call often, with the time on the PC's clock; `ready`: the keyboard can
 * take a key. Presses or releases at most one character. */
void typist_step(struct typist *typist, uint64_t now, bool ready,
                 typist_key *key, void *opaque);
/* Forget the rest; a key that is down goes up. */
void typist_stop(struct typist *typist, typist_key *key, void *opaque);

#endif
