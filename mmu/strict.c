/* strict.c - the counts of --strict-report.
 *
 * Not seen, because fast paths would have to look: flags and results that
 * the manual leaves undefined, port accesses of a width the chip does not
 * have, changed code that is jumped to without serialising. Translations are
 * followed for the last 32 changed entries of 4 KiB pages only, and a change
 * that hardware would notice by itself (the entry had not been used) is not
 * counted. */
#include "mmu/strict.h"

static const char *const names[STRICT_COUNT] = {
#define X(id, text) #id,
    STRICT_ROWS(X)
#undef X
};

static const char *const texts[STRICT_COUNT] = {
#define X(id, text) text,
    STRICT_ROWS(X)
#undef X
};

const char *strict_name(unsigned row, const char **text)
{
    if (row >= STRICT_COUNT)
        return NULL;
    *text = texts[row];
    return names[row];
}

void strict_note(struct strict *strict, enum strict_row row)
{
    uint64_t rip = strict->rip(strict->opaque);

    if (!strict->count[row]++)
        strict->first_rip[row] = rip;
    LOG(strict->log, GUEST_ERROR, "strict: %s at %llx", names[row],
        (unsigned long long)rip);
}

/* ---- translations that hardware might still have */

static uint64_t page_of(uint64_t gva)
{
    return gva & ~0xFFFull;
}

static bool forget(struct strict *strict, uint64_t gva)
{
    for (unsigned n = 0; n < strict->pendings; n++)
        if (strict->pending[n] == page_of(gva)) {
            strict->pending[n] = strict->pending[--strict->pendings];
            return true;
        }
    return false;
}

void strict_entry_changed(struct strict *strict, uint64_t gva)
{
    forget(strict, gva);
    if (strict->pendings == STRICT_PENDING) {
        memmove(strict->pending, strict->pending + 1,
                sizeof strict->pending - sizeof strict->pending[0]);
        strict->pendings--;
    }
    strict->pending[strict->pendings++] = page_of(gva);
}

void strict_page_used(struct strict *strict, uint64_t gva)
{
    if (strict->pendings && forget(strict, gva))
        strict_note(strict, STRICT_stale_translation);
}

void strict_page_flushed(struct strict *strict, uint64_t gva)
{
    forget(strict, gva);
}

void strict_all_flushed(struct strict *strict)
{
    strict->pendings = 0;
}
