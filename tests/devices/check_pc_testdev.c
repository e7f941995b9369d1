/* check_pc_testdev - latch, interrupt lines and memory of the test device;
 * the exit port where -device puts it.
 * Alone: make tests/devices/check_pc_testdev && tests/devices/check_pc_testdev
 */
#include "tests/devices/fake.h"

#include "devices/debugport.h"
#include "devices/pc_testdev.h"

struct rig {
    struct fake *fake;
    struct addrspace *memory;
    struct pc_testdev *dev;
    uint32_t levels;
    unsigned changes;
};

static void on_line(void *opaque, unsigned line, bool level)
{
    struct rig *r = opaque;

    ck_assert_uint_lt(line, TESTDEV_LINES);
    r->changes++;
    r->levels = (r->levels & ~(1u << line)) | (uint32_t)level << line;
}

static void begin(struct rig *r)
{
    *r = (struct rig){.fake = fake_create()};
    r->memory = addrspace_create("memory", 0xFFFFFFFF, &r->fake->log);
    r->dev =
        pc_testdev_create(&(struct pc_testdev_config){.ports = r->fake->ports,
                                                      .memory = r->memory,
                                                      .log = &r->fake->log,
                                                      .set_line = on_line,
                                                      .opaque = r});
}

static void end(struct rig *r)
{
    pc_testdev_ops.destroy(pc_testdev_device(r->dev));
    addrspace_destroy(r->memory);
    fake_destroy(r->fake);
}

START_TEST(latch_in_all_widths)
{
    struct rig r;

    begin(&r);
    addrspace_write(r.fake->ports, 0xE0, 0x44332211, 4);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE0, 4), 0x44332211);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE1, 1), 0x22);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE2, 2), 0x4433);
    addrspace_write(r.fake->ports, 0xE1, 0xAA, 1);
    addrspace_write(r.fake->ports, 0xE2, 0xCCBB, 2);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE0, 4), 0xCCBBAA11);
    /* the byte port shows the same word */
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE8, 4), 0xCCBBAA11);
    addrspace_write(r.fake->ports, 0xE9, 0x7766, 2);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE0, 4), 0xCC776611);
    /* the flush port is apart */
    addrspace_write(r.fake->ports, 0xE4, 0x12345000, 4);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0xE0, 4), 0xCC776611);
    end(&r);
}
END_TEST

START_TEST(lines)
{
    struct rig r;

    begin(&r);
    addrspace_write(r.fake->ports, 0x2005, 1, 1);
    addrspace_write(r.fake->ports, 0x2017, 0x80, 1);
    ck_assert_uint_eq(r.levels, 1u << 5 | 1u << 23);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0x2005, 1), 1);
    ck_assert_uint_eq(addrspace_read(r.fake->ports, 0x2006, 1), 0);
    addrspace_write(r.fake->ports, 0x2005, 0, 1);
    ck_assert_uint_eq(r.levels, 1u << 23);
    ck_assert_uint_eq(r.changes, 3);
    /* nothing behind the last one */
    addrspace_write(r.fake->ports, 0x2018, 1, 1);
    ck_assert_uint_eq(r.changes, 3);
    pc_testdev_ops.reset(pc_testdev_device(r.dev));
    ck_assert_uint_eq(r.levels, 0);
    end(&r);
}
END_TEST

START_TEST(memory)
{
    struct rig r;
    uint64_t last;

    begin(&r);
    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t value = 0x8877665544332211 >> (64 - 8 * size);

        addrspace_write(r.memory, 0xFF000100, 0, 8);
        addrspace_write(r.memory, 0xFF000100, value, size);
        ck_assert_uint_eq(addrspace_read(r.memory, 0xFF000100, 8), value);
    }
    addrspace_write(r.memory, 0xFF00FFFF, 0x5A, 1);
    ck_assert_uint_eq(addrspace_read(r.memory, 0xFF00FFFF, 1), 0x5A);
    ck_assert_ptr_null(addrspace_find(r.memory, 0xFF010000, &last));
    ck_assert_ptr_null(addrspace_find(r.memory, 0xFEFFFFFF, &last));
    pc_testdev_ops.reset(pc_testdev_device(r.dev));
    ck_assert_uint_eq(addrspace_read(r.memory, 0xFF00FFFF, 1), 0);
    end(&r);
}
END_TEST

START_TEST(state_goes_around)
{
    struct rig r;

    begin(&r);
    addrspace_write(r.fake->ports, 0xE0, 0x1234, 4);
    addrspace_write(r.fake->ports, 0x2003, 1, 1);
    addrspace_write(r.memory, 0xFF000010, 0x99, 1);
    fake_round_trip(r.fake, pc_testdev_device(r.dev));
    end(&r);
}
END_TEST

static void on_exit_value(void *opaque, uint32_t value)
{
    *(uint32_t *)opaque = value;
}

START_TEST(exit_port_elsewhere)
{
    struct fake *fake = fake_create();
    uint32_t value = 0;
    struct debugport *port =
        debugport_create(&(struct debugport_config){.ports = fake->ports,
                                                    .log = &fake->log,
                                                    .exit = on_exit_value,
                                                    .exit_base = 0x501,
                                                    .exit_size = 2,
                                                    .opaque = &value});

    addrspace_write(fake->ports, 0xF4, 5, 1);
    addrspace_write(fake->ports, 0x503, 5, 1);
    ck_assert_uint_eq(value, 0);
    addrspace_write(fake->ports, 0x501, 0x1234, 2);
    ck_assert_uint_eq(value, 0x1234);
    ck_assert_uint_eq(addrspace_read(fake->ports, 0x501, 1), 0);
    debugport_ops.destroy(debugport_device(port));
    fake_destroy(fake);
}
END_TEST

FAKE_MAIN("pc-testdev", latch_in_all_widths, lines, memory, state_goes_around,
          exit_port_elsewhere)
