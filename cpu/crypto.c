/* crypto.c - the work of AES-NI, SHA, PCLMULQDQ and GFNI on one 128-bit lane.
 *
 * SDM volume 2 (the instructions' pages) and volume 1, 12.13; FIPS 197 for
 * AES, FIPS 180-4 for SHA. Tables and branches depend on the data: nothing
 * here hides keys from who can measure the host's time. */
#include "cpu/crypto.h"

/* ---- AES: byte n of a lane is row n % 4, column n / 4 of the state */

static const uint8_t aes_sbox[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b,
    0xfe, 0xd7, 0xab, 0x76, 0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0,
    0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0, 0xb7, 0xfd, 0x93, 0x26,
    0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2,
    0xeb, 0x27, 0xb2, 0x75, 0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0,
    0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84, 0x53, 0xd1, 0x00, 0xed,
    0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f,
    0x50, 0x3c, 0x9f, 0xa8, 0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5,
    0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2, 0xcd, 0x0c, 0x13, 0xec,
    0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14,
    0xde, 0x5e, 0x0b, 0xdb, 0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c,
    0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79, 0xe7, 0xc8, 0x37, 0x6d,
    0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f,
    0x4b, 0xbd, 0x8b, 0x8a, 0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e,
    0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e, 0xe1, 0xf8, 0x98, 0x11,
    0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f,
    0xb0, 0x54, 0xbb, 0x16,
};

static const uint8_t aes_inverse_sbox[256] = {
    0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38, 0xbf, 0x40, 0xa3, 0x9e,
    0x81, 0xf3, 0xd7, 0xfb, 0x7c, 0xe3, 0x39, 0x82, 0x9b, 0x2f, 0xff, 0x87,
    0x34, 0x8e, 0x43, 0x44, 0xc4, 0xde, 0xe9, 0xcb, 0x54, 0x7b, 0x94, 0x32,
    0xa6, 0xc2, 0x23, 0x3d, 0xee, 0x4c, 0x95, 0x0b, 0x42, 0xfa, 0xc3, 0x4e,
    0x08, 0x2e, 0xa1, 0x66, 0x28, 0xd9, 0x24, 0xb2, 0x76, 0x5b, 0xa2, 0x49,
    0x6d, 0x8b, 0xd1, 0x25, 0x72, 0xf8, 0xf6, 0x64, 0x86, 0x68, 0x98, 0x16,
    0xd4, 0xa4, 0x5c, 0xcc, 0x5d, 0x65, 0xb6, 0x92, 0x6c, 0x70, 0x48, 0x50,
    0xfd, 0xed, 0xb9, 0xda, 0x5e, 0x15, 0x46, 0x57, 0xa7, 0x8d, 0x9d, 0x84,
    0x90, 0xd8, 0xab, 0x00, 0x8c, 0xbc, 0xd3, 0x0a, 0xf7, 0xe4, 0x58, 0x05,
    0xb8, 0xb3, 0x45, 0x06, 0xd0, 0x2c, 0x1e, 0x8f, 0xca, 0x3f, 0x0f, 0x02,
    0xc1, 0xaf, 0xbd, 0x03, 0x01, 0x13, 0x8a, 0x6b, 0x3a, 0x91, 0x11, 0x41,
    0x4f, 0x67, 0xdc, 0xea, 0x97, 0xf2, 0xcf, 0xce, 0xf0, 0xb4, 0xe6, 0x73,
    0x96, 0xac, 0x74, 0x22, 0xe7, 0xad, 0x35, 0x85, 0xe2, 0xf9, 0x37, 0xe8,
    0x1c, 0x75, 0xdf, 0x6e, 0x47, 0xf1, 0x1a, 0x71, 0x1d, 0x29, 0xc5, 0x89,
    0x6f, 0xb7, 0x62, 0x0e, 0xaa, 0x18, 0xbe, 0x1b, 0xfc, 0x56, 0x3e, 0x4b,
    0xc6, 0xd2, 0x79, 0x20, 0x9a, 0xdb, 0xc0, 0xfe, 0x78, 0xcd, 0x5a, 0xf4,
    0x1f, 0xdd, 0xa8, 0x33, 0x88, 0x07, 0xc7, 0x31, 0xb1, 0x12, 0x10, 0x59,
    0x27, 0x80, 0xec, 0x5f, 0x60, 0x51, 0x7f, 0xa9, 0x19, 0xb5, 0x4a, 0x0d,
    0x2d, 0xe5, 0x7a, 0x9f, 0x93, 0xc9, 0x9c, 0xef, 0xa0, 0xe0, 0x3b, 0x4d,
    0xae, 0x2a, 0xf5, 0xb0, 0xc8, 0xeb, 0xbb, 0x3c, 0x83, 0x53, 0x99, 0x61,
    0x17, 0x2b, 0x04, 0x7e, 0xba, 0x77, 0xd6, 0x26, 0xe1, 0x69, 0x14, 0x63,
    0x55, 0x21, 0x0c, 0x7d,
};

static uint32_t rol32(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static uint32_t ror32(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint8_t rotate8(unsigned v, unsigned n)
{
    return (uint8_t)(v << n | v >> (8 - n));
}

/* Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
static uint8_t gf_multiply(unsigned a, unsigned b)
{
    unsigned r = 0;

    for (unsigned n = 0; n < 8; n++) {
        r ^= a & -(b >> n & 1);
        a = a << 1 ^ (0x11b & -(a >> 7));
    }
    return (uint8_t)r;
}

/* Bytes moved as (Inv)ShiftRows does and replaced by the table's: row r goes
 * `step` * r columns to the left. */
static union xmm aes_shift_and_substitute(const union xmm *a, unsigned step,
                                          const uint8_t table[256])
{
    union xmm r;

    for (unsigned n = 0; n < 16; n++) {
        unsigned from = (n + 4 * step * (n % 4)) % 16;

        r.b[LANE8(n)] = table[a->b[LANE8(from)]];
    }
    return r;
}

/* Four bytes times 2. */
static uint32_t aes_double(uint32_t v)
{
    return (v & 0x7f7f7f7f) << 1 ^ (v >> 7 & 0x01010101) * 0x1b;
}

/* MixColumns: a column's bytes times {2, 3, 1, 1}, turned from row to row. */
static void aes_mix_columns(union xmm *a)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t v = a->d[n], twice = aes_double(v);

        a->d[n] = twice ^ ror32(twice ^ v, 8) ^ ror32(v, 16) ^ ror32(v, 24);
    }
}

/* InvMixColumns {14, 11, 13, 9} is {5, 0, 4, 0} before MixColumns. */
static void aes_unmix_columns(union xmm *a)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t v = a->d[n];

        a->d[n] = v ^ aes_double(aes_double(v ^ ror32(v, 16)));
    }
    aes_mix_columns(a);
}

static void add_round_key(union xmm *a, const union xmm *b)
{
    a->q[0] ^= b->q[0];
    a->q[1] ^= b->q[1];
}

void pk_aesenc(union xmm *a, const union xmm *b)
{
    *a = aes_shift_and_substitute(a, 1, aes_sbox);
    aes_mix_columns(a);
    add_round_key(a, b);
}

void pk_aesenclast(union xmm *a, const union xmm *b)
{
    *a = aes_shift_and_substitute(a, 1, aes_sbox);
    add_round_key(a, b);
}

void pk_aesdec(union xmm *a, const union xmm *b)
{
    *a = aes_shift_and_substitute(a, 3, aes_inverse_sbox);
    aes_unmix_columns(a);
    add_round_key(a, b);
}

void pk_aesdeclast(union xmm *a, const union xmm *b)
{
    *a = aes_shift_and_substitute(a, 3, aes_inverse_sbox);
    add_round_key(a, b);
}

void pk_aesimc(union xmm *a, const union xmm *b)
{
    *a = *b;
    aes_unmix_columns(a);
}

static uint32_t aes_substitute_word(uint32_t v)
{
    return aes_sbox[v & 0xff] | (uint32_t)aes_sbox[v >> 8 & 0xff] << 8 |
           (uint32_t)aes_sbox[v >> 16 & 0xff] << 16 |
           (uint32_t)aes_sbox[v >> 24] << 24;
}

void pk_aeskeygenassist(union xmm *a, const union xmm *b, unsigned imm)
{
    uint32_t x1 = aes_substitute_word(b->d[LANE32(1)]);
    uint32_t x3 = aes_substitute_word(b->d[LANE32(3)]);

    a->d[LANE32(0)] = x1;
    a->d[LANE32(1)] = (x1 >> 8 | x1 << 24) ^ (imm & 0xff);
    a->d[LANE32(2)] = x3;
    a->d[LANE32(3)] = (x3 >> 8 | x3 << 24) ^ (imm & 0xff);
}

/* ---- carry-less product, GF(2^8) */

void pk_pclmulqdq(union xmm *a, const union xmm *b, unsigned imm)
{
    uint64_t x = a->q[imm & 1], y = b->q[imm >> 4 & 1];
    uint64_t low = 0, high = 0;

    for (unsigned n = 0; n < 64; n++) {
        uint64_t mask = 0 - (y >> n & 1);

        low ^= x << n & mask;
        high ^= x >> 1 >> (63 - n) & mask;
    }
    *a = (union xmm){.q = {low, high}};
}

void pk_gf2p8mulb(union xmm *a, const union xmm *b)
{
    for (unsigned n = 0; n < 16; n++)
        a->b[n] = gf_multiply(a->b[n], b->b[n]);
}

/* A bit matrix, its first row in the highest byte, times a byte. */
static uint8_t gf_affine(uint64_t matrix, uint8_t v, unsigned imm)
{
    unsigned r = 0;

    for (unsigned n = 0; n < 8; n++) {
        unsigned row = (unsigned)(matrix >> 8 * (7 - n)) & v;

        r |= (unsigned)__builtin_parity(row & 0xff) << n;
    }
    return (uint8_t)(r ^ imm);
}

void pk_gf2p8affineqb(union xmm *a, const union xmm *b, unsigned imm)
{
    for (unsigned n = 0; n < 16; n++)
        a->b[LANE8(n)] = gf_affine(b->q[n / 8], a->b[LANE8(n)], imm);
}

/* The S-box of AES is the inverse in this field behind an affine map; undone,
 * the map leaves the inverse (of 0: 0). */
static uint8_t gf_inverse(uint8_t v)
{
    unsigned s = aes_sbox[v];

    return rotate8(s, 1) ^ rotate8(s, 3) ^ rotate8(s, 6) ^ 5;
}

void pk_gf2p8affineinvqb(union xmm *a, const union xmm *b, unsigned imm)
{
    for (unsigned n = 0; n < 16; n++)
        a->b[LANE8(n)] =
            gf_affine(b->q[n / 8], gf_inverse(a->b[LANE8(n)]), imm);
}

/* ---- SHA-1: a round's variables stand from the highest lane down */

static union xmm xmm_of(uint32_t d3, uint32_t d2, uint32_t d1, uint32_t d0)
{
    return (union xmm){.q = {(uint64_t)d1 << 32 | d0, (uint64_t)d3 << 32 | d2}};
}

#define D(x, n) ((x)->d[LANE32(n)])

static uint32_t sha1_function(unsigned kind, uint32_t b, uint32_t c, uint32_t d)
{
    switch (kind) {
    case 0:
        return (b & c) ^ (~b & d);
    case 2:
        return (b & c) ^ (b & d) ^ (c & d);
    default:
        return b ^ c ^ d;
    }
}

void pk_sha1rnds4(union xmm *x, const union xmm *w, unsigned imm)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
                                  0xca62c1d6};
    uint32_t a = D(x, 3), b = D(x, 2), c = D(x, 1), d = D(x, 0), e = 0;

    for (unsigned n = 0; n < 4; n++) {
        uint32_t t = sha1_function(imm & 3, b, c, d) + rol32(a, 5) +
                     D(w, 3 - n) + e + k[imm & 3];

        e = d;
        d = c;
        c = rol32(b, 30);
        b = a;
        a = t;
    }
    *x = xmm_of(a, b, c, d);
}

void pk_sha1nexte(union xmm *a, const union xmm *b)
{
    uint32_t e = rol32(D(a, 3), 30);

    *a = xmm_of(D(b, 3) + e, D(b, 2), D(b, 1), D(b, 0));
}

void pk_sha1msg1(union xmm *a, const union xmm *b)
{
    *a = xmm_of(D(a, 1) ^ D(a, 3), D(a, 0) ^ D(a, 2), D(b, 3) ^ D(a, 1),
                D(b, 2) ^ D(a, 0));
}

void pk_sha1msg2(union xmm *a, const union xmm *b)
{
    uint32_t w16 = rol32(D(a, 3) ^ D(b, 2), 1);

    *a = xmm_of(w16, rol32(D(a, 2) ^ D(b, 1), 1), rol32(D(a, 1) ^ D(b, 0), 1),
                rol32(D(a, 0) ^ w16, 1));
}

/* ---- SHA-256 */

static uint32_t sha256_small0(uint32_t v)
{
    return ror32(v, 7) ^ ror32(v, 18) ^ v >> 3;
}

static uint32_t sha256_small1(uint32_t v)
{
    return ror32(v, 17) ^ ror32(v, 19) ^ v >> 10;
}

/* C D G H in x, A B E F in y. */
void pk_sha256rnds2(union xmm *x, const union xmm *y, const union xmm *wk)
{
    uint32_t a = D(y, 3), b = D(y, 2), c = D(x, 3), d = D(x, 2);
    uint32_t e = D(y, 1), f = D(y, 0), g = D(x, 1), h = D(x, 0);

    for (unsigned n = 0; n < 2; n++) {
        uint32_t t1 = h + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
                      ((e & f) ^ (~e & g)) + D(wk, n);
        uint32_t t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));

        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    *x = xmm_of(a, b, e, f);
}

void pk_sha256msg1(union xmm *a, const union xmm *b)
{
    *a = xmm_of(
        D(a, 3) + sha256_small0(D(b, 0)), D(a, 2) + sha256_small0(D(a, 3)),
        D(a, 1) + sha256_small0(D(a, 2)), D(a, 0) + sha256_small0(D(a, 1)));
}

void pk_sha256msg2(union xmm *a, const union xmm *b)
{
    uint32_t w16 = D(a, 0) + sha256_small1(D(b, 2));
    uint32_t w17 = D(a, 1) + sha256_small1(D(b, 3));

    *a = xmm_of(D(a, 3) + sha256_small1(w17), D(a, 2) + sha256_small1(w16), w17,
                w16);
}
