/* translate.c - one block or trace into x86-64 code, and the common code
 * around.
 *
 * A block's code: charge the budget; each instruction; the way out; then,
 * out of line, what slow paths need. A trace is charged for as a whole: who
 * leaves it earlier gives the rest back (refund). */
#include "cpu/jit/x64/x87.h"

#include <stdlib.h>

#include "cpu/jit/elided.h"
#include "cpu/jit/vector.h"

enum {
    COMMON_ROOM = 4096,
    BLOCK_CODE = 256, /* of one instruction, at most */
    STUB_CODE = 224,  /* of one stub, on average at most */
    ONCE_CODE = 4096, /* charges, edges, moves of registers, literals */
    INSN_CODE = BLOCK_CODE + MAX_STUBS / MAX_INSNS * STUB_CODE,
};

static struct x64 *common_of(const struct jit *jit)
{
    return jit->common;
}

static struct code code_at(const struct jit *jit, size_t offset)
{
    return (struct code){
        jit->buf.write + offset,
        (int64_t)((intptr_t)jit->buf.exec - (intptr_t)jit->buf.write), true};
}

/* ---- common code */

static void all_registers(struct code *c, bool load)
{
    for (unsigned n = 0; n < 16; n++) {
        if (x64_pin[n] == H_NONE)
            continue;
        if (load)
            mov_load(c, 8, x64_pin[n], reg_home(n));
        else
            mov_store(c, 8, reg_home(n), x64_pin[n]);
    }
    if (load)
        mov_load(c, 8, H_BUDGET, CPU_AT(budget));
    else
        mov_store(c, 8, CPU_AT(budget), H_BUDGET);
}

/* Call fn(cpu, R11, EAX) with guest registers in memory; RSP is a multiple of
 * 16 here. */
static void call_c(struct code *c, const struct x64 *x, uintptr_t fn)
{
    uint8_t *none;
    all_registers(c, false);
    alu_mi(c, 7, 1, CPU_AT(hot.vector), 0); /* CMP */
    none = jcc(c, CC_E);
    call_to(c, x->store_vector);
    jump_here(c, none);
    lea(c, 8, H_DI, at(H_CPU, -(int64_t)CPU_BIAS));
    mov_rr(c, 8, H_SI, H_TMP2);
    mov_rr(c, 4, H_DX, H_TMP);
    mov_ri(c, H_AX, fn);
    op_rr(c, 0xff, 4, 2, H_AX); /* CALL */
}

static void stack(struct code *c, int by)
{
    lea(c, 8, H_SP, at(H_SP, by));
}

static const uint8_t saved[] = {H_BX, H_BP, H_R12, H_R13, H_R14, H_R15};

/* void enter(struct cpu *, uint64_t host) */
static void make_enter(struct code *c)
{
    for (unsigned n = 0; n < sizeof saved; n++)
        put_opcode(c, 0x50 + (saved[n] & 7), 4, 0, H_NONE, saved[n], false);
    stack(c, -8);
    lea(c, 8, H_CPU, at(H_DI, (int64_t)CPU_BIAS));
    mov_rr(c, 8, H_AX, H_SI);
    all_registers(c, true);
    op_rr(c, 0xff, 4, 4, H_AX); /* JMP */
}

static void make_leave(struct code *c)
{
    stack(c, 8);
    for (unsigned n = sizeof saved; n-- > 0;)
        put_opcode(c, 0x58 + (saved[n] & 7), 4, 0, H_NONE, saved[n], false);
    put8(c, 0xc3);
}

/* ---- x87: before any C but what makes no use of it */

static void leave_x87(struct code *c, const struct x64 *x)
{
    uint8_t *none;
    alu_mi(c, 7, 1, CPU_AT(hot.x87), 0); /* CMP */
    none = jcc(c, CC_E);
    call_to(c, x->store_x87);
    jump_here(c, none);
}

/* CALLed; vector registers stay where they are. */
static void make_store_x87(struct code *c)
{
    put8(c, 0x41), put8(c, 0x53); /* PUSH R11 */
    put8(c, 0x50);                /* PUSH RAX */
    stack(c, -8);
    all_registers(c, false);
    op_rm(c, 0xdd, 4, 6, CPU_AT(x87_image)); /* FNSAVE */
    lea(c, 8, H_DI, at(H_CPU, -(int64_t)CPU_BIAS));
    mov_ri(c, H_AX, (uintptr_t)jit_x87_saved);
    op_rr(c, 0xff, 4, 2, H_AX); /* CALL */
    all_registers(c, true);
    stack(c, 8);
    put8(c, 0x58);                /* POP RAX */
    put8(c, 0x41), put8(c, 0x5b); /* POP R11 */
    put8(c, 0xc3);
}

/* CALLed, likewise. */
static void make_load_x87(struct code *c)
{
    uint8_t *no;
    stack(c, -8);
    all_registers(c, false);
    lea(c, 8, H_DI, at(H_CPU, -(int64_t)CPU_BIAS));
    mov_ri(c, H_AX, (uintptr_t)jit_x87_ready);
    op_rr(c, 0xff, 4, 2, H_AX); /* CALL */
    all_registers(c, true);
    stack(c, 8);
    op_rr(c, 0x85, 4, H_AX, H_AX);
    no = jcc(c, CC_E);
    op_rm(c, 0xdd, 4, 4, CPU_AT(x87_image)); /* FRSTOR */
    mov_store(c, 1, CPU_AT(hot.x87), H_AX);
    jump_here(c, no);
    put8(c, 0xc3);
}

/* CALLed: back, or away when fn says where. */
static void make_call(struct code *c, const struct x64 *x, uintptr_t fn)
{
    uint8_t *away;
    stack(c, -8);
    leave_x87(c, x);
    call_c(c, x, fn);
    stack(c, 8);
    op_rr(c, 0x85, 8, H_AX, H_AX);
    away = jcc(c, CC_NE);
    all_registers(c, true);
    put8(c, 0xc3);
    jump_here(c, away);
    stack(c, 8);
    op_rr(c, 0xff, 4, 4, H_AX); /* JMP: leaves */
}

/* Jumped to: goes on where fn says. */
static void make_jump(struct code *c, const struct x64 *x, uintptr_t fn)
{
    leave_x87(c, x);
    call_c(c, x, fn);
    all_registers(c, true);
    op_rr(c, 0xff, 4, 4, H_AX); /* JMP */
}

/* CALLed anywhere in an instruction: vector registers stay where they are. */
static void make_lazy_flags(struct code *c, const struct x64 *x)
{
    put8(c, 0x41), put8(c, 0x53);                       /* PUSH R11 */
    op_rm(c, X_0F | 0xb6, 4, H_AX, CPU_AT(hot.vector)); /* MOVZX */
    put8(c, 0x50);                                      /* PUSH RAX */
    stack(c, -8);
    call_c(c, x, (uintptr_t)jit_lazy_flags);
    stack(c, 8);
    put8(c, 0x58); /* POP RAX */
    x64_vector_load(c, x);
    all_registers(c, true);
    put8(c, 0x41), put8(c, 0x5b); /* POP R11 */
    op_rm(c, X_0F | 0xb7, 4, H_AX, CPU_AT(hot.flags));
    put8(c, 0xc3);
}

/* CALLed: EAX = what of the vector state is in registers now. */
static void make_load_vector(struct code *c, const struct x64 *x)
{
    stack(c, -8);
    call_c(c, x, (uintptr_t)jit_vector_ready);
    stack(c, 8);
    x64_vector_load(c, x);
    all_registers(c, true);
    put8(c, 0xc3);
}

/* CALLed anywhere, with flags that matter: all of it stays. */
static void make_elided(struct code *c, const struct x64 *x)
{
    put8(c, 0x9c);                                      /* PUSHF */
    op_rm(c, X_0F | 0xb6, 4, H_AX, CPU_AT(hot.vector)); /* MOVZX */
    put8(c, 0x50);                                      /* PUSH RAX */
    stack(c, -8);
    call_c(c, x, (uintptr_t)jit_elided_check);
    stack(c, 8);
    put8(c, 0x58); /* POP RAX */
    x64_vector_load(c, x);
    all_registers(c, true);
    put8(c, 0x9d); /* POPF */
    put8(c, 0xc3);
}

/* CALLed, see struct x64. Now and then it fails, so that jit.c sees who fills
 * them. */
static void make_near_fill(struct code *c, enum mmu_access access)
{
    _Static_assert(offsetof(struct tlb_near, filled) ==
                       offsetof(struct tlb_near, used) + 1,
                   "one store sets both");
    uint8_t *missed, *never, *watched;

    put8(c, 0x51);                           /* PUSH RCX */
    op_rm(c, 0x03, 8, H_TMP, at(H_TMP2, 0)); /* ADD */
    put8(c, 0x50);                           /* PUSH RAX */
    x64_tlb_entry(c, access, H_CX);
    alu_ri(c, 4, 8, H_TMP, (uint64_t)(int64_t)-PAGE_SIZE); /* AND */
    op_rm(c, 0x3b, 8, H_TMP, at(H_CX, 0));                 /* CMP */
    missed = jcc(c, CC_NE);
    lea(c, 8, H_TMP, at(H_TMP, PAGE_SIZE));         /* tlb_near_never? */
    put8(c, 0xa9), put32(c, ~(2u * PAGE_SIZE - 1)); /* TEST EAX */
    lea(c, 8, H_TMP, at(H_TMP, -PAGE_SIZE));
    never = jcc(c, CC_E);
    alu_mi(c, 5, 4, CPU_AT(mmu.near.fills), 1); /* SUB */
    watched = jcc(c, CC_S);
    mov_store(c, 8, at(H_TMP2, 0), H_TMP);
    mov_load(c, 8, H_CX, at(H_CX, (int64_t)offsetof(struct tlb_entry, host)));
    mov_store(c, 8, at(H_TMP2, (int64_t)offsetof(struct tlb_near_set, host)),
              H_CX);
    op_rr(c, 0x2b, 8, H_CX, H_TMP); /* SUB */
    mov_store(c, 8, at(H_TMP2, (int64_t)offsetof(struct tlb_near_set, delta)),
              H_CX);
    op_rm(c, 0xc7, 8, 0, /* MOV */
          at(H_TMP2, (int64_t)offsetof(struct tlb_near_set, end)));
    put32(c, NEAR_END);
    op_rm(c, 0xc7, 2, 0, CPU_AT(mmu.near.used)); /* MOV: `filled`, too */
    put8(c, 1), put8(c, 1);
    put8(c, 0x59); /* POP RCX */
    op_rr(c, 0x2b, 8, H_CX, H_TMP);
    mov_rr(c, 8, H_TMP, H_CX);
    put8(c, 0x59); /* POP RCX */
    put8(c, 0xc3);
    jump_here(c, missed);
    jump_here(c, never);
    jump_here(c, watched);
    put8(c, 0x59);
    put8(c, 0x59);
    mov_ri(c, H_TMP, ~0ull);
    put8(c, 0xc3);
}

/* CALLed, see struct x64: nothing else changes. Blocks without translation need
 * R11, they get no slot. */
static void make_jump_fill(struct code *c, const struct x64 *x, bool user)
{
    struct host_mem key = x64_near_jump(user), host = key;
    uint8_t *none;

    key.index = host.index = H_DX;
    host.disp += (int32_t)offsetof(struct near_jump, host);
    put8(c, 0x51); /* PUSH RCX */
    put8(c, 0x52); /* PUSH RDX */
    mov_load(c, 8, H_CX, at(H_TMP2, (int64_t)offsetof(struct block, host)));
    mov_ri(c, H_DX, x->enter_block);
    op_rr(c, 0x3b, 8, H_CX, H_DX); /* CMP */
    none = jcc(c, CC_E);
    mov_rr(c, 4, H_DX, H_TMP);
    alu_ri(c, 4, 4, H_DX, (NEAR_JUMPS - 1) << NEAR_JUMP_SHIFT); /* AND */
    mov_store(c, 8, key, H_TMP);
    mov_store(c, 8, host, H_CX);
    op_rm(c, 0xc6, 4, 0, CPU_AT(mmu.near.jumps_used)); /* MOV */
    put8(c, 1);
    jump_here(c, none);
    put8(c, 0x5a); /* POP RDX */
    put8(c, 0x59); /* POP RCX */
    put8(c, 0xc3);
}

bool backend_present(void)
{
    __builtin_cpu_init();
    return true;
}

bool backend_init(struct jit *jit, struct cpu *cpu)
{
    struct x64 *x = calloc(1, sizeof *x);
    struct code c = code_at(jit, 0);

    (void)cpu;
    if (!x)
        return false;
    x->has_bmi2 = __builtin_cpu_supports("bmi2");
    x->has_popcnt = __builtin_cpu_supports("popcnt");
    x64_vec_features(x);
    x->has_sse3 = __builtin_cpu_supports("sse3");
    x->has_x87 = x64_x87_like_t0();
#define MAKE(field, make)                                                      \
    x->field = exec_address(&c, c.p);                                          \
    make
    MAKE(store_vector, x64_vector_store(&c, x));
    MAKE(load_vector, make_load_vector(&c, x));
    MAKE(store_x87, make_store_x87(&c));
    MAKE(load_x87, make_load_x87(&c));
    MAKE(near_fill[MMU_READ], make_near_fill(&c, MMU_READ));
    MAKE(near_fill[MMU_WRITE], make_near_fill(&c, MMU_WRITE));
    MAKE(enter, make_enter(&c));
    MAKE(leave, make_leave(&c));
    MAKE(call_insn, make_call(&c, x, (uintptr_t)jit_call_insn));
    MAKE(exit_insn, make_jump(&c, x, (uintptr_t)jit_exit_insn));
    MAKE(find, make_call(&c, x, (uintptr_t)jit_find));
    MAKE(edge, make_jump(&c, x, (uintptr_t)jit_edge));
    MAKE(enter_block, make_jump(&c, x, (uintptr_t)jit_enter_block));
    MAKE(no_budget, make_jump(&c, x, (uintptr_t)jit_no_budget));
    MAKE(jump_fill[0], make_jump_fill(&c, x, false));
    MAKE(jump_fill[1], make_jump_fill(&c, x, true));
    MAKE(lazy_flags, make_lazy_flags(&c, x));
    MAKE(elided, make_elided(&c, x));
#undef MAKE
    ASSERT(c.p <= jit->buf.write + COMMON_ROOM);
    codebuf_empty(&jit->buf, COMMON_ROOM);
    jit->common = x;
    return true;
}

void backend_free(struct jit *jit)
{
    free(jit->common);
}

uint64_t backend_enter_block(const struct jit *jit)
{
    return common_of(jit)->enter_block;
}

uint64_t backend_leave(const struct jit *jit)
{
    return common_of(jit)->leave;
}

size_t backend_room(unsigned insns)
{
    return ONCE_CODE + (size_t)insns * INSN_CODE;
}

void backend_run(const struct jit *jit, struct cpu *cpu, struct block *b)
{
    void (*enter)(struct cpu *, uint64_t);
    uintptr_t address = (uintptr_t)common_of(jit)->enter;
    memcpy(&enter, &address, sizeof enter);
    enter(cpu, b->host);
}

void backend_link(struct jit *jit, struct block *b, unsigned n, uint64_t target)
{
    struct code c = code_at(jit, 0);
    jump_to(&c, b->edge[n].field, target);
    if (b->edge[n].field2)
        jump_to(&c, b->edge[n].field2, target);
}

uint64_t backend_target(const struct jit *jit, const struct block *b,
                        unsigned n)
{
    const struct code c = code_at(jit, 0);
    int32_t rel;
    memcpy(&rel, b->edge[n].field, sizeof rel);
    return exec_address(&c, b->edge[n].field) + 4 + (uint64_t)(int64_t)rel;
}

/* ---- stubs */

static void refund(struct tr *t, unsigned instructions)
{
    if (instructions)
        lea(&t->c, 8, H_BUDGET, at(H_BUDGET, instructions));
}

/* R11, EAX: instruction k, or the one `more` behind it in its block. */
static void load_insn(struct tr *t, unsigned k, unsigned more, unsigned options)
{
    mov_ri(&t->c, H_TMP2, (uintptr_t)(t->insn[k] + more));
    mov_ri(&t->c, H_TMP, (k - x64_part(t, k)->first + more) | options);
}

/* Flags and pointers that are nowhere yet go to memory. */
static void settle(struct tr *t, const struct stub *s)
{
    x64_x87_pointers(t, s->x87_ip, s->x87_dp);
    if (s->before.place == FL_RECIPE || s->before.place == FL_HOST)
        x64_flags_save(t, &s->before);
    refund(t, s->refund);
    x64_pins_common(t);
}

static void name_insn(struct tr *t, const struct stub *s, unsigned options)
{
    settle(t, s);
    load_insn(t, s->k, 0, options | (t->trace ? JIT_TRACE : 0u));
}

/* T0 goes on behind the instruction. */
static void exit_behind(struct tr *t, const struct stub *s)
{
    load_insn(t, s->k, 1, 0);
    jump_to(&t->c, jmp(&t->c), t->x->exit_insn);
}

/* The code behind the instruction expects vector registers loaded. */
static void reload_vector(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    uint8_t *good;
    call_to(c, t->x->load_vector);
    alu_ri(c, 7, 1, H_TMP, s->vector); /* CMP */
    good = jcc(c, CC_AE);
    exit_behind(t, s);
    jump_here(c, good);
}

/* The code behind the instruction expects the x87 state in the host's FPU. */
static void reload_x87(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    uint8_t *good;
    call_to(c, t->x->load_x87);
    op_rr(c, 0x85, 4, H_AX, H_AX);
    good = jcc(c, CC_NE);
    exit_behind(t, s);
    jump_here(c, good);
}

/* Take back what was given for the call. Events may have come up. */
static void charge_again(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    uint8_t *good;
    if (!s->refund)
        return;
    alu_ri(c, 5, 8, H_BUDGET, s->refund); /* SUB */
    good = jcc(c, CC_NS);
    refund(t, s->refund);
    exit_behind(t, s);
    jump_here(c, good);
}

/* Call common code in the middle of an instruction. */
static void call_load(struct tr *t, const struct stub *s, uint64_t code)
{
    x64_pins_common(t);
    call_to(&t->c, code);
    if (s->own)
        x64_pins_own(t);
}

static void make_x87_stub(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    call_load(t, s, t->x->load_x87);
    op_rr(c, 0x85, 4, H_AX, H_AX);
    jump_to(c, jcc(c, CC_NE), s->resume);
    name_insn(t, s, 0);
    jump_to(c, jmp(c), t->x->exit_insn);
}

static void make_call_stub(struct tr *t, const struct stub *s)
{
    name_insn(t, s,
              (s->flags_to_host ? JIT_FLAGS_TO_RAW : 0u) |
                  (s->memory ? JIT_MEMORY : 0u));
    call_to(&t->c, t->x->call_insn);
    if (s->vector)
        reload_vector(t, s);
    if (s->x87_here)
        reload_x87(t, s);
    charge_again(t, s);
    if (s->own)
        x64_pins_own(t);
    if (s->flags_to_host)
        x64_flags_load(t);
    jump_to(&t->c, jmp(&t->c), s->back);
}

/* Vector registers may be in memory: go on when they are loaded, otherwise
 * T0 goes on with the instruction. */
static void make_vector_stub(struct tr *t, const struct stub *s)
{
    call_load(t, s, t->x->load_vector);
    alu_ri(&t->c, 7, 1, H_TMP, s->need); /* CMP */
    jump_to(&t->c, jcc(&t->c, CC_AE), s->ready);
    name_insn(t, s, 0);
    jump_to(&t->c, jmp(&t->c), t->x->exit_insn);
}

static void name_block(struct tr *t, unsigned edge)
{
    mov_ri(&t->c, H_TMP2, (uintptr_t)x64_part(t, t->k)->b);
    mov_ri(&t->c, H_TMP, edge);
}

static void make_edge_stub(struct tr *t, const struct stub *s)
{
    struct jit_edge *edge = &x64_part(t, t->k)->b->edge[s->edge];
    if (edge->field == s->from)
        edge->unlinked = exec_address(&t->c, t->c.p);
    name_block(t, s->edge);
    jump_to(&t->c, jmp(&t->c), t->x->edge);
}

/* Edge 0 is a conditional jump; here is one without. */
static void make_entry_stub(struct tr *t)
{
    struct jit_edge *edge = &x64_part(t, t->k)->b->edge[0];
    edge->entry = exec_address(&t->c, t->c.p);
    edge->field2 = jmp(&t->c);
    jump_to(&t->c, edge->field2, edge->unlinked);
}

/* An indirect jump did not go where the trace does: RAX. Now and then T0
 * makes it, and jit.c looks. */
static void make_astray_stub(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    struct stub *watched;
    if (s->before.place == FL_RECIPE || s->before.place == FL_HOST) {
        if (!s->scratch)
            mov_store(c, 8, CPU_AT(hot.scratch), H_TMP);
        x64_flags_save(t, &s->before);
        mov_load(c, 8, H_TMP, CPU_AT(hot.scratch));
    } else if (s->scratch) {
        mov_load(c, 8, H_TMP, CPU_AT(hot.scratch));
    }
    t->flags = (struct flag_state){.place = FL_MEMORY};
    alu_mi(c, 5, 4, CPU_AT(trace.astray), 1); /* SUB */
    watched = x64_stub(t, STUB_EXIT, jcc(c, CC_S));
    watched->refund = s->refund;
    refund(t, s->refund);
    x64_pins_common(t);
    x64_leave_indirect(t);
}

static void make_budget_stub(struct tr *t, const struct stub *s)
{
    if (t->trace) {
        settle(t, s);
        jump_to(&t->c, jmp(&t->c), t->part[0].b->plain);
        return;
    }
    name_block(t, 0);
    jump_to(&t->c, jmp(&t->c), t->x->no_budget);
}

/* The page may only be another one than last time. */
static void make_near(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;

    lea(c, 8, H_TMP2, at(H_CPU, s->near));
    call_to(c, t->x->near_fill[s->access]);
    alu_ri(c, 7, 8, H_TMP, s->near_last); /* CMP */
    jump_to(c, jcc(c, CC_BE), s->near_back);
}

static void make_stub(struct tr *t, unsigned n)
{
    struct stub s = t->stub[n];
    struct code *c = &t->c;

    if (s.from)
        jump_here(c, s.from);
    t->k = s.k;
    t->i = t->insn[s.k];
    t->refund = 0;
    t->pin = s.own ? t->own : x64_pin;
    if (s.near)
        make_near(t, &s);
    switch (s.kind) {
    case STUB_CALL:
        make_call_stub(t, &s);
        break;
    case STUB_VECTOR:
        make_vector_stub(t, &s);
        break;
    case STUB_X87:
        make_x87_stub(t, &s);
        break;
    case STUB_EXIT:
        name_insn(t, &s, s.memory ? JIT_MEMORY : 0u);
        jump_to(c, jmp(c), t->x->exit_insn);
        break;
    case STUB_FAR:
        t->flags = (struct flag_state){.place = FL_MEMORY};
        x64_leave_far(t);
        break;
    case STUB_FIND:
        mov_store(c, 8, CPU_AT(hot.scratch), H_TMP);
        name_insn(t, &s, 0);
        call_to(c, t->x->find);
        mov_load(c, 8, H_TMP, CPU_AT(hot.scratch));
        mov_load(c, 8, H_TMP2, CPU_AT(hot.scratch2));
        jump_to(c, jmp(c), s.back);
        break;
    case STUB_EDGE:
        make_edge_stub(t, &s);
        break;
    case STUB_ENTRY:
        make_entry_stub(t);
        break;
    case STUB_SIDE:
        settle(t, &s);
        jump_to(c, jmp(c), x64_part(t, s.k)->b->edge[s.edge].entry);
        break;
    case STUB_ASTRAY:
        make_astray_stub(t, &s);
        break;
    case STUB_BUDGET:
        make_budget_stub(t, &s);
        break;
    case STUB_TAKEN:
        t->flags = s.before;
        x64_flags_to_memory(t);
        x64_edge(t, 0, x64_place(t, s.k) + t->i->len + (int64_t)t->i->imm);
        break;
    }
}

/* ---- a block */

/* T0 executes it. */
static void call_t0(struct tr *t)
{
    unsigned k = t->k;
    x64_flags_to_memory(t);
    load_insn(t, k, 0, 0);
    call_to(&t->c, t->x->call_insn);
    t->flags = (struct flag_state){.place = FL_MEMORY};
    t->vector = 0;
}

/* Where the slow paths of the instruction just made go on, and how they leave
 * the flags. */
static void finish_stubs(struct tr *t, unsigned first)
{
    for (unsigned n = first; n < t->stubs; n++) {
        if (t->stub[n].kind != STUB_CALL)
            continue;
        t->stub[n].back = exec_address(&t->c, t->c.p);
        t->stub[n].flags_to_host =
            t->flags.place == FL_HOST || t->flags.place == FL_BOTH;
        t->stub[n].vector = t->k + 1u < t->count ? t->vector : 0;
        t->stub[n].x87_here = t->x87_here;
    }
}

/* The last instruction of a part has been made; `ended`: it was a jump. */
static void end_part(struct tr *t, bool ended)
{
    const struct part *part = x64_part(t, t->k);
    int64_t end = (int64_t)part->page_offset + part->b->bytes;

    if (ended)
        return;
    x64_x87_before(t, true);
    if (x64_next(t)) {
        x64_go_direct(t, 1, end);
        return;
    }
    x64_flags_to_memory(t);
    x64_edge(t, 1, end);
}

static void make_insn(struct tr *t)
{
    const struct part *part = x64_part(t, t->k);
    unsigned first = t->stubs, class = t->class[t->k];
    bool last = t->k == part->last, ended;
    /* What others do with RAX, and their code out of line, is not all known. */
    bool keeps_ax = class != LOWER_NONE && (class < L_VEC || class >= L_JCC);

    t->i = t->insn[t->k];
    t->refund = t->count - part->last - 1;
    if (!keeps_ax)
        t->ax_group = 0;
    if (t->k == part->first)
        x64_elided_code(t);
    ended =
        last && (part->b->undecodable || (insn_rows[t->i->op].attr & A_ENDS));
    x64_x87_before(t, ended);
    if (ended)
        x64_lower_flow(t);
    else if (class != LOWER_NONE)
        x64_lower(t);
    else
        call_t0(t);
    finish_stubs(t, first);
    if (!keeps_ax)
        t->ax_group = 0;
    if (last)
        end_part(t, ended);
}

static void charge(struct tr *t)
{
    t->refund = t->count;
    alu_ri(&t->c, 5, 8, H_BUDGET, t->count); /* SUB */
    x64_stub(t, STUB_BUDGET, jcc(&t->c, CC_S));
}

static void make_literals(struct tr *t)
{
    struct code *c = &t->c;
    while ((uintptr_t)c->p % 8)
        put8(c, 0xcc);
    for (unsigned n = 0; n < t->literals; n++) {
        const struct literal *l = &t->literal[n];
        jump_here(c, l->field);
        if (l->edge)
            l->edge->frame = c->p;
        put64(c, l->value);
    }
}

/* The code; returns its address. */
static uint64_t make(struct jit *jit, struct tr *t)
{
    uint8_t *start = t->c.p;
    uint64_t entry, loop;

    x64_make_pins(t);
    entry = exec_address(&t->c, t->c.p);
    charge(t);
    x64_pins_own(t);
    loop = exec_address(&t->c, t->c.p);
    if (t->trace)
        x64_trace_begin(t);
    for (t->k = 0; t->k < t->count; t->k++)
        make_insn(t);
    t->k = t->count - 1;
    if (t->loops) {
        x64_flags_to_memory(t);
        charge(t);
        jump_to(&t->c, jmp(&t->c), loop);
    }
    for (unsigned n = 0; n < t->stubs; n++)
        make_stub(t, n);
    make_literals(t);
    ASSERT(t->c.p <= start + backend_room(t->count));
    jit->buf.used += (size_t)(t->c.p - start);
    jit->count.host_bytes += (uint64_t)(t->c.p - start);
    return entry;
}

static void add_part(struct tr *t, struct block *b, uint64_t rip)
{
    struct part *p = &t->part[t->parts];

    p->b = b;
    p->rip = rip;
    p->first = t->count;
    p->last = t->count + b->count - 1;
    p->page_offset = (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1));
    p->page = 0;
    for (unsigned n = 0; n < b->count; n++) {
        t->insn[t->count] = &b->insn[n];
        t->part_of[t->count++] = (uint8_t)t->parts;
    }
    t->parts++;
}

static struct tr *translation(struct jit *jit, struct cpu *cpu, uint32_t mode)
{
    struct tr *t = &common_of(jit)->tr;
    memset(t, 0, offsetof(struct tr, stub));
    t->c = code_at(jit, jit->buf.used);
    t->cpu = cpu;
    t->x = common_of(jit);
    t->code64 = (mode & MODE_CODE) == MODE_64;
    t->fault = jit->fault;
    t->user = mode & MODE_USER;
    t->near_all = jit->near_all;
    t->flags.place = FL_MEMORY;
    t->pages = 1;
    return t;
}

bool backend_translate(struct jit *jit, struct cpu *cpu, struct block *b)
{
    struct tr *t;

    if (!(b->mode & MODE_FLAT) || (b->mode & MODE_CODE) == MODE_16 ||
        (!(b->mode & MODE_STACK32) && (b->mode & MODE_CODE) != MODE_64) ||
        b->code2)
        return false;
    t = translation(jit, cpu, b->mode);
    add_part(t, b, 0);
    memset(b->edge, 0, sizeof b->edge);
    x64_classify(t);
    if (!b->no_groups)
        x64_find_groups(t);
    b->host = make(jit, t);
    return true;
}

/* ---- traces */

/* Does the block's last instruction lead to `rip`, as far as that is known? */
static bool leads_to(const struct tr *t, const struct part *p, uint64_t rip)
{
    const struct insn *i = t->insn[p->last];
    uint64_t next = p->rip + p->b->bytes;

    if (p->b->edge[0].field && rip == ((next + i->imm) & t->cpu->ip_mask))
        return true;
    switch (t->class[p->last]) {
    case L_JMP_E:
    case L_CALL_E:
    case L_RET:
    case L_RET_I:
        return true;
    default:
        return rip == (next & t->cpu->ip_mask);
    }
}

/* The page of part n, as a number; false: it was mapped anew meanwhile. */
static bool number_page(struct tr *t, unsigned n, unsigned *pages)
{
    struct part *p = &t->part[n];

    for (unsigned k = 0; k < n; k++) {
        const struct part *before = &t->part[k];
        if (p->rip / PAGE_SIZE != before->rip / PAGE_SIZE)
            continue;
        p->page = before->page;
        return p->b->frame == before->b->frame;
    }
    p->page = (*pages)++;
    return true;
}

static bool all_translated(const struct tr *t, const struct part *p)
{
    for (unsigned k = p->first; k <= p->last; k++)
        if (t->class[k] == LOWER_NONE)
            return false;
    return true;
}

/* Parts up to the first that T0 has to help with; the pages of the others. */
static void cut(struct tr *t, const struct trace_path *path)
{
    unsigned parts = 0, pages = 0;

    for (; parts < t->parts; parts++) {
        const struct part *p = &t->part[parts];
        uint64_t next = path->rip[(parts + 1) % path->parts];
        if (!all_translated(t, p) || !number_page(t, parts, &pages))
            break;
        if ((parts + 1 < t->parts || path->loops) && !leads_to(t, p, next)) {
            parts++;
            break;
        }
    }
    t->loops = path->loops && parts == t->parts &&
               leads_to(t, &t->part[parts - 1], path->rip[0]);
    t->parts = parts;
    t->count = parts ? t->part[parts - 1].last + 1 : 0;
}

uint64_t backend_trace(struct jit *jit, struct cpu *cpu,
                       struct trace_path *path)
{
    struct tr *t;
    bool groups = true;

    t = translation(jit, cpu, path->part[0]->mode);
    t->trace = true;
    for (unsigned n = 0; n < path->parts; n++) {
        add_part(t, path->part[n], path->rip[n]);
        groups = groups && !path->part[n]->no_groups;
    }
    x64_classify(t);
    cut(t, path);
    if (t->parts < 2)
        return 0;
    path->parts = t->parts;
    if (groups)
        x64_find_groups(t);
    x64_assign_pins(t);
    return make(jit, t);
}
