/* rtc_mc146818.c - Motorola MC146818A real-time clock with CMOS memory.
 *
 * Manual: Motorola MC146818A data sheet; extended bank: Intel 82371SB.
 * Ports: 70h index (bit 7: NMI mask), 71h data, 72h-73h upper 128 bytes.
 * IRQ 8.
 *
 * Modelled: time, calendar, alarm with "don't care", BCD and binary, 12 and
 * 24 hours, SET, update-in-progress, divider reset, periodic, alarm and
 * update-ended interrupts, daylight saving (DSE: the last Sundays of April and
 * October). Registers are brought up to date when somebody looks; an event
 * exists only while an enabled interrupt can come.
 * The century byte 32h counts with the year, as later clock chips do.
 * Unlike hardware, with `slew` a periodic interrupt that came while the one
 * before was not yet taken is made up for, at SLEW times the rate.
 * Not modelled: the square-wave pin (it leads nowhere), other crystals than
 * 32,768 Hz (DV = 000, 001 count at the normal speed).
 * The RESET pin leaves time and memory alone: there is a battery. */
#include "devices/rtc_mc146818.h"

#include "mmu/addrspace.h"

#include <stdlib.h>

enum {
    RTC_SECONDS = 0x00,
    RTC_SECONDS_ALARM = 0x01,
    RTC_MINUTES = 0x02,
    RTC_MINUTES_ALARM = 0x03,
    RTC_HOURS = 0x04,
    RTC_HOURS_ALARM = 0x05,
    RTC_WEEKDAY = 0x06,
    RTC_DAY = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_REG_A = 0x0A,
    RTC_REG_B = 0x0B,
    RTC_REG_C = 0x0C,
    RTC_REG_D = 0x0D,

    REG_A_UIP = 0x80,      /* update in progress */
    REG_A_DV = 0x70,       /* divider */
    REG_A_DV_RESET = 0x60, /* 11x: divider held */
    REG_A_RS = 0x0F,       /* periodic rate */
    REG_B_SET = 0x80,      /* stop updates */
    REG_B_PIE = 0x40,
    REG_B_AIE = 0x20,
    REG_B_UIE = 0x10,
    REG_B_SQWE = 0x08,
    REG_B_DM = 0x04, /* binary */
    REG_B_24H = 0x02,
    REG_B_DSE = 0x01,
    REG_C_IRQF = 0x80, /* the wire is up */
    REG_C_PF = 0x40,
    REG_C_AF = 0x20,
    REG_C_UF = 0x10,
    REG_D_VRT = 0x80, /* the battery is good */
    HOURS_PM = 0x80,
    ALARM_ANY = 0xC0, /* both top bits: matches always */

    SECONDS_PER_DAY = 86400,
    SPRING_SECOND = 7199, /* 1:59:59, then 3:00:00 */
    SPRING_TO = 10800,
    AUTUMN_SECOND = 7199, /* 1:59:59, then 1:00:00, once */
    AUTUMN_TO = 3600,
    SUNDAY = 1,
    APRIL = 4,
    OCTOBER = 10,
    CRYSTAL_HZ = 32768,
    /* UIP is high 244 us before and throughout the update of 1984 us. */
    UPDATE_NS = (244 + 1984) * 1000,
    HALF_SECOND = 500000000,
    SLEW = 8,
    MOST_MISSED = 65536,
};

static const int64_t LAST_TIME = 253402300799; /* 9999-12-31 23:59:59 */

/* The time registers in `cmos` hold what they held at `checked`. Seconds
 * end at `phase` modulo one second. `missed` periodic interrupts are still to
 * be made up for, the next of them at `make_up`. */
struct rtc {
    struct device device;
    uint8_t cmos[RTC_CMOS_SIZE];
    uint8_t index, index_high;
    uint64_t checked; /* ns */
    uint64_t phase;   /* ns, below NS_PER_SEC */
    bool fell_back;   /* this day's second 1:00:00 has been */
    uint32_t missed;
    uint64_t make_up; /* ns, SCHED_NEVER = not due */

    /* TRANSIENT */
    bool slew;
    struct addrspace *ports;
    struct sched *sched;
    struct irq *irq;
    struct event event;
    struct region region;
    void (*nmi_mask)(void *opaque, bool masked);
    void *opaque;
};

static const struct state_field rtc_fields[] = {
    FIELD_ARRAY(struct rtc, U8, cmos),
    FIELD(struct rtc, U8, index),
    FIELD(struct rtc, U8, index_high),
    FIELD(struct rtc, U64, checked),
    FIELD(struct rtc, U64, phase),
    FIELD(struct rtc, BOOL, fell_back),
    FIELD(struct rtc, U32, missed),
    FIELD(struct rtc, U64, make_up),
    FIELD_END,
};

/* Binary values of the time registers. */
struct calendar {
    unsigned second_of_day;
    unsigned weekday; /* 1-7 */
    unsigned day, month;
    unsigned year; /* with century */
};

/* --------------------------------------------------------------- calendar */

static unsigned from_register(const struct rtc *rtc, uint8_t value)
{
    if (rtc->cmos[RTC_REG_B] & REG_B_DM)
        return value;
    return (value >> 4) * 10u + (value & 15);
}

static uint8_t to_register(const struct rtc *rtc, unsigned value)
{
    if (rtc->cmos[RTC_REG_B] & REG_B_DM)
        return (uint8_t)value;
    return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

static unsigned hour_from_register(const struct rtc *rtc, uint8_t value)
{
    if (rtc->cmos[RTC_REG_B] & REG_B_24H)
        return from_register(rtc, value);
    return from_register(rtc, value & 0x7F) % 12 + (value & HOURS_PM ? 12 : 0);
}

static uint8_t hour_to_register(const struct rtc *rtc, unsigned hour)
{
    if (rtc->cmos[RTC_REG_B] & REG_B_24H)
        return to_register(rtc, hour);
    return to_register(rtc, hour % 12 ? hour % 12 : 12) |
           (hour >= 12 ? HOURS_PM : 0);
}

/* The century byte is BCD whatever DM says. */
static struct calendar calendar_get(const struct rtc *rtc)
{
    const uint8_t *cmos = rtc->cmos;
    unsigned century =
        (cmos[RTC_CENTURY] >> 4) * 10u + (cmos[RTC_CENTURY] & 15);

    return (struct calendar){
        .second_of_day = hour_from_register(rtc, cmos[RTC_HOURS]) % 24 * 3600 +
                         from_register(rtc, cmos[RTC_MINUTES]) % 60 * 60 +
                         from_register(rtc, cmos[RTC_SECONDS]) % 60,
        .weekday = from_register(rtc, cmos[RTC_WEEKDAY]),
        .day = from_register(rtc, cmos[RTC_DAY]),
        .month = from_register(rtc, cmos[RTC_MONTH]),
        .year = century * 100 + from_register(rtc, cmos[RTC_YEAR]) % 100,
    };
}

static void calendar_put(struct rtc *rtc, const struct calendar *c)
{
    uint8_t *cmos = rtc->cmos;

    cmos[RTC_SECONDS] = to_register(rtc, c->second_of_day % 60);
    cmos[RTC_MINUTES] = to_register(rtc, c->second_of_day / 60 % 60);
    cmos[RTC_HOURS] = hour_to_register(rtc, c->second_of_day / 3600);
    cmos[RTC_WEEKDAY] = to_register(rtc, c->weekday);
    cmos[RTC_DAY] = to_register(rtc, c->day);
    cmos[RTC_MONTH] = to_register(rtc, c->month);
    cmos[RTC_YEAR] = to_register(rtc, c->year % 100);
    cmos[RTC_CENTURY] =
        (uint8_t)(c->year / 1000 % 10 << 4 | c->year / 100 % 10);
}

static unsigned days_of_month(unsigned month, unsigned year)
{
    static const uint8_t days[13] = {31, 31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month <= 12 ? month : 0];
}

static void calendar_next_day(struct calendar *c)
{
    c->weekday = c->weekday >= 7 ? 1 : c->weekday + 1;
    if (c->day < days_of_month(c->month, c->year)) {
        c->day++;
        return;
    }
    c->day = 1;
    if (c->month < 12) {
        c->month++;
        return;
    }
    c->month = 1;
    c->year = (c->year + 1) % 10000;
}

/* 1970-01-01 was a Thursday; Sunday is 1. */
static void calendar_set_base(struct rtc *rtc, int64_t base_time)
{
    struct calendar c = {.weekday = 5, .day = 1, .month = 1, .year = 1970};

    if (base_time < 0)
        base_time = 0;
    if (base_time > LAST_TIME)
        base_time = LAST_TIME;
    for (int64_t days = base_time / SECONDS_PER_DAY; days > 0; days--)
        calendar_next_day(&c);
    c.second_of_day = (unsigned)(base_time % SECONDS_PER_DAY);
    calendar_put(rtc, &c);
}

static bool alarm_is(const struct rtc *rtc, unsigned second_of_day)
{
    const uint8_t *cmos = rtc->cmos;
    uint8_t s = cmos[RTC_SECONDS_ALARM], m = cmos[RTC_MINUTES_ALARM],
            h = cmos[RTC_HOURS_ALARM];
    unsigned t = second_of_day;

    return (s >= ALARM_ANY || t % 60 == from_register(rtc, s)) &&
           (m >= ALARM_ANY || t / 60 % 60 == from_register(rtc, m)) &&
           (h >= ALARM_ANY || t / 3600 == hour_from_register(rtc, h));
}

/* Does the alarm fall into the `count` seconds after `from`, of one day? */
static bool alarm_matches(const struct rtc *rtc, unsigned from, uint64_t count)
{
    for (unsigned t = from + 1; t <= from + count; t++)
        if (alarm_is(rtc, t))
            return true;
    return false;
}

/* The last second before daylight saving turns the clock; SECONDS_PER_DAY:
 * not on this day. */
static unsigned turning_second(const struct rtc *rtc, const struct calendar *c)
{
    unsigned last_week = days_of_month(c->month, c->year) - 7;

    if (!(rtc->cmos[RTC_REG_B] & REG_B_DSE) || c->weekday != SUNDAY ||
        c->day <= last_week)
        return SECONDS_PER_DAY;
    if (c->month == APRIL)
        return SPRING_SECOND;
    return c->month == OCTOBER && !rtc->fell_back ? AUTUMN_SECOND
                                                  : SECONDS_PER_DAY;
}

static void turn_clock(struct rtc *rtc, struct calendar *c)
{
    c->second_of_day = c->month == APRIL ? SPRING_TO : AUTUMN_TO;
    rtc->fell_back = c->month == OCTOBER;
}

/* One second, at the end of a day or where the clock is turned. */
static void pass_border(struct rtc *rtc, struct calendar *c)
{
    if (turning_second(rtc, c) == c->second_of_day) {
        turn_clock(rtc, c);
    } else {
        calendar_next_day(c);
        c->second_of_day = 0;
        rtc->fell_back = false;
    }
}

/* `count` update cycles pass. */
static void rtc_advance(struct rtc *rtc, uint64_t count)
{
    struct calendar c = calendar_get(rtc);
    unsigned borders = 0; /* after two whole days there is nothing new */
    bool alarm = false;

    rtc->cmos[RTC_REG_C] |= REG_C_UF;
    while (count) {
        unsigned border = turning_second(rtc, &c);
        uint64_t run;

        if (border == SECONDS_PER_DAY || border < c.second_of_day)
            border = SECONDS_PER_DAY - 1;
        run = min_u64(count, border - c.second_of_day);
        alarm =
            alarm || (borders < 3 && alarm_matches(rtc, c.second_of_day, run));
        c.second_of_day += (unsigned)run;
        count -= run;
        if (!count)
            break;
        pass_border(rtc, &c);
        alarm = alarm || alarm_is(rtc, c.second_of_day);
        count--;
        borders++;
    }
    if (alarm)
        rtc->cmos[RTC_REG_C] |= REG_C_AF;
    calendar_put(rtc, &c);
}

/* ------------------------------------------------------------------- time */

static bool divider_runs(const struct rtc *rtc)
{
    return (rtc->cmos[RTC_REG_A] & REG_A_DV_RESET) != REG_A_DV_RESET;
}

static bool updates_run(const struct rtc *rtc)
{
    return divider_runs(rtc) && !(rtc->cmos[RTC_REG_B] & REG_B_SET);
}

/* Crystal clocks between two periodic interrupts, 0 = none. Rates 1 and 2
 * are 256 and 128 Hz with this crystal (data sheet, table 5). */
static unsigned periodic_clocks(const struct rtc *rtc)
{
    unsigned rate = rtc->cmos[RTC_REG_A] & REG_A_RS;

    if (!rate || !divider_runs(rtc))
        return 0;
    return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

/* Position in the divider chain; the chain starts one second early so that
 * it never is negative. */
static uint64_t chain_ns(const struct rtc *rtc, uint64_t now)
{
    return now + NS_PER_SEC - rtc->phase;
}

static uint64_t chain_clocks(const struct rtc *rtc, uint64_t now)
{
    uint64_t ns = chain_ns(rtc, now);

    return ns / NS_PER_SEC * CRYSTAL_HZ +
           ns % NS_PER_SEC * CRYSTAL_HZ / NS_PER_SEC;
}

static uint64_t next_update(const struct rtc *rtc, uint64_t now)
{
    uint64_t ns = chain_ns(rtc, now);

    return now + NS_PER_SEC - ns % NS_PER_SEC;
}

static uint64_t next_periodic(const struct rtc *rtc, uint64_t now)
{
    unsigned period = periodic_clocks(rtc);
    uint64_t clocks = (chain_clocks(rtc, now) / period + 1) * period;
    uint64_t rest = clocks % CRYSTAL_HZ * NS_PER_SEC;

    return (clocks / CRYSTAL_HZ - 1) * NS_PER_SEC + rtc->phase +
           (rest + CRYSTAL_HZ - 1) / CRYSTAL_HZ;
}

/* `periods` of the periodic interrupt pass; one sets the flag if it is clear,
 * the others are missed. */
static void pass_periods(struct rtc *rtc, uint64_t periods)
{
    if (periods && !(rtc->cmos[RTC_REG_C] & REG_C_PF)) {
        rtc->cmos[RTC_REG_C] |= REG_C_PF;
        periods--;
    }
    if (rtc->slew && rtc->cmos[RTC_REG_B] & REG_B_PIE)
        rtc->missed = (uint32_t)min_u64(rtc->missed + periods, MOST_MISSED);
}

/* One that was missed comes when the guest is ready for it. */
static void make_up_for(struct rtc *rtc, uint64_t now)
{
    if (rtc->make_up > now)
        return;
    rtc->make_up = SCHED_NEVER;
    if (!rtc->missed || rtc->cmos[RTC_REG_C] & REG_C_PF)
        return;
    rtc->cmos[RTC_REG_C] |= REG_C_PF;
    rtc->missed--;
}

/* Bring registers and flags up to now. */
static uint64_t rtc_catch_up(struct rtc *rtc)
{
    uint64_t now = sched_now(rtc->sched);
    unsigned period = periodic_clocks(rtc);
    uint64_t seconds;

    if (rtc->checked > now)
        rtc->checked = now;
    seconds = chain_ns(rtc, now) / NS_PER_SEC -
              chain_ns(rtc, rtc->checked) / NS_PER_SEC;

    if (period)
        pass_periods(rtc, chain_clocks(rtc, now) / period -
                              chain_clocks(rtc, rtc->checked) / period);
    make_up_for(rtc, now);
    if (seconds && updates_run(rtc))
        rtc_advance(rtc, seconds);
    rtc->checked = now;
    return now;
}

/* The wire, and the next event that can change it. A flag that is already
 * set waits for the guest to read register C. */
static void rtc_update(struct rtc *rtc, uint64_t now)
{
    uint8_t enabled =
        rtc->cmos[RTC_REG_B] & (REG_B_PIE | REG_B_AIE | REG_B_UIE);
    uint8_t flags = rtc->cmos[RTC_REG_C] & (uint8_t)~REG_C_IRQF;
    uint8_t awaited = enabled & (uint8_t)~flags;
    uint64_t when = SCHED_NEVER;

    /* ORDER: PF, AF, UF have the bits of PIE, AIE, UIE. */
    rtc->cmos[RTC_REG_C] = flags | (flags & enabled ? REG_C_IRQF : 0);
    irq_set(rtc->irq, flags & enabled);
    if (awaited & REG_B_PIE && periodic_clocks(rtc))
        when = min_u64(next_periodic(rtc, now), rtc->make_up);
    if (awaited & (REG_B_AIE | REG_B_UIE) && updates_run(rtc))
        when = min_u64(when, next_update(rtc, now));
    event_arm(rtc->sched, &rtc->event, when);
}

static void rtc_fire(void *opaque)
{
    struct rtc *rtc = opaque;

    rtc_update(rtc, rtc_catch_up(rtc));
}

static void plan_make_up(struct rtc *rtc, uint64_t now)
{
    uint64_t period = periodic_clocks(rtc) * NS_PER_SEC / CRYSTAL_HZ;

    if (rtc->missed && period && rtc->make_up == SCHED_NEVER)
        rtc->make_up = now + period / SLEW;
}

/* What was missed at one rate is worth as much time at another. */
static void scale_missed(struct rtc *rtc, uint64_t before)
{
    uint64_t after = periodic_clocks(rtc);

    if (!after || !before || !(rtc->cmos[RTC_REG_B] & REG_B_PIE)) {
        rtc->missed = 0;
        rtc->make_up = SCHED_NEVER;
    } else if (after != before) {
        rtc->missed =
            (uint32_t)min_u64(rtc->missed * before / after, MOST_MISSED);
    }
}

/* Reading register C clears its flags and lowers the wire. */
static uint8_t rtc_read_register(struct rtc *rtc, unsigned index)
{
    uint64_t now = rtc_catch_up(rtc);
    uint8_t value = rtc->cmos[index];

    if (index == RTC_REG_A && updates_run(rtc) &&
        next_update(rtc, now) - now <= UPDATE_NS)
        value |= REG_A_UIP;
    if (index == RTC_REG_C) {
        rtc_update(rtc, now);
        value = rtc->cmos[RTC_REG_C];
        rtc->cmos[RTC_REG_C] = 0;
        plan_make_up(rtc, now);
    }
    rtc_update(rtc, now);
    return value;
}

/* The first update comes half a second after the divider is released. */
static void write_reg_a(struct rtc *rtc, uint8_t value, uint64_t now)
{
    bool ran = divider_runs(rtc);

    rtc->cmos[RTC_REG_A] = value & (REG_A_DV | REG_A_RS);
    if (!ran && divider_runs(rtc))
        rtc->phase = (now + HALF_SECOND) % NS_PER_SEC;
}

static void rtc_write_register(struct rtc *rtc, unsigned index, uint8_t value)
{
    uint64_t now = rtc_catch_up(rtc), period = periodic_clocks(rtc);

    switch (index) {
    case RTC_REG_A:
        write_reg_a(rtc, value, now);
        break;
    case RTC_REG_B:
        if (value & REG_B_SET)
            value &= (uint8_t)~REG_B_UIE;
        rtc->cmos[RTC_REG_B] = value;
        break;
    case RTC_REG_C:
    case RTC_REG_D:
        LOG(rtc->device.log, GUEST_ERROR, "rtc: register %02Xh is read-only",
            index);
        break;
    default:
        rtc->cmos[index] = value;
        break;
    }
    scale_missed(rtc, period);
    rtc_update(rtc, now);
}

/* Offsets from 70h. */
static uint64_t rtc_read(void *opaque, uint64_t offset, unsigned size)
{
    struct rtc *rtc = opaque;

    (void)size;
    switch (offset) {
    case 1:
        return rtc_read_register(rtc, rtc->index);
    case 3:
        return rtc->cmos[0x80 | rtc->index_high];
    default:
        return 0xFF; /* the index cannot be read back */
    }
}

static void rtc_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    struct rtc *rtc = opaque;

    (void)size;
    switch (offset) {
    case 0:
        rtc->index = value & 0x7F;
        if (rtc->nmi_mask)
            rtc->nmi_mask(rtc->opaque, value & 0x80);
        break;
    case 1:
        rtc_write_register(rtc, rtc->index, (uint8_t)value);
        break;
    case 2:
        rtc->index_high = value & 0x7F;
        break;
    default:
        rtc->cmos[0x80 | rtc->index_high] = (uint8_t)value;
        break;
    }
}

static const struct region_ops rtc_port_ops = {
    .read = rtc_read, .write = rtc_write, .max_size = 1};

void rtc_set_cmos(struct rtc *rtc, unsigned index, uint8_t value)
{
    ASSERT(index > RTC_REG_D && index < RTC_CMOS_SIZE);
    rtc->cmos[index] = value;
}

uint8_t rtc_get_cmos(struct rtc *rtc, unsigned index)
{
    ASSERT(index < RTC_CMOS_SIZE);
    rtc_catch_up(rtc);
    return rtc->cmos[index];
}

void rtc_set_checksum(struct rtc *rtc)
{
    unsigned sum = 0;

    for (unsigned i = 0x10; i <= 0x2D; i++)
        sum += rtc->cmos[i];
    rtc->cmos[0x2E] = (uint8_t)(sum >> 8);
    rtc->cmos[0x2F] = (uint8_t)sum;
}

/* RESET pin: data sheet, "RESET". */
static void rtc_reset(struct device *device)
{
    struct rtc *rtc = (struct rtc *)device;
    uint64_t now = rtc_catch_up(rtc);

    rtc->cmos[RTC_REG_B] &=
        (uint8_t) ~(REG_B_PIE | REG_B_AIE | REG_B_UIE | REG_B_SQWE);
    rtc->cmos[RTC_REG_C] = 0;
    rtc->index = rtc->index_high = 0;
    rtc->missed = 0;
    rtc->make_up = SCHED_NEVER;
    if (rtc->nmi_mask)
        rtc->nmi_mask(rtc->opaque, false);
    rtc_update(rtc, now);
}

static int rtc_post_load(struct device *device, uint32_t version)
{
    struct rtc *rtc = (struct rtc *)device;

    (void)version;
    if (rtc->phase >= NS_PER_SEC)
        return -1;
    rtc->index &= 0x7F;
    rtc->index_high &= 0x7F;
    rtc_update(rtc, rtc->checked);
    return 0;
}

static void rtc_destroy(struct device *device)
{
    struct rtc *rtc = (struct rtc *)device;

    event_free(rtc->sched, &rtc->event);
    addrspace_unmap(rtc->ports, &rtc->region);
    free(rtc);
}

struct rtc *rtc_create(const struct rtc_config *config)
{
    struct rtc *rtc = calloc(1, sizeof *rtc);

    if (!rtc)
        return NULL;
    device_init(&rtc->device, &rtc_mc146818, "rtc", config->log);
    rtc->ports = config->ports;
    rtc->sched = config->sched;
    rtc->irq = config->irq;
    rtc->slew = config->slew;
    rtc->make_up = SCHED_NEVER;
    rtc->nmi_mask = config->nmi_mask;
    rtc->opaque = config->opaque;
    rtc->checked = sched_now(rtc->sched);
    rtc->cmos[RTC_REG_A] = 0x26; /* 32,768 Hz, 1024 Hz periodic */
    rtc->cmos[RTC_REG_B] = REG_B_24H;
    rtc->cmos[RTC_REG_D] = REG_D_VRT;
    calendar_set_base(rtc, config->base_time);
    event_init(rtc->sched, &rtc->event, "rtc", rtc_fire, rtc);
    rtc->region = (struct region){.name = "rtc",
                                  .base = 0x70,
                                  .size = 4,
                                  .kind = REGION_MMIO,
                                  .ops = &rtc_port_ops,
                                  .opaque = rtc};
    addrspace_map(rtc->ports, &rtc->region);
    rtc_reset(&rtc->device);
    return rtc;
}

struct device *rtc_device(struct rtc *rtc)
{
    return &rtc->device;
}

const struct device_ops rtc_mc146818 = {
    .name = "rtc",
    .description = "Motorola MC146818A clock and CMOS memory",
    .version = 1,
    .fields = rtc_fields,
    .reset = rtc_reset,
    .post_load = rtc_post_load,
    .destroy = rtc_destroy,
};
