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
#include "tests/suite.h"

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
                 op->name, (unsigned)a.se, (unsigned long long)a.mant,
                 (unsigned)b.se, (unsigned long long)b.mant, control, status,
                 (unsigned)ours->st[0].se, (unsigned long long)ours->st[0].mant,
                 (unsigned)ours->st[1].se,
                 (unsigned long long)ours->st[1].mant);
    for (unsigned i = 0; i < op->memory; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%02x",
                      ours->memory[i]);
    }
    n += snprintf(
        text + n, sizeof(text) - (size_t)n,
        "\n host %04x %04x:%016llx %04x:%016llx ", host->status,
        (unsigned)host->st[0].se, (unsigned long long)host->st[0].mant,
        (unsigned)host->st[1].se, (unsigned long long)host->st[1].mant);
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
                      c->name, (unsigned)a.se, (unsigned long long)a.mant,
                      (unsigned)b.se, (unsigned long long)b.mant, control,
                      env.flags, (unsigned)ours.st[0].se,
                      (unsigned long long)ours.st[0].mant, host.status,
                      (unsigned)other.se, (unsigned long long)other.mant);
        wrong += !same(ours.st[0], other);
    }
    if (getenv("SHOW_DIGESTS")) {
        printf("%s: %u of %u differ\n", c->name, wrong, (unsigned)ROUNDS);
    }
}
END_TEST

/* ---- against exact values, on every host */

/*
 * f(a, b) rounded to nearest, calculated with 120 decimal digits; sines with
 * arguments reduced by the 66-bit pi.
 */
static const struct {
    ours_fn *f;
    struct float80 a, b, result;
} exact_values[] = {
    {ours_fsin,
     {0xc90fdaa22168c235, 0x4000},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0xbfbf}},
    {ours_fcos,
     {0xc90fdaa22168c235, 0x4000},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0xbfff}},
    {ours_fptan,
     {0xc90fdaa22168c235, 0x4000},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0x3fbf}},
    {ours_fsin,
     {0xc90fdaa22168c235, 0x3fff},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0x3fff}},
    {ours_fcos,
     {0xc90fdaa22168c235, 0x3fff},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0xbfbe}},
    {ours_fptan,
     {0xc90fdaa22168c235, 0x3fff},
     {0x0000000000000000, 0x0000},
     {0x8000000000000000, 0xc040}},
    {ours_fsin,
     {0xd23f0824128b2f33, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xe382dabd18ab9ac8, 0xbffe}},
    {ours_fcos,
     {0xd23f0824128b2f33, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xeabb2bb8f810677a, 0xbffd}},
    {ours_fptan,
     {0xd23f0824128b2f33, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xf820356cb9a57374, 0x3fff}},
    {ours_fsin,
     {0xdd9dc9f81818e811, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0xd9fd8cd9ffc680cd, 0x3ffd}},
    {ours_fcos,
     {0xdd9dc9f81818e811, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0xe7a342fe80c2c5d7, 0xbffe}},
    {ours_fptan,
     {0xdd9dc9f81818e811, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0xf0ead74d6b449afc, 0xbffd}},
    {ours_fsin,
     {0xe8e25d940ed90475, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xb14fc95cc4585270, 0x3ffe}},
    {ours_fcos,
     {0xe8e25d940ed90475, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xb8a70f12e3b3307b, 0xbffe}},
    {ours_fptan,
     {0xe8e25d940ed90475, 0x4027},
     {0x0000000000000000, 0x0000},
     {0xf5d299be99ccce50, 0xbffe}},
    {ours_fsin,
     {0x899950d836f675cc, 0xbffe},
     {0x0000000000000000, 0x0000},
     {0x83118a42ebfe66a0, 0xbffe}},
    {ours_fcos,
     {0x899950d836f675cc, 0xbffe},
     {0x0000000000000000, 0x0000},
     {0xdbe7007f63f3fc3b, 0x3ffe}},
    {ours_fptan,
     {0x899950d836f675cc, 0xbffe},
     {0x0000000000000000, 0x0000},
     {0x98957503faf3f0e4, 0xbffe}},
    {ours_fsin,
     {0xeb0d549b6f03675a, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0xcb63e3cae1b1c8fe, 0x3ffe}},
    {ours_fcos,
     {0xeb0d549b6f03675a, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0x9b7644a444396191, 0x3ffe}},
    {ours_fptan,
     {0xeb0d549b6f03675a, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0xa77638fb91fb9a1a, 0x3fff}},
    {ours_fsin,
     {0x9738f7d93d9c1724, 0xc027},
     {0x0000000000000000, 0x0000},
     {0x83c60666a4cfa4e6, 0xbffe}},
    {ours_fcos,
     {0x9738f7d93d9c1724, 0xc027},
     {0x0000000000000000, 0x0000},
     {0xdb7b08d92891201f, 0xbffe}},
    {ours_fptan,
     {0x9738f7d93d9c1724, 0xc027},
     {0x0000000000000000, 0x0000},
     {0x99b3084372986477, 0x3ffe}},
    {ours_fsin,
     {0x8f21ddb66cad4a26, 0x403c},
     {0x0000000000000000, 0x0000},
     {0xc78c07d10e7e6849, 0xbffe}},
    {ours_fcos,
     {0x8f21ddb66cad4a26, 0x403c},
     {0x0000000000000000, 0x0000},
     {0xa05d7dafe5a6bca9, 0xbffe}},
    {ours_fptan,
     {0x8f21ddb66cad4a26, 0x403c},
     {0x0000000000000000, 0x0000},
     {0x9f46285b7a599bc0, 0x3fff}},
    {ours_fsin,
     {0xf28c105d1fb17c23, 0xc000},
     {0x0000000000000000, 0x0000},
     {0x9a8fd83423ca0688, 0x3ffe}},
    {ours_fcos,
     {0xf28c105d1fb17c23, 0xc000},
     {0x0000000000000000, 0x0000},
     {0xcc1335b7d78d5c57, 0xbffe}},
    {ours_fptan,
     {0xf28c105d1fb17c23, 0xc000},
     {0x0000000000000000, 0x0000},
     {0xc1e3820cbc46ab98, 0xbffe}},
    {ours_fsin,
     {0xa09f76b5a170b338, 0x403c},
     {0x0000000000000000, 0x0000},
     {0xadabc5c5857c9daf, 0xbffe}},
    {ours_fcos,
     {0xa09f76b5a170b338, 0x403c},
     {0x0000000000000000, 0x0000},
     {0xbc14af80e92a05a6, 0x3ffe}},
    {ours_fptan,
     {0xa09f76b5a170b338, 0x403c},
     {0x0000000000000000, 0x0000},
     {0xec62f5155ea3ae4d, 0xbffe}},
    {ours_fsin,
     {0x8fd630f1f29d0da9, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0xf3f9c05a568cd864, 0xbffd}},
    {ours_fcos,
     {0x8fd630f1f29d0da9, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0xe1110d2c9edd0257, 0xbffe}},
    {ours_fptan,
     {0x8fd630f1f29d0da9, 0xc03c},
     {0x0000000000000000, 0x0000},
     {0x8ac101631726598b, 0x3ffe}},
    {ours_f2xm1,
     {0xe58cda1495e60af5, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0xdc9d6f2e7f394b3b, 0x3ffe}},
    {ours_f2xm1,
     {0xb898d190f9ebdacc, 0xbffe},
     {0x0000000000000000, 0x0000},
     {0xc9662bcc325490ec, 0xbffd}},
    {ours_f2xm1,
     {0xdbc496cb8e81973e, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0xd0282464cc4f9365, 0x3ffe}},
    {ours_f2xm1,
     {0xeb4cb2424a23d596, 0xbffe},
     {0x0000000000000000, 0x0000},
     {0xf13de9d9687a4ce6, 0xbffd}},
    {ours_f2xm1,
     {0x9e27a1c08a6a63ec, 0x3ff9},
     {0x0000000000000000, 0x0000},
     {0xdcb9013a0b8a9de6, 0x3ff8}},
    {ours_f2xm1,
     {0x8f6d05584ef8aa38, 0xbfbd},
     {0x0000000000000000, 0x0000},
     {0xc6d499582648dcd0, 0xbfbc}},
    {ours_f2xm1,
     {0xae44158bae97ba94, 0x3ffe},
     {0x0000000000000000, 0x0000},
     {0x9a5ab5a973051750, 0x3ffe}},
    {ours_f2xm1,
     {0x923a736994e3bf91, 0xbfe1},
     {0x0000000000000000, 0x0000},
     {0xcab72b0726188846, 0xbfe0}},
    {ours_fyl2x,
     {0xffffffffffffffff, 0x3ffe},
     {0xb64ce4228c38fb29, 0x3ffc},
     {0x83807d2980334089, 0xbfbd}},
    {ours_fyl2x,
     {0x8000000000000001, 0x3fff},
     {0xae2eb1547f150524, 0x4003},
     {0xfb4ac56ec8eae262, 0x3fc4}},
    {ours_fyl2x,
     {0xc6f877186d76b07e, 0x43e7},
     {0x95e761d17731af10, 0x3fff},
     {0x927bcf2816d2c292, 0x4009}},
    {ours_fyl2x,
     {0xccbd87ad5c90a958, 0x4004},
     {0xae05319acb5c7427, 0x4003},
     {0xf701b370b313e45b, 0x4005}},
    {ours_fyl2x,
     {0xbe7d1bfbc7a2ea20, 0x3fff},
     {0xccdd2055930d6eaf, 0x4003},
     {0xeb01074a3edec9dd, 0x4002}},
    {ours_fyl2x,
     {0xe00902c77ebff206, 0x43e7},
     {0xf2e6cc3ababced20, 0x3fff},
     {0xed666ddd1abcd25e, 0x4009}},
    {ours_fyl2x,
     {0xfaecbd389be4bcfc, 0x3fff},
     {0x830e07bc1e398f10, 0x3fff},
     {0xfe899bffea738bb2, 0x3ffe}},
    {ours_fyl2x,
     {0xc1d3fcff2a3af4d4, 0x43e7},
     {0xeeeacbe226e87555, 0x3fff},
     {0xe9750ca2407a35d0, 0x4009}},
    {ours_fyl2x,
     {0x8a097c976bf46c69, 0x3fff},
     {0x8ede0d7ac3baea9e, 0x4003},
     {0xf8f58af0a103ca37, 0x3fff}},
    {ours_fyl2x,
     {0xe01f5057ca02135e, 0x43e7},
     {0xb1fee08f57124242, 0x3fff},
     {0xadf6dd6df5ec40f0, 0x4009}},
    {ours_fyl2xp1,
     {0xff26144b98289fcd, 0x3fd7},
     {0xf4c9df6acc011cdd, 0x3fff},
     {0xaffd8f48d0282019, 0x3fd9}},
    {ours_fyl2xp1,
     {0xd70820fe119a72d1, 0xbffc},
     {0xc51abd81f1d69ed6, 0x3fff},
     {0x860e1294987ed4a1, 0xbffe}},
    {ours_fyl2xp1,
     {0xb2715945795e8229, 0x3faf},
     {0x8f88080b10a3d6b2, 0x3fff},
     {0x90568039b1e44c02, 0x3fb0}},
    {ours_fyl2xp1,
     {0xb394fb36bb2d420f, 0xbff8},
     {0x93f448b3a5aa3c81, 0x3fff},
     {0x968fe73e64a029f6, 0xbff9}},
    {ours_fyl2xp1,
     {0xae658f33fe3b890b, 0x3ff7},
     {0xb774eb5248db40af, 0x3fff},
     {0xb3d38c4ed6fe8095, 0x3ff8}},
    {ours_fyl2xp1,
     {0xe315128862c33a4f, 0xbfaf},
     {0x85c6af0758d5563d, 0x3fff},
     {0xab32762482211535, 0xbfb0}},
    {ours_fpatan,
     {0xf631a992f0ce5835, 0x3ffe},
     {0x9c6539382b0537e6, 0x3fff},
     {0xe76b1bb7a79553aa, 0x3ffe}},
    {ours_fpatan,
     {0x8f17a3007e62aa0a, 0xc000},
     {0xc9952399c4aaeac1, 0x4000},
     {0x8c09d057a340376d, 0x4000}},
    {ours_fpatan,
     {0xbf63af83bd0561e6, 0x4002},
     {0xeab477d26415479c, 0xbff7},
     {0x9cf81a09f850e24d, 0xbff4}},
    {ours_fpatan,
     {0xaa96fb1a14a0f9e7, 0xc002},
     {0x8ca8181166d22876, 0xbffe},
     {0xc5c447b6909ee072, 0xc000}},
    {ours_fpatan,
     {0xa30d977ee2257159, 0x4002},
     {0x8cdb305fdd2e1609, 0x3ffe},
     {0xdcef7ad2d36dd8cf, 0x3ffa}},
    {ours_fpatan,
     {0xea50df4db4d66a3a, 0xbffe},
     {0xe25a7605aec6f024, 0x3ff7},
     {0xc89434c26641119b, 0x4000}},
    {ours_fpatan,
     {0xbb1287fff52ddf5d, 0x4000},
     {0xad1c9af0153e7c2a, 0xc000},
     {0xbf24f73355cbfc35, 0xbffe}},
    {ours_fpatan,
     {0xa8948c893b618676, 0xc000},
     {0xfc26847f0316909e, 0xc006},
     {0xca662645a85a2f25, 0xbfff}},
    {ours_fpatan,
     {0xc3435cc52eae05cf, 0x3ffe},
     {0xa54b0c4e010c4759, 0x3ff7},
     {0xd8b4649c53503046, 0x3ff7}},
    {ours_fpatan,
     {0xde8766ed88daf401, 0xc009},
     {0xd19088f590fbbd11, 0x4000},
     {0xc8f1b7e67415b94e, 0x4000}},
    {ours_fpatan,
     {0xdbf4a8b2b0c4312d, 0x4009},
     {0x9e1a8ef4f341e07a, 0xbfff},
     {0xb80325670422592e, 0xbff4}},
    {ours_fpatan,
     {0xe647cb8f74e69a5d, 0xc009},
     {0xe5e7e4236472f1a3, 0xbff7},
     {0xc90fcaa8cb41147a, 0xc000}},
};

START_TEST(curve_meets_exact_values)
{
    for (unsigned n = 0; n < sizeof(exact_values) / sizeof(exact_values[0]);
         n++) {
        struct float80_env env = float80_env_of(FCW_RESET);
        struct outcome r =
            exact_values[n].f(exact_values[n].a, exact_values[n].b, &env);

        ck_assert_msg(same(r.st[0], exact_values[n].result),
                      "case %u: %04x:%016llx, not %04x:%016llx", n,
                      (unsigned)r.st[0].se, (unsigned long long)r.st[0].mant,
                      (unsigned)exact_values[n].result.se,
                      (unsigned long long)exact_values[n].result.mant);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpu/float80");
    TCase *tcase = tcase_create("float80");

    tcase_add_loop_test(tcase, operation_equals_hardware, 0, OP_COUNT);
#ifdef __x86_64__
    tcase_add_test(tcase, loads_equal_hardware);
    tcase_add_test(tcase, bcd_load_equals_hardware);
#endif
    tcase_add_loop_test(tcase, curve_is_near_hardware, 0, CURVE_COUNT);
    tcase_add_test(tcase, curve_meets_exact_values);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
