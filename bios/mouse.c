/* INT 15h AH=C2h, the pointing device, and INT 74h (IRQ 12). Sources: IBM
 * PS/2 and PC BIOS Interface Technical Reference; RBIL INT 15/C2xx. */

#include "kbc.h"
#include "code16.h"

#define MOUSE_SCALE_1        0xE6
#define MOUSE_SCALE_2        0xE7
#define MOUSE_RESOLUTION     0xE8
#define MOUSE_STATUS         0xE9
#define MOUSE_ID             0xF2
#define MOUSE_RATE           0xF3
#define MOUSE_ENABLE         0xF4
#define MOUSE_DISABLE        0xF5
#define MOUSE_RESET          0xFF
#define MOUSE_ACK            0xFA

#define POINTER_BAD_FUNCTION 1
#define POINTER_BAD_INPUT    2
#define POINTER_INTERFACE    3
#define POINTER_NO_HANDLER   5

#define HANDLER_SET          0x80

static bool pointer_on;

static struct ebda __seg_gs volatile *ebda(void)
{
    far_select(SEG_EBDA);
    return (struct ebda __seg_gs volatile *)0;
}

static uint8_t mode_read(void)
{
    kbc_command(KBC_READ_MODE);
    return (uint8_t)kbc_read(100);
}

static void mode_write(uint8_t mode)
{
    kbc_command(KBC_WRITE_MODE);
    kbc_write(mode);
}

/* Sends bytes to the mouse and reads count answers, with the keyboard and
 * IRQ 12 held back meanwhile. */
static uint8_t mouse_talk(const uint8_t *send, int length, uint8_t *answer,
                          int count)
{
    uint8_t mode = mode_read(), status = 0;
    int i;

    mode_write((uint8_t)((mode & ~(MODE_IRQ12 | MODE_AUX_OFF | MODE_IRQ1)) |
                         MODE_KBD_OFF));
    while (inb(KBC_STATUS) & KBC_OUTPUT_FULL)
        inb(KBC_DATA);
    for (i = 0; i < length && status == 0; i++) {
        kbc_command(KBC_TO_AUX);
        kbc_write(send[i]);
        if (kbc_read(200) != MOUSE_ACK)
            status = POINTER_INTERFACE;
    }
    for (i = 0; i < count && status == 0; i++) {
        int byte = kbc_read(1000);

        if (byte < 0)
            status = POINTER_INTERFACE;
        answer[i] = (uint8_t)byte;
    }
    mode_write(mode);
    return status;
}

static uint8_t mouse_command(uint8_t command)
{
    return mouse_talk(&command, 1, NULL, 0);
}

static uint8_t mouse_set(uint8_t command, uint8_t value)
{
    uint8_t send[2] = {command, value};

    return mouse_talk(send, 2, NULL, 0);
}

static uint8_t pointer_enable(bool on)
{
    uint8_t mode;

    if (on && !(ebda()->mouse_size & HANDLER_SET))
        return POINTER_NO_HANDLER;
    ebda()->mouse_index = 0;
    if (mouse_command(on ? MOUSE_ENABLE : MOUSE_DISABLE) != 0)
        return POINTER_INTERFACE;
    pointer_on = on;
    mode = mode_read();
    if (on)
        mode = (mode | MODE_IRQ12) & ~MODE_AUX_OFF;
    else
        mode = (mode & ~MODE_IRQ12) | MODE_AUX_OFF;
    mode_write(mode);
    if (on)
        pic_unmask(12);
    return 0;
}

static uint8_t pointer_reset(struct regs *r)
{
    uint8_t command = MOUSE_RESET, answer[2];
    uint8_t status = mouse_talk(&command, 1, answer, 2);

    if (status == 0) {
        r->bl = answer[0];
        r->bh = answer[1];
    }
    return status;
}

static uint8_t pointer_extended(struct regs *r)
{
    uint8_t command = MOUSE_STATUS, answer[3];
    uint8_t status;

    if (r->bh == 1 || r->bh == 2)
        return mouse_command(r->bh == 1 ? MOUSE_SCALE_1 : MOUSE_SCALE_2);
    if (r->bh != 0)
        return POINTER_BAD_INPUT;
    status = mouse_talk(&command, 1, answer, 3);
    r->bl = answer[0];
    r->cl = answer[1];
    r->dl = answer[2];
    return status;
}

static uint8_t pointer_handler(struct regs *r)
{
    volatile struct ebda __seg_gs *e = ebda();

    e->mouse_handler = (uint32_t)r->es << 16 | r->bx;
    if (r->es == 0 && r->bx == 0) {
        e->mouse_size &= ~HANDLER_SET;
        return pointer_on ? pointer_enable(false) : 0;
    }
    e->mouse_size |= HANDLER_SET;
    return 0;
}

static uint8_t pointer_initialise(struct regs *r)
{
    uint8_t size = r->bh;

    if (size < 1 || size > 8)
        return POINTER_BAD_INPUT;
    ebda()->mouse_size = (uint8_t)((ebda()->mouse_size & ~7) | (size - 1));
    ebda()->mouse_index = 0;
    return pointer_reset(r);
}

static uint8_t pointer_identify(struct regs *r)
{
    uint8_t command = MOUSE_ID, answer;
    uint8_t status = mouse_talk(&command, 1, &answer, 1);

    if (status == 0)
        r->bh = answer;
    return status;
}

static uint8_t pointer_function(struct regs *r)
{
    static const uint8_t rates[] = {10, 20, 40, 60, 80, 100, 200};

    switch (r->al) {
    case 0x00:
        return r->bh > 1 ? POINTER_BAD_INPUT : pointer_enable(r->bh == 1);
    case 0x01:
        return pointer_reset(r);
    case 0x02:
        return r->bh < ARRAY_LEN(rates) ? mouse_set(MOUSE_RATE, rates[r->bh])
                                        : POINTER_BAD_INPUT;
    case 0x03:
        return r->bh < 4 ? mouse_set(MOUSE_RESOLUTION, r->bh)
                         : POINTER_BAD_INPUT;
    case 0x04:
        return pointer_identify(r);
    case 0x05:
        return pointer_initialise(r);
    case 0x06:
        return pointer_extended(r);
    case 0x07:
        return pointer_handler(r);
    case 0x08:
        return mouse_command(r->bl);
    }
    return POINTER_BAD_FUNCTION;
}

void pointer_service(struct regs *r)
{
    uint8_t status = pointer_function(r);

    r->ah = status;
    carry_set(r, status != 0);
}

/* A byte from the mouse. When the packet is whole, AX = 1 and BX, CX, DX =
 * status, X, Y for entry_74, which calls the handler. */
void int74_service(struct regs *r)
{
    volatile struct ebda __seg_gs *e;
    uint8_t status = inb(KBC_STATUS);
    uint8_t index, byte;

    r->ax = 0;
    if ((status & (KBC_OUTPUT_FULL | KBC_AUX_DATA)) !=
        (KBC_OUTPUT_FULL | KBC_AUX_DATA))
        return;
    byte = inb(KBC_DATA);
    e = ebda();
    if (!(e->mouse_size & HANDLER_SET))
        return;
    index = e->mouse_index & 7;
    e->mouse_packet[index] = byte;
    if (index < (e->mouse_size & 7)) {
        e->mouse_index = index + 1;
        return;
    }
    e->mouse_index = 0;
    r->ax = 1;
    r->bx = e->mouse_packet[0];
    r->cx = e->mouse_packet[1];
    r->dx = e->mouse_packet[2];
    if ((e->mouse_size & 7) == 3) /* Z, wheel: unused high word */
        r->bx |= (uint16_t)(e->mouse_packet[3] << 8);
}
