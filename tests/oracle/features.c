/* features.c - which bit of CPUID stands for a feature of the instruction
 * table. A feature that is not named here is taken as absent, so that its
 * rows show up as having no native case. */
#include "cpu/insn.h"
#include "tests/oracle/oracle.h"

enum { EAX, EBX, ECX, EDX };

/* `leaf` 0: every x86-64 processor has it. */
static const struct {
    uint32_t leaf;
    uint8_t word, bit;
    bool known;
} feature_bits[F_COUNT] = {
    [F_I8086] = {.known = true},
    [F_I186] = {.known = true},
    [F_I286] = {.known = true},
    [F_I386] = {.known = true},
    [F_I486] = {.known = true},
    [F_PENTIUM] = {.known = true},
    [F_LONG] = {.known = true},
    [F_NOPL] = {.known = true},
    [F_FPU] = {1, EDX, 0, true},
    [F_TSC] = {1, EDX, 4, true},
    [F_MSR] = {1, EDX, 5, true},
    [F_CX8] = {1, EDX, 8, true},
    [F_SEP] = {1, EDX, 11, true},
    [F_CMOV] = {1, EDX, 15, true},
    [F_CLFLUSH] = {1, EDX, 19, true},
    [F_MMX] = {1, EDX, 23, true},
    [F_FXSR] = {1, EDX, 24, true},
    [F_SSE] = {1, EDX, 25, true},
    [F_SSE2] = {1, EDX, 26, true},
    [F_SSE3] = {1, ECX, 0, true},
    [F_PCLMUL] = {1, ECX, 1, true},
    [F_SSSE3] = {1, ECX, 9, true},
    [F_FMA] = {1, ECX, 12, true},
    [F_CX16] = {1, ECX, 13, true},
    [F_SSE41] = {1, ECX, 19, true},
    [F_SSE42] = {1, ECX, 20, true},
    [F_MOVBE] = {1, ECX, 22, true},
    [F_POPCNT] = {1, ECX, 23, true},
    [F_AES] = {1, ECX, 25, true},
    [F_XSAVE] = {1, ECX, 27, true}, /* OSXSAVE: the system lets us */
    [F_AVX] = {1, ECX, 28, true},
    [F_F16C] = {1, ECX, 29, true},
    [F_RDRAND] = {1, ECX, 30, true},
    [F_FSGSBASE] = {7, EBX, 0, true},
    [F_BMI1] = {7, EBX, 3, true},
    [F_AVX2] = {7, EBX, 5, true},
    [F_BMI2] = {7, EBX, 8, true},
    [F_INVPCID] = {7, EBX, 10, true},
    [F_RDSEED] = {7, EBX, 18, true},
    [F_ADX] = {7, EBX, 19, true},
    [F_SMAP] = {7, EBX, 20, true},
    [F_CLFLUSHOPT] = {7, EBX, 23, true},
    [F_CLWB] = {7, EBX, 24, true},
    [F_SHA] = {7, EBX, 29, true},
    [F_RDPID] = {7, ECX, 22, true},
    [F_LAHF64] = {0x80000001, ECX, 0, true},
    [F_LZCNT] = {0x80000001, ECX, 5, true},
    [F_PREFETCHW] = {0x80000001, ECX, 8, true},
    [F_SYSCALL] = {0x80000001, EDX, 11, true},
    [F_RDTSCP] = {0x80000001, EDX, 27, true},
    [F_MONITOR] = {1, ECX, 3, true},
};

bool oracle_host_has(unsigned feature)
{
    if (feature >= F_COUNT || !feature_bits[feature].known)
        return false;
    return !feature_bits[feature].leaf ||
           oracle_host_cpuid(feature_bits[feature].leaf,
                             feature_bits[feature].word,
                             feature_bits[feature].bit);
}
