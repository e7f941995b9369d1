/* report.c - what led to a triple fault: the three faults, the table entries
 * behind page faults, the events before, registers, the instruction.
 *
 * Tables are read when the report is made: what the guest changed between a
 * fault and the shutdown is shown changed. The list of last branches has
 * those that leave the segment: exceptions, interrupts, far JMP, CALL, RET
 * and IRET. Not kept: near branches, since a ring of them would cost time in
 * every block, and SYSCALL, SYSENTER and their returns. */
#include "cpu/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cpu/disasm.h"
#include "cpu/event.h"
#include "mmu/explain.h"

struct report {
    struct cpu *cpu;
    void (*put)(void *opaque, const char *line);
    void *opaque;
};

PRINTF(2, 3) static void tell(const struct report *r, const char *fmt, ...)
{
    char line[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    r->put(r->opaque, line);
}

static const char *vector_name(unsigned vector)
{
    static const char *const names[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9",
        "#TS", "#NP", "#SS", "#GP", "#PF", "15",  "#MF", "#AC", "#MC", "#XM"};

    return vector < ARRAY_LEN(names) ? names[vector] : "vector";
}

/* ---- page faults */

static void tell_walk(const struct report *r,
                      const struct cpu_event_record *fault)
{
    enum mmu_access access = fault->error & PF_I   ? MMU_EXEC
                             : fault->error & PF_W ? MMU_WRITE
                                                   : MMU_READ;
    struct mmu_step step[MMU_MAX_STEPS];
    unsigned n =
        mmu_explain(&r->cpu->mmu, fault->error & PF_U ? BANK_USER : BANK_SUPER,
                    access, fault->cr2, step);

    for (unsigned i = 0; i < n; i++)
        tell(r, "     level %u entry at %09" PRIx64 ": %016" PRIx64 " %s",
             step[i].level, step[i].gpa, step[i].entry,
             step[i].why ? step[i].why
             : i + 1 < n ? "table"
                         : "permits it now");
}

static void tell_fault(const struct report *r, unsigned n)
{
    static const char *const ordinal[] = {"first", "second", "third"};
    const struct cpu_event_record *f = &r->cpu->faults[n];
    char error[24] = "", cr2[32] = "";

    if (f->has_error)
        snprintf(error, sizeof error, " error %04" PRIx32, f->error);
    if (f->cause == EX_PF)
        snprintf(cr2, sizeof cr2, " CR2 %" PRIx64, f->cr2);
    tell(r, "  %-6s %s%s at %04x:%" PRIx64 "%s", ordinal[n],
         vector_name(f->cause), error, f->cs, f->rip, cr2);
    if (f->cause == EX_PF)
        tell_walk(r, f);
}

/* ---- events, registers, code */

static void tell_history(const struct report *r)
{
    /* ORDER: enum event_kind */
    static const char *const kinds[] = {
        "interrupt", "NMI",     "exception", "INT",     "INT3",
        "INT1",      "far jmp", "far call",  "far ret", "iret",
    };
    const struct cpu *cpu = r->cpu;
    unsigned count =
        cpu->history_count < CPU_HISTORY ? cpu->history_count : CPU_HISTORY;

    tell(r, "  last events and far branches, latest first:");
    for (unsigned n = 1; n <= count; n++) {
        const struct cpu_history *h =
            &cpu->history[(cpu->history_count - n) % CPU_HISTORY];

        if (h->kind < EVENT_FAR_JMP)
            tell(r, "     %02x %s at %04x:%" PRIx64, h->vector, kinds[h->kind],
                 h->cs, h->rip);
        else
            tell(r, "        %s at %04x:%" PRIx64, kinds[h->kind], h->cs,
                 h->rip);
    }
}

static void tell_registers(const struct report *r)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx",
                                        "rsp", "rbp", "rsi", "rdi"};
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    const struct cpu *cpu = r->cpu;
    unsigned general = cpu_long(cpu) ? 16 : 8;

    for (unsigned n = 0; n < general; n += 2) {
        char name[2][8];

        for (unsigned k = 0; k < 2; k++)
            if (n + k < 8)
                snprintf(name[k], sizeof name[k], "%s", names[n + k]);
            else
                snprintf(name[k], sizeof name[k], "r%u", n + k);
        tell(r, "  %-4s %016" PRIx64 "  %-4s %016" PRIx64, name[0], cpu->reg[n],
             name[1], cpu->reg[n + 1]);
    }
    tell(r, "  rip  %016" PRIx64 "  eflags %08" PRIx64 "  cpl %u", cpu_rip(cpu),
         cpu_eflags(cpu), cpu->cpl);
    for (unsigned s = 0; s < SEG_COUNT; s++)
        tell(r, "  %s %04x base %016" PRIx64 " limit %08" PRIx32 " attr %04x",
             segments[s], cpu->seg[s].selector, cpu->seg[s].base,
             cpu->seg[s].limit, cpu->seg[s].attr);
    tell(r, "  tr %04x base %016" PRIx64 " limit %08" PRIx32, cpu->tr.selector,
         cpu->tr.base, cpu->tr.limit);
    tell(r, "  gdtr %016" PRIx64 " %04x  idtr %016" PRIx64 " %04x",
         cpu->gdtr_base, cpu->gdtr_limit, cpu->idtr_base, cpu->idtr_limit);
    tell(r, "  cr0 %08" PRIx64 " cr2 %016" PRIx64 " cr3 %016" PRIx64, cpu->cr0,
         cpu->cr2, cpu->cr3);
    tell(r, "  cr4 %08" PRIx64 " efer %04" PRIx64, cpu->cr4, cpu->efer);
}

/* All that can be read of the 15 bytes. */
static void tell_code(const struct report *r)
{
    struct cpu *cpu = r->cpu;
    gva_t gva = cpu->cs_base + cpu_rip(cpu);
    uint8_t code[15];
    char text[96], bytes[48] = "";
    unsigned avail = 0, length;

    if (!cpu_code64(cpu))
        gva = (uint32_t)gva;
    while (avail < sizeof code &&
           mmu_peek(&cpu->mmu, gva + avail, &code[avail], 1))
        avail++;
    if (!avail) {
        tell(r, "  code: not mapped");
        return;
    }
    length = disasm_text(code, avail, cpu->mode & MODE_CODE, cpu_rip(cpu), text,
                         sizeof text);
    if (!length)
        length = avail;
    for (unsigned n = 0; n < length; n++)
        snprintf(bytes + n * 3, sizeof bytes - n * 3, "%02x ", code[n]);
    tell(r, "  code: %s %s", bytes, text);
}

void cpu_report_triple(struct cpu *cpu,
                       void (*put)(void *opaque, const char *line),
                       void *opaque)
{
    const struct report r = {cpu, put, opaque};

    tell(&r, "triple fault after %" PRIu64 " instructions:", cpu_icount(cpu));
    for (unsigned n = 0; n < ARRAY_LEN(cpu->faults); n++)
        tell_fault(&r, n);
    tell_code(&r);
    tell_registers(&r);
    tell_history(&r);
}
