/* cpu.c - the CPU as a part of the board: creation, reset, saved fields,
 * pins, registers seen from outside.
 *
 * Power-on and INIT values: SDM volume 3, table 10-1. */
#include "cpu/cpu.h"

#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/cpuid.h"
#include "cpu/decode.h"
#include "cpu/event.h"
#include "cpu/jit/jit.h"
#include "cpu/flags.h"
#include "cpu/models.h"
#include "cpu/seg.h"
#include "mmu/strict.h"

/* ---- saved state */
#define F(t, m)  FIELD(struct cpu, t, m)
#define FA(t, m) FIELD_ARRAY(struct cpu, t, m)
#define SEG_FIELDS(s)                                                          \
    F(U64, s.base), F(U32, s.limit), F(U16, s.selector), F(U16, s.attr)
#define FIELD_VEC(a)                                                           \
    {                                                                          \
#a, STATE_U64, (uint32_t)offsetof(struct cpu, a), 64, 8                \
    }

static const struct state_field cpu_fields[] = {
    FA(U64, reg),
    F(U64, lf_cv),
    F(U64, lf_aux),
    {"lf_res", STATE_U64, (uint32_t)offsetof(struct cpu, lf_res), 1, 0},
    F(U64, eflags),
    F(U8, cpl),
    FIELD_OF(struct cpu, U64, seg, base),
    FIELD_OF(struct cpu, U32, seg, limit),
    FIELD_OF(struct cpu, U16, seg, selector),
    FIELD_OF(struct cpu, U16, seg, attr),
    SEG_FIELDS(ldtr),
    SEG_FIELDS(tr),
    F(U64, gdtr_base),
    F(U64, idtr_base),
    F(U16, gdtr_limit),
    F(U16, idtr_limit),
    F(U64, cr0),
    F(U64, cr2),
    F(U64, cr3),
    F(U64, cr4),
    F(U64, cr8),
    F(U64, xcr0),
    FA(U64, dr),
    F(U64, efer),
    F(U64, star),
    F(U64, lstar),
    F(U64, cstar),
    F(U64, fmask),
    F(U64, kernel_gs_base),
    F(U64, tsc_aux),
    F(U64, sysenter_cs),
    F(U64, sysenter_esp),
    F(U64, sysenter_eip),
    F(U64, pat),
    F(U64, mtrr_def_type),
    F(U64, misc_enable),
    F(U64, apic_base),
    F(U64, tsc_offset),
    F(U64, bios_sign),
    F(U64, mcg_status),
    F(U64, mcg_ctl),
    F(U64, spec_ctrl),
    FA(U64, mtrr_base),
    FA(U64, mtrr_mask),
    FA(U64, mtrr_fixed),
    F(U64, smbase),
    F(U32, pkru),
    FIELD_OF(struct cpu, U64, fpr, mant),
    FIELD_OF(struct cpu, U64, fpr, se),
    F(U16, fcw),
    F(U16, fsw),
    F(U8, ftop),
    F(U8, ftag),
    F(U16, fop),
    F(U16, fcs),
    F(U16, fds),
    F(U64, fip),
    F(U64, fdp),
    FIELD_VEC(vec),
    F(U32, mxcsr),
    F(U64, random),
    F(BOOL, monitor_armed),
    F(U32, attention),
    F(U64, icount),
    FA(U64, mmu.pdpte),
    F(BOOL, mmu.a20),
    FIELD_END,
};

static struct cpu *cpu_of(struct device *device)
{
    return CONTAINER_OF(device, struct cpu, dev);
}

static void cpu_device_reset(struct device *device)
{
    cpu_reset(cpu_of(device));
}

/* Everything derived is rebuilt. */
static int cpu_post_load(struct device *device, uint32_t version)
{
    struct cpu *cpu = cpu_of(device);
    bool a20 = cpu->mmu.a20;
    (void)version;
    cpu->insn = cpu->resume;
    cpu->block = NULL;
    cpu->reg[REG_ZERO] = 0;
    block_drop_all(cpu);
    cpu->mmu.a20 = !a20;
    mmu_set_a20(&cpu->mmu, a20);
    cpu_update_paging(cpu);
    cpu_update_views(cpu);
    if (!cpu_code64(cpu))
        seg_clear_upper(cpu);
    return 0;
}

static void cpu_destroy(struct device *device)
{
    struct cpu *cpu = cpu_of(device);
    if (cpu->blocks)
        block_drop_all(cpu);
    jit_destroy(cpu->jit);
    block_cache_destroy(cpu->blocks);
    decode_destroy(cpu->decode);
    mmu_free(&cpu->mmu);
    free(cpu->resume);
    free(cpu);
}

static const struct device_ops cpu_ops = {
    .name = "cpu",
    .description = "x86-64 processor",
    .version = 2,
    .fields = cpu_fields,
    .reset = cpu_device_reset,
    .post_load = cpu_post_load,
    .destroy = cpu_destroy,
};

/* A store to code: where execution is about to be? */
static void code_written(void *opaque, const struct mmu_code *page,
                         unsigned offset, unsigned size)
{
    struct cpu *cpu = opaque;
    gpa_t next;
    if (cpu->mmu.strict && cpu->insn &&
        mmu_translate(&cpu->mmu, cpu->cs_base + cpu_rip(cpu), &next) &&
        page->gpa + offset < next + 64 && page->gpa + offset + size > next)
        strict_note(cpu->mmu.strict, STRICT_code_ahead);
    block_code_written(cpu, page, offset, size);
}

static uint64_t rip_for_strict(void *opaque)
{
    return cpu_rip(opaque);
}

static void cpu_free(struct cpu *cpu)
{
    block_cache_destroy(cpu->blocks);
    decode_destroy(cpu->decode);
    free(cpu->resume);
    free(cpu);
}

struct cpu *cpu_create(const struct cpu_config *config, char *error,
                       size_t error_size)
{
    struct cpu *cpu = aligned_alloc(_Alignof(struct cpu), sizeof *cpu);
    struct mmu_client client = {code_written, cpu};
    *error = 0;
    if (!cpu)
        return NULL;
    memset(cpu, 0, sizeof *cpu);
    device_init(&cpu->dev, &cpu_ops, "cpu", config->log);
    cpu->config = *config;
    cpuid_set_model(cpu, config->choice);
    cpu->resume = calloc(1, sizeof *cpu->resume);
    cpu->random = config->random_seed;
    cpu->decode = decode_create(cpu->features);
    cpu->blocks = block_cache_create((size_t)config->block_cache);
    if (!cpu->resume || !cpu->decode || !cpu->blocks ||
        !mmu_init(&cpu->mmu, config->memory, config->track, &client,
                  config->policy, config->log)) {
        cpu_free(cpu);
        return NULL;
    }
    if (config->accel != ACCEL_INTERP)
        cpu->jit = jit_create(cpu, config->jit_cache, error, error_size);
    if (config->accel == ACCEL_JIT && !cpu->jit) {
        mmu_free(&cpu->mmu);
        cpu_free(cpu);
        return NULL;
    }
    cpu->mmu.strict = config->strict;
    if (config->strict) {
        config->strict->rip = rip_for_strict;
        config->strict->opaque = cpu;
        config->strict->log = config->log;
    }
    cpu_reset(cpu);
    return cpu;
}

struct device *cpu_device(struct cpu *cpu)
{
    return &cpu->dev;
}

/* ---- reset */

static void reset_segments(struct cpu *cpu)
{
    const uint16_t data = DESC_P | DESC_S | DESC_RW | DESC_A;
    for (unsigned s = 0; s < SEG_COUNT; s++)
        cpu->seg[s] = (struct seg){0, 0xffff, 0, data};
    cpu->seg[SEG_CS] =
        (struct seg){0xffff0000, 0xffff, 0xf000, data | DESC_CODE};
    cpu->ldtr = (struct seg){0, 0xffff, 0, DESC_P | 2};
    cpu->tr = (struct seg){0, 0xffff, 0, DESC_P | 11};
    cpu->gdtr_base = cpu->idtr_base = 0;
    cpu->gdtr_limit = cpu->idtr_limit = 0xffff;
}

/* What RESET and INIT have in common. */
static void reset_common(struct cpu *cpu)
{
    memset(cpu->reg, 0, sizeof cpu->reg);
    cpu->reg[RDX] = cpuid_signature(cpu);
    cpu->reg[REG_RIP] = 0xfff0;
    cpu->eflags = EFL_1;
    flags_put(cpu, 0);
    reset_segments(cpu);
    cpu->cr0 = (cpu->cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->cr8 = 0;
    cpu->efer = 0;
    cpu->cpl = 0;
    memset(cpu->dr, 0, sizeof cpu->dr);
    cpu->dr[6] = 0xffff0ff0;
    cpu->dr[7] = 0x400;
    cpu->attention &= ATT_INTR;
    cpu->fault_depth = 0;
    cpu->insn = cpu->resume;
    cpu->block = NULL;
    cpu_update_paging(cpu);
    cpu_update_views(cpu);
}

void cpu_reset(struct cpu *cpu)
{
    cpu->cr0 = cpu_has(cpu, F_I486) ? CR0_CD | CR0_NW : 0;
    cpu->star = cpu->lstar = cpu->cstar = cpu->fmask = 0;
    cpu->kernel_gs_base = cpu->tsc_aux = 0;
    cpu->sysenter_cs = cpu->sysenter_esp = cpu->sysenter_eip = 0;
    cpu->pat = 0x0007040600070406;
    cpu->mtrr_def_type = 0;
    memset(cpu->mtrr_base, 0, sizeof cpu->mtrr_base);
    memset(cpu->mtrr_mask, 0, sizeof cpu->mtrr_mask);
    memset(cpu->mtrr_fixed, 0, sizeof cpu->mtrr_fixed);
    cpu->misc_enable = 1; /* fast strings */
    cpu->apic_base = 0xfee00900;
    cpu->tsc_offset = 0;
    cpu->bios_sign = (uint64_t)cpu->model->microcode << 32;
    cpu->mcg_status = cpu->mcg_ctl = cpu->spec_ctrl = 0;
    cpu->smbase = 0x30000;
    cpu->pkru = 0;
    cpu->xcr0 = 1;
    memset(cpu->fpr, 0, sizeof cpu->fpr);
    cpu->fcw = 0x0040;
    cpu->fsw = 0;
    cpu->ftop = 0;
    cpu->ftag = 0xff; /* tag word 5555h: valid (zero) */
    cpu->fop = cpu->fcs = cpu->fds = 0;
    cpu->fip = cpu->fdp = 0;
    memset(cpu->vec, 0, sizeof cpu->vec);
    cpu->mxcsr = 0x1f80;
    cpu->attention = 0;
    cpu->monitor_armed = false;
    mmu_set_a20(&cpu->mmu, true);
    reset_common(cpu);
}

void cpu_init_pin(struct cpu *cpu)
{
    reset_common(cpu);
    cpu->attention &= ~(uint32_t)(ATT_HALTED | ATT_MWAIT | ATT_SHUTDOWN);
    cpu->monitor_armed = false;
}

/* ---- pins */

void cpu_set_intr(struct cpu *cpu, bool level)
{
    if (!level) {
        cpu->attention &= ~(uint32_t)ATT_INTR;
        return;
    }
    cpu->attention |= ATT_INTR;
    if (cpu->eflags & EFL_IF)
        cpu_kick(cpu);
}

void cpu_set_nmi(struct cpu *cpu)
{
    cpu->attention |= ATT_NMI;
    cpu_kick(cpu);
}

void cpu_set_a20(struct cpu *cpu, bool on)
{
    if (cpu->mmu.a20 == on)
        return;
    mmu_set_a20(&cpu->mmu, on);
    cpu_kick(cpu);
}

/* ---- registers from outside */

uint64_t cpu_rip(const struct cpu *cpu)
{
    return (cpu->reg[REG_RIP] + cpu->insn->off) & cpu->ip_mask;
}

void cpu_set_rip(struct cpu *cpu, uint64_t rip)
{
    cpu->reg[REG_RIP] = rip;
    cpu->insn = cpu->resume;
    cpu->block = NULL;
}

uint64_t cpu_eflags(const struct cpu *cpu)
{
    if (unlikely(cpu_has(cpu, F_OLD86)) && !cpu_protected(cpu))
        return cpu->eflags | flags_get(cpu) | EFL_1 | 0xf000;
    return (cpu->eflags & ~(uint64_t)EFL_ARITH) | flags_get(cpu) | EFL_1;
}

void cpu_set_eflags(struct cpu *cpu, uint64_t eflags)
{
    cpu->eflags = (eflags & cpu->eflags_valid & ~(uint64_t)EFL_ARITH) | EFL_1;
    /* A 286 loads IOPL and NT in protected mode only. */
    if (unlikely(!cpu_has(cpu, F_I386)) && !cpu_protected(cpu))
        cpu->eflags &= ~(uint64_t)(EFL_IOPL | EFL_NT);
    flags_put(cpu, (uint32_t)eflags);
}
