/* exec_packed_tmpl.h - packed integer operations, one text for both widths.
 *
 * Included with VEC = union mmx (exec_mmx.c) or union xmm (exec_sse_int.c).
 * Each pk_NAME works on *a and *b and leaves its result in *a; callers pass
 * copies, so that the compiler can keep both in vector registers. */
#include "cpu/simd.h"

#define N8  (sizeof(VEC))
#define N16 (sizeof(VEC) / 2)
#define N32 (sizeof(VEC) / 4)
#define N64 (sizeof(VEC) / 8)

/* Lane by lane: x and y are the lanes of a and b. */
#define PK_LANES(name, lanes, count, type, expression)                         \
    static ALWAYS_INLINE void pk_##name(VEC *a, const VEC *b)                  \
    {                                                                          \
        for (unsigned n = 0; n < count; n++) {                                 \
            type x = (type)a->lanes[n], y = (type)b->lanes[n];                 \
            a->lanes[n] = (expression);                                        \
        }                                                                      \
    }

#define PK8(name, e)   PK_LANES(name, b, N8, uint8_t, (uint8_t)(e))
#define PK16(name, e)  PK_LANES(name, w, N16, uint16_t, (uint16_t)(e))
#define PK32(name, e)  PK_LANES(name, d, N32, uint32_t, (uint32_t)(e))
#define PK64(name, e)  PK_LANES(name, q, N64, uint64_t, (uint64_t)(e))
#define PK8S(name, e)  PK_LANES(name, b, N8, int8_t, (uint8_t)(e))
#define PK16S(name, e) PK_LANES(name, w, N16, int16_t, (uint16_t)(e))
#define PK32S(name, e) PK_LANES(name, d, N32, int32_t, (uint32_t)(e))

PK8(paddb, x + y)
PK16(paddw, x + y)
PK32(paddd, x + y)
PK64(paddq, x + y)
PK8(psubb, x - y)
PK16(psubw, x - y)
PK32(psubd, x - y)
PK64(psubq, x - y)
PK64(pand, x &y)
PK64(pandn, ~x &y)
PK64(por, x | y)
PK64(pxor, x ^ y)
PK8(pcmpeqb, x == y ? 0xff : 0)
PK16(pcmpeqw, x == y ? 0xffff : 0)
PK32(pcmpeqd, x == y ? 0xffffffff : 0)
PK8S(pcmpgtb, x > y ? 0xff : 0)
PK16S(pcmpgtw, x > y ? 0xffff : 0)
PK32S(pcmpgtd, x > y ? 0xffffffff : 0)
PK8(pminub, x < y ? x : y)
PK8(pmaxub, x > y ? x : y)
PK16S(pminsw, x < y ? x : y)
PK16S(pmaxsw, x > y ? x : y)
PK8(pavgb, (x + y + 1) >> 1)
PK16(pavgw, (x + y + 1) >> 1)
PK16(pmullw, (uint32_t)x *y)
/* By bytes: GCC 12 for i386 takes the high halves of two products for those
 * of one of 32 bits. */
PK16(pmulhuw, ((x >> 8) * y + ((x & 0xff) * y >> 8)) >> 8)
PK16S(pmulhw, ((x >> 8) * y + ((x & 0xff) * y >> 8)) >> 8)
PK64(pmuludq, (uint64_t)(uint32_t)x *(uint32_t)y)

static ALWAYS_INLINE int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

PK8S(paddsb, clamp(x + y, -128, 127))
PK16S(paddsw, clamp(x + y, -32768, 32767))
PK8(paddusb, clamp(x + y, 0, 255))
PK16(paddusw, clamp(x + y, 0, 65535))
PK8S(psubsb, clamp(x - y, -128, 127))
PK16S(psubsw, clamp(x - y, -32768, 32767))
PK8(psubusb, clamp(x - y, 0, 255))
PK16(psubusw, clamp(x - y, 0, 65535))

/* SSSE3 */
PK8S(psignb, y < 0 ? -x : y == 0 ? 0 : x)
PK16S(psignw, y < 0 ? -x : y == 0 ? 0 : x)
PK32S(psignd, y < 0 ? 0 - (uint32_t)x : y == 0 ? 0 : (uint32_t)x)
PK8S(pabsb, ((void)x, y < 0 ? -y : y))
PK16S(pabsw, ((void)x, y < 0 ? -y : y))
PK32S(pabsd, ((void)x, y < 0 ? 0 - (uint32_t)y : (uint32_t)y))
PK16S(pmulhrsw, ((((int32_t)x * y) >> 14) + 1) >> 1)

/* ---- pairs of lanes become one */
static ALWAYS_INLINE void pk_pmaddwd(VEC *a, const VEC *b)
{
    for (unsigned n = 0; n < N32; n++) {
        int32_t x = (int16_t)a->w[2 * n] * (int16_t)b->w[2 * n];
        int32_t y = (int16_t)a->w[2 * n + 1] * (int16_t)b->w[2 * n + 1];

        a->d[n] = (uint32_t)x + (uint32_t)y;
    }
}

static ALWAYS_INLINE void pk_pmaddubsw(VEC *a, const VEC *b)
{
    for (unsigned n = 0; n < N16; n++) {
        int32_t x = a->b[2 * n] * (int8_t)b->b[2 * n];
        int32_t y = a->b[2 * n + 1] * (int8_t)b->b[2 * n + 1];

        a->w[n] = (uint16_t)clamp(x + y, -32768, 32767);
    }
}

static ALWAYS_INLINE void pk_psadbw(VEC *a, const VEC *b)
{
    for (unsigned q = 0; q < N64; q++) {
        uint32_t sum = 0;

        for (unsigned n = 8 * q; n < 8 * q + 8; n++) {
            int32_t d = a->b[n] - b->b[n];

            sum += (uint32_t)(d < 0 ? -d : d);
        }
        a->q[q] = sum;
    }
}

/* PHADDx, PHSUBx: sums of neighbours, of a in the lower half, of b above. */
#define PK_HORIZONTAL(name, lanes, count, lane, type, utype, expression)       \
    static ALWAYS_INLINE void pk_##name(VEC *a, const VEC *b)                  \
    {                                                                          \
        VEC r;                                                                 \
        for (unsigned n = 0; n < count; n++) {                                 \
            const VEC *s = n < count / 2 ? a : b;                              \
            unsigned m = 2 * (n % (count / 2));                                \
            type x = (type)s->lanes[lane(m)];                                  \
            type y = (type)s->lanes[lane(m + 1)];                              \
            r.lanes[lane(n)] = (utype)(expression);                            \
        }                                                                      \
        *a = r;                                                                \
    }

PK_HORIZONTAL(phaddw, w, N16, LANE16, int16_t, uint16_t, x + y)
PK_HORIZONTAL(phsubw, w, N16, LANE16, int16_t, uint16_t, x - y)
PK_HORIZONTAL(phaddsw, w, N16, LANE16, int16_t, uint16_t,
              clamp(x + y, -32768, 32767))
PK_HORIZONTAL(phsubsw, w, N16, LANE16, int16_t, uint16_t,
              clamp(x - y, -32768, 32767))
PK_HORIZONTAL(phaddd, d, N32, LANE32, uint32_t, uint32_t, x + y)
PK_HORIZONTAL(phsubd, d, N32, LANE32, uint32_t, uint32_t, x - y)

/* ---- packing with saturation: a below, b above */
#define PK_PACK(name, to, to_count, to_lane, from, from_lane, type, utype,     \
                low, high)                                                     \
    static ALWAYS_INLINE void pk_##name(VEC *a, const VEC *b)                  \
    {                                                                          \
        VEC r;                                                                 \
        for (unsigned n = 0; n < to_count / 2; n++) {                          \
            r.to[to_lane(n)] =                                                 \
                (utype)clamp((type)a->from[from_lane(n)], low, high);          \
            r.to[to_lane(n + to_count / 2)] =                                  \
                (utype)clamp((type)b->from[from_lane(n)], low, high);          \
        }                                                                      \
        *a = r;                                                                \
    }

PK_PACK(packsswb, b, N8, LANE8, w, LANE16, int16_t, uint8_t, -128, 127)
PK_PACK(packuswb, b, N8, LANE8, w, LANE16, int16_t, uint8_t, 0, 255)
PK_PACK(packssdw, w, N16, LANE16, d, LANE32, int32_t, uint16_t, -32768, 32767)

/* ---- interleaving the lower or upper halves */
#define PK_UNPACK(name, lanes, count, lane, first)                             \
    static ALWAYS_INLINE void pk_##name(VEC *a, const VEC *b)                  \
    {                                                                          \
        VEC r;                                                                 \
        for (unsigned n = 0; n < count / 2; n++) {                             \
            r.lanes[lane(2 * n)] = a->lanes[lane(n + first)];                  \
            r.lanes[lane(2 * n + 1)] = b->lanes[lane(n + first)];              \
        }                                                                      \
        *a = r;                                                                \
    }

PK_UNPACK(punpcklbw, b, N8, LANE8, 0)
PK_UNPACK(punpcklwd, w, N16, LANE16, 0)
PK_UNPACK(punpckldq, d, N32, LANE32, 0)
PK_UNPACK(punpckhbw, b, N8, LANE8, N8 / 2)
PK_UNPACK(punpckhwd, w, N16, LANE16, N16 / 2)
PK_UNPACK(punpckhdq, d, N32, LANE32, N32 / 2)

static ALWAYS_INLINE void pk_pshufb(VEC *a, const VEC *b)
{
    VEC r;

    for (unsigned n = 0; n < N8; n++) {
        uint8_t c = b->b[LANE8(n)];

        r.b[LANE8(n)] = c & 0x80 ? 0 : a->b[LANE8(c & (N8 - 1))];
    }
    *a = r;
}

/* ---- shifts of all lanes by one count; too large a count empties a lane,
 * or fills it with its sign */
#define PK_SHIFT(name, lanes, count, type, utype, bits, expression)            \
    static ALWAYS_INLINE void pk_##name##_by(VEC *a, uint64_t by)              \
    {                                                                          \
        for (unsigned n = 0; n < count; n++) {                                 \
            type x = (type)a->lanes[n];                                        \
            a->lanes[n] = (utype)(expression);                                 \
        }                                                                      \
    }                                                                          \
    static ALWAYS_INLINE void pk_##name(VEC *a, const VEC *b)                  \
    {                                                                          \
        pk_##name##_by(a, b->q[0]);                                            \
    }

PK_SHIFT(psrlw, w, N16, uint16_t, uint16_t, 16, by > 15 ? 0 : x >> by)
PK_SHIFT(psrld, d, N32, uint32_t, uint32_t, 32, by > 31 ? 0 : x >> by)
PK_SHIFT(psrlq, q, N64, uint64_t, uint64_t, 64, by > 63 ? 0 : x >> by)
PK_SHIFT(psllw, w, N16, uint16_t, uint16_t, 16, by > 15 ? 0 : (uint32_t)x << by)
PK_SHIFT(pslld, d, N32, uint32_t, uint32_t, 32, by > 31 ? 0 : x << by)
PK_SHIFT(psllq, q, N64, uint64_t, uint64_t, 64, by > 63 ? 0 : x << by)
PK_SHIFT(psraw, w, N16, int16_t, uint16_t, 16, x >> (by > 15 ? 15 : by))
PK_SHIFT(psrad, d, N32, int32_t, uint32_t, 32, x >> (by > 31 ? 31 : by))

/* The sign of every byte, as a mask. */
static ALWAYS_INLINE uint32_t pk_mask(const VEC *b)
{
    uint32_t r = 0;

    for (unsigned q = 0; q < N64; q++) {
        /* The product moves the eight signs to the top byte. */
        uint64_t signs = b->q[q] >> 7 & 0x0101010101010101;

        r |= (uint32_t)(signs * 0x0102040810204080 >> 56) << 8 * q;
    }
    return r;
}

#undef N8
#undef N16
#undef N32
#undef N64
