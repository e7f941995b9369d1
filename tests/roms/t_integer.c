/* t_integer.c - integer instructions where emulators err: shifts by 0 and
 * beyond, REP and address sizes, LOCK, divisions, decimal adjusts, aliases,
 * prefixes. 32-bit code; the same for 64 bits is in t_long.c. SDM volume 2. */
/* clang-format off */
#include "rom.h"

static uint32_t data[64] __attribute__((aligned(64)));

static struct regs with(word code, word ax, word cx, word flags)
{
    struct regs r = user_regs(code);
    r.ax = ax;
    r.cx = cx;
    r.dx = 0x55AA1234;
    r.bx = (word)data;
    r.flags = flags | 2;
    run(&r);
    return r;
}

static void count_zero(void)
{
    word code[] = {
        CODE("shl eax, cl"), CODE("shr eax, cl"), CODE("sar eax, cl"),
        CODE("rol eax, cl"), CODE("ror eax, cl"), CODE("rcl eax, cl"),
        CODE("rcr eax, cl"), CODE("shld eax, edx, cl"),
        CODE("shrd eax, edx, cl"), CODE("shl ax, cl"), CODE("rol al, cl")};
    for (unsigned n = 0; n < sizeof code / sizeof *code; n++)
        for (word count = 0; count <= 0x60; count += 0x20) {
            struct regs r = with(code[n], 0x80000001, count, F_ARITH);
            want_mask("flags set", r.flags, F_ARITH, F_ARITH);
            want("eax", r.ax, 0x80000001);
            r = with(code[n], 0x80000001, count, 0);
            want_mask("flags clear", r.flags, 0, F_ARITH);
        }
}

static void rotate_mod(void)
{
    struct regs r;
    r = with(CODE("rcl al, cl"), 0x81, 9, F_ARITH); /* 9 mod 9 = 0 */
    want("rcl al, 9", r.ax, 0x81);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("rcl ax, cl"), 0x8001, 17, 0);
    want("rcl ax, 17", r.ax, 0x8001);
    want_mask("CF", r.flags, 0, F_CF);
    r = with(CODE("rcr al, cl"), 0x81, 10, 0);
    want("rcr al, 10", r.ax, 0x40);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("rol al, cl"), 0x81, 8, 0); /* no rotation, but CF */
    want("rol al, 8", r.ax, 0x81);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("ror ax, cl"), 0x8001, 16, 0);
    want("ror ax, 16", r.ax, 0x8001);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("shl al, cl"), 0x81, 9, 0);
    want("shl al, 9", r.ax, 0);
    r = with(CODE("sar al, cl"), 0x81, 31, 0);
    want("sar al, 31", r.ax, 0xFF);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("shld eax, edx, cl"), 0x12345678, 8, 0);
    want("shld", r.ax, 0x34567855);
    r = with(CODE("rol eax, 1"), 0x80000000, 0, 0);
    want_mask("CF, OF of ROL by 1", r.flags, F_CF | F_OF, F_CF | F_OF);
    r = with(CODE("rol al, cl"), 0x80, 1, F_ZF | F_SF | F_PF | F_AF);
    want_mask("rotates leave the others", r.flags, F_ZF | F_SF | F_PF | F_AF,
              F_ZF | F_SF | F_PF | F_AF);
}

static void rep_sizes(void)
{
    struct regs r = user_regs(CODE(".byte 0x67; rep lodsb"));
    r.cx = 0x12340002;
    r.si = 0xABCDFFFF;
    set_desc(SEL_FREE, LOW, 0xFFFFF, A_DATA | A_DPL3 | A_D | A_G);
    r.ds = SEL_FREE | 3;
    run(&r);
    want_done(&r);
    want("ecx: CX counts", r.cx, 0x12340000);
    want("esi: SI wraps", r.si, 0xABCD0001);
    r = with(CODE(".byte 0x67; rep stosb"), 0, 0xFFFF0000, 0);
    want("CX = 0: nothing", r.cx, 0xFFFF0000);
    r = user_regs(CODE("repne scasb"));
    r.cx = 0;
    r.flags |= F_ARITH;
    r.di = (word)data;
    run(&r);
    want_mask("ECX = 0 leaves flags", r.flags, F_ARITH, F_ARITH);
    memset(data, 0x11, 8);
    r = user_regs(CODE("repe cmpsb"));
    r.si = (word)data;
    r.di = (word)data + 4;
    r.cx = 4;
    run(&r);
    want("ecx", r.cx, 0);
    want_mask("ZF", r.flags, F_ZF, F_ZF);
    *((volatile uint8_t *)data + 6) = 0x12;
    r = user_regs(CODE("repe cmpsb"));
    r.si = (word)data;
    r.di = (word)data + 4;
    r.cx = 4;
    run(&r);
    want("ecx", r.cx, 1);
    want("esi", r.si, (word)data + 3);
    /* LOOP with a 16-bit count. */
    r = user_regs(CODE("1: inc eax; .byte 0x67, 0xE2; .byte 1b - . - 1"));
    r.cx = 0xFFFF0002;
    run(&r);
    want("loops", r.ax, 2);
    want("ecx", r.cx, 0xFFFF0000);
    r = user_regs(CODE(".byte 0x67, 0xE3, 1; inc eax")); /* JCXZ */
    r.cx = 0x10000;
    run(&r);
    want("JCXZ", r.ax, 0);
    /* Overlapping moves go byte by byte. */
    ((volatile uint8_t *)data)[0] = 0x77;
    r = user_regs(CODE("rep movsb"));
    r.si = (word)data;
    r.di = (word)data + 1;
    r.cx = 7;
    run(&r);
    want("overlap fills", data[1], 0x77777777);
    /* Segment overrides hold for the source only. */
    r = user_regs(CODE(".byte 0x64; movsb"));
    r.fs = SEL_FREE | 3;
    *(volatile uint8_t *)(LOW + 5) = 0x42;
    r.si = 5;
    r.di = (word)data;
    run(&r);
    want("FS: MOVSB", *(volatile uint8_t *)data, 0x42);
}

static void lock_forms(void)
{
    struct regs r;
    word bad[] = {
        CODE(".byte 0xF0; mov [ebx], eax"), CODE(".byte 0xF0; nop"),
        CODE(".byte 0xF0, 0x01, 0xC0"),       /* add eax, eax */
        CODE(".byte 0xF0, 0x39, 0x03"),       /* cmp [ebx], eax */
        CODE(".byte 0xF0, 0x03, 0x03"),       /* add eax, [ebx] */
        CODE(".byte 0xF0, 0x0F, 0xA3, 0x03"), /* bt [ebx], eax */
        CODE(".byte 0xF0, 0xD1, 0x23"),       /* shl [ebx], 1 */
        CODE(".byte 0xF0, 0xF7, 0x23"),       /* mul [ebx] */
        CODE(".byte 0xF0, 0x85, 0x03"),       /* test [ebx], eax */
        CODE(".byte 0xF0, 0xA4"),             /* movsb */
        CODE(".byte 0xF0, 0x50"),             /* push eax */
        CODE(".byte 0xF0, 0x0F, 0xB1, 0xC1")  /* cmpxchg ecx, eax */};
    word good[] = {
        CODE("lock add [ebx], eax"), CODE("lock not dword ptr [ebx]"),
        CODE("lock neg byte ptr [ebx]"), CODE("lock inc word ptr [ebx]"),
        CODE("lock bts [ebx], ecx"), CODE("lock btr dword ptr [ebx], 1"),
        CODE("lock xadd [ebx], eax"), CODE("lock xchg [ebx], eax"),
        CODE("lock cmpxchg [ebx], ecx"), CODE("lock cmpxchg8b [ebx]"),
        CODE("lock adc byte ptr [ebx], 1"), CODE("lock dec dword ptr [ebx]")};
    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++) {
        r = with(bad[n], 0, 0, 0);
        want("vector of a form without LOCK", r.vector, UD);
    }
    for (unsigned n = 0; n < sizeof good / sizeof *good; n++) {
        r = with(good[n], 0, 0, 0);
        want("vector of a form with LOCK", r.vector, DONE);
    }
}

static void compare_exchange(void)
{
    struct regs r;
    data[0] = 5;
    data[1] = 6;
    r = with(CODE("cmpxchg8b [ebx]"), 1, 9, F_CF | F_SF);
    want("eax", r.ax, 5);
    want("edx", r.dx, 6);
    want_mask("ZF, others kept", r.flags, F_CF | F_SF, F_ZF | F_CF | F_SF);
    r = user_regs(CODE("cmpxchg8b [edi]"));
    r.di = (word)data;
    r.ax = 5;
    r.dx = 6;
    r.bx = 7;
    r.cx = 8;
    run(&r);
    want("low", data[0], 7);
    want("high", data[1], 8);
    want_mask("ZF", r.flags, F_ZF, F_ZF);
    r = with(CODE("cmpxchg al, cl"), 0x1234, 0x99, 0);
    want("equal to itself", r.ax, 0x1299);
    r = with(CODE(".byte 0x0F, 0xC7, 0xC8"), 0, 0, 0); /* of a register */
    want_vector(&r, UD, NOERR);
}

static void bit_offsets(void)
{
    struct regs r;
    memset(data, 0, sizeof data);
    data[4] = 1;
    r = with(CODE("bt [ebx], ecx"), 0, 128, 0);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = user_regs(CODE("bts [ebx], ecx"));
    r.bx = (word)&data[8];
    r.cx = (word)-1l;
    run(&r);
    want("bit -1", data[7], 0x80000000);
    r = with(CODE("bts [ebx], cx"), 0, 0x8FFFF & 17, 0);
    want("bit 17 of a word", data[0], 1u << 17);
    data[0] = 0;
    r = with(CODE("bts dword ptr [ebx], 33"), 0, 0, 0);
    want("immediate offsets are taken modulo", data[0], 2);
    want("and do not reach further", data[1], 0);
    r = with(CODE("btc eax, ecx"), 0, 35, 0);
    want("registers modulo", r.ax, 8);
}

static void divide(void)
{
    struct regs r;
    r = with(CODE("div ecx"), 5, 0, F_ARITH);
    want_vector(&r, DE, NOERR);
    want("eax", r.ax, 5);
    want("edx", r.dx, 0x55AA1234);
    r = with(CODE("div ecx"), 5, 1, 0); /* quotient over 32 bits */
    want_vector(&r, DE, NOERR);
    r = with(CODE("cdq; idiv ecx"), 0x80000000, (word)-1l, 0);
    want_vector(&r, DE, NOERR);
    want("eax", r.ax, 0x80000000);
    r = with(CODE("idiv cl"), 0xFF80, 1, 0); /* -128 / 1 fits */
    want_done(&r);
    want("ax", r.ax, 0x0080);
    r = with(CODE("idiv cl"), 0x0080, 1, 0); /* 128 does not */
    want_vector(&r, DE, NOERR);
    r = with(CODE("cwd; idiv cx"), 0xFFF9, 2, 0);
    want("quotient truncates", r.ax, 0xFFFD);
    want_mask("remainder has the dividend's sign", r.dx, 0xFFFF, 0xFFFF);
    r = with(CODE(".byte 0xD4, 0x00"), 0x1234, 0, 0); /* aam 0 */
    want_vector(&r, DE, NOERR);
    want("ax", r.ax, 0x1234);
    r = with(CODE("imul eax, ecx"), 0x10000, 0x10000, 0);
    want_mask("CF and OF of IMUL", r.flags, F_CF | F_OF, F_CF | F_OF);
    r = with(CODE("imul cl"), 0xFF, 0x7F, 0); /* -1 * 127 */
    want("ax", r.ax & 0xFFFF, 0xFF81);
    want_mask("fits in AL", r.flags, 0, F_CF | F_OF);
}

static void decimal(void)
{
    struct regs r;
    r = with(CODE("daa"), 0x9A, 0, 0);
    want("daa", r.ax, 0);
    want_mask("flags", r.flags, F_CF | F_AF | F_ZF | F_PF,
              F_CF | F_AF | F_ZF | F_PF | F_SF);
    r = with(CODE("daa"), 0x79, 0, F_AF);
    want("daa with AF", r.ax, 0x7F);
    r = with(CODE("das"), 0x05, 0, F_AF);
    want("das", r.ax, 0xFF);
    want_mask("CF", r.flags, F_CF, F_CF);
    r = with(CODE("aaa"), 0x00FF, 0, 0);
    want("aaa", r.ax, 0x0205);
    r = with(CODE("aas"), 0x0100, 0, F_AF);
    want("aas", r.ax, 0xFF0A & 0xFFFF);
    r = with(CODE("aad"), 0x0203, 0, 0);
    want("aad", r.ax, 23);
    r = with(CODE(".byte 0xD5, 0x10"), 0x0203, 0, 0);
    want("aad 16", r.ax, 0x23);
    r = with(CODE("aam"), 0x00FF, 0, 0);
    want("aam", r.ax, 0x1905);
    r = with(CODE(".byte 0xD6"), 0x00, 0, F_CF); /* SALC */
    want("salc", r.ax, 0xFF);
}

static void aliases(void)
{
    struct regs r;
    r = with(CODE(".byte 0x82, 0xC0, 5"), 1, 0, 0);
    want("82 /0", r.ax, 6);
    r = with(CODE(".byte 0xF6, 0xC8, 1"), 1, 0, F_ZF);
    want_done(&r);
    want_mask("F6 /1 is TEST", r.flags, 0, F_ZF);
    r = with(CODE(".byte 0xF7, 0xC8; .long 2"), 1, 0, 0);
    want_mask("F7 /1 is TEST", r.flags, F_ZF, F_ZF);
    r = with(CODE(".byte 0xC0, 0xF0, 1"), 0x41, 0, 0);
    want("C0 /6 is SHL", r.ax, 0x82);
    r = with(CODE(".byte 0xD0, 0xF0"), 0x41, 0, 0);
    want("D0 /6 is SHL", r.ax, 0x82);
    r = with(CODE(".byte 0xD3, 0xF0"), 1, 4, 0);
    want("D3 /6 is SHL", r.ax, 16);
    r = with(CODE(".byte 0x0F, 0x1F, 0xC0; .byte 0x0F, 0x19, 0xC0\n"
                  ".byte 0x0F, 0x1C, 0x00; .byte 0x0F, 0x1D, 0xC0"), 0, 0, 0);
    want_done(&r);
    r = with(CODE("mov eax, ebx; .byte 0x0F, 0x18, 0x20"), 0, 0, 0);
    want_done(&r); /* reserved hint */
    r = with(CODE(".byte 0xC6, 0xC0, 7"), 0, 0, 0);
    want("C6 /0", r.ax, 7);
    r = with(CODE(".byte 0xC6, 0xC8, 7"), 0, 0, 0);
    want_vector(&r, UD, NOERR); /* C6 /1 */
    r = with(CODE(".byte 0x8F, 0xC8"), 0, 0, 0);
    want_vector(&r, UD, NOERR); /* 8F /1: XOP's place */
    r = with(CODE(".byte 0xF3, 0x90"), 0, 0, 0);
    want_done(&r); /* PAUSE */
}

static void extensions(void)
{
    struct regs r;
    r = with(CODE("bsf eax, ecx"), 0x1234, 0, 0);
    want_mask("BSF of 0: ZF", r.flags, F_ZF, F_ZF);
    if (has(7, 'b', 3)) {
        r = with(CODE("tzcnt eax, ecx"), 0x1234, 0, 0);
        want("TZCNT of 0", r.ax, 32);
        want_mask("CF", r.flags, F_CF, F_CF | F_ZF);
        r = with(CODE("tzcnt ax, cx"), 0x1234, 0, 0);
        want("TZCNT of 0, 16 bits", r.ax, 16);
    }
    if (has(0x80000001, 'c', 5)) {
        r = with(CODE("lzcnt eax, ecx"), 0, 1, 0);
        want("LZCNT of 1", r.ax, 31);
    }
    if (has(1, 'c', 23)) {
        r = with(CODE("popcnt eax, ecx"), 0, 0, F_ARITH);
        want_mask("POPCNT of 0", r.flags, F_ZF, F_ARITH);
    }
    if (has(1, 'c', 22)) {
        data[0] = 0x11223344;
        r = with(CODE("movbe eax, [ebx]"), 0, 0, 0);
        want("MOVBE", r.ax, 0x44332211);
    }
    r = with(CODE("xadd eax, eax"), 3, 0, 0);
    want("XADD of one register", r.ax, 6);
    r = with(CODE("bswap eax"), 0x11223344, 0, 0);
    want("BSWAP", r.ax, 0x44332211);
}


static void branch_16(void)
{
    struct regs r;
    /* 66 on a near branch cuts EIP; here the target is below 64 KB. */
    *(volatile uint16_t *)LOW = 0x30CD;
    set_desc(SEL_FREE, LOW - 0x100, 0xFFFF, A_CODE | A_DPL3 | A_D);
    *(volatile uint32_t *)(LOW + 0x10) = 0xFFEEEB66; /* 66 EB EE: to 101h */
    r = user_regs(0x110);
    r.cs = SEL_FREE | 3;
    *(volatile uint16_t *)(LOW + 1) = 0x30CD;
    run(&r);
    want_done(&r);
    want("eip", r.ip, 0x103);
    r = with(CODE(".byte 0x3E, 0x26, 0x2E, 0x66, 0xB8, 1, 0"), ~0ul, 0, 0);
    want("any order", r.ax, 0xFFFF0001);
    r = with(CODE(".byte 0x66, 0x66, 0x40"), 0xFFFF, 0, 0);
    want("66 twice counts once", r.ax, 0);
    data[0] = 0x1234;
    set_desc(SEL_FREE, (word)data, 0xFFFF, A_DATA | A_DPL3 | A_D);
    r = user_regs(CODE(".byte 0x64, 0x67, 0xA1, 0, 0"));
    r.fs = SEL_FREE | 3;
    run(&r);
    want("67 A1: offset of 16 bits", r.ax, 0x1234);
    r = user_regs(CODE(".byte 0x26, 0x64, 0xA1, 0, 0, 0, 0"));
    r.fs = SEL_FREE | 3;
    run(&r);
    want("the last of two overrides", r.ax, 0x1234);
}

static void bound_and_xlat(void)
{
    struct regs r;
    data[0] = 3;
    data[1] = 5;
    r = with(CODE("bound eax, [ebx]"), 5, 0, 0);
    want_done(&r);
    r = with(CODE("bound eax, [ebx]"), 6, 0, 0);
    want_vector(&r, BR, NOERR);
    want("eip: a fault", code_at(r.ip), 0x62);
    r = with(CODE("bound eax, [ebx]"), (word)-1l, 0, 0);
    want_vector(&r, BR, NOERR);
    memset(data, 0, 64);
    ((volatile uint8_t *)data)[0xF0 & 63] = 9;
    r = with(CODE("xlatb"), 0xABCD0030, 0, 0);
    want("xlat", r.ax, 0xABCD0009);
    r = with(CODE("pushad; popad"), 7, 8, 0);
    want("popad", r.ax, 7);
    r = with(CODE("mov ah, 0xFF; sahf; lahf"), 0, 0, 0);
    want("SAHF and LAHF", r.ax, 0xD700);
    r = with(CODE("mov edi, esp; push eax; pop [esp - 4]"), 5, 0, 0);
    want_done(&r);
    r = with(CODE("stc; inc eax; setc cl; dec eax; setc ch"), 0, 0, 0);
    want("INC and DEC keep CF", r.cx, 0x101);
    r = with(CODE("neg eax"), 0, 0, F_CF);
    want_mask("NEG of 0", r.flags, F_ZF, F_ZF | F_CF);
}

TESTS
    {"25.a", "2:SAL", "shifts and rotates by 0, 32, 64: no flags, no change", count_zero},
    {"25.b", "2:RCL", "RCL, RCR modulo 9 and 17; counts over the width", rotate_mod},
    {"27.b", "2:REP", "REP, LOOP, JCXZ with 16-bit addresses; flags; overlap", rep_sizes},
    {"28.a", "2:LOCK", "LOCK on read-modify-write of memory only", lock_forms},
    {"28.b", "2:CMPXCHG8B", "CMPXCHG8B: both results, flags", compare_exchange},
    {"28.c", "2:BT", "BT with offsets beyond the operand, negative ones", bit_offsets},
    {"29.a", "2:DIV", "DIV, IDIV, AAM: #DE leaves registers; IMUL's flags", divide},
    {"29.b", "2:DAA", "DAA, DAS, AAA, AAS, AAD, AAM, SALC", decimal},
    {"29.c", "3:23.15", "aliases of opcodes, hints, forms that are #UD", aliases},
    {"29.d", "2:BSF", "BSF, TZCNT, LZCNT, POPCNT, MOVBE, XADD", extensions},
    {"29.e", "2:BOUND", "BOUND, XLAT, SAHF, INC and DEC, NEG", bound_and_xlat},
    {"30.b", "2:2.1.1", "66 on branches, prefix order, 67 on offsets, two overrides", branch_16},
END_TESTS
