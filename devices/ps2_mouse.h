/* ps2_mouse.h - a PS/2 mouse with wheel and five buttons at the 8042. */
#ifndef UMBRA_PS2_MOUSE_H
#define UMBRA_PS2_MOUSE_H

#include "devices/core/device.h"
#include "devices/core/sched.h"

struct ps2_mouse;

struct mouse_config {
    struct sched *sched;
    struct log *log;
};

struct ps2_mouse *mouse_create(const struct mouse_config *config);
struct device *mouse_device(struct ps2_mouse *mouse);

/* The mouse moved: dx to the right, dy downwards (towards the user), wheel
 * by dz, away from the user negative. Buttons: bit 0 left, 1 right, 2
 * middle, 3 and 4 side. */
void mouse_move(struct ps2_mouse *mouse, int dx, int dy, int dz,
                unsigned buttons);

/* The controller's side, as in ps2_keyboard.h. */
void mouse_write(struct ps2_mouse *mouse, uint8_t byte);
bool mouse_has_data(const struct ps2_mouse *mouse);
uint8_t mouse_read(struct ps2_mouse *mouse);
void mouse_listen(struct ps2_mouse *mouse, void (*ready)(void *opaque),
                  void *opaque);

extern const struct device_ops ps2_mouse;

#endif
