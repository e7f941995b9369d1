/* atatask.c - one ATA command without data, for the guests that test drives:
 *
 *     atatask /dev/sda COMMAND FEATURE COUNT LOW MID HIGH DEVICE
 *
 * in hexadecimal. Prints the registers afterwards: status, error, count, low,
 * mid, high, device. Exit code 1: the kernel refused or the drive failed.
 * Linux' ioctl HDIO_DRIVE_TASK; 32-bit code without a C library, so that any
 * gcc for x86 can make it. */

enum {
    SYS_EXIT = 1,
    SYS_WRITE = 4,
    SYS_OPEN = 5,
    SYS_IOCTL = 54,
    HDIO_DRIVE_TASK = 0x031E,
    O_NONBLOCK = 0x800,
    REGISTERS = 7
};

static int call(int number, int a, int b, int c)
{
    int result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory");
    return result;
}

static void leave(int code)
{
    call(SYS_EXIT, code, 0, 0);
    for (;;)
        ;
}

static unsigned char from_hex(const char *s)
{
    unsigned value = 0;

    for (; *s; s++)
        value = value << 4 | (unsigned)(*s <= '9' ? *s - '0' : (*s & 7) + 9);
    return (unsigned char)value;
}

static void print(const unsigned char *reg)
{
    static const char digits[] = "0123456789abcdef";
    char line[3 * REGISTERS];

    for (int i = 0; i < REGISTERS; i++) {
        line[3 * i] = digits[reg[i] >> 4];
        line[3 * i + 1] = digits[reg[i] & 15];
        line[3 * i + 2] = i == REGISTERS - 1 ? '\n' : ' ';
    }
    call(SYS_WRITE, 1, (int)line, sizeof line);
}

__attribute__((used)) static void run(int argc, char **argv)
{
    unsigned char reg[REGISTERS];
    int fd, result;

    if (argc != 2 + REGISTERS)
        leave(2);
    fd = call(SYS_OPEN, (int)argv[1], O_NONBLOCK, 0);
    if (fd < 0)
        leave(1);
    for (int i = 0; i < REGISTERS; i++)
        reg[i] = from_hex(argv[2 + i]);
    result = call(SYS_IOCTL, fd, HDIO_DRIVE_TASK, (int)reg);
    print(reg);
    leave(result < 0);
}

/* The kernel starts a program with argc and argv on the stack. */
__asm__(".globl _start\n"
        "_start: mov %esp, %eax\n"
        "    and $-16, %esp\n"
        "    lea 4(%eax), %edx\n"
        "    sub $8, %esp\n"
        "    push %edx\n"
        "    push (%eax)\n"
        "    call run\n");
