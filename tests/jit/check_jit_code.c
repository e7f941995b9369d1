/* check_jit_code - code that changes while it is hot: the JIT does as the
 * interpreter does, at a cost that is bounded: what changes each time is not
 * translated again and again, what changes at times once a time; stores beside
 * code and new mappings of it cost no translation at all.
 *
 * A loop of 32-bit code, with paging, ROUNDS times, in which one thing
 * happens each round. Alone: make tests/jit/check_jit_code &&
 * tests/jit/check_jit_code */
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/jit/jit.h"
#include "tests/suite.h"

enum {
    ROUNDS = 20000,
    BLOCKS = 16, /* more than any of the programs has */
    ALIAS = 0x600000,
    CALLED = 0x700000, /* mapped to one of two frames */
    FRAMES = 0x40000,  /* these */
    IMMEDIATE = RIG_CODE + 1,
    BESIDE = RIG_CODE + 0x30, /* within 64 bytes of the loop */
};

/* MOV ECX is made by start(). */
#define ADD    0x05, 1, 0, 0, 0              /* again: add eax, 1 */
#define END(n) 0x49, 0x75, 0x100 - (n), 0xf4 /* dec ecx; jnz again; hlt */
#define ADDRESS(a)                                                             \
    (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff

static const uint8_t own[] = {ADD, 0xfe, 0x05, ADDRESS(IMMEDIATE), END(14)};
static const uint8_t alias[] = {ADD, 0xfe, 0x05, ADDRESS(ALIAS + 1), END(14)};
static const uint8_t beside[] = {ADD, 0xff, 0x05, ADDRESS(BESIDE), END(14)};
/* test cl, 63; jnz; inc byte [immediate] */
static const uint8_t now_and_then[] = {
    ADD, 0xf6, 0xc1, 63, 0x75, 6, 0xfe, 0x05, ADDRESS(IMMEDIATE), END(19)};
/* xor byte [edi + 1], 10h; invlpg [esi]; call esi */
static const uint8_t remapped[] = {ADD,  0x80, 0x77, 1,    0x10,   0x0f,
                                   0x01, 0x3e, 0xff, 0xd6, END(17)};
static const uint8_t quiet[] = {ADD, END(8)};
/* add eax, [esi - 8]; mov [esi - 12], ecx; add eax, [esi - 12]: they wrap */
static const uint8_t wraps[] = {0x03, 0x46, 0xf8, 0x89, 0x4e, 0xf4, 0x03,
                                0x46, 0xf4, 0x49, 0x75, 0xf4, 0xf4};

static struct rig *start(enum cpu_accel accel, const uint8_t *code, size_t size)
{
    struct rig *r = rig_create_accel(accel);
    struct cpu *c = r->cpu;

    rig_paged(r);
    rig_map(r, ALIAS, RIG_CODE | 7);
    rig_map(r, CALLED, FRAMES | 7);
    PUT(r, FRAMES, 0x43, 0xc3);                   /* inc ebx; ret */
    PUT(r, FRAMES + PAGE_SIZE, 0x01, 0xcb, 0xc3); /* add ebx, ecx; ret */
    rig_put(r, RIG_CODE, code, size);
    c->reg[RCX] = ROUNDS;
    c->reg[RSI] = CALLED;
    c->reg[RDI] = rig_pte(r, CALLED);
    return r;
}

/* A device stores a new immediate after every `slice` instructions. */
static void finish(struct rig *r, int64_t slice)
{
    unsigned n = 0;
    while (cpu_run(r->cpu, slice) == EXIT_BUDGET)
        rig_poke(r, IMMEDIATE, ++n & 0xff, 1);
    ck_assert_uint_eq(r->cpu->reg[RCX], 0);
}

/* NULL: no JIT here. */
static const struct jit_counters *compare(const uint8_t *code, size_t size,
                                          int64_t slice, struct rig *r[2])
{
    r[0] = start(ACCEL_INTERP, code, size);
    r[1] = start(ACCEL_JIT, code, size);
    for (unsigned n = 0; n < 2; n++)
        finish(r[n], slice);
    ck_assert_uint_eq(r[0]->cpu->reg[RAX], r[1]->cpu->reg[RAX]);
    ck_assert_uint_eq(r[0]->cpu->reg[RBX], r[1]->cpu->reg[RBX]);
    ck_assert_uint_eq(cpu_icount(r[0]->cpu), cpu_icount(r[1]->cpu));
    ck_assert_uint_eq(rig_peek(r[0], RIG_CODE, 8), rig_peek(r[1], RIG_CODE, 8));
    ck_assert_uint_eq(rig_peek(r[0], BESIDE, 8), rig_peek(r[1], BESIDE, 8));
    if (!r[1]->cpu->jit)
        puts("SKIP: this host has no JIT");
    return r[1]->cpu->jit ? jit_counters(r[1]->cpu->jit) : NULL;
}

/* Runs the program; fails when more than `most` translations were made. */
static void bounded(const uint8_t *code, size_t size, int64_t slice,
                    uint64_t most)
{
    struct rig *r[2];
    const struct jit_counters *count = compare(code, size, slice, r);

    if (count) {
        ck_assert_uint_le(count->translated + count->renewed, most);
        ck_assert_uint_le(count->traces, most);
        ck_assert_uint_le(count->killed, most);
        ck_assert_uint_eq(count->recycled, 0);
    }
    rig_destroy(r[0]);
    rig_destroy(r[1]);
}

enum { WHOLE = 100 * ROUNDS };

START_TEST(stores_to_itself)
{
    bounded(own, sizeof own, WHOLE, BLOCKS);
    bounded(alias, sizeof alias, WHOLE, BLOCKS);
    bounded(now_and_then, sizeof now_and_then, WHOLE, 3 * ROUNDS / 64 + BLOCKS);
}
END_TEST

START_TEST(stores_beside_it)
{
    bounded(beside, sizeof beside, WHOLE, BLOCKS);
}
END_TEST

START_TEST(is_mapped_anew)
{
    bounded(remapped, sizeof remapped, WHOLE, BLOCKS);
}
END_TEST

/* Every 30 and every 3000 instructions. */
START_TEST(device_stores_to_it)
{
    bounded(quiet, sizeof quiet, 30, BLOCKS);
    bounded(quiet, sizeof quiet, 3000, 3 * ROUNDS / 3000 + BLOCKS);
}
END_TEST

/* 32-bit addresses whose registers and displacements add up to less than 0. */
START_TEST(addresses_wrap)
{
    struct rig *r[2];
    uint64_t cr3;

    for (unsigned n = 0; n < 2; n++) {
        r[n] = start(n ? ACCEL_JIT : ACCEL_INTERP, wraps, sizeof wraps);
        /* the last table is the first one, too */
        cr3 = r[n]->cpu->cr3;
        rig_poke(r[n], cr3 + 0xffc, rig_peek(r[n], cr3, 4), 4);
        rig_map(r[n], 0xfffff000, FRAMES | 7);
        rig_poke(r[n], FRAMES + 0xffc, 3, 4);
        r[n]->cpu->reg[RSI] = 4;
        if (r[n]->cpu->jit)
            jit_set_heat(r[n]->cpu->jit, 1); /* near slots for all */
        finish(r[n], WHOLE);
    }
    ck_assert_uint_eq(r[0]->cpu->reg[RAX], r[1]->cpu->reg[RAX]);
    ck_assert_uint_eq(rig_peek(r[1], FRAMES + 0xff8, 4), 1);
    rig_destroy(r[0]);
    rig_destroy(r[1]);
}
END_TEST

/* 32-bit code entered with full registers by 64-bit code: push eax; add ebx,
 * [edi]; pop edx; dec ecx */
static const uint8_t entered[] = {0x50, 0x03, 0x1f, 0x5a,
                                  0x49, 0x75, 0xf9, 0xf4};

START_TEST(upper_halves)
{
    static const uint64_t high = 0xffffff8000000000;
    struct rig *r[2];

    for (unsigned n = 0; n < 2; n++) {
        struct cpu *c;

        r[n] = rig_create_accel(n ? ACCEL_JIT : ACCEL_INTERP);
        c = r[n]->cpu;
        rig_long(r[n]);
        rig_poke(r[n], c->cr3 + 0xff8, rig_peek(r[n], c->cr3, 8), 8);
        PUT(r[n], RIG_CODE, 0x48, 0xcb); /* RETF */
        rig_put(r[n], 0x8000, entered, sizeof entered);
        rig_poke(r[n], RIG_STACK - 16, 0x8000, 8);
        rig_poke(r[n], RIG_STACK - 8, SEL_CODE, 8);
        rig_poke(r[n], RIG_DATA, 3, 4);
        c->reg[RSP] = high + RIG_STACK - 16;
        c->reg[RDI] = high + RIG_DATA;
        c->reg[RCX] = ROUNDS;
        if (c->jit)
            jit_set_heat(c->jit, 1);
        finish(r[n], WHOLE);
        ck_assert_uint_eq(c->reg[RBX], 3 * ROUNDS);
        ck_assert_uint_eq(c->reg[RDI], RIG_DATA);
        ck_assert_uint_eq(c->reg[RSP], RIG_STACK);
    }
    rig_destroy(r[0]);
    rig_destroy(r[1]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("jit/code");
    TCase *t = tcase_create("changes");

    tcase_add_test(t, stores_to_itself);
    tcase_add_test(t, stores_beside_it);
    tcase_add_test(t, is_mapped_anew);
    tcase_add_test(t, device_stores_to_it);
    tcase_add_test(t, addresses_wrap);
    tcase_add_test(t, upper_halves);
    suite_add_tcase(s, t);
    return suite_run(s);
}
