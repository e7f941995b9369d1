/* speaker.c - system control port B (61h): speaker, timer 2, refresh.
 *
 * Manual: Intel 82371SB (PIIX3), "NMI Status and Control Register".
 * Bits 0 gate of timer 2, 1 speaker data, 2-3 NMI source disables (kept,
 * there is no source), 4 refresh toggle, 5 OUT of timer 2, 6-7 NMI sources.
 * Not modelled: sound made by moving bit 1 or by one-shot modes (speech by
 * pulse width); only the square wave of timer 2 is reported. */
#include "devices/speaker.h"

#include "devices/pit_i8254.h"
#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    PORTB_TIMER2_GATE = 0x01,
    PORTB_SPEAKER_DATA = 0x02,
    PORTB_WRITABLE = 0x0F,
    PORTB_REFRESH = 0x10,
    PORTB_OUT2 = 0x20,
    REFRESH_NS = 15085, /* between two refresh requests: 18 timer ticks */
};

struct speaker {
    struct device device;
    uint8_t control; /* bits 0-3 as written */

    /* TRANSIENT */
    struct addrspace *ports;
    struct sched *sched;
    struct pit *pit;
    void (*tone)(void *opaque, uint32_t millihertz);
    void *opaque;
    uint32_t millihertz; /* last reported */
    struct region region;
};

static const struct state_field speaker_fields[] = {
    FIELD(struct speaker, U8, control),
    FIELD_END,
};

/* Periods below 32 clocks are over 37 kHz: nobody hears them, and programs
 * use them to hold the line still. */
static uint32_t current_tone(struct speaker *speaker)
{
    uint32_t period = pit_period(speaker->pit, 2);

    if (!(speaker->control & PORTB_SPEAKER_DATA) || period < 32)
        return 0;
    return (uint32_t)(1193181818ull / period);
}

static void speaker_update(void *opaque)
{
    struct speaker *speaker = opaque;
    uint32_t millihertz = current_tone(speaker);

    if (millihertz == speaker->millihertz)
        return;
    speaker->millihertz = millihertz;
    if (speaker->tone)
        speaker->tone(speaker->opaque, millihertz);
}

static uint64_t speaker_read(void *opaque, uint64_t offset, unsigned size)
{
    struct speaker *speaker = opaque;
    uint8_t value = speaker->control;

    (void)offset;
    (void)size;
    if (sched_now(speaker->sched) / REFRESH_NS & 1)
        value |= PORTB_REFRESH;
    if (pit_output(speaker->pit, 2))
        value |= PORTB_OUT2;
    return value;
}

static void speaker_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    struct speaker *speaker = opaque;

    (void)offset;
    (void)size;
    speaker->control = (uint8_t)value & PORTB_WRITABLE;
    pit_set_gate(speaker->pit, 2, value & PORTB_TIMER2_GATE);
    speaker_update(speaker);
}

static const struct region_ops speaker_port_ops = {
    .read = speaker_read, .write = speaker_write, .max_size = 1};

static void speaker_reset(struct device *device)
{
    struct speaker *speaker = (struct speaker *)device;

    speaker->control = 0;
    pit_set_gate(speaker->pit, 2, false);
    speaker_update(speaker);
}

static int speaker_post_load(struct device *device, uint32_t version)
{
    (void)version;
    speaker_update(device);
    return 0;
}

static void speaker_destroy(struct device *device)
{
    struct speaker *speaker = (struct speaker *)device;

    pit_listen(speaker->pit, NULL, NULL);
    addrspace_unmap(speaker->ports, &speaker->region);
    free(speaker);
}

struct speaker *speaker_create(const struct speaker_config *config)
{
    struct speaker *speaker = calloc(1, sizeof *speaker);

    if (!speaker)
        return NULL;
    device_init(&speaker->device, &speaker_port61, "speaker", config->log);
    speaker->ports = config->ports;
    speaker->sched = config->sched;
    speaker->pit = config->pit;
    speaker->tone = config->tone;
    speaker->opaque = config->opaque;
    speaker->region = (struct region){.name = "port61",
                                      .base = 0x61,
                                      .size = 1,
                                      .kind = REGION_MMIO,
                                      .ops = &speaker_port_ops,
                                      .opaque = speaker};
    addrspace_map(speaker->ports, &speaker->region);
    pit_listen(speaker->pit, speaker_update, speaker);
    speaker_reset(&speaker->device);
    return speaker;
}

struct device *speaker_device(struct speaker *speaker)
{
    return &speaker->device;
}

const struct device_ops speaker_port61 = {
    .name = "speaker",
    .description = "port 61h and speaker",
    .version = 1,
    .fields = speaker_fields,
    .reset = speaker_reset,
    .post_load = speaker_post_load,
    .destroy = speaker_destroy,
};
