/* The 8042 as keyboard.c and mouse.c use it. */
#ifndef KBC_H
#define KBC_H

#include <stdbool.h>
#include <stdint.h>

#define KBC_DATA        0x60
#define KBC_STATUS      0x64
#define KBC_OUTPUT_FULL 0x01
#define KBC_INPUT_FULL  0x02
#define KBC_AUX_DATA    0x20

#define KBC_READ_MODE   0x20
#define KBC_WRITE_MODE  0x60
#define KBC_DISABLE_AUX 0xA7
#define KBC_ENABLE_AUX  0xA8
#define KBC_SELF_TEST   0xAA
#define KBC_DISABLE_KBD 0xAD
#define KBC_ENABLE_KBD  0xAE
#define KBC_TO_AUX      0xD4

#define MODE_IRQ1       0x01
#define MODE_IRQ12      0x02
#define MODE_SYSTEM     0x04
#define MODE_KBD_OFF    0x10
#define MODE_AUX_OFF    0x20
#define MODE_TRANSLATE  0x40

void kbc_command(uint8_t command);
void kbc_write(uint8_t data);
/* The next byte, or -1 after ms milliseconds. */
int kbc_read(uint32_t ms);

#endif
