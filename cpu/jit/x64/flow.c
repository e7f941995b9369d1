/* flow.c - how translated code leaves a block: direct jumps, which are linked
 * to their target when it lies in the same page, and indirect ones, calls
 * across pages included, which look the target up in the bank's jump cache
 * (mmu/tlb.h).
 *
 * A link within a page needs no check: the mapping under which this block was
 * entered holds for the target, too. */
#include "cpu/jit/x64/translate.h"

/* The instruction pointer page + offset, in `to`. */
static void rip_of(struct tr *t, unsigned to, int64_t offset)
{
    unsigned size = t->code64 ? 8 : 4;
    mov_load(&t->c, 8, to, CPU_AT(hot.page));
    lea(&t->c, size, to, at(to, offset));
}

/* RAX = instruction pointer: R11 = its block; none: out of line. The slot is
 * that of jump_slot_of. */
static void find_block(struct tr *t, struct stub *miss[2],
                       enum stub_kind missed, unsigned edge)
{
    struct code *c = &t->c;
    struct host_mem jump = CPU_AT(mmu.now.jump);

    mov_rr(c, 4, H_TMP2, H_TMP);
    alu_ri(c, 4, 4, H_TMP2, JUMP_PAGE_SLOTS - 1); /* AND */
    op_rr(c, 0xc1, 4, 4, H_TMP2);                 /* SHL */
    put8(c, 6);
    op_rr(c, 0x33, 8, H_TMP2, H_TMP); /* XOR */
    op_rr(c, 0xc1, 8, 5, H_TMP2);     /* SHR */
    put8(c, 6 - 4);
    alu_ri(c, 4, 4, H_TMP2, (JUMP_SLOTS - 1) << 4); /* AND */
    op_rm(c, 0x03, 8, H_TMP2, jump);                /* ADD */
    op_rm(c, 0x3b, 8, H_TMP, at(H_TMP2, 0));        /* CMP */
    miss[0] = x64_stub(t, missed, jcc(c, CC_NE));
    mov_load(c, 8, H_TMP2,
             at(H_TMP2, (int64_t)offsetof(struct jump_slot, block)));
    alu_mi(c, 7, 4, at(H_TMP2, (int64_t)offsetof(struct block, mode)),
           t->b->mode); /* CMP */
    miss[1] = x64_stub(t, missed, jcc(c, CC_NE));
    miss[0]->edge = miss[1]->edge = edge;
    miss[0]->back = miss[1]->back = exec_address(c, c->p);
    _Static_assert(sizeof(struct jump_slot) == 16 &&
                       offsetof(struct jump_slot, key) == 0,
                   "as translated code expects it");
}

/* RAX = instruction pointer, R11 = its block. */
static void enter_found(struct tr *t)
{
    alu_ri(&t->c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
    mov_store(&t->c, 8, CPU_AT(hot.page), H_TMP);
    op_rm(&t->c, 0xff, 4, 4, at(H_TMP2, (int64_t)offsetof(struct block, host)));
}

static bool in_page(int64_t offset)
{
    return offset >= 0 && offset < PAGE_SIZE;
}

/* `field` of a jump becomes edge n, to be linked. */
static void direct(struct tr *t, unsigned n, uint8_t *field)
{
    x64_stub(t, STUB_EDGE, field)->edge = n;
    t->b->edge[n].field = field;
}

/* Into another page: right while the exec TLB has that page where it was when
 * the jump was linked. */
static void far_edge(struct tr *t, unsigned n, int64_t offset)
{
    struct code *c = &t->c;
    uint8_t *frame;

    rip_of(t, H_TMP, offset);
    x64_tlb_entry(t, MMU_EXEC);                            /* R11 */
    alu_ri(c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
    op_rm(c, 0x3b, 8, H_TMP, at(H_TMP2, 0));               /* CMP */
    x64_stub(t, STUB_EDGE, jcc(c, CC_NE))->edge = n;
    mov_load(c, 8, H_TMP2,
             at(H_TMP2, (int64_t)offsetof(struct tlb_entry, host)));
    put8(c, 0x4c), put8(c, 0x3b), put8(c, 0x1d); /* CMP R11, [RIP + ...] */
    put32(c, 0);
    frame = c->p - 4;
    x64_stub(t, STUB_EDGE, jcc(c, CC_NE))->edge = n;
    mov_store(c, 8, CPU_AT(hot.page), H_TMP);
    direct(t, n, jmp(c));
    while ((uintptr_t)c->p % 8)
        put8(c, 0xcc);
    jump_here(c, frame);
    t->b->edge[n].frame = c->p;
    put64(c, 0);
}

/* Flags are in memory. */
void x64_edge(struct tr *t, unsigned n, int64_t offset)
{
    if (in_page(offset)) {
        direct(t, n, jmp(&t->c));
        return;
    }
    far_edge(t, n, offset);
}

static void conditional(struct tr *t, int64_t next)
{
    unsigned condition = x64_lower_rows[t->i->op].arg;
    int64_t target = next + (int64_t)t->i->imm;

    x64_flags_to_host(t);
    if (t->flags.fix == FIX_NONE)
        x64_flags_to_memory(t);
    if (t->flags.place == FL_BOTH && in_page(target))
        direct(t, 0, jcc(&t->c, condition));
    else
        x64_stub(t, STUB_TAKEN, jcc(&t->c, condition));
    x64_flags_to_memory(t);
    x64_edge(t, 1, next);
}

/* Push the address behind a call. */
static void push_return(struct tr *t, int64_t next)
{
    unsigned size = t->code64 ? 8 : 4;
    x64_stack(t, MMU_WRITE, RSP, -(int)size, size);
    rip_of(t, H_TMP2, next);
    mov_store(&t->c, size, at(H_TMP, 0), H_TMP2);
    lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], -(int)size));
}

static void call_direct(struct tr *t, int64_t next)
{
    push_return(t, next);
    x64_edge(t, 0, next + (int64_t)t->i->imm);
}

/* RAX = where an indirect jump or call goes. */
static void indirect_target(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = t->code64 ? 8 : 4;
    if (i->flags & IF_MEM) {
        x64_memory(t, MMU_READ, size);
        mov_load(&t->c, size, H_TMP, at(H_TMP, 0));
    } else {
        mov_rr(&t->c, size, H_TMP, x64_use(t, i->rm, H_TMP));
    }
}

/* Where the target is not known T0 does it all, with the checks. */
static void jump_indirect(struct tr *t)
{
    struct stub *miss[2];
    indirect_target(t);
    find_block(t, miss, STUB_FIND, 0);
    enter_found(t);
}

static void call_indirect(struct tr *t, int64_t next)
{
    struct stub *miss[2];
    indirect_target(t);
    find_block(t, miss, STUB_FIND, 0);
    mov_store(&t->c, 8, CPU_AT(hot.scratch), H_TMP);
    mov_store(&t->c, 8, CPU_AT(hot.scratch2), H_TMP2);
    push_return(t, next);
    mov_load(&t->c, 8, H_TMP, CPU_AT(hot.scratch));
    mov_load(&t->c, 8, H_TMP2, CPU_AT(hot.scratch2));
    enter_found(t);
}

static void ret(struct tr *t)
{
    struct stub *miss[2];
    unsigned size = t->code64 ? 8 : 4;
    int64_t pop = size;
    if (t->class[t->k] == L_RET_I)
        pop += (int64_t)t->i->imm;
    x64_stack(t, MMU_READ, RSP, 0, size);
    mov_load(&t->c, size, H_TMP, at(H_TMP, 0));
    find_block(t, miss, STUB_FIND, 0);
    lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], pop));
    enter_found(t);
}

void x64_lower_flow(struct tr *t)
{
    int64_t next = (int64_t)t->page_offset + t->i->off + t->i->len;
    unsigned class = t->class[t->k];

    if (class == L_JCC) {
        conditional(t, next);
        return;
    }
    x64_flags_to_memory(t);
    switch (class) {
    case L_JMP:
        x64_edge(t, 0, next + (int64_t)t->i->imm);
        break;
    case L_CALL:
        call_direct(t, next);
        break;
    case L_JMP_E:
        jump_indirect(t);
        break;
    case L_CALL_E:
        call_indirect(t, next);
        break;
    case L_RET:
    case L_RET_I:
        ret(t);
        break;
    default:
        x64_stub(t, STUB_EXIT, jmp(&t->c));
        break;
    }
}
