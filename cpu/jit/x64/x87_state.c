/* x87_state.c - the x87 state as FNSAVE and FRSTOR of the host have it.
 *
 * SDM volume 1, 8.1.10, 32-bit protected-mode format. The host's pointers to
 * instruction and operand mean nothing here: lower_x87.c keeps the guest's.
 *
 * Translated code calls this with the guest's vector registers in the host's,
 * hence the attribute. */
#include "cpu/jit/x64/x87.h"

#include "cpu/fpu.h"

#define NO_VECTORS __attribute__((target("general-regs-only")))

NO_VECTORS static void put(uint8_t *p, const void *from, size_t size)
{
    for (size_t n = 0; n < size; n++)
        p[n] = ((const uint8_t *)from)[n];
}

NO_VECTORS uint64_t jit_x87_ready(struct cpu *cpu, const void *unused,
                                  uint32_t unused2)
{
    uint32_t env[7] = {0};
    unsigned tags = 0;

    (void)unused;
    (void)unused2;
    if ((cpu->cr0 & (CR0_EM | CR0_TS)) || (cpu->fsw & FSW_ES) ||
        (cpu->fcw & X87_MASKS) != X87_MASKS)
        return 0;
    for (unsigned n = 0; n < 8; n++) {
        const struct float80 *r = &cpu->fpr[(cpu->ftop + n) & 7];
        uint8_t *st = cpu->x87_image + X87_ST + 10 * n;
        uint16_t se = (uint16_t)r->se;
        __builtin_memcpy(st, &r->mant, 8);
        __builtin_memcpy(st + 8, &se, 2);
        if (!(cpu->ftag >> n & 1))
            tags |= 3u << 2 * n;
    }
    env[0] = cpu->fcw;
    env[1] = cpu->fsw | (uint32_t)cpu->ftop << FSW_TOP_SHIFT;
    env[2] = tags;
    put(cpu->x87_image, env, sizeof env);
    cpu->hot.x87_ip = false;
    cpu->hot.x87_seg = X87_NO_SEG;
    return 1;
}

NO_VECTORS void jit_x87_saved(struct cpu *cpu)
{
    uint16_t word[3];
    unsigned tags;

    for (unsigned n = 0; n < 3; n++)
        __builtin_memcpy(&word[n], cpu->x87_image + 4 * n, 2);
    cpu->fcw = word[0];
    cpu->fsw = (uint16_t)(word[1] & ~FSW_TOP);
    cpu->ftop = word[1] >> FSW_TOP_SHIFT & 7;
    tags = word[2];
    cpu->ftag = 0;
    for (unsigned n = 0; n < 8; n++) {
        struct float80 *r = &cpu->fpr[(cpu->ftop + n) & 7];
        const uint8_t *st = cpu->x87_image + X87_ST + 10 * n;
        uint16_t se;
        __builtin_memcpy(&r->mant, st, 8);
        __builtin_memcpy(&se, st + 8, 2);
        r->se = se;
        if ((tags >> 2 * n & 3) != 3)
            cpu->ftag |= (uint8_t)(1 << n);
    }
    if (cpu->hot.x87_ip)
        cpu->fcs = cpu->seg[SEG_CS].selector;
    if (cpu->hot.x87_seg != X87_NO_SEG)
        cpu->fds = cpu->seg[cpu->hot.x87_seg].selector;
    cpu->hot.x87 = false;
}

/* FCOMI leaves C1 alone on AMD's processors, Intel's clear it. */
bool x64_x87_like_t0(void)
{
    uint16_t status;
    __asm__("fninit\n\tfld1\n\tfchs\n\tfxam\n\t" /* C1 = 1: negative */
            "fcomi %%st(0), %%st\n\tfnstsw %0\n\tfninit"
            : "=a"(status)
            :
            : "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
              "st(7)");
    return status & FSW_C1;
}
