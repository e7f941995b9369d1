/* engines.c - one guest in both engines, compared wherever it is stopped.
 *
 *   engines [-g SECONDS] [-n STOPS] [-r SEED] UMBRA'S OPTIONS
 *
 * Two PCs are made from the same options, one with the interpreter and one
 * with the JIT, and run side by side in slices of random length, SECONDS of
 * their clock on average, until Umbra's options end the run or there were so
 * many stops. At each one time, count of instructions, registers and the hash
 * over all of the state must be equal. -drop-derived concerns the JIT's PC
 * only, so that it loses its translations at moments of its own. Images are
 * not written to. tests/guest/boot starts it for the cell `both`.
 *
 * Exit code: Umbra's; 99 a difference; 77 this host has no JIT. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/session.h"

enum { MAX_ARGS = 60, NO_JIT = 77, DIFFERENT = 99, SLICE_NS = 100000000 };

struct plan {
    unsigned stops; /* 0: until the run ends */
    double gap;     /* seconds */
    uint64_t random;
};

struct pc {
    struct options options;
    struct session *session;
    bool running;
};

static uint64_t any(struct plan *p, uint64_t limit)
{
    p->random = p->random * 6364136223846793005 + 1442695040888963407;
    return (p->random >> 24) % limit;
}

/* Options of our own before Umbra's; returns how many words they are. */
static int read_plan(struct plan *p, int argc, char *argv[])
{
    int n = 1;

    *p = (struct plan){0, 0.2, 1};
    for (; n + 1 < argc; n += 2)
        if (!strcmp(argv[n], "-g"))
            p->gap = strtod(argv[n + 1], NULL);
        else if (!strcmp(argv[n], "-n"))
            p->stops = (unsigned)strtoul(argv[n + 1], NULL, 0);
        else if (!strcmp(argv[n], "-r"))
            p->random = strtoull(argv[n + 1], NULL, 0);
        else
            break;
    return n;
}

static int make_pc(struct pc *pc, const char *accel, int argc, char *argv[])
{
    char error[OPTIONS_ERROR_SIZE];
    char *words[MAX_ARGS] = {"engines", "-display", "none", "-snapshot"};
    int count = 4;

    for (int n = 0; n < argc && count < MAX_ARGS - 2; n++)
        words[count++] = argv[n];
    words[count++] = "-accel";
    words[count++] = (char *)(uintptr_t)accel;
    if (options_parse(&pc->options, count, words, error) != OPTIONS_RUN) {
        fprintf(stderr, "engines: %s\n", error);
        return 2;
    }
    if (!strcmp(accel, "interp"))
        pc->options.drop_derived = 0;
    pc->running = true;
    return session_create(&pc->options, &pc->session);
}

static bool same(const char *what, uint64_t a, uint64_t b)
{
    if (a != b)
        printf("%s: %" PRIx64 " with the interpreter, %" PRIx64
               " with the JIT\n",
               what, a, b);
    return a == b;
}

static bool compare(struct pc pc[2])
{
    const struct umbra *a = session_umbra(pc[0].session);
    const struct umbra *b = session_umbra(pc[1].session);
    const char *name;
    bool good = same("end of the run", pc[0].running, pc[1].running);

    good &= same("time", umbra_now(a), umbra_now(b));
    good &= same("instructions", umbra_instructions(a), umbra_instructions(b));
    for (unsigned n = 0; (name = umbra_register_name(n)); n++) {
        uint64_t x = 0, y = 1;
        umbra_get_register(a, name, &x);
        umbra_get_register(b, name, &y);
        good &= same(name, x, y);
    }
    return good && same("state", umbra_state_hash(session_umbra(pc[0].session)),
                        umbra_state_hash(session_umbra(pc[1].session)));
}

static void run_for(struct pc *pc, uint64_t ns)
{
    uint64_t end = umbra_now(session_umbra(pc->session)) + ns;

    while (pc->running && umbra_now(session_umbra(pc->session)) < end) {
        uint64_t left = end - umbra_now(session_umbra(pc->session));
        pc->running =
            session_run(pc->session, left < SLICE_NS ? left : SLICE_NS);
    }
}

/* Returns how often they were stopped; *good: equally. */
static unsigned run_both(struct pc pc[2], struct plan *plan, bool *good)
{
    uint64_t longest = (uint64_t)(plan->gap * 2e9) + 1;
    unsigned stop = 0;

    do {
        uint64_t ns = 1 + any(plan, longest);
        for (int n = 0; n < 2; n++)
            run_for(&pc[n], ns);
        *good = compare(pc);
        stop++;
    } while (*good && pc[0].running && stop != plan->stops);
    return stop;
}

int main(int argc, char *argv[])
{
    struct plan plan;
    struct pc pc[2];
    int first = read_plan(&plan, argc, argv), code;
    unsigned stops;
    bool good;

    code = make_pc(&pc[0], "interp", argc - first, argv + first);
    if (code)
        return code;
    code = make_pc(&pc[1], "jit", argc - first, argv + first);
    if (code) /* a message was written */
        return NO_JIT;
    stops = run_both(pc, &plan, &good);
    printf("%s at %u stops, %.6f s, %" PRIu64 " instructions\n",
           good ? "equal" : "DIFFERENT", stops,
           (double)umbra_now(session_umbra(pc[0].session)) / 1e9,
           umbra_instructions(session_umbra(pc[0].session)));
    for (int n = 0; n < 2; n++)
        code = session_finish(pc[n].session);
    return good ? code : DIFFERENT;
}
