/* exec_x87.c - x87: loads, stores, arithmetic, comparisons.
 *
 * SDM volume 1, chapter 8; volume 2 for each instruction. Control
 * instructions and state images are in exec_x87_ctl.c, functions (FSIN,
 * FPREM ...) in exec_x87_fn.c. Not modelled: the CPU freezing with FERR#
 * high until IRQ 13 when CR0.NE = 0; the handler runs a little later. */
#include "cpu/flags.h"
#include "cpu/fpu.h"

/* ---- arithmetic: DST = DST op SRC */

typedef struct float80 x87_fn(struct float80 dst, struct float80 src,
                              struct float80_env *env);

static ALWAYS_INLINE struct float80
op_fadd(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_add(dst, src, env);
}

static ALWAYS_INLINE struct float80
op_fmul(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_mul(dst, src, env);
}

static ALWAYS_INLINE struct float80
op_fsub(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_sub(dst, src, env);
}

static ALWAYS_INLINE struct float80
op_fsubr(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_sub(src, dst, env);
}

static ALWAYS_INLINE struct float80
op_fdiv(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_div(dst, src, env);
}

static ALWAYS_INLINE struct float80
op_fdivr(struct float80 dst, struct float80 src, struct float80_env *env)
{
    return float80_div(src, dst, env);
}

/* An empty operand: true when the masked response went to ST(d). */
static NOINLINE bool underflow(struct cpu *cpu, unsigned d)
{
    if (!fpu_stack_fault(cpu, false))
        return false;
    fpu_put(cpu, d, float80_indefinite());
    return true;
}

/* ST(d) = ST(d) op ST(s); true when done, so that a pop may follow. */
static ALWAYS_INLINE bool arith_st(struct cpu *cpu, const struct insn *i,
                                   x87_fn *op, unsigned d, unsigned s)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, d) || !fpu_full(cpu, s)))
        return underflow(cpu, d);
    r = op(fpu_get(cpu, d), fpu_get(cpu, s), &env);
    if (!fpu_finish(cpu, &env))
        return false;
    fpu_set(cpu, d, r);
    return true;
}

/* DE for a float32 or float64 operand that was denormal; as float80 it is
 * normal, so the calculation did not see it. */
static NOINLINE void add_denormal(struct float80_env *env, struct float80 other)
{
    enum float80_class c = float80_classify(other);

    if ((env->flags & (FP_IE | FP_ZE)) || c == FLOAT80_NAN)
        return;
    env->flags |= FP_DE;
    if (!(env->control & FP_DE)) {
        env->flags &= FP_BEFORE;
        env->up = false;
    }
}

/* ST(0) = ST(0) op memory operand, already widened. */
static ALWAYS_INLINE void arith_mem(struct cpu *cpu, x87_fn *op,
                                    struct float80 src, bool denormal)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 r;

    if (unlikely(!fpu_full(cpu, 0))) {
        underflow(cpu, 0);
        return;
    }
    r = op(fpu_get(cpu, 0), src, &env);
    if (unlikely(denormal))
        add_denormal(&env, fpu_get(cpu, 0));
    if (fpu_finish(cpu, &env))
        fpu_set(cpu, 0, r);
}

/* Memory operand of an instruction that waits: offset, after the checks. */
static ALWAYS_INLINE uint64_t x87_mem(struct cpu *cpu, const struct insn *i)
{
    fpu_wait(cpu);
    return mem_offset(cpu, i);
}

static ALWAYS_INLINE void x87_record(struct cpu *cpu, const struct insn *i,
                                     uint64_t off)
{
    fpu_record_ip(cpu, i);
    fpu_record_data(cpu, i, off);
}

#define ARITH(name)                                                            \
    EXEC_BODY(name##_m32)                                                      \
    {                                                                          \
        uint64_t off = x87_mem(cpu, i);                                        \
        bool denormal;                                                         \
        struct float80 v = float80_widen32(ld32(cpu, i->seg, off), &denormal); \
        x87_record(cpu, i, off);                                               \
        arith_mem(cpu, op_##name, v, denormal);                                \
    }                                                                          \
    EXEC_BODY(name##_m64)                                                      \
    {                                                                          \
        uint64_t off = x87_mem(cpu, i);                                        \
        bool denormal;                                                         \
        struct float80 v = float80_widen64(ld64(cpu, i->seg, off), &denormal); \
        x87_record(cpu, i, off);                                               \
        arith_mem(cpu, op_##name, v, denormal);                                \
    }                                                                          \
    EXEC(name##_i16)                                                           \
    {                                                                          \
        uint64_t off = x87_mem(cpu, i);                                        \
        int16_t v = (int16_t)ld16(cpu, i->seg, off);                           \
        x87_record(cpu, i, off);                                               \
        arith_mem(cpu, op_##name, float80_from_int(v), false);                 \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_i32)                                                           \
    {                                                                          \
        uint64_t off = x87_mem(cpu, i);                                        \
        int32_t v = (int32_t)ld32(cpu, i->seg, off);                           \
        x87_record(cpu, i, off);                                               \
        arith_mem(cpu, op_##name, float80_from_int(v), false);                 \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_st0)                                                           \
    {                                                                          \
        arith_st(cpu, i, op_##name, 0, i->rm & 7);                             \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_sti)                                                           \
    {                                                                          \
        arith_st(cpu, i, op_##name, i->rm & 7, 0);                             \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##p)                                                              \
    {                                                                          \
        if (arith_st(cpu, i, op_##name, i->rm & 7, 0))                         \
            fpu_pop(cpu);                                                      \
        NEXT;                                                                  \
    }

ARITH(fadd)
ARITH(fmul)
ARITH(fsub)
ARITH(fsubr)
ARITH(fdiv)
ARITH(fdivr)

/* ---- comparisons */

/* C3 C2 C0 of a relation, at their places in the status word. */
static ALWAYS_INLINE uint16_t relation_codes(enum fp_relation r)
{
    return (uint16_t)(r == FP_LESS      ? FSW_C0
                      : r == FP_GREATER ? 0
                      : r == FP_EQUAL   ? FSW_C3
                                        : FSW_C0 | FSW_C2 | FSW_C3);
}

static ALWAYS_INLINE void set_codes(struct cpu *cpu, unsigned codes)
{
    cpu->fsw = (uint16_t)((cpu->fsw & ~(FSW_C0 | FSW_C2 | FSW_C3)) | codes);
}

/* Compares ST(0), which must not be empty. True when pops may follow. */
static ALWAYS_INLINE bool compare(struct cpu *cpu, struct float80 src,
                                  bool src_denormal, bool signalling)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 st0 = fpu_get(cpu, 0);
    enum fp_relation r = float80_compare(st0, src, signalling, &env);

    if (unlikely(src_denormal))
        add_denormal(&env, st0);
    set_codes(cpu, relation_codes(r));
    return fpu_finish(cpu, &env);
}

static NOINLINE bool compare_empty(struct cpu *cpu)
{
    set_codes(cpu, FSW_C0 | FSW_C2 | FSW_C3);
    return fpu_stack_fault(cpu, false);
}

static ALWAYS_INLINE bool compare_st(struct cpu *cpu, const struct insn *i,
                                     unsigned n, bool signalling)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, 0) || !fpu_full(cpu, n)))
        return compare_empty(cpu);
    return compare(cpu, fpu_get(cpu, n), false, signalling);
}

static ALWAYS_INLINE bool compare_mem(struct cpu *cpu, const struct insn *i,
                                      uint64_t off, struct float80 v,
                                      bool denormal)
{
    x87_record(cpu, i, off);
    if (unlikely(!fpu_full(cpu, 0)))
        return compare_empty(cpu);
    return compare(cpu, v, denormal, true);
}

/* FCOM and FCOMP of one memory type; `widen` may use `bits`, `denormal`. */
#define COMPARE_MEM(name, width, widen)                                        \
    static ALWAYS_INLINE bool name##_any(struct cpu *cpu,                      \
                                         const struct insn *i)                 \
    {                                                                          \
        uint64_t off = x87_mem(cpu, i);                                        \
        uint##width##_t raw = ld##width(cpu, i->seg, off);                     \
        bool denormal = false;                                                 \
        struct float80 v = widen;                                              \
        return compare_mem(cpu, i, off, v, denormal);                          \
    }                                                                          \
    EXEC(fcom_##name)                                                          \
    {                                                                          \
        name##_any(cpu, i);                                                    \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(fcomp_##name)                                                         \
    {                                                                          \
        if (name##_any(cpu, i))                                                \
            fpu_pop(cpu);                                                      \
        NEXT;                                                                  \
    }

COMPARE_MEM(m32, 32, float80_widen32(raw, &denormal))
COMPARE_MEM(m64, 64, float80_widen64(raw, &denormal))
COMPARE_MEM(i16, 16, float80_from_int((int16_t)raw))
COMPARE_MEM(i32, 32, float80_from_int((int32_t)raw))

EXEC(fcom_sti)
{
    compare_st(cpu, i, i->rm & 7, true);
    NEXT;
}

EXEC(fcomp_sti)
{
    if (compare_st(cpu, i, i->rm & 7, true))
        fpu_pop(cpu);
    NEXT;
}

EXEC(fucom_sti)
{
    compare_st(cpu, i, i->rm & 7, false);
    NEXT;
}

EXEC(fucomp_sti)
{
    if (compare_st(cpu, i, i->rm & 7, false))
        fpu_pop(cpu);
    NEXT;
}

EXEC(fcompp)
{
    if (compare_st(cpu, i, 1, true)) {
        fpu_pop(cpu);
        fpu_pop(cpu);
    }
    NEXT;
}

EXEC(fucompp)
{
    if (compare_st(cpu, i, 1, false)) {
        fpu_pop(cpu);
        fpu_pop(cpu);
    }
    NEXT;
}

EXEC(ftst)
{
    static const struct float80 zero = {0, 0};

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (fpu_full(cpu, 0))
        compare(cpu, zero, false, true);
    else
        compare_empty(cpu);
    NEXT;
}

/* FCOMI and kin: the relation goes to ZF, PF, CF; OF, SF, AF become 0. C1
 * stays, and the flags are set after an unmasked exception too, as AMD's
 * processors do; Intel's manual has it otherwise. */
static bool compare_flags(struct cpu *cpu, const struct insn *i,
                          bool signalling)
{
    struct float80_env env = fpu_env(cpu);
    enum fp_relation r = FP_UNORDERED;
    unsigned n = i->rm & 7;
    bool done;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (fpu_full(cpu, 0) && fpu_full(cpu, n)) {
        r = float80_compare(fpu_get(cpu, 0), fpu_get(cpu, n), signalling, &env);
        env.up = cpu->fsw & FSW_C1;
        done = fpu_finish(cpu, &env);
    } else {
        done = fpu_stack_fault(cpu, false);
    }
    flags_put(cpu, r == FP_LESS      ? FL_C
                   : r == FP_EQUAL   ? FL_Z
                   : r == FP_GREATER ? 0
                                     : FL_Z | FL_P | FL_C);
    return done;
}

EXEC(fcomi)
{
    compare_flags(cpu, i, true);
    NEXT;
}

EXEC(fcomip)
{
    if (compare_flags(cpu, i, true))
        fpu_pop(cpu);
    NEXT;
}

EXEC(fucomi)
{
    compare_flags(cpu, i, false);
    NEXT;
}

EXEC(fucomip)
{
    if (compare_flags(cpu, i, false))
        fpu_pop(cpu);
    NEXT;
}

EXEC(fxam)
{
    unsigned c;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    c = fpu_full(cpu, 0) ? float80_classify(fpu_get(cpu, 0))
                         : (unsigned)FLOAT80_EMPTY;
    cpu->fsw &= (uint16_t)~FSW_CODES;
    cpu->fsw |= (uint16_t)((c & 1 ? FSW_C0 : 0) | (c & 2 ? FSW_C2 : 0) |
                           (c & 4 ? FSW_C3 : 0) |
                           (float80_sign(fpu_get(cpu, 0)) ? FSW_C1 : 0));
    NEXT;
}

/* ---- loads */

/* A load that succeeded or has a masked exception is pushed; an unmasked
 * denormal is flagged and pushed all the same. A full stack is found first:
 * then nothing else is flagged. */
static ALWAYS_INLINE void load(struct cpu *cpu, struct float80 v,
                               const struct float80_env *env)
{
    if (unlikely(fpu_full(cpu, 7))) {
        fpu_push(cpu, v);
        return;
    }
    if (likely(fpu_finish(cpu, env)) || !(env->flags & ~env->control & FP_IE))
        fpu_push(cpu, v);
}

#define LOAD(name, width, convert)                                             \
    EXEC_BODY(name)                                                            \
    {                                                                          \
        struct float80_env env = fpu_env(cpu);                                 \
        uint64_t off = x87_mem(cpu, i);                                        \
        uint##width##_t raw = ld##width(cpu, i->seg, off);                     \
        x87_record(cpu, i, off);                                               \
        load(cpu, convert, &env);                                              \
    }

LOAD(fld_m32, 32, float80_from_float32(raw, &env))
LOAD(fld_m64, 64, float80_from_float64(raw, &env))
LOAD(fild_m16, 16, float80_from_int((int16_t)raw))
LOAD(fild_m32, 32, float80_from_int((int32_t)raw))
LOAD(fild_m64, 64, float80_from_int((int64_t)raw))

EXEC_BODY(fld_m80)
{
    struct float80_env env = fpu_env(cpu);
    uint64_t off = x87_mem(cpu, i);
    uint8_t raw[10];
    struct float80 v;

    ld_bytes(cpu, i->seg, off, raw, sizeof raw);
    v.mant = load_le64(raw);
    v.se = load_le16(raw + 8);
    x87_record(cpu, i, off);
    load(cpu, v, &env);
}

EXEC_BODY(fbld)
{
    struct float80_env env = fpu_env(cpu);
    uint64_t off = x87_mem(cpu, i);
    uint8_t raw[10];

    ld_bytes(cpu, i->seg, off, raw, sizeof raw);
    x87_record(cpu, i, off);
    load(cpu, float80_from_bcd(raw), &env);
}

EXEC_BODY(fld_sti)
{
    struct float80_env env = fpu_env(cpu);
    struct float80 v = fpu_get(cpu, i->rm & 7);

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, i->rm & 7))) {
        if (fpu_stack_fault(cpu, false)) {
            cpu->ftop = (cpu->ftop - 1) & 7;
            fpu_put(cpu, 0, float80_indefinite());
        }
    } else {
        load(cpu, v, &env);
    }
}

/* FLD1 ... FLDZ: the constant's number is ModRM.rm. */
EXEC_BODY(fld_const)
{
    struct float80_env env = fpu_env(cpu);

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    load(cpu, float80_constant(i->rm & 7, cpu->fcw), &env);
}

/* ---- stores. Memory is written before any state changes. */

/* May this store write, or does an unmasked exception forbid it? */
static ALWAYS_INLINE bool store_writes(const struct float80_env *env)
{
    return !(env->flags & ~env->control & (FP_BEFORE | FP_OE | FP_UE));
}

/* An empty ST(0): masked, the indefinite value goes to memory. */
static NOINLINE bool store_empty(struct cpu *cpu, struct float80_env *env)
{
    env->flags = FP_IE;
    return cpu->fcw & FP_IE;
}

/* Ends a store; true when ST(0) may be popped. */
static ALWAYS_INLINE bool store_done(struct cpu *cpu, const struct insn *i,
                                     uint64_t off, bool empty, bool written,
                                     const struct float80_env *env)
{
    x87_record(cpu, i, off);
    if (unlikely(empty))
        return fpu_stack_fault(cpu, false);
    fpu_finish(cpu, env);
    return written;
}

/* `value` is the store's operand, `empty_value` its indefinite. */
#define STORE_ANY(name, width, value, empty_value)                             \
    static ALWAYS_INLINE bool name##_any(struct cpu *cpu,                      \
                                         const struct insn *i)                 \
    {                                                                          \
        struct float80_env env = fpu_env(cpu);                                 \
        uint64_t off = x87_mem(cpu, i);                                        \
        bool empty = !fpu_full(cpu, 0), writes;                                \
        uint##width##_t v;                                                     \
        if (unlikely(empty)) {                                                 \
            v = (uint##width##_t)(empty_value);                                \
            writes = store_empty(cpu, &env);                                   \
        } else {                                                               \
            v = (uint##width##_t)(value);                                      \
            writes = store_writes(&env);                                       \
        }                                                                      \
        if (likely(writes))                                                    \
            st##width(cpu, i->seg, off, v);                                    \
        else                                                                   \
            mem_probe_write(cpu, i->seg, off, width / 8);                      \
        return store_done(cpu, i, off, empty, writes, &env);                   \
    }

#define STORE(name, width, value, empty_value)                                 \
    STORE_ANY(name, width, value, empty_value)                                 \
    EXEC(name)                                                                 \
    {                                                                          \
        name##_any(cpu, i);                                                    \
        NEXT;                                                                  \
    }

#define STORE_POP(name, any)                                                   \
    EXEC(name)                                                                 \
    {                                                                          \
        if (any##_any(cpu, i))                                                 \
            fpu_pop(cpu);                                                      \
        NEXT;                                                                  \
    }

#define ST0 fpu_get(cpu, 0)

STORE(fst_m32, 32, float80_to_float32(ST0, &env), 0xffc00000)
STORE(fst_m64, 64, float80_to_float64(ST0, &env), 0xfff8ull << 48)
STORE(fist_m16, 16, float80_to_int(ST0, 16, &env), 1 << 15)
STORE(fist_m32, 32, float80_to_int(ST0, 32, &env), 1u << 31)
STORE_ANY(fist_m64, 64, float80_to_int(ST0, 64, &env), 1ull << 63)
STORE_ANY(fisttp_m16, 16, float80_truncate(ST0, 16, &env), 1 << 15)
STORE_ANY(fisttp_m32, 32, float80_truncate(ST0, 32, &env), 1u << 31)
STORE_ANY(fisttp_m64, 64, float80_truncate(ST0, 64, &env), 1ull << 63)
STORE_POP(fstp_m32, fst_m32)
STORE_POP(fstp_m64, fst_m64)
STORE_POP(fistp_m16, fist_m16)
STORE_POP(fistp_m32, fist_m32)
STORE_POP(fistp_m64, fist_m64)
STORE_POP(fisttp_m16, fisttp_m16)
STORE_POP(fisttp_m32, fisttp_m32)
STORE_POP(fisttp_m64, fisttp_m64)

/* Ten bytes, from FSTP m80 and FBSTP. */
static void store_ten(struct cpu *cpu, const struct insn *i, uint64_t off,
                      const uint8_t *raw, bool empty, bool writes,
                      const struct float80_env *env)
{
    if (writes)
        st_bytes(cpu, i->seg, off, raw, 10);
    else
        mem_probe_write(cpu, i->seg, off, 10);
    if (store_done(cpu, i, off, empty, writes, env))
        fpu_pop(cpu);
}

EXEC_BODY(fstp_m80)
{
    struct float80_env env = fpu_env(cpu);
    uint64_t off = x87_mem(cpu, i);
    struct float80 v = ST0;
    bool empty = !fpu_full(cpu, 0), writes = true;
    uint8_t raw[10];

    if (unlikely(empty)) {
        v = float80_indefinite();
        writes = store_empty(cpu, &env);
    }
    store_le64(raw, v.mant);
    store_le16(raw + 8, v.se);
    store_ten(cpu, i, off, raw, empty, writes, &env);
}

EXEC_BODY(fbstp)
{
    struct float80_env env = fpu_env(cpu);
    uint64_t off = x87_mem(cpu, i);
    bool empty = !fpu_full(cpu, 0), writes;
    uint8_t raw[10];

    float80_to_bcd(empty ? float80_indefinite() : ST0, raw, &env);
    writes = empty ? store_empty(cpu, &env) : store_writes(&env);
    store_ten(cpu, i, off, raw, empty, writes, &env);
}

static ALWAYS_INLINE bool store_st(struct cpu *cpu, const struct insn *i)
{
    struct float80 v = ST0;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, 0))) {
        if (!fpu_stack_fault(cpu, false))
            return false;
        v = float80_indefinite();
    } else {
        cpu->fsw &= (uint16_t)~FSW_C1;
    }
    fpu_put(cpu, i->rm & 7, v);
    return true;
}

EXEC(fst_sti)
{
    store_st(cpu, i);
    NEXT;
}

EXEC(fstp_sti)
{
    if (store_st(cpu, i))
        fpu_pop(cpu);
    NEXT;
}

/* D9 D8+i: an undocumented FSTP that takes an empty ST(0) for nothing. */
EXEC(fstp1)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C1;
    if (fpu_full(cpu, 0))
        fpu_put(cpu, i->rm & 7, ST0);
    fpu_pop(cpu);
    NEXT;
}

/* ---- moves between registers */

EXEC(fxch)
{
    unsigned n = i->rm & 7;
    struct float80 t;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, 0) || !fpu_full(cpu, n))) {
        if (!fpu_stack_fault(cpu, false))
            NEXT;
        if (!fpu_full(cpu, 0))
            fpu_put(cpu, 0, float80_indefinite());
        if (!fpu_full(cpu, n))
            fpu_put(cpu, n, float80_indefinite());
    } else {
        cpu->fsw &= (uint16_t)~FSW_C1;
    }
    t = ST0;
    fpu_set(cpu, 0, fpu_get(cpu, n));
    fpu_set(cpu, n, t);
    NEXT;
}

static ALWAYS_INLINE void move_if(struct cpu *cpu, const struct insn *i,
                                  bool condition)
{
    unsigned n = i->rm & 7;

    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, 0) || !fpu_full(cpu, n))) {
        underflow(cpu, 0);
        return;
    }
    if (condition)
        fpu_set(cpu, 0, fpu_get(cpu, n));
}

#define FCMOV(name, condition)                                                 \
    EXEC(name)                                                                 \
    {                                                                          \
        move_if(cpu, i, condition);                                            \
        NEXT;                                                                  \
    }

FCMOV(fcmovb, flag_c(cpu))
FCMOV(fcmove, flag_z(cpu))
FCMOV(fcmovbe, flag_c(cpu) || flag_z(cpu))
FCMOV(fcmovu, flag_p(cpu))
FCMOV(fcmovnb, !flag_c(cpu))
FCMOV(fcmovne, !flag_z(cpu))
FCMOV(fcmovnbe, !flag_c(cpu) && !flag_z(cpu))
FCMOV(fcmovnu, !flag_p(cpu))

/* FCHS, FABS: no exception but stack underflow, NaNs included. */
static ALWAYS_INLINE void sign_op(struct cpu *cpu, const struct insn *i,
                                  uint16_t and, uint16_t xor)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    if (unlikely(!fpu_full(cpu, 0))) {
        underflow(cpu, 0);
        return;
    }
    cpu->fsw &= (uint16_t)~FSW_C1;
    fpu_st(cpu, 0)->se = (fpu_st(cpu, 0)->se & and) ^ xor;
}

EXEC(fchs)
{
    sign_op(cpu, i, 0xffff, 0x8000);
    NEXT;
}

EXEC(fabs)
{
    sign_op(cpu, i, 0x7fff, 0);
    NEXT;
}
