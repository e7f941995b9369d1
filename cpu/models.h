/* models.h - processor models and their features, as data (models.c). */
#ifndef UMBRA_CPU_MODELS_H
#define UMBRA_CPU_MODELS_H

#include "cpu/cpu.h"

enum { FEATURE_WORDS = (F_COUNT + 63) / 64, MODEL_CACHES = 4 };

/* What a feature brings along. `name` NULL: it cannot be chosen. `reg` is
 * 0..3 for EAX..EDX, or NO_BIT. A feature needs all of `needs` (0 ends:
 * F_I8086 is always there). The bits are those of registers that exist only
 * with it. */
enum { NO_BIT = 4 };
struct cpu_feature_row {
    const char *name, *alias;
    uint32_t leaf;
    uint8_t reg, bit;
    uint8_t needs[6];
    uint32_t cr4, efer, eflags;
};

extern const struct cpu_feature_row cpu_feature_rows[F_COUNT];

/* Leaf 4. `type` 1 data, 2 instructions, 3 both; lines of 64 bytes. */
struct cpu_cache {
    uint8_t level, type, ways;
    uint16_t sets;
};

/* `level` and `xlevel`: the highest leaves (xlevel 0: none). `leaf2`: caches
 * as descriptor bytes. Models after the first one named begin with the
 * features of their base. */
struct cpu_model {
    const char *name, *help, *brand;
    uint32_t signature; /* family, model, stepping as in leaf 1 */
    uint32_t microcode; /* revision */
    uint32_t level, xlevel;
    uint8_t maxphyaddr;
    uint32_t leaf2[4];
    struct cpu_cache cache[MODEL_CACHES];
    const char *base;
    uint8_t features[40]; /* 0 ends */
};

struct cpu_choice {
    const struct cpu_model *model;
    uint64_t features[FEATURE_WORDS];
};

/* "MODEL", "MODEL,+feature,-feature,feature=on"; NULL or "" is the default
 * model. False with one line in `error`. */
bool models_choose(struct cpu_choice *choice, const char *text, char *error,
                   size_t size);
/* Model n and the name of feature n, for lists; NULL past the last. */
const struct cpu_model *models_list(unsigned n);
const char *models_feature(unsigned n);

#endif
