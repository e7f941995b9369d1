/* BIOS check program: calls the services and looks at what they do. Runs
 * from a diskette (make check-bios) in any emulator of this board; one line
 * a check on the debug port, then exit through port F4h: 0 = all passed. */

#include "bda.h"
#include "check.h"

int failures;

void debug_putc(char c)
{
    outb(inb(0x402) == 0xE9 ? 0x402 : 0xE9, (uint8_t)c);
}

void debug_puts(const char *text)
{
    while (*text)
        debug_putc(*text++);
}

static void debug_number(uint32_t value)
{
    int i;

    for (i = 28; i >= 0; i -= 4)
        debug_putc("0123456789abcdef"[value >> i & 15]);
}

void check_that(bool ok, const char *what, int line)
{
    if (ok)
        return;
    failures++;
    debug_puts("FAIL ");
    debug_number((uint32_t)line);
    debug_puts(" ");
    debug_puts(what);
    debug_puts("\n");
}

void check_equal(uint32_t got, uint32_t want, const char *what, int line)
{
    if (got == want)
        return;
    check_that(false, what, line);
    debug_puts("     got ");
    debug_number(got);
    debug_puts(" want ");
    debug_number(want);
    debug_puts("\n");
}

struct regs call(uint8_t number, uint16_t ax, uint16_t bx, uint16_t cx,
                 uint16_t dx)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = ax;
    r.bx = bx;
    r.cx = cx;
    r.dx = dx;
    r.ds = r.es = SEG_CHECK;
    int_call(number, &r);
    return r;
}

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"services", check_services},
    {"memory", check_memory},
    {"time", check_time},
    {"keyboard", check_keyboard},
    {"mouse", check_mouse},
    {"system", check_system},
    {"protected", check_protected},
    {"pci", check_pci},
    {"ports", check_ports},
    {"floppy", check_floppy},
    {"disk", check_disk},
    {"text", check_text},
    {"graphics", check_graphics},
    {"palette", check_palette},
    {"vbe", check_vbe},
};

void check_main(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_LEN(groups); i++) {
        debug_puts("check ");
        debug_puts(groups[i].name);
        debug_puts("\n");
        groups[i].run();
    }
    debug_puts(failures ? "BIOS check: FAILED\n" : "BIOS check: passed\n");
    outb(0xF4, failures ? 1 : 0);
}

void *memset(void *to, int value, size_t count)
{
    uint8_t *p = to;

    while (count-- > 0)
        *p++ = (uint8_t)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t count)
{
    uint8_t *p = to;
    const uint8_t *q = from;

    while (count-- > 0)
        *p++ = *q++;
    return to;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left, *b = right;

    for (; count > 0; count--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}
