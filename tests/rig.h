/* rig.h - a bare board for tests of the CPU: RAM, a port space, a CPU.
 *
 * Every mode starts with the same map of RAM (RIG_ addresses below) and
 * flat segments. Every vector leads to a HLT of its own, so that rig_run
 * can say which exception came, and rig_frame what it pushed. */
#ifndef UMBRA_TESTS_RIG_H
#define UMBRA_TESTS_RIG_H

#include "cpu/cpu.h"
#include "mmu/addrspace.h"

struct rig;

/* Where things lie; linear = physical, but for what a test maps. */
enum {
    RIG_GDT = 0x1000,
    RIG_IDT = 0x2000,
    RIG_TSS = 0x3000,      /* of the first task */
    RIG_HANDLERS = 0x4000, /* HLT of vector n at + 16 n */
    RIG_LDT = 0x5000,
    RIG_CODE = 0x10000,
    RIG_DATA = 0x20000,
    RIG_STACK = 0x30000,   /* top; ring 0 */
    RIG_STACK3 = 0x38000,  /* top; ring 3 */
    RIG_TABLES = 0x100000, /* page tables are taken from here on */
    RIG_RAM = 16 << 20,
};

/* Selectors of the GDT; from SEL_FREE on it is the test's. */
enum {
    SEL_CODE = 0x08,
    SEL_DATA = 0x10, /* 32-bit, ring 0 */
    SEL_CODE3 = 0x1b,
    SEL_DATA3 = 0x23, /* 32-bit, ring 3 */
    SEL_CODE16 = 0x28,
    SEL_DATA16 = 0x30, /* 16-bit, ring 0, base 0 */
    SEL_CODE64 = 0x38,
    SEL_CODE64_3 = 0x43,
    SEL_TSS = 0x48, /* two slots in long mode */
    SEL_LDT = 0x58,
    SEL_FREE = 0x60,
    SEL_COUNT = 64,
};

/* What rig_run returns when no exception handler was reached. */
enum {
    RIG_HALT = 256, /* HLT of the program */
    RIG_BUDGET,     /* still running after RIG_STEPS instructions */
    RIG_SHUTDOWN,
    RIG_STEPS = 20000,
};

/* A frame that an exception pushed. Fields that the mode does not push are
 * 0. */
struct rig_frame {
    uint32_t error;
    uint64_t rip, flags, sp;
    uint16_t cs, ss;
};

struct rig {
    struct log log;
    struct addrspace *memory, *ports;
    struct track *track;
    struct ram_block *ram;
    struct region ram_region, port_region;
    struct cpu *cpu;
    uint64_t next_table; /* first free page for tables */
    enum rig_pace {
        RIG_BLOCKS,  /* one cpu_run for everything */
        RIG_SINGLE,  /* one per instruction */
        RIG_DROPPING /* everything derived is dropped every few */
    } pace;
    int vector; /* that ack() gives, -1 = none */
    unsigned acks;
    /* ports: last access and what reads give */
    unsigned port, port_size, port_reads, port_writes;
    uint64_t port_in, port_out;
};

/* Aborts the test when the host has no memory. The CPU is as after RESET.
 * With RIG_ACCEL=jit in the environment every suite runs in the JIT, which
 * translates blocks the first time they are entered. */
struct rig *rig_create(void);
/* The same with another engine; it falls back where the host has none. */
struct rig *rig_create_accel(enum cpu_accel accel);
/* With the JIT and so many bytes for its code; 0: as many as it likes. */
struct rig *rig_create_cache(uint64_t bytes);
void rig_destroy(struct rig *rig);

/* Make the CPU another model (models.h) and reset it. */
struct cpu_choice;
void rig_set_model(struct cpu *cpu, const struct cpu_choice *choice);

/* ---- modes: RIP = RIG_CODE, SP = RIG_STACK, interrupts off */
/* CS = RIG_CODE >> 4 and IP = 0, DS = ES = RIG_DATA >> 4, SS:SP =
 * (RIG_STACK - 0x10000) >> 4:0xFFFE. */
void rig_real(struct rig *rig);
/* Flat 32-bit segments, no paging. */
void rig_protected(struct rig *rig);
/* The same in ring 3, IOPL 0. */
void rig_user(struct rig *rig);
/* rig_protected and identity paging (4 KiB pages, all of RAM, user). */
void rig_paged(struct rig *rig);
/* 64-bit code, ring 0, identity paging. */
void rig_long(struct rig *rig);
/* Virtual-8086 mode of a 32-bit kernel: segments as rig_real. */
void rig_v86(struct rig *rig, unsigned iopl);

/* ---- running */
/* Put bytes at a physical address as a device does. */
void rig_put(struct rig *rig, uint64_t addr, const void *bytes, size_t size);
void rig_poke(struct rig *rig, uint64_t addr, uint64_t value, unsigned size);
uint64_t rig_peek(struct rig *rig, uint64_t addr, unsigned size);
/* Run from where RIP stands: a vector or RIG_HALT, ... */
int rig_run(struct rig *rig);
/* Put these bytes at CS:RIP, then run. */
int rig_run_bytes(struct rig *rig, const void *bytes, size_t size);
#define RUN(rig, ...)                                                          \
    rig_run_bytes(rig, (const uint8_t[]){__VA_ARGS__},                         \
                  sizeof((const uint8_t[]){__VA_ARGS__}))
#define PUT(rig, addr, ...)                                                    \
    rig_put(rig, addr, (const uint8_t[]){__VA_ARGS__},                         \
            sizeof((const uint8_t[]){__VA_ARGS__}))
/* What the handler that rig_run ended in found on its stack. `error`: the
 * exception has an error code. */
struct rig_frame rig_frame(struct rig *rig, bool error);
void rig_set_eflags(struct rig *rig, uint64_t eflags);
/* Leave HLT and go on at `rip` of the same CS. */
void rig_go(struct rig *rig, uint64_t rip);

/* ---- tables */
/* A descriptor; `attr` as in struct seg (bits 40..55), `limit` in units. */
uint64_t rig_desc(uint32_t base, uint32_t limit, unsigned attr);
void rig_set_desc(struct rig *rig, unsigned selector, uint64_t desc);
uint64_t rig_get_desc(struct rig *rig, unsigned selector);
/* A gate for a call gate or IDT entry: `type` with P and DPL (bits 40..47),
 * `params` words. */
uint64_t rig_gate(unsigned selector, uint32_t offset, unsigned type,
                  unsigned params);
void rig_set_idt(struct rig *rig, unsigned vector, uint64_t gate);
/* Load a segment register's hidden part from the GDT without checks. */
void rig_load(struct rig *rig, unsigned seg, unsigned selector);
/* Change one 4 KiB mapping (rig_paged, rig_long): the entry's bits. */
void rig_map(struct rig *rig, uint64_t gva, uint64_t entry);
/* Physical address of the entry that maps gva (4 KiB leaf). */
uint64_t rig_pte(struct rig *rig, uint64_t gva);

/* ---- suites: each case gets a new rig and runs at every pace. For main():
 * the number of failures, 0 = good. */
struct rig_case {
    const char *name;
    void (*run)(struct rig *r, struct cpu *c);
};
#define RIG_UNUSED __attribute__((unused)) /* some cases need only one */
#define CASE(name)                                                             \
    static void name(RIG_UNUSED struct rig *r, RIG_UNUSED struct cpu *c)
#define CASE_ROW(name)                                                         \
    {                                                                          \
#name, name                                                            \
    }
int rig_main(const char *suite, const struct rig_case *cases, unsigned count);

/* Fails the test with `what` when an MMU invariant is broken. */
void rig_audit(struct rig *rig);

#endif
