/* i440fx.c - Intel 82441FX PCI and memory controller (PMC).
 *
 * Manual: Intel 290549 "440FX PCIset". Modelled: identity, the PAM registers
 * (59h-5Fh) that send reads and writes of C0000-FFFFF to RAM or to the bus,
 * SMRAM (72h) with its lock, DRAM row boundaries as firmware programs them,
 * the other registers as storage.
 * Not modelled: DRAM timing and sizes set by DRB (the board maps RAM), error
 * reporting, the AGP-less bus arbiter. */
#include "devices/i440fx.h"

#include "devices/pci.h"
#include "devices/spd.h"
#include "mmu/ram.h"

#include <stdlib.h>

enum {
    PMCCFG = 0x50,
    DRAMC = 0x57,
    DRAMT = 0x58,
    PAM0 = 0x59,
    DRB0 = 0x60,
    FDHC = 0x68,
    MTT = 0x70,
    CLT = 0x71,
    SMRAM = 0x72,
    ERRCMD = 0x90,
    ERRSTS = 0x91,

    PAM_RE = 1 << 0,
    PAM_WE = 1 << 1,

    SMRAM_G_SMRAME = 1 << 3,
    SMRAM_D_LCK = 1 << 4,
    SMRAM_D_CLS = 1 << 5,
    SMRAM_D_OPEN = 1 << 6,

    SEGMENTS = 13,
    PAM_FIRST = 0xC0000,
    PAM_SEGMENT = 0x4000,
    SMRAM_FIRST = 0xA0000,
    SMRAM_SIZE = 0x20000,
    MEGABYTE = 0x100000,
    ROW_UNIT = 8 << 20,
    MAX_ROMS = 8
};

struct pam_rom {
    uint32_t base, size;
    struct ram_block *rom;
    uint64_t offset;
};

/* One PAM attribute and what it maps: RAM, a ROM that shows through, or a
 * hole that may still take writes to RAM. */
struct pam_segment {
    struct i440fx *bridge;
    uint32_t base, size;
    unsigned reg, shift; /* where its two bits are */
    struct region region;
};

/* `hidden` reaches RAM below 1 MB whatever PAM says: writes that go to RAM
 * while reads come from ROM pass through it, so that they are tracked. */
struct i440fx {
    struct device device;
    struct pci_device pci;
    bool smm; /* the CPU is in system-management mode */
    /* PAM and SMRAM are in the configuration space: nothing else to save. */
    /* TRANSIENT */
    struct addrspace *memory;
    struct addrspace *hidden;
    struct ram_block *ram;
    struct region hidden_region, smram_region;
    struct pam_segment segment[SEGMENTS];
    struct pam_rom rom[MAX_ROMS];
    unsigned rom_count;
};

static const struct state_field i440fx_fields[] = {
    PCI_DEVICE_FIELDS(struct i440fx, pci),
    FIELD(struct i440fx, BOOL, smm),
    FIELD_END,
};

/* Reads that nobody answers, writes that RAM takes. */
static uint64_t shadow_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return UINT64_MAX;
}

static void shadow_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct pam_segment *segment = opaque;

    addrspace_write(segment->bridge->hidden, segment->base + offset, value,
                    size);
}

static const struct region_ops shadow_ops = {shadow_read, shadow_write, 8};

/* A segment shows a ROM only if the ROM fills it. */
static const struct pam_rom *i440fx_rom_at(const struct i440fx *bridge,
                                           const struct pam_segment *segment)
{
    for (unsigned i = 0; i < bridge->rom_count; i++) {
        const struct pam_rom *rom = &bridge->rom[i];
        if (segment->base >= rom->base &&
            segment->base + segment->size <= rom->base + rom->size)
            return rom;
    }
    return NULL;
}

/* How the segment looks with these attributes; false: as a hole. */
static bool segment_shape(struct pam_segment *segment, unsigned attributes,
                          struct region *region)
{
    struct i440fx *bridge = segment->bridge;
    const struct pam_rom *rom = i440fx_rom_at(bridge, segment);

    *region = segment->region;
    region->ops = NULL;
    if (attributes & PAM_RE) {
        region->kind = attributes & PAM_WE ? REGION_RAM : REGION_ROM;
        region->ram = bridge->ram;
        region->ram_offset = segment->base;
        return true;
    }
    if (attributes & PAM_WE)
        region->ops = &shadow_ops;
    if (rom) {
        region->kind = REGION_ROM;
        region->ram = rom->rom;
        region->ram_offset = rom->offset + (segment->base - rom->base);
        return true;
    }
    region->kind = REGION_MMIO;
    region->ram = NULL;
    region->ram_offset = 0;
    return (attributes & PAM_WE) != 0;
}

/* Priority, base and size of a segment never change. */
static bool same_shape(const struct region *a, const struct region *b)
{
    return a->kind == b->kind && a->ram == b->ram &&
           a->ram_offset == b->ram_offset && a->ops == b->ops;
}

/* Remapping makes every CPU structure over the range stale, so a write that
 * changes nothing must not get there. */
static void segment_update(struct pam_segment *segment)
{
    struct i440fx *bridge = segment->bridge;
    unsigned attributes =
        bridge->pci.config[segment->reg] >> segment->shift & 3;
    struct region shape;
    bool mapped = segment_shape(segment, attributes, &shape);

    if (mapped == segment->region.mapped &&
        same_shape(&shape, &segment->region))
        return;
    addrspace_unmap(bridge->memory, &segment->region);
    shape.mapped = false;
    segment->region = shape;
    if (mapped)
        addrspace_map(bridge->memory, &segment->region);
}

/* D_OPEN shows SMRAM to everyone, G_SMRAME to code in SMM. */
static void smram_update(struct i440fx *bridge)
{
    uint8_t smram = bridge->pci.config[SMRAM];
    bool open =
        (smram & SMRAM_D_OPEN) ||
        (bridge->smm && (smram & SMRAM_G_SMRAME) && !(smram & SMRAM_D_CLS));

    addrspace_move(bridge->memory, &bridge->smram_region, SMRAM_FIRST, open);
}

static void i440fx_update(struct i440fx *bridge)
{
    for (unsigned i = 0; i < SEGMENTS; i++)
        segment_update(&bridge->segment[i]);
    smram_update(bridge);
}

/* Once locked, D_OPEN is gone and only a reset changes the register. */
static void smram_written(struct i440fx *bridge)
{
    uint8_t *smram = &bridge->pci.config[SMRAM];

    if (*smram & SMRAM_D_LCK) {
        *smram &= (uint8_t)~SMRAM_D_OPEN;
        bridge->pci.writable[SMRAM] = SMRAM_D_CLS;
    }
    smram_update(bridge);
}

/* Firmware writes several PAM registers with one access. */
static void i440fx_written(void *opaque, unsigned offset, unsigned size)
{
    struct i440fx *bridge = opaque;

    if (offset <= SMRAM && offset + size > SMRAM)
        smram_written(bridge);
    if (offset < PAM0 + 7 && offset + size > PAM0)
        i440fx_update(bridge);
}

void i440fx_set_smm(struct i440fx *bridge, bool smm)
{
    bridge->smm = smm;
    smram_update(bridge);
}

void i440fx_add_rom(struct i440fx *bridge, uint32_t base, uint32_t size,
                    struct ram_block *rom, uint64_t rom_offset)
{
    ASSERT(bridge->rom_count < MAX_ROMS);
    ASSERT(base % PAM_SEGMENT == 0 && size % PAM_SEGMENT == 0);
    bridge->rom[bridge->rom_count++] = (struct pam_rom){
        .base = base, .size = size, .rom = rom, .offset = rom_offset};
    i440fx_update(bridge);
}

/* The lock lives in the register itself, so the mask can be derived. */
static void i440fx_set_smram_mask(struct i440fx *bridge)
{
    bool locked = bridge->pci.config[SMRAM] & SMRAM_D_LCK;

    bridge->pci.writable[SMRAM] =
        locked ? SMRAM_D_CLS
               : SMRAM_D_OPEN | SMRAM_D_CLS | SMRAM_D_LCK | SMRAM_G_SMRAME;
}

static void i440fx_reset(struct device *device)
{
    struct i440fx *bridge = CONTAINER_OF(device, struct i440fx, device);

    bridge->smm = false;
    pci_device_reset(&bridge->pci);
    i440fx_set_smram_mask(bridge);
    i440fx_update(bridge);
}

static int i440fx_post_load(struct device *device, uint32_t version)
{
    struct i440fx *bridge = CONTAINER_OF(device, struct i440fx, device);

    (void)version;
    pci_device_post_load(&bridge->pci);
    i440fx_set_smram_mask(bridge);
    i440fx_update(bridge);
    return 0;
}

static void i440fx_destroy(struct device *device)
{
    struct i440fx *bridge = CONTAINER_OF(device, struct i440fx, device);

    for (unsigned i = 0; i < SEGMENTS; i++)
        addrspace_unmap(bridge->memory, &bridge->segment[i].region);
    addrspace_unmap(bridge->memory, &bridge->smram_region);
    addrspace_unmap(bridge->hidden, &bridge->hidden_region);
    addrspace_destroy(bridge->hidden);
    pci_device_detach(&bridge->pci);
    free(bridge);
}

static const struct device_ops i440fx_ops = {
    .name = "i440fx",
    .description = "Intel 82441FX host bridge",
    .version = 1,
    .fields = i440fx_fields,
    .reset = i440fx_reset,
    .post_load = i440fx_post_load,
    .destroy = i440fx_destroy,
};

struct device *i440fx_device(struct i440fx *bridge)
{
    return &bridge->device;
}

/* Row boundaries: DRBn = RAM up to the end of row n in units of 8 MB, one row
 * for each module that spd.c describes. */
static void i440fx_init_rows(struct i440fx *bridge)
{
    uint64_t module[SPD_SLOTS], end = 0;

    spd_modules(bridge->ram->size, module);
    for (unsigned i = 0; i < SPD_SLOTS; i++) {
        end += module[i];
        pci_device_register(
            &bridge->pci, DRB0 + i, 1,
            (uint32_t)min_u64((end + ROW_UNIT - 1) / ROW_UNIT, 0xFF), 0xFF);
    }
}

static void i440fx_init_registers(struct i440fx *bridge)
{
    /* Manual, table 3-1. Memory and mastering cannot be switched off. */
    static const struct pci_identity identity = {
        .vendor = 0x8086,
        .device = 0x1237,
        .base_class = 0x06,
        .revision = 0x02,
    };
    struct pci_device *pci = &bridge->pci;

    pci_device_init(pci, &identity);
    pci_device_register(pci, PCI_COMMAND, 2, 0x0006, 0x0140);
    pci_device_register(pci, PCI_STATUS, 2, 0x0280, 0);
    pci_device_register(pci, PMCCFG, 2, 0x0400, 0xFFFF);
    pci_device_register(pci, 0x52, 4, 0, 0xFFFFFFFF);
    pci_device_register(pci, DRAMC, 1, 0x01, 0xFF);
    pci_device_register(pci, DRAMT, 1, 0x10, 0xFF);
    pci_device_register(pci, PAM0, 1, 0, 0x30);
    for (unsigned i = 1; i < 7; i++)
        pci_device_register(pci, PAM0 + i, 1, 0, 0x33);
    i440fx_init_rows(bridge);
    pci_device_register(pci, FDHC, 1, 0, 0xC0);
    pci_device_register(pci, MTT, 2, 0, 0xFFFF);
    pci_device_register(pci, SMRAM, 1, 0x02, 0x78);
    pci_device_register(pci, ERRCMD, 1, 0, 0xFF);
    pci->clearing[ERRSTS] = 0x11;
}

/* Segment 0 is F0000-FFFFF (PAM0 high half); 1-12 are 16 KiB each from
 * C0000 (PAM1 low half) upwards. */
static void i440fx_init_segments(struct i440fx *bridge)
{
    for (unsigned i = 0; i < SEGMENTS; i++) {
        struct pam_segment *segment = &bridge->segment[i];

        segment->bridge = bridge;
        segment->base = i ? PAM_FIRST + (i - 1) * PAM_SEGMENT : 0xF0000;
        segment->size = i ? PAM_SEGMENT : 0x10000;
        segment->reg = PAM0 + (i + 1) / 2;
        segment->shift = i % 2 ? 0 : 4;
        segment->region = (struct region){
            .name = "pam",
            .base = segment->base,
            .size = segment->size,
            .priority = I440FX_PRIORITY,
            .kind = REGION_MMIO,
            .opaque = segment,
        };
    }
}

struct i440fx *i440fx_create(const struct i440fx_config *config)
{
    struct i440fx *bridge = calloc(1, sizeof *bridge);

    if (!bridge)
        return NULL;
    bridge->hidden = addrspace_create("pam", MEGABYTE - 1, config->log);
    if (!bridge->hidden) {
        free(bridge);
        return NULL;
    }
    device_init(&bridge->device, &i440fx_ops, "i440fx", config->log);
    bridge->memory = pci_bus_memory(config->bus);
    bridge->ram = config->ram;
    bridge->hidden_region = (struct region){
        .name = "pam.ram",
        .size = MEGABYTE,
        .kind = REGION_RAM,
        .ram = config->ram,
    };
    bridge->smram_region = (struct region){
        .name = "smram",
        .base = SMRAM_FIRST,
        .size = SMRAM_SIZE,
        .priority = I440FX_PRIORITY,
        .kind = REGION_RAM,
        .ram = config->ram,
        .ram_offset = SMRAM_FIRST,
    };
    addrspace_map(bridge->hidden, &bridge->hidden_region);
    i440fx_init_segments(bridge);
    i440fx_init_registers(bridge);
    bridge->pci.written = i440fx_written;
    bridge->pci.opaque = bridge;
    pci_bus_attach(config->bus, &bridge->pci, PCI_DEVFN(0, 0));
    i440fx_update(bridge);
    return bridge;
}
