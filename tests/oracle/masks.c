/* masks.c - what manuals leave open and processors do differently, as data.
 *
 * A rule names rows (a final * stands for anything) and what does not count
 * of their results. Flags that the row itself calls undefined never count,
 * but for the counts that define them (see shift_flags). */
#include <stdio.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "tests/oracle/oracle.h"

enum what {
    W_FLAGS = 1 << 0,   /* `bits` of EFLAGS */
    W_DEST = 1 << 1,    /* the general register that is written */
    W_GPRS = 1 << 2,    /* registers of `bits` */
    W_MEMORY = 1 << 3,  /* bytes from bits 0-15, as many as in 16-31 */
    W_ENV = 1 << 4,     /* pointers and opcode in the x87 environment */
    W_LANES = 1 << 5,   /* approximations */
    W_ULP = 1 << 6,     /* x87 results by `bits` last places, and C1 */
    W_COUNT16 = 1 << 7, /* all, with 16-bit operands and a count over 16 */
    W_ALL = 1 << 8,
    W_AMD = 1 << 9,        /* only where an AMD processor is the judge */
    W_LOCKED = 1 << 10,    /* only with LOCK */
    W_OPSIZE64 = 1 << 11,  /* only with 66 in 64-bit code */
    W_UNALIGNED = 1 << 12, /* only at an address that 16 does not divide */
};

#define BRANCH_66 "AMD: 66 makes near branches 16 bits wide in 64-bit code"

static const struct rule {
    const char *rows;
    uint32_t what, bits;
    const char *why;
} rules[] = {
    {"rdtsc", W_GPRS, 1 << RAX | 1 << RDX, "time"},
    {"rdtscp", W_GPRS, 1 << RAX | 1 << RDX | 1 << RCX, "time, number of CPU"},
    {"rdpid*", W_DEST, 0, "number of CPU"},
    {"cpuid", W_GPRS, 1 << RAX | 1 << RCX | 1 << RDX | 1 << RBX,
     "another model"},
    {"xgetbv", W_GPRS, 1 << RAX | 1 << RDX, "other components"},
    {"rdrand*", W_DEST | W_FLAGS, FL_C, "random"},
    {"rdseed*", W_DEST | W_FLAGS, FL_C, "random"},
    {"rcp*", W_LANES, 0, "approximation, relative error 1.5 * 2^-12"},
    {"rsqrt*", W_LANES, 0, "approximation, relative error 1.5 * 2^-12"},
    {"vrcp*", W_LANES, 0, "approximation, relative error 1.5 * 2^-12"},
    {"vrsqrt*", W_LANES, 0, "approximation, relative error 1.5 * 2^-12"},
    {"shld*", W_COUNT16, 0, "undefined: count over the operand's size"},
    {"shrd*", W_COUNT16, 0, "undefined: count over the operand's size"},
    {"f2xm1", W_ULP, 1, "manual: error below one last place"},
    {"fyl2x*", W_ULP, 1, "manual: error below one last place"},
    {"fptan", W_ULP, 1, "manual: error below one last place"},
    {"fpatan", W_ULP, 1, "manual: error below one last place"},
    {"fsin", W_ULP, 1, "manual: error below one last place"},
    {"fcos", W_ULP, 1, "manual: error below one last place"},
    {"fsincos", W_ULP, 1, "manual: error below one last place"},
    {"fnstenv", W_ENV, 0, "AMD keeps FOP, FIP, FDP for exceptions only"},
    {"fnsave", W_ENV, 0, "AMD keeps FOP, FIP, FDP for exceptions only"},
    {"fxsave*", W_MEMORY, 6 | 18 << 16,
     "AMD keeps FOP, FIP, FDP for exceptions only"},
    {"xsave*", W_MEMORY, 6 | 18 << 16,
     "AMD keeps FOP, FIP, FDP for exceptions only"},
    {"j*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"loop*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"call*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"ret*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"sse_sha*", W_ALL | W_AMD | W_UNALIGNED, 0,
     "AMD: SHA takes unaligned operands"},
    {"mov_Ry_Cy", W_ALL | W_AMD | W_LOCKED, 0, "AMD: LOCK MOV CR0 is CR8"},
    {"mov_Cy_Ry", W_ALL | W_AMD | W_LOCKED, 0, "AMD: LOCK MOV CR0 is CR8"},
};

static bool matches(const char *id, const char *pattern)
{
    size_t n = strlen(pattern);
    return n && pattern[n - 1] == '*' ? !strncmp(id, pattern, n - 1)
                                      : !strcmp(id, pattern);
}

/* Count of a shift or rotation before it meets zero. */
static bool shift_count(const struct oracle_case *c, const struct insn *i,
                        unsigned *count)
{
    const struct insn_row *row = &insn_rows[c->row];
    unsigned by = row->operand[row->operand[2] != O_none ? 2 : 1];
    if (!strcmp(row->mnemonic, "rol") || !strcmp(row->mnemonic, "ror") ||
        !strcmp(row->mnemonic, "rcl") || !strcmp(row->mnemonic, "rcr") ||
        !strcmp(row->mnemonic, "shl") || !strcmp(row->mnemonic, "shr") ||
        !strcmp(row->mnemonic, "sar") || !strcmp(row->mnemonic, "shld") ||
        !strcmp(row->mnemonic, "shrd")) {
        *count = by == O_CL   ? (unsigned)c->in.reg[RCX]
                 : by == O_Ib ? (unsigned)i->imm
                              : 1;
        *count &= !(row->attr & A_BYTE) && insn_osize(i) == 8 ? 63 : 31;
        return true;
    }
    return false;
}

static unsigned operand_bits(const struct oracle_case *c, const struct insn *i)
{
    return insn_rows[c->row].attr & A_BYTE ? 8 : 8 * insn_osize(i);
}

static uint64_t undefined_flags(const struct oracle_case *c,
                                const struct insn *i)
{
    uint64_t mask = insn_rows[c->row].flags_undefined;
    const char *name = insn_rows[c->row].mnemonic;
    unsigned count;
    if (!shift_count(c, i, &count))
        return mask;
    if (count == 0)
        return 0;
    if (count == 1)
        mask &= ~(uint64_t)FL_O;
    if (name[0] == 's' && strcmp(name, "sar") && count >= operand_bits(c, i))
        mask |= FL_C;
    return mask;
}

static unsigned destination(const struct oracle_case *c, const struct insn *i)
{
    unsigned o = insn_rows[c->row].operand[0];
    bool in_reg = o == O_Gv || o == O_Gy || o == O_Gd || o == O_Gq ||
                  o == O_Gw || o == O_Gb;
    return in_reg ? i->reg : i->rm;
}

uint64_t oracle_operand(const struct oracle_case *c, const struct insn *i)
{
    uint64_t off = (uint64_t)(int64_t)i->disp, base = 0;
    off += i->base == REG_RIP ? c->in.rip + c->len
           : i->base < 16     ? c->in.reg[i->base]
                              : 0;
    off += i->index < 16 ? c->in.reg[i->index] << i->scale : 0;
    off &= i->flags & IF_ADDR16   ? 0xffff
           : i->flags & IF_ADDR32 ? 0xffffffff
                                  : ~0ull;
    if (c->code_size != 2)
        base = oracle_segment_base(c->in.seg[i->seg]);
    else if (i->seg == SEG_FS)
        base = ORC_FS_BASE;
    else if (i->seg == SEG_GS)
        base = ORC_GS_BASE;
    return c->code_size == 2 ? off + base : (uint32_t)(off + base);
}

static void mask_memory(const struct oracle_case *c, const struct insn *i,
                        unsigned from, unsigned size, struct oracle_masks *m)
{
    uint64_t at = oracle_operand(c, i);
    if (at < ORC_DATA || at >= ORC_END)
        return;
    m->mem_at = (uint16_t)(at - ORC_DATA + from);
    m->mem_size = (uint16_t)size;
}

static void apply(const struct rule *r, const struct oracle_case *c,
                  const struct insn *i, struct oracle_masks *m)
{
    unsigned count;
    if (r->what & W_FLAGS)
        m->flags |= r->bits;
    if (r->what & W_DEST)
        m->gprs |= 1u << (destination(c, i) & 15);
    if (r->what & W_GPRS)
        m->gprs |= r->bits;
    if (r->what & W_MEMORY)
        mask_memory(c, i, r->bits & 0xffff, r->bits >> 16, m);
    if (r->what & W_ENV)
        mask_memory(c, i, insn_osize(i) == 2 ? 6 : 12,
                    insn_osize(i) == 2 ? 8 : 16, m);
    if (r->what & W_LANES)
        m->approximate = true;
    if (r->what & W_ULP) {
        m->ulp = (uint8_t)r->bits;
        m->fsw |= FSW_C1;
    }
    if (r->what & W_COUNT16 && insn_osize(i) == 2 &&
        shift_count(c, i, &count) && count > 16)
        m->all = true;
    if (r->what & W_ALL)
        m->all = true;
}

void oracle_masks_of(const struct oracle_case *c, const struct insn *i,
                     bool amd, struct oracle_masks *m)
{
    memset(m, 0, sizeof *m);
    if (i->exec)
        m->flags = undefined_flags(c, i);
    for (unsigned n = 0; n < ARRAY_LEN(rules); n++) {
        const struct rule *r = &rules[n];
        if (!matches(insn_rows[c->row].id, r->rows) ||
            (r->what & W_AMD && !amd) ||
            (r->what & W_LOCKED && !(i->flags & IF_LOCK)) ||
            (r->what & W_OPSIZE64 &&
             !(c->code_size == 2 && i->flags & IF_OPSIZE)) ||
            (r->what & W_UNALIGNED && !(oracle_operand(c, i) & 15)))
            continue;
        apply(r, c, i, m);
    }
}

void oracle_print_masks(void)
{
    for (unsigned n = 0; n < ARRAY_LEN(rules); n++)
        printf("%-12s %s\n", rules[n].rows, rules[n].why);
}
