/* rom.h - what the conformance ROMs share: a small kernel that runs pieces
 * of guest code in any mode and shows what became of them.
 *
 * A test fills in `struct regs`, gives the code (CODE, CODE16, CODE32) and
 * calls run, run_v86 or run_real. The code runs until the first exception or
 * interrupt, or to its end, which is INT 30h; then `struct regs` holds all
 * registers at that moment, and the vector. A test states what it expects by
 * want(); the expected values are those of Intel's manual (SDM), cited in the
 * table of tests as volume:section, never those of an emulator.
 *
 * ROMs are flat images with a Multiboot 1 header, built for 32-bit protected
 * mode or (__x86_64__) long mode. */
#ifndef ROM_H
#define ROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long word;

/* ORDER: enter and the entries of exceptions in start.S. */
struct regs {
    word ax, cx, dx, bx, sp, bp, si, di;
#ifdef __x86_64__
    word r8, r9, r10, r11, r12, r13, r14, r15;
#endif
    word ip, flags, cs, ss, ds, es, fs, gs;
    word vector, error;
    word cr2, dr6; /* after run */
    word dr7;      /* loaded by run, cleared after */
};

/* clang-format off */
enum {
    DE, DB, NMI, BP, OF, BR, UD, NM, DF, TS = 10, NP, SS, GP, PF, MF = 16,
    AC, MC, XM, DONE = 0x30
};
/* clang-format on */
#define NOERR 0xEEEEu /* `error` of a vector without error code */

/* clang-format off */
enum {
    F_CF = 1, F_PF = 4, F_AF = 0x10, F_ZF = 0x40, F_SF = 0x80, F_TF = 0x100,
    F_IF = 0x200, F_DF = 0x400, F_OF = 0x800, F_IOPL = 0x3000, F_NT = 0x4000,
    F_RF = 0x10000, F_VM = 0x20000, F_AC = 0x40000, F_VIF = 0x80000,
    F_VIP = 0x100000, F_ID = 0x200000,
    F_ARITH = F_CF | F_PF | F_AF | F_ZF | F_SF | F_OF
};
/* clang-format on */

/* Selectors. Descriptors from SEL_FREE on belong to the tests. */
/* clang-format off */
enum {
    KCS = 0x08, KDS = 0x10, UCS = 0x1B, UDS = 0x23, TSS = 0x28, DFTSS = 0x38,
    KCS32 = 0x40, UCS32 = 0x4B, KCS16 = 0x50, KDS16 = 0x58, SEL_FREE = 0x80,
    GDT_SIZE = 0x200
};
/* clang-format on */

/* Access bytes and, from bit 8 on, flags AVL L D G (SDM 3:3.4.5). */
/* clang-format off */
enum {
    A_P = 0x80, A_DPL3 = 0x60, A_S = 0x10,
    A_DATA = 0x92, A_DATA_RO = 0x90, A_DOWN = 0x96, A_CODE = 0x9A,
    A_CODE_XO = 0x98, A_CONF = 0x9E, A_LDT = 0x82, A_TSS16 = 0x81,
    A_TSS32 = 0x89, A_CALL16 = 0x84, A_TASK = 0x85, A_INT16 = 0x86,
    A_TRAP16 = 0x87, A_CALL32 = 0x8C, A_INT32 = 0x8E, A_TRAP32 = 0x8F,
    A_L = 0x200, A_D = 0x400, A_G = 0x800
};
/* clang-format on */

/* Memory that is the tests'. Low memory is a window for real mode and V86:
 * segment 1000h. ARENA is for tables and pages. */
#define LOW_SEG 0x1000u
#define LOW     0x10000u
#define ARENA   0x400000u
#ifdef __x86_64__
#define WINDOW_GVA 0x8040000000ul /* entry 1 of the PML4 */
#else
#define WINDOW_GVA 0x40000000u
#endif

/* Code that ends with INT 30h, as an address. */
#define SNIPPET(mode, text)                                                    \
    __extension__({                                                            \
        word at_;                                                              \
        __asm__ volatile(                                                      \
            ".pushsection .snip,\"awx\",@progbits\n"                           \
            ".intel_syntax noprefix\n" mode "\n"                               \
            ".Lsnip%=:\n" text "\nint 0x30\nint 0x30\n" NATIVE                 \
            "\n.att_syntax prefix\n.popsection\n" LOAD_ADDRESS(".Lsnip%=")     \
            : "=r"(at_));                                                      \
        at_;                                                                   \
    })
#ifdef __x86_64__
#define NATIVE              ".code64"
#define LOAD_ADDRESS(label) "movq $" label ", %0"
#else
#define NATIVE              ".code32"
#define LOAD_ADDRESS(label) "movl $" label ", %0"
#endif
#define CODE(text)   SNIPPET(NATIVE, text)
#define CODE16(text) SNIPPET(".code16", text)
#define CODE32(text) SNIPPET(".code32", text)

/* start.S, real.S */
void enter(struct regs *r);
void enter_real(void);
extern uint8_t stubs[], exception_stack_top[];
extern const uint8_t real_begin[], real_end[], real_common[];
extern uint64_t boot_pdpt[]; /* 64-bit code only */
extern uint64_t gdt[GDT_SIZE / 8];
extern uint64_t idt[256 * sizeof(word) / 4];
extern uint8_t tss[0x4000];
extern uint32_t first_test; /* patched into the image by the runner */

/* ---- running code */

/* Registers for ring 0 or 3 with flat segments and a stack of their own. */
struct regs kernel_regs(word code);
struct regs user_regs(word code);
void run(struct regs *r);
#ifndef __x86_64__
/* Code is copied to LOW + `offset` and runs as 1000:offset. */
struct regs low_regs(word code, unsigned offset);
struct regs v86_regs(word code, unsigned offset, unsigned iopl);
void run_real(struct regs *r);
#endif
extern uint8_t test_stack[0x4000]; /* the top is what sp points to */
#define STACK_TOP ((word)test_stack + sizeof test_stack)

/* Code in one line: in ring 0, in ring 3. */
#define RUN(with, text)                                                        \
    __extension__({                                                            \
        struct regs r_ = with(CODE(text));                                     \
        run(&r_);                                                              \
        r_;                                                                    \
    })
#define KERNEL(text) RUN(kernel_regs, text)
#define USER(text)   RUN(user_regs, text)

/* ---- tables */
void set_desc(unsigned sel, uint32_t base, uint32_t limit, unsigned attr);
void set_gate(unsigned vector, unsigned sel, word offset, unsigned attr);
void default_gate(unsigned vector);
uint64_t make_gate(unsigned sel, uint32_t offset, unsigned attr, unsigned n);
void flush_gdt(void);
void reset_tables(void); /* GDT, IDT, TSS as at the start of each test */

/* ---- paging (paging.c). Level 1 is the page table. */
/* clang-format off */
enum {
    PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_PWT = 8, PTE_PCD = 16, PTE_A = 32,
    PTE_D = 64, PTE_PS = 128, PTE_G = 256, PTE_PAT_LARGE = 0x1000
};
/* clang-format on */
#define PTE_NX (1ull << 63)
enum { PAGING_2 = 2, PAGING_PAE = 3, PAGING_4 = 4 };
void paging_on(int mode);
void paging_off(void);
void paging_reset(void);            /* the window as new: 8 pages, P W U */
void paging_guard(bool supervisor); /* what is not the window */
int paging_levels(void);            /* levels with rights: 2, 2 (PAE), 4 */
uint64_t paging_get(int level, unsigned page);
void paging_set(int level, unsigned page, uint64_t entry);
uint32_t paging_table(int level); /* physical address of the window's */
#define FRAME(n) (ARENA + 0x100000u + (n)*0x1000u)
#define PAGE(n)  ((word)WINDOW_GVA + (n)*0x1000u)
void invlpg(word gva);

/* ---- results */
struct test {
    const char *item; /* number in the list of pitfalls, letter */
    const char *ref;  /* volume:section of the SDM */
    const char *says; /* what the manual says */
    void (*run)(void);
};
extern const struct test tests[];
extern const unsigned test_count;
#define TESTS const struct test tests[] = {
#define END_TESTS                                                              \
    }                                                                          \
    ;                                                                          \
    const unsigned test_count = sizeof tests / sizeof *tests;

void want(const char *what, uint64_t got, uint64_t expected);
void want_mask(const char *what, uint64_t got, uint64_t expected,
               uint64_t mask);
/* The run ended at its INT 30h, or with this exception and error code. */
void want_done(const struct regs *r);
void want_vector(const struct regs *r, unsigned vector, uint32_t error);
/* Bytes of the ROM at an IP that may be anywhere. */
unsigned code_at(word ip);
void skip(const char *why);     /* the processor lacks something */
void not_here(const char *why); /* the test is for other modes */
void put(const char *text);
void put_hex(uint64_t value);

/* ---- processor */
static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
#define READ_CR(n)                                                             \
    __extension__({                                                            \
        word v_;                                                               \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v_)::"memory");           \
        v_;                                                                    \
    })
#define WRITE_CR(n, v)                                                         \
    __asm__ volatile("mov %0, %%cr" #n ::"r"((word)(v)) : "memory")
#define WRITE_DR(n, v)                                                         \
    __asm__ volatile("mov %0, %%dr" #n ::"r"((word)(v)) : "memory")
#define READ_DR(n)                                                             \
    __extension__({                                                            \
        word v_;                                                               \
        __asm__ volatile("mov %%dr" #n ", %0" : "=r"(v_)::"memory");           \
        v_;                                                                    \
    })
/* clang-format off */
enum {
    CR0_PE = 1, CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_NE = 0x20,
    CR0_WP = 0x10000, CR0_AM = 0x40000,
    CR4_VME = 1, CR4_PVI = 2, CR4_TSD = 4, CR4_DE = 8, CR4_PSE = 0x10,
    CR4_PAE = 0x20, CR4_PGE = 0x80, CR4_OSFXSR = 0x200,
    CR4_OSXMMEXCPT = 0x400, CR4_UMIP = 0x800, CR4_LA57 = 0x1000,
    CR4_FSGSBASE = 0x10000, CR4_PCIDE = 0x20000, CR4_OSXSAVE = 0x40000,
    CR4_SMEP = 0x100000, CR4_SMAP = 0x200000, CR4_PKE = 0x400000
};
/* clang-format on */
#define CR0_PG 0x80000000u
#define CR0_CD 0x40000000u
#define CR0_NW 0x20000000u
/* clang-format off */
enum { MSR_EFER = 0xC0000080u, MSR_STAR = 0xC0000081u,
       MSR_LSTAR = 0xC0000082u, MSR_SFMASK = 0xC0000084u,
       MSR_FS_BASE = 0xC0000100u, MSR_GS_BASE = 0xC0000101u,
       MSR_KERNEL_GS = 0xC0000102u };
/* clang-format on */
enum { EFER_SCE = 1, EFER_LME = 0x100, EFER_LMA = 0x400, EFER_NXE = 0x800 };

static inline uint64_t rdmsr(uint32_t n)
{
    uint32_t lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(n));
    return lo | (uint64_t)hi << 32;
}
static inline void wrmsr(uint32_t n, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(n), "a"((uint32_t)v),
                     "d"((uint32_t)(v >> 32))
                     : "memory");
}
struct cpuid {
    uint32_t a, b, c, d;
};
static inline struct cpuid cpuid(uint32_t leaf, uint32_t sub)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(sub));
    return r;
}
/* Features by leaf, register, bit; false where the leaf is not there. */
bool has(uint32_t leaf, char reg, unsigned bit);
#define HAS_NX      has(0x80000001, 'd', 20)
#define HAS_SSE     has(1, 'd', 25)
#define HAS_XSAVE   has(1, 'c', 26)
#define HAS_AVX     has(1, 'c', 28)
#define HAS_PCID    has(1, 'c', 17)
#define HAS_SMEP    has(7, 'b', 7)
#define HAS_SMAP    has(7, 'b', 20)
#define HAS_INVPCID has(7, 'b', 10)
#define HAS_UMIP    has(7, 'c', 2)
#define HAS_PKU     has(7, 'c', 3)
#define HAS_LA57    has(7, 'c', 16)
unsigned maxphyaddr(void);

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);

/* Interrupts of the board, off unless a test wants one. */
void irq_off(void);

#endif
