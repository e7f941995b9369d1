/* vga_draw.c - the picture as 0x00RRGGBB pixels.
 *
 * Every line is drawn as colours before the palette (one byte per dot), then
 * turned into pixels and compared with what the frame holds. Packed VBE
 * modes go straight from memory to pixels. Text: vga_text.c, addresses:
 * vga_scan.c.
 *
 * Not modelled: blinking in graphics modes, the planes masked off in
 * 256-colour modes, changes in the middle of a frame (the picture is what
 * the registers say when it is asked for). A guest that writes through the
 * linear frame buffer while a VGA mode is shown is seen with the next access
 * to the VGA itself. */
#include "devices/vga_draw.h"

#include "devices/vga_scan.h"

#include <stdlib.h>

enum {
    MAX_WIDTH = 256 * 9 * 2, /* widest raster the CRTC can describe */
    BLANK_WIDTH = 720,       /* shown when it describes none */
    BLANK_HEIGHT = 400,
};

/* What decides whether drawing again could give another picture. */
struct seen {
    uint64_t touched;
    struct vga_blink blink;
    bool valid;
};

struct vga_draw {
    const struct vga *vga;
    struct vga_frame frame;
    uint32_t *pixels;
    size_t capacity; /* pixels */
    struct seen seen;
    struct vga_geometry geometry;
    uint32_t colors[256];
    uint8_t dots[MAX_WIDTH + 32]; /* one column more, for panning */
    uint32_t line[MAX_WIDTH];
};

struct vga_draw *vga_draw_create(const struct vga *vga)
{
    struct vga_draw *draw = calloc(1, sizeof *draw);

    if (draw)
        draw->vga = vga;
    return draw;
}

void vga_draw_destroy(struct vga_draw *draw)
{
    if (!draw)
        return;
    free(draw->pixels);
    free(draw);
}

/* ---- frame */

/* False when there is no memory; the frame is then as before. */
static bool set_size(struct vga_draw *draw, unsigned width, unsigned height)
{
    struct vga_frame *frame = &draw->frame;
    size_t count = (size_t)width * height;

    if (frame->width == width && frame->height == height)
        return true;
    if (count > draw->capacity) {
        uint32_t *pixels = realloc(draw->pixels, count * sizeof *pixels);
        if (!pixels)
            return false;
        draw->pixels = pixels;
        draw->capacity = count;
    }
    memset(draw->pixels, 0, count * sizeof *draw->pixels);
    frame->pixels = draw->pixels;
    frame->width = frame->stride = width;
    frame->height = height;
    frame->resized = frame->changed = true;
    frame->first_row = 0;
    frame->last_row = height - 1;
    return true;
}

static void note_row(struct vga_frame *frame, unsigned row)
{
    if (!frame->changed) {
        frame->changed = true;
        frame->first_row = row;
        frame->last_row = row;
    }
    if (row < frame->first_row)
        frame->first_row = row;
    if (row > frame->last_row)
        frame->last_row = row;
}

/* Take over draw->line as row `row`. */
static void put_line(struct vga_draw *draw, unsigned row)
{
    uint32_t *to = draw->pixels + (size_t)row * draw->frame.stride;
    size_t bytes = draw->frame.width * sizeof *to;

    if (memcmp(to, draw->line, bytes) == 0)
        return;
    memcpy(to, draw->line, bytes);
    note_row(&draw->frame, row);
}

static void draw_blank(struct vga_draw *draw, unsigned width, unsigned height)
{
    width = (unsigned)min_u64(width, MAX_WIDTH);
    if (!set_size(draw, width, height))
        return;
    memset(draw->line, 0, width * sizeof *draw->line);
    for (unsigned row = 0; row < height; row++)
        put_line(draw, row);
}

/* ---- colours */

static uint32_t dac_color(const struct vga *vga, unsigned index)
{
    const uint8_t *dac = vga->dac + (index & vga->dac_mask) * 3;
    uint32_t color = 0;

    for (unsigned i = 0; i < 3; i++) {
        unsigned level = vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC
                             ? dac[i]
                             : (dac[i] & 0x3F) << 2 | (dac[i] >> 4 & 3);
        color = color << 8 | level;
    }
    return color;
}

/* The attribute controller's way from four bits to a DAC index. */
static unsigned palette_index(const struct vga *vga, unsigned color)
{
    uint8_t select = vga->attr[ATTR_COLOR_SELECT];
    unsigned index = vga->attr[color & vga->attr[ATTR_PLANES] & 0xF] & 0x3F;

    if (vga->attr[ATTR_MODE] & AMODE_P54)
        index = (index & 0x0F) | (select & 3) << 4;
    return index | (select & 0xC) << 4;
}

static void load_colors(struct vga_draw *draw, bool direct)
{
    for (unsigned i = 0; i < 256; i++)
        draw->colors[i] =
            dac_color(draw->vga, direct ? i : palette_index(draw->vga, i));
}

/* ---- VGA graphics lines */

/* Spread eight pixels of four planes: byte n of a plane's bits goes to dot
 * n. */
static void planar_dots(const uint8_t *cell, uint8_t *dots)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = 7 - i;
        dots[i] =
            (uint8_t)((cell[0] >> shift & 1) | (cell[1] >> shift & 1) << 1 |
                      (cell[2] >> shift & 1) << 2 |
                      (cell[3] >> shift & 1) << 3);
    }
}

/* CGA: two bits per pixel, plane 0 then plane 1; planes 2 and 3 add the
 * upper two bits. */
static void interleaved_dots(const uint8_t *cell, uint8_t *dots)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = 6 - 2 * (i & 3), plane = i >> 2;
        dots[i] = (uint8_t)((cell[plane] >> shift & 3) |
                            (cell[plane + 2] >> shift & 3) << 2);
    }
}

static void nibble_dots(const uint8_t *cell, uint8_t *dots)
{
    for (unsigned i = 0; i < 8; i++)
        dots[i] = i & 1 ? cell[i >> 1] & 0xF : cell[i >> 1] >> 4;
}

/* 256 colours: two dots join into one pixel of twice the width. */
static void join_dots(uint8_t *dots, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i += 2)
        dots[i] = dots[i + 1] = (uint8_t)(dots[i] << 4 | dots[i + 1]);
}

/* How many character clocks share one step of the memory counter, as a
 * power of two. */
static unsigned counter_shift(const struct vga *vga)
{
    if (vga->crtc[CRTC_UNDERLINE] & UNDERLINE_COUNT4)
        return 2;
    return vga->crtc[CRTC_MODE_CONTROL] & MODE_COUNT2 ? 1 : 0;
}

static void graphics_line(const struct vga_scan *scan, unsigned columns,
                          unsigned char_dots, uint8_t *dots)
{
    const struct vga *vga = scan->vga;
    uint8_t mode = vga->gfx[GFX_MODE];
    unsigned shift = counter_shift(vga);
    uint8_t *at = dots;

    for (unsigned column = 0; column < columns; column++) {
        uint32_t counter = scan->address + (column >> shift);
        const uint8_t *cell = vga_cell(vga, vga_scan_cell(scan, counter));
        if (mode & GMODE_SHIFT_256)
            nibble_dots(cell, at);
        else if (mode & GMODE_SHIFT_INTERLEAVE)
            interleaved_dots(cell, at);
        else
            planar_dots(cell, at);
        if (char_dots == 9)
            at[8] = at[7];
        at += char_dots;
    }
    if (vga->attr[ATTR_MODE] & AMODE_PEL_8BIT)
        join_dots(dots, columns * char_dots);
}

/* ---- VGA frames */

/* Dots by which the line moves left. */
static unsigned panning(const struct vga_scan *scan, unsigned char_dots)
{
    const uint8_t *attr = scan->vga->attr;
    unsigned pan = attr[ATTR_PANNING] & 0x0F;

    if (scan->split && attr[ATTR_MODE] & AMODE_PAN_SPLIT)
        pan = 0;
    else if (char_dots == 9)
        return pan >= 8 ? 0 : pan + 1;
    return pan & 7;
}

static void dots_to_pixels(struct vga_draw *draw, const uint8_t *dots)
{
    unsigned count = draw->geometry.columns * draw->geometry.char_dots;
    uint32_t *to = draw->line;

    if (draw->geometry.dot_width == 1) {
        for (unsigned i = 0; i < count; i++)
            to[i] = draw->colors[dots[i]];
        return;
    }
    for (unsigned i = 0; i < count; i++)
        to[2 * i] = to[2 * i + 1] = draw->colors[dots[i]];
}

static void draw_vga_line(struct vga_draw *draw, const struct vga_scan *scan,
                          struct vga_blink blink)
{
    const struct vga_geometry *geometry = &draw->geometry;
    unsigned columns = geometry->columns + 1;

    if (vga_in_text_mode(draw->vga))
        vga_text_line(scan, geometry, blink, columns, draw->dots);
    else
        graphics_line(scan, columns, geometry->char_dots, draw->dots);
    dots_to_pixels(draw, draw->dots + panning(scan, geometry->char_dots));
}

/* A line whose counters are those of the line before looks the same. */
static bool same_line(const struct vga_scan *a, const struct vga_scan *b)
{
    bool row_matters =
        vga_in_text_mode(a->vga) ||
        (a->vga->crtc[CRTC_MODE_CONTROL] & (MODE_NOT_RA0 | MODE_NOT_RA1)) !=
            (MODE_NOT_RA0 | MODE_NOT_RA1);

    return a->address == b->address && a->split == b->split &&
           (a->row == b->row || !row_matters);
}

static void draw_vga(struct vga_draw *draw, struct vga_blink blink)
{
    const struct vga *vga = draw->vga;
    struct vga_scan scan, before;
    bool text = vga_in_text_mode(vga);

    load_colors(draw, !text && vga->attr[ATTR_MODE] & AMODE_PEL_8BIT);
    if (!set_size(draw, draw->geometry.width, draw->geometry.height))
        return;
    vga_scan_begin(&scan, vga);
    before = scan;
    for (; scan.line < draw->geometry.height; vga_scan_next(&scan)) {
        if (scan.line == 0 || !same_line(&scan, &before))
            draw_vga_line(draw, &scan, blink);
        before = scan;
        put_line(draw, scan.line);
    }
}

/* ---- VBE frames */

/* 5-5-5 or 5-6-5 */
static uint32_t high_color(unsigned value, unsigned green_bits)
{
    unsigned blue = value & 31, red = value >> (5 + green_bits) & 31;
    unsigned green = value >> 5 & ((1u << green_bits) - 1);

    red = red << 3 | red >> 2;
    blue = blue << 3 | blue >> 2;
    green = green << (8 - green_bits) | green >> (2 * green_bits - 8);
    return red << 16 | green << 8 | blue;
}

static void packed_line(struct vga_draw *draw, const uint8_t *from,
                        unsigned bpp, unsigned width)
{
    uint32_t *to = draw->line;

    switch (bpp) {
    case 8:
        for (unsigned x = 0; x < width; x++)
            to[x] = draw->colors[from[x]];
        break;
    case 15:
    case 16:
        for (unsigned x = 0; x < width; x++)
            to[x] = high_color(load_le16(from + 2 * x), bpp - 10);
        break;
    case 24:
        for (unsigned x = 0; x < width; x++, from += 3)
            to[x] = load_le16(from) | (uint32_t)from[2] << 16;
        break;
    default:
        for (unsigned x = 0; x < width; x++)
            to[x] = load_le32(from + 4 * x) & 0xFFFFFF;
        break;
    }
}

static void planar_line(struct vga_draw *draw, unsigned y, unsigned width)
{
    const uint16_t *dispi = draw->vga->dispi;
    unsigned x = dispi[DISPI_X_OFFSET];
    uint32_t cell = y * (dispi[DISPI_VIRT_WIDTH] / 8u) + x / 8;
    uint8_t *dots = draw->dots;

    for (unsigned done = 0; done < width + 8; done += 8)
        planar_dots(vga_cell(draw->vga, cell++), dots + done);
    for (unsigned i = 0; i < width; i++)
        draw->line[i] = draw->colors[dots[i + (x & 7)]];
}

/* The registers were checked when they were written; a saved state could
 * hold anything, hence the checks against the memory's end. */
static void draw_vbe(struct vga_draw *draw)
{
    const uint16_t *dispi = draw->vga->dispi;
    unsigned width = (unsigned)min_u64(dispi[DISPI_XRES], DISPI_MAX_XRES);
    unsigned bpp = dispi[DISPI_BPP], bytes = (bpp + 7) / 8;

    load_colors(draw, bpp != 4);
    if (!set_size(draw, width, dispi[DISPI_YRES]))
        return;
    for (unsigned row = 0; row < draw->frame.height; row++) {
        unsigned y = row + dispi[DISPI_Y_OFFSET];
        uint64_t offset =
            ((uint64_t)y * dispi[DISPI_VIRT_WIDTH] + dispi[DISPI_X_OFFSET]) *
            bytes;
        if (bpp == 4)
            planar_line(draw, y, width);
        else if (offset + (uint64_t)width * bytes <= VGA_VRAM_SIZE)
            packed_line(draw, draw->vga->vram->host + offset, bpp, width);
        put_line(draw, row);
    }
}

/* ---- which of them */

/* True when nothing that shows can have changed. Memory that the guest
 * reaches without us (window or frame buffer mapped as RAM) may have. */
static bool still_same(struct vga_draw *draw, struct vga_blink blink)
{
    const struct vga *vga = draw->vga;
    bool unseen_writes = vga->window_plain || vga_dispi_on(vga);
    bool same = draw->seen.valid && draw->seen.touched == vga->touched &&
                !unseen_writes;

    if (same && vga_in_text_mode(vga))
        same = draw->seen.blink.cursor == blink.cursor &&
               draw->seen.blink.text == blink.text;
    draw->seen = (struct seen){vga->touched, blink, true};
    return same;
}

static bool is_blanked(const struct vga *vga)
{
    return !(vga->attr_index & ATTR_PAS) ||
           vga->seq[SEQ_CLOCKING] & CLOCKING_OFF;
}

const struct vga_frame *vga_draw_frame(struct vga_draw *draw, uint64_t now)
{
    const struct vga *vga = draw->vga;
    struct vga_frame *frame = &draw->frame;
    struct vga_blink blink = vga_blink_at(vga, now);
    bool vbe = vga_dispi_on(vga);

    frame->changed = frame->resized = false;
    if (still_same(draw, blink))
        return frame;
    if (!vbe && !vga_scan_geometry(vga, &draw->geometry))
        draw_blank(draw, BLANK_WIDTH, BLANK_HEIGHT);
    else if (is_blanked(vga))
        draw_blank(draw, vbe ? vga->dispi[DISPI_XRES] : draw->geometry.width,
                   vbe ? vga->dispi[DISPI_YRES] : draw->geometry.height);
    else if (vbe)
        draw_vbe(draw);
    else
        draw_vga(draw, blink);
    frame->aspect_w = vbe ? frame->width : 4;
    frame->aspect_h = vbe ? frame->height : 3;
    return frame;
}
