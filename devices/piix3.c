/* piix3.c - Intel 82371SB PCI-ISA bridge (PIIX3), function 0.
 *
 * Manual: Intel 290550. Modelled: identity, PIRQRC[A-D] (60h-63h) routing
 * the PCI interrupts to ISA IRQs, the reset control register (port CF9h),
 * the other registers as storage.
 * Not modelled: ISA bus timing, decode enables of the X-bus (all ISA chips
 * are always decoded), motherboard IRQ and DMA routing, SMI timers. */
#include "devices/piix3.h"

#include "devices/pci.h"

#include <stdlib.h>

enum {
    PIRQRCA = 0x60,
    PIRQRC_DISABLE = 0x80,

    RC_SRST = 1 << 1, /* hard rather than soft */
    RC_RCPU = 1 << 2, /* 0 -> 1 resets */

    ISA_IRQS = 16
};

struct piix3 {
    struct device device;
    struct pci_device pci;
    uint8_t reset_control;
    bool pirq[PCI_PIRQS]; /* levels from the bus */
    /* TRANSIENT */
    struct irq *irq;
    void (*reset)(void *opaque, bool hard);
    void *opaque;
};

static const struct state_field piix3_fields[] = {
    PCI_DEVICE_FIELDS(struct piix3, pci),
    FIELD(struct piix3, U8, reset_control),
    FIELD_ARRAY(struct piix3, BOOL, pirq),
    FIELD_END,
};

/* IRQ 0, 1, 2, 8 and 13 cannot be shared with PCI (PIRQRC, bits 3:0). */
static bool isa_irq_routable(unsigned irq)
{
    return irq > 2 && irq != 8 && irq != 13;
}

static void piix3_update_irqs(struct piix3 *bridge)
{
    bool level[ISA_IRQS] = {false};

    for (unsigned i = 0; i < PCI_PIRQS; i++) {
        uint8_t route = bridge->pci.config[PIRQRCA + i];
        unsigned irq = route & 0xF;

        if (bridge->pirq[i] && !(route & PIRQRC_DISABLE) &&
            isa_irq_routable(irq))
            level[irq] = true;
    }
    for (unsigned i = 0; i < ISA_IRQS; i++)
        irq_set(&bridge->irq[i], level[i]);
}

static void piix3_pirq(void *opaque, unsigned line, bool level)
{
    struct piix3 *bridge = opaque;

    bridge->pirq[line] = level;
    piix3_update_irqs(bridge);
}

static void piix3_written(void *opaque, unsigned offset, unsigned size)
{
    if (offset < PIRQRCA + PCI_PIRQS && offset + size > PIRQRCA)
        piix3_update_irqs(opaque);
}

/* SRST keeps its value between writes: drivers set it first and RCPU in a
 * second write. */
static uint8_t piix3_read_cf9(void *opaque)
{
    struct piix3 *bridge = opaque;

    return bridge->reset_control;
}

static void piix3_write_cf9(void *opaque, uint8_t value)
{
    struct piix3 *bridge = opaque;
    bool rises = (value & RC_RCPU) && !(bridge->reset_control & RC_RCPU);

    bridge->reset_control = value & (RC_SRST | RC_RCPU);
    if (rises && bridge->reset)
        bridge->reset(bridge->opaque, (value & RC_SRST) != 0);
}

static const struct pci_cf9_ops cf9_ops = {piix3_read_cf9, piix3_write_cf9};

static void piix3_reset(struct device *device)
{
    struct piix3 *bridge = CONTAINER_OF(device, struct piix3, device);

    bridge->reset_control = 0;
    memset(bridge->pirq, 0, sizeof bridge->pirq);
    pci_device_reset(&bridge->pci);
    piix3_update_irqs(bridge);
}

static int piix3_post_load(struct device *device, uint32_t version)
{
    struct piix3 *bridge = CONTAINER_OF(device, struct piix3, device);

    (void)version;
    pci_device_post_load(&bridge->pci);
    piix3_update_irqs(bridge);
    return 0;
}

static void piix3_destroy(struct device *device)
{
    struct piix3 *bridge = CONTAINER_OF(device, struct piix3, device);

    if (bridge->pci.bus) {
        pci_bus_connect_pirq(bridge->pci.bus, NULL, NULL);
        pci_bus_connect_cf9(bridge->pci.bus, NULL, NULL);
    }
    pci_device_detach(&bridge->pci);
    free(bridge);
}

static const struct device_ops piix3_ops = {
    .name = "piix3",
    .description = "Intel 82371SB PCI-ISA bridge",
    .version = 1,
    .fields = piix3_fields,
    .reset = piix3_reset,
    .post_load = piix3_post_load,
    .destroy = piix3_destroy,
};

struct device *piix3_device(struct piix3 *bridge)
{
    return &bridge->device;
}

/* Offset, size, power-on value, writable bits; manual, table 2. */
static const struct {
    uint8_t offset, size;
    uint32_t initial, writable;
} piix3_registers[] = {
    {PCI_COMMAND, 2, 0x0007, 0x0108}, /* always decodes and masters */
    {PCI_STATUS, 2, 0x0200, 0},
    {0x4C, 1, 0x4D, 0xFF},    /* IORT: ISA I/O recovery */
    {0x4E, 2, 0x0003, 0x1FF}, /* XBCS: X-bus chip selects */
    {PIRQRCA + 0, 1, 0x80, 0x8F},
    {PIRQRCA + 1, 1, 0x80, 0x8F},
    {PIRQRCA + 2, 1, 0x80, 0x8F},
    {PIRQRCA + 3, 1, 0x80, 0x8F},
    {0x69, 1, 0x02, 0xFE},             /* TOM: top of memory */
    {0x6A, 2, 0x0000, 0x806A},         /* MSTAT */
    {0x70, 1, 0x80, 0xEF},             /* MBIRQ0 */
    {0x71, 1, 0x80, 0xEF},             /* MBIRQ1 */
    {0x76, 1, 0x0C, 0x8F},             /* MBDMA0 */
    {0x77, 1, 0x0C, 0x8F},             /* MBDMA1 */
    {0x78, 2, 0x0002, 0xFFFD},         /* PCSC */
    {0x80, 1, 0x00, 0x7F},             /* APICBASE */
    {0x82, 1, 0x00, 0x0F},             /* DLC: deterministic latency */
    {0xA0, 1, 0x08, 0x1F},             /* SMICNTL */
    {0xA2, 2, 0x0000, 0x01FF},         /* SMIEN */
    {0xA4, 4, 0x00000000, 0xFFFFFFFF}, /* SEE */
    {0xA8, 1, 0x0F, 0xFF},             /* FTMR: fast-off timer */
    {0xAC, 1, 0x00, 0xFF},             /* CTLTMR */
    {0xAE, 1, 0x00, 0xFF},             /* CTHTMR */
};

struct piix3 *piix3_create(const struct piix3_config *config)
{
    static const struct pci_identity identity = {
        .vendor = 0x8086,
        .device = 0x7000,
        .base_class = 0x06,
        .sub_class = 0x01,
        .multifunction = true,
    };
    struct piix3 *bridge = calloc(1, sizeof *bridge);

    if (!bridge)
        return NULL;
    device_init(&bridge->device, &piix3_ops, "piix3", config->log);
    bridge->irq = config->irq;
    bridge->reset = config->reset;
    bridge->opaque = config->opaque;
    pci_device_init(&bridge->pci, &identity);
    for (size_t i = 0; i < ARRAY_LEN(piix3_registers); i++)
        pci_device_register(&bridge->pci, piix3_registers[i].offset,
                            piix3_registers[i].size, piix3_registers[i].initial,
                            piix3_registers[i].writable);
    bridge->pci.written = piix3_written;
    bridge->pci.opaque = bridge;
    if (!pci_bus_attach(config->bus, &bridge->pci, config->devfn)) {
        free(bridge);
        return NULL;
    }
    pci_bus_connect_pirq(config->bus, piix3_pirq, bridge);
    pci_bus_connect_cf9(config->bus, &cf9_ops, bridge);
    return bridge;
}
