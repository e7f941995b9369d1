/* check_lockstep - random programs in both engines at once.
 *
 * Two boards, one with the interpreter and one with the JIT, are given the
 * same programs and the same budgets. After each slice, of random length,
 * registers, flags, memory and the count of instructions must be the same.
 * Between slices the same interrupts, stores by devices and changed mappings
 * come to both; the JIT's board loses blocks, translations and TLB entries at
 * random besides.
 *
 * A program is a set of chunks that jump to, call and return to each other:
 * random instructions of the table, loops, string instructions, stores into
 * code (directly and through an alias), far jumps to other modes and back,
 * segment loads, page table entries changed. What ends it (a HLT behind an
 * exception, a shutdown) is answered by going on at another chunk, with what
 * has been translated still there.
 * Alone: LOCKSTEP=PROGRAMS make tests/jit/check_lockstep &&
 * tests/jit/check_lockstep [SEED] */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"
#include "cpu/jit/jit.h"
#include "mmu/ram.h"

enum {
    CODE = 0x40000,
    CODE_PAGES = 4,
    CODE_SIZE = CODE_PAGES * PAGE_SIZE,
    ALIAS = 0x140000, /* the same frames again */
    OTHER = 0x240000, /* frames that take their places at times */
    OWN = RIG_DATA,   /* data, then the stack */
    OWN_SIZE = 0x6000,
    STACK = OWN + 0x5800,
    INNER = 0x2c000, /* where exceptions push */
    INNER_SIZE = 0x2000,
    REAL_MODE = 0x8000, /* code that goes to real mode and back */
    CHUNKS = 28,
    CHUNK_SIZE = CODE_SIZE / CHUNKS,
    SLICES = 24,
    SEL_BASED = SEL_FREE + 8,    /* data with a base */
    SEL_LIMITED = SEL_FREE + 16, /* data with a limit among the program's */
};

static uint64_t first_seed = 1;
static unsigned programs = 240;

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed * 0x2545f4914f6cdd1d >> 8;
}

/* ---- programs */

struct program {
    struct cpu *cpu;
    uint64_t seed;
    enum kind { RING3, RING0, KINDS } kind;
    unsigned mode; /* MODE_32, MODE_64 */
    bool sse, x87;
    uint8_t code[CODE_SIZE + 64];
    unsigned at;            /* where the next instruction goes */
    unsigned patch[CHUNKS]; /* an immediate in each chunk */
    uint64_t pte_data, pte_code;
};

static unsigned roll(struct program *p, unsigned n)
{
    return (unsigned)(next_random(&p->seed) % n);
}

static void put(struct program *p, const void *bytes, unsigned n)
{
    memcpy(p->code + p->at, bytes, n);
    p->at += n;
}
#define EMIT(p, ...)                                                           \
    put(p, (const uint8_t[]){__VA_ARGS__},                                     \
        sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_number(struct program *p, uint64_t v, unsigned n)
{
    uint8_t b[8];
    store_le64(b, v);
    put(p, b, n);
}

static unsigned chunk_start(unsigned n)
{
    return n * CHUNK_SIZE + n * 7 % 5;
}

static unsigned some_chunk(struct program *p)
{
    return chunk_start(roll(p, CHUNKS));
}

static uint64_t some_pointer(struct program *p)
{
    unsigned page = roll(p, 4) * PAGE_SIZE;
    return OWN + page +
           (roll(p, 2) ? roll(p, 0xf00) : PAGE_SIZE - 16 + roll(p, 32));
}

static bool wanted(const struct program *p, const struct insn_row *row)
{
    unsigned bad = A_PRIV | A_IO | A_BRANCH;
    if (!p->sse)
        bad |= A_SIMD;
    if (!p->x87)
        bad |= A_FPU;
    return !(row->attr & bad);
}

/* Of the decoder's tables by chance, with prefixes. */
static void add_random(struct program *p)
{
    struct insn i;
    uint8_t b[16];
    do {
        unsigned n = 0;
        store_le64(b, next_random(&p->seed) << 8 | roll(p, 256));
        store_le64(b + 8, next_random(&p->seed));
        if (!roll(p, 8))
            b[n++] = 0x66;
        if (!roll(p, 16))
            b[n++] = roll(p, 2) ? 0x64 : 0x65;
        if (!roll(p, 24))
            b[n++] = (uint8_t)(0xf2 + roll(p, 2));
        if (p->mode == MODE_64 && roll(p, 2))
            b[n++] = (uint8_t)(0x40 | roll(p, 16));
        if (!roll(p, 6))
            b[n++] = 0x0f;
    } while (decode_insn(p->cpu->decode, b, 15, p->mode, &i) != DECODE_OK ||
             !wanted(p, &insn_rows[i.op]) ||
             ((insn_rows[i.op].attr & A_ENDS) && roll(p, 8)));
    put(p, b, i.len);
}

/* Arithmetic as compilers make it, with operands in registers and memory. */
static void add_plain(struct program *p)
{
    static const uint8_t op[] = {
        0x01, 0x03, 0x29, 0x2b, 0x31, 0x33, 0x21, 0x23, 0x09, 0x0b, 0x39,
        0x3b, 0x85, 0x89, 0x8b, 0x11, 0x13, 0x19, 0x1b, 0x00, 0x02, 0x28,
        0x38, 0x3a, 0x84, 0x88, 0x8a, 0x8d, 0x10, 0x1a, 0x86, 0x87};
    unsigned o = op[roll(p, sizeof op)], reg = roll(p, 8), rm = roll(p, 8);
    if (p->mode == MODE_64 && roll(p, 2))
        EMIT(p, (uint8_t)(0x40 | (roll(p, 2) ? 8 : 0) | (roll(p, 4) ? 0 : 5)));
    if (reg == RSP && roll(p, 8))
        reg = RAX;
    if (o == 0x8d || roll(p, 2)) {
        if (rm == RSP) {
            EMIT(p, (uint8_t)o, (uint8_t)(0x44 | reg << 3), 0x24,
                 (uint8_t)roll(p, 64));
        } else {
            EMIT(p, (uint8_t)o, (uint8_t)(0x40 | reg << 3 | rm),
                 (uint8_t)roll(p, 256));
        }
    } else {
        if (rm == RSP && roll(p, 8))
            rm = RCX;
        EMIT(p, (uint8_t)o, (uint8_t)(0xc0 | reg << 3 | rm));
    }
}

/* A register points to data again. */
static void add_pointer(struct program *p)
{
    static const uint8_t reg[] = {RAX, RCX, RDX, RBX, RBP, RSI, RDI};
    EMIT(p, (uint8_t)(0xb8 + reg[roll(p, sizeof reg)]));
    put_number(p, some_pointer(p), 4);
}

static void add_string(struct program *p)
{
    static const uint8_t op[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6,
                                 0xa7, 0xae, 0xaf, 0xac, 0xad};
    EMIT(p, 0xb9), put_number(p, roll(p, 4) ? roll(p, 40) : roll(p, 3000), 4);
    EMIT(p, 0xbe), put_number(p, some_pointer(p), 4);
    EMIT(p, 0xbf), put_number(p, some_pointer(p), 4);
    if (!roll(p, 4))
        EMIT(p, (uint8_t)(0xfc + roll(p, 2)));
    EMIT(p, (uint8_t)(0xf2 + roll(p, 2)));
    if (p->mode == MODE_64 && roll(p, 2))
        EMIT(p, 0x48);
    EMIT(p, op[roll(p, sizeof op)]);
    EMIT(p, 0xfc);
}

static void add_absolute(struct program *p, uint64_t address)
{
    if (p->mode == MODE_64)
        EMIT(p, 0x25);
    put_number(p, address, 4);
}

/* The rm field for an absolute address. */
static uint8_t absolute_rm(const struct program *p, unsigned reg)
{
    return (uint8_t)(reg << 3 | (p->mode == MODE_64 ? 4 : 5));
}

/* Into the immediate of a chunk's MOV; often this chunk's. */
static void add_store_to_code(struct program *p, unsigned chunk)
{
    unsigned target = roll(p, 3) ? roll(p, CHUNKS) : chunk;
    uint64_t where = roll(p, 3) ? CODE : ALIAS;
    if (!p->patch[target])
        return;
    where += p->patch[target];
    switch (roll(p, 4)) {
    case 0: /* MOV m32, imm32 */
        EMIT(p, 0xc7, absolute_rm(p, 0));
        add_absolute(p, where);
        put_number(p, next_random(&p->seed), 4);
        break;
    case 1: /* INC m8 */
        EMIT(p, 0xfe, absolute_rm(p, 0));
        add_absolute(p, where);
        break;
    case 2: /* MOV m8, AL */
        EMIT(p, 0x88, absolute_rm(p, 0));
        add_absolute(p, where);
        break;
    default: /* REP STOSB */
        EMIT(p, 0xb9), put_number(p, roll(p, 5), 4);
        EMIT(p, 0xbf), put_number(p, where, 4);
        EMIT(p, 0xf3, 0xaa);
        break;
    }
}

static void add_patched(struct program *p, unsigned chunk)
{
    static const uint8_t reg[] = {RAX, RDX, RBX};
    EMIT(p, (uint8_t)(0xb8 + reg[roll(p, sizeof reg)]));
    p->patch[chunk] = p->at;
    put_number(p, next_random(&p->seed), 4);
}

/* ---- ring 0 */

static void add_far_jump(struct program *p, unsigned selector, uint32_t to)
{
    EMIT(p, 0xea);
    put_number(p, to, 4);
    put_number(p, selector, 2);
}

/* 64-bit code jumps to 32-bit code in compatibility mode and back. */
static void add_compat(struct program *p)
{
    unsigned pointer, back;
    EMIT(p, 0xff, 0x2c, 0x25); /* JMP FAR [pointer] */
    pointer = p->at;
    put_number(p, 0, 4);
    store_le32(p->code + pointer, CODE + p->at);
    put_number(p, CODE + p->at + 6, 4);
    put_number(p, SEL_CODE, 2);
    p->mode = MODE_32;
    for (unsigned n = roll(p, 4); n > 0; n--)
        add_plain(p);
    back = p->at + 7;
    add_far_jump(p, SEL_CODE64, CODE + back);
    p->mode = MODE_64;
}

/* 32-bit code calls what goes to real mode. */
static void add_real(struct program *p)
{
    EMIT(p, 0x68);
    put_number(p, CODE + p->at + 4 + 7, 4); /* PUSH where to go on */
    add_far_jump(p, SEL_CODE16, REAL_MODE);
}

static const uint8_t real_mode[] = {
    0x0f, 0x20, 0xc0,                   /* MOV EAX, CR0 */
    0x66, 0x25, 0xfe, 0xff, 0xff, 0x7f, /* AND EAX, ~(PG | PE) */
    0x0f, 0x22, 0xc0,                   /* MOV CR0, EAX */
    0xea, 0x11, 0x80, 0,    0,          /* JMP 0:8011 */
    0x40, 0x41, 0x01, 0xc8,             /* INC AX, CX; ADD AX, CX */
    0x0f, 0x20, 0xc0,                   /* MOV EAX, CR0 */
    0x66, 0x0d, 1,    0,    0,    0x80, /* OR EAX, PG | PE */
    0x0f, 0x22, 0xc0,                   /* MOV CR0, EAX */
    0x66, 0xea, 0x29, 0x80, 0,    0,    SEL_CODE, 0, /* JMP FAR 8029 */
    0xc3,                                            /* 32-bit: RET */
};

static void add_segment(struct program *p)
{
    static const uint16_t sel[] = {SEL_DATA,  SEL_DATA,    SEL_DATA3, SEL_BASED,
                                   SEL_BASED, SEL_LIMITED, 0};
    static const uint8_t reg[] = {0xd8, 0xc0, 0xe0, 0xe8}; /* DS ES FS GS */
    EMIT(p, 0x66, 0xb8);
    put_number(p, sel[roll(p, ARRAY_LEN(sel))], 2);
    EMIT(p, 0x8e, reg[roll(p, 4)]);
}

/* XOR of bits in a page table entry, often with an INVLPG or a new CR3. */
static void add_mapping(struct program *p)
{
    static const uint8_t bit[] = {1, 2, 2, 4, 0x20, 0x40, 2};
    bool code = !roll(p, 4);
    unsigned size = p->mode == MODE_64 ? 8 : 4;
    unsigned page = roll(p, code ? CODE_PAGES : 4);
    EMIT(p, 0x80, absolute_rm(p, 6)); /* XOR m8, imm8 */
    add_absolute(p, (code ? p->pte_code : p->pte_data) + page * size);
    EMIT(p, code ? 0x62 : bit[roll(p, sizeof bit)]);
    if (roll(p, 3)) {
        EMIT(p, 0x0f, 0x01, absolute_rm(p, 7)); /* INVLPG */
        add_absolute(p, (code ? CODE : OWN) + page * PAGE_SIZE);
    } else {
        EMIT(p, 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8); /* CR3 = CR3 */
    }
}

static void add_system(struct program *p)
{
    switch (roll(p, 6)) {
    case 0:
        EMIT(p, (uint8_t)(0xfa + roll(p, 2))); /* CLI, STI */
        break;
    case 1:
    case 2:
        add_mapping(p);
        break;
    case 3:
        if (p->mode == MODE_64)
            add_compat(p);
        else
            add_real(p);
        break;
    default:
        add_segment(p);
        break;
    }
}

/* ---- chunks */

static void add_relative(struct program *p)
{
    unsigned to = some_chunk(p);
    put_number(p, (uint64_t)to - (p->at + 4), 4);
}

static void add_loop(struct program *p, unsigned chunk)
{
    unsigned start;
    EMIT(p, 0xb9), put_number(p, 1 + roll(p, 30), 4);
    start = p->at;
    if (!roll(p, 3)) /* it changes itself */
        add_patched(p, chunk);
    if (!roll(p, 3))
        add_store_to_code(p, chunk);
    for (unsigned n = 1 + roll(p, 3); n > 0; n--)
        add_plain(p);
    if (roll(p, 2)) {
        EMIT(p, 0x83, 0xe9, 1); /* SUB ECX, 1 */
        EMIT(p, (uint8_t)(roll(p, 2) ? 0x75 : 0x7f));
    } else {
        EMIT(p, (uint8_t)(0xe0 + roll(p, 3))); /* LOOP */
    }
    EMIT(p, (uint8_t)(start - (p->at + 1)));
}

static void add_end(struct program *p)
{
    unsigned to;
    switch (roll(p, 9)) {
    case 0:
    case 1:
        EMIT(p, 0xe9);
        add_relative(p);
        break;
    case 2:
    case 3:
        EMIT(p, 0xe8);
        add_relative(p);
        EMIT(p, 0xe9);
        add_relative(p);
        break;
    case 4: /* JMP, CALL of a register */
    case 5:
        to = CODE + some_chunk(p);
        EMIT(p, 0xb8), put_number(p, to, 4);
        EMIT(p, 0xff, (uint8_t)(roll(p, 2) ? 0xe0 : 0xd0));
        EMIT(p, 0xe9);
        add_relative(p);
        break;
    case 6:
        EMIT(p, 0x68), put_number(p, CODE + some_chunk(p), 4);
        if (roll(p, 3))
            EMIT(p, 0xc3);
        else
            EMIT(p, 0xc2, 8, 0);
        break;
    case 7:
        EMIT(p, 0xc3);
        break;
    default:
        EMIT(p, 0xcc);
        break;
    }
}

static void add_some(struct program *p, unsigned chunk)
{
    switch (roll(p, p->sse || p->x87 ? 11 : 16)) {
    case 0:
    case 1:
    case 2:
        add_random(p);
        break;
    case 3:
        add_pointer(p);
        break;
    case 4:
        add_store_to_code(p, chunk);
        break;
    case 5: /* a conditional jump out */
        EMIT(p, 0x0f, (uint8_t)(0x80 | roll(p, 16)));
        add_relative(p);
        break;
    case 6:
        if (!roll(p, 3))
            add_string(p);
        break;
    case 7:
        add_loop(p, chunk);
        break;
    case 8:
        if (p->kind == RING0 && !roll(p, 2))
            add_system(p);
        break;
    default:
        add_plain(p);
        break;
    }
}

static void make_program(struct program *p)
{
    memset(p->code, 0x90, sizeof p->code);
    memset(p->patch, 0, sizeof p->patch);
    for (unsigned n = 0; n < CHUNKS; n++) {
        p->at = chunk_start(n);
        add_pointer(p);
        if (roll(p, 2))
            add_patched(p, n);
        for (unsigned k = 3 + roll(p, 10);
             k > 0 && p->at < (n + 1) * CHUNK_SIZE - 100; k--)
            add_some(p, n);
        /* some fall through NOPs into the next one */
        if (roll(p, 8))
            add_end(p);
    }
}

/* ---- two boards */

struct pair {
    struct rig *r[2]; /* interpreter, JIT */
    struct program p;
};

static void map_own(struct rig *r, unsigned kind)
{
    uint64_t user = kind == RING3 ? 4 : 0;
    unsigned step = r->cpu->cr4 & CR4_PAE ? 8 : 4;
    uint64_t first = rig_pte(r, 0);
    for (uint64_t page = 0; page < RIG_RAM && user; page += PAGE_SIZE) {
        bool own = (page >= OWN && page < OWN + OWN_SIZE) ||
                   (page >= CODE && page < CODE + CODE_SIZE);
        if (step == 4 || page < 0x200000) /* one table */
            rig_poke(r, first + page / PAGE_SIZE * step,
                     page | 3 | (own ? user : 0), step);
        else
            rig_map(r, page, page | 3);
    }
    for (unsigned n = 0; n < CODE_PAGES; n++)
        rig_map(r, ALIAS + n * PAGE_SIZE, (CODE + n * PAGE_SIZE) | 3 | user);
}

static void set_segments(struct rig *r, const struct program *p)
{
    unsigned cs = p->mode == MODE_64 ? SEL_CODE64 : SEL_CODE, ss = SEL_DATA;
    if (p->kind == RING3) {
        cs = p->mode == MODE_64 ? SEL_CODE64_3 : SEL_CODE3;
        ss = SEL_DATA3;
    }
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? cs : ss);
}

/* Vector 40h counts in a register's stead: pushes, pops and returns. */
static void set_interrupt(struct rig *r, unsigned mode)
{
    static const uint8_t code[] = {0x50, 0x58, 0x48, 0xcf};
    bool m64 = mode == MODE_64;
    rig_put(r, RIG_HANDLERS + 0x40 * 16, code, 2);
    rig_put(r, RIG_HANDLERS + 0x40 * 16 + 2, code + (m64 ? 2 : 3), m64 ? 2 : 1);
    r->vector = 0x40;
}

static void set_up(struct rig *r, const struct program *p)
{
    struct cpu *c = r->cpu;
    block_drop_all(c);
    if (p->mode == MODE_64)
        rig_long(r);
    else
        rig_paged(r);
    map_own(r, p->kind);
    rig_set_desc(r, SEL_BASED, rig_desc(0x20, 0xfffff, 0xc0f3));
    rig_set_desc(r, SEL_LIMITED, rig_desc(0, OWN + 0x2400, 0x40f3));
    rig_poke(r, RIG_TSS + 4, INNER + INNER_SIZE, 4);
    rig_put(r, REAL_MODE, real_mode, sizeof real_mode);
    rig_put(r, CODE, p->code, CODE_SIZE);
    rig_put(r, OTHER, p->code, CODE_SIZE);
    memset(r->ram->host + OWN, 0x5a, OWN_SIZE);
    memset(r->ram->host + INNER, 0, INNER_SIZE);
    set_interrupt(r, p->mode);
    set_segments(r, p);
    c->cr2 = 0;
    c->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    c->tsc_offset = 0 - cpu_icount(c);
    mmu_drop_all(&c->mmu);
    rig_audit(r);
}

static void set_registers(struct pair *pair)
{
    struct program *p = &pair->p;
    uint64_t reg[16], flags;
    for (unsigned n = 0; n < 16; n++)
        reg[n] =
            roll(p, 4) ? some_pointer(p) : next_random(&p->seed) >> roll(p, 56);
    reg[RSP] = STACK - 8 * roll(p, 3) - roll(p, 2) * 0x7f8;
    flags = next_random(&p->seed) & EFL_ARITH;
    flags |= EFL_1 | (roll(p, 2) ? EFL_IF : 0) | (roll(p, 30) ? 0 : EFL_TF);
    for (unsigned n = 0; n < 2; n++) {
        struct cpu *c = pair->r[n]->cpu;
        for (unsigned k = 0; k < 16; k++)
            c->reg[k] = p->mode == MODE_64 ? reg[k] : (uint32_t)reg[k];
        rig_set_eflags(pair->r[n], flags);
    }
}

/* Go on at some chunk: in a good state of segments and stack. */
static void go_on(struct pair *pair)
{
    uint64_t to = CODE + some_chunk(&pair->p);
    set_registers(pair);
    for (unsigned n = 0; n < 2; n++) {
        struct rig *r = pair->r[n];
        uint64_t paging = pair->p.mode == MODE_64 ? EFER_LME | EFER_LMA : 0;
        r->cpu->cr0 |= CR0_PE | CR0_PG | CR0_WP;
        r->cpu->efer |= paging;
        cpu_update_paging(r->cpu);
        set_segments(r, &pair->p);
        rig_go(r, to);
    }
}

/* ---- comparing */

/* The code of the chunk that was left by an exception, or is to go on. */
static void show_code(const struct pair *pair)
{
    struct rig *r = pair->r[0];
    unsigned size = pair->p.mode == MODE_64 ? 8 : 4;
    uint64_t rip = cpu_rip(r->cpu), sp = r->cpu->reg[RSP], at = 0;
    uint8_t bytes[16];
    char text[96];
    for (unsigned n = 0; n < 2 && rip - CODE >= CODE_SIZE; n++)
        rip = rig_peek(r, sp + n * size, size);
    if (rip - CODE >= CODE_SIZE)
        return;
    for (unsigned n = 0; n < CHUNKS; n++)
        if (CODE + chunk_start(n) <= rip)
            at = CODE + chunk_start(n);
    while (at <= rip) {
        int len;
        for (unsigned n = 0; n < 16; n++)
            bytes[n] = (uint8_t)rig_peek(r, at + n, 1);
        len = disasm_text(bytes, 16, pair->p.mode, at, text, sizeof text);
        printf("%llx: %s\n", (unsigned long long)at, text);
        at += len > 0 ? (unsigned)len : 1;
    }
}

static void explain(const struct pair *pair)
{
    const struct cpu *a = pair->r[0]->cpu, *b = pair->r[1]->cpu;
    printf("rip %llx %llx flags %x %x count %llu %llu mode %x %x cr2 %llx "
           "%llx\n",
           (unsigned long long)cpu_rip(a), (unsigned long long)cpu_rip(b),
           (unsigned)cpu_eflags(a), (unsigned)cpu_eflags(b),
           (unsigned long long)cpu_icount(a), (unsigned long long)cpu_icount(b),
           (unsigned)a->mode, (unsigned)b->mode, (unsigned long long)a->cr2,
           (unsigned long long)b->cr2);
    for (unsigned n = 0; n < 16; n++)
        if (a->reg[n] != b->reg[n])
            printf("register %u: %llx %llx\n", n, (unsigned long long)a->reg[n],
                   (unsigned long long)b->reg[n]);
    show_code(pair);
    fflush(stdout);
}

static bool same_memory(const struct pair *pair, uint64_t at, size_t size)
{
    const uint8_t *a = pair->r[0]->ram->host + at;
    const uint8_t *b = pair->r[1]->ram->host + at;
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

static const char *difference(const struct pair *pair)
{
    struct cpu *a = pair->r[0]->cpu, *b = pair->r[1]->cpu;
    const struct state_field *field;
    if (memcmp(a->reg, b->reg, 16 * sizeof a->reg[0]) ||
        cpu_rip(a) != cpu_rip(b))
        return "registers";
    if (cpu_eflags(a) != cpu_eflags(b))
        return "flags";
    if (cpu_icount(a) != cpu_icount(b))
        return "count";
    if (a->cr2 != b->cr2 || a->cr0 != b->cr0 || a->mode != b->mode ||
        a->attention != b->attention)
        return "system state";
    for (unsigned s = 0; s < SEG_COUNT; s++)
        if (a->seg[s].selector != b->seg[s].selector)
            return "segments";
    field = state_compare(cpu_device(a)->ops->fields, a, b);
    if (field)
        return field->name;
    if (!same_memory(pair, OWN, OWN_SIZE) ||
        !same_memory(pair, INNER, INNER_SIZE) ||
        !same_memory(pair, CODE, CODE_SIZE))
        return "memory";
    return NULL;
}

/* ---- between slices */

/* A device writes, a mapping changes: in both. */
static void disturb(struct pair *pair)
{
    struct program *p = &pair->p;
    unsigned page = roll(p, CODE_PAGES) * PAGE_SIZE, what = roll(p, 12);
    uint64_t user = p->kind == RING3 ? 4 : 0, v = next_random(&p->seed);
    unsigned patch = p->patch[roll(p, CHUNKS)];
    for (unsigned n = 0; n < 2; n++) {
        struct rig *r = pair->r[n];
        switch (what) {
        case 0:
            rig_map(r, CODE + page, (OTHER + page) | 3 | user);
            mmu_invlpg(&r->cpu->mmu, CODE + page);
            break;
        case 1:
            rig_map(r, CODE + page, (CODE + page) | 3 | user);
            mmu_invlpg(&r->cpu->mmu, CODE + page);
            break;
        case 2: /* data: gone, read-only, there */
            rig_map(r, OWN + page,
                    (OWN + page) | user | (v & 3 ? 3u : v >> 8 & 1));
            mmu_invlpg(&r->cpu->mmu, OWN + page);
            break;
        case 3:
            if (patch)
                rig_poke(r, CODE + patch, v, 4);
            break;
        case 4:
        case 5:
            cpu_set_intr(r->cpu, true);
            break;
        default:
            break;
        }
    }
}

/* What is derived may go at any time. */
static void invalidate(struct pair *pair)
{
    struct cpu *c = pair->r[1]->cpu;
    switch (roll(&pair->p, 12)) {
    case 0:
        block_drop_all(c);
        break;
    case 1:
        jit_drop_all(c);
        break;
    case 2:
        mmu_drop_all(&c->mmu);
        break;
    case 3:
        ck_assert_msg(!block_audit(c), "%s", block_audit(c));
        break;
    default:
        break;
    }
}

static void run_program(struct pair *pair, uint64_t seed)
{
    struct program *p = &pair->p;
    make_program(p);
    for (unsigned n = 0; n < 2; n++)
        set_up(pair->r[n], p);
    go_on(pair);
    for (unsigned s = 0; s < SLICES; s++) {
        int64_t budget = roll(p, 3) ? 1 + roll(p, 400) : 1 + roll(p, 5000);
        enum cpu_exit why[2];
        const char *what;
        for (unsigned n = 0; n < 2; n++)
            why[n] = cpu_run(pair->r[n]->cpu, budget);
        what = why[0] != why[1] ? "exit" : difference(pair);
        if (what) {
            explain(pair);
            ck_abort_msg("seed %llu, slice %u: %s differ",
                         (unsigned long long)seed, s, what);
        }
        if (why[0] != EXIT_BUDGET || !roll(p, 3))
            go_on(pair);
        disturb(pair);
        invalidate(pair);
    }
    for (unsigned n = 0; n < 2; n++)
        rig_audit(pair->r[n]);
    if (!same_memory(pair, 0, RIG_RAM))
        ck_abort_msg("seed %llu: memory at the end", (unsigned long long)seed);
}

static void run_programs(enum kind kind, unsigned mode)
{
    struct pair *pair = calloc(1, sizeof *pair);
    const struct jit_counters *count;
    ck_assert(pair);
    pair->r[0] = rig_create();
    pair->r[1] = rig_create_accel(ACCEL_JIT);
    if (!pair->r[1]->cpu->jit) {
        puts("SKIP: this host has no JIT");
    } else {
        jit_set_heat(pair->r[1]->cpu->jit, 2);
        for (unsigned n = 0; n < programs; n++) {
            pair->p.cpu = pair->r[0]->cpu;
            pair->p.kind = kind;
            pair->p.mode = mode;
            pair->p.sse = n & 1;
            pair->p.x87 = n & 2;
            pair->p.seed = (first_seed + n) * 0x9e3779b97f4a7c15;
            run_program(pair, first_seed + n);
        }
        count = jit_counters(pair->r[1]->cpu->jit);
        ck_assert_uint_ne(count->translated, 0);
        ck_assert_uint_ne(count->linked, 0);
        ck_assert_uint_ne(count->killed, 0);
        ck_assert_uint_ne(count->exit_budget, 0);
        ck_assert_uint_ne(count->call_memory + count->exit_insn, 0);
    }
    rig_destroy(pair->r[0]);
    rig_destroy(pair->r[1]);
    free(pair);
}

START_TEST(user32)
{
    run_programs(RING3, MODE_32);
}
END_TEST

START_TEST(user64)
{
    run_programs(RING3, MODE_64);
}
END_TEST

START_TEST(system32)
{
    run_programs(RING0, MODE_32);
}
END_TEST

START_TEST(system64)
{
    run_programs(RING0, MODE_64);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("jit/lockstep");
    TCase *tc = tcase_create("lockstep");
    const char *more = getenv("LOCKSTEP");
    SRunner *runner;
    int failed;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (more)
        programs = (unsigned)strtoul(more, NULL, 0);
    tcase_set_timeout(tc, 60 + programs);
    tcase_add_test(tc, user32);
    tcase_add_test(tc, user64);
    tcase_add_test(tc, system32);
    tcase_add_test(tc, system64);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
