/* jit.c - when blocks are translated, entered, linked and discarded, and how
 * T1 and T0 hand over to each other.
 *
 * Between T0 and T1 the registers are in struct cpu. Arithmetic flags that T1
 * left as the host's become T0's lazy ones here. The budget is charged for a
 * block as a whole when it is entered, by whichever engine; what the counts
 * of instructions need (cpu_icount) is right at each call from T1. */
#include "cpu/jit/jit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cpu/disasm.h"
#include "cpu/flags.h"
#include "cpu/flow.h"
#include "cpu/jit/backend.h"

enum {
    DEFAULT_CACHE = 32 << 20,
    MIN_CACHE = 1 << 20,
    GROUP_MISSES = 64, /* failed lookups of a block ... */
    RARE = 300,        /* ... that many instructions apart are no matter */
    NEAR_FILLS = 255,  /* of near slots before one is looked at ... */
    NEAR_RARE = 600,   /* ... likewise */
    NEAR_LOOKS = 3,    /* at a block before something is done about it */
    ASTRAYS = 255,     /* the same for jumps that leave traces */
    ASTRAY_RARE = 40,
    ASTRAY_LOOKS = 4,
    HOT = 8,     /* entries before a block is translated */
    CHANGED = 3, /* times as many for code that was written to */
    SAMPLES = 3, /* ends of the budget in a block before a trace is */
};

static exec_fn exec_jit_count;

/* ---- life */

struct jit *jit_create(struct cpu *cpu, uint64_t bytes, char *error,
                       size_t error_size)
{
    struct jit *jit;

    if (!backend_present()) {
        snprintf(error, error_size,
                 "JIT: this host's processor lacks what it "
                 "needs; use -accel interp");
        return NULL;
    }
    if (bytes == 0)
        bytes = DEFAULT_CACHE;
    if (bytes < MIN_CACHE)
        bytes = MIN_CACHE;
    jit = calloc(1, sizeof *jit);
    if (!jit || !codebuf_init(&jit->buf, bytes, error, error_size) ||
        !backend_init(jit, cpu)) {
        jit_destroy(jit);
        return NULL;
    }
    jit->count.cache_size = bytes;
    jit_set_heat(jit, HOT);
    return jit;
}

void jit_destroy(struct jit *jit)
{
    if (!jit)
        return;
    backend_free(jit);
    codebuf_free(&jit->buf);
    free(jit);
}

void jit_set_heat(struct jit *jit, uint32_t entries)
{
    jit->heat = entries;
    jit->tracer.samples = entries < SAMPLES ? 1 : SAMPLES;
    jit->near_all = entries < SAMPLES;
}

void jit_set_fault(struct jit *jit, enum jit_fault fault)
{
    jit->fault = fault;
}

const struct jit_counters *jit_counters(const struct jit *jit)
{
    return &jit->count;
}

/* ---- flags between the engines */

static void flags_to_lazy(struct cpu *cpu)
{
    unsigned raw = cpu->hot.flags;
    if (!raw)
        return;
    cpu->hot.flags = 0;
    flags_put(cpu, (raw >> 8 & (FL_OSZAPC & 0xff)) | (raw & 1 ? FL_O : 0));
}

static void flags_to_raw(struct cpu *cpu)
{
    uint32_t fl;
    if (cpu->hot.flags)
        return;
    fl = flags_get(cpu);
    cpu->hot.flags =
        (uint16_t)((fl & 0xff) << 8 | EFL_1 << 8 | ((fl & FL_O) ? 1 : 0));
}

uint64_t jit_lazy_flags(struct cpu *cpu, const void *unused, uint32_t unused2)
{
    (void)unused;
    (void)unused2;
    flags_to_raw(cpu);
    return 0;
}

void jit_unlink_incoming(struct cpu *cpu, struct block *b)
{
    for (struct block_link *l = b->incoming; l; l = l->next)
        for (unsigned n = 0; n < 2; n++)
            if (l->from->link[n] == b || l->from->far[n] == b)
                jit_unlink(cpu, l->from, n);
}

void jit_lead(struct cpu *cpu, struct block *b, uint64_t host)
{
    unsigned slot = near_jump_of((uintptr_t)b->code);

    b->host = host;
    near_jump_clear(cpu->mmu.near.jump[b->mode & MODE_USER ? 1 : 0], slot);
}

/* To be translated again at the next entry. */
static void renew(struct cpu *cpu, struct block *b)
{
    trace_forget(cpu, b);
    jit_unlink_incoming(cpu, b);
    codebuf_disown(&cpu->jit->buf, b->plain);
    b->translated = false;
    b->insn[0].exec = exec_jit_count;
    b->heat = 1;
    jit_lead(cpu, b, backend_enter_block(cpu->jit));
    cpu->jit->count.renewed++;
}

/* A lookup for several accesses failed. When that is the rule the block goes
 * without; a stack frame across pages now and then does not matter. */
static void count_miss(struct cpu *cpu, struct block *b)
{
    uint64_t now = cpu_icount(cpu);
    if (b->group_misses++ == 0)
        b->first_miss = now;
    if (b->group_misses < GROUP_MISSES)
        return;
    b->group_misses = 0;
    if (now - b->first_miss > GROUP_MISSES * RARE)
        return;
    b->no_groups = true;
    renew(cpu, b);
}

/* Instructions whose addresses are made with the same registers as k's. */
static uint32_t alike(const struct block *b, unsigned k)
{
    const struct insn *i = &b->insn[k];
    uint32_t found = 1u << k;

    for (unsigned n = 0; n < b->count && i->flags & IF_MEM; n++)
        if (b->insn[n].flags & IF_MEM && b->insn[n].base == i->base &&
            b->insn[n].index == i->index)
            found |= 1u << n;
    return found;
}

/* Near slots were filled often enough for a look at who does it: seldom
 * enough, or the same block again and again. */
static void watch_near(struct cpu *cpu, struct block *b, uint32_t index)
{
    struct jit *jit = cpu->jit;
    uint64_t now = cpu_icount(cpu);
    bool rare = now - jit->near_since > NEAR_FILLS * NEAR_RARE;

    cpu->mmu.near.fills = NEAR_FILLS;
    jit->near_since = now;
    jit->count.near_fill += NEAR_FILLS;
    if (rare || b->mode == MODE_DEAD || ++b->near_looks < NEAR_LOOKS)
        return;
    b->near_looks = 0;
    b->roams |= alike(b, index & JIT_INDEX);
    jit->count.near_roams++;
    if (index & JIT_TRACE)
        trace_forget(cpu, b);
    else
        renew(cpu, b);
}

/* The same of indirect jumps that leave traces: where a trace would follow
 * one that never goes where it did, it ends. */
static void watch_astray(struct cpu *cpu, struct block *b)
{
    struct jit *jit = cpu->jit;
    uint64_t now = cpu_icount(cpu);
    bool rare = now - jit->astray_since > ASTRAYS * ASTRAY_RARE;

    cpu->trace.astray = ASTRAYS;
    jit->astray_since = now;
    if (rare || b->mode == MODE_DEAD || ++b->astray_looks < ASTRAY_LOOKS)
        return;
    b->astray_looks = 0;
    b->roves = true;
    jit->count.roves++;
    renew(cpu, b);
}

/* ---- what T1 calls */

/* cpu->block and cpu->insn as T0 would have them. */
static void stand_at(struct cpu *cpu, struct block *b, const struct insn *i)
{
    flags_to_lazy(cpu);
    cpu->block = b;
    cpu->insn = i;
    cpu->reg[REG_RIP] = cpu->hot.page + ((uintptr_t)b->code & (PAGE_SIZE - 1));
}

static struct block *block_of(const struct insn *i, unsigned index)
{
    return (struct block *)(void *)((uint8_t *)(uintptr_t)(i - index) -
                                    offsetof(struct block, insn));
}

static exec_fn *own_exec(const struct block *b, const struct insn *i)
{
    return i == b->insn ? b->exec0 : i->exec;
}

static uint64_t leave(struct cpu *cpu, const struct insn *next)
{
    cpu->hot.next = next;
    return backend_leave(cpu->jit);
}

/* Behind a single instruction. */
static const struct insn *exec_pause(struct cpu *cpu, const struct insn *i)
{
    (void)cpu;
    (void)i;
    return NULL;
}

/* Handlers go on with the instruction behind their own: a copy with a pause
 * behind it makes them stop. */
uint64_t jit_call_insn(struct cpu *cpu, const struct insn *i, uint32_t index)
{
    struct block *b = block_of(i, index & JIT_INDEX);
    struct insn *copy = cpu->jit->single;
    uint64_t traces = cpu->jit->tracer.killed;

    if (index & JIT_MEMORY)
        cpu->jit->count.call_memory++;
    else
        cpu->jit->count.call_insn++;
    stand_at(cpu, b, i);
    copy[0] = *i;
    copy[0].exec = own_exec(b, i);
    copy[1].exec = exec_pause;
    copy[0].exec(cpu, &copy[0]);
    if (unlikely(cpu->block != b)) /* to be repeated, or a way out */
        return leave(cpu, NULL);
    cpu->insn = i + 1;
    if (unlikely(cpu->mmu.near.fills < 0))
        watch_near(cpu, b, index);
    if (unlikely(b->mode == MODE_DEAD || !b->translated ||
                 ((index & JIT_TRACE) && traces != cpu->jit->tracer.killed))) {
        cpu->jit->count.exit_stale++;
        return leave(cpu, i + 1);
    }
    if (index & JIT_FLAGS_TO_RAW)
        flags_to_raw(cpu);
    return 0;
}

/* T0 goes on with block b at `rip`; its budget is charged here. */
static uint64_t leave_to(struct cpu *cpu, struct block *b, uint64_t rip)
{
    cpu->reg[REG_RIP] = rip;
    if (cpu->budget < b->count || rip + b->bytes > cpu->cs_end) {
        flow_resync(cpu, rip);
        return leave(cpu, NULL);
    }
    cpu->budget -= b->count;
    cpu->block = b;
    cpu->insn = b->insn;
    return leave(cpu, b->insn);
}

/* Instructions of system software that end their block and are frequent. */
static bool is_frequent(unsigned op)
{
    switch (op) {
    case INSN_sti:
    case INSN_popf:
    case INSN_int_Ib:
    case INSN_iret:
    case INSN_syscall:
    case INSN_sysret:
    case INSN_sysenter:
    case INSN_sysexit:
    case INSN_mov_Sw_Ew:
    case INSN_pop_ES:
    case INSN_pop_DS:
    case INSN_pop_FS:
    case INSN_pop_GS:
    case INSN_mov_Cy_Ry:
    case INSN_clts:
    case INSN_invlpg:
    case INSN_invpcid:
    case INSN_clac:
    case INSN_stac:
    case INSN_wrmsr:
    case INSN_in_AL_Ib:
    case INSN_in_AL_DX:
    case INSN_in_rAX_DX:
    case INSN_out_Ib_AL:
    case INSN_out_DX_AL:
    case INSN_out_DX_rAX:
        return true;
    default:
        return false;
    }
}

/* Between instructions: where T1 goes on, if nothing asks for the run loop. */
static uint64_t go_on(struct cpu *cpu)
{
    uint64_t rip = cpu->reg[REG_RIP];
    struct block *t;

    cpu->budget += cpu->budget_kept;
    cpu->budget_kept = 0;
    if (cpu->budget <= 0 || flow_needs_attention(cpu) || cpu->cs_base ||
        cpu->cs_end < 1ull << 32)
        return leave(cpu, NULL);
    t = flow_known(cpu, rip);
    if (!t)
        return leave(cpu, NULL);
    /* Not translated, or a trace is being recorded from it. */
    if (!t->translated || t->host == backend_enter_block(cpu->jit))
        return leave_to(cpu, t, rip);
    cpu->hot.page = rip - ((uintptr_t)t->code & (PAGE_SIZE - 1));
    return t->host;
}

/* Without budget every way out of the handler is flow_resync. */
static uint64_t exec_last(struct cpu *cpu, struct block *b,
                          const struct insn *i)
{
    struct insn *copy = cpu->jit->single;

    cpu->jit->count.exit_stay++;
    copy[0] = *i;
    copy[0].exec = own_exec(b, i);
    cpu_kick(cpu);
    copy[0].exec(cpu, &copy[0]);
    return go_on(cpu);
}

uint64_t jit_exit_insn(struct cpu *cpu, const struct insn *i, uint32_t index)
{
    struct block *b = block_of(i, index & JIT_INDEX);
    stand_at(cpu, b, i);
    if (is_frequent(i->op) && b->mode != MODE_DEAD)
        return exec_last(cpu, b, i);
    cpu->jit->count.exit_insn++;
    if (unlikely(cpu->mmu.near.fills < 0))
        watch_near(cpu, b, index);
    if (unlikely(cpu->trace.astray < 0))
        watch_astray(cpu, b);
    if ((index & JIT_MEMORY) && b->mode != MODE_DEAD && !b->no_groups)
        count_miss(cpu, b);
    cpu->hot.itself = true;
    return leave(cpu, i);
}

/* An indirect jump's target that the jump cache does not have. */
uint64_t jit_find(struct cpu *cpu, const struct insn *i, uint32_t index)
{
    struct block *t = block_known(cpu, cpu->hot.scratch);
    if (!t)
        return jit_exit_insn(cpu, i, index);
    cpu->jit->count.find++;
    cpu->hot.scratch2 = (uintptr_t)t;
    return 0;
}

uint64_t jit_enter_block(struct cpu *cpu, struct block *b, uint32_t unused)
{
    (void)unused;
    cpu->jit->count.exit_edge++;
    flags_to_lazy(cpu);
    return leave_to(cpu, b,
                    cpu->hot.page + ((uintptr_t)b->code & (PAGE_SIZE - 1)));
}

/* The charge was too much: give it back, the run loop decides. */
uint64_t jit_no_budget(struct cpu *cpu, struct block *b, uint32_t unused)
{
    (void)unused;
    cpu->jit->count.exit_budget++;
    trace_sample(cpu, b);
    flags_to_lazy(cpu);
    cpu->budget += b->count;
    flow_resync(cpu, cpu->hot.page + ((uintptr_t)b->code & (PAGE_SIZE - 1)));
    return leave(cpu, NULL);
}

static uint64_t edge_target(struct cpu *cpu, const struct block *b, unsigned n)
{
    const struct insn *i = cpu->insn;
    uint64_t rip = cpu->reg[REG_RIP] + b->bytes;
    if (n == 0)
        rip += i->imm;
    return rip & cpu->ip_mask;
}

static void link(struct cpu *cpu, struct block *b, unsigned n, struct block *t)
{
    if (b->link[n] != t) {
        b->link[n] = t;
        block_join(b, n, t);
    }
    backend_link(cpu->jit, b, n, t->host);
    cpu->jit->count.linked++;
}

static void far_unlink(struct block *b, unsigned n)
{
    struct block_link **p;
    if (!b->far[n])
        return;
    for (p = &b->far[n]->incoming; *p; p = &(*p)->next)
        if (*p == &b->out[n]) {
            *p = b->out[n].next;
            break;
        }
    b->far[n] = NULL;
}

/* Across pages: taken while the exec TLB leads to t's frame. */
static void link_far(struct cpu *cpu, struct block *b, unsigned n,
                     struct block *t)
{
    if (b->far[n] != t) {
        far_unlink(b, n);
        b->far[n] = t;
        block_join(b, n, t);
    }
    store_le64(b->edge[n].frame,
               (uintptr_t)t->code & ~(uint64_t)(PAGE_SIZE - 1));
    backend_link(cpu->jit, b, n, t->host);
    cpu->jit->count.linked++;
}

uint64_t jit_edge(struct cpu *cpu, struct block *b, uint32_t n)
{
    bool branch =
        !b->undecodable && (insn_rows[b->insn[b->count - 1].op].attr & A_ENDS);
    uint64_t rip;
    struct block *t;

    stand_at(cpu, b, &b->insn[b->count - (branch ? 1 : 0)]);
    rip = edge_target(cpu, b, n);
    flow_check(cpu, rip);
    t = flow_known(cpu, rip);
    if (!t) {
        cpu->jit->count.exit_edge++;
        flow_resync(cpu, rip);
        return leave(cpu, NULL);
    }
    if (!t->translated || t->records) {
        cpu->jit->count.exit_edge++;
        return leave_to(cpu, t, rip);
    }
    if (b->mode == MODE_DEAD || t->code2)
        ; /* no link */
    else if (b->edge[n].frame && !b->link[n])
        link_far(cpu, b, n, t);
    else if (!b->edge[n].frame && b->edge[n].field && block_same_frame(b, t))
        link(cpu, b, n, t);
    cpu->hot.page = rip - ((uintptr_t)t->code & (PAGE_SIZE - 1));
    return t->host;
}

/* ---- from T0 */

/* First handler of a translated block. T0 has charged the budget. */
static const struct insn *exec_jit_enter(struct cpu *cpu, const struct insn *i)
{
    struct block *b = cpu->block;
    const struct insn *next;

    if (unlikely(cpu->cs_base || cpu->cs_end < 1ull << 32))
        return b->exec0(cpu, i);
    if (unlikely(cpu->jit->tracer.recording || b->records) &&
        (trace_follow(cpu, b) || !b->translated))
        return b->exec0(cpu, i);
    cpu->jit->count.enter++;
    cpu->budget += b->count;
    cpu->hot.page = cpu->reg[REG_RIP] - ((uintptr_t)b->code & (PAGE_SIZE - 1));
    cpu->hot.flags = 0;
    cpu->hot.itself = false;
    backend_run(cpu->jit, cpu, b);
    next = cpu->hot.next;
    if (!next)
        return NULL;
    if (cpu->hot.itself && next == cpu->block->insn)
        return cpu->block->exec0(cpu, next);
    return exec_go(cpu, next);
}

static void log_guest(struct cpu *cpu, const struct block *b, uint64_t rip)
{
    char text[96];

    for (unsigned k = 0; k < b->count; k++) {
        const struct insn *i = &b->insn[k];
        disasm_text(b->code + i->off, i->len, b->mode & MODE_CODE, rip + i->off,
                    text, sizeof text);
        LOG(cpu->dev.log, JIT, "  guest %llx: %s",
            (unsigned long long)(rip + i->off), text);
    }
}

static void log_host(struct cpu *cpu, uint64_t host, size_t size)
{
    char text[96];

    for (size_t at = 0, n; at < size; at += n) {
        n = backend_disasm(cpu->jit, host + at, size - at, text, sizeof text);
        LOG(cpu->dev.log, JIT, "  host %llx: %s",
            (unsigned long long)(host + at), text);
    }
}

static unsigned guest_bytes(const struct trace_path *path)
{
    unsigned bytes = 0;
    for (unsigned n = 0; n < path->parts; n++)
        bytes += path->part[n]->bytes;
    return bytes;
}

void jit_tell(struct cpu *cpu, const struct trace_path *path,
              const struct code_piece *piece, size_t size)
{
    uint64_t host = codebuf_code(&cpu->jit->buf, piece);
    bool one = path->parts == 1;

    if (cpu->config.translated)
        cpu->config.translated(cpu->config.opaque, host, size, path->rip[0]);
    if (likely(!(cpu->dev.log->enabled >> LOG_JIT & 1)))
        return;
    LOG(cpu->dev.log, JIT, "%s %llx: %u instructions, %u to %zu bytes",
        one ? "block" : "trace", (unsigned long long)path->rip[0], path->insns,
        guest_bytes(path), size);
    for (unsigned n = 0; n < path->parts; n++)
        log_guest(cpu, path->part[n], path->rip[n]);
    log_host(cpu, host, size);
}

static void forget(struct cpu *cpu, struct block *b)
{
    if (b->translated)
        b->insn[0].exec = exec_jit_count;
    b->translated = false;
    b->heat = cpu->jit->heat;
    jit_lead(cpu, b, backend_enter_block(cpu->jit));
    far_unlink(b, 0);
    far_unlink(b, 1);
    memset(b->edge, 0, sizeof b->edge);
    b->trace = b->tail = b->records = b->no_trace = false;
    b->samples = 0;
    b->traces = 0;
}

/* Its code goes. What led there leads to T0 again. */
static void evict(struct cpu *cpu, const struct code_piece *piece)
{
    struct block *b = piece->owner;

    if (!b)
        return;
    if (codebuf_is_trace(piece)) {
        trace_evict(cpu, b);
        return;
    }
    trace_forget(cpu, b);
    jit_unlink_incoming(cpu, b);
    forget(cpu, b);
    cpu->jit->count.evicted++;
}

void jit_make_room(struct cpu *cpu, unsigned insns)
{
    struct codebuf *buf = &cpu->jit->buf;
    size_t room = backend_room(insns) + CODE_ALIGN;
    size_t before = buf->used;
    const struct code_piece *piece;

    while ((piece = codebuf_make_room(buf, room)))
        evict(cpu, piece);
    cpu->jit->count.recycled += buf->used < before;
}

static void translate(struct cpu *cpu, struct block *b)
{
    struct jit *jit = cpu->jit;
    uint64_t made = jit->count.host_bytes;
    struct code_piece *piece;
    bool good;

    jit_make_room(cpu, b->count);
    piece = codebuf_begin(&jit->buf);
    good = backend_translate(jit, cpu, b);
    codebuf_finish(&jit->buf, piece, b, good ? b->host : 0, false);
    if (!good) {
        b->insn[0].exec = b->exec0;
        return;
    }
    b->translated = true;
    b->plain = b->host;
    b->insn[0].exec = exec_jit_enter;
    jit->count.translated++;
    jit->count.guest_bytes += b->bytes;
    jit->count.cache_used = codebuf_used(&jit->buf);
    jit_tell(cpu,
             &(struct trace_path){.parts = 1,
                                  .insns = b->count,
                                  .part = {b},
                                  .rip = {cpu->reg[REG_RIP]}},
             piece, (size_t)(jit->count.host_bytes - made));
}

/* First handler of a block that was not entered often enough yet. */
static const struct insn *exec_jit_count(struct cpu *cpu, const struct insn *i)
{
    struct block *b = cpu->block;
    trace_break(cpu);
    if (--b->heat == 0) {
        translate(cpu, b);
        return b->insn[0].exec(cpu, i);
    }
    return b->exec0(cpu, i);
}

void jit_block_made(struct cpu *cpu, struct block *b)
{
    b->exec0 = b->insn[0].exec;
    b->insn[0].exec = exec_jit_count;
    b->heat = cpu->jit->heat * (b->changed ? CHANGED : 1);
    jit_lead(cpu, b, backend_enter_block(cpu->jit));
}

void jit_unlink(struct cpu *cpu, struct block *b, unsigned n)
{
    if (!b->translated || b->mode == MODE_DEAD || !b->edge[n].field)
        return;
    backend_link(cpu->jit, b, n, b->edge[n].unlinked);
    if (b->edge[n].frame) /* no frame is at 0: its check fails before */
        store_le64(b->edge[n].frame, 0);
}

void jit_block_killed(struct cpu *cpu, struct block *b)
{
    if (b->translated) {
        cpu->jit->count.killed++;
        codebuf_disown(&cpu->jit->buf, b->plain);
    }
    trace_forget(cpu, b);
    jit_lead(cpu, b, backend_enter_block(cpu->jit));
}

void jit_drop_all(struct cpu *cpu)
{
    struct jit *jit = cpu->jit;
    trace_forget_all(cpu);
    block_each(cpu, forget);
    tlb_near_empty(&cpu->mmu.near);
    codebuf_empty(&jit->buf, jit->buf.reserved);
    jit->count.cache_used = 0;
}

/* ---- audit */

static const char *audit_edge(const struct jit *jit, const struct block *b,
                              unsigned n)
{
    const struct block *t = b->far[n] ? b->far[n] : b->link[n];
    uint64_t target;

    if (!b->edge[n].field)
        return NULL;
    target = backend_target(jit, b, n);
    if (target == b->edge[n].unlinked)
        return NULL;
    if (!t || t->mode == MODE_DEAD || !t->translated)
        return "jump to a block that has no translation";
    return target == t->host ? NULL : "jump beside a block's translation";
}

static const char *audit_piece(const struct jit *jit,
                               const struct code_piece *piece)
{
    const struct block *b = piece->owner;
    const char *wrong;

    if (!b)
        return NULL;
    if (codebuf_is_trace(piece))
        return b->trace ? NULL : "piece of a trace that is no more";
    if (b->mode == MODE_DEAD || !b->translated ||
        b->plain != codebuf_entry(&jit->buf, piece))
        return "piece of a translation that is no more";
    wrong = audit_edge(jit, b, 0);
    return wrong ? wrong : audit_edge(jit, b, 1);
}

const char *jit_audit(const struct jit *jit)
{
    const char *wrong = trace_audit(&jit->tracer);
    const struct code_piece *piece = NULL;

    while (!wrong && (piece = codebuf_next(&jit->buf, piece)))
        wrong = audit_piece(jit, piece);
    return wrong;
}
