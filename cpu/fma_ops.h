/* fma_ops.h - the fused multiply-adds: name, lower half of the opcode, what
 * is turned round in even and in odd lanes (softfloat.h). The upper half of
 * the opcode says how the operands are ordered: 9 = 132, A = 213, B = 231. */

#ifndef UMBRA_CPU_FMA_OPS_H
#define UMBRA_CPU_FMA_OPS_H

/* With scalar forms, one opcode above. */
#define FMA_OPS(X)                                                             \
    X(fmadd, 0x08, 0, 0)                                                       \
    X(fmsub, 0x0a, FMA_ADDEND, FMA_ADDEND)                                     \
    X(fnmadd, 0x0c, FMA_PRODUCT, FMA_PRODUCT)                                  \
    X(fnmsub, 0x0e, FMA_PRODUCT | FMA_ADDEND, FMA_PRODUCT | FMA_ADDEND)

#define FMA_MIXED_OPS(X)                                                       \
    X(fmaddsub, 0x06, FMA_ADDEND, 0)                                           \
    X(fmsubadd, 0x07, 0, FMA_ADDEND)

#endif
