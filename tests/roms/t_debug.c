/* t_debug.c - order of exceptions, RF and TF, debug registers, shadows of
 * MOV SS and STI, double faults, alignment checks. SDM volume 3, chapters 6
 * and 17. */
/* clang-format off */
#include "rom.h"

extern uint8_t stubs[], exception_stack_top[];
static uint32_t data[16] __attribute__((aligned(64)));

enum { EXEC = 0, WRITE = 1, IO = 2, ACCESS = 3 };
enum { BS = 1 << 14, BD = 1 << 13, DR6_BITS = 0xE00F };

/* DR7 for breakpoint n, enabled globally. */
static word dr7(unsigned n, unsigned kind, unsigned size)
{
    unsigned len = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 3 : 2;
    return 0x400 | 2u << 2 * n | (kind | len << 2) << (16 + 4 * n);
}

static void watch(struct regs *r, unsigned n, word at, unsigned kind,
                  unsigned size)
{
    if (n == 0)
        WRITE_DR(0, at);
    else
        WRITE_DR(1, at);
    r->dr7 |= dr7(n, kind, size);
}

/* ---- 19 */

static void code_first(void)
{
    struct regs r = user_regs(CODE("ud2"));
    watch(&r, 0, r.ip, EXEC, 1);
    run(&r);
    want_vector(&r, DB, NOERR);
    want_mask("dr6", r.dr6, 1, DR6_BITS);
    want_mask("RF of the pushed flags", r.flags, 0, F_RF);
    paging_on(PAGING_2);
    paging_set(1, 0, 0);
    r = user_regs(PAGE(0));
    watch(&r, 0, r.ip, EXEC, 1);
    run(&r);
    want("before the page fault", r.vector, DB);
    r.flags |= F_RF;
    r.dr7 = dr7(0, EXEC, 1);
    run(&r);
    want("with RF: the page fault", r.vector, PF);
    paging_off();
}

static void length_limit(void)
{
    struct regs r = USER(".rept 14; .byte 0x3E; .endr; nop");
    want_done(&r);
    r = USER(".rept 15; .byte 0x3E; .endr; nop");
    want_vector(&r, GP, 0);
    r = USER(".rept 9; .byte 0x3E; .endr; .byte 0xC7, 0x05; .long data, 1");
    want_vector(&r, GP, 0); /* 9 + 10 bytes */
    /* Too long comes before undefined, a fetch fault before too long. */
    r = USER(".rept 15; .byte 0x66; .endr; ud2");
    want_vector(&r, GP, 0);
    paging_on(PAGING_2);
    memset((void *)FRAME(0), 0x66, 0x1000);
    paging_set(1, 1, 0);
    r = user_regs(PAGE(1) - 15);
    run(&r);
    want("15 prefixes at the end of a page", r.vector == PF || r.vector == GP,
         1);
    r = user_regs(PAGE(1) - 14);
    run(&r);
    want_vector(&r, PF, 4);
    want("cr2", r.cr2, PAGE(1));
    want("eip", r.ip, PAGE(1) - 14);
    paging_off();
}

static void undefined_first(void)
{
    struct regs r = USER(".byte 0xF0, 0xFA"); /* lock cli */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0xF0, 0xF4"); /* lock hlt */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0x0F, 0x01, 0x10"); /* lgdt [eax]: privilege first */
    want_vector(&r, GP, 0);
    r = USER(".byte 0x0F, 0x01, 0xD8 + 0x27"); /* no such form */
    r = USER(".byte 0x0F, 0x01, 0x28; nop"); /* 0F 01 /5 of memory */
    r = USER(".byte 0x8D, 0xC0"); /* lea of a register */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0xC4, 0xC0"); /* les of a register: VEX or #UD */
    want("vector", r.vector, UD);
    r = USER(".byte 0x62, 0xC0"); /* bound of a register */
    want("vector", r.vector, UD);
    r = USER(".byte 0xFE, 0xD0"); /* group 4 /2 */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0xFF, 0xF8"); /* group 5 /7 */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0x0F, 0xFF, 0xC0"); /* UD0 */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0x0F, 0xB9, 0xC0"); /* UD1 */
    want_vector(&r, UD, NOERR);
}

static void merged_traps(void)
{
    struct regs r = user_regs(CODE("mov [ebx], eax; nop"));
    r.bx = (word)data;
    r.flags |= F_TF;
    watch(&r, 1, (word)data, WRITE, 4);
    run(&r);
    want_vector(&r, DB, NOERR);
    want_mask("dr6", r.dr6, BS | 2, DR6_BITS);
    /* Sticky: what was there before stays. */
    r = user_regs(CODE("nop; nop"));
    r.flags |= F_TF;
    WRITE_DR(6, 0xFFFF0FF0 | 0x8000); /* B0 to B3 may be cleared */
    run(&r);
    want_mask("dr6", r.dr6, BS | 0x8000, 0xE000);
}

/* ---- 20 */

static void resume_flag(void)
{
    struct regs r;
    r = USER("ud2");
    want_mask("#UD", r.flags, F_RF, F_RF);
    r = USER("xor ecx, ecx; div ecx");
    want_mask("#DE", r.flags, F_RF, F_RF);
    r = USER("cli");
    want_mask("#GP", r.flags, F_RF, F_RF);
    r = USER("int3");
    want_mask("INT3", r.flags, 0, F_RF);
    r = USER("int 0x30");
    want_mask("INT n", r.flags, 0, F_RF);
    r = user_regs(CODE("nop; nop"));
    r.flags |= F_TF;
    run(&r);
    want("vector", r.vector, DB);
    want_mask("single step", r.flags, 0, F_RF);
    r = user_regs(CODE("mov [ebx], eax"));
    r.bx = (word)data;
    watch(&r, 0, (word)data, ACCESS, 4);
    run(&r);
    want("vector", r.vector, DB);
    want_mask("data breakpoint", r.flags, 0, F_RF);
}

static void resume_flag_use(void)
{
    struct regs r = user_regs(CODE("nop; dec ecx; jnz .-2"));
    word loop = r.ip + 1;
    r.cx = 3;
    watch(&r, 0, loop, EXEC, 1);
    r.ip = loop;
    r.flags |= F_RF;
    run(&r);
    want_vector(&r, DB, NOERR);
    want("ecx: held off once only", r.cx, 2);
    want("eip", r.ip, loop);
    /* RF ends with the instruction, even with one that faults not. */
    r = kernel_regs(CODE("push 0x10002; popfd; nop; pushfd; pop eax"));
    run(&r);
    want_done(&r);
    want_mask("RF by POPF, pushed", r.ax, 0, F_RF);
}

static void single_step(void)
{
    struct regs r;
    unsigned steps = 0;
    r = user_regs(CODE("mov ecx, 3; 1: dec ecx; jnz 1b; nop"));
    r.flags |= F_TF;
    for (;;) {
        run(&r);
        if (r.vector != DB || ++steps > 20)
            break;
        want_mask("dr6", r.dr6, BS, DR6_BITS);
    }
    want_done(&r);
    want("steps", steps, 8);
    /* REP: a trap after each iteration. */
    r = user_regs(CODE("rep lodsb"));
    r.cx = 3;
    r.si = (word)data;
    r.flags |= F_TF;
    run(&r);
    want_vector(&r, DB, NOERR);
    want("ecx", r.cx, 2);
    want("esi", r.si, (word)data + 1);
    /* POPF that sets TF: the trap is behind the next instruction; POPF that
     * clears it still traps. */
    r = USER("pushfd; or dword ptr [esp], 0x100; popfd; nop; inc eax");
    want_vector(&r, DB, NOERR);
    want("eip: behind NOP", r.ip - (word)0, r.ip);
    want("byte before", code_at(r.ip - 1), 0x90);
    r = user_regs(CODE("pushfd; and dword ptr [esp], ~0x100; popfd; nop"));
    r.flags |= F_TF;
    run(&r);
    run(&r);
    run(&r);
    want("third step", r.vector, DB);
    want_mask("TF", r.flags, 0, F_TF);
    want("next is NOP", code_at(r.ip), 0x90);
    /* INT n: TF is in the pushed flags, the handler is not stepped. */
    r = user_regs(CODE("int 0x30"));
    r.flags |= F_TF;
    run(&r);
    want_done(&r);
    want_mask("TF", r.flags, F_TF, F_TF);
    /* A fault instead of an instruction has no trap. */
    r = user_regs(CODE("ud2"));
    r.flags |= F_TF;
    run(&r);
    want_vector(&r, UD, NOERR);
}

static void mov_ss(void)
{
    struct regs r;
    static uint32_t ss_value;
    ss_value = UDS;
    /* TF behind MOV SS is dropped. */
    r = user_regs(CODE("mov ss, ecx; nop; inc eax; nop"));
    r.cx = UDS;
    r.flags |= F_TF;
    run(&r);
    want_vector(&r, DB, NOERR);
    want("next is INC", code_at(r.ip), 0x40);
    /* An instruction breakpoint behind MOV SS is suppressed. */
    r = user_regs(CODE("mov ss, ecx; nop; nop"));
    r.cx = UDS;
    watch(&r, 0, r.ip + 2, EXEC, 1);
    run(&r);
    want_done(&r);
    r = user_regs(CODE("push ss; pop ss; nop; nop"));
    watch(&r, 0, r.ip + 2, EXEC, 1);
    run(&r);
    want_done(&r);
    /* A data breakpoint on MOV SS waits for the next instruction. */
    r = user_regs(CODE("mov ss, [ebx]; inc eax; nop; nop"));
    r.bx = (word)&ss_value;
    r.ax = 0;
    watch(&r, 0, (word)&ss_value, ACCESS, 2);
    run(&r);
    want_vector(&r, DB, NOERR);
    want("eax", r.ax, 1);
    want_mask("dr6", r.dr6, 1, DR6_BITS);
    want("next is NOP", code_at(r.ip), 0x90);
    /* MOV DS has no shadow. */
    r = user_regs(CODE("mov ds, ecx; nop"));
    r.cx = UDS;
    r.flags |= F_TF;
    run(&r);
    want("next is NOP", code_at(r.ip), 0x90);
}

static void mov_ss_int(void)
{
    struct regs r;
    static uint32_t ss_value;
    ss_value = UDS;
    /* With INT n behind it the breakpoint comes at the handler's first
     * instruction. */
    r = user_regs(CODE("mov ss, [ebx]; int 0x30"));
    r.bx = (word)&ss_value;
    watch(&r, 0, (word)&ss_value, ACCESS, 2);
    run(&r);
    want_vector(&r, DB, NOERR);
    want("cs", r.cs, KCS);
    want("eip", r.ip, (word)stubs + 16 * 0x30);
}

static void icebp(void)
{
    struct regs r = USER(".byte 0xF1; nop");
    want_vector(&r, DB, NOERR);
    want("next is NOP", code_at(r.ip), 0x90);
    want_mask("dr6", r.dr6, 0, DR6_BITS);
}

/* ---- data and port breakpoints */

static unsigned hits(word code, word bx, word at, unsigned kind, unsigned size)
{
    struct regs r = user_regs(code);
    r.bx = bx;
    r.dx = 0x80;
    r.flags |= F_IOPL;
    watch(&r, 0, at, kind, size);
    run(&r);
    return r.vector == DB ? (unsigned)r.dr6 & 1 : 0;
}

static void data_breakpoints(void)
{
    word d = (word)data;
    word rd = CODE("mov eax, [ebx]"), wr = CODE("mov [ebx], eax");
    word rdb = CODE("mov al, [ebx]");
    want("write", hits(wr, d, d, WRITE, 4), 1);
    want("read, W", hits(rd, d, d, WRITE, 4), 0);
    want("read, RW", hits(rd, d, d, ACCESS, 4), 1);
    want("next byte", hits(rdb, d + 4, d, ACCESS, 4), 0);
    want("last byte", hits(rdb, d + 3, d, ACCESS, 4), 1);
    want("length 2", hits(rdb, d + 2, d, ACCESS, 2), 0);
    want("overlap", hits(rd, d + 1, d + 4, ACCESS, 1), 1);
    want("overlap from below", hits(rd, d - 3, d, ACCESS, 1), 1);
    want("address is aligned by length", hits(rdb, d, d + 3, ACCESS, 4), 1);
    want("PUSH", hits(CODE("push eax"), d, STACK_TOP - 260, WRITE, 4), 1);
    want("POP", hits(CODE("pop eax"), d, STACK_TOP - 256, ACCESS, 4), 1);
    want("CALL", hits(CODE("call .+5"), d, STACK_TOP - 260, WRITE, 4), 1);
    want("RMW", hits(CODE("add dword ptr [ebx], 1"), d, d, WRITE, 4), 1);
    want("CMPXCHG", hits(CODE("cmpxchg [ebx], ecx"), d, d, WRITE, 4), 1);
    want("PREFETCH", hits(CODE("prefetcht0 [ebx]"), d, d, ACCESS, 4), 0);
    want("LEA", hits(CODE("lea eax, [ebx]"), d, d, ACCESS, 4), 0);
    want("STOSB", hits(CODE("mov edi, ebx; stosb"), d, d, WRITE, 1), 1);
}

/* Not the instruction's operands, but accesses: what INT pushes. */
static void implicit_data(void)
{
    struct regs r = user_regs(CODE("int 0x30"));
    watch(&r, 0, (word)exception_stack_top - 8, WRITE, 4); /* ESP */
    run(&r);
    want_vector(&r, DB, NOERR);
    want("eip", r.ip, (word)stubs + 16 * 0x30);
    want_mask("dr6", r.dr6, 1, DR6_BITS);
}

static void io_breakpoints(void)
{
    WRITE_CR(4, READ_CR(4) | CR4_DE);
    want("OUT", hits(CODE("out dx, al"), 0, 0x80, IO, 1), 1);
    want("IN", hits(CODE("in al, dx"), 0, 0x80, IO, 1), 1);
    want("other port", hits(CODE("inc edx; in al, dx"), 0, 0x80, IO, 1), 0);
    want("IN of a word", hits(CODE("dec edx; in ax, dx"), 0, 0x80, IO, 1), 1);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_DE);
}

static void debug_registers(void)
{
    struct regs r;
    r = KERNEL("mov eax, 0x1234; mov dr0, eax; mov ecx, dr4; mov edx, dr6");
    want_done(&r);
    want("DR4 is DR6", r.cx, r.dx);
    want_mask("fixed bits of DR6", r.dx, 0xFFFF0FF0, 0xFFFE1FF0);
    r = KERNEL("xor eax, eax; mov dr7, eax; mov edx, dr5");
    want_mask("fixed bit of DR7", r.dx, 0x400, 0xFFFFDC00);
    r = KERNEL("mov eax, 0x0000C000; mov dr7, eax; mov edx, dr7");
    want_mask("DR7 bits 15:14 and 12", r.dx, 0, 0xD000);
    WRITE_CR(4, READ_CR(4) | CR4_DE);
    r = KERNEL("mov eax, dr4");
    want_vector(&r, UD, NOERR);
    r = KERNEL("mov dr5, eax");
    want_vector(&r, UD, NOERR);
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_DE);
    r = KERNEL("mov eax, 0x2400; mov dr7, eax; mov edx, dr0; nop");
    want_vector(&r, DB, NOERR); /* GD */
    want_mask("dr6", r.dr6, BD, DR6_BITS);
    want("eip: a fault", code_at(r.ip), 0x0F);
    /* Breakpoints that are not enabled set nothing by themselves. */
    r = user_regs(CODE("mov eax, [ebx]"));
    r.bx = (word)data;
    WRITE_DR(0, data);
    r.dr7 = 0x400 | 0xF0000;
    run(&r);
    want_done(&r);
}

/* ---- 21 */

static void gate_dpl(void)
{
    struct regs r;
    set_gate(BP, KCS, (word)stubs + 16 * BP, A_INT32);
    r = USER("int3");
    want_vector(&r, GP, BP * 8 + 2);
    r = USER("int 3");
    want_vector(&r, GP, BP * 8 + 2);
    r = USER("mov al, 127; add al, 1; into");
    want_vector(&r, GP, OF * 8 + 2);
    r = USER("int 1");
    want_vector(&r, GP, DB * 8 + 2);
    r = USER(".byte 0xF1");
    want_vector(&r, DB, NOERR); /* ICEBP does not look at the DPL */
    r = USER("xor ecx, ecx; div ecx");
    want_vector(&r, DE, NOERR); /* nor do faults */
    default_gate(BP);
    r = USER("int3");
    want_vector(&r, BP, NOERR);
    want("eip: a trap", code_at(r.ip - 1), 0xCC);
    set_gate(OF, KCS, (word)stubs + 16 * OF, A_INT32 | A_DPL3);
    r = USER("mov al, 127; add al, 1; into");
    want_vector(&r, OF, NOERR);
    r = USER("xor eax, eax; into");
    want_done(&r);
}

static void idt_errors(void)
{
    struct regs r;
    idt[0x32] = make_gate(KCS, 0, (A_INT32 & ~A_P) | A_DPL3, 0);
    r = USER("int 0x32");
    want_vector(&r, NP, 0x32 * 8 + 2);
    idt[0x32] = make_gate(KCS, 0, A_LDT | A_DPL3, 0);
    r = USER("int 0x32");
    want_vector(&r, GP, 0x32 * 8 + 2);
    idt[0x32] = make_gate(0, 0, A_INT32 | A_DPL3, 0);
    r = USER("int 0x32");
    want_vector(&r, GP, 0);
    idt[0x32] = make_gate(KDS, 0, A_INT32 | A_DPL3, 0);
    r = USER("int 0x32");
    want_vector(&r, GP, KDS);
    idt[DE] = make_gate(KCS, 0, A_INT32 & ~A_P, 0);
    idt[UD] = make_gate(KCS, 0, A_INT32 & ~A_P, 0);
    r = USER("ud2");
    want_vector(&r, NP, UD * 8 + 3); /* EXT, and no double fault */
    r = USER("xor ecx, ecx; div ecx");
    want("#DE, then #NP", r.vector, DF);
}

static void idt_limit(void)
{
    struct regs r;
    struct {
        uint16_t limit;
        word base;
    } __attribute__((packed)) idtr = {0x40 * 8 - 1, (word)idt};
    __asm__ volatile("lidt %0" ::"m"(idtr));
    r = USER("int 0x40");
    want_vector(&r, GP, 0x40 * 8 + 2);
    r = USER("int 0x3F");
    want_vector(&r, GP, 0x3F * 8 + 2); /* DPL 0 */
}

static void double_fault(void)
{
    struct regs r;
    idt[GP] = make_gate(KCS, 0, A_INT32 & ~A_P, 0);
    r = USER("cli");
    want_vector(&r, DF, 0);
    want("eip", code_at(r.ip), 0xFA);
    /* #GP, then #PF: one after the other. */
    paging_on(PAGING_2);
    paging_set(1, 0, 0);
    set_gate(GP, KCS, PAGE(0), A_INT32);
    default_gate(GP);
    *(uint32_t *)(tss + 4) = PAGE(1);
    paging_set(1, 1, FRAME(1) | PTE_P | PTE_W | PTE_U);
    idt[PF] = make_gate(DFTSS, 0, A_TASK, 0);
    r = USER("cli");
    want("#GP whose stack is not there: #PF", r.vector, DF);
    want("by way of the task gate", r.error & ~7ul, 0);
    paging_off();
}

static void page_fault_twice(void)
{
    struct regs r;
    paging_on(PAGING_2);
    paging_set(1, 0, 0);
    *(uint32_t *)(tss + 4) = PAGE(1); /* stack in an absent page */
    r = user_regs(CODE("mov eax, [ebx]"));
    r.bx = PAGE(0) + 0x10;
    run(&r);
    want_vector(&r, DF, 0);
    want("cr2 is the second fault's", r.cr2, PAGE(1) - 4);
    paging_off();
}

static void inner_stack_errors(void)
{
    struct regs r;
    *(uint32_t *)(tss + 8) = 0;
    r = USER("int 0x30");
    want("null inner SS: #TS, whose delivery fails, too", r.vector, DF);
    reset_tables();
    idt[TS] = make_gate(DFTSS, 0, A_TASK, 0);
    *(uint32_t *)(tss + 8) = UDS;
    r = USER("int 0x30");
    want("#TS by the task gate", r.vector, DF);
    want("error code", r.error, UDS & ~3);
    set_desc(SEL_FREE, 0, 0xFFFFF, (A_DATA & ~A_P) | A_D | A_G);
    reset_tables();
    set_desc(SEL_FREE, 0, 0xFFFFF, (A_DATA & ~A_P) | A_D | A_G);
    idt[SS] = make_gate(DFTSS, 0, A_TASK, 0);
    *(uint32_t *)(tss + 8) = SEL_FREE;
    r = USER("int 0x30");
    want("#SS by the task gate", r.vector, DF);
    want("error code", r.error, SEL_FREE);
}

/* ---- alignment */

static struct regs misaligned(word code, bool user)
{
    struct regs r = user ? user_regs(code) : kernel_regs(code);
    r.bx = (word)data + 1;
    r.flags |= F_AC;
    run(&r);
    return r;
}

static void alignment(void)
{
    struct regs r;
    r = misaligned(CODE("mov eax, [ebx]"), true);
    want_done(&r); /* without CR0.AM */
    WRITE_CR(0, READ_CR(0) | CR0_AM);
    r = misaligned(CODE("mov eax, [ebx]"), true);
    want_vector(&r, AC, 0);
    r = misaligned(CODE("mov [ebx], ax"), true);
    want_vector(&r, AC, 0);
    r = misaligned(CODE("mov [ebx], al"), true);
    want_done(&r);
    r = misaligned(CODE("mov eax, [ebx + 3]"), true);
    want_done(&r);
    r = misaligned(CODE("mov eax, [ebx + 1]"), true);
    want_vector(&r, AC, 0); /* 2 of 4 */
    r = misaligned(CODE("mov eax, [ebx]"), false);
    want_done(&r); /* ring 0 */
    r = user_regs(CODE("mov eax, [ebx]"));
    r.bx = (word)data + 1;
    run(&r);
    want_done(&r); /* without EFLAGS.AC */
    r = misaligned(CODE("mov esi, ebx; lodsd"), true);
    want_vector(&r, AC, 0);
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_AM);
    reset_tables();
}

static void alignment_stack(void)
{
    struct regs r;
    WRITE_CR(0, READ_CR(0) | CR0_AM);
    r = user_regs(CODE("push eax"));
    r.sp += 2;
    r.flags |= F_AC;
    run(&r);
    want_vector(&r, AC, 0);
    want("esp", r.sp, STACK_TOP - 254);
    r = user_regs(CODE("call .+5"));
    r.sp += 2;
    r.flags |= F_AC;
    run(&r);
    want_vector(&r, AC, 0);
    r = user_regs(CODE("pop eax"));
    r.sp += 1;
    r.flags |= F_AC;
    run(&r);
    want_vector(&r, AC, 0);
    r = user_regs(CODE("push ax"));
    r.sp += 2;
    r.flags |= F_AC;
    run(&r);
    want_done(&r);
    WRITE_CR(0, READ_CR(0) & ~(word)CR0_AM);
}

TESTS
    {"19.a", "3:6.9", "a code breakpoint comes before fetch faults and #UD", code_first},
    {"19.b", "2:2.3.11", "more than 15 bytes: #GP(0)", length_limit},
    {"19.c", "3:6.9", "#UD of LOCK and forms comes before privilege", undefined_first},
    {"19.d", "3:17.2.3", "traps of one instruction are one #DB; DR6 is sticky", merged_traps},
    {"20.a", "3:17.3.1.1", "RF of pushed flags: faults 1, traps 0", resume_flag},
    {"20.b", "3:17.3.1.1", "RF holds a breakpoint off for one instruction", resume_flag_use},
    {"20.c", "3:17.3.1.4", "TF: branches, REP, POPF, INT n, faults", single_step},
    {"20.d", "3:6.8.3", "MOV SS: TF and code breakpoint dropped, data breakpoint late", mov_ss},
    {"20.e", "3:6.8.3", "MOV SS with a data breakpoint before INT n", mov_ss_int},
    {"20.f", "2:INT1", "INT1 (F1): trap, DR6 unchanged", icebp},
    {"20.g", "3:17.2.5", "data breakpoints: lengths, overlap, kinds, stacks", data_breakpoints},
    {"20.h", "3:17.2.5", "data breakpoint on what an interrupt pushes", implicit_data},
    {"20.i", "3:17.2.4", "port breakpoints with CR4.DE", io_breakpoints},
    {"20.j", "3:17.2", "DR4, DR5, fixed bits, GD", debug_registers},
    {"21.a", "3:6.12.1.2", "DPL of gates for INT3, INTO, INT n, not INT1 and faults", gate_dpl},
    {"21.b", "3:6.13", "errors of the IDT: IDT and EXT bits", idt_errors},
    {"21.c", "3:6.10", "limit of the IDT", idt_limit},
    {"21.d", "3:6.15", "#NP at #GP is #DF, #PF at #GP is not", double_fault},
    {"21.e", "3:6.15", "#PF at #PF is #DF", page_fault_twice},
    {"21.f", "3:6.12.1", "inner stacks that cannot be used: #TS, #SS", inner_stack_errors},
    {"19.e", "3:6.15", "#AC: CPL 3, AM, AC, natural alignment", alignment},
    {"19.f", "3:6.15", "#AC of PUSH, POP, CALL", alignment_stack},
END_TESTS
