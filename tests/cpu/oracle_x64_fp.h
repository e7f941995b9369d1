/*
 * What an x86-64 host's own SSE and x87 units answer, for check_float*.c.
 * Only such a host includes this file.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_FP_H
#define UMBRA_TESTS_ORACLE_X64_FP_H

#include <stdint.h>
#include <string.h>

#define ORACLE_SSE2(name, type, operand, text)                                 \
    static inline type oracle_##name(type a, type b, uint32_t *mxcsr)          \
    {                                                                          \
        uint32_t host = 0x1f80;                                                \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" text "\n\t"                          \
                         "stmxcsr %1\n\tldmxcsr %3"                            \
                         : "+x"(a), "+m"(*mxcsr)                               \
                         : "x"(b), "m"(host));                                 \
        return a;                                                              \
    }

#define ORACLE_BOTH(name)                                                      \
    ORACLE_SSE2(name##32, float, "x", #name "ss %2, %0")                       \
    ORACLE_SSE2(name##64, double, "x", #name "sd %2, %0")

ORACLE_BOTH(add)
ORACLE_BOTH(sub)
ORACLE_BOTH(mul)
ORACLE_BOTH(div)
ORACLE_BOTH(min)
ORACLE_BOTH(max)
ORACLE_BOTH(sqrt)

/* Converts or compares: an operand in a register, an integer back. */
#define ORACLE_TO(name, from, to, constraint, text)                            \
    static inline to oracle_##name(from a, from b, uint32_t *mxcsr)            \
    {                                                                          \
        uint32_t host = 0x1f80;                                                \
        to r;                                                                  \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" text "\n\t"                          \
                         "stmxcsr %1\n\tldmxcsr %4"                            \
                         : "=&" constraint(r), "+m"(*mxcsr)                    \
                         : "x"(a), "x"(b), "m"(host)                           \
                         : "cc");                                              \
        return r;                                                              \
    }

#define ORACLE_COMPARE(name, from, text)                                       \
    static inline uint32_t oracle_##name(from a, from b, uint32_t *mxcsr)      \
    {                                                                          \
        uint32_t host = 0x1f80, r;                                             \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" text " %3, %2\n\tlahf\n\t"           \
                         "stmxcsr %1\n\tldmxcsr %4"                            \
                         : "=&a"(r), "+m"(*mxcsr)                              \
                         : "x"(a), "x"(b), "m"(host)                           \
                         : "cc");                                              \
        return r >> 8 & 0x45;                                                  \
    }

ORACLE_COMPARE(comi32, float, "comiss")
ORACLE_COMPARE(ucomi32, float, "ucomiss")
ORACLE_COMPARE(comi64, double, "comisd")
ORACLE_COMPARE(ucomi64, double, "ucomisd")
ORACLE_TO(cvt_f32_i32, float, int32_t, "r", "cvtss2si %2, %k0")
ORACLE_TO(cvt_f32_i64, float, int64_t, "r", "cvtss2si %2, %q0")
ORACLE_TO(cvtt_f32_i32, float, int32_t, "r", "cvttss2si %2, %k0")
ORACLE_TO(cvtt_f32_i64, float, int64_t, "r", "cvttss2si %2, %q0")
ORACLE_TO(cvt_f64_i32, double, int32_t, "r", "cvtsd2si %2, %k0")
ORACLE_TO(cvt_f64_i64, double, int64_t, "r", "cvtsd2si %2, %q0")
ORACLE_TO(cvtt_f64_i32, double, int32_t, "r", "cvttsd2si %2, %k0")
ORACLE_TO(cvtt_f64_i64, double, int64_t, "r", "cvttsd2si %2, %q0")
ORACLE_TO(cvt_f32_f64, float, double, "x", "cvtss2sd %2, %0")
ORACLE_TO(cvt_f64_f32, double, float, "x", "cvtsd2ss %2, %0")

#define ORACLE_FROM(name, from, to, text)                                      \
    static inline to oracle_##name(from a, uint32_t *mxcsr)                    \
    {                                                                          \
        uint32_t host = 0x1f80;                                                \
        to r = 0;                                                              \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" text "\n\t"                          \
                         "stmxcsr %1\n\tldmxcsr %3"                            \
                         : "+x"(r), "+m"(*mxcsr)                               \
                         : "r"(a), "m"(host));                                 \
        return r;                                                              \
    }

ORACLE_FROM(cvt_i32_f32, int32_t, float, "cvtsi2ss %k2, %0")
ORACLE_FROM(cvt_i64_f32, int64_t, float, "cvtsi2ss %q2, %0")
ORACLE_FROM(cvt_i32_f64, int32_t, double, "cvtsi2sd %k2, %0")
ORACLE_FROM(cvt_i64_f64, int64_t, double, "cvtsi2sd %q2, %0")

/* a * b + c; only where oracle_has_fma(). */
#define ORACLE_FMA(name, type, text)                                           \
    static inline type oracle_##name(type a, type b, type c, uint32_t *mxcsr)  \
    {                                                                          \
        uint32_t host = 0x1f80;                                                \
                                                                               \
        __asm__ volatile("ldmxcsr %1\n\t" text " %3, %2, %0\n\t"               \
                         "stmxcsr %1\n\tldmxcsr %4"                            \
                         : "+x"(b), "+m"(*mxcsr)                               \
                         : "x"(a), "x"(c), "m"(host));                         \
        return b;                                                              \
    }

ORACLE_FMA(fma32, float, "vfmadd213ss")
ORACLE_FMA(fma64, double, "vfmadd213sd")

static inline int oracle_has_fma(void)
{
    return __builtin_cpu_supports("fma");
}

#endif
