/* exec_alu.c - ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT XADD
 * CMPXCHG, decimal adjustments, conversions of the accumulator.
 *
 * SDM volume 2. Undefined flags: AF is 0 after logic. */
#include "cpu/exec.h"
#include "cpu/flags.h"

#define W 8
#include "cpu/exec_alu_tmpl.h"
#define W 16
#include "cpu/exec_alu_tmpl.h"
#define W 32
#include "cpu/exec_alu_tmpl.h"
#define W 64
#include "cpu/exec_alu_tmpl.h"

/* ---- CBW CWDE CDQE, CWD CDQ CQO */

EXEC(cbw_16)
{
    set_r16(cpu, RAX, (uint16_t)(int8_t)R16(RAX));
    NEXT;
}

EXEC(cbw_32)
{
    set_r32(cpu, RAX, (uint32_t)(int16_t)R16(RAX));
    NEXT;
}

EXEC(cbw_64)
{
    set_r64(cpu, RAX, (uint64_t)(int32_t)R32(RAX));
    NEXT;
}

EXEC(cwd_16)
{
    set_r16(cpu, RDX, (int16_t)R16(RAX) < 0 ? 0xffff : 0);
    NEXT;
}

EXEC(cwd_32)
{
    set_r32(cpu, RDX, (int32_t)R32(RAX) < 0 ? 0xffffffff : 0);
    NEXT;
}

EXEC(cwd_64)
{
    set_r64(cpu, RDX, (int64_t)R64(RAX) < 0 ? ~0ull : 0);
    NEXT;
}

/* ---- decimal; the flags the manual leaves undefined follow the result */

enum { AL = REG8(RAX, 0), AH = REG8(RAX, 1) };

static void set_adjusted(struct cpu *cpu, uint8_t al, bool c, bool a)
{
    set_r8(cpu, AL, al);
    flags_logic(cpu, 8, (int8_t)al);
    flags_change(cpu, FL_C | FL_A, (uint32_t)((c ? FL_C : 0) | (a ? FL_A : 0)));
}

EXEC(daa)
{
    uint8_t old = R8(AL), al = old;
    bool c = flag_c(cpu), a = flag_a(cpu) || (old & 15) > 9;
    if (a)
        al = (uint8_t)(al + 6);
    c = c || old > 0x99;
    if (c)
        al = (uint8_t)(al + 0x60);
    set_adjusted(cpu, al, c, a);
    NEXT;
}

EXEC(das)
{
    uint8_t old = R8(AL), al = old;
    bool c0 = flag_c(cpu), c = false;
    bool a = flag_a(cpu) || (old & 15) > 9;
    if (a) {
        c = c0 || old < 6;
        al = (uint8_t)(al - 6);
    }
    if (c0 || old > 0x99) {
        al = (uint8_t)(al - 0x60);
        c = true;
    }
    set_adjusted(cpu, al, c, a);
    NEXT;
}

EXEC(aaa)
{
    bool adjust = (R8(AL) & 15) > 9 || flag_a(cpu);
    if (adjust)
        set_r16(cpu, RAX, (uint16_t)(R16(RAX) + 0x106));
    set_adjusted(cpu, R8(AL) & 15, adjust, adjust);
    NEXT;
}

EXEC(aas)
{
    bool adjust = (R8(AL) & 15) > 9 || flag_a(cpu);
    if (adjust)
        set_r16(cpu, RAX, (uint16_t)(R16(RAX) - 0x106));
    set_adjusted(cpu, R8(AL) & 15, adjust, adjust);
    NEXT;
}

EXEC(aam)
{
    uint8_t al = R8(AL), base = (uint8_t)i->imm;
    if (base == 0)
        cpu_raise(cpu, EX_DE);
    set_r8(cpu, AH, al / base);
    set_adjusted(cpu, al % base, false, false);
    NEXT;
}

EXEC(aad)
{
    uint8_t al = (uint8_t)(R8(AL) + R8(AH) * (uint8_t)i->imm);
    set_r16(cpu, RAX, al);
    set_adjusted(cpu, al, false, false);
    NEXT;
}

EXEC(salc)
{
    set_r8(cpu, AL, flag_c(cpu) ? 0xff : 0);
    NEXT;
}

/* ---- 8 and 16 byte compare and exchange */

EXEC(cmpxchg8b)
{
    uint64_t off = mem_offset(cpu, i);
    uint8_t *p = mem_rmw(cpu, i->seg, off, 8);
    uint64_t old = load_le64(p);
    uint64_t expect = R32(RAX) | (uint64_t)R32(RDX) << 32;
    bool equal = old == expect;
    store_le64(p, equal ? R32(RBX) | (uint64_t)R32(RCX) << 32 : old);
    mem_rmw_end(cpu, i->seg, off, p, 8);
    if (!equal) {
        set_r32(cpu, RAX, (uint32_t)old);
        set_r32(cpu, RDX, (uint32_t)(old >> 32));
    }
    flags_change(cpu, FL_Z, equal ? FL_Z : 0);
    NEXT;
}

EXEC(cmpxchg16b)
{
    uint64_t off = mem_offset(cpu, i), lo, hi;
    uint8_t *p;
    bool equal;
    if ((cpu->view[i->seg].base + off) & 15)
        cpu_raise_error(cpu, EX_GP, 0);
    p = mem_rmw(cpu, i->seg, off, 16);
    lo = load_le64(p);
    hi = load_le64(p + 8);
    equal = lo == R64(RAX) && hi == R64(RDX);
    store_le64(p, equal ? R64(RBX) : lo);
    store_le64(p + 8, equal ? R64(RCX) : hi);
    mem_rmw_end(cpu, i->seg, off, p, 16);
    if (!equal) {
        set_r64(cpu, RAX, lo);
        set_r64(cpu, RDX, hi);
    }
    flags_change(cpu, FL_Z, equal ? FL_Z : 0);
    NEXT;
}
