/* check_machine - the board through the public API, with programs of a few
 * bytes as firmware.
 * Run alone: make tests/devices/check_machine &&
 * tests/devices/check_machine */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"
#include "umbra.h"

enum { ROM_SIZE = 65536 };
#define MS  1000000ull
#define SEC 1000000000ull

static uint8_t rom[ROM_SIZE];
static char error[UMBRA_ERROR_SIZE];
static struct umbra_config config;
static char serial[256];
static size_t serial_length;
static uint64_t host_ns;

static void on_serial(void *opaque, unsigned port, uint8_t byte)
{
    (void)opaque;
    if (port == 0 && serial_length < sizeof serial - 1)
        serial[serial_length++] = (char)byte;
}

static uint64_t on_clock(void *opaque)
{
    (void)opaque;
    return host_ns;
}

/* A board whose reset vector jumps to `code` at F000:0000. */
static struct umbra *make(const uint8_t *code, size_t size)
{
    static const uint8_t vector[] = {0xEA, 0x00, 0x00, 0x00, 0xF0};
    const struct umbra_host host = {.serial = on_serial, .clock = on_clock};
    struct umbra *u;

    memset(rom, 0xF4, sizeof rom); /* HLT */
    memcpy(rom, code, size);
    memcpy(rom + 0xFFF0, vector, sizeof vector);
    memset(serial, 0, sizeof serial);
    serial_length = 0;
    config.bios = (struct umbra_blob){rom, sizeof rom};
    u = umbra_create(&config, &host, error);
    ck_assert_msg(u != NULL, "%s", error);
    return u;
}

#define MAKE(...)                                                              \
    make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void start(void)
{
    umbra_config_default(&config);
    config.ram_bytes = 2 << 20;
    host_ns = 0;
}

static void destroy(struct umbra *u)
{
    ck_assert_msg(umbra_destroy(u, error), "%s", error);
}

static uint32_t peek32(struct umbra *u, uint64_t address)
{
    uint8_t b[4];

    umbra_peek(u, address, b, sizeof b);
    return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

/* ---------------------------------------------------------- how runs end */

START_TEST(debug_exit)
{
    struct umbra *u = MAKE(0xB0, 0x05, 0xE6, 0xF4); /* mov al,5; out F4,al */

    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    ck_assert_uint_eq(umbra_exit_status(u), 11);
    ck_assert_uint_le(umbra_instructions(u), 4);
    /* It stays so until a reset. */
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    umbra_reset(u);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    destroy(u);
}
END_TEST

/* What is in the queue of the serial port when the run ends, and how. */
static const struct {
    uint8_t code[9];
    enum umbra_reason reason;
} ends[] = {
    {{0xB0, 0x00, 0xE6, 0xF4}, UMBRA_DEBUG_EXIT},
    {{0xB0, 0xFE, 0xE6, 0x64}, UMBRA_RESET},
    {{0x2E, 0x0F, 0x01, 0x1E, 0x38, 0x00, 0xCC}, UMBRA_TRIPLE_FAULT},
};

START_TEST(last_words_are_heard)
{
    /* FIFO on; 8N1; eight characters from 'B' on */
    uint8_t code[64] = {0xBA, 0xFA, 0x03, 0xB0, 0x01, 0xEE, 0x42, 0xB0,
                        0x03, 0xEE, 0xBA, 0xF8, 0x03, 0xB0, 'B',  0xB9,
                        0x08, 0x00, 0xEE, 0xFE, 0xC0, 0xE2, 0xFB};
    struct umbra *u;

    memcpy(code + 23, ends[_i].code, sizeof ends[_i].code);
    config.no_reboot = true;
    u = make(code, sizeof code);
    ck_assert_int_eq(umbra_run(u, SEC), ends[_i].reason);
    ck_assert_str_eq(serial, "BCDEFGHI");
    ck_assert_int_eq(umbra_run(u, SEC), ends[_i].reason);
    ck_assert_str_eq(serial, "BCDEFGHI");
    umbra_reset(u);
    ck_assert_int_eq(umbra_run(u, SEC), ends[_i].reason);
    ck_assert_str_eq(serial, "BCDEFGHIBCDEFGHI");
    destroy(u);
}
END_TEST

/* The card's memory goes before the CPU that knew code in it. */
START_TEST(code_in_video_memory)
{
    struct umbra *u =
        MAKE(0xBA, 0xCE, 0x01, /* mov dx,1CE; 640 x 480 x 8, on */
             0xB8, 0x01, 0x00, 0xEF, 0x42, 0xB8, 0x80, 0x02, 0xEF, 0x4A, 0xB8,
             0x02, 0x00, 0xEF, 0x42, 0xB8, 0xE0, 0x01, 0xEF, 0x4A, 0xB8, 0x03,
             0x00, 0xEF, 0x42, 0xB8, 0x08, 0x00, 0xEF, 0x4A, 0xB8, 0x04, 0x00,
             0xEF, 0x42, 0xB8, 0x01, 0x00, 0xEF,
             /* memory on, at A0000 */
             0xBA, 0xC2, 0x03, 0xB0, 0x63, 0xEE, 0x42, 0xB0, 0x01, 0xEE, 0xBA,
             0xCE, 0x03, 0xB8, 0x06, 0x05, 0xEF,
             /* a RETF there, which is called; out F4,al */
             0xB8, 0x00, 0xA0, 0x8E, 0xD8, 0xC6, 0x06, 0x00, 0x00, 0xCB, 0x9A,
             0x00, 0x00, 0x00, 0xA0, 0xB0, 0x02, 0xE6, 0xF4);
    uint8_t byte;

    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    umbra_peek(u, 0xA0000, &byte, 1);
    ck_assert_uint_eq(byte, 0xCB);
    destroy(u);
}
END_TEST

/* The three ways to pulse the reset line. */
static const struct {
    uint8_t code[12];
    unsigned size;
} resets[] = {
    {{0xB0, 0x01, 0xE6, 0x92}, 4},                               /* port 92 */
    {{0xB0, 0xFE, 0xE6, 0x64}, 4},                               /* 8042 */
    {{0xBA, 0xF9, 0x0C, 0xB0, 0x02, 0xEE, 0xB0, 0x06, 0xEE}, 9}, /* CF9 */
};

START_TEST(resets_stop_under_no_reboot)
{
    struct umbra *u;

    config.no_reboot = true;
    u = make(resets[_i].code, resets[_i].size);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_RESET);
    ck_assert_uint_lt(umbra_now(u), SEC);
    destroy(u);
}
END_TEST

/* CMOS byte 40h counts how often the firmware starts; the third time the
 * count leaves through F4. */
START_TEST(resets_start_again)
{
    static const uint8_t count[] = {
        0xB0, 0x40, 0xE6, 0x70, /* mov al,40h; out 70,al */
        0xE4, 0x71, 0xFE, 0xC0, /* in al,71; inc al */
        0xE6, 0x71, 0x3C, 0x03, /* out 71,al; cmp al,3 */
        0x72, 0x02, 0xE6, 0xF4, /* jb +2; out F4,al */
    };
    uint8_t code[64];
    struct umbra *u;

    memcpy(code, count, sizeof count);
    memcpy(code + sizeof count, resets[_i].code, resets[_i].size);
    u = make(code, sizeof count + resets[_i].size);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    ck_assert_uint_eq(umbra_exit_status(u), 7);
    destroy(u);
}
END_TEST

START_TEST(triple_fault)
{
    /* lidt cs:[20h] (zeros); int3 */
    struct umbra *u;

    config.no_reboot = true;
    u = MAKE(0x2E, 0x0F, 0x01, 0x1E, 0x20, 0x00, 0xCC, 0, 0, 0, 0, 0, 0, 0, 0,
             0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
             0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_TRIPLE_FAULT);
    destroy(u);
}
END_TEST

START_TEST(power_off)
{
    /* mov dx,8900h; mov si,10h; mov cx,8; cs rep outsb; "Shutdown" */
    struct umbra *u = MAKE(0xBA, 0x00, 0x89, 0xBE, 0x10, 0x00, 0xB9, 0x08, 0x00,
                           0x2E, 0xF3, 0x6E, 0xF4, 0xF4, 0xF4, 0xF4, 'S', 'h',
                           'u', 't', 'd', 'o', 'w', 'n');

    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_POWER_OFF);
    destroy(u);
}
END_TEST

/* CMOS 0Fh = 0Ah: a 286 program leaves protected mode. Only the CPU is
 * reset, and it is no reboot. */
START_TEST(reset_to_leave_protected_mode)
{
    struct umbra *u;

    config.no_reboot = true;
    u = MAKE(0xB0, 0x8F, 0xE6, 0x70, 0xE4, 0x71, /* CMOS 0Fh -> al */
             0x3C, 0x0A, 0x74, 0x0C,             /* there already: +12 */
             0xB0, 0x0A, 0xE6, 0x71,             /* 0Fh := 0Ah */
             0xB0, 0x5A, 0xE6, 0x21,             /* mask of the 8259 */
             0xB0, 0xFE, 0xE6, 0x64,             /* reset the CPU */
             0xE4, 0x21, 0xE6, 0xF4);            /* exit with that mask */
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    ck_assert_uint_eq(umbra_exit_status(u), 0x5A * 2 + 1);
    destroy(u);
}
END_TEST

/* Real mode with 32-bit offsets. The local APIC's timer is started with
 * `ticks` (1 ns each) within a run of INC CX that is one block; its interrupt
 * writes CL to port F4h. */
static unsigned counted_at(uint8_t ticks, uint64_t slice)
{
    uint8_t code[198] = {
        0xFA, 0x31, 0xC0, 0x8E, 0xD0, 0xBC, 0x00, 0x70, 0x8E, 0xD8, 0xC7,
        0x06, 0x00, 0x01, 0xA5, 0x00, 0x8C, 0x0E, 0x02, 0x01, 0x2E, 0x66,
        0x0F, 0x01, 0x16, 0xC0, 0x00, 0x0F, 0x20, 0xC0, 0x40, 0x0F, 0x22,
        0xC0, 0xBB, 0x08, 0x00, 0x8E, 0xDB, 0x48, 0x0F, 0x22, 0xC0, 0x66,
        0xBB, 0x00, 0x00, 0xE0, 0xFE, 0x67, 0x66, 0xC7, 0x83, 0xF0, 0x00,
        0x00, 0x00, 0xFF, 0x01, 0x00, 0x00, 0x67, 0x66, 0xC7, 0x83, 0x20,
        0x03, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x67, 0x66, 0xC7, 0x83,
        0xE0, 0x03, 0x00, 0x00, 0x0B, 0x00, 0x00, 0x00, 0x31, 0xC9, 0xFB,
        0x90, 0xEB, 0x00, 0x67, 0x66, 0xC7, 0x83, 0x80, 0x03, 0x00, 0x00};
    static const uint8_t end[] = {
        0xEB, 0xFE, 0x88, 0xC8, 0xE6, 0xF4, 0xF4, 0x8D, 0xB4, 0x00, 0x00, 0x66,
        0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0x00,
        0x00, 0x00, 0x93, 0xCF, 0x00, 0x0F, 0x00, 0xB0, 0x00, 0x0F, 0x00};
    enum umbra_reason reason;
    struct umbra *u;
    unsigned status;

    code[0x63] = ticks;
    memset(code + 0x67, 0x41, 60); /* inc cx */
    memcpy(code + 0xA3, end, sizeof end);
    u = make(code, sizeof code);
    do
        reason = umbra_run(u, slice);
    while (reason == UMBRA_BUDGET && umbra_now(u) < MS);
    ck_assert_int_eq(reason, UMBRA_DEBUG_EXIT);
    status = umbra_exit_status(u) / 2;
    destroy(u);
    return status;
}

/* An event that a store arms comes at its instruction, wherever slices and
 * blocks end. */
START_TEST(slices_do_not_move_interrupts)
{
    for (unsigned ticks = 1; ticks < 250; ticks += 8) {
        unsigned whole = counted_at((uint8_t)ticks, MS);

        ck_assert_uint_eq(whole, ticks < 240 ? ticks / 4 : 60);
        ck_assert_uint_eq(counted_at((uint8_t)ticks, 1), whole);
        ck_assert_uint_eq(counted_at((uint8_t)ticks, 13), whole);
    }
}
END_TEST

START_TEST(stop_from_outside)
{
    struct umbra *u = MAKE(0xEB, 0xFE); /* jmp $ */

    umbra_stop(u);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_STOPPED);
    ck_assert_int_eq(umbra_run(u, MS), UMBRA_BUDGET);
    destroy(u);
}
END_TEST

/* ------------------------------------------------------------------ time */

START_TEST(instructions_are_time)
{
    struct umbra *u = MAKE(0xEB, 0xFE);

    ck_assert_int_eq(umbra_run(u, MS), UMBRA_BUDGET);
    ck_assert_uint_eq(umbra_instructions(u), MS / 4);
    ck_assert_uint_eq(umbra_now(u), MS);
    ck_assert_uint_eq(umbra_idle_total(u), 0);
    destroy(u);
    config.icount_shift = 0;
    u = MAKE(0xEB, 0xFE);
    umbra_run(u, MS);
    ck_assert_uint_eq(umbra_instructions(u), MS);
    destroy(u);
}
END_TEST

/* Drivers count how often they read a port before they give up. */
START_TEST(ports_take_longer_than_instructions)
{
    /* mov cx,1000; in al,61h; loop; rep outsb, 1000 times; jmp $ */
    struct umbra *u = MAKE(0xB9, 0xE8, 0x03, 0xE4, 0x61, 0xE2, 0xFC, 0xB9, 0xE8,
                           0x03, 0xBA, 0x80, 0x00, 0xF3, 0x6E, 0xEB, 0xFE);
    uint64_t waited;

    /* A run ends in time, although the ports take most of it. */
    ck_assert_int_eq(umbra_run(u, MS / 2), UMBRA_BUDGET);
    ck_assert_uint_le(umbra_now(u), MS / 2 + 504);
    ck_assert_uint_lt(umbra_instructions(u), 2000);
    umbra_run(u, MS);
    waited = umbra_now(u) - umbra_instructions(u) * 4;
    ck_assert_uint_eq(waited, 2000 * 500);
    ck_assert_uint_eq(umbra_idle_total(u), 0);
    destroy(u);
}
END_TEST

START_TEST(idle_time_passes_at_once)
{
    struct umbra *u = MAKE(0xFA, 0xF4); /* cli; hlt */

    ck_assert_int_eq(umbra_run(u, 3600 * SEC), UMBRA_BUDGET);
    ck_assert_uint_eq(umbra_now(u), 3600 * SEC);
    ck_assert_uint_lt(umbra_instructions(u), 10);
    ck_assert_uint_gt(umbra_idle_total(u), 3599 * SEC);
    ck_assert_uint_gt(umbra_idle_for(u), 0);
    destroy(u);
}
END_TEST

START_TEST(host_clock_returns_idle)
{
    struct umbra *u;

    config.clock = UMBRA_CLOCK_HOST;
    host_ns = 5 * SEC;
    u = MAKE(0xFA, 0xF4);
    ck_assert_uint_eq(umbra_now(u), 0);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_IDLE);
    ck_assert_uint_gt(umbra_idle_for(u), 0);
    host_ns += MS;
    ck_assert_uint_eq(umbra_now(u), MS);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_IDLE);
    ck_assert_uint_eq(umbra_idle_total(u), MS);
    destroy(u);
}
END_TEST

/* 8259 and 8254 as a BIOS sets them up, 100 Hz, the handler counts at
 * 0:0500. */
static const uint8_t ticker[] = {
    0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0x00, 0x7C, /* ds, ss, sp */
    0xC7, 0x06, 0x20, 0x00, 0x60, 0x00,                   /* vector 8 */
    0xC7, 0x06, 0x22, 0x00, 0x00, 0xF0, 0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08,
    0xE6, 0x21,                                     /* ICW1, ICW2 */
    0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21, /* ICW3, ICW4 */
    0xB0, 0xFE, 0xE6, 0x21,                         /* only IRQ 0 */
    0xB0, 0x34, 0xE6, 0x43,                         /* mode 2 */
    0xB0, 0x9C, 0xE6, 0x40, 0xB0, 0x2E, 0xE6, 0x40, /* 11932 */
    0xFB, 0xF4, 0x40, 0xEB, 0xFC,                   /* sti; hlt; ... */
    0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4,
    0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4,
    0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4,
    0xF4, 0xF4,
    /* 60h: inc word [500h]; mov al,20h; out 20h,al; iret */
    0xFF, 0x06, 0x00, 0x05, 0xB0, 0x20, 0xE6, 0x20, 0xCF};

START_TEST(timer_wakes_the_cpu)
{
    struct umbra *u;

    ck_assert_uint_eq(ticker[0x60], 0xFF);
    u = make(ticker, sizeof ticker);
    umbra_run(u, 10 * SEC);
    ck_assert_uint_ge(peek32(u, 0x500) & 0xFFFF, 998);
    ck_assert_uint_le(peek32(u, 0x500) & 0xFFFF, 1000);
    ck_assert_uint_lt(umbra_instructions(u), 20000);
    destroy(u);
}
END_TEST

/* As long as it takes: the end lies beyond what the clock can count. */
START_TEST(runs_without_an_end)
{
    /* The ticker, but its interrupt handler ends the run. */
    uint8_t code[sizeof ticker];
    struct umbra *u;

    memcpy(code, ticker, sizeof code);
    memcpy(code + 0x60, "\xE6\xF4\xF4", 3); /* out F4h, al; hlt */
    u = make(code, sizeof code);
    ck_assert_int_eq(umbra_run(u, 1), UMBRA_BUDGET);
    ck_assert_int_eq(umbra_run(u, UINT64_MAX), UMBRA_DEBUG_EXIT);
    ck_assert_uint_lt(umbra_instructions(u), 1000);
    destroy(u);
}
END_TEST

/* The same run, however it is cut into slices, with derived state dropped,
 * and under either policy of the MMU. */
START_TEST(slices_do_not_matter)
{
    struct umbra *u = make(ticker, sizeof ticker);
    uint64_t hash, instructions;

    umbra_run(u, SEC);
    hash = umbra_state_hash(u);
    instructions = umbra_instructions(u);
    destroy(u);
    if (_i == 2)
        config.mmu = UMBRA_MMU_FLUSH;
    u = make(ticker, sizeof ticker);
    while (umbra_now(u) < SEC) {
        uint64_t left = SEC - umbra_now(u);
        umbra_run(u, left < 1234567 ? left : 1234567);
        if (_i == 1)
            umbra_drop_derived(u);
    }
    ck_assert_uint_eq(umbra_instructions(u), instructions);
    ck_assert_uint_eq(umbra_state_hash(u), hash);
    destroy(u);
}
END_TEST

START_TEST(two_boards_do_not_meet)
{
    struct umbra *a, *b;
    uint64_t hash;

    a = make(ticker, sizeof ticker);
    umbra_run(a, SEC);
    hash = umbra_state_hash(a);
    destroy(a);
    a = make(ticker, sizeof ticker);
    b = make(ticker, sizeof ticker);
    for (int i = 0; i < 100; i++) {
        umbra_run(a, SEC / 100);
        umbra_run(b, SEC / 50);
    }
    ck_assert_uint_eq(umbra_state_hash(a), hash);
    ck_assert_uint_ne(umbra_state_hash(b), hash);
    destroy(a);
    destroy(b);
}
END_TEST

/* ----------------------------------------------------------- connections */

START_TEST(serial_port_echoes)
{
    struct umbra *u = MAKE(0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE, /* 8N1 */
                           0xBA, 0xFD, 0x03,                   /* mov dx,3FDh */
                           0xEC, 0xA8, 0x01, 0x74, 0xFB, /* wait for data */
                           0xB2, 0xF8, 0xEC,             /* read it */
                           0xFE, 0xC0, 0xEE,             /* inc, send it */
                           0xB2, 0xFD, 0xEB, 0xF1);      /* again */
    const char *text = "HAL";

    umbra_run(u, MS);
    while (*text) {
        text += umbra_serial_input(u, 0, text, strlen(text));
        umbra_run(u, MS);
    }
    umbra_run(u, MS);
    ck_assert_str_eq(serial, "IBM");
    destroy(u);
}
END_TEST

START_TEST(keys_reach_the_controller)
{
    /* Wait for output of the 8042, store it at 0:0500 and on. */
    struct umbra *u =
        MAKE(0x31, 0xC0, 0x8E, 0xC0, 0xBF, 0x00, 0x05, /* es:di */
             0xB0, 0xAE, 0xE6, 0x64,                   /* enable the keyboard */
             0xE4, 0x64, 0xA8, 0x01, 0x74, 0xFA, 0xE4, 0x60, 0xAA, 0xEB, 0xF5);

    umbra_run(u, 20 * MS);
    umbra_key(u, 0x1E, true);
    umbra_run(u, 20 * MS);
    umbra_key(u, 0x1E, false);
    umbra_run(u, 20 * MS);
    ck_assert_uint_ne(peek32(u, 0x500), 0);
    ck_assert(umbra_key_ready(u));
    destroy(u);
}
END_TEST

/* A20 off through port 92h and the 8042: 1 MiB + 500h is 500h. */
START_TEST(a20_gate)
{
    struct umbra *u =
        MAKE(0x31, 0xC0, 0x8E, 0xD8, 0x48, 0x8E, 0xC0, /* ds 0, es FFFF */
             0xC6, 0x06, 0x00, 0x05, 0x11,             /* [500h] = 11h */
             0x26, 0xC6, 0x06, 0x10, 0x05, 0x22,       /* [100500h] = 22h */
             0xA0, 0x00, 0x05, 0xA2, 0x01, 0x05,       /* [501h] = [500h] */
             0xB0, 0x00, 0xE6, 0x92,                   /* gate closed */
             0x26, 0xC6, 0x06, 0x10, 0x05, 0x33,       /* [100500h] = 33h */
             0xA0, 0x00, 0x05, 0xA2, 0x02, 0x05, 0xF4);

    umbra_run(u, MS);
    ck_assert_uint_eq(peek32(u, 0x500) >> 8 & 0xFF, 0x11);
    ck_assert_uint_eq(peek32(u, 0x500) >> 16 & 0xFF, 0x33);
    ck_assert_uint_eq(peek32(u, 0x100500) & 0xFF, 0x22);
    destroy(u);
}
END_TEST

/* The firmware copies CMOS to 0:0500. */
START_TEST(cmos_tells_memory_and_drives)
{
    static const struct {
        uint64_t mib;
        unsigned ext_kib, above_16m;
    } sizes[] = {{1, 0, 0}, {2, 1024, 0}, {16, 15360, 0}, {80, 65535, 1024}};
    struct umbra *u;
    unsigned value;

    config.ram_bytes = sizes[_i].mib << 20;
    config.boot_order = "dca";
    u = MAKE(0x31, 0xC0, 0x8E, 0xC0, 0xBF, 0x00, 0x05, 0x31, 0xDB, 0x88, 0xD8,
             0xE6, 0x70, 0xE4, 0x71, 0xAA, 0x43, 0x80, 0xFB, 0x80, 0x75, 0xF3,
             0xF4);
    umbra_run(u, MS);
    value = peek32(u, 0x500 + 0x15) & 0xFFFF;
    ck_assert_uint_eq(value, 640);
    value = peek32(u, 0x500 + 0x17) & 0xFFFF;
    ck_assert_uint_eq(value, sizes[_i].ext_kib);
    value = peek32(u, 0x500 + 0x30) & 0xFFFF;
    ck_assert_uint_eq(value, sizes[_i].ext_kib);
    value = peek32(u, 0x500 + 0x34) & 0xFFFF;
    ck_assert_uint_eq(value, sizes[_i].above_16m);
    ck_assert_uint_eq(peek32(u, 0x500 + 0x10) & 0xFF, 0x40);
    ck_assert_uint_eq(peek32(u, 0x500 + 0x3D) & 0xFF, 0x23);
    ck_assert_uint_eq(peek32(u, 0x500 + 0x38) >> 4 & 0xF, 1);
    destroy(u);
}
END_TEST

START_TEST(bios_shows_at_both_places)
{
    struct umbra *u = MAKE(0x90, 0x12, 0x34, 0x56);

    ck_assert_uint_eq(peek32(u, 0xF0000), 0x56341290);
    ck_assert_uint_eq(peek32(u, 0xFFFF0000), 0x56341290);
    ck_assert_uint_eq(peek32(u, 0x200000), 0xFFFFFFFF); /* no RAM there */
    destroy(u);
}
END_TEST

/* ----------------------------------------------------------- what is told */

START_TEST(registers_have_names)
{
    struct umbra *u = MAKE(0xB8, 0x34, 0x12, 0xF4); /* mov ax,1234h; hlt */
    uint64_t value;

    umbra_run(u, MS);
    ck_assert(umbra_get_register(u, "rax", &value) && value == 0x1234);
    ck_assert(umbra_get_register(u, "cs", &value) && value == 0xF000);
    ck_assert(umbra_get_register(u, "cs_base", &value) && value == 0xF0000);
    ck_assert(umbra_get_register(u, "rip", &value) && value == 4);
    ck_assert(!umbra_get_register(u, "xyz", &value));
    for (unsigned n = 0; umbra_register_name(n); n++)
        ck_assert(umbra_get_register(u, umbra_register_name(n), &value));
    destroy(u);
}
END_TEST

START_TEST(stats_are_one_object)
{
    struct umbra *u = MAKE(0xF4);
    size_t size = umbra_stats(u, NULL, 0);
    char *text = malloc(size + 1);

    ck_assert_uint_eq(umbra_stats(u, text, size + 1), size);
    ck_assert_uint_eq(strlen(text), size);
    ck_assert_int_eq(text[0], '{');
    ck_assert_str_eq(text + size - 2, "}\n");
    ck_assert_ptr_nonnull(strstr(text, "\"state_hash\": \""));
    ck_assert_ptr_nonnull(strstr(text, "\"instructions\": 0"));
    text[10] = 'x';
    umbra_stats(u, text, 10); /* cut short */
    ck_assert_uint_eq(strlen(text), 9);
    ck_assert_int_eq(text[10], 'x');
    free(text);
    destroy(u);
}
END_TEST

static void count_line(void *opaque, const char *id, const char *description,
                       const char *line)
{
    ck_assert(*id && *description && strchr(line, '='));
    ++*(unsigned *)opaque;
}

START_TEST(every_part_shows_its_state)
{
    struct umbra *u = MAKE(0xF4);
    unsigned lines = 0;

    umbra_each_device(u, count_line, &lines);
    ck_assert_uint_gt(lines, 100);
    destroy(u);
}
END_TEST

static void find_buttons(void *opaque, const char *id, const char *description,
                         const char *line)
{
    bool *seen = opaque;

    (void)description;
    *seen |= !strcmp(id, "mouse") && !strcmp(line, "buttons = 0x1f");
}

START_TEST(mouse_has_five_buttons)
{
    struct umbra *u = MAKE(0xF4);
    bool seen = false;

    umbra_pointer(u, 0, 0, 0,
                  UMBRA_BUTTON_LEFT | UMBRA_BUTTON_RIGHT | UMBRA_BUTTON_MIDDLE |
                      UMBRA_BUTTON_BACK | UMBRA_BUTTON_FORWARD | 0x100);
    umbra_each_device(u, find_buttons, &seen);
    ck_assert(seen);
    destroy(u);
}
END_TEST

/* ------------------------------------------------------------- bad input */

static void refused(const char *part)
{
    struct umbra *u = umbra_create(&config, NULL, error);

    ck_assert_msg(!u, "accepted; expected: %s", part);
    ck_assert_msg(strstr(error, part) != NULL, "%s", error);
    ck_assert_ptr_null(strchr(error, '\n'));
}

START_TEST(bad_configurations)
{
    refused("firmware: there is none");
    config.bios = (struct umbra_blob){rom, 1000};
    refused("multiple of 4 KiB");
    config.bios.size = sizeof rom;
    config.ram_bytes = 1 << 19;
    refused("RAM: must be");
    config.ram_bytes = (1 << 20) + 4096;
    refused("RAM: must be");
    config.ram_bytes = 1ull << 41;
    refused("RAM: must be");
    config.ram_bytes = 2 << 20;
    config.clock = UMBRA_CLOCK_HOST;
    refused("the host gives none");
    config.clock = UMBRA_CLOCK_VIRTUAL;
    config.boot_order = "x";
    refused("boot order");
    config.boot_order = NULL;
    config.icount_shift = 11;
    refused("clock");
    config.icount_shift = 2;
    config.media[UMBRA_HDA].path = "/nonexistent/disk.img";
    refused("/nonexistent/disk.img: ");
    config.media[UMBRA_HDA].path = "/";
    refused("/: ");
    config.media[UMBRA_HDA].path = NULL;
    config.kernel = (struct umbra_blob){rom, 1000};
    config.kernel_name = "zeros";
    refused("zeros: holds no Linux");
}
END_TEST

START_TEST(media_can_be_changed)
{
    static const uint8_t zeros[1474560];
    char name[] = "/tmp/umbra-check-XXXXXX";
    struct umbra_media media = {.path = name, .snapshot = true};
    int fd = mkstemp(name);
    struct umbra *u;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, zeros, sizeof zeros), sizeof zeros);
    u = MAKE(0xF4);
    ck_assert_msg(umbra_insert(u, UMBRA_FDA, &media, error), "%s", error);
    ck_assert(umbra_insert(u, UMBRA_FDA, &media, error));
    ck_assert(umbra_eject(u, UMBRA_FDA, error));
    ck_assert(umbra_eject(u, UMBRA_FDA, error));
    ck_assert(!umbra_insert(u, UMBRA_FDB, &media, error));
    ck_assert_ptr_nonnull(strstr(error, "no drive B"));
    ck_assert(!umbra_insert(u, UMBRA_HDA, &media, error));
    ck_assert(!umbra_insert(u, UMBRA_DRIVES, &media, error));
    ck_assert_int_eq(ftruncate(fd, 50 << 20), 0);
    ck_assert(!umbra_insert(u, UMBRA_FDA, &media, error));
    ck_assert_ptr_nonnull(strstr(error, "no floppy's size"));
    media.path = "/nonexistent";
    ck_assert(!umbra_insert(u, UMBRA_FDA, &media, error));
    ck_assert_int_eq(umbra_drive_by_name("cdrom"), UMBRA_HDC);
    ck_assert_int_eq(umbra_drive_by_name("hdd"), UMBRA_HDD);
    ck_assert_int_eq(umbra_drive_by_name("fdc"), UMBRA_DRIVES);
    destroy(u);
    close(fd);
    unlink(name);
}
END_TEST

/* UEFI firmware gets Linux in two parts; a count of 0 set-up sectors means 4
 * (Documentation/arch/x86/boot.rst, setup_sects). */
START_TEST(uefi_firmware_gets_the_kernel)
{
    static uint8_t kernel[8192];
    struct umbra *u;

    memcpy(kernel, "MZ", 2);
    kernel[0x3C] = 0x80;
    memcpy(kernel + 0x80, "PE\0\0\x64\x86", 6);
    kernel[0x80 + 24 + 68] = 10; /* an application */
    memcpy(kernel + 510, "\x55\xAA", 2);
    memcpy(kernel + 0x202, "HdrS", 4);
    /* mov dx, 510h; mov ax, 17h; out dx, ax; inc dx; mov di, 600h; mov cx, 4;
     * next: in al, dx; mov [di], al; inc di; loop next; out F4h, al */
    u = MAKE(0xBA, 0x10, 0x05, 0xB8, 0x17, 0x00, 0xEF, 0x42, 0xBF, 0x00, 0x06,
             0xB9, 0x04, 0x00, 0xEC, 0x88, 0x05, 0x47, 0xE2, 0xFA, 0xE6, 0xF4);
    destroy(u);
    memcpy(rom + 0x1028, "_FVH", 4);
    config.kernel = (struct umbra_blob){kernel, sizeof kernel};
    u = umbra_create(&config, NULL, error);
    ck_assert_msg(u != NULL, "%s", error);
    ck_assert_int_eq(umbra_run(u, SEC), UMBRA_DEBUG_EXIT);
    ck_assert_uint_eq(peek32(u, 0x600), 5 * 512);
    destroy(u);
}
END_TEST

/* Random firmware may do what it likes to every port: the host survives,
 * and each run can be repeated. */
START_TEST(random_firmware)
{
    uint8_t code[4096];
    uint64_t hash = 0;

    for (int run = 0; run < 2; run++) {
        struct umbra *u;
        srand((unsigned)_i);
        for (size_t i = 0; i < sizeof code; i++)
            code[i] = (uint8_t)rand();
        /* Port instructions are frequent. */
        for (int i = 0; i < 800; i++) {
            size_t at = (size_t)rand() % (sizeof code - 4);
            code[at] = 0xBA; /* mov dx,... */
            code[at + 3] = rand() & 1 ? 0xEE : 0xEC;
        }
        u = make(code, sizeof code);
        umbra_run(u, 4 * MS);
        if (run)
            ck_assert_uint_eq(umbra_state_hash(u), hash);
        hash = umbra_state_hash(u);
        umbra_destroy(u, error);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("machine");
    TCase *c = tcase_create("machine");

    tcase_add_checked_fixture(c, start, NULL);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, debug_exit);
    tcase_add_loop_test(c, last_words_are_heard, 0, 3);
    tcase_add_test(c, code_in_video_memory);
    tcase_add_loop_test(c, resets_stop_under_no_reboot, 0, 3);
    tcase_add_loop_test(c, resets_start_again, 0, 3);
    tcase_add_test(c, triple_fault);
    tcase_add_test(c, power_off);
    tcase_add_test(c, reset_to_leave_protected_mode);
    tcase_add_test(c, slices_do_not_move_interrupts);
    tcase_add_test(c, stop_from_outside);
    tcase_add_test(c, instructions_are_time);
    tcase_add_test(c, ports_take_longer_than_instructions);
    tcase_add_test(c, idle_time_passes_at_once);
    tcase_add_test(c, host_clock_returns_idle);
    tcase_add_test(c, timer_wakes_the_cpu);
    tcase_add_test(c, runs_without_an_end);
    tcase_add_loop_test(c, slices_do_not_matter, 0, 3);
    tcase_add_test(c, two_boards_do_not_meet);
    tcase_add_test(c, serial_port_echoes);
    tcase_add_test(c, keys_reach_the_controller);
    tcase_add_test(c, a20_gate);
    tcase_add_loop_test(c, cmos_tells_memory_and_drives, 0, 4);
    tcase_add_test(c, bios_shows_at_both_places);
    tcase_add_test(c, registers_have_names);
    tcase_add_test(c, stats_are_one_object);
    tcase_add_test(c, every_part_shows_its_state);
    tcase_add_test(c, mouse_has_five_buttons);
    tcase_add_test(c, bad_configurations);
    tcase_add_test(c, media_can_be_changed);
    tcase_add_test(c, uefi_firmware_gets_the_kernel);
    tcase_add_loop_test(c, random_firmware, 0, 40);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
