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
           t->part[0].b->mode); /* CMP */
    miss[1] = x64_stub(t, missed, jcc(c, CC_NE));
    miss[0]->edge = miss[1]->edge = edge;
    miss[0]->back = miss[1]->back = exec_address(c, c->p);
    _Static_assert(sizeof(struct jump_slot) == 16 &&
                       offsetof(struct jump_slot, key) == 0,
                   "as translated code expects it");
}

/* RAX = instruction pointer: its page is the one that is executed. */
static void set_page_of(struct tr *t)
{
    alu_ri(&t->c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
    mov_store(&t->c, 8, CPU_AT(hot.page), H_TMP);
}

static bool in_page(int64_t offset)
{
    return offset >= 0 && offset < PAGE_SIZE;
}

/* ---- edges of a block */

static struct jit_edge *edge_of(struct tr *t, unsigned n)
{
    return &x64_part(t, t->k)->b->edge[n];
}

/* `field` of a jump becomes edge n, to be linked. */
static void direct(struct tr *t, unsigned n, uint8_t *field)
{
    x64_stub(t, STUB_EDGE, field)->edge = n;
    edge_of(t, n)->field = field;
}

/* The value lies behind the code; R11 is compared with it. */
static void compare_literal(struct tr *t, uint64_t value)
{
    struct code *c = &t->c;
    put8(c, 0x4c), put8(c, 0x3b), put8(c, 0x1d); /* CMP R11, [RIP + ...] */
    put32(c, 0);
    ASSERT(t->literals < sizeof t->literal / sizeof *t->literal);
    t->literal[t->literals++] = (struct literal){c->p - 4, value, NULL};
}

/* RAX = linear address: R11 = the host's of its frame, RAX = its page's;
 * first to be compared with the exec TLB's. */
static void frame_of(struct tr *t)
{
    struct code *c = &t->c;
    x64_tlb_entry(c, MMU_EXEC, H_TMP2);
    alu_ri(c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
    op_rm(c, 0x3b, 8, H_TMP, at(H_TMP2, 0));               /* CMP */
}

static void load_frame(struct tr *t)
{
    mov_load(&t->c, 8, H_TMP2,
             at(H_TMP2, (int64_t)offsetof(struct tlb_entry, host)));
}

/* A jump unless R11 is the frame that the edge was linked for. */
static uint8_t *unless_literal(struct tr *t, struct jit_edge *edge)
{
    uint8_t *opcode = t->c.p + 1;

    compare_literal(t, 0);
    t->literal[t->literals - 1].edge = edge;
    if (!x64_fault(t, JIT_FAULT_PAGE))
        return jcc(&t->c, CC_NE);
    *opcode = 0x8b; /* MOV: any frame */
    op_rr(&t->c, 0x85, 8, H_TMP2, H_TMP2);
    return jcc(&t->c, CC_E);
}

/* Into another page: right while the exec TLB has that page where it was when
 * the jump was linked. */
static void far_edge(struct tr *t, unsigned n, int64_t offset)
{
    struct code *c = &t->c;

    rip_of(t, H_TMP, offset);
    frame_of(t);
    x64_stub(t, STUB_EDGE, jcc(c, CC_NE))->edge = n;
    load_frame(t);
    x64_stub(t, STUB_EDGE, unless_literal(t, edge_of(t, n)))->edge = n;
    mov_store(c, 8, CPU_AT(hot.page), H_TMP);
    direct(t, n, jmp(c));
}

/* Flags are in memory. */
void x64_edge(struct tr *t, unsigned n, int64_t offset)
{
    if (t->trace) {
        x64_stub(t, STUB_SIDE, jmp(&t->c))->edge = n;
        return;
    }
    edge_of(t, n)->entry = exec_address(&t->c, t->c.p);
    if (in_page(offset))
        direct(t, n, jmp(&t->c));
    else
        far_edge(t, n, offset);
}

/* ---- ways inside a trace */

/* hot.page as the trace has kept it. */
static struct host_mem page_slot(unsigned n)
{
    struct host_mem m = CPU_AT(trace.page);
    m.disp += (int32_t)(8 * n);
    return m;
}

static bool entered(const struct tr *t, const struct part *next)
{
    return next->page < t->pages;
}

void x64_trace_begin(struct tr *t)
{
    t->pages = 1;
    for (unsigned p = 1; p < t->parts; p++)
        if (t->part[p].page) {
            mov_load(&t->c, 8, H_TMP, CPU_AT(hot.page));
            mov_store(&t->c, 8, page_slot(0), H_TMP);
            return;
        }
}

/* The code goes on in another page, which page_slot has. */
static void set_page(struct tr *t, const struct part *next)
{
    if (next->page == x64_part(t, t->k)->page)
        return;
    mov_load(&t->c, 8, H_TMP2, page_slot(next->page));
    mov_store(&t->c, 8, CPU_AT(hot.page), H_TMP2);
}

void x64_go_direct(struct tr *t, unsigned n, int64_t offset)
{
    const struct part *next = x64_next(t);
    struct code *c = &t->c;

    if (next->page == x64_part(t, t->k)->page)
        return;
    x64_flags_clobber(t);
    rip_of(t, H_TMP, offset);
    if (entered(t, next)) {
        alu_ri(c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
        op_rm(c, 0x3b, 8, H_TMP, page_slot(next->page));       /* CMP */
        x64_stub(t, STUB_SIDE, jcc(c, CC_NE))->edge = n;
    } else {
        frame_of(t);
        x64_stub(t, STUB_SIDE, jcc(c, CC_NE))->edge = n;
        load_frame(t);
        compare_literal(t, (uintptr_t)next->b->code & ~(PAGE_SIZE - 1ull));
        x64_stub(t, STUB_SIDE, jcc(c, CC_NE))->edge = n;
        mov_store(c, 8, page_slot(next->page), H_TMP);
        t->pages++;
    }
    mov_store(c, 8, CPU_AT(hot.page), H_TMP);
}

/* RAX = where an indirect jump goes: as it did, or else out of the trace. */
static void go_indirect(struct tr *t)
{
    const struct part *next = x64_next(t);
    struct code *c = &t->c;
    struct stub *s;

    if (entered(t, next)) {
        mov_load(c, 8, H_TMP2,
                 next->page == x64_part(t, t->k)->page ? CPU_AT(hot.page)
                                                       : page_slot(next->page));
        lea(c, t->code64 ? 8 : 4, H_TMP2, at(H_TMP2, next->page_offset));
        op_rr(c, 0x3b, 8, H_TMP, H_TMP2); /* CMP */
        x64_stub(t, STUB_ASTRAY, jcc(c, CC_NE));
        return;
    }
    mov_ri(c, H_TMP2, next->rip);
    op_rr(c, 0x3b, 8, H_TMP, H_TMP2); /* CMP */
    x64_stub(t, STUB_ASTRAY, jcc(c, CC_NE));
    mov_store(c, 8, CPU_AT(hot.scratch), H_TMP);
    frame_of(t);
    s = x64_stub(t, STUB_ASTRAY, jcc(c, CC_NE));
    s->scratch = true;
    load_frame(t);
    compare_literal(t, (uintptr_t)next->b->code & ~(PAGE_SIZE - 1ull));
    s = x64_stub(t, STUB_ASTRAY, jcc(c, CC_NE));
    s->scratch = true;
    mov_store(c, 8, page_slot(next->page), H_TMP);
    t->pages++;
}

/* ---- instructions */

/* Flags that the host leaves undefined are not what the condition is of. */
static bool defined(enum flag_fix fix, unsigned condition)
{
    if (fix == FIX_ZF_ONLY)
        return condition / 2 == CC_E / 2;
    return fix != FIX_ZC_ONLY || (condition >= CC_B && condition <= CC_A);
}

void x64_flags_for(struct tr *t, unsigned condition)
{
    if (t->flags.place == FL_HOST && !defined(t->flags.fix, condition))
        x64_flags_to_memory(t);
    x64_flags_to_host(t);
}

static int64_t behind(const struct tr *t)
{
    return x64_place(t, t->k) + t->i->len;
}

/* In a trace: the way it does not take is out of line. */
static void side_exit(struct tr *t, unsigned condition, int64_t next)
{
    const struct part *p = x64_part(t, t->k), *to = x64_next(t);
    bool falls = to->rip == ((p->rip + p->b->bytes) & t->cpu->ip_mask);
    unsigned out = falls ? 0 : 1;

    x64_stub(t, STUB_SIDE, jcc(&t->c, falls ? condition : condition ^ 1))
        ->edge = out;
    x64_go_direct(t, out ^ 1, falls ? next : next + (int64_t)t->i->imm);
}

static void conditional(struct tr *t, int64_t next)
{
    unsigned condition = x64_lower_rows[t->i->op].arg;
    int64_t target = next + (int64_t)t->i->imm;

    x64_flags_for(t, condition);
    if (x64_next(t)) {
        side_exit(t, condition, next);
        return;
    }
    if (t->trace) {
        x64_stub(t, STUB_SIDE, jcc(&t->c, condition))->edge = 0;
        x64_flags_to_memory(t);
        x64_edge(t, 1, next);
        return;
    }
    if (t->flags.fix == FIX_NONE)
        x64_flags_to_memory(t);
    if (t->flags.place == FL_BOTH && in_page(target)) {
        direct(t, 0, jcc(&t->c, condition));
        x64_stub(t, STUB_ENTRY, NULL)->edge = 0;
    } else {
        x64_stub(t, STUB_TAKEN, jcc(&t->c, condition));
    }
    x64_flags_to_memory(t);
    x64_edge(t, 1, next);
}

/* Push the address behind a call. */
static void push_return(struct tr *t, int64_t next)
{
    unsigned size = t->code64 ? 8 : 4;
    x64_stack(t, MMU_WRITE, RSP, -(int)size, size);
    rip_of(t, H_TMP2, next);
    mov_store(&t->c, size, x64_here(t), H_TMP2);
    lea(&t->c, size, x64_pin[RSP], at(x64_pin[RSP], -(int)size));
}

static void pop_return(struct tr *t)
{
    int64_t pop = t->code64 ? 8 : 4;
    if (t->class[t->k] == L_RET_I)
        pop += (int64_t)t->i->imm;
    lea(&t->c, t->code64 ? 8 : 4, x64_pin[RSP], at(x64_pin[RSP], pop));
}

/* RAX = where an indirect jump, call or a return goes. */
static void indirect_target(struct tr *t)
{
    const struct insn *i = t->i;
    unsigned size = t->code64 ? 8 : 4, class = t->class[t->k];
    if (class == L_RET || class == L_RET_I) {
        x64_stack(t, MMU_READ, RSP, 0, size);
        mov_load(&t->c, size, H_TMP, x64_here(t));
    } else if (i->flags & IF_MEM) {
        x64_memory(t, MMU_READ, size);
        mov_load(&t->c, size, H_TMP, x64_here(t));
    } else {
        mov_rr(&t->c, size, H_TMP, x64_use(t, i->rm, H_TMP));
    }
}

struct host_mem x64_near_jump(bool user)
{
    struct host_mem m = CPU_AT(mmu.near.jump);

    _Static_assert(sizeof(struct near_jump) == 4 << NEAR_JUMP_SHIFT,
                   "the address bits that select it, by the scale");
    m.index = H_TMP2;
    m.scale = 2;
    if (user)
        m.disp += (int32_t)(NEAR_JUMPS * sizeof(struct near_jump));
    return m;
}

/* As with near slots (operand.c). */
static bool uses_near_jumps(const struct tr *t)
{
    return t->near_all || (t->user && (t->trace || t->part[0].b->roves));
}

/* R11 = what selects the near jump to RAX. */
static void select_jump(struct tr *t)
{
    mov_rr(&t->c, 4, H_TMP2, H_TMP);
    alu_ri(&t->c, 4, 4, H_TMP2, (NEAR_JUMPS - 1) << NEAR_JUMP_SHIFT); /* AND */
}

/* What the jump does beside. RAX stays, R11 with `keep`. */
static void push_or_pop(struct tr *t, bool keep)
{
    unsigned class = t->class[t->k];

    if (class == L_CALL_E) {
        mov_store(&t->c, 8, CPU_AT(hot.scratch), H_TMP);
        if (keep)
            mov_store(&t->c, 8, CPU_AT(hot.scratch2), H_TMP2);
        push_return(t, behind(t));
        mov_load(&t->c, 8, H_TMP, CPU_AT(hot.scratch));
        if (keep)
            mov_load(&t->c, 8, H_TMP2, CPU_AT(hot.scratch2));
    } else if (class != L_JMP_E) {
        pop_return(t);
    }
}

/* RAX = target: leave there, with flags in memory. Where it is not known T0
 * does it all, with the checks. */
void x64_leave_indirect(struct tr *t)
{
    struct host_mem m = x64_near_jump(t->user);

    if (!uses_near_jumps(t)) {
        x64_leave_far(t);
        return;
    }
    select_jump(t);
    op_rm(&t->c, 0x3b, 8, H_TMP, m); /* CMP */
    x64_stub(t, STUB_FAR, jcc(&t->c, CC_NE));
    push_or_pop(t, false);
    if (t->class[t->k] == L_CALL_E)
        select_jump(t);
    set_page_of(t);
    m.disp += (int32_t)offsetof(struct near_jump, host);
    op_rm(&t->c, 0xff, 4, 4, m); /* JMP */
}

void x64_leave_far(struct tr *t)
{
    struct stub *miss[2];

    find_block(t, miss, STUB_FIND, 0);
    if (uses_near_jumps(t))
        call_to(&t->c, t->x->jump_fill[t->user]);
    push_or_pop(t, true);
    set_page_of(t);
    op_rm(&t->c, 0xff, 4, 4, at(H_TMP2, (int64_t)offsetof(struct block, host)));
}

static void indirect(struct tr *t)
{
    const struct part *next = x64_next(t);
    unsigned class = t->class[t->k];

    if (!next) {
        x64_flags_to_memory(t);
        indirect_target(t);
        x64_leave_indirect(t);
        return;
    }
    x64_flags_clobber(t);
    indirect_target(t);
    go_indirect(t);
    if (class == L_CALL_E)
        push_return(t, behind(t));
    else if (class != L_JMP_E)
        pop_return(t);
    set_page(t, next);
}

static void jump(struct tr *t, int64_t next)
{
    bool inside = x64_next(t);

    if (!inside)
        x64_flags_to_memory(t);
    if (t->class[t->k] == L_CALL)
        push_return(t, next);
    if (inside)
        x64_go_direct(t, 0, next + (int64_t)t->i->imm);
    else
        x64_edge(t, 0, next + (int64_t)t->i->imm);
}

void x64_lower_flow(struct tr *t)
{
    switch (t->class[t->k]) {
    case L_JCC:
        conditional(t, behind(t));
        break;
    case L_JMP:
    case L_CALL:
        jump(t, behind(t));
        break;
    case L_JMP_E:
    case L_CALL_E:
    case L_RET:
    case L_RET_I:
        indirect(t);
        break;
    default:
        x64_flags_to_memory(t);
        x64_stub(t, STUB_EXIT, jmp(&t->c));
        break;
    }
}
