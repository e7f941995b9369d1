/* vga_draw.c - the picture as 0x00RRGGBB pixels.
 *
 * A frame is drawn line by line: dots as colours before the palette
 * (vga_text.c, vga_pixels.c, addresses by vga_scan.c), then pixels, which are
 * compared with what the frame holds. Packed VBE modes go straight from memory
 * to pixels.
 *
 * Which lines. When a register that shows has changed, all are drawn. Else
 * only those are whose memory is marked dirty (vga_state.h), where characters
 * differ from those drawn last, the cursor moved or something blinks. If the
 * guest changes registers within each frame (vga_raster.h), the last whole
 * frame is drawn anew with its changes at their lines.
 *
 * The border. A monitor shows the overscan colour between the displayed part
 * and the blanked one. The frame has it, as wide as the CRTC makes it, while
 * the overscan register is not 0: BIOSes leave it so, and a picture that grows
 * when a game changes colour 0 would be of no use.
 *
 * Not modelled: the address at which a VBE mode starts and
 * everything in memory count from the moment of drawing, not from a line or
 * retrace. */
#include "devices/vga_draw.h"

#include "devices/vga_raster.h"
#include "devices/vga_scan.h"
#include "mmu/track.h"

#include <stdlib.h>

enum {
    MAX_WIDTH = 256 * 9 * 2, /* widest raster the CRTC can describe */
    MAX_HEIGHT = 2048,
    BLANK_WIDTH = 720, /* shown when it describes none */
    BLANK_HEIGHT = 400,
    MAX_BORDER_COLUMNS = 4, /* whatever the CRTC says */
    MAX_BORDER_LINES = 48,
    TEXT_ROWS = 128, /* of which the characters are remembered */
    PLANES_END = VGA_CELLS * 4 - 1,
    HERCULES_LIGHT = 0xAAAAAA,
};

struct cursor {
    uint32_t address;
    uint8_t first, last;
};

/* What the picture was drawn from. */
struct seen {
    uint64_t picture;
    uint16_t start;
    struct vga_blink blink;
    struct cursor cursor;
    bool replayed;
    bool valid;
};

/* Pixels around the displayed part; all 0: no border. */
struct border {
    unsigned left, right, top, bottom;
};

struct vga_draw {
    struct vga *card;
    const struct vga *vga; /* the card, or `view` */
    struct vga view;       /* the card within a past frame */
    struct vga_replay replay;
    struct vga_frame frame;
    uint32_t *pixels;
    size_t capacity; /* pixels */
    struct seen seen, now;
    bool all;          /* draw every line */
    bool row_differs;  /* the characters of this row do */
    bool text_blinked; /* the phase of blinking text changed */
    struct vga_geometry geometry;
    struct border border;
    uint32_t colors[256];
    uint8_t dots[MAX_WIDTH + 32]; /* one column more, for panning */
    uint32_t line[MAX_WIDTH + 2 * MAX_BORDER_COLUMNS * 18];
    uint8_t changed_rows[MAX_HEIGHT + 2 * MAX_BORDER_LINES];
    bool row_blinks[MAX_HEIGHT];
    uint16_t text[TEXT_ROWS][MAX_WIDTH / 8];
};

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
        draw->now.valid = pixels != NULL; /* else: again next time */
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
    memset(draw->changed_rows, 1, height);
    draw->all = true;
    return true;
}

static void note_row(struct vga_draw *draw, unsigned row)
{
    struct vga_frame *frame = &draw->frame;

    draw->changed_rows[row] = 1;
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
    note_row(draw, row);
}

static void draw_blank(struct vga_draw *draw, unsigned width, unsigned height)
{
    width = (unsigned)min_u64(width, MAX_WIDTH);
    height = (unsigned)min_u64(height, MAX_HEIGHT);
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

/* ---- VGA lines */

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
    uint32_t *to = draw->line + draw->border.left;

    if (draw->geometry.dot_width == 1) {
        for (unsigned i = 0; i < count; i++)
            to[i] = draw->colors[dots[i]];
        return;
    }
    for (unsigned i = 0; i < count; i++)
        to[2 * i] = to[2 * i + 1] = draw->colors[dots[i]];
}

static bool is_blanked(const struct vga *vga)
{
    return !(vga->attr_index & ATTR_PAS) ||
           vga->seq[SEQ_CLOCKING] & CLOCKING_OFF;
}

/* ---- border */

/* The overscan register goes past the palette. */
static uint32_t border_color(const struct vga *vga)
{
    return dac_color(vga, vga->attr[ATTR_OVERSCAN]);
}

/* Characters and lines between display and blanking. The end of blanking is
 * known by its low six and eight bits; displaying begins a character late. */
static struct border border_size(const struct vga *vga,
                                 const struct vga_geometry *geometry)
{
    const uint8_t *crtc = vga->crtc;
    uint8_t overflow = crtc[CRTC_OVERFLOW], max_scan = crtc[CRTC_MAX_SCAN_LINE];
    unsigned h_total = crtc[CRTC_H_TOTAL] + 5u, v_total = vga->timing.lines;
    unsigned h_end = (crtc[CRTC_H_BLANK_END] & 0x1F) |
                     (crtc[CRTC_H_RETRACE_END] & 0x80) >> 2;
    unsigned v_start = crtc[CRTC_V_BLANK_START] | (overflow & 0x08) << 5 |
                       (max_scan & 0x20) << 4;
    unsigned dots = geometry->char_dots * geometry->dot_width;
    unsigned right = crtc[CRTC_H_BLANK_START] - geometry->columns;
    unsigned left = (h_total - h_end) & 0x3F;
    unsigned bottom = v_start - vga_lines_shown(vga);
    unsigned top = (v_total - crtc[CRTC_V_BLANK_END]) & 0xFF;

    if (right + 1 > MAX_BORDER_COLUMNS)
        right = 0;
    if (left > MAX_BORDER_COLUMNS || left == 0)
        left = 1;
    if (bottom > MAX_BORDER_LINES)
        bottom = 0;
    if (top > MAX_BORDER_LINES)
        top = 0;
    return (struct border){(left - 1) * dots, (right + 1) * dots, top, bottom};
}

/* From begin or end of the frame, if it changes. */
static bool has_border(const struct vga_draw *draw)
{
    return draw->vga->attr[ATTR_OVERSCAN] || draw->card->attr[ATTR_OVERSCAN];
}

static void draw_border_line(struct vga_draw *draw, unsigned row)
{
    uint32_t color = border_color(draw->vga);

    for (unsigned i = 0; i < draw->frame.width; i++)
        draw->line[i] = color;
    put_line(draw, row);
}

/* Left and right of a line. */
static void draw_sides(struct vga_draw *draw)
{
    const struct border *border = &draw->border;
    uint32_t *right = draw->line + border->left + draw->geometry.width;
    uint32_t color = border_color(draw->vga);

    for (unsigned i = 0; i < border->left; i++)
        draw->line[i] = color;
    for (unsigned i = 0; i < border->right; i++)
        right[i] = color;
}

static void draw_vga_line(struct vga_draw *draw, const struct vga_scan *scan)
{
    const struct vga_geometry *geometry = &draw->geometry;
    unsigned columns = geometry->columns + 1;
    bool blinks = false;

    draw_sides(draw);
    if (is_blanked(draw->vga)) {
        memset(draw->line + draw->border.left, 0,
               geometry->width * sizeof *draw->line);
        return;
    }
    if (vga_in_text_mode(draw->vga))
        blinks =
            vga_text_line(scan, geometry, draw->now.blink, columns, draw->dots);
    else
        vga_graphics_line(scan, draw->now.blink, columns, geometry->char_dots,
                          draw->dots);
    draw->row_blinks[scan->line] = blinks;
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

/* ---- which of them */

/* Compare the characters of row `n`, which begins here, with those drawn
 * last, and remember them. */
static bool row_differs(struct vga_draw *draw, const struct vga_scan *scan,
                        unsigned n)
{
    uint16_t cells[MAX_WIDTH / 8];
    unsigned columns = draw->geometry.columns + 1;

    if (n >= TEXT_ROWS || columns > ARRAY_LEN(cells))
        return true;
    vga_text_cells(scan, columns, cells);
    if (memcmp(cells, draw->text[n], columns * sizeof *cells) == 0)
        return false;
    memcpy(draw->text[n], cells, columns * sizeof *cells);
    return true;
}

static bool has_cursor(const struct vga_draw *draw, const struct vga_scan *scan,
                       const struct cursor *cursor)
{
    return ((cursor->address - scan->address) & 0xFFFF) <=
           draw->geometry.columns;
}

static bool text_line_touched(const struct vga_draw *draw,
                              const struct vga_scan *scan)
{
    const struct seen *now = &draw->now, *seen = &draw->seen;
    bool cursor_changed =
        now->blink.cursor != seen->blink.cursor ||
        memcmp(&now->cursor, &seen->cursor, sizeof now->cursor) != 0;

    if (draw->row_differs ||
        (draw->text_blinked && draw->row_blinks[scan->line]))
        return true;
    return cursor_changed && (has_cursor(draw, scan, &now->cursor) ||
                              has_cursor(draw, scan, &seen->cursor));
}

/* The line's cells may lie in two places: in the run and in the planes. */
static bool graphics_line_touched(const struct vga_draw *draw,
                                  const struct vga_scan *scan)
{
    unsigned shift = vga_counter_shift(scan->vga);
    uint32_t last_counter = scan->address + (draw->geometry.columns >> shift);
    uint32_t first = vga_scan_cell(scan, scan->address);
    uint32_t last = vga_scan_cell(scan, last_counter);

    if (last < first) /* wraps */
        return true;
    if (vga_is_dirty(draw->card, first * 4, last * 4 + 3))
        return true;
    return draw->card->layout != LAYOUT_PLANES &&
           vga_is_dirty(draw->card, VGA_RUN_OFFSET + (first & ~3u),
                        VGA_RUN_OFFSET + (last | 3));
}

static bool line_touched(const struct vga_draw *draw,
                         const struct vga_scan *scan)
{
    if (draw->all)
        return true;
    return vga_in_text_mode(draw->vga) ? text_line_touched(draw, scan)
                                       : graphics_line_touched(draw, scan);
}

/* ---- VGA frames */

static void load_vga_colors(struct vga_draw *draw)
{
    const struct vga *vga = draw->vga;
    bool direct =
        !vga_in_text_mode(vga) && vga->attr[ATTR_MODE] & AMODE_PEL_8BIT;
    unsigned planes = vga->attr[ATTR_PLANES] & 0xF;

    load_colors(draw, direct);
    for (unsigned i = 256; direct && planes != 0xF && i > 0; i--)
        draw->colors[i - 1] = draw->colors[(i - 1) & planes * 0x11];
}

/* A past frame: make the changes of this line. */
static bool replay_line(struct vga_draw *draw, unsigned line)
{
    if (!draw->now.replayed ||
        !vga_replay_line(&draw->replay, &draw->view, line))
        return false;
    load_vga_colors(draw);
    return true;
}

/* Begins again where the characters do. */
struct row_counter {
    uint32_t address;
    unsigned count;
};

static void count_row(struct vga_draw *draw, const struct vga_scan *scan,
                      struct row_counter *rows)
{
    if (scan->line != 0 && scan->address == rows->address)
        return;
    rows->address = scan->address;
    if (vga_in_text_mode(draw->vga))
        draw->row_differs = row_differs(draw, scan, rows->count);
    rows->count++;
}

static void draw_vga(struct vga_draw *draw)
{
    struct vga_scan scan, before;
    struct row_counter rows = {0, 0};
    const struct border *border = &draw->border;
    bool drawn = false;

    draw->border = has_border(draw) ? border_size(draw->vga, &draw->geometry)
                                    : (struct border){0};
    if (!set_size(draw, draw->geometry.width + border->left + border->right,
                  draw->geometry.height + border->top + border->bottom))
        return;
    if (draw->all)
        load_vga_colors(draw);
    for (unsigned row = 0; draw->all && row < border->top; row++)
        draw_border_line(draw, row);
    vga_scan_begin(&scan, draw->vga, draw->now.start);
    before = scan;
    for (; scan.line < draw->geometry.height; vga_scan_next(&scan)) {
        bool new_registers = replay_line(draw, scan.line);
        bool again =
            scan.line != 0 && !new_registers && same_line(&scan, &before);
        count_row(draw, &scan, &rows);
        if (!again) {
            drawn = line_touched(draw, &scan);
            if (drawn)
                draw_vga_line(draw, &scan);
        } else {
            draw->row_blinks[scan.line] = draw->row_blinks[scan.line - 1];
        }
        before = scan;
        if (drawn)
            put_line(draw, border->top + scan.line);
    }
    for (unsigned row = 0; draw->all && row < border->bottom; row++) {
        replay_line(draw, scan.line + row);
        draw_border_line(draw, border->top + scan.line + row);
    }
}

/* ---- VBE frames */

static void planar_line(struct vga_draw *draw, uint32_t cell, unsigned pan,
                        unsigned width)
{
    uint8_t *dots = draw->dots;

    for (unsigned done = 0; done < width + 8; done += 8)
        vga_planar_dots(vga_load_cell(draw->vga, cell++), dots + done);
    for (unsigned i = 0; i < width; i++)
        draw->line[i] = draw->colors[dots[i + pan]];
}

/* Where a line of a VBE mode lies, in bytes of video memory. */
struct span {
    uint64_t first, last;
};

static struct span vbe_span(const struct vga *vga, unsigned row)
{
    const uint16_t *dispi = vga->dispi;
    uint64_t y = row + dispi[DISPI_Y_OFFSET];
    unsigned x = dispi[DISPI_X_OFFSET], bytes = (dispi[DISPI_BPP] + 7u) / 8;
    struct span span;

    if (dispi[DISPI_BPP] == 4) {
        span.first = (y * (dispi[DISPI_VIRT_WIDTH] / 8u) + x / 8) * 4;
        span.last = span.first + dispi[DISPI_XRES] / 8u * 4 + 3;
    } else {
        span.first = (y * dispi[DISPI_VIRT_WIDTH] + x) * bytes;
        span.last = span.first + (uint64_t)dispi[DISPI_XRES] * bytes - 1;
    }
    return span;
}

/* The registers were checked when they were written; a saved state could
 * hold anything, hence the checks against the memory's end. */
static void draw_vbe_line(struct vga_draw *draw, unsigned row, struct span span)
{
    const struct vga *vga = draw->vga;
    unsigned bpp = vga->dispi[DISPI_BPP], width = draw->frame.width;

    if (is_blanked(vga))
        memset(draw->line, 0, width * sizeof *draw->line);
    else if (bpp == 4)
        planar_line(draw, (uint32_t)(span.first / 4),
                    vga->dispi[DISPI_X_OFFSET] & 7, width);
    else if (span.last < VGA_VRAM_SIZE)
        vga_packed_line(vga->vram->host + span.first, bpp, vga->big_endian != 0,
                        width, draw->colors, draw->line);
    put_line(draw, row);
}

static bool span_touched(const struct vga_draw *draw, struct span span)
{
    return draw->all || span.last >= VGA_VRAM_SIZE ||
           vga_is_dirty(draw->card, (uint32_t)span.first, (uint32_t)span.last);
}

static void draw_vbe(struct vga_draw *draw)
{
    const uint16_t *dispi = draw->vga->dispi;
    bool direct = dispi[DISPI_BPP] != 4;
    unsigned width = (unsigned)min_u64(dispi[DISPI_XRES], DISPI_MAX_XRES);

    if (!set_size(draw, width,
                  (unsigned)min_u64(dispi[DISPI_YRES], MAX_HEIGHT)))
        return;
    if (draw->all)
        load_colors(draw, direct);
    for (unsigned row = 0; row < draw->frame.height; row++) {
        struct span span = vbe_span(draw->vga, row);
        if (draw->now.replayed &&
            vga_replay_line(&draw->replay, &draw->view, row))
            load_colors(draw, direct);
        if (span_touched(draw, span))
            draw_vbe_line(draw, row, span);
    }
}

/* ---- Hercules frames */

static void hercules_line(struct vga_draw *draw, unsigned row, uint32_t offset)
{
    const uint8_t *bank =
        draw->vga->vram->host + VGA_RUN_OFFSET + (offset & ~0x1FFFu);
    unsigned width = draw->frame.width;

    for (unsigned x = 0; x < width; x++) {
        unsigned byte = bank[(offset + x / 8) & 0x1FFF];
        bool lit = byte << (x & 7) & 0x80 && !vga_hercules_blank(draw->vga);
        draw->line[x] = lit ? HERCULES_LIGHT : 0;
    }
    put_line(draw, row);
}

static void draw_hercules(struct vga_draw *draw)
{
    unsigned width, height;

    vga_hercules_size(draw->vga, &width, &height);
    if (width < BLANK_WIDTH / 8 || height < BLANK_HEIGHT / 8 ||
        width > MAX_WIDTH || height > MAX_HEIGHT) {
        draw_blank(draw, BLANK_WIDTH, BLANK_HEIGHT);
        return;
    }
    if (!set_size(draw, width, height))
        return;
    for (unsigned row = 0; row < height; row++) {
        uint32_t offset = vga_hercules_line(draw->vga, row);
        /* A line may wrap within its 8 KiB. */
        uint32_t bank = VGA_RUN_OFFSET + (offset & ~0x1FFFu);
        if (draw->all || vga_is_dirty(draw->card, bank, bank + 0x1FFF))
            hercules_line(draw, row, offset);
    }
}

/* ---- what there is to do */

static struct cursor cursor_of(const struct vga *vga)
{
    return (struct cursor){vga_text_cursor(vga),
                           vga->crtc[CRTC_CURSOR_START] & (CURSOR_OFF | 0x1F),
                           vga->crtc[CRTC_CURSOR_END] & 0x1F};
}

/* The registers to draw from, and what else decides about the picture. */
static void look(struct vga_draw *draw, uint64_t now)
{
    struct vga *card = draw->card;

    draw->now = (struct seen){.picture = card->picture, .valid = true};
    draw->now.replayed =
        vga_replay_begin(&draw->replay, card, now, &draw->view);
    draw->vga = draw->now.replayed ? &draw->view : card;
    draw->now.blink = vga_blink_at(card, now);
    draw->now.cursor = cursor_of(draw->vga);
    draw->now.start = vga_start_shown(
        card, draw->now.replayed ? now - card->timing.frame_ns : now);
}

/* Collect what was stored to the memory that shows; true if anything. A text
 * mode has its characters in the run: the rest are fonts, then everything is
 * drawn. */
static bool take_memory(struct vga_draw *draw)
{
    struct vga *card = draw->card;
    bool any;

    if (vga_dispi_on(card)) {
        struct span top = vbe_span(card, 0);
        struct span bottom = vbe_span(card, card->dispi[DISPI_YRES]);
        return vga_take_dirty(
            card, (uint32_t)min_u64(top.first, VGA_VRAM_SIZE - 1),
            (uint32_t)min_u64(bottom.last, VGA_VRAM_SIZE - 1));
    }
    any = vga_take_dirty(card, 0, PLANES_END);
    if (any && vga_in_text_mode(card))
        draw->all = true;
    return vga_take_dirty(card, VGA_RUN_OFFSET,
                          VGA_RUN_OFFSET + VGA_RUN_SIZE - 1) ||
           any;
}

static bool blinking_shows(const struct vga_draw *draw)
{
    const struct vga *vga = draw->vga;

    return !vga_dispi_on(vga) && vga->attr[ATTR_MODE] & AMODE_BLINK;
}

/* False when the picture cannot have changed. */
static bool look_for_changes(struct vga_draw *draw)
{
    const struct seen *now = &draw->now, *seen = &draw->seen;
    struct vga *card = draw->card;
    bool text = vga_in_text_mode(draw->vga), memory;

    draw->all = !seen->valid || seen->picture != now->picture ||
                seen->start != now->start || seen->replayed || now->replayed ||
                card->all_dirty;
    memory = take_memory(draw);
    draw->text_blinked =
        seen->blink.text != now->blink.text && blinking_shows(draw);
    if (draw->text_blinked && !text)
        draw->all = true;
    if (draw->all || memory || draw->text_blinked)
        return true;
    return text &&
           (seen->blink.cursor != now->blink.cursor ||
            memcmp(&seen->cursor, &now->cursor, sizeof now->cursor) != 0);
}

static void draw_frame(struct vga_draw *draw)
{
    const struct vga *vga = draw->vga;
    struct vga_frame *frame = &draw->frame;
    bool vbe = vga_dispi_on(vga);

    if (vbe)
        draw_vbe(draw);
    else if (vga_hercules_on(vga))
        draw_hercules(draw);
    else if (vga_scan_geometry(vga, &draw->geometry))
        draw_vga(draw);
    else
        draw_blank(draw, BLANK_WIDTH, BLANK_HEIGHT);
    frame->aspect_w = vbe ? frame->width : 4;
    frame->aspect_h = vbe ? frame->height : 3;
}

/* ---- life */

struct vga_draw *vga_draw_create(struct vga *vga)
{
    struct vga_draw *draw = calloc(1, sizeof *draw);

    if (!draw)
        return NULL;
    draw->card = vga;
    draw->frame.changed_rows = draw->changed_rows;
    if (!vga) {
        draw_blank(draw, BLANK_WIDTH, BLANK_HEIGHT);
        draw->frame.aspect_w = 4;
        draw->frame.aspect_h = 3;
        return draw;
    }
    track_dirty_start(vga->track, vga->vram, 0, vga->vram->size);
    return draw;
}

void vga_draw_destroy(struct vga_draw *draw)
{
    if (!draw)
        return;
    if (draw->card)
        track_dirty_stop(draw->card->vram, 0, draw->card->vram->size);
    free(draw->pixels);
    free(draw);
}

const struct vga_frame *vga_draw_frame(struct vga_draw *draw, uint64_t now)
{
    struct vga *card = draw->card;
    struct vga_frame *frame = &draw->frame;

    if (!card)
        return frame;
    if (frame->changed)
        memset(draw->changed_rows, 0, sizeof draw->changed_rows);
    frame->changed = frame->resized = false;
    look(draw, now);
    if (look_for_changes(draw))
        draw_frame(draw);
    draw->seen = draw->now;
    memset(card->dirty, 0, VGA_PAGES * sizeof *card->dirty);
    card->all_dirty = false;
    return frame;
}
