/* bars.S - a boot sector: mode 13h; at the end of each line of each frame colour
 * 0 changes, found by polling the status register at 3DA. vga_sectors.h has
 * it assembled. */

    .text
    .code16
    cli
    xorw %ax, %ax
    movw %ax, %ss
    movw $0x7c00, %sp
    movw $0x0013, %ax
    int $0x10
    xorw %si, %si
frame:
    movw $0x3da, %dx
1:
    inb %dx, %al
    testb $8, %al
    jz 1b
2:
    inb %dx, %al
    testb $8, %al
    jnz 2b
3:
    inb %dx, %al
    testb $1, %al
    jnz 3b
    movw $400, %cx
line:
    movw $0x3da, %dx
4:
    inb %dx, %al
    testb $1, %al
    jz 4b
    movw $0x3c8, %dx
    xorb %al, %al
    outb %al, %dx
    incw %dx
    movw $400, %ax
    subw %cx, %ax
    shrw $1, %ax
    outb %al, %dx
    xorb $0x3f, %al
    outb %al, %dx
    movb %cl, %al
    shrb $2, %al
    outb %al, %dx
    movw $0x3da, %dx
5:
    cmpw $1, %cx
    je 6f
    inb %dx, %al
    testb $1, %al
    jnz 5b
6:
    loop line
    jmp frame
    .org 510
    .word 0xaa55
