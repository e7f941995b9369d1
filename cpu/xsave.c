/* xsave.c - XSAVE, XSAVEOPT, XSAVEC, XRSTOR, XGETBV, XSETBV; CPUID leaf 0Dh.
 *
 * SDM volume 1, chapter 13. State components: x87, SSE, AVX, PKRU. XSAVEOPT
 * leaves out what is in its initial state; it does not track what was
 * modified since the last XRSTOR, which a processor is free not to do.
 * Not modelled: supervisor state (XSAVES, XRSTORS, IA32_XSS). */
#include "cpu/xsave.h"

#include "cpu/flow.h"
#include "cpu/fpu.h"
#include "cpu/softfloat.h"
#include "cpu/sysreg.h"

#define XCOMP_COMPACT (1ull << 63)

/* The area: legacy region, header, then components. */
enum {
    XS_HEADER = 512,
    XS_XCOMP = XS_HEADER + 8,
    XS_EXTENDED = XS_HEADER + 64,
    XS_MAX = XS_EXTENDED + 256 + 8,
};

/* Components beyond the legacy region, in the order of their bits; offsets of
 * the standard format. */
static const struct xsave_part {
    uint16_t size, offset;
    uint32_t bit;
    enum cpu_feature feature;
} parts[] = {
    {256, XS_EXTENDED, XCR0_AVX, F_AVX},
    {8, XS_EXTENDED + 256, XCR0_PKRU, F_PKU},
};

static uint64_t supported(const struct cpu *cpu)
{
    uint64_t bits = XCR0_X87 | XCR0_SSE;

    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (cpu_has(cpu, parts[n].feature))
            bits |= parts[n].bit;
    return bits;
}

/* Where part n lies; in the compacted format only those of `layout` have
 * room. */
static unsigned part_offset(unsigned n, uint64_t layout)
{
    unsigned offset = XS_EXTENDED;

    if (!(layout & XCOMP_COMPACT))
        return parts[n].offset;
    for (unsigned k = 0; k < n; k++)
        if (layout & parts[k].bit)
            offset += parts[k].size;
    return offset;
}

/* Bytes of an area with room for `components`. */
static unsigned area_size(uint64_t components)
{
    unsigned size = XS_EXTENDED;

    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (components & parts[n].bit)
            size = part_offset(n, components) + parts[n].size;
    return size;
}

/* ---- initial state: 13.6 */

static bool x87_in_use(struct cpu *cpu)
{
    uint64_t any = cpu->fop | cpu->fip | cpu->fdp | cpu->fcs | cpu->fds;

    for (unsigned n = 0; n < 8; n++)
        any |= cpu->fpr[n].mant | cpu->fpr[n].se;
    return any || cpu->fcw != 0x037f || fpu_status(cpu) != 0 || cpu->ftag != 0;
}

/* XINUSE: components not in their initial state. */
static uint64_t in_use(struct cpu *cpu)
{
    uint64_t low = 0, high = 0, bits = 0;

    for (unsigned n = 0; n < 16; n++) {
        low |= cpu->vec[n].q[0] | cpu->vec[n].q[1];
        high |= cpu->vec[n].q[2] | cpu->vec[n].q[3];
    }
    if (x87_in_use(cpu))
        bits |= XCR0_X87;
    if (low)
        bits |= XCR0_SSE;
    if (high)
        bits |= XCR0_AVX;
    if (cpu->pkru)
        bits |= XCR0_PKRU;
    return bits;
}

/* ---- parts to and from the area; outside 64-bit code eight registers */

static unsigned part_size(const struct cpu *cpu, unsigned n)
{
    return parts[n].bit == XCR0_AVX && !cpu_code64(cpu) ? 128 : parts[n].size;
}

static void part_store(const struct cpu *cpu, unsigned n, uint8_t *area)
{
    if (parts[n].bit == XCR0_PKRU) {
        store_le64(area, cpu->pkru);
        return;
    }
    for (unsigned r = 0; r < 16; r++) {
        store_le64(area + 16 * r, cpu->vec[r].q[2]);
        store_le64(area + 16 * r + 8, cpu->vec[r].q[3]);
    }
}

static void part_load(struct cpu *cpu, unsigned n, const uint8_t *area)
{
    if (parts[n].bit == XCR0_PKRU) {
        sysreg_write_pkru(cpu, load_le32(area));
        return;
    }
    for (unsigned r = 0; r < part_size(cpu, n) / 16; r++) {
        cpu->vec[r].q[2] = load_le64(area + 16 * r);
        cpu->vec[r].q[3] = load_le64(area + 16 * r + 8);
    }
}

/* ---- checks common to all */

static void need_xsave(struct cpu *cpu)
{
    if (!(cpu->cr4 & CR4_OSXSAVE))
        cpu_raise(cpu, EX_UD);
}

static uint64_t area_address(struct cpu *cpu, const struct insn *i)
{
    uint64_t off = mem_offset(cpu, i);

    need_xsave(cpu);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EX_NM);
    if ((cpu->view[i->seg].base + off) & 63)
        cpu_raise_error(cpu, EX_GP, 0);
    return off;
}

/* RFBM: the components asked for that are enabled. */
static uint64_t requested(const struct cpu *cpu)
{
    return cpu->xcr0 & (R64(RDX) << 32 | R32(RAX));
}

/* ---- saving. Only what belongs to a component that is saved is written. */

struct xsave_job {
    uint64_t rfbm;   /* asked for */
    uint64_t saved;  /* components that are written */
    uint64_t layout; /* XCOMP_BV */
    bool mxcsr;
};

static void put(struct cpu *cpu, const struct insn *i, uint64_t off,
                const uint8_t *area, unsigned from, unsigned size)
{
    fpu_image_write(cpu, i->seg, off + from, area + from, size);
}

static void save(struct cpu *cpu, const struct insn *i, uint64_t off,
                 const struct xsave_job *job, uint64_t xstate_bv)
{
    uint8_t area[XS_MAX] = {0};
    unsigned end = area_size(job->rfbm | (job->layout & XCOMP_COMPACT));

    mem_probe_write(cpu, i->seg, off, 1);
    mem_probe_write(cpu, i->seg, off + end - 1, 1);
    fx_store_x87(cpu, i, area);
    fx_store_xmm(cpu, area, fx_size(cpu));
    store_le64(area + XS_HEADER, xstate_bv);
    store_le64(area + XS_XCOMP, job->layout);
    if (job->saved & XCR0_X87) {
        put(cpu, i, off, area, 0, FX_MXCSR);
        put(cpu, i, off, area, FX_ST, FX_XMM - FX_ST);
    }
    if (job->saved & XCR0_SSE)
        put(cpu, i, off, area, FX_XMM, fx_size(cpu) - FX_XMM);
    store_le32(area + FX_MXCSR, cpu->mxcsr);
    store_le32(area + FX_MXCSR + 4, MXCSR_VALID);
    if (job->mxcsr)
        put(cpu, i, off, area, FX_MXCSR, 8);
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++) {
        unsigned at = part_offset(n, job->layout);

        if (!(job->saved & parts[n].bit))
            continue;
        part_store(cpu, n, area + at);
        put(cpu, i, off, area, at, part_size(cpu, n));
    }
    put(cpu, i, off, area, XS_HEADER, job->layout ? 16 : 8);
}

/* XSAVE and XSAVEOPT: XSTATE_BV keeps its bits of what was not asked for. */
static void save_standard(struct cpu *cpu, const struct insn *i, bool optimise)
{
    uint64_t off = area_address(cpu, i), used = in_use(cpu);
    struct xsave_job job = {.rfbm = requested(cpu)};
    uint64_t old = ld64(cpu, i->seg, off + XS_HEADER);

    job.saved = optimise ? job.rfbm & used : job.rfbm;
    job.mxcsr = job.rfbm & (XCR0_SSE | XCR0_AVX);
    save(cpu, i, off, &job, (old & ~job.rfbm) | (job.rfbm & used));
}

EXEC(xsave)
{
    save_standard(cpu, i, false);
    NEXT;
}

EXEC(xsaveopt)
{
    save_standard(cpu, i, true);
    NEXT;
}

/* Here MXCSR is a part of the SSE component. */
EXEC_BODY(xsavec)
{
    uint64_t off = area_address(cpu, i);
    struct xsave_job job = {.rfbm = requested(cpu)};

    job.saved = job.rfbm & in_use(cpu);
    if (cpu->mxcsr != MXCSR_RESET)
        job.saved |= job.rfbm & XCR0_SSE;
    job.mxcsr = job.saved & XCR0_SSE;
    job.layout = job.rfbm | XCOMP_COMPACT;
    save(cpu, i, off, &job, job.saved);
}

/* ---- restoring */

/* 13.8: what of the header is #GP. */
static void check_header(struct cpu *cpu, const uint8_t *area)
{
    uint64_t bv = load_le64(area + XS_HEADER);
    uint64_t comp = load_le64(area + XS_XCOMP), rest = 0;
    bool bad = bv & ~cpu->xcr0;

    for (unsigned n = 16; n < 64; n += 8)
        rest |= load_le64(area + XS_HEADER + n);
    if (comp & XCOMP_COMPACT) {
        if (!cpu_has(cpu, F_XSAVEC))
            bad = true;
        bad |= (comp & ~XCOMP_COMPACT & ~cpu->xcr0) || (bv & ~comp) || rest;
    } else {
        bad |= comp || load_le64(area + XS_HEADER + 16);
    }
    if (bad)
        cpu_raise_error(cpu, EX_GP, 0);
}

/* MXCSR is loaded with SSE or AVX whatever XSTATE_BV says, but in the
 * compacted format it belongs to SSE. */
static void load_mxcsr(struct cpu *cpu, const uint8_t *area, uint64_t rfbm,
                       uint64_t bv, bool compact)
{
    if (!(rfbm & (compact ? XCR0_SSE : XCR0_SSE | XCR0_AVX)))
        return;
    cpu->mxcsr =
        compact && !(bv & XCR0_SSE) ? MXCSR_RESET : load_le32(area + FX_MXCSR);
}

static void load_legacy(struct cpu *cpu, const struct insn *i,
                        const uint8_t *area, uint64_t rfbm, uint64_t bv)
{
    uint8_t initial[XS_HEADER] = {0};

    store_le16(initial, 0x037f);
    if (rfbm & XCR0_X87)
        fx_load_x87(cpu, i, bv & XCR0_X87 ? area : initial);
    if (rfbm & XCR0_SSE)
        fx_load_xmm(cpu, bv & XCR0_SSE ? area : initial, fx_size(cpu));
}

EXEC_BODY(xrstor)
{
    static const uint8_t initial[256];
    uint64_t off = area_address(cpu, i), rfbm = requested(cpu), bv, layout;
    uint8_t area[XS_MAX] = {0};
    bool compact;

    fpu_image_read(cpu, i->seg, off + XS_HEADER, area + XS_HEADER, 64);
    check_header(cpu, area);
    bv = load_le64(area + XS_HEADER);
    layout = load_le64(area + XS_XCOMP);
    compact = layout & XCOMP_COMPACT;
    fpu_image_read(cpu, i->seg, off, area, fx_size(cpu));
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (rfbm & bv & parts[n].bit)
            fpu_image_read(cpu, i->seg, off + part_offset(n, layout),
                           area + part_offset(n, layout), part_size(cpu, n));
    if ((rfbm & (compact ? bv & XCR0_SSE : XCR0_SSE | XCR0_AVX)) &&
        (load_le32(area + FX_MXCSR) & ~(uint32_t)MXCSR_VALID))
        cpu_raise_error(cpu, EX_GP, 0);

    load_mxcsr(cpu, area, rfbm, bv, compact);
    load_legacy(cpu, i, area, rfbm, bv);
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (rfbm & parts[n].bit)
            part_load(cpu, n,
                      bv & parts[n].bit ? area + part_offset(n, layout)
                                        : initial);
}

/* ---- XCR0 */

EXEC(xgetbv)
{
    uint64_t v = cpu->xcr0;

    need_xsave(cpu);
    if (R32(RCX) == 1 && cpu_has(cpu, F_XSAVEC))
        v &= in_use(cpu);
    else if (R32(RCX) != 0)
        cpu_raise_error(cpu, EX_GP, 0);
    set_r32(cpu, RAX, (uint32_t)v);
    set_r32(cpu, RDX, (uint32_t)(v >> 32));
    NEXT;
}

/* x87 must be enabled, AVX needs SSE. */
EXEC(xsetbv)
{
    uint64_t v = R64(RDX) << 32 | R32(RAX);

    need_xsave(cpu);
    need_cpl0(cpu);
    if (R32(RCX) != 0 || (v & ~supported(cpu)) || !(v & XCR0_X87) ||
        ((v & XCR0_AVX) && !(v & XCR0_SSE)))
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->xcr0 = v;
    return flow_resync(cpu, insn_next_rip(cpu, i));
}

/* ---- CPUID leaf 0Dh */

void xsave_cpuid(const struct cpu *cpu, uint32_t subleaf, uint32_t out[4])
{
    uint64_t all = supported(cpu);

    if (!cpu_has(cpu, F_XSAVE))
        return;
    if (subleaf == 0) {
        out[0] = (uint32_t)all;
        out[1] = area_size(cpu->xcr0);
        out[2] = area_size(all);
        out[3] = (uint32_t)(all >> 32);
    } else if (subleaf == 1) {
        out[0] = (cpu_has(cpu, F_XSAVEOPT) ? 1u : 0) |
                 (cpu_has(cpu, F_XSAVEC) ? 6u : 0);
        if (cpu_has(cpu, F_XSAVEC))
            out[1] = area_size(cpu->xcr0 | XCOMP_COMPACT);
    }
    for (unsigned n = 0; n < ARRAY_LEN(parts); n++)
        if (subleaf < 32 && 1u << subleaf == parts[n].bit &&
            (all & parts[n].bit)) {
            out[0] = parts[n].size;
            out[1] = parts[n].offset;
        }
}
