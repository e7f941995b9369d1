/* trace.c - which traces are made, and which go. */
#include "cpu/jit/trace.h"

#include "cpu/flow.h"
#include "cpu/jit/backend.h"

enum {
    MEMBER = 8,      /* times the samples for a block that is in a trace */
    LOOP_INSNS = 64, /* shorter loops are repeated in the trace */
    TAIL_INSNS = 16, /* what other traces take in, such as a dispatch */
};

/* ---- heads */

void trace_sample(struct cpu *cpu, struct block *b)
{
    struct jit *jit = cpu->jit;

    if (!b->translated || b->trace || b->no_trace || b->code2 ||
        jit->tracer.recording)
        return;
    if (++b->samples < jit->tracer.samples * (b->traces ? MEMBER : 1))
        return;
    b->samples = 0;
    b->records = true; /* at its next entry, which is T0's */
    jit_unlink_incoming(cpu, b);
    jit_lead(cpu, b, backend_enter_block(jit));
}

static void restore(struct cpu *cpu, struct block *head)
{
    head->records = false;
    jit_unlink_incoming(cpu, head);
    jit_lead(cpu, head, head->plain);
}

/* ---- recording */

static bool fits(const struct trace_path *path, const struct block *b)
{
    return path->parts < TRACE_MAX_PARTS &&
           path->insns + b->count <= TRACE_MAX_INSNS &&
           b->mode == path->part[0]->mode;
}

static void append(struct trace_path *path, struct block *b, uint64_t rip)
{
    path->part[path->parts] = b;
    path->rip[path->parts++] = rip;
    path->insns += b->count;
}

static void publish(struct cpu *cpu, const struct trace_path *path,
                    struct code_piece *piece)
{
    struct tracer *tracer = &cpu->jit->tracer;
    struct trace *trace = &tracer->trace[tracer->next];
    struct block *head = path->part[0];

    tracer->next = (tracer->next + 1) % TRACES;
    if (trace->head)
        trace_forget(cpu, trace->head);
    trace->head = head;
    trace->piece = piece;
    trace->parts = path->parts;
    for (unsigned n = 0; n < path->parts; n++) {
        trace->part[n] = path->part[n];
        path->part[n]->traces++;
    }
    head->trace = true;
    head->tail =
        path->insns <= TAIL_INSNS && path->part[path->parts - 1]->roves;
    jit_lead(cpu, head, codebuf_entry(&cpu->jit->buf, piece));
    cpu->jit->count.traces++;
}

static void end_at(struct trace_path *path, unsigned parts)
{
    while (path->parts > parts)
        path->insns -= path->part[--path->parts]->count;
}

/* Make the trace that was recorded. */
static void finish(struct cpu *cpu)
{
    struct tracer *tracer = &cpu->jit->tracer;
    struct trace_path *path = &tracer->path;
    struct block *head = path->part[0];
    struct codebuf *buf = &cpu->jit->buf;
    struct code_piece *piece;
    uint64_t host, made;

    if (tracer->cut && !path->loops)
        end_at(path, tracer->cut);
    jit_make_room(cpu, path->insns);
    if (!tracer->recording) /* one of its blocks had to go */
        return;
    tracer->recording = false;
    restore(cpu, head);
    piece = codebuf_begin(buf);
    made = cpu->jit->count.host_bytes;
    host = backend_trace(cpu->jit, cpu, path);
    codebuf_finish(buf, piece, head, host, true);
    cpu->jit->count.cache_used = codebuf_used(buf);
    if (!host) {
        head->no_trace = true;
        return;
    }
    publish(cpu, path, piece);
    jit_tell(cpu, path, piece, (size_t)(cpu->jit->count.host_bytes - made));
}

void trace_break(struct cpu *cpu)
{
    if (cpu->jit->tracer.recording)
        finish(cpu);
}

static void begin(struct cpu *cpu, struct block *b)
{
    struct tracer *tracer = &cpu->jit->tracer;
    tracer->recording = true;
    tracer->cut = 0;
    tracer->path = (struct trace_path){0};
    append(&tracer->path, b, cpu->reg[REG_RIP]);
}

/* The head again: a loop that is long enough is done, and one that goes another
 * trace's way for a part. */
static bool closes(struct trace_path *path, const struct block *b, unsigned cut)
{
    if (b != path->part[0])
        return false;
    if (!cut && path->insns < LOOP_INSNS && path->parts * 2 <= TRACE_MAX_PARTS)
        return false;
    path->loops = true;
    return true;
}

bool trace_follow(struct cpu *cpu, struct block *b)
{
    struct tracer *tracer = &cpu->jit->tracer;
    struct trace_path *path = &tracer->path;

    if (tracer->recording && (path->part[path->parts - 1]->roves ||
                              closes(path, b, tracer->cut) || !fits(path, b)))
        finish(cpu);
    else if (tracer->recording && b->trace && !b->tail && !tracer->cut)
        tracer->cut = path->parts;
    if (tracer->recording)
        append(path, b, cpu->reg[REG_RIP]);
    else if (b->records)
        begin(cpu, b);
    return tracer->recording;
}

/* ---- the end */

static void kill_trace(struct cpu *cpu, struct trace *trace)
{
    struct block *head = trace->head;
    for (unsigned n = 0; n < trace->parts; n++)
        trace->part[n]->traces--;
    trace->head = NULL;
    trace->piece->owner = NULL;
    head->trace = head->tail = false;
    restore(cpu, head);
    cpu->jit->tracer.killed++;
}

static bool has_part(const struct trace *trace, const struct block *b)
{
    for (unsigned n = 0; n < trace->parts; n++)
        if (trace->part[n] == b)
            return true;
    return false;
}

void trace_forget(struct cpu *cpu, struct block *b)
{
    struct tracer *tracer = &cpu->jit->tracer;

    if (tracer->recording)
        for (unsigned n = 0; n < tracer->path.parts; n++)
            if (tracer->path.part[n] == b) {
                tracer->recording = false;
                restore(cpu, tracer->path.part[0]);
                break;
            }
    if (b->records)
        restore(cpu, b);
    for (unsigned n = 0; n < TRACES && b->traces; n++)
        if (tracer->trace[n].head && has_part(&tracer->trace[n], b))
            kill_trace(cpu, &tracer->trace[n]);
}

void trace_evict(struct cpu *cpu, struct block *head)
{
    struct tracer *tracer = &cpu->jit->tracer;
    for (unsigned n = 0; n < TRACES; n++)
        if (tracer->trace[n].head == head)
            kill_trace(cpu, &tracer->trace[n]);
}

const char *trace_audit(const struct tracer *tracer)
{
    for (unsigned n = 0; n < TRACES; n++) {
        const struct trace *trace = &tracer->trace[n];
        if (!trace->head)
            continue;
        if (!trace->head->trace)
            return "trace that its head does not know of";
        for (unsigned k = 0; k < trace->parts; k++)
            if (!trace->part[k]->translated || !trace->part[k]->traces ||
                trace->part[k]->mode == MODE_DEAD)
                return "trace of a block that has no translation";
    }
    return NULL;
}

void trace_forget_all(struct cpu *cpu)
{
    struct tracer *tracer = &cpu->jit->tracer;
    tracer->recording = false;
    tracer->next = 0;
    tracer->killed++;
    for (unsigned n = 0; n < TRACES; n++)
        tracer->trace[n].head = NULL;
}
