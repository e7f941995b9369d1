/* Serial, parallel and game ports: INT 05h, 14h, 17h, and AH=84h of INT 15h.
 * Sources: IBM PS/2 and PC BIOS Interface Technical Reference; RBIL; IBM PC/AT
 * Technical Reference for the time-outs and the joystick's unit. */

#include "code16.h"

#define TIMEOUT_MS     55 /* one unit of the time-outs at 40:78 and 40:7C */

#define UART_IER       1
#define UART_LCR       3
#define UART_MCR       4
#define UART_LSR       5
#define UART_MSR       6

#define LPT_STATUS     1
#define LPT_CONTROL    2
#define LPT_NOT_BUSY   0x80
#define LPT_FLIPPED    0x48 /* -ACK and -ERROR, which INT 17h tells as true */
#define LPT_IDLE       0x0C /* selected, no INIT */
#define LPT_STROBE     0x01
#define LPT_TIMED_OUT  0x01

#define JOYSTICK_PORT  0x201
#define JOYSTICK_TICKS 10000 /* 2.8 ms: longer than any joystick's one-shot */
#define JOYSTICK_UNIT  24    /* ticks, as 8 of the timer's 1.19 MHz */

/* Waits until all bits of mask are set at a port; `units` are those of the
 * BIOS data area. */
static bool wait_for(uint16_t port, uint8_t mask, uint8_t units)
{
    uint32_t start = timer_now();

    while ((inb(port) & mask) != mask) {
        if (timer_expired(start, units * TIMEOUT_MS))
            return false;
        irq_window();
    }
    return true;
}

/* --- INT 14h: serial ports ------------------------------------------------ */

static void uart_init(uint16_t base, uint16_t divisor, uint8_t format)
{
    outb((uint16_t)(base + UART_LCR), 0x80);
    outw(base, divisor);
    outb((uint16_t)(base + UART_LCR), format);
    outb((uint16_t)(base + UART_IER), 0);
}

/* 110 to 9600 baud, and 19200 in the extended call. */
static uint16_t divisor_of(uint8_t rate)
{
    static const uint16_t divisor[9] = {1047, 768, 384, 192, 96, 48, 24, 12, 6};

    return divisor[rate < 9 ? rate : 8];
}

/* AH=04h: AL break, BH parity 0-4, BL stop bits, CH length - 5, CL rate. */
static void uart_init_extended(uint16_t base, struct regs *r)
{
    static const uint8_t parity[5] = {0x00, 0x08, 0x18, 0x28, 0x38};

    uart_init(base, divisor_of(r->cl),
              (uint8_t)((r->al ? 0x40 : 0) | parity[r->bh < 5 ? r->bh : 0] |
                        (r->bl ? 0x04 : 0) | (r->ch & 3)));
}

/* AH of a transfer: the line's status, bit 7 for a time-out. */
static void uart_transfer(uint16_t base, struct regs *r, uint8_t units)
{
    uint16_t lsr = (uint16_t)(base + UART_LSR);
    bool send = r->ah == 0x01;

    outb((uint16_t)(base + UART_MCR), 0x03);
    if (!wait_for(lsr, send ? 0x20 : 0x01, units)) {
        r->ah = 0x80 | inb(lsr);
    } else if (send) {
        outb(base, r->al);
        r->ah = inb(lsr) & 0x7F;
    } else {
        r->ah = inb(lsr) & 0x1E;
        r->al = inb(base);
    }
}

void int14_service(struct regs *r)
{
    uint16_t base = r->dx < 4 ? BDA->com_port[r->dx] : 0;

    if (base == 0)
        return;
    switch (r->ah) {
    case 0x00:
        uart_init(base, divisor_of(r->al >> 5), r->al & 0x1F);
        break;
    case 0x01:
    case 0x02:
        uart_transfer(base, r, BDA->com_timeout[r->dx]);
        return;
    case 0x03:
        break;
    case 0x04:
        uart_init_extended(base, r);
        break;
    case 0x05: /* modem control register */
        if (r->al)
            outb((uint16_t)(base + UART_MCR), r->bl & 0x1F);
        else
            r->bl = inb((uint16_t)(base + UART_MCR));
        break;
    default:
        return;
    }
    r->ah = inb((uint16_t)(base + UART_LSR));
    r->al = inb((uint16_t)(base + UART_MSR));
}

/* --- INT 17h: printers ---------------------------------------------------- */

static uint8_t printer_status(uint16_t base)
{
    return (inb((uint16_t)(base + LPT_STATUS)) ^ LPT_FLIPPED) & 0xF8;
}

static void printer_reset(uint16_t base)
{
    outb((uint16_t)(base + LPT_CONTROL), LPT_IDLE & ~0x04);
    delay_us(50);
    outb((uint16_t)(base + LPT_CONTROL), LPT_IDLE);
    delay_us(50);
}

static bool printer_put(uint16_t base, uint8_t byte, uint8_t units)
{
    outb(base, byte);
    if (!wait_for((uint16_t)(base + LPT_STATUS), LPT_NOT_BUSY, units))
        return false;
    outb((uint16_t)(base + LPT_CONTROL), LPT_IDLE | LPT_STROBE);
    delay_us(1);
    outb((uint16_t)(base + LPT_CONTROL), LPT_IDLE);
    return true;
}

void int17_service(struct regs *r)
{
    uint16_t base = r->dx < 3 ? BDA->lpt_port[r->dx] : 0;
    uint8_t timed_out = 0;

    if (base == 0) {
        r->ah = LPT_TIMED_OUT;
        return;
    }
    switch (r->ah) {
    case 0x00:
        if (!printer_put(base, r->al, BDA->lpt_timeout[r->dx]))
            timed_out = LPT_TIMED_OUT;
        break;
    case 0x01:
        printer_reset(base);
        break;
    case 0x02:
        break;
    default:
        return;
    }
    r->ah = printer_status(base) | timed_out;
}

/* --- INT 05h: the text screen on LPT1 ------------------------------------- */

#define PRINTING     0x01 /* at 0050:0000 */
#define PRINT_FAILED 0xFF

static bool print_char(uint8_t c)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.al = c;
    int_call(0x17, &r);
    return !(r.ah & (0x20 | 0x08 | LPT_TIMED_OUT));
}

static uint8_t screen_char(uint8_t page, uint8_t row, uint8_t column)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ah = 0x02;
    r.bh = page;
    r.dh = row;
    r.dl = column;
    int_call(0x10, &r);
    r.ah = 0x08;
    r.bh = page;
    int_call(0x10, &r);
    return r.al ? r.al : ' ';
}

static bool print_rows(uint8_t page)
{
    uint8_t columns = (uint8_t)BDA->video_columns, row, column;

    for (row = 0; row <= BDA->video_rows_minus1; row++) {
        if (!print_char('\r') || !print_char('\n'))
            return false;
        for (column = 0; column < columns; column++)
            if (!print_char(screen_char(page, row, column)))
                return false;
    }
    return print_char('\r') && print_char('\n');
}

void int05_service(struct regs *r)
{
    uint8_t page = BDA->video_page;
    uint16_t cursor = BDA->cursor[page & 7];
    struct regs back;
    bool printed;

    (void)r;
    if (far_read8(0x50, 0) == PRINTING)
        return;
    far_write8(0x50, 0, PRINTING);
    printed = print_rows(page);
    memset(&back, 0, sizeof(back));
    back.ah = 0x02;
    back.bh = page;
    back.dx = cursor;
    int_call(0x10, &back);
    far_write8(0x50, 0, printed ? 0 : PRINT_FAILED);
}

/* --- INT 15h AH=84h: joysticks -------------------------------------------- */

/* How long each one-shot takes, in units of the AT's BIOS; 0 = for ever:
 * nothing is connected. */
static void joystick_axes(struct regs *r)
{
    uint16_t axis[4] = {0, 0, 0, 0};
    uint8_t running = 0x0F, now, i;
    uint32_t start = timer_now(), passed;

    outb(JOYSTICK_PORT, 0);
    do {
        now = inb(JOYSTICK_PORT);
        passed = (timer_now() - start) & 0xFFFFFF;
        for (i = 0; i < 4; i++)
            if (running & ~now & (1 << i))
                axis[i] = (uint16_t)(passed / JOYSTICK_UNIT);
        running &= now;
    } while (running && passed < JOYSTICK_TICKS);
    r->ax = axis[0];
    r->bx = axis[1];
    r->cx = axis[2];
    r->dx = axis[3];
}

void joystick_service(struct regs *r)
{
    if (carry_set(r, r->dx > 1))
        r->ah = 0x86;
    else if (r->dx == 0)
        r->al = inb(JOYSTICK_PORT) & 0xF0;
    else
        joystick_axes(r);
}
