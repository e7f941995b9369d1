/* check_lockstep - random programs in both engines at once.
 *
 * Two boards, one with the interpreter and one with the JIT, are given the
 * same programs (random_code.h) and the same budgets. After each slice, of
 * random length, registers, flags, memory, the count of instructions and what
 * ports were asked, and when, must be the same. Devices interrupt, stop the
 * run, store into code, data and tables, while the programs run and between
 * slices; the JIT's board loses blocks, links, translations and TLB entries at
 * random besides, and its code cache is small in one case.
 *
 * What ends a program (a HLT behind an exception, a shutdown) is answered by
 * going on at another chunk, with what has been translated still there. The
 * counts at the end say that all this has happened.
 * Alone: LOCKSTEP=PROGRAMS make tests/jit/check_lockstep &&
 * tests/jit/check_lockstep [SEED] */
#define _POSIX_C_SOURCE 200809L
#include "tests/jit/random_code.h"

#include "cpu/block.h"
#include "cpu/disasm.h"

enum { SLICES = 24, SMALL_CACHE = 1 << 20 };

static struct pair_suite suite = {
    .name = "jit/lockstep",
    .variable = "LOCKSTEP",
    .programs = 240,
    .per_second = 1,
};

/* What has happened, for the end of a case. */
#define EVENTS(X)                                                              \
    X(interrupt)                                                               \
    X(stop)                                                                    \
    X(shorten)                                                                 \
    X(store_code)                                                              \
    X(store_data)                                                              \
    X(store_table)                                                             \
    X(remap)                                                                   \
    X(step)                                                                    \
    X(real)                                                                    \
    X(compat)                                                                  \
    X(entry_flipped)                                                           \
    X(tabled_stored)                                                           \
    X(lost_blocks)                                                             \
    X(lost_links)                                                              \
    X(lost_translations)                                                       \
    X(lost_tlb)                                                                \
    X(lost_pages)                                                              \
    X(written_again)

struct events {
#define X(id) unsigned id;
    EVENTS(X)
#undef X
};

static const char *const event_names[] = {
#define X(id) #id,
    EVENTS(X)
#undef X
};

/* ---- running allocates nothing: the linker leads these calls here
 * (Makefile.in) */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static unsigned allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

static enum cpu_exit run_without_allocation(struct cpu *cpu, int64_t budget)
{
    unsigned before = allocations;
    enum cpu_exit why = cpu_run(cpu, budget);
    ck_assert_msg(allocations == before, "memory was allocated in a run");
    return why;
}

/* ---- two boards */

struct pair;

/* What a board's devices know of it. */
struct side {
    struct pair *pair;
    struct rig *rig;
    struct region again; /* RAM, once more */
    uint64_t world;      /* hash of what ports were asked, and when */
};

struct pair {
    struct rig *r[2]; /* interpreter, JIT */
    struct side side[2];
    struct program p;
    struct events did; /* on the JIT's board */
    bool small;        /* its code cache is */
};

/* ---- devices */

static void tell(struct side *s, uint64_t what)
{
    uint64_t v[2] = {what, cpu_icount(s->rig->cpu)};
    s->world = state_hash_bytes(v, sizeof v, s->world);
}

static void flip_entry(struct rig *r, const struct program *p, unsigned n)
{
    uint64_t at = p->pte_tabled + n % ENTRIES * entry_size(p) + 2;
    rig_poke(r, at, rig_peek(r, at, 1) ^ ENTRY_FLIP, 1);
}

/* What a port does, by its low bits. */
static void device_act(struct side *s, unsigned port, unsigned value)
{
    struct rig *r = s->rig;
    struct program *p = &s->pair->p;
    struct events *did = &s->pair->did;
    uint64_t patch = p->patch[value % CHUNKS];
    switch (port & 7) {
    case 0:
    case 1:
        cpu_set_intr(r->cpu, true);
        did->interrupt++;
        break;
    case 2:
        cpu_stop(r->cpu);
        did->stop++;
        break;
    case 3:
        cpu_shorten(r->cpu, value & 31);
        did->shorten++;
        break;
    case 4:
        if (patch)
            rig_poke(r, CODE + patch, value * 0x01030507u, 4);
        did->store_code += patch != 0;
        break;
    case 5:
        rig_poke(r, OWN + value * 0x40, value, 8);
        did->store_data++;
        break;
    case 6: /* present and writable, or not */
        rig_poke(r, p->pte_data + (value & 3) * entry_size(p),
                 rig_peek(r, p->pte_data + (value & 3) * entry_size(p), 1) ^
                     (value & 4 ? 1 : 2),
                 1);
        did->store_table++;
        break;
    default:
        flip_entry(r, p, value);
        did->entry_flipped++;
        break;
    }
}

static uint64_t device_read(void *opaque, uint64_t port, unsigned size)
{
    struct side *s = opaque;
    tell(s, port << 8 | size);
    return s->world;
}

static void device_write(void *opaque, uint64_t port, uint64_t value,
                         unsigned size)
{
    struct side *s = opaque;
    tell(s, value << 32 | port << 8 | size | 0x80);
    s->pair->did.step += port == MARK_TRAP;
    s->pair->did.real += port == MARK_REAL;
    s->pair->did.compat += port == MARK_COMPAT;
    if (port < PORT_MARK)
        device_act(s, (unsigned)port, (unsigned)value & 0xff);
}

static const struct region_ops devices = {device_read, device_write, 4};

static void connect(struct pair *pair, unsigned n)
{
    struct side *s = &pair->side[n];
    struct rig *r = s->rig = pair->r[n];
    s->pair = pair;
    s->again = r->ram_region;
    s->again.mapped = false;
    s->again.base = RAM_AGAIN;
    addrspace_map(r->memory, &s->again);
    addrspace_unmap(r->ports, &r->port_region);
    r->port_region.ops = &devices;
    r->port_region.opaque = s;
    addrspace_map(r->ports, &r->port_region);
}

static void map_own(struct rig *r, unsigned kind)
{
    uint64_t user = kind == RING3 ? 4 : 0;
    unsigned step = r->cpu->cr4 & CR4_PAE ? 8 : 4;
    uint64_t first = rig_pte(r, 0);
    for (uint64_t page = 0; page < RIG_RAM && user; page += PAGE_SIZE) {
        bool own = (page >= OWN && page < OWN + OWN_SIZE) ||
                   (page >= CODE && page < CODE + CODE_SIZE);
        if (step == 4 || page < 0x200000) /* one table */
            rig_poke(r, first + page / PAGE_SIZE * step,
                     page | 3 | (own ? user : 0), step);
        else
            rig_map(r, page, page | 3);
    }
    for (unsigned n = 0; n < CODE_PAGES; n++)
        rig_map(r, ALIAS + n * PAGE_SIZE, (CODE + n * PAGE_SIZE) | 3 | user);
}

/* A page table that is code and data, too. */
static void map_tabled(struct rig *r, const struct program *p)
{
    uint64_t again = p->c.mode == MODE_64 ? RAM_AGAIN : 0;
    uint64_t page = p->pte_tabled & ~0xfffull;
    for (unsigned n = 0; n < ENTRIES; n++)
        rig_poke(r, p->pte_tabled + n * entry_size(p),
                 again + (n % 8 < 7 ? ENTRY_JUMP : ENTRY_RETURN),
                 entry_size(p));
    rig_map(r, page, page | 3 | (p->kind == RING3 ? 4 : 0));
}

static void set_segments(struct rig *r, const struct program *p)
{
    unsigned cs = p->c.mode == MODE_64 ? SEL_CODE64 : SEL_CODE, ss = SEL_DATA;
    if (p->kind == RING3) {
        cs = p->c.mode == MODE_64 ? SEL_CODE64_3 : SEL_CODE3;
        ss = SEL_DATA3;
    }
    for (unsigned s = 0; s < SEG_COUNT; s++)
        rig_load(r, s, s == SEG_CS ? cs : ss);
}

static void set_handler(struct rig *r, unsigned vector, unsigned mode,
                        uint16_t work)
{
    uint64_t at = RIG_HANDLERS + vector * 16;
    rig_poke(r, at, work, 2);
    rig_poke(r, at + 2, mode == MODE_64 ? 0xcf48 : 0xcf, 2); /* IRET */
}

/* Vector 40h pushes, pops and returns; #DB tells a port and may return, so
 * that a whole program goes step by step. */
static void set_handlers(struct rig *r, const struct program *p, bool step)
{
    set_handler(r, 0x40, p->c.mode, 0x5850);
    r->vector = 0x40;
    set_handler(r, EX_DB, p->c.mode, 0xe6 | MARK_TRAP << 8);
    if (!step)
        rig_poke(r, RIG_HANDLERS + EX_DB * 16 + 2, 0xf4, 1);
}

/* Modes, and where the tables are: programs have it in them. */
static void set_mode(struct rig *r, struct program *p, bool keep)
{
    if (!keep)
        block_drop_all(r->cpu);
    if (p->c.mode == MODE_64)
        rig_long(r);
    else
        rig_paged(r);
    p->pte_data = rig_pte(r, OWN);
    p->pte_code = rig_pte(r, CODE);
    p->pte_tabled = rig_pte(r, TABLED);
}

static void set_up(struct rig *r, const struct program *p, bool step)
{
    struct cpu *c = r->cpu;
    uint8_t data[OWN_SIZE];
    map_own(r, p->kind);
    map_tabled(r, p);
    rig_set_desc(r, SEL_BASED, rig_desc(0x20, 0xfffff, 0xc0f3));
    rig_set_desc(r, SEL_LIMITED, rig_desc(0, OWN + 0x2400, 0x40f3));
    rig_poke(r, RIG_TSS + 4, INNER + INNER_SIZE, 4);
    rig_put(r, REAL_MODE, real_mode, sizeof real_mode);
    rig_put(r, CODE, p->c.bytes, CODE_SIZE);
    rig_put(r, OTHER, p->c.bytes, CODE_SIZE);
    memset(data, 0x5a, sizeof data); /* as a device: there may be blocks */
    rig_put(r, OWN, data, OWN_SIZE);
    memset(data, 0, sizeof data);
    rig_put(r, INNER, data, INNER_SIZE);
    set_handlers(r, p, step);
    set_segments(r, p);
    c->cr2 = 0;
    c->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    c->tsc_offset = 0 - cpu_icount(c);
    mmu_drop_all(&c->mmu);
    rig_audit(r);
}

static void set_registers(struct pair *pair)
{
    struct program *p = &pair->p;
    uint64_t reg[16], flags;
    for (unsigned n = 0; n < 16; n++)
        reg[n] = roll(p, 4) ? some_pointer(p) : any64(p) >> roll(p, 56);
    reg[RSP] = STACK - 8 * roll(p, 3) - roll(p, 2) * 0x7f8;
    flags = any64(p) & EFL_ARITH;
    flags |= EFL_1 | (roll(p, 2) ? EFL_IF : 0) | (roll(p, 16) ? 0 : EFL_TF);
    flags |= roll(p, 4) ? EFL_IOPL : 0; /* ring 3 may use ports */
    for (unsigned n = 0; n < 2; n++) {
        struct cpu *c = pair->r[n]->cpu;
        for (unsigned k = 0; k < 16; k++)
            c->reg[k] = p->c.mode == MODE_64 ? reg[k] : (uint32_t)reg[k];
        rig_set_eflags(pair->r[n], flags);
    }
}

/* Go on at some chunk: in a good state of segments and stack. */
static void go_on(struct pair *pair)
{
    uint64_t to = CODE + some_chunk(&pair->p);
    set_registers(pair);
    for (unsigned n = 0; n < 2; n++) {
        struct rig *r = pair->r[n];
        uint64_t paging = pair->p.c.mode == MODE_64 ? EFER_LME | EFER_LMA : 0;
        r->cpu->cr0 |= CR0_PE | CR0_PG | CR0_WP;
        r->cpu->efer |= paging;
        cpu_update_paging(r->cpu);
        set_segments(r, &pair->p);
        rig_go(r, to);
    }
}

/* ---- comparing */

/* The code of the chunk that was left by an exception, or is to go on. */
static void show_code(const struct pair *pair)
{
    struct rig *r = pair->r[0];
    unsigned size = pair->p.c.mode == MODE_64 ? 8 : 4;
    uint64_t rip = cpu_rip(r->cpu), sp = r->cpu->reg[RSP], at = 0;
    uint8_t bytes[16];
    char text[96];
    for (unsigned n = 0; n < 2 && rip - CODE >= CODE_SIZE; n++)
        rip = rig_peek(r, sp + n * size, size);
    if (rip - CODE >= CODE_SIZE)
        return;
    for (unsigned n = 0; n < CHUNKS; n++)
        if (CODE + chunk_start(n) <= rip)
            at = CODE + chunk_start(n);
    while (at <= rip) {
        int len;
        for (unsigned n = 0; n < 16; n++)
            bytes[n] = (uint8_t)rig_peek(r, at + n, 1);
        len = disasm_text(bytes, 16, pair->p.c.mode, at, text, sizeof text);
        printf("%llx: %s\n", (unsigned long long)at, text);
        at += len > 0 ? (unsigned)len : 1;
    }
}

static void explain(const struct pair *pair)
{
    const struct cpu *a = pair->r[0]->cpu, *b = pair->r[1]->cpu;
    printf("rip %llx %llx flags %x %x count %llu %llu mode %x %x cr2 %llx "
           "%llx\n",
           (unsigned long long)cpu_rip(a), (unsigned long long)cpu_rip(b),
           (unsigned)cpu_eflags(a), (unsigned)cpu_eflags(b),
           (unsigned long long)cpu_icount(a), (unsigned long long)cpu_icount(b),
           (unsigned)a->mode, (unsigned)b->mode, (unsigned long long)a->cr2,
           (unsigned long long)b->cr2);
    for (unsigned n = 0; n < 16; n++)
        if (a->reg[n] != b->reg[n])
            printf("register %u: %llx %llx\n", n, (unsigned long long)a->reg[n],
                   (unsigned long long)b->reg[n]);
    show_code(pair);
    fflush(stdout);
}

/* seg_clear_upper's promise */
static bool upper_halves_kept(const struct cpu *cpu)
{
    uint64_t all = 0;

    for (unsigned n = RAX; n <= RDI; n++)
        all |= cpu->reg[n];
    return !cpu_code64(cpu) && all >> 32;
}

static const char *difference(const struct pair *pair)
{
    struct cpu *a = pair->r[0]->cpu, *b = pair->r[1]->cpu;
    const struct state_field *field;
    if (memcmp(a->reg, b->reg, 16 * sizeof a->reg[0]) ||
        cpu_rip(a) != cpu_rip(b))
        return "registers";
    if (upper_halves_kept(a))
        return "registers' upper halves";
    if (cpu_eflags(a) != cpu_eflags(b))
        return "flags";
    if (cpu_icount(a) != cpu_icount(b))
        return "count";
    if (a->cr2 != b->cr2 || a->cr0 != b->cr0 || a->mode != b->mode ||
        a->attention != b->attention)
        return "system state";
    for (unsigned s = 0; s < SEG_COUNT; s++)
        if (a->seg[s].selector != b->seg[s].selector)
            return "segments";
    field = state_compare(cpu_device(a)->ops->fields, a, b);
    if (field)
        return field->name;
    if (!pair_same_memory(pair->r, OWN, OWN_SIZE) ||
        !pair_same_memory(pair->r, INNER, INNER_SIZE) ||
        !pair_same_memory(pair->r, CODE, CODE_SIZE) ||
        !pair_same_memory(pair->r, pair->p.pte_tabled & ~0xfffull, PAGE_SIZE))
        return "memory";
    if (pair->side[0].world != pair->side[1].world)
        return "what ports were asked";
    return NULL;
}

/* ---- between slices */

/* A device writes, a mapping changes: in both. */
static void disturb(struct pair *pair)
{
    struct program *p = &pair->p;
    unsigned page = roll(p, CODE_PAGES) * PAGE_SIZE, what = roll(p, 12);
    uint64_t user = p->kind == RING3 ? 4 : 0, v = any64(p);
    unsigned patch = p->patch[roll(p, CHUNKS)];
    for (unsigned n = 0; n < 2; n++) {
        struct rig *r = pair->r[n];
        pair->did.remap += what < 3;
        pair->did.interrupt += what == 4 || what == 5;
        switch (what) {
        case 0:
            rig_map(r, CODE + page, (OTHER + page) | 3 | user);
            mmu_invlpg(&r->cpu->mmu, CODE + page);
            break;
        case 1:
            rig_map(r, CODE + page, (CODE + page) | 3 | user);
            mmu_invlpg(&r->cpu->mmu, CODE + page);
            break;
        case 2: /* data: gone, read-only, there */
            rig_map(r, OWN + page,
                    (OWN + page) | user | (v & 3 ? 3u : v >> 8 & 1));
            mmu_invlpg(&r->cpu->mmu, OWN + page);
            break;
        case 3:
            if (patch)
                rig_poke(r, CODE + patch, v, 4);
            break;
        case 4:
        case 5:
            cpu_set_intr(r->cpu, true);
            break;
        default:
            break;
        }
    }
}

/* Some links of all blocks. */
static void unlink_some(struct cpu *cpu, struct block *b)
{
    for (unsigned n = 0; n < 2; n++)
        if ((((uintptr_t)b->code >> n) ^ b->count) & 1)
            jit_unlink(cpu, b, n);
}

/* The same bytes again: blocks go, nothing else changes. */
static void write_again(struct pair *pair)
{
    struct rig *r = pair->r[1];
    uint64_t at = CODE + roll(&pair->p, CODE_SIZE - 64);
    rig_put(r, at, r->ram->host + at, 1 + roll(&pair->p, 64));
    pair->did.written_again++;
}

/* An ignored bit of an entry changes and is as before: what was derived from
 * it goes. */
static void touch_entry(struct pair *pair)
{
    struct rig *r = pair->r[1];
    bool code = roll(&pair->p, 2);
    uint64_t at = (code ? pair->p.pte_code : pair->p.pte_data) +
                  roll(&pair->p, 4) * entry_size(&pair->p) + 1;
    uint64_t was = rig_peek(r, at, 1);
    rig_poke(r, at, was ^ 2, 1);
    rig_poke(r, at, was, 1);
    pair->did.lost_pages++;
}

/* What is derived may go at any time. */
static void invalidate(struct pair *pair)
{
    struct cpu *c = pair->r[1]->cpu;
    const char *wrong;
    switch (roll(&pair->p, 16)) {
    case 0:
        if (pair->small)
            break;
        block_drop_all(c);
        pair->did.lost_blocks++;
        break;
    case 1: /* a small cache does so by itself */
        if (pair->small)
            break;
        jit_drop_all(c);
        pair->did.lost_translations++;
        break;
    case 2:
        mmu_drop_all(&c->mmu);
        pair->did.lost_tlb++;
        break;
    case 3:
        rig_audit(pair->r[1]);
        wrong = block_audit(c);
        ck_assert_msg(!wrong, "%s", wrong);
        wrong = jit_audit(c->jit);
        ck_assert_msg(!wrong, "%s", wrong);
        break;
    case 4:
    case 5:
        block_each(c, unlink_some);
        pair->did.lost_links++;
        break;
    case 6:
    case 7:
        write_again(pair);
        break;
    case 8:
    case 9:
        touch_entry(pair);
        break;
    default:
        break;
    }
}

/* Was there a store through a mapping whose entry is code? */
static void look_at_tabled(struct pair *pair)
{
    static const uint8_t zero[PAGE_SIZE];
    if (!memcmp(pair->r[1]->ram->host + TABLED_FRAME, zero, PAGE_SIZE))
        return;
    pair->did.tabled_stored++;
    for (unsigned n = 0; n < 2; n++)
        rig_put(pair->r[n], TABLED_FRAME, zero, PAGE_SIZE);
}

static int64_t some_budget(struct program *p)
{
    unsigned how = roll(p, 8);
    return 1 + roll(p, how < 2 ? 6 : how < 6 ? 400 : 5000);
}

static void run_program(struct pair *pair, uint64_t seed)
{
    struct program *p = &pair->p;
    bool step = roll(p, 2);
    for (unsigned n = 0; n < 2; n++) {
        set_mode(pair->r[n], p, pair->small);
        pair->side[n].world = 0;
    }
    make_program(p);
    for (unsigned n = 0; n < 2; n++)
        set_up(pair->r[n], p, step);
    go_on(pair);
    for (unsigned s = 0; s < SLICES; s++) {
        int64_t budget = some_budget(p);
        enum cpu_exit why[2];
        const char *what;
        for (unsigned n = 0; n < 2; n++)
            why[n] = run_without_allocation(pair->r[n]->cpu, budget);
        what = why[0] != why[1] ? "exit" : difference(pair);
        if (what) {
            explain(pair);
            ck_abort_msg("seed %llu, slice %u: %s differ",
                         (unsigned long long)seed, s, what);
        }
        if (why[0] != EXIT_BUDGET || !roll(p, 3))
            go_on(pair);
        disturb(pair);
        invalidate(pair);
    }
    for (unsigned n = 0; n < 2; n++)
        rig_audit(pair->r[n]);
    if (!pair_same_memory(pair->r, 0, RIG_RAM))
        ck_abort_msg("seed %llu: memory at the end", (unsigned long long)seed);
    look_at_tabled(pair);
}

static bool possible(const struct pair *pair, const char *event)
{
    bool long_mode = pair->p.c.mode == MODE_64;
    if (!strcmp(event, "real"))
        return pair->p.kind == RING0 && !long_mode;
    if (!strcmp(event, "compat"))
        return pair->p.kind == RING0 && long_mode;
    if (!strcmp(event, "lost_blocks") || !strcmp(event, "lost_translations"))
        return !pair->small;
    return true;
}

/* Nothing of what is looked for may have stayed away; a few programs, as when
 * one is run again, need not have it all. */
static void check_events(const struct pair *pair)
{
    const struct jit_counters *count = jit_counters(pair->r[1]->cpu->jit);
    const struct mmu_counters *mmu = &pair->r[1]->cpu->mmu.count;
    const struct events *did = &pair->did;
    for (unsigned n = 0; n < ARRAY_LEN(event_names); n++)
        if (getenv(suite.variable))
            printf("%s %u\n", event_names[n], ((const unsigned *)did)[n]);
    if (suite.programs < 200)
        return;
    ck_assert_uint_ne(count->translated, 0);
    ck_assert_uint_ne(count->linked, 0);
    ck_assert_uint_ne(count->traces, 0);
    ck_assert_uint_ne(count->killed, 0);
    ck_assert_uint_ne(count->exit_budget, 0);
    ck_assert_uint_ne(count->near_fill, 0);
    ck_assert_uint_ne(count->call_memory + count->exit_insn, 0);
    ck_assert_uint_ne(mmu->table_sync, 0);
    ck_assert_uint_ne(mmu->code_write, 0);
    ck_assert_uint_ne(mmu->fault, 0);
    ck_assert_uint_ne(pair->r[1]->acks, 0);
    for (unsigned n = 0; n < ARRAY_LEN(event_names); n++) {
        unsigned times = ((const unsigned *)did)[n];
        ck_assert_msg(times || !possible(pair, event_names[n]),
                      "%s never happened", event_names[n]);
    }
}

/* The cache becomes full, and the oldest code makes room: a lap is as much as
 * it holds. So does the memory for decoded blocks. */
static void check_recycling(const struct jit_counters *count,
                            const struct mmu_counters *mmu, bool long_mode)
{
    ck_assert_uint_ne(mmu->drop_jumps, 0);
    ck_assert(allocations);
    ck_assert_uint_ne(count->recycled, 0);
    if (!long_mode) /* there, what goes is dead code alone */
        ck_assert_uint_ne(count->evicted, 0);
    ck_assert_uint_le(count->recycled * (count->cache_size / 2),
                      count->host_bytes);
}

static void run_programs(enum kind kind, unsigned mode, uint64_t cache)
{
    struct pair *pair = calloc(1, sizeof *pair);
    ck_assert(pair);
    if (pair_create(pair->r, cache)) {
        connect(pair, 0);
        connect(pair, 1);
        pair->small = cache != 0;
        jit_set_heat(pair->r[1]->cpu->jit, cache ? 1 : 2);
        for (unsigned n = 0; n < suite.programs; n++) {
            pair->p.cpu = pair->r[0]->cpu;
            pair->p.kind = kind;
            pair->p.c.mode = mode;
            pair->p.sse = (suite.first_seed + n) & 1;
            pair->p.x87 = (suite.first_seed + n) & 2;
            pair->p.c.seed = (suite.first_seed + n) * 0x9e3779b97f4a7c15;
            run_program(pair, suite.first_seed + n);
        }
        check_events(pair);
        if (cache && suite.programs >= 200)
            check_recycling(jit_counters(pair->r[1]->cpu->jit),
                            &pair->r[1]->cpu->mmu.count, mode == MODE_64);
    }
    pair_destroy(pair->r);
    free(pair);
}

START_TEST(user32)
{
    run_programs(RING3, MODE_32, 0);
}
END_TEST

START_TEST(user64)
{
    run_programs(RING3, MODE_64, 0);
}
END_TEST

START_TEST(system32)
{
    run_programs(RING0, MODE_32, 0);
}
END_TEST

START_TEST(system64)
{
    run_programs(RING0, MODE_64, 0);
}
END_TEST

/* The cache is full again and again. */
START_TEST(small32)
{
    run_programs(RING0, MODE_32, SMALL_CACHE);
}
END_TEST

START_TEST(small64)
{
    run_programs(RING3, MODE_64, SMALL_CACHE);
}
END_TEST

int main(int argc, char **argv)
{
    TCase *tc = tcase_create("lockstep");
    tcase_add_test(tc, user32);
    tcase_add_test(tc, user64);
    tcase_add_test(tc, system32);
    tcase_add_test(tc, system64);
    tcase_add_test(tc, small32);
    tcase_add_test(tc, small64);
    return pair_main(&suite, tc, argc, argv);
}
