/* pair.h - two boards, interpreter and JIT, for tests that give both the same
 * random code: making the code, the boards, the suite's main.
 *
 * A program is a struct with a struct code as its member `c`. */
#ifndef UMBRA_TESTS_JIT_PAIR_H
#define UMBRA_TESTS_JIT_PAIR_H

#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/jit/jit.h"
#include "mmu/ram.h"
#include "tests/suite.h"

/* ---- code */

enum { CODE_MAX = 4 * PAGE_SIZE + 64 };

struct code {
    uint64_t seed;
    unsigned mode; /* MODE_32, MODE_64 */
    unsigned at;   /* where the next instruction goes */
    uint8_t bytes[CODE_MAX];
};

static inline uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed * 0x2545f4914f6cdd1d;
}

static inline unsigned code_roll(struct code *c, unsigned n)
{
    return (unsigned)((next_random(&c->seed) >> 8) % n);
}

static inline void code_put(struct code *c, const void *bytes, unsigned n)
{
    memcpy(c->bytes + c->at, bytes, n);
    c->at += n;
}

static inline void code_number(struct code *c, uint64_t v, unsigned n)
{
    uint8_t b[8];
    store_le64(b, v);
    code_put(c, b, n);
}

#define any64(p)            next_random(&(p)->c.seed)
#define roll(p, n)          code_roll(&(p)->c, n)
#define put(p, bytes, n)    code_put(&(p)->c, bytes, n)
#define put_number(p, v, n) code_number(&(p)->c, v, n)
#define EMIT(p, ...)                                                           \
    code_put(&(p)->c, (const uint8_t[]){__VA_ARGS__},                          \
             sizeof((const uint8_t[]){__VA_ARGS__}))

/* ---- boards */

/* Board 1 has the JIT, which translates blocks at the second entry; false
 * after a word where the host has none. `cache`: bytes, 0 = the default. */
static inline bool pair_create(struct rig *r[2], uint64_t cache)
{
    r[0] = rig_create_accel(ACCEL_INTERP);
    r[1] = rig_create_cache(cache);
    if (r[1]->cpu->jit)
        jit_set_heat(r[1]->cpu->jit, 2);
    else
        puts("SKIP: this host has no JIT");
    return r[1]->cpu->jit;
}

static inline void pair_destroy(struct rig *r[2])
{
    rig_destroy(r[0]);
    rig_destroy(r[1]);
}

/* At a physical address; says where they differ. */
static inline bool pair_same_memory(struct rig *const r[2], uint64_t at,
                                    size_t size)
{
    const uint8_t *a = r[0]->ram->host + at, *b = r[1]->ram->host + at;
    if (memcmp(a, b, size) == 0)
        return true;
    for (size_t n = 0; n < size; n++)
        if (a[n] != b[n]) {
            printf("memory at %llx: %02x %02x\n", (unsigned long long)(at + n),
                   a[n], b[n]);
            break;
        }
    return false;
}

/* ---- main: SUITE [SEED], the number of programs from the environment */

struct pair_suite {
    const char *name, *variable;
    unsigned programs;   /* the default; then what was asked for */
    unsigned per_second; /* at least, for the time limit */
    uint64_t first_seed;
};

static inline int pair_main(struct pair_suite *s, TCase *tc, int argc,
                            char **argv)
{
    Suite *suite = suite_create(s->name);
    const char *more = getenv(s->variable);
    s->first_seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    if (more)
        s->programs = (unsigned)strtoul(more, NULL, 0);
    tcase_set_timeout(tc, 60 + s->programs / s->per_second);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#endif
