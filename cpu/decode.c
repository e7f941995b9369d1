/* decode.c - the decoder: prefixes, opcode, ModRM, displacement, immediate.
 *
 * Manual: SDM volume 2, chapter 2 (instruction format) and appendix A. The
 * knowledge of single instructions is in insn.def alone. */
#include "cpu/decode.h"

#include <stdlib.h>

#include "cpu/cpu.h"

/* The maps of VEX prefixes lie behind those of plain instructions. */
enum { MAP_VEX = 4, MAPS = 8, NO_ROW = 0xffff };

/* Rows of one opcode hang in a list in the order of insn.def. */
struct decode_table {
    uint16_t first[MAPS][256];
    uint16_t next[MAPS][INSN_COUNT]; /* by map: PLUS_R rows sit in eight
                                        lists, all ending alike */
    uint8_t modrm[MAPS][256];        /* 1: has ModRM */
    uint16_t needs[INSN_COUNT];
    struct decode_table *firmware; /* for MODE_FIRMWARE, or NULL */
};

/* What an operand needs of the encoding. */
enum {
    NEED_MODRM = 1,
    NEED_IB = 2,
    NEED_SIB = 4,
    NEED_IW = 8,
    NEED_IZ = 16,
    NEED_IV = 32,
    NEED_JB = 64,
    NEED_JZ = 128,
    NEED_AP = 256,
    NEED_MOFFS = 512,
    NEED_VVVV = 1024, /* otherwise it must be 1111b */
    NEED_VSIB = 2048,
    NEED_ONE = 4096,         /* the immediate is 1 */
    NEED_REGISTER = 8192,    /* whatever mod says */
    NEED_BYTE_NAMES = 16384, /* registers have names of byte registers */
};

static const uint16_t operand_needs[O_COUNT] = {
    [O_Eb] = NEED_MODRM,
    [O_Ew] = NEED_MODRM,
    [O_Ed] = NEED_MODRM,
    [O_Eq] = NEED_MODRM,
    [O_Ev] = NEED_MODRM,
    [O_Ey] = NEED_MODRM,
    [O_Ed_q] = NEED_MODRM,
    [O_Gb] = NEED_MODRM,
    [O_Gw] = NEED_MODRM,
    [O_Gd] = NEED_MODRM,
    [O_Gq] = NEED_MODRM,
    [O_Gv] = NEED_MODRM,
    [O_Gy] = NEED_MODRM,
    [O_Gz] = NEED_MODRM,
    [O_M] = NEED_MODRM,
    [O_Mb] = NEED_MODRM,
    [O_Mw] = NEED_MODRM,
    [O_Md] = NEED_MODRM,
    [O_Mq] = NEED_MODRM,
    [O_Mp] = NEED_MODRM,
    [O_Ms] = NEED_MODRM,
    [O_Ma] = NEED_MODRM,
    [O_Mx] = NEED_MODRM,
    [O_Mv] = NEED_MODRM,
    [O_My] = NEED_MODRM,
    [O_Mt] = NEED_MODRM,
    [O_Rd] = NEED_MODRM,
    [O_Rq] = NEED_MODRM,
    [O_Rv] = NEED_MODRM,
    [O_Ry] = NEED_MODRM,
    [O_Sw] = NEED_MODRM,
    [O_Cy] = NEED_MODRM | NEED_REGISTER,
    [O_Dy] = NEED_MODRM | NEED_REGISTER,
    [O_Pq] = NEED_MODRM,
    [O_Pd] = NEED_MODRM,
    [O_Qq] = NEED_MODRM,
    [O_Qd] = NEED_MODRM,
    [O_Nq] = NEED_MODRM,
    [O_Vx] = NEED_MODRM,
    [O_Vq] = NEED_MODRM,
    [O_Vd] = NEED_MODRM,
    [O_Wx] = NEED_MODRM,
    [O_Wq] = NEED_MODRM,
    [O_Wd] = NEED_MODRM,
    [O_Ww] = NEED_MODRM,
    [O_Ux] = NEED_MODRM,
    [O_Uq] = NEED_MODRM,
    [O_STi] = NEED_MODRM,
    [O_Ib] = NEED_IB,
    [O_sIb] = NEED_SIB,
    [O_Iw] = NEED_IW,
    [O_Iz] = NEED_IZ,
    [O_Iv] = NEED_IV,
    [O_Jb] = NEED_JB,
    [O_Jz] = NEED_JZ,
    [O_Ap] = NEED_AP,
    [O_Ob] = NEED_MOFFS,
    [O_Ov] = NEED_MOFFS,
    [O_Hx] = NEED_VVVV,
    [O_Hq] = NEED_VVVV,
    [O_Hd] = NEED_VVVV,
    [O_Hdq] = NEED_VVVV,
    [O_Hqq] = NEED_VVVV,
    [O_By] = NEED_VVVV,
    [O_Vdq] = NEED_MODRM,
    [O_Vqq] = NEED_MODRM,
    [O_Wb] = NEED_MODRM,
    [O_Wdq] = NEED_MODRM,
    [O_Wqq] = NEED_MODRM,
    [O_Ud] = NEED_MODRM,
    [O_Udq] = NEED_MODRM,
    [O_Uqq] = NEED_MODRM,
    [O_Mdq] = NEED_MODRM,
    [O_Mqq] = NEED_MODRM,
    [O_VMd] = NEED_MODRM | NEED_VSIB,
    [O_VMq] = NEED_MODRM | NEED_VSIB,
};

static bool is_byte_reg(enum operand o)
{
    return o == O_Eb || o == O_Gb || o == O_Zb || o == O_AL;
}

static unsigned row_needs(const struct insn_row *row)
{
    unsigned needs = operand_needs[row->operand[0]] |
                     operand_needs[row->operand[1]] |
                     operand_needs[row->operand[2]];
    if (row->encoding & (MODRM | MOD_M | MOD_R | 1ull << 11 | 1ull << 15))
        needs |= NEED_MODRM;
    if (row->encoding & (VEX_IB | VEX_IS4))
        needs |= NEED_IB;
    if (row->operand[1] == O_One)
        needs |= NEED_ONE;
    if (is_byte_reg(row->operand[0]) || is_byte_reg(row->operand[1]))
        needs |= NEED_BYTE_NAMES;
    return needs;
}

static unsigned row_map(const struct insn_row *row)
{
    return ENC_MAP(row->encoding) | (row->encoding & ENC_VEX ? MAP_VEX : 0);
}

static void table_append(struct decode_table *t, unsigned map, unsigned op,
                         unsigned row)
{
    uint16_t *link = &t->first[map][op];
    while (*link != NO_ROW)
        link = &t->next[map][*link];
    *link = (uint16_t)row;
}

static bool offered(const uint64_t *features, unsigned f)
{
    return features[f / 64] >> f % 64 & 1;
}

static struct decode_table *create_table(const uint64_t *features)
{
    struct decode_table *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    memset(t, 0xff, sizeof *t);
    memset(t->modrm, 0, sizeof t->modrm);
    for (unsigned r = 0; r < INSN_COUNT; r++) {
        const struct insn_row *row = &insn_rows[r];
        unsigned map = row_map(row), op = ENC_OPCODE(row->encoding);
        if (!offered(features, row->feature))
            continue;
        if (row->encoding & PLUS_R) {
            /* One row in eight lists would share its `next`; such rows are
             * therefore the last of their lists, but for 90h (NOP), which
             * comes first. */
            for (unsigned n = 0; n < 8; n++)
                table_append(t, map, op + n, r);
        } else {
            table_append(t, map, op, r);
        }
        t->needs[r] = (uint16_t)row_needs(row);
        if (t->needs[r] & NEED_MODRM)
            t->modrm[map][op] = 1;
    }
    return t;
}

struct decode_table *decode_create(const uint64_t *features)
{
    uint64_t more[(F_COUNT + 63) / 64];
    struct decode_table *t = create_table(features);
    if (!t)
        return NULL;
    t->firmware = NULL;
    if (offered(features, F_I386))
        return t;
    memcpy(more, features, sizeof more);
    more[0] |= 1ull << F_I186 | 1ull << F_I286 | 1ull << F_I386;
    t->firmware = create_table(more);
    if (!t->firmware) {
        free(t);
        return NULL;
    }
    t->firmware->firmware = NULL;
    return t;
}

void decode_destroy(struct decode_table *table)
{
    if (table)
        free(table->firmware);
    free(table);
}

/* ---- the bytes of one instruction */
struct reader {
    const uint8_t *p;
    unsigned pos, avail;
    bool more; /* ran out of bytes */
};

static uint8_t next8(struct reader *r)
{
    if (r->pos >= r->avail) {
        r->more = true;
        r->pos++;
        return 0;
    }
    return r->p[r->pos++];
}

static uint64_t next_le(struct reader *r, unsigned size)
{
    uint64_t v;
    if (r->pos + size > r->avail) {
        r->more = true;
        r->pos += size;
        return 0;
    }
    v = load_le(r->p + r->pos, size);
    r->pos += size;
    return v;
}

static int64_t sign_extend(uint64_t v, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return (int64_t)(v << shift) >> shift;
}

struct prefixes {
    uint16_t flags; /* of enum insn_flags what prefixes say */
    uint8_t rex;    /* 0 = none */
    uint8_t vvvv;
    bool addrsize;
    int seg; /* SEG_ or -1 */
};

static uint16_t rex_flags(unsigned rex)
{
    return rex ? IF_REX | (rex & 8 ? IF_REXW : 0) : 0;
}

/* What a byte is in front of an opcode; others are opcodes. */
enum prefix_kind {
    NO_PREFIX,
    SEGMENT,
    OPSIZE,
    ADDRSIZE,
    LOCK,
    REP,
    REPNE,
    REX
};

/* False: the byte is the opcode. */
static bool take_prefix(unsigned byte, enum prefix_kind kind, bool code64,
                        struct prefixes *px)
{
    switch (kind) {
    case SEGMENT:
        /* 64-bit code ignores all but FS and GS. */
        if (byte >= 0x64)
            px->seg = SEG_FS + (int)(byte & 1);
        else if (!code64)
            px->seg = (int)(byte >> 3 & 3); /* SEG_ES to SEG_DS */
        break;
    case OPSIZE:
        px->flags |= IF_OPSIZE;
        break;
    case ADDRSIZE:
        px->addrsize = true;
        break;
    case LOCK:
        px->flags |= IF_LOCK;
        break;
    /* The last counts. */
    case REP:
        px->flags = (px->flags & ~IF_REPNE) | IF_REP;
        break;
    case REPNE:
        px->flags = (px->flags & ~IF_REP) | IF_REPNE;
        break;
    case REX:
        if (!code64)
            return false;
        px->rex = (uint8_t)byte;
        return true;
    case NO_PREFIX:
        return false;
    }
    px->rex = 0; /* REX counts only right before the opcode */
    return true;
}

static unsigned read_prefixes(struct reader *r, unsigned code_size,
                              struct prefixes *px)
{
    static const uint8_t kind_of[256] = {
        [0x26] = SEGMENT, [0x2e] = SEGMENT, [0x36] = SEGMENT, [0x3e] = SEGMENT,
        [0x64] = SEGMENT, [0x65] = SEGMENT, [0x66] = OPSIZE,  [0x67] = ADDRSIZE,
        [0xf0] = LOCK,    [0xf2] = REPNE,   [0xf3] = REP,     [0x40] = REX,
        [0x41] = REX,     [0x42] = REX,     [0x43] = REX,     [0x44] = REX,
        [0x45] = REX,     [0x46] = REX,     [0x47] = REX,     [0x48] = REX,
        [0x49] = REX,     [0x4a] = REX,     [0x4b] = REX,     [0x4c] = REX,
        [0x4d] = REX,     [0x4e] = REX,     [0x4f] = REX,
    };
    for (;;) {
        uint8_t b = next8(r);
        if (r->more)
            return 0;
        if (likely(!kind_of[b]) ||
            !take_prefix(b, kind_of[b], code_size == MODE_64, px))
            return b;
    }
}

/* 16-bit addressing forms, SDM 2 table 2-1. */
static void decode_ea16(struct reader *r, unsigned mod, unsigned rm,
                        struct insn *i)
{
    static const uint8_t base[8] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    static const uint8_t index[8] = {RSI,      RDI,      RSI,      RDI,
                                     REG_ZERO, REG_ZERO, REG_ZERO, REG_ZERO};
    i->base = base[rm];
    i->index = index[rm];
    if (mod == 0 && rm == 6) {
        i->base = REG_ZERO;
        i->disp = (int32_t)sign_extend(next_le(r, 2), 2);
    } else if (mod == 1) {
        i->disp = (int8_t)next8(r);
    } else if (mod == 2) {
        i->disp = (int32_t)sign_extend(next_le(r, 2), 2);
    }
    if (i->base == RBP)
        i->seg = SEG_SS;
}

/* 32- and 64-bit forms, SDM 2 tables 2-2 and 2-3. */
static void decode_ea(struct reader *r, unsigned mod, unsigned rm,
                      const struct prefixes *px, unsigned code_size,
                      struct insn *i)
{
    unsigned base = rm;
    if (rm == 4) {
        unsigned sib = next8(r);
        unsigned index = (sib >> 3 & 7) | (px->rex & 2) << 2;
        base = sib & 7;
        i->scale = (uint8_t)(sib >> 6);
        i->index = index == 4 ? REG_ZERO : (uint8_t)index;
    }
    if (mod == 0 && base == 5) {
        i->disp = (int32_t)next_le(r, 4);
        i->base = code_size == MODE_64 && rm != 4 ? REG_RIP : REG_ZERO;
        return;
    }
    i->base = (uint8_t)(base | (px->rex & 1) << 3);
    if (i->base == RSP || i->base == RBP)
        i->seg = SEG_SS;
    if (mod == 1)
        i->disp = (int8_t)next8(r);
    else if (mod == 2)
        i->disp = (int32_t)next_le(r, 4);
}

/* What an encoding is looked for with: bits that its row must not have, and
 * prefixes that one with prefixes must name. */
struct wanted {
    uint64_t no, prefix;
};

static struct wanted wanted_of(const struct prefixes *px, unsigned code_size,
                               unsigned modrm, bool has_modrm)
{
    struct wanted wanted = {code_size == MODE_64 ? NOT64 : ONLY64, PFX_NONE};

    wanted.no |= px->rex & 8 ? REXW0 : REXW1;
    wanted.no |= px->rex & 1 ? REXB0 : 0;
    wanted.no |= px->flags & IF_VEXL ? VEX_L0 : VEX_L1;
    if (has_modrm)
        wanted.no |= modrm >= 0xc0 ? MOD_M : MOD_R;
    if (px->flags & (IF_REP | IF_REPNE))
        wanted.prefix = px->flags & IF_REP ? PFX_F3 : PFX_F2;
    else if (px->flags & IF_OPSIZE)
        wanted.prefix = PFX_66;
    return wanted;
}

static bool row_matches(uint64_t e, const struct wanted *wanted, unsigned modrm,
                        bool has_modrm, unsigned osize)
{
    if ((e & wanted->no) ||
        ((e & (PFX_NONE | PFX_66 | PFX_F3 | PFX_F2)) && !(e & wanted->prefix)))
        return false;
    if ((e & (OSIZE16 | OSIZE32 | OSIZE64)) && !(e & (OSIZE16 << osize)))
        return false;
    if (!has_modrm)
        return true;
    return !((e & 1ull << 11) && (e >> 12 & 7) != (modrm >> 3 & 7)) &&
           !((e & 1ull << 15) && (e >> 16 & 7) != (modrm & 7));
}

/* Operand size of a row: 0 = 16, 1 = 32, 2 = 64. */
static unsigned row_osize(unsigned attr, const struct prefixes *px,
                          unsigned code_size)
{
    bool opsize = px->flags & IF_OPSIZE;

    if (px->flags & IF_VEX)
        return code_size == MODE_64 && (px->rex & 8) ? 2 : 1;
    if (code_size == MODE_64) {
        if ((px->rex & 8) || (attr & A_F64))
            return 2;
        if (opsize)
            return 0;
        return attr & A_D64 ? 2 : 1;
    }
    return (code_size == MODE_32) ^ opsize;
}

/* Byte registers: 4-7 are AH CH DH BH without a REX prefix. */
static uint8_t byte_reg(unsigned n, bool rex)
{
    if (!rex && n >= 4 && n < 8)
        return (uint8_t)REG8(n - 4, 1);
    return (uint8_t)REG8(n, 0);
}

/* The immediate, displacement or far pointer the row's operands ask for. */
static void decode_imm(struct reader *r, unsigned needs, unsigned osize,
                       unsigned asize, struct insn *i)
{
    unsigned z = osize == 0 ? 2 : 4;
    if (needs & NEED_IW)
        i->imm = next_le(r, 2);
    if (needs & NEED_IB)
        i->imm |= next_le(r, 1) << (needs & NEED_IW ? 16 : 0);
    if (needs & (NEED_SIB | NEED_JB))
        i->imm = (uint64_t)(int64_t)(int8_t)next8(r);
    if (needs & (NEED_IZ | NEED_JZ))
        i->imm = (uint64_t)sign_extend(next_le(r, z), z);
    if (needs & NEED_IV) {
        unsigned v = 2u << osize;
        i->imm = (uint64_t)sign_extend(next_le(r, v), v);
    }
    if (needs & NEED_AP) {
        i->imm = next_le(r, z);
        i->imm |= next_le(r, 2) << 32;
    }
    if (needs & NEED_MOFFS)
        i->imm = next_le(r, asize);
    if (needs & NEED_ONE)
        i->imm = 1;
}

static unsigned address_size(unsigned code_size, bool addrsize)
{
    if (code_size == MODE_64)
        return addrsize ? 4 : 8;
    return (code_size == MODE_32) ^ addrsize ? 4 : 2;
}

static unsigned find_row(const struct decode_table *t, unsigned map,
                         unsigned op, unsigned modrm, bool has_modrm,
                         const struct prefixes *px, unsigned code_size,
                         unsigned *osize)
{
    struct wanted wanted = wanted_of(px, code_size, modrm, has_modrm);

    for (unsigned r = t->first[map][op]; r != NO_ROW; r = t->next[map][r]) {
        *osize = row_osize(insn_rows[r].attr, px, code_size);
        if (row_matches(insn_rows[r].encoding, &wanted, modrm, has_modrm,
                        *osize))
            return r;
    }
    return NO_ROW;
}

static uint16_t collect_flags(const struct prefixes *px, unsigned asize,
                              unsigned osize, bool mem)
{
    return (uint16_t)(px->flags | rex_flags(px->rex) | (mem ? IF_MEM : 0) |
                      (asize == 4 ? IF_ADDR32 : 0) |
                      (asize == 2 ? IF_ADDR16 : 0) |
                      (px->seg >= 0 ? IF_SEGPFX : 0) | osize << IF_OSIZE_SHIFT);
}

/* C4 and C5 are LES and LDS outside 64-bit code when a memory operand
 * follows. */
static bool is_vex(const struct reader *r, unsigned byte, unsigned mode)
{
    if ((byte != 0xc4 && byte != 0xc5) || (mode & MODE_REAL))
        return false;
    return (mode & MODE_CODE) == MODE_64 ||
           (r->pos < r->avail && r->p[r->pos] >= 0xc0);
}

/*
 * The rest of a VEX prefix and the opcode, SDM 2, 2.3.5. What it says goes to
 * where plain prefixes leave it: R, X, B and W to `rex`, pp to `flags`.
 * Registers 8 to 15 cannot be named outside 64-bit code. False: #UD.
 */
static bool read_vex(struct reader *r, unsigned byte, unsigned code_size,
                     struct prefixes *px, unsigned *map, unsigned *op)
{
    static const uint16_t flags_of[4] = {0, IF_OPSIZE, IF_REP, IF_REPNE};
    bool plain = px->flags || px->rex;
    unsigned b1 = next8(r), b2 = b1, rex = ~b1 >> 5 & 4;
    *map = 1;
    if (byte == 0xc4) {
        b2 = next8(r);
        rex = (~b1 >> 5 & 7) | (b2 >> 4 & 8);
        *map = b1 & 31;
    }
    *op = next8(r);
    px->vvvv = ~b2 >> 3 & 15;
    px->rex = (uint8_t)rex;
    if (code_size != MODE_64)
        px->rex &= 8;
    px->flags = IF_VEX | (b2 & 4 ? IF_VEXL : 0) | flags_of[b2 & 3];
    if (plain || *map < 1 || *map > 3)
        return false;
    *map |= MAP_VEX;
    return true;
}

/* Prefixes and opcode. False: #UD whatever follows. */
static bool read_opcode(struct reader *r, unsigned mode, struct prefixes *px,
                        unsigned *map, unsigned *op)
{
    unsigned byte = read_prefixes(r, mode & MODE_CODE, px);
    *map = 0;
    *op = byte;
    if (is_vex(r, byte, mode))
        return read_vex(r, byte, mode & MODE_CODE, px, map, op);
    if (byte != 0x0f)
        return true;
    *op = next8(r);
    *map = 1;
    if (*op == 0x38 || *op == 0x3a) {
        *map = *op == 0x38 ? 2 : 3;
        *op = next8(r);
    }
    return true;
}

/* What a row asks of a VEX prefix beyond row_prefixes(): vvvv goes above the
 * immediate byte. A vector index needs a SIB byte; register 4 is one. */
static bool finish_vex(const struct insn_row *row, unsigned needs,
                       unsigned modrm, unsigned asize, unsigned sib,
                       const struct prefixes *px, unsigned code_size,
                       struct insn *i)
{
    /* The highest bit names nothing outside 64-bit code, but where there is
     * no register it has to be right too. */
    if (needs & NEED_VVVV)
        i->imm |= (uint64_t)(px->vvvv & (code_size == MODE_64 ? 15 : 7))
                  << INSN_VVVV_SHIFT;
    else if (px->vvvv != 0)
        return false;
    if (needs & NEED_VSIB) {
        if ((modrm & 7) != 4 || asize == 2)
            return false;
        i->index = (uint8_t)((sib >> 3 & 7) | (px->rex & 2) << 2);
    }
    if ((row->encoding & VEX_IS4) && code_size != MODE_64)
        i->imm &= ~0x80ull;
    return true;
}

/* Registers named by ModRM or the opcode. CR, DR, segment and MMX registers
 * have no REX extension where only eight exist; exec_ functions of those
 * mask. */
static void decode_registers(const struct insn_row *row, unsigned needs,
                             unsigned modrm, bool has_modrm, unsigned op,
                             const struct prefixes *px, struct insn *i)
{
    unsigned reg = 0, rm = 0;
    if (has_modrm) {
        reg = (modrm >> 3 & 7) | (px->rex & 4) << 1;
        rm = (modrm & 7) | (px->rex & 1) << 3;
    } else if (row->encoding & PLUS_R) {
        reg = rm = (op & 7) | (px->rex & 1) << 3;
    }
    i->reg = (uint8_t)reg;
    i->rm = (uint8_t)rm;
    if (!(needs & NEED_BYTE_NAMES))
        return;
    if (row->attr & A_BYTE)
        i->reg = byte_reg(reg, px->rex != 0);
    if (row->operand[0] == O_Eb || row->operand[1] == O_Eb ||
        row->operand[0] == O_Zb)
        i->rm = byte_reg(rm, px->rex != 0);
    if (row->operand[0] == O_AL)
        i->rm = (uint8_t)REG8(RAX, 0);
}

static exec_fn *choose_exec(const struct insn_row *row, const struct insn *i,
                            unsigned osize, bool mem, unsigned mode)
{
    exec_fn *const *flat = row->flat[osize];
    if (!mem || !(mode & MODE_FLAT) || !flat[0] ||
        (i->seg != SEG_DS && i->seg != SEG_SS && i->seg != SEG_ES))
        return row->exec[2 * osize + mem];
    if ((mode & MODE_CODE) == MODE_64 && !(i->flags & IF_ADDR32))
        return flat[i->index == REG_ZERO ? FLAT_BASE : FLAT_INDEX];
    if ((mode & MODE_CODE) == MODE_32 && (i->flags & IF_ADDR32))
        return flat[FLAT_32];
    return row->exec[2 * osize + mem];
}

exec_fn *decode_exec(const struct insn *i, unsigned mode)
{
    return choose_exec(&insn_rows[i->op], i, i->flags >> IF_OSIZE_SHIFT & 3,
                       i->flags & IF_MEM, mode);
}

enum decode_status decode_insn(const struct decode_table *t,
                               const uint8_t *bytes, unsigned avail,
                               unsigned mode, struct insn *i)
{
    struct reader r = {bytes, 0, avail < 15 ? avail : 15, false};
    struct prefixes px = {.seg = -1};
    unsigned map, op, row, needs, osize = 1, asize, modrm = 0, sib_at;
    unsigned code_size = mode & MODE_CODE;
    bool has_modrm = false, mem = false, known;

    if (unlikely(mode & MODE_FIRMWARE) && t->firmware)
        t = t->firmware;
    memset(i, 0, sizeof *i);
    i->base = i->index = REG_ZERO;
    i->seg = SEG_DS;
    known = read_opcode(&r, mode, &px, &map, &op);
    asize = address_size(code_size, px.addrsize);
    if (known)
        has_modrm = t->modrm[map][op];
    if (has_modrm && !r.more) {
        modrm = next8(&r);
        mem = modrm < 0xc0;
    }
    if (r.more)
        goto short_of_bytes;

    row = known ? find_row(t, map, op, modrm, has_modrm, &px, code_size, &osize)
                : NO_ROW;
    i->len = (uint8_t)r.pos;
    i->flags = collect_flags(&px, asize, osize, mem);
    if (row == NO_ROW)
        return DECODE_UD;
    needs = t->needs[row];
    if (needs & NEED_REGISTER) {
        mem = false;
        i->flags &= (uint16_t)~IF_MEM;
    }
    sib_at = r.pos;
    if (mem && asize == 2)
        decode_ea16(&r, modrm >> 6, modrm & 7, i);
    else if (mem)
        decode_ea(&r, modrm >> 6, modrm & 7, &px, code_size, i);
    decode_imm(&r, needs, osize, asize, i);
    if (r.more)
        goto short_of_bytes;

    decode_registers(&insn_rows[row], needs, modrm, has_modrm, op, &px, i);
    if (px.seg >= 0)
        i->seg = (uint8_t)px.seg;
    if ((px.flags & IF_VEX) &&
        !finish_vex(&insn_rows[row], needs, modrm, asize,
                    r.p[sib_at < r.avail ? sib_at : 0], &px, code_size, i))
        return DECODE_UD;
    i->op = (uint16_t)row;
    i->len = (uint8_t)r.pos;
    i->exec = choose_exec(&insn_rows[row], i, osize, mem, mode);
    if (!i->exec)
        return DECODE_UD;
    if ((px.flags & IF_LOCK) && (!mem || !(insn_rows[row].attr & A_LOCK)))
        return DECODE_UD;
    return DECODE_OK;

short_of_bytes:
    i->len = 15;
    return avail >= 15 ? DECODE_LONG : DECODE_MORE;
}
