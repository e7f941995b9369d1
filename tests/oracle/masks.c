/* masks.c - what manuals leave open and processors do differently, as data.
 *
 * A rule names rows (* stands for anything, ? for a letter) and what does not
 * count of their results. Flags that the row itself calls undefined never
 * count, but for the counts that define them (see shift_flags). */
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
    W_REXW = 1 << 13,      /* only with REX.W or VEX.W */
    W_NOT64 = 1 << 14,     /* only in 16- and 32-bit code */
    W_REGISTER = 1 << 15,  /* only where ModRM names a register */
    W_COUNT0 = 1 << 16,    /* only when repeated zero times */
    W_CR2 = 1 << 17,       /* which byte of the operand a #PF is about */
    W_ORDER = 1 << 18,     /* which of two faults comes first */
    W_BITS = 1 << 19,      /* `bits` of the general register written */
    W_PUSHED = 1 << 20,    /* upper half of 4 bytes pushed */
    W_FAULT_FP = 1 << 22,  /* x87 and vectors when there is a fault */
    W_FAULT_GPR = 1 << 24, /* general registers when there is a fault */
    W_MAYBE = 1 << 25,     /* whether there is a fault */
    W_FAULT_MEM = 1 << 26, /* stores before a fault */
    W_PARTS = 1 << 27,     /* a trap between two parts */
    W_OUTSIDE = 1 << 23,   /* only where |ST(0)| is at least 2^(bits) */
};

#define BRANCH_66    "AMD: 66 makes near branches 16 bits wide in 64-bit code"

#define ULP_WHY      "manual: error below one last place"
#define POINTERS_WHY "AMD keeps FOP, FIP, FDP for exceptions only"
#define MMX_WHY      "AMD: a fault leaves TOP and tags as MMX code has them"
#define VEX_W_WHY    "AMD: #UD; Intel ignores VEX.W outside 64-bit code"

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
    {"f2xm1", W_ULP, 1, ULP_WHY},
    {"f2xm1", W_ALL | W_OUTSIDE, 0x3fff, "undefined: not within -1..1"},
    {"fyl2x", W_ULP, 1, ULP_WHY},
    {"fyl2xp1", W_ULP, 1, ULP_WHY},
    {"fyl2xp1", W_ALL | W_OUTSIDE, 0x3ffd, "undefined: over 1 - sqrt(1/2)"},
    {"fptan", W_ULP, 1, ULP_WHY},
    {"fpatan", W_ULP, 1, ULP_WHY},
    {"fsin", W_ULP, 1, ULP_WHY},
    {"fcos", W_ULP, 1, ULP_WHY},
    {"fsincos", W_ULP, 1, ULP_WHY},
    {"maskmovq", W_FAULT_FP | W_AMD, 0, MMX_WHY},
    {"cvt*pi", W_FAULT_FP | W_AMD, 0, MMX_WHY},
    {"popa", W_FAULT_GPR | W_AMD, 0, "AMD: registers before the fault"},
    {"pusha", W_FAULT_MEM | W_CR2 | W_AMD, 0, "AMD: pushes before the fault"},
    {"ud?", W_ORDER, 0, "whether ModRM is fetched"},
    {"v*gather*", W_FAULT_FP | W_AMD, 0,
     "AMD: a fault leaves masks of later lanes as they were"},
    {"v*gather*", W_PARTS, 0, "a trap may come between two lanes"},
    {"pop_?S", W_ORDER | W_MAYBE, 0, "how much of its slot is read"},
    {"ver?", W_ALL | W_AMD | W_LOCKED, 0, "AMD: #GP before the #UD of LOCK"},
    {"cmps_*", W_CR2 | W_ORDER, 0, "which operand is read first"},
    {"fxsave*", W_MAYBE | W_AMD, 0, "AMD touches all 512 bytes"},
    {"fxrstor*", W_MAYBE | W_AMD, 0, "AMD touches all 512 bytes"},
    {"xsave*", W_MAYBE | W_AMD, 0, "AMD touches the whole area"},
    {"xsave*", W_MEMORY, 512 | 1 << 16, "XINUSE: what is initial state"},
    {"v*gather*", W_ORDER | W_MAYBE, 0, "a trap may come between two lanes"},
    {"xrstor*", W_MAYBE | W_AMD, 0, "AMD touches the whole area"},
    {"lar", W_BITS, 0xf0000, "undefined: bits 16-19"},
    {"fnstenv", W_ENV | W_CR2, 0, POINTERS_WHY},
    {"fnsave", W_ENV | W_CR2, 0, POINTERS_WHY},
    {"fldenv", W_CR2, 0, "order of accesses is not defined"},
    {"frstor", W_CR2, 0, "order of accesses is not defined"},
    {"fxsave*", W_MEMORY | W_CR2 | W_ORDER, 6 | 18 << 16, POINTERS_WHY},
    {"fxsave*", W_MEMORY, 28 | 4 << 16, "MXCSR_MASK"},
    {"fxrstor*", W_CR2 | W_ORDER, 0, "order of accesses is not defined"},
    {"xsave*", W_MEMORY | W_CR2 | W_ORDER, 6 | 18 << 16, POINTERS_WHY},
    {"xsave*", W_MEMORY, 28 | 4 << 16, "MXCSR_MASK"},
    {"xsave*", W_MEMORY, 832 | 2700 << 16, "components that we lack"},
    {"xrstor*", W_CR2 | W_ORDER, 0, "order of accesses is not defined"},
    {"*maskmov*", W_CR2 | W_ORDER | W_MAYBE, 0,
     "faults of bytes that are masked out"},
    {"call_Ev", W_ORDER, 0, "AMD pushes before it looks at the target"},
    {"ins*", W_ALL | W_AMD | W_COUNT0, 0, "AMD asks for the port first"},
    {"outs*", W_ALL | W_AMD | W_COUNT0, 0, "AMD asks for the port first"},
    {"nop_0d", W_ALL | W_AMD | W_REGISTER, 0, "AMD: memory form only"},
    {"prefetchw", W_ALL | W_AMD | W_REGISTER, 0, "AMD: memory form only"},
    {"push_?S", W_PUSHED | W_MAYBE | W_AMD, 0, "Intel stores 16 of 32 bits"},
    {"l?s", W_ALL | W_AMD | W_REXW, 0, "AMD has no pointers of 16:64"},
    {"vpextr*", W_ALL | W_AMD | W_REXW | W_NOT64, 0, VEX_W_WHY},
    {"vpinsr*", W_ALL | W_AMD | W_REXW | W_NOT64, 0, VEX_W_WHY},
    {"j*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"loop*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"call*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"ret*", W_ALL | W_AMD | W_OPSIZE64, 0, BRANCH_66},
    {"sse_sha*", W_ALL | W_AMD | W_UNALIGNED, 0,
     "AMD: SHA takes unaligned operands"},
    {"mov_Ry_Cy", W_ALL | W_AMD | W_LOCKED, 0, "AMD: LOCK MOV CR0 is CR8"},
    {"mov_Cy_Ry", W_ALL | W_AMD | W_LOCKED, 0, "AMD: LOCK MOV CR0 is CR8"},
};

bool oracle_matches(const char *id, const char *pattern)
{
    if (*pattern == '*')
        return oracle_matches(id, pattern + 1) ||
               (*id && oracle_matches(id + 1, pattern));
    if (!*pattern || !*id)
        return *pattern == *id;
    return (*pattern == '?' || *pattern == *id) &&
           oracle_matches(id + 1, pattern + 1);
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

static uint64_t stack_top(const struct oracle_case *c)
{
    unsigned ss = c->in.seg[SEG_SS];
    uint64_t sp = c->in.reg[RSP];
    if (c->code_size == 2)
        return sp;
    if ((ss & 4) && !oracle_segments[ss >> 3].big)
        sp &= 0xffff;
    return (uint32_t)(sp + oracle_segment_base(ss));
}

static void mask_memory(uint64_t at, unsigned from, unsigned size,
                        struct oracle_masks *m)
{
    if (at < ORC_DATA || at >= ORC_END)
        return;
    m->mem_at[m->ranges] = (uint16_t)(at - ORC_DATA + from);
    m->mem_size[m->ranges++] = (uint16_t)size;
}

static void apply(const struct rule *r, const struct oracle_case *c,
                  const struct insn *i, struct oracle_masks *m)
{
    unsigned count;
    if (r->what & W_FLAGS)
        m->flags |= r->bits;
    if (r->what & W_DEST)
        m->gpr[destination(c, i) & 15] = ~0ull;
    if (r->what & W_BITS)
        m->gpr[destination(c, i) & 15] |= r->bits;
    for (unsigned n = 0; r->what & W_GPRS && n < 16; n++)
        if (r->bits >> n & 1)
            m->gpr[n] = ~0ull;
    if (r->what & W_MEMORY)
        mask_memory(oracle_operand(c, i), r->bits & 0xffff, r->bits >> 16, m);
    if (r->what & W_ENV)
        mask_memory(oracle_operand(c, i), insn_osize(i) == 2 ? 6 : 12,
                    insn_osize(i) == 2 ? 8 : 16, m);
    if (r->what & W_PUSHED && insn_osize(i) == 4)
        mask_memory(stack_top(c) - 4, 2, 2, m);
    if (r->what & W_LANES)
        m->approximate = true;
    if (r->what & W_ULP) {
        m->ulp = (uint8_t)r->bits;
        m->fsw |= FSW_C1;
    }
    if (r->what & W_COUNT16 && insn_osize(i) == 2 &&
        shift_count(c, i, &count) && count > 16)
        m->all = true;
    m->all |= (r->what & W_ALL) != 0;
    m->cr2 |= (r->what & W_CR2) != 0;
    m->fault_fp |= (r->what & W_FAULT_FP) != 0;
    m->fault_gpr |= (r->what & W_FAULT_GPR) != 0;
    m->fault_mem |= (r->what & W_FAULT_MEM) != 0;
    m->parts |= (r->what & W_PARTS) != 0;
    m->maybe |= (r->what & W_MAYBE) != 0;
    m->order |= (r->what & W_ORDER) != 0;
}

/* REP prefix and a count of zero. */
static bool repeats_never(const struct oracle_case *c, const struct insn *i)
{
    uint64_t mask = i->flags & IF_ADDR16   ? 0xffff
                    : i->flags & IF_ADDR32 ? 0xffffffff
                                           : ~0ull;
    return (i->flags & (IF_REP | IF_REPNE)) && !(c->in.reg[RCX] & mask);
}

/* The conditions of a rule beside the row. */
static bool holds(const struct rule *r, const struct oracle_case *c,
                  const struct insn *i, bool amd)
{
    uint32_t w = r->what;
    unsigned exponent = c->in.se[0] & 0x7fff;
    return !((w & W_AMD && !amd) || (w & W_LOCKED && !(i->flags & IF_LOCK)) ||
             (w & W_OPSIZE64 && !(c->code_size == 2 && i->flags & IF_OPSIZE)) ||
             (w & W_UNALIGNED && !(oracle_operand(c, i) & 15)) ||
             (w & W_REXW && !(i->flags & IF_REXW)) ||
             (w & W_NOT64 && c->code_size == 2) ||
             (w & W_REGISTER && i->flags & IF_MEM) ||
             (w & W_OUTSIDE && (exponent < r->bits || exponent == 0x7fff)) ||
             (w & W_COUNT0 && !repeats_never(c, i)));
}

void oracle_masks_of(const struct oracle_case *c, const struct insn *i,
                     bool amd, struct oracle_masks *m)
{
    memset(m, 0, sizeof *m);
    if (i->exec)
        m->flags = undefined_flags(c, i);
    for (unsigned n = 0; n < ARRAY_LEN(rules); n++) {
        const struct rule *r = &rules[n];
        if (oracle_matches(insn_rows[c->row].id, r->rows) &&
            holds(r, c, i, amd))
            apply(r, c, i, m);
    }
}

void oracle_print_masks(void)
{
    for (unsigned n = 0; n < ARRAY_LEN(rules); n++)
        printf("%-12s %s\n", rules[n].rows, rules[n].why);
}
