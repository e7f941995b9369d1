/*
 * Single and double precision arithmetic against the host's SSE unit, bit by
 * bit with all flags; on other hosts against the digest of its answers.
 *
 * Alone: make tests/cpu/check_float && tests/cpu/check_float
 */
#include "cpu/softfloat.h"
#include "tests/cpu/float_cases.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __x86_64__
#include "tests/cpu/oracle_x64_fp.h"
enum { HAVE_ORACLE = 1 };
#define ORACLE(call) call
#else
enum { HAVE_ORACLE = 0 };
#define ORACLE(call) 0
#endif

enum { ROUNDS = 4000 };

/* One operation on two encodings; ours and the hardware's. */
struct float_op {
    const char *name;
    uint64_t (*ours)(uint64_t a, uint64_t b, uint32_t *mxcsr);
    uint64_t (*host)(uint64_t a, uint64_t b, uint32_t *mxcsr);
    unsigned width;
    uint64_t digest;
};

#define OURS(name, expression)                                                 \
    static uint64_t ours_##name(uint64_t a, uint64_t b, uint32_t *m)           \
    {                                                                          \
        (void)b;                                                               \
        return (expression);                                                   \
    }

#define HOST(name, expression)                                                 \
    static uint64_t host_##name(uint64_t a, uint64_t b, uint32_t *m)           \
    {                                                                          \
        (void)a;                                                               \
        (void)b;                                                               \
        (void)m;                                                               \
        return ORACLE((uint64_t)(expression));                                 \
    }

#define A32 float32_host((uint32_t)a)
#define B32 float32_host((uint32_t)b)
#define A64 float64_host(a)
#define B64 float64_host(b)

#define ARITHMETIC(name)                                                       \
    OURS(name##32, float32_##name((uint32_t)a, (uint32_t)b, m))                \
    OURS(name##64, float64_##name(a, b, m))                                    \
    HOST(name##32, float32_bits(oracle_##name##32(A32, B32, m)))               \
    HOST(name##64, float64_bits(oracle_##name##64(A64, B64, m)))

ARITHMETIC(add)
ARITHMETIC(sub)
ARITHMETIC(mul)
ARITHMETIC(div)
ARITHMETIC(min)
ARITHMETIC(max)

OURS(sqrt32, float32_sqrt((uint32_t)a, m))
OURS(sqrt64, float64_sqrt(a, m))
HOST(sqrt32, float32_bits(oracle_sqrt32(A32, A32, m)))
HOST(sqrt64, float64_bits(oracle_sqrt64(A64, A64, m)))

/* The relation as CF, PF, ZF show it. */
static uint64_t relation_flags(enum fp_relation r)
{
    static const uint8_t flags[] = {0x01, 0x40, 0x00, 0x45};

    return flags[r - FP_LESS];
}

#define COMPARE(name, width, signalling)                                       \
    OURS(name##width,                                                          \
         relation_flags(float##width##_compare(                                \
             (uint##width##_t)a, (uint##width##_t)b, signalling, m)))          \
    HOST(name##width, oracle_##name##width(A##width, B##width, m))

COMPARE(comi, 32, true)
COMPARE(ucomi, 32, false)
COMPARE(comi, 64, true)
COMPARE(ucomi, 64, false)

#define TO_INT(ft, it, width)                                                  \
    OURS(cvt_f##ft##_i##it,                                                    \
         (uint64_t)(int64_t) float##ft##_to_int##it((uint##ft##_t)a, m))       \
    HOST(cvt_f##ft##_i##it,                                                    \
         (int64_t)oracle_cvt_f##ft##_i##it(A##ft, A##ft, m))                   \
    OURS(cvtt_f##ft##_i##it,                                                   \
         (uint64_t)(int64_t) float##ft##_truncate_int##it((uint##ft##_t)a, m)) \
    HOST(cvtt_f##ft##_i##it,                                                   \
         (int64_t)oracle_cvtt_f##ft##_i##it(A##ft, A##ft, m))

TO_INT(32, 32, 32)
TO_INT(32, 64, 32)
TO_INT(64, 32, 64)
TO_INT(64, 64, 64)

#define FROM_INT(ft, it)                                                       \
    OURS(cvt_i##it##_f##ft, float##ft##_from_int##it((int##it##_t)a, m))       \
    HOST(cvt_i##it##_f##ft,                                                    \
         float##ft##_bits(oracle_cvt_i##it##_f##ft((int##it##_t)a, m)))

FROM_INT(32, 32)
FROM_INT(32, 64)
FROM_INT(64, 32)
FROM_INT(64, 64)

OURS(cvt_f32_f64, float32_to_float64((uint32_t)a, m))
OURS(cvt_f64_f32, float64_to_float32(a, m))
HOST(cvt_f32_f64, float64_bits(oracle_cvt_f32_f64(A32, A32, m)))
HOST(cvt_f64_f32, float32_bits(oracle_cvt_f64_f32(A64, A64, m)))

#define OP(name, width, digest)                                                \
    {                                                                          \
#name, ours_##name, host_##name, width, digest                         \
    }

static const struct float_op ops[] = {
    OP(add32, 32, 0x9275ef31f2f97559),
    OP(sub32, 32, 0x967e9b89cb91f5be),
    OP(mul32, 32, 0x6502ecdc87172e7a),
    OP(div32, 32, 0xdf21071a8faa1b86),
    OP(min32, 32, 0x962782c6c5585d02),
    OP(max32, 32, 0x5cfe53d266fb3516),
    OP(sqrt32, 32, 0xe8c62544ebdb1b9b),
    OP(comi32, 32, 0x048ba391fddbeaa5),
    OP(ucomi32, 32, 0xf6538bc11dcef50b),
    OP(add64, 64, 0xd545028ffce5f869),
    OP(sub64, 64, 0x38a3a508d48f22be),
    OP(mul64, 64, 0x06e8b3f00857fc18),
    OP(div64, 64, 0x2a8588842303b466),
    OP(min64, 64, 0x63b6635184d1e508),
    OP(max64, 64, 0x92947ddc67d92b9f),
    OP(sqrt64, 64, 0x1588cd804b3912c3),
    OP(comi64, 64, 0xb88623e7787580cb),
    OP(ucomi64, 64, 0xd241e7a696c8fe35),
    OP(cvt_f32_i32, 32, 0x53a02af646b5e606),
    OP(cvt_f32_i64, 32, 0x215677e81c014135),
    OP(cvt_f64_i32, 64, 0x4d9c45b7966168d0),
    OP(cvt_f64_i64, 64, 0x6840abf688f908ea),
    OP(cvtt_f32_i32, 32, 0x3355a8167f1eb696),
    OP(cvtt_f32_i64, 32, 0xe7541ac87f3fbb2b),
    OP(cvtt_f64_i32, 64, 0x7a8b38d3b91bf935),
    OP(cvtt_f64_i64, 64, 0xa5fe216e73d49afb),
    OP(cvt_i32_f32, 64, 0x7c4f8b28ee5ef775),
    OP(cvt_i64_f32, 64, 0x160993d68b062f2f),
    OP(cvt_i32_f64, 64, 0x9e4aaf3854660d02),
    OP(cvt_i64_f64, 64, 0x72c020175b14fb4a),
    OP(cvt_f32_f64, 32, 0xe9479eb5a5f6b468),
    OP(cvt_f64_f32, 64, 0xeea67402205096e6),
};

enum { OP_COUNT = sizeof(ops) / sizeof(ops[0]) };

/* All roundings, DAZ, FTZ, and PE set before (the fast path) or not. */
static uint32_t mode_mxcsr(unsigned mode)
{
    return MXCSR_RESET | (mode & 3) << MXCSR_RC_SHIFT |
           (mode & 4 ? MXCSR_DAZ : 0) | (mode & 8 ? MXCSR_FTZ : 0) |
           (mode & 16 ? FP_PE : 0);
}

enum { MODE_COUNT = 32 };

static uint64_t operand(struct case_source *s, unsigned width, uint64_t near)
{
    return width == 32 ? case_float32(s, (uint32_t)near)
                       : case_float64(s, near);
}

/* Returns the digest; reports the first difference from the hardware. */
static uint64_t run_op(const struct float_op *op)
{
    struct case_source s = {op->width};
    uint64_t digest = CASE_DIGEST_START;

    for (unsigned i = 0; i < ROUNDS * MODE_COUNT / 8; i++) {
        uint32_t mxcsr = mode_mxcsr((unsigned)(case_random(&s) % MODE_COUNT));
        uint64_t a = operand(&s, op->width, 0);
        uint64_t b = operand(&s, op->width, a);
        uint32_t ours_flags = mxcsr, host_flags = mxcsr;
        uint64_t ours = op->ours(a, b, &ours_flags);
        uint64_t host = op->host(a, b, &host_flags);

        digest = case_digest(digest, ours);
        digest = case_digest(digest, ours_flags);
        if (HAVE_ORACLE && (ours != host || ours_flags != host_flags)) {
            ck_abort_msg("%s(%llx, %llx) mxcsr %x: %llx, %x; host %llx, %x",
                         op->name, (unsigned long long)a, (unsigned long long)b,
                         mxcsr, (unsigned long long)ours, ours_flags,
                         (unsigned long long)host, host_flags);
        }
    }
    return digest;
}

START_TEST(operation_equals_hardware)
{
    const struct float_op *op = &ops[_i];
    uint64_t digest = run_op(op);

    if (getenv("SHOW_DIGESTS")) {
        printf("    OP(%s, %u, 0x%016llx),\n", op->name, op->width,
               (unsigned long long)digest);
    } else {
        ck_assert_msg(digest == op->digest, "%s: digest %016llx", op->name,
                      (unsigned long long)digest);
    }
}
END_TEST

#ifdef __x86_64__
/* Three operands, so not in the table above. */
START_TEST(fma_equals_hardware)
{
    struct case_source s = {3};

    for (unsigned i = 0; i < ROUNDS * 8 && oracle_has_fma(); i++) {
        uint32_t mxcsr = mode_mxcsr((unsigned)(case_random(&s) % MODE_COUNT));
        uint64_t a = case_float64(&s, 0x3ff0000000000000);
        uint64_t b = case_float64(&s, 0x3ff0000000000000);
        uint64_t c = case_float64(&s, a + b - 0x3ff0000000000000);
        uint32_t ours_flags = mxcsr, host_flags = mxcsr;
        uint64_t ours = float64_fma(a, b, c, &ours_flags);
        uint64_t host =
            float64_bits(oracle_fma64(A64, B64, float64_host(c), &host_flags));

        ck_assert_msg(ours == host && ours_flags == host_flags,
                      "fma64(%llx, %llx, %llx) %x: %llx %x; host %llx %x",
                      (unsigned long long)a, (unsigned long long)b,
                      (unsigned long long)c, mxcsr, (unsigned long long)ours,
                      ours_flags, (unsigned long long)host, host_flags);
    }
    for (unsigned i = 0; i < ROUNDS * 8 && oracle_has_fma(); i++) {
        uint32_t mxcsr = mode_mxcsr((unsigned)(case_random(&s) % MODE_COUNT));
        uint32_t a = case_float32(&s, 0x3f800000);
        uint32_t b = case_float32(&s, 0x3f800000);
        uint32_t c = case_float32(&s, a + b - 0x3f800000);
        uint32_t ours_flags = mxcsr, host_flags = mxcsr;
        uint32_t ours = float32_fma(a, b, c, &ours_flags);
        uint32_t host =
            float32_bits(oracle_fma32(A32, B32, float32_host(c), &host_flags));

        ck_assert_msg(ours == host && ours_flags == host_flags,
                      "fma32(%x, %x, %x) %x: %x %x; host %x %x", a, b, c, mxcsr,
                      ours, ours_flags, host, host_flags);
    }
}
END_TEST
#endif

/* What only an unmasked exception shows (SDM volume 1, 4.9.1, 11.5.2). */
START_TEST(unmasked_exceptions_show_their_flags)
{
    const uint32_t least = 0x00800000, half = 0x3f000000;
    uint32_t m;

    m = MXCSR_RESET;
    ck_assert_uint_eq(float32_mul(least, half, &m), 0x00400000);
    ck_assert_uint_eq(m, MXCSR_RESET);
    /* An exact tiny result raises UE when that is not masked. */
    m = MXCSR_RESET & ~(uint32_t)(FP_UE << MXCSR_MASKS_SHIFT);
    float32_mul(least, half, &m);
    ck_assert_uint_eq(m & FP_FLAGS, FP_UE);
    /* An unmasked DE stops the calculation before it is inexact. */
    m = MXCSR_RESET;
    float32_add(0x3f800000, 1, &m);
    ck_assert_uint_eq(m & FP_FLAGS, FP_DE | FP_PE);
    m = MXCSR_RESET & ~(uint32_t)(FP_DE << MXCSR_MASKS_SHIFT);
    float32_add(0x3f800000, 1, &m);
    ck_assert_uint_eq(m & FP_FLAGS, FP_DE);
}
END_TEST

START_TEST(round_int_follows_its_mode)
{
    static const struct {
        double in, out[4];
    } cases[] = {
        {2.5, {2, 2, 3, 2}},
        {-2.5, {-2, -3, -2, -2}},
        {0.5, {0, 0, 1, 0}},
        {-0.3, {-0.0, -1, -0.0, -0.0}},
        {1e300, {1e300, 1e300, 1e300, 1e300}},
        {4503599627370495.5,
         {4503599627370496, 4503599627370495, 4503599627370496,
          4503599627370495}},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned rc = 0; rc < 4; rc++) {
            uint64_t in = float64_bits(cases[i].in);
            uint32_t m = MXCSR_RESET, quiet = MXCSR_RESET;
            uint64_t out = float64_round_int(in, (enum fp_rc)rc, true, &m);

            ck_assert_uint_eq(out, float64_bits(cases[i].out[rc]));
            ck_assert_uint_eq(m & FP_FLAGS, in == out ? 0 : FP_PE);
            float64_round_int(in, (enum fp_rc)rc, false, &quiet);
            ck_assert_uint_eq(quiet, MXCSR_RESET);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpu/softfloat");
    TCase *tcase = tcase_create("float32, float64");

    tcase_add_loop_test(tcase, operation_equals_hardware, 0, OP_COUNT);
#ifdef __x86_64__
    tcase_add_test(tcase, fma_equals_hardware);
#endif
    tcase_add_test(tcase, unmasked_exceptions_show_their_flags);
    tcase_add_test(tcase, round_int_follows_its_mode);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
