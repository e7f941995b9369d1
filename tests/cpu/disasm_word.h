/* disasm_word.h - the name in a line of disassembly. */
#ifndef UMBRA_TESTS_CPU_DISASM_WORD_H
#define UMBRA_TESTS_CPU_DISASM_WORD_H

#include <string.h>

#include "devices/core/base.h"

/* The word that names the instruction, behind prefixes. */
static inline void disasm_first_word(const char *text, char *word, size_t size)
{
    static const char *const prefix[] = {"xacquire ", "xrelease ", "notrack ",
                                         "rep ",      "repe ",     "repne ",
                                         "bnd ",      "lock "};
    size_t n;
    for (n = 0; n < ARRAY_LEN(prefix); n++)
        if (!strncmp(text, prefix[n], strlen(prefix[n])))
            text += strlen(prefix[n]);
    for (n = 0; n + 1 < size && text[n] && text[n] != ' '; n++)
        word[n] = text[n];
    word[n] = 0;
}

#endif
