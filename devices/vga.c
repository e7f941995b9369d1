/* vga.c - IBM VGA: ports and registers.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem";
 * for the Bochs display interface see vga_dispi.c. Memory side: vga_mem.c,
 * picture: vga_draw.c.
 * Ports 3B4, 3B5, 3BA (mono) or 3D4, 3D5, 3DA (colour), 3C0-3CF.
 *
 * Not modelled: the vertical retrace interrupt (PCI cards do not wire it),
 * feature connector and light pen, synchronous reset, the diagnostic video
 * bits of input status 1 (read 0), border colours, interlace, the modes in
 * which the shift registers load every second or fourth clock. */
#include "devices/vga_state.h"

#include <stdio.h>
#include <stdlib.h>

/* Bits that exist; the others read as 0. ORDER: register numbers. */
static const uint8_t seq_masks[SEQ_COUNT] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
static const uint8_t gfx_masks[GFX_COUNT] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03,
                                             0x7B, 0x0F, 0x0F, 0xFF};
static const uint8_t attr_masks[ATTR_COUNT] = {
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F};

/* ---- timing */

/* Not less than this per frame, whatever the guest left in the CRTC: keeps
 * divisions sane and costs nothing in any real mode. */
static const uint64_t min_line_ns = 1000;

void vga_timing(const struct vga *vga, struct vga_timing *timing)
{
    const uint8_t *crtc = vga->crtc;
    uint8_t overflow = crtc[CRTC_OVERFLOW];
    uint64_t dots = vga->seq[SEQ_CLOCKING] & CLOCKING_8_DOTS ? 8 : 9;
    uint64_t hertz = vga->misc >> MISC_CLOCK_SHIFT & 1 ? 28322000 : 25175000;

    if (vga->seq[SEQ_CLOCKING] & CLOCKING_HALF)
        dots *= 2;
    timing->line_ns = (crtc[CRTC_H_TOTAL] + 5) * dots * NS_PER_SEC / hertz;
    if (timing->line_ns < min_line_ns)
        timing->line_ns = min_line_ns;
    timing->line_shown_ns =
        (crtc[CRTC_H_DISPLAY_END] + 1) * dots * NS_PER_SEC / hertz;
    timing->lines =
        (crtc[CRTC_V_TOTAL] | (overflow & 0x01) << 8 | (overflow & 0x20) << 4) +
        2;
    timing->lines_shown = vga_lines_shown(vga);
    timing->retrace_start = crtc[CRTC_V_RETRACE_START] |
                            (overflow & 0x04) << 6 | (overflow & 0x80) << 2;
    /* The end is known by its low four bits. */
    timing->retrace_end =
        (timing->retrace_start & ~0xFu) | (crtc[CRTC_V_RETRACE_END] & 0xF);
    if (timing->retrace_end <= timing->retrace_start)
        timing->retrace_end += 16;
}

/* Bit 0: not displaying. Bit 3: vertical retrace. */
static uint8_t read_input_status1(struct vga *vga)
{
    struct vga_timing timing;
    vga_timing(vga, &timing);
    uint64_t in_frame = sched_now(vga->sched) % (timing.line_ns * timing.lines);
    uint64_t line = in_frame / timing.line_ns;
    uint64_t in_line = in_frame % timing.line_ns;
    uint8_t status = 0;

    if (line >= timing.lines_shown || in_line >= timing.line_shown_ns)
        status |= 0x01;
    if (line >= timing.retrace_start && line < timing.retrace_end)
        status |= 0x08;
    vga->attr_flip_flop = false;
    return status;
}

/* ---- DAC */

static uint8_t read_dac(struct vga *vga)
{
    uint8_t value = vga->dac[vga->dac_index * 3 + vga->dac_component];
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_index++;
    }
    return value;
}

/* A colour changes when its third component arrives. */
static void write_dac(struct vga *vga, uint8_t value)
{
    bool wide = vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC;

    vga->dac_pending[vga->dac_component] = wide ? value : value & 0x3F;
    if (++vga->dac_component < 3)
        return;
    memcpy(vga->dac + vga->dac_index * 3, vga->dac_pending, 3);
    vga->dac_component = 0;
    vga->dac_index++;
}

/* ---- attribute controller */

static void write_attr(struct vga *vga, uint8_t value)
{
    unsigned index = vga->attr_index & 0x1F;

    vga->attr_flip_flop = !vga->attr_flip_flop;
    if (vga->attr_flip_flop)
        vga->attr_index = value & 0x3F;
    else if (index < ATTR_COUNT)
        vga->attr[index] = value & attr_masks[index];
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

static void write_crtc(struct vga *vga, uint8_t value)
{
    unsigned index = vga->crtc_index;

    if (index >= CRTC_COUNT) {
        LOG(vga->device.log, VGA, "no CRTC register %02X", index);
        return;
    }
    if (index <= CRTC_OVERFLOW &&
        vga->crtc[CRTC_V_RETRACE_END] & RETRACE_PROTECT) {
        /* Only the line compare bit escapes the protection. */
        if (index == CRTC_OVERFLOW)
            vga->crtc[index] = (vga->crtc[index] & ~0x10) | (value & 0x10);
        return;
    }
    vga->crtc[index] = value;
}

/* ---- sequencer, graphics controller */

static void write_seq(struct vga *vga, uint8_t value)
{
    unsigned index = vga->seq_index;

    if (index >= SEQ_COUNT)
        return;
    vga->seq[index] = value & seq_masks[index];
    if (index == SEQ_MEMORY || index == SEQ_MAP_MASK)
        vga_update_windows(vga);
}

static void write_gfx(struct vga *vga, uint8_t value)
{
    unsigned index = vga->gfx_index;

    if (index >= GFX_COUNT)
        return;
    vga->gfx[index] = value & gfx_masks[index];
    /* The others matter only to a window mapped as RAM. */
    if (index == GFX_MISC || vga->chained)
        vga_update_windows(vga);
}

/* ---- ports */

static bool port_decoded(const struct vga *vga, unsigned port)
{
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
        return 0x10; /* switch sense: a monitor is connected */
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
        return read_input_status1(vga);
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
    case 0x3C2:
        vga->misc = value & 0xEF;
        vga_update_windows(vga);
        break;
    case 0x3C4:
        vga->seq_index = value & 0x1F;
        break;
    case 0x3C5:
        write_seq(vga, value);
        break;
    case 0x3C6:
        vga->dac_mask = value;
        break;
    case 0x3C7:
        vga->dac_index = value;
        vga->dac_component = 0;
        vga->dac_reading = true;
        break;
    case 0x3C8:
        vga->dac_index = value;
        vga->dac_component = 0;
        vga->dac_reading = false;
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
    if (!port_decoded(vga, port))
        return;
    vga->touched++;
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
PORT_FUNCTIONS(vga, 0x3C0)
PORT_FUNCTIONS(color, 0x3D0)

/* ---- life */

static const struct state_field vga_fields[] = {
    FIELD(struct vga, U8, misc),
    FIELD(struct vga, U8, feature),
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
    FIELD(struct vga, U16, dispi_index),
    FIELD_ARRAY(struct vga, U16, dispi),
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
    vga_dispi_reset(vga);
    vga_clear_memory(vga);
    vga->chained = false;
    vga->touched++;
    if (vga->on_pci)
        pci_device_reset(&vga->pci);
    vga_update_windows(vga);
}

/* INVARIANT of `chained`: memory was saved in the state of these registers,
 * so the flag is set before vga_update_windows could move cells. */
static int vga_post_load(struct device *device, uint32_t version)
{
    struct vga *vga = from_device(device);

    (void)version;
    vga->chained = vga_wants_chain(vga);
    vga->touched++;
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
    addrspace_unmap(vga->io, &vga->ports_vga);
    addrspace_unmap(vga->io, &vga->ports_color);
    addrspace_unmap(vga->io, &vga->ports_dispi);
    if (vga->window_mmio.mapped)
        addrspace_unmap(vga->memory, &vga->window_mmio);
    if (vga->window_ram.mapped)
        addrspace_unmap(vga->memory, &vga->window_ram);
    ram_destroy(vga->vram);
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

struct vga *vga_create(const struct vga_config *config, char *error,
                       size_t error_size)
{
    struct ram_block *vram =
        ram_create("vga.memory", VGA_VRAM_SIZE + VGA_CHAIN_SIZE, config->track,
                   error, error_size);
    struct vga *vga = vram ? calloc(1, sizeof *vga) : NULL;

    if (!vga) {
        if (vram) {
            snprintf(error, error_size, "no memory for the VGA");
            ram_destroy(vram);
        }
        return NULL;
    }
    device_init(&vga->device, &vga_ops, "vga", config->log);
    vga->memory = config->memory;
    vga->io = config->io;
    vga->sched = config->sched;
    vga->vram = vram;
    map_ports(vga, &vga->ports_mono, "vga.mono", 0x3B4, 8, &ports_mono);
    map_ports(vga, &vga->ports_vga, "vga.ports", 0x3C0, 16, &ports_vga);
    map_ports(vga, &vga->ports_color, "vga.color", 0x3D0, 16, &ports_color);
    map_ports(vga, &vga->ports_dispi, "vga.dispi", 0x1CE, 3, &vga_dispi_ops);
    vga_init_windows(vga);
    if (config->pci && !vga_pci_create(vga, config, error, error_size)) {
        vga_destroy(&vga->device);
        return NULL;
    }
    vga_reset(&vga->device);
    return vga;
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
    .version = 1,
    .fields = vga_fields,
    .reset = vga_reset,
    .post_load = vga_post_load,
    .destroy = vga_destroy,
    .hash_extra = vga_hash,
};
