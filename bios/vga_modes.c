/* Setting the VGA modes of vga_tables.h. Sources: IBM
 * VGA/XGA Technical Reference (register tables of the standard modes); RBIL
 * INT 10/AH=00h. */

#include "vga.h"
#include "vga_tables.h"

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
    return mode_find(BDA->video_mode);
}

uint16_t video_segment(void)
{
    const __seg_gs struct vga_mode *m = mode_current();

    return m ? (uint16_t)(m->segment_high << 8) : 0xA000;
}

/* Text modes have 200, 350 or 400 lines as 40:89 says; AH=12h BL=30h. */
static uint8_t text_vertical(void)
{
    uint8_t flags = BDA->video_flags & 0x90;

    return flags == 0x00 ? V350 : V400;
}

static uint8_t text_height(void)
{
    uint8_t flags = BDA->video_flags & 0x90;

    return flags == 0x80 ? 8 : flags == 0x00 ? 14 : 16;
}

static void crtc_load(uint16_t port, const __seg_gs struct vga_mode *m)
{
    uint8_t v = m->vertical, scan = m->scan_line;
    int i;

    if (m->kind == KIND_TEXT) {
        v = text_vertical();
        scan = text_height() == 8 ? 0xC7 : 0x40 | (text_height() - 1);
    }
    indexed_write(port, 0x11, 0x00); /* unlock 00-07 */
    for (i = 0; i < 6; i++)
        indexed_write(port, (uint8_t)i, horizontal[m->horizontal][i]);
    for (i = 0x08; i < 0x18; i++)
        if (i < 0x10 || i == 0x13 || i == 0x14 || i == 0x17)
            indexed_write(port, (uint8_t)i, 0);
    for (i = 0; i < 7; i++)
        indexed_write(port, vertical_index[i], vertical[v][i]);
    indexed_write(port, 0x09, scan);
    indexed_write(port, 0x13, m->offset);
    indexed_write(port, 0x14, m->underline);
    indexed_write(port, 0x17, m->crtc_mode);
    indexed_write(port, 0x18, 0xFF);
}

static void registers_load(const __seg_gs struct vga_mode *m)
{
    uint8_t misc = m->misc;
    int i;

    if (m->kind == KIND_TEXT && text_vertical() == V350)
        misc = (uint8_t)((misc & 0x3F) | 0x80);
    indexed_write(SEQ, 0, 0x01);
    indexed_write(SEQ, 1, m->clocking | 0x20);
    indexed_write(SEQ, 2, m->planes);
    indexed_write(SEQ, 3, 0);
    indexed_write(SEQ, 4, m->memory);
    outb(MISC_WRITE, misc);
    indexed_write(SEQ, 0, 0x03);
    crtc_load(misc & 1 ? CRTC_COLOUR : 0x3B4, m);
    for (i = 0; i < 5; i++)
        indexed_write(GRC, (uint8_t)i, 0);
    indexed_write(GRC, 5, m->gr_mode);
    indexed_write(GRC, 6, m->gr_misc);
    indexed_write(GRC, 7, m->dont_care);
    indexed_write(GRC, 8, 0xFF);
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

static void data_area(const __seg_gs struct vga_mode *m, bool clear)
{
    bool text = m->kind == KIND_TEXT;
    uint8_t height = text ? text_height() : m->height;
    uint16_t lines = text_vertical() == V350 ? 350 : height == 8 ? 200 : 400;
    int i;

    BDA->video_mode = m->mode;
    BDA->video_columns = m->columns;
    BDA->video_page_size = (uint16_t)(m->pages * 2048);
    if (m->mode == 0x11 || m->mode == 0x12)
        BDA->video_page_size = 0xA000;
    BDA->video_page_start = 0;
    for (i = 0; i < 8; i++)
        BDA->cursor[i] = 0;
    BDA->cursor_shape = 0x0607;
    BDA->video_page = 0;
    BDA->crtc_port = m->misc & 1 ? CRTC_COLOUR : 0x3B4;
    if (m->mode < 8) {
        BDA->crt_mode = crt_modes[m->mode];
        BDA->crt_palette = m->mode == 6 ? 0x3F : 0x30;
    }
    BDA->video_rows_minus1 = (uint8_t)((text ? lines / height : m->rows) - 1);
    BDA->char_height = height;
    BDA->video_control =
        0x60 | (clear ? 0 : 0x80) | (BDA->video_control & 0x01);
    BDA->video_switches = 0xF9;
    BDA->equipment =
        (uint16_t)((BDA->equipment & ~0x30) | (m->misc & 1 ? 0x20 : 0x30));
}

void mode_set(uint8_t mode, bool clear)
{
    const __seg_gs struct vga_mode *m = mode_find(mode);

    if (!m)
        return;
    vbe_off();
    inb(0x3DA);
    outb(ATTR, 0x00); /* blank while we work */
    registers_load(m);
    if (!(BDA->video_flags & 0x08)) { /* 12h BL=31h: default palette */
        palette_load(m->palette, m->attr_mode, m->plane_enable);
        outb(DAC_MASK, 0xFF);
        dac_load(m->dac);
        if (BDA->video_flags & 0x02)
            dac_to_grey(0, 256);
    }
    data_area(m, clear);
    if (clear)
        memory_clear(m);
    if (m->kind == KIND_TEXT) {
        font_load(0, (uint8_t)BDA->char_height);
        cursor_shape(0x06, 0x07);
        cursor_move(0, 0, 0);
    }
    font_vectors(m->kind, (uint8_t)BDA->char_height);
    indexed_write(SEQ, 1, m->clocking);
    inb(0x3DA);
    outb(ATTR, 0x20);
}

/* Registers only, for VBE to build on. */
void mode_registers(uint8_t mode)
{
    const __seg_gs struct vga_mode *m = mode_find(mode);

    inb(0x3DA);
    outb(ATTR, 0x00);
    registers_load(m);
    palette_load(m->palette, m->attr_mode, m->plane_enable);
    outb(DAC_MASK, 0xFF);
    dac_load(m->dac);
    indexed_write(SEQ, 1, m->clocking);
    inb(0x3DA);
    outb(ATTR, 0x20);
}
