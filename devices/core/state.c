/* state.c - save, load, hash, compare and show fields by their table. */
#include "devices/core/state.h"

#include <inttypes.h>
#include <stdio.h>

static const uint8_t saved_size[] = {
    [STATE_BOOL] = 1, [STATE_U8] = 1,  [STATE_U16] = 2,
    [STATE_U32] = 4,  [STATE_U64] = 8,
};

static uint64_t element_get(const struct state_field *field, const void *part,
                            uint32_t index)
{
    const char *p =
        (const char *)part + field->offset + (size_t)index * field->stride;

    switch (field->type) {
    case STATE_BOOL:
        return *(const bool *)(const void *)p;
    case STATE_U8:
        return *(const uint8_t *)p;
    case STATE_U16:
        return *(const uint16_t *)(const void *)p;
    case STATE_U32:
        return *(const uint32_t *)(const void *)p;
    default:
        return *(const uint64_t *)(const void *)p;
    }
}

static void element_set(const struct state_field *field, void *part,
                        uint32_t index, uint64_t value)
{
    char *p = (char *)part + field->offset + (size_t)index * field->stride;

    switch (field->type) {
    case STATE_BOOL:
        *(bool *)(void *)p = value != 0;
        break;
    case STATE_U8:
        *(uint8_t *)p = (uint8_t)value;
        break;
    case STATE_U16:
        *(uint16_t *)(void *)p = (uint16_t)value;
        break;
    case STATE_U32:
        *(uint32_t *)(void *)p = (uint32_t)value;
        break;
    default:
        *(uint64_t *)(void *)p = value;
        break;
    }
}

size_t state_size(const struct state_field *fields)
{
    size_t size = 0;

    for (; fields->name; fields++)
        size += (size_t)saved_size[fields->type] * fields->count;
    return size;
}

void state_save(const struct state_field *fields, const void *part,
                uint8_t *out)
{
    for (; fields->name; fields++)
        for (uint32_t i = 0; i < fields->count; i++) {
            unsigned size = saved_size[fields->type];
            store_le(out, element_get(fields, part, i), size);
            out += size;
        }
}

void state_load(const struct state_field *fields, void *part, const uint8_t *in)
{
    for (; fields->name; fields++)
        for (uint32_t i = 0; i < fields->count; i++) {
            unsigned size = saved_size[fields->type];
            element_set(fields, part, i, load_le(in, size));
            in += size;
        }
}

uint64_t state_hash_bytes(const void *data, size_t size, uint64_t hash)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * 0x100000001b3ull;
    return hash;
}

uint64_t state_hash(const struct state_field *fields, const void *part,
                    uint64_t hash)
{
    for (; fields->name; fields++)
        for (uint32_t i = 0; i < fields->count; i++) {
            uint8_t bytes[8];
            unsigned size = saved_size[fields->type];
            store_le(bytes, element_get(fields, part, i), size);
            hash = state_hash_bytes(bytes, size, hash);
        }
    return hash;
}

const struct state_field *state_compare(const struct state_field *fields,
                                        const void *a, const void *b)
{
    for (; fields->name; fields++)
        for (uint32_t i = 0; i < fields->count; i++)
            if (element_get(fields, a, i) != element_get(fields, b, i))
                return fields;
    return NULL;
}

/* One line of up to 16 elements of an array, from `first` on. */
static void show_row(const struct state_field *field, const void *part,
                     uint32_t first, char *line, size_t size)
{
    int used = snprintf(line, size, "%s[%" PRIu32 "] =", field->name, first);

    for (uint32_t i = first; i < field->count && i < first + 16; i++) {
        if (used < 0 || (size_t)used >= size)
            return;
        used +=
            snprintf(line + used, size - (size_t)used, " %0*" PRIx64,
                     saved_size[field->type] * 2, element_get(field, part, i));
    }
}

/* Arrays take one line per 16 elements. */
void state_show(const struct state_field *fields, const void *part,
                void (*put)(void *opaque, const char *line), void *opaque)
{
    char line[384];

    for (; fields->name; fields++) {
        if (fields->count == 1) {
            snprintf(line, sizeof line, "%s = 0x%" PRIx64, fields->name,
                     element_get(fields, part, 0));
            put(opaque, line);
            continue;
        }
        for (uint32_t i = 0; i < fields->count; i += 16) {
            show_row(fields, part, i, line, sizeof line);
            put(opaque, line);
        }
    }
}
