/* packed_ops.h - the packed integer instructions that exist for both MMX and
 * XMM registers: opcode map and byte, name, feature of the MMX form and of
 * the SSE form. Expanded to rows (insn_fp.def) and to exec_ functions. */
#define PACKED_OPS(X)                                                          \
    X(OP0F(0x63), packsswb, MMX, SSE2)                                         \
    X(OP0F(0x64), pcmpgtb, MMX, SSE2)                                          \
    X(OP0F(0x65), pcmpgtw, MMX, SSE2)                                          \
    X(OP0F(0x66), pcmpgtd, MMX, SSE2)                                          \
    X(OP0F(0x67), packuswb, MMX, SSE2)                                         \
    X(OP0F(0x68), punpckhbw, MMX, SSE2)                                        \
    X(OP0F(0x69), punpckhwd, MMX, SSE2)                                        \
    X(OP0F(0x6a), punpckhdq, MMX, SSE2)                                        \
    X(OP0F(0x6b), packssdw, MMX, SSE2)                                         \
    X(OP0F(0x74), pcmpeqb, MMX, SSE2)                                          \
    X(OP0F(0x75), pcmpeqw, MMX, SSE2)                                          \
    X(OP0F(0x76), pcmpeqd, MMX, SSE2)                                          \
    X(OP0F(0xd4), paddq, SSE2, SSE2)                                           \
    X(OP0F(0xd5), pmullw, MMX, SSE2)                                           \
    X(OP0F(0xd8), psubusb, MMX, SSE2)                                          \
    X(OP0F(0xd9), psubusw, MMX, SSE2)                                          \
    X(OP0F(0xda), pminub, SSE, SSE2)                                           \
    X(OP0F(0xdb), pand, MMX, SSE2)                                             \
    X(OP0F(0xdc), paddusb, MMX, SSE2)                                          \
    X(OP0F(0xdd), paddusw, MMX, SSE2)                                          \
    X(OP0F(0xde), pmaxub, SSE, SSE2)                                           \
    X(OP0F(0xdf), pandn, MMX, SSE2)                                            \
    X(OP0F(0xe0), pavgb, SSE, SSE2)                                            \
    X(OP0F(0xe3), pavgw, SSE, SSE2)                                            \
    X(OP0F(0xe4), pmulhuw, SSE, SSE2)                                          \
    X(OP0F(0xe5), pmulhw, MMX, SSE2)                                           \
    X(OP0F(0xe8), psubsb, MMX, SSE2)                                           \
    X(OP0F(0xe9), psubsw, MMX, SSE2)                                           \
    X(OP0F(0xea), pminsw, SSE, SSE2)                                           \
    X(OP0F(0xeb), por, MMX, SSE2)                                              \
    X(OP0F(0xec), paddsb, MMX, SSE2)                                           \
    X(OP0F(0xed), paddsw, MMX, SSE2)                                           \
    X(OP0F(0xee), pmaxsw, SSE, SSE2)                                           \
    X(OP0F(0xef), pxor, MMX, SSE2)                                             \
    X(OP0F(0xf4), pmuludq, SSE2, SSE2)                                         \
    X(OP0F(0xf5), pmaddwd, MMX, SSE2)                                          \
    X(OP0F(0xf6), psadbw, SSE, SSE2)                                           \
    X(OP0F(0xf8), psubb, MMX, SSE2)                                            \
    X(OP0F(0xf9), psubw, MMX, SSE2)                                            \
    X(OP0F(0xfa), psubd, MMX, SSE2)                                            \
    X(OP0F(0xfb), psubq, SSE2, SSE2)                                           \
    X(OP0F(0xfc), paddb, MMX, SSE2)                                            \
    X(OP0F(0xfd), paddw, MMX, SSE2)                                            \
    X(OP0F(0xfe), paddd, MMX, SSE2)                                            \
    X(OP38(0x00), pshufb, SSSE3, SSSE3)                                        \
    X(OP38(0x01), phaddw, SSSE3, SSSE3)                                        \
    X(OP38(0x02), phaddd, SSSE3, SSSE3)                                        \
    X(OP38(0x03), phaddsw, SSSE3, SSSE3)                                       \
    X(OP38(0x04), pmaddubsw, SSSE3, SSSE3)                                     \
    X(OP38(0x05), phsubw, SSSE3, SSSE3)                                        \
    X(OP38(0x06), phsubd, SSSE3, SSSE3)                                        \
    X(OP38(0x07), phsubsw, SSSE3, SSSE3)                                       \
    X(OP38(0x08), psignb, SSSE3, SSSE3)                                        \
    X(OP38(0x09), psignw, SSSE3, SSSE3)                                        \
    X(OP38(0x0a), psignd, SSSE3, SSSE3)                                        \
    X(OP38(0x0b), pmulhrsw, SSSE3, SSSE3)

/* Likewise, but one operand alone counts. */
#define PACKED_ONE_OPS(X)                                                      \
    X(OP38(0x1c), pabsb, SSSE3, SSSE3)                                         \
    X(OP38(0x1d), pabsw, SSSE3, SSSE3)                                         \
    X(OP38(0x1e), pabsd, SSSE3, SSSE3)

/* Likewise, shifts of all lanes by the lowest 64 bits of the operand. */
#define PACKED_COUNT_OPS(X)                                                    \
    X(OP0F(0xd1), psrlw, MMX, SSE2)                                            \
    X(OP0F(0xd2), psrld, MMX, SSE2)                                            \
    X(OP0F(0xd3), psrlq, MMX, SSE2)                                            \
    X(OP0F(0xe1), psraw, MMX, SSE2)                                            \
    X(OP0F(0xe2), psrad, MMX, SSE2)                                            \
    X(OP0F(0xf1), psllw, MMX, SSE2)                                            \
    X(OP0F(0xf2), pslld, MMX, SSE2)                                            \
    X(OP0F(0xf3), psllq, MMX, SSE2)

/* Likewise, but the MMX form reads only four bytes of memory. */
#define PACKED_LOW_OPS(X)                                                      \
    X(OP0F(0x60), punpcklbw, MMX, SSE2)                                        \
    X(OP0F(0x61), punpcklwd, MMX, SSE2)                                        \
    X(OP0F(0x62), punpckldq, MMX, SSE2)

/* Shifts by an immediate: opcode, ModRM.reg, name. */
#define PACKED_SHIFTS(X)                                                       \
    X(0x71, 2, psrlw)                                                          \
    X(0x71, 4, psraw)                                                          \
    X(0x71, 6, psllw)                                                          \
    X(0x72, 2, psrld)                                                          \
    X(0x72, 4, psrad)                                                          \
    X(0x72, 6, pslld)                                                          \
    X(0x73, 2, psrlq)                                                          \
    X(0x73, 6, psllq)
