/* compare.c - where two results differ, and how to show it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/disasm.h"
#include "cpu/fpu.h"
#include "tests/oracle/oracle.h"

/* Linux says "present" of every address behind its programs'. */
#define TASK_END 0x7ffffffff000ull

/* ---- values that may differ a little */

static float lane_value(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool close_lanes(uint64_t a, uint64_t b)
{
    for (unsigned n = 0; n < 64; n += 32) {
        float x = lane_value((uint32_t)(a >> n)),
              y = lane_value((uint32_t)(b >> n));
        float d = x > y ? x - y : y - x, size = x < 0 ? -x : x;
        if ((uint32_t)(a >> n) != (uint32_t)(b >> n) &&
            !(d <= size * (1.5f / 2048)))
            return false;
    }
    return true;
}

/* The distance of two 80-bit values of one sign in last places. */
static bool close_x87(const struct oracle_state *a,
                      const struct oracle_state *b, unsigned n, unsigned ulp)
{
    int64_t d = (int64_t)(a->mant[n] - b->mant[n]);
    if (a->se[n] == b->se[n])
        return d <= (int64_t)ulp && -d <= (int64_t)ulp;
    /* across a power of two */
    return (a->se[n] == b->se[n] + 1 && a->mant[n] == 1ull << 63 &&
            ~b->mant[n] < ulp) ||
           (b->se[n] == a->se[n] + 1 && b->mant[n] == 1ull << 63 &&
            ~a->mant[n] < ulp);
}

/* ---- parts of the state */

/* In compatibility code nobody sees the upper halves and R8-R15. */
static uint64_t visible(const struct oracle_case *c, unsigned reg)
{
    if (c->code_size == 2)
        return ~0ull;
    return reg < 8 ? 0xffffffff : 0;
}

static const char *compare_integer(const struct oracle_case *c,
                                   const struct oracle_state *a,
                                   const struct oracle_state *b,
                                   const struct oracle_masks *m, uint64_t flags,
                                   bool fault)
{
    bool fault_gpr = fault && m->fault_gpr;
    for (unsigned n = 0; n < 16; n++)
        if (!fault_gpr && (a->reg[n] ^ b->reg[n]) & ~m->gpr[n] & visible(c, n))
            return "register";
    if (a->rip != b->rip)
        return "RIP";
    if ((a->flags ^ b->flags) & ~m->flags & flags)
        return "flags";
    /* The host's IRET makes every null selector 0. */
    for (unsigned n = 0; n < 6; n++)
        if (a->seg[n] != b->seg[n] && (a->seg[n] | b->seg[n]) > 3)
            return "segment register";
    return NULL;
}

static const char *compare_fp(const struct oracle_state *a,
                              const struct oracle_state *b,
                              const struct oracle_masks *m)
{
    if (a->fcw != b->fcw)
        return "x87 control word";
    if ((a->fsw ^ b->fsw) & ~m->fsw)
        return "x87 status word";
    if (a->ftag != b->ftag)
        return "x87 tags";
    for (unsigned n = 0; n < 8; n++)
        if ((a->mant[n] != b->mant[n] || a->se[n] != b->se[n]) &&
            !(m->ulp && close_x87(a, b, n, m->ulp)))
            return "x87 register";
    for (unsigned n = 0; n < 16; n++)
        for (unsigned k = 0; k < 4; k++)
            if (a->vec[n][k] != b->vec[n][k] &&
                !(m->approximate && close_lanes(a->vec[n][k], b->vec[n][k])))
                return "vector register";
    if (a->mxcsr != b->mxcsr)
        return "MXCSR";
    return NULL;
}

static bool masked_byte(const struct oracle_masks *m, unsigned at)
{
    for (unsigned n = 0; n < m->ranges; n++)
        if (at >= m->mem_at[n] && at < (unsigned)m->mem_at[n] + m->mem_size[n])
            return true;
    return false;
}

static bool same_memory(const struct oracle_result *a,
                        const struct oracle_result *b,
                        const struct oracle_masks *m)
{
    uint32_t x = 0, y = 0;
    for (;;) {
        while (x < a->changes && masked_byte(m, a->change[x].at))
            x++;
        while (y < b->changes && masked_byte(m, b->change[y].at))
            y++;
        if (x == a->changes || y == b->changes)
            return x == a->changes && y == b->changes;
        if (a->change[x].at != b->change[y].at ||
            a->change[x].value != b->change[y].value)
            return false;
        x++;
        y++;
    }
}

static const char *compare_event(const struct oracle_result *want,
                                 const struct oracle_result *got,
                                 const struct oracle_masks *m)
{
    uint32_t mask = want->vector == EX_PF && want->cr2 >= TASK_END;
    if (m->order && want->vector != EX_DB && got->vector != EX_DB)
        return NULL;
    if (want->vector != got->vector)
        return "vector";
    if ((want->error ^ got->error) & ~mask)
        return "error code";
    if (want->vector == EX_PF && want->cr2 != got->cr2 && !m->cr2)
        return "CR2";
    return NULL;
}

/* Without TF a case ends where there is no more code; what that needs. */
static bool ends_cleanly(const struct oracle_case *c,
                         const struct oracle_result *want)
{
    uint64_t rip = want->out.rip;
    return !c->after && (rip < c->in.rip || rip >= c->in.rip + c->len);
}

const char *oracle_compare(const struct oracle_case *c,
                           const struct oracle_result *want,
                           const struct oracle_result *got,
                           const struct oracle_masks *m,
                           enum oracle_engine engine)
{
    bool through =
        engine != ORC_STEP && want->vector == EX_DB && got->vector != EX_DB;
    uint64_t flags = engine == ORC_STEP ? ~0ull : ~(uint64_t)(EFL_TF);
    bool tf_stored = !strcmp(insn_rows[c->row].mnemonic, "pushf");
    const char *what = NULL;
    if (m->all || (m->maybe && (want->vector == EX_DB) !=
                                   (got->vector == EX_DB || through)))
        return NULL;
    if (m->maybe && engine != ORC_STEP &&
        (want->vector != EX_DB || got->vector == EX_AC))
        return NULL; /* whether ours faulted cannot be told from its end */
    if (m->parts && want->vector == EX_DB && want->out.rip == c->in.rip)
        return NULL;
    if (through && !ends_cleanly(c, want))
        return NULL;
    if (through) {
        flags &= ~(uint64_t)EFL_RF;
        if (got->vector != EX_PF && got->vector != EX_GP)
            what = "end";
    } else {
        what = compare_event(want, got, m);
    }
    if (!what)
        what = compare_integer(c, &want->out, &got->out, m, flags,
                               want->vector != EX_DB);
    if (!what && !(m->fault_fp && want->vector != EX_DB))
        what = compare_fp(&want->out, &got->out, m);
    if (!what && !(engine != ORC_STEP && tf_stored) &&
        !(m->fault_mem && want->vector != EX_DB) && !same_memory(want, got, m))
        what = "memory";
    return what;
}

/* ---- showing */

static void show(const char *name, uint64_t before, uint64_t want, uint64_t got)
{
    if (before != want || want != got)
        printf("  %-6s %016" PRIx64 "  %016" PRIx64 "  %016" PRIx64 "%s\n",
               name, before, want, got, want != got ? "  <" : "");
}

static void show_registers(const struct oracle_state *b,
                           const struct oracle_state *w,
                           const struct oracle_state *g)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx",
                                        "rsp", "rbp", "rsi", "rdi"};
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    char name[16];
    for (unsigned n = 0; n < 16; n++) {
        snprintf(name, sizeof name, "r%u", n);
        show(n < 8 ? names[n] : name, b->reg[n], w->reg[n], g->reg[n]);
    }
    show("rip", b->rip, w->rip, g->rip);
    show("flags", b->flags, w->flags, g->flags);
    for (unsigned n = 0; n < 6; n++)
        show(segments[n], b->seg[n], w->seg[n], g->seg[n]);
    show("mxcsr", b->mxcsr, w->mxcsr, g->mxcsr);
    for (unsigned n = 0; n < 64; n++) {
        snprintf(name, sizeof name, "v%u.%u", n / 4, n % 4);
        show(name, b->vec[n / 4][n % 4], w->vec[n / 4][n % 4],
             g->vec[n / 4][n % 4]);
    }
}

static void show_x87(const struct oracle_state *b, const struct oracle_state *w,
                     const struct oracle_state *g)
{
    char name[16];
    show("fcw", b->fcw, w->fcw, g->fcw);
    show("fsw", b->fsw, w->fsw, g->fsw);
    show("ftag", b->ftag, w->ftag, g->ftag);
    for (unsigned n = 0; n < 8; n++) {
        snprintf(name, sizeof name, "st%u.m", n);
        show(name, b->mant[n], w->mant[n], g->mant[n]);
        snprintf(name, sizeof name, "st%u.e", n);
        show(name, b->se[n], w->se[n], g->se[n]);
    }
}

static void show_changes(const char *who, const struct oracle_result *r)
{
    printf("  %s vector %u error %x cr2 %" PRIx64 " stores", who, r->vector,
           (unsigned)r->error, r->cr2);
    for (unsigned n = 0; n < r->changes && n < 48; n++) {
        if (!n || r->change[n].at != r->change[n - 1].at + 1)
            printf(" %x:", ORC_DATA + r->change[n].at);
        printf("%02x", r->change[n].value);
    }
    printf("%s\n", r->changes > 48 ? "..." : r->changes ? "" : " none");
}

static bool uses_x87(const struct insn_row *row)
{
    return row->attr & (A_FPU | A_SIMD);
}

/* What the instruction found: registers that the text names are among them. */
static void show_before(const struct oracle_case *c)
{
    const struct oracle_state *s = &c->in;
    printf("  before:");
    for (unsigned n = 0; n < (c->code_size == 2 ? 16u : 8u); n++)
        printf("%s%" PRIx64, n % 8 ? " " : "\n   ", s->reg[n]);
    printf("\n    es %x cs %x ss %x ds %x fs %x gs %x rip %" PRIx64
           " flags %" PRIx64,
           s->seg[0], s->seg[1], s->seg[2], s->seg[3], s->seg[4], s->seg[5],
           s->rip, s->flags);
    printf("\n    memory at %x:", (unsigned)c->mem_at);
    for (unsigned n = 0; n < 32; n++)
        printf(" %02x", c->mem[n]);
    if (uses_x87(&insn_rows[c->row])) {
        printf("\n    mxcsr %x fcw %x fsw %x ftag %x st", (unsigned)s->mxcsr,
               s->fcw, s->fsw, s->ftag);
        for (unsigned n = 0; n < 8; n++)
            printf(" %04x:%016" PRIx64, s->se[n], s->mant[n]);
    }
    printf("\n");
}

void oracle_print(const struct oracle_case *c, const struct oracle_result *want,
                  const struct oracle_result *got)
{
    static const unsigned sizes[] = {16, 32, 64};
    char text[96];
    if (!disasm_text(c->bytes, 15, c->code_size, c->in.rip, text, sizeof text))
        snprintf(text, sizeof text, "?");
    printf("%s, %u-bit code: ", insn_rows[c->row].id, sizes[c->code_size]);
    for (unsigned n = 0; n < c->len; n++)
        printf("%02x ", c->bytes[n]);
    printf(" %s\n", text);
    show_before(c);
    printf("  %-6s %-16s  %-16s  %-16s\n", "", "before", "should be", "is");
    show_registers(&c->in, &want->out, &got->out);
    show_x87(&c->in, &want->out, &got->out);
    show_changes("should be:", want);
    show_changes("is:       ", got);
}
