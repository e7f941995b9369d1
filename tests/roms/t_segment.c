/* t_segment.c - segments of 32-bit protected mode: limits, rights, loads,
 * stacks, gates of 16 bits, control registers. SDM volume 3, chapters 2, 3,
 * 5 and 6. */
/* clang-format off */
#include "rom.h"

enum { A = SEL_FREE, B = SEL_FREE + 8, C = SEL_FREE + 16, D = SEL_FREE + 24 };

/* Ring 3, `sel` in FS, an offset in EBX. */
static struct regs with_fs(word code, unsigned sel, word offset)
{
    struct regs r = user_regs(code);
    r.fs = sel | 3;
    r.bx = offset;
    r.ax = 0x11223344;
    run(&r);
    return r;
}

static struct regs load(unsigned sel, word offset)
{
    return with_fs(CODE("mov eax, fs:[ebx]"), sel, offset);
}

static struct regs store(unsigned sel, word offset)
{
    return with_fs(CODE("mov fs:[ebx], eax"), sel, offset);
}

static void limit_bytes(void)
{
    struct regs r;
    set_desc(A, LOW, 0xFF, A_DATA | A_DPL3 | A_D);
    r = load(A, 0xFC);
    want_done(&r);
    r = load(A, 0xFD);
    want_vector(&r, GP, 0);
    r = store(A, 0x100);
    want_vector(&r, GP, 0);
    r = with_fs(CODE("mov al, fs:[ebx]"), A, 0xFF);
    want_done(&r);
    r = with_fs(CODE("mov al, fs:[ebx]"), A, 0x100);
    want_vector(&r, GP, 0);
    r = load(A, 0xFFFFFFF0);
    want_vector(&r, GP, 0);
}

static void limit_pages(void)
{
    struct regs r;
    set_desc(A, LOW, 0, A_DATA | A_DPL3 | A_D | A_G);
    r = load(A, 0xFFC);
    want_done(&r);
    r = load(A, 0xFFD);
    want_vector(&r, GP, 0);
    r = with_fs(CODE("lsl eax, ecx"), A, 0);
    r = user_regs(CODE("lsl eax, ecx"));
    r.cx = A | 3;
    run(&r);
    want("lsl", r.ax, 0xFFF);
}

static void limit_down(void)
{
    struct regs r;
    set_desc(A, LOW, 0xFFF, A_DOWN | A_DPL3 | A_D);
    r = load(A, 0xFFC);
    want_vector(&r, GP, 0);
    r = load(A, 0xFFF);
    want_vector(&r, GP, 0);
    r = load(A, 0x1000);
    want_done(&r);
    r = load(A, 0x12345);
    want_done(&r);
    set_desc(A, LOW, 0xFFF, A_DOWN | A_DPL3);
    r = load(A, 0xFFFC);
    want_done(&r);
    r = load(A, 0xFFFD);
    want_vector(&r, GP, 0);
    r = load(A, 0x10000);
    want_vector(&r, GP, 0);
}

static void rights(void)
{
    struct regs r;
    set_desc(A, LOW, 0xFFFF, A_DATA_RO | A_DPL3 | A_D);
    r = load(A, 0);
    want_done(&r);
    r = store(A, 0);
    want_vector(&r, GP, 0);
    set_desc(A, LOW, 0xFFFF, A_CODE | A_DPL3 | A_D);
    r = load(A, 0);
    want_done(&r);
    r = store(A, 0);
    want_vector(&r, GP, 0);
    /* An execute-only segment in CS: reads through CS fault. */
    set_desc(A, 0, 0xFFFFF, A_CODE_XO | A_DPL3 | A_D | A_G);
    r = user_regs(CODE("mov eax, cs:[ebx]"));
    r.cs = A | 3;
    r.bx = LOW;
    run(&r);
    want_vector(&r, GP, 0);
    r = user_regs(CODE("mov cs:[ebx], eax"));
    r.bx = LOW;
    run(&r);
    want_vector(&r, GP, 0);
    /* Read-modify-write of a read-only segment. */
    set_desc(A, LOW, 0xFFFF, A_DATA_RO | A_DPL3 | A_D);
    r = with_fs(CODE("add fs:[ebx], eax"), A, 0);
    want_vector(&r, GP, 0);
}

static void null_segment(void)
{
    struct regs r;
    r = user_regs(CODE("mov eax, fs:[ebx]"));
    r.fs = 0;
    run(&r);
    want_vector(&r, GP, 0);
    r = user_regs(CODE("mov eax, fs:[ebx]"));
    r.fs = 3;
    run(&r);
    want_vector(&r, GP, 0);
}

static void through_ss(void)
{
    struct regs r;
    set_desc(A, LOW, 0xFFF, A_DATA | A_DPL3 | A_D);
    r = user_regs(CODE("mov eax, [ebp]"));
    r.ss = A | 3;
    r.bp = 0xFFD;
    run(&r);
    want_vector(&r, SS, 0);
    r = user_regs(CODE("mov eax, [esp + 4]"));
    r.ss = A | 3;
    r.sp = 0xFFC;
    run(&r);
    want_vector(&r, SS, 0);
    r = user_regs(CODE("pop eax"));
    r.ss = A | 3;
    r.sp = 0xFFE;
    run(&r);
    want_vector(&r, SS, 0);
    want("esp", r.sp, 0xFFE);
    r = user_regs(CODE("push eax"));
    r.ss = A | 3;
    r.sp = 2;
    run(&r);
    want_vector(&r, SS, 0);
    want("esp", r.sp, 2);
    r = user_regs(CODE("call .+5"));
    r.ss = A | 3;
    r.sp = 0x1004;
    run(&r);
    want_vector(&r, SS, 0);
    r = user_regs(CODE("mov eax, ds:[ebp]"));
    r.ss = A | 3;
    r.ds = A | 3;
    r.bp = 0xFFD;
    run(&r);
    want_vector(&r, GP, 0);
}

/* ---- 11 */

static struct regs load_sreg(word code, unsigned sel, bool user)
{
    struct regs r = user ? user_regs(code) : kernel_regs(code);
    r.cx = sel;
    run(&r);
    return r;
}
#define MOV_SS "mov ss, ecx"
#define MOV_FS "mov fs, ecx"

static void load_cs(void)
{
    struct regs r = USER(".byte 0x8E, 0xC9"); /* mov cs, ecx */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0x8E, 0xF1"); /* segment register 6 */
    want_vector(&r, UD, NOERR);
    r = USER(".byte 0x8C, 0xF9"); /* mov ecx, segment register 7 */
    want_vector(&r, UD, NOERR);
}

static void load_not_present(void)
{
    struct regs r;
    set_desc(A, 0, 0xFFFFF, (A_DATA & ~A_P) | A_DPL3 | A_D | A_G);
    r = load_sreg(CODE(MOV_SS), A | 3, true);
    want_vector(&r, SS, A);
    r = load_sreg(CODE(MOV_FS), A | 3, true);
    want_vector(&r, NP, A);
    r = load_sreg(CODE("push ecx; pop fs"), A | 3, true);
    want_vector(&r, NP, A);
    want("esp", r.sp, STACK_TOP - 256 - 4);
}

static void load_ss(void)
{
    struct regs r;
    r = load_sreg(CODE(MOV_SS), 0, true);
    want_vector(&r, GP, 0);
    r = load_sreg(CODE(MOV_SS), 3, true);
    want_vector(&r, GP, 0);
    r = load_sreg(CODE(MOV_SS), 0, false);
    want_vector(&r, GP, 0);
    set_desc(A, 0, 0xFFFFF, A_DATA_RO | A_DPL3 | A_D | A_G);
    r = load_sreg(CODE(MOV_SS), A | 3, true);
    want_vector(&r, GP, A);
    r = load_sreg(CODE(MOV_SS), KDS, true); /* DPL 0 at CPL 3 */
    want_vector(&r, GP, KDS);
    r = load_sreg(CODE(MOV_SS), UDS & ~3, true); /* RPL 0 */
    want_vector(&r, GP, UDS & ~3);
    r = load_sreg(CODE(MOV_SS), UCS, true);
    want_vector(&r, GP, UCS & ~3);
    r = load_sreg(CODE(MOV_SS), GDT_SIZE + 8, false);
    want_vector(&r, GP, GDT_SIZE + 8);
    r = load_sreg(CODE(MOV_SS), 4 | 8, false); /* no LDT */
    want_vector(&r, GP, 4 | 8);
}

static void load_data(void)
{
    struct regs r;
    r = load_sreg(CODE(MOV_FS), KDS, true);
    want_vector(&r, GP, KDS);
    r = load_sreg(CODE(MOV_FS), KDS | 3, false); /* RPL 3, DPL 0 */
    want_vector(&r, GP, KDS);
    r = load_sreg(CODE(MOV_FS), TSS, false); /* system descriptor */
    want_vector(&r, GP, TSS);
    r = load_sreg(CODE(MOV_FS), UDS, true);
    want_done(&r);
    r = load_sreg(CODE(MOV_FS), UDS & ~3, true);
    want_done(&r);
    set_desc(A, 0, 0xFFFFF, A_CODE_XO | A_DPL3 | A_D | A_G);
    r = load_sreg(CODE(MOV_FS), A | 3, true); /* execute-only */
    want_vector(&r, GP, A);
    set_desc(A, 0, 0xFFFFF, A_CONF | A_D | A_G);
    r = load_sreg(CODE(MOV_FS), A | 3, true); /* conforming: any DPL */
    want_done(&r);
    r = load_sreg(CODE(MOV_FS), 2, true); /* null with an RPL */
    want_done(&r);
    want("fs", r.fs, 2);
}

static void accessed(void)
{
    struct regs r;
    set_desc(A, 0, 0xFFFFF, A_DATA | A_DPL3 | A_D | A_G);
    r = load_sreg(CODE(MOV_FS), A | 3, true);
    want_done(&r);
    want("type", gdt[A / 8] >> 40 & 0xFF, 0xF3);
    set_desc(A, 0, 0xFFFFF, A_DATA | A_D | A_G);
    r = load_sreg(CODE(MOV_FS), A | 3, true);
    want_vector(&r, GP, A);
    want("type after a fault", gdt[A / 8] >> 40 & 0xFF, 0x92);
    set_desc(A, 0, 0xFFFFF, A_CODE | A_D | A_G);
    r = kernel_regs(CODE("push ecx; push offset 1f; retf; 1:"));
    r.cx = A;
    run(&r);
    want_done(&r);
    want("type of code", gdt[A / 8] >> 40 & 0xFF, 0x9B);
    set_desc(A, 0, 0xFFFFF, A_DATA | A_D | A_G);
    r = kernel_regs(CODE("verr cx; lar eax, ecx; lsl eax, ecx"));
    r.cx = A;
    run(&r);
    want("type after VERR, LAR, LSL", gdt[A / 8] >> 40 & 0xFF, 0x92);
}

static void lar_lsl(void)
{
    struct regs r;
    r = user_regs(CODE("lar eax, ecx"));
    r.cx = UDS;
    run(&r);
    want_mask("ZF", r.flags, F_ZF, F_ZF);
    want_mask("lar", r.ax, 0xCFF200, 0xF0FE00);
    r = user_regs(CODE("lar eax, ecx"));
    r.cx = KDS; /* not visible at CPL 3 */
    r.ax = 0x1234;
    run(&r);
    want_mask("ZF", r.flags, 0, F_ZF);
    want("eax", r.ax, 0x1234);
    r = kernel_regs(CODE("lar eax, ecx"));
    r.cx = TSS;
    run(&r);
    want_mask("ZF", r.flags, F_ZF, F_ZF);
    want_mask("busy TSS", r.ax, 0x8B00, 0xFF00);
    gdt[A / 8] = make_gate(KCS, 0x1234, A_CALL32 | A_DPL3, 0);
    r = kernel_regs(CODE("lar eax, ecx; setz dl; lsl eax, ecx; setz dh"));
    r.cx = A;
    run(&r);
    want("call gate: LAR yes, LSL no", r.dx & 0xFFFF, 1);
    gdt[A / 8] = make_gate(KCS, 0x1234, A_INT32 | A_DPL3, 0);
    r = kernel_regs(CODE("lar eax, ecx; setz dl"));
    r.cx = A;
    run(&r);
    want("interrupt gate: LAR no", r.dx & 0xFF, 0);
    r = kernel_regs(CODE("lar eax, ecx; setz dl; verr cx; setz dh"));
    r.cx = 0;
    run(&r);
    want("null", r.dx & 0xFFFF, 0);
    r = user_regs(CODE("verr cx; setz dl; verw cx; setz dh"));
    r.cx = UCS;
    run(&r);
    want("VERR and VERW of code", r.dx & 0xFFFF, 1);
    r = user_regs(CODE("arpl cx, dx; setz al"));
    r.cx = 0x10;
    r.dx = 3;
    run(&r);
    want("arpl", r.cx, 0x13);
    want("ZF", r.ax & 0xFF, 1);
}

/* ---- 12: return to an outer ring */

static void return_nulls(void)
{
    struct regs r;
    set_desc(A, 0, 0xFFFFF, A_CONF | A_D | A_G);
    r = kernel_regs(CODE("push 0x23; push esp; push 2; push 0x1B\n"
                         "push offset 1f; iretd; 1:"));
    r.ds = KDS;
    r.es = UDS;
    r.fs = A;
    r.gs = KDS;
    run(&r);
    want_done(&r);
    want("cs", r.cs, UCS);
    want("ds", r.ds, 0);
    want("es", r.es, UDS);
    want("fs, conforming code", r.fs, A);
    want("gs", r.gs, 0);
    r = kernel_regs(CODE("push 0x23; push esp; push 0x1B\n"
                         "push offset 1f; retf; 1: mov eax, [ebx]"));
    r.bx = LOW;
    run(&r);
    want_vector(&r, GP, 0);
    want("ds", r.ds, 0);
}

/* ---- 13: gates of 16 bits */

static uint16_t *inner_frame(unsigned words)
{
    extern uint8_t exception_stack_top[];
    return (uint16_t *)exception_stack_top - words;
}

static void call_gate_16(void)
{
    struct regs r;
    uint16_t *f = inner_frame(4);
    word target = CODE("nop");
    set_desc(B, target, 0xFFFF, A_CODE | A_D);
    gdt[A / 8] = make_gate(B, 0xDEAD0000, A_CALL16 | A_DPL3, 0);
    r = user_regs(CODE("lcall 0x83, 0x12345678"));
    r.sp = STACK_TOP - 0x100;
    run(&r);
    want_done(&r);
    want("cs", r.cs, B);
    want("eip", r.ip, 3);
    want("pushed ss", f[3], UDS);
    want("pushed sp", f[2], (STACK_TOP - 0x100) & 0xFFFF);
    want("pushed cs", f[1], UCS);
}

static void call_gate_32(void)
{
    struct regs r;
    uint32_t *f = (uint32_t *)inner_frame(12);
    gdt[A / 8] = make_gate(KCS, CODE("nop"), A_CALL32 | A_DPL3, 2);
    r = user_regs(CODE("push 0x1111; push 0x2222; lcall 0x83, 0"));
    run(&r);
    want_done(&r);
    want("cs", r.cs, KCS);
    want("ss", f[5], UDS);
    want("esp", f[4], STACK_TOP - 256 - 8);
    want("parameter 1", f[3], 0x1111);
    want("parameter 2", f[2], 0x2222);
    want("pushed cs", f[1], UCS);
    /* Rights of the gate. */
    gdt[A / 8] = make_gate(KCS, CODE("nop"), A_CALL32, 0);
    r = USER("lcall 0x83, 0");
    want_vector(&r, GP, A);
    gdt[A / 8] = make_gate(KCS, CODE("nop"), (A_CALL32 & ~A_P) | A_DPL3, 0);
    r = USER("lcall 0x83, 0");
    want_vector(&r, NP, A);
    gdt[A / 8] = make_gate(0, CODE("nop"), A_CALL32 | A_DPL3, 0);
    r = USER("lcall 0x83, 0");
    want_vector(&r, GP, 0);
    gdt[A / 8] = make_gate(KDS, CODE("nop"), A_CALL32 | A_DPL3, 0);
    r = USER("lcall 0x83, 0");
    want_vector(&r, GP, KDS);
    /* JMP does not change rings through a gate to a nonconforming segment. */
    gdt[A / 8] = make_gate(KCS, CODE("nop"), A_CALL32 | A_DPL3, 0);
    r = USER("ljmp 0x83, 0");
    want_vector(&r, GP, KCS);
}

static void int_gate_16(void)
{
    struct regs r;
    uint16_t *f = inner_frame(5);
    word target = CODE("nop");
    set_desc(B, target, 0xFFFF, A_CODE | A_D);
    idt[0x31] = make_gate(B, 0xBEEF0000, A_INT16 | A_DPL3, 0);
    r = USER("stc; int 0x31");
    want_done(&r);
    want("cs", r.cs, B);
    want("pushed ss", f[4], UDS);
    want("pushed sp", f[3], (STACK_TOP - 256) & 0xFFFF);
    want("pushed flags", f[2], 3);
    want("pushed cs", f[1], UCS);
}

/* ---- 15: the stack's width is SS.B's */

static struct regs small_stack(word code, word esp, word ebp)
{
    struct regs r = user_regs(code);
    set_desc(A, LOW, 0xFFFF, A_DATA | A_DPL3);
    r.ss = A | 3;
    r.sp = 0x8000;
    r.cx = esp; /* IRET loads only SP from the frame */
    r.bp = ebp;
    r.ax = 0x11223344;
    run(&r);
    return r;
}

static void small_push(void)
{
    struct regs r = small_stack(CODE("mov esp, ecx; push eax"), 0x12340100, 0);
    want_done(&r);
    want("esp", r.sp, 0x123400FC);
    want("value", *(volatile uint32_t *)(LOW + 0xFC), 0x11223344);
    r = small_stack(CODE("mov esp, ecx; push ax"), 0x56780000, 0);
    want_done(&r);
    want("esp", r.sp, 0x5678FFFE);
    want("value", *(volatile uint16_t *)(LOW + 0xFFFE), 0x3344);
    r = small_stack(CODE("mov esp, ecx; push eax"), 0x56780002, 0);
    want_vector(&r, SS, 0); /* FFFE..10001 */
    r = small_stack(CODE("mov esp, ecx; pop eax"), 0x1234FFFC, 0);
    want_done(&r);
    want("esp", r.sp, 0x12340000);
    r = small_stack(CODE("mov esp, ecx; pushad"), 0x12340100, 0);
    want("esp", r.sp, 0x123400E0);
    want("pushed esp", *(volatile uint32_t *)(LOW + 0xEC), 0x12340100);
    r = small_stack(CODE("mov esp, ecx; call .+5"), 0xABCD0100, 0);
    want("esp", r.sp, 0xABCD00FC);
    r = small_stack(CODE("mov esp, ecx; push offset 1f; ret 0x20; 1:"), 0xABCD0100, 0);
    want("esp after RET n", r.sp, 0xABCD0120);
    r = small_stack(CODE("mov esp, ecx; push offset 1f; ret 0x20; 1:"), 0xABCDFFF0, 0);
    want("esp after RET n that wraps", r.sp, 0xABCD0010);
    r = small_stack(CODE("mov esp, ecx; push cs; push offset 1f; retf 8; 1:"), 0xABCD0100,
                    0);
    want("esp after RETF n", r.sp, 0xABCD0108);
}

static void small_enter(void)
{
    struct regs r = small_stack(CODE("mov esp, ecx; enter 0x10, 0"), 0x12340100, 0xAAAA5555);
    want_done(&r);
    want("esp", r.sp, 0x123400EC);
    want_mask("bp", r.bp, 0x00FC, 0xFFFF);
    want("saved ebp", *(volatile uint32_t *)(LOW + 0xFC), 0xAAAA5555);
    *(volatile uint32_t *)(LOW + 0x1FC) = 0xCAFE0001;
    r = small_stack(CODE("mov esp, ecx; enter 0x10, 2"), 0x12340100, 0xFFFF0200);
    want_done(&r);
    want("esp", r.sp, 0x123400E4);
    want("display", *(volatile uint32_t *)(LOW + 0xF8), 0xCAFE0001);
    r = small_stack(CODE("mov esp, ecx; leave"), 0x12340100, 0x77770200);
    want_done(&r);
    want("esp after LEAVE", r.sp, 0x12340204);
    r = small_stack(CODE("mov esp, ecx; data16 leave"), 0x12340100, 0x77770200);
    want("esp after LEAVE of 16 bits", r.sp, 0x12340202);
}

static void pop_memory(void)
{
    struct regs r;
    r = user_regs(CODE("push 0x11; push 0x22; pop dword ptr [esp + 8]\n"
                       "mov eax, [esp + 8]"));
    run(&r);
    want_done(&r);
    want("ESP of the address is the one after", r.ax, 0x22);
    r = USER("mov ecx, esp; push esp; pop eax");
    want("PUSH ESP pushes the old one", r.ax, r.cx);
    r = USER("push 0x12345678; pop esp; mov eax, esp; mov esp, 0");
    want("POP ESP", r.ax, 0x12345678);
    r = USER("mov ecx, esp; push fs; sub ecx, esp");
    want("PUSH FS takes 4", r.cx, 4);
    r = USER("mov ecx, esp; data16 push fs; sub ecx, esp");
    want("PUSH FS of 16 bits takes 2", r.cx, 2);
}

/* ---- 18: control registers and MSRs */

static void control(void)
{
    struct regs r;
    r = KERNEL("mov eax, cr0; and eax, ~1; or eax, 0x80000000; mov cr0, eax");
    want_vector(&r, GP, 0); /* PG without PE */
    r = KERNEL("mov eax, cr0; or eax, 0x20000000; and eax, ~0x40000000\n"
               "mov cr0, eax");
    want_vector(&r, GP, 0); /* NW without CD */
    r = KERNEL("mov eax, cr0; and eax, ~0x10; mov cr0, eax; mov eax, cr0");
    want_done(&r);
    want_mask("ET", r.ax, 0x10, 0x10);
    r = KERNEL("mov eax, cr4; or eax, 0x80000000; mov cr4, eax");
    want_vector(&r, GP, 0);
    r = KERNEL("mov eax, cr4; or eax, 0x8000; mov cr4, eax");
    want_vector(&r, GP, 0); /* bit 15 */
    r = KERNEL(".byte 0x0F, 0x20, 0xC8"); /* CR1 */
    want_vector(&r, UD, NOERR);
    r = KERNEL(".byte 0x0F, 0x22, 0xF8"); /* CR7 */
    want_vector(&r, UD, NOERR);
    r = USER("mov eax, cr0");
    want_vector(&r, GP, 0);
    r = USER("mov eax, dr7");
    want_vector(&r, GP, 0);
    r = USER("lmsw ax");
    want_vector(&r, GP, 0);
    r = KERNEL("smsw eax; or eax, 8; lmsw ax; smsw ecx; and eax, ~9; lmsw ax\n"
               "smsw edx; clts");
    want_done(&r);
    want_mask("LMSW sets TS", r.cx, 8, 8);
    want_mask("LMSW does not clear PE", r.dx, 1, 9);
    r = USER("hlt");
    want_vector(&r, GP, 0);
    r = USER("clts");
    want_vector(&r, GP, 0);
    r = USER("invlpg [eax]");
    want_vector(&r, GP, 0);
    r = USER("wbinvd");
    want_vector(&r, GP, 0);
    r = USER("lgdt [eax]");
    want_vector(&r, GP, 0);
    r = USER("ltr ax");
    want_vector(&r, GP, 0);
}

static void msrs(void)
{
    struct regs r;
    r = KERNEL("mov ecx, 0x12345678; rdmsr");
    want_vector(&r, GP, 0);
    r = KERNEL("mov ecx, 0x12345678; xor eax, eax; xor edx, edx; wrmsr");
    want_vector(&r, GP, 0);
    r = USER("mov ecx, 0x10; rdmsr");
    want_vector(&r, GP, 0);
    if (HAS_NX) {
        r = KERNEL("mov ecx, 0xC0000080; rdmsr; or eax, 2; wrmsr");
        want_vector(&r, GP, 0); /* EFER bit 1 */
        r = KERNEL("mov ecx, 0xC0000080; rdmsr; or edx, 1; wrmsr");
        want_vector(&r, GP, 0);
    }
    r = KERNEL("mov eax, cr4; mov edx, eax; or eax, 4; mov cr4, eax\n"
               "rdtsc; mov eax, cr4; and eax, ~4; mov cr4, eax");
    want_done(&r); /* TSD does not concern ring 0 */
    WRITE_CR(4, READ_CR(4) | CR4_TSD);
    r = USER("rdtsc");
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_TSD);
    want_vector(&r, GP, 0);
    r = USER("rdtsc");
    want_done(&r);
}

static void umip(void)
{
    struct regs r;
    static const char *const names[] = {"SGDT", "SIDT", "SLDT", "STR", "SMSW"};
    word code[] = {CODE("sgdt [ebx]"), CODE("sidt [ebx]"), CODE("sldt eax"),
                   CODE("str eax"), CODE("smsw eax")};
    for (unsigned n = 0; n < 5; n++) {
        r = user_regs(code[n]);
        r.bx = LOW;
        run(&r);
        want(names[n], r.vector, DONE);
    }
    if (!HAS_UMIP) {
        skip("no UMIP");
        return;
    }
    WRITE_CR(4, READ_CR(4) | CR4_UMIP);
    for (unsigned n = 0; n < 5; n++) {
        r = user_regs(code[n]);
        r.bx = LOW;
        run(&r);
        want(names[n], r.vector, GP);
        r = kernel_regs(code[n]);
        r.bx = LOW;
        run(&r);
        want(names[n], r.vector, DONE);
    }
    WRITE_CR(4, READ_CR(4) & ~(word)CR4_UMIP);
}

static void far_transfers(void)
{
    struct regs r;
    r = KERNEL("ljmp 0, 0");
    want_vector(&r, GP, 0);
    r = KERNEL("ljmp 0x10, 0");
    want_vector(&r, GP, KDS);
    r = KERNEL("ljmp 0x1B, 0"); /* DPL 3 at CPL 0 */
    want_vector(&r, GP, UCS & ~3);
    r = USER("ljmp 8, 0");
    want_vector(&r, GP, KCS);
    r = USER("ljmp 0x203, 0"); /* behind the GDT's limit */
    want_vector(&r, GP, 0x200);
    set_desc(A, 0, 0xFFFFF, (A_CODE & ~A_P) | A_DPL3 | A_D | A_G);
    r = USER("ljmp 0x83, 0");
    want_vector(&r, NP, A);
    set_desc(A, 0, 0xFFF, A_CODE | A_DPL3 | A_D);
    r = USER("ljmp 0x83, 0x1000"); /* the limit of the target */
    want_vector(&r, GP, 0);
    want("cs", r.cs, UCS);
    set_desc(A, 0, 0xFFFFF, A_CONF | A_D | A_G);
    r = USER("push 0x83; push offset 1f; retf; 1:");
    want_done(&r); /* conforming, DPL 0: CPL stays 3 */
    want("cs", r.cs, A | 3);
    r = USER("push 8; push offset 1f; retf; 1:"); /* to an inner ring */
    want_vector(&r, GP, KCS);
    r = USER("push 2; push 8; push offset 1f; iretd; 1:");
    want_vector(&r, GP, KCS);
    r = KERNEL("push 0; push 0x1000; push 2; push 0x1B; push 0; iretd");
    want_vector(&r, GP, 0); /* a null SS */
    r = KERNEL("push 0x10; push 0x1000; push 2; push 0x1B; push 0; iretd");
    want_vector(&r, GP, KDS);
}

static void ip_limit(void)
{
    struct regs r;
    word code = CODE("nop; nop; nop; nop; nop; nop; nop; nop");
    set_desc(A, code, 3, A_CODE | A_DPL3 | A_D);
    r = user_regs(0);
    r.cs = A | 3;
    run(&r);
    want_vector(&r, GP, 0);
    want("eip", r.ip, 4);
    code = CODE(".byte 0xB8, 1, 2, 3, 4");
    set_desc(A, code, 3, A_CODE | A_DPL3 | A_D);
    r = user_regs(0);
    r.cs = A | 3;
    run(&r);
    want_vector(&r, GP, 0); /* an instruction over the limit */
    want("eip", r.ip, 0);
    code = CODE("jmp .+0x1000");
    set_desc(A, code, 0x7F, A_CODE | A_DPL3 | A_D);
    r = user_regs(0);
    r.cs = A | 3;
    run(&r);
    want_vector(&r, GP, 0); /* the branch itself faults */
    want("eip", r.ip, 0);
    code = CODE("call .+0x1000");
    set_desc(A, code, 0x7F, A_CODE | A_DPL3 | A_D);
    r = user_regs(0);
    r.cs = A | 3;
    run(&r);
    want_vector(&r, GP, 0);
    want("esp", r.sp, STACK_TOP - 256);
}

static void lldt_ltr(void)
{
    struct regs r;
    set_desc(A, LOW, 0xFFF, A_LDT);
    r = load_sreg(CODE("lldt cx; sldt eax; xor ecx, ecx; lldt cx"), A, false);
    want_done(&r);
    want("sldt", r.ax & 0xFFFF, A);
    set_desc(A, LOW, 0xFFF, A_LDT & ~A_P);
    r = load_sreg(CODE("lldt cx"), A, false);
    want_vector(&r, NP, A);
    r = load_sreg(CODE("lldt cx"), KDS, false);
    want_vector(&r, GP, KDS);
    r = load_sreg(CODE("lldt cx"), A | 4, false);
    want_vector(&r, GP, A | 4);
    r = load_sreg(CODE("ltr cx"), TSS, false); /* busy */
    want_vector(&r, GP, TSS);
    r = load_sreg(CODE("ltr cx"), 0, false);
    want_vector(&r, GP, 0);
    set_desc(A, LOW, 0x67, A_TSS32 & ~A_P);
    r = load_sreg(CODE("ltr cx"), A, false);
    want_vector(&r, NP, A);
}

TESTS
    {"10.a", "3:5.3", "limits in bytes: #GP(0) behind them", limit_bytes},
    {"10.b", "3:5.3", "limits in pages", limit_pages},
    {"10.c", "3:5.3", "expand-down: valid above the limit, to FFFF or FFFFFFFF by B", limit_down},
    {"10.d", "3:5.4", "writes to read-only and code, reads of execute-only: #GP(0)", rights},
    {"10.e", "3:5.4", "use of a null segment: #GP(0)", null_segment},
    {"10.f", "3:6.15", "through SS: #SS(0), stack pointer unchanged", through_ss},
    {"10.g", "3:5.3", "fetches and branches behind the limit of CS", ip_limit},
    {"11.a", "2:MOV", "MOV to CS and segment registers 6 and 7: #UD", load_cs},
    {"11.b", "2:MOV", "not present: SS #SS, others #NP, with the selector without RPL", load_not_present},
    {"11.c", "2:MOV", "SS: null #GP(0); RPL, DPL, type #GP(selector)", load_ss},
    {"11.d", "2:MOV", "data segments: DPL, RPL, types, null", load_data},
    {"11.e", "2:JMP", "far transfers: selectors, DPL, presence, limit of the target", far_transfers},
    {"11.f", "2:LLDT", "LLDT, LTR: type, presence, TI, busy", lldt_ltr},
    {"12.a", "2:RET", "return to an outer ring empties inner data segments", return_nulls},
    {"12.b", "3:3.4.5.1", "accessed bit by loads, not by faults, VERR, LAR", accessed},
    {"12.c", "2:LAR", "LAR, LSL, VERR, VERW, ARPL", lar_lsl},
    {"13.a", "3:5.8.3", "16-bit call gate: offset and pushes of 16 bits", call_gate_16},
    {"13.b", "3:5.8.4", "32-bit call gate: parameters, DPL, presence, target", call_gate_32},
    {"13.c", "3:6.12", "16-bit interrupt gate: offset and pushes of 16 bits", int_gate_16},
    {"15.a", "1:6.2.3", "16-bit SS: PUSH, POP, CALL, RET n keep the high half of ESP", small_push},
    {"15.b", "2:ENTER", "16-bit SS: ENTER with levels, LEAVE", small_enter},
    {"15.c", "2:POP", "POP [ESP + n], PUSH ESP, POP ESP, PUSH Sreg", pop_memory},
    {"18.a", "3:2.5", "CR0, CR4: forbidden combinations and bits; privileged instructions", control},
    {"18.b", "2:RDMSR", "unknown MSRs, EFER's reserved bits, CR4.TSD", msrs},
    {"18.c", "3:2.5", "UMIP", umip},
END_TESTS
