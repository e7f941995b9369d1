/* sse4_lanes.h - SSE4.1 and SSE4.2 packed operations on one 128-bit lane.
 *
 * SDM volume 1, 12.5 and 12.9. As in exec_packed_tmpl.h each pk_NAME works on
 * *a and *b and leaves its result in *a; legacy and VEX forms share them. */
#ifndef UMBRA_CPU_SSE4_LANES_H
#define UMBRA_CPU_SSE4_LANES_H

#include "cpu/sse.h"

#define SSE4_LANE(name, lanes, count, type, utype, expression)                 \
    static ALWAYS_INLINE void pk_##name(union xmm *a, const union xmm *b)      \
    {                                                                          \
        for (unsigned n = 0; n < count; n++) {                                 \
            type x = (type)a->lanes[n], y = (type)b->lanes[n];                 \
            a->lanes[n] = (utype)(expression);                                 \
        }                                                                      \
    }

SSE4_LANE(pminsb, b, 16, int8_t, uint8_t, x < y ? x : y)
SSE4_LANE(pmaxsb, b, 16, int8_t, uint8_t, x > y ? x : y)
SSE4_LANE(pminuw, w, 8, uint16_t, uint16_t, x < y ? x : y)
SSE4_LANE(pmaxuw, w, 8, uint16_t, uint16_t, x > y ? x : y)
SSE4_LANE(pminsd, d, 4, int32_t, uint32_t, x < y ? x : y)
SSE4_LANE(pmaxsd, d, 4, int32_t, uint32_t, x > y ? x : y)
SSE4_LANE(pminud, d, 4, uint32_t, uint32_t, x < y ? x : y)
SSE4_LANE(pmaxud, d, 4, uint32_t, uint32_t, x > y ? x : y)
SSE4_LANE(pmulld, d, 4, uint32_t, uint32_t, x *y)
SSE4_LANE(pmuldq, q, 2, uint64_t, uint64_t,
          (int64_t)(int32_t)x *(int64_t)(int32_t)y)
SSE4_LANE(pcmpeqq, q, 2, uint64_t, uint64_t, x == y ? ~(uint64_t)0 : 0)
SSE4_LANE(pcmpgtq, q, 2, int64_t, uint64_t, x > y ? ~(uint64_t)0 : 0)
#undef SSE4_LANE

static ALWAYS_INLINE uint16_t pk_saturate_u16(int32_t v)
{
    return (uint16_t)(v < 0 ? 0 : v > 65535 ? 65535 : v);
}

static ALWAYS_INLINE void pk_packusdw(union xmm *a, const union xmm *b)
{
    union xmm r;

    for (unsigned n = 0; n < 4; n++) {
        r.w[LANE16(n)] = pk_saturate_u16((int32_t)a->d[LANE32(n)]);
        r.w[LANE16(n + 4)] = pk_saturate_u16((int32_t)b->d[LANE32(n)]);
    }
    *a = r;
}

/* The smallest word and, above it, its index; the first of equals. */
static ALWAYS_INLINE void pk_phminposuw(union xmm *a, const union xmm *b)
{
    unsigned least = 0;

    for (unsigned n = 1; n < 8; n++)
        if (b->w[LANE16(n)] < b->w[LANE16(least)])
            least = n;
    *a = (union xmm){.q = {least << 16 | b->w[LANE16(least)], 0}};
}

/* ---- blends: by bits of an immediate, by signs of a mask */

static ALWAYS_INLINE void pk_pblendw(union xmm *a, const union xmm *b,
                                     unsigned imm)
{
    for (unsigned n = 0; n < 8; n++)
        if (imm >> n & 1)
            a->w[LANE16(n)] = b->w[LANE16(n)];
}

static ALWAYS_INLINE void pk_blendps(union xmm *a, const union xmm *b,
                                     unsigned imm)
{
    for (unsigned n = 0; n < 4; n++)
        if (imm >> n & 1)
            a->d[LANE32(n)] = b->d[LANE32(n)];
}

static ALWAYS_INLINE void pk_blendpd(union xmm *a, const union xmm *b,
                                     unsigned imm)
{
    for (unsigned n = 0; n < 2; n++)
        if (imm >> n & 1)
            a->q[n] = b->q[n];
}

static ALWAYS_INLINE void pk_pblendvb(union xmm *a, const union xmm *b,
                                      const union xmm *mask)
{
    for (unsigned n = 0; n < 16; n++)
        if (mask->b[n] >> 7)
            a->b[n] = b->b[n];
}

static ALWAYS_INLINE void pk_blendvps(union xmm *a, const union xmm *b,
                                      const union xmm *mask)
{
    for (unsigned n = 0; n < 4; n++)
        if (mask->d[n] >> 31)
            a->d[n] = b->d[n];
}

static ALWAYS_INLINE void pk_blendvpd(union xmm *a, const union xmm *b,
                                      const union xmm *mask)
{
    for (unsigned n = 0; n < 2; n++)
        if (mask->q[n] >> 63)
            a->q[n] = b->q[n];
}

/* ---- wider lanes from the lowest of b */
#define SSE4_EXTEND(name, to, to_lane, count, utype, from, from_lane, type)    \
    static ALWAYS_INLINE void pk_##name(union xmm *a, const union xmm *b)      \
    {                                                                          \
        union xmm r;                                                           \
        for (unsigned n = 0; n < count; n++)                                   \
            r.to[to_lane(n)] = (utype)(type)b->from[from_lane(n)];             \
        *a = r;                                                                \
    }

#define LANE64(n) (n)
SSE4_EXTEND(pmovsxbw, w, LANE16, 8, uint16_t, b, LANE8, int8_t)
SSE4_EXTEND(pmovsxbd, d, LANE32, 4, uint32_t, b, LANE8, int8_t)
SSE4_EXTEND(pmovsxbq, q, LANE64, 2, uint64_t, b, LANE8, int8_t)
SSE4_EXTEND(pmovsxwd, d, LANE32, 4, uint32_t, w, LANE16, int16_t)
SSE4_EXTEND(pmovsxwq, q, LANE64, 2, uint64_t, w, LANE16, int16_t)
SSE4_EXTEND(pmovsxdq, q, LANE64, 2, uint64_t, d, LANE32, int32_t)
SSE4_EXTEND(pmovzxbw, w, LANE16, 8, uint16_t, b, LANE8, uint8_t)
SSE4_EXTEND(pmovzxbd, d, LANE32, 4, uint32_t, b, LANE8, uint8_t)
SSE4_EXTEND(pmovzxbq, q, LANE64, 2, uint64_t, b, LANE8, uint8_t)
SSE4_EXTEND(pmovzxwd, d, LANE32, 4, uint32_t, w, LANE16, uint16_t)
SSE4_EXTEND(pmovzxwq, q, LANE64, 2, uint64_t, w, LANE16, uint16_t)
SSE4_EXTEND(pmovzxdq, q, LANE64, 2, uint64_t, d, LANE32, uint32_t)
#undef LANE64
#undef SSE4_EXTEND

/* Eight sums of four absolute differences: imm bits 0-1 choose four bytes of
 * b, bit 2 where in a the eleven bytes begin. (The upper lane of VMPSADBW
 * takes imm >> 3.) */
static ALWAYS_INLINE void pk_mpsadbw(union xmm *a, const union xmm *b,
                                     unsigned imm)
{
    unsigned from_b = (imm & 3) * 4, from_a = (imm >> 2 & 1) * 4;
    union xmm r;

    for (unsigned n = 0; n < 8; n++) {
        unsigned sum = 0;

        for (unsigned k = 0; k < 4; k++) {
            int x = a->b[LANE8(from_a + n + k)], y = b->b[LANE8(from_b + k)];

            sum += (unsigned)(x < y ? y - x : x - y);
        }
        r.w[LANE16(n)] = (uint16_t)sum;
    }
    *a = r;
}

/* INSERTPS: imm bits 4-5 the lane that is replaced, 0-3 lanes to clear. */
static ALWAYS_INLINE void pk_insert_single(union xmm *a, uint32_t value,
                                           unsigned imm)
{
    a->d[LANE32(imm >> 4 & 3)] = value;
    for (unsigned n = 0; n < 4; n++)
        if (imm >> n & 1)
            a->d[LANE32(n)] = 0;
}

/* ---- floating point; m is MXCSR, see sse.h */

/* ROUNDxx: imm bits 0-1 rounding control unless bit 2 (MXCSR's) is set; bit 3:
 * do not report inexactness. */
static ALWAYS_INLINE enum fp_rc pk_round_rc(unsigned imm, uint32_t m)
{
    return imm & 4 ? mxcsr_rc(m) : (enum fp_rc)(imm & 3);
}

static ALWAYS_INLINE uint32_t pk_round32(uint32_t v, unsigned imm, uint32_t *m)
{
    return float32_round_int(v, pk_round_rc(imm, *m), !(imm & 8), m);
}

static ALWAYS_INLINE uint64_t pk_round64(uint64_t v, unsigned imm, uint32_t *m)
{
    return float64_round_int(v, pk_round_rc(imm, *m), !(imm & 8), m);
}

static ALWAYS_INLINE void pk_roundps(union xmm *a, const union xmm *b,
                                     unsigned imm, uint32_t *m)
{
    for (unsigned n = 0; n < 4; n++)
        a->d[n] = pk_round32(b->d[n], imm, m);
}

static ALWAYS_INLINE void pk_roundpd(union xmm *a, const union xmm *b,
                                     unsigned imm, uint32_t *m)
{
    for (unsigned n = 0; n < 2; n++)
        a->q[n] = pk_round64(b->q[n], imm, m);
}

/* DPPS, DPPD: imm bits 4-7 choose the products, 0-3 the lanes that get their
 * sum. Each stage's exceptions are looked at before the next; *kept gets the
 * flags of stages that were passed, which an exception does not take back. */
static ALWAYS_INLINE bool pk_stage_stops(uint32_t m, uint32_t *kept)
{
    if (m & sse_unmasked(m))
        return true;
    *kept = m & FP_FLAGS;
    return false;
}

/* `lanes`: 128-bit lanes in a and b; the stages of all go together. */
static ALWAYS_INLINE void pk_dpps(union xmm *a, const union xmm *b,
                                  unsigned lanes, unsigned imm, uint32_t *m,
                                  uint32_t *kept)
{
    uint32_t p[8], half[4], sum[2];

    for (unsigned n = 0; n < 4 * lanes; n++)
        p[n] = imm >> (n % 4 + 4) & 1
                   ? float32_mul(a[n / 4].d[LANE32(n % 4)],
                                 b[n / 4].d[LANE32(n % 4)], m)
                   : 0;
    if (pk_stage_stops(*m, kept))
        return;
    for (unsigned n = 0; n < 2 * lanes; n++)
        half[n] = float32_add(p[2 * n], p[2 * n + 1], m);
    if (pk_stage_stops(*m, kept))
        return;
    for (unsigned n = 0; n < lanes; n++)
        sum[n] = float32_add(half[2 * n], half[2 * n + 1], m);
    for (unsigned n = 0; n < 4 * lanes; n++)
        a[n / 4].d[LANE32(n % 4)] = imm >> n % 4 & 1 ? sum[n / 4] : 0;
}

/* There is only one lane. */
static ALWAYS_INLINE void pk_dppd(union xmm *a, const union xmm *b,
                                  unsigned lanes, unsigned imm, uint32_t *m,
                                  uint32_t *kept)
{
    uint64_t p[2], sum;

    (void)lanes;
    for (unsigned n = 0; n < 2; n++)
        p[n] = imm >> (n + 4) & 1 ? float64_mul(a->q[n], b->q[n], m) : 0;
    if (pk_stage_stops(*m, kept))
        return;
    sum = float64_add(p[0], p[1], m);
    for (unsigned n = 0; n < 2; n++)
        a->q[n] = imm >> n & 1 ? sum : 0;
}

#endif
