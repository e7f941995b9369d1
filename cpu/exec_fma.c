/* exec_fma.c - FMA: a * b + c with one rounding.
 *
 * SDM volume 1, 14.5. The digits in a name tell which operands are
 * multiplied, then which is added: 1 the destination, 2 VEX.vvvv, 3 the
 * register or memory operand. */
#include "cpu/avx.h"
#include "cpu/fma_ops.h"

struct fma_operands {
    union vec a, b, c;
};

static NOINLINE void fma_ps(struct cpu *cpu, const struct insn *i,
                            const struct fma_operands *o, unsigned even,
                            unsigned odd)
{
    uint32_t m = sse_begin(cpu);
    union vec r;

    for (unsigned n = 0; n < 4 * avx_lanes(i); n++) {
        unsigned k = n / 4, l = LANE32(n % 4);

        r.x[k].d[l] = float32_muladd(o->a.x[k].d[l], o->b.x[k].d[l],
                                     o->c.x[k].d[l], n & 1 ? odd : even, &m);
    }
    sse_end(cpu, m);
    avx_set(cpu, i, i->reg, r);
}

static NOINLINE void fma_pd(struct cpu *cpu, const struct insn *i,
                            const struct fma_operands *o, unsigned even,
                            unsigned odd)
{
    uint32_t m = sse_begin(cpu);
    union vec r;

    for (unsigned n = 0; n < 2 * avx_lanes(i); n++)
        r.q[n] = float64_muladd(o->a.q[n], o->b.q[n], o->c.q[n],
                                n & 1 ? odd : even, &m);
    sse_end(cpu, m);
    avx_set(cpu, i, i->reg, r);
}

/* Scalars leave the rest of the destination's lane alone. */
static NOINLINE void fma_ss(struct cpu *cpu, const struct insn *i, uint32_t a,
                            uint32_t b, uint32_t c, unsigned negate)
{
    uint32_t m = sse_begin(cpu);
    union xmm r = XMM(i->reg);

    r.d[LANE32(0)] = float32_muladd(a, b, c, negate, &m);
    sse_end(cpu, m);
    avx_set128(cpu, i->reg, r);
}

static NOINLINE void fma_sd(struct cpu *cpu, const struct insn *i, uint64_t a,
                            uint64_t b, uint64_t c, unsigned negate)
{
    uint32_t m = sse_begin(cpu);
    union xmm r = XMM(i->reg);

    r.q[0] = float64_muladd(a, b, c, negate, &m);
    sse_end(cpu, m);
    avx_set128(cpu, i->reg, r);
}

/* x * y + z of the operands above: op1, op2, op3. */
#define FMA_PACKED(name, suffix, x, y, z, even, odd)                           \
    AVX_DO(name, union vec)                                                    \
    {                                                                          \
        union vec op1 = cpu->vec[i->reg], op2 = avx_source(cpu, i), op3 = b;   \
        struct fma_operands o = {x, y, z};                                     \
        fma_##suffix(cpu, i, &o, even, odd);                                   \
    }                                                                          \
    AVX_FORMS(name)

#define FMA_SCALAR(name, suffix, width, lane, x, y, z, negate)                 \
    AVX_DO(name, uint##width##_t)                                              \
    {                                                                          \
        uint##width##_t op1 = XMM(i->reg).lane;                                \
        uint##width##_t op2 = XMM(insn_vvvv(i)).lane, op3 = b;                 \
        fma_##suffix(cpu, i, x, y, z, negate);                                 \
    }                                                                          \
    AVX_FORMS_OF(name, XMM(i->rm).lane, simd_load##width(cpu, i))

/* Which NaN wins follows from the order of x, y and z. */
#define FMA_PACKED_ORDERS(name, opcode, even, odd)                             \
    FMA_PACKED(v##name##132ps, ps, op1, op3, op2, even, odd)                   \
    FMA_PACKED(v##name##213ps, ps, op2, op1, op3, even, odd)                   \
    FMA_PACKED(v##name##231ps, ps, op2, op3, op1, even, odd)                   \
    FMA_PACKED(v##name##132pd, pd, op1, op3, op2, even, odd)                   \
    FMA_PACKED(v##name##213pd, pd, op2, op1, op3, even, odd)                   \
    FMA_PACKED(v##name##231pd, pd, op2, op3, op1, even, odd)

#define FMA_SCALAR_ORDERS(name, opcode, even, odd)                             \
    FMA_SCALAR(v##name##132ss, ss, 32, d[LANE32(0)], op1, op3, op2, even)      \
    FMA_SCALAR(v##name##213ss, ss, 32, d[LANE32(0)], op2, op1, op3, even)      \
    FMA_SCALAR(v##name##231ss, ss, 32, d[LANE32(0)], op2, op3, op1, even)      \
    FMA_SCALAR(v##name##132sd, sd, 64, q[0], op1, op3, op2, even)              \
    FMA_SCALAR(v##name##213sd, sd, 64, q[0], op2, op1, op3, even)              \
    FMA_SCALAR(v##name##231sd, sd, 64, q[0], op2, op3, op1, even)

FMA_OPS(FMA_PACKED_ORDERS)
FMA_MIXED_OPS(FMA_PACKED_ORDERS)
FMA_OPS(FMA_SCALAR_ORDERS)
