/* sse4_ops.h - instructions on XMM registers of SSE4, AES, SHA and GFNI that
 * have the form xmm, xmm/m128: opcode map and byte, name, feature. Expanded
 * to rows (insn_ext.def) and to exec_ functions; the work on one 128-bit
 * lane is pk_NAME in sse4_lanes.h or crypto.h. */

/* pk_NAME(a, b); prefix 66. */
#define SSE4_OPS(X)                                                            \
    X(OP38(0x28), pmuldq, SSE41)                                               \
    X(OP38(0x29), pcmpeqq, SSE41)                                              \
    X(OP38(0x2b), packusdw, SSE41)                                             \
    X(OP38(0x37), pcmpgtq, SSE42)                                              \
    X(OP38(0x38), pminsb, SSE41)                                               \
    X(OP38(0x39), pminsd, SSE41)                                               \
    X(OP38(0x3a), pminuw, SSE41)                                               \
    X(OP38(0x3b), pminud, SSE41)                                               \
    X(OP38(0x3c), pmaxsb, SSE41)                                               \
    X(OP38(0x3d), pmaxsd, SSE41)                                               \
    X(OP38(0x3e), pmaxuw, SSE41)                                               \
    X(OP38(0x3f), pmaxud, SSE41)                                               \
    X(OP38(0x40), pmulld, SSE41)

/* Likewise, but b alone counts. */
#define SSE4_ONE_OPS(X) X(OP38(0x41), phminposuw, SSE41)

/* pk_NAME(a, b, imm8); prefix 66. */
#define SSE4_IMM_OPS(X)                                                        \
    X(OP3A(0x0c), blendps, SSE41)                                              \
    X(OP3A(0x0d), blendpd, SSE41)                                              \
    X(OP3A(0x0e), pblendw, SSE41)                                              \
    X(OP3A(0x42), mpsadbw, SSE41)

/* pk_NAME(a, b, imm8, mxcsr): floating point; prefix 66. */
#define SSE4_ROUND_OPS(X)                                                      \
    X(OP3A(0x08), roundps, SSE41)                                              \
    X(OP3A(0x09), roundpd, SSE41)

/* pk_NAME(a, b, imm8, mxcsr, kept); prefix 66. */
#define SSE4_DOT_OPS(X)                                                        \
    X(OP3A(0x40), dpps, SSE41)                                                 \
    X(OP3A(0x41), dppd, SSE41)

/* pk_NAME(a, b, mask), legacy form with XMM0 as mask; prefix 66. */
#define SSE4_BLENDV_OPS(X)                                                     \
    X(OP38(0x10), pblendvb, SSE41)                                             \
    X(OP38(0x14), blendvps, SSE41)                                             \
    X(OP38(0x15), blendvpd, SSE41)

/* pk_NAME(a, b): wider lanes from the lower `bits` bits of b, which are all
 * that is read of memory; prefix 66: opcode, name, bits, operand. */
#define SSE4_EXTENDS(X)                                                        \
    X(OP38(0x20), pmovsxbw, 64, Wq)                                            \
    X(OP38(0x21), pmovsxbd, 32, Wd)                                            \
    X(OP38(0x22), pmovsxbq, 16, Ww)                                            \
    X(OP38(0x23), pmovsxwd, 64, Wq)                                            \
    X(OP38(0x24), pmovsxwq, 32, Wd)                                            \
    X(OP38(0x25), pmovsxdq, 64, Wq)                                            \
    X(OP38(0x30), pmovzxbw, 64, Wq)                                            \
    X(OP38(0x31), pmovzxbd, 32, Wd)                                            \
    X(OP38(0x32), pmovzxbq, 16, Ww)                                            \
    X(OP38(0x33), pmovzxwd, 64, Wq)                                            \
    X(OP38(0x34), pmovzxwq, 32, Wd)                                            \
    X(OP38(0x35), pmovzxdq, 64, Wq)

/* pk_NAME(a, b); prefix 66. */
#define CRYPTO_OPS(X)                                                          \
    X(OP38(0xcf), gf2p8mulb, GFNI)                                             \
    X(OP38(0xdc), aesenc, AES)                                                 \
    X(OP38(0xdd), aesenclast, AES)                                             \
    X(OP38(0xde), aesdec, AES)                                                 \
    X(OP38(0xdf), aesdeclast, AES)

/* Likewise, but b alone counts. */
#define CRYPTO_ONE_OPS(X) X(OP38(0xdb), aesimc, AES)

/* pk_NAME(a, b, imm8); prefix 66. */
#define CRYPTO_IMM_OPS(X)                                                      \
    X(OP3A(0x44), pclmulqdq, PCLMUL)                                           \
    X(OP3A(0xce), gf2p8affineqb, GFNI)                                         \
    X(OP3A(0xcf), gf2p8affineinvqb, GFNI)

/* Likewise, but b alone counts. */
#define CRYPTO_ONE_IMM_OPS(X) X(OP3A(0xdf), aeskeygenassist, AES)

/* pk_NAME(a, b); no prefix. */
#define SHA_OPS(X)                                                             \
    X(OP38(0xc8), sha1nexte, SHA)                                              \
    X(OP38(0xc9), sha1msg1, SHA)                                               \
    X(OP38(0xca), sha1msg2, SHA)                                               \
    X(OP38(0xcc), sha256msg1, SHA)                                             \
    X(OP38(0xcd), sha256msg2, SHA)
