/* check_sse4 - SSE4, AES, PCLMULQDQ, SHA and GFNI: published vectors on every
 * host; on an x86-64 that has them every row in random states with operands
 * that suit it (strings, lengths, one register twice, unaligned memory).
 *
 * Vectors: FIPS 197 and 180-4; Intel's papers on AES-NI and carry-less
 * multiplication (Gueron, 2010).
 * Alone: make tests/cpu/check_sse4 && tests/cpu/check_sse4 */
#define _DEFAULT_SOURCE
#include "tests/cpu/rows.h"
#include "tests/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/decode.h"
#include "cpu/insn.h"
#include "mmu/ram.h"
#include "tests/cpu/float_cases.h"

/* ---- one instruction on XMM registers */

static void prepare(struct rig *r)
{
    struct cpu *cpu = r->cpu;
    memset(cpu->features, 0xff, sizeof cpu->features);
    decode_destroy(cpu->decode);
    cpu->decode = decode_create(cpu->features);
    rig_long(r);
    cpu->cr0 &= ~(uint64_t)(CR0_EM | CR0_TS);
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
}

static union xmm xmm_of(uint64_t high, uint64_t low)
{
    return (union xmm){.q = {low, high}};
}

/* 66 0F map opcode (without 66 for SHA): xmm1, xmm2 [, imm] -> xmm1. */
struct op {
    uint8_t prefix, map, opcode;
};

static union xmm run_op(struct rig *r, struct op op, union xmm a, union xmm b,
                        int imm)
{
    struct cpu *cpu = r->cpu;
    uint8_t code[8];
    unsigned n = 0;
    if (op.prefix)
        code[n++] = op.prefix;
    code[n++] = 0x0f;
    code[n++] = op.map;
    code[n++] = op.opcode;
    code[n++] = 0xca; /* xmm1, xmm2 */
    if (imm >= 0)
        code[n++] = (uint8_t)imm;
    code[n++] = 0xf4;
    XMM(1) = a;
    XMM(2) = b;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(rig_run_bytes(r, code, n), RIG_HALT);
    ck_assert_uint_eq(XMM(2).q[0], b.q[0]);
    ck_assert_uint_eq(XMM(2).q[1], b.q[1]);
    return XMM(1);
}

#define ck_assert_xmm(a, high, low)                                            \
    do {                                                                       \
        union xmm got_ = (a);                                                  \
        ck_assert_uint_eq(got_.q[1], high);                                    \
        ck_assert_uint_eq(got_.q[0], low);                                     \
    } while (0)

static const struct op AESIMC = {0x66, 0x38, 0xdb}, AESENC = {0x66, 0x38, 0xdc},
                       AESENCLAST = {0x66, 0x38, 0xdd},
                       AESDEC = {0x66, 0x38, 0xde},
                       AESDECLAST = {0x66, 0x38, 0xdf},
                       AESKEYGENASSIST = {0x66, 0x3a, 0xdf},
                       PCLMULQDQ = {0x66, 0x3a, 0x44},
                       SHA1NEXTE = {0, 0x38, 0xc8}, SHA1MSG1 = {0, 0x38, 0xc9},
                       SHA1MSG2 = {0, 0x38, 0xca}, SHA1RNDS4 = {0, 0x3a, 0xcc},
                       SHA256RNDS2 = {0, 0x38, 0xcb},
                       SHA256MSG1 = {0, 0x38, 0xcc},
                       SHA256MSG2 = {0, 0x38, 0xcd},
                       GF2P8MULB = {0x66, 0x38, 0xcf},
                       GF2P8AFFINEQB = {0x66, 0x3a, 0xce},
                       GF2P8AFFINEINVQB = {0x66, 0x3a, 0xcf};

/* ---- published vectors */

CASE(aes_paper)
{
    union xmm s = xmm_of(0x7b5b546573745665, 0x63746f725d53475d);
    union xmm k = xmm_of(0x4869285368617929, 0x5b477565726f6e5d);
    prepare(r);
    ck_assert_xmm(run_op(r, AESENC, s, k, -1), 0xa8311c2f9fdba3c5,
                  0x8b104b58ded7e595);
    ck_assert_xmm(run_op(r, AESENCLAST, s, k, -1), 0xc7fb881e938c5964,
                  0x177ec42553fdc611);
    ck_assert_xmm(run_op(r, AESDEC, s, k, -1), 0x138ac342faea2787,
                  0xb58eb95eb730392a);
    ck_assert_xmm(run_op(r, AESDECLAST, s, k, -1), 0xc5a391ef6b317f95,
                  0xd410637b72a593d0);
    ck_assert_xmm(run_op(r, AESKEYGENASSIST, s,
                         xmm_of(0x3c4fcf098815f7ab, 0xa6d2ae2816157e2b), 1),
                  0x01eb848beb848a01, 0x3424b5e524b5e434);
}

/* Columns whose MixColumns are known, and back. */
CASE(aesimc_columns)
{
    union xmm mixed = xmm_of(0xc6c6c6c601010101, 0x9d58dc9fbca14d8e);
    prepare(r);
    ck_assert_xmm(run_op(r, AESIMC, xmm_of(0, 0), mixed, -1),
                  0xc6c6c6c601010101, 0x5c220af2455313db);
}

/* FIPS 197 appendix C.1: expand the key, encrypt, decrypt. */
static union xmm next_key(struct rig *r, union xmm key, unsigned rcon)
{
    union xmm t = run_op(r, AESKEYGENASSIST, key, key, (int)rcon);
    uint32_t w = (uint32_t)(t.q[1] >> 32);
    uint32_t k[4] = {(uint32_t)key.q[0], (uint32_t)(key.q[0] >> 32),
                     (uint32_t)key.q[1], (uint32_t)(key.q[1] >> 32)};
    for (unsigned n = 0; n < 4; n++)
        k[n] = w ^= k[n];
    return xmm_of((uint64_t)k[3] << 32 | k[2], (uint64_t)k[1] << 32 | k[0]);
}

CASE(aes_fips_197)
{
    static const uint8_t rcon[] = {1, 2, 4, 8, 16, 32, 64, 128, 0x1b, 0x36};
    union xmm key[11], s = xmm_of(0xffeeddccbbaa9988, 0x7766554433221100);
    union xmm plain = s;
    prepare(r);
    key[0] = xmm_of(0x0f0e0d0c0b0a0908, 0x0706050403020100);
    for (unsigned n = 0; n < 10; n++)
        key[n + 1] = next_key(r, key[n], rcon[n]);
    s = xmm_of(s.q[1] ^ key[0].q[1], s.q[0] ^ key[0].q[0]);
    for (unsigned n = 1; n < 10; n++)
        s = run_op(r, AESENC, s, key[n], -1);
    s = run_op(r, AESENCLAST, s, key[10], -1);
    ck_assert_xmm(s, 0x5ac5b47080b7cdd8, 0x30047b6ad8e0c469);
    s = xmm_of(s.q[1] ^ key[10].q[1], s.q[0] ^ key[10].q[0]);
    for (unsigned n = 9; n > 0; n--)
        s = run_op(r, AESDEC, s, run_op(r, AESIMC, s, key[n], -1), -1);
    s = run_op(r, AESDECLAST, s, key[0], -1);
    ck_assert_xmm(s, plain.q[1], plain.q[0]);
}

CASE(pclmulqdq_paper)
{
    union xmm a = xmm_of(0x7b5b546573745665, 0x63746f725d53475d);
    union xmm b = xmm_of(0x4869285368617929, 0x5b477565726f6e5d);
    prepare(r);
    ck_assert_xmm(run_op(r, PCLMULQDQ, a, b, 0x00), 0x1d4d84c85c3440c0,
                  0x929633d5d36f0451);
    ck_assert_xmm(run_op(r, PCLMULQDQ, a, b, 0x10), 0x1bd17c8d556ab5a1,
                  0x7fa540ac2a281315);
    ck_assert_xmm(run_op(r, PCLMULQDQ, a, b, 0x01), 0x1a2bf6db3a30862f,
                  0xbabf262df4b7d5c9);
    ck_assert_xmm(run_op(r, PCLMULQDQ, a, b, 0x11), 0x1d1e1f2c592e7c45,
                  0xd66ee03e410fd4ed);
}

/* The block of "abc", 4 words to a register. */
static const uint32_t abc_block[16] = {0x61626380, [15] = 24};

static union xmm words(const uint32_t *w, bool first_highest)
{
    return first_highest ? xmm_of((uint64_t)w[0] << 32 | w[1],
                                  (uint64_t)w[2] << 32 | w[3])
                         : xmm_of((uint64_t)w[3] << 32 | w[2],
                                  (uint64_t)w[1] << 32 | w[0]);
}

static union xmm add_words(union xmm a, union xmm b)
{
    for (unsigned n = 0; n < 4; n++)
        a.d[n] += b.d[n];
    return a;
}

/* FIPS 180-4, SHA-1 of "abc", as the SDM's pages of the instructions tell to
 * chain them. */
CASE(sha1_abc)
{
    union xmm abcd = xmm_of(0x67452301efcdab89, 0x98badcfe10325476);
    union xmm begin = abcd, before = abcd, m[20], last = abcd;
    prepare(r);
    for (unsigned n = 0; n < 4; n++)
        m[n] = words(abc_block + 4 * n, true);
    for (unsigned n = 4; n < 20; n++) {
        union xmm t = run_op(r, SHA1MSG1, m[n - 4], m[n - 3], -1);
        t = xmm_of(t.q[1] ^ m[n - 2].q[1], t.q[0] ^ m[n - 2].q[0]);
        m[n] = run_op(r, SHA1MSG2, t, m[n - 1], -1);
    }
    for (unsigned n = 0; n < 20; n++) {
        union xmm e = m[n];
        if (n == 0) /* E = C3D2E1F0 is not rotated */
            e.q[1] += (uint64_t)0xc3d2e1f0 << 32;
        else
            e = run_op(r, SHA1NEXTE, before, m[n], -1);
        before = last = abcd;
        abcd = run_op(r, SHA1RNDS4, abcd, e, (int)(n / 5));
    }
    ck_assert_xmm(add_words(abcd, begin), 0xa9993e364706816a,
                  0xba3e25717850c26c);
    last =
        run_op(r, SHA1NEXTE, last, xmm_of((uint64_t)0xc3d2e1f0 << 32, 0), -1);
    ck_assert_uint_eq(last.q[1] >> 32, 0x9cd0d89d);
}

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

CASE(sha256_abc)
{
    union xmm abef = xmm_of(0x6a09e667bb67ae85, 0x510e527f9b05688c);
    union xmm cdgh = xmm_of(0x3c6ef372a54ff53a, 0x1f83d9ab5be0cd19);
    union xmm abef0 = abef, cdgh0 = cdgh, m[16];
    struct cpu *cpu = r->cpu;
    prepare(r);
    for (unsigned n = 0; n < 4; n++)
        m[n] = words(abc_block + 4 * n, false);
    for (unsigned n = 4; n < 16; n++) {
        /* W[i-7] lie across the registers n - 2 and n - 1. */
        union xmm t = run_op(r, SHA256MSG1, m[n - 4], m[n - 3], -1);
        union xmm w7 = xmm_of(m[n - 2].q[1] >> 32 | m[n - 1].q[0] << 32,
                              m[n - 2].q[0] >> 32 | m[n - 2].q[1] << 32);
        m[n] = run_op(r, SHA256MSG2, add_words(t, w7), m[n - 1], -1);
    }
    for (unsigned n = 0; n < 32; n++) {
        uint64_t w = m[n / 2].q[n & 1], k0 = sha256_k[2 * n],
                 k1 = sha256_k[2 * n + 1];
        union xmm next;
        XMM(0) = xmm_of(0, (uint64_t)(uint32_t)((w >> 32) + k1) << 32 |
                               (uint32_t)(w + k0));
        next = run_op(r, SHA256RNDS2, cdgh, abef, -1);
        cdgh = abef;
        abef = next;
    }
    ck_assert_xmm(add_words(abef, abef0), 0xba7816bf8f01cfea,
                  0xb00361a396177a9c);
    ck_assert_xmm(add_words(cdgh, cdgh0), 0x414140de5dae2223,
                  0xb410ff61f20015ad);
}

/* FIPS 197, 4.2 and 5.1.1: {57} * {83} = {c1}; S-box of {53} is {ed}. */
CASE(gf_fips_197)
{
    union xmm a = xmm_of(0, 0x57), b = xmm_of(0, 0x83);
    prepare(r);
    ck_assert_xmm(run_op(r, GF2P8MULB, a, b, -1), 0, 0xc1);
    b = xmm_of(0, 0xf1e3c78f1f3e7cf8);
    ck_assert_uint_eq(
        run_op(r, GF2P8AFFINEINVQB, xmm_of(0, 0x53), b, 0x63).q[0] & 0xff,
        0xed);
    /* The identity matrix, its first row highest. */
    b = xmm_of(0x0102040810204080, 0x0102040810204080);
    a = xmm_of(0x0123456789abcdef, 0xfedcba9876543210);
    ck_assert_xmm(run_op(r, GF2P8AFFINEQB, a, b, 0xff), ~a.q[1], ~a.q[0]);
    /* The inverse of the inverse; of 0 and 1 themselves. */
    ck_assert_xmm(
        run_op(r, GF2P8AFFINEINVQB, run_op(r, GF2P8AFFINEINVQB, a, b, 0), b, 0),
        a.q[1], a.q[0]);
    ck_assert_xmm(run_op(r, GF2P8AFFINEINVQB, xmm_of(1, 0), b, 0), 1, 0);
}

/* ---- strings: what strlen, strchr, isalnum and strstr would do */

static void put_string(union xmm *x, const char *text)
{
    uint8_t bytes[16] = {0};
    memcpy(bytes, text, strlen(text));
    *x = xmm_of(load_le64(bytes + 8), load_le64(bytes));
}

CASE(strings)
{
    static const struct {
        const char *a, *b;
        uint8_t imm, index;
        uint16_t flags;
    } t[] = {
        {"", "hello", 0x08, 5, FL_C | FL_Z | FL_S}, /* equal each */
        {"l", "hello", 0x00, 2, FL_C | FL_Z | FL_S},
        {"l", "hello", 0x40, 3, FL_C | FL_Z | FL_S},
        {"xyz", "hello", 0x00, 16, FL_Z | FL_S},
        {"azAZ09", "ab-9!", 0x14, 2, FL_C | FL_Z | FL_S},
        {"azAZ09", "ab-9!", 0x04, 0, FL_C | FL_Z | FL_S | FL_O},
        {"lo", "hello", 0x0c, 3, FL_C | FL_Z | FL_S},
        {"lol", "hello", 0x0c, 16, FL_Z | FL_S},
        /* The needle's head at the end of the register. */
        {"pq", "abcdefghijklmnop", 0x0c, 15, FL_C | FL_S},
        {"abc", "abd", 0x18, 2, FL_C | FL_Z | FL_S},
        {"abc", "abd", 0x38, 2, FL_C | FL_Z | FL_S},
    };
    struct cpu *cpu = r->cpu;
    prepare(r);
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_go(r, RIG_CODE);
        put_string(&XMM(1), t[n].a);
        put_string(&XMM(2), t[n].b);
        ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x3a, 0x63, 0xca, t[n].imm, 0xf4),
                         RIG_HALT);
        ck_assert_msg(cpu->reg[RCX] == t[n].index, "row %u: %u", n,
                      (unsigned)cpu->reg[RCX]);
        ck_assert_msg((cpu_eflags(cpu) & EFL_ARITH) == t[n].flags,
                      "row %u: flags %x", n, (unsigned)cpu_eflags(cpu));
    }
}

/* Explicit lengths: negative ones count by magnitude, in 64 bits with REX.W */
CASE(explicit_lengths)
{
    struct cpu *cpu = r->cpu;
    prepare(r);
    put_string(&XMM(1), "abcd");
    put_string(&XMM(2), "abcd");
    cpu->reg[RAX] = 0x7fffffff00000002;
    cpu->reg[RDX] = 0xfffffffd; /* -3 */
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x3a, 0x60, 0xca, 0x08, 0xf4),
                     RIG_HALT);
    ck_assert_xmm(XMM(0), 0, 0xfffb); /* byte 2 is valid in one alone */
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x48, 0x0f, 0x3a, 0x60, 0xca, 0x48, 0xf4),
                     RIG_HALT);
    ck_assert_xmm(XMM(0), ~0ull, ~0ull);
}

/* ---- what is #UD, what is not aligned */

CASE(availability)
{
    struct cpu *cpu = r->cpu;
    prepare(r);
    cpu->reg[RBX] = RIG_DATA + 8;
    /* pminsb xmm0, [rbx]; movntdqa; pmovsxbw and pcmpistri may */
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x38, 0x03, 0xf4), EX_GP);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x2a, 0x03, 0xf4), EX_GP);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x20, 0x03, 0x66, 0x0f, 0x3a,
                         0x63, 0x03, 0x00, 0xf4),
                     RIG_HALT);
    /* movntdqa of a register; without 66; SHA with 66 */
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x2a, 0xc1, 0xf4), EX_UD);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x38, 0x38, 0xc1, 0xf4), EX_UD);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0xc8, 0xc1, 0xf4), EX_UD);
    cpu->cr0 |= CR0_TS;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0xdc, 0xc1, 0xf4), EX_NM);
    cpu->cr0 &= ~(uint64_t)CR0_TS;
    cpu->cr4 &= ~(uint64_t)CR4_OSFXSR;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x3a, 0x44, 0xc1, 0, 0xf4), EX_UD);
}

/* ---- random states of every row */

enum { MEM_SIZE = 64, ROUNDS = 160, SHOWN = 2, RECORDED_ROUNDS = 24 };

struct state {
    uint64_t xmm[8][2], rax, rcx, rdx;
    uint32_t mxcsr, flags;
    uint8_t mem[MEM_SIZE];
};

struct form {
    bool mem, rexw;
    uint8_t reg, rm, imm, disp;
};

static bool is_ours(const struct insn_row *row)
{
    static const uint8_t features[] = {F_SSE41,  F_SSE42, F_AES,
                                       F_PCLMUL, F_SHA,   F_GFNI};
    for (unsigned n = 0; n < ARRAY_LEN(features); n++)
        if (row->feature == features[n])
            return (row->attr & A_SIMD) && !(row->encoding & ENC_VEX);
    return false;
}

/* Memory at rDX + disp. */
static unsigned encode(const struct insn_row *row, const struct form *f,
                       uint8_t *code)
{
    uint64_t e = row->encoding;
    unsigned n = 0;
    if (e & PFX_66)
        code[n++] = 0x66;
    if (f->rexw)
        code[n++] = 0x48;
    code[n++] = 0x0f;
    code[n++] = ENC_MAP(e) == 2 ? 0x38 : 0x3a;
    code[n++] = ENC_OPCODE(e);
    code[n++] = (uint8_t)((f->mem ? 0x40 : 0xc0) | f->reg << 3 |
                          (f->mem ? RDX : f->rm));
    if (f->mem)
        code[n++] = f->disp;
    if (has_operand(row, O_Ib))
        code[n++] = f->imm;
    return n;
}

/* Strings of few letters with ends, small words, anything. */
static uint64_t random_lanes(struct case_source *s, unsigned kind)
{
    uint64_t v = case_random(s), r = 0;
    switch (kind) {
    case 0:
        for (unsigned n = 0; n < 64; n += 8)
            r |= (uint64_t)(uint8_t) "\0aabbc\x80\xff"[v >> n & 7] << n;
        return r;
    case 1:
        for (unsigned n = 0; n < 64; n += 16)
            r |= (uint64_t)(v >> n & 3 ? 0x7ffe + (v >> n & 3) : 0) << n;
        return r;
    case 2:
        return case_bits(s);
    case 3:
        return (uint64_t)case_float32(s, 0x3f800000) << 32 |
               case_float32(s, 0x4b000000);
    default:
        return v;
    }
}

static void random_state(struct case_source *s, struct state *t)
{
    unsigned kind = case_random(s) % 5;
    uint64_t r = case_random(s);
    for (unsigned n = 0; n < 8; n++)
        for (unsigned k = 0; k < 2; k++)
            t->xmm[n][k] = random_lanes(s, kind);
    for (unsigned n = 0; n < MEM_SIZE; n += 8)
        store_le64(t->mem + n, random_lanes(s, kind));
    t->rax = r & 3 ? (uint64_t)((int64_t)(r >> 8 & 63) - 32) : case_bits(s);
    t->rdx = r & 12 ? (uint64_t)((int64_t)(r >> 16 & 63) - 32) : case_bits(s);
    if (r & 1 << 4)
        t->rax &= 0xffffffff;
    t->rcx = case_random(s);
    t->mxcsr = 0x1f80 | (r >> 32 & 0x603f);
    t->flags = 0x202 | (r >> 48 & 0x8d5);
}

static struct form random_form(struct case_source *s,
                               const struct insn_row *row, bool mem)
{
    uint64_t r = case_random(s);
    struct form f = {.mem = mem,
                     .reg = r & 7,
                     .rm = r >> 3 & 7,
                     .imm = (uint8_t)(r >> 8),
                     .disp = 16,
                     .rexw = (row->encoding & REXW1) || (r >> 24 & 3) == 0};
    bool general;
    /* AMD's processors take unaligned operands in SHA, Intel's manual does
     * not. */
    if ((r >> 16 & 3) == 0 && row->feature != F_SHA)
        f.disp += r >> 18 & 15;
    general = has_operand(row, O_Ed) || has_operand(row, O_Eq);
    if (general && !mem)
        f.rm &= 1; /* rAX, rCX: those of the state */
    /* A row without W beside one with. */
    if (general && ENC_OPCODE(row->encoding) % 4 == 2)
        f.rexw = row->encoding & REXW1;
    return f;
}

static int run_guest(struct rig *rig, struct state *t, const uint8_t *code,
                     unsigned size, bool mem)
{
    struct cpu *cpu = rig->cpu;
    uint8_t bytes[20];
    int vector;
    memcpy(bytes, code, size);
    bytes[size] = 0xf4;
    for (unsigned n = 0; n < 8; n++)
        XMM(n) = xmm_of(t->xmm[n][1], t->xmm[n][0]);
    cpu->reg[RSP] = RIG_STACK;
    cpu->reg[RAX] = t->rax;
    cpu->reg[RCX] = t->rcx;
    cpu->reg[RDX] = mem ? RIG_DATA : t->rdx;
    cpu->mxcsr = t->mxcsr;
    cpu_set_eflags(cpu, t->flags & ~0x200u);
    rig_put(rig, RIG_DATA, t->mem, MEM_SIZE);
    rig_go(rig, RIG_CODE);
    vector = rig_run_bytes(rig, bytes, size + 1);
    for (unsigned n = 0; n < 8; n++) {
        t->xmm[n][0] = XMM(n).q[0];
        t->xmm[n][1] = XMM(n).q[1];
    }
    t->rax = cpu->reg[RAX];
    t->rcx = cpu->reg[RCX];
    t->mxcsr = cpu->mxcsr;
    t->flags = (uint32_t)cpu_eflags(cpu);
    memcpy(t->mem, rig->ram->host + RIG_DATA, MEM_SIZE);
    return vector == RIG_HALT ? -1 : vector;
}

/* ---- as recorded: what an x86-64 host agreed with, as one number a row; for
 * hosts of other kinds. To record a row anew: RECORD=1 tests/cpu/check_sse4. */

struct recorded {
    const char *id;
    uint64_t hash;
};

static const struct recorded recorded[] = {
#include "tests/cpu/sse4_recorded.def"
};

static uint64_t hash_word(uint64_t hash, uint64_t v)
{
    for (unsigned n = 0; n < 8; n++)
        hash = (hash ^ (v >> 8 * n & 0xff)) * 0x100000001b3; /* FNV-1a */
    return hash;
}

static uint64_t hash_row(struct rig *rig, const struct insn_row *row, bool mem,
                         uint64_t hash)
{
    struct case_source s = {ENC_OPCODE(row->encoding) * 2 + mem};
    for (unsigned n = 0; n < RECORDED_ROUNDS; n++) {
        struct form f = random_form(&s, row, mem);
        struct state t;
        uint8_t code[16];
        unsigned size = encode(row, &f, code);
        memset(&t, 0, sizeof t);
        random_state(&s, &t);
        hash = hash_word(hash, (uint64_t)run_guest(rig, &t, code, size, mem));
        for (unsigned k = 0; k < 16; k++)
            hash = hash_word(hash, t.xmm[k / 2][k % 2]);
        hash = hash_word(hash, t.rax ^ t.rcx << 1 ^ t.mxcsr);
        hash = hash_word(hash, t.flags & EFL_ARITH);
        for (unsigned k = 0; k < MEM_SIZE; k += 8)
            hash = hash_word(hash, load_le64(t.mem + k));
    }
    return hash;
}

static uint64_t recorded_hash(const char *id)
{
    for (unsigned n = 0; n < ARRAY_LEN(recorded); n++)
        if (!strcmp(recorded[n].id, id))
            return recorded[n].hash;
    return 0;
}

CASE(rows_as_recorded)
{
    unsigned bad = 0;
    prepare(r);
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        const struct insn_row *row = &insn_rows[n];
        uint64_t hash = 0xcbf29ce484222325;
        if (!is_ours(row))
            continue;
        if (!(row->encoding & MOD_M))
            hash = hash_row(r, row, false, hash);
        if (!(row->encoding & MOD_R))
            hash = hash_row(r, row, true, hash);
        if (getenv("RECORD"))
            printf("    {\"%s\", 0x%016llx},\n", row->id,
                   (unsigned long long)hash);
        else if (hash != recorded_hash(row->id) && ++bad)
            printf("%s: not as recorded\n", row->id);
    }
    fflush(stdout);
    ck_assert_uint_eq(bad, 0);
}

#if defined(__x86_64__) && defined(__linux__)
#include "tests/cpu/oracle_x64_run.h"

/* ---- against the host */

static int run_host(uint8_t *page, struct state *t, const uint8_t *code,
                    unsigned size, bool mem)
{
    static uint8_t memory[MEM_SIZE] __attribute__((aligned(64)));
    struct host_state h;
    int vector;
    memset(&h, 0, sizeof h);
    store_le16(h.fx, 0x37f);
    store_le32(h.fx + 24, t->mxcsr);
    for (unsigned n = 0; n < 8; n++) {
        store_le64(h.fx + 160 + 16 * n, t->xmm[n][0]);
        store_le64(h.fx + 168 + 16 * n, t->xmm[n][1]);
    }
    h.rax = t->rax;
    h.rcx = t->rcx;
    h.rdx = mem ? (uint64_t)(uintptr_t)memory : t->rdx;
    h.flags = t->flags;
    memcpy(memory, t->mem, MEM_SIZE);
    memcpy(page, code, size);
    page[size] = 0xc3;
    h.code = (uint64_t)(uintptr_t)page;
    vector = host_run(&h);
    for (unsigned n = 0; n < 8; n++) {
        t->xmm[n][0] = load_le64(h.fx + 160 + 16 * n);
        t->xmm[n][1] = load_le64(h.fx + 168 + 16 * n);
    }
    t->rax = h.rax;
    t->rcx = h.rcx;
    t->mxcsr = load_le32(h.fx + 24);
    t->flags = (uint32_t)h.flags;
    memcpy(t->mem, memory, MEM_SIZE);
    return vector;
}

static const char *difference(const struct state *a, const struct state *b)
{
    return memcmp(a->xmm, b->xmm, sizeof a->xmm) ? "xmm"
           : a->rax != b->rax                    ? "rax"
           : a->rcx != b->rcx                    ? "rcx"
           : a->mxcsr != b->mxcsr                ? "mxcsr"
           : (a->flags ^ b->flags) & 0x8d5       ? "flags"
           : memcmp(a->mem, b->mem, MEM_SIZE)    ? "memory"
                                                 : NULL;
}

/* Differences; *compared counts, 0 where the host lacks the row. */
static unsigned compare_row(struct rig *rig, uint8_t *page,
                            const struct insn_row *row, bool mem,
                            unsigned *compared)
{
    struct case_source s = {ENC_OPCODE(row->encoding) * 2 + mem};
    unsigned bad = 0;
    for (unsigned n = 0; n < ROUNDS; n++) {
        struct form f = random_form(&s, row, mem);
        struct state ours, host;
        const char *what;
        uint8_t code[16];
        unsigned size = encode(row, &f, code);
        int vector, host_vec;
        memset(&ours, 0, sizeof ours);
        random_state(&s, &ours);
        host = ours;
        host_vec = run_host(page, &host, code, size, mem);
        if (host_vec == EX_UD)
            return bad;
        vector = run_guest(rig, &ours, code, size, mem);
        what = vector != host_vec ? "vector"
               : vector >= 0      ? NULL
                                  : difference(&ours, &host);
        ++*compared;
        if (!what)
            continue;
        if (bad++ < SHOWN)
            printf("%s: %s differs, imm %02x reg %u rm %u%s: vector %d, not "
                   "%d\n",
                   row->id, what, f.imm, f.reg, f.rm, mem ? " (memory)" : "",
                   vector, host_vec);
    }
    return bad;
}

CASE(rows_against_the_host)
{
    unsigned bad = 0, compared = 0, rows = 0, lacking = 0;
    uint8_t *page = host_page();
    prepare(r);
    host_install();
    for (unsigned n = 0; n < INSN_COUNT; n++) {
        const struct insn_row *row = &insn_rows[n];
        unsigned before = compared;
        if (!is_ours(row))
            continue;
        if (!(row->encoding & MOD_M))
            bad += compare_row(r, page, row, false, &compared);
        if (!(row->encoding & MOD_R))
            bad += compare_row(r, page, row, true, &compared);
        rows++;
        lacking += compared == before;
    }
    if (lacking)
        printf("SKIPPED: %u of %u rows, which the host does not have\n",
               lacking, rows);
    printf("%u states of %u rows compared, %u differences\n", compared, rows,
           bad);
    fflush(stdout);
    munmap(page, 4096);
    ck_assert_uint_eq(bad, 0);
}
#endif

static const struct rig_case cases[] = {
    CASE_ROW(aes_paper),
    CASE_ROW(aesimc_columns),
    CASE_ROW(aes_fips_197),
    CASE_ROW(pclmulqdq_paper),
    CASE_ROW(sha1_abc),
    CASE_ROW(sha256_abc),
    CASE_ROW(gf_fips_197),
    CASE_ROW(strings),
    CASE_ROW(explicit_lengths),
    CASE_ROW(availability),
    CASE_ROW(rows_as_recorded),
#if defined(__x86_64__) && defined(__linux__)
    CASE_ROW(rows_against_the_host),
#endif
};

int main(void)
{
    return rig_main("cpu/sse4", cases, ARRAY_LEN(cases));
}
