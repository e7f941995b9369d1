/* interp.c - the run loop of engine T0 and the ways out of a block.
 *
 * Between instructions cpu->block is NULL, cpu->insn is cpu->resume and RIP
 * is reg[REG_RIP]. Inside a block RIP is reg[REG_RIP] + insn->off, and
 * cpu->budget has already been charged for the whole block; who leaves early
 * gives the rest back. */
#include "cpu/block.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"
#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"

/* ---- leaving a block */

const struct insn *flow_resync(struct cpu *cpu, uint64_t rip)
{
    cpu->reg[REG_RIP] = rip;
    cpu->insn = cpu->resume;
    cpu->block = NULL;
    return NULL;
}

/* The rest of the budget is run one instruction at a time, and code near the
 * CS limit too: both by the run loop. */
const struct insn *block_enter_slow(struct cpu *cpu, struct block *b,
                                    uint64_t rip)
{
    (void)b;
    return flow_resync(cpu, rip);
}

const struct insn *flow_jump_slow(struct cpu *cpu, uint64_t rip)
{
    struct block *b = block_known(cpu, rip);
    return b ? block_enter(cpu, b, rip) : flow_resync(cpu, rip);
}

static bool same_page(const struct cpu *cpu, uint64_t rip)
{
    gva_t here = cpu->cs_base + cpu->reg[REG_RIP], there = cpu->cs_base + rip;
    return (here ^ there) < PAGE_SIZE;
}

/* Find the target in the jump cache and, where links are allowed, remember
 * it. A target that was never run yet goes through the run loop once. A branch
 * not taken is done before the run loop finds that nothing follows it. */
const struct insn *flow_link_slow(struct cpu *cpu, unsigned n, uint64_t rip)
{
    struct block *b = cpu->block, *t;
    if (n == 0)
        flow_check(cpu, rip);
    t = flow_known(cpu, rip);
    if (!t)
        return flow_resync(cpu, rip);
    if ((cpu->mode & MODE_CODE) != MODE_16 && b->frame &&
        block_same_frame(b, t) && same_page(cpu, rip) && b->mode != MODE_DEAD) {
        b->link[n] = t;
        block_join(b, n, t);
    }
    return block_enter(cpu, t, rip);
}

/* ---- counting and stopping */

uint64_t cpu_icount(const struct cpu *cpu)
{
    int64_t left = cpu->budget + cpu->budget_kept;
    if (cpu->block)
        left += cpu->block->count - (cpu->insn - cpu->block->insn);
    return cpu->icount + (uint64_t)(cpu->slice - left);
}

void cpu_kick(struct cpu *cpu)
{
    if (cpu->budget > 0) {
        cpu->budget_kept += cpu->budget;
        cpu->budget = 0;
    }
    if (flow_needs_attention(cpu))
        block_cut(cpu);
}

void cpu_shorten(struct cpu *cpu, int64_t budget)
{
    int64_t left = cpu->budget + cpu->budget_kept, take;
    if (cpu->block) /* count from the instruction after the current one */
        budget -= cpu->block->count - (cpu->insn - cpu->block->insn) - 1;
    take = left - budget;
    if (take <= 0)
        return;
    cpu->slice -= take;
    cpu->budget_kept -= take;
    if (cpu->budget_kept < 0) {
        cpu->budget += cpu->budget_kept;
        cpu->budget_kept = 0;
    }
    if (budget < 0)
        block_cut(cpu);
}

void cpu_stop(struct cpu *cpu)
{
    cpu->attention |= ATT_STOP;
    cpu_kick(cpu);
}

/* ---- running */

static void run_block(struct cpu *cpu, struct block *b)
{
    const struct insn *i;
    cpu->budget -= b->count;
    cpu->block = b;
    i = exec_go(cpu, b->insn);
    while (i)
        i = i->exec(cpu, i);
}

/* -d exec: a line per instruction before it runs. */
static void trace(struct cpu *cpu)
{
    uint64_t rip = cpu->reg[REG_RIP];
    uint8_t bytes[16];
    char text[96];
    gva_t gva = cpu->cs_base + rip;
    if (!mmu_peek(&cpu->mmu, gva, bytes, 15))
        memset(bytes, 0, sizeof bytes);
    disasm_text(bytes, 15, cpu->mode & MODE_CODE, rip, text, sizeof text);
    LOG(cpu->dev.log, EXEC,
        "%04x:%llx %-32s ax %llx bx %llx cx %llx dx %llx si %llx di %llx "
        "bp %llx sp %llx fl %x",
        cpu->seg[SEG_CS].selector, (unsigned long long)rip, text,
        (unsigned long long)cpu->reg[RAX], (unsigned long long)cpu->reg[RBX],
        (unsigned long long)cpu->reg[RCX], (unsigned long long)cpu->reg[RDX],
        (unsigned long long)cpu->reg[RSI], (unsigned long long)cpu->reg[RDI],
        (unsigned long long)cpu->reg[RBP], (unsigned long long)cpu->reg[RSP],
        (unsigned)cpu_eflags(cpu));
}

static bool tracing(const struct cpu *cpu)
{
    return cpu->dev.log->enabled >> LOG_EXEC & 1;
}

/* Exactly one instruction, with what stepping asks for before and after. */
static void run_single(struct cpu *cpu)
{
    bool trap = cpu->attention & ATT_TRAP;
    bool tf = cpu->eflags & EFL_TF, rf = cpu->eflags & EFL_RF;
    uint64_t rip = cpu->reg[REG_RIP];
    struct block *b;
    int64_t kept;

    if (unlikely(tracing(cpu)))
        trace(cpu);
    if (trap)
        event_before_step(cpu);
    b = block_single(cpu, cpu->reg[REG_RIP]);
    cpu->delivered = false;
    if (!(cpu->attention & ATT_SHADOW))
        cpu->watch_hit = 0;
    cpu->attention &= ~(uint32_t)ATT_SHADOW;
    kept = cpu->budget - 1; /* nothing is left for a second block */
    cpu->budget = 1;
    cpu->budget_kept += kept;
    run_block(cpu, b);
    /* A repetition that goes on is still the same instruction. */
    if (rf && trap && cpu->reg[REG_RIP] == rip &&
        (b->insn->flags & (IF_REP | IF_REPNE)))
        cpu->eflags |= EFL_RF;
    if (trap) {
        cpu->budget++; /* what unwind will take: the trap costs nothing */
        /* INT n is not followed by a trap in its handler. */
        event_after_step(cpu, tf && !cpu->delivered);
        cpu->budget--;
    }
}

/* What attention asks for. True: look again from the top. */
static bool attend(struct cpu *cpu)
{
    if (cpu->attention & (ATT_STOP | ATT_SHUTDOWN)) {
        cpu->exit = cpu->attention & ATT_SHUTDOWN ? EXIT_SHUTDOWN : EXIT_STOP;
        cpu->attention &= ~(uint32_t)ATT_STOP;
        return false;
    }
    if (event_poll(cpu))
        return true;
    if (cpu->attention & ATT_HALTED) {
        cpu->exit = EXIT_HALTED;
        return false;
    }
    if (cpu->budget <= 0) {
        cpu->exit = EXIT_BUDGET;
        return false;
    }
    /* A shadow that nobody would notice goes at once. */
    if (cpu->attention & (ATT_INTR | ATT_NMI | ATT_TRAP))
        run_single(cpu);
    else
        cpu->attention &= ~(uint32_t)ATT_SHADOW;
    return true;
}

/* NULL near the CS limit, too: nothing behind it may be fetched. */
static struct block *find_slow(struct cpu *cpu, uint64_t rip)
{
    flow_check(cpu, rip);
    if (cpu->cs_end - rip < DECODE_MAX_LEN && cpu->cs_end != ~0ull)
        return NULL;
    return block_find(cpu, rip);
}

static void run_loop(struct cpu *cpu)
{
    for (;;) {
        uint64_t rip = cpu->reg[REG_RIP];
        struct block *b;
        cpu->budget += cpu->budget_kept;
        cpu->budget_kept = 0;
        if (unlikely(flow_needs_attention(cpu))) {
            if (!attend(cpu))
                return;
            if (flow_needs_attention(cpu))
                continue;
            rip = cpu->reg[REG_RIP];
            cpu->budget += cpu->budget_kept;
            cpu->budget_kept = 0;
        }
        if (cpu->budget <= 0) {
            cpu->exit = EXIT_BUDGET;
            return;
        }
        if (unlikely(tracing(cpu))) {
            run_single(cpu);
            continue;
        }
        b = flow_find(cpu, rip);
        if (!b)
            b = find_slow(cpu, rip);
        if (unlikely(!b || b->count > cpu->budget ||
                     rip + b->bytes > cpu->cs_end))
            run_single(cpu);
        else
            run_block(cpu, b);
    }
}

/* An exception left the block: charge for what was executed, the faulting
 * instruction included, and put RIP back to it. */
static void unwind(struct cpu *cpu)
{
    uint64_t rip = cpu_rip(cpu);
    if (cpu->block)
        cpu->budget += cpu->block->count - (cpu->insn - cpu->block->insn);
    /* A fault costs one, so that endless faults end; one that comes while
     * an event is delivered belongs to what that was charged for. */
    if (!cpu->fault_depth)
        cpu->budget--;
    flow_resync(cpu, rip);
}

enum cpu_exit cpu_run(struct cpu *cpu, int64_t budget)
{
    cpu->slice = budget;
    cpu->budget = budget;
    cpu->budget_kept = 0;
    cpu->insn = cpu->resume;
    cpu->block = NULL;
    cpu->exit = EXIT_BUDGET;
    if (setjmp(cpu->raise_env)) {
        unwind(cpu);
        if (!event_exception(cpu)) {
            cpu->attention |= ATT_SHUTDOWN;
            cpu->exit = EXIT_SHUTDOWN;
        }
    }
    run_loop(cpu);
    cpu->budget += cpu->budget_kept;
    cpu->budget_kept = 0;
    cpu->icount += (uint64_t)(cpu->slice - cpu->budget);
    cpu->slice = cpu->budget = 0;
    /* One form for equal flags, whoever made them: states are compared. */
    flags_put(cpu, flags_get(cpu));
    return cpu->exit;
}
