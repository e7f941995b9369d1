/* check_determinism - equal input gives an equal run, whatever the host does
 * meanwhile: slices of any length, derived state dropped at random moments,
 * the picture looked at; and the same in both engines, wherever they are
 * stopped. The guest is exercise.S behind our own BIOS.
 * Run alone, where Umbra was built: make tests/devices/check_determinism &&
 * tests/devices/check_determinism */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>

#include "tests/devices/exercise.h"
#include "tests/devices/own_bios.h"
#include "tests/suite.h"

enum {
    EXIT_STATUS = 0x15 * 2 + 1, /* that the guest leaves with */
    INSTRUCTION_NS = 4,
};
#define END (20 * 1000000000ull) /* of a run that hangs */

static char disk[] = "/tmp/umbra-disk-XXXXXX";
static char floppy[] = "/tmp/umbra-floppy-XXXXXX";
static char error[UMBRA_ERROR_SIZE];
static struct umbra_config config;

/* ------------------------------------------------------------ the machine */

static void start(void)
{
    own_bios_config(&config);
    config.boot_order = "c";
    make_image(disk, exercise, sizeof exercise, IMAGE_ROOM);
    make_image(floppy, NULL, 0, FLOPPY_SIZE);
    config.media[UMBRA_HDA] = (struct umbra_media){disk, .snapshot = true};
    config.media[UMBRA_FDA] = (struct umbra_media){floppy, .snapshot = true};
}

static void finish(void)
{
    unlink(disk);
    unlink(floppy);
}

/* ---------------------------------------------------------------- the runs */

/* Random numbers of the test's own, so that a failure comes back. */
static uint64_t random_state;

static uint64_t any(uint64_t limit)
{
    random_state += 0x9E3779B97F4A7C15;
    uint64_t x = random_state;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return (x ^ x >> 31) % limit;
}

/* What a run was. */
struct outcome {
    uint64_t hash, instructions, ns;
    uint32_t word[3]; /* sum, ticks, faults */
};

static struct umbra *create(void)
{
    struct umbra *u = umbra_create(&config, NULL, error);

    ck_assert_msg(u != NULL, "%s", error);
    return u;
}

static struct outcome end_of(struct umbra *u, enum umbra_reason reason)
{
    struct outcome o = {.hash = umbra_state_hash(u),
                        .instructions = umbra_instructions(u),
                        .ns = umbra_now(u)};
    uint8_t b[12];

    ck_assert_int_eq(reason, UMBRA_DEBUG_EXIT);
    ck_assert_uint_eq(umbra_exit_status(u), EXIT_STATUS);
    umbra_peek(u, 0x500, b, sizeof b);
    for (int i = 0; i < 3; i++)
        o.word[i] = b[4 * i] | b[4 * i + 1] << 8 | b[4 * i + 2] << 16 |
                    (uint32_t)b[4 * i + 3] << 24;
    ck_assert_msg(umbra_destroy(u, error), "%s", error);
    return o;
}

static struct outcome run_whole(void)
{
    struct umbra *u = create();

    return end_of(u, umbra_run(u, END));
}

static void same(const struct outcome *a, const struct outcome *b)
{
    ck_assert_uint_eq(a->instructions, b->instructions);
    ck_assert_uint_eq(a->ns, b->ns);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(a->word[i], b->word[i]);
    ck_assert_uint_eq(a->hash, b->hash);
}

/* The guest does what the other tests rely on. */
START_TEST(exercise_is_one)
{
    struct outcome o = run_whole();

    ck_assert_uint_gt(o.instructions, 2000000);
    ck_assert_uint_gt(o.word[1], 100); /* timer interrupts */
    ck_assert_uint_gt(o.word[2], 400); /* page faults */
}
END_TEST

START_TEST(same_run_twice)
{
    struct outcome a = run_whole(), b = run_whole();

    same(&a, &b);
    config.rtc_base++;
    b = run_whole();
    ck_assert_uint_ne(a.hash, b.hash);
}
END_TEST

static const uint64_t slices[] = {1000, 7919, 1000000};

START_TEST(slices_of_instructions)
{
    struct outcome whole = run_whole(), cut;
    struct umbra *u = create();
    enum umbra_reason reason;

    do
        reason = umbra_run(u, slices[_i] * INSTRUCTION_NS);
    while (reason == UMBRA_BUDGET && umbra_now(u) < END);
    cut = end_of(u, reason);
    same(&whole, &cut);
}
END_TEST

/* Two boards take turns in one process. */
START_TEST(two_at_once)
{
    struct outcome whole = run_whole(), o;
    struct umbra *u[2] = {create(), create()};
    enum umbra_reason reason[2] = {UMBRA_BUDGET, UMBRA_BUDGET};

    random_state = 1;
    while (reason[0] == UMBRA_BUDGET || reason[1] == UMBRA_BUDGET) {
        unsigned i = (unsigned)any(2);
        if (reason[i] == UMBRA_BUDGET)
            reason[i] = umbra_run(u[i], 1 + any(2000000));
        ck_assert_uint_lt(umbra_now(u[i]), END);
    }
    for (int i = 0; i < 2; i++) {
        o = end_of(u[i], reason[i]);
        same(&whole, &o);
    }
}
END_TEST

/* A window on the host, or who looks for text, changes nothing. */
START_TEST(looking_on)
{
    struct outcome whole = run_whole(), watched;
    struct umbra *u = create();
    struct umbra_frame frame;
    enum umbra_reason reason;
    char text[8192];

    do {
        reason = umbra_run(u, 500000);
        umbra_frame(u, &frame);
        umbra_screen_text(u, text, sizeof text);
        umbra_stats(u, text, sizeof text);
        umbra_peek(u, 0xA0000, text, sizeof text);
    } while (reason == UMBRA_BUDGET && umbra_now(u) < END);
    watched = end_of(u, reason);
    same(&whole, &watched);
}
END_TEST

/* Slices of all sizes, short ones often, with a drop after each; in the end
 * of a slice instructions run one by one, so drops come between any two. */
START_TEST(drops_at_random)
{
    struct outcome whole = run_whole(), dropped;
    struct umbra *u = create();
    enum umbra_reason reason;

    random_state = (uint64_t)_i;
    do {
        reason = umbra_run(u, INSTRUCTION_NS * (1 + any(1ull << any(17))));
        umbra_drop_derived(u);
    } while (reason == UMBRA_BUDGET && umbra_now(u) < END);
    dropped = end_of(u, reason);
    same(&whole, &dropped);
}
END_TEST

/* For a while after each of some moments, before every instruction. */
START_TEST(drops_before_every_instruction)
{
    struct outcome whole = run_whole(), dropped;
    struct umbra *u = create();
    enum umbra_reason reason;
    unsigned left = 0;

    random_state = 7;
    do {
        left = left ? left - 1 : 100;
        reason = umbra_run(u, left ? 1 : 1 + any(whole.ns / 10));
        umbra_drop_derived(u);
    } while (reason == UMBRA_BUDGET && umbra_now(u) < END);
    dropped = end_of(u, reason);
    same(&whole, &dropped);
}
END_TEST

/* ------------------------------------------------------------ two engines */

/* The guest with the interpreter and with the JIT; false where there is none:
 * then one of them is NULL. */
static bool both_engines(struct umbra *u[2])
{
    config.accel = UMBRA_ACCEL_INTERP;
    u[0] = create();
    config.accel = UMBRA_ACCEL_JIT;
    u[1] = umbra_create(&config, NULL, error);
    if (u[1])
        return true;
    printf("SKIP: %s\n", error);
    ck_assert_msg(umbra_destroy(u[0], error), "%s", error);
    return false;
}

static void same_registers(struct umbra *u[2])
{
    static const char *const name[] = {"rip", "rax", "rcx", "rsp",
                                       "rbp", "rsi", "rdi", "eflags"};
    for (unsigned n = 0; n < sizeof name / sizeof *name; n++) {
        uint64_t value[2] = {0, 1};

        for (int i = 0; i < 2; i++)
            ck_assert(umbra_get_register(u[i], name[n], &value[i]));
        ck_assert_msg(value[0] == value[1],
                      "%s is %" PRIx64 " and %" PRIx64 " after %" PRIu64,
                      name[n], value[0], value[1], umbra_instructions(u[0]));
    }
}

/* Limits of any length end both at the same instruction, in the same state.
 * The JIT's derived state is dropped now and then: by itself it would be at
 * home in all of the code soon. */
START_TEST(engines_stop_alike)
{
    struct umbra *u[2];
    enum umbra_reason reason[2];
    struct outcome o[2];

    if (!both_engines(u))
        return;
    random_state = 100 + (uint64_t)_i;
    do {
        uint64_t ns = INSTRUCTION_NS * (1 + any(1ull << any(18)));
        for (int i = 0; i < 2; i++)
            reason[i] = umbra_run(u[i], ns);
        ck_assert_int_eq(reason[0], reason[1]);
        ck_assert_uint_eq(umbra_instructions(u[0]), umbra_instructions(u[1]));
        ck_assert_uint_eq(umbra_now(u[0]), umbra_now(u[1]));
        same_registers(u);
        if (!any(16))
            ck_assert_uint_eq(umbra_state_hash(u[0]), umbra_state_hash(u[1]));
        if (!any(64))
            umbra_drop_derived(u[1]);
    } while (reason[0] == UMBRA_BUDGET && umbra_now(u[0]) < END);
    for (int i = 0; i < 2; i++)
        o[i] = end_of(u[i], reason[i]);
    same(&o[0], &o[1]);
}
END_TEST

/* Thousands of single instructions, at places all over the run. */
START_TEST(engines_step_alike)
{
    enum { PLACES = 30, STEPS = 300 };
    struct umbra *u[2];
    uint64_t whole = run_whole().ns;

    if (!both_engines(u))
        return;
    for (unsigned n = 0; n < PLACES * STEPS; n++) {
        uint64_t ns = n % STEPS ? 1 : whole / PLACES;
        for (int i = 0; i < 2; i++)
            umbra_run(u[i], ns);
        ck_assert_uint_eq(umbra_instructions(u[0]), umbra_instructions(u[1]));
        same_registers(u);
    }
    ck_assert_uint_eq(umbra_state_hash(u[0]), umbra_state_hash(u[1]));
    for (int i = 0; i < 2; i++)
        ck_assert_msg(umbra_destroy(u[i], error), "%s", error);
}
END_TEST

/* What was put in, and when. */
struct input {
    uint64_t ns;
    unsigned key;
    bool down;
};

enum { INPUTS = 200 };

/* Keys at random moments of a run that takes `whole` ns. */
static struct outcome record(struct input *in, uint64_t whole)
{
    struct umbra *u = create();

    for (unsigned n = 0; n < INPUTS; n++) {
        ck_assert_int_eq(umbra_run(u, any(whole / INPUTS)), UMBRA_BUDGET);
        in[n] = (struct input){umbra_now(u), 0x1E + (n / 2 & 7), (n & 1) == 0};
        umbra_key(u, in[n].key, in[n].down);
    }
    return end_of(u, umbra_run(u, END));
}

/* The same ones again; in `pieces` slices, and more, between two of them. */
static struct outcome replay(const struct input *in, unsigned pieces)
{
    struct umbra *u = create();

    for (unsigned n = 0; n < INPUTS; n++) {
        while (umbra_now(u) < in[n].ns) {
            uint64_t left = in[n].ns - umbra_now(u);
            left = left > pieces ? left / pieces : left;
            ck_assert_int_eq(umbra_run(u, left), UMBRA_BUDGET);
        }
        ck_assert_uint_eq(umbra_now(u), in[n].ns);
        umbra_key(u, in[n].key, in[n].down);
    }
    return end_of(u, umbra_run(u, END));
}

/* What is recorded with one engine is the same with the other. */
START_TEST(engines_replay_alike)
{
    static struct input in[INPUTS];
    struct outcome quiet = run_whole(), recorded, replayed;
    struct umbra *u[2];

    if (!both_engines(u))
        return;
    for (int i = 0; i < 2; i++)
        ck_assert_msg(umbra_destroy(u[i], error), "%s", error);
    random_state = 55;
    config.accel = _i ? UMBRA_ACCEL_JIT : UMBRA_ACCEL_INTERP;
    recorded = record(in, quiet.ns);
    ck_assert_uint_ne(recorded.hash, quiet.hash);
    config.accel = _i ? UMBRA_ACCEL_INTERP : UMBRA_ACCEL_JIT;
    for (unsigned pieces = 1; pieces <= 9; pieces += 4) {
        replayed = replay(in, pieces);
        same(&recorded, &replayed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("determinism");
    TCase *c = tcase_create("determinism");

    tcase_add_checked_fixture(c, start, finish);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, exercise_is_one);
    tcase_add_test(c, same_run_twice);
    tcase_add_loop_test(c, slices_of_instructions, 0, 3);
    tcase_add_test(c, two_at_once);
    tcase_add_test(c, looking_on);
    tcase_add_loop_test(c, drops_at_random, 0, 4);
    tcase_add_test(c, drops_before_every_instruction);
    tcase_add_loop_test(c, engines_stop_alike, 0, 3);
    tcase_add_test(c, engines_step_alike);
    tcase_add_loop_test(c, engines_replay_alike, 0, 2);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
