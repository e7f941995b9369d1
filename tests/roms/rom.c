/* rom.c - the kernel of the conformance ROMs: tables, running code, results.
 *
 * A ROM writes to COM1 (polled, 115200 baud), a line for each test:
 *
 *   item NUMBER [REF] TEXT: ok
 *   item NUMBER [REF] TEXT: FAIL what got=X want=Y, ...
 *   item NUMBER [REF] TEXT: skip WHY
 *
 * after `test N` which tells the runner where to go on after a crash, and
 * ends with `rom NAME done`, the exit port F4h (QEMU: isa-debug-exit, value
 * 10h) and the letters "Shutdown" to port 8900h. */
#include "rom.h"

enum {
    COM1 = 0x3F8,
    IVT_STUBS = 0x5000,
    REAL_IN = 0x6000,
    REAL_OUT = 0x6100,
    REAL_CODE = 0x7000
};

uint64_t gdt[GDT_SIZE / 8] __attribute__((aligned(16)));
uint64_t idt[256 * sizeof(word) / 4] __attribute__((aligned(16)));
uint8_t tss[0x4000] __attribute__((aligned(0x1000)));
uint8_t test_stack[0x4000] __attribute__((aligned(0x1000)));
#ifndef __x86_64__
static uint32_t df_tss[32] __attribute__((aligned(128)));
#endif

void rom_main(void);
void double_fault_entry(void);

static struct regs *running;
static struct {
    unsigned failures;
    bool skipped;
} result;

/* ---- C library, what of it the compiler calls */

void *memset(void *to, int c, size_t n)
{
    void *d = to;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    void *d = to;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n)::"memory");
    return to;
}

/* ---- output */

static void put_char(char c)
{
    while (!(inb(COM1 + 5) & 0x20))
        ;
    outb(COM1, (uint8_t)c);
}

void put(const char *text)
{
    while (*text)
        put_char(*text++);
}

void put_hex(uint64_t value)
{
    unsigned digits = 16;
    while (digits > 1 && !(value >> (digits - 1) * 4))
        digits--;
    while (digits--)
        put_char("0123456789abcdef"[value >> digits * 4 & 15]);
}

static void serial_start(void)
{
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 0x80);
    outb(COM1, 1);
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 3);
    outb(COM1 + 2, 7);
    outb(COM1 + 4, 3);
}

static void __attribute__((noreturn)) power_off(void)
{
    while (!(inb(COM1 + 5) & 0x40))
        ;
    outb(0xF4, 0x10);
    for (const char *c = "Shutdown"; *c; c++)
        outb(0x8900, (uint8_t)*c);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void __attribute__((noreturn)) finish(void)
{
    put("rom ");
    put(ROM_NAME);
    put(" done\n");
    power_off();
}

/* ---- results */

void want_mask(const char *what, uint64_t got, uint64_t expected, uint64_t mask)
{
    if (!((got ^ expected) & mask))
        return;
    put(result.failures++ ? ", " : " FAIL ");
    put(what);
    put(" got=");
    put_hex(got & mask);
    put(" want=");
    put_hex(expected & mask);
}

void want(const char *what, uint64_t got, uint64_t expected)
{
    want_mask(what, got, expected, ~0ull);
}

unsigned code_at(word ip)
{
    if (ip < 0x100000 || ip >= ARENA)
        return 0;
    return *(const volatile uint8_t *)ip;
}

void want_vector(const struct regs *r, unsigned vector, uint32_t error)
{
    want("vector", r->vector, vector);
    if (r->vector == vector && vector != DONE)
        want("error", r->error, error);
}

void want_done(const struct regs *r)
{
    want("vector", r->vector, DONE);
}

void skip(const char *why)
{
    if (!result.failures) {
        put(" skip ");
        put(why);
    }
    result.skipped = true;
}

void not_here(const char *why)
{
    put(" n/a ");
    put(why);
    result.skipped = true;
}

bool has(uint32_t leaf, char reg, unsigned bit)
{
    struct cpuid r = cpuid(leaf & 0x80000000, 0);
    if (r.a < leaf)
        return false;
    r = cpuid(leaf, 0);
    return (reg == 'a'   ? r.a
            : reg == 'b' ? r.b
            : reg == 'c' ? r.c
                         : r.d) >>
               bit &
           1;
}

unsigned maxphyaddr(void)
{
    if (cpuid(0x80000000, 0).a < 0x80000008)
        return 36;
    return cpuid(0x80000008, 0).a & 0xFF;
}

/* ---- tables */

void set_desc(unsigned sel, uint32_t base, uint32_t limit, unsigned attr)
{
    gdt[sel / 8] =
        (limit & 0xFFFF) | (uint64_t)(base & 0xFFFFFF) << 16 |
        (uint64_t)(attr & 0xFF) << 40 | (uint64_t)(limit >> 16 & 15) << 48 |
        (uint64_t)(attr >> 8 & 15) << 52 | (uint64_t)(base >> 24) << 56;
}

uint64_t make_gate(unsigned sel, uint32_t offset, unsigned attr, unsigned n)
{
    return (offset & 0xFFFF) | (uint64_t)sel << 16 |
           (uint64_t)(attr << 8 | n) << 32 | (uint64_t)(offset >> 16) << 48;
}

void set_gate(unsigned vector, unsigned sel, word offset, unsigned attr)
{
#ifdef __x86_64__
    idt[vector * 2] = make_gate(sel, (uint32_t)offset, attr, 1);
    idt[vector * 2 + 1] = offset >> 32;
#else
    idt[vector] = make_gate(sel, offset, attr, 0);
#endif
}

void default_gate(unsigned vector)
{
    set_gate(vector, KCS, (word)stubs + vector * 16,
             vector == DONE || vector == BP ? A_INT32 | A_DPL3 : A_INT32);
#ifndef __x86_64__
    if (vector == DF)
        set_gate(vector, DFTSS, 0, A_TASK);
#endif
}

void flush_gdt(void)
{
    struct {
        uint16_t limit;
        word base;
    } __attribute__((packed)) gdtr = {GDT_SIZE - 1, (word)gdt},
                              idtr = {sizeof idt - 1, (word)idt};
    __asm__ volatile("lgdt %0" ::"m"(gdtr));
    __asm__ volatile("lidt %0" ::"m"(idtr));
}

static void reset_tss(void)
{
    memset(tss, 0, 0x68);
    *(uint16_t *)(tss + 0x66) = 0x68;
    memset(tss + 0x68, 0, 0x2000);
    memset(tss + 0x68 + 0x2000, 0xFF, 1);
#ifdef __x86_64__
    *(uint64_t *)(tss + 4) = STACK_TOP;
    *(uint64_t *)(tss + 0x24) = (word)exception_stack_top;
    set_desc(TSS, (uint32_t)(word)tss, 0x68 + 0x2000, A_TSS32);
    gdt[TSS / 8 + 1] = 0;
#else
    *(uint32_t *)(tss + 4) = (word)exception_stack_top;
    *(uint32_t *)(tss + 8) = KDS;
    set_desc(TSS, (word)tss, 0x68 + 0x2000, A_TSS32);
    memset(df_tss, 0, sizeof df_tss);
    df_tss[7] = READ_CR(3);
    df_tss[8] = (word)double_fault_entry;
    df_tss[9] = 2;
    df_tss[14] = (word)exception_stack_top;
    df_tss[19] = KCS;
    df_tss[18] = df_tss[20] = df_tss[21] = df_tss[22] = df_tss[23] = KDS;
    set_desc(DFTSS, (word)df_tss, 0x67, A_TSS32);
#endif
    __asm__ volatile("ltr %w0" ::"r"(TSS));
}

void reset_tables(void)
{
    memset(gdt, 0, sizeof gdt);
#ifdef __x86_64__
    set_desc(KCS, 0, 0xFFFFF, A_CODE | A_L | A_G);
    set_desc(UCS, 0, 0xFFFFF, A_CODE | A_DPL3 | A_L | A_G);
#else
    set_desc(KCS, 0, 0xFFFFF, A_CODE | A_D | A_G);
    set_desc(UCS, 0, 0xFFFFF, A_CODE | A_DPL3 | A_D | A_G);
#endif
    set_desc(KDS, 0, 0xFFFFF, A_DATA | A_D | A_G);
    set_desc(UDS, 0, 0xFFFFF, A_DATA | A_DPL3 | A_D | A_G);
    set_desc(KCS32, 0, 0xFFFFF, A_CODE | A_D | A_G);
    set_desc(UCS32, 0, 0xFFFFF, A_CODE | A_DPL3 | A_D | A_G);
    set_desc(KCS16, 0, 0xFFFF, A_CODE);
    set_desc(KDS16, 0, 0xFFFF, A_DATA);
    for (unsigned v = 0; v < 256; v++)
        default_gate(v);
    flush_gdt();
    reset_tss();
    __asm__ volatile("lldt %w0" ::"r"(0));
}

/* ---- what exceptions do; called by start.S */

struct frame {
#ifdef __x86_64__
    word ax, cx, dx, bx, sp_unused, bp, si, di, r8, r9, r10, r11, r12, r13, r14,
        r15;
    word vector, error, ip, cs, flags, sp, ss;
#else
    word gs, fs, es, ds, di, si, bp, sp_unused, bx, dx, cx, ax;
    word vector, error, ip, cs, flags;
    word sp, ss; /* from an outer ring */
    word v86_es, v86_ds, v86_fs, v86_gs;
#endif
};

static void note_end(struct regs *r)
{
    r->cr2 = READ_CR(2);
    r->dr6 = READ_DR(6);
    WRITE_DR(7, 0x400);
    WRITE_DR(6, 0xFFFF0FF0);
}

static void __attribute__((noreturn)) unexpected(const struct frame *f)
{
    put(" FAIL exception in the ROM's own kernel, vector=");
    put_hex(f->vector & 0xFF);
    put(" error=");
    put_hex(f->error);
    put(" ip=");
    put_hex(f->ip);
    put(" cr2=");
    put_hex(READ_CR(2));
    put("\n");
    power_off();
}

static void note_general(struct regs *r, const struct frame *f)
{
    r->ax = f->ax;
    r->cx = f->cx;
    r->dx = f->dx;
    r->bx = f->bx;
    r->bp = f->bp;
    r->si = f->si;
    r->di = f->di;
    r->ip = f->ip;
    r->flags = f->flags;
    r->cs = f->cs & 0xFFFF;
    r->vector = f->vector & 0xFF;
    r->error = f->error == 0x4EEE ? NOERR : f->error;
}

#ifdef __x86_64__
void trapped(const struct frame *f);
void trapped(const struct frame *f)
{
    struct regs *r = running;
    word seg;
    if (!r)
        unexpected(f);
    running = NULL;
    note_general(r, f);
    memcpy(&r->r8, &f->r8, 8 * sizeof(word));
    r->sp = f->sp;
    r->ss = f->ss;
    __asm__ volatile("mov %%ds, %0" : "=r"(seg));
    r->ds = seg & 0xFFFF;
    __asm__ volatile("mov %%es, %0" : "=r"(seg));
    r->es = seg & 0xFFFF;
    __asm__ volatile("mov %%fs, %0" : "=r"(seg));
    r->fs = seg & 0xFFFF;
    __asm__ volatile("mov %%gs, %0" : "=r"(seg));
    r->gs = seg & 0xFFFF;
    note_end(r);
}
#else
void trapped(const struct frame *f, word ss);
void trapped(const struct frame *f, word ss)
{
    struct regs *r = running;
    if (!r)
        unexpected(f);
    running = NULL;
    note_general(r, f);
    r->ds = f->ds & 0xFFFF;
    r->es = f->es & 0xFFFF;
    r->fs = f->fs & 0xFFFF;
    r->gs = f->gs & 0xFFFF;
    r->sp = (word)&f->sp;
    r->ss = ss & 0xFFFF;
    if ((f->flags & F_VM) || (f->cs & 3)) {
        r->sp = f->sp;
        r->ss = f->ss & 0xFFFF;
    }
    if (f->flags & F_VM) {
        r->ds = f->v86_ds & 0xFFFF;
        r->es = f->v86_es & 0xFFFF;
        r->fs = f->v86_fs & 0xFFFF;
        r->gs = f->v86_gs & 0xFFFF;
    }
    note_end(r);
}

/* Entered by a task switch, so the registers are in the TSS that is left. */
void double_faulted(word error);
void double_faulted(word error)
{
    struct regs *r = running;
    const uint32_t *t = (const uint32_t *)(df_tss[0] == TSS ? tss : NULL);
    (void)error;
    __asm__ volatile("clts");
    if (!r || !t) {
        put(" FAIL double fault in the ROM's own kernel\n");
        power_off();
    }
    running = NULL;
    r->ip = t[8];
    r->flags = t[9];
    r->ax = t[10];
    r->cx = t[11];
    r->dx = t[12];
    r->bx = t[13];
    r->sp = t[14];
    r->bp = t[15];
    r->si = t[16];
    r->di = t[17];
    r->es = t[18] & 0xFFFF;
    r->cs = t[19] & 0xFFFF;
    r->ss = t[20] & 0xFFFF;
    r->ds = t[21] & 0xFFFF;
    r->vector = DF;
    r->error = *(const uint32_t *)((word)exception_stack_top - 4);
    note_end(r);
    reset_tables();
}
#endif

/* ---- running code */

static struct regs flat_regs(word code, unsigned cs, unsigned ds)
{
    struct regs r = {0};
    r.ip = code;
    r.flags = 2;
    r.cs = cs;
    r.ds = r.es = r.fs = r.gs = r.ss = ds;
    r.sp = STACK_TOP - 256;
    return r;
}

struct regs kernel_regs(word code)
{
    return flat_regs(code, KCS, KDS);
}

struct regs user_regs(word code)
{
    return flat_regs(code, UCS, UDS);
}

void run(struct regs *r)
{
    running = r;
    enter(r);
}

#ifndef __x86_64__
struct regs low_regs(word code, unsigned offset)
{
    struct regs r = {0};
    memcpy((void *)(LOW + offset), (const void *)code, 256);
    r.ip = offset;
    r.flags = 2;
    r.cs = r.ds = r.es = r.fs = r.gs = r.ss = LOW_SEG;
    r.sp = 0x8000;
    return r;
}

struct regs v86_regs(word code, unsigned offset, unsigned iopl)
{
    struct regs r = low_regs(code, offset);
    r.flags = F_VM | 2 | iopl << 12;
    return r;
}

static void real_prepare(void)
{
    uint8_t *stub = (uint8_t *)IVT_STUBS;
    volatile uint32_t *ivt = (volatile uint32_t *)0;
    __asm__("" : "+r"(ivt)); /* address 0 is a table here */
    memcpy((void *)REAL_CODE, real_begin, (size_t)(real_end - real_begin));
    for (unsigned v = 0; v < 256; v++, stub += 6) {
        unsigned common = REAL_CODE + (unsigned)(real_common - real_begin);
        unsigned by = common - ((unsigned)(word)stub + 6);
        stub[0] = 0x68;
        stub[1] = (uint8_t)v;
        stub[2] = 0;
        stub[3] = 0xE9;
        stub[4] = (uint8_t)by;
        stub[5] = (uint8_t)(by >> 8);
        ivt[v] = (uint32_t)(word)stub;
    }
}

struct real_frame {
    uint32_t di, si, bp, sp_unused, bx, dx, cx, ax;
    uint16_t ds, vector, ip, cs, flags;
};

void run_real(struct regs *r)
{
    const uint32_t *out = (const uint32_t *)REAL_OUT;
    const struct real_frame *f;
    real_prepare();
    memcpy((void *)REAL_IN, r, sizeof *r);
    enter_real();
    f = (const struct real_frame *)((out[1] & 0xFFFF) * 16 + (out[0] & 0xFFFF));
    r->ax = f->ax;
    r->cx = f->cx;
    r->dx = f->dx;
    r->bx = f->bx;
    r->bp = f->bp;
    r->si = f->si;
    r->di = f->di;
    r->ds = f->ds;
    r->ip = f->ip;
    r->cs = f->cs;
    r->flags = f->flags;
    r->vector = f->vector & 0xFF;
    r->error = NOERR;
    r->sp = out[0] + (word)sizeof(struct real_frame) - 2;
    r->ss = out[1] & 0xFFFF;
    r->es = out[2] & 0xFFFF;
    r->fs = out[3] & 0xFFFF;
    r->gs = out[4] & 0xFFFF;
    reset_tables();
    note_end(r);
}
#endif

/* ---- the board */

void irq_off(void)
{
    outb(0x21, 0xFF);
    outb(0xA1, 0xFF);
}

/* PICs at 20h and 28h, all lines masked. */
static void pic_start(void)
{
    static const uint8_t base[2] = {0x20, 0xA0};
    for (unsigned n = 0; n < 2; n++) {
        outb(base[n], 0x11);
        outb(base[n] + 1, (uint8_t)(0x20 + 8 * n));
        outb(base[n] + 1, n ? 2 : 4);
        outb(base[n] + 1, 1);
    }
    irq_off();
    outb(0x92, inb(0x92) | 2); /* A20 */
}

/* ---- main */

static void run_test(const struct test *t, unsigned n)
{
    word cr0 = READ_CR(0), cr4 = READ_CR(4);
    result.failures = 0;
    result.skipped = false;
    put("test ");
    put_hex(n);
    put("\nitem ");
    put(t->item);
    put(" [");
    put(t->ref);
    put("] ");
    put(t->says);
    put(":");
    t->run();
    put(result.failures || result.skipped ? "\n" : " ok\n");
    if ((READ_CR(0) ^ cr0) & 0x7FFFFFFF)
        WRITE_CR(0, cr0);
    if (READ_CR(4) != cr4)
        WRITE_CR(4, cr4);
    reset_tables();
    irq_off();
}

void rom_main(void)
{
    serial_start();
    pic_start();
    reset_tables();
    note_end(&(struct regs){0});
    if (HAS_SSE)
        WRITE_CR(4, READ_CR(4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
    put("rom ");
    put(ROM_NAME);
    put("\n");
    for (unsigned n = first_test; n < test_count; n++)
        run_test(&tests[n], n);
    finish();
}
