/* VESA BIOS extensions, INT 10h AX=4F00h-4F0Bh, 4F10h, 4F15h, over the display
 * interface of the Bochs VGA (ports 1CEh, 1CFh). Sources: VESA VBE Core
 * Functions Standard 3.0; VESA DDC/VBE 1.1; EDID 1.3; Bochs' vbe_display_api.
 * 16-colour modes are planar, with a window only; of these 800 x 600 (102h)
 * takes text and pixels by the other functions, as all others do:
 * vga_packed.c. The text modes 108h-10Ch are
 * those of a VGA with a clock of 40 MHz, in vga_tables.h; their line length and
 * start are fixed. Not here: stereo, the 16-bit protected-mode entry (PMID),
 * VBE/AF. */

#include "dispi.h"
#include "pci.h"
#include "vga.h"

#define ENABLE_ON           0x01
#define ENABLE_CAPABILITIES 0x02
#define ENABLE_DAC8         0x20
#define ENABLE_LFB          0x40
#define ENABLE_KEEP         0x80

#define VBE_OK              0x004F
#define VBE_FAILED          0x014F
#define VBE_UNSUPPORTED     0x024F
#define VBE_WRONG_MODE      0x034F

#define LEGACY_LFB          0xE0000000

/* 40:BA, unused elsewhere: the VBE mode as 4F02h got it. */
#define BDA_VBE_MODE 0xBA
#define MODE_LFB     0x4000
#define MODE_KEEP    0x8000

struct vbe_mode {
    uint16_t number, width, height;
    uint8_t depth; /* 0 in text modes, whose size is in characters */
};

/* VESA's numbers to 11Bh, then those of the Bochs VGA BIOS, ours from 1A0h. */
ROM struct vbe_mode vbe_modes[] = {
    {0x100, 640, 400, 8},    {0x101, 640, 480, 8},    {0x102, 800, 600, 4},
    {0x103, 800, 600, 8},    {0x104, 1024, 768, 4},   {0x105, 1024, 768, 8},
    {0x106, 1280, 1024, 4},  {0x107, 1280, 1024, 8},  {0x108, 80, 60, 0},
    {0x109, 132, 25, 0},     {0x10A, 132, 43, 0},     {0x10B, 132, 50, 0},
    {0x10C, 132, 60, 0},     {0x10D, 320, 200, 15},   {0x10E, 320, 200, 16},
    {0x10F, 320, 200, 24},   {0x110, 640, 480, 15},   {0x111, 640, 480, 16},
    {0x112, 640, 480, 24},   {0x113, 800, 600, 15},   {0x114, 800, 600, 16},
    {0x115, 800, 600, 24},   {0x116, 1024, 768, 15},  {0x117, 1024, 768, 16},
    {0x118, 1024, 768, 24},  {0x119, 1280, 1024, 15}, {0x11A, 1280, 1024, 16},
    {0x11B, 1280, 1024, 24}, {0x11C, 1600, 1200, 8},  {0x11D, 1600, 1200, 15},
    {0x11E, 1600, 1200, 16}, {0x11F, 1600, 1200, 24}, {0x140, 320, 200, 32},
    {0x141, 640, 400, 32},   {0x142, 640, 480, 32},   {0x143, 800, 600, 32},
    {0x144, 1024, 768, 32},  {0x145, 1280, 1024, 32}, {0x146, 320, 200, 8},
    {0x147, 1600, 1200, 32}, {0x148, 1152, 864, 8},   {0x149, 1152, 864, 15},
    {0x14A, 1152, 864, 16},  {0x14B, 1152, 864, 24},  {0x14C, 1152, 864, 32},
    {0x175, 1280, 768, 16},  {0x176, 1280, 768, 24},  {0x177, 1280, 768, 32},
    {0x178, 1280, 800, 16},  {0x179, 1280, 800, 24},  {0x17A, 1280, 800, 32},
    {0x17B, 1280, 960, 16},  {0x17C, 1280, 960, 24},  {0x17D, 1280, 960, 32},
    {0x17E, 1440, 900, 16},  {0x17F, 1440, 900, 24},  {0x180, 1440, 900, 32},
    {0x181, 1400, 1050, 16}, {0x182, 1400, 1050, 24}, {0x183, 1400, 1050, 32},
    {0x184, 1680, 1050, 16}, {0x185, 1680, 1050, 24}, {0x186, 1680, 1050, 32},
    {0x187, 1920, 1200, 16}, {0x188, 1920, 1200, 24}, {0x189, 1920, 1200, 32},
    {0x18A, 2560, 1600, 16}, {0x18B, 2560, 1600, 24}, {0x18C, 2560, 1600, 32},
    {0x18D, 1280, 720, 16},  {0x18E, 1280, 720, 24},  {0x18F, 1280, 720, 32},
    {0x190, 1920, 1080, 16}, {0x191, 1920, 1080, 24}, {0x192, 1920, 1080, 32},
    {0x193, 1600, 900, 16},  {0x194, 1600, 900, 24},  {0x195, 1600, 900, 32},
    {0x196, 2560, 1440, 16}, {0x197, 2560, 1440, 24}, {0x198, 2560, 1440, 32},
    {0x1A0, 1920, 1080, 8},  {0x1A1, 1920, 1080, 15}, {0x1A2, 640, 400, 15},
    {0x1A3, 640, 400, 16},   {0x1A4, 640, 400, 24},
};

static bool dispi_present(void)
{
    return (dispi_read(DISPI_ID) & 0xFFF0) == 0xB0C0;
}

void vbe_off(void)
{
    if (dispi_present())
        dispi_write(DISPI_ENABLE, 0);
    far_write16(0x40, BDA_VBE_MODE, 0);
}

static bool vbe_active(void)
{
    return (dispi_read(DISPI_ENABLE) & ENABLE_ON) != 0;
}

/* Bytes of video memory; index 10 came with Bochs VBE ID B0C5. */
static uint32_t memory_size(void)
{
    uint16_t units = dispi_read(DISPI_MEMORY_64K);

    return units == 0 || units == 0xFFFF ? 0x400000 : (uint32_t)units << 16;
}

/* BAR 0 of 1234:1111, else where ISA Bochs has it. */
static uint32_t lfb_address(void)
{
    uint16_t bdf;

    for (bdf = 0; bdf < 0x100; bdf += 8)
        if (pci_read32(bdf, PCI_VENDOR_ID) == 0x11111234)
            return pci_read32(bdf, PCI_BAR0) & 0xFFFFFFF0;
    return LEGACY_LFB;
}

static uint8_t depth_bytes(uint8_t depth)
{
    return (uint8_t)((depth + 7) >> 3);
}

/* Bytes of the window that so many pixels of a line take: in planar modes
 * those of one plane. */
static uint32_t pixel_bytes(uint8_t depth, uint16_t pixels)
{
    return depth == 4 ? pixels / 8u : (uint32_t)pixels * depth_bytes(depth);
}

static uint32_t line_bytes(const __seg_gs struct vbe_mode *m)
{
    return pixel_bytes(m->depth, m->width);
}

static uint32_t plane_size(uint8_t depth)
{
    return depth == 4 ? memory_size() / 4 : memory_size();
}

static bool mode_fits(const __seg_gs struct vbe_mode *m)
{
    return line_bytes(m) * m->height <= plane_size(m->depth);
}

static const __seg_gs struct vbe_mode *vbe_find(uint16_t number)
{
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(vbe_modes); i++)
        if (vbe_modes[i].number == (number & 0x1FF))
            return mode_fits(&vbe_modes[i]) ? &vbe_modes[i] : NULL;
    return NULL;
}

static uint8_t text_mode(const __seg_gs struct vbe_mode *m)
{
    return (uint8_t)(MODE_VBE_TEXT + m->number - 0x108);
}

/* --- 4F00h ------------------------------------------------------------------
 */

static uint32_t rom_text(const __seg_gs uint8_t *text)
{
    return (uint32_t)rom_segment() << 16 | ROM_OFFSET(text);
}

static uint16_t controller_information(struct regs *r)
{
    uint16_t at = r->di, list = r->di + 0x22;
    bool vbe2 = far_read32(r->es, at) == 0x32454256; /* "VBE2" */
    unsigned int i;

    far_fill8(r->es, at, 0, vbe2 ? 512 : 256);
    far_write32(r->es, at, 0x41534556); /* "VESA" */
    far_write16(r->es, at + 4, 0x0300);
    far_write32(r->es, at + 6, rom_text(rom_oem));
    far_write32(r->es, at + 10, 0x00000001); /* 8-bit DAC */
    far_write32(r->es, at + 14, (uint32_t)r->es << 16 | list);
    far_write16(r->es, at + 18, (uint16_t)(memory_size() >> 16));
    if (vbe2) {
        far_write16(r->es, at + 20, 0x0101);
        far_write32(r->es, at + 22, rom_text(rom_vendor));
        far_write32(r->es, at + 26, rom_text(rom_product));
        far_write32(r->es, at + 30, rom_text(rom_revision));
    }
    for (i = 0; i < ARRAY_LEN(vbe_modes); i++)
        if (mode_fits(&vbe_modes[i])) {
            far_write16(r->es, list, vbe_modes[i].number);
            list += 2;
        }
    far_write16(r->es, list, 0xFFFF);
    return VBE_OK;
}

/* --- 4F01h ------------------------------------------------------------------
 */

/* Size and position of red, green, blue, rest. */
ROM uint8_t colour_fields[5][8] = {
    {0},
    {5, 10, 5, 5, 5, 0, 1, 15},
    {5, 11, 6, 5, 5, 0, 0, 0},
    {8, 16, 8, 8, 8, 0, 0, 0},
    {8, 16, 8, 8, 8, 0, 8, 24},
};

static uint8_t fields_row(uint8_t depth)
{
    switch (depth) {
    case 15:
        return 1;
    case 16:
        return 2;
    case 24:
        return 3;
    case 32:
        return 4;
    default:
        return 0;
    }
}

static void write_fields(uint16_t segment, uint16_t at, uint8_t depth)
{
    uint8_t row = fields_row(depth), i;

    for (i = 0; i < 8; i++)
        far_write8(segment, at + i, colour_fields[row][i]);
}

/* D0 supported, D1 information complete, D2 text by the BIOS, D3 colour, D4
 * graphics, D5 not by VGA registers, D7 linear frame buffer. */
static uint16_t mode_attributes(const __seg_gs struct vbe_mode *m)
{
    if (m->depth != 4)
        return 0x00BF;
    return m->number == 0x102 ? 0x003F : 0x003B;
}

static void write_window(uint16_t es, uint16_t di)
{
    far_write8(es, di + 2, 0x07); /* window A: move, read, write */
    far_write16(es, di + 4, 64);
    far_write16(es, di + 6, 64);
    far_write16(es, di + 8, 0xA000);
    far_write32(es, di + 12,
                (uint32_t)rom_segment() << 16 | ROM_OFFSET(rom_vbe_window));
}

/* A fixed window of 32 KiB. */
static uint16_t text_information(const __seg_gs struct vbe_mode *m, uint16_t es,
                                 uint16_t di)
{
    const __seg_gs struct vga_mode *text = mode_find(text_mode(m));

    far_fill8(es, di, 0, 256);
    far_write16(es, di, 0x000F);
    far_write8(es, di + 2, 0x06);
    far_write16(es, di + 4, 32);
    far_write16(es, di + 6, 32);
    far_write16(es, di + 8, 0xB800);
    far_write16(es, di + 16, m->width * 2);
    far_write16(es, di + 18, m->width);
    far_write16(es, di + 20, m->height);
    far_write8(es, di + 22, 8);
    far_write8(es, di + 23, m->height == 25 ? 16 : 8);
    far_write8(es, di + 24, 4);
    far_write8(es, di + 25, 4);
    far_write8(es, di + 26, 1);
    far_write8(es, di + 29, text->pages - 1);
    far_write8(es, di + 30, 1);
    far_write32(es, di + 62, 40000000);
    return VBE_OK;
}

static uint16_t mode_information(struct regs *r)
{
    const __seg_gs struct vbe_mode *m = vbe_find(r->cx);
    uint16_t es = r->es, di = r->di;
    uint32_t pitch, pages;

    if (!m)
        return VBE_FAILED;
    if (m->depth == 0)
        return text_information(m, es, di);
    pitch = line_bytes(m);
    pages = plane_size(m->depth) / (pitch * m->height) - 1;
    if (pages > 255)
        pages = 255;
    far_fill8(es, di, 0, 256);
    far_write16(es, di, mode_attributes(m));
    write_window(es, di);
    far_write16(es, di + 16, (uint16_t)pitch);
    far_write16(es, di + 18, m->width);
    far_write16(es, di + 20, m->height);
    far_write8(es, di + 22, 8);
    far_write8(es, di + 23, 16);
    far_write8(es, di + 24, m->depth == 4 ? 4 : 1);
    far_write8(es, di + 25, m->depth);
    far_write8(es, di + 26, 1);
    far_write8(es, di + 27, m->depth == 4 ? 3 : m->depth == 8 ? 4 : 6);
    far_write8(es, di + 29, (uint8_t)pages);
    far_write8(es, di + 30, 1);
    far_write32(es, di + 62, 230000000);
    if (m->depth == 4)
        return VBE_OK;
    write_fields(es, di + 31, m->depth);
    far_write8(es, di + 39, m->depth == 32 ? 0x02 : 0x00);
    far_write32(es, di + 40, lfb_address());
    far_write16(es, di + 50, (uint16_t)pitch);
    far_write8(es, di + 53, (uint8_t)pages);
    write_fields(es, di + 54, m->depth);
    return VBE_OK;
}

/* --- 4F02h, 4F03h
 * -------------------------------------------------------------- */

/* The CRTC for adapters that look at it beside the display interface: chained
 * 256-colour or planar registers with this width and height. */
static void compatible_registers(const __seg_gs struct vbe_mode *m, bool clear)
{
    uint16_t last = m->height - 1;
    uint8_t overflow;

    mode_registers(m->depth == 4 ? MODE_800_600 : 0x13, clear);
    indexed_write(CRTC_COLOUR, 0x11, 0);
    indexed_write(CRTC_COLOUR, 0x01, (uint8_t)(m->width / 8 - 1));
    indexed_write(CRTC_COLOUR, 0x12, (uint8_t)last);
    overflow = indexed_read(CRTC_COLOUR, 0x07) & ~0x42;
    overflow |= (last >> 7 & 0x02) | (last >> 3 & 0x40);
    indexed_write(CRTC_COLOUR, 0x07, overflow);
    indexed_write(CRTC_COLOUR, 0x09, 0x00);
    indexed_write(CRTC_COLOUR, 0x13,
                  (uint8_t)(line_bytes(m) >> (m->depth == 4 ? 1 : 3)));
    if (m->depth <= 8)
        return;
    indexed_write(CRTC_COLOUR, 0x17, 0xE3);
}

static void vbe_data_area(const __seg_gs struct vbe_mode *m, uint16_t number)
{
    uint16_t columns;

    far_write16(0x40, BDA_VBE_MODE, number & (MODE_LFB | MODE_KEEP | 0x1FF));
    if (m->number == 0x102)
        return; /* mode_registers has done it */
    BDA->video_mode = MODE_PACKED;
    if (m->depth == 4)
        BDA->video_mode = 0x6E; /* no mode for the other functions */
    columns = m->width / 8;
    BDA->video_columns = columns > 255 ? 255 : columns;
    BDA->char_height = m->height < 350 ? 8 : 16;
    BDA->video_rows_minus1 = (uint8_t)(m->height / BDA->char_height - 1);
    font_vectors(KIND_PACKED, (uint8_t)BDA->char_height);
    BDA->crtc_port = CRTC_COLOUR;
    BDA->video_page = 0;
    BDA->cursor[0] = 0;
}

static void mode_start(const __seg_gs struct vbe_mode *m, uint16_t bx)
{
    bool keep = (bx & MODE_KEEP) != 0;

    dispi_write(DISPI_ENABLE, 0);
    compatible_registers(m, !keep);
    dispi_write(DISPI_XRES, m->width);
    dispi_write(DISPI_YRES, m->height);
    dispi_write(DISPI_BPP, m->depth);
    dispi_write(DISPI_BANK, 0);
    dispi_write(DISPI_ENABLE, ENABLE_ON | (keep ? ENABLE_KEEP : 0) |
                                  (bx & MODE_LFB ? ENABLE_LFB : 0));
    vbe_data_area(m, bx);
}

bool vbe_set_800_600(bool clear)
{
    const __seg_gs struct vbe_mode *m =
        dispi_present() ? vbe_find(0x102) : NULL;

    if (m)
        mode_start(m, 0x102 | (clear ? 0 : MODE_KEEP));
    return m != NULL;
}

/* A linear frame buffer is refused to modes that have none, timings that the
 * caller brings along (D11) are not needed by this monitor. */
static uint16_t set_mode(struct regs *r)
{
    const __seg_gs struct vbe_mode *m;

    if ((r->bx & 0x1FF) < 0x100) {
        uint8_t mode = r->bl & 0x7F;
        bool clear = !(r->bx & MODE_KEEP) && !(r->bl & 0x80);

        if (mode == MODE_800_600)
            return vbe_set_800_600(clear) ? VBE_OK : VBE_FAILED;
        if (!mode_find(mode))
            return VBE_FAILED;
        mode_set(mode, clear);
        return VBE_OK;
    }
    m = vbe_find(r->bx);
    if (!m || (m->depth <= 4 && r->bx & MODE_LFB))
        return VBE_FAILED;
    if (m->depth == 0) {
        mode_set(text_mode(m), !(r->bx & MODE_KEEP));
        far_write16(0x40, BDA_VBE_MODE, r->bx & (MODE_KEEP | 0x1FF));
    } else {
        mode_start(m, r->bx);
    }
    return VBE_OK;
}

static uint16_t current_number(void)
{
    uint16_t number = far_read16(0x40, BDA_VBE_MODE);

    const __seg_gs struct vbe_mode *m = number ? vbe_find(number) : NULL;

    if (m && (m->depth == 0 ? BDA->video_mode == text_mode(m) : vbe_active()))
        return number;
    return BDA->video_mode;
}

static uint16_t get_mode(struct regs *r)
{
    r->bx = current_number();
    return VBE_OK;
}

/* --- 4F04h
 * ------------------------------------------------------------------------ */

/* The standard state, after it a block with the display interface's. */
static void dispi_save(uint16_t segment, uint16_t at)
{
    uint16_t i;

    for (i = DISPI_XRES; i <= DISPI_Y_OFFSET; i++)
        far_write16(segment, at + i * 2, dispi_read(i));
    far_write16(segment, at, far_read16(0x40, BDA_VBE_MODE));
}

static void dispi_restore(uint16_t segment, uint16_t at)
{
    uint16_t i;

    for (i = DISPI_XRES; i <= DISPI_BPP; i++)
        dispi_write(i, far_read16(segment, at + i * 2));
    dispi_write(DISPI_ENABLE,
                far_read16(segment, at + DISPI_ENABLE * 2) | ENABLE_KEEP);
    for (i = DISPI_BANK; i <= DISPI_Y_OFFSET; i++)
        dispi_write(i, far_read16(segment, at + i * 2));
    far_write16(0x40, BDA_VBE_MODE, far_read16(segment, at));
}

static uint16_t save_restore(struct regs *r)
{
    uint16_t what = r->cx & 7, size = state_blocks(what);

    switch (r->dl) {
    case 0:
        r->bx = size + 1;
        return VBE_OK;
    case 1:
        dispi_save(r->es, r->bx + size * 64);
        state_pass(false, what, r->es, r->bx);
        return VBE_OK;
    case 2:
        dispi_write(DISPI_ENABLE, 0);
        state_pass(true, what, r->es, r->bx);
        dispi_restore(r->es, r->bx + size * 64);
        return VBE_OK;
    }
    return VBE_FAILED;
}

/* --- 4F05h-4F0Bh
 * --------------------------------------------------------------------- */

static bool linear_now(void)
{
    return (dispi_read(DISPI_ENABLE) & ENABLE_LFB) != 0;
}

static uint16_t window(struct regs *r)
{
    if (!vbe_active() || r->bl != 0 || r->bh > 1)
        return VBE_FAILED;
    if (linear_now())
        return VBE_WRONG_MODE;
    if (r->bh == 0) {
        dispi_write(DISPI_BANK, r->dx);
        return dispi_read(DISPI_BANK) == r->dx ? VBE_OK : VBE_FAILED;
    }
    r->dx = dispi_read(DISPI_BANK);
    return VBE_OK;
}

/* BL: 0 set pixels, 1 get, 2 set bytes, 3 get the greatest. */
static uint16_t line_length(struct regs *r)
{
    uint8_t depth = (uint8_t)dispi_read(DISPI_BPP), bytes = depth_bytes(depth);
    uint32_t lines;
    uint16_t width, pixels = r->cx;

    if (!vbe_active() || r->bl > 3)
        return VBE_FAILED;
    if (r->bl == 2)
        pixels =
            (uint16_t)(depth == 4 ? r->cx * 8 : (r->cx + bytes - 1) / bytes);
    if (r->bl == 0 || r->bl == 2) {
        pixels = (pixels + 7) & ~7;
        if (pixels < dispi_read(DISPI_XRES) ||
            pixel_bytes(depth, pixels) * dispi_read(DISPI_YRES) >
                plane_size(depth))
            return VBE_UNSUPPORTED;
        dispi_write(DISPI_VIRT_WIDTH, pixels);
    }
    width = dispi_read(DISPI_VIRT_WIDTH);
    if (r->bl == 3)
        width = (uint16_t)(depth == 4 ? 0x7FF8 : (0x7FF8 / bytes) & ~7);
    r->cx = width;
    r->bx = (uint16_t)pixel_bytes(depth, width);
    lines = plane_size(depth) / r->bx;
    r->dx = (uint16_t)(lines > 0xFFFF ? 0xFFFF : lines);
    return VBE_OK;
}

/* Returns when a vertical retrace begins; the count is for a card whose
 * status never changes. */
static void retrace_wait(void)
{
    uint32_t n;

    for (n = 0x400000; n > 0 && inb(0x3DA) & 8; n--)
        ;
    for (; n > 0 && !(inb(0x3DA) & 8); n--)
        ;
}

static uint16_t start_set(uint16_t x, uint16_t y)
{
    uint16_t old_x = dispi_read(DISPI_X_OFFSET);

    dispi_write(DISPI_X_OFFSET, x);
    dispi_write(DISPI_Y_OFFSET, y);
    if (dispi_read(DISPI_X_OFFSET) == x && dispi_read(DISPI_Y_OFFSET) == y)
        return VBE_OK;
    dispi_write(DISPI_X_OFFSET, old_x);
    return VBE_FAILED;
}

/* Bytes from the start of video memory. */
static uint16_t start_set_bytes(uint32_t at)
{
    uint8_t bytes = depth_bytes((uint8_t)dispi_read(DISPI_BPP));
    uint32_t pitch = (uint32_t)dispi_read(DISPI_VIRT_WIDTH) * bytes;

    if (dispi_read(DISPI_BPP) == 4 || pitch == 0)
        return VBE_WRONG_MODE;
    return start_set((uint16_t)(at % pitch / bytes), (uint16_t)(at / pitch));
}

/* BL: 0 pixel CX of line DX, 2 byte ECX from the next retrace on (which, seen
 * from here, is now), 4 has that happened?; bit 7: wait for the retrace. */
static uint16_t display_start(struct regs *r)
{
    if (!vbe_active())
        return VBE_FAILED;
    if (r->bl == 0x80 || r->bl == 0x82)
        retrace_wait();
    switch (r->bl) {
    case 0x00:
    case 0x80:
        return start_set(r->cx, r->dx);
    case 0x02:
    case 0x82:
        return start_set_bytes(r->ecx);
    case 0x01:
        r->bh = 0;
        r->cx = dispi_read(DISPI_X_OFFSET);
        r->dx = dispi_read(DISPI_Y_OFFSET);
        return VBE_OK;
    case 0x04:
        r->cx = 1;
        return VBE_OK;
    }
    return VBE_FAILED;
}

static uint16_t dac_format(struct regs *r)
{
    uint16_t enable = dispi_read(DISPI_ENABLE);

    if (!(enable & ENABLE_ON) || dispi_read(DISPI_BPP) != 8)
        return VBE_WRONG_MODE;
    if (r->bl == 0) {
        enable = (enable & ~ENABLE_DAC8) | ENABLE_KEEP |
                 (r->bh >= 8 ? ENABLE_DAC8 : 0);
        dispi_write(DISPI_ENABLE, enable);
    } else if (r->bl != 1) {
        return VBE_FAILED;
    }
    r->bh = enable & ENABLE_DAC8 ? 8 : 6;
    return VBE_OK;
}

/* ES:DI: blue, green, red, unused. */
static uint16_t palette(struct regs *r)
{
    uint16_t at = r->di, n = r->cx;

    if (dispi_read(DISPI_BPP) > 8 && vbe_active())
        return VBE_WRONG_MODE;
    if (r->dx + n > 256)
        return VBE_FAILED;
    if (r->bl == 0x80)
        retrace_wait();
    if (r->bl == 0x00 || r->bl == 0x80) {
        outb(DAC_WRITE, r->dl);
        for (; n > 0; n--, at += 4) {
            outb(DAC_DATA, far_read8(r->es, at + 2));
            outb(DAC_DATA, far_read8(r->es, at + 1));
            outb(DAC_DATA, far_read8(r->es, at));
        }
        return VBE_OK;
    }
    if (r->bl != 0x01)
        return VBE_UNSUPPORTED;
    outb(DAC_READ, r->dl);
    for (; n > 0; n--, at += 4) {
        far_write8(r->es, at + 2, inb(DAC_DATA));
        far_write8(r->es, at + 1, inb(DAC_DATA));
        far_write8(r->es, at, inb(DAC_DATA));
        far_write8(r->es, at + 3, 0);
    }
    return VBE_OK;
}

/* The display takes any clock: BL = 0, ECX Hz for mode DX. */
static uint16_t pixel_clock(struct regs *r)
{
    return r->bl == 0 && vbe_find(r->dx) ? VBE_OK : VBE_FAILED;
}

static uint16_t protected_interface(struct regs *r)
{
    if (r->bl != 0)
        return VBE_FAILED;
    r->es = rom_segment();
    r->di = ROM_OFFSET(rom_vbe_pm);
    r->cx = ROM_OFFSET(rom_vbe_pm_end) - ROM_OFFSET(rom_vbe_pm);
    return VBE_OK;
}

/* --- 4F10h, 4F15h
 * ------------------------------------------------------------------------ */

static uint16_t power(struct regs *r)
{
    switch (r->bl) {
    case 0x00:
        r->bx = 0x0710; /* stand-by, suspend, off; 1.0 */
        return VBE_OK;
    case 0x01:
        indexed_write(SEQ, 1,
                      (indexed_read(SEQ, 1) & ~0x20) | (r->bh ? 0x20 : 0));
        return VBE_OK;
    case 0x02:
        r->bh = indexed_read(SEQ, 1) & 0x20 ? 0x04 : 0x00;
        return VBE_OK;
    }
    return VBE_FAILED;
}

/* EDID 1.3 but its checksum, the same as the card has at BAR 2: maker "UMB",
 * preferred 1024x768 at 60 Hz, established and standard timings of the modes
 * above. */
ROM uint8_t edid[127] = {
    0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x55, 0xA2, 0x01, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x22, 0x01, 0x03, 0x80, 0x21, 0x19, 0x78,
    0x0A, 0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54, 0x21,
    0x08, 0x00, 0x81, 0x80, 0x81, 0x00, 0x81, 0x40, 0x95, 0x00, 0xA9, 0x40,
    0xD1, 0xC0, 0x01, 0x01, 0x01, 0x01, 0x64, 0x19, 0x00, 0x40, 0x41, 0x00,
    0x26, 0x30, 0x18, 0x88, 0x36, 0x00, 0x46, 0xF5, 0x10, 0x00, 0x00, 0x1E,
    0x00, 0x00, 0x00, 0xFC, 0x00, 0x55, 0x6D, 0x62, 0x72, 0x61, 0x0A, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00, 0x00, 0xFD, 0x00, 0x32,
    0x4B, 0x1E, 0x50, 0x10, 0x00, 0x0A, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

static uint16_t display_data(struct regs *r)
{
    uint8_t sum = 0, i;

    if (r->bl == 0x00) {
        r->bx = 0x0103; /* DDC1 and DDC2, one second */
        return VBE_OK;
    }
    if (r->bl != 0x01 || r->dx != 0)
        return VBE_FAILED;
    for (i = 0; i < sizeof(edid); i++) {
        far_write8(r->es, r->di + i, edid[i]);
        sum += edid[i];
    }
    far_write8(r->es, r->di + 127, (uint8_t)-sum);
    return VBE_OK;
}

void vbe_service(struct regs *r)
{
    uint16_t status;

    if (!dispi_present()) {
        r->ax = 0x0100;
        return;
    }
    switch (r->al) {
    case 0x00:
        status = controller_information(r);
        break;
    case 0x01:
        status = mode_information(r);
        break;
    case 0x02:
        status = set_mode(r);
        break;
    case 0x03:
        status = get_mode(r);
        break;
    case 0x04:
        status = save_restore(r);
        break;
    case 0x05:
        status = window(r);
        break;
    case 0x06:
        status = line_length(r);
        break;
    case 0x07:
        status = display_start(r);
        break;
    case 0x08:
        status = dac_format(r);
        break;
    case 0x09:
        status = palette(r);
        break;
    case 0x0A:
        status = protected_interface(r);
        break;
    case 0x0B:
        status = pixel_clock(r);
        break;
    case 0x10:
        status = power(r);
        break;
    case 0x15:
        status = display_data(r);
        break;
    default:
        status = 0x0100;
    }
    r->ax = status;
}
