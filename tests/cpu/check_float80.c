/*
 * The 80-bit format against the host's x87, bit by bit with all flags, in
 * every precision and rounding, with masked and unmasked exceptions; on other
 * hosts against the digest of its answers. The transcendental functions may
 * be one unit in the last place away from the chip's.
 *
 * Alone: make tests/cpu/check_float80 && tests/cpu/check_float80
 */
#include "cpu/float80.h"
#include "tests/cpu/float_cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an instruction leaves: st(0), a second result, status, memory. */
struct outcome {
    struct float80 st[2];
    uint16_t status;
    uint8_t memory[16];
};

enum {
    C0 = 0x100,
    C1 = 0x200,
    C2 = 0x400,
    C3 = 0x4000,
    CODES = C0 | C1 | C2 | C3,
    ROUNDS = 30000,
};

#ifdef __x86_64__
#include "tests/cpu/oracle_x64_x87.h"
enum { HAVE_ORACLE = 1 };
#define ORACLE(name) oracle_##name
#else
enum { HAVE_ORACLE = 0 };
struct oracle_x87 {
    struct float80 st[2];
    uint16_t status;
    uint8_t memory[16];
};
#define ORACLE(name) NULL
#endif

typedef struct outcome ours_fn(struct float80 a, struct float80 b,
                               struct float80_env *env);
typedef struct oracle_x87 host_fn(struct float80 a, struct float80 b,
                                  uint16_t control);

struct x87_op {
    const char *name;
    ours_fn *ours;
    host_fn *host;
    uint16_t codes;  /* the condition codes that are defined */
    uint8_t results; /* registers to compare */
    uint8_t memory;  /* bytes to compare */
    uint64_t digest;
};

#define ARITHMETIC(name)                                                       \
    static struct outcome ours_f##name(struct float80 a, struct float80 b,     \
                                       struct float80_env *env)                \
    {                                                                          \
        return (struct outcome){.st = {float80_##name(a, b, env)}};            \
    }

ARITHMETIC(add)
ARITHMETIC(sub)
ARITHMETIC(mul)
ARITHMETIC(div)
ARITHMETIC(scale)

static struct outcome ours_fsqrt(struct float80 a, struct float80 b,
                                 struct float80_env *env)
{
    (void)b;
    return (struct outcome){.st = {float80_sqrt(a, env)}};
}

static struct outcome ours_frndint(struct float80 a, struct float80 b,
                                   struct float80_env *env)
{
    (void)b;
    return (struct outcome){.st = {float80_round_int(a, env)}};
}

static uint16_t relation_codes(enum fp_relation r)
{
    static const uint16_t codes[] = {C0, C3, 0, C0 | C2 | C3};

    return codes[r - FP_LESS];
}

static struct outcome ours_fcom(struct float80 a, struct float80 b,
                                struct float80_env *env)
{
    return (struct outcome){
        .status = relation_codes(float80_compare(a, b, true, env))};
}

static struct outcome ours_fucom(struct float80 a, struct float80 b,
                                 struct float80_env *env)
{
    return (struct outcome){
        .status = relation_codes(float80_compare(a, b, false, env))};
}

static struct outcome ours_fxam(struct float80 a, struct float80 b,
                                struct float80_env *env)
{
    unsigned class = float80_classify(a);

    (void)b;
    (void)env;
    return (struct outcome){
        .status = (uint16_t)((class & 1 ? C0 : 0) | (class & 2 ? C2 : 0) |
                             (class & 4 ? C3 : 0) | (a.se >> 15 ? C1 : 0))};
}

static struct outcome ours_fxtract(struct float80 a, struct float80 b,
                                   struct float80_env *env)
{
    struct outcome r = {.st = {a, a}};

    (void)b;
    r.st[1] = float80_extract(&r.st[0], env);
    return r;
}

static struct outcome rem(struct float80 a, struct float80 b, bool nearest,
                          struct float80_env *env)
{
    struct outcome r = {.status = 0};
    unsigned q;
    bool partial;

    r.st[0] = float80_rem(a, b, nearest, &q, &partial, env);
    r.status = (uint16_t)((q & 4 ? C0 : 0) | (q & 2 ? C3 : 0) |
                          (q & 1 ? C1 : 0) | (partial ? C2 : 0));
    return r;
}

static struct outcome ours_fprem(struct float80 a, struct float80 b,
                                 struct float80_env *env)
{
    return rem(a, b, false, env);
}

static struct outcome ours_fprem1(struct float80 a, struct float80 b,
                                  struct float80_env *env)
{
    return rem(a, b, true, env);
}

static void put(struct outcome *r, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        r->memory[i] = (uint8_t)(v >> 8 * i);
    }
}

#define STORE(name, bytes, expression)                                         \
    static struct outcome ours_##name(struct float80 a, struct float80 b,      \
                                      struct float80_env *env)                 \
    {                                                                          \
        struct outcome r = {.status = 0};                                      \
                                                                               \
        (void)b;                                                               \
        put(&r, (uint64_t)(expression), bytes);                                \
        return r;                                                              \
    }

STORE(fst32, 4, float80_to_float32(a, env))
STORE(fst64, 8, float80_to_float64(a, env))
STORE(fist16, 2, float80_to_int(a, 16, env))
STORE(fist32, 4, float80_to_int(a, 32, env))
STORE(fist64, 8, float80_to_int(a, 64, env))

static struct outcome ours_fbstp(struct float80 a, struct float80 b,
                                 struct float80_env *env)
{
    struct outcome r = {.status = 0};

    (void)b;
    float80_to_bcd(a, r.memory, env);
    return r;
}

#define OP(name, codes, results, memory, digest)                               \
    {                                                                          \
#name, ours_##name, ORACLE(name), codes, results, memory, digest       \
    }

static const struct x87_op ops[] = {
    OP(fadd, C1, 1, 0, 0xfbe49f72eb6f0583),
    OP(fsub, C1, 1, 0, 0x48eb610dd55028ea),
    OP(fmul, C1, 1, 0, 0x8f49f6ad3d6ef97b),
    OP(fdiv, C1, 1, 0, 0xf563b2dfadc1a8a3),
    OP(fsqrt, C1, 1, 0, 0x85fed7dc59076b7c),
    OP(fscale, C1, 1, 0, 0x02ed3792906b47e8),
    OP(frndint, C1, 1, 0, 0x0c76b34f31579182),
    OP(fxtract, C1, 2, 0, 0x6b46e6cab84bfbfd),
    OP(fcom, CODES, 0, 0, 0x4b84ba23502c2ee2),
    OP(fucom, CODES, 0, 0, 0xbd07dd18afa70820),
    OP(fxam, CODES, 0, 0, 0xc1b11a716d33d193),
    OP(fprem, CODES, 1, 0, 0x8d2c0ef915fbbfdd),
    OP(fprem1, CODES, 1, 0, 0xb00881e89f11f5b9),
    OP(fst32, C1, 0, 4, 0x3e1b4b069d4acf5a),
    OP(fst64, C1, 0, 8, 0xe2d5cc3ffc169b01),
    OP(fist16, C1, 0, 2, 0x815ea1cf7cf3f662),
    OP(fist32, C1, 0, 4, 0x08d9ae1edb2d7517),
    OP(fist64, C1, 0, 8, 0x8f99ab98f005352c),
    OP(fbstp, C1, 0, 10, 0xd0761833fa996346),
};

enum { OP_COUNT = sizeof(ops) / sizeof(ops[0]) };

/* Mostly masked; all precisions but the reserved one, all roundings. */
static uint16_t random_control(struct case_source *s)
{
    static const uint8_t precisions[4] = {0, 2, 3, 3};
    uint64_t r = case_random(s);
    unsigned masks = r & 1 ? FP_FLAGS : (unsigned)(r >> 1) & FP_FLAGS;

    return (uint16_t)(masks | (unsigned)precisions[r >> 8 & 3] << 8 |
                      (unsigned)(r >> 10 & 3) << 10 | 0x40);
}

static struct float80 random_float80(struct case_source *s, struct float80 near)
{
    struct float80 a;
    uint64_t r = case_random(s);

    a.mant = case_bits(s);
    a.se = (uint16_t)case_exp(s, 0x7fff, near.se & 0x7fffu);
    switch (r & 15) {
    case 0: /* near the range of float64, float32, the integers */
        a.se = (uint16_t)(0x3fff - 1080 + (r >> 8) % 200);
        break;
    case 1:
        a.se = (uint16_t)(0x3fff + 1000 + (r >> 8) % 40);
        break;
    case 2:
        a.se = (uint16_t)(0x3fff - 155 + (r >> 8) % 310);
        break;
    case 3:
    case 4:
        a.se = (uint16_t)(0x3fff - 4 + (r >> 8) % 72);
        break;
    default:
        break;
    }
    /* Encodings without the integer bit are for denormals, mostly. */
    if (a.se != 0 && r >> 16 & 15) {
        a.mant |= (uint64_t)1 << 63;
    }
    a.se |= (uint16_t)(r >> 32 & 0x8000);
    return a;
}

static uint16_t status_of(const struct x87_op *op, const struct outcome *ours,
                          const struct float80_env *env)
{
    uint16_t s = (uint16_t)(ours->status | env->flags);

    if (op->codes == C1 && env->up) {
        s |= C1;
    }
    return s;
}

static void report(const struct x87_op *op, struct float80 a, struct float80 b,
                   uint16_t control, const struct outcome *ours,
                   uint16_t status, const struct oracle_x87 *host)
{
    char text[700];
    int n;

    n = snprintf(text, sizeof(text),
                 "%s a=%04x:%016llx b=%04x:%016llx cw=%04x\n ours %04x "
                 "%04x:%016llx %04x:%016llx ",
                 op->name, a.se, (unsigned long long)a.mant, b.se,
                 (unsigned long long)b.mant, control, status, ours->st[0].se,
                 (unsigned long long)ours->st[0].mant, ours->st[1].se,
                 (unsigned long long)ours->st[1].mant);
    for (unsigned i = 0; i < op->memory; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%02x",
                      ours->memory[i]);
    }
    n += snprintf(text + n, sizeof(text) - (size_t)n,
                  "\n host %04x %04x:%016llx %04x:%016llx ", host->status,
                  host->st[0].se, (unsigned long long)host->st[0].mant,
                  host->st[1].se, (unsigned long long)host->st[1].mant);
    for (unsigned i = 0; i < op->memory; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%02x",
                      host->memory[i]);
    }
    ck_abort_msg("%s", text);
}

static bool same(struct float80 a, struct float80 b)
{
    return a.mant == b.mant && a.se == b.se;
}

static void compare_with_host(const struct x87_op *op, struct float80 a,
                              struct float80 b, uint16_t control,
                              const struct outcome *ours, uint16_t status)
{
    struct oracle_x87 host = op->host(a, b, control);
    uint16_t mask = FP_FLAGS | op->codes;
    unsigned bad = status & ~control & FP_BEFORE;
    bool equal = (host.status & mask) == (status & mask);

    if (bad && op->results + op->memory != 0) {
        /* Not calculated: only the flags count. */
        mask = FP_FLAGS;
        equal = (host.status & mask) == (status & mask);
    } else if (!bad) {
        for (unsigned i = 0; i < op->results; i++) {
            equal = equal && same(ours->st[i], host.st[i]);
        }
        if (!(status & ~control & (FP_OE | FP_UE))) {
            equal = equal && !memcmp(ours->memory, host.memory, op->memory);
        }
    }
    if (!equal) {
        report(op, a, b, control, ours, status, &host);
    }
}

static uint64_t run_op(const struct x87_op *op)
{
    struct case_source s = {op->codes};
    uint64_t digest = CASE_DIGEST_START;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint16_t control = random_control(&s);
        struct float80 a = random_float80(&s, (struct float80){0, 0x3fff});
        struct float80 b = random_float80(&s, a);
        struct float80_env env = float80_env_of(control);
        struct outcome ours = op->ours(a, b, &env);
        uint16_t status = status_of(op, &ours, &env);

        digest = case_digest(digest, status);
        for (unsigned n = 0; n < op->results; n++) {
            digest = case_digest(digest, ours.st[n].mant);
            digest = case_digest(digest, ours.st[n].se);
        }
        for (unsigned n = 0; n < op->memory; n++) {
            digest = case_digest(digest, ours.memory[n]);
        }
        if (HAVE_ORACLE) {
            compare_with_host(op, a, b, control, &ours, status);
        }
    }
    return digest;
}

START_TEST(operation_equals_hardware)
{
    const struct x87_op *op = &ops[_i];
    uint64_t digest = run_op(op);

    if (getenv("SHOW_DIGESTS")) {
        printf("    OP(%s 0x%016llx\n", op->name, (unsigned long long)digest);
    } else {
        ck_assert_msg(digest == op->digest, "%s: digest %016llx", op->name,
                      (unsigned long long)digest);
    }
}
END_TEST

#ifdef __x86_64__
START_TEST(loads_equal_hardware)
{
    struct case_source s = {5};

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t f32 = case_float32(&s, 0);
        uint64_t f64 = case_float64(&s, 0);
        struct float80_env env = float80_env_of(FCW_RESET);
        struct oracle_x87 host = oracle_fld32(f32, 0);
        struct float80 a = float80_from_float32(f32, &env);

        ck_assert_msg(same(a, host.st[0]) &&
                          env.flags == (host.status & FP_FLAGS),
                      "float32 %x", f32);
        env = float80_env_of(FCW_RESET);
        host = oracle_fld64(f64, 0);
        a = float80_from_float64(f64, &env);
        ck_assert_msg(same(a, host.st[0]) &&
                          env.flags == (host.status & FP_FLAGS),
                      "float64 %llx", (unsigned long long)f64);
    }
}
END_TEST

START_TEST(bcd_load_equals_hardware)
{
    struct case_source s = {6};

    for (unsigned i = 0; i < 2000; i++) {
        uint8_t bcd[16] = {0};
        uint64_t words[2];
        struct oracle_x87 host;

        for (unsigned n = 0; n < 9; n++) {
            uint64_t r = case_random(&s);

            bcd[n] = r & 0x300 ? (uint8_t)(r % 10 | r / 16 % 10 << 4) : 0;
        }
        bcd[9] = (uint8_t)(case_random(&s) & 0x80);
        memcpy(words, bcd, 16);
        host = oracle_fbld(words[0], words[1]);
        ck_assert(same(float80_from_bcd(bcd), host.st[0]));
    }
}
END_TEST
#endif

/* ---- transcendental functions */

#define UNARY(name, call)                                                      \
    static struct outcome ours_##name(struct float80 a, struct float80 b,      \
                                      struct float80_env *env)                 \
    {                                                                          \
        struct outcome r = {.status = 0};                                      \
                                                                               \
        (void)b;                                                               \
        call;                                                                  \
        return r;                                                              \
    }

UNARY(f2xm1, r.st[0] = float80_f2xm1(a, env))
UNARY(fyl2x, r.st[0] = float80_fyl2x(a, b, env))
UNARY(fyl2xp1, r.st[0] = float80_fyl2xp1(a, b, env))
UNARY(fpatan, r.st[0] = float80_fpatan(a, b, env))
UNARY(fsin, float80_trig(a, &r.st[0], NULL, NULL, env))
UNARY(fcos, float80_trig(a, NULL, &r.st[0], NULL, env))
UNARY(fptan, float80_trig(a, NULL, NULL, &r.st[0], env))

struct curve {
    const char *name;
    ours_fn *ours;
    host_fn *host;
    uint8_t index;    /* of the result in the host's stack */
    int8_t low, high; /* exponents of the first operand */
    uint8_t flags;    /* exceptions that count */
    bool negative, second;
};

#define CURVE(name, ...)                                                       \
    {                                                                          \
#name, ours_##name, ORACLE(name), __VA_ARGS__                          \
    }

static const struct curve curves[] = {
    CURVE(f2xm1, 0, -70, -1, FP_FLAGS, true, false),
    CURVE(fyl2x, 0, -60, 60, FP_FLAGS, false, true),
    CURVE(fyl2x, 0, -1, 0, FP_FLAGS, false, true),
    CURVE(fyl2xp1, 0, -70, -3, FP_FLAGS, true, true),
    CURVE(fpatan, 0, -60, 60, FP_FLAGS, true, true),
    CURVE(fpatan, 0, -4, 4, FP_FLAGS, true, true),
    CURVE(fsin, 0, -70, -1, FP_FLAGS, true, false),
    CURVE(fcos, 0, -70, -1, FP_FLAGS, true, false),
    CURVE(fptan, 1, -70, -1, FP_FLAGS, true, false),
    CURVE(fsin, 0, 0, 3, FP_FLAGS, true, false),
    CURVE(fcos, 0, 0, 3, FP_FLAGS, true, false),
    CURVE(fptan, 1, 0, 3, FP_FLAGS, true, false),
};

enum { CURVE_COUNT = sizeof(curves) / sizeof(curves[0]) };

static struct float80 curve_operand(struct case_source *s, int low, int high,
                                    bool negative)
{
    struct float80 a;
    uint64_t r = case_random(s);

    a.mant = case_bits(s) | (uint64_t)1 << 63;
    a.se = (uint16_t)(0x3fff + low + (int)(r % (uint64_t)(high - low + 1)));
    a.se |= negative ? (uint16_t)(r >> 32 & 0x8000) : 0;
    return a;
}

/* Distance in units of the last place, over powers of two as well. */
static uint64_t distance(struct float80 a, struct float80 b)
{
    uint64_t d = a.mant > b.mant ? a.mant - b.mant : b.mant - a.mant;

    if ((a.se ^ b.se) >> 15) {
        return ~(uint64_t)0;
    }
    if (a.se == b.se) {
        return d;
    }
    if (a.se == b.se + 1) {
        return ((a.mant << 1) - b.mant);
    }
    return b.se == a.se + 1 ? (b.mant << 1) - a.mant : ~(uint64_t)0;
}

START_TEST(curve_is_near_hardware)
{
    const struct curve *c = &curves[_i];
    struct case_source s = {(uint64_t)_i};
    unsigned wrong = 0;

    for (unsigned i = 0; i < ROUNDS && HAVE_ORACLE; i++) {
        uint16_t control =
            (uint16_t)(FCW_RESET | (case_random(&s) & 3) << FCW_RC_SHIFT);
        struct float80 a = curve_operand(&s, c->low, c->high, c->negative);
        struct float80 b = curve_operand(&s, c->low, c->high, true);
        struct float80_env env = float80_env_of(control);
        struct outcome ours = c->ours(a, b, &env);
        struct oracle_x87 host = c->host(a, b, control);
        struct float80 other = host.st[c->index];

        ck_assert_msg(distance(ours.st[0], other) <= 1 &&
                          (env.flags & c->flags) == (host.status & c->flags),
                      "%s a=%04x:%016llx b=%04x:%016llx cw=%04x: %02x "
                      "%04x:%016llx; host %04x %04x:%016llx",
                      c->name, a.se, (unsigned long long)a.mant, b.se,
                      (unsigned long long)b.mant, control, env.flags,
                      ours.st[0].se, (unsigned long long)ours.st[0].mant,
                      host.status, other.se, (unsigned long long)other.mant);
        wrong += !same(ours.st[0], other);
    }
    if (getenv("SHOW_DIGESTS")) {
        printf("%s: %u of %u differ\n", c->name, wrong, (unsigned)ROUNDS);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpu/float80");
    TCase *tcase = tcase_create("float80");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, operation_equals_hardware, 0, OP_COUNT);
#ifdef __x86_64__
    tcase_add_test(tcase, loads_equal_hardware);
    tcase_add_test(tcase, bcd_load_equals_hardware);
#endif
    tcase_add_loop_test(tcase, curve_is_near_hardware, 0, CURVE_COUNT);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
