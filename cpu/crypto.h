/* crypto.h - AES, SHA, carry-less and GF(2^8) arithmetic on one 128-bit lane;
 * legacy and VEX forms share them. As in sse4_lanes.h each pk_NAME leaves its
 * result in *a. */
#ifndef UMBRA_CPU_CRYPTO_H
#define UMBRA_CPU_CRYPTO_H

#include "cpu/simd.h"
#include "cpu/sse4_ops.h"

#define CRYPTO_OP(opcode, name, feature)                                       \
    void pk_##name(union xmm *a, const union xmm *b);
CRYPTO_OPS(CRYPTO_OP)
CRYPTO_ONE_OPS(CRYPTO_OP)
SHA_OPS(CRYPTO_OP)
#undef CRYPTO_OP

#define CRYPTO_OP(opcode, name, feature)                                       \
    void pk_##name(union xmm *a, const union xmm *b, unsigned imm);
CRYPTO_IMM_OPS(CRYPTO_OP)
CRYPTO_ONE_IMM_OPS(CRYPTO_OP)
#undef CRYPTO_OP

void pk_sha1rnds4(union xmm *a, const union xmm *b, unsigned imm);
/* `wk`: two sums of message and constant in the lower half. */
void pk_sha256rnds2(union xmm *a, const union xmm *b, const union xmm *wk);

#endif
