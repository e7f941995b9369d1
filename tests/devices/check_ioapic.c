/* check_ioapic - redirection, edges and levels of the 82093AA.
 * Run alone: make tests/devices/check_ioapic && tests/devices/check_ioapic */
#include "tests/devices/fake_storage.h"

#include "devices/ioapic.h"
#include "devices/lapic.h"

enum {
    BASE = 0xFEC00000,
    APIC = 0xFEE00000,
    MASKED = 0x10000,
    LEVEL = 0x8000,
    REMOTE_IRR = 0x4000
};

struct bench {
    struct fake_time time;
    struct log log;
    struct addrspace *memory;
    struct apic_bus bus;
    struct fake_line intr;
    struct lapic *lapic;
    struct ioapic *ioapic;
};

static void bench_create(struct bench *b)
{
    memset(b, 0, sizeof *b);
    log_init(&b->log, NULL, NULL);
    fake_time_init(&b->time);
    fake_line_init(&b->intr);
    b->memory = addrspace_create("memory", UINT64_MAX, &b->log);
    b->lapic = lapic_create(&(struct lapic_config){.bus = &b->bus,
                                                   .memory = b->memory,
                                                   .intr = &b->intr.irq,
                                                   .sched = &b->time.sched,
                                                   .log = &b->log});
    b->ioapic = ioapic_create(&(struct ioapic_config){
        .bus = &b->bus, .memory = b->memory, .id = 2, .log = &b->log});
    lapic_device(b->lapic)->ops->reset(lapic_device(b->lapic));
    ioapic_device(b->ioapic)->ops->reset(ioapic_device(b->ioapic));
    addrspace_write(b->memory, APIC + 0xF0, 0x1FF, 4);
}

static void bench_destroy(struct bench *b)
{
    ioapic_device(b->ioapic)->ops->destroy(ioapic_device(b->ioapic));
    lapic_device(b->lapic)->ops->destroy(lapic_device(b->lapic));
    addrspace_destroy(b->memory);
    sched_free(&b->time.sched);
}

static uint32_t rd(struct bench *b, unsigned reg)
{
    addrspace_write(b->memory, BASE, reg, 4);
    return (uint32_t)addrspace_read(b->memory, BASE + 0x10, 4);
}

static void wr(struct bench *b, unsigned reg, uint32_t value)
{
    addrspace_write(b->memory, BASE, reg, 4);
    addrspace_write(b->memory, BASE + 0x10, value, 4);
}

static void entry(struct bench *b, unsigned pin, uint32_t low)
{
    wr(b, 0x11 + 2 * pin, 0); /* to APIC 0 */
    wr(b, 0x10 + 2 * pin, low);
}

static void eoi(struct bench *b)
{
    addrspace_write(b->memory, APIC + 0xB0, 0, 4);
}

START_TEST(registers)
{
    struct bench b;

    bench_create(&b);
    ck_assert_uint_eq(rd(&b, 0), 2u << 24);
    ck_assert_uint_eq(rd(&b, 1), 0x00170020);
    ck_assert_uint_eq(rd(&b, 0x10), MASKED);
    ck_assert_uint_eq(rd(&b, 0x3E), MASKED);
    wr(&b, 0x3F, 0xAB000000);
    wr(&b, 0x3E, 0xFFFFFFFF);
    ck_assert_uint_eq(rd(&b, 0x3F), 0xAB000000);
    ck_assert_uint_eq(rd(&b, 0x3E), 0x1AFFF); /* no status bits */
    ck_assert_uint_eq(rd(&b, 0x40), 0);
    wr(&b, 0, 0x05000000);
    ck_assert_uint_eq(rd(&b, 2), 0x05000000);
    bench_destroy(&b);
}
END_TEST

START_TEST(edges)
{
    struct bench b;

    bench_create(&b);
    entry(&b, 4, 0x34);
    ioapic_set_pin(b.ioapic, 4, true);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x34);
    ioapic_set_pin(b.ioapic, 4, true); /* no edge */
    eoi(&b);
    ck_assert(!b.intr.level);
    ioapic_set_pin(b.ioapic, 4, false);
    ioapic_set_pin(b.ioapic, 4, true);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x34);
    eoi(&b);
    /* An edge while masked is lost. */
    entry(&b, 4, MASKED | 0x34);
    ioapic_set_pin(b.ioapic, 4, false);
    ioapic_set_pin(b.ioapic, 4, true);
    entry(&b, 4, 0x34);
    ck_assert(!b.intr.level);
    bench_destroy(&b);
}
END_TEST

START_TEST(levels_wait_for_the_end_of_interrupt)
{
    struct bench b;

    bench_create(&b);
    entry(&b, 11, LEVEL | 0x4B);
    ioapic_set_pin(b.ioapic, 11, true);
    ck_assert_uint_eq(rd(&b, 0x10 + 22), REMOTE_IRR | LEVEL | 0x4B);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x4B);
    ck_assert(!b.intr.level);
    eoi(&b); /* still asserted: again */
    ck_assert(b.intr.level);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x4B);
    ioapic_set_pin(b.ioapic, 11, false);
    eoi(&b);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(rd(&b, 0x10 + 22), LEVEL | 0x4B);
    /* Asserted while masked, then unmasked. */
    entry(&b, 11, MASKED | LEVEL | 0x4B);
    ioapic_set_pin(b.ioapic, 11, true);
    ck_assert(!b.intr.level);
    entry(&b, 11, LEVEL | 0x4B);
    ck_assert(b.intr.level);
    /* Turning it to edge and back clears remote IRR. */
    ck_assert_int_eq(lapic_ack(b.lapic), 0x4B);
    entry(&b, 11, MASKED | 0x4B);
    ck_assert_uint_eq(rd(&b, 0x10 + 22), MASKED | 0x4B);
    bench_destroy(&b);
}
END_TEST

/* SDM 3, 10.8.5: the end of interrupt stays in the local APIC. */
START_TEST(suppressed_broadcast)
{
    struct bench b;

    bench_create(&b);
    addrspace_write(b.memory, 0xFEE000F0, 0x11FF, 4);
    ck_assert_uint_eq(addrspace_read(b.memory, 0xFEE000F0, 4), 0x11FF);
    entry(&b, 5, LEVEL | 0x55);
    ioapic_set_pin(b.ioapic, 5, true);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x55);
    ioapic_set_pin(b.ioapic, 5, false);
    eoi(&b);
    ck_assert_uint_eq(rd(&b, 0x10 + 10), REMOTE_IRR | LEVEL | 0x55);
    addrspace_write(b.memory, 0xFEC00040, 0x55, 4);
    ck_assert_uint_eq(rd(&b, 0x10 + 10), LEVEL | 0x55);
    bench_destroy(&b);
}
END_TEST

START_TEST(the_eoi_register_ends_by_vector)
{
    struct bench b;

    bench_create(&b);
    entry(&b, 5, LEVEL | 0x55);
    ioapic_set_pin(b.ioapic, 5, true);
    lapic_ack(b.lapic);
    ioapic_set_pin(b.ioapic, 5, false);
    addrspace_write(b.memory, BASE + 0x40, 0x54, 4);
    ck_assert_uint_eq(rd(&b, 0x1A) & REMOTE_IRR, REMOTE_IRR);
    addrspace_write(b.memory, BASE + 0x40, 0x55, 4);
    ck_assert_uint_eq(rd(&b, 0x1A) & REMOTE_IRR, 0);
    bench_destroy(&b);
}
END_TEST

START_TEST(destinations)
{
    struct bench b;

    bench_create(&b);
    wr(&b, 0x13, 0x07000000); /* nobody has ID 7 */
    wr(&b, 0x12, LEVEL | 0x61);
    ioapic_set_pin(b.ioapic, 1, true);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(rd(&b, 0x12) & REMOTE_IRR, 0);
    ioapic_set_pin(b.ioapic, 1, false);
    addrspace_write(b.memory, APIC + 0xD0, 0x01000000, 4);
    wr(&b, 0x13, 0x01000000);
    wr(&b, 0x12, 0x961); /* logical, lowest priority */
    ioapic_set_pin(b.ioapic, 1, true);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x61);
    bench_destroy(&b);
}
END_TEST

START_TEST(reload)
{
    struct bench b;
    struct device *device;
    uint8_t *saved;

    bench_create(&b);
    device = ioapic_device(b.ioapic);
    saved = malloc(state_size(device->ops->fields));
    entry(&b, 11, LEVEL | 0x4B);
    ioapic_set_pin(b.ioapic, 11, true);
    state_save(device->ops->fields, device, saved);
    device->ops->reset(device);
    ck_assert_uint_eq(rd(&b, 0x10 + 22), MASKED);
    state_load(device->ops->fields, device, saved);
    ck_assert_uint_eq(rd(&b, 0x10 + 22), REMOTE_IRR | LEVEL | 0x4B);
    lapic_ack(b.lapic);
    eoi(&b);
    ck_assert_int_eq(lapic_ack(b.lapic), 0x4B);
    free(saved);
    bench_destroy(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        registers,
        edges,
        levels_wait_for_the_end_of_interrupt,
        the_eoi_register_ends_by_vector,
        suppressed_broadcast,
        destinations,
        reload,
    };

    return fake_run("ioapic", tests, ARRAY_LEN(tests));
}
