/* fuzz_insn - whole instructions: bytes as code, in a state made of bytes.
 *
 * Input: the board's start (board.c), a pace, events (interrupts, NMI, DMA,
 * A20) with the number of instructions before each, then code. It runs on
 * one board in blocks, on another one instruction at a time or with all
 * derived state dropped every few instructions, on a third one in the JIT, at
 * either pace or in slices that make it record traces, now and then on the
 * second one again. CPU, RAM and what was
 * asked of the ports must be the same, the audits of MMU and blocks find
 * nothing, and AddressSanitizer no access outside RAM. Alone: make
 * tests/fuzz/fuzz_insn && tests/fuzz/fuzz_insn FILE... */
#include "tests/fuzz/fuzz_board.h"

#include "cpu/block.h"

/* Half of the inputs run for long enough that loops become traces. */
enum { MAX_EVENTS = 6, MAX_STEPS = 160, LONG = 700 };

struct event {
    unsigned after; /* instructions */
    uint8_t what, value;
    uint16_t address;
};

struct plan {
    struct event event[MAX_EVENTS];
    unsigned events;
    unsigned pace, steps;
    size_t code_size;
    uint8_t code[FB_CODE_END - FB_CODE];
};

enum pace { BLOCKS, STEPS, DROPPING, SAMPLED };

static struct fuzz_board *board[3]; /* the last one has the JIT */

static void read_plan(struct plan *p, struct fuzz_input *in)
{
    unsigned head = fuzz_u8(in);
    p->pace = head & 1 ? DROPPING : STEPS;
    p->steps = head & 2 ? LONG : MAX_STEPS;
    p->events = (head >> 4) % (MAX_EVENTS + 1);
    for (unsigned n = 0; n < p->events; n++) {
        struct event *e = &p->event[n];
        e->after = fuzz_u8(in) % (MAX_STEPS / MAX_EVENTS);
        e->what = fuzz_u8(in);
        e->value = fuzz_u8(in);
        e->address = fuzz_u16(in);
    }
    p->code_size = fuzz_copy(in, p->code, sizeof p->code - PAGE_SIZE);
}

static void do_event(struct fuzz_board *b, const struct event *e)
{
    uint8_t dma[4] = {e->value, e->what, e->value, 0};
    switch (e->what & 7) {
    case 0:
    case 1:
        b->vector = e->value;
        cpu_set_intr(b->cpu, true);
        break;
    case 2:
        cpu_set_nmi(b->cpu);
        break;
    case 3:
        cpu_set_a20(b->cpu, e->value & 1);
        break;
    case 4: /* code, perhaps */
        addrspace_write_block(b->memory, FB_CODE + e->address % 0x2000, dma,
                              1 + (e->what >> 3) % 4);
        break;
    case 5: /* a table, perhaps */
        addrspace_write_block(b->memory, FB_TABLES + e->address % 0x4000, dma,
                              1 + (e->what >> 3) % 4);
        break;
    case 6:
        addrspace_write(b->memory, e->address << 1, e->value * 0x01010101u, 4);
        break;
    default:
        cpu_init_pin(b->cpu);
        break;
    }
}

/* Where the code comes from; 0 where it cannot come from. */
static uint64_t code_page(const struct fuzz_board *b, uint64_t gva)
{
    uint64_t gpa;
    if (!mmu_translate(&b->cpu->mmu, gva & ~0xfffull, &gpa))
        return 0;
    return gpa | 1;
}

/* An entry changes that maps the very code which does so, and no INVLPG
 * follows: as a processor may go on with what it has fetched, the rest of a
 * block does, while single steps fetch anew. */
static enum cpu_exit run_watching(struct fuzz_board *b, int64_t count)
{
    struct cpu *c = b->cpu;
    uint64_t gva = c->seg[SEG_CS].base + cpu_rip(c), was = code_page(b, gva);
    uint64_t writes = c->mmu.count.table_write;
    enum cpu_exit why = cpu_run(c, count);
    if (c->mmu.count.table_write != writes && code_page(b, gva) != was)
        b->remapped = true;
    return why;
}

/* Short slices whose ends may be in any block of a loop, then one that is long
 * enough for a trace to be recorded and to run. */
static uint64_t sampled_slice(struct fuzz_board *b)
{
    unsigned n = b->slices++ % 8;
    return n == 7 ? 220 : 7 + n * 5 % 16;
}

/* `count` instructions or until HLT; false when the CPU has shut down. A
 * trap behind the last one counts too, so that cpu_icount has to say how many
 * there were. */
static bool run_some(struct fuzz_board *b, enum pace pace, unsigned count)
{
    static const unsigned slice[] = {LONG, 1, 19};
    uint64_t end = cpu_icount(b->cpu) + count;
    while (cpu_icount(b->cpu) < end) {
        uint64_t left = end - cpu_icount(b->cpu);
        uint64_t most = pace == SAMPLED ? sampled_slice(b) : slice[pace];
        if (pace == DROPPING)
            block_drop_all(b->cpu);
        switch (run_watching(b, (int64_t)min_u64(left, most))) {
        case EXIT_BUDGET:
            break;
        case EXIT_SHUTDOWN:
            return false;
        default:
            return true;
        }
    }
    return true;
}

static void run(struct fuzz_board *b, const uint8_t *data, size_t size,
                enum pace pace)
{
    struct fuzz_input in = {data, size};
    static struct plan p;
    unsigned left, n = 0;
    bool alive = true;
    uint64_t at;
    b->remapped = false;
    b->slices = 0;
    fuzz_board_start(b, &in);
    read_plan(&p, &in);
    if (pace == STEPS)
        pace = p.pace;
    left = p.steps;
    at = cpu_rip(b->cpu);
    memcpy(fuzz_board_ram(b) + at, p.code, p.code_size);
    for (; alive && n < p.events; n++) {
        alive = run_some(b, pace, p.event[n].after);
        left -= p.event[n].after;
        if (alive)
            do_event(b, &p.event[n]);
    }
    if (alive)
        run_some(b, pace, left);
    if (size && data[size - 1] % 4 == 0) /* takes most of the time */
        fuzz_board_audit(b);
    fuzz_board_settle(b);
}

static void show(const struct state_field *field, struct fuzz_board *b)
{
    const uint8_t *at = (const uint8_t *)b->cpu + field->offset;
    fprintf(stderr, "%s:", field->name);
    for (unsigned n = 0; n < field->count * field->stride || n < 8; n++)
        fprintf(stderr, " %02x", at[n]);
    fprintf(stderr, "\n");
}

static void compare_boards(const char *what, struct fuzz_board *other)
{
    struct device *a = cpu_device(board[0]->cpu);
    const struct state_field *field =
        state_compare(a->ops->fields, a, other->cpu);
    const uint8_t *x = fuzz_board_ram(board[0]), *y = fuzz_board_ram(other);
    if (board[0]->remapped || other->remapped)
        return;
    if (field) {
        show(field, board[0]);
        show(field, other);
        FUZZ_FAIL("%s: the CPUs differ: %s", what, field->name);
    }
    if (memcmp(x, y, FB_RAM)) {
        unsigned n = 0;
        while (x[n] == y[n])
            n++;
        FUZZ_FAIL("%s: RAM differs at %x: %02x %02x", what, n, x[n], y[n]);
    }
    if (board[0]->world != other->world || board[0]->acks != other->acks)
        FUZZ_FAIL("%s: ports or device were asked something else (%u, %u)",
                  what, board[0]->asked, other->asked);
}

static enum pace jit_pace(uint8_t last)
{
    static const enum pace pace[] = {BLOCKS, STEPS, SAMPLED, SAMPLED};
    return pace[last >> 4 & 3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!board[0]) {
        board[0] = fuzz_board_create(ACCEL_INTERP);
        board[1] = fuzz_board_create(ACCEL_INTERP);
        board[2] = fuzz_board_create(ACCEL_DEFAULT);
    }
    run(board[0], data, size, BLOCKS);
    run(board[1], data, size, STEPS);
    compare_boards("blocks and steps", board[1]);
    run(board[2], data, size, jit_pace(size ? data[size - 1] : 0));
    compare_boards("interpreter and JIT", board[2]);
    if (size && data[size - 1] % 8 == 0) { /* again, on a used board */
        run(board[1], data, size, BLOCKS);
        compare_boards("the same twice", board[1]);
    }
    return 0;
}
