/* exec_mov_tmpl.h - data movement of one width (exec_mov.c). */
#include "cpu/exec_tmpl.h"

HANDLER(FN(mov, _Ev_Gv, _Eb_Gb, r))
{
    SETR(i->rm, GETR(i->reg));
    NEXT;
}

STORE_HANDLER(FN(mov, _Ev_Gv, _Eb_Gb, m), GETR(i->reg))

HANDLER(FN(mov, _Gv_Ev, _Gb_Eb, r))
{
    SETR(i->reg, GETR(i->rm));
    NEXT;
}

LOAD_HANDLER(FN(mov, _Gv_Ev, _Gb_Eb, m), v, SETR(i->reg, v))

HANDLER(FN(mov, _Ev_Iz, _Eb_Ib, r))
{
    SETR(i->rm, i->imm);
    NEXT;
}

STORE_HANDLER(FN(mov, _Ev_Iz, _Eb_Ib, m), i->imm)

HANDLER(FN(xchg, _Ev_Gv, _Eb_Gb, r))
{
    T a = GETR(i->rm), b = GETR(i->reg);
    SETR(i->rm, b);
    SETR(i->reg, a);
    NEXT;
}

HANDLER(FN(xchg, _Ev_Gv, _Eb_Gb, m))
{
    uint64_t off = mem_offset(cpu, i);
    uint8_t *p = mem_rmw(cpu, i->seg, off, W / 8);
    T a = LOADP(p);
    STOREP(p, GETR(i->reg));
    mem_rmw_end(cpu, i->seg, off, p, W / 8);
    SETR(i->reg, a);
    NEXT;
}

#if W != 8
HANDLER(CAT(exec_mov_rAX_Ov_, W))
{
    SETR(RAX, LD(i->seg, i->imm));
    NEXT;
}

HANDLER(CAT(exec_mov_Ov_rAX_, W))
{
    ST_(i->seg, i->imm, GETR(RAX));
    NEXT;
}

HANDLER(CAT(exec_xchg_Zv_rAX_, W))
{
    T a = GETR(i->rm), b = GETR(RAX);
    SETR(i->rm, b);
    SETR(RAX, a);
    NEXT;
}

HANDLER(CAT(exec_lea_Gv_M_, W))
{
    SETR(i->reg, mem_offset(cpu, i));
    NEXT;
}

/* MOVZX, MOVSX, MOVSXD: from a narrower register or memory. */
#define EXTEND(name, bits, type, get)                                          \
    HANDLER(FN(name, , , r))                                                   \
    {                                                                          \
        SETR(i->reg, (T)(type)get(i->rm));                                     \
        NEXT;                                                                  \
    }                                                                          \
    MISS(FN(name, , , m))                                                      \
    {                                                                          \
        uint64_t off = mem_offset(cpu, i);                                     \
        SETR(i->reg, (T)(type)mem_ld##bits##_slow(cpu, i->seg, off));          \
        NEXT;                                                                  \
    }                                                                          \
    MAKE_EXTEND(                                                               \
        FN(name, , , m), FN(name, , , m),                                      \
        mem_hit(cpu, i->seg, mem_offset(cpu, i), bits / 8, MMU_READ, &p),      \
        bits, type)                                                            \
    MAKE_EXTEND(CAT(FN(name, , , m), _b), FN(name, , , m),                     \
                EXTEND_HIT(FLAT_BASE, bits), bits, type)                       \
    MAKE_EXTEND(CAT(FN(name, , , m), _x), FN(name, , , m),                     \
                EXTEND_HIT(FLAT_INDEX, bits), bits, type)                      \
    MAKE_EXTEND(CAT(FN(name, , , m), _l), FN(name, , , m),                     \
                EXTEND_HIT(FLAT_32, bits), bits, type)

#undef EXTEND_HIT
#define EXTEND_HIT(form, bits)                                                 \
    tlb_hit(&cpu->mmu.now.of[MMU_READ], flat_address(cpu, i, form), bits / 8,  \
            &p)
#undef MAKE_EXTEND
#define MAKE_EXTEND(name, generic, hit, bits, type)                            \
    HANDLER(name)                                                              \
    {                                                                          \
        void *p;                                                               \
        if (unlikely(!hit))                                                    \
            return CAT(generic, _miss)(cpu, i);                                \
        SETR(i->reg, (T)(type)load_le##bits(p));                               \
        NEXT;                                                                  \
    }

EXTEND(movzx_Gv_Eb, 8, uint8_t, R8)
EXTEND(movzx_Gv_Ew, 16, uint16_t, R16)
EXTEND(movsx_Gv_Eb, 8, int8_t, R8)
EXTEND(movsx_Gv_Ew, 16, int16_t, R16)
#if W == 16
/* MOVSXD with a 16-bit operand reads 16 bits. */
EXTEND(movsxd_Gv_Ed, 16, int16_t, R16)
#else
EXTEND(movsxd_Gv_Ed, 32, int32_t, R32)
#endif
#undef EXTEND

/* CMOVcc reads its source (and may fault) and, with 32-bit operands, clears
 * the upper half whether or not the condition holds. */
#define CMOV(cc, n)                                                            \
    HANDLER(FN(cmov##cc, , , r))                                               \
    {                                                                          \
        SETR(i->reg, flags_cond(cpu, n) ? GETR(i->rm) : GETR(i->reg));         \
        NEXT;                                                                  \
    }                                                                          \
    LOAD_HANDLER(FN(cmov##cc, , , m), v,                                       \
                 SETR(i->reg, flags_cond(cpu, n) ? v : GETR(i->reg)))
ALL_CONDITIONS(CMOV)
#undef CMOV

MISS(FN(push, _Ev, , r))
{
    CAT(push, W)(cpu, GETR(i->rm));
    NEXT;
}

HANDLER(FN(push, _Ev, , r))
{
    uint64_t sp = (R64(RSP) - W / 8) & cpu->sp_mask;
    void *host;
    if (unlikely(!mem_hit(cpu, SEG_SS, sp, W / 8, MMU_WRITE, &host)))
        return CAT(FN(push, _Ev, , r), _miss)(cpu, i);
    STOREP(host, GETR(i->rm));
    set_sp(cpu, sp);
    NEXT;
}

HANDLER(FN(push, _Ev, , m))
{
    CAT(push, W)(cpu, LD(i->seg, mem_offset(cpu, i)));
    NEXT;
}

MISS(FN(pop, _Ev, , r))
{
    T v = CAT(pop, W)(cpu);
    SETR(i->rm, v);
    NEXT;
}

HANDLER(FN(pop, _Ev, , r))
{
    uint64_t sp = R64(RSP);
    void *host;
    T v;
    if (unlikely(
            !mem_hit(cpu, SEG_SS, sp & cpu->sp_mask, W / 8, MMU_READ, &host)))
        return CAT(FN(pop, _Ev, , r), _miss)(cpu, i);
    v = LOADP(host);
    set_sp(cpu, sp + W / 8);
    SETR(i->rm, v);
    NEXT;
}

/* An address with RSP as base is computed after the pop. */
HANDLER(FN(pop, _Ev, , m))
{
    uint64_t sp = R64(RSP), off;
    T v = LD(SEG_SS, sp & cpu->sp_mask);
    set_sp(cpu, sp + W / 8);
    off = mem_offset(cpu, i);
    R64(RSP) = sp;
    ST_(i->seg, off, v);
    set_sp(cpu, sp + W / 8);
    NEXT;
}

HANDLER(CAT(exec_push_Iz_, W))
{
    CAT(push, W)(cpu, (T)i->imm);
    NEXT;
}

HANDLER(CAT(exec_leave_, W))
{
    uint64_t bp = R64(RBP);
    T v = LD(SEG_SS, bp & cpu->sp_mask);
    set_sp(cpu, bp + W / 8);
    SETR(RBP, v);
    NEXT;
}

/* ENTER with its nesting levels; everything is checked by writing below the
 * stack pointer before the pointer moves. */
HANDLER(CAT(exec_enter_, W))
{
    unsigned size = i->imm & 0xffff, level = i->imm >> 16 & 31;
    uint64_t mask = cpu->sp_mask, sp = R64(RSP), bp = R64(RBP), frame;
    sp -= W / 8;
    ST_(SEG_SS, sp & mask, bp);
    frame = sp;
    for (unsigned n = 1; n < level; n++) {
        bp -= W / 8;
        sp -= W / 8;
        ST_(SEG_SS, sp & mask, LD(SEG_SS, bp & mask));
    }
    if (level) {
        sp -= W / 8;
        ST_(SEG_SS, sp & mask, frame);
    }
    sp -= size;
    /* The manual's last check: a write at the new top must be possible. */
    if (level || size)
        (void)mem_rmw(cpu, SEG_SS, sp & mask, W / 8);
    set_sp(cpu, sp);
    SETR(RBP, frame);
    NEXT;
}

HANDLER(CAT(exec_movbe_Mv_Gv_, W))
{
    ST_(i->seg, mem_offset(cpu, i), CAT(__builtin_bswap, W)(GETR(i->reg)));
    NEXT;
}

HANDLER(CAT(exec_movbe_Gv_Mv_, W))
{
    T v = LD(i->seg, mem_offset(cpu, i));
    SETR(i->reg, CAT(__builtin_bswap, W)(v));
    NEXT;
}
#endif
#undef W
