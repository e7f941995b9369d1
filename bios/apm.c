/* Advanced Power Management 1.2, of a machine with one power state: connect,
 * idle, standby (a halt), off. Source: APM BIOS Interface Specification 1.2,
 * chapter 4. Compiled as 16-bit code, which serves real mode and the 16-bit
 * protected-mode interface, and as 32-bit code. Callers' stacks may be
 * anywhere: so nothing here uses DS; registers lie behind GS, variables
 * behind FS.
 * Not here: suspend (it is refused), events, batteries, resume timers, power
 * states of single devices. More lenient than the specification: functions
 * work without a connection. */

#include "apm.h"

#define APM_REAL_CONNECTED 0x02
#define APM_NOT_CONNECTED  0x03
#define APM_16_CONNECTED   0x05
#define APM_32_CONNECTED   0x07
#define APM_BAD_DEVICE     0x09
#define APM_BAD_VALUE      0x0A
#define APM_UNSUPPORTED    0x0C
#define APM_CANNOT         0x60
#define APM_NO_EVENT       0x80

#define DEVICE_BIOS        0x0000
#define DEVICE_ALL         0x0001
#define DEVICE_DEFAULT     0xFFFF /* 08h, 09h: all, as APM 1.0 had it */

#define STATE_STANDBY      1
#define STATE_SUSPEND      2
#define STATE_OFF          3
#define STATE_LAST         5 /* 4, 5: answers to requests */

#define CAN_16BIT          0x01
#define CAN_32BIT          0x02
#define IS_DISABLED        0x08
#define IS_DISENGAGED      0x10

#define PM1_CONTROL        (PM_BASE + 4)
#define SLP_EN             0x2000

#define REGS               struct regs __seg_gs

static volatile struct apm_state __seg_fs *state(void)
{
    return (volatile struct apm_state __seg_fs *)(uint32_t)&apm_state;
}

/* PIIX4: sleep type 0 is soft off; the board takes it at once. */
static void power_off(void)
{
    outw(PM1_CONTROL, SLP_EN);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void idle(void)
{
    __asm__ volatile("sti; hlt");
}

static int connect(uint8_t how)
{
    switch (state()->connection) {
    case APM_REAL:
        return APM_REAL_CONNECTED;
    case APM_PM16:
        return APM_16_CONNECTED;
    case APM_PM32:
        return APM_32_CONNECTED;
    }
    state()->connection = how;
    return -1;
}

static int disconnect(void)
{
    if (state()->connection == APM_NONE)
        return APM_NOT_CONNECTED;
    state()->connection = APM_NONE;
    return -1;
}

static int installation(REGS *r)
{
    if (r->bx != DEVICE_BIOS)
        return APM_BAD_DEVICE;
    r->ax = 0x0102;
    r->bx = 0x504D; /* "PM" */
    r->cx = CAN_16BIT | CAN_32BIT | (state()->disabled ? IS_DISABLED : 0) |
            (state()->disengaged ? IS_DISENGAGED : 0);
    return -1;
}

static int set_state(REGS *r)
{
    if (r->bx != DEVICE_ALL)
        return APM_BAD_DEVICE;
    if (r->cx > STATE_LAST)
        return APM_BAD_VALUE;
    if (r->cx == STATE_OFF)
        power_off();
    if (r->cx == STATE_SUSPEND)
        return APM_CANNOT;
    if (r->cx == STATE_STANDBY)
        idle();
    return -1;
}

/* AC is on line; there is no battery. */
static int power_status(REGS *r)
{
    if (r->bx != DEVICE_ALL)
        return APM_BAD_DEVICE;
    r->bx = 0x01FF;
    r->cx = 0x80FF;
    r->dx = 0xFFFF;
    r->si = 0;
    return -1;
}

/* 08h, 0Dh, 0Fh: CX = 1 on, 0 off. */
static int switch_on(REGS *r, volatile bool __seg_fs *off)
{
    if (r->bx != DEVICE_ALL && r->bx != DEVICE_DEFAULT)
        return APM_BAD_DEVICE;
    if (r->cx > 1)
        return APM_BAD_VALUE;
    if (off)
        *off = r->cx == 0;
    return -1;
}

static int device_known(REGS *r)
{
    return r->bx == DEVICE_ALL || r->bx == DEVICE_DEFAULT ? -1 : APM_BAD_DEVICE;
}

/* No battery, no sleep. */
static int capabilities(REGS *r)
{
    if (r->bx != DEVICE_ALL)
        return APM_BAD_DEVICE;
    r->bl = 0;
    r->cx = 0;
    return -1;
}

static int function(REGS *r)
{
    switch (r->al) {
    case 0x00:
        return installation(r);
    case 0x01:
    case 0x02:
    case 0x03: /* the caller adds where to enter */
        return r->bx != DEVICE_BIOS ? APM_BAD_DEVICE : connect(r->al);
    case 0x04:
        return disconnect();
    case 0x05:
        idle();
        return -1;
    case 0x06: /* CPU busy: it never is slow */
        return -1;
    case 0x07:
        return set_state(r);
    case 0x08:
        return switch_on(r, &state()->disabled);
    case 0x09: /* defaults */
        state()->disabled = state()->disengaged = false;
        return device_known(r);
    case 0x0A:
        return power_status(r);
    case 0x0B:
        return APM_NO_EVENT;
    case 0x0C:
        r->cx = 0;
        return device_known(r);
    case 0x0D:
        return switch_on(r, NULL);
    case 0x0E: /* driver version */
        r->ax = r->cx < 0x0102 ? r->cx : 0x0102;
        return -1;
    case 0x0F:
        return switch_on(r, &state()->disengaged);
    case 0x10:
        return capabilities(r);
    }
    return APM_UNSUPPORTED;
}

void apm_function(struct regs *registers)
{
    REGS *r = (REGS *)(uint32_t)registers;
    int error = function(r);

    if (error >= 0) {
        r->ah = (uint8_t)error;
        r->flags |= FLAG_CF;
    } else {
        r->flags &= ~FLAG_CF;
    }
}
