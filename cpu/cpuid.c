/* cpuid.c - CPUID as data.
 *
 * A model is a list of features; the bits of CPUID follow from the features
 * by one table, and so does what the decoder accepts. SDM volume 2, CPUID;
 * AMD64 APM volume 3, appendix E. */
#include "cpu/cpuid.h"

/* Where a feature shows: leaf, output register 0..3, bit. */
struct cpuid_bit {
    uint8_t feature;
    uint32_t leaf;
    uint8_t reg, bit;
};

enum { EAX, EBX, ECX, EDX };
#define EXT 0x80000001u

static const struct cpuid_bit bit_table[] = {
    {F_FPU, 1, EDX, 0},       {F_TSC, 1, EDX, 4},
    {F_MSR, 1, EDX, 5},       {F_CX8, 1, EDX, 8},
    {F_SEP, 1, EDX, 11},      {F_CMOV, 1, EDX, 15},
    {F_CLFLUSH, 1, EDX, 19},  {F_MMX, 1, EDX, 23},
    {F_FXSR, 1, EDX, 24},     {F_SSE, 1, EDX, 25},
    {F_SSE2, 1, EDX, 26},     {F_SSE3, 1, ECX, 0},
    {F_MONITOR, 1, ECX, 3},   {F_SSSE3, 1, ECX, 9},
    {F_CX16, 1, ECX, 13},     {F_SSE41, 1, ECX, 19},
    {F_SSE42, 1, ECX, 20},    {F_MOVBE, 1, ECX, 22},
    {F_POPCNT, 1, ECX, 23},   {F_SYSCALL, EXT, EDX, 11},
    {F_RDTSCP, EXT, EDX, 27}, {F_LONG, EXT, EDX, 29},
    {F_LAHF64, EXT, ECX, 0},  {F_PREFETCHW, EXT, ECX, 8},
};

/* Features without a row of instructions of their own: VME DE PSE PAE MCE
 * APIC MTRR PGE MCA PAT PSE36, NX. */
enum {
    LEAF1_EDX_FIXED = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 9 |
                      1 << 12 | 1 << 13 | 1 << 14 | 1 << 16 | 1 << 17,
    EXT_EDX_FIXED = 1 << 20,
};

/* IA32_SPEC_CTRL and IA32_PRED_CMD, STIBP, IA32_ARCH_CAPABILITIES, SSBD:
 * this processor does not speculate and says so (sysreg.c), which spares
 * guests their work-arounds. */
#define LEAF7_EDX_FIXED (1u << 26 | 1u << 27 | 1u << 29 | 1u << 31)

static const uint8_t model_features[] = {
    F_I8086, F_I186, F_I286,    F_I386,   F_I486,      F_PENTIUM, F_CMOV,
    F_LONG,  F_FPU,  F_CX8,     F_CX16,   F_MMX,       F_FXSR,    F_SSE,
    F_SSE2,  F_SEP,  F_SYSCALL, F_RDTSCP, F_LAHF64,    F_CLFLUSH, F_MSR,
    F_TSC,   F_NOPL, F_POPCNT,  F_MOVBE,  F_PREFETCHW,
};

void cpuid_set_features(struct cpu *cpu)
{
    for (unsigned n = 0; n < ARRAY_LEN(model_features); n++)
        cpu->features[model_features[n] / 64] |= 1ull << model_features[n] % 64;
    cpu->maxphyaddr = 40;
}

uint32_t cpuid_signature(const struct cpu *cpu)
{
    (void)cpu;
    return 0x000006f1; /* family 6, model 15, stepping 1 */
}

static void leaf_brand(uint32_t part, uint32_t out[4])
{
    static const char brand[48] = "Umbra virtual CPU";
    for (unsigned n = 0; n < 4; n++)
        out[n] = load_le32(brand + part * 16 + n * 4);
}

static void leaf_features(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    for (unsigned n = 0; n < ARRAY_LEN(bit_table); n++)
        if (bit_table[n].leaf == leaf &&
            cpu_has(cpu, (enum cpu_feature)bit_table[n].feature))
            out[bit_table[n].reg] |= 1u << bit_table[n].bit;
}

static void leaf_cache(uint32_t subleaf, uint32_t out[4])
{
    /* type and level, ways - 1 (of 64-byte lines), sets - 1 */
    static const struct {
        uint32_t eax, ways, sets;
    } cache[] = {{0x21, 8, 64}, {0x22, 8, 64}, {0x43, 16, 4096}};
    if (subleaf >= ARRAY_LEN(cache))
        return;
    out[EAX] = cache[subleaf].eax | 1 << 8;
    out[EBX] = (cache[subleaf].ways - 1) << 22 | 63;
    out[ECX] = cache[subleaf].sets - 1;
}

static void leaf_one(const struct cpu *cpu, uint32_t out[4])
{
    out[EAX] = cpuid_signature(cpu);
    out[EBX] = 8 << 8 | 1 << 16; /* CLFLUSH 64 bytes, one logical CPU */
    out[EDX] = LEAF1_EDX_FIXED;
    leaf_features(cpu, 1, out);
    /* The APIC bit follows IA32_APIC_BASE bit 11. */
    if (!(cpu->apic_base & 1 << 11))
        out[EDX] &= ~(1u << 9);
}

static void leaf_extended(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    switch (leaf) {
    case 0x80000000:
        out[EAX] = 0x80000008;
        break;
    case EXT:
        out[EDX] = EXT_EDX_FIXED;
        leaf_features(cpu, EXT, out);
        /* SYSCALL shows in 64-bit code only on Intel processors. */
        break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
        leaf_brand(leaf - 0x80000002, out);
        break;
    case 0x80000006:
        out[ECX] = 256u << 16 | 6 << 12 | 64;
        break;
    case 0x80000007:
        out[EDX] = 1 << 8; /* TSC runs at a constant rate */
        break;
    case 0x80000008:
        out[EAX] = cpu->maxphyaddr | 48 << 8;
        break;
    default:
        break;
    }
}

void cpuid_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf,
                uint32_t out[4])
{
    enum { LAST = 7 };
    memset(out, 0, 4 * sizeof out[0]);
    if (leaf >= 0x80000000) {
        if (leaf <= 0x80000008) {
            leaf_extended(cpu, leaf, out);
            return;
        }
        leaf = LAST; /* beyond: the highest basic leaf */
    } else if (leaf > LAST) {
        if (leaf >= 0x40000000 && leaf < 0x50000000)
            return;
        leaf = LAST;
    }
    switch (leaf) {
    case 0:
        out[EAX] = LAST;
        memcpy(&out[EBX], "Genu", 4);
        memcpy(&out[EDX], "ineI", 4);
        memcpy(&out[ECX], "ntel", 4);
        for (unsigned n = 1; n < 4; n++)
            out[n] = LE32(out[n]);
        break;
    case 1:
        leaf_one(cpu, out);
        break;
    case 2:
        out[EAX] = 1;
        out[EDX] = 0x2c307d; /* caches as in leaf 4 */
        break;
    case 4:
        leaf_cache(subleaf, out);
        break;
    case 7:
        if (subleaf == 0)
            out[EDX] = LEAF7_EDX_FIXED;
        break;
    default:
        break;
    }
}
