/* pc_testdev.c - the small test device that conformance ROMs for PC
 * emulators expect.
 *
 * There is no chip and no manual; the interface is what those ROMs use:
 *   E0h-E3h    a latch of 32 bits, in accesses of 1, 2 and 4 bytes
 *   E4h        a page's address: forget what is cached about the page
 *   E8h-EBh    the same latch, but bytes only (wider accesses come in bytes)
 *   2000h + n  the level of interrupt line n, 0..23
 *   FF000000h  64 KiB that store and load, but are a device to the CPU
 * Interrupt lines 0 to 15 are the ISA interrupts, the rest the I/O APIC's
 * pins. Not modelled: the page flush has no effect, since nothing that is
 * cached here can be stale. */
#include "devices/pc_testdev.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    PORT_LATCH = 0xE0,
    PORT_FLUSH = 0xE4,
    PORT_BYTES = 0xE8,
    PORT_LINES = 0x2000,
    MEMORY_SIZE = 0x10000,
};
#define MEMORY_BASE 0xFF000000u

struct pc_testdev {
    struct device device;
    uint32_t latch;
    uint32_t lines; /* levels */
    uint32_t flushed;
    uint8_t memory_bytes[MEMORY_SIZE];

    /* TRANSIENT */
    struct addrspace *ports, *memory;
    struct region latch_region, flush_region, byte_region, line_region,
        memory_region;
    void (*set_line)(void *opaque, unsigned line, bool level);
    void *opaque;
};

static const struct state_field pc_testdev_fields[] = {
    FIELD(struct pc_testdev, U32, latch),
    FIELD(struct pc_testdev, U32, lines),
    FIELD(struct pc_testdev, U32, flushed),
    FIELD_ARRAY(struct pc_testdev, U8, memory_bytes),
    FIELD_END,
};

/* ---- the latch: bytes of a little-endian word; what lies beyond reads 0 */

static uint64_t latch_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pc_testdev *dev = opaque;

    return bits((uint64_t)dev->latch >> offset * 8, 0, size * 8);
}

static void latch_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    struct pc_testdev *dev = opaque;
    uint32_t mask = (uint32_t)(bits(~0ull, 0, size * 8) << offset * 8);

    dev->latch =
        (dev->latch & ~mask) | ((uint32_t)(value << offset * 8) & mask);
}

static uint64_t flush_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pc_testdev *dev = opaque;

    return bits((uint64_t)dev->flushed >> offset * 8, 0, size * 8);
}

static void flush_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    struct pc_testdev *dev = opaque;

    (void)offset, (void)size;
    dev->flushed = (uint32_t)value;
}

/* ---- interrupt lines */

static void drive(struct pc_testdev *dev, unsigned line, bool level)
{
    if (level)
        dev->lines |= 1u << line;
    else
        dev->lines &= ~(1u << line);
    if (dev->set_line)
        dev->set_line(dev->opaque, line, level);
}

static uint64_t line_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pc_testdev *dev = opaque;

    (void)size;
    return dev->lines >> offset & 1;
}

static void line_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    (void)size;
    drive(opaque, (unsigned)offset, value != 0);
}

/* ---- memory */

static uint64_t memory_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pc_testdev *dev = opaque;

    return load_le(dev->memory_bytes + offset, size);
}

static void memory_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct pc_testdev *dev = opaque;

    store_le(dev->memory_bytes + offset, value, size);
}

/* ---- life */

static const struct region_ops latch_ops = {latch_read, latch_write, 4};
static const struct region_ops flush_ops = {flush_read, flush_write, 4};
static const struct region_ops byte_ops = {latch_read, latch_write, 1};
/* A line takes one port: wider accesses drive the lines behind, too. */
static const struct region_ops line_ops = {line_read, line_write, 1};
static const struct region_ops memory_ops = {memory_read, memory_write, 8};

static void pc_testdev_reset(struct device *device)
{
    struct pc_testdev *dev = (struct pc_testdev *)device;

    dev->latch = dev->flushed = 0;
    memset(dev->memory_bytes, 0, sizeof dev->memory_bytes);
    for (unsigned line = 0; line < TESTDEV_LINES; line++)
        if (dev->lines >> line & 1)
            drive(dev, line, false);
    dev->lines = 0;
}

static int pc_testdev_post_load(struct device *device, uint32_t version)
{
    struct pc_testdev *dev = (struct pc_testdev *)device;

    (void)version;
    if (dev->lines >> TESTDEV_LINES)
        return -1;
    for (unsigned line = 0; line < TESTDEV_LINES; line++)
        drive(dev, line, dev->lines >> line & 1);
    return 0;
}

static void pc_testdev_destroy(struct device *device)
{
    struct pc_testdev *dev = (struct pc_testdev *)device;

    addrspace_unmap(dev->ports, &dev->latch_region);
    addrspace_unmap(dev->ports, &dev->flush_region);
    addrspace_unmap(dev->ports, &dev->byte_region);
    addrspace_unmap(dev->ports, &dev->line_region);
    addrspace_unmap(dev->memory, &dev->memory_region);
    free(dev);
}

static void map(struct pc_testdev *dev, struct addrspace *space,
                struct region *region, uint64_t base, uint64_t size,
                const struct region_ops *ops)
{
    *region = (struct region){.name = "pc-testdev",
                              .base = base,
                              .size = size,
                              .priority = 1,
                              .kind = REGION_MMIO,
                              .ops = ops,
                              .opaque = dev};
    addrspace_map(space, region);
}

struct pc_testdev *pc_testdev_create(const struct pc_testdev_config *config)
{
    struct pc_testdev *dev = calloc(1, sizeof *dev);

    if (!dev)
        return NULL;
    device_init(&dev->device, &pc_testdev_ops, "pc-testdev", config->log);
    dev->ports = config->ports;
    dev->memory = config->memory;
    dev->set_line = config->set_line;
    dev->opaque = config->opaque;
    map(dev, dev->ports, &dev->latch_region, PORT_LATCH, 4, &latch_ops);
    map(dev, dev->ports, &dev->flush_region, PORT_FLUSH, 4, &flush_ops);
    map(dev, dev->ports, &dev->byte_region, PORT_BYTES, 4, &byte_ops);
    map(dev, dev->ports, &dev->line_region, PORT_LINES, TESTDEV_LINES,
        &line_ops);
    map(dev, dev->memory, &dev->memory_region, MEMORY_BASE, MEMORY_SIZE,
        &memory_ops);
    pc_testdev_reset(&dev->device);
    return dev;
}

struct device *pc_testdev_device(struct pc_testdev *dev)
{
    return &dev->device;
}

const struct device_ops pc_testdev_ops = {
    .name = "pc-testdev",
    .description = "test device for conformance ROMs",
    .version = 1,
    .fields = pc_testdev_fields,
    .reset = pc_testdev_reset,
    .post_load = pc_testdev_post_load,
    .destroy = pc_testdev_destroy,
};
