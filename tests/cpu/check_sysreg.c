/* check_sysreg - control, debug and model-specific registers, mode changes,
 * fast system calls, descriptor-table registers (SDM volume 3, chapters 2,
 * 4, 9; volume 4).
 * Alone: make tests/cpu/check_sysreg && tests/cpu/check_sysreg */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/sysreg.h"

#define MOV_CR0_RAX 0x0f, 0x22, 0xc0
#define MOV_CR3_RAX 0x0f, 0x22, 0xd8
#define MOV_CR4_RAX 0x0f, 0x22, 0xe0
#define MOV_RAX_CR0 0x0f, 0x20, 0xc0

static int write_cr(struct rig *r, unsigned n, uint64_t value)
{
    rig_go(r, RIG_CODE);
    r->cpu->reg[RAX] = value;
    return RUN(r, 0x0f, 0x22, 0xc0 | n << 3);
}

/* ---- CR0 */

CASE(cr0_refused)
{
    static const uint32_t t[] = {
        CR0_PG,          /* without PE */
        CR0_PE | CR0_NW, /* without CD */
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_protected(r);
        ck_assert_int_eq(write_cr(r, 0, t[n]), EX_GP);
        ck_assert_uint_eq(rig_frame(r, true).error, 0);
        ck_assert_uint_eq(c->cr0, CR0_PE | CR0_ET | CR0_NE);
    }
}

CASE(cr0_reserved_bits_read_as_they_are)
{
    rig_protected(r);
    ck_assert_int_eq(write_cr(r, 0, CR0_PE | 1 << 10), RIG_HALT);
    ck_assert_uint_eq(c->cr0, CR0_PE | CR0_ET); /* ET is fixed */
}

CASE(cr_in_ring3)
{
    static const uint8_t op[][3] = {
        {0x0f, 0x22, 0xc0}, {0x0f, 0x20, 0xc0}, {0x0f, 0x21, 0xc0},
        {0x0f, 0x23, 0xc0}, {0x0f, 0x01, 0x38}, {0x0f, 0x01, 0xf0},
        {0x0f, 0x30, 0x90}, {0x0f, 0x32, 0x90}, {0x0f, 0x06, 0x90},
        {0x0f, 0x09, 0x90}, {0x0f, 0x00, 0xd8}, {0x0f, 0x01, 0x10}};
    for (unsigned n = 0; n < ARRAY_LEN(op); n++) {
        rig_user(r);
        ck_assert_int_eq(rig_run_bytes(r, op[n], 3), EX_GP);
        ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE);
        ck_assert_uint_eq(rig_frame(r, true).error, 0);
    }
}

CASE(unknown_control_registers)
{
    for (unsigned n = 0; n < 8; n++) {
        bool known = n == 0 || n == 2 || n == 3 || n == 4;
        rig_protected(r);
        ck_assert_int_eq(RUN(r, 0x0f, 0x20, 0xc0 | n << 3),
                         known ? RIG_HALT : EX_UD);
    }
}

CASE(mod_of_cr_moves_is_ignored)
{
    rig_protected(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x20, 0x05), RIG_HALT); /* mov ebp, cr0 */
    ck_assert_uint_eq(c->reg[RBP], CR0_PE | CR0_ET | CR0_NE);
}

CASE(lmsw_smsw)
{
    rig_real(r);
    c->reg[RAX] = 0x1234000f;
    /* smsw ebx; lmsw ax; smsw cx */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xf0), RIG_HALT);
    ck_assert_uint_eq(c->cr0 & 0xf, 0xf);
    rig_protected(r);
    c->reg[RAX] = 0;
    c->reg[RCX] = 0xffffffff;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xf0, 0x66, 0x0f, 0x01, 0xe1),
                     RIG_HALT);
    ck_assert(c->cr0 & CR0_PE); /* cannot be cleared so */
    ck_assert_uint_eq(c->reg[RCX], 0xffff0000 | (uint16_t)c->cr0);
}

CASE(clts)
{
    rig_protected(r);
    c->cr0 |= CR0_TS;
    ck_assert_int_eq(RUN(r, 0x0f, 0x06), RIG_HALT);
    ck_assert(!(c->cr0 & CR0_TS));
}

/* ---- CR3, CR4 */

CASE(cr4_reserved)
{
    rig_protected(r);
    ck_assert_int_eq(write_cr(r, 4, 1u << 31), EX_GP);
    ck_assert_int_eq(write_cr(r, 4, 1 << 15), EX_GP);
    rig_protected(r);
    ck_assert_int_eq(write_cr(r, 4, CR4_PSE | CR4_PGE | CR4_OSFXSR), RIG_HALT);
    ck_assert_uint_eq(c->cr4, CR4_PSE | CR4_PGE | CR4_OSFXSR);
}

CASE(long_mode_keeps_pae)
{
    rig_long(r);
    ck_assert_int_eq(write_cr(r, 4, 0), EX_GP);
    ck_assert(c->cr4 & CR4_PAE);
}

CASE(long_mode_keeps_pg)
{
    rig_long(r);
    ck_assert_int_eq(write_cr(r, 0, CR0_PE), EX_GP);
    ck_assert_int_eq(write_cr(r, 0, c->cr0 | 1ull << 32), EX_GP);
    ck_assert_int_eq(write_cr(r, 3, 1ull << 50), EX_GP);
}

/* PAE: PDPTEs are read when CR3 is written; reserved bits are #GP. */
CASE(pae_pdptes)
{
    rig_paged(r);
    c->cr0 &= ~(uint64_t)CR0_PG;
    c->cr4 |= CR4_PAE | CR4_PSE;
    cpu_update_paging(c);
    rig_poke(r, 0x50000, 0x51000 | 1, 8);
    rig_poke(r, 0x50008, 0, 8);
    rig_poke(r, 0x50010, 0, 8);
    rig_poke(r, 0x50018, 0, 8);
    for (unsigned n = 0; n < 8; n++)
        rig_poke(r, 0x51000 + 8 * n, n << 21 | 0xe7, 8); /* 2 MiB pages */
    c->cr3 = 0x50000;
    ck_assert_int_eq(write_cr(r, 0, c->cr0 | CR0_PG), RIG_HALT);
    rig_poke(r, 0x50020, 0x51000 | 3, 8); /* W is reserved in a PDPTE */
    rig_poke(r, 0x50028, 0, 8);
    rig_poke(r, 0x50030, 0, 8);
    rig_poke(r, 0x50038, 0, 8);
    ck_assert_int_eq(write_cr(r, 3, 0x50020), EX_GP);
    ck_assert_uint_eq(c->cr3, 0x50000);
    rig_poke(r, 0x50020, 0x51000 | 1, 8);
    ck_assert_int_eq(write_cr(r, 3, 0x50020), RIG_HALT);
    /* Changing a PDPTE in memory does nothing before CR3 is written. */
    rig_poke(r, 0x50020, 0, 8);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x90), RIG_HALT);
}

/* ---- what the role bits mean for accesses that went well before */

static int store_at(struct rig *r, uint64_t at)
{
    rig_go(r, RIG_CODE + 0x100);
    r->cpu->reg[RBX] = at;
    return RUN(r, 0x88, 0x03); /* mov [rbx], al */
}

CASE(wp_toggles)
{
    rig_paged(r);
    rig_map(r, RIG_DATA, RIG_DATA | 1);
    ck_assert_int_eq(store_at(r, RIG_DATA), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 3);
    ck_assert_int_eq(write_cr(r, 0, c->cr0 & ~(uint64_t)CR0_WP), RIG_HALT);
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    ck_assert_int_eq(write_cr(r, 0, c->cr0 | CR0_WP), RIG_HALT);
    ck_assert_int_eq(store_at(r, RIG_DATA), EX_PF);
}

CASE(pse_toggles)
{
    rig_paged(r);
    /* Directory entry 3 with PS: a page of 4 MiB, or a table at 0. */
    rig_poke(r, c->cr3 + 12, 0x00000087, 4);
    rig_poke(r, 0, 0, 4);
    rig_poke(r, RIG_DATA, 0x99, 1);
    ck_assert_int_eq(store_at(r, 0xc00000 + RIG_DATA), EX_PF);
    ck_assert_int_eq(write_cr(r, 4, CR4_PSE), RIG_HALT);
    c->reg[RAX] = 0x42;
    ck_assert_int_eq(store_at(r, 0xc00000 + RIG_DATA), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA, 1), 0x42);
}

CASE(nxe_makes_the_bit_reserved_or_not)
{
    rig_long(r);
    rig_map(r, RIG_DATA, RIG_DATA | 7 | 1ull << 63);
    ck_assert_int_eq(store_at(r, RIG_DATA), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 0xb); /* P W RSVD */
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0xc0000080;
    c->reg[RDX] = 0;
    c->reg[RAX] = c->efer | EFER_NXE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), RIG_HALT);
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    PUT(r, RIG_DATA, 0xf4);
    rig_go(r, RIG_DATA);
    ck_assert_int_eq(rig_run(r), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, 0x11);
}

CASE(invlpg_and_stale_entries)
{
    rig_paged(r);
    rig_map(r, RIG_DATA, 0x50000 | 7);
    c->reg[RAX] = 1;
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, 0x50000, 1), 1);
    rig_map(r, RIG_DATA, 0x51000 | 7);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0x3b), RIG_HALT); /* invlpg [ebx] */
    c->reg[RAX] = 2;
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, 0x51000, 1), 2);
    ck_assert_uint_eq(rig_peek(r, 0x50000, 1), 1);
}

CASE(accessed_and_dirty)
{
    rig_paged(r);
    uint64_t pte = rig_pte(r, RIG_DATA), pde = c->cr3;
    ck_assert_uint_eq(rig_peek(r, pte, 4) & 0x60, 0);
    rig_go(r, RIG_CODE);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, pte, 4) & 0x60, 0x20);
    ck_assert_uint_eq(rig_peek(r, pde, 4) & 0x60, 0x20);
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, pte, 4) & 0x60, 0x60);
    /* The guest clears D and flushes: the next store sets it again. */
    rig_map(r, RIG_DATA, RIG_DATA | 7);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0x3b), RIG_HALT);
    ck_assert_int_eq(store_at(r, RIG_DATA), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, pte, 4) & 0x60, 0x60);
}

/* ---- mode changes by the guest itself */

CASE(real_to_protected_and_back)
{
    rig_protected(r); /* for the tables */
    uint64_t idtr = c->idtr_base;
    rig_real(r);
    c->gdtr_base = RIG_GDT;
    c->gdtr_limit = 0xff;
    c->idtr_base = 0;
    ck_assert_uint_ne(idtr, 0);
    PUT(r, 0x8000, 0x40, 0x66, 0xea, 0, 0x90, SEL_CODE16 & 0xff, 0);
    PUT(r, 0x9000, 0x66, 0x31, 0xc9, /* xor ecx, ecx */
        0x0f, 0x22, 0xc1,            /* mov cr0, ecx */
        0xea, 0x00, 0xa0, 0, 0);     /* jmp 0:A000 */
    PUT(r, 0xa000, 0x43, 0xf4);      /* inc bx (16-bit code) */
    c->reg[RBX] = 0xffff;
    ck_assert_int_eq(RUN(r, 0x0f, 0x20, 0xc2, 0x66, 0x83, 0xca, 0x01, 0x0f,
                         0x22, 0xc2, 0x66, 0xea, 0x00, 0x80, 0, 0, SEL_CODE, 0),
                     RIG_HALT);
    ck_assert_uint_eq(cpu_rip(c), 0xa002);
    ck_assert_uint_eq(c->reg[RBX], 0);
    ck_assert_uint_eq(c->reg[RAX] & 0xffff, 1);
    ck_assert_uint_eq(c->cpl, 0);
    ck_assert_uint_eq(c->mode & MODE_CODE, MODE_16);
}

CASE(protected_to_long_and_back)
{
    uint64_t cr3;
    rig_long(r);
    cr3 = c->cr3;
    rig_protected(r);
    rig_poke(r, 0x8000 + 0x100, 0, 8);
    /* The kernel's usual way in: PAE, CR3, LME, PG, far jump. */
    c->reg[RBX] = cr3;
    PUT(r, 0x8000, 0x48, 0xff, 0xc6, 0xf4); /* inc rsi */
    c->reg[RSI] = 0xffffffff;
    ck_assert_int_eq(RUN(r, 0xb8, 0x20, 0, 0, 0, MOV_CR4_RAX, /* mov eax, 20h */
                         0x89, 0xd8, MOV_CR3_RAX,             /* mov eax, ebx */
                         0xb9, 0x80, 0, 0, 0xc0, 0x0f, 0x32,  /* rdmsr EFER */
                         0x0d, 0, 1, 0, 0, 0x0f, 0x30, /* or LME; wrmsr */
                         MOV_RAX_CR0, 0x0d, 0, 0, 0, 0x80, MOV_CR0_RAX, /* PG */
                         0xea, 0, 0x80, 0, 0, SEL_CODE64, 0),
                     RIG_HALT);
    ck_assert_uint_eq(c->efer, EFER_LME | EFER_LMA);
    ck_assert_uint_eq(c->reg[RSI], 0x100000000);
    ck_assert_uint_eq(c->mode & MODE_CODE, MODE_64);
}

CASE(lme_needs_paging_off)
{
    rig_paged(r);
    c->reg[RCX] = 0xc0000080;
    c->reg[RAX] = EFER_LME;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), EX_GP);
    rig_protected(r);
    c->reg[RCX] = 0xc0000080;
    c->reg[RAX] = EFER_LME;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), RIG_HALT);
    /* PG without PAE */
    ck_assert_int_eq(write_cr(r, 0, c->cr0 | CR0_PG), EX_GP);
}

/* ---- MSRs */

static int wrmsr(struct rig *r, uint32_t msr, uint64_t value)
{
    rig_go(r, RIG_CODE);
    r->cpu->reg[RCX] = msr;
    r->cpu->reg[RAX] = (uint32_t)value;
    r->cpu->reg[RDX] = value >> 32;
    return RUN(r, 0x0f, 0x30);
}

CASE(unknown_msrs)
{
    rig_long(r);
    c->reg[RCX] = 0x4711;
    ck_assert_int_eq(RUN(r, 0x0f, 0x32), EX_GP);
    ck_assert_int_eq(wrmsr(r, 0x4711, 0), EX_GP);
}

CASE(msr_values)
{
    static const struct {
        uint32_t msr;
        uint64_t value;
        int vector;
    } t[] = {
        {0xc0000082, 0xffffffff81000000, RIG_HALT}, /* LSTAR */
        {0xc0000082, 0x0000800000000000, EX_GP},
        {0xc0000100, 0x00007fffffffffff, RIG_HALT}, /* FS base */
        {0xc0000101, 0x8000000000000000, EX_GP},
        {0xc0000102, 0xffff800000000000, RIG_HALT},
        {0x175, 0xffff800000000000, RIG_HALT},
        {0x176, 0x0001000000000000, EX_GP},
        {0x277, 0x0007040600070406, RIG_HALT}, /* PAT */
        {0x277, 0x0007040600070402, EX_GP},
        {0x277, 0x0807040600070406, EX_GP},
        {0xc0000080, 1ull << 63, EX_GP},
        {0xfe, 0, EX_GP}, /* MTRRcap is read-only */
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        int got;
        rig_long(r);
        got = wrmsr(r, t[n].msr, t[n].value);
        ck_assert_msg(got == t[n].vector, "row %u: %d, not %d", n, got,
                      t[n].vector);
        if (got != RIG_HALT)
            continue;
        rig_go(r, RIG_CODE);
        ck_assert_int_eq(RUN(r, 0x0f, 0x32), RIG_HALT);
        ck_assert_uint_eq(c->reg[RDX] << 32 | c->reg[RAX], t[n].value);
    }
}

CASE(fs_base_takes_effect)
{
    rig_long(r);
    ck_assert_int_eq(wrmsr(r, 0xc0000100, RIG_DATA), RIG_HALT);
    rig_poke(r, RIG_DATA + 8, 0x1122334455667788, 8);
    rig_go(r, RIG_CODE); /* mov rax, fs:[8] */
    ck_assert_int_eq(RUN(r, 0x64, 0x48, 0x8b, 0x04, 0x25, 8, 0, 0, 0),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 0x1122334455667788);
}

CASE(tsc)
{
    rig_protected(r);
    ck_assert_int_eq(wrmsr(r, 0x10, 0x500000000), RIG_HALT);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x31), RIG_HALT);
    ck_assert_uint_eq(c->reg[RDX], 5);
    ck_assert_uint_lt(c->reg[RAX], 100);
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x31), RIG_HALT);
    rig_user(r);
    c->cr4 |= CR4_TSD;
    ck_assert_int_eq(RUN(r, 0x0f, 0x31), EX_GP);
}

/* ---- debug registers */

CASE(debug_registers)
{
    rig_protected(r);
    c->reg[RAX] = 0xffffffff;
    /* mov dr6, eax; mov ecx, dr6; mov dr3, eax; mov edx, dr3 */
    ck_assert_int_eq(RUN(r, 0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf1, 0x0f, 0x23,
                         0xd8, 0x0f, 0x21, 0xda),
                     RIG_HALT);
    ck_assert_uint_eq(c->reg[RCX], 0xffffefff);
    ck_assert_uint_eq(c->reg[RDX], 0xffffffff);
}

CASE(dr4_dr5)
{
    rig_protected(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x21, 0xe0), RIG_HALT); /* dr4 is dr6 */
    ck_assert_uint_eq(c->reg[RAX], 0xffff0ff0);
    rig_protected(r);
    c->cr4 |= CR4_DE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x21, 0xe8), EX_UD);
}

CASE(dr_upper_half_in_long_mode)
{
    rig_long(r);
    c->reg[RAX] = 1ull << 32;
    ck_assert_int_eq(RUN(r, 0x0f, 0x23, 0xf8), EX_GP); /* mov dr7, rax */
}

/* ---- GDTR, IDTR, LDTR, TR */

CASE(lgdt_widths)
{
    rig_protected(r);
    rig_poke(r, RIG_DATA, 0xaabbccdd1234, 8);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0x1b, 0x0f, 0x01, 0x4b, 0x10),
                     RIG_HALT); /* lidt [ebx]; sidt [ebx + 16] */
    ck_assert_uint_eq(c->idtr_base, 0xaabbccdd);
    ck_assert_uint_eq(c->idtr_limit, 0x1234);
    ck_assert_uint_eq(rig_peek(r, RIG_DATA + 16, 6), 0xaabbccdd1234);
    rig_protected(r);
    rig_poke(r, RIG_DATA, 0xaabbccdd1234, 8);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x01, 0x1b), RIG_HALT);
    ck_assert_uint_eq(c->idtr_base, 0xbbccdd); /* 24 bits */
}

CASE(lgdt_not_canonical)
{
    rig_long(r);
    rig_poke(r, RIG_DATA, 0xfff, 2);
    rig_poke(r, RIG_DATA + 2, 0x0000800000000000, 8);
    c->reg[RBX] = RIG_DATA;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0x13), EX_GP);
    ck_assert_uint_eq(c->gdtr_base, RIG_GDT);
}

CASE(ltr_lldt)
{
    rig_protected(r);
    c->reg[RAX] = SEL_TSS;
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd8), EX_GP); /* busy */
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_TSS);
    rig_protected(r);
    rig_set_desc(r, SEL_FREE, rig_desc(0x7000, 0x67, 0x89));
    c->reg[RAX] = SEL_FREE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd8, 0x0f, 0x00, 0xc9), RIG_HALT);
    ck_assert_uint_eq(c->tr.base, 0x7000);
    ck_assert_uint_eq(rig_get_desc(r, SEL_FREE) >> 40 & 0x1f, 11);
    ck_assert_uint_eq(c->reg[RCX], SEL_FREE); /* str ecx */
    rig_protected(r);
    c->reg[RAX] = SEL_DATA;
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd0), EX_GP); /* lldt */
    ck_assert_uint_eq(rig_frame(r, true).error, SEL_DATA);
    rig_protected(r);
    c->reg[RAX] = 0;
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd0), RIG_HALT);
    ck_assert_uint_eq(c->ldtr.attr, 0);
    rig_real(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd0), EX_UD);
}

CASE(ltr_in_long_mode)
{
    rig_long(r);
    rig_set_desc(r, SEL_FREE, rig_desc(0x7000, 0x67, 0x89));
    rig_set_desc(r, SEL_FREE + 8, 0xffff8000);
    c->reg[RAX] = SEL_FREE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x00, 0xd8), RIG_HALT);
    ck_assert_uint_eq(c->tr.base, 0xffff800000007000);
}

/* ---- SYSCALL, SYSENTER, SWAPGS */

CASE(syscall_sysret)
{
    rig_long(r);
    c->efer |= EFER_SCE;
    c->star = (uint64_t)(0x13 | 0) << 48 | (uint64_t)SEL_CODE64 << 32;
    c->lstar = 0x8000;
    c->fmask = EFL_IF | EFL_DF;
    PUT(r, 0x8000, 0x49, 0x89, 0xcf, 0x4d, 0x89, 0xde, /* save rcx, r11 */
        0x48, 0x0f, 0x07);                             /* sysretq */
    rig_load(r, SEG_CS, SEL_CODE64_3);
    rig_load(r, SEG_SS, SEL_DATA3);
    rig_set_eflags(r, EFL_IF | EFL_DF | EFL_CF | EFL_ID);
    ck_assert_int_eq(RUN(r, 0x0f, 0x05, 0xcc), EX_BP);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, RIG_CODE + 3);
    ck_assert_uint_eq(f.cs, 0x23);
    ck_assert_uint_eq(f.ss, 0x1b);
    ck_assert_uint_eq(f.flags, EFL_IF | EFL_DF | EFL_CF | EFL_ID | EFL_1);
    ck_assert_uint_eq(c->reg[R15], RIG_CODE + 2);
    ck_assert_uint_eq(c->reg[R14], EFL_IF | EFL_DF | EFL_CF | EFL_ID | EFL_1);
}

CASE(syscall_masks_and_selectors)
{
    rig_long(r);
    c->efer |= EFER_SCE;
    c->star = (uint64_t)SEL_CODE64 << 32;
    c->lstar = 0x8000;
    c->fmask = EFL_IF | EFL_DF | EFL_TF;
    rig_load(r, SEG_CS, SEL_CODE64_3);
    rig_set_eflags(r, EFL_IF | EFL_DF | EFL_CF);
    PUT(r, 0x8000, 0xf4);
    ck_assert_int_eq(RUN(r, 0x0f, 0x05), RIG_HALT);
    ck_assert_uint_eq(cpu_eflags(c), EFL_CF | EFL_1);
    ck_assert_uint_eq(c->cpl, 0);
    ck_assert_uint_eq(c->seg[SEG_CS].selector, SEL_CODE64);
    ck_assert_uint_eq(c->seg[SEG_SS].selector, SEL_CODE64 + 8);
    rig_long(r); /* SCE = 0 */
    ck_assert_int_eq(RUN(r, 0x0f, 0x05), EX_UD);
}

CASE(syscall_and_tf)
{
    rig_long(r);
    c->efer |= EFER_SCE;
    c->star = (uint64_t)0x13 << 48 | (uint64_t)SEL_CODE64 << 32;
    c->lstar = 0x8000;
    c->fmask = EFL_TF;
    PUT(r, 0x8000, 0x41, 0xff, 0xc1, 0x48, 0x0f, 0x07); /* inc r9d; sysret */
    rig_load(r, SEG_CS, SEL_CODE64_3);
    rig_load(r, SEG_SS, SEL_DATA3);
    rig_set_eflags(r, EFL_TF);
    /* No step in the kernel; the trap comes where SYSRET goes to. */
    ck_assert_int_eq(RUN(r, 0x0f, 0x05, 0xff, 0xc0), EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, RIG_CODE + 2);
    ck_assert_uint_eq(rig_frame(r, false).cs & 3, 3);
    ck_assert_uint_eq(c->reg[R9], 1);
    ck_assert_uint_eq(c->reg[RAX], 0);
    ck_assert(c->dr[6] & 1 << 14);
    /* Unmasked, the kernel's first instruction is stopped at. */
    rig_long(r);
    c->efer |= EFER_SCE;
    c->star = (uint64_t)SEL_CODE64 << 32;
    c->lstar = 0x8000;
    rig_set_eflags(r, EFL_TF);
    ck_assert_int_eq(RUN(r, 0x0f, 0x05), EX_DB);
    ck_assert_uint_eq(rig_frame(r, false).rip, 0x8000);
}

CASE(sysret_not_canonical)
{
    rig_long(r);
    c->efer |= EFER_SCE;
    c->reg[RCX] = 0x0000800000000000;
    ck_assert_int_eq(RUN(r, 0x48, 0x0f, 0x07), EX_GP);
    ck_assert_uint_eq(rig_frame(r, true).cs, SEL_CODE64); /* still ring 0 */
}

CASE(sysenter_sysexit)
{
    rig_user(r);
    c->sysenter_cs = SEL_CODE;
    c->sysenter_esp = RIG_STACK;
    c->sysenter_eip = 0x8000;
    c->reg[RDX] = 0x9000;
    c->reg[RCX] = RIG_STACK3;
    rig_set_eflags(r, EFL_IF);
    PUT(r, 0x8000, 0x9c, 0x5b, 0x0f, 0x35); /* pushf; pop ebx; sysexit */
    PUT(r, 0x9000, 0xcc);
    ck_assert_int_eq(RUN(r, 0x0f, 0x34), EX_BP);
    struct rig_frame f = rig_frame(r, false);
    ck_assert_uint_eq(f.rip, 0x9001);
    ck_assert_uint_eq(f.cs, SEL_CODE + 16 + 3);
    ck_assert_uint_eq(f.ss, SEL_CODE + 24 + 3);
    ck_assert_uint_eq(f.sp, RIG_STACK3);
    ck_assert_uint_eq(c->reg[RBX] & EFL_IF, 0);
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x34), EX_GP); /* CS = 0 */
    rig_user(r);
    c->sysenter_cs = SEL_CODE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x35), EX_GP); /* ring 3 */
}

CASE(swapgs)
{
    rig_long(r);
    c->seg[SEG_GS].base = 0x1111;
    c->kernel_gs_base = RIG_DATA;
    cpu_update_views(c);
    rig_poke(r, RIG_DATA, 0xab, 1);
    ck_assert_int_eq(
        RUN(r, 0x0f, 0x01, 0xf8, 0x65, 0x8a, 0x04, 0x25, 0, 0, 0, 0),
        RIG_HALT); /* mov al, gs:[0] */
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 0xab);
    ck_assert_uint_eq(c->kernel_gs_base, 0x1111);
    rig_long(r);
    rig_load(r, SEG_CS, SEL_CODE64_3);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xf8), EX_GP);
}

/* ---- alignment check */

CASE(alignment)
{
    rig_user(r);
    c->cr0 |= CR0_AM;
    c->reg[RBX] = RIG_DATA + 1;
    rig_set_eflags(r, EFL_AC);
    ck_assert_int_eq(RUN(r, 0x8b, 0x03), EX_AC);
    ck_assert_uint_eq(rig_frame(r, true).error, 0);
    rig_user(r);
    c->cr0 |= CR0_AM;
    c->reg[RBX] = RIG_DATA + 1;
    ck_assert_int_eq(RUN(r, 0x8b, 0x03), RIG_HALT); /* AC clear */
    rig_protected(r);
    c->cr0 |= CR0_AM;
    c->reg[RBX] = RIG_DATA + 1;
    rig_set_eflags(r, EFL_AC);
    ck_assert_int_eq(RUN(r, 0x8b, 0x03), RIG_HALT); /* ring 0 */
    /* POPF turns it on in the middle of a block */
    rig_user(r);
    c->cr0 |= CR0_AM;
    c->reg[RBX] = RIG_DATA + 1;
    ck_assert_int_eq(RUN(r, 0x8b, 0x03, 0x68, 2, 0, 4, 0, 0x9d, 0x8b, 0x03),
                     EX_AC);
    ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE + 8);
}

/* ---- RESET and INIT */

CASE(reset_and_init)
{
    rig_long(r);
    c->fcw = 0x37f;
    c->mtrr_def_type = 0xc00;
    c->reg[RAX] = 1;
    cpu_init_pin(c);
    ck_assert_uint_eq(cpu_rip(c), 0xfff0);
    ck_assert_uint_eq(c->seg[SEG_CS].base, 0xffff0000);
    ck_assert_uint_eq(c->reg[RAX], 0);
    ck_assert_uint_eq(c->cr0 & ~(uint64_t)(CR0_CD | CR0_NW), CR0_ET);
    ck_assert_uint_eq(c->fcw, 0x37f);
    ck_assert_uint_eq(c->mtrr_def_type, 0xc00);
    cpu_reset(c);
    ck_assert_uint_eq(c->fcw, 0x40);
    ck_assert_uint_eq(c->mtrr_def_type, 0);
    ck_assert_uint_eq(c->cr0, CR0_CD | CR0_NW | CR0_ET);
}

static const struct rig_case cases[] = {
    CASE_ROW(cr0_refused),
    CASE_ROW(cr0_reserved_bits_read_as_they_are),
    CASE_ROW(cr_in_ring3),
    CASE_ROW(unknown_control_registers),
    CASE_ROW(mod_of_cr_moves_is_ignored),
    CASE_ROW(lmsw_smsw),
    CASE_ROW(clts),
    CASE_ROW(cr4_reserved),
    CASE_ROW(long_mode_keeps_pae),
    CASE_ROW(long_mode_keeps_pg),
    CASE_ROW(pae_pdptes),
    CASE_ROW(wp_toggles),
    CASE_ROW(pse_toggles),
    CASE_ROW(nxe_makes_the_bit_reserved_or_not),
    CASE_ROW(invlpg_and_stale_entries),
    CASE_ROW(accessed_and_dirty),
    CASE_ROW(real_to_protected_and_back),
    CASE_ROW(protected_to_long_and_back),
    CASE_ROW(lme_needs_paging_off),
    CASE_ROW(unknown_msrs),
    CASE_ROW(msr_values),
    CASE_ROW(fs_base_takes_effect),
    CASE_ROW(tsc),
    CASE_ROW(debug_registers),
    CASE_ROW(dr4_dr5),
    CASE_ROW(dr_upper_half_in_long_mode),
    CASE_ROW(lgdt_widths),
    CASE_ROW(lgdt_not_canonical),
    CASE_ROW(ltr_lldt),
    CASE_ROW(ltr_in_long_mode),
    CASE_ROW(syscall_sysret),
    CASE_ROW(syscall_masks_and_selectors),
    CASE_ROW(syscall_and_tf),
    CASE_ROW(sysret_not_canonical),
    CASE_ROW(sysenter_sysexit),
    CASE_ROW(swapgs),
    CASE_ROW(alignment),
    CASE_ROW(reset_and_init),
};

int main(void)
{
    return rig_main("cpu/sysreg", cases, ARRAY_LEN(cases));
}
