/* exec_ext.c - system extensions: FS and GS bases, RDPID, MONITOR and MWAIT,
 * MOVDIR64B.
 *
 * SDM volume 2; volume 3, 9.10.4 for MONITOR and MWAIT. Only an interrupt ends
 * MWAIT: stores to the monitored line are not seen. Where somebody else could
 * do such stores (cpu_config.shares_memory) it therefore does not wait at all,
 * as the manual allows. */
#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/flow.h"

/* ---- RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE */

static void need_fsgsbase(struct cpu *cpu)
{
    if (!(cpu->cr4 & CR4_FSGSBASE))
        cpu_raise(cpu, EX_UD);
}

static void write_base(struct cpu *cpu, const struct insn *i, unsigned seg)
{
    uint64_t base = i->flags & IF_REXW ? R64(i->rm) : R32(i->rm);

    need_fsgsbase(cpu);
    if (!cpu_canonical_base(cpu, base))
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->seg[seg].base = cpu->view[seg].base = base;
}

static void read_base(struct cpu *cpu, const struct insn *i, unsigned seg)
{
    uint64_t base = cpu->seg[seg].base;

    need_fsgsbase(cpu);
    set_r64(cpu, i->rm, i->flags & IF_REXW ? base : (uint32_t)base);
}

EXEC(rdfsbase)
{
    read_base(cpu, i, SEG_FS);
    NEXT;
}

EXEC(rdgsbase)
{
    read_base(cpu, i, SEG_GS);
    NEXT;
}

EXEC(wrfsbase)
{
    write_base(cpu, i, SEG_FS);
    NEXT;
}

EXEC(wrgsbase)
{
    write_base(cpu, i, SEG_GS);
    NEXT;
}

EXEC(rdpid)
{
    set_r32(cpu, i->rm, (uint32_t)cpu->tsc_aux);
    NEXT;
}

/* ---- MONITOR, MWAIT: #UD outside ring 0 */

EXEC(monitor)
{
    if (cpu->cpl != 0)
        cpu_raise(cpu, EX_UD);
    if (R32(RCX) != 0)
        cpu_raise_error(cpu, EX_GP, 0);
    (void)ld8(cpu, i->seg, mem_wrap(i, R64(RAX)));
    cpu->monitor_armed = true;
    NEXT;
}

/* ECX bit 0: a masked interrupt, too, ends the wait. */
EXEC(mwait)
{
    if (cpu->cpl != 0)
        cpu_raise(cpu, EX_UD);
    if (R32(RCX) & ~1u)
        cpu_raise_error(cpu, EX_GP, 0);
    if (cpu->monitor_armed && !cpu->config.shares_memory)
        cpu->attention |= ATT_HALTED | (R32(RCX) & 1 ? ATT_MWAIT : 0);
    cpu->monitor_armed = false;
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

/* ---- MOVDIR64B: 64 bytes to ES:reg, aligned */

EXEC_BODY(movdir64b)
{
    uint8_t data[64];
    uint64_t to = mem_wrap(i, R64(i->reg));

    ld_bytes(cpu, i->seg, mem_offset(cpu, i), data, sizeof data);
    if ((cpu->view[SEG_ES].base + to) & 63)
        cpu_raise_error(cpu, EX_GP, 0);
    st_bytes(cpu, SEG_ES, to, data, sizeof data);
}
