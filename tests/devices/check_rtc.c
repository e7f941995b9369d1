/* check_rtc - MC146818A: calendar, formats, SET, UIP, the three interrupts.
 * Alone: make tests/devices/check_rtc && tests/devices/check_rtc */
#include "tests/devices/fake.h"

#include "devices/rtc_mc146818.h"

/* 2024-02-28 23:59:58, a Wednesday. */
#define LEAP_EVE 1709164798
enum { PIE = 0x40, AIE = 0x20, UIE = 0x10, BINARY = 0x04, HOURS24 = 0x02 };

struct rig {
    struct fake *fake;
    struct rtc *rtc;
    bool nmi_masked;
};

static void on_nmi_mask(void *opaque, bool masked)
{
    ((struct rig *)opaque)->nmi_masked = masked;
}

static void rig_create_with(struct rig *r, int64_t base, bool slew)
{
    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->rtc = rtc_create(&(struct rtc_config){.ports = r->fake->ports,
                                             .sched = &r->fake->sched,
                                             .log = &r->fake->log,
                                             .irq = &r->fake->wire[0].irq,
                                             .base_time = base,
                                             .slew = slew,
                                             .nmi_mask = on_nmi_mask,
                                             .opaque = r});
}

static void rig_create(struct rig *r, int64_t base)
{
    rig_create_with(r, base, false);
}

static void rig_destroy(struct rig *r)
{
    rtc_mc146818.destroy(rtc_device(r->rtc));
    fake_destroy(r->fake);
}

static uint8_t get(struct rig *r, uint8_t index)
{
    out8(r->fake, 0x70, index);
    return in8(r->fake, 0x71);
}

static void set(struct rig *r, uint8_t index, uint8_t value)
{
    out8(r->fake, 0x70, index);
    out8(r->fake, 0x71, value);
}

/* "weekday year-month-day hour:minute:second", registers as they are. */
static const char *date(struct rig *r)
{
    static char text[40];

    snprintf(text, sizeof text, "%x %02x%02x-%02x-%02x %02x:%02x:%02x",
             get(r, 6), get(r, 0x32), get(r, 9), get(r, 8), get(r, 7),
             get(r, 4), get(r, 2), get(r, 0));
    return text;
}

START_TEST(base_date_and_leap_day)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    ck_assert_str_eq(date(&r), "4 2024-02-28 23:59:58");
    fake_run(r.fake, NS_PER_SEC * 2 - 1);
    ck_assert_str_eq(date(&r), "4 2024-02-28 23:59:59");
    fake_run(r.fake, 1);
    ck_assert_str_eq(date(&r), "5 2024-02-29 00:00:00");
    fake_run(r.fake, NS_PER_SEC * 86400);
    ck_assert_str_eq(date(&r), "6 2024-03-01 00:00:00");
    fake_run(r.fake, NS_PER_SEC * 86400 * 365);
    ck_assert_str_eq(date(&r), "7 2025-03-01 00:00:00");
    rig_destroy(&r);
}
END_TEST

START_TEST(century_counts)
{
    struct rig r;

    rig_create(&r, 946684799); /* 1999-12-31 23:59:59 */
    ck_assert_str_eq(date(&r), "6 1999-12-31 23:59:59");
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_str_eq(date(&r), "7 2000-01-01 00:00:00");
    rig_destroy(&r);
    rig_create(&r, -5);
    ck_assert_str_eq(date(&r), "5 1970-01-01 00:00:00");
    rig_destroy(&r);
    rig_create(&r, INT64_MAX);
    ck_assert_str_eq(date(&r), "6 9999-12-31 23:59:59");
    rig_destroy(&r);
}
END_TEST

START_TEST(binary_and_twelve_hours)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x0B, BINARY | HOURS24);
    for (unsigned i = 0; i < 3; i++)
        set(&r, (uint8_t)(i * 2), (uint8_t[]){59, 59, 23}[i]);
    set(&r, 7, 31);
    set(&r, 8, 12);
    set(&r, 9, 26);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 9), 27);
    ck_assert_uint_eq(get(&r, 4), 0);
    set(&r, 0x0B, 0); /* BCD, 12 hours */
    set(&r, 4, 0x11);
    set(&r, 2, 0x59);
    set(&r, 0, 0x59);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 4), 0x92); /* 12 p.m. is noon */
    set(&r, 2, 0x59);
    set(&r, 0, 0x59);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 4), 0x81); /* 1 p.m. */
    set(&r, 4, 0x91);
    set(&r, 2, 0x59);
    set(&r, 0, 0x59);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 4), 0x12); /* 12 a.m. is midnight */
    rig_destroy(&r);
}
END_TEST

START_TEST(set_bit_stops_updates)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x0B, 0x80 | UIE | HOURS24);
    ck_assert_uint_eq(get(&r, 0x0B) & UIE, 0); /* SET clears UIE */
    fake_run(r.fake, NS_PER_SEC * 10);
    ck_assert_uint_eq(get(&r, 0), 0x58);
    ck_assert_uint_eq(get(&r, 0x0C) & 0x30, 0);
    set(&r, 0, 0x30);
    ck_assert_uint_eq(get(&r, 0), 0x30);
    set(&r, 0x0B, HOURS24);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 0), 0x31);
    rig_destroy(&r);
}
END_TEST

START_TEST(divider_release_gives_half_a_second)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    fake_run(r.fake, 300000000);
    set(&r, 0x0A, 0x76);
    fake_run(r.fake, NS_PER_SEC * 5);
    ck_assert_uint_eq(get(&r, 0), 0x58);
    set(&r, 0x0A, 0x26);
    fake_run(r.fake, 499999999);
    ck_assert_uint_eq(get(&r, 0), 0x58);
    fake_run(r.fake, 1);
    ck_assert_uint_eq(get(&r, 0), 0x59);
    rig_destroy(&r);
}
END_TEST

START_TEST(update_in_progress)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    ck_assert_uint_eq(get(&r, 0x0A), 0x26);
    fake_run_to(r.fake, NS_PER_SEC - 2228001);
    ck_assert_uint_eq(get(&r, 0x0A), 0x26);
    fake_run(r.fake, 1);
    ck_assert_uint_eq(get(&r, 0x0A), 0xA6);
    set(&r, 0x0B, 0x80 | HOURS24);
    ck_assert_uint_eq(get(&r, 0x0A), 0x26);
    set(&r, 0x0B, HOURS24);
    fake_run_to(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 0x0A), 0x26);
    rig_destroy(&r);
}
END_TEST

START_TEST(update_interrupt)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x0A, 0x20); /* no periodic flag ... */
    set(&r, 5, 0x12);    /* ... no alarm at midnight */
    fake_run(r.fake, NS_PER_SEC + 5);
    ck_assert_uint_eq(get(&r, 0x0C), 0x10); /* flag without interrupt */
    set(&r, 0x0B, UIE | HOURS24);
    fake_run(r.fake, NS_PER_SEC * 3);
    /* Nobody reads register C: one rise, the line stays up. */
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    ck_assert_uint_eq(r.fake->wire[0].rise_at, NS_PER_SEC * 2);
    ck_assert(r.fake->wire[0].level);
    ck_assert_uint_eq(get(&r, 0x0C), 0x90);
    ck_assert(!r.fake->wire[0].level);
    ck_assert_uint_eq(get(&r, 0x0C), 0);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(r.fake->wire[0].rises, 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(periodic_interrupt_rates)
{
    static const unsigned hertz[16] = {0,    256, 128, 8192, 4096, 2048,
                                       1024, 512, 256, 128,  64,   32,
                                       16,   8,   4,   2};

    for (uint8_t rate = 0; rate < 16; rate++) {
        struct rig r;
        unsigned count = 0;
        rig_create(&r, LEAP_EVE);
        set(&r, 0x0A, 0x20 | rate);
        set(&r, 0x0B, PIE | HOURS24);
        while (sched_deadline(&r.fake->sched) <= NS_PER_SEC * 2) {
            fake_run_to(r.fake, sched_deadline(&r.fake->sched));
            ck_assert_uint_eq(get(&r, 0x0C) & 0xC0, 0xC0);
            count++;
        }
        ck_assert_uint_eq(count, hertz[rate] * 2);
        rig_destroy(&r);
    }
}
END_TEST

START_TEST(alarm_at_a_time)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 1, 0x05);
    set(&r, 3, 0x00);
    set(&r, 5, 0x00);
    set(&r, 0x0B, AIE | HOURS24);
    fake_run_to(r.fake, NS_PER_SEC * 7 - 1);
    ck_assert_uint_eq(r.fake->wire[0].rises, 0);
    fake_run(r.fake, 1);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    ck_assert_uint_eq(get(&r, 0x0C) & 0xA0, 0xA0);
    fake_run(r.fake, NS_PER_SEC * 3600);
    ck_assert_uint_eq(r.fake->wire[0].rises, 1);
    rig_destroy(&r);
}
END_TEST

START_TEST(alarm_wildcards)
{
    struct rig r;
    unsigned alarms = 0;

    rig_create(&r, LEAP_EVE);
    set(&r, 1, 0x30);
    set(&r, 3, 0xFF);
    set(&r, 5, 0xC0);
    set(&r, 0x0B, AIE | HOURS24);
    for (unsigned i = 0; i < 600; i++) {
        fake_run(r.fake, NS_PER_SEC);
        if (get(&r, 0x0C) & 0x20) {
            ck_assert_uint_eq(get(&r, 0), 0x30);
            alarms++;
        }
    }
    ck_assert_uint_eq(alarms, 10);
    /* The flag is set without the interrupt too, and across midnight. */
    set(&r, 0x0B, HOURS24);
    set(&r, 5, 0x03);
    set(&r, 3, 0x04);
    fake_run(r.fake, NS_PER_SEC * 86400);
    ck_assert_uint_eq(get(&r, 0x0C) & 0xB0, 0x30);
    rig_destroy(&r);
}
END_TEST

START_TEST(memory_and_ports)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x40, 0x5A);
    ck_assert_uint_eq(get(&r, 0x40), 0x5A);
    out8(r.fake, 0x72, 0x40);
    out8(r.fake, 0x73, 0xA5);
    ck_assert_uint_eq(get(&r, 0x40), 0x5A);
    ck_assert_uint_eq(in8(r.fake, 0x73), 0xA5);
    ck_assert_uint_eq(rtc_get_cmos(r.rtc, 0xC0), 0xA5);
    rtc_set_cmos(r.rtc, 0x15, 0x80);
    rtc_set_cmos(r.rtc, 0x16, 0x02);
    rtc_set_checksum(r.rtc);
    ck_assert_uint_eq(get(&r, 0x2E), 0x00);
    ck_assert_uint_eq(get(&r, 0x2F), 0x82);
    ck_assert_uint_eq(get(&r, 0x0D), 0x80);
    set(&r, 0x0D, 0x00);
    ck_assert_uint_eq(get(&r, 0x0D), 0x80);
    out8(r.fake, 0x70, 0x8D);
    ck_assert(r.nmi_masked);
    ck_assert_uint_eq(in8(r.fake, 0x71), 0x80);
    out8(r.fake, 0x70, 0x0D);
    ck_assert(!r.nmi_masked);
    rig_destroy(&r);
}
END_TEST

START_TEST(reset_keeps_the_time)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x0B, PIE | AIE | UIE | HOURS24);
    fake_run(r.fake, NS_PER_SEC);
    ck_assert(r.fake->wire[0].level);
    rtc_mc146818.reset(rtc_device(r.rtc));
    ck_assert(!r.fake->wire[0].level);
    ck_assert_uint_eq(get(&r, 0x0B), HOURS24);
    ck_assert_uint_eq(get(&r, 0), 0x59);
    ck_assert_uint_eq(sched_deadline(&r.fake->sched), SCHED_NEVER);
    rig_destroy(&r);
}
END_TEST

/* Data sheet, "DSE": twice a year, on Sundays. */
START_TEST(daylight_saving)
{
    static const struct {
        int64_t base;
        uint8_t reg_b;
        const char *before, *after;
    } cases[] = {
        /* 2024-04-28, the last Sunday of April */
        {1714269599, HOURS24 | 1, "1 2024-04-28 01:59:59",
         "1 2024-04-28 03:00:00"},
        {1714269599, 1, "1 2024-04-28 01:59:59", "1 2024-04-28 03:00:00"},
        {1714269599, HOURS24, "1 2024-04-28 01:59:59", "1 2024-04-28 02:00:00"},
        {1714269599 - 7 * 86400, HOURS24 | 1, "1 2024-04-21 01:59:59",
         "1 2024-04-21 02:00:00"},
        {1714269599 + 86400, HOURS24 | 1, "2 2024-04-29 01:59:59",
         "2 2024-04-29 02:00:00"},
        /* 2021-10-31 */
        {1635645599, HOURS24 | 1, "1 2021-10-31 01:59:59",
         "1 2021-10-31 01:00:00"},
        {1635645599 - 7 * 86400, HOURS24 | 1, "1 2021-10-24 01:59:59",
         "1 2021-10-24 02:00:00"},
    };
    struct rig r;

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        rig_create(&r, cases[i].base);
        set(&r, 0x0B, cases[i].reg_b);
        if (!(cases[i].reg_b & HOURS24))
            set(&r, 4, 0x01);
        ck_assert_str_eq(date(&r), cases[i].before);
        fake_run(r.fake, NS_PER_SEC);
        ck_assert_str_eq(date(&r), cases[i].after);
        rig_destroy(&r);
    }
}
END_TEST

START_TEST(autumn_falls_back_once)
{
    struct rig r;

    rig_create(&r, 1635645599);
    set(&r, 0x0B, AIE | HOURS24 | 1);
    set(&r, 5, 0x01);
    set(&r, 3, 0x00);
    set(&r, 1, 0x00);
    get(&r, 0x0C);
    fake_run(r.fake, NS_PER_SEC); /* 1:00:00, for the second time */
    ck_assert(r.fake->wire[0].level);
    fake_round_trip(r.fake, rtc_device(r.rtc));
    fake_run(r.fake, NS_PER_SEC * 3600);
    ck_assert_str_eq(date(&r), "1 2021-10-31 02:00:00");
    fake_run(r.fake, NS_PER_SEC * 86400 * 364);
    ck_assert_str_eq(date(&r), "1 2022-10-30 02:00:00");
    rig_destroy(&r);
}
END_TEST

/* 1024 Hz, read only after 10 periods: 9 were missed. */
START_TEST(missed_interrupts_are_made_up_for)
{
    const uint64_t period = NS_PER_SEC / 1024;
    struct rig r;
    unsigned taken = 0;

    rig_create_with(&r, LEAP_EVE, true);
    set(&r, 0x0B, PIE | HOURS24);
    get(&r, 0x0C);
    fake_run(r.fake, period * 10 + period / 2);
    ck_assert(r.fake->wire[0].level);
    fake_round_trip(r.fake, rtc_device(r.rtc));
    /* From now on the guest is quick: 20 periods, 29 interrupts. */
    for (unsigned i = 0; i < 20 * 32; i++) {
        if (r.fake->wire[0].level) {
            ck_assert_uint_eq(get(&r, 0x0C), 0xC0);
            taken++;
        }
        fake_run(r.fake, period / 32);
    }
    ck_assert_uint_ge(taken, 20 + 9);
    ck_assert_uint_le(taken, 20 + 10);
    /* As many per second as ever after that. */
    taken = 0;
    for (unsigned i = 0; i < 20 * 32; i++) {
        taken += get(&r, 0x0C) != 0;
        fake_run(r.fake, period / 32);
    }
    ck_assert_uint_ge(taken, 19);
    ck_assert_uint_le(taken, 20);
    rig_destroy(&r);
}
END_TEST

/* Half the rate: half as many are worth the same time; off: none. */
START_TEST(missed_interrupts_follow_the_rate)
{
    const uint64_t period = NS_PER_SEC / 1024;
    unsigned taken;
    struct rig r;

    for (unsigned off = 0; off < 2; off++) {
        rig_create_with(&r, LEAP_EVE, true);
        set(&r, 0x0B, PIE | HOURS24);
        get(&r, 0x0C);
        fake_run(r.fake, period * 17 + period / 2); /* 16 missed */
        if (off)
            set(&r, 0x0B, HOURS24);
        set(&r, 0x0B, PIE | HOURS24);
        set(&r, 0x0A, 0x27); /* 512 Hz */
        taken = 0;
        for (unsigned i = 0; i < 20 * 32; i++) {
            taken += get(&r, 0x0C) != 0;
            fake_run(r.fake, period / 16);
        }
        ck_assert_uint_ge(taken, off ? 20 : 28);
        ck_assert_uint_le(taken, off ? 21 : 29);
        rig_destroy(&r);
    }
}
END_TEST

START_TEST(nonsense_dates_do_no_harm)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    for (uint8_t i = 0; i < 10; i++)
        set(&r, i, 0xFF);
    set(&r, 0x32, 0xFF);
    fake_run(r.fake, NS_PER_SEC * 86400 * 3);
    ck_assert_uint_le(get(&r, 0), 0x59);
    ck_assert_uint_le(get(&r, 8), 0x12);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;

    rig_create(&r, LEAP_EVE);
    set(&r, 0x0B, PIE | UIE | HOURS24);
    set(&r, 0x50, 0x77);
    fake_run(r.fake, 123456789);
    get(&r, 0x0C);
    fake_round_trip(r.fake, rtc_device(r.rtc));
    fake_run_to(r.fake, NS_PER_SEC);
    ck_assert_uint_eq(get(&r, 0), 0x59);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("rtc", base_date_and_leap_day, century_counts,
          binary_and_twelve_hours, set_bit_stops_updates,
          divider_release_gives_half_a_second, update_in_progress,
          update_interrupt, periodic_interrupt_rates, alarm_at_a_time,
          alarm_wildcards, memory_and_ports, reset_keeps_the_time,
          daylight_saving, autumn_falls_back_once,
          missed_interrupts_are_made_up_for, missed_interrupts_follow_the_rate,
          nonsense_dates_do_no_harm, saved_and_loaded)
