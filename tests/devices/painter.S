/* painter.S - a boot sector that paints for ever: VBE mode 144h (1024 x 768,
 * 32 bits), protected mode with paging in pages of 4 MiB, then single stores,
 * strings of stores and stores through the window at A0000. vga_sectors.h has
 * it assembled. */

#include "protected.inc"

    .text
    .code16
start:
    real_mode_segments
    movw $0x4F01, %ax
    movw $0x0144, %cx
    movw $0x0600, %di
    int $0x10
    movl 0x0628, %ebp                   /* linear frame buffer */
    movw $0x4F02, %ax
    movw $0x0144, %bx                   /* with the window */
    int $0x10
    inb $0x92, %al
    orb $2, %al
    outb %al, $0x92
    go_protected paint32

    .code32
paint32:
    protected_segments
    movl $0x100000, %edi                /* page directory */
    movl $0x83, %eax
    movl $1024, %ecx
1:
    stosl
    addl $0x400000, %eax
    loop 1b
    movl %cr4, %eax
    orb $0x10, %al
    movl %eax, %cr4
    movl $0x100000, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    xorl %ebx, %ebx

paint:
    incl %ebx
    imull $0x9E3779B1, %ebx, %eax
    shrl $22, %eax
    cmpl $768, %eax
    jae paint
    shll $12, %eax
    movl %ebx, %edx
    andl $0xFFC, %edx
    addl %ebp, %eax
    movl %ebx, (%eax,%edx)              /* anywhere */
    testb $63, %bl
    jnz paint
    leal 0x100(%eax), %edi
    movl %ebx, %eax
    movl $16, %ecx
    rep stosl                           /* 16 pixels */
    testb $255, %bl
    jnz paint
    shrl $3, %edx
    notl %eax
    movl %eax, 0xA0000(,%edx,4)         /* bank 0 */
    jmp paint

    sector_end
