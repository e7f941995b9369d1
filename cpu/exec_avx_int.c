/* exec_avx_int.c - AVX, AVX2: packed integers, bits and shuffles, lane by lane
 * what the SSE forms do. */
#include "cpu/avx.h"
#include "cpu/flags.h"
#include "cpu/packed_ops.h"
#include "cpu/sse_int_lanes.h"

/* ---- two operands */
PACKED_OPS(AVX_OP)
PACKED_LOW_OPS(AVX_OP)
AVX_OP(, punpcklqdq)
AVX_OP(, punpckhqdq)

#define AVX_ONE_OP(opcode, name, ...)                                          \
    AVX_DO(avx_##name, union vec)                                              \
    {                                                                          \
        union vec a = b;                                                       \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b.x[n]);                                       \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

PACKED_ONE_OPS(AVX_ONE_OP)

/* ---- shifts: the count is 128 bits wide, the same for both lanes */
#define AVX_COUNT_OP(opcode, name, ...)                                        \
    AVX_DO(avx_##name, union xmm)                                              \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name(&a.x[n], &b);                                            \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS128(avx_##name)

PACKED_COUNT_OPS(AVX_COUNT_OP)

/* By an immediate; the destination is VEX.vvvv. */
#define AVX_SHIFT(opcode, digit, name)                                         \
    EXEC_BODY(avx_##name##_Ib)                                                 \
    {                                                                          \
        union vec a = cpu->vec[i->rm];                                         \
        need_avx(cpu);                                                         \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            pk_##name##_by(&a.x[n], avx_imm(i));                               \
        avx_set(cpu, i, insn_vvvv(i), a);                                      \
    }

PACKED_SHIFTS(AVX_SHIFT)

EXEC_BODY(avx_psrldq)
{
    const union xmm zero = {.q = {0, 0}};
    unsigned by = avx_imm(i) > 15 ? 16 : avx_imm(i);
    union vec a = cpu->vec[i->rm];

    need_avx(cpu);
    for (unsigned n = 0; n < avx_lanes(i); n++)
        a.x[n] = align_right(zero, a.x[n], by);
    avx_set(cpu, i, insn_vvvv(i), a);
}

EXEC_BODY(avx_pslldq)
{
    const union xmm zero = {.q = {0, 0}};
    unsigned by = avx_imm(i) > 15 ? 16 : avx_imm(i);
    union vec a = cpu->vec[i->rm];

    need_avx(cpu);
    for (unsigned n = 0; n < avx_lanes(i); n++)
        a.x[n] = align_right(a.x[n], zero, 16 - by);
    avx_set(cpu, i, insn_vvvv(i), a);
}

/* VPSLLVx, VPSRLVx, VPSRAVD: each lane by its own count. */
#define AVX_SHIFT_EACH(name, lanes, count, type, utype, expression)            \
    AVX_DO(name, union vec)                                                    \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        for (unsigned k = 0; k < avx_lanes(i); k++)                            \
            for (unsigned n = 0; n < count; n++) {                             \
                type x = (type)a.x[k].lanes[n];                                \
                utype by = b.x[k].lanes[n];                                    \
                a.x[k].lanes[n] = (utype)(expression);                         \
            }                                                                  \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(name)

AVX_SHIFT_EACH(vpsllvd, d, 4, uint32_t, uint32_t, by > 31 ? 0 : x << by)
AVX_SHIFT_EACH(vpsllvq, q, 2, uint64_t, uint64_t, by > 63 ? 0 : x << by)
AVX_SHIFT_EACH(vpsrlvd, d, 4, uint32_t, uint32_t, by > 31 ? 0 : x >> by)
AVX_SHIFT_EACH(vpsrlvq, q, 2, uint64_t, uint64_t, by > 63 ? 0 : x >> by)
AVX_SHIFT_EACH(vpsravd, d, 4, int32_t, uint32_t, x >> (by > 31 ? 31 : by))

/* ---- shuffles: the bits of `order` that the upper lane takes begin at
 * `step`; 0: the same as the lower lane's */
#define AVX_SHUFFLE(name, step)                                                \
    AVX_DO(avx_##name, union vec)                                              \
    {                                                                          \
        union vec a = avx_source(cpu, i);                                      \
        for (unsigned n = 0; n < avx_lanes(i); n++)                            \
            a.x[n] = shuffle_##name(a.x[n], b.x[n], avx_imm(i) >> n * step);   \
        avx_set(cpu, i, i->reg, a);                                            \
    }                                                                          \
    AVX_FORMS(avx_##name)

AVX_SHUFFLE(pshufd, 0)
AVX_SHUFFLE(pshuflw, 0)
AVX_SHUFFLE(pshufhw, 0)
AVX_SHUFFLE(shufps, 0)
AVX_SHUFFLE(shufpd, 2)
AVX_SHUFFLE(movsldup, 0)
AVX_SHUFFLE(movshdup, 0)

static ALWAYS_INLINE union xmm shuffle_palignr(union xmm a, union xmm b,
                                               unsigned by)
{
    return align_right(a, b, by);
}

AVX_SHUFFLE(palignr, 0)

/* Lanes of one source by two bits, or one, of an immediate ... */
static ALWAYS_INLINE union xmm shuffle_permilpd(union xmm a, union xmm b,
                                                unsigned order)
{
    (void)a;
    return (union xmm){.q = {b.q[order & 1], b.q[order >> 1 & 1]}};
}

AVX_SHUFFLE(permilpd, 2)

/* ... or of lanes of the second source. */
AVX_DO(vpermilps, union vec)
{
    union vec a = avx_source(cpu, i);

    for (unsigned k = 0; k < avx_lanes(i); k++)
        for (unsigned n = 0; n < 4; n++)
            b.x[k].d[n] = a.x[k].d[LANE32(b.x[k].d[n] & 3)];
    avx_set(cpu, i, i->reg, b);
}

AVX_FORMS(vpermilps)

AVX_DO(vpermilpd, union vec)
{
    union vec a = avx_source(cpu, i);

    for (unsigned n = 0; n < 2 * avx_lanes(i); n++)
        b.q[n] = a.q[(n & 2) | (b.q[n] >> 1 & 1)];
    avx_set(cpu, i, i->reg, b);
}

AVX_FORMS(vpermilpd)

AVX_DO(vpblendd, union vec)
{
    union vec a = avx_source(cpu, i);

    for (unsigned n = 0; n < 4 * avx_lanes(i); n++)
        if (i->imm >> n & 1)
            a.x[n / 4].d[LANE32(n % 4)] = b.x[n / 4].d[LANE32(n % 4)];
    avx_set(cpu, i, i->reg, a);
}

AVX_FORMS(vpblendd)

/* ---- across lanes; 256 bits only */

/* Each half of the result: bits 0-1 one of four 128-bit lanes, bit 3 zero. */
AVX_DO(vperm2x128, union vec)
{
    union vec a = avx_source(cpu, i), r;

    for (unsigned n = 0; n < 2; n++) {
        unsigned from = avx_imm(i) >> 4 * n;

        r.x[n] = from & 8   ? (union xmm){.q = {0, 0}}
                 : from & 2 ? b.x[from & 1]
                            : a.x[from & 1];
    }
    cpu->vec[i->reg] = r;
}

AVX_FORMS(vperm2x128)

/* VPERMQ, VPERMPD */
AVX_DO(vpermq, union vec)
{
    union vec r;

    for (unsigned n = 0; n < 4; n++)
        r.q[n] = b.q[avx_imm(i) >> 2 * n & 3];
    cpu->vec[i->reg] = r;
}

AVX_FORMS(vpermq)

/* VPERMD, VPERMPS: VEX.vvvv holds the indices. */
AVX_DO(vpermd, union vec)
{
    union vec index = avx_source(cpu, i), r;

    for (unsigned k = 0; k < 2; k++)
        for (unsigned n = 0; n < 4; n++) {
            unsigned from = index.x[k].d[n] & 7;

            r.x[k].d[n] = b.x[from / 4].d[LANE32(from % 4)];
        }
    cpu->vec[i->reg] = r;
}

AVX_FORMS(vpermd)

/* ---- broadcasts of the lowest lane */
#define BROADCAST(name, bits, lanes, count)                                    \
    AVX_DO(name, uint##bits##_t)                                               \
    {                                                                          \
        union vec r;                                                           \
        for (unsigned n = 0; n < count; n++)                                   \
            r.x[0].lanes[n] = r.x[1].lanes[n] = b;                             \
        avx_set(cpu, i, i->reg, r);                                            \
    }                                                                          \
    AVX_FORMS_OF(name, (uint##bits##_t)XMM(i->rm).q[0],                        \
                 ld##bits(cpu, i->seg, mem_offset(cpu, i)))

BROADCAST(vpbroadcastb, 8, b, 16)
BROADCAST(vpbroadcastw, 16, w, 8)
BROADCAST(vpbroadcastd, 32, d, 4) /* and VBROADCASTSS */
BROADCAST(vpbroadcastq, 64, q, 2) /* and VBROADCASTSD */

/* VBROADCASTF128, VBROADCASTI128 */
EXEC_BODY(vbroadcast128)
{
    union xmm b;

    need_avx(cpu);
    b = simd_load_any(cpu, i);
    cpu->vec[i->reg] = (union vec){.x = {b, b}};
}

/* ---- VTESTPS, VTESTPD: as VPTEST, but of the signs alone */
#define AVX_TEST(name, mask)                                                   \
    AVX_DO(name, union vec)                                                    \
    {                                                                          \
        const union vec *a = &cpu->vec[i->reg];                                \
        uint64_t both = 0, only_b = 0;                                         \
        for (unsigned n = 0; n < 2 * avx_lanes(i); n++) {                      \
            both |= a->q[n] & b.q[n] & (mask);                                 \
            only_b |= ~a->q[n] & b.q[n] & (mask);                              \
        }                                                                      \
        flags_put(cpu, (both == 0 ? FL_Z : 0) | (only_b == 0 ? FL_C : 0));     \
    }                                                                          \
    AVX_FORMS(name)

AVX_TEST(vptest, ~(uint64_t)0)
AVX_TEST(vtestps, 0x8000000080000000)
AVX_TEST(vtestpd, 0x8000000000000000)
