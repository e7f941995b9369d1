/* vbe_protected.S - a boot sector that calls the 32-bit functions of VBE 4F0Ah:
 * window, display start with retrace, palette with retrace. It leaves through
 * the debug exit port with 10h, or the number of the check that failed.
 * vga_sectors.h has it assembled. */

#include "protected.inc"

    .text
    .code16
start:
    real_mode_segments
    movw $0x4f02, %ax
    movw $0x105, %bx
    int $0x10
    movw $0x4f06, %ax
    xorw %bx, %bx
    movw $2048, %cx
    int $0x10
    movw $0x4f0a, %ax
    xorw %bx, %bx
    int $0x10
    cmpw $0x4f, %ax
    jne fail16
    movzwl %di, %ebp
    xorl %eax, %eax
    movw %es, %ax
    shll $4, %eax
    addl %eax, %ebp
    go_protected pm32
fail16:
    movb $0x70, %al
    outb %al, $0xf4
    .code32
pm32:
    protected_segments
    movl $0x7c00, %esp
 # window 5
    movl $5, %edx
    xorl %ebx, %ebx
    movzwl (%ebp), %eax
    addl %ebp, %eax
    call *%eax
    cmpw $0x4f, %ax
    movb $1, %cl
    jne fail
    movl $0, %edx
    movl $0x100, %ebx
    movzwl (%ebp), %eax
    addl %ebp, %eax
    call *%eax
    movb $2, %cl
    cmpw $5, %dx
    jne fail
 # start line 2 pixel 24 with retrace
    movl $((2*2048+24)/4), %ecx
    xorl %edx, %edx
    movl $0x80, %ebx
    movzwl 2(%ebp), %eax
    addl %ebp, %eax
    call *%eax
    movl $0x1ce, %edx
    movl $8, %eax
    outw %ax, %dx
    incl %edx
    inw %dx, %ax
    movb $3, %cl
    cmpw $24, %ax
    jne fail
    decl %edx
    movl $9, %eax
    outw %ax, %dx
    incl %edx
    inw %dx, %ax
    movb $4, %cl
    cmpw $2, %ax
    jne fail
    movl $0x3da, %edx
    inb %dx, %al
    movb $5, %cl
    testb $8, %al
    jz fail
 # palette
    movl $pal - start + 0x7c00, %edi
    movl $1, %ecx
    movl $0x33, %edx
    movl $0x80, %ebx
    movzwl 4(%ebp), %eax
    addl %ebp, %eax
    call *%eax
    movl $0x3c7, %edx
    movb $0x33, %al
    outb %al, %dx
    movl $0x3c9, %edx
    inb %dx, %al
    movb $6, %cl
    cmpb $3, %al
    jne fail
    inb %dx, %al
    cmpb $2, %al
    jne fail
    movb $0x10, %cl
fail:
    movb %cl, %al
    outb %al, $0xf4
    hlt
pal:
    .byte 1, 2, 3, 0
    sector_end
