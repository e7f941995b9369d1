/* exec_bit_tmpl.h - shifts, rotates, multiplication, division, bit tests of
 * one width (exec_bit.c). */
#include "cpu/exec_tmpl.h"

/* ---- shifts and rotates: `n` is masked already. A count of 0 changes no
 * flag. Flags the manual leaves undefined for counts above 1 follow the
 * formula for 1. */

static ALWAYS_INLINE T W_(do_shl)(struct cpu *cpu, T a, unsigned n)
{
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = n < W ? (T)(a << (n % W)) : 0;
    c = n <= W ? (a >> (W - n)) & 1 : 0;
    o = c ^ (r >> (W - 1));
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}

static ALWAYS_INLINE T W_(do_shr)(struct cpu *cpu, T a, unsigned n)
{
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = n < W ? (T)(a >> (n % W)) : 0;
    c = n <= W ? (a >> (n - 1)) & 1 : 0;
    o = n == 1 ? a >> (W - 1) : 0;
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}

static ALWAYS_INLINE T W_(do_sar)(struct cpu *cpu, T a, unsigned n)
{
    uint64_t c;
    T r;
    if (n == 0)
        return a;
    if (n >= W) {
        r = (T)((ST)a < 0 ? -1 : 0);
        c = r & 1;
    } else {
        r = (T)((ST)a >> n);
        c = (a >> (n - 1)) & 1;
    }
    flags_set(cpu, W, (ST)r, c << (W - 1) | c << (W - 2));
    return r;
}

static ALWAYS_INLINE T W_(do_rol)(struct cpu *cpu, T a, unsigned n)
{
    unsigned k = n % W;
    T r = k ? (T)(a << k | a >> (W - k)) : a;
    if (n)
        flags_set_co(cpu, r & 1, (r & 1) ^ r >> (W - 1));
    return r;
}

static ALWAYS_INLINE T W_(do_ror)(struct cpu *cpu, T a, unsigned n)
{
    unsigned k = n % W;
    T r = k ? (T)(a >> k | a << (W - k)) : a;
    if (n)
        flags_set_co(cpu, r >> (W - 1), (r >> (W - 1) ^ r >> (W - 2)) & 1);
    return r;
}

/* Through CF: W + 1 bits take part. */
static ALWAYS_INLINE T W_(do_rcl)(struct cpu *cpu, T a, unsigned n)
{
    T r = a;
    bool c = flag_c(cpu);
    n %= W + 1;
    if (n == 0)
        return a;
    for (unsigned k = 0; k < n; k++) {
        bool out = r >> (W - 1);
        r = (T)(r << 1 | c);
        c = out;
    }
    flags_set_co(cpu, c, c ^ r >> (W - 1));
    return r;
}

static ALWAYS_INLINE T W_(do_rcr)(struct cpu *cpu, T a, unsigned n)
{
    T r = a;
    bool c = flag_c(cpu);
    n %= W + 1;
    if (n == 0)
        return a;
    for (unsigned k = 0; k < n; k++) {
        bool out = r & 1;
        r = (T)(r >> 1 | (T)c << (W - 1));
        c = out;
    }
    flags_set_co(cpu, c, (r >> (W - 1) ^ r >> (W - 2)) & 1);
    return r;
}

#define COUNT_MASK (W == 64 ? 63 : 31)

#define SHIFT(op)                                                              \
    HANDLER(FN(op, _Ev_Ib, _Eb_Ib, r))                                         \
    {                                                                          \
        SETR(i->rm, W_(do_##op)(cpu, GETR(i->rm), i->imm & COUNT_MASK));       \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op, _Ev_Ib, _Eb_Ib, m),                                     \
                r = W_(do_##op)(cpu, a, i->imm & COUNT_MASK))                  \
    HANDLER(FN(op, _Ev_CL, _Eb_CL, r))                                         \
    {                                                                          \
        SETR(i->rm, W_(do_##op)(cpu, GETR(i->rm), R64(RCX) & COUNT_MASK));     \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op, _Ev_CL, _Eb_CL, m),                                     \
                r = W_(do_##op)(cpu, a, R64(RCX) & COUNT_MASK))

SHIFT(rol)
SHIFT(ror)
SHIFT(rcl)
SHIFT(rcr)
SHIFT(shl)
SHIFT(shr)
SHIFT(sar)
#undef SHIFT

/* ---- MUL, IMUL: SF and PF follow the low half, ZF too, AF is 0 */

static ALWAYS_INLINE void W_(flags_mul)(struct cpu *cpu, T low, bool over)
{
    flags_set(cpu, W, (ST)low, (uint64_t)over << (W - 1));
}

/* DIV, IDIV: #DE on overflow and by zero; flags are kept. */
#if W == 64
static ALWAYS_INLINE void mul_64(struct cpu *cpu, uint64_t b)
{
    struct u128 r = u64_mul_wide(R64(RAX), b);
    set_r64(cpu, RAX, r.lo);
    set_r64(cpu, RDX, r.hi);
    flags_mul_64(cpu, r.lo, r.hi != 0);
}

/* Signed high half from the unsigned one. */
static ALWAYS_INLINE uint64_t imul_high(uint64_t a, uint64_t b, uint64_t *low)
{
    struct u128 r = u64_mul_wide(a, b);
    *low = r.lo;
    return r.hi - ((int64_t)a < 0 ? b : 0) - ((int64_t)b < 0 ? a : 0);
}

static ALWAYS_INLINE void imul_64(struct cpu *cpu, uint64_t b)
{
    uint64_t low, high = imul_high(R64(RAX), b, &low);
    set_r64(cpu, RAX, low);
    set_r64(cpu, RDX, high);
    flags_mul_64(cpu, low, high != (uint64_t)((int64_t)low >> 63));
}

static ALWAYS_INLINE uint64_t imul2_64(struct cpu *cpu, uint64_t a, uint64_t b)
{
    uint64_t low, high = imul_high(a, b, &low);
    flags_mul_64(cpu, low, high != (uint64_t)((int64_t)low >> 63));
    return low;
}

static inline void div_64(struct cpu *cpu, uint64_t d)
{
    uint64_t rest, q;
    if (R64(RDX) >= d) /* covers d == 0 */
        cpu_raise(cpu, EX_DE);
    q = u128_div(u128_of(R64(RDX), R64(RAX)), d, &rest);
    set_r64(cpu, RAX, q);
    set_r64(cpu, RDX, rest);
}

static inline void idiv_64(struct cpu *cpu, uint64_t d)
{
    struct u128 n = u128_of(R64(RDX), R64(RAX));
    bool neg_n = (int64_t)n.hi < 0, neg_d = (int64_t)d < 0;
    uint64_t q, rest, max;
    if (neg_n)
        n = u128_neg(n);
    if (neg_d)
        d = 0 - d;
    if (n.hi >= d)
        cpu_raise(cpu, EX_DE);
    q = u128_div(n, d, &rest);
    max = neg_n != neg_d ? 1ull << 63 : (1ull << 63) - 1;
    if (q > max)
        cpu_raise(cpu, EX_DE);
    set_r64(cpu, RAX, neg_n != neg_d ? 0 - q : q);
    set_r64(cpu, RDX, neg_n ? 0 - rest : rest);
}
#else
#if W == 8
#define WT               uint16_t
#define SWT              int16_t
#define WIDE_GET()       R16(RAX)
#define WIDE_PUT(lo, hi) set_r16(cpu, RAX, (uint16_t)((hi) << 8 | (lo)))
#define ACC_GET()        R8(REG8(RAX, 0))
#elif W == 16
#define WT         uint32_t
#define SWT        int32_t
#define WIDE_GET() ((uint32_t)R16(RDX) << 16 | R16(RAX))
#define WIDE_PUT(lo, hi)                                                       \
    (set_r16(cpu, RAX, (uint16_t)(lo)), set_r16(cpu, RDX, (uint16_t)(hi)))
#define ACC_GET() R16(RAX)
#else
#define WT         uint64_t
#define SWT        int64_t
#define WIDE_GET() ((uint64_t)R32(RDX) << 32 | R32(RAX))
#define WIDE_PUT(lo, hi)                                                       \
    (set_r32(cpu, RAX, (uint32_t)(lo)), set_r32(cpu, RDX, (uint32_t)(hi)))
#define ACC_GET() R32(RAX)
#endif

static ALWAYS_INLINE void W_(mul)(struct cpu *cpu, T b)
{
    WT r = (WT)((WT)ACC_GET() * b);
    T low = (T)r, high = (T)(r >> W);
    WIDE_PUT(low, high);
    W_(flags_mul)(cpu, low, high != 0);
}

static ALWAYS_INLINE void W_(imul)(struct cpu *cpu, T b)
{
    SWT r = (SWT)((SWT)(ST)ACC_GET() * (ST)b);
    T low = (T)r, high = (T)((WT)r >> W);
    WIDE_PUT(low, high);
    W_(flags_mul)(cpu, low, r != (ST)low);
}

static ALWAYS_INLINE T W_(imul2)(struct cpu *cpu, T a, T b)
{
    int64_t r = (int64_t)(ST)a * (ST)b;
    W_(flags_mul)(cpu, (T)r, r != (ST)(T)r);
    return (T)r;
}

static inline void W_(div)(struct cpu *cpu, T d)
{
    WT n = WIDE_GET(), q;
    if (d == 0)
        cpu_raise(cpu, EX_DE);
    q = n / d;
    if (q > (T)-1)
        cpu_raise(cpu, EX_DE);
    WIDE_PUT(q, n % d);
}

static inline void W_(idiv)(struct cpu *cpu, T divisor)
{
    WT wide = WIDE_GET();
    int64_t n = (SWT)wide, d = (ST)divisor, q;
    if (d == 0 || (n == INT64_MIN && d == -1))
        cpu_raise(cpu, EX_DE);
    q = n / d;
    if (q != (ST)q)
        cpu_raise(cpu, EX_DE);
    WIDE_PUT((T)q, (T)(n % d));
}
#undef WT
#undef SWT
#undef WIDE_GET
#undef WIDE_PUT
#undef ACC_GET
#endif

#define ONE_OPERAND(op)                                                        \
    HANDLER(FN(op, _Ev, _Eb, r))                                               \
    {                                                                          \
        W_(op)(cpu, GETR(i->rm));                                              \
        NEXT;                                                                  \
    }                                                                          \
    HANDLER(FN(op, _Ev, _Eb, m))                                               \
    {                                                                          \
        W_(op)(cpu, LD(i->seg, mem_offset(cpu, i)));                           \
        NEXT;                                                                  \
    }
ONE_OPERAND(mul)
ONE_OPERAND(imul)
ONE_OPERAND(div)
ONE_OPERAND(idiv)
#undef ONE_OPERAND

#if W != 8
HANDLER(FN(imul_Gv_Ev, , , r))
{
    SETR(i->reg, W_(imul2)(cpu, GETR(i->reg), GETR(i->rm)));
    NEXT;
}

HANDLER(FN(imul_Gv_Ev, , , m))
{
    T b = LD(i->seg, mem_offset(cpu, i));
    SETR(i->reg, W_(imul2)(cpu, GETR(i->reg), b));
    NEXT;
}

HANDLER(FN(imul_Gv_Ev_Iz, , , r))
{
    SETR(i->reg, W_(imul2)(cpu, GETR(i->rm), (T)i->imm));
    NEXT;
}

HANDLER(FN(imul_Gv_Ev_Iz, , , m))
{
    T b = LD(i->seg, mem_offset(cpu, i));
    SETR(i->reg, W_(imul2)(cpu, b, (T)i->imm));
    NEXT;
}

/* ---- SHLD, SHRD: a shifted, b's bits come in. 16-bit counts above 16: the
 * result is undefined; a's own bits come in again, as on Intel. */
#if W == 16
static inline T W_(do_shld)(struct cpu *cpu, T a, T b, unsigned n)
{
    uint64_t x = (uint64_t)a << 32 | (uint32_t)b << 16 | a;
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = (T)(x >> (32 - n));
    c = x >> (48 - n) & 1;
    o = (r ^ a) >> 15 & 1;
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}

static inline T W_(do_shrd)(struct cpu *cpu, T a, T b, unsigned n)
{
    uint64_t x = (uint64_t)a << 32 | (uint32_t)b << 16 | a;
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = (T)(x >> n);
    c = x >> (n - 1) & 1;
    o = (r ^ a) >> 15 & 1;
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}
#else
static inline T W_(do_shld)(struct cpu *cpu, T a, T b, unsigned n)
{
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = a << n | b >> (W - n);
    c = a >> (W - n) & 1;
    o = (r ^ a) >> (W - 1);
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}

static inline T W_(do_shrd)(struct cpu *cpu, T a, T b, unsigned n)
{
    uint64_t c, o;
    T r;
    if (n == 0)
        return a;
    r = a >> n | b << (W - n);
    c = a >> (n - 1) & 1;
    o = (r ^ a) >> (W - 1);
    flags_set(cpu, W, (ST)r, c << (W - 1) | (c ^ o) << (W - 2));
    return r;
}
#endif

#define DOUBLE_SHIFT(op)                                                       \
    HANDLER(FN(op##_Ev_Gv_Ib, , , r))                                          \
    {                                                                          \
        SETR(i->rm, W_(do_##op)(cpu, GETR(i->rm), GETR(i->reg),                \
                                i->imm & COUNT_MASK));                         \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op##_Ev_Gv_Ib, , , m),                                      \
                r = W_(do_##op)(cpu, a, GETR(i->reg), i->imm & COUNT_MASK))    \
    HANDLER(FN(op##_Ev_Gv_CL, , , r))                                          \
    {                                                                          \
        SETR(i->rm, W_(do_##op)(cpu, GETR(i->rm), GETR(i->reg),                \
                                R64(RCX) & COUNT_MASK));                       \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op##_Ev_Gv_CL, , , m),                                      \
                r = W_(do_##op)(cpu, a, GETR(i->reg), R64(RCX) & COUNT_MASK))
DOUBLE_SHIFT(shld)
DOUBLE_SHIFT(shrd)
#undef DOUBLE_SHIFT

/* ---- BT, BTS, BTR, BTC: a register's bit offset reaches beyond the memory
 * operand, in both directions. */
#define BIT_KEEP(a, m)  (a)
#define BIT_SET(a, m)   ((T)((a) | (m)))
#define BIT_RESET(a, m) ((T)((a) & ~(m)))
#define BIT_FLIP(a, m)  ((T)((a) ^ (m)))

HANDLER(FN(bt_Ev_Gv, , , r))
{
    flags_set_c(cpu, GETR(i->rm) >> (GETR(i->reg) % W) & 1);
    NEXT;
}

HANDLER(FN(bt_Ev_Gv, , , m))
{
    ST n = (ST)GETR(i->reg);
    uint64_t at = (uint64_t)(int64_t)(n >> (W == 64 ? 6 : W == 32 ? 5 : 4));
    uint64_t off = mem_wrap(i, mem_offset(cpu, i) + at * (W / 8));
    T a = LD(i->seg, off);
    flags_set_c(cpu, a >> ((T)n % W) & 1);
    NEXT;
}

HANDLER(FN(bt_Ev_Ib, , , r))
{
    flags_set_c(cpu, GETR(i->rm) >> (i->imm % W) & 1);
    NEXT;
}

HANDLER(FN(bt_Ev_Ib, , , m))
{
    T a = LD(i->seg, mem_offset(cpu, i));
    flags_set_c(cpu, a >> (i->imm % W) & 1);
    NEXT;
}

#define BIT_OP(op, change)                                                     \
    HANDLER(FN(op##_Ev_Gv, , , r))                                             \
    {                                                                          \
        unsigned n = GETR(i->reg) % W;                                         \
        T a = GETR(i->rm), m = (T)((T)1 << n);                                 \
        SETR(i->rm, change(a, m));                                             \
        flags_set_c(cpu, a >> n & 1);                                          \
        NEXT;                                                                  \
    }                                                                          \
    HANDLER(FN(op##_Ev_Gv, , , m))                                             \
    {                                                                          \
        ST n = (ST)GETR(i->reg);                                               \
        uint64_t at = (uint64_t)(int64_t)(n >> (W == 64   ? 6                  \
                                                : W == 32 ? 5                  \
                                                          : 4));               \
        uint64_t off = mem_wrap(i, mem_offset(cpu, i) + at * (W / 8));         \
        uint8_t *p = mem_rmw(cpu, i->seg, off, W / 8);                         \
        T a = LOADP(p), m = (T)((T)1 << ((T)n % W));                           \
        STOREP(p, change(a, m));                                               \
        mem_rmw_end(cpu, i->seg, off, p, W / 8);                               \
        flags_set_c(cpu, (a & m) != 0);                                        \
        NEXT;                                                                  \
    }                                                                          \
    HANDLER(FN(op##_Ev_Ib, , , r))                                             \
    {                                                                          \
        T a = GETR(i->rm), m = (T)((T)1 << (i->imm % W));                      \
        SETR(i->rm, change(a, m));                                             \
        flags_set_c(cpu, (a & m) != 0);                                        \
        NEXT;                                                                  \
    }                                                                          \
    RMW_HANDLER(FN(op##_Ev_Ib, , , m), T m = (T)((T)1 << (i->imm % W));        \
                r = change(a, m); flags_set_c(cpu, (a & m) != 0))
BIT_OP(bts, BIT_SET)
BIT_OP(btr, BIT_RESET)
BIT_OP(btc, BIT_FLIP)
#undef BIT_OP
#undef BIT_KEEP
#undef BIT_SET
#undef BIT_RESET
#undef BIT_FLIP

/* ---- BSF, BSR: a zero source sets ZF and leaves the destination (also the
 * upper half of a 32-bit one); the undefined flags become 0. POPCNT. */
#define CTZ(v) (W == 64 ? __builtin_ctzll(v) : __builtin_ctz((unsigned)(v)))
#define TOP(v)                                                                 \
    (W == 64 ? 63 - __builtin_clzll(v) : 31 - __builtin_clz((unsigned)(v)))

static ALWAYS_INLINE void W_(bit_scan)(struct cpu *cpu, const struct insn *i,
                                       T v, bool reverse)
{
    flags_put(cpu, v == 0 ? FL_Z : 0);
    if (v != 0)
        SETR(i->reg, (T)(reverse ? TOP(v) : CTZ(v)));
}

HANDLER(FN(bsf_Gv_Ev, , , r))
{
    W_(bit_scan)(cpu, i, GETR(i->rm), false);
    NEXT;
}

HANDLER(FN(bsf_Gv_Ev, , , m))
{
    W_(bit_scan)(cpu, i, LD(i->seg, mem_offset(cpu, i)), false);
    NEXT;
}

HANDLER(FN(bsr_Gv_Ev, , , r))
{
    W_(bit_scan)(cpu, i, GETR(i->rm), true);
    NEXT;
}

HANDLER(FN(bsr_Gv_Ev, , , m))
{
    W_(bit_scan)(cpu, i, LD(i->seg, mem_offset(cpu, i)), true);
    NEXT;
}

static ALWAYS_INLINE void W_(popcnt)(struct cpu *cpu, const struct insn *i, T v)
{
    SETR(i->reg, (T)__builtin_popcountll(v));
    flags_put(cpu, v == 0 ? FL_Z : 0);
}

HANDLER(FN(popcnt_Gv_Ev, , , r))
{
    W_(popcnt)(cpu, i, GETR(i->rm));
    NEXT;
}

HANDLER(FN(popcnt_Gv_Ev, , , m))
{
    W_(popcnt)(cpu, i, LD(i->seg, mem_offset(cpu, i)));
    NEXT;
}
#undef CTZ
#undef TOP
#endif
#undef COUNT_MASK
#undef W
