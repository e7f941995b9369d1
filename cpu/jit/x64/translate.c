/* translate.c - one block into x86-64 code, and the common code around.
 *
 * A block's code: charge the budget; each instruction; the way out; then,
 * out of line, what slow paths need. */
#include "cpu/jit/x64/x87.h"

#include <stdlib.h>

#include "cpu/jit/vector.h"

enum {
    COMMON_ROOM = 4096,
    BLOCK_CODE = 256, /* of one instruction, at most */
    STUB_CODE = 192,  /* of one stub, at most */
    ROOM = BLOCK_MAX_INSNS * BLOCK_CODE + MAX_STUBS * STUB_CODE,
};

static const struct x64 *common_of(const struct jit *jit)
{
    return jit->common;
}

static struct code code_at(const struct jit *jit, size_t offset)
{
    return (struct code){
        jit->buf.write + offset,
        (int64_t)((intptr_t)jit->buf.exec - (intptr_t)jit->buf.write)};
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
    MAKE(enter, make_enter(&c));
    MAKE(leave, make_leave(&c));
    MAKE(call_insn, make_call(&c, x, (uintptr_t)jit_call_insn));
    MAKE(exit_insn, make_jump(&c, x, (uintptr_t)jit_exit_insn));
    MAKE(find, make_call(&c, x, (uintptr_t)jit_find));
    MAKE(edge, make_jump(&c, x, (uintptr_t)jit_edge));
    MAKE(enter_block, make_jump(&c, x, (uintptr_t)jit_enter_block));
    MAKE(no_budget, make_jump(&c, x, (uintptr_t)jit_no_budget));
    MAKE(lazy_flags, make_lazy_flags(&c, x));
#undef MAKE
    ASSERT(c.p <= jit->buf.write + COMMON_ROOM);
    jit->buf.reserved = jit->buf.used = COMMON_ROOM;
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

size_t backend_room(void)
{
    return ROOM;
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
}

/* ---- stubs */

/* Flags that are nowhere yet go to memory; R11, EAX: the instruction. */
static void name_insn(struct tr *t, const struct stub *s, unsigned options)
{
    x64_x87_pointers(t, s->x87_ip, s->x87_dp);
    if (s->before.place == FL_RECIPE || s->before.place == FL_HOST)
        x64_flags_save(t, &s->before);
    mov_ri(&t->c, H_TMP2, (uintptr_t)&t->b->insn[s->k]);
    mov_ri(&t->c, H_TMP, s->k | options);
}

/* The code behind the instruction expects vector registers loaded. */
static void reload_vector(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    uint8_t *good;
    call_to(c, t->x->load_vector);
    alu_ri(c, 7, 1, H_TMP, s->vector); /* CMP */
    good = jcc(c, CC_AE);
    mov_ri(c, H_TMP2, (uintptr_t)&t->b->insn[s->k + 1]);
    mov_ri(c, H_TMP, s->k + 1);
    jump_to(c, jmp(c), t->x->exit_insn);
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
    mov_ri(c, H_TMP2, (uintptr_t)&t->b->insn[s->k + 1]);
    mov_ri(c, H_TMP, s->k + 1);
    jump_to(c, jmp(c), t->x->exit_insn);
    jump_here(c, good);
}

static void make_x87_stub(struct tr *t, const struct stub *s)
{
    struct code *c = &t->c;
    call_to(c, t->x->load_x87);
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
    if (s->flags_to_host)
        x64_flags_load(t);
    jump_to(&t->c, jmp(&t->c), s->back);
}

/* Vector registers may be in memory: go on when they are loaded, otherwise
 * T0 goes on with the instruction. */
static void make_vector_stub(struct tr *t, const struct stub *s)
{
    call_to(&t->c, t->x->load_vector);
    alu_ri(&t->c, 7, 1, H_TMP, s->need); /* CMP */
    jump_to(&t->c, jcc(&t->c, CC_AE), s->ready);
    name_insn(t, s, 0);
    jump_to(&t->c, jmp(&t->c), t->x->exit_insn);
}

static void name_block(struct tr *t, unsigned edge)
{
    mov_ri(&t->c, H_TMP2, (uintptr_t)t->b);
    mov_ri(&t->c, H_TMP, edge);
}

static void make_stub(struct tr *t, unsigned n)
{
    struct stub s = t->stub[n];
    struct code *c = &t->c;
    uint64_t here = exec_address(c, c->p);

    jump_here(c, s.from);
    t->k = s.k;
    t->i = &t->b->insn[s.k];
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
    case STUB_FIND:
        mov_store(c, 8, CPU_AT(hot.scratch), H_TMP);
        name_insn(t, &s, 0);
        call_to(c, t->x->find);
        mov_load(c, 8, H_TMP, CPU_AT(hot.scratch));
        mov_load(c, 8, H_TMP2, CPU_AT(hot.scratch2));
        jump_to(c, jmp(c), s.back);
        break;
    case STUB_EDGE:
        if (t->b->edge[s.edge].field == s.from)
            t->b->edge[s.edge].unlinked = here;
        name_block(t, s.edge);
        jump_to(c, jmp(c), t->x->edge);
        break;
    case STUB_BUDGET:
        name_block(t, 0);
        jump_to(c, jmp(c), t->x->no_budget);
        break;
    case STUB_TAKEN:
        t->flags = s.before;
        x64_flags_to_memory(t);
        x64_edge(t, 0,
                 (int64_t)t->page_offset + t->i->off + t->i->len +
                     (int64_t)t->i->imm);
        break;
    }
}

/* ---- a block */

/* T0 executes it. */
static void call_t0(struct tr *t)
{
    unsigned k = t->k;
    x64_flags_to_memory(t);
    mov_ri(&t->c, H_TMP2, (uintptr_t)&t->b->insn[k]);
    mov_ri(&t->c, H_TMP, k);
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
        t->stub[n].vector = t->k + 1u < t->b->count ? t->vector : 0;
        t->stub[n].x87_here = t->x87_here;
    }
}

static void make_block(struct tr *t)
{
    struct block *b = t->b;
    struct stub *budget;
    bool ended = false;

    op_rr(&t->c, 0x83, 8, 5, H_BUDGET); /* SUB */
    put8(&t->c, b->count);
    budget = x64_stub(t, STUB_BUDGET, jcc(&t->c, CC_S));
    (void)budget;
    for (t->k = 0; t->k < b->count; t->k++) {
        unsigned first = t->stubs;
        t->i = &b->insn[t->k];
        ended = t->k == b->count - 1u &&
                (b->undecodable || (insn_rows[t->i->op].attr & A_ENDS));
        x64_x87_before(t, ended);
        if (ended)
            x64_lower_flow(t);
        else if (t->class[t->k] != LOWER_NONE)
            x64_lower(t);
        else
            call_t0(t);
        finish_stubs(t, first);
    }
    if (!ended) {
        x64_x87_before(t, true);
        x64_flags_to_memory(t);
        x64_edge(t, 1, (int64_t)t->page_offset + b->bytes);
    }
    for (unsigned n = 0; n < t->stubs; n++)
        make_stub(t, n);
}

bool backend_translate(struct jit *jit, struct cpu *cpu, struct block *b)
{
    struct tr t = {
        .c = code_at(jit, jit->buf.used),
        .cpu = cpu,
        .x = common_of(jit),
        .b = b,
        .code64 = (b->mode & MODE_CODE) == MODE_64,
        .page_offset = (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1)),
        .flags = {.place = FL_MEMORY},
    };
    uint8_t *start = t.c.p;

    if (!(b->mode & MODE_FLAT) || (b->mode & MODE_CODE) == MODE_16 ||
        (!t.code64 && !(b->mode & MODE_STACK32)) || b->code2)
        return false;
    x64_classify(&t);
    if (!b->no_groups)
        x64_find_groups(&t);
    make_block(&t);
    ASSERT(t.c.p <= start + ROOM);
    b->host = exec_address(&t.c, start);
    jit->buf.used += ((size_t)(t.c.p - start) + 15) & ~(size_t)15;
    jit->count.host_bytes += (uint64_t)(t.c.p - start);
    return true;
}
