/* exec_x87_ctl.c - x87: control, state images, pending exceptions.
 *
 * SDM volume 1, 8.1.10 (images), 8.6 and 8.7 (exceptions), 10.5 (FXSAVE).
 *
 * An exception that is not masked sets ES and B at once; #MF comes with the
 * next waiting instruction, or with CR0.NE = 0 FERR# goes high for IRQ 13.
 * FNxxx instructions do not wait. Not modelled: the IGNNE# pin, the r/m bits
 * of FOP for memory operands. */
#include "cpu/fpu.h"
#include "cpu/softfloat.h"

/* ---- status, tags, exceptions */

uint16_t fpu_status(const struct cpu *cpu)
{
    return (uint16_t)(cpu->fsw | cpu->ftop << FSW_TOP_SHIFT);
}

void fpu_set_status(struct cpu *cpu, uint16_t status)
{
    cpu->fsw = (uint16_t)(status & ~FSW_TOP);
    cpu->ftop = status >> FSW_TOP_SHIFT & 7;
}

/* Tag of a register in use: 0 = valid, 1 = zero, 2 = special. */
static unsigned full_tag(struct float80 a)
{
    switch (float80_classify(a)) {
    case FLOAT80_NORMAL:
        return 0;
    case FLOAT80_ZERO:
        return 1;
    default:
        return 2;
    }
}

uint16_t fpu_full_tags(const struct cpu *cpu)
{
    unsigned tags = 0;

    for (unsigned n = 0; n < 8; n++) {
        unsigned tag = cpu->ftag >> n & 1 ? full_tag(cpu->fpr[n]) : 3;

        tags |= tag << 2 * n;
    }
    return (uint16_t)tags;
}

/* Only "empty" is kept; the other tags follow from the contents. */
static void set_full_tags(struct cpu *cpu, uint16_t tags)
{
    cpu->ftag = 0;
    for (unsigned n = 0; n < 8; n++)
        if ((tags >> 2 * n & 3) != 3)
            cpu->ftag |= (uint8_t)(1 << n);
}

/* FERR# falls in any case: a pin left high would repeat IRQ 13 for ever. */
void fpu_update_error(struct cpu *cpu)
{
    bool error = cpu->fsw & ~cpu->fcw & FP_FLAGS;

    cpu->fsw &= (uint16_t) ~(FSW_ES | FSW_B);
    if (error)
        cpu->fsw |= FSW_ES | FSW_B;
    if (cpu->config.ferr && (!error || !(cpu->cr0 & CR0_NE)))
        cpu->config.ferr(cpu->config.opaque, error);
}

/* The 11 opcode bits, from the row: ModRM's r/m bits only where the operand
 * is a register. */
static uint16_t opcode_bits(const struct insn *i)
{
    uint64_t e = insn_rows[i->op].encoding;
    unsigned op = ENC_OPCODE(e) & 7, reg = i->reg & 7, rm = i->rm & 7;
    unsigned mod = i->flags & IF_MEM ? i->disp == 0 ? 0 : 2 : 3;

    return (uint16_t)(op << 8 | mod << 6 | reg << 3 | rm);
}

void fpu_signal(struct cpu *cpu)
{
    cpu->fop = opcode_bits(cpu->insn);
    fpu_update_error(cpu);
}

bool fpu_stack_fault(struct cpu *cpu, bool overflow)
{
    cpu->fsw &= (uint16_t)~FSW_C1;
    cpu->fsw |= (uint16_t)(FP_IE | FSW_SF | (overflow ? FSW_C1 : 0));
    if (cpu->fcw & FP_IE)
        return true;
    fpu_signal(cpu);
    return false;
}

void fpu_not_ready(struct cpu *cpu)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        cpu_raise(cpu, EX_NM);
    if (cpu->cr0 & CR0_NE)
        cpu_raise(cpu, EX_MF);
}

/* In the manual's order: EM gives #UD here, not #NM (volume 3, 12.1). */
void fpu_check_mmx(struct cpu *cpu)
{
    if (cpu->cr0 & CR0_EM)
        cpu_raise(cpu, EX_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EX_NM);
    if ((cpu->fsw & FSW_ES) && (cpu->cr0 & CR0_NE))
        cpu_raise(cpu, EX_MF);
}

void fpu_reset(struct cpu *cpu)
{
    cpu->fcw = FCW_RESET;
    cpu->fsw = 0;
    cpu->ftop = 0;
    cpu->ftag = 0;
    cpu->fop = 0;
    cpu->fip = cpu->fdp = 0;
    cpu->fcs = cpu->fds = 0;
    fpu_update_error(cpu);
}

/* ---- control instructions */

/* WAIT looks at TS only together with MP, and not at EM. */
EXEC(fwait)
{
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        cpu_raise(cpu, EX_NM);
    if ((cpu->fsw & FSW_ES) && (cpu->cr0 & CR0_NE))
        cpu_raise(cpu, EX_MF);
    NEXT;
}

/* FNINIT leaves the registers' contents alone, only their tags are cleared. */
EXEC_BODY(fninit)
{
    fpu_no_wait(cpu);
    fpu_reset(cpu);
}

EXEC(fnclex)
{
    fpu_no_wait(cpu);
    cpu->fsw &= (uint16_t) ~(FP_FLAGS | FSW_SF | FSW_ES | FSW_B);
    fpu_update_error(cpu);
    NEXT;
}

/* FNENI, FNDISI, FNSETPM of older coprocessors do nothing. */
EXEC(fnop_no_wait)
{
    fpu_no_wait(cpu);
    NEXT;
}

EXEC(fnop)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    NEXT;
}

EXEC(fincstp)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C1;
    cpu->ftop = (cpu->ftop + 1) & 7;
    NEXT;
}

EXEC(fdecstp)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C1;
    cpu->ftop = (cpu->ftop - 1) & 7;
    NEXT;
}

/* C1 is documented as undefined; processors clear it. */
static void free_register(struct cpu *cpu, const struct insn *i)
{
    fpu_wait(cpu);
    fpu_record_ip(cpu, i);
    cpu->fsw &= (uint16_t)~FSW_C1;
    cpu->ftag &= (uint8_t) ~(1 << ((cpu->ftop + i->rm) & 7));
}

EXEC(ffree)
{
    free_register(cpu, i);
    NEXT;
}

EXEC(ffreep)
{
    free_register(cpu, i);
    fpu_pop(cpu);
    NEXT;
}

static void set_control(struct cpu *cpu, uint16_t control)
{
    /* Bit 6 is always set, bits 7 and 13-15 never. */
    cpu->fcw = (control & 0x1f3f) | 0x40;
}

EXEC(fldcw)
{
    uint16_t control;

    fpu_wait(cpu);
    control = ld16(cpu, i->seg, mem_offset(cpu, i));
    set_control(cpu, control);
    fpu_update_error(cpu);
    NEXT;
}

EXEC(fnstcw)
{
    fpu_no_wait(cpu);
    st16(cpu, i->seg, mem_offset(cpu, i), cpu->fcw);
    NEXT;
}

EXEC(fnstsw_m)
{
    fpu_no_wait(cpu);
    st16(cpu, i->seg, mem_offset(cpu, i), fpu_status(cpu));
    NEXT;
}

EXEC(fnstsw_ax)
{
    fpu_no_wait(cpu);
    set_r16(cpu, RAX, fpu_status(cpu));
    NEXT;
}

/* ---- FNSTENV, FLDENV, FNSAVE, FRSTOR: four layouts */

enum { ENV_16 = 14, ENV_32 = 28, REGS = 80 };

static unsigned env_size(const struct insn *i)
{
    return insn_osize(i) == 2 ? ENV_16 : ENV_32;
}

/* Writes field n; 32-bit fields have their unused half set to ones. */
static void env_put(uint8_t *image, unsigned size, unsigned n, uint32_t v)
{
    if (size == ENV_16)
        store_le16(image + 2 * n, (uint16_t)v);
    else
        store_le32(image + 4 * n, v);
}

static uint32_t env_get(const uint8_t *image, unsigned size, unsigned n)
{
    return size == ENV_16 ? load_le16(image + 2 * n) : load_le32(image + 4 * n);
}

/* Real and virtual-8086 mode: linear addresses, split in two, and FOP. */
static void env_write_real(const struct cpu *cpu, uint8_t *image, unsigned size)
{
    uint32_t ip = (uint32_t)cpu->fip + ((uint32_t)cpu->fcs << 4);
    uint32_t dp = (uint32_t)cpu->fdp + ((uint32_t)cpu->fds << 4);
    uint32_t high = size == ENV_16 ? 0xf : 0xffff;

    env_put(image, size, 3, ip & 0xffff);
    env_put(image, size, 4, (ip >> 16 & high) << 12 | (cpu->fop & 0x7ff));
    env_put(image, size, 5, dp & 0xffff);
    env_put(image, size, 6, (dp >> 16 & high) << 12);
}

static void env_write(const struct cpu *cpu, uint8_t *image, unsigned size)
{
    uint32_t ones = size == ENV_16 ? 0 : 0xffff0000;

    env_put(image, size, 0, ones | cpu->fcw);
    env_put(image, size, 1, ones | fpu_status(cpu));
    env_put(image, size, 2, ones | fpu_full_tags(cpu));
    if (!cpu_descriptors(cpu)) {
        env_write_real(cpu, image, size);
        return;
    }
    env_put(image, size, 3, (uint32_t)cpu->fip);
    env_put(image, size, 4,
            cpu->fcs | (size == ENV_16 ? 0 : (uint32_t)cpu->fop << 16));
    env_put(image, size, 5, (uint32_t)cpu->fdp);
    env_put(image, size, 6, ones | cpu->fds);
}

/* The other way round. Selectors are not in a real-mode image, nor FOP in a
 * 16-bit one of protected mode. */
static void env_read(struct cpu *cpu, const uint8_t *image, unsigned size)
{
    uint32_t f3 = env_get(image, size, 3), f4 = env_get(image, size, 4);
    uint32_t f5 = env_get(image, size, 5), f6 = env_get(image, size, 6);

    set_control(cpu, (uint16_t)env_get(image, size, 0));
    fpu_set_status(cpu, (uint16_t)env_get(image, size, 1));
    set_full_tags(cpu, (uint16_t)env_get(image, size, 2));
    if (!cpu_descriptors(cpu)) {
        cpu->fip = (f3 & 0xffff) | (f4 & 0x0ffff000) << 4;
        cpu->fop = f4 & 0x7ff;
        cpu->fdp = (f5 & 0xffff) | (f6 & 0x0ffff000) << 4;
        cpu->fcs = cpu->fds = 0;
    } else {
        cpu->fip = f3;
        cpu->fcs = (uint16_t)f4;
        cpu->fop = size == ENV_16 ? cpu->fop : f4 >> 16 & 0x7ff;
        cpu->fdp = f5;
        cpu->fds = (uint16_t)f6;
    }
    fpu_update_error(cpu);
}

/* Images are longer than one access may be: both ends are checked first. */
void fpu_image_write(struct cpu *cpu, unsigned seg, uint64_t off,
                     const uint8_t *image, unsigned size)
{
    enum { PIECE = 16 };
    unsigned n = 0;

    mem_probe_write(cpu, seg, off, 1);
    mem_probe_write(cpu, seg, off + size - 1, 1);
    for (; n + PIECE <= size; n += PIECE)
        st_bytes(cpu, seg, off + n, image + n, PIECE);
    if (n < size)
        st_bytes(cpu, seg, off + n, image + n, size - n);
}

void fpu_image_read(struct cpu *cpu, unsigned seg, uint64_t off, uint8_t *image,
                    unsigned size)
{
    enum { PIECE = 16 };
    unsigned n = 0;

    for (; n + PIECE <= size; n += PIECE)
        ld_bytes(cpu, seg, off + n, image + n, PIECE);
    if (n < size)
        ld_bytes(cpu, seg, off + n, image + n, size - n);
}

/* Environments need no more alignment than their fields have, but that. */
static void env_image_write(struct cpu *cpu, const struct insn *i,
                            const uint8_t *image, unsigned size)
{
    uint64_t off = mem_offset(cpu, i);
    unsigned field = insn_osize(i) == 2 ? 2 : 4;

    if (!(cpu->eflags & EFL_AC)) {
        fpu_image_write(cpu, i->seg, off, image, size);
        return;
    }
    mem_probe_write(cpu, i->seg, off, field);
    mem_probe_write(cpu, i->seg, off + size - field, field);
    for (unsigned n = 0; n < size; n += field)
        st_bytes(cpu, i->seg, off + n, image + n, field);
}

static void env_image_read(struct cpu *cpu, const struct insn *i,
                           uint8_t *image, unsigned size)
{
    uint64_t off = mem_offset(cpu, i);
    unsigned field = insn_osize(i) == 2 ? 2 : 4;

    if (!(cpu->eflags & EFL_AC)) {
        fpu_image_read(cpu, i->seg, off, image, size);
        return;
    }
    for (unsigned n = 0; n < size; n += field)
        ld_bytes(cpu, i->seg, off + n, image + n, field);
}

/* What may fault comes first; then all exceptions are masked. */
EXEC_BODY(fnstenv)
{
    unsigned size = env_size(i);
    uint8_t image[ENV_32];

    fpu_no_wait(cpu);
    env_write(cpu, image, size);
    env_image_write(cpu, i, image, size);
    cpu->fcw |= FP_FLAGS;
    fpu_update_error(cpu);
}

EXEC_BODY(fldenv)
{
    unsigned size = env_size(i);
    uint8_t image[ENV_32];

    fpu_wait(cpu);
    env_image_read(cpu, i, image, size);
    env_read(cpu, image, size);
}

/* The registers follow in stack order; afterwards all is as after FNINIT. */
EXEC_BODY(fnsave)
{
    unsigned size = env_size(i);
    uint8_t image[ENV_32 + REGS];

    fpu_no_wait(cpu);
    env_write(cpu, image, size);
    for (unsigned n = 0; n < 8; n++) {
        store_le64(image + size + 10 * n, fpu_st(cpu, n)->mant);
        store_le16(image + size + 10 * n + 8, fpu_st(cpu, n)->se);
    }
    env_image_write(cpu, i, image, size + REGS);
    fpu_reset(cpu);
}

EXEC_BODY(frstor)
{
    unsigned size = env_size(i);
    uint8_t image[ENV_32 + REGS];

    fpu_wait(cpu);
    env_image_read(cpu, i, image, size + REGS);
    env_read(cpu, image, size);
    for (unsigned n = 0; n < 8; n++) {
        fpu_st(cpu, n)->mant = load_le64(image + size + 10 * n);
        fpu_st(cpu, n)->se = load_le16(image + size + 10 * n + 8);
    }
}

/* ---- FXSAVE, FXRSTOR */

/* Bytes in use; what follows belongs to software. */
unsigned fx_size(const struct cpu *cpu)
{
    return cpu_code64(cpu) ? FX_XMM + 16 * 16 : FX_XMM + 8 * 16;
}

/* #NM before #GP; alignment is checked whatever CR0.AM says. */
static uint64_t fx_address(struct cpu *cpu, const struct insn *i)
{
    uint64_t off = mem_offset(cpu, i);

    if (cpu->cr0 & (CR0_EM | CR0_TS))
        cpu_raise(cpu, EX_NM);
    if ((cpu->view[i->seg].base + off) & 15)
        cpu_raise_error(cpu, EX_GP, 0);
    return off;
}

/* With REX.W the pointers are 64 bits wide, without selectors. */
static bool fx_wide(const struct cpu *cpu, const struct insn *i)
{
    return cpu_code64(cpu) && (i->flags & IF_REXW);
}

void fx_store_x87(struct cpu *cpu, const struct insn *i, uint8_t *image)
{
    store_le16(image, cpu->fcw);
    store_le16(image + 2, fpu_status(cpu));
    image[4] = cpu->ftag;
    image[5] = 0;
    store_le16(image + 6, cpu->fop);
    if (fx_wide(cpu, i)) {
        store_le64(image + 8, cpu->fip);
        store_le64(image + 16, cpu->fdp);
    } else {
        store_le32(image + 8, (uint32_t)cpu->fip);
        store_le32(image + 12, cpu->fcs);
        store_le32(image + 16, (uint32_t)cpu->fdp);
        store_le32(image + 20, cpu->fds);
    }
    for (unsigned n = 0; n < 8; n++) {
        store_le64(image + FX_ST + 16 * n, fpu_st(cpu, n)->mant);
        store_le64(image + FX_ST + 16 * n + 8, fpu_st(cpu, n)->se);
    }
}

void fx_store_xmm(struct cpu *cpu, uint8_t *image, unsigned size)
{
    for (unsigned n = 0; FX_XMM + 16 * n < size; n++) {
        store_le64(image + FX_XMM + 16 * n, XMM(n).q[0]);
        store_le64(image + FX_XMM + 16 * n + 8, XMM(n).q[1]);
    }
}

EXEC_BODY(fxsave)
{
    uint64_t off = fx_address(cpu, i);
    uint8_t image[512] = {0};
    unsigned size = fx_size(cpu);

    fx_store_x87(cpu, i, image);
    store_le32(image + FX_MXCSR, cpu->mxcsr);
    store_le32(image + FX_MXCSR + 4, MXCSR_VALID);
    fx_store_xmm(cpu, image, size);
    fpu_image_write(cpu, i->seg, off, image, size);
}

static void fx_read_pointers(struct cpu *cpu, const uint8_t *image, bool wide)
{
    cpu->fop = load_le16(image + 6) & 0x7ff;
    if (wide) {
        cpu->fip = load_le64(image + 8);
        cpu->fdp = load_le64(image + 16);
        cpu->fcs = cpu->fds = 0;
    } else {
        cpu->fip = load_le32(image + 8);
        cpu->fcs = load_le16(image + 12);
        cpu->fdp = load_le32(image + 16);
        cpu->fds = load_le16(image + 20);
    }
}

void fx_load_x87(struct cpu *cpu, const struct insn *i, const uint8_t *image)
{
    set_control(cpu, load_le16(image));
    fpu_set_status(cpu, load_le16(image + 2));
    cpu->ftag = image[4];
    fx_read_pointers(cpu, image, fx_wide(cpu, i));
    for (unsigned n = 0; n < 8; n++) {
        fpu_st(cpu, n)->mant = load_le64(image + FX_ST + 16 * n);
        fpu_st(cpu, n)->se = load_le16(image + FX_ST + 16 * n + 8);
    }
    fpu_update_error(cpu);
}

void fx_load_xmm(struct cpu *cpu, const uint8_t *image, unsigned size)
{
    for (unsigned n = 0; FX_XMM + 16 * n < size; n++) {
        XMM(n).q[0] = load_le64(image + FX_XMM + 16 * n);
        XMM(n).q[1] = load_le64(image + FX_XMM + 16 * n + 8);
    }
}

/* A reserved bit of MXCSR faults before anything is loaded. */
EXEC_BODY(fxrstor)
{
    uint64_t off = fx_address(cpu, i);
    unsigned size = fx_size(cpu);
    uint8_t image[512];

    fpu_image_read(cpu, i->seg, off, image, size);
    if (load_le32(image + FX_MXCSR) & ~(uint32_t)MXCSR_VALID)
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->mxcsr = load_le32(image + FX_MXCSR);
    fx_load_x87(cpu, i, image);
    fx_load_xmm(cpu, image, size);
}
