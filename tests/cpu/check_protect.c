/* check_protect - SMEP, SMAP, UMIP, protection keys, PCIDs, 5-level paging,
 * what models lack, and the report of a triple fault (SDM volume 3, 2.5, 4.6,
 * 4.10; volume 2, instructions).
 * Alone: make tests/cpu/check_protect && tests/cpu/check_protect */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/models.h"
#include "cpu/report.h"
#include "cpu/sysreg.h"
#include "mmu/strict.h"

enum { PAGE = RIG_DATA + 0x8000 };
#define PTE_U     4ull
#define PTE_W_BIT 2ull

/* The rig's model with other features; blocks decoded before must go. */
static void choose(struct cpu *c, const char *text)
{
    struct cpu_choice choice;
    char error[100];

    ck_assert_msg(models_choose(&choice, text, error, sizeof error), "%s",
                  error);
    rig_set_model(c, &choice);
}

/* 64-bit code, every page but PAGE and what the test wants a supervisor's. */
static gpa_t entry_of(struct rig *r, gva_t gva)
{
    gpa_t table = r->cpu->cr3 & ~0xfffull;

    for (unsigned shift = r->cpu->mmu.role.levels == 5 ? 48 : 39; shift > 12;
         shift -= 9)
        table = rig_peek(r, table + (gva >> shift & 511) * 8, 8) &
                0x000ffffffffff000;
    return table + (gva >> 12 & 511) * 8;
}

static void change(struct rig *r, gva_t gva, uint64_t clear, uint64_t set)
{
    gpa_t at = entry_of(r, gva);

    rig_poke(r, at, (rig_peek(r, at, 8) & ~clear) | set, 8);
}

static void supervisor_pages(struct rig *r)
{
    choose(r->cpu, "max");
    rig_long(r);
    for (gva_t gva = 0; gva < RIG_RAM; gva += 0x1000)
        change(r, gva, PTE_U, 0);
    r->cpu->reg[RBX] = PAGE;
}

static void cr4(struct rig *r, uint64_t bits)
{
    rig_go(r, RIG_CODE);
    r->cpu->reg[RAX] = r->cpu->cr4 | bits;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xe0), RIG_HALT);
    rig_go(r, RIG_CODE);
}

CASE(smep)
{
    supervisor_pages(r);
    change(r, PAGE, 0, PTE_U);
    rig_poke(r, PAGE, 0xf4, 1);
    cr4(r, CR4_SMEP);
    c->reg[RAX] = PAGE;
    ck_assert_int_eq(RUN(r, 0xff, 0xe0), EX_PF); /* jmp rax */
    ck_assert_uint_eq(rig_frame(r, true).error, PF_P | PF_I);
    ck_assert_uint_eq(c->cr2, PAGE);
}

CASE(smap)
{
    supervisor_pages(r);
    change(r, PAGE, 0, PTE_U);
    cr4(r, CR4_SMAP);
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), EX_PF); /* mov al, [rbx] */
    ck_assert_uint_eq(rig_frame(r, true).error, PF_P);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x88, 0x03), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, PF_P | PF_W);
    rig_go(r, RIG_CODE);
    /* stac; mov al, [rbx]; clac; mov al, [rbx] */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xcb, 0x8a, 0x03), RIG_HALT);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xcb, 0x0f, 0x01, 0xca, 0x8a, 0x03),
                     EX_PF);
    /* accesses to system tables are implicit: AC does not help */
    rig_go(r, RIG_CODE);
    c->gdtr_base = PAGE;
    c->reg[RAX] = SEL_DATA;
    /* ... and the fault cannot be delivered */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xcb, 0x8e, 0xd8), RIG_SHUTDOWN);
    ck_assert_uint_eq(c->faults[0].cause, EX_PF);
    ck_assert_uint_eq(c->faults[0].cr2, PAGE + SEL_DATA);
}

CASE(stac_needs_ring_0)
{
    choose(c, "max");
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xcb), EX_UD);
    choose(c, "max,-smap");
    rig_long(r);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xcb), EX_UD);
    choose(c, "x86-64-v3");
}

CASE(umip)
{
    static const uint8_t t[][3] = {
        {0x0f, 0x01, 0x03}, /* sgdt [ebx] */
        {0x0f, 0x01, 0x0b}, /* sidt */
        {0x0f, 0x00, 0xc0}, /* sldt eax */
        {0x0f, 0x00, 0xc8}, /* str eax */
        {0x0f, 0x01, 0xe0}, /* smsw eax */
    };
    choose(c, "max");
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        rig_user(r);
        c->reg[RBX] = RIG_DATA;
        ck_assert_int_eq(rig_run_bytes(r, t[n], 3), RIG_HALT);
        rig_user(r);
        c->reg[RBX] = RIG_DATA;
        c->cr4 |= CR4_UMIP;
        ck_assert_int_eq(rig_run_bytes(r, t[n], 3), EX_GP);
        ck_assert_uint_eq(rig_frame(r, true).rip, RIG_CODE);
        rig_protected(r);
        c->reg[RBX] = RIG_STACK - 0x800;
        c->cr4 |= CR4_UMIP;
        ck_assert_int_eq(rig_run_bytes(r, t[n], 3), RIG_HALT);
        c->cr4 = 0;
    }
}

CASE(protection_keys)
{
    supervisor_pages(r);
    change(r, PAGE, 0, PTE_U | 5ull << 59);
    cr4(r, CR4_PKE);
    c->reg[RCX] = c->reg[RDX] = 0;
    c->reg[RAX] = 1u << 10; /* AD of key 5 */
    /* wrpkru; mov al, [rbx] */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xef, 0x8a, 0x03), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, PF_P | PF_PK);
    rig_go(r, RIG_CODE);
    c->reg[RAX] = 2u << 10; /* WD */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xef, 0x8a, 0x03), RIG_HALT);
    rig_go(r, RIG_CODE);
    c->cr0 |= CR0_WP;
    cpu_update_paging(c);
    ck_assert_int_eq(RUN(r, 0x88, 0x03), EX_PF);
    ck_assert_uint_eq(rig_frame(r, true).error, PF_P | PF_W | PF_PK);
    rig_go(r, RIG_CODE);
    c->cr0 &= ~(uint64_t)CR0_WP; /* a supervisor's write, WP clear */
    cpu_update_paging(c);
    ck_assert_int_eq(RUN(r, 0x88, 0x03), RIG_HALT);
    /* other keys and supervisor pages are not concerned */
    rig_go(r, RIG_CODE);
    change(r, PAGE, 15ull << 59, 4ull << 59);
    ck_assert_int_eq(RUN(r, 0x88, 0x03), RIG_HALT);
    rig_go(r, RIG_CODE);
    c->reg[RAX] = 1u << 10;
    change(r, PAGE, 15ull << 59 | PTE_U, 5ull << 59);
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xef, 0x88, 0x03), RIG_HALT);
    /* rdpkru */
    rig_go(r, RIG_CODE);
    c->reg[RDX] = 7;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xee), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 1u << 10);
    ck_assert_uint_eq(c->reg[RDX], 0);
}

CASE(protection_key_operands)
{
    supervisor_pages(r);
    c->reg[RCX] = c->reg[RDX] = 0;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xee), EX_UD); /* PKE is clear */
    cr4(r, CR4_PKE);
    c->reg[RCX] = 1;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xee), EX_GP);
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0;
    c->reg[RDX] = 1;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xef), EX_GP);
}

CASE(pcid)
{
    supervisor_pages(r);
    c->cr3 |= 0x18; /* bits below 12 must be clear */
    c->reg[RAX] = c->cr4 | CR4_PCIDE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xe0), EX_GP);
    c->cr3 &= ~0xfffull;
    c->reg[RAX] = c->cr3 | 1ull << 63;
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xd8), EX_GP); /* no PCIDs yet */
    cr4(r, CR4_PCIDE);
    c->reg[RAX] = c->cr3 | 1ull << 63 | 0x123;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xd8), RIG_HALT);
    ck_assert_uint_eq(c->cr3 & 0xfff, 0x123);
    ck_assert_uint_eq(c->cr3 >> 63, 0);
    rig_go(r, RIG_CODE);
    c->reg[RAX] = c->cr0 & ~(uint64_t)CR0_PG;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xc0), EX_GP);
    /* not outside long mode */
    rig_protected(r);
    c->reg[RAX] = CR4_PCIDE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xe0), EX_GP);
}

CASE(invpcid)
{
    static const struct {
        uint64_t type, low, gva;
        int got, got_pcide;
    } t[] = {
        {0, 0, PAGE, RIG_HALT, RIG_HALT}, {1, 0, 0, RIG_HALT, RIG_HALT},
        {2, 0, 0, RIG_HALT, RIG_HALT},    {3, 0, 0, RIG_HALT, RIG_HALT},
        {4, 0, 0, EX_GP, EX_GP},          {0, 1, PAGE, EX_GP, RIG_HALT},
        {1, 1, PAGE, EX_GP, RIG_HALT},    {0, 0x1000, PAGE, EX_GP, EX_GP},
        {2, 0x1000, PAGE, EX_GP, EX_GP},  {0, 0, 1ull << 62, EX_GP, EX_GP},
    };
    supervisor_pages(r);
    for (unsigned pcide = 0; pcide < 2; pcide++) {
        if (pcide)
            cr4(r, CR4_PCIDE);
        for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
            rig_go(r, RIG_CODE);
            rig_poke(r, PAGE, t[n].low, 8);
            rig_poke(r, PAGE + 8, t[n].gva, 8);
            c->reg[RAX] = t[n].type;
            ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x82, 0x03),
                             pcide ? t[n].got_pcide : t[n].got);
        }
    }
    rig_user(r);
    ck_assert_int_eq(RUN(r, 0x66, 0x0f, 0x38, 0x82, 0x03), EX_GP);
}

/* A fifth level above the rig's four, entered from outside as through
 * protected mode. */
static void five_levels(struct rig *r)
{
    struct cpu *c = r->cpu;
    gpa_t top = r->next_table;

    supervisor_pages(r);
    top = r->next_table;
    r->next_table += 0x1000;
    rig_poke(r, top, (c->cr3 & ~0xfffull) | 3, 8);
    rig_poke(r, top + 8, (c->cr3 & ~0xfffull) | 3, 8);
    c->cr3 = top;
    c->cr4 |= CR4_LA57;
    cpu_update_paging(c);
    cpu_update_views(c);
}

CASE(la57)
{
    five_levels(r);
    rig_poke(r, PAGE, 0x5a, 1);
    c->reg[RBX] = 1ull << 48 | PAGE; /* not canonical with 48 bits */
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & 0xff, 0x5a);
    rig_go(r, RIG_CODE);
    c->reg[RBX] = 1ull << 57 | PAGE;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), EX_GP);
    rig_go(r, RIG_CODE);
    c->reg[RBX] = 2ull << 48 | PAGE;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), EX_PF);
    ck_assert_uint_eq(c->cr2, 2ull << 48 | PAGE);
    rig_go(r, RIG_CODE);
    rig_poke(r, PAGE, 0xf4, 1);
    c->reg[RAX] = 1ull << 48 | PAGE;
    ck_assert_int_eq(RUN(r, 0xff, 0xe0), RIG_HALT); /* jmp rax */
    ck_assert_uint_eq(cpu_rip(c) >> 48, 1);
    /* may not change while long mode is on */
    rig_go(r, RIG_CODE);
    c->reg[RAX] = c->cr4 & ~(uint64_t)CR4_LA57;
    ck_assert_int_eq(RUN(r, 0x0f, 0x22, 0xe0), EX_GP);
}

CASE(bases_take_57_bits)
{
    supervisor_pages(r);
    c->reg[RCX] = 0xc0000100; /* FS base */
    c->reg[RAX] = 0;
    c->reg[RDX] = 1 << 16;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), RIG_HALT);
    rig_go(r, RIG_CODE);
    c->reg[RDX] = 1 << 25;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), EX_GP);
    choose(c, "x86-64-v3");
    rig_long(r);
    c->reg[RCX] = 0xc0000100;
    c->reg[RAX] = 0;
    c->reg[RDX] = 1 << 16;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), EX_GP);
}

/* ---- models */

static uint64_t pushed_flags(struct rig *r, uint32_t flags)
{
    rig_protected(r);
    r->cpu->reg[RAX] = flags;
    /* push eax; popf; pushf; pop eax */
    ck_assert_int_eq(RUN(r, 0x50, 0x9d, 0x9c, 0x58), RIG_HALT);
    return r->cpu->reg[RAX];
}

CASE(eflags_tell_386_from_486)
{
    choose(c, "386");
    ck_assert_uint_eq(pushed_flags(r, EFL_AC | EFL_ID | EFL_NT),
                      EFL_NT | EFL_1);
    choose(c, "486");
    ck_assert_uint_eq(pushed_flags(r, EFL_AC | EFL_ID), EFL_AC | EFL_1);
    choose(c, "486,+cpuid");
    ck_assert_uint_eq(pushed_flags(r, EFL_AC | EFL_ID),
                      EFL_AC | EFL_ID | EFL_1);
    choose(c, "x86-64-v3");
}

CASE(rows_of_older_models)
{
    static const struct {
        const char *model;
        uint8_t code[5];
        int got;
    } t[] = {
        {"386", {0x0f, 0xc8}, EX_UD}, /* bswap eax */
        {"486", {0x0f, 0xc8}, RIG_HALT},
        {"486", {0x0f, 0xa2}, EX_UD},
        {"486,+cpuid", {0x0f, 0xa2}, RIG_HALT},
        {"pentium", {0x0f, 0x31}, RIG_HALT}, /* rdtsc */
        {"486", {0x0f, 0x31}, EX_UD},
        {"pentium", {0x0f, 0x44, 0xc0}, EX_UD},
        {"pentium3", {0x0f, 0x44, 0xc0}, RIG_HALT}, /* cmove */
        {"486", {0x0f, 0x20, 0xe0}, EX_UD},         /* mov eax, cr4 */
        {"pentium", {0x0f, 0x20, 0xe0}, RIG_HALT},
        {"core2,cmov=off", {0x0f, 0x44, 0xc0}, EX_UD},
        {"386", {0x0f, 0xaa}, EX_UD}, /* rsm outside SMM */
        {"max", {0x0f, 0xaa}, EX_UD},
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        unsigned length = 5;
        while (!t[n].code[length - 1])
            length--;
        choose(c, t[n].model);
        rig_protected(r);
        ck_assert_msg(rig_run_bytes(r, t[n].code, length) == t[n].got,
                      "row %u: %s", n, t[n].model);
    }
    choose(c, "x86-64-v3");
}

CASE(msrs_of_older_models)
{
    choose(c, "pentium");
    rig_protected(r);
    c->reg[RCX] = 0x277; /* PAT */
    ck_assert_int_eq(RUN(r, 0x0f, 0x32), EX_GP);
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0xc0000080;
    ck_assert_int_eq(RUN(r, 0x0f, 0x32), EX_GP);
    choose(c, "x86-64-v3,-nx");
    rig_protected(r);
    c->reg[RCX] = 0xc0000080;
    c->reg[RAX] = EFER_NXE;
    c->reg[RDX] = 0;
    ck_assert_int_eq(RUN(r, 0x0f, 0x30), EX_GP);
    choose(c, "x86-64-v3");
}

CASE(words_of_models)
{
    struct cpu_choice choice;
    char error[100] = "";

    ck_assert(models_choose(&choice, NULL, error, sizeof error));
    ck_assert_str_eq(choice.model->name, "x86-64-v3");
    ck_assert(models_choose(&choice, "pentium3,-sse", error, sizeof error));
    ck_assert(!(choice.features[F_SSE / 64] >> F_SSE % 64 & 1));
    ck_assert(models_choose(&choice, "486,+sse2", error, sizeof error));
    ck_assert(choice.features[F_MMX / 64] >> F_MMX % 64 & 1); /* needed */
    ck_assert(!models_choose(&choice, "i487", error, sizeof error));
    ck_assert_str_eq(error, "no model \"i487\"; -cpu help lists them");
    ck_assert(!models_choose(&choice, "486,+3dnow", error, sizeof error));
    ck_assert_str_eq(error, "no feature \"3dnow\"; -cpu help lists them");
    ck_assert(!models_choose(&choice, "486,cpuid=yes", error, sizeof error));
}

/* A feature with rows of its own has rows in the table. */
CASE(features_offered_are_there)
{
    struct cpu_choice choice;
    bool has_row[F_COUNT] = {false};
    char error[100];

    ck_assert(models_choose(&choice, "max", error, sizeof error));
    for (unsigned n = 0; n < INSN_COUNT; n++)
        has_row[insn_rows[n].feature] = true;
    for (unsigned f = 0; f <= F_MOVDIR64B; f++)
        if ((choice.features[f / 64] >> f % 64 & 1) && f != F_I186 &&
            f != F_PENTIUM)
            ck_assert_msg(has_row[f], "feature %u without instructions", f);
}

/* ---- the report of a triple fault */

static void collect(void *opaque, const char *line)
{
    char *text = opaque;

    ck_assert_uint_lt(strlen(text) + strlen(line) + 2, 8192);
    strcat(text, line);
    strcat(text, "\n");
}

CASE(triple_fault_report)
{
    char text[8192] = "";

    supervisor_pages(r);
    change(r, PAGE, 1, 0);
    change(r, RIG_IDT, 1, 0); /* no fault can be delivered */
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_SHUTDOWN);
    cpu_report_triple(c, collect, text);
    ck_assert_ptr_nonnull(strstr(text, "first  #PF error 0000 at 0038:10000 "
                                       "CR2 28000"));
    ck_assert_ptr_nonnull(strstr(text, "second #PF"));
    ck_assert_ptr_nonnull(strstr(text, "third  #PF"));
    ck_assert_ptr_nonnull(strstr(text, "level 1 entry"));
    ck_assert_ptr_nonnull(strstr(text, "not present"));
    ck_assert_ptr_nonnull(strstr(text, "code: 8a 03"));
    ck_assert_ptr_nonnull(strstr(text, "cr3"));
}

CASE(triple_fault_report_has_far_branches)
{
    char text[8192] = "";

    rig_protected(r);
    c->idtr_limit = 0;
    /* jmp 8:RIG_CODE+7; ud2 */
    ck_assert_int_eq(
        RUN(r, 0xea, 0x07, 0x00, 0x01, 0x00, SEL_CODE, 0x00, 0x0f, 0x0b),
        RIG_SHUTDOWN);
    cpu_report_triple(c, collect, text);
    ck_assert_ptr_nonnull(strstr(text, "far jmp at 0008:10000\n"));
    ck_assert_ptr_nonnull(strstr(text, "06 exception at 0008:10007\n"));
}

/* ---- counts of --strict-report */

static uint64_t no_rip(void *opaque)
{
    (void)opaque;
    return 0x1234;
}

CASE(strict_counts)
{
    struct strict s = {.rip = no_rip, .log = &r->log};

    supervisor_pages(r);
    c->mmu.strict = &s;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_HALT);
    change(r, PAGE, PTE_W_BIT, 0); /* the page was used before */
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), RIG_HALT);
    ck_assert_uint_eq(s.count[STRICT_stale_translation], 1);
    ck_assert_uint_eq(s.first_rip[STRICT_stale_translation], 0x1234);
    change(r, PAGE, 0, PTE_W_BIT);
    rig_go(r, RIG_CODE);
    /* invlpg [rbx]; mov al, [rbx] */
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0x3b, 0x8a, 0x03), RIG_HALT);
    ck_assert_uint_eq(s.count[STRICT_stale_translation], 1);
    rig_go(r, RIG_CODE);
    c->reg[RCX] = 0x12345;
    ck_assert_int_eq(RUN(r, 0x0f, 0x32), EX_GP);
    ck_assert_uint_eq(s.count[STRICT_msr_unknown], 1);
    rig_go(r, RIG_CODE);
    c->reg[RBX] = 1ull << 62;
    ck_assert_int_eq(RUN(r, 0x8a, 0x03), EX_GP);
    ck_assert_uint_eq(s.count[STRICT_noncanonical], 1);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(RUN(r, 0x0f, 0x0b), EX_UD);
    ck_assert_uint_eq(s.count[STRICT_undefined_opcode], 1);
    rig_go(r, RIG_CODE);
    /* mov byte [rip], 90h: the next instruction */
    ck_assert_int_eq(RUN(r, 0xc6, 0x05, 0, 0, 0, 0, 0x90, 0x90), RIG_HALT);
    ck_assert_uint_ge(s.count[STRICT_code_ahead], 1);
    c->mmu.strict = NULL;
}

static const struct rig_case cases[] = {
    CASE_ROW(strict_counts),
    CASE_ROW(smep),
    CASE_ROW(smap),
    CASE_ROW(stac_needs_ring_0),
    CASE_ROW(umip),
    CASE_ROW(protection_keys),
    CASE_ROW(protection_key_operands),
    CASE_ROW(pcid),
    CASE_ROW(invpcid),
    CASE_ROW(la57),
    CASE_ROW(bases_take_57_bits),
    CASE_ROW(eflags_tell_386_from_486),
    CASE_ROW(rows_of_older_models),
    CASE_ROW(msrs_of_older_models),
    CASE_ROW(words_of_models),
    CASE_ROW(features_offered_are_there),
    CASE_ROW(triple_fault_report),
    CASE_ROW(triple_fault_report_has_far_branches),
};

int main(void)
{
    return rig_main("cpu/protect", cases, ARRAY_LEN(cases));
}
