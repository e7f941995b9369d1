/* demo.h - the pieces of the demo floppy. Real mode, one segment of 64 KiB;
 * `static` data is allowed here, this is a guest. */
#ifndef UMBRA_DEMO_H
#define UMBRA_DEMO_H

#include <stdbool.h>
#include <stdint.h>

enum { SCREEN_WIDTH = 320, SCREEN_HEIGHT = 200 };
enum { KEY_NONE = 0, KEY_ESC = 27 };

/* ---- the machine */

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* 18.2 a second, from the BIOS' data area. */
static inline uint32_t ticks(void)
{
    return *(volatile uint32_t *)0x46C;
}

/* ---- screen.c: text goes to the screen and to COM1 */

void open_serial(void);
void set_mode(uint8_t mode);
void put(const char *text);
void put_number(uint32_t value);
void put_two(unsigned value); /* at least two digits */
/* The character of a key pressed or of a byte from COM1, else KEY_NONE. */
int get_key(void);
/* Change colours of text row `row`, without the text. */
void colour_row(unsigned row, unsigned column, unsigned count, uint8_t colour);
void wait_retrace(void);
/* One line of pixels, mode 13h. */
void put_line(unsigned y, const uint8_t *pixels);
/* Colour `index`, components 0..63. */
void set_colour(uint8_t index, uint8_t red, uint8_t green, uint8_t blue);
/* A short text over the picture, mode 13h. */
void caption(const char *text);
/* 127 * sine of an angle of 256 parts, nearly. */
int sine(unsigned angle);

/* ---- pages: shown until a key is pressed, which they return */

int eclipse(void);
int plasma(void);

#endif
