/* gameport.c - the IBM Game Control Adapter.
 *
 * Manual: IBM PC Technical Reference, Game Control Adapter. Port 201h (all
 * of 200h-207h): a write starts four one-shots, bits 0-3 read 1 until each
 * is over; bits 4-7 are the buttons, 0 = pressed. A one-shot takes
 *
 *     24.2 us + 0.011 us * R ohm
 *
 * where R is what the joystick's potentiometer puts in its way: 0 (left, up)
 * to 100 kohm (right, down). Nothing connected is an infinite R.
 *
 * Modelled: two joysticks with two axes and two buttons. Not modelled:
 * bouncing contacts, digital protocols of later joysticks, MIDI. */
#include "devices/gameport.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    BASE = 0x200,
    PORTS = 8,
    AXES = 2 * GAMEPORT_STICKS,
    SHORTEST_NS = 24200,
    LONGEST_NS = SHORTEST_NS + 11 * 100000
};

/* Axis and button n of stick s have bits 2 * s + n and 4 above. `over` is
 * SCHED_NEVER for an axis that leads nowhere. */
struct gameport {
    struct device device;
    uint64_t over[AXES]; /* ns: the one-shot ends; 0 = long ago */

    /* TRANSIENT: what the user holds; no state of the board. */
    uint64_t length[AXES]; /* ns a one-shot takes */
    uint8_t buttons;       /* bits 0-3, 1 = pressed */
    struct addrspace *ports;
    struct sched *sched;
    struct region region;
};

static const struct state_field gameport_fields[] = {
    FIELD_ARRAY(struct gameport, U64, over),
    FIELD_END,
};

static uint64_t length_of(int position)
{
    uint64_t p = position < -32768  ? 0
                 : position > 32767 ? 65535
                                    : (uint64_t)(position + 32768);

    return SHORTEST_NS + p * (LONGEST_NS - SHORTEST_NS) / 65535;
}

void gameport_set(struct gameport *g, unsigned stick,
                  const struct gameport_stick *position)
{
    unsigned shift = 2 * stick;

    if (stick >= GAMEPORT_STICKS)
        return;
    g->length[shift] =
        position->connected ? length_of(position->x) : SCHED_NEVER;
    g->length[shift + 1] =
        position->connected ? length_of(position->y) : SCHED_NEVER;
    g->buttons &= (uint8_t) ~(3u << shift);
    if (position->connected)
        g->buttons |= (uint8_t)((position->buttons & 3) << shift);
}

static uint64_t gameport_read(void *opaque, uint64_t offset, unsigned size)
{
    const struct gameport *g = opaque;
    uint64_t now = sched_now(g->sched);
    unsigned value = (unsigned)~g->buttons << 4 & 0xF0;

    (void)offset, (void)size;
    for (unsigned i = 0; i < AXES; i++)
        if (now < g->over[i])
            value |= 1u << i;
    return value;
}

/* A one-shot that runs is not started again (NE558). */
static void gameport_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    struct gameport *g = opaque;
    uint64_t now = sched_now(g->sched);

    (void)offset, (void)value, (void)size;
    for (unsigned i = 0; i < AXES; i++)
        if (now >= g->over[i] || g->over[i] == SCHED_NEVER)
            g->over[i] =
                g->length[i] == SCHED_NEVER ? SCHED_NEVER : now + g->length[i];
}

static const struct region_ops gameport_ops = {
    .read = gameport_read, .write = gameport_write, .max_size = 1};

static void gameport_reset(struct device *device)
{
    struct gameport *g = CONTAINER_OF(device, struct gameport, device);

    memset(g->over, 0, sizeof g->over);
}

static void gameport_destroy(struct device *device)
{
    struct gameport *g = CONTAINER_OF(device, struct gameport, device);

    addrspace_unmap(g->ports, &g->region);
    free(g);
}

struct gameport *gameport_create(const struct gameport_config *config)
{
    static const struct gameport_stick nothing;
    struct gameport *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    device_init(&g->device, &gameport_ibm, "gameport", config->log);
    g->ports = config->ports;
    g->sched = config->sched;
    for (unsigned i = 0; i < GAMEPORT_STICKS; i++)
        gameport_set(g, i, &nothing);
    g->region = (struct region){.name = "gameport",
                                .base = BASE,
                                .size = PORTS,
                                .kind = REGION_MMIO,
                                .ops = &gameport_ops,
                                .opaque = g};
    addrspace_map(g->ports, &g->region);
    gameport_reset(&g->device);
    return g;
}

struct device *gameport_device(struct gameport *gameport)
{
    return &gameport->device;
}

const struct device_ops gameport_ibm = {
    .name = "gameport",
    .description = "IBM game control adapter",
    .version = 1,
    .fields = gameport_fields,
    .reset = gameport_reset,
    .destroy = gameport_destroy,
};
