/* vga_dispi.c - Bochs display interface (VBE DISPI).
 *
 * Described in the VBE text that accompanies the Bochs VGA BIOS: an index
 * register at port 1CE, a data register at 1CF, both 16 bits wide. ID B0C5,
 * up to 2560 x 1600, 4 (planar), 8, 15, 16, 24 and 32 bits per pixel, banks
 * of 64 KiB and a linear frame buffer (vga_pci.c).
 *
 * Not modelled: byte accesses that give a word in two halves, separate read
 * and write banks, banks of 32 KiB. */
#include "devices/vga_state.h"

static bool bpp_exists(unsigned bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 ||
           bpp == 32;
}

/* Bytes (4 bpp: cells of eight pixels times four planes) that `pixels`
 * pixels of one line take. */
static uint32_t line_bytes(unsigned bpp, unsigned pixels)
{
    return bpp == 4 ? pixels / 8 * 4 : (bpp + 7) / 8 * pixels;
}

/* Highest line that fits; depends on the length of a line. */
static uint16_t virtual_height(const struct vga *vga, unsigned width)
{
    uint32_t pitch = line_bytes(vga->dispi[DISPI_BPP], width);
    uint32_t lines = pitch ? VGA_VRAM_SIZE / pitch : 0;
    return (uint16_t)min_u64(lines, 0xFFFF);
}

uint16_t vga_dispi_read(const struct vga *vga, unsigned index)
{
    if (index >= DISPI_COUNT)
        return 0;
    if (vga->dispi[DISPI_ENABLE] & DISPI_GETCAPS) {
        if (index == DISPI_XRES)
            return DISPI_MAX_XRES;
        if (index == DISPI_YRES)
            return DISPI_MAX_YRES;
        if (index == DISPI_BPP)
            return DISPI_MAX_BPP;
    }
    if (index == DISPI_MEMORY_64K)
        return VGA_VRAM_SIZE >> 16;
    return vga->dispi[index];
}

/* The DAC keeps its colours when its width changes. */
static void set_dac_width(struct vga *vga, bool wide)
{
    for (unsigned i = 0; i < sizeof vga->dac; i++)
        vga->dac[i] = wide ? (uint8_t)(vga->dac[i] << 2) : vga->dac[i] >> 2;
}

static bool mode_fits(const struct vga *vga)
{
    const uint16_t *dispi = vga->dispi;
    return dispi[DISPI_XRES] && dispi[DISPI_YRES] &&
           virtual_height(vga, dispi[DISPI_XRES]) >= dispi[DISPI_YRES];
}

static void write_enable(struct vga *vga, uint16_t value)
{
    uint16_t *dispi = vga->dispi;
    uint16_t changed = dispi[DISPI_ENABLE] ^ value;

    if (changed & value & DISPI_ENABLED && !mode_fits(vga)) {
        LOG(vga->device.log, VGA, "mode %ux%ux%u does not fit",
            dispi[DISPI_XRES], dispi[DISPI_YRES], dispi[DISPI_BPP]);
        return;
    }
    if (changed & DISPI_8BIT_DAC)
        set_dac_width(vga, value & DISPI_8BIT_DAC);
    dispi[DISPI_ENABLE] =
        value & (DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB |
                 DISPI_NOCLEARMEM);
    if (changed & DISPI_ENABLED) {
        LOG(vga->device.log, VGA, "mode %ux%ux%u %s", dispi[DISPI_XRES],
            dispi[DISPI_YRES], dispi[DISPI_BPP],
            value & DISPI_ENABLED ? "on" : "off");
        dispi[DISPI_BANK] = 0;
        dispi[DISPI_VIRT_WIDTH] = dispi[DISPI_XRES];
        dispi[DISPI_VIRT_HEIGHT] = virtual_height(vga, dispi[DISPI_XRES]);
        dispi[DISPI_X_OFFSET] = dispi[DISPI_Y_OFFSET] = 0;
    }
    /* Chained cells go home before memory is cleared. */
    vga_update_windows(vga);
    if (changed & value & DISPI_ENABLED && !(value & DISPI_NOCLEARMEM))
        vga_clear_memory(vga);
}

static void write_virtual_width(struct vga *vga, uint16_t value)
{
    uint16_t *dispi = vga->dispi;

    if (value < dispi[DISPI_XRES] ||
        virtual_height(vga, value) < dispi[DISPI_YRES])
        return;
    dispi[DISPI_VIRT_WIDTH] = value;
    dispi[DISPI_VIRT_HEIGHT] = virtual_height(vga, value);
}

/* Values that no mode could use are ignored, as are changes of the geometry
 * while a mode is on. */
void vga_dispi_write(struct vga *vga, unsigned index, uint16_t value)
{
    uint16_t *dispi = vga->dispi;
    bool on = vga_dispi_on(vga);

    vga->touched++;
    switch (index) {
    case DISPI_ID:
        if (value >= DISPI_ID0 && value <= DISPI_ID5)
            dispi[index] = value;
        break;
    case DISPI_XRES:
        if (!on && value <= DISPI_MAX_XRES)
            dispi[index] = value & ~7;
        break;
    case DISPI_YRES:
        if (!on && value <= DISPI_MAX_YRES)
            dispi[index] = value;
        break;
    case DISPI_BPP:
        if (!on && (bpp_exists(value) || value == 0))
            dispi[index] = value ? value : 8;
        break;
    case DISPI_ENABLE:
        write_enable(vga, value);
        break;
    case DISPI_BANK:
        if (value < VGA_VRAM_SIZE / VGA_BANK_SIZE) {
            dispi[index] = value;
            vga_update_windows(vga);
        }
        break;
    case DISPI_VIRT_WIDTH:
        write_virtual_width(vga, value);
        break;
    case DISPI_X_OFFSET:
        if (value + dispi[DISPI_XRES] <= dispi[DISPI_VIRT_WIDTH])
            dispi[index] = value;
        break;
    case DISPI_Y_OFFSET:
        if (value + dispi[DISPI_YRES] <= dispi[DISPI_VIRT_HEIGHT])
            dispi[index] = value;
        break;
    default: /* VIRT_HEIGHT and MEMORY_64K are read-only */
        break;
    }
}

void vga_dispi_reset(struct vga *vga)
{
    memset(vga->dispi, 0, sizeof vga->dispi);
    vga->dispi_index = 0;
    vga->dispi[DISPI_ID] = DISPI_ID5;
    vga->dispi[DISPI_BPP] = 8;
}

/* Offset 0 is the index, 1 the data register. */
static uint64_t read_dispi(void *opaque, uint64_t offset, unsigned size)
{
    struct vga *vga = opaque;

    (void)size;
    return offset ? vga_dispi_read(vga, vga->dispi_index) : vga->dispi_index;
}

static void write_dispi(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    struct vga *vga = opaque;

    (void)size;
    if (offset)
        vga_dispi_write(vga, vga->dispi_index, (uint16_t)value);
    else
        vga->dispi_index = (uint16_t)value;
}

const struct region_ops vga_dispi_ops = {read_dispi, write_dispi, 2};
