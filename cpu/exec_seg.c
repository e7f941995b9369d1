/* exec_seg.c - segment registers, descriptor tables, far transfers.
 *
 * SDM volume 2. */
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/flow.h"
#include "cpu/seg.h"
#include "cpu/sysreg.h"

#define LD_16 ld16
#define LD_32 ld32
#define LD_64 ld64

/* ---- MOV, PUSH, POP of segment registers */

#define STORE_SEG(name, value)                                                 \
    EXEC(name##_16r)                                                           \
    {                                                                          \
        set_r16(cpu, i->rm, (uint16_t)(value));                                \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_32r)                                                           \
    {                                                                          \
        set_r32(cpu, i->rm, (uint32_t)(value));                                \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_64r)                                                           \
    {                                                                          \
        set_r64(cpu, i->rm, (uint64_t)(value));                                \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_16m)                                                           \
    {                                                                          \
        st16(cpu, i->seg, mem_offset(cpu, i), (uint16_t)(value));              \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_32m)                                                           \
    {                                                                          \
        return exec_##name##_16m(cpu, i);                                      \
    }                                                                          \
    EXEC(name##_64m)                                                           \
    {                                                                          \
        return exec_##name##_16m(cpu, i);                                      \
    }

static uint16_t selector_of(struct cpu *cpu, unsigned s)
{
    if (s >= SEG_COUNT)
        cpu_raise(cpu, EX_UD);
    return cpu->seg[s].selector;
}

/* SLDT, STR, SMSW, SGDT, SIDT may be kept from programs. */
static void check_umip(struct cpu *cpu)
{
    if (cpu->cpl && (cpu->cr4 & CR4_UMIP))
        cpu_raise_error(cpu, EX_GP, 0);
}

/* SLDT and STR are not known outside protected mode. */
static uint16_t need_descriptors(struct cpu *cpu, uint16_t value)
{
    if (!cpu_descriptors(cpu))
        cpu_raise(cpu, EX_UD);
    check_umip(cpu);
    return value;
}

/* A 286 shows the bits that its MSW does not have as 1. */
static uint64_t machine_status(struct cpu *cpu)
{
    check_umip(cpu);
    return cpu_has(cpu, F_I386) ? cpu->cr0 : cpu->cr0 | 0xfff0;
}

STORE_SEG(mov_Ev_Sw, selector_of(cpu, i->reg & 7))
STORE_SEG(sldt, need_descriptors(cpu, cpu->ldtr.selector))
STORE_SEG(str, need_descriptors(cpu, cpu->tr.selector))
STORE_SEG(smsw, machine_status(cpu))

/* Loading SS holds off interrupts for one instruction, and what debugging
 * would report. */
static const struct insn *after_load(struct cpu *cpu, const struct insn *i,
                                     unsigned s)
{
    if (s == SEG_SS) {
        cpu->attention |= ATT_SHADOW;
        if (cpu->attention & ATT_TRAP)
            cpu->watch_hit |= WATCH_SS_LOADED;
    }
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

static const struct insn *mov_to_seg(struct cpu *cpu, const struct insn *i,
                                     uint16_t selector)
{
    seg_load(cpu, i->reg & 7, selector);
    return after_load(cpu, i, i->reg & 7);
}

static void check_loadable(struct cpu *cpu, unsigned s)
{
    if (s == SEG_CS || s >= SEG_COUNT)
        cpu_raise(cpu, EX_UD);
}

EXEC(mov_Sw_Ew_r)
{
    check_loadable(cpu, i->reg & 7);
    return mov_to_seg(cpu, i, R16(i->rm));
}

EXEC(mov_Sw_Ew_m)
{
    check_loadable(cpu, i->reg & 7);
    return mov_to_seg(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)));
}

/* A 32-bit push of a selector moves the pointer by 4 and writes 2 bytes. */
static const struct insn *push_seg(struct cpu *cpu, const struct insn *i,
                                   unsigned s, unsigned size)
{
    uint64_t sp = (R64(RSP) - size) & cpu->sp_mask;
    uint16_t v = cpu->seg[s].selector;
    if (size == 8)
        st64(cpu, SEG_SS, sp, v);
    else
        st16(cpu, SEG_SS, sp, v);
    set_sp(cpu, sp);
    NEXT;
}

static const struct insn *pop_seg(struct cpu *cpu, const struct insn *i,
                                  unsigned s, unsigned size)
{
    uint64_t sp = R64(RSP) & cpu->sp_mask;
    uint16_t v = ld16(cpu, SEG_SS, sp);
    /* The pointer moves first: SS may change its width. */
    uint64_t old = R64(RSP), mask = cpu->sp_mask;
    seg_load(cpu, s, v);
    R64(RSP) = (old & ~mask) | ((old + size) & mask);
    return after_load(cpu, i, s);
}

#define PUSH_POP(seg)                                                          \
    EXEC(push_##seg##_16)                                                      \
    {                                                                          \
        return push_seg(cpu, i, SEG_##seg, 2);                                 \
    }                                                                          \
    EXEC(push_##seg##_32)                                                      \
    {                                                                          \
        return push_seg(cpu, i, SEG_##seg, 4);                                 \
    }                                                                          \
    EXEC(push_##seg##_64)                                                      \
    {                                                                          \
        return push_seg(cpu, i, SEG_##seg, 8);                                 \
    }
#define POP(seg)                                                               \
    EXEC(pop_##seg##_16)                                                       \
    {                                                                          \
        return pop_seg(cpu, i, SEG_##seg, 2);                                  \
    }                                                                          \
    EXEC(pop_##seg##_32)                                                       \
    {                                                                          \
        return pop_seg(cpu, i, SEG_##seg, 4);                                  \
    }                                                                          \
    EXEC(pop_##seg##_64)                                                       \
    {                                                                          \
        return pop_seg(cpu, i, SEG_##seg, 8);                                  \
    }
PUSH_POP(ES)
PUSH_POP(CS)
PUSH_POP(SS)
PUSH_POP(DS)
PUSH_POP(FS)
PUSH_POP(GS)
POP(ES)
POP(SS)
POP(DS)
POP(FS)
POP(GS)

/* ---- LES LDS LSS LFS LGS */

static uint64_t load_far(struct cpu *cpu, const struct insn *i, unsigned size,
                         uint16_t *selector)
{
    uint64_t off = mem_offset(cpu, i), v;
    v = size == 2   ? ld16(cpu, i->seg, off)
        : size == 4 ? ld32(cpu, i->seg, off)
                    : ld64(cpu, i->seg, off);
    *selector = ld16(cpu, i->seg, mem_wrap(i, off + size));
    return v;
}

static const struct insn *load_pointer(struct cpu *cpu, const struct insn *i,
                                       unsigned s, unsigned size)
{
    uint16_t selector;
    uint64_t v = load_far(cpu, i, size, &selector);
    seg_load(cpu, s, selector);
    if (size == 2)
        set_r16(cpu, i->reg, (uint16_t)v);
    else
        set_r64(cpu, i->reg, v);
    /* LSS brings its stack pointer along and holds nothing off. */
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

#define LOAD_POINTER(name, seg)                                                \
    EXEC(name##_16)                                                            \
    {                                                                          \
        return load_pointer(cpu, i, seg, 2);                                   \
    }                                                                          \
    EXEC(name##_32)                                                            \
    {                                                                          \
        return load_pointer(cpu, i, seg, 4);                                   \
    }                                                                          \
    EXEC(name##_64)                                                            \
    {                                                                          \
        return load_pointer(cpu, i, seg, 8);                                   \
    }
LOAD_POINTER(les, SEG_ES)
LOAD_POINTER(lds, SEG_DS)
LOAD_POINTER(lss, SEG_SS)
LOAD_POINTER(lfs, SEG_FS)
LOAD_POINTER(lgs, SEG_GS)

/* ---- LAR LSL VERR VERW ARPL: never fault on the selector */

/* Descriptor of a selector if it may be looked at; `code` lets conforming
 * code pass. */
static bool visible(struct cpu *cpu, uint16_t selector, uint64_t *desc)
{
    gva_t where;
    unsigned attr, dpl;
    if (!cpu_descriptors(cpu))
        cpu_raise(cpu, EX_UD);
    if (!(selector & 0xfffc) || !seg_fetch(cpu, selector, desc, &where))
        return false;
    attr = *desc >> 40 & 0xff;
    dpl = (attr & DESC_DPL) >> DESC_DPL_SHIFT;
    if ((attr & (DESC_S | DESC_CODE | DESC_EC)) ==
        (DESC_S | DESC_CODE | DESC_EC))
        return true;
    return dpl >= cpu->cpl && dpl >= (selector & 3u);
}

/* System types that LAR and LSL accept. */
static bool system_type_ok(const struct cpu *cpu, uint64_t desc, bool lsl)
{
    static const uint16_t lar16 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 |
                                  1 << 9 | 1 << 11 | 1 << 12,
                          lsl16 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11,
                          lar64 = 1 << 2 | 1 << 9 | 1 << 11 | 1 << 12,
                          lsl64 = 1 << 2 | 1 << 9 | 1 << 11;
    unsigned type = desc >> 40 & 15;
    if (desc >> 44 & 1)
        return true;
    if (cpu_long(cpu))
        return (lsl ? lsl64 : lar64) >> type & 1;
    return (lsl ? lsl16 : lar16) >> type & 1;
}

static bool lar_value(struct cpu *cpu, uint16_t selector, uint64_t *v)
{
    uint64_t desc;
    if (!visible(cpu, selector, &desc) || !system_type_ok(cpu, desc, false))
        return false;
    *v = desc >> 32 & 0x00f0ff00;
    return true;
}

static bool lsl_value(struct cpu *cpu, uint16_t selector, uint64_t *v)
{
    uint64_t desc;
    struct seg s;
    if (!visible(cpu, selector, &desc) || !system_type_ok(cpu, desc, true))
        return false;
    seg_unpack(&s, selector, desc);
    *v = s.limit;
    return true;
}

#define LOOK(name, w)                                                          \
    static const struct insn *name##_##w(                                      \
        struct cpu *cpu, const struct insn *i, uint16_t selector)              \
    {                                                                          \
        uint64_t v;                                                            \
        bool ok = name##_value(cpu, selector, &v);                             \
        if (ok)                                                                \
            set_r##w(cpu, i->reg, (uint##w##_t)v);                             \
        flags_change(cpu, FL_Z, ok ? FL_Z : 0);                                \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_##w##r)                                                        \
    {                                                                          \
        return name##_##w(cpu, i, R16(i->rm));                                 \
    }                                                                          \
    EXEC(name##_##w##m)                                                        \
    {                                                                          \
        return name##_##w(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)));      \
    }
LOOK(lar, 16)
LOOK(lar, 32)
LOOK(lar, 64)
LOOK(lsl, 16)
LOOK(lsl, 32)
LOOK(lsl, 64)

static const struct insn *verify(struct cpu *cpu, const struct insn *i,
                                 uint16_t selector, bool write)
{
    uint64_t desc;
    bool ok = visible(cpu, selector, &desc);
    if (ok) {
        unsigned attr = desc >> 40 & 0xff;
        bool code = attr & DESC_CODE, rw = attr & DESC_RW;
        ok = (attr & DESC_S) && (write ? !code && rw : !code || rw);
    }
    flags_change(cpu, FL_Z, ok ? FL_Z : 0);
    NEXT;
}

EXEC(verr_r)
{
    return verify(cpu, i, R16(i->rm), false);
}

EXEC(verr_m)
{
    return verify(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)), false);
}

EXEC(verw_r)
{
    return verify(cpu, i, R16(i->rm), true);
}

EXEC(verw_m)
{
    return verify(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)), true);
}

EXEC(arpl_r)
{
    uint16_t a = R16(i->rm);
    bool raise = (a & 3) < (R16(i->reg) & 3);
    if (!cpu_descriptors(cpu))
        cpu_raise(cpu, EX_UD);
    if (raise)
        set_r16(cpu, i->rm, (uint16_t)((a & ~3) | (R16(i->reg) & 3)));
    flags_change(cpu, FL_Z, raise ? FL_Z : 0);
    NEXT;
}

EXEC(arpl_m)
{
    uint64_t off = mem_offset(cpu, i);
    uint16_t a;
    bool raise;
    if (!cpu_descriptors(cpu))
        cpu_raise(cpu, EX_UD);
    a = ld16(cpu, i->seg, off);
    raise = (a & 3) < (R16(i->reg) & 3);
    if (raise)
        st16(cpu, i->seg, off, (uint16_t)((a & ~3) | (R16(i->reg) & 3)));
    flags_change(cpu, FL_Z, raise ? FL_Z : 0);
    NEXT;
}

/* ---- GDTR, IDTR, LDTR, TR */

static const struct insn *store_table(struct cpu *cpu, const struct insn *i,
                                      uint16_t limit, uint64_t base)
{
    uint64_t off = mem_offset(cpu, i);
    uint8_t buf[10];
    check_umip(cpu);
    store_le16(buf, limit);
    store_le64(buf + 2, base);
    st_bytes(cpu, i->seg, off, buf, cpu_code64(cpu) ? 10 : 6);
    NEXT;
}

EXEC(sgdt)
{
    return store_table(cpu, i, cpu->gdtr_limit, cpu->gdtr_base);
}

EXEC(sidt)
{
    return store_table(cpu, i, cpu->idtr_limit, cpu->idtr_base);
}

/* With a 16-bit operand the base has 24 bits. */
static void load_table(struct cpu *cpu, const struct insn *i, unsigned osize,
                       uint16_t *limit, uint64_t *base)
{
    uint64_t off = mem_offset(cpu, i), b;
    uint8_t buf[10];
    need_cpl0(cpu);
    ld_bytes(cpu, i->seg, off, buf, cpu_code64(cpu) ? 10 : 6);
    b = cpu_code64(cpu) ? load_le64(buf + 2) : load_le32(buf + 2);
    if (!cpu_code64(cpu) && osize == 2)
        b &= 0xffffff;
    if (cpu_code64(cpu) && !cpu_canonical_base(cpu, b))
        cpu_raise_error(cpu, EX_GP, 0);
    *limit = load_le16(buf);
    *base = b;
}

#define LOAD_TABLE(w)                                                          \
    EXEC(lgdt_##w)                                                             \
    {                                                                          \
        load_table(cpu, i, w / 8, &cpu->gdtr_limit, &cpu->gdtr_base);          \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(lidt_##w)                                                             \
    {                                                                          \
        load_table(cpu, i, w / 8, &cpu->idtr_limit, &cpu->idtr_base);          \
        NEXT;                                                                  \
    }
LOAD_TABLE(16)
LOAD_TABLE(32)
LOAD_TABLE(64)

/* System descriptors have 16 bytes in long mode. */
static uint64_t fetch_system(struct cpu *cpu, uint16_t selector, gva_t *where,
                             uint64_t *high)
{
    uint64_t desc, base;
    if ((selector & 4) || !seg_fetch(cpu, selector, &desc, where))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    *high = 0;
    if (cpu_long(cpu)) {
        if ((selector & 0xfff8u) + 15 > cpu->gdtr_limit)
            cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
        *high = mem_sys_read(cpu, *where + 8, 8);
        base = bits(desc, 16, 24) | bits(desc, 56, 8) << 24 | *high << 32;
        if (bits(*high, 40, 5) || !cpu_canonical_base(cpu, base))
            cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    }
    return desc;
}

/* The base of a system descriptor must be canonical. */
static void check_base(struct cpu *cpu, uint16_t selector, uint64_t desc,
                       uint64_t high)
{
    uint64_t low = bits(desc, 16, 24) | bits(desc, 56, 8) << 24;
    if (cpu_long(cpu) && !cpu_canonical_base(cpu, high << 32 | low))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
}

static const struct insn *lldt(struct cpu *cpu, const struct insn *i,
                               uint16_t selector)
{
    uint64_t desc, high;
    gva_t where;
    if (!(selector & 0xfffc)) {
        cpu->ldtr = (struct seg){0, 0, selector, 0};
    } else {
        desc = fetch_system(cpu, selector, &where, &high);
        if ((desc >> 40 & 0x1f) != 2)
            cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
        if (!(desc >> 47 & 1))
            cpu_raise_error(cpu, EX_NP, selector & 0xfffc);
        check_base(cpu, selector, desc, high);
        seg_unpack(&cpu->ldtr, selector, desc);
        cpu->ldtr.base |= high << 32;
    }
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

static const struct insn *ltr(struct cpu *cpu, const struct insn *i,
                              uint16_t selector)
{
    uint64_t desc, high;
    gva_t where;
    unsigned type;
    if (!(selector & 0xfffc))
        cpu_raise_error(cpu, EX_GP, 0);
    desc = fetch_system(cpu, selector, &where, &high);
    type = desc >> 40 & 0x1f;
    if (type != 9 && (type != 1 || cpu_long(cpu)))
        cpu_raise_error(cpu, EX_GP, selector & 0xfffc);
    if (!(desc >> 47 & 1))
        cpu_raise_error(cpu, EX_NP, selector & 0xfffc);
    check_base(cpu, selector, desc, high);
    desc |= 2ull << 40; /* busy */
    mem_sys_write(cpu, where + 5, desc >> 40 & 0xff, 1);
    seg_unpack(&cpu->tr, selector, desc);
    cpu->tr.base |= high << 32;
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

#define LOAD_SYSTEM(name)                                                      \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_descriptors(cpu, 0);                                              \
        need_cpl0(cpu);                                                        \
        return name(cpu, i, R16(i->rm));                                       \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        need_descriptors(cpu, 0);                                              \
        need_cpl0(cpu);                                                        \
        return name(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)));            \
    }
LOAD_SYSTEM(lldt)
LOAD_SYSTEM(ltr)

/* LMSW sets PE MP EM TS; it cannot clear PE. */
static const struct insn *lmsw(struct cpu *cpu, const struct insn *i,
                               uint16_t v)
{
    need_cpl0(cpu);
    sysreg_set_cr0(cpu, (cpu->cr0 & ~0xeull) | (v & 0xf));
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

EXEC(lmsw_r)
{
    return lmsw(cpu, i, R16(i->rm));
}

EXEC(lmsw_m)
{
    need_cpl0(cpu);
    return lmsw(cpu, i, ld16(cpu, i->seg, mem_offset(cpu, i)));
}

/* ---- far transfers */

static const struct insn *arrived(struct cpu *cpu)
{
    return flow_resync(cpu, cpu->reg[REG_RIP]);
}

/* Functions of far.c put RIP to the target and leave the block; give the
 * block's unused charge back first (there is none: they end it). */
#define FAR(w)                                                                 \
    EXEC(jmp_Ap_##w)                                                           \
    {                                                                          \
        far_jump(cpu, (uint16_t)(i->imm >> 32), (uint32_t)i->imm, w / 8);      \
        return arrived(cpu);                                                   \
    }                                                                          \
    EXEC(call_Ap_##w)                                                          \
    {                                                                          \
        far_call(cpu, (uint16_t)(i->imm >> 32), (uint32_t)i->imm, w / 8,       \
                 insn_next_rip(cpu, i));                                       \
        return arrived(cpu);                                                   \
    }                                                                          \
    EXEC(jmp_Mp_##w)                                                           \
    {                                                                          \
        uint16_t selector;                                                     \
        uint64_t off = load_far(cpu, i, w / 8, &selector);                     \
        far_jump(cpu, selector, off, w / 8);                                   \
        return arrived(cpu);                                                   \
    }                                                                          \
    EXEC(call_Mp_##w)                                                          \
    {                                                                          \
        uint16_t selector;                                                     \
        uint64_t off = load_far(cpu, i, w / 8, &selector);                     \
        far_call(cpu, selector, off, w / 8, insn_next_rip(cpu, i));            \
        return arrived(cpu);                                                   \
    }                                                                          \
    EXEC(retf_##w)                                                             \
    {                                                                          \
        far_ret(cpu, w / 8, (uint16_t)i->imm);                                 \
        return arrived(cpu);                                                   \
    }                                                                          \
    EXEC(iret_##w)                                                             \
    {                                                                          \
        far_iret(cpu, w / 8, insn_next_rip(cpu, i));                           \
        return arrived(cpu);                                                   \
    }
FAR(16)
FAR(32)
FAR(64)
