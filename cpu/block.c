/* block.c - the cache of decoded blocks.
 *
 * Blocks are cut from one arena, which is emptied when full: memory of a
 * killed block stays untouched until then, so handlers, links and jump
 * slots that still refer to it find MODE_DEAD and not something else. */
#include "cpu/block.h"

#include <stdlib.h>

#include "cpu/decode.h"
#include "cpu/event.h"
#include "cpu/exec_fused.h"
#include "cpu/flow.h"
#include "cpu/jit/jit.h"
#include "mmu/ram.h"

enum {
    ARENA_BYTES = 20 << 20,
    HASH_SIZE = 1 << 15,
    BLOCK_ROOM =
        sizeof(struct block) + (BLOCK_MAX_INSNS + 1) * sizeof(struct insn),
    BESIDE_ROWS = 32, /* frames, by number */
    BESIDE_SLOTS = 16,
    CACHE_LINE = 64, /* of most hosts: blocks begin with one */
};

/* A store to these bytes of the frame hit no block. Variables among code
 * (boot loaders, real mode) are written again and again; the search through
 * all blocks of their frame is done once. A new block in a frame empties the
 * frame's row. */
struct beside {
    const struct ram_frame *frame; /* NULL = unused */
    uint16_t offset, size;
};

struct block_cache {
    void *memory;
    uint8_t *arena; /* in `memory` */
    size_t used;
    struct block *hash[HASH_SIZE];
    struct beside beside[BESIDE_ROWS][BESIDE_SLOTS];
    struct block *single; /* scratch of block_single */
};

struct block_cache *block_cache_create(void)
{
    struct block_cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->memory = malloc(ARENA_BYTES + CACHE_LINE);
    c->single = malloc(BLOCK_ROOM);
    if (!c->memory || !c->single) {
        block_cache_destroy(c);
        return NULL;
    }
    c->arena = c->memory;
    c->arena += -(uintptr_t)c->memory % CACHE_LINE;
    return c;
}

void block_cache_destroy(struct block_cache *cache)
{
    if (!cache)
        return;
    free(cache->memory);
    free(cache->single);
    free(cache);
}

static unsigned hash_of(const uint8_t *code, uint32_t mode)
{
    uint64_t x = (uint64_t)(uintptr_t)code * 0x9e3779b97f4a7c15ull;
    return (unsigned)((x >> 40) ^ mode * 0x61) & (HASH_SIZE - 1);
}

/* ---- instructions that stand for decoding results */

static const struct insn *exec_block_end(struct cpu *cpu, const struct insn *i)
{
    return flow_link(cpu, 1, insn_rip(cpu, i));
}

/* Placed behind an instruction that changed the rest of its own block. */
static const struct insn *exec_stale(struct cpu *cpu, const struct insn *i)
{
    cpu->budget += cpu->block->count - (i - cpu->block->insn);
    return flow_resync(cpu, insn_rip(cpu, i));
}

NORETURN static const struct insn *exec_bad_ud(struct cpu *cpu,
                                               const struct insn *i)
{
    (void)i;
    cpu_raise(cpu, EX_UD);
}

NORETURN static const struct insn *exec_bad_gp(struct cpu *cpu,
                                               const struct insn *i)
{
    (void)i;
    cpu_raise_error(cpu, EX_GP, 0);
}

/* ---- decoding */

static gva_t code_gva(const struct cpu *cpu, uint64_t rip)
{
    gva_t gva = cpu->cs_base + rip;
    return (cpu->mode & MODE_CODE) == MODE_64 ? gva : (uint32_t)gva;
}

/* Make a decoded (or undecodable) instruction part of a block. Returns true
 * when the block ends with it. */
static bool block_add(struct block *b, struct insn *i,
                      enum decode_status status)
{
    bool ends = true;
    if (status == DECODE_OK)
        ends = insn_rows[i->op].attr & A_ENDS;
    else
        i->exec = status == DECODE_UD ? exec_bad_ud : exec_bad_gp;
    b->undecodable = status != DECODE_OK;
    i->off = (uint8_t)b->bytes;
    if (i->base == REG_RIP)
        /* In a block's first instruction it may wrap (docs/TESTING.md). */
        i->disp = (int32_t)((uint32_t)i->disp + i->off + i->len);
    if (status == DECODE_OK && (insn_rows[i->op].attr & A_BRANCH))
        i->disp = i->off + i->len;
    b->bytes = (uint16_t)(b->bytes + i->len);
    b->count++;
    return ends;
}

static void block_fuse(struct block *b)
{
    struct insn *compare = &b->insn[b->count - 2];
    exec_fn *exec = fused_exec(compare, compare + 1);
    if (exec)
        compare->exec = exec;
}

static void block_close(struct block *b)
{
    struct insn *end = &b->insn[b->count];
    memset(end, 0, sizeof *end);
    end->exec = exec_block_end;
    end->off = (uint8_t)b->bytes;
    if (b->count >= 2 && (b->mode & MODE_CODE) == MODE_64)
        block_fuse(b);
}

static void block_init(struct block *b, uint32_t mode)
{
    memset(b, 0, sizeof *b);
    b->mode = mode;
}

/* Relative to the block's start the displacement would not fit. */
static bool too_far(const struct block *b, const struct insn *i)
{
    return i->base == REG_RIP && i->disp > INT32_MAX - b->bytes - i->len;
}

/* Decode instructions from the page at `code` until one ends the block, the
 * page or room ends. False: the first one goes on in the next page. */
static bool decode_in_page(struct cpu *cpu, struct block *b,
                           const uint8_t *code, unsigned avail)
{
    unsigned mode = cpu->mode;
    while (b->count < BLOCK_MAX_INSNS && b->bytes < BLOCK_MAX_BYTES - 15) {
        struct insn *i = &b->insn[b->count];
        enum decode_status st = decode_insn(cpu->decode, code + b->bytes,
                                            avail - b->bytes, mode, i);
        if (st == DECODE_MORE || (b->count && too_far(b, i)))
            break;
        if (block_add(b, i, st))
            break;
        if (b->bytes == avail)
            break;
    }
    block_close(b);
    return b->count > 0;
}

/* One instruction of which `avail` bytes are in this page: fetch the others
 * from the next page (which may fault) and decode. */
static void decode_straddling(struct cpu *cpu, struct block *b, uint64_t rip,
                              const uint8_t *bytes, unsigned avail)
{
    uint8_t buf[DECODE_MAX_LEN + 1];
    struct mmu_fault fault;
    struct mmu_code next;
    unsigned rest = DECODE_MAX_LEN - avail;
    memcpy(buf, bytes, avail);
    if (!mmu_code_page(&cpu->mmu, code_gva(cpu, rip + avail), &next, &fault))
        cpu_raise_fault(cpu, &fault);
    if (next.host)
        memcpy(buf + avail, next.host, rest);
    else if (!mmu_read_code(&cpu->mmu, code_gva(cpu, rip + avail), buf + avail,
                            rest, &fault))
        cpu_raise_fault(cpu, &fault);
    block_add(
        b, &b->insn[0],
        decode_insn(cpu->decode, buf, DECODE_MAX_LEN, cpu->mode, &b->insn[0]));
    block_close(b);
    b->code2 = next.host;
    b->gpa2 = next.gpa;
    b->frame2 = next.frame;
}

/* ---- lists */

static struct block **list_next(struct block *b, const struct ram_frame *f)
{
    return b->frame == f ? &b->frame_next : &b->frame2_next;
}

/* The part of a block that lies in frame f. */
static void part_in(const struct block *b, const struct ram_frame *f,
                    unsigned *offset, unsigned *size)
{
    unsigned start = (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1));
    unsigned first = PAGE_SIZE - start;
    if (first > b->bytes)
        first = b->bytes;
    *offset = b->frame == f ? start : 0;
    *size = b->frame == f ? first : b->bytes - first;
}

static uint64_t granules_of(unsigned offset, unsigned size)
{
    unsigned a = offset / 64, z = (offset + size - 1) / 64;
    return bits(~0ull, 0, z - a + 1) << a;
}

static struct beside *beside_row(struct block_cache *c,
                                 const struct ram_frame *f)
{
    return c->beside[(uintptr_t)f / sizeof *f % BESIDE_ROWS];
}

static void list_insert(struct cpu *cpu, struct block *b, struct ram_frame *f,
                        gpa_t gpa)
{
    unsigned offset, size;
    part_in(b, f, &offset, &size);
    *list_next(b, f) = f->head_block;
    f->head_block = b;
    memset(beside_row(cpu->blocks, f), 0, sizeof cpu->blocks->beside[0]);
    mmu_track_code(&cpu->mmu, f, gpa, offset, size);
}

static void cache_insert(struct cpu *cpu, struct block *b)
{
    struct block_cache *c = cpu->blocks;
    unsigned h = hash_of(b->code, b->mode);
    b->hash_next = c->hash[h];
    c->hash[h] = b;
    list_insert(cpu, b, b->frame, b->gpa);
    if (b->frame2 && b->frame2 != b->frame)
        list_insert(cpu, b, b->frame2, b->gpa2);
}

static void hash_remove(struct block_cache *c, struct block *b)
{
    struct block **p = &c->hash[hash_of(b->code, b->mode)];
    while (*p != b)
        p = &(*p)->hash_next;
    *p = b->hash_next;
}

static void list_remove(struct block *b, struct ram_frame *f)
{
    struct block *p = f->head_block;
    if (p == b) {
        f->head_block = *list_next(b, f);
        return;
    }
    while (*list_next(p, f) != b)
        p = *list_next(p, f);
    *list_next(p, f) = *list_next(b, f);
}

/* Nothing enters the block any more; if it is running, it is left after the
 * current instruction. */
static void block_kill(struct cpu *cpu, struct block *b)
{
    hash_remove(cpu->blocks, b);
    list_remove(b, b->frame);
    if (b->frame2 && b->frame2 != b->frame)
        list_remove(b, b->frame2);
    for (struct block_link *l = b->incoming; l; l = l->next)
        for (unsigned n = 0; n < 2; n++)
            if (l->from->link[n] == b || l->from->far[n] == b) {
                l->from->link[n] = l->from->far[n] = NULL;
                if (cpu->jit)
                    jit_unlink(cpu, l->from, n);
            }
    b->incoming = NULL;
    if (cpu->jit)
        jit_block_killed(cpu, b);
    b->mode = MODE_DEAD;
    if (cpu->block == b)
        for (struct insn *i = b->insn + (cpu->insn - b->insn) + 1;
             i <= b->insn + b->count; i++)
            i->exec = exec_stale;
}

void block_cut(struct cpu *cpu)
{
    struct block *b = cpu->block;
    if (b && b->mode != MODE_DEAD && cpu->insn - b->insn + 1 < b->count)
        block_kill(cpu, b);
}

void block_code_written(void *opaque, struct ram_frame *frame, gpa_t gpa,
                        unsigned offset, unsigned size)
{
    struct cpu *cpu = opaque;
    uint64_t left = 0;
    struct block *b = frame->head_block, *next;
    struct beside *beside =
        &beside_row(cpu->blocks, frame)[(offset ^ offset >> 4) % BESIDE_SLOTS];
    if (beside->frame == frame && beside->offset == offset &&
        beside->size == size)
        return;
    *beside = (struct beside){frame, (uint16_t)offset, (uint16_t)size};
    for (; b; b = next) {
        unsigned o, n;
        next = *list_next(b, frame);
        part_in(b, frame, &o, &n);
        if (o < offset + size && offset < o + n)
            block_kill(cpu, b);
        else
            left |= granules_of(o, n);
    }
    frame->code_granules = left;
    if (!left)
        mmu_untrack_code(&cpu->mmu, frame, gpa);
}

void block_each(struct cpu *cpu,
                void (*visit)(struct cpu *cpu, struct block *b))
{
    for (unsigned h = 0; h < HASH_SIZE; h++)
        for (struct block *b = cpu->blocks->hash[h]; b; b = b->hash_next)
            visit(cpu, b);
}

void block_drop_all(struct cpu *cpu)
{
    struct block_cache *c = cpu->blocks;
    for (unsigned h = 0; h < HASH_SIZE; h++) {
        for (struct block *b = c->hash[h]; b; b = b->hash_next) {
            b->frame->head_block = NULL;
            mmu_untrack_code(&cpu->mmu, b->frame, b->gpa);
            if (b->frame2) {
                b->frame2->head_block = NULL;
                mmu_untrack_code(&cpu->mmu, b->frame2, b->gpa2);
            }
        }
        c->hash[h] = NULL;
    }
    c->used = 0;
    if (cpu->jit)
        jit_drop_all(cpu);
    mmu_drop_all(&cpu->mmu); /* the jump caches refer to blocks */
}

/* ---- finding */

static struct block *cache_lookup(struct block_cache *c, const uint8_t *code,
                                  uint32_t mode)
{
    struct block *b = c->hash[hash_of(code, mode)];
    while (b && (b->code != code || b->mode != mode))
        b = b->hash_next;
    return b;
}

/* A block that straddles pages holds only while its second page is mapped to
 * the frame it was decoded from. */
static bool second_page_holds(struct cpu *cpu, const struct block *b,
                              uint64_t rip)
{
    struct mmu_code next;
    struct mmu_fault fault;
    unsigned first =
        PAGE_SIZE - (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1));
    if (!mmu_code_page(&cpu->mmu, code_gva(cpu, rip + first), &next, &fault))
        cpu_raise_fault(cpu, &fault);
    return next.host == b->code2;
}

static struct block *block_make(struct cpu *cpu, uint64_t rip,
                                const struct mmu_code *page, unsigned offset)
{
    struct block_cache *c = cpu->blocks;
    struct block *b = (struct block *)(void *)(c->arena + c->used);
    const uint8_t *code = page->host + offset;
    block_init(b, cpu->mode);
    b->code = code;
    b->gpa = page->gpa;
    b->frame = page->frame;
    if (!decode_in_page(cpu, b, code, PAGE_SIZE - offset)) {
        decode_straddling(cpu, b, rip, code, PAGE_SIZE - offset);
        /* Not cached: it goes on in MMIO, or its frame is mapped twice in a
         * row, which a block's one part per frame cannot tell. */
        if (!b->code2 || b->frame2 == b->frame)
            return NULL;
    }
    c->used +=
        (sizeof *b + (b->count + 1u) * sizeof(struct insn) + CACHE_LINE - 1) &
        ~(size_t)(CACHE_LINE - 1);
    cache_insert(cpu, b);
    if (cpu->jit)
        jit_block_made(cpu, b);
    return b;
}

/* The exec TLB has the page, so that the MMU empties the slot with it. */
static void remember(struct cpu *cpu, struct block *b, uint64_t rip)
{
    gva_t gva = cpu->cs_base + rip;
    struct jump_slot *slot = &cpu->mmu.now.jump[jump_slot_of(gva)];
    slot->key = gva;
    slot->block = b;
}

struct block *block_find(struct cpu *cpu, uint64_t rip)
{
    struct block_cache *c = cpu->blocks;
    gva_t gva = code_gva(cpu, rip);
    unsigned offset = (unsigned)gva & (PAGE_SIZE - 1);
    struct mmu_code page;
    struct mmu_fault fault;
    struct block *b;

    if (!mmu_code_page(&cpu->mmu, gva, &page, &fault))
        cpu_raise_fault(cpu, &fault);
    if (!page.host)
        return NULL;
    b = cache_lookup(c, page.host + offset, cpu->mode);
    if (b && b->code2 && !second_page_holds(cpu, b, rip)) {
        block_kill(cpu, b);
        b = NULL;
    }
    if (!b) {
        if (c->used + BLOCK_ROOM > ARENA_BYTES) {
            block_drop_all(cpu);
            return block_find(cpu, rip);
        }
        b = block_make(cpu, rip, &page, offset);
        if (!b)
            return NULL;
    }
    if (!b->code2)
        remember(cpu, b, rip);
    return b;
}

static const uint8_t *known_code(const struct cpu *cpu, uint64_t rip)
{
    return tlb_lookup(&cpu->mmu.now.of[MMU_EXEC], code_gva(cpu, rip), 1);
}

struct block *block_known(struct cpu *cpu, uint64_t rip)
{
    const uint8_t *code = known_code(cpu, rip);
    struct block *b;

    if (!code || rip >= cpu->cs_end)
        return NULL;
    b = cache_lookup(cpu->blocks, code, cpu->mode);
    if (!b)
        return NULL;
    if (!b->code2)
        remember(cpu, b, rip);
    else if (known_code(cpu, (rip & PAGE_MASK) + PAGE_SIZE) != b->code2)
        return NULL;
    return b;
}

/* Bytes at `rip` up to the CS limit and the page's end. */
struct block *block_single(struct cpu *cpu, uint64_t rip)
{
    struct block *b = cpu->blocks->single;
    gva_t gva = code_gva(cpu, rip);
    unsigned offset = (unsigned)gva & (PAGE_SIZE - 1);
    unsigned avail = PAGE_SIZE - offset;
    struct mmu_code page;
    struct mmu_fault fault;
    uint8_t buf[DECODE_MAX_LEN];
    const uint8_t *code;
    enum decode_status st;

    flow_check(cpu, rip);
    if (!mmu_code_page(&cpu->mmu, gva, &page, &fault))
        cpu_raise_fault(cpu, &fault);
    if (avail > DECODE_MAX_LEN)
        avail = DECODE_MAX_LEN;
    if (page.host) {
        code = page.host + offset;
    } else {
        if (!mmu_read_code(&cpu->mmu, gva, buf, avail, &fault))
            cpu_raise_fault(cpu, &fault);
        code = buf;
    }
    block_init(b, cpu->mode);
    st = decode_insn(cpu->decode, code, avail, cpu->mode & ~(uint32_t)MODE_FLAT,
                     &b->insn[0]);
    if (st == DECODE_MORE &&
        (rip + avail < cpu->cs_end || cpu->cs_end == ~0ull)) {
        decode_straddling(cpu, b, rip, code, avail);
    } else {
        block_add(b, &b->insn[0], st);
        block_close(b);
    }
    if (b->bytes > cpu->cs_end - rip && cpu->cs_end != ~0ull)
        cpu_raise_error(cpu, EX_GP, 0);
    return b;
}

/* ---- audit */

static bool is_listed(struct block *b, struct ram_frame *frame)
{
    for (struct block *p = frame->head_block; p; p = *list_next(p, frame))
        if (p == b)
            return true;
    return false;
}

static const char *audit_part(struct block *b, struct ram_frame *frame)
{
    unsigned offset, size;
    part_in(b, frame, &offset, &size);
    if (!is_listed(b, frame))
        return "block that its frame does not know of";
    if (!(frame->tracked & TRACK_CODE) ||
        granules_of(offset, size) & ~frame->code_granules)
        return "block over code that is not tracked";
    return NULL;
}

/* Decoded anew it must be the same; blocks of two pages are left out. */
static bool is_current(struct cpu *cpu, const struct block *b)
{
    struct block *again = cpu->blocks->single;
    unsigned offset = (unsigned)((uintptr_t)b->code & (PAGE_SIZE - 1));
    uint32_t mode = cpu->mode;
    struct insn first = b->insn[0];
    if (b->exec0) /* the JIT's handler stands in front of it */
        first.exec = b->exec0;
    if (b->code2)
        return true;
    block_init(again, b->mode);
    cpu->mode = b->mode;
    decode_in_page(cpu, again, b->code, PAGE_SIZE - offset);
    cpu->mode = mode;
    if (again->count < b->count ||
        memcmp(again->insn, &first, sizeof first) != 0)
        return false;
    /* Bytes of an instruction that did not fit into the page belong to no
     * block: they may have become one that does. */
    return !memcmp(again->insn + 1, b->insn + 1,
                   (b->count - (again->count > b->count)) * sizeof first);
}

static const char *audit_block(struct cpu *cpu, struct block *b)
{
    const char *wrong = audit_part(b, b->frame);
    if (!wrong && b->frame2)
        wrong = audit_part(b, b->frame2);
    for (unsigned n = 0; n < 2; n++)
        if (b->link[n] && b->link[n]->mode == MODE_DEAD)
            return "link to a dead block";
    if (!wrong && !is_current(cpu, b))
        return "block older than its code";
    return wrong;
}

const char *block_audit(struct cpu *cpu)
{
    struct block_cache *c = cpu->blocks;
    const char *wrong = NULL;
    for (unsigned h = 0; h < HASH_SIZE; h++)
        for (struct block *b = c->hash[h]; b && !wrong; b = b->hash_next)
            wrong = hash_of(b->code, b->mode) == h
                        ? audit_block(cpu, b)
                        : "dead block that can be found";
    return wrong;
}
