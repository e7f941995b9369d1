/* flat.S - a flat binary that tells over COM1 how it was entered: -DBITS=16,
 * 32 or 64, linked to the address where it is loaded. */

/* The character in AL; waits until it has gone. Changes DX. */
    .macro PUT
    movw $0x3F8, %dx
    outb %al, %dx
    movw $0x3FD, %dx
9:  inb %dx, %al
    testb $0x40, %al
    jz 9b
    .endm

    .macro START
    movb $3, %al                        /* 8 bits, no parity */
    movw $0x3FB, %dx
    outb %al, %dx
    .endm

    .text
    .globl _start
#if BITS == 16
    .code16
_start:
    movb %dl, %bl                       /* the boot drive */
    xorw %ax, %ax
    movw %ax, %ds
    START
    movw $text, %si
2:  lodsb
    testb %al, %al
    jz 3f
    PUT
    jmp 2b
3:  movb %bl, %al
    shrb $7, %al
    addb $'0', %al
    PUT
    movb $0x0A, %al
    PUT
    movw $0x0E21, %ax                   /* the BIOS is there */
    movw $7, %bx
    int $0x10
    movb $0, %al
    outb %al, $0xF4
1:  hlt
    jmp 1b
text:
    .asciz "FLAT16 drive "
    .org 510
    .word 0xAA55
#else
#if BITS == 64
    .code64
#define TEXT "FLAT64\n"
_start:
    leaq text(%rip), %rsi
#else
    .code32
#define TEXT "FLAT32\n"
_start:
    movl $text, %esi
#endif
    START
2:  lodsb
    testb %al, %al
    jz 3f
    PUT
    jmp 2b
3:  movb $0, %al
    outb %al, $0xF4
1:  hlt
    jmp 1b
text:
    .asciz TEXT
#endif
    .section .note.GNU-stack, "", @progbits
