/* vga_dispi.c - Bochs display interface (VBE DISPI).
 *
 * Described in the VBE text that accompanies the Bochs VGA BIOS: an index
 * register at port 1CE, a data register at 1CF, both 16 bits wide. ID B0C5,
 * up to 2560 x 1600, 4 (planar), 8, 15, 16, 24 and 32 bits per pixel, banks
 * in steps of 64 or 32 KiB and a linear frame buffer (vga_pci.c). Two byte
 * accesses make one of a word, high byte first.
 *
 * Not modelled: separate read and write banks. */
#include "devices/vga_state.h"

/* dispi_byte: the low half is due. */
enum { BYTE_READ = 0x100, BYTE_WRITTEN = 0x200 };

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
        value & (DISPI_ENABLED | DISPI_GETCAPS | DISPI_BANK_32K |
                 DISPI_8BIT_DAC | DISPI_LFB | DISPI_NOCLEARMEM);
    if (changed & DISPI_BANK_32K)
        dispi[DISPI_BANK] = 0;
    if (changed & DISPI_ENABLED) {
        LOG(vga->device.log, VGA, "mode %ux%ux%u %s", dispi[DISPI_XRES],
            dispi[DISPI_YRES], dispi[DISPI_BPP],
            value & DISPI_ENABLED ? "on" : "off");
        dispi[DISPI_BANK] = 0;
        dispi[DISPI_VIRT_WIDTH] = dispi[DISPI_XRES];
        dispi[DISPI_VIRT_HEIGHT] = virtual_height(vga, dispi[DISPI_XRES]);
        dispi[DISPI_X_OFFSET] = dispi[DISPI_Y_OFFSET] = 0;
    }
    vga_update_timing(vga);
    /* Cells in the run go home before memory is cleared. */
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

/* The bits above choose between reading and writing: always both here. */
enum { BANK_MASK = 0x1FF };

static void write_bank(struct vga *vga, uint16_t bank)
{
    uint16_t before = vga->dispi[DISPI_BANK];

    vga->dispi[DISPI_BANK] = bank;
    if (vga_dispi_bank_offset(vga) < VGA_VRAM_SIZE)
        vga_update_windows(vga);
    else
        vga->dispi[DISPI_BANK] = before;
}

/* Values that no mode could use are ignored, as are changes of the geometry
 * while a mode is on. */
void vga_dispi_write(struct vga *vga, unsigned index, uint16_t value)
{
    uint16_t *dispi = vga->dispi;
    bool on = vga_dispi_on(vga);

    if (index != DISPI_BANK)
        vga->picture++;
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
        write_bank(vga, value & BANK_MASK);
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
    vga->dispi_index = vga->dispi_byte = 0;
    vga->dispi[DISPI_ID] = DISPI_ID5;
    vga->dispi[DISPI_BPP] = 8;
}

bool vga_dispi_sane(const struct vga *vga)
{
    const uint16_t *dispi = vga->dispi;

    return dispi[DISPI_XRES] <= DISPI_MAX_XRES &&
           dispi[DISPI_YRES] <= DISPI_MAX_YRES &&
           bpp_exists(dispi[DISPI_BPP]) &&
           vga_dispi_bank_offset(vga) < VGA_VRAM_SIZE;
}

/* ---- ports: offset 0 is the index, 1 (on some hosts 2) the data */

static uint64_t read_dispi(void *opaque, uint64_t offset, unsigned size)
{
    struct vga *vga = opaque;
    uint16_t value =
        offset ? vga_dispi_read(vga, vga->dispi_index) : vga->dispi_index;

    if (size > 1) {
        vga->dispi_byte = 0;
        return value;
    }
    vga->dispi_byte = vga->dispi_byte & BYTE_READ ? 0 : BYTE_READ;
    return vga->dispi_byte ? value >> 8 : value & 0xFF;
}

static void write_dispi(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    struct vga *vga = opaque;

    if (size == 1 && !(vga->dispi_byte & BYTE_WRITTEN)) {
        vga->dispi_byte = (uint16_t)(BYTE_WRITTEN | (value & 0xFF));
        return;
    }
    if (size == 1)
        value = (vga->dispi_byte & 0xFFu) << 8 | (value & 0xFF);
    vga->dispi_byte = 0;
    if (offset)
        vga_dispi_write(vga, vga->dispi_index, (uint16_t)value);
    else
        vga->dispi_index = (uint16_t)value;
}

const struct region_ops vga_dispi_ops = {read_dispi, write_dispi, 2};
