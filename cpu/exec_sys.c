/* exec_sys.c - interrupt flag, software interrupts, fast system calls,
 * control registers, MSRs, identification.
 *
 * SDM volume 2; AMD64 APM volume 3 for SYSCALL and SYSRET. */
#include "cpu/cpuid.h"
#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"
#include "cpu/seg.h"
#include "cpu/sysreg.h"

EXEC(hlt)
{
    need_cpl0(cpu);
    cpu->attention |= ATT_HALTED;
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

EXEC(ud)
{
    cpu_raise(cpu, EX_UD);
}

/* ---- CLI, STI; with VME or PVI they work on VIF when IOPL forbids */

static bool virtual_if(const struct cpu *cpu)
{
    if (cpu_v86(cpu))
        return cpu->cr4 & CR4_VME;
    return (cpu->cr4 & CR4_PVI) && cpu->cpl == 3;
}

static bool iopl_allows(const struct cpu *cpu)
{
    if (!cpu_protected(cpu))
        return true;
    if (cpu_v86(cpu))
        return cpu_iopl(cpu) == 3;
    return cpu->cpl <= cpu_iopl(cpu);
}

EXEC(cli)
{
    if (iopl_allows(cpu))
        cpu->eflags &= ~(uint64_t)EFL_IF;
    else if (virtual_if(cpu))
        cpu->eflags &= ~(uint64_t)EFL_VIF;
    else
        cpu_raise_error(cpu, EX_GP, 0);
    NEXT;
}

EXEC(sti)
{
    if (iopl_allows(cpu)) {
        if (!(cpu->eflags & EFL_IF))
            cpu->attention |= ATT_SHADOW;
        cpu->eflags |= EFL_IF;
    } else if (virtual_if(cpu) && !(cpu->eflags & EFL_VIP)) {
        cpu->eflags |= EFL_VIF;
    } else {
        cpu_raise_error(cpu, EX_GP, 0);
    }
    if (cpu->attention & ATT_INTR)
        return flow_resync(cpu, insn_next_rip(cpu, i));
    cpu->attention &= ~(uint32_t)ATT_SHADOW;
    return flow_link(cpu, 1, insn_next_rip(cpu, i));
}

/* ---- PUSHF, POPF */

static uint64_t pushed_flags(struct cpu *cpu, unsigned size)
{
    uint64_t fl = cpu_eflags(cpu) & ~(uint64_t)(EFL_VM | EFL_RF);
    if (cpu_v86(cpu) && cpu_iopl(cpu) < 3) {
        if (!(cpu->cr4 & CR4_VME) || size != 2)
            cpu_raise_error(cpu, EX_GP, 0);
        fl = (fl & ~(uint64_t)EFL_IF) | EFL_IOPL | (fl & EFL_VIF ? EFL_IF : 0);
    }
    return fl;
}

EXEC(pushf_16)
{
    push16(cpu, (uint16_t)pushed_flags(cpu, 2));
    NEXT;
}

EXEC(pushf_32)
{
    push32(cpu, (uint32_t)pushed_flags(cpu, 4));
    NEXT;
}

EXEC(pushf_64)
{
    push64(cpu, pushed_flags(cpu, 8));
    NEXT;
}

/* Bits POPF may change; also turns IF into VIF under VME. */
static uint64_t popf_mask(struct cpu *cpu, unsigned size, uint64_t *value)
{
    uint64_t mask = EFL_ARITH | EFL_TF | EFL_DF | EFL_NT | EFL_AC | EFL_ID;
    if (!cpu_protected(cpu)) {
        mask |= EFL_IF | EFL_IOPL;
    } else if (cpu_v86(cpu)) {
        if (cpu_iopl(cpu) == 3) {
            mask |= EFL_IF;
        } else {
            if (!(cpu->cr4 & CR4_VME) || size != 2 || (*value & EFL_TF) ||
                ((*value & EFL_IF) && (cpu->eflags & EFL_VIP)))
                cpu_raise_error(cpu, EX_GP, 0);
            *value = (*value & 0xffff) | (*value & EFL_IF ? EFL_VIF : 0);
            return (mask & 0xffff) | EFL_VIF;
        }
    } else {
        if (cpu->cpl == 0)
            mask |= EFL_IOPL;
        if (cpu->cpl <= cpu_iopl(cpu))
            mask |= EFL_IF;
    }
    return size == 2 ? mask & 0xffff : mask;
}

static const struct insn *popf(struct cpu *cpu, const struct insn *i,
                               unsigned size)
{
    uint64_t off = R64(RSP) & cpu->sp_mask, value, mask, old = cpu->eflags;
    uint64_t next = insn_next_rip(cpu, i);
    value = size == 2   ? ld16(cpu, SEG_SS, off)
            : size == 4 ? ld32(cpu, SEG_SS, off)
                        : ld64(cpu, SEG_SS, off);
    mask = popf_mask(cpu, size, &value);
    set_sp(cpu, R64(RSP) + size);
    cpu_set_eflags(cpu, (cpu_eflags(cpu) & ~mask) | (value & mask));
    if ((cpu->eflags ^ old) & EFL_AC)
        cpu_update_views(cpu);
    if ((cpu->eflags ^ old) & (EFL_TF | EFL_AC) ||
        ((cpu->attention & ATT_INTR) && (cpu->eflags & EFL_IF))) {
        cpu_update_trap(cpu);
        return flow_resync(cpu, next);
    }
    return flow_link(cpu, 1, next);
}

EXEC(popf_16)
{
    return popf(cpu, i, 2);
}

EXEC(popf_32)
{
    return popf(cpu, i, 4);
}

EXEC(popf_64)
{
    return popf(cpu, i, 8);
}

/* ---- software interrupts: a fault in delivery points at the instruction */

static const struct insn *soft_interrupt(struct cpu *cpu, const struct insn *i,
                                         enum event_kind kind, unsigned vector)
{
    event_deliver(cpu, kind, vector, false, 0, insn_next_rip(cpu, i));
    return flow_resync(cpu, cpu->reg[REG_RIP]);
}

EXEC(int3)
{
    return soft_interrupt(cpu, i, EVENT_SOFT_EX, EX_BP);
}

EXEC(int_Ib)
{
    return soft_interrupt(cpu, i, EVENT_SOFT, (unsigned)i->imm & 0xff);
}

EXEC(into)
{
    if (!flag_o(cpu))
        return flow_link(cpu, 1, insn_next_rip(cpu, i));
    return soft_interrupt(cpu, i, EVENT_SOFT_EX, EX_OF);
}

EXEC(int1)
{
    return soft_interrupt(cpu, i, EVENT_ICEBP, EX_DB);
}

EXEC(bound_16)
{
    uint64_t off = mem_offset(cpu, i);
    int16_t low = (int16_t)ld16(cpu, i->seg, off);
    int16_t high = (int16_t)ld16(cpu, i->seg, mem_wrap(i, off + 2));
    if ((int16_t)R16(i->reg) < low || (int16_t)R16(i->reg) > high)
        cpu_raise(cpu, EX_BR);
    NEXT;
}

EXEC(bound_32)
{
    uint64_t off = mem_offset(cpu, i);
    int32_t low = (int32_t)ld32(cpu, i->seg, off);
    int32_t high = (int32_t)ld32(cpu, i->seg, mem_wrap(i, off + 4));
    if ((int32_t)R32(i->reg) < low || (int32_t)R32(i->reg) > high)
        cpu_raise(cpu, EX_BR);
    NEXT;
}

EXEC(bound_64)
{
    cpu_raise(cpu, EX_UD); /* NOT64 */
}

/* ---- SYSCALL, SYSRET, SYSENTER, SYSEXIT */

static struct seg flat_code(uint16_t selector, unsigned cpl, bool code64)
{
    return (struct seg){0, 0xffffffff, selector,
                        (uint16_t)(DESC_P | DESC_S | DESC_CODE | DESC_RW |
                                   DESC_A | DESC_G | cpl << DESC_DPL_SHIFT |
                                   (code64 ? DESC_L : DESC_DB))};
}

static struct seg flat_stack(uint16_t selector, unsigned cpl)
{
    return (struct seg){0, 0xffffffff, selector,
                        (uint16_t)(DESC_P | DESC_S | DESC_RW | DESC_A | DESC_G |
                                   DESC_DB | cpl << DESC_DPL_SHIFT)};
}

/* SYSCALL and SYSRET look at TF when they are done: the kernel's entry is not
 * stepped into where FMASK clears TF, and the step of a program over its
 * SYSCALL ends with the SYSRET. */
static const struct insn *after_fast_call(struct cpu *cpu, uint64_t rip)
{
    cpu_update_views(cpu);
    cpu->delivered = true; /* no trap because of TF before */
    if (unlikely(cpu->eflags & EFL_TF)) {
        cpu_set_rip(cpu, rip);
        cpu->raised.dr6 = 1 << 14; /* BS */
        cpu_raise(cpu, EX_DB);
    }
    return flow_resync(cpu, rip);
}

EXEC(syscall)
{
    uint16_t cs = (uint16_t)(cpu->star >> 32) & 0xfffc;
    if (!(cpu->efer & EFER_SCE))
        cpu_raise(cpu, EX_UD);
    set_r64(cpu, RCX, insn_next_rip(cpu, i));
    set_r64(cpu, R11, cpu_eflags(cpu) & ~(uint64_t)EFL_RF);
    cpu_set_eflags(cpu, cpu_eflags(cpu) & ~(cpu->fmask | EFL_RF));
    cpu->cpl = 0;
    cpu->seg[SEG_CS] = flat_code(cs, 0, true);
    cpu->seg[SEG_SS] = flat_stack((uint16_t)(cs + 8), 0);
    return after_fast_call(cpu, cpu->lstar);
}

static const struct insn *sysret(struct cpu *cpu, bool code64)
{
    uint16_t base = (uint16_t)(cpu->star >> 48);
    uint64_t rip = R64(RCX);
    uint64_t keep = EFL_ARITH | EFL_TF | EFL_IF | EFL_DF | EFL_IOPL | EFL_NT |
                    EFL_AC | EFL_VIF | EFL_VIP | EFL_ID;
    if (!(cpu->efer & EFER_SCE))
        cpu_raise(cpu, EX_UD);
    need_cpl0(cpu);
    if (code64 && !cpu_canonical(cpu, rip))
        cpu_raise_error(cpu, EX_GP, 0);
    if (!code64)
        rip = (uint32_t)rip;
    cpu_set_eflags(cpu, R64(R11) & keep);
    cpu->cpl = 3;
    cpu->seg[SEG_CS] =
        flat_code((uint16_t)((base + (code64 ? 16 : 0)) | 3), 3, code64);
    cpu->seg[SEG_SS] = flat_stack((uint16_t)((base + 8) | 3), 3);
    return after_fast_call(cpu, rip);
}

EXEC(sysret_16)
{
    return sysret(cpu, false);
}

EXEC(sysret_32)
{
    return sysret(cpu, false);
}

EXEC(sysret_64)
{
    return sysret(cpu, true);
}

EXEC(sysenter)
{
    uint16_t cs = cpu->sysenter_cs & 0xfffc;
    bool code64 = cpu_long(cpu);
    if (!cpu_protected(cpu) || !cs)
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->eflags &= ~(uint64_t)(EFL_VM | EFL_IF | EFL_RF);
    cpu->cpl = 0;
    cpu->seg[SEG_CS] = flat_code(cs, 0, code64);
    cpu->seg[SEG_SS] = flat_stack((uint16_t)(cs + 8), 0);
    R64(RSP) = code64 ? cpu->sysenter_esp : (uint32_t)cpu->sysenter_esp;
    cpu_update_views(cpu);
    return flow_resync(cpu, code64 ? cpu->sysenter_eip
                                   : (uint32_t)cpu->sysenter_eip);
}

static const struct insn *sysexit(struct cpu *cpu, bool code64)
{
    uint16_t cs = cpu->sysenter_cs & 0xfffc;
    uint64_t rip = R64(RDX), rsp = R64(RCX);
    if (!cpu_protected(cpu) || !cs)
        cpu_raise_error(cpu, EX_GP, 0);
    need_cpl0(cpu);
    if (code64 && (!cpu_canonical(cpu, rip) || !cpu_canonical(cpu, rsp)))
        cpu_raise_error(cpu, EX_GP, 0);
    cs = (uint16_t)((cs + (code64 ? 32 : 16)) | 3);
    cpu->cpl = 3;
    cpu->seg[SEG_CS] = flat_code(cs, 3, code64);
    cpu->seg[SEG_SS] = flat_stack((uint16_t)(cs + 8), 3);
    R64(RSP) = code64 ? rsp : (uint32_t)rsp;
    cpu_update_views(cpu);
    return flow_resync(cpu, code64 ? rip : (uint32_t)rip);
}

EXEC(sysexit_16)
{
    return sysexit(cpu, false);
}

EXEC(sysexit_32)
{
    return sysexit(cpu, false);
}

EXEC(sysexit_64)
{
    return sysexit(cpu, true);
}

EXEC(swapgs)
{
    uint64_t base = cpu->seg[SEG_GS].base;
    need_cpl0(cpu);
    cpu->seg[SEG_GS].base = cpu->view[SEG_GS].base = cpu->kernel_gs_base;
    cpu->kernel_gs_base = base;
    NEXT;
}

/* ---- control and debug registers: always registers, 64 bits wide in 64-bit
 * code, else 32 */

static unsigned cr_number(struct cpu *cpu, const struct insn *i)
{
    unsigned n = i->reg;
    /* LOCK MOV CR0 as CR8 is AMD's; the decoder gives #UD for it. */
    if (n != 0 && n != 2 && n != 3 && n != 4 && n != 8)
        cpu_raise(cpu, EX_UD);
    if ((n == 4 && !cpu->cr4_valid) || (n == 8 && !cpu_has(cpu, F_LONG)))
        cpu_raise(cpu, EX_UD); /* the model has none */
    return n;
}

EXEC(mov_Ry_Cy_64)
{
    unsigned n = cr_number(cpu, i);
    need_cpl0(cpu);
    set_r64(cpu, i->rm, sysreg_read_cr(cpu, n));
    NEXT;
}

EXEC(mov_Ry_Cy_32)
{
    unsigned n = cr_number(cpu, i);
    need_cpl0(cpu);
    set_r32(cpu, i->rm, (uint32_t)sysreg_read_cr(cpu, n));
    NEXT;
}

EXEC(mov_Ry_Cy_16)
{
    return exec_mov_Ry_Cy_32(cpu, i);
}

static const struct insn *mov_to_cr(struct cpu *cpu, const struct insn *i,
                                    uint64_t value)
{
    unsigned n = cr_number(cpu, i);
    uint64_t next = insn_next_rip(cpu, i);
    need_cpl0(cpu);
    sysreg_write_cr(cpu, n, value);
    return flow_resync(cpu, next);
}

EXEC(mov_Cy_Ry_64)
{
    return mov_to_cr(cpu, i, R64(i->rm));
}

EXEC(mov_Cy_Ry_32)
{
    return mov_to_cr(cpu, i, R32(i->rm));
}

EXEC(mov_Cy_Ry_16)
{
    return mov_to_cr(cpu, i, R32(i->rm));
}

/* DR8 to DR15 are no registers, whoever asks. */
static void need_dr(struct cpu *cpu, unsigned n)
{
    if (n > 7)
        cpu_raise(cpu, EX_UD);
    need_cpl0(cpu);
}

EXEC(mov_Ry_Dy_64)
{
    need_dr(cpu, i->reg);
    set_r64(cpu, i->rm, sysreg_read_dr(cpu, i->reg));
    NEXT;
}

EXEC(mov_Ry_Dy_32)
{
    need_dr(cpu, i->reg);
    set_r32(cpu, i->rm, (uint32_t)sysreg_read_dr(cpu, i->reg));
    NEXT;
}

EXEC(mov_Ry_Dy_16)
{
    return exec_mov_Ry_Dy_32(cpu, i);
}

static const struct insn *mov_to_dr(struct cpu *cpu, const struct insn *i,
                                    uint64_t value)
{
    need_dr(cpu, i->reg);
    sysreg_write_dr(cpu, i->reg, value);
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

EXEC(mov_Dy_Ry_64)
{
    return mov_to_dr(cpu, i, R64(i->rm));
}

EXEC(mov_Dy_Ry_32)
{
    return mov_to_dr(cpu, i, R32(i->rm));
}

EXEC(mov_Dy_Ry_16)
{
    return mov_to_dr(cpu, i, R32(i->rm));
}

EXEC(clts)
{
    need_cpl0(cpu);
    cpu->cr0 &= ~(uint64_t)CR0_TS;
    return flow_link(cpu, 1, insn_next_rip(cpu, i));
}

/* Caches are not modelled: nothing to write back. */
EXEC(wbinvd)
{
    need_cpl0(cpu);
    NEXT;
}

/* The same, but the address is checked like a load. */
EXEC(clflush)
{
    (void)ld8(cpu, i->seg, mem_offset(cpu, i));
    NEXT;
}

EXEC(invlpg)
{
    need_cpl0(cpu);
    mmu_invlpg(&cpu->mmu, cpu->view[i->seg].base + mem_offset(cpu, i));
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

/* The descriptor: PCID, then a linear address. Translations are never stale,
 * so that only the checks are left; with -mmu flush more goes than asked. */
EXEC(invpcid)
{
    uint64_t off = mem_offset(cpu, i), low, gva;
    uint64_t type = cpu_code64(cpu) ? R64(i->reg) : R32(i->reg);
    uint8_t buf[16];
    need_cpl0(cpu);
    ld_bytes(cpu, i->seg, off, buf, sizeof buf);
    low = load_le64(buf);
    gva = load_le64(buf + 8);
    if (type > 3 || low >> 12 ||
        ((low & 0xfff) && type < 2 && !(cpu->cr4 & CR4_PCIDE)) ||
        (type == 0 && !cpu_canonical(cpu, gva)))
        cpu_raise_error(cpu, EX_GP, 0);
    if (type == 0)
        mmu_invlpg(&cpu->mmu, gva);
    else
        mmu_flush_all(&cpu->mmu);
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

/* ---- EFLAGS.AC under SMAP, protection keys */

static const struct insn *set_ac(struct cpu *cpu, const struct insn *i, bool on)
{
    if (cpu->cpl)
        cpu_raise(cpu, EX_UD);
    cpu->eflags = (cpu->eflags & ~(uint64_t)EFL_AC) | (on ? EFL_AC : 0);
    mmu_set_bank(&cpu->mmu, on ? BANK_SUPER_AC : BANK_SUPER);
    return flow_link(cpu, 1, insn_next_rip(cpu, i));
}

EXEC(clac)
{
    return set_ac(cpu, i, false);
}

EXEC(stac)
{
    return set_ac(cpu, i, true);
}

static void check_pkru(struct cpu *cpu)
{
    if (!(cpu->cr4 & CR4_PKE))
        cpu_raise(cpu, EX_UD);
    if (R32(RCX))
        cpu_raise_error(cpu, EX_GP, 0);
}

EXEC(rdpkru)
{
    check_pkru(cpu);
    set_r32(cpu, RAX, cpu->pkru);
    set_r32(cpu, RDX, 0);
    NEXT;
}

EXEC(wrpkru)
{
    check_pkru(cpu);
    if (R32(RDX))
        cpu_raise_error(cpu, EX_GP, 0);
    sysreg_write_pkru(cpu, R32(RAX));
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

/* ---- MSRs, time, identification */

static void set_edx_eax(struct cpu *cpu, uint64_t v)
{
    set_r32(cpu, RAX, (uint32_t)v);
    set_r32(cpu, RDX, (uint32_t)(v >> 32));
}

EXEC(rdmsr)
{
    need_cpl0(cpu);
    set_edx_eax(cpu, sysreg_rdmsr(cpu, R32(RCX)));
    NEXT;
}

EXEC(wrmsr)
{
    need_cpl0(cpu);
    sysreg_wrmsr(cpu, R32(RCX), (uint64_t)R32(RDX) << 32 | R32(RAX));
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

static void check_tsd(struct cpu *cpu)
{
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl != 0)
        cpu_raise_error(cpu, EX_GP, 0);
}

EXEC(rdtsc)
{
    check_tsd(cpu);
    set_edx_eax(cpu, sysreg_tsc(cpu));
    NEXT;
}

EXEC(rdtscp)
{
    check_tsd(cpu);
    set_edx_eax(cpu, sysreg_tsc(cpu));
    set_r32(cpu, RCX, (uint32_t)cpu->tsc_aux);
    NEXT;
}

/* No performance counters. */
EXEC(rdpmc)
{
    cpu_raise_error(cpu, EX_GP, 0);
}

EXEC_BODY(cpuid)
{
    uint32_t out[4];
    cpuid_leaf(cpu, R32(RAX), R32(RCX), out);
    set_r32(cpu, RAX, out[0]);
    set_r32(cpu, RBX, out[1]);
    set_r32(cpu, RCX, out[2]);
    set_r32(cpu, RDX, out[3]);
}
