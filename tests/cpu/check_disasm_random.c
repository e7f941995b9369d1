/* check_disasm_random - our decoder against Capstone's on random bytes, in
 * all code sizes and with every feature: length and name. What differs has
 * to be in the table below, with a reason; docs/TESTING.md shows it.
 *
 * Alone: make tests/cpu/check_disasm_random && tests/cpu/check_disasm_random
 * DISASM_CASES=N: so many per code size; DISASM_SEED=N: others. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "cpu/disasm.h"
#include "tests/cpu/disasm_word.h"
#include "tests/suite.h"

enum { CASES = 100000, SHOWN = 40 };

enum kind {
    NAME = 1, /* called something else */
    LENGTH = 2,
    THEIRS = 4, /* known to Capstone alone */
    OURS = 8,   /* known to us alone */
};

/* By Capstone's name (of THEIRS, NAME, LENGTH) and the id of our row (of
 * OURS, NAME, LENGTH); * stands for anything. */
static const struct difference {
    const char *theirs, *ours;
    unsigned kind;
    const char *why;
} differences[] = {
#include "tests/cpu/disasm_differences.def"
};

static bool matches(const char *text, const char *pattern)
{
    if (*pattern == '*')
        return matches(text, pattern + 1) ||
               (*text && matches(text + 1, pattern));
    if (!*pattern || !*text)
        return *pattern == *text;
    return *pattern == *text && matches(text + 1, pattern + 1);
}

static bool explained(const char *theirs, const char *ours, unsigned kind)
{
    for (unsigned n = 0; n < ARRAY_LEN(differences); n++) {
        const struct difference *d = &differences[n];
        if ((d->kind & kind) == kind && matches(theirs, d->theirs) &&
            matches(ours, d->ours))
            return true;
    }
    return false;
}

static uint64_t next_random(uint64_t *rng)
{
    uint64_t z = *rng += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* Random bytes; half of the time behind prefixes, escapes or VEX. */
static void make_bytes(uint64_t *rng, uint8_t b[16])
{
    static const uint8_t prefix[] = {0x66, 0x67, 0xf2, 0xf3, 0x2e,
                                     0x64, 0x48, 0x41, 0xf0, 0x36};
    uint64_t r = next_random(rng);
    unsigned n = 0;
    store_le64(b, next_random(rng));
    store_le64(b + 8, next_random(rng));
    if (r & 1)
        return;
    for (r >>= 1; (r & 3) == 0 && n < 3; r >>= 8)
        b[n++] = prefix[(r >> 2) % sizeof prefix];
    switch (r >> 8 & 7) {
    case 0:
    case 1:
    case 2:
        b[n] = 0x0f;
        break;
    case 3:
        b[n] = 0x0f;
        b[n + 1] = r >> 16 & 1 ? 0x38 : 0x3a;
        break;
    case 4:
        b[n] = 0xc5;
        break;
    case 5:
        b[n] = 0xc4;
        b[n + 1] = (uint8_t)((b[n + 1] & 0xe0) | (1 + (r >> 16) % 3));
        break;
    default:
        break;
    }
}

/* The same, or with the operand's size behind it. */
static bool same_name(const char *theirs, const char *ours)
{
    size_t n = strlen(ours);
    return !strncmp(theirs, ours, n) && strlen(theirs) - n <= 2;
}

/* The prefixes but those in `strip` (1: 66, 2: LOCK, 4: F2 F3), sorted: 66
 * and then F2 or F3 last; a REX prefix before them goes. */
static void tidy(const uint8_t *b, unsigned size, unsigned strip,
                 uint8_t less[16])
{
    unsigned n = 0, from = 0, opsize = 0, rep = 0, lock = 0;
    memset(less, 0, 16);
    for (; from < 14; from++) {
        if (b[from] == 0x66)
            opsize = 1;
        else if (b[from] == 0xf2 || b[from] == 0xf3)
            rep = b[from];
        else if (b[from] == 0xf0)
            lock = 1;
        else if (b[from] && strchr("\x67\x26\x2e\x36\x3e\x64\x65", b[from]))
            less[n++] = b[from];
        else if (size != MODE_64 || (b[from] & 0xf0) != 0x40)
            break;
    }
    if (lock && !(strip & 2))
        less[n++] = 0xf0;
    if (opsize && !(strip & 1))
        less[n++] = 0x66;
    if (rep && !(strip & 4))
        less[n++] = (uint8_t)rep;
    if (size == MODE_64 && from && (b[from - 1] & 0xf0) == 0x40)
        less[n++] = b[from - 1];
    for (; n < 15 && from < 15; n++, from++)
        less[n] = b[from];
}

/* Capstone passes over prefixes that make something else of an instruction,
 * or nothing: the same name without some of 66, F0, F2, F3. */
static bool prefix_ignored(const uint8_t *b, unsigned size, const char *word)
{
    for (unsigned strip = 1; strip < 8; strip++) {
        uint8_t less[16];
        char text[96], other[32];
        tidy(b, size, strip, less);
        if (memcmp(less, b, 15) &&
            disasm_text(less, 15, size, 0, text, sizeof text)) {
            disasm_first_word(text, other, sizeof other);
            if (!strcmp(word, other))
                return true;
        }
    }
    return false;
}

/* 67 together with REX.W: Capstone takes it for 66 and REX.W. */
static bool wide_and_short(const uint8_t *b, unsigned size)
{
    const uint8_t *escape = memchr(b, 0x0f, 8);
    return size == MODE_64 && escape && escape > b + 1 &&
           (escape[-1] & 0xf8) == 0x48 && memchr(b, 0x67, (size_t)(escape - b));
}

/* What Capstone knows only with its prefixes in order, or does not know in
 * 16-bit code because it does not look at the mandatory prefix there. */
static bool order_matters(const uint8_t *b, unsigned size,
                          const struct insn_row *row)
{
    uint8_t less[16];
    char text[96], other[32];
    if (size == MODE_16 && (row->encoding & (PFX_66 | PFX_F3 | PFX_F2)))
        return true;
    tidy(b, size, 0, less);
    if (!disasm_text(less, 15, size, 0, text, sizeof text))
        return false;
    disasm_first_word(text, other, sizeof other);
    return same_name(other, row->mnemonic);
}

static unsigned compare(const struct decode_table *t, unsigned size,
                        const uint8_t *b, unsigned *shown)
{
    static const unsigned bits[] = {16, 32, 64};
    char text[96], word[32];
    struct insn i;
    unsigned len = disasm_text(b, 15, size, 0, text, sizeof text), kind = 0;
    bool known = decode_insn(t, b, 15, size, &i) == DECODE_OK;
    const struct insn_row *row = known ? &insn_rows[i.op] : NULL;
    disasm_first_word(len ? text : "", word, sizeof word);
    if (known != (len != 0))
        kind = known ? OURS : THEIRS;
    else if (known)
        kind = (i.len != len ? LENGTH : 0) |
               (same_name(word, row->mnemonic) ? 0 : NAME);
    if ((kind == THEIRS || kind == NAME) &&
        (prefix_ignored(b, size, word) || wide_and_short(b, size)))
        return 0;
    if (kind == OURS && order_matters(b, size, row))
        return 0;
    if (!kind || explained(word, known ? row->id : "", kind))
        return 0;
    if ((*shown)++ < SHOWN) {
        printf("%u bits:", bits[size]);
        for (unsigned n = 0; n < 15; n++)
            printf(" %02x", b[n]);
        printf(": Capstone \"%s\" %u, ours %s %u\n", len ? text : "", len,
               known ? row->id : "", known ? i.len : 0);
    }
    return 1;
}

static unsigned long from_environment(const char *name, unsigned long value)
{
    const char *text = getenv(name);
    return text && *text ? strtoul(text, NULL, 0) : value;
}

START_TEST(random_bytes)
{
    unsigned long cases = from_environment("DISASM_CASES", CASES);
    uint64_t all[(F_COUNT + 63) / 64];
    uint64_t rng = from_environment("DISASM_SEED", 1) * 1000 + (unsigned)_i;
    struct decode_table *t;
    unsigned wrong = 0, shown = 0;
    uint8_t b[16];
    memset(all, 0xff, sizeof all);
    t = decode_create(all);
    ck_assert_ptr_nonnull(t);
    for (unsigned long n = 0; n < cases; n++) {
        make_bytes(&rng, b);
        wrong += compare(t, (unsigned)_i, b, &shown);
    }
    decode_destroy(t);
    fflush(stdout);
    ck_assert_msg(!wrong, "%u differences without a reason", wrong);
}
END_TEST

static bool have_capstone(void)
{
    static const uint8_t fisttp[] = {0xdf, 0x08};
    char text[64];
    return disasm_text(fisttp, 2, 1, 0, text, sizeof text) != 0 &&
           !strncmp(text, "fisttp ", 7) && strlen(text) > 8;
}

int main(void)
{
    Suite *s = suite_create("cpu/disasm_random");
    TCase *tc = tcase_create("random");
    if (!have_capstone()) {
        printf("SKIPPED: built without Capstone\n");
        return 0;
    }
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, random_bytes, MODE_16, MODE_64 + 1);
    suite_add_tcase(s, tc);
    return suite_run(s);
}
