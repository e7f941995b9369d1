/* check_undefined - which encodings are #UD: every opcode of the maps 0F,
 * 0F 38, 0F 3A and of the x87, groups of the one-byte map, with each ModRM.reg,
 * mandatory prefix, 66 beside it and REX.W, and with LOCK; every ModRM of the
 * x87's registers: in 64-bit code against an x86-64 host in user mode.
 *
 * Lists name what processors differ in. Rows of a feature of which the host
 * executes nothing say nothing.
 * Alone: make tests/cpu/check_undefined && tests/cpu/check_undefined */
#define _DEFAULT_SOURCE
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/insn.h"

#if defined(__x86_64__) && defined(__linux__)
#include "tests/cpu/oracle_x64_int.h"

enum { CODE = 0x900000, DATA = 0xa00000, DATA_SIZE = 0x4000, SHOWN = 40 };

static const uint8_t mandatory[] = {0, 0x66, 0xf3, 0xf2};

/* One encoding: map 0..3, prefix, 66 before it, REX.W, opcode, ModRM. */
struct encoding {
    uint8_t map, prefix, opcode, modrm;
    bool opsize, rexw, lock;
    uint8_t bytes[16];
    unsigned size; /* without displacements and immediates, which are 0 */
};

static void encode(struct encoding *e)
{
    unsigned n = 0;
    memset(e->bytes, 0, sizeof e->bytes);
    if (e->lock)
        e->bytes[n++] = 0xf0;
    if (e->opsize)
        e->bytes[n++] = 0x66;
    if (e->prefix)
        e->bytes[n++] = e->prefix;
    if (e->rexw)
        e->bytes[n++] = 0x48;
    if (e->map)
        e->bytes[n++] = 0x0f;
    if (e->map > 1)
        e->bytes[n++] = e->map == 2 ? 0x38 : 0x3a;
    e->bytes[n++] = e->opcode;
    e->bytes[n++] = e->modrm;
    e->size = n;
}

/* Opcodes that would leave the test (system calls, jumps), change what the
 * program needs (segments), or have no ModRM and cannot be #UD. */
static bool may_run(const struct encoding *e)
{
    static const uint8_t one_byte[] = {
        0x06, 0x0e, 0x16, 0x1e, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x8c,
        0x8f, 0xc6, 0xc7, 0xce, 0xd4, 0xd5, 0xd6, 0xea, 0xfe, 0xff, 0x8d};
    static const uint8_t two_byte[] = {0x00, 0x01, 0x05, 0x07, 0x34, 0x35, 0x38,
                                       0x3a, 0xa1, 0xa9, 0xb2, 0xb4, 0xb5};
    static const uint8_t arithmetic[] = {
        0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
        0x8b, 0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7};
    unsigned digit = e->modrm >> 3 & 7;
    if (e->map == 0 && e->lock &&
        (memchr(arithmetic, e->opcode, sizeof arithmetic) ||
         (e->opcode < 0x40 && (e->opcode & 7) < 4)))
        return true;
    if (e->map == 0) {
        /* XOP is AMD's, XABORT and XBEGIN are transactions. */
        if ((e->opcode == 0x8f && digit) || (e->modrm == 0xfb))
            return false;
        return (e->opcode & 0xf8) == 0xd8 ||
               memchr(one_byte, e->opcode, sizeof one_byte);
    }
    if (e->map > 1)
        return true;
    /* XRSTOR and FXRSTOR of zeros; WRFSBASE; Jcc. */
    if (e->opcode == 0xae && (digit == 1 || digit == 5 || e->prefix == 0xf3))
        return false;
    return (e->opcode & 0xf0) != 0x80 &&
           !memchr(two_byte, e->opcode, sizeof two_byte);
}

/* What processors differ in, or have without our rows: SSE4a, MOVNTSS, SMM,
 * 0F 0D of registers (AMD), control registers 1, 5 to 7; XSAVE's family,
 * INVPCID; key locker, shadow stacks, ENQCMD, RAO-INT, HRESET, PBNDKB; UD0's
 * ModRM; FNENI. */
static bool is_known(const struct encoding *e)
{
    static const uint8_t two_byte[] = {0x78, 0x79, 0x2b, 0xaa, 0x0d, 0x20,
                                       0x22, 0x24, 0x26, 0xae, 0xc7};
    static const uint8_t in_38[] = {0x82, 0xd8, 0xdc, 0xdd, 0xde,
                                    0xdf, 0xf5, 0xf6, 0xf8, 0xf9,
                                    0xfa, 0xfb, 0xfc, 0x8a, 0x8b};
    if (e->map == 1)
        return memchr(two_byte, e->opcode, sizeof two_byte);
    if (e->map == 2)
        return memchr(in_38, e->opcode, sizeof in_38);
    return e->map == 3 && e->opcode == 0xf0;
}

/* Behind `size` bytes are NOPs, for immediates that we know nothing of. */
static bool host_is_undefined(const struct encoding *e, unsigned size)
{
    uint8_t code[24];
    int vector;
    memset(code, 0x90, sizeof code);
    memcpy(code, e->bytes, size);
    for (unsigned n = 0; n < 16; n++)
        host_int_state.reg[n] = DATA + 0x2000;
    host_int_state.flags = EFL_1 | EFL_IF;
    memset((void *)DATA, 0, DATA_SIZE);
    vector = host_int_run(CODE, code, sizeof code);
    __asm__ volatile("fninit");
    return vector == EX_UD;
}

struct tally {
    unsigned run, known, bad;
    bool learning, has[F_COUNT]; /* what the host executes anything of */
};

static void compare(struct cpu *c, const struct encoding *e, struct tally *t)
{
    struct insn i;
    bool ours = decode_insn(c->decode, e->bytes, 15, MODE_64, &i) != DECODE_OK;
    const struct insn_row *row = &insn_rows[ours ? 0 : i.op];
    bool host = host_is_undefined(e, ours ? e->size : i.len);
    if (!ours && !strncmp(row->id, "ud", 2))
        ours = true;
    if (!ours && row->operand[0] == O_Ev && row->operand[1] == O_Sw &&
        (e->modrm >> 3 & 7) > 5)
        ours = true; /* exec_ finds no such segment register */
    if (t->learning) {
        t->has[row->feature] |= !ours && !host;
        return;
    }
    t->run++;
    if (ours == host || (host && !t->has[row->feature]))
        return;
    if (is_known(e)) {
        t->known++;
        return;
    }
    if (t->bad++ >= SHOWN)
        return;
    printf("%u:%02x modrm %02x prefix %02x%s%s: %s here, %s there\n", e->map,
           e->opcode, e->modrm, e->prefix,
           e->opsize ? " 66"
           : e->lock ? " LOCK"
                     : "",
           e->rexw ? " W" : "", ours ? "#UD" : row->id, host ? "#UD" : "not");
}

static void compare_one(struct cpu *c, struct encoding e, struct tally *t)
{
    if (!may_run(&e))
        return;
    encode(&e);
    compare(c, &e, t);
}

static void compare_opcode(struct cpu *c, uint8_t map, uint8_t opcode,
                           struct tally *t)
{
    for (unsigned n = 0; n < 512; n++) {
        struct encoding e = {
            .map = map,
            .opcode = opcode,
            .modrm = (uint8_t)((n >> 8 & 1 ? 0xc0 : 0) | (n >> 5 & 7) << 3 | 3),
            .prefix = mandatory[n >> 3 & 3],
            .opsize = n >> 2 & 1,
            .rexw = n >> 1 & 1,
            .lock = n & 1};
        if (e.opsize && e.prefix < 0xf2)
            continue;
        if (e.lock && (e.opsize || e.prefix || e.rexw))
            continue;
        compare_one(c, e, t);
    }
}

static void compare_all(struct cpu *c, struct tally *t)
{
    for (unsigned n = 0; n < 4 * 256; n++)
        compare_opcode(c, n >> 8 & 3, n & 255, t);
    for (unsigned n = 0; n < 8 * 64; n++)
        compare_one(c,
                    (struct encoding){.opcode = (uint8_t)(0xd8 | n >> 6),
                                      .modrm = 0xc0 | (n & 63)},
                    t);
}

CASE(encodings_against_the_host)
{
    struct tally t = {.learning = true};
    if (r->pace != RIG_BLOCKS) /* nothing runs here: once is enough */
        return;
    if (!host_int_open(CODE, DATA, DATA_SIZE)) {
        printf("SKIPPED: the addresses of the test are taken\n");
        return;
    }
    memset(c->features, 0xff, sizeof c->features);
    decode_destroy(c->decode);
    c->decode = decode_create(c->features);
    compare_all(c, &t);
    t.learning = false;
    compare_all(c, &t);
    printf("%u encodings compared, %u of them known differences\n", t.run,
           t.known);
    fflush(stdout);
    ck_assert_uint_gt(t.run, 0);
    ck_assert_uint_eq(t.bad, 0);
}

static const struct rig_case cases[] = {
    CASE_ROW(encodings_against_the_host),
};

int main(void)
{
    return rig_main("cpu/undefined", cases, ARRAY_LEN(cases));
}

#else

int main(void)
{
    printf("SKIPPED: needs an x86-64 Linux host to compare with\n");
    return 0;
}

#endif
