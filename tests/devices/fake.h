/* fake.h - a clock, ports and wires without a board, for tests of chips. */
#ifndef UMBRA_TESTS_FAKE_H
#define UMBRA_TESTS_FAKE_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "mmu/addrspace.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAKE_WIRES = 4 };

/* One end of a wire: what the chip drives. */
struct fake_wire {
    struct irq irq;
    bool level;
    unsigned rises;
    uint64_t rise_at; /* ns */
};

struct fake {
    uint64_t now; /* ns */
    struct sched sched;
    struct log log;
    struct addrspace *ports;
    struct fake_wire wire[FAKE_WIRES];
    char text[512]; /* what was logged */
};

static uint64_t fake_clock(void *opaque)
{
    return ((struct fake *)opaque)->now;
}

static void fake_wire_changed(void *opaque, unsigned line, bool level)
{
    struct fake *fake = opaque;
    struct fake_wire *wire = &fake->wire[line];

    ck_assert(wire->level != level);
    wire->level = level;
    if (!level)
        return;
    wire->rises++;
    wire->rise_at = fake->now;
}

static void fake_log(void *opaque, enum log_category category, const char *line)
{
    struct fake *fake = opaque;
    size_t used = strlen(fake->text);

    snprintf(fake->text + used, sizeof fake->text - used, "%s:%s|",
             log_category_name(category), line);
}

static inline struct fake *fake_create(void)
{
    struct fake *fake = calloc(1, sizeof *fake);

    sched_init(&fake->sched, fake_clock, NULL, fake);
    log_init(&fake->log, fake_log, fake);
    fake->ports = addrspace_create("ports", 0xFFFF, &fake->log);
    for (unsigned i = 0; i < FAKE_WIRES; i++)
        irq_connect(&fake->wire[i].irq, fake_wire_changed, fake, i);
    return fake;
}

/* All parts must be gone. */
static inline void fake_destroy(struct fake *fake)
{
    ck_assert_uint_eq(fake->sched.count, 0);
    ck_assert_uint_eq(fake->sched.capacity, 0);
    sched_free(&fake->sched);
    addrspace_destroy(fake->ports);
    free(fake);
}

static inline void out8(struct fake *fake, uint16_t port, uint8_t value)
{
    addrspace_write(fake->ports, port, value, 1);
}

static inline uint8_t in8(struct fake *fake, uint16_t port)
{
    return (uint8_t)addrspace_read(fake->ports, port, 1);
}

/* Let time pass up to `until`, event by event. */
static inline void fake_run_to(struct fake *fake, uint64_t until)
{
    while (sched_deadline(&fake->sched) <= until) {
        uint64_t when = sched_deadline(&fake->sched);
        if (when > fake->now)
            fake->now = when;
        sched_run(&fake->sched, fake->now);
    }
    fake->now = until;
}

static inline void fake_run(struct fake *fake, uint64_t ns)
{
    fake_run_to(fake, fake->now + ns);
}

/* Save, reset, load: all saved fields come back, and so do the events. */
static inline void fake_round_trip(struct fake *fake, struct device *device)
{
    const struct state_field *fields = device->ops->fields;
    size_t size = state_size(fields);
    uint8_t *saved = malloc(size), *other = malloc(size);
    uint64_t deadline = sched_deadline(&fake->sched);

    state_save(fields, device, saved);
    device->ops->reset(device);
    state_save(fields, device, other);
    ck_assert_msg(memcmp(saved, other, size) != 0,
                  "%s: nothing to save: the test is void", device->id);
    state_load(fields, device, saved);
    if (device->ops->post_load)
        ck_assert_int_eq(device->ops->post_load(device, device->ops->version),
                         0);
    memset(other, 0, size);
    state_save(fields, device, other);
    ck_assert_mem_eq(saved, other, size);
    ck_assert_uint_eq(sched_deadline(&fake->sched), deadline);
    free(saved);
    free(other);
}

/* All that `next` has to say before it answers -1, in hexadecimal. */
static inline const char *fake_hex(int (*next)(void))
{
    static char text[200];
    size_t used = 0;
    int byte;

    text[0] = 0;
    while (used < sizeof text - 4 && (byte = next()) >= 0)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02X",
                                 used ? " " : "", (unsigned)byte);
    return text;
}

/* `setup` before and `teardown` after each test. */
static inline int fake_main(SFun setup, SFun teardown, const char *name,
                            const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);

    tcase_add_checked_fixture(tc, setup, teardown);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#define FAKE_MAIN_WITH(setup, teardown, name, ...)                             \
    int main(void)                                                             \
    {                                                                          \
        const TTest *const tests[] = {__VA_ARGS__};                            \
        return fake_main(setup, teardown, name, tests, ARRAY_LEN(tests));      \
    }

#define FAKE_MAIN(name, ...) FAKE_MAIN_WITH(NULL, NULL, name, __VA_ARGS__)

#endif
