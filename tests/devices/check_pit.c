/* check_pit - 8254: all modes against the timing diagrams of the data
 * sheet, latches, read-back, gates; port 61h and the speaker's tone.
 * Alone: make tests/devices/check_pit && tests/devices/check_pit */
#include "tests/devices/fake.h"

#include "devices/pit_i8254.h"
#include "devices/speaker.h"

struct rig {
    struct fake *fake;
    struct pit *pit;
    struct speaker *speaker;
    uint32_t tone;
    unsigned tones;
};

static void on_tone(void *opaque, uint32_t millihertz)
{
    struct rig *r = opaque;

    r->tone = millihertz;
    r->tones++;
}

static void rig_create(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->pit = pit_create(&(struct pit_config){.ports = r->fake->ports,
                                             .sched = &r->fake->sched,
                                             .log = &r->fake->log,
                                             .irq = &r->fake->wire[0].irq});
    r->speaker =
        speaker_create(&(struct speaker_config){.ports = r->fake->ports,
                                                .sched = &r->fake->sched,
                                                .log = &r->fake->log,
                                                .pit = r->pit,
                                                .tone = on_tone,
                                                .opaque = r});
    r->fake->wire[0].rises = 0;
}

static void rig_destroy(struct rig *r)
{
    speaker_port61.destroy(speaker_device(r->speaker));
    pit_i8254.destroy(pit_device(r->pit));
    fake_destroy(r->fake);
}

static uint64_t tick(struct rig *r)
{
    return pit_ticks_from_ns(r->fake->now);
}

/* To the start of tick `now + count`. */
static void pass(struct rig *r, uint64_t count)
{
    fake_run_to(r->fake, pit_ns_from_ticks(tick(r) + count));
}

static void program(struct rig *r, unsigned channel, uint8_t control,
                    uint16_t count)
{
    out8(r->fake, 0x43, (uint8_t)(channel << 6 | 0x30 | control));
    out8(r->fake, (uint16_t)(0x40 + channel), (uint8_t)count);
    out8(r->fake, (uint16_t)(0x40 + channel), (uint8_t)(count >> 8));
}

static uint16_t value(struct rig *r, unsigned channel)
{
    uint16_t low;

    out8(r->fake, 0x43, (uint8_t)(channel << 6));
    low = in8(r->fake, (uint16_t)(0x40 + channel));
    return (uint16_t)(in8(r->fake, (uint16_t)(0x40 + channel)) << 8 | low);
}

/* OUT at `count` ticks from now on, one character each. */
static const char *wave(struct rig *r, unsigned channel, unsigned count)
{
    static char text[64];

    for (unsigned i = 0; i < count; i++) {
        text[i] = pit_output(r->pit, channel) ? '1' : '0';
        text[i + 1] = 0;
        pass(r, 1);
    }
    return text;
}

START_TEST(clock_is_exact)
{
    ck_assert_uint_eq(pit_ticks_from_ns(NS_PER_SEC * 88), 105000000);
    /* Also in a PC that has been on for a century. */
    ck_assert_uint_eq(pit_ticks_from_ns(1ull << 62), 5502579908350860ull);
    ck_assert_uint_eq(pit_ns_from_ticks(5502579908350860ull),
                      4611686018427387429ull);
    for (uint64_t t = 0; t < 300000; t += 7) {
        uint64_t ns = pit_ns_from_ticks(t);
        ck_assert_uint_eq(pit_ticks_from_ns(ns), t);
        if (ns)
            ck_assert_uint_eq(pit_ticks_from_ns(ns - 1), t - 1);
    }
}
END_TEST

/* Data sheet, figure 15: mode 0, CW, LSB = 4. */
START_TEST(mode0_interrupt_on_terminal_count)
{
    struct rig r;

    rig_create(&r);
    pit_set_gate(r.pit, 2, true);
    program(&r, 2, 0x00, 4);
    ck_assert_str_eq(wave(&r, 2, 8), "00000111");
    ck_assert_uint_eq(value(&r, 2), 0xFFFD); /* goes on counting */
    /* The gate holds the count, and OUT does not rise. */
    program(&r, 2, 0x00, 4);
    pass(&r, 3);
    ck_assert_uint_eq(value(&r, 2), 2);
    pit_set_gate(r.pit, 2, false);
    pass(&r, 10);
    ck_assert_uint_eq(value(&r, 2), 2);
    ck_assert(!pit_output(r.pit, 2));
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 3), "001");
    rig_destroy(&r);
}
END_TEST

START_TEST(mode0_first_byte_stops_the_count)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x00, 4);
    pass(&r, 10);
    ck_assert(pit_output(r.pit, 0));
    ck_assert(r.fake->wire[0].level);
    out8(r.fake, 0x40, 3);
    ck_assert(!pit_output(r.pit, 0));
    ck_assert(!r.fake->wire[0].level);
    pass(&r, 100);
    ck_assert(!pit_output(r.pit, 0));
    out8(r.fake, 0x40, 0);
    ck_assert_str_eq(wave(&r, 0, 6), "000011");
    rig_destroy(&r);
}
END_TEST

/* Figure 16: OUT low from trigger for N ticks, retriggerable. */
START_TEST(mode1_one_shot)
{
    struct rig r;

    rig_create(&r);
    program(&r, 2, 0x02, 3);
    ck_assert_str_eq(wave(&r, 2, 5), "11111");
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 6), "100011");
    pit_set_gate(r.pit, 2, false);
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 3), "100");
    pit_set_gate(r.pit, 2, false);
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 6), "000011");
    /* A new count waits for the next trigger. */
    pit_set_gate(r.pit, 2, false);
    pit_set_gate(r.pit, 2, true);
    pass(&r, 1);
    out8(r.fake, 0x42, 5);
    out8(r.fake, 0x42, 0);
    ck_assert_str_eq(wave(&r, 2, 4), "0001");
    rig_destroy(&r);
}
END_TEST

/* Figure 17: OUT low for the last tick of N. */
START_TEST(mode2_rate_generator)
{
    struct rig r;

    rig_create(&r);
    pit_set_gate(r.pit, 2, true);
    program(&r, 2, 0x04, 3);
    ck_assert_str_eq(wave(&r, 2, 8), "11101101");
    /* A new count is loaded at the end of the cycle. */
    program(&r, 2, 0x04, 4);
    pass(&r, 2);
    out8(r.fake, 0x42, 5);
    out8(r.fake, 0x42, 0);
    ck_assert_str_eq(wave(&r, 2, 10), "1101111011");
    /* GATE low raises OUT, its rise starts anew. */
    program(&r, 2, 0x04, 3);
    pass(&r, 3);
    ck_assert(!pit_output(r.pit, 2));
    pit_set_gate(r.pit, 2, false);
    ck_assert_str_eq(wave(&r, 2, 3), "111");
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 5), "11101");
    rig_destroy(&r);
}
END_TEST

/* Figure 18: even and odd counts. */
START_TEST(mode3_square_wave)
{
    struct rig r;

    rig_create(&r);
    pit_set_gate(r.pit, 2, true);
    program(&r, 2, 0x06, 4);
    ck_assert_str_eq(wave(&r, 2, 9), "111001100");
    program(&r, 2, 0x06, 5);
    ck_assert_str_eq(wave(&r, 2, 12), "111100111001");
    program(&r, 2, 0x06, 6);
    pass(&r, 1);
    ck_assert_uint_eq(value(&r, 2), 6);
    pass(&r, 1);
    ck_assert_uint_eq(value(&r, 2), 4);
    pass(&r, 2);
    ck_assert_uint_eq(value(&r, 2), 6);
    /* A new count takes over at the end of the half cycle. */
    program(&r, 2, 0x06, 4);
    pass(&r, 1);
    out8(r.fake, 0x42, 6);
    out8(r.fake, 0x42, 0);
    ck_assert_str_eq(wave(&r, 2, 12), "110001110001");
    rig_destroy(&r);
}
END_TEST

/* Figure 19: one tick low, N + 1 after the write. */
START_TEST(mode4_software_strobe)
{
    struct rig r;

    rig_create(&r);
    pit_set_gate(r.pit, 2, true);
    program(&r, 2, 0x08, 3);
    ck_assert_str_eq(wave(&r, 2, 8), "11110111");
    program(&r, 2, 0x08, 3);
    pass(&r, 2);
    out8(r.fake, 0x42, 3);
    out8(r.fake, 0x42, 0);
    ck_assert_str_eq(wave(&r, 2, 6), "111101");
    rig_destroy(&r);
}
END_TEST

START_TEST(mode5_hardware_strobe)
{
    struct rig r;

    rig_create(&r);
    program(&r, 2, 0x0A, 3);
    ck_assert_str_eq(wave(&r, 2, 5), "11111");
    pit_set_gate(r.pit, 2, true);
    ck_assert_str_eq(wave(&r, 2, 6), "111101");
    pit_set_gate(r.pit, 2, false);
    ck_assert_str_eq(wave(&r, 2, 3), "111");
    rig_destroy(&r);
}
END_TEST

START_TEST(bcd_counts)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x05, 0x1000); /* mode 2, BCD */
    pass(&r, 2);
    ck_assert_uint_eq(value(&r, 0), 0x0999);
    pass(&r, 1000);
    ck_assert_uint_eq(value(&r, 0), 0x0999);
    program(&r, 0, 0x01, 0); /* mode 0: 10000 */
    pass(&r, 1);
    ck_assert_uint_eq(value(&r, 0), 0);
    pass(&r, 1);
    ck_assert_uint_eq(value(&r, 0), 0x9999);
    rig_destroy(&r);
}
END_TEST

START_TEST(irq0_is_periodic_and_does_not_drift)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x04, 0x4000);
    fake_run_to(r.fake, NS_PER_SEC * 10);
    /* 1193181.8 * 10 / 16384 = 728.2 */
    ck_assert_uint_eq(r.fake->wire[0].rises, 728);
    ck_assert_uint_eq(r.fake->wire[0].rise_at,
                      pit_ns_from_ticks(1 + 728 * 0x4000));
    program(&r, 0, 0x06, 0); /* mode 3: 18.2 Hz */
    r.fake->wire[0].rises = 0;
    fake_run(r.fake, NS_PER_SEC * 10);
    ck_assert_uint_eq(r.fake->wire[0].rises, 182);
    rig_destroy(&r);
}
END_TEST

/* A poll between deadline and event must not swallow the request. */
START_TEST(irq0_is_not_lost_when_somebody_looks_first)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x04, 100);
    for (unsigned i = 0; i < 50; i++) {
        r.fake->now = pit_ns_from_ticks(tick(&r) + 100);
        in8(r.fake, 0x40);
    }
    ck_assert_uint_eq(r.fake->wire[0].rises, 49);
    rig_destroy(&r);
}
END_TEST

/* Programs with interrupts off wait for the request to go and to come. */
START_TEST(irq0_shows_the_square_wave)
{
    struct rig r;
    char text[13] = "";

    rig_create(&r);
    program(&r, 0, 0x06, 6);
    pass(&r, 1);
    for (unsigned i = 0; i < 12; i++) {
        text[i] = r.fake->wire[0].level ? '1' : '0';
        if (i == 7)
            fake_round_trip(r.fake, pit_device(r.pit));
        pass(&r, 1);
    }
    ck_assert_str_eq(text, "111000111000");
    /* A control word makes OUT high, an edge like any other. */
    program(&r, 0, 0x06, 600);
    pass(&r, 1 + 400);
    ck_assert(!r.fake->wire[0].level);
    r.fake->wire[0].rises = 0;
    out8(r.fake, 0x43, 0x34);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    rig_destroy(&r);
}
END_TEST

/* The host comes back long after the rise: the guest still sees it. */
START_TEST(irq0_stays_when_the_host_was_late)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x06, 1000);
    pass(&r, 1 + 700);
    ck_assert(!r.fake->wire[0].level);
    r.fake->wire[0].rises = 0;
    r.fake->now = pit_ns_from_ticks(tick(&r) + 3 * 1000);
    in8(r.fake, 0x42); /* in the low half of a later cycle */
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    ck_assert(r.fake->wire[0].level);
    pass(&r, 249);
    ck_assert(r.fake->wire[0].level);
    pass(&r, 1);
    ck_assert(!r.fake->wire[0].level);
    pass(&r, 50);
    ck_assert_uint_eq(r.fake->wire[0].rises, 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(one_shot_raises_once)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x00, 100);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    ck_assert_uint_eq(r.fake->wire[0].rise_at, pit_ns_from_ticks(101));
    program(&r, 0, 0x08, 100);
    r.fake->wire[0].rises = 0;
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    rig_destroy(&r);
}
END_TEST

START_TEST(latch_holds_until_read)
{
    struct rig r;

    rig_create(&r);
    program(&r, 0, 0x04, 0x1234);
    pass(&r, 1);
    out8(r.fake, 0x43, 0x00);
    pass(&r, 0x34);
    out8(r.fake, 0x43, 0x00); /* ignored: not read yet */
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x34);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x12);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x00); /* live again */
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x12);
    rig_destroy(&r);
}
END_TEST

START_TEST(single_byte_access)
{
    struct rig r;

    rig_create(&r);
    out8(r.fake, 0x43, 0x14); /* channel 0, LSB, mode 2 */
    out8(r.fake, 0x40, 0x80);
    pass(&r, 0x11);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x70);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x70);
    out8(r.fake, 0x43, 0x24); /* MSB */
    out8(r.fake, 0x40, 0x12);
    pass(&r, 1);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x12);
    pass(&r, 1);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x11);
    rig_destroy(&r);
}
END_TEST

START_TEST(read_back)
{
    struct rig r;

    rig_create(&r);
    out8(r.fake, 0x43, 0x34);
    out8(r.fake, 0x43, 0xE2);                   /* status of channel 0 */
    ck_assert_uint_eq(in8(r.fake, 0x40), 0xF4); /* OUT, null count */
    out8(r.fake, 0x40, 0x00);
    out8(r.fake, 0x40, 0x10);
    out8(r.fake, 0x43, 0xE2);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0xF4); /* not yet loaded */
    pass(&r, 1);
    out8(r.fake, 0x43, 0xC2); /* count and status */
    pass(&r, 5);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0xB4);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x00);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0x10);
    ck_assert_uint_eq(in8(r.fake, 0x40), 0xFB);
    program(&r, 1, 0x00, 7);
    program(&r, 2, 0x06, 9);
    out8(r.fake, 0x43, 0xEC); /* status of 1 and 2 */
    ck_assert_uint_eq(in8(r.fake, 0x41), 0x70);
    ck_assert_uint_eq(in8(r.fake, 0x42), 0xF6);
    ck_assert_uint_eq(in8(r.fake, 0x43), 0xFF);
    rig_destroy(&r);
}
END_TEST

START_TEST(mode_6_and_7_are_2_and_3)
{
    struct rig r;

    rig_create(&r);
    pit_set_gate(r.pit, 2, true);
    program(&r, 2, 0x0C, 3);
    ck_assert_str_eq(wave(&r, 2, 7), "1110110");
    program(&r, 2, 0x0E, 4);
    ck_assert_str_eq(wave(&r, 2, 7), "1110011");
    rig_destroy(&r);
}
END_TEST

/* How Linux and others measure the CPU: gate on, count down, watch bit 5. */
START_TEST(port_61_shows_out2_and_refresh)
{
    struct rig r;
    unsigned toggles = 0;
    uint8_t last;

    rig_create(&r);
    out8(r.fake, 0x61, 0x01);
    program(&r, 2, 0x00, 11932); /* 10 ms */
    ck_assert_uint_eq(in8(r.fake, 0x61) & 0x2F, 0x01);
    pass(&r, 11932);
    ck_assert_uint_eq(in8(r.fake, 0x61) & 0x20, 0x00);
    pass(&r, 1);
    ck_assert_uint_eq(in8(r.fake, 0x61) & 0x20, 0x20);
    last = in8(r.fake, 0x61);
    for (unsigned i = 0; i < 1000; i++) {
        fake_run(r.fake, 1000);
        toggles += (in8(r.fake, 0x61) ^ last) >> 4 & 1;
        last = in8(r.fake, 0x61);
    }
    ck_assert_uint_ge(toggles, 65);
    ck_assert_uint_le(toggles, 67);
    out8(r.fake, 0x61, 0xFF);
    ck_assert_uint_eq(in8(r.fake, 0x61) & 0xCF, 0x0F);
    rig_destroy(&r);
}
END_TEST

START_TEST(speaker_tone)
{
    struct rig r;

    rig_create(&r);
    program(&r, 2, 0x06, 1193);
    ck_assert_uint_eq(r.tones, 0);
    out8(r.fake, 0x61, 0x03);
    ck_assert_uint_eq(r.tone, 1193181818 / 1193);
    out8(r.fake, 0x61, 0x03);
    ck_assert_uint_eq(r.tones, 1);
    program(&r, 2, 0x06, 2386);
    ck_assert_uint_eq(r.tone, 1193181818 / 2386);
    out8(r.fake, 0x61, 0x02);
    ck_assert_uint_eq(r.tone, 0);
    out8(r.fake, 0x61, 0x01);
    ck_assert_uint_eq(r.tone, 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;
    uint16_t before;

    rig_create(&r);
    program(&r, 0, 0x04, 1000);
    program(&r, 1, 0x05, 0x0777);
    program(&r, 2, 0x06, 1193);
    out8(r.fake, 0x61, 0x03);
    pass(&r, 2500);
    out8(r.fake, 0x40, 7); /* half a count */
    out8(r.fake, 0x43, 0xC4);
    before = value(&r, 2);
    fake_round_trip(r.fake, pit_device(r.pit));
    ck_assert_uint_eq(value(&r, 2), before);
    ck_assert_uint_ne(r.tone, 0);
    r.fake->wire[0].rises = 0;
    pass(&r, 1000);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    fake_round_trip(r.fake, speaker_device(r.speaker));
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("pit", clock_is_exact, mode0_interrupt_on_terminal_count,
          mode0_first_byte_stops_the_count, mode1_one_shot,
          mode2_rate_generator, mode3_square_wave, mode4_software_strobe,
          mode5_hardware_strobe, bcd_counts,
          irq0_is_periodic_and_does_not_drift,
          irq0_is_not_lost_when_somebody_looks_first,
          irq0_shows_the_square_wave, irq0_stays_when_the_host_was_late,
          one_shot_raises_once, latch_holds_until_read, single_byte_access,
          read_back, mode_6_and_7_are_2_and_3, port_61_shows_out2_and_refresh,
          speaker_tone, saved_and_loaded)
