/* asm.h - writes x86-64 machine code.
 *
 * SDM volume 2, chapter 2. Functions append to a struct code; room is the
 * caller's business (translate.c asks for the worst case of a block). */
#ifndef UMBRA_CPU_JIT_X64_ASM_H
#define UMBRA_CPU_JIT_X64_ASM_H

#include "devices/core/base.h"

/* Host registers by their numbers in encodings. */
enum host_reg {
    H_AX,
    H_CX,
    H_DX,
    H_BX,
    H_SP,
    H_BP,
    H_SI,
    H_DI,
    H_R8,
    H_R9,
    H_R10,
    H_R11,
    H_R12,
    H_R13,
    H_R14,
    H_R15,
    H_NONE = 16,
};

/* Opcodes: the byte, its map in bits 8-9 (1: 0F, 2: 0F 38, 3: 0F 3A), and a
 * mandatory prefix. */
enum {
    X_0F = 0x100,
    X_38 = 0x200,
    X_3A = 0x300,
    X_66 = 0x1000,
    X_F3 = 0x2000,
    X_F2 = 0x4000,
    X_MAP = 0x300,
};

/* Condition codes of Jcc, SETcc, CMOVcc. */
enum {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
};

/* `p` writes through one mapping of the memory, the host executes it through
 * another one `to_exec` bytes away. `ax_lost`: something may have changed RAX
 * since this was set to false. */
struct code {
    uint8_t *p;
    int64_t to_exec;
    bool ax_lost;
};

struct host_mem {
    uint8_t base, index; /* H_NONE = absent */
    uint8_t scale;       /* log2 */
    int32_t disp;
};

static inline struct host_mem at(unsigned base, int64_t disp)
{
    return (struct host_mem){(uint8_t)base, H_NONE, 0, (int32_t)disp};
}

static inline void put8(struct code *c, unsigned v)
{
    *c->p++ = (uint8_t)v;
}

static inline void put32(struct code *c, uint32_t v)
{
    memcpy(c->p, &v, 4);
    c->p += 4;
}

static inline void put64(struct code *c, uint64_t v)
{
    memcpy(c->p, &v, 8);
    c->p += 8;
}

/* Where the byte at `p` is executed. */
static inline uint64_t exec_address(const struct code *c, const uint8_t *p)
{
    return (uint64_t)(uintptr_t)p + (uint64_t)c->to_exec;
}

/* Prefixes, REX and opcode. `size` in bytes: 2 needs 66, 8 REX.W, 1 a REX for
 * SPL, BPL, SIL, DIL in `reg`, or in `base` with `base_is_byte`. */
static inline void put_opcode(struct code *c, unsigned op, unsigned size,
                              unsigned reg, unsigned index, unsigned base,
                              bool base_is_byte)
{
    unsigned rex = (size == 8) << 3 | (reg >> 3 & 1) << 2 |
                   (index != H_NONE && index >= 8) << 1 |
                   (base != H_NONE && base >= 8);
    if (size == 2 || (op & X_66))
        put8(c, 0x66);
    if (op & X_F3)
        put8(c, 0xf3);
    if (op & X_F2)
        put8(c, 0xf2);
    if (rex || (size == 1 && reg >= 4 && reg < 8) ||
        (base_is_byte && base >= 4 && base < 8))
        put8(c, 0x40 | rex);
    if (op & X_MAP)
        put8(c, 0x0f);
    if ((op & X_MAP) > X_0F)
        put8(c, (op & X_MAP) == X_38 ? 0x38 : 0x3a);
    put8(c, op & 0xff);
}

/* op reg, rm: registers. */
static inline void op_rr(struct code *c, unsigned op, unsigned size,
                         unsigned reg, unsigned rm)
{
    put_opcode(c, op, size, reg, H_NONE, rm, size == 1);
    put8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
    c->ax_lost |= reg == H_AX || rm == H_AX;
}

/* MOVZX and MOVSX from a byte register: the size is the destination's. */
static inline void op_rr_byte(struct code *c, unsigned op, unsigned size,
                              unsigned reg, unsigned rm)
{
    put_opcode(c, op, size, reg, H_NONE, rm, true);
    put8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
    c->ax_lost |= reg == H_AX || rm == H_AX;
}

static inline void put_mem(struct code *c, unsigned reg, struct host_mem m)
{
    unsigned r = (reg & 7) << 3, mod;
    bool sib = m.index != H_NONE || m.base == H_NONE || (m.base & 7) == H_SP;
    if (m.base == H_NONE)
        mod = 0;
    else if (m.disp == 0 && (m.base & 7) != H_BP)
        mod = 0;
    else
        mod = m.disp == (int8_t)m.disp ? 1 : 2;
    put8(c, mod << 6 | r | (sib ? 4 : (m.base & 7)));
    if (sib)
        put8(c, (unsigned)m.scale << 6 |
                    (m.index == H_NONE ? 4u : (m.index & 7u)) << 3 |
                    (m.base == H_NONE ? 5 : (m.base & 7)));
    if (mod == 1)
        put8(c, (uint8_t)m.disp);
    else if (mod == 2 || m.base == H_NONE)
        put32(c, (uint32_t)m.disp);
}

/* Of those that have a register and a memory operand: the register, or the
 * digit in its place, is none that changes. */
static inline bool op_keeps_reg(unsigned op)
{
    if (op >= 0x100)
        return false;
    return (op < 0x40 &&
            ((op & 6) == 0 || op >> 3 == 7)) || /* to memory, CMP */
           (op >= 0x80 && op <= 0x85) ||
           (op & ~1u) == 0x88 || /* TEST, MOV */
           (op & ~1u) == 0xc0 || (op & ~1u) == 0xc6 || (op & ~3u) == 0xd0 ||
           (op & ~1u) == 0xf6 || (op & ~1u) == 0xfe; /* TEST, INC */
}

/* op reg, [mem]. */
static inline void op_rm(struct code *c, unsigned op, unsigned size,
                         unsigned reg, struct host_mem m)
{
    put_opcode(c, op, size, reg, m.index, m.base, false);
    put_mem(c, reg, m);
    c->ax_lost |= reg == H_AX && !op_keeps_reg(op);
}

/* ---- VEX. `l`: 256 bits, `w`: VEX.W, `vvvv`: the register there, 0 when
 * there is none. */
static inline void put_vex(struct code *c, unsigned op, bool l, bool w,
                           unsigned reg, unsigned vvvv, unsigned index,
                           unsigned base)
{
    unsigned pp = op & X_66 ? 1 : op & X_F3 ? 2 : op & X_F2 ? 3 : 0;
    bool r = reg >= 8, x = index != H_NONE && index >= 8;
    bool b = base != H_NONE && base >= 8;
    unsigned last = (~vvvv & 15) << 3 | (unsigned)l << 2 | pp;

    if ((op & X_MAP) == X_0F && !w && !x && !b) {
        put8(c, 0xc5);
        put8(c, (r ? 0u : 0x80u) | last);
    } else {
        put8(c, 0xc4);
        put8(c, (r ? 0u : 0x80u) | (x ? 0u : 0x40u) | (b ? 0u : 0x20u) |
                    (op & X_MAP) >> 8);
        put8(c, (w ? 0x80u : 0u) | last);
    }
    put8(c, op & 0xff);
}

static inline void vex_rr(struct code *c, unsigned op, bool l, bool w,
                          unsigned reg, unsigned vvvv, unsigned rm)
{
    put_vex(c, op, l, w, reg, vvvv, H_NONE, rm);
    put8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void vex_rm(struct code *c, unsigned op, bool l, bool w,
                          unsigned reg, unsigned vvvv, struct host_mem m)
{
    put_vex(c, op, l, w, reg, vvvv, m.index, m.base);
    put_mem(c, reg, m);
}

/* ---- moves */
static inline void mov_rr(struct code *c, unsigned size, unsigned to,
                          unsigned from)
{
    if (to != from || size == 4)
        op_rr(c, size == 1 ? 0x8a : 0x8b, size, to, from);
}

static inline void mov_load(struct code *c, unsigned size, unsigned to,
                            struct host_mem m)
{
    op_rm(c, size == 1 ? 0x8a : 0x8b, size, to, m);
}

static inline void mov_store(struct code *c, unsigned size, struct host_mem m,
                             unsigned from)
{
    op_rm(c, size == 1 ? 0x88 : 0x89, size, from, m);
}

static inline void lea(struct code *c, unsigned size, unsigned to,
                       struct host_mem m)
{
    op_rm(c, 0x8d, size, to, m);
}

/* The shortest MOV that leaves flags alone. */
static inline void mov_ri(struct code *c, unsigned to, uint64_t v)
{
    c->ax_lost |= to == H_AX;
    if (v <= UINT32_MAX) {
        put_opcode(c, 0xb8 + (to & 7), 4, 0, H_NONE, to, false);
        put32(c, (uint32_t)v);
    } else if ((uint64_t)(int64_t)(int32_t)v == v) {
        op_rr(c, 0xc7, 8, 0, to);
        put32(c, (uint32_t)v);
    } else {
        put_opcode(c, 0xb8 + (to & 7), 8, 0, H_NONE, to, false);
        put64(c, v);
    }
}

/* ---- immediates: ADD..CMP by digit, at most 32 bits, sign-extended */
static inline void put_imm(struct code *c, unsigned size, uint64_t imm)
{
    if (size == 1) {
        put8(c, (uint8_t)imm);
    } else if (size == 2) {
        put8(c, (uint8_t)imm);
        put8(c, (uint8_t)(imm >> 8));
    } else {
        put32(c, (uint32_t)imm);
    }
}

static inline bool fits8(unsigned size, uint64_t imm)
{
    int64_t v = size == 2   ? (int16_t)imm
                : size == 4 ? (int32_t)imm
                            : (int64_t)imm;
    return v == (int8_t)v;
}

static inline void alu_ri(struct code *c, unsigned digit, unsigned size,
                          unsigned rm, uint64_t imm)
{
    bool small = size != 1 && fits8(size, imm);
    op_rr(c, size == 1 ? 0x80 : small ? 0x83 : 0x81, size, digit, rm);
    put_imm(c, small ? 1 : size, imm);
}

static inline void alu_mi(struct code *c, unsigned digit, unsigned size,
                          struct host_mem m, uint64_t imm)
{
    bool small = size != 1 && fits8(size, imm);
    op_rm(c, size == 1 ? 0x80 : small ? 0x83 : 0x81, size, digit, m);
    put_imm(c, small ? 1 : size, imm);
}

/* ---- jumps: rel32 fields are given back to be filled by jump_here or
 * jump_to */
static inline uint8_t *jcc(struct code *c, unsigned cc)
{
    put8(c, 0x0f);
    put8(c, 0x80 | cc);
    put32(c, 0);
    return c->p - 4;
}

static inline uint8_t *jmp(struct code *c)
{
    put8(c, 0xe9);
    put32(c, 0);
    return c->p - 4;
}

/* `target`: an address in the executable mapping. */
static inline void jump_to(const struct code *c, uint8_t *field,
                           uint64_t target)
{
    uint32_t rel = (uint32_t)(target - (exec_address(c, field) + 4));
    memcpy(field, &rel, 4);
}

static inline void jump_here(const struct code *c, uint8_t *field)
{
    jump_to(c, field, exec_address(c, c->p));
}

static inline void call_to(struct code *c, uint64_t target)
{
    put8(c, 0xe8);
    put32(c, 0);
    jump_to(c, c->p - 4, target);
    c->ax_lost = true;
}

#endif
