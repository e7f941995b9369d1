/* sysreg.c - control registers, debug registers, MSRs.
 *
 * SDM volume 3: 2.5 (control registers), 4.1 (paging modes), 17.2 (debug
 * registers), volume 4 (MSRs). */
#include "cpu/sysreg.h"

#include "cpu/event.h"
#include "cpu/exec.h"
#include "cpu/seg.h"
#include "mmu/strict.h"

NORETURN static void gp0_for(struct cpu *cpu, enum strict_row row)
{
    if (cpu->mmu.strict)
        strict_note(cpu->mmu.strict, row);
    cpu_raise_error(cpu, EX_GP, 0);
}

NORETURN static void gp0(struct cpu *cpu)
{
    gp0_for(cpu, STRICT_cr_reserved);
}

/* ---- paging */

static struct page_role role_of(const struct cpu *cpu)
{
    struct page_role r = {
        .pse = cpu->cr4 & CR4_PSE,
        .wp = cpu->cr0 & CR0_WP,
        .nxe = cpu->efer & EFER_NXE,
        .smep = cpu->cr4 & CR4_SMEP,
        .smap = cpu->cr4 & CR4_SMAP,
        .pge = cpu->cr4 & CR4_PGE,
        .no_1g = !cpu_has(cpu, F_PDPE1GB),
        .no_pse36 = !cpu_has(cpu, F_PSE36),
        .maxphyaddr = cpu->maxphyaddr,
    };
    if (!(cpu->cr0 & CR0_PG))
        r.levels = 0;
    else if (cpu_long(cpu))
        r.levels = cpu->cr4 & CR4_LA57 ? 5 : 4;
    else
        r.levels = cpu->cr4 & CR4_PAE ? 3 : 2;
    if (r.levels >= 4 && (cpu->cr4 & CR4_PKE))
        r.pkru = cpu->pkru;
    return r;
}

void cpu_update_paging(struct cpu *cpu)
{
    struct page_role role = role_of(cpu);
    cpu->va_unused = cpu->cr4 & CR4_LA57 ? 7 : 16;
    mmu_set_paging(&cpu->mmu, &role, cpu->cr3);
}

static bool pae_paging(const struct cpu *cpu)
{
    return (cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE) && !cpu_long(cpu);
}

static void load_pdptes(struct cpu *cpu, uint64_t cr3)
{
    if (!mmu_load_pdptes(&cpu->mmu, cr3, cpu->maxphyaddr))
        gp0(cpu);
}

/* ---- CR0 */

/* Other bits are ignored. */
enum {
    CR0_MSW = CR0_PE | CR0_MP | CR0_EM | CR0_TS,
    CR0_I486 = CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD
};

static uint64_t cr0_writable(const struct cpu *cpu)
{
    return CR0_MSW | (cpu_has(cpu, F_I386) ? CR0_PG : 0) |
           (cpu_has(cpu, F_I486) ? (uint32_t)CR0_I486 : 0);
}

/* Long mode begins and ends with PG while EFER.LME is set. */
static void switch_long(struct cpu *cpu, uint64_t value)
{
    bool pg = value & CR0_PG;
    if (!(cpu->efer & EFER_LME) || pg == ((cpu->cr0 & CR0_PG) != 0))
        return;
    if (pg) {
        if (!(cpu->cr4 & CR4_PAE) || (cpu->seg[SEG_CS].attr & DESC_L) ||
            (cpu->tr.attr & 0x1f) <= 3)
            gp0(cpu);
        cpu->efer |= EFER_LMA;
    } else {
        if (cpu_code64(cpu))
            gp0(cpu);
        cpu->efer &= ~(uint64_t)EFER_LMA;
    }
}

void sysreg_set_cr0(struct cpu *cpu, uint64_t value)
{
    uint64_t changed;
    value = (value & cr0_writable(cpu)) | CR0_ET;
    if ((value & CR0_PG) && !(value & CR0_PE))
        gp0(cpu);
    if ((value & CR0_NW) && !(value & CR0_CD))
        gp0(cpu);
    if (!(value & CR0_PG) && (cpu_code64(cpu) || (cpu->cr4 & CR4_PCIDE)))
        gp0(cpu);
    changed = value ^ cpu->cr0;
    if ((value & CR0_PG) && (changed & CR0_PG) && (cpu->cr4 & CR4_PAE) &&
        !(cpu->efer & EFER_LME))
        load_pdptes(cpu, cpu->cr3);
    switch_long(cpu, value);
    cpu->cr0 = value;
    if (changed & CR0_PE)
        LOG(cpu->dev.log, CPU, "protected mode %s",
            value & CR0_PE ? "on" : "off");
    if (changed & (CR0_PG | CR0_WP | CR0_PE))
        cpu_update_paging(cpu);
    if (changed & (CR0_PE | CR0_PG | CR0_AM)) {
        if (!(value & CR0_PE))
            cpu->cpl = 0;
        cpu_update_views(cpu);
    }
}

/* ---- CR3, CR4, CR8 */

/* With PCIDs bit 63 asks to keep translations, which are kept anyway. */
static void write_cr3(struct cpu *cpu, uint64_t value)
{
    if (cpu_long(cpu)) {
        if (cpu->cr4 & CR4_PCIDE)
            value &= ~(1ull << 63);
        if (value >> cpu->maxphyaddr)
            gp0(cpu);
    } else {
        value = (uint32_t)value;
        if (pae_paging(cpu))
            load_pdptes(cpu, value);
    }
    cpu->cr3 = value;
    if (pae_paging(cpu))
        cpu_update_paging(cpu);
    else
        mmu_set_cr3(&cpu->mmu, value);
}

enum {
    CR4_PDPTES = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP, /* load them */
    CR4_FLUSHES = CR4_PDPTES | CR4_PCIDE,
    CR4_PAGING = CR4_FLUSHES | CR4_SMAP | CR4_PKE | CR4_LA57,
};

/* SDM volume 2, MOV to control registers: what may not change now. */
static bool cr4_allowed(const struct cpu *cpu, uint64_t value)
{
    uint64_t changed = value ^ cpu->cr4;
    if (value & ~cpu->cr4_valid)
        return false;
    if (cpu_long(cpu) && (!(value & CR4_PAE) || (changed & CR4_LA57)))
        return false;
    return !(changed & value & CR4_PCIDE) ||
           (cpu_long(cpu) && !(cpu->cr3 & 0xfff));
}

static void write_cr4(struct cpu *cpu, uint64_t value)
{
    uint64_t changed = value ^ cpu->cr4;
    if (!cr4_allowed(cpu, value))
        gp0(cpu);
    if ((changed & CR4_PDPTES) && (cpu->cr0 & CR0_PG) && (value & CR4_PAE) &&
        !cpu_long(cpu))
        load_pdptes(cpu, cpu->cr3);
    cpu->cr4 = value;
    if (changed & CR4_PAGING)
        cpu_update_paging(cpu);
    if (changed & CR4_FLUSHES)
        mmu_flush_all(&cpu->mmu);
}

void sysreg_write_pkru(struct cpu *cpu, uint32_t value)
{
    cpu->pkru = value;
    if ((cpu->cr4 & CR4_PKE) && cpu->mmu.role.levels >= 4)
        mmu_set_pkru(&cpu->mmu, value);
}

static void write_cr8(struct cpu *cpu, uint64_t value)
{
    if (value > 15)
        gp0(cpu);
    if (cpu->config.set_tpr)
        cpu->config.set_tpr(cpu->config.opaque, (uint8_t)(value << 4));
    cpu->cr8 = value;
}

uint64_t sysreg_read_cr(struct cpu *cpu, unsigned n)
{
    switch (n) {
    case 0:
        return cpu->cr0;
    case 2:
        return cpu->cr2;
    case 3:
        return cpu->cr3;
    case 4:
        return cpu->cr4;
    case 8:
        if (cpu->config.get_tpr)
            return cpu->config.get_tpr(cpu->config.opaque) >> 4;
        return cpu->cr8;
    default:
        cpu_raise(cpu, EX_UD);
    }
}

void sysreg_write_cr(struct cpu *cpu, unsigned n, uint64_t value)
{
    switch (n) {
    case 0:
        if (value >> 32)
            gp0(cpu);
        sysreg_set_cr0(cpu, value);
        break;
    case 2:
        cpu->cr2 = value;
        break;
    case 3:
        write_cr3(cpu, value);
        break;
    case 4:
        write_cr4(cpu, value);
        break;
    case 8:
        write_cr8(cpu, value);
        break;
    default:
        cpu_raise(cpu, EX_UD);
    }
}

/* ---- debug registers */

/* DR4 and DR5 stand for DR6 and DR7 unless CR4.DE is set. */
static unsigned dr_number(struct cpu *cpu, unsigned n)
{
    if (n == 4 || n == 5) {
        if (cpu->cr4 & CR4_DE)
            cpu_raise(cpu, EX_UD);
        n += 2;
    }
    if (n > 7)
        cpu_raise(cpu, EX_UD);
    if (cpu->dr[7] & 0x2000) { /* GD */
        cpu->raised.dr6 = 0x2000;
        cpu_raise(cpu, EX_DB);
    }
    return n;
}

uint64_t sysreg_read_dr(struct cpu *cpu, unsigned n)
{
    return cpu->dr[dr_number(cpu, n)];
}

void sysreg_write_dr(struct cpu *cpu, unsigned n, uint64_t value)
{
    n = dr_number(cpu, n);
    if (n >= 6) {
        if (cpu_code64(cpu) && value >> 32)
            gp0(cpu);
        value = n == 6 ? (value & 0xe00f) | 0xffff0ff0
                       : (value & 0xffff2fff) | 0x400;
    }
    cpu->dr[n] = value;
    cpu_update_views(cpu);
}

/* ---- MSRs */

uint64_t sysreg_tsc(struct cpu *cpu)
{
    uint64_t tsc = cpu->config.tsc ? cpu->config.tsc(cpu->config.opaque) : 0;
    return tsc + cpu->tsc_offset;
}

enum msr_check { ANY, CANONICAL, PAT_TYPES, READ_ONLY, WRITE_ONLY };

/* A register that is a field of struct cpu and exists with a feature;
 * `writable` bits may be set, a 1 elsewhere is #GP. CMOV stands for what came
 * with the P6. */
struct msr_row {
    uint32_t number;
    uint8_t feature, check;
    uint16_t offset; /* in struct cpu; 0 = constant */
    uint64_t writable, constant;
};

#define MSR(n, feature, f, c, w)                                               \
    {                                                                          \
        n, F_##feature, c, offsetof(struct cpu, f), w, 0                       \
    }
#define MSR_CONST(n, feature, v)                                               \
    {                                                                          \
        n, F_##feature, READ_ONLY, 0, 0, v                                     \
    }
#define MSR_COMMAND(n, feature, w)                                             \
    {                                                                          \
        n, F_##feature, WRITE_ONLY, 0, w, 0                                    \
    }

/* IA32_ARCH_CAPABILITIES: not open to RDCL, L1TF, SSB, MDS, TAA, machine
 * check on page size change, SBDR, FBSDP, PSDP, BHI, PBRSB, GDS, RFDS; IBRS
 * may stay on; no L1D flush at VM entry. */
#define ARCH_CAPABILITIES                                                      \
    (1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 |     \
     1u << 13 | 1u << 14 | 1u << 15 | 1u << 20 | 1u << 24 | 1u << 26 |         \
     1u << 27)

static const struct msr_row msr_rows[] = {
    MSR_CONST(0x0, MCE, 0),                  /* P5: machine check address ... */
    MSR_CONST(0x1, MCE, 0),                  /* ... and type */
    MSR_CONST(0x17, CMOV, 0),                /* platform id */
    MSR(0x48, SPEC_CTRL, spec_ctrl, ANY, 7), /* IBRS, STIBP, SSBD */
    MSR_COMMAND(0x49, SPEC_CTRL, 1),         /* IBPB */
    MSR_CONST(0x10a, SPEC_CTRL, ARCH_CAPABILITIES),
    MSR_CONST(0x3a, LONG, 1),               /* feature control: locked */
    MSR(0x8b, CMOV, bios_sign, ANY, ~0ull), /* microcode revision */
    MSR_CONST(0xfe, MTRR, 0x508),           /* MTRR capabilities */
    MSR(0x174, SEP, sysenter_cs, ANY, 0xffffffff),
    MSR(0x175, SEP, sysenter_esp, CANONICAL, ~0ull),
    MSR(0x176, SEP, sysenter_eip, CANONICAL, ~0ull),
    MSR_CONST(0x179, MCA, 0), /* machine-check banks */
    MSR(0x17a, MCA, mcg_status, ANY, 7),
    MSR(0x1a0, SSE2, misc_enable, ANY, ~0ull),
    MSR(0x277, PAT, pat, PAT_TYPES, 0x0707070707070707),
    MSR(0x2ff, MTRR, mtrr_def_type, ANY, 0xcff),
    MSR(0x200, MTRR, mtrr_base[0], ANY, ~0ull),
    MSR(0x201, MTRR, mtrr_mask[0], ANY, ~0ull),
    MSR(0x202, MTRR, mtrr_base[1], ANY, ~0ull),
    MSR(0x203, MTRR, mtrr_mask[1], ANY, ~0ull),
    MSR(0x204, MTRR, mtrr_base[2], ANY, ~0ull),
    MSR(0x205, MTRR, mtrr_mask[2], ANY, ~0ull),
    MSR(0x206, MTRR, mtrr_base[3], ANY, ~0ull),
    MSR(0x207, MTRR, mtrr_mask[3], ANY, ~0ull),
    MSR(0x208, MTRR, mtrr_base[4], ANY, ~0ull),
    MSR(0x209, MTRR, mtrr_mask[4], ANY, ~0ull),
    MSR(0x20a, MTRR, mtrr_base[5], ANY, ~0ull),
    MSR(0x20b, MTRR, mtrr_mask[5], ANY, ~0ull),
    MSR(0x20c, MTRR, mtrr_base[6], ANY, ~0ull),
    MSR(0x20d, MTRR, mtrr_mask[6], ANY, ~0ull),
    MSR(0x20e, MTRR, mtrr_base[7], ANY, ~0ull),
    MSR(0x20f, MTRR, mtrr_mask[7], ANY, ~0ull),
    MSR(0x250, MTRR, mtrr_fixed[0], ANY, ~0ull),
    MSR(0x258, MTRR, mtrr_fixed[1], ANY, ~0ull),
    MSR(0x259, MTRR, mtrr_fixed[2], ANY, ~0ull),
    MSR(0x268, MTRR, mtrr_fixed[3], ANY, ~0ull),
    MSR(0x269, MTRR, mtrr_fixed[4], ANY, ~0ull),
    MSR(0x26a, MTRR, mtrr_fixed[5], ANY, ~0ull),
    MSR(0x26b, MTRR, mtrr_fixed[6], ANY, ~0ull),
    MSR(0x26c, MTRR, mtrr_fixed[7], ANY, ~0ull),
    MSR(0x26d, MTRR, mtrr_fixed[8], ANY, ~0ull),
    MSR(0x26e, MTRR, mtrr_fixed[9], ANY, ~0ull),
    MSR(0x26f, MTRR, mtrr_fixed[10], ANY, ~0ull),
    MSR(0xc0000081, SYSCALL, star, ANY, ~0ull),
    MSR(0xc0000082, SYSCALL, lstar, CANONICAL, ~0ull),
    MSR(0xc0000083, SYSCALL, cstar, CANONICAL, ~0ull),
    MSR(0xc0000084, SYSCALL, fmask, ANY, 0xffffffff),
    MSR(0xc0000100, LONG, seg[SEG_FS].base, CANONICAL, ~0ull),
    MSR(0xc0000101, LONG, seg[SEG_GS].base, CANONICAL, ~0ull),
    MSR(0xc0000102, LONG, kernel_gs_base, CANONICAL, ~0ull),
    MSR(0xc0000103, RDTSCP, tsc_aux, ANY, 0xffffffff),
};

enum {
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_X2APIC_FIRST = 0x800,
    MSR_X2APIC_LAST = 0x8ff,
    APIC_EXTD = 1 << 10, /* x2APIC mode */
};
#define MSR_EFER 0xc0000080u

static const struct msr_row *find_msr(const struct cpu *cpu, uint32_t msr)
{
    for (unsigned n = 0; n < ARRAY_LEN(msr_rows); n++)
        if (msr_rows[n].number == msr)
            return cpu_has(cpu, (enum cpu_feature)msr_rows[n].feature)
                       ? &msr_rows[n]
                       : NULL;
    return NULL;
}

static uint64_t *msr_field(struct cpu *cpu, const struct msr_row *row)
{
    return (uint64_t *)(void *)((char *)cpu + row->offset);
}

static bool is_apic_msr(const struct cpu *cpu, uint32_t msr)
{
    if (msr == MSR_APIC_BASE)
        return cpu_has(cpu, F_APIC) && cpu_has(cpu, F_CMOV);
    if (msr == MSR_TSC_DEADLINE)
        return cpu_has(cpu, F_TSC_DEADLINE);
    return cpu_has(cpu, F_X2APIC) && msr >= MSR_X2APIC_FIRST &&
           msr <= MSR_X2APIC_LAST;
}

uint64_t sysreg_rdmsr(struct cpu *cpu, uint32_t msr)
{
    const struct msr_row *row = find_msr(cpu, msr);
    uint64_t value;
    if (row && row->check == WRITE_ONLY)
        gp0_for(cpu, STRICT_msr_unknown);
    if (row)
        return row->offset ? *msr_field(cpu, row) : row->constant;
    if (msr == MSR_TSC && cpu_has(cpu, F_TSC))
        return sysreg_tsc(cpu);
    if (msr == MSR_EFER && cpu->efer_valid)
        return cpu->efer;
    if (is_apic_msr(cpu, msr) && cpu->config.apic_rdmsr &&
        cpu->config.apic_rdmsr(cpu->config.opaque, msr, &value))
        return value;
    LOG(cpu->dev.log, GUEST_ERROR, "rdmsr %x: no such register", msr);
    gp0_for(cpu, STRICT_msr_unknown);
}

static void write_efer(struct cpu *cpu, uint64_t value)
{
    if (value & ~cpu->efer_valid)
        gp0_for(cpu, STRICT_msr_reserved);
    if (((value ^ cpu->efer) & EFER_LME) && (cpu->cr0 & CR0_PG))
        gp0_for(cpu, STRICT_msr_reserved);
    value = (value & ~(uint64_t)EFER_LMA) | (cpu->efer & EFER_LMA);
    if (((value ^ cpu->efer) & EFER_NXE) && (cpu->cr0 & CR0_PG)) {
        cpu->efer = value;
        cpu_update_paging(cpu);
        return;
    }
    cpu->efer = value;
}

static bool pat_types_ok(uint64_t value)
{
    for (unsigned n = 0; n < 8; n++) {
        unsigned t = value >> n * 8 & 0xff;
        if (t > 7 || t == 2 || t == 3)
            return false;
    }
    return true;
}

void sysreg_wrmsr(struct cpu *cpu, uint32_t msr, uint64_t value)
{
    const struct msr_row *row = find_msr(cpu, msr);
    if (row) {
        if (row->check == READ_ONLY || (value & ~row->writable) ||
            (row->check == CANONICAL && !cpu_canonical_base(cpu, value)) ||
            (row->check == PAT_TYPES && !pat_types_ok(value)))
            gp0_for(cpu, STRICT_msr_reserved);
        /* CPUID, which software calls next, would put the revision back. */
        if (row->check == WRITE_ONLY ||
            row->offset == offsetof(struct cpu, bios_sign))
            return;
        *msr_field(cpu, row) = value;
        if (cpu_code64(cpu) &&
            (row->offset == offsetof(struct cpu, seg[SEG_FS].base) ||
             row->offset == offsetof(struct cpu, seg[SEG_GS].base))) {
            cpu->view[SEG_FS].base = cpu->seg[SEG_FS].base;
            cpu->view[SEG_GS].base = cpu->seg[SEG_GS].base;
        }
        return;
    }
    if (msr == MSR_TSC && cpu_has(cpu, F_TSC)) {
        cpu->tsc_offset += value - sysreg_tsc(cpu);
        return;
    }
    if (msr == MSR_EFER && cpu->efer_valid) {
        write_efer(cpu, value);
        return;
    }
    if (msr == MSR_APIC_BASE && (value & APIC_EXTD) && !cpu_has(cpu, F_X2APIC))
        gp0_for(cpu, STRICT_msr_reserved);
    if (is_apic_msr(cpu, msr) && cpu->config.apic_wrmsr &&
        cpu->config.apic_wrmsr(cpu->config.opaque, msr, value)) {
        if (msr == MSR_APIC_BASE)
            cpu->apic_base = value;
        return;
    }
    LOG(cpu->dev.log, GUEST_ERROR, "wrmsr %x: no such register", msr);
    gp0_for(cpu, STRICT_msr_unknown);
}
