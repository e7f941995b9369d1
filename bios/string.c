/* Memory functions the compiler calls, and the debug ports. Compiled for
 * code16 and for code32. */

#include "bios.h"

void *memcpy(void *to, const void *from, size_t count)
{
    void *start = to;

    __asm__ volatile("rep movsb"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
    return start;
}

void *memset(void *to, int value, size_t count)
{
    void *start = to;

    __asm__ volatile("rep stosb"
                     : "+D"(to), "+c"(count)
                     : "a"(value)
                     : "memory");
    return start;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left, *b = right;

    for (; count > 0; count--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

/* QEMU's console answers E9h when it is read, Bochs' sits at that port. */
void debug_putc(char c)
{
    outb(inb(0x402) == 0xE9 ? 0x402 : 0xE9, (uint8_t)c);
}

void debug_puts(const char *text)
{
    while (*text)
        debug_putc(*text++);
}

void debug_hex(uint32_t value, int digits)
{
    while (digits-- > 0)
        debug_putc("0123456789abcdef"[value >> (digits * 4) & 15]);
}
