/* disasm_capstone.c - disassembly by Capstone. */
#include "cpu/disasm.h"

#include <capstone.h>
#include <stdio.h>

unsigned disasm_text(const uint8_t *bytes, unsigned avail, unsigned code_size,
                     uint64_t rip, char *text, size_t text_size)
{
    static const cs_mode modes[] = {CS_MODE_16, CS_MODE_32, CS_MODE_64};
    csh handle;
    cs_insn *insn;
    unsigned len = 0;
    snprintf(text, text_size, "(bad)");
    if (cs_open(CS_ARCH_X86, modes[code_size], &handle) != CS_ERR_OK)
        return 0;
    if (cs_disasm(handle, bytes, avail, rip, 1, &insn) == 1) {
        snprintf(text, text_size, "%s %s", insn->mnemonic, insn->op_str);
        len = insn->size;
        cs_free(insn, 1);
    }
    cs_close(&handle);
    return len;
}
