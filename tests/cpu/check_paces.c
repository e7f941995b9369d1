/* check_paces - random programs run by blocks, one instruction at a time and
 * with everything derived dropped every few instructions: registers, flags,
 * memory, exceptions and the count of instructions must be the same.
 *
 * Programs run in ring 3 with a few pages of their own, so that whatever
 * they do ends in an exception, a HLT or the end of the budget. They may
 * write to their own code.
 * Alone: make tests/cpu/check_paces && tests/cpu/check_paces [SEED] */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/decode.h"
#include "mmu/ram.h"

enum {
    CODE = 0x40000,
    CODE_PAGES = 2,
    OWN = RIG_DATA, /* data and, at its end, the stack */
    OWN_SIZE = 0x4000,
    INNER = 0x2d000, /* where exceptions push */
    INNER_SIZE = 0x1000,
    PROGRAMS = 300,
    LENGTH = 40,
    BUDGET = 1500,
};

static uint64_t first_seed = 1;

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed * 0x2545f4914f6cdd1d >> 8;
}

/* ---- programs */

struct program {
    uint8_t code[LENGTH * 18 + 16];
    unsigned size;
    uint64_t reg[16], flags;
};

static bool wanted(const struct insn_row *row)
{
    return !(row->attr & (A_PRIV | A_IO | A_FPU | A_SIMD)) &&
           !((row->attr & A_ENDS) && !(row->attr & A_BRANCH));
}

/* Compares and counters with a short branch behind them, mostly forward. */
static void add_branch(struct program *p, uint64_t *seed)
{
    static const uint8_t before[][3] = {
        {0x39, 0xc8, 2}, {0x85, 0xc0, 2}, {0x83, 0xf9, 3}, {0xff, 0xc9, 2},
        {0x3c, 0x10, 2}, {0x84, 0xdb, 2}, {0x01, 0xd0, 2}, {0xfe, 0xc8, 2}};
    uint64_t v = next_random(seed);
    const uint8_t *b = before[v & 7];
    memcpy(p->code + p->size, b, 2);
    p->size += 2;
    if (b[2] == 3)
        p->code[p->size++] = (uint8_t)(v >> 8);
    p->code[p->size++] = (uint8_t)(0x70 | (v >> 16 & 15));
    p->code[p->size++] = (uint8_t)(v >> 20 & 7 ? v >> 24 & 31 : v >> 24);
}

static void add_random(struct cpu *c, struct program *p, uint64_t *seed,
                       unsigned size)
{
    struct insn i;
    uint8_t b[16];
    do {
        store_le64(b, next_random(seed) << 8 | next_random(seed) % 256);
        store_le64(b + 8, next_random(seed));
        if (!(next_random(seed) & 7))
            b[0] = 0x0f;
        if (size == MODE_64 && (next_random(seed) & 1))
            b[0] = 0x48 | (b[0] & 7);
    } while (decode_insn(c->decode, b, 15, size, &i) != DECODE_OK ||
             !wanted(&insn_rows[i.op]));
    memcpy(p->code + p->size, b, i.len);
    p->size += i.len;
}

static void put_number(struct program *p, unsigned opcode, uint64_t v)
{
    p->code[p->size++] = (uint8_t)opcode;
    store_le32(p->code + p->size, (uint32_t)v);
    p->size += 4;
}

/* A string instruction that may meet the end of the program's pages. */
static void add_repeat(struct program *p, uint64_t *seed)
{
    static const uint8_t op[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6,
                                 0xa7, 0xac, 0xad, 0xae, 0xaf};
    uint64_t v = next_random(seed);
    put_number(p, 0xbf, OWN + (v & 1 ? OWN_SIZE - (v >> 8 & 63) : v >> 8 & 63));
    if (v & 2) /* MOV ESI */
        put_number(p, 0xbe, OWN + (v & 4 ? OWN_SIZE - (v >> 16 & 63) : 0x1800));
    put_number(p, 0xb9, v >> 24 & 31);
    p->code[p->size++] = (uint8_t)(0xfc | (v >> 3 & 1)); /* CLD, STD */
    p->code[p->size++] = (uint8_t)(0xf2 | (v >> 4 & 1));
    p->code[p->size++] = op[(v >> 32) % sizeof op];
}

static void make_program(struct cpu *c, struct program *p, uint64_t *seed,
                         unsigned size)
{
    p->size = 0;
    for (unsigned n = 0; n < LENGTH; n++)
        if (size != MODE_16 && !(next_random(seed) & 31))
            add_repeat(p, seed);
        else if (next_random(seed) & 3)
            add_random(c, p, seed, size);
        else
            add_branch(p, seed);
    p->code[p->size++] = 0xf4;
    for (unsigned n = 0; n < 16; n++)
        p->reg[n] = next_random(seed) & 3
                        ? OWN + 0x1000 + next_random(seed) % 0x800
                        : next_random(seed) >> (next_random(seed) & 63);
    p->reg[RSP] = OWN + OWN_SIZE - 0x200;
    p->reg[RCX] = next_random(seed) % 100;
    p->flags = (next_random(seed) & (EFL_ARITH | EFL_DF)) | EFL_1;
}

/* ---- running */

struct result {
    uint64_t reg[16], rip, flags, cr2, icount;
    uint8_t own[OWN_SIZE], inner[INNER_SIZE];
    uint8_t code[CODE_PAGES * PAGE_SIZE];
};

static void start(struct rig *r, const struct program *p, unsigned size)
{
    static const uint16_t cs[] = {SEL_FREE | 3, SEL_CODE3, SEL_CODE64_3};
    struct cpu *c = r->cpu;
    uint8_t code[CODE_PAGES * PAGE_SIZE];
    memset(code, 0x90, sizeof code);
    /* across the pages' border */
    memcpy(code + PAGE_SIZE - p->size / 2, p->code, p->size);
    rig_put(r, CODE, code, sizeof code);
    memset(r->ram->host + OWN, 0x5a, OWN_SIZE);
    memset(r->ram->host + INNER, 0, INNER_SIZE);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? cs[size] : SEL_DATA3);
    memcpy(c->reg, p->reg, sizeof p->reg);
    rig_set_eflags(r, p->flags);
    c->cr2 = 0;
    c->cr0 |= CR0_EM; /* the FPU's state is not compared */
    c->tsc_offset = 0 - cpu_icount(c);
    rig_go(r, CODE + PAGE_SIZE - p->size / 2);
}

static void run(struct rig *r, const struct program *p, unsigned size,
                enum rig_pace pace, struct result *out)
{
    static const int64_t slice[] = {BUDGET, 1, 5};
    struct cpu *c = r->cpu;
    uint64_t before;
    start(r, p, size);
    before = cpu_icount(c);
    for (int64_t left = BUDGET; left > 0; left -= slice[pace]) {
        if (pace == RIG_DROPPING)
            block_drop_all(c);
        if (cpu_run(c, slice[pace]) != EXIT_BUDGET)
            break;
    }
    memcpy(out->reg, c->reg, sizeof out->reg);
    out->rip = cpu_rip(c);
    out->flags = cpu_eflags(c);
    out->cr2 = c->cr2;
    out->icount = cpu_icount(c) - before;
    memcpy(out->own, r->ram->host + OWN, OWN_SIZE);
    memcpy(out->inner, r->ram->host + INNER, INNER_SIZE);
    memcpy(out->code, r->ram->host + CODE, sizeof out->code);
}

static void explain(const struct program *p, uint64_t seed,
                    const struct result *a, const struct result *b,
                    unsigned pace)
{
    printf("seed %llu, pace %u:", (unsigned long long)seed, pace);
    for (unsigned n = 0; n < p->size; n++)
        printf(" %02x", p->code[n]);
    printf("\nrip %llx %llx flags %llx %llx cr2 %llx %llx count %llu %llu\n",
           (unsigned long long)a->rip, (unsigned long long)b->rip,
           (unsigned long long)a->flags, (unsigned long long)b->flags,
           (unsigned long long)a->cr2, (unsigned long long)b->cr2,
           (unsigned long long)a->icount, (unsigned long long)b->icount);
    for (unsigned n = 0; n < 16; n++)
        if (a->reg[n] != b->reg[n])
            printf("register %u: %llx %llx\n", n, (unsigned long long)a->reg[n],
                   (unsigned long long)b->reg[n]);
    fflush(stdout);
}

static void compare_paces(struct rig *r, unsigned size)
{
    struct result *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    struct program p;
    ck_assert(a && b);
    for (unsigned n = 0; n < PROGRAMS; n++) {
        uint64_t start_seed = (first_seed + n) * 0x9e3779b97f4a7c15;
        uint64_t seed = start_seed;
        make_program(r->cpu, &p, &seed, size);
        run(r, &p, size, RIG_BLOCKS, a);
        for (unsigned pace = RIG_SINGLE; pace <= RIG_DROPPING; pace++) {
            run(r, &p, size, (enum rig_pace)pace, b);
            if (memcmp(a, b, sizeof *a) == 0)
                continue;
            explain(&p, first_seed + n, a, b, pace);
            ck_abort_msg("the paces differ");
        }
        /* again with what is now known of the code */
        run(r, &p, size, RIG_BLOCKS, b);
        ck_assert_int_eq(memcmp(a, b, sizeof *a), 0);
    }
    free(a);
    free(b);
}

/* Everything belongs to the supervisor but the program's pages. */
static void give_pages(struct rig *r)
{
    rig_set_desc(r, SEL_FREE, rig_desc(0, 0xfffff, 0x80fb)); /* 16-bit code */
    rig_poke(r, RIG_TSS + 4, INNER + INNER_SIZE, 4);
    for (uint64_t page = 0; page < RIG_RAM; page += PAGE_SIZE) {
        bool own = (page >= OWN && page < OWN + OWN_SIZE) ||
                   (page >= CODE && page < CODE + CODE_PAGES * PAGE_SIZE);
        rig_map(r, page, page | (own ? 7 : 3));
    }
}

CASE(code16)
{
    if (r->pace != RIG_BLOCKS)
        return; /* the case has its own paces */
    rig_paged(r);
    give_pages(r);
    compare_paces(r, MODE_16);
}

CASE(code32)
{
    if (r->pace != RIG_BLOCKS)
        return;
    rig_paged(r);
    give_pages(r);
    compare_paces(r, MODE_32);
}

CASE(code64)
{
    if (r->pace != RIG_BLOCKS)
        return;
    rig_long(r);
    give_pages(r);
    compare_paces(r, MODE_64);
}

static const struct rig_case cases[] = {
    CASE_ROW(code16),
    CASE_ROW(code32),
    CASE_ROW(code64),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    return rig_main("cpu/paces", cases, ARRAY_LEN(cases));
}
