/*
 * Every row of the instruction table with a VEX prefix, run on the CPU and on
 * the host in the same random states, with both vector lengths, in registers
 * and memory: registers of 256 bits, flags, MXCSR, memory and exceptions must
 * agree. What depends on control registers, and XSAVE: check_xsave.c.
 *
 * Alone: make tests/cpu/check_avx && tests/cpu/check_avx
 */
#define _DEFAULT_SOURCE
#include "cpu/decode.h"
#include "cpu/insn.h"
#include "tests/cpu/rows.h"
#include "tests/cpu/float_cases.h"
#include "tests/rig.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __x86_64__
#include "tests/cpu/oracle_x64_avx.h"

/* Memory operands lie around MEM_BASE of it. */
enum { MEM_SIZE = 256, MEM_BASE = 96 };

/* All there is but what only old processors do. */
static void offer_all(struct cpu *cpu)
{
    memset(cpu->features, 0xff, sizeof cpu->features);
    cpu->features[F_OLD86 / 64] &= ~((uint64_t)1 << F_OLD86 % 64);
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
}

/* 64-bit code with AVX state enabled. */
static struct rig *avx_rig(void)
{
    struct rig *rig = rig_create();

    offer_all(rig->cpu);
    rig_long(rig);
    rig->cpu->cr0 =
        (rig->cpu->cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_NE | CR0_MP;
    rig->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
    rig->cpu->xcr0 = 7;
    return rig;
}

/* ---- encoding a row */

struct code {
    uint8_t bytes[16];
    unsigned size;
    unsigned reg, rm, vvvv, index; /* as chosen */
};

static void emit(struct code *c, unsigned byte)
{
    c->bytes[c->size++] = (uint8_t)byte;
}

static bool is_vsib(const struct insn_row *row)
{
    return has_operand(row, O_VMd) || has_operand(row, O_VMq);
}

/* A register that tests may use: not SP, BP, DI, R15 among general ones. */
static unsigned pick(struct case_source *s, bool general)
{
    unsigned n;

    do {
        n = case_random(s) & 15;
    } while (general && (n == 4 || n == 5 || n == 7 || n == 15));
    return n;
}

static bool uses_vvvv(const struct insn_row *row)
{
    return has_operand(row, O_Hx) || has_operand(row, O_Hq) ||
           has_operand(row, O_Hd) || has_operand(row, O_Hdq) ||
           has_operand(row, O_Hqq) || has_operand(row, O_By);
}

static bool has_modrm(const struct insn_row *row)
{
    return row->operand[0] != O_none || (row->encoding & (MOD_M | MOD_R));
}

/* Register numbers as the row's operands allow. */
static void choose_registers(const struct insn_row *row, struct case_source *s,
                             struct code *c)
{
    uint64_t e = row->encoding;
    bool reg = false, rm = false;

    for (unsigned n = 0; n < 3; n++) {
        enum operand o = row->operand[n];

        reg |= o == O_Gd || o == O_Gq || o == O_Gy;
        rm |= o == O_Ed || o == O_Eq || o == O_Ey;
    }
    c->reg = e & 1ull << 11 ? e >> 12 & 7 : pick(s, reg);
    c->rm = pick(s, rm);
    c->vvvv = uses_vvvv(row) ? pick(s, has_operand(row, O_By)) : 0;
    c->index = pick(s, false);
}

/* `wide` is VEX.L, `w` VEX.W. Memory is [rdi + disp8], with a vector index
 * for gathers. */
static struct code encode(const struct insn_row *row, bool mem, bool wide,
                          bool w, struct case_source *s)
{
    uint64_t e = row->encoding;
    unsigned pp = e & PFX_66 ? 1 : e & PFX_F3 ? 2 : e & PFX_F2 ? 3 : 0;
    struct code c = {.size = 0};
    unsigned b, x, last;

    choose_registers(row, s, &c);
    b = mem ? 0 : c.rm >> 3;
    x = mem && is_vsib(row) ? c.index >> 3 : 0;
    last = (15 - c.vvvv) << 3 | (unsigned)wide << 2 | pp;
    if (ENC_MAP(e) == 1 && !w && !b && !x && (case_random(s) & 1)) {
        emit(&c, 0xc5);
        emit(&c, (c.reg & 8 ? 0 : 0x80) | last);
    } else {
        emit(&c, 0xc4);
        emit(&c, (c.reg & 8 ? 0 : 0x80) | (x ? 0 : 0x40) | (b ? 0 : 0x20) |
                     ENC_MAP(e));
        emit(&c, (unsigned)w << 7 | last);
    }
    emit(&c, ENC_OPCODE(e));
    if (!has_modrm(row))
        return c;
    if (mem && is_vsib(row)) {
        emit(&c, 0x44 | (c.reg & 7) << 3);
        emit(&c, (unsigned)(case_random(s) & 3) << 6 | (c.index & 7) << 3 | 7);
        emit(&c, case_random(s) & 15);
    } else if (mem) {
        emit(&c, 0x47 | (c.reg & 7) << 3);
        emit(&c, case_random(s) & 3 ? 0 : case_random(s) & 31);
    } else {
        emit(&c, 0xc0 | (c.reg & 7) << 3 | (c.rm & 7));
    }
    if (has_operand(row, O_Ib) || (e & (VEX_IB | VEX_IS4)))
        emit(&c, case_random(s) & 0xff);
    return c;
}

/* ---- random states */

struct avx_state {
    uint64_t ymm[16][4];
    uint64_t gpr[16];
    uint32_t mxcsr, flags;
    uint8_t mem[MEM_SIZE];
};

static uint32_t random_mxcsr(struct case_source *s)
{
    uint64_t r = case_random(s);
    unsigned masks = r & 3 ? 0x3f : (unsigned)(r >> 8) & 0x3f;
    uint32_t m =
        (uint32_t)(masks << 7 | (r >> 16 & 0x3f) | (r >> 22 & 3) << 13);

    if ((r >> 32 & 3) == 0)
        m |= (uint32_t)(r >> 40 & 0x8040);
    if (r >> 48 & 1)
        m |= 0x20;
    if (r >> 49 & 1) /* the way of the host's own arithmetic */
        m = (m & ~0x6000u) | 0x1020;
    return m;
}

static struct avx_state random_state(struct case_source *s)
{
    struct avx_state f;
    uint64_t r = case_random(s);

    for (unsigned n = 0; n < 16; n++) {
        for (unsigned q = 0; q < 4; q++)
            f.ymm[n][q] = case_lane64(s);
        f.gpr[n] = n & 1 ? case_bits(s) : case_random(s);
    }
    for (unsigned n = 0; n < MEM_SIZE; n += 8)
        store_le64(f.mem + n, case_lane64(s));
    f.mxcsr = random_mxcsr(s);
    f.flags = 0x202 | (uint32_t)(r & 0xd5) | (uint32_t)(r >> 8 & 1) << 11;
    return f;
}

/* Operands that some rows need to be interesting, or to be safe. */
static void adapt_state(const struct insn_row *row, const struct code *c,
                        struct case_source *s, struct avx_state *f)
{
    if (has_operand(row, O_Wdq) && (case_random(s) & 1)) {
        f->ymm[c->rm][0] = case_random(s) & 127; /* shift counts */
        store_le64(f->mem + MEM_BASE, case_random(s) & 127);
    }
    if (strncmp(row->id, "vps", 3) == 0 && strchr(row->id, 'v') &&
        (case_random(s) & 1))
        for (unsigned q = 0; q < 4; q++)
            f->ymm[c->rm][q] = case_random(s) & 0x3f0000003f;
    if (has_operand(row, O_VMd))
        for (unsigned q = 0; q < 4; q++)
            f->ymm[c->index][q] =
                (case_random(s) & 0x700000007) - (case_random(s) & 4);
    if (has_operand(row, O_VMq))
        for (unsigned q = 0; q < 4; q++)
            f->ymm[c->index][q] = (case_random(s) & 15) - 8;
    if (!strcmp(row->id, "vldmxcsr")) /* no bit 17, AMD's misaligned mode */
        for (unsigned n = 0; n < MEM_SIZE; n++)
            f->mem[n] = n & 2 ? (uint8_t)(case_random(s) & 15 ? 0 : 4)
                              : (uint8_t)case_random(s) & 0xfd;
    /* vpcmpestrx take lengths from these. */
    if (case_random(s) & 1) {
        f->gpr[RAX] = case_random(s) & 31;
        f->gpr[RDX] = 0 - (case_random(s) & 31);
    }
}

/* ---- our side */

static void put_state(struct rig *rig, const struct avx_state *f,
                      unsigned offset)
{
    struct cpu *cpu = rig->cpu;

    for (unsigned n = 0; n < 16; n++) {
        memcpy(cpu->vec[n].q, f->ymm[n], sizeof f->ymm[n]);
        cpu->reg[n] = f->gpr[n];
    }
    cpu->mxcsr = f->mxcsr;
    cpu->reg[RDI] = RIG_DATA + MEM_BASE + offset;
    cpu->reg[RSP] = RIG_STACK;
    cpu_set_eflags(cpu, f->flags & ~0x200u);
    rig_put(rig, RIG_DATA, f->mem, MEM_SIZE);
}

static void get_state(struct rig *rig, struct avx_state *f)
{
    struct cpu *cpu = rig->cpu;

    for (unsigned n = 0; n < 16; n++) {
        memcpy(f->ymm[n], cpu->vec[n].q, sizeof f->ymm[n]);
        if (n != RDI && n != RSP && n != RBP && n != R15)
            f->gpr[n] = cpu->reg[n];
    }
    f->mxcsr = cpu->mxcsr;
    f->flags = (uint32_t)cpu_eflags(cpu);
    for (unsigned n = 0; n < MEM_SIZE; n++)
        f->mem[n] = (uint8_t)rig_peek(rig, RIG_DATA + n, 1);
}

static int run_ours(struct rig *rig, const struct code *c, struct avx_state *f,
                    unsigned offset)
{
    uint8_t bytes[17];
    int r;

    memcpy(bytes, c->bytes, c->size);
    bytes[c->size] = 0xf4;
    put_state(rig, f, offset);
    rig_go(rig, RIG_CODE);
    r = rig_run_bytes(rig, bytes, c->size + 1);
    get_state(rig, f);
    return r == RIG_HALT ? -1 : r;
}

static int run_host(uint8_t *page, const struct code *c, struct avx_state *f,
                    unsigned offset)
{
    static uint8_t memory[MEM_SIZE] __attribute__((aligned(64)));
    struct host_state h = {.flags = f->flags, .mxcsr = f->mxcsr};
    int vector;

    memcpy(h.ymm, f->ymm, sizeof h.ymm);
    memcpy(h.gpr, f->gpr, sizeof h.gpr);
    h.gpr[RDI] = (uint64_t)(uintptr_t)memory + MEM_BASE + offset;
    memcpy(memory, f->mem, MEM_SIZE);
    memcpy(page, c->bytes, c->size);
    page[c->size] = 0xc3;
    h.code = (uint64_t)(uintptr_t)page;
    vector = host_run(&h);
    memcpy(f->ymm, h.ymm, sizeof h.ymm);
    for (unsigned n = 0; n < 15; n++)
        if (n != RDI)
            f->gpr[n] = h.gpr[n];
    f->mxcsr = h.mxcsr;
    f->flags = (uint32_t)h.flags;
    memcpy(f->mem, memory, MEM_SIZE);
    return vector;
}

/* ---- comparing */

static const char *difference(const struct insn_row *row,
                              const struct avx_state *a,
                              const struct avx_state *b)
{
    uint32_t flags = 0x8d5 & ~(uint32_t)row->flags_undefined;

    return memcmp(a->ymm, b->ymm, sizeof a->ymm)   ? "ymm"
           : memcmp(a->gpr, b->gpr, sizeof a->gpr) ? "register"
           : a->mxcsr != b->mxcsr                  ? "mxcsr"
           : (a->flags ^ b->flags) & flags         ? "flags"
           : memcmp(a->mem, b->mem, MEM_SIZE)      ? "memory"
                                                   : NULL;
}

static int print_state(char *text, size_t size, const struct avx_state *f,
                       const struct avx_state *before, int vector)
{
    int n = snprintf(text, size, "\n vector %d mxcsr %04x flags %03x", vector,
                     f->mxcsr, f->flags);

    for (unsigned k = 0; k < 16; k++)
        if (f == before || memcmp(f->ymm[k], before->ymm[k], 32))
            n += snprintf(text + n, size - (size_t)n,
                          "\n  ymm%-2u %016llx:%016llx:%016llx:%016llx", k,
                          (unsigned long long)f->ymm[k][3],
                          (unsigned long long)f->ymm[k][2],
                          (unsigned long long)f->ymm[k][1],
                          (unsigned long long)f->ymm[k][0]);
    for (unsigned k = 0; k < 15; k++)
        if (f->gpr[k] != before->gpr[k])
            n += snprintf(text + n, size - (size_t)n, "\n  gpr%-2u %llx", k,
                          (unsigned long long)f->gpr[k]);
    n += snprintf(text + n, size - (size_t)n, "\n  mem");
    for (unsigned k = 0; k < 32; k++)
        n +=
            snprintf(text + n, size - (size_t)n, " %02x", f->mem[MEM_BASE + k]);
    return n;
}

static void report(const struct insn_row *row, const struct code *c,
                   const char *what, const struct avx_state *before,
                   const struct avx_state *ours, int our_vector,
                   const struct avx_state *host, int host_vec)
{
    char text[8000];
    int n =
        snprintf(text, sizeof text, "%s: %s differs; reg %u vvvv %u rm %u code",
                 row->id, what, c->reg, c->vvvv, c->rm);

    for (unsigned k = 0; k < c->size; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %02x", c->bytes[k]);
    n += print_state(text + n, sizeof text - (size_t)n, before, before, 0);
    n += print_state(text + n, sizeof text - (size_t)n, ours, before,
                     our_vector);
    print_state(text + n, sizeof text - (size_t)n, host, before, host_vec);
    ck_abort_msg("%s", text);
}

/* W where the row leaves it open and both values mean this row. */
static bool choose_w(struct cpu *cpu, const struct insn_row *row, bool mem,
                     bool wide, struct case_source *s)
{
    struct case_source trial = *s;
    struct code c;
    struct insn i;

    if (row->encoding & (REXW0 | REXW1))
        return row->encoding & REXW1;
    c = encode(row, mem, wide, true, &trial);
    return (case_random(s) & 3) == 0 &&
           decode_insn(cpu->decode, c.bytes, 15, MODE_64, &i) == DECODE_OK &&
           &insn_rows[i.op] == row;
}

/* Sometimes a prefix that the row does not allow: #UD, or another row. Not
 * where it would name a general register the test needs, nor where AMD's
 * processors ignore what the manual calls W1. */
static void spoil(const struct insn_row *row, struct case_source *s,
                  struct code *c)
{
    unsigned last = c->bytes[0] == 0xc5 ? 1 : 2;

    if (has_operand(row, O_By) || !strcmp(row->id, "vpermq") ||
        !strcmp(row->id, "vpermpd"))
        return;
    switch (case_random(s) & 63) {
    case 0:
        c->bytes[last] ^= 8; /* vvvv */
        break;
    case 1:
        c->bytes[last] ^= 4; /* L */
        break;
    case 2:
        c->bytes[last] ^= c->bytes[0] == 0xc4 ? 0x80 : 0x40; /* W, vvvv */
        break;
    default:
        break;
    }
}

static void compare_form(struct rig *rig, const struct insn_row *row, bool mem,
                         bool wide, unsigned rounds)
{
    struct case_source s = {(uint64_t)(row - insn_rows) * 4 + mem * 2u + wide};
    uint8_t *page = host_page();

    for (unsigned n = 0; n < rounds; n++) {
        struct avx_state before = random_state(&s), ours, host;
        bool w = choose_w(rig->cpu, row, mem, wide, &s);
        struct code c = encode(row, mem, wide, w, &s);
        unsigned offset = case_random(&s) & 7 ? 0 : case_random(&s) & 31;
        int our_vector, host_vec;
        const char *what;

        adapt_state(row, &c, &s, &before);
        spoil(row, &s, &c);
        ours = host = before;
        our_vector = run_ours(rig, &c, &ours, offset);
        host_vec = run_host(page, &c, &host, offset);
        what = our_vector != host_vec ? "vector" : NULL;
        if (what == NULL && host_vec < 0)
            what = difference(row, &ours, &host);
        else if (what == NULL && ours.mxcsr != host.mxcsr)
            what = "mxcsr after a fault";
        if (what != NULL)
            report(row, &c, what, &before, &ours, our_vector, &host, host_vec);
    }
    munmap(page, 4096);
}

static bool is_left_out(const struct insn_row *row)
{
    return !(row->encoding & ENC_VEX) || (row->attr & A_NOTEST) ||
           !host_has((enum cpu_feature)row->feature);
}

START_TEST(rows_equal_hardware)
{
    const struct insn_row *row = &insn_rows[_i];
    unsigned rounds = getenv("ROUNDS") ? (unsigned)atoi(getenv("ROUNDS")) : 60;
    struct rig *rig;

    if (is_left_out(row))
        return;
    rig = avx_rig();
    host_install();
    for (unsigned wide = 0; wide < 2; wide++) {
        if (row->encoding & (wide ? VEX_L0 : VEX_L1))
            continue;
        if (!(row->encoding & MOD_M))
            compare_form(rig, row, false, wide, rounds);
        if (!(row->encoding & MOD_R) && has_modrm(row))
            compare_form(rig, row, true, wide, rounds);
    }
    rig_destroy(rig);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("cpu/avx");
    TCase *t = tcase_create("rows");
    bool compared = false;

    tcase_set_timeout(t, 60);
#ifdef __x86_64__
    compared = __builtin_cpu_supports("avx2");
    if (compared)
        tcase_add_loop_test(t, rows_equal_hardware, 0, INSN_COUNT);
#endif
    if (!compared)
        printf("SKIPPED: this host has no AVX2\n");
    suite_add_tcase(suite, t);
    return suite_run(suite);
}
