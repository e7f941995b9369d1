/* models.c - processor models and features, as data.
 *
 * One table of features: name, bit of CPUID, what they need, which bits of
 * CR4, EFER and EFLAGS exist with them. One table of models: a base and what
 * is new. Rows of the instruction table, CPUID, reserved bits and MSRs follow
 * from the features a model has. A feature is listed when it works.
 *
 * SDM volume 2, CPUID; volume 3, 9.6 and 23 (differences between processors);
 * Intel 8086 Family User's Manual; 80286 and 80386 Programmer's Reference.
 *
 * 8086: FLAGS bits 12 to 15 are set. 286: FLAGS bits 12 to 14 are clear in
 * real mode, bit 15 always. Instructions that came later raise #UD; the
 * firmware runs on these two as on a 386, see MODE_FIRMWARE.
 * Not modelled of the 8086: PUSH SP that pushes the new value, shift counts
 * that are not masked, opcodes that it decodes somehow (here #UD), POP CS,
 * words that wrap at offset FFFFh (#GP), addresses that wrap at 1 MiB with
 * A20 on, no MSW. Of it and the 286: 64h to 67h are prefixes. Of the 286:
 * LOADALL, PE that cannot be cleared, 24 address lines. Of the 386: LOADALL,
 * test registers, IBTS, XBTS. Of the 486: test registers. Of all: a missing
 * coprocessor (87, 287 and 387 are all what the 387 is), errata, timing.
 * The local APIC is there with older models too, since the board's interrupts
 * pass through it. */
#include "cpu/models.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define EXT  0x80000001u
#define EXT7 0x80000007u

enum { EAX, EBX, ECX, EDX };

/* clang-format off */
#define BIT(leaf, reg, bit) leaf, reg, bit
#define NEEDS(...)          {__VA_ARGS__}
#define F(f, name, alias, bit, needs) \
    [F_##f] = {name, alias, bit, needs, 0, 0, 0}
#define FX(f, name, alias, bit, needs, cr4, efer, eflags) \
    [F_##f] = {name, alias, bit, needs, cr4, efer, eflags}
#define NONE                NEEDS(0)
#define NOWHERE             BIT(0, NO_BIT, 0)

const struct cpu_feature_row cpu_feature_rows[F_COUNT] = {
    /* generations: chosen by the model only */
    F(I8086, NULL, NULL, NOWHERE, NONE),
    F(OLD86, NULL, NULL, NOWHERE, NONE),
    F(I186, NULL, NULL, NOWHERE, NONE),
    FX(I286, NULL, NULL, NOWHERE, NONE, 0, 0, EFL_IOPL | EFL_NT),
    FX(I386, NULL, NULL, NOWHERE, NONE, 0, 0, EFL_RF | EFL_VM),
    FX(I486, NULL, NULL, NOWHERE, NONE, 0, 0, EFL_AC),
    F(PENTIUM, NULL, NULL, NOWHERE, NONE),
    F(NOPL, NULL, NULL, NOWHERE, NONE),
    F(FPU, NULL, NULL, BIT(1, EDX, 0), NONE),
    /* leaf 1, EDX */
    FX(CPUID, "cpuid", NULL, NOWHERE, NEEDS(F_I486), 0, 0, EFL_ID),
    FX(VME, "vme", NULL, BIT(1, EDX, 1), NEEDS(F_CPUID),
       CR4_VME | CR4_PVI, 0, EFL_VIF | EFL_VIP),
    FX(DE, "de", NULL, BIT(1, EDX, 2), NEEDS(F_CPUID), CR4_DE, 0, 0),
    FX(PSE, "pse", NULL, BIT(1, EDX, 3), NEEDS(F_CPUID), CR4_PSE, 0, 0),
    FX(TSC, "tsc", NULL, BIT(1, EDX, 4), NEEDS(F_CPUID), CR4_TSD, 0, 0),
    F(MSR, "msr", NULL, BIT(1, EDX, 5), NEEDS(F_CPUID)),
    FX(PAE, "pae", NULL, BIT(1, EDX, 6), NEEDS(F_CPUID), CR4_PAE, 0, 0),
    FX(MCE, "mce", NULL, BIT(1, EDX, 7), NEEDS(F_MSR), CR4_MCE, 0, 0),
    F(CX8, "cx8", "cmpxchg8b", BIT(1, EDX, 8), NEEDS(F_CPUID)),
    F(APIC, "apic", NULL, BIT(1, EDX, 9), NEEDS(F_CPUID)),
    F(SEP, "sep", "sysenter", BIT(1, EDX, 11), NEEDS(F_MSR)),
    F(MTRR, "mtrr", NULL, BIT(1, EDX, 12), NEEDS(F_MSR)),
    FX(PGE, "pge", NULL, BIT(1, EDX, 13), NEEDS(F_CPUID), CR4_PGE, 0, 0),
    F(MCA, "mca", NULL, BIT(1, EDX, 14), NEEDS(F_MCE)),
    FX(CMOV, "cmov", NULL, BIT(1, EDX, 15), NEEDS(F_CPUID), CR4_PCE, 0, 0),
    F(PAT, "pat", NULL, BIT(1, EDX, 16), NEEDS(F_MSR)),
    F(PSE36, "pse36", NULL, BIT(1, EDX, 17), NEEDS(F_PSE)),
    F(CLFLUSH, "clflush", "clfsh", BIT(1, EDX, 19), NEEDS(F_CPUID)),
    F(MMX, "mmx", NULL, BIT(1, EDX, 23), NEEDS(F_CPUID)),
    FX(FXSR, "fxsr", NULL, BIT(1, EDX, 24), NEEDS(F_CPUID),
       CR4_OSFXSR, 0, 0),
    FX(SSE, "sse", NULL, BIT(1, EDX, 25), NEEDS(F_FXSR, F_MMX),
       CR4_OSXMMEXCPT, 0, 0),
    F(SSE2, "sse2", NULL, BIT(1, EDX, 26), NEEDS(F_SSE)),
    /* leaf 1, ECX */
    F(SSE3, "sse3", "pni", BIT(1, ECX, 0), NEEDS(F_SSE2)),
    F(PCLMUL, "pclmulqdq", "pclmuldq", BIT(1, ECX, 1), NEEDS(F_SSE2)),
    F(MONITOR, "monitor", NULL, BIT(1, ECX, 3), NEEDS(F_CPUID)),
    F(SSSE3, "ssse3", NULL, BIT(1, ECX, 9), NEEDS(F_SSE3)),
    F(CX16, "cx16", "cmpxchg16b", BIT(1, ECX, 13), NEEDS(F_LONG, F_CX8)),
    FX(PCID, "pcid", NULL, BIT(1, ECX, 17), NEEDS(F_LONG), CR4_PCIDE, 0, 0),
    F(SSE41, "sse4.1", "sse4_1", BIT(1, ECX, 19), NEEDS(F_SSSE3)),
    F(SSE42, "sse4.2", "sse4_2", BIT(1, ECX, 20), NEEDS(F_SSE41)),
    F(X2APIC, "x2apic", NULL, BIT(1, ECX, 21), NEEDS(F_APIC, F_MSR)),
    F(MOVBE, "movbe", NULL, BIT(1, ECX, 22), NEEDS(F_CPUID)),
    F(POPCNT, "popcnt", NULL, BIT(1, ECX, 23), NEEDS(F_CPUID)),
    F(TSC_DEADLINE, "tsc-deadline", "tscdeadline", BIT(1, ECX, 24),
      NEEDS(F_APIC, F_TSC, F_MSR)),
    F(AES, "aes", "aesni", BIT(1, ECX, 25), NEEDS(F_SSE2)),
    FX(XSAVE, "xsave", NULL, BIT(1, ECX, 26), NEEDS(F_FXSR), CR4_OSXSAVE, 0, 0),
    F(XSAVEOPT, "xsaveopt", NULL, NOWHERE, NEEDS(F_XSAVE)), /* leaf 0Dh */
    F(XSAVEC, "xsavec", NULL, NOWHERE, NEEDS(F_XSAVE)),     /* leaf 0Dh */
    F(AVX, "avx", NULL, BIT(1, ECX, 28), NEEDS(F_XSAVE, F_SSE42)),
    F(FMA, "fma", NULL, BIT(1, ECX, 12), NEEDS(F_AVX)),
    F(F16C, "f16c", NULL, BIT(1, ECX, 29), NEEDS(F_AVX)),
    F(RDRAND, "rdrand", NULL, BIT(1, ECX, 30), NEEDS(F_CPUID)),
    /* leaf 7 */
    FX(FSGSBASE, "fsgsbase", NULL, BIT(7, EBX, 0), NEEDS(F_LONG),
       CR4_FSGSBASE, 0, 0),
    F(BMI1, "bmi1", NULL, BIT(7, EBX, 3), NEEDS(F_CPUID)),
    F(AVX2, "avx2", NULL, BIT(7, EBX, 5), NEEDS(F_AVX)),
    FX(SMEP, "smep", NULL, BIT(7, EBX, 7), NEEDS(F_PAE), CR4_SMEP, 0, 0),
    F(BMI2, "bmi2", NULL, BIT(7, EBX, 8), NEEDS(F_CPUID)),
    F(ERMS, "erms", NULL, BIT(7, EBX, 9), NEEDS(F_CPUID)),
    F(INVPCID, "invpcid", NULL, BIT(7, EBX, 10), NEEDS(F_CPUID)),
    F(RDSEED, "rdseed", NULL, BIT(7, EBX, 18), NEEDS(F_CPUID)),
    F(ADX, "adx", NULL, BIT(7, EBX, 19), NEEDS(F_CPUID)),
    FX(SMAP, "smap", NULL, BIT(7, EBX, 20), NEEDS(F_PAE), CR4_SMAP, 0, 0),
    F(CLFLUSHOPT, "clflushopt", NULL, BIT(7, EBX, 23), NEEDS(F_CLFLUSH)),
    F(CLWB, "clwb", NULL, BIT(7, EBX, 24), NEEDS(F_CLFLUSH)),
    F(SHA, "sha-ni", "sha", BIT(7, EBX, 29), NEEDS(F_SSSE3)),
    FX(UMIP, "umip", NULL, BIT(7, ECX, 2), NEEDS(F_CPUID), CR4_UMIP, 0, 0),
    FX(PKU, "pku", NULL, BIT(7, ECX, 3), NEEDS(F_LONG), CR4_PKE, 0, 0),
    F(GFNI, "gfni", NULL, BIT(7, ECX, 8), NEEDS(F_SSE2)),
    F(VAES, "vaes", NULL, BIT(7, ECX, 9), NEEDS(F_AVX, F_AES)),
    F(VPCLMULQDQ, "vpclmulqdq", NULL, BIT(7, ECX, 10),
      NEEDS(F_AVX, F_PCLMUL)),
    F(RDPID, "rdpid", NULL, BIT(7, ECX, 22), NEEDS(F_RDTSCP)),
    F(MOVDIRI, "movdiri", NULL, BIT(7, ECX, 27), NEEDS(F_CPUID)),
    F(MOVDIR64B, "movdir64b", NULL, BIT(7, ECX, 28), NEEDS(F_CPUID)),
    FX(LA57, "la57", NULL, BIT(7, ECX, 16), NEEDS(F_LONG), CR4_LA57, 0, 0),
    /* IA32_SPEC_CTRL, IA32_PRED_CMD, STIBP, IA32_ARCH_CAPABILITIES, SSBD:
     * this processor does not speculate and says so, which spares guests
     * their work-arounds. One bit stands for all of them, see cpuid.c. */
    F(SPEC_CTRL, "spec-ctrl", NULL, BIT(7, EDX, 26), NEEDS(F_MSR)),
    /* extended leaves */
    F(LAHF64, "lahf-lm", "lahf_lm", BIT(EXT, ECX, 0), NEEDS(F_LONG)),
    F(LZCNT, "abm", "lzcnt", BIT(EXT, ECX, 5), NEEDS(F_CPUID)),
    F(PREFETCHW, "3dnowprefetch", "prefetchw", BIT(EXT, ECX, 8),
      NEEDS(F_CPUID)),
    FX(SYSCALL, "syscall", NULL, BIT(EXT, EDX, 11), NEEDS(F_LONG),
       0, EFER_SCE, 0),
    FX(NX, "nx", NULL, BIT(EXT, EDX, 20), NEEDS(F_PAE, F_MSR),
       0, EFER_NXE, 0),
    F(PDPE1GB, "pdpe1gb", NULL, BIT(EXT, EDX, 26), NEEDS(F_LONG)),
    F(RDTSCP, "rdtscp", NULL, BIT(EXT, EDX, 27), NEEDS(F_TSC, F_MSR)),
    FX(LONG, "lm", "long", BIT(EXT, EDX, 29),
       NEEDS(F_PAE, F_PGE, F_CMOV, F_CX8, F_SSE2, F_MSR),
       0, EFER_LME | EFER_LMA, 0),
    F(INVTSC, "invtsc", NULL, BIT(EXT7, EDX, 8), NEEDS(F_TSC)),
};

/* The features of generations lie below those of the models. */
static const struct cpu_model models[] = {
    {
        .name = "8086",
        .help = "16-bit, 1978; with the firmware's 386 behind it",
        .maxphyaddr = 32,
        .features = {F_I8086, F_OLD86, F_FPU},
    },
    {
        .name = "286",
        .help = "16-bit protected mode, 1982; firmware as above",
        .maxphyaddr = 32,
        .features = {F_I8086, F_I186, F_I286, F_FPU},
    },
    {
        .name = "386",
        .help = "32-bit and paging, 1985",
        .signature = 0x0308,
        .maxphyaddr = 32,
        .base = "286",
        .features = {F_I386},
    },
    {
        .name = "486",
        .help = "DX, before CPUID (+cpuid for a later one)",
        .signature = 0x0404,
        .level = 1,
        .maxphyaddr = 32,
        .base = "386",
        .features = {F_I486},
    },
    {
        .name = "pentium",
        .help = "P54C, without MMX",
        .signature = 0x052c,
        .level = 1,
        .maxphyaddr = 32,
        .base = "486",
        .features = {F_PENTIUM, F_CPUID, F_VME, F_DE, F_PSE, F_TSC, F_MSR,
                     F_MCE, F_CX8, F_APIC},
    },
    {
        .name = "pentium3",
        .help = "Coppermine: PAE, MMX, SSE",
        .signature = 0x0686,
        .microcode = 8,
        .level = 2,
        .maxphyaddr = 36,
        .leaf2 = {0x03020101, 0, 0, 0x0c040882},
        .base = "pentium",
        .features = {F_PAE, F_SEP, F_MTRR, F_PGE, F_MCA, F_CMOV, F_PAT,
                     F_PSE36, F_MMX, F_FXSR, F_SSE, F_NOPL},
    },
    {
        .name = "core2",
        .help = "Conroe: 64-bit, SSSE3",
        .brand = "Umbra virtual CPU (core2)",
        .signature = 0x06fb,
        .microcode = 0xba,
        .level = 10,
        .xlevel = 0x80000008,
        .maxphyaddr = 36,
        .leaf2 = {0x05b0b101, 0x005657f0, 0, 0x2cb4307d},
        .cache = {{1, 1, 8, 64}, {1, 2, 8, 64}, {2, 3, 8, 4096}},
        .base = "pentium3",
        .features = {F_SSE2, F_CLFLUSH, F_LONG, F_NX, F_SYSCALL, F_LAHF64,
                     F_CX16, F_INVTSC, F_SPEC_CTRL, F_SSE3, F_SSSE3},
    },
    {
        .name = "x86-64-v2",
        .help = "as Nehalem: SSE4.2, POPCNT",
        .brand = "Umbra virtual CPU (x86-64-v2)",
        .signature = 0x000106a5,
        .microcode = 0x1d,
        .level = 11,
        .xlevel = 0x80000008,
        .maxphyaddr = 40,
        .leaf2 = {0x55035a01, 0x00f0b0e4, 0, 0x09ca212c},
        .cache = {{1, 1, 8, 64}, {1, 2, 4, 128}, {2, 3, 8, 512},
                  {3, 3, 16, 8192}},
        .base = "core2",
        .features = {F_POPCNT, F_RDTSCP, F_SSE41, F_SSE42},
    },
    {
        .name = "x86-64-v3",
        .help = "as Haswell: AVX2, FMA, BMI, AES; the default",
        .brand = "Umbra virtual CPU (x86-64-v3)",
        .signature = 0x000306c3,
        .microcode = 0x28,
        .level = 13,
        .xlevel = 0x80000008,
        .maxphyaddr = 40,
        .leaf2 = {0x76036301, 0x00f0b5ff, 0, 0x00c10000},
        .cache = {{1, 1, 8, 64}, {1, 2, 8, 64}, {2, 3, 8, 512},
                  {3, 3, 16, 8192}},
        .base = "x86-64-v2",
        .features = {F_MOVBE, F_PREFETCHW, F_ERMS, F_PDPE1GB, F_AES, F_PCLMUL, F_RDRAND, F_FSGSBASE, F_BMI1, F_BMI2, F_LZCNT, F_SMEP, F_PCID, F_INVPCID,
                     F_XSAVE, F_XSAVEOPT, F_AVX, F_AVX2, F_FMA, F_F16C},
    },
    {
        .name = "max",
        .help = "all that is there",
        .brand = "Umbra virtual CPU (max)",
        .signature = 0x000306c3,
        .microcode = 0x28,
        .level = 13,
        .xlevel = 0x80000008,
        .maxphyaddr = 40,
        .leaf2 = {0x76036301, 0x00f0b5ff, 0, 0x00c10000},
        .cache = {{1, 1, 8, 64}, {1, 2, 8, 64}, {2, 3, 8, 512},
                  {3, 3, 16, 8192}},
        .base = "x86-64-v3",
        .features = {F_X2APIC, F_TSC_DEADLINE, F_MONITOR, F_ADX, F_SHA, F_GFNI, F_RDSEED, F_RDPID, F_CLFLUSHOPT, F_CLWB, F_MOVDIRI, F_MOVDIR64B, F_SMAP, F_UMIP, F_PKU, F_LA57,
                     F_XSAVEC, F_VAES, F_VPCLMULQDQ},
    },
};
/* clang-format on */

static const char default_model[] = "x86-64-v3";

const struct cpu_model *models_list(unsigned n)
{
    return n < ARRAY_LEN(models) ? &models[n] : NULL;
}

const char *models_feature(unsigned n)
{
    for (unsigned f = 0; f < F_COUNT; f++)
        if (cpu_feature_rows[f].name && n-- == 0)
            return cpu_feature_rows[f].name;
    return NULL;
}

/* ---- sets of features */

static bool has(const struct cpu_choice *choice, unsigned f)
{
    return choice->features[f / 64] >> f % 64 & 1;
}

/* With all that it needs. */
static void add(struct cpu_choice *choice, unsigned f)
{
    const struct cpu_feature_row *row = &cpu_feature_rows[f];

    if (has(choice, f))
        return;
    choice->features[f / 64] |= 1ull << f % 64;
    for (unsigned n = 0; n < ARRAY_LEN(row->needs) && row->needs[n]; n++)
        add(choice, row->needs[n]);
}

/* With all that need it. */
static void drop(struct cpu_choice *choice, unsigned f)
{
    if (!has(choice, f))
        return;
    choice->features[f / 64] &= ~(1ull << f % 64);
    for (unsigned other = 0; other < F_COUNT; other++)
        for (unsigned n = 0; n < ARRAY_LEN(cpu_feature_rows[0].needs); n++)
            if (cpu_feature_rows[other].needs[n] == f && f)
                drop(choice, other);
}

/* ---- words */

struct word {
    const char *text;
    size_t length;
};

/* Up to the next comma. */
static struct word next_word(const char **text)
{
    struct word word = {*text, strcspn(*text, ",")};

    *text += word.length + ((*text)[word.length] == ',');
    return word;
}

static bool is(struct word word, const char *name)
{
    return name && strlen(name) == word.length &&
           !strncasecmp(name, word.text, word.length);
}

static const struct cpu_model *find_model(struct word word)
{
    for (unsigned n = 0; n < ARRAY_LEN(models); n++)
        if (is(word, models[n].name))
            return &models[n];
    return NULL;
}

static unsigned find_feature(struct word word)
{
    for (unsigned f = 0; f < F_COUNT; f++)
        if (is(word, cpu_feature_rows[f].name) ||
            is(word, cpu_feature_rows[f].alias))
            return f;
    return F_COUNT;
}

static void add_model(struct cpu_choice *choice, const struct cpu_model *model)
{
    const char *base = model->base;

    if (base)
        add_model(choice, find_model(next_word(&base)));
    for (unsigned n = 0; n < ARRAY_LEN(model->features); n++)
        if (model->features[n] || n == 0)
            add(choice, model->features[n]);
}

PRINTF(3, 4) static bool refuse(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return false;
}

/* "+name", "-name", "name=on", "name=off", "name". */
static bool take_feature(struct cpu_choice *choice, struct word word,
                         char *error, size_t size)
{
    struct word name = word;
    const char *equal = memchr(word.text, '=', word.length);
    bool on = true;
    unsigned f;

    if (word.length && (*word.text == '+' || *word.text == '-')) {
        on = *word.text == '+';
        name.text++;
        name.length--;
    } else if (equal) {
        struct word value = {equal + 1,
                             word.length - (size_t)(equal + 1 - word.text)};
        name.length = (size_t)(equal - word.text);
        on = is(value, "on");
        if (!on && !is(value, "off"))
            return refuse(
                error, size, "\"%.*s\" is neither on nor off; write %.*s=on",
                (int)word.length, word.text, (int)name.length, name.text);
    }
    f = find_feature(name);
    if (f == F_COUNT)
        return refuse(error, size, "no feature \"%.*s\"; -cpu help lists them",
                      (int)name.length, name.text);
    if (on)
        add(choice, f);
    else
        drop(choice, f);
    return true;
}

bool models_choose(struct cpu_choice *choice, const char *text, char *error,
                   size_t size)
{
    struct word word;

    memset(choice, 0, sizeof *choice);
    if (!text || !*text)
        text = default_model;
    word = next_word(&text);
    choice->model = find_model(word);
    if (!choice->model)
        return refuse(error, size, "no model \"%.*s\"; -cpu help lists them",
                      (int)word.length, word.text);
    add_model(choice, choice->model);
    while (*text)
        if (!take_feature(choice, next_word(&text), error, size))
            return false;
    return true;
}
