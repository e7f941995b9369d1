/* Messages: to the screen through INT 10h, and to the debug ports. Memory
 * functions the compiler calls. */

#include "code16.h"

void screen_putc(char c)
{
    struct regs r;

    debug_putc(c);
    memset(&r, 0, sizeof(r));
    r.ah = 0x0E;
    r.al = (uint8_t)c;
    r.bx = 0x0007;
    int_call(0x10, &r);
}

/* Not every video BIOS sets a mode of its own accord. */
void screen_start(void)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = 0x0003;
    int_call(0x10, &r);
}

void screen_puts(const char *text)
{
    while (*text)
        screen_putc(*text++);
}

void screen_decimal(uint32_t value)
{
    char digits[10];
    int n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0)
        screen_putc(digits[--n]);
}

void far_store(uint16_t segment, uint16_t offset, const void *from,
               uint16_t count)
{
    const uint8_t *p = from;

    far_select(segment);
    while (count-- > 0)
        *FAR_PTR(uint8_t, offset++) = *p++;
}

void far_fetch(void *to, uint16_t segment, uint16_t offset, uint16_t count)
{
    uint8_t *p = to;

    far_select(segment);
    while (count-- > 0)
        *p++ = *FAR_PTR(uint8_t, offset++);
}
