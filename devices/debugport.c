/* debugport.c - debug console, exit and power-off ports.
 *
 * There is no chip and no manual; these are the ports that PC emulators
 * agree on: E9h and 402h take text (and read as E9h, so that firmware finds
 * them), F4h (or another port) ends the run, 8900h powers off after the letters
 * "Shutdown". Text goes to log category "bios", a line at a time. */
#include "devices/debugport.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    PORT_E9 = 0xE9,
    PORT_402 = 0x402,
    PORT_EXIT = 0xF4,
    PORT_SHUTDOWN = 0x8900,
    READ_BACK = 0xE9,
    CONSOLES = 2,
    LINE_SIZE = 160,
};

/* The part of a line that waits for its end. */
struct console {
    uint8_t length;
    /* TRANSIENT */
    struct debugport *port;
};

struct debugport {
    struct device device;
    struct console console[CONSOLES];
    uint8_t text[CONSOLES * LINE_SIZE];
    uint8_t shutdown; /* letters seen */

    /* TRANSIENT */
    struct addrspace *ports;
    struct region region[CONSOLES], exit_region, shutdown_region;
    void (*exit)(void *opaque, uint32_t value);
    void (*power_off)(void *opaque);
    void *opaque;
};

static const struct state_field debugport_fields[] = {
    FIELD_OF(struct debugport, U8, console, length),
    FIELD_ARRAY(struct debugport, U8, text),
    FIELD(struct debugport, U8, shutdown),
    FIELD_END,
};

/* The buffer is cleared so that equal runs have equal states. */
static void write_line(struct debugport *port, unsigned index)
{
    LOG(port->device.log, BIOS, "%.*s", port->console[index].length,
        (const char *)port->text + index * LINE_SIZE);
    port->console[index].length = 0;
    memset(port->text + index * LINE_SIZE, 0, LINE_SIZE);
}

/* Control characters would upset the host's terminal: they become dots. */
static void take_text(struct debugport *port, unsigned index, uint8_t byte)
{
    struct console *console = &port->console[index];

    if (byte == '\n') {
        write_line(port, index);
        return;
    }
    if (byte == '\r')
        return;
    if (byte != '\t' && (byte < ' ' || byte > '~'))
        byte = '.';
    port->text[index * LINE_SIZE + console->length++] = byte;
    if (console->length == LINE_SIZE - 1)
        write_line(port, index);
}

static uint64_t console_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return READ_BACK;
}

static void console_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    struct console *console = opaque;
    struct debugport *port = console->port;

    (void)offset;
    (void)size;
    take_text(port, (unsigned)(console - port->console), (uint8_t)value);
}

static uint64_t exit_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return 0;
}

/* Whoever listens ends the run: the instruction after still may run. */
static void exit_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct debugport *port = opaque;

    (void)offset;
    (void)size;
    if (port->exit)
        port->exit(port->opaque, (uint32_t)value);
}

/* A wrong letter starts over; it may be the first one. */
static void shutdown_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    static const char word[] = "Shutdown";
    struct debugport *port = opaque;
    uint8_t letter = (uint8_t)value;

    (void)offset;
    (void)size;
    if (letter != word[port->shutdown])
        port->shutdown = 0;
    if (letter == word[port->shutdown])
        port->shutdown++;
    if (port->shutdown < sizeof word - 1)
        return;
    port->shutdown = 0;
    if (port->power_off)
        port->power_off(port->opaque);
}

static const struct region_ops console_ops = {
    .read = console_read, .write = console_write, .max_size = 1};

static const struct region_ops exit_ops = {
    .read = exit_read, .write = exit_write, .max_size = 4};

static const struct region_ops shutdown_ops = {
    .read = exit_read, .write = shutdown_write, .max_size = 1};

static void debugport_reset(struct device *device)
{
    struct debugport *port = (struct debugport *)device;

    for (unsigned i = 0; i < CONSOLES; i++)
        if (port->console[i].length)
            write_line(port, i);
    memset(port->text, 0, sizeof port->text);
    port->shutdown = 0;
}

static int debugport_post_load(struct device *device, uint32_t version)
{
    struct debugport *port = (struct debugport *)device;

    (void)version;
    for (unsigned i = 0; i < CONSOLES; i++)
        if (port->console[i].length >= LINE_SIZE - 1)
            return -1;
    return port->shutdown < 8 ? 0 : -1;
}

static void debugport_destroy(struct device *device)
{
    struct debugport *port = (struct debugport *)device;

    for (unsigned i = 0; i < CONSOLES; i++)
        addrspace_unmap(port->ports, &port->region[i]);
    addrspace_unmap(port->ports, &port->exit_region);
    addrspace_unmap(port->ports, &port->shutdown_region);
    free(port);
}

static void map_ports(struct debugport *port, struct region *region,
                      uint16_t base, uint64_t size,
                      const struct region_ops *ops, void *opaque)
{
    *region = (struct region){.name = "debugport",
                              .base = base,
                              .size = size,
                              .kind = REGION_MMIO,
                              .ops = ops,
                              .opaque = opaque};
    addrspace_map(port->ports, region);
}

struct debugport *debugport_create(const struct debugport_config *config)
{
    static const uint16_t console_port[CONSOLES] = {PORT_E9, PORT_402};
    struct debugport *port = calloc(1, sizeof *port);

    if (!port)
        return NULL;
    device_init(&port->device, &debugport_ops, "debugport", config->log);
    port->ports = config->ports;
    port->exit = config->exit;
    port->power_off = config->power_off;
    port->opaque = config->opaque;
    for (unsigned i = 0; i < CONSOLES; i++) {
        port->console[i].port = port;
        map_ports(port, &port->region[i], console_port[i], 1, &console_ops,
                  &port->console[i]);
    }
    map_ports(port, &port->exit_region,
              config->exit_base ? config->exit_base : PORT_EXIT,
              config->exit_size ? config->exit_size : 4, &exit_ops, port);
    map_ports(port, &port->shutdown_region, PORT_SHUTDOWN, 1, &shutdown_ops,
              port);
    debugport_reset(&port->device);
    return port;
}

struct device *debugport_device(struct debugport *port)
{
    return &port->device;
}

const struct device_ops debugport_ops = {
    .name = "debugport",
    .description = "debug console, exit and power-off ports",
    .version = 1,
    .fields = debugport_fields,
    .reset = debugport_reset,
    .post_load = debugport_post_load,
    .destroy = debugport_destroy,
};
