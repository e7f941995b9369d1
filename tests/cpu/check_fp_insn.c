/*
 * Every x87, MMX and SSE row of the instruction table, run on the CPU and on
 * the host in the same random states: registers, tags, flags, memory and
 * exceptions must agree. Tests of state images and of what depends on
 * control registers need no such host.
 *
 * Alone: make tests/cpu/check_fp_insn && tests/cpu/check_fp_insn
 */
#define _DEFAULT_SOURCE
#include "cpu/decode.h"
#include "cpu/float80.h"
#include "cpu/insn.h"
#include "tests/cpu/rows.h"
#include "tests/cpu/float_cases.h"
#include "tests/rig.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEM_SIZE = 64 };

/* ---- encoding a row */

struct code {
    uint8_t bytes[16];
    unsigned size;
};

static void emit(struct code *c, unsigned byte)
{
    c->bytes[c->size++] = (uint8_t)byte;
}

/* ModRM.reg is 1 and r/m 2 or (rDX) where the row leaves them open. */
static struct code encode(const struct insn_row *row, bool mem, unsigned imm)
{
    uint64_t e = row->encoding;
    unsigned reg = e & 1ull << 11 ? e >> 12 & 7 : 1;
    unsigned rm = e & 1ull << 15 ? e >> 16 & 7 : 2;
    struct code c = {.size = 0};

    if (e & PFX_66) {
        emit(&c, 0x66);
    } else if (e & PFX_F3) {
        emit(&c, 0xf3);
    } else if (e & PFX_F2) {
        emit(&c, 0xf2);
    }
    if (e & REXW1) {
        emit(&c, 0x48);
    }
    if (ENC_MAP(e) != 0) {
        emit(&c, 0x0f);
    }
    if (ENC_MAP(e) > 1) {
        emit(&c, ENC_MAP(e) == 2 ? 0x38 : 0x3a);
    }
    emit(&c, ENC_OPCODE(e));
    if (row->operand[0] != O_none ||
        (e & (1ull << 11 | 1ull << 15 | MOD_M | MOD_R))) {
        emit(&c, (mem ? 0 : 0xc0) | reg << 3 | rm);
    }
    if (has_operand(row, O_Ib)) {
        emit(&c, imm);
    }
    return c;
}

/* ---- random states */

struct fp_state {
    struct float80 st[8]; /* physical */
    uint64_t xmm[8][2];
    uint64_t rax, rcx, rdx;
    uint16_t fcw, fsw;
    uint8_t ftag;
    uint32_t mxcsr, flags;
    uint8_t mem[MEM_SIZE];
};

static struct float80 random_register(struct case_source *s)
{
    uint64_t r = case_random(s);
    struct float80 a;

    a.mant = case_bits(s);
    a.se = (uint16_t)case_exp(s, 0x7fff, 0x3fff + (uint32_t)(r >> 40 & 63));
    if (r & 15) {
        a.mant |= (uint64_t)1 << 63;
    }
    if ((r & 0x70) == 0) {
        a.mant = 0;
        a.se = 0;
    }
    a.se |= (uint16_t)(r >> 16 & 0x8000);
    return a;
}

static void random_control(struct case_source *s, struct fp_state *f)
{
    static const uint16_t precisions[4] = {0x000, 0x200, 0x300, 0x300};
    uint64_t r = case_random(s);
    unsigned masks = r & 3 ? 0x3f : (unsigned)(r >> 8) & 0x3f;

    f->fcw = (uint16_t)(0x40 | masks | precisions[r >> 16 & 3] |
                        (r >> 18 & 3) << 10);
    f->fsw = (uint16_t)(r >> 20 & 0x7f00);
    /* A pending exception would stop most instructions. */
    if ((r >> 4 & 7) == 0) {
        f->fsw |= (uint16_t)(r >> 40 & 0x7f);
    } else {
        f->fsw |= (uint16_t)(r >> 40 & masks);
    }
    f->ftag = (uint8_t)(r >> 52 & 3 ? 0xff : case_random(s));
    r = case_random(s);
    masks = r & 3 ? 0x3f : (unsigned)(r >> 8) & 0x3f;
    f->mxcsr = (uint32_t)(masks << 7 | (r >> 16 & 0x3f) | (r >> 22 & 3) << 13);
    if ((r >> 32 & 3) == 0) {
        f->mxcsr |= (uint32_t)(r >> 40 & 0x8040);
    }
    if (r >> 48 & 1) {
        f->mxcsr |= 0x20;
    }
    f->flags = 0x202 | (uint32_t)(r >> 50 & 0xd5) | (r >> 60 & 1) << 11;
}

static void random_memory(struct case_source *s, struct fp_state *f)
{
    for (unsigned n = 0; n < MEM_SIZE; n += 16) {
        struct float80 a = random_register(s);
        uint64_t q[2] = {case_lane64(s), case_lane64(s)};

        if (case_random(s) & 1) {
            q[0] = a.mant;
            q[1] = a.se;
        }
        store_le64(f->mem + n, q[0]);
        store_le64(f->mem + n + 8, q[1]);
    }
}

static struct fp_state random_state(struct case_source *s)
{
    struct fp_state f;

    for (unsigned n = 0; n < 8; n++) {
        f.st[n] = random_register(s);
        f.xmm[n][0] = case_lane64(s);
        f.xmm[n][1] = case_lane64(s);
    }
    /* The shift counts of MMX and SSE lie in these. */
    if (case_random(s) & 1) {
        f.xmm[2][0] = case_random(s) & 127;
        f.st[2].mant = case_random(s) & 127;
    }
    f.rax = case_random(s);
    f.rcx = case_random(s);
    f.rdx = case_bits(s);
    random_control(s, &f);
    random_memory(s, &f);
    return f;
}

/* ---- our side */

static void put_state(struct rig *rig, const struct fp_state *f, bool mem)
{
    struct cpu *cpu = rig->cpu;

    memcpy(cpu->fpr, f->st, sizeof(cpu->fpr));
    for (unsigned n = 0; n < 8; n++) {
        XMM(n).q[0] = f->xmm[n][0];
        XMM(n).q[1] = f->xmm[n][1];
    }
    cpu->fcw = f->fcw;
    cpu->ftop = f->fsw >> 11 & 7;
    cpu->fsw = f->fsw & 0x477f;
    if (f->fsw & ~f->fcw & 0x3f) {
        cpu->fsw |= 0x8080;
    }
    cpu->ftag = f->ftag;
    cpu->mxcsr = f->mxcsr;
    cpu->reg[RAX] = f->rax;
    cpu->reg[RCX] = f->rcx;
    cpu->reg[RDX] = mem ? RIG_DATA : f->rdx;
    cpu->reg[RDI] = RIG_DATA;
    cpu->reg[RSP] = RIG_STACK;
    cpu_set_eflags(cpu, f->flags & ~0x200u);
    rig_put(rig, RIG_DATA, f->mem, MEM_SIZE);
}

static void get_state(struct rig *rig, struct fp_state *f)
{
    struct cpu *cpu = rig->cpu;

    memcpy(f->st, cpu->fpr, sizeof(cpu->fpr));
    for (unsigned n = 0; n < 8; n++) {
        f->xmm[n][0] = XMM(n).q[0];
        f->xmm[n][1] = XMM(n).q[1];
    }
    f->fcw = cpu->fcw;
    f->fsw = (uint16_t)(cpu->fsw | cpu->ftop << 11);
    f->ftag = cpu->ftag;
    f->mxcsr = cpu->mxcsr;
    f->rax = cpu->reg[RAX];
    f->rcx = cpu->reg[RCX];
    f->rdx = cpu->reg[RDX];
    f->flags = (uint32_t)cpu_eflags(cpu);
    for (unsigned n = 0; n < MEM_SIZE; n++) {
        f->mem[n] = (uint8_t)rig_peek(rig, RIG_DATA + n, 1);
    }
}

/* Decode every extension there are rows for, shown by CPUID or not. */
static void offer_all(struct cpu *cpu)
{
    memset(cpu->features, 0xff, sizeof(cpu->features));
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
}

static struct rig *fp_rig(void)
{
    struct rig *rig = rig_create();

    offer_all(rig->cpu);
    rig_long(rig);
    rig->cpu->cr0 =
        (rig->cpu->cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_NE | CR0_MP;
    rig->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    return rig;
}

/* Runs the code in state *f; returns the vector or RIG_HALT. */
static int run_ours(struct rig *rig, const struct code *c, struct fp_state *f,
                    bool mem)
{
    uint8_t bytes[17];
    int r;

    memcpy(bytes, c->bytes, c->size);
    bytes[c->size] = 0xf4;
    put_state(rig, f, mem);
    rig_go(rig, RIG_CODE);
    r = rig_run_bytes(rig, bytes, c->size + 1);
    get_state(rig, f);
    return r;
}

#ifdef __x86_64__
#include "tests/cpu/oracle_x64_run.h"

static void state_to_host(const struct fp_state *f, struct host_state *h,
                          bool mem, uint8_t *memory)
{
    unsigned top = f->fsw >> 11 & 7;

    memset(h, 0, sizeof(*h));
    store_le16(h->fx, f->fcw);
    store_le16(h->fx + 2, f->fsw);
    h->fx[4] = f->ftag;
    store_le32(h->fx + 24, f->mxcsr);
    for (unsigned n = 0; n < 8; n++) {
        store_le64(h->fx + 32 + 16 * n, f->st[(top + n) & 7].mant);
        store_le16(h->fx + 40 + 16 * n, f->st[(top + n) & 7].se);
        store_le64(h->fx + 160 + 16 * n, f->xmm[n][0]);
        store_le64(h->fx + 168 + 16 * n, f->xmm[n][1]);
    }
    h->rax = f->rax;
    h->rcx = f->rcx;
    h->rdx = mem ? (uint64_t)(uintptr_t)memory : f->rdx;
    h->rdi = (uint64_t)(uintptr_t)memory;
    h->flags = f->flags;
    memcpy(memory, f->mem, MEM_SIZE);
}

static void state_from_host(struct fp_state *f, const struct host_state *h,
                            const uint8_t *memory)
{
    unsigned top;

    f->fcw = load_le16(h->fx);
    f->fsw = load_le16(h->fx + 2);
    top = f->fsw >> 11 & 7;
    f->ftag = h->fx[4];
    f->mxcsr = load_le32(h->fx + 24);
    for (unsigned n = 0; n < 8; n++) {
        f->st[(top + n) & 7].mant = load_le64(h->fx + 32 + 16 * n);
        f->st[(top + n) & 7].se = load_le16(h->fx + 40 + 16 * n);
        f->xmm[n][0] = load_le64(h->fx + 160 + 16 * n);
        f->xmm[n][1] = load_le64(h->fx + 168 + 16 * n);
    }
    f->rax = h->rax;
    f->rcx = h->rcx;
    f->rdx = h->rdx;
    f->flags = (uint32_t)h->flags;
    memcpy(f->mem, memory, MEM_SIZE);
}

/* May the value in a register differ by a last place, as other chips' do? */
static bool is_transcendental(const struct insn_row *row)
{
    static const char *const names[] = {"f2xm1", "fyl2x",  "fyl2xp1",
                                        "fptan", "fpatan", "fsin",
                                        "fcos",  "fsincos"};

    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        if (!strcmp(row->id, names[n])) {
            return true;
        }
    }
    return false;
}

static bool same_register(struct float80 a, struct float80 b, bool loosely)
{
    if (a.mant == b.mant && a.se == b.se) {
        return true;
    }
    return loosely &&
           (a.mant - b.mant + 1 <= 2 || (a.mant << 1) + 2 - b.mant <= 4 ||
            (b.mant << 1) + 2 - a.mant <= 4);
}

static const char *difference(const struct insn_row *row, bool mem,
                              const struct fp_state *a,
                              const struct fp_state *b)
{
    bool loosely = is_transcendental(row);
    uint16_t sw_mask = loosely ? (uint16_t)~0x200 : 0xffff;

    for (unsigned n = 0; n < 8; n++) {
        if (!same_register(a->st[n], b->st[n], loosely)) {
            return "register";
        }
    }
    return (a->fsw ^ b->fsw) & sw_mask              ? "status word"
           : a->fcw != b->fcw                       ? "control word"
           : a->ftag != b->ftag                     ? "tags"
           : memcmp(a->xmm, b->xmm, sizeof(a->xmm)) ? "xmm"
           : a->mxcsr != b->mxcsr                   ? "mxcsr"
           : a->rax != b->rax                       ? "rax"
           : a->rcx != b->rcx                       ? "rcx"
           : !mem && a->rdx != b->rdx               ? "rdx"
           : (a->flags ^ b->flags) & 0x8d5          ? "flags"
           : memcmp(a->mem, b->mem, MEM_SIZE)       ? "memory"
                                                    : NULL;
}

static int print_state(char *text, size_t size, const struct fp_state *f,
                       int vector)
{
    int n = snprintf(text, size,
                     "\n vector %d fcw %04x fsw %04x tag %02x mxcsr %04x "
                     "flags %03x rcx %llx rdx %llx rax %llx",
                     vector, f->fcw, f->fsw, f->ftag, f->mxcsr, f->flags,
                     (unsigned long long)f->rcx, (unsigned long long)f->rdx,
                     (unsigned long long)f->rax);

    for (unsigned k = 0; k < 8; k++) {
        n += snprintf(text + n, size - (size_t)n,
                      "\n  R%u %04x:%016llx  xmm%u %016llx:%016llx", k,
                      (unsigned)f->st[k].se, (unsigned long long)f->st[k].mant,
                      k, (unsigned long long)f->xmm[k][1],
                      (unsigned long long)f->xmm[k][0]);
    }
    n += snprintf(text + n, size - (size_t)n, "\n  mem");
    for (unsigned k = 0; k < 16; k++) {
        n += snprintf(text + n, size - (size_t)n, " %02x", f->mem[k]);
    }
    return n;
}

static void report(const struct insn_row *row, const struct code *c,
                   const char *what, const struct fp_state *before,
                   const struct fp_state *ours, int our_vector,
                   const struct fp_state *host, int host_vec)
{
    char text[6000];
    int n = snprintf(text, sizeof(text), "%s: %s differs; code", row->id, what);

    for (unsigned k = 0; k < c->size; k++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, " %02x", c->bytes[k]);
    }
    n += print_state(text + n, sizeof(text) - (size_t)n, before, 0);
    n += print_state(text + n, sizeof(text) - (size_t)n, ours, our_vector);
    print_state(text + n, sizeof(text) - (size_t)n, host, host_vec);
    ck_abort_msg("%s", text);
}

/* Rows whose answer is not comparable: addresses in their image, or a value
 * that processors are free to choose. */
static bool is_left_out(const struct insn_row *row)
{
    static const char *const names[] = {
        "fldenv",   "fnstenv", "frstor",    "fnsave",
        "fxsave64", "fxsave",  "fxrstor64", "fxrstor",
    };

    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        if (!strcmp(row->id, names[n])) {
            return true;
        }
    }
    return !(row->attr & (A_FPU | A_SIMD)) || (row->attr & A_NOTEST) ||
           (row->encoding & ENC_VEX) || (row->encoding & NOT64);
}

/* Operands outside the documented range give what they like. */
static bool is_defined(const struct insn_row *row, const struct fp_state *f)
{
    unsigned top = f->fsw >> 11 & 7;
    unsigned exp = f->st[top].se & 0x7fff;

    if (!strcmp(row->id, "f2xm1")) {
        return exp < 0x3fff;
    }
    if (!strcmp(row->id, "fyl2xp1")) {
        return exp < 0x3ffd;
    }
    /* Digits above 9 in packed BCD. */
    if (!strcmp(row->id, "fbld")) {
        for (unsigned n = 0; n < 9; n++) {
            if ((f->mem[n] & 15) > 9 || f->mem[n] >> 4 > 9) {
                return false;
            }
        }
    }
    /* pi to 66 bits, or to more: far from 0 that shows. */
    if (is_transcendental(row) && row->id[0] == 'f' &&
        (row->id[1] == 's' || row->id[1] == 'c' || row->id[1] == 'p')) {
        return exp < 0x3ffe || exp > 0x403e || !strcmp(row->id, "fpatan");
    }
    return true;
}

static void compare_form(struct rig *rig, const struct insn_row *row, bool mem,
                         unsigned rounds)
{
    struct case_source s = {(uint64_t)(row - insn_rows) * 2 + mem};
    uint8_t *page = host_page();
    static uint8_t memory[MEM_SIZE] __attribute__((aligned(64)));

    for (unsigned n = 0; n < rounds; n++) {
        struct fp_state before = random_state(&s), ours, host;
        struct code c = encode(row, mem, (unsigned)case_random(&s) & 0xff);
        struct host_state h;
        int our_vector, host_vec;
        const char *what;

        if (has_operand(row, O_Ib) && !strncmp(row->id, "cmp", 3)) {
            c.bytes[c.size - 1] &= 7;
        }
        if (!strcmp(row->id, "fbld") && n & 1) {
            for (unsigned k = 0; k < 9; k++) {
                before.mem[k] = before.mem[k] % 10 | before.mem[k] / 26 << 4;
            }
        }
        if (!strcmp(row->id, "ldmxcsr")) {
            before.mem[2] &= 0xfd; /* AMD's misaligned mode */
        }
        if (!is_defined(row, &before)) {
            continue;
        }
        ours = host = before;
        our_vector = run_ours(rig, &c, &ours, mem);
        state_to_host(&before, &h, mem, memory);
        memcpy(page, c.bytes, c.size);
        page[c.size] = 0xc3;
        h.code = (uint64_t)(uintptr_t)page;
        host_vec = host_run(&h);
        state_from_host(&host, &h, memory);
        if (host_vec == EX_UD && row->feature > F_LONG) {
            break; /* the host does not have it */
        }
        if (our_vector == RIG_HALT) {
            our_vector = -1;
        }
        what = our_vector != host_vec ? "vector" : NULL;
        if (what == NULL && host_vec < 0) {
            what = difference(row, mem, &ours, &host);
        } else if (what == NULL && ours.mxcsr != host.mxcsr) {
            what = "mxcsr after a fault";
        }
        if (what != NULL) {
            report(row, &c, what, &before, &ours, our_vector, &host, host_vec);
        }
    }
    munmap(page, 4096);
}

START_TEST(rows_equal_hardware)
{
    const struct insn_row *row = &insn_rows[_i];
    unsigned rounds = getenv("ROUNDS") ? (unsigned)atoi(getenv("ROUNDS")) : 150;
    struct rig *rig;

    if (is_left_out(row)) {
        return;
    }
    rig = fp_rig();
    host_install();
    if (!(row->encoding & MOD_M)) {
        compare_form(rig, row, false, rounds);
    }
    if (!(row->encoding & MOD_R) && row->operand[0] != O_none) {
        compare_form(rig, row, true, rounds);
    }
    rig_destroy(rig);
}
END_TEST
#endif

/* ---- by hand: images, control registers, pending exceptions */

enum { IMAGE = RIG_DATA + 0x100 };

/* 32-bit protected mode with the x87 on and CR0.NE set. */
static struct rig *protected_rig(void)
{
    struct rig *rig = rig_create();

    rig_protected(rig);
    rig->cpu->cr0 |= CR0_NE | CR0_MP;
    rig->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    rig->cpu->reg[RBX] = IMAGE;
    return rig;
}

/* fld1; fldz; fldpi; fnstenv [ebx] */
START_TEST(environment_in_protected_mode)
{
    struct rig *rig = protected_rig();

    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xee, 0xd9, 0xeb,
                         0xd9, 0x33, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig_peek(rig, IMAGE, 4), 0xffff037f);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 4, 4), 0xffff2800);
    /* R7 = 1 is valid, R6 zero, R5 = pi valid. */
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 8, 4), 0xffff13ff);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 12, 4), RIG_CODE + 6);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 16, 2), SEL_CODE);
    ck_assert_uint_eq(rig->cpu->fcw, 0x037f);
    rig_destroy(rig);
}
END_TEST

/* The same with operand size 16: o16 fnstenv [ebx] */
START_TEST(environment_of_16_bits)
{
    struct rig *rig = protected_rig();

    rig_poke(rig, IMAGE + 14, 0x1234, 2);
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0x66, 0xd9, 0x33, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig_peek(rig, IMAGE, 2), 0x037f);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 2, 2), 0x3800);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 4, 2), 0x3fff);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 6, 2), (RIG_CODE + 2) & 0xffff);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 8, 2), SEL_CODE);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 14, 2), 0x1234);
    rig_destroy(rig);
}
END_TEST

/* Real mode: linear addresses in parts; fninit; fld1; fnstenv [bx] */
START_TEST(environment_in_real_mode)
{
    struct rig *rig = rig_create();

    rig_real(rig);
    rig->cpu->cr0 &= ~(uint64_t)(CR0_EM | CR0_TS);
    rig->cpu->reg[RBX] = 0x100;
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0x37, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 6, 2), (RIG_CODE + 2) & 0xffff);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 8, 2) >> 12, (RIG_CODE + 2) >> 16);
    rig_destroy(rig);
}
END_TEST

/* fninit; fld1; fldpi; fnsave [ebx]; fld1 ... frstor [ebx] */
START_TEST(save_and_restore)
{
    struct rig *rig = protected_rig();
    struct cpu *cpu = rig->cpu;

    ck_assert_int_eq(
        RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xdd, 0x33, 0xf4),
        RIG_HALT);
    ck_assert_uint_eq(cpu->ftag, 0);
    ck_assert_uint_eq(cpu->fcw, 0x037f);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 28, 8), 0xc90fdaa22168c235);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 36, 2), 0x4000);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 38, 8), 0x8000000000000000);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xd9, 0xee, 0xdd, 0x23, 0xf4), RIG_HALT);
    ck_assert_uint_eq(cpu->ftop, 6);
    ck_assert_uint_eq(cpu->ftag, 0xc0);
    ck_assert_uint_eq(cpu->fpr[6].mant, 0xc90fdaa22168c235);
    ck_assert_uint_eq(cpu->fpr[7].mant, 0x8000000000000000);
    rig_destroy(rig);
}
END_TEST

/* FXSAVE, FXRSTOR: tags abridged, MXCSR checked, 16-byte alignment. */
START_TEST(fxsave_and_fxrstor)
{
    struct rig *rig = protected_rig();
    struct cpu *cpu = rig->cpu;

    XMM(7).q[1] = 0x1122334455667788;
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xeb, 0x0f, 0xae, 0x03, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 4, 1), 0x80);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 24, 4), 0x1f80);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 28, 4), 0xffff);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 32, 8), 0xc90fdaa22168c235);
    ck_assert_uint_eq(rig_peek(rig, IMAGE + 160 + 7 * 16 + 8, 8),
                      0x1122334455667788);
    XMM(7).q[1] = 0;
    cpu->fpr[7].mant = 0;
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0x0f, 0xae, 0x0b, 0xf4), RIG_HALT);
    ck_assert_uint_eq(XMM(7).q[1], 0x1122334455667788);
    ck_assert_uint_eq(cpu->fpr[7].mant, 0xc90fdaa22168c235);
    ck_assert_uint_eq(cpu->ftag, 0x80);
    rig_poke(rig, IMAGE + 24, 0x10000, 4);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0xae, 0x0b, 0xf4), EX_GP);
    rig_go(rig, RIG_CODE);
    cpu->reg[RBX] = IMAGE + 8;
    ck_assert_int_eq(RUN(rig, 0x0f, 0xae, 0x03, 0xf4), EX_GP);
    rig_destroy(rig);
}
END_TEST

/* fninit; fldz; fld1; fdiv st0, st1 with ZE open; nop; then FLDPI */
START_TEST(exception_waits_for_the_next_instruction)
{
    struct rig *rig = protected_rig();

    rig_poke(rig, IMAGE, 0x037b, 2);
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0x2b, 0xd9, 0xee, 0xd9, 0xe8,
                         0xd8, 0xf1, 0x90, 0xd9, 0xeb, 0xf4),
                     EX_MF);
    ck_assert_uint_eq(rig_frame(rig, false).rip, RIG_CODE + 11);
    ck_assert_uint_eq(rig->cpu->fsw & 0x8084, 0x8084);
    /* The operands are untouched. */
    ck_assert_uint_eq(rig->cpu->fpr[6].se, 0x3fff);
    /* FNSTSW, FNCLEX do not wait; afterwards all is well. */
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xdf, 0xe0, 0xdb, 0xe2, 0xd9, 0xeb, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig->cpu->reg[RAX] & 0x8084, 0x8084);
    ck_assert_uint_eq(rig->cpu->fsw & 0x8084, 0);
    rig_destroy(rig);
}
END_TEST

/* CR0.NE = 0: no #MF, but FERR# rises, and falls with FNCLEX. */
static void record_ferr(void *opaque, bool level)
{
    *(int *)opaque = level;
}

START_TEST(without_ne_the_ferr_pin_tells)
{
    struct rig *rig = protected_rig();
    struct cpu_config saved = rig->cpu->config;
    int level = -1;

    rig->cpu->config.ferr = record_ferr;
    rig->cpu->config.opaque = &level;
    rig->cpu->cr0 &= ~(uint64_t)CR0_NE;
    rig_poke(rig, IMAGE, 0x037b, 2);
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0x2b, 0xd9, 0xee, 0xd9, 0xe8,
                         0xd8, 0xf1, 0xf4),
                     RIG_HALT);
    ck_assert_int_eq(level, 1);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe2, 0xf4), RIG_HALT);
    ck_assert_int_eq(level, 0);
    rig->cpu->config = saved;
    rig_destroy(rig);
}
END_TEST

/* Which of #NM, #UD comes, by CR0 and CR4 (SDM volume 3, 2.5, 9.2.1). */
START_TEST(availability)
{
    static const struct {
        uint32_t set, clear, clear4;
        int x87, wait, mmx, sse;
    } cases[] = {
        {CR0_EM, CR0_TS, 0, EX_NM, RIG_HALT, EX_UD, EX_UD},
        {CR0_TS | CR0_MP, CR0_EM, 0, EX_NM, EX_NM, EX_NM, EX_NM},
        {CR0_TS, CR0_EM | CR0_MP, 0, EX_NM, RIG_HALT, EX_NM, EX_NM},
        {0, CR0_EM | CR0_TS, CR4_OSFXSR, RIG_HALT, RIG_HALT, RIG_HALT, EX_UD},
        {0, CR0_EM | CR0_TS, 0, RIG_HALT, RIG_HALT, RIG_HALT, RIG_HALT},
    };

    for (unsigned n = 0; n < ARRAY_LEN(cases); n++) {
        struct rig *rig = protected_rig();
        struct cpu *cpu = rig->cpu;

        cpu->cr0 = (cpu->cr0 | cases[n].set) & ~(uint64_t)cases[n].clear;
        cpu->cr4 &= ~(uint64_t)cases[n].clear4;
        ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0xf4), cases[n].x87);
        rig_go(rig, RIG_CODE);
        ck_assert_int_eq(RUN(rig, 0x9b, 0xf4), cases[n].wait);
        rig_go(rig, RIG_CODE);
        ck_assert_int_eq(RUN(rig, 0x0f, 0x6f, 0xc1, 0xf4), cases[n].mmx);
        rig_go(rig, RIG_CODE);
        ck_assert_int_eq(RUN(rig, 0x0f, 0x28, 0xc1, 0xf4), cases[n].sse);
        rig_destroy(rig);
    }
}
END_TEST

/* mulss xmm0, xmm0 overflows: #XM, or #UD when the OS does not know #XM. */
START_TEST(simd_exception)
{
    struct rig *rig = protected_rig();

    rig->cpu->vec[0].x[0].q[0] = 0x7f7fffff;
    rig->cpu->mxcsr = 0x1f80 & ~0x400u;
    ck_assert_int_eq(RUN(rig, 0xf3, 0x0f, 0x59, 0xc0, 0xf4), EX_XM);
    ck_assert_uint_eq(rig->cpu->vec[0].x[0].q[0], 0x7f7fffff);
    ck_assert_uint_eq(rig->cpu->mxcsr & 0x3f, 0x28);
    rig->cpu->cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xf3, 0x0f, 0x59, 0xc0, 0xf4), EX_UD);
    rig_destroy(rig);
}
END_TEST

/* movaps needs alignment, movups does not; loads and stores. */
START_TEST(alignment)
{
    struct rig *rig = protected_rig();

    rig->cpu->reg[RBX] = IMAGE + 4;
    ck_assert_int_eq(RUN(rig, 0x0f, 0x10, 0x03, 0xf4), RIG_HALT);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0x28, 0x03, 0xf4), EX_GP);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0x29, 0x03, 0xf4), EX_GP);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x66, 0x0f, 0xfc, 0x03, 0xf4), EX_GP);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0x11, 0x03, 0xf4), RIG_HALT);
    rig_destroy(rig);
}
END_TEST

/* A store of two pages leaves all as it was when the second is missing. */
START_TEST(store_across_a_missing_page)
{
    struct rig *rig = rig_create();
    struct cpu *cpu = rig->cpu;

    rig_paged(rig);
    cpu->cr4 |= CR4_OSFXSR;
    cpu->cr0 |= CR0_NE;
    cpu->reg[RBX] = RIG_DATA + 0x1000 - 6;
    rig_map(rig, RIG_DATA + 0x1000, 0);
    rig_poke(rig, RIG_DATA + 0x1000 - 8, 0x5555555555555555, 8);
    /* fninit; fld1; fstp tbyte [ebx] */
    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0xdb, 0x3b, 0xf4), EX_PF);
    ck_assert_uint_eq(cpu->cr2, RIG_DATA + 0x1000);
    ck_assert_uint_eq(cpu->ftop, 7);
    ck_assert_uint_eq(cpu->ftag, 0x80);
    ck_assert_uint_eq(rig_peek(rig, RIG_DATA + 0x1000 - 8, 8),
                      0x5555555555555555);
    rig_destroy(rig);
}
END_TEST

/* MMX fills the stack, EMMS empties it. */
START_TEST(mmx_and_the_stack)
{
    struct rig *rig = protected_rig();

    ck_assert_int_eq(RUN(rig, 0xdb, 0xe3, 0xd9, 0xe8, 0x0f, 0xef, 0xdb, 0xf4),
                     RIG_HALT);
    ck_assert_uint_eq(rig->cpu->ftag, 0xff);
    ck_assert_uint_eq(rig->cpu->ftop, 0);
    ck_assert_uint_eq(rig->cpu->fpr[3].se, 0xffff);
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0x77, 0xf4), RIG_HALT);
    ck_assert_uint_eq(rig->cpu->ftag, 0);
    rig_destroy(rig);
}
END_TEST

/* RCPPS, RSQRTPS: relative error below 1.5 * 2^-12, no flags (SDM 2B). */
START_TEST(approximations)
{
    static const float inputs[4] = {3.0f, 0.1f, 1e20f, 7e-30f};
    struct rig *rig = protected_rig();
    struct cpu *cpu = rig->cpu;
    uint32_t lanes[4];

    memcpy(lanes, inputs, sizeof(lanes));
    XMM(1).q[0] = (uint64_t)lanes[1] << 32 | lanes[0];
    XMM(1).q[1] = (uint64_t)lanes[3] << 32 | lanes[2];
    /* rcpps xmm0, xmm1; rsqrtps xmm2, xmm1 */
    ck_assert_int_eq(RUN(rig, 0x0f, 0x53, 0xc1, 0x0f, 0x52, 0xd1, 0xf4),
                     RIG_HALT);
    for (unsigned n = 0; n < 4; n++) {
        uint32_t r = (uint32_t)(XMM(0).q[n / 2] >> 32 * (n % 2));
        uint32_t q = (uint32_t)(XMM(2).q[n / 2] >> 32 * (n % 2));
        double x = (double)inputs[n], y, z;
        float f;

        memcpy(&f, &r, 4);
        y = (double)f * x - 1;
        memcpy(&f, &q, 4);
        z = (double)f * (double)f * x - 1;
        ck_assert(y < 1.5 / 4096 && y > -1.5 / 4096);
        ck_assert(z < 3.0 / 4096 && z > -3.0 / 4096);
    }
    ck_assert_uint_eq(cpu->mxcsr, 0x1f80);
    /* Zero and denormals give infinity, a negative number no root. */
    XMM(1).q[0] = 0x8000000100000000;
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0x0f, 0x53, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq(XMM(0).q[0], 0xff8000007f800000);
    XMM(1).q[0] = 0xbf800000;
    rig_go(rig, RIG_CODE);
    ck_assert_int_eq(RUN(rig, 0xf3, 0x0f, 0x52, 0xc1, 0xf4), RIG_HALT);
    ck_assert_uint_eq((uint32_t)XMM(0).q[0], 0xffc00000);
    rig_destroy(rig);
}
END_TEST

static TCase *by_hand(void)
{
    TCase *tcase = tcase_create("by hand");

    tcase_add_test(tcase, environment_in_protected_mode);
    tcase_add_test(tcase, environment_of_16_bits);
    tcase_add_test(tcase, environment_in_real_mode);
    tcase_add_test(tcase, save_and_restore);
    tcase_add_test(tcase, fxsave_and_fxrstor);
    tcase_add_test(tcase, exception_waits_for_the_next_instruction);
    tcase_add_test(tcase, without_ne_the_ferr_pin_tells);
    tcase_add_test(tcase, availability);
    tcase_add_test(tcase, simd_exception);
    tcase_add_test(tcase, approximations);
    tcase_add_test(tcase, alignment);
    tcase_add_test(tcase, store_across_a_missing_page);
    tcase_add_test(tcase, mmx_and_the_stack);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("cpu/fp_insn");
    TCase *tcase = tcase_create("rows");

    tcase_set_timeout(tcase, 60);
#ifdef __x86_64__
    tcase_add_loop_test(tcase, rows_equal_hardware, 0, INSN_COUNT);
#endif
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, by_hand());
    return suite_run(suite);
}
