/* fpu.h - the register stack and status of the x87, shared by exec_x87*.c
 * and exec_mmx.c.
 *
 * cpu->fsw never holds TOP, which is cpu->ftop. ES and B are kept equal to
 * "an exception that is flagged is not masked". FIP and FCS are recorded by
 * every instruction but control instructions, FDP and FDS by those with a
 * memory operand, FOP only when an exception is not masked (as processors
 * since the Pentium 4 do; SDM volume 1, 8.1.9.1). */
#ifndef UMBRA_CPU_FPU_H
#define UMBRA_CPU_FPU_H

#include "cpu/exec.h"
#include "cpu/float80.h"

enum {
    FSW_SF = 1 << 6,
    FSW_ES = 1 << 7,
    FSW_C0 = 1 << 8,
    FSW_C1 = 1 << 9,
    FSW_C2 = 1 << 10,
    FSW_TOP_SHIFT = 11,
    FSW_TOP = 7 << FSW_TOP_SHIFT,
    FSW_C3 = 1 << 14,
    FSW_B = 1 << 15,
    FSW_CODES = FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3,
};

/* #NM, or #MF, or with CR0.NE clear nothing: FERR# is high already. */
void fpu_not_ready(struct cpu *cpu);
/* Recompute ES and B and drive FERR#. */
void fpu_update_error(struct cpu *cpu);
/* An exception that is not masked was flagged by the current instruction. */
void fpu_signal(struct cpu *cpu);
/* Stack underflow or overflow; true when masked. */
bool fpu_stack_fault(struct cpu *cpu, bool overflow);
/* Status and tag words as programs see them. */
uint16_t fpu_status(const struct cpu *cpu);
void fpu_set_status(struct cpu *cpu, uint16_t status);
uint16_t fpu_full_tags(const struct cpu *cpu);
void fpu_reset(struct cpu *cpu);

/* State images; longer than 64 bytes, two pages at most. */
void fpu_image_write(struct cpu *cpu, unsigned seg, uint64_t off,
                     const uint8_t *image, unsigned size);
void fpu_image_read(struct cpu *cpu, unsigned seg, uint64_t off, uint8_t *image,
                    unsigned size);

/* The image of FXSAVE, with which that of XSAVE begins (SDM volume 1, 10.5.1):
 * offsets; bytes in use in the current mode; its two parts. */
enum { FX_MXCSR = 24, FX_ST = 32, FX_XMM = 160 };
unsigned fx_size(const struct cpu *cpu);
void fx_store_x87(struct cpu *cpu, const struct insn *i, uint8_t *image);
void fx_load_x87(struct cpu *cpu, const struct insn *i, const uint8_t *image);
void fx_store_xmm(struct cpu *cpu, uint8_t *image, unsigned size);
void fx_load_xmm(struct cpu *cpu, const uint8_t *image, unsigned size);

/* Start of a waiting instruction. */
static ALWAYS_INLINE void fpu_wait(struct cpu *cpu)
{
    if (unlikely((cpu->cr0 & (CR0_EM | CR0_TS)) || (cpu->fsw & FSW_ES)))
        fpu_not_ready(cpu);
}

/* Start of an instruction that does not wait for pending exceptions. */
static ALWAYS_INLINE void fpu_no_wait(struct cpu *cpu)
{
    if (unlikely(cpu->cr0 & (CR0_EM | CR0_TS)))
        cpu_raise(cpu, EX_NM);
}

static ALWAYS_INLINE void fpu_record_ip(struct cpu *cpu, const struct insn *i)
{
    cpu->fip = (cpu->reg[REG_RIP] + i->off) & cpu->ip_mask;
    cpu->fcs = cpu->seg[SEG_CS].selector;
}

static ALWAYS_INLINE void fpu_record_data(struct cpu *cpu, const struct insn *i,
                                          uint64_t off)
{
    cpu->fdp = off;
    cpu->fds = cpu->seg[i->seg].selector;
}

/* ---- the stack */
static ALWAYS_INLINE struct float80 *fpu_st(struct cpu *cpu, unsigned n)
{
    return &cpu->fpr[(cpu->ftop + n) & 7];
}

/* Registers are read and written by words. Compilers like to join the two to
 * one access of 16 bytes, and a value that was just calculated would then
 * have to wait in the host's store buffer; `volatile` keeps them apart. */
static ALWAYS_INLINE struct float80 fpu_get(const struct cpu *cpu, unsigned n)
{
    const struct float80 *st = &cpu->fpr[(cpu->ftop + n) & 7];

    return (struct float80){st->mant, *(const volatile uint64_t *)&st->se};
}

static ALWAYS_INLINE void fpu_set(struct cpu *cpu, unsigned n,
                                  struct float80 value)
{
    struct float80 *st = fpu_st(cpu, n);

    st->mant = value.mant;
    *(volatile uint64_t *)&st->se = value.se;
}

static ALWAYS_INLINE bool fpu_full(const struct cpu *cpu, unsigned n)
{
    return cpu->ftag >> ((cpu->ftop + n) & 7) & 1;
}

static ALWAYS_INLINE void fpu_put(struct cpu *cpu, unsigned n,
                                  struct float80 value)
{
    fpu_set(cpu, n, value);
    cpu->ftag |= (uint8_t)(1 << ((cpu->ftop + n) & 7));
}

static ALWAYS_INLINE void fpu_pop(struct cpu *cpu)
{
    cpu->ftag &= (uint8_t) ~(1 << cpu->ftop);
    cpu->ftop = (cpu->ftop + 1) & 7;
}

static ALWAYS_INLINE struct float80_env fpu_env(const struct cpu *cpu)
{
    return float80_env_of(cpu->fcw);
}

/* Take over flags and C1. True when the result is to be kept: no exception
 * found before calculating is unmasked. */
static ALWAYS_INLINE bool fpu_finish(struct cpu *cpu,
                                     const struct float80_env *env)
{
    unsigned bad = env->flags & ~(unsigned)cpu->fcw;

    cpu->fsw =
        (uint16_t)((cpu->fsw & ~FSW_C1) | env->flags | (env->up ? FSW_C1 : 0));
    if (likely(!bad))
        return true;
    fpu_signal(cpu);
    return !(bad & FP_BEFORE);
}

static ALWAYS_INLINE void fpu_push(struct cpu *cpu, struct float80 value)
{
    if (unlikely(fpu_full(cpu, 7))) {
        if (!fpu_stack_fault(cpu, true))
            return;
        value = float80_indefinite();
    }
    cpu->ftop = (cpu->ftop - 1) & 7;
    fpu_put(cpu, 0, value);
}

/* ---- MMX: the registers are the significands, R0 first */
void fpu_check_mmx(struct cpu *cpu);

static ALWAYS_INLINE void need_mmx(struct cpu *cpu)
{
    if (unlikely((cpu->cr0 & (CR0_EM | CR0_TS)) || (cpu->fsw & FSW_ES)))
        fpu_check_mmx(cpu);
}

/* Every MMX instruction but EMMS marks all registers as in use. */
static ALWAYS_INLINE void mmx_use(struct cpu *cpu)
{
    cpu->ftop = 0;
    cpu->ftag = 0xff;
}

static ALWAYS_INLINE uint64_t mmx_get(const struct cpu *cpu, unsigned n)
{
    return cpu->fpr[n & 7].mant;
}

static ALWAYS_INLINE void mmx_set(struct cpu *cpu, unsigned n, uint64_t v)
{
    cpu->fpr[n & 7].mant = v;
    cpu->fpr[n & 7].se = 0xffff;
}

#endif
