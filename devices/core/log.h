/* log.h - log categories and the sink given by the host.
 *
 * A module owns its category. A category that is off costs one test.
 * Lines equal to the one before are counted, not repeated. */
#ifndef UMBRA_CORE_LOG_H
#define UMBRA_CORE_LOG_H

#include "devices/core/base.h"

/* THE list of categories: identifier, name for -d, what it tells. */
#define LOG_CATEGORIES(X)                                                      \
    X(GUEST_ERROR, "guest_errors", "guest actions that hardware ignores")      \
    X(UNIMP, "unimp", "registers and functions that are not modelled")         \
    X(CPU, "cpu", "resets, mode changes, triple faults")                       \
    X(INT, "int", "exceptions and interrupts taken")                           \
    X(IN_ASM, "in_asm", "guest code as it is decoded")                         \
    X(EXEC, "exec", "every instruction as it is executed")                     \
    X(JIT, "jit", "blocks translated: guest and host code")                    \
    X(MMU, "mmu", "shadow pages made, zapped and reused")                      \
    X(BIOS, "bios", "lines the firmware writes to ports 0x402 and 0xE9")       \
    X(IOPORT, "ioport", "accesses to ports nobody answers")                    \
    X(PIC, "pic", "8259 interrupt controllers")                                \
    X(PIT, "pit", "8254 timer and speaker")                                    \
    X(RTC, "rtc", "MC146818 clock and CMOS")                                   \
    X(DMA, "dma", "8237 DMA controllers")                                      \
    X(KBC, "kbc", "8042, keyboard and mouse")                                  \
    X(UART, "uart", "16550 serial ports")                                      \
    X(FDC, "fdc", "82077 floppy controller")                                   \
    X(IDE, "ide", "ATA and ATAPI drives, PIIX bus master")                     \
    X(VGA, "vga", "VGA and Bochs VBE registers")                               \
    X(PCI, "pci", "PCI configuration accesses")                                \
    X(APIC, "apic", "local APIC and I/O APIC")                                 \
    X(ACPI, "acpi", "PIIX4 power management")                                  \
    X(FWCFG, "fw_cfg", "firmware configuration device")                        \
    X(DISK, "disk", "disk image files")

enum log_category {
#define X(id, name, help) LOG_##id,
    LOG_CATEGORIES(X)
#undef X
        LOG_COUNT
};

/* Called with one line without newline. */
typedef void log_sink(void *opaque, enum log_category category,
                      const char *line);

struct log {
    uint64_t enabled; /* bit n: category n is on */
    log_sink *sink;   /* may be NULL: nothing is written */
    void *opaque;
    char last[256]; /* the line before, to count repeats */
    enum log_category last_category;
    unsigned repeats;
};

void log_init(struct log *log, log_sink *sink, void *opaque);
/* Write out a pending repeat count (at exit). */
void log_flush(struct log *log);
void log_printf(struct log *log, enum log_category category, const char *fmt,
                ...) PRINTF(3, 4);
/* Name and help of a category; NULL past the last. */
const char *log_category_name(unsigned category);
const char *log_category_help(unsigned category);
/* Bit mask of a comma-separated list ("cpu,dev", "all"); 0 = unknown name,
 * *bad then points at it. */
uint64_t log_parse(const char *list, const char **bad);

#define LOG(log, id, ...)                                                      \
    do {                                                                       \
        if (unlikely((log)->enabled >> LOG_##id & 1))                          \
            log_printf((log), LOG_##id, __VA_ARGS__);                          \
    } while (0)

#endif
