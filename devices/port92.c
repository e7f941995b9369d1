/* port92.c - system control port A (92h) of the PS/2 and its successors.
 *
 * Bit 0: a rising edge resets the CPU; bit 1: A20 gate. Not modelled: the
 * activity light (bits 7:6), the watchdog and the password lock of the PS/2
 * read as written. */
#include <stdlib.h>

#include "devices/port92.h"
#include "mmu/addrspace.h"

enum { FAST_RESET = 1 << 0, FAST_A20 = 1 << 1 };

struct port92 {
    struct device device;
    uint8_t value; /* without FAST_A20, which the board holds */

    /* TRANSIENT */
    struct port92_config config;
    struct region region;
};

static const struct state_field port92_fields[] = {
    FIELD(struct port92, U8, value),
    FIELD_END,
};

static uint64_t port92_read(void *opaque, uint64_t offset, unsigned size)
{
    struct port92 *port = opaque;

    (void)offset, (void)size;
    return port->value |
           (port->config.get_a20(port->config.opaque) ? FAST_A20 : 0);
}

static void port92_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct port92 *port = opaque;
    uint8_t rising = (uint8_t)value & ~port->value;

    (void)offset, (void)size;
    port->value = (uint8_t)value & (uint8_t)~FAST_A20;
    port->config.set_a20(port->config.opaque, value & FAST_A20);
    if (rising & FAST_RESET)
        port->config.reset(port->config.opaque);
}

static void port92_reset(struct device *device)
{
    struct port92 *port = CONTAINER_OF(device, struct port92, device);

    port->value = 0;
}

static void port92_destroy(struct device *device)
{
    struct port92 *port = CONTAINER_OF(device, struct port92, device);

    addrspace_unmap(port->config.ports, &port->region);
    free(port);
}

struct port92 *port92_create(const struct port92_config *config)
{
    static const struct region_ops ops = {port92_read, port92_write, 1};
    struct port92 *port = calloc(1, sizeof *port);

    if (!port)
        return NULL;
    device_init(&port->device, &port92_ops, "port92", config->log);
    port->config = *config;
    port->region = (struct region){
        .name = "port92",
        .base = 0x92,
        .size = 1,
        .kind = REGION_MMIO,
        .ops = &ops,
        .opaque = port,
    };
    addrspace_map(config->ports, &port->region);
    return port;
}

struct device *port92_device(struct port92 *port)
{
    return &port->device;
}

const struct device_ops port92_ops = {
    .name = "port92",
    .description = "system control port A",
    .version = 1,
    .fields = port92_fields,
    .reset = port92_reset,
    .destroy = port92_destroy,
};
