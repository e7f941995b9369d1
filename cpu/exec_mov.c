/* exec_mov.c - MOV and its kin, XCHG, LEA, CMOVcc, SETcc, stack, flag bits.
 *
 * SDM volume 2. */
#include "cpu/exec.h"
#include "cpu/flags.h"

/* clang-format off */
#define ALL_CONDITIONS(X)                                                      \
    X(o, 0) X(no, 1) X(b, 2) X(ae, 3) X(e, 4) X(ne, 5) X(be, 6) X(a, 7)        \
    X(s, 8) X(ns, 9) X(p, 10) X(np, 11) X(l, 12) X(ge, 13) X(le, 14) X(g, 15)
/* clang-format on */

#define W 8
#include "cpu/exec_mov_tmpl.h"
#define W 16
#include "cpu/exec_mov_tmpl.h"
#define W 32
#include "cpu/exec_mov_tmpl.h"
#define W 64
#include "cpu/exec_mov_tmpl.h"

#define SETCC(cc, n)                                                           \
    EXEC(set##cc##_r)                                                          \
    {                                                                          \
        set_r8(cpu, i->rm, flags_cond(cpu, n));                                \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(set##cc##_m)                                                          \
    {                                                                          \
        st8(cpu, i->seg, mem_offset(cpu, i), flags_cond(cpu, n));              \
        NEXT;                                                                  \
    }
ALL_CONDITIONS(SETCC)

EXEC(nop)
{
    NEXT;
}

EXEC(mov_AL_Ob)
{
    set_r8(cpu, REG8(RAX, 0), ld8(cpu, i->seg, i->imm));
    NEXT;
}

EXEC(mov_Ob_AL)
{
    st8(cpu, i->seg, i->imm, R8(REG8(RAX, 0)));
    NEXT;
}

EXEC(xlat)
{
    uint64_t off = mem_wrap(i, R64(RBX) + R8(REG8(RAX, 0)));
    set_r8(cpu, REG8(RAX, 0), ld8(cpu, i->seg, off));
    NEXT;
}

EXEC(bswap_16)
{
    /* Undefined; processors give zero. */
    set_r16(cpu, i->rm, 0);
    NEXT;
}

EXEC(bswap_32)
{
    set_r32(cpu, i->rm, __builtin_bswap32(R32(i->rm)));
    NEXT;
}

EXEC(bswap_64)
{
    set_r64(cpu, i->rm, __builtin_bswap64(R64(i->rm)));
    NEXT;
}

/* ---- PUSHA, POPA: DI SI BP SP BX DX CX AX from low to high */

static const struct insn *pusha(struct cpu *cpu, const struct insn *i,
                                unsigned size)
{
    uint64_t sp = R64(RSP);
    /* The first and the last push: nothing is written if either faults. */
    mem_probe_write(cpu, SEG_SS, (sp - size) & cpu->sp_mask, size);
    mem_probe_write(cpu, SEG_SS, (sp - 8 * size) & cpu->sp_mask, size);
    for (unsigned n = 0; n < 8; n++) {
        uint64_t at = (sp - (n + 1) * size) & cpu->sp_mask;
        if (size == 2)
            st16(cpu, SEG_SS, at, R16(n));
        else
            st32(cpu, SEG_SS, at, R32(n));
    }
    set_sp(cpu, sp - 8 * size);
    NEXT;
}

EXEC(pusha_16)
{
    return pusha(cpu, i, 2);
}

EXEC(pusha_32)
{
    return pusha(cpu, i, 4);
}

EXEC(pusha_64)
{
    return pusha(cpu, i, 4); /* not reached: NOT64 */
}

static const struct insn *popa(struct cpu *cpu, const struct insn *i,
                               unsigned size)
{
    uint64_t sp = R64(RSP);
    uint32_t v[8];
    for (unsigned n = 8; n-- > 0;) {
        uint64_t at = (sp + (7 - n) * size) & cpu->sp_mask;
        v[n] = size == 2 ? ld16(cpu, SEG_SS, at) : ld32(cpu, SEG_SS, at);
    }
    for (unsigned n = 0; n < 8; n++) {
        if (n == RSP)
            continue;
        if (size == 2)
            set_r16(cpu, n, (uint16_t)v[n]);
        else
            set_r32(cpu, n, v[n]);
    }
    set_sp(cpu, sp + 8 * size);
    NEXT;
}

EXEC(popa_16)
{
    return popa(cpu, i, 2);
}

EXEC(popa_32)
{
    return popa(cpu, i, 4);
}

EXEC(popa_64)
{
    return popa(cpu, i, 4); /* not reached: NOT64 */
}

/* ---- single flags */

EXEC(sahf)
{
    flags_change(cpu, FL_SZAPC, R8(REG8(RAX, 1)));
    NEXT;
}

EXEC(lahf)
{
    set_r8(cpu, REG8(RAX, 1), (uint8_t)((flags_get(cpu) & FL_SZAPC) | 2));
    NEXT;
}

EXEC(cmc)
{
    flags_set_c(cpu, !flag_c(cpu));
    NEXT;
}

EXEC(clc)
{
    flags_set_c(cpu, false);
    NEXT;
}

EXEC(stc)
{
    flags_set_c(cpu, true);
    NEXT;
}

EXEC(cld)
{
    cpu->eflags &= ~(uint64_t)EFL_DF;
    NEXT;
}

EXEC(std)
{
    cpu->eflags |= EFL_DF;
    NEXT;
}
