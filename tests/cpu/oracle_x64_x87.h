/*
 * What an x86-64 host's own x87 unit answers, for check_float80.c. Only such
 * a host includes this file.
 *
 * FNSAVE fetches the answer: it waits for nothing, so that results and flags
 * of exceptions that are not masked can be seen too.
 */
#ifndef UMBRA_TESTS_ORACLE_X64_X87_H
#define UMBRA_TESTS_ORACLE_X64_X87_H

#include "cpu/float80.h"

#include <stdint.h>
#include <string.h>

/* Register stack and status after an instruction; st[0] is the top. */
struct oracle_x87 {
    struct float80 st[2];
    uint16_t status;
    uint8_t memory[16]; /* what a store wrote */
};

struct oracle_x87_image {
    uint32_t control, status, tag, fip, fcs, fdp, fds;
    uint8_t reg[80];
} __attribute__((packed));

static inline void oracle_x87_put(uint8_t *bytes, struct float80 a)
{
    memcpy(bytes, &a.mant, 8);
    memcpy(bytes + 8, &a.se, 2);
}

static inline struct float80 oracle_x87_get(const uint8_t *bytes)
{
    struct float80 a = {0, 0};

    memcpy(&a.mant, bytes, 8);
    memcpy(&a.se, bytes + 8, 2);
    return a;
}

static inline void oracle_x87_result(struct oracle_x87 *r,
                                     const struct oracle_x87_image *image)
{
    r->status = (uint16_t)image->status;
    r->st[0] = oracle_x87_get(image->reg);
    r->st[1] = oracle_x87_get(image->reg + 10);
}

/* st(1) = b, st(0) = a, then one instruction. */
#define ORACLE_X87(name, text)                                                 \
    static inline struct oracle_x87 oracle_##name(                             \
        struct float80 a, struct float80 b, uint16_t control)                  \
    {                                                                          \
        struct oracle_x87_image image;                                         \
        struct oracle_x87 r = {0};                                             \
        uint8_t a_bytes[16], b_bytes[16];                                      \
                                                                               \
        oracle_x87_put(a_bytes, a);                                            \
        oracle_x87_put(b_bytes, b);                                            \
        __asm__ volatile(                                                      \
            "fninit\n\tfldt (%2)\n\tfldt (%1)\n\tfldcw %3\n\t" text            \
            "\n\tfnsave (%0)"                                                  \
            :                                                                  \
            : "r"(&image), "r"(a_bytes), "r"(b_bytes), "m"(control),           \
              "r"(r.memory)                                                    \
            : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",     \
              "st(6)", "st(7)");                                               \
        oracle_x87_result(&r, &image);                                         \
        return r;                                                              \
    }

ORACLE_X87(fadd, "fadd %%st(1), %%st")
ORACLE_X87(fsub, "fsub %%st(1), %%st")
ORACLE_X87(fmul, "fmul %%st(1), %%st")
ORACLE_X87(fdiv, "fdiv %%st(1), %%st")
ORACLE_X87(fsqrt, "fsqrt")
ORACLE_X87(fcom, "fcom %%st(1)")
ORACLE_X87(fucom, "fucom %%st(1)")
ORACLE_X87(frndint, "frndint")
ORACLE_X87(fscale, "fscale")
ORACLE_X87(fxtract, "fxtract")
ORACLE_X87(fprem, "fprem")
ORACLE_X87(fprem1, "fprem1")
ORACLE_X87(fxam, "fxam")
ORACLE_X87(fst32, "fsts (%4)")
ORACLE_X87(fst64, "fstl (%4)")
ORACLE_X87(fist16, "fists (%4)")
ORACLE_X87(fist32, "fistl (%4)")
ORACLE_X87(fist64, "fistpll (%4)")
ORACLE_X87(fbstp, "fbstp (%4)")
ORACLE_X87(f2xm1, "f2xm1")
ORACLE_X87(fyl2x, "fyl2x")
ORACLE_X87(fyl2xp1, "fyl2xp1")
ORACLE_X87(fptan, "fptan")
ORACLE_X87(fpatan, "fpatan")
ORACLE_X87(fsin, "fsin")
ORACLE_X87(fcos, "fcos")
ORACLE_X87(fsincos, "fsincos")

/* Loads from memory: the operand's bytes, then the register it became. */
#define ORACLE_X87_LOAD(name, text)                                            \
    static inline struct oracle_x87 oracle_##name(uint64_t bits,               \
                                                  uint64_t high)               \
    {                                                                          \
        struct oracle_x87_image image;                                         \
        struct oracle_x87 r = {0};                                             \
        uint64_t bytes[2] = {bits, high};                                      \
                                                                               \
        __asm__ volatile("fninit\n\t" text "\n\tfnsave (%0)"                   \
                         :                                                     \
                         : "r"(&image), "r"(bytes)                             \
                         : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", \
                           "st(5)", "st(6)", "st(7)");                         \
        oracle_x87_result(&r, &image);                                         \
        return r;                                                              \
    }

ORACLE_X87_LOAD(fld32, "flds (%1)")
ORACLE_X87_LOAD(fld64, "fldl (%1)")
ORACLE_X87_LOAD(fbld, "fbld (%1)")

#endif
