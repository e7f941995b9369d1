/* state.h - a part's saved fields, described once.
 *
 * One table of fields serves save, load, hash, the monitor's `show` and the
 * round-trip tests. Saved data is little-endian and padding-free. */
#ifndef UMBRA_CORE_STATE_H
#define UMBRA_CORE_STATE_H

#include "devices/core/base.h"

enum state_type { STATE_BOOL, STATE_U8, STATE_U16, STATE_U32, STATE_U64 };

/* An array is a field with count > 1; a table ends with a NULL name.
 * `stride` is the distance between elements, for arrays of structs. */
struct state_field {
    const char *name;
    enum state_type type;
    uint32_t offset;
    uint32_t count;
    uint32_t stride;
};

/* Rows of a field table: FIELD(struct pit, U16, latch) and, for member m of
 * an array of structs, FIELD_OF(struct pit, U16, channel, latch). The type
 * is checked against the member's size. */
#define STATE_SIZE_BOOL    sizeof(bool)
#define STATE_SIZE_U8      1
#define STATE_SIZE_U16     2
#define STATE_SIZE_U32     4
#define STATE_SIZE_U64     8
#define STATE_MEMBER(s, m) (((s *)0)->m)
#define STATE_CHECK(expr, t)                                                   \
    (0 * sizeof(char[(sizeof(expr) == STATE_SIZE_##t) ? 1 : -1]))
#define FIELD(s, t, m)                                                         \
    {                                                                          \
#m, STATE_##t,                                                         \
            (uint32_t)(offsetof(s, m) + STATE_CHECK(STATE_MEMBER(s, m), t)),   \
            1, 0                                                               \
    }
#define FIELD_ARRAY(s, t, m)                                                   \
    {                                                                          \
#m, STATE_##t,                                                         \
            (uint32_t)(offsetof(s, m) +                                        \
                       STATE_CHECK(STATE_MEMBER(s, m)[0], t)),                 \
            (uint32_t)(sizeof(STATE_MEMBER(s, m)) / STATE_SIZE_##t),           \
            STATE_SIZE_##t                                                     \
    }
#define FIELD_OF(s, t, a, m)                                                   \
    {                                                                          \
#a "." #m, STATE_##t,                                                  \
            (uint32_t)(offsetof(s, a[0].m) +                                   \
                       STATE_CHECK(STATE_MEMBER(s, a)[0].m, t)),               \
            (uint32_t)ARRAY_LEN(STATE_MEMBER(s, a)),                           \
            (uint32_t)sizeof(STATE_MEMBER(s, a)[0])                            \
    }
#define FIELD_END                                                              \
    {                                                                          \
        NULL, STATE_BOOL, 0, 0, 0                                              \
    }

/* Bytes that `fields` take when saved. */
size_t state_size(const struct state_field *fields);
/* Save to / load from a buffer of state_size() bytes. */
void state_save(const struct state_field *fields, const void *part,
                uint8_t *out);
void state_load(const struct state_field *fields, void *part,
                const uint8_t *in);
/* Fold all fields into a running 64-bit hash (FNV-1a). */
uint64_t state_hash(const struct state_field *fields, const void *part,
                    uint64_t hash);
uint64_t state_hash_bytes(const void *data, size_t size, uint64_t hash);
#define STATE_HASH_INIT 0xcbf29ce484222325ull
/* First field in which two parts differ, or NULL. */
const struct state_field *state_compare(const struct state_field *fields,
                                        const void *a, const void *b);
/* One "name = value" line per field through `put`. */
void state_show(const struct state_field *fields, const void *part,
                void (*put)(void *opaque, const char *line), void *opaque);

#endif
