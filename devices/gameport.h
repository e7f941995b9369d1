/* gameport.h - the game port: two joysticks with two buttons each. */
#ifndef UMBRA_GAMEPORT_H
#define UMBRA_GAMEPORT_H

#include "devices/core/device.h"
#include "devices/core/sched.h"

struct addrspace;
struct gameport;

enum { GAMEPORT_STICKS = 2 };

struct gameport_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
};

struct gameport *gameport_create(const struct gameport_config *config);
struct device *gameport_device(struct gameport *gameport);

/* x and y from -32768 (left, up) to 32767; bit 0 and 1 of `buttons`. */
struct gameport_stick {
    bool connected;
    int x, y;
    unsigned buttons;
};
void gameport_set(struct gameport *gameport, unsigned stick,
                  const struct gameport_stick *position);

extern const struct device_ops gameport_ibm;

#endif
