/* exec_sse_fp.c - SSE, SSE2, SSE3: floating-point arithmetic, comparisons,
 * MXCSR.
 *
 * SDM volume 1, 10.4, 11.4, 11.5, 12.2. RCPxS and RSQRTxS give the exact
 * result rounded to 12 bits, within the manual's bound of 1.5 * 2^-12; the
 * bits beyond differ between processors too. */
#include "cpu/avx.h"
#include "cpu/flags.h"
#include "cpu/sse.h"
#include "cpu/sse_fp_lanes.h"

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

/* ---- approximations */
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

/* ---- comparisons to masks: the first eight predicates */

static void cmpps_do(struct cpu *cpu, const struct insn *i, union xmm b)
{
    union xmm r = XMM(i->reg);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 4; n++)
        r.d[n] = compare32(r.d[n], b.d[n], i->imm & 7, &m);
    sse_end(cpu, m);
    XMM(i->reg) = r;
}

static void cmppd_do(struct cpu *cpu, const struct insn *i, union xmm b)
{
    union xmm r = XMM(i->reg);
    uint32_t m = sse_begin(cpu);

    for (unsigned n = 0; n < 2; n++)
        r.q[n] = compare64(r.q[n], b.q[n], i->imm & 7, &m);
    sse_end(cpu, m);
    XMM(i->reg) = r;
}

SSE_FORMS(cmpps)
SSE_FORMS(cmppd)
EXEC_SCALAR(cmpss, 32, d[LANE32(0)], compare32(*a, b, i->imm & 7, &m))
EXEC_SCALAR(cmpsd, 64, q[0], compare64(*a, b, i->imm & 7, &m))

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

#define EXEC_COMI(name, need, width, lane, signals)                            \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        uint##width##_t b)                     \
    {                                                                          \
        uint32_t m = sse_begin(cpu);                                           \
        enum fp_relation r =                                                   \
            float##width##_compare(XMM(i->reg).lane, b, signals, &m);          \
        compare_end(cpu, m, r);                                                \
    }                                                                          \
    VEC_FORMS_OF(name, need, XMM(i->rm).lane, simd_load##width(cpu, i))

EXEC_COMI(comiss, need_sse, 32, d[LANE32(0)], true)
EXEC_COMI(vcomiss, need_avx, 32, d[LANE32(0)], true)
EXEC_COMI(ucomiss, need_sse, 32, d[LANE32(0)], false)
EXEC_COMI(vucomiss, need_avx, 32, d[LANE32(0)], false)
EXEC_COMI(comisd, need_sse, 64, q[0], true)
EXEC_COMI(vcomisd, need_avx, 64, q[0], true)
EXEC_COMI(ucomisd, need_sse, 64, q[0], false)
EXEC_COMI(vucomisd, need_avx, 64, q[0], false)

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
