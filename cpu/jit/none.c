/* none.c - hosts without a JIT: the interpreter runs everything. */
#include "cpu/jit/jit.h"

#include <stdio.h>

struct jit *jit_create(struct cpu *cpu, uint64_t bytes, char *error,
                       size_t error_size)
{
    (void)cpu;
    (void)bytes;
    snprintf(error, error_size,
             "JIT: this build has none for its host; "
             "use -accel interp");
    return NULL;
}

void jit_destroy(struct jit *jit)
{
    (void)jit;
}

void jit_block_made(struct cpu *cpu, struct block *b)
{
    (void)cpu;
    (void)b;
}

void jit_block_killed(struct cpu *cpu, struct block *b)
{
    (void)cpu;
    (void)b;
}

void jit_unlink(struct cpu *cpu, struct block *b, unsigned n)
{
    (void)cpu;
    (void)b;
    (void)n;
}

void jit_drop_all(struct cpu *cpu)
{
    (void)cpu;
}

const struct jit_counters *jit_counters(const struct jit *jit)
{
    (void)jit;
    return NULL;
}

const char *jit_audit(const struct jit *jit)
{
    (void)jit;
    return NULL;
}

void jit_set_fault(struct jit *jit, enum jit_fault fault)
{
    (void)jit;
    (void)fault;
}

void jit_set_heat(struct jit *jit, uint32_t entries)
{
    (void)jit;
    (void)entries;
}
