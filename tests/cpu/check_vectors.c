/* check_vectors - real-mode cases captured from an 80286, one instruction
 * each, run in the rig and compared: registers, defined flags, memory.
 *
 * The set (SingleStepTests/80286, MIT licence) is not part of the tree: it
 * is looked for in $UMBRA_SHARED/vectors/80286, by default in ../shared
 * beside the sources. What later processors do differently is left out:
 * see `differs`.
 * Alone: make tests/cpu/check_vectors && tests/cpu/check_vectors [FILE...] */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "frontend/json.h"
#include "tests/suite.h"

enum {
    VREGS = 14,
    V_SS = 5,
    V_SP = 8,
    V_IP = 12,
    V_FLAGS = 13,
    MAX_RAM = 4096,
    MAX_CODE = 32,
    SHOWN = 3
};

static const char *const reg_names[VREGS] = {"ax", "bx", "cx", "dx",   "cs",
                                             "ss", "ds", "es", "sp",   "bp",
                                             "si", "di", "ip", "flags"};

struct byte_at {
    uint32_t addr;
    uint8_t value;
};

struct state {
    uint16_t mask, reg[VREGS];
    unsigned count;
    struct byte_at ram[MAX_RAM];
};

struct vector {
    uint32_t index;
    char name[64];
    uint8_t code[MAX_CODE];
    unsigned code_size; /* with the HLT behind it */
    struct state init, fina;
    int exception; /* -1 = none */
};

static struct {
    char dir[512];
    char **only; /* file names given by hand */
    int only_count;
    struct json *metadata;
} the;

/* ---- reading a file: chunks in memory */

struct bytes {
    const uint8_t *p, *end;
};

static struct bytes chunk(struct bytes *b, char tag[5])
{
    struct bytes in = {b->end, b->end};
    uint32_t size;
    if (b->end - b->p < 8) {
        tag[0] = 0;
        b->p = b->end;
        return in;
    }
    memcpy(tag, b->p, 4);
    tag[4] = 0;
    size = load_le32(b->p + 4);
    in.p = b->p + 8;
    ck_assert_uint_le(size, b->end - in.p);
    in.end = in.p + size;
    b->p = in.end;
    return in;
}

static void read_state(struct bytes b, struct state *s)
{
    char tag[5];
    s->mask = 0;
    s->count = 0;
    while (b.p < b.end) {
        struct bytes c = chunk(&b, tag);
        if (!strcmp(tag, "REGS")) {
            s->mask = load_le16(c.p);
            c.p += 2;
            for (unsigned n = 0; n < VREGS; n++)
                if (s->mask >> n & 1) {
                    s->reg[n] = load_le16(c.p);
                    c.p += 2;
                }
        } else if (!strcmp(tag, "RAM ")) {
            s->count = load_le32(c.p);
            ck_assert_uint_le(s->count, MAX_RAM);
            for (unsigned n = 0; n < s->count; n++)
                s->ram[n] = (struct byte_at){load_le32(c.p + 4 + 5 * n),
                                             c.p[8 + 5 * n]};
        }
    }
}

static void read_vector(struct bytes b, struct vector *v)
{
    char tag[5];
    v->index = load_le32(b.p);
    v->exception = -1;
    b.p += 4;
    while (b.p < b.end) {
        struct bytes c = chunk(&b, tag);
        if (!strcmp(tag, "NAME")) {
            snprintf(v->name, sizeof v->name, "%.*s", (int)load_le32(c.p),
                     (const char *)c.p + 4);
        } else if (!strcmp(tag, "BYTS")) {
            v->code_size = load_le32(c.p);
            ck_assert_uint_le(v->code_size, MAX_CODE);
            memcpy(v->code, c.p + 4, v->code_size);
        } else if (!strcmp(tag, "INIT")) {
            read_state(c, &v->init);
        } else if (!strcmp(tag, "FINA")) {
            read_state(c, &v->fina);
        } else if (!strcmp(tag, "EXCP")) {
            v->exception = c.p[0];
        }
    }
}

/* NULL: cannot be read, or implausibly big. */
static uint8_t *unzip(const char *path, size_t *size)
{
    gzFile f = gzopen(path, "rb");
    size_t room = 1 << 22;
    uint8_t *data = malloc(room);
    int n;
    n = f && data ? gzread(f, data, (unsigned)room) : -1;
    if (f)
        gzclose(f);
    if (n <= 0 || (size_t)n == room) {
        free(data);
        return NULL;
    }
    *size = (size_t)n;
    return data;
}

/* ---- what is known about an opcode */

static const struct json *opcode_info(const char *file)
{
    char key[8] = "";
    const struct json *all = json_member(the.metadata, "opcodes"), *o;
    size_t n = strcspn(file, ".");
    ck_assert_uint_lt(n, sizeof key);
    memcpy(key, file, n);
    o = json_member(all, key);
    if (o && json_member(o, "reg") && file[n + 1] >= '0' &&
        file[n + 1] <= '7') {
        char digit[2] = {file[n + 1], 0};
        o = json_member(json_member(o, "reg"), digit);
    }
    return o;
}

/* Bits 12-15 (IOPL, NT) do not exist in real mode of a 286; the rest as the
 * opcode leaves it defined. */
static uint16_t defined_flags(const struct json *info)
{
    const struct json *mask = info ? json_member(info, "flags-mask") : NULL;
    return (uint16_t)((mask ? (unsigned)mask->number : 0xffff) & 0x0fd7);
}

static bool undefined_opcode(const struct json *info)
{
    const struct json *s = info ? json_member(info, "status") : NULL;
    return s && s->string && !strcmp(s->string, "undefined");
}

/* The opcode byte behind prefixes other than LOCK. */
static const uint8_t *opcode_of(const struct vector *v)
{
    unsigned n = 0;
    while (n < v->code_size &&
           memchr("\x26\x2e\x36\x3e\xf2\xf3", v->code[n], 6))
        n++;
    return v->code + n;
}

/* Cases that cannot hold on a later processor. */
static bool differs(const struct vector *v)
{
    const uint8_t *op = opcode_of(v);
    if (v->code_size - 1 > 10) /* the limit is 15 now */
        return true;
    switch (*op) {
    case 0xf0: /* LOCK: #UD for most */
        return true;
    case 0x8c: /* a 286 has no FS, GS */
    case 0x8e:
        return op[1] & 0x20;
    case 0x6d: /* SI, DI, CX have moved when a 286 finds the fault */
    case 0x6f:
    case 0xa5:
    case 0xa7:
    case 0xab:
    case 0xad:
    case 0xaf:
    case 0x8f: /* so has SP */
        return v->exception >= 0;
    }
    return false;
}

/* OF is undefined for other rotates by immediates than by 1; the set says so
 * for words only. */
static bool rotates_byte(const struct vector *v)
{
    const uint8_t *op = opcode_of(v);
    return *op == 0xc0 && !(op[1] & 0x20) &&
           (v->code[v->code_size - 2] & 0x1f) != 1;
}

/* ---- running */

static void set_registers(struct rig *rig, const uint16_t *reg)
{
    static const uint8_t gpr[VREGS] = {
        [0] = RAX, [1] = RBX, [2] = RCX,  [3] = RDX,
        [8] = RSP, [9] = RBP, [10] = RSI, [11] = RDI};
    static const uint8_t seg[] = {SEG_CS, SEG_SS, SEG_DS, SEG_ES};
    struct cpu *cpu = rig->cpu;
    for (unsigned n = 0; n < V_IP; n++)
        if (n < 4 || n >= V_SP)
            cpu->reg[gpr[n]] = reg[n];
    for (unsigned n = 0; n < 4; n++) {
        cpu->seg[seg[n]].selector = reg[4 + n];
        cpu->seg[seg[n]].base = (uint64_t)reg[4 + n] << 4;
    }
    cpu_set_eflags(cpu, reg[V_FLAGS] & 0x0fd7);
    cpu->fcw = 0x37f;
    cpu_update_views(cpu);
    rig_go(rig, reg[V_IP]);
}

static void get_registers(const struct rig *rig, uint16_t *reg)
{
    static const uint8_t order[] = {RAX, RBX, RCX, RDX};
    static const uint8_t seg[] = {SEG_CS, SEG_SS, SEG_DS, SEG_ES};
    static const uint8_t high[] = {RSP, RBP, RSI, RDI};
    const struct cpu *cpu = rig->cpu;
    for (unsigned n = 0; n < 4; n++) {
        reg[n] = (uint16_t)cpu->reg[order[n]];
        reg[4 + n] = cpu->seg[seg[n]].selector;
        reg[8 + n] = (uint16_t)cpu->reg[high[n]];
    }
    reg[V_IP] = (uint16_t)cpu_rip(cpu);
    reg[V_FLAGS] = (uint16_t)cpu_eflags(cpu);
}

/* Describes the first difference in `text`; true when there is none. */
static bool compare(struct rig *rig, const struct vector *v,
                    uint16_t flags_mask, char *text, size_t size)
{
    uint16_t want[VREGS], got[VREGS];
    uint32_t flags_at; /* where an exception pushed them */
    get_registers(rig, got);
    flags_at = ((uint32_t)got[V_SS] << 4) + (uint16_t)(got[V_SP] + 4);
    for (unsigned n = 0; n < VREGS; n++) {
        uint16_t mask = n == V_FLAGS ? flags_mask : 0xffff;
        want[n] = v->fina.mask >> n & 1 ? v->fina.reg[n] : v->init.reg[n];
        if ((want[n] ^ got[n]) & mask) {
            snprintf(text, size, "%s = %04x, not %04x (mask %04x)",
                     reg_names[n], got[n], want[n], mask);
            return false;
        }
    }
    for (unsigned n = 0; n < v->fina.count; n++) {
        uint32_t at = v->fina.ram[n].addr, in_flags = at - flags_at;
        uint8_t is = (uint8_t)rig_peek(rig, at, 1), mask = 0xff;
        if (v->exception >= 0 && in_flags < 2)
            mask = (uint8_t)(flags_mask >> in_flags * 8);
        if ((is ^ v->fina.ram[n].value) & mask) {
            snprintf(text, size, "[%05x] = %02x, not %02x", at, is,
                     v->fina.ram[n].value);
            return false;
        }
    }
    return true;
}

static bool run_vector(struct rig *rig, const struct vector *v,
                       uint16_t flags_mask, char *text, size_t size)
{
    int end;
    for (unsigned n = 0; n < v->init.count; n++)
        rig_poke(rig, v->init.ram[n].addr, v->init.ram[n].value, 1);
    /* A 286 knows #GP only; overruns of the stack segment are #SS now. */
    if (v->exception == EX_GP)
        rig_poke(rig, EX_SS * 4, rig_peek(rig, EX_GP * 4, 4), 4);
    if (rotates_byte(v))
        flags_mask &= (uint16_t)~EFL_OF;
    set_registers(rig, v->init.reg);
    end = rig_run(rig);
    if (end == RIG_BUDGET || end == RIG_SHUTDOWN) {
        snprintf(text, size, end == RIG_BUDGET ? "does not end" : "shutdown");
        return false;
    }
    return compare(rig, v, flags_mask, text, size);
}

/* Number of mismatches; *run counts the cases that were run. */
static unsigned run_file(struct rig *rig, const char *file, unsigned *run)
{
    static struct vector v;
    char path[800], text[128], tag[5];
    const struct json *info = opcode_info(file);
    uint16_t mask = defined_flags(info);
    unsigned bad = 0;
    struct bytes b, c;
    uint8_t *data;
    size_t size;
    if (undefined_opcode(info))
        return 0;
    snprintf(path, sizeof path, "%s/%s", the.dir, file);
    data = unzip(path, &size);
    ck_assert_msg(data != NULL, "cannot read %s", path);
    b = (struct bytes){data, data + size};
    while (b.p < b.end) {
        c = chunk(&b, tag);
        if (strcmp(tag, "TEST") != 0)
            continue;
        read_vector(c, &v);
        if (differs(&v))
            continue;
        ++*run;
        if (run_vector(rig, &v, mask, text, sizeof text))
            continue;
        if (bad++ < SHOWN)
            printf("%s #%u %s: %s\n", file, v.index, v.name, text);
    }
    free(data);
    if (bad)
        printf("%s: %u mismatches\n", file, bad);
    return bad;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_vector_file(const struct dirent *e)
{
    const char *dot = strstr(e->d_name, ".MOO.gz");
    if (!dot)
        return 0;
    for (int n = 0; n < the.only_count; n++)
        if (!strncmp(the.only[n], e->d_name, (size_t)(dot - e->d_name)))
            return 1;
    return !the.only_count;
}

START_TEST(vectors)
{
    struct rig *rig = rig_create();
    struct dirent **list;
    int count = scandir(the.dir, &list, is_vector_file, by_name);
    unsigned bad = 0, run = 0;
    ck_assert_int_gt(count, 0);
    rig_real(rig);
    rig->port_in = ~0ull;
    rig->pace = _i ? RIG_SINGLE : RIG_BLOCKS;
    for (int n = 0; n < count; n++) {
        bad += run_file(rig, list[n]->d_name, &run);
        free(list[n]);
    }
    free(list);
    rig_destroy(rig);
    printf("%u cases of %d files, %u mismatches\n", run, count, bad);
    fflush(stdout);
    ck_assert_uint_gt(run, 0);
    ck_assert_uint_eq(bad, 0);
}
END_TEST

static struct json *read_metadata(void)
{
    char path[800], error[JSON_ERROR_SIZE] = "";
    struct json *json;
    uint8_t *text;
    size_t size;
    snprintf(path, sizeof path, "%s/metadata.json", the.dir);
    text = unzip(path, &size); /* zlib reads plain files as they are */
    if (!text)
        return NULL;
    json = json_parse((const char *)text, size, error);
    if (!json)
        fprintf(stderr, "%s: %s\n", path, error);
    free(text);
    return json;
}

int main(int argc, char **argv)
{
    const char *shared = getenv("UMBRA_SHARED");
    Suite *suite = suite_create("cpu/vectors");
    TCase *tc = tcase_create("80286");
    int failed;
    if (shared)
        snprintf(the.dir, sizeof the.dir, "%s/vectors/80286", shared);
    else
        snprintf(the.dir, sizeof the.dir, SRCDIR "/../shared/vectors/80286");
    the.only = argv + 1;
    the.only_count = argc - 1;
    the.metadata = read_metadata();
    if (!the.metadata) {
        printf("SKIPPED: no 80286 vectors in %s\n", the.dir);
        return 0;
    }
    tcase_add_loop_test(tc, vectors, 0, 2); /* blocks, single steps */
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    failed = suite_run(suite);
    json_free(the.metadata);
    return failed;
}
