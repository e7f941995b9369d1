/* translate.h - what the files that translate for x86-64 hosts share.
 *
 * Guest registers live in host registers, always the same ones, while
 * translated code runs; a few of 64-bit code's sixteen stay in struct cpu.
 * RBP points to struct cpu, R14 holds the budget, RAX and R11 are free. */
#ifndef UMBRA_CPU_JIT_X64_TRANSLATE_H
#define UMBRA_CPU_JIT_X64_TRANSLATE_H

#include <stddef.h>

#include "cpu/jit/backend.h"
#include "cpu/jit/trace.h"
#include "cpu/jit/x64/asm.h"
#include "cpu/jit/x64/lower.h"

enum {
    H_CPU = H_BP,
    H_BUDGET = H_R14,
    H_TMP = H_AX,   /* addresses, flags */
    H_TMP2 = H_R11, /* TLB entries, values */
};

/* Host register of a guest register, H_NONE: in memory. Loops may have it
 * otherwise (pins.c). */
extern const uint8_t x64_pin[16];

/* RBP is so placed that what is used most has one-byte distances. */
#define CPU_BIAS offsetof(struct cpu, hot)
#define CPU_AT(field)                                                          \
    at(H_CPU, (int64_t)offsetof(struct cpu, field) - (int64_t)CPU_BIAS)

static inline struct host_mem reg_home(unsigned n)
{
    return at(H_CPU,
              (int64_t)(offsetof(struct cpu, reg) + 8 * n) - (int64_t)CPU_BIAS);
}

/* Where the guest's arithmetic flags are at a point of the translation. */
enum flag_place {
    FL_MEMORY, /* in struct cpu: hot.flags, or lazy */
    FL_HOST,   /* in the host's flags only */
    FL_BOTH,
    FL_RECIPE, /* nowhere, but the recipe makes them */
    FL_DEAD,   /* nobody will look */
};

/* What the host's undefined flags need before they equal T0's. */
enum flag_fix {
    FIX_NONE,
    FIX_AF,      /* AF = 0 */
    FIX_ZF_ONLY, /* all but ZF = 0 */
    FIX_ZC_ONLY, /* all but ZF and CF = 0 */
};

/* How to make the flags of instruction `k` again, later and only where a slow
 * path needs them. */
enum recipe_kind {
    RECIPE_NONE,
    RECIPE_COMPARE, /* CMP, TEST: execute it again */
    RECIPE_ADD,     /* operands from the sum */
    RECIPE_SUB,
    RECIPE_LOGIC, /* TEST of the result with itself */
    RECIPE_INC,   /* CF from memory */
    RECIPE_DEC,
};

struct flag_state {
    enum flag_place place;
    enum flag_fix fix;
    enum recipe_kind recipe;
    unsigned k; /* the recipe's instruction */
};

/* Code out of line, made when the block is done. */
enum stub_kind {
    STUB_CALL,   /* T0 executes the instruction, go on behind it */
    STUB_VECTOR, /* load the vector registers first */
    STUB_X87,    /* load the x87 state first, or leave */
    STUB_EXIT,   /* leave: T0 goes on with the instruction */
    STUB_FAR,    /* the target of an indirect jump has no near slot */
    STUB_FIND,   /* look for the block of an indirect jump */
    STUB_EDGE,   /* leave along a direct jump */
    STUB_BUDGET, /* no budget for the block */
    STUB_TAKEN,  /* a taken branch saves the flags first */
    STUB_ENTRY,  /* edge 0 once more, for traces */
    STUB_SIDE,   /* leave a trace along a block's edge */
    STUB_ASTRAY, /* likewise by an indirect jump, to the target in RAX */
};

struct stub {
    enum stub_kind kind;
    unsigned k;
    uint8_t *from; /* rel32 field that leads here */
    uint64_t back; /* STUB_CALL: where to go on */
    unsigned edge; /* STUB_EDGE, STUB_TAKEN */
    struct flag_state before;
    bool flags_to_host; /* the code behind expects them there */
    bool memory;        /* a missed access, for the counters */
    /* The near slot to fill first, 0: none; the largest distance from its
     * page that serves the access; where to go on then. */
    int32_t near;
    uint32_t near_last;
    uint64_t near_back;
    enum mmu_access access;
    /* What of the vector state (enum jit_vector) the code behind expects in
     * registers; STUB_VECTOR: what the code at `ready` does. */
    uint8_t vector, need;
    uint64_t ready;
    uint8_t x87_ip, x87_dp; /* as in struct tr */
    bool x87_here;          /* the code behind expects the x87 state there */
    uint64_t resume;        /* STUB_X87: where to go on */
    unsigned refund;        /* as in struct tr */
    bool own;               /* registers are in the trace's own places */
    bool scratch;           /* STUB_ASTRAY: the target is in hot.scratch */
};

enum {
    MAX_INSNS = TRACE_MAX_INSNS,
    MAX_STUBS = 8 * MAX_INSNS,
};

enum { GROUPS = JIT_SLOTS };

/* What an instruction accesses, for groups.c; `size` 0: nothing of interest. */
struct access {
    unsigned symbol; /* the same unknown number ... */
    int64_t offset;  /* ... plus this */
    unsigned size;
    bool write;
    uint8_t group; /* its number + 1, or 0 */
};

struct group {
    int64_t min, end; /* offsets */
    unsigned first, last, members;
    bool write;
    /* What is kept is the distance from linear to host addresses; otherwise the
     * host address of `min`. */
    bool delta;
    uint8_t host; /* register that keeps it, or H_NONE */
};

/* A block of a trace, or the only one: instructions first to last. */
struct part {
    struct block *b;
    uint64_t rip;
    unsigned first, last;
    unsigned page_offset; /* of the block's first byte in its frame */
    unsigned page;        /* slot in hot.pages[] of a trace's pages */
};

/* One translation in progress, of a block or a trace. */
struct tr {
    struct code c;
    struct cpu *cpu;
    const struct x64 *x; /* the common code */
    bool trace, loops;   /* a trace; that begins again at its end */
    unsigned parts;
    struct part part[TRACE_MAX_PARTS];
    unsigned count;
    const struct insn *insn[MAX_INSNS];
    uint8_t part_of[MAX_INSNS];
    unsigned k; /* instruction being translated */
    const struct insn *i;
    bool code64, user, near_all;
    enum jit_fault fault;
    const uint8_t *pin; /* where guest registers are now: x64_pin or own */
    uint8_t own[16];    /* if `pins`: where they are inside the trace */
    bool pins;
    uint64_t take, give; /* CALLed: from x64_pin's places to own, and back */
    /* The memory operand: a register of the host, another one scaled or H_NONE,
     * and a displacement. */
    unsigned base, index, scale;
    int32_t disp;
    unsigned refund; /* instructions charged for that lie behind this part */
    unsigned pages;  /* of the trace, that have been entered so far */
    unsigned literals;
    struct literal {
        uint8_t *field; /* that is to lead to the value */
        uint64_t value;
        struct jit_edge *edge; /* whose frame it is, or NULL */
    } literal[TRACE_MAX_PARTS];
    struct flag_state flags;
    uint8_t vector; /* what is surely in registers, enum jit_vector */
    bool x87_here;  /* the x87 state is surely in the host's FPU */
    /* 1 + the instructions that FIP and FDP have yet to be set for, or 0 */
    uint8_t x87_ip, x87_dp;
    uint8_t class[MAX_INSNS]; /* enum lower_class */
    struct access access[MAX_INSNS];
    unsigned groups;
    struct group group[GROUPS];
    unsigned
        ax_group;   /* its host address is in RAX unless c.ax_lost; 0: none */
    unsigned stubs; /* what follows is not cleared */
    struct stub stub[MAX_STUBS];
};

/* Common code, made once: entry and exit, calls to C with all guest
 * registers in memory. Addresses in the executable mapping. */
struct x64 {
    uint64_t enter, leave;
    uint64_t call_insn;   /* CALLed; R11 = struct insn, EAX = its index */
    uint64_t exit_insn;   /* jumped to; the same */
    uint64_t find;        /* CALLed; the same; hot.scratch to scratch2 */
    uint64_t edge;        /* jumped to; R11 = block, EAX = edge */
    uint64_t enter_block; /* jumped to; R11 = block: T0 runs it */
    uint64_t no_budget;   /* likewise, for want of budget */
    /* CALLed: R11 = a near slot's tag, RAX = a distance from it. Fills the slot
     * from the TLB: RAX = the distance then, or ~0: not there. */
    uint64_t near_fill[2];
    uint64_t jump_fill[2]; /* CALLed: a near jump to RAX, R11 = its block */
    uint64_t lazy_flags;   /* CALLed: EAX = hot.flags made from lazy flags */
    uint64_t load_vector, store_vector; /* CALLed */
    uint64_t elided;    /* CALLed: R11 = struct jit_elided; keeps all but R11 */
    bool has[F_COUNT];  /* vector and BMI extensions of the host */
    uint64_t load_x87;  /* CALLed: EAX = 1, or 0: not possible */
    uint64_t store_x87; /* CALLed: state to struct cpu; keeps RAX, R11 */
    bool has_bmi2, has_popcnt, has_sse3, has_x87;
    struct tr tr; /* in progress */
};

/* Is it to be wrong in this way? */
static inline bool x64_fault(const struct tr *t, enum jit_fault fault)
{
    return UMBRA_SHADOW_CHECK && t->fault == fault;
}

/* The part instruction k belongs to. */
static inline const struct part *x64_part(const struct tr *t, unsigned k)
{
    return &t->part[t->part_of[k]];
}

/* The part that follows it, or NULL. */
static inline const struct part *x64_next(const struct tr *t)
{
    if (t->part_of[t->k] + 1u < t->parts)
        return &t->part[t->part_of[t->k] + 1];
    return t->loops ? &t->part[0] : NULL;
}

/* Offset of instruction k in its page. */
static inline int64_t x64_place(const struct tr *t, unsigned k)
{
    return (int64_t)x64_part(t, k)->page_offset + t->insn[k]->off;
}

/* The handler that T0 has for it. */
static inline exec_fn *x64_exec(const struct tr *t, unsigned k)
{
    const struct block *b = x64_part(t, k)->b;
    return t->insn[k] == b->insn ? b->exec0 : t->insn[k]->exec;
}

/* ---- flags.c */
/* The flags instruction k writes and reads. */
unsigned x64_flags_written(const struct tr *t, unsigned k);
unsigned x64_flags_read(const struct tr *t, unsigned k);
/* Nobody sees the flags that the current instruction leaves. */
bool x64_flags_dead(const struct tr *t);
/* The host's flags are about to be lost, before the current instruction has
 * done anything. */
void x64_flags_clobber(struct tr *t);
/* The current instruction needs the guest's flags in the host's. Uses RAX. */
void x64_flags_to_host(struct tr *t);
/* The same for an instruction that depends on the condition. */
void x64_flags_for(struct tr *t, unsigned condition);
/* The flags must be in struct cpu, too. Uses RAX; host flags stay if there
 * is nothing to fix. */
void x64_flags_to_memory(struct tr *t);
/* The same at `place` for stubs. */
void x64_flags_save(struct tr *t, const struct flag_state *f);
void x64_flags_load(struct tr *t);
/* The current instruction has left all flags in the host's. */
void x64_flags_made(struct tr *t, enum recipe_kind recipe, enum flag_fix fix);
/* It has changed some of them, which were in the host's before. */
void x64_flags_changed(struct tr *t);

/* Guest registers (bits) that instruction k changes. */
uint32_t x64_registers_written(const struct tr *t, unsigned k);

/* ---- groups.c */
void x64_find_groups(struct tr *t);
/* Is instruction k's access served by an earlier lookup? Does its lookup
 * serve later ones? Is there a group with lookups behind k? */
bool x64_group_member(const struct tr *t, unsigned k);
bool x64_group_first(const struct tr *t, unsigned k);
bool x64_group_open(const struct tr *t, unsigned k);

/* ---- pins.c */
/* For a loop: choose its own places of registers. */
void x64_assign_pins(struct tr *t);
/* Code that moves registers there and back. */
void x64_make_pins(struct tr *t);
/* Registers must be there; or where everybody else wants them. Flags, RAX and
 * R11 stay. */
void x64_pins_own(struct tr *t);
void x64_pins_common(struct tr *t);

/* ---- elided.c: in a shadow-check build the code that follows has its access
 * without a lookup checked first: of the memory operand, of guest register
 * n plus `disp`, both at x64_here; of the current part's code */
void x64_elided_operand(struct tr *t, enum mmu_access access, unsigned size);
void x64_elided_stack(struct tr *t, enum mmu_access access, unsigned n,
                      int disp, unsigned size);
void x64_elided_code(struct tr *t);

/* ---- operand.c */
/* Where the host address of a group without a register is kept; of others
 * while C code runs. */
struct host_mem x64_slot(unsigned group);
/* Host register with guest register n's value: the pinned one, or `tmp`. */
unsigned x64_use(struct tr *t, unsigned n, unsigned tmp);
/* Host register to compute guest register n in; loaded when `size` < 4. */
unsigned x64_dest(struct tr *t, unsigned n, unsigned size, unsigned tmp);
/* After a change of it. */
void x64_done(struct tr *t, unsigned n, unsigned host);
/* May the current instruction's memory operand be accessed inline? */
bool x64_memory_ok(const struct tr *t);
/* Linear address of the memory operand, or its low half, to a register. Uses
 * RAX and R11. */
void x64_offset(struct tr *t, unsigned to, unsigned size);
/* The memory operand, once it has been looked up. */
static inline struct host_mem x64_here(const struct tr *t)
{
    return (struct host_mem){(uint8_t)t->base, (uint8_t)t->index,
                             (uint8_t)t->scale, t->disp};
}
/* Look up the memory operand; misses go to T0. Flags, RAX and R11 are lost;
 * where it is (x64_here) may be relative to RAX. */
void x64_memory(struct tr *t, enum mmu_access access, unsigned size);
/* The same for an offset that the instruction gives. */
void x64_absolute(struct tr *t, uint64_t offset, enum mmu_access access,
                  unsigned size);
/* The same for guest register n plus `disp` in the stack segment. */
void x64_stack(struct tr *t, enum mmu_access access, unsigned n, int disp,
               unsigned size);
/* `entry` = address of the TLB entry for the linear address in RAX. */
void x64_tlb_entry(struct code *c, enum mmu_access access, unsigned entry);
/* A jump to code that has T0 execute the current instruction: its access
 * missed; or for another reason. */
void x64_slow(struct tr *t, uint8_t *field);
void x64_odd(struct tr *t, uint8_t *field);
struct stub *x64_stub(struct tr *t, enum stub_kind kind, uint8_t *field);

/* ---- lower.c: t->class[] of all instructions; then one that does not end
 * the block and has a class */
void x64_classify(struct tr *t);
void x64_lower(struct tr *t);

/* ---- lower_vec.c */
void x64_vec_features(struct x64 *x);
/* Load what AL says (enum jit_vector) and MXCSR; store what is loaded. */
void x64_vector_load(struct code *c, const struct x64 *x);
void x64_vector_store(struct code *c, const struct x64 *x);
/* Is instruction i one of those? */
bool x64_vec_ok(const struct tr *t, const struct insn *i);
void x64_lower_vec(struct tr *t);
/* The general register it changes, as a bit. */
uint32_t x64_vec_writes(const struct insn *i);
/* Of the memory operand: its size, and whether it is stored to. */
unsigned x64_vec_bytes(const struct insn *i);
bool x64_vec_stores(const struct insn *i);

/* ---- lower_bmi.c: the same */
bool x64_bmi_ok(const struct tr *t, const struct insn *i);
void x64_lower_bmi(struct tr *t);
uint32_t x64_bmi_writes(const struct insn *i);

/* ---- flow.c: one that ends it */
void x64_lower_flow(struct tr *t);
/* Leave along edge n, to instruction pointer page + offset. */
void x64_edge(struct tr *t, unsigned n, int64_t offset);
/* The same for edge n of a part inside a trace. */
void x64_go_direct(struct tr *t, unsigned n, int64_t offset);
/* Leave by an indirect jump, call or return to RAX. */
void x64_leave_indirect(struct tr *t);
void x64_leave_far(struct tr *t);
/* The near jump that R11 selects, of `user` or supervisor code. */
struct host_mem x64_near_jump(bool user);
void x64_trace_begin(struct tr *t);

#endif
