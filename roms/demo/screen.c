/* screen.c - what the demo needs of the machine: text, keys, pixels. */
#include "roms/demo/demo.h"

enum { COM1 = 0x3F8, COM_LSR = COM1 + 5, LSR_DATA = 0x01, LSR_EMPTY = 0x20 };

void set_mode(uint8_t mode)
{
    __asm__ volatile("pushl %%ebp; int $0x10; popl %%ebp"
                     :
                     : "a"((uint32_t)mode)
                     : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
}

static void put_screen(char c)
{
    __asm__ volatile("pushl %%ebp; int $0x10; popl %%ebp"
                     :
                     : "a"(0x0E00 | (uint8_t)c), "b"(7)
                     : "ecx", "edx", "esi", "edi", "memory", "cc");
}

/* 9600 bits a second, 8 bits, no parity. */
void open_serial(void)
{
    __asm__ volatile("int $0x14" : : "a"(0x00E3), "d"(0) : "memory", "cc");
}

/* A port that is not there never gets ready: give up. */
static void put_serial(char c)
{
    for (unsigned i = 0; i < 20000 && !(inb(COM_LSR) & LSR_EMPTY); i++)
        ;
    outb(COM1, (uint8_t)c);
}

void put(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            put_screen('\r');
            put_serial('\r');
        }
        put_screen(*text);
        put_serial(*text);
    }
}

void put_number(uint32_t value)
{
    char digits[12], *p = digits + sizeof digits - 1;

    *p = 0;
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    put(p);
}

void put_two(unsigned value)
{
    if (value < 10)
        put("0");
    put_number(value);
}

static bool key_waits(void)
{
    bool none;

    __asm__ volatile("int $0x16"
                     : "=@ccz"(none)
                     : "a"(0x0100)
                     : "ebx", "ecx", "edx", "memory");
    return !none;
}

int get_key(void)
{
    uint32_t key = 0;

    if (key_waits()) {
        __asm__ volatile("int $0x16"
                         : "+a"(key)
                         :
                         : "ebx", "ecx", "edx", "memory", "cc");
        return (uint8_t)key;
    }
    if (inb(COM_LSR) != 0xFF && inb(COM_LSR) & LSR_DATA)
        return inb(COM1);
    return KEY_NONE;
}

void colour_row(unsigned row, unsigned column, unsigned count, uint8_t colour)
{
    uint32_t at = (row * 80 + column) * 2 + 1;

    for (; count; count--, at += 2)
        __asm__ volatile("pushl %%es; pushl %2; popl %%es;"
                         "movb %b1, %%es:(%0); popl %%es"
                         :
                         : "r"(at), "q"(colour), "r"(0xB800)
                         : "memory");
}

void wait_retrace(void)
{
    while (inb(0x3DA) & 8)
        ;
    while (!(inb(0x3DA) & 8))
        ;
}

void put_line(unsigned y, const uint8_t *pixels)
{
    uint32_t to = y * SCREEN_WIDTH, count = SCREEN_WIDTH / 4;

    __asm__ volatile("pushl %%es; pushl %3; popl %%es;"
                     "rep movsl; popl %%es"
                     : "+D"(to), "+S"(pixels), "+c"(count)
                     : "r"(0xA000)
                     : "memory");
}

void set_colour(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    outb(0x3C8, index);
    outb(0x3C9, red);
    outb(0x3C9, green);
    outb(0x3C9, blue);
}

void caption(const char *text)
{
    __asm__ volatile("int $0x10"
                     :
                     : "a"(0x0200), "b"(0), "d"(24 << 8 | 1)
                     : "memory", "cc");
    for (; *text; text++)
        __asm__ volatile("pushl %%ebp; int $0x10; popl %%ebp"
                         :
                         : "a"(0x0E00 | (uint8_t)*text), "b"(255)
                         : "ecx", "edx", "esi", "edi", "memory", "cc");
}

/* Each half wave is a parabola. */
int sine(unsigned angle)
{
    int x = (int)(angle & 127), y = x * (128 - x) * 127 / 4096;

    return angle & 128 ? -y : y;
}
