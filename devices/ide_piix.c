/* ide_piix.c - the IDE function of the Intel 82371SB (PIIX3), function 1.
 *
 * Manual: Intel 290550 and "Programming Interface for Bus Master IDE
 * Controller", revision 1.0. Ports: 1F0-1F7, 3F6 (IRQ 14), 170-177, 376 (IRQ
 * 15), bus master registers at base register 4.
 * Modelled: both cables, PRD tables with all endings the interface knows.
 * Not modelled: the decode enables in IDETIM (both cables always answer),
 * PIO and DMA timing registers beyond storage, native mode. */
#include "devices/ide_piix.h"

#include "devices/pci.h"

#include <stdlib.h>

enum {
    IDETIM = 0x40,
    SIDETIM = 0x44,
    BM_BAR = 4,

    BMICX = 0,   /* command */
    BMISX = 2,   /* status */
    BMIDTPX = 4, /* descriptor table pointer */
    BM_CHANNEL = 8,

    BMICX_START = 1 << 0,
    BMICX_TO_MEMORY = 1 << 3,

    BMISX_ACTIVE = 1 << 0,
    BMISX_ERROR = 1 << 1,
    BMISX_INTERRUPT = 1 << 2,
    BMISX_DMA_CAPABLE = 3 << 5,

    CHANNELS = 2
};

#define PRD_EOT (1u << 31)

static const uint16_t command_port[CHANNELS] = {0x1F0, 0x170};
static const uint16_t control_port[CHANNELS] = {0x3F6, 0x376};
static const char *const channel_id[CHANNELS] = {"ide.primary",
                                                 "ide.secondary"};

/* While BMISX_ACTIVE is set, `address`/`left` are what remains of the
 * current descriptor, `next` is where the one after it lies, `last` says
 * that there is none. */
struct ide_channel {
    uint8_t bmicx, bmisx;
    uint32_t table;
    uint32_t next, address, left;
    bool last;
    /* TRANSIENT */
    struct ide_piix *ide;
    struct ata *ata;
    struct irq intrq; /* from the cable */
    struct irq *irq;  /* to the board */
    struct region command_region, control_region;
};

struct ide_piix {
    struct device device;
    struct pci_device pci;
    struct ide_channel channel[CHANNELS];
    /* TRANSIENT */
    struct addrspace *memory, *ports;
    struct region bm_region;
};

static const struct state_field ide_fields[] = {
    PCI_DEVICE_FIELDS(struct ide_piix, pci),
    FIELD_OF(struct ide_piix, U8, channel, bmicx),
    FIELD_OF(struct ide_piix, U8, channel, bmisx),
    FIELD_OF(struct ide_piix, U32, channel, table),
    FIELD_OF(struct ide_piix, U32, channel, next),
    FIELD_OF(struct ide_piix, U32, channel, address),
    FIELD_OF(struct ide_piix, U32, channel, left),
    FIELD_OF(struct ide_piix, BOOL, channel, last),
    FIELD_END,
};

/* The bus master */

/* Without the bus master enable the function cannot reach memory. */
static bool bm_ready(void *opaque)
{
    struct ide_channel *channel = opaque;
    const uint8_t *command = channel->ide->pci.config + PCI_COMMAND;

    return (channel->bmisx & BMISX_ACTIVE) &&
           (load_le16(command) & PCI_COMMAND_MASTER);
}

/* Counts are even, and zero stands for 64 KiB. */
static void bm_next_prd(struct ide_channel *channel)
{
    uint8_t prd[8];
    uint32_t count;

    addrspace_read_block(channel->ide->memory, channel->next, prd, sizeof prd);
    count = load_le16(prd + 4) & 0xFFFE;
    channel->address = load_le32(prd) & ~1u;
    channel->left = count ? count : 0x10000;
    channel->last = (load_le32(prd + 4) & PRD_EOT) != 0;
    channel->next += sizeof prd;
}

/* Every descriptor moves at least two bytes: the loop is bounded. */
static size_t bm_move(void *opaque, uint8_t *data, size_t size, bool to_memory)
{
    struct ide_channel *channel = opaque;
    struct addrspace *memory = channel->ide->memory;
    size_t done = 0;

    while (done < size && (channel->bmisx & BMISX_ACTIVE)) {
        uint32_t piece;

        if (channel->left == 0)
            bm_next_prd(channel);
        piece = (uint32_t)min_u64(channel->left, size - done);
        if (to_memory)
            addrspace_write_block(memory, channel->address, data + done, piece);
        else
            addrspace_read_block(memory, channel->address, data + done, piece);
        channel->address += piece;
        channel->left -= piece;
        done += piece;
        if (channel->left == 0 && channel->last)
            channel->bmisx &= (uint8_t)~BMISX_ACTIVE;
    }
    return done;
}

static const struct ata_dma_ops bm_ops = {bm_ready, bm_move};

/* The interrupt bit latches the rising edge, PIO commands included. */
static void ide_intrq(void *opaque, unsigned line, bool level)
{
    struct ide_piix *ide = opaque;
    struct ide_channel *channel = &ide->channel[line];

    if (level)
        channel->bmisx |= BMISX_INTERRUPT;
    irq_set(channel->irq, level);
}

/* Start reads the table from its beginning, stop forgets where it was. */
static void bm_write_command(struct ide_channel *channel, uint8_t value)
{
    bool was = channel->bmicx & BMICX_START;
    bool start = value & BMICX_START;

    channel->bmicx = value & (BMICX_START | BMICX_TO_MEMORY);
    if (!start)
        channel->bmisx &= (uint8_t)~BMISX_ACTIVE;
    if (!start || was)
        return;
    channel->bmisx |= BMISX_ACTIVE;
    channel->next = channel->table;
    channel->left = 0;
    channel->last = false;
    ata_dma_started(channel->ata);
}

/* The two capability bits are a note from firmware to driver. */
static void bm_write_status(struct ide_channel *channel, uint8_t value)
{
    channel->bmisx &= (uint8_t) ~(value & (BMISX_ERROR | BMISX_INTERRUPT));
    channel->bmisx = (uint8_t)((channel->bmisx & ~BMISX_DMA_CAPABLE) |
                               (value & BMISX_DMA_CAPABLE));
}

/* Registers may be read in any width, so a byte is the unit. */
static uint8_t bm_read_byte(const struct ide_channel *channel, unsigned reg)
{
    switch (reg) {
    case BMICX:
        return channel->bmicx;
    case BMISX:
        return channel->bmisx;
    case 1:
    case 3:
        return 0;
    default:
        return (uint8_t)(channel->table >> (8 * (reg - BMIDTPX)));
    }
}

static void bm_write_byte(struct ide_channel *channel, unsigned reg,
                          uint8_t value)
{
    unsigned shift = 8 * (reg & 3);

    if (reg == BMICX)
        bm_write_command(channel, value);
    else if (reg == BMISX)
        bm_write_status(channel, value);
    else if (reg >= BMIDTPX)
        channel->table = (channel->table & ~(0xFFu << shift) & ~3u) |
                         ((uint32_t)value << shift & ~3u);
}

static uint64_t bm_read(void *opaque, uint64_t offset, unsigned size)
{
    struct ide_piix *ide = opaque;
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        unsigned at = (unsigned)offset + i;
        value |= (uint64_t)bm_read_byte(&ide->channel[at / BM_CHANNEL],
                                        at % BM_CHANNEL)
                 << (8 * i);
    }
    return value;
}

static void bm_write(void *opaque, uint64_t offset, uint64_t value,
                     unsigned size)
{
    struct ide_piix *ide = opaque;

    for (unsigned i = 0; i < size; i++) {
        unsigned at = (unsigned)offset + i;
        bm_write_byte(&ide->channel[at / BM_CHANNEL], at % BM_CHANNEL,
                      (uint8_t)(value >> (8 * i)));
    }
}

static const struct region_ops bm_region_ops = {bm_read, bm_write, 4};

/* Task file ports. A wide access to any register but data is a row of byte
 * accesses, as the ISA bus splits it. */
static uint64_t command_read(void *opaque, uint64_t offset, unsigned size)
{
    struct ide_channel *channel = opaque;
    uint64_t value = 0;

    if (offset == 0)
        return ata_read(channel->ata, 0, size);
    for (unsigned i = 0; i < size && offset + i < 8; i++)
        value |=
            (uint64_t)(ata_read(channel->ata, (unsigned)offset + i, 1) & 0xFF)
            << (8 * i);
    return value;
}

static void command_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    struct ide_channel *channel = opaque;

    if (offset == 0) {
        ata_write(channel->ata, 0, (uint32_t)value, size);
        return;
    }
    for (unsigned i = 0; i < size && offset + i < 8; i++)
        ata_write(channel->ata, (unsigned)offset + i,
                  (uint8_t)(value >> (8 * i)), 1);
}

static uint64_t control_read(void *opaque, uint64_t offset, unsigned size)
{
    struct ide_channel *channel = opaque;

    (void)offset;
    (void)size;
    return ata_read_alternate(channel->ata);
}

static void control_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    struct ide_channel *channel = opaque;

    (void)offset;
    (void)size;
    ata_write_control(channel->ata, (uint8_t)value);
}

static const struct region_ops command_ops = {command_read, command_write, 4};
static const struct region_ops control_ops = {control_read, control_write, 1};

/* The device */

/* The cables are devices of their own and reset themselves. */
static void ide_reset(struct device *device)
{
    struct ide_piix *ide = CONTAINER_OF(device, struct ide_piix, device);

    pci_device_reset(&ide->pci);
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct ide_channel *channel = &ide->channel[i];

        channel->bmicx = channel->bmisx = 0;
        channel->table = channel->next = 0;
        channel->address = channel->left = 0;
        channel->last = false;
    }
}

static int ide_post_load(struct device *device, uint32_t version)
{
    struct ide_piix *ide = CONTAINER_OF(device, struct ide_piix, device);

    (void)version;
    pci_device_post_load(&ide->pci);
    for (unsigned i = 0; i < CHANNELS; i++)
        if (ide->channel[i].left > 0x10000)
            return -1;
    return 0;
}

static void ide_destroy(struct device *device)
{
    struct ide_piix *ide = CONTAINER_OF(device, struct ide_piix, device);

    for (unsigned i = 0; i < CHANNELS; i++) {
        addrspace_unmap(ide->ports, &ide->channel[i].command_region);
        addrspace_unmap(ide->ports, &ide->channel[i].control_region);
    }
    pci_device_detach(&ide->pci);
    free(ide);
}

static const struct device_ops ide_ops = {
    .name = "ide",
    .description = "PIIX3 IDE controller with bus master",
    .version = 1,
    .fields = ide_fields,
    .reset = ide_reset,
    .post_load = ide_post_load,
    .destroy = ide_destroy,
};

struct device *ide_piix_device(struct ide_piix *ide)
{
    return &ide->device;
}

struct ata *ide_piix_channel(struct ide_piix *ide, unsigned channel)
{
    ASSERT(channel < CHANNELS);
    return ide->channel[channel].ata;
}

static bool ide_init_channel(struct ide_piix *ide, unsigned number,
                             const struct ide_piix_config *config)
{
    struct ide_channel *channel = &ide->channel[number];
    const struct ata_config cable = {
        .id = channel_id[number],
        .number = 2 * number,
        .irq = &channel->intrq,
        .sched = config->sched,
        .log = config->log,
        .dma = &bm_ops,
        .dma_opaque = channel,
    };

    channel->ide = ide;
    channel->irq = &config->irq[number];
    irq_connect(&channel->intrq, ide_intrq, ide, number);
    channel->ata = ata_create(&cable);
    if (!channel->ata)
        return false;
    channel->command_region = (struct region){
        .name = channel_id[number],
        .base = command_port[number],
        .size = 8,
        .kind = REGION_MMIO,
        .ops = &command_ops,
        .opaque = channel,
    };
    channel->control_region = channel->command_region;
    channel->control_region.base = control_port[number];
    channel->control_region.size = 1;
    channel->control_region.ops = &control_ops;
    addrspace_map(ide->ports, &channel->command_region);
    addrspace_map(ide->ports, &channel->control_region);
    return true;
}

static void ide_init_pci(struct ide_piix *ide)
{
    static const struct pci_identity identity = {
        .vendor = 0x8086,
        .device = 0x7010,
        .base_class = 0x01,
        .sub_class = 0x01,
        .prog_if = 0x80, /* bus master, both cables in legacy mode */
    };

    pci_device_init(&ide->pci, &identity);
    pci_device_register(&ide->pci, PCI_COMMAND, 2, 0, 0x0005);
    pci_device_register(&ide->pci, PCI_STATUS, 2, 0x0280, 0);
    pci_device_register(&ide->pci, IDETIM, 4, 0, 0xFFFFFFFF);
    pci_device_register(&ide->pci, SIDETIM, 1, 0, 0xFF);
    ide->bm_region = (struct region){
        .name = "ide.busmaster",
        .size = CHANNELS * BM_CHANNEL,
        .kind = REGION_MMIO,
        .ops = &bm_region_ops,
        .opaque = ide,
    };
    pci_device_set_bar(&ide->pci, BM_BAR, PCI_BAR_IO, &ide->bm_region);
}

struct ide_piix *ide_piix_create(const struct ide_piix_config *config)
{
    struct ide_piix *ide = calloc(1, sizeof *ide);

    if (!ide)
        return NULL;
    device_init(&ide->device, &ide_ops, "ide", config->log);
    ide->memory = pci_bus_memory(config->bus);
    ide->ports = pci_bus_ports(config->bus);
    ide_init_pci(ide);
    if (!pci_bus_attach(config->bus, &ide->pci, config->devfn)) {
        free(ide);
        return NULL;
    }
    /* Cables made so far are not on the board's list yet. */
    for (unsigned i = 0; i < CHANNELS; i++)
        if (!ide_init_channel(ide, i, config)) {
            while (i--)
                ata_device(ide->channel[i].ata)
                    ->ops->destroy(ata_device(ide->channel[i].ata));
            ide_destroy(&ide->device);
            return NULL;
        }
    return ide;
}
