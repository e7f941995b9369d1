/* check_vga - registers, memory windows, DISPI, PCI side of the VGA.
 * Run alone: make tests/devices/check_vga && tests/devices/check_vga */
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

/* Plane p of the cell, read through read mode 0. */
static unsigned plane(unsigned p, uint32_t address)
{
    gfx(&rig, 4, p);
    return get8(&rig, address);
}

static void assert_planes(uint32_t address, uint32_t expect)
{
    for (unsigned p = 0; p < 4; p++)
        ck_assert_msg(plane(p, address) == (expect >> 8 * p & 0xFF),
                      "plane %u at %X: %02X instead of %02X", p, address,
                      plane(p, address), expect >> 8 * p & 0xFF);
}

/* ---- ports */

/* 132 columns of eight dots by the third clock: 31.4 kHz, 70 Hz. */
START_TEST(clock_of_132_columns)
{
    out8(&rig, 0x3C2, 0x6B);
    seq(&rig, 1, 0x01);
    crtc(&rig, 0x11, 0x0E);
    crtc(&rig, 0x00, 0x9A);
    crtc(&rig, 0x01, 0x83);
    crtc(&rig, 0x06, 0xBF);
    crtc(&rig, 0x07, 0x1F);
    ck_assert_uint_eq(rig.vga->timing.line_ns, 159 * 8 * 25);
    ck_assert_uint_eq(rig.vga->timing.line_shown_ns, 132 * 8 * 25);
    ck_assert_uint_eq(rig.vga->timing.lines, 449);
}
END_TEST

START_TEST(index_and_data_registers)
{
    seq(&rig, 2, 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3C4), 2);
    ck_assert_uint_eq(in8(&rig, 0x3C5), 0x0F);
    gfx(&rig, 8, 0xA5);
    ck_assert_uint_eq(in16(&rig, 0x3CE), 0xA508);
    crtc(&rig, 0x0C, 0x12);
    ck_assert_uint_eq(in16(&rig, 0x3D4), 0x120C);
    gfx(&rig, 3, 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3CF), 0x1F);
    seq(&rig, 7, 0x55);
    ck_assert_uint_eq(in8(&rig, 0x3C5), 0);
    crtc(&rig, 0x3F, 0x55);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0);
}
END_TEST

START_TEST(mono_and_color_addresses)
{
    out8(&rig, 0x3C2, 0x01);
    ck_assert_uint_eq(in8(&rig, 0x3CC), 0x01);
    crtc(&rig, 0x0E, 0x34);
    ck_assert_uint_eq(in8(&rig, 0x3B5), 0xFF);
    out16(&rig, 0x3B4, 0x770E);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x34);
    out8(&rig, 0x3C2, 0x00);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3DA), 0xFF);
    ck_assert_uint_eq(in16(&rig, 0x3B4), 0x340E);
    out16(&rig, 0x3B4, 0x560E);
    ck_assert_uint_eq(in8(&rig, 0x3B5), 0x56);
}
END_TEST

START_TEST(crtc_protection)
{
    crtc(&rig, 0x00, 0x5F);
    crtc(&rig, 0x07, 0x00);
    crtc(&rig, 0x11, 0x80);
    crtc(&rig, 0x00, 0x11);
    crtc(&rig, 0x07, 0xFF);
    crtc(&rig, 0x08, 0x03);
    out8(&rig, 0x3D4, 0x00);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x5F);
    out8(&rig, 0x3D4, 0x07);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x10);
    out8(&rig, 0x3D4, 0x08);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x03);
    crtc(&rig, 0x11, 0x00);
    crtc(&rig, 0x00, 0x11);
    out8(&rig, 0x3D4, 0x00);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x11);
}
END_TEST

START_TEST(attribute_flip_flop)
{
    in8(&rig, 0x3DA);
    out8(&rig, 0x3C0, 0x03);
    out8(&rig, 0x3C0, 0x2A);
    out8(&rig, 0x3C0, 0x03);
    ck_assert_uint_eq(in8(&rig, 0x3C0), 0x03);
    ck_assert_uint_eq(in8(&rig, 0x3C1), 0x2A);
    /* After an index a data byte is due, unless 3DA is read. */
    in8(&rig, 0x3DA);
    out8(&rig, 0x3C0, 0x25);
    ck_assert_uint_eq(in8(&rig, 0x3C0), 0x25);
    out8(&rig, 0x3C0, 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3C1), 0x3F);
    out8(&rig, 0x3C0, 0x31); /* overscan, eight bits */
    out8(&rig, 0x3C0, 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3C1), 0xFF);
}
END_TEST

START_TEST(dac_reads_and_writes)
{
    dac(&rig, 255, 0x3F2010);
    dac(&rig, 0, 0xFF4101);
    ck_assert_uint_eq(in8(&rig, 0x3C7), 0);
    out8(&rig, 0x3C7, 255);
    ck_assert_uint_eq(in8(&rig, 0x3C7), 3);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x3F);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x20);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x10);
    /* The index wraps; six bits were kept. */
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x3F);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x01);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x01);
    /* Two of three components change nothing. */
    out8(&rig, 0x3C8, 0);
    out8(&rig, 0x3C9, 1);
    out8(&rig, 0x3C9, 2);
    out8(&rig, 0x3C7, 0);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x3F);
}
END_TEST

/* Reading fetches a colour ahead: the index is one further, and what is
 * written meanwhile does not change the bytes that are on their way. */
START_TEST(dac_reads_ahead)
{
    dac(&rig, 10, 0x010203);
    dac(&rig, 11, 0x040506);
    out8(&rig, 0x3C7, 10);
    ck_assert_uint_eq(in8(&rig, 0x3C8), 11);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 1);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 2);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 3);
    ck_assert_uint_eq(in8(&rig, 0x3C8), 12);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 4);
    /* A new index begins with red again. */
    out8(&rig, 0x3C8, 10);
    ck_assert_uint_eq(in8(&rig, 0x3C7), 0);
    out8(&rig, 0x3C9, 9);
    out8(&rig, 0x3C8, 10);
    ck_assert_uint_eq(in8(&rig, 0x3C8), 10);
    out8(&rig, 0x3C9, 0x11);
    out8(&rig, 0x3C9, 0x12);
    out8(&rig, 0x3C9, 0x13);
    ck_assert_uint_eq(in8(&rig, 0x3C8), 11);
    out8(&rig, 0x3C7, 10);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x11);
}
END_TEST

START_TEST(retrace_follows_virtual_time)
{
    unsigned shown = 0, retraces = 0, both = 0, steps = 20000;
    bool before = false;

    vga_rig_set_mode(&rig, &vga_mode_03);
    for (unsigned i = 0; i < steps; i++) {
        unsigned status;
        rig.now = i * (NS_PER_SEC / steps) + 1;
        status = in8(&rig, 0x3DA);
        shown += !(status & 1);
        both += (status & 9) == 8;
        retraces += (status & 8) && !before;
        before = status & 8;
    }
    /* 70 Hz; 400 of 449 lines, 80 of 100 characters are displayed. */
    ck_assert_uint_ge(retraces, 69);
    ck_assert_uint_le(retraces, 71);
    ck_assert_uint_eq(both, 0);
    ck_assert_uint_ge(shown, steps * 70 / 100);
    ck_assert_uint_le(shown, steps * 73 / 100);
}
END_TEST

START_TEST(status_is_safe_without_a_mode)
{
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned index = 0; index < 25; index++)
            crtc(&rig, index, index == 0x11 ? i & 0x7F : i * 37);
        rig.now += 1234567;
        in8(&rig, 0x3DA);
        vga_draw_frame(rig.draw, rig.now);
    }
}
END_TEST

/* ---- memory */

START_TEST(windows_move)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    put8(&rig, 0xB8000, 0x41);
    ck_assert_uint_eq(get8(&rig, 0xB8000), 0x41);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0xFF);
    ck_assert_uint_eq(get8(&rig, 0xB0000), 0xFF);
    gfx(&rig, 6, 0x0A);
    ck_assert_uint_eq(get8(&rig, 0xB0000), 0x41);
    ck_assert_uint_eq(get8(&rig, 0xB8000), 0xFF);
    gfx(&rig, 6, 0x06);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0x41);
    ck_assert_uint_eq(get8(&rig, 0xB0000), 0xFF);
    gfx(&rig, 6, 0x02);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0x41);
    ck_assert_uint_eq(get8(&rig, 0xB0000), 0x00);
    out8(&rig, 0x3C2, 0x65);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0xFF);
}
END_TEST

START_TEST(odd_even_splits_character_and_attribute)
{
    vga_rig_set_mode(&rig, &vga_mode_03);
    addrspace_write(rig.memory, 0xB8000, 0x07420741, 4);
    ck_assert_uint_eq(addrspace_read(rig.memory, 0xB8000, 4), 0x07420741);
    /* In the planes: even cells only. */
    seq(&rig, 4, 6);
    gfx(&rig, 5, 0);
    gfx(&rig, 6, 4);
    assert_planes(0xA0000, 0x00000741);
    assert_planes(0xA0001, 0);
    assert_planes(0xA0002, 0x00000742);
}
END_TEST

START_TEST(write_mode_0)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    put8(&rig, 0xA0000, 0x5A);
    assert_planes(0xA0000, 0x5A5A5A5A);
    seq(&rig, 2, 0x5);
    put8(&rig, 0xA0000, 0xFF);
    assert_planes(0xA0000, 0x5AFF5AFF);
    seq(&rig, 2, 0xF);
    gfx(&rig, 0, 0x9); /* set/reset in planes 0 and 1 */
    gfx(&rig, 1, 0x3);
    put8(&rig, 0xA0001, 0x12);
    assert_planes(0xA0001, 0x121200FF);
    gfx(&rig, 1, 0);
    gfx(&rig, 3, 3); /* rotate right by three */
    put8(&rig, 0xA0002, 0x81);
    assert_planes(0xA0002, 0x30303030);
}
END_TEST

START_TEST(functions_and_bit_mask)
{
    static const uint8_t results[4] = {0x3C, 0x0C, 0x3F, 0x33};

    vga_rig_set_mode(&rig, &vga_mode_12);
    for (unsigned function = 0; function < 4; function++) {
        gfx(&rig, 3, 0);
        gfx(&rig, 8, 0xFF);
        put8(&rig, 0xA0000, 0x0F);
        get8(&rig, 0xA0000);
        gfx(&rig, 3, function << 3);
        put8(&rig, 0xA0000, 0x3C);
        ck_assert_uint_eq(plane(0, 0xA0000), results[function]);
        gfx(&rig, 3, 0);
        gfx(&rig, 8, 0xC3);
        put8(&rig, 0xA0000, 0xAA);
        ck_assert_uint_eq(plane(2, 0xA0000),
                          (results[function] & 0x3C) | (0xAA & 0xC3));
    }
}
END_TEST

START_TEST(write_mode_1_copies_latches)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    for (unsigned p = 0; p < 4; p++) {
        seq(&rig, 2, 1 << p);
        put8(&rig, 0xA0010, 0x11 * (p + 1));
    }
    seq(&rig, 2, 0xF);
    gfx(&rig, 5, 1);
    get8(&rig, 0xA0010);
    put8(&rig, 0xA0020, 0xEE);
    gfx(&rig, 5, 0);
    assert_planes(0xA0020, 0x44332211);
    out8(&rig, 0x3D4, 0x22); /* the latch is there to see */
    gfx(&rig, 4, 2);
    get8(&rig, 0xA0010);
    ck_assert_uint_eq(in8(&rig, 0x3D5), 0x33);
}
END_TEST

START_TEST(write_modes_2_and_3)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    gfx(&rig, 5, 2);
    get8(&rig, 0xA0000);
    gfx(&rig, 8, 0xF0);
    put8(&rig, 0xA0000, 0x06);
    assert_planes(0xA0000, 0x00F0F000);
    gfx(&rig, 5, 3);
    gfx(&rig, 8, 0x3F);
    gfx(&rig, 0, 0x8);
    gfx(&rig, 3, 4); /* rotate the mask */
    get8(&rig, 0xA0000);
    put8(&rig, 0xA0000, 0x8F);
    /* mask = F8 & 3F = 38 */
    assert_planes(0xA0000, 0x38C0C000);
}
END_TEST

START_TEST(read_mode_1_compares)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    seq(&rig, 2, 1);
    put8(&rig, 0xA0000, 0xF0);
    seq(&rig, 2, 4);
    put8(&rig, 0xA0000, 0xCC);
    gfx(&rig, 5, 8);
    gfx(&rig, 2, 5); /* colour 5: planes 0 and 2 */
    gfx(&rig, 7, 0xF);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0xC0);
    gfx(&rig, 7, 0x1);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0xF0);
    gfx(&rig, 7, 0x0);
    ck_assert_uint_eq(get8(&rig, 0xA0000), 0xFF);
}
END_TEST

START_TEST(chain_4_puts_bytes_in_every_fourth_cell)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    ck_assert(rig.vga->window_plain);
    for (unsigned i = 0; i < 0x10000; i++)
        put8(&rig, 0xA0000 + i, i * 13 + (i >> 8));
    seq(&rig, 4, 6);
    ck_assert(!rig.vga->window_plain);
    for (unsigned i = 0; i < 0x10000; i += 4 * 97)
        for (unsigned p = 0; p < 4; p++)
            ck_assert_uint_eq(plane(p, 0xA0000 + i),
                              ((i + p) * 13 + (i >> 8)) & 0xFF);
    assert_planes(0xA0001, 0);
    /* The cells between survive a turn of chain-4. */
    put8(&rig, 0xA0001, 0x77);
    put8(&rig, 0xA0004, 0x88);
    seq(&rig, 4, 0xE);
    for (unsigned i = 4; i < 8; i++)
        ck_assert_uint_eq(get8(&rig, 0xA0000 + i), 0x88);
    put8(&rig, 0xA0006, 0x99);
    seq(&rig, 4, 6);
    assert_planes(0xA0001, 0x77777777);
    assert_planes(0xA0004, 0x88998888);
}
END_TEST

START_TEST(chain_4_is_plain_only_when_a_store_is_a_store)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    put8(&rig, 0xA0100, 0x10);
    put8(&rig, 0xA0101, 0x11);
    seq(&rig, 2, 0x1);
    ck_assert(!rig.vga->window_plain);
    put8(&rig, 0xA0100, 0x20);
    put8(&rig, 0xA0101, 0x21);
    seq(&rig, 2, 0xF);
    ck_assert(rig.vga->window_plain);
    ck_assert_uint_eq(get8(&rig, 0xA0100), 0x20);
    ck_assert_uint_eq(get8(&rig, 0xA0101), 0x11);
    gfx(&rig, 8, 0x0F);
    ck_assert(!rig.vga->window_plain);
    get8(&rig, 0xA0101);
    put8(&rig, 0xA0101, 0xEE);
    gfx(&rig, 8, 0xFF);
    ck_assert_uint_eq(get8(&rig, 0xA0101), 0x1E);
    gfx(&rig, 5, 0x41);
    ck_assert(!rig.vga->window_plain);
    gfx(&rig, 5, 0x40);
    ck_assert(rig.vga->window_plain);
}
END_TEST

START_TEST(wide_accesses_equal_bytes)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    addrspace_write(rig.memory, 0xA0003, 0x8877665544332211, 8);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(get8(&rig, 0xA0003 + i), 0x11 * (i + 1));
    ck_assert_uint_eq(addrspace_read(rig.memory, 0xA0003, 8),
                      0x8877665544332211);
    ck_assert_uint_eq(rig.vga->latch, 0x88888888);
}
END_TEST

/* ---- DISPI */

START_TEST(dispi_identifies_itself)
{
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ID), 0xB0C5);
    dispi(&rig, DISPI_ID, 0xB0C0);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ID), 0xB0C0);
    dispi(&rig, DISPI_ID, 0x1234);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ID), 0xB0C0);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_MEMORY_64K), 256);
    dispi(&rig, DISPI_ENABLE, DISPI_GETCAPS);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 2560);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_YRES), 1600);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_BPP), 32);
    dispi(&rig, DISPI_ENABLE, 0);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 0);
    ck_assert_uint_eq(dispi_in(&rig, 0x1234), 0);
}
END_TEST

START_TEST(dispi_geometry)
{
    vga_rig_set_vbe(&rig, 800, 600, 32, DISPI_LFB);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ENABLE), 0x41);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_VIRT_WIDTH), 800);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_VIRT_HEIGHT),
                      (16 << 20) / (800 * 4));
    dispi(&rig, DISPI_XRES, 640); /* not while it is on */
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 800);
    dispi(&rig, DISPI_VIRT_WIDTH, 1024);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_VIRT_HEIGHT), 4096);
    dispi(&rig, DISPI_X_OFFSET, 224);
    dispi(&rig, DISPI_Y_OFFSET, 4096 - 600);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_X_OFFSET), 224);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_Y_OFFSET), 4096 - 600);
    dispi(&rig, DISPI_X_OFFSET, 225);
    dispi(&rig, DISPI_Y_OFFSET, 4096);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_X_OFFSET), 224);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_Y_OFFSET), 4096 - 600);
    dispi(&rig, DISPI_VIRT_WIDTH, 0xFFFF); /* 64 lines would remain */
    ck_assert_uint_eq(dispi_in(&rig, DISPI_VIRT_WIDTH), 1024);
    dispi(&rig, DISPI_ENABLE, 0);
    dispi(&rig, DISPI_BPP, 13);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_BPP), 32);
    dispi(&rig, DISPI_XRES, 0);
    dispi(&rig, DISPI_ENABLE, 1);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ENABLE), 0);
}
END_TEST

START_TEST(banks_and_frame_buffer_are_one_memory)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    vga_rig_map_bars(&rig);
    vga_rig_set_vbe(&rig, 1024, 768, 8, 0);
    dispi(&rig, DISPI_BANK, 3);
    put8(&rig, 0xA1234, 0x5C);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0x31234), 0x5C);
    put8(&rig, VGA_RIG_LFB + 0xFF8765, 0xC5);
    dispi(&rig, DISPI_BANK, 255);
    ck_assert_uint_eq(get8(&rig, 0xA8765), 0xC5);
    dispi(&rig, DISPI_BANK, 256);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_BANK), 255);
    /* Another mode clears, unless asked not to. */
    vga_rig_set_vbe(&rig, 640, 480, 8, DISPI_NOCLEARMEM);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0x31234), 0x5C);
    vga_rig_set_vbe(&rig, 640, 480, 8, 0);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0x31234), 0);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0xFF8765), 0);
}
END_TEST

START_TEST(banks_in_steps_of_32_kib)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    vga_rig_map_bars(&rig);
    vga_rig_set_vbe(&rig, 1024, 768, 8, DISPI_BANK_32K);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_ENABLE), 0x11);
    dispi(&rig, DISPI_BANK, 3);
    put8(&rig, 0xA0001, 0x5C);
    put8(&rig, 0xAFFFF, 0x5D);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0x18001), 0x5C);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0x27FFF), 0x5D);
    /* The last one: nothing lies behind it. */
    dispi(&rig, DISPI_BANK, 511);
    put8(&rig, 0xA7FFF, 0x77);
    put8(&rig, 0xA8000, 0x78);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_LFB + 0xFFFFFF), 0x77);
    ck_assert_uint_eq(get8(&rig, 0xA8000), 0xFF);
    dispi(&rig, DISPI_BANK, 512);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_BANK), 0);
    dispi(&rig, DISPI_ENABLE, DISPI_ENABLED); /* steps of 64 KiB again */
    ck_assert_uint_eq(dispi_in(&rig, DISPI_BANK), 0);
}
END_TEST

START_TEST(bytes_make_words)
{
    out8(&rig, 0x1CE, 0); /* high byte first */
    out8(&rig, 0x1CE, DISPI_XRES);
    out8(&rig, 0x1CF, 0x04);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 0);
    out16(&rig, 0x1CE, DISPI_XRES); /* a word begins anew */
    out8(&rig, 0x1CF, 0x03);
    out8(&rig, 0x1CF, 0x20);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 800);
    ck_assert_uint_eq(in8(&rig, 0x1CF), 0x03);
    ck_assert_uint_eq(in8(&rig, 0x1CF), 0x20);
    ck_assert_uint_eq(in8(&rig, 0x1CE), 0x00);
    ck_assert_uint_eq(in8(&rig, 0x1CE), DISPI_XRES);
}
END_TEST

START_TEST(planar_vbe_has_banks)
{
    vga_rig_set_mode(&rig, &vga_mode_12);
    vga_rig_set_vbe(&rig, 1280, 1024, 4, 0);
    seq(&rig, 2, 0x9);
    dispi(&rig, DISPI_BANK, 2);
    put8(&rig, 0xA0001, 0xFF);
    assert_planes(0xA0001, 0xFF0000FF);
    dispi(&rig, DISPI_BANK, 0);
    assert_planes(0xA0001, 0);
}
END_TEST

START_TEST(dac_width)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    dac(&rig, 7, 0x3F2101);
    vga_rig_set_vbe(&rig, 640, 480, 8, DISPI_8BIT_DAC);
    out8(&rig, 0x3C7, 7);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0xFC);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x84);
    dac(&rig, 8, 0xFF8040);
    out8(&rig, 0x3C7, 8);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0xFF);
    dispi(&rig, DISPI_ENABLE, 0);
    out8(&rig, 0x3C7, 7);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x3F);
    ck_assert_uint_eq(in8(&rig, 0x3C9), 0x21);
}
END_TEST

START_TEST(chained_picture_survives_vbe)
{
    vga_rig_set_mode(&rig, &vga_mode_13);
    put8(&rig, 0xA0005, 0x42);
    vga_rig_set_vbe(&rig, 640, 480, 8, DISPI_NOCLEARMEM);
    put8(&rig, 0xA8000, 0x77);
    dispi(&rig, DISPI_ENABLE, 0);
    ck_assert_uint_eq(get8(&rig, 0xA0005), 0x42);
}
END_TEST

/* ---- PCI */

START_TEST(pci_identity_and_bars)
{
    struct pci_bus *pci = rig.pci;

    ck_assert_uint_eq(pci_config_read(pci, VGA_RIG_DEVFN, 0, 4), 0x11111234);
    ck_assert_uint_eq(pci_config_read(pci, VGA_RIG_DEVFN, 8, 4) >> 8, 0x030000);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_BAR0, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(pci_config_read(pci, VGA_RIG_DEVFN, PCI_BAR0, 4),
                      0xFF000008);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_BAR0 + 8, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(pci_config_read(pci, VGA_RIG_DEVFN, PCI_BAR0 + 8, 4),
                      0xFFFFF000);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_ROM_ADDRESS, 0xFFFFF800, 4);
    ck_assert_uint_eq(pci_config_read(pci, VGA_RIG_DEVFN, PCI_ROM_ADDRESS, 4),
                      0xFFFFE000);
}
END_TEST

START_TEST(rom_is_readable)
{
    vga_rig_map_bars(&rig);
    for (unsigned i = 0; i < sizeof rig.rom; i += 123)
        ck_assert_uint_eq(get8(&rig, VGA_RIG_ROM + i), rig.rom[i]);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_ROM + 0x1FFF), 0xFF);
    put8(&rig, VGA_RIG_ROM, 0x55);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_ROM), 0);
    /* Also while the card's memory space is off. */
    pci_config_write(rig.pci, VGA_RIG_DEVFN, PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_ROM), 0);
    ck_assert_uint_eq(get8(&rig, VGA_RIG_ROM + 123), rig.rom[123]);
}
END_TEST

START_TEST(registers_in_memory)
{
    const uint32_t base = VGA_RIG_REGISTERS;

    vga_rig_map_bars(&rig);
    addrspace_write(rig.memory, base + 0x500 + 2 * DISPI_XRES, 1024, 2);
    addrspace_write(rig.memory, base + 0x500 + 2 * DISPI_YRES, 768, 2);
    addrspace_write(rig.memory, base + 0x500 + 2 * DISPI_BPP, 32, 2);
    addrspace_write(rig.memory, base + 0x500 + 2 * DISPI_ENABLE, 0x41, 2);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x500, 2), 0xB0C5);
    ck_assert_uint_eq(dispi_in(&rig, DISPI_XRES), 1024);
    addrspace_write(rig.memory, base + 0x402, 0x67, 1);
    ck_assert_uint_eq(in8(&rig, 0x3CC), 0x67);
    put8(&rig, base + 0x400 + 0x14, 0x0C);
    put8(&rig, base + 0x400 + 0x15, 0x21);
    ck_assert_uint_eq(in16(&rig, 0x3D4), 0x210C);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x500, 4), 0x0400B0C5);
    addrspace_write(rig.memory, base + 0x500 + 2 * DISPI_X_OFFSET, 0, 4);
    /* The last block: its size, the order of bytes. */
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x600, 4), 8);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x604, 4), 0x1E1E1E1E);
    addrspace_write(rig.memory, base + 0x604, 0xBEBEBEBE, 4);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x604, 4), 0xBEBEBEBE);
    addrspace_write(rig.memory, base + 0x604, 0x12345678, 4);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0x604, 4), 0xBEBEBEBE);
    addrspace_write(rig.memory, base + 0xF00, 0, 8);
    ck_assert_uint_eq(addrspace_read(rig.memory, base + 0xF00, 4), 0xFFFFFFFF);
}
END_TEST

START_TEST(edid_is_sound)
{
    uint8_t edid[128], sum = 0;

    vga_rig_map_bars(&rig);
    addrspace_read_block(rig.memory, VGA_RIG_REGISTERS, edid, sizeof edid);
    for (unsigned i = 0; i < sizeof edid; i++)
        sum += edid[i];
    ck_assert_uint_eq(sum, 0);
    ck_assert_mem_eq(edid, "\0\xFF\xFF\xFF\xFF\xFF\xFF\0", 8);
    /* Preferred: 1024 x 768, 1344 x 806 in all, 65 MHz. */
    ck_assert_uint_eq(load_le16(edid + 54), 6500);
    ck_assert_uint_eq(edid[56] | edid[58] >> 4 << 8, 1024);
    ck_assert_uint_eq(edid[57] | (edid[58] & 15) << 8, 320);
    ck_assert_uint_eq(edid[59] | edid[61] >> 4 << 8, 768);
    ck_assert_uint_eq(edid[60] | (edid[61] & 15) << 8, 38);
}
END_TEST

/* ---- saved state */

START_TEST(reset_clears_and_state_returns)
{
    const struct state_field *fields = vga_ops.fields;
    size_t size = state_size(fields), vram = rig.vga->vram->size;
    uint8_t *saved = malloc(size), *memory = malloc(vram);

    vga_rig_set_mode(&rig, &vga_mode_13);
    put8(&rig, 0xA0321, 0x5A);
    state_save(fields, rig.vga, saved);
    memcpy(memory, rig.vga->vram->host, vram);
    vga_ops.reset(vga_device(rig.vga));
    ck_assert_uint_eq(get8(&rig, 0xA0321), 0xFF);
    ck_assert_uint_eq(in8(&rig, 0x3CC), 1);
    state_load(fields, rig.vga, saved);
    memcpy(rig.vga->vram->host, memory, vram);
    ck_assert_int_eq(vga_ops.post_load(vga_device(rig.vga), 1), 0);
    ck_assert(rig.vga->window_plain);
    ck_assert_uint_eq(get8(&rig, 0xA0321), 0x5A);
    free(saved);
    free(memory);
}
END_TEST

START_TEST(hash_sees_registers_and_memory)
{
    struct device *device = vga_device(rig.vga);
    uint64_t before, after;

    vga_rig_set_mode(&rig, &vga_mode_12);
    before = vga_ops.hash_extra(device, STATE_HASH_INIT);
    put8(&rig, 0xA5555, 1);
    after = vga_ops.hash_extra(device, STATE_HASH_INIT);
    ck_assert_uint_ne(before, after);
    put8(&rig, 0xA5555, 0);
    ck_assert_uint_eq(vga_ops.hash_extra(device, STATE_HASH_INIT), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vga");
    TCase *tcase = tcase_create("vga");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, clock_of_132_columns);
    tcase_add_test(tcase, index_and_data_registers);
    tcase_add_test(tcase, mono_and_color_addresses);
    tcase_add_test(tcase, crtc_protection);
    tcase_add_test(tcase, attribute_flip_flop);
    tcase_add_test(tcase, dac_reads_and_writes);
    tcase_add_test(tcase, dac_reads_ahead);
    tcase_add_test(tcase, retrace_follows_virtual_time);
    tcase_add_test(tcase, status_is_safe_without_a_mode);
    tcase_add_test(tcase, windows_move);
    tcase_add_test(tcase, odd_even_splits_character_and_attribute);
    tcase_add_test(tcase, write_mode_0);
    tcase_add_test(tcase, functions_and_bit_mask);
    tcase_add_test(tcase, write_mode_1_copies_latches);
    tcase_add_test(tcase, write_modes_2_and_3);
    tcase_add_test(tcase, read_mode_1_compares);
    tcase_add_test(tcase, chain_4_puts_bytes_in_every_fourth_cell);
    tcase_add_test(tcase, chain_4_is_plain_only_when_a_store_is_a_store);
    tcase_add_test(tcase, wide_accesses_equal_bytes);
    tcase_add_test(tcase, dispi_identifies_itself);
    tcase_add_test(tcase, dispi_geometry);
    tcase_add_test(tcase, banks_and_frame_buffer_are_one_memory);
    tcase_add_test(tcase, banks_in_steps_of_32_kib);
    tcase_add_test(tcase, bytes_make_words);
    tcase_add_test(tcase, planar_vbe_has_banks);
    tcase_add_test(tcase, dac_width);
    tcase_add_test(tcase, chained_picture_survives_vbe);
    tcase_add_test(tcase, pci_identity_and_bars);
    tcase_add_test(tcase, rom_is_readable);
    tcase_add_test(tcase, registers_in_memory);
    tcase_add_test(tcase, edid_is_sound);
    tcase_add_test(tcase, reset_clears_and_state_returns);
    tcase_add_test(tcase, hash_sees_registers_and_memory);
    return suite_run(suite);
}
