/* INT 10h: dispatch, cursor, pages, alternate select, display combination,
 * state. Sources: IBM PS/2 and PC BIOS Interface Technical Reference; RBIL
 * INT 10h. Not here: light pens (AH=04h says none) and text output in VBE
 * modes, whose programs draw their own. */

#include "vga.h"

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
    case 0x36: /* refresh: AL 1 = off */
        indexed_write(SEQ, 1,
                      (indexed_read(SEQ, 1) & ~0x20) | (r->al & 1) << 5);
        r->al = 0x12;
        break;
    }
}

/* --- AH=1Ah-1Ch
 * ------------------------------------------------------------------ */

static void combination(struct regs *r)
{
    if (r->al == 0) {
        r->bx = BDA->dcc_index;
        r->al = 0x1A;
    } else if (r->al == 1) {
        BDA->dcc_index = r->bl;
        r->al = 0x1A;
    }
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
        return 256;
    default:
        return m->mode == 7 || m->mode == 0x0F ? 0 : m->mode == 0x11 ? 2 : 16;
    }
}

/* RBIL table 00039. */
static void state_information(struct regs *r)
{
    const __seg_gs struct vga_mode *m = mode_current();
    uint16_t lines =
        (uint16_t)((BDA->video_rows_minus1 + 1) * BDA->char_height);
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
    far_write8(r->es, r->di + 0x25, BDA->dcc_index);
    far_write16(r->es, r->di + 0x27, colours_of(m));
    far_write8(r->es, r->di + 0x29, m ? m->pages : 1);
    far_write8(r->es, r->di + 0x2A,
               lines <= 200   ? 0
               : lines <= 350 ? 1
               : lines <= 400 ? 2
                              : 3);
    far_write8(r->es, r->di + 0x2B, indexed_read(SEQ, 3) & 3);
    far_write8(r->es, r->di + 0x2D, 0x01);
    far_write8(r->es, r->di + 0x31, 0x03);
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
    BDA->dcc_index = 0x08;   /* VGA, colour analogue */
    BDA->video_save_ptr =
        (uint32_t)rom_segment() << 16 | ROM_OFFSET(rom_save_table);
    mode_set(0x03, true);
}
