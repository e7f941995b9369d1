/* elided.c - the check of a shadow-check build, in C and from the beginning:
 * the address from the guest's registers and the instruction, not from what
 * the translator knows of other accesses; the page from the TLB and now and
 * then from the guest's tables (mmu/recheck.c). */
#include "cpu/jit/elided.h"

#include <inttypes.h>
#include <stdio.h>

#include "cpu/disasm.h"
#include "cpu/jit/backend.h"
#include "mmu/recheck.h"

enum { WALK_EACH = 32 };

static uint64_t offset_in_page(const struct block *b)
{
    return (uintptr_t)b->code & (PAGE_SIZE - 1);
}

static bool is_code64(const struct block *b)
{
    return (b->mode & MODE_CODE) == MODE_64;
}

static gva_t operand(const struct cpu *cpu, const struct block *b,
                     const struct insn *i)
{
    gva_t gva = (gva_t)(int64_t)i->disp;

    if (i->base == REG_RIP)
        gva += cpu->hot.page + offset_in_page(b);
    else if (i->base != REG_ZERO)
        gva += cpu->reg[i->base];
    if (i->index != REG_ZERO)
        gva += cpu->reg[i->index] << i->scale;
    if (!is_code64(b) || (i->flags & IF_ADDR32))
        gva = (uint32_t)gva;
    if (i->seg == SEG_FS || i->seg == SEG_GS)
        gva += cpu->view[i->seg].base;
    return is_code64(b) ? gva : (uint32_t)gva;
}

static gva_t address(const struct cpu *cpu, const struct jit_elided *e)
{
    gva_t gva;

    switch (e->kind) {
    case ELIDED_OPERAND:
        return operand(cpu, e->block, &e->block->insn[e->index]);
    case ELIDED_STACK:
        gva = cpu->reg[e->reg] + (gva_t)(int64_t)e->disp;
        return is_code64(e->block) ? gva : (uint32_t)gva;
    default:
        return cpu->hot.page + offset_in_page(e->block);
    }
}

/* Its segments need no check only if they are flat. */
static const char *by_mode(const struct cpu *cpu, const struct block *b)
{
    if (b->mode == MODE_DEAD)
        return "the block is dead";
    return b->mode == cpu->mode ? NULL : "the block is of another mode";
}

NORETURN static void report(const struct cpu *cpu, const struct jit_elided *e,
                            gva_t gva, const void *found, const char *why)
{
    static const char *const names[] = {"load", "store", "execution"};
    const struct block *b = e->block;
    const struct insn *i = &b->insn[e->index];
    uint64_t rip = cpu->hot.page + offset_in_page(b);
    char insn[96] = "", text[512];

    disasm_text(b->code + i->off, i->len, cpu->mode & MODE_CODE, rip + i->off,
                insn, sizeof insn);
    snprintf(text, sizeof text,
             "elided lookup: %s of %u bytes at %" PRIx64 " by %" PRIx64
             ": %s (block %" PRIx64 ", page %" PRIx64 "): host address %" PRIx64
             ", should be %" PRIx64 ": %s",
             names[e->access], e->size, gva, rip + i->off, insn, rip, b->gpa,
             cpu->jit->elided, (uint64_t)(uintptr_t)found, why);
    assert_failed(text, __FILE__, __LINE__);
}

uint64_t jit_elided_check(struct cpu *cpu, const struct jit_elided *e,
                          uint32_t unused)
{
    const void *host = (const void *)(uintptr_t)cpu->jit->elided;
    const void *found = NULL;
    gva_t gva = address(cpu, e);
    const char *why = by_mode(cpu, e->block);

    (void)unused;
    if (!why)
        why = mmu_recheck(&cpu->mmu, e->access, gva, e->size, host,
                          ++cpu->jit->count.elided % WALK_EACH == 0, &found);
    if (unlikely(why != NULL))
        report(cpu, e, gva, found, why);
    return 0;
}
