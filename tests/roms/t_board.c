/* t_board.c - interrupts: HLT, shadows, NMI, REP, local APIC, I/O APIC, 8259,
 * 8254, RTC. SDM volume 3, chapters 6 and 10; data sheets of the 8259A and
 * the 8254 ([8259], [8254]) and of the MC146818 ([RTC]). */
/* clang-format off */
#include "rom.h"

enum { PIC = 0x20, IRQ0 = 0x20, PIT = 0x40 };
#define APIC 0xFEE00000u
#define IOAPIC 0xFEC00000u
enum { ID = 0x20, VERSION = 0x30, TPR = 0x80, PPR = 0xA0, EOI = 0xB0,
       SVR = 0xF0, ISR = 0x100, IRR = 0x200, ESR = 0x280, ICR = 0x300,
       ICR_HIGH = 0x310, LVT_TIMER = 0x320, INITIAL = 0x380, CURRENT = 0x390,
       DIVIDE = 0x3E0, LVT_LINT0 = 0x350 };

static volatile uint32_t *apic(unsigned at)
{
    return (volatile uint32_t *)(APIC + at);
}

static void spin(unsigned n)
{
    while (n--)
        inb(0x80);
}

/* Channel 0 once, after so many ticks of 838 ns. */
static void pit_once(unsigned ticks)
{
    outb(PIT + 3, 0x30);
    outb(PIT, (uint8_t)ticks);
    outb(PIT, (uint8_t)(ticks >> 8));
}

static bool irq0_pending(void)
{
    outb(PIC, 0x0A);
    return inb(PIC) & 1;
}

static void eoi(void)
{
    outb(PIC, 0x20);
}

/* A request on IRQ 0 that waits, IF = 0. */
static void pend_irq0(void)
{
    outb(PIC + 1, 0xFE);
    pit_once(20);
    for (unsigned n = 0; n < 1000000 && !irq0_pending(); n++)
        ;
}

static void halt(void)
{
    struct regs r = kernel_regs(CODE("sti; hlt; nop; nop"));
    outb(PIC + 1, 0xFE);
    pit_once(3000);
    run(&r);
    want("vector", r.vector, IRQ0);
    want("ip is behind HLT", code_at(r.ip - 1), 0xF4);
    want_mask("IF", r.flags, F_IF, F_IF);
    eoi();
    pend_irq0();
    r = KERNEL("sti; hlt; nop");
    want("vector", r.vector, IRQ0);
    want("STI, HLT: HLT is executed first", code_at(r.ip - 1),
         0xF4);
    eoi();
}

static void shadows(void)
{
    struct regs r;
    pend_irq0();
    r = KERNEL("sti; nop; inc eax; nop");
    want("vector", r.vector, IRQ0);
    want("STI: one instruction", code_at(r.ip), 0x40);
    eoi();
    pend_irq0();
    r = KERNEL("sti; cli; nop");
    want_done(&r);
    r = kernel_regs(CODE("mov ss, ecx; inc eax; nop"));
    r.cx = KDS;
    r.flags |= F_IF;
    run(&r);
    /* Taken before MOV SS or behind INC, not between. */
    want("vector", r.vector, IRQ0);
    want("not behind MOV SS", code_at(r.ip) == 0x40, 0);
    eoi();
    pend_irq0();
    r = KERNEL("push 0x202; popfd; inc eax; nop");
    want("vector", r.vector, IRQ0);
    want("POPF has no shadow", code_at(r.ip), 0x40);
    eoi();
    pend_irq0();
    r = kernel_regs(CODE("sti; inc eax; nop"));
    r.flags |= F_IF;
    run(&r);
    want("with IF set IRET has none either", code_at(r.ip), 0xFB);
    eoi();
}

static void rep_interrupted(void)
{
    struct regs r = kernel_regs(CODE("rep stosb"));
    unsigned count = 0x800000;
    outb(PIC + 1, 0xFE);
    pit_once(300);
    r.di = ARENA;
    r.cx = count;
    r.flags |= F_IF;
    run(&r);
    if (r.vector == DONE) { /* a fast machine: the interrupt comes later */
        want("count", r.cx, 0);
        skip("REP STOS was faster than the timer");
        outb(PIC + 1, 0xFF);
        return;
    }
    want("vector", r.vector, IRQ0);
    want("DI and CX agree", r.di - ARENA, count - r.cx);
    want("ip is at REP", code_at(r.ip), 0xF3);
    eoi();
    outb(PIC + 1, 0xFF);
    r.flags &= ~(word)F_IF;
    run(&r);
    want_done(&r);
    want("goes on to the end", r.di, ARENA + count);
}

static bool apic_start(void)
{
    if (!has(1, 'd', 9)) {
        skip("no local APIC");
        return false;
    }
    wrmsr(0x1B, (rdmsr(0x1B) & ~0x400ull) | 0x800);
    *apic(SVR) = 0x1FF;
    *apic(TPR) = 0;
    *apic(LVT_LINT0) = 0x700; /* the 8259 goes through */
    return true;
}

static void nmi(void)
{
    struct regs r = kernel_regs(CODE("nop; nop"));
    if (!apic_start())
        return;
    r.ip = CODE("mov [ebx], ecx; nop; nop; nop; nop");
    r.bx = APIC + ICR;
    r.cx = 0x4400; /* NMI, to itself by ID */
    *apic(ICR_HIGH) = *apic(ID);
    run(&r);
    want("vector", r.vector, NMI);
    /* Blocked until IRET: this one waits. */
    *apic(ICR) = 0x4400;
    spin(10);
    r = KERNEL("inc eax; nop");
    want("vector after IRET", r.vector, NMI);
    r = KERNEL("nop; nop");
    want_done(&r);
}

static void apic_ipi(void)
{
    struct regs r;
    if (!apic_start())
        return;
    *apic(ICR) = 0x44041; /* to itself, vector 41h */
    spin(10);
    want("IRR", *apic(IRR + 0x20) & 2, 2);
    r = KERNEL("sti; nop; nop; nop; nop");
    want("vector", r.vector, 0x41);
    want("ISR", *apic(ISR + 0x20) & 2, 2);
    want("PPR", *apic(PPR) & 0xF0, 0x40);
    *apic(ICR) = 0x44042; /* same class: waits */
    *apic(ICR) = 0x44051; /* higher class */
    spin(10);
    r = KERNEL("sti; nop; nop; nop; nop");
    want("higher class", r.vector, 0x51);
    *apic(EOI) = 0;
    r = KERNEL("sti; nop; nop; nop; nop");
    want_done(&r);
    *apic(EOI) = 0;
    r = KERNEL("sti; nop; nop; nop; nop");
    want("after EOI", r.vector, 0x42);
    *apic(EOI) = 0;
    *apic(TPR) = 0x50;
    *apic(ICR) = 0x44043;
    spin(10);
    r = KERNEL("sti; nop; nop; nop; nop");
    want_done(&r);
    *apic(TPR) = 0x30;
    r = KERNEL("sti; nop; nop; nop; nop");
    want("TPR lowered", r.vector, 0x43);
    *apic(EOI) = 0;
    *apic(TPR) = 0;
}

static void apic_errors(void)
{
    if (!apic_start())
        return;
    *apic(ESR) = 0;
    *apic(ICR) = 0x44005; /* vectors below 16 are illegal */
    spin(10);
    *apic(ESR) = 0;
    want_mask("send illegal vector", *apic(ESR), 0x20, 0x20);
    *apic(ESR) = 0;
    want("cleared", *apic(ESR), 0);
}

static void apic_timer(void)
{
    struct regs r;
    if (!apic_start())
        return;
    *apic(DIVIDE) = 0xB;
    *apic(LVT_TIMER) = 0x10061; /* masked */
    *apic(INITIAL) = 1000;
    spin(2000);
    want("one shot ends at 0", *apic(CURRENT), 0);
    r = KERNEL("sti; nop; nop");
    want_done(&r);
    *apic(LVT_TIMER) = 0x61;
    *apic(INITIAL) = 20000;
    r = KERNEL("sti; 1: hlt; jmp 1b");
    want("vector", r.vector, 0x61);
    *apic(EOI) = 0;
    *apic(LVT_TIMER) = 0x10000;
}

static void apic_disable(void)
{
    struct regs r;
    if (!apic_start())
        return;
    wrmsr(0x1B, rdmsr(0x1B) & ~0x800ull);
    want("CPUID.APIC when disabled", has(1, 'd', 9), 0);
    wrmsr(0x1B, rdmsr(0x1B) | 0x800);
    want("CPUID.APIC when enabled again", has(1, 'd', 9), 1);
    want("SVR is as after reset", *apic(SVR) & 0x1FF, 0xFF);
    r = KERNEL("mov ecx, 0x1B; rdmsr; bts edx, 31; wrmsr");
    want_vector(&r, GP, 0); /* above MAXPHYADDR */
    r = KERNEL("mov ecx, 0x1B; rdmsr; bts eax, 7; wrmsr");
    want_vector(&r, GP, 0); /* reserved */
    apic_start();
}

static void apic_reset_lint0(void)
{
    if (!apic_start())
        return;
    wrmsr(0x1B, rdmsr(0x1B) & ~0x800ull);
    wrmsr(0x1B, rdmsr(0x1B) | 0x800);
    want("LINT0", *apic(LVT_LINT0) & 0x107FF, 0x10000);
    apic_start();
}

static struct regs msr_op(word code, uint32_t msr, uint32_t value)
{
    struct regs r = kernel_regs(code);
    r.cx = msr;
    r.ax = value;
    r.dx = 0;
    run(&r);
    return r;
}

static void x2apic(void)
{
    struct regs r;
    word rd = CODE("rdmsr"), wr = CODE("wrmsr");
    uint32_t base;
    if (!apic_start())
        return;
    if (!has(1, 'c', 21)) {
        r = msr_op(rd, 0x802, 0);
        want_vector(&r, GP, 0);
        skip("no x2APIC");
        return;
    }
    base = (uint32_t)rdmsr(0x1B);
    r = msr_op(rd, 0x802, 0);
    want_vector(&r, GP, 0); /* not in xAPIC mode */
    r = msr_op(wr, 0x1B, base | 0xC00);
    want_done(&r);
    r = msr_op(rd, 0x802, 0);
    want_done(&r);
    r = msr_op(wr, 0x802, 0);
    want_vector(&r, GP, 0); /* ID is read-only */
    r = msr_op(rd, 0x80B, 0);
    want_vector(&r, GP, 0); /* EOI is write-only */
    r = msr_op(wr, 0x80B, 1);
    want_vector(&r, GP, 0); /* and takes 0 only */
    r = msr_op(rd, 0x80E, 0);
    want_vector(&r, GP, 0); /* no DFR */
    r = msr_op(rd, 0x831, 0);
    want_vector(&r, GP, 0); /* no high half of ICR */
    r = msr_op(wr, 0x808, 0x100);
    want_vector(&r, GP, 0); /* TPR's reserved bits */
    r = msr_op(wr, 0x83F, 0x45);
    spin(10);
    r = KERNEL("sti; nop; nop; nop");
    want("self IPI", r.vector, 0x45);
    r = msr_op(wr, 0x80B, 0);
    want_done(&r);
    r = msr_op(wr, 0x1B, base | 0x800);
    want_vector(&r, GP, 0); /* back to xAPIC only by way of disabled */
    r = msr_op(wr, 0x1B, base & ~0xC00u);
    want_done(&r);
    r = msr_op(wr, 0x1B, (base & ~0x800u) | 0x400);
    want_vector(&r, GP, 0); /* EXTD without EN */
    wrmsr(0x1B, base | 0x800); /* CPUID shows it again */
    apic_start();
}

static uint32_t ioapic(uint32_t index)
{
    *(volatile uint32_t *)IOAPIC = index;
    return *(volatile uint32_t *)(IOAPIC + 0x10);
}

static void ioapic_set(uint32_t index, uint32_t value)
{
    *(volatile uint32_t *)IOAPIC = index;
    *(volatile uint32_t *)(IOAPIC + 0x10) = value;
}

static void io_apic(void)
{
    struct regs r;
    if (!apic_start())
        return;
    outb(PIC + 1, 0xFF);
    want("entries", ioapic(1) >> 16 & 0xFF, 23);
    ioapic_set(0x15, *apic(ID));
    ioapic_set(0x14, 0x10052); /* pin 2: the timer; masked */
    want_mask("entry", ioapic(0x14), 0x10052, 0x1EFFF);
    ioapic_set(0x14, 0x15052); /* status bits are read-only */
    want_mask("remote IRR and status", ioapic(0x14), 0, 0x5000);
    ioapic_set(0x14, 0x52);
    pit_once(1000);
    r = KERNEL("sti; 1: hlt; jmp 1b");
    want("vector", r.vector, 0x52);
    want_mask("edge: no remote IRR", ioapic(0x14), 0, 0x4000);
    *apic(EOI) = 0;
    ioapic_set(0x14, 0x10000);
}

static void pic(void)
{
    struct regs r;
    pend_irq0();
    want("IMR reads back", inb(PIC + 1), 0xFE);
    r = KERNEL("sti; nop; nop");
    want("vector", r.vector, IRQ0);
    outb(PIC, 0x0B);
    want("ISR", inb(PIC), 1);
    eoi();
    outb(PIC, 0x0B);
    want("ISR after EOI", inb(PIC), 0);
    /* Between ICW1 and ICW4 nothing is asked for. */
    outb(PIC + 1, 0xFF);
    outb(PIC, 0x11);
    pit_once(20);
    spin(300);
    r = KERNEL("sti; nop; nop; nop");
    want_done(&r);
    outb(PIC + 1, 0x20);
    outb(PIC + 1, 4);
    outb(PIC + 1, 1);
    irq_off();
    /* Auto-EOI leaves no ISR bit. */
    outb(PIC, 0x11);
    outb(PIC + 1, 0x20);
    outb(PIC + 1, 4);
    outb(PIC + 1, 3);
    pend_irq0();
    r = KERNEL("sti; nop; nop");
    want("vector", r.vector, IRQ0);
    outb(PIC, 0x0B);
    want("ISR with AEOI", inb(PIC), 0);
    outb(PIC, 0x11);
    outb(PIC + 1, 0x20);
    outb(PIC + 1, 4);
    outb(PIC + 1, 1);
    irq_off();
}

static void pit(void)
{
    uint8_t status;
    unsigned count;
    outb(PIT + 3, 0x30); /* channel 0, mode 0; no count yet */
    outb(PIT + 3, 0xE2); /* read back: status */
    status = inb(PIT);
    want("null count, mode 0, OUT low", status & 0xFF, 0x70);
    outb(PIT, 0xFF);
    outb(PIT, 0xFF);
    spin(1000);
    outb(PIT + 3, 0); /* latch */
    count = inb(PIT);
    count |= (unsigned)inb(PIT) << 8;
    want("it counts down", count > 0xF000 && count < 0xFFFF, 1);
    outb(PIT + 3, 0xE2);
    want("counting", inb(PIT), 0x30);
    pit_once(2);
    spin(300);
    outb(PIT + 3, 0xE2);
    want("OUT goes high at the end", inb(PIT), 0xB0);
    /* Latching twice keeps the first value. */
    outb(PIT + 3, 0x34);
    outb(PIT, 0);
    outb(PIT, 0);
    spin(1000);
    outb(PIT + 3, 0);
    spin(1000);
    outb(PIT + 3, 0);
    count = inb(PIT);
    count |= (unsigned)inb(PIT) << 8;
    outb(PIT + 3, 0);
    {
        unsigned later = inb(PIT);
        later |= (unsigned)inb(PIT) << 8;
        want("second latch is later", later < count, 1);
    }
    outb(PIT + 3, 0x30);
}

static uint8_t cmos(uint8_t index)
{
    outb(0x70, index);
    return inb(0x71);
}

static void rtc(void)
{
    uint8_t b;
    want("VRT", cmos(0xD), 0x80);
    b = cmos(0xB);
    want("24 hours", b & 2, 2);
    want("no interrupts", b & 0x70, 0);
    want("oscillator on", cmos(0xA) & 0x70, 0x20);
    cmos(0xC);
    want("register C is cleared by reading", cmos(0xC) & 0x80, 0);
}

TESTS
    {"22.a", "2:HLT", "HLT: RIP behind it; STI, HLT with an interrupt that waits", halt},
    {"22.b", "3:6.8.3", "STI and MOV SS hold interrupts off for one instruction", shadows},
    {"22.c", "2:REP", "interrupt within REP STOS: DI, CX, RIP; it goes on", rep_interrupted},
    {"22.d", "3:6.7.1", "NMI is blocked until IRET", nmi},
    {"23.a", "3:10.8", "self-IPI, IRR, ISR, PPR, classes, TPR, EOI", apic_ipi},
    {"23.b", "3:10.5.3", "ESR: illegal vector sent", apic_errors},
    {"23.c", "3:10.5.4", "timer: masked, one shot, HLT", apic_timer},
    {"23.d", "3:10.4.3", "global disable: CPUID bit, state when enabled again, reserved bits", apic_disable},
    {"23.g", "3:10.4.7.1", "LINT0 is masked when the APIC is enabled anew", apic_reset_lint0},
    {"23.e", "3:10.12", "x2APIC: MSRs that are not there, changes of mode", x2apic},
    {"23.f", "82093AA", "I/O APIC: entries, read-only bits, an edge", io_apic},
    {"24.a", "8259A", "8259: ISR, EOI, AEOI, silent between ICWs", pic},
    {"24.b", "8254", "8254: status, latch, null count, OUT", pit},
    {"24.c", "MC146818", "RTC: VRT, registers A to D", rtc},
END_TESTS
