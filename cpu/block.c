/* block.c - the cache of decoded blocks.
 *
 * Memory of a killed block stays untouched until there is no room for a new
 * one (make_room): handlers, links and jump slots that still refer to it find
 * MODE_DEAD and not something else. */
#include "cpu/block.h"

#include <stdlib.h>

#include "cpu/block_arena.h"
#include "cpu/block_index.h"
#include "cpu/decode.h"
#include "cpu/event.h"
#include "cpu/exec_fused.h"
#include "cpu/flow.h"
#include "cpu/jit/jit.h"
#include "mmu/ram.h"

enum {
    ARENA_BYTES = 20 << 20,
    BLOCK_ROOM = sizeof(struct block) +
                 (BLOCK_MAX_INSNS + 1) * sizeof(struct insn) + BLOCK_MAX_BYTES,
    GRAVES = 64,
};

struct block_cache {
    struct block_arena arena;
    struct block_index index;
    struct block *single; /* scratch of block_single */
    struct block *draft;  /* of block_make */
    /* Blocks that stores killed, by code. The next one there takes the same
     * memory and the instructions that did not change. */
    struct block *grave[GRAVES];
};

struct block_cache *block_cache_create(size_t size)
{
    struct block_cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->single = malloc(BLOCK_ROOM);
    c->draft = malloc(BLOCK_ROOM);
    if (!c->single || !c->draft ||
        !block_arena_init(&c->arena, size ? size : ARENA_BYTES)) {
        block_cache_destroy(c);
        return NULL;
    }
    return c;
}

void block_cache_destroy(struct block_cache *cache)
{
    if (!cache)
        return;
    block_arena_free(&cache->arena);
    free(cache->single);
    free(cache->draft);
    free(cache);
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

static uint8_t *code_copy(struct block *b)
{
    return (uint8_t *)(b->insn + b->count + 1);
}

/* Instructions of a block that was there before, and which of its bytes have
 * changed: from `first` on, and none from `last` on. */
struct earlier {
    const struct insn *insn, *end;
    unsigned first, last;
};

static void compare_earlier(struct earlier *earlier, struct block *old,
                            const uint8_t *code)
{
    const uint8_t *copy = code_copy(old);
    unsigned first = 0, last = old->bytes;

    while (first + 8 <= last && !memcmp(code + first, copy + first, 8))
        first += 8;
    while (last >= first + 8 && !memcmp(code + last - 8, copy + last - 8, 8))
        last -= 8;
    *earlier = (struct earlier){
        old->insn, old->insn + old->count - old->undecodable, first, last};
}

/* The instruction at offset `at`, if it is as it was; else NULL. */
static const struct insn *same_as_earlier(struct earlier *earlier, unsigned at)
{
    const struct insn *i = earlier->insn;

    while (i < earlier->end && i->off < at)
        i++;
    earlier->insn = i;
    if (i == earlier->end || i->off != at ||
        (at + i->len > earlier->first && at < earlier->last))
        return NULL;
    return i;
}

static bool block_add_again(struct block *b, const struct insn *same)
{
    struct insn *i = &b->insn[b->count];

    *i = *same;
    i->exec = decode_exec(i, b->mode);
    b->undecodable = false;
    b->bytes = (uint16_t)(b->bytes + i->len);
    b->count++;
    return insn_rows[i->op].attr & A_ENDS;
}

/* Decode instructions from the page at `code` until one ends the block, the
 * page or room ends. False: the first one goes on in the next page. `old`: a
 * block that was there in the same mode, or NULL. */
static bool decode_in_page(struct cpu *cpu, struct block *b,
                           const uint8_t *code, unsigned avail,
                           struct block *old)
{
    unsigned mode = cpu->mode;
    struct earlier earlier = {0};

    if (old)
        compare_earlier(&earlier, old, code);
    while (b->count < BLOCK_MAX_INSNS && b->bytes < BLOCK_MAX_BYTES - 15) {
        const struct insn *same = same_as_earlier(&earlier, b->bytes);
        struct insn *i = &b->insn[b->count];
        enum decode_status st;
        if (same) {
            if (block_add_again(b, same))
                break;
            continue;
        }
        st = decode_insn(cpu->decode, code + b->bytes, avail - b->bytes, mode,
                         i);
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

/* ---- blocks that can be found */

static void track_part(struct cpu *cpu, const struct block *b,
                       const uint8_t *page, struct ram_frame *frame, gpa_t gpa)
{
    unsigned offset, size;
    block_part_in(b, page, &offset, &size);
    mmu_track_code(&cpu->mmu, frame, gpa, offset, size);
}

static void cache_insert(struct cpu *cpu, struct block *b)
{
    block_index_insert(&cpu->blocks->index, b);
    track_part(cpu, b, block_page(b), b->frame, b->gpa);
    if (b->frame2)
        track_part(cpu, b, b->code2, b->frame2, b->gpa2);
}

/* Nothing enters the block any more; if it is running, it is left after the
 * current instruction. */
static void block_kill(struct cpu *cpu, struct block *b)
{
    block_index_remove(&cpu->blocks->index, b);
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
    b->mode_alive = b->mode;
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

static struct block **grave_of(struct block_cache *c, const uint8_t *code)
{
    return &c->grave[(uintptr_t)code / INDEX_SLOT % GRAVES];
}

/* A store to bytes [from, to) of a page, and which bytes the blocks that it
 * kills were decoded from. */
struct killing {
    struct cpu *cpu;
    const uint8_t *page;
    unsigned from, to;
    unsigned dead_from, dead_to;
    uint64_t left; /* granules of blocks that it leaves alone */
};

static void kill_written(void *opaque, struct block *b)
{
    struct killing *killing = opaque;
    unsigned offset, size;

    block_part_in(b, killing->page, &offset, &size);
    if (offset >= killing->to || killing->from >= offset + size) {
        killing->left |= code_granules_of(offset, size);
        return;
    }
    if (offset < killing->dead_from)
        killing->dead_from = offset;
    if (offset + size > killing->dead_to)
        killing->dead_to = offset + size;
    block_kill(killing->cpu, b);
    if (!b->code2)
        *grave_of(killing->cpu->blocks, b->code) = b;
}

/* Code that is overwritten will be for some bytes more: what else is in its
 * granules goes, too, and stores to them cost little until they are executed
 * again. */
void block_code_written(struct cpu *cpu, const struct mmu_code *page,
                        unsigned offset, unsigned size)
{
    const struct block_index *index = &cpu->blocks->index;
    unsigned from = offset - offset % CODE_GRANULE, to = offset + size;
    struct killing killing = {cpu, page->host, offset, to, offset, offset, 0};

    to += -to % CODE_GRANULE;
    block_index_each_at(index, page->host, from, to, kill_written, &killing);
    if (killing.dead_to > offset) {
        killing.from = from;
        killing.to = to;
        block_index_each_at(index, page->host, from, to, kill_written,
                            &killing);
        from = killing.dead_from - killing.dead_from % CODE_GRANULE;
        to = killing.dead_to + -killing.dead_to % CODE_GRANULE;
        killing.left = block_index_granules(index, page->host, from, to);
    }
    page->frame->code_granules &=
        ~code_granules_of(from, to - from) | killing.left;
    if (!page->frame->code_granules)
        mmu_untrack_code(page->frame);
}

struct visiting {
    struct cpu *cpu;
    void (*visit)(struct cpu *cpu, struct block *b);
};

static void visit_block(void *opaque, struct block *b)
{
    struct visiting *visiting = opaque;
    visiting->visit(visiting->cpu, b);
}

void block_each(struct cpu *cpu,
                void (*visit)(struct cpu *cpu, struct block *b))
{
    struct visiting visiting = {cpu, visit};
    block_index_each(&cpu->blocks->index, visit_block, &visiting);
}

static void untrack(void *opaque, struct block *b)
{
    (void)opaque;
    mmu_untrack_code(b->frame);
    if (b->frame2)
        mmu_untrack_code(b->frame2);
}

void block_drop_all(struct cpu *cpu)
{
    struct block_cache *c = cpu->blocks;
    block_index_each(&c->index, untrack, NULL);
    block_index_empty(&c->index);
    block_arena_empty(&c->arena);
    memset(c->grave, 0, sizeof c->grave);
    if (cpu->jit)
        jit_drop_all(cpu);
    mmu_drop_all(&cpu->mmu); /* the jump caches refer to blocks */
}

/* ---- finding */

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

/* ---- room */

/* Take the link slot of an edge off its target's list. */
static void leave_list(struct block *b, unsigned n)
{
    struct block *target = b->link[n] ? b->link[n] : b->far[n];
    struct block_link **p = target ? &target->incoming : NULL;

    while (p && *p && *p != &b->out[n])
        p = &(*p)->next;
    if (p && *p)
        *p = b->out[n].next;
    b->link[n] = b->far[n] = NULL;
}

/* Less than a quarter of the segment is dead. */
static bool is_lively(const struct block_arena *arena,
                      const struct block *first, const struct block *end)
{
    uint64_t dead = 0, living = 0;

    for (const struct block *b = first; b && b != end;
         b = block_arena_next(arena, b))
        *(b->mode == MODE_DEAD ? &dead : &living) += b->lines;
    return dead < living / 3;
}

/* Between instructions, called by the run loop: no handler and no translated
 * code refers to a block. The dead of a segment go, or `all` of it, or where
 * that would give little. */
static void make_room(struct cpu *cpu, bool all)
{
    struct block_arena *arena = &cpu->blocks->arena;
    struct block *end, *first = block_arena_segment(arena, &end);

    all = all || is_lively(arena, first, end);
    for (struct block *b = first; b && b != end;
         b = block_arena_next(arena, b)) {
        if (b->mode != MODE_DEAD && all)
            block_kill(cpu, b);
        if (b->mode == MODE_DEAD && !block_arena_is_free(b))
            for (unsigned n = 0; n < 2; n++)
                leave_list(b, n);
    }
    memset(cpu->blocks->grave, 0, sizeof cpu->blocks->grave);
    mmu_drop_jumps(&cpu->mmu, first, end);
    block_arena_sweep(arena, first, end);
}

static size_t block_size(const struct block *b)
{
    return sizeof *b + (b->count + 1u) * sizeof(struct insn) +
           (b->code2 ? 0 : b->bytes);
}

/* The memory of a dead block: what may still refer to it, jump slots, does so
 * for the same code in the same mode. */
static struct block *take_grave(struct block *old, size_t size)
{
    if (!old || size > (size_t)old->lines * ARENA_LINE)
        return NULL;
    leave_list(old, 0);
    leave_list(old, 1);
    return old;
}

/* The block as drafted gets memory of its own, that of `old` if it can be (or
 * NULL). NULL: there is no room. */
static struct block *block_keep(struct cpu *cpu, struct block *old)
{
    struct block *draft = cpu->blocks->draft;
    size_t size = block_size(draft);
    struct block *b = take_grave(old, size);

    if (!draft->code2)
        memcpy(code_copy(draft), draft->code, draft->bytes);
    if (b) {
        draft->lines = b->lines;
    } else {
        b = block_arena_take(&cpu->blocks->arena, size);
        if (!b)
            return NULL;
        block_arena_own(draft, size);
    }
    memcpy(b, draft, size);
    cache_insert(cpu, b);
    if (cpu->jit)
        jit_block_made(cpu, b);
    return b;
}

static struct block *block_make(struct cpu *cpu, uint64_t rip,
                                const struct mmu_code *page, unsigned offset)
{
    struct block *b = cpu->blocks->draft;
    const uint8_t *code = page->host + offset;
    struct block **grave = grave_of(cpu->blocks, code), *old = *grave;

    if (old && (old->code != code || old->mode_alive != cpu->mode))
        old = NULL;
    block_init(b, cpu->mode);
    b->code = code;
    b->gpa = page->gpa;
    b->frame = page->frame;
    b->changed = old != NULL;
    if (!decode_in_page(cpu, b, code, PAGE_SIZE - offset, old)) {
        decode_straddling(cpu, b, rip, code, PAGE_SIZE - offset);
        /* Not cached: it goes on in MMIO, or its frame is mapped twice in a
         * row, which a block's one part per frame cannot tell. */
        if (!b->code2 || b->frame2 == b->frame)
            return NULL;
    }
    if (old)
        *grave = NULL;
    b = block_keep(cpu, old);
    for (bool again = false; !b; again = true) {
        make_room(cpu, again);
        b = block_keep(cpu, NULL);
    }
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
    gva_t gva = code_gva(cpu, rip);
    unsigned offset = (unsigned)gva & (PAGE_SIZE - 1);
    struct mmu_code page;
    struct mmu_fault fault;
    struct block *b;

    if (!mmu_code_page(&cpu->mmu, gva, &page, &fault))
        cpu_raise_fault(cpu, &fault);
    if (!page.host)
        return NULL;
    b = block_index_find(&cpu->blocks->index, page.host + offset, cpu->mode);
    if (b && b->code2 && !second_page_holds(cpu, b, rip)) {
        block_kill(cpu, b);
        b = NULL;
    }
    if (!b) {
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
    b = block_index_find(&cpu->blocks->index, code, cpu->mode);
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

static const char *audit_part(const struct block *b, const uint8_t *page,
                              const struct ram_frame *frame)
{
    unsigned offset, size;
    if (!block_part_in(b, page, &offset, &size))
        return "block without code in its page";
    if (!(frame->tracked & TRACK_CODE) ||
        code_granules_of(offset, size) & ~frame->code_granules)
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
    decode_in_page(cpu, again, b->code, PAGE_SIZE - offset, NULL);
    cpu->mode = mode;
    if (again->count < b->count ||
        memcmp(again->insn, &first, sizeof first) != 0)
        return false;
    /* Bytes of an instruction that did not fit into the page belong to no
     * block: they may have become one that does. */
    return !memcmp(again->insn + 1, b->insn + 1,
                   (b->count - (again->count > b->count)) * sizeof first);
}

struct audit {
    struct cpu *cpu;
    const char *wrong; /* NULL: nothing */
    size_t found;
};

static void audit_block(void *opaque, struct block *b)
{
    struct audit *audit = opaque;
    const char *wrong = audit_part(b, block_page(b), b->frame);

    audit->found++;
    if (b->mode == MODE_DEAD)
        wrong = "dead block that can be found";
    if (!wrong && b->frame2)
        wrong = audit_part(b, b->code2, b->frame2);
    for (unsigned n = 0; n < 2; n++)
        if (b->link[n] && b->link[n]->mode == MODE_DEAD)
            wrong = "link to a dead block";
    if (!wrong && !is_current(audit->cpu, b))
        wrong = "block older than its code";
    if (!audit->wrong)
        audit->wrong = wrong;
}

/* The arena's living blocks are those that can be found. */
static bool lives_match(const struct block_cache *c, size_t found)
{
    const struct block *b = NULL;
    size_t living = 0;
    while ((b = block_arena_next(&c->arena, b)))
        living += b->mode != MODE_DEAD;
    return living == found;
}

const char *block_audit(struct cpu *cpu)
{
    struct audit audit = {cpu, NULL, 0};
    block_index_each(&cpu->blocks->index, audit_block, &audit);
    if (!audit.wrong && !lives_match(cpu->blocks, audit.found))
        return "living block that cannot be found";
    return audit.wrong;
}
