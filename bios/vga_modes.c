/* Setting the VGA modes of vga_tables.h. The registers' values are fetched
 * through the save pointer table at 40:A8, where programs may have put tables
 * of their own: video parameters, an area that follows the palette, fonts
 * for certain modes. Sources: IBM VGA/XGA Technical Reference; PS/2 and PC BIOS
 * Interface Technical Reference, INT 10h, "save pointer table"; RBIL INT
 * 10/AH=00h, MEMORY.LST 40:A8. */

#include "vga.h"
#include "vga_tables.h"

/* The save pointer table. */
enum {
    SAVE_PARAMETERS = 0x00,
    SAVE_DYNAMIC = 0x04, /* 16 palette registers and the overscan */
    SAVE_TEXT_FONT = 0x08,
    SAVE_GRAPHICS_FONT = 0x0C,
};

/* A row of video parameters. */
enum {
    PARAM_COLUMNS = 0x00,
    PARAM_ROWS = 0x01,
    PARAM_HEIGHT = 0x02,
    PARAM_PAGE_SIZE = 0x03,
    PARAM_SEQ = 0x05,
    PARAM_MISC = 0x09,
    PARAM_CRTC = 0x0A,
    PARAM_ATTR = 0x23,
    PARAM_GRC = 0x37,
};

const __seg_gs struct vga_mode *mode_find(uint8_t mode)
{
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i].mode == mode)
            return &modes[i];
    return NULL;
}

const __seg_gs struct vga_mode *mode_current(void)
{
    return BDA->video_mode == MODE_PACKED ? &packed_mode
                                          : mode_find(BDA->video_mode);
}

uint16_t video_segment(void)
{
    const __seg_gs struct vga_mode *m = mode_current();

    return m ? (uint16_t)(m->segment_high << 8) : 0xA000;
}

/* Text modes have 200, 350 or 400 lines as 40:89 says; AH=12h BL=30h. */
static uint8_t lines_row(void)
{
    uint8_t flags = BDA->video_flags & 0x90;

    return flags == 0x80 ? 0 : flags == 0x00 ? 1 : 2;
}

/* --- the save pointer table -------------------------------------------------
 */

uint32_t save_pointer(uint16_t offset)
{
    uint32_t table = BDA->video_save_ptr;

    return table ? far_read32((uint16_t)(table >> 16), (uint16_t)table + offset)
                 : 0;
}

static struct parameters parameters_of(const __seg_gs struct vga_mode *m)
{
    uint32_t table = save_pointer(SAVE_PARAMETERS);
    uint16_t row = m->row[lines_row()];

    /* Rows behind IBM's are in our own table only. */
    if (table == 0 || row > 0x1C)
        table = (uint32_t)rom_segment() << 16 | ROM_OFFSET(video_parameters);
    return (struct parameters){(uint16_t)(table >> 16),
                               (uint16_t)((uint16_t)table + row * 64)};
}

static uint8_t parameter(struct parameters p, uint16_t n)
{
    return far_read8(p.segment, p.offset + n);
}

void palette_note(uint8_t index, uint8_t value)
{
    uint32_t area = save_pointer(SAVE_DYNAMIC);

    if (area && (index < 0x10 || index == 0x11))
        far_write8((uint16_t)(area >> 16),
                   (uint16_t)area + (index == 0x11 ? 0x10 : index), value);
}

/* Is a mode in a list that FFh ends? */
static bool listed(uint16_t segment, uint16_t offset, uint8_t mode)
{
    uint8_t n, entry;

    for (n = 0; n < 32; n++) {
        entry = far_read8(segment, offset + n);
        if (entry == 0xFF)
            return false;
        if (entry == mode)
            return true;
    }
    return false;
}

/* Fonts that a program wants in certain modes instead of ours. */
static void fonts_override(uint8_t mode, bool text)
{
    uint32_t at = save_pointer(text ? SAVE_TEXT_FONT : SAVE_GRAPHICS_FONT);
    uint16_t segment = (uint16_t)(at >> 16), offset = (uint16_t)at;
    uint32_t font;

    if (at == 0 || !listed(segment, offset + (text ? 11 : 7), mode))
        return;
    font = far_read32(segment, offset + (text ? 6 : 3));
    if (text)
        font_adopt((struct glyphs){
            (uint16_t)(font >> 16), (uint16_t)font,
            far_read16(segment, offset + 4), far_read16(segment, offset + 2),
            far_read8(segment, offset + 1), far_read8(segment, offset)});
    else
        font_graphics(font, far_read8(segment, offset + 1),
                      far_read8(segment, offset));
}

/* --- registers
 * ---------------------------------------------------------------- */

static void crtc_load(uint16_t port, struct parameters p)
{
    uint8_t i;

    indexed_write(port, 0x11, 0x00); /* unlock 00-07 */
    for (i = 0; i < 0x19; i++)
        indexed_write(port, i, parameter(p, PARAM_CRTC + i));
}

static void registers_load(struct parameters p)
{
    uint8_t misc = parameter(p, PARAM_MISC), i;

    indexed_write(SEQ, 0, 0x01);
    indexed_write(SEQ, 1, parameter(p, PARAM_SEQ) | 0x20);
    for (i = 1; i < 4; i++)
        indexed_write(SEQ, i + 1, parameter(p, PARAM_SEQ + i));
    outb(MISC_WRITE, misc);
    indexed_write(SEQ, 0, 0x03);
    crtc_load(misc & 1 ? CRTC_COLOUR : 0x3B4, p);
    for (i = 0; i < 9; i++)
        indexed_write(GRC, i, parameter(p, PARAM_GRC + i));
}

/* 00-0F only if the palette is to be loaded. The status register that makes
 * 3C0 expect an index is at 3BA or 3DA. */
static void attributes_load(struct parameters p, bool palette)
{
    uint8_t i, value;

    attr_reset();
    for (i = palette ? 0 : 0x10; i < 0x14; i++) {
        value = parameter(p, PARAM_ATTR + i);
        outb(ATTR, i);
        outb(ATTR, value);
        palette_note(i, value);
    }
    outb(ATTR, 0x14);
    outb(ATTR, 0);
}

static void screen_off(void)
{
    attr_reset();
    outb(ATTR, 0x00);
}

static void screen_on(struct parameters p)
{
    indexed_write(SEQ, 1, parameter(p, PARAM_SEQ));
    attr_reset();
    outb(ATTR, 0x20);
}

static void colours_load(uint8_t dac)
{
    outb(DAC_MASK, 0xFF);
    dac_load(dac);
    if (BDA->video_flags & 0x02)
        dac_to_grey(0, 256);
}

static void memory_clear(const __seg_gs struct vga_mode *m)
{
    uint16_t segment = (uint16_t)(m->segment_high << 8);

    if (m->kind == KIND_TEXT)
        far_fill16(segment, 0, 0x0720, 0x4000);
    else if (m->kind <= KIND_CGA2)
        far_fill16(segment, 0, 0, 0x4000);
    else
        far_fill16(segment, 0, 0, 0x8000);
}

static void data_area(const __seg_gs struct vga_mode *m, struct parameters p,
                      bool clear)
{
    bool colour = parameter(p, PARAM_MISC) & 1;
    int i;

    BDA->video_mode = m->mode;
    BDA->video_columns = parameter(p, PARAM_COLUMNS);
    BDA->video_page_size = far_read16(p.segment, p.offset + PARAM_PAGE_SIZE);
    BDA->video_page_start = 0;
    for (i = 0; i < 8; i++)
        BDA->cursor[i] = 0;
    BDA->cursor_shape = 0;
    BDA->video_page = 0;
    BDA->crtc_port = colour ? CRTC_COLOUR : 0x3B4;
    if (m->mode < 8) {
        BDA->crt_mode = crt_modes[m->mode];
        BDA->crt_palette = m->mode == 6 ? 0x3F : 0x30;
    }
    BDA->video_rows_minus1 = parameter(p, PARAM_ROWS);
    BDA->char_height = parameter(p, PARAM_HEIGHT);
    BDA->video_control =
        0x60 | (clear ? 0 : 0x80) | (BDA->video_control & 0x01);
    BDA->video_switches = 0xF9;
    BDA->equipment =
        (uint16_t)((BDA->equipment & ~0x30) | (colour ? 0x20 : 0x30));
}

void mode_set(uint8_t mode, bool clear)
{
    const __seg_gs struct vga_mode *m = mode_find(mode);
    bool palette = !(BDA->video_flags & 0x08), text; /* 12h BL=31h */
    struct parameters p;

    if (!m)
        return;
    vbe_off();
    text = m->kind == KIND_TEXT;
    p = parameters_of(m);
    screen_off();
    registers_load(p);
    attributes_load(p, palette);
    if (palette)
        colours_load(text && m->dac == DAC_EGA && lines_row() == 0 ? DAC_CGA
                                                                   : m->dac);
    data_area(m, p, clear);
    if (clear)
        memory_clear(m);
    if (text) {
        font_load(0, (uint8_t)BDA->char_height);
        cursor_shape(0x06, 0x07);
    }
    font_vectors(m->kind, (uint8_t)BDA->char_height);
    fonts_override(mode, text);
    cursor_move(0, 0, 0);
    screen_on(p);
}

/* Registers and data area only, for VBE to build on. */
void mode_registers(uint8_t mode, bool clear)
{
    const __seg_gs struct vga_mode *m = mode_find(mode);
    struct parameters p = parameters_of(m);

    screen_off();
    registers_load(p);
    attributes_load(p, true);
    colours_load(m->dac);
    data_area(m, p, clear);
    font_vectors(m->kind, (uint8_t)BDA->char_height);
    screen_on(p);
}
