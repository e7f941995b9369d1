/* check_cpuid - what CPUID says against what the processor does: a feature
 * bit and the instructions, control bits and registers behind it go
 * together (SDM volume 2, CPUID).
 * Alone: make tests/cpu/check_cpuid && tests/cpu/check_cpuid */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/cpuid.h"

enum { EAX, EBX, ECX, EDX };

static void leaf(struct rig *r, uint32_t eax, uint32_t ecx, uint32_t out[4])
{
    static const uint8_t order[] = {RAX, RBX, RCX, RDX};
    struct cpu *c = r->cpu;
    rig_go(r, RIG_CODE);
    c->reg[RAX] = 0xffffffff00000000 | eax;
    c->reg[RCX] = 0xffffffff00000000 | ecx;
    ck_assert_int_eq(RUN(r, 0x0f, 0xa2), RIG_HALT);
    for (unsigned n = 0; n < 4; n++) {
        ck_assert_uint_eq(c->reg[order[n]] >> 32, 0);
        out[n] = (uint32_t)c->reg[order[n]];
    }
}

CASE(vendor_and_limits)
{
    uint32_t out[4], top[4], beyond[4];
    rig_long(r);
    leaf(r, 0, 0, out);
    ck_assert_uint_ge(out[EAX], 1);
    for (unsigned n = 1; n < 4; n++)
        for (unsigned b = 0; b < 32; b += 8)
            ck_assert_uint_ge(out[n] >> b & 0xff, ' ');
    leaf(r, out[EAX], 0, top);
    leaf(r, out[EAX] + 1, 0, beyond); /* Intel: the highest leaf again */
    ck_assert_mem_eq(top, beyond, sizeof top);
    leaf(r, 0x80000000, 0, out);
    ck_assert_uint_ge(out[EAX], 0x80000008);
}

CASE(brand_string)
{
    uint32_t out[4];
    char text[49] = "";
    rig_long(r);
    for (uint32_t n = 0; n < 3; n++) {
        leaf(r, 0x80000002 + n, 0, out);
        memcpy(text + n * 16, out, 16);
    }
    ck_assert_uint_gt(strlen(text), 3);
}

CASE(address_sizes)
{
    uint32_t out[4];
    rig_long(r);
    leaf(r, 0x80000008, 0, out);
    ck_assert_uint_eq(out[EAX] & 0xff, c->maxphyaddr);
    ck_assert_uint_eq(out[EAX] >> 8 & 0xff, 48);
}

CASE(signature_is_in_edx_after_reset)
{
    uint32_t out[4];
    cpu_reset(c);
    ck_assert_uint_eq(c->reg[RDX], cpuid_signature(c));
    rig_long(r);
    leaf(r, 1, 0, out);
    ck_assert_uint_eq(out[EAX], cpuid_signature(c));
}

/* ---- bits and instructions: without the bit, #UD */

struct feature {
    uint32_t leaf;
    uint8_t reg, bit;
    uint8_t code[8];
};

CASE(bits_and_instructions)
{
    static const struct feature t[] = {
        {1, EDX, 4, {0x0f, 0x31}},                      /* RDTSC */
        {1, EDX, 8, {0x0f, 0xc7, 0x0b}},                /* CMPXCHG8B */
        {1, EDX, 15, {0x0f, 0x44, 0xc1}},               /* CMOVE */
        {1, EDX, 19, {0x0f, 0xae, 0x3b}},               /* CLFLUSH */
        {1, EDX, 23, {0x0f, 0x77}},                     /* EMMS */
        {1, EDX, 24, {0x0f, 0xae, 0x03}},               /* FXSAVE */
        {1, EDX, 25, {0x0f, 0x58, 0xc1}},               /* ADDPS */
        {1, EDX, 26, {0x66, 0x0f, 0x58, 0xc1}},         /* ADDPD */
        {1, ECX, 0, {0xf2, 0x0f, 0xd0, 0xc1}},          /* ADDSUBPS */
        {1, ECX, 9, {0x66, 0x0f, 0x38, 0x00, 0xc1}},    /* PSHUFB */
        {1, ECX, 13, {0x48, 0x0f, 0xc7, 0x0b}},         /* CMPXCHG16B */
        {1, ECX, 19, {0x66, 0x0f, 0x38, 0x10, 0xc1}},   /* PBLENDVB */
        {1, ECX, 20, {0x66, 0x0f, 0x38, 0x37, 0xc1}},   /* PCMPGTQ */
        {1, ECX, 22, {0x0f, 0x38, 0xf0, 0x03}},         /* MOVBE */
        {1, ECX, 23, {0xf3, 0x0f, 0xb8, 0xc1}},         /* POPCNT */
        {1, ECX, 25, {0x66, 0x0f, 0x38, 0xdc, 0xc1}},   /* AESENC */
        {1, ECX, 1, {0x66, 0x0f, 0x3a, 0x44, 0xc1, 0}}, /* PCLMULQDQ */
        {0x80000001, EDX, 27, {0x0f, 0x01, 0xf9}},      /* RDTSCP */
        {0x80000001, ECX, 0, {0x9f}},                   /* LAHF */
        {0x80000001, ECX, 8, {0x0f, 0x0d, 0x0b}},       /* PREFETCHW */
    };
    uint32_t out[4];
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        bool offered;
        int got;
        rig_long(r);
        leaf(r, t[n].leaf, 0, out);
        offered = out[t[n].reg] >> t[n].bit & 1;
        rig_long(r);
        c->cr4 |= CR4_OSFXSR;
        c->reg[RBX] = RIG_DATA;
        got = rig_run_bytes(r, t[n].code, sizeof t[n].code);
        ck_assert_msg((got != EX_UD) == offered,
                      "row %u: bit %d, but vector %d", n, offered, got);
    }
}

CASE(bits_and_control_bits)
{
    static const struct {
        uint32_t leaf;
        uint8_t reg, bit;
        uint32_t cr4;
    } t[] = {{1, EDX, 1, CR4_VME | CR4_PVI}, {1, EDX, 2, CR4_DE},
             {1, EDX, 3, CR4_PSE},           {1, EDX, 4, CR4_TSD},
             {1, EDX, 6, CR4_PAE},           {1, EDX, 7, CR4_MCE},
             {1, EDX, 13, CR4_PGE},          {1, EDX, 24, CR4_OSFXSR},
             {1, EDX, 25, CR4_OSXMMEXCPT},   {1, ECX, 17, CR4_PCIDE},
             {1, ECX, 26, CR4_OSXSAVE},      {7, EBX, 0, CR4_FSGSBASE},
             {7, ECX, 2, CR4_UMIP},          {7, ECX, 3, CR4_PKE}};
    uint32_t out[4];
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        bool offered;
        rig_long(r);
        leaf(r, t[n].leaf, 0, out);
        offered = out[t[n].reg] >> t[n].bit & 1;
        rig_go(r, RIG_CODE);
        c->reg[RAX] = c->cr4 | t[n].cr4;
        ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xe0), offered ? RIG_HALT : EX_GP);
    }
}

CASE(apic_bit_follows_the_base_register)
{
    uint32_t out[4];
    rig_long(r);
    c->apic_base = 0xfee00900;
    leaf(r, 1, 0, out);
    ck_assert(out[EDX] >> 9 & 1);
    c->apic_base = 0xfee00100;
    leaf(r, 1, 0, out);
    ck_assert(!(out[EDX] >> 9 & 1));
}

CASE(eflags_id_can_be_toggled)
{
    rig_protected(r);
    /* pushf; xor [esp], ID; popf; pushf; pop eax */
    ck_assert_int_eq(
        RUN(r, 0x9c, 0x81, 0x34, 0x24, 0, 0, 0x20, 0, 0x9d, 0x9c, 0x58),
        RIG_HALT);
    ck_assert(c->reg[RAX] & EFL_ID);
}

static const struct rig_case cases[] = {
    CASE_ROW(vendor_and_limits),
    CASE_ROW(brand_string),
    CASE_ROW(address_sizes),
    CASE_ROW(signature_is_in_edx_after_reset),
    CASE_ROW(bits_and_instructions),
    CASE_ROW(bits_and_control_bits),
    CASE_ROW(apic_bit_follows_the_base_register),
    CASE_ROW(eflags_id_can_be_toggled),
};

int main(void)
{
    return rig_main("cpu/cpuid", cases, ARRAY_LEN(cases));
}
