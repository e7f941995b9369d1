/* micro.c - guest of `make bench-micro`: what single operations cost, from
 * jumps to page faults, by the guest's own TSC.
 *
 * Built on the small kernel of the conformance ROMs (tests/roms/rom.h), so it
 * runs wherever those do. A figure is the least of ROUNDS rounds of a loop that
 * takes ROUND_US, loop included. The TSC must follow the host's clock: umbra
 * -icount off; what it counts is found out by the PIT. A line for each figure:
 *
 *   fig NAME [AIM]: PICOSECONDS
 *
 * AIM is the project's: cycles, or times the bare host's ("1.6x"), or -. The
 * host's own figures are micro_host.c's. */
#include "micro.h"

enum {
    ROUNDS = 30,
    ROUND_US = 1500,
    PIT_HZ = 1193182,
    TABLES_AT = 0x600000,
    ROOT_AT = 0x700000, /* the second one */
    DATA_AT = 0x800000,
    DATA_FRAMES = 64,
    MANY = 8192,  /* pages, mapped at WIDE */
    SPARE = MANY, /* pages behind them: one more, one of a device */
    DEVICE,
    PAGES,
    LAPIC = 0xFEE00000
};
#ifdef __x86_64__
#define WIDE 0x10000000000ul
#else
#define WIDE 0x80000000u
#endif
#define AT(page) ((word)WIDE + (word)(page)*0x1000u)
#define RWU      (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static uint32_t khz;

/* ---- time */

static uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return lo | (uint64_t)hi << 32;
}

/* a * b / c without a library: the quotient fits. */
static uint64_t scale(uint64_t a, uint32_t b, uint32_t c)
{
    uint64_t high = (a >> 32) * b, low = (a & 0xFFFFFFFF) * b, rest = 0;
    uint32_t digit[3];
    high += low >> 32;
    digit[0] = (uint32_t)(high >> 32);
    digit[1] = (uint32_t)high;
    digit[2] = (uint32_t)low;
    for (unsigned n = 0; n < 3; n++) {
        uint32_t quotient, remainder;
        __asm__("divl %4"
                : "=a"(quotient), "=d"(remainder)
                : "0"(digit[n]), "1"((uint32_t)rest), "r"(c));
        digit[n] = quotient;
        rest = remainder;
    }
    return (uint64_t)digit[1] << 32 | digit[2];
}

/* Channel 2 of the PIT counts 50 ms down. */
static void calibrate(void)
{
    enum { COUNT = PIT_HZ / 20 };
    uint64_t begun;
    outb(0x61, (uint8_t)((inb(0x61) & ~2) | 1));
    outb(0x43, 0xB0);
    outb(0x42, COUNT & 0xFF);
    outb(0x42, COUNT >> 8);
    begun = rdtsc();
    while (!(inb(0x61) & 0x20))
        ;
    khz = (uint32_t)scale(rdtsc() - begun, 1, 50);
}

static void put_decimal(uint64_t value)
{
    char digits[24], *p = digits + sizeof digits;
    *--p = 0;
    do {
        uint64_t tenth = scale(value, 1, 10);
        *--p = (char)('0' + (value - tenth * 10));
        value = tenth;
    } while (value);
    put(p);
}

/* ---- memory */

static uint32_t entry_at(unsigned page)
{
#ifdef __x86_64__
    return TABLES_AT + 0x2000 + page * 8;
#else
    return TABLES_AT + page * 4;
#endif
}

static void map(unsigned page, uint32_t frame)
{
    *(volatile word *)(word)entry_at(page) = frame | RWU;
}

static void map_all(void)
{
    word root = READ_CR(3) & ~0xFFFul;
    memset((void *)TABLES_AT, 0, 0x2000);
#ifdef __x86_64__
    ((volatile word *)root)[2] = TABLES_AT | RWU;
    *(volatile word *)TABLES_AT = (TABLES_AT + 0x1000) | RWU;
    for (unsigned n = 0; n <= PAGES / 512; n++)
        ((volatile word *)(TABLES_AT + 0x1000))[n] =
            (TABLES_AT + 0x2000 + n * 0x1000) | RWU;
#else
    for (unsigned n = 0; n <= PAGES / 1024; n++)
        ((volatile word *)root)[512 + n] = (TABLES_AT + n * 0x1000) | RWU;
#endif
    for (unsigned n = 0; n <= SPARE; n++)
        map(n, DATA_AT + n % DATA_FRAMES * 0x1000);
    map(DEVICE, LAPIC);
    memset((void *)DATA_AT, 0, DATA_FRAMES * 0x1000);
    memcpy((void *)ROOT_AT, (const void *)root, 0x1000);
    WRITE_CR(3, root);
}

/* Eight words of a page, each of which leads to the next. */
static void make_chain(void)
{
    volatile word *p = (volatile word *)(word)DATA_AT;
    for (unsigned n = 0; n < 8; n++)
        p[n * 37] = AT(0) + (n + 1) % 8 * 37 * sizeof(word);
}

/* ---- figures */

struct micro {
    const char *name, *aim;
    const uint8_t *code;
    void (*function)(word n);
    unsigned ring, operations; /* in a round of the loop */
    word di, si, dx, bx;
    unsigned vector;
    const uint8_t *handler;
};

/* Ticks that `n` rounds take; 0: the code did not come to its end. */
static uint64_t time_of(const struct micro *m, word n)
{
    struct regs r =
        m->ring ? user_regs((word)m->code) : kernel_regs((word)m->code);
    uint64_t begun;
    r.cx = n;
    r.di = m->di;
    r.si = m->si;
    r.dx = m->dx;
    r.bx = m->bx;
    if (m->function) {
        r.ax = (word)m->function;
        r.di = n;
    }
    begun = rdtsc();
    run(&r);
    begun = rdtsc() - begun;
    if (r.vector == DONE)
        return begun;
    want_done(&r);
    want("at", r.ip, 0);
    want("address", r.cr2, 0);
    return 0;
}

static void figure(const struct micro *m)
{
    uint64_t least = ~0ull, ticks = 1;
    uint32_t wanted = khz / 1000 * ROUND_US;
    word n = 1;

    if (m->vector)
        set_gate(m->vector, KCS, (word)m->handler, A_INT32 | A_DPL3);
    while (n < 1u << 24 && (ticks = time_of(m, n)) && ticks < wanted)
        n *= 2;
    for (unsigned round = 0; ticks && round < ROUNDS; round++) {
        ticks = time_of(m, n);
        least = ticks < least ? ticks : least;
    }
    if (m->vector)
        default_gate(m->vector);
    put("fig ");
    put(m->name);
    put(" [");
    put(m->aim);
    put("]: ");
    if (ticks)
        put_decimal(scale(scale(least, 1000000000, khz), 1,
                          (uint32_t)n * m->operations));
    else
        put("failed");
    put("\n");
}

#define PIECE(label, in_ring, count)                                           \
    .code = micro_##label, .ring = (in_ring), .operations = (count)

static void code_figures(void)
{
    static const struct micro all[] = {
#define USER_C(name, aim, of, units)                                           \
    {name,                                                                     \
     aim,                                                                      \
     .code = micro_call_c,                                                     \
     .function = (of),                                                         \
     .ring = 3,                                                                \
     .operations = (units)},
        USER_FIGURES(USER_C){"jump", "-", PIECE(jump, 3, 16)},
        {"jump to another page", "-", PIECE(jump_far, 3, 5)},
        {"indirect jump, one target", "-", PIECE(jump_indirect, 3, 1)},
        {"indirect jump, eight targets", "-", PIECE(jump_table, 3, 1)},
        {"CALL and RET", "-", PIECE(call_ret, 3, 1)},
        {"RDTSC", "-", PIECE(rdtsc, 3, 1)},
    };
    for (unsigned n = 0; n < sizeof all / sizeof *all; n++)
        figure(&all[n]);
}

static void memory_figures(void)
{
    const struct micro all[] = {
        {"load, one page, each needs the last", "-", PIECE(chase, 3, 8),
         .si = AT(0)},
        {"the same in ring 0", "-", PIECE(chase, 0, 8), .si = AT(0)},
        {"load, each of 60 pages", "-", PIECE(pages, 3, 60), .si = AT(0),
         .dx = 60},
        {"load, each of 8000 pages", "-", PIECE(pages, 3, 8000), .si = AT(0),
         .dx = 8000},
        {"REP MOVSB, 4 KiB", "400", PIECE(movsb, 3, 1), .si = AT(0),
         .di = AT(1), .dx = 4096},
        {"REP MOVSB, 16 bytes", "-", PIECE(movsb, 3, 1), .si = AT(0),
         .di = AT(1), .dx = 16},
        {"REP STOSB, 4 KiB", "-", PIECE(stosb, 3, 1), .di = AT(1), .dx = 4096},
        {"store into code, then run it", "3000", PIECE(smc, 3, 1),
         .si = (word)micro_patched + 1, .di = (word)micro_patched},
        {"store beside code, then run it", "-", PIECE(smc, 3, 1),
         .si = (word)micro_patched + 2048, .di = (word)micro_patched},
    };
    for (unsigned n = 0; n < sizeof all / sizeof *all; n++)
        figure(&all[n]);
}

static void mmu_figures(void)
{
    word root = READ_CR(3);
    const struct micro all[] = {
        {"CR3 load, another root", "-", PIECE(load_cr3, 0, 1), .dx = ROOT_AT,
         .bx = root},
        {"CR3 load, then touch 64 pages", "1000", PIECE(load_cr3_touch, 0, 1),
         .si = AT(0), .dx = ROOT_AT, .bx = root},
        {"INVLPG, touch", "-", PIECE(invlpg, 0, 1), .di = AT(3)},
        {"PTE write, INVLPG, touch", "300", PIECE(pte, 0, 1), .di = AT(SPARE),
         .si = entry_at(SPARE), .dx = DATA_AT | RWU,
         .bx = (DATA_AT + 0x1000) | RWU},
        {"page fault that skips", "600", PIECE(fault, 3, 1), .di = AT(PAGES),
         .vector = PF, .handler = micro_on_fault},
        {"page fault that maps, and unmapping", "-", PIECE(demand, 0, 1),
         .di = AT(SPARE), .si = entry_at(SPARE), .dx = DATA_AT | RWU,
         .vector = PF, .handler = micro_on_map},
    };
    *(volatile word *)(word)entry_at(PAGES) = 0;
    for (unsigned n = 0; n < sizeof all / sizeof *all; n++)
        figure(&all[n]);
    WRITE_CR(3, root);
}

static void system_figures(void)
{
    static const struct micro all[] = {
        {"INT, IRET from ring 0", "300", PIECE(int, 0, 1), .vector = 0x31,
         .handler = micro_on_int},
        {"INT, IRET from ring 3", "-", PIECE(int, 3, 1), .vector = 0x31,
         .handler = micro_on_int},
        {"UD2, IRET", "-", PIECE(undefined, 3, 1), .vector = UD,
         .handler = micro_on_undefined},
        {"system call and return", "-", PIECE(system_call, 3, 1)},
        {"OUT to port 80h", "-", PIECE(out, 0, 1)},
        {"IN from the PIC", "-", PIECE(in, 0, 1)},
        {"load from the local APIC", "-", PIECE(load, 0, 1),
         .di = AT(DEVICE) + 0x20},
    };
#ifdef __x86_64__
    wrmsr(MSR_STAR, (uint64_t)(KCS << 16 | KCS) << 32);
    wrmsr(MSR_LSTAR, (word)micro_on_call);
    wrmsr(MSR_SFMASK, 0);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
#else
    wrmsr(0x174, KCS);
    wrmsr(0x175, (word)exception_stack_top);
    wrmsr(0x176, (word)micro_on_call);
#endif
    for (unsigned n = 0; n < sizeof all / sizeof *all; n++)
        figure(&all[n]);
}

static void figures(void)
{
    put("\n");
#ifndef __x86_64__
    paging_on(PAGING_2);
#endif
    calibrate();
    put("khz ");
    put_decimal(khz);
    put("\n");
    map_all();
    make_chain();
    __asm__ volatile("fninit");
    code_figures();
    memory_figures();
    mmu_figures();
    system_figures();
}

/* clang-format off */
TESTS
    {"micro", "-", "figures", figures},
END_TESTS
    /* clang-format on */
