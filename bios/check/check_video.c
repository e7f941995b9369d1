/* INT 10h: text, graphics, palette, VBE. */

#include "check.h"

/* For one check at a time. */
static uint8_t buffer[2048];

static struct regs video(uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
    return call(0x10, ax, bx, cx, dx);
}

static void mode(uint8_t number)
{
    struct regs r;

    video(number, 0, 0, 0);
    r = video(0x0F00, 0, 0, 0);
    EQUAL(r.al, number);
}

static uint16_t char_at(uint8_t page, uint8_t row, uint8_t column)
{
    video(0x0200, (uint16_t)(page << 8), 0, (uint16_t)(row << 8 | column));
    return video(0x0800, (uint16_t)(page << 8), 0, 0).ax;
}

static void put(uint8_t row, uint8_t column, uint8_t c, uint8_t attribute)
{
    video(0x0200, 0, 0, (uint16_t)(row << 8 | column));
    video((uint16_t)(0x0900 | c), attribute, 1, 0);
}

static void check_teletype(void)
{
    uint16_t columns = BDA->video_columns;
    uint8_t last = BDA->video_rows_minus1;
    struct regs r;

    video(0x0200, 0, 0, (uint16_t)(last << 8 | (columns - 1)));
    put(0, 0, 'U', 0x17);
    put(1, 0, 'V', 0x17);
    video(0x0200, 0, 0, (uint16_t)(last << 8 | (columns - 1)));
    video(0x0E00 | 'x', 7, 0, 0);
    r = video(0x0300, 0, 0, 0);
    EQUAL(r.dx, last << 8);
    EQUAL(char_at(0, 0, 0) & 0xFF, 'V'); /* scrolled */
    EQUAL(char_at(0, last - 1, (uint8_t)(columns - 1)) & 0xFF, 'x');
    video(0x0200, 0, 0, 0x0205);
    video(0x0E08, 7, 0, 0);
    video(0x0E0D, 7, 0, 0);
    video(0x0E0A, 7, 0, 0);
    EQUAL(video(0x0300, 0, 0, 0).dx, 0x0300);
}

/* The tone ends, and what port 61h had before is back. */
static void check_bell(void)
{
    uint8_t speaker = inb(0x61);
    uint16_t before, after;

    outb(0x43, 0x00);
    before = inb(0x40);
    before |= (uint16_t)(inb(0x40) << 8);
    video(0x0E07, 7, 0, 0);
    outb(0x43, 0x00);
    after = inb(0x40);
    after |= (uint16_t)(inb(0x40) << 8);
    CHECK(before != after);
    EQUAL(inb(0x61) & 0x0F, speaker & 0x0F);
}

static void check_strings(void)
{
    static const char text[] = "a\x1E"
                               "b\x2F";
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = 0x1303;
    r.cx = 2;
    r.dx = 0x0A0A;
    r.es = SEG_CHECK;
    r.bp = OFFSET(text);
    int_call(0x10, &r);
    EQUAL(char_at(0, 10, 10), 0x1E61);
    EQUAL(char_at(0, 10, 11), 0x2F62);
}

static void check_scroll(void)
{
    put(5, 5, 'A', 0x1F);
    put(6, 5, 'B', 0x2F);
    put(6, 10, 'C', 0x3F);
    video(0x0601, 0x4E00, 0x0505, 0x0808);
    EQUAL(char_at(0, 5, 5), 0x2F42);
    EQUAL(char_at(0, 6, 10), 0x3F43); /* outside */
    EQUAL(char_at(0, 8, 8), 0x4E20);
    video(0x0701, 0x5D00, 0x0505, 0x0808);
    EQUAL(char_at(0, 6, 5), 0x2F42);
    EQUAL(char_at(0, 5, 6), 0x5D20);
    video(0x0600, 0x0700, 0x0000, 0x184F);
    EQUAL(char_at(0, 6, 10), 0x0720);
}

static void check_pages(void)
{
    video(0x0200, 0x0100, 0, 0x0203);
    video(0x0900 | 'P', 0x0130, 1, 0);
    EQUAL(char_at(1, 2, 3), 0x3050);
    video(0x0501, 0, 0, 0);
    EQUAL(video(0x0F00, 0, 0, 0).bh, 1);
    EQUAL(BDA->video_page_start, BDA->video_page_size);
    video(0x0500, 0, 0, 0);
}

static void check_fonts(void)
{
    struct regs r = video(0x1130, 0x0600, 0, 0);

    EQUAL(r.cx, 16);
    EQUAL(r.dl, 24);
    CHECK(peek8(r.es, r.bp + 'A' * 16 + 5) != 0);
    video(0x1112, 0, 0, 0);
    EQUAL(BDA->video_rows_minus1, 49);
    EQUAL(video(0x1130, 0x0100, 0, 0).cx, 8);
    put(49, 79, 'z', 7);
    EQUAL(char_at(0, 49, 79), 0x077A);
    mode(0x03);
    EQUAL(BDA->video_rows_minus1, 24);
    video(0x1202, 0x0030, 0, 0);
    video(0x1201, 0x0030, 0, 0);
    mode(0x03);
    EQUAL(BDA->char_height, 14);
    video(0x1202, 0x0030, 0, 0);
    mode(0x03);
    EQUAL(BDA->char_height, 16);
}

/* 200 and 350 lines have characters of eight dots; 400 lines of nine. */
static void check_scan_lines(void)
{
    static const struct {
        uint8_t height, misc, clocking, scan;
    } cases[] = {
        {8, 0x63, 0x01, 0xC7}, {14, 0xA3, 0x01, 0x4D}, {16, 0x67, 0x00, 0x4F}};
    uint8_t i;

    for (i = 0; i < 3; i++) {
        EQUAL(video(0x1200 | i, 0x0030, 0, 0).al, 0x12);
        mode(3);
        EQUAL(BDA->char_height, cases[i].height);
        EQUAL(BDA->video_rows_minus1, 24);
        EQUAL(inb(0x3CC), cases[i].misc);
        outb(0x3C4, 1);
        EQUAL(inb(0x3C5), cases[i].clocking);
        outb(0x3D4, 9);
        EQUAL(inb(0x3D5), cases[i].scan);
    }
}

static uint8_t attribute(uint8_t index)
{
    uint16_t status = (uint16_t)(BDA->crtc_port + 6);
    uint8_t value;

    inb(status);
    outb(0x3C0, index);
    value = inb(0x3C1);
    inb(status);
    outb(0x3C0, 0x20);
    return value;
}

/* The monochrome modes have their ports at 3B4-3BA. */
static void check_mono(void)
{
    mode(7);
    EQUAL(BDA->crtc_port, 0x3B4);
    EQUAL(BDA->equipment & 0x30, 0x30);
    EQUAL(attribute(1), 8);
    EQUAL(attribute(0x0F), 0x18);
    EQUAL(attribute(0x10), 0x0E);
    EQUAL(attribute(0x13), 8);
    mode(0x0F);
    EQUAL(attribute(4), 0x18);
    EQUAL(attribute(0x10), 0x0B);
    EQUAL(attribute(0x12), 5);
    mode(3);
}

/* --- the save pointer table: a program has tables of its own ------------- */

static uint8_t palette_area[256], glyphs[2 * 20];
static struct {
    uint32_t parameters, area, text_font, graphics_font, secondary, rest[2];
} PACKED save_table;
static struct {
    uint8_t height, block;
    uint16_t count, first;
    uint32_t glyphs;
    uint8_t rows, modes[2];
} PACKED text_font;
static struct {
    uint8_t rows;
    uint16_t height;
    uint32_t glyphs;
    uint8_t modes[2];
} PACKED graphics_font;

static uint32_t far_address(const void *object)
{
    return (uint32_t)SEG_CHECK << 16 | OFFSET(object);
}

static void copy_tables(uint32_t ours)
{
    uint32_t table = peek32((uint16_t)(ours >> 16), (uint16_t)ours);
    uint16_t i;

    for (i = 0; i < 29 * 64; i++)
        buffer[i] = peek8((uint16_t)(table >> 16), (uint16_t)table + i);
    EQUAL(buffer[0x18 * 64], 80); /* mode 3 */
    EQUAL(buffer[0x18 * 64 + 1], 24);
    EQUAL(buffer[0x18 * 64 + 9], 0x67);
    EQUAL(buffer[0x1C * 64 + 4], 0x20); /* mode 13h: 8 KiB pages */
    EQUAL(buffer[0x1C * 64 + 9], 0x63);
}

static void check_save_table(void)
{
    uint32_t ours = BDA->video_save_ptr, secondary;

    copy_tables(ours);
    secondary = peek32((uint16_t)(ours >> 16), (uint16_t)ours + 16);
    EQUAL(peek16((uint16_t)(secondary >> 16), (uint16_t)secondary), 0x1A);
    memset(&save_table, 0, sizeof(save_table));
    save_table.parameters = far_address(buffer);
    save_table.area = far_address(palette_area);
    save_table.text_font = far_address(&text_font);
    save_table.graphics_font = far_address(&graphics_font);
    save_table.secondary = secondary;
    buffer[0x18 * 64 + 0x23 + 5] = 0x2D; /* palette register 5 */
    text_font.height = 20;
    text_font.count = 2;
    text_font.first = 'A';
    text_font.glyphs = graphics_font.glyphs = far_address(glyphs);
    text_font.modes[0] = 2;
    graphics_font.rows = 20;
    graphics_font.height = 10;
    graphics_font.modes[0] = 0x12;
    text_font.modes[1] = graphics_font.modes[1] = 0xFF;
    BDA->video_save_ptr = far_address(&save_table);
    mode(3);
    EQUAL(attribute(5), 0x2D);
    EQUAL(palette_area[5], 0x2D);
    EQUAL(BDA->char_height, 16);
    video(0x1000, 0x3307, 0, 0);
    EQUAL(palette_area[7], 0x33);
    mode(2);
    EQUAL(BDA->char_height, 20);
    EQUAL(BDA->video_rows_minus1, 19);
    mode(0x12);
    EQUAL(BDA->video_rows_minus1, 19);
    EQUAL(peek32(0, 0x43 * 4), far_address(glyphs));
    BDA->video_save_ptr = ours;
    mode(3);
    EQUAL(attribute(5), 5);
}

/* 40:8A counts rows of a table that the save pointers lead to. */
static void check_combinations(void)
{
    EQUAL(video(0x1A00, 0, 0, 0).bx, 0x0008);
    EQUAL(BDA->dcc_index, 0x0B);
    EQUAL(video(0x1A01, 0x0107, 0, 0).al, 0x1A); /* no such pair */
    EQUAL(video(0x1A00, 0, 0, 0).bx, 0xFFFF);
    video(0x1A01, 0x0208, 0, 0);
    EQUAL(video(0x1A00, 0, 0, 0).bx, 0xFFFF);
    video(0x1A01, 0x0108, 0, 0); /* an MDA beside it */
    EQUAL(BDA->dcc_index, 0x0C);
    EQUAL(video(0x1A00, 0, 0, 0).bx, 0x0108);
    video(0x1A01, 0x0008, 0, 0);
    EQUAL(video(0x1A00, 0, 0, 0).bx, 0x0008);
}

/* AH=12h BL=35h: off with the data area kept, and back. */
static void check_switch(void)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = 0x1202;
    r.bl = 0x35;
    r.es = SEG_CHECK;
    r.dx = OFFSET(buffer);
    int_call(0x10, &r);
    EQUAL(r.al, 0x12);
    EQUAL(inb(0x3CC) & 2, 0);
    BDA->video_mode = 0x13;
    r.ax = 0x1203;
    int_call(0x10, &r);
    EQUAL(BDA->video_mode, 3);
    EQUAL(inb(0x3CC) & 2, 2);
    outb(0x3C4, 1);
    EQUAL(inb(0x3C5) & 0x20, 0);
    EQUAL(video(0x1204, 0x0035, 0, 0).al, 0x04);
}

void check_text(void)
{
    static const uint8_t modes[] = {0, 1, 2, 3, 7};
    static uint8_t state[64];
    struct regs r;
    unsigned int i;

    for (i = 0; i < sizeof(modes); i++) {
        mode(modes[i]);
        EQUAL(BDA->video_columns, modes[i] < 2 ? 40 : 80);
        EQUAL(video(0x0300, 0, 0, 0).cx, 0x0607);
        put(3, 4, 0xE1, 0x1E);
        EQUAL(char_at(0, 3, 4), 0x1EE1);
        check_teletype();
    }
    mode(3);
    check_strings();
    check_scroll();
    check_pages();
    check_fonts();
    check_scan_lines();
    check_mono();
    check_save_table();
    check_bell();
    check_combinations();
    check_switch();
    memset(&r, 0, sizeof(r));
    r.ah = 0x1B;
    r.es = SEG_CHECK;
    r.di = OFFSET(state);
    int_call(0x10, &r);
    EQUAL(r.al, 0x1B);
    EQUAL(state[4], 3);
    EQUAL(state[0x22], 25);
    EQUAL(state[0x25], 8);
    EQUAL(state[0x26], 0);
    EQUAL(state[0x27], 16);
    EQUAL(state[0x2A], 2);
    EQUAL(state[0x2D], 0x31); /* cursor emulation, blinking */
    EQUAL(state[0x32], 0x20);
    EQUAL(video(0x1200, 0x0010, 0, 0).bl, 3);
}

static void check_one_graphics_mode(uint8_t number, uint16_t width,
                                    uint16_t height, uint8_t colours)
{
    uint16_t x = width - 3, y = height - 2;
    uint8_t c = colours;

    mode(number);
    EQUAL(video(0x0D00, 0, x, y).al, 0);
    video(0x0C00 | c, 0, x, y);
    EQUAL(video(0x0D00, 0, x, y).al, c);
    EQUAL(video(0x0D00, 0, x - 1, y).al, 0);
    if (number != 0x13) {
        video(0x0C80 | c, 0, x, y); /* exclusive or */
        EQUAL(video(0x0D00, 0, x, y).al, 0);
    }
    put(2, 3, 'Q', c);
    EQUAL(char_at(0, 2, 3) & 0xFF, 'Q');
    put(2, 4, 0xCE, c);
    EQUAL(char_at(0, 2, 4) & 0xFF, 0xCE);
    video(0x0601, 0, 0x0000,
          (uint16_t)(BDA->video_rows_minus1 << 8 | (BDA->video_columns - 1)));
    EQUAL(char_at(0, 1, 3) & 0xFF, 'Q');
    CHECK((char_at(0, 2, 3) & 0xDF) == 0); /* blank: 00h or 20h */
    video(0x0702, 0, 0x0000, 0x0A20);
    EQUAL(char_at(0, 3, 3) & 0xFF, 'Q');
    check_teletype();
}

void check_graphics(void)
{
    static const struct {
        uint8_t mode;
        uint16_t width, height;
        uint8_t colour;
    } modes[] = {
        {0x04, 320, 200, 2},  {0x05, 320, 200, 3}, {0x06, 640, 200, 1},
        {0x0D, 320, 200, 13}, {0x0E, 640, 200, 9}, {0x10, 640, 350, 11},
        {0x11, 640, 480, 15}, {0x12, 640, 480, 6}, {0x13, 320, 200, 0x6C},
    };
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(modes); i++)
        check_one_graphics_mode(modes[i].mode, modes[i].width, modes[i].height,
                                modes[i].colour);
    mode(0x13);
    EQUAL(BDA->video_page_size, 0x2000);
    mode(3);
    video(0x0080 | 0x13, 0, 0, 0);
    EQUAL(video(0x0F00, 0, 0, 0).al, 0x93);
    mode(3);
}

void check_palette(void)
{
    struct regs r;

    mode(3);
    EQUAL(video(0x1007, 0x0006, 0, 0).bh, 0x14);
    video(0x1000, 0x2A06, 0, 0);
    EQUAL(video(0x1007, 0x0006, 0, 0).bh, 0x2A);
    video(0x1001, 0x0500, 0, 0);
    EQUAL(video(0x1008, 0, 0, 0).bh, 5);
    r = video(0x1015, 0x003F, 0, 0);
    EQUAL(r.dh, 0x3F);
    EQUAL(r.cx, 0x3F3F);
    video(0x1010, 0x0020, 0x1122, 0x3300);
    r = video(0x1015, 0x0020, 0, 0);
    EQUAL(r.dh, 0x33);
    EQUAL(r.cx, 0x1122);
    memset(&r, 0, sizeof(r));
    r.ax = 0x1017;
    r.bx = 0x20;
    r.cx = 2;
    r.es = SEG_CHECK;
    r.dx = OFFSET(buffer);
    int_call(0x10, &r);
    EQUAL(buffer[0], 0x33);
    EQUAL(buffer[2], 0x22);
    video(0x1013, 0x0100, 0, 0);
    EQUAL(video(0x101A, 0, 0, 0).bl, 1);
    r = video(0x1C00, 0, 7, 0);
    EQUAL(r.al, 0x1C);
    CHECK(r.bx * 64u <= sizeof(buffer));
    call(0x10, 0x1C01, OFFSET(buffer), 7, 0);
    mode(0x13);
    EQUAL(video(0x1015, 0x0020, 0, 0).cl, 0x3F);
    call(0x10, 0x1C02, OFFSET(buffer), 7, 0);
    EQUAL(video(0x0F00, 0, 0, 0).al, 3);
    EQUAL(video(0x1015, 0x0020, 0, 0).cx, 0x1122);
    mode(3);
}

/* --- VBE --------------------------------------------------------------------
 */

static uint8_t info[512], mode_info[256];

static uint16_t word(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint16_t vbe(uint8_t function, uint16_t bx, uint16_t cx, void *at)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = 0x4F00 | function;
    r.bx = bx;
    r.cx = cx;
    r.es = SEG_CHECK;
    r.di = OFFSET(at);
    int_call(0x10, &r);
    return r.ax;
}

/* A byte in each of two windows stays in its own. */
static void check_windows(void)
{
    struct regs r = call(0x10, 0x4F05, 0, 0, 1);

    EQUAL(r.ax, 0x004F);
    poke8(0xA000, 0x1234, 0xC3);
    call(0x10, 0x4F05, 0, 0, 0);
    poke8(0xA000, 0x1234, 0x3C);
    r = call(0x10, 0x4F05, 0x0100, 0, 0);
    EQUAL(r.dx, 0);
    call(0x10, 0x4F05, 0, 0, 1);
    EQUAL(peek8(0xA000, 0x1234), 0xC3);
    EQUAL(call(0x10, 0x4F05, 0x0100, 0, 0).dx, 1);
}

/* The text modes: every cell is there, the other functions write to it. */
static void check_vbe_text(uint16_t number)
{
    uint16_t columns = word(mode_info + 18), rows = word(mode_info + 20);

    EQUAL(word(mode_info + 8), 0xB800);
    EQUAL(vbe(0x02, number | 0x4000, 0, NULL), 0x014F);
    EQUAL(vbe(0x02, number, 0, NULL), 0x004F);
    EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, number);
    EQUAL(BDA->video_columns, columns);
    EQUAL(BDA->video_rows_minus1 + 1u, rows);
    EQUAL(BDA->char_height, mode_info[23]);
    outb(0x3D4, 1);
    EQUAL(inb(0x3D5), columns - 1);
    outb(0x3D4, 0x13);
    EQUAL(inb(0x3D5), columns / 2);
    put((uint8_t)(rows - 1), (uint8_t)(columns - 1), 'Z', 0x2E);
    EQUAL(peek16(0xB800, (columns * rows - 1) * 2), 0x2E5A);
    check_teletype();
}

static void check_vbe_mode(uint16_t number)
{
    uint16_t pitch;
    struct regs r;

    EQUAL(vbe(0x01, 0, number, mode_info), 0x004F);
    if (!(mode_info[0] & 0x10)) {
        check_vbe_text(number);
        return;
    }
    CHECK(mode_info[0] & 1);
    pitch = word(mode_info + 16);
    EQUAL(pitch, mode_info[25] == 4
                     ? word(mode_info + 18) / 8
                     : word(mode_info + 18) * ((mode_info[25] + 7u) / 8));
    CHECK((mode_info[29] + 1u) * pitch * word(mode_info + 20) <=
          (mode_info[25] == 4 ? 0x400000 : 0x1000000));
    EQUAL(vbe(0x02, number, 0, NULL), 0x004F);
    r = call(0x10, 0x4F03, 0, 0, 0);
    EQUAL(r.bx, number);
    if ((uint32_t)pitch * word(mode_info + 20) > 0x20000)
        check_windows();
    r = call(0x10, 0x4F06, 0x0001, 0, 0);
    EQUAL(r.bx, pitch);
    EQUAL(r.cx, word(mode_info + 18));
}

/* 800 x 600 in 16 colours: text and pixels by the other functions. */
static void check_planar(void)
{
    EQUAL(vbe(0x02, 0x4102, 0, NULL), 0x014F); /* has no frame buffer */
    EQUAL(vbe(0x02, 0x0102, 0, NULL), 0x004F);
    EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, 0x0102);
    EQUAL(BDA->video_columns, 100);
    EQUAL(BDA->video_rows_minus1, 36);
    video(0x0C0B, 0, 799, 599);
    EQUAL(video(0x0D00, 0, 799, 599).al, 11);
    EQUAL(peek8(0xA000, 599 * 100 + 99), 1);
    put(36, 99, 'Q', 14);
    EQUAL(char_at(0, 36, 99) & 0xFF, 'Q');
    check_teletype();
    mode(0x6A);
    EQUAL(video(0x0D00, 0, 799, 599).al, 0);
    EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, 0x0102);
}

/* Text and pixels in modes of 8, 16, 24 and 32 bits, and their window. */
static void check_packed(void)
{
    static const uint16_t modes[] = {0x101, 0x111, 0x112, 0x4142};
    uint8_t i;

    for (i = 0; i < ARRAY_LEN(modes); i++) {
        EQUAL(vbe(0x01, 0, modes[i] & 0x1FF, mode_info), 0x004F);
        CHECK(mode_info[0] & 4);
        EQUAL(vbe(0x02, modes[i], 0, NULL), 0x004F);
        EQUAL(BDA->video_columns, 80);
        EQUAL(BDA->video_rows_minus1, 29);
        video(0x0C0F, 0, 639, 479);
        EQUAL(video(0x0D00, 0, 639, 479).al, 15);
        EQUAL(video(0x0D00, 0, 638, 479).al, 0);
        put(12, 79, 'Q', 14);
        EQUAL(char_at(0, 12, 79) & 0xFF, 'Q');
        put(12, 79, 'Q', 0x8E); /* exclusive or */
        CHECK((char_at(0, 12, 79) & 0xDF) == 0);
        check_teletype();
        EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, modes[i]);
    }
    mode(3);
}

static void check_start(void)
{
    struct regs r = call(0x10, 0x4F07, 0x0080, 8, 3);

    EQUAL(r.ax, 0x004F);
    r = call(0x10, 0x4F07, 0x0001, 0, 0);
    EQUAL(r.cx, 8);
    EQUAL(r.dx, 3);
    EQUAL(call(0x10, 0x4F07, 0x0000, 0, 0xFFF0).ax, 0x014F);
    r = call(0x10, 0x4F07, 0x0002, 2 * 1024 + 24, 0);
    EQUAL(r.ax, 0x004F);
    r = call(0x10, 0x4F07, 0x0001, 0, 0);
    EQUAL(r.cx, 24);
    EQUAL(r.dx, 2);
    EQUAL(call(0x10, 0x4F07, 0x0004, 0, 0).cx, 1);
}

/* The state includes the display interface: back to the same mode. */
static void check_vbe_state(void)
{
    struct regs r = call(0x10, 0x4F04, 0, 0x000F, 0);

    EQUAL(r.ax, 0x004F);
    CHECK(r.bx * 64u <= sizeof(buffer));
    EQUAL(vbe(0x02, 0x0115, 0, NULL), 0x004F);
    call(0x10, 0x4F05, 0, 0, 5);
    EQUAL(call(0x10, 0x4F04, OFFSET(buffer), 0x000F, 1).ax, 0x004F);
    mode(0x13);
    EQUAL(call(0x10, 0x4F04, OFFSET(buffer), 0x000F, 2).ax, 0x004F);
    EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, 0x0115);
    EQUAL(call(0x10, 0x4F05, 0x0100, 0, 0).dx, 5);
    EQUAL(call(0x10, 0x4F06, 0x0001, 0, 0).bx, 2400);
}

static void check_vbe_registers(void)
{
    static const uint8_t colours[8] = {1, 2, 3, 0, 4, 5, 6, 0};
    struct regs r;

    EQUAL(vbe(0x02, 0x0101, 0, NULL), 0x004F);
    EQUAL(call(0x10, 0x4F05, 0, 0, 0x100).ax, 0x014F); /* no such bank */
    EQUAL(vbe(0x02, 0x4101, 0, NULL), 0x004F);
    r = call(0x10, 0x4F03, 0, 0, 0);
    EQUAL(r.bx, 0x4101);
    EQUAL(call(0x10, 0x4F05, 0, 0, 1).ax, 0x034F); /* not in linear modes */
    r = call(0x10, 0x4F06, 0x0000, 1024, 0);
    EQUAL(r.bx, 1024);
    check_start();
    r = call(0x10, 0x4F07, 0x0000, 16, 32);
    EQUAL(r.ax, 0x004F);
    r = call(0x10, 0x4F07, 0x0001, 0, 0);
    EQUAL(r.cx, 16);
    EQUAL(r.dx, 32);
    r = call(0x10, 0x4F08, 0x0800, 0, 0);
    EQUAL(r.bh, 8);
    r = call(0x10, 0x4F08, 0x0600, 0, 0);
    EQUAL(r.bh, 6);
    memcpy(info, colours, 8);
    memset(&r, 0, sizeof(r));
    r.ax = 0x4F09;
    r.cx = 2;
    r.dx = 0x40;
    r.es = SEG_CHECK;
    r.di = OFFSET(info);
    int_call(0x10, &r);
    EQUAL(r.ax, 0x004F);
    r = video(0x1015, 0x0041, 0, 0);
    EQUAL(r.dh, 6);
    EQUAL(r.cx, 0x0504);
    r = call(0x10, 0x4F0A, 0, 0, 0);
    EQUAL(r.ax, 0x004F);
    CHECK(r.cx > 16 && peek16(r.es, r.di) < r.cx);
    r = call(0x10, 0x4F0B, 0, 0, 0x0118);
    EQUAL(r.ax, 0x004F);
    EQUAL(call(0x10, 0x4FFF, 0, 0, 0).ax, 0x0100);
}

void check_vbe(void)
{
    static uint16_t modes[111];
    uint16_t list;
    int i, n = 0;
    uint8_t sum = 0;

    memcpy(info, "VBE2", 4);
    EQUAL(vbe(0x00, 0, 0, info), 0x004F);
    CHECK(memcmp(info, "VESA", 4) == 0 && word(info + 4) == 0x0300);
    for (list = word(info + 14); n < 111; list += 2) {
        uint16_t number = peek16(word(info + 16), list);

        if (number == 0xFFFF)
            break;
        modes[n++] = number;
    }
    CHECK(n > 65 && n < 111);
    for (i = 0; i < n; i++)
        check_vbe_mode(modes[i]);
    check_vbe_registers();
    check_planar();
    check_packed();
    check_vbe_state();
    EQUAL(vbe(0x15, 0x0001, 0, info), 0x004F);
    for (i = 0; i < 128; i++)
        sum += info[i];
    EQUAL(sum, 0);
    EQUAL(vbe(0x02, 0x01FF, 0, NULL), 0x014F);
    EQUAL(vbe(0x02, 0x0003, 0, NULL), 0x004F);
    EQUAL(video(0x0F00, 0, 0, 0).al, 3);
    EQUAL(call(0x10, 0x4F03, 0, 0, 0).bx, 3);
}
