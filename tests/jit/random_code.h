/* random_code.h - random programs for check_lockstep.
 *
 * A program is a set of chunks that jump to, call and return to each other:
 * random instructions of the table, loops, string instructions, stores into
 * code (directly and through an alias), far jumps to other modes and back,
 * segment loads, page table entries changed, a page that is table, code and
 * data, ports behind which devices interrupt, stop and store. */
#ifndef UMBRA_TESTS_JIT_RANDOM_CODE_H
#define UMBRA_TESTS_JIT_RANDOM_CODE_H

#include "tests/jit/pair.h"

#include "cpu/decode.h"

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
    SEL_BASED = SEL_FREE + 8,    /* data with a base */
    SEL_LIMITED = SEL_FREE + 16, /* data with a limit among the program's */

    /* The page table of these pages is code, too: each entry is
     * "addr32 nop; jmp to the next entry", or a return; its frame number
     * follows from that. With entries of 8 bytes the frame is beyond RAM,
     * where RAM answers again. */
    TABLED = 0xc00000,
    ENTRIES = 64,
    ENTRY_JUMP = 0xeb9067,
    ENTRY_RETURN = 0xc39067,
    ENTRY_FLIP = 0xeb ^ 0xc3, /* of its third byte */
    TABLED_FRAME = 0xeb9000,
    RAM_AGAIN = 0x4000000,

    /* Ports: low bits of what they do (check_lockstep.c), or marks. */
    PORT_MARK = 0x90,
    MARK_TRAP = PORT_MARK, /* the handler of #DB ran */
    MARK_REAL,             /* real mode was reached */
    MARK_COMPAT,           /* compatibility mode was reached */
    MARKS = 3,
};

struct program {
    struct code c;
    struct cpu *cpu;
    enum kind { RING3, RING0, KINDS } kind;
    bool sse, x87;
    unsigned patch[CHUNKS];                  /* an immediate in each chunk */
    uint64_t pte_data, pte_code, pte_tabled; /* linear = physical */
};

static unsigned entry_size(const struct program *p)
{
    return p->c.mode == MODE_64 ? 8 : 4;
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
        store_le64(b, any64(p) << 8 | roll(p, 256));
        store_le64(b + 8, any64(p));
        if (!roll(p, 8))
            b[n++] = 0x66;
        if (!roll(p, 16))
            b[n++] = roll(p, 2) ? 0x64 : 0x65;
        if (!roll(p, 24))
            b[n++] = (uint8_t)(0xf2 + roll(p, 2));
        if (p->c.mode == MODE_64 && roll(p, 2))
            b[n++] = (uint8_t)(0x40 | roll(p, 16));
        if (!roll(p, 6))
            b[n++] = 0x0f;
    } while (decode_insn(p->cpu->decode, b, 15, p->c.mode, &i) != DECODE_OK ||
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
    if (p->c.mode == MODE_64 && roll(p, 2))
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
    if (p->c.mode == MODE_64 && roll(p, 2))
        EMIT(p, 0x48);
    EMIT(p, op[roll(p, sizeof op)]);
    EMIT(p, 0xfc);
}

static void add_absolute(struct program *p, uint64_t address)
{
    if (p->c.mode == MODE_64)
        EMIT(p, 0x25);
    put_number(p, address, 4);
}

/* The rm field for an absolute address. */
static uint8_t absolute_rm(const struct program *p, unsigned reg)
{
    return (uint8_t)(reg << 3 | (p->c.mode == MODE_64 ? 4 : 5));
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
        put_number(p, any64(p), 4);
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
    p->patch[chunk] = p->c.at;
    put_number(p, any64(p), 4);
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
    pointer = p->c.at;
    put_number(p, 0, 4);
    store_le32(p->c.bytes + pointer, CODE + p->c.at);
    put_number(p, CODE + p->c.at + 6, 4);
    put_number(p, SEL_CODE, 2);
    p->c.mode = MODE_32;
    EMIT(p, 0xe6, MARK_COMPAT); /* OUT */
    for (unsigned n = roll(p, 4); n > 0; n--)
        add_plain(p);
    back = p->c.at + 7;
    add_far_jump(p, SEL_CODE64, CODE + back);
    p->c.mode = MODE_64;
}

/* 32-bit code calls what goes to real mode. */
static void add_real(struct program *p)
{
    EMIT(p, 0x68);
    put_number(p, CODE + p->c.at + 4 + 7, 4); /* PUSH where to go on */
    add_far_jump(p, SEL_CODE16, REAL_MODE);
}

static const uint8_t real_mode[] = {
    0x0f, 0x20,      0xc0,                   /* MOV EAX, CR0 */
    0x66, 0x25,      0xfe, 0xff, 0xff, 0x7f, /* AND EAX, ~(PG | PE) */
    0x0f, 0x22,      0xc0,                   /* MOV CR0, EAX */
    0xea, 0x11,      0x80, 0,    0,          /* JMP 0:8011 */
    0xe6, MARK_REAL,                         /* OUT */
    0x40, 0x41,      0x01, 0xc8,             /* INC AX, CX; ADD AX, CX */
    0x0f, 0x20,      0xc0,                   /* MOV EAX, CR0 */
    0x66, 0x0d,      1,    0,    0,    0x80, /* OR EAX, PG | PE */
    0x0f, 0x22,      0xc0,                   /* MOV CR0, EAX */
    0x66, 0xea,      0x2b, 0x80, 0,    0,    SEL_CODE, 0, /* JMP FAR 802B */
    0xc3,                                                 /* 32-bit: RET */
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
    unsigned size = entry_size(p);
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
        if (p->c.mode == MODE_64)
            add_compat(p);
        else
            add_real(p);
        break;
    default:
        add_segment(p);
        break;
    }
}

/* ---- devices, a page of all kinds */

static void add_port(struct program *p)
{
    unsigned port = roll(p, 64);
    if (roll(p, 2))
        EMIT(p, 0xb0, (uint8_t)roll(p, 256)); /* MOV AL */
    EMIT(p, (uint8_t)(roll(p, 3) ? 0xe6 : 0xe4), (uint8_t)port);
}

static void add_tabled(struct program *p)
{
    unsigned n = roll(p, ENTRIES), what = roll(p, 8);
    uint64_t entry = p->pte_tabled + n * entry_size(p);
    uint64_t data = TABLED + n * PAGE_SIZE + roll(p, PAGE_SIZE - 8);
    switch (what) {
    case 0:
    case 1:
    case 2: /* CALL */
        EMIT(p, 0xe8);
        put_number(p, entry - (CODE + p->c.at + 4), 4);
        break;
    case 3: /* XOR m8, imm8 */
    case 4:
        EMIT(p, 0x80, absolute_rm(p, 6));
        add_absolute(p, entry + 2);
        EMIT(p, ENTRY_FLIP);
        break;
    default: /* MOV EAX, data; MOV data, EAX */
        EMIT(p, (uint8_t)(what & 1 ? 0x8b : 0x89), absolute_rm(p, 0));
        add_absolute(p, data);
        break;
    }
}

/* ---- chunks */

static void add_relative(struct program *p)
{
    unsigned to = some_chunk(p);
    put_number(p, (uint64_t)to - (p->c.at + 4), 4);
}

static void add_loop(struct program *p, unsigned chunk)
{
    unsigned start;
    EMIT(p, 0xb9), put_number(p, 1 + roll(p, 30), 4);
    start = p->c.at;
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
    EMIT(p, (uint8_t)(start - (p->c.at + 1)));
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
        else if (!roll(p, 3))
            add_port(p);
        else if (!roll(p, 2))
            add_tabled(p);
        break;
    default:
        add_plain(p);
        break;
    }
}

static void make_program(struct program *p)
{
    memset(p->c.bytes, 0x90, sizeof p->c.bytes);
    memset(p->patch, 0, sizeof p->patch);
    for (unsigned n = 0; n < CHUNKS; n++) {
        p->c.at = chunk_start(n);
        add_pointer(p);
        if (roll(p, 2))
            add_patched(p, n);
        for (unsigned k = 3 + roll(p, 10);
             k > 0 && p->c.at < (n + 1) * CHUNK_SIZE - 100; k--)
            add_some(p, n);
        /* some fall through NOPs into the next one */
        if (roll(p, 8))
            add_end(p);
    }
}

#endif
