/* t_modes.c - virtual-8086 mode, real mode, hardware tasks. SDM volume 3,
 * chapters 7 (tasks), 20 (8086 emulation), volume 1, chapter 19 (ports). */
/* clang-format off */
#include "rom.h"

extern uint8_t exception_stack_top[];

static struct regs v86(word code, unsigned iopl)
{
    struct regs r = v86_regs(code, 0x100, iopl);
    run(&r);
    return r;
}

/* Below IOPL 3 the end, INT 30h, is a #GP(0) itself: `length` is where. */
static void want_end(const struct regs *r, unsigned length)
{
    want_vector(r, GP, 0);
    want("ip", r->ip, 0x100 + length);
}

static void v86_iopl(void)
{
    struct regs r;
    word code[] = {CODE16("cli"), CODE16("sti"), CODE16("pushf"),
                   CODE16("popf"), CODE16("int 0x31"), CODE16("iret"),
                   CODE16("pushfd"), CODE16("popfd")};
    for (unsigned n = 0; n < 8; n++) {
        r = v86(code[n], 0);
        want_end(&r, 0);
    }
    r = v86(CODE16("cli; sti; pushf; pop ax; pushf; popf; cli"), 3);
    want_done(&r);
    want_mask("pushed IF and IOPL", r.ax, 0x3200, 0x3200);
    want_mask("vm", r.flags, F_VM | F_IOPL, F_VM | F_IOPL);
    r = v86(CODE16("push 0; popf"), 3);
    want_done(&r);
    want_mask("IOPL after POPF", r.flags, F_IOPL, F_IOPL);
    r = v86(CODE16("pushf; push cs; call 3f; 3: add sp, 2\n"
                   "mov ax, 0x111; push ax; nop; iret; nop; nop; nop; nop"), 3);
    want_done(&r); /* IRET goes to 1000:0111 */
    want("cs", r.cs, LOW_SEG);
}

static void v86_privileged(void)
{
    struct regs r;
    word gp[] = {CODE16("hlt"), CODE16("lgdt [bx]"), CODE16("lidt [bx]"),
                 CODE16("mov eax, cr0"), CODE16("mov cr0, eax"),
                 CODE16("clts"), CODE16("lmsw ax"), CODE16("wbinvd"),
                 CODE16("mov eax, dr0"), CODE16("rdmsr"),
                 CODE16("invlpg [bx]")};
    word ud[] = {CODE16("lldt ax"), CODE16("ltr ax"), CODE16("sldt ax"),
                 CODE16("str ax"), CODE16("verr ax"), CODE16("lar ax, ax"),
                 CODE16("lsl ax, ax"), CODE16("arpl ax, ax")};
    for (unsigned n = 0; n < sizeof gp / sizeof *gp; n++) {
        r = v86(gp[n], 3);
        want_vector(&r, GP, 0);
    }
    for (unsigned n = 0; n < sizeof ud / sizeof *ud; n++) {
        r = v86(ud[n], 3);
        want_vector(&r, UD, NOERR);
    }
}

static void v86_frame(void)
{
    struct regs r = v86_regs(CODE16("nop"), 0x100, 3);
    const uint32_t *f = (const uint32_t *)exception_stack_top;
    r.ds = 0x1111;
    r.es = 0x2222;
    r.fs = 0x3333;
    r.gs = 0x4444;
    run(&r);
    want_done(&r);
    want("gs", f[-1], 0x4444);
    want("fs", f[-2], 0x3333);
    want("ds", f[-3], 0x1111);
    want("es", f[-4], 0x2222);
    want("ss", f[-5], LOW_SEG);
    want("esp", f[-6], 0x8000);
    want_mask("flags", f[-7], F_VM, F_VM | F_RF);
    want("cs", f[-8], LOW_SEG);
    /* What the handler saved of its own DS, ES, FS, GS. */
    want_mask("ds in the handler", f[-20], 0, 0xFFFF);
    want_mask("es in the handler", f[-21], 0, 0xFFFF);
    want_mask("fs in the handler", f[-22], 0, 0xFFFF);
    want_mask("gs in the handler", f[-23], 0, 0xFFFF);
}

static void v86_gates(void)
{
    struct regs r;
    r = v86(CODE16("int 0x31"), 3); /* gate of DPL 0 */
    want_vector(&r, GP, 0x31 * 8 + 2);
    set_gate(0x31, UCS & ~3, (word)0, A_INT32 | A_DPL3);
    r = v86(CODE16("int 0x31"), 3); /* a handler that is not ring 0 */
    want_vector(&r, GP, UCS & ~3);
    set_desc(SEL_FREE, 0, 0xFFFFF, A_CONF | A_D | A_G);
    set_gate(0x31, SEL_FREE, 0, A_INT32 | A_DPL3);
    r = v86(CODE16("int 0x31"), 3); /* conforming: CPL would stay 3 */
    want_vector(&r, GP, SEL_FREE);
    default_gate(BP);
    r = v86(CODE16("int3"), 0); /* INT3 does not look at IOPL */
    want_vector(&r, BP, NOERR);
    want("ip", r.ip, 0x101);
}

static void v86_limits(void)
{
    struct regs r;
    r = v86(CODE16("mov bx, -1; mov ax, [bx]"), 3);
    want_vector(&r, GP, 0);
    r = v86(CODE16("mov bp, -1; mov ax, [bp]"), 3);
    want_vector(&r, SS, 0);
    r = v86(CODE16("mov bx, -1; mov al, [bx]"), 3);
    want_done(&r);
    r = v86(CODE16("mov ebx, 0x10000; mov al, [ebx]"), 3);
    want_vector(&r, GP, 0);
    r = v86(CODE16("mov sp, 1; push ax"), 3);
    want_vector(&r, SS, 0);
    want("sp", r.sp & 0xFFFF, 1);
    r = v86(CODE16("mov ax, 0x1234; mov es, ax; mov bx, es"), 3);
    want("es", r.es, 0x1234);
}

/* ---- ports */

static struct regs port(word code, bool in_v86)
{
    struct regs r = in_v86 ? v86_regs(code, 0x100, 3) : user_regs(code);
    r.dx = 0x80;
    run(&r);
    return r;
}

static void io_bitmap(void)
{
    struct regs r;
    uint8_t *map = tss + 0x68;
    r = port(CODE("in al, dx; in ax, dx; in eax, dx"), false);
    want_done(&r);
    map[0x10] = 0x02; /* 81h */
    r = port(CODE("in al, dx"), false);
    want_done(&r);
    r = port(CODE("in ax, dx"), false);
    want_vector(&r, GP, 0);
    map[0x10] = 0x08; /* 83h */
    r = port(CODE("in ax, dx"), false);
    want_done(&r);
    r = port(CODE("in eax, dx"), false);
    want_vector(&r, GP, 0);
    map[0x10] = 0x01;
    r = port(CODE16("in al, dx"), true);
    want_vector(&r, GP, 0); /* in V86 whatever IOPL */
    r = user_regs(CODE("in al, dx; cli; sti; cli"));
    r.dx = 0x80;
    r.flags |= F_IOPL;
    run(&r);
    want_done(&r); /* IOPL 3: no look at the map */
    r = port(CODE("cli"), false);
    want_vector(&r, GP, 0);
    /* A map behind the limit allows nothing; two bytes of it are read. */
    map[0x10] = 0;
    set_desc(TSS, (word)tss, 0x68 + 0x10, A_TSS32);
    __asm__ volatile("ltr %w0" ::"r"(TSS));
    r = port(CODE("in al, dx"), false);
    want_vector(&r, GP, 0);
    set_desc(TSS, (word)tss, 0x68 + 0x11, A_TSS32);
    __asm__ volatile("ltr %w0" ::"r"(TSS));
    r = port(CODE("in al, dx"), false);
    want_done(&r);
    r = port(CODE("insb"), false);
    r = user_regs(CODE("insb"));
    r.dx = 0xFFFF;
    r.di = LOW;
    run(&r);
    want_vector(&r, GP, 0);
    want("edi", r.di, LOW);
}

/* ---- VME */

static void vme_flags(void)
{
    struct regs r;
    if (!has(1, 'd', 1)) {
        skip("no VME");
        return;
    }
    WRITE_CR(4, READ_CR(4) | CR4_VME);
    r = v86(CODE16("sti; pushf; pop ax; cli; pushf; pop bx; hlt"), 0);
    want_vector(&r, GP, 0); /* HLT */
    want_mask("pushed after STI: IF is VIF, IOPL 3", r.ax, 0x3200, 0x3200);
    want_mask("pushed after CLI", r.bx, 0x3000, 0x3200);
    want_mask("flags", r.flags, 0, F_VIF | F_IF);
    r = v86(CODE16("sti; hlt"), 0);
    want_mask("VIF", r.flags, F_VIF, F_VIF | F_IF);
    r = v86(CODE16("push 0x200; popf; hlt"), 0);
    want("ip: POPF went well", r.ip, 0x104);
    want_mask("VIF by POPF", r.flags, F_VIF, F_VIF | F_IF);
    r = v86_regs(CODE16("sti"), 0x100, 0);
    r.flags |= F_VIP;
    run(&r);
    want_vector(&r, GP, 0); /* STI with VIP */
    want("ip", r.ip, 0x100);
    r = v86_regs(CODE16("push 0x200; popf"), 0x100, 0);
    r.flags |= F_VIP;
    run(&r);
    want_vector(&r, GP, 0);
    want("ip", r.ip, 0x103);
    r = v86(CODE16("push 0x100; popf"), 0);
    want_vector(&r, GP, 0); /* TF in the image */
    r = v86(CODE16("pushfd"), 0);
    want_vector(&r, GP, 0); /* 32-bit forms are not virtualized */
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_VME);
}

static void vme_int(void)
{
    struct regs r;
    if (!has(1, 'd', 1)) {
        skip("no VME");
        return;
    }
    /* The redirection map lies before the I/O map, which is moved. */
    *(uint16_t *)(tss + 0x66) = 0x88;
    memset(tss + 0x68, 0, 32);
    *(volatile uint32_t *)(0x41 * 4) = LOW_SEG << 16 | 0x800;
    *(volatile uint8_t *)(LOW + 0x800) = 0xF4;
    WRITE_CR(4, READ_CR(4) | CR4_VME);
    r = v86(CODE16("sti; int 0x41"), 0);
    want_vector(&r, GP, 0); /* HLT in the program's own handler */
    want("ip", r.ip, 0x800);
    want_mask("VIF", r.flags, 0, F_VIF);
    want("pushed ip", *(volatile uint16_t *)(LOW + 0x7FFA), 0x103);
    want("pushed cs", *(volatile uint16_t *)(LOW + 0x7FFC), LOW_SEG);
    want_mask("pushed flags", *(volatile uint16_t *)(LOW + 0x7FFE), 0x3200,
              0x3200);
    r = v86(CODE16("int 0x41"), 3);
    want("ip with IOPL 3", r.ip, 0x800);
    tss[0x68 + 8] = 2; /* bit 41h: to protected mode */
    r = v86(CODE16("int 0x41"), 0);
    want_vector(&r, GP, 0);
    want("ip", r.ip, 0x100);
    default_gate(0x41);
    idt[0x41] |= (uint64_t)A_DPL3 << 40;
    r = v86(CODE16("int 0x41"), 3);
    want("vector", r.vector, 0x41);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_VME);
    *(uint16_t *)(tss + 0x66) = 0x68;
}

static void pvi(void)
{
    struct regs r;
    if (!has(1, 'd', 1)) {
        skip("no VME");
        return;
    }
    WRITE_CR(4, READ_CR(4) | CR4_PVI);
    r = USER("sti");
    want_done(&r);
    want_mask("VIF", r.flags, F_VIF, F_VIF | F_IF);
    r = USER("sti; cli");
    want_done(&r);
    want_mask("VIF", r.flags, 0, F_VIF | F_IF);
    r = user_regs(CODE("sti"));
    r.flags |= F_VIP;
    run(&r);
    want_vector(&r, GP, 0);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_PVI);
    r = USER("sti");
    want_vector(&r, GP, 0);
}

/* ---- real mode */

static struct regs real(word code)
{
    struct regs r = low_regs(code, 0x100);
    run_real(&r);
    return r;
}

static void real_limits(void)
{
    struct regs r;
    r = real(CODE16("mov bx, -1; mov ax, [bx]"));
    want_vector(&r, GP, NOERR);
    want("ip", r.ip, 0x103);
    r = real(CODE16("mov bp, -1; mov ax, [bp]"));
    want_vector(&r, SS, NOERR);
    r = real(CODE16("mov bx, -1; mov al, [bx]"));
    want_done(&r);
    r = real(CODE16("mov bx, -3; mov eax, [bx]"));
    want_vector(&r, GP, NOERR);
    r = real(CODE16("mov ebx, 0x10000; mov al, [ebx]"));
    want_vector(&r, GP, NOERR);
    r = real(CODE16("mov si, -1; lodsw"));
    want_vector(&r, GP, NOERR);
    r = real(CODE16("mov bx, -1; mov cs:[bx], ax"));
    want_vector(&r, GP, NOERR);
    r = real(CODE16("mov bx, 0x2000; mov byte ptr cs:[bx], 5; mov al, [bx]"));
    want_done(&r); /* CS is writable in real mode */
    want("al", r.ax & 0xFF, 5);
}

static void real_ip(void)
{
    struct regs r = low_regs(CODE16("nop"), 0x100);
    *(volatile uint8_t *)(LOW + 0xFFFF) = 0x90;
    r.ip = 0xFFFF;
    *(volatile uint16_t *)LOW = 0x30CD; /* where a wrap would lead */
    run_real(&r);
    want_vector(&r, GP, NOERR);
    want("ip", r.ip, 0);
    r = low_regs(CODE16("nop"), 0x100);
    *(volatile uint8_t *)(LOW + 0xFFFE) = 0xB8; /* MOV AX, over the end */
    *(volatile uint8_t *)(LOW + 0xFFFF) = 0x90;
    r.ip = 0xFFFE;
    run_real(&r);
    want_vector(&r, GP, NOERR);
    want("ip", r.ip, 0xFFFE);
    r = real(CODE16(".byte 0x66, 0xE9; .long 0x10000")); /* jmp, 32 bits */
    want_vector(&r, GP, NOERR);
    want("ip", r.ip, 0x100);
    r = real(CODE16("mov eax, 0x20000; .byte 0x66, 0xFF, 0xE0"));
    want_vector(&r, GP, NOERR);
    /* 16-bit branches wrap: at FFF0 a jump by +20h. */
    r = low_regs(CODE16("nop"), 0x100);
    *(volatile uint16_t *)(LOW + 0xFFF0) = 0x1EEB;
    *(volatile uint16_t *)(LOW + 0x10) = 0x30CD;
    r.ip = 0xFFF0;
    run_real(&r);
    want_done(&r);
    want("ip", r.ip, 0x12);
}

static void real_memory(void)
{
    struct regs r;
    *(volatile uint32_t *)LOW = 0;
    r = real(CODE16("mov ax, 0xFFFF; mov ds, ax; mov eax, [0x10]"));
    want_done(&r);
    want("FFFF:0010 with A20", r.ax, *(volatile uint32_t *)0x100000);
    /* Limits stay what protected mode made them. */
    *(volatile uint32_t *)ARENA = 0x600DCAFE;
    r = real(CODE16("mov eax, cr0; or al, 1; mov cr0, eax; mov bx, 0x10\n"
                    "mov ds, bx; and al, 0xFE; mov cr0, eax\n"
                    "mov ebx, 0x400000; mov eax, [ebx]\n"
                    "xor cx, cx; mov ds, cx; mov ecx, [ebx]"));
    want_done(&r);
    want("through the big limit", r.ax, 0x600DCAFE);
    want("after a load of DS in real mode", r.cx, 0x600DCAFE);
    r = real(CODE16("sgdt [bx]; mov ax, cs; mov ss, ax; mov ax, 5; mov gs, ax\n"
                    "mov bx, gs"));
    want("gs", r.bx, 5);
}

static void real_interrupts(void)
{
    struct regs r;
    word ud[] = {CODE16("lldt ax"), CODE16("ltr ax"), CODE16("sldt ax"),
                 CODE16("str ax"), CODE16("verr ax"), CODE16("lar ax, ax"),
                 CODE16("lsl ax, ax"), CODE16("arpl ax, ax"),
                 CODE16("mov cs, ax"), CODE16(".byte 0xF0, 0x90")};
    r = real(CODE16("sti; stc; int 0x31"));
    want("vector", r.vector, 0x31);
    want_mask("pushed IF, CF", r.flags, F_IF | F_CF, F_IF | F_CF);
    want("ip", r.ip, 0x104);
    want("sp", r.sp, 0x8000);
    r = real(CODE16("xor ax, ax; xor dx, dx; div dx"));
    want_vector(&r, DE, NOERR);
    want("ip", r.ip, 0x104);
    for (unsigned n = 0; n < sizeof ud / sizeof *ud; n++) {
        r = real(ud[n]);
        want_vector(&r, UD, NOERR);
        want("ip", r.ip, 0x100);
    }
    r = real(CODE16("push 0x3FF; push 0; pop ax; pop ax\n"
                    "mov dword ptr [0x300], 0x00C3; mov word ptr [0x304], 0\n"
                    "lidt [0x300]; int 0x31"));
    want_vector(&r, GP, NOERR); /* behind the limit of the table */
    r = real(CODE16("xor ax, ax; bound ax, [0x300]"));
    *(volatile uint32_t *)(LOW + 0x300) = 0x00050003;
    r = real(CODE16("mov ax, 6; bound ax, [0x300]"));
    want_vector(&r, BR, NOERR);
    r = real(CODE16("mov al, 127; add al, 1; into"));
    want_vector(&r, OF, NOERR);
    want("ip: INTO is a trap", r.ip, 0x105);
}

/* ---- tasks */

enum { T1 = SEL_FREE, GATE = SEL_FREE + 8, LDT1 = SEL_FREE + 16 };
static uint32_t task[32] __attribute__((aligned(128)));
static uint8_t task_stack[0x1000] __attribute__((aligned(16)));

static void make_task(word code)
{
    memset(task, 0, sizeof task);
    task[1] = (word)exception_stack_top;
    task[2] = KDS;
    task[7] = READ_CR(3);
    task[8] = code;
    task[9] = 2;
    for (unsigned n = 10; n < 18; n++)
        task[n] = 0xA0000000 + n;
    task[14] = (word)task_stack + sizeof task_stack;
    task[18] = task[20] = task[21] = task[22] = task[23] = KDS;
    task[19] = KCS;
    task[25] = 0x680000;
    set_desc(T1, (word)task, 0x67, A_TSS32 | A_DPL3);
}

static unsigned type_of(unsigned sel)
{
    return gdt[sel / 8] >> 40 & 0x1F;
}

static void task_jump(void)
{
    struct regs r;
    make_task(CODE("str edx; smsw esi; pushfd; pop edi"));
    r = kernel_regs(CODE("1: ljmp 0x80, 0"));
    r.ax = 0x12345678;
    r.flags |= F_CF;
    run(&r);
    want_done(&r);
    want("new task's EAX", r.ax, 0xA000000A);
    want("TR", r.dx & 0xFFFF, T1);
    want_mask("TS", r.si, 8, 8);
    want_mask("NT", r.di, 0, F_NT);
    want("old busy", type_of(TSS), 9);
    want("new busy", type_of(T1), 11);
    want("saved EAX", ((uint32_t *)tss)[10], 0x12345678);
    want_mask("saved EFLAGS", ((uint32_t *)tss)[9], 3, 0xFF);
    want("saved CS", ((uint32_t *)tss)[19] & 0xFFFF, KCS);
    __asm__ volatile("clts");
}

static void task_call(void)
{
    struct regs r;
    make_task(CODE("mov eax, 7; pushfd; pop ebx; iretd\n"));
    r = kernel_regs(CODE("lcall 0x80, 0; str edx"));
    r.ax = 0x1111;
    run(&r);
    want_done(&r);
    want("EAX is the caller's", r.ax, 0x1111);
    want("TR", r.dx & 0xFFFF, TSS);
    want("back link", task[0] & 0xFFFF, TSS);
    want("old busy", type_of(TSS), 11);
    want("new not busy", type_of(T1), 9);
    want_mask("NT in the task", task[9], 0, F_NT);
    want("task's EBX: NT", task[13] & F_NT, F_NT);
    want_mask("NT of the caller", r.flags, 0, F_NT);
    __asm__ volatile("clts");
}

static void task_errors(void)
{
    struct regs r;
    make_task(CODE("nop"));
    r = KERNEL("ljmp 0x28, 0"); /* busy: itself */
    want_vector(&r, GP, TSS);
    set_desc(T1, (word)task, 0x67, (A_TSS32 & ~A_P) | A_DPL3);
    r = KERNEL("ljmp 0x80, 0");
    want_vector(&r, NP, T1);
    set_desc(T1, (word)task, 0x66, A_TSS32 | A_DPL3);
    r = KERNEL("ljmp 0x80, 0");
    want_vector(&r, TS, T1);
    want("old task is still busy", type_of(TSS), 11);
    set_desc(T1, (word)task, 0x67, A_TSS32);
    r = USER("ljmp 0x83, 0");
    want_vector(&r, GP, T1);
    gdt[GATE / 8] = make_gate(KDS, 0, A_TASK | A_DPL3, 0);
    r = USER("ljmp 0x8B, 0"); /* the gate's selector is no TSS */
    want_vector(&r, GP, KDS);
    r = kernel_regs(CODE("iretd"));
    r.flags |= F_NT;
    run(&r);
    want_vector(&r, TS, 0); /* back link 0 */
}

/* Errors behind the commit point belong to the new task. */
static void task_late_errors(void)
{
    struct regs r;
    make_task(CODE("nop"));
    task[21] = GDT_SIZE + 0x10; /* DS */
    r = KERNEL("ljmp 0x80, 0");
    want_vector(&r, TS, GDT_SIZE + 0x10);
    want("eip is the new task's", r.ip, task[8]);
    want("new task is busy", type_of(T1), 11);
    want("old task is not", type_of(TSS), 9);
    __asm__ volatile("clts");
}

static void task_trap_bit(void)
{
    struct regs r;
    make_task(CODE("nop"));
    task[25] |= 1;
    r = KERNEL("ljmp 0x80, 0");
    want_vector(&r, DB, NOERR);
    want_mask("DR6.BT", r.dr6, 0x8000, 0xE00F);
    want("eip", r.ip, task[8]);
    __asm__ volatile("clts");
}

static void task_interrupt(void)
{
    struct regs r;
    make_task(CODE("pop eax"));
    idt[GP] = make_gate(T1, 0, A_TASK, 0);
    r = USER("mov eax, 0x5678; mov ds, eax");
    want_done(&r);
    want("pushed error code", r.ax, 0x5678 & ~3);
    want("back link", task[0] & 0xFFFF, TSS);
    want("saved CS", ((uint32_t *)tss)[19] & 0xFFFF, UCS);
    want_mask("saved RF", ((uint32_t *)tss)[9], F_RF, F_RF);
    want("interrupted task stays busy", type_of(TSS), 11);
    __asm__ volatile("clts");
}

static void task_ldt_cr3(void)
{
    struct regs r;
    paging_on(PAGING_2);
    set_desc(LDT1, LOW, 0xFF, A_LDT);
    *(volatile uint64_t *)(LOW + 8) = 0x00CF93000000FFFF;
    make_task(CODE("sldt ecx; mov edx, cr3"));
    task[24] = LDT1;
    task[22] = 12; /* FS from the LDT */
    task[7] = READ_CR(3) | 0x18;
    r = KERNEL("ljmp 0x80, 0");
    want_done(&r);
    want("ldt", r.cx & 0xFFFF, LDT1);
    want("fs", r.fs, 12);
    want_mask("cr3", r.dx, task[7], ~0x18ul);
    __asm__ volatile("clts");
    paging_off();
}

static void task_16(void)
{
    static uint16_t small[22] __attribute__((aligned(64)));
    struct regs r;
    word code = CODE("mov ecx, esi; mov edx, 0x10; mov ss, edx\n"
                     "mov esp, offset test_stack + 0x3000");
    memset(small, 0, sizeof small);
    set_desc(GATE, code, 0xFFFF, A_CODE | A_D);
    small[8] = 2; /* flags */
    for (unsigned n = 9; n < 17; n++)
        small[n] = (uint16_t)(0x1000 + n);
    small[17] = KDS;   /* es cs ss ds */
    small[18] = GATE;
    small[19] = KDS;
    small[20] = KDS;
    small[13] = 0xFF0;
    set_desc(KDS16, (word)task_stack, 0xFFF, A_DATA);
    small[19] = KDS16;
    set_desc(T1, (word)small, 0x2B, A_TSS16);
    r = kernel_regs(CODE("ljmp 0x80, 0"));
    r.si = 0xDEADBEEF;
    run(&r);
    want_done(&r);
    want_mask("si", r.cx, 0x100F, 0xFFFF);
    want_mask("ax", r.ax, 0x1009, 0xFFFF);
    want("fs and gs are null", r.fs | r.gs, 0);
    want("busy", type_of(T1), 3);
    __asm__ volatile("clts");
}

TESTS
    {"14.a", "3:7.3", "JMP to a TSS: state saved and loaded, busy bits, TS", task_jump},
    {"14.b", "3:7.3", "CALL and IRET: back link, NT, busy bits", task_call},
    {"14.c", "3:7.3", "busy, absent, short TSS; gate; back link: error before the switch", task_errors},
    {"14.d", "3:7.3", "errors behind the commit point are raised in the new task", task_late_errors},
    {"14.e", "3:7.2.1", "T bit: #DB with BT before the task's first instruction", task_trap_bit},
    {"14.f", "3:6.12.2", "exception by a task gate: error code on the new stack", task_interrupt},
    {"14.g", "3:7.3", "LDT and CR3 of the new task", task_ldt_cr3},
    {"13.d", "3:7.6", "16-bit TSS", task_16},
    {"16.a", "3:20.2.7", "V86: CLI STI PUSHF POPF INT IRET need IOPL 3", v86_iopl},
    {"16.b", "3:20.2.3", "V86: privileged instructions #GP, of protected mode #UD", v86_privileged},
    {"16.c", "3:20.3.1", "interrupt out of V86: GS FS DS ES pushed and emptied", v86_frame},
    {"16.d", "3:20.3.1", "V86: gates' DPL, handlers that are not ring 0", v86_gates},
    {"16.e", "3:20.2.1", "V86: limits of FFFF", v86_limits},
    {"16.f", "1:19.5.2", "I/O map: bits of all bytes, limit, V86 whatever IOPL", io_bitmap},
    {"16.g", "3:20.3.3", "VME: CLI STI PUSHF POPF work on VIF", vme_flags},
    {"16.h", "3:20.3.3", "VME: INT n by the redirection map", vme_int},
    {"16.i", "3:20.4", "PVI: STI and CLI work on VIF in ring 3", pvi},
    {"17.a", "3:20.1.1", "real mode: limits of FFFF, #GP or #SS", real_limits},
    {"17.b", "3:20.1.1", "real mode: IP beyond FFFF is #GP, branches of 16 bits wrap", real_ip},
    {"17.c", "3:20.1.1", "real mode: A20, limits kept from protected mode", real_memory},
    {"17.d", "3:20.1.4", "real mode: interrupts, #UD of instructions for protected mode", real_interrupts},
END_TESTS
