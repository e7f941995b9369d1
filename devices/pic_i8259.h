/* pic_i8259.h - the two 8259A interrupt controllers of a PC. */
#ifndef UMBRA_PIC_I8259_H
#define UMBRA_PIC_I8259_H

#include "devices/core/device.h"
#include "devices/core/irq.h"

struct addrspace;
struct pic;

struct pic_config {
    struct addrspace *ports;
    struct log *log;
    struct irq *intr; /* to the CPU or to LINT0 */
};

struct pic *pic_create(const struct pic_config *config);
struct device *pic_device(struct pic *pic);

/* Input pin 0-15 (an irq_handler, `opaque` is the pic). Pin 2 is taken by
 * the cascade. A source holds its level until it was served: the chip drops
 * a request whose line falls before the acknowledge. */
void pic_set_line(void *opaque, unsigned line, bool level);
/* INTA cycle: the vector. With nothing pending it is the spurious one. */
int pic_ack(struct pic *pic);

extern const struct device_ops pic_i8259;

#endif
