/* check_oracle - our processor against recorded vectors, and where this host
 * can judge, a fixed sample of cases against the host's own.
 * Alone: make tests/oracle/check_oracle && tests/oracle/check_oracle */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "tests/oracle/run.h"
#include "tests/suite.h"

enum { SAMPLE = 20 }; /* cases per row */

static const char *vectors_path(char *path, size_t size)
{
    const char *dir = getenv("SRCDIR");
    snprintf(path, size, "%s/tests/oracle/vectors.bin", dir ? dir : SRCDIR);
    return path;
}

static void masks_for(const struct decode_table *decode,
                      const struct oracle_case *c, bool amd,
                      struct oracle_masks *m)
{
    struct insn i;
    if (decode_insn(decode, c->bytes, 15, c->code_size, &i) != DECODE_OK)
        i.exec = NULL;
    oracle_masks_of(c, &i, amd, m);
}

/* ---- recorded vectors */

struct replay {
    struct oracle_file *file;
    struct oracle_guest *guest;
    struct oracle_case c;
    struct oracle_result want, got;
    struct oracle_masks masks;
    bool amd;
    unsigned vectors, failures;
};

static struct replay *replay_open(enum oracle_engine engine)
{
    struct replay *p = calloc(1, sizeof *p);
    char path[512], error[600] = "";
    ck_assert_ptr_nonnull(p);
    p->file =
        oracle_file_load(vectors_path(path, sizeof path), error, sizeof error);
    ck_assert_msg(p->file != NULL, "%s", error);
    p->guest = oracle_guest_open(engine);
    ck_assert_ptr_nonnull(p->guest);
    oracle_file_cpu(p->file, &p->amd);
    return p;
}

/* False: no more vectors. Rows that the table has no more are passed over. */
static bool replay_next(struct replay *p)
{
    int row;
    do {
        if (!oracle_file_next(p->file, &p->c, &p->want, &row))
            return false;
    } while (row < 0);
    masks_for(oracle_guest_decode(p->guest), &p->c, p->amd, &p->masks);
    oracle_guest_run(p->guest, &p->c, &p->got);
    p->vectors++;
    return true;
}

static void replay_close(struct replay *p)
{
    oracle_guest_close(p->guest);
    oracle_file_close(p->file);
    free(p);
}

static void replay_all(enum oracle_engine engine)
{
    struct replay *p = replay_open(engine);
    while (replay_next(p)) {
        const char *what =
            oracle_compare(&p->c, &p->want, &p->got, &p->masks, engine);
        if (what && p->failures++ < 5) {
            printf("FAIL (%s) ", what);
            oracle_print(&p->c, &p->want, &p->got);
        }
    }
    ck_assert_uint_ge(p->vectors, 2500);
    ck_assert_msg(!p->failures, "%u of %u vectors", p->failures, p->vectors);
    replay_close(p);
}

START_TEST(recorded_step)
{
    replay_all(ORC_STEP);
}
END_TEST

START_TEST(recorded_blocks)
{
    replay_all(ORC_BLOCKS);
}
END_TEST

/* A judge that never finds anything would pass all of the above. */
START_TEST(judge)
{
    struct replay *p = replay_open(ORC_STEP);
    unsigned caught = 0, tried = 0;
    while (replay_next(p) && tried < 200) {
        struct oracle_result wrong = p->got;
        if (p->masks.all || p->masks.flags || p->want.vector != 1)
            continue;
        tried++;
        switch (tried % 4) {
        case 0:
            wrong.out.reg[3] ^= 1;
            break;
        case 1:
            wrong.out.flags ^= 1;
            break;
        case 2:
            wrong.vector = 13;
            break;
        default:
            wrong.change[wrong.changes].at = 17;
            wrong.change[wrong.changes++].value = 1;
            break;
        }
        caught += oracle_compare(&p->c, &p->want, &wrong, &p->masks,
                                 ORC_STEP) != NULL;
    }
    ck_assert_uint_eq(tried, 200);
    ck_assert_uint_ge(caught, 195); /* a whole register may be masked */
    replay_close(p);
}
END_TEST

/* ---- this host's processor */

START_TEST(native)
{
    const struct oracle_options o = {.cases = SAMPLE, .shown = 1};
    int failures = oracle_run(&o);
    if (failures < 0) {
        printf("SKIPPED: recorded vectors only\n");
        return;
    }
    /* The masks were proven on AMD; elsewhere a difference is news, and
     * `make oracle` is the place to look into it. */
    if (failures && !oracle_host_is_amd())
        printf("%d differences from this processor: see make oracle\n",
               failures);
    else
        ck_assert_int_eq(failures, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("oracle");
    TCase *tc = tcase_create("oracle");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, judge);
    tcase_add_test(tc, recorded_step);
    tcase_add_test(tc, recorded_blocks);
    tcase_add_test(tc, native);
    suite_add_tcase(s, tc);
    return suite_run(s);
}
