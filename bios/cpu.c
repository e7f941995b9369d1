/* Processor set-up: MTRRs (write-back RAM, uncached PCI hole and A0000-BFFFF)
 * and the local APIC's virtual wire, where CPUID says they exist. Source:
 * Intel SDM volume 3, "MTRRs" and "Local APIC". Other processors stay as
 * reset leaves them, waiting for start-up; their MTRRs are the OS's to copy. */

#include "post.h"

#define CPUID1_EDX_MSR   (1u << 5)
#define CPUID1_EDX_APIC  (1u << 9)
#define CPUID1_EDX_MTRR  (1u << 12)

#define MSR_MTRRCAP      0xFE
#define MSR_MTRR_BASE0   0x200
#define MSR_MTRR_FIX64K  0x250
#define MSR_MTRR_FIX16K  0x258
#define MSR_MTRR_FIX4K   0x268
#define MSR_MTRR_DEFTYPE 0x2FF

#define LAPIC            ((volatile uint32_t *)0xFEE00000)
#define LAPIC_SVR        (0xF0 / 4)
#define LAPIC_LVT_LINT0  (0x350 / 4)
#define LAPIC_LVT_LINT1  (0x360 / 4)

/* CPUID exists when the ID flag can be changed. */
static bool has_cpuid(void)
{
    uint32_t before, after;

    __asm__ volatile("pushfl\n\tpopl %0\n\tmovl %0, %1\n\t"
                     "xorl $0x200000, %1\n\tpushl %1\n\tpopfl\n\t"
                     "pushfl\n\tpopl %1"
                     : "=&r"(before), "=&r"(after));
    return ((before ^ after) & 0x200000) != 0;
}

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(0));
}

static uint32_t features(void)
{
    uint32_t out[4];

    if (!has_cpuid())
        return 0;
    cpuid(1, out);
    return out[3];
}

void cpu_signature(uint32_t *signature, uint32_t *edx)
{
    uint32_t out[4] = {0, 0, 0, 0};

    if (has_cpuid())
        cpuid(1, out);
    *signature = out[0];
    *edx = out[3];
}

void cpu_names(char vendor[13], char brand[49])
{
    uint32_t out[4], leaf;

    memset(vendor, 0, 13);
    memset(brand, 0, 49);
    if (!has_cpuid())
        return;
    cpuid(0, out);
    memcpy(vendor, &out[1], 4);
    memcpy(vendor + 4, &out[3], 4);
    memcpy(vendor + 8, &out[2], 4);
    cpuid(0x80000000, out);
    for (leaf = 0x80000002; leaf <= 0x80000004 && leaf <= out[0]; leaf++) {
        uint32_t part[4];

        cpuid(leaf, part);
        memcpy(brand + (leaf - 0x80000002) * 16, part, 16);
    }
}

static void wrmsr(uint32_t msr, uint32_t low, uint32_t high)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"(low), "d"(high));
}

static uint32_t rdmsr_low(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return low;
}

static uint32_t physical_bits(void)
{
    uint32_t out[4];

    cpuid(0x80000000, out);
    if (out[0] < 0x80000008)
        return 36;
    cpuid(0x80000008, out);
    return out[0] & 0xFF;
}

/* Default write-back; one variable range makes C0000000-FFFFFFFF uncached. */
static void mtrr_setup(void)
{
    uint32_t bits, i;

    if ((rdmsr_low(MSR_MTRRCAP) & 0xFF) == 0)
        return;
    wrmsr(MSR_MTRR_DEFTYPE, 0, 0);
    wrmsr(MSR_MTRR_FIX64K, 0x06060606, 0x06060606);
    wrmsr(MSR_MTRR_FIX16K, 0x06060606, 0x06060606);
    wrmsr(MSR_MTRR_FIX16K + 1, 0, 0);
    for (i = 0; i < 8; i++)
        wrmsr(MSR_MTRR_FIX4K + i, i < 4 ? 0 : 0x05050505,
              i < 4 ? 0 : 0x05050505);
    bits = physical_bits();
    wrmsr(MSR_MTRR_BASE0, pci_window_base(), 0);
    wrmsr(MSR_MTRR_BASE0 + 1, (uint32_t) - (0u - pci_window_base()) | 0x800,
          bits > 32 ? (1u << (bits - 32)) - 1 : 0);
    wrmsr(MSR_MTRR_DEFTYPE, 0xC06, 0);
}

bool cpu_has_apic(void)
{
    return (features() & CPUID1_EDX_APIC) != 0;
}

/* fw_cfg key 5; without it one. */
unsigned int cpu_count(void)
{
    unsigned int n = fwcfg_present() ? fwcfg_read16(0x05) : 1;

    return n >= 1 && n <= 64 ? n : 1;
}

void cpu_setup(void)
{
    uint32_t edx = features();

    if ((edx & CPUID1_EDX_MSR) && (edx & CPUID1_EDX_MTRR))
        mtrr_setup();
    if (edx & CPUID1_EDX_APIC) {
        LAPIC[LAPIC_SVR] = 0x1FF;
        LAPIC[LAPIC_LVT_LINT0] = 0x700; /* ExtINT: the 8259s */
        LAPIC[LAPIC_LVT_LINT1] = 0x400; /* NMI */
    }
}
