/* record.c - vectors in a file: what a processor did, to be replayed on any
 * host.
 *
 * The file is a line "umbra oracle 1 SIZE AMD NAME", then a zlib stream of
 * SIZE bytes when unpacked. A vector: the row's id, the instruction, the
 * seed, then only what differs: the state before from oracle_fill(seed), the
 * state after from the one before. States are compared as bytes, written
 * little-endian in a fixed order, so that the file does not depend on the
 * host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cpu/insn.h"
#include "tests/oracle/oracle.h"

enum {
    IMAGE = 16 * 8 + 16 + 16 * 32 + 8 * 10 + 16 + 4 + 6 + 12 + 1,
    END = 0xffff,
};

struct oracle_file {
    uint8_t *data;
    size_t size, room, at;
    char cpu[80];
    bool amd;
};

/* ---- bytes */

static void put(struct oracle_file *f, const void *p, size_t n)
{
    if (f->size + n > f->room) {
        f->room = (f->room + n) * 2;
        f->data = realloc(f->data, f->room);
        if (!f->data)
            abort();
    }
    memcpy(f->data + f->size, p, n);
    f->size += n;
}

static void put_le(struct oracle_file *f, uint64_t v, unsigned n)
{
    uint8_t b[8];
    store_le64(b, v);
    put(f, b, n);
}

/* Past the end there are zeros, and the file is over. */
static void get(struct oracle_file *f, void *p, size_t n)
{
    if (n > f->size - f->at) {
        memset(p, 0, n);
        f->at = f->size;
        return;
    }
    memcpy(p, f->data + f->at, n);
    f->at += n;
}

static uint64_t get_le(struct oracle_file *f, unsigned n)
{
    uint8_t b[8] = {0};
    get(f, b, n);
    return load_le64(b);
}

/* ---- a state as bytes, in both directions */

struct cursor {
    uint8_t *p;
    bool store;
};

static void field(struct cursor *c, void *value, unsigned size)
{
    uint64_t v;
    if (c->store) {
        v = size == 8   ? *(uint64_t *)value
            : size == 4 ? *(uint32_t *)value
            : size == 2 ? *(uint16_t *)value
                        : *(uint8_t *)value;
        for (unsigned n = 0; n < size; n++)
            *c->p++ = (uint8_t)(v >> 8 * n);
        return;
    }
    v = 0;
    for (unsigned n = 0; n < size; n++)
        v |= (uint64_t)*c->p++ << 8 * n;
    if (size == 8)
        *(uint64_t *)value = v;
    else if (size == 4)
        *(uint32_t *)value = (uint32_t)v;
    else if (size == 2)
        *(uint16_t *)value = (uint16_t)v;
    else
        *(uint8_t *)value = (uint8_t)v;
}

static void transfer(struct oracle_state *s, uint8_t *image, bool store)
{
    struct cursor c = {image, store};
    for (unsigned n = 0; n < 16; n++)
        field(&c, &s->reg[n], 8);
    field(&c, &s->rip, 8);
    field(&c, &s->flags, 8);
    for (unsigned n = 0; n < 64; n++)
        field(&c, &s->vec[n / 4][n % 4], 8);
    for (unsigned n = 0; n < 8; n++) {
        field(&c, &s->mant[n], 8);
        field(&c, &s->se[n], 2);
    }
    field(&c, &s->fip, 8);
    field(&c, &s->fdp, 8);
    field(&c, &s->mxcsr, 4);
    field(&c, &s->fcw, 2);
    field(&c, &s->fsw, 2);
    field(&c, &s->fop, 2);
    for (unsigned n = 0; n < 6; n++)
        field(&c, &s->seg[n], 2);
    field(&c, &s->ftag, 1);
}

/* ---- differences */

static void put_delta(struct oracle_file *f, const uint8_t *base,
                      const uint8_t *now, unsigned size)
{
    for (unsigned at = 0; at < size;) {
        unsigned n = 0;
        if (base[at] == now[at]) {
            at++;
            continue;
        }
        while (at + n < size && n < 255 && base[at + n] != now[at + n])
            n++;
        put_le(f, at, 2);
        put_le(f, n, 1);
        put(f, now + at, n);
        at += n;
    }
    put_le(f, END, 2);
}

static void get_delta(struct oracle_file *f, uint8_t *image, unsigned size)
{
    for (;;) {
        unsigned at = (unsigned)get_le(f, 2), n;
        if (at == END || f->at == f->size)
            return;
        n = (unsigned)get_le(f, 1);
        if (at + n > size)
            return;
        get(f, image + at, n);
    }
}

/* ---- writing */

struct oracle_file *oracle_file_create(const char *cpu_name, bool amd)
{
    struct oracle_file *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    snprintf(f->cpu, sizeof f->cpu, "%s", cpu_name);
    f->amd = amd;
    return f;
}

static void put_result(struct oracle_file *f, const struct oracle_case *c,
                       const struct oracle_result *r)
{
    struct oracle_state before = c->in, after = r->out;
    uint8_t a[IMAGE], b[IMAGE];
    transfer(&before, a, true);
    transfer(&after, b, true);
    put_delta(f, a, b, IMAGE);
    put_le(f, r->vector, 1);
    put_le(f, r->error, 4);
    put_le(f, r->vector == 14 ? r->cr2 : 0, 8);
    put_le(f, r->changes, 2);
    for (unsigned n = 0; n < r->changes; n++) {
        put_le(f, r->change[n].at, 2);
        put_le(f, r->change[n].value, 1);
    }
}

void oracle_file_add(struct oracle_file *f, const struct oracle_case *c,
                     const struct oracle_result *r)
{
    const char *id = insn_rows[c->row].id;
    struct oracle_state state;
    uint8_t mem[ORC_MEM], a[IMAGE], b[IMAGE];
    put_le(f, strlen(id), 1);
    put(f, id, strlen(id));
    put_le(f, c->code_size, 1);
    put_le(f, c->len, 1);
    put_le(f, c->fit, 1);
    put_le(f, c->after, 1);
    put(f, c->bytes, 16);
    put_le(f, c->seed, 8);
    put_le(f, c->mem_at, 4);
    oracle_fill(c->seed, &state, mem);
    put_delta(f, mem, c->mem, ORC_MEM);
    transfer(&state, a, true);
    state = c->in;
    transfer(&state, b, true);
    put_delta(f, a, b, IMAGE);
    put_result(f, c, r);
}

bool oracle_file_save(struct oracle_file *f, const char *path)
{
    uLongf packed = compressBound((uLong)f->size);
    uint8_t *z = malloc(packed);
    FILE *out = fopen(path, "wb");
    bool ok =
        z && out && compress2(z, &packed, f->data, (uLong)f->size, 9) == Z_OK;
    if (ok) {
        fprintf(out, "umbra oracle 1 %lu %d %s\n", (unsigned long)f->size,
                f->amd, f->cpu);
        ok = fwrite(z, 1, packed, out) == packed;
    }
    if (out && fclose(out))
        ok = false;
    free(z);
    if (!ok)
        fprintf(stderr, "oracle: cannot write %s\n", path);
    return ok;
}

/* ---- reading */

static bool unpack(struct oracle_file *f, FILE *in)
{
    uLongf size = (uLongf)f->size;
    size_t room = f->size + 65536, n;
    uint8_t *z = malloc(room);
    f->data = malloc(f->size + 1);
    if (!z || !f->data) {
        free(z);
        return false;
    }
    n = fread(z, 1, room, in);
    if (uncompress(f->data, &size, z, (uLong)n) != Z_OK)
        size = 0;
    free(z);
    return size == f->size;
}

struct oracle_file *oracle_file_load(const char *path, char *error,
                                     size_t error_size)
{
    struct oracle_file *f = calloc(1, sizeof *f);
    unsigned long size = 0;
    int amd = 0;
    FILE *in = fopen(path, "rb");
    char line[160] = "";
    if (f && in && fgets(line, sizeof line, in) &&
        sscanf(line, "umbra oracle 1 %lu %d %79[^\n]", &size, &amd, f->cpu) ==
            3) {
        f->size = size;
        f->amd = amd;
        if (unpack(f, in)) {
            fclose(in);
            return f;
        }
    }
    snprintf(error, error_size, "%s: no vectors in it", path);
    if (in)
        fclose(in);
    oracle_file_close(f);
    return NULL;
}

const char *oracle_file_cpu(const struct oracle_file *f, bool *amd)
{
    *amd = f->amd;
    return f->cpu;
}

static int row_of(const char *id)
{
    for (int n = 0; n < INSN_COUNT; n++)
        if (!strcmp(insn_rows[n].id, id))
            return n;
    return -1;
}

static void get_result(struct oracle_file *f, const struct oracle_case *c,
                       struct oracle_result *r)
{
    struct oracle_state before = c->in;
    uint8_t image[IMAGE];
    transfer(&before, image, true);
    get_delta(f, image, IMAGE);
    transfer(&r->out, image, false);
    r->vector = (uint8_t)get_le(f, 1);
    r->error = (uint32_t)get_le(f, 4);
    r->cr2 = get_le(f, 8);
    r->changes = (uint32_t)get_le(f, 2) % ORC_CHANGES;
    for (unsigned n = 0; n < r->changes; n++) {
        r->change[n].at = (uint16_t)get_le(f, 2);
        r->change[n].value = (uint8_t)get_le(f, 1);
    }
}

bool oracle_file_next(struct oracle_file *f, struct oracle_case *c,
                      struct oracle_result *r, int *row)
{
    char id[256] = "";
    struct oracle_state state;
    uint8_t image[IMAGE];
    if (f->at >= f->size)
        return false;
    get(f, id, (size_t)get_le(f, 1));
    *row = row_of(id);
    memset(c, 0, sizeof *c);
    memset(&r->out, 0, sizeof r->out);
    c->row = (uint16_t)(*row < 0 ? 0 : *row);
    c->code_size = (uint8_t)get_le(f, 1) % 3;
    c->len = (uint8_t)get_le(f, 1) & 15;
    c->fit = (uint8_t)get_le(f, 1) & 15;
    c->after = (uint8_t)get_le(f, 1) & 15;
    get(f, c->bytes, 16);
    c->seed = get_le(f, 8);
    c->mem_at = (uint32_t)get_le(f, 4);
    oracle_fill(c->seed, &state, c->mem);
    get_delta(f, c->mem, ORC_MEM);
    transfer(&state, image, true);
    get_delta(f, image, IMAGE);
    transfer(&c->in, image, false);
    get_result(f, c, r);
    return true;
}

void oracle_file_close(struct oracle_file *f)
{
    if (f)
        free(f->data);
    free(f);
}
