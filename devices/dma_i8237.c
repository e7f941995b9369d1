/* dma_i8237.c - two Intel 8237A DMA controllers and the page registers.
 *
 * Manual: Intel 8237A data sheet (231466); page registers: IBM PC/AT
 * Technical Reference, Intel 82371SB. Ports: 00h-0Fh channels 0-3 (bytes),
 * C0h-DFh, every second one, channels 4-7 (words), 80h-8Fh pages.
 * Channel 4 cascades the first controller.
 *
 * Modelled: address, count, their base registers, mode, mask, command,
 * status, flip-flop, auto-initialise, verify, decrement, terminal count,
 * cascade, software requests (which masks do not stop; nobody drives the bus,
 * so that a write fills memory with ones).
 * As on the 82371SB there is no memory-to-memory, no temporary register.
 * Not modelled: priorities and the difference of demand, single and block mode
 * (a part moves what it has in one go), the time a transfer takes. */
#include "devices/dma_i8237.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    CHANNELS = 4, /* of one controller */
    CONTROLLERS = 2,
    PAGES = 16,
    CASCADE_CHANNEL = 4,

    REG_STATUS_COMMAND = 8, /* read status, write command */
    REG_REQUEST = 9,        /* software requests */
    REG_SINGLE_MASK = 10,   /* bit 2 sets or clears */
    REG_MODE = 11,
    REG_CLEAR_FLIP_FLOP = 12, /* next byte is a low one */
    REG_MASTER_CLEAR = 13,    /* read: temporary register */
    REG_CLEAR_MASK = 14,
    REG_ALL_MASKS = 15, /* readable as on 82371SB */

    COMMAND_DISABLE = 0x04, /* no transfer at all */
    MODE_TRANSFER = 0x0C,   /* 0 verify, 1 write, 2 read memory */
    MODE_WRITE_MEMORY = 0x04,
    MODE_READ_MEMORY = 0x08,
    MODE_AUTO_INIT = 0x10, /* start over at terminal count */
    MODE_DECREMENT = 0x20, /* addresses go down */
    MODE_CASCADE = 0xC0,
    ALL_CHANNELS = 0x0F,
};

/* Addresses and counts are in units: bytes or words. */
struct channel {
    uint16_t base_address, base_count;
    uint16_t address, count;
    uint8_t mode;
};

struct controller {
    uint8_t command;
    uint8_t mask;
    uint8_t tc;       /* status bits 0-3 */
    uint8_t software; /* requests by register 9 */
    uint8_t lines;    /* DREQ levels */
    bool high_byte;   /* flip-flop */
};

struct dma {
    struct device device;
    struct controller controller[CONTROLLERS];
    struct channel channel[CONTROLLERS * CHANNELS];
    uint8_t page[PAGES];

    /* TRANSIENT */
    struct addrspace *ports, *memory;
    struct region region[CONTROLLERS];
    struct region pages;
    struct {
        void (*granted)(void *opaque);
        void *opaque;
    } part[CONTROLLERS * CHANNELS];
};

static const struct state_field dma_fields[] = {
    FIELD_OF(struct dma, U8, controller, command),
    FIELD_OF(struct dma, U8, controller, mask),
    FIELD_OF(struct dma, U8, controller, tc),
    FIELD_OF(struct dma, U8, controller, software),
    FIELD_OF(struct dma, U8, controller, lines),
    FIELD_OF(struct dma, BOOL, controller, high_byte),
    FIELD_OF(struct dma, U16, channel, base_address),
    FIELD_OF(struct dma, U16, channel, base_count),
    FIELD_OF(struct dma, U16, channel, address),
    FIELD_OF(struct dma, U16, channel, count),
    FIELD_OF(struct dma, U8, channel, mode),
    FIELD_ARRAY(struct dma, U8, page),
    FIELD_END,
};

/* Page register of each channel, counted from 80h. */
static const uint8_t page_of[CONTROLLERS * CHANNELS] = {0x7, 0x3, 0x1, 0x2,
                                                        0xF, 0xB, 0x9, 0xA};

static bool channel_masked(const struct dma *dma, unsigned number)
{
    return dma->controller[number / CHANNELS].mask >> number % CHANNELS & 1;
}

/* But for its mask. Channels 0-3 reach the bus through channel 4. */
static bool reaches_bus(const struct dma *dma, unsigned number)
{
    if ((dma->channel[number].mode & MODE_CASCADE) == MODE_CASCADE ||
        dma->controller[number / CHANNELS].command & COMMAND_DISABLE)
        return false;
    return number >= CHANNELS ||
           (!channel_masked(dma, CASCADE_CHANNEL) &&
            !(dma->controller[1].command & COMMAND_DISABLE));
}

bool dma_is_ready(struct dma *dma, unsigned channel)
{
    return reaches_bus(dma, channel) && !channel_masked(dma, channel);
}

/* Call the parts that wait for a channel. */
static void dma_grant(struct dma *dma)
{
    for (unsigned i = 0; i < ARRAY_LEN(dma->part); i++) {
        uint8_t lines = dma->controller[i / CHANNELS].lines;
        if (lines >> i % CHANNELS & 1 && dma->part[i].granted &&
            dma_is_ready(dma, i))
            dma->part[i].granted(dma->part[i].opaque);
    }
}

void dma_connect(struct dma *dma, unsigned channel,
                 void (*granted)(void *opaque), void *opaque)
{
    ASSERT(channel < ARRAY_LEN(dma->part));
    dma->part[channel].granted = granted;
    dma->part[channel].opaque = opaque;
}

void dma_set_request(struct dma *dma, unsigned channel, bool level)
{
    struct controller *ctl = &dma->controller[channel / CHANNELS];
    uint8_t bit = (uint8_t)(1u << channel % CHANNELS);

    ctl->lines = level ? ctl->lines | bit : ctl->lines & (uint8_t)~bit;
}

/* The count went below zero: masked, or with auto-init as at the start. */
static void terminal_count(struct dma *dma, unsigned number)
{
    struct controller *ctl = &dma->controller[number / CHANNELS];
    struct channel *c = &dma->channel[number];
    uint8_t bit = (uint8_t)(1u << number % CHANNELS);

    ctl->tc |= bit;
    ctl->software &= (uint8_t)~bit;
    if (c->mode & MODE_AUTO_INIT) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        ctl->mask |= bit;
    }
}

/* Physical address of a unit; page bit 0 is not connected for words. */
static gpa_t unit_gpa(const struct dma *dma, unsigned number, uint16_t address)
{
    gpa_t page = dma->page[page_of[number]];

    if (number < CHANNELS)
        return page << 16 | address;
    return (page & 0xFE) << 16 | (gpa_t)address << 1;
}

/* Copies `units` units that do not wrap around the page. */
static void move_run(struct dma *dma, unsigned number, uint8_t *buffer,
                     uint32_t units, enum dma_direction direction)
{
    gpa_t gpa = unit_gpa(dma, number, dma->channel[number].address);
    uint32_t bytes = number < CHANNELS ? units : units * 2;
    uint8_t wanted =
        direction == DMA_TO_MEMORY ? MODE_WRITE_MEMORY : MODE_READ_MEMORY;

    if ((dma->channel[number].mode & MODE_TRANSFER) != wanted) {
        if (direction == DMA_FROM_MEMORY)
            memset(buffer, 0xFF, bytes);
    } else if (direction == DMA_TO_MEMORY) {
        addrspace_write_block(dma->memory, gpa, buffer, bytes);
    } else {
        addrspace_read_block(dma->memory, gpa, buffer, bytes);
    }
}

/* Units that can be moved in one piece, at most `units`. */
static uint32_t run_length(const struct channel *c, uint64_t units)
{
    units = min_u64(units, c->count + 1u);
    if (c->mode & MODE_DECREMENT)
        return 1;
    return (uint32_t)min_u64(units, 0x10000u - c->address);
}

/* Takes up to `units`; true: terminal count. */
static bool advance(struct channel *c, uint32_t units)
{
    bool tc = units == c->count + 1u;

    c->address += (uint16_t)(c->mode & MODE_DECREMENT ? 0u - units : units);
    c->count -= (uint16_t)units;
    return tc;
}

size_t dma_transfer(struct dma *dma, unsigned channel, void *buffer,
                    size_t size, enum dma_direction direction, bool *tc)
{
    struct channel *c = &dma->channel[channel];
    unsigned shift = channel < CHANNELS ? 0 : 1;
    size_t done = 0;

    *tc = false;
    if (!dma_is_ready(dma, channel))
        return 0;
    while (done + shift < size && !*tc) {
        uint32_t run = run_length(c, (size - done) >> shift);
        move_run(dma, channel, (uint8_t *)buffer + done, run, direction);
        done += (size_t)run << shift;
        *tc = advance(c, run);
    }
    if (*tc) {
        LOG(dma->device.log, DMA, "channel %u: terminal count", channel);
        terminal_count(dma, channel);
    }
    return done;
}

/* A request by register 9: the whole block, without a part. */
static void software_transfer(struct dma *dma, unsigned number)
{
    struct channel *c = &dma->channel[number];
    uint8_t buffer[512];
    bool tc = false;

    memset(buffer, 0xFF, sizeof buffer);
    while (!tc) {
        uint32_t run = run_length(c, sizeof buffer / 2);

        if ((c->mode & MODE_TRANSFER) == MODE_WRITE_MEMORY)
            move_run(dma, number, buffer, run, DMA_TO_MEMORY);
        tc = advance(c, run);
    }
    terminal_count(dma, number);
}

static void serve_software(struct dma *dma)
{
    for (unsigned i = 0; i < ARRAY_LEN(dma->channel); i++) {
        const struct controller *ctl = &dma->controller[i / CHANNELS];

        if (ctl->software >> i % CHANNELS & 1 && reaches_bus(dma, i))
            software_transfer(dma, i);
    }
}

/* One half of a 16-bit register, chosen by the flip-flop. */
static void set_half(uint16_t *reg, bool high, uint8_t value)
{
    *reg = high ? (uint16_t)(value << 8 | (*reg & 0xFF))
                : (uint16_t)((*reg & 0xFF00) | value);
}

static void channel_write(struct dma *dma, unsigned index, unsigned reg,
                          uint8_t value)
{
    struct controller *ctl = &dma->controller[index];
    struct channel *c = &dma->channel[index * CHANNELS + reg / 2];
    bool high = ctl->high_byte;

    ctl->high_byte = !high;
    set_half(reg & 1 ? &c->base_count : &c->base_address, high, value);
    set_half(reg & 1 ? &c->count : &c->address, high, value);
}

static void master_clear(struct controller *ctl)
{
    ctl->command = 0;
    ctl->mask = ALL_CHANNELS;
    ctl->tc = 0;
    ctl->software = 0;
    ctl->high_byte = false;
}

/* Registers 0-7 are address and count of the channels. */
static void controller_write(struct dma *dma, unsigned index, unsigned reg,
                             uint8_t value)
{
    struct controller *ctl = &dma->controller[index];
    uint8_t bit = (uint8_t)(1u << (value & 3));
    bool set = value & 4;

    switch (reg) {
    case REG_STATUS_COMMAND:
        ctl->command = value;
        break;
    case REG_REQUEST:
        ctl->software =
            set ? ctl->software | bit : ctl->software & (uint8_t)~bit;
        break;
    case REG_SINGLE_MASK:
        ctl->mask = set ? ctl->mask | bit : ctl->mask & (uint8_t)~bit;
        break;
    case REG_MODE:
        dma->channel[index * CHANNELS + (value & 3)].mode = value & 0xFC;
        break;
    case REG_CLEAR_FLIP_FLOP:
        ctl->high_byte = false;
        break;
    case REG_MASTER_CLEAR:
        master_clear(ctl);
        break;
    case REG_CLEAR_MASK:
        ctl->mask = 0;
        break;
    case REG_ALL_MASKS:
        ctl->mask = value & ALL_CHANNELS;
        break;
    default:
        channel_write(dma, index, reg, value);
        return;
    }
    serve_software(dma);
    dma_grant(dma);
}

static uint8_t controller_read(struct dma *dma, unsigned index, unsigned reg)
{
    struct controller *ctl = &dma->controller[index];
    const struct channel *c = &dma->channel[index * CHANNELS + reg / 2 % 4];
    uint8_t value;
    bool high;

    switch (reg) {
    case REG_STATUS_COMMAND:
        value = ctl->tc | (uint8_t)((ctl->lines | ctl->software) << 4);
        ctl->tc = 0;
        return value;
    case REG_MASTER_CLEAR: /* temporary register */
        return 0;
    case REG_ALL_MASKS:
        return ctl->mask | 0xF0;
    default:
        break;
    }
    if (reg > REG_STATUS_COMMAND)
        return 0xFF;
    high = ctl->high_byte;
    ctl->high_byte = !high;
    return (uint8_t)((reg & 1 ? c->count : c->address) >> (high ? 8 : 0));
}

static uint64_t bytes_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return controller_read(opaque, 0, (unsigned)offset);
}

static void bytes_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    (void)size;
    controller_write(opaque, 0, (unsigned)offset, (uint8_t)value);
}

/* The second controller hangs on address lines 1-4: odd ports mirror. */
static uint64_t words_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return controller_read(opaque, 1, (unsigned)offset / 2);
}

static void words_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    (void)size;
    controller_write(opaque, 1, (unsigned)offset / 2, (uint8_t)value);
}

static uint64_t page_read(void *opaque, uint64_t offset, unsigned size)
{
    struct dma *dma = opaque;

    (void)size;
    return dma->page[offset];
}

/* 80h, 84h-86h, 88h, 8Ch-8Eh are plain storage; 80h takes POST codes. */
static void page_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct dma *dma = opaque;

    (void)size;
    dma->page[offset] = (uint8_t)value;
}

static const struct region_ops controller_ops[CONTROLLERS] = {
    {.read = bytes_read, .write = bytes_write, .max_size = 1},
    {.read = words_read, .write = words_write, .max_size = 1},
};

static const struct region_ops page_ops = {
    .read = page_read, .write = page_write, .max_size = 1};

/* The request lines belong to the parts: those stay. */
static void dma_reset(struct device *device)
{
    struct dma *dma = (struct dma *)device;

    for (unsigned i = 0; i < CONTROLLERS; i++)
        master_clear(&dma->controller[i]);
    memset(dma->channel, 0, sizeof dma->channel);
    memset(dma->page, 0, sizeof dma->page);
}

static void dma_destroy(struct device *device)
{
    struct dma *dma = (struct dma *)device;

    addrspace_unmap(dma->ports, &dma->pages);
    for (unsigned i = 0; i < CONTROLLERS; i++)
        addrspace_unmap(dma->ports, &dma->region[i]);
    free(dma);
}

static void map_region(struct dma *dma, struct region *region, const char *name,
                       uint64_t base, uint64_t size,
                       const struct region_ops *ops)
{
    *region = (struct region){.name = name,
                              .base = base,
                              .size = size,
                              .kind = REGION_MMIO,
                              .ops = ops,
                              .opaque = dma};
    addrspace_map(dma->ports, region);
}

struct dma *dma_create(const struct dma_config *config)
{
    struct dma *dma = calloc(1, sizeof *dma);

    if (!dma)
        return NULL;
    device_init(&dma->device, &dma_i8237, "dma", config->log);
    dma->ports = config->ports;
    dma->memory = config->memory;
    map_region(dma, &dma->region[0], "dma1", 0x00, 0x10, &controller_ops[0]);
    map_region(dma, &dma->region[1], "dma2", 0xC0, 0x20, &controller_ops[1]);
    map_region(dma, &dma->pages, "dma-page", 0x80, PAGES, &page_ops);
    dma_reset(&dma->device);
    return dma;
}

struct device *dma_device(struct dma *dma)
{
    return &dma->device;
}

const struct device_ops dma_i8237 = {
    .name = "dma",
    .description = "two Intel 8237A DMA controllers",
    .version = 1,
    .fields = dma_fields,
    .reset = dma_reset,
    .destroy = dma_destroy,
};
