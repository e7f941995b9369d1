/* cpuid.c - CPUID, from the tables of models.c.
 *
 * SDM volume 2, CPUID; AMD64 APM volume 3, appendix E. A leaf above the
 * highest gives what the highest basic leaf gives, as on Intel processors.
 * Not modelled: leaf 3 (serial number), C-states in leaf 5, 6 (thermal),
 * Ah (performance counters): they read as zeros, "nothing there". */
#include "cpu/cpuid.h"

#include "cpu/models.h"
#include "cpu/xsave.h"

enum { EAX, EBX, ECX, EDX };
#define EXT      0x80000001u
#define EXT_LAST 0x80000008u

enum {
    LEAF_CACHE = 4,
    LEAF_MONITOR = 5,
    LEAF_FEATURES = 7,
    LEAF_TOPOLOGY = 11,
    LEAF_XSAVE = 13
};

/* ---- the model */

void cpuid_set_model(struct cpu *cpu, const struct cpu_choice *choice)
{
    struct cpu_choice standard;
    char error[80];

    if (!choice) {
        bool known = models_choose(&standard, NULL, error, sizeof error);

        ASSERT(known);
        choice = &standard;
    }
    cpu->model = choice->model;
    memcpy(cpu->features, choice->features, sizeof cpu->features);
    cpu->maxphyaddr = choice->model->maxphyaddr;
    if (cpu_has(cpu, F_PAE) && cpu->maxphyaddr < 36)
        cpu->maxphyaddr = 36;
    cpu->eflags_valid =
        EFL_ARITH | EFL_1 | EFL_TF | EFL_IF | EFL_DF; /* the 8086's */
    cpu->cr4_valid = cpu->efer_valid = 0;
    for (unsigned f = 0; f < F_COUNT; f++) {
        if (!cpu_has(cpu, (enum cpu_feature)f))
            continue;
        cpu->eflags_valid |= cpu_feature_rows[f].eflags;
        cpu->cr4_valid |= cpu_feature_rows[f].cr4;
        cpu->efer_valid |= cpu_feature_rows[f].efer;
    }
}

uint32_t cpuid_signature(const struct cpu *cpu)
{
    return cpu->model->signature;
}

/* ---- leaves */

/* Some feature shows there although the model by itself ends before. */
static bool leaf_used(const struct cpu *cpu, uint32_t leaf)
{
    for (unsigned f = 0; f < F_COUNT; f++)
        if (cpu_feature_rows[f].leaf == leaf &&
            cpu_has(cpu, (enum cpu_feature)f))
            return true;
    return false;
}

static uint32_t highest_leaf(const struct cpu *cpu)
{
    uint32_t last = cpu->model->level ? cpu->model->level : 1;

    if (last < LEAF_FEATURES && leaf_used(cpu, LEAF_FEATURES))
        last = LEAF_FEATURES;
    if (last < LEAF_TOPOLOGY && cpu_has(cpu, F_X2APIC))
        last = LEAF_TOPOLOGY;
    if (last < LEAF_XSAVE && cpu_has(cpu, F_XSAVE))
        last = LEAF_XSAVE;
    return last;
}

/* 0: none. */
static uint32_t highest_extended(const struct cpu *cpu)
{
    if (cpu->model->xlevel)
        return cpu->model->xlevel;
    return leaf_used(cpu, EXT) || leaf_used(cpu, EXT_LAST - 1) ? EXT_LAST : 0;
}

static void leaf_bits(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    for (unsigned f = 0; f < F_COUNT; f++) {
        const struct cpu_feature_row *row = &cpu_feature_rows[f];

        if (row->leaf == leaf && row->reg != NO_BIT &&
            cpu_has(cpu, (enum cpu_feature)f))
            out[row->reg] |= 1u << row->bit;
    }
}

static void leaf_vendor(const struct cpu *cpu, uint32_t out[4])
{
    static const char vendor[] = "GenuineIntel";

    out[EAX] = highest_leaf(cpu);
    out[EBX] = load_le32(vendor);
    out[EDX] = load_le32(vendor + 4);
    out[ECX] = load_le32(vendor + 8);
}

static void leaf_one(const struct cpu *cpu, uint32_t out[4])
{
    leaf_bits(cpu, 1, out);
    out[EAX] = cpuid_signature(cpu);
    if (cpu_has(cpu, F_CLFLUSH))
        out[EBX] = 8 << 8 | 1 << 16; /* 64 bytes, one logical CPU */
    if (cpu->cr4 & CR4_OSXSAVE)
        out[ECX] |= 1 << 27;
    /* The APIC bit follows IA32_APIC_BASE bit 11. */
    if (!(cpu->apic_base & 1 << 11))
        out[EDX] &= ~(1u << 9);
}

static void leaf_cache(const struct cpu *cpu, uint32_t subleaf, uint32_t out[4])
{
    const struct cpu_cache *cache;

    if (subleaf >= MODEL_CACHES || !cpu->model->cache[subleaf].level)
        return;
    cache = &cpu->model->cache[subleaf];
    out[EAX] = cache->type | (uint32_t)cache->level << 5 | 1 << 8;
    out[EBX] = (cache->ways - 1u) << 22 | 63;
    out[ECX] = cache->sets - 1u;
}

static void leaf_seven(const struct cpu *cpu, uint32_t subleaf, uint32_t out[4])
{
    if (subleaf)
        return;
    leaf_bits(cpu, LEAF_FEATURES, out);
    if (cpu_has(cpu, F_SPEC_CTRL))
        out[EDX] |= 1u << 26 | 1u << 27 | 1u << 29 | 1u << 31;
    if (cpu->cr4 & CR4_PKE)
        out[ECX] |= 1 << 4;
}

/* Lines of 64 bytes; interrupts end MWAIT even when masked. No C-states. */
static void leaf_monitor(const struct cpu *cpu, uint32_t out[4])
{
    if (!cpu_has(cpu, F_MONITOR))
        return;
    out[EAX] = out[EBX] = 64;
    out[ECX] = 3;
}

/* One thread, one core; x2APIC ID 0. */
static void leaf_topology(const struct cpu *cpu, uint32_t subleaf,
                          uint32_t out[4])
{
    out[ECX] = subleaf & 0xff;
    if (!cpu_has(cpu, F_X2APIC) || subleaf > 1)
        return;
    out[EBX] = 1;
    out[ECX] |= (subleaf + 1) << 8;
}

static void leaf_basic(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf,
                       uint32_t out[4])
{
    switch (leaf) {
    case 0:
        leaf_vendor(cpu, out);
        break;
    case 1:
        leaf_one(cpu, out);
        break;
    case 2:
        memcpy(out, cpu->model->leaf2, sizeof cpu->model->leaf2);
        break;
    case LEAF_CACHE:
        leaf_cache(cpu, subleaf, out);
        break;
    case LEAF_MONITOR:
        leaf_monitor(cpu, out);
        break;
    case LEAF_FEATURES:
        leaf_seven(cpu, subleaf, out);
        break;
    case LEAF_TOPOLOGY:
        leaf_topology(cpu, subleaf, out);
        break;
    case LEAF_XSAVE:
        xsave_cpuid(cpu, subleaf, out);
        break;
    default:
        break;
    }
}

/* ---- extended leaves */

static void leaf_brand(const struct cpu *cpu, uint32_t part, uint32_t out[4])
{
    const char *brand = cpu->model->brand ? cpu->model->brand : "";
    char text[48] = "";

    memcpy(text, brand, strlen(brand));
    for (unsigned n = 0; n < 4; n++)
        out[n] = load_le32(text + part * 16 + n * 4);
}

/* Level 2: KiB, ways as a code, bytes of a line. */
static void leaf_level2(const struct cpu *cpu, uint32_t out[4])
{
    for (unsigned n = 0; n < MODEL_CACHES; n++) {
        const struct cpu_cache *cache = &cpu->model->cache[n];

        if (cache->level == 2)
            out[ECX] =
                (uint32_t)cache->ways * cache->sets / 16 << 16 | 6u << 12 | 64;
    }
}

static void leaf_extended(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    leaf_bits(cpu, leaf, out);
    switch (leaf) {
    case 0x80000000:
        out[EAX] = highest_extended(cpu);
        break;
    case EXT:
        /* SYSCALL shows in 64-bit code only. */
        if (!cpu_code64(cpu))
            out[EDX] &= ~(1u << 11);
        break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
        leaf_brand(cpu, leaf - 0x80000002, out);
        break;
    case 0x80000006:
        leaf_level2(cpu, out);
        break;
    case EXT_LAST:
        out[EAX] = cpu->maxphyaddr;
        if (cpu_has(cpu, F_LONG))
            out[EAX] |= (cpu_has(cpu, F_LA57) ? 57 : 48) << 8;
        else
            out[EAX] |= 32 << 8;
        break;
    default:
        break;
    }
}

void cpuid_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf,
                uint32_t out[4])
{
    memset(out, 0, 4 * sizeof out[0]);
    if (leaf >= 0x80000000 && leaf <= highest_extended(cpu)) {
        leaf_extended(cpu, leaf, out);
        return;
    }
    if (leaf >= 0x40000000 && leaf < 0x50000000)
        return; /* a hypervisor's */
    if (leaf > highest_leaf(cpu))
        leaf = highest_leaf(cpu);
    leaf_basic(cpu, leaf, subleaf, out);
}
