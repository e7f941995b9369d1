/* pit_i8254.h - the Intel 8254 interval timer of a PC. */
#ifndef UMBRA_PIT_I8254_H
#define UMBRA_PIT_I8254_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct pit;

struct pit_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
    struct irq *irq; /* OUT of channel 0 */
};

struct pit *pit_create(const struct pit_config *config);
struct device *pit_device(struct pit *pit);

/* The gates of channels 0 and 1 are tied high on the board. */
void pit_set_gate(struct pit *pit, unsigned channel, bool level);
/* Level of OUT now. */
bool pit_output(struct pit *pit, unsigned channel);
/* Clocks per cycle of OUT in a periodic mode; 0 = no square wave. */
uint32_t pit_period(struct pit *pit, unsigned channel);
/* Called after channel 2 was programmed or gated (speaker). */
void pit_listen(struct pit *pit, void (*changed)(void *opaque), void *opaque);

/* The clock, 315/264 MHz, in whole ticks since power-on. */
uint64_t pit_ticks_from_ns(uint64_t ns);
uint64_t pit_ns_from_ticks(uint64_t ticks);

extern const struct device_ops pit_i8254;

#endif
