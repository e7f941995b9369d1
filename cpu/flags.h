/* flags.h - lazy arithmetic flags: result + carry vector, each flag in O(1).
 *
 * lf_res  the result, sign-extended to 64 bits: SF = bit 63, ZF = (res == 0),
 *         PF = parity of the low byte.
 * lf_cv   the carry vector: bit n = carry (borrow) out of bit n.
 *         AF = bit 3; CF = bit `top`; OF = bit `top` ^ bit `top - 1`.
 * lf_aux  bits 0-5: `top` = width - 1; bits 8-15: xor-ed to the low byte for
 *         PF; bit 63: inverts SF. The latter two are 0 but after loads of
 *         arbitrary flags (POPF), since ZF = 1 fixes the rest otherwise. */
#ifndef UMBRA_CPU_FLAGS_H
#define UMBRA_CPU_FLAGS_H

#include "cpu/cpu.h"

/* All ones in the low `width` bits are the operands' business: callers pass
 * `res` sign-extended and carry vectors whose bits above top are ignored. */
static ALWAYS_INLINE void flags_set(struct cpu *cpu, unsigned width,
                                    int64_t res, uint64_t cv)
{
    cpu->lf_res = res;
    cpu->lf_cv = cv;
    cpu->lf_aux = width - 1;
}

/* Logic: CF = OF = AF = 0. */
static ALWAYS_INLINE void flags_logic(struct cpu *cpu, unsigned width,
                                      int64_t res)
{
    flags_set(cpu, width, res, 0);
}

static ALWAYS_INLINE uint64_t carry_add(uint64_t a, uint64_t b, uint64_t r)
{
    return (a & b) | ((a | b) & ~r);
}

static ALWAYS_INLINE uint64_t carry_sub(uint64_t a, uint64_t b, uint64_t r)
{
    return (~a & b) | ((~a | b) & r);
}

static ALWAYS_INLINE bool flag_c(const struct cpu *cpu)
{
    return cpu->lf_cv >> (cpu->lf_aux & 63) & 1;
}

static ALWAYS_INLINE bool flag_z(const struct cpu *cpu)
{
    return cpu->lf_res == 0;
}

static ALWAYS_INLINE bool flag_s(const struct cpu *cpu)
{
    return (cpu->lf_res ^ (int64_t)cpu->lf_aux) < 0;
}

static ALWAYS_INLINE bool flag_o(const struct cpu *cpu)
{
    unsigned top = cpu->lf_aux & 63;
    return (cpu->lf_cv >> top ^ cpu->lf_cv >> (top - 1)) & 1;
}

static ALWAYS_INLINE bool flag_a(const struct cpu *cpu)
{
    return cpu->lf_cv >> 3 & 1;
}

static inline bool flag_p(const struct cpu *cpu)
{
    unsigned b = ((unsigned)cpu->lf_res ^ (unsigned)(cpu->lf_aux >> 8)) & 0xff;
    b ^= b >> 4;
    return 0x9669 >> (b & 15) & 1;
}

/* The six arithmetic flags as EFLAGS bits. */
static inline uint32_t flags_get(const struct cpu *cpu)
{
    return (uint32_t)(flag_c(cpu) * FL_C | flag_p(cpu) * FL_P |
                      flag_a(cpu) * FL_A | flag_z(cpu) * FL_Z |
                      flag_s(cpu) * FL_S | flag_o(cpu) * FL_O);
}

/* Load all six from EFLAGS bits, in any combination. */
static inline void flags_put(struct cpu *cpu, uint32_t fl)
{
    bool c = fl & FL_C, o = fl & FL_O, s = fl & FL_S, p = fl & FL_P;
    uint64_t aux = 7;
    cpu->lf_cv = (uint64_t)c << 7 | (uint64_t)(c ^ o) << 6 |
                 (uint64_t)((fl & FL_A) != 0) << 3;
    if (fl & FL_Z) {
        cpu->lf_res = 0;
        aux |= (uint64_t)s << 63 | (p ? 0 : 0x100);
    } else {
        cpu->lf_res = (int64_t)((uint64_t)s << 63 | 0x100 | !p);
    }
    cpu->lf_aux = aux;
}

/* Change some flags, keep the others. */
static inline void flags_change(struct cpu *cpu, uint32_t mask, uint32_t fl)
{
    flags_put(cpu, (flags_get(cpu) & ~mask) | (fl & mask));
}

/* Change CF and OF only (shifts, rotates, MUL, BT keep ZF, SF, PF, AF). */
static ALWAYS_INLINE void flags_set_co(struct cpu *cpu, bool c, bool o)
{
    unsigned top = cpu->lf_aux & 63;
    uint64_t cv = cpu->lf_cv & ~(3ull << (top - 1));
    cpu->lf_cv = cv | (uint64_t)c << top | (uint64_t)(c ^ o) << (top - 1);
}

static ALWAYS_INLINE void flags_set_c(struct cpu *cpu, bool c)
{
    flags_set_co(cpu, c, flag_o(cpu));
}

/* Condition codes 0..15 of Jcc, SETcc, CMOVcc. */
static ALWAYS_INLINE bool flags_cond(const struct cpu *cpu, unsigned cc)
{
    bool r;
    switch (cc >> 1) {
    case 0:
        r = flag_o(cpu);
        break;
    case 1:
        r = flag_c(cpu);
        break;
    case 2:
        r = flag_z(cpu);
        break;
    case 3:
        r = (int)flag_c(cpu) | flag_z(cpu);
        break;
    case 4:
        r = flag_s(cpu);
        break;
    case 5:
        r = flag_p(cpu);
        break;
    case 6:
        r = flag_s(cpu) ^ flag_o(cpu);
        break;
    default:
        r = (int)flag_z(cpu) | (flag_s(cpu) ^ flag_o(cpu));
        break;
    }
    return r ^ (cc & 1);
}

#endif
