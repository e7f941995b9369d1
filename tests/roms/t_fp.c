/* t_fp.c - what of x87, SSE, AVX and XSAVE belongs to the system: #NM, #MF,
 * #XM, tag words, images, MXCSR, XCR0, init optimisation. 32-bit code; some
 * values where emulators err. SDM volume 1, chapters 8 to 13, volume 3,
 * chapters 2 and 13. */
/* clang-format off */
#include "rom.h"

static uint8_t area[1024] __attribute__((aligned(64)));
static uint32_t data[16] __attribute__((aligned(64)));
static double number;
static uint32_t mxcsr_start = 0x1F80;

static struct regs at(word code, void *where)
{
    struct regs r = user_regs(code);
    r.bx = (word)where;
    run(&r);
    return r;
}

static uint16_t half(unsigned offset)
{
    return (uint16_t)(area[offset] | area[offset + 1] << 8);
}

static uint32_t whole(unsigned offset)
{
    return half(offset) | (uint32_t)half(offset + 2) << 16;
}

static void fresh(void)
{
    memset(area, 0, sizeof area);
    WRITE_CR(0, (READ_CR(0) & ~(word)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
    __asm__ volatile("fninit");
    if (READ_CR(4) & CR4_OSFXSR)
        __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr_start));
}

static unsigned with_cr0(word code, word set)
{
    struct regs r;
    fresh();
    WRITE_CR(0, (READ_CR(0) & ~(word)(CR0_EM | CR0_TS | CR0_MP)) | set);
    r = at(code, area);
    WRITE_CR(0, READ_CR(0) & ~(word)(CR0_EM | CR0_TS));
    return (unsigned)r.vector;
}

static void not_available(void)
{
    word x87 = CODE("fld1"), wait = CODE("fwait"), mmx = CODE("paddb mm0, mm0");
    word sse = CODE("xorps xmm0, xmm0"), mx = CODE("stmxcsr [ebx]");
    want("x87", with_cr0(x87, CR0_MP), DONE);
    want("x87, EM", with_cr0(x87, CR0_EM), NM);
    want("x87, TS", with_cr0(x87, CR0_TS), NM);
    want("FWAIT, TS", with_cr0(wait, CR0_TS), DONE);
    want("FWAIT, MP", with_cr0(wait, CR0_MP), DONE);
    want("FWAIT, TS and MP", with_cr0(wait, CR0_TS | CR0_MP), NM);
    want("FWAIT, EM", with_cr0(wait, CR0_EM), DONE);
    want("MMX, EM", with_cr0(mmx, CR0_EM), UD);
    want("MMX, TS", with_cr0(mmx, CR0_TS), NM);
    want("SSE, EM", with_cr0(sse, CR0_EM), UD);
    want("SSE, TS", with_cr0(sse, CR0_TS), NM);
    want("STMXCSR, TS", with_cr0(mx, CR0_TS), NM);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSFXSR);
    want("SSE without OSFXSR", with_cr0(sse, 0), UD);
    want("without OSFXSR, TS", with_cr0(sse, CR0_TS), UD);
    want("MMX without OSFXSR", with_cr0(mmx, 0), DONE);
    WRITE_CR(4, READ_CR(4) | CR4_OSFXSR);
    want("PREFETCH, EM and TS",
         with_cr0(CODE("prefetchnta [ebx]"), CR0_EM | CR0_TS), DONE);
}

static void pending(void)
{
    struct regs r;
    fresh();
    /* An unmasked exception waits for the next waiting instruction. */
    data[0] = 0x0360; /* IM DM ZM OM unmasked... all below 60h */
    r = at(CODE("fldcw [ebx]; fldz; fld1; fdivrp; fnop; 1: nop"), data);
    want_vector(&r, MF, NOERR);
    want("eip: FNOP", code_at(r.ip + 1), 0xD0);
    fresh();
    r = at(CODE("fldcw [ebx]; fldz; fld1; fdiv st(0), st(1); fnstsw ax\n"
                "fnclex; fnop"), data);
    want_done(&r);
    want_mask("ZE, ES, B", r.ax, 0x8084, 0x80FF);
    fresh();
    r = at(CODE("fldcw [ebx]; fldz; fld1; fdiv st(0), st(1); fwait"), data);
    want_vector(&r, MF, NOERR);
    want("eip: FWAIT", code_at(r.ip), 0x9B);
    fresh();
    r = at(CODE("fldcw [ebx]; fldz; fld1; fdiv st(0), st(1); movd mm0, eax"),
           data);
    want_vector(&r, MF, NOERR); /* MMX waits, too */
    fresh();
    r = at(CODE("fldcw [ebx]; fldz; fld1; fdiv st(0), st(1); fninit; fnop"),
           data);
    want_done(&r);
    /* Unmasking what is flagged already. */
    fresh();
    r = at(CODE("fldz; fld1; fdiv st(0), st(1); fldcw [ebx]; fnop"), data);
    want_vector(&r, MF, NOERR);
    fresh();
}

static void tag_words(void)
{
    struct regs r;
    fresh();
    number = 0;
    r = at(CODE("fld1; fldz; fnstenv [ebx]"), area);
    want_done(&r);
    want("full tags: valid, zero, empty", half(8), 0x1FFF);
    want_mask("TOP", half(4), 6 << 11, 7 << 11);
    fresh();
    r = at(CODE("fld1; fldz; fxsave [ebx]"), area);
    want("abridged tag", area[4], 0xC0);
    want("MXCSR", whole(24), 0x1F80);
    fresh();
    r = at(CODE("movd mm3, eax; fnstenv [ebx]"), area);
    for (unsigned n = 0; n < 16; n += 2)
        want("MMX: none is empty", (half(8) >> n & 3) == 3, 0);
    want_mask("TOP is 0", half(4), 0, 7 << 11);
    fresh();
    r = at(CODE("movd mm0, eax; fnsave [ebx]; emms"), area);
    want("exponent of MM0 is ones", half(28 + 8), 0xFFFF);
    fresh();
    r = at(CODE("movd mm0, eax; emms; fnstenv [ebx]"), area);
    want("EMMS empties", half(8), 0xFFFF);
    fresh();
}

static void environment(void)
{
    struct regs r;
    word code;
    fresh();
    code = CODE("fld qword ptr [ecx]; fnstenv [ebx]");
    r = user_regs(code);
    r.bx = (word)area;
    r.cx = (word)&number;
    run(&r);
    want_done(&r);
    want("FIP", whole(12), code);
    if (!has(7, 'b', 13)) /* FCS and FDS deprecated */
        want("FCS", half(16), UCS);
    if (!has(7, 'b', 6)) /* FDP only at exceptions */
        want("FDP", whole(20), (word)&number);
    fresh();
    memset(area, 0xAA, 64);
    r = at(CODE("data16 fnstenv [ebx]"), area);
    want("16-bit image has 14 bytes", half(14), 0xAAAA);
    want("control word", half(0), 0x37F);
    want("status word", half(2), 0);
    fresh();
    r = at(CODE("fld1; fnsave [ebx]; fnstsw ax"), area);
    want("FNSAVE initialises", r.ax & 0xFFFF, 0);
    want("image of ST(0)", half(28 + 8), 0x3FFF);
    fresh();
}

static void x87_values(void)
{
    struct regs r;
    fresh();
    /* FPREM quotient bits: 7 mod 2 = 1, quotient 3: C0 C3 C1 = 0 1 1. */
    data[0] = 7;
    data[1] = 2;
    r = at(CODE("fild dword ptr [ebx + 4]; fild dword ptr [ebx]; fprem\n"
                "fnstsw ax"), data);
    want_mask("C3 and C1, no C0, C2", r.ax, 0x4200, 0x4700);
    fresh();
    r = at(CODE("fldz; fxtract; fnstsw ax"), data);
    want_mask("FXTRACT of 0: ZE", r.ax, 4, 5);
    fresh();
    r = at(CODE("fninit; fld1; fchs; fsqrt; fnstsw ax"), data);
    want_mask("SQRT of -1: IE", r.ax, 1, 1);
    fresh();
    r = at(CODE("fstp st(0); fnstsw ax"), data);
    want_mask("underflow: IE, SF, C1 = 0", r.ax, 0x41, 0x241);
    fresh();
    r = at(CODE(".rept 9; fld1; .endr; fnstsw ax"), data);
    want_mask("overflow: IE, SF, C1 = 1", r.ax, 0x241, 0x241);
    fresh();
    /* An unsupported operand (unnormal) is invalid. */
    data[0] = 0;
    data[1] = 0x40000000;
    data[2] = 0x4000;
    r = at(CODE("fld tbyte ptr [ebx]; fld1; faddp; fnstsw ax"), data);
    want_mask("unnormal: IE", r.ax, 1, 1);
    fresh();
    data[1] = 0x80000000;
    data[2] = 0; /* pseudo-denormal */
    r = at(CODE("fld tbyte ptr [ebx]; fld1; faddp; fnstsw ax"), data);
    want_mask("pseudo-denormal: DE", r.ax, 2, 3);
    fresh();
    /* C1: rounded up. 1/3 to nearest in 64 bits is rounded up. */
    data[0] = 3;
    r = at(CODE("fld1; fild dword ptr [ebx]; fdivp; fnstsw ax"), data);
    want_mask("PE and C1", r.ax, 0x220, 0x220);
    fresh();
    data[0] = 0x0C7F; /* towards 0 */
    data[1] = 3;
    r = at(CODE("fldcw [ebx]; fld1; fild dword ptr [ebx + 4]; fdivp\n"
                "fnstsw ax"), data);
    want_mask("PE without C1", r.ax, 0x020, 0x220);
    fresh();
    data[0] = 0x7FFFFFFF;
    data[1] = 0x7FFFFFFF;
    r = at(CODE("fild qword ptr [ebx]; fistp word ptr [ebx]; fnstsw ax"),
           data);
    want_mask("FIST too large: IE", r.ax, 1, 1);
    want("indefinite", data[0] & 0xFFFF, 0x8000);
    fresh();
}

static void mxcsr(void)
{
    struct regs r;
    uint32_t mask;
    fresh();
    r = at(CODE("fxsave [ebx]"), area);
    mask = whole(28) ? whole(28) : 0xFFBF;
    want_mask("MXCSR_MASK", mask, 0xFFBF, 0xFFFFFFBF & ~0x20000u);
    data[0] = 0x80000000 | 0x1F80;
    r = at(CODE("ldmxcsr [ebx]"), data);
    want_vector(&r, GP, 0);
    data[0] = 0x10000 | 0x1F80;
    r = at(CODE("ldmxcsr [ebx]"), data);
    want_vector(&r, GP, 0);
    memset(area, 0, 512);
    area[24] = 0x80;
    area[25] = 0x1F;
    area[27] = 0x80;
    r = at(CODE("fxrstor [ebx]"), area);
    want_vector(&r, GP, 0);
    r = at(CODE("fxsave [ebx + 8]"), area);
    want_vector(&r, GP, 0); /* not aligned to 16 */
    fresh();
}

static void sse_exceptions(void)
{
    struct regs r;
    fresh();
    data[0] = 0x1D80; /* ZM clear */
    r = at(CODE("ldmxcsr [ebx]; mov eax, 0x3F800000; movd xmm0, eax\n"
                "xorps xmm1, xmm1; divss xmm0, xmm1"), data);
    want_vector(&r, XM, NOERR);
    r = at(CODE("stmxcsr [ebx]; movd eax, xmm0"), data);
    want("destination unchanged", r.ax, 0x3F800000);
    want_mask("ZE", data[0], 4, 0x3F);
    fresh();
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSXMMEXCPT);
    data[0] = 0x1D80;
    r = at(CODE("ldmxcsr [ebx]; mov eax, 0x3F800000; movd xmm0, eax\n"
                "xorps xmm1, xmm1; divss xmm0, xmm1"), data);
    want_vector(&r, UD, NOERR);
    WRITE_CR(4, READ_CR(4) | CR4_OSXMMEXCPT);
    fresh();
    r = at(CODE("movaps xmm0, [ebx + 4]"), data);
    want_vector(&r, GP, 0);
    r = at(CODE("addps xmm0, [ebx + 4]"), data);
    want_vector(&r, GP, 0);
    r = at(CODE("movups xmm0, [ebx + 4]"), data);
    want_done(&r);
    r = at(CODE("movntps [ebx + 4], xmm0"), data);
    want_vector(&r, GP, 0);
    /* MASKMOVQ without a set bit stores nothing. */
    paging_on(PAGING_2);
    paging_set(1, 0, 0);
    fresh();
    r = user_regs(CODE("pxor mm1, mm1; maskmovq mm0, mm1; emms"));
    r.di = PAGE(1) - 4;
    run(&r);
    want("mask 0 over a page that is absent: done or #PF",
         r.vector == DONE || r.vector == PF, 1);
    paging_off();
}

static void sse_values(void)
{
    struct regs r;
    fresh();
    data[0] = 0x7FC00001; /* NaN */
    data[1] = 0x3F800000;
    data[2] = 0x80000000; /* -0 */
    data[3] = 0;
    r = at(CODE("movss xmm0, [ebx]; movss xmm1, [ebx + 4]; movaps xmm2, xmm0\n"
                "minss xmm0, xmm1; movd eax, xmm0\n"
                "movss xmm1, [ebx + 4]; minss xmm1, xmm2; movd ecx, xmm1\n"
                "movss xmm3, [ebx + 8]; movss xmm4, [ebx + 12]\n"
                "maxss xmm3, xmm4; movd edx, xmm3"), data);
    want("MIN(NaN, 1) is the second", r.ax, 0x3F800000);
    want("MIN(1, NaN) is the second", r.cx, 0x7FC00001);
    want("MAX(-0, +0) is the second", r.dx, 0);
    data[0] = 0x7F800001; /* SNaN */
    r = at(CODE("movss xmm0, [ebx]; addss xmm0, [ebx + 4]; movd eax, xmm0\n"
                "stmxcsr [ebx + 32]"), data);
    want("SNaN becomes quiet", r.ax, 0x7FC00001);
    want_mask("IE", data[8], 1, 1);
    fresh();
    data[0] = 0x4F000000; /* 2^31 */
    r = at(CODE("cvttss2si eax, [ebx]; mov ecx, 0x7F800000; movd xmm0, ecx\n"
                "cvtss2si ecx, xmm0"), data);
    want("CVT indefinite", r.ax, 0x80000000);
    want("CVT of infinity", r.cx, 0x80000000);
    fresh();
    data[0] = 0x9FC0; /* FTZ, DAZ */
    data[1] = 0x00000001;
    data[2] = 0x3F800000;
    r = at(CODE("ldmxcsr [ebx]; movss xmm0, [ebx + 4]; mulss xmm0, [ebx + 8]\n"
                "movd eax, xmm0; stmxcsr [ebx + 32]"), data);
    want("DAZ", r.ax, 0);
    want_mask("no DE", data[8], 0, 0x3F);
    data[1] = 0x00800000; /* least normal */
    data[2] = 0x3F000000;
    r = at(CODE("movss xmm0, [ebx + 4]; mulss xmm0, [ebx + 8]\n"
                "movd eax, xmm0; stmxcsr [ebx + 32]"), data);
    want("FTZ", r.ax, 0);
    want_mask("UE and PE", data[8], 0x30, 0x30);
    fresh();
}

/* ---- XSAVE, AVX */

static bool xsave_on(void)
{
    fresh();
    if (!HAS_XSAVE) {
        skip("no XSAVE");
        return false;
    }
    WRITE_CR(4, READ_CR(4) | CR4_OSXSAVE);
    return true;
}

static void set_xcr0(uint32_t value)
{
    __asm__ volatile(".byte 0x0F, 0x01, 0xD1" ::"a"(value), "d"(0), "c"(0));
}

static struct regs xsetbv(uint32_t value, bool user, uint32_t index)
{
    word code = CODE(".byte 0x0F, 0x01, 0xD1");
    struct regs r = user ? user_regs(code) : kernel_regs(code);
    r.ax = value;
    r.cx = index;
    r.dx = 0;
    run(&r);
    return r;
}

static void xcr0_rules(void)
{
    struct regs r;
    if (!HAS_XSAVE) {
        skip("no XSAVE");
        return;
    }
    r = xsetbv(1, false, 0);
    want_vector(&r, UD, NOERR); /* without OSXSAVE */
    want("CPUID.OSXSAVE", has(1, 'c', 27), 0);
    xsave_on();
    want("CPUID.OSXSAVE", has(1, 'c', 27), 1);
    r = xsetbv(2, false, 0);
    want_vector(&r, GP, 0); /* x87 must be there */
    r = xsetbv(5, false, 0);
    want_vector(&r, GP, 0); /* AVX without SSE */
    r = xsetbv(0x80000001, false, 0);
    want_vector(&r, GP, 0);
    r = xsetbv(1, false, 1);
    want_vector(&r, GP, 0); /* no such register */
    r = xsetbv(1, true, 0);
    want_vector(&r, GP, 0);
    r = xsetbv(3, false, 0);
    want_done(&r);
    r = USER("xor ecx, ecx; .byte 0x0F, 0x01, 0xD0"); /* xgetbv */
    want_done(&r);
    want("xcr0", r.ax, 3);
    set_xcr0(1);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSXSAVE);
}

static struct regs xsave_op(word code, uint32_t mask)
{
    struct regs r = user_regs(code);
    r.bx = (word)area;
    r.ax = mask;
    r.dx = 0;
    run(&r);
    return r;
}

static void xsave_image(void)
{
    struct regs r;
    if (!xsave_on())
        return;
    set_xcr0(3);
    /* XSTATE_BV: bits asked for that are not in their initial state. */
    memset(area, 0xFF, 576);
    memset(area + 512, 0, 64);
    area[512] = 4; /* bits not asked for are kept */
    __asm__ volatile("fninit; fld1");
    r = xsave_op(CODE("xsave [ebx]"), 1);
    want_done(&r);
    want_mask("XSTATE_BV", area[512], 5, 5);
    want("tag", area[4], 0x80);
    want("XMM is not written", area[160], 0xFF);
    memset(area, 0, 576);
    r = xsave_op(CODE("xrstor [ebx]; fnstsw ax"), 1);
    want_done(&r);
    r = at(CODE("fnstenv [ebx]"), area);
    want("bit clear: x87 is initialised", half(8), 0xFFFF);
    /* Header rules. */
    memset(area, 0, 576);
    area[512] = 4; /* not in XCR0 */
    r = xsave_op(CODE("xrstor [ebx]"), 7);
    want_vector(&r, GP, 0);
    memset(area, 0, 576);
    area[512 + 16] = 1;
    r = xsave_op(CODE("xrstor [ebx]"), 7);
    want_vector(&r, GP, 0);
    memset(area, 0, 576);
    area[512 + 8] = 1; /* XCOMP_BV without bit 63 */
    r = xsave_op(CODE("xrstor [ebx]"), 7);
    want_vector(&r, GP, 0);
    memset(area, 0, 576);
    r = at(CODE("xsave [ebx + 16]"), area);
    want_vector(&r, GP, 0); /* aligned to 64 */
    /* MXCSR of the image is checked when SSE or AVX is asked for. */
    memset(area, 0, 576);
    area[27] = 0x80;
    area[512] = 2;
    r = xsave_op(CODE("xrstor [ebx]"), 2);
    want_vector(&r, GP, 0);
    WRITE_CR(0, READ_CR(0) | CR0_TS);
    r = xsave_op(CODE("xsave [ebx]"), 3);
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_TS);
    want_vector(&r, NM, NOERR);
    set_xcr0(1);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSXSAVE);
    r = xsave_op(CODE("xsave [ebx]"), 3);
    want_vector(&r, UD, NOERR);
}

static void avx_enable(void)
{
    struct regs r;
    word code = CODE("vxorps xmm0, xmm0, xmm0");
    if (!xsave_on())
        return;
    if (!HAS_AVX) {
        skip("no AVX");
        return;
    }
    set_xcr0(3);
    r = at(code, data);
    want_vector(&r, UD, NOERR); /* XCR0.AVX */
    set_xcr0(7);
    r = at(code, data);
    want_done(&r);
    WRITE_CR(0, READ_CR(0) | CR0_TS);
    r = at(code, data);
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_TS);
    want_vector(&r, NM, NOERR);
    r = at(CODE(".byte 0x66, 0xC5, 0xF8, 0x57, 0xC0"), data);
    want_vector(&r, UD, NOERR); /* 66 before VEX */
    r = at(CODE(".byte 0xF0, 0xC5, 0xF8, 0x57, 0xC0"), data);
    want_vector(&r, UD, NOERR); /* LOCK */
    r = at(CODE("vmovaps ymm0, [ebx + 16]"), data);
    want_vector(&r, GP, 0);
    r = at(CODE("vaddps ymm0, ymm0, [ebx + 4]"), data);
    want_done(&r); /* VEX forms need no alignment */
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSXSAVE);
    r = at(code, data);
    want_vector(&r, UD, NOERR);
}

static void avx_upper(void)
{
    struct regs r;
    if (!xsave_on())
        return;
    if (!HAS_AVX) {
        skip("no AVX");
        return;
    }
    set_xcr0(7);
    memset(data, 0x11, sizeof data);
    memset(area, 0, 64);
    r = at(CODE("vmovups ymm1, [ebx]; movaps xmm1, xmm1; addps xmm1, xmm1\n"
                "vmovups [edi], ymm1"), data);
    r = user_regs(CODE("vmovups ymm1, [ebx]; xorps xmm1, xmm1\n"
                       "vmovups [edi], ymm1; vmovups ymm2, [ebx]\n"
                       "vxorps xmm2, xmm2, xmm2; vmovups [edi + 32], ymm2"));
    r.bx = (word)data;
    r.di = (word)area;
    run(&r);
    want_done(&r);
    want("SSE keeps the upper half", whole(16), 0x11111111);
    want("VEX.128 zeroes it", whole(48), 0);
    r = user_regs(CODE("vmovups ymm3, [ebx]; vzeroupper; vmovups [edi], ymm3\n"
                       "vmovups ymm3, [ebx]; vzeroall; vmovups [edi+32], ymm3"));
    r.bx = (word)data;
    r.di = (word)area;
    run(&r);
    want("VZEROUPPER, lower", whole(0), 0x11111111);
    want("VZEROUPPER, upper", whole(16), 0);
    want("VZEROALL", whole(32), 0);
    /* VMASKMOV does not touch what is masked. */
    paging_on(PAGING_2);
    paging_set(1, 1, 0);
    memset((void *)FRAME(0), 0x22, 0x1000);
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_TS);
    memset(data, 0, sizeof data);
    data[0] = data[1] = 0x80000000;
    r = user_regs(CODE("vmovups ymm1, [ebx]; vmaskmovps ymm2, ymm1, [edi]\n"
                       "vmovups [ebx + 32], ymm2"));
    r.bx = (word)data;
    r.di = PAGE(1) - 8;
    run(&r);
    want_done(&r);
    want("loaded", data[9], 0x22222222);
    want("masked", data[10], 0);
    paging_off();
    set_xcr0(1);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_OSXSAVE);
}

TESTS
    {"32.a", "3:2.5", "EM, TS, MP, OSFXSR: #NM or #UD for x87, FWAIT, MMX, SSE", not_available},
    {"32.b", "1:8.7", "unmasked x87 exceptions: #MF at the next waiting instruction", pending},
    {"32.c", "1:8.1.7", "tag words, MMX, EMMS", tag_words},
    {"32.d", "1:8.1.10", "FNSTENV, FNSAVE: FIP, FCS, FDP, 16-bit image", environment},
    {"31.a", "1:8.5", "C1, quotient bits, stack faults, unnormals, indefinite", x87_values},
    {"33.a", "1:10.2.3", "MXCSR's reserved bits, FXSAVE's alignment: #GP", mxcsr},
    {"33.b", "1:11.5", "#XM leaves the destination; OSXMMEXCPT; alignment", sse_exceptions},
    {"33.c", "1:11.5", "MIN, MAX, SNaN, conversions, DAZ, FTZ", sse_values},
    {"34.a", "1:13.3", "XCR0: rules, OSXSAVE, CPL", xcr0_rules},
    {"34.b", "1:13.7", "XSAVE, XRSTOR: XSTATE_BV, header, alignment, MXCSR", xsave_image},
    {"34.c", "1:14.3", "AVX: XCR0, TS, prefixes before VEX, alignment", avx_enable},
    {"34.d", "1:14.1", "upper halves: SSE, VEX.128, VZEROUPPER, VMASKMOV", avx_upper},
END_TESTS
