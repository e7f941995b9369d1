/* INT 10h: dispatch, cursor, pages, alternate select, display combination,
 * state. Sources: IBM PS/2 and PC BIOS Interface Technical Reference; RBIL
 * INT 10h. Not here: light pens (AH=04h says none); text in VBE's
 * 16-colour modes other than 102h. */

#include "vga.h"

#define COLOUR_VGA 0x0008

void indexed_write(uint16_t port, uint8_t index, uint8_t value)
{
    outw(port, (uint16_t)(value << 8 | index));
}

uint8_t indexed_read(uint16_t port, uint8_t index)
{
    outb(port, index);
    return inb(port + 1);
}

uint16_t crtc_port(void)
{
    return BDA->crtc_port;
}

void crtc_write(uint8_t index, uint8_t value)
{
    indexed_write(crtc_port(), index, value);
}

uint8_t crtc_read(uint8_t index)
{
    return indexed_read(crtc_port(), index);
}

/* Input status 1 is at 3BA or 3DA; the card may be in transition. */
void attr_reset(void)
{
    inb(0x3BA);
    inb(0x3DA);
}

static void attr_index(uint8_t index)
{
    attr_reset();
    outb(ATTR, index);
}

uint8_t attr_get(uint8_t index)
{
    uint8_t value;

    attr_index(index);
    value = inb(ATTR_READ);
    attr_index(0x20);
    return value;
}

void attr_set(uint8_t index, uint8_t value)
{
    attr_index(index);
    outb(ATTR, value);
    attr_index(0x20);
}

/* --- cursor and pages ------------------------------------------------------
 */

void cursor_move(uint8_t page, uint8_t row, uint8_t column)
{
    uint16_t at;

    if (page > 7)
        return;
    BDA->cursor[page] = (uint16_t)(row << 8 | column);
    if (page != BDA->video_page)
        return;
    at = (uint16_t)(BDA->video_page_start / 2 + row * BDA->video_columns +
                    column);
    crtc_write(0x0E, (uint8_t)(at >> 8));
    crtc_write(0x0F, (uint8_t)at);
}

/* Programs give shapes for eight lines; unless emulation is off (40:87 bit
 * 0) they are stretched to the font's height. */
void cursor_shape(uint8_t start, uint8_t end)
{
    uint8_t height = (uint8_t)BDA->char_height;

    BDA->cursor_shape = (uint16_t)(start << 8 | end);
    if (!(BDA->video_control & 1) && height > 8 && end < 8 && start < 8) {
        bool underline = end == start + 1 && start >= 5;

        end = (uint8_t)((end + 1) * height / 8 - 1 - underline);
        start = underline ? end - 1 : (uint8_t)((start + 1) * height / 8 - 1);
    }
    crtc_write(0x0A, start);
    crtc_write(0x0B, end);
}

static void page_show(uint8_t page)
{
    uint16_t start;

    if (page > 7)
        return;
    start = page * BDA->video_page_size;
    BDA->video_page = page;
    BDA->video_page_start = start;
    if (mode_current() && mode_current()->kind == KIND_TEXT)
        start /= 2;
    crtc_write(0x0C, (uint8_t)(start >> 8));
    crtc_write(0x0D, (uint8_t)start);
    cursor_move(page, (uint8_t)(BDA->cursor[page] >> 8),
                (uint8_t)BDA->cursor[page]);
}

static void mode_service(struct regs *r)
{
    uint8_t mode = r->al & 0x7F;

    if (mode == MODE_800_600)
        vbe_set_800_600(!(r->al & 0x80));
    else
        mode_set(mode, !(r->al & 0x80));
    r->al = mode == 6 ? 0x3F : mode > 7 ? 0x20 : 0x30;
}

static void characters_write(struct regs *r)
{
    uint16_t cursor = BDA->cursor[r->bh & 7];
    uint8_t row = (uint8_t)(cursor >> 8), column = (uint8_t)cursor;
    uint16_t n;

    for (n = r->cx; n > 0; n--) {
        cell_write(r->bh, row, column, r->al, r->bl, r->ah == 0x09);
        if (++column >= BDA->video_columns) {
            column = 0;
            if (++row > BDA->video_rows_minus1)
                return;
        }
    }
}

static void character_read(struct regs *r)
{
    uint16_t cursor = BDA->cursor[r->bh & 7];

    r->ax = cell_read(r->bh, (uint8_t)(cursor >> 8), (uint8_t)cursor);
}

/* --- AH=12h
 * ------------------------------------------------------------------- */

/* BL=30h: 200, 350 or 400 lines from the next text mode on. */
static void scan_lines_select(struct regs *r)
{
    ROM uint8_t flags[3] = {0x80, 0x00, 0x10};

    if (r->al > 2)
        return;
    BDA->video_flags = (BDA->video_flags & ~0x90) | flags[r->al];
    r->al = 0x12;
}

static void flag_select(struct regs *r, uint8_t bit, bool inverted)
{
    bool on = (r->al != 0) != inverted;

    BDA->video_flags = (BDA->video_flags & ~bit) | (on ? bit : 0);
    r->al = 0x12;
}

static void refresh(bool on)
{
    indexed_write(SEQ, 1, (indexed_read(SEQ, 1) & ~0x20) | (on ? 0 : 0x20));
}

/* BL=35h, AL: 0 this adapter off, 1 on; 2 the same with its data area kept at
 * ES:DX (128 bytes), 3 back from there; 80h tells of a system board's video. */
static void display_switch(struct regs *r)
{
    bool on = r->al & 1;

    if (r->al > 3 && r->al != 0x80)
        return;
    if (r->al == 2 || r->al == 3)
        state_pass(on, 2, r->es, r->dx);
    if (r->al != 0x80) {
        outb(MISC_WRITE, (inb(MISC_READ) & ~2) | (on ? 2 : 0));
        refresh(on);
    }
    r->al = 0x12;
}

static void alternate_select(struct regs *r)
{
    switch (r->bl) {
    case 0x10:
        r->bh = BDA->video_mode == 7 || BDA->video_mode == 0x0F;
        r->bl = 0x03; /* 256 KiB */
        r->cx = 0x0009;
        break;
    case 0x20:
        r->al = 0x12;
        break;
    case 0x30:
        scan_lines_select(r);
        break;
    case 0x31: /* default palette: AL 1 = no */
        flag_select(r, 0x08, false);
        break;
    case 0x32: /* video addressing */
        outb(MISC_WRITE, (inb(MISC_READ) & ~2) | (r->al ? 0 : 2));
        r->al = 0x12;
        break;
    case 0x33: /* grey summing: AL 0 = on */
        flag_select(r, 0x02, true);
        break;
    case 0x34: /* cursor emulation: AL 0 = on */
        BDA->video_control = (BDA->video_control & ~1) | (r->al & 1);
        r->al = 0x12;
        break;
    case 0x35: /* another display takes over, or ours again */
        display_switch(r);
        break;
    case 0x36: /* refresh: AL 1 = off */
        refresh(!(r->al & 1));
        r->al = 0x12;
        break;
    }
}

/* --- AH=1Ah-1Ch
 * ------------------------------------------------------------------ */

/* The table of display combination codes, by the secondary save pointers. */
static uint32_t combinations(void)
{
    uint32_t secondary = save_pointer(0x10);

    return secondary ? far_read32((uint16_t)(secondary >> 16),
                                  (uint16_t)secondary + 2)
                     : 0;
}

static uint16_t combination_at(uint32_t table, uint8_t index)
{
    return far_read16((uint16_t)(table >> 16), (uint16_t)table + 4 + index * 2);
}

/* Low byte: the code of the active display, high byte: of the other. 40:8A
 * has the row of the table, where the other comes first. */
static uint16_t combination_get(void)
{
    uint32_t table = combinations();
    uint16_t pair;

    if (table == 0)
        return COLOUR_VGA;
    if (BDA->dcc_index >= far_read8((uint16_t)(table >> 16), (uint16_t)table))
        return 0xFFFF;
    pair = combination_at(table, BDA->dcc_index);
    return (uint16_t)(pair << 8 | pair >> 8);
}

/* Unknown ones leave FFh, as IBM's BIOS does. */
static void combination_set(uint16_t codes)
{
    uint32_t table = combinations();
    uint16_t pair = (uint16_t)(codes << 8 | codes >> 8);
    uint8_t count, i;

    if (table == 0)
        return;
    count = far_read8((uint16_t)(table >> 16), (uint16_t)table);
    for (i = 0; i < count; i++)
        if (combination_at(table, i) == pair ||
            combination_at(table, i) == codes)
            break;
    BDA->dcc_index = i < count ? i : 0xFF;
}

static void combination(struct regs *r)
{
    if (r->al == 0)
        r->bx = combination_get();
    else if (r->al == 1)
        combination_set(r->bx);
    else
        return;
    r->al = 0x1A;
}

static uint16_t colours_of(const __seg_gs struct vga_mode *m)
{
    if (!m)
        return 256;
    switch (m->kind) {
    case KIND_CGA2:
        return 2;
    case KIND_CGA4:
        return 4;
    case KIND_LINEAR:
    case KIND_PACKED:
        return 256;
    default:
        return m->mode == 7 || m->mode == 0x0F ? 0 : m->mode == 0x11 ? 2 : 16;
    }
}

static uint8_t lines_code(void)
{
    uint16_t lines =
        (uint16_t)((BDA->video_rows_minus1 + 1) * BDA->char_height);

    return lines <= 200 ? 0 : lines <= 350 ? 1 : lines <= 400 ? 2 : 3;
}

/* All modes are on the one display; then grey, monochrome, no default
 * palette, cursor emulation, blinking. */
static uint8_t state_flags(void)
{
    uint8_t flags = 0x01 | (BDA->video_flags & 0x02);

    if (crtc_port() != CRTC_COLOUR)
        flags |= 0x04;
    if (BDA->video_flags & 0x08)
        flags |= 0x08;
    if (!(BDA->video_control & 0x01))
        flags |= 0x10;
    return flags | (attr_get(0x10) & 0x08) << 2;
}

/* What of the save pointers is in use; bit 0: 512 characters. */
static uint8_t save_flags(void)
{
    uint8_t fonts = indexed_read(SEQ, 3), flags = combinations() ? 0x20 : 0;

    if (((fonts >> 2 & 3) | (fonts >> 3 & 4)) !=
        ((fonts & 3) | (fonts >> 2 & 4)))
        flags |= 0x01;
    if (save_pointer(4))
        flags |= 0x02;
    if (save_pointer(8))
        flags |= 0x04;
    if (save_pointer(12))
        flags |= 0x08;
    return flags;
}

/* RBIL table 00039. */
static void state_information(struct regs *r)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint8_t fonts = indexed_read(SEQ, 3);
    uint16_t i;

    if (r->bx != 0)
        return;
    far_fill8(r->es, r->di, 0, 64);
    far_write16(r->es, r->di, ROM_OFFSET(rom_static_info));
    far_write16(r->es, r->di + 2, rom_segment());
    for (i = 0; i < 30; i++) /* 40:49-66 */
        far_write8(r->es, r->di + 4 + i, far_read8(0x40, 0x49 + i));
    far_write8(r->es, r->di + 0x22, BDA->video_rows_minus1 + 1);
    far_write16(r->es, r->di + 0x23, BDA->char_height);
    far_write16(r->es, r->di + 0x25, combination_get());
    far_write16(r->es, r->di + 0x27, colours_of(m));
    far_write8(r->es, r->di + 0x29, m ? m->pages : 1);
    far_write8(r->es, r->di + 0x2A, lines_code());
    far_write8(r->es, r->di + 0x2B, (fonts & 3) | (fonts >> 2 & 4));
    far_write8(r->es, r->di + 0x2C, (fonts >> 2 & 3) | (fonts >> 3 & 4));
    far_write8(r->es, r->di + 0x2D, state_flags());
    far_write8(r->es, r->di + 0x31, 0x03);
    far_write8(r->es, r->di + 0x32, save_flags());
    r->al = 0x1B;
}

void vga_service(struct regs *r)
{
    switch (r->ah) {
    case 0x00:
        mode_service(r);
        break;
    case 0x01:
        cursor_shape(r->ch & 0x3F, r->cl & 0x1F);
        break;
    case 0x02:
        cursor_move(r->bh, r->dh, r->dl);
        break;
    case 0x03:
        r->cx = BDA->cursor_shape;
        r->dx = BDA->cursor[r->bh & 7];
        break;
    case 0x04:
        r->ah = 0;
        break;
    case 0x05:
        page_show(r->al);
        break;
    case 0x06:
    case 0x07:
        scroll((struct rect){r->cl, r->ch, r->dl, r->dh}, r->al, r->bh,
               r->ah == 0x07);
        break;
    case 0x08:
        character_read(r);
        break;
    case 0x09:
    case 0x0A:
        characters_write(r);
        break;
    case 0x0B:
        cga_palette(r);
        break;
    case 0x0C:
        pixel_write(r);
        break;
    case 0x0D:
        pixel_read(r);
        break;
    case 0x0E:
        teletype(BDA->video_page, r->al, r->bl, false);
        break;
    case 0x0F:
        r->al = BDA->video_mode | (BDA->video_control & 0x80);
        r->ah = (uint8_t)BDA->video_columns;
        r->bh = BDA->video_page;
        break;
    case 0x10:
        palette_service(r);
        break;
    case 0x11:
        font_service(r);
        break;
    case 0x12:
        alternate_select(r);
        break;
    case 0x13:
        write_string(r);
        break;
    case 0x1A:
        combination(r);
        break;
    case 0x1B:
        state_information(r);
        break;
    case 0x1C:
        state_service(r);
        break;
    case 0x4F:
        vbe_service(r);
        break;
    }
}

/* Called once by the system BIOS: the vector, the data area, mode 3. */
void vga_start(struct regs *r)
{
    (void)r;
    far_write16(0, 0x10 * 4, ROM_OFFSET(int10_entry));
    far_write16(0, 0x10 * 4 + 2, rom_segment());
    BDA->video_flags = 0x11; /* 400 lines, VGA */
    BDA->dcc_index = 0x0B;   /* row of the combinations: a colour VGA */
    BDA->video_save_ptr =
        (uint32_t)rom_segment() << 16 | ROM_OFFSET(rom_save_table);
    mode_set(0x03, true);
}
