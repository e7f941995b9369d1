/* pit_i8254.c - Intel 8254 programmable interval timer.
 *
 * Manual: Intel 8254 data sheet (231164). Ports 40h-42h counters, 43h
 * control word. Channel 0 drives IRQ 0, channel 2 the speaker.
 *
 * Modelled: all six modes, binary and BCD, gates, counter latch, read-back
 * of count and status, null count, loading at the CLK pulse after the write
 * or at the end of the (half) cycle. Counters are computed from virtual
 * time when somebody looks; an event exists only for channel 0.
 * Not modelled: the wire of OUT 0 has no low part of single clocks (modes 2,
 * 4, 5): it falls and rises where OUT rises. Where the host was late with the
 * rise, the low half of mode 3 comes later, too, for a request goes away with
 * its line. Count 1 in modes 2 and 3, which the manual forbids, leaves OUT
 * high. */
#include "devices/pit_i8254.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    CONTROL_BCD = 0x01,
    RW_LATCH = 0,
    RW_LSB = 1,
    RW_MSB = 2,
    RW_BOTH = 3,
    SELECT_READ_BACK = 3,
    READ_BACK_NO_COUNT = 0x20,
    READ_BACK_NO_STATUS = 0x10,
    STATUS_OUT = 0x80,
    STATUS_NULL = 0x40,
    CHANNELS = 3,
};

/* Time is in ticks of CLK. While `loaded`, the counting element started
 * from `count` and took `tick - origin` pulses, or `elapsed` pulses while
 * it is not `running`. While not `loaded`, it stands at `held`, and OUT is
 * as after the control word. A new count waits in `cr` until `load_at`. */
struct channel {
    uint64_t origin;
    uint64_t elapsed;
    uint64_t load_at; /* SCHED_NEVER = nothing to load */
    uint32_t count;   /* 1-65536 */
    uint16_t cr;
    uint16_t held;
    uint16_t latch;
    uint8_t control; /* low six bits of the control word */
    uint8_t status;  /* latched */
    uint8_t low;     /* first byte of a two-byte write */
    bool loaded, running, gate;
    bool cr_valid; /* written since the control word */
    bool null_count;
    bool write_high, read_high; /* second byte is next */
    bool count_latched, status_latched;
};

struct pit {
    struct device device;
    struct channel channel[CHANNELS];
    uint64_t rise_at; /* next rise of OUT 0 that is sent to the wire */
    uint64_t fall_at; /* likewise in mode 3; SCHED_NEVER = with the rise */
    uint64_t rose_at; /* when the last one was sent */
    bool wire;

    /* TRANSIENT */
    struct addrspace *ports;
    struct sched *sched;
    struct irq *irq;
    struct event event;
    struct region region;
    void (*changed)(void *opaque);
    void *changed_opaque;
};

static const struct state_field pit_fields[] = {
    FIELD_OF(struct pit, U64, channel, origin),
    FIELD_OF(struct pit, U64, channel, elapsed),
    FIELD_OF(struct pit, U64, channel, load_at),
    FIELD_OF(struct pit, U32, channel, count),
    FIELD_OF(struct pit, U16, channel, cr),
    FIELD_OF(struct pit, U16, channel, held),
    FIELD_OF(struct pit, U16, channel, latch),
    FIELD_OF(struct pit, U8, channel, control),
    FIELD_OF(struct pit, U8, channel, status),
    FIELD_OF(struct pit, U8, channel, low),
    FIELD_OF(struct pit, BOOL, channel, loaded),
    FIELD_OF(struct pit, BOOL, channel, running),
    FIELD_OF(struct pit, BOOL, channel, gate),
    FIELD_OF(struct pit, BOOL, channel, cr_valid),
    FIELD_OF(struct pit, BOOL, channel, null_count),
    FIELD_OF(struct pit, BOOL, channel, write_high),
    FIELD_OF(struct pit, BOOL, channel, read_high),
    FIELD_OF(struct pit, BOOL, channel, count_latched),
    FIELD_OF(struct pit, BOOL, channel, status_latched),
    FIELD(struct pit, U64, rise_at),
    FIELD(struct pit, U64, fall_at),
    FIELD(struct pit, U64, rose_at),
    FIELD(struct pit, BOOL, wire),
    FIELD_END,
};

/* 14.31818 MHz / 12 = 315/264 MHz = 105/88000 per ns. */
uint64_t pit_ticks_from_ns(uint64_t ns)
{
    return ns / 88000 * 105 + ns % 88000 * 105 / 88000;
}

uint64_t pit_ns_from_ticks(uint64_t ticks)
{
    return ticks / 105 * 88000 + (ticks % 105 * 88000 + 104) / 105;
}

static uint64_t pit_now(const struct pit *pit)
{
    return pit_ticks_from_ns(sched_now(pit->sched));
}

static unsigned channel_mode(const struct channel *c)
{
    unsigned mode = c->control >> 1 & 7;

    return mode > 5 ? mode - 4 : mode;
}

static unsigned channel_rw(const struct channel *c)
{
    return c->control >> 4 & 3;
}

static bool is_periodic(const struct channel *c)
{
    return channel_mode(c) == 2 || channel_mode(c) == 3;
}

/* Modes 1 and 5 start at a rise of GATE and then ignore its level. */
static bool is_triggered(const struct channel *c)
{
    return channel_mode(c) == 1 || channel_mode(c) == 5;
}

static uint32_t channel_modulus(const struct channel *c)
{
    return c->control & CONTROL_BCD ? 10000 : 65536;
}

/* 0 stands for the modulus. Digits above 9 count for what they are. */
static uint32_t count_from_cr(const struct channel *c)
{
    uint32_t cr = c->cr;

    if (c->control & CONTROL_BCD)
        cr = ((cr >> 12) * 1000 + (cr >> 8 & 15) * 100 + (cr >> 4 & 15) * 10 +
              (cr & 15)) %
             10000;
    return cr ? cr : channel_modulus(c);
}

static uint16_t to_bcd(uint32_t value)
{
    return (uint16_t)(value / 1000 % 10 << 12 | value / 100 % 10 << 8 |
                      value / 10 % 10 << 4 | value % 10);
}

/* CLK pulses since the count was loaded. */
static uint64_t channel_elapsed(const struct channel *c, uint64_t tick)
{
    return c->running ? tick - c->origin : c->elapsed;
}

/* Clocks of the high half in mode 3. */
static uint32_t half_high(const struct channel *c)
{
    return (c->count + 1) / 2;
}

/* The counting element as a program reads it. */
static uint16_t channel_value(const struct channel *c, uint64_t tick)
{
    uint64_t elapsed = channel_elapsed(c, tick);
    uint32_t modulus = channel_modulus(c), pos, value;

    if (!c->loaded)
        return c->held;
    pos = (uint32_t)(elapsed % c->count);
    if (channel_mode(c) == 2) {
        value = c->count - pos;
    } else if (channel_mode(c) == 3) {
        if (pos >= half_high(c))
            pos -= half_high(c);
        value = (c->count & ~1u) - 2 * pos;
    } else {
        value = c->count + modulus - (uint32_t)(elapsed % modulus);
    }
    value %= modulus;
    return c->control & CONTROL_BCD ? to_bcd(value) : (uint16_t)value;
}

static bool channel_out(const struct channel *c, uint64_t tick)
{
    uint64_t elapsed = channel_elapsed(c, tick);

    if (!c->loaded)
        return channel_mode(c) != 0;
    switch (channel_mode(c)) {
    case 0:
    case 1:
        return elapsed >= c->count;
    case 2:
        return !c->running || c->count == 1 ||
               elapsed % c->count != c->count - 1;
    case 3:
        return !c->running || elapsed % c->count < half_high(c);
    default:
        return elapsed != c->count;
    }
}

/* Next tick after `tick` at which OUT rises. */
static uint64_t channel_next_rise(const struct channel *c, uint64_t tick)
{
    uint64_t elapsed = channel_elapsed(c, tick);

    if (!c->loaded || !c->running)
        return SCHED_NEVER;
    switch (channel_mode(c)) {
    case 0:
    case 1:
        return elapsed < c->count ? c->origin + c->count : SCHED_NEVER;
    case 2:
    case 3:
        if (c->count == 1)
            return SCHED_NEVER;
        return tick - elapsed % c->count + c->count;
    default:
        return elapsed <= c->count ? c->origin + c->count + 1 : SCHED_NEVER;
    }
}

/* When the low half of mode 3 shall be seen on the wire. The line stays up for
 * half of its half at least. */
static uint64_t channel_next_fall(const struct channel *c, uint64_t tick,
                                  uint64_t rose_at)
{
    uint64_t start = tick - channel_elapsed(c, tick) % c->count, fall;

    if (!c->loaded || !c->running || channel_mode(c) != 3 || c->count == 1)
        return SCHED_NEVER;
    fall = start + half_high(c);
    if (fall < rose_at + c->count / 4)
        fall = rose_at + c->count / 4;
    return fall < start + c->count ? fall : SCHED_NEVER;
}

/* End of the cycle (mode 2) or half cycle (mode 3): there a count written
 * meanwhile is loaded. */
static uint64_t channel_cycle_end(const struct channel *c, uint64_t tick)
{
    uint32_t pos = (uint32_t)(channel_elapsed(c, tick) % c->count);

    if (channel_mode(c) == 3 && pos < half_high(c))
        return tick - pos + half_high(c);
    return tick - pos + c->count;
}

/* CR goes to the counting element at tick `load_at`. In mode 3 that may be
 * the start of a low half; origin then lies before it. */
static void channel_load(struct channel *c)
{
    uint64_t at = c->load_at;
    bool low_half =
        channel_mode(c) == 3 && c->loaded && c->running && !channel_out(c, at);

    c->count = count_from_cr(c);
    c->origin = low_half ? at - half_high(c) : at;
    c->elapsed = 0;
    c->load_at = SCHED_NEVER;
    c->loaded = true;
    c->running = c->gate || is_triggered(c);
    c->null_count = false;
}

static void channel_sync(struct channel *c, uint64_t tick)
{
    if (c->load_at <= tick)
        channel_load(c);
}

/* Back to the state after a control word, with the count standing still. */
static void channel_unload(struct channel *c, uint64_t tick)
{
    c->held = channel_value(c, tick);
    c->loaded = c->running = false;
    c->load_at = SCHED_NEVER;
}

static void channel_count_written(struct channel *c, uint16_t value,
                                  uint64_t tick)
{
    c->cr = value;
    c->cr_valid = true;
    c->null_count = true;
    if (is_triggered(c))
        return;
    if (!is_periodic(c) || !c->loaded)
        c->load_at = tick + 1;
    else if (c->running)
        c->load_at = channel_cycle_end(c, tick);
}

/* In mode 0 the first byte already stops the counter and lowers OUT. */
static void channel_write(struct channel *c, uint8_t value, uint64_t tick)
{
    if (channel_mode(c) == 0)
        channel_unload(c, tick);
    switch (channel_rw(c)) {
    case RW_LSB:
        channel_count_written(c, value, tick);
        break;
    case RW_MSB:
        channel_count_written(c, (uint16_t)(value << 8), tick);
        break;
    default:
        if (c->write_high)
            channel_count_written(c, (uint16_t)(value << 8 | c->low), tick);
        else
            c->low = value;
        c->write_high = !c->write_high;
        break;
    }
}

static uint8_t channel_read(struct channel *c, uint64_t tick)
{
    uint16_t value = c->count_latched ? c->latch : channel_value(c, tick);
    bool high = channel_rw(c) == RW_MSB;

    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    if (channel_rw(c) == RW_BOTH) {
        high = c->read_high;
        c->read_high = !high;
        if (!high)
            return (uint8_t)value;
    }
    c->count_latched = false;
    return (uint8_t)(high ? value >> 8 : value);
}

/* A second latch before the first was read is ignored. */
static void channel_latch_count(struct channel *c, uint64_t tick)
{
    if (c->count_latched)
        return;
    c->latch = channel_value(c, tick);
    c->count_latched = true;
}

static void channel_latch_status(struct channel *c, uint64_t tick)
{
    if (c->status_latched)
        return;
    c->status = c->control;
    if (channel_out(c, tick))
        c->status |= STATUS_OUT;
    if (c->null_count)
        c->status |= STATUS_NULL;
    c->status_latched = true;
}

/* The count stands still until a new one is written. */
static void channel_control(struct channel *c, uint8_t value, uint64_t tick)
{
    channel_unload(c, tick);
    c->control = value & 0x3F;
    c->cr_valid = false;
    c->null_count = true;
    c->write_high = c->read_high = false;
    c->count_latched = c->status_latched = false;
}

/* Modes 1, 2, 3, 5 start at the CLK pulse after the rise of GATE; modes 0
 * and 4 go on where they stood. */
static void channel_set_gate(struct channel *c, bool level, uint64_t tick)
{
    if (c->gate == level)
        return;
    c->gate = level;
    if (level && (is_triggered(c) || is_periodic(c))) {
        if (c->cr_valid)
            c->load_at = tick + 1;
    } else if (level && c->loaded) {
        c->origin = tick - c->elapsed;
        c->running = true;
    } else if (!level && !is_triggered(c) && c->running) {
        c->elapsed = tick - c->origin;
        c->running = false;
        if (is_periodic(c))
            c->load_at = SCHED_NEVER;
    }
}

/* What happened to all channels up to now, the wire included. */
static uint64_t pit_catch_up(struct pit *pit)
{
    uint64_t tick = pit_now(pit);

    if (pit->rise_at <= tick) {
        pit->rise_at = SCHED_NEVER;
        pit->rose_at = tick;
        pit->wire = true;
        irq_lower(pit->irq);
        irq_raise(pit->irq);
    } else if (pit->fall_at <= tick) {
        pit->wire = false;
        irq_lower(pit->irq);
    }
    for (unsigned i = 0; i < CHANNELS; i++)
        channel_sync(&pit->channel[i], tick);
    return tick;
}

static void pit_arm(struct pit *pit)
{
    uint64_t next = min_u64(pit->rise_at, pit->channel[0].load_at);

    next = min_u64(next, pit->fall_at);

    if (next == SCHED_NEVER)
        event_cancel(pit->sched, &pit->event);
    else
        event_arm(pit->sched, &pit->event, pit_ns_from_ticks(next));
}

/* After channel 0 changed: the wire and the next event. */
static void pit_update(struct pit *pit, uint64_t tick)
{
    const struct channel *c = &pit->channel[0];

    if (!c->loaded) {
        pit->wire = channel_out(c, tick);
        irq_set(pit->irq, pit->wire);
    }
    pit->rise_at = channel_next_rise(c, tick);
    pit->fall_at =
        pit->wire ? channel_next_fall(c, tick, pit->rose_at) : SCHED_NEVER;
    pit_arm(pit);
}

static void pit_fire(void *opaque)
{
    struct pit *pit = opaque;

    pit_update(pit, pit_catch_up(pit));
}

static void pit_touched(struct pit *pit, unsigned channel)
{
    if (channel == 2 && pit->changed)
        pit->changed(pit->changed_opaque);
}

static void pit_read_back(struct pit *pit, uint8_t value, uint64_t tick)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (!(value >> (i + 1) & 1))
            continue;
        if (!(value & READ_BACK_NO_COUNT))
            channel_latch_count(&pit->channel[i], tick);
        if (!(value & READ_BACK_NO_STATUS))
            channel_latch_status(&pit->channel[i], tick);
    }
}

/* Control word, counter latch or read-back command. */
static void pit_write_control(struct pit *pit, uint8_t value, uint64_t tick)
{
    unsigned select = value >> 6;

    if (select == SELECT_READ_BACK) {
        pit_read_back(pit, value, tick);
    } else if ((value >> 4 & 3) == RW_LATCH) {
        channel_latch_count(&pit->channel[select], tick);
    } else {
        LOG(pit->device.log, PIT, "channel %u: control %02X", select, value);
        channel_control(&pit->channel[select], value, tick);
        pit_touched(pit, select);
    }
}

static uint64_t pit_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pit *pit = opaque;
    uint64_t tick = pit_catch_up(pit);
    uint8_t value = 0xFF; /* the control word cannot be read */

    (void)size;
    if (offset < CHANNELS)
        value = channel_read(&pit->channel[offset], tick);
    /* What was caught up may have taken the place of the event. */
    pit_update(pit, tick);
    return value;
}

static void pit_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    struct pit *pit = opaque;
    uint64_t tick = pit_catch_up(pit);

    (void)size;
    if (offset < CHANNELS) {
        channel_write(&pit->channel[offset], (uint8_t)value, tick);
        pit_touched(pit, (unsigned)offset);
    } else {
        pit_write_control(pit, (uint8_t)value, tick);
    }
    pit_update(pit, tick);
}

static const struct region_ops pit_port_ops = {
    .read = pit_read, .write = pit_write, .max_size = 1};

void pit_set_gate(struct pit *pit, unsigned channel, bool level)
{
    uint64_t tick = pit_catch_up(pit);

    channel_set_gate(&pit->channel[channel], level, tick);
    pit_touched(pit, channel);
    pit_update(pit, tick);
}

bool pit_output(struct pit *pit, unsigned channel)
{
    struct channel now = pit->channel[channel];
    uint64_t tick = pit_now(pit);

    channel_sync(&now, tick);
    return channel_out(&now, tick);
}

/* A count that waits for its CLK pulse is as good as loaded. */
uint32_t pit_period(struct pit *pit, unsigned channel)
{
    const struct channel *c = &pit->channel[channel];

    if (!is_periodic(c) || !c->gate || !c->cr_valid)
        return 0;
    return count_from_cr(c);
}

void pit_listen(struct pit *pit, void (*changed)(void *opaque), void *opaque)
{
    pit->changed = changed;
    pit->changed_opaque = opaque;
}

/* The chip comes up in an undefined mode: here no channel counts and OUT
 * is high until the firmware writes a control word. */
static void pit_reset(struct device *device)
{
    struct pit *pit = (struct pit *)device;

    for (unsigned i = 0; i < CHANNELS; i++)
        pit->channel[i] = (struct channel){.control = 0x36,
                                           .count = 65536,
                                           .load_at = SCHED_NEVER,
                                           .null_count = true,
                                           .gate = i != 2};
    pit->wire = true;
    irq_set(pit->irq, true);
    pit->rise_at = pit->fall_at = SCHED_NEVER;
    pit->rose_at = 0;
    pit_arm(pit);
    if (pit->changed)
        pit->changed(pit->changed_opaque);
}

static int pit_post_load(struct device *device, uint32_t version)
{
    struct pit *pit = (struct pit *)device;

    (void)version;
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct channel *c = &pit->channel[i];
        if (c->count < 1 || c->count > 65536)
            return -1;
        c->control &= 0x3F;
    }
    irq_set(pit->irq, pit->wire);
    pit_arm(pit);
    if (pit->changed)
        pit->changed(pit->changed_opaque);
    return 0;
}

static void pit_destroy(struct device *device)
{
    struct pit *pit = (struct pit *)device;

    event_free(pit->sched, &pit->event);
    addrspace_unmap(pit->ports, &pit->region);
    free(pit);
}

struct pit *pit_create(const struct pit_config *config)
{
    struct pit *pit = calloc(1, sizeof *pit);

    if (!pit)
        return NULL;
    device_init(&pit->device, &pit_i8254, "pit", config->log);
    pit->ports = config->ports;
    pit->sched = config->sched;
    pit->irq = config->irq;
    event_init(pit->sched, &pit->event, "pit", pit_fire, pit);
    pit->region = (struct region){.name = "pit",
                                  .base = 0x40,
                                  .size = 4,
                                  .kind = REGION_MMIO,
                                  .ops = &pit_port_ops,
                                  .opaque = pit};
    addrspace_map(pit->ports, &pit->region);
    pit_reset(&pit->device);
    return pit;
}

struct device *pit_device(struct pit *pit)
{
    return &pit->device;
}

const struct device_ops pit_i8254 = {
    .name = "pit",
    .description = "Intel 8254 timer",
    .version = 1,
    .fields = pit_fields,
    .reset = pit_reset,
    .post_load = pit_post_load,
    .destroy = pit_destroy,
};
