/* disasm.c - host code as text, for -d jit. */
#include "cpu/cpu.h"
#include "cpu/disasm.h"
#include "cpu/jit/backend.h"

size_t backend_disasm(const struct jit *jit, uint64_t address, size_t avail,
                      char *text, size_t text_size)
{
    const uint8_t *code =
        jit->buf.write + (address - (uint64_t)(uintptr_t)jit->buf.exec);
    unsigned n = avail < 15 ? (unsigned)avail : 15;

    n = disasm_text(code, n, MODE_64, address, text, text_size);
    return n ? n : 1;
}
