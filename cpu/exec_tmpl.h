/* exec_tmpl.h - integer instruction bodies of one operand width.
 *
 * Included by exec_alu.c, exec_bit.c and exec_mov.c through width files with
 * W = 8, 16, 32 or 64 defined; gives the types and the naming macros, the
 * including file the bodies. */
#undef T
#undef ST
#undef LD
#undef ST_
#undef LOADP
#undef STOREP
#undef GETR
#undef SETR
#undef FN
#undef FNI

#define CAT_(a, b)    a##b
#define CAT(a, b)     CAT_(a, b)
#define CAT3(a, b, c) CAT(CAT(a, b), c)

#if W == 8
#define T          uint8_t
#define ST         int8_t
#define GETR(n)    R8(n)
#define SETR(n, v) set_r8(cpu, n, (uint8_t)(v))
/* exec_add_Eb_Gb_r */
#define FN(op, v, b, form) exec_##op##b##_##form
#elif W == 16
#define T                  uint16_t
#define ST                 int16_t
#define GETR(n)            R16(n)
#define SETR(n, v)         set_r16(cpu, n, (uint16_t)(v))
#define FN(op, v, b, form) exec_##op##v##_16##form
#elif W == 32
#define T                  uint32_t
#define ST                 int32_t
#define GETR(n)            R32(n)
#define SETR(n, v)         set_r32(cpu, n, (uint32_t)(v))
#define FN(op, v, b, form) exec_##op##v##_32##form
#else
#define T                  uint64_t
#define ST                 int64_t
#define GETR(n)            R64(n)
#define SETR(n, v)         set_r64(cpu, n, v)
#define FN(op, v, b, form) exec_##op##v##_64##form
#endif

#define LD(seg, off)     CAT(ld, W)(cpu, seg, off)
#define ST_(seg, off, v) CAT(st, W)(cpu, seg, off, (T)(v))
#define LOADP(p)         CAT(load_le, W)(p)
#define STOREP(p, v)     CAT(store_le, W)(p, (T)(v))

#undef HANDLER
#define HANDLER(name)                                                          \
    const struct insn *name(struct cpu *cpu, const struct insn *i);            \
    const struct insn *name(struct cpu *cpu, const struct insn *i)

/* Names of inline helpers of this width: W_(alu_add) = alu_add_32. */
#undef W_
#define W_(name) CAT3(name, _, W)

/* Handlers with a memory operand, for any segment and the flat address forms
 * (insn.h). What to do on a TLB miss is a function of its own, so that the hit
 * needs no stack frame.
 *
 * LOAD_HANDLER: `body` with the ModRM operand in v.
 * STORE_HANDLER: store `value` to it.
 * RMW_HANDLER: `body` uses a and sets r: a read-modify-write. */
#undef MISS
#define MISS(name)                                                             \
    static NOINLINE const struct insn *CAT(name, _miss)(struct cpu * cpu,      \
                                                        const struct insn *i)

/* `make` is one of the makers below, `hit` finds the host pointer. */
#undef ALL_FORMS
#define ALL_FORMS(make, name, access, ...)                                     \
    make(name, name,                                                           \
         mem_hit(cpu, i->seg, mem_offset(cpu, i), W / 8, access, &host),       \
         __VA_ARGS__) make(CAT(name, _b), name, HIT_FLAT(FLAT_BASE, access),   \
                           __VA_ARGS__)                                        \
        make(CAT(name, _x), name, HIT_FLAT(FLAT_INDEX, access), __VA_ARGS__)   \
            make(CAT(name, _l), name, HIT_FLAT(FLAT_32, access), __VA_ARGS__)

#undef HIT_FLAT
#define HIT_FLAT(form, access)                                                 \
    tlb_hit(&cpu->mmu.now.of[access], flat_address(cpu, i, form), W / 8, &host)

#undef MAKE_LOAD
#define MAKE_LOAD(name, generic, hit, v, body)                                 \
    HANDLER(name)                                                              \
    {                                                                          \
        void *host;                                                            \
        T v;                                                                   \
        if (unlikely(!hit))                                                    \
            return CAT(generic, _miss)(cpu, i);                                \
        v = LOADP(host);                                                       \
        body;                                                                  \
        NEXT;                                                                  \
    }

#undef LOAD_HANDLER
#define LOAD_HANDLER(name, v, body)                                            \
    MISS(name)                                                                 \
    {                                                                          \
        T v = CAT3(mem_ld, W, _slow)(cpu, i->seg, mem_offset(cpu, i));         \
        body;                                                                  \
        NEXT;                                                                  \
    }                                                                          \
    ALL_FORMS(MAKE_LOAD, name, MMU_READ, v, body)

#undef MAKE_STORE
#define MAKE_STORE(name, generic, hit, value)                                  \
    HANDLER(name)                                                              \
    {                                                                          \
        void *host;                                                            \
        if (unlikely(!hit))                                                    \
            return CAT(generic, _miss)(cpu, i);                                \
        STOREP(host, value);                                                   \
        NEXT;                                                                  \
    }

#undef STORE_HANDLER
#define STORE_HANDLER(name, value)                                             \
    MISS(name)                                                                 \
    {                                                                          \
        CAT3(mem_st, W, _slow)                                                 \
        (cpu, i->seg, mem_offset(cpu, i), (T)(value));                         \
        NEXT;                                                                  \
    }                                                                          \
    ALL_FORMS(MAKE_STORE, name, MMU_WRITE, value)

#undef MAKE_RMW
#define MAKE_RMW(name, generic, hit, body)                                     \
    HANDLER(name)                                                              \
    {                                                                          \
        void *host;                                                            \
        T a, r;                                                                \
        if (unlikely(!hit))                                                    \
            return CAT(generic, _miss)(cpu, i);                                \
        a = LOADP(host);                                                       \
        body;                                                                  \
        STOREP(host, r);                                                       \
        NEXT;                                                                  \
    }

#undef RMW_HANDLER
#define RMW_HANDLER(name, body)                                                \
    MISS(name)                                                                 \
    {                                                                          \
        uint64_t off = mem_offset(cpu, i);                                     \
        uint8_t *p = mem_rmw_slow(cpu, i->seg, off, W / 8);                    \
        T a = LOADP(p), r;                                                     \
        body;                                                                  \
        STOREP(p, r);                                                          \
        mem_rmw_end(cpu, i->seg, off, p, W / 8);                               \
        NEXT;                                                                  \
    }                                                                          \
    ALL_FORMS(MAKE_RMW, name, MMU_WRITE, body)
