/* elided.c - calls of cpu/jit/elided.c in translated code, in front of what
 * it accesses without a lookup. All registers and flags stay. Builds without
 * shadow check have none of this. */
#include "cpu/jit/x64/translate.h"

#include "cpu/jit/elided.h"

static void push(struct code *c, unsigned reg)
{
    put_opcode(c, 0x50 + (reg & 7), 4, 0, H_NONE, reg, false);
}

static void pop(struct code *c, unsigned reg)
{
    put_opcode(c, 0x58 + (reg & 7), 4, 0, H_NONE, reg, false);
}

/* The record lies in the code, jumped over: it goes when the code goes. */
static uintptr_t put_record(struct code *c, const struct jit_elided *e)
{
    uint8_t *behind = jmp(c), *record;

    while ((uintptr_t)c->p % sizeof(uint64_t))
        put8(c, 0xcc);
    record = c->p;
    memcpy(record, e, sizeof *e);
    c->p += sizeof *e;
    jump_here(c, behind);
    return (uintptr_t)record;
}

/* RAX, which was pushed before R11, is the host address. */
static void check(struct tr *t, const struct jit_elided *e)
{
    bool own = t->pin == t->own;

    mov_ri(&t->c, H_R11, (uintptr_t)&t->cpu->jit->elided);
    mov_store(&t->c, 8, at(H_R11, 0), H_AX);
    mov_ri(&t->c, H_R11, put_record(&t->c, e));
    x64_pins_common(t);
    call_to(&t->c, t->x->elided);
    if (own)
        x64_pins_own(t);
    pop(&t->c, H_R11);
    pop(&t->c, H_AX);
}

static struct jit_elided here(const struct tr *t, enum elided_kind kind,
                              enum mmu_access access, unsigned size)
{
    const struct part *p = x64_part(t, t->k);
    return (struct jit_elided){
        .block = p->b,
        .index = (uint8_t)(t->k - p->first),
        .kind = (uint8_t)kind,
        .access = (uint8_t)access,
        .size = (uint8_t)size,
    };
}

static void check_data(struct tr *t, const struct jit_elided *e)
{
    push(&t->c, H_AX);
    push(&t->c, H_R11);
    lea(&t->c, 8, H_AX, x64_here(t));
    check(t, e);
}

void x64_elided_operand(struct tr *t, enum mmu_access access, unsigned size)
{
    struct jit_elided e = here(t, ELIDED_OPERAND, access, size);

    if (UMBRA_SHADOW_CHECK)
        check_data(t, &e);
}

void x64_elided_stack(struct tr *t, enum mmu_access access, unsigned n,
                      int disp, unsigned size)
{
    struct jit_elided e = here(t, ELIDED_STACK, access, size);

    e.reg = (uint8_t)n;
    e.disp = (int8_t)disp;
    if (UMBRA_SHADOW_CHECK)
        check_data(t, &e);
}

void x64_elided_code(struct tr *t)
{
    const struct block *b = x64_part(t, t->k)->b;
    struct jit_elided e = here(t, ELIDED_CODE, MMU_EXEC, b->bytes);

    if (!UMBRA_SHADOW_CHECK)
        return;
    push(&t->c, H_AX);
    push(&t->c, H_R11);
    mov_ri(&t->c, H_AX, (uintptr_t)b->code);
    check(t, &e);
}
