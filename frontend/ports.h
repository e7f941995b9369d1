/* ports.h - connects the PC's serial and parallel ports with what the user
 * named for them (chardev.h): bytes both ways, flow control, the escape key
 * of the terminal. */
#ifndef UMBRA_FRONTEND_PORTS_H
#define UMBRA_FRONTEND_PORTS_H

#include "frontend/options.h"

struct ports;

enum { PORTS_MAX_FDS = UMBRA_SERIAL_PORTS };

/* Opens everything, tells the user on stderr what he has to know, and waits
 * for connections that have to be there first. NULL with one line in error[].
 * `quit` is called when the user types Ctrl-A x. */
struct ports *ports_open(const struct options *options,
                         void (*quit)(void *opaque), void *opaque,
                         char error[CHARDEV_ERROR_SIZE]);
void ports_close(struct ports *ports);
/* The PC, once it is there. */
void ports_connect(struct ports *ports, struct umbra *umbra);

/* From the PC's callbacks. */
void ports_serial(struct ports *ports, unsigned port, uint8_t byte);
void ports_serial_room(struct ports *ports, unsigned port);
void ports_parallel(struct ports *ports, unsigned port, uint8_t byte);

/* Moves bytes both ways. False with one line in error[] when output can not
 * be written any more. */
bool ports_poll(struct ports *ports, const struct options *options,
                char error[CHARDEV_ERROR_SIZE]);
/* File descriptors by which input or connections may come that the PC could
 * take; returns how many there are. */
unsigned ports_fds(const struct ports *ports, int fds[PORTS_MAX_FDS]);

#endif
