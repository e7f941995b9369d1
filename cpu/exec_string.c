/* exec_string.c - MOVS CMPS STOS LODS SCAS and their repetition.
 *
 * SDM volume 2, REP/REPE/REPNE. Registers are updated after every iteration,
 * so that a fault or an interrupt leaves a state that goes on. Each
 * iteration costs one unit of the budget; when it is used up the instruction
 * is left with RIP still on it. Forward MOVS and STOS run a page at a time
 * on host memory. */
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"

static ALWAYS_INLINE void set_by_asize(struct cpu *cpu, const struct insn *i,
                                       unsigned reg, uint64_t v)
{
    if (i->flags & IF_ADDR16)
        set_r16(cpu, reg, (uint16_t)v);
    else if (i->flags & IF_ADDR32)
        set_r32(cpu, reg, (uint32_t)v);
    else
        set_r64(cpu, reg, v);
}

static ALWAYS_INLINE uint64_t by_asize(const struct cpu *cpu,
                                       const struct insn *i, unsigned reg)
{
    return mem_wrap(i, R64(reg));
}

static ALWAYS_INLINE void advance(struct cpu *cpu, const struct insn *i,
                                  unsigned reg, int64_t by)
{
    set_by_asize(cpu, i, reg, R64(reg) + (uint64_t)by);
}

static ALWAYS_INLINE int64_t step_of(const struct cpu *cpu, unsigned size)
{
    return cpu->eflags & EFL_DF ? -(int64_t)size : (int64_t)size;
}

/* ---- one iteration of each, by element size in bytes */

static ALWAYS_INLINE uint64_t load(struct cpu *cpu, unsigned seg, uint64_t off,
                                   unsigned size)
{
    switch (size) {
    case 1:
        return ld8(cpu, seg, off);
    case 2:
        return ld16(cpu, seg, off);
    case 4:
        return ld32(cpu, seg, off);
    default:
        return ld64(cpu, seg, off);
    }
}

static ALWAYS_INLINE void store(struct cpu *cpu, unsigned seg, uint64_t off,
                                uint64_t v, unsigned size)
{
    switch (size) {
    case 1:
        st8(cpu, seg, off, (uint8_t)v);
        break;
    case 2:
        st16(cpu, seg, off, (uint16_t)v);
        break;
    case 4:
        st32(cpu, seg, off, (uint32_t)v);
        break;
    default:
        st64(cpu, seg, off, v);
        break;
    }
}

static ALWAYS_INLINE void compare(struct cpu *cpu, uint64_t a, uint64_t b,
                                  unsigned size)
{
    uint64_t r = a - b;
    unsigned shift = 64 - 8 * size;
    flags_set(cpu, 8 * size, (int64_t)(r << shift) >> shift,
              carry_sub(a, b, r));
}

static ALWAYS_INLINE void movs_once(struct cpu *cpu, const struct insn *i,
                                    unsigned size)
{
    int64_t step = step_of(cpu, size);
    uint64_t v = load(cpu, i->seg, by_asize(cpu, i, RSI), size);
    store(cpu, SEG_ES, by_asize(cpu, i, RDI), v, size);
    advance(cpu, i, RSI, step);
    advance(cpu, i, RDI, step);
}

static ALWAYS_INLINE void stos_once(struct cpu *cpu, const struct insn *i,
                                    unsigned size)
{
    store(cpu, SEG_ES, by_asize(cpu, i, RDI), R64(RAX), size);
    advance(cpu, i, RDI, step_of(cpu, size));
}

static ALWAYS_INLINE void lods_once(struct cpu *cpu, const struct insn *i,
                                    unsigned size)
{
    uint64_t v = load(cpu, i->seg, by_asize(cpu, i, RSI), size);
    if (size == 1)
        set_r8(cpu, REG8(RAX, 0), (uint8_t)v);
    else if (size == 2)
        set_r16(cpu, RAX, (uint16_t)v);
    else if (size == 4)
        set_r32(cpu, RAX, (uint32_t)v);
    else
        set_r64(cpu, RAX, v);
    advance(cpu, i, RSI, step_of(cpu, size));
}

static ALWAYS_INLINE void cmps_once(struct cpu *cpu, const struct insn *i,
                                    unsigned size)
{
    int64_t step = step_of(cpu, size);
    /* Processors find the fault of ES:rDI first. */
    uint64_t b = load(cpu, SEG_ES, by_asize(cpu, i, RDI), size);
    uint64_t a = load(cpu, i->seg, by_asize(cpu, i, RSI), size);
    compare(cpu, a, b, size);
    advance(cpu, i, RSI, step);
    advance(cpu, i, RDI, step);
}

static ALWAYS_INLINE void scas_once(struct cpu *cpu, const struct insn *i,
                                    unsigned size)
{
    uint64_t b = load(cpu, SEG_ES, by_asize(cpu, i, RDI), size);
    uint64_t mask = size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
    compare(cpu, R64(RAX) & mask, b, size);
    advance(cpu, i, RDI, step_of(cpu, size));
}

/* ---- runs on host memory */

/* Elements from `off` up to the page's end, the segment's end and the wrap
 * of the address size: what a host pointer to the first one covers. */
static uint64_t room(struct cpu *cpu, const struct insn *i, unsigned seg,
                     uint64_t off, unsigned size, enum mmu_access access)
{
    const struct seg_view *v = &cpu->view[seg];
    uint64_t end = access == MMU_WRITE ? v->write_end : v->read_end;
    uint64_t n = PAGE_SIZE - ((v->base + off) & (PAGE_SIZE - 1));
    n = min_u64(n, end - off);
    if (i->flags & IF_ADDR16)
        n = min_u64(n, 0x10000 - off);
    else if (i->flags & IF_ADDR32)
        n = min_u64(n, (1ull << 32) - off);
    return n / size;
}

/* Copy in the order of MOVS: an overlap to higher addresses repeats. */
static void copy_forward(uint8_t *to, const uint8_t *from, uint64_t bytes,
                         unsigned size)
{
    if (to <= from || to >= from + bytes) {
        memmove(to, from, bytes);
        return;
    }
    for (uint64_t k = 0; k < bytes; k += size)
        memmove(to + k, from + k, size);
}

/* Do up to `n` iterations of a forward MOVS at once; 0 = take one slowly. */
static uint64_t movs_run(struct cpu *cpu, const struct insn *i, unsigned size,
                         uint64_t n)
{
    uint64_t si = by_asize(cpu, i, RSI), di = by_asize(cpu, i, RDI);
    const uint8_t *from = mem_fast(cpu, i->seg, si, size, MMU_READ);
    uint8_t *to = mem_fast(cpu, SEG_ES, di, size, MMU_WRITE);
    if (!from || !to || (cpu->eflags & EFL_DF))
        return 0;
    n = min_u64(n, room(cpu, i, i->seg, si, size, MMU_READ));
    n = min_u64(n, room(cpu, i, SEG_ES, di, size, MMU_WRITE));
    copy_forward(to, from, n * size, size);
    advance(cpu, i, RSI, (int64_t)(n * size));
    advance(cpu, i, RDI, (int64_t)(n * size));
    return n;
}

/* Zeroes mostly. */
static void fill(uint8_t *to, uint64_t value, uint64_t n, unsigned size)
{
    uint64_t low = value << (64 - 8 * size);
    uint8_t pattern[8];

    if (low == (uint8_t)value * 0x0101010101010101ull << (64 - 8 * size)) {
        memset(to, (uint8_t)value, n * size);
        return;
    }
    store_le(pattern, value, size);
    for (uint64_t k = 0; k < n; k++)
        memcpy(to + k * size, pattern, size);
}

static uint64_t stos_run(struct cpu *cpu, const struct insn *i, unsigned size,
                         uint64_t n)
{
    uint64_t di = by_asize(cpu, i, RDI);
    uint8_t *to = mem_fast(cpu, SEG_ES, di, size, MMU_WRITE);
    if (!to || (cpu->eflags & EFL_DF))
        return 0;
    n = min_u64(n, room(cpu, i, SEG_ES, di, size, MMU_WRITE));
    fill(to, R64(RAX), n, size);
    advance(cpu, i, RDI, (int64_t)(n * size));
    return n;
}

/* ---- repetition */

/* `more`: iterations are left, but the budget is not. */
static const struct insn *rep_leave(struct cpu *cpu, const struct insn *i,
                                    bool more)
{
    if (!more)
        NEXT;
    cpu->budget += cpu->block->count - (cpu->insn - cpu->block->insn) - 1;
    return flow_resync(cpu, insn_rip(cpu, i));
}

/* `run` does many iterations or none, `once` exactly one; `again` says
 * whether flags let CMPS and SCAS go on. The iteration at hand is always
 * charged, the first one with the block: a fault gives it back, and a device
 * that asks for the time sees those that are done. */
#define REPEAT(run, once, again)                                               \
    uint64_t left;                                                             \
    if (!(i->flags & (IF_REP | IF_REPNE))) {                                   \
        once;                                                                  \
        NEXT;                                                                  \
    }                                                                          \
    left = by_asize(cpu, i, RCX);                                              \
    if (left == 0)                                                             \
        NEXT;                                                                  \
    for (;;) {                                                                 \
        int64_t may = cpu->budget > 0 ? cpu->budget + 1 : 1;                   \
        uint64_t n = (run);                                                    \
        if (n == 0) {                                                          \
            once;                                                              \
            n = 1;                                                             \
        }                                                                      \
        left -= n;                                                             \
        set_by_asize(cpu, i, RCX, left);                                       \
        cpu->budget -= (int64_t)n - 1;                                         \
        (void)may;                                                             \
        if (left == 0 || !(again))                                             \
            return rep_leave(cpu, i, false);                                   \
        if (cpu->budget <= 0 || cpu->block->mode == MODE_DEAD)                 \
            return rep_leave(cpu, i, true);                                    \
        cpu->budget--;                                                         \
    }

/* CMPS, SCAS: F3 goes on while equal, F2 while not. */
#define WHILE_FLAG (flag_z(cpu) == ((i->flags & IF_REP) != 0))
#define MAY        min_u64(left, (uint64_t)may)

#define STRING(name, size)                                                     \
    EXEC(movs##name){REPEAT(movs_run(cpu, i, size, MAY),                       \
                            movs_once(cpu, i, size), true)} EXEC(stos##name){  \
        REPEAT(stos_run(cpu, i, size, MAY), stos_once(cpu, i, size),           \
               true)} EXEC(lods##name){                                        \
        REPEAT(0, lods_once(cpu, i, size), true)} EXEC(cmps##name){            \
        REPEAT(0, cmps_once(cpu, i, size), WHILE_FLAG)} EXEC(scas##name)       \
    {                                                                          \
        REPEAT(0, scas_once(cpu, i, size), WHILE_FLAG)                         \
    }

STRING(b, 1)
STRING(_16, 2)
STRING(_32, 4)
STRING(_64, 8)
