/* speaker.h - system control port B (61h) and the speaker's tone. */
#ifndef UMBRA_SPEAKER_H
#define UMBRA_SPEAKER_H

#include "devices/core/device.h"
#include "devices/core/sched.h"

struct addrspace;
struct pit;
struct speaker;

struct speaker_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
    struct pit *pit; /* must outlive the speaker */
    /* The tone changed; in 1/1000 Hz, 0 = silence. May be NULL. */
    void (*tone)(void *opaque, uint32_t millihertz);
    void *opaque;
};

struct speaker *speaker_create(const struct speaker_config *config);
struct device *speaker_device(struct speaker *speaker);

extern const struct device_ops speaker_port61;

#endif
