/*
 * 128-bit unsigned arithmetic for the floating-point code.
 *
 * The type is a plain struct of two halves, so that every host has it; only
 * the widening multiplication and the 128/64 division use the compiler's own
 * 128-bit type where there is one.
 */
#ifndef UMBRA_CPU_U128_H
#define UMBRA_CPU_U128_H

#include <stdbool.h>
#include <stdint.h>

struct u128 {
    uint64_t hi;
    uint64_t lo;
};

static inline struct u128 u128_of(uint64_t hi, uint64_t lo)
{
    return (struct u128){hi, lo};
}

static inline bool u128_is_zero(struct u128 a)
{
    return (a.hi | a.lo) == 0;
}

static inline bool u128_less(struct u128 a, struct u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static inline struct u128 u128_add(struct u128 a, struct u128 b)
{
    uint64_t lo = a.lo + b.lo;

    return u128_of(a.hi + b.hi + (lo < a.lo), lo);
}

static inline struct u128 u128_sub(struct u128 a, struct u128 b)
{
    return u128_of(a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo);
}

static inline struct u128 u128_neg(struct u128 a)
{
    return u128_sub(u128_of(0, 0), a);
}

/* Shifts by 0..127. */
static inline struct u128 u128_shl(struct u128 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    if (n >= 64) {
        return u128_of(a.lo << (n - 64), 0);
    }
    return u128_of(a.hi << n | a.lo >> (64 - n), a.lo << n);
}

static inline struct u128 u128_shr(struct u128 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    if (n >= 64) {
        return u128_of(0, a.hi >> (n - 64));
    }
    return u128_of(a.hi >> n, a.lo >> n | a.hi << (64 - n));
}

/* Any shift to the right; bits that fall out are kept as a set lowest bit. */
static inline struct u128 u128_shr_jam(struct u128 a, uint32_t n)
{
    struct u128 r;

    if (n == 0) {
        return a;
    }
    if (n < 64) {
        r = u128_of(a.hi >> n, a.lo >> n | a.hi << (64 - n));
        r.lo |= (a.lo << (64 - n)) != 0;
        return r;
    }
    if (n < 128) {
        r = u128_of(0, a.hi >> (n - 64));
        r.lo |= (a.lo | (n == 64 ? 0 : a.hi << (128 - n))) != 0;
        return r;
    }
    return u128_of(0, !u128_is_zero(a));
}

/* Leading zeros of a value that is not zero. */
static inline unsigned u64_clz(uint64_t a)
{
#ifdef __GNUC__
    return (unsigned)__builtin_clzll(a);
#else
    unsigned n = 0;

    for (unsigned step = 32; step != 0; step >>= 1) {
        if (a >> (64 - step) == 0) {
            n += step;
            a <<= step;
        }
    }
    return n;
#endif
}

static inline unsigned u128_clz(struct u128 a)
{
    return a.hi != 0 ? u64_clz(a.hi) : 64 + u64_clz(a.lo);
}

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 u128_host_t;

static inline struct u128 u64_mul_wide(uint64_t a, uint64_t b)
{
    u128_host_t r = (u128_host_t)a * b;

    return u128_of((uint64_t)(r >> 64), (uint64_t)r);
}

/* n / d with n.hi < d; the remainder goes to *rest. */
static inline uint64_t u128_div(struct u128 n, uint64_t d, uint64_t *rest)
{
    u128_host_t a = (u128_host_t)n.hi << 64 | n.lo;
    uint64_t q = (uint64_t)(a / d);

    *rest = n.lo - q * d;
    return q;
}

#else

static inline struct u128 u64_mul_wide(uint64_t a, uint64_t b)
{
    uint64_t al = (uint32_t)a, ah = a >> 32;
    uint64_t bl = (uint32_t)b, bh = b >> 32;
    uint64_t low = al * bl;
    uint64_t mid1 = ah * bl + (low >> 32);
    uint64_t mid2 = al * bh + (uint32_t)mid1;

    return u128_of(ah * bh + (mid1 >> 32) + (mid2 >> 32),
                   mid2 << 32 | (uint32_t)low);
}

/* One 32-bit digit of the quotient; d has its top bit set. */
static inline uint64_t u128_div_digit(struct u128 *n, uint64_t d)
{
    uint64_t q = n->hi / (d >> 32);
    uint64_t next = n->lo >> 32;
    struct u128 part;

    if (q > 0xffffffff) {
        q = 0xffffffff;
    }
    part = u64_mul_wide(q, d);
    while (u128_less(u128_of(n->hi >> 32, n->hi << 32 | next), part)) {
        q--;
        part = u128_sub(part, u128_of(0, d));
    }
    n->hi = (n->hi << 32 | next) - part.lo;
    n->lo <<= 32;
    return q;
}

/* n / d with n.hi < d; the remainder goes to *rest (schoolbook, base 2^32). */
static inline uint64_t u128_div(struct u128 n, uint64_t d, uint64_t *rest)
{
    unsigned shift = u64_clz(d);
    uint64_t q;

    n = u128_shl(n, shift);
    d <<= shift;
    q = u128_div_digit(&n, d) << 32;
    q |= u128_div_digit(&n, d);
    *rest = n.hi >> shift;
    return q;
}

#endif

/* The upper half of a 128 x 128 product, short by at most 3 in its last bit. */
static inline struct u128 u128_mul_high(struct u128 a, struct u128 b)
{
    struct u128 r = u64_mul_wide(a.hi, b.hi);
    struct u128 x = u64_mul_wide(a.hi, b.lo);
    struct u128 y = u64_mul_wide(a.lo, b.hi);

    r = u128_add(r, u128_of(0, x.hi));
    r = u128_add(r, u128_of(0, y.hi));
    return u128_add(r, u128_of(0, x.lo + y.lo < x.lo));
}

#endif
