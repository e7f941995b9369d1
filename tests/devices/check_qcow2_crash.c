/* check_qcow2_crash - qcow2 images after the end of the emulator, or of its
 * host, between any two writes.
 * Run alone: make tests/devices/check_qcow2_crash &&
 *            tests/devices/check_qcow2_crash
 *
 * A session is recorded write by write. Then the image is made again as it
 * was after the first n of them, for every n: killed, all of these are
 * there; after a power failure those since the last barrier are there or
 * not, sector by sector, as chance has it. Each time the image must be
 * sound, but for leaks, every sector must have what was flushed last or
 * something written later, and the image must go on working. */
#include "tests/devices/fake_qcow2.h"

#include "tests/suite.h"

enum { SIZE = 160 * 1024, SECTORS = SIZE / 512, OPS = 20, FLUSH_EVERY = 5 };

static const struct shape {
    unsigned version, bits, order;
} shapes[] = {{3, 9, 4}, {3, 9, 6}, {3, 9, 0}, {3, 12, 3}, {2, 16, 4}};

/* `mark`: so much of the journal was written when it began, or, of a flush,
 * when it was over. */
struct step {
    size_t mark;
    bool flush;
    uint32_t sector, count;
    uint8_t *data;
};

struct session {
    struct step step[OPS + OPS / FLUSH_EVERY + 2];
    unsigned steps;
    uint8_t *first; /* the image when recording began */
    size_t first_size;
    uint8_t model[SIZE]; /* the disk then */
};

/* Backing file, compressed clusters, and a cluster that keeps its place. */
static void prepare(struct session *s, const struct shape *shape)
{
    const struct qcow2_new new = {
        .size = SIZE,
        .version = shape->version,
        .cluster_bits = shape->bits,
        .refcount_order = shape->order,
        .backing = "base",
        .backing_format = "raw",
    };
    uint32_t seed = 4;
    uint64_t cluster = 1ull << shape->bits;
    struct disk_layer layer;
    struct fake_file *file;

    memset(s, 0, sizeof *s);
    fake_noise(&seed, s->model, SIZE);
    fake_add("/base", s->model, SIZE);
    fake_create("/x", &new);
    layer = fake_open("/x", true);
    for (unsigned i = 0; i < 20; i++) {
        uint64_t at = fake_random(&seed) % (SIZE / cluster) * cluster;

        memset(s->model + at, (int)i, cluster);
        ck_assert_int_eq(qcow2_write_packed(layer.image, at, s->model + at), 0);
    }
    memset(s->model + 512, 0x77, 512);
    fake_write(&layer, 512, s->model + 512, 512);
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    fake_check("/x", false);
    file = fake_find("/x");
    s->first_size = file->size;
    s->first = malloc(file->size);
    memcpy(s->first, file->data, file->size);
}

static struct step *new_step(struct session *s)
{
    ck_assert_uint_lt(s->steps, ARRAY_LEN(s->step));
    s->step[s->steps].mark = fake_host.entries;
    return &s->step[s->steps++];
}

static void record(struct session *s, uint32_t seed)
{
    struct disk_layer layer = fake_open("/x", true);

    fake_host.recording = true;
    for (unsigned op = 1; op <= OPS; op++) {
        struct step *step = new_step(s);

        step->sector = fake_random(&seed) % SECTORS;
        step->count = 1 + fake_random(&seed) % 24;
        if (step->count > SECTORS - step->sector)
            step->count = SECTORS - step->sector;
        step->data = malloc(step->count * 512u);
        fake_noise(&seed, step->data, step->count * 512u);
        fake_write(&layer, step->sector * 512u, step->data, step->count * 512u);
        if (op % FLUSH_EVERY == 0) {
            ck_assert_int_eq(layer.format->flush(layer.image), 0);
            new_step(s)->flush = true;
        }
    }
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    fake_host.recording = false;
}

/* Of an entry behind the last barrier, each sector by chance. */
static void apply_torn(struct fake_file *to, const struct fake_entry *e,
                       uint32_t *seed)
{
    for (uint64_t at = 0; at < e->size;) {
        uint64_t n = min_u64(512 - (e->offset + at) % 512, e->size - at);

        if (fake_random(seed) & 4)
            fake_put(to, e->offset + at, e->data + at, n);
        at += n;
    }
}

/* The image after the first `n` entries, as "/crash". */
static void replay(const struct session *s, size_t n, bool power,
                   uint32_t *seed)
{
    struct fake_file *file = fake_add("/crash", s->first, s->first_size);
    size_t safe = n;

    while (power && safe && fake_host.journal[safe - 1].action != FAKE_SYNC)
        safe--;
    for (size_t i = 0; i < n; i++) {
        const struct fake_entry *e = &fake_host.journal[i];

        if (e->action == FAKE_RESIZE && (i < safe || fake_random(seed) & 4))
            fake_resize(file, e->size);
        if (e->action != FAKE_WRITE)
            continue;
        if (i < safe)
            fake_put(file, e->offset, e->data, e->size);
        else
            apply_torn(file, e, seed);
    }
}

/* May sector `sector` read as `data`? Going back: what was written since
 * the last flush that was over may be there, what a flush follows must. */
static bool allowed(const struct session *s, size_t n, uint32_t sector,
                    const uint8_t *data)
{
    bool flushed = false;

    for (unsigned i = s->steps; i-- > 0;) {
        const struct step *step = &s->step[i];

        if (step->flush) {
            flushed |= step->mark <= n;
            continue;
        }
        if (step->mark >= n || sector < step->sector ||
            sector >= step->sector + step->count)
            continue;
        if (!memcmp(step->data + (sector - step->sector) * 512u, data, 512))
            return true;
        if (flushed)
            return false;
    }
    return !memcmp(s->model + sector * 512u, data, 512);
}

static void expect_allowed(const struct session *s, size_t n)
{
    struct disk_layer layer = fake_open("/crash", false);
    static uint8_t data[SIZE];

    ck_assert_int_eq(disk_layer_read(&layer, 0, data, SIZE), 0);
    disk_layer_close(&layer);
    for (uint32_t i = 0; i < SECTORS; i++)
        if (!allowed(s, n, i, data + i * 512u))
            ck_abort_msg("stopped after %zu writes: sector %u is wrong", n, i);
}

/* The next session, on the same image. */
static void go_on(uint32_t seed)
{
    static uint8_t model[SIZE];
    struct disk_layer layer = fake_open("/crash", true);

    ck_assert_int_eq(disk_layer_read(&layer, 0, model, SIZE), 0);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t at = fake_random(&seed) % (SECTORS - 8) * 512;

        fake_noise(&seed, model + at, 8 * 512);
        fake_write(&layer, at, model + at, 8 * 512);
    }
    ck_assert_int_eq(disk_layer_close(&layer), 0);
    fake_check("/crash", true);
    fake_expect("/crash", model, SIZE);
}

static void free_session(struct session *s)
{
    for (unsigned i = 0; i < s->steps; i++)
        free(s->step[i].data);
    free(s->first);
    fake_clear();
}

static void stop_everywhere(int shape, bool power)
{
    static struct session s;
    uint32_t seed = 1000u + (uint32_t)shape;

    prepare(&s, &shapes[shape]);
    record(&s, seed);
    ck_assert_uint_gt(fake_host.entries, 2 * OPS);
    for (size_t n = 0; n <= fake_host.entries; n += 1 + power) {
        replay(&s, n, power, &seed);
        fake_check("/crash", true);
        expect_allowed(&s, n);
        if (n % 10 == 0)
            go_on(seed + (uint32_t)n);
    }
    free_session(&s);
}

START_TEST(killed_after_any_write)
{
    stop_everywhere(_i, false);
}
END_TEST

START_TEST(power_failure_after_any_write)
{
    stop_everywhere(_i, true);
}
END_TEST

/* The host's disk is full for a while: errors, then all goes on. */
START_TEST(full_at_any_write)
{
    static struct session s;
    static uint8_t model[SIZE];
    bool failed = true;

    for (long n = 0; failed && n < 20000; n += 1 + n / 8) {
        struct disk_layer layer;
        uint32_t seed = 6;

        failed = false;
        prepare(&s, &shapes[_i]);
        memcpy(model, s.model, SIZE);
        layer = fake_open("/x", true);
        fake_host.writes_left = n;
        for (unsigned op = 0; op < 30; op++) {
            uint32_t at = fake_random(&seed) % (SECTORS - 16) * 512;
            uint8_t data[16 * 512];

            fake_noise(&seed, data, sizeof data);
            if (layer.format->write(layer.image, at, data, sizeof data) < 0) {
                /* Half of it may be there; the guest tries again. */
                failed = true;
                fake_host.writes_left = -1;
                fake_write(&layer, at, data, sizeof data);
            }
            memcpy(model + at, data, sizeof data);
        }
        fake_host.writes_left = -1;
        ck_assert_int_eq(disk_layer_close(&layer), 0);
        fake_check("/x", true);
        fake_expect("/x", model, SIZE);
        free_session(&s);
    }
    ck_assert(!failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("qcow2 crash");
    TCase *tcase = tcase_create("qcow2 crash");
    int all = ARRAY_LEN(shapes);

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, killed_after_any_write, 0, all);
    tcase_add_loop_test(tcase, power_failure_after_any_write, 0, all);
    tcase_add_loop_test(tcase, full_at_any_write, 0, all);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
