/* cpu.h - state of the CPU, its pins, and how it is run.
 *
 * Manual: Intel 64 and IA-32 Software Developer's Manual (SDM). */
#ifndef UMBRA_CPU_CPU_H
#define UMBRA_CPU_CPU_H

#include <setjmp.h>

#include "cpu/float80.h"
#include "cpu/insn.h"
#include "devices/core/device.h"
#include "mmu/mmu.h"

struct block;
struct block_cache;
struct jit;
struct decode_table;
struct addrspace;
struct cpu_choice;
struct cpu_model;

enum {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    REG_ZERO, /* always 0: absent base or index */
    REG_RIP,  /* instruction pointer of the current block's first byte */
    REG_COUNT
};

/* Byte offset into cpu->reg of an 8-bit register, as insn.reg and insn.rm
 * hold it in A_BYTE rows. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define REG8(n, high) ((n)*8 + 7 - (high))
#else
#define REG8(n, high) ((n)*8 + (high))
#endif

enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

/* Exceptions, SDM volume 3 table 6-1. */
enum {
    EX_DE = 0,
    EX_DB = 1,
    EX_NMI = 2,
    EX_BP = 3,
    EX_OF = 4,
    EX_BR = 5,
    EX_UD = 6,
    EX_NM = 7,
    EX_DF = 8,
    EX_TS = 10,
    EX_NP = 11,
    EX_SS = 12,
    EX_GP = 13,
    EX_PF = 14,
    EX_MF = 16,
    EX_AC = 17,
    EX_MC = 18,
    EX_XM = 19,
};

enum {
    EFL_CF = 1 << 0,
    EFL_1 = 1 << 1,
    EFL_PF = 1 << 2,
    EFL_AF = 1 << 4,
    EFL_ZF = 1 << 6,
    EFL_SF = 1 << 7,
    EFL_TF = 1 << 8,
    EFL_IF = 1 << 9,
    EFL_DF = 1 << 10,
    EFL_OF = 1 << 11,
    EFL_IOPL = 3 << 12,
    EFL_IOPL_SHIFT = 12,
    EFL_NT = 1 << 14,
    EFL_RF = 1 << 16,
    EFL_VM = 1 << 17,
    EFL_AC = 1 << 18,
    EFL_VIF = 1 << 19,
    EFL_VIP = 1 << 20,
    EFL_ID = 1 << 21,
    EFL_ARITH = FL_OSZAPC, /* kept in the lazy fields */
};

enum {
    CR0_PE = 1u << 0,
    CR0_MP = 1u << 1,
    CR0_EM = 1u << 2,
    CR0_TS = 1u << 3,
    CR0_ET = 1u << 4,
    CR0_NE = 1u << 5,
    CR0_WP = 1u << 16,
    CR0_AM = 1u << 18,
    CR0_NW = 1u << 29,
    CR0_CD = 1u << 30,
};
#define CR0_PG (1u << 31)

enum {
    CR4_VME = 1 << 0,
    CR4_PVI = 1 << 1,
    CR4_TSD = 1 << 2,
    CR4_DE = 1 << 3,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7,
    CR4_PCE = 1 << 8,
    CR4_OSFXSR = 1 << 9,
    CR4_OSXMMEXCPT = 1 << 10,
    CR4_UMIP = 1 << 11,
    CR4_LA57 = 1 << 12,
    CR4_FSGSBASE = 1 << 16,
    CR4_PCIDE = 1 << 17,
    CR4_OSXSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
    CR4_PKE = 1 << 22,
};

enum {
    EFER_SCE = 1 << 0,
    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11
};

/* Descriptor bits 40..55 as kept in seg.attr (SDM volume 3, 3.4.5). */
enum {
    DESC_TYPE = 0x0f,
    DESC_A = 0x01,
    DESC_RW = 0x02,
    DESC_EC = 0x04,
    DESC_CODE = 0x08,
    DESC_S = 0x10,
    DESC_DPL = 0x60,
    DESC_DPL_SHIFT = 5,
    DESC_P = 0x80,
    DESC_AVL = 0x1000,
    DESC_L = 0x2000,
    DESC_DB = 0x4000,
    DESC_G = 0x8000,
};

/* A segment register with its hidden part. `attr` = 0 with a null selector
 * loaded (unusable). `limit` is in bytes, scaled. */
struct seg {
    uint64_t base;
    uint32_t limit;
    uint16_t selector, attr;
};

/* What fast paths read of a segment in the current mode, derived by
 * cpu_update_views(): an access of `size` bytes at `off` is inside when
 * off + size <= read_end (write_end); 0 sends everything to the slow path,
 * ~0 in 64-bit code. */
struct seg_view {
    uint64_t base, read_end, write_end, pad;
};

/* Code size and stack size: what decoding depends on. */
enum cpu_mode {
    MODE_16 = 0,
    MODE_32 = 1,
    MODE_64 = 2,
    MODE_CODE = 3,
    MODE_STACK32 = 4,     /* SS.B; in 64-bit code always clear */
    MODE_FLAT = 8,        /* DS, ES, SS need no checks: 64-bit code, or base 0
                             and limit 4 GiB; and no alignment checks */
    MODE_REAL = 16,       /* real or virtual-8086 mode: no VEX prefixes */
    MODE_USER = 32,       /* CPL 3 */
    MODE_FIRMWARE = 0x40, /* models before the 386: decode as a 386 does */
    MODE_DEAD = 0x80,     /* in block.mode: matches nothing */
};

/* Pins and internal events that make the run loop look up. */
enum cpu_attention {
    ATT_INTR = 1 << 0,        /* INTR pin is high */
    ATT_NMI = 1 << 1,         /* NMI edge latched */
    ATT_RESET = 1 << 2,       /* RESET or INIT */
    ATT_HALTED = 1 << 3,      /* HLT, waiting for an interrupt */
    ATT_SHUTDOWN = 1 << 4,    /* triple fault */
    ATT_TRAP = 1 << 5,        /* TF, breakpoints in DR7, debugger: step */
    ATT_SHADOW = 1 << 6,      /* after STI, MOV SS, POP SS: one instruction */
    ATT_STOP = 1 << 7,        /* cpu_stop() */
    ATT_NMI_BLOCKED = 1 << 8, /* until IRET */
    ATT_SMI = 1 << 9,
    ATT_MWAIT = 1 << 10, /* with ATT_HALTED: INTR ends it though IF = 0 */
};

/* Why cpu_run returned. */
enum cpu_exit {
    EXIT_BUDGET,   /* budget used up */
    EXIT_HALTED,   /* HLT: nothing to do until an interrupt */
    EXIT_SHUTDOWN, /* triple fault: the board resets or stops */
    EXIT_STOP,     /* cpu_stop() was called */
    EXIT_BREAK,    /* debugger breakpoint */
};

/* Engine: the interpreter (T0) alone, or with translation of hot blocks to
 * host code (T1) where the host has it. */
/* DEFAULT: the JIT where this host has it, else the interpreter. */
enum cpu_accel { ACCEL_DEFAULT, ACCEL_INTERP, ACCEL_JIT };

/* What the board gives the CPU. */
struct cpu_config {
    struct addrspace *memory, *ports;
    struct track *track;
    struct log *log;
    enum mmu_policy policy;
    enum cpu_accel accel;
    uint64_t jit_cache;   /* bytes of the code cache; 0: 32 MiB */
    uint64_t block_cache; /* bytes for decoded blocks; 0: 20 MiB */
    /* A block whose code starts at `rip` is now host code; may be NULL. */
    void (*translated)(void *opaque, uint64_t host, size_t size, uint64_t rip);
    /* INTA cycle: vector of the highest interrupt (lapic or pic). */
    int (*ack)(void *opaque);
    /* FERR# pin for IRQ 13 with CR0.NE = 0; may be NULL. */
    void (*ferr)(void *opaque, bool level);
    /* MSRs of the local APIC (APIC base, x2APIC), CR8; may be NULL. */
    bool (*apic_rdmsr)(void *opaque, uint32_t msr, uint64_t *value);
    bool (*apic_wrmsr)(void *opaque, uint32_t msr, uint64_t value);
    uint8_t (*get_tpr)(void *opaque);
    void (*set_tpr)(void *opaque, uint8_t tpr);
    /* Others write to memory without an interrupt: MWAIT does not wait. */
    bool shares_memory;
    uint64_t random_seed; /* where RDRAND begins */
    /* Time stamp counter, from virtual time. */
    uint64_t (*tsc)(void *opaque);
    /* A port is about to be accessed: the bus takes its time. May be NULL. */
    void (*port_cycle)(void *opaque);
    void *opaque;
    struct strict *strict; /* counts for --strict-report; or NULL */
    /* Model and features; NULL: the default model. Used while creating. */
    const struct cpu_choice *choice;
};

/* Event of the last delivery, kept for double-fault rules and reports.
 * `cause`: what was raised, where that made `vector` a double fault. */
struct cpu_event_record {
    uint8_t vector, cause;
    bool has_error;
    uint32_t error;
    uint16_t cs;
    uint64_t rip, cr2;
};

/* An event that was delivered or a far branch, for reports. */
struct cpu_history {
    uint8_t kind; /* enum event_kind */
    uint8_t vector;
    uint16_t cs;
    uint64_t rip;
};
enum { CPU_HISTORY = 24 };

union xmm {
    uint8_t b[16];
    uint16_t w[8];
    uint32_t d[4];
    uint64_t q[2];
};

/* A YMM register: x[0] is the XMM register, x[1] its upper half. JIT code
 * loads and stores it whole. */
union vec {
    union xmm x[2];
    uint64_t q[4];
};

/* The XMM register n of `cpu`. */
#define XMM(n) (cpu->vec[n].x[0])

enum {
    JIT_NEAR_SLOTS = 4, /* of JIT_SLOTS, in struct cpu_jit */
    JIT_SLOTS = 10,
    JIT_TRACE_PAGES = 24,
};

/* What translated code keeps in memory beside the registers (cpu/jit);
 * meaningless while the interpreter runs. */
struct cpu_jit {
    uint64_t page; /* RIP that the first byte of the code's frame has */
    /* Arithmetic flags as LAHF and SETO AL leave them in AX; 0: the lazy
     * fields (flags.h) hold them. */
    uint16_t flags;
    uint8_t vector; /* guest vector registers are in host ones */
    bool itself; /* `next` is to be executed by T0 even if it begins a block */
    /* The x87 state is in the host's FPU; FCS is to be CS; the segment whose
     * selector is to be FDS (cpu/jit/x64/x87.h). */
    bool x87, x87_ip;
    uint8_t x87_seg;
    const struct insn *next; /* where the interpreter goes on, or NULL */
    uint64_t scratch, scratch2;
    /* Host addresses found once for several accesses. */
    uint64_t slot[JIT_NEAR_SLOTS];
};

/* The same, what only traces use. */
struct cpu_trace {
    uint64_t slot[JIT_SLOTS - JIT_NEAR_SLOTS];
    uint64_t page[JIT_TRACE_PAGES]; /* as hot.page, of its pages */
    int32_t astray; /* counted down when an indirect jump leaves one */
};

/* Saved fields are those named in cpu_fields[] (cpu.c). Lanes of `vec` are
 * host-endian within a lane: lane n of width w is the n-th in guest order;
 * on little-endian hosts the bytes equal the guest's memory image. */
struct cpu {
    struct device dev;

    /* ---- hot: what every instruction touches */
    uint64_t reg[REG_COUNT];
    struct cpu_jit hot; /* of translated code */
    struct mmu mmu;
    struct cpu_trace trace;
    int64_t lf_res; /* lazy flags: see flags.h */
    uint64_t lf_cv;
    uint64_t lf_aux;
    const struct insn *insn; /* being executed: what faults refer to */
    int64_t budget;          /* instructions left before cpu_run looks up */
    struct block *block;     /* that `insn` lies in */
    uint64_t cs_base;        /* of the current mode */
    uint64_t cs_end;         /* CS limit + 1; ~0 in 64-bit code */
    uint64_t ip_mask;        /* 0xffff, 0xffffffff, ~0 */
    uint64_t sp_mask;        /* of the stack pointer, likewise */
    uint32_t mode;           /* enum cpu_mode */
    uint8_t cpl;
    uint8_t *rmw_buf_used;   /* see exec.h mem_rmw */
    struct seg_view view[8]; /* by SEG_ */

    /* ---- the rest of the architectural state */
    uint64_t eflags; /* without EFL_ARITH */
    struct seg seg[SEG_COUNT], ldtr, tr;
    uint64_t gdtr_base, idtr_base;
    uint16_t gdtr_limit, idtr_limit;
    uint64_t cr0, cr2, cr3, cr4, cr8, xcr0;
    uint64_t dr[8];
    uint64_t efer, star, lstar, cstar, fmask, kernel_gs_base, tsc_aux;
    uint64_t random;    /* state of RDRAND and RDSEED; RESET keeps it */
    bool monitor_armed; /* MONITOR ran, nothing was delivered since */
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat, mtrr_def_type, misc_enable, apic_base, tsc_offset, bios_sign,
        mcg_status, mcg_ctl, spec_ctrl;
    uint64_t mtrr_base[8], mtrr_mask[8], mtrr_fixed[11];
    uint64_t smbase;
    uint32_t pkru;

    struct float80 fpr[8]; /* physical registers R0..R7; MMX in .mant */
    uint16_t fcw, fsw;     /* fsw with TOP as last stored in `ftop` */
    uint8_t ftop;          /* TOP */
    uint8_t ftag;          /* abridged: bit n = Rn is not empty */
    uint16_t fop, fcs, fds;
    uint64_t fip, fdp;
    _Alignas(32) union vec vec[16];
    uint32_t mxcsr;
    uint32_t attention; /* enum cpu_attention */

    /* ---- TRANSIENT, derived or inside one cpu_run */
    _Alignas(16) uint8_t x87_image[108]; /* for translated code */
    jmp_buf raise_env;                   /* where cpu_raise goes */
    int64_t budget_kept;                 /* taken from `budget` by cpu_kick */
    uint64_t icount; /* instructions of finished cpu_run slices */
    int64_t slice;   /* budget cpu_run was given */
    struct {         /* exception on its way (event.c) */
        uint8_t vector;
        bool has_error;
        uint32_t error;
        uint64_t cr2;
        uint64_t dr6; /* for #DB */
    } raised;
    struct cpu_event_record faults[3]; /* chain towards a triple fault */
    unsigned fault_depth;
    struct cpu_history history[CPU_HISTORY]; /* a ring ... */
    unsigned history_count;                  /* ... and its events so far */
    bool delivered;    /* no step trap behind this instruction */
    uint8_t watch_hit; /* DR6 bits of data breakpoints met */
    gva_t rmw_gva;     /* slow read-modify-write in progress */
    uint8_t rmw_buf[16];
    enum cpu_exit exit;
    struct decode_table *decode;
    struct block_cache *blocks;
    struct jit *jit;     /* NULL: interpreter only */
    struct insn *resume; /* an instruction at offset 0: RIP = REG_RIP */
    struct cpu_config config;
    const struct cpu_model *model;
    uint64_t features[(F_COUNT + 63) / 64]; /* bit n: F_n offered */
    uint8_t va_unused;     /* upper bits that linear addresses do not use */
    uint64_t eflags_valid; /* bits that the model has */
    uint64_t cr4_valid, efer_valid;
    uint8_t maxphyaddr;
};

/* ---- life. NULL: no memory, or no JIT where ACCEL_JIT asks for it; then
 * error[] says why, else it is empty. */
struct cpu *cpu_create(const struct cpu_config *config, char *error,
                       size_t error_size);
/* The device at the head of the CPU, for the board's list. */
struct device *cpu_device(struct cpu *cpu);
/* RESET: power-on values, CS:IP = F000:FFF0 at FFFFFFF0h. */
void cpu_reset(struct cpu *cpu);

/* ---- running. Executes `budget` instructions at most (an iteration of a
 * repeated string instruction counts as one, an instruction that faults, too;
 * delivering traps and interrupts counts nothing). */
enum cpu_exit cpu_run(struct cpu *cpu, int64_t budget);
/* Instructions executed since power-on, exact also inside an instruction. */
uint64_t cpu_icount(const struct cpu *cpu);
/* Shorten the current cpu_run: at most `budget` more instructions (0 = stop
 * at the next block). Harmless outside cpu_run. */
void cpu_shorten(struct cpu *cpu, int64_t budget);
void cpu_stop(struct cpu *cpu);

/* ---- pins */
void cpu_set_intr(struct cpu *cpu, bool level);
void cpu_set_nmi(struct cpu *cpu);
void cpu_set_a20(struct cpu *cpu, bool on);
/* INIT: like reset but FPU, MTRRs and TSC are kept. */
void cpu_init_pin(struct cpu *cpu);

/* ---- looking at it from outside (between cpu_run calls) */
uint64_t cpu_rip(const struct cpu *cpu);
void cpu_set_rip(struct cpu *cpu, uint64_t rip);
/* EFLAGS with the arithmetic flags folded in. */
uint64_t cpu_eflags(const struct cpu *cpu);
void cpu_set_eflags(struct cpu *cpu, uint64_t eflags);

/* ---- inside the CPU */
/* Recompute mode, views, masks and the MMU's bank after a change of CS, SS,
 * other segments, CR0, CR4, EFER, EFLAGS.VM/AC or CPL. */
void cpu_update_views(struct cpu *cpu);
/* Push CR0/CR3/CR4/EFER to the MMU as role and root. */
void cpu_update_paging(struct cpu *cpu);
/* Something wants attention: leave the block chain at the next block. */
void cpu_kick(struct cpu *cpu);

static inline bool cpu_has(const struct cpu *cpu, enum cpu_feature f)
{
    return cpu->features[f / 64] >> f % 64 & 1;
}

static inline bool cpu_protected(const struct cpu *cpu)
{
    return cpu->cr0 & CR0_PE;
}

static inline bool cpu_v86(const struct cpu *cpu)
{
    return cpu->eflags & EFL_VM;
}

/* Protected mode and not virtual-8086: descriptors rule. */
static inline bool cpu_descriptors(const struct cpu *cpu)
{
    return cpu_protected(cpu) && !cpu_v86(cpu);
}

static inline bool cpu_long(const struct cpu *cpu)
{
    return cpu->efer & EFER_LMA;
}

static inline bool cpu_code64(const struct cpu *cpu)
{
    return (cpu->mode & MODE_CODE) == MODE_64;
}

static inline bool cpu_sign_extends(uint64_t v, unsigned unused)
{
    return (uint64_t)((int64_t)(v << unused) >> unused) == v;
}

/* 48 bits, or 57 with 5-level paging. */
static inline bool cpu_canonical(const struct cpu *cpu, uint64_t v)
{
    return cpu_sign_extends(v, cpu->va_unused);
}

/* MSRs and bases take what the processor could ever use. */
static inline bool cpu_canonical_base(const struct cpu *cpu, uint64_t v)
{
    return cpu_sign_extends(v, cpu_has(cpu, F_LA57) ? 7 : 16);
}

/* Single-step when TF is set or DR7 enables a breakpoint. */
static inline void cpu_update_trap(struct cpu *cpu)
{
    if ((cpu->eflags & EFL_TF) || (cpu->dr[7] & 0xff))
        cpu->attention |= ATT_TRAP;
    else
        cpu->attention &= ~(uint32_t)ATT_TRAP;
}

/* Some enabled breakpoint of DR7 is about data: accesses take the slow path,
 * which looks. */
static inline bool cpu_watches(const struct cpu *cpu)
{
    for (unsigned n = 0; (cpu->dr[7] & 0xff) && n < 4; n++)
        if ((cpu->dr[7] >> n * 2 & 3) && (cpu->dr[7] >> (16 + n * 4) & 1))
            return true;
    return false;
}

static inline unsigned cpu_iopl(const struct cpu *cpu)
{
    return (unsigned)(cpu->eflags >> EFL_IOPL_SHIFT) & 3;
}

#endif
