/* check_states - a saved state may be damaged or made to harm: a part takes
 * it or refuses it, and what it took leads nowhere outside.
 * Run alone: make tests/devices/check_states && tests/devices/check_states */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/machine_state.h"
#include "devices/vga_draw.h"
#include "tests/suite.h"

enum { ROM_SIZE = 65536, DISK_SIZE = 1440 << 10, ACCESSES = 250, ROUNDS = 40 };

static uint8_t rom[ROM_SIZE], disk[DISK_SIZE];
static uint32_t seed;

static uint32_t number(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* A board with all parts and something in each drive; it never runs. */
static struct machine *make_board(void)
{
    struct machine_config config = {
        .ram_bytes = 2 << 20,
        .bios = rom,
        .bios_size = sizeof rom,
        .icount_shift = 2,
        .pc_testdev = true,
        .serial_ports = 15,
        .parallel_ports = 7,
        .printers = 7,
        .accel = ACCEL_INTERP,
    };
    char error[MACHINE_ERROR_SIZE];
    struct machine *m;

    for (unsigned i = 0; i < MACHINE_DRIVES; i++)
        config.media[i] = (struct machine_media){
            .path = "memory",
            .memory = disk,
            .memory_size = sizeof disk,
            .snapshot = i != DRIVE_HDC,
            .cdrom = i == DRIVE_HDC,
            .read_only = i == DRIVE_HDC,
        };
    m = machine_create(&config, error);
    ck_assert_msg(m != NULL, "%s", error);
    return m;
}

/* Some bytes of a state become others. */
static void damage(uint8_t *state, size_t size)
{
    uint32_t count = number(3) ? 1 + number(8) : (uint32_t)size;

    for (uint32_t i = 0; i < count; i++)
        state[number((uint32_t)size)] = number(2)   ? (uint8_t)number(256)
                                        : number(2) ? 0xFF
                                                    : 0x80;
}

/* Ports of all parts, and where memory is a part's. */
static void touch(struct machine *m)
{
    static const struct {
        uint32_t base, size;
        bool memory;
    } places[] = {
        {0x00, 0x100, false},      {0x170, 8, false},
        {0x1CE, 3, false},         {0x1F0, 8, false},
        {0x200, 8, false},         {0x278, 0x188, false},
        {0x4D0, 2, false},         {0x510, 12, false},
        {0xCF8, 8, false},         {0xB000, 0x50, false},
        {0xA0000, 0x20000, true},  {0xC0000, 0x40000, true},
        {0xFEC00000, 0x50, true},  {0xFED00000, 0x400, true},
        {0xFEE00000, 0x400, true}, {0xE0000000, 0x2000000, true},
    };
    unsigned n = number(sizeof places / sizeof places[0]);
    unsigned size = 1u << number(places[n].memory ? 4 : 3);
    uint64_t at = places[n].base + number(places[n].size);
    struct addrspace *space = places[n].memory ? m->memory : m->ports;

    if (number(2))
        addrspace_read(space, at, size);
    else
        addrspace_write(space, at, (uint64_t)number(65536) << number(17), size);
}

static void let_time_pass(struct machine *m)
{
    m->idle_ns += number(2) ? number(1000) : number(30000000);
    sched_run(&m->sched, machine_clock(m));
}

static void use(struct machine *m)
{
    char text[4096];

    for (unsigned i = 0; i < ACCESSES; i++) {
        touch(m);
        if (number(8) == 0)
            let_time_pass(m);
    }
    machine_frame(m);
    machine_text(m, text, sizeof text);
    machine_key(m, 0x1E, number(2));
    machine_pointer(m, 300, -300, 1, number(32));
}

/* The CPU's state is its own suite's. */
static bool is_of_interest(const struct machine *m, const struct device *d)
{
    return d != cpu_device(m->cpu) && d != &m->board && d->ops->fields;
}

static bool take(struct device *d, const uint8_t *state)
{
    state_load(d->ops->fields, d, state);
    return !d->ops->post_load || d->ops->post_load(d, d->ops->version) == 0;
}

START_TEST(damaged_states)
{
    struct machine *m = make_board();
    char error[MACHINE_ERROR_SIZE];

    seed = (uint32_t)_i;
    for (struct device *d = m->devices.first; d; d = d->next) {
        size_t size;
        uint8_t *state, *good;

        if (!is_of_interest(m, d))
            continue;
        size = state_size(d->ops->fields);
        state = malloc(size);
        good = malloc(size);
        ck_assert(state && good);
        use(m);
        state_save(d->ops->fields, d, good);
        memcpy(state, good, size);
        damage(state, size);
        if (take(d, state))
            use(m);
        else
            ck_assert(take(d, good));
        free(state);
        free(good);
        machine_reset(m);
    }
    machine_destroy(m, error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("states");
    TCase *c = tcase_create("states");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, damaged_states, 0, ROUNDS);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
