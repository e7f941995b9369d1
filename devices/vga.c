/* vga.c - IBM VGA: ports and registers.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem";
 * Inmos IMS G171 data sheet (DAC); for the Bochs display interface see
 * vga_dispi.c. Memory side: vga_mem.c, time: vga_timing.c, picture:
 * vga_draw.c.
 * Ports 3B4, 3B5, 3BA (mono) or 3D4, 3D5, 3DA (colour), 3C0-3CF; 3B8 and 3BF
 * as on a Hercules card: vga_hercules.c; 3D8 and 3D9 as on a CGA: vga_cga.c.
 *
 * The palette takes writes while it feeds the screen (a type 2 subsystem).
 * The vertical retrace interrupt is there but leads nowhere on a PC unless
 * vga_connect_retrace is called.
 * Not modelled: feature connector and light pen, synchronous reset, the
 * monitor's answer in input status 0 (always there), display skew, the modes in
 * which the shift registers load every second or fourth clock. A VGA has no
 * interlaced modes. */
#include "devices/vga_raster.h"

#include <stdio.h>
#include <stdlib.h>

/* Bits that exist; the others read as 0. ORDER: register numbers. */
static const uint8_t seq_masks[SEQ_COUNT] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
static const uint8_t gfx_masks[GFX_COUNT] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03,
                                             0x7B, 0x0F, 0x0F, 0xFF};
static const uint8_t attr_masks[ATTR_COUNT] = {
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F};

/* Bits of sequencer and graphics controller that show. */
static const uint8_t seq_shows[SEQ_COUNT] = {0x00, 0x3D, 0x00, 0x3F, 0x00};
static const uint8_t gfx_shows[GFX_COUNT] = {0x00, 0x00, 0x00, 0x00, 0x00,
                                             0x60, 0x01, 0x00, 0x00};

/* ---- DAC */

/* In read mode the next colour is fetched ahead of its bytes, so that the
 * index is already one further. */
static void fetch_color(struct vga *vga)
{
    memcpy(vga->dac_pending, vga->dac + vga->dac_index * 3, 3);
    vga->dac_index++;
    vga->dac_component = 0;
}

static uint8_t read_dac(struct vga *vga)
{
    uint8_t value = vga->dac_pending[vga->dac_component];

    if (++vga->dac_component == 3)
        fetch_color(vga);
    return value;
}

/* A colour changes when its third component arrives. */
static void write_dac(struct vga *vga, uint8_t value)
{
    bool wide = vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC;
    uint8_t *color = vga->dac + vga->dac_index * 3;

    vga->dac_pending[vga->dac_component] = wide ? value : value & 0x3F;
    if (++vga->dac_component < 3)
        return;
    for (unsigned i = 0; i < 3; i++)
        vga_raster_set(vga, &color[i], vga->dac_pending[i]);
    vga->dac_component = 0;
    vga->dac_index++;
}

static void write_dac_index(struct vga *vga, uint8_t value, bool reading)
{
    vga->dac_index = value;
    vga->dac_component = 0;
    vga->dac_reading = reading;
    if (reading)
        fetch_color(vga);
}

/* ---- attribute controller */

static void write_attr(struct vga *vga, uint8_t value)
{
    unsigned index = vga->attr_index & 0x1F;

    vga->attr_flip_flop = !vga->attr_flip_flop;
    if (vga->attr_flip_flop) {
        if ((vga->attr_index ^ value) & ATTR_PAS)
            vga_raster_set(vga, &vga->attr_index, value & 0x3F);
        vga->attr_index = value & 0x3F;
        return;
    }
    if (index < ATTR_COUNT)
        vga_raster_set(vga, &vga->attr[index], value & attr_masks[index]);
}

/* ---- CRT controller */

static uint8_t read_crtc(const struct vga *vga)
{
    if (vga->crtc_index < CRTC_COUNT)
        return vga->crtc[vga->crtc_index];
    if (vga->crtc_index == CRTC_LATCH)
        return (uint8_t)(vga->latch >> 8 * vga->gfx[GFX_READ_MAP]);
    if (vga->crtc_index == CRTC_FLIP_FLOP)
        return vga->attr_flip_flop ? 0x80 : 0;
    return 0;
}

static void set_crtc(struct vga *vga, unsigned index, uint8_t value)
{
    uint8_t before = vga->crtc[index];

    switch (index) {
    case CRTC_CURSOR_START:
    case CRTC_CURSOR_END:
    case CRTC_CURSOR_HIGH:
    case CRTC_CURSOR_LOW: /* drawing compares these */
        vga->crtc[index] = value;
        break;
    case CRTC_START_HIGH:
    case CRTC_START_LOW:
        vga_start_changes(vga);
        vga->crtc[index] = value;
        break;
    case CRTC_V_RETRACE_END:
        vga->crtc[index] = value;
        vga_retrace_control(vga, before);
        break;
    default:
        vga_raster_set(vga, &vga->crtc[index], value);
        break;
    }
    vga_update_timing(vga);
}

static void write_crtc(struct vga *vga, uint8_t value)
{
    unsigned index = vga->crtc_index;

    if (vga_hercules_takes(vga, index, value))
        return;
    if (index >= CRTC_COUNT) {
        LOG(vga->device.log, VGA, "no CRTC register %02X", index);
        return;
    }
    if (index <= CRTC_OVERFLOW &&
        vga->crtc[CRTC_V_RETRACE_END] & RETRACE_PROTECT) {
        /* Only the line compare bit escapes the protection. */
        if (index == CRTC_OVERFLOW)
            vga_raster_set(vga, &vga->crtc[index],
                           (vga->crtc[index] & ~0x10) | (value & 0x10));
        return;
    }
    set_crtc(vga, index, value);
}

/* ---- sequencer, graphics controller */

/* A register of which only some bits show. */
static void set_partly(struct vga *vga, uint8_t *reg, uint8_t value,
                       uint8_t shows)
{
    if ((*reg ^ value) & shows)
        vga_raster_set(vga, reg, value);
    *reg = value;
}

static void write_seq(struct vga *vga, uint8_t value)
{
    unsigned index = vga->seq_index;

    if (index >= SEQ_COUNT)
        return;
    set_partly(vga, &vga->seq[index], value & seq_masks[index],
               seq_shows[index]);
    if (index == SEQ_CLOCKING)
        vga_update_timing(vga);
    if (index == SEQ_MEMORY || index == SEQ_MAP_MASK)
        vga_update_windows(vga);
}

static void write_gfx(struct vga *vga, uint8_t value)
{
    unsigned index = vga->gfx_index;

    if (index >= GFX_COUNT)
        return;
    set_partly(vga, &vga->gfx[index], value & gfx_masks[index],
               gfx_shows[index]);
    /* The others matter only to a window that could be mapped as RAM. */
    if (index == GFX_MISC || index == GFX_MODE || vga->layout != LAYOUT_PLANES)
        vga_update_windows(vga);
}

static void write_misc(struct vga *vga, uint8_t value)
{
    vga->misc = value & 0xEF;
    vga_update_timing(vga);
    vga_update_windows(vga);
}

/* ---- ports */

/* 3C3 is always there: it can turn the card off, and on again. */
static bool port_decoded(const struct vga *vga, unsigned port)
{
    if (!(vga->enable & 1))
        return port == 0x3C3;
    if (port < 0x3C0)
        return !(vga->misc & MISC_IOAS);
    return port < 0x3D0 || vga->misc & MISC_IOAS;
}

static uint8_t read_port(struct vga *vga, unsigned port)
{
    switch (port) {
    case 0x3C0:
        return vga->attr_index;
    case 0x3C1:
        return (vga->attr_index & 0x1F) < ATTR_COUNT
                   ? vga->attr[vga->attr_index & 0x1F]
                   : 0;
    case 0x3C2:
        return INPUT0_SENSE | (vga_retrace_pending(vga) ? INPUT0_RETRACE : 0);
    case 0x3C3:
        return vga->enable;
    case 0x3C4:
        return vga->seq_index;
    case 0x3C5:
        return vga->seq_index < SEQ_COUNT ? vga->seq[vga->seq_index] : 0;
    case 0x3C6:
        return vga->dac_mask;
    case 0x3C7:
        return vga->dac_reading ? 3 : 0;
    case 0x3C8:
        return vga->dac_index;
    case 0x3C9:
        return read_dac(vga);
    case 0x3CA:
        return vga->feature;
    case 0x3CC:
        return vga->misc;
    case 0x3CE:
        return vga->gfx_index;
    case 0x3CF:
        return vga->gfx_index < GFX_COUNT ? vga->gfx[vga->gfx_index] : 0;
    case 0x3B4:
    case 0x3D4:
        return vga->crtc_index;
    case 0x3B5:
    case 0x3D5:
        return read_crtc(vga);
    case 0x3BA:
    case 0x3DA:
        vga->attr_flip_flop = false;
        return vga_hercules_status(vga, vga_input_status1(vga));
    default:
        return 0xFF;
    }
}

uint8_t vga_port_read(struct vga *vga, unsigned port)
{
    return port_decoded(vga, port) ? read_port(vga, port) : 0xFF;
}

static void write_port(struct vga *vga, unsigned port, uint8_t value)
{
    switch (port) {
    case 0x3C0:
        write_attr(vga, value);
        break;
    case 0x3B8:
    case 0x3BF:
        vga_hercules_write(vga, port, value);
        break;
    case 0x3C2:
        write_misc(vga, value);
        break;
    case 0x3C3:
        vga->enable = value & 1;
        vga_update_windows(vga);
        break;
    case 0x3C4:
        vga->seq_index = value & 0x1F;
        break;
    case 0x3C5:
        write_seq(vga, value);
        break;
    case 0x3C6:
        vga_raster_set(vga, &vga->dac_mask, value);
        break;
    case 0x3C7:
        write_dac_index(vga, value, true);
        break;
    case 0x3C8:
        write_dac_index(vga, value, false);
        break;
    case 0x3C9:
        write_dac(vga, value);
        break;
    case 0x3CE:
        vga->gfx_index = value & 0x0F;
        break;
    case 0x3CF:
        write_gfx(vga, value);
        break;
    case 0x3B4:
    case 0x3D4:
        vga->crtc_index = value & 0x3F;
        break;
    case 0x3B5:
    case 0x3D5:
        write_crtc(vga, value);
        break;
    case 0x3D8:
    case 0x3D9:
        vga_cga_write(vga, port, value);
        break;
    case 0x3BA:
    case 0x3DA:
        vga->feature = value;
        break;
    default:
        break;
    }
}

void vga_port_write(struct vga *vga, unsigned port, uint8_t value)
{
    if (port_decoded(vga, port))
        write_port(vga, port, value);
}

/* A region's offsets become port numbers; words reach it as bytes. */
#define PORT_FUNCTIONS(name, base)                                             \
    static uint64_t read_##name(void *opaque, uint64_t offset, unsigned size)  \
    {                                                                          \
        (void)size;                                                            \
        return vga_port_read(opaque, base + (unsigned)offset);                 \
    }                                                                          \
    static void write_##name(void *opaque, uint64_t offset, uint64_t value,    \
                             unsigned size)                                    \
    {                                                                          \
        (void)size;                                                            \
        vga_port_write(opaque, base + (unsigned)offset, (uint8_t)value);       \
    }                                                                          \
    static const struct region_ops ports_##name = {read_##name, write_##name,  \
                                                   1};

PORT_FUNCTIONS(mono, 0x3B4)
PORT_FUNCTIONS(hercules, 0x3BF)
PORT_FUNCTIONS(vga, 0x3C0)
PORT_FUNCTIONS(color, 0x3D0)

/* ---- life */

static const struct state_field vga_fields[] = {
    FIELD(struct vga, U8, misc),
    FIELD(struct vga, U8, feature),
    FIELD(struct vga, U8, enable),
    FIELD(struct vga, U8, seq_index),
    FIELD(struct vga, U8, crtc_index),
    FIELD(struct vga, U8, gfx_index),
    FIELD(struct vga, U8, attr_index),
    FIELD(struct vga, BOOL, attr_flip_flop),
    FIELD_ARRAY(struct vga, U8, seq),
    FIELD_ARRAY(struct vga, U8, crtc),
    FIELD_ARRAY(struct vga, U8, gfx),
    FIELD_ARRAY(struct vga, U8, attr),
    FIELD(struct vga, U8, dac_mask),
    FIELD(struct vga, U8, dac_index),
    FIELD(struct vga, U8, dac_component),
    FIELD(struct vga, BOOL, dac_reading),
    FIELD_ARRAY(struct vga, U8, dac_pending),
    FIELD_ARRAY(struct vga, U8, dac),
    FIELD(struct vga, U32, latch),
    FIELD(struct vga, U64, retrace_cleared),
    FIELD(struct vga, U16, dispi_index),
    FIELD_ARRAY(struct vga, U16, dispi),
    FIELD(struct vga, U16, dispi_byte),
    FIELD(struct vga, U8, hercules_mode),
    FIELD(struct vga, U8, hercules_config),
    FIELD_ARRAY(struct vga, U8, hercules_crtc),
    FIELD(struct vga, U8, cga_mode),
    FIELD(struct vga, U8, cga_color),
    FIELD(struct vga, U32, big_endian),
    PCI_DEVICE_FIELDS(struct vga, pci),
    FIELD_END,
};

static struct vga *from_device(struct device *device)
{
    return CONTAINER_OF(device, struct vga, device);
}

static void vga_reset(struct device *device)
{
    struct vga *vga = from_device(device);

    vga->misc = MISC_IOAS;
    vga->feature = 0;
    vga->enable = 1;
    vga->seq_index = vga->crtc_index = vga->gfx_index = vga->attr_index = 0;
    vga->attr_flip_flop = false;
    memset(vga->seq, 0, sizeof vga->seq);
    memset(vga->crtc, 0, sizeof vga->crtc);
    memset(vga->gfx, 0, sizeof vga->gfx);
    memset(vga->attr, 0, sizeof vga->attr);
    vga->gfx[GFX_BIT_MASK] = 0xFF;
    vga->dac_mask = 0xFF;
    vga->dac_index = vga->dac_component = 0;
    vga->dac_reading = false;
    memset(vga->dac_pending, 0, sizeof vga->dac_pending);
    memset(vga->dac, 0, sizeof vga->dac);
    vga->latch = 0;
    vga->retrace_cleared = 0;
    vga_dispi_reset(vga);
    vga->hercules_mode = vga->hercules_config = 0;
    memset(vga->hercules_crtc, 0, sizeof vga->hercules_crtc);
    vga_cga_reset(vga);
    vga->big_endian = 0;
    vga->layout = LAYOUT_PLANES;
    vga->start = (struct vga_start){0};
    vga_clear_memory(vga);
    vga->picture++;
    vga_raster_break(vga);
    vga_update_timing(vga);
    if (vga->on_pci)
        pci_device_reset(&vga->pci);
    vga_update_windows(vga);
}

/* Only what a guest could have written. */
static bool masked(const uint8_t *reg, const uint8_t *mask, unsigned count)
{
    while (count--)
        if (reg[count] & ~mask[count])
            return false;
    return true;
}

static bool vga_sane(const struct vga *vga)
{
    return masked(vga->seq, seq_masks, SEQ_COUNT) &&
           masked(vga->gfx, gfx_masks, GFX_COUNT) &&
           masked(vga->attr, attr_masks, ATTR_COUNT) &&
           vga->dac_component < sizeof vga->dac_pending && vga_dispi_sane(vga);
}

/* INVARIANT of `layout`: memory was saved in the state of these registers,
 * so it is set before vga_update_windows could move cells. The number of
 * the retrace was saved, too. */
static int vga_post_load(struct device *device, uint32_t version)
{
    struct vga *vga = from_device(device);
    uint64_t cleared = vga->retrace_cleared;

    (void)version;
    if (!vga_sane(vga))
        return -1;
    vga->layout = vga_wanted_layout(vga);
    vga->start = (struct vga_start){0};
    vga->picture++;
    vga->all_dirty = true;
    vga_raster_break(vga);
    vga_update_timing(vga);
    vga->retrace_cleared = cleared;
    vga_retrace_arm(vga);
    if (vga->on_pci)
        pci_device_post_load(&vga->pci);
    vga_update_windows(vga);
    return 0;
}

static uint64_t vga_hash(struct device *device, uint64_t hash)
{
    struct vga *vga = from_device(device);
    return state_hash_bytes(vga->vram->host, vga->vram->size, hash);
}

static void vga_destroy(struct device *device)
{
    struct vga *vga = from_device(device);

    vga_pci_destroy(vga);
    addrspace_unmap(vga->io, &vga->ports_mono);
    addrspace_unmap(vga->io, &vga->ports_hercules);
    addrspace_unmap(vga->io, &vga->ports_vga);
    addrspace_unmap(vga->io, &vga->ports_color);
    addrspace_unmap(vga->io, &vga->ports_dispi);
    if (vga->window_mmio.mapped)
        addrspace_unmap(vga->memory, &vga->window_mmio);
    if (vga->window_ram.mapped)
        addrspace_unmap(vga->memory, &vga->window_ram);
    event_free(vga->sched, &vga->retrace_event);
    vga_raster_destroy(vga->raster);
    ram_destroy(vga->vram);
    free(vga->dirty);
    free(vga);
}

static void map_ports(struct vga *vga, struct region *region, const char *name,
                      unsigned base, unsigned size,
                      const struct region_ops *ops)
{
    *region = (struct region){.name = name,
                              .base = base,
                              .size = size,
                              .kind = REGION_MMIO,
                              .ops = ops,
                              .opaque = vga};
    addrspace_map(vga->io, region);
}

static bool create_memory(struct vga *vga, const struct vga_config *config,
                          char *error, size_t error_size)
{
    vga->raster = vga_raster_create();
    vga->dirty = calloc(VGA_PAGES, sizeof *vga->dirty);
    if (!vga->raster || !vga->dirty) {
        snprintf(error, error_size, "no memory for the VGA");
        return false;
    }
    vga->vram = ram_create("vga.memory", VGA_VRAM_SIZE + VGA_RUN_SIZE,
                           config->track, error, error_size);
    return vga->vram != NULL;
}

static void create_ports(struct vga *vga)
{
    map_ports(vga, &vga->ports_mono, "vga.mono", 0x3B4, 8, &ports_mono);
    map_ports(vga, &vga->ports_hercules, "vga.hercules", 0x3BF, 1,
              &ports_hercules);
    map_ports(vga, &vga->ports_vga, "vga.ports", 0x3C0, 16, &ports_vga);
    map_ports(vga, &vga->ports_color, "vga.color", 0x3D0, 16, &ports_color);
    map_ports(vga, &vga->ports_dispi, "vga.dispi", 0x1CE, 3, &vga_dispi_ops);
}

struct vga *vga_create(const struct vga_config *config, char *error,
                       size_t error_size)
{
    struct vga *vga = calloc(1, sizeof *vga);

    if (!vga || !create_memory(vga, config, error, error_size)) {
        if (vga) {
            vga_raster_destroy(vga->raster);
            free(vga->dirty);
            free(vga);
        } else {
            snprintf(error, error_size, "no memory for the VGA");
        }
        return NULL;
    }
    device_init(&vga->device, &vga_ops, "vga", config->log);
    vga->memory = config->memory;
    vga->io = config->io;
    vga->sched = config->sched;
    vga->track = config->track;
    event_init(vga->sched, &vga->retrace_event, "vga.retrace", vga_retrace_fire,
               vga);
    create_ports(vga);
    vga_init_windows(vga);
    if (config->pci && !vga_pci_create(vga, config, error, error_size)) {
        vga_destroy(&vga->device);
        return NULL;
    }
    vga_reset(&vga->device);
    return vga;
}

void vga_connect_retrace(struct vga *vga, irq_handler *handler, void *opaque,
                         unsigned line)
{
    irq_connect(&vga->retrace_irq, handler, opaque, line);
    vga_retrace_arm(vga);
}

struct device *vga_device(struct vga *vga)
{
    return &vga->device;
}

struct ram_block *vga_memory(struct vga *vga)
{
    return vga->vram;
}

const struct device_ops vga_ops = {
    .name = "vga",
    .description = "VGA with Bochs display interface",
    .version = 3,
    .fields = vga_fields,
    .reset = vga_reset,
    .post_load = vga_post_load,
    .destroy = vga_destroy,
    .hash_extra = vga_hash,
};
