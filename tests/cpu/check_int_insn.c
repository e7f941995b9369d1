/* check_int_insn - every integer row of the instruction table, run on the
 * CPU in 64-bit code and on the host in the same random states: registers,
 * defined flags, memory and exceptions must agree.
 *
 * On other hosts than x86-64 there is nothing to compare with. Rows with
 * A_NOTEST, A_PRIV or A_ENDS are left out, as are those the host lacks.
 * Alone: make tests/cpu/check_int_insn && tests/cpu/check_int_insn [ROW] */
#define _DEFAULT_SOURCE
#include "tests/cpu/rows.h"
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/decode.h"
#include "cpu/insn.h"
#include "mmu/ram.h"

#if defined(__x86_64__) && defined(__linux__)
#include "tests/cpu/oracle_x64_int.h"

enum {
    CODE = 0x900000,
    DATA = 0xa00000,
    DATA_SIZE = 0x1000,
    ROUNDS = 12,
    SHOWN = 3,
};

static const char *the_row; /* only this one; NULL = all */

/* ---- random states */

static uint64_t the_seed = 1;

static uint64_t next_random(void)
{
    the_seed ^= the_seed << 13;
    the_seed ^= the_seed >> 7;
    the_seed ^= the_seed << 17;
    return the_seed * 0x2545f4914f6cdd1d;
}

/* Edges of every width more often than not. */
static uint64_t random_value(void)
{
    static const uint64_t edge[] = {0,
                                    1,
                                    2,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    ~0ull,
                                    0x3f,
                                    0x40,
                                    0x1f,
                                    0x20,
                                    9,
                                    17};
    uint64_t r = next_random();
    switch (r & 3) {
    case 0:
        return edge[(r >> 8) % ARRAY_LEN(edge)];
    case 1:
        return (uint64_t)(int64_t)(int8_t)(r >> 16);
    default:
        return next_random() >> (r >> 32 & 31);
    }
}

/* ---- encoding a row */

struct code {
    uint8_t bytes[24];
    unsigned size;
};

/* What a test varies: prefixes, register or memory form. */
struct form {
    bool opsize, rexw, high, mem, addr32, lock;
};

static void emit(struct code *c, uint64_t value, unsigned size)
{
    for (unsigned n = 0; n < size; n++)
        c->bytes[c->size++] = (uint8_t)(value >> 8 * n);
}

static bool has_modrm(const struct insn_row *row)
{
    static const uint8_t letters[] = {
        O_Eb, O_Ew, O_Ed, O_Eq, O_Ev, O_Ey, O_Ed_q, O_M,  O_Mb, O_Mw,
        O_Md, O_Mq, O_Ma, O_Mx, O_Mv, O_My, O_Rd,   O_Rq, O_Rv, O_Ry};
    for (unsigned n = 0; n < ARRAY_LEN(letters); n++)
        if (has_operand(row, letters[n]))
            return true;
    return row->encoding & (DIGIT(0) | RMIS(0) | MODRM);
}

/* Prefixes that the encoding fixes; one that may or may not stand before the
 * opcode selects the operand size. */
static uint64_t fixed_prefix(uint64_t e)
{
    uint64_t fixed = e & (PFX_NONE | PFX_66);
    return fixed == (PFX_NONE | PFX_66) ? 0 : fixed;
}

static void emit_immediates(struct code *c, const struct insn_row *row,
                            const struct form *f)
{
    unsigned z = f->opsize && !f->rexw ? 2 : 4;
    if (has_operand(row, O_Iw))
        emit(c, next_random() & 0xff, 2); /* ENTER stays in its stack */
    if (has_operand(row, O_Ib))
        emit(c, random_value(), 1);
    if (has_operand(row, O_sIb))
        emit(c, random_value(), 1);
    if (has_operand(row, O_Iz))
        emit(c, random_value(), z);
    if (has_operand(row, O_Iv))
        emit(c, random_value(), f->rexw ? 8 : z);
    if (has_operand(row, O_Ob) || has_operand(row, O_Ov))
        emit(c, DATA + 0x80, f->addr32 ? 4 : 8);
}

/* Memory forms address [rdi + 8] or [r15 + 8]. */
static struct code encode(const struct insn_row *row, const struct form *f)
{
    uint64_t e = row->encoding;
    struct code c = {.size = 0};
    unsigned reg = next_random() & 3, rm = next_random() % 3;
    if (f->lock)
        emit(&c, 0xf0, 1);
    if (f->addr32)
        emit(&c, 0x67, 1);
    if (f->opsize || (fixed_prefix(e) & PFX_66))
        emit(&c, 0x66, 1);
    if (e & PFX_F3)
        emit(&c, 0xf3, 1);
    else if (e & PFX_F2)
        emit(&c, 0xf2, 1);
    else if ((row->attr & A_REP) && (next_random() & 1))
        emit(&c, 0xf2 | (next_random() & 1), 1);
    if (f->rexw || f->high)
        emit(&c, 0x40 | f->rexw << 3 | f->high * 5, 1);
    if (ENC_MAP(e))
        emit(&c, 0x0f, 1);
    if (ENC_MAP(e) > 1)
        emit(&c, ENC_MAP(e) == 2 ? 0x38 : 0x3a, 1);
    emit(&c, ENC_OPCODE(e) | (e & PLUS_R ? rm : 0), 1);
    if (e & DIGIT(0))
        reg = e >> 12 & 7;
    if (e & RMIS(0))
        rm = e >> 16 & 7;
    if (has_modrm(row)) {
        if (f->mem) {
            emit(&c, 0x47 | reg << 3, 1);
            emit(&c, 8, 1);
        } else {
            /* 4..7 are AH..BH in byte rows */
            if ((row->attr & A_BYTE) && !(e & RMIS(0)) && (next_random() & 1))
                rm |= 4;
            emit(&c, 0xc0 | reg << 3 | rm, 1);
        }
    }
    emit_immediates(&c, row, f);
    return c;
}

static bool testable(const struct insn_row *row)
{
    if (row->attr &
        (A_NOTEST | A_PRIV | A_ENDS | A_BRANCH | A_IO | A_FPU | A_SIMD))
        return false;
    if (row->encoding & (NOT64 | ENC_VEX))
        return false;
    for (unsigned n = 0; n < 3; n++)
        if (row->operand[n] >= O_Pq)
            return false; /* MMX and on: check_fp_insn */
    return true;
}

static bool form_fits(const struct insn_row *row, const struct form *f)
{
    uint64_t e = row->encoding;
    if (f->lock && !(f->mem && (row->attr & A_LOCK)))
        return false;
    if (!has_modrm(row))
        return !f->mem;
    if (f->opsize && fixed_prefix(e))
        return false;
    if (f->rexw ? (e & REXW0) != 0 : (e & REXW1) != 0)
        return false;
    if (f->high && (e & REXB0))
        return false;
    return !(e & (f->mem ? MOD_R : MOD_M));
}

/* ---- comparing */

struct setup {
    uint64_t reg[16], flags;
    uint8_t data[DATA_SIZE];
};

static void make_setup(struct setup *s, const struct insn_row *row,
                       const struct form *f)
{
    for (unsigned n = 0; n < 16; n++)
        s->reg[n] = random_value();
    for (unsigned n = 0; n < DATA_SIZE; n += 8)
        store_le64(s->data + n, random_value());
    s->reg[RSP] = DATA + 0x800;
    s->reg[RBP] = DATA + 0x900;
    s->reg[RSI] = DATA + 0x200 + (next_random() & 15);
    s->reg[RDI] = s->reg[R15] = DATA + 0x400 + (next_random() & 15);
    if (row->attr & A_REP)
        s->reg[RCX] = next_random() % 20;
    if (!strncmp(row->id, "xlat", 4))
        s->reg[RBX] = DATA + 0x100;
    if (!strncmp(row->id, "cmpxchg", 7) && (next_random() & 1)) {
        /* likely to be equal */
        s->reg[RAX] = load_le64(s->data + s->reg[RDI] - DATA + 8);
        s->reg[RDX] = load_le64(s->data + s->reg[RDI] - DATA + 16);
    }
    if (f->mem && !strncmp(row->id, "bt", 2))
        for (unsigned n = 0; n < 4; n++) /* bit offsets beside the operand */
            s->reg[n] = s->reg[n + 8] =
                (uint64_t)(int64_t)(int8_t)next_random() * 8;
    s->flags = (next_random() & (EFL_ARITH | EFL_DF)) | EFL_1 | EFL_IF;
}

static int run_guest(struct rig *r, const struct setup *s, const struct code *c)
{
    static const uint8_t hlt = 0xf4;
    struct cpu *cpu = r->cpu;
    memcpy(cpu->reg, s->reg, sizeof s->reg);
    memcpy(r->ram->host + DATA, s->data, DATA_SIZE);
    rig_set_eflags(r, s->flags);
    rig_put(r, CODE, c->bytes, c->size);
    rig_put(r, CODE + c->size, &hlt, 1);
    rig_load(r, SEG_CS, SEL_CODE64);
    rig_load(r, SEG_SS, SEL_DATA);
    cpu->seg[SEG_FS] = cpu->seg[SEG_GS] = (struct seg){0}; /* as in Linux */
    rig_go(r, CODE);
    return rig_run(r);
}

static const char *difference(struct rig *r, const struct insn_row *row,
                              int guest, int host, char *text, size_t size)
{
    const struct cpu *cpu = r->cpu;
    uint64_t flags = cpu_eflags(cpu), mask;
    if (guest != (host < 0 ? RIG_HALT : host)) {
        snprintf(text, size, "vector %d, not %d", guest, host);
        return text;
    }
    if (host >= 0)
        return NULL; /* the host's state is gone */
    for (unsigned n = 0; n < 16; n++)
        if (cpu->reg[n] != host_int_state.reg[n]) {
            snprintf(text, size, "register %u = %llx, not %llx", n,
                     (unsigned long long)cpu->reg[n],
                     (unsigned long long)host_int_state.reg[n]);
            return text;
        }
    mask = (EFL_ARITH | EFL_DF) & ~(uint64_t)row->flags_undefined;
    if ((flags ^ host_int_state.flags) & mask) {
        snprintf(text, size, "flags %llx, not %llx", (unsigned long long)flags,
                 (unsigned long long)host_int_state.flags);
        return text;
    }
    for (unsigned n = 0; n < DATA_SIZE; n++)
        if (r->ram->host[DATA + n] != ((uint8_t *)DATA)[n]) {
            snprintf(text, size, "[%x] = %02x, not %02x", n,
                     r->ram->host[DATA + n], ((uint8_t *)DATA)[n]);
            return text;
        }
    return NULL;
}

/* Word forms of SHLD and SHRD with counts beyond 16: nothing is defined. */
static bool undefined_shift(const struct insn_row *row, const struct form *f,
                            const struct code *c, const struct setup *s)
{
    unsigned count = c->bytes[c->size - 1];
    if (strncmp(row->id, "shld", 4) != 0 && strncmp(row->id, "shrd", 4) != 0)
        return false;
    if (has_operand(row, O_CL))
        count = (unsigned)s->reg[RCX];
    return f->opsize && !f->rexw && (count & 31) > 16;
}

/* True when they agree (or the host does not have it). */
static bool compare_once(struct rig *r, const struct insn_row *row,
                         const struct form *f, char *text, size_t size)
{
    struct setup s;
    struct code c = encode(row, f);
    int host, guest;
    size_t used;
    make_setup(&s, row, f);
    if (undefined_shift(row, f, &c, &s))
        return true;
    memcpy(host_int_state.reg, s.reg, sizeof s.reg);
    host_int_state.flags = s.flags;
    memcpy((void *)DATA, s.data, DATA_SIZE);
    host = host_int_run(CODE, c.bytes, c.size);
    if (host == EX_UD && row->feature > F_LONG)
        return true;
    guest = run_guest(r, &s, &c);
    if (!difference(r, row, guest, host, text, size))
        return true;
    used = strlen(text);
    for (unsigned n = 0; n < c.size && used + 4 < size; n++)
        used += (size_t)snprintf(text + used, size - used, " %02x", c.bytes[n]);
    return false;
}

/* Number of states in which the row differs. */
static unsigned check_row(struct rig *r, const struct insn_row *row,
                          unsigned *run)
{
    char text[160];
    unsigned bad = 0;
    for (unsigned v = 0; v < 64; v++) {
        struct form f = {v & 1,      v >> 1 & 1, v >> 2 & 1,
                         v >> 3 & 1, v >> 4 & 1, v >> 5 & 1};
        if (!form_fits(row, &f))
            continue;
        for (unsigned n = 0; n < ROUNDS; n++) {
            ++*run;
            if (compare_once(r, row, &f, text, sizeof text))
                continue;
            if (bad++ < SHOWN)
                printf("%s: %s\n", row->id, text);
        }
    }
    if (bad)
        printf("%s: %u differences\n", row->id, bad);
    return bad;
}

/* Decode every extension there are rows for, shown by CPUID or not. */
static void offer_all(struct cpu *cpu)
{
    memset(cpu->features, 0xff, sizeof cpu->features);
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
}

CASE(rows_against_the_host)
{
    unsigned bad = 0, run = 0;
    (void)c;
    if (!host_int_open(CODE, DATA, DATA_SIZE)) {
        printf("SKIPPED: the addresses of the test are taken\n");
        return;
    }
    rig_long(r);
    offer_all(r->cpu);
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        const struct insn_row *row = &insn_rows[n];
        if (testable(row) && (!the_row || !strcmp(the_row, row->id)))
            bad += check_row(r, row, &run);
    }
    printf("%u states compared, %u differences\n", run, bad);
    fflush(stdout);
    ck_assert_uint_gt(run, 0);
    ck_assert_uint_eq(bad, 0);
}

static const struct rig_case cases[] = {
    CASE_ROW(rows_against_the_host),
};

int main(int argc, char **argv)
{
    the_row = argc > 1 ? argv[1] : NULL;
    return rig_main("cpu/int_insn", cases, ARRAY_LEN(cases));
}

#else

int main(void)
{
    printf("SKIPPED: needs an x86-64 Linux host to compare with\n");
    return 0;
}

#endif
