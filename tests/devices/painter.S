/* painter.S - a boot sector that paints for ever: VBE mode 144h (1024 x 768,
 * 32 bits), protected mode with paging in pages of 4 MiB, then single stores,
 * strings of stores and stores through the window at A0000. check_vga_writes
 * has it assembled, as painter.h:
 *   gcc -m32 -c painter.S && objcopy -O binary -j .text painter.o painter
 *   od -An -v -tx1 painter */

    .text
    .code16
start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7C00, %sp
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
    cli
    .byte 0x66
    lgdt gdt_pointer - start + 0x7C00
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $8, $paint32 - start + 0x7C00


    .code32
paint32:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
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

    .balign 8
gdt:
    .quad 0
    .quad 0x00CF9B000000FFFF
    .quad 0x00CF93000000FFFF
gdt_pointer:
    .word 23
    .long gdt - start + 0x7C00
    .org 510
    .word 0xAA55
