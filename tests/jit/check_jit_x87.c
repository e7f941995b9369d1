/* check_jit_x87 - random x87 programs in both engines at once.
 *
 * A program is a loop of one to three blocks: x87 instructions of every
 * encoding among integer and SSE ones, with stacks that run over and empty,
 * operands that cross pages, and at the end pages that are missing or
 * read-only. After each slice the x87 state must be the same to the bit,
 * contents of empty registers, pointers and opcode included.
 * Alone: JIT_X87=PROGRAMS make tests/jit/check_jit_x87 &&
 * tests/jit/check_jit_x87 [SEED] */
#include "tests/jit/pair.h"

#include "cpu/block.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"

enum {
    CODE = 0x40000,
    DATA = 0x80000,
    DATA_PAGES = 3,
    DATA_SIZE = DATA_PAGES * PAGE_SIZE,
    CONTROL = 0x90000, /* control words */
    CONTROLS = 16,
    SLICES = 12,
};

static struct pair_suite suite = {
    .name = "jit/x87",
    .variable = "JIT_X87",
    .programs = 1500,
    .per_second = 100,
};

struct program {
    struct code c;
    struct cpu *cpu;
    bool tame; /* nothing that loads whole states */
};

/* ---- programs */

/* [ESI + n], seldom another form. */
static void add_operand(struct program *p, unsigned reg)
{
    switch (roll(p, 6)) {
    case 0: /* [ESI + EDX * 8 + n] */
        EMIT(p, (uint8_t)(0x44 | reg << 3), 0xd6, (uint8_t)roll(p, 128));
        break;
    case 1: /* an address, relative in 64-bit code */
        EMIT(p, (uint8_t)(5 | reg << 3));
        put_number(p,
                   (p->c.mode == MODE_64 ? 0u - CODE - p->c.at - 4 : 0u) +
                       DATA + roll(p, 2 * PAGE_SIZE),
                   4);
        break;
    default:
        EMIT(p, (uint8_t)(0x46 | reg << 3), (uint8_t)roll(p, 128));
        break;
    }
}

/* FLDENV, FRSTOR, FNSTENV, FNSAVE, FLDCW. */
static bool loads_state(unsigned op, unsigned reg)
{
    return (op == 0xd9 && reg >= 4 && reg <= 6) ||
           (op == 0xdd && reg >= 4 && reg <= 6);
}

static void add_memory(struct program *p)
{
    unsigned op, reg;
    do {
        op = 0xd8 + roll(p, 8);
        reg = roll(p, 8);
    } while (loads_state(op, reg) && (p->tame || roll(p, 8)));
    EMIT(p, (uint8_t)op);
    add_operand(p, reg);
}

/* What is often an unmasked exception, or T0's, is taken seldom. */
static void add_register(struct program *p)
{
    struct insn i;
    uint8_t b[16] = {0};
    bool rare;
    do {
        b[0] = (uint8_t)(0xd8 + roll(p, 8));
        b[1] = (uint8_t)(0xc0 + roll(p, 64));
        rare = b[0] == 0xdb && b[1] >= 0xe0 && b[1] < 0xe8;
        rare |= b[0] == 0xd9 && b[1] >= 0xf0 && roll(p, 2);
    } while ((rare && roll(p, 8)) ||
             decode_insn(p->cpu->decode, b, 15, p->c.mode, &i) != DECODE_OK);
    put(p, b, 2);
}

static void add_load(struct program *p)
{
    static const uint8_t form[][2] = {{0xd9, 0}, {0xdd, 0}, {0xdb, 5},
                                      {0xdb, 0}, {0xdf, 0}, {0xdf, 5}};
    unsigned n = roll(p, ARRAY_LEN(form));
    EMIT(p, form[n][0]);
    add_operand(p, form[n][1]);
}

static void add_store(struct program *p)
{
    static const uint8_t form[][2] = {{0xd9, 3}, {0xdd, 3}, {0xdb, 7},
                                      {0xdb, 3}, {0xdf, 3}, {0xdf, 7},
                                      {0xdd, 1}, {0xdd, 2}};
    unsigned n = roll(p, ARRAY_LEN(form));
    EMIT(p, form[n][0]);
    add_operand(p, form[n][1]);
}

static void add_other(struct program *p)
{
    unsigned reg = roll(p, 3), rm = roll(p, 3); /* EAX, ECX is the count */
    reg += reg == 1 ? 2 : 0;
    switch (roll(p, 12)) {
    case 0: /* FLDCW */
        EMIT(p, 0xd9, 0x6f, (uint8_t)(2 * roll(p, CONTROLS)));
        break;
    case 1: /* FNSTCW, FNSTSW */
        EMIT(p, (uint8_t)(roll(p, 2) ? 0xd9 : 0xdd));
        add_operand(p, 7);
        break;
    case 2:
        EMIT(p, 0xdf, 0xe0); /* FNSTSW AX */
        break;
    case 3:
        EMIT(p, 0x9b); /* WAIT */
        break;
    case 4: /* EDX stays small */
        EMIT(p, 0x83, 0xe2, 7);
        break;
    case 5: /* ADD, ADC, SUB, CMP */
        EMIT(p, (uint8_t)(1 | roll(p, 8) << 3),
             (uint8_t)(0xc0 | rm << 3 | reg));
        EMIT(p, 0x83, 0xe2, 7);
        break;
    case 6:
        EMIT(p, 0x0f, (uint8_t)(0x90 | roll(p, 16)), 0xc0); /* SETcc AL */
        break;
    case 7: /* MOV memory, EAX */
        EMIT(p, (uint8_t)(0x89 + 2 * roll(p, 2)));
        add_operand(p, 0);
        break;
    case 8: /* MOVUPS XMM1 */
        EMIT(p, 0x0f, (uint8_t)(0x10 + roll(p, 2)));
        add_operand(p, 1);
        break;
    case 9:
        EMIT(p, 0x0f, 0x58, 0xc8); /* ADDPS XMM1, XMM0 */
        break;
    case 10: /* what T0 executes: XLAT's like, CPUID is too slow */
        EMIT(p, 0x9c, 0x9d); /* PUSHF, POPF */
        break;
    default:
        EMIT(p, 0x83, 0xc6, (uint8_t)(roll(p, 17) - 8)); /* ADD ESI */
        break;
    }
}

static void make_program(struct program *p)
{
    unsigned blocks = 1 + roll(p, 3), step = 1 + roll(p, 60);
    p->c.at = 0;
    p->tame = roll(p, 3);
    while (blocks-- > 0) {
        for (unsigned n = 2 + roll(p, 14); n > 0; n--) {
            unsigned what = roll(p, 16);
            if (what < 5)
                add_register(p);
            else if (what < 7)
                add_memory(p);
            else if (what < 10)
                add_load(p);
            else if (what < 12)
                add_store(p);
            else
                add_other(p);
        }
        if (blocks)
            EMIT(p, (uint8_t)(0x70 | roll(p, 16)), 0); /* Jcc to the next */
    }
    EMIT(p, 0x83, 0xc6, (uint8_t)step); /* ADD ESI */
    EMIT(p, 0x83, 0xe9, 1);             /* SUB ECX */
    EMIT(p, 0x0f, 0x85);                /* JNZ */
    put_number(p, 0u - (p->c.at + 4), 4);
    EMIT(p, 0xf4);
}

/* ---- two boards */

struct pair {
    struct rig *r[2]; /* interpreter, JIT */
    struct program p;
};

/* Operands at the edges of every format. */
static void make_data(struct pair *pair)
{
    static const uint16_t top[] = {0,      0x8000, 0x7fff, 0xffff, 0x3fff,
                                   0xbfff, 0x4000, 0x3f80, 0x7f80, 0x7ff0,
                                   0x0001, 0x8001, 0x4034, 0x403e, 0x3c00};
    struct program *p = &pair->p;
    uint8_t *to = pair->r[0]->ram->host + DATA;

    for (unsigned n = 0; n < DATA_SIZE; n += 2)
        store_le16(to + n, roll(p, 3) ? (uint16_t)roll(p, 0x10000)
                                      : top[roll(p, ARRAY_LEN(top))]);
    if (roll(p, 2)) /* mostly numbers that are integers */
        for (unsigned n = 0; n < DATA_SIZE; n += 8)
            store_le64(to + n, (uint64_t)roll(p, 4) << 62 |
                                   (0x3ff + roll(p, 20)) * 0x10000000000000 |
                                   (uint64_t)roll(p, 16) << 48);
    memcpy(pair->r[1]->ram->host + DATA, to, DATA_SIZE);
}

static void set_state(struct pair *pair)
{
    struct program *p = &pair->p;
    struct cpu *c = pair->r[0]->cpu;
    uint64_t cr0 = roll(p, 24) ? 0 : CR0_TS;

    c->fcw =
        (uint16_t)(0x7f | (roll(p, 3) ? 0x300 : roll(p, 64) << 8 & 0x1f00));
    if (!roll(p, 24))
        c->fcw &= (uint16_t) ~(1 << roll(p, 6));
    c->fsw =
        (uint16_t)(roll(p, 0x10000) & 0x477f & ~(~(unsigned)c->fcw & 0x3f));
    c->ftop = (uint8_t)roll(p, 8);
    c->ftag = (uint8_t)roll(p, 256);
    for (unsigned n = 0; n < 8; n++) {
        c->fpr[n].mant = any64(p) | (roll(p, 8) ? 1ull << 63 : 0);
        c->fpr[n].se = roll(p, 4) ? 0x3ff0 + roll(p, 64) : roll(p, 0x10000);
    }
    c->fop = (uint16_t)roll(p, 0x800);
    c->fip = any64(p);
    c->fdp = any64(p);
    c->fcs = (uint16_t)roll(p, 0x10000);
    c->fds = (uint16_t)roll(p, 0x10000);
    c->cr0 = (c->cr0 & ~(uint64_t)CR0_TS) | CR0_NE | cr0;
    c->reg[RAX] = any64(p) >> 32;
    c->reg[RBX] = any64(p) >> 32;
    c->reg[RDX] = roll(p, 8);
    c->reg[RCX] = 20 + roll(p, 200);
    c->reg[RSI] = DATA + roll(p, PAGE_SIZE) + 8;
    c->reg[RDI] = CONTROL;
    c->reg[RSP] = RIG_STACK - 64;
}

static void copy_state(struct cpu *to, const struct cpu *from)
{
    to->fcw = from->fcw, to->fsw = from->fsw;
    to->ftop = from->ftop, to->ftag = from->ftag;
    memcpy(to->fpr, from->fpr, sizeof to->fpr);
    to->fop = from->fop, to->fcs = from->fcs, to->fds = from->fds;
    to->fip = from->fip, to->fdp = from->fdp;
    to->cr0 = from->cr0;
    memcpy(to->reg, from->reg, 16 * sizeof to->reg[0]);
}

static void map_pages(struct rig *r, const unsigned bits[DATA_PAGES])
{
    for (unsigned n = 0; n < DATA_PAGES; n++)
        rig_map(r, DATA + n * PAGE_SIZE, (DATA + n * PAGE_SIZE) | bits[n]);
}

static void set_up(struct pair *pair)
{
    struct program *p = &pair->p;
    unsigned bits[DATA_PAGES] = {3, roll(p, 4) ? 3 : 1, roll(p, 3)};
    uint16_t control[CONTROLS];

    for (unsigned n = 0; n < CONTROLS; n++) /* one of them unmasks */
        control[n] = (uint16_t)(roll(p, 0x10000) |
                                (n || p->tame || roll(p, 4) ? 0x3f : 0));
    for (unsigned n = 0; n < 2; n++) {
        struct rig *r = pair->r[n];
        block_drop_all(r->cpu);
        if (p->c.mode == MODE_64)
            rig_long(r);
        else
            rig_paged(r);
        map_pages(r, bits);
        for (unsigned k = 0; k < CONTROLS; k++)
            rig_poke(r, CONTROL + 2 * k, control[k], 2);
        rig_put(r, CODE, p->c.bytes, p->c.at);
        memset(r->cpu->vec, 0, sizeof r->cpu->vec);
        r->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
        r->cpu->cr2 = 0;
        mmu_drop_all(&r->cpu->mmu);
        rig_set_eflags(r, EFL_1);
        rig_go(r, CODE);
    }
    make_data(pair);
    set_state(pair);
    copy_state(pair->r[1]->cpu, pair->r[0]->cpu);
}

/* ---- comparing */

static const char *difference(const struct pair *pair)
{
    const struct cpu *a = pair->r[0]->cpu, *b = pair->r[1]->cpu;
    if (a->fcw != b->fcw || a->fsw != b->fsw)
        return "control or status";
    if (a->ftop != b->ftop || a->ftag != b->ftag)
        return "tags";
    for (unsigned n = 0; n < 8; n++)
        if (a->fpr[n].mant != b->fpr[n].mant || a->fpr[n].se != b->fpr[n].se)
            return "registers of the x87";
    if (a->fip != b->fip || a->fcs != b->fcs || a->fop != b->fop)
        return "FIP, FCS, FOP";
    if (a->fdp != b->fdp || a->fds != b->fds)
        return "FDP, FDS";
    if (memcmp(a->reg, b->reg, 16 * sizeof a->reg[0]) ||
        cpu_rip(a) != cpu_rip(b) || cpu_eflags(a) != cpu_eflags(b) ||
        a->cr2 != b->cr2 || cpu_icount(a) != cpu_icount(b))
        return "registers";
    if (memcmp(a->vec, b->vec, sizeof a->vec) || a->mxcsr != b->mxcsr)
        return "vectors";
    if (!pair_same_memory(pair->r, DATA, DATA_SIZE) ||
        !pair_same_memory(pair->r, RIG_STACK - 0x200, 0x200))
        return "memory";
    return NULL;
}

static void explain(const struct pair *pair)
{
    char text[96];
    for (unsigned n = 0; n < 2; n++) {
        const struct cpu *c = pair->r[n]->cpu;
        printf("rip %llx eflags %x fcw %x fsw %x top %u tags %x fop %x "
               "fip %x:%llx fdp %x:%llx\n",
               (unsigned long long)cpu_rip(c), (unsigned)cpu_eflags(c), c->fcw,
               c->fsw, c->ftop, c->ftag, c->fop, c->fcs,
               (unsigned long long)c->fip, c->fds, (unsigned long long)c->fdp);
        for (unsigned k = 0; k < 8; k++)
            printf("  %llx", (unsigned long long)c->reg[k]);
        printf("\n");
        for (unsigned k = 0; k < 8; k++)
            printf("  %04x:%016llx", (unsigned)c->fpr[k].se,
                   (unsigned long long)c->fpr[k].mant);
        printf("\n");
    }
    for (unsigned at = 0; at < pair->p.c.at;) {
        int len = disasm_text(pair->p.c.bytes + at, 15, pair->p.c.mode,
                              CODE + at, text, sizeof text);
        printf("%x: %s\n", CODE + at, text);
        at += len > 0 ? (unsigned)len : 1;
    }
    fflush(stdout);
}

static void run_program(struct pair *pair, uint64_t seed)
{
    struct program *p = &pair->p;
    bool fine = roll(p, 2);

    make_program(p);
    set_up(pair);
    for (unsigned s = 0; s < SLICES; s++) {
        int64_t budget = fine ? 1 + roll(p, 60) : 1 + roll(p, 2000);
        enum cpu_exit why[2];
        const char *what;
        for (unsigned n = 0; n < 2; n++)
            why[n] = cpu_run(pair->r[n]->cpu, budget);
        what = why[0] != why[1] ? "exits" : difference(pair);
        if (what) {
            explain(pair);
            ck_abort_msg("seed %llu, slice %u: %s differ",
                         (unsigned long long)seed, s, what);
        }
        if (why[0] != EXIT_BUDGET)
            break;
        if (!roll(p, 4))
            mmu_drop_all(&pair->r[1]->cpu->mmu);
    }
}

static void run_programs(unsigned mode)
{
    struct pair *pair = calloc(1, sizeof *pair);
    const struct jit_counters *count;

    ck_assert(pair);
    if (pair_create(pair->r, 0)) {
        for (unsigned n = 0; n < suite.programs; n++) {
            pair->p.cpu = pair->r[0]->cpu;
            pair->p.c.mode = mode;
            pair->p.c.seed = (suite.first_seed + n) * 0x9e3779b97f4a7c15;
            run_program(pair, suite.first_seed + n);
        }
        count = jit_counters(pair->r[1]->cpu->jit);
        ck_assert(count->translated && count->linked && count->call_memory);
        if (getenv("JIT_X87"))
            printf("%llu entries, %llu instructions by the interpreter, %llu "
                   "misses\n",
                   (unsigned long long)count->enter,
                   (unsigned long long)count->call_insn,
                   (unsigned long long)count->call_memory);
    }
    pair_destroy(pair->r);
    free(pair);
}

START_TEST(code32)
{
    run_programs(MODE_32);
}
END_TEST

START_TEST(code64)
{
    run_programs(MODE_64);
}
END_TEST

int main(int argc, char **argv)
{
    TCase *tc = tcase_create("x87");
    tcase_add_test(tc, code32);
    tcase_add_test(tc, code64);
    return pair_main(&suite, tc, argc, argv);
}
