/* sse_int_lanes.h - packed integers and shuffles on one 128-bit lane, for the
 * legacy and the VEX forms. */
#ifndef UMBRA_CPU_SSE_INT_LANES_H
#define UMBRA_CPU_SSE_INT_LANES_H

#include "cpu/simd.h"

#define VEC union xmm
#include "cpu/exec_packed_tmpl.h"
#undef VEC

static ALWAYS_INLINE void pk_punpcklqdq(union xmm *a, const union xmm *b)
{
    a->q[1] = b->q[0];
}

static ALWAYS_INLINE void pk_punpckhqdq(union xmm *a, const union xmm *b)
{
    a->q[0] = a->q[1];
    a->q[1] = b->q[1];
}

/* Bytes from byte `by` of the 32-byte number high:low. */
static inline union xmm align_right(union xmm high, union xmm low, unsigned by)
{
    uint64_t q[6] = {low.q[0], low.q[1], high.q[0], high.q[1], 0, 0};
    unsigned n = by / 8, bits = by % 8 * 8;
    union xmm r = {.q = {0, 0}};

    for (unsigned k = 0; k < 2 && n + k < 4; k++)
        r.q[k] = bits == 0 ? q[n + k]
                           : q[n + k] >> bits | q[n + k + 1] << (64 - bits);
    return r;
}

/* ---- shuffles: `order` holds two bits for each lane of the result */

static ALWAYS_INLINE union xmm shuffle_pshufd(union xmm a, union xmm b,
                                              unsigned order)
{
    union xmm r;

    (void)a;
    for (unsigned n = 0; n < 4; n++)
        r.d[LANE32(n)] = b.d[LANE32(order >> 2 * n & 3)];
    return r;
}

static ALWAYS_INLINE union xmm shuffle_pshuflw(union xmm a, union xmm b,
                                               unsigned order)
{
    union xmm r = b;

    (void)a;
    for (unsigned n = 0; n < 4; n++)
        r.w[LANE16(n)] = b.w[LANE16(order >> 2 * n & 3)];
    return r;
}

static ALWAYS_INLINE union xmm shuffle_pshufhw(union xmm a, union xmm b,
                                               unsigned order)
{
    union xmm r = b;

    (void)a;
    for (unsigned n = 0; n < 4; n++)
        r.w[LANE16(n + 4)] = b.w[LANE16(4 + (order >> 2 * n & 3))];
    return r;
}

static ALWAYS_INLINE union xmm shuffle_shufps(union xmm a, union xmm b,
                                              unsigned order)
{
    union xmm r;

    for (unsigned n = 0; n < 2; n++) {
        r.d[LANE32(n)] = a.d[LANE32(order >> 2 * n & 3)];
        r.d[LANE32(n + 2)] = b.d[LANE32(order >> (2 * n + 4) & 3)];
    }
    return r;
}

static ALWAYS_INLINE union xmm shuffle_shufpd(union xmm a, union xmm b,
                                              unsigned order)
{
    return (union xmm){.q = {a.q[order & 1], b.q[order >> 1 & 1]}};
}

/* SSE3: doubled lanes. */
static ALWAYS_INLINE union xmm shuffle_movsldup(union xmm a, union xmm b,
                                                unsigned order)
{
    (void)order;
    return shuffle_pshufd(a, b, 0xa0);
}

static ALWAYS_INLINE union xmm shuffle_movshdup(union xmm a, union xmm b,
                                                unsigned order)
{
    (void)order;
    return shuffle_pshufd(a, b, 0xf5);
}

#endif
