/* Time: the PM timer for our own waits; INT 1Ah clock functions 00-07,
 * INT 70h (RTC) and INT 15h AH=83h, 86h. Sources: MC146818 data sheet, ACPI
 * 1.0 4.7.3.3, RBIL. */

#include "code16.h"

#define RTC_SECONDS       0x00
#define RTC_SECONDS_ALARM 0x01
#define RTC_MINUTES       0x02
#define RTC_MINUTES_ALARM 0x03
#define RTC_HOURS         0x04
#define RTC_HOURS_ALARM   0x05
#define RTC_DAY           0x07
#define RTC_MONTH         0x08
#define RTC_YEAR          0x09
#define RTC_A             0x0A
#define RTC_B             0x0B
#define RTC_C             0x0C
#define RTC_CENTURY       0x32

#define RTC_A_UIP         0x80
#define RTC_A_1024        0x26 /* 32 kHz crystal, 1024 Hz */
#define RTC_B_SET         0x80
#define RTC_B_PIE         0x40
#define RTC_B_AIE         0x20
#define RTC_B_UIE         0x10
#define RTC_B_DSE         0x01

/* The periodic interrupt at its default rate of 1024 Hz, in microseconds. */
#define PERIOD_US 976

uint32_t timer_now(void)
{
    return inl(PM_BASE + 8) & 0xFFFFFF;
}

bool timer_expired(uint32_t start, uint32_t ms)
{
    uint32_t passed = (timer_now() - start) & 0xFFFFFF;

    return passed >= (ms > 4000 ? 4000 : ms) * PM_TICKS_PER_MS;
}

/* 3.58 ticks are a microsecond; 229/64 is a little more. */
void delay_us(uint32_t us)
{
    uint32_t start = timer_now();

    while (((timer_now() - start) & 0xFFFFFF) < us * 229 / 64)
        ;
}

static uint8_t from_bcd(uint8_t value)
{
    return (uint8_t)((value >> 4) * 10 + (value & 15));
}

/* Ticks since midnight, 1193182 / 65536 a second. POST calls it. */
void clock_set_ticks(void)
{
    uint32_t seconds = from_bcd(cmos_read(RTC_SECONDS)) +
                       from_bcd(cmos_read(RTC_MINUTES)) * 60u +
                       from_bcd(cmos_read(RTC_HOURS)) * 3600u;

    /* 1193182 / 65536 = 18.20651 = 18 + 13534 / 65536 */
    BDA->ticks = seconds * 18 + seconds * 13534u / 65536u;
    BDA->midnight = 0;
}

/* True while the RTC may be changing its registers for too long. */
static bool rtc_busy(void)
{
    uint32_t start = timer_now();

    while (cmos_read(RTC_A) & RTC_A_UIP)
        if (timer_expired(start, 10))
            return true;
    return false;
}

static void ticks_get(struct regs *r)
{
    uint32_t ticks = BDA->ticks;

    r->cx = (uint16_t)(ticks >> 16);
    r->dx = (uint16_t)ticks;
    r->al = BDA->midnight;
    BDA->midnight = 0;
}

static void ticks_set(struct regs *r)
{
    BDA->ticks = (uint32_t)r->cx << 16 | r->dx;
    BDA->midnight = 0;
}

static void time_get(struct regs *r)
{
    r->dh = cmos_read(RTC_SECONDS);
    r->cl = cmos_read(RTC_MINUTES);
    r->ch = cmos_read(RTC_HOURS);
    r->dl = cmos_read(RTC_B) & RTC_B_DSE;
    r->ah = 0;
    r->al = r->ch;
}

static void date_get(struct regs *r)
{
    r->cl = cmos_read(RTC_YEAR);
    r->dh = cmos_read(RTC_MONTH);
    r->dl = cmos_read(RTC_DAY);
    r->ch = cmos_read(RTC_CENTURY);
    r->ah = 0;
    r->al = r->ch;
}

static void time_set(struct regs *r)
{
    uint8_t b = cmos_read(RTC_B) & (RTC_B_PIE | RTC_B_AIE | 0x02);

    cmos_write(RTC_B, b | RTC_B_SET);
    cmos_write(RTC_SECONDS, r->dh);
    cmos_write(RTC_MINUTES, r->cl);
    cmos_write(RTC_HOURS, r->ch);
    cmos_write(RTC_B, b | (r->dl & RTC_B_DSE) | 0x02);
    r->ah = 0;
}

static void date_set(struct regs *r)
{
    uint8_t b = cmos_read(RTC_B) & ~RTC_B_SET;

    cmos_write(RTC_B, b | RTC_B_SET);
    cmos_write(RTC_YEAR, r->cl);
    cmos_write(RTC_MONTH, r->dh);
    cmos_write(RTC_DAY, r->dl);
    cmos_write(RTC_CENTURY, r->ch);
    cmos_write(RTC_B, b);
    r->ah = 0;
}

/* IRQ 8 through both controllers. */
static void rtc_irq_unmask(void)
{
    outb(0xA1, inb(0xA1) & ~0x01);
    outb(0x21, inb(0x21) & ~0x04);
}

static void alarm_set(struct regs *r)
{
    uint8_t b = cmos_read(RTC_B);

    if (b & RTC_B_AIE) {
        r->ax = 0;
        carry_set(r, true);
        return;
    }
    cmos_write(RTC_SECONDS_ALARM, r->dh);
    cmos_write(RTC_MINUTES_ALARM, r->cl);
    cmos_write(RTC_HOURS_ALARM, r->ch);
    rtc_irq_unmask();
    cmos_write(RTC_B, (b & ~RTC_B_SET) | RTC_B_AIE);
}

void int1a_service(struct regs *r)
{
    bool uses_rtc = r->ah >= 2 && r->ah <= 6;

    if (r->ah == 0xB1) {
        pcibios_service(r);
        return;
    }
    if (r->ah > 7 || (uses_rtc && rtc_busy())) {
        carry_set(r, true);
        return;
    }
    carry_set(r, false);
    switch (r->ah) {
    case 0:
        ticks_get(r);
        break;
    case 1:
        ticks_set(r);
        break;
    case 2:
        time_get(r);
        break;
    case 3:
        time_set(r);
        break;
    case 4:
        date_get(r);
        break;
    case 5:
        date_set(r);
        break;
    case 6:
        alarm_set(r);
        break;
    case 7:
        cmos_write(RTC_B, cmos_read(RTC_B) & ~(RTC_B_AIE | RTC_B_SET));
        break;
    }
}

/* --- the interval of INT 15h AH=83h and 86h ------------------------------ */

static void periodic_stop(void)
{
    cmos_write(RTC_B, cmos_read(RTC_B) & ~RTC_B_PIE);
}

static void wait_tick(void)
{
    uint32_t flag;

    if (!(BDA->wait_active & 1))
        return;
    if (BDA->wait_count > PERIOD_US) {
        BDA->wait_count -= PERIOD_US;
        return;
    }
    BDA->wait_count = 0;
    BDA->wait_active &= ~1;
    periodic_stop();
    flag = BDA->wait_flag;
    far_write8((uint16_t)(flag >> 16), (uint16_t)flag,
               far_read8((uint16_t)(flag >> 16), (uint16_t)flag) | 0x80);
}

/* Returns AL = 1 if the stub is to call INT 4Ah. */
void int70_service(struct regs *r)
{
    uint8_t cause = cmos_read(RTC_C) & cmos_read(RTC_B);

    r->al = 0;
    if (cause & RTC_B_PIE)
        wait_tick();
    if (cause & RTC_B_AIE)
        r->al = 1;
    outb(0xA0, 0x20);
    outb(0x20, 0x20);
}

static bool event_start(uint16_t segment, uint16_t offset, uint32_t us)
{
    if (BDA->wait_active & 1)
        return false;
    BDA->wait_flag = (uint32_t)segment << 16 | offset;
    BDA->wait_count = us;
    BDA->wait_active = 1;
    rtc_irq_unmask();
    cmos_write(RTC_B, cmos_read(RTC_B) | RTC_B_PIE);
    return true;
}

/* AH=86h, counted in PM timer ticks. Longer waits are spent halted, woken by
 * the clock's periodic interrupt as on the AT, and end at the tick that is
 * nearest; a program that has the interrupt for itself keeps it. */
static void wait_here(uint32_t us)
{
    uint32_t last = timer_now(), left = us, rest = 0;
    uint8_t before = cmos_read(RTC_B);
    bool halted = us > PERIOD_US && (cmos_read(RTC_A) & 0x7F) == RTC_A_1024;

    if (halted)
        rtc_irq_unmask();
    while (left > 0) {
        uint32_t now, passed;

        if (halted) { /* AH=83h may end meanwhile, and the interrupt with it */
            cmos_write(RTC_B, cmos_read(RTC_B) | RTC_B_PIE);
            irq_sleep();
        } else {
            irq_window();
        }
        now = timer_now();
        rest += ((now - last) & 0xFFFFFF) * 64;
        last = now;
        passed = rest / 229;
        rest -= passed * 229;
        left = passed < left && (!halted || left - passed > PERIOD_US / 2)
                   ? left - passed
                   : 0;
    }
    if (halted && !(before & RTC_B_PIE) && !(BDA->wait_active & 1))
        periodic_stop();
}

void wait_service(struct regs *r)
{
    uint32_t us = (uint32_t)r->cx << 16 | r->dx;

    carry_set(r, false);
    if (r->ah == 0x86) {
        wait_here(us);
        return;
    }
    if (r->al == 1) {
        BDA->wait_active = 0;
        periodic_stop();
    } else if (!event_start(r->es, r->bx, us)) {
        carry_set(r, true);
        r->ah = 0;
    }
}
