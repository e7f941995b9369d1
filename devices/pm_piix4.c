/* pm_piix4.c - power management and SMBus of the Intel 82371AB (PIIX4).
 *
 * Manual: Intel 290562, chapters 7 and 11; ACPI 1.0b, chapter 4. I/O at
 * PMBASE (40h, enabled by PMREGMISC 80h), SMBus at SMBBA (90h, enabled by
 * SMBHSTCFG D2h), APM ports B2h/B3h; SCI on ISA IRQ 9.
 * Modelled: PM1 event and control registers, the 3.579545 MHz timer, power
 * button, general-purpose events, the clock's interrupt as event, soft-off,
 * power-on suspend, suspend to RAM and waking.
 * Not modelled: SMIs (ACPI enable and disable at port B2h are answered by
 * the chip itself unless an SMI wire is given), clock throttling, device
 * monitors, suspends that lose the CPU's state only (types 2 and 3). */
#include "devices/pm_piix4.h"

#include "devices/pci.h"
#include "devices/smbus.h"

#include <stdlib.h>

enum {
    CFG_PMBASE = 0x40,
    CFG_DEVACTB = 0x58,
    CFG_PMREGMISC = 0x80,
    CFG_SMBBA = 0x90,
    CFG_SMBHSTCFG = 0xD2,
    CFG_SMBREV = 0xD6,

    PM_SIZE = 64,
    APM_PORT = 0xB2,

    PMSTS = 0x00,
    PMEN = 0x02,
    PMCNTRL = 0x04,
    PMTMR = 0x08,
    GPSTS = 0x0C,
    GPEN = 0x0E,
    PM_STORAGE = 0x10, /* throttling, device monitors, GPIO */
    PLVL2 = 0x14,      /* reads would enter C2, C3 */

    PM_TMROF = 1 << 0,
    PM_GBL = 1 << 5,
    PM_PWRBTN = 1 << 8,
    PM_RTC = 1 << 10,
    PM_RSM = 1 << 15, /* woken from sleep */
    PM_STATUS_BITS = PM_TMROF | PM_GBL | PM_PWRBTN | PM_RTC | PM_RSM,
    PM_ENABLE_BITS = PM_TMROF | PM_GBL | PM_PWRBTN | PM_RTC,

    CNTRL_SCI_EN = 1 << 0,
    CNTRL_WRITABLE = 0x1C03, /* SUS_EN reads as 0 */
    CNTRL_SUS_TYP_SHIFT = 10,
    CNTRL_SUS_EN = 1 << 13,

    TIMER_HZ = 3579545,
    TIMER_BITS = 24
};

#define DEVACTB_APMC_EN (1u << 25)

/* The SCI level is a function of control, status, enable, gpsts and gpen;
 * `overflow_due` is when bit 23 of the timer changes next. */
struct pm_piix4 {
    struct device device;
    struct pci_device pci;
    uint16_t status, enable, control;
    uint16_t gpsts, gpen;
    uint8_t storage[PM_SIZE - PM_STORAGE];
    struct smbus smbus;
    uint8_t apmc, apms;
    bool suspended;
    bool resuming; /* the next reset ends a suspend to RAM */
    uint64_t overflow_due;
    /* TRANSIENT */
    struct addrspace *ports;
    struct irq *sci, *smi;
    struct sched *sched;
    void (*action)(void *opaque, enum pm_action action);
    void *opaque;
    struct event overflow;
    struct region pm_region, smb_region, apm_region;
};

static const struct state_field pm_fields[] = {
    PCI_DEVICE_FIELDS(struct pm_piix4, pci),
    FIELD(struct pm_piix4, U16, status),
    FIELD(struct pm_piix4, U16, enable),
    FIELD(struct pm_piix4, U16, control),
    FIELD(struct pm_piix4, U16, gpsts),
    FIELD(struct pm_piix4, U16, gpen),
    FIELD_ARRAY(struct pm_piix4, U8, storage),
    SMBUS_FIELDS(struct pm_piix4, smbus),
    FIELD(struct pm_piix4, U8, apmc),
    FIELD(struct pm_piix4, U8, apms),
    FIELD(struct pm_piix4, BOOL, suspended),
    FIELD(struct pm_piix4, BOOL, resuming),
    FIELD(struct pm_piix4, U64, overflow_due),
    FIELD_END,
};

/* Timer */

/* a * b / c without overflow for b, c up to 2^31. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    return a / c * b + a % c * b / c;
}

/* The counter needs no event: it is a function of time. */
static uint64_t timer_ticks(const struct pm_piix4 *pm)
{
    return scale(sched_now(pm->sched), TIMER_HZ, NS_PER_SEC);
}

/* TMROF_STS is set whenever bit 23 changes, both ways (ACPI 4.7.2.1). */
static void timer_arm(struct pm_piix4 *pm)
{
    uint64_t half = 1u << (TIMER_BITS - 1);
    uint64_t next = (timer_ticks(pm) / half + 1) * half;

    pm->overflow_due = scale(next, NS_PER_SEC, TIMER_HZ) + 1;
    event_arm(pm->sched, &pm->overflow, pm->overflow_due);
}

/* SCI */

void pm_piix4_wake(struct pm_piix4 *pm)
{
    if (!pm->suspended)
        return;
    pm->suspended = false;
    pm->status |= PM_RSM;
    pm->action(pm->opaque, PM_WAKE);
}

struct smbus *pm_piix4_smbus(struct pm_piix4 *pm)
{
    return &pm->smbus;
}

void pm_piix4_resume(struct pm_piix4 *pm)
{
    pm->resuming = true;
}

static void pm_update_sci(struct pm_piix4 *pm)
{
    bool pending =
        (pm->status & pm->enable & PM_ENABLE_BITS) || (pm->gpsts & pm->gpen);
    bool smb_irq9 = (pm->pci.config[CFG_SMBHSTCFG] & 0xE) == 0x8;
    bool smb = smb_irq9 && smbus_interrupts(&pm->smbus);

    if (pending)
        pm_piix4_wake(pm);
    irq_set(pm->sci, ((pm->control & CNTRL_SCI_EN) && pending) || smb);
}

static void overflow_fire(void *opaque)
{
    struct pm_piix4 *pm = opaque;

    pm->status |= PM_TMROF;
    timer_arm(pm);
    pm_update_sci(pm);
}

/* Without an ACPI system the firmware would switch off by itself. The button
 * wakes even if it is not enabled (ACPI 4.7.2.2.1.1). */
void pm_piix4_power_button(struct pm_piix4 *pm)
{
    if (!(pm->control & CNTRL_SCI_EN) && !pm->suspended) {
        LOG(pm->device.log, ACPI, "power button without ACPI: off");
        pm->action(pm->opaque, PM_POWER_OFF);
        return;
    }
    pm->status |= PM_PWRBTN;
    pm_piix4_wake(pm);
    pm_update_sci(pm);
}

void pm_piix4_rtc(struct pm_piix4 *pm)
{
    pm->status |= PM_RTC;
    pm_update_sci(pm);
}

void pm_piix4_gpe(struct pm_piix4 *pm, unsigned bit)
{
    pm->gpsts |= (uint16_t)(1u << (bit & 15));
    pm_update_sci(pm);
}

/* PM registers, as 16-bit halves */

/* SUS_TYP and SUS_EN may come in one write, or the type before. */
static void pm_write_control(struct pm_piix4 *pm, uint16_t value, uint16_t mask)
{
    unsigned type;

    pm->control = (uint16_t)((pm->control & ~(mask & CNTRL_WRITABLE)) |
                             (value & mask & CNTRL_WRITABLE));
    type = pm->control >> CNTRL_SUS_TYP_SHIFT & 7;
    if (!(value & mask & CNTRL_SUS_EN))
        return;
    LOG(pm->device.log, ACPI, "sleep type %u", type);
    if (type == PM_SLP_TYP_S5) {
        pm->action(pm->opaque, PM_POWER_OFF);
    } else if (type == PM_SLP_TYP_S3 || type == PM_SLP_TYP_S1) {
        pm->suspended = true;
        pm->action(pm->opaque, type == PM_SLP_TYP_S3 ? PM_SUSPEND_TO_RAM
                                                     : PM_POWER_ON_SUSPEND);
    } else {
        LOG(pm->device.log, UNIMP, "sleep type %u: the PC goes on", type);
    }
}

static uint16_t merge(uint16_t old, uint16_t value, uint16_t mask)
{
    return (uint16_t)((old & ~mask) | (value & mask));
}

/* Status bits are cleared by ones; bytes outside `mask` are untouched. */
static void pm_write_half(struct pm_piix4 *pm, unsigned reg, uint16_t value,
                          uint16_t mask)
{
    switch (reg) {
    case PMSTS:
        pm->status &= (uint16_t) ~(value & mask & PM_STATUS_BITS);
        break;
    case PMEN:
        pm->enable = merge(pm->enable, value, mask & PM_ENABLE_BITS);
        break;
    case PMCNTRL:
        pm_write_control(pm, value, mask);
        break;
    case GPSTS:
        pm->gpsts &= (uint16_t) ~(value & mask);
        break;
    case GPEN:
        pm->gpen = merge(pm->gpen, value, mask);
        break;
    default:
        if (reg < PM_STORAGE)
            break;
        value = merge(load_le16(pm->storage + (reg - PM_STORAGE)), value, mask);
        store_le16(pm->storage + (reg - PM_STORAGE), value);
    }
}

static uint16_t pm_read_half(const struct pm_piix4 *pm, unsigned reg)
{
    uint32_t ticks;

    switch (reg) {
    case PMSTS:
        return pm->status;
    case PMEN:
        return pm->enable;
    case PMCNTRL:
        return pm->control;
    case PMTMR:
    case PMTMR + 2:
        ticks = (uint32_t)bits(timer_ticks(pm), 0, TIMER_BITS);
        return (uint16_t)(reg == PMTMR ? ticks : ticks >> 16);
    case GPSTS:
        return pm->gpsts;
    case GPEN:
        return pm->gpen;
    case PLVL2:
        return 0;
    default:
        return reg < PM_STORAGE ? 0
                                : load_le16(pm->storage + (reg - PM_STORAGE));
    }
}

/* Drivers read by bytes, words and doublewords; a half is the unit. */
static uint64_t pm_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pm_piix4 *pm = opaque;
    unsigned first = (unsigned)offset & ~1u;
    uint64_t value = 0;

    for (unsigned reg = first; reg < offset + size && reg < PM_SIZE; reg += 2)
        value |= (uint64_t)pm_read_half(pm, reg) << (8 * (reg - first));
    return value >> (8 * (offset & 1));
}

static void pm_write(void *opaque, uint64_t offset, uint64_t value,
                     unsigned size)
{
    struct pm_piix4 *pm = opaque;
    unsigned first = (unsigned)offset & ~1u, shift = 8 * (offset & 1);
    uint64_t mask = bits(UINT64_MAX, 0, 8 * size) << shift;

    value <<= shift;
    for (unsigned reg = first; reg < offset + size && reg < PM_SIZE; reg += 2)
        pm_write_half(pm, reg, (uint16_t)(value >> (8 * (reg - first))),
                      (uint16_t)(mask >> (8 * (reg - first))));
    pm_update_sci(pm);
}

static const struct region_ops pm_region_ops = {pm_read, pm_write, 4};

/* SMBus host: smbus.c */

static uint64_t smb_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pm_piix4 *pm = opaque;

    (void)size;
    return smbus_read(&pm->smbus, (unsigned)offset);
}

static void smb_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    struct pm_piix4 *pm = opaque;

    (void)size;
    smbus_write(&pm->smbus, (unsigned)offset, (uint8_t)value);
    pm_update_sci(pm);
}

static const struct region_ops smb_region_ops = {smb_read, smb_write, 1};

/* APM ports */

static uint64_t apm_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pm_piix4 *pm = opaque;

    (void)size;
    return offset ? pm->apms : pm->apmc;
}

/* Port B2h would raise an SMI in which the firmware sets SCI_EN. */
static void apm_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    struct pm_piix4 *pm = opaque;

    (void)size;
    if (offset) {
        pm->apms = (uint8_t)value;
        return;
    }
    pm->apmc = (uint8_t)value;
    if (pm->smi &&
        (load_le32(pm->pci.config + CFG_DEVACTB) & DEVACTB_APMC_EN)) {
        irq_pulse(pm->smi);
        return;
    }
    if (value == PM_ACPI_ENABLE)
        pm->control |= CNTRL_SCI_EN;
    else if (value == PM_ACPI_DISABLE)
        pm->control &= (uint16_t)~CNTRL_SCI_EN;
    pm_update_sci(pm);
}

static const struct region_ops apm_ops = {apm_read, apm_write, 1};

/* The device */

/* The blocks are no base registers of the standard kind: they have their
 * own addresses and enables. */
static void pm_map(struct pm_piix4 *pm)
{
    const uint8_t *c = pm->pci.config;
    uint32_t pm_base = load_le32(c + CFG_PMBASE) & 0xFFC0;
    uint32_t smb_base = load_le32(c + CFG_SMBBA) & 0xFFF0;

    addrspace_move(pm->ports, &pm->pm_region, pm_base,
                   (c[CFG_PMREGMISC] & 1) && pm_base);
    addrspace_move(pm->ports, &pm->smb_region, smb_base,
                   (c[CFG_SMBHSTCFG] & 1) && smb_base);
}

static void pm_written(void *opaque, unsigned offset, unsigned size)
{
    struct pm_piix4 *pm = opaque;

    if (offset + size > CFG_PMBASE) {
        pm_map(pm);
        pm_update_sci(pm);
    }
}

/* Events and their enables lie in the resume well: they live through a
 * suspend to RAM (chapter 11, tables of reset domains). */
static void pm_reset(struct device *device)
{
    struct pm_piix4 *pm = CONTAINER_OF(device, struct pm_piix4, device);

    pm->control = 0;
    if (!pm->resuming) {
        pm->status = pm->enable = 0;
        pm->gpsts = pm->gpen = 0;
    }
    pm->resuming = false;
    memset(pm->storage, 0, sizeof pm->storage);
    smbus_reset(&pm->smbus);
    pm->apmc = pm->apms = 0;
    pm->suspended = false;
    pci_device_reset(&pm->pci);
    pm_map(pm);
    timer_arm(pm);
    pm_update_sci(pm);
}

static int pm_post_load(struct device *device, uint32_t version)
{
    struct pm_piix4 *pm = CONTAINER_OF(device, struct pm_piix4, device);

    (void)version;
    pci_device_post_load(&pm->pci);
    pm_map(pm);
    event_cancel(pm->sched, &pm->overflow);
    event_arm(pm->sched, &pm->overflow, pm->overflow_due);
    pm_update_sci(pm);
    return 0;
}

static void pm_destroy(struct device *device)
{
    struct pm_piix4 *pm = CONTAINER_OF(device, struct pm_piix4, device);

    event_free(pm->sched, &pm->overflow);
    addrspace_unmap(pm->ports, &pm->pm_region);
    addrspace_unmap(pm->ports, &pm->smb_region);
    addrspace_unmap(pm->ports, &pm->apm_region);
    pci_device_detach(&pm->pci);
    free(pm);
}

static const struct device_ops pm_ops = {
    .name = "pm",
    .description = "PIIX4 power management",
    .version = 1,
    .fields = pm_fields,
    .reset = pm_reset,
    .post_load = pm_post_load,
    .destroy = pm_destroy,
};

struct device *pm_piix4_device(struct pm_piix4 *pm)
{
    return &pm->device;
}

/* Offset, size, power-on value, writable bits. */
static const struct {
    uint8_t offset, size;
    uint32_t initial, writable;
} pm_registers[] = {
    {PCI_COMMAND, 2, 0, 0x0001},
    {PCI_STATUS, 2, 0x0280, 0},
    {CFG_PMBASE, 4, 0x00000001, 0x0000FFC0},
    {0x44, 4, 0, 0xFFFFFFFF}, /* CNTA */
    {0x48, 4, 0, 0xFFFFFFFF}, /* CNTB */
    {0x4C, 4, 0, 0xFFFFFFFF}, /* GPICTL */
    {0x50, 4, 0, 0x00FFFFFF}, /* DEVRESD */
    {0x54, 4, 0, 0xFFFFFFFF}, /* DEVACTA */
    {CFG_DEVACTB, 4, 0, 0xFFFFFFFF},
    {0x5C, 4, 0, 0xFFFFFFFF}, /* DEVRESA */
    {0x60, 4, 0, 0xFFFFFFFF},
    {0x64, 4, 0, 0xFFFFFFFF},
    {0x68, 4, 0, 0xFFFFFFFF},
    {0x6C, 4, 0, 0xFFFFFFFF},
    {0x70, 4, 0, 0xFFFFFFFF},
    {0x74, 4, 0, 0xFFFFFFFF},
    {0x78, 4, 0, 0xFFFFFFFF},
    {0x7C, 4, 0, 0xFFFFFFFF},
    {CFG_PMREGMISC, 1, 0, 0x01},
    {CFG_SMBBA, 4, 0x00000001, 0x0000FFF0},
    {CFG_SMBHSTCFG, 1, 0, 0x0F},
    {0xD3, 1, 0, 0xFF}, /* SMBSLVC */
    {0xD4, 1, 0, 0xFF}, /* SMBSHDW1 */
    {0xD5, 1, 0, 0xFF}, /* SMBSHDW2 */
    {CFG_SMBREV, 1, 0x00, 0x00},
};

static void pm_init_pci(struct pm_piix4 *pm)
{
    static const struct pci_identity identity = {
        .vendor = 0x8086,
        .device = 0x7113,
        .base_class = 0x06,
        .sub_class = 0x80,
        .revision = 0x03,
        .interrupt_pin = 1,
    };

    pci_device_init(&pm->pci, &identity);
    for (size_t i = 0; i < ARRAY_LEN(pm_registers); i++)
        pci_device_register(&pm->pci, pm_registers[i].offset,
                            pm_registers[i].size, pm_registers[i].initial,
                            pm_registers[i].writable);
    /* Firmware that finds APMC_EN set takes its SMI handler as installed: on
     * a board without SMM it would wait for one for ever. */
    if (!pm->smi)
        pci_device_register(&pm->pci, CFG_DEVACTB, 4, DEVACTB_APMC_EN,
                            0xFFFFFFFF);
    pm->pci.written = pm_written;
    pm->pci.opaque = pm;
}

static struct region pm_make_region(struct pm_piix4 *pm, const char *name,
                                    uint64_t size, const struct region_ops *ops)
{
    return (struct region){
        .name = name,
        .size = size,
        .kind = REGION_MMIO,
        .ops = ops,
        .opaque = pm,
    };
}

struct pm_piix4 *pm_piix4_create(const struct pm_piix4_config *config)
{
    struct pm_piix4 *pm = calloc(1, sizeof *pm);

    if (!pm)
        return NULL;
    device_init(&pm->device, &pm_ops, "pm", config->log);
    pm->ports = pci_bus_ports(config->bus);
    pm->sci = config->sci;
    pm->smi = config->smi;
    pm->sched = config->sched;
    pm->action = config->action;
    pm->opaque = config->opaque;
    pm_init_pci(pm);
    if (!pci_bus_attach(config->bus, &pm->pci, config->devfn)) {
        free(pm);
        return NULL;
    }
    event_init(pm->sched, &pm->overflow, "pm", overflow_fire, pm);
    pm->pm_region = pm_make_region(pm, "pm", PM_SIZE, &pm_region_ops);
    pm->smb_region =
        pm_make_region(pm, "smbus", SMBUS_REGISTERS, &smb_region_ops);
    pm->apm_region = pm_make_region(pm, "apm", 2, &apm_ops);
    pm->apm_region.base = APM_PORT;
    addrspace_map(pm->ports, &pm->apm_region);
    return pm;
}
