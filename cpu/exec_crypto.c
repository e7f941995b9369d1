/* exec_crypto.c - AES-NI, PCLMULQDQ, SHA, GFNI on XMM registers. The work is
 * in crypto.c. */
#include "cpu/crypto.h"

#define CRYPTO_OP(opcode, name, feature)                                       \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        union xmm b)                           \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        pk_##name(&a, &b);                                                     \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    CRYPTO_FORMS(name)

#define CRYPTO_IMM_OP(opcode, name, feature)                                   \
    static ALWAYS_INLINE void name##_do(struct cpu *cpu, const struct insn *i, \
                                        union xmm b)                           \
    {                                                                          \
        union xmm a = XMM(i->reg);                                             \
        pk_##name(&a, &b, (unsigned)i->imm & 0xff);                            \
        XMM(i->reg) = a;                                                       \
    }                                                                          \
    CRYPTO_FORMS(name)

#define CRYPTO_FORMS(name)                                                     \
    EXEC_BODY(sse_##name##_r)                                                  \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, XMM(i->rm));                                         \
    }                                                                          \
    EXEC_BODY(sse_##name##_m)                                                  \
    {                                                                          \
        need_sse(cpu);                                                         \
        name##_do(cpu, i, simd_load(cpu, i));                                  \
    }

CRYPTO_OPS(CRYPTO_OP)
CRYPTO_ONE_OPS(CRYPTO_OP)
SHA_OPS(CRYPTO_OP)
CRYPTO_IMM_OPS(CRYPTO_IMM_OP)
CRYPTO_ONE_IMM_OPS(CRYPTO_IMM_OP)
CRYPTO_IMM_OP(, sha1rnds4, )

static ALWAYS_INLINE void sha256rnds2_do(struct cpu *cpu, const struct insn *i,
                                         union xmm b)
{
    union xmm a = XMM(i->reg), wk = XMM(0);

    pk_sha256rnds2(&a, &b, &wk);
    XMM(i->reg) = a;
}

CRYPTO_FORMS(sha256rnds2)
