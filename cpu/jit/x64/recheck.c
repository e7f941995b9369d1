/* recheck.c - looks up again what groups.c spares; for tests and builds that
 * audit.
 *
 * Before an access that relies on the lookup of an earlier one its own linear
 * address is computed, and the MMU is asked where that leads and whether the
 * access may be done directly. Anything else than the host address at hand
 * stops the program. The guest notices nothing: registers, flags, vector and
 * x87 state are as before. Costs about a hundred instructions per access. */
#include "cpu/jit/x64/translate.h"

enum { SIZE = 0xffff, WRITE = 1 << 16 };

/* On the stack of the common code, in words of 8 bytes from below. */
enum { PUSHED = 15, HOST = 2 + PUSHED + 1, LINEAR = HOST + 1 };

static void recheck(struct cpu *cpu, gva_t gva, uint64_t host, uint32_t what)
{
    struct mmu *mmu = &cpu->mmu;
    enum mmu_access access = what & WRITE ? MMU_WRITE : MMU_READ;
    struct mmu_fault fault;
    void *direct = NULL;

    cpu->jit->count.rechecked++;
    ASSERT((gva & (PAGE_SIZE - 1)) + (what & SIZE) <= PAGE_SIZE);
    ASSERT(mmu_host_page(mmu, mmu->kind, access, gva, &direct, &fault));
    ASSERT((uintptr_t)direct == host);
}

static void push(struct code *c, unsigned reg)
{
    put_opcode(c, 0x50 + (reg & 7), 4, 0, H_NONE, reg, false);
}

static void pop(struct code *c, unsigned reg)
{
    put_opcode(c, 0x58 + (reg & 7), 4, 0, H_NONE, reg, false);
}

void x64_make_recheck(struct code *c, const struct x64 *x)
{
    uint8_t *none;

    for (unsigned n = 0; n < 16; n++)
        if (n != H_SP)
            push(c, n);
    op_rm(c, X_0F | 0xb6, 4, H_AX, CPU_AT(hot.vector)); /* MOVZX */
    push(c, H_AX);
    lea(c, 8, H_SP, at(H_SP, -8));
    op_rr(c, 0x85, 4, H_AX, H_AX);
    none = jcc(c, CC_E);
    call_to(c, x->store_vector);
    jump_here(c, none);
    lea(c, 8, H_DI, at(H_CPU, -(int64_t)CPU_BIAS));
    mov_load(c, 8, H_SI, at(H_SP, 8 * LINEAR));
    mov_load(c, 8, H_DX, at(H_SP, 8 * HOST));
    mov_rr(c, 4, H_CX, H_TMP2);
    mov_ri(c, H_AX, (uintptr_t)recheck);
    op_rr(c, 0xff, 4, 2, H_AX); /* CALL */
    lea(c, 8, H_SP, at(H_SP, 8));
    pop(c, H_AX);
    x64_vector_load(c, x);
    for (unsigned n = 16; n-- > 0;)
        if (n != H_SP)
            pop(c, n);
    put8(c, 0xc3);
}

void x64_recheck(struct tr *t, enum mmu_access access, unsigned n, int disp,
                 unsigned size)
{
    struct code *c = &t->c;

    if (!t->recheck)
        return;
    put8(c, 0x9c); /* PUSHF */
    push(c, H_TMP);
    if (n < REG_ZERO)
        lea(c, t->code64 ? 8 : 4, H_TMP, at(t->pin[n], disp));
    else
        x64_offset(t, H_TMP, 8);
    push(c, H_TMP);
    if (t->base == H_TMP)
        mov_load(c, 8, H_TMP, at(H_SP, 8));
    lea(c, 8, H_TMP, at(t->base, t->disp));
    push(c, H_TMP);
    mov_ri(c, H_TMP2, size | (access == MMU_WRITE ? WRITE : 0u));
    call_to(c, t->x->recheck);
    lea(c, 8, H_SP, at(H_SP, 16));
    pop(c, H_TMP);
    put8(c, 0x9d); /* POPF */
}
