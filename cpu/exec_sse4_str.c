/* exec_sse4_str.c - the string comparisons of SSE4.2.
 *
 * SDM volume 2, 4.1 (imm8 control byte). The names IntRes1 and IntRes2 and
 * the order of the steps are the manual's; bits of imm8:
 *   0-1 elements: bytes, words, signed bytes, signed words
 *   2-3 how: any of, ranges, each, ordered (substring)
 *   4-5 polarity: plain, inverted, plain, inverted where b is valid
 *   6   index: of the highest bit; mask: one whole element for each bit */
#include "cpu/sse4_str.h"

#include "cpu/avx.h"
#include "cpu/flags.h"

enum { STR_ANY, STR_RANGES, STR_EACH, STR_ORDERED };

static unsigned elements(unsigned imm)
{
    return imm & 1 ? 8 : 16;
}

static int32_t element(const union xmm *a, unsigned n, unsigned imm)
{
    switch (imm & 3) {
    case 0:
        return a->b[LANE8(n)];
    case 1:
        return a->w[LANE16(n)];
    case 2:
        return (int8_t)a->b[LANE8(n)];
    default:
        return (int16_t)a->w[LANE16(n)];
    }
}

static bool is_any_of(const union xmm *a, unsigned la, int32_t v, unsigned imm)
{
    for (unsigned n = 0; n < la; n++)
        if (element(a, n, imm) == v)
            return true;
    return false;
}

/* Pairs of bounds; a bound without its partner counts for nothing. */
static bool is_in_ranges(const union xmm *a, unsigned la, int32_t v,
                         unsigned imm)
{
    for (unsigned n = 0; n + 1 < la; n += 2)
        if (v >= element(a, n, imm) && v <= element(a, n + 1, imm))
            return true;
    return false;
}

/* Does a stand in b at element `at`, as far as b's register reaches? */
static bool stands_at(const union xmm *a, unsigned la, const union xmm *b,
                      unsigned lb, unsigned at, unsigned imm)
{
    for (unsigned n = 0; n < la && at + n < elements(imm); n++)
        if (at + n >= lb || element(a, n, imm) != element(b, at + n, imm))
            return false;
    return true;
}

static bool matches(const union xmm *a, unsigned la, const union xmm *b,
                    unsigned lb, unsigned n, unsigned imm)
{
    switch (imm >> 2 & 3) {
    case STR_ANY:
        return n < lb && is_any_of(a, la, element(b, n, imm), imm);
    case STR_RANGES:
        return n < lb && is_in_ranges(a, la, element(b, n, imm), imm);
    case STR_EACH:
        if (n >= la || n >= lb)
            return n >= la && n >= lb;
        return element(a, n, imm) == element(b, n, imm);
    default:
        return stands_at(a, la, b, lb, n, imm);
    }
}

unsigned str_compare(const union xmm *a, unsigned la, const union xmm *b,
                     unsigned lb, unsigned imm)
{
    unsigned count = elements(imm), res = 0;

    for (unsigned n = 0; n < count; n++)
        res |= (unsigned)matches(a, la, b, lb, n, imm) << n;
    switch (imm >> 4 & 3) {
    case 1:
        return res ^ ((1u << count) - 1);
    case 3:
        return res ^ ((1u << lb) - 1);
    default:
        return res;
    }
}

unsigned str_implicit_length(const union xmm *a, unsigned imm)
{
    unsigned n = 0;

    while (n < elements(imm) && element(a, n, imm) != 0)
        n++;
    return n;
}

unsigned str_explicit_length(int64_t v, unsigned imm)
{
    uint64_t length = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    return length > elements(imm) ? elements(imm) : (unsigned)length;
}

void str_set_flags(struct cpu *cpu, unsigned res, unsigned la, unsigned lb,
                   unsigned imm)
{
    flags_put(cpu, (res != 0 ? FL_C : 0) | (lb < elements(imm) ? FL_Z : 0) |
                       (la < elements(imm) ? FL_S : 0) | (res & 1 ? FL_O : 0));
}

unsigned str_index(unsigned res, unsigned imm)
{
    if (res == 0)
        return elements(imm);
    return imm & 0x40 ? 31 - (unsigned)__builtin_clz(res)
                      : (unsigned)__builtin_ctz(res);
}

union xmm str_mask(unsigned res, unsigned imm)
{
    union xmm r = {.q = {res, 0}};

    if (!(imm & 0x40))
        return r;
    for (unsigned n = 0; n < 16; n++)
        r.b[LANE8(n)] = res >> (imm & 1 ? n / 2 : n) & 1 ? 0xff : 0;
    return r;
}

/* ---- instructions. The memory operand need not be aligned. */

struct str_operands {
    union xmm b;
    unsigned la, lb;
};

static void implicit_lengths(struct cpu *cpu, const struct insn *i,
                             struct str_operands *s)
{
    s->la = str_implicit_length(&XMM(i->reg), (unsigned)i->imm);
    s->lb = str_implicit_length(&s->b, (unsigned)i->imm);
}

static void explicit_lengths(struct cpu *cpu, const struct insn *i,
                             struct str_operands *s)
{
    bool wide = (i->flags & IF_REXW) && cpu_code64(cpu);
    int64_t a = wide ? (int64_t)R64(RAX) : (int32_t)R32(RAX);
    int64_t b = wide ? (int64_t)R64(RDX) : (int32_t)R32(RDX);

    s->la = str_explicit_length(a, (unsigned)i->imm);
    s->lb = str_explicit_length(b, (unsigned)i->imm);
}

static unsigned compare_operands(struct cpu *cpu, const struct insn *i,
                                 const struct str_operands *s)
{
    unsigned res =
        str_compare(&XMM(i->reg), s->la, &s->b, s->lb, (unsigned)i->imm);

    str_set_flags(cpu, res, s->la, s->lb, (unsigned)i->imm);
    return res;
}

#define STR_INDEX set_r32(cpu, RCX, str_index(res, (unsigned)i->imm))
#define STR_MASK  XMM(0) = str_mask(res, (unsigned)i->imm)
#define STR_WIDE  avx_set128(cpu, 0, str_mask(res, (unsigned)i->imm))

#define STR_OP(name, need, lengths, result)                                    \
    static NOINLINE void name##_do(struct cpu *cpu, const struct insn *i,      \
                                   union xmm b)                                \
    {                                                                          \
        struct str_operands s = {.b = b};                                      \
        unsigned res;                                                          \
        lengths(cpu, i, &s);                                                   \
        res = compare_operands(cpu, i, &s);                                    \
        result;                                                                \
    }                                                                          \
    EXEC_BODY(name##_r)                                                        \
    {                                                                          \
        need(cpu);                                                             \
        name##_do(cpu, i, XMM(i->rm));                                         \
    }                                                                          \
    EXEC_BODY(name##_m)                                                        \
    {                                                                          \
        need(cpu);                                                             \
        name##_do(cpu, i, simd_load_any(cpu, i));                              \
    }

STR_OP(sse_pcmpestrm, need_sse, explicit_lengths, STR_MASK)
STR_OP(sse_pcmpestri, need_sse, explicit_lengths, STR_INDEX)
STR_OP(sse_pcmpistrm, need_sse, implicit_lengths, STR_MASK)
STR_OP(sse_pcmpistri, need_sse, implicit_lengths, STR_INDEX)
STR_OP(vpcmpestrm, need_avx, explicit_lengths, STR_WIDE)
STR_OP(vpcmpestri, need_avx, explicit_lengths, STR_INDEX)
STR_OP(vpcmpistrm, need_avx, implicit_lengths, STR_WIDE)
STR_OP(vpcmpistri, need_avx, implicit_lengths, STR_INDEX)
