/* exec_sse_fp.c - SSE, SSE2, SSE3: floating-point arithmetic, comparisons,
 * MXCSR.
 *
 * SDM volume 1, 10.4, 11.4, 11.5, 12.2. RCPxS and RSQRTxS give the exact
 * result rounded to 12 bits, within the manual's bound of 1.5 * 2^-12; the
 * bits beyond differ between processors too. */
#include "cpu/flags.h"
#include "cpu/sse.h"

/* All flags found in all lanes before calculating are reported; flags of the
 * calculation only when nothing stopped it (SDM 11.5.3.2). */
void sse_raise(struct cpu *cpu, uint32_t mxcsr)
{
    uint32_t flags = mxcsr & FP_FLAGS;

    if (flags & FP_BEFORE & sse_unmasked(mxcsr))
        flags &= FP_BEFORE;
    cpu->mxcsr |= flags;
    cpu_raise(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? EX_XM : EX_UD);
}

/* ---- arithmetic on all lanes */

union lanes {
    union xmm x;
    float f[4];
    double g[2];
};

/*
 * Are the exponents in the 32-bit lanes of operands and result such that the
 * host's answer may be used? The rules are those of softfloat.h: `exp` masks
 * the exponent, `least` is the smallest safe one. The compiler makes vector
 * code of the loop. Bits of the answer that are set tell the bad lanes.
 */
static ALWAYS_INLINE uint64_t bad_lanes(const union xmm *a, const union xmm *b,
                                        const union xmm *r, int32_t exp,
                                        int32_t least)
{
    union xmm bad;

    for (unsigned n = 0; n < 4; n++) {
        int32_t ea = (int32_t)a->d[n] & exp, eb = (int32_t)b->d[n] & exp;
        int32_t er = (int32_t)r->d[n] & exp;

        bad.d[n] =
            (uint32_t)(-(ea == 0) | -(eb == 0) | -(er < least) | -(er == exp));
    }
    return bad.q[0] | bad.q[1];
}

/* NAME_ps_try and NAME_pd_try: all lanes at once on the host, if that is
 * good enough; NAME_ps and NAME_pd: lane by lane. */
#define PACKED(name, operator)                                                 \
    static ALWAYS_INLINE bool name##_ps_try(union xmm *a, const union xmm *b)  \
    {                                                                          \
        union lanes x = {.x = *a}, y = {.x = *b}, r;                           \
        for (unsigned n = 0; n < 4; n++)                                       \
            r.f[n] = x.f[n] operator y.f[n];                                   \
        if (bad_lanes(a, b, &r.x, 0x7f800000, 2 << 23))                        \
            return false;                                                      \
        *a = r.x;                                                              \
        return true;                                                           \
    }                                                                          \
    static ALWAYS_INLINE bool name##_pd_try(union xmm *a, const union xmm *b)  \
    {                                                                          \
        union lanes x = {.x = *a}, y = {.x = *b}, r;                           \
        for (unsigned n = 0; n < 2; n++)                                       \
            r.g[n] = x.g[n] operator y.g[n];                                   \
        /* The exponents are in the upper lane of each half. */                \
        if (bad_lanes(a, b, &r.x, 0x7ff00000, 2 << 20) >> 32)                  \
            return false;                                                      \
        *a = r.x;                                                              \
        return true;                                                           \
    }                                                                          \
    PACKED_SIMPLE(name)

#define PACKED_SIMPLE(name)                                                    \
    static ALWAYS_INLINE union xmm name##_ps(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        for (unsigned n = 0; n < 4; n++)                                       \
            a.d[n] = float32_##name(a.d[n], b.d[n], m);                        \
        return a;                                                              \
    }                                                                          \
    static ALWAYS_INLINE union xmm name##_pd(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        for (unsigned n = 0; n < 2; n++)                                       \
            a.q[n] = float64_##name(a.q[n], b.q[n], m);                        \
        return a;                                                              \
    }

PACKED(add, +)
PACKED(sub, -)
PACKED(mul, *)
PACKED(div, /)
PACKED_SIMPLE(min)
PACKED_SIMPLE(max)

static ALWAYS_INLINE union xmm sqrt_ps(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 4; n++)
        a.d[n] = float32_sqrt(b.d[n], m);
    return a;
}

static ALWAYS_INLINE union xmm sqrt_pd(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 2; n++)
        a.q[n] = float64_sqrt(b.q[n], m);
    return a;
}

/* SSE3: subtract in even lanes, add in odd ones. */
static ALWAYS_INLINE union xmm addsub_ps(union xmm a, union xmm b, uint32_t *m)
{
    for (unsigned n = 0; n < 4; n += 2) {
        a.d[LANE32(n)] = float32_sub(a.d[LANE32(n)], b.d[LANE32(n)], m);
        a.d[LANE32(n + 1)] =
            float32_add(a.d[LANE32(n + 1)], b.d[LANE32(n + 1)], m);
    }
    return a;
}

static ALWAYS_INLINE union xmm addsub_pd(union xmm a, union xmm b, uint32_t *m)
{
    a.q[0] = float64_sub(a.q[0], b.q[0], m);
    a.q[1] = float64_add(a.q[1], b.q[1], m);
    return a;
}

/* Neighbours of a to the lower half, of b to the upper. */
#define HORIZONTAL(name, operation)                                            \
    static ALWAYS_INLINE union xmm name##_ps(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        union xmm r;                                                           \
        for (unsigned n = 0; n < 2; n++) {                                     \
            r.d[LANE32(n)] = float32_##operation(a.d[LANE32(2 * n)],           \
                                                 a.d[LANE32(2 * n + 1)], m);   \
            r.d[LANE32(n + 2)] = float32_##operation(                          \
                b.d[LANE32(2 * n)], b.d[LANE32(2 * n + 1)], m);                \
        }                                                                      \
        return r;                                                              \
    }                                                                          \
    static ALWAYS_INLINE union xmm name##_pd(union xmm a, union xmm b,         \
                                             uint32_t *m)                      \
    {                                                                          \
        return (union xmm){.q = {float64_##operation(a.q[0], a.q[1], m),       \
                                 float64_##operation(b.q[0], b.q[1], m)}};     \
    }

HORIZONTAL(hadd, add)
HORIZONTAL(hsub, sub)

/* The exact way, with exceptions. */
#define PACKED_SLOW(name, suffix)                                              \
    static NOINLINE void name##suffix##_slow(                                  \
        struct cpu *cpu, const struct insn *i, union xmm b)                    \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        union xmm r = name##_##suffix(XMM(i->reg), b, &m);                     \
        sse_end(cpu, m);                                                       \
        XMM(i->reg) = r;                                                       \
    }

#define PACKED_FORMS(name, suffix)                                             \
    EXEC_BODY(name##suffix##_r)                                                \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##suffix##_do(cpu, i, XMM(i->rm));                                 \
    }                                                                          \
    EXEC_BODY(name##suffix##_m)                                                \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##suffix##_do(cpu, i, simd_load(cpu, i));                          \
    }

#define EXEC_PACKED(name, suffix)                                              \
    PACKED_SLOW(name, suffix)                                                  \
    static ALWAYS_INLINE void name##suffix##_do(                               \
        struct cpu *cpu, const struct insn *i, union xmm b)                    \
    {                                                                          \
        name##suffix##_slow(cpu, i, b);                                        \
    }                                                                          \
    PACKED_FORMS(name, suffix)

#define EXEC_PACKED_FAST(name, suffix)                                         \
    PACKED_SLOW(name, suffix)                                                  \
    static ALWAYS_INLINE void name##suffix##_do(                               \
        struct cpu *cpu, const struct insn *i, union xmm b)                    \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        if (likely(mxcsr_is_fast(cpu->mxcsr)) &&                               \
            likely(name##_##suffix##_try(&a, &b)))                             \
            XMM(i->reg) = a;                                                   \
        else                                                                   \
            name##suffix##_slow(cpu, i, b);                                    \
    }                                                                          \
    PACKED_FORMS(name, suffix)

/* ---- arithmetic on the lowest lane; a is the old, b the new operand */
#define SCALAR_FORMS(name, width, lane)                                        \
    EXEC_BODY(name##_r)                                                        \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, XMM(i->rm).lane);                                    \
    }                                                                          \
    EXEC_BODY(name##_m)                                                        \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, simd_load##width(cpu, i));                           \
    }

#define EXEC_SCALAR(name, width, lane, expression)                             \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        uint##width##_t b)                     \
    {                                                                          \
        uint##width##_t *a = &XMM(i->reg).lane;                                \
        uint32_t m = sse_begin(cpu);                                           \
        uint##width##_t r = (expression);                                      \
        sse_end(cpu, m);                                                       \
        *a = r;                                                                \
    }                                                                          \
    SCALAR_FORMS(name, width, lane)

#define EXEC_SCALAR_FAST(name, suffix, width, lane)                            \
    static NOINLINE void name##suffix##_slow(                                  \
        struct cpu *cpu, const struct insn *i, uint##width##_t b)              \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        uint##width##_t r = float##width##_##name(XMM(i->reg).lane, b, &m);    \
        sse_end(cpu, m);                                                       \
        XMM(i->reg).lane = r;                                                  \
    }                                                                          \
    static ALWAYS_INLINE void name##suffix##_do(                               \
        struct cpu *cpu, const struct insn *i, uint##width##_t b)              \
    {                                                                          \
        uint##width##_t *a = &XMM(i->reg).lane, r;                             \
        if (likely(float##width##_##name##_try(*a, b, cpu->mxcsr, &r)))        \
            *a = r;                                                            \
        else                                                                   \
            name##suffix##_slow(cpu, i, b);                                    \
    }                                                                          \
    SCALAR_FORMS(name##suffix, width, lane)

#define EXEC_FOUR(name)                                                        \
    EXEC_PACKED_FAST(name, ps)                                                 \
    EXEC_PACKED_FAST(name, pd)                                                 \
    EXEC_SCALAR_FAST(name, ss, 32, d[LANE32(0)])                               \
    EXEC_SCALAR_FAST(name, sd, 64, q[0])

EXEC_FOUR(add)
EXEC_FOUR(sub)
EXEC_FOUR(mul)
EXEC_FOUR(div)
EXEC_PACKED(min, ps)
EXEC_PACKED(min, pd)
EXEC_SCALAR(minss, 32, d[LANE32(0)], float32_min(*a, b, &m))
EXEC_SCALAR(minsd, 64, q[0], float64_min(*a, b, &m))
EXEC_PACKED(max, ps)
EXEC_PACKED(max, pd)
EXEC_SCALAR(maxss, 32, d[LANE32(0)], float32_max(*a, b, &m))
EXEC_SCALAR(maxsd, 64, q[0], float64_max(*a, b, &m))
EXEC_PACKED(sqrt, ps)
EXEC_PACKED(sqrt, pd)
EXEC_SCALAR(sqrtss, 32, d[LANE32(0)], float32_sqrt(b, &m))
EXEC_SCALAR(sqrtsd, 64, q[0], float64_sqrt(b, &m))
EXEC_PACKED(addsub, ps)
EXEC_PACKED(addsub, pd)
EXEC_PACKED(hadd, ps)
EXEC_PACKED(hadd, pd)
EXEC_PACKED(hsub, ps)
EXEC_PACKED(hsub, pd)

/* ---- approximations: no exceptions, denormals are zeros either way */

/* Rounds a normal number to 12 bits. */
static uint32_t to_12_bits(float value)
{
    uint32_t r = float32_bits(value);

    if ((r & 0x7f800000) == 0x7f800000)
        return r;
    if (!float32_is_large(r))
        return r & 0x80000000;
    return (r + 0x800) & 0xfffff000;
}

static uint32_t approximate_rcp(uint32_t a)
{
    if (float32_is_nan(a))
        return a | 0x00400000;
    if (!float32_is_large(a))
        return (a & 0x80000000) | 0x7f800000;
    return to_12_bits(1.0f / float32_host(a));
}

static uint32_t approximate_rsqrt(uint32_t a)
{
    if (float32_is_nan(a))
        return a | 0x00400000;
    if (!float32_is_large(a))
        return (a & 0x80000000) | 0x7f800000;
    if (a >> 31)
        return 0xffc00000;
    return to_12_bits((float)(1.0 / sqrt((double)float32_host(a))));
}

#define EXEC_APPROXIMATE(name)                                                 \
    static union xmm name##ps_do(union xmm b)                                  \
    {                                                                          \
        for (unsigned n = 0; n < 4; n++)                                       \
            b.d[n] = approximate_##name(b.d[n]);                               \
        return b;                                                              \
    }                                                                          \
    EXEC(name##ps_r)                                                           \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg) = name##ps_do(XMM(i->rm));                                 \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##ps_m)                                                           \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg) = name##ps_do(simd_load(cpu, i));                          \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##ss_r)                                                           \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg).d[LANE32(0)] =                                             \
            approximate_##name(XMM(i->rm).d[LANE32(0)]);                       \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##ss_m)                                                           \
    {                                                                          \
        need_sse(cpu);                                                         \
        XMM(i->reg).d[LANE32(0)] = approximate_##name(simd_load32(cpu, i));    \
        NEXT;                                                                  \
    }

EXEC_APPROXIMATE(rcp)
EXEC_APPROXIMATE(rsqrt)

/* ---- comparisons to masks */

/* Predicates 0-3: equal, less, less or equal, unordered; 4-7 invert them.
 * Those with an order raise invalid for quiet NaNs too. */
static ALWAYS_INLINE bool predicate_signals(unsigned predicate)
{
    return (predicate & 3) == 1 || (predicate & 3) == 2;
}

static ALWAYS_INLINE bool predicate_holds(unsigned predicate,
                                          enum fp_relation r)
{
    bool holds;

    switch (predicate & 3) {
    case 0:
        holds = r == FP_EQUAL;
        break;
    case 1:
        holds = r == FP_LESS;
        break;
    case 2:
        holds = r == FP_LESS || r == FP_EQUAL;
        break;
    default:
        holds = r == FP_UNORDERED;
        break;
    }
    return holds ^ (predicate >> 2 & 1);
}

static ALWAYS_INLINE uint32_t compare32(uint32_t a, uint32_t b,
                                        unsigned predicate, uint32_t *m)
{
    bool signals = predicate_signals(predicate);

    return predicate_holds(predicate, float32_compare(a, b, signals, m))
               ? 0xffffffff
               : 0;
}

static ALWAYS_INLINE uint64_t compare64(uint64_t a, uint64_t b,
                                        unsigned predicate, uint32_t *m)
{
    bool signals = predicate_signals(predicate);

    return predicate_holds(predicate, float64_compare(a, b, signals, m))
               ? ~(uint64_t)0
               : 0;
}

static void cmpps_do(struct cpu *cpu, const struct insn *i, union xmm b)
{
    union xmm r = XMM(i->reg);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 4; n++)
        r.d[n] = compare32(r.d[n], b.d[n], (unsigned)i->imm, &m);
    sse_end(cpu, m);
    XMM(i->reg) = r;
}

static void cmppd_do(struct cpu *cpu, const struct insn *i, union xmm b)
{
    union xmm r = XMM(i->reg);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 2; n++)
        r.q[n] = compare64(r.q[n], b.q[n], (unsigned)i->imm, &m);
    sse_end(cpu, m);
    XMM(i->reg) = r;
}

#define EXEC_CMP_PACKED(name)                                                  \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, XMM(i->rm));                                         \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, simd_load(cpu, i));                                  \
        NEXT;                                                                  \
    }

EXEC_CMP_PACKED(cmpps)
EXEC_CMP_PACKED(cmppd)
EXEC_SCALAR(cmpss, 32, d[LANE32(0)], compare32(*a, b, (unsigned)i->imm, &m))
EXEC_SCALAR(cmpsd, 64, q[0], compare64(*a, b, (unsigned)i->imm, &m))

/* ---- comparisons to EFLAGS: OF, SF, AF become 0 */

static ALWAYS_INLINE void compare_end(struct cpu *cpu, uint32_t m,
                                      enum fp_relation r)
{
    sse_end(cpu, m);
    flags_put(cpu, r == FP_LESS      ? FL_C
                   : r == FP_EQUAL   ? FL_Z
                   : r == FP_GREATER ? 0
                                     : FL_Z | FL_P | FL_C);
}

#define EXEC_COMI(name, width, lane, signals)                                  \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        uint##width##_t b)                     \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        enum fp_relation r =                                                   \
            float##width##_compare(XMM(i->reg).lane, b, signals, &m);          \
        compare_end(cpu, m, r);                                                \
    }                                                                          \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, XMM(i->rm).lane);                                    \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, simd_load##width(cpu, i));                           \
        NEXT;                                                                  \
    }

EXEC_COMI(comiss, 32, d[LANE32(0)], true)
EXEC_COMI(ucomiss, 32, d[LANE32(0)], false)
EXEC_COMI(comisd, 64, q[0], true)
EXEC_COMI(ucomisd, 64, q[0], false)

/* ---- MXCSR */

EXEC(ldmxcsr)
{
    uint32_t m;

    need_sse(cpu);
    m = simd_load32(cpu, i);
    if (m & ~(uint32_t)MXCSR_VALID)
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->mxcsr = m;
    NEXT;
}

EXEC(stmxcsr)
{
    need_sse(cpu);
    st32(cpu, i->seg, mem_offset(cpu, i), cpu->mxcsr);
    NEXT;
}
