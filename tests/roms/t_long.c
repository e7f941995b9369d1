/* t_long.c - what is particular to long mode: canonical addresses, null SS,
 * 64-bit gates, compatibility mode, SYSCALL, control registers, operand
 * sizes of 64-bit code. SDM volume 1, chapter 3; volume 3, chapters 2 to 6. */
/* clang-format off */
#include "rom.h"

enum { A = SEL_FREE, B = SEL_FREE + 0x10 };
#define BAD 0x8000000000000000ul /* not canonical, with 57 bits neither */
static uint64_t data[64] __attribute__((aligned(64)));

static struct regs bx(word code, word value)
{
    struct regs r = user_regs(code);
    r.bx = value;
    r.bp = value;
    run(&r);
    return r;
}

static void not_canonical(void)
{
    struct regs r;
    word cr2;
    __asm__ volatile("mov %0, %%cr2" ::"r"(0x1234ul));
    r = bx(CODE("mov rax, [rbx]"), BAD);
    want_vector(&r, GP, 0);
    want("cr2", r.cr2, 0x1234);
    r = bx(CODE("mov [rbx], al"), BAD);
    want_vector(&r, GP, 0);
    r = bx(CODE("mov rax, [rbp]"), BAD);
    want_vector(&r, SS, 0);
    r = bx(CODE("mov rax, ds:[rbp]"), BAD); /* DS is ignored: SS */
    want_vector(&r, SS, 0);
    r = bx(CODE("mov rax, fs:[rbp]"), BAD);
    want_vector(&r, GP, 0);
    r = bx(CODE("mov rsp, rbx; push rax"), BAD);
    want_vector(&r, SS, 0);
    want("rsp", r.sp, BAD);
    r = bx(CODE("mov rsp, rbx; pop rax"), BAD);
    want_vector(&r, SS, 0);
    r = bx(CODE("mov rsp, rbx; ret"), BAD);
    want_vector(&r, SS, 0);
    r = bx(CODE("mov rsp, rbx; call .+5"), BAD);
    want_vector(&r, SS, 0);
    r = bx(CODE("jmp rbx"), BAD);
    want_vector(&r, GP, 0);
    want("the branch faults", code_at(r.ip), 0xFF);
    r = bx(CODE("push rbx; ret"), BAD);
    want_vector(&r, GP, 0);
    want("rsp: RET is not done", r.sp, STACK_TOP - 256 - 8);
    r = bx(CODE("call rbx"), BAD);
    want_vector(&r, GP, 0);
    want("rsp", r.sp, STACK_TOP - 256);
    r = bx(CODE("mov rsi, rbx; lodsb"), BAD);
    want_vector(&r, GP, 0);
    /* The last canonical byte and its neighbour. */
    r = bx(CODE("mov ax, [rbx]"), 0x00007FFFFFFFFFFFul);
    if (!(READ_CR(4) & CR4_LA57))
        want_vector(&r, GP, 0);
    (void)cr2;
}

static void canonical_bases(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = {0xFFF, BAD};
    struct regs r;
    word code[] = {CODE("lgdt [rbx]"), CODE("lidt [rbx]")};
    static const uint32_t msr[] = {MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS,
                                   MSR_LSTAR, 0x175, 0x176};
    for (unsigned n = 0; n < 2; n++) {
        r = kernel_regs(code[n]);
        r.bx = (word)&table;
        run(&r);
        want_vector(&r, GP, 0);
    }
    for (unsigned n = 0; n < sizeof msr / sizeof *msr; n++) {
        r = kernel_regs(CODE("wrmsr"));
        r.cx = msr[n];
        r.dx = BAD >> 32;
        run(&r);
        want_vector(&r, GP, 0);
    }
    set_desc(A, 0, 0xFFF, A_LDT);
    gdt[A / 8 + 1] = 0x80000000;
    r = kernel_regs(CODE("lldt cx"));
    r.cx = A;
    run(&r);
    want_vector(&r, GP, A);
    set_desc(A, 0, 0x67, A_TSS32);
    gdt[A / 8 + 1] = 0x80000000;
    r = kernel_regs(CODE("ltr cx"));
    r.cx = A;
    run(&r);
    want_vector(&r, GP, A);
}

static struct regs load_sreg(word code, unsigned sel, bool user)
{
    struct regs r = user ? user_regs(code) : kernel_regs(code);
    r.cx = sel;
    run(&r);
    return r;
}

static void null_ss(void)
{
    struct regs r = load_sreg(CODE("mov ss, ecx"), 0, false);
    want_done(&r);
    want("ss", r.ss, 0);
    r = load_sreg(CODE("mov ss, ecx"), 3, false);
    want_vector(&r, GP, 0);
    r = load_sreg(CODE("mov ss, ecx"), 3, true);
    want_vector(&r, GP, 0);
    r = load_sreg(CODE("mov ss, ecx"), 0, true);
    want_vector(&r, GP, 0);
    /* From ring 3 the handler has a null SS with its CPL as RPL. */
    r = KERNEL("xor eax, eax; mov ss, eax; push 5; pop rdx");
    want_done(&r);
    want("pop", r.dx, 5);
}

static void data_segments(void)
{
    struct regs r;
    set_desc(A, 0x1000, 0x10, A_DATA | A_DPL3);
    r = load_sreg(CODE("mov ds, ecx; mov es, ecx; mov rax, [rbx]"), A | 3,
                  true);
    r = user_regs(CODE("mov ds, ecx; mov rax, [rbx]; mov rdx, es:[rbx]"));
    r.cx = A | 3;
    r.bx = (word)data;
    data[0] = 0x1122334455667788;
    run(&r);
    want_done(&r);
    want("base and limit of DS are ignored", r.ax, data[0]);
    r = user_regs(CODE("mov fs, ecx; mov eax, fs:[rbx]"));
    r.cx = A | 3;
    r.bx = (word)data - 0x1000;
    run(&r);
    want_done(&r);
    want("base of FS is not", (uint32_t)r.ax, (uint32_t)data[0]);
    r = user_regs(CODE("xor ecx, ecx; mov ds, ecx; mov rax, [rbx]"));
    r.bx = (word)data;
    run(&r);
    want_done(&r);
    r = load_sreg(CODE("mov ds, ecx"), KDS, true);
    want_vector(&r, GP, KDS);
    r = load_sreg(CODE("mov es, ecx"), TSS, false);
    want_vector(&r, GP, TSS);
}

static void invalid_64(void)
{
    static const uint8_t bytes[] = {0x06, 0x07, 0x0E, 0x16, 0x17, 0x1E,
                                    0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x60,
                                    0x61, 0x82, 0x9A, 0xCE, 0xD4, 0xD5,
                                    0xD6, 0xEA};
    for (unsigned n = 0; n < sizeof bytes; n++) {
        volatile uint8_t *code = (volatile uint8_t *)(word)ARENA;
        struct regs r = user_regs(ARENA);
        code[0] = bytes[n];
        code[1] = 0xC0;
        for (unsigned i = 2; i < 16; i += 2) {
            code[i] = 0xCD;
            code[i + 1] = 0x30;
        }
        run(&r);
        if (r.vector != UD)
            want("opcode whose vector is not 6", bytes[n], 0);
    }
}

static void control(void)
{
    struct regs r;
    r = KERNEL("mov rax, cr4; btr rax, 5; mov cr4, rax");
    want_vector(&r, GP, 0); /* PAE in long mode */
    r = KERNEL("mov ecx, 0xC0000080; rdmsr; btr eax, 8; wrmsr");
    want_vector(&r, GP, 0); /* LME with paging */
    r = KERNEL("mov ecx, 0xC0000080; rdmsr; btr eax, 10; wrmsr; rdmsr");
    want("LMA cannot be written", r.vector == GP || (r.ax & 0x400), 1);
    r = KERNEL("mov rax, cr0; bts rax, 32; mov cr0, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov rax, cr4; bts rax, 32; mov cr4, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov rax, cr3; bts rax, 62; mov cr3, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov rax, cr3; bts rax, 51; mov cr3, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov eax, 16; mov cr8, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov eax, 9; mov cr8, rax; mov rdx, cr8; xor eax, eax\n"
               "mov cr8, rax");
    want("cr8", r.dx, 9);
    r = KERNEL("mov rax, 1; shl rax, 32; mov dr7, rax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov rax, 1; shl rax, 32; mov dr6, rax");
    want_vector(&r, GP, 0);
    r = USER("mov rax, cr8");
    want_vector(&r, GP, 0);
    r = KERNEL("mov rax, cr0; btr rax, 31; lea rdx, [rip]; mov cr0, rax");
    want_vector(&r, GP, 0); /* PG=0 from 64-bit code */
}

static void gates_64(void)
{
    extern uint8_t stubs[], exception_stack_top[];
    const uint64_t *f = (const uint64_t *)exception_stack_top;
    struct regs r;
    /* Without IST the frame is on the old stack, aligned to 16. */
    idt[2 * DONE] = make_gate(KCS, (uint32_t)(word)stubs + 16 * DONE,
                              A_INT32 | A_DPL3, 0);
    r = kernel_regs(CODE("nop"));
    r.sp = STACK_TOP - 0x203;
    run(&r);
    want_done(&r);
    want("pushed rsp", *(volatile uint64_t *)(STACK_TOP - 0x210 - 16),
         STACK_TOP - 0x203);
    want("pushed ss", *(volatile uint64_t *)(STACK_TOP - 0x210 - 8), KDS);
    r = USER("nop");
    want_done(&r);
    want("pushed ss in ring 3's frame, RSP0",
         *(volatile uint64_t *)(STACK_TOP - 8), UDS);
    default_gate(DONE);
    r = user_regs(CODE("nop"));
    r.sp = 0x1235;
    run(&r);
    want("rsp", r.sp, 0x1235);
    want("ist: ss", f[-1], UDS);
    idt[2 * 0x32] = make_gate(KCS32, 0, A_INT32 | A_DPL3, 1);
    r = USER("int 0x32"); /* not a 64-bit segment */
    want_vector(&r, GP, KCS32);
    idt[2 * 0x32] = make_gate(KCS, 0, A_INT16 | A_DPL3, 1);
    r = USER("int 0x32");
    want_vector(&r, GP, 0x32 * 8 + 2);
    idt[2 * 0x32] = make_gate(KCS, 0, A_TASK | A_DPL3, 1);
    r = USER("int 0x32");
    want_vector(&r, GP, 0x32 * 8 + 2);
    idt[2 * 0x32] = make_gate(KCS, 0, A_INT32 | A_DPL3, 1);
    idt[2 * 0x32 + 1] = 0x80000000;
    r = USER("int 0x32"); /* offset not canonical */
    want_vector(&r, GP, 0);
}

static void iret_64(void)
{
    struct regs r;
    r = kernel_regs(CODE("push 0; push rsp; push 2; push 8; lea rax, [rip+3]\n"
                         "push rax; iretq"));
    run(&r);
    want("IRET to a null SS in ring 0", r.vector == DONE || r.vector == UD ||
         r.vector == GP, 1);
    r = KERNEL("xor eax, eax; push rax; push rsp; push 2; push 0x1B\n"
               "lea rax, [rip]; push rax; iretq");
    want_vector(&r, GP, 0); /* null SS for ring 3 */
    r = kernel_regs(CODE("iretq"));
    r.flags |= F_NT;
    run(&r);
    want_vector(&r, GP, 0);
    r = KERNEL("push 0x23; push rsp; push 2; push 0x1B; bts rdx, 63\n"
               "push rdx; iretq");
    want_vector(&r, GP, 0); /* RIP not canonical */
    r = KERNEL("push 0x23; push rsp; push 2; push 0x43\n"
               "push 0; iretq"); /* KCS32 with RPL 3, DPL 0 */
    want_vector(&r, GP, KCS32);
    r = USER("push 0x23; push rsp; push 0x3202; push 0x1B\n"
             "lea rax, [rip+1]; push rax; iretq");
    want_mask("IOPL and IF by IRET in ring 3", r.flags, 0, F_IOPL | F_IF);
}

static void compatibility(void)
{
    struct regs r;
    r = user_regs(CODE32("mov eax, 0xFFFFFFFF; inc ecx; mov edx, esp"));
    r.cs = UCS32;
    r.sp = STACK_TOP - 256;
    r.cx = 0x1FFFFFFFF;
    run(&r);
    want_done(&r);
    want("cs", r.cs, UCS32);
    want("ecx", (uint32_t)r.cx, 0);
    r = user_regs(CODE32("mov eax, [ebx]"));
    r.cs = UCS32;
    set_desc(A, (uint32_t)(word)data, 0xFF, A_DATA | A_DPL3 | A_D);
    r.ds = A | 3;
    r.bx = 0x100;
    run(&r);
    want_vector(&r, GP, 0); /* limits hold there */
    set_desc(A, 0, 0xFFFFF, A_CODE | A_DPL3 | A_L | A_D | A_G);
    r = user_regs(CODE32("ljmp 0x83, 0"));
    r.cs = UCS32;
    run(&r);
    want_vector(&r, GP, A); /* L and D */
    r = user_regs(CODE32("ljmp 0x1B, 0x7fffffff; nop"));
    r.cs = UCS32;
    run(&r);
    want("to 64-bit code", r.cs, UCS);
    /* Call gates are 64-bit ones, 16 bytes long. */
    gdt[B / 8] = make_gate(KCS, (uint32_t)CODE("nop"), A_CALL32 | A_DPL3, 0);
    gdt[B / 8 + 1] = 0;
    r = user_regs(CODE32("lcall 0x93, 0"));
    r.cs = UCS32;
    run(&r);
    want_done(&r);
    want("cs", r.cs, KCS);
    want("return CS on RSP0", *(volatile uint64_t *)(STACK_TOP - 24), UCS32);
    gdt[B / 8] = make_gate(KCS, 0, A_CALL16 | A_DPL3, 0);
    r = user_regs(CODE32("lcall 0x93, 0"));
    r.cs = UCS32;
    run(&r);
    want_vector(&r, GP, B);
    r = user_regs(CODE32("ljmp 0x28, 0")); /* a TSS */
    r.cs = UCS32;
    run(&r);
    want_vector(&r, GP, TSS);
}

static void syscall(void)
{
    struct regs r;
    uint64_t efer = rdmsr(MSR_EFER);
    r = USER("syscall");
    want_vector(&r, UD, NOERR);
    wrmsr(MSR_EFER, efer | EFER_SCE);
    wrmsr(MSR_STAR, 0x0013000800000000); /* SYSRET 13h + 16, SYSCALL 8 */
    wrmsr(MSR_LSTAR, CODE("mov rdx, rsp"));
    wrmsr(MSR_SFMASK, F_CF | F_IF | F_TF | F_DF);
    r = user_regs(CODE("stc; syscall"));
    r.flags |= F_OF;
    run(&r);
    want_done(&r);
    want("cs", r.cs, KCS);
    want("ss", r.ss, KDS);
    want("rsp is not switched", r.dx, STACK_TOP - 256);
    want_mask("r11", r.r11, F_CF | F_OF, F_CF | F_OF | F_RF);
    want("rcx", code_at(r.cx - 1), 0x05);
    want_mask("flags", r.flags, F_OF, F_CF | F_OF);
    /* SYSRET: CS = 13h + 16 | 3, needs a descriptor only for show. */
    r = kernel_regs(CODE("sysretq"));
    r.cx = CODE("nop");
    r.r11 = F_CF | 2;
    run(&r);
    want_done(&r);
    want("cs", r.cs, 0x23);
    want("ss", r.ss, 0x1B);
    want_mask("flags", r.flags, F_CF, F_CF | F_RF | F_VM);
    r = kernel_regs(CODE("sysretq"));
    r.cx = BAD;
    run(&r);
    want_vector(&r, GP, 0);
    want("cpl: raised before the switch", r.cs, KCS);
    r = USER("sysretq");
    want_vector(&r, GP, 0);
    wrmsr(MSR_EFER, efer);
}

static void upper_half(void)
{
    struct regs r;
    r = user_regs(CODE("stc; cmovnc eax, ecx"));
    r.ax = r.cx = ~0ul;
    run(&r);
    want("CMOV not taken", r.ax, 0xFFFFFFFF);
    r = user_regs(CODE("mov eax, eax"));
    r.ax = ~0ul;
    run(&r);
    want("MOV", r.ax, 0xFFFFFFFF);
    r = user_regs(CODE("xchg eax, ecx; .byte 0x90"));
    r.ax = ~0ul;
    r.cx = ~0ul;
    run(&r);
    want("XCHG EAX, ECX", r.ax, 0xFFFFFFFF);
    r = user_regs(CODE(".byte 0x90"));
    r.ax = ~0ul;
    run(&r);
    want("90 is NOP", r.ax, ~0ul);
    r = user_regs(CODE(".byte 0x87, 0xC0")); /* xchg eax, eax by 87 */
    r.ax = ~0ul;
    run(&r);
    want("87 C0 is no NOP", r.ax, 0xFFFFFFFF);
    r = user_regs(CODE(".byte 0x41, 0x90")); /* xchg r8d, eax */
    r.ax = 1;
    r.r8 = 2;
    run(&r);
    want("41 90 is XCHG R8D, EAX", r.ax, 2);
    r = user_regs(CODE("mov ax, cx; mov al, cl"));
    r.ax = ~0ul;
    r.cx = 0;
    run(&r);
    want("16 bits keep the rest", r.ax, 0xFFFFFFFFFFFF0000);
    r = user_regs(CODE("shl eax, 32")); /* masked to 0 */
    r.ax = ~0ul;
    run(&r);
    want("shift by 0", r.ax, 0xFFFFFFFF);
    r = user_regs(CODE("cmpxchg ecx, edx"));
    r.ax = 0xFFFFFFFF00000001;
    r.cx = 0xFFFFFFFF00000002;
    run(&r);
    want("CMPXCHG, unequal: RAX", r.ax, 2);
    r = user_regs(CODE("movsxd rax, ecx; movzx edx, cl; bsf ebx, esi"));
    r.cx = 0x80000001;
    r.dx = ~0ul;
    r.si = 8;
    r.bx = ~0ul;
    run(&r);
    want("MOVSXD", r.ax, 0xFFFFFFFF80000001);
    want("MOVZX", r.dx, 1);
    want("BSF", r.bx, 3);
    r = user_regs(CODE("lea eax, [rbx + 1]; imul ecx, ecx, 1; bswap edx"));
    r.bx = r.cx = r.dx = ~0ul;
    run(&r);
    want("LEA", r.ax, 0);
    want("IMUL", r.cx, 0xFFFFFFFF);
    want("BSWAP", r.dx, 0xFFFFFFFF);
}

static void prefixes_64(void)
{
    struct regs r;
    /* REX before a legacy prefix does not count. */
    r = user_regs(CODE(".byte 0x48, 0x66, 0xB8, 0x34, 0x12"));
    r.ax = ~0ul;
    run(&r);
    want("48 66 B8: MOV AX", r.ax, 0xFFFFFFFFFFFF1234);
    r = user_regs(CODE(".byte 0x66, 0x48, 0xC7, 0xC0, 5, 0, 0, 0"));
    r.ax = ~0ul;
    run(&r);
    want("66 48: REX.W wins", r.ax, 5);
    r = user_regs(CODE(".byte 0x67, 0xA1; .long data"));
    data[0] = 0x99;
    run(&r);
    want("67 A1: offset of 32 bits", (uint32_t)r.ax, 0x99);
    r = user_regs(CODE("mov ecx, 2; bts rcx, 32; 1: inc edx; .byte 0x67, 0xE2\n"
                       ".byte 1b - . - 1"));
    run(&r);
    want("67 LOOP counts ECX", r.dx, 2);
    want("and zeroes the upper half", r.cx, 0);
    r = user_regs(CODE("xor ecx, ecx; bts rcx, 32; .byte 0x67, 0xE3, 2\n"
                       "mov dl, 1"));
    run(&r);
    want("67 JRCXZ looks at ECX", r.dx, 0);
    r = user_regs(CODE("mov ecx, 0; bts rcx, 33; .byte 0x67; rep lodsb"));
    r.si = (word)data;
    run(&r);
    want("67 REP counts ECX", r.vector, DONE);
    r = user_regs(CODE("push ax; pop rdx"));
    run(&r);
    want("66 PUSH takes 2 bytes", r.sp, STACK_TOP - 256 + 6);
}

static void cmpxchg16b(void)
{
    struct regs r;
    if (!has(1, 'c', 13)) {
        skip("no CMPXCHG16B");
        return;
    }
    data[0] = 1;
    data[1] = 2;
    r = user_regs(CODE("cmpxchg16b [rdi]"));
    r.di = (word)data + 8;
    run(&r);
    want_vector(&r, GP, 0);
    r = user_regs(CODE("lock cmpxchg16b [rdi]"));
    r.di = (word)data;
    r.ax = 1;
    r.dx = 2;
    r.bx = 3;
    r.cx = 4;
    run(&r);
    want_done(&r);
    want_mask("ZF", r.flags, F_ZF, F_ZF);
    want("low", data[0], 3);
    want("high", data[1], 4);
    r.ip = CODE("cmpxchg16b [rdi]");
    r.ax = 7;
    run(&r);
    want("rax", r.ax, 3);
    want("rdx", r.dx, 4);
}

static void fsgsbase(void)
{
    struct regs r;
    if (!has(7, 'b', 0)) {
        skip("no FSGSBASE");
        return;
    }
    r = USER("rdfsbase rax");
    want_vector(&r, UD, NOERR);
    WRITE_CR(4, READ_CR(4) | CR4_FSGSBASE);
    r = user_regs(CODE("wrgsbase rbx; rdgsbase rax; mov ecx, 0; mov gs, ecx"));
    r.bx = 0x7FFF12345678;
    run(&r);
    want_done(&r);
    want("base", r.ax, 0x7FFF12345678);
    r = user_regs(CODE("wrfsbase rbx"));
    r.bx = BAD;
    run(&r);
    want_vector(&r, GP, 0);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_FSGSBASE);
}

static void swapgs(void)
{
    struct regs r;
    wrmsr(MSR_GS_BASE, 0x1000);
    wrmsr(MSR_KERNEL_GS, 0x2000);
    r = KERNEL("swapgs");
    want_done(&r);
    want("gs base", rdmsr(MSR_GS_BASE), 0x2000);
    r = USER("swapgs");
    want_vector(&r, GP, 0);
}

TESTS
    {"10.h", "1:3.3.7.1", "not canonical: #GP(0), through RSP and RBP #SS(0), CR2 unchanged", not_canonical},
    {"09.d", "1:3.3.7.1", "canonical: GDTR, IDTR, LDTR, TR, base MSRs", canonical_bases},
    {"11.g", "2:MOV", "null SS only in 64-bit code outside ring 3, RPL = CPL", null_ss},
    {"11.h", "3:3.4.4", "64-bit code ignores base and limit of DS and ES, not of FS", data_segments},
    {"29.h", "2:B", "opcodes that are invalid in 64-bit code", invalid_64},
    {"18.d", "3:2.5", "CR0, CR3, CR4, CR8, DR6, DR7, EFER in long mode", control},
    {"21.g", "3:6.14", "64-bit gates: frame, alignment, IST, targets", gates_64},
    {"12.d", "2:IRET", "IRETQ: null SS, NT, canonical RIP, IOPL", iret_64},
    {"13.e", "3:5.8.3.1", "compatibility mode: limits, L with D, 64-bit call gates", compatibility},
    {"18.e", "2:SYSCALL", "SYSCALL and SYSRET: SCE, STAR, SFMASK, canonical RCX", syscall},
    {"18.f", "2:SWAPGS", "SWAPGS: bases, CPL", swapgs},
    {"18.g", "2:WRFSBASE", "FSGSBASE: CR4 bit, canonical", fsgsbase},
    {"26.a", "1:3.4.1.1", "32-bit results clear the upper half; NOP does not", upper_half},
    {"30.a", "2:2.2.1", "REX before legacy prefixes, 66 with REX.W, 67", prefixes_64},
    {"28.d", "2:CMPXCHG8B", "CMPXCHG16B: alignment, both results", cmpxchg16b},
END_TESTS
