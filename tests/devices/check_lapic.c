/* check_lapic - local APIC: delivery, priorities, LINT, IPIs, timer.
 * Run alone: make tests/devices/check_lapic && tests/devices/check_lapic */
#include "tests/devices/fake_storage.h"

#include "devices/lapic.h"

enum {
    BASE = 0xFEE00000,
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    APR = 0x90,
    PPR = 0xA0,
    EOI = 0xB0,
    RRD = 0xC0,
    LDR = 0xD0,
    DFR = 0xE0,
    SVR = 0xF0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    LVT_TIMER = 0x320,
    LVT_LINT0 = 0x350,
    LVT_LINT1 = 0x360,
    LVT_ERROR = 0x370,
    INITIAL = 0x380,
    CURRENT = 0x390,
    DIVIDE = 0x3E0,
    MASKED = 0x10000
};

struct bench {
    struct fake_time time;
    struct log log;
    struct addrspace *memory;
    struct apic_bus bus;
    struct fake_line intr[2];
    struct lapic *lapic, *other;
    unsigned nmis, inits, startups, last_startup, pic_acks;
};

static void on_nmi(void *opaque)
{
    ((struct bench *)opaque)->nmis++;
}

static void on_init(void *opaque)
{
    ((struct bench *)opaque)->inits++;
}

static void on_startup(void *opaque, uint8_t vector)
{
    struct bench *b = opaque;

    b->startups++;
    b->last_startup = vector;
}

static int on_pic_ack(void *opaque)
{
    struct bench *b = opaque;

    b->pic_acks++;
    lapic_lint(b->lapic, 0, false);
    return 0x08;
}

static uint64_t on_tsc(void *opaque)
{
    return ((struct bench *)opaque)->time.now * 3;
}

static const struct lapic_cpu_ops cpu = {
    .nmi = on_nmi, .init = on_init, .startup = on_startup};

static struct lapic *add_lapic(struct bench *b, uint8_t id)
{
    struct lapic *lapic =
        lapic_create(&(struct lapic_config){.bus = &b->bus,
                                            .id = id,
                                            .memory = b->memory,
                                            .intr = &b->intr[id].irq,
                                            .sched = &b->time.sched,
                                            .log = &b->log,
                                            .cpu = &cpu,
                                            .cpu_opaque = b,
                                            .pic_ack = on_pic_ack,
                                            .pic_opaque = b,
                                            .tsc_hz = 3 * NS_PER_SEC,
                                            .tsc = on_tsc,
                                            .tsc_opaque = b,
                                            .x2apic = true});

    ck_assert_ptr_nonnull(lapic);
    lapic_device(lapic)->ops->reset(lapic_device(lapic));
    return lapic;
}

/* The MMIO page is the boot CPU's: it is made last, so that it lies over
 * the other one's. */
static void bench_create(struct bench *b)
{
    memset(b, 0, sizeof *b);
    log_init(&b->log, NULL, NULL);
    fake_time_init(&b->time);
    b->memory = addrspace_create("memory", UINT64_MAX, &b->log);
    fake_line_init(&b->intr[0]);
    fake_line_init(&b->intr[1]);
    b->other = add_lapic(b, 1);
    b->lapic = add_lapic(b, 0);
}

static void bench_destroy(struct bench *b)
{
    lapic_device(b->lapic)->ops->destroy(lapic_device(b->lapic));
    lapic_device(b->other)->ops->destroy(lapic_device(b->other));
    ck_assert_uint_eq(b->bus.lapic_count, 0);
    addrspace_destroy(b->memory);
    sched_free(&b->time.sched);
}

static uint32_t rd(struct bench *b, unsigned reg)
{
    return (uint32_t)addrspace_read(b->memory, BASE + reg, 4);
}

static void wr(struct bench *b, unsigned reg, uint32_t value)
{
    addrspace_write(b->memory, BASE + reg, value, 4);
}

static void enable(struct bench *b)
{
    wr(b, SVR, 0x1FF);
}

static void self_ipi(struct bench *b, unsigned vector)
{
    wr(b, ICR, 0x40000 | vector);
}

START_TEST(values_after_reset)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(rd(&b, ID), 0);
    ck_assert_uint_eq(rd(&b, VERSION), 0x01050014);
    ck_assert_uint_eq(rd(&b, SVR), 0xFF);
    ck_assert_uint_eq(rd(&b, DFR), 0xFFFFFFFF);
    ck_assert_uint_eq(rd(&b, LVT_TIMER), MASKED);
    ck_assert_uint_eq(lapic_get_base(b.lapic), BASE | 0x900);
    ck_assert_uint_eq(lapic_get_base(b.other), BASE | 0x800);
    bench_destroy(&b);
}
END_TEST

START_TEST(pic_requests_pass_through_lint0)
{
    struct bench b;

    bench_create(&b);
    lapic_lint(b.lapic, 0, true);
    ck_assert(b.intr[0].level);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x08);
    ck_assert(!b.intr[0].level);
    ck_assert_int_eq(lapic_ack(b.lapic), -1);
    enable(&b);
    wr(&b, LVT_LINT0, MASKED | 0x700);
    lapic_lint(b.lapic, 0, true);
    ck_assert(!b.intr[0].level);
    wr(&b, LVT_LINT0, 0x700);
    ck_assert(b.intr[0].level);
    ck_assert(lapic_pending(b.lapic));
    /* Globally disabled: LINT0 is the INTR pin. */
    wr(&b, LVT_LINT0, MASKED);
    ck_assert(lapic_set_base(b.lapic, BASE | 0x100, 36));
    ck_assert(b.intr[0].level);
    bench_destroy(&b);
}
END_TEST

START_TEST(priorities_nest)
{
    struct bench b;

    bench_create(&b);
    self_ipi(&b, 0x40); /* software-disabled: not taken */
    ck_assert_uint_eq(rd(&b, IRR + 0x20), 0);
    enable(&b);
    self_ipi(&b, 0x41);
    self_ipi(&b, 0x82);
    ck_assert_uint_eq(rd(&b, IRR + 0x20), 2);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x82);
    ck_assert_uint_eq(rd(&b, ISR + 0x40), 4);
    ck_assert_uint_eq(rd(&b, PPR), 0x80);
    ck_assert(!b.intr[0].level);
    self_ipi(&b, 0x8F); /* same class: waits */
    ck_assert(!b.intr[0].level);
    self_ipi(&b, 0x91);
    ck_assert(b.intr[0].level);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x91);
    wr(&b, EOI, 0);
    ck_assert(!b.intr[0].level);
    wr(&b, EOI, 0);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x8F);
    wr(&b, EOI, 0);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x41);
    wr(&b, EOI, 0);
    ck_assert_uint_eq(rd(&b, PPR), 0);
    ck_assert(!b.intr[0].level);
    bench_destroy(&b);
}
END_TEST

START_TEST(task_priority_holds_back)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    lapic_set_cr8(b.lapic, 5);
    ck_assert_uint_eq(rd(&b, TPR), 0x50);
    self_ipi(&b, 0x5F);
    ck_assert(!b.intr[0].level);
    ck_assert_int_eq(lapic_ack(b.lapic), 0xFF); /* spurious */
    wr(&b, TPR, 0x4F);
    ck_assert_uint_eq(lapic_get_cr8(b.lapic), 4);
    ck_assert(b.intr[0].level);
    bench_destroy(&b);
}
END_TEST

START_TEST(lint1_is_nmi_on_the_edge)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    lapic_lint(b.lapic, 1, true);
    ck_assert_uint_eq(b.nmis, 0); /* masked */
    lapic_lint(b.lapic, 1, false);
    wr(&b, LVT_LINT1, 0x400);
    lapic_lint(b.lapic, 1, true);
    ck_assert_uint_eq(b.nmis, 1);
    bench_destroy(&b);
}
END_TEST

START_TEST(level_lint_repeats_after_eoi)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    wr(&b, LVT_LINT0, 0x8060); /* fixed, level */
    lapic_lint(b.lapic, 0, true);
    ck_assert_uint_eq(rd(&b, LVT_LINT0), 0xC060);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x60);
    ck_assert(!b.intr[0].level);
    wr(&b, EOI, 0);
    ck_assert(b.intr[0].level);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x60);
    lapic_lint(b.lapic, 0, false);
    wr(&b, EOI, 0);
    ck_assert(!b.intr[0].level);
    ck_assert_uint_eq(rd(&b, LVT_LINT0), 0x8060);
    bench_destroy(&b);
}
END_TEST

START_TEST(ipis_find_their_cpus)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    wr(&b, ICR_HIGH, 1u << 24);
    wr(&b, ICR, 0x4500);
    ck_assert_uint_eq(b.inits, 1);
    wr(&b, ICR, 0x4608);
    ck_assert_uint_eq(b.startups, 1);
    ck_assert_uint_eq(b.last_startup, 8);
    wr(&b, ICR, 0x8500); /* de-assert: nothing */
    ck_assert_uint_eq(b.inits, 1);
    wr(&b, ICR, 0x400); /* NMI */
    ck_assert_uint_eq(b.nmis, 1);
    wr(&b, ICR, 0xC4400); /* NMI to the others */
    ck_assert_uint_eq(b.nmis, 2);
    wr(&b, ICR, 0x84400); /* to all */
    ck_assert_uint_eq(b.nmis, 4);
    wr(&b, ICR_HIGH, 0xFFu << 24); /* broadcast */
    wr(&b, ICR, 0x400);
    ck_assert_uint_eq(b.nmis, 6);
    wr(&b, ICR_HIGH, 7u << 24); /* nobody */
    wr(&b, ICR, 0x400);
    ck_assert_uint_eq(b.nmis, 6);
    /* Logical, flat: LDR 2. */
    wr(&b, LDR, 0x02000000);
    wr(&b, ICR_HIGH, 3u << 24);
    wr(&b, ICR, 0x851);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x51);
    /* Cluster: cluster 1, member 2. */
    wr(&b, DFR, 0x0FFFFFFF);
    wr(&b, LDR, 0x12000000);
    wr(&b, ICR_HIGH, 0x1Fu << 24);
    wr(&b, ICR, 0x861);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x61);
    wr(&b, ICR_HIGH, 0x2Fu << 24);
    wr(&b, ICR, 0x871);
    ck_assert(!b.intr[0].level);
    bench_destroy(&b);
}
END_TEST

START_TEST(arbitration_priority)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    ck_assert_uint_eq(rd(&b, APR), 0);
    wr(&b, TPR, 0x35);
    ck_assert_uint_eq(rd(&b, APR), 0x35);
    self_ipi(&b, 0x41); /* above the task: its class */
    ck_assert_uint_eq(rd(&b, APR), 0x40);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x41);
    ck_assert_uint_eq(rd(&b, APR), 0x00); /* 3 AND 4 */
    wr(&b, TPR, 0x62);
    ck_assert_uint_eq(rd(&b, APR), 0x62);
    bench_destroy(&b);
}
END_TEST

START_TEST(remote_read)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    wr(&b, ICR_HIGH, 1u << 24);
    wr(&b, ICR, 0x302); /* the ID of CPU 1 */
    ck_assert_uint_eq(rd(&b, ICR) & 0x31FFF, 0x20302);
    ck_assert_uint_eq(rd(&b, RRD), 1u << 24);
    wr(&b, ICR_HIGH, 0);
    wr(&b, ICR, 0x30F);
    ck_assert_uint_eq(rd(&b, RRD), 0x1FF);
    wr(&b, ICR_HIGH, 9u << 24); /* nobody */
    wr(&b, ICR, 0x302);
    ck_assert_uint_eq(rd(&b, ICR) & 0x31FFF, 0x00302);
    bench_destroy(&b);
}
END_TEST

START_TEST(errors_are_latched_by_a_write)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    wr(&b, LVT_ERROR, 0x33);
    self_ipi(&b, 5);
    ck_assert_uint_eq(rd(&b, ESR), 0);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x33);
    wr(&b, ESR, 0);
    ck_assert_uint_eq(rd(&b, ESR), 0x20);
    wr(&b, EOI, 0);
    rd(&b, 0x3F0);
    wr(&b, ESR, 0);
    ck_assert_uint_eq(rd(&b, ESR), 0x80);
    wr(&b, ESR, 0);
    ck_assert_uint_eq(rd(&b, ESR), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(one_shot_timer)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    wr(&b, LVT_TIMER, 0x70);
    wr(&b, DIVIDE, 3); /* 16: 16 ns a tick */
    wr(&b, INITIAL, 1000);
    fake_time_pass(&b.time, 4000);
    ck_assert_uint_eq(rd(&b, CURRENT), 750);
    ck_assert(!b.intr[0].level);
    fake_time_pass(&b.time, 12000);
    ck_assert(b.intr[0].level);
    ck_assert_uint_eq(rd(&b, CURRENT), 0);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x70);
    wr(&b, EOI, 0);
    fake_time_pass(&b.time, 100000);
    ck_assert(!b.intr[0].level);
    wr(&b, INITIAL, 1000);
    wr(&b, INITIAL, 0); /* stops */
    fake_time_pass(&b.time, 100000);
    ck_assert(!b.intr[0].level);
    bench_destroy(&b);
}
END_TEST

START_TEST(periodic_timer)
{
    struct bench b;
    unsigned count = 0;

    bench_create(&b);
    enable(&b);
    wr(&b, LVT_TIMER, 0x20070);
    wr(&b, DIVIDE, 0xB); /* 1 */
    wr(&b, INITIAL, 5000);
    for (unsigned i = 0; i < 100; i++) {
        fake_time_pass(&b.time, 1000);
        if (b.intr[0].level) {
            count++;
            lapic_ack(b.lapic);
            wr(&b, EOI, 0);
        }
    }
    ck_assert_uint_eq(count, 20);
    /* A silly period must not hang the queue. */
    wr(&b, INITIAL, 1);
    fake_time_pass(&b.time, 10000);
    wr(&b, LVT_TIMER, MASKED | 0x20070);
    bench_destroy(&b);
}
END_TEST

START_TEST(tsc_deadline_timer)
{
    struct bench b;

    bench_create(&b);
    enable(&b);
    lapic_set_tsc_deadline(b.lapic, 5);
    ck_assert_uint_eq(lapic_get_tsc_deadline(b.lapic), 0);
    wr(&b, LVT_TIMER, 0x40071);
    lapic_set_tsc_deadline(b.lapic, on_tsc(&b) + 3000);
    fake_time_pass(&b.time, 999);
    ck_assert(!b.intr[0].level);
    fake_time_pass(&b.time, 2);
    ck_assert(b.intr[0].level);
    ck_assert_uint_eq(lapic_get_tsc_deadline(b.lapic), 0);
    lapic_ack(b.lapic);
    wr(&b, EOI, 0);
    lapic_set_tsc_deadline(b.lapic, 1); /* long over */
    fake_time_pass(&b.time, 1);
    ck_assert(b.intr[0].level);
    wr(&b, INITIAL, 100);
    ck_assert_uint_eq(rd(&b, CURRENT), 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(base_msr_moves_and_hides)
{
    struct bench b;

    bench_create(&b);
    ck_assert(lapic_set_base(b.lapic, 0xD0000900, 36));
    ck_assert_uint_eq(addrspace_read(b.memory, 0xD0000030, 4), 0x01050014);
    ck_assert(!lapic_set_base(b.lapic, 0xFEE00901, 36));
    ck_assert(!lapic_set_base(b.lapic, (1ull << 36) | 0x900, 36));
    ck_assert(!lapic_set_base(b.lapic, 0xFEE00500, 36)); /* EXTD alone */
    ck_assert(lapic_set_base(b.lapic, 0xFEE00100, 36));
    ck_assert(!lapic_enabled(b.lapic));
    ck_assert_uint_eq(addrspace_read(b.memory, 0xD0000030, 4), 0xFFFFFFFF);
    ck_assert(!lapic_set_base(b.lapic, 0xFEE00D00, 36));
    ck_assert(lapic_set_base(b.lapic, 0xFEE00900, 36));
    ck_assert_uint_eq(rd(&b, SVR), 0xFF);
    bench_destroy(&b);
}
END_TEST

START_TEST(x2apic_msrs)
{
    struct bench b;
    uint64_t value;

    bench_create(&b);
    ck_assert(!lapic_read_msr(b.lapic, 0x803, &value));
    ck_assert(lapic_set_base(b.lapic, 0xFEE00D00, 36));
    ck_assert(!lapic_set_base(b.lapic, 0xFEE00900, 36));
    ck_assert(lapic_read_msr(b.lapic, 0x803, &value));
    ck_assert_uint_eq(value, 0x01050014);
    ck_assert(lapic_read_msr(b.lapic, 0x80D, &value));
    ck_assert_uint_eq(value, 1);
    ck_assert(lapic_write_msr(b.lapic, 0x80F, 0x1FF));
    ck_assert(!lapic_write_msr(b.lapic, 0x80F, 0x10000));
    ck_assert(lapic_write_msr(b.lapic, 0x83F, 0x44));
    ck_assert(!lapic_write_msr(b.lapic, 0x83F, 0x144));
    ck_assert_int_eq(lapic_ack(b.lapic), 0x44);
    ck_assert(!lapic_write_msr(b.lapic, 0x80B, 1));
    ck_assert(lapic_write_msr(b.lapic, 0x80B, 0));
    ck_assert(lapic_write_msr(b.lapic, 0x830, 1ull << 32 | 0x400));
    ck_assert_uint_eq(b.nmis, 1);
    ck_assert(!lapic_read_msr(b.lapic, 0x80E, &value));
    ck_assert(!lapic_read_msr(b.lapic, 0x831, &value));
    ck_assert(!lapic_read_msr(b.lapic, 0x8FF, &value));
    ck_assert(!lapic_write_msr(b.lapic, 0x802, 0));
    bench_destroy(&b);
}
END_TEST

/* SDM 3, 10.11: as stores to FEExxxxx and by call. */
START_TEST(message_signalled_interrupts)
{
    struct bench b;

    bench_create(&b);
    apic_bus_map(&b.bus, b.memory);
    enable(&b);
    addrspace_write(b.memory, 0xFEE00000, 0x0041, 4); /* physical, to 0 */
    ck_assert_int_eq(lapic_ack(b.lapic), 0x41);
    ck_assert(!b.intr[1].level);
    wr(&b, EOI, 0);
    lapic_write_msr(b.other, 0x80F, 0x1FF); /* not in x2APIC mode: refused */
    addrspace_write(b.memory, 0xFEE01000, 0x0442, 4); /* NMI to 1 */
    ck_assert_uint_eq(b.nmis, 1);
    addrspace_write(b.memory, 0xFEEFF000, 0x0400, 4); /* NMI to all */
    ck_assert_uint_eq(b.nmis, 3);
    wr(&b, LDR, 0x04000000);
    addrspace_write(b.memory, 0xFEE04004, 0x0043, 4); /* logical */
    ck_assert_int_eq(lapic_ack(b.lapic), 0x43);
    wr(&b, EOI, 0);
    addrspace_write(b.memory, 0xFEE0400C, 0x0044, 4); /* lowest of them */
    ck_assert_int_eq(lapic_ack(b.lapic), 0x44);
    wr(&b, EOI, 0);
    addrspace_write(b.memory, 0xFEE08004, 0x0045, 4); /* nobody's */
    ck_assert(!b.intr[0].level);
    /* A level has two ends, of which one interrupts. */
    ck_assert(apic_bus_message(&b.bus, 0xFEE00000, 0x8046));
    ck_assert(!b.intr[0].level);
    ck_assert(apic_bus_message(&b.bus, 0xFEE00000, 0xC046));
    ck_assert_int_eq(lapic_ack(b.lapic), 0x46);
    ck_assert_uint_eq(rd(&b, TMR + 0x20), 1 << 6);
    wr(&b, EOI, 0);
    ck_assert(!apic_bus_message(&b.bus, 0xFEF00000, 0x0047));
    ck_assert(!apic_bus_message(&b.bus, 0x1FEE00000, 0x0047));
    /* Registers are where they were; what is too narrow is nothing. */
    ck_assert_uint_eq(rd(&b, VERSION), 0x01050014);
    addrspace_write(b.memory, 0xFEE00000, 0x48, 1);
    addrspace_write(b.memory, 0xFEE0F002, 0x48, 2);
    ck_assert(!b.intr[0].level);
    addrspace_unmap(b.memory, &b.bus.messages);
    bench_destroy(&b);
}
END_TEST

START_TEST(saved_with_a_running_timer)
{
    struct bench b;
    struct device *device;
    uint8_t *saved;

    bench_create(&b);
    device = lapic_device(b.lapic);
    saved = malloc(state_size(device->ops->fields));
    enable(&b);
    wr(&b, LVT_TIMER, 0x70);
    wr(&b, DIVIDE, 0xB);
    wr(&b, INITIAL, 10000);
    self_ipi(&b, 0x66);
    state_save(device->ops->fields, device, saved);
    device->ops->reset(device);
    ck_assert(!b.intr[0].level);
    state_load(device->ops->fields, device, saved);
    ck_assert_int_eq(device->ops->post_load(device, 1), 0);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x66);
    wr(&b, EOI, 0);
    fake_time_pass(&b.time, 10000);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x70);
    free(saved);
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_after_reset,
        pic_requests_pass_through_lint0,
        priorities_nest,
        task_priority_holds_back,
        lint1_is_nmi_on_the_edge,
        level_lint_repeats_after_eoi,
        ipis_find_their_cpus,
        arbitration_priority,
        remote_read,
        errors_are_latched_by_a_write,
        one_shot_timer,
        periodic_timer,
        tsc_deadline_timer,
        base_msr_moves_and_hides,
        x2apic_msrs,
        message_signalled_interrupts,
        saved_with_a_running_timer,
    };

    return fake_run("lapic", tests, ARRAY_LEN(tests));
}
