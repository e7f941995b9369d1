/* fuzz_board.h - a small board for fuzz_insn: 128 KiB of RAM, a device's
 * page, ports, a CPU in a mode of the input's choice.
 *
 * RAM lies in the middle of a larger block whose ends AddressSanitizer
 * guards: an access that leaves the guest's RAM by less than 64 KiB is
 * found even where the host has memory there. Ports and the device's page
 * answer with numbers that follow from what was asked so far, which is also
 * hashed: two runs did the same to the world when the hashes are equal. */
#ifndef UMBRA_TESTS_FUZZ_BOARD_H
#define UMBRA_TESTS_FUZZ_BOARD_H

#include "cpu/cpu.h"
#include "mmu/addrspace.h"
#include "tests/fuzz/fuzz.h"

/* Physical addresses; linear ones are the same before an input's changes. */
enum {
    FB_IVT = 0,
    FB_GDT = 0x1000,
    FB_IDT = 0x2000,
    FB_TSS = 0x3000,
    FB_HANDLERS = 0x4000, /* of vector n at + 16 n */
    FB_LDT = 0x5000,
    FB_TSS2 = 0x6000,
    FB_CODE = 0x8000,
    FB_CODE_END = 0xa000,
    FB_DATA = 0xa000,
    FB_STACK = 0xf000,   /* top, ring 3 or the only one */
    FB_STACK0 = 0xfff0,  /* of TSS */
    FB_TABLES = 0x10000, /* PML4, PDPT, PD, PT */
    FB_RAM = 0x20000,
    FB_MMIO = 0x20000, /* a page; beyond is nothing */
    FB_GUARD = 0x10000,
};

enum fuzz_mode {
    FM_REAL,
    FM_V86,
    FM_PROT16,
    FM_PROT32,
    FM_LEGACY, /* 32-bit paging */
    FM_PAE,
    FM_COMPAT, /* 32-bit code of long mode */
    FM_LONG,
    FM_COUNT
};

struct fuzz_board {
    struct log log;
    struct addrspace *memory, *ports;
    struct track *track;
    struct ram_block *ram;
    struct region ram_region, mmio_region, port_region;
    struct cpu *cpu;
    uint8_t *fresh; /* the CPU's saved fields at power-on */
    uint64_t world; /* hash of all that ports and device were asked */
    unsigned asked, acks;
    bool remapped; /* for fuzz_insn */
    unsigned slices;
    uint8_t vector;
};

/* ACCEL_DEFAULT: with the JIT where there is one, which translates blocks
 * at once. */
struct fuzz_board *fuzz_board_create(enum cpu_accel accel);
/* As after power-on, in the mode and with the changes that the input
 * starts with. What is left of it is the caller's. */
void fuzz_board_start(struct fuzz_board *board, struct fuzz_input *in);
/* RAM's first byte. */
uint8_t *fuzz_board_ram(struct fuzz_board *board);
/* Makes equal states equal bytes (lazy flags, instruction pointer). */
void fuzz_board_settle(struct fuzz_board *board);
/* Invariants of MMU and blocks; aborts when one does not hold. */
void fuzz_board_audit(struct fuzz_board *board);

#endif
