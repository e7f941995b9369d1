/* run.c - a run over rows: cases are made until a batch is full, judged by
 * the host, run by ours, and counted under the row that they decode to. */
#include "tests/oracle/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/insn.h"

enum { TRIES = 12, GIVE_UP = 600 };

struct count {
    unsigned cases, failures, shown, faults;
};

struct run {
    const struct oracle_options *o;
    struct oracle_guest *guest;
    struct oracle_case *cases;
    struct oracle_result *want, *got;
    struct oracle_file *file;
    unsigned filled;
    struct count count[INSN_COUNT];
    unsigned long total, failures, deaths;
};

/* ---- judging */

static void masks_for(struct run *r, const struct oracle_case *c,
                      struct oracle_masks *m)
{
    struct insn i;
    if (decode_insn(oracle_guest_decode(r->guest), c->bytes, 15, c->code_size,
                    &i) != DECODE_OK)
        i.exec = NULL;
    oracle_masks_of(c, &i, oracle_host_is_amd(), m);
}

static const char *judge(struct run *r, const struct oracle_case *c,
                         const struct oracle_result *want)
{
    struct oracle_masks m;
    masks_for(r, c, &m);
    oracle_guest_run(r->guest, c, r->got);
    return oracle_compare(c, want, r->got, &m, r->o->engine);
}

/* ---- shrinking: parts of the state that are not needed become 0 */

enum { PART_VEC = 16, PART_ST = 32, PART_MEM = 40, PART_MISC, PARTS = 44 };

static void clear_part(struct oracle_case *c, unsigned part)
{
    struct oracle_state *s = &c->in;
    if (part < PART_VEC)
        s->reg[part] = 0;
    else if (part < PART_ST)
        memset(s->vec[part - PART_VEC], 0, sizeof s->vec[0]);
    else if (part < PART_MEM)
        s->mant[part - PART_ST] = s->se[part - PART_ST] = 0;
    else if (part == PART_MEM)
        memset(c->mem, 0, sizeof c->mem);
    else if (part == PART_MISC)
        s->flags &= ~0xcd5ull;
    else if (part == PART_MISC + 1)
        s->mxcsr = 0x1f80;
    else
        s->fcw = 0x37f, s->fsw &= 0x3800;
}

static void shrink(struct run *r, struct oracle_case *c,
                   struct oracle_result *want, const char *what)
{
    struct oracle_result *one = malloc(sizeof *one);
    unsigned done;
    for (unsigned part = 0; one && part < PARTS; part++) {
        struct oracle_case smaller = *c;
        const char *now;
        clear_part(&smaller, part);
        if (!oracle_host_run(&smaller, one, 1, &done))
            continue;
        now = judge(r, &smaller, one);
        if (!now || strcmp(now, what))
            continue;
        *c = smaller;
        *want = *one;
    }
    judge(r, c, want); /* r->got is what will be shown */
    free(one);
}

static void fail(struct run *r, struct oracle_case *c,
                 struct oracle_result *want, const char *what)
{
    struct count *n = &r->count[c->row];
    n->failures++;
    r->failures++;
    if (n->shown++ >= r->o->shown)
        return;
    shrink(r, c, want, what);
    printf("FAIL (%s) ", what);
    oracle_print(c, want, r->got);
}

static void judge_batch(struct run *r)
{
    unsigned from = 0, done = 0;
    while (from < r->filled) {
        bool ok = oracle_host_run(r->cases + from, r->want + from,
                                  r->filled - from, &done);
        from += done;
        if (ok)
            break;
        printf("the host's process died at this case:\n");
        r->deaths++;
        memset(&r->want[from], 0, sizeof *r->want);
        memset(r->got, 0, sizeof *r->got);
        oracle_print(&r->cases[from], &r->want[from], r->got);
        r->want[from].vector = 255;
        from++;
    }
    for (unsigned n = 0; n < r->filled; n++) {
        struct count *count = &r->count[r->cases[n].row];
        const char *what;
        if (r->want[n].vector == 255)
            continue;
        count->cases++;
        count->faults += r->want[n].vector != 1;
        r->total++;
        if (r->file)
            oracle_file_add(r->file, &r->cases[n], &r->want[n]);
        what = judge(r, &r->cases[n], &r->want[n]);
        if (what)
            fail(r, &r->cases[n], &r->want[n], what);
    }
    r->filled = 0;
}

/* ---- rows */

static bool chosen(const struct oracle_options *o, unsigned row)
{
    return !o->row || !strncmp(insn_rows[row].id, o->row, strlen(o->row));
}

static void add_row(struct run *r, unsigned row)
{
    const struct decode_table *decode = oracle_guest_decode(r->guest);
    unsigned made = 0, n = r->o->first * TRIES;
    for (unsigned tries = 0; made < r->o->cases; tries++) {
        struct oracle_case *c = &r->cases[r->filled];
        if (tries > r->o->cases * TRIES + GIVE_UP)
            return;
        if (!oracle_generate(decode, row, n++, c) ||
            !oracle_host_has(insn_rows[c->row].feature) ||
            !chosen(r->o, c->row))
            continue;
        made++;
        if (++r->filled == ORC_BATCH)
            judge_batch(r);
    }
}

static const char *why_none(unsigned row, const char **elsewhere)
{
    const char *why = oracle_excluded(row, elsewhere);
    if (why)
        return why;
    *elsewhere = "tests/oracle/check_oracle (recorded)";
    return oracle_host_has(insn_rows[row].feature) ? NULL : "not on this host";
}

static unsigned print_table(const struct run *r)
{
    unsigned without = 0, covered = 0, rows = 0;
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        const struct count *c = &r->count[n];
        const char *elsewhere = "", *why = why_none(n, &elsewhere);
        if (!chosen(r->o, n))
            continue;
        rows++;
        covered += c->cases != 0;
        without += !c->cases && !why;
        if (!r->o->table)
            continue;
        if (c->cases)
            printf("%-24s %8u cases %8u faults %6u failures\n", insn_rows[n].id,
                   c->cases, c->faults, c->failures);
        else
            printf("%-24s no native case: %s%s%s\n", insn_rows[n].id,
                   why ? why : "NONE WERE MADE", why ? "; see " : "",
                   why ? elsewhere : "");
    }
    printf("%u rows, %u with native cases, %u without any; %lu cases, "
           "%lu failures, %lu deaths on %s\n",
           rows, covered, without, r->total, r->failures, r->deaths,
           oracle_host_name());
    return without;
}

int oracle_run(const struct oracle_options *o)
{
    const char *why = oracle_host_open();
    struct run *r;
    unsigned without;
    int result;
    if (why) {
        printf("no native oracle here: %s\n", why);
        return -1;
    }
    r = calloc(1, sizeof *r);
    if (!r)
        return -1;
    r->o = o;
    r->guest = oracle_guest_open(o->engine);
    r->cases = calloc(ORC_BATCH, sizeof *r->cases);
    r->want = calloc(ORC_BATCH, sizeof *r->want);
    r->got = calloc(1, sizeof *r->got);
    if (o->write)
        r->file = oracle_file_create(oracle_host_name(), oracle_host_is_amd());
    if (!r->guest || !r->cases || !r->want || !r->got)
        abort();
    for (unsigned row = 0; row < INSN_COUNT; row++)
        if (chosen(o, row))
            add_row(r, row);
    judge_batch(r);
    without = print_table(r);
    if (r->file && !oracle_file_save(r->file, o->write))
        without++;
    result = (int)(r->failures + r->deaths + without);
    oracle_guest_close(r->guest);
    free(r->cases);
    free(r->want);
    free(r->got);
    free(r);
    return result;
}
