/* check_pm - ACPI registers, timer and SMBus of the PIIX4.
 * Run alone: make tests/devices/check_pm && tests/devices/check_pm */
#include "tests/devices/fake_pci.h"

#include "devices/pm_piix4.h"

enum {
    PM = PCI_DEVFN(1, 3),
    BASE = 0x600,
    SMB = 0x700,
    STS = BASE,
    EN = BASE + 2,
    CNT = BASE + 4,
    TMR = BASE + 8,
    GPSTS = BASE + 0xC,
    GPEN = BASE + 0xE
};

struct bench {
    struct fake_pci fake;
    struct pm_piix4 *pm;
    unsigned offs, sleeps, suspends, wakes;
};

static void on_action(void *opaque, enum pm_action action)
{
    struct bench *b = opaque;

    b->offs += action == PM_POWER_OFF;
    b->sleeps += action == PM_POWER_ON_SUSPEND;
    b->suspends += action == PM_SUSPEND_TO_RAM;
    b->wakes += action == PM_WAKE;
}

static unsigned in(struct bench *b, unsigned port, unsigned size)
{
    return fake_in(&b->fake, port, size);
}

static void out(struct bench *b, unsigned port, unsigned value, unsigned size)
{
    fake_out(&b->fake, port, value, size);
}

static bool sci(struct bench *b)
{
    return b->fake.irq[9].level;
}

static void bench_create(struct bench *b)
{
    memset(b, 0, sizeof *b);
    fake_pci_create(&b->fake);
    b->pm =
        pm_piix4_create(&(struct pm_piix4_config){.bus = b->fake.bus,
                                                  .devfn = PM,
                                                  .sci = &b->fake.wire[9],
                                                  .sched = &b->fake.time.sched,
                                                  .log = &b->fake.log,
                                                  .action = on_action,
                                                  .opaque = b});
    fake_device_reset(pm_piix4_device(b->pm));
    fake_config_out(&b->fake, PM, 0x40, BASE, 4);
    fake_config_out(&b->fake, PM, 0x80, 1, 1);
    fake_config_out(&b->fake, PM, 0x90, SMB, 4);
    fake_config_out(&b->fake, PM, 0xD2, 9, 1);
}

static void bench_destroy(struct bench *b)
{
    fake_device_destroy(pm_piix4_device(b->pm));
    fake_pci_destroy(&b->fake);
}

START_TEST(base_registers_map_the_blocks)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(fake_config_in(&b.fake, PM, 0, 4), 0x71138086);
    ck_assert_uint_eq(fake_config_in(&b.fake, PM, 0x40, 4), BASE | 1);
    ck_assert_uint_eq(in(&b, CNT, 2), 0);
    fake_config_out(&b.fake, PM, 0x80, 0, 1);
    ck_assert_uint_eq(in(&b, CNT, 2), 0xFFFF);
    fake_config_out(&b.fake, PM, 0x40, 0x800, 4);
    fake_config_out(&b.fake, PM, 0x80, 1, 1);
    ck_assert_uint_eq(in(&b, 0x804, 2), 0);
    fake_device_reset(pm_piix4_device(b.pm));
    ck_assert_uint_eq(in(&b, 0x804, 2), 0xFFFF);
    bench_destroy(&b);
}
END_TEST

START_TEST(timer_counts_in_virtual_time)
{
    struct bench b;
    unsigned first;

    bench_create(&b);
    first = in(&b, TMR, 4);
    fake_time_pass(&b.fake.time, 1000000000);
    ck_assert_uint_eq(in(&b, TMR, 4) - first, 3579545);
    fake_time_pass(&b.fake.time, 10ull * 1000000000);
    ck_assert_uint_le(in(&b, TMR, 4), 0xFFFFFF); /* 24 bits */
    bench_destroy(&b);
}
END_TEST

START_TEST(overflow_raises_the_sci)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(in(&b, STS, 2), 0);
    fake_time_pass(&b.fake.time, 2343000000); /* bit 23: after 2.3435 s */
    ck_assert_uint_eq(in(&b, STS, 2), 0);
    fake_time_pass(&b.fake.time, 1000000);
    ck_assert_uint_eq(in(&b, STS, 2), 1);
    ck_assert_uint_eq(in(&b, TMR, 4) >> 23, 1);
    out(&b, EN, 1, 2);
    ck_assert(!sci(&b));
    out(&b, CNT, 1, 2);
    ck_assert(sci(&b));
    out(&b, STS, 1, 2);
    ck_assert(!sci(&b));
    ck_assert_uint_eq(in(&b, STS, 2), 0);
    fake_device_reload(pm_piix4_device(b.pm));
    fake_time_pass(&b.fake.time, 2344000000);
    ck_assert(sci(&b));
    bench_destroy(&b);
}
END_TEST

START_TEST(acpi_is_switched_at_the_command_port)
{
    struct bench b;

    bench_create(&b);
    /* Without SMM: APMC_EN says that there is nothing to install. */
    ck_assert_uint_eq(fake_config_in(&b.fake, PM, 0x58, 4), 1u << 25);
    out(&b, 0xB3, 0x42, 1);
    out(&b, 0xB2, PM_ACPI_ENABLE, 1);
    ck_assert_uint_eq(in(&b, CNT, 2), 1);
    ck_assert_uint_eq(in(&b, 0xB2, 1), PM_ACPI_ENABLE);
    ck_assert_uint_eq(in(&b, 0xB3, 1), 0x42);
    out(&b, 0xB2, PM_ACPI_DISABLE, 1);
    ck_assert_uint_eq(in(&b, CNT, 2), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(power_button)
{
    struct bench b;

    bench_create(&b);
    out(&b, CNT, 1, 2);
    out(&b, EN, 0x100, 2);
    pm_piix4_power_button(b.pm);
    ck_assert(sci(&b));
    ck_assert_uint_eq(in(&b, STS + 1, 1), 1);
    out(&b, STS + 1, 1, 1); /* by bytes */
    ck_assert(!sci(&b));
    ck_assert_uint_eq(b.offs, 0);
    out(&b, CNT, 0, 2);
    pm_piix4_power_button(b.pm);
    ck_assert_uint_eq(b.offs, 1);
    bench_destroy(&b);
}
END_TEST

START_TEST(sleep_types)
{
    struct bench b;

    bench_create(&b);
    out(&b, CNT, PM_SLP_TYP_S5 << 10, 2);
    ck_assert_uint_eq(b.offs, 0);
    out(&b, CNT, PM_SLP_TYP_S5 << 10 | 0x2000, 2);
    ck_assert_uint_eq(b.offs, 1);
    ck_assert_uint_eq(in(&b, CNT, 2) & 0x2000, 0);
    /* S1: the power button wakes. */
    out(&b, CNT, PM_SLP_TYP_S1 << 10 | 0x2001, 2);
    ck_assert_uint_eq(b.sleeps, 1);
    ck_assert_uint_eq(b.suspends, 0);
    ck_assert_uint_eq(in(&b, STS, 2) & 0x8000, 0);
    pm_piix4_power_button(b.pm); /* enabled or not */
    ck_assert_uint_eq(b.wakes, 1);
    ck_assert_uint_eq(in(&b, STS, 2) & 0x8000, 0x8000);
    out(&b, STS, 0x8100, 2);
    ck_assert_uint_eq(in(&b, STS, 2), 0);
    /* The high byte alone is enough. */
    out(&b, CNT, 1, 2);
    out(&b, CNT + 1, 0x20, 1);
    ck_assert_uint_eq(b.offs, 2);
    ck_assert_uint_eq(in(&b, CNT, 2), 1);
    bench_destroy(&b);
}
END_TEST

/* Status and enable live through the reset at the end of S3. */
START_TEST(suspend_to_ram)
{
    struct bench b;

    bench_create(&b);
    out(&b, EN, 0x400, 2);
    out(&b, CNT, PM_SLP_TYP_S3 << 10 | 0x2001, 2);
    ck_assert_uint_eq(b.suspends, 1);
    ck_assert_uint_eq(b.wakes, 0);
    pm_piix4_rtc(b.pm);
    ck_assert_uint_eq(b.wakes, 1);
    pm_piix4_resume(b.pm);
    fake_device_reset(pm_piix4_device(b.pm));
    fake_config_out(&b.fake, PM, 0x40, BASE, 4);
    fake_config_out(&b.fake, PM, 0x80, 1, 1);
    ck_assert_uint_eq(in(&b, STS, 2), 0x8400);
    ck_assert_uint_eq(in(&b, EN, 2), 0x400);
    ck_assert_uint_eq(in(&b, CNT, 2), 0);
    ck_assert(!sci(&b)); /* until firmware enables it again */
    out(&b, CNT, 1, 2);
    ck_assert(sci(&b));
    out(&b, STS, 0x8400, 2);
    ck_assert(!sci(&b));
    /* An event that is there already ends the sleep at once. */
    pm_piix4_rtc(b.pm);
    out(&b, CNT, PM_SLP_TYP_S3 << 10 | 0x2001, 2);
    ck_assert_uint_eq(b.suspends, 2);
    ck_assert_uint_eq(b.wakes, 2);
    /* An event that is not enabled does not; a key does. */
    out(&b, EN, 0, 2);
    out(&b, STS, 0x8400, 2);
    out(&b, CNT, PM_SLP_TYP_S1 << 10 | 0x2001, 2);
    pm_piix4_rtc(b.pm);
    ck_assert_uint_eq(b.wakes, 2);
    pm_piix4_wake(b.pm);
    pm_piix4_wake(b.pm);
    ck_assert_uint_eq(b.wakes, 3);
    ck_assert_uint_eq(in(&b, STS, 2), 0x8400);
    /* Types that the chip has and the board does not. */
    out(&b, CNT, 2 << 10 | 0x2001, 2);
    ck_assert_uint_eq(b.sleeps + b.suspends + b.offs, 3);
    bench_destroy(&b);
}
END_TEST

START_TEST(general_purpose_events)
{
    struct bench b;

    bench_create(&b);
    out(&b, CNT, 1, 2);
    pm_piix4_gpe(b.pm, 4);
    ck_assert(!sci(&b));
    out(&b, GPEN, 0x10, 2);
    ck_assert(sci(&b));
    ck_assert_uint_eq(in(&b, GPSTS, 4), 0x00100010);
    out(&b, GPSTS, 0x10, 2);
    ck_assert(!sci(&b));
    bench_destroy(&b);
}
END_TEST

START_TEST(nobody_on_the_smbus)
{
    struct bench b;

    bench_create(&b);
    out(&b, SMB + 4, 0xA1, 1);
    out(&b, SMB + 3, 0, 1);
    out(&b, SMB + 2, 0x48, 1); /* byte data, start */
    ck_assert_uint_eq(in(&b, SMB, 1), 0x04);
    ck_assert_uint_eq(in(&b, SMB + 2, 1), 0x08);
    ck_assert(!sci(&b));
    out(&b, SMB, 0x04, 1);
    ck_assert_uint_eq(in(&b, SMB, 1), 0);
    out(&b, SMB + 2, 0x49, 1); /* with interrupt, to IRQ 9 */
    ck_assert(sci(&b));
    out(&b, SMB, 0x1E, 1);
    ck_assert(!sci(&b));
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        base_registers_map_the_blocks,
        timer_counts_in_virtual_time,
        overflow_raises_the_sci,
        acpi_is_switched_at_the_command_port,
        power_button,
        sleep_types,
        suspend_to_ram,
        general_purpose_events,
        nobody_on_the_smbus,
    };

    return fake_run("pm", tests, ARRAY_LEN(tests));
}
