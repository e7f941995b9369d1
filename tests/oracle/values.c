/* values.c - operands worth trying, and memory before a case. Everything
 * comes from a seed by shifts and multiplications on fixed widths, so that
 * recorded vectors can be replayed on any host. */
#include <string.h>

#include "devices/core/base.h"
#include "tests/oracle/oracle.h"

const struct oracle_segment oracle_segments[ORC_SEGMENTS] = {
    {.base = ORC_CODE - 0x7000, .limit = 0xffff, .contents = 2},
    {.base = ORC_DATA, .limit = 0xffff},
    {.base = ORC_DATA, .limit = 0x2ffe, .big = true}, /* ends in the data */
    {.base = ORC_DATA, .limit = 0x0fff, .contents = 1, .big = true},
    {.base = ORC_DATA, .limit = 0xffff, .fixed = true},
    {.base = ORC_CODE - 0x100, .limit = 0xffff, .contents = 2, .big = true},
    {.base = ORC_DATA - 0x8000, .limit = 0xffff},
    {.base = ORC_DATA, .limit = 0x1fff, .contents = 1},
    {.base = ORC_DATA, .limit = 0xffff, .absent = true},
    {.base = ORC_DATA, .limit = 0xffff, .contents = 2, .fixed = true},
    {.base = ORC_DATA, .limit = 0xffff, .contents = 3, .absent = true},
};

uint64_t oracle_random(uint64_t *rng)
{
    uint64_t z = *rng += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

unsigned oracle_below(uint64_t *rng, unsigned n)
{
    return (unsigned)(oracle_random(rng) >> 33) % n;
}

uint64_t oracle_edge(uint64_t *rng)
{
    uint64_t r = oracle_random(rng), v = 1ull << (r >> 8 & 63);
    switch (r & 15) {
    case 0:
        return 0;
    case 1:
        return ~0ull;
    case 2:
        return r >> 56;
    case 3:
        return v;
    case 4:
        return v - 1;
    case 5:
        return v + 1;
    case 6:
        return 0 - v;
    case 7:
        return (uint64_t)(int64_t)(int8_t)(r >> 48);
    case 8: /* an address in the arena */
        return ORC_DATA + (r >> 40) % (ORC_DATA_END - ORC_DATA);
    case 9:
        return oracle_random(rng) >> (r >> 8 & 63);
    case 10: /* sign boundaries of every width */
        return 0x8080808080808080ull ^ (r >> 16 & 1) ^ (r >> 17 & 1) << 31;
    default:
        return oracle_random(rng);
    }
}

/* ---- floating point */

static uint32_t edge_float32(uint64_t *rng)
{
    static const uint32_t edges[] = {
        0,          1,          0x007fffff, 0x00800000, 0x3f800000,
        0x3f000000, 0x3fc00000, 0x40200000, 0x4effffff, 0x4f000000,
        0x4f800000, 0x5f000000, 0x5f800000, 0x7f7fffff, 0x7f800000,
        0x7f800001, 0x7fa00000, 0x7fc00000, 0x7fc12345, 0x40490fdb,
        0x00400000, 0x33800000, 0x34000000, 0x4b7fffff, 0x477fe000};
    uint64_t r = oracle_random(rng);
    uint32_t sign = (uint32_t)(r >> 63) << 31;
    if ((r & 7) < 4)
        return edges[(r >> 8) % ARRAY_LEN(edges)] ^ sign;
    if ((r & 7) < 7) /* near 1 */
        return sign | (uint32_t)(112 + (r >> 8 & 31)) << 23 |
               (uint32_t)(r >> 20 & 0x7fffff);
    return (uint32_t)(r >> 16);
}

static uint64_t edge_float64(uint64_t *rng)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     0x000fffffffffffff,
                                     0x0010000000000000,
                                     0x3ff0000000000000,
                                     0x3fe0000000000000,
                                     0x3ff8000000000000,
                                     0x4004000000000000,
                                     0x41dfffffffc00000,
                                     0x41e0000000000000,
                                     0x41f0000000000000,
                                     0x43e0000000000000,
                                     0x7fefffffffffffff,
                                     0x7ff0000000000000,
                                     0x7ff0000000000001,
                                     0x7ff8000000000000,
                                     0x7ff8000012345678,
                                     0x47efffffe0000000,
                                     0x47effffff0000000,
                                     0x36a0000000000000,
                                     0x3810000000000000,
                                     0x400921fb54442d18,
                                     0x3ca0000000000000,
                                     0x433fffffffffffff};
    uint64_t r = oracle_random(rng), sign = r & 1ull << 63;
    if ((r & 7) < 4)
        return edges[(r >> 8) % ARRAY_LEN(edges)] ^ sign;
    if ((r & 7) < 7)
        return sign | (1000 + (r >> 8 & 63)) << 52 | oracle_random(rng) >> 12;
    return oracle_random(rng);
}

/* Every class: zero, denormal, pseudo-denormal, unnormal, normal, infinity,
 * pseudo-infinity, NaNs of both kinds. */
static uint64_t edge_float80(uint64_t *rng, uint16_t *se)
{
    static const uint16_t exponents[] = {
        0,      1,      2,      0x3fff, 0x3ffe, 0x4000, 0x403d, 0x403e,
        0x403f, 0x7ffe, 0x7fff, 0x3c01, 0x43fe, 0x3f81, 0x407e, 0x3fbf};
    uint64_t r = oracle_random(rng), m = oracle_random(rng);
    uint16_t sign = (uint16_t)(r >> 48 & 0x8000);
    *se = sign | (r & 1 ? exponents[(r >> 8) % ARRAY_LEN(exponents)]
                        : (uint16_t)(0x3ff0 + (r >> 8 & 63)));
    switch (r >> 20 & 15) {
    case 0:
        return 0;
    case 1:
        return 1ull << 63;
    case 2:
        return ~0ull;
    case 3:
        return 3ull << 62;
    case 4: /* the integer bit is clear: denormal or unsupported */
        return m >> 1;
    case 5:
        return 1ull << 63 | 1;
    case 6:
        return 1ull << 63 | m << 40;
    case 7:
        return 1ull << 63 | (m & 0xfff) << 11;
    case 8:
        return 1;
    case 9:
        *se = sign;
        return 0;
    default:
        return 1ull << 63 | m;
    }
}

enum { KIND_INTEGER, KIND_FLOAT32, KIND_FLOAT64, KIND_BYTES, KINDS };

static uint64_t edge_of(uint64_t *rng, unsigned kind)
{
    uint64_t low;
    switch (kind) {
    case KIND_INTEGER:
        return oracle_edge(rng);
    case KIND_FLOAT32:
        low = edge_float32(rng);
        return low | (uint64_t)edge_float32(rng) << 32;
    case KIND_FLOAT64:
        return edge_float64(rng);
    default:
        return oracle_random(rng);
    }
}

/* ---- a state */

static void fill_x87(uint64_t *rng, struct oracle_state *s)
{
    uint64_t r = oracle_random(rng);
    for (unsigned n = 0; n < 8; n++)
        s->mant[n] = edge_float80(rng, &s->se[n]);
    s->fcw = (uint16_t)(0x40 | 0x3f | (r & 0xf00));
    if ((r >> 12 & 7) == 0)
        s->fcw &= (uint16_t) ~(r >> 16 & 0x3f);
    s->fsw = (uint16_t)(r >> 24 & 0x7f00);
    if ((r >> 40 & 3) == 0)
        s->fsw |= (uint16_t)(r >> 44 & 0x3f);
    if (s->fsw & ~s->fcw & 0x3f)
        s->fsw |= 0x8080;
    s->ftag = r >> 52 & 3 ? 0xff : (uint8_t)(r >> 54);
}

static void fill_vectors(uint64_t *rng, struct oracle_state *s, unsigned kind)
{
    uint64_t r = oracle_random(rng);
    for (unsigned n = 0; n < 16; n++)
        for (unsigned k = 0; k < 4; k++)
            s->vec[n][k] = edge_of(rng, kind);
    s->mxcsr = 0x1f80 | (uint32_t)(r & 0x6000);
    if ((r >> 16 & 3) == 0)
        s->mxcsr |= (uint32_t)(r >> 20 & 0x803f);
    if ((r >> 18 & 3) == 0)
        s->mxcsr |= (uint32_t)(r >> 30 & 0x40);
    if ((r >> 40 & 7) == 0)
        s->mxcsr &= ~((uint32_t)(r >> 44) & 0x1f80);
}

void oracle_fill(uint64_t seed, struct oracle_state *s, uint8_t mem[ORC_MEM])
{
    static const uint64_t flags = 0xcd5; /* DF and the arithmetic ones */
    uint64_t rng = seed, r;
    unsigned kind = oracle_below(&rng, KINDS);
    memset(s, 0, sizeof *s);
    for (unsigned n = 0; n < 16; n++)
        s->reg[n] = oracle_edge(&rng);
    r = oracle_random(&rng);
    if ((r & 7) == 0) /* two that are equal */
        s->reg[r >> 8 & 15] = s->reg[r >> 12 & 15];
    s->flags = 0x302 | (oracle_random(&rng) & flags);
    if ((r >> 16 & 31) == 0)
        s->flags |= 1 << 18; /* AC */
    fill_x87(&rng, s);
    fill_vectors(&rng, s, kind);
    for (unsigned n = 0; n < ORC_MEM; n += 8)
        store_le64(mem + n, edge_of(&rng, kind));
    if (r >> 32 & 1) { /* an x87 operand */
        uint16_t se;
        store_le64(mem, edge_float80(&rng, &se));
        store_le16(mem + 8, se);
    }
}

/* An image that XRSTOR and FXRSTOR take, if nothing is put over it. */
static void put_xsave(uint64_t *rng, uint8_t *p)
{
    store_le16(p, 0x37f);
    store_le32(p + 24, 0x1f80);
    store_le32(p + 28, 0);
    for (unsigned n = 512; n < 576; n++)
        p[n] = 0;
    store_le64(p + 512, oracle_random(rng) & 7);
}

void oracle_background(uint8_t *image)
{
    uint64_t rng = 1;
    memset(image, 0, ORC_SIZE);
    memset(image, 0xf4, ORC_PAGE); /* HLT */
    for (unsigned n = ORC_DATA - ORC_BASE; n < ORC_SIZE; n += 8)
        store_le64(image + n, edge_of(&rng, n >> 10 & 3));
    for (unsigned at = ORC_XSAVE; at < ORC_DATA_END; at += 0x400)
        put_xsave(&rng, image + at - ORC_BASE);
}

uint32_t oracle_segment_base(unsigned selector)
{
    unsigned n = selector >> 3;
    return (selector & 4) && n < ORC_SEGMENTS ? oracle_segments[n].base : 0;
}

uint64_t oracle_rip(const struct oracle_case *c)
{
    uint32_t linear = ORC_CODE + ORC_PAGE - c->after - c->fit;
    return linear - (c->code_size == 2 ? 0 : oracle_segment_base(c->in.seg[1]));
}
