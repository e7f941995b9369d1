/* generate.c - cases from the rows of the instruction table.
 *
 * encode.c throws dice for prefixes, ModRM, SIB and what follows; our decoder
 * says what the bytes mean; here the registers that make an address are set
 * so that it lies where the dice want it, and operands that would make most
 * cases alike (counts, divisors, selectors) are brought into range. */
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "tests/oracle/encode.h"

/* ---- rows without native cases */

static const struct {
    const char *id, *why, *elsewhere; /* a final * stands for anything */
} excluded[] = {
    {"syscall", "enters the host's kernel", "tests/cpu/check_sysreg"},
    {"sysenter", "enters the host's kernel", "tests/cpu/check_sysreg"},
    {"int1", "hypervisors on AMD report its RIP wrongly",
     "tests/cpu/check_event"},
    {"iret", "far transfer", "tests/cpu/check_event"},
    {"jmp_Ap", "far transfer", "tests/cpu/check_seg"},
    {"call_Ap", "far transfer", "tests/cpu/check_seg"},
    {"jmp_Mp", "far transfer", "tests/cpu/check_seg"},
    {"call_Mp", "far transfer", "tests/cpu/check_seg"},
    {"retf*", "far transfer", "tests/cpu/check_seg"},
    {"sldt", "Linux answers for it (UMIP)", "tests/cpu/check_sysreg"},
    {"str", "Linux answers for it (UMIP)", "tests/cpu/check_sysreg"},
    {"sgdt", "Linux answers for it (UMIP)", "tests/cpu/check_sysreg"},
    {"sidt", "Linux answers for it (UMIP)", "tests/cpu/check_sysreg"},
    {"smsw", "Linux answers for it (UMIP)", "tests/cpu/check_sysreg"},
    {"rdpmc", "depends on the host's CR4.PCE", "tests/cpu/check_sysreg"},
};

const char *oracle_excluded(unsigned row, const char **elsewhere)
{
    for (unsigned n = 0; n < ARRAY_LEN(excluded); n++)
        if (oracle_matches(insn_rows[row].id, excluded[n].id)) {
            *elsewhere = excluded[n].elsewhere;
            return excluded[n].why;
        }
    return NULL;
}

/* ---- segments */

static uint16_t pick(uint64_t *rng, const uint16_t *list, unsigned n)
{
    return list[oracle_below(rng, n)];
}

static void choose_segments(uint64_t *rng, struct oracle_case *c)
{
    static const uint16_t flat[6] = {ORC_DS, ORC_CS32, ORC_DS, ORC_DS};
    static const uint16_t data[] = {ORC_DS,     ORC_DS,     ORC_LDT_DATA16,
                                    ORC_LDT(2), ORC_LDT(3), ORC_LDT(4),
                                    ORC_LDT(6), ORC_LDT(7)};
    static const uint16_t stack[] = {ORC_LDT_DATA16, ORC_LDT_DATA16, ORC_LDT(6),
                                     ORC_DS, ORC_LDT(3)};
    static const uint16_t extra[] = {ORC_LDT_DATA16, ORC_DS, 0, ORC_LDT(0),
                                     ORC_LDT(7)};
    uint16_t *seg = c->in.seg;
    memcpy(seg, flat, sizeof flat);
    if (c->code_size == 2) {
        seg[SEG_CS] = ORC_CS64;
        return;
    }
    seg[SEG_FS] = pick(rng, extra, ARRAY_LEN(extra));
    seg[SEG_GS] = pick(rng, extra, ARRAY_LEN(extra));
    if (c->code_size == 0) {
        seg[SEG_CS] = ORC_LDT_CODE16;
        seg[SEG_DS] = seg[SEG_ES] = ORC_LDT_DATA16;
        seg[SEG_SS] = pick(rng, stack, ARRAY_LEN(stack));
    } else if (oracle_below(rng, 8) == 0) {
        seg[SEG_CS] = ORC_LDT(5);
    }
    if (oracle_below(rng, 3) == 0) {
        seg[SEG_DS] = pick(rng, data, ARRAY_LEN(data));
        seg[SEG_ES] = pick(rng, data, ARRAY_LEN(data));
        seg[SEG_SS] = pick(rng, stack, ARRAY_LEN(stack));
    }
}

static uint64_t segment_base(const struct oracle_case *c, unsigned seg)
{
    if (c->code_size != 2)
        return oracle_segment_base(c->in.seg[seg]);
    return seg == SEG_FS ? ORC_FS_BASE : seg == SEG_GS ? ORC_GS_BASE : 0;
}

/* ---- addresses */

static uint64_t choose_target(uint64_t *rng, bool aligned, bool code64)
{
    static const uint64_t wild[] = {0,
                                    0x10,
                                    ORC_DATA_END,
                                    ORC_STACK - 8,
                                    0x00007ffffffff000,
                                    0x0000800000000000,
                                    0xffff7ffffffffff0,
                                    0xffff8fff00000000,
                                    0x1234567812345678,
                                    0xfffffffffffffff0};
    unsigned dice = oracle_below(rng, 64), r = oracle_below(rng, 1u << 30);
    uint64_t at = ORC_DATA + r % (ORC_DATA_END - ORC_DATA - ORC_MEM);
    if (dice < 4) /* across two pages */
        return ORC_DATA + ORC_PAGE * (1 + r % 3) - 1 - (r >> 8) % 33;
    if (dice < 8) /* into the unmapped page */
        return ORC_DATA_END - (r & 63);
    if (dice < 11)
        return ORC_RO + (r & 0xfc0);
    if (dice < 13)
        return ORC_RO_END - (r & 31);
    if (dice < 14)
        return ORC_CODE + (r & 0xfff);
    if (dice < 16 && code64)
        return wild[r % ARRAY_LEN(wild)];
    if (dice < (aligned ? 58 : 36))
        return at & ~(uint64_t)31;
    return at;
}

static uint64_t address_mask(const struct insn *i)
{
    return i->flags & IF_ADDR16   ? 0xffff
           : i->flags & IF_ADDR32 ? 0xffffffff
                                  : ~0ull;
}

static void put_masked(uint64_t *reg, uint64_t value, uint64_t mask)
{
    *reg = (*reg & ~mask) | (value & mask);
}

/* Give base or index the value that makes the operand's offset `want`. The
 * offset that comes out may be smaller where the index is scaled. */
static uint64_t solve_address(struct oracle_case *c, const struct insn *i,
                              uint64_t want, uint64_t mask)
{
    uint64_t *reg = c->in.reg, disp = (uint64_t)(int64_t)i->disp;
    uint64_t index = i->index == REG_ZERO ? 0 : reg[i->index] << i->scale;
    if (i->base < 16 && i->base == i->index) {
        uint64_t factor = 1 + (1ull << i->scale);
        put_masked(&reg[i->base], ((want - disp) & mask) / factor, mask);
        return (reg[i->base] * factor + disp) & mask;
    }
    if (i->base < 16) {
        put_masked(&reg[i->base], want - disp - index, mask);
    } else if (i->index < 16) {
        put_masked(&reg[i->index], ((want - disp) & mask) >> i->scale, mask);
        return ((reg[i->index] << i->scale) + disp) & mask;
    }
    return want & mask;
}

/* Absolute, RIP-relative and moffs operands: the address is in the bytes. */
static void patch_address(struct oracle_case *c, const struct encoding *e,
                          const struct insn *i, uint64_t want)
{
    if (e->moffs_at) {
        store_le(c->bytes + e->moffs_at, want, e->moffs_size);
        return;
    }
    if (!e->disp_at || e->disp_size < 2)
        return;
    if (i->base == REG_RIP)
        want -= c->in.rip + c->len;
    if (i->base == REG_RIP || (i->base == REG_ZERO && i->index == REG_ZERO))
        store_le(c->bytes + e->disp_at, want, e->disp_size);
}

static void place_memory(struct oracle_case *c, uint64_t linear)
{
    if (linear >= ORC_DATA && linear <= ORC_END - ORC_MEM)
        c->mem_at = (uint32_t)linear;
}

static void place_operand(uint64_t *rng, struct oracle_case *c,
                          const struct encoding *e, const struct insn *i)
{
    const struct insn_row *row = &insn_rows[c->row];
    bool aligned = row->attr & A_ALIGN16;
    uint64_t base = segment_base(c, i->seg), mask = address_mask(i);
    uint64_t target = choose_target(rng, aligned, c->code_size == 2), off;
    if (strstr(row->id, "xrstor") && oracle_below(rng, 8)) {
        target = ORC_XSAVE + 0x400 * oracle_below(rng, 8);
        solve_address(c, i, target - base, mask);
        patch_address(c, e, i, target - base);
        return;
    }
    if (e->moffs_at || (i->base >= 16 && i->index >= 16)) {
        patch_address(c, e, i, target - base);
        off = target - base;
    } else {
        off = solve_address(c, i, target - base, mask);
    }
    place_memory(c, (off & mask) + base);
}

/* ---- operands that need care */

/* A pointer register of an implied operand. */
static void point(uint64_t *rng, struct oracle_case *c, const struct insn *i,
                  unsigned reg, unsigned seg)
{
    uint64_t at = choose_target(rng, false, c->code_size == 2);
    put_masked(&c->in.reg[reg], at - segment_base(c, seg), address_mask(i));
}

static void shape_stack(uint64_t *rng, struct oracle_case *c)
{
    unsigned r = oracle_below(rng, 1 << 20);
    uint64_t at = ORC_STACK + 0x400 + (r & 0x7f8);
    uint64_t mask =
        c->in.seg[SEG_SS] == ORC_LDT_DATA16 || c->in.seg[SEG_SS] == ORC_LDT(6)
            ? 0xffff
        : c->code_size == 2 ? ~0ull
                            : 0xffffffff;
    if ((r >> 12 & 15) == 0)
        at += r >> 16 & 7;
    if ((r >> 12 & 31) == 1)
        at = ORC_STACK + (r >> 17 & 15); /* a push leaves the page */
    if ((r >> 12 & 31) == 2)
        at = ORC_STACK_END - (r >> 17 & 15);
    if ((r >> 12 & 255) == 3 && c->code_size == 2)
        at = 0x800000000000; /* not canonical */
    if (c->in.seg[SEG_SS] == ORC_LDT(3))
        at = ORC_DATA + 0x2000 + (r & 0xff8);
    if (c->in.seg[SEG_SS] == ORC_LDT(6))
        at = ORC_DATA + (r & 0x1ff8); /* base + limit ends before the stack */
    put_masked(&c->in.reg[RSP], at - segment_base(c, SEG_SS), mask);
    put_masked(&c->in.reg[RBP], at + (r >> 8 & 0xf8) - segment_base(c, SEG_SS),
               mask);
}

static uint16_t some_selector(uint64_t *rng)
{
    static const uint16_t list[] = {0,
                                    1,
                                    3,
                                    0x08,
                                    0x10,
                                    0x18,
                                    0x23,
                                    0x2b,
                                    0x33,
                                    0x28,
                                    0x2a,
                                    ORC_LDT(0),
                                    ORC_LDT(1),
                                    ORC_LDT(2),
                                    ORC_LDT(3),
                                    ORC_LDT(4),
                                    ORC_LDT(5),
                                    ORC_LDT(7),
                                    ORC_LDT(8),
                                    ORC_LDT(9),
                                    ORC_LDT(10),
                                    ORC_LDT(1) & 0xfffc,
                                    ORC_LDT(ORC_SEGMENTS),
                                    0xfff7};
    return pick(rng, list, ARRAY_LEN(list));
}

/* Rows whose operand is a selector, by the beginning of their id. */
static bool takes_selector(const char *id)
{
    static const char *const ids[] = {"mov_Sw_Ew", "lar", "lsl",  "verr",
                                      "verw",      "les", "lds",  "lss",
                                      "lfs",       "lgs", "lldt", "ltr"};
    for (unsigned n = 0; n < ARRAY_LEN(ids); n++)
        if (!strcmp(id, ids[n]))
            return true;
    return !strncmp(id, "pop_", 4) && id[5] == 'S' && !id[6];
}

static void shape_selector(uint64_t *rng, struct oracle_case *c,
                           const struct insn *i)
{
    const struct insn_row *row = &insn_rows[c->row];
    uint16_t selector = some_selector(rng);
    if (!strncmp(row->id, "pop_", 4)) {
        c->mem_at = 0;
        place_memory(c, c->in.reg[RSP] + segment_base(c, SEG_SS));
        store_le16(c->mem, selector);
    } else if (i->flags & IF_MEM) {
        bool far = row->operand[1] == O_Mp;
        store_le16(c->mem + (far ? insn_osize(i) : 0), selector);
    } else {
        put_masked(&c->in.reg[i->rm], selector, 0xffff);
    }
}

static void shape_divide(uint64_t *rng, struct oracle_case *c,
                         const struct insn *i)
{
    uint64_t *reg = c->in.reg;
    if (oracle_below(rng, 4) == 0)
        return;
    if (insn_rows[c->row].attr & A_BYTE)
        put_masked(&reg[RAX], (uint64_t)(int64_t)(int8_t)oracle_random(rng),
                   0xffff);
    else if (!(i->flags & IF_MEM) && i->rm == RDX)
        return;
    else
        reg[RDX] = insn_rows[c->row].id[0] == 'i' &&
                           (oracle_below(rng, 2) ||
                            reg[RAX] >> (8 * insn_osize(i) - 1) & 1)
                       ? ~0ull
                       : oracle_below(rng, 3);
}

/* The destination of a comparison that should hit half of the time. */
static void shape_exchange(uint64_t *rng, struct oracle_case *c,
                           const struct insn *i)
{
    uint64_t *reg = c->in.reg;
    if (oracle_below(rng, 2))
        return;
    if (insn_rows[c->row].operand[1] == O_none) {
        bool wide = i->flags & IF_REXW;
        reg[RAX] = load_le(c->mem, wide ? 8 : 4);
        reg[RDX] = load_le(c->mem + (wide ? 8 : 4), wide ? 8 : 4);
    } else if (i->flags & IF_MEM) {
        reg[RAX] = load_le64(c->mem);
    } else if (!(insn_rows[c->row].attr & A_BYTE)) {
        reg[RAX] = reg[i->rm];
    }
}

static void shape_strings(uint64_t *rng, struct oracle_case *c,
                          const struct insn *i)
{
    point(rng, c, i, RSI, i->seg);
    point(rng, c, i, RDI, SEG_ES);
    if (oracle_below(rng, 8))
        c->in.reg[RCX] = oracle_below(rng, 4);
}

static bool starts(const char *id, const char *with)
{
    return !strncmp(id, with, strlen(with));
}

static void shape_by_name(uint64_t *rng, struct oracle_case *c,
                          const struct insn *i)
{
    const struct insn_row *row = &insn_rows[c->row];
    const char *id = row->id;
    if (row->operand[1] == O_CL || row->operand[2] == O_CL)
        put_masked(&c->in.reg[RCX], oracle_below(rng, 70), 0xff);
    if (starts(id, "bt") && row->operand[1] == O_Gv && (i->flags & IF_MEM) &&
        oracle_below(rng, 4) && i->reg != i->base && i->reg != i->index)
        c->in.reg[i->reg] = (uint64_t)(int64_t)(int8_t)oracle_random(rng);
    if (starts(id, "div_") || starts(id, "idiv_"))
        shape_divide(rng, c, i);
    if (starts(id, "cmpxchg"))
        shape_exchange(rng, c, i);
    if ((starts(id, "loop") || starts(id, "jcxz")) && oracle_below(rng, 2))
        c->in.reg[RCX] = oracle_below(rng, 3);
    if (starts(id, "ldmxcsr") && oracle_below(rng, 4))
        store_le32(c->mem, (uint32_t)oracle_random(rng) & 0xffff);
    if (starts(id, "fxrstor") && oracle_below(rng, 8))
        store_le32(c->mem + 24, (uint32_t)oracle_random(rng) & 0xffff);
    if (takes_selector(id))
        shape_selector(rng, c, i);
    if (starts(id, "xlat"))
        point(rng, c, i, RBX, i->seg);
    if (strstr(id, "maskmov"))
        point(rng, c, i, RDI, i->seg);
    if (starts(id, "xgetbv"))
        c->in.reg[RCX] = oracle_below(rng, 3);
    if (strstr(id, "xsave") || strstr(id, "xrstor")) {
        c->in.reg[RAX] = oracle_below(rng, 8);
        c->in.reg[RDX] = 0;
    }
}

static bool is_string(const struct insn_row *row)
{
    return row->attr & A_REP;
}

/* ---- one case */

static uint64_t hash_of(const char *id, unsigned n)
{
    uint64_t h = 0xcbf29ce484222325ull;
    while (*id)
        h = (h ^ (uint8_t)*id++) * 0x100000001b3ull;
    h += n;
    return oracle_random(&h);
}

/* Where the instruction lies: at the end of its page, rarely across it, and
 * before NOPs where the trap comes one instruction late. */
static void place_code(uint64_t *rng, struct oracle_case *c)
{
    const char *id = insn_rows[c->row].id;
    c->fit = c->len;
    c->after = 0;
    if (oracle_below(rng, 100) == 0 && c->len > 1)
        c->fit = (uint8_t)(1 + oracle_below(rng, c->len - 1u));
    else if (!strcmp(id, "mov_Sw_Ew") || !strcmp(id, "pop_SS") ||
             !strcmp(id, "lss"))
        c->after = 4;
    c->in.rip = oracle_rip(c);
}

static bool too_wild(const struct oracle_case *c, const struct insn *i)
{
    const char *id = insn_rows[c->row].id;
    return !strcmp(id, "int_Ib") && (i->imm & 0xff) == 0x80;
}

bool oracle_generate(const struct decode_table *decode, unsigned row,
                     unsigned n, struct oracle_case *c)
{
    uint64_t seed = hash_of(insn_rows[row].id, n), rng = ~seed;
    const char *elsewhere;
    struct encoding e;
    struct insn i;
    enum decode_status status;
    memset(c, 0, sizeof *c);
    c->seed = seed;
    oracle_fill(seed, &c->in, c->mem);
    if (!encode_row(&rng, row, &e, &c->code_size))
        return false;
    status = decode_insn(decode, e.bytes, 15, c->code_size, &i);
    if (status == DECODE_MORE || status == DECODE_LONG || i.len > 15)
        return false;
    if (status == DECODE_UD && !e.expect_ud)
        return false;
    c->row = status == DECODE_OK ? i.op : (uint16_t)row;
    if (oracle_excluded(c->row, &elsewhere) || too_wild(c, &i))
        return false;
    /* Of no instruction all bytes that it might have are there. */
    c->len = status == DECODE_OK ? i.len
             : e.len < 8         ? (uint8_t)(e.len + 8)
                                 : 15;
    memcpy(c->bytes, e.bytes, sizeof c->bytes);
    choose_segments(&rng, c);
    place_code(&rng, c);
    shape_stack(&rng, c);
    if (status != DECODE_OK) { /* nobody says how much of it is fetched */
        c->fit = c->len;
        c->in.rip = oracle_rip(c);
        return true;
    }
    if (is_string(&insn_rows[c->row]))
        shape_strings(&rng, c, &i);
    shape_by_name(&rng, c, &i);
    if ((i.flags & IF_MEM) || e.moffs_at)
        place_operand(&rng, c, &e, &i);
    return true;
}
