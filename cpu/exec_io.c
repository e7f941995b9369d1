/* exec_io.c - IN, OUT, INS, OUTS.
 *
 * SDM volume 1, chapter 19. Every port instruction ends its block, so that
 * an interrupt that a device raises is taken right after it. */
#include "cpu/exec.h"
#include "cpu/flow.h"
#include "cpu/seg.h"
#include "mmu/addrspace.h"

/* What comes before each access that is allowed. */
static void begin_io(struct cpu *cpu, unsigned port, unsigned size)
{
    if (unlikely(cpu->dr[7] & 0xff))
        event_watch(cpu, port, size, WATCH_IO);
    if (cpu->config.port_cycle)
        cpu->config.port_cycle(cpu->config.opaque);
}

static uint32_t port_in(struct cpu *cpu, unsigned port, unsigned size)
{
    seg_check_io(cpu, port, size);
    begin_io(cpu, port, size);
    return (uint32_t)addrspace_read(cpu->config.ports, port, size);
}

static void port_out(struct cpu *cpu, unsigned port, uint32_t value,
                     unsigned size)
{
    seg_check_io(cpu, port, size);
    begin_io(cpu, port, size);
    addrspace_write(cpu->config.ports, port, value, size);
}

/* A device may have raised INTR, reset or stopped the CPU. */
static const struct insn *io_done(struct cpu *cpu, const struct insn *i)
{
    uint64_t next = insn_next_rip(cpu, i);
    if (cpu->attention)
        return flow_resync(cpu, next);
    return flow_link(cpu, 1, next);
}

static void set_acc(struct cpu *cpu, uint32_t v, unsigned size)
{
    if (size == 1)
        set_r8(cpu, REG8(RAX, 0), (uint8_t)v);
    else if (size == 2)
        set_r16(cpu, RAX, (uint16_t)v);
    else
        set_r32(cpu, RAX, v);
}

#define IN_OUT(in, out, port, size)                                            \
    EXEC(in)                                                                   \
    {                                                                          \
        set_acc(cpu, port_in(cpu, port, size), size);                          \
        return io_done(cpu, i);                                                \
    }                                                                          \
    EXEC(out)                                                                  \
    {                                                                          \
        port_out(cpu, port, R32(RAX), size);                                   \
        return io_done(cpu, i);                                                \
    }
IN_OUT(in_AL_Ib, out_Ib_AL, i->imm & 0xff, 1)
IN_OUT(in_rAX_Ib_16, out_Ib_rAX_16, i->imm & 0xff, 2)
IN_OUT(in_rAX_Ib_32, out_Ib_rAX_32, i->imm & 0xff, 4)
IN_OUT(in_rAX_Ib_64, out_Ib_rAX_64, i->imm & 0xff, 4)
IN_OUT(in_AL_DX, out_DX_AL, R16(RDX), 1)
IN_OUT(in_rAX_DX_16, out_DX_rAX_16, R16(RDX), 2)
IN_OUT(in_rAX_DX_32, out_DX_rAX_32, R16(RDX), 4)
IN_OUT(in_rAX_DX_64, out_DX_rAX_64, R16(RDX), 4)

/* ---- strings */

static void advance(struct cpu *cpu, const struct insn *i, unsigned reg,
                    unsigned size)
{
    uint64_t v = R64(reg);
    v = cpu->eflags & EFL_DF ? v - size : v + size;
    if (i->flags & IF_ADDR16)
        set_r16(cpu, reg, (uint16_t)v);
    else
        set_r64(cpu, reg, i->flags & IF_ADDR32 ? (uint32_t)v : v);
}

/* The memory operand is checked before the port is touched: a page fault
 * must not lose what was read. */
static void ins_once(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint64_t off = mem_wrap(i, R64(RDI));
    uint8_t buf[4], *p;
    seg_check_io(cpu, R16(RDX), size);
    p = mem_fast(cpu, SEG_ES, off, size, MMU_WRITE);
    if (!p)
        mem_probe_write(cpu, SEG_ES, off, size);
    begin_io(cpu, R16(RDX), size);
    store_le32(buf,
               (uint32_t)addrspace_read(cpu->config.ports, R16(RDX), size));
    st_bytes(cpu, SEG_ES, off, buf, size);
    advance(cpu, i, RDI, size);
}

static void outs_once(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint64_t off = mem_wrap(i, R64(RSI));
    uint32_t v;
    seg_check_io(cpu, R16(RDX), size);
    v = size == 1   ? ld8(cpu, i->seg, off)
        : size == 2 ? ld16(cpu, i->seg, off)
                    : ld32(cpu, i->seg, off);
    port_out(cpu, R16(RDX), v, size);
    advance(cpu, i, RSI, size);
}

static const struct insn *
io_string(struct cpu *cpu, const struct insn *i, unsigned size,
          void (*once)(struct cpu *, const struct insn *, unsigned))
{
    bool first = true;
    if (!(i->flags & (IF_REP | IF_REPNE))) {
        once(cpu, i, size);
        return io_done(cpu, i);
    }
    for (;;) {
        uint64_t left = mem_wrap(i, R64(RCX));
        if (left == 0)
            return io_done(cpu, i);
        if (!first && (cpu->budget <= 0 ||
                       ((cpu->attention & ATT_INTR) && (cpu->eflags & EFL_IF))))
            return flow_resync(cpu, insn_rip(cpu, i));
        /* Charged before, as in exec_string.c; the first one was with the
         * block. */
        cpu->budget -= !first;
        first = false;
        once(cpu, i, size);
        left--;
        if (i->flags & IF_ADDR16)
            set_r16(cpu, RCX, (uint16_t)left);
        else
            set_r64(cpu, RCX, left);
    }
}

#define IO_STRING(name, size)                                                  \
    EXEC(ins##name)                                                            \
    {                                                                          \
        return io_string(cpu, i, size, ins_once);                              \
    }                                                                          \
    EXEC(outs##name)                                                           \
    {                                                                          \
        return io_string(cpu, i, size, outs_once);                             \
    }
IO_STRING(b, 1)
IO_STRING(_16, 2)
IO_STRING(_32, 4)
IO_STRING(_64, 4)
