/* check_vga_raster - time in the VGA: retrace interrupt, start address, changes
 * within a frame; and what is drawn again: marks of stores by the CPU's window,
 * by mappings as RAM, by the linear frame buffer.
 * Run alone: make tests/devices/check_vga_raster &&
 * tests/devices/check_vga_raster */
#include "tests/devices/vga_rig.h"
#include "tests/suite.h"

static struct vga_rig rig;

static void setup(void)
{
    vga_rig_open(&rig);
}

static void teardown(void)
{
    vga_rig_close(&rig);
}

static const struct vga_frame *draw(void)
{
    return vga_draw_frame(rig.draw, rig.now);
}

static uint64_t frame_ns(void)
{
    return rig.vga->timing.frame_ns;
}

/* To the middle of a line of frame `frame`. */
static void go_to(unsigned frame, unsigned line)
{
    rig.now = frame * frame_ns() + line * rig.vga->timing.line_ns +
              rig.vga->timing.line_ns / 2;
}

static void run_events(void)
{
    sched_run(&rig.sched, rig.now);
}

/* ---- timing */

START_TEST(frames_have_the_times_of_the_monitor)
{
    static const struct {
        const struct vga_rig_mode *mode;
        unsigned lines, line_ns, shown;
    } cases[] = {
        {&vga_mode_03, 449, 31777, 400}, /* 900 dots of 28.322 MHz */
        {&vga_mode_13, 449, 31777, 400}, /* 800 dots of 25.175 MHz */
        {&vga_mode_12, 525, 31777, 480},
    };

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        vga_rig_set_mode(&rig, cases[i].mode);
        ck_assert_uint_eq(rig.vga->timing.lines, cases[i].lines);
        ck_assert_uint_eq(rig.vga->timing.line_ns, cases[i].line_ns);
        ck_assert_uint_eq(rig.vga->timing.lines_shown, cases[i].shown);
    }
}
END_TEST

START_TEST(status_by_line)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    go_to(5, 0);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x00);
    go_to(5, 399);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x00);
    go_to(5, 400);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x01);
    go_to(5, 412); /* retrace starts at 19Ch */
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x09);
    go_to(5, 414);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x01);
    /* The end of a line: 80 of 100 characters were displayed. */
    go_to(5, 10);
    rig.now += rig.vga->timing.line_ns * 2 / 5;
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x01);
    /* Outside, two bits of the border's colour can be seen. */
    attr(&rig, 0x11, 0x24);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x21);
    attr(&rig, 0x12, 0x1F);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x21);
    attr(&rig, 0x12, 0x2F);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0x01);
}
END_TEST

START_TEST(status_in_a_vbe_mode)
{
    unsigned retraces = 0;
    bool before = false;

    vga_rig_set_mode(&rig, &vga_mode_13);
    dispi(&rig, DISPI_XRES, 1024);
    dispi(&rig, DISPI_YRES, 768);
    dispi(&rig, DISPI_ENABLE, 1);
    for (unsigned i = 0; i < 20000; i++) {
        rig.now += NS_PER_SEC / 20000;
        bool now = in8(&rig, 0x3DA) & 8;
        retraces += now && !before;
        before = now;
    }
    ck_assert_uint_ge(retraces, 59);
    ck_assert_uint_le(retraces, 61);
}
END_TEST

static void note_level(void *opaque, unsigned line, bool level)
{
    (void)line;
    *(int *)opaque = level;
}

START_TEST(retrace_interrupt)
{
    int level = 0;

    vga_rig_set_mode(&rig, &vga_mode_03);
    vga_connect_retrace(rig.vga, note_level, &level, 9);
    go_to(3, 0);
    crtc(&rig, 0x11, 0x0E | 0x10); /* armed, line enabled */
    ck_assert_uint_eq(in8(&rig, 0x3C2) & 0x80, 0);
    go_to(3, 411);
    run_events();
    ck_assert_int_eq(level, 0);
    go_to(3, 412);
    run_events();
    ck_assert_int_eq(level, 1);
    ck_assert_uint_eq(in8(&rig, 0x3C2) & 0x80, 0x80);
    crtc(&rig, 0x11, 0x0E); /* cleared */
    ck_assert_int_eq(level, 0);
    ck_assert_uint_eq(in8(&rig, 0x3C2) & 0x80, 0);
    go_to(5, 0); /* held clear */
    run_events();
    ck_assert_int_eq(level, 0);
    crtc(&rig, 0x11, 0x3E); /* armed, line disabled */
    go_to(6, 0);
    run_events();
    ck_assert_int_eq(level, 0);
    ck_assert_uint_eq(in8(&rig, 0x3C2) & 0x80, 0x80);
    crtc(&rig, 0x11, 0x1E); /* the pending one reaches the line */
    ck_assert_int_eq(level, 1);
}
END_TEST

/* ---- start address */

static void put_start(unsigned address)
{
    crtc(&rig, 0x0C, address >> 8);
    crtc(&rig, 0x0D, address & 0xFF);
}

START_TEST(start_address_waits_for_the_retrace)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    put8(&rig, 0xA0000, 0x80);
    put8(&rig, 0xA8000, 0x40);
    go_to(4, 100);
    put_start(0x8000);
    ck_assert_uint_eq(pixel_at(draw(), 0, 0), vga_rig_color(15));
    go_to(4, 470); /* not yet: retrace starts at 1EAh */
    ck_assert_uint_eq(pixel_at(draw(), 0, 0), vga_rig_color(15));
    go_to(5, 0);
    ck_assert_uint_eq(pixel_at(draw(), 0, 0), vga_rig_color(0));
    ck_assert_uint_eq(pixel_at(draw(), 1, 0), vga_rig_color(15));
    /* Twice within one frame: the last one counts. */
    put_start(0x1234);
    put_start(0);
    ck_assert_uint_eq(pixel_at(draw(), 1, 0), vga_rig_color(15));
    go_to(6, 0);
    ck_assert_uint_eq(pixel_at(draw(), 0, 0), vga_rig_color(15));
    ck_assert_uint_eq(pixel_at(draw(), 1, 0), vga_rig_color(0));
}
END_TEST

/* ---- within a frame */

/* Bars: colour 0 has another colour below line 100 of each frame. */
static void bars(unsigned first_frame, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        go_to(first_frame + i, 100);
        dac(&rig, 0, 0x3F0000);
        go_to(first_frame + i, 440);
        dac(&rig, 0, 0x00003F);
    }
}

START_TEST(palette_changes_at_their_lines)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    bars(2, 3);
    go_to(5, 20);
    ck_assert_uint_eq(pixel_at(draw(), 9, 0), 0x0000FF);
    ck_assert_uint_eq(pixel_at(draw(), 9, 99), 0x0000FF);
    ck_assert_uint_eq(pixel_at(draw(), 9, 100), 0xFF0000);
    ck_assert_uint_eq(pixel_at(draw(), 9, 399), 0xFF0000);
    /* The frame in progress does not show yet. */
    go_to(5, 150);
    dac(&rig, 0, 0x003F00);
    ck_assert_uint_eq(pixel_at(draw(), 9, 99), 0x0000FF);
    ck_assert_uint_eq(pixel_at(draw(), 9, 399), 0xFF0000);
    /* When it has ended and nothing more happens, the registers count. */
    go_to(7, 10);
    ck_assert_uint_eq(pixel_at(draw(), 9, 0), 0x00FF00);
    ck_assert_uint_eq(pixel_at(draw(), 9, 399), 0x00FF00);
}
END_TEST

/* In the blank end of a line: from the next one on. */
START_TEST(changes_in_the_blank_show_below)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    for (unsigned frame = 2; frame < 5; frame++) {
        go_to(frame, 100);
        rig.now += rig.vga->timing.line_ns * 2 / 5;
        dac(&rig, 0, 0x3F0000);
        go_to(frame, 440);
        dac(&rig, 0, 0x00003F);
    }
    go_to(5, 20);
    ck_assert_uint_eq(pixel_at(draw(), 9, 100), 0x0000FF);
    ck_assert_uint_eq(pixel_at(draw(), 9, 101), 0xFF0000);
}
END_TEST

START_TEST(a_single_change_shows_at_once)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    go_to(4, 100);
    dac(&rig, 0, 0x3F0000);
    ck_assert_uint_eq(pixel_at(draw(), 9, 0), 0xFF0000);
    go_to(5, 0);
    ck_assert_uint_eq(pixel_at(draw(), 9, 0), 0xFF0000);
}
END_TEST

START_TEST(panning_and_split_change_within_a_frame)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    for (unsigned y = 0; y < 480; y++)
        put8(&rig, 0xA0000 + 80 * y, 0x08);
    for (unsigned frame = 2; frame < 5; frame++) {
        go_to(frame, 50);
        attr(&rig, 0x13, 3);
        go_to(frame, 60);
        attr(&rig, 0x13, 0);
        crtc(&rig, 0x18, 0x40); /* with bits 8, 9: line 320 */
        crtc(&rig, 0x09, 0x00);
        go_to(frame, 300);
        crtc(&rig, 0x18, 0xFF);
    }
    go_to(5, 0);
    ck_assert_uint_eq(pixel_at(draw(), 4, 49), vga_rig_color(15));
    ck_assert_uint_eq(pixel_at(draw(), 4, 50), vga_rig_color(0));
    ck_assert_uint_eq(pixel_at(draw(), 1, 50), vga_rig_color(15));
    ck_assert_uint_eq(pixel_at(draw(), 4, 60), vga_rig_color(15));
}
END_TEST

START_TEST(very_many_changes_are_given_up)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    for (unsigned frame = 2; frame < 5; frame++) {
        go_to(frame, 10);
        for (unsigned i = 0; i < 20000; i++)
            dac(&rig, 0, i & 1 ? 0x3F0000 : 0x003F00);
    }
    go_to(5, 0);
    ck_assert_uint_eq(pixel_at(draw(), 9, 0), 0xFF0000);
    ck_assert_uint_eq(pixel_at(draw(), 9, 300), 0xFF0000);
}
END_TEST

/* ---- what is drawn again */

static void assert_rows(const struct vga_frame *frame, unsigned first,
                        unsigned last)
{
    ck_assert(frame->changed);
    for (unsigned row = 0; row < frame->height; row++)
        ck_assert_msg(!!frame->changed_rows[row] ==
                          (row >= first && row <= last),
                      "row %u", row);
}

START_TEST(cpu_window_marks_lines)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    draw();
    put8(&rig, 0xA0000 + 80 * 77 + 3, 0x55);
    assert_rows(draw(), 77, 77);
    ck_assert(!draw()->changed);
    put8(&rig, 0xA0000 + 80 * 77 + 3, 0x55); /* no other value */
    ck_assert(!vga_is_dirty(rig.vga, 0, VGA_VRAM_SIZE - 1));
    ck_assert(!draw()->changed);
}
END_TEST

/* A store as the CPU makes it through its TLB: allowed without us only while
 * the frame is not tracked. True if it had to be seen. */
static bool store_as_cpu(uint64_t offset, uint8_t value)
{
    struct ram_block *vram = rig.vga->vram;
    bool seen = ram_frame_at(vram, offset)->tracked & TRACK_DIRTY;

    vram->host[offset] = value;
    if (seen)
        track_stored(rig.track, vram, offset, 1);
    return seen;
}

START_TEST(mapped_stores_are_seen_once_per_frame)
{
    uint32_t at = VGA_RUN_OFFSET + 320 * 100;

    vga_rig_set_mode(&rig, &vga_mode_13);
    ck_assert(rig.vga->window_plain);
    draw();
    ck_assert(store_as_cpu(at, 1));
    ck_assert(!store_as_cpu(at + 1, 2));
    assert_rows(draw(), 200, 201);
    /* Taking the mark armed it again. */
    ck_assert(store_as_cpu(at, 3));
    assert_rows(draw(), 200, 201);
    ck_assert(!draw()->changed);
}
END_TEST

START_TEST(frame_buffer_stores_mark_their_lines)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    vga_rig_map_bars(&rig);
    dispi(&rig, DISPI_XRES, 1024);
    dispi(&rig, DISPI_YRES, 768);
    dispi(&rig, DISPI_BPP, 32);
    dispi(&rig, DISPI_ENABLE, DISPI_ENABLED | DISPI_LFB);
    draw();
    ck_assert(store_as_cpu(4096 * 500 + 8, 0x55));
    assert_rows(draw(), 500, 500);
    ck_assert(store_as_cpu(4096 * 20, 0x56));
    assert_rows(draw(), 20, 20);
}
END_TEST

START_TEST(text_is_mapped_and_compared)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    ck_assert(rig.vga->window_plain);
    put8(&rig, 0xB8000 + 160 * 24, 'x');
    draw();
    ck_assert(store_as_cpu(VGA_RUN_OFFSET + 160 * 7 + 1, 0x70));
    assert_rows(draw(), 7 * 16, 7 * 16 + 15);
    ck_assert_uint_eq(get8(&rig, 0xB8000 + 160 * 7 + 1), 0x70);
    /* The planes of hardware: characters in 0, attributes in 1. */
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 5);
    ck_assert(!rig.vga->window_plain);
    gfx(&rig, 4, 1);
    ck_assert_uint_eq(get8(&rig, 0xA0000 + 160 * 7), 0x70);
    gfx(&rig, 4, 0);
    ck_assert_uint_eq(get8(&rig, 0xA0000 + 160 * 24), 'x');
    ck_assert_uint_eq(get8(&rig, 0xA0000 + 160 * 24 + 1), 0);
}
END_TEST

START_TEST(text_is_plain_only_when_a_store_is_a_store)
{
    static const struct {
        unsigned port, index, value, normal;
    } changes[] = {{0x3C4, 2, 0x07, 0x03}, {0x3CE, 8, 0x0F, 0xFF},
                   {0x3CE, 5, 0x11, 0x10}, {0x3CE, 5, 0x18, 0x10},
                   {0x3CE, 4, 0x02, 0x00}, {0x3CE, 3, 0x08, 0x00},
                   {0x3CE, 1, 0x01, 0x00}, {0x3C4, 4, 0x06, 0x02},
                   {0x3CE, 6, 0x0C, 0x0E}, {0x3CE, 5, 0x00, 0x10}};

    vga_rig_set_mode(&rig, &vga_mode_03);
    put8(&rig, 0xB8000, 'A');
    put8(&rig, 0xB8001, 0x17);
    for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
        out16(&rig, changes[i].port, changes[i].index | changes[i].value << 8);
        ck_assert_msg(!rig.vga->window_plain, "change %u", i);
        out16(&rig, changes[i].port, changes[i].index | changes[i].normal << 8);
        ck_assert_msg(rig.vga->window_plain, "change %u", i);
        ck_assert_uint_eq(get8(&rig, 0xB8000), 'A');
        ck_assert_uint_eq(get8(&rig, 0xB8001), 0x17);
    }
    out8(&rig, 0x3C3, 0); /* the card is off */
    ck_assert_uint_eq(get8(&rig, 0xB8000), 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3C4), 0xFF);
    out8(&rig, 0x3C3, 1);
    ck_assert_uint_eq(get8(&rig, 0xB8000), 'A');
}
END_TEST

/* Fonts are in the same cells as characters: changing one must show. */
START_TEST(a_changed_glyph_shows)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    crtc(&rig, 0x0A, 0x20);
    put8(&rig, 0xB8000, 'A');
    put8(&rig, 0xB8001, 0x07);
    draw();
    seq(&rig, 2, 4);
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 4);
    put8(&rig, 0xA0000 + 'A' * 32 + 2, 0x80);
    seq(&rig, 2, 3);
    seq(&rig, 4, 2);
    gfx(&rig, 5, 0x10);
    gfx(&rig, 6, 0x0E);
    ck_assert_uint_eq(pixel_at(draw(), 0, 2), vga_rig_color(7));
}
END_TEST

START_TEST(cursor_moves_redraw_two_rows)
{
    const struct vga_frame *frame;

    vga_rig_set_mode(&rig, &vga_mode_03);
    for (unsigned i = 0; i < 4000; i += 2)
        put8(&rig, 0xB8001 + i, 0x07);
    crtc(&rig, 0x0F, 80 * 2);
    draw();
    crtc(&rig, 0x0F, 80 * 3 + 1);
    frame = draw();
    ck_assert_uint_eq(frame->first_row, 2 * 16 + 13);
    ck_assert_uint_eq(frame->last_row, 3 * 16 + 14);
    ck_assert(!frame->changed_rows[2 * 16 + 15]);
    crtc(&rig, 0x0A, 0x20);
    frame = draw();
    ck_assert_uint_eq(frame->first_row, 3 * 16 + 13);
}
END_TEST

START_TEST(only_blinking_rows_blink)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    crtc(&rig, 0x0A, 0x20);
    crtc(&rig, 0x14, 0x03);
    put8(&rig, 0xB8000 + 160 * 5, 0xDB);
    put8(&rig, 0xB8001 + 160 * 5, 0x87);
    seq(&rig, 2, 4); /* a solid block */
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 4);
    for (unsigned y = 0; y < 16; y++)
        put8(&rig, 0xA0000 + 0xDB * 32 + y, 0xFF);
    seq(&rig, 2, 3);
    seq(&rig, 4, 2);
    gfx(&rig, 5, 0x10);
    gfx(&rig, 6, 0x0E);
    ck_assert_uint_eq(pixel_at(draw(), 0, 5 * 16), vga_rig_color(7));
    go_to(20, 0);
    assert_rows(draw(), 5 * 16, 5 * 16 + 15);
    ck_assert_uint_eq(pixel_at(draw(), 0, 5 * 16), vga_rig_color(0));
}
END_TEST

/* Random stores and register changes: drawing everything after drawing
 * the marked parts finds nothing new. */
START_TEST(drawing_parts_equals_drawing_all)
{
    static const struct vga_rig_mode *const modes[] = {
        &vga_mode_03, &vga_mode_04, &vga_mode_06,
        &vga_mode_0d, &vga_mode_12, &vga_mode_13};
    uint32_t state = 7;

    for (unsigned round = 0; round < 120; round++) {
        const struct vga_rig_mode *mode = modes[round % ARRAY_LEN(modes)];
        vga_rig_set_mode(&rig, mode);
        for (unsigned step = 0; step < 12; step++) {
            for (unsigned i = 0; i < 6; i++) {
                state = state * 1664525 + 1013904223;
                put8(&rig, 0xA0000 + (state >> 8 & 0x1FFFF), state >> 24);
                store_as_cpu((state >> 5 & 0x3FFFF) +
                                 (state & 64 ? VGA_RUN_OFFSET - 0x30000 : 0),
                             state >> 24);
            }
            if (state >> 28 == 3)
                crtc(&rig, 0x0F, state >> 12 & 0xFF);
            if (state >> 28 == 5)
                put_start(state >> 9 & 0x7FF);
            if (state >> 28 == 7)
                attr(&rig, 0x13, state >> 9 & 7);
            rig.now += 9000000 + (state >> 8);
            const struct vga_frame *parts = draw();
            size_t bytes = (size_t)parts->width * parts->height * 4;
            uint32_t *kept = malloc(bytes);
            memcpy(kept, parts->pixels, bytes);
            rig.vga->all_dirty = true;
            const struct vga_frame *all = draw();
            ck_assert_msg(
                !all->changed && memcmp(kept, all->pixels, bytes) == 0,
                "round %u, step %u: row %u", round, step, all->first_row);
            free(kept);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga_raster");
    TCase *tcase = tcase_create("vga_raster");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, frames_have_the_times_of_the_monitor);
    tcase_add_test(tcase, status_by_line);
    tcase_add_test(tcase, status_in_a_vbe_mode);
    tcase_add_test(tcase, retrace_interrupt);
    tcase_add_test(tcase, start_address_waits_for_the_retrace);
    tcase_add_test(tcase, palette_changes_at_their_lines);
    tcase_add_test(tcase, changes_in_the_blank_show_below);
    tcase_add_test(tcase, a_single_change_shows_at_once);
    tcase_add_test(tcase, panning_and_split_change_within_a_frame);
    tcase_add_test(tcase, very_many_changes_are_given_up);
    tcase_add_test(tcase, cpu_window_marks_lines);
    tcase_add_test(tcase, mapped_stores_are_seen_once_per_frame);
    tcase_add_test(tcase, frame_buffer_stores_mark_their_lines);
    tcase_add_test(tcase, text_is_mapped_and_compared);
    tcase_add_test(tcase, text_is_plain_only_when_a_store_is_a_store);
    tcase_add_test(tcase, a_changed_glyph_shows);
    tcase_add_test(tcase, cursor_moves_redraw_two_rows);
    tcase_add_test(tcase, only_blinking_rows_blink);
    tcase_add_test(tcase, drawing_parts_equals_drawing_all);
    return suite_run(suite);
}
