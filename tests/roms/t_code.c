/* t_code.c - code that changes: in its own block, through an alias, by
 * remapping, by changed rights, over two pages, by DMA-like string stores.
 * SDM volume 3, 11.6 (self-modifying code) and 4.10. 64-bit and 32-bit. */
/* clang-format off */
#include "rom.h"

#ifdef __x86_64__
#define MODE PAGING_4
#else
#define MODE PAGING_2
#endif
#define RWU (PTE_P | PTE_W | PTE_U)

static void begin(void)
{
    paging_on(MODE);
}

static void end(void)
{
#ifndef __x86_64__
    paging_off();
#endif
}

/* MOV EAX, value; INT 30h at a byte of a frame. */
static void put_code(unsigned frame, unsigned offset, uint32_t value)
{
    volatile uint8_t *p = (volatile uint8_t *)(word)(FRAME(frame) + offset);
    p[0] = 0xB8;
    for (unsigned n = 0; n < 4; n++)
        p[1 + n] = (uint8_t)(value >> 8 * n);
    p[5] = 0xCD;
    p[6] = 0x30;
}

static uint32_t call(word at, bool user)
{
    struct regs r = user ? user_regs(at) : kernel_regs(at);
    r.ax = 0xDEAD;
    run(&r);
    want_done(&r);
    return (uint32_t)r.ax;
}

static void same_block(void)
{
    struct regs r;
    /* The store changes the instruction right behind it. */
    r = USER("mov ecx, 3; mov byte ptr [.Lown1 + 1], 5; .Lown1: mov al, 1");
    want_done(&r);
    want("al", r.ax & 0xFF, 5);
    r = USER("mov edx, 0\n"
             "mov ecx, 10; 2: mov byte ptr [.Lown2 + 1], cl; jmp 1f; 1: .Lown2: mov al, 0\n"
             "movzx eax, al; add edx, eax; dec ecx; jnz 2b");
    want("10 + 9 + ... + 1", (uint32_t)r.dx, 55);
    /* REP STOSB over the code behind it: INC EAX five times becomes NOPs. */
    r = USER("mov edi, offset 1f; mov ecx, 5; mov al, 0x90; rep stosb\n"
             "xor eax, eax; jmp 1f\n"
             "1: .byte 0xF4, 0xF4, 0xF4, 0xF4, 0xF4");
    want_done(&r);
}

static void by_store(void)
{
    begin();
    for (uint32_t n = 0; n < 8; n++) {
        put_code(0, 0x10, n * 0x01010101);
        want("eax", call(PAGE(0) + 0x10, true), n * 0x01010101);
        want("ring 0", call(PAGE(0) + 0x10, false), n * 0x01010101);
    }
    end();
}

static void by_alias(void)
{
    begin();
    put_code(0, 0x20, 1);
    paging_set(1, 1, FRAME(0) | RWU);
    want("first", call(PAGE(0) + 0x20, true), 1);
    *(volatile uint8_t *)(PAGE(1) + 0x21) = 2;
    want("changed through an alias", call(PAGE(0) + 0x20, true), 2);
    want("run through the alias", call(PAGE(1) + 0x20, true), 2);
    *(volatile uint8_t *)(PAGE(0) + 0x21) = 3;
    want("and back", call(PAGE(1) + 0x20, true), 3);
    end();
}

static void by_remapping(void)
{
    begin();
    put_code(0, 0, 0xA0);
    put_code(1, 0, 0xA1);
    want("frame 0", call(PAGE(0), true), 0xA0);
    paging_set(1, 0, FRAME(1) | RWU);
    want("frame 1", call(PAGE(0), true), 0xA1);
    paging_set(1, 0, FRAME(0) | RWU);
    want("frame 0 again", call(PAGE(0), true), 0xA0);
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_W);
    {
        struct regs r = user_regs(PAGE(0));
        run(&r);
        want("rights taken away", r.vector, PF);
    }
    want("but not ring 0's", call(PAGE(0), false), 0xA0);
    paging_set(1, 0, FRAME(0) | PTE_P | PTE_U);
    want("read-only code runs", call(PAGE(0), true), 0xA0);
    end();
}

static void over_two_pages(void)
{
    struct regs r;
    begin();
    put_code(0, 0xFFD, 0x44332211); /* B8 11 22 | 33 44 CD 30 */
    {
        static const uint8_t rest[] = {0x33, 0x44, 0xCD, 0x30};
        memcpy((void *)(word)FRAME(1), rest, 4);
        static const uint8_t other[] = {0x55, 0x66, 0xCD, 0x30};
        memcpy((void *)(word)FRAME(2), other, 4);
    }
    want("both", call(PAGE(0) + 0xFFD, true), 0x44332211);
    paging_set(1, 1, FRAME(2) | RWU);
    want("second page remapped", call(PAGE(0) + 0xFFD, true), 0x66552211);
    *(volatile uint8_t *)(word)(FRAME(2) + 1) = 0x77;
    want("second page written", call(PAGE(0) + 0xFFD, true), 0x77552211);
    *(volatile uint8_t *)(word)(FRAME(0) + 0xFFE) = 0x99;
    want("first page written", call(PAGE(0) + 0xFFD, true), 0x77552299);
    paging_set(1, 1, 0);
    r = user_regs(PAGE(0) + 0xFFD);
    run(&r);
    want_vector(&r, PF, 4);
    want("cr2", r.cr2, PAGE(1));
    want("ip", r.ip, PAGE(0) + 0xFFD);
    paging_set(1, 1, FRAME(1) | RWU);
    want("present again", call(PAGE(0) + 0xFFD, true), 0x44332299);
    /* The page behind is not looked at when the instruction ends before. */
    put_code(0, 0xFF9, 0x1234);
    paging_set(1, 1, 0);
    want("up to the last byte", call(PAGE(0) + 0xFF9, true), 0x1234);
    end();
}

static void by_mode(void)
{
#ifndef __x86_64__
    struct regs r;
    /* The same bytes as 32-bit and as 16-bit code. */
    word code = CODE(".byte 0xB8, 0x11, 0x22, 0x33, 0x44");
    r = user_regs(code);
    run(&r);
    want("32-bit", r.ax, 0x44332211);
    code = CODE(".byte 0xB8, 0x11, 0x22, 0xCD, 0x30");
    r = user_regs(0);
    set_desc(SEL_FREE, code, 0xFFFF, A_CODE | A_DPL3);
    r.cs = SEL_FREE | 3;
    r.ax = 0x77770000;
    run(&r);
    want_done(&r);
    want("16-bit", r.ax, 0x77772211);
    set_desc(SEL_FREE, code, 0xFFFF, A_CODE | A_DPL3 | A_D);
    r = user_regs(0);
    r.cs = SEL_FREE | 3;
    run(&r);
    want("32-bit", r.ax, 0x30CD2211);
#else
    struct regs r;
    word code = CODE(".byte 0x48, 0xFF, 0xC1"); /* dec eax; inc ecx */
    r = user_regs(code);
    r.ax = r.cx = 1;
    run(&r);
    want("64-bit", r.cx, 2);
    want("64-bit", r.ax, 1);
    r = user_regs(code);
    r.cs = UCS32;
    r.ax = r.cx = 1;
    run(&r);
    want("32-bit", (uint32_t)r.cx, 2);
    want("32-bit", (uint32_t)r.ax, 0);
#endif
}

static void data_beside_code(void)
{
    struct regs r;
    begin();
    /* Stores beside code, many times: it stays what it is. */
    put_code(0, 0x100, 0x5EED);
    for (unsigned n = 0; n < 200; n++) {
        *(volatile uint32_t *)(PAGE(0) + 0x110) = n;
        *(volatile uint8_t *)(PAGE(0) + 0xFF) = (uint8_t)n;
        if (call(PAGE(0) + 0x100, true) != 0x5EED)
            want("changed by a neighbour", n, 0);
    }
    /* A read-modify-write that does not change anything. */
    r = user_regs(CODE(
#ifdef __x86_64__
        "lock or dword ptr [rbx], 0"
#else
        "lock or dword ptr [ebx], 0"
#endif
        ));
    r.bx = PAGE(0) + 0x100;
    run(&r);
    want("after LOCK OR 0", call(PAGE(0) + 0x100, true), 0x5EED);
    end();
}

/* Code that unmaps the page it runs in. */
static void own_page(void)
{
#ifndef __x86_64__
    struct regs r;
    static const uint8_t code[] = {
        0xC7, 0x03, 0, 0, 0, 0, /* mov dword ptr [ebx], 0 */
        0x0F, 0x01, 0x39,       /* invlpg [ecx] */
        0x40, 0xCD, 0x30};
    begin();
    memcpy((void *)FRAME(0), code, sizeof code);
    r = kernel_regs(PAGE(0));
    r.bx = paging_table(1) + (PAGE(0) >> 12 & 1023) * 4;
    r.cx = PAGE(0);
    run(&r);
    want_vector(&r, PF, 0);
    want("cr2", r.cr2, PAGE(0) + 9);
    want("eip", r.ip, PAGE(0) + 9);
    end();
#else
    not_here("32-bit only");
#endif
}

TESTS
    {"35.a", "3:11.6", "a store into the next instructions, loops, REP STOS", same_block},
    {"35.b", "3:11.6", "code written again and again, both rings", by_store},
    {"35.c", "3:11.6", "code written through another linear address", by_alias},
    {"35.d", "3:4.10", "code page remapped, rights changed", by_remapping},
    {"35.e", "3:4.10", "instruction over two pages of which one changes or goes", over_two_pages},
    {"35.f", "3:3.4.5", "the same bytes in another mode", by_mode},
    {"35.g", "3:11.6", "stores beside code", data_beside_code},
    {"35.h", "3:4.10", "code that unmaps its own page", own_page},
END_TESTS
